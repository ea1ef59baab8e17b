/* SPDX-License-Identifier: EUPL-1.2
 *
 * Against a redis-server of the test's own, and against a stub that says what
 * no healthy Redis says. */
#include "tests/contract/kv_contract.h"
#include "tests/contract/redis_child.h"
#include "tests/contract/redis_double.h"
#include "tests/contract/redis_stub.h"
#include "wire/ending_mark.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SOON_MS = 20000 };

static struct kv_config config_of(const struct redis_child *r)
{
    return (struct kv_config){ .address = r->address, .timeout_ms = 2000 };
}

static struct kv_got get(struct test *t, struct kv_rig *rig, struct str id)
{
    struct kv_got got;

    kv_get(rig->kv, &rig->batch, t->arena, &got, KV_SESSION, id);
    kv_rig_wait(t, rig);
    return got;
}

TEST(a_real_redis_keeps_the_contract)
{
    struct redis_child r;
    struct kv_rig rig;

    if (!redis_child_start(t, &r, NULL, NULL))
        return;
    kv_rig_new(t, &rig, &(struct kv_config){ .address = r.address, .timeout_ms = 5000 });
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    kv_contract(t, &rig);
    kv_rig_free(&rig);
    redis_child_stop(&r);
}

static enum ending_says brought(struct test *t, struct kv_rig *rig, struct ending_mark *m, struct str id)
{
    ending_mark_ask(rig->kv, &rig->batch, t->arena, m, id, world_now_s(&world_real) + 60, 100);
    kv_rig_wait(t, rig);
    if (ending_mark_look(rig->kv, &rig->batch, t->arena, m))
        kv_rig_wait(t, rig);
    return ending_mark_says(m);
}

TEST(a_message_that_ends_something_is_carried_on_until_it_has_and_then_refused)
{
    struct redis_child r;
    struct kv_rig rig;
    struct ending_mark m, again;

    if (!redis_child_start(t, &r, NULL, NULL))
        return;
    kv_rig_new(t, &rig, &(struct kv_config){ .address = r.address, .timeout_ms = 5000 });
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    CHECK_INT(brought(t, &rig, &m, S("one")), ENDING_GOOD);
    CHECK_INT(brought(t, &rig, &again, S("one")), ENDING_AWAY); /* under way: later */
    CHECK_INT(brought(t, &rig, &again, S("two")), ENDING_GOOD);
    CHECK(!ending_mark_is_done(&m));
    ending_mark_done(rig.kv, &rig.batch, t->arena, &m);
    kv_rig_wait(t, &rig);
    CHECK(ending_mark_is_done(&m));
    CHECK_INT(brought(t, &rig, &m, S("one")), ENDING_USED);
    (void)sleep(ENDING_MOMENT_S + 1); /* it was never done */
    CHECK_INT(brought(t, &rig, &again, S("one")), ENDING_USED);
    CHECK_INT(brought(t, &rig, &again, S("two")), ENDING_GOOD);
    /* As a version before this one has marked it. */
    struct kv_got got;
    kv_add(rig.kv, &rig.batch, t->arena, &got, KV_REPLAY, S("three"), S("1"), 100);
    kv_rig_wait(t, &rig);
    CHECK_INT(brought(t, &rig, &m, S("three")), ENDING_USED);
    /* Nothing was marked: nothing has to be said. */
    m = (struct ending_mark){ .ttl_s = 1 };
    ending_mark_done(rig.kv, &rig.batch, t->arena, &m);
    CHECK(rig.batch.pending == 0 && ending_mark_is_done(&m));
    redis_child_stop(&r);
    CHECK(kv_rig_until(&rig, false, SOON_MS));
    CHECK_INT(brought(t, &rig, &m, S("four")), ENDING_AWAY);
    kv_rig_free(&rig);
}

/* The double of the scenarios stands in for Redis: it must be one, as far as we can tell. */
struct double_thread {
    struct redis_double *d;
    atomic_bool ends;
};

static void *serve_double(void *self)
{
    struct double_thread *x = self;
    struct pollfd fds[REDIS_DOUBLE_FDS];

    while (!atomic_load(&x->ends)) {
        size_t n = redis_double_watch(x->d, fds);
        if (poll(fds, n, 20) > 0)
            (void)redis_double_serve(x->d, fds, n);
    }
    return NULL;
}

TEST(the_double_of_the_scenarios_keeps_the_contract)
{
    char dir[] = "/tmp/digione-double-XXXXXX", path[64];
    struct kv_rig rig;
    pthread_t thread;

    CHECK(mkdtemp(dir) != NULL);
    (void)snprintf(path, sizeof path, "%s/redis", dir);
    struct double_thread x = { redis_double_new(path, &world_real), false };
    CHECK(x.d != NULL);
    CHECK(pthread_create(&thread, NULL, serve_double, &x) == 0);
    kv_rig_new(t, &rig, &(struct kv_config){ .address = arena_printf(t->arena, "unix:%s", path), .timeout_ms = 5000 });
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    kv_contract(t, &rig);
    kv_rig_free(&rig);
    atomic_store(&x.ends, true);
    (void)pthread_join(thread, NULL);
    redis_double_free(x.d);
    (void)rmdir(dir);
}

TEST(a_hundred_takers_have_one_hit_between_them)
{
    enum { TAKERS = 100, CONNECTIONS = 4 };
    struct redis_child r;
    struct kv_rig rig[CONNECTIONS];
    struct kv_got got[TAKERS], set;
    int hits = 0, misses = 0;

    if (!redis_child_start(t, &r, NULL, NULL))
        return;
    struct kv_config config = config_of(&r);
    for (int i = 0; i < CONNECTIONS; i++) {
        kv_rig_new(t, &rig[i], &config);
        CHECK(kv_rig_until(&rig[i], true, SOON_MS));
    }
    kv_set(rig[0].kv, &rig[0].batch, t->arena, &set, KV_CODE, S("code"), S("v"), 60);
    kv_rig_wait(t, &rig[0]);
    for (int i = 0; i < TAKERS; i++) {
        struct kv_rig *x = &rig[i % CONNECTIONS];
        kv_take(x->kv, &x->batch, t->arena, &got[i], KV_CODE, S("code"));
    }
    for (int i = 0; i < CONNECTIONS; i++)
        kv_rig_wait(t, &rig[i]);
    for (int i = 0; i < TAKERS; i++) {
        hits += got[i].outcome == KV_HIT;
        misses += got[i].outcome == KV_MISS;
    }
    CHECK_INT(hits, 1);
    CHECK_INT(misses, TAKERS - 1);
    for (int i = 0; i < CONNECTIONS; i++)
        kv_rig_free(&rig[i]);
    redis_child_stop(&r);
}

TEST(a_stopped_redis_is_down_and_its_late_answers_reach_nobody)
{
    struct redis_child r;
    struct kv_rig rig;
    struct kv_got got[2] = { { .outcome = KV_HIT, .value = S("before") }, { .outcome = KV_HIT, .value = S("before") } };

    if (!redis_child_start(t, &r, NULL, NULL))
        return;
    struct kv_config config = { .address = r.address, .timeout_ms = 100 };
    kv_rig_new(t, &rig, &config);
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    redis_child_signal(&r, SIGSTOP);
    kv_set(rig.kv, &rig.batch, t->arena, &got[0], KV_SESSION, S("a"), S("late"), 60);
    kv_get(rig.kv, &rig.batch, t->arena, &got[1], KV_SESSION, S("a"));
    kv_rig_wait(t, &rig);
    CHECK_INT(got[0].outcome, KV_DOWN);
    CHECK_INT(got[1].outcome, KV_DOWN);
    CHECK(got[1].value.p == NULL);
    CHECK(!kv_ready(rig.kv));
    CHECK_STR(kv_trouble(rig.kv), "timeout");
    /* While it is silent, nobody waits for it, though it still accepts connections. */
    kv_get(rig.kv, &rig.batch, t->arena, &got[0], KV_SESSION, S("a"));
    CHECK_INT(rig.batch.pending, 0);
    CHECK_INT(got[0].outcome, KV_DOWN);
    redis_child_signal(&r, SIGCONT);
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    CHECK_INT(get(t, &rig, S("nobody")).outcome, KV_MISS);
    kv_rig_free(&rig);
    redis_child_stop(&r);
}

TEST(a_redis_that_answers_is_not_called_silent_for_a_sleep_of_ours)
{
    struct redis_child r;
    struct kv_rig rig;
    struct kv_got got = { .outcome = KV_DOWN };

    if (!redis_child_start(t, &r, NULL, NULL))
        return;
    struct kv_config config = { .address = r.address, .timeout_ms = 100 };
    kv_rig_new(t, &rig, &config);
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    kv_get(rig.kv, &rig.batch, t->arena, &got, KV_SESSION, S("nobody"));
    /* The deadline passes before the command has left. */
    (void)usleep(300 * 1000);
    kv_rig_wait(t, &rig);
    CHECK_INT(got.outcome, KV_MISS);
    CHECK(kv_ready(rig.kv));
    kv_rig_free(&rig);
    redis_child_stop(&r);
}

TEST(a_redis_that_comes_back_is_used_again_in_a_new_epoch)
{
    struct redis_child r;
    struct kv_rig rig;

    if (!redis_child_start(t, &r, NULL, NULL))
        return;
    struct kv_config config = config_of(&r);
    kv_rig_new(t, &rig, &config);
    CHECK(kv_epoch(rig.kv).p == NULL);
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    struct str before = arena_str(t->arena, kv_epoch(rig.kv));
    CHECK(str_is_set(before));
    redis_child_signal(&r, SIGKILL);
    CHECK_INT(get(t, &rig, S("a")).outcome, KV_DOWN);
    CHECK(kv_rig_until(&rig, false, SOON_MS));
    if (redis_child_again(t, &r)) {
        CHECK(kv_rig_until(&rig, true, SOON_MS));
        CHECK_INT(get(t, &rig, S("a")).outcome, KV_MISS);
        CHECK(!str_eq(before, kv_epoch(rig.kv)));
    }
    kv_rig_free(&rig);
    redis_child_stop(&r);
}

TEST(a_wrong_password_is_down_and_the_right_one_is_not)
{
    struct redis_child r;
    struct kv_rig wrong, none, right;

    if (!redis_child_start(t, &r, "--requirepass", "kuusi-7 \"x\""))
        return;
    struct kv_config config = config_of(&r);
    config.password = S("mänty");
    kv_rig_new(t, &wrong, &config);
    config.password = S("");
    kv_rig_new(t, &none, &config);
    config.password = S("kuusi-7 \"x\"");
    config.user = S("default");
    kv_rig_new(t, &right, &config);
    CHECK(kv_rig_until(&right, true, SOON_MS));
    while (strcmp(kv_trouble(wrong.kv), "starting") == 0)
        loop_turn(wrong.loop, 20);
    while (strcmp(kv_trouble(none.kv), "starting") == 0)
        loop_turn(none.loop, 20);
    CHECK_STR(kv_trouble(wrong.kv), "password");
    CHECK_STR(kv_trouble(none.kv), "password");
    kv_rig_free(&wrong);
    kv_rig_free(&none);
    kv_rig_free(&right);
    redis_child_stop(&r);
}

TEST(a_redis_that_forgets_under_pressure_is_not_used)
{
    struct redis_child r;
    struct kv_rig rig;

    if (!redis_child_start(t, &r, "--maxmemory-policy", "volatile-ttl"))
        return;
    struct kv_config config = config_of(&r);
    kv_rig_new(t, &rig, &config);
    for (int i = 0; i < 100 && strcmp(kv_trouble(rig.kv), "starting") == 0; i++)
        loop_turn(rig.loop, 20);
    CHECK_STR(kv_trouble(rig.kv), "evicting");
    kv_rig_free(&rig);
    redis_child_stop(&r);
}

/* Turns until the kv has made up its mind about its first connection. */
static void until_decided(struct kv_rig *rig)
{
    int64_t end_ms = world_mono_ms(&world_real) + SOON_MS;

    while (strcmp(kv_trouble(rig->kv), "starting") == 0 && world_mono_ms(&world_real) < end_ms)
        loop_turn(rig->loop, 20);
}

/* What a Redis says at first to ROLE or to INFO, and why it is not used then. */
static const struct {
    const char *role, *info, *trouble;
} greetings[] = {
    { "*5\r\n$5\r\nslave\r\n$1\r\nh\r\n:1\r\n$9\r\nconnected\r\n:0\r\n", NULL, "replica" },
    { "-LOADING Redis is loading the dataset in memory\r\n", NULL, "loading" },
    { "-NOAUTH Authentication required.\r\n", NULL, "password" },
    { "-NOPERM this user has no permissions\r\n", NULL, "permission" },
    { "+master\r\n", NULL, "garbage" },
    { "*0\r\n", NULL, "replica" },
    { "hello\r\n", NULL, "garbage" },
    { NULL, "$11\r\nloading:1\r\n\r\n", "garbage" },
    { NULL, "$22\r\nrun_id:ab\r\nloading:1\r\n\r\n", "loading" },
    { NULL, "$-1\r\n", "garbage" },
    { NULL, "*1000000000\r\n", "garbage" },
};

TEST(a_redis_that_greets_wrongly_is_not_used)
{
    for (size_t i = 0; i < sizeof greetings / sizeof *greetings; i++) {
        struct redis_stub s;
        struct kv_rig rig;
        struct redis_stub_says says = { .role = str_of(greetings[i].role), .info = str_of(greetings[i].info) };
        if (!redis_stub_start(t, &s, &says))
            return;
        kv_rig_new(t, &rig, &(struct kv_config){ .address = s.address, .timeout_ms = 2000 });
        until_decided(&rig);
        if (kv_ready(rig.kv) || strcmp(kv_trouble(rig.kv), greetings[i].trouble) != 0)
            test_fail(t, __FILE__, __LINE__, "greeting %zu: %s, expected %s", i, kv_trouble(rig.kv),
                      greetings[i].trouble);
        CHECK_INT(get(t, &rig, S("a")).outcome, KV_DOWN);
        kv_rig_free(&rig);
        redis_stub_stop(&s);
    }
}

/* What a Redis may say to a command, and what then is the trouble; each is DOWN. */
static const struct {
    const char *reply, *trouble;
    bool close, given_up;
} replies[] = {
    { "-READONLY You can't write against a read only replica.\r\n", "replica", false, true },
    { "-LOADING Redis is loading the dataset in memory\r\n", "loading", false, true },
    { "-NOAUTH Authentication required.\r\n", "password", false, true },
    { "-WRONGPASS invalid username-password pair\r\n", "password", false, true },
    { "-MASTERDOWN Link with MASTER is down\r\n", "replica", false, true },
    { "-OOM command not allowed when used memory > 'maxmemory'.\r\n", "memory", false, false },
    { "-MISCONF Redis is configured to save RDB snapshots\r\n", "disk", false, false },
    { "-NOPERM no permissions\r\n", "permission", false, false },
    { "-ERR whatever\r\n", "command", false, false },
    { "-\r\n", "command", false, false },
    { "hello\r\n", "garbage", false, true },
    { "\r\n", "garbage", false, true },
    { "$abc\r\n", "garbage", false, true },
    { "$-7\r\n", "garbage", false, true },
    { "*1000000000\r\n", "garbage", false, true },
    { "*-9\r\n", "garbage", false, true },
    { ":12\r\n", "", false, false },
    { "*1\r\n$1\r\na\r\n", "", false, false },
    { "+OK\r\n", "", false, false },
    { "$1\r\na\r\n$1\r\nb\r\n", "garbage", false, true },
    { "$10\r\nabc", "cut", true, true },
    { "", "cut", true, true },
    { "$10\r\nabc", "timeout", false, true },
};

TEST(what_a_redis_should_not_say_is_down_and_never_a_value)
{
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        struct redis_stub s;
        struct kv_rig rig;
        struct redis_stub_says says = { .reply = str_of(replies[i].reply), .close = replies[i].close };
        if (!redis_stub_start(t, &s, &says))
            return;
        kv_rig_new(t, &rig, &(struct kv_config){ .address = s.address, .timeout_ms = 300 });
        CHECK(kv_rig_until(&rig, true, SOON_MS));
        struct kv_got got = get(t, &rig, S("a"));
        bool twice = replies[i].reply[0] == '$' && replies[i].reply[1] == '1' && strlen(replies[i].reply) == 14;
        if ((got.outcome != KV_DOWN || got.value.p != NULL) && !twice)
            test_fail(t, __FILE__, __LINE__, "reply %zu: %d", i, got.outcome);
        for (int k = 0; twice && k < 100 && kv_ready(rig.kv); k++)
            loop_turn(rig.loop, 10);
        if (kv_ready(rig.kv) == replies[i].given_up || strcmp(kv_trouble(rig.kv), replies[i].trouble) != 0)
            test_fail(t, __FILE__, __LINE__, "reply %zu: trouble %s, expected %s", i, kv_trouble(rig.kv),
                      replies[i].trouble);
        kv_rig_free(&rig);
        redis_stub_stop(&s);
    }
}

/* Turns the loop until a heartbeat has found it so. */
static bool until_trouble(struct kv_rig *rig, const char *word)
{
    int64_t end_ms = world_mono_ms(&world_real) + SOON_MS;

    while (strcmp(kv_trouble(rig->kv), word) != 0 && world_mono_ms(&world_real) < end_ms)
        loop_turn(rig->loop, 20);
    return strcmp(kv_trouble(rig->kv), word) == 0 && kv_accepts(rig->kv) == (word[0] == '\0');
}

/* Nobody asks anything: the heartbeat alone finds out. */
TEST(a_redis_that_refuses_what_a_sign_in_asks_is_no_help_until_it_does_not)
{
    static const struct {
        const char *breaks, *trouble, *mends;
    } ways[] = {
        { "CONFIG SET maxmemory 1\r\n", "memory", "CONFIG SET maxmemory 64mb\r\n" },
        { "ACL SETUSER default -set\r\n", "permission", "ACL SETUSER default +set\r\n" },
        { "ACL SETUSER default -eval\r\n", "permission", "ACL SETUSER default +eval\r\n" },
        { "ACL SETUSER default -getdel\r\n", "permission", "ACL SETUSER default +getdel\r\n" },
        { "ACL SETUSER default resetkeys ~s1:* ~b1:*\r\n", "permission", "ACL SETUSER default ~*\r\n" },
        { "CONFIG SET min-replicas-to-write 1\r\n", "replicas", "CONFIG SET min-replicas-to-write 0\r\n" },
        { "REPLICAOF 127.0.0.1 1\r\n", "replica", "REPLICAOF NO ONE\r\n" },
    };
    struct redis_child r;
    struct kv_rig rig;

    if (!redis_child_start(t, &r, NULL, NULL))
        return;
    struct kv_config config = config_of(&r);
    kv_rig_new(t, &rig, &config);
    CHECK(until_trouble(&rig, ""));
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        redis_child_command(t, &r, ways[i].breaks);
        if (!until_trouble(&rig, ways[i].trouble))
            test_fail(t, __FILE__, __LINE__, "%s is not found, but \"%s\"", ways[i].breaks, kv_trouble(rig.kv));
        redis_child_command(t, &r, ways[i].mends);
        if (!until_trouble(&rig, ""))
            test_fail(t, __FILE__, __LINE__, "after %s: \"%s\"", ways[i].mends, kv_trouble(rig.kv));
    }
    kv_rig_free(&rig);
    redis_child_stop(&r);
}

static bool beats_beyond(struct kv_rig *rig, int64_t beat)
{
    for (int64_t end_ms = world_mono_ms(&world_real) + SOON_MS; world_mono_ms(&world_real) < end_ms;)
        if (kv_beat(rig->kv) > beat)
            return true;
        else
            loop_turn(rig->loop, 20);
    return false;
}

/* What keeps a message from coming twice outlives a kill -9; what is bound to the epoch anyway costs no file. */
TEST(what_need_not_survive_is_not_in_the_append_only_file)
{
    static const struct {
        enum kv_family family;
        enum kv_outcome after;
    } kept[] = { { KV_SESSION, KV_HIT }, { KV_CODE, KV_MISS },   { KV_TOKEN, KV_HIT },
                 { KV_REPLAY, KV_HIT },  { KV_REQUEST, KV_HIT }, { KV_PROVEN, KV_MISS } };
    enum { KEPT = sizeof kept / sizeof *kept };
    struct redis_child r;
    struct kv_rig rig;
    struct kv_got got, mark, set[KEPT];

    if (!redis_child_start(t, &r, "--appendonly", "yes"))
        return;
    /* However slow this machine is now, no command is late: what is asked is what survives. */
    struct kv_config config = { .address = r.address, .timeout_ms = SOON_MS };
    kv_rig_new(t, &rig, &config);
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    for (size_t i = 0; i < KEPT; i++)
        kv_set(rig.kv, &rig.batch, t->arena, &set[i], kept[i].family, S("a"), S("v"), 600);
    kv_add(rig.kv, &rig.batch, t->arena, &mark, KV_REPLAY, S("added"), S("1"), 600);
    kv_count(rig.kv, &rig.batch, t->arena, &got, KV_COUNT, S("a"), 600);
    kv_rig_wait(t, &rig);
    for (size_t i = 0; i < KEPT; i++)
        CHECK_INT(set[i].outcome, KV_HIT);
    CHECK_INT(mark.outcome, KV_MISS);
    CHECK_INT(got.number, 1);
    int64_t beat = kv_beat(rig.kv);
    redis_child_signal(&r, SIGKILL);
    CHECK(kv_rig_until(&rig, false, SOON_MS));
    if (redis_child_again(t, &r)) {
        CHECK(kv_rig_until(&rig, true, SOON_MS));
        for (size_t i = 0; i < KEPT; i++) {
            kv_get(rig.kv, &rig.batch, t->arena, &got, kept[i].family, S("a"));
            kv_rig_wait(t, &rig);
            if (got.outcome != kept[i].after)
                test_fail(t, __FILE__, __LINE__, "family %d: %d", (int)kept[i].family, (int)got.outcome);
        }
        kv_add(rig.kv, &rig.batch, t->arena, &mark, KV_REPLAY, S("added"), S("1"), 600);
        kv_count(rig.kv, &rig.batch, t->arena, &got, KV_COUNT, S("a"), 600);
        kv_rig_wait(t, &rig);
        CHECK_INT(mark.outcome, KV_HIT);
        CHECK_INT(got.number, 1);
        CHECK(beats_beyond(&rig, beat));
    }
    kv_rig_free(&rig);
    redis_child_stop(&r);
}

TEST(a_full_redis_is_noted_until_a_write_succeeds)
{
    struct redis_child r;
    struct kv_rig rig;
    struct kv_got set, got;

    if (!redis_child_start(t, &r, NULL, NULL))
        return;
    struct kv_config config = config_of(&r);
    kv_rig_new(t, &rig, &config);
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    kv_set(rig.kv, &rig.batch, t->arena, &set, KV_SESSION, S("old"), S("v"), 60);
    kv_rig_wait(t, &rig);
    redis_child_command(t, &r, "CONFIG SET maxmemory 1\r\n");
    kv_set(rig.kv, &rig.batch, t->arena, &set, KV_SESSION, S("new"), S("v"), 60);
    kv_get(rig.kv, &rig.batch, t->arena, &got, KV_SESSION, S("old"));
    kv_rig_wait(t, &rig);
    CHECK_INT(set.outcome, KV_DOWN);
    CHECK_INT(got.outcome, KV_HIT); /* old sessions can still be read */
    CHECK_STR(kv_trouble(rig.kv), "memory");
    redis_child_command(t, &r, "CONFIG SET maxmemory 64mb\r\n");
    kv_set(rig.kv, &rig.batch, t->arena, &set, KV_SESSION, S("new"), S("v"), 60);
    kv_rig_wait(t, &rig);
    CHECK_INT(set.outcome, KV_HIT);
    CHECK(until_trouble(&rig, ""));
    kv_rig_free(&rig);
    redis_child_stop(&r);
}

TEST(a_primary_that_becomes_a_replica_is_left)
{
    struct redis_child r;
    struct kv_rig rig;
    struct kv_got set;

    if (!redis_child_start(t, &r, NULL, NULL))
        return;
    struct kv_config config = config_of(&r);
    kv_rig_new(t, &rig, &config);
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    struct str before = arena_str(t->arena, kv_epoch(rig.kv));
    redis_child_command(t, &r, "REPLICAOF 127.0.0.1 1\r\n");
    kv_set(rig.kv, &rig.batch, t->arena, &set, KV_SESSION, S("a"), S("v"), 60);
    kv_rig_wait(t, &rig);
    CHECK_INT(set.outcome, KV_DOWN);
    CHECK_STR(kv_trouble(rig.kv), "replica");
    redis_child_command(t, &r, "REPLICAOF NO ONE\r\n");
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    CHECK(!str_eq(before, kv_epoch(rig.kv)));
    kv_rig_free(&rig);
    redis_child_stop(&r);
}

TEST(late_answers_never_cross_over)
{
    enum { ASKED = 4000, AT_ONCE = 20 };
    struct redis_stub s;
    struct kv_rig rig;
    struct kv_got got[AT_ONCE];
    struct str ids[AT_ONCE];
    struct redis_stub_says says = { .late_every = 501, .late_ms = 90 };
    int hits = 0, down = 0, mixed = 0;

    if (!redis_stub_start(t, &s, &says))
        return;
    kv_rig_new(t, &rig, &(struct kv_config){ .address = s.address, .timeout_ms = 30 });
    for (int i = 0; i < ASKED; i += AT_ONCE) {
        struct arena *a = arena_new();
        (void)kv_rig_until(&rig, true, SOON_MS);
        for (int k = 0; k < AT_ONCE; k++) {
            ids[k] = arena_printf(a, "id-%d", i + k);
            kv_get(rig.kv, &rig.batch, a, &got[k], KV_SESSION, ids[k]);
        }
        kv_rig_wait(t, &rig);
        for (int k = 0; k < AT_ONCE; k++) {
            hits += got[k].outcome == KV_HIT;
            down += got[k].outcome == KV_DOWN;
            mixed += got[k].outcome == KV_HIT && !str_eq(got[k].value, ids[k]);
        }
        arena_free(a);
    }
    CHECK_INT(mixed, 0);
    CHECK_INT(hits + down, ASKED);
    CHECK(hits > 0 && down > 0);
    kv_rig_free(&rig);
    redis_stub_stop(&s);
}

TEST(no_password_reaches_the_log)
{
    struct redis_stub s;
    struct kv_rig rig;
    struct redis_stub_says says = { .auth = S("-ERR unknown command `AUTH`, with args beginning with: `kuusi-7`\r\n") };
    char path[] = "/tmp/digione-log-XXXXXX";
    int file = mkstemp(path), before = dup(2);

    CHECK(file >= 0 && dup2(file, 2) == 2);
    if (redis_stub_start(t, &s, &says)) {
        kv_rig_new(t, &rig, &(struct kv_config){ .address = s.address, .password = S("kuusi-7"), .timeout_ms = 2000 });
        until_decided(&rig);
        CHECK_STR(kv_trouble(rig.kv), "password");
        kv_rig_free(&rig);
        redis_stub_stop(&s);
    }
    (void)dup2(before, 2);
    (void)close(before);
    (void)close(file);
    struct str log = test_file(t->arena, path);
    CHECK(str_find(log, S("kv.away")) < log.n);
    CHECK(str_find(log, S("kuusi-7")) == log.n);
    (void)unlink(path);
}

TEST(nobody_there_is_down_at_once)
{
    struct kv_rig rig;

    kv_rig_new(t, &rig, &(struct kv_config){ .address = S("unix:/tmp/digione-nobody"), .timeout_ms = 2000 });
    CHECK_STR(kv_trouble(rig.kv), "connect");
    CHECK_INT(get(t, &rig, S("a")).outcome, KV_DOWN);
    kv_rig_free(&rig);
    kv_rig_new(t, &rig, &(struct kv_config){ .address = S("127.0.0.1:1"), .timeout_ms = 2000 });
    until_decided(&rig);
    CHECK_STR(kv_trouble(rig.kv), "connect");
    kv_rig_free(&rig);
}

TEST(addresses_of_redis_are_checked_at_the_start)
{
    static const char *const bad[] = { "", "unix:", "127.0.0.1", "127.0.0.1:", ":6379", "127.0.0.1:x", "a b:1" };
    struct settings set;
    struct kv_config config;

    settings_defaults(&set);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fail f = { 0 };
        set.redis = str_of(bad[i]);
        CHECK(!kv_config_read(&set, t->arena, &config, &f));
        CHECK_STR(f.code, "bad_setting");
    }
    struct fail f = { 0 };
    set.redis = S("[::1]:6379");
    CHECK(kv_config_read(&set, t->arena, &config, &f));
    CHECK_STR(config.address, "[::1]:6379");
    set.redis = S("localhost:6379");
    CHECK(kv_config_read(&set, t->arena, &config, &f));
    CHECK(str_has_suffix(config.address, S(":6379")) && str_find(config.address, S("localhost")) == config.address.n);
    set.redis_password_file = S("/nonexistent");
    CHECK(!kv_config_read(&set, t->arena, &config, &f));
    CHECK_STR(f.code, "redis_password_file");
}
