/* SPDX-License-Identifier: EUPL-1.2
 * wire/xmlenc.h: XML encryption: AES-GCM content under RSA-OAEP keys, nothing else.
 *
 * Floor 1.  CBC and RSA 1.5 are refused before any private key is used: both are
 * oracles.  The private key is not here: a caller takes the wrapped keys to
 * whoever holds it (the signer; the command line's own key) and brings the
 * content key back.  Encryption proves nothing about who wrote the text.
 */
#ifndef WIRE_XMLENC_H
#define WIRE_XMLENC_H

#include "wire/dsig.h"

enum xmlenc_hash { XMLENC_NO_HASH = 0, XMLENC_SHA1, XMLENC_SHA256, XMLENC_SHA384, XMLENC_SHA512 };

enum { XMLENC_KEYS_MAX = 4, XMLENC_WRAPPED_MAX = 8, XMLENC_CIPHER_MAX_B = 1024 };

struct wrapped_key { /* one content key under one RSA key, by OAEP without label */
    struct str cipher;
    enum xmlenc_hash digest, mgf; /* of OAEP and of its MGF1 */
};

struct encrypted {
    const struct _xmlNode *data;                    /* the EncryptedData */
    struct str cipher;                              /* nonce, ciphertext, tag */
    size_t key_B;                                   /* length of the content key */
    struct wrapped_key wrapped[XMLENC_WRAPPED_MAX]; /* alternatives: for several of our keys, or several receivers */
    size_t wrapped_count, key_count;                /* two ways to read one EncryptedKey are two alternatives */
};

/* Reads an EncryptedAssertion, EncryptedID or EncryptedAttribute: one
 * EncryptedData, with its EncryptedKeys inside or beside it.
 * Fails UPSTREAM enc_structure, enc_algorithm. */
bool xmlenc_read(struct arena *a, const struct _xmlNode *holder, struct encrypted *out, struct fail *f);

/* Decrypts with a content key that somebody unwrapped and parses the text under
 * the caps of every message, as if it stood in place of the EncryptedData.
 * Fails UPSTREAM enc_decrypt, whatever was wrong, and what xml_parse fails with. */
const struct _xmlNode *xmlenc_open(struct arena *a, const struct encrypted *e, struct str content_key, size_t most_B,
                                   struct fail *f);
/* The same for what was encrypted inside proven bytes: the text is proven too. */
struct signed_xml xmlenc_open_signed(struct arena *a, struct signed_xml holder, const struct encrypted *e,
                                     struct str content_key, size_t most_B, struct fail *f);

/* --- sealing: what we encrypt for a service ---------------------------------------- */

enum xmlenc_content {
    XMLENC_NO_CONTENT = 0,
    XMLENC_AES128_GCM,
    XMLENC_AES256_GCM,
    XMLENC_AES128_CBC, /* only for a service that can no other, named so in its row [IIP-ALG05] */
    XMLENC_AES256_CBC,
};

struct xmlenc_how {
    enum xmlenc_content content;
    bool newer;                   /* xmlenc11#rsa-oaep; else xmlenc#rsa-oaep-mgf1p, whose MGF1 is of SHA-1 */
    enum xmlenc_hash digest, mgf; /* SHA-1 or SHA-256; mgf counts with `newer` alone */
    struct str certificate; /* DER, of the receiver: RSA of DSIG_RSA_LEAST_BITS or more; nothing else of it counts */
    struct str recipient;   /* its entityID, said with the key; absent: not said */
};

/* Whether it is a certificate of an RSA key that we would encrypt to. */
bool xmlenc_can_seal(struct str der);

struct world;
/* holder: "saml:EncryptedAssertion" or "saml:EncryptedID".  element: one whole element with its namespaces.  Gives the
 * holder in exclusive C14N form, as a part of a message that saml_respond.h writes.  A fresh content key each time.
 * Absent: UPSTREAM key_unreadable, key_weak, enc_algorithm (no such combination); OURS enc_broken. */
struct str xmlenc_seal(struct arena *a, const struct world *w, const struct xmlenc_how *how, const char *holder,
                       struct str element, struct fail *f);

#endif
