/* SPDX-License-Identifier: EUPL-1.2
 * launcher/finder.h: lines of text found by the words in them, however many lines there are.
 *
 * Floor 5.  Pure.  Made once for a snapshot; a search costs some microseconds per
 * word, whether it finds one line or all of them, because sets that would be
 * long to collect are collected when the finder is made.  Lines are numbered in
 * the order in which the caller shows them, and sets of lines are base/bits.h.
 * Any thread may search.
 */
#ifndef LAUNCHER_FINDER_H
#define LAUNCHER_FINDER_H

#include "base/bits.h"

struct finder; /* opaque */

struct finder_line {
    struct str head; /* the line's own name; absent: nothing */
    struct str text; /* all of it */
};

/* Lines are folded (words.h).  Nothing of them is kept. */
const struct finder *finder_new(struct arena *a, const struct finder_line *lines, size_t n);

/* Queries are folded, their words set apart by one space.  The lines in which every word stands somewhere; */
struct bits finder_holds(const struct finder *f, struct arena *a, struct str query);
/* in which every word begins a word, which a hyphen sets apart as well; */
struct bits finder_begins(const struct finder *f, struct arena *a, struct str query);
/* whose head begins with the whole query. */
struct bits finder_heads(const struct finder *f, struct arena *a, struct str query);
/* in whose head every word begins a word. */
struct bits finder_names(const struct finder *f, struct arena *a, struct str query);
/* One word with one letter wrong, missing, too many, or in the place of the next: the lines with a word that begins so.
 * Words of less than four letters and words with digits are taken at their word: no lines. */
struct bits finder_near(const struct finder *f, struct arena *a, struct str word);
struct bits finder_none(const struct finder *f, struct arena *a); /* an empty set, for more */

#endif
