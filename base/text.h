/* SPDX-License-Identifier: EUPL-1.2
 * base/text.h: texts that people write: composed, folded, trimmed, judged.
 *
 * Floor 0.  Pure; results live in the arena, or are the argument itself where
 * there is nothing to change.  The library that knows Unicode's tables,
 * utf8proc, comes in here and nowhere else; it allocates nothing.
 *
 * What is not well-formed UTF-8 is plain in no sense, and comes back from the
 * makers as it went in.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/arena.h"
#include "base/str.h"

/* Letters and their combining marks as one character where there is one
 * [Unicode UAX 15, NFC]: a + U+0308 is ä. */
struct str text_composed(struct arena *a, struct str s);
bool text_is_composed(struct arena *a, struct str s);
/* Composed and without case, for comparing, never for showing. */
struct str text_folded(struct arena *a, struct str s);
/* Equal but for case and composition; false when either is absent. */
bool text_same(struct arena *a, struct str x, struct str y);
/* Whether the word, which is folded already, stands in the text, folded.  Letters of western Europe cost no memory. */
bool text_has(struct arena *a, struct str text, struct str folded);
/* Without the white space of any script, and without byte order marks, at both ends; a view into s. */
struct str text_trim(struct str s);

/* Well-formed, and nothing in it is obeyed by a screen instead of shown, or
 * hides: controls, line and paragraph separators, marks that turn the direction
 * of writing, tags, noncharacters.  Joiners and soft hyphens, which names of
 * some languages need, are plain.  Judge values after decoding: an escape of
 * JSON or XML is plain, what it stands for need not be. */
bool text_is_plain(struct str s);
/* Nothing to see: absent, empty, or white space and characters without a shape alone. */
bool text_is_blank(struct str s);

/* The character at `at` of a text that is well-formed there; *step: its bytes, 1 for a broken one, which is U+FFFD. */
uint32_t text_at(struct str s, size_t at, size_t *step);
bool text_is_white(uint32_t c); /* white space of any script */
/* Whether a screen obeys the character, or shows nothing of it, as text_is_plain() means it. */
bool text_is_obeyed(uint32_t c);

/* What others say of a failure of theirs, for a line of ours: cut at TEXT_WORDS_MAX_B, its white space single, and
 * without what may be a person's: addresses of mail, long numbers, what stands in quotes and has a space in it. */
enum { TEXT_WORDS_MAX_B = 160 };
struct str text_words(struct arena *a, struct str said);

#endif
