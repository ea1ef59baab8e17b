/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/limits.h"

#include "wire/http.h"

static const struct {
    const char *key;
    int64_t most;
    const char *what;
} rows[] = {
#define X(limit, key, most, what) { key, most, what },
    LIMITS(X)
#undef X
};

void limit_ask(struct ctx *c, enum limit which, int64_t life_s, struct kv_got *got)
{
    kv_count(c->kv, &c->batch, c->arena, got, KV_COUNT,
             arena_printf(c->arena, "%s:%.*s", rows[which].key, STR_ARG(http_place(c->arena, c->req->peer))), life_s);
}

bool limit_keep(enum limit which, const struct kv_got *got, const char *for_what, struct fail *f)
{
    if (got->outcome == KV_DOWN)
        return kv_away(f, for_what);
    return got->number <= rows[which].most ||
           fail(f, FAIL_BUSY, "too_many_requests", "%s is used up", rows[which].what);
}
