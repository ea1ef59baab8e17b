/* SPDX-License-Identifier: EUPL-1.2
 * launcher/inflect.h: what genitives a name may have, for a search that looks for them.
 *
 * Floor 5.  Pure.  Rules guess: each word gets every form that Finnish and Swedish
 * could give it, right and wrong.  A wrong one is typed by nobody and harms no
 * search; on a page stands what cities.def knows, and nothing from here.
 */
#ifndef LAUNCHER_INFLECT_H
#define LAUNCHER_INFLECT_H

#include "model/registry.h"

/* Adds the forms of a folded word (words.h): "turku" gives "turkun", "turun", "turkus".  A word of less than two
 * letters has none. */
void inflect_word(struct arena *a, struct str folded_word, struct strs *out);
/* Adds the forms of each word of a folded name. */
void inflect_name(struct arena *a, struct str folded_name, struct strs *out);

#endif
