/* SPDX-License-Identifier: EUPL-1.2
 *
 * The queue of farewells on loops with a clock of the test's, services that do as they are told, and the scenarios'
 * double of Redis, which is served in between. */
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/farewell_keep.h"
#include "tests/contract/redis_double.h"
#include "tests/test.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SERVICES = 3, NODES = 2, HEARD_MAX = 16384, ROUNDS = 60 };

enum manner { HEARS = 0, FAILS, REFUSES, HANGS };

struct rig;

struct node_of_test { /* a loop, and what belongs to it */
    struct rig *rig;
    struct loop *loop;
    struct kv *kv;
    struct farewells *all;
};

struct rig {
    struct test *t;
    char dir[48], path[64];
    struct redis_double *redis;
    struct settings set;
    struct registry *registry;
    const struct seals *seals;
    const struct protocol *protocols[PROTO_COUNT];
    struct node_of_test node[NODES];
    enum manner manner[SERVICES];
    unsigned asked[SERVICES], heard[SERVICES];
    char sids[HEARD_MAX][12]; /* of each that was heard */
    size_t sid_count;
    struct batch *hanging[64]; /* asked once, and not answered */
    size_t hanging_count;
};

static struct rig *the_rig;

/* ── services ───────────────────────────────────────────────────────────── */

static size_t service_at(const struct ctx *c)
{
    return (size_t)(c->service->id.p[0] - 'a');
}

static bool hears(const struct ctx *c, const struct service *s)
{
    (void)c;
    return !str_eq(s->id, S("deaf"));
}

static enum step ask(struct ctx *c, struct fail *f)
{
    size_t i = service_at(c);

    (void)f;
    the_rig->asked[i]++;
    if (the_rig->manner[i] != HANGS)
        return NEXT;
    the_rig->hanging[the_rig->hanging_count++] = &c->batch;
    batch_ask(&c->batch);
    return WAIT;
}

static enum step answer(struct ctx *c, struct fail *f)
{
    const struct leaver *who = c->state;
    size_t i = service_at(c);

    if (the_rig->manner[i] == FAILS || the_rig->manner[i] == HANGS)
        return fail(f, FAIL_UPSTREAM, "away", "status 500");
    if (the_rig->manner[i] == REFUSES)
        return fail(f, FAIL_CALLER, "refused", "status 400");
    the_rig->heard[i]++;
    (void)snprintf(the_rig->sids[the_rig->sid_count++], sizeof the_rig->sids[0], "%.*s", STR_ARG(who->sid));
    return DONE;
}

static const struct step_row leave[] = { { ask }, { answer }, { NULL } };
static const struct protocol protocol_of_test = { .name = "test", .hears = hears, .leave = leave };

/* ── the rig ────────────────────────────────────────────────────────────── */

static bool begin(void *self, struct ctx *c)
{
    struct node_of_test *n = self;

    c->registry = n->rig->registry;
    c->kv = n->kv;
    c->seals = n->rig->seals;
    c->protocols = n->rig->protocols;
    c->farewells = n->all;
    return true;
}

static void end(void *self, struct ctx *c)
{
    (void)self;
    (void)c;
}

static void settle(struct rig *r)
{
    struct pollfd fds[REDIS_DOUBLE_FDS];

    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < NODES; i++)
            if (r->node[i].loop != NULL)
                loop_turn(r->node[i].loop, 0);
        size_t n = redis_double_watch(r->redis, fds);
        if (poll(fds, n, 0) > 0)
            (void)redis_double_serve(r->redis, fds, n);
    }
}

static void passes(struct rig *r, int64_t seconds)
{
    for (int64_t s = 0; s < seconds; s++) {
        test_passes(r->t, 1);
        settle(r);
    }
}

static void node_open(struct rig *r, size_t i)
{
    struct node_of_test *n = &r->node[i];
    const struct kv_config config = { .address = arena_printf(r->t->arena, "unix:%s", r->path), .timeout_ms = 5000 };

    *n = (struct node_of_test){ .rig = r, .loop = loop_new(&r->t->world) };
    n->kv = kv_new(n->loop, &r->t->world, &config);
    n->all = farewells_new(n->loop, &r->t->world, &r->set, &(struct farewell_hooks){ n, begin, end });
    settle(r);
}

static void node_close(struct rig *r, size_t i)
{
    struct node_of_test *n = &r->node[i];

    farewells_stop(n->all);
    settle(r);
    if (farewells_busy(n->all))
        test_fail(r->t, __FILE__, __LINE__, "it is busy still");
    farewells_free(n->all);
    kv_free(n->kv);
    loop_free(n->loop);
    n->loop = NULL;
}

static struct rig *rig_new(struct test *t)
{
    struct rig *r = the_rig = calloc(1, sizeof *r);
    struct registry_parts parts = { .service_count = SERVICES + 1 };
    static const char *const ids[] = { "a", "b", "c", "deaf" };

    r->t = t;
    (void)snprintf(r->dir, sizeof r->dir, "/tmp/digione-farewell-XXXXXX");
    CHECK(mkdtemp(r->dir) != NULL);
    (void)snprintf(r->path, sizeof r->path, "%s/redis", r->dir);
    r->redis = redis_double_new(r->path, &t->world);
    settings_defaults(&r->set);
    struct arena *a = arena_new();
    parts.services = arena_make_n(a, SERVICES + 1, struct service);
    for (size_t i = 0; i <= SERVICES; i++)
        parts.services[i] = (struct service){ .id = str_of(ids[i]), .protocol = PROTO_OIDC, .enabled = true };
    r->registry = registry_build(a, &parts);
    r->seals = seals_of(t->arena, S("0123456789abcdef0123456789abcdef"));
    r->protocols[PROTO_OIDC] = &protocol_of_test;
    node_open(r, 0);
    passes(r, 2);
    return r;
}

static void rig_free(struct rig *r)
{
    for (size_t i = 0; i < NODES; i++)
        if (r->node[i].loop != NULL)
            node_close(r, i);
    redis_double_free(r->redis);
    registry_drop(r->registry);
    (void)rmdir(r->dir);
    free(r);
}

struct asker {    /* a request that waits for the first answers */
    struct ctx c; /* first */
    bool answered;
};

static void asker_ready(struct batch *b)
{
    ((struct asker *)(void *)b)->answered = true;
}

static struct asker *asker_new(struct rig *r, size_t node)
{
    struct asker *x = arena_make(r->t->arena, struct asker);

    *x = (struct asker){ .answered = false };
    x->c.batch.ready = asker_ready;
    x->c.arena = r->t->arena;
    x->c.world = &r->t->world;
    x->c.set = &r->set;
    x->c.now_s = world_now_s(&r->t->world);
    (void)begin(&r->node[node], &x->c);
    return x;
}

static void tell(struct rig *r, size_t node, const char *services, int number)
{
    struct asker *x = asker_new(r, node);
    struct strs ids = { arena_make_n(r->t->arena, 8, struct str), 0 };
    struct str rest = str_of(services), id;
    const struct leaver who = { .sid = arena_printf(r->t->arena, "sid-%d", number), .person = S("p") };

    while (str_is_set(rest) && str_split(&rest, ' ', &id))
        ids.at[ids.n++] = id;
    farewells_tell(&x->c, &who, NULL, &ids);
    settle(r);
}

/* ── what it does ───────────────────────────────────────────────────────── */

TEST(a_service_hears_once_and_redis_keeps_nothing_of_it)
{
    struct rig *r = rig_new(t);

    tell(r, 0, "a b", 1);
    CHECK_INT(r->heard[0], 1);
    CHECK_INT(r->heard[1], 1);
    CHECK_INT(redis_double_holds(r->redis, S("e1:")), 0);
    passes(r, 200);
    CHECK_INT(r->asked[0], 1);
    rig_free(r);
}

TEST(whoever_asks_hears_who_has_heard_and_waits_a_second_at_most_for_one_that_hangs)
{
    struct rig *r = rig_new(t);
    struct asker *x = asker_new(r, 0);
    struct str ids[] = { S("a"), S("b"), S("deaf"), S("unknown") };
    enum farewell_said said[4];
    const struct leaver who = { .sid = S("s"), .person = S("p") };

    r->manner[1] = HANGS;
    farewells_say(&x->c, &who, NULL, &(struct strs){ ids, 4 }, said);
    settle(r);
    CHECK(!x->answered);
    passes(r, 2);
    CHECK(x->answered);
    CHECK_INT(said[0], FAREWELL_HEARD);
    CHECK_INT(said[1], FAREWELL_WAITS);
    CHECK_INT(said[2], FAREWELL_CANNOT);
    CHECK_INT(said[3], FAREWELL_CANNOT);
    batch_answered(r->hanging[0]);
    settle(r);
    /* One that did not answer before is not waited for. */
    x = asker_new(r, 0);
    farewells_say(&x->c, &who, NULL, &(struct strs){ &ids[1], 1 }, said);
    CHECK_INT(x->c.batch.pending, 0);
    CHECK_INT(said[0], FAREWELL_WAITS);
    r->manner[1] = HEARS;
    passes(r, 200);
    CHECK_INT(r->heard[1], 2);
    rig_free(r);
}

TEST(a_service_that_fails_is_left_alone_for_longer_each_time_and_delays_no_other)
{
    struct rig *r = rig_new(t);
    unsigned by_then[] = { 1, 2, 3, 4, 5 };
    int64_t after_s[] = { 1, 4, 14, 46, 110 }, now_s = 0;

    r->manner[0] = FAILS;
    tell(r, 0, "a", 1);
    for (size_t i = 0; i < 5; i++) {
        passes(r, after_s[i] - now_s);
        now_s = after_s[i];
        CHECK_INT(r->asked[0], by_then[i]);
        tell(r, 0, "b", 2);
        CHECK_INT(r->heard[1], i + 1);
    }
    /* Given up; and nothing of it is kept. */
    passes(r, 400);
    CHECK_INT(r->asked[0], FAREWELL_TRIES);
    CHECK_INT(redis_double_holds(r->redis, S("e1:")), 0);
    rig_free(r);
}

TEST(a_service_that_refuses_is_not_asked_again)
{
    struct rig *r = rig_new(t);

    r->manner[0] = REFUSES;
    tell(r, 0, "a", 1);
    passes(r, 200);
    CHECK_INT(r->asked[0], 1);
    CHECK_INT(redis_double_holds(r->redis, S("e1:")), 0);
    rig_free(r);
}

TEST(the_queue_of_a_service_is_bounded)
{
    struct rig *r = rig_new(t);
    struct asker *x = asker_new(r, 0);
    struct str id = S("a");
    enum farewell_said said;

    r->manner[0] = FAILS;
    tell(r, 0, "a", 0);
    for (int i = 1; i < FAREWELLS_OF_SERVICE_MAX; i++) {
        const struct leaver who = { .sid = S("many"), .person = S("p") };
        farewells_tell(&x->c, &who, NULL, &(struct strs){ &id, 1 });
    }
    const struct leaver who = { .sid = S("late"), .person = S("p") };
    farewells_say(&x->c, &who, NULL, &(struct strs){ &id, 1 }, &said);
    CHECK_INT(said, FAREWELL_CANNOT);
    id = S("b");
    farewells_say(&x->c, &who, NULL, &(struct strs){ &id, 1 }, &said);
    CHECK_INT(said, FAREWELL_WAITS);
    passes(r, 1);
    CHECK_INT(r->heard[1], 1);
    rig_free(r);
}

/* ── and what outlives it ───────────────────────────────────────────────── */

TEST(what_waits_when_a_process_ends_the_next_one_tells_each_once)
{
    enum { MANY = 300 };
    struct rig *r = rig_new(t);

    r->manner[0] = FAILS;
    for (int i = 0; i < MANY; i++)
        tell(r, 0, "a", i);
    CHECK_INT(redis_double_holds(r->redis, S("e1:")), MANY);
    node_close(r, 0);
    CHECK_INT(redis_double_holds(r->redis, S("e1:")), MANY);
    r->manner[0] = HEARS;
    node_open(r, 0);
    node_open(r, 1);
    passes(r, 60);
    CHECK_INT(r->heard[0], MANY);
    for (size_t i = 0; i < r->sid_count; i++)
        for (size_t k = i + 1; k < r->sid_count; k++)
            CHECK(strcmp(r->sids[i], r->sids[k]) != 0);
    CHECK_INT(redis_double_holds(r->redis, S("e1:")), 0);
    rig_free(r);
}

TEST(what_a_process_that_died_had_is_taken_up_once_its_lease_is_over)
{
    struct rig *r = rig_new(t);
    struct node_of_test dead = r->node[0];

    r->manner[0] = FAILS;
    tell(r, 0, "a", 1);
    r->node[0].loop = NULL; /* it turns no more */
    r->manner[0] = HEARS;
    node_open(r, 1);
    passes(r, FAREWELL_LEASE_MS / 1000 - 10);
    CHECK_INT(r->heard[0], 0);
    passes(r, 20);
    CHECK_INT(r->heard[0], 1);
    r->node[0] = dead;
    rig_free(r);
}

TEST(what_waits_for_long_is_in_its_own_process_still)
{
    struct rig *r = rig_new(t);

    node_open(r, 1);
    r->manner[0] = FAILS;
    for (int i = 0; i < 7; i++)
        tell(r, 0, "a", i);
    passes(r, 2 * FAREWELL_LEASE_MS / 1000);
    CHECK(r->asked[0] <= FAREWELL_TRIES + 3);
    r->manner[0] = HEARS;
    passes(r, FAREWELL_LEASE_MS / 1000 + 60);
    CHECK_INT(r->heard[0], 7);
    rig_free(r);
}

TEST(what_was_left_too_long_ago_or_is_none_of_ours_is_put_away)
{
    struct rig *r = rig_new(t);
    struct asker *x = asker_new(r, 0);
    const struct farewell_record old = { .service = S("a"),
                                         .who = { .sid = S("s"), .person = S("p") },
                                         .until_s = TEST_NOW_S - 1 };
    struct str texts[] = { S("rubbish"), farewell_seal(t->arena, &x->c, &old) };
    struct kv_got got;

    CHECK(str_find(texts[1], S("sid")) == texts[1].n);
    const struct kv_line_more more = { .texts = texts, .n = 2, .most = 100, .ttl_s = 600 };
    kv_line_put(r->node[0].kv, &x->c.batch, t->arena, &got, KV_FAREWELL, S("all"), &more);
    settle(r);
    CHECK_INT(got.number, 2);
    passes(r, 12);
    CHECK_INT(r->asked[0], 0);
    CHECK_INT(redis_double_holds(r->redis, S("e1:")), 0);
    rig_free(r);
}

TEST(without_redis_services_are_told_all_the_same)
{
    struct rig *r = rig_new(t);

    redis_double_leave(r->redis);
    settle(r);
    tell(r, 0, "a", 1);
    CHECK_INT(r->heard[0], 1);
    r->manner[0] = FAILS;
    tell(r, 0, "a", 2);
    r->manner[0] = HEARS;
    passes(r, 5);
    CHECK_INT(r->heard[0], 2);
    redis_double_come_back(r->redis);
    rig_free(r);
}
