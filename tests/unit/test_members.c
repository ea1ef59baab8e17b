/* SPDX-License-Identifier: EUPL-1.2
 * Who of a context has opened a tool. */
#include "registry/members.h"

#include "base/log.h"
#include "base/loop.h"
#include "registry/known.h"
#include "tests/test.h"

#include <stdlib.h>
#include <sys/stat.h>

enum { NOW_S = 1800000000, EVERYBODY = ~0 };

struct bench {
    char dir[64];
    struct settings set;
    struct loop *loop;
    struct work_pool *pool;
    struct work *work;
    struct members *members;
    struct known *known;
    struct batch batch;
};

static void ignore(struct batch *b)
{
    (void)b;
}

static void open_bench(struct test *t, struct bench *x, bool folder)
{
    *x = (struct bench){ .dir = "/tmp/digione-members-XXXXXX" };
    CHECK(mkdtemp(x->dir) != NULL);
    if (folder)
        CHECK(mkdir(arena_cstr(t->arena, arena_printf(t->arena, "%s/registry", x->dir)), 0700) == 0);
    x->set.state_dir = str_of(x->dir);
    x->loop = loop_new(&t->world);
    x->pool = work_pool_new(1);
    x->work = work_new(x->pool, x->loop);
    x->members = members_new(&x->set);
    x->known = known_new(&x->set);
    x->batch.ready = ignore;
}

static void close_bench(struct test *t, struct bench *x)
{
    work_free(x->work);
    work_pool_free(x->pool);
    members_free(x->members);
    known_free(x->known);
    loop_free(x->loop);
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf %s", x->dir))) == 0);
}

static void settle(struct test *t, struct bench *x)
{
    for (int turns = 0; x->batch.pending > 0 && turns < 1000; turns++)
        loop_turn(x->loop, 100);
    CHECK_INT(x->batch.pending, 0);
}

static const struct str provider = S("1.2.246.562.99.1");

/* Signs in; hidden: their data is protected. */
static void signs_in(struct bench *x, struct str person, enum role role, const char *group, bool hidden, int64_t at_s)
{
    struct affiliation at = { .provider_oid = provider, .role = role, .group = str_of(group), .class_level = 7 };
    const struct person p = { .id = person, .affiliations = &at, .affiliation_count = 1, .non_disclosure = hidden };

    known_saw(x->known, &p, at_s);
}

/* Opens the tool, of a sign-in at as_of_s. */
static bool opens(struct test *t, struct bench *x, const char *context, struct str sub, enum role role, int64_t as_of_s,
                  int64_t at_s)
{
    struct member_note *n = arena_make(t->arena, struct member_note);

    *n = (struct member_note){ .service = S("tool"),
                               .context = str_of(context),
                               .who = { .sub = sub,
                                        .person = sub,
                                        .provider_oid = provider,
                                        .group = S("7B"),
                                        .class_level = 7,
                                        .role = role,
                                        .seen_s = at_s,
                                        .as_of_s = as_of_s } };
    CHECK(members_note(x->members, x->work, &x->batch, t->arena, n));
    settle(t, x);
    return n->ok;
}

/* Signs in and opens the tool. */
static bool note(struct test *t, struct bench *x, const char *context, struct str sub, enum role role, int64_t at_s)
{
    signs_in(x, sub, role, "7B", false, at_s);
    return opens(t, x, context, sub, role, at_s, at_s);
}

static struct members_page *list(struct test *t, struct bench *x, const char *context, const char *after,
                                 unsigned roles, int64_t limit, int64_t now_s)
{
    struct members_page *p = arena_make(t->arena, struct members_page);
    struct fail f = { 0 };

    (void)known_write(x->known, now_s, &f);
    *p = (struct members_page){ .service = S("tool"),
                                .context = str_of(context),
                                .after = str_of(after),
                                .roles = roles,
                                .limit = limit,
                                .now_s = now_s };
    CHECK(members_list(x->members, x->work, &x->batch, t->arena, p));
    settle(t, x);
    return p;
}

TEST(L17_members_are_of_one_context_filtered_by_role_and_come_in_pages)
{
    struct bench x;

    open_bench(t, &x, true);
    CHECK(note(t, &x, "7b", S("carla"), ROLE_LEARNER, NOW_S) && note(t, &x, "7b", S("anna"), ROLE_TEACHER, NOW_S));
    CHECK(note(t, &x, "7b", S("berta"), ROLE_LEARNER, NOW_S) && note(t, &x, "8a", S("dora"), ROLE_LEARNER, NOW_S));
    const struct members_page *p = list(t, &x, "7b", "", (unsigned)EVERYBODY, 2, NOW_S);
    CHECK(p->ok && p->n == 2 && p->more && str_eq(p->at[0].sub, S("anna")) && str_eq(p->at[1].sub, S("berta")));
    CHECK(p->at[0].role == ROLE_TEACHER && str_eq(p->at[0].group, S("7B")) && p->at[0].class_level == 7);
    p = list(t, &x, "7b", "berta", (unsigned)EVERYBODY, 2, NOW_S);
    CHECK(p->ok && p->n == 1 && !p->more && str_eq(p->at[0].sub, S("carla")));
    p = list(t, &x, "7b", "", 1u << ROLE_LEARNER, 10, NOW_S);
    CHECK(p->ok && p->n == 2 && str_eq(p->at[0].sub, S("berta")));
    CHECK_INT(list(t, &x, "7b", "", 0, 10, NOW_S)->n, 0);
    CHECK_INT(list(t, &x, "9c", "", (unsigned)EVERYBODY, 10, NOW_S)->n, 0);
    close_bench(t, &x);
}

TEST(L17_a_role_that_changed_is_told_as_it_is_now)
{
    struct bench x;

    open_bench(t, &x, true);
    CHECK(note(t, &x, "7b", S("anna"), ROLE_SUBSTITUTE, NOW_S) &&
          note(t, &x, "7b", S("anna"), ROLE_TEACHER, NOW_S + 1));
    const struct members_page *p = list(t, &x, "7b", "", (unsigned)EVERYBODY, 10, NOW_S + 1);
    CHECK(p->n == 1 && p->at[0].role == ROLE_TEACHER);
    close_bench(t, &x);
}

TEST(L17_who_is_to_be_in_no_list_leaves_every_list_of_the_tool_and_nobody_else_does)
{
    struct bench x;
    struct member_note gone = { .service = S("tool"), .who = { .sub = S("anna") }, .gone = true };

    open_bench(t, &x, true);
    CHECK(note(t, &x, "7b", S("anna"), ROLE_LEARNER, NOW_S) && note(t, &x, "8a", S("anna"), ROLE_LEARNER, NOW_S));
    CHECK(note(t, &x, "7b", S("berta"), ROLE_LEARNER, NOW_S));
    CHECK(members_note(x.members, x.work, &x.batch, t->arena, &gone));
    settle(t, &x);
    const struct members_page *p = list(t, &x, "7b", "", (unsigned)EVERYBODY, 10, NOW_S);
    CHECK(gone.ok && p->n == 1 && str_eq(p->at[0].sub, S("berta")));
    CHECK_INT(list(t, &x, "8a", "", (unsigned)EVERYBODY, 10, NOW_S)->n, 0);
    close_bench(t, &x);
}

TEST(L17_a_class_that_changed_takes_its_members_off_at_their_next_sign_in)
{
    struct bench x;

    open_bench(t, &x, true);
    CHECK(note(t, &x, "7b", S("anna"), ROLE_LEARNER, NOW_S) && note(t, &x, "7b", S("berta"), ROLE_LEARNER, NOW_S));
    CHECK(note(t, &x, "7b", S("carla"), ROLE_TEACHER, NOW_S));
    signs_in(&x, S("anna"), ROLE_LEARNER, "8A", false, NOW_S + 10);  /* moved on, and opens nothing */
    signs_in(&x, S("carla"), ROLE_LEARNER, "7B", false, NOW_S + 10); /* teaches no more */
    signs_in(&x, S("berta"), ROLE_LEARNER, "7B", false, NOW_S + 10);
    const struct members_page *p = list(t, &x, "7b", "", (unsigned)EVERYBODY, 10, NOW_S + 10);
    CHECK(p->ok && p->n == 1 && str_eq(p->at[0].sub, S("berta")));
    signs_in(&x, S("anna"), ROLE_LEARNER, "7B", false, NOW_S + 20); /* back again: once they open it */
    CHECK_INT(list(t, &x, "7b", "", (unsigned)EVERYBODY, 10, NOW_S + 20)->n, 1);
    CHECK(opens(t, &x, "7b", S("anna"), ROLE_LEARNER, NOW_S + 20, NOW_S + 21));
    CHECK_INT(list(t, &x, "7b", "", (unsigned)EVERYBODY, 10, NOW_S + 21)->n, 2);
    close_bench(t, &x);
}

TEST(L17_an_older_session_puts_nobody_back_who_has_moved_on)
{
    struct bench x;

    open_bench(t, &x, true);
    CHECK(note(t, &x, "7b", S("anna"), ROLE_LEARNER, NOW_S));
    signs_in(&x, S("anna"), ROLE_LEARNER, "8A", false, NOW_S + 100);
    CHECK(opens(t, &x, "7b", S("anna"), ROLE_LEARNER, NOW_S, NOW_S + 200));
    CHECK_INT(list(t, &x, "7b", "", (unsigned)EVERYBODY, 10, NOW_S + 200)->n, 0);
    close_bench(t, &x);
}

TEST(L17_whose_data_is_protected_since_is_in_no_list_though_they_open_nothing)
{
    struct bench x;

    open_bench(t, &x, true);
    CHECK(note(t, &x, "7b", S("anna"), ROLE_LEARNER, NOW_S) && note(t, &x, "7b", S("berta"), ROLE_LEARNER, NOW_S));
    signs_in(&x, S("anna"), ROLE_LEARNER, "7B", true, NOW_S + 100);
    const struct members_page *p = list(t, &x, "7b", "", (unsigned)EVERYBODY, 10, NOW_S + 100);
    CHECK(p->n == 1 && str_eq(p->at[0].sub, S("berta")));
    close_bench(t, &x);
}

TEST(L17_a_sign_in_that_is_not_written_down_yet_counts_for_a_minute)
{
    struct bench x;

    open_bench(t, &x, true);
    CHECK(opens(t, &x, "7b", S("anna"), ROLE_LEARNER, NOW_S, NOW_S));
    CHECK_INT(list(t, &x, "7b", "", (unsigned)EVERYBODY, 10, NOW_S + MEMBER_KNOWN_S - 1)->n, 1);
    CHECK_INT(list(t, &x, "7b", "", (unsigned)EVERYBODY, 10, NOW_S + MEMBER_KNOWN_S)->n, 0);
    signs_in(&x, S("anna"), ROLE_LEARNER, "7B", false, NOW_S);
    CHECK_INT(list(t, &x, "7b", "", (unsigned)EVERYBODY, 10, NOW_S + MEMBER_KNOWN_S)->n, 1);
    close_bench(t, &x);
}

TEST(L17_a_page_that_lost_members_leads_on_all_the_same)
{
    struct bench x;

    open_bench(t, &x, true);
    CHECK(note(t, &x, "7b", S("anna"), ROLE_LEARNER, NOW_S) && note(t, &x, "7b", S("berta"), ROLE_LEARNER, NOW_S));
    signs_in(&x, S("anna"), ROLE_LEARNER, "8A", false, NOW_S + 1);
    const struct members_page *p = list(t, &x, "7b", "", (unsigned)EVERYBODY, 1, NOW_S + 1);
    CHECK(p->ok && p->n == 0 && p->more && str_eq(p->last, S("anna")));
    p = list(t, &x, "7b", "anna", (unsigned)EVERYBODY, 1, NOW_S + 1);
    CHECK(p->n == 1 && !p->more && str_eq(p->at[0].sub, S("berta")));
    close_bench(t, &x);
}

TEST(who_has_not_come_for_more_than_a_year_is_forgotten)
{
    struct bench x;
    int64_t later_s = NOW_S + MEMBER_KEPT_S + 1;

    open_bench(t, &x, true);
    CHECK(note(t, &x, "7b", S("anna"), ROLE_TEACHER, NOW_S));
    CHECK_INT(list(t, &x, "7b", "", (unsigned)EVERYBODY, 10, NOW_S + MEMBER_KEPT_S)->n, 1);
    CHECK_INT(list(t, &x, "7b", "", (unsigned)EVERYBODY, 10, later_s)->n, 0);
    CHECK(note(t, &x, "7b", S("berta"), ROLE_TEACHER, later_s)); /* and by then the row is gone */
    CHECK_INT(list(t, &x, "7b", "", (unsigned)EVERYBODY, 10, NOW_S)->n, 1);
    close_bench(t, &x);
}

TEST(a_context_that_is_full_takes_nobody_more_and_the_launch_is_good)
{
    struct bench x;

    open_bench(t, &x, true);
    for (int i = 0; i <= MEMBERS_OF_CONTEXT_MAX; i++)
        if (!note(t, &x, "7b", arena_printf(t->arena, "p%05d", i), ROLE_LEARNER, NOW_S))
            test_fail(t, __FILE__, __LINE__, "%d was not kept", i);
    CHECK_INT(list(t, &x, "7b", "p01999", (unsigned)EVERYBODY, 10, NOW_S)->n, 0);
    CHECK_INT(list(t, &x, "7b", "p01998", (unsigned)EVERYBODY, 10, NOW_S)->n, 1);
    close_bench(t, &x);
}

TEST(without_a_place_to_keep_them_the_question_is_answered_all_the_same)
{
    struct bench x;

    log_set_level((enum log_level)(LOG_ERROR + 1));
    open_bench(t, &x, false);
    CHECK(!note(t, &x, "7b", S("anna"), ROLE_TEACHER, NOW_S));
    CHECK(!list(t, &x, "7b", "", (unsigned)EVERYBODY, 10, NOW_S)->ok);
    close_bench(t, &x);
    log_set_level(LOG_DEBUG);
}
