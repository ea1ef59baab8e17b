/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/log.h"
#include "base/loop.h"
#include "base/settings.h"
#include "idp-adapters/upstream.h"
#include "tests/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

enum { DOCS = 8, LOOPS = 3 };

static atomic_int fetched; /* over all loops */

/* One loop's fetcher: answers a turn later, so that others come to wait meanwhile. */
struct question {
    struct timer timer;
    struct batch *batch;
    struct fetch_got *out;
    int status;
    struct str body;
};

struct fetch {
    struct loop *loop;
    int status;
    const char *body;
};

static void on_due(struct timer *timer)
{
    struct question *q = (struct question *)((char *)timer - offsetof(struct question, timer));
    struct batch *b = q->batch;

    *q->out = (struct fetch_got){ .answered = true, .status = q->status, .body = q->body };
    batch_answered(b);
}

void fetch_ask(struct fetch *x, struct batch *b, struct arena *a, const struct fetch_request *r, struct fetch_got *out)
{
    struct question *q = arena_make(a, struct question);

    (void)r;
    atomic_fetch_add(&fetched, 1);
    batch_ask(b);
    q->timer.due = on_due;
    q->batch = b;
    q->out = out;
    q->status = x->status;
    q->body = str_of(x->body);
    timer_set(x->loop, &q->timer, 2);
}

static const void *parse_text(struct arena *a, const struct upstream_want *want, struct str body, struct fail *f)
{
    struct str *text = arena_make(a, struct str);

    *text = arena_str(a, body);
    if (str_eq(body, S("bad")))
        return fail(f, FAIL_UPSTREAM, "bad_text", "%.*s", STR_ARG(want->name)) ? text : NULL;
    return text;
}

static struct upstream_want want_of(struct arena *a, int n)
{
    return (struct upstream_want){ .name = arena_printf(a, "doc %d", n),
                                   .url = S("https://city.example/doc"),
                                   .place = S("city"),
                                   .purpose = FETCH_KEYS,
                                   .parse = parse_text };
}

struct asker {          /* one loop in a thread of its own, with a request for every document */
    struct batch batch; /* first */
    struct upstream_store *store;
    struct settings set;
    bool answered;
    int right;
};

static void on_batch(struct batch *b)
{
    ((struct asker *)b)->answered = true;
}

static void *ask_all(void *arg)
{
    struct asker *k = arg;
    struct arena *a = arena_new();
    struct loop *l = loop_new(&world_real);
    struct fetch x = { l, 200, "good" };
    struct upstreams *u = upstreams_new(k->store, l, &x, &world_real, &k->set);
    struct upstream_got got[DOCS] = { 0 };

    batch_ask(&k->batch); /* held until all are asked */
    for (int i = 0; i < DOCS; i++) {
        struct upstream_want want = want_of(a, i);
        upstream_ask(u, &k->batch, a, &want, &got[i]);
    }
    batch_answered(&k->batch);
    while (!k->answered)
        loop_turn(l, 100);
    for (int i = 0; i < DOCS; i++)
        k->right += got[i].value != NULL && str_eq(*(const struct str *)got[i].value, S("good"));
    upstreams_free(u);
    loop_free(l);
    arena_free(a);
    return NULL;
}

TEST(one_fetch_serves_all_loops_that_wait)
{
    struct upstream_store *store = upstream_store_new();
    struct asker askers[LOOPS];
    pthread_t threads[LOOPS];

    atomic_store(&fetched, 0);
    for (int i = 0; i < LOOPS; i++) {
        askers[i] = (struct asker){ .batch = { 0, on_batch }, .store = store };
        settings_defaults(&askers[i].set);
        CHECK(pthread_create(&threads[i], NULL, ask_all, &askers[i]) == 0);
    }
    for (int i = 0; i < LOOPS; i++) {
        (void)pthread_join(threads[i], NULL);
        CHECK_INT(askers[i].right, DOCS);
    }
    CHECK_INT(atomic_load(&fetched), DOCS);
    upstream_store_free(store);
}

struct bench {
    struct batch batch; /* first */
    bool answered;
    struct settings set;
    struct fetch fetch;
    struct upstream_store *store;
    struct upstreams *upstreams;
};

static void on_bench(struct batch *b)
{
    ((struct bench *)b)->answered = true;
}

static void open_bench(struct bench *x)
{
    *x = (struct bench){ .batch = { 0, on_bench },
                         .fetch = { loop_new(&world_real), 200, "good" },
                         .store = upstream_store_new() };
    settings_defaults(&x->set);
    log_set_level((enum log_level)(LOG_ERROR + 1));
}

static void join_store(struct test *t, struct bench *x)
{
    x->upstreams = upstreams_new(x->store, x->fetch.loop, &x->fetch, &t->world, &x->set);
}

static void close_bench(struct bench *x)
{
    upstreams_free(x->upstreams);
    upstream_store_free(x->store);
    loop_free(x->fetch.loop);
}

static struct upstream_got ask(struct test *t, struct bench *x, const struct upstream_want *want)
{
    struct upstream_got got = { 0 };

    x->answered = false;
    upstream_ask(x->upstreams, &x->batch, t->arena, want, &got);
    while (!x->answered)
        loop_turn(x->fetch.loop, 100);
    return got;
}

TEST(a_document_that_cannot_be_had_is_asked_for_again_after_a_while)
{
    struct bench x;
    struct upstream_want want = want_of(t->arena, 1);

    open_bench(&x);
    join_store(t, &x);
    atomic_store(&fetched, 0);
    x.fetch.status = 500;
    CHECK_STR(ask(t, &x, &want).error, "http_error");
    CHECK_STR(ask(t, &x, &want).error, "http_error");
    CHECK_INT(atomic_load(&fetched), 1);
    test_passes(t, UPSTREAM_RETRY_S);
    x.fetch.status = 200;
    x.fetch.body = "bad";
    CHECK_STR(ask(t, &x, &want).error, "bad_text");
    test_passes(t, UPSTREAM_RETRY_S);
    x.fetch.body = "good";
    CHECK(ask(t, &x, &want).value != NULL);
    CHECK_INT(upstream_kept(x.upstreams), 1);
    CHECK_INT(upstream_fetches(x.upstreams), 3);
    close_bench(&x);
}

TEST(whoever_does_not_answer_is_away_until_it_does_or_the_news_is_old)
{
    const struct str idp = S("city");
    struct bench x;
    struct upstream_want want = want_of(t->arena, 1);

    open_bench(&x);
    join_store(t, &x);
    CHECK(!upstream_is_away(x.upstreams, idp));
    x.fetch.status = 500;
    (void)ask(t, &x, &want);
    CHECK(upstream_is_away(x.upstreams, idp) && !upstream_is_away(x.upstreams, S("town")));
    test_passes(t, UPSTREAM_RETRY_S);
    x.fetch.status = 404; /* it is there, and says no */
    (void)ask(t, &x, &want);
    CHECK(!upstream_is_away(x.upstreams, idp));
    static const char *const its[] = { "timeout", "connect", "resolve", "tls", "protocol" };
    static const char *const ours[] = { "away", "busy", "proxy", "refused_url", "refused_address" };
    for (size_t i = 0; i < 5; i++) {
        upstream_note(x.upstreams, idp, &(struct fetch_got){ .answered = true, .status = 200 });
        upstream_note(x.upstreams, idp, &(struct fetch_got){ .error = ours[i] });
        CHECK(!upstream_is_away(x.upstreams, idp));
        upstream_note(x.upstreams, idp, &(struct fetch_got){ .error = its[i] });
        upstream_note(x.upstreams, idp, &(struct fetch_got){ .error = ours[i] });
        CHECK(upstream_is_away(x.upstreams, idp));
    }
    test_passes(t, UPSTREAM_NEWS_S - 1);
    CHECK(upstream_is_away(x.upstreams, idp));
    test_passes(t, 1);
    CHECK(!upstream_is_away(x.upstreams, idp));
    close_bench(&x);
}

TEST(what_is_kept_says_when_it_was_tried_and_is_next_asked_for)
{
    struct bench x;
    struct upstream_want want = want_of(t->arena, 1);
    struct upstream_got got;

    open_bench(&x);
    join_store(t, &x);
    int64_t began_s = world_now_s(&t->world), refresh_s = x.set.metadata_refresh_s;
    upstream_peek(x.upstreams, t->arena, want.name, &got);
    CHECK(got.tried_s == 0 && got.next_s == 0);
    (void)ask(t, &x, &want);
    upstream_peek(x.upstreams, t->arena, want.name, &got);
    CHECK(got.fetched_s == began_s && got.tried_s == began_s && got.next_s == began_s + refresh_s);
    test_passes(t, (int)refresh_s);
    x.fetch.status = 500;
    (void)ask(t, &x, &want); /* the old one serves while it is renewed */
    want.anew = want.ordered = true;
    (void)ask(t, &x, &want);
    upstream_peek(x.upstreams, t->arena, want.name, &got);
    CHECK_STR(got.trouble, "http_error");
    CHECK(got.fetched_s == began_s && got.tried_s == began_s + refresh_s);
    CHECK_INT(got.next_s, began_s + refresh_s + UPSTREAM_FORCE_S);
    upstream_look(x.store, t->arena, want.name, &got);
    CHECK(got.value != NULL && got.next_s == 0);
    close_bench(&x);
}

TEST(a_later_copy_that_differs_says_that_its_publisher_keeps_it_going)
{
    struct bench x;
    struct upstream_want want = want_of(t->arena, 1);

    open_bench(&x);
    join_store(t, &x);
    (void)ask(t, &x, &want);
    want.anew = want.ordered = true;
    CHECK(!ask(t, &x, &want).renews);
    x.fetch.body = "good too";
    CHECK(ask(t, &x, &want).renews);
    CHECK(ask(t, &x, &want).renews);
    close_bench(&x);
}

TEST(the_web_servers_certificate_is_remembered_as_it_was_last_seen)
{
    struct bench x;

    open_bench(&x);
    join_store(t, &x);
    CHECK_INT(upstream_tls_ends_s(x.store, S("city")), 0);
    upstream_note(x.upstreams, S("city"), &(struct fetch_got){ .answered = true, .status = 200, .tls_ends_s = 99 });
    upstream_note(x.upstreams, S("city"), &(struct fetch_got){ .answered = true, .status = 200 });
    CHECK_INT(upstream_tls_ends_s(x.store, S("city")), 99);
    CHECK(!upstream_is_away(x.upstreams, S("city")));
    close_bench(&x);
}

TEST(a_document_from_another_address_is_not_the_same)
{
    struct bench x;
    struct upstream_want want = want_of(t->arena, 1);

    open_bench(&x);
    join_store(t, &x);
    atomic_store(&fetched, 0);
    CHECK(ask(t, &x, &want).value != NULL);
    want.url = S("https://new.example/doc");
    x.fetch.body = "moved";
    struct upstream_got got = ask(t, &x, &want);
    CHECK(got.value != NULL && str_eq(*(const struct str *)got.value, S("moved")));
    CHECK_INT(atomic_load(&fetched), 2);
    close_bench(&x);
}

TEST(a_document_that_was_put_in_is_served_without_a_fetch)
{
    struct bench x;
    struct fail f = { 0 };
    struct upstream_want want = want_of(t->arena, 1);

    open_bench(&x);
    join_store(t, &x);
    atomic_store(&fetched, 0);
    CHECK(upstream_put(x.upstreams, &want, S("given"), &f));
    struct upstream_got got = ask(t, &x, &want);
    CHECK(got.value != NULL && str_eq(*(const struct str *)got.value, S("given")));
    CHECK_INT(atomic_load(&fetched), 0);
    CHECK(!upstream_put(x.upstreams, &want, S("bad"), &f));
    CHECK_STR(f.code, "bad_text");
    close_bench(&x);
}

TEST(a_loop_that_ends_leaves_nobody_waiting)
{
    struct bench x;
    struct upstream_want want = want_of(t->arena, 1);
    struct upstream_got got = { 0 };

    open_bench(&x);
    join_store(t, &x);
    upstream_ask(x.upstreams, &x.batch, t->arena, &want, &got);
    CHECK(!x.answered);
    upstreams_free(x.upstreams);
    CHECK(x.answered);
    CHECK_STR(got.error, "away");
    for (int i = 0; i < 3; i++) /* the fetch itself is answered after its loop's documents are gone */
        loop_turn(x.fetch.loop, 5);
    join_store(t, &x);
    test_passes(t, UPSTREAM_RETRY_S);
    CHECK(ask(t, &x, &want).value != NULL);
    close_bench(&x);
}

struct ordered {
    struct str ids[4];
    size_t n;
};

static void on_order(void *self, struct str id)
{
    struct ordered *o = self;

    if (o->n < 4)
        o->ids[o->n++] = id.n == 4 && memcmp(id.p, "oulu", 4) == 0 ? S("oulu") : S("?");
}

TEST(an_order_is_run_once_by_a_loop_that_takes_orders)
{
    struct settings set;
    struct upstream_store *store = upstream_store_new();
    struct loop *l = loop_new(&t->world);
    struct fetch x = { l, 200, "good" };
    struct ordered got = { .n = 0 };

    settings_defaults(&set);
    struct upstreams *u = upstreams_new(store, l, &x, &t->world, &set);
    upstreams_on_order(u, on_order, &got);
    upstream_order(store, S("oulu"));
    loop_turn(l, 100);
    loop_turn(l, 0);
    CHECK_INT(got.n, 1);
    CHECK_STR(got.ids[0], "oulu");
    upstreams_free(u);
    loop_free(l);
    upstream_store_free(store);
}
