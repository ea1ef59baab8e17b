/* SPDX-License-Identifier: EUPL-1.2
 * wire/saml_encryption.h: how something is encrypted to a service or a city, by what its metadata say that it can.
 * [SAML metadata for algorithm support 2.5; IIP-MD08, MD10, ALG04–06]
 *
 * Floor 1.  Pure.
 */
#ifndef WIRE_SAML_ENCRYPTION_H
#define WIRE_SAML_ENCRYPTION_H

#include "wire/saml_metadata.h"
#include "wire/xmlenc.h"

/* Of "aes128-gcm", "aes256-gcm", "aes128-cbc", "aes256-cbc"; any other: XMLENC_NO_CONTENT. */
enum xmlenc_content xmlenc_content_named(struct str word);

/* keys: of its metadata.  content: the row's own word; XMLENC_NO_CONTENT: the better AES-GCM that a key of its is said
 * to be for, and AES-128-GCM where nothing is said.  Out of several keys the first that can; recipient is left to the
 * caller.  False: it has no key, or none of its keys can either: what can nothing but CBC must be named so in its row
 * [IIP-ALG05]. */
bool saml_encryption_choose(const struct saml_encryption_key *keys, size_t n, enum xmlenc_content content,
                            struct xmlenc_how *out);

#endif
