/* SPDX-License-Identifier: EUPL-1.2
 * registry/consents.h: what each person has let a service be told, what they have been shown of it, and which services
 * hold something of theirs that outlives their session.
 *
 * Floor 4.  Two kinds of row, each of one person, one service: a consent, given by the person to a voluntary service
 * (service->client.consent); and the note that they were shown what a service of their school is told (provider->
 * informs), where nothing is asked of them.  Both name the claims; a service that is to be told more than that is asked
 * about, or shown, again.
 *
 * A third kind names what a service was left with (held): the key of a record elsewhere, which alone says whether it is
 * still good.  It is written down before the service has it, so that whoever looks at what services hold of them sees
 * all of it.  The HELD_OF_SERVICE newest of each service are named, without those that have ended; older ones, which
 * may still be good, are one row without a key, which stays for as long as any of them could: so a service that is left
 * with ever more is seen, and its row is ended, like any other.
 *
 * In a file of its own, state_dir/registry/consents.sqlite, for good: losing it loses no access, everybody is asked
 * again, and is not shown what services held until then.  All statements are bound to a person's pseudonymous id.  A
 * consent that is taken back is gone at once; that it was, and when, the audit log says.
 *
 * Everything here may block: worker threads.
 */
#ifndef REGISTRY_CONSENTS_H
#define REGISTRY_CONSENTS_H

#include "base/batch.h"
#include "base/fail.h"
#include "base/settings.h"
#include "base/work.h"
#include "model/claims.h"
#include "wire/db.h"

enum { CONSENTS_OF_ONE_MAX = 1000 /* that are listed; there is one of each kind a service at most */ };

enum consent_kind { CONSENT_NONE = 0, CONSENT_GIVEN, CONSENT_SHOWN };

struct consent {
    enum consent_kind kind; /* CONSENT_NONE: there is none */
    struct str service;     /* registry id; it may have gone since */
    struct claim_set claims;
    int64_t at_s;
};
struct consents_found {
    struct consent *at;
    size_t n;
};

enum {
    HELD_OF_SERVICE = 20,
    HELD_OF_ONE_MAX = 1000 /* that are listed: of each service one, then the next of each … */
};

struct held {
    struct str service, key; /* registry id; of the record (64 hex digits), absent: of older ones, the newest of them */
    int64_t at_s;
};
struct held_found {
    struct held *at;
    size_t n;
};

struct consents;
struct consents *consents_new(const struct settings *set); /* opens nothing yet */
void consents_free(struct consents *s);                    /* after the worker threads; NULL does nothing */

/* Runs on a worker thread, which has the store to itself meanwhile; as a desk_job (desk.h). */
typedef bool consents_job(void *with, struct db *d, struct arena *a, struct fail *f);
struct consents_got {
    bool ok;
    struct fail why;
};
/* Asks the batch and answers it once.  False, and no answer: too many jobs wait. */
bool consents_ask(struct consents *s, struct work *w, struct batch *b, struct arena *a, consents_job *job, void *with,
                  struct consents_got *out);
/* The same where one is on a worker thread already. */
bool consents_now(struct consents *s, struct arena *a, consents_job *job, void *with, struct fail *f);

/* All fail OURS db_….  One of that kind; CONSENT_NONE when there is none. */
bool consent_get(struct db *d, struct arena *a, struct str person, struct str service, enum consent_kind kind,
                 struct consent *out, struct fail *f);
/* All of a person's, the newest first. */
bool consents_of(struct db *d, struct arena *a, struct str person, struct consents_found *out, struct fail *f);
/* In place of the one before of its kind and service. */
bool consent_put(struct db *d, struct arena *a, struct str person, const struct consent *x, struct fail *f);
/* Takes a consent back; *was: there was one.  What they were shown stays so. */
bool consent_take(struct db *d, struct arena *a, struct str person, struct str service, bool *was, struct fail *f);

/* What a service is left with; what is older than oldest_s of this person's leaves.  ends: says which have ended; may
 * be NULL. */
struct ends;
bool held_put(struct db *d, struct arena *a, struct str person, const struct held *x, int64_t oldest_s,
              struct ends *ends, struct fail *f);
bool held_of(struct db *d, struct arena *a, struct str person, struct held_found *out, struct fail *f);
/* All of one service's. */
bool held_drop(struct db *d, struct str person, struct str service, struct fail *f);

/* Words of claims.def, space-separated, and back; words that nobody knows any more are passed over. */
struct str consent_words(struct arena *a, struct claim_set claims);
struct claim_set consent_claims(struct str words);

#endif
