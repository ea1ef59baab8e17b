/* SPDX-License-Identifier: EUPL-1.2
 *
 * The fetcher as a process, asked over its socket, against a web server of the
 * test's own. */
#include "gateway/process/fetch_guard.h"
#include "tests/contract/fetch_rig.h"
#include "tests/contract/tls_stub.h"
#include "wire/fetch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <png.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TEST(a_test_row_is_fetched_over_http_on_loopback)
{
    struct rig g;

    rig_new(t, &g);
    struct fetch_got got = fetch_path(t, &g, FETCH_KEYS, "/ok");
    CHECK(got.answered && got.error == NULL);
    CHECK_INT(got.status, 200);
    CHECK_STR(got.body, "hello");
    CHECK_STR(got.content_type, "text/plain");
    CHECK_INT(got.max_age_s, 60);
    got = fetch_url(t, &g, FETCH_KEYS, true, arena_printf(t->arena, "http://oulu.localhost:%d/ok", g.stub.port));
    CHECK(got.answered);
    got = fetch_path(t, &g, FETCH_KEYS, "/status/503");
    CHECK(got.answered && got.status == 503 && got.max_age_s == -1);
    CHECK(got.body.p != NULL && got.body.n == 0);
    rig_free(&g);
}

TEST(a_post_carries_its_body_and_fields_and_nothing_else)
{
    struct rig g;
    struct fetch_got got = { 0 };

    rig_new(t, &g);
    struct fetch_request r = {
        .purpose = FETCH_TOKEN,
        .post = true,
        .test = true,
        .url = http_stub_url(t->arena, &g.stub, "/echo"),
        .body = S("code=a%26b&x=y"),
        .content_type = S("application/x-www-form-urlencoded"),
        .authorization = S("Basic YTpi"),
        .accept = S("application/json"),
        .place = S("oulu"),
    };
    CHECK(fetch_path(t, &g, FETCH_KEYS, "/cookie").answered);
    fetch_ask(g.fetch, &g.batch, t->arena, &r, &got);
    wait_for(t, &g);
    CHECK(got.answered);
    CHECK(str_has_prefix(got.body, S("POST /echo HTTP/1.1\r\n")));
    CHECK(str_has_suffix(got.body, S("\r\n\r\ncode=a%26b&x=y")));
    CHECK(str_find(got.body, S("\r\nContent-Type: application/x-www-form-urlencoded\r\n")) < got.body.n);
    CHECK(str_find(got.body, S("\r\nAuthorization: Basic YTpi\r\n")) < got.body.n);
    CHECK(str_find(got.body, S("\r\nAccept: application/json\r\n")) < got.body.n);
    CHECK(str_find(got.body, S("Cookie")) == got.body.n);
    CHECK(str_find(got.body, S("Expect")) == got.body.n);
    got = fetch_path(t, &g, FETCH_USERINFO, "/echo");
    CHECK(str_find(got.body, S("Authorization")) == got.body.n);
    rig_free(&g);
}

TEST(a_field_with_a_line_end_is_refused)
{
    struct rig g;
    struct fetch_got got = { 0 };

    rig_new(t, &g);
    struct fetch_request r = { .purpose = FETCH_TOKEN, .test = true, .authorization = S("Basic x\r\nX-Evil: 1") };
    r.url = http_stub_url(t->arena, &g.stub, "/echo");
    fetch_ask(g.fetch, &g.batch, t->arena, &r, &got);
    wait_for(t, &g);
    CHECK_STR(got.error, "refused_url");
    CHECK_INT(atomic_load(&g.stub.shared->connections), 0);
    rig_free(&g);
}

/* Ways to name this machine and its neighbours; none may be connected to from a row of production. [S-34] */
static const char *const inward[] = {
    "https://127.0.0.1:%d/ok",
    "https://127.1:%d/ok",
    "https://2130706433:%d/ok",
    "https://0x7f000001:%d/ok",
    "https://0x7f.0.0.1:%d/ok",
    "https://017700000001:%d/ok",
    "https://0.0.0.0:%d/ok",
    "https://0:%d/ok",
    "https://[::1]:%d/ok",
    "https://[::]:%d/ok",
    "https://[::ffff:127.0.0.1]:%d/ok",
    "https://[::ffff:7f00:1]:%d/ok",
    "https://[::127.0.0.1]:%d/ok",
    "https://[64:ff9b::127.0.0.1]:%d/ok",
    "https://[2002:7f00:1::]:%d/ok",
    "https://[fe80::1]:%d/ok",
    "https://[fc00::1]:%d/ok",
    "https://localhost:%d/ok",
    "https://LOCALHOST:%d/ok",
    "https://localhost.:%d/ok",
    "https://oulu.localhost:%d/ok",
    "https://127.0.0.1.:%d/ok",
    "https://user@127.0.0.1:%d/ok",
    "https://user:pw@example.com@127.0.0.1:%d/ok",
    "https://127.0.0.1:%d#@example.com/",
    "https://10.0.0.1:%d/ok",
    "https://172.16.0.1:%d/ok",
    "https://192.168.0.1:%d/ok",
    "https://169.254.169.254:%d/latest/meta-data",
    "https://100.64.0.1:%d/ok",
    "https://224.0.0.1:%d/ok",
    "https://255.255.255.255:%d/ok",
    "http://127.0.0.1:%d/ok",
    "http://example.com:%d/ok",
    "HTTP://127.0.0.1:%d/ok",
    "ftp://127.0.0.1:%d/ok",
    "gopher://127.0.0.1:%d/ok",
    "dict://127.0.0.1:%d/ok",
    "file://127.0.0.1/etc/passwd?%d",
    "file:///etc/passwd?%d",
    "//127.0.0.1:%d/ok",
    "127.0.0.1:%d/ok",
    "https://:%d/ok",
    "https:///ok?%d",
    "https://127.0.0.1 :%d/ok",
    "https://127.0.0.1\t:%d/ok",
};

TEST(no_row_of_production_leads_inward)
{
    struct rig g;

    rig_new(t, &g);
    for (size_t i = 0; i < sizeof inward / sizeof *inward; i++) {
        char url[256];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(url, sizeof url, inward[i], g.stub.port);
#pragma GCC diagnostic pop
        struct fetch_got got = fetch_url(t, &g, i % 2 == 0 ? FETCH_METADATA : FETCH_KEYS, false, str_of(url));
        t->checked++;
        bool refused = !got.answered && (strncmp(got.error, "refused_", 8) == 0 || strcmp(got.error, "resolve") == 0);
        if (!refused)
            test_fail(t, __FILE__, __LINE__, "%s: %s", url, got.answered ? "answered" : got.error);
    }
    CHECK_INT(atomic_load(&g.stub.shared->connections), 0);
    rig_free(&g);
}

TEST(a_test_row_may_not_reach_the_neighbours_nor_the_world_over_http)
{
    struct rig g;

    rig_new(t, &g);
    CHECK_STR(fetch_url(t, &g, FETCH_KEYS, true, S("http://192.168.0.1/")).error, "refused_address");
    CHECK_STR(fetch_url(t, &g, FETCH_KEYS, true, S("https://169.254.169.254/")).error, "refused_address");
    CHECK_STR(fetch_url(t, &g, FETCH_KEYS, true, S("http://8.8.8.8/")).error, "refused_address");
    CHECK_STR(fetch_url(t, &g, FETCH_KEYS, true, S("file:///etc/passwd")).error, "refused_url");
    rig_free(&g);
}

TEST(only_metadata_follows_redirects_and_three_at_most)
{
    struct rig g;

    rig_new(t, &g);
    CHECK_INT(fetch_path(t, &g, FETCH_TOKEN, "/hop/1").status, 302);
    CHECK_INT(fetch_path(t, &g, FETCH_KEYS, "/hop/1").status, 302);
    CHECK_STR(fetch_path(t, &g, FETCH_METADATA, "/hop/3").body, "hello");
    CHECK_STR(fetch_path(t, &g, FETCH_METADATA, "/hop/4").error, "redirect");
    rig_free(&g);
}

TEST(each_hop_of_a_redirect_is_checked)
{
    struct rig g;

    rig_new(t, &g);
    CHECK_STR(fetch_path(t, &g, FETCH_METADATA, "/to?file:///etc/passwd").error, "redirect");
    CHECK_STR(fetch_path(t, &g, FETCH_METADATA, "/to?http://192.168.0.1/").error, "refused_address");
    CHECK_STR(fetch_path(t, &g, FETCH_METADATA, "/to?https://169.254.169.254/").error, "refused_address");
    CHECK_STR(fetch_path(t, &g, FETCH_METADATA, "/to?http://user@127.0.0.1/").error, "redirect");
    rig_free(&g);
}

TEST(a_large_body_arrives_whole)
{
    struct rig g;

    rig_new(t, &g);
    struct fetch_got got = fetch_path(t, &g, FETCH_METADATA, "/large");
    CHECK(got.answered);
    CHECK_INT(got.body.n, 300000);
    bool same = got.body.n == 300000;
    for (size_t i = 0; same && i < got.body.n; i++)
        same = got.body.p[i] == (char)('a' + i % 23);
    CHECK(same);
    rig_free(&g);
}

TEST(a_body_without_end_a_bomb_and_headers_without_end_are_cut)
{
    struct rig g;

    rig_new(t, &g);
    CHECK_STR(fetch_path(t, &g, FETCH_KEYS, "/endless").error, "too_large");
    CHECK_STR(fetch_path(t, &g, FETCH_KEYS, "/bomb").error, "too_large");
    struct fetch_got got = fetch_path(t, &g, FETCH_KEYS, "/headers");
    CHECK(!got.answered && (strcmp(got.error, "too_large") == 0 || strcmp(got.error, "protocol") == 0));
    rig_free(&g);
}

TEST(what_is_no_answer_is_an_error)
{
    struct rig g;

    rig_new(t, &g);
    CHECK_STR(fetch_path(t, &g, FETCH_KEYS, "/garbage").error, "protocol");
    CHECK_STR(fetch_path(t, &g, FETCH_KEYS, "/cut").error, "protocol");
    struct str https = arena_printf(t->arena, "https://127.0.0.1:%d/ok", g.stub.port);
    CHECK_STR(fetch_url(t, &g, FETCH_KEYS, true, https).error, "tls");
    CHECK_STR(fetch_url(t, &g, FETCH_KEYS, true, S("http://127.0.0.1:1/")).error, "connect");
    rig_free(&g);
}

TEST(a_dripping_server_is_given_up_and_others_do_not_wait_for_it)
{
    struct rig g;
    struct fetch_got drip = { 0 }, busy = { 0 }, other = { 0 };

    rig_new(t, &g);
    kill_fetcher(&g);
    g.set.fetch_timeout_ms = 1000;
    g.set.upstream_waiting_max = 1;
    start_fetcher(&g);
    struct fetch_request r = { .purpose = FETCH_KEYS, .test = true, .place = S("espoo") };
    while (!fetch_url(t, &g, FETCH_KEYS, true, http_stub_url(t->arena, &g.stub, "/ok")).answered)
        loop_turn(g.loop, 20);
    r.url = http_stub_url(t->arena, &g.stub, "/drip");
    fetch_ask(g.fetch, &g.batch, t->arena, &r, &drip);
    r.url = http_stub_url(t->arena, &g.stub, "/ok");
    fetch_ask(g.fetch, &g.batch, t->arena, &r, &busy);
    r.place = S("oulu");
    fetch_ask(g.fetch, &g.batch, t->arena, &r, &other);
    wait_for(t, &g);
    CHECK_STR(drip.error, "timeout");
    CHECK_STR(busy.error, "busy");
    CHECK_STR(other.body, "hello");
    rig_free(&g);
}

/* As large as a picture may be (a quarter of it under a sanitizer, whose making takes as long), of blocks that no few
 * colours paint: made small in every way that there is. */
#ifdef __SANITIZE_ADDRESS__
enum { SIDE = 2048, BLOCK = 32 };
#else
enum { SIDE = 4096, BLOCK = 64 };
#endif
static struct str large_picture(struct arena *a)
{
    png_image image = { .version = PNG_IMAGE_VERSION, .width = SIDE, .height = SIDE, .format = PNG_FORMAT_GRAY };
    png_alloc_size_t n = FETCH_PICTURE_MAX_B;
    unsigned char *pixels = arena_alloc(a, (size_t)SIDE * SIDE);
    char *out = arena_alloc(a, n);

    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++)
        pixels[i] = (unsigned char)((i % SIDE / BLOCK * 37 + i / SIDE / BLOCK * 101) % 251);
    return png_image_write_to_memory(&image, out, &n, 0, pixels, 0, NULL) != 0 ? str_n(out, n) : S("");
}

TEST(nobody_waits_for_a_picture_that_is_made_small_and_one_place_asks_for_two_at_most)
{
    enum { ASKED = 3 };
    struct rig g;
    struct fetch_got made[ASKED] = { 0 }, other = { 0 }, ours = { 0 };
    struct fetch_request r = { .purpose = FETCH_PICTURE, .place = S("kinos") };

    rig_new(t, &g);
    CHECK(fetch_path(t, &g, FETCH_KEYS, "/ok").answered);
    r.body = large_picture(t->arena);
    CHECK(r.body.n > 0);
    for (int i = 0; i < ASKED; i++)
        fetch_ask(g.fetch, &g.batch, t->arena, &r, &made[i]);
    r.place = S("lumme");
    r.body = S("no picture");
    fetch_ask(g.fetch, &g.batch, t->arena, &r, &other);
    r = (struct fetch_request){ .purpose = FETCH_KEYS, .test = true, .place = S("oulu") };
    r.url = http_stub_url(t->arena, &g.stub, "/ok");
    fetch_ask(g.fetch, &g.batch, t->arena, &r, &ours);
    while (!ours.answered && ours.error == NULL)
        loop_turn(g.loop, 10);
    CHECK_STR(ours.body, "hello");
    CHECK(!made[1].answered && !other.answered);
    wait_for(t, &g);
    for (int i = 0; i < 2; i++)
        CHECK(made[i].answered && made[i].status == 200 && str_has_prefix(made[i].body, S("\x89PNG")));
    CHECK_STR(made[2].error, "busy");
    CHECK(other.answered && other.status == 422);
    CHECK_STR(other.body, "kind 0 ");
    rig_free(&g);
}

TEST(a_school_that_signs_in_at_once_shares_sixteen_connections_and_nobody_is_refused)
{
    enum { ASKED = 100, PER_HOST = 16 };
    struct rig g;
    struct fetch_got got[ASKED] = { 0 };

    rig_new(t, &g);
    struct fetch_request r = { .purpose = FETCH_TOKEN, .test = true, .place = S("oulu") };
    r.url = http_stub_url(t->arena, &g.stub, "/slow");
    for (int i = 0; i < ASKED; i++)
        fetch_ask(g.fetch, &g.batch, t->arena, &r, &got[i]);
    while (atomic_load(&g.stub.shared->now) < PER_HOST)
        loop_turn(g.loop, 10);
    atomic_store(&g.stub.shared->go, 1);
    wait_for(t, &g);
    for (int i = 0; i < ASKED; i++)
        CHECK_STR(got[i].body, "slow");
    CHECK_INT(atomic_load(&g.stub.shared->most_at_once), PER_HOST);
    CHECK_INT(atomic_load(&g.stub.shared->connections), PER_HOST);
    rig_free(&g);
}

TEST(a_fetcher_that_dies_fails_what_was_under_way_and_the_next_goes_on)
{
    struct rig g;
    struct fetch_got got = { 0 };

    rig_new(t, &g);
    struct fetch_request r = { .purpose = FETCH_TOKEN, .test = true, .place = S("oulu") };
    r.url = http_stub_url(t->arena, &g.stub, "/slow");
    fetch_ask(g.fetch, &g.batch, t->arena, &r, &got);
    while (atomic_load(&g.stub.shared->now) == 0)
        loop_turn(g.loop, 10);
    kill_fetcher(&g);
    start_fetcher(&g);
    wait_for(t, &g);
    CHECK_STR(got.error, "away");
    CHECK_STR(fetch_path(t, &g, FETCH_KEYS, "/ok").body, "hello");
    rig_free(&g);
}

TEST(nobody_to_ask_is_away_at_once)
{
    struct rig g = { .batch = { 0, rig_answered } };
    struct fetch_got got = { 0 };
    struct fetch_request r = { .purpose = FETCH_KEYS, .url = S("https://example.com/") };

    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, g.fds) == 0);
    g.loop = loop_new(&world_real);
    g.fetch = fetch_new(g.loop, &world_real, g.fds[0]);
    fetch_ask(g.fetch, &g.batch, t->arena, &r, &got);
    CHECK_INT(g.batch.pending, 0);
    CHECK_STR(got.error, "away");
    fetch_free(g.fetch);
    loop_free(g.loop);
    (void)close(g.fds[0]);
    (void)close(g.fds[1]);
}

/* One fetch from a server with a certificate for that name, by a fetcher that trusts its authority or does not. */
static struct fetch_got fetch_tls(struct test *t, const char *name, int days, bool trusted)
{
    struct rig g;
    struct tls_stub tls;
    struct fetch_got got = { 0 };

    if (!tls_stub_start(t, &tls, name, days))
        return got;
    rig_new(t, &g);
    kill_fetcher(&g);
    if (trusted)
        g.set.ca_file = str_of(tls.ca_file);
    rig_again(t, &g);
    got = fetch_url(t, &g, FETCH_KEYS, true, arena_printf(t->arena, "https://oulu.localhost:%d/", tls.port));
    rig_free(&g);
    tls_stub_stop(&tls);
    return got;
}

TEST(a_server_must_prove_that_it_is_the_host_that_was_asked)
{
    struct fetch_got got = fetch_tls(t, "oulu.localhost", 30, true);

    CHECK(got.answered);
    CHECK_STR(got.body, "hello");
    int64_t left_s = got.tls_ends_s - world_now_s(&world_real);
    CHECK(left_s > 29 * 86400 && left_s <= 30 * 86400); /* the fetcher says when it ends */
    CHECK_STR(fetch_tls(t, "oulu.localhost", 30, false).error, "tls");
    CHECK_STR(fetch_tls(t, "espoo.localhost", 30, true).error, "tls");
    CHECK_STR(fetch_tls(t, "oulu.localhost", -1, true).error, "tls");
}

static const struct {
    const char *text;
    enum address_kind kind;
} addresses[] = {
    { "8.8.8.8", ADDRESS_PUBLIC },
    { "1.0.0.1", ADDRESS_PUBLIC },
    { "9.255.255.255", ADDRESS_PUBLIC },
    { "10.0.0.0", ADDRESS_REFUSED },
    { "10.255.255.255", ADDRESS_REFUSED },
    { "11.0.0.0", ADDRESS_PUBLIC },
    { "0.0.0.0", ADDRESS_REFUSED },
    { "0.1.2.3", ADDRESS_REFUSED },
    { "100.63.255.255", ADDRESS_PUBLIC },
    { "100.64.0.0", ADDRESS_REFUSED },
    { "100.127.255.255", ADDRESS_REFUSED },
    { "100.128.0.0", ADDRESS_PUBLIC },
    { "127.0.0.1", ADDRESS_LOOPBACK },
    { "127.255.255.255", ADDRESS_LOOPBACK },
    { "128.0.0.0", ADDRESS_PUBLIC },
    { "169.254.169.254", ADDRESS_REFUSED },
    { "172.15.255.255", ADDRESS_PUBLIC },
    { "172.16.0.0", ADDRESS_REFUSED },
    { "172.31.255.255", ADDRESS_REFUSED },
    { "172.32.0.0", ADDRESS_PUBLIC },
    { "192.0.0.8", ADDRESS_REFUSED },
    { "192.0.2.1", ADDRESS_REFUSED },
    { "192.168.255.255", ADDRESS_REFUSED },
    { "198.18.0.1", ADDRESS_REFUSED },
    { "198.19.255.255", ADDRESS_REFUSED },
    { "203.0.113.7", ADDRESS_REFUSED },
    { "224.0.0.1", ADDRESS_REFUSED },
    { "240.0.0.1", ADDRESS_REFUSED },
    { "255.255.255.255", ADDRESS_REFUSED },
    { "::", ADDRESS_REFUSED },
    { "::1", ADDRESS_LOOPBACK },
    { "::2", ADDRESS_REFUSED },
    { "::ffff:8.8.8.8", ADDRESS_REFUSED },
    { "::ffff:127.0.0.1", ADDRESS_REFUSED },
    { "64:ff9b::8.8.8.8", ADDRESS_PUBLIC },
    { "64:ff9b::10.0.0.1", ADDRESS_REFUSED },
    { "64:ff9b::127.0.0.1", ADDRESS_REFUSED },
    { "64:ff9b:1::8.8.8.8", ADDRESS_REFUSED },
    { "100::1", ADDRESS_REFUSED },
    { "2001::1", ADDRESS_REFUSED },
    { "2001:db8::1", ADDRESS_REFUSED },
    { "2001:4860:4860::8888", ADDRESS_PUBLIC },
    { "2002:7f00:1::", ADDRESS_REFUSED },
    { "2a00:1450::1", ADDRESS_PUBLIC },
    { "3fff::1", ADDRESS_REFUSED },
    { "fc00::1", ADDRESS_REFUSED },
    { "fd00::1", ADDRESS_REFUSED },
    { "fe80::1", ADDRESS_REFUSED },
    { "fec0::1", ADDRESS_REFUSED },
    { "ff02::1", ADDRESS_REFUSED },
};

TEST(every_block_of_addresses_is_known_to_its_edges)
{
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct sockaddr_in in = { .sin_family = AF_INET };
        struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
        enum address_kind kind = ADDRESS_REFUSED;
        bool four = inet_pton(AF_INET, addresses[i].text, &in.sin_addr) == 1;
        CHECK(four || inet_pton(AF_INET6, addresses[i].text, &in6.sin6_addr) == 1);
        kind =
            four ? address_kind((struct sockaddr *)&in, sizeof in) : address_kind((struct sockaddr *)&in6, sizeof in6);
        if (kind != addresses[i].kind)
            test_fail(t, __FILE__, __LINE__, "%s is %d", addresses[i].text, kind);
    }
}

TEST(messages_come_back_as_they_went_and_nothing_else_is_read)
{
    struct fetch_request r = { .purpose = FETCH_TOKEN,
                               .post = true,
                               .url = S("https://a/"),
                               .body = S("x"),
                               .place = S("p") },
                         back;
    struct fetch_got got = {
        .answered = true, .status = 200, .body = S("b"), .content_type = S("c"), .max_age_s = 7, .tls_ends_s = 8
    };
    uint64_t id = 0;
    bool beside = true;

    struct str m = fetch_request_write(t->arena, 42, &r);
    CHECK(fetch_request_read(m, &id, &back) && id == 42 && back.post && !back.test && back.purpose == FETCH_TOKEN);
    CHECK(str_eq(back.url, r.url) && str_eq(back.body, r.body) && back.authorization.p == NULL);
    for (size_t n = 0; n < m.n; n++)
        CHECK(!fetch_request_read(str_sub(m, 0, n), &id, &back));
    CHECK(!fetch_request_read(arena_join(t->arena, m, S("x")), &id, &back));
    m = fetch_answer_write(t->arena, 43, &got, false);
    CHECK(fetch_answer_read(m, &id, &got, &beside) && id == 43 && !beside && got.max_age_s == 7 && got.tls_ends_s == 8);
    for (size_t n = 0; n < m.n; n++)
        CHECK(!fetch_answer_read(str_sub(m, 0, n), &id, &got, &beside));
    CHECK(!fetch_request_read(m, &id, &back));
    r.body = str_n(arena_alloc(t->arena, FETCH_BODY_MAX_B + 1), FETCH_BODY_MAX_B + 1);
    CHECK(fetch_request_write(t->arena, 1, &r).p == NULL);
}
