/* SPDX-License-Identifier: EUPL-1.2
 *
 * A city has signed somebody out, and says so: their sessions here end, and their services hear it. */
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/logout.h"
#include "gateway/session/found.h"
#include "gateway/session/limits.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/opened.h"
#include "gateway/session/session.h"
#include "gateway/session/trail.h"
#include "idp-adapters/adapter.h"
#include "idp-adapters/told.h"
#include "idp-adapters/upstream_saml.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/saml_ask.h"

enum { REFUSED_S = 120 };

struct coming {               /* c->adapter_state; c->state is the part that the rows in charge read */
    struct city_message saml; /* of OpenID Connect its first member alone */
    struct kv_got count;
    struct kv_got found[TOLD_SESSIONS_MAX];
    size_t found_count;
    struct logout_elsewhere ends;
    struct saml_reply reply;
    bool by_browser;
};

/* ── which sessions ─────────────────────────────────────────────────────── */

static enum step find_ask(struct ctx *c, struct fail *f)
{
    struct coming *x = c->adapter_state;
    const struct city_told *told = &x->saml.told;

    (void)f;
    for (size_t i = 0; i < told->session_count; i++)
        found_ask(c, FOUND_BY_CITY_SESSION, told->idp->id, told->sessions[i], &x->found[x->found_count++]);
    if (told->session_count == 0)
        found_ask(c, FOUND_BY_CITY_SUBJECT, told->idp->id, told->name, &x->found[x->found_count++]);
    return WAIT;
}

static bool names_session(const struct city_told *told, struct str session)
{
    for (size_t i = 0; i < told->session_count; i++)
        if (str_eq(told->sessions[i], session))
            return true;
    return told->session_count == 0;
}

/* The session itself says whose it is and where it came from; the index is only where to look. */
static bool is_meant(const struct ctx *c, const struct session *s, const void *what)
{
    const struct city_told *told = what;
    const struct person *p = s->person;

    (void)c;
    return str_eq(person_seen_at(p), told->idp->id) && names_session(told, p->city_session) &&
           (!str_is_set(told->name) || str_eq(told->name, p->city_name));
}

static enum step end(struct ctx *c, struct fail *f)
{
    struct coming *x = c->adapter_state;

    x->ends = (struct logout_elsewhere){
        .waits = x->saml.ask != NULL, .is_meant = is_meant, .what = &x->saml.told, .mark = &x->saml.told.mark
    };
    x->ends.sessions.at = arena_make_n(c->arena, 1, struct str);
    for (size_t i = 0; i < x->found_count; i++) {
        if (x->found[i].outcome == KV_DOWN)
            return kv_away(f, "session by its name");
        found_gather(c, &x->found[i], &x->ends.sessions, &x->ends.cut);
    }
    c->state = &x->ends;
    return step_into(c, logout_elsewhere);
}

/* ── OpenID Connect, from their server [Back-Channel Logout 1.0] ─────────── */

/* Our own trouble keeps no city from saying it again: at once, or in a moment (wire/ending_mark.h). */
static enum step count(struct ctx *c, struct fail *f)
{
    struct coming *x = c->adapter_state;

    (void)f;
    if (c->caught.kind == FAIL_OURS && x->saml.told.mark.added.outcome == KV_MISS)
        kv_delete(c->kv, &c->batch, c->arena, &x->saml.told.mark.said, KV_REPLAY, x->saml.told.mark.id);
    else if (c->caught.kind == FAIL_CALLER)
        limit_ask(c, LIMIT_answers, limit_place(c), REFUSED_S, &x->count);
    return c->batch.pending > 0 ? WAIT : NEXT;
}

static enum step refuse(struct ctx *c, struct fail *f)
{
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    *f = c->caught;
    return REFUSE;
}

static const struct step_row failed[] = { { count }, { refuse }, { NULL } };

static enum step start(struct ctx *c, struct fail *f)
{
    struct coming *x = arena_make(c->arena, struct coming);

    (void)f;
    c->adapter_state = x;
    c->state = &x->saml.told;
    c->rescue = failed;
    limit_look(c, LIMIT_answers, limit_place(c), &x->count);
    return WAIT;
}

static enum step oidc_read(struct ctx *c, struct fail *f)
{
    struct coming *x = c->adapter_state;

    if (!limit_keep(LIMIT_answers, &x->count, "logout token", f))
        return REFUSE;
    return step_into(c, told_by_oidc);
}

/* [2.8] */
static enum step oidc_answer(struct ctx *c, struct fail *f)
{
    const struct coming *x = c->adapter_state;

    c->rescue = NULL;
    if (x->ends.cut)
        return fail(f, FAIL_OURS, "server_error",
                    "the person has had more sessions than are kept by that name: %zu have ended, and others may go on",
                    x->ends.ended);
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    http_body(c->res, 200, S("application/json"), S("{}"));
    return DONE;
}

const struct step_row upstream_oidc_told[] = { { start }, { oidc_read },   { find_ask },
                                               { end },   { oidc_answer }, { NULL } };

/* ── OpenID Connect, by a frame in the browser [Front-Channel Logout 1.0] ── */

/* No cookie comes with a frame of somebody else's page, so the names alone say who is meant: whoever knows the sid of a
 * session at the city may end it here, and no more than that.  Both must be said [3]. */
static enum step frame_read(struct ctx *c, struct fail *f)
{
    struct coming *x = arena_make(c->arena, struct coming);
    const struct idp *idp = registry_idp(c->registry, c->req->param);
    struct str iss = form_get(c->query, S("iss")), sid = form_get(c->query, S("sid"));

    c->adapter_state = x;
    c->state = &x->saml.told;
    if (idp == NULL || idp->kind != IDP_OIDC || !idp->enabled || !str_eq(iss, idp->issuer))
        return fail(f, FAIL_CALLER, "invalid_request", "iss is not that of the identity provider of this address");
    if (!str_is_set(sid) || sid.n > CITY_NAME_MAX_B)
        return fail(f, FAIL_CALLER, "invalid_request", "sid is missing or too long");
    x->saml.told.idp = idp;
    x->saml.told.sessions[x->saml.told.session_count++] = sid;
    limit_look(c, LIMIT_answers, limit_place(c), &x->count);
    return WAIT;
}

static enum step frame_limit(struct ctx *c, struct fail *f)
{
    struct coming *x = c->adapter_state;

    return limit_keep(LIMIT_answers, &x->count, "sign-out by a frame", f) ? NEXT : REFUSE;
}

/* Guesses are counted; what was meant is not. */
static enum step frame_count(struct ctx *c, struct fail *f)
{
    struct coming *x = c->adapter_state;

    (void)f;
    if (x->ends.ended > 0)
        return NEXT;
    limit_ask(c, LIMIT_answers, limit_place(c), REFUSED_S, &x->count);
    return WAIT;
}

static enum step frame_answer(struct ctx *c, struct fail *f)
{
    (void)f;
    http_header_set(c->res, S("Content-Security-Policy"), S(ANSWER_FRAMED_CSP));
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    http_body(c->res, 200, S("text/html; charset=utf-8"),
              S("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>signed out</title></html>\n"));
    return DONE;
}

const struct step_row upstream_oidc_frame[] = { { frame_read },  { frame_limit },  { find_ask }, { end },
                                                { frame_count }, { frame_answer }, { NULL } };

/* ── SAML: by the browser (Redirect, POST), and from their server (SOAP) ─── */

/* An address that is opened by hand has nothing to say. */
static enum step saml_redirect(struct ctx *c, struct fail *f)
{
    struct coming *x = c->adapter_state;
    struct saml_ask *ask;

    if (!saml_ask_redirect(c->arena, c->req->query, (size_t)c->set->saml_message_B, &ask, f))
        return REFUSE;
    x->saml.ask = ask;
    return NEXT;
}

static enum step saml_post(struct ctx *c, struct fail *f)
{
    struct coming *x = c->adapter_state;
    struct str request = form_get(c->body, S("SAMLRequest")), answer = form_get(c->body, S("SAMLResponse"));
    struct saml_ask *ask;

    if (str_is_set(request) == str_is_set(answer))
        return fail(f, FAIL_CALLER, "invalid_request", "one of SAMLRequest and SAMLResponse");
    if (!saml_ask_post(c->arena, str_is_set(request) ? request : answer, form_get(c->body, S("RelayState")),
                       (size_t)c->set->saml_message_B, &ask, f))
        return REFUSE;
    x->saml.ask = ask;
    return NEXT;
}

static enum step saml_soap(struct ctx *c, struct fail *f)
{
    struct coming *x = c->adapter_state;
    struct saml_ask *ask;

    if (!saml_ask_soap(c->arena, c->req->body, (size_t)c->set->saml_message_B, &ask, f))
        return REFUSE;
    if (saml_ask_kind(ask) != SAML_ASK_LOGOUT)
        return fail(f, FAIL_CALLER, "invalid_request", "the envelope has no LogoutRequest");
    x->saml.ask = ask;
    return NEXT;
}

static enum step saml_limit(struct ctx *c, struct fail *f)
{
    struct coming *x = c->adapter_state;

    return limit_keep(LIMIT_answers, &x->count, "sign-out of a city", f) ? NEXT : REFUSE;
}

static enum step saml_verify(struct ctx *c, struct fail *f)
{
    struct coming *x = c->adapter_state;

    (void)f;
    x->by_browser = saml_ask_binding(x->saml.ask) != SAML_SOAP;
    x->saml.here = x->by_browser ? saml_sp_logout(c->arena, c->set) : saml_sp_logout_soap(c->arena, c->set);
    c->state = &x->saml;
    return step_into(c, told_by_saml);
}

/* Our own sign-out goes on where its page is: the POST reads no cookie, the GET that follows does. */
static enum step saml_left(struct ctx *c, struct fail *f)
{
    const struct coming *x = c->adapter_state;

    (void)f;
    if (x->saml.is_request)
        return NEXT;
    c->rescue = NULL;
    struct str said = x->saml.left ? city_left_note(c, x->saml.state) : S("");
    return answer_go(
        c, url_to(c->arena, url_to(c->arena, S(ADAPTER_LEFT_PATH), S("state"), x->saml.state), S("left"), said));
}

/* The browser has come along: what it keeps of the session goes with it. */
static void clear_browser(struct ctx *c, const struct coming *x)
{
    struct str key = session_key(c);

    for (size_t i = 0; key.p != NULL && x->by_browser && i < x->ends.sessions.n; i++)
        if (str_eq(x->ends.sessions.at[i], key) && x->ends.ended > 0) {
            session_cookie_clear(c);
            trail_clear(c);
            opened_forget(c);
        }
}

static enum step saml_reply_ask(struct ctx *c, struct fail *f)
{
    struct coming *x = c->adapter_state;

    (void)f;
    clear_browser(c, x);
    if (x->saml.unanswered)
        return NEXT;
    x->reply = (struct saml_reply){ .to = &x->saml, .partial = x->ends.unheard };
    c->state = &x->reply;
    return step_into(c, saml_reply);
}

static enum step saml_answer(struct ctx *c, struct fail *f)
{
    struct coming *x = c->adapter_state;

    (void)f;
    c->rescue = NULL;
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    if (x->reply.soap.p != NULL) {
        http_body(c->res, 200, S("text/xml; charset=utf-8"), x->reply.soap);
        return DONE;
    }
    c->login = login_own(c, S("/"));
    c->login->idp = x->saml.told.idp->id;
    if (c->upstream_url.p != NULL)
        return flow_go_upstream(c);
    return answer_go(c, S("/"));
}

#define SAML_ENDING                                                                                                    \
    { saml_limit }, { saml_verify }, { saml_left }, { find_ask }, { end }, { saml_reply_ask }, { saml_answer },        \
    {                                                                                                                  \
        NULL                                                                                                           \
    }

const struct step_row upstream_saml_logout[] = { { start }, { saml_redirect }, SAML_ENDING };
const struct step_row upstream_saml_logout_post[] = { { start }, { saml_post }, SAML_ENDING };
const struct step_row upstream_saml_logout_soap[] = { { start }, { saml_soap }, SAML_ENDING };
