/* SPDX-License-Identifier: EUPL-1.2
 * registry/shadow.h: a draft runs beside the live set on real traffic; where it would say otherwise is counted.
 *
 * Floor 4.  The live answer counts; a draft that runs in shadow is asked the same question beside it, over its own
 * snapshot, made once for each of the live ones and off the request path.  What differs is counted by service, place
 * and role.  Decisions are counted and no people: who comes back counts again.  So that one person with many tabs is
 * not taken for many, two numbers say how many different people there were: of each row how many at least, and of each
 * day about how many.  Both come of bits in memory that a random number of the process has scattered; what is written
 * are the numbers alone.  People whose data is protected are not counted at all.
 *
 * A run has a draft, and its area: nobody outside of it is counted.  Runs stand in the registry, beside their drafts;
 * counts in a file of their own, state_dir/registry/shadow.sqlite, of which a crash loses five seconds.
 */
#ifndef REGISTRY_SHADOW_H
#define REGISTRY_SHADOW_H

#include "base/settings.h"
#include "policy/policy.h"
#include "registry/edit.h"

enum {
    SHADOW_DAYS = 7,
    SHADOW_DAYS_MAX = 30,
    SHADOW_RUNS_MAX = 16,       /* at once */
    SHADOW_RUNS_AREA_MAX = 4,   /* of one municipality with its schools; of the nation */
    SHADOW_CELLS_MAX = 65536,   /* rows of one run; what would need more is counted in one sum */
    SHADOW_FEW = 5,             /* rows in which fewer people are known to differ are told as one sum */
    SHADOW_KEPT_S = 90 * 86400, /* counts, after the last of them */
};

/* ── runs; all of it may block ─────────────────────────────────────────────── */

/*    state      what became of it */
#define SHADOW_STATES(X)                                                                                               \
    X(running, "runs")                                                                                                 \
    X(over, "ran until its end")                                                                                       \
    X(stopped, "was stopped")                                                                                          \
    X(published, "the draft was published")                                                                            \
    X(withdrawn, "the draft was withdrawn")                                                                            \
    X(sent_back, "the draft was sent back")                                                                            \
    X(broken, "the draft no longer fits the registry")

enum shadow_state {
    SHADOW_NONE = 0, /* there was none */
#define X(state, words) SHADOW_##state,
    SHADOW_STATES(X)
#undef X
        SHADOW_STATE_COUNT
};

struct shadow_run {
    int64_t turn, draft; /* turn: its own for ever, and another one when the draft is written in: counts begin anew */
    enum shadow_state state;
    struct area area;                           /* the draft's */
    struct str who;                             /* began it */
    int64_t began_s, since_s, until_s, ended_s; /* since_s: counts since; ended_s 0: it runs, or is over by time */
    struct str code, detail;                    /* SHADOW_broken: why */
};

/* Begins.  Fails: CALLER no_draft, draft_state (it does not wait for anything), shadow_runs (it does already),
 * shadow_days, shadow_runs_max; as edit_run() does where the draft does not fit the registry; OURS db_…. */
bool shadow_start(struct db *d, struct arena *a, const struct change_by *by, const struct edit_how *how, int64_t draft,
                  int64_t days, struct fail *f);
/* Fails: CALLER no_draft, no_shadow (none runs); OURS db_…. */
bool shadow_stop(struct db *d, struct arena *a, const struct change_by *by, int64_t draft, struct fail *f);
/* The draft's last run; SHADOW_NONE: it had none.  Fails CALLER no_draft, OURS db_…. */
bool shadow_look(struct db *d, struct arena *a, const struct area *area, int64_t draft, int64_t now_s,
                 struct shadow_run *out, struct fail *f);

/* ── what was counted ──────────────────────────────────────────────────────── */

enum shadow_at {                     /* what was decided */
                 SHADOW_OPENING = 0, /* a service, at sign-in or from a tile */
                 SHADOW_PAGE,        /* the tiles of the first page */
                 SHADOW_RELEASE,     /* what was told to a service */
                 SHADOW_AT_COUNT
};

enum shadow_kind { /* what the draft would have done otherwise */
                   SHADOW_OPENS = 0,
                   SHADOW_CLOSES,
                   SHADOW_SHOWS,
                   SHADOW_HIDES,
                   SHADOW_TELLS_MORE,
                   SHADOW_TELLS_LESS,
                   SHADOW_KIND_COUNT
};

struct shadow_row { /* of one service, at one school (or provider), in one role */
    struct str service, provider_oid, school_oid;
    enum role role;
    int64_t n[SHADOW_KIND_COUNT], people; /* people: different ones, at least; 64: or more */
};

struct shadow_day {
    int64_t day;               /* 20261129, in Finland */
    int64_t people, differing; /* about so many different ones; differing: something would have been otherwise */
};

struct shadow_counts {
    int64_t compared[SHADOW_AT_COUNT], differ[SHADOW_AT_COUNT]; /* decisions */
    int64_t beyond;                                             /* differences that no row took */
    int64_t rows, few;                                          /* rows that are told; those with few people */
    int64_t few_n[SHADOW_KIND_COUNT];                           /* what these sum up to */
    struct shadow_row *at;                                      /* the most first */
    size_t n;
    struct shadow_day *days; /* the last first */
    size_t day_count;
};

/* Rows from that one on.  May block.  Fails OURS db_…. */
bool shadow_read(const struct settings *set, struct arena *a, const struct shadow_run *run, size_t from, size_t most,
                 struct shadow_counts *out, struct fail *f);

/* ── the node's side ───────────────────────────────────────────────────────── */

struct shadow;
struct shadow *shadow_new(const struct settings *set, const struct world *w);
void shadow_free(struct shadow *k); /* writes what waits; NULL does nothing */

/* Which runs there are, over that snapshot; makes at most one draft's own at a time.  d: the registry's; a draft that
 * does not fit it any more ends its run.  One thread, several times a second; may block. */
void shadow_follow(struct shadow *k, struct db *d, struct registry *live, const struct seals *seals);
/* Writes what was counted.  The same thread; may block.  Fails OURS db_…, and what waited waits on. */
bool shadow_write(struct shadow *k, int64_t now_s, struct fail *f);
/* How many run here, and what they counted since the process began.  Any thread. */
struct shadow_sums {
    size_t runs;
    uint64_t compared, differ;
};
struct shadow_sums shadow_sums(struct shadow *k);

/* What runs beside this snapshot, held for the caller; NULL: nothing.  Any thread; does not block for SQL. */
struct shadow_sets;
struct shadow_sets *shadow_now(struct shadow *k, const struct registry *live);
void shadow_drop(struct shadow_sets *s); /* NULL does nothing */

/* Asks each draft beside, and counts.  live: what was decided. */
void shadow_opening(const struct shadow_sets *s, const struct person *p, const struct service *of,
                    const struct decision *live, const struct circumstances *now);
void shadow_release(const struct shadow_sets *s, const struct person *p, const struct service *of,
                    const struct decision *live, const struct circumstances *now);
void shadow_page(struct arena *a, const struct shadow_sets *s, const struct person *p, const struct circumstances *now);

#endif
