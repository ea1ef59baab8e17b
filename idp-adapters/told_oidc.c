/* SPDX-License-Identifier: EUPL-1.2
 * A logout token of a city [OIDC Back-Channel Logout 1.0, 2.4-2.6]. */
#include "idp-adapters/told.h"

#include "base/crypt.h"
#include "base/fields.h"
#include "base/settings.h"
#include "idp-adapters/refusals.h"
#include "idp-adapters/upstream_oidc.h"
#include "model/person.h"
#include "wire/form.h"
#include "wire/http.h"

enum { TOKEN_AGE_MAX_S = 300, TOKEN_LIFE_MAX_S = 3600, REPLAY_LEAST_S = 600 };

#define LOGOUT_EVENT S("http://schemas.openid.net/event/backchannel-logout")

struct token { /* own, of struct city_told */
    struct upstream_got metadata_got, keys_got;
    const struct oidc_metadata *metadata;
    const struct jwks *keys;
    struct str text;
    struct jose_claims claims;
    struct fail unproven;
    bool again;
};

static struct token *token_of(struct ctx *c)
{
    const struct city_told *told = c->state;

    return told->own;
}

static enum step find(struct ctx *c, struct fail *f)
{
    struct city_told *told = c->state;
    const struct idp *idp = registry_idp(c->registry, c->req->param);
    struct token *t = arena_make(c->arena, struct token);

    told->own = t;
    if (idp == NULL || idp->kind != IDP_OIDC || !idp->enabled)
        return fail(f, FAIL_CALLER, "invalid_request", "no identity provider of this address is in use");
    told->idp = idp;
    t->text = form_get(c->body, S("logout_token"));
    if (!str_is_set(t->text))
        return fail(f, FAIL_CALLER, "invalid_request", "logout_token is missing");
    /* What names another issuer costs no look at its keys. */
    const struct json_value *said = jose_unproven(c->arena, t->text);
    if (said == NULL || !str_eq(json_get_str(said, S("iss")), idp->issuer))
        return fail(f, FAIL_CALLER, "iss_wrong", "the logout token is not this identity provider's");
    upstream_oidc_metadata(c->upstreams, &c->batch, c->arena, idp, UPSTREAM_KEPT, &t->metadata_got);
    return WAIT;
}

static enum step keys_ask(struct ctx *c, struct fail *f)
{
    const struct city_told *told = c->state;
    struct token *t = token_of(c);

    t->metadata = t->metadata_got.value != NULL ? t->metadata_got.value : t->metadata;
    if (t->metadata == NULL)
        return refusal_unread(f, t->metadata_got.error, "discovery of %.*s", STR_ARG(told->idp->id));
    if (!t->metadata->tells_sign_outs) /* then none of its sessions was kept by a name of its own (adapter_oidc.c) */
        return fail_told(f, FAIL_CALLER, "invalid_request",
                         "the discovery document says neither backchannel_logout_supported nor "
                         "frontchannel_logout_supported",
                         "discovery of %.*s says nothing of sign-outs: no session would be found",
                         STR_ARG(told->idp->id));
    upstream_oidc_keys(c->upstreams, &c->batch, c->arena, told->idp, t->metadata,
                       t->again ? UPSTREAM_ANEW : UPSTREAM_KEPT, &t->keys_got);
    return WAIT;
}

/* [2.4]: one member of events says what it is, and its value is an object. */
static bool is_about_logout(const struct json_value *all)
{
    const struct json_value *event = json_get(json_get(all, S("events")), LOGOUT_EVENT);

    return event != NULL && event->type == JSON_OBJECT;
}

static bool check(struct ctx *c, struct token *t, struct fail *f)
{
    const struct city_told *told = c->state;
    const struct jose_rules rules = {
        .blame = FAIL_CALLER,
        .algs = t->metadata->id_token_algs,
        .typ = S("logout+jwt"),
        .typ_lenient = true,
        .iss = told->idp->issuer,
        .aud = told->idp->client_id,
        .azp_any = true,
        .nonce_forbidden = true,
        .exp_optional = true,
        .sub_optional = true,
        .jti_must = true,
        .now_s = c->now_s,
        .skew_s = c->set->jose_skew_s,
        .life_max_s = TOKEN_LIFE_MAX_S,
        .age_max_s = TOKEN_AGE_MAX_S,
    };

    return jose_verify(c->arena, t->text, t->keys, &rules, &t->claims, f);
}

static enum step verify(struct ctx *c, struct fail *f)
{
    const struct city_told *told = c->state;
    struct token *t = token_of(c);
    struct fail why = { 0 };

    t->keys = t->keys_got.value;
    if (t->keys == NULL)
        return refusal_unread(f, t->keys_got.error, "keys of %.*s", STR_ARG(told->idp->id));
    t->unproven = (struct fail){ 0 };
    if (check(c, t, &why))
        return NEXT;
    if (t->again || !jose_is_about_keys(why.code)) {
        *f = why;
        return REFUSE;
    }
    t->unproven = why;
    return NEXT;
}

static enum step anew(struct ctx *c, struct fail *f)
{
    const struct city_told *told = c->state;
    struct token *t = token_of(c);

    (void)f;
    t->again = true;
    upstream_oidc_metadata(c->upstreams, &c->batch, c->arena, told->idp, UPSTREAM_ANEW, &t->metadata_got);
    return WAIT;
}

/* Its keys may have changed: fetched anew, and judged once more. */
static const struct step_row second[] = { { anew }, { keys_ask }, { verify }, { 0 } };

static enum step verify_again(struct ctx *c, struct fail *f)
{
    (void)f;
    return token_of(c)->unproven.kind != FAIL_NONE ? step_into(c, second) : NEXT;
}

bool told_is_good(const struct city_told *told, const char *what, struct fail *f)
{
    switch (ending_mark_says(&told->mark)) {
    case ENDING_GOOD:
        return true;
    case ENDING_USED:
        return fail(f, FAIL_CALLER, "replay", "this %s was used before", what);
    case ENDING_FORGOTTEN:
        return fail(f, FAIL_CALLER, "replay", "another Redis is the primary since this %s was made", what);
    case ENDING_AWAY:
        break;
    }
    return fail(f, FAIL_OURS, "temporarily_unavailable", "Redis is away, or the same %s is under way", what);
}

static struct str short_name(struct str name)
{
    return name.n <= CITY_NAME_MAX_B ? name : (struct str){ NULL, 0 };
}

static enum step read(struct ctx *c, struct fail *f)
{
    struct city_told *told = c->state;
    const struct token *t = token_of(c);
    struct str sid = short_name(json_get_str(t->claims.all, S("sid")));

    if (!is_about_logout(t->claims.all))
        return fail(f, FAIL_CALLER, "invalid_request", "events does not say that somebody was signed out");
    told->name = short_name(t->claims.sub);
    if (str_is_set(sid))
        told->sessions[told->session_count++] = sid;
    if (!str_is_set(told->name) && told->session_count == 0)
        return fail(f, FAIL_CALLER, "sub_missing", "the logout token has neither sub nor sid");
    struct str mark = sha256_hex(
        c->arena, fields_key(c->arena, (struct str[]){ S("logout token"), t->claims.iss, t->claims.jti }, 3));
    int64_t left_s = t->claims.exp_s - c->now_s + c->set->jose_skew_s;
    ending_mark_ask(c->kv, &c->batch, c->arena, &told->mark, mark, jose_born_s(&t->claims),
                    left_s > REPLAY_LEAST_S ? left_s : REPLAY_LEAST_S);
    return c->batch.pending > 0 ? WAIT : NEXT;
}

static enum step look(struct ctx *c, struct fail *f)
{
    struct city_told *told = c->state;

    (void)f;
    return ending_mark_look(c->kv, &c->batch, c->arena, &told->mark) ? WAIT : NEXT;
}

static enum step once(struct ctx *c, struct fail *f)
{
    const struct city_told *told = c->state;

    return told_is_good(told, "logout token", f) ? NEXT : REFUSE;
}

const struct step_row told_by_oidc[] = { { find }, { keys_ask }, { verify }, { verify_again },
                                         { read }, { look },     { once },   { 0 } };
