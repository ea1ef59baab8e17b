/* SPDX-License-Identifier: EUPL-1.2
 * model/lang.h: the languages that pages and names exist in.
 *
 * Floor 1.
 */
#ifndef MODEL_LANG_H
#define MODEL_LANG_H

#include "base/str.h"

enum lang { LANG_FI = 0, LANG_SV, LANG_EN, LANG_COUNT };

/* Languages that have some of the texts of people's pages, and Finnish for the rest: Finnish in easy language, and
 * Northern Sámi.  Names, dates and order are Finnish there, so a request of a variety is one of LANG_FI besides. */
enum variety { VARIETY_NONE = 0, VARIETY_EASY, VARIETY_SE, VARIETY_COUNT };

/* A name in each language; an absent one falls back to Finnish. */
struct names {
    struct str in[LANG_COUNT];
};

const char *lang_tag(enum lang lang);             /* "fi" */
bool lang_of_tag(struct str tag, enum lang *out); /* "fi", "fi-FI", "SV"; false when unknown */
const char *variety_tag(enum variety variety);    /* "fi-simple", "se"; "" for VARIETY_NONE */
/* Those tags; else VARIETY_NONE.  Of no list: nobody gets a part of a language unasked. */
enum variety variety_of_tag(struct str tag);
/* The first language of an Accept-Language or ui_locales list that we speak. */
enum lang lang_choose(struct str list, enum lang otherwise);
struct str names_in(const struct names *n, enum lang lang);
/* The tag of the language that names_in() falls back to; absent: it is the one that was asked for [WCAG 3.1.2]. */
struct str names_tag(const struct names *n, enum lang lang);

#endif
