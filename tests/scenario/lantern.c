/* SPDX-License-Identifier: EUPL-1.2
 *
 * A protocol of no use to anybody, whole: a folder and a row would be all that it needs.  A service's link leads to
 * /lantern/<service>; the person comes back to it with a name that the service knows them by. */
#include "tests/scenario/lantern.h"

#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/session.h"
#include "model/pairwise.h"

static enum step begin(struct ctx *c, struct fail *f)
{
    c->service = registry_service(c->registry, c->req->param);
    if (c->service == NULL || c->service->protocol != LANTERN)
        return fail(f, FAIL_NOT_FOUND, "not_found", "no such lantern");
    c->login = login_new(c, LANTERN);
    c->login->service = c->service->id;
    c->login->answer_to = c->service->launch_uri;
    c->login->redirect_checked = true;
    if (c->req->query.p != NULL)
        c->login->prompt = PROMPT_NONE;
    return step_into(c, session_load);
}

static enum step answer_ask(struct ctx *c, struct fail *f)
{
    (void)f;
    flow_audit(c, "open", flow_decision(c)->rule, (struct str){ NULL, 0 }, (struct str){ NULL, 0 });
    return WAIT;
}

static enum step answer_lead(struct ctx *c, struct fail *f)
{
    struct str who = pairwise_sub(c->arena, c->seals, c->person->id, c->service->vendor);

    if (!flow_audited(c, f))
        return REFUSE;
    return answer_go(c, arena_printf(c->arena, "%.*s?who=%.*s", STR_ARG(c->login->answer_to), STR_ARG(who)));
}

static bool may_answer(const struct ctx *c)
{
    return str_eq(c->login->answer_to, registry_service(c->registry, c->login->service)->launch_uri);
}

static void refuse(struct ctx *c, const char *code)
{
    (void)answer_go(c, arena_printf(c->arena, "%.*s?error=%s", STR_ARG(c->login->answer_to), code));
}

static const struct step_row lantern[] = { { begin }, { flow_next }, { NULL } };
static const struct step_row answer[] = { { answer_ask }, { answer_lead }, { NULL } };

const struct protocol protocol_lantern = {
    .name = "lantern", .answer = answer, .may_answer = may_answer, .refuse = refuse
};
const struct route lantern_route = { HTTP_GET, "/lantern/*", DOOR_PUBLIC, WHO_ANYONE, 0, ERRORS_SERVICE, lantern };
