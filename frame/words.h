/* SPDX-License-Identifier: EUPL-1.2
 * frame/words.h: names sorted, searched and shortened as a reader expects.
 *
 * Floor 4.  Pure.  Knows Latin letters (with Sámi's), Greek and Cyrillic case;
 * other writing is left as it is.  Broken UTF-8 is treated byte by byte.
 */
#ifndef FRAME_WORDS_H
#define FRAME_WORDS_H

#include "base/arena.h"
#include "model/lang.h"

enum { WORDS_IN_SEARCH_MAX = 8 };

/* Whether one name could be taken for the other: case, marks, spaces, signs, and letters of other scripts and digits
 * that look like Latin ones are no difference, and one letter more, less or other is none in a long one.  Not of the
 * empty. */
bool words_alike(struct arena *a, struct str x, struct str y);

/* A key whose bytewise order is the alphabet's: å ä ö last in Finnish and Swedish, beside a and o in English. */
struct str words_sort_key(struct arena *a, struct str text, enum lang lang);

/* Lower case, letters without their marks ("Äkäslompolo" -> "akaslompolo", composed or not), white space as spaces:
 * both sides of a search pass through it. */
void words_fold(struct buf *b, struct str text);

/* What was typed into a search: folded, its words (WORDS_IN_SEARCH_MAX at most) set apart by one space. */
struct str words_query(struct arena *a, struct str typed);

/* Where a folded word stands in text (composed), unfolded: at the beginning of a word if it does; false: nowhere. */
bool words_find(struct str text, struct str folded_word, size_t *from, size_t *n);

/* Whether every word of the folded query stands somewhere in the folded text. */
bool words_all_in(struct str folded_text, struct str folded_query);

/* The first letters of the first two words, upper case: "Puolukka Päiväkirja" -> "PP"; "?" when there is none. */
struct str words_initials(struct arena *a, struct str name);
/* Two letters for a service: its initials, or the first two letters of a single word: "Kanerva" -> "Ka". */
struct str words_letters(struct arena *a, struct str name);

/* The first letter, upper case, with its marks: "åbo" -> "Å"; the first character where it is no letter; "" of nothing.
 */
struct str words_first_letter(struct arena *a, struct str name);

/* Each different word once, set apart by one space, in the order of their coming. */
struct str words_once(struct arena *a, struct str folded_text);

/* Soft hyphens where words of eleven letters and more may be parted: before a consonant with a vowel after it.  That is
 * how Finnish parts words, and Swedish with two consonants at most; in English browsers know. */
struct str words_parted(struct arena *a, struct str text, enum lang lang);

struct str words_last(struct str name);  /* "Vaahtera Matikka" -> "Matikka" */
struct str words_first(struct str name); /* "Vaahtera Matikka" -> "Vaahtera" */

/* 1284 -> "1 284" (with a space that does not break), in English "1,284". */
struct str words_count(struct arena *a, size_t n, enum lang lang);

struct str words_today(struct arena *a, int64_t at_s, enum lang lang); /* "Maanantai 23. marraskuuta" */

#endif
