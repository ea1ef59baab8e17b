/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/once.h"

#include "base/crypt.h"

void once_mark(struct ctx *c, struct str mark, int64_t born_s, int64_t left_s, struct kv_got *got)
{
    if (!kv_may_forget(c->kv, born_s)) {
        kv_add(c->kv, &c->batch, c->arena, got, KV_REPLAY, mark, S("1"), left_s > 0 ? left_s : 1);
        return;
    }
    batch_ask(&c->batch);
    *got = (struct kv_got){ .outcome = KV_HIT };
    batch_answered(&c->batch);
}

void once_ask(struct ctx *c, const char *kind, struct str whose, struct str name, int64_t born_s, int64_t left_s,
              struct kv_got *got)
{
    struct str both = arena_printf(c->arena, "%.*s\n%.*s", STR_ARG(whose), STR_ARG(name));

    once_mark(c, arena_join(c->arena, str_of(kind), sha256_hex(c->arena, both)), born_s, left_s, got);
}

bool once_first(const struct kv_got *got, const char *what, const char *says, struct fail *f)
{
    if (got->outcome == KV_DOWN)
        return (bool)kv_away(f, what);
    return got->outcome == KV_MISS || fail(f, FAIL_CALLER, "invalid_request", "%s", says);
}
