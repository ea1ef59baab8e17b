/* SPDX-License-Identifier: EUPL-1.2
 * A service proves who it is.  [RFC 6749 2.3, OIDC Core 9, RFC 7523] */
#include "gateway/oidc/client/int.h"
#include "gateway/oidc/oidc.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/settings.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/jose.h"

enum { SECRET_MAX_B = 1024, GUESSES_MAX = 100, GUESSES_S = 600, COUNTER_CHARS = 3, ASSERTION_LIFE_S = 300 };

/* What an unknown service's secret is compared with, so that time does not tell. */
static const struct str nobodys = S("0000000000000000000000000000000000000000000000000000000000000000");

struct asker *asker_of(struct ctx *c)
{
    if (c->asker == NULL)
        c->asker = arena_make(c->arena, struct asker);
    return c->asker;
}

struct str client_proven_by(const struct ctx *c)
{
    return c->asker != NULL ? c->asker->method : (struct str){ NULL, 0 };
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Both halves of Basic are form-encoded before they are joined [RFC 6749 2.3.1]; what is not encoded stays as it is. */
static bool unescape(struct arena *a, struct str in, struct str *out)
{
    char *p = arena_alloc(a, in.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] != '%') {
            p[n++] = in.p[i] == '+' ? ' ' : in.p[i];
            continue;
        }
        int high = in.n - i > 2 ? hex_digit(in.p[i + 1]) : -1, low = in.n - i > 2 ? hex_digit(in.p[i + 2]) : -1;
        if (high < 0 || low < 0)
            return false;
        p[n++] = (char)(high << 4 | low);
        i += 2;
    }
    *out = str_n(p, n);
    return true;
}

bool service_is_public(const struct service *s)
{
    return str_eq(s->auth_method, S("none"));
}

bool service_proves_by(const struct service *s, struct str method)
{
    if (str_is_set(s->auth_method))
        return str_eq(s->auth_method, method);
    return str_eq(method, S("client_secret_basic")) || str_eq(method, S("client_secret_post"));
}

/* What was wrong with a proof is for our log: whoever guesses hears the same whatever the reason. */
static const char no_proof[] = "the service did not prove who it is: client_id, secret or the way of sending it is not "
                               "as registered";

static bool read_basic(struct ctx *c, struct str authorization, struct fail *f)
{
    struct asker *proof = asker_of(c);
    struct str plain;

    if (!str_eq_case(str_sub(authorization, 0, 6), S("Basic ")) || authorization.n > 4 * SECRET_MAX_B ||
        !b64_decode(c->arena, str_trim(str_from(authorization, 6)), &plain))
        return fail_told(f, FAIL_CLIENT_AUTH, "invalid_client", "the Authorization field is not Basic",
                         "the Authorization field is not Basic");
    size_t colon = str_find_byte(plain, ':', 0);
    if (colon == plain.n || !unescape(c->arena, str_sub(plain, 0, colon), &proof->id))
        return fail_told(f, FAIL_CLIENT_AUTH, "invalid_client", "the Authorization field holds no client_id and secret",
                         "the Authorization field holds no client_id and secret");
    c->service_named = proof->id;
    proof->secret_raw = str_from(plain, colon + 1);
    if (!unescape(c->arena, proof->secret_raw, &proof->secret))
        proof->secret = proof->secret_raw;
    return true;
}

/* Whose assertion it claims to be; proven afterwards. */
static struct str assertion_sub(struct ctx *c, struct str token)
{
    struct fail unreadable = { 0 };
    struct str rest = token, header, payload, json;

    if (!str_split(&rest, '.', &header) || !str_split(&rest, '.', &payload) || !b64url_decode(c->arena, payload, &json))
        return (struct str){ NULL, 0 };
    return json_get_str(json_parse(c->arena, json, &unreadable), S("sub"));
}

/* One way, and one way only [RFC 6749 2.3]. */
static enum step read_proof(struct ctx *c, struct fail *f)
{
    struct asker *proof = asker_of(c);
    struct str authorization = http_field(c->req, S("Authorization")), id = form_get(c->body, S("client_id"));
    struct str secret = form_get(c->body, S("client_secret")), assertion = form_get(c->body, S("client_assertion"));

    c->service_named = id;
    if (!str_is_set(secret)) /* without a value is as if left out [RFC 6749 3.2] */
        secret = (struct str){ NULL, 0 };
    if ((authorization.p != NULL) + (secret.p != NULL) + (assertion.p != NULL) > 1)
        return fail(
            f, FAIL_CALLER, "invalid_request",
            "the service proves itself in two ways at once: of Authorization, client_secret and client_assertion "
            "only one may be there");
    proof->method = authorization.p != NULL ? S("client_secret_basic")
                    : secret.p != NULL      ? S("client_secret_post")
                    : assertion.p != NULL   ? S("private_key_jwt")
                                            : S("none");
    if (authorization.p != NULL) {
        if (!read_basic(c, authorization, f))
            return REFUSE;
        if (id.p != NULL && !str_eq(id, proof->id))
            return fail(f, FAIL_CALLER, "invalid_request", "client_id is not the one in the Authorization field");
        return NEXT;
    }
    proof->id = id;
    proof->secret = proof->secret_raw = secret;
    if (assertion.p == NULL)
        return NEXT;
    if (!str_eq(form_get(c->body, S("client_assertion_type")),
                S("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")))
        return fail_told(f, FAIL_CLIENT_AUTH, "invalid_client", "client_assertion_type is not jwt-bearer",
                         "client_assertion_type is not jwt-bearer");
    proof->assertion = assertion;
    proof->id = assertion_sub(c, assertion);
    if (id.p != NULL && !str_eq(id, proof->id))
        return fail_told(f, FAIL_CLIENT_AUTH, "invalid_client", "client_id and the sub of client_assertion differ",
                         "client_id and the sub of client_assertion differ");
    c->service_named = proof->id;
    return NEXT;
}

/* Names that nobody has share these counters with those of services, so made-up ones cannot fill the store. */
static enum step wrong_secret(struct ctx *c)
{
    struct asker *proof = asker_of(c);
    struct str key = str_sub(sha256_hex(c->arena, proof->id), 0, COUNTER_CHARS);

    kv_count(c->kv, &c->batch, c->arena, &proof->count, KV_COUNT, arena_join(c->arena, S("secret:"), key), GUESSES_S);
    return WAIT;
}

/* The right secret always counts, so nobody can lock a service out by guessing.  Many libraries join id and secret
 * without encoding them: a secret with "+" or "%" is right in either spelling. */
static enum step by_secret(struct ctx *c, const struct service *s)
{
    struct asker *proof = asker_of(c);
    bool usable = s != NULL && service_proves_by(s, proof->method) && s->secret_hash.n == nobodys.n;
    struct str known = usable ? s->secret_hash : nobodys;
    bool same = crypt_eq(sha256_hex(c->arena, proof->secret), known);
    bool same_raw = crypt_eq(sha256_hex(c->arena, proof->secret_raw), known);

    if (!usable || (!same && !same_raw) || proof->secret.n > SECRET_MAX_B)
        return wrong_secret(c);
    c->service = s;
    return NEXT;
}

/* Why nothing that came could be a proof: for the log, which is to tell a service that nobody registered from one that
 * has a wrong secret. */
static int unproven(struct ctx *c, struct fail *f)
{
    const struct asker *proof = asker_of(c);
    const struct service *s = registry_client(c->registry, proof->id);

    if (s == NULL || s->protocol != PROTO_OIDC)
        return fail_told(f, FAIL_CLIENT_AUTH, "invalid_client", no_proof,
                         "unknown service: none has client_id \"%.*s\"", STR_ARG(proof->id));
    c->service = s; /* for the log: the request ends here */
    if (!s->enabled)
        return fail_told(f, FAIL_CLIENT_AUTH, "invalid_client", no_proof, "the service is switched off");
    if (service_proves_by(s, proof->method))
        return fail_told(f, FAIL_CLIENT_AUTH, "invalid_client", no_proof, "wrong secret");
    return fail_told(
        f, FAIL_CLIENT_AUTH, "invalid_client", no_proof, "the service proves itself by %.*s, its row says %.*s",
        STR_ARG(proof->method),
        STR_ARG(str_is_set(s->auth_method) ? s->auth_method : S("client_secret_basic or client_secret_post")));
}

static enum step by_assertion(struct ctx *c, const struct service *s, struct fail *f)
{
    struct asker *proof = asker_of(c);
    const struct jose_rules rules = {
        .blame = FAIL_CLIENT_AUTH,
        .algs = JOSE_BOTH,
        .iss = proof->id,
        .aud = c->set->public_url,
        .aud_too = arena_join(c->arena, c->set->public_url, S("/oidc/token")),
        .jti_must = true,
        .now_s = c->now_s,
        .skew_s = c->set->jose_skew_s,
        .life_max_s = ASSERTION_LIFE_S + c->set->jose_skew_s,
    };
    struct jose_claims claims;
    struct fail why = { 0 };

    if (s == NULL || !service_proves_by(s, proof->method))
        return unproven(c, f);
    const struct jwks *keys = jwks_read(c->arena, s->jwks, &why);
    if (keys == NULL || !jose_verify(c->arena, proof->assertion, keys, &rules, &claims, &why) ||
        !str_eq(claims.sub, proof->id)) {
        c->service = s; /* for the log: the request ends here */
        return fail_told(f, FAIL_CLIENT_AUTH, "invalid_client", no_proof, "client_assertion: %s%s%s",
                         why.code != NULL ? why.code : "sub", why.code != NULL ? ": " : "", why.detail);
    }
    struct str mark = arena_printf(
        c->arena, "ca:%.*s",
        STR_ARG(sha256_hex(c->arena, arena_printf(c->arena, "%.*s\n%.*s", STR_ARG(proof->id), STR_ARG(claims.jti)))));
    int64_t ttl = claims.exp_s - c->now_s + c->set->jose_skew_s;
    kv_add(c->kv, &c->batch, c->arena, &proof->mark, KV_REPLAY, mark, S("1"), ttl > 0 ? ttl : 1);
    c->service = s;
    return WAIT;
}

static enum step check_proof(struct ctx *c, struct fail *f)
{
    struct asker *proof = asker_of(c);
    const struct service *s = registry_client(c->registry, proof->id);

    c->service = NULL;
    proof->mark.outcome = KV_MISS;
    if (s != NULL && (s->protocol != PROTO_OIDC || !s->enabled))
        s = NULL;
    if (!str_is_set(proof->id))
        return fail_told(f, FAIL_CLIENT_AUTH, "invalid_client", "client_id is missing", "client_id is missing");
    if (proof->assertion.p != NULL)
        return by_assertion(c, s, f);
    if (proof->secret.p != NULL)
        return by_secret(c, s);
    if (s == NULL || !service_is_public(s))
        return unproven(c, f);
    c->service = s;
    return NEXT;
}

static enum step settle(struct ctx *c, struct fail *f)
{
    const struct asker *proof = asker_of(c);

    if (c->service != NULL && proof->mark.outcome == KV_MISS)
        return NEXT;
    if (c->service != NULL && proof->mark.outcome == KV_HIT)
        return fail_told(f, FAIL_CLIENT_AUTH, "invalid_client", "the jti of client_assertion was used before",
                         "the jti of client_assertion was used before");
    if (c->service != NULL || proof->count.outcome == KV_DOWN)
        return kv_away(f, "client authentication");
    if (proof->count.number > GUESSES_MAX)
        return fail(f, FAIL_BUSY, "invalid_client", "too many wrong secrets for \"%.*s\"", STR_ARG(proof->id));
    return unproven(c, f);
}

const struct step_row oidc_client_auth[] = { { read_proof }, { check_proof }, { settle }, { NULL } };
