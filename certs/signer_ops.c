/* SPDX-License-Identifier: EUPL-1.2 */
#include "certs/signer_int.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "certs/claims_scan.h"
#include "certs/saml_scan.h"
#include "certs/signer_client.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

enum {
    LIFE_MAX_S = 3600,
    CLIENT_LIFE_S = 60,
    LOGOUT_LIFE_S = 120,
    RESPONSE_LIFE_MAX_S = 600,
    P256_B = 32,
    RSA_MAX_B = 1024,
};

typedef enum signer_reason op_fn(struct signer_state *s, const struct signer_key *k, const struct signer_msg *m,
                                 struct str *value);

static op_fn sign_id_token, sign_access_token, sign_logout_token, sign_userinfo, sign_response, sign_introspection,
    sign_client_jwt, sign_saml_text, sign_query, unwrap_key, sign_audit_head, sign_gate, sign_gate_lti, sign_gate_saml;

/* All that this process can be asked for. */
static const struct op {
    const char *name;
    enum key_use use;
    enum jose_alg alg; /* JOSE_NONE: the message says which */
    size_t max_B[SIGNER_PARTS];
    op_fn *run;
} ops[SIGN_OP_COUNT] = {
    /* clang-format off */
    [SIGN_ID_TOKEN]     = { "id_token",     KEY_OIDC,    JOSE_NONE,  { SIGNER_CLAIMS_MAX_B, 0 },   sign_id_token },
    [SIGN_ACCESS_TOKEN] = { "access_token", KEY_OIDC,    JOSE_NONE,  { SIGNER_CLAIMS_MAX_B, 0 },   sign_access_token },
    [SIGN_LOGOUT_TOKEN] = { "logout_token", KEY_OIDC,    JOSE_NONE,  { 4096, 0 },                  sign_logout_token },
    [SIGN_USERINFO]     = { "userinfo",     KEY_OIDC,    JOSE_NONE,  { SIGNER_ANSWER_MAX_B, 0 },   sign_userinfo },
    [SIGN_RESPONSE]     = { "response",     KEY_OIDC,    JOSE_NONE,  { SIGNER_CLAIMS_MAX_B, 0 },   sign_response },
    [SIGN_INTROSPECTION] = { "introspection", KEY_OIDC,  JOSE_NONE,  { SIGNER_ANSWER_MAX_B, 0 },   sign_introspection },
    [SIGN_CLIENT_JWT]   = { "client_jwt",   KEY_CLIENT,  JOSE_NONE,  { 512, 512 },                 sign_client_jwt },
    [SIGN_SAML_TEXT]    = { "saml_text",    KEY_SAML,    JOSE_NONE,  { SIGNER_SAML_MAX_B, 0 },     sign_saml_text },
    [SIGN_QUERY]        = { "saml_query",   KEY_SAML,    JOSE_NONE,  { SIGNER_QUERY_MAX_B, 0 },    sign_query },
    [SIGN_UNWRAP]       = { "unwrap",       KEY_DECRYPT, JOSE_RS256, { RSA_MAX_B, 0 },             unwrap_key },
    [SIGN_AUDIT_HEAD]   = { "audit_head",   KEY_AUDIT,   JOSE_ES256, { SHA256_B, 0 },              sign_audit_head },
    [SIGN_GATE]         = { "gate",         KEY_OIDC,    JOSE_NONE,  { 512, 4096 },                sign_gate },
    [SIGN_GATE_LTI]     = { "gate_lti",     KEY_OIDC,    JOSE_RS256, { 512, SIGNER_CLAIMS_MAX_B }, sign_gate_lti },
    [SIGN_GATE_SAML]    = { "gate_saml",    KEY_SAML,    JOSE_RS256, { SIGNER_SAML_MAX_B, 0 },     sign_gate_saml },
    [SIGN_PROBE]        = { "probe",        KEY_NONE,    JOSE_NONE,  { 0, 0 },                     NULL },
    /* clang-format on */
};

const char *signer_op_name(unsigned op)
{
    return op < SIGN_OP_COUNT && ops[op].name != NULL ? ops[op].name : "unknown";
}

static const struct signer_key *current_key(const struct signer_state *s, enum key_use use, enum jose_alg alg)
{
    int64_t now_s = world_now_s(s->world);

    for (size_t i = 0; i < s->key_count; i++)
        if (s->keys[i].pub.use == use && s->keys[i].pub.alg == alg &&
            key_state_at(&s->keys[i].pub, now_s) == KEY_CURRENT)
            return &s->keys[i];
    return NULL;
}

static bool sign_bytes(struct arena *a, const struct signer_key *k, struct str text, struct str *signature);

/* Every kind of key but the audit log's and the gate's two, which nobody waits for: one is current, and OpenSSL can use
 * it. What is signed stays here. */
static enum signer_reason probe(const struct signer_state *s)
{
    struct str signature;

    for (size_t i = 0; i < SIGNER_KINDS; i++) {
        const struct signer_key *k = current_key(s, signer_kinds[i].use, signer_kinds[i].alg);
        if (signer_kinds[i].use == KEY_AUDIT || signer_kinds[i].use == KEY_GATE || signer_kinds[i].use == KEY_STRAY)
            continue;
        if (k == NULL)
            return REASON_NO_KEY;
        if (signer_kinds[i].use != KEY_DECRYPT && !sign_bytes(s->scratch, k, S("probe"), &signature))
            return REASON_BROKEN;
    }
    return REASON_SIGNED;
}

enum signer_reason signer_answer(struct signer_state *s, const struct signer_msg *m, struct str *value)
{
    const struct op *op = m->op < SIGN_OP_COUNT ? &ops[m->op] : &ops[SIGN_NONE];
    enum signer_reason said = REASON_REFUSED;

    if (m->op == SIGN_PROBE) {
        *value = S("");
        return probe(s);
    }
    if (op->run != NULL && (m->part[0].n > op->max_B[0] || m->part[1].n > op->max_B[1]))
        said = REASON_TOO_LARGE;
    else if (op->run != NULL) {
        const struct signer_key *k = current_key(s, op->use, op->alg != JOSE_NONE ? op->alg : (enum jose_alg)m->arg);
        said = k != NULL ? op->run(s, k, m, value) : REASON_NO_KEY;
    }
    if (said == REASON_SIGNED || said == REASON_OPENED_RETIRED)
        s->signed_count[m->op]++;
    else
        s->refused_count++;
    return said;
}

/* DER to r and s side by side [RFC 7518 3.4]. */
static bool raw_ecdsa(struct arena *a, const unsigned char *der, size_t n, struct str *out)
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
    unsigned char *raw = arena_alloc(a, (size_t)2 * P256_B);
    bool ok = sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, P256_B) == P256_B &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + P256_B, P256_B) == P256_B;

    ECDSA_SIG_free(sig);
    *out = str_n(raw, (size_t)2 * P256_B);
    return ok;
}

static bool sign_bytes(struct arena *a, const struct signer_key *k, struct str text, struct str *signature)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = RSA_MAX_B;
    unsigned char *out = arena_alloc(a, n);
    bool ok = ctx != NULL && EVP_MD_CTX_copy_ex(ctx, k->ready) == 1 &&
              EVP_DigestSign(ctx, out, &n, (const unsigned char *)text.p, text.n) == 1;

    EVP_MD_CTX_free(ctx);
    *signature = str_n(out, n);
    return ok && (k->pub.alg != JOSE_ES256 || raw_ecdsa(a, out, n, signature));
}

static enum signer_reason sign_jws(struct signer_state *s, const struct signer_key *k, enum signer_head head,
                                   struct str payload, struct str *value)
{
    struct arena *a = s->scratch;
    struct str signature;
    struct str input = arena_printf(a, "%.*s.%.*s", STR_ARG(k->head[head]), STR_ARG(b64url_encode(a, payload)));

    if (!sign_bytes(a, k, input, &signature))
        return REASON_BROKEN;
    *value = arena_printf(a, "%.*s.%.*s", STR_ARG(input), STR_ARG(b64url_encode(a, signature)));
    return REASON_SIGNED;
}

static void begin_payload(struct signer_state *s, struct json_out *o, struct str issuer, int64_t life_s)
{
    int64_t now_s = world_now_s(s->world);

    json_begin_object(o);
    json_put_str(o, S("iss"), issuer);
    json_put_int(o, S("iat"), now_s);
    if (life_s > 0)
        json_put_int(o, S("exp"), now_s + life_s);
}

struct rule { /* of one kind of token */
    enum signer_head head;
    int64_t life_max_s;
    bool endless;                /* it may live without an end: no exp */
    const char *const *reserved; /* what the gateway may not say in it, so that no kind can be taken for another */
};

/* iss, iat and exp are written here; everything else is what the gateway says. */
static enum signer_reason sign_claims(struct signer_state *s, const struct signer_key *k, const struct rule *rule,
                                      struct str claims, int64_t life_s, struct str *value)
{
    struct json_out o = json_out(s->scratch, 2 * (size_t)SIGNER_ANSWER_MAX_B);
    enum signer_reason said = claims_scan(claims, rule->reserved);

    if (said != REASON_SIGNED)
        return said;
    if (life_s < 0 || (life_s == 0 && !rule->endless))
        return REASON_MALFORMED;
    begin_payload(s, &o, s->issuer, life_s < rule->life_max_s ? life_s : rule->life_max_s);
    if (claims.n > 2) /* the members between the braces, as they came */
        json_raw(&o, str_sub(claims, 1, claims.n - 2));
    json_end_object(&o);
    return sign_jws(s, k, rule->head, json_done(&o), value);
}

static const char *const own_names[] = { "iss", "iat", "exp", "nbf", GATE_CLAIM, NULL };
static const char *const own_names_and_nonce[] = { "iss", "iat", "exp", "nbf", "nonce", GATE_CLAIM, NULL };
static const char *const own_names_and_sub[] = { "iss", "iat", "exp", "nbf", "sub", "nonce", GATE_CLAIM, NULL };

static enum signer_reason sign_id_token(struct signer_state *s, const struct signer_key *k, const struct signer_msg *m,
                                        struct str *value)
{
    static const struct rule rule = { HEAD_JWT, LIFE_MAX_S, false, own_names };

    return sign_claims(s, k, &rule, m->part[0], m->number, value);
}

static enum signer_reason sign_access_token(struct signer_state *s, const struct signer_key *k,
                                            const struct signer_msg *m, struct str *value)
{
    static const struct rule rule = { HEAD_ACCESS, LIFE_MAX_S, false, own_names };

    return sign_claims(s, k, &rule, m->part[0], m->number, value);
}

static enum signer_reason sign_logout_token(struct signer_state *s, const struct signer_key *k,
                                            const struct signer_msg *m, struct str *value)
{
    static const struct rule rule = { HEAD_LOGOUT, LOGOUT_LIFE_S, false, own_names_and_nonce };

    return sign_claims(s, k, &rule, m->part[0], LOGOUT_LIFE_S, value);
}

static enum signer_reason sign_userinfo(struct signer_state *s, const struct signer_key *k, const struct signer_msg *m,
                                        struct str *value)
{
    static const struct rule rule = { HEAD_JWT, LIFE_MAX_S, true, own_names_and_nonce };

    return sign_claims(s, k, &rule, m->part[0], m->number, value);
}

static enum signer_reason sign_response(struct signer_state *s, const struct signer_key *k, const struct signer_msg *m,
                                        struct str *value)
{
    static const struct rule rule = { HEAD_JWT, RESPONSE_LIFE_MAX_S, false, own_names_and_sub };

    return sign_claims(s, k, &rule, m->part[0], m->number, value);
}

static enum signer_reason sign_introspection(struct signer_state *s, const struct signer_key *k,
                                             const struct signer_msg *m, struct str *value)
{
    static const struct rule rule = { HEAD_INTROSPECTION, 0, true, own_names_and_sub };

    return sign_claims(s, k, &rule, m->part[0], 0, value);
}

static enum signer_reason sign_client_jwt(struct signer_state *s, const struct signer_key *k,
                                          const struct signer_msg *m, struct str *value)
{
    struct json_out o = json_out(s->scratch, 8192);

    if (m->part[0].n == 0 || m->part[1].n == 0)
        return REASON_MALFORMED;
    begin_payload(s, &o, m->part[0], CLIENT_LIFE_S);
    json_put_str(&o, S("sub"), m->part[0]);
    json_put_str(&o, S("aud"), m->part[1]);
    json_put_str(&o, S("jti"), crypt_token(s->scratch, s->world, 16));
    json_end_object(&o);
    return sign_jws(s, k, HEAD_JWT, json_done(&o), value);
}

/* SignedInfo is a constant with two holes, written in its own canonical form
 * [Exclusive XML Canonicalization, XML Signature 4.4]. */
#define DS       "http://www.w3.org/2000/09/xmldsig#"
#define EXC_C14N "http://www.w3.org/2001/10/xml-exc-c14n#"
#define METHOD   "http://www.w3.org/2001/04/xmldsig-more#%s"
static const char signed_info[] =
    "<ds:SignedInfo%s><ds:CanonicalizationMethod Algorithm=\"" EXC_C14N
    "\"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"" METHOD
    "\"></ds:SignatureMethod><ds:Reference URI=\"#%.*s\"><ds:Transforms><ds:Transform Algorithm=\"" DS
    "enveloped-signature\"></ds:Transform><ds:Transform Algorithm=\"" EXC_C14N
    "\"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\">"
    "</ds:DigestMethod><ds:DigestValue>%.*s</ds:DigestValue></ds:Reference></ds:SignedInfo>";

static const char *method_of(const struct signer_key *k)
{
    return k->pub.alg == JOSE_ES256 ? "ecdsa-sha256" : "rsa-sha256";
}

/* Alone, SignedInfo declares its namespace; in its place the Signature around it does: that is its canonical form both
 * times, so that a Signature may stand inside of what is signed again. */
static enum signer_reason sign_element(struct signer_state *s, const struct signer_key *k, struct str id,
                                       struct str digest, struct str *value)
{
    struct arena *a = s->scratch;
    struct str signature, digest_text = b64_encode(a, digest);
    struct str info =
        arena_printf(a, signed_info, " xmlns:ds=\"" DS "\"", method_of(k), STR_ARG(id), STR_ARG(digest_text));

    if (!sign_bytes(a, k, info, &signature))
        return REASON_BROKEN;
    info = arena_printf(a, signed_info, "", method_of(k), STR_ARG(id), STR_ARG(digest_text));
    *value =
        arena_printf(a,
                     "<ds:Signature xmlns:ds=\"" DS "\">%.*s<ds:SignatureValue>%.*s</ds:SignatureValue><ds:KeyInfo>"
                     "<ds:X509Data><ds:X509Certificate>%.*s</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
                     "</ds:Signature>",
                     STR_ARG(info), STR_ARG(b64_encode(a, signature)), STR_ARG(k->pub.certificate));
    return REASON_SIGNED;
}

static enum signer_reason sign_saml_text(struct signer_state *s, const struct signer_key *k, const struct signer_msg *m,
                                         struct str *value)
{
    struct str id = { NULL, 0 };
    enum signer_reason said = saml_scan(m->part[0], s->issuer, world_now_s(s->world), &id);

    return said == REASON_SIGNED ? sign_element(s, k, id, sha256(s->scratch, m->part[0]), value) : said;
}

/* Octets of a query, signed as they say themselves, and nothing that could be read as a SignedInfo. */
static bool is_query(struct str text, const struct signer_key *k)
{
    static const char rsa[] = "&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256";
    static const char ecdsa[] = "&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23ecdsa-sha256";

    if (!str_has_prefix(text, S("SAMLRequest=")) && !str_has_prefix(text, S("SAMLResponse=")))
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] <= ' ' || text.p[i] >= 0x7f || text.p[i] == '<')
            return false;
    return str_has_suffix(text, str_of(k->pub.alg == JOSE_ES256 ? ecdsa : rsa));
}

static enum signer_reason sign_query(struct signer_state *s, const struct signer_key *k, const struct signer_msg *m,
                                     struct str *value)
{
    struct str signature;

    if (!is_query(m->part[0], k))
        return REASON_MALFORMED;
    if (!sign_bytes(s->scratch, k, m->part[0], &signature))
        return REASON_BROKEN;
    *value = b64_encode(s->scratch, signature);
    return REASON_SIGNED;
}

static const EVP_MD *hash_of(unsigned hash)
{
    return hash == OAEP_SHA1     ? EVP_sha1()
           : hash == OAEP_SHA256 ? EVP_sha256()
           : hash == OAEP_SHA384 ? EVP_sha384()
           : hash == OAEP_SHA512 ? EVP_sha512()
                                 : NULL;
}

static bool unwraps(struct signer_state *s, const struct signer_key *k, const struct signer_msg *m, struct str *value)
{
    const EVP_MD *digest = hash_of(m->arg >> 4), *mgf = hash_of(m->arg & 15);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(k->pkey, NULL);
    size_t n = RSA_MAX_B;
    unsigned char *out = arena_alloc(s->scratch, n);
    bool ok = ctx != NULL && digest != NULL && mgf != NULL && EVP_PKEY_decrypt_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_oaep_md(ctx, digest) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf) == 1 &&
              EVP_PKEY_decrypt(ctx, out, &n, (const unsigned char *)m->part[0].p, m->part[0].n) == 1;

    EVP_PKEY_CTX_free(ctx);
    *value = str_n(out, n);
    return ok && (n == 16 || n == 24 || n == 32);
}

/* Whoever read our metadata early encrypts to the next key, and whoever reads them late to the one before: so every key
 * that is not gone opens.  One answer for every way to fail: whoever asks learns nothing but yes or no. */
static enum signer_reason unwrap_key(struct signer_state *s, const struct signer_key *k, const struct signer_msg *m,
                                     struct str *value)
{
    int64_t now_s = world_now_s(s->world);

    if (unwraps(s, k, m, value))
        return REASON_SIGNED;
    for (size_t i = 0; i < s->key_count; i++) {
        const struct signer_key *other = &s->keys[i];
        enum key_state state = key_state_at(&other->pub, now_s);
        if (other != k && other->pub.use == KEY_DECRYPT && state != KEY_GONE && unwraps(s, other, m, value))
            return state == KEY_RETIRED ? REASON_OPENED_RETIRED : REASON_SIGNED;
    }
    *value = (struct str){ NULL, 0 };
    return REASON_UNWRAP_FAILED;
}

static enum signer_reason sign_audit_head(struct signer_state *s, const struct signer_key *k,
                                          const struct signer_msg *m, struct str *value)
{
    struct json_out o = json_out(s->scratch, 4096);

    if (m->part[0].n != SHA256_B || m->number < 0)
        return REASON_MALFORMED;
    begin_payload(s, &o, s->issuer, 0);
    json_put_int(&o, S("seq"), m->number);
    json_put_str(&o, S("head"), hex_encode(s->scratch, m->part[0]));
    json_end_object(&o);
    return sign_jws(s, k, HEAD_AUDIT, json_done(&o), value);
}

/* ── trials at the gate: right and wrong on purpose, for one service in test and of nobody ─────────────────────── */

enum { GATE_LIFE_S = 300, GATE_PAST_S = 1200, GATE_AHEAD_S = 86400, GATE_KID_B = 16, RSA_SIGNATURE_B = 256 };

/* Whatever the gateway is made to ask for, the token names nobody who is, and says nothing else of anybody. */
static const struct gate_kind {
    const char *iss, *aud, *sub; /* NULL: ours, the service's */
    int64_t from_s, for_s;       /* from now */
    enum signer_head head;
    bool by_nobody;
} gate_kinds[GATE_TOKEN_COUNT] = {
    /* clang-format off */
    [GATE_TOKEN_RIGHT]            = { NULL, NULL, GATE_SUB_RIGHT, 0, GATE_LIFE_S, HEAD_JWT, false },
    [GATE_TOKEN_WRONG]            = { NULL, NULL, GATE_SUB_WRONG, 0, GATE_LIFE_S, HEAD_JWT, false },
    [GATE_TOKEN_WRONG_ISSUER]     = { GATE_WRONG_ISSUER, NULL, GATE_SUB_WRONG, 0, GATE_LIFE_S, HEAD_JWT, false },
    [GATE_TOKEN_WRONG_AUD]        = { NULL, GATE_WRONG_AUD, GATE_SUB_WRONG, 0, GATE_LIFE_S, HEAD_JWT, false },
    [GATE_TOKEN_EXPIRED]          = { NULL, NULL, GATE_SUB_WRONG, -GATE_PAST_S, GATE_LIFE_S, HEAD_JWT, false },
    [GATE_TOKEN_FUTURE]           = { NULL, NULL, GATE_SUB_WRONG, GATE_AHEAD_S, GATE_LIFE_S, HEAD_JWT, false },
    [GATE_TOKEN_OTHER_KEY]        = { NULL, NULL, GATE_SUB_WRONG, 0, GATE_LIFE_S, HEAD_JWT, true },
    [GATE_TOKEN_HS256]            = { NULL, NULL, GATE_SUB_WRONG, 0, GATE_LIFE_S, HEAD_JWT, false },
    [GATE_TOKEN_ROLLED_KEY]       = { NULL, NULL, GATE_SUB_RIGHT, 0, GATE_LIFE_S, HEAD_JWT, false },
    [GATE_TOKEN_LOGOUT_RIGHT]     = { NULL, NULL, GATE_SUB_RIGHT, 0, LOGOUT_LIFE_S, HEAD_LOGOUT, false },
    [GATE_TOKEN_LOGOUT_OTHER_KEY] = { NULL, NULL, GATE_SUB_RIGHT, 0, LOGOUT_LIFE_S, HEAD_LOGOUT, true },
    [GATE_TOKEN_LOGOUT_EXPIRED]   = { NULL, NULL, GATE_SUB_RIGHT, -GATE_PAST_S, LOGOUT_LIFE_S, HEAD_LOGOUT, false },
    /* clang-format on */
};

/* A tool reads in the token itself whom it lets in; so its tester sees there which of the two it is. */
static void put_names(struct json_out *o, const struct gate_kind *k)
{
    bool right = strcmp(k->sub, GATE_SUB_RIGHT) == 0;

    json_put_str(o, S("given_name"), S(GATE_GIVEN));
    json_put_str(o, S("family_name"), right ? S(GATE_RIGHT) : S(GATE_WRONG));
    json_put_str(o, S("name"), right ? S(GATE_GIVEN " " GATE_RIGHT) : S(GATE_GIVEN " " GATE_WRONG));
}

static struct str gate_payload(struct signer_state *s, const struct gate_kind *k, struct str client_id,
                               struct str claims, bool named)
{
    struct json_out o = json_out(s->scratch, SIGNER_CLAIMS_MAX_B + 8192);
    int64_t from_s = world_now_s(s->world) + k->from_s;

    json_begin_object(&o);
    json_put_str(&o, S("iss"), k->iss != NULL ? str_of(k->iss) : s->issuer);
    json_put_str(&o, S("aud"), k->aud != NULL ? str_of(k->aud) : client_id);
    json_put_str(&o, S("sub"), str_of(k->sub));
    json_put_int(&o, S("iat"), from_s);
    if (k->from_s > 0)
        json_put_int(&o, S("nbf"), from_s);
    json_put_int(&o, S("exp"), from_s + k->for_s);
    json_put_str(&o, S(GATE_CLAIM), S("trial"));
    if (named)
        put_names(&o, k);
    if (claims.n > 2)
        json_raw(&o, str_sub(claims, 1, claims.n - 2));
    json_end_object(&o);
    return json_done(&o);
}

/* As by a key that nobody knows: no key of ours has a part in it. */
static enum signer_reason sign_by_nobody(struct signer_state *s, const struct signer_key *k, enum signer_head head,
                                         struct str payload, struct str *value)
{
    struct arena *a = s->scratch;
    size_t n = k->pub.alg == JOSE_RS256 || k->pub.alg == JOSE_PS256 ? RSA_SIGNATURE_B : (size_t)2 * P256_B;
    char *bytes = arena_alloc(a, n);

    world_random(s->world, bytes, n);
    bytes[0] &= 0x3f; /* below any modulus */
    *value = arena_printf(a, "%.*s.%.*s.%.*s", STR_ARG(k->head[head]), STR_ARG(b64url_encode(a, payload)),
                          STR_ARG(b64url_encode(a, str_n(bytes, n))));
    return REASON_SIGNED;
}

/* By a key that is among ours for a while, under a name that it never had: RSA keys take long to make, so that one is
 * kept for this alone; of other kinds each token has its own. */
static enum signer_reason sign_rolled(struct signer_state *s, const struct signer_key *ours, struct str payload,
                                      struct str *value)
{
    struct arena *a = s->scratch;
    enum jose_alg alg = ours->pub.alg;
    const struct signer_key *kept = current_key(s, KEY_GATE, JOSE_RS256);
    bool rsa = alg == JOSE_RS256 || alg == JOSE_PS256;
    struct evp_pkey_st *pkey = !rsa ? signer_key_for_once(a, alg) : kept != NULL ? kept->pkey : NULL;
    struct signer_key rolled = { .pub = { .alg = alg }, .pkey = pkey };
    struct str kid = crypt_token(a, s->world, GATE_KID_B);

    rolled.ready = pkey != NULL ? signer_ready(a, pkey, alg) : NULL;
    if (rolled.ready == NULL)
        return REASON_NO_KEY;
    rolled.head[HEAD_JWT] = b64url_encode(
        a, arena_printf(a, "{\"alg\":\"%s\",\"kid\":\"%.*s\",\"typ\":\"JWT\"}", jose_alg_name(alg), STR_ARG(kid)));
    enum signer_reason said = sign_jws(s, &rolled, HEAD_JWT, payload, value);
    if (said == REASON_SIGNED)
        *value = arena_printf(a, "%.*s %.*s", STR_ARG(*value), STR_ARG(signer_jwk(a, pkey, alg, kid)));
    return said;
}

/* As a client that takes alg from the token would verify it: the key's PEM is what it has at hand. */
static enum signer_reason sign_confused(struct signer_state *s, const struct signer_key *k, struct str payload,
                                        struct str *value)
{
    struct arena *a = s->scratch;
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem;
    bool ok = bio != NULL && PEM_write_bio_PUBKEY(bio, k->pkey) == 1;
    long n = ok ? BIO_get_mem_data(bio, &pem) : 0;

    if (ok) {
        struct str head = arena_printf(a, "{\"alg\":\"HS256\",\"kid\":\"%.*s\",\"typ\":\"JWT\"}", STR_ARG(k->pub.kid));
        struct str input =
            arena_printf(a, "%.*s.%.*s", STR_ARG(b64url_encode(a, head)), STR_ARG(b64url_encode(a, payload)));
        *value = arena_printf(a, "%.*s.%.*s", STR_ARG(input),
                              STR_ARG(b64url_encode(a, hmac_sha256(a, hmac_key(a, str_n(pem, (size_t)n)), input))));
    }
    BIO_free(bio);
    return ok ? REASON_SIGNED : REASON_BROKEN;
}

static enum signer_reason sign_trial(struct signer_state *s, const struct signer_key *k, const struct signer_msg *m,
                                     const char *const *allowed, bool named, struct str *value)
{
    enum signer_reason said = claims_scan_only(m->part[1], allowed);

    if (said != REASON_SIGNED)
        return said;
    if (m->number < 0 || m->number >= GATE_TOKEN_COUNT || !str_is_set(m->part[0]))
        return REASON_MALFORMED;
    const struct gate_kind *kind = &gate_kinds[m->number];
    struct str payload = gate_payload(s, kind, m->part[0], m->part[1], named);
    if (m->number == GATE_TOKEN_HS256)
        return sign_confused(s, k, payload, value);
    if (m->number == GATE_TOKEN_ROLLED_KEY)
        return sign_rolled(s, k, payload, value);
    return kind->by_nobody ? sign_by_nobody(s, k, kind->head, payload, value)
                           : sign_jws(s, k, kind->head, payload, value);
}

static enum signer_reason sign_gate(struct signer_state *s, const struct signer_key *k, const struct signer_msg *m,
                                    struct str *value)
{
    static const char *const allowed[] = { "nonce", "at_hash", "auth_time", "acr", "sid", "jti", "events", NULL };

    return sign_trial(s, k, m, allowed, false, value);
}

#define LTI "https://purl.imsglobal.org/spec/lti/claim/"

static enum signer_reason sign_gate_lti(struct signer_state *s, const struct signer_key *k, const struct signer_msg *m,
                                        struct str *value)
{
    static const char *const allowed[] = { "nonce",
                                           LTI "message_type",
                                           LTI "version",
                                           LTI "deployment_id",
                                           LTI "target_link_uri",
                                           LTI "roles",
                                           LTI "resource_link",
                                           LTI "launch_presentation",
                                           LTI "tool_platform",
                                           LTI "custom",
                                           NULL };

    return sign_trial(s, k, m, allowed, true, value);
}

/* One name, and it is that of nobody. */
static bool names_nobody(struct str text)
{
    static const char *const who[] = { GATE_SUB_RIGHT, GATE_SUB_WRONG };
    struct str tag = S("<saml:NameID"), rest = str_from(text, str_find(text, tag) + tag.n);
    size_t at = str_find_byte(rest, '>', 0);
    struct str name = str_sub(rest, at + 1, str_find_byte(rest, '<', 0) - at - 1);

    if (rest.n == 0 || at >= str_find_byte(rest, '<', 0) || str_find(rest, tag) < rest.n)
        return false;
    for (size_t i = 0; i < sizeof who / sizeof *who; i++)
        if (str_eq(name, str_of(who[i])) ||
            (str_has_prefix(name, str_of(who[i])) && str_eq(str_from(name, strlen(who[i])), S(GATE_MAIL))))
            return true;
    return false;
}

/* All that these two keys ever sign: what our own key would, of somebody who is nobody. */
static enum signer_reason sign_gate_saml(struct signer_state *s, const struct signer_key *k, const struct signer_msg *m,
                                         struct str *value)
{
    const struct signer_key *by = current_key(s, m->number == GATE_KEY_ROLLED ? KEY_GATE : KEY_STRAY, JOSE_RS256);
    struct str id = { NULL, 0 };
    enum signer_reason said = saml_scan(m->part[0], s->issuer, world_now_s(s->world), &id);

    (void)k;
    if (said != REASON_SIGNED)
        return said;
    if ((m->number != GATE_KEY_ROLLED && m->number != GATE_KEY_STRAY) || !names_nobody(m->part[0]))
        return REASON_MALFORMED;
    return by != NULL ? sign_element(s, by, id, sha256(s->scratch, m->part[0]), value) : REASON_NO_KEY;
}
