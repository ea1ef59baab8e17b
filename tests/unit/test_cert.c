/* SPDX-License-Identifier: EUPL-1.2
 * Certificates of services.  [RFC 8705 2, RFC 9440 2] */
#include "base/codec.h"
#include "base/crypt.h"
#include "tests/test.h"
#include "wire/cert.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

struct pair {
    X509 *x;
    EVP_PKEY *key;
};

static void extend(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    if (e == NULL || X509_add_ext(x, e, -1) != 1)
        abort();
    X509_EXTENSION_free(e);
}

/* by NULL: itself.  names: subjectAltName; NULL: none. */
static struct pair make(const char *cn, const char *names, bool authority, const struct pair *by)
{
    struct pair p = { X509_new(), EVP_EC_gen("P-256") };
    X509_NAME *subject = X509_NAME_new();

    if (p.x == NULL || p.key == NULL || subject == NULL)
        abort();
    (void)X509_NAME_add_entry_by_txt(subject, "C", MBSTRING_UTF8, (const unsigned char *)"FI", -1, -1, 0);
    (void)X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, (const unsigned char *)"Testi, Oy", -1, -1, 0);
    (void)X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0);
    (void)X509_set_version(p.x, 2);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(p.x), 7);
    (void)ASN1_TIME_set(X509_getm_notBefore(p.x), (time_t)TEST_NOW_S - 86400);
    (void)ASN1_TIME_set(X509_getm_notAfter(p.x), (time_t)TEST_NOW_S + 86400);
    (void)X509_set_subject_name(p.x, subject);
    (void)X509_set_issuer_name(p.x, by != NULL ? X509_get_subject_name(by->x) : subject);
    (void)X509_set_pubkey(p.x, p.key);
    X509_NAME_free(subject);
    if (authority)
        extend(p.x, NID_basic_constraints, "critical,CA:TRUE");
    if (names != NULL)
        extend(p.x, NID_subject_alt_name, names);
    if (X509_sign(p.x, by != NULL ? by->key : p.key, EVP_sha256()) <= 0)
        abort();
    return p;
}

static void forget(struct pair *p)
{
    X509_free(p->x);
    EVP_PKEY_free(p->key);
}

static struct str der_of(struct test *t, const struct pair *p)
{
    unsigned char *der = NULL;
    int n = i2d_X509(p->x, &der);
    struct str copy = arena_str(t->arena, str_n(der, (size_t)n));

    OPENSSL_free(der);
    return copy;
}

static struct str pem_of(struct test *t, const struct pair *p)
{
    return arena_printf(t->arena, "-----BEGIN CERTIFICATE-----\n%.*s\n-----END CERTIFICATE-----\n",
                        STR_ARG(b64_encode(t->arena, der_of(t, p))));
}

static struct cert read_good(struct test *t, const struct pair *p)
{
    struct cert c = { .x509 = NULL };
    struct fail f = { 0 };

    CHECK(cert_read(t->arena, der_of(t, p), &c, &f));
    return c;
}

#define NAMES "DNS:Vendor.example,URI:https://vendor.example/app,IP:192.0.2.7,IP:2001:db8::7,email:app@vendor.example"

TEST(a_certificate_comes_as_base64_between_colons) /* [RFC 9440 2.1] */
{
    struct pair p = make("app", NULL, false, NULL);
    struct str der = der_of(t, &p), text = b64_encode(t->arena, der);
    struct cert c;
    struct fail f = { 0 };

    CHECK(cert_read_field(t->arena, arena_printf(t->arena, ":%.*s:", STR_ARG(text)), &c, &f));
    CHECK(str_eq(c.x5t, b64url_encode(t->arena, sha256(t->arena, der)))); /* [RFC 8705 3.1] */
    CHECK_STR(c.subject, "CN=app,O=Testi\\, Oy,C=FI");
    const struct str bad[] = {
        text,
        S(""),
        S(":"),
        S("::"),
        S(":AAAA:"),
        S(":%%%%:"),
        arena_printf(t->arena, ":%.*s", STR_ARG(text)),
        arena_printf(t->arena, ":%.*sAAAA:", STR_ARG(text)),
        arena_printf(t->arena, ":%.*s:", STR_ARG(b64_encode(t->arena, str_sub(der, 0, der.n - 1)))),
        arena_printf(t->arena, ":%.*s:", STR_ARG(b64_encode(t->arena, arena_join(t->arena, der, S("x"))))),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fail why = { 0 };
        CHECK(!cert_read_field(t->arena, bad[i], &c, &why));
        CHECK_STR(why.code, "certificate_malformed");
    }
    forget(&p);
}

/* As nginx writes $ssl_client_escaped_cert: lines of 64, all but unreserved characters escaped. */
static struct str escaped_pem(struct test *t, struct str der, const char *eol)
{
    struct str text = b64_encode(t->arena, der);
    struct buf pem = buf_new(t->arena, 2 * text.n + 200), out = buf_new(t->arena, 6 * text.n + 600);

    buf_printf(&pem, "-----BEGIN CERTIFICATE-----%s", eol);
    for (size_t i = 0; i < text.n; i += 64)
        buf_printf(&pem, "%.*s%s", STR_ARG(str_sub(text, i, 64)), eol);
    buf_printf(&pem, "-----END CERTIFICATE-----%s", eol);
    struct str all = buf_str(&pem);
    for (size_t i = 0; i < all.n; i++)
        if (isalnum((unsigned char)all.p[i]) || strchr("-._~", all.p[i]) != NULL)
            buf_byte(&out, all.p[i]);
        else
            buf_printf(&out, "%%%02X", (unsigned char)all.p[i]);
    return buf_str(&out);
}

TEST(a_certificate_comes_as_escaped_pem_as_nginx_writes_it)
{
    struct pair p = make("app", NULL, false, NULL);
    struct str der = der_of(t, &p), good = escaped_pem(t, der, "\n");
    struct cert c;
    struct fail f = { 0 };

    CHECK(cert_read_field(t->arena, good, &c, &f));
    CHECK(str_eq(c.x5t, b64url_encode(t->arena, sha256(t->arena, der))));
    CHECK(cert_read_field(t->arena, escaped_pem(t, der, "\r\n"), &c, &f));
    const struct str bad[] = {
        S("-----BEGIN%20CERTIFICATE-----"),
        S("-----BEGIN%20CERTIFICATE-----%0A-----END%20CERTIFICATE-----%0A"),
        S("-----BEGIN%20CERTIFICATE-----%0AAAAA%0A-----END%20CERTIFICATE-----"),
        S("-----BEGIN CERTIFICATE-----"),
        str_sub(good, 0, good.n - 4),
        str_sub(good, 0, good.n - 1),
        str_sub(good, 0, good.n - 2),
        arena_join(t->arena, good, S("%")),
        arena_join(t->arena, good, S("%0g")),
        arena_join(t->arena, good, good), /* whose of the two would it be? */
        arena_join(t->arena, good, S("x")),
        escaped_pem(t, arena_join(t->arena, der, S("x")), "\n"),
        escaped_pem(t, str_sub(der, 0, der.n - 1), "\n"),
        escaped_pem(t, der, " "),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fail why = { 0 };
        if (cert_read_field(t->arena, bad[i], &c, &why))
            test_fail(t, __FILE__, __LINE__, "%zu is read", i);
        CHECK_STR(why.code, "certificate_malformed");
    }
    forget(&p);
}

TEST(a_subject_is_compared_as_rfc_4514_writes_it) /* [RFC 8705 2.1.2] */
{
    struct pair p = make("Äly app", NULL, false, NULL);
    struct cert c = read_good(t, &p);

    CHECK(cert_has_name(&c, CERT_SUBJECT, S("CN=Äly app,O=Testi\\, Oy,C=FI")));
    CHECK(cert_has_name(&c, CERT_SUBJECT, S("cn=Äly app, O = Testi\\, Oy, c=FI")) ||
          cert_has_name(&c, CERT_SUBJECT, S("cn=Äly app, O=Testi\\, Oy, c=FI")));
    CHECK(!cert_has_name(&c, CERT_SUBJECT, S("CN=Äly,O=Testi\\, Oy,C=FI")));
    CHECK(!cert_has_name(&c, CERT_SUBJECT, S("CN=äly app,O=Testi\\, Oy,C=FI")));
    CHECK(!cert_has_name(&c, CERT_SUBJECT, S("CN=Äly app")));
    CHECK(!cert_has_name(&c, CERT_SUBJECT, S("")));
    CHECK(!cert_has_name(&c, CERT_SUBJECT, (struct str){ NULL, 0 }));
    forget(&p);
}

TEST(an_alternative_name_is_one_of_its_kind_alone) /* [RFC 8705 2.1.2] */
{
    struct pair p = make("app", NAMES, false, NULL), bare = make("vendor.example", NULL, false, NULL);
    struct cert c = read_good(t, &p), none = read_good(t, &bare);

    CHECK(cert_has_name(&c, CERT_DNS, S("vendor.EXAMPLE")));
    CHECK(cert_has_name(&c, CERT_URI, S("https://vendor.example/app")));
    CHECK(cert_has_name(&c, CERT_IP, S("192.0.2.7")) && cert_has_name(&c, CERT_IP, S("2001:DB8:0::7")));
    CHECK(cert_has_name(&c, CERT_EMAIL, S("app@vendor.example")));
    CHECK(!cert_has_name(&c, CERT_DNS, S("https://vendor.example/app")));
    CHECK(!cert_has_name(&c, CERT_URI, S("vendor.example")) &&
          !cert_has_name(&c, CERT_URI, S("https://vendor.example/APP")));
    CHECK(!cert_has_name(&c, CERT_IP, S("192.0.2.70")) && !cert_has_name(&c, CERT_IP, S("192.0.2")));
    CHECK(!cert_has_name(&none, CERT_DNS, S("vendor.example"))); /* the common name is no host name */
    forget(&p);
    forget(&bare);
}

TEST(a_certificate_that_no_authority_of_ours_vouches_for_is_not_trusted) /* [RFC 8705 2.1] */
{
    struct pair ca = make("ca", NULL, true, NULL), other = make("ca", NULL, true, NULL);
    struct pair below = make("below", NULL, true, &ca), app = make("app", NULL, false, &ca);
    struct pair deep = make("deep", NULL, false, &below), forged = make("app", NULL, false, &other);
    struct pair by_app = make("child", NULL, false, &app);
    struct fail f = { 0 };
    const struct cert_trust *trust = cert_trust_read(t->arena, pem_of(t, &ca), &f);
    const struct cert_trust *partial = cert_trust_read(t->arena, pem_of(t, &below), &f);
    struct cert c = read_good(t, &app), d = read_good(t, &deep), e = read_good(t, &forged), g = read_good(t, &by_app);
    const char *why;

    CHECK(trust != NULL && partial != NULL);
    CHECK(cert_trusted(&c, trust, TEST_NOW_S, &why));
    CHECK(!cert_trusted(&d, trust, TEST_NOW_S, &why)); /* what stands between is not there */
    CHECK(cert_trusted(&d, partial, TEST_NOW_S, &why));
    CHECK(!cert_trusted(&e, trust, TEST_NOW_S, &why) && why[0] != '\0');
    CHECK(!cert_trusted(&g, trust, TEST_NOW_S, &why));
    CHECK(!cert_trusted(&c, trust, TEST_NOW_S + 2 * 86400, &why)); /* it has ended */
    CHECK(!cert_trusted(&c, trust, TEST_NOW_S - 2 * 86400, &why)); /* it has not begun */
    CHECK(cert_trust_read(t->arena, S("nothing"), &f) == NULL);
    CHECK_STR(f.code, "bad_certificates");
    struct pair *all[] = { &ca, &other, &below, &app, &deep, &forged, &by_app };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        forget(all[i]);
}
