/* SPDX-License-Identifier: EUPL-1.2
 * Answers from cities' identity providers: the browser comes back. */
#include "base/log.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/session/limits.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/proven.h"
#include "gateway/session/session.h"
#include "gateway/upstream_tryout.h"
#include "gateway/upstream_vendor.h"
#include "idp-adapters/adapter.h"
#include "idp-adapters/refusals.h"
#include "idp-adapters/relay.h"
#include "idp-adapters/tryout.h"
#include "wire/form.h"
#include "wire/html.h"
#include "wire/http.h"
#include "wire/saml.h"

#include <string.h>

enum { STATE_MAX_B = 128, ANSWERS_S = 120 };

/* ── rows that lead from a browser's login to flow ──────────────────────── */

/* Somebody else's answer, put upon this browser, finds no login here, and creates no session. */
static enum step check(struct ctx *c, struct fail *f)
{
    (void)f;
    return c->login != NULL ? NEXT : flow_expired(c);
}

/* Reloaded, or reached by the back button: what was answered is not verified again (it would be a replay); the
 * login goes on with the session that it made. */
static enum step verify(struct ctx *c, struct fail *f)
{
    const struct idp *idp = registry_idp(c->registry, c->login->idp);
    const struct adapter *adapter = idp != NULL && idp->enabled ? adapter_of(idp->kind) : NULL;

    if (c->login->state == LOGIN_ANSWERED || c->login->state == LOGIN_CONSENT)
        return flow_next(c, f);
    if (c->login->state != LOGIN_AT_CITY)
        return flow_expired(c);
    if (adapter == NULL)
        return refusal(f, REFUSAL_idp_disabled, "the identity provider is switched off");
    return step_into(c, adapter->finish);
}

static enum step admit(struct ctx *c, struct fail *f)
{
    if (c->person == NULL)
        return fail(f, FAIL_OURS, "server_error", "the adapter proved nobody");
    return flow_proven(c, f);
}

/* ── OpenID Connect: one callback path per identity provider, against mix-up [RFC 9700 4.4] ─── */

/* A city's portal may send people here without our having asked; who is meant cannot be told from who was put upon a
 * browser [SAML profiles 4.1.5, RFC 6749 10.12]. */
static enum step unasked(struct fail *f, const char *what)
{
    return refusal(
        f, REFUSAL_answer_unasked,
        "%s is none of ours: the identity provider began by itself (its own portal), or does not give it back; let "
        "its portal lead to this gateway's address or the service's instead",
        what);
}

static enum step oidc_find(struct ctx *c, struct fail *f)
{
    struct str state = form_get(c->query, S("state"));

    if (c->query->count == 0)
        return flow_bookmark(c);
    if (!str_is_set(state) && form_get(c->query, S("code")).p != NULL)
        return unasked(f, "state");
    if (!str_is_set(state) || state.n > STATE_MAX_B)
        return fail(f, FAIL_CALLER, "invalid_request", "state is missing or too long");
    return tryout_is(state) ? upstream_tryout_oidc(c) : login_find_upstream(c, state);
}

static enum step oidc_check_path(struct ctx *c, struct fail *f)
{
    if (c->login == NULL)
        return flow_expired(c);
    if (!str_eq(c->login->idp, c->req->param))
        return refusal(f, REFUSAL_wrong_callback, "the answer came to \"%.*s\", the login went elsewhere",
                       STR_ARG(c->req->param));
    return NEXT;
}

const struct step_row upstream_oidc[] = {
    { oidc_find },   { oidc_check_path },      { check },           { session_find }, { verify },
    { flow_relate }, { flow_forget_identity }, { upstream_vendor }, { admit },        { NULL }
};

/* ── SAML: the POST reads no cookie; it proves the answer, and a GET of our own finds out whose it is ─── */

struct posted { /* c->state */
    struct relay relay;
    struct str upstream_id, id;
    struct kv_got by_place, by_login, stored;
};

/* ── an answer that nobody asked for: it lets nobody in, and leads to a sign-in of our own [SAML profiles 4.1.5] ─── */

enum { BACK_MAX_B = 2048 };

/* One segment of a path, whoever reads it: neither "..", nor "%2e%2e", nor two of them. */
static bool is_service_id(struct str id)
{
    for (size_t i = 0; i < id.n; i++)
        if (!(id.p[i] >= 'a' && id.p[i] <= 'z') && !(id.p[i] >= '0' && id.p[i] <= '9') &&
            strchr("-_.", id.p[i]) == NULL)
            return false;
    return id.n > 0 && id.p[0] != '.';
}

/* "/open/kanerva?to=…", or the same at our address: what a portal's RelayState may say.  Anything else is the
 * launcher; where it leads is judged there, as for any link. */
static struct str open_path(const struct ctx *c, struct str said)
{
    struct str path = str_has_prefix(said, c->set->public_url) ? str_from(said, c->set->public_url.n) : said;
    struct str id = str_from(str_sub(path, 0, str_find_byte(path, '?', 0)), sizeof "/open/" - 1);

    return str_has_prefix(path, S("/open/")) && is_service_id(id) && path.n <= BACK_MAX_B && html_url_is_safe(path)
               ? path
               : S("/");
}

/* The answer is not verified, since nothing comes of it; but who it says that it is from is asked now. */
static const struct idp *claimed_idp(struct ctx *c)
{
    struct fail ignored = { 0 };
    struct str text;

    if (!saml_decode(c->arena, form_get(c->body, S("SAMLResponse")), (size_t)c->set->saml_message_B, &text, &ignored))
        return NULL;
    struct str issuer = saml_claimed_issuer(c->arena, text, (size_t)c->set->saml_message_B);
    const struct idp *idp = issuer.p != NULL ? registry_idp_entity(c->registry, IDP_SAML, issuer) : NULL;
    return idp != NULL && idp->enabled && idp->provider != NULL ? idp : NULL;
}

static enum step unasked_count(struct ctx *c, struct fail *f)
{
    struct posted *p = c->state;

    (void)f;
    limit_ask(c, LIMIT_unasked, limit_place(c), ANSWERS_S, &p->by_place);
    return WAIT;
}

/* The cookies of this browser come along with a GET only. */
static enum step unasked_lead(struct ctx *c, struct fail *f)
{
    const struct posted *p = c->state;
    struct buf b = buf_new(c->arena, 4 * (size_t)BACK_MAX_B);

    if (!limit_keep(LIMIT_unasked, &p->by_place, "unasked answer", f))
        return REFUSE;
    const struct idp *idp = claimed_idp(c);
    if (idp == NULL)
        return unasked(f, "RelayState");
    log_event(LOG_INFO, "upstream.unasked", LOG_S("idp", idp->id), LOG_C("support_code", c->support_code));
    buf_add(&b, S("/upstream/begin/"));
    buf_add(&b, idp->id);
    struct str back = open_path(c, form_get(c->body, S("RelayState")));
    if (back.n > 1)
        url_query(&b, S("to"), back);
    return answer_go(c, buf_str(&b));
}

static const struct step_row saml_unasked[] = { { unasked_count }, { unasked_lead }, { NULL } };

/* Who is signed in goes straight on; else that identity provider is asked, which has its people signed in already. */
static enum step begin_at(struct ctx *c, const struct idp *idp, struct fail *f)
{
    if (idp == NULL || !idp->enabled || idp->provider == NULL)
        return answer_go(c, S("/"));
    c->login = login_own(c, open_path(c, form_get(c->query, S("to"))));
    c->login->idp = idp->id;
    return flow_next(c, f);
}

static enum step begin(struct ctx *c, struct fail *f)
{
    return begin_at(c, registry_idp(c->registry, c->req->param), f);
}

/* A discovery service of somebody else's says which identity provider was chosen there [Identity Provider Discovery
 * Service Protocol 2.4.3; IIP-SP04].  It decides nothing else: the person might as well have chosen it here. */
static enum step discovered(struct ctx *c, struct fail *f)
{
    struct str entity = form_get(c->query, S("entityID"));
    const struct idp *idp = str_is_set(entity) ? registry_idp_entity(c->registry, IDP_SAML, entity) : NULL;

    return begin_at(c, idp, f);
}

const struct step_row upstream_discovered[] = { { session_find }, { discovered }, { NULL } };
const struct step_row upstream_begin[] = { { session_find }, { begin }, { NULL } };

/* Where the GET is, with what it is to know; name "": nothing more. */
static struct str go_on_at(struct ctx *c, const char *name, struct str value)
{
    const struct posted *p = c->state;

    struct str at = url_to(c->arena, S("/upstream/saml/go"), S("r"), p->upstream_id);

    return *name ? url_to(c->arena, at, str_of(name), value) : at;
}

/* What bears none of our names is an answer to nothing: it costs no more than this.  Of one login every answer counts,
 * also one that holds: whoever has one could have it verified and kept without end. */
static enum step saml_read(struct ctx *c, struct fail *f)
{
    struct str response = form_get(c->body, S("SAMLResponse")), relay = form_get(c->body, S("RelayState"));
    struct posted *p = c->state = arena_make(c->arena, struct posted);

    if (!str_is_set(response))
        return fail(f, FAIL_CALLER, "invalid_request", "SAMLResponse is missing");
    if (response.n > (size_t)c->set->saml_message_B * 2)
        return fail(f, FAIL_TOO_LARGE, "too_large",
                    "SAMLResponse has %zu bytes of base64; saml_message_B allows %lld decoded", response.n,
                    (long long)c->set->saml_message_B);
    if (!relay_read(c, relay, &p->relay))
        return step_into(c, saml_unasked);
    p->upstream_id = relay;
    /* A login that is over finds nothing that an answer could change. */
    if (c->now_s - p->relay.made_s >= c->set->login_life_s)
        return answer_go(c, go_on_at(c, "", S("")));
    limit_look(c, LIMIT_answers, limit_place(c), &p->by_place);
    limit_ask(c, LIMIT_login_answers, relay, ANSWERS_S, &p->by_login);
    return WAIT;
}

/* A refusal goes on to the GET as well, which knows the service that asked and what it may be told.  Of an address only
 * what was refused is counted: a city behind one signs in as many people as it has. */
static enum step refused_count(struct ctx *c, struct fail *f)
{
    struct posted *p = c->state;

    if (c->caught.kind == FAIL_OURS || c->caught.kind == FAIL_BUSY) {
        *f = c->caught;
        return REFUSE;
    }
    limit_ask(c, LIMIT_answers, limit_place(c), ANSWERS_S, &p->by_place);
    return WAIT;
}

static enum step refused_go_on(struct ctx *c, struct fail *f)
{
    const struct posted *p = c->state;

    (void)f;
    return answer_go(c, go_on_at(c, "f", refusal_write(c, p->upstream_id, &c->caught)));
}

static const struct step_row saml_refused[] = { { refused_count }, { refused_go_on }, { NULL } };

static enum step saml_prove(struct ctx *c, struct fail *f)
{
    const struct posted *p = c->state;

    if (!limit_keep(LIMIT_login_answers, &p->by_login, "answer", f))
        return REFUSE;
    /* A flood from one address must not turn away the school or the city that shares it: however many were refused, of
     * each login the first answer is heard. */
    if (p->by_login.number > 1 && !limit_keep(LIMIT_answers, &p->by_place, "answer", f))
        return REFUSE;
    if (p->relay.tryout)
        return upstream_tryout_posted(c, &p->relay, p->upstream_id);
    c->rescue = saml_refused;
    if (p->relay.idp == NULL || !p->relay.idp->enabled || adapter_of(p->relay.idp->kind)->prove == NULL)
        return refusal(f, REFUSAL_idp_disabled, "the identity provider is switched off");
    c->login = arena_make(c->arena, struct login);
    c->login->idp = p->relay.idp->id;
    c->login->upstream_id = p->upstream_id;
    return step_into(c, adapter_of(p->relay.idp->kind)->prove);
}

static enum step saml_keep(struct ctx *c, struct fail *f)
{
    struct posted *p = c->state;

    return proven_keep(c, &p->id, &p->stored, f) ? WAIT : REFUSE;
}

static enum step saml_go_on(struct ctx *c, struct fail *f)
{
    const struct posted *p = c->state;

    c->rescue = NULL;
    if (p->stored.outcome != KV_HIT)
        return kv_away(f, "answer");
    return answer_go(c, go_on_at(c, "a", p->id));
}

const struct step_row upstream_acs[] = { { saml_read }, { saml_prove }, { flow_relate }, { flow_forget_identity },
                                         { saml_keep }, { saml_go_on }, { NULL } };

/* The address of the POST, opened by hand. */
static enum step acs_bookmark(struct ctx *c, struct fail *f)
{
    if (c->query->count == 0)
        return flow_bookmark(c);
    return fail(f, FAIL_CALLER, "invalid_request", "SAMLResponse comes by POST, not in the query");
}

const struct step_row upstream_acs_bookmark[] = { { acs_bookmark }, { NULL } };

/* ── and the GET ────────────────────────────────────────────────────────── */

/* Taken, not read: a reload finds its login ANSWERED, which says what it then means. */
static enum step saml_ask(struct ctx *c, struct fail *f)
{
    struct posted *p = c->state = arena_make(c->arena, struct posted);

    (void)f;
    p->upstream_id = form_get(c->query, S("r"));
    p->id = form_get(c->query, S("a"));
    if (!str_is_set(p->upstream_id) || p->upstream_id.n > RELAY_MAX_B || p->id.n > PROVEN_ID_CHARS)
        return flow_bookmark(c);
    if (relay_read(c, p->upstream_id, &p->relay) && p->relay.tryout)
        return upstream_tryout_go(c, p->upstream_id);
    p->stored.outcome = KV_MISS;
    if (!str_is_set(p->id))
        return NEXT;
    proven_ask(c, p->id, &p->stored);
    return WAIT;
}

static enum step saml_find(struct ctx *c, struct fail *f)
{
    const struct posted *p = c->state;

    if (p->stored.outcome == KV_DOWN)
        return kv_away(f, "answer");
    c->proven = proven_of(c, p->id, &p->stored);
    return login_find_upstream(c, p->upstream_id);
}

static enum step saml_verdict(struct ctx *c, struct fail *f)
{
    const struct posted *p = c->state;

    if (c->login->state != LOGIN_AT_CITY)
        return NEXT;
    if (refusal_read(c, p->upstream_id, form_get(c->query, S("f")), f))
        return REFUSE;
    return c->proven != NULL ? NEXT : flow_expired(c);
}

const struct step_row upstream_saml_go[] = { { saml_ask },        { saml_find },    { check },
                                             { session_find },    { saml_verdict }, { verify },
                                             { upstream_vendor }, { admit },        { NULL } };
