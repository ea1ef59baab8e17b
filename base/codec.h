/* SPDX-License-Identifier: EUPL-1.2
 * base/codec.h: bytes as text: hex, base64, base64url, base32.
 *
 * Floor 0.  Decoders are strict: the canonical alphabet, no white space, no
 * trailing bits; base64 wants its padding, base64url refuses any [RFC 4648 3.5].
 */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include "base/arena.h"

struct str hex_encode(struct arena *a, struct str bytes); /* lower case */
bool hex_decode(struct arena *a, struct str text, struct str *bytes);
struct str b64_encode(struct arena *a, struct str bytes);
bool b64_decode(struct arena *a, struct str text, struct str *bytes);
struct str b64url_encode(struct arena *a, struct str bytes); /* without padding */
bool b64url_decode(struct arena *a, struct str text, struct str *bytes);
struct str b32_encode(struct arena *a, struct str bytes); /* lower case, without padding */

#endif
