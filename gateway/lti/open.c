/* SPDX-License-Identifier: EUPL-1.2
 * The half of a launch that is ours: to where the tool's login begins.  [Security Framework 5.1.1.1, LTI Core 4.1] */
#include "gateway/lti/open.h"

#include "base/codec.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/lti/told.h"
#include "gateway/lti/trial.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/session.h"
#include "launcher/pages.h"
#include "registry/targets.h"
#include "wire/form.h"
#include "wire/http.h"

enum { HINT_ID_B = 16, ADDRESS_MAX_B = 16384, CONTEXT_MAX_B = 64 };

/* class: which of their classes it is to be in; "": they are asked, whatever they chose before. */
static enum step begin(struct ctx *c, unsigned mode, struct str target, struct str link)
{
    c->login = login_new(c, PROTO_LTI);
    c->login->service = c->service->id;
    c->login->answer_mode = mode;
    c->login->answer_to = target;
    c->login->state_out = link;
    c->login->resources = form_get(c->query, S("class"));
    if (c->login->resources.n > CONTEXT_MAX_B)
        c->login->resources = (struct str){ NULL, 0 };
    return NEXT;
}

static enum step find_tool(struct ctx *c, struct str id, struct fail *f)
{
    c->service = registry_service(c->registry, id);
    if (c->service == NULL || c->service->protocol != PROTO_LTI || !c->service->enabled)
        return fail(f, FAIL_NOT_FOUND, "not_found", "no tool \"%.*s\"", STR_ARG(id));
    return NEXT;
}

/* ── /lti/open/<service>, with ?to=: another page of it ──────────────────── */

static struct str front(struct ctx *c)
{
    return target_in(c->arena, c->service->target_link_uri, c->lang);
}

static enum step open_tool(struct ctx *c, struct fail *f)
{
    struct str to = form_get(c->query, S("to")), target;

    if (find_tool(c, c->req->param, f) != NEXT)
        return REFUSE;
    if (to.p == NULL)
        return begin(c, LTI_LAUNCH, front(c), (struct str){ NULL, 0 });
    if (!target_read(c->arena, c->service, to, c->lang, &target))
        return fail(f, FAIL_CALLER, "invalid_request", "to is nowhere that a link to the tool may lead");
    return begin(c, LTI_LAUNCH, target, (struct str){ NULL, 0 });
}

/* ── /lti/pick/<service>: its catalogue ──────────────────────────────────── */

static enum step open_catalogue(struct ctx *c, struct fail *f)
{
    if (find_tool(c, c->req->param, f) != NEXT)
        return REFUSE;
    if (!c->service->lti.deep_linking)
        return fail(f, FAIL_NOT_FOUND, "not_found", "tool \"%.*s\" has no catalogue", STR_ARG(c->service->id));
    return begin(c, LTI_PICK, str_is_set(c->service->lti.deep_link_uri) ? c->service->lti.deep_link_uri : front(c),
                 (struct str){ NULL, 0 });
}

/* ── /lti/link?item=: what somebody picked ───────────────────────────────── */

static enum step open_link(struct ctx *c, struct fail *f)
{
    struct lti_link l;

    if (!lti_link_open(c, form_get(c->query, S("item")), &l))
        return fail(f, FAIL_NOT_FOUND, "not_found", "item is no link that was picked here");
    if (find_tool(c, l.service, f) != NEXT)
        return REFUSE;
    if (!lti_target_fits(c->arena, c->service, l.url))
        return fail(f, FAIL_NOT_FOUND, "not_found", "the link leads to where the tool is no more");
    return begin(c, LTI_LAUNCH, str_eq(l.url, c->service->target_link_uri) ? front(c) : l.url,
                 lti_link_write(c->arena, &l));
}

const struct step_row lti_open[] = { { open_tool },        { session_find }, { lti_trial_open },
                                     { flow_test_person }, { flow_next },    { NULL } };
const struct step_row lti_pick[] = {
    { open_catalogue }, { session_find }, { flow_test_person }, { flow_next }, { NULL }
};
const struct step_row lti_link_go[] = {
    { open_link }, { session_find }, { flow_test_person }, { flow_next }, { NULL }
};

struct str lti_launch(struct ctx *c, const struct service *s, struct str to)
{
    struct buf b = buf_new(c->arena, ADDRESS_MAX_B);

    buf_printf(&b, "/lti/open/%.*s", STR_ARG(s->id));
    url_query(&b, S("to"), to);
    return buf_str(&b);
}

/* ── who picks ───────────────────────────────────────────────────────────── */

/* A student who picks would hand out links; it is what teachers do. */
static bool may_pick(const struct ctx *c)
{
    return person_has_role(c->person, ROLE_TEACHER, (struct str){ NULL, 0 }, c->now_s) ||
           person_has_role(c->person, ROLE_SUBSTITUTE, (struct str){ NULL, 0 }, c->now_s) ||
           person_has_role(c->person, ROLE_PRINCIPAL, (struct str){ NULL, 0 }, c->now_s);
}

/* ── in which class ──────────────────────────────────────────────────────── */

struct leading { /* c->state */
    const struct lti_told *told;
};

/* The address that begins this launch anew. */
static struct str begun_by(struct ctx *c, struct str class)
{
    struct buf b = buf_new(c->arena, ADDRESS_MAX_B);
    const struct login *l = c->login;
    struct lti_link link;

    if (l->answer_mode == LTI_PICK) {
        buf_printf(&b, "/lti/pick/%.*s", STR_ARG(c->service->id));
    } else if (l->state_out.p != NULL && lti_link_read(c->arena, l->state_out, &link)) {
        buf_add(&b, S("/lti/link"));
        url_query(&b, S("item"), lti_link_seal(c, &link));
    } else {
        buf_printf(&b, "/lti/open/%.*s", STR_ARG(c->service->id));
        if (!str_eq(l->answer_to, front(c)))
            url_query(&b, S("to"), l->answer_to);
    }
    url_query(&b, S("class"), class);
    return buf_str(&b);
}

static enum step ask_class(struct ctx *c, const struct told_list *all)
{
    struct picked_row *rows = arena_make_n(c->arena, all->n, struct picked_row);
    struct class_view v = { .page = page_for(c, begun_by(c, S(""))),
                            .service = names_in(&c->service->names, c->lang),
                            .classes = { rows, 0 } };

    for (size_t i = 0; i < all->n; i++)
        rows[v.classes.n++] =
            (struct picked_row){ .title = told_title(&all->at[i]), .url = begun_by(c, all->at[i].context_id) };
    flow_leave_idle_to(c, S("/"));
    return answer_page(c, 200, page_class(c->arena, &v));
}

/* What they chose for this tool is remembered as long as they are signed in. */
static enum step choose(struct ctx *c, struct fail *f)
{
    struct leading *x = c->state = arena_make(c->arena, struct leading);
    const struct told_list *all = told_all(c, flow_decision(c));
    struct str wanted = c->login->resources, before = session_told(c->session, c->service->id);

    (void)f;
    x->told = told_in(all, wanted);
    if (x->told == NULL && (wanted.p == NULL || wanted.n > 0))
        x->told = told_in(all, before);
    if (x->told == NULL && all->n > 1)
        return ask_class(c, all);
    x->told = x->told != NULL ? x->told : told_usual(all, before);
    return NEXT;
}

/* ── decided: the browser goes to the tool ───────────────────────────────── */

static enum step may_lead(struct ctx *c, struct fail *f)
{
    return c->login->answer_mode != LTI_PICK || may_pick(c)
               ? NEXT
               : fail(f, FAIL_DENIED, "access_denied", "links are picked by teachers");
}

static enum step lead_ask(struct ctx *c, struct fail *f)
{
    const struct lti_told *told = ((const struct leading *)c->state)->told;

    (void)f;
    if (str_eq(told->context_id, c->login->resources) && session_tell(c, c->session, c->service->id, told->context_id))
        session_change(c, c->session);
    flow_audit(c, "open", flow_decision(c)->rule, (struct str){ NULL, 0 }, (struct str){ NULL, 0 });
    return WAIT;
}

/* Who picks is led back here afterwards, with a session: that is in the window. */
static bool is_framed(const struct ctx *c)
{
    return c->service->lti.framed && c->login->answer_mode != LTI_PICK;
}

static struct lti_hints hints_of(struct ctx *c, struct str context, struct str deployment)
{
    const struct login *l = c->login;
    char id[HINT_ID_B];

    world_random(c->world, id, sizeof id);
    return hint_seal(c, &(struct lti_hint){ .id = b64url_encode(c->arena, str_n(id, sizeof id)),
                                            .sid = c->session->sid,
                                            .service = c->service->id,
                                            .target = l->answer_to,
                                            .link = l->state_out,
                                            .context = context,
                                            .deployment = deployment,
                                            .pick = l->answer_mode == LTI_PICK,
                                            .framed = is_framed(c),
                                            .until_s = c->now_s + HINT_LIFE_S });
}

enum { INITIATION_FIELDS = 7 };

static enum step lead_by_get(struct ctx *c, const struct hidden_field *fields, struct fail *f)
{
    struct buf b = buf_new(c->arena, ADDRESS_MAX_B);

    buf_add(&b, target_in(c->arena, c->service->initiate_login_uri, c->lang));
    for (size_t i = 0; i < INITIATION_FIELDS; i++)
        url_query(&b, fields[i].name, fields[i].value);
    if (!buf_ok(&b))
        return fail(f, FAIL_OURS, "server_error", "the address of the launch is too long");
    return is_framed(c) ? lti_show_framed(c, buf_str(&b), begun_by(c, (struct str){ NULL, 0 }), f)
                        : answer_go(c, buf_str(&b));
}

static enum step lead_by_post(struct ctx *c, const struct hidden_field *fields)
{
    const struct post_view v = { .page = page_for(c, begun_by(c, (struct str){ NULL, 0 })),
                                 .url = target_in(c->arena, c->service->initiate_login_uri, c->lang),
                                 .to = names_in(&c->service->names, c->lang),
                                 .fields = { fields, INITIATION_FIELDS - 1 } };

    return answer_page(c, 200, page_post(c->arena, &v));
}

enum step lti_go(struct ctx *c, struct str context, struct str deployment, struct fail *f)
{
    const struct lti_hints hints = hints_of(c, context, deployment);
    struct str frame = is_framed(c) ? S("_parent") : (struct str){ NULL, 0 }; /* the last, and of a frame alone */
    const struct hidden_field fields[INITIATION_FIELDS] = { { S("iss"), c->set->public_url },
                                                            { S("login_hint"), hints.login },
                                                            { S("target_link_uri"), c->login->answer_to },
                                                            { S("lti_message_hint"), hints.message },
                                                            { S("lti_deployment_id"), deployment },
                                                            { S("client_id"), c->service->client_id },
                                                            { S("lti_storage_target"), frame } };

    return c->service->lti.by_post ? lead_by_post(c, fields) : lead_by_get(c, fields, f);
}

static enum step lead(struct ctx *c, struct fail *f)
{
    const struct lti_told *told = ((const struct leading *)c->state)->told;

    return flow_audited(c, f) ? lti_go(c, told->context_id, lti_deployment(c->service, told->provider), f) : REFUSE;
}

const struct step_row lti_lead[] = { { may_lead }, { choose }, { lead_ask }, { lead }, { NULL } };
