/* SPDX-License-Identifier: EUPL-1.2
 *
 * Redis behind TLS, with users of its own: a redis-server that speaks it, and web servers with certificates that no
 * Redis should have. */
#include "base/settings.h"
#include "tests/contract/kv_contract.h"
#include "tests/contract/redis_server.h"
#include "tests/contract/tls_stub.h"
#include "wire/kv_tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SOON_MS = 20000 };

static char folder[64];

static bool certificates(struct test *t)
{
    (void)snprintf(folder, sizeof folder, "/tmp/digione-tls-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    return make_certificates(t, folder);
}

static void forget(void)
{
    char command[128];

    (void)snprintf(command, sizeof command, "rm -rf -- %s", folder);
    (void)!system(command);
}

static struct str in(struct test *t, const char *name)
{
    return arena_printf(t->arena, "%s/%s", folder, name);
}

static struct str write_file(struct test *t, const char *name, const char *text)
{
    struct str path = in(t, name);
    FILE *f = fopen(arena_cstr(t->arena, path), "w");

    CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
    return path;
}

/* A Redis with TLS that wants certificates of its clients, or not. */
static bool start(struct test *t, struct redis_server *s, const char *clients)
{
    if (!certificates(t))
        return false;
    struct str options = arena_printf(
        t->arena,
        "--tls-cert-file %s/good.pem --tls-key-file %s/good.key --tls-ca-cert-file %s/ca.pem --tls-auth-clients %s",
        folder, folder, folder, clients);
    return redis_server_start(t, s, true, arena_cstr(t->arena, options));
}

static struct settings settings_for(struct redis_server *s, struct test *t)
{
    struct settings set;

    settings_defaults(&set);
    set.redis = s->address;
    set.redis_tls_ca_file = in(t, "ca.pem");
    return set;
}

/* Why it is not used; "" where it is. */
static struct str meets(struct test *t, const struct settings *set)
{
    struct kv_config config;
    struct kv_rig rig;
    struct fail f = { 0 };

    if (!kv_config_read(set, t->arena, &config, &f)) {
        test_fail(t, __FILE__, __LINE__, "%s: %s", f.code, f.detail);
        return S("settings");
    }
    kv_rig_new(t, &rig, &config);
    int64_t end_ms = world_mono_ms(&world_real) + SOON_MS;
    while (!kv_ready(rig.kv) && strcmp(kv_trouble(rig.kv), "starting") == 0 && world_mono_ms(&world_real) < end_ms)
        loop_turn(rig.loop, 20);
    struct str why = arena_str(t->arena, str_of(kv_trouble(rig.kv)));
    kv_rig_free(&rig);
    return why;
}

TEST(a_redis_behind_tls_keeps_the_contract)
{
    struct redis_server s;
    struct kv_config config;
    struct kv_rig rig;
    struct fail f = { 0 };

    if (!start(t, &s, "no"))
        return;
    struct settings set = settings_for(&s, t);
    set.kv_timeout_ms = 5000;
    CHECK(kv_config_read(&set, t->arena, &config, &f));
    kv_rig_new(t, &rig, &config);
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    kv_contract(t, &rig);
    kv_rig_free(&rig);
    redis_server_stop(&s);
    forget();
}

TEST(a_redis_is_known_by_its_authority_and_its_name)
{
    struct redis_server s;

    if (!start(t, &s, "no"))
        return;
    struct settings set = settings_for(&s, t);
    CHECK_STR(meets(t, &set), "");
    set.redis_tls_name = S("redis.test");
    CHECK_STR(meets(t, &set), "");
    set.redis_tls_name = S("127.0.0.1");
    CHECK_STR(meets(t, &set), "");
    set.redis_tls_name = S("other.test");
    CHECK_STR(meets(t, &set), "tls_name");
    set.redis_tls_name = S("127.0.0.2");
    CHECK_STR(meets(t, &set), "tls_name");
    set.redis_tls_name = S("");
    set.redis_tls_ca_file = in(t, "no.pem");
    CHECK_STR(meets(t, &set), "tls_authority");
    set.redis_tls_ca_file = S("system");
    CHECK_STR(meets(t, &set), "tls_authority");
    set.redis_tls_ca_file = S("");
    struct str open = meets(t, &set); /* some versions hang up without a word */
    CHECK(str_eq(open, S("tls_wanted")) || str_eq(open, S("cut")));
    redis_server_stop(&s);
    forget();
}

TEST(a_redis_that_asks_for_a_certificate_is_shown_ours)
{
    struct redis_server s;

    if (!start(t, &s, "yes"))
        return;
    struct settings set = settings_for(&s, t);
    CHECK_STR(meets(t, &set), "tls_client");
    set.redis_tls_cert_file = in(t, "other.pem");
    set.redis_tls_key_file = in(t, "other.key");
    CHECK_STR(meets(t, &set), "tls_client");
    set.redis_tls_cert_file = in(t, "good.pem");
    set.redis_tls_key_file = in(t, "good.key");
    CHECK_STR(meets(t, &set), "");
    redis_server_stop(&s);
    forget();
}

TEST(a_redis_without_tls_is_not_spoken_to_in_the_open_where_tls_is_set)
{
    struct redis_server s;

    if (!certificates(t) || !redis_server_start(t, &s, false, ""))
        return;
    struct settings set = settings_for(&s, t);
    struct str why = meets(t, &set);
    CHECK(str_eq(why, S("tls")) || str_eq(why, S("cut")) || str_eq(why, S("timeout")));
    redis_server_stop(&s);
    forget();
}

static const struct {
    const char *name;
    int days;
    const char *trouble;
} odd_certificates[] = {
    { "redis.test", -1, "tls_expired" },
    { "other.test", 30, "tls_name" },
    { "redis.test", 30, "garbage" }, /* what speaks HTTP is no Redis */
};

TEST(a_certificate_that_has_ended_or_is_anothers_is_not_taken)
{
    for (size_t i = 0; i < sizeof odd_certificates / sizeof *odd_certificates; i++) {
        struct tls_stub s;
        struct settings set;
        if (!tls_stub_start(t, &s, odd_certificates[i].name, odd_certificates[i].days))
            return;
        settings_defaults(&set);
        set.redis = arena_printf(t->arena, "127.0.0.1:%d", s.port);
        set.redis_tls_ca_file = str_of(s.ca_file);
        set.redis_tls_name = S("redis.test");
        CHECK_STR(meets(t, &set), odd_certificates[i].trouble);
        tls_stub_stop(&s);
    }
}

/* docs/operating.md has this line. */
#define ACL_LINE                                                                                                       \
    "ACL SETUSER digione on >kuusi ~* -@all +auth +get +set +getdel +del +expire +incr +eval +role +info +wait "       \
    "+exists +getrange +time +zadd +zcard +zrem +zrange +zrevrange +zrangebyscore +zremrangebyscore "                  \
    "+zremrangebyrank\r\n"

TEST(a_user_of_redis_may_do_what_the_manual_lists_and_no_more_is_needed)
{
    struct redis_server s;
    struct kv_config config;
    struct kv_rig rig;
    struct fail f = { 0 };

    if (!certificates(t) || !redis_server_start(t, &s, false, ""))
        return;
    CHECK(str_has_prefix(redis_server_command(t, &s, ACL_LINE), S("+OK")));
    struct settings set = settings_for(&s, t);
    set.redis_tls_ca_file = S("");
    set.kv_timeout_ms = 5000;
    set.redis_user = S("digione");
    set.redis_password_file = write_file(t, "password", "kuusi\n");
    CHECK(kv_config_read(&set, t->arena, &config, &f));
    kv_rig_new(t, &rig, &config);
    CHECK(kv_rig_until(&rig, true, SOON_MS));
    kv_contract(t, &rig);
    kv_rig_free(&rig);
    set.redis_password_file = write_file(t, "password", "mänty\n");
    CHECK_STR(meets(t, &set), "password");
    set.redis_user = S("nobody");
    CHECK_STR(meets(t, &set), "password");
    redis_server_stop(&s);
    forget();
}

/* What is wrong with settings, and a word of what the message must hold. */
static const struct {
    const char *ca, *cert, *key, *name, *redis, *sentinels, *ports, *otherwise, *expected;
} bad[] = {
    { .ca = "none.pem", .expected = "No such file" },
    { .ca = "ca.key", .expected = "no certificate" },
    { .ca = "ca.pem", .cert = "good.pem", .expected = "belong together" },
    { .ca = "ca.pem", .cert = "ca.key", .key = "ca.key", .expected = "redis_tls_cert_file" },
    { .ca = "ca.pem", .cert = "good.pem", .key = "other.key", .expected = "redis_tls_key_file" },
    { .ca = "ca.pem", .cert = "good.pem", .key = "good.pem", .expected = "redis_tls_key_file" },
    { .cert = "good.pem", .key = "good.key", .expected = "redis_tls_ca_file is not set" },
    { .name = "redis.test", .expected = "redis_tls_ca_file is not set" },
    { .ca = "ca.pem", .redis = "unix:/tmp/x", .expected = "no TLS" },
    { .redis = "127.0.0.1", .expected = "host:port" },
    { .redis = "127.0.0.1:1", .sentinels = "127.0.0.1:2", .expected = "both set" },
    { .redis = "", .sentinels = "127.0.0.1:2, ,127.0.0.1:3", .expected = "redis_sentinels" },
    { .redis = "", .sentinels = "127.0.0.1", .expected = "redis_sentinels" },
    { .redis = "", .sentinels = "127.0.0.1:2", .ports = "6379, no", .expected = "redis_ports" },
    { .redis = "", .sentinels = "127.0.0.1:2", .ports = "70000", .expected = "redis_ports" },
    { .otherwise = "perhaps", .expected = "go_on or refuse" },
};

TEST(settings_of_redis_that_do_not_fit_say_what_is_expected)
{
    if (!certificates(t))
        return;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct settings set;
        struct kv_config config;
        struct fail f = { 0 };
        settings_defaults(&set);
        set.redis = S("127.0.0.1:6379");
#define TAKE(member, setting)                                                                                          \
    if (bad[i].member != NULL)                                                                                         \
    set.setting = in(t, bad[i].member)
        TAKE(ca, redis_tls_ca_file);
        TAKE(cert, redis_tls_cert_file);
        TAKE(key, redis_tls_key_file);
#undef TAKE
        set.redis_tls_name = str_of(bad[i].name != NULL ? bad[i].name : "");
        set.redis = bad[i].redis != NULL ? str_of(bad[i].redis) : set.redis;
        set.redis_sentinels = str_of(bad[i].sentinels != NULL ? bad[i].sentinels : "");
        set.redis_ports = bad[i].ports != NULL ? str_of(bad[i].ports) : set.redis_ports;
        set.redis_wait_else = bad[i].otherwise != NULL ? str_of(bad[i].otherwise) : set.redis_wait_else;
        if (kv_config_read(&set, t->arena, &config, &f) || strstr(f.detail, bad[i].expected) == NULL)
            test_fail(t, __FILE__, __LINE__, "settings %zu: \"%s\" lacks \"%s\"", i, f.detail, bad[i].expected);
    }
    forget();
}

/* Whatever trouble there is, people are told what to do. */
TEST(each_trouble_has_a_mend)
{
    static const char *const words[] = { "connect",       "timeout",     "password",   "replica",
                                         "tls",           "tls_wanted",  "tls_client", "tls_name",
                                         "tls_authority", "tls_expired", "sentinels",  "sentinel_port" };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        CHECK(kv_mend(words[i])[0] != '\0');
    CHECK_STR(kv_mend("no such word"), "");
}
