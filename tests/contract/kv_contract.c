/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/contract/kv_contract.h"

#include "base/fields.h"

#include <string.h>

static void batch_ready(struct batch *b)
{
    ((struct kv_rig *)b)->answered = true;
}

void kv_rig_new(struct test *t, struct kv_rig *rig, const struct kv_config *config)
{
    (void)t;
    *rig = (struct kv_rig){ .batch = { 0, batch_ready }, .loop = loop_new(&world_real) };
    rig->kv = kv_new(rig->loop, &world_real, config);
}

void kv_rig_free(struct kv_rig *rig)
{
    kv_free(rig->kv);
    loop_free(rig->loop);
}

bool kv_rig_until(struct kv_rig *rig, bool ready, int most_ms)
{
    int64_t end_ms = world_mono_ms(&world_real) + most_ms;

    while (kv_ready(rig->kv) != ready && world_mono_ms(&world_real) < end_ms)
        loop_turn(rig->loop, 20);
    return kv_ready(rig->kv) == ready;
}

void kv_rig_wait(struct test *t, struct kv_rig *rig)
{
    int64_t end_ms = world_mono_ms(&world_real) + 20000;

    while (rig->batch.pending > 0 && world_mono_ms(&world_real) < end_ms)
        loop_turn(rig->loop, 20);
    CHECK_INT(rig->batch.pending, 0);
}

static struct kv_got get(struct test *t, struct kv_rig *rig, enum kv_family family, struct str id)
{
    struct kv_got got;

    kv_get(rig->kv, &rig->batch, t->arena, &got, family, id);
    kv_rig_wait(t, rig);
    return got;
}

static void values_come_back_as_they_went(struct test *t, struct kv_rig *rig)
{
    struct kv_got got;
    struct str odd = S("\0\r\n$-1\r\n%s%n\xff");

    CHECK_INT(get(t, rig, KV_SESSION, S("nobody")).outcome, KV_MISS);
    CHECK(get(t, rig, KV_SESSION, S("nobody")).value.p == NULL);
    kv_set(rig->kv, &rig->batch, t->arena, &got, KV_SESSION, S("a"), odd, 60);
    kv_rig_wait(t, rig);
    CHECK_INT(got.outcome, KV_HIT);
    got = get(t, rig, KV_SESSION, S("a"));
    CHECK_INT(got.outcome, KV_HIT);
    CHECK(str_eq(got.value, odd));
    kv_set(rig->kv, &rig->batch, t->arena, &got, KV_SESSION, odd, S(""), 60);
    kv_rig_wait(t, rig);
    got = get(t, rig, KV_SESSION, odd);
    CHECK_INT(got.outcome, KV_HIT);
    CHECK(got.value.p != NULL && got.value.n == 0);
}

static void a_large_value_comes_back_whole(struct test *t, struct kv_rig *rig)
{
    char *p = arena_alloc(t->arena, KV_VALUE_MAX_B);
    struct kv_got got;

    memset(p, 'x', KV_VALUE_MAX_B);
    kv_set(rig->kv, &rig->batch, t->arena, &got, KV_REQUEST, S("large"), str_n(p, KV_VALUE_MAX_B), 60);
    kv_rig_wait(t, rig);
    got = get(t, rig, KV_REQUEST, S("large"));
    CHECK(str_eq(got.value, str_n(p, KV_VALUE_MAX_B)));
}

static void put(struct test *t, struct kv_rig *rig, struct str id, const char *text, int64_t after_ms, int64_t there)
{
    struct str one = str_of(text);
    struct kv_got got;

    const struct kv_line_more more = { .texts = &one, .n = 1, .most = 3, .after_ms = after_ms, .ttl_s = 60 };
    kv_line_put(rig->kv, &rig->batch, t->arena, &got, KV_FAREWELL, id, &more);
    kv_rig_wait(t, rig);
    CHECK_INT(got.outcome, KV_HIT);
    CHECK_INT(got.number, there);
}

static struct str joined(struct test *t, const struct kv_got *got)
{
    CHECK_INT(got->outcome, KV_HIT);
    struct fields all = fields_new(t->arena, ' ', 256);
    for (size_t i = 0; i < got->listed; i++)
        fields_item(&all, got->list[i]);
    return fields_text(&all);
}

static void what_is_due_in_a_line_is_one_askers(struct test *t, struct kv_rig *rig)
{
    struct kv_got first, second, all;
    struct str texts[] = { S("a"), S("nobody") };

    put(t, rig, S("line"), "late", 60000, 1);
    put(t, rig, S("line"), "a", 0, 2);
    put(t, rig, S("line"), "b", 0, 3);
    kv_line_take(rig->kv, &rig->batch, t->arena, &first, KV_FAREWELL, S("line"), 1, 30000);
    kv_line_take(rig->kv, &rig->batch, t->arena, &second, KV_FAREWELL, S("line"), 8, 30000);
    kv_rig_wait(t, rig);
    CHECK_STR(joined(t, &first), "a");
    CHECK_STR(joined(t, &second), "b");
    kv_line_take(rig->kv, &rig->batch, t->arena, &first, KV_FAREWELL, S("line"), 8, 30000);
    kv_line_look(rig->kv, &rig->batch, t->arena, &all, KV_FAREWELL, S("line"), 8);
    kv_rig_wait(t, rig);
    CHECK_INT(first.outcome, KV_HIT);
    CHECK_INT(first.listed, 0);
    CHECK_STR(joined(t, &all), "late b a");
    /* Put once more, it is due anew; and one too many costs the first due. */
    put(t, rig, S("line"), "a", 50000, 3);
    put(t, rig, S("line"), "c", 70000, 3);
    kv_line_look(rig->kv, &rig->batch, t->arena, &all, KV_FAREWELL, S("line"), 8);
    kv_line_drop(rig->kv, &rig->batch, t->arena, &first, KV_FAREWELL, S("line"), texts, 2);
    kv_line_look(rig->kv, &rig->batch, t->arena, &second, KV_FAREWELL, S("line"), 1);
    kv_rig_wait(t, rig);
    CHECK_STR(joined(t, &all), "c late a");
    CHECK_INT(first.number, 1);
    CHECK_STR(joined(t, &second), "c");
    kv_line_look(rig->kv, &rig->batch, t->arena, &all, KV_FAREWELL, S("no line"), 8);
    kv_rig_wait(t, rig);
    CHECK_INT(all.outcome, KV_HIT);
    CHECK_INT(all.listed, 0);
}

static void what_is_due_in_a_fleeting_line_is_gone(struct test *t, struct kv_rig *rig)
{
    struct str kept = S("new");
    struct kv_got got;
    const struct kv_line_more more = {
        .texts = &kept, .n = 1, .most = 3, .after_ms = 60000, .ttl_s = 60, .fleeting = true
    };

    put(t, rig, S("fleeting"), "old", 0, 1);
    put(t, rig, S("fleeting"), "later", 50000, 2);
    kv_line_put(rig->kv, &rig->batch, t->arena, &got, KV_TRACE, S("fleeting"), &more);
    kv_rig_wait(t, rig);
    CHECK_INT(got.number, 1); /* of a family of its own */
    kv_line_put(rig->kv, &rig->batch, t->arena, &got, KV_FAREWELL, S("fleeting"), &more);
    kv_rig_wait(t, rig);
    CHECK_INT(got.number, 2);
    kv_line_look(rig->kv, &rig->batch, t->arena, &got, KV_FAREWELL, S("fleeting"), 8);
    kv_rig_wait(t, rig);
    CHECK_STR(joined(t, &got), "new later");
}

static void families_are_apart(struct test *t, struct kv_rig *rig)
{
    struct kv_got got;

    kv_set(rig->kv, &rig->batch, t->arena, &got, KV_CODE, S("same"), S("code"), 60);
    kv_rig_wait(t, rig);
    CHECK_INT(get(t, rig, KV_TOKEN, S("same")).outcome, KV_MISS);
    CHECK_STR(get(t, rig, KV_CODE, S("same")).value, "code");
}

static void what_is_taken_is_gone(struct test *t, struct kv_rig *rig)
{
    struct kv_got first, second;

    kv_set(rig->kv, &rig->batch, t->arena, &first, KV_CODE, S("once"), S("v"), 60);
    kv_rig_wait(t, rig);
    kv_take(rig->kv, &rig->batch, t->arena, &first, KV_CODE, S("once"));
    kv_take(rig->kv, &rig->batch, t->arena, &second, KV_CODE, S("once"));
    kv_rig_wait(t, rig);
    CHECK_STR(first.value, "v");
    CHECK_INT(second.outcome, KV_MISS);
}

static void a_mark_is_new_once(struct test *t, struct kv_rig *rig)
{
    struct kv_got first, second;

    kv_add(rig->kv, &rig->batch, t->arena, &first, KV_REPLAY, S("m"), S("1"), 60);
    kv_add(rig->kv, &rig->batch, t->arena, &second, KV_REPLAY, S("m"), S("2"), 60);
    kv_rig_wait(t, rig);
    CHECK_INT(first.outcome, KV_MISS);
    CHECK_INT(second.outcome, KV_HIT);
    CHECK_STR(get(t, rig, KV_REPLAY, S("m")).value, "1");
}

static void only_what_is_there_is_replaced(struct test *t, struct kv_rig *rig)
{
    struct kv_got got;

    kv_replace(rig->kv, &rig->batch, t->arena, &got, KV_SESSION, S("gone"), S("v"), 60);
    kv_rig_wait(t, rig);
    CHECK_INT(got.outcome, KV_MISS);
    CHECK_INT(get(t, rig, KV_SESSION, S("gone")).outcome, KV_MISS);
    kv_set(rig->kv, &rig->batch, t->arena, &got, KV_SESSION, S("there"), S("v"), 60);
    kv_replace(rig->kv, &rig->batch, t->arena, &got, KV_SESSION, S("there"), S("w"), 60);
    kv_rig_wait(t, rig);
    CHECK_INT(got.outcome, KV_HIT);
    CHECK_STR(get(t, rig, KV_SESSION, S("there")).value, "w");
}

struct remaking {
    struct test *t;
    struct kv_rig *rig;
    int calls, others; /* others: how often somebody else is faster still */
    struct str wanted;
};

static struct str both(void *with, struct str there)
{
    struct remaking *r = with;
    struct kv_got *got = arena_make(r->t->arena, struct kv_got);

    if (r->calls++ < r->others) /* arrives before what is made here */
        kv_set(r->rig->kv, &r->rig->batch, r->t->arena, got, KV_SESSION, S("shared"),
               arena_printf(r->t->arena, "other %d", r->calls), 60);
    return r->wanted.p != NULL ? arena_join(r->t->arena, there, r->wanted) : r->wanted;
}

static enum kv_outcome swap(struct remaking *r, const char *before, bool create)
{
    struct kv_got got;
    const struct kv_swap swap = { .before = before != NULL ? str_of(before) : (struct str){ NULL, 0 },
                                  .value = S("mine"),
                                  .ttl_s = 60,
                                  .create = create,
                                  .remake = both,
                                  .with = r };

    kv_swap(r->rig->kv, &r->rig->batch, r->t->arena, &got, KV_SESSION, S("shared"), &swap);
    kv_rig_wait(r->t, r->rig);
    return got.outcome;
}

static void what_two_change_at_once_keeps_both(struct test *t, struct kv_rig *rig)
{
    struct remaking r = { .t = t, .rig = rig, .wanted = S("+mine") };
    struct kv_got set;

    CHECK_INT(swap(&r, "first", false), KV_MISS);
    CHECK_INT(swap(&r, NULL, false), KV_MISS);
    CHECK_INT(get(t, rig, KV_SESSION, S("shared")).outcome, KV_MISS);
    CHECK_INT(swap(&r, NULL, true), KV_HIT);
    CHECK_STR(get(t, rig, KV_SESSION, S("shared")).value, "mine");
    CHECK_INT(swap(&r, "mine", false), KV_HIT);
    CHECK_INT(r.calls, 0);
    CHECK_INT(swap(&r, "an older one", false), KV_HIT);
    CHECK_INT(r.calls, 1);
    CHECK_STR(get(t, rig, KV_SESSION, S("shared")).value, "mine+mine");
    CHECK_INT(swap(&r, NULL, true), KV_HIT);
    CHECK_STR(get(t, rig, KV_SESSION, S("shared")).value, "mine+mine+mine");

    r = (struct remaking){ .t = t, .rig = rig, .wanted = S("+mine"), .others = 3 };
    CHECK_INT(swap(&r, "an older one", false), KV_HIT);
    CHECK_INT(r.calls, 4);
    CHECK_STR(get(t, rig, KV_SESSION, S("shared")).value, "other 3+mine");

    r = (struct remaking){ .t = t, .rig = rig, .wanted = S("+mine"), .others = 1000 };
    CHECK_INT(swap(&r, "an older one", false), KV_DOWN);
    CHECK(r.calls < 100);
    r = (struct remaking){ .t = t, .rig = rig };
    kv_set(rig->kv, &rig->batch, t->arena, &set, KV_SESSION, S("shared"), S("theirs"), 60);
    CHECK_INT(swap(&r, "an older one", false), KV_MISS);
    CHECK_STR(get(t, rig, KV_SESSION, S("shared")).value, "theirs");
}

static void deleting_and_touching_say_whether_it_was_there(struct test *t, struct kv_rig *rig)
{
    struct kv_got set, touched, deleted, again, touched_again;

    kv_set(rig->kv, &rig->batch, t->arena, &set, KV_SESSION, S("d"), S("v"), 60);
    kv_touch(rig->kv, &rig->batch, t->arena, &touched, KV_SESSION, S("d"), 600);
    kv_delete(rig->kv, &rig->batch, t->arena, &deleted, KV_SESSION, S("d"));
    kv_delete(rig->kv, &rig->batch, t->arena, &again, KV_SESSION, S("d"));
    kv_touch(rig->kv, &rig->batch, t->arena, &touched_again, KV_SESSION, S("d"), 600);
    kv_rig_wait(t, rig);
    CHECK_INT(touched.outcome, KV_HIT);
    CHECK_INT(deleted.outcome, KV_HIT);
    CHECK_INT(again.outcome, KV_MISS);
    CHECK_INT(touched_again.outcome, KV_MISS);
}

static void counters_count(struct test *t, struct kv_rig *rig)
{
    struct kv_got got[3];

    for (int i = 0; i < 3; i++)
        kv_count(rig->kv, &rig->batch, t->arena, &got[i], KV_COUNT, S("guesses"), 60);
    kv_rig_wait(t, rig);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(got[i].outcome, KV_HIT);
        CHECK_INT(got[i].number, i + 1);
    }
}

static void what_expires_is_missing(struct test *t, struct kv_rig *rig)
{
    struct kv_got got;
    int64_t end_ms = world_mono_ms(&world_real) + 10000;

    kv_set(rig->kv, &rig->batch, t->arena, &got, KV_CODE, S("short"), S("v"), 1);
    kv_count(rig->kv, &rig->batch, t->arena, &got, KV_COUNT, S("short"), 1);
    kv_rig_wait(t, rig);
    while (get(t, rig, KV_CODE, S("short")).outcome == KV_HIT && world_mono_ms(&world_real) < end_ms)
        loop_turn(rig->loop, 50);
    CHECK_INT(get(t, rig, KV_CODE, S("short")).outcome, KV_MISS);
    while (get(t, rig, KV_COUNT, S("short")).outcome == KV_HIT && world_mono_ms(&world_real) < end_ms)
        loop_turn(rig->loop, 50);
    CHECK_INT(get(t, rig, KV_COUNT, S("short")).outcome, KV_MISS);
}

static void an_id_too_long_or_absent_is_down(struct test *t, struct kv_rig *rig)
{
    char long_id[KV_ID_MAX_B + 1];

    memset(long_id, 'i', sizeof long_id);
    CHECK_INT(get(t, rig, KV_SESSION, str_n(long_id, KV_ID_MAX_B)).outcome, KV_MISS);
    CHECK_INT(get(t, rig, KV_SESSION, str_n(long_id, sizeof long_id)).outcome, KV_DOWN);
    CHECK_INT(get(t, rig, KV_SESSION, (struct str){ NULL, 0 }).outcome, KV_DOWN);
    CHECK_INT(get(t, rig, KV_NONE, S("x")).outcome, KV_DOWN);
}

void kv_contract(struct test *t, struct kv_rig *rig)
{
    values_come_back_as_they_went(t, rig);
    a_large_value_comes_back_whole(t, rig);
    families_are_apart(t, rig);
    what_is_due_in_a_line_is_one_askers(t, rig);
    what_is_due_in_a_fleeting_line_is_gone(t, rig);
    what_is_taken_is_gone(t, rig);
    a_mark_is_new_once(t, rig);
    only_what_is_there_is_replaced(t, rig);
    what_two_change_at_once_keeps_both(t, rig);
    deleting_and_touching_say_whether_it_was_there(t, rig);
    counters_count(t, rig);
    what_expires_is_missing(t, rig);
    an_id_too_long_or_absent_is_down(t, rig);
    CHECK(kv_ready(rig->kv));
    CHECK_STR(kv_trouble(rig->kv), "");
}
