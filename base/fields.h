/* SPDX-License-Identifier: EUPL-1.2
 * base/fields.h: several parts in one text, with a separator between them.
 *
 * Floor 0.  Pure.  The one place where such texts are made of values that
 * others chose: lists with spaces, MPASSid's tuples with semicolons, tenant and
 * object with a slash.  Whoever splits what was written here at the separator
 * has the parts that were put in, each where it was put: no part becomes two,
 * none becomes another.
 */
#ifndef BASE_FIELDS_H
#define BASE_FIELDS_H

#include "base/arena.h"
#include "base/str.h"

struct fields {
    struct buf text;
    char separator;
    bool begun;
    unsigned left_out; /* parts and items that could not be written */
};

struct fields fields_new(struct arena *a, char separator, size_t ceiling_B);
/* Whether the part may stand in such a text as it is: plain (base/text.h), and without the separator. */
bool fields_fit(struct str part, char separator);
/* A part that has its place: what does not fit leaves the place empty. */
void fields_part(struct fields *f, struct str part);
/* A member of a list: what does not fit, or is empty, is left out; so is what would pass the ceiling. */
void fields_item(struct fields *f, struct str item);
/* Absent past the ceiling (parts alone can pass it). */
struct str fields_text(const struct fields *f);

/* A part in which the separator and the percent sign are percent-encoded: it can be joined with others to one name
 * that no other parts have.  A view of the part where there is nothing to encode. */
struct str fields_escaped(struct arena *a, struct str part, char separator);
/* A name for use as a key alone: each part with its length before it, so that no other parts have it. */
struct str fields_key(struct arena *a, const struct str *parts, size_t n);

#endif
