/* SPDX-License-Identifier: EUPL-1.2
 * wire/dsig.h: XML signatures, the one shape that we verify.
 *
 * Floor 1.  Not an implementation of XML Signature: a profile of it, in which
 * there is nothing to choose [SAML core 5.4].  The Signature is a direct child of
 * the element that it covers; its child list is exact; its one Reference is '#'
 * and that element's own ID; the transforms are enveloped-signature and
 * exclusive C14N without comments; algorithms are RSA and ECDSA with SHA-256,
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

/* True when the element has a Signature among its child elements. */
bool dsig_present(const struct _xmlNode *element);

/* Verifies the Signature of `element` and proves it.  Every key is tried.
 * Fails UPSTREAM sig_missing, sig_structure, sig_reference, sig_transform,
 * sig_algorithm, sig_c14n, sig_digest, sig_value, sig_key (there is none). */
bool dsig_verify(struct arena *a, const struct _xmlNode *element, const struct keyring *keys, struct signed_xml *out,
                 struct fail *f);

/* A child of what was proven is proven. */
struct signed_xml signed_child(struct signed_xml parent, const char *ns, const char *name);

#endif
