/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/seals.h"

#include "base/codec.h"
#include "base/crypt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GENERATION = 1, ROOT_MIN_B = 32, ROOT_MAX_B = 4096 };

struct seals {
    struct str seal[SEAL_COUNT]; /* of GENERATION, the only one so far */
    const struct hmac_key *pairwise, *identity;
    int64_t mark;
};

static int64_t mark_of(struct str bytes)
{
    uint64_t n = 0;

    for (size_t i = 0; i < sizeof n; i++)
        n = n << 8 | (unsigned char)bytes.p[i];
    return (int64_t)(n >> 2) + 1; /* never 0, which means that there is none */
}

const struct seals *seals_of(struct arena *a, struct str secret)
{
    struct seals *s = arena_make(a, struct seals);

    s->seal[SEAL_COOKIE] = hkdf_sha256(a, secret, S("digione cookie seal 1"), SEAL_KEY_B);
    s->seal[SEAL_SESSION] = hkdf_sha256(a, secret, S("digione session seal 1"), SEAL_KEY_B);
    s->seal[SEAL_SECRET] = hkdf_sha256(a, secret, S("digione secret seal 1"), SEAL_KEY_B);
    s->pairwise = hmac_key(a, hkdf_sha256(a, secret, S("digione pairwise key"), SHA256_B));
    s->identity = hmac_key(a, hkdf_sha256(a, secret, S("digione identity code key"), SHA256_B));
    s->mark = mark_of(hkdf_sha256(a, secret, S("digione root secret mark"), SHA256_B));
    return s;
}

int64_t seals_mark(const struct seals *s)
{
    return s->mark;
}

/* The whole file, which others must not be able to read. */
static bool read_root(int fd, char *into, size_t cap, size_t *n, struct fail *f)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return fail(f, FAIL_OURS, "root_secret", "the root secret is not a regular file");
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(f, FAIL_OURS, "root_secret", "the root secret can be read by others: its mode must be 0600");
    *n = 0;
    for (ssize_t got; *n < cap && (got = read(fd, into + *n, cap - *n)) != 0;) {
        if (got < 0)
            return fail(f, FAIL_OURS, "root_secret", "the root secret: %s", strerror(errno));
        *n += (size_t)got;
    }
    return true;
}

const struct seals *seals_load(struct arena *a, const char *path, struct fail *f)
{
    char *bytes = arena_alloc(a, ROOT_MAX_B);
    size_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        (void)fail(f, FAIL_OURS, "root_secret", "%s: %s", path, strerror(errno));
        return NULL;
    }
    bool read_it = read_root(fd, bytes, ROOT_MAX_B, &n, f);
    (void)close(fd);
    if (!read_it)
        return NULL;
    struct str secret = str_trim(str_n(bytes, n)); /* an editor's newline changes no key */
    if (secret.n < ROOT_MIN_B) {
        (void)fail(f, FAIL_OURS, "root_secret", "%s holds %zu bytes; at least %d are needed", path, secret.n,
                   ROOT_MIN_B);
        return NULL;
    }
    return seals_of(a, secret);
}

/* A name that a power cut takes back would leave a registry without its secret. */
static bool sync_folder_of(struct arena *a, struct str path)
{
    size_t end = path.n;

    while (end > 0 && path.p[end - 1] != '/')
        end--;
    int fd = open(end == 0 ? "." : arena_cstr(a, str_sub(path, 0, end)), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

/* Linked to its name only when it is whole, so that a crash leaves no short secret. */
static bool write_root(const char *path, struct str text, struct fail *f)
{
    struct arena *scratch = arena_new();
    char *part = arena_cstr(scratch, arena_printf(scratch, "%s.%ld", path, (long)getpid()));
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;

    if (fd >= 0)
        (void)close(fd);
    ok = ok && (link(part, path) == 0 || errno == EEXIST);
    int why = errno;
    (void)unlink(part);
    if (ok && !sync_folder_of(scratch, str_of(path))) {
        why = errno;
        ok = false;
    }
    arena_free(scratch);
    return ok ? true : fail(f, FAIL_OURS, "root_secret", "cannot write %s: %s", path, strerror(why));
}

bool seals_prepare(const char *path, const struct world *w, struct fail *f)
{
    if (access(path, F_OK) == 0)
        return true;
    struct arena *a = arena_new_secret();
    unsigned char random[ROOT_MIN_B];
    world_random(w, random, sizeof random);
    bool ok = write_root(path, arena_printf(a, "%.*s\n", STR_ARG(hex_encode(a, str_n(random, sizeof random)))), f);
    explicit_bzero(random, sizeof random);
    arena_free(a);
    return ok;
}

struct str seal_close(struct arena *a, const struct world *w, const struct seals *s, enum seal seal, struct str bound,
                      struct str plain)
{
    return arena_join(a, str_n("\x01", 1), crypt_seal(a, w, s->seal[seal], bound, plain));
}

bool seal_open(struct arena *a, const struct seals *s, enum seal seal, struct str bound, struct str sealed,
               struct str *plain)
{
    return sealed.p != NULL && sealed.n > 1 && sealed.p[0] == GENERATION &&
           crypt_open(a, s->seal[seal], bound, str_from(sealed, 1), plain);
}

struct str seal_secret(struct arena *a, const struct world *w, const struct seals *s, struct str owner,
                       struct str plain)
{
    return b64url_encode(a, seal_close(a, w, s, SEAL_SECRET, owner, plain));
}

bool seal_secret_open(struct arena *a, const struct seals *s, struct str owner, struct str text, struct str *plain)
{
    struct str sealed;

    return b64url_decode(a, text, &sealed) && seal_open(a, s, SEAL_SECRET, owner, sealed, plain);
}

struct str seals_pairwise(struct arena *a, const struct seals *s, struct str part, struct str other_part)
{
    struct str text = arena_printf(a, "%zu:%.*s:%.*s", part.n, STR_ARG(part), STR_ARG(other_part));

    return hmac_sha256(a, s->pairwise, text);
}

struct str seals_identity(struct arena *a, const struct seals *s, struct str code)
{
    return hmac_sha256(a, s->identity, code);
}
