/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session/limits.h: how much one address may have us keep or try.
 *
 * Floor 6b.  One table, one counter in Redis per row and address (an IPv6 network
 * of 64 bits counts as one address).  Counted before anything is stored: what is
 * over the budget takes no room.
 */
#ifndef GATEWAY_SESSION_LIMITS_H
#define GATEWAY_SESSION_LIMITS_H

#include "model/ctx.h"
#include "wire/kv.h"

/*    limit           key          most   what */
#define LIMITS(X)                                                                                                      \
    X(large_requests, "request", 1000, "the budget for large requests of this address")                                \
    X(answers, "saml", 3000, "the budget for answers of this address")                                                 \
    X(large_answers, "saml:large", 200, "the budget for answers of this address")

enum limit {
#define X(limit, key, most, what) LIMIT_##limit,
    LIMITS(X)
#undef X
        LIMIT_COUNT
};

/* Asks the request's batch to count one more from its address; the counter lives for life_s from its first. */
void limit_ask(struct ctx *c, enum limit which, int64_t life_s, struct kv_got *got);
/* Fails OURS when Redis is away, BUSY too_many_requests over the budget.  for_what: for the log. */
bool limit_keep(enum limit which, const struct kv_got *got, const char *for_what, struct fail *f);

#endif
