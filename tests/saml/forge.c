/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/saml/forge.h"

#include "base/codec.h"
#include "certs/local_key.h"
#include "tests/test.h"

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DS     "http://www.w3.org/2000/09/xmldsig#"
#define EXC    "http://www.w3.org/2001/10/xml-exc-c14n#"
#define MORE   "http://www.w3.org/2001/04/xmldsig-more#"
#define XENC   "http://www.w3.org/2001/04/xmlenc#"
#define XENC11 "http://www.w3.org/2009/xmlenc11#"

enum { TEXT_MAX_B = 8 << 20 };

/* --- keys: made once in a run, kept to its end ------------------------------- */

static EVP_PKEY *key_of(enum forge_key k)
{
    static EVP_PKEY *keys[FORGE_KEY_COUNT];

    if (keys[k] != NULL)
        return keys[k];
    switch (k) {
    case FORGE_EC256:
        return keys[k] = EVP_EC_gen("P-256");
    case FORGE_EC384:
        return keys[k] = EVP_EC_gen("P-384");
    case FORGE_EC521:
        return keys[k] = EVP_EC_gen("P-521");
    case FORGE_K256:
        return keys[k] = EVP_EC_gen("secp256k1");
    case FORGE_WEAK:
        return keys[k] = EVP_RSA_gen(1024);
    case FORGE_IDP_NEXT:
        return keys[k] = EVP_RSA_gen(3072);
    default:
        return keys[k] = EVP_RSA_gen(2048);
    }
}

static struct arena *texts(void)
{
    static struct arena *kept;

    return kept != NULL ? kept : (kept = arena_new());
}

static struct str from_bio(struct arena *a, BIO *bio)
{
    char *p;
    long n = BIO_get_mem_data(bio, &p);
    struct str s = arena_str(a, str_n(p, (size_t)n));

    BIO_free(bio);
    return s;
}

struct str forge_pem(enum forge_key key)
{
    BIO *bio = BIO_new(BIO_s_mem());

    (void)PEM_write_bio_PUBKEY(bio, key_of(key));
    return from_bio(texts(), bio);
}

struct str forge_private(enum forge_key key)
{
    static struct str made[FORGE_KEY_COUNT];

    if (made[key].p == NULL) {
        BIO *bio = BIO_new(BIO_s_mem());
        (void)PEM_write_bio_PrivateKey(bio, key_of(key), NULL, NULL, 0, NULL, NULL);
        made[key] = from_bio(texts(), bio);
    }
    return made[key];
}

static struct str make_certificate(enum forge_key key)
{
    X509 *x = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());

    (void)X509_set_version(x, 2);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    (void)ASN1_TIME_set(X509_getm_notBefore(x), 946684800);
    (void)ASN1_TIME_set(X509_getm_notAfter(x), 978307200);
    (void)X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"city", -1,
                                     -1, 0);
    (void)X509_set_issuer_name(x, X509_get_subject_name(x));
    (void)X509_set_pubkey(x, key_of(key));
    (void)X509_sign(x, key_of(key), EVP_sha256());
    (void)PEM_write_bio_X509(bio, x);
    X509_free(x);
    return from_bio(texts(), bio);
}

struct str forge_certificate(enum forge_key key)
{
    static struct str made[FORGE_KEY_COUNT];

    if (made[key].p == NULL)
        made[key] = make_certificate(key);
    return made[key];
}

struct keyring *forge_keyring(struct arena *a, enum forge_key key)
{
    struct keyring *k = keyring_new(a);
    struct fail f = { 0 };

    (void)keyring_add_pem(k, forge_certificate(key), &f);
    return k;
}

struct keyring *forge_city(struct arena *a)
{
    static const enum forge_key all[] = { FORGE_IDP_NEXT, FORGE_IDP, FORGE_EC256, FORGE_EC384, FORGE_EC521 };
    struct keyring *k = keyring_new(a);
    struct fail f = { 0 };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        (void)keyring_add_pem(k, forge_certificate(all[i]), &f);
    return k;
}

/* --- texts ------------------------------------------------------------------ */

struct str forge_file(struct arena *a, const char *name)
{
    return str_trim(test_file(a, arena_cstr(a, arena_printf(a, "tests/saml/answers/%s.xml", name))));
}

struct str forge_replace(struct arena *a, struct str text, const char *from, const char *to)
{
    struct buf b = buf_new(a, TEXT_MAX_B);
    struct str what = str_of(from);

    for (;;) {
        size_t at = str_find(text, what);
        buf_add(&b, str_sub(text, 0, at));
        if (at == text.n)
            return buf_str(&b);
        buf_add(&b, str_of(to));
        text = str_from(text, at + what.n);
    }
}

struct str forge_unmark(struct arena *a, struct str text)
{
    return forge_replace(a, forge_replace(a, text, "@R@", ""), "@A@", "");
}

struct str forge_cut(struct str text, const char *local)
{
    for (size_t at = str_find_byte(text, '<', 0); at < text.n; at = str_find_byte(text, '<', at + 1)) {
        size_t end = at + 1;
        while (end < text.n && strchr(" \t\r\n/>", text.p[end]) == NULL)
            end++;
        struct str name = str_sub(text, at + 1, end - at - 1);
        size_t colon = str_find_byte(name, ':', 0);
        if (!str_eq(colon < name.n ? str_from(name, colon + 1) : name, str_of(local)))
            continue;
        for (size_t close = at; close + name.n + 3 <= text.n; close++)
            if (text.p[close] == '<' && text.p[close + 1] == '/' && str_eq(str_sub(text, close + 2, name.n), name) &&
                text.p[close + 2 + name.n] == '>')
                return str_sub(text, at, close + name.n + 3 - at);
    }
    return (struct str){ NULL, 0 };
}

/* --- canonical form, as a signer makes it ------------------------------------ */

struct within {
    xmlNode *apex;
};

static int is_within(void *with, xmlNodePtr node, xmlNodePtr parent)
{
    const struct within *w = with;
    const xmlNode *n = node->type == XML_ATTRIBUTE_NODE || node->type == XML_NAMESPACE_DECL ? parent : node;

    for (; n != NULL && n->type == XML_ELEMENT_NODE ? 1 : n != NULL; n = n->parent)
        if (n == w->apex)
            return 1;
    return 0;
}

static xmlNode *find_id(xmlNode *n, const char *id)
{
    for (; n != NULL; n = n->next) {
        if (n->type != XML_ELEMENT_NODE)
            continue;
        xmlChar *own = xmlGetNoNsProp(n, (const xmlChar *)"ID");
        bool found = own != NULL && strcmp((char *)own, id) == 0;
        xmlFree(own);
        if (found)
            return n;
        xmlNode *deeper = find_id(n->children, id);
        if (deeper != NULL)
            return deeper;
    }
    return NULL;
}

static xmlNode *child_named(xmlNode *n, const char *name)
{
    for (n = n->children; n != NULL; n = n->next)
        if (n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0)
            return n;
    return NULL;
}

static struct str canonical_of(struct arena *a, xmlDoc *doc, xmlNode *apex, const char *prefix_list, bool exclusive)
{
    struct within w = { apex };
    xmlChar *prefixes[16] = { NULL };
    size_t n = 0;
    struct str rest = str_of(prefix_list != NULL ? prefix_list : ""), part;
    xmlBuffer *memory = xmlBufferCreate();
    xmlOutputBuffer *io = xmlOutputBufferCreateBuffer(memory, NULL);

    while (n < 15 && str_split(&rest, ' ', &part))
        if (part.n > 0)
            prefixes[n++] = (xmlChar *)arena_cstr(a, part);
    (void)xmlC14NExecute(doc, is_within, &w, exclusive ? XML_C14N_EXCLUSIVE_1_0 : XML_C14N_1_0, prefixes, 0, io);
    (void)xmlOutputBufferClose(io);
    struct str out = arena_str(a, str_n(xmlBufferContent(memory), (size_t)xmlBufferLength(memory)));
    xmlBufferFree(memory);
    return out;
}

static xmlDoc *parse(struct str text)
{
    return xmlReadMemory(text.p, (int)text.n, NULL, NULL, XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOENT);
}

/* --- signing ---------------------------------------------------------------- */

static const EVP_MD *md_of(const char *uri)
{
    return strstr(uri, "sha512") != NULL   ? EVP_sha512()
           : strstr(uri, "sha384") != NULL ? EVP_sha384()
           : strstr(uri, "sha1") != NULL   ? EVP_sha1()
           : strstr(uri, "md5") != NULL    ? EVP_md5()
                                           : EVP_sha256();
}

static struct str digest_of(struct arena *a, struct str bytes, const char *uri)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    (void)EVP_Digest(bytes.p, bytes.n, out, &n, md_of(uri), NULL);
    return b64_encode(a, str_n(out, n));
}

static struct str in_lines(struct arena *a, struct str s, bool lines)
{
    struct buf b = buf_new(a, TEXT_MAX_B);

    if (!lines)
        return s;
    for (size_t i = 0; i < s.n; i += 76) {
        buf_byte(&b, '\n');
        buf_add(&b, str_sub(s, i, 76));
    }
    buf_byte(&b, '\n');
    return buf_str(&b);
}

/* r and s, each as long as the curve's order, from DER. */
static struct str raw_ecdsa(struct arena *a, EVP_PKEY *key, const unsigned char *der, size_t n)
{
    int half = (EVP_PKEY_get_bits(key) + 7) / 8;
    unsigned char *out = arena_alloc(a, (size_t)half * 2);
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);

    (void)BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, half);
    (void)BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, half);
    ECDSA_SIG_free(sig);
    return str_n(out, (size_t)half * 2);
}

static bool is_pss(const char *method)
{
    return strstr(method, "MGF1") != NULL || strstr(method, "rsa-pss") != NULL;
}

static struct str sign_bytes(struct arena *a, struct str bytes, const struct forge_sign *how, const char *method)
{
    unsigned char *out = arena_alloc(a, 1024);
    size_t n = 1024;
    EVP_PKEY *key = key_of(how->key);
    EVP_PKEY *secret = NULL;

    if (how->hmac) {
        struct str pem = forge_certificate(how->key);
        secret = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, (const unsigned char *)pem.p, pem.n);
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *padding = NULL;
    (void)EVP_DigestSignInit(ctx, &padding, md_of(method), NULL, secret != NULL ? secret : key);
    if (is_pss(method) && !how->pkcs1 && EVP_PKEY_is_a(key, "RSA")) {
        (void)EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING);
        (void)EVP_PKEY_CTX_set_rsa_mgf1_md(padding, how->pss_mgf != NULL ? md_of(how->pss_mgf) : md_of(method));
        (void)EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, how->pss_salt != 0 ? how->pss_salt : RSA_PSS_SALTLEN_DIGEST);
    }
    (void)EVP_DigestSign(ctx, out, &n, (const unsigned char *)bytes.p, bytes.n);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(secret);
    if (EVP_PKEY_is_a(key, "EC") && !how->der && !how->hmac)
        return raw_ecdsa(a, key, out, n);
    return str_n(out, n);
}

static const char *usual(const char *given, const char *otherwise)
{
    return given != NULL ? given : otherwise;
}

/* Text with elements written as <ds:X>, turned to the wanted prefix. */
static struct str with_prefix(struct arena *a, struct str text, const char *prefix)
{
    if (prefix == NULL || strcmp(prefix, "ds") == 0)
        return text;
    const char *colon = prefix[0] != '\0' ? ":" : "";
    text = forge_replace(a, text, "<ds:", arena_cstr(a, arena_printf(a, "<%s%s", prefix, colon)));
    text = forge_replace(a, text, "</ds:", arena_cstr(a, arena_printf(a, "</%s%s", prefix, colon)));
    return forge_replace(
        a, text, "xmlns:ds=", arena_cstr(a, arena_printf(a, "xmlns%s%s=", prefix[0] != '\0' ? ":" : "", prefix)));
}

static struct str inclusive(struct arena *a, const char *list)
{
    if (list == NULL)
        return S("");
    return arena_printf(a, "<ec:InclusiveNamespaces xmlns:ec=\"" EXC "\" PrefixList=\"%s\"></ec:InclusiveNamespaces>",
                        list);
}

static struct str signed_info(struct arena *a, const char *id, struct str digest, const struct forge_sign *how,
                              const char *method, const char *digest_uri)
{
    const char *g = usual(how->gap, "");
    struct str ec = inclusive(a, how->prefix_list);
    struct str uri = how->uri != NULL && strcmp(how->uri, "-") == 0 ? S("")
                     : how->uri != NULL                             ? arena_printf(a, " URI=\"%s\"", how->uri)
                                                                    : arena_printf(a, " URI=\"#%s\"", id);
    struct str transforms =
        how->transforms != NULL
            ? str_of(how->transforms)
            : arena_printf(a,
                           "%s<ds:Transform Algorithm=\"" DS "enveloped-signature\"></ds:Transform>%s"
                           "<ds:Transform Algorithm=\"" EXC "\">%.*s</ds:Transform>%s",
                           g, g, STR_ARG(ec), g);
    struct buf b = buf_new(a, TEXT_MAX_B);
    buf_printf(&b, "<ds:SignedInfo>%s%s<ds:CanonicalizationMethod Algorithm=\"%s\">%.*s</ds:CanonicalizationMethod>%s",
               g, usual(how->before_info, ""), usual(how->c14n, EXC), STR_ARG(ec), g);
    buf_printf(&b, "<ds:SignatureMethod Algorithm=\"%s\">%s</ds:SignatureMethod>%s", method,
               usual(how->method_inner, ""), g);
    buf_printf(&b, "<ds:Reference%.*s>%s<ds:Transforms>", STR_ARG(uri), g);
    buf_add(&b, transforms);
    buf_printf(&b, "</ds:Transforms>%s<ds:DigestMethod Algorithm=\"%s\"></ds:DigestMethod>%s<ds:DigestValue>", g,
               digest_uri, g);
    buf_add(&b, forge_replace(a, str_of(usual(how->digest_as, "%s")), "%s", arena_cstr(a, digest)));
    buf_printf(&b, "</ds:DigestValue>%s</ds:Reference>%s%s</ds:SignedInfo>", g, g, usual(how->more_info, ""));
    return buf_str(&b);
}

struct str forge_sign(struct arena *a, struct str text, const char *id, const char *mark, const struct forge_sign *how)
{
    bool ec = EVP_PKEY_is_a(key_of(how->key), "EC") == 1;
    const char *method = usual(how->method, ec ? MORE "ecdsa-sha256" : MORE "rsa-sha256");
    const char *digest_uri = usual(how->digest, XENC "sha256");
    bool exclusive = strstr(usual(how->c14n, EXC), "exc-c14n") != NULL;
    xmlDoc *doc = parse(forge_replace(a, text, mark, ""));
    xmlNode *apex = doc != NULL ? find_id(xmlDocGetRootElement(doc), id) : NULL;
    struct str digest = S("");

    if (apex != NULL)
        digest = digest_of(a, canonical_of(a, doc, apex, how->prefix_list, true), digest_uri);
    xmlFreeDoc(doc);
    struct str info = signed_info(a, id, in_lines(a, digest, false), how, method, digest_uri);
    struct buf b = buf_new(a, TEXT_MAX_B);
    const char *g = usual(how->gap, "");
    if (how->whole != NULL) {
        buf_add(&b, forge_replace(a, str_of(how->whole), "@INFO@", arena_cstr(a, info)));
    } else {
        buf_printf(&b, "<ds:Signature xmlns:ds=\"" DS "\">%s", g);
        buf_add(&b, info);
        buf_printf(&b, "%s<ds:SignatureValue>@VALUE@</ds:SignatureValue>%s%s%s</ds:Signature>", g,
                   usual(how->key_info, ""), g, usual(how->tail, ""));
    }
    text = forge_replace(a, text, mark, arena_cstr(a, with_prefix(a, buf_str(&b), how->prefix)));
    doc = parse(text);
    apex = doc != NULL ? find_id(xmlDocGetRootElement(doc), id) : NULL;
    xmlNode *signature = apex != NULL ? child_named(apex, "Signature") : NULL;
    struct str value = S("");
    if (signature != NULL && child_named(signature, "SignedInfo") != NULL) {
        struct str bytes = canonical_of(a, doc, child_named(signature, "SignedInfo"), how->prefix_list, exclusive);
        value = in_lines(a, b64_encode(a, sign_bytes(a, bytes, how, method)), how->lines);
    }
    xmlFreeDoc(doc);
    value = forge_replace(a, str_of(usual(how->value_as, "%s")), "%s", arena_cstr(a, value));
    return forge_replace(a, text, "@VALUE@", arena_cstr(a, value));
}

struct str forge_sign_assertion(struct arena *a, struct str text, const struct forge_sign *how)
{
    return forge_sign(a, text, "_assertion1", "@A@", how);
}

struct str forge_sign_response(struct arena *a, struct str text, const struct forge_sign *how)
{
    return forge_sign(a, text, "_response1", "@R@", how);
}

/* --- encryption -------------------------------------------------------------- */

static const EVP_CIPHER *cipher_of(const char *uri, size_t *key_B, bool *gcm)
{
    *gcm = strstr(uri, "gcm") != NULL;
    *key_B = strstr(uri, "128") != NULL ? 16 : strstr(uri, "192") != NULL ? 24 : 32;
    if (!*gcm)
        return *key_B == 16 ? EVP_aes_128_cbc() : EVP_aes_256_cbc();
    return *key_B == 16 ? EVP_aes_128_gcm() : *key_B == 24 ? EVP_aes_192_gcm() : EVP_aes_256_gcm();
}

static struct str seal(struct arena *a, struct str plain, const char *uri, unsigned char *key, size_t *key_B)
{
    bool gcm;
    const EVP_CIPHER *cipher = cipher_of(uri, key_B, &gcm);
    size_t iv_B = gcm ? 12 : 16;
    unsigned char *out = arena_alloc(a, iv_B + plain.n + 48);
    int some = 0, rest = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    (void)RAND_bytes(key, 32);
    (void)RAND_bytes(out, (int)iv_B);
    (void)EVP_EncryptInit_ex(ctx, cipher, NULL, key, out);
    (void)EVP_EncryptUpdate(ctx, out + iv_B, &some, (const unsigned char *)plain.p, (int)plain.n);
    (void)EVP_EncryptFinal_ex(ctx, out + iv_B + some, &rest);
    size_t n = iv_B + (size_t)some + (size_t)rest;
    if (gcm) {
        (void)EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, 16, out + n);
        n += 16;
    }
    EVP_CIPHER_CTX_free(ctx);
    return str_n(out, n);
}

static struct str wrap(struct arena *a, enum forge_key to, const unsigned char *key, size_t key_B,
                       const struct forge_encrypt *how)
{
    unsigned char *out = arena_alloc(a, 512);
    size_t n = 512;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key_of(to), NULL);
    bool oaep = strstr(usual(how->transport, "oaep"), "oaep") != NULL;

    (void)EVP_PKEY_encrypt_init(ctx);
    (void)EVP_PKEY_CTX_set_rsa_padding(ctx, oaep ? RSA_PKCS1_OAEP_PADDING : RSA_PKCS1_PADDING);
    if (oaep) {
        (void)EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md_of(usual(how->digest, "sha1")));
        (void)EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md_of(usual(how->mgf, "sha1")));
    }
    (void)EVP_PKEY_encrypt(ctx, out, &n, key, key_B);
    EVP_PKEY_CTX_free(ctx);
    return b64_encode(a, str_n(out, n));
}

static struct str encrypted_key(struct arena *a, enum forge_key to, const unsigned char *key, size_t key_B,
                                const struct forge_encrypt *how, const char *id)
{
    struct str digest = how->digest != NULL
                            ? arena_printf(a, "<ds:DigestMethod xmlns:ds=\"" DS "\" Algorithm=\"%s\"/>", how->digest)
                            : S("");
    struct str mgf = how->mgf != NULL && !how->mgf_unsaid
                         ? arena_printf(a, "<xenc11:MGF xmlns:xenc11=\"" XENC11 "\" Algorithm=\"%s\"/>", how->mgf)
                         : S("");
    struct str cipher = in_lines(a, wrap(a, to, key, key_B, how), how->lines);

    return arena_printf(a,
                        "<xenc:EncryptedKey xmlns:xenc=\"" XENC "\" Id=\"%s\" Recipient=\"" FORGE_SP "\">"
                        "<xenc:EncryptionMethod Algorithm=\"%s\">%.*s%.*s</xenc:EncryptionMethod>"
                        "<xenc:CipherData><xenc:CipherValue>%.*s</xenc:CipherValue></xenc:CipherData>"
                        "</xenc:EncryptedKey>",
                        id, usual(how->transport, XENC "rsa-oaep-mgf1p"), STR_ARG(digest), STR_ARG(mgf),
                        STR_ARG(cipher));
}

/* The element as its encrypter serializes it: with the namespaces that it needs. */
static struct str stand_alone(struct arena *a, struct str text, struct str element, const char *local)
{
    xmlDoc *doc = parse(text);
    struct str out = element;

    for (xmlNode *n = doc != NULL ? xmlDocGetRootElement(doc) : NULL; n != NULL;) {
        if (strcmp((const char *)n->name, local) == 0) {
            out = canonical_of(a, doc, n, NULL, false);
            break;
        }
        xmlNode *next = n->type == XML_ELEMENT_NODE ? n->children : NULL;
        while (next == NULL && n != NULL) {
            next = n->next;
            n = next == NULL ? n->parent : n;
        }
        n = next;
    }
    xmlFreeDoc(doc);
    return out;
}

static struct str encrypted_data(struct arena *a, struct str plain, const struct forge_encrypt *how, struct str *beside)
{
    unsigned char key[32];
    size_t key_B;
    const char *content = usual(how->content, XENC11 "aes256-gcm");
    struct str sealed = seal(a, plain, content, key, &key_B);
    struct buf keys = buf_new(a, TEXT_MAX_B), b = buf_new(a, TEXT_MAX_B);

    if (how->break_tag)
        *(char *)(uintptr_t)(sealed.p + sealed.n - 1) ^= 1;
    for (size_t i = 0; i < 6 && how->keys[i] != FORGE_IDP; i++)
        buf_add(&keys, encrypted_key(
                           a, how->keys[i], key, key_B, how,
                           arena_cstr(a, arena_printf(a, "_ek_%s_%zu", usual(how->holder, "EncryptedAssertion"), i))));
    buf_printf(&b,
               "<xenc:EncryptedData xmlns:xenc=\"" XENC "\" Type=\"%s\">"
               "<xenc:EncryptionMethod Algorithm=\"%s\"/>",
               usual(how->type, XENC "Element"), content);
    if (how->place == FORGE_INSIDE) {
        buf_add(&b, S("<ds:KeyInfo xmlns:ds=\"" DS "\">"));
        buf_add(&b, buf_str(&keys));
        buf_add(&b, S("</ds:KeyInfo>"));
    } else if (how->place == FORGE_BESIDE_BY_REFERENCE) {
        buf_printf(&b,
                   "<ds:KeyInfo xmlns:ds=\"" DS "\"><ds:RetrievalMethod "
                   "Type=\"" XENC "EncryptedKey\" URI=\"#_ek_%s_0\"/></ds:KeyInfo>",
                   usual(how->holder, "EncryptedAssertion"));
    }
    buf_add(&b, S("<xenc:CipherData><xenc:CipherValue>"));
    buf_add(&b, in_lines(a, b64_encode(a, sealed), how->lines));
    buf_add(&b, S("</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>"));
    *beside = how->place == FORGE_INSIDE ? S("") : buf_str(&keys);
    return buf_str(&b);
}

static struct str put_encrypted(struct arena *a, struct str text, struct str element, struct str secret,
                                const struct forge_encrypt *how)
{
    struct forge_encrypt asked = *how;
    const char *holder = usual(how->holder, "EncryptedAssertion");
    struct str beside;

    if (asked.keys[0] == FORGE_IDP)
        asked.keys[0] = FORGE_SP1;
    struct str data = encrypted_data(a, secret, &asked, &beside);
    struct buf b = buf_new(a, TEXT_MAX_B);
    buf_add(&b, str_n(text.p, (size_t)(element.p - text.p)));
    buf_printf(&b, "<saml:%s xmlns:saml=\"" SAML_NS_ASSERTION "\">", holder);
    buf_add(&b, data);
    buf_add(&b, beside);
    buf_printf(&b, "</saml:%s>", holder);
    buf_add(&b, str_from(text, (size_t)(element.p - text.p) + element.n));
    return buf_str(&b);
}

struct str forge_encrypt(struct arena *a, struct str text, const char *local, const struct forge_encrypt *how)
{
    struct str element = forge_cut(text, local);

    return put_encrypted(a, text, element, how->in_place ? element : stand_alone(a, text, element, local), how);
}

struct str forge_encrypt_text(struct arena *a, struct str text, const char *local, struct str secret)
{
    static const struct forge_encrypt usual_way;

    return put_encrypted(a, text, forge_cut(text, local), secret, &usual_way);
}

/* --- verifying ---------------------------------------------------------------- */

struct saml_rules forge_rules(const struct keyring *keys)
{
    return (struct saml_rules){ .keys = keys,
                                .issuer = S(FORGE_ISSUER),
                                .sp = S(FORGE_SP),
                                .acs = S(FORGE_ACS),
                                .request_id = S(FORGE_REQUEST),
                                .now_s = TEST_NOW_S,
                                .skew_s = 180 };
}

const struct saml_assertion *forge_verify(struct arena *a, struct str text, const struct saml_rules *rules,
                                          struct fail *f)
{
    static const enum oaep_hash same[] = { OAEP_NONE, OAEP_SHA1, OAEP_SHA256, OAEP_SHA384, OAEP_SHA512 };
    static struct local_keys *keys;
    struct fail own = { 0 };
    struct saml_answer *m = NULL;

    if (keys == NULL)
        keys = local_keys_read(texts(), local_keys_read(texts(), NULL, forge_private(FORGE_SP1), &own),
                               forge_private(FORGE_SP2), &own);
    enum saml_state state = saml_open(a, text, rules, &m, f);

    while (state == SAML_NEEDS_KEY) {
        const struct encrypted *e = saml_wrapped(m);
        struct str key = { NULL, 0 };
        for (size_t i = 0; i < e->wrapped_count && key.p == NULL; i++)
            if (!local_keys_unwrap(a, keys, same[e->wrapped[i].digest], same[e->wrapped[i].mgf], e->wrapped[i].cipher,
                                   &key))
                key = (struct str){ NULL, 0 };
        state = saml_unwrapped(m, key, f);
    }
    return state == SAML_PROVEN ? saml_assertion(m) : NULL;
}

static void write_file(const char *folder, const char *name, const char *end, struct str text)
{
    char path[1024];

    (void)snprintf(path, sizeof path, "%s/%s%s", folder, name, end);
    FILE *out = fopen(path, "wb");
    if (out == NULL)
        return;
    (void)fwrite(text.p, 1, text.n, out);
    (void)fclose(out);
}

void forge_dump(const char *name, const char *expected, struct str text)
{
    const char *folder = getenv("DIGIONE_SAML_DUMP");
    static bool keys_written;

    if (folder == NULL)
        return;
    if (!keys_written) {
        struct str all = arena_join(texts(), forge_certificate(FORGE_IDP), forge_certificate(FORGE_IDP_NEXT));
        all = arena_join(texts(), all, forge_certificate(FORGE_EC256));
        all = arena_join(texts(), all, forge_certificate(FORGE_EC384));
        all = arena_join(texts(), all, forge_certificate(FORGE_EC521));
        write_file(folder, "idp", ".pem", all);
        write_file(folder, "idp-rsa", ".pem", forge_certificate(FORGE_IDP));
        write_file(folder, "sp", ".pem", arena_join(texts(), forge_private(FORGE_SP1), forge_private(FORGE_SP2)));
        keys_written = true;
    }
    write_file(folder, name, ".xml", text);
    write_file(folder, name, ".expected", str_of(expected));
}
