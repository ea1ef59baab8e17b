/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/cert.h"

#include "base/codec.h"
#include "base/crypt.h"

#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

static void free_x509(void *x)
{
    X509_free(x);
}

/* ── its key ────────────────────────────────────────────────────────────── */

/* A number of the key in base64url, with at least so many bytes; absent: it has none of that name. */
static struct str number(struct arena *a, const EVP_PKEY *key, const char *name, size_t least_B)
{
    BIGNUM *bn = NULL;

    if (EVP_PKEY_get_bn_param(key, name, &bn) != 1)
        return (struct str){ NULL, 0 };
    size_t n = (size_t)BN_num_bytes(bn) > least_B ? (size_t)BN_num_bytes(bn) : least_B;
    unsigned char *bytes = arena_alloc(a, n + 1);
    (void)BN_bn2binpad(bn, bytes, (int)n);
    BN_free(bn);
    return b64url_encode(a, str_n(bytes, n));
}

static struct str ec_jwk(struct arena *a, const EVP_PKEY *key)
{
    static const struct {
        const char *group, *crv;
        size_t half_B;
    } curves[] = { { "prime256v1", "P-256", 32 }, { "secp384r1", "P-384", 48 }, { "secp521r1", "P-521", 66 } };
    char group[64] = "";

    (void)EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, NULL);
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        if (strcmp(group, curves[i].group) == 0)
            return arena_printf(a, "{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"%.*s\",\"y\":\"%.*s\"}", curves[i].crv,
                                STR_ARG(number(a, key, OSSL_PKEY_PARAM_EC_PUB_X, curves[i].half_B)),
                                STR_ARG(number(a, key, OSSL_PKEY_PARAM_EC_PUB_Y, curves[i].half_B)));
    return (struct str){ NULL, 0 };
}

static struct str ed25519_jwk(struct arena *a, const EVP_PKEY *key)
{
    unsigned char raw[32];
    size_t n = sizeof raw;

    if (EVP_PKEY_get_raw_public_key(key, raw, &n) != 1)
        return (struct str){ NULL, 0 };
    return arena_printf(a, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%.*s\"}",
                        STR_ARG(b64url_encode(a, str_n(raw, n))));
}

static struct str jwk_of(struct arena *a, const EVP_PKEY *key)
{
    switch (key != NULL ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE) {
    case EVP_PKEY_RSA:
        return arena_printf(a, "{\"e\":\"%.*s\",\"kty\":\"RSA\",\"n\":\"%.*s\"}",
                            STR_ARG(number(a, key, OSSL_PKEY_PARAM_RSA_E, 0)),
                            STR_ARG(number(a, key, OSSL_PKEY_PARAM_RSA_N, 0)));
    case EVP_PKEY_EC:
        return ec_jwk(a, key);
    case EVP_PKEY_ED25519:
        return ed25519_jwk(a, key);
    default:
        return (struct str){ NULL, 0 };
    }
}

/* ── reading ────────────────────────────────────────────────────────────── */

static int64_t time_s(const ASN1_TIME *at)
{
    struct tm tm;

    return at != NULL && ASN1_TIME_to_tm(at, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static struct str subject_of(struct arena *a, const X509 *x)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *p = NULL;
    struct str said = S("");

    if (bio != NULL &&
        X509_NAME_print_ex(bio, X509_get_subject_name(x), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) > 0) {
        long n = BIO_get_mem_data(bio, &p);
        said = arena_str(a, str_n(p, (size_t)n));
    }
    BIO_free(bio);
    return said;
}

bool cert_read(struct arena *a, struct str der, struct cert *out, struct fail *f)
{
    const unsigned char *p = (const unsigned char *)der.p;
    X509 *x = der.n > 0 && der.n <= CERT_MAX_B ? d2i_X509(NULL, &p, (long)der.n) : NULL;

    ERR_clear_error();
    if (x == NULL || p != (const unsigned char *)der.p + der.n) {
        X509_free(x);
        return fail(f, FAIL_CALLER, "certificate_malformed", "%s",
                    der.n > CERT_MAX_B ? "it is too large" : "it is no certificate in DER");
    }
    arena_adopt(a, x, free_x509);
    *out = (struct cert){
        .x5t = b64url_encode(a, sha256(a, der)),
        .subject = subject_of(a, x),
        .jwk = jwk_of(a, X509_get0_pubkey(x)),
        .from_s = time_s(X509_get0_notBefore(x)),
        .to_s = time_s(X509_get0_notAfter(x)),
        .x509 = x,
    };
    ERR_clear_error();
    return true;
}

/* ── from a proxy ───────────────────────────────────────────────────────── */

static const struct str pem_begin = S("-----BEGIN CERTIFICATE-----"), pem_end = S("-----END CERTIFICATE-----");
static const struct str pem_escaped = S("-----BEGIN%20CERTIFICATE-----");

static int digit_of(char ch)
{
    return ch >= '0' && ch <= '9'   ? ch - '0'
           : ch >= 'A' && ch <= 'F' ? ch - 'A' + 10
           : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10
                                    : -1;
}

/* Absent: a '%' without two digits behind it. */
static struct str unescaped(struct arena *a, struct str text)
{
    struct buf b = buf_new(a, text.n + 1);

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '%') {
            buf_byte(&b, text.p[i]);
            continue;
        }
        int high = i + 2 < text.n ? digit_of(text.p[i + 1]) : -1, low = i + 2 < text.n ? digit_of(text.p[i + 2]) : -1;
        if (high < 0 || low < 0)
            return (struct str){ NULL, 0 };
        buf_byte(&b, (char)(high << 4 | low));
        i += 2;
    }
    return buf_str(&b);
}

/* One certificate, and nothing beside it but the ends of lines. */
static bool der_of_pem(struct arena *a, struct str text, struct str *der)
{
    struct str pem = str_trim(unescaped(a, text));
    struct buf b = buf_new(a, pem.n + 1);

    if (pem.n < pem_begin.n + pem_end.n || !str_has_prefix(pem, pem_begin) ||
        !str_eq(str_from(pem, pem.n - pem_end.n), pem_end))
        return false;
    struct str body = str_sub(pem, pem_begin.n, pem.n - pem_begin.n - pem_end.n);
    for (size_t i = 0; i < body.n; i++)
        if (body.p[i] != '\n' && body.p[i] != '\r')
            buf_byte(&b, body.p[i]);
    return b64_decode(a, buf_str(&b), der);
}

bool cert_read_field(struct arena *a, struct str value, struct cert *out, struct fail *f)
{
    struct str der;

    if (str_has_prefix(value, pem_escaped))
        return der_of_pem(a, value, &der)
                   ? cert_read(a, der, out, f)
                   : fail(f, FAIL_CALLER, "certificate_malformed", "it is no PEM, percent-encoded, of one certificate");
    if (value.n < 2 || value.p[0] != ':' || value.p[value.n - 1] != ':' ||
        !b64_decode(a, str_sub(value, 1, value.n - 2), &der))
        return fail(f, FAIL_CALLER, "certificate_malformed", "it is not base64 between colons");
    return cert_read(a, der, out, f);
}

/* ── names ──────────────────────────────────────────────────────────────── */

/* As far as it counts: spaces beside separators do not, nor the case of attribute types. */
static struct str subject_form(struct arena *a, struct str text)
{
    struct buf b = buf_new(a, text.n + 1);
    bool in_type = true;

    for (size_t i = 0; i < text.n; i++) {
        char ch = text.p[i];
        if (ch == '\\' && i + 1 < text.n) {
            buf_byte(&b, ch);
            buf_byte(&b, text.p[++i]);
            continue;
        }
        if (in_type && ch == ' ')
            continue;
        if (ch == ',' || ch == '+' || ch == ';')
            in_type = true;
        buf_byte(&b, in_type && ch >= 'A' && ch <= 'Z' ? (char)(ch | 0x20) : ch);
        if (in_type && ch == '=')
            in_type = false;
    }
    return buf_str(&b);
}

static bool is_subject(const struct cert *c, struct str name)
{
    struct arena *a = arena_new();
    bool same = str_is_set(c->subject) && str_eq(subject_form(a, c->subject), subject_form(a, name));

    arena_free(a);
    return same;
}

static bool is_address(const ASN1_OCTET_STRING *said, struct str name)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char bytes[16];

    if (name.n == 0 || name.n >= sizeof text)
        return false;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    int n = inet_pton(AF_INET, text, bytes) == 1 ? 4 : inet_pton(AF_INET6, text, bytes) == 1 ? 16 : 0;
    return n > 0 && ASN1_STRING_length(said) == n && memcmp(ASN1_STRING_get0_data(said), bytes, (size_t)n) == 0;
}

static bool is_alternative(const GENERAL_NAME *said, enum cert_name kind, struct str name)
{
    static const int types[] = {
        [CERT_DNS] = GEN_DNS, [CERT_URI] = GEN_URI, [CERT_IP] = GEN_IPADD, [CERT_EMAIL] = GEN_EMAIL
    };

    if (said->type != types[kind])
        return false;
    if (kind == CERT_IP)
        return is_address(said->d.iPAddress, name);
    struct str text = str_n(ASN1_STRING_get0_data(said->d.ia5), (size_t)ASN1_STRING_length(said->d.ia5));
    return kind == CERT_DNS ? str_eq_case(text, name) : str_eq(text, name);
}

bool cert_has_name(const struct cert *c, enum cert_name kind, struct str name)
{
    bool found = false;

    if (!str_is_set(name))
        return false;
    if (kind == CERT_SUBJECT)
        return is_subject(c, name);
    GENERAL_NAMES *all = X509_get_ext_d2i(c->x509, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(all) && !found; i++)
        found = is_alternative(sk_GENERAL_NAME_value(all, i), kind, name);
    GENERAL_NAMES_free(all);
    ERR_clear_error();
    return found;
}

/* ── who vouches for it ─────────────────────────────────────────────────── */

struct cert_trust {
    X509_STORE *store;
};

static void free_store(void *store)
{
    X509_STORE_free(store);
}

static const struct cert_trust *read_trust(struct arena *a, BIO *bio, struct fail *f)
{
    struct cert_trust *trust = arena_make(a, struct cert_trust);
    int n = 0;
    X509 *x;

    trust->store = X509_STORE_new();
    arena_adopt(a, trust->store, free_store);
    while (bio != NULL && trust->store != NULL && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        n += X509_STORE_add_cert(trust->store, x) == 1;
        X509_free(x);
    }
    BIO_free(bio);
    ERR_clear_error();
    if (n == 0 || n > CERT_CAS_MAX) {
        (void)fail(f, FAIL_CALLER, "bad_certificates", "%s",
                   n == 0 ? "there is no certificate in PEM" : "there are too many certificates");
        return NULL;
    }
    return trust;
}

const struct cert_trust *cert_trust_read(struct arena *a, struct str pem, struct fail *f)
{
    return read_trust(a, BIO_new_mem_buf(pem.p, (int)pem.n), f);
}

const struct cert_trust *cert_trust_load(struct arena *a, const char *path, struct fail *f)
{
    BIO *bio = BIO_new_file(path, "r");

    if (bio != NULL)
        return read_trust(a, bio, f);
    ERR_clear_error();
    (void)fail(f, FAIL_CALLER, "bad_certificates", "%s cannot be read", path);
    return NULL;
}

bool cert_trusted(const struct cert *c, const struct cert_trust *trust, int64_t now_s, const char **why)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    bool good = false;

    *why = "out of memory";
    if (ctx != NULL && X509_STORE_CTX_init(ctx, trust->store, c->x509, NULL) == 1) {
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
        X509_VERIFY_PARAM_set_time(param, (time_t)now_s);
        (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
        (void)X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_CLIENT);
        good = X509_verify_cert(ctx) == 1;
        *why = good ? "" : X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx));
    }
    X509_STORE_CTX_free(ctx);
    ERR_clear_error();
    return good;
}
