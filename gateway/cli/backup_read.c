/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/cli/backup.h"

#include "audit/heads.h"
#include "certs/parcel.h"
#include "certs/signer.h"
#include "gateway/process/state.h"
#include "registry/registry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITE_B = 64 << 10, TREE_DEPTH_MAX = BACKUP_DEPTH_MAX + 4, ENTRIES_MAX = 4096 };

struct unpacking {
    struct settings staged; /* as the node's, where the parts stand until they are proven */
    const struct settings *set;
    struct arena *arena;
    struct parcel_in *parcel;
    struct backup_done *done;
    char *bytes; /* WRITE_B of them */
    struct fail *f;
};

/* ── folders ────────────────────────────────────────────────────────────── */

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Whatever stands there, gone is what it is meant to be. */
static void remove_tree(int at, const char *name, int depth)
{
    if (unlinkat(at, name, 0) == 0 || depth > TREE_DEPTH_MAX)
        return;
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

    for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
        if (!is_dots(e->d_name))
            remove_tree(dirfd(d), e->d_name, depth + 1);
    if (d != NULL)
        (void)closedir(d);
    (void)unlinkat(at, name, AT_REMOVEDIR);
}

static void remove_stage(struct unpacking *x)
{
    remove_tree(AT_FDCWD, arena_cstr(x->arena, x->staged.state_dir), 0);
    remove_tree(AT_FDCWD, arena_cstr(x->arena, x->staged.keys_dir), 0);
    remove_tree(AT_FDCWD, arena_cstr(x->arena, x->staged.root_secret_file), 0);
}

/* The first that stands there and was not made by whoever holds the lock; NULL: nothing does. */
static const char *first_in(struct unpacking *x, const char *folder)
{
    DIR *d = opendir(folder);
    const char *found = NULL;

    for (const struct dirent *e; d != NULL && found == NULL && (e = readdir(d)) != NULL;)
        if (!is_dots(e->d_name) && strcmp(e->d_name, "lock") != 0 && strcmp(e->d_name, "lost+found") != 0)
            found = arena_printf(x->arena, "%s/%s", folder, e->d_name).p;
    if (d != NULL)
        (void)closedir(d);
    return found;
}

static bool is_empty(struct unpacking *x)
{
    const char *secret = arena_cstr(x->arena, x->set->root_secret_file);
    const char *found = first_in(x, arena_cstr(x->arena, x->set->state_dir));

    if (found == NULL)
        found = first_in(x, arena_cstr(x->arena, x->set->keys_dir));
    if (found == NULL && access(secret, F_OK) == 0)
        found = secret;
    return found == NULL || fail(x->f, FAIL_CALLER, "not_empty",
                                 "%s is there: a backup is put back where nothing is yet; move it away first", found);
}

static bool sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        (void)close(fd);
    return good;
}

/* ── one file ───────────────────────────────────────────────────────────── */

static bool is_plain_name(struct str name)
{
    struct str rest = name, part;
    int parts = 0;

    while (str_split(&rest, '/', &part))
        if (part.n == 0 || part.p[0] == '.' || ++parts > BACKUP_DEPTH_MAX)
            return false;
    return name.n > 0 && name.p[name.n - 1] != '/' && str_find_byte(name, '\0', 0) == name.n;
}

bool backup_takes(struct str name)
{
    return str_eq(name, S("root-secret")) ||
           (is_plain_name(name) && (str_has_prefix(name, S("state/")) || str_has_prefix(name, S("keys/"))));
}

/* Where a file of that name is written; NULL: nowhere. */
static const char *place_of(struct unpacking *x, struct str name)
{
    if (!backup_takes(name))
        return NULL;
    if (str_eq(name, S("root-secret")))
        return arena_cstr(x->arena, x->staged.root_secret_file);
    if (str_has_prefix(name, S("state/")))
        return arena_cstr(x->arena, arena_join(x->arena, x->staged.state_dir, str_from(name, 5)));
    return arena_cstr(x->arena, arena_join(x->arena, x->staged.keys_dir, str_from(name, 4)));
}

static void make_folders_above(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700); /* what is wrong with it, opening the file will say */
        *slash = '/';
    }
}

static bool write_bytes(struct unpacking *x, int fd, const char *path, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t now = write(fd, x->bytes + at, n - at);
        if (now < 0 && errno != EINTR)
            return fail(x->f, FAIL_OURS, "file_unwritable", "%s: %s", path, strerror(errno));
        at += now > 0 ? (size_t)now : 0;
    }
    return true;
}

static bool take_bytes(struct unpacking *x, int fd, const char *path, int64_t size)
{
    unsigned char sum[SHA256_B], said[SHA256_B];

    parcel_in_sum(x->parcel, sum); /* begins anew */
    for (int64_t left = size; left > 0;) {
        size_t n = left < WRITE_B ? (size_t)left : WRITE_B;
        if (!parcel_take(x->parcel, x->bytes, n, x->f) || !write_bytes(x, fd, path, n))
            return false;
        left -= (int64_t)n;
    }
    parcel_in_sum(x->parcel, sum);
    if (!parcel_take(x->parcel, said, sizeof said, x->f))
        return false;
    if (memcmp(sum, said, sizeof sum) != 0)
        return fail(x->f, FAIL_CALLER, "parcel_damaged", "the sum of %s is another", path);
    return fsync(fd) == 0 || fail(x->f, FAIL_OURS, "file_unwritable", "%s: %s", path, strerror(errno));
}

static bool take_file(struct unpacking *x, struct str name, int64_t size)
{
    const char *path = place_of(x, name);

    if (path == NULL || size < 0)
        return fail(x->f, FAIL_CALLER, "parcel_damaged", "it holds \"%.*s\", which is no file of a node",
                    STR_ARG(name));
    make_folders_above(arena_cstr(x->arena, str_of(path)));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0 ? take_bytes(x, fd, path, size)
                        : fail(x->f, FAIL_OURS, "file_unwritable", "%s: %s", path, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    x->done->files++;
    x->done->bytes += (uint64_t)size;
    return good;
}

/* ── all of it ──────────────────────────────────────────────────────────── */

static bool take_line(struct unpacking *x, struct str *first, struct str *second)
{
    unsigned char n[2];
    char text[BACKUP_LINE_MAX_B];

    if (!parcel_take(x->parcel, n, sizeof n, x->f))
        return false;
    size_t length = (size_t)n[0] << 8 | n[1];
    if (length > sizeof text)
        return fail(x->f, FAIL_CALLER, "parcel_damaged", "a line in it is too long");
    if (!parcel_take(x->parcel, text, length, x->f))
        return false;
    struct str line = arena_str(x->arena, str_n(text, length));
    size_t space = str_find_byte(line, ' ', 0);
    *first = str_sub(line, 0, space);
    *second = str_from(line, space + 1);
    return true;
}

static bool take_beginning(struct unpacking *x)
{
    struct str word, rest, version;

    if (!take_line(x, &word, &rest))
        return false;
    (void)str_split(&rest, ' ', &version);
    return (str_eq(word, S("digione")) && str_int(rest, &x->done->made_at_s)) ||
           fail(x->f, FAIL_CALLER, "parcel_damaged", "it does not begin as a backup does");
}

static bool take_all(struct unpacking *x)
{
    struct str first, second;
    int64_t number;

    if (!take_beginning(x))
        return false;
    for (;;) {
        if (!take_line(x, &first, &second))
            return false;
        if (str_eq(first, S("end")))
            break;
        if (!str_int(first, &number))
            return fail(x->f, FAIL_CALLER, "parcel_damaged", "a line in it is none of a backup");
        if (!take_file(x, second, number))
            return false;
    }
    return (str_int(second, &number) && (uint64_t)number == x->done->files) ||
           fail(x->f, FAIL_CALLER, "parcel_damaged", "it does not hold all that it says");
}

static bool is_the_one(struct unpacking *x, struct str expected)
{
    x->done->digest = parcel_in_digest(x->arena, x->parcel);
    return expected.p == NULL || str_eq_case(x->done->digest, expected) ||
           fail(x->f, FAIL_CALLER, "digest", "its SHA-256 is %.*s: it is another backup", STR_ARG(x->done->digest));
}

/* ── whether it can be used ─────────────────────────────────────────────── */

static bool prove_databases(struct unpacking *x, const char *folder)
{
    DIR *dir = opendir(folder);
    bool good = true;

    for (const struct dirent *e; dir != NULL && good && (e = readdir(dir)) != NULL;)
        if (str_has_suffix(str_of(e->d_name), S(".sqlite"))) {
            struct db *d = db_open(arena_printf(x->arena, "%s/%s", folder, e->d_name).p, DB_WRITE, x->f);
            good = d != NULL;
            db_close(d);
        }
    if (dir != NULL)
        (void)closedir(dir);
    return good;
}

static bool head_holds(void *keys, uint64_t number, struct str head, struct str signature)
{
    return audit_head_holds(keys, number, head, signature);
}

static bool prove_log(struct unpacking *x)
{
    const char *folder = arena_printf(x->arena, "%.*s/audit", STR_ARG(x->staged.state_dir)).p;
    struct audit_report report;

    if (!audit_dir_used(folder))
        return true;
    const struct keyset *keys = signer_keys_list(&x->staged, x->arena, x->f);
    if (keys == NULL)
        return false;
    /* One that is minutes old has no signed head yet. */
    struct audit_check check = { .verify_head = head_holds,
                                 .self = (void *)(uintptr_t)keyset_audit(keys),
                                 .may_be_unsigned = true };
    return audit_verify(folder, x->arena, &check, &report) ||
           fail(x->f, FAIL_OURS, "audit_broken", "the audit log in it does not hold: %s: %.*s", report.error,
                STR_ARG(report.where));
}

/* Whose session was ended since would be in again, wherever Redis has it from. */
static bool end_sessions(struct unpacking *x)
{
    const char *path = arena_printf(x->arena, "%.*s/registry/registry.sqlite", STR_ARG(x->staged.state_dir)).p;
    int64_t epoch;

    if (access(path, F_OK) != 0)
        return true;
    struct db *d = registry_db_open(&x->staged, DB_WRITE, x->f); /* brings it up to date, or cannot */
    bool good = d != NULL && registry_session_epoch_raise(d, &epoch, x->f);
    db_close(d);
    return good;
}

static bool prove(struct unpacking *x)
{
    return prove_databases(x, arena_printf(x->arena, "%.*s/registry", STR_ARG(x->staged.state_dir)).p) &&
           state_secret(&x->staged, x->arena, x->f) && state_keys(&x->staged, x->arena, x->f) &&
           state_registry(&x->staged, x->arena, x->f) && prove_log(x) && end_sessions(x);
}

/* ── into its place ─────────────────────────────────────────────────────── */

static bool move(struct unpacking *x, const char *from, const char *to)
{
    return rename(from, to) == 0 || fail(x->f, FAIL_OURS, "file_unwritable", "%s: %s", to, strerror(errno));
}

static bool move_one(struct unpacking *x, const char *name)
{
    const char *from = arena_printf(x->arena, "%.*s/%s", STR_ARG(x->staged.state_dir), name).p;

    return access(from, F_OK) != 0 ||
           move(x, from, arena_printf(x->arena, "%.*s/%s", STR_ARG(x->set->state_dir), name).p);
}

/* The log first: beside it a start misses the secret, the keys and the registry, and makes none of them. */
static bool move_all(struct unpacking *x)
{
    const char *stage = arena_cstr(x->arena, x->staged.state_dir);
    const char *names[ENTRIES_MAX];
    size_t n = 0;
    DIR *d = opendir(stage);

    for (const struct dirent *e; d != NULL && n < ENTRIES_MAX && (e = readdir(d)) != NULL;)
        if (!is_dots(e->d_name))
            names[n++] = arena_cstr(x->arena, str_of(e->d_name));
    if (d != NULL)
        (void)closedir(d);
    if (n == ENTRIES_MAX)
        return fail(x->f, FAIL_OURS, "file_unwritable", "state_dir of the backup has %d files and more", ENTRIES_MAX);
    bool good = move_one(x, "audit");
    for (size_t i = 0; good && i < n; i++)
        good = move_one(x, names[i]);
    good = good && move(x, arena_cstr(x->arena, x->staged.keys_dir), arena_cstr(x->arena, x->set->keys_dir)) &&
           move(x, arena_cstr(x->arena, x->staged.root_secret_file), arena_cstr(x->arena, x->set->root_secret_file));
    return good && (sync_folder(arena_cstr(x->arena, x->set->state_dir)) ||
                    fail(x->f, FAIL_OURS, "file_unwritable", "state_dir: %s", strerror(errno)));
}

static struct str beside(struct arena *a, struct str path)
{
    while (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    return arena_printf(a, "%.*s." BACKUP_STAGE, STR_ARG(path));
}

bool backup_read(const struct settings *set, struct arena *a, struct str identity, struct str expected, int fd,
                 struct backup_done *out, struct fail *f)
{
    struct unpacking x = { .staged = *set, .set = set, .arena = a, .done = out, .f = f };

    *out = (struct backup_done){ 0 };
    x.bytes = arena_alloc(a, WRITE_B);
    x.staged.state_dir = arena_printf(a, "%.*s/" BACKUP_STAGE, STR_ARG(set->state_dir));
    x.staged.keys_dir = beside(a, set->keys_dir);
    x.staged.root_secret_file = beside(a, set->root_secret_file);
    remove_stage(&x); /* of one that was killed */
    if (!is_empty(&x))
        return false;
    x.parcel = parcel_in_new(a, identity, fd, f);
    bool good = x.parcel != NULL && take_all(&x) && parcel_all_taken(x.parcel, f) && is_the_one(&x, expected) &&
                prove(&x) && move_all(&x);
    remove_stage(&x);
    return good;
}
