/* SPDX-License-Identifier: EUPL-1.2
 * gateway/vendor/seed.h: what an authenticator app is told, and a letter that one's account was changed.
 *
 * Floor 6d.  A seed is nobody's until a code of it was typed: until then it travels with the form, sealed, for whom it
 * was made alone, so that a mistake elsewhere in the form does not cost a second telephone.
 */
#ifndef GATEWAY_VENDOR_SEED_H
#define GATEWAY_VENDOR_SEED_H

#include "gateway/mail.h"
#include "model/ctx.h"
#include "portal/pages.h"

enum { PASSWORD_MIN = 12 /* characters */, PASSWORD_TYPED_MAX_B = 1024 };

/* That of the form's field `seal`, if it was made for `bound`; else a new one. */
struct str seed_typed(struct ctx *c, struct str bound);
/* As the page shows it: sealed, to be typed, drawn.  issuer: as the app names it beside the gateway. */
struct vendor_seed seed_shown(struct ctx *c, struct str bound, struct str seed, struct str whose);
/* Long enough, and not too long to be looked at. */
bool password_will_do(struct str password);

/* Leaves a letter in the outbox that says what of the account has changed: to its own address of e-mail, or where it
 * has none to the organisation's for technology, once that is verified.  Whatever is wrong with that, is logged and no
 * more: the change stands.  May block. */
struct account_letter {
    struct mail_door door;
    struct mail_letter letter; /* to absent: to the organisation's contact for technology, where it is verified */
    int64_t now_s;
};
/* On the loop. */
void account_letter_address(struct ctx *c, struct account_letter *x, struct str account,
                            const struct organisation *where, enum letter_part part);
void account_letter_put(struct account_letter *x, struct db *vendors, struct arena *a);

#endif
