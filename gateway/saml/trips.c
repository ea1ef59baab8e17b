/* SPDX-License-Identifier: EUPL-1.2
 * Until gateway/logout.c has trips: nobody is led on one. */
#include "gateway/logout.h"

__attribute__((weak)) struct str logout_trip_id(const struct ctx *c, struct str relay, struct str service)
{
    return (struct str){ NULL, 0 };
}

__attribute__((weak)) enum step logout_came(struct ctx *c, struct str relay, struct str service, bool heard)
{
    return fail(&c->fail, FAIL_CALLER, "invalid_request", "no trip of ours"), REFUSE;
}
