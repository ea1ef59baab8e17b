/* SPDX-License-Identifier: EUPL-1.2
 * launcher/cities.h: names of municipalities, inflected.
 *
 * Floor 5.  Pure.
 */
#ifndef LAUNCHER_CITIES_H
#define LAUNCHER_CITIES_H

#include "base/arena.h"
#include "model/lang.h"

/* "Oulu" -> "Oulun", in Swedish "Uleåborg" -> "Uleåborgs".  Absent for a name that cities.def does not have: nothing is
 * guessed, and the text for a nominative stands instead. */
struct str city_genitive(struct arena *a, struct str name, enum lang lang);

#endif
