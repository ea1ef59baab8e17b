/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/pages/favourites.h"

#include "base/log.h"
#include "base/loop.h"
#include "base/settings.h"
#include "base/work.h"
#include "tests/test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ── the list ───────────────────────────────────────────────────────────── */

static struct str joined(struct test *t, const struct strs *list)
{
    struct str out = S("");

    for (size_t i = 0; i < list->n; i++)
        out = arena_printf(t->arena, "%.*s%s%.*s", STR_ARG(out), i > 0 ? " " : "", STR_ARG(list->at[i]));
    return out;
}

TEST(favourites_keep_the_order_in_which_they_were_chosen)
{
    struct strs list = { 0 };

    favourites_apply(t->arena, &list, FAVOURITE_ADD, S("lampi"));
    favourites_apply(t->arena, &list, FAVOURITE_ADD, S("kanerva"));
    favourites_apply(t->arena, &list, FAVOURITE_ADD, S("lampi"));
    favourites_apply(t->arena, &list, FAVOURITE_ADD, S("havu"));
    CHECK_STR(joined(t, &list), "lampi kanerva havu");
    favourites_apply(t->arena, &list, FAVOURITE_UP, S("havu"));
    CHECK_STR(joined(t, &list), "lampi havu kanerva");
    favourites_apply(t->arena, &list, FAVOURITE_UP, S("lampi"));
    favourites_apply(t->arena, &list, FAVOURITE_DOWN, S("kanerva"));
    favourites_apply(t->arena, &list, FAVOURITE_DOWN, S("nobody"));
    CHECK_STR(joined(t, &list), "lampi havu kanerva");
    favourites_apply(t->arena, &list, FAVOURITE_DOWN, S("lampi"));
    CHECK_STR(joined(t, &list), "havu lampi kanerva");
    favourites_apply(t->arena, &list, FAVOURITE_REMOVE, S("lampi"));
    favourites_apply(t->arena, &list, FAVOURITE_REMOVE, S("nobody"));
    CHECK_STR(joined(t, &list), "havu kanerva");
}

TEST(there_are_never_more_than_fit)
{
    struct strs list = { 0 };

    for (int i = 0; i < 100; i++)
        favourites_apply(t->arena, &list, FAVOURITE_ADD, arena_printf(t->arena, "s%d", i));
    CHECK_INT(list.n, FAVOURITES_MAX);
}

/* ── the store ──────────────────────────────────────────────────────────── */

struct bench {
    char dir[64];
    struct settings set;
    struct loop *loop;
    struct work_pool *pool;
    struct person person;
    struct session session;
    struct ctx c;
};

/* Asks as a step does, and turns the loop until the answer is here; the list, or "-" and the code of the failure. */
static void ignore(struct batch *b)
{
    (void)b;
}

static struct str asked(struct test *t, struct bench *x, enum favourite_change change, const char *service)
{
    struct favourites_got *got = arena_make(t->arena, struct favourites_got);

    x->c.batch.ready = ignore;
    CHECK(favourites_ask(&x->c, change, str_of(service), got));
    for (int turns = 0; x->c.batch.pending > 0 && turns < 1000; turns++)
        loop_turn(x->loop, 100);
    CHECK_INT(x->c.batch.pending, 0);
    return got->ok ? joined(t, &got->list) : arena_printf(t->arena, "-%s", got->why.code);
}

static void open_bench(struct test *t, struct bench *x, bool folder)
{
    *x = (struct bench){ .dir = "/tmp/digione-favourites-XXXXXX" };
    CHECK(mkdtemp(x->dir) != NULL);
    if (folder)
        CHECK(mkdir(arena_cstr(t->arena, arena_printf(t->arena, "%s/registry", x->dir)), 0700) == 0);
    x->set.state_dir = str_of(x->dir);
    x->loop = loop_new(&t->world);
    x->pool = work_pool_new(1);
    x->person.id = S("person-1");
    x->session.person = &x->person;
    x->c = (struct ctx){
        .arena = t->arena, .people = people_new(&x->set), .work = work_new(x->pool, x->loop), .session = &x->session
    };
}

static void close_bench(struct test *t, struct bench *x)
{
    work_free(x->c.work);
    work_pool_free(x->pool);
    people_free(x->c.people);
    loop_free(x->loop);
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf %s", x->dir))) == 0);
}

TEST(favourites_are_there_again_on_another_device)
{
    struct bench x;

    open_bench(t, &x, true);
    CHECK_STR(asked(t, &x, FAVOURITE_NONE, ""), "");
    CHECK_STR(asked(t, &x, FAVOURITE_ADD, "lampi"), "lampi");
    CHECK_STR(asked(t, &x, FAVOURITE_ADD, "havu"), "lampi havu");
    CHECK_STR(asked(t, &x, FAVOURITE_UP, "havu"), "havu lampi");
    people_free(x.c.people);
    x.c.people = people_new(&x.set);
    CHECK_STR(asked(t, &x, FAVOURITE_NONE, ""), "havu lampi");
    x.person.id = S("person-2");
    CHECK_STR(asked(t, &x, FAVOURITE_NONE, ""), "");
    close_bench(t, &x);
}

TEST(without_a_place_to_keep_them_the_question_is_answered_all_the_same)
{
    struct bench x;

    log_set_level((enum log_level)(LOG_ERROR + 1));
    open_bench(t, &x, false);
    CHECK_STR(asked(t, &x, FAVOURITE_NONE, ""), "-db_open");
    CHECK_STR(asked(t, &x, FAVOURITE_ADD, "lampi"), "-db_open");
    close_bench(t, &x);
}
