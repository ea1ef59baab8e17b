/* SPDX-License-Identifier: EUPL-1.2
 * launcher/search.h: what people mean by what they type.
 *
 * Floor 5; private to the launcher.  Pure.  Each word of a search means the lines
 * in which it begins a word, or where there are none, those in which one of its
 * genitives does ("Kielonmäki": "Kielonmäen koulu"); where there are none, those
 * that hold it somewhere; and where there are none, those in which it, or a
 * genitive of it, begins a word but for one letter.  A hit has every word.  Where no line has them all so,
 * each word means all of that at once.  assets/filter.js does the first and the
 * third while one types.
 */
#ifndef LAUNCHER_SEARCH_H
#define LAUNCHER_SEARCH_H

#include "launcher/finder.h"

/* The query as finder.h wants it. */
struct bits search_find(const struct finder *f, struct arena *a, struct str query);

#endif
