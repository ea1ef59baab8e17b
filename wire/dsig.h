/* SPDX-License-Identifier: EUPL-1.2
 * wire/dsig.h: XML signatures, the one shape that we verify.
 *
 * Floor 1.  Not an implementation of XML Signature: a profile of it, in which
 * there is nothing to choose [SAML core 5.4].  The Signature is a direct child of
 * the element that it covers; its child list is exact; its one Reference is '#'
 * and that element's own ID; the transforms are enveloped-signature and
 * exclusive C14N without comments; algorithms are RSA (PKCS #1 1.5 and PSS) and ECDSA with SHA-256,
 * -384 or -512.  Keys are pinned by the caller: KeyInfo is never looked at.
 *
 * What comes back is not the element that was sent but the bytes that were
 * hashed, parsed again.  Nobody else can make a struct signed_xml
 * (tests/check_floors.sh looks for initialisers), so what was not proven cannot
 * be read by a function that wants proof.
 */
#ifndef WIRE_DSIG_H
#define WIRE_DSIG_H

#include "wire/xml.h"

/* The root of the hashed bytes, parsed again.  NULL: nothing was proven. */
struct signed_xml {
    const struct _xmlNode *element;
    size_t key; /* of the keyring, that proved it */
};

struct keyring; /* pinned public keys of one identity provider; immutable once filled */

enum { KEYRING_KEYS_MAX = 16, DSIG_RSA_LEAST_BITS = 2048, DSIG_RSA_MOST_BITS = 8192 };

struct keyring *keyring_new(struct arena *a);
/* Adds the public key of a certificate (DER), of which nothing else counts: it
 * may be expired, self-signed, for another purpose [IIP-MD12].
 * Fails UPSTREAM key_unreadable, key_weak (RSA below 2048 bits, unknown curve), key_too_many. */
bool keyring_add_certificate(struct keyring *k, struct str der, struct fail *f);
/* Adds every certificate and public key of a PEM text; at least one.  A weak key
 * beside others is passed over. */
bool keyring_add_pem(struct keyring *k, struct str pem, struct fail *f);
size_t keyring_count(const struct keyring *k);
/* What people compare a key by: SHA-256 of the certificate that it was added from (of the key itself, where there was
 * none), 64 capital hex digits. */
struct str keyring_print(const struct keyring *k, size_t i);

struct certificate { /* what one says of itself; for people, never for trust */
    struct str der, print;
    int64_t from_s, to_s; /* valid; 0: a time that cannot be read */
};
/* Views into der and a.  False: no certificate. */
bool certificate_read(struct arena *a, struct str der, struct certificate *out);
struct str certificate_pem(struct arena *a, struct str der);
/* All of a PEM text, in its order, at most max; other blocks are passed over. */
size_t certificates_read(struct arena *a, struct str pem, struct certificate *out, size_t max);
/* Whether the key of that certificate is one of the keyring's, in whatever certificate it came. */
bool keyring_has(const struct keyring *k, struct str der);

/* True when the element has a Signature among its child elements. */
bool dsig_present(const struct _xmlNode *element);

/* Verifies the Signature of `element` and proves it.  Every key is tried.
 * Fails UPSTREAM sig_missing, sig_structure, sig_reference, sig_transform,
 * sig_algorithm, sig_c14n, sig_digest, sig_value, sig_key (there is none). */
bool dsig_verify(struct arena *a, const struct _xmlNode *element, const struct keyring *keys, struct signed_xml *out,
                 struct fail *f);

/* A signature over octets that are no XML: the Redirect binding's query [SAML bindings 3.4.4.1].  algorithm: the URI,
 * one that dsig_verify() takes.  *key: which of the keyring proved it.  Fails UPSTREAM sig_algorithm, sig_value,
 * sig_key. */
bool dsig_verify_octets(struct arena *a, struct str text, struct str algorithm, struct str value,
                        const struct keyring *keys, size_t *key, struct fail *f);

/* A document too large for a tree: its root with its Signature and nothing else in it says what the canonical form of
 * the whole, without that Signature, hashes to.  Its SignedInfo is verified at once, the bytes as they are added. Fails
 * as dsig_verify(). */
struct dsig_stream;
struct dsig_stream *dsig_stream_new(struct arena *a, const struct _xmlNode *root, const struct keyring *keys,
                                    struct fail *f);
bool dsig_stream_is_inclusive(const struct dsig_stream *s, const char *prefix); /* of InclusiveNamespaces */
void dsig_stream_add(struct dsig_stream *s, struct str bytes);
/* Whether the bytes were those; once.  *key: which of the keyring proved it; *digest: what was said of them. */
bool dsig_stream_end(struct dsig_stream *s, size_t *key, struct str *digest, struct fail *f);

/* A child of what was proven is proven. */
struct signed_xml signed_child(struct signed_xml parent, const char *ns, const char *name);

#endif
