/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/http/guard.h"
#include "tests/test.h"

#include <string.h>

struct refusal {
    const char *what;
    struct str bytes;
    int status;
    const char *rule;
};

#define HEAD "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define END  "\r\n"

static void refuses(struct test *t, const struct refusal *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct guarded g;
        enum guard_says said = guard_read(rows[i].bytes, &g);
        t->checked++;
        if (said != GUARD_REFUSED || g.status != rows[i].status || strcmp(g.rule, rows[i].rule) != 0)
            test_fail(t, __FILE__, __LINE__, "%s: said %d, %d %s; expected %d %s", rows[i].what, (int)said,
                      said == GUARD_REFUSED ? g.status : 0, said == GUARD_REFUSED ? g.rule : "", rows[i].status,
                      rows[i].rule);
    }
}
#define REFUSES(rows) refuses(t, rows, sizeof rows / sizeof *rows)

TEST(a_whole_header_is_read)
{
    struct guarded g;
    struct str bytes = S("POST /oidc/token?x=%20&y HTTP/1.1\r\nHost: a.example:8443\r\nX-Odd:\t a b \t\r\nEmpty:\r\n"
                         "Content-Length: 5\r\n\r\nhelloGET");

    CHECK(guard_read(bytes, &g) == GUARD_WHOLE);
    CHECK(g.req.method == HTTP_POST);
    CHECK_STR(g.req.path, "/oidc/token");
    CHECK_STR(g.req.query, "x=%20&y");
    CHECK_STR(g.req.host, "a.example:8443");
    CHECK_STR(http_field(&g.req, S("x-odd")), "a b");
    CHECK_STR(http_field(&g.req, S("Empty")), "");
    CHECK_INT(g.body_B, 5);
    CHECK_INT(g.header_B, bytes.n - 8);
    CHECK(!g.close);
}

TEST(every_beginning_of_a_good_header_asks_for_more)
{
    struct str bytes = S("GET /a?b=c HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    struct guarded g;

    for (size_t n = 0; n < bytes.n; n++)
        CHECK(guard_read(str_sub(bytes, 0, n), &g) == GUARD_MORE);
    CHECK(guard_read(bytes, &g) == GUARD_WHOLE);
    CHECK(g.close);
}

TEST(a_message_whose_end_can_be_read_in_two_ways_is_refused) /* [RFC 9112 6.1, 6.3] */
{
    static const struct refusal rows[] = {
        { "length and chunks", S(POST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n" END), 400,
          "transfer_encoding" },
        { "chunks and length", S(POST "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n" END), 400,
          "transfer_encoding" },
        { "chunks twice", S(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END), 400,
          "transfer_encoding" },
        { "chunks and no coding", S(POST "Transfer-Encoding: chunked\r\ntransfer-encoding: identity\r\n" END), 400,
          "transfer_encoding" },
        { "chunks in a list", S(POST "Transfer-Encoding: gzip, chunked\r\n" END), 400, "transfer_encoding" },
        { "chunks first", S(POST "Transfer-Encoding: chunked, identity\r\n" END), 400, "transfer_encoding" },
        { "an empty entry in front", S(POST "Transfer-Encoding: ,chunked\r\n" END), 400, "transfer_encoding" },
        { "with a parameter", S(POST "Transfer-Encoding: chunked;q=1\r\n" END), 400, "transfer_encoding" },
        { "no coding", S(POST "Transfer-Encoding:\r\n" END), 400, "transfer_encoding" },
        { "quoted", S(POST "Transfer-Encoding: \"chunked\"\r\n" END), 400, "transfer_encoding" },
        { "a non-breaking space",
          S(POST "Transfer-Encoding: \xa0"
                 "chunked\r\n" END),
          400, "transfer_encoding" },
        { "chunks in HTTP/1.0", S("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), 400,
          "transfer_encoding" },
        { "chunks and no length", S(POST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n" END), 400,
          "transfer_encoding" },
        { "chunks, oddly written", S(POST "tRANSFER-eNCODING: xchunked\r\n" END), 400, "transfer_encoding" },
        { "identity", S(POST "Transfer-Encoding: identity\r\n" END), 400, "transfer_encoding" },
        { "two lengths", S(POST "Content-Length: 4\r\nContent-Length: 5\r\n" END), 400, "content_length" },
        { "one length twice", S(POST "Content-Length: 4\r\nContent-Length: 4\r\n" END), 400, "content_length" },
        { "a list of lengths", S(POST "Content-Length: 4, 4\r\n" END), 400, "content_length" },
        { "plus", S(POST "Content-Length: +4\r\n" END), 400, "content_length" },
        { "minus", S(POST "Content-Length: -4\r\n" END), 400, "content_length" },
        { "hexadecimal", S(POST "Content-Length: 0x4\r\n" END), 400, "content_length" },
        { "a space inside", S(POST "Content-Length: 4 4\r\n" END), 400, "content_length" },
        { "a comma", S(POST "Content-Length: 4,\r\n" END), 400, "content_length" },
        { "no digits", S(POST "Content-Length:\r\n" END), 400, "content_length" },
        { "a fraction", S(POST "Content-Length: 4.0\r\n" END), 400, "content_length" },
        { "quoted", S(POST "Content-Length: \"4\"\r\n" END), 400, "content_length" },
        { "past 64 bits", S(POST "Content-Length: 18446744073709551620\r\n" END), 400, "content_length" },
        { "a space before the colon", S(POST "Content-Length : 4\r\n" END), 400, "field_name" },
        { "a tab before the colon", S(POST "Transfer-Encoding\t: chunked\r\n" END), 400, "field_name" },
        { "an underscore", S(POST "Transfer_Encoding: chunked\r\n" END), 400, "underscore" },
        { "an underscore in the length", S(POST "content_LENGTH: 4\r\n" END), 400, "underscore" },
        { "a vertical tab", S(POST "Transfer-Encoding:\vchunked\r\n" END), 400, "control" },
        { "a body with GET", S(HEAD "Content-Length: 4\r\n" END), 400, "body" },
        { "another expectation", S(POST "Expect: 200-ok\r\n" END), 400, "expect" },
    };

    REFUSES(rows);
}

TEST(a_host_that_is_missing_doubled_or_no_host_is_refused) /* [RFC 9112 3.2] */
{
    static const struct refusal rows[] = {
        { "none", S("GET / HTTP/1.1\r\n\r\n"), 400, "host" },
        { "none, 1.2", S("GET / HTTP/1.2\r\n\r\n"), 400, "host" },
        { "two, 1.0", S("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"), 400, "host" },
        { "another one in the target", S("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "host" },
        { "a port in the target alone", S("GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "host" },
        { "a user in the target", S("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "host" },
        { "none in the target", S("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "host" },
        { "two", S(HEAD "Host: b\r\n" END), 400, "host" },
        { "the same twice", S(HEAD "host: a\r\n" END), 400, "host" },
        { "empty", S("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400, "host" },
        { "two words", S("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400, "host" },
        { "a user", S("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"), 400, "host" },
        { "a path", S("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400, "host" },
        { "a list", S("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"), 400, "host" },
        { "not ASCII", S("GET / HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n"), 400, "host" },
    };

    REFUSES(rows);
}

TEST(lines_that_end_or_continue_in_other_ways_are_refused) /* [RFC 9112 2.2, 5.2] */
{
    static const struct refusal rows[] = {
        { "line feeds alone", S("GET / HTTP/1.1\nHost: a\n\n"), 400, "bare_lf" },
        { "one line feed alone", S("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"), 400, "bare_lf" },
        { "an empty line by line feed", S("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400, "bare_lf" },
        { "carriage returns alone", S("GET / HTTP/1.1\rHost: a\r\r"), 400, "bare_cr" },
        { "a carriage return inside", S(HEAD "X: a\rb\r\n" END), 400, "bare_cr" },
        { "a doubled carriage return", S("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"), 400, "bare_cr" },
        { "folded", S(HEAD "X: a\r\n b\r\n" END), 400, "folded" },
        { "folded by a tab", S(POST "Transfer-Encoding:\r\n\tchunked\r\n" END), 400, "folded" },
        { "folded at once", S("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400, "folded" },
        { "two empty lines in front", S("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "method" },
        { "a line feed in front", S("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "bare_lf" },
        { "a carriage return in front", S("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "bare_cr" },
        { "NUL in a value", S(HEAD "X: a\0b\r\n" END), 400, "nul" },
        { "NUL in a name", S(HEAD "X\0: a\r\n" END), 400, "nul" },
        { "NUL in a length", S(POST "Content-Length: 4\0000\r\n" END), 400, "nul" },
        { "NUL in the path", S("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "nul" },
        { "NUL at the very start", S("\0"), 400, "nul" },
    };

    REFUSES(rows);
}

TEST(request_lines_that_are_none_are_refused) /* [RFC 9112 3] */
{
    static const struct refusal rows[] = {
        { "no version", S("GET /\r\n"), 400, "request_line" },
        { "nothing but a method", S("GET\r\n"), 400, "request_line" },
        { "two spaces", S("GET  / HTTP/1.1\r\n"), 400, "target" },
        { "a space behind", S("GET / HTTP/1.1 \r\n"), 400, "version" },
        { "two spaces behind", S("GET /  HTTP/1.1\r\n"), 400, "version" },
        { "a space in front", S(" GET / HTTP/1.1\r\n"), 400, "method" },
        { "a tab", S("GET\t/\tHTTP/1.1\r\n"), 400, "method" },
        { "a lower-case version", S("GET / http/1.1\r\n"), 400, "version" },
        { "1.10", S("GET / HTTP/1.10\r\n"), 400, "version" },
        { "0.9", S("GET / HTTP/0.9\r\n"), 505, "version" },
        { "1.x", S("GET / HTTP/1.x\r\n"), 400, "version" },
        { "2.0", S("PRI / HTTP/2.0\r\n"), 505, "version" },
        { "a colon in the method", S("GE:T / HTTP/1.1\r\n"), 400, "method" },
        { "not ASCII in the method", S("G\xc3\x84T / HTTP/1.1\r\n"), 400, "method" },
        { "an absolute target of another scheme", S("GET ftp://b/ HTTP/1.1\r\n"), 400, "target" },
        { "a scheme alone", S("GET http: HTTP/1.1\r\n"), 400, "target" },
        { "an authority", S("CONNECT b:443 HTTP/1.1\r\n"), 400, "target" },
        { "an asterisk", S("GET * HTTP/1.1\r\n"), 400, "target" },
        { "an asterisk and more", S("OPTIONS *? HTTP/1.1\r\n"), 400, "target" },
        { "no slash", S("GET x HTTP/1.1\r\n"), 400, "target" },
        { "only a query", S("GET ?x HTTP/1.1\r\n"), 400, "target" },
        { "a fragment", S("GET /#x HTTP/1.1\r\n"), 400, "target" },
        { "a fragment behind the query", S("GET /?x#x HTTP/1.1\r\n"), 400, "target" },
        { "a backslash", S("GET /\\x HTTP/1.1\r\n"), 400, "target" },
        { "a quote", S("GET /\"x HTTP/1.1\r\n"), 400, "target" },
        { "not ASCII", S("GET /\xc3\xa4 HTTP/1.1\r\n"), 400, "target" },
        { "not ASCII in the query", S("GET /?\xff HTTP/1.1\r\n"), 400, "target" },
        { "a control byte", S("GET /\x01 HTTP/1.1\r\n"), 400, "target" },
        { "a broken escape", S("GET /%4 HTTP/1.1\r\n"), 400, "target" },
        { "a wrong escape", S("GET /%zz HTTP/1.1\r\n"), 400, "target" },
        { "NUL escaped", S("GET /a%00b HTTP/1.1\r\n"), 400, "nul" },
        { "NUL escaped in the query", S("GET /?a=%00 HTTP/1.1\r\n"), 400, "nul" },
    };

    REFUSES(rows);
}

TEST(fields_that_are_none_are_refused) /* [RFC 9110 5.1, 5.5] */
{
    static const struct refusal rows[] = {
        { "no colon", S(HEAD "abc\r\n" END), 400, "field_name" },
        { "no name", S(HEAD ": a\r\n" END), 400, "field_name" },
        { "a space in the name", S(HEAD "a b: c\r\n" END), 400, "field_name" },
        { "brackets in the name", S(HEAD "a[b]: c\r\n" END), 400, "field_name" },
        { "not ASCII in the name", S(HEAD "\xc3\xa4: c\r\n" END), 400, "field_name" },
        { "an escape character", S(HEAD "a: \x1b[2J\r\n" END), 400, "control" },
        { "DEL", S(HEAD "a: \x7f\r\n" END), 400, "control" },
    };

    REFUSES(rows);
}

static struct str repeated(struct arena *a, struct str head, struct str line, size_t times, struct str tail)
{
    struct buf b = buf_new(a, 1 << 20);

    buf_add(&b, head);
    for (size_t i = 0; i < times; i++)
        buf_add(&b, line);
    buf_add(&b, tail);
    return buf_str(&b);
}

TEST(a_field_name_with_an_underscore_is_a_name_of_its_own) /* [RFC 9110 5.6.2] */
{
    struct guarded g;

    CHECK(guard_read(S(HEAD "X_Odd: 1\r\nX_Forwarded_For: 192.0.2.1\r\n_: x\r\nContent_Type: a\r\n" END), &g) ==
          GUARD_WHOLE);
    CHECK_STR(http_field(&g.req, S("X_Odd")), "1");
    CHECK(http_field(&g.req, S("X-Forwarded-For")).p == NULL);
    CHECK(http_field(&g.req, S("Content-Type")).p == NULL);
}

static bool reads(struct str bytes, struct guarded *g)
{
    return guard_read(bytes, g) == GUARD_WHOLE;
}

TEST(a_body_may_come_in_chunks) /* [RFC 9112 7.1] */
{
    static const struct str codings[] = { S("chunked"), S("Chunked"), S("CHUNKED"), S(" \tchunked\t ") };
    struct guarded g;

    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++) {
        struct str header = arena_printf(t->arena, POST "transfer-encoding:%.*s\r\n\r\n", STR_ARG(codings[i]));
        CHECK(reads(header, &g) && g.chunked && g.by_hand && g.body_B == 0 && !g.expects);
    }
    CHECK(reads(S(POST "Expect: 100-Continue\r\nTransfer-Encoding: chunked\r\n" END), &g) && g.expects);
    CHECK(reads(S(POST "Content-Length: 4\r\n" END), &g) && !g.chunked && !g.by_hand);
}

TEST(what_is_legal_and_the_library_would_misread_is_read_by_hand)
{
    struct guarded g;

    CHECK(reads(S(HEAD "Cookie: a=b; c=\"\r\n" END), &g) && g.by_hand);
    CHECK(reads(S(HEAD "Cookie: c=\"; d=e\r\n" END), &g) && g.by_hand);
    CHECK(reads(S(HEAD "Cookie: c=\"d\"\r\n" END), &g) && !g.by_hand);
    CHECK(reads(S("\r\n" HEAD END), &g) && g.by_hand);                                 /* [RFC 9112 2.2] */
    CHECK(reads(S("GET / HTTP/1.7\r\nHost: a\r\n\r\n"), &g) && g.by_hand && !g.close); /* [RFC 9110 2.5] */
    CHECK(reads(S("GET / HTTP/1.0\r\n\r\n"), &g) && !g.by_hand && g.close && g.req.host.n == 0);
    CHECK(reads(S("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), &g) && g.by_hand);
    CHECK_STR(g.req.path, "*");
}

TEST(a_target_may_name_the_host_again) /* [RFC 9112 3.2.2] */
{
    struct guarded g;

    CHECK(reads(S("GET http://a:80/b/c?d HTTP/1.1\r\nHost: A:80\r\n\r\n"), &g) && g.by_hand);
    CHECK_STR(g.req.path, "/b/c");
    CHECK_STR(g.req.query, "d");
    CHECK(reads(S("GET HTTPS://a HTTP/1.1\r\nHost: a\r\n\r\n"), &g));
    CHECK_STR(g.req.path, "/");
    CHECK(reads(S("GET https://a?b HTTP/1.1\r\nHost: a\r\n\r\n"), &g));
    CHECK_STR(g.req.path, "/");
    CHECK_STR(g.req.query, "b");
}

TEST(what_is_too_large_is_refused_before_it_is_whole)
{
    const struct refusal rows[] = {
        { "a line", repeated(t->arena, S("GET /"), S("a"), GUARD_LINE_MAX_B, S("")), 414, "line_length" },
        { "a whole line", repeated(t->arena, S("GET /"), S("a"), GUARD_LINE_MAX_B, S(" HTTP/1.1\r\n")), 414,
          "line_length" },
        { "fields", repeated(t->arena, S(HEAD), S("a: b\r\n"), GUARD_FIELDS_MAX, S("")), 431, "fields" },
        { "a field", repeated(t->arena, S(HEAD "a: "), S("b"), GUARD_HEADER_MAX_B, S("")), 431, "header_length" },
        { "a whole field", repeated(t->arena, S(HEAD "a: "), S("b"), GUARD_HEADER_MAX_B, S("\r\n\r\n")), 431,
          "header_length" },
    };
    struct guarded g;

    REFUSES(rows);
    CHECK(guard_read(repeated(t->arena, S(HEAD), S("a: b\r\n"), GUARD_FIELDS_MAX - 1, S("\r\n")), &g) == GUARD_WHOLE);
}

TEST(http_1_0_and_connection_close_end_the_connection)
{
    struct guarded g;

    CHECK(guard_read(S("GET / HTTP/1.0\r\nHost: a\r\n\r\n"), &g) == GUARD_WHOLE && g.close);
    CHECK(guard_read(S(HEAD "Connection: foo , CLOSE\r\n" END), &g) == GUARD_WHOLE && g.close);
    CHECK(guard_read(S(HEAD "Connection: keep-alive\r\n" END), &g) == GUARD_WHOLE && !g.close);
}
