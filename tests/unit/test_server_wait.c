/* SPDX-License-Identifier: EUPL-1.2
 *
 * One loop's HTTP with the test in the place of everything behind it: requests wait until the test answers them, and
 * the clock moves when the test says so.  What clients do meanwhile must cost them alone. */
#include "base/log.h"
#include "gateway/http/server.h"
#include "gateway/node/tables.h"
#include "tests/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WAITS   "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define AT_ONCE "GET /lang HTTP/1.1\r\nHost: a\r\n\r\n"
#define POSTS   "POST /oidc/token HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n"
#define HOSTILE "GET /lang HTTP/1.1\nHost: a\n\n"

enum { HELD_MAX = 1024, TURNS = 40, MANY = 300, LARGE_B = 8 << 20 };

struct desk { /* a server, and the requests that wait in it */
    struct test *t;
    struct settings set;
    struct loop *loop;
    struct server *server;
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_un un;
    } at;
    socklen_t at_n;
    struct ctx *held[HELD_MAX];
    size_t held_n, begun, ended, refused;
    size_t answer_B; /* of the answers' bodies */
};

/* ── what stands behind the server ──────────────────────────────────────── */

static enum step hold(struct ctx *c, struct fail *f)
{
    struct desk *d = c->state;

    (void)f;
    d->held[d->held_n++] = c;
    batch_ask(&c->batch);
    return WAIT;
}

static enum step tell(struct ctx *c, struct fail *f)
{
    struct desk *d = c->state;
    struct buf b = buf_new(c->arena, d->answer_B);

    (void)f;
    for (size_t i = 0; i < d->answer_B; i++)
        buf_byte(&b, 'x');
    http_body(c->res, 200, S("text/plain"), buf_str(&b));
    return DONE;
}

static const struct step_row waiting_steps[] = { { hold }, { tell }, { NULL } };
static const struct step_row ready_steps[] = { { tell }, { NULL } };
static const struct route waiting_route = { .path = "/", .steps = waiting_steps };
static const struct route ready_route = { .path = "/lang", .steps = ready_steps };

static void begin(void *self, struct ctx *c)
{
    struct desk *d = self;

    d->begun++;
    c->state = d;
    if (c->route != NULL)
        c->route = str_eq(c->req->path, S("/lang")) ? &ready_route : &waiting_route;
}

static void failed(void *self, struct ctx *c)
{
    (void)self;
    http_body(c->res, 404, S("text/plain"), S("no"));
}

static void finish(void *self, struct ctx *c)
{
    (void)self;
    (void)c;
}

static void end(void *self, struct ctx *c, int64_t took_ms)
{
    (void)c;
    (void)took_ms;
    ((struct desk *)self)->ended++;
}

static bool refused(void *self, int status, const char *rule, const char *code, struct str peer)
{
    (void)status;
    (void)rule;
    (void)code;
    (void)peer;
    ((struct desk *)self)->refused++;
    return true;
}

/* ── the desk ───────────────────────────────────────────────────────────── */

/* A TCP port, or a Unix socket: what the kernel tells of a client's end differs. */
static void listen_at(struct desk *d, bool tcp)
{
    if (tcp) {
        d->at.in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        d->at_n = sizeof d->at.in;
    } else {
        d->at.un = (struct sockaddr_un){ .sun_family = AF_UNIX };
        d->at_n = sizeof d->at.un.sun_family; /* the kernel finds a name */
    }
}

static struct desk *open_desk(struct test *t, bool tcp)
{
    struct desk *d = arena_make(t->arena, struct desk);
    const struct server_hooks hooks = { d, begin, failed, finish, end, refused, NULL, S(""), &all_routes };

    listen_at(d, tcp);
    int fd = socket(d->at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    d->t = t;
    d->answer_B = 5;
    settings_defaults(&d->set);
    d->set.public_url = S("http://a");
    log_set_level(LOG_ERROR);
    bool bound = fd >= 0 && bind(fd, &d->at.any, d->at_n) == 0 && listen(fd, MANY) == 0;
    d->at_n = sizeof d->at;
    if (!bound || getsockname(fd, &d->at.any, &d->at_n) != 0)
        test_fail(t, __FILE__, __LINE__, "cannot listen: %s", strerror(errno));
    d->loop = loop_new(&t->world);
    d->server = server_new(d->loop, &t->world, &d->set, fd, &hooks);
    return d;
}

static void turn(struct desk *d)
{
    for (int i = 0; i < TURNS; i++)
        server_turn(d->server, 0);
}

/* The answer that the oldest waiting request waits for has come. */
static void answer_one(struct desk *d)
{
    struct ctx *c = d->held[0];

    memmove(d->held, d->held + 1, --d->held_n * sizeof *d->held);
    batch_answered(&c->batch);
}

static void answer_all(struct desk *d)
{
    while (d->held_n > 0)
        answer_one(d);
}

static void close_desk(struct desk *d)
{
    struct test *t = d->t;

    answer_all(d);
    turn(d);
    server_free(d->server);
    loop_free(d->loop);
    CHECK_INT(d->ended, d->begun);
}

static int call(struct desk *d)
{
    int fd = socket(d->at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, &d->at.any, d->at_n) != 0)
        test_fail(d->t, __FILE__, __LINE__, "cannot connect: %s", strerror(errno));
    return fd;
}

static void say(int fd, const char *bytes)
{
    (void)!send(fd, bytes, strlen(bytes), MSG_NOSIGNAL);
}

static int call_and_say(struct desk *d, const char *bytes)
{
    int fd = call(d);

    say(fd, bytes);
    return fd;
}

static void half_close(int fd)
{
    (void)shutdown(fd, SHUT_WR);
}

static void reset(int fd)
{
    const struct linger now = { 1, 0 };

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    (void)close(fd);
}

struct heard {
    int answers, last_status;
    size_t bytes;
    bool closed, says_close;
};

static void count_answers(struct str text, struct heard *h)
{
    h->bytes = text.n;
    h->says_close = str_find(text, S("\r\nConnection: close\r\n")) < text.n;
    for (size_t at; (at = str_find(text, S("HTTP/1.1 "))) < text.n; h->answers++) {
        int64_t status = 0;
        (void)str_int(str_sub(text, at + 9, 3), &status);
        h->last_status = (int)status;
        text = str_from(text, at + 9);
    }
}

/* Reads until nothing more comes. */
static struct heard hear(struct desk *d, int fd)
{
    struct heard h = { 0 };
    struct buf b = buf_new(d->t->arena, 2 * LARGE_B);
    static char piece[65536];

    for (int quiet = 0; quiet < 3 && !h.closed; quiet++) {
        ssize_t n;
        turn(d);
        while ((n = recv(fd, piece, sizeof piece, MSG_DONTWAIT)) > 0) {
            buf_add(&b, str_n(piece, (size_t)n));
            quiet = 0;
        }
        h.closed = n == 0 || errno != EAGAIN;
    }
    count_answers(buf_str(&b), &h);
    return h;
}

static bool answered_and_closed(struct heard h)
{
    return h.answers == 1 && h.last_status == 200 && h.closed;
}

/* ── half-closed ────────────────────────────────────────────────────────── */

enum moment { WITH_IT = 0, WHILE_IT_WAITS, WHEN_IT_IS_ANSWERED, MOMENTS };

static void half_closed_once(struct test *t, bool tcp, const char *request, enum moment when)
{
    struct desk *d = open_desk(t, tcp);
    int fd = call_and_say(d, request);

    for (enum moment now = WITH_IT; now < MOMENTS; now++) {
        if (now == WHEN_IT_IS_ANSWERED)
            answer_all(d);
        if (now == when)
            half_close(fd);
        turn(d);
    }
    struct heard h = hear(d, fd);
    t->checked++;
    if (!answered_and_closed(h) || server_connections(d->server) != 0)
        test_fail(t, __FILE__, __LINE__, "%s, moment %d, %.12s: %d answers, status %d, %s, %zu connections",
                  tcp ? "TCP" : "Unix", when, request, h.answers, h.last_status, h.closed ? "closed" : "open",
                  server_connections(d->server));
    (void)close(fd);
    close_desk(d);
}

TEST(who_shuts_its_side_down_gets_its_answer_and_gives_its_slot_back)
{
    static const char *const requests[] = { AT_ONCE, WAITS, POSTS "a=1&b=" };

    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        for (enum moment when = WITH_IT; when < MOMENTS; when++) {
            half_closed_once(t, true, requests[i], when);
            half_closed_once(t, false, requests[i], when);
        }
}

TEST(who_shuts_its_side_down_in_mid_request_is_closed_at_once)
{
    static const char *const requests[] = { "", "G", "GET / HTTP/1.1\r\nHost: a\r\n", POSTS, POSTS "a=1" };

    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct desk *d = open_desk(t, i % 2 == 0);
        int fd = call_and_say(d, requests[i]);
        turn(d);
        half_close(fd);
        struct heard h = hear(d, fd);
        CHECK_INT(h.answers, 0);
        CHECK(h.closed);
        CHECK_INT(server_connections(d->server), 0);
        CHECK_INT(d->begun, 0);
        (void)close(fd);
        close_desk(d);
    }
}

/* ── many at once ───────────────────────────────────────────────────────── */

static void call_many(struct desk *d, const char *request, int *fds)
{
    for (int i = 0; i < MANY; i++)
        fds[i] = call_and_say(d, request);
    turn(d);
}

static int count_good(struct desk *d, const int *fds)
{
    int good = 0;

    for (int i = 0; i < MANY; i++) {
        struct heard h = hear(d, fds[i]);
        good += h.answers == 1 && h.last_status == 200;
    }
    return good;
}

static void close_many(const int *fds)
{
    for (int i = 0; i < MANY; i++)
        (void)close(fds[i]);
}

TEST(all_who_knock_in_one_turn_are_served)
{
    static const char *const requests[] = { AT_ONCE, WAITS, POSTS "a=1&b=" };
    int fds[MANY];

    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct desk *d = open_desk(t, i % 2 == 0);
        call_many(d, requests[i], fds);
        CHECK_INT(d->held_n, i == 0 ? 0 : MANY);
        answer_all(d);
        CHECK_INT(count_good(d, fds), MANY);
        close_many(fds);
        close_desk(d);
    }
}

TEST(many_who_shut_their_side_down_while_they_wait_all_get_their_answers)
{
    static const char *const requests[] = { WAITS, POSTS "a=1&b=" };
    int fds[MANY];

    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct desk *d = open_desk(t, true);
        call_many(d, requests[i], fds);
        for (int k = 0; k < MANY; k++)
            half_close(fds[k]);
        turn(d);
        answer_all(d);
        CHECK_INT(count_good(d, fds), MANY);
        CHECK_INT(server_connections(d->server), 0);
        close_many(fds);
        close_desk(d);
    }
}

TEST(many_who_vanish_while_they_wait_give_their_slots_back_before_the_answers_come)
{
    int fds[MANY];

    for (int tcp = 0; tcp < 2; tcp++) {
        struct desk *d = open_desk(t, tcp);
        call_many(d, WAITS, fds);
        for (int i = 0; i < MANY; i++)
            reset(fds[i]);
        turn(d);
        CHECK_INT(server_connections(d->server), 0);
        CHECK_INT(server_waiting(d->server), MANY);
        CHECK_INT(d->ended, 0);
        answer_all(d);
        CHECK_INT(server_waiting(d->server), 0);
        CHECK_INT(d->ended, MANY);
        close_desk(d);
    }
}

/* A crowd of every kind in one server, some answers coming while others go. */
TEST(a_mixed_crowd_costs_each_only_its_own)
{
    enum { KINDS = 6 };
    struct desk *d = open_desk(t, true);
    int fds[MANY], good = 0;

    for (int i = 0; i < MANY; i++)
        fds[i] = call_and_say(d, i % KINDS == 3 ? POSTS "a=" : i % KINDS == 4 ? AT_ONCE : WAITS);
    turn(d);
    for (int i = 0; i < MANY; i++) {
        if (i % KINDS == 0)
            half_close(fds[i]);
        else if (i % KINDS == 1)
            reset(fds[i]);
        else if (i % KINDS == 2)
            (void)close(fds[i]);
        else if (i % KINDS == 3)
            say(fds[i], "1&b=");
        if (i % 7 == 0 && d->held_n > 0)
            answer_one(d);
        if (i % 11 == 0)
            server_turn(d->server, 0);
    }
    turn(d);
    answer_all(d);
    for (int i = 0; i < MANY; i++)
        if (i % KINDS != 1 && i % KINDS != 2) {
            good += hear(d, fds[i]).last_status == 200;
            (void)close(fds[i]);
        }
    turn(d);
    CHECK_INT(good, MANY - 2 * (MANY / KINDS));
    CHECK_INT(server_connections(d->server), 0);
    close_desk(d);
}

/* ── slow ───────────────────────────────────────────────────────────────── */

TEST(header_and_body_may_come_byte_by_byte_and_be_half_closed)
{
    static const char request[] = POSTS "a=1&b=";
    struct desk *d = open_desk(t, true);
    int fd = call(d);

    for (size_t i = 0; i < sizeof request - 1; i++) {
        say(fd, (char[]){ request[i], '\0' });
        server_turn(d->server, 0);
    }
    half_close(fd);
    turn(d);
    CHECK_INT(d->held_n, 1);
    answer_all(d);
    CHECK(answered_and_closed(hear(d, fd)));
    (void)close(fd);
    close_desk(d);
}

TEST(who_reads_slowly_gets_all_of_its_answer_half_closed_or_not)
{
    for (int half = 0; half < 2; half++) {
        struct desk *d = open_desk(t, true);
        d->answer_B = LARGE_B;
        int fd = call_and_say(d, WAITS);
        turn(d);
        if (half != 0)
            half_close(fd);
        answer_all(d);
        turn(d);
        struct heard h = hear(d, fd);
        CHECK(h.bytes > LARGE_B);
        CHECK_INT(h.closed, half);
        if (half == 0) { /* what was written in many pieces leaves a connection that serves on */
            say(fd, AT_ONCE);
            CHECK_INT(hear(d, fd).last_status, 200);
        }
        (void)close(fd);
        turn(d);
        CHECK_INT(server_connections(d->server), 0);
        close_desk(d);
    }
}

TEST(who_does_not_read_its_answer_is_ended_when_its_time_is_over)
{
    struct desk *d = open_desk(t, true);

    d->answer_B = LARGE_B;
    int fd = call_and_say(d, WAITS);
    turn(d);
    half_close(fd);
    answer_all(d);
    turn(d);
    CHECK_INT(server_connections(d->server), 1);
    test_passes(t, SERVER_WRITE_S + 1);
    turn(d);
    CHECK_INT(server_connections(d->server), 0);
    CHECK_INT(d->ended, 1);
    (void)close(fd);
    close_desk(d);
}

/* ── idle ───────────────────────────────────────────────────────────────── */

TEST(who_stays_idle_is_served_again)
{
    static const char *const requests[] = { AT_ONCE, WAITS, HOSTILE };
    struct desk *d = open_desk(t, true);
    int fds[MANY];

    call_many(d, AT_ONCE, fds);
    CHECK_INT(count_good(d, fds), MANY);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        int right = 0;
        test_passes(t, SERVER_IDLE_S - 1);
        turn(d);
        for (int k = 0; k < MANY; k++)
            say(fds[k], requests[i]);
        turn(d);
        answer_all(d);
        for (int k = 0; k < MANY; k++) {
            struct heard h = hear(d, fds[k]);
            right += h.answers == 1 && h.last_status == (i < 2 ? 200 : 400) && h.closed == (i == 2);
        }
        CHECK_INT(right, MANY);
    }
    close_many(fds);
    close_desk(d);
}

TEST(who_stays_idle_too_long_is_closed_and_so_is_who_has_gone_meanwhile)
{
    struct desk *d = open_desk(t, true);
    int stays = call_and_say(d, AT_ONCE), goes = call_and_say(d, AT_ONCE);

    CHECK_INT(hear(d, stays).answers, 1);
    CHECK_INT(hear(d, goes).answers, 1);
    test_passes(t, SERVER_IDLE_S - 1);
    turn(d);
    CHECK_INT(server_connections(d->server), 2);
    (void)close(goes);
    turn(d);
    CHECK_INT(server_connections(d->server), 1);
    test_passes(t, SERVER_IDLE_S);
    turn(d);
    CHECK(hear(d, stays).closed);
    CHECK_INT(server_connections(d->server), 0);
    (void)close(stays);
    close_desk(d);
}

/* ── pipelined ──────────────────────────────────────────────────────────── */

TEST(what_is_sent_behind_a_waiting_request_passes_the_guard_first)
{
    static const struct {
        const char *second;
        int answers, status;
    } rows[] = { { AT_ONCE, 2, 200 }, { HOSTILE, 2, 400 }, { POSTS "a=1&b=", 2, 200 } };
    int fds[MANY];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct desk *d = open_desk(t, true);
        int right = 0;
        call_many(d, WAITS, fds);
        for (int k = 0; k < MANY; k++)
            say(fds[k], rows[i].second);
        turn(d);
        CHECK_INT(d->begun, MANY); /* not one of the second has begun */
        answer_all(d);
        for (int k = 0; k < MANY; k++) {
            struct heard h = hear(d, fds[k]);
            right += h.answers == rows[i].answers && h.last_status == rows[i].status;
        }
        CHECK_INT(right, MANY);
        answer_all(d);
        close_many(fds);
        close_desk(d);
    }
}

TEST(what_is_sent_in_one_piece_with_a_request_is_not_served)
{
    struct desk *d = open_desk(t, true);
    int fd = call_and_say(d, WAITS AT_ONCE);

    turn(d);
    answer_all(d);
    CHECK(answered_and_closed(hear(d, fd)));
    CHECK_INT(d->begun, 1);
    (void)close(fd);
    close_desk(d);
}

/* ── stopping ───────────────────────────────────────────────────────────── */

TEST(a_stopping_server_does_not_stay_for_who_has_gone)
{
    struct desk *d = open_desk(t, true);
    int fd = call_and_say(d, WAITS);

    turn(d);
    server_stop(d->server);
    turn(d);
    CHECK_INT(server_connections(d->server), 1);
    reset(fd);
    turn(d);
    CHECK_INT(server_connections(d->server), 0);
    CHECK_INT(server_waiting(d->server), 1);
    close_desk(d);
}

TEST(a_stopping_server_answers_who_waits_and_says_that_it_closes)
{
    struct desk *d = open_desk(t, true);
    int waits = call_and_say(d, WAITS), idle = call_and_say(d, AT_ONCE), silent = call(d);

    turn(d);
    server_stop(d->server);
    struct heard h = hear(d, idle);
    CHECK(answered_and_closed(h));
    CHECK(hear(d, silent).closed);
    CHECK_INT(server_connections(d->server), 1);
    answer_all(d);
    h = hear(d, waits);
    CHECK(answered_and_closed(h));
    CHECK(h.says_close);
    CHECK_INT(server_connections(d->server), 0);
    (void)close(waits);
    (void)close(idle);
    (void)close(silent);
    close_desk(d);
}
