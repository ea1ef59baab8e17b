/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/xmlenc.h"

#include "wire/algorithms.h"

#include <libxml/tree.h>
#include <openssl/evp.h>

#define DS     "http://www.w3.org/2000/09/xmldsig#"
#define XENC   "http://www.w3.org/2001/04/xmlenc#"
#define XENC11 "http://www.w3.org/2009/xmlenc11#"
#define DSMORE "http://www.w3.org/2001/04/xmldsig-more#"

enum { GCM_NONCE_B = 12, GCM_TAG_B = 16 };

/* --- reading ---------------------------------------------------------------- */

static size_t content_key_B(struct str algorithm)
{
    if (!algorithm_taken(algorithm))
        return 0;
    if (str_eq(algorithm, S(XENC11 "aes128-gcm")))
        return 16;
    if (str_eq(algorithm, S(XENC11 "aes192-gcm")))
        return 24;
    return str_eq(algorithm, S(XENC11 "aes256-gcm")) ? 32 : 0;
}

static enum xmlenc_hash digest_named(struct str uri)
{
    if (!algorithm_taken(uri) && !str_eq(uri, S(XENC "sha384")))
        return XMLENC_NO_HASH;
    if (str_eq(uri, S(DS "sha1")))
        return XMLENC_SHA1;
    if (str_eq(uri, S(XENC "sha256")))
        return XMLENC_SHA256;
    if (str_eq(uri, S(DSMORE "sha384")) || str_eq(uri, S(XENC "sha384")))
        return XMLENC_SHA384;
    return str_eq(uri, S(XENC "sha512")) ? XMLENC_SHA512 : XMLENC_NO_HASH;
}

static enum xmlenc_hash mgf_named(struct str uri)
{
    if (str_eq(uri, S(XENC11 "mgf1sha1")))
        return XMLENC_SHA1;
    if (str_eq(uri, S(XENC11 "mgf1sha256")))
        return XMLENC_SHA256;
    if (str_eq(uri, S(XENC11 "mgf1sha384")))
        return XMLENC_SHA384;
    return str_eq(uri, S(XENC11 "mgf1sha512")) ? XMLENC_SHA512 : XMLENC_NO_HASH;
}

static struct str algorithm_of(struct arena *a, const struct _xmlNode *n)
{
    return xml_attr(a, n, NULL, "Algorithm");
}

/* CipherData with its CipherValue; a CipherReference would be fetched from somewhere. */
static bool read_cipher(struct arena *a, const struct _xmlNode *n, struct str *out)
{
    const struct _xmlNode *data = xml_child(n, XENC, "CipherData");
    const struct _xmlNode *value = data != NULL ? xml_first(data) : NULL;

    return xml_is(value, XENC, "CipherValue") && xml_next(value) == NULL && xml_only_elements(data) &&
           xml_first(value) == NULL && xml_base64(a, xml_text(a, value), out);
}

/* OAEP with the hashes that the message names, under either of its two URIs
 * [XML Encryption 1.1, 5.5.2]; the older one fixes MGF1 to SHA-1. */
static bool read_oaep(struct arena *a, const struct _xmlNode *method, struct wrapped_key *out)
{
    struct str uri = algorithm_of(a, method);
    bool newer = str_eq(uri, S(XENC11 "rsa-oaep"));

    if (!algorithm_taken(uri) || (!newer && !str_eq(uri, S(XENC "rsa-oaep-mgf1p"))))
        return false;
    out->digest = out->mgf = XMLENC_SHA1;
    for (const struct _xmlNode *c = xml_first(method); c != NULL; c = xml_next(c)) {
        if (xml_is(c, DS, "DigestMethod"))
            out->digest = digest_named(algorithm_of(a, c));
        else if (xml_is(c, XENC11, "MGF") && newer)
            out->mgf = mgf_named(algorithm_of(a, c));
        else if (xml_is(c, XENC, "OAEPparams") && str_trim(xml_text(a, c)).n > 0)
            return false; /* a label: nobody sends one */
    }
    if ((out->digest == XMLENC_SHA1 || out->mgf == XMLENC_SHA1) && !algorithm_taken(S(DS "sha1")))
        return false; /* also where it is meant by saying nothing */
    return out->digest != XMLENC_NO_HASH && out->mgf != XMLENC_NO_HASH;
}

/* Libraries on Node and .NET let MGF1 follow the digest where the message does
 * not name it, against the letter of XML Encryption: that is the next thing to try. */
static void add_twin(struct encrypted *e)
{
    struct wrapped_key twin = e->wrapped[e->wrapped_count - 1];

    if (twin.mgf != XMLENC_SHA1 || twin.digest == XMLENC_SHA1)
        return;
    twin.mgf = twin.digest;
    e->wrapped[e->wrapped_count++] = twin;
}

/* What is wrapped in a way that we refuse is passed over: another alternative may do. */
static bool add_wrapped(struct arena *a, const struct _xmlNode *key, struct encrypted *e, struct fail *f)
{
    const struct _xmlNode *method = xml_child(key, XENC, "EncryptionMethod");
    struct wrapped_key *w = &e->wrapped[e->wrapped_count];

    if (e->key_count++ == XMLENC_KEYS_MAX)
        return fail(f, FAIL_UPSTREAM, "enc_structure", "more than %d encrypted keys", XMLENC_KEYS_MAX);
    if (method == NULL || !read_cipher(a, key, &w->cipher))
        return fail(f, FAIL_UPSTREAM, "enc_structure", "EncryptedKey is not as it must be");
    if (w->cipher.n > XMLENC_CIPHER_MAX_B || !read_oaep(a, method, w))
        return true;
    e->wrapped_count++;
    if (xml_child(method, XENC11, "MGF") == NULL)
        add_twin(e);
    return true;
}

static bool add_wrapped_in(struct arena *a, const struct _xmlNode *n, struct str only_id, struct encrypted *e,
                           struct fail *f)
{
    for (const struct _xmlNode *c = xml_first(n); c != NULL; c = xml_next(c)) {
        if (!xml_is(c, XENC, "EncryptedKey"))
            continue;
        if (only_id.p != NULL && !str_eq(xml_attr(a, c, NULL, "Id"), only_id))
            continue;
        if (!add_wrapped(a, c, e, f))
            return false;
    }
    return true;
}

/* RetrievalMethod: where the EncryptedKey is; only ever beside the EncryptedData, never a URL. */
static bool read_key_info(struct arena *a, const struct _xmlNode *holder, const struct _xmlNode *info,
                          struct encrypted *e, struct fail *f)
{
    struct str only_id = { NULL, 0 };
    const struct _xmlNode *way = info != NULL ? xml_child(info, DS, "RetrievalMethod") : NULL;

    if (way != NULL) {
        struct str uri = xml_attr(a, way, NULL, "URI");
        if (uri.n < 2 || uri.p[0] != '#' || xml_first(way) != NULL)
            return fail(f, FAIL_UPSTREAM, "enc_structure", "RetrievalMethod leads elsewhere");
        only_id = str_from(uri, 1);
    }
    return (info == NULL || add_wrapped_in(a, info, (struct str){ NULL, 0 }, e, f)) &&
           add_wrapped_in(a, holder, only_id, e, f);
}

static bool children_ok(const struct _xmlNode *holder)
{
    for (const struct _xmlNode *c = xml_first(holder); c != NULL; c = xml_next(c))
        if (!xml_is(c, XENC, "EncryptedData") && !xml_is(c, XENC, "EncryptedKey"))
            return false;
    return xml_only_elements(holder);
}

/* AD FS has CBC alone; our row keeps the key out of what it reads, so that it does not encrypt at all. */
static bool refuse_content(struct arena *a, const struct _xmlNode *method, struct fail *f)
{
    struct str uri = method != NULL ? algorithm_of(a, method) : (struct str){ NULL, 0 };

    return fail(f, FAIL_UPSTREAM, "enc_algorithm",
                "content is encrypted with %.*s, not with AES-GCM: set the identity provider to it, or "
                "share_encryption_key: false in its row, and let it read our metadata again",
                (int)(uri.n < 64 ? uri.n : 64), uri.p != NULL ? uri.p : "(nothing named)");
}

bool xmlenc_read(struct arena *a, const struct _xmlNode *holder, struct encrypted *out, struct fail *f)
{
    *out = (struct encrypted){ .data = xml_child(holder, XENC, "EncryptedData") };
    if (out->data == NULL || !children_ok(holder))
        return fail(f, FAIL_UPSTREAM, "enc_structure", "not one EncryptedData");
    struct str type = xml_attr(a, out->data, NULL, "Type");
    if (type.p != NULL && !str_eq(type, S(XENC "Element")))
        return fail(f, FAIL_UPSTREAM, "enc_structure", "what is encrypted is not an element");
    const struct _xmlNode *method = xml_child(out->data, XENC, "EncryptionMethod");
    out->key_B = method != NULL ? content_key_B(algorithm_of(a, method)) : 0;
    if (out->key_B == 0)
        return refuse_content(a, method, f);
    if (!read_cipher(a, out->data, &out->cipher) || out->cipher.n < GCM_NONCE_B + GCM_TAG_B)
        return fail(f, FAIL_UPSTREAM, "enc_structure", "EncryptedData is not as it must be");
    if (!read_key_info(a, holder, xml_child(out->data, DS, "KeyInfo"), out, f))
        return false;
    return out->wrapped_count > 0 || fail(f, FAIL_UPSTREAM, "enc_algorithm", "no content key under RSA-OAEP");
}

/* --- opening ---------------------------------------------------------------- */

static const EVP_CIPHER *cipher_of(size_t key_B)
{
    return key_B == 16 ? EVP_aes_128_gcm() : key_B == 24 ? EVP_aes_192_gcm() : EVP_aes_256_gcm();
}

static bool gcm_open(struct arena *a, const struct encrypted *e, struct str key, struct str *plain)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    const unsigned char *p = (const unsigned char *)e->cipher.p;
    size_t n = e->cipher.n - GCM_NONCE_B - GCM_TAG_B;
    struct str tag = arena_str(a, str_sub(e->cipher, GCM_NONCE_B + n, GCM_TAG_B));
    unsigned char *out = arena_alloc(a, n + 1);
    int some = 0, rest = 0;
    union { /* OpenSSL takes the tag by a pointer that is not const, and only reads it */
        const char *given;
        void *taken;
    } tag_p = { tag.p };

    bool ok = ctx != NULL && EVP_DecryptInit_ex(ctx, cipher_of(e->key_B), NULL, (const unsigned char *)key.p, p) == 1 &&
              EVP_DecryptUpdate(ctx, out, &some, p + GCM_NONCE_B, (int)n) == 1 &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, GCM_TAG_B, tag_p.taken) == 1 &&
              EVP_DecryptFinal_ex(ctx, out + some, &rest) == 1;
    EVP_CIPHER_CTX_free(ctx);
    *plain = str_n(out, ok ? (size_t)some + (size_t)rest : 0);
    return ok;
}

/* One code for every reason: whoever asks must not learn which one it was. */
const struct _xmlNode *xmlenc_open(struct arena *a, const struct encrypted *e, struct str content_key, size_t most_B,
                                   struct fail *f)
{
    struct str plain;

    if (content_key.n != e->key_B || !gcm_open(a, e, content_key, &plain))
        return fail(f, FAIL_UPSTREAM, "enc_decrypt", "cannot be decrypted with our keys"), NULL;
    return xml_parse_at(a, plain, e->data->parent, most_B, f);
}

struct signed_xml xmlenc_open_signed(struct arena *a, struct signed_xml holder, const struct encrypted *e,
                                     struct str content_key, size_t most_B, struct fail *f)
{
    struct signed_xml opened = { NULL, holder.key };

    if (holder.element == NULL || e->data->parent != holder.element)
        (void)fail(f, FAIL_OURS, "enc_structure", "what is opened was not proven");
    else
        opened.element = xmlenc_open(a, e, content_key, most_B, f);
    return opened;
}
