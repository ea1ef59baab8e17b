/* SPDX-License-Identifier: EUPL-1.2
 * A service proves who it is: which proof came, and what becomes of it.  [RFC 6749 2.3] */
#include "gateway/oidc/client/int.h"

#include "base/codec.h"
#include "base/settings.h"
#include "gateway/oidc/oidc.h"
#include "gateway/pace.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/jose.h"

#include <stdarg.h>
#include <stdio.h>

enum { BASIC_MAX_B = 4096, GUESSES_MAX = 100 };

/* What was wrong with a proof is for our log: whoever guesses hears the same whatever the reason. */
static const char no_proof[] = "the service did not prove who it is: client_id, secret or the way of sending it is not "
                               "as registered";

struct asker *asker_of(struct ctx *c)
{
    if (c->asker == NULL)
        c->asker = arena_make(c->arena, struct asker);
    return c->asker;
}

struct str client_proven_by(const struct ctx *c)
{
    return c->asker != NULL && c->asker->method != NULL ? c->asker->method->word : (struct str){ NULL, 0 };
}

enum step asker_refuse(struct ctx *c, const char *fmt, ...)
{
    struct asker *asker = asker_of(c);
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(asker->why, sizeof asker->why, fmt, ap);
    va_end(ap);
    asker->refused = true;
    return NEXT;
}

bool service_proves_by(const struct service *s, struct str method)
{
    if (str_is_set(s->auth_method))
        return str_eq(s->auth_method, method);
    return str_eq(method, S("client_secret_basic")) || str_eq(method, S("client_secret_post"));
}

/* ── what came ──────────────────────────────────────────────────────────── */

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

static bool read_basic(struct ctx *c, struct str authorization, struct fail *f)
{
    struct asker *proof = asker_of(c);
    struct str plain;

    if (!str_eq_case(str_sub(authorization, 0, 6), S("Basic ")) || authorization.n > BASIC_MAX_B ||
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

/* Whose assertion it claims to be, and how it is signed; proven afterwards. */
static void read_assertion(struct ctx *c)
{
    struct asker *asker = asker_of(c);
    struct fail unreadable = { 0 };
    struct str rest = asker->assertion, header, payload, json;

    if (str_split(&rest, '.', &header) && str_split(&rest, '.', &payload)) {
        if (b64url_decode(c->arena, header, &json))
            asker->unproven_head = json_parse(c->arena, json, &unreadable);
        if (b64url_decode(c->arena, payload, &json))
            asker->unproven = json_parse(c->arena, json, &unreadable);
    }
}

static bool came_basic(struct ctx *c)
{
    return asker_of(c)->secret_raw.p != NULL && http_field(c->req, S("Authorization")).p != NULL;
}

static bool came_post(struct ctx *c)
{
    return asker_of(c)->secret.p != NULL;
}

static bool came_secret_jwt(struct ctx *c)
{
    return str_eq(json_get_str(asker_of(c)->unproven_head, S("alg")), S("HS256"));
}

static bool came_key_jwt(struct ctx *c)
{
    return asker_of(c)->assertion.p != NULL;
}

/* A certificate says nothing of the method: one that is shown besides need not be the proof.  So the row says it. */
static bool row_says(struct ctx *c, struct str word)
{
    return asker_of(c)->row != NULL && str_eq(asker_of(c)->row->auth_method, word);
}

static bool came_certificate(struct ctx *c)
{
    return row_says(c, S("tls_client_auth"));
}

static bool came_own_certificate(struct ctx *c)
{
    return row_says(c, S("self_signed_tls_client_auth"));
}

static bool came_nothing(struct ctx *c)
{
    (void)c;
    return true;
}

static const struct method methods[] = {
#define X(word, must, fapi, is_signed, tls, came, proves) { S(word), came, proves },
    AUTH_METHODS(X)
#undef X
};

static int refuse_told(struct fail *f, const char *told)
{
    return fail_told(f, FAIL_CLIENT_AUTH, "invalid_client", told, "%s", told);
}

static bool read_id(struct ctx *c, struct str authorization, struct fail *f)
{
    struct asker *asker = asker_of(c);
    struct str id = form_get(c->body, S("client_id"));

    c->service_named = asker->id = id;
    if (authorization.p != NULL) {
        if (!read_basic(c, authorization, f))
            return false;
        return id.p == NULL || str_eq(id, asker->id) ||
               fail(f, FAIL_CALLER, "invalid_request", "client_id is not the one in the Authorization field");
    }
    if (asker->assertion.p == NULL)
        return true;
    if (!str_eq(form_get(c->body, S("client_assertion_type")),
                S("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")))
        return refuse_told(f, "client_assertion_type is not jwt-bearer");
    read_assertion(c);
    c->service_named = asker->id = json_get_str(asker->unproven, S("sub"));
    return id.p == NULL || str_eq(id, asker->id) || refuse_told(f, "client_id and the sub of client_assertion differ");
}

static void find_row(struct ctx *c)
{
    struct asker *asker = asker_of(c);
    const struct service *s = registry_client(c->registry, asker->id);

    asker->row = s != NULL && s->protocol == PROTO_OIDC && s->enabled ? s : NULL;
    for (size_t i = 0; asker->method == NULL; i++) /* the last one always comes */
        if (methods[i].came(c))
            asker->method = &methods[i];
}

/* One way, and one way only [RFC 6749 2.3]. */
static enum step read_proof(struct ctx *c, struct fail *f)
{
    struct asker *asker = asker_of(c);
    struct str authorization = http_field(c->req, S("Authorization"));

    *asker = (struct asker){ .secret = form_get(c->body, S("client_secret")),
                             .assertion = form_get(c->body, S("client_assertion")) };
    c->service = NULL;
    if (!str_is_set(asker->secret)) /* without a value is as if left out [RFC 6749 3.2] */
        asker->secret = (struct str){ NULL, 0 };
    asker->secret_raw = asker->secret;
    if ((authorization.p != NULL) + (asker->secret.p != NULL) + (asker->assertion.p != NULL) > 1)
        return fail(
            f, FAIL_CALLER, "invalid_request",
            "the service proves itself in two ways at once: of Authorization, client_secret and client_assertion "
            "only one may be there");
    if (!read_id(c, authorization, f))
        return REFUSE;
    if (!str_is_set(asker->id))
        return (enum step)refuse_told(f, "client_id is missing");
    find_row(c);
    return NEXT;
}

/* ── what becomes of it ─────────────────────────────────────────────────── */

static struct str methods_of(const struct service *s)
{
    return str_is_set(s->auth_method) ? s->auth_method : S("client_secret_basic or client_secret_post");
}

/* Why nothing that came could be a proof: for the log, which is to tell a service that nobody registered from one that
 * has a wrong secret. */
static enum step refuse_stranger(struct ctx *c)
{
    const struct asker *asker = asker_of(c);
    const struct service *s = registry_client(c->registry, asker->id);

    if (s == NULL || s->protocol != PROTO_OIDC)
        return asker_refuse(c, "unknown service: none has client_id \"%.*s\"", STR_ARG(asker->id));
    c->service = s; /* for the log: the request ends here */
    if (!s->enabled)
        return asker_refuse(c, "the service is switched off");
    return asker_refuse(c, "the service proves itself by %.*s, its row says %.*s", STR_ARG(asker->method->word),
                        STR_ARG(methods_of(s)));
}

/* Secrets are compared whatever the row says, so that time does not tell which rows there are. */
static enum step prove(struct ctx *c, struct fail *f)
{
    struct asker *asker = asker_of(c);
    bool fits = asker->row != NULL && service_proves_by(asker->row, asker->method->word);

    (void)f;
    asker->count.outcome = KV_MISS;
    asker->mark.outcome = KV_MISS;
    if (fits || asker->method->proves == by_secret)
        return step_into(c, asker->method->proves);
    return refuse_stranger(c);
}

static enum step settle(struct ctx *c, struct fail *f)
{
    struct asker *asker = asker_of(c);
    bool fits = asker->row != NULL && service_proves_by(asker->row, asker->method->word);

    if (asker->count.outcome == KV_DOWN || asker->mark.outcome == KV_DOWN)
        return kv_away(f, "client authentication");
    if (asker->mark.outcome == KV_HIT) {
        asker->told = "the jti of client_assertion was used before";
        (void)asker_refuse(c, "%s", asker->told);
    }
    if (!asker->refused && c->service != NULL)
        return passed(c, CHECK_client);
    pace_refused(c);
    if (asker->count.outcome == KV_HIT && asker->count.number > GUESSES_MAX)
        return fail(f, FAIL_BUSY, "invalid_client", "too many wrong secrets for \"%.*s\"", STR_ARG(asker->id));
    if (!fits)
        (void)refuse_stranger(c);
    return fail_told(f, FAIL_CLIENT_AUTH, "invalid_client", asker->told != NULL ? asker->told : no_proof, "%s",
                     asker->why);
}

/* ── nothing, which is enough of a public service ───────────────────────── */

static enum step name_itself(struct ctx *c, struct fail *f)
{
    (void)f;
    c->service = asker_of(c)->row;
    return NEXT;
}

const struct step_row by_nothing[] = { { name_itself }, { NULL } };

const struct step_row oidc_client_auth[] = { { read_proof }, { pace_address }, { prove },
                                             { settle },     { pace_service }, { NULL } };
