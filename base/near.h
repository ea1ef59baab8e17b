/* SPDX-License-Identifier: EUPL-1.2
 * base/near.h: what to answer about a word that is not known.
 *
 * Floor 0.  For settings, keys of files, words and options of the command line:
 * who mistypes one is told which there are, and which is the nearest.
 */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include "base/arena.h"

/* The known word that is few slips away (a letter wrong, missing, too many, or two swapped; case, "-" and "_" count
 * for nothing), or that one is the beginning of the other; NULL: none is near.  known: NULL ends it; "" is passed over.
 */
const char *near_word(struct str word, const char *const *known);
/* "; did you mean "redirect_uris"?  Known: id, name, redirect_uris", or "; known: …" when none is near. */
struct str near_help(struct arena *a, struct str word, const char *const *known);

#endif
