/* SPDX-License-Identifier: EUPL-1.2
 *
 * Against a redis-server of the test's own, and against a stub that says what
 * no healthy Redis says. */
#include "tests/contract/kv_contract.h"
#include "tests/contract/redis_child.h"

#include <signal.h>
#include <stdio.h>
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
    struct kv_got got[2] = { { KV_HIT, S("before"), 0 }, { KV_HIT, S("before"), 0 } };

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
