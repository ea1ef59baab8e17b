/* SPDX-License-Identifier: EUPL-1.2
 * A service asks for the session to end.  [OIDC RP-Initiated Logout 2, 3] */
#include "gateway/oidc/oidc.h"

#include "base/log.h"
#include "base/settings.h"
#include "certs/keyset.h"
#include "gateway/logout.h"
#include "gateway/session/session.h"
#include "gateway/session/trail.h"
#include "model/pairwise.h"
#include "wire/form.h"
#include "wire/http.h"

enum { URL_MAX_B = 8192 };

struct ending { /* first: c->state of logout_now */
    struct logout out;
    struct jose_claims hint;
    bool hinted;
    struct fail fault; /* the first that the request has: it costs the way back, never the sign-out */
};

static enum step start(struct ctx *c, struct fail *f)
{
    (void)f;
    c->state = arena_make(c->arena, struct ending);
    return step_into(c, session_load);
}

static bool faulty(struct ending *e, const char *told, struct str what)
{
    (void)fail_told(&e->fault, FAIL_CALLER, "invalid_request", told, "%s: \"%.*s\"", told, STR_ARG(what));
    return false;
}

/* The token's aud names the service. */
static bool read_hint(struct ctx *c, struct ending *e, struct str hint)
{
    const struct jose_rules rules = { .blame = FAIL_CALLER,
                                      .algs = JOSE_EVERY,
                                      .iss = c->set->public_url,
                                      .aud_rule = AUD_ANY,
                                      .expired_too = true,
                                      .now_s = c->now_s,
                                      .skew_s = c->set->jose_skew_s };
    struct fail why = { 0 };

    if (c->keys == NULL || !jose_verify(c->arena, hint, keyset_own(c->keys), &rules, &e->hint, &why))
        return faulty(e, "id_token_hint is no ID token of this gateway",
                      str_of(why.code != NULL ? why.code : "no keys"));
    return true;
}

/* A hint says who asks; without one, client_id does, and the person is asked before anything ends [2]. */
static bool read_service(struct ctx *c, struct ending *e)
{
    struct str hint = form_get(c->query, S("id_token_hint")), id = form_get(c->query, S("client_id"));
    struct str by = id;

    c->service_named = id;
    if (str_is_set(hint)) {
        if (!read_hint(c, e, hint))
            return false;
        by = json_get_str(e->hint.all, S("aud"));
        if (id.p != NULL && !str_eq(id, by))
            return faulty(e, "client_id is not the one that id_token_hint was made for", id);
    }
    if (!str_is_set(by))
        return false;
    const struct service *s = registry_client(c->registry, by);
    if (s == NULL || s->protocol != PROTO_OIDC)
        return faulty(e, "client_id is that of no service", by);
    c->service = s;
    if (!s->enabled)
        return faulty(e, "the service is switched off", by);
    e->out.by = s;
    e->hinted = str_is_set(hint);
    return true;
}

/* Byte equality with a registered value, or no way back at all [3]. */
static void read_way_back(struct ctx *c, struct ending *e)
{
    struct str uri = form_get(c->query, S("post_logout_redirect_uri"));
    struct buf b = buf_new(c->arena, URL_MAX_B);

    if (!str_is_set(uri) || e->fault.kind != FAIL_NONE)
        return;
    if (e->out.by == NULL) {
        (void)faulty(e, "post_logout_redirect_uri comes without id_token_hint and client_id", uri);
        return;
    }
    if (!strs_has(&e->out.by->post_logout_redirect_uris, uri)) {
        (void)faulty(e, "post_logout_redirect_uri is not one that the service has registered", uri);
        return;
    }
    buf_add(&b, uri);
    url_query(&b, S("state"), form_get(c->query, S("state")));
    if (buf_ok(&b))
        e->out.back = buf_str(&b);
    else
        (void)faulty(e, "post_logout_redirect_uri and state are too long", uri);
}

static void tell_fault(struct ctx *c, struct ending *e)
{
    if (e->fault.kind == FAIL_NONE)
        return;
    if (!log_event(LOG_INFO, "end_session.faulty", LOG_C("support_code", c->support_code), LOG_C("code", e->fault.code),
                   LOG_C("why", e->fault.detail), LOG_S("service", c->service != NULL ? c->service->id : S("-")),
                   LOG_S("service_named", str_is_set(c->service_named) ? c->service_named : S("-"))))
        c->support_code[0] = '\0';
    c->away = &e->fault;
    e->out.fault = answer_description(c, &e->fault);
}

/* The hint fits when it was made in that very session, or for its person. */
static bool hint_fits(const struct ctx *c, const struct ending *e, struct str sid, struct str person)
{
    const struct service *by = e->out.by;

    return e->hinted && (str_eq(e->hint.sid, pairwise_sid(c->arena, c->seals, sid, by->vendor)) ||
                         str_eq(e->hint.sub, pairwise_sub(c->arena, c->seals, person, by->vendor)));
}

/* Made in the browser's own session or in that beside it: both end. */
static bool fits_a_session(const struct ctx *c, const struct ending *e)
{
    const struct session *own = c->session, *beside = c->beside;

    return hint_fits(c, e, own->sid, own->person->id) ||
           (beside != NULL && hint_fits(c, e, beside->sid, beside->person->id));
}

/* The session is over already: then the browser's trail of it is looked at in the same way. */
static bool is_over_and_fits(struct ctx *c, struct ending *e)
{
    struct trail *t = arena_make(c->arena, struct trail);

    if (!trail_read(c, t) || !hint_fits(c, e, t->sid, t->person))
        return false;
    e->out.trail = t;
    return true;
}

/* A test person's session is the service's to end, and the one that it means. */
static enum step whose(struct ctx *c, struct fail *f)
{
    struct ending *e = c->state;

    (void)f;
    if (!read_service(c, e))
        return NEXT;
    check_passed(c, CHECK_leave_who);
    return session_for(c, e->out.by);
}

static enum step decide(struct ctx *c, struct fail *f)
{
    struct ending *e = c->state;

    (void)f;
    read_way_back(c, e);
    if (e->fault.kind == FAIL_NONE)
        check_passed(c, CHECK_leave_back);
    tell_fault(c, e);
    bool fits = session_is_test(c->session) ? true : c->session != NULL ? fits_a_session(c, e) : is_over_and_fits(c, e);
    if (!fits && (c->session != NULL || !e->hinted || !str_is_set(e->out.back)))
        return logout_confirm(c, &e->out);
    e->out.go_back = e->hinted; /* else a link: nobody but the address itself says that the service asked */
    return step_into(c, logout_now);
}

const struct step_row oidc_end_session[] = { { start }, { whose }, { session_find_beside }, { decide }, { NULL } };

/* A cross-site POST brings no Lax cookie; the GET of our own that follows does. */
static enum step to_get(struct ctx *c, struct fail *f)
{
    static const char *const names[] = { "id_token_hint", "client_id", "post_logout_redirect_uri", "state",
                                         "ui_locales" };
    struct buf b = buf_new(c->arena, URL_MAX_B);

    buf_add(&b, S("/oidc/end_session"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        url_query(&b, str_of(names[i]), form_get(c->body, str_of(names[i])));
    if (!buf_ok(&b))
        return fail(f, FAIL_TOO_LARGE, "invalid_request", "the request is too large");
    return answer_go(c, buf_str(&b));
}

const struct step_row oidc_end_session_post[] = { { to_get }, { NULL } };
