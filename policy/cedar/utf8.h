/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/utf8.h: characters of a text, one at a time.
 *
 * Stands on base/ alone.
 */
#ifndef CEDAR_UTF8_H
#define CEDAR_UTF8_H

#include "base/str.h"

/* The character at byte `at` (which must be below s.n), and its length in bytes.
 * On bytes that are no UTF-8: the byte itself, length 1. */
uint32_t cedar_char_at(struct str s, size_t at, size_t *len);
/* As str_is_utf8(), and quick where most of the text is ASCII. */
bool cedar_text_is_utf8(struct str s);
/* Adds a character; the caller has checked that it is a scalar value. */
void cedar_char_add(struct buf *b, uint32_t c);
bool cedar_char_is_space(uint32_t c); /* Unicode White_Space */
bool cedar_char_is_printable(uint32_t c);
bool cedar_char_is_hidden(uint32_t c);
/* not seen, though no white space, no control character and no mark on a letter */ /* not a control, format,
                                                                                       separator or private
                                                                                       character */

#endif
