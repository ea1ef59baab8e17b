/* SPDX-License-Identifier: EUPL-1.2
 * Any bytes as the file of a backup, and as what stands inside one: whoever has the public key can make that, too.  It
 * is refused with a code, nothing of it is left behind, and nothing is written beside the parts of a state. */
#include "certs/parcel.h"
#include "gateway/cli/backup.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RAW_KEY_B = 32, PIECE_B = 1024 };

/* Always the same pair, so that seeds can be made for it. */
static struct str key_in_pem(struct arena *a, bool private)
{
    unsigned char raw[RAW_KEY_B];
    char *text;

    memset(raw, 'k', sizeof raw);
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, raw, sizeof raw);
    BIO *bio = BIO_new(BIO_s_mem());
    assert(key != NULL && bio != NULL);
    assert((private ? PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) : PEM_write_bio_PUBKEY(bio, key)) ==
           1);
    long n = BIO_get_mem_data(bio, &text);
    struct str out = arena_str(a, str_n(text, (size_t)n));
    BIO_free(bio);
    EVP_PKEY_free(key);
    return out;
}

static int file_with(struct str bytes)
{
    int fd = memfd_create("backup", MFD_CLOEXEC);

    assert(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n && lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

static void as_file(struct arena *a, struct str bytes)
{
    char piece[PIECE_B];
    struct fail f = { 0 };
    int fd = file_with(bytes);
    struct parcel_in *p = parcel_in_new(a, key_in_pem(a, true), fd, &f);
    size_t taken = 0;

    assert((p != NULL) == (f.kind == FAIL_NONE));
    while (p != NULL && parcel_take(p, piece, 1 + taken % sizeof piece, &f))
        taken += 1 + taken % sizeof piece;
    assert(f.kind == FAIL_CALLER && taken <= bytes.n);
    (void)close(fd);
}

static void as_contents(struct arena *a, struct str plain)
{
    char dir[] = "/tmp/digione-fuzz-XXXXXX";
    struct backup_done done;
    struct fail f = { 0 };
    int fd = file_with(S(""));

    assert(mkdtemp(dir) != NULL);
    const struct settings set = { .state_dir = arena_printf(a, "%s/state", dir),
                                  .keys_dir = arena_printf(a, "%s/keys", dir),
                                  .root_secret_file = arena_printf(a, "%s/root-secret", dir) };
    assert(mkdir(arena_cstr(a, set.state_dir), 0700) == 0);
    struct parcel_out *p = parcel_out_new(a, &world_real, key_in_pem(a, false), fd, &f);
    assert(p != NULL && parcel_put(p, plain, &f) && parcel_finish(p, &f) && lseek(fd, 0, SEEK_SET) == 0);
    bool good = backup_read(&set, a, key_in_pem(a, true), (struct str){ NULL, 0 }, fd, &done, &f);
    assert(!good && f.kind != FAIL_NONE && f.code != NULL);
    assert(rmdir(arena_cstr(a, set.state_dir)) == 0 && rmdir(dir) == 0);
    (void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new_secret();

    as_file(a, str_n(data, size));
    as_contents(a, str_n(data, size));
    arena_free(a);
    return 0;
}
