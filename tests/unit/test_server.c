/* SPDX-License-Identifier: EUPL-1.2
 *
 * Raw bytes against a real gateway process on a loopback port [security: fact 5, fact 6]. */
#include "base/log.h"
#include "gateway/process/gateway.h"
#include "tests/http/gate.h"
#include "tests/test.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET     "GET /health/live HTTP/1.1\r\nHost: a\r\n"
#define POST    "POST /health/live HTTP/1.1\r\nHost: a\r\n"
#define END     "\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"
#define SECOND  "GET /health/live HTTP/1.1\r\nHost: smuggled\r\n\r\n"

struct hostile {
    const char *what;
    struct str bytes;
    int status;
};

/* Each must be answered once, with that status, and the connection closed: whatever
 * was smuggled behind it is not heard. */
static const struct hostile table[] = {
    { "length and chunks", S(POST "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SECOND), 400 },
    { "chunks and length", S(POST "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" SECOND), 400 },
    { "chunks twice", S(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SECOND), 400 },
    { "chunks and another coding", S(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" SECOND), 400 },
    { "chunks in HTTP/1.0",
      S("POST /health/live HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SECOND), 400 },
    { "chunks", S(POST CHUNKED "0\r\n\r\n" SECOND), 405 },
    { "chunks with a request inside", S(POST CHUNKED "2d\r\n" SECOND "\r\n0\r\n\r\n" SECOND), 405 },
    { "chunks whose end is none", S(POST CHUNKED "0\r\n" SECOND), 400 },
    { "chunks ended by line feeds", S(POST CHUNKED "0\n\n" SECOND), 400 },
    { "a size in front of a request", S(POST CHUNKED "x\r\n" SECOND), 400 },
    { "a size past 64 bits", S(POST CHUNKED "10000000000000005\r\nhello\r\n0\r\n\r\n" SECOND), 413 },
    { "a length behind the body", S(POST CHUNKED "0\r\nContent-Length: 44\r\n\r\n" SECOND), 400 },
    { "another trailer", S(POST CHUNKED "0\r\nX: y\r\n\r\n" SECOND), 405 },
    { "more chunks than are taken", S("POST /nowhere HTTP/1.1\r\nHost: a\r\n" CHUNKED "10001\r\n"), 413 },
    { "chunks with GET", S(GET CHUNKED "1\r\na\r\n0\r\n\r\n" SECOND), 413 },
    { "no chunks with GET", S(GET CHUNKED "0\r\n\r\n" SECOND), 200 },
    { "a cookie's odd quote", S(GET "Cookie: a=b; c=\"\r\n\r\n" SECOND), 200 },
    { "an empty line in front", S("\r\n" GET END SECOND), 200 },
    { "the host in the target", S("GET http://a/health/live HTTP/1.1\r\nHost: a\r\n\r\n" SECOND), 200 },
    { "HTTP/1.2", S("GET /health/live HTTP/1.2\r\nHost: a\r\n\r\n" SECOND), 200 },
    { "whether it is there", S("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" SECOND), 204 },
    { "folded chunks", S(POST "Content-Length: 4\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" SECOND), 400 },
    { "two lengths", S(POST "Content-Length: 0\r\nContent-Length: 44\r\n\r\n" SECOND), 400 },
    { "one length twice", S(POST "Content-Length: 0\r\nContent-Length: 0\r\n\r\n" SECOND), 400 },
    { "a space before the colon", S(POST "Content-Length : 44\r\n\r\n" SECOND), 400 },
    { "NUL in the length", S(POST "Content-Length: 0\0004\r\n\r\n" SECOND), 400 },
    { "a huge length", S(POST "Content-Length: 99999999999999999999\r\n\r\n" SECOND), 400 },
    { "line feeds alone", S("POST /health/live HTTP/1.1\nHost: a\nContent-Length: 0\n\n" SECOND), 400 },
    { "a body with GET", S(GET "Content-Length: 46\r\n\r\n" SECOND), 400 },
    { "two hosts", S(GET "Host: b\r\n\r\n"), 400 },
    { "no host", S("GET /health/live HTTP/1.1\r\n\r\n"), 400 },
    { "no host, 1.0", S("GET /health/live HTTP/1.0\r\n\r\n" SECOND), 200 },
    { "a folded field", S(GET "X: a\r\n b\r\n\r\n"), 400 },
    { "NUL in a field", S(GET "X: a\0b\r\n\r\n"), 400 },
    { "a control byte", S(GET "X: a\x01\r\n\r\n"), 400 },
    { "an underscore", S(POST "Content_Length: 44\r\n\r\n" SECOND), 400 },
    { "an underscore elsewhere", S(GET "X_Odd: 1.2.3.4\r\nConnection: close\r\n\r\n"), 200 },
    { "no colon", S(GET "X\r\n\r\n"), 400 },
    { "a bare carriage return", S(GET "X: a\rY: b\r\n\r\n"), 400 },
    { "NUL escaped in the path", S("GET /health/live%00 HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
    { "NUL in the path", S("GET /health/live\0x HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
    { "an absolute target", S("GET http://b/health/live HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
    { "a tunnel", S("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
    { "HTTP/0.9", S("GET /health/live\r\n"), 400 },
    { "HTTP/2", S("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400 },
    { "HTTP/3.0", S("GET / HTTP/3.0\r\nHost: a\r\n\r\n"), 505 },
    { "TLS", S("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), 400 },
    { "a broken escape in the query", S("GET /health/live?a=%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
      400 },
    { "a parameter twice", S("GET /health/live?a=1&a=2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), 400 },
    { "a body that no path takes", S("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n"), 413 },
    { "a body that this path does not take",
      S("POST /health/live HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab" SECOND), 405 },
    { "two requests at once", S(GET END SECOND), 200 },
    { "two POSTs at once", S(POST "Content-Length: 0\r\n\r\n" SECOND), 405 },
    { "a POST that wants to stay", S(POST "Connection: keep-alive\r\nContent-Length: 1\r\n\r\na" SECOND), 405 },
    { "another method", S("DELETE /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), 405 },
    { "a lower-case method", S("get /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), 405 },
    { "no such path", S("GET /health/live/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), 404 },
};

TEST(a_hostile_request_is_answered_once_and_the_connection_closes)
{
    struct gate *g = gate_open(t, (struct gate_how){ 0 });

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct gate_answer got = gate_say(t, g, table[i].bytes);
        t->checked++;
        if (got.status != table[i].status || got.answers != 1 || !got.closed)
            test_fail(t, __FILE__, __LINE__, "%s: %d, %d answers, %s; expected %d", table[i].what, got.status,
                      got.answers, got.closed ? "closed" : "open", table[i].status);
    }
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(every_answer_has_the_security_headers) /* S-32 */
{
    static const char *const wanted[] = { "X-Content-Type-Options: nosniff\r\n",
                                          "X-Frame-Options: DENY\r\n",
                                          "Referrer-Policy: no-referrer\r\n",
                                          "Cross-Origin-Opener-Policy: same-origin\r\n",
                                          "Cache-Control: no-store\r\n",
                                          "frame-ancestors 'none'",
                                          "default-src 'none'" };
    struct gate *g = gate_open(t, (struct gate_how){ 0 });
    struct str requests[] = { S(GET "Connection: close\r\n\r\n"),
                              S("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), S(GET "Host: b\r\n\r\n") };

    for (size_t i = 0; i < 3; i++) {
        struct gate_answer got = gate_say(t, g, requests[i]);
        for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++)
            if (str_find(got.text, str_of(wanted[w])) == got.text.n)
                test_fail(t, __FILE__, __LINE__, "answer %zu (%d) lacks %s", i, got.status, wanted[w]);
        CHECK(str_find(got.text, S("Strict-Transport-Security")) == got.text.n); /* plain http */
    }
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(head_is_answered_without_a_body)
{
    struct gate *g = gate_open(t, (struct gate_how){ 0 });
    struct gate_answer got = gate_say(t, g, S("HEAD /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));

    CHECK_INT(got.status, 200);
    CHECK(str_has_suffix(got.text, S("\r\n\r\n")));
    CHECK(str_find(got.text, S("Content-Length: 13\r\n")) < got.text.n);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(a_405_says_what_is_allowed)
{
    struct gate *g = gate_open(t, (struct gate_how){ 0 });
    struct gate_answer got = gate_say(t, g, S(POST "Content-Length: 0\r\n\r\n"));

    CHECK_INT(got.status, 405);
    CHECK(str_find(got.text, S("\r\nAllow: GET, HEAD\r\n")) < got.text.n);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(a_connection_serves_many_requests_and_guards_each)
{
    struct gate *g = gate_open(t, (struct gate_how){ 0 });
    int fd = gate_connect(t, g);

    for (int i = 0; i < 5; i++) {
        gate_send(t, fd, S(GET END));
        CHECK_INT(gate_hear(t, fd, false).status, 200);
    }
    gate_send(t, fd, S("GET /health/live HTTP/1.1\nHost: a\n\n"));
    struct gate_answer got = gate_hear(t, fd, true);
    CHECK_INT(got.status, 400);
    CHECK(got.closed);
    (void)close(fd);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

static struct str with_large_cookie(struct arena *a, size_t n, const char *more)
{
    struct buf b = buf_new(a, 1 << 20);

    buf_add(&b, S(GET "Cookie: a="));
    for (size_t i = 0; i < n; i++)
        buf_byte(&b, 'x');
    buf_printf(&b, "\r\n%s\r\n", more);
    return buf_str(&b);
}

TEST(headers_of_any_size_follow_each_other_on_one_connection)
{
    static const size_t sizes[] = { 10, 13000, 10, 33000, 20000, 10 };
    struct gate *g = gate_open(t, (struct gate_how){ 0 });
    int fd = gate_connect(t, g);

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        gate_send(t, fd, with_large_cookie(t->arena, sizes[i], ""));
        CHECK_INT(gate_hear(t, fd, false).status, 200);
    }
    (void)close(fd);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        CHECK_INT(gate_say(t, g, with_large_cookie(t->arena, sizes[i], "Connection: close\r\n")).status, 200);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(hundreds_of_small_cookies_are_no_reason_to_hang_up)
{
    struct gate *g = gate_open(t, (struct gate_how){ 0 });

    for (int n = 50; n <= 6400; n *= 2) { /* 6400: 32 kB */
        struct buf b = buf_new(t->arena, 1 << 17);
        buf_add(&b, S(GET "Cookie: a=b"));
        for (int i = 1; i < n; i++)
            buf_add(&b, S("; a=b"));
        buf_add(&b, S("\r\nConnection: close\r\n\r\n"));
        CHECK_INT(gate_say(t, g, buf_str(&b)).status, 200);
    }
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(a_browser_with_too_many_cookies_is_asked_to_drop_them)
{
    struct gate *g = gate_open(t, (struct gate_how){ 0 });
    struct gate_answer a = gate_say(t, g, with_large_cookie(t->arena, 40000, ""));

    CHECK_INT(a.status, 431);
    CHECK(str_find(a.text, S("\r\nClear-Site-Data: \"cookies\"\r\n")) < a.text.n);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(a_header_may_come_byte_by_byte)
{
    struct gate *g = gate_open(t, (struct gate_how){ 0 });
    struct str text = S(GET "X: y\r\n\r\n");
    int fd = gate_connect(t, g);

    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < text.n; i++)
            gate_send(t, fd, str_sub(text, i, 1));
        CHECK_INT(gate_hear(t, fd, false).status, 200);
    }
    (void)close(fd);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(a_dripping_header_is_cut_with_408)
{
    struct gate *g = gate_open(t, (struct gate_how){ .header_s = 1 });
    int fd = gate_connect(t, g);
    struct gate_answer got = gate_drip(t, fd, S(GET "X: "), 'x');

    CHECK_INT(got.status, 408);
    CHECK(got.closed);
    (void)close(fd);
    /* The same in the second request of a connection. */
    fd = gate_connect(t, g);
    gate_send(t, fd, S(GET END));
    CHECK_INT(gate_hear(t, fd, false).status, 200);
    CHECK_INT(gate_drip(t, fd, S("G"), 'G').status, 408);
    (void)close(fd);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(a_dripping_body_is_cut_with_408)
{
    struct gate *g = gate_open(t, (struct gate_how){ .body_s = 1 });
    int fd = gate_connect(t, g);
    struct gate_answer got =
        gate_drip(t, fd, S("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n"), 'x');

    CHECK_INT(got.status, 408);
    CHECK(got.closed);
    (void)close(fd);
    CHECK_INT(gate_say(t, g, S(GET "Connection: close\r\n\r\n")).status, 200);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(a_silent_connection_is_closed_without_a_word)
{
    struct gate *g = gate_open(t, (struct gate_how){ .header_s = 1 });
    int fd = gate_connect(t, g);
    struct gate_answer got = gate_hear(t, fd, true);

    CHECK_INT(got.answers, 0);
    CHECK(got.closed);
    (void)close(fd);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

/* Whose form comes back in the address that the answer leads to. */
#define FORM "POST /oidc/end_session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"

static bool leads_to(struct gate_answer got, struct str where)
{
    return got.status == 303 && got.answers == 1 && got.closed && str_find(got.text, where) < got.text.n;
}

TEST(a_form_in_chunks_is_read_like_one_with_a_length) /* [RFC 9112 7.1] */
{
    static const struct str bodies[] = {
        S("9\r\nstate=abc\r\n0\r\n\r\n"),
        S("3\r\nsta\r\n3\r\nte=\r\n003\r\nabc\r\n00\r\n\r\n"),
        S("9;name=\"va;lue\" ; x\r\nstate=abc\r\n0;y\r\nX-Sum: 1\r\nState: none\r\n\r\n"),
        S("1\r\ns\r\n1\r\nt\r\n1\r\na\r\n1\r\nt\r\n1\r\ne\r\n1\r\n=\r\n3\r\nabc\r\n0\r\n\r\n"),
    };
    static const struct str where = S("\r\nLocation: /oidc/end_session?state=abc\r\n");
    struct gate *g = gate_open(t, (struct gate_how){ 0 });

    CHECK(leads_to(gate_say(t, g, S(FORM "Connection: close\r\nContent-Length: 9\r\n\r\nstate=abc")), where));
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct str bytes = arena_join(t->arena, S(FORM CHUNKED), bodies[i]);
        CHECK(leads_to(gate_say(t, g, arena_join(t->arena, bytes, S(SECOND))), where));
        int fd = gate_connect(t, g);
        for (size_t at = 0; at < bytes.n; at++)
            gate_send(t, fd, str_sub(bytes, at, 1));
        CHECK(leads_to(gate_hear(t, fd, true), where));
        (void)close(fd);
    }
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(a_large_form_in_chunks_comes_whole_and_no_larger_one_does)
{
    struct gate *g = gate_open(t, (struct gate_how){ 0 });
    struct buf b = buf_new(t->arena, 1 << 20);

    buf_add(&b, S(FORM CHUNKED "6\r\nstate=\r\n"));
    for (int i = 0; i < 800; i++)
        buf_add(&b, S("a\r\n0123456789\r\n"));
    struct str most = arena_join(t->arena, buf_str(&b), S("0\r\n\r\n"));
    struct gate_answer got = gate_say(t, g, most);
    CHECK(leads_to(got, S("Location: /oidc/end_session?state=0123456789")));
    for (int i = 0; i < 1000; i++)
        buf_add(&b, S("a\r\n0123456789\r\n"));
    CHECK_INT(gate_say(t, g, buf_str(&b)).status, 413);
    CHECK(gate_answers(t, g));
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(who_asks_first_whether_to_send_the_chunks_is_told_to) /* [RFC 9110 10.1.1] */
{
    struct gate *g = gate_open(t, (struct gate_how){ 0 });
    int fd = gate_connect(t, g);
    char piece[64] = "";

    gate_send(t, fd, S(FORM "Expect: 100-continue\r\n" CHUNKED));
    struct pollfd p = { fd, POLLIN, 0 };
    CHECK(poll(&p, 1, 10000) == 1 && recv(fd, piece, 25, MSG_WAITALL) == 25);
    CHECK_STR(str_of(piece), "HTTP/1.1 100 Continue\r\n\r\n");
    gate_send(t, fd, S("9\r\nstate=abc\r\n0\r\n\r\n"));
    CHECK(leads_to(gate_hear(t, fd, true), S("?state=abc\r\n")));
    (void)close(fd);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(chunks_may_follow_other_requests_on_a_connection)
{
    struct gate *g = gate_open(t, (struct gate_how){ 0 });
    int fd = gate_connect(t, g);

    for (int i = 0; i < 3; i++) {
        gate_send(t, fd, S(GET END));
        CHECK_INT(gate_hear(t, fd, false).status, 200);
    }
    gate_send(t, fd, S(FORM CHUNKED "9\r\nstate=abc\r\n0\r\n\r\n" SECOND));
    CHECK(leads_to(gate_hear(t, fd, true), S("?state=abc\r\n")));
    (void)close(fd);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(a_connection_stays_after_a_body_that_came_whole_and_alone)
{
    struct gate *g = gate_open(t, (struct gate_how){ 0 });
    int fd = gate_connect(t, g);

    for (int i = 0; i < 3; i++) {
        gate_send(t, fd, S(FORM "Content-Length: 9\r\n\r\nstate=abc"));
        struct gate_answer got = gate_hear(t, fd, false);
        CHECK_INT(got.status, 303);
        CHECK(str_find(got.text, S("?state=abc\r\n")) < got.text.n && str_find(got.text, S("close")) == got.text.n);
        gate_send(t, fd, S(GET END));
        CHECK_INT(gate_hear(t, fd, false).status, 200);
    }
    gate_send(t, fd, S(FORM "Content-Length: 9\r\n\r\nstate=abc" SECOND));
    CHECK(leads_to(gate_hear(t, fd, true), S("?state=abc\r\n")));
    (void)close(fd);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(a_connection_closes_after_a_body_that_came_later_than_its_header)
{
    struct gate *g = gate_open(t, (struct gate_how){ 0 });
    int fd = gate_connect(t, g);

    gate_send(t, fd, S(FORM "Expect: 100-continue\r\nContent-Length: 9\r\n\r\n"));
    CHECK_INT(gate_hear(t, fd, false).status, 100);
    gate_send(t, fd, S("state=abc"));
    CHECK(leads_to(gate_hear(t, fd, true), S("?state=abc\r\n")));
    (void)close(fd);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(chunks_that_drip_or_stop_are_cut)
{
    struct gate *g = gate_open(t, (struct gate_how){ .body_s = 1 });
    int fd = gate_connect(t, g);
    struct gate_answer got = gate_drip(t, fd, S("POST /nowhere HTTP/1.1\r\nHost: a\r\n" CHUNKED "8000\r\n"), 'x');

    CHECK_INT(got.status, 408);
    CHECK(got.closed);
    (void)close(fd);
    fd = gate_connect(t, g);
    gate_send(t, fd, S(FORM CHUNKED "9\r\nstate=abc\r\n0\r\n"));
    CHECK_INT(gate_hear(t, fd, true).status, 408); /* the empty line is missing */
    (void)close(fd);
    fd = gate_connect(t, g);
    gate_send(t, fd, S(FORM CHUNKED "9\r\nstate=abc\r\n0\r\n"));
    (void)shutdown(fd, SHUT_WR);
    CHECK_INT(gate_hear(t, fd, true).status, 400); /* it will not come */
    (void)close(fd);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(an_answer_that_is_written_by_hand_is_like_the_others)
{
    static const struct str odd = S("Cookie: c=\"\r\n"), close_it = S("Connection: close\r\n");
    static const char *const requests[] = { "GET /health/live", "HEAD /health/live", "GET /nowhere",
                                            "POST /health/live", "GET /.well-known/openid-configuration" };
    struct gate *g = gate_open(t, (struct gate_how){ 0 });

    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct str line = arena_printf(t->arena, "%s HTTP/1.1\r\nHost: a\r\n", requests[i]);
        struct gate_answer a = gate_say(t, g, arena_printf(t->arena, "%.*s%.*s\r\n", STR_ARG(line), STR_ARG(odd)));
        struct gate_answer b = gate_say(t, g, arena_printf(t->arena, "%.*s%.*s\r\n", STR_ARG(line), STR_ARG(close_it)));
        CHECK_INT(a.status, b.status);
        CHECK(a.answers == 1 && a.closed);
        CHECK_INT(a.text.n, b.text.n); /* the same fields, in another order */
        CHECK(str_find(a.text, S("\r\nDate: ")) < a.text.n);
    }
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

/* Places as the tests below give them: of an address 12, of its network 24, of all 96. */
enum { PLACES = 96, OF_ADDRESS = 12, OF_NETWORK = 24 };

struct crowd {
    int fds[1200], n;
};

static void join_crowd(struct test *t, struct gate *g, struct crowd *c, const char *address, int n, struct str says)
{
    for (int i = 0; i < n; i++) {
        int fd = c->fds[c->n++] = gate_connect_from(t, g, address);
        gate_send(t, fd, says);
    }
}

static int still_open(const struct crowd *c)
{
    int open = 0;

    for (int i = 0; i < c->n; i++)
        open += gate_is_open(c->fds[i]);
    return open;
}

static void end_crowd(struct crowd *c)
{
    while (c->n > 0)
        (void)close(c->fds[--c->n]);
}

static bool served_from(struct test *t, struct gate *g, const char *address)
{
    int fd = gate_connect_from(t, g, address);

    gate_send(t, fd, S(GET "Connection: close\r\n\r\n"));
    struct gate_answer got = gate_hear(t, fd, true);
    (void)close(fd);
    return got.status == 200 && got.answers == 1;
}

/* What somebody says who will say no more. */
static const struct str half_open[] = {
    S(""),
    S(GET "X: "),
    S("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"),
    S("POST /nowhere HTTP/1.1\r\nHost: a\r\n" CHUNKED "5\r\nhel"),
};

TEST(who_keeps_connections_open_loses_the_oldest_of_his_own_and_nobody_elses)
{
    struct gate *g = gate_open(t, (struct gate_how){ .connections_max = PLACES });
    static struct crowd c;

    if (!gate_descriptors(1300)) {
        test_skip(t, "too few file descriptors are allowed here");
        (void)gate_close(g);
        return;
    }
    int idle = gate_connect_from(t, g, "127.1.0.1");
    gate_send(t, idle, S(GET END));
    CHECK_INT(gate_hear(t, idle, false).status, 200);
    for (size_t i = 0; i < sizeof half_open / sizeof *half_open; i++) {
        join_crowd(t, g, &c, "127.0.0.5", 300, half_open[i]);
        CHECK(served_from(t, g, "127.0.0.5")); /* himself, in place of his oldest */
        CHECK(served_from(t, g, "127.0.0.6"));
        CHECK(served_from(t, g, "127.1.0.1"));
        int open = still_open(&c);
        CHECK(open > 0 && open <= OF_ADDRESS);
        CHECK(gate_is_open(c.fds[c.n - 1]));
        end_crowd(&c);
    }
    gate_send(t, idle, S(GET END));
    CHECK_INT(gate_hear(t, idle, false).status, 200); /* it was there before them all */
    (void)close(idle);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(who_must_go_with_half_a_header_looked_at_or_not_is_told_to_come_again)
{
    struct gate *g = gate_open(t, (struct gate_how){ .connections_max = PLACES });
    static struct crowd c;

    join_crowd(t, g, &c, "127.0.0.5", 1, S(GET "X: "));
    join_crowd(t, g, &c, "127.0.0.5", OF_ADDRESS, S(""));
    struct gate_answer got = gate_hear(t, c.fds[0], true);
    CHECK_INT(got.status, 503);
    CHECK(got.closed && str_find(got.text, S("\r\nRetry-After: ")) < got.text.n);
    end_crowd(&c);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(a_network_has_a_share_as_well)
{
    struct gate *g = gate_open(t, (struct gate_how){ .connections_max = PLACES });
    static struct crowd c;

    for (int host = 1; host <= 20; host++)
        join_crowd(t, g, &c, (const char *)arena_printf(t->arena, "127.0.9.%d%c", host, 0).p, 10, S(""));
    CHECK(served_from(t, g, "127.0.8.1"));
    CHECK(served_from(t, g, "127.0.9.99"));
    CHECK(still_open(&c) <= OF_NETWORK);
    end_crowd(&c);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(when_all_places_are_taken_the_oldest_silent_one_makes_room)
{
    struct gate *g = gate_open(t, (struct gate_how){ .connections_max = PLACES });
    static struct crowd c;

    for (int net = 1; net <= 20; net++)
        join_crowd(t, g, &c, (const char *)arena_printf(t->arena, "127.2.%d.1%c", net, 0).p, 8, S(""));
    for (int net = 1; net <= 20; net++)
        CHECK(served_from(t, g, (const char *)arena_printf(t->arena, "127.3.%d.1%c", net, 0).p));
    CHECK(still_open(&c) <= PLACES);
    CHECK(!gate_is_open(c.fds[0]));
    CHECK(gate_is_open(c.fds[c.n - 1]));
    end_crowd(&c);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

#define UPLOAD "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nX-Forwarded-For: "

TEST(a_proxy_has_no_share_and_those_behind_it_have_theirs)
{
    struct gate *g = gate_open(t, (struct gate_how){ .connections_max = PLACES, .trusted_proxy = "127.0.0.1" });
    static struct crowd c, other;

    join_crowd(t, g, &c, "127.0.0.1", 40, S("")); /* more than an address, or a network, may have */
    CHECK(gate_answers(t, g));
    CHECK_INT(still_open(&c), 40);
    join_crowd(t, g, &other, "127.0.0.1", 3, S(UPLOAD "198.51.100.7\r\n\r\nabc"));
    end_crowd(&c);
    join_crowd(t, g, &c, "127.0.0.1", 60, S(UPLOAD "203.0.113.5\r\n\r\nabc"));
    CHECK_INT(gate_hear(t, c.fds[0], true).status, 503); /* his oldest */
    CHECK(gate_answers(t, g));
    CHECK_INT(still_open(&c), OF_ADDRESS);
    CHECK_INT(still_open(&other), 3);
    gate_send(t, other.fds[0], S("defghi"));
    CHECK_INT(gate_hear(t, other.fds[0], true).status, 404);
    end_crowd(&c);
    end_crowd(&other);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(who_is_no_proxy_cannot_say_whose_share_it_is)
{
    struct gate *g = gate_open(t, (struct gate_how){ .connections_max = PLACES, .trusted_proxy = "127.0.0.1" });
    static struct crowd c;

    for (int i = 0; i < 60; i++)
        join_crowd(t, g, &c, "127.0.0.2", 1, arena_printf(t->arena, UPLOAD "203.0.113.%d\r\n\r\nabc", i));
    CHECK(served_from(t, g, "127.0.0.2"));
    CHECK(still_open(&c) <= OF_ADDRESS);
    end_crowd(&c);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(a_client_that_goes_away_in_any_state_leaves_nothing_behind)
{
    struct gate *g = gate_open(t, (struct gate_how){ .connections_max = 16 });
    static const struct str beginnings[] = {
        S(""),
        S("G"),
        S(GET),
        S(GET END),
        S("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"),
        S(GET END GET),
        S("GET / HTTP/1.1\nX"),
        S("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\nabc"),
        S("POST /nowhere HTTP/1.1\r\nHost: a\r\n" CHUNKED),
        S("POST /nowhere HTTP/1.1\r\nHost: a\r\n" CHUNKED "5\r\nhel"),
        S("POST /nowhere HTTP/1.1\r\nHost: a\r\n" CHUNKED "5\r\nhello\r\n0\r\n\r\n" SECOND),
        S(GET CHUNKED "x"),
    };

    /* Far more than there are slots: each one must come back. */
    for (int round = 0; round < 40; round++)
        for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
            int fd = gate_connect(t, g);
            gate_send(t, fd, beginnings[i]);
            if (round % 2 != 0)
                gate_reset(fd);
            (void)close(fd);
        }
    CHECK(gate_answers(t, g));
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}

TEST(health_and_metrics_are_not_for_who_comes_through_the_proxy)
{
    struct gate *g = gate_open(t, (struct gate_how){ 0 });

    CHECK_INT(gate_say(t, g, S("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).status, 200);
    CHECK_INT(
        gate_say(t, g, S("GET /metrics HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\nConnection: close\r\n\r\n"))
            .status,
        404);
    CHECK_INT(gate_close(g), GATEWAY_STOPPED);
}
