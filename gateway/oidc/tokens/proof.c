/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/oidc/tokens/proof.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "wire/jose.h"

#include <string.h>

static int wrong(struct fail *f, const char *why)
{
    return fail(f, FAIL_CALLER, "invalid_dpop_proof", "the DPoP proof: %s", why);
}

/* ── what it is for ─────────────────────────────────────────────────────── */

static int hex_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

static bool is_unreserved(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != 0 && strchr("-._~", c) != NULL);
}

static bool add_path(struct buf *b, struct str path)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < path.n; i++) {
        if (path.p[i] != '%') {
            buf_byte(b, path.p[i]);
            continue;
        }
        int high = path.n - i > 2 ? hex_of(path.p[i + 1]) : -1, low = path.n - i > 2 ? hex_of(path.p[i + 2]) : -1;
        if (high < 0 || low < 0)
            return false;
        int byte = high << 4 | low;
        if (is_unreserved(byte)) {
            buf_byte(b, (char)byte);
        } else {
            buf_byte(b, '%');
            buf_byte(b, digits[high]);
            buf_byte(b, digits[low]);
        }
        i += 2;
    }
    return true;
}

struct str proof_url(struct arena *a, struct str url)
{
    struct str none = { NULL, 0 };
    bool https = str_eq_case(str_sub(url, 0, 8), S("https://")), http = str_eq_case(str_sub(url, 0, 7), S("http://"));
    struct str rest = str_from(url, https ? 8 : 7);
    size_t end = 0;

    if (!https && !http)
        return none;
    rest = str_sub(rest, 0, str_find_byte(rest, '#', 0));
    rest = str_sub(rest, 0, str_find_byte(rest, '?', 0));
    end = str_find_byte(rest, '/', 0);
    struct str host = str_sub(rest, 0, end), path = str_from(rest, end), port = https ? S(":443") : S(":80");
    if (str_has_suffix(host, port))
        host = str_sub(host, 0, host.n - port.n);
    else if (str_has_suffix(host, S(":")))
        host = str_sub(host, 0, host.n - 1);
    if (host.n == 0)
        return none;
    struct buf b = buf_new(a, url.n + 16);
    buf_add(&b, https ? S("https://") : S("http://"));
    for (size_t i = 0; i < host.n; i++)
        buf_byte(&b, (char)(host.p[i] >= 'A' && host.p[i] <= 'Z' ? host.p[i] | 0x20 : host.p[i]));
    if (path.n == 0)
        buf_byte(&b, '/');
    return add_path(&b, path) ? buf_str(&b) : none;
}

static bool is_for_this(struct arena *a, const struct proof_rules *rules, const struct json_value *claims,
                        struct fail *f)
{
    struct str htm = json_get_str(claims, S("htm")), htu = json_get_str(claims, S("htu"));
    struct str url = proof_url(a, htu);

    if (!str_eq(htm, rules->method))
        return wrong(f, "htm is not the method of this request");
    if (url.p == NULL)
        return wrong(f, "htu is missing, or no http address");
    for (size_t i = 0; i < sizeof rules->urls / sizeof *rules->urls; i++)
        if (rules->urls[i].p != NULL && str_eq(url, proof_url(a, rules->urls[i])))
            return true;
    return wrong(f, "htu is not the address of this endpoint");
}

static bool fits_token(struct arena *a, const struct proof_rules *rules, const struct json_value *claims,
                       struct fail *f)
{
    struct str ath = json_get_str(claims, S("ath"));

    if (rules->token.p == NULL)
        return true;
    if (ath.p == NULL)
        return wrong(f, "ath is missing, which an access token beside it needs");
    return crypt_eq(ath, b64url_encode(a, sha256(a, rules->token))) || wrong(f, "ath is another access token's hash");
}

/* ── the whole ──────────────────────────────────────────────────────────── */

/* What jose_verify() says by its code, in words that help whoever made the proof. */
static bool refuse(const struct fail *why, struct fail *f)
{
    return fail(f, FAIL_CALLER, "invalid_dpop_proof", "the DPoP proof: %s: %s", why->code, why->detail);
}

bool proof_verify(struct arena *a, struct str text, const struct proof_rules *rules, struct proof *out, struct fail *f)
{
    const struct jose_rules jose = {
        .algs = rules->fapi ? JOSE_FAPI : JOSE_EVERY,
        .typ = S("dpop+jwt"),
        .iss_rule = ISS_ANY,
        .aud_rule = AUD_ANY,
        .sub_optional = true,
        .exp_optional = true,
        .jti_must = true,
        .now_s = rules->now_s,
        .skew_s = PROOF_AHEAD_S,
    };
    struct jose_claims claims;
    struct fail why = { 0 };

    if (text.n > PROOF_MAX_B)
        return wrong(f, "it is too large");
    if (!jose_verify_by_header(a, text, &jose, &claims, &why))
        return refuse(&why, f);
    if (claims.iat_s < rules->now_s - PROOF_AGE_S)
        return wrong(f, "iat is too old: a proof is made for one request, just before it");
    if (!is_for_this(a, rules, claims.all, f) || !fits_token(a, rules, claims.all, f))
        return false;
    *out = (struct proof){
        .jkt = claims.thumbprint, .jti = claims.jti, .nonce = claims.nonce, .ends_s = claims.iat_s + PROOF_AGE_S + 1
    };
    return true;
}
