/* SPDX-License-Identifier: EUPL-1.2
 * Answers from cities' identity providers: the browser comes back. */
#include "base/crypt.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/session/limits.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/session.h"
#include "idp-adapters/adapter.h"
#include "wire/form.h"
#include "wire/http.h"

/* Small and large answers have budgets of their own (session/limits.h): a city's schools stand behind one address, and
 * that must not mean the whole store. */
enum {
    ANSWER_ID_B = 16,
    SAML_ID_CHARS = 28,
    OIDC_ID_CHARS = 22,
    ANSWER_LIFE_S = 120,
    STATE_MAX_B = 128,
    ANSWER_SMALL_B = 32768
};

/* ── rows that lead from a browser's login to flow ──────────────────────── */

/* Somebody else's answer, put upon this browser, finds no login here, and creates no session. */
static enum step check(struct ctx *c, struct fail *f)
{
    (void)f;
    return c->login != NULL ? NEXT : flow_expired(c);
}

static enum step load_session(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, session_load);
}

/* Reloaded, or reached by the back button: what was answered is not verified again (it would be a replay); the
 * login goes on with the session that it made. */
static enum step verify(struct ctx *c, struct fail *f)
{
    const struct idp *idp = registry_idp(c->registry, c->login->idp);
    const struct adapter *adapter = idp != NULL && idp->enabled ? adapter_of(idp->kind) : NULL;

    if (c->login->state == LOGIN_ANSWERED)
        return flow_next(c, f);
    if (c->login->state != LOGIN_AT_CITY)
        return flow_expired(c);
    if (adapter == NULL)
        return fail(f, FAIL_UPSTREAM, "idp_disabled", "the identity provider is switched off");
    return step_into(c, adapter->finish);
}

static enum step admit(struct ctx *c, struct fail *f)
{
    if (c->person == NULL)
        return fail(f, FAIL_UPSTREAM, "no_person", "the adapter proved nobody");
    return flow_next(c, f);
}

#define GO_ON                                                                                                          \
    { check }, { load_session }, { verify }, { admit },                                                                \
    {                                                                                                                  \
        NULL                                                                                                           \
    }

/* ── OpenID Connect: one callback path per identity provider, against mix-up [RFC 9700 4.4] ─── */

/* A city's portal may send people here without our having asked; who is meant cannot be told from who was put upon a
 * browser [SAML profiles 4.1.5, RFC 6749 10.12]. */
static enum step unasked(struct fail *f, const char *what)
{
    return fail(
        f, FAIL_CALLER, "answer_unasked",
        "%s is none of ours: the identity provider began by itself (its own portal), or does not give it back; let "
        "its portal lead to this gateway's address or the service's instead",
        what);
}

static enum step oidc_find(struct ctx *c, struct fail *f)
{
    struct str state = form_get(c->query, S("state"));

    if (!str_is_set(state) && form_get(c->query, S("code")).p != NULL)
        return unasked(f, "state");
    if (!str_is_set(state) || state.n > STATE_MAX_B)
        return fail(f, FAIL_CALLER, "invalid_request", "state is missing or too long");
    return login_find_upstream(c, state);
}

static enum step oidc_check_path(struct ctx *c, struct fail *f)
{
    if (c->login == NULL)
        return flow_expired(c);
    if (!str_eq(c->login->idp, c->req->param))
        return fail(f, FAIL_UPSTREAM, "wrong_callback", "the answer came to \"%.*s\", the login went elsewhere",
                    STR_ARG(c->req->param));
    return NEXT;
}

const struct step_row upstream_oidc[] = { { oidc_find }, { oidc_check_path }, GO_ON };

/* ── SAML: the POST reads no cookie; it stores, and a GET of our own goes on ─── */

struct posted { /* c->state */
    struct str id, text;
    enum limit limit;
    struct kv_got count, stored;
};

/* What our requests are called: 20 random bytes after "_" over SAML, 16 over OpenID Connect.  Only what looks like
 * neither was surely not asked for; what does is looked up. */
static bool is_ours(struct str relay)
{
    return (relay.n == SAML_ID_CHARS && relay.p[0] == '_') || relay.n == OIDC_ID_CHARS;
}

static struct str bound(struct arena *a, struct str id)
{
    return arena_join(a, S("saml:"), id);
}

/* Counted before it is stored: what is over the budget takes no room. */
static enum step saml_count(struct ctx *c, struct fail *f)
{
    struct str response = form_get(c->body, S("SAMLResponse")), relay = form_get(c->body, S("RelayState"));
    struct posted *p = arena_make(c->arena, struct posted);

    if (!str_is_set(response))
        return fail(f, FAIL_CALLER, "invalid_request", "SAMLResponse is missing");
    if (!is_ours(relay))
        return unasked(f, "RelayState");
    if (relay.n > STATE_MAX_B)
        return fail(f, FAIL_CALLER, "invalid_request", "RelayState is too long");
    if (response.n > (size_t)c->set->saml_message_B * 2)
        return fail(f, FAIL_TOO_LARGE, "too_large",
                    "SAMLResponse has %zu bytes of base64; saml_message_B allows %lld decoded", response.n,
                    (long long)c->set->saml_message_B);
    p->id = crypt_token(c->arena, c->world, ANSWER_ID_B);
    p->text = arena_join(c->arena, arena_join(c->arena, relay, S("\n")), response);
    p->limit = p->text.n <= ANSWER_SMALL_B ? LIMIT_answers : LIMIT_large_answers;
    c->state = p;
    limit_ask(c, p->limit, ANSWER_LIFE_S, &p->count);
    return WAIT;
}

static enum step saml_store(struct ctx *c, struct fail *f)
{
    struct posted *p = c->state;

    if (!limit_keep(p->limit, &p->count, "answer", f))
        return REFUSE;
    kv_set(c->kv, &c->batch, c->arena, &p->stored, KV_REQUEST, p->id,
           seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, bound(c->arena, p->id), p->text), ANSWER_LIFE_S);
    return WAIT;
}

static enum step saml_go_on(struct ctx *c, struct fail *f)
{
    const struct posted *p = c->state;

    if (p->stored.outcome != KV_HIT)
        return kv_away(f, "answer");
    return answer_go(c, arena_join(c->arena, S("/upstream/saml/go?a="), p->id));
}

const struct step_row upstream_acs[] = { { saml_count }, { saml_store }, { saml_go_on }, { NULL } };

/* Not taken but read: a reload within its life finds it again, and the login says what it then means. */
static enum step saml_ask(struct ctx *c, struct fail *f)
{
    struct str id = form_get(c->query, S("a"));

    (void)f;
    if (!str_is_set(id) || id.n > STATE_MAX_B)
        return flow_expired(c);
    c->state = arena_make(c->arena, struct kv_got);
    kv_get(c->kv, &c->batch, c->arena, c->state, KV_REQUEST, id);
    return WAIT;
}

/* The adapter reads the message where a form would have it. */
static enum step saml_find(struct ctx *c, struct fail *f)
{
    const struct kv_got *got = c->state;
    struct str id = form_get(c->query, S("a")), text, relay;

    if (got->outcome == KV_DOWN)
        return kv_away(f, "answer");
    if (got->outcome != KV_HIT || !seal_open(c->arena, c->seals, SEAL_COOKIE, bound(c->arena, id), got->value, &text))
        return flow_expired(c);
    size_t line = str_find_byte(text, '\n', 0);
    relay = str_sub(text, 0, line);
    struct form *form = arena_make(c->arena, struct form);
    form->fields = arena_make_n(c->arena, 2, struct form_field);
    form->fields[form->count++] = (struct form_field){ S("SAMLResponse"), str_from(text, line + 1) };
    form->fields[form->count++] = (struct form_field){ S("RelayState"), relay };
    c->body = form;
    return login_find_upstream(c, relay);
}

const struct step_row upstream_saml_go[] = { { saml_ask }, { saml_find }, GO_ON };
