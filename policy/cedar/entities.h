/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/entities.h: the people, groups and things that policies speak
 * of, with their attributes and everything they are in.
 *
 * Stands on base/ alone.  A store is immutable and may be shared between
 * threads.  Look-ups are by hash with a sorted tail, so no choice of ids makes
 * them slow; the closure of parents is computed once, when the store is made.
 */
#ifndef CEDAR_ENTITIES_H
#define CEDAR_ENTITIES_H

#include "policy/cedar/diag.h"
#include "policy/cedar/value.h"

/* More is refused: entities of a store; its pairs (entity, ancestor); steps to find them, one for each ancestor of each
 * parent, since many ways may lead to one ancestor. */
enum { CEDAR_ENTITIES_MAX = 1 << 22, CEDAR_CLOSURE_MAX = 1 << 25, CEDAR_CLOSURE_STEPS_MAX = 1 << 29 };

struct cedar_ancestor {
    uint64_t hash; /* of uid, beside it for the search */
    const struct cedar_uid *uid;
};

struct cedar_entity {
    struct cedar_uid uid;
    const struct cedar_record *attrs; /* never NULL */
    const struct cedar_record *tags;  /* never NULL */
    size_t n_parents;
    const struct cedar_uid *parents; /* as given */
    size_t n_ancestors;
    const struct cedar_ancestor *ancestors; /* parents and theirs; sorted by cedar_uid_cmp() */
};

struct cedar_entities {
    size_t n;
    const struct cedar_entity *const *items; /* sorted by cedar_uid_cmp() */
    const uint32_t *starts;                  /* of the items whose hash begins with these bits */
    unsigned shift;                          /* hash >> shift is the bucket */
    size_t pairs;                            /* of entity and ancestor */
    const uint64_t *parents;                 /* a bit for each hash >> (shift - 3) of something that is a parent */
};

struct cedar_schema;

/* Makes a store of entities whose uid, attrs, tags and parents are set.  Two
 * entities with one uid must be equal.  NULL after reporting a contradiction,
 * a cycle or a store that is too large.  The entities are kept, not copied. */
const struct cedar_entities *cedar_entities_of(struct arena *a, struct cedar_entity *const *list, size_t n,
                                               struct cedar_diags *d);

/* A new store: s without those in `without`, and with all of `with` (or NULL), each instead of the one that has its
 * uid. What stays is shared, ancestors too, so both arenas must outlive it; only what is below a change is computed
 * again.  NULL after reporting. */
const struct cedar_entities *cedar_entities_change(struct arena *a, const struct cedar_entities *s,
                                                   const struct cedar_entities *with, const struct cedar_uid *without,
                                                   size_t n, struct cedar_diags *d);

const struct cedar_entity *cedar_entity_find(const struct cedar_entities *s, const struct cedar_uid *uid); /* or NULL */
/* The same, and sets its bit. */
const struct cedar_entity *cedar_entity_touch(const struct cedar_entities *s, const struct cedar_uid *uid,
                                              uint64_t *touched);
/* Is `group` an ancestor of e?  e may be NULL (nothing is). */
bool cedar_entity_in(const struct cedar_entity *e, const struct cedar_uid *group);

#endif
