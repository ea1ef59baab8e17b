/* SPDX-License-Identifier: EUPL-1.2
 * Which way a request came.  [RFC 9101 5, RFC 9126 4, OIDC Core 6] */
#include "gateway/oidc/request/request.h"

#include "gateway/oidc/modes.h"
#include "gateway/session/login_cookie.h"
#include "wire/http.h"

struct asking *asking_begin(struct ctx *c)
{
    struct asking *a = c->state = arena_make(c->arena, struct asking);

    /* GET has its parameters in the query, POST in the body, never in both. */
    a->beside = c->req->method == HTTP_POST ? c->body : c->query;
    return a;
}

struct str asked(const struct ctx *c, const char *name)
{
    return form_get(asking_of(c)->form, str_of(name));
}

struct str asked_nth(const struct ctx *c, const char *name, size_t n)
{
    return form_get_nth(asking_of(c)->form, str_of(name), n);
}

/* Where the service hears what is wrong with a request object that cannot be read: the address beside it, if it is a
 * registered one.  What the object says replaces it (checks.c). */
static enum step answer_beside(struct ctx *c, struct fail *f)
{
    const struct form *beside = asking_of(c)->beside;
    struct str uri = form_get(beside, S("redirect_uri")), state = form_get(beside, S("state"));
    unsigned mode;

    (void)f;
    if (asking_of(c)->pushing || !redirect_uri_fits(c->service, uri) || state.n > STATE_SIGNED_MAX_B)
        return NEXT;
    c->login = login_new(c, PROTO_OIDC);
    c->login->service = c->service->id;
    c->login->answer_to = uri;
    c->login->state_out = state;
    c->login->redirect_checked = true;
    if (mode_find(form_get(beside, S("response_mode")), &mode) && mode_fits(mode, uri))
        c->login->answer_mode = mode;
    if (str_eq(form_get(beside, S("prompt")), S("none")))
        c->login->prompt = PROMPT_NONE;
    return NEXT;
}

static enum step by_reference(struct ctx *c, struct str uri, struct fail *f)
{
    struct asking *a = asking_of(c);

    if (a->pushing) /* [RFC 9126 2.1] */
        return fail(f, FAIL_CALLER, "invalid_request", "request_uri has no place in a pushed request");
    a->way = str_has_prefix(uri, S(PUSHED_URN)) ? WAY_PUSHED : WAY_OBJECT;
    return step_into(c, a->way == WAY_PUSHED ? request_pushed : request_object_fetch);
}

static enum step choose(struct ctx *c, struct fail *f)
{
    struct asking *a = asking_of(c);
    struct str object = form_get(a->beside, S("request")), uri = form_get(a->beside, S("request_uri"));

    if (form_get(a->beside, S("registration")).p != NULL)
        return fail(f, FAIL_CALLER, "registration_not_supported",
                    "registration: services are not registered in this way");
    if (object.p != NULL && uri.p != NULL) /* [RFC 9101 5] */
        return fail(f, FAIL_CALLER, "invalid_request", "request and request_uri come at once: one of them only");
    if (uri.p != NULL)
        return by_reference(c, uri, f);
    if (object.p != NULL) {
        a->way = WAY_OBJECT;
        a->object = object;
        return step_into(c, request_object);
    }
    a->way = WAY_PLAIN;
    a->form = a->beside;
    return NEXT;
}

/* Strict ways are the row's to demand; FAPI 2.0 has requests pushed, all of them [FAPI 2.0 5.3.2.2]. */
static enum step check_way(struct ctx *c, struct fail *f)
{
    const struct asking *a = asking_of(c);
    const struct client *row = &c->service->client;

    if ((row->par_required || row->fapi) && a->way != WAY_PUSHED && !a->pushing)
        return fail(f, FAIL_CALLER, "invalid_request",
                    "request_uri is missing: this service must push its requests to /oidc/par first");
    if (row->request_object_required && a->way == WAY_PLAIN)
        return fail(f, FAIL_CALLER, "invalid_request", "request is missing: this service must sign its requests");
    return passed(c, CHECK_source);
}

const struct step_row request_source[] = { { answer_beside }, { choose }, { check_way }, { NULL } };
