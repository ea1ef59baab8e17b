/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/codec.h"
#include "base/world.h"
#include "wire/algorithms.h"
#include "wire/xml_canon.h"
#include "wire/xmlenc.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define DS     "http://www.w3.org/2000/09/xmldsig#"
#define SAML   "urn:oasis:names:tc:SAML:2.0:assertion"
#define XENC   "http://www.w3.org/2001/04/xmlenc#"
#define XENC11 "http://www.w3.org/2009/xmlenc11#"

enum { GCM_NONCE_B = 12, CBC_NONCE_B = 16, TAG_B = 16, BLOCK_B = 16, KEY_MAX_B = 32, SEALED_MAX_B = 1 << 20 };

static const struct content {
    const char *uri;
    size_t key_B, nonce_B, tag_B;
    const EVP_CIPHER *(*cipher)(void);
} contents[] = {
    [XMLENC_AES128_GCM] = { XENC11 "aes128-gcm", 16, GCM_NONCE_B, TAG_B, EVP_aes_128_gcm },
    [XMLENC_AES256_GCM] = { XENC11 "aes256-gcm", 32, GCM_NONCE_B, TAG_B, EVP_aes_256_gcm },
    [XMLENC_AES128_CBC] = { XENC "aes128-cbc", 16, CBC_NONCE_B, 0, EVP_aes_128_cbc },
    [XMLENC_AES256_CBC] = { XENC "aes256-cbc", 32, CBC_NONCE_B, 0, EVP_aes_256_cbc },
};

static const struct hash {
    const char *uri, *mgf_uri;
    const EVP_MD *(*md)(void);
} hashes[] = {
    [XMLENC_SHA1] = { DS "sha1", XENC11 "mgf1sha1", EVP_sha1 },
    [XMLENC_SHA256] = { XENC "sha256", XENC11 "mgf1sha256", EVP_sha256 },
};

static const struct content *content_of(const struct xmlenc_how *how)
{
    size_t i = (size_t)how->content;

    return i < sizeof contents / sizeof contents[0] && contents[i].uri != NULL &&
                   algorithm_taken(str_of(contents[i].uri))
               ? &contents[i]
               : NULL;
}

static const struct hash *hash_of(enum xmlenc_hash h)
{
    size_t i = (size_t)h;

    return i < sizeof hashes / sizeof hashes[0] && hashes[i].uri != NULL && algorithm_taken(str_of(hashes[i].uri))
               ? &hashes[i]
               : NULL;
}

/* --- keys ---------------------------------------------------------------------- */

/* The public key of a certificate, of which nothing else counts [IIP-MD12]; NULL when it is none. */
static EVP_PKEY *public_key(struct str der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    X509 *x = der.p != NULL ? d2i_X509(NULL, &p, (long)der.n) : NULL;
    EVP_PKEY *key = x != NULL ? X509_get_pubkey(x) : NULL;

    X509_free(x);
    return key;
}

static bool is_strong(const EVP_PKEY *key)
{
    int bits = EVP_PKEY_get_bits(key);

    return EVP_PKEY_is_a(key, "RSA") && bits >= DSIG_RSA_LEAST_BITS && bits <= DSIG_RSA_MOST_BITS;
}

bool xmlenc_can_seal(struct str der)
{
    EVP_PKEY *key = public_key(der);
    bool can = key != NULL && is_strong(key);

    EVP_PKEY_free(key);
    return can;
}

/* OAEP without label [XML Encryption 1.1, 5.5.2]. */
static bool wrap_with(EVP_PKEY *key, const struct hash *digest, const struct hash *mgf, struct str content_key,
                      unsigned char *out, size_t *n)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    bool ok = ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_oaep_md(ctx, digest->md()) == 1 &&
              EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf->md()) == 1 &&
              EVP_PKEY_encrypt(ctx, out, n, (const unsigned char *)content_key.p, content_key.n) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static bool wrap(struct arena *a, const struct xmlenc_how *how, const struct hash *digest, const struct hash *mgf,
                 struct str content_key, struct str *out, struct fail *f)
{
    EVP_PKEY *key = public_key(how->certificate);
    bool strong = key != NULL && is_strong(key), wrapped = false;
    size_t n = strong ? (size_t)EVP_PKEY_get_size(key) : 0;
    unsigned char *p = arena_alloc(a, n);

    if (strong)
        wrapped = wrap_with(key, digest, mgf, content_key, p, &n);
    EVP_PKEY_free(key);
    *out = str_n(p, n);
    if (wrapped)
        return true;
    if (key == NULL)
        return fail(f, FAIL_UPSTREAM, "key_unreadable", "what is to be encrypted to is no certificate");
    return strong ? fail(f, FAIL_OURS, "enc_broken", "OpenSSL cannot wrap a key")
                  : fail(f, FAIL_UPSTREAM, "key_weak", "to encrypt to: RSA of %d bits or more", DSIG_RSA_LEAST_BITS);
}

/* --- content -------------------------------------------------------------------- */

/* Nonce, ciphertext, tag; CBC pads by PKCS #7, which is a form of what XML Encryption asks for [5.2]. */
static bool seal(struct arena *a, const struct world *w, const struct content *content, struct str key,
                 struct str plain, struct str *out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char *p = arena_alloc(a, content->nonce_B + plain.n + BLOCK_B + TAG_B);
    unsigned char *text = p + content->nonce_B;
    int some = 0, rest = 0;

    world_random(w, p, content->nonce_B);
    bool ok = ctx != NULL && EVP_EncryptInit_ex(ctx, content->cipher(), NULL, (const unsigned char *)key.p, p) == 1 &&
              EVP_EncryptUpdate(ctx, text, &some, (const unsigned char *)plain.p, (int)plain.n) == 1 &&
              EVP_EncryptFinal_ex(ctx, text + some, &rest) == 1 &&
              (content->tag_B == 0 ||
               EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, (int)content->tag_B, text + some + rest) == 1);
    EVP_CIPHER_CTX_free(ctx);
    *out = str_n(p, content->nonce_B + (size_t)some + (size_t)rest + content->tag_B);
    return ok;
}

/* --- the element ------------------------------------------------------------------ */

static void cipher_data(struct buf *b, struct arena *a, struct str bytes)
{
    buf_add(b, S("<xenc:CipherData><xenc:CipherValue>"));
    buf_add(b, b64_encode(a, bytes));
    buf_add(b, S("</xenc:CipherValue></xenc:CipherData>"));
}

static void key_method(struct buf *b, const struct xmlenc_how *how, const struct hash *digest, const struct hash *mgf)
{
    buf_printf(b, "<xenc:EncryptionMethod Algorithm=\"%s\">", how->newer ? XENC11 "rsa-oaep" : XENC "rsa-oaep-mgf1p");
    buf_printf(b, "<ds:DigestMethod Algorithm=\"%s\"></ds:DigestMethod>", digest->uri);
    if (how->newer)
        buf_printf(b, "<xenc11:MGF xmlns:xenc11=\"" XENC11 "\" Algorithm=\"%s\"></xenc11:MGF>", mgf->mgf_uri);
    buf_add(b, S("</xenc:EncryptionMethod>"));
}

static void encrypted_key(struct buf *b, struct arena *a, const struct xmlenc_how *how, const struct hash *digest,
                          const struct hash *mgf, struct str wrapped)
{
    buf_add(b, S("<xenc:EncryptedKey"));
    canon_attribute(b, "Recipient", how->recipient);
    buf_byte(b, '>');
    key_method(b, how, digest, mgf);
    buf_add(b, S("<ds:KeyInfo><ds:X509Data><ds:X509Certificate>"));
    buf_add(b, b64_encode(a, how->certificate));
    buf_add(b, S("</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"));
    cipher_data(b, a, wrapped);
    buf_add(b, S("</xenc:EncryptedKey>"));
}

struct str xmlenc_seal(struct arena *a, const struct world *w, const struct xmlenc_how *how, const char *holder,
                       struct str element, struct fail *f)
{
    const struct content *content = content_of(how);
    const struct hash *digest = hash_of(how->digest), *mgf = hash_of(how->newer ? how->mgf : XMLENC_SHA1);
    const struct str none = { NULL, 0 };
    unsigned char key[KEY_MAX_B];
    struct str wrapped, cipher;

    if (content == NULL || digest == NULL || mgf == NULL)
        return fail(f, FAIL_UPSTREAM, "enc_algorithm", "no such way to encrypt"), none;
    world_random(w, key, content->key_B);
    struct str content_key = str_n(key, content->key_B);
    bool ok = wrap(a, how, digest, mgf, content_key, &wrapped, f);
    if (ok && !seal(a, w, content, content_key, element, &cipher))
        ok = fail(f, FAIL_OURS, "enc_broken", "OpenSSL cannot encrypt");
    OPENSSL_cleanse(key, sizeof key);
    if (!ok)
        return none;
    struct buf b = buf_new(a, SEALED_MAX_B);
    buf_printf(&b, "<%s xmlns:saml=\"" SAML "\"><xenc:EncryptedData xmlns:xenc=\"" XENC "\" Type=\"" XENC "Element\">",
               holder);
    buf_printf(&b, "<xenc:EncryptionMethod Algorithm=\"%s\"></xenc:EncryptionMethod><ds:KeyInfo xmlns:ds=\"" DS "\">",
               content->uri);
    encrypted_key(&b, a, how, digest, mgf, wrapped);
    buf_add(&b, S("</ds:KeyInfo>"));
    cipher_data(&b, a, cipher);
    buf_printf(&b, "</xenc:EncryptedData></%s>", holder);
    return buf_ok(&b) ? buf_str(&b) : (fail(f, FAIL_OURS, "enc_broken", "too large to be encrypted"), none);
}
