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

struct str limit_place(const struct ctx *c)
{
    return http_place(c->arena, c->req->peer);
}

static struct str key_of(struct ctx *c, enum limit which, struct str whose)
{
    return arena_printf(c->arena, "%s:%.*s", rows[which].key, STR_ARG(whose));
}

void limit_ask(struct ctx *c, enum limit which, struct str whose, int64_t life_s, struct kv_got *got)
{
    kv_count(c->kv, &c->batch, c->arena, got, KV_COUNT, key_of(c, which, whose), life_s);
}

void limit_look(struct ctx *c, enum limit which, struct str whose, struct kv_got *got)
{
    kv_get(c->kv, &c->batch, c->arena, got, KV_COUNT, key_of(c, which, whose));
}

void limit_forgive(struct ctx *c, enum limit which, struct str whose, struct kv_got *got)
{
    kv_delete(c->kv, &c->batch, c->arena, got, KV_COUNT, key_of(c, which, whose));
}

bool limit_keep(enum limit which, const struct kv_got *got, const char *for_what, struct fail *f)
{
    int64_t number = got->number;

    if (got->outcome == KV_DOWN)
        return kv_away(f, for_what);
    if (got->value.p != NULL) /* looked at: this would be one more */
        number = str_int(got->value, &number) ? number + 1 : 1;
    return number <= rows[which].most || fail(f, FAIL_BUSY, "too_many_requests", "%s is used up", rows[which].what);
}
