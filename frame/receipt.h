/* SPDX-License-Identifier: EUPL-1.2
 * frame/receipt.h: what a municipality has decided about a service, in words: one receipt for both sides.
 *
 * Floor 4.  Pure.  views/receipt.html shows it: the municipality's in the console, the vendor's in its portal.
 */
#ifndef FRAME_RECEIPT_H
#define FRAME_RECEIPT_H

#include "model/registry.h"

struct receipt_words {
    struct str id, service, vendor, provider, oid;
    struct str whom;         /* roles and schools */
    struct str gives, keeps; /* keeps: what was asked for and is not given; absent: everything is given */
    struct str purpose, agreement, decided_by;
    struct str from, until;     /* until absent: it has no end */
    struct str asked, approved; /* who and when, as far as the side may know; the caller's; absent: left out */
    struct str withdrawn, why;  /* absent: it is not */
    bool in_force, later, over; /* none: withdrawn */
};

/* begun_s: when it was published, where that is known and later than the row says; 0: it is not. */
struct receipt_words receipt_words(struct arena *a, const struct registry *r, const struct permission *p,
                                   int64_t begun_s, enum lang lang, int64_t now_s);

/* "nimi, rooli, koulu"; "–": none. */
struct str claims_in_words(struct arena *a, struct claim_set claims, enum lang lang);

#endif
