/* SPDX-License-Identifier: EUPL-1.2
 * gateway/reminders.h: whose something is about to end hears of it 60, 30 and 7 days before.
 *
 * Floor 6a.  Of services: each certificate of their SAML metadata (of the row, and of its address as it is kept)
 * and beside them, by its fingerprint, until it is retired; the end
 * of metadata in the row, a secret that retires, a need that nobody has confirmed; to the technical contact of the
 * vendor's organisation that was verified last (registry/contacts.h); to one that never was, nothing is sent.  Of
 * identity providers: what idp-adapters/endings.h knows; to admins of the municipality whose local account has an
 * address, else to the municipality's help desk where that is an address.  What is switched off reminds nobody.
 *
 * Once for each thing, end and threshold, whatever restarts and however many nodes look: the key of the letter says all
 * three (gateway/mail.h).  What ends of services is an alarm too, mail or not; of identity providers node/findings.c
 * raises it.
 *
 * Belongs to one thread, which may block for SQL; a few rows at each look.
 */
#ifndef GATEWAY_REMINDERS_H
#define GATEWAY_REMINDERS_H

#include "gateway/mail.h"
#include "model/registry.h"

struct alarms;
struct upstream_store;
struct vendors;

enum {
    REMINDERS_FIRST_MS = 2000,
    REMINDERS_EVERY_MS = 3600000, /* from the end of a walk to the next */
    REMINDERS_RAISE_MS = 10000,
    REMINDERS_AT_ONCE = 8, /* services and identity providers at a look */
    REMINDERS_OF_ONE_MAX = 64
};

struct reminder {
    enum letter letter;
    struct names what, part;
    struct str key;  /* without whom it is for */
    struct str path; /* of our own: where it is mended */
    int64_t end_s, days;
};
/* What is due of one, by the clock: now_s.  Everything lives in a, or in r.  Pure but for what is kept of metadata. */
size_t reminders_of_service(struct arena *a, struct upstream_store *kept, const struct service *s, int64_t now_s,
                            struct reminder *out, size_t max);
size_t reminders_of_idp(struct arena *a, struct upstream_store *kept, const struct registry *r, const struct idp *idp,
                        int64_t now_s, struct reminder *out, size_t max);
/* Whom the municipality has for that; at most max. */
size_t reminders_to_provider(const struct registry *r, const struct provider *p, int64_t now_s, struct str *out,
                             size_t max);

struct reminders;
/* alarms: NULL raises nothing.  vendors: which contacts are verified; NULL: none is. */
struct reminders *reminders_new(const struct mail_door *door, struct alarms *alarms, struct vendors *vendors);
void reminders_free(struct reminders *x); /* NULL does nothing */
/* As often as you like. */
void reminders_look(struct reminders *x, const struct registry *r, struct upstream_store *kept);

#endif
