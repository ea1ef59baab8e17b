/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/once.h"

#include "base/crypt.h"

void once_ask(struct ctx *c, const char *kind, struct str whose, struct str name, int64_t left_s, struct kv_got *got)
{
    struct str both = arena_printf(c->arena, "%.*s\n%.*s", STR_ARG(whose), STR_ARG(name));

    kv_add(c->kv, &c->batch, c->arena, got, KV_REPLAY, arena_join(c->arena, str_of(kind), sha256_hex(c->arena, both)),
           S("1"), left_s > 0 ? left_s : 1);
}

bool once_first(const struct kv_got *got, const char *what, const char *says, struct fail *f)
{
    if (got->outcome == KV_DOWN)
        return (bool)kv_away(f, what);
    return got->outcome == KV_MISS || fail(f, FAIL_CALLER, "invalid_request", "%s", says);
}
