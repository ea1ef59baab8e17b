/* SPDX-License-Identifier: EUPL-1.2
 * A code becomes tokens, once.  [RFC 6749 4.1.3, RFC 7636 4.6, OIDC Core 3.1.3.2, RFC 9700 4.5] */
#include "gateway/oidc/grants/int.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/settings.h"
#include "gateway/oidc/trial.h"
#include "gateway/session/session.h"
#include "wire/form.h"

enum { VERIFIER_MIN = 43, VERIFIER_MAX = 128 };

struct redemption { /* g->own */
    struct str key; /* of the code */
    struct code_record code;
    struct kv_got taken, found; /* the code and its session */
    struct trial_grant trial;   /* in place of it all, where the code is of one */
};

static struct redemption *mine(const struct ctx *c)
{
    return ((struct granting *)c->state)->own;
}

static enum step take_code(struct ctx *c, struct fail *f)
{
    struct granting *g = c->state;
    struct redemption *r = g->own = arena_make(c->arena, struct redemption);
    struct str code = form_get(c->body, S("code"));

    if (!str_is_set(code))
        return fail(f, FAIL_CALLER, "invalid_request", "code is missing");
    if (trial_code_read(c, code, &r->trial.of, &r->key)) {
        kv_take(c->kv, &c->batch, c->arena, &r->taken, KV_TRIAL, r->key);
        trial_redeemed(c, &r->trial.of, &r->trial.marked);
        return WAIT;
    }
    if (!code_read(c, code, &g->session))
        return grant_bad(f, "code is none of ours");
    r->key = code_key(c->arena, code);
    g->once = arena_join(c->arena, S("code:"), r->key);
    kv_take(c->kv, &c->batch, c->arena, &r->taken, KV_CODE, r->key);
    session_ask(c, g->session, &r->found);
    return WAIT;
}

/* [RFC 7636 4.6]; a verifier without a challenge is a downgrade in progress [RFC 9700 4.8.2]. */
static bool verifier_fits(struct ctx *c, const struct code_record *r, struct fail *f)
{
    struct str verifier = form_get(c->body, S("code_verifier"));

    if (!str_is_set(r->challenge))
        return verifier.p == NULL ||
               grant_bad(f, "code_verifier is here, but no code_challenge came with the authorization request");
    if (verifier.p == NULL)
        return grant_bad(f, "code_verifier is missing, and the authorization request had a code_challenge");
    if (verifier.n < VERIFIER_MIN || verifier.n > VERIFIER_MAX ||
        !crypt_eq(b64url_encode(c->arena, sha256(c->arena, verifier)), r->challenge))
        return grant_bad(f, "code_verifier does not fit the code_challenge");
    return true;
}

/* dpop_jkt of the authorization request [RFC 9449 10]. */
static bool key_fits(struct ctx *c, const struct code_record *r, struct fail *f)
{
    const struct binding bound = { .jkt = r->jkt };
    const char *why;

    return binding_proven(c, &bound, &why) ||
           fail(f, FAIL_CALLER, "invalid_grant", "code was asked for with dpop_jkt: %s", why);
}

static bool bindings_fit(struct ctx *c, const struct code_record *r, struct fail *f)
{
    if (!str_eq(r->service, c->service->id))
        return grant_bad(f, "code is another service's");
    check_passed(c, CHECK_code_whose);
    if (!str_eq(r->redirect_uri, form_get(c->body, S("redirect_uri"))))
        return grant_bad(f, "redirect_uri is not the one that the code was sent to");
    check_passed(c, CHECK_code_address);
    if (c->now_s - r->made_s > c->set->code_life_s)
        return grant_bad(f, "code has expired");
    if (!str_eq(r->epoch, kv_epoch(c->kv)))
        return fail_told(f, FAIL_CALLER, "invalid_grant", "code can no longer be redeemed: ask for another one",
                         "Redis may have forgotten whether the code was used");
    check_passed(c, CHECK_code_fresh);
    if (!verifier_fits(c, r, f))
        return false;
    check_passed(c, CHECK_pkce);
    return key_fits(c, r, f);
}

/* At the gate nothing is granted: what would be answered is said, and answered wrong (oidc/trial.h). */
static enum step try_code(struct ctx *c, struct redemption *r, struct fail *f)
{
    struct trial_grant *t = &r->trial;

    if (r->taken.outcome != KV_HIT || !code_open(c, r->key, r->taken.value, &t->code))
        return grant_bad(f, "code is unknown, has expired or was used before");
    t->bound = ((struct granting *)c->state)->bound;
    t->fits = bindings_fit(c, &t->code, &t->why);
    c->state = t;
    return step_into(c, trial_issue);
}

static enum step check_code(struct ctx *c, struct fail *f)
{
    struct redemption *r = mine(c);

    if (r->taken.outcome == KV_DOWN)
        return kv_away(f, "code");
    if (r->trial.of.trial != NULL)
        return try_code(c, r, f);
    if (r->taken.outcome == KV_MISS)
        return step_into(c, grant_used_again);
    if (!code_open(c, r->key, r->taken.value, &r->code))
        return fail_told(f, FAIL_CALLER, "invalid_grant", "code can no longer be redeemed: ask for another one",
                         "the code's record does not open");
    c->attempt = r->code.attempt;
    check_passed(c, CHECK_code_known);
    return bindings_fit(c, &r->code, f) ? passed(c, CHECK_code_key) : REFUSE;
}

/* Whoever lost the right, or the session, since the code was made gets nothing. */
static enum step find_person(struct ctx *c, struct fail *f)
{
    struct granting *g = c->state;
    const struct code_record *r = &mine(c)->code;

    c->session = session_of(c, g->session, &mine(c)->found, f);
    if (c->session == NULL)
        return f->kind != FAIL_NONE ? REFUSE
                                    : (enum step)grant_bad(f, "the person's session has ended since code was made");
    check_passed(c, CHECK_session_stands);
    if (!grant_person(c, r->made_s, r->knew, f))
        return REFUSE;
    g->scope = r->scope;
    g->lang = r->lang;
    g->nonce = r->nonce;
    g->claims = r->claims;
    g->resources = r->resources;
    g->consented = r->consented;
    g->id_token = g->refresh = true;
    return NEXT;
}

const struct step_row grant_code[] = { { take_code }, { check_code }, { find_person }, { NULL } };
