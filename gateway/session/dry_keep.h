/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session/dry_keep.h: a dry run of an identity provider between its steps: up to ten people, whom its admin
 * chooses, each do a test sign-in by a link of their own before it is opened.
 *
 * Floor 6b.  One run at an identity provider, in Redis, sealed: the admin's own words for each of the people, and a
 * secret that makes their links.  Beside it, for each that came, what a page must show and no more: which attributes
 * came (no values), what the map could not use (map_notes: never a person's own data), the roles, schools and classes
 * that were made of it, whether names and a learner number were there, and a mark by which two results of one person
 * are told from two people.  Neither names nor numbers nor subjects are kept.  All of it is gone DRY_LIFE_S after the
 * run was begun, and at once when the admin ends it.
 */
#ifndef GATEWAY_DRY_KEEP_H
#define GATEWAY_DRY_KEEP_H

#include "idp-adapters/tryout.h"
#include "model/ctx.h"
#include "wire/kv.h"

enum { DRY_PEOPLE_MAX = 10, DRY_LABEL_MAX = 60 /* characters */, DRY_LIFE_S = 72 * 3600, DRY_LINK_MAX_B = 128 };

struct dry_run {
    struct str idp, secret;
    int64_t at_s, until_s;
    struct str labels[DRY_PEOPLE_MAX]; /* whom the admin means, in the admin's words */
    size_t n;
};

struct dry_result {
    struct tryout *tryout; /* attributes without values; of the person the affiliations alone */
    struct str who;        /* equal for equal people of one run; absent: nobody was proven */
    bool named, numbered;  /* names came; a learner number that holds came */
};

/* What a page knows of one: ask, ask again behind the answer, read. */
struct dry_look {
    struct str idp;
    struct kv_got asked, got[DRY_PEOPLE_MAX];
    struct dry_run *run;                        /* NULL: there is none */
    struct dry_result *results[DRY_PEOPLE_MAX]; /* NULL: has not come */
};
/* Each fails OURS where Redis does not answer.  The second asks nothing where there is no run. */
void dry_ask(struct ctx *c, struct str idp, struct dry_look *x);
bool dry_ask_results(struct ctx *c, struct dry_look *x, struct fail *f);
bool dry_read_results(struct ctx *c, struct dry_look *x, struct fail *f);
bool dry_read(struct ctx *c, struct dry_look *x, struct fail *f); /* the run alone */

/* run: idp and labels are there; gets its secret and its times. */
bool dry_begin(struct ctx *c, struct dry_run *run, struct kv_got *got, struct fail *f);
struct dry_dropped {
    struct kv_got run, results[DRY_PEOPLE_MAX];
};
void dry_drop(struct ctx *c, const struct dry_run *run, struct dry_dropped *got);

/* What stands in the link of one of them, "IDP.0.SECRET"; and back: false, it has no such form. */
struct str dry_link(struct arena *a, const struct dry_run *run, size_t slot);
bool dry_link_read(struct str link, struct str *idp, size_t *slot);
/* Whether it is one of this run's. */
bool dry_link_is(struct arena *a, const struct dry_run *run, struct str link);

/* c->tryout, as far as it is kept: dry_result above. */
bool dry_keep(struct ctx *c, const struct dry_run *run, size_t slot, struct kv_got *got, struct fail *f);

/* The record of a result and back; for tests too. */
struct str dry_result_write(struct arena *a, const struct dry_run *run, const struct tryout *t);
struct dry_result *dry_result_parse(struct arena *a, struct str json);

/* Counts of a look: for the sum, and for whoever opens the source. */
struct dry_sum {
    size_t asked, came, refused, faulty; /* faulty: came through, and something was not understood */
    size_t twice;                        /* results that an earlier one of the same person stands for */
};
enum dry_state { DRY_WAITS = 0, DRY_REFUSED, DRY_FAULTS, DRY_WELL };
enum dry_state dry_state_of(const struct dry_result *r);
bool dry_is_again(const struct dry_look *x, size_t slot); /* it is the same person as one before it */
struct dry_sum dry_sum(const struct dry_look *x);

#endif
