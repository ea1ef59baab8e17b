/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/process/state.h"

#include "audit/audit.h"
#include "base/seals.h"
#include "certs/signer.h"
#include "registry/registry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MARK_MAX_B = 64 };

/* ── what is there ──────────────────────────────────────────────────────── */

enum there { GONE = 0, UNKNOWN, EMPTY, FULL };

static enum there look_at(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return errno == ENOENT || errno == ENOTDIR ? GONE : UNKNOWN;
    return st.st_size > 0 ? FULL : EMPTY;
}

static const char *in_state(const struct settings *set, struct arena *a, const char *name)
{
    return arena_cstr(a, arena_printf(a, "%.*s/%s", STR_ARG(set->state_dir), name));
}

static const char *keys_index(const struct settings *set, struct arena *a)
{
    return arena_cstr(a, arena_join(a, set->keys_dir, S("/keys.json")));
}

static bool folder_has_bytes(const char *path)
{
    DIR *d = opendir(path);
    bool has = false;

    for (const struct dirent *e; d != NULL && !has && (e = readdir(d)) != NULL;) {
        struct stat st;
        has = e->d_name[0] != '.' && fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
              S_ISREG(st.st_mode) && st.st_size > 0;
    }
    if (d != NULL)
        (void)closedir(d);
    return has;
}

static bool has_registry(const struct settings *set, struct arena *a)
{
    /* What was committed last may stand beside the file. */
    return look_at(in_state(set, a, "registry/registry.sqlite")) == FULL ||
           look_at(in_state(set, a, "registry/registry.sqlite-wal")) == FULL;
}

static bool has_people(const struct settings *set, struct arena *a)
{
    return look_at(in_state(set, a, "registry/people.sqlite")) == FULL;
}

static bool has_pleas(const struct settings *set, struct arena *a)
{
    return look_at(in_state(set, a, "registry/pleas.sqlite")) == FULL;
}

static bool has_keys(const struct settings *set, struct arena *a)
{
    return look_at(keys_index(set, a)) == FULL;
}

static bool has_audit(const struct settings *set, struct arena *a)
{
    return audit_dir_used(in_state(set, a, "audit"));
}

static bool has_sessions(const struct settings *set, struct arena *a)
{
    return folder_has_bytes(in_state(set, a, "redis/appendonlydir"));
}

/* What was made with, or refers to, something else of the state. */
static const struct dependent {
    const char *what;
    bool (*is_there)(const struct settings *set, struct arena *a);
    bool on_secret, on_keys, on_registry;
} dependents[] = {
    { "the registry (registry/registry.sqlite)", has_registry, true, false, false },
    { "people's favourites (registry/people.sqlite)", has_people, true, false, true },
    { "people's requests (registry/pleas.sqlite)", has_pleas, true, false, true },
    { "the private keys (keys.json)", has_keys, true, false, false },
    { "the audit log (audit/)", has_audit, true, true, true },
    { "sessions (redis/appendonlydir)", has_sessions, true, false, false },
};
enum { DEPENDENTS = sizeof dependents / sizeof *dependents };

/* The first that depends on the member at that place; NULL: nothing does. */
static const char *first_on(const struct settings *set, struct arena *a, size_t member)
{
    for (size_t i = 0; i < DEPENDENTS; i++)
        if (*(const bool *)((const char *)&dependents[i] + member) && dependents[i].is_there(set, a))
            return dependents[i].what;
    return NULL;
}

/* ── the root secret ────────────────────────────────────────────────────── */

static const char *mark_path(const struct settings *set, struct arena *a)
{
    return in_state(set, a, "root-secret.mark");
}

/* 0: there is none, or none that can be read; the registry knows as well. */
static int64_t mark_read(const struct settings *set, struct arena *a)
{
    char text[MARK_MAX_B];
    int64_t mark = 0;
    int fd = open(mark_path(set, a), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text) : -1;

    if (fd >= 0)
        (void)close(fd);
    return n > 0 && str_int(str_trim(str_n(text, (size_t)n)), &mark) ? mark : 0;
}

static bool mark_write(const struct settings *set, struct arena *a, int64_t mark, struct fail *f)
{
    const char *path = mark_path(set, a), *part = arena_cstr(a, arena_printf(a, "%s.%ld", path, (long)getpid()));
    struct str text = arena_printf(a, "%lld\n", (long long)mark);

    if (mark_read(set, a) == mark)
        return true;
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;
    if (fd >= 0)
        (void)close(fd);
    ok = ok && rename(part, path) == 0;
    int why = errno;
    (void)unlink(part);
    return ok || fail(f, FAIL_OURS, "state_dir", "%s: %s", path, strerror(why));
}

static bool registry_agrees(const struct settings *set, struct arena *a, const struct seals *s, struct fail *f)
{
    if (!has_registry(set, a))
        return true;
    struct db *d = registry_db_open(set, DB_READ_ONLY, f);
    bool agrees = d != NULL && registry_fits_secret(d, s, f);
    db_close(d);
    return agrees;
}

static bool is_the_one(const struct settings *set, struct arena *a, const char *path, struct fail *f)
{
    struct arena *secret = arena_new_secret();
    const struct seals *s = seals_load(secret, path, f);
    struct fail why = { 0 };
    int64_t mark = mark_read(set, a);
    bool known = s != NULL && (mark == 0 || mark == seals_mark(s));
    bool fits = known && registry_agrees(set, a, s, &why);

    arena_free(secret);
    if (s == NULL || fits)
        return fits;
    if (known && strcmp(why.code, "root_secret_other") != 0) {
        *f = why; /* a registry that cannot be read says so itself */
        return false;
    }
    return fail(f, FAIL_OURS, "root_secret_other",
                "%s holds another root secret than this node was made with: restore it from your backup or correct "
                "root_secret_file (lost for good: digione restore --anew root-secret)",
                path);
}

bool state_secret(const struct settings *set, struct arena *a, struct fail *f)
{
    const char *path = arena_cstr(a, set->root_secret_file);
    enum there there = look_at(path);

    if (there == UNKNOWN)
        return fail(f, FAIL_OURS, "root_secret", "%s: %s", path, strerror(errno));
    if (there != GONE)
        return is_the_one(set, a, path, f);
    const char *what = first_on(set, a, offsetof(struct dependent, on_secret));
    return what == NULL ||
           fail(f, FAIL_OURS, "root_secret_lost",
                "%s is missing, and %s needs it: restore it from your backup or correct root_secret_file (lost for "
                "good: digione restore --anew root-secret)",
                path, what);
}

bool state_keep_secret(const struct settings *set, struct arena *a, struct fail *f)
{
    struct arena *secret = arena_new_secret();
    const struct seals *s = seals_load(secret, arena_cstr(secret, set->root_secret_file), f);
    bool kept = s != NULL && mark_write(set, a, seals_mark(s), f);

    if (kept && has_registry(set, a)) {
        struct db *d = registry_db_open(set, DB_WRITE, f);
        kept = d != NULL && registry_keep_secret(d, s, f);
        db_close(d);
    }
    arena_free(secret);
    return kept;
}

/* ── keys and registry ──────────────────────────────────────────────────── */

static bool keys_lost(const struct settings *set, struct arena *a, const char *what, struct fail *f)
{
    const char *on = first_on(set, a, offsetof(struct dependent, on_keys));

    return on == NULL ||
           fail(f, FAIL_OURS, "keys_lost",
                "%s %s, and %s was signed with keys of that folder: restore the folder from your backup or correct "
                "keys_dir (lost for good: digione restore --anew keys)",
                keys_index(set, a), what, on);
}

static bool lists_audit_key(const struct keyset *keys)
{
    size_t n;
    const struct public_key *all = keyset_keys(keys, &n);

    for (size_t i = 0; i < n; i++)
        if (all[i].use == KEY_AUDIT)
            return true;
    return false;
}

bool state_keys(const struct settings *set, struct arena *a, struct fail *f)
{
    const char *path = keys_index(set, a);
    enum there there = look_at(path);

    if (there == UNKNOWN)
        return fail(f, FAIL_OURS, "keys_unreadable", "%s: %s", path, strerror(errno));
    if (there == GONE)
        return keys_lost(set, a, "is missing", f);
    const struct keyset *keys = signer_keys_list(set, a, f);
    if (keys == NULL || !signer_keys_whole(set, a, f))
        return false;
    return lists_audit_key(keys) || keys_lost(set, a, "lists no key of --use audit", f);
}

bool state_registry(const struct settings *set, struct arena *a, struct fail *f)
{
    const char *path = in_state(set, a, "registry/registry.sqlite");
    enum there there = look_at(path);

    if (there == UNKNOWN)
        return fail(f, FAIL_OURS, "registry_lost", "%s: %s", path, strerror(errno));
    if (has_registry(set, a))
        return true;
    const char *on = first_on(set, a, offsetof(struct dependent, on_registry));
    return on == NULL || fail(f, FAIL_OURS, "registry_lost",
                              "%s is %s, and %s names what was in it: restore it from your backup, or import an export "
                              "(digione import; an empty one: digione restore --anew registry)",
                              path, there == GONE ? "missing" : "empty", on);
}
