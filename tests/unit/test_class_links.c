/* SPDX-License-Identifier: EUPL-1.2
 * Links that teachers have put up for a class. */
#include "registry/class_links.h"

#include "base/loop.h"
#include "tests/test.h"

#include <stdlib.h>
#include <sys/stat.h>

enum { NOW_S = 1800000000 };

struct bench {
    char dir[64];
    struct settings set;
    struct loop *loop;
    struct work_pool *pool;
    struct work *work;
    struct class_links *links;
    struct batch batch;
};

static void ignore(struct batch *b)
{
    (void)b;
}

static void open_bench(struct test *t, struct bench *x)
{
    *x = (struct bench){ .dir = "/tmp/digione-links-XXXXXX" };
    CHECK(mkdtemp(x->dir) != NULL);
    CHECK(mkdir(arena_cstr(t->arena, arena_printf(t->arena, "%s/registry", x->dir)), 0700) == 0);
    x->set.state_dir = str_of(x->dir);
    x->loop = loop_new(&t->world);
    x->pool = work_pool_new(1);
    x->work = work_new(x->pool, x->loop);
    x->links = class_links_new(&x->set);
    x->batch.ready = ignore;
}

static void close_bench(struct test *t, struct bench *x)
{
    work_free(x->work);
    work_pool_free(x->pool);
    class_links_free(x->links);
    loop_free(x->loop);
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf %s", x->dir))) == 0);
}

static struct class_links_ask *change(struct test *t, struct bench *x, enum class_link_change what, const char *class,
                                      const char *service, struct str id, int64_t now_s)
{
    struct class_links_ask *ask = arena_make(t->arena, struct class_links_ask);
    struct class_link *link = arena_make(t->arena, struct class_link);
    struct strs *classes = arena_make(t->arena, struct strs);

    *link = (struct class_link){
        .id = id, .context = str_of(class), .service = str_of(service), .title = id, .text = S("{}")
    };
    strs_add(t->arena, classes, str_of(class));
    *ask =
        (struct class_links_ask){ .change = what, .link = link, .link_count = 1, .contexts = classes, .now_s = now_s };
    CHECK(class_links_ask(x->links, x->work, &x->batch, t->arena, ask));
    for (int turns = 0; x->batch.pending > 0 && turns < 1000; turns++)
        loop_turn(x->loop, 100);
    CHECK(ask->ok);
    return ask;
}

static struct str order(struct test *t, const struct class_links_ask *x)
{
    struct buf b = buf_new(t->arena, 4096);

    for (size_t i = 0; i < x->n; i++)
        buf_printf(&b, "%s%.*s", i > 0 ? " " : "", STR_ARG(x->at[i].id));
    return buf_str(&b);
}

TEST(L15_links_of_a_class_stand_in_the_order_that_its_teachers_give_them)
{
    struct bench x;

    open_bench(t, &x);
    (void)change(t, &x, CLASS_LINK_ADD, "7b", "tool", S("a"), NOW_S);
    (void)change(t, &x, CLASS_LINK_ADD, "7b", "tool", S("b"), NOW_S);
    CHECK_STR(order(t, change(t, &x, CLASS_LINK_ADD, "7b", "tool", S("c"), NOW_S)), "a b c");
    CHECK_STR(order(t, change(t, &x, CLASS_LINK_UP, "7b", "tool", S("c"), NOW_S)), "a c b");
    CHECK_STR(order(t, change(t, &x, CLASS_LINK_UP, "7b", "tool", S("a"), NOW_S)), "a c b");   /* the first */
    CHECK_STR(order(t, change(t, &x, CLASS_LINK_DOWN, "7b", "tool", S("b"), NOW_S)), "a c b"); /* the last */
    CHECK_STR(order(t, change(t, &x, CLASS_LINK_DOWN, "7b", "tool", S("a"), NOW_S)), "c a b");
    CHECK_STR(order(t, change(t, &x, CLASS_LINK_UP, "7b", "tool", S("nobody"), NOW_S)), "c a b");
    CHECK_STR(order(t, change(t, &x, CLASS_LINK_REMOVE, "7b", "tool", S("a"), NOW_S)), "c b");
    CHECK_STR(order(t, change(t, &x, CLASS_LINK_REMOVE, "7b", "tool", S("a"), NOW_S)), "c b");
    CHECK_STR(order(t, change(t, &x, CLASS_LINK_ADD, "7b", "tool", S("b"), NOW_S)), "c b"); /* it is there already */
    close_bench(t, &x);
}

TEST(L15_a_class_and_a_tool_have_links_of_their_own)
{
    struct bench x;

    open_bench(t, &x);
    (void)change(t, &x, CLASS_LINK_ADD, "7b", "tool", S("a"), NOW_S);
    CHECK_STR(order(t, change(t, &x, CLASS_LINK_ADD, "8c", "tool", S("b"), NOW_S)), "b");
    CHECK_STR(order(t, change(t, &x, CLASS_LINK_REMOVE, "8c", "tool", S("a"), NOW_S)), "b");
    CHECK_STR(order(t, change(t, &x, CLASS_LINK_REMOVE, "7b", "another", S("a"), NOW_S)), "a");
    CHECK_STR(order(t, change(t, &x, CLASS_LINK_NONE, "9d", "tool", S("a"), NOW_S)), "");
    close_bench(t, &x);
}

TEST(L15_a_class_takes_so_many_links_of_a_tool_and_they_end_after_a_year)
{
    struct bench x;
    struct class_links_ask *ask = NULL;

    open_bench(t, &x);
    for (int i = 0; i < CLASS_LINKS_MAX; i++)
        ask = change(t, &x, CLASS_LINK_ADD, "7b", "tool", arena_printf(t->arena, "l%03d", i), NOW_S);
    CHECK(ask->n == CLASS_LINKS_MAX && ask->left_out == 0);
    ask = change(t, &x, CLASS_LINK_ADD, "7b", "tool", S("more"), NOW_S);
    CHECK(ask->n == CLASS_LINKS_MAX && ask->left_out == 1);
    CHECK_INT(change(t, &x, CLASS_LINK_NONE, "7b", "tool", S(""), NOW_S + CLASS_LINK_KEPT_S)->n, CLASS_LINKS_MAX);
    CHECK_INT(change(t, &x, CLASS_LINK_NONE, "7b", "tool", S(""), NOW_S + CLASS_LINK_KEPT_S + 1)->n, 0);
    CHECK_INT(change(t, &x, CLASS_LINK_ADD, "7b", "tool", S("new"), NOW_S + CLASS_LINK_KEPT_S + 1)->n, 1);
    close_bench(t, &x);
}
