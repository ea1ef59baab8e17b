/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/log.h"
#include "base/loop.h"
#include "registry/ends.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct rig {
    struct batch batch; /* first */
    struct settings set;
    struct loop *loop;
    struct work_pool *pool;
    struct work *work;
    char dir[64];
    struct fail fail;
};

static void ready(struct batch *b)
{
    (void)b;
}

static void rig_new(struct test *t, struct rig *r)
{
    *r = (struct rig){ .batch = { 0, ready } };
    settings_defaults(&r->set);
    (void)snprintf(r->dir, sizeof r->dir, "/tmp/digione-ends-XXXXXX");
    CHECK(mkdtemp(r->dir) != NULL);
    r->set.state_dir = str_of(r->dir);
    CHECK(mkdir(arena_cstr(t->arena, arena_printf(t->arena, "%s/registry", r->dir)), 0700) == 0);
    r->loop = loop_new(&world_real);
    r->pool = work_pool_new(1);
    r->work = work_new(r->pool, r->loop);
}

static void rig_free(struct test *t, struct rig *r)
{
    work_pool_free(r->pool);
    work_free(r->work);
    loop_free(r->loop);
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -r -- '%s'", r->dir))) == 0);
}

static struct ends *load(struct test *t, struct rig *r, int64_t epoch, bool *older)
{
    struct ends *e = ends_new(&r->set, &t->world);

    CHECK(ends_load(e, epoch, older, &r->fail));
    return e;
}

static struct str key(struct test *t, unsigned n)
{
    return arena_printf(t->arena, "%016x%016x%032x", n * 2654435761U, n, n);
}

static void end(struct test *t, struct rig *r, struct ends *e, struct str k, int64_t until_s)
{
    CHECK(ends_add(e, r->work, &r->batch, t->arena, k, until_s));
    while (r->batch.pending > 0)
        loop_turn(r->loop, 1000);
}

TEST(what_ended_is_over_at_once_and_after_a_restart_until_its_time)
{
    struct rig r;
    bool older;

    rig_new(t, &r);
    struct ends *e = load(t, &r, 1, &older);
    CHECK(!older && !ends_has(e, key(t, 1)));
    CHECK(ends_add(e, r.work, &r.batch, t->arena, key(t, 1), TEST_NOW_S + 100));
    CHECK(ends_has(e, key(t, 1)) && !ends_has(e, key(t, 2))); /* before SQL has answered */
    while (r.batch.pending > 0)
        loop_turn(r.loop, 1000);
    end(t, &r, e, key(t, 2), TEST_NOW_S + 1000);
    ends_free(e);
    e = load(t, &r, 1, &older);
    CHECK(ends_has(e, key(t, 1)) && ends_has(e, key(t, 2)) && !ends_has(e, key(t, 3)));
    ends_free(e);
    test_passes(t, 100);
    e = load(t, &r, 1, &older);
    CHECK(!ends_has(e, key(t, 1)) && ends_has(e, key(t, 2)));
    ends_free(e);
    rig_free(t, &r);
}

TEST(many_ends_are_all_found_and_what_is_no_key_is_none)
{
    enum { MANY = 5000 };
    struct rig r;
    bool older;

    rig_new(t, &r);
    log_set_level((enum log_level)(LOG_ERROR + 1)); /* without a thread for SQL each end says that it is not kept */
    struct ends *e = load(t, &r, 1, &older);
    for (unsigned i = 1; i <= MANY; i++)
        (void)ends_add(e, NULL, NULL, t->arena, key(t, i), TEST_NOW_S + (i % 2 == 0 ? 10 : 1000));
    for (unsigned i = 1; i <= MANY; i++)
        if (!ends_has(e, key(t, i))) {
            test_fail(t, __FILE__, __LINE__, "the %u-th is alive", i);
            break;
        }
    CHECK(!ends_has(e, key(t, MANY + 1)));
    CHECK(!ends_has(e, S("")) && !ends_has(e, S("zz")) && !ends_has(e, (struct str){ NULL, 0 }));
    CHECK(!ends_has(e, arena_printf(t->arena, "%064d", 0)) && !ends_has(NULL, key(t, 1)));
    test_passes(t, 20); /* half of them leave when there is need of room */
    for (unsigned i = MANY + 1; i <= 2 * MANY; i++)
        (void)ends_add(e, NULL, NULL, t->arena, key(t, i), TEST_NOW_S + 1000);
    for (unsigned i = 1; i <= 2 * MANY; i++)
        if ((i > MANY || i % 2 == 1) && !ends_has(e, key(t, i))) {
            test_fail(t, __FILE__, __LINE__, "the %u-th is alive", i);
            break;
        }
    ends_free(e);
    rig_free(t, &r);
}

TEST(a_count_that_fell_behind_is_an_older_copy_and_one_that_lost_a_moment_is_not)
{
    struct rig r;
    bool older;

    rig_new(t, &r);
    struct ends *e = load(t, &r, 1, &older);
    CHECK_INT(ends_beat_judge(e, 1, 1), BEAT_GOES_ON);
    CHECK(ends_beat_keep(e, 100, 1, &r.fail));
    test_passes(t, 11);
    CHECK(ends_beat_keep(e, 111, 1, &r.fail)); /* the one of eleven seconds ago */
    CHECK_INT(ends_beat_least(e), 100);
    CHECK_INT(ends_beat_judge(e, 110, 1), BEAT_GOES_ON);
    CHECK_INT(ends_beat_judge(e, 99, 1), BEAT_BEHIND);
    CHECK_INT(ends_beat_judge(e, 5000, 1), BEAT_GOES_ON); /* a disk that failed for an hour is no older copy */
    ends_free(e);
    e = load(t, &r, 1, &older);
    CHECK_INT(ends_beat_judge(e, 99, 1), BEAT_BEHIND);
    CHECK_INT(ends_beat_judge(e, 100, 1), BEAT_GOES_ON);
    CHECK_INT(ends_beat_judge(e, 100 + ENDS_BEAT_AHEAD_S, 1), BEAT_GOES_ON);
    CHECK_INT(ends_beat_judge(e, 101 + ENDS_BEAT_AHEAD_S, 1), BEAT_AHEAD);
    CHECK_INT(ends_beat_judge(e, 101 + ENDS_BEAT_AHEAD_S, 2), BEAT_GOES_ON);
    CHECK(ends_beat_from(e, 50, 2, &r.fail));
    CHECK_INT(ends_beat_judge(e, 50, 1), BEAT_GOES_ON);
    CHECK_INT(ends_beat_judge(e, 49, 1), BEAT_BEHIND);
    ends_free(e);
    rig_free(t, &r);
}

TEST(a_registry_whose_epoch_is_lower_than_was_seen_is_an_older_copy)
{
    struct rig r;
    bool older = true;

    rig_new(t, &r);
    struct ends *e = load(t, &r, 7, &older);
    CHECK(!older && ends_beat_from(e, 1, 7, &r.fail));
    ends_free(e);
    e = load(t, &r, 7, &older);
    CHECK(!older);
    ends_free(e);
    e = load(t, &r, 6, &older);
    CHECK(older);
    ends_free(e);
    rig_free(t, &r);
}
