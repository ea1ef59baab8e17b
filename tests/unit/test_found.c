/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/found.h"
#include "tests/test.h"

/* n keys, the first of them numbered `from`, as Redis gives them. */
static struct kv_got kept(struct test *t, int from, size_t n)
{
    struct kv_got got = { .outcome = KV_HIT, .list = arena_make_n(t->arena, n + 1, struct str), .listed = n };

    for (size_t i = 0; i < n; i++)
        got.list[i] = arena_printf(t->arena, "%064d", from + (int)i);
    return got;
}

static struct strs gathered(struct test *t, struct ctx *c, const struct kv_got *lists, size_t n, bool *cut)
{
    struct strs all = { arena_make_n(t->arena, 1, struct str), 0 };

    *cut = false;
    for (size_t i = 0; i < n; i++)
        found_gather(c, &lists[i], &all, cut);
    return all;
}

TEST(sessions_of_several_names_are_gathered_once_each)
{
    struct ctx c = { .arena = t->arena };
    struct kv_got lists[] = { kept(t, 0, 10), kept(t, 5, 10), { .outcome = KV_MISS } };
    bool cut;

    CHECK_INT(gathered(t, &c, lists, 3, &cut).n, 15);
    CHECK(!cut);
}

TEST(where_as_many_are_kept_as_may_be_more_may_be_meant)
{
    struct ctx c = { .arena = t->arena };
    struct kv_got almost = kept(t, 0, FOUND_MAX - 1), full = kept(t, 0, FOUND_MAX);
    struct kv_got lists[] = { kept(t, 0, FOUND_MAX - 1), kept(t, 1000, FOUND_MAX - 1) };
    bool cut;

    CHECK_INT(gathered(t, &c, &almost, 1, &cut).n, FOUND_MAX - 1);
    CHECK(!cut);
    CHECK_INT(gathered(t, &c, &full, 1, &cut).n, FOUND_MAX);
    CHECK(cut);
    CHECK_INT(gathered(t, &c, lists, 2, &cut).n, FOUND_MAX);
    CHECK(cut);
}
