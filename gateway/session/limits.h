/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session/limits.h: how much one address may have us keep or try.
 *
 * Floor 6b.  One table, one counter in Redis per row and owner: an address (an IPv6
 * network of 64 bits counts as one), a login, everybody.  What is to be stored is
 * counted before: what is over the budget takes no room.  What an address tries
 * is counted when it has failed: whoever succeeds, uses nothing up.  Of one login
 * every answer counts, and the first is heard whatever its address has used.
 */
#ifndef GATEWAY_SESSION_LIMITS_H
#define GATEWAY_SESSION_LIMITS_H

#include "model/ctx.h"
#include "wire/kv.h"

/*    limit           key             most   what */
#define LIMITS(X)                                                                                                      \
    X(large_requests, "request", 1000, "the budget for large requests of this address")                                \
    X(all_requests, "request:all", 2000, "the budget for large requests of everybody together")                        \
    X(answers, "saml", 3000, "the budget for refused answers of this address")                                         \
    X(unasked, "saml:unasked", 3000, "the budget for answers from this address that nobody asked for")                 \
    X(login_answers, "saml:login", 8, "the budget for answers to one login")                                           \
    X(pushed, "par", 60000, "the budget for pushed requests of this service")                                          \
    X(pushed_openly, "par:open", 3000, "the budget for pushed requests of public services from this address")          \
    X(request_fetches, "object", 3000, "the budget for request objects by reference of this address")                  \
    X(own_data, "me", 60, "the budget for one person's looks at their own data")                                       \
    X(own_log, "me:log", 600, "the budget for one person's pages of their own log")                                    \
    X(families, "refresh:of", 500, "the budget for refresh tokens of one person's new sign-ins")                       \
    X(screens, "screen:at", 1000, "the budget for screens of this address")                                            \
    X(service_screens, "screen:of", 5000, "the budget for screens of this service")                                    \
    X(all_screens, "screen:all", 20000, "the budget for screens of everybody together")                                \
    X(typed, "typed", 300, "the budget for wrong codes of screens of this address")                                    \
    X(person_typed, "typed:me", 10, "the budget for wrong codes of screens of one person")                             \
    X(all_typed, "typed:all", 5000, "the budget for wrong codes of screens of everybody together")                     \
    X(joinings, "vendor:join", 10, "the budget for organisations that ask to join from this address")                  \
    X(invited, "vendor:invite", 300, "the budget for looks at invitations from this address")                          \
    X(second_codes, "vendor:code", 10, "the budget for one-time codes of this account")                                \
    X(own_password, "vendor:own", 10, "the budget for the password that this account's page asks for")                 \
    X(passkeys, "vendor:passkey", 300, "the budget for passkeys from this address")                                    \
    X(trials, "vendor:trial", 300, "the budget for trials of this organisation")                                       \
    X(rolled_keys, "vendor:rolled", 5, "the budget for trials of this organisation that show a key")

enum limit {
#define X(limit, key, most, what) LIMIT_##limit,
    LIMITS(X)
#undef X
        LIMIT_COUNT
};

/* Whose budget it is: the address of the request. */
struct str limit_place(const struct ctx *c);

/* Asks the request's batch to count one more of `whose`; the counter lives for life_s from its first. */
void limit_ask(struct ctx *c, enum limit which, struct str whose, int64_t life_s, struct kv_got *got);
/* The same without counting. */
void limit_look(struct ctx *c, enum limit which, struct str whose, struct kv_got *got);
/* What failed before is forgotten, since it succeeded at last. */
void limit_forgive(struct ctx *c, enum limit which, struct str whose, struct kv_got *got);
/* After either.  Fails OURS when Redis is away, BUSY too_many_requests over the budget.  for_what: for the log. */
bool limit_keep(enum limit which, const struct kv_got *got, const char *for_what, struct fail *f);

#endif
