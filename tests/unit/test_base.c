/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/codec.h"
#include "base/crypt.h"
#include "tests/test.h"

#include <pthread.h>
#include <string.h>

TEST(absent_text_equals_nothing)
{
    struct str absent = { NULL, 0 };

    CHECK(!str_eq(absent, absent));
    CHECK(!str_eq(absent, S("")));
    CHECK(str_eq(S(""), S("")));
    CHECK(!crypt_eq(absent, absent));
}

TEST(a_nul_byte_ends_nothing)
{
    CHECK(!str_eq(str_n("a\0b", 3), str_n("a\0c", 3)));
    CHECK(str_eq(arena_str(t->arena, str_n("a\0b", 3)), str_n("a\0b", 3)));
}

TEST(a_split_keeps_empty_parts_and_ends)
{
    struct str rest = S("a;;b"), part;

    CHECK(str_split(&rest, ';', &part));
    CHECK_STR(part, "a");
    CHECK(str_split(&rest, ';', &part));
    CHECK_STR(part, "");
    CHECK(str_split(&rest, ';', &part));
    CHECK_STR(part, "b");
    CHECK(!str_split(&rest, ';', &part));
}

TEST(integers_are_read_whole_and_never_overflow)
{
    int64_t v = 0;

    CHECK(str_int(S("-9223372036854775808"), &v) && v == INT64_MIN);
    CHECK(str_int(S("9223372036854775807"), &v) && v == INT64_MAX);
    CHECK(!str_int(S("9223372036854775808"), &v));
    CHECK(!str_int(S("-9223372036854775809"), &v));
    CHECK(!str_int(S(""), &v));
    CHECK(!str_int(S("-"), &v));
    CHECK(!str_int(S("1 "), &v));
    CHECK(!str_int(S("+1"), &v));
}

TEST(a_text_is_cut_between_characters)
{
    CHECK_STR(str_chars(S("äiti"), 2, 100), "äi");
    CHECK_STR(str_chars(S("äiti"), 100, 3), "äi");
    CHECK_STR(str_chars(S("iä"), 100, 2), "i");
    CHECK_STR(str_chars(S("äiti"), 0, 100), "");
    CHECK_STR(str_chars(S("äiti"), 4, 5), "äiti");
    CHECK_STR(str_chars(S("\xc3\xc3z"), 2, 100), "\xc3\xc3");
}

TEST(malformed_utf8_is_seen)
{
    CHECK(str_is_utf8(S("Åse Mäkelä čđšž €  𝄞")));
    CHECK(!str_is_utf8(S("\xC0\x80")));         /* overlong NUL */
    CHECK(!str_is_utf8(S("\xED\xA0\x80")));     /* surrogate */
    CHECK(!str_is_utf8(S("\xF4\x90\x80\x80"))); /* past U+10FFFF */
    CHECK(!str_is_utf8(S("abc\xE2\x82")));      /* cut */
}

TEST(a_buffer_past_its_ceiling_stays_refused)
{
    struct buf b = buf_new(t->arena, 4);

    buf_add(&b, S("abcd"));
    CHECK(buf_ok(&b));
    buf_byte(&b, 'e');
    CHECK(!buf_ok(&b));
    CHECK_STR(buf_str(&b), "abcd");
    buf_add(&b, S(""));
    CHECK(!buf_ok(&b));
}

static void note_release(void *handle)
{
    ++*(int *)handle;
}

TEST(adopted_handles_end_with_their_arena)
{
    struct arena *a = arena_new();
    int released = 0;

    arena_adopt(a, &released, note_release);
    arena_reset(a);
    CHECK_INT(released, 1);
    arena_adopt(a, &released, note_release);
    arena_free(a);
    CHECK_INT(released, 2);
}

TEST(memory_comes_zeroed_also_after_a_reset)
{
    struct arena *a = arena_new();
    char *p = arena_alloc(a, 100);

    memset(p, 0xff, 100);
    arena_reset(a);
    p = arena_alloc(a, 100);
    for (int i = 0; i < 100; i++)
        if (p[i] != 0)
            test_fail(t, __FILE__, __LINE__, "byte %d is not zero", i);
    CHECK_INT(arena_used(a), 112);
    arena_free(a);
}

TEST(printed_text_is_whole_wherever_a_block_ends_and_leaves_no_trace_behind_it)
{
    struct arena *a = arena_new();
    struct buf b = buf_new(a, 100000);

    for (int i = 1; i < 300; i++) {
        struct str said = arena_printf(a, "%0*d", i, i);
        struct str next = str_n(arena_alloc(a, 64), 64);
        if (said.n != (size_t)i || said.p[0] != '0' + (i == 1) || str_find_byte(next, '0', 0) != next.n)
            test_fail(t, __FILE__, __LINE__, "a text of %d characters", i);
        buf_printf(&b, "%0*d", i, i);
    }
    CHECK(buf_ok(&b));
    CHECK_INT(buf_str(&b).n, 299 * 300 / 2);
    CHECK_STR(str_from(buf_str(&b), buf_str(&b).n - 5), "00299");
    arena_free(a);
}

TEST(a_buffer_prints_up_to_its_ceiling_and_not_beyond)
{
    struct buf b = buf_new(t->arena, 10);

    buf_printf(&b, "%s", "123456789"); /* and a NUL */
    CHECK(buf_ok(&b));
    CHECK_STR(buf_str(&b), "123456789");
    buf_printf(&b, "%s", "x");
    CHECK(!buf_ok(&b));
}

TEST(base64_decoders_accept_only_the_canonical_text)
{
    struct str out;

    CHECK(b64_decode(t->arena, S("Zm9vYg=="), &out));
    CHECK_STR(out, "foob");
    CHECK(!b64_decode(t->arena, S("Zm9vYg"), &out));    /* no padding */
    CHECK(!b64_decode(t->arena, S("Zm9vYh=="), &out));  /* trailing bits */
    CHECK(!b64_decode(t->arena, S("Zm9v\nYg="), &out)); /* white space */
    CHECK(b64url_decode(t->arena, S("-_8"), &out));
    CHECK(!b64url_decode(t->arena, S("-_8="), &out));
    CHECK(!b64url_decode(t->arena, S("+/8"), &out));
    CHECK(b64url_decode(t->arena, S(""), &out) && out.n == 0);
    CHECK_STR(b64_encode(t->arena, S("fooba")), "Zm9vYmE=");
    CHECK_STR(b64url_encode(t->arena, S("fooba")), "Zm9vYmE");
    CHECK_STR(b32_encode(t->arena, S("foobar")), "mzxw6ytboi");
}

TEST(hashes_match_the_published_vectors) /* [FIPS 180-2 B.1, RFC 4231 4.3, RFC 5869 A.3] */
{
    CHECK_STR(sha256_hex(t->arena, S("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK_STR(
        hex_encode(t->arena, hmac_sha256(t->arena, hmac_key(t->arena, S("Jefe")), S("what do ya want for nothing?"))),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    struct str ikm = S("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b");
    CHECK_STR(hex_encode(t->arena, hkdf_sha256(t->arena, ikm, S(""), 42)),
              "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(a_seal_opens_only_unchanged_and_for_its_purpose)
{
    struct str key = S("0123456789abcdef0123456789abcdef"), out = { NULL, 0 };
    struct str sealed = crypt_seal(t->arena, &t->world, key, S("cookie"), S("Monday"));

    CHECK(crypt_open(t->arena, key, S("cookie"), sealed, &out));
    CHECK_STR(out, "Monday");
    CHECK(!crypt_open(t->arena, key, S("session"), sealed, &out));
    CHECK(!crypt_open(t->arena, key, S("cookie"), str_sub(sealed, 0, sealed.n - 1), &out));
    CHECK(!crypt_open(t->arena, key, S("cookie"), S("short"), &out));
    char *changed = arena_cstr(t->arena, sealed);
    changed[15] ^= 1;
    CHECK(!crypt_open(t->arena, key, S("cookie"), str_n(changed, sealed.n), &out));
}

enum { KEYS = 16, TURNS = 2000 }; /* more keys than a thread keeps ready */

/* Seals and opens under many keys in any order: each opens what was sealed under it, and nothing else. */
static void *seals_under_many_keys(void *seed_at)
{
    struct arena *a = arena_new();
    struct str keys[KEYS], sealed[KEYS] = { { NULL, 0 } }, out;
    uint64_t x = *(const uint64_t *)seed_at;
    size_t wrong = 0;

    for (size_t i = 0; i < KEYS; i++)
        keys[i] = sha256(a, arena_printf(a, "key %zu", i));
    for (int i = 0; i < TURNS; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        size_t k = x >> 60, other = x >> 56 & (KEYS - 1);
        if ((x >> 40 & 1) != 0)
            sealed[k] = crypt_seal(a, &world_real, keys[k], S("cookie"), keys[other]);
        bool opens = crypt_open(a, keys[other], S("cookie"), sealed[k], &out);
        wrong += opens != (k == other && sealed[k].p != NULL);
    }
    for (size_t k = 0; k < KEYS; k++)
        wrong += sealed[k].p != NULL && !crypt_open(a, keys[k], S("cookie"), sealed[k], &out);
    arena_free(a);
    return wrong == 0 ? NULL : seed_at;
}

TEST(a_seal_opens_by_its_own_key_alone_in_each_of_many_threads)
{
    pthread_t threads[4];
    uint64_t seeds[4] = { 1, 2, 3, 4 };
    void *wrong;

    for (size_t i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, seals_under_many_keys, &seeds[i]) == 0);
    for (size_t i = 0; i < 4; i++) {
        CHECK(pthread_join(threads[i], &wrong) == 0);
        CHECK(wrong == NULL);
    }
    CHECK(seals_under_many_keys(&seeds[0]) == NULL); /* this thread goes on */
}

TEST(the_first_failure_stands_and_is_printable)
{
    struct fail f = { 0 };

    CHECK(!fail(&f, FAIL_CALLER, "invalid_request", "bad\nvalue %d", 7));
    CHECK(!fail(&f, FAIL_OURS, "server_error", "later"));
    CHECK_STR(f.code, "invalid_request");
    CHECK_STR(f.detail, "bad?value 7");
    CHECK_INT(fail_status(f.kind), 400);
}

TEST(an_arena_that_is_used_again_gives_out_zeros) /* from as many blocks as it keeps, and more */
{
    enum { PIECES = 64, PIECE_B = 1024 };
    struct arena *a = arena_new();

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < PIECES; i++) {
            char *p = arena_alloc(a, PIECE_B);
            for (size_t k = 0; k < PIECE_B; k++)
                if (p[k] != 0)
                    test_fail(t, __FILE__, __LINE__, "round %d, piece %d, byte %zu is %d", round, i, k, p[k]);
            memset(p, 0x5a, PIECE_B);
        }
        t->checked++;
        arena_reset(a);
    }
    arena_free(a);
}

TEST(a_buffer_that_was_over_its_ceiling_takes_nothing_more)
{
    struct buf b = buf_new(t->arena, 10);

    buf_add(&b, S("12345"));
    buf_add(&b, S("6789012345"));
    buf_add(&b, S("6"));
    buf_byte(&b, '7');
    CHECK_INT(b.n, 5);
    CHECK(!buf_ok(&b));
}
