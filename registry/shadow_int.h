/* SPDX-License-Identifier: EUPL-1.2
 * registry/shadow_int.h: runs and their counts while they are in memory; for this folder and its tests.
 *
 * Floor 4.
 */
#ifndef REGISTRY_SHADOW_INT_H
#define REGISTRY_SHADOW_INT_H

#include "registry/shadow.h"

#include "base/bits.h"

#include <pthread.h>
#include <stdatomic.h>

enum { SHADOW_DAY_BITS = 65536 };

struct shadow_cell {
    struct str service, provider_oid, school_oid; /* school_oid: "" where there is none */
    enum role role;
    uint64_t waits[SHADOW_KIND_COUNT]; /* to be written */
    uint64_t seen;                     /* a bit for each person, as the salt scatters them */
    bool noted;                        /* since it was last written */
};

struct shadow_tally { /* of one turn; counted by those who hold it */
    atomic_size_t holders;
    struct arena *arena;
    int64_t turn, since_s;
    struct area area;
    uint64_t salt;
    pthread_mutex_t lock; /* of all below */
    struct shadow_cell *cells;
    size_t n, room, slot_count;
    uint32_t *slots; /* place of the cell plus one; open addressing, at most half full */
    uint64_t compared[SHADOW_AT_COUNT], differ[SHADOW_AT_COUNT], beyond; /* to be written */
    int64_t day;
    struct bits all, some;                                 /* people of the day; those for whom something differed */
    atomic_uint_fast64_t *compared_in_all, *differ_in_all; /* of the node */
};

struct shadow_tally *shadow_tally_new(int64_t turn, int64_t since_s, const struct area *area, const struct world *w);
struct shadow_tally *shadow_tally_hold(struct shadow_tally *t);
void shadow_tally_drop(struct shadow_tally *t); /* NULL does nothing */
/* The cell; NULL: no more have room.  Under the lock, where others have the tally. */
struct shadow_cell *shadow_cell_of(struct shadow_tally *t, struct str service, struct str provider_oid,
                                   struct str school_oid, enum role role);
size_t shadow_people_in(const struct bits *b); /* about how many it was set for */

struct shadow_beside {
    struct shadow_tally *tally;
    struct registry *draft;       /* held, both, by the sets that they stand in */
    const struct provider *place; /* of the draft's snapshot: whose people are counted; NULL: everybody's */
    uint32_t *twin;               /* of each live service: its place in the draft, or UINT32_MAX */
    struct bits more;             /* services of the draft that are not live */
};

struct shadow_sets {
    atomic_size_t holders;
    struct arena *arena;
    struct registry *live;
    struct shadow_beside *at;
    size_t n;
};

/* Takes a hold of its own of each. */
struct shadow_sets *shadow_sets_new(struct registry *live, size_t room);
void shadow_sets_add(struct shadow_sets *s, struct shadow_tally *t, struct registry *draft);

/* What SQL has of it already: so many rows, not more in memory. */
bool shadow_tally_load(const struct settings *set, struct shadow_tally *t, struct fail *f);
struct db *shadow_store(const struct settings *set, struct arena *a, struct fail *f);
bool shadow_tally_write(struct db *d, struct shadow_tally *t, int64_t now_s, struct fail *f);
bool shadow_forget(struct db *d, int64_t before_s, struct fail *f); /* runs that counted nothing since */

/* Of the registry; within a transaction that the caller has begun. */
bool shadow_end(struct db *d, int64_t draft, enum shadow_state state, int64_t at_s, struct fail *f);
bool shadow_begin_anew(struct db *d, int64_t draft, int64_t at_s, struct fail *f); /* the draft was written in */
/* Alone. */
bool shadow_break(struct db *d, int64_t turn, int64_t at_s, const struct fail *why, struct fail *f);
struct shadow_runs {
    struct shadow_run *at;
    size_t n;
};
bool shadow_running(struct db *d, struct arena *a, int64_t now_s, struct shadow_runs *out, struct fail *f);

#endif
