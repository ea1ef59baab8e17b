/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/dsig.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "wire/algorithms.h"

#include <libxml/c14n.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#define DS        "http://www.w3.org/2000/09/xmldsig#"
#define EXC_C14N  "http://www.w3.org/2001/10/xml-exc-c14n#"
#define ENVELOPED DS "enveloped-signature"

enum { PREFIXES_MAX = 16, CANONICAL_MAX_B = 1 << 20 };

/* --- keys ------------------------------------------------------------------- */

struct keyring {
    struct arena *arena;
    EVP_PKEY *keys[KEYRING_KEYS_MAX];
    struct str prints[KEYRING_KEYS_MAX];
    size_t count;
};

struct keyring *keyring_new(struct arena *a)
{
    struct keyring *k = arena_make(a, struct keyring);

    k->arena = a;
    return k;
}

size_t keyring_count(const struct keyring *k)
{
    return k->count;
}

static void pkey_release(void *key)
{
    EVP_PKEY_free(key);
}

static bool curve_ok(EVP_PKEY *key)
{
    char name[32] = "";
    size_t n = 0;

    return EVP_PKEY_get_group_name(key, name, sizeof name, &n) == 1 &&
           (strcmp(name, "prime256v1") == 0 || strcmp(name, "secp384r1") == 0 || strcmp(name, "secp521r1") == 0);
}

static bool strong(EVP_PKEY *key)
{
    int bits = EVP_PKEY_get_bits(key);

    if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS"))
        return bits >= DSIG_RSA_LEAST_BITS && bits <= DSIG_RSA_MOST_BITS;
    return EVP_PKEY_is_a(key, "EC") && curve_ok(key);
}

static struct str print_of(struct arena *a, struct str der)
{
    static const char digits[] = "0123456789ABCDEF";
    struct str hash = sha256(a, der);
    struct buf b = buf_new(a, 2 * hash.n);

    for (size_t i = 0; i < hash.n; i++) {
        buf_byte(&b, digits[(unsigned char)hash.p[i] >> 4]);
        buf_byte(&b, digits[(unsigned char)hash.p[i] & 15]);
    }
    return buf_str(&b);
}

/* Takes over the key, which may be NULL.  der: what it came in. */
static bool keyring_add(struct keyring *k, EVP_PKEY *key, struct str der, struct fail *f)
{
    if (key == NULL)
        return fail(f, FAIL_UPSTREAM, "key_unreadable", "no public key that OpenSSL can read");
    arena_adopt(k->arena, key, pkey_release);
    if (!strong(key))
        return fail(f, FAIL_UPSTREAM, "key_weak", "a key of %d bits, or of an unknown kind", EVP_PKEY_get_bits(key));
    if (k->count == KEYRING_KEYS_MAX)
        return fail(f, FAIL_UPSTREAM, "key_too_many", "more than %d keys", KEYRING_KEYS_MAX);
    k->prints[k->count] = print_of(k->arena, der);
    k->keys[k->count++] = key;
    return true;
}

bool keyring_add_certificate(struct keyring *k, struct str der, struct fail *f)
{
    const unsigned char *p = (const unsigned char *)der.p;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    bool whole = x != NULL && p == (const unsigned char *)der.p + der.n;
    bool added = keyring_add(k, whole ? X509_get_pubkey(x) : NULL, der, f);

    X509_free(x);
    return added;
}

static bool add_public_key(struct keyring *k, struct str der, struct fail *f)
{
    const unsigned char *p = (const unsigned char *)der.p;

    return keyring_add(k, d2i_PUBKEY(NULL, &p, (long)der.n), der, f);
}

static bool add_block(struct keyring *k, const char *name, struct str der, struct fail *f)
{
    if (strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0)
        return keyring_add_certificate(k, der, f);
    if (strcmp(name, PEM_STRING_PUBLIC) == 0)
        return add_public_key(k, der, f);
    return fail(f, FAIL_UPSTREAM, "key_unreadable", "%s is no certificate", name);
}

/* A weak key is passed over: others may do. */
static bool add_or_pass_over(struct keyring *k, const char *name, struct str der, struct fail *weak, struct fail *f)
{
    struct fail why = { 0 };

    if (add_block(k, name, der, &why))
        return true;
    bool passed_over = strcmp(why.code, "key_weak") == 0;
    *(passed_over ? weak : f) = why;
    return passed_over;
}

bool keyring_add_pem(struct keyring *k, struct str pem, struct fail *f)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    char *name, *header;
    unsigned char *der;
    long n;
    size_t before = k->count;
    struct fail weak = { 0 };
    bool ok = true;

    while (ok && PEM_read_bio(bio, &name, &header, &der, &n) == 1) {
        ok = add_or_pass_over(k, name, str_n(der, (size_t)n), &weak, f);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    BIO_free(bio);
    if (!ok || k->count > before)
        return ok;
    return fail(f, FAIL_UPSTREAM, weak.kind != FAIL_NONE ? weak.code : "key_unreadable", "%s",
                weak.kind != FAIL_NONE ? weak.detail : "no certificate in PEM");
}

struct str keyring_print(const struct keyring *k, size_t i)
{
    return i < k->count ? k->prints[i] : (struct str){ NULL, 0 };
}

/* --- certificates, as people see them ---------------------------------------- */

static X509 *whole_certificate(struct str der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    X509 *x = der.n <= CANONICAL_MAX_B ? d2i_X509(NULL, &p, (long)der.n) : NULL;

    if (x != NULL && p == (const unsigned char *)der.p + der.n)
        return x;
    X509_free(x);
    return NULL;
}

static int64_t time_s(const ASN1_TIME *at)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;
    bool read = epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, at) == 1;

    ASN1_TIME_free(epoch);
    return read ? (int64_t)days * 86400 + seconds : 0;
}

bool certificate_read(struct arena *a, struct str der, struct certificate *out)
{
    X509 *x = whole_certificate(der);

    *out = (struct certificate){ 0 };
    if (x == NULL)
        return false;
    *out = (struct certificate){
        .der = der,
        .print = print_of(a, der),
        .from_s = time_s(X509_get0_notBefore(x)),
        .to_s = time_s(X509_get0_notAfter(x)),
    };
    X509_free(x);
    return true;
}

struct str certificate_pem(struct arena *a, struct str der)
{
    struct str text = b64_encode(a, der);
    struct buf b = buf_new(a, 2 * text.n + 128);

    buf_add(&b, S("-----BEGIN CERTIFICATE-----\n"));
    for (size_t i = 0; i < text.n; i += 64) {
        buf_add(&b, str_sub(text, i, 64));
        buf_byte(&b, '\n');
    }
    buf_add(&b, S("-----END CERTIFICATE-----\n"));
    return buf_str(&b);
}

size_t certificates_read(struct arena *a, struct str pem, struct certificate *out, size_t max)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    char *name, *header;
    unsigned char *der;
    long n;
    size_t count = 0;

    while (count < max && PEM_read_bio(bio, &name, &header, &der, &n) == 1) {
        bool is_one = strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0;
        count += is_one && certificate_read(a, arena_str(a, str_n(der, (size_t)n)), &out[count]);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    BIO_free(bio);
    return count;
}

bool keyring_has(const struct keyring *k, struct str der)
{
    X509 *x = whole_certificate(der);
    EVP_PKEY *key = x != NULL ? X509_get0_pubkey(x) : NULL;
    bool has = false;

    for (size_t i = 0; key != NULL && i < k->count; i++)
        has = has || EVP_PKEY_eq(key, k->keys[i]) == 1;
    X509_free(x);
    return has;
}

/* --- what a Signature says -------------------------------------------------- */

struct method {
    const char *uri;
    const char *kind; /* of key; NULL for a digest alone */
    const EVP_MD *(*md)(void);
    bool pss; /* with the same hash in MGF1, a salt of its length, trailer 1: what the URI means [RFC 9231 2.3.10] */
};

#define MORE_2001 "http://www.w3.org/2001/04/xmldsig-more#"
#define MORE_2007 "http://www.w3.org/2007/05/xmldsig-more#"

/* The whole list: no SHA-1, no MD5, no HMAC (which would take a public key for a secret).  rsa-pss is its default,
 * since SignatureMethod holds no parameters here [RFC 9231 2.3.9]. */
static const struct method signature_methods[] = {
    { MORE_2001 "rsa-sha256", "RSA", EVP_sha256, false },
    { MORE_2001 "rsa-sha384", "RSA", EVP_sha384, false },
    { MORE_2001 "rsa-sha512", "RSA", EVP_sha512, false },
    { MORE_2007 "sha256-rsa-MGF1", "RSA", EVP_sha256, true },
    { MORE_2007 "sha384-rsa-MGF1", "RSA", EVP_sha384, true },
    { MORE_2007 "sha512-rsa-MGF1", "RSA", EVP_sha512, true },
    { MORE_2007 "rsa-pss", "RSA", EVP_sha256, true },
    { MORE_2001 "ecdsa-sha256", "EC", EVP_sha256, false },
    { MORE_2001 "ecdsa-sha384", "EC", EVP_sha384, false },
    { MORE_2001 "ecdsa-sha512", "EC", EVP_sha512, false },
    { NULL, NULL, NULL, false },
};

static const struct method digest_methods[] = {
    { "http://www.w3.org/2001/04/xmlenc#sha256", NULL, EVP_sha256, false },
    { MORE_2001 "sha384", NULL, EVP_sha384, false },
    { "http://www.w3.org/2001/04/xmlenc#sha512", NULL, EVP_sha512, false },
    { NULL, NULL, NULL, false },
};

struct signature {
    const struct _xmlNode *node, *signed_info;
    const struct method *method, *digest_method;
    xmlChar **info_prefixes, **prefixes; /* InclusiveNamespaces; NULL: none */
    struct str value, digest;
};

static const struct method *method_named(const struct method *list, struct str uri)
{
    for (; list->uri != NULL; list++)
        if (str_eq(uri, str_of(list->uri)))
            return algorithm_taken(uri) ? list : NULL;
    return NULL;
}

/* Names what came, and what the identity provider is to be set to instead. */
static bool refuse_algorithm(struct arena *a, const struct _xmlNode *n, const char *what, struct fail *f)
{
    struct str uri = xml_attr(a, n, NULL, "Algorithm");
    bool sha1 = str_has_suffix(uri, S("sha1"));

    return fail(f, FAIL_UPSTREAM, "sig_algorithm", "%s method %.*s%s is not accepted: set the identity provider to %s",
                what, (int)(uri.n < 80 ? uri.n : 80), uri.p != NULL ? uri.p : "(none)", sha1 ? " (SHA-1)" : "",
                str_eq(str_of(what), S("digest")) ? "SHA-256" : "RSA (PKCS #1 1.5 or PSS) or ECDSA with SHA-256");
}

static bool has_algorithm(struct arena *a, const struct _xmlNode *n, const char *uri)
{
    return str_eq(xml_attr(a, n, NULL, "Algorithm"), str_of(uri));
}

/* The PrefixList as libxml2 wants it; false when there are too many. */
static bool read_prefixes(struct arena *a, struct str list, xmlChar ***out)
{
    xmlChar **at = arena_make_n(a, PREFIXES_MAX + 1, xmlChar *);
    size_t n = 0;

    *out = at;
    for (struct str rest = str_trim(list); rest.n > 0; rest = str_trim(rest)) {
        size_t end = 0;
        while (end < rest.n && strchr(" \t\r\n", rest.p[end]) == NULL)
            end++;
        if (n == PREFIXES_MAX)
            return false;
        at[n++] = (xmlChar *)arena_cstr(a, str_sub(rest, 0, end));
        rest = str_from(rest, end);
    }
    return true;
}

/* Exclusive C14N without comments, with at most an InclusiveNamespaces in it. */
static bool read_c14n(struct arena *a, const struct _xmlNode *n, xmlChar ***prefixes, struct fail *f)
{
    const struct _xmlNode *inclusive = xml_first(n);

    *prefixes = NULL;
    if (!has_algorithm(a, n, EXC_C14N))
        return fail(f, FAIL_UPSTREAM, "sig_transform", "not exclusive C14N");
    if (inclusive == NULL && xml_only_elements(n))
        return true;
    if (!xml_is(inclusive, EXC_C14N, "InclusiveNamespaces") || xml_next(inclusive) != NULL || !xml_only_elements(n) ||
        xml_first(inclusive) != NULL)
        return fail(f, FAIL_UPSTREAM, "sig_structure", "C14N has other children than InclusiveNamespaces");
    return read_prefixes(a, xml_attr(a, inclusive, NULL, "PrefixList"), prefixes) ||
           fail(f, FAIL_UPSTREAM, "sig_structure", "more than %d inclusive prefixes", PREFIXES_MAX);
}

static bool is_empty(const struct _xmlNode *n)
{
    return xml_first(n) == NULL && xml_only_elements(n);
}

static bool read_transforms(struct arena *a, const struct _xmlNode *transforms, struct signature *s, struct fail *f)
{
    const struct _xmlNode *first = xml_first(transforms), *second = first != NULL ? xml_next(first) : NULL;

    if (!xml_is(first, DS, "Transform") || !xml_is(second, DS, "Transform") || xml_next(second) != NULL ||
        !xml_only_elements(transforms))
        return fail(f, FAIL_UPSTREAM, "sig_transform", "not exactly two transforms");
    if (!has_algorithm(a, first, ENVELOPED) || !is_empty(first))
        return fail(f, FAIL_UPSTREAM, "sig_transform", "the first transform is not enveloped-signature");
    return read_c14n(a, second, &s->prefixes, f);
}

/* The children of n are exactly these names, in this order. */
static bool children_are(const struct _xmlNode *n, const char *const *names, const struct _xmlNode **out)
{
    const struct _xmlNode *c = xml_first(n);

    for (; *names != NULL; names++, out++, c = xml_next(c)) {
        if (!xml_is(c, DS, *names))
            return false;
        *out = c;
    }
    return c == NULL && xml_only_elements(n);
}

static bool read_reference(struct arena *a, const struct _xmlNode *reference, struct str own_id, struct signature *s,
                           struct fail *f)
{
    static const char *const names[] = { "Transforms", "DigestMethod", "DigestValue", NULL };
    const struct _xmlNode *child[3];
    struct str uri = xml_attr(a, reference, NULL, "URI");

    if (!children_are(reference, names, child) || !is_empty(child[1]) || !xml_only_text(child[2]))
        return fail(f, FAIL_UPSTREAM, "sig_structure", "Reference is not as it must be");
    if (uri.n < 2 || uri.p[0] != '#' || !str_eq(str_from(uri, 1), own_id))
        return fail(f, FAIL_UPSTREAM, "sig_reference", "the reference %.*s is not to the element itself", STR_ARG(uri));
    if (xml_attr(a, reference, NULL, "Type").p != NULL) /* Manifest, Object: none of them is the element itself */
        return fail(f, FAIL_UPSTREAM, "sig_reference", "the reference says what it is to");
    s->digest_method = method_named(digest_methods, xml_attr(a, child[1], NULL, "Algorithm"));
    if (s->digest_method == NULL)
        return refuse_algorithm(a, child[1], "digest", f);
    if (!xml_base64(a, xml_text(a, child[2]), &s->digest))
        return fail(f, FAIL_UPSTREAM, "sig_structure", "DigestValue is not base64");
    return read_transforms(a, child[0], s, f);
}

static bool read_signed_info(struct arena *a, struct str own_id, struct signature *s, struct fail *f)
{
    static const char *const names[] = { "CanonicalizationMethod", "SignatureMethod", "Reference", NULL };
    const struct _xmlNode *child[3];

    if (!children_are(s->signed_info, names, child) || !is_empty(child[1]))
        return fail(f, FAIL_UPSTREAM, "sig_structure", "SignedInfo is not as it must be");
    s->method = method_named(signature_methods, xml_attr(a, child[1], NULL, "Algorithm"));
    if (s->method == NULL)
        return refuse_algorithm(a, child[1], "signature", f);
    return read_c14n(a, child[0], &s->info_prefixes, f) && read_reference(a, child[2], own_id, s, f);
}

/* SignedInfo, SignatureValue and perhaps KeyInfo; whatever else could be in a
 * Signature (Object, a second SignedInfo) exists to mislead. */
static bool read_signature(struct arena *a, const struct _xmlNode *element, struct signature *s, struct fail *f)
{
    const struct _xmlNode *info = xml_first(s->node), *value = info != NULL ? xml_next(info) : NULL;
    const struct _xmlNode *key_info = value != NULL ? xml_next(value) : NULL;

    if (!xml_is(info, DS, "SignedInfo") || !xml_is(value, DS, "SignatureValue") || !xml_only_text(value) ||
        !xml_only_elements(s->node))
        return fail(f, FAIL_UPSTREAM, "sig_structure", "Signature is not as it must be");
    if (key_info != NULL && (!xml_is(key_info, DS, "KeyInfo") || xml_next(key_info) != NULL))
        return fail(f, FAIL_UPSTREAM, "sig_structure", "Signature has children that it must not have");
    if (!xml_base64(a, xml_text(a, value), &s->value))
        return fail(f, FAIL_UPSTREAM, "sig_structure", "SignatureValue is not base64");
    s->signed_info = info;
    struct str own_id = xml_attr(a, element, NULL, "ID");
    if (!xml_is_ncname(own_id))
        return fail(f, FAIL_UPSTREAM, "sig_reference", "the signed element has no ID");
    return read_signed_info(a, own_id, s, f);
}

/* --- canonical bytes -------------------------------------------------------- */

static xmlNode *walk(const xmlNode *top, const xmlNode *skip, xmlNode *n)
{
    xmlNode *next = n->type == XML_ELEMENT_NODE ? n->children : NULL;

    for (;;) {
        while (next == NULL) {
            if (n == top)
                return NULL;
            next = n->next;
            if (next == NULL)
                n = n->parent;
        }
        if (next != skip)
            return next;
        n = next;
        next = NULL;
    }
}

/* The same node, to be marked: a tree that was parsed here is writable. */
static xmlNode *writable(const xmlNode *n)
{
    xmlNode *c = n->parent->children;

    while (c != n)
        c = c->next;
    return c;
}

/* Marks the apex and all in it but the Signature, so that visibility costs one comparison. */
static void mark(xmlNode *apex, const xmlNode *without, void *with)
{
    for (xmlNode *n = apex; n != NULL; n = walk(apex, without, n))
        n->_private = with;
}

static int is_marked(void *apex, xmlNodePtr node, xmlNodePtr parent)
{
    bool own = node->type != XML_ATTRIBUTE_NODE && node->type != XML_NAMESPACE_DECL;
    const xmlNode *n = own ? node : parent;

    return n != NULL && n->_private == apex;
}

static int write_some(void *context, const char *bytes, int n)
{
    struct buf *b = context;

    buf_add(b, str_n(bytes, (size_t)n));
    return buf_ok(b) ? n : -1;
}

static int write_no_more(void *context)
{
    return 0;
}

/* libxml2 would write on standard error what it refuses; the failure says it here. */
static void say_nothing(void *context, xmlErrorPtr error)
{
}

/* libxml2 may answer with an error after it wrote a part, or with success and
 * nothing at all: both would make a signature over too little, so the result
 * must be an element.  The ceiling holds what namespaces repeated on every
 * element could blow up. */
static bool canonical(struct arena *a, const struct _xmlNode *apex, const struct _xmlNode *without, xmlChar **prefixes,
                      struct str *out, struct fail *f)
{
    struct buf b = buf_new(a, CANONICAL_MAX_B);
    xmlOutputBuffer *io = xmlOutputBufferCreateIO(write_some, write_no_more, &b, NULL);
    xmlNode *top = writable(apex);

    xmlSetStructuredErrorFunc(NULL, say_nothing); /* this thread's */
    mark(top, without, top);
    int code = io != NULL ? xmlC14NExecute(apex->doc, is_marked, top, XML_C14N_EXCLUSIVE_1_0, prefixes, 0, io) : -1;
    int closed = io != NULL ? xmlOutputBufferClose(io) : -1;
    mark(top, without, NULL);
    *out = buf_str(&b);
    if (code < 0 || closed < 0 || !buf_ok(&b) || out->n == 0 || out->p[0] != '<')
        return fail(f, FAIL_UPSTREAM, "sig_c14n", "canonicalization gave %d and %zu bytes", code, out->n);
    return true;
}

/* --- verification ----------------------------------------------------------- */

/* XML carries an ECDSA signature as r and s side by side [XML Signature 6.4.3]; OpenSSL wants DER. */
static bool ecdsa_der(struct arena *a, EVP_PKEY *key, struct str raw, struct str *der)
{
    size_t half = ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
    unsigned char *p = NULL;
    int n = -1;

    if (raw.n != 2 * half)
        return false;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn((const unsigned char *)raw.p, (int)half, NULL);
    BIGNUM *s = BN_bin2bn((const unsigned char *)raw.p + half, (int)half, NULL);
    if (sig != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s) == 1) {
        n = i2d_ECDSA_SIG(sig, &p);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(sig);
    if (n > 0)
        *der = arena_str(a, str_n(p, (size_t)n));
    OPENSSL_free(p);
    return n > 0;
}

/* Whether a key makes signatures of this method; one that is for PSS alone makes no others [RFC 4055 1.2]. */
static bool makes(EVP_PKEY *key, const struct method *method)
{
    return EVP_PKEY_is_a(key, method->kind) || (method->pss && EVP_PKEY_is_a(key, "RSA-PSS"));
}

/* A salt of another length was not made by what the URI names. */
static bool set_padding(EVP_PKEY_CTX *ctx, const struct method *method)
{
    return !method->pss || (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
                            EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, method->md()) == 1 &&
                            EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static bool verify_with(struct arena *a, EVP_PKEY *key, const struct signature *s, struct str text)
{
    struct str value = s->value;
    EVP_PKEY_CTX *how = NULL; /* of ctx */

    if (EVP_PKEY_is_a(key, "EC") && !ecdsa_der(a, key, value, &value))
        return false;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok =
        ctx != NULL && EVP_DigestVerifyInit(ctx, &how, s->method->md(), NULL, key) == 1 &&
        set_padding(how, s->method) &&
        EVP_DigestVerify(ctx, (const unsigned char *)value.p, value.n, (const unsigned char *)text.p, text.n) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

static bool verify_value(struct arena *a, const struct signature *s, const struct keyring *keys, size_t *key,
                         struct fail *f)
{
    struct str text;
    size_t tried = 0;

    if (!canonical(a, s->signed_info, NULL, s->info_prefixes, &text, f))
        return false;
    for (size_t i = 0; i < keys->count; i++)
        if (makes(keys->keys[i], s->method)) {
            tried++;
            *key = i;
            if (verify_with(a, keys->keys[i], s, text))
                return true;
        }
    return tried == 0 ? fail(f, FAIL_UPSTREAM, "sig_key", "no %s key of this identity provider", s->method->kind)
                      : fail(f, FAIL_UPSTREAM, "sig_value", "none of %zu keys made this signature", tried);
}

static bool verify_digest(const struct signature *s, struct str bytes, struct fail *f)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int n = 0;

    if (EVP_Digest(bytes.p, bytes.n, digest, &n, s->digest_method->md(), NULL) != 1)
        return fail(f, FAIL_OURS, "sig_digest", "OpenSSL cannot hash");
    return crypt_eq(str_n(digest, n), s->digest) ||
           fail(f, FAIL_UPSTREAM, "sig_digest", "the signed content was changed");
}

/* XML Signature puts r and s side by side; some write DER into a query, where nothing says which. */
static bool is_raw_ecdsa(EVP_PKEY *key, struct str value)
{
    return value.n == 2 * (((size_t)EVP_PKEY_get_bits(key) + 7) / 8);
}

static bool verify_der(EVP_PKEY *key, const struct method *method, struct str value, struct str text)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok =
        ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, method->md(), NULL, key) == 1 &&
        EVP_DigestVerify(ctx, (const unsigned char *)value.p, value.n, (const unsigned char *)text.p, text.n) == 1;

    EVP_MD_CTX_free(ctx);
    return ok;
}

bool dsig_verify_octets(struct arena *a, struct str text, struct str algorithm, struct str value,
                        const struct keyring *keys, size_t *key, struct fail *f)
{
    const struct method *method = method_named(signature_methods, algorithm);
    struct signature s = { .method = method, .value = value };
    size_t tried = 0;

    if (method == NULL)
        return fail(f, FAIL_UPSTREAM, "sig_algorithm", "signature method %.*s is not accepted",
                    (int)(algorithm.n < 80 ? algorithm.n : 80), algorithm.p != NULL ? algorithm.p : "(none)");
    for (size_t i = 0; i < keys->count; i++) {
        EVP_PKEY *k = keys->keys[i];
        if (!makes(k, method))
            continue;
        tried++;
        *key = i;
        bool as_der = EVP_PKEY_is_a(k, "EC") && !is_raw_ecdsa(k, value);
        if (as_der ? verify_der(k, method, value, text) : verify_with(a, k, &s, text))
            return true;
    }
    return tried == 0 ? fail(f, FAIL_UPSTREAM, "sig_key", "no %s key of whoever signed", method->kind)
                      : fail(f, FAIL_UPSTREAM, "sig_value", "none of %zu keys made this signature", tried);
}

static const struct _xmlNode *signature_of(const struct _xmlNode *element)
{
    return xml_child(element, DS, "Signature");
}

bool dsig_present(const struct _xmlNode *element)
{
    for (const struct _xmlNode *c = xml_first(element); c != NULL; c = xml_next(c))
        if (xml_is(c, DS, "Signature"))
            return true;
    return false;
}

/* SignedInfo is read from the tree and not from its canonical bytes: its shape
 * is so narrow (elements, or one text, nothing else) that both say the same. */
bool dsig_verify(struct arena *a, const struct _xmlNode *element, const struct keyring *keys, struct signed_xml *out,
                 struct fail *f)
{
    struct signature s = { .node = signature_of(element) };
    struct str bytes;
    size_t key = 0;

    *out = (struct signed_xml){ NULL, 0 };
    if (s.node == NULL)
        return fail(f, FAIL_UPSTREAM, dsig_present(element) ? "sig_structure" : "sig_missing",
                    "%s does not have exactly one Signature", xml_name(element));
    if (!read_signature(a, element, &s, f) || !verify_value(a, &s, keys, &key, f) ||
        !canonical(a, element, s.node, s.prefixes, &bytes, f) || !verify_digest(&s, bytes, f))
        return false;
    struct _xmlDoc *proven = xml_parse(a, bytes, CANONICAL_MAX_B, f);
    if (proven == NULL)
        return false;
    out->element = xml_root(proven);
    out->key = key;
    return true;
}

/* --- what is too large for a tree ------------------------------------------------ */

struct dsig_stream {
    struct signature said;
    size_t key;
    EVP_MD_CTX *md;
    bool broken;
};

static void md_release(void *md)
{
    EVP_MD_CTX_free(md);
}

struct dsig_stream *dsig_stream_new(struct arena *a, const struct _xmlNode *root, const struct keyring *keys,
                                    struct fail *f)
{
    struct dsig_stream *s = arena_make(a, struct dsig_stream);

    s->said.node = signature_of(root);
    if (s->said.node == NULL)
        return fail(f, FAIL_UPSTREAM, "sig_missing", "%s does not have exactly one Signature", xml_name(root)), NULL;
    if (!read_signature(a, root, &s->said, f) || !verify_value(a, &s->said, keys, &s->key, f))
        return NULL;
    s->md = EVP_MD_CTX_new();
    if (s->md == NULL || EVP_DigestInit_ex(s->md, s->said.digest_method->md(), NULL) != 1)
        return fail(f, FAIL_OURS, "sig_digest", "OpenSSL cannot hash"), NULL;
    arena_adopt(a, s->md, md_release);
    return s;
}

bool dsig_stream_is_inclusive(const struct dsig_stream *s, const char *prefix)
{
    for (xmlChar **p = s->said.prefixes; p != NULL && *p != NULL; p++)
        if (strcmp((const char *)*p, prefix) == 0)
            return true;
    return false;
}

void dsig_stream_add(struct dsig_stream *s, struct str bytes)
{
    s->broken = EVP_DigestUpdate(s->md, bytes.p, bytes.n) != 1 || s->broken;
}

bool dsig_stream_end(struct dsig_stream *s, size_t *key, struct str *digest, struct fail *f)
{
    unsigned char got[EVP_MAX_MD_SIZE];
    unsigned int n = 0;

    *key = s->key;
    *digest = s->said.digest;
    if (s->broken || EVP_DigestFinal_ex(s->md, got, &n) != 1)
        return fail(f, FAIL_OURS, "sig_digest", "OpenSSL cannot hash");
    return crypt_eq(str_n(got, n), s->said.digest) ||
           fail(f, FAIL_UPSTREAM, "sig_digest", "the signed content was changed");
}

struct signed_xml signed_child(struct signed_xml parent, const char *ns, const char *name)
{
    return (struct signed_xml){ parent.element != NULL ? xml_child(parent.element, ns, name) : NULL, parent.key };
}
