/* SPDX-License-Identifier: EUPL-1.2
 *
 * Sentinels that agree, disagree, are silent and say what no sentinel says; and replicas that confirm what is written,
 * or do not. */
#include "tests/contract/kv_contract.h"
#include "tests/contract/redis_server.h"
#include "tests/contract/redis_stub.h"
#include "tests/contract/sentinel_stub.h"
#include "wire/kv_sentinel.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { SOON_MS = 20000, SENTINELS = 3 };

struct town {
    struct redis_stub_says says[2];
    struct redis_stub redis[2];
    struct sentinel_stub sentinel[SENTINELS];
    struct kv_config config;
    struct kv_rig rig;
};

/* Two that say they are primaries, and sentinels who name the first. */
static bool build(struct test *t, struct town *x)
{
    x->config.timeout_ms = x->config.timeout_ms > 0 ? x->config.timeout_ms : 2000;
    x->config.master = S("mymaster");
    for (int i = 0; i < 2; i++) {
        x->says[i].tcp = true;
        x->says[i].run_id = i;
        if (!redis_stub_start(t, &x->redis[i], &x->says[i]))
            return false;
    }
    for (int i = 0; i < SENTINELS; i++) {
        if (!sentinel_stub_start(t, &x->sentinel[i], x->redis[0].address))
            return false;
        x->config.sentinels[x->config.sentinel_count++] = x->sentinel[i].address;
    }
    return true;
}

static void raze(struct town *x)
{
    kv_rig_free(&x->rig);
    for (int i = 0; i < 2; i++)
        redis_stub_stop(&x->redis[i]);
    for (int i = 0; i < SENTINELS; i++)
        sentinel_stub_stop(&x->sentinel[i]);
}

static bool until_at(struct town *x, int which)
{
    int64_t end_ms = world_mono_ms(&world_real) + SOON_MS;

    while (world_mono_ms(&world_real) < end_ms) {
        struct kv_seen seen = kv_seen(x->rig.kv);
        if (seen.ready && str_eq(seen.primary, x->redis[which].address))
            return true;
        loop_turn(x->rig.loop, 10);
    }
    return false;
}

static bool until_trouble(struct town *x, const char *word)
{
    int64_t end_ms = world_mono_ms(&world_real) + SOON_MS;

    while (strcmp(kv_trouble(x->rig.kv), word) != 0 && world_mono_ms(&world_real) < end_ms)
        loop_turn(x->rig.loop, 10);
    return strcmp(kv_trouble(x->rig.kv), word) == 0;
}

static void turn_for(struct town *x, int64_t ms)
{
    for (int64_t end_ms = world_mono_ms(&world_real) + ms; world_mono_ms(&world_real) < end_ms;)
        loop_turn(x->rig.loop, 10);
}

TEST(the_primary_is_where_the_sentinels_say)
{
    struct town x = { 0 };

    if (!build(t, &x))
        return;
    x.config.sentinel_password = S("kuusi");
    kv_rig_new(t, &x.rig, &x.config);
    CHECK(until_at(&x, 0));
    struct kv_seen seen = kv_seen(x.rig.kv);
    CHECK_INT(seen.sentinels, SENTINELS);
    CHECK(seen.sentinels_well >= 1);
    CHECK(x.sentinel[0].mind->auths + x.sentinel[1].mind->auths + x.sentinel[2].mind->auths >= 1);
    raze(&x);
}

TEST(a_switch_that_one_sentinel_announces_is_followed_at_once_in_a_new_epoch)
{
    struct town x = { 0 };

    if (!build(t, &x))
        return;
    kv_rig_new(t, &x.rig, &x.config);
    CHECK(until_at(&x, 0));
    struct str before = arena_str(t->arena, kv_epoch(x.rig.kv));
    turn_for(&x, 100); /* all of them listen */
    for (int i = 0; i < SENTINELS; i++)
        sentinel_stub_names(&x.sentinel[i], x.redis[1].address);
    sentinel_stub_publishes(&x.sentinel[2], x.redis[0].address, x.redis[1].address);
    CHECK(until_at(&x, 1));
    CHECK(!str_eq(before, kv_epoch(x.rig.kv)));
    CHECK_INT(kv_seen(x.rig.kv).switches, 1);
    raze(&x);
}

TEST(one_sentinel_alone_moves_nobody_off_a_primary_that_answers)
{
    struct town x = { 0 };

    if (!build(t, &x))
        return;
    kv_rig_new(t, &x.rig, &x.config);
    CHECK(until_at(&x, 0));
    sentinel_stub_names(&x.sentinel[1], x.redis[1].address);
    int asked = x.sentinel[1].mind->questions;
    for (int64_t end_ms = world_mono_ms(&world_real) + SOON_MS;
         x.sentinel[1].mind->questions < asked + 2 && world_mono_ms(&world_real) < end_ms;)
        loop_turn(x.rig.loop, 10);
    CHECK(x.sentinel[1].mind->questions >= asked + 2);
    CHECK(until_at(&x, 0));
    CHECK_INT(kv_seen(x.rig.kv).switches, 0);
    /* Two are most. */
    sentinel_stub_names(&x.sentinel[2], x.redis[1].address);
    CHECK(until_at(&x, 1));
    raze(&x);
}

TEST(sentinels_that_are_away_or_silent_leave_the_others_to_say)
{
    struct town x = { 0 };

    x.config.timeout_ms = 200;
    if (!build(t, &x))
        return;
    x.sentinel[1].mind->silent = true;
    (void)kill(x.sentinel[0].pid, SIGKILL);
    kv_rig_new(t, &x.rig, &x.config);
    CHECK(until_at(&x, 0));
    turn_for(&x, 500);
    CHECK(kv_ready(x.rig.kv));
    CHECK_INT(kv_seen(x.rig.kv).sentinels_well, 1);
    /* With none left it stays with the primary that it has. */
    x.sentinel[2].mind->silent = true;
    (void)kill(x.sentinel[2].pid, SIGKILL);
    turn_for(&x, 500);
    CHECK(kv_ready(x.rig.kv));
    raze(&x);
}

TEST(a_sentinel_that_names_a_replica_is_asked_again)
{
    struct town x = { 0 };

    x.says[0].role = S("*5\r\n$5\r\nslave\r\n$1\r\nh\r\n:1\r\n$9\r\nconnected\r\n:0\r\n");
    if (!build(t, &x))
        return;
    kv_rig_new(t, &x.rig, &x.config);
    CHECK(until_trouble(&x, "replica"));
    CHECK(!kv_ready(x.rig.kv));
    for (int i = 0; i < SENTINELS; i++)
        sentinel_stub_names(&x.sentinel[i], x.redis[1].address);
    CHECK(until_at(&x, 1));
    raze(&x);
}

TEST(where_sentinels_disagree_each_that_is_named_is_tried_until_one_is_a_primary)
{
    struct town x = { 0 };

    x.says[0].role = S("*5\r\n$5\r\nslave\r\n$1\r\nh\r\n:1\r\n$9\r\nconnected\r\n:0\r\n");
    if (!build(t, &x))
        return;
    sentinel_stub_names(&x.sentinel[2], x.redis[1].address);
    kv_rig_new(t, &x.rig, &x.config);
    CHECK(until_at(&x, 1));
    raze(&x);
}

/* What a sentinel may say in place of an address, and what then is the trouble. */
static const struct {
    const char *says, *trouble;
} odd[] = {
    { "*-1\r\n", "sentinel_master" },
    { "$-1\r\n", "sentinel_master" },
    { "-NOAUTH Authentication required.\r\n", "sentinel_password" },
    { "-WRONGPASS invalid username-password pair\r\n", "sentinel_password" },
    { "-NOPERM this user has no permissions\r\n", "sentinel_permission" },
    { "-ERR unknown command 'SENTINEL'\r\n", "sentinel_refuses" },
    { "-IDONTKNOW whatever\r\n", "sentinel_refuses" },
    { "-READONLY You can't write against a read only replica.\r\n", "sentinel_refuses" },
    { "-MOVED 1 127.0.0.1:1\r\n", "sentinel_refuses" },
    { "-LOADING Redis is loading the dataset in memory\r\n", "sentinel_refuses" },
    { "*2\r\n$9\r\nredis.fit\r\n$4\r\n6379\r\n", "sentinel_names" },
    { "*2\r\n$9\r\n127.0.0.1\r\n$1\r\n7\r\n", "sentinel_port" },
    { "*2\r\n$9\r\n127.0.0.1\r\n$5\r\n99999\r\n", "sentinel_names" },
    { "*2\r\n$9\r\n127.0.0.1\r\n$4\r\n-379\r\n", "sentinel_names" },
    { "*2\r\n$0\r\n\r\n$4\r\n6379\r\n", "sentinel_names" },
    { "*2\r\n$9\r\n127.0.0.1\r\n$-1\r\n", "sentinels" },
    { "*3\r\n$9\r\n127.0.0.1\r\n$4\r\n6379\r\n:1\r\n", "sentinels" },
    { "*0\r\n", "sentinels" },
    { ":12\r\n", "sentinels" },
    { "+PONG\r\n", "sentinels" },
    { "hello\r\n", "sentinels" },
    { "*1000000000\r\n", "sentinels" },
};

TEST(what_a_sentinel_should_not_say_names_nobody)
{
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct town x = { .config = { .ports = { 6379 }, .port_count = 1 } };
        if (!build(t, &x))
            return;
        for (int k = 0; k < SENTINELS; k++)
            for (size_t c = 0; c <= strlen(odd[i].says); c++)
                x.sentinel[k].mind->says[c] = odd[i].says[c];
        kv_rig_new(t, &x.rig, &x.config);
        turn_for(&x, 30);
        for (int k = 0; k < 200 && strcmp(kv_trouble(x.rig.kv), odd[i].trouble) != 0; k++)
            loop_turn(x.rig.loop, 10);
        if (strcmp(kv_trouble(x.rig.kv), odd[i].trouble) != 0 || kv_ready(x.rig.kv))
            test_fail(t, __FILE__, __LINE__, "answer %zu: %s, expected %s", i, kv_trouble(x.rig.kv), odd[i].trouble);
        raze(&x);
    }
}

TEST(messages_of_other_masters_and_broken_ones_switch_nothing)
{
    static const struct {
        const char *said;
        bool good;
    } said[] = {
        { "mymaster 10.0.0.1 6379 10.0.0.2 6379", true },
        { "other 10.0.0.1 6379 10.0.0.2 6379", false },
        { "mymaster 10.0.0.1 6379 10.0.0.2", false },
        { "mymaster 10.0.0.1 6379 10.0.0.2 6379 x", false },
        { "mymaster", false },
        { "", false },
        { "mymaster  6379 10.0.0.2 ", false },
    };
    struct str from[2], to[2];

    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (kv_sentinel_switch(str_of(said[i].said), S("mymaster"), from, to) != said[i].good)
            test_fail(t, __FILE__, __LINE__, "\"%s\"", said[i].said);
    const struct kv_config ports = { .ports = { 6379, 6380 }, .port_count = 2 };
    CHECK_STR(kv_sentinel_address(t->arena, &ports, S("10.0.0.1"), S("6380")), "10.0.0.1:6380");
    CHECK_STR(kv_sentinel_address(t->arena, &ports, S("::1"), S("6379")), "[::1]:6379");
    CHECK(kv_sentinel_address(t->arena, &ports, S("10.0.0.1"), S("22")).p == NULL);
    CHECK(kv_sentinel_address(t->arena, &ports, S("localhost"), S("6379")).p == NULL);
}

/* ── what is sent again ─────────────────────────────────────────────────── */

static struct kv_got get(struct test *t, struct kv_rig *rig, const char *id)
{
    struct kv_got got;

    kv_get(rig->kv, &rig->batch, t->arena, &got, KV_SESSION, str_of(id));
    kv_rig_wait(t, rig);
    return got;
}

static enum kv_outcome set(struct test *t, struct kv_rig *rig, const char *id)
{
    struct kv_got got;

    kv_set(rig->kv, &rig->batch, t->arena, &got, KV_SESSION, str_of(id), S("v"), 60);
    kv_rig_wait(t, rig);
    return got.outcome;
}

/* Refused with READONLY, a command has not happened: it waits for the next connection, and so does what a replica
 * would have read. */
TEST(what_a_replica_refused_is_written_to_the_primary_that_follows)
{
    struct redis_server s;
    struct kv_rig rig;
    struct kv_got got[2];

    if (!redis_server_start(t, &s, false, ""))
        return;
    kv_rig_new(t, &rig, &(struct kv_config){ .address = s.address, .timeout_ms = 5000 });
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    CHECK_INT(set(t, &rig, "before"), KV_HIT);
    (void)redis_server_command(t, &s, "REPLICAOF 127.0.0.1 1\r\n");
    kv_set(rig.kv, &rig.batch, t->arena, &got[0], KV_SESSION, S("a"), S("v"), 60);
    kv_get(rig.kv, &rig.batch, t->arena, &got[1], KV_SESSION, S("before"));
    for (int i = 0; i < 100 && kv_ready(rig.kv); i++)
        loop_turn(rig.loop, 10);
    CHECK(rig.batch.pending > 0); /* neither done nor given up */
    (void)redis_server_command(t, &s, "REPLICAOF NO ONE\r\n");
    kv_rig_wait(t, &rig);
    CHECK_INT(got[0].outcome, KV_HIT);
    CHECK_INT(got[1].outcome, KV_HIT);
    CHECK_INT(get(t, &rig, "a").outcome, KV_HIT);
    kv_rig_free(&rig);
    redis_server_stop(&s);
}

TEST(what_waits_for_a_primary_waits_no_longer_than_it_may)
{
    struct redis_server s;
    struct kv_rig rig;

    if (!redis_server_start(t, &s, false, ""))
        return;
    kv_rig_new(t, &rig, &(struct kv_config){ .address = s.address, .timeout_ms = 300 });
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    (void)redis_server_command(t, &s, "REPLICAOF 127.0.0.1 1\r\n");
    CHECK_INT(set(t, &rig, "a"), KV_DOWN);
    CHECK_STR(kv_trouble(rig.kv), "replica");
    kv_rig_free(&rig);
    redis_server_stop(&s);
}

/* A write whose answer was lost may have happened: it is DOWN, and not sent a second time. */
TEST(a_write_whose_answer_was_lost_is_not_sent_again)
{
    struct redis_stub s;
    struct redis_stub_says says = { .tcp = true, .reply = S("$10\r\nabc"), .close = true };
    struct kv_rig rig;

    if (!redis_stub_start(t, &s, &says))
        return;
    kv_rig_new(t, &rig, &(struct kv_config){ .address = s.address, .timeout_ms = 1000 });
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    CHECK_INT(set(t, &rig, "a"), KV_DOWN);
    kv_rig_free(&rig);
    redis_stub_stop(&s);
}

/* ── replicas ───────────────────────────────────────────────────────────── */

static bool until_guard(struct kv_rig *rig, enum kv_guard guard)
{
    int64_t end_ms = world_mono_ms(&world_real) + SOON_MS;

    while (kv_seen(rig->kv).guard != guard && world_mono_ms(&world_real) < end_ms)
        loop_turn(rig->loop, 10);
    return kv_seen(rig->kv).guard == guard;
}

static bool start_pair(struct test *t, struct redis_server pair[2])
{
    if (!redis_server_start(t, &pair[0], false, ""))
        return false;
    struct str more = arena_printf(t->arena, "--replicaof 127.0.0.1 %d", pair[0].port);
    return redis_server_start(t, &pair[1], false, arena_cstr(t->arena, more));
}

static struct kv_config guarded(const struct redis_server *s, bool go_on)
{
    return (struct kv_config){
        .address = s->address, .timeout_ms = 5000, .wait_replicas = 1, .wait_ms = 200, .go_on = go_on
    };
}

TEST(what_is_acknowledged_is_at_a_replica)
{
    struct redis_server pair[2];
    struct kv_rig rig, other;

    if (!start_pair(t, pair))
        return;
    struct kv_config config = guarded(&pair[0], false);
    kv_rig_new(t, &rig, &config);
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    CHECK(until_guard(&rig, KV_GUARD_SOUND) && kv_accepts(rig.kv));
    while (set(t, &rig, "a") != KV_HIT) /* until the replica has joined */
        loop_turn(rig.loop, 10);
    kv_contract(t, &rig);
    CHECK_INT(set(t, &rig, "last"), KV_HIT);
    redis_server_signal(&pair[0], SIGKILL);
    (void)redis_server_command(t, &pair[1], "REPLICAOF NO ONE\r\n");
    kv_rig_new(t, &other, &(struct kv_config){ .address = pair[1].address, .timeout_ms = 5000 });
    CHECK(kv_rig_until(&other, true, SOON_MS));
    CHECK_INT(get(t, &other, "last").outcome, KV_HIT);
    kv_rig_free(&other);
    kv_rig_free(&rig);
    redis_server_stop(&pair[0]);
    redis_server_stop(&pair[1]);
}

TEST(without_its_replica_a_primary_takes_nothing_where_that_is_set)
{
    struct redis_server pair[2];
    struct kv_rig rig;
    struct kv_got got;

    if (!start_pair(t, pair))
        return;
    struct kv_config config = guarded(&pair[0], false);
    kv_rig_new(t, &rig, &config);
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    while (set(t, &rig, "a") != KV_HIT)
        loop_turn(rig.loop, 10);
    redis_server_signal(&pair[1], SIGSTOP);
    CHECK_INT(set(t, &rig, "b"), KV_DOWN);
    CHECK(!kv_accepts(rig.kv));
    CHECK_STR(kv_trouble(rig.kv), "replicas");
    CHECK_STR(kv_guard_name(kv_seen(rig.kv).guard), "short");
    CHECK_INT(get(t, &rig, "a").outcome, KV_HIT); /* what was there is read */
    kv_set(rig.kv, &rig.batch, t->arena, &got, KV_CODE, S("c"), S("v"), 60);
    kv_rig_wait(t, &rig);
    CHECK_INT(got.outcome, KV_HIT); /* what is HELD would be refused after a switch in any case */
    for (int64_t end_ms = world_mono_ms(&world_real) + KV_GRACE_MS + 2000; world_mono_ms(&world_real) < end_ms;)
        loop_turn(rig.loop, 20);
    CHECK_INT(set(t, &rig, "b"), KV_DOWN);
    redis_server_signal(&pair[1], SIGCONT);
    CHECK(until_guard(&rig, KV_GUARD_SOUND));
    CHECK_INT(set(t, &rig, "b"), KV_HIT);
    kv_rig_free(&rig);
    redis_server_stop(&pair[0]);
    redis_server_stop(&pair[1]);
}

TEST(without_its_replica_a_primary_goes_on_after_a_while_and_says_so)
{
    struct redis_server pair[2];
    struct kv_rig rig;

    if (!start_pair(t, pair))
        return;
    struct kv_config config = guarded(&pair[0], true);
    kv_rig_new(t, &rig, &config);
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    while (set(t, &rig, "a") != KV_HIT)
        loop_turn(rig.loop, 10);
    redis_server_signal(&pair[1], SIGSTOP);
    CHECK_INT(set(t, &rig, "b"), KV_DOWN);
    CHECK(until_guard(&rig, KV_GUARD_ALONE));
    CHECK(kv_accepts(rig.kv));
    CHECK_INT(set(t, &rig, "b"), KV_HIT);
    redis_server_signal(&pair[1], SIGCONT);
    CHECK(until_guard(&rig, KV_GUARD_SOUND));
    CHECK_INT(set(t, &rig, "c"), KV_HIT);
    kv_rig_free(&rig);
    redis_server_stop(&pair[0]);
    redis_server_stop(&pair[1]);
}

/* It may be that the replica is the primary by now, and that we are the last to hear. */
TEST(nobody_goes_on_alone_whom_most_sentinels_do_not_call_the_primary)
{
    struct town x = { .config = { .wait_replicas = 1, .wait_ms = 50, .go_on = true } };

    if (!build(t, &x))
        return;
    kv_rig_new(t, &x.rig, &x.config);
    CHECK(until_at(&x, 0));
    CHECK(until_guard(&x.rig, KV_GUARD_SHORT));
    x.sentinel[0].mind->silent = x.sentinel[1].mind->silent = true;
    turn_for(&x, KV_GRACE_MS + 2500);
    CHECK_INT(kv_seen(x.rig.kv).guard, KV_GUARD_SHORT);
    CHECK_INT(set(t, &x.rig, "a"), KV_DOWN);
    x.sentinel[1].mind->silent = false;
    CHECK(until_guard(&x.rig, KV_GUARD_ALONE));
    raze(&x);
}
