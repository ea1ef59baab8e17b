/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/entities_int.h: what making a store and changing one share.
 *
 * Stands on base/ alone.  Inside the library.
 */
#ifndef CEDAR_ENTITIES_INT_H
#define CEDAR_ENTITIES_INT_H

#include "policy/cedar/entities.h"

/* The place of an entity among the items, or where it would stand. */
size_t entities_place(const struct cedar_entities *s, const struct cedar_uid *uid, bool *there);

/* False after reporting that there are too many, or a cycle. */
bool entities_within_bounds(struct cedar_diags *d, size_t pairs, size_t steps);
bool entities_cycle(struct cedar_diags *d, const struct cedar_uid *at);

/* s->parents: room for it, the parents of one more entity, and the question: is it a parent of something?  (No is
 * certain.) */
size_t entities_parents_B(const struct cedar_entities *s);
uint64_t *entities_parents(struct arena *a, const struct cedar_entities *s);
void entities_note_parents(uint64_t *parents, const struct cedar_entities *s, const struct cedar_entity *e);
bool entities_may_be_parent(const struct cedar_entities *s, const struct cedar_uid *uid);

#endif
