/* SPDX-License-Identifier: EUPL-1.2
 * The authorization endpoint.  [OIDC Core 3.1.2.1] */
#include "gateway/oidc/request/request.h"

#include "gateway/oidc/trial.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/session.h"
#include "wire/form.h"
#include "wire/http.h"

/* ── who asks: until it is known, nothing redirects ─────────────────────── */

static enum step find_service(struct ctx *c, struct fail *f)
{
    struct str id = form_get(asking_begin(c)->beside, S("client_id"));

    if (!str_is_set(id))
        return fail_told(f, FAIL_CALLER, "invalid_request", "client_id is missing", "client_id is missing");
    c->service_named = id;
    c->service = registry_client(c->registry, id);
    if (c->service != NULL && c->service->protocol != PROTO_OIDC)
        c->service = NULL;
    if (c->service == NULL)
        return fail_told(f, FAIL_CALLER, "invalid_request", "client_id is that of no service",
                         "unknown service: none has client_id \"%.*s\"", STR_ARG(id));
    if (!c->service->enabled)
        return fail_told(f, FAIL_CALLER, "unauthorized_client", "the service is switched off",
                         "the service is switched off");
    return passed(c, CHECK_service);
}

/* ── by GET ─────────────────────────────────────────────────────────────── */

static enum step source(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, request_source);
}

static enum step checks(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, request_checks);
}

const struct step_row oidc_authorize[] = { { find_service }, { source },           { checks },    { session_find },
                                           { oidc_trial },   { flow_test_person }, { flow_next }, { NULL } };

/* ── by POST: no cookie is read; a GET of our own follows, where the Lax cookie arrives ─── */

static enum step go_on(struct ctx *c, struct fail *f)
{
    (void)f;
    return answer_go(c, url_to(c->arena, S("/oidc/go"), S("login"), c->login->id));
}

const struct step_row oidc_authorize_post[] = { { find_service },    { source }, { checks },
                                                { flow_keep_login }, { go_on },  { NULL } };

const struct step_row oidc_go[] = { { flow_find_login },  { flow_has_login }, { session_find }, { oidc_trial },
                                    { flow_test_person }, { flow_next },      { NULL } };
