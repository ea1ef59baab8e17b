/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/log.h"
#include "base/loop.h"
#include "registry/ends.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct str nothing = { NULL, 0 };

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

/* ── everybody of a sort ────────────────────────────────────────────────── */

#define OULU  S("1.2.246.562.99.95640100004")
#define KIELO S("1.2.246.562.99.95640200010")
#define OTSO  S("1.2.246.562.99.95640200028")

struct learner { /* of 7B at Kielonmäki, who has opened Kanerva */
    struct affiliation at;
    struct person person;
    struct str opened[2];
    struct session session;
};

static void learner_new(struct learner *l)
{
    *l = (struct learner){ .at = { .provider_oid = OULU, .school_oid = KIELO, .role = ROLE_LEARNER, .group = S("7B") },
                           .person = { .id = S("eino"), .idp = S("oulu"), .affiliation_count = 1 },
                           .opened = { S("pihka"), S("kanerva") },
                           .session = { .sid = S("sid-1"), .began_s = TEST_NOW_S } };
    l->person.affiliations = &l->at;
    l->session.person = &l->person;
    l->session.services = (struct strs){ l->opened, 2 };
}

static bool ends_them(const struct mark *x, int64_t began_s)
{
    struct marks *m = marks_new(7);
    struct learner l;

    learner_new(&l);
    l.session.began_s = began_s;
    bool taken = marks_put(m, x, TEST_NOW_S);
    bool yes = taken && marks_end(m, &l.session);
    marks_free(m);
    return yes;
}

TEST(a_mark_ends_the_sessions_of_its_sort_that_had_begun)
{
    const struct {
        struct mark mark;
        bool ends;
    } tried[] = {
        { { .kind = MARK_PERSON, .what = S("eino") }, true },
        { { .kind = MARK_PERSON, .what = S("eine") }, false },
        { { .kind = MARK_IDP, .what = S("oulu") }, true },
        { { .kind = MARK_IDP, .what = S("eino") }, false },
        { { .kind = MARK_PLACE, .provider_oid = OULU }, true },
        { { .kind = MARK_PLACE, .provider_oid = OTSO }, false },
        { { .kind = MARK_PLACE, .provider_oid = OULU, .school = KIELO }, true },
        { { .kind = MARK_PLACE, .provider_oid = OULU, .school = OTSO }, false },
        { { .kind = MARK_PLACE, .provider_oid = OULU, .school = KIELO, .group = S("7B") }, true },
        { { .kind = MARK_PLACE, .provider_oid = OULU, .school = KIELO, .group = S("7A") }, false },
        { { .kind = MARK_PLACE, .provider_oid = OULU, .school = OTSO, .group = S("7B") }, false },
        { { .kind = MARK_SERVICE, .what = S("kanerva") }, true },
        { { .kind = MARK_SERVICE, .what = S("vaahtera") }, false },
        { { .kind = MARK_SERVICE, .what = S("kanerva"), .provider_oid = OULU }, true },
        { { .kind = MARK_SERVICE, .what = S("kanerva"), .provider_oid = OTSO }, false },
        { { .kind = MARK_SERVICE, .what = S("kanerva"), .provider_oid = OULU, .school = KIELO }, true },
        { { .kind = MARK_SERVICE, .what = S("kanerva"), .provider_oid = OULU, .school = OTSO }, false },
    };

    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++) {
        struct mark x = tried[i].mark;
        x.at_s = TEST_NOW_S;
        x.until_s = TEST_NOW_S + 100;
        bool right = ends_them(&x, TEST_NOW_S) == tried[i].ends && !ends_them(&x, TEST_NOW_S + 1);
        CHECK(right);
        if (!right)
            test_fail(t, __FILE__, __LINE__, "mark %zu", i);
    }
}

TEST(the_end_of_a_lesson_leaves_the_teacher_and_whoever_said_so)
{
    struct marks *m = marks_new(7);
    struct learner l;

    learner_new(&l);
    CHECK(!marks_end(m, &l.session));
    CHECK(marks_put(m,
                    &(struct mark){ .kind = MARK_PLACE,
                                    .provider_oid = OULU,
                                    .school = KIELO,
                                    .group = S("7B"),
                                    .spare = S("sid-2"),
                                    .at_s = TEST_NOW_S,
                                    .until_s = TEST_NOW_S + 100 },
                    TEST_NOW_S));
    CHECK(marks_end(m, &l.session));
    l.at.role = ROLE_TEACHER;
    CHECK(!marks_end(m, &l.session));
    l.at.role = ROLE_LEARNER;
    l.session.sid = S("sid-2");
    CHECK(!marks_end(m, &l.session));
    marks_free(m);
}

TEST(a_mark_that_names_nobody_or_all_too_much_is_none)
{
    struct marks *m = marks_new(7);
    const struct str absent = { NULL, 0 };
    char *wide = arena_alloc(t->arena, MARK_KEY_MAX_B);

    memset(wide, 'x', MARK_KEY_MAX_B);
    const struct mark none[] = {
        { .what = S("eino") },
        { .kind = MARK_PERSON },
        { .kind = MARK_PLACE, .what = S("oulu") },
        { .kind = MARK_PLACE, .school = KIELO },
        { .kind = MARK_PLACE, .provider_oid = OULU, .group = S("7B") },
        { .kind = MARK_SERVICE, .what = absent, .provider_oid = OULU },
        { .kind = MARK_SERVICE, .what = S("kanerva"), .school = KIELO },
        { .kind = MARK_PERSON, .what = S("ei\x1fno") },
        { .kind = MARK_PERSON, .what = { wide, MARK_KEY_MAX_B } },
    };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK(!marks_put(m, &none[i], TEST_NOW_S) && mark_key(t->arena, &none[i]).p == NULL);
    CHECK_INT(marks_count(m), 0);
    marks_free(m);
}

/* Names of groups are whatever was typed: one city fills its own share with them, and no other's. */
TEST(one_city_fills_its_own_share_of_marks_and_no_others)
{
    struct marks *m = marks_new(7);
    struct mark x = { .kind = MARK_PLACE, .provider_oid = S("1.2"), .school = S("9.9"), .until_s = TEST_NOW_S + 60 };

    for (int i = 0; i < MARKS_OF_AREA_MAX; i++) {
        x.group = arena_printf(t->arena, "%d", i);
        CHECK(!marks_full(m, &x, TEST_NOW_S) && marks_put(m, &x, TEST_NOW_S));
    }
    CHECK(!marks_full(m, &x, TEST_NOW_S) && marks_put(m, &x, TEST_NOW_S)); /* renewed */
    x.group = S("one more");
    CHECK(marks_full(m, &x, TEST_NOW_S) && !marks_put(m, &x, TEST_NOW_S));
    struct mark service = {
        .kind = MARK_SERVICE, .what = S("kanerva"), .provider_oid = S("1.2"), .until_s = x.until_s
    };
    CHECK(!marks_put(m, &service, TEST_NOW_S));
    service.provider_oid = (struct str){ NULL, 0 };
    CHECK(marks_put(m, &service, TEST_NOW_S)); /* the nation's */
    struct mark person = { .kind = MARK_PERSON, .what = S("p"), .until_s = x.until_s };
    CHECK(marks_put(m, &person, TEST_NOW_S));
    x.provider_oid = S("1.3");
    CHECK(marks_put(m, &x, TEST_NOW_S));
    x.provider_oid = S("1.2");
    CHECK(!marks_full(m, &x, TEST_NOW_S + 60) && marks_put(m, &x, TEST_NOW_S + 60)); /* what is past has left */
    marks_free(m);
}

TEST(all_cities_together_leave_room_for_persons)
{
    struct marks *m = marks_new(7);
    struct mark x = { .kind = MARK_PLACE, .school = S("9.9"), .until_s = TEST_NOW_S + 60 };
    struct mark person = { .kind = MARK_PERSON, .what = S("p"), .until_s = TEST_NOW_S + 60 };

    for (int i = 0; i < MARKS_OF_AREAS_MAX; i++) {
        x.provider_oid = arena_printf(t->arena, "1.%d", i % 20);
        x.group = arena_printf(t->arena, "%d", i);
        CHECK(marks_put(m, &x, TEST_NOW_S));
    }
    x.provider_oid = S("2");
    CHECK(marks_full(m, &x, TEST_NOW_S) && !marks_put(m, &x, TEST_NOW_S));
    CHECK(!marks_full(m, &person, TEST_NOW_S) && marks_put(m, &person, TEST_NOW_S));
    marks_free(m);
}

TEST(marks_that_are_past_make_room_and_an_older_one_changes_nothing)
{
    struct marks *m = marks_new(7);
    struct learner l;
    struct mark x = { .kind = MARK_PERSON, .what = S("eino"), .at_s = TEST_NOW_S, .until_s = TEST_NOW_S + 100000 };

    learner_new(&l);
    CHECK(marks_put(m, &x, TEST_NOW_S));
    x.at_s = TEST_NOW_S - 10;
    CHECK(marks_put(m, &x, TEST_NOW_S) && marks_end(m, &l.session));
    for (int i = 0; i < 5000; i++) {
        x = (struct mark){ .kind = MARK_PERSON,
                           .what = arena_printf(t->arena, "person-%d", i),
                           .at_s = TEST_NOW_S,
                           .until_s = TEST_NOW_S + (i % 2 == 0 ? 10 : 1000) };
        CHECK(marks_put(m, &x, TEST_NOW_S + i % 20));
    }
    CHECK(marks_end(m, &l.session));
    for (int i = 5000; i < 9000; i++) {
        x.what = arena_printf(t->arena, "person-%d", i);
        x.until_s = TEST_NOW_S + 100000;
        CHECK(marks_put(m, &x, TEST_NOW_S + 50000));
    }
    CHECK(marks_end(m, &l.session));
    CHECK(marks_count(m) < 9000);
    marks_free(m);
}

/* ── within one second ──────────────────────────────────────────────────── */

enum { KINDS = 7, STEPS = 6, PROCESSES = 2 };

static struct mark mark_of_kind(size_t i)
{
    const struct mark all[KINDS] = {
        { .kind = MARK_PERSON, .what = S("eino") },
        { .kind = MARK_IDP, .what = S("oulu") },
        { .kind = MARK_PLACE, .provider_oid = OULU },
        { .kind = MARK_PLACE, .provider_oid = OULU, .school = KIELO },
        { .kind = MARK_PLACE, .provider_oid = OULU, .school = KIELO, .group = S("7B") },
        { .kind = MARK_SERVICE, .what = S("kanerva") },
        { .kind = MARK_SERVICE, .what = S("kanerva"), .provider_oid = OULU, .school = KIELO },
    };

    return all[i % KINDS];
}

struct second { /* what happened in it, on two processes that share their SQL */
    struct rig *r;
    struct ends *at[PROCESSES];
    struct learner who[STEPS];
    size_t began_at[STEPS], sessions;
    bool must_end[STEPS], must_live[STEPS];
    bool heard[PROCESSES]; /* no mark was made elsewhere that it has not read */
};

static void wait_for_sql(struct rig *r)
{
    while (r->batch.pending > 0)
        loop_turn(r->loop, 1000);
}

static void begins(struct test *t, struct second *x, size_t process)
{
    size_t i = x->sessions++;

    learner_new(&x->who[i]);
    x->who[i].session.knew = ends_known(x->at[process], t->arena, TEST_NOW_S);
    x->began_at[i] = process;
    x->must_live[i] = x->heard[process];
}

static void is_marked_at(struct test *t, struct second *x, size_t process, struct mark m)
{
    bool *kept = arena_make(t->arena, bool); /* written once it is durable, which nobody here waits for */

    m.at_s = TEST_NOW_S;
    m.until_s = TEST_NOW_S + 100;
    CHECK(ends_mark(x->at[process], x->r->work, &x->r->batch, t->arena, &m, kept));
    for (size_t i = 0; i < x->sessions; i++) {
        x->must_end[i] = true;
        x->must_live[i] = false;
    }
    for (size_t p = 0; p < PROCESSES; p++)
        x->heard[p] = x->heard[p] && p == process;
}

/* What began before a mark ends, wherever that was; what began after all of those that its process knew lives there,
 * and everywhere once the others have heard. */
static void judge_second(struct test *t, struct second *x)
{
    wait_for_sql(x->r);
    for (size_t p = 0; p < PROCESSES; p++)
        ends_look(x->at[p]);
    for (size_t i = 0; i < x->sessions; i++)
        for (size_t p = 0; p < PROCESSES; p++) {
            CHECK(!x->must_end[i] || ends_marked(x->at[p], &x->who[i].session));
            CHECK(!x->must_live[i] || !ends_marked(x->at[p], &x->who[i].session));
        }
}

/* Each order of sessions and marks of all kinds. */
TEST(within_one_second_what_came_before_a_mark_ends_and_what_came_after_it_lives)
{
    for (unsigned order = 0; order < 1U << STEPS; order++) {
        struct rig r;
        bool older;
        struct second x = { .r = &r };

        rig_new(t, &r);
        for (size_t p = 0; p < PROCESSES; p++) {
            x.at[p] = load(t, &r, 1, &older);
            x.heard[p] = true;
        }
        for (unsigned i = 0; i < STEPS; i++)
            if ((order & 1U << i) != 0)
                is_marked_at(t, &x, 0, mark_of_kind(order + i));
            else
                begins(t, &x, 0);
        judge_second(t, &x);
        for (size_t i = 0; i < x.sessions; i++)
            CHECK(x.must_end[i] != x.must_live[i]);
        for (size_t p = 0; p < PROCESSES; p++)
            ends_free(x.at[p]);
        rig_free(t, &r);
    }
}

/* Likewise on two processes that hear of each other now and then: nothing that began before a mark is left. */
TEST(within_one_second_no_process_lets_live_what_another_has_ended)
{
    uint64_t dice = 88172645463325252U;

    for (int round = 0; round < 120; round++) {
        struct rig r;
        bool older;
        struct second x = { .r = &r };

        rig_new(t, &r);
        for (size_t p = 0; p < PROCESSES; p++) {
            x.at[p] = load(t, &r, 1, &older);
            x.heard[p] = true;
        }
        for (int i = 0; i < STEPS; i++) {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            size_t p = dice >> 20 & 1;
            if (dice >> 30 & 1)
                begins(t, &x, p);
            else
                is_marked_at(t, &x, p, mark_of_kind((dice >> 40 & 3) == 0 ? 1 : 0));
            if (dice >> 50 & 1)
                wait_for_sql(&r);
            if (dice >> 51 & 1)
                ends_look(x.at[!p]);
            /* one who has heard of a mark and of another's of the same sort may not tell which came first */
            for (size_t k = 0; k < x.sessions; k++)
                x.must_live[k] = false;
        }
        judge_second(t, &x);
        for (size_t p = 0; p < PROCESSES; p++)
            ends_free(x.at[p]);
        x.at[0] = load(t, &r, 1, &older);
        for (size_t i = 0; i < x.sessions; i++)
            CHECK(!x.must_end[i] || ends_marked(x.at[0], &x.who[i].session));
        ends_free(x.at[0]);
        rig_free(t, &r);
    }
}

TEST(who_begins_where_a_mark_has_been_heard_of_lives_and_elsewhere_ends)
{
    struct rig r;
    bool older, kept;
    struct learner before, after, far;
    const struct mark m = { .kind = MARK_PERSON, .what = S("eino"), .at_s = TEST_NOW_S, .until_s = TEST_NOW_S + 100 };

    rig_new(t, &r);
    struct ends *here = load(t, &r, 1, &older), *there = load(t, &r, 1, &older);
    learner_new(&before);
    before.session.knew = ends_known(here, t->arena, TEST_NOW_S);
    CHECK(ends_mark(here, r.work, &r.batch, t->arena, &m, &kept));
    learner_new(&after);
    after.session.knew = ends_known(here, t->arena, TEST_NOW_S);
    learner_new(&far);
    far.session.knew = ends_known(there, t->arena, TEST_NOW_S);
    wait_for_sql(&r);
    ends_look(there);
    for (int i = 0; i < 2; i++) {
        struct ends *e = i == 0 ? here : there;
        CHECK(ends_marked(e, &before.session) && !ends_marked(e, &after.session) && ends_marked(e, &far.session));
    }
    learner_new(&far);
    far.session.knew = ends_known(there, t->arena, TEST_NOW_S);
    CHECK(!ends_marked(here, &far.session) && !ends_marked(there, &far.session));
    CHECK(ends_mark_now(there, t->arena, &m, &r.fail)); /* the command line's */
    ends_look(here);
    CHECK(ends_marked(here, &after.session) && ends_marked(here, &far.session));
    CHECK(ends_known(here, t->arena, TEST_NOW_S + 1).p == NULL); /* whoever begins later need not know */
    ends_free(there);
    ends_free(here);
    rig_free(t, &r);
}

TEST(what_a_session_noted_in_another_form_spares_it_from_nothing)
{
    struct marks *m = marks_new(0xabc);
    struct mark x = { .kind = MARK_PERSON, .what = S("eino"), .at_s = TEST_NOW_S, .until_s = TEST_NOW_S + 100 };
    struct learner l;
    static const char *const noted[] = { "",
                                         " ",
                                         "0000000000000abc",
                                         "0000000000000abc-",
                                         "0000000000000abc-x",
                                         "0000000000000abc-1",
                                         "0000000000000abd-9",
                                         "abc-9",
                                         "0000000000000000-9" };

    learner_new(&l);
    CHECK(marks_make(m, &x, TEST_NOW_S) && marks_make(m, &x, TEST_NOW_S));
    for (size_t i = 0; i < sizeof noted / sizeof *noted; i++) {
        l.session.knew = str_of(noted[i]);
        CHECK(marks_end(m, &l.session));
    }
    l.session.knew = S("0000000000000abd-9 0000000000000abc-2 ");
    CHECK(!marks_end(m, &l.session));
    x.maker = 0; /* of a version before */
    CHECK(marks_put(m, &x, TEST_NOW_S) && marks_end(m, &l.session));
    marks_free(m);
}

TEST(with_more_makers_in_one_second_than_are_noted_a_session_ends_rather)
{
    struct marks *m = marks_new(1);
    struct mark x = { .kind = MARK_PERSON, .what = S("toini"), .at_s = TEST_NOW_S, .until_s = TEST_NOW_S + 100 };
    struct learner l;

    learner_new(&l);
    for (uint64_t i = 2; i < MARK_MAKERS_MAX + 2; i++) {
        x.maker = i;
        x.turn = 1;
        CHECK(marks_put(m, &x, TEST_NOW_S));
    }
    x.what = S("eino");
    CHECK(marks_make(m, &x, TEST_NOW_S));
    l.session.knew = marks_known(m, t->arena, TEST_NOW_S);
    CHECK(str_is_set(l.session.knew) && l.session.knew.n <= MARK_KNEW_MAX_B && marks_end(m, &l.session));
    x.at_s = l.session.began_s = TEST_NOW_S + 1; /* the others' are past */
    CHECK(marks_make(m, &x, TEST_NOW_S + 1));
    l.session.knew = marks_known(m, t->arena, TEST_NOW_S + 1);
    CHECK(!marks_end(m, &l.session));
    marks_free(m);
}

/* ── guardians ──────────────────────────────────────────────────────────── */

TEST(a_mark_of_a_child_ends_guardians_who_act_for_it_or_could_choose_it)
{
    const struct {
        const char *provider, *child, *guardian;
        bool acting, listed;
    } rows[] = {
        { "1.2.3", "vilja", "maija", true, false },
        { "1.2.3", "vilja", "", true, false },
        { "1.2.3", "", "", true, true },
        { "1.2.3", "vilja", "paavo", false, false },
        { "1.2.4", "vilja", "", false, false },
        { "1.2.4", "onni", "maija", false, true },
        { "1.2.4", "", "", false, true },
        { "1.2.3", "armi", "", false, true },
        { "1.2.3", "vilj", "", false, false },
    };
    struct acting listed[] = { { .child = S("onni"), .provider_oid = S("1.2.4") },
                               { .child = S("armi"), .provider_oid = S("1.2.3") } };
    struct person p = { .id = S("p"), .idp = S("suomifi"), .subject = S("maija") };
    struct session s = { .sid = S("sid"), .began_s = TEST_NOW_S, .person = &p };
    struct mark by;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct marks *m = marks_new(7);
        const struct mark x = mark_ward(t->arena, str_of(rows[i].provider), str_of(rows[i].child),
                                        str_of(rows[i].guardian), TEST_NOW_S, TEST_NOW_S + 100);
        CHECK(marks_put(m, &x, TEST_NOW_S));
        p.acting = (struct acting){ .child = S("vilja"), .provider_oid = S("1.2.3") };
        s.ward_count = 0;
        CHECK(marks_end_by(m, t->arena, &s, &by) == rows[i].acting);
        if (rows[i].acting) /* what is told of it names no child */
            CHECK(by.kind == MARK_WARD && str_eq(by.what, S("1.2.3")));
        p.acting = (struct acting){ .child = { NULL, 0 } };
        s.wards = listed;
        s.ward_count = 2;
        CHECK(marks_end(m, &s) == rows[i].listed);
        s.began_s = TEST_NOW_S + 1;
        CHECK(!marks_end(m, &s));
        s.began_s = TEST_NOW_S;
        marks_free(m);
    }
}

TEST(what_was_marked_stays_so_after_a_restart_and_another_process_hears_of_it)
{
    struct rig r;
    bool older, kept = false;
    struct learner l;
    const struct mark x = { .kind = MARK_IDP, .what = S("oulu"), .at_s = TEST_NOW_S, .until_s = TEST_NOW_S + 100 };
    const struct mark y = { .kind = MARK_PERSON, .what = S("toini"), .at_s = TEST_NOW_S, .until_s = TEST_NOW_S + 100 };

    rig_new(t, &r);
    learner_new(&l);
    struct ends *e = load(t, &r, 1, &older), *other = load(t, &r, 1, &older);
    CHECK(ends_mark(e, r.work, &r.batch, t->arena, &x, &kept));
    CHECK(ends_marked(e, &l.session) && !ends_marked(other, &l.session));
    while (r.batch.pending > 0)
        loop_turn(r.loop, 1000);
    CHECK(kept);
    ends_look(other);
    CHECK(ends_marked(other, &l.session));
    l.person = (struct person){ .id = S("toini"), .idp = S("espoo") };
    CHECK(!ends_marked(other, &l.session));
    CHECK(ends_mark_now(other, t->arena, &y, &r.fail));
    ends_look(e);
    CHECK(ends_marked(e, &l.session));
    ends_free(other);
    ends_free(e);
    e = load(t, &r, 1, &older);
    CHECK(ends_marked(e, &l.session));
    ends_free(e);
    rig_free(t, &r);
}

/* ── what a person takes back from one service ──────────────────────────── */

static void take_back(struct test *t, struct rig *r, struct ends *e, const char *person, const char *service,
                      int64_t at_s)
{
    const struct mark m = mark_consent(t->arena, str_of(person), str_of(service), at_s, at_s + 1000);
    bool kept = false;

    CHECK(ends_mark(e, r->work, &r->batch, t->arena, &m, &kept));
    while (r->batch.pending > 0)
        loop_turn(r->loop, 1000);
    CHECK(kept);
}

TEST(what_is_taken_back_ends_what_that_service_was_given_of_that_person_until_then)
{
    struct rig r;
    bool older;

    rig_new(t, &r);
    struct ends *e = load(t, &r, 1, &older);
    CHECK(!ends_taken_back(e, S("anna"), S("kerho"), TEST_NOW_S, nothing));
    take_back(t, &r, e, "anna", "kerho", TEST_NOW_S);
    CHECK(ends_taken_back(e, S("anna"), S("kerho"), TEST_NOW_S - 1, nothing));
    CHECK(ends_taken_back(e, S("anna"), S("kerho"), TEST_NOW_S, nothing));
    CHECK(!ends_taken_back(e, S("anna"), S("kerho"), TEST_NOW_S + 1, nothing));
    CHECK(!ends_taken_back(e, S("anna"), S("peli"), TEST_NOW_S, nothing));
    CHECK(!ends_taken_back(e, S("berta"), S("kerho"), TEST_NOW_S, nothing));
    /* The two names are not read as one: neither holds the other's letters. */
    CHECK(!ends_taken_back(e, S("annak"), S("erho"), TEST_NOW_S, nothing));
    take_back(t, &r, e, "anna", "kerho", TEST_NOW_S + 10);
    CHECK(ends_taken_back(e, S("anna"), S("kerho"), TEST_NOW_S + 10, nothing));
    /* Given anew in the same second, it stands; taken back once more, it does not. */
    struct str knew = ends_known(e, t->arena, TEST_NOW_S + 10);
    CHECK(!ends_taken_back(e, S("anna"), S("kerho"), TEST_NOW_S + 10, knew));
    take_back(t, &r, e, "anna", "kerho", TEST_NOW_S + 10);
    CHECK(ends_taken_back(e, S("anna"), S("kerho"), TEST_NOW_S + 10, knew));
    ends_free(e);

    e = load(t, &r, 1, &older);
    CHECK(ends_taken_back(e, S("anna"), S("kerho"), TEST_NOW_S + 10, nothing));
    CHECK(!ends_taken_back(e, S("anna"), S("peli"), TEST_NOW_S, nothing));
    ends_free(e);
    rig_free(t, &r);
}

TEST(a_consent_that_is_taken_back_ends_no_session)
{
    static struct person anna = { .id = S("anna"), .idp = S("oulu") };
    const struct session s = { .sid = S("sid"), .began_s = TEST_NOW_S - 10, .person = &anna };
    struct marks *m = marks_new(7);
    const struct mark x = mark_consent(t->arena, S("anna"), S("kerho"), TEST_NOW_S, TEST_NOW_S + 100);

    CHECK(marks_put(m, &x, TEST_NOW_S));
    CHECK(marks_taken_back(m, S("anna"), S("kerho"), TEST_NOW_S - 5, nothing));
    CHECK(!marks_end(m, &s));
    marks_free(m);
}
