/* SPDX-License-Identifier: EUPL-1.2
 * registry/links.h: whose an account at an identity provider is, where its own name does not say it.
 *
 * Floor 4.  A person's id is made from the identity provider and the name that it gives them (model/pairwise.h), unless
 * a municipality has changed its identity provider (struct move): then a row of person_link says which person an
 * account at the new one is.  A row counts only while a move of the registry is in force that names it, leads from the
 * identity provider that the person's id was made for to the one of the account, and is of one municipality; so
 * whatever stands in this file, no account becomes a person of another municipality, and an undone move undoes its
 * links.
 *
 * People are never merged: within a move an account has one person and a person one account (UNIQUE in SQL), and of two
 * moves that claim one person the older link counts.  A link is looked up once and never followed further: there are no
 * loops.
 *
 * Besides: which learner numbers of late signed in where (links_saw), as keyed hashes, for a move by learner number and
 * for a learner's accounts in two municipalities (pairs); and what the operator has imported of the national register:
 * which number is a duplicate of which, and whose learners a municipality may speak for.
 *
 * In a file of its own, state_dir/registry/links.sqlite, which belongs to every backup: losing it makes people of moved
 * accounts strangers to their services.  What takes a struct db may block and is for worker threads and command lines.
 */
#ifndef REGISTRY_LINKS_H
#define REGISTRY_LINKS_H

#include "base/batch.h"
#include "base/fail.h"
#include "base/seals.h"
#include "base/settings.h"
#include "base/work.h"
#include "model/moves_file.h"
#include "model/registry.h"
#include "wire/db.h"

enum {
    LINKS_KEPT_S = 400 * 86400, /* a number is forgotten so long after its last sign-in */
    LINKS_WAITING_MAX = 65536,  /* numbers that may wait to be written; later ones are not noted */
    LINKS_LINES_SHOWN = 50,     /* of a plan, by line */
    LEARNERS_FILE_MAX_B = 64 << 20,
    PAIRS_OF_ONE_MAX = 8
};

struct links;
struct links *links_new(const struct settings *set);
void links_free(struct links *k); /* after the worker threads; writes what waits; NULL does nothing */

/* A connection of one's own, for what takes long (a move of a whole city): sign-ins do not wait for it. */
struct db *links_open(const struct settings *set, struct fail *f);

typedef bool links_job(void *with, struct db *d, struct arena *a, struct fail *f);
bool links_now(struct links *k, struct arena *a, links_job *job, void *with, struct fail *f);
/* As store_ask(): false, and no answer: too many jobs wait. */
struct links_got {
    bool ok;
    struct fail why;
};
bool links_ask(struct links *k, struct work *w, struct batch *b, struct arena *a, links_job *job, void *with,
               struct links_got *out);

/* A learner number as it is kept: 64 hex digits of an HMAC.  Absent: there is none. */
struct str link_number(struct arena *a, const struct seals *s, struct str learner_id);

/* Somebody signed in with that number.  Any thread; never blocks for SQL. */
void links_saw(struct links *k, struct str idp, struct str number, struct str person, int64_t now_s);
/* Writes what waits, and looks whether anything was imported.  One thread, every few seconds; may block. */
bool links_write(struct links *k, int64_t now_s, struct fail *f);

/* ── at a sign-in ──────────────────────────────────────────────────────────── */

/* Whether link_resolve() could say anything but the account's own name: no SQL is asked for everybody else. */
bool links_concern(struct links *k, const struct registry *r, const struct idp *idp, bool has_number);

struct link_ask {
    const struct registry *registry;
    const struct idp *idp;
    struct str identity; /* pairwise_person() of the identity provider and its name of the person */
    struct str number;   /* link_number(); absent: none was stated */
    int64_t now_s;
};

struct link_found {
    struct str person;     /* whose it is; else ask.identity */
    const struct move *by; /* NULL: nothing says otherwise than its own name */
    bool foreign_number;   /* the number is outside of the learners that the operator lists of this municipality */
};

/* Fails OURS db_…: then nobody knows whose it is, and nobody may be let in. */
bool link_resolve(struct db *d, struct arena *a, const struct link_ask *ask, struct link_found *out, struct fail *f);

/* ── a move is planned ─────────────────────────────────────────────────────── */

/*    word        what it says of a line, and what to do */
#define MOVE_SAYS(X)                                                                                                   \
    X(known_new, "has signed in by the new identity provider already, and services know them by a new name")           \
    X(taken_old, "the old account has a new one by another move already")                                              \
    X(taken_new, "the new account is somebody's by another move already")                                              \
    X(not_seen, "nobody has signed in with the old id within 400 days: is it written as it comes at a sign-in?")

enum move_says {
    MOVE_SAYS_NOTHING = 0,
#define X(word, says) MOVE_SAYS_##word,
    MOVE_SAYS(X)
#undef X
        MOVE_SAYS_COUNT
};
const char *move_says_word(enum move_says what);

struct move_note {
    enum move_says what;
    size_t line;
};

struct move_plan {
    size_t lines;    /* of the file; of a move by number: people known by one at the old identity provider */
    size_t linked;   /* would be; not_seen among them, for people whose data is protected are never seen */
    size_t doubtful; /* known_new: left as they are, unless take_known says otherwise */
    size_t twice;    /* taken_old, taken_new; of a move by number: numbers that two people have */
    size_t not_seen;
    struct move_note *notes; /* the first LINKS_LINES_SHOWN */
    size_t note_count;
    struct str batch; /* names the links, by what they say; absent, of a move by number */
};

struct move_ask {
    const struct registry *registry;
    const struct seals *seals;
    const struct settings *set;
    const struct idp *from, *to;
    const struct moves_read *file; /* NULL: by learner number */
    bool take_known;               /* those too who have signed in by the new one */
    int64_t now_s;
};

/* What would be; nothing is written.  Fails OURS db_…. */
bool move_plan(struct db *d, struct arena *a, const struct move_ask *ask, struct move_plan *out, struct fail *f);
/* The same, and the links are there: they count once a move of the registry names their batch. */
bool move_stage(struct db *d, struct arena *a, const struct move_ask *ask, struct move_plan *out, struct fail *f);
/* How many links of it there are. */
bool move_links(struct db *d, struct arena *a, const struct move *m, size_t *n, struct fail *f);
/* Why nobody moves from the one to the other: word, what it says. */
#define MOVE_NOTS(X)                                                                                                   \
    X(none, "there is no such identity provider")                                                                      \
    X(same, "the old identity provider and the new one are the same")                                                  \
    X(no_city, "an identity provider of no municipality moves nobody")                                                 \
    X(away, "people do not move from a municipality to another: they say themselves which accounts are theirs")        \
    X(local, "nobody moves to local accounts: whoever makes one would be that person")                                 \
    X(test, "one of the two is for tests, the other is not")
enum move_not {
    MOVE_NOT_NOTHING = 0,
#define X(word, says) MOVE_NOT_##word,
    MOVE_NOTS(X)
#undef X
        MOVE_NOT_COUNT
};
enum move_not move_not(const struct idp *from, const struct idp *to); /* NOTHING: people may */
/* The same in words; NULL: people may. */
const char *move_trouble(const struct idp *from, const struct idp *to);

/* ── the operator's list of learners ───────────────────────────────────────── */

struct learners_read {
    size_t numbers, duplicates, providers; /* of the file */
    size_t line;                           /* that does not hold; 0: all do */
    const char *wrong;
};

/* Lines of "learner number, master number, provider" (master and provider may be empty).  All or nothing: the file
 * takes the place of what was there.  False without f: out->line and ->wrong say why. */
bool learners_import(struct db *d, struct arena *a, const struct seals *s, const struct registry *r, struct str bytes,
                     struct learners_read *out, struct fail *f);
/* The number itself, or the one that it is a duplicate of. */
bool learner_master(struct db *d, struct arena *a, struct str number, struct str *out, struct fail *f);

/* ── a learner's accounts in two municipalities: they belong together, and stay two people ── */

struct pair {
    struct str other, provider, other_provider; /* person; ids of the registry: of the one asked about, and the other */
    int64_t at_s;
};
struct pairs {
    struct pair *at;
    size_t n;
};
bool pairs_of(struct db *d, struct arena *a, struct str person, struct pairs *out, struct fail *f);
/* Fails CALLER too_many. */
bool pair_put(struct db *d, struct arena *a, struct str person, struct str provider, struct str other,
              struct str other_provider, int64_t at_s, struct fail *f);
bool pair_drop(struct db *d, struct str person, struct str other, struct fail *f);

#endif
