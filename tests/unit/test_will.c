/* SPDX-License-Identifier: EUPL-1.2
 *
 * Wills and the vigil on loops with a clock of the test's, over the scenarios' double of Redis: sessions that nobody
 * ends by hand, and who of the services hears. */
#include "gateway/will.h"

#include "base/seals.h"
#include "base/settings.h"
#include "gateway/session/session.h"
#include "gateway/vigil.h"
#include "tests/contract/redis_double.h"
#include "tests/test.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NODES = 2, ROUNDS = 40, HEARD_MAX = 512, IDLE_S = 900, PAST_S = 30 };

#define KEY_ONE   "0000000000000000000000000000000000000000000000000000000000000001"
#define KEY_OTHER "0000000000000000000000000000000000000000000000000000000000000002"

struct rig;

struct node_of_test {
    struct rig *rig;
    struct loop *loop;
    struct kv *kv;
    struct farewells *farewells;
    struct vigil *vigil;
};

struct rig {
    struct test *t;
    char dir[48], path[64];
    struct redis_double *redis;
    struct settings set;
    struct registry *registry, *without; /* the same, and its identity provider is switched off */
    bool off;
    int64_t epoch;
    const struct seals *seals;
    const struct protocol *protocols[PROTO_COUNT];
    struct node_of_test node[NODES];
    char heard[HEARD_MAX][96]; /* "service sid told" */
    size_t heard_count;
};

static struct rig *the_rig;

/* ── services ───────────────────────────────────────────────────────────── */

static bool hears(const struct ctx *c, const struct service *s)
{
    (void)c;
    return !str_eq(s->id, S("deaf"));
}

static enum step hear(struct ctx *c, struct fail *f)
{
    const struct leaver *who = c->state;

    (void)f;
    (void)snprintf(the_rig->heard[the_rig->heard_count++], sizeof the_rig->heard[0], "%.*s %.*s %.*s",
                   STR_ARG(c->service->id), STR_ARG(who->sid), STR_ARG(who->told));
    return DONE;
}

static const struct step_row leave[] = { { hear }, { NULL } };
static const struct protocol protocol_of_test = { .name = "test", .hears = hears, .leave = leave };

static size_t heard(const struct rig *r, const char *what)
{
    size_t n = 0;

    for (size_t i = 0; i < r->heard_count; i++)
        n += strcmp(r->heard[i], what) == 0;
    return n;
}

/* ── the rig ────────────────────────────────────────────────────────────── */

static bool begin(void *self, struct ctx *c)
{
    struct node_of_test *n = self;

    c->registry = n->rig->off ? n->rig->without : n->rig->registry;
    c->session_epoch = n->rig->epoch;
    c->kv = n->kv;
    c->seals = n->rig->seals;
    c->protocols = n->rig->protocols;
    c->farewells = n->farewells;
    c->vigil = n->vigil;
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
    n->farewells = farewells_new(n->loop, &r->t->world, &r->set, &(struct farewell_hooks){ n, begin, end });
    n->vigil = vigil_new(n->loop, &r->t->world, &r->set, &(struct farewell_hooks){ n, begin, end });
    settle(r);
}

static void node_close(struct rig *r, size_t i)
{
    struct node_of_test *n = &r->node[i];

    vigil_stop(n->vigil);
    farewells_stop(n->farewells);
    settle(r);
    if (farewells_busy(n->farewells) || vigil_busy(n->vigil))
        test_fail(r->t, __FILE__, __LINE__, "it is busy still");
    vigil_free(n->vigil);
    farewells_free(n->farewells);
    kv_free(n->kv);
    loop_free(n->loop);
    n->loop = NULL;
}

static struct registry *registry_of(bool enabled)
{
    static const char *const ids[] = { "a", "b", "deaf" };
    struct arena *a = arena_new();
    struct registry_parts parts = { .service_count = 3, .idp_count = 1 };

    parts.services = arena_make_n(a, parts.service_count, struct service);
    for (size_t i = 0; i < parts.service_count; i++)
        parts.services[i] = (struct service){ .id = str_of(ids[i]), .protocol = PROTO_OIDC, .enabled = true };
    parts.idps = arena_make(a, struct idp);
    parts.idps[0] = (struct idp){ .id = S("oulu"), .enabled = enabled };
    return registry_build(a, &parts);
}

static struct rig *rig_new(struct test *t)
{
    struct rig *r = the_rig = calloc(1, sizeof *r);

    r->t = t;
    (void)snprintf(r->dir, sizeof r->dir, "/tmp/digione-will-XXXXXX");
    CHECK(mkdtemp(r->dir) != NULL);
    (void)snprintf(r->path, sizeof r->path, "%s/redis", r->dir);
    r->redis = redis_double_new(r->path, &t->world);
    settings_defaults(&r->set);
    r->set.session_idle_s = IDLE_S;
    r->registry = registry_of(true);
    r->without = registry_of(false);
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
    registry_drop(r->without);
    (void)rmdir(r->dir);
    free(r);
}

static void asked(struct batch *b)
{
    (void)b;
}

static struct ctx *asker(struct rig *r, size_t node)
{
    struct ctx *c = arena_make(r->t->arena, struct ctx);

    c->batch.ready = asked;
    c->arena = r->t->arena;
    c->world = &r->t->world;
    c->set = &r->set;
    c->now_s = world_now_s(&r->t->world);
    (void)begin(&r->node[node], c);
    return c;
}

/* Somebody signs in and opens these; its names are "name-SERVICE". */
static struct session *session_in(struct rig *r, const char *key, const char *sid, const char *services)
{
    struct arena *a = r->t->arena;
    struct session *s = arena_make(a, struct session);
    struct person *p = arena_make(a, struct person);
    struct kv_got got = { .outcome = KV_MISS };
    struct fail f = { 0 };
    struct str rest = str_of(services), id;
    struct ctx *c = asker(r, 0);

    *p = (struct person){ .id = S("p"), .idp = S("oulu"), .subject = S("anna") };
    *s = (struct session){ .id_hash = str_of(key), .sid = str_of(sid), .csrf = S("csrf"), .person = p };
    s->began_s = s->seen_s = c->now_s;
    s->ends_s = c->now_s + 36000;
    s->services.at = arena_make_n(a, 1, struct str);
    s->told.at = arena_make_n(a, 1, struct str);
    while (str_is_set(rest) && str_split(&rest, ' ', &id)) {
        strs_add(a, &s->services, id);
        strs_add(a, &s->told, id);
        strs_add(a, &s->told, arena_join(a, S("name-"), id));
    }
    if (!session_store(c, s, &got, &f))
        test_fail(r->t, __FILE__, __LINE__, "%s: %s", f.code, f.detail);
    settle(r);
    return s;
}

static struct session *with_will(struct rig *r, const char *key, const char *sid, const char *services)
{
    struct session *s = session_in(r, key, sid, services);
    struct ctx *c = asker(r, 0);

    c->session = s;
    will_write(c);
    settle(r);
    return s;
}

/* ── ends by the clock ──────────────────────────────────────────────────── */

TEST(services_of_a_session_that_nobody_uses_any_more_hear_once_by_the_names_that_they_know)
{
    struct rig *r = rig_new(t);

    (void)with_will(r, KEY_ONE, "sid-1", "a b deaf");
    passes(r, IDLE_S - PAST_S);
    CHECK_INT(r->heard_count, 0);
    passes(r, 2 * PAST_S);
    CHECK_INT(heard(r, "a sid-1 name-a"), 1);
    CHECK_INT(heard(r, "b sid-1 name-b"), 1);
    CHECK_INT(r->heard_count, 2);
    CHECK_INT(redis_double_holds(r->redis, S("w1:")), 0);
    CHECK_INT(redis_double_holds(r->redis, S("l1:")), 0);
    passes(r, WILL_LOOK_S + PAST_S);
    CHECK_INT(r->heard_count, 2);
    rig_free(r);
}

TEST(of_several_nodes_exactly_one_tells)
{
    struct rig *r = rig_new(t);

    node_open(r, 1);
    (void)with_will(r, KEY_ONE, "sid-1", "a");
    (void)with_will(r, KEY_OTHER, "sid-2", "a");
    passes(r, IDLE_S + PAST_S);
    CHECK_INT(heard(r, "a sid-1 name-a"), 1);
    CHECK_INT(heard(r, "a sid-2 name-a"), 1);
    rig_free(r);
}

TEST(of_a_session_that_is_used_nobody_hears)
{
    struct rig *r = rig_new(t);
    struct session *s = with_will(r, KEY_ONE, "sid-1", "a");

    for (int i = 0; i < 4; i++) {
        struct kv_got got = { .outcome = KV_MISS };
        struct fail f = { 0 };
        struct ctx *c = asker(r, 0);
        passes(r, IDLE_S / 2);
        s->seen_s = world_now_s(&t->world);
        c->now_s = s->seen_s;
        CHECK(session_store(c, s, &got, &f));
        settle(r);
    }
    CHECK_INT(r->heard_count, 0);
    passes(r, IDLE_S + WILL_LOOK_S);
    CHECK_INT(r->heard_count, 1);
    rig_free(r);
}

TEST(a_will_is_written_where_somebody_can_hear_alone)
{
    struct rig *r = rig_new(t);

    (void)with_will(r, KEY_ONE, "sid-1", "deaf");
    CHECK_INT(redis_double_holds(r->redis, S("w1:")), 0);
    (void)with_will(r, KEY_OTHER, "sid-2", "deaf a");
    CHECK_INT(redis_double_holds(r->redis, S("w1:")), 1);
    rig_free(r);
}

TEST(who_ends_a_session_by_hand_drops_its_will_and_nobody_hears_twice)
{
    struct rig *r = rig_new(t);
    struct kv_got got = { .outcome = KV_MISS };

    (void)with_will(r, KEY_ONE, "sid-1", "a");
    struct ctx *c = asker(r, 0);
    session_drop(c, S(KEY_ONE), &got);
    will_drop(c, S(KEY_ONE));
    settle(r);
    passes(r, IDLE_S + PAST_S);
    CHECK_INT(r->heard_count, 0);
    CHECK_INT(redis_double_holds(r->redis, S("w1:")), 0);
    rig_free(r);
}

TEST(redis_away_at_the_end_of_a_session_delays_who_hears_and_loses_nobody)
{
    struct rig *r = rig_new(t);

    (void)with_will(r, KEY_ONE, "sid-1", "a");
    passes(r, IDLE_S - PAST_S);
    redis_double_leave(r->redis);
    passes(r, 2 * PAST_S);
    CHECK_INT(r->heard_count, 0);
    redis_double_come_back(r->redis);
    passes(r, 2 * WILL_LEASE_MS / 1000);
    CHECK_INT(heard(r, "a sid-1 name-a"), 1);
    rig_free(r);
}

TEST(a_will_that_redis_changed_tells_nobody)
{
    struct rig *r = rig_new(t);

    (void)with_will(r, KEY_ONE, "sid-1", "a");
    CHECK_INT(redis_double_change(r->redis, S("w1:"), S("{\"sid\":\"x\"}")), 1);
    passes(r, IDLE_S + PAST_S);
    CHECK_INT(r->heard_count, 0);
    rig_free(r);
}

/* ── who signs out once it is over ──────────────────────────────────────── */

TEST(who_signs_out_once_the_session_is_over_takes_the_will_and_with_it_the_names)
{
    struct rig *r = rig_new(t);
    struct kv_got got = { .outcome = KV_DOWN };
    struct strs told = { NULL, 0 }, services = { arena_make_n(t->arena, 1, struct str), 0 };

    (void)with_will(r, KEY_ONE, "sid-1", "a b");
    strs_add(t->arena, &services, S("b"));
    struct ctx *c = asker(r, 0);
    will_take(c, S(KEY_ONE), &got);
    settle(r);
    CHECK(will_read(c, S(KEY_ONE), S("sid-1"), &got, &told, &services));
    CHECK_INT(services.n, 2);
    CHECK(strs_has(&services, S("a")) && strs_has(&services, S("b")));
    CHECK_INT(told.n, 4);
    CHECK_STR(told.at[1], "name-a");
    passes(r, IDLE_S + PAST_S);
    CHECK_INT(r->heard_count, 0); /* whoever took it tells */
    rig_free(r);
}

TEST(the_will_of_another_session_gives_no_names_and_its_services_hear)
{
    struct rig *r = rig_new(t);
    struct kv_got got = { .outcome = KV_DOWN };
    struct strs told = { NULL, 0 }, services = { arena_make_n(t->arena, 1, struct str), 0 };

    (void)with_will(r, KEY_ONE, "sid-1", "a");
    struct ctx *c = asker(r, 0);
    will_take(c, S(KEY_ONE), &got);
    settle(r);
    CHECK(!will_read(c, S(KEY_ONE), S("sid-2"), &got, &told, &services));
    CHECK_INT(services.n, 0);
    settle(r);
    CHECK_INT(heard(r, "a sid-1 name-a"), 1);
    rig_free(r);
}

TEST(a_will_that_was_told_already_gives_no_names)
{
    struct rig *r = rig_new(t);
    struct kv_got got = { .outcome = KV_DOWN };
    struct strs told = { NULL, 0 }, services = { arena_make_n(t->arena, 1, struct str), 0 };

    (void)with_will(r, KEY_ONE, "sid-1", "a");
    passes(r, IDLE_S + PAST_S);
    CHECK_INT(r->heard_count, 1);
    struct ctx *c = asker(r, 0);
    will_take(c, S(KEY_ONE), &got);
    settle(r);
    CHECK_INT(got.outcome, KV_MISS);
    CHECK(!will_read(c, S(KEY_ONE), S("sid-1"), &got, &told, &services));
    CHECK_INT(r->heard_count, 1);
    rig_free(r);
}

/* ── the vigil ──────────────────────────────────────────────────────────── */

static void watch(struct rig *r, struct session *s, const char *service)
{
    struct ctx *c = asker(r, 0);

    c->session = s;
    c->service = registry_service(r->registry, str_of(service));
    vigil_watch(c);
    settle(r);
}

TEST(an_identity_provider_that_is_switched_off_ends_sessions_and_their_services_hear_at_once)
{
    struct rig *r = rig_new(t);
    struct session *s = session_in(r, KEY_ONE, "sid-1", "a b");

    watch(r, s, "a");
    watch(r, s, "b");
    passes(r, 10);
    CHECK_INT(r->heard_count, 0);
    CHECK_INT(vigil_count(r->node[0].vigil), 2);
    r->off = true;
    passes(r, 2);
    CHECK_INT(heard(r, "a sid-1 name-a"), 1);
    CHECK_INT(heard(r, "b sid-1 name-b"), 1);
    CHECK_INT(vigil_count(r->node[0].vigil), 0);
    passes(r, IDLE_S + PAST_S);
    CHECK_INT(r->heard_count, 2);
    rig_free(r);
}

TEST(a_raised_epoch_ends_sessions_and_their_services_hear_at_once)
{
    struct rig *r = rig_new(t);

    watch(r, session_in(r, KEY_ONE, "sid-1", "a"), "a");
    r->epoch = 1;
    passes(r, 2);
    CHECK_INT(heard(r, "a sid-1 name-a"), 1);
    rig_free(r);
}

TEST(what_policy_takes_away_its_service_hears_within_a_minute_once)
{
    struct rig *r = rig_new(t);

    watch(r, session_in(r, KEY_ONE, "sid-1", "a b"), "a"); /* no rule lets anybody open it */
    passes(r, VIGIL_POLICY_S / 2);
    CHECK_INT(r->heard_count, 0);
    passes(r, VIGIL_POLICY_S);
    CHECK_INT(heard(r, "a sid-1 name-a"), 1);
    CHECK_INT(r->heard_count, 1);
    CHECK_INT(vigil_count(r->node[0].vigil), 0);
    rig_free(r);
}

TEST(a_service_that_cannot_be_told_is_not_watched)
{
    struct rig *r = rig_new(t);

    watch(r, session_in(r, KEY_ONE, "sid-1", "deaf"), "deaf");
    CHECK_INT(vigil_count(r->node[0].vigil), 0);
    CHECK_INT(redis_double_holds(r->redis, S("w1:")), 0);
    rig_free(r);
}

TEST(item_13_what_was_open_before_a_renewed_sign_in_is_watched_in_the_new_session)
{
    struct rig *r = rig_new(t);
    struct kv_got got = { .outcome = KV_MISS };
    struct session *before = session_in(r, KEY_ONE, "sid-1", "a b deaf");

    watch(r, before, "a");
    watch(r, before, "b");
    struct ctx *c = asker(r, 0);
    session_drop(c, S(KEY_ONE), &got);
    will_drop(c, S(KEY_ONE));
    c->session = session_in(r, KEY_OTHER, "sid-1", "a b deaf");
    vigil_follow(c);
    settle(r);
    CHECK_INT(vigil_count(r->node[0].vigil), 4); /* of those of before nothing is known yet */
    CHECK_INT(redis_double_holds(r->redis, S("w1:")), 1);
    r->off = true;
    passes(r, 2);
    CHECK_INT(heard(r, "a sid-1 name-a"), 1);
    CHECK_INT(heard(r, "b sid-1 name-b"), 1);
    CHECK_INT(r->heard_count, 2);
    rig_free(r);
}

TEST(the_vigil_holds_no_more_than_it_may)
{
    struct rig *r = rig_new(t);
    struct ctx *c = asker(r, 0);
    struct session *s = session_in(r, KEY_ONE, "sid-1", "a");

    c->session = s;
    c->service = registry_service(r->registry, S("a"));
    s->services = (struct strs){ NULL, 0 }; /* then there is no will to write each time */
    for (size_t i = 0; i < VIGIL_MAX + 10; i++)
        vigil_watch(c);
    CHECK_INT(vigil_count(r->node[0].vigil), VIGIL_MAX);
    rig_free(r);
}
