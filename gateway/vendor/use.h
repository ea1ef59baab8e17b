/* SPDX-License-Identifier: EUPL-1.2
 * gateway/vendor/use.h: the page of what became of a service: who has it in use, and how much.
 *
 * Floor 6d.
 */
#ifndef GATEWAY_VENDOR_USE_H
#define GATEWAY_VENDOR_USE_H

#include "model/ctx.h"
#include "portal/pages.h"
#include "registry/edit.h"

/* So long a need that was confirmed is told; and from when on its end is warned of. */
enum { NEED_CONFIRMED_DAYS = 365, NEED_WARNED_DAYS = 60 };

/* The service in production that was made from this one in test; NULL: none. */
const struct service *vendor_production_of(const struct ctx *c, const struct service *s);
/* The draft that waits for the operator, by which a service in test would have, or alter, one in production; 0: none.
 */
bool vendor_production_waits(struct db *d, struct arena *a, const struct area *area, struct str test, int64_t *number,
                             struct fail *f);
struct str vendor_basis_key(enum basis basis); /* "public_task" */

struct vendor_asked { /* what became of a form of the page */
    struct str secret, client_id, trouble, metadata, gate_why;
    bool asked;
};
/* Shows the page of that service as the answer to a form. */
enum step vendor_use_answer(struct ctx *c, const struct service *s, const struct vendor_asked *said);

/* Rows, behind the door: POST of /vendor/service/ID with act=production, act=confirm. */
extern const struct step_row vendor_production[], vendor_confirm[];

/* What municipalities have decided about it. */
void vendor_receipts(struct ctx *c, const struct service *s, struct vendor_use_view *v);

#endif
