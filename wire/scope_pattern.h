/* SPDX-License-Identifier: EUPL-1.2
 * wire/scope_pattern.h: <shibmd:Scope regexp="true">, read so that it cannot mean everything.
 *
 * Floor 1.  Pure.  An identity provider's metadata may name the scopes that it asserts by an expression
 * [shibmd:Scope].  It is always matched to the whole scope, without case.  Of the usual syntax there is what such
 * expressions have: letters, digits, "-", "_", "\.", ".", [classes], (groups|of|alternatives), "(?:", "?", "*", "+",
 * "^" at the begin, "$" at the end.  "." and [^…] are characters of a host name.  No look-ahead, no {counts}, no
 * references.
 *
 * What it matches must be one domain, or lie below it, as the expression itself shows: every alternative ends with a
 * domain of two labels at least, written out, that begins where a label does ("(.*\.)?oulu\.fi", ".+\.oulu\.fi", but
 * neither ".*oulu\.fi", which is elkoulu.fi too, nor ".*\.fi").  Whatever else is refused, by name.
 *
 * Costs: reading is bounded by SCOPE_PATTERN_MAX_B, matching by that times the length of the scope, whatever either
 * says: all ways are followed at once.
 */
#ifndef WIRE_SCOPE_PATTERN_H
#define WIRE_SCOPE_PATTERN_H

#include "base/arena.h"

enum { SCOPE_PATTERN_MAX_B = 256, SCOPE_PATTERN_DEPTH_MAX = 8, SCOPE_MAX_B = 255 };

struct scope_pattern; /* lives in the arena; immutable */

/* NULL: it will not do; *trouble says why, in a few words. */
const struct scope_pattern *scope_pattern_read(struct arena *a, struct str text, const char **trouble);
bool scope_pattern_matches(const struct scope_pattern *p, struct str scope);

#endif
