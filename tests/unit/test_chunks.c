/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/http/chunks.h"
#include "tests/test.h"

#include <string.h>

enum { MOST_B = 1000 };

struct read {
    enum chunks_say said;
    struct chunks c;
    struct str body;
    size_t taken;
};

static struct read reads(struct test *t, struct str bytes)
{
    struct buf body = buf_new(t->arena, MOST_B);
    struct read r = { .c = { .most_B = MOST_B } };

    r.said = chunks_read(&r.c, bytes, &body, &r.taken);
    r.body = buf_str(&body);
    return r;
}

static const struct {
    struct str bytes;
    const char *body;
} good[] = {
    { S("0\r\n\r\n"), "" },
    { S("5\r\nhello\r\n0\r\n\r\n"), "hello" },
    { S("5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n"), "hello world" },
    { S("A\r\n0123456789\r\n0\r\n\r\n"), "0123456789" },
    { S("a\r\n0123456789\r\n000\r\n\r\n"), "0123456789" },
    { S("000000000000000a\r\n0123456789\r\n0\r\n\r\n"), "0123456789" },
    { S("4\r\n\r\n\r\n\r\n0\r\n\r\n"), "\r\n\r\n" },
    { S("5\r\n0\r\n\r\n\r\n0\r\n\r\n"), "0\r\n\r\n" },
    { S("1;a\r\nx\r\n0;b\r\n\r\n"), "x" },
    { S("1;a=b\r\nx\r\n0\r\n\r\n"), "x" },
    { S("1 ; a = b\t;c=\"d;\\\" e\"\r\nx\r\n0\r\n\r\n"), "x" },
    { S("1;a=\"\"\r\nx\r\n0\r\n\r\n"), "x" },
    { S("0\r\nX: y\r\n\r\n"), "" },
    { S("1\r\nx\r\n0\r\nX-Sum:\t 1 \r\nEmpty:\r\n\r\n"), "x" },
};

TEST(a_body_in_chunks_is_read_to_its_end_and_not_past_it) /* [RFC 9112 7.1] */
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct read r = reads(t, arena_join(t->arena, good[i].bytes, S("GET / HTTP/1.1\r\n")));
        t->checked++;
        if (r.said != CHUNKS_WHOLE || r.taken != good[i].bytes.n || r.body.n != strlen(good[i].body) ||
            memcmp(r.body.n > 0 ? r.body.p : "", good[i].body, r.body.n) != 0)
            test_fail(t, __FILE__, __LINE__, "%zu: said %d %s, took %zu of %zu, body \"%.*s\"", i, (int)r.said,
                      r.c.rule != NULL ? r.c.rule : "", r.taken, good[i].bytes.n, STR_ARG(r.body));
    }
}

TEST(every_beginning_of_chunks_asks_for_more)
{
    struct str bytes = S("5;a=\"b\\\"\";c\r\nhello\r\n0;d\r\nX: y\r\n\r\n");

    for (size_t n = 0; n < bytes.n; n++)
        CHECK(reads(t, str_sub(bytes, 0, n)).said == CHUNKS_MORE);
    CHECK(reads(t, bytes).said == CHUNKS_WHOLE);
}

static const struct {
    const char *what;
    struct str bytes;
    int status;
    const char *rule;
} refused[] = {
    { "no size", S("\r\n"), 400, "chunk" },
    { "an extension without a size", S(";a\r\n"), 400, "chunk" },
    { "0x", S("0x5\r\n"), 400, "chunk" },
    { "plus", S("+5\r\n"), 400, "chunk" },
    { "minus", S("-5\r\n"), 400, "chunk" },
    { "a space in front", S(" 5\r\n"), 400, "chunk" },
    { "an empty line in front", S("\r\n5\r\n"), 400, "chunk" },
    { "a space behind", S("5 \r\n"), 400, "chunk" },
    { "a tab behind", S("5\t\r\n"), 400, "chunk" },
    { "two sizes", S("5 5\r\n"), 400, "chunk" },
    { "a comma", S("5,5\r\n"), 400, "chunk" },
    { "an underscore", S("1_0\r\n"), 400, "chunk" },
    { "a letter past f", S("5g\r\n"), 400, "chunk" },
    { "a full-width digit", S("\xef\xbc\x95\r\n"), 400, "chunk" },
    { "NUL", S("5\0\r\n"), 400, "chunk" },
    { "seventeen digits", S("00000000000000005\r\n"), 400, "chunk" },
    { "a line feed alone behind the size", S("5\nhello"), 400, "bare_lf" },
    { "a carriage return alone behind the size", S("5\rhello"), 400, "bare_cr" },
    { "a doubled carriage return", S("5\r\r\nhello"), 400, "bare_cr" },
    { "data that is longer", S("5\r\nhelloX\r\n"), 400, "chunk" },
    { "data that is shorter", S("5\r\nhell\r\n0\r\n\r\n"), 400, "chunk" },
    { "a line feed alone behind the data", S("5\r\nhello\n"), 400, "chunk" },
    { "a carriage return alone behind the data", S("5\r\nhello\r5"), 400, "bare_cr" },
    { "nothing between two chunks", S("1\r\nx1\r\ny\r\n"), 400, "chunk" },
    { "the size of a terabyte", S("10000000000\r\n"), 413, "body_length" },
    { "64 bits", S("ffffffffffffffff\r\n"), 413, "body_length" },
    { "past 64 bits", S("10000000000000000\r\n"), 413, "body_length" },
    { "one more than may come", S("3e9\r\n"), 413, "body_length" },
    { "one more than may still come", S("2\r\nxx\r\n3e7\r\n"), 413, "body_length" },
    { "an extension without a name", S("5;\r\n"), 400, "chunk_extension" },
    { "two semicolons", S("5;;a\r\n"), 400, "chunk_extension" },
    { "an extension without a value", S("5;a=\r\n"), 400, "chunk_extension" },
    { "an extension of two words", S("5;a b\r\n"), 400, "chunk_extension" },
    { "a space behind an extension", S("5;a \r\n"), 400, "chunk_extension" },
    { "a space behind a value", S("5;a=b \r\n"), 400, "chunk" },
    { "two values", S("5;a=b=c\r\n"), 400, "chunk" },
    { "a line break in quotes", S("5;a=\"\r\n"), 400, "chunk_extension" },
    { "a line feed in quotes", S("5;a=\"\n\"\r\n"), 400, "chunk_extension" },
    { "a line feed in an extension", S("5;a\nhello"), 400, "bare_lf" },
    { "a line feed behind a semicolon", S("5;\nhello"), 400, "chunk_extension" },
    { "an escaped line break", S("5;a=\"\\\r\n\"\r\n"), 400, "chunk_extension" },
    { "NUL in quotes", S("5;a=\"\0\"\r\n"), 400, "chunk_extension" },
    { "a byte that no name has", S("5;a(b\r\n"), 400, "chunk" },
    { "a line feed alone at the end", S("0\r\n\n"), 400, "bare_lf" },
    { "a carriage return alone at the end", S("0\r\n\rG"), 400, "bare_cr" },
    { "a line feed alone behind the last size", S("0\n\r\n"), 400, "bare_lf" },
    { "a request behind the last size", S("0\r\nGET / HTTP/1.1\r\n\r\n"), 400, "trailer" },
    { "a length behind the body", S("0\r\nContent-Length: 5\r\n\r\n"), 400, "trailer" },
    { "a coding behind the body", S("0\r\ntransfer-ENCODING: chunked\r\n\r\n"), 400, "trailer" },
    { "a coding in disguise", S("0\r\nTransfer_Encoding: chunked\r\n\r\n"), 400, "trailer" },
    { "a host behind the body", S("0\r\nHost: a\r\n\r\n"), 400, "trailer" },
    { "a length behind another trailer", S("0\r\nX: y\r\nContent-Length: 5\r\n\r\n"), 400, "trailer" },
    { "a folded trailer", S("0\r\nX: y\r\n z\r\n\r\n"), 400, "trailer" },
    { "a trailer without a name", S("0\r\n: y\r\n\r\n"), 400, "trailer" },
    { "a space before the colon", S("0\r\nX : y\r\n\r\n"), 400, "trailer" },
    { "a control byte", S("0\r\nX: \x01\r\n\r\n"), 400, "trailer" },
    { "a line feed alone in a trailer", S("0\r\nX: y\nZ: q\r\n\r\n"), 400, "trailer" },
    { "a carriage return alone in a trailer", S("0\r\nX: y\rZ: q\r\n\r\n"), 400, "bare_cr" },
};

TEST(chunks_that_two_readers_might_read_in_two_ways_are_refused) /* [RFC 9112 7.1, 11.2] */
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct read r = reads(t, refused[i].bytes);
        t->checked++;
        if (r.said != CHUNKS_REFUSED || r.c.status != refused[i].status || strcmp(r.c.rule, refused[i].rule) != 0)
            test_fail(t, __FILE__, __LINE__, "%s: said %d, %d %s", refused[i].what, (int)r.said, r.c.status,
                      r.c.rule != NULL ? r.c.rule : "");
    }
}

static struct str padded(struct arena *a, const char *before, size_t n, const char *after)
{
    struct buf b = buf_new(a, 1 << 16);

    buf_add(&b, str_of(before));
    for (size_t i = 0; i < n; i++)
        buf_byte(&b, 'x');
    buf_add(&b, str_of(after));
    return buf_str(&b);
}

TEST(what_is_thrown_away_is_bounded_as_well)
{
    CHECK(reads(t, padded(t->arena, "0;", 4000, "\r\n\r\n")).said == CHUNKS_WHOLE);
    CHECK_STR(str_of(reads(t, padded(t->arena, "0;", 5000, "\r\n\r\n")).c.rule), "chunk_extension");
    CHECK(reads(t, padded(t->arena, "0\r\nX: ", 4000, "\r\n\r\n")).said == CHUNKS_WHOLE);
    CHECK_STR(str_of(reads(t, padded(t->arena, "0\r\nX: ", 5000, "\r\n\r\n")).c.rule), "trailer");
    CHECK_STR(str_of(reads(t, padded(t->arena, "0\r\n", CHUNKS_NAME_MAX_B + 1, ": y\r\n\r\n")).c.rule), "trailer");
    /* All together, not each. */
    struct str some = padded(t->arena, "1;", 3000, "\r\ny\r\n");
    CHECK_STR(str_of(reads(t, arena_join(t->arena, some, some)).c.rule), "chunk_extension");
}

TEST(as_much_as_may_come_comes)
{
    struct read r = reads(t, padded(t->arena, "3e8\r\n", MOST_B, "\r\n0\r\n\r\n"));

    CHECK(r.said == CHUNKS_WHOLE && r.body.n == MOST_B);
}
