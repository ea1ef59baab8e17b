/* SPDX-License-Identifier: EUPL-1.2
 * registry/mails.h: mails that wait to be sent, and which have been.
 *
 * Floor 4.  A file of its own, state_dir/registry/mails.sqlite, so that what waits outlives a restart.  A mail has a
 * key that says what it is about ("invite:HASH", "ends:service:tuisku-a:30"): of one key there is one mail, ever
 * (MAILS_REMEMBERED_S).  What is in it is sealed (SEAL_SECRET), since an invitation's link opens an account; when it
 * has left or is given up, only its key stays.
 *
 * Who takes one has it for MAILS_LEASE_S: a process that dies in between sends it once more, at most, by the same id
 * (its Message-ID).  Everything here may block but mails_new() and mails_ask().
 */
#ifndef REGISTRY_MAILS_H
#define REGISTRY_MAILS_H

#include "base/batch.h"
#include "base/fail.h"
#include "base/seals.h"
#include "base/settings.h"
#include "base/work.h"
#include "wire/db.h"

enum {
    MAILS_WAITING_MAX = 5000,    /* of everybody */
    MAILS_OF_ONE_MAX = 100,      /* that wait for one owner */
    MAILS_A_DAY_MAX = 200,       /* of one owner, sent or not */
    MAILS_INVITED_A_DAY_MAX = 5, /* invitations to one mailbox, of everybody: who types an address need not have it */
    MAILS_WARNED_A_DAY_MAX = 20, /* to one mailbox besides; what is left over is sent on the next day */
    MAILS_TRIES_MAX = 12,        /* with MAILS_FIRST_S doubled each time up to MAILS_LAST_S: about two days */
    MAILS_FIRST_S = 60,
    MAILS_LAST_S = 6 * 3600,
    MAILS_LEASE_S = 300,
    MAILS_REMEMBERED_S = 400 * 86400,
    MAILS_KEY_MAX_B = 256
};

struct mails;
struct mails *mails_new(const struct settings *set);
void mails_free(struct mails *s); /* after the worker threads; NULL does nothing */

typedef bool mails_job(void *with, struct db *d, struct arena *a, struct fail *f); /* as a desk_job (desk.h) */
struct mails_got {
    bool ok;
    struct fail why;
};
/* False, and no answer: too many jobs wait. */
bool mails_ask(struct mails *s, struct work *w, struct batch *b, struct arena *a, mails_job *job, void *with,
               struct mails_got *out);
bool mails_now(struct mails *s, struct arena *a, mails_job *job, void *with, struct fail *f);

enum mail_state { MAIL_NONE = -1, MAIL_WAITS = 0, MAIL_SENT, MAIL_GIVEN_UP, MAIL_REFUSED };

struct waiting_mail {
    int64_t number;
    struct str key, owner;  /* owner: whose capacity is used: an organisation's id */
    struct str to, message; /* message: mail_write() (model/mail.h) */
    int64_t a_day;          /* so many go to this mailbox within a day; 0: any number */
    int64_t tries;          /* with this one */
};

/* *fresh: false: of this key there was one already, and nothing is added.  Fails BUSY mails: too many wait, or go to
 * this mailbox, which for a day is known by a hash under a key of ours and then not at all; CALLER
 * mail_key; OURS db_…. */
bool mails_put(struct db *d, struct arena *a, const struct world *w, const struct seals *s,
               const struct waiting_mail *x, int64_t now_s, bool *fresh, struct fail *f);
/* One that is due, which is the taker's for MAILS_LEASE_S; number 0: none is. */
bool mails_take(struct db *d, struct arena *a, const struct seals *s, int64_t now_s, struct waiting_mail *out,
                struct fail *f);
/* The server has taken it. */
bool mails_sent(struct db *d, int64_t number, struct fail *f);
/* Not now; it is tried again, unless for_good (a 5xx answer) or its tries are used up: *given_up. */
bool mails_failed(struct db *d, const struct waiting_mail *x, bool for_good, int64_t now_s, bool *given_up,
                  struct fail *f);

/* MAIL_NONE: of this key there was none, or it is forgotten. */
bool mails_how(struct db *d, struct arena *a, struct str key, enum mail_state *out, struct fail *f);
/* One that waits is not sent any more; whoever carries it just now may still send it. */
bool mails_recall(struct db *d, struct str key, struct fail *f);

#endif
