/* SPDX-License-Identifier: EUPL-1.2
 * registry/pleas.h: what people have asked to be opened to them, and what became of it.
 *
 * Floor 4.  One plea is a service, a school and a role there: whoever asks for the same joins it, so that it is one
 * question with a number.  Of each who asks it keeps the pseudonymous id (so that nobody counts twice, and each finds
 * their own again), the class level of a learner, and of staff what they wrote and, where they ticked it, their name.
 * Of a learner neither words nor a name is taken, whatever the caller gives.
 *
 * In a file of its own, state_dir/registry/pleas.sqlite: losing it loses questions, and no access.  Each asking is
 * forgotten PLEA_KEPT_S after it was made, and a plea with its last one.  All statements that read or write for an
 * administrator are bound to an area, those of a person to that person.
 *
 * Everything here but plea_words_fit() may block: worker threads.
 */
#ifndef REGISTRY_PLEAS_H
#define REGISTRY_PLEAS_H

#include "base/batch.h"
#include "base/fail.h"
#include "base/settings.h"
#include "base/work.h"
#include "model/area.h"
#include "model/person.h"
#include "wire/db.h"

enum {
    PLEA_KEPT_S = 180 * 86400, /* a term, and the holidays after it */
    PLEA_REST_S = 30 * 86400,  /* what was declined is not asked again sooner */
    PLEA_DAY_S = 86400,
    PLEAS_A_DAY = 5,              /* of one person, those taken back among them */
    PLEAS_OF_ONE_MAX = 20,        /* likewise, that are kept */
    PLEAS_OF_PROVIDER_MAX = 5000, /* that somebody waits for */
    PLEA_ASKERS_MAX = 20000,      /* of one plea; more are not counted */
    PLEA_WORDS_MAX_B = 800,       /* of who asks, and of who answers */
    PLEA_NAME_MAX_B = 120,
    PLEAS_LISTED_MAX = 64,
    PLEA_VOICES_MAX = 40 /* words and names that are shown of one */
};

struct plea_key {
    struct str provider; /* its id */
    struct str school;   /* OID; "": the provider itself */
    struct str service;
    enum role role;
};

struct plea {
    int64_t number; /* its own for ever */
    struct plea_key key;
    uint32_t levels;             /* 1 << class level of those who wait; bit 0: of those without one */
    int64_t count;               /* who wait: asked, and were not answered since */
    int64_t first_s, last_s;     /* of these; 0: none waits */
    int64_t declined_s;          /* 0: never */
    struct str answer, answered; /* the words of it; in which area, as area_text() has it */
    /* Of pleas_of(): when this person asked, and whether that was after the last answer. */
    int64_t asked_s;
    bool waits;
    struct str words, name; /* as they gave them */
};
struct pleas_found {
    struct plea *at;
    size_t n;
};

struct plea_voice { /* what one of those who wait wrote; never whose it is but by the name they gave */
    struct str words, name;
    int64_t at_s;
};
struct plea_voices {
    struct plea_voice *at;
    size_t n;
};

/* ── the store ─────────────────────────────────────────────────────────────── */

struct pleas;
struct pleas *pleas_new(const struct settings *set); /* opens nothing yet */
void pleas_free(struct pleas *p);                    /* after the worker threads; NULL does nothing */

/* Runs on a worker thread, which has the store to itself meanwhile; as a desk_job (desk.h). */
typedef bool pleas_job(void *with, struct db *d, struct arena *a, struct fail *f);
struct pleas_got {
    bool ok;
    struct fail why;
};
/* Asks the batch and answers it once.  False, and no answer: too many jobs wait. */
bool pleas_ask(struct pleas *p, struct work *w, struct batch *b, struct arena *a, pleas_job *job, void *with,
               struct pleas_got *out);
/* The same where one is on a worker thread already. */
bool pleas_now(struct pleas *p, struct arena *a, pleas_job *job, void *with, struct fail *f);

/* ── of a person ───────────────────────────────────────────────────────────── */

struct plea_asking {
    struct str person;
    struct plea_key key;
    int level;        /* of a learner; else 0 */
    struct str words; /* absent: none */
    struct str name;  /* absent: not to be shown */
};
/* Asks, or asks again what one asks already, which keeps the first time.  Fails CALLER plea_words (they hold what may
 * be a child's: plea_words_fit()), declined (within PLEA_REST_S), learners (they may not ask there); BUSY plea_day,
 * plea_many, plea_full (the bounds above); OURS db_…. */
bool plea_put(struct db *d, struct arena *a, const struct plea_asking *x, int64_t now_s, struct fail *f);
/* Takes it back; what does not exist, or is not theirs, is taken back already.  A plea that nobody is left of goes with
 * it, but for what was declined within PLEA_REST_S. */
bool plea_take(struct db *d, struct str person, int64_t number, int64_t now_s, struct fail *f);
/* All of a person's, the newest first; service absent: of any. */
bool pleas_of(struct db *d, struct arena *a, struct str person, struct str service, int64_t now_s,
              struct pleas_found *out, struct fail *f);
/* One, as whoever could join it may know it: how many wait, what was answered.  number 0: nobody has asked. */
bool plea_look(struct db *d, struct arena *a, const struct plea_key *key, int64_t now_s, struct plea *out,
               struct fail *f);

/* Whether words hold nothing that names a child for sure: no learner number, no personal identity code, no address of
 * mail.  A name in words nobody can tell from another word. */
bool plea_words_fit(struct str words);

/* ── of an area ────────────────────────────────────────────────────────────── */

/* Those that wait there, the most asked for first; service absent: of any.  At most PLEAS_LISTED_MAX
 * behind the first `from`. */
bool pleas_list(struct db *d, struct arena *a, const struct area *area, struct str service, size_t from, int64_t now_s,
                struct pleas_found *out, struct fail *f);
/* Fails NOT_FOUND no_plea, also where it is in another area. */
bool plea_one(struct db *d, struct arena *a, const struct area *area, int64_t number, int64_t now_s, struct plea *out,
              struct plea_voices *voices, struct fail *f);
/* Declines, with words for those who have asked until now.  Fails likewise. */
bool plea_decline(struct db *d, struct arena *a, const struct area *area, int64_t number, struct str words,
                  int64_t now_s, struct fail *f);

/* Whether learners may ask at a provider; as it begins: not. */
bool pleas_learners(struct db *d, struct arena *a, struct str provider, bool *may, struct fail *f);
bool pleas_let_learners(struct db *d, struct str provider, bool may, struct fail *f);

#endif
