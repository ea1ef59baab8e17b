/* SPDX-License-Identifier: EUPL-1.2 */
#include "certs/parcel.h"
#include "gateway/cli/backup.h"
#include "tests/test.h"

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct pair {
    struct str public, private;
};

static struct str text_of(struct test *t, BIO *bio)
{
    char *p;
    long n = BIO_get_mem_data(bio, &p);
    struct str out = arena_str(t->arena, str_n(p, (size_t)n));

    BIO_free(bio);
    return out;
}

static struct pair pair_of(struct test *t, EVP_PKEY *key)
{
    BIO *public = BIO_new(BIO_s_mem()), *private = BIO_new(BIO_s_mem());

    CHECK(key != NULL && PEM_write_bio_PUBKEY(public, key) == 1 &&
          PEM_write_bio_PrivateKey(private, key, NULL, NULL, 0, NULL, NULL) == 1);
    EVP_PKEY_free(key);
    struct pair p = { text_of(t, public), text_of(t, private) };
    return p;
}

static int file_with(struct test *t, struct str bytes)
{
    char path[] = "/tmp/digione-parcel-XXXXXX";
    int fd = mkstemp(path);

    CHECK(fd >= 0 && unlink(path) == 0);
    CHECK(write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n && lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

static struct str whole_of(struct test *t, int fd)
{
    off_t n = lseek(fd, 0, SEEK_END);
    char *out = arena_alloc(t->arena, (size_t)n + 1);

    CHECK(pread(fd, out, (size_t)n, 0) == n);
    (void)close(fd);
    return str_n(out, (size_t)n);
}

static struct str wrapped(struct test *t, struct str public, struct str plain)
{
    struct fail f = { 0 };
    int fd = file_with(t, S(""));
    struct parcel_out *p = parcel_out_new(t->arena, &world_real, public, fd, &f);

    CHECK(p != NULL && parcel_put(p, plain, &f) && parcel_finish(p, &f));
    struct str digest = parcel_out_digest(t->arena, p), bytes = whole_of(t, fd);
    CHECK(str_eq(digest, sha256_hex(t->arena, bytes)));
    return bytes;
}

static bool unwrapped(struct test *t, struct str private, struct str bytes, size_t n, struct str *out, struct fail *f)
{
    int fd = file_with(t, bytes);
    char *got = arena_alloc(t->arena, n + 1);
    struct arena *a = arena_new_secret();
    struct parcel_in *p = parcel_in_new(a, private, fd, f);
    bool good = p != NULL && parcel_take(p, got, n, f) && parcel_all_taken(p, f);

    *out = str_n(got, n);
    arena_free(a);
    (void)close(fd);
    return good;
}

TEST(a_parcel_is_read_by_the_holder_of_the_key_of_any_kind_and_by_nobody_else)
{
    const struct pair pairs[] = { pair_of(t, EVP_RSA_gen(2048)), pair_of(t, EVP_EC_gen("P-256")),
                                  pair_of(t, EVP_EC_gen("P-521")),
                                  pair_of(t, EVP_PKEY_Q_keygen(NULL, NULL, "X25519")) };
    enum { PAIRS = sizeof pairs / sizeof *pairs };
    const struct str plain = S("the root secret");

    for (size_t i = 0; i < PAIRS; i++) {
        struct str bytes = wrapped(t, pairs[i].public, plain), got;
        struct fail f = { 0 };
        CHECK(unwrapped(t, pairs[i].private, bytes, plain.n, &got, &f));
        CHECK(str_eq(got, plain));
        CHECK(str_find(bytes, plain) == bytes.n);
        CHECK(!unwrapped(t, pairs[(i + 1) % PAIRS].private, bytes, plain.n, &got, &f));
        CHECK_STR(str_of(f.code), "identity");
    }
}

TEST(a_parcel_of_any_length_comes_back)
{
    const struct pair pair = pair_of(t, EVP_PKEY_Q_keygen(NULL, NULL, "X25519"));
    const size_t sizes[] = {
        0, 1, PARCEL_PIECE_B - 1, PARCEL_PIECE_B, PARCEL_PIECE_B + 1, 2 * PARCEL_PIECE_B, 3 * PARCEL_PIECE_B + 5
    };

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *plain = arena_alloc(t->arena, sizes[i] + 1);
        struct str got;
        struct fail f = { 0 };
        for (size_t at = 0; at < sizes[i]; at++)
            plain[at] = (char)(at * 31 + at / 251);
        struct str bytes = wrapped(t, pair.public, str_n(plain, sizes[i]));
        CHECK(unwrapped(t, pair.private, bytes, sizes[i], &got, &f));
        CHECK(memcmp(got.p, plain, sizes[i]) == 0);
        CHECK(!unwrapped(t, pair.private, bytes, sizes[i] + 1, &got, &f));
        CHECK(sizes[i] == 0 || !unwrapped(t, pair.private, bytes, sizes[i] - 1, &got, &f));
        /* Whole pieces cut off, or one put behind the last. */
        if (sizes[i] > PARCEL_PIECE_B) {
            size_t piece = PARCEL_PIECE_B + SEAL_OVERHEAD_B, rest = sizes[i] % PARCEL_PIECE_B;
            size_t last = (rest != 0 ? rest : PARCEL_PIECE_B) + SEAL_OVERHEAD_B;
            CHECK(!unwrapped(t, pair.private, str_sub(bytes, 0, bytes.n - last), PARCEL_PIECE_B, &got, &f));
            CHECK_STR(str_of(f.code), "parcel_damaged");
            CHECK(!unwrapped(t, pair.private, arena_join(t->arena, bytes, str_from(bytes, bytes.n - piece)), sizes[i],
                             &got, &f));
        }
    }
}

TEST(no_byte_of_a_parcel_can_be_changed_left_out_or_added)
{
    const struct pair pair = pair_of(t, EVP_EC_gen("P-256"));
    const struct str plain = S("keys, registry and log");
    struct str bytes = wrapped(t, pair.public, plain), got;

    for (size_t i = 0; i < bytes.n; i++) {
        struct fail f = { 0 };
        char *other = arena_cstr(t->arena, bytes);
        other[i] ^= 1;
        CHECK(!unwrapped(t, pair.private, str_n(other, bytes.n), plain.n, &got, &f));
        CHECK(f.kind == FAIL_CALLER && f.detail[0] != '\0');
        CHECK(!unwrapped(t, pair.private, str_sub(bytes, 0, i), plain.n, &got, &f));
    }
    struct fail f = { 0 };
    CHECK(!unwrapped(t, pair.private, arena_join(t->arena, bytes, S("x")), plain.n, &got, &f));
}

TEST(a_key_that_is_none_or_too_weak_is_no_recipient)
{
    const struct pair weak = pair_of(t, EVP_RSA_gen(1024)),
                      signs = pair_of(t, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    const struct str pems[] = { weak.public, signs.public, S("no key"), S("") };

    for (size_t i = 0; i < sizeof pems / sizeof *pems; i++) {
        struct fail f = { 0 };
        int fd = file_with(t, S(""));
        CHECK(parcel_out_new(t->arena, &world_real, pems[i], fd, &f) == NULL);
        CHECK_STR(str_of(f.code), "recipient");
        CHECK(whole_of(t, fd).n == 0);
    }
}

/* ── what stands in a backup ────────────────────────────────────────────── */

struct rig {
    char dir[64];
    struct settings set;
    struct pair pair;
};

static void rig_new(struct test *t, struct rig *r)
{
    (void)snprintf(r->dir, sizeof r->dir, "/tmp/digione-backup-XXXXXX");
    CHECK(mkdtemp(r->dir) != NULL);
    r->set = (struct settings){ .state_dir = arena_printf(t->arena, "%s/state", r->dir),
                                .keys_dir = arena_printf(t->arena, "%s/state/keys", r->dir),
                                .root_secret_file = arena_printf(t->arena, "%s/state/root-secret", r->dir) };
    CHECK(mkdir(arena_cstr(t->arena, r->set.state_dir), 0700) == 0);
    r->pair = pair_of(t, EVP_PKEY_Q_keygen(NULL, NULL, "X25519"));
}

/* The folder must be empty but for the state's, which must be empty. */
static void rig_free(struct test *t, struct rig *r)
{
    CHECK(rmdir(arena_cstr(t->arena, r->set.state_dir)) == 0);
    CHECK(rmdir(r->dir) == 0);
}

/* As backup.h says: behind its length, in two bytes. */
static struct str line(struct test *t, const char *text)
{
    const char length[2] = { (char)(strlen(text) >> 8), (char)strlen(text) };

    return arena_join(t->arena, str_n(length, sizeof length), str_of(text));
}

static bool put_back(struct test *t, struct rig *r, struct str plain, struct fail *f)
{
    struct str bytes = wrapped(t, r->pair.public, plain);
    int fd = file_with(t, bytes);
    struct arena *a = arena_new_secret();
    struct backup_done done;
    bool good = backup_read(&r->set, a, r->pair.private, (struct str){ NULL, 0 }, fd, &done, f);

    arena_free(a);
    (void)close(fd);
    return good;
}

TEST(a_backup_writes_nowhere_but_into_the_parts_of_a_state)
{
    static const char *const names[] = { "state/../../evil",
                                         "../evil",
                                         "/etc/evil",
                                         "state//evil",
                                         "keys/../evil",
                                         "keys/.evil",
                                         "evil",
                                         "state/",
                                         "state/a/b/c/d/e/f/g/h/i",
                                         "keys",
                                         "state",
                                         "" };
    struct rig r;

    rig_new(t, &r);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct fail f = { 0 };
        struct str file = arena_join(t->arena, line(t, arena_printf(t->arena, "4 %s", names[i]).p),
                                     arena_join(t->arena, S("evil"), sha256(t->arena, S("evil"))));
        struct str plain =
            arena_join(t->arena, line(t, "digione 1.0.0 1764500000"), arena_join(t->arena, file, line(t, "end 1")));
        CHECK(!put_back(t, &r, plain, &f));
        CHECK_STR(str_of(f.code), "parcel_damaged");
        CHECK(strstr(f.detail, "no file of a node") != NULL);
    }
    rig_free(t, &r);
}

TEST(a_backup_that_is_not_whole_leaves_nothing_behind)
{
    struct rig r;
    struct str begin = line(t, "digione 1.0.0 1764500000"), end = line(t, "end 1");
    struct str file = arena_join(t->arena, line(t, "4 state/registry/x"),
                                 arena_join(t->arena, S("text"), sha256(t->arena, S("text"))));
    struct str other_sum = arena_join(t->arena, line(t, "4 state/registry/x"),
                                      arena_join(t->arena, S("text"), sha256(t->arena, S("next"))));
    const struct str plains[] = {
        S(""),
        begin,
        arena_join(t->arena, begin, file),                                         /* no end */
        arena_join(t->arena, begin, arena_join(t->arena, other_sum, end)),         /* a sum of something else */
        arena_join(t->arena, begin, arena_join(t->arena, file, line(t, "end 2"))), /* one is missing */
        arena_join(t->arena, begin,
                   arena_join(t->arena, file, arena_join(t->arena, file, line(t, "end 2")))), /* twice */
        arena_join(t->arena, begin, arena_join(t->arena, file, arena_join(t->arena, end, S("x")))),
        arena_join(t->arena, file, end),
        arena_join(t->arena, begin, arena_join(t->arena, line(t, "-1 state/registry/x"), end)),
    };

    rig_new(t, &r);
    for (size_t i = 0; i < sizeof plains / sizeof *plains; i++) {
        struct fail f = { 0 };
        CHECK(!put_back(t, &r, plains[i], &f));
        CHECK(f.detail[0] != '\0');
    }
    rig_free(t, &r);
}
