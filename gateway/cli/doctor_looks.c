/* SPDX-License-Identifier: EUPL-1.2 */
#include "alarms/alarms.h"
#include "alarms/schema.h"
#include "base/loop.h"
#include "base/world.h"
#include "certs/signer.h"
#include "gateway/cli/args.h"
#include "gateway/cli/doctor.h"
#include "gateway/node/findings.h"
#include "model/when.h"
#include "registry/registry.h"
#include "registry/stores.h"
#include "wire/kv_facts.h"
#include "wire/yaml.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

enum { DEPTH_MAX = 12, NAMED_MAX = 5, SOON_D = 30, TURN_MS = 50, GRACE_MS = 1000, BEHIND_S = 300 };
enum { REDIS_MAJOR = 6, REDIS_MINOR = 2, SQLITE_MAJOR = 3, SQLITE_MINOR = 35 };

static const char *in_state(struct look *x, const char *name)
{
    return arena_printf(x->arena, "%.*s/%s", STR_ARG(x->set->state_dir), name).p;
}

/* ── settings ───────────────────────────────────────────────────────────── */

bool look_settings(struct look *x, const char *path)
{
    struct settings scratch;
    struct fail f = { 0 };
    size_t wrong = 0;
    struct yaml *file = yaml_read_file(x->arena, path, &f);

    settings_defaults(&scratch);
    for (size_t i = 0; file != NULL && file->kind == YAML_MAP && i < file->n; i++) {
        struct fail why = { 0 };
        if (file->items[i]->kind != YAML_TEXT ||
            settings_set(&scratch, x->arena, file->keys[i], file->items[i]->text, &why))
            continue;
        wrong++;
        look_say(x, FINDING_BAD,
                 strcmp(why.code, "unknown_setting") == 0
                     ? "take the line away, or write it under its new name (digione serve --help lists them)"
                     : "write a value that this version takes",
                 "%s:%d: %s", path, file->key_lines[i], why.detail);
    }
    if (wrong > 0)
        return false;
    if (file == NULL || !settings_read_file(path, x->arena, &scratch, &f)) {
        look_say(x, FINDING_BAD, "mend the settings: nothing else can be looked at before", "%s", f.detail);
        return false;
    }
    look_say(x, FINDING_WELL, NULL, "%s: this version takes all of them", path);
    return true;
}

/* ── databases ──────────────────────────────────────────────────────────── */

static const struct db_schema *const stores[] = {
#define X(name) &name##_schema,
    STORES(X)
#undef X
        & alarms_schema,
};
enum { STORE_COUNT = sizeof stores / sizeof *stores };

static const char too_new_cure[] = "install the version that wrote it, or restore the backup from before";

/* On a copy in memory, as the start would. */
static void look_at_store(struct look *x, const struct db_schema *s, size_t *well)
{
    const char *path = in_state(x, arena_printf(x->arena, "registry/%s", s->file).p);
    struct fail f = { 0 };

    if (access(path, F_OK) != 0)
        return;
    struct db *d = db_open(path, DB_COPY, &f);
    if (d == NULL) {
        look_say(x, FINDING_BAD, "restore it from your backup", "%s", f.detail);
        return;
    }
    int64_t is = db_schema_version(d), will = s->table[s->n - 1].version;
    bool good = db_migrate(d, s->table, s->n, &f);
    db_close(d);
    if (!good)
        look_say(x, FINDING_BAD, is > will ? too_new_cure : "keep the version that runs, and report this",
                 "%s is of schema %lld, this program knows %lld: %s", s->file, (long long)is, (long long)will,
                 f.detail);
    else if (is < will)
        look_say(x, FINDING_WELL, NULL, "%s goes from schema %lld to %lld at the next start: tried on a copy", s->file,
                 (long long)is, (long long)will);
    *well += good ? 1 : 0;
}

static void look_at_registry(struct look *x, size_t *well)
{
    struct fail f = { 0 };

    if (access(in_state(x, "registry/registry.sqlite"), F_OK) != 0)
        return;
    struct db *now = registry_db_open(x->set, DB_READ_ONLY, &f);
    int64_t is = now != NULL ? db_schema_version(now) : 0;
    db_close(now);
    struct db *then = now != NULL ? registry_db_open(x->set, DB_COPY, &f) : NULL;
    if (then == NULL) {
        look_say(x, FINDING_BAD, strcmp(f.code, "db_too_new") == 0 ? too_new_cure : "restore it from your backup", "%s",
                 f.detail);
        return;
    }
    int64_t will = db_schema_version(then);
    if (is < will)
        look_say(x, FINDING_WELL, NULL,
                 "registry.sqlite goes from schema %lld to %lld at the next start: tried on a copy; there is no way "
                 "back but a backup (digione backup)",
                 (long long)is, (long long)will);
    db_close(then);
    ++*well;
}

static bool is_known_file(const char *name)
{
    for (size_t i = 0; i < STORE_COUNT; i++)
        if (strcmp(stores[i]->file, name) == 0)
            return true;
    return strcmp(name, "registry.sqlite") == 0;
}

void look_databases(struct look *x)
{
    size_t well = 0;
    DIR *d = opendir(in_state(x, "registry"));

    look_at_registry(x, &well);
    for (size_t i = 0; i < STORE_COUNT; i++)
        look_at_store(x, stores[i], &well);
    for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
        if (str_has_suffix(str_of(e->d_name), S(".sqlite")) && !is_known_file(e->d_name))
            look_say(x, FINDING_WARN, "was the node served by a newer version? Then install that one again",
                     "%s is no database that this version knows", e->d_name);
    if (d != NULL)
        (void)closedir(d);
    look_say(x, FINDING_WELL, NULL, "%zu can be read", well);
}

/* ── room ───────────────────────────────────────────────────────────────── */

void look_room(struct look *x)
{
    const char *path = arena_cstr(x->arena, x->set->state_dir);
    struct statvfs fs;

    if (statvfs(path, &fs) != 0)
        return; /* the state directory is not there yet */
    uint64_t free_B = (uint64_t)fs.f_bavail * fs.f_frsize, all_B = (uint64_t)fs.f_blocks * fs.f_frsize;
    bool low = findings_disk_is_low(free_B, all_B), no_names = fs.f_files > 0 && fs.f_favail < 1024;
    look_say(x, low || no_names ? FINDING_WARN : FINDING_WELL,
             low || no_names ? "make room: when it is full nobody signs in, since the audit log cannot be written"
                             : NULL,
             "%llu MB of %llu MB are free below %s%s", (unsigned long long)(free_B >> 20),
             (unsigned long long)(all_B >> 20), path, no_names ? ", and few files can be made" : "");
}

/* ── owners ─────────────────────────────────────────────────────────────── */

struct walk {
    struct look *look;
    size_t foreign;
};

static void walk_folder(struct walk *w, const char *folder, int depth)
{
    DIR *d = depth <= DEPTH_MAX ? opendir(folder) : NULL;

    for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || strcmp(e->d_name, "lost+found") == 0 ||
            fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        const char *path = arena_printf(w->look->arena, "%s/%s", folder, e->d_name).p;
        if (st.st_uid != geteuid() && ++w->foreign <= NAMED_MAX)
            look_say(w->look, FINDING_BAD, "give it to run_as: chown -R", "%s is of uid %u, the gateway is uid %u",
                     path, (unsigned)st.st_uid, (unsigned)geteuid());
        if (S_ISDIR(st.st_mode))
            walk_folder(w, path, depth + 1);
    }
    if (d != NULL)
        (void)closedir(d);
}

static size_t look_at_secret(struct look *x, const char *name, struct str path)
{
    const char *file = arena_cstr(x->arena, path);
    struct stat st;

    if (path.n == 0 || stat(file, &st) != 0)
        return 0; /* whether it must be there, the examinations say */
    if ((st.st_mode & 07) == 0)
        return 0;
    look_say(x, FINDING_WARN, "chmod o-rwx", "%s: everybody on this machine may use %s", name, file);
    return 1;
}

void look_owners(struct look *x)
{
    struct walk w = { .look = x };
    const struct {
        const char *name;
        struct str path;
    } secrets[] = { { "root_secret_file", x->set->root_secret_file },
                    { "keys_dir", x->set->keys_dir },
                    { "redis_password_file", x->set->redis_password_file },
                    { "redis_sentinel_password_file", x->set->redis_sentinel_password_file },
                    { "redis_tls_key_file", x->set->redis_tls_key_file },
                    { "outgoing_proxy_login_file", x->set->outgoing_proxy_login_file },
                    { "smtp_password_file", x->set->smtp_password_file } };
    size_t open = 0;

    walk_folder(&w, arena_cstr(x->arena, x->set->state_dir), 0);
    if (w.foreign > NAMED_MAX)
        look_say(x, FINDING_BAD, "give them to run_as: chown -R", "and %zu more", w.foreign - NAMED_MAX);
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        open += look_at_secret(x, secrets[i].name, secrets[i].path);
    if (w.foreign + open == 0)
        look_say(x, FINDING_WELL, NULL, "all in state_dir is run_as's, and no secret is others' to read");
}

/* ── what ends ──────────────────────────────────────────────────────────── */

/* ends_s: 0: it does not.  True: said. */
static bool say_end(struct look *x, int64_t ends_s, const char *cure, const char *what, struct str whose)
{
    if (ends_s <= 0 || ends_s - x->now_s > (int64_t)SOON_D * 86400)
        return false;
    bool over = ends_s <= x->now_s;
    look_say(x, over ? FINDING_BAD : FINDING_WARN, cure, "%s%s%.*s %s %.*s", what, whose.n > 0 ? " of " : "",
             STR_ARG(whose), over ? "has ended:" : "ends", STR_ARG(when_date(x->arena, ends_s)));
    return true;
}

static size_t look_at_keys(struct look *x)
{
    struct keys_stamp stamp;
    struct fail f = { 0 };
    const struct keyset *keys = signer_keys_stamp(x->set, &stamp) ? signer_keys_list(x->set, x->arena, &f) : NULL;

    return keys != NULL && say_end(x, keyset_ends_s(x->arena, keys, x->now_s), "make a new key in time: digione keys",
                                   "a certificate of the gateway's own", S(""))
               ? 1
               : 0;
}

static size_t look_at_rows(struct look *x)
{
    struct fail f = { 0 };
    size_t n = 0;
    struct db *d =
        access(in_state(x, "registry/registry.sqlite"), F_OK) == 0 ? registry_db_open(x->set, DB_COPY, &f) : NULL;
    struct registry *r = d != NULL ? registry_load(d, &f) : NULL;

    for (size_t i = 0; r != NULL && i < registry_parts(r)->idp_count; i++) {
        const struct idp *idp = &registry_parts(r)->idps[i];
        if (idp->enabled && idp->kind == IDP_OIDC && str_is_set(idp->client_secret_sealed))
            n += say_end(x, idp->client_secret_until_s, "get a new one from the municipality, and give it on its page",
                         "the secret", idp->id)
                     ? 1
                     : 0;
    }
    registry_drop(r);
    db_close(d);
    return n;
}

/* What the node looks at all day: certificates of cities and services, metadata, the mail server. */
static size_t look_at_alarms(struct look *x)
{
    struct fail f = { 0 };
    size_t n = 0;

    if (access(in_state(x, "registry/alarms.sqlite"), R_OK | W_OK) != 0)
        return 0;
    struct alarms *s = alarms_new(x->set);
    if (alarms_write(s, x->now_s, &f)) { /* reads what the gateway has written; there is nothing to write */
        const struct alarms_found all = alarms_read(s, x->arena, &area_nation, x->now_s);
        for (size_t i = 0; i < all.n; i++)
            if (alarm_is_open(&all.at[i])) {
                const char *name = alarm_row(all.at[i].code)->code;
                look_say(x, FINDING_WARN, arena_printf(x->arena, "docs/operating.md says what to do about %s", name).p,
                         "%s%s%.*s%s%.*s", name, all.at[i].subject.n > 0 ? ": " : "", STR_ARG(all.at[i].subject),
                         all.at[i].detail.n > 0 ? ", " : "", STR_ARG(all.at[i].detail));
                n++;
            }
    }
    alarms_free(s);
    return n;
}

void look_endings(struct look *x)
{
    if (look_at_keys(x) + look_at_rows(x) + look_at_alarms(x) == 0)
        look_say(x, FINDING_WELL, NULL, "nothing ends within %d days, and the node has found nothing", SOON_D);
}

/* ── Redis ──────────────────────────────────────────────────────────────── */

/* "7.0.15" is at least 6.2.  Absent, or none: true. */
static bool is_at_least(const char *version, long major, long minor)
{
    char *rest;
    long is = strtol(version, &rest, 10);

    if (rest == version || *rest != '.')
        return true;
    return is > major || (is == major && strtol(rest + 1, NULL, 10) >= minor);
}

static struct kv_facts ask_redis(struct look *x, bool private)
{
    struct settings set = *x->set;
    struct kv_config config;
    struct fail f = { 0 };

    if (private)
        set.redis = arena_printf(x->arena, "unix:%.*s/redis/redis.sock", STR_ARG(set.state_dir));
    if (!kv_config_read(&set, x->arena, &config, &f))
        return (struct kv_facts){ 0 };
    struct loop *l = loop_new(&world_real);
    struct kv *k = kv_new(l, &world_real, &config);
    int64_t until = loop_now_ms(l) + config.timeout_ms + GRACE_MS;
    while (!kv_ready(k) && loop_now_ms(l) < until)
        loop_turn(l, TURN_MS);
    struct kv_facts facts = kv_facts(k);
    kv_free(k);
    loop_free(l);
    return facts;
}

void look_redis(struct look *x)
{
    bool private = x->set->redis.n == 0 && x->set->redis_sentinels.n == 0;

    if (private && access(in_state(x, "redis/redis.sock"), F_OK) != 0) {
        look_say(x, FINDING_WELL, NULL, "a private one, which does not run now");
        return;
    }
    const struct kv_facts r = ask_redis(x, private);
    if (!r.known) {
        look_say(x, FINDING_WARN, "start it, and look again", "it does not answer: its version is not known");
        return;
    }
    if (!is_at_least(r.version, REDIS_MAJOR, REDIS_MINOR))
        look_say(x, FINDING_BAD, "install Redis 6.2 or later, or Valkey 8", "it is of version %s", r.version);
    if (!r.filed)
        look_say(x, FINDING_WARN, "CONFIG SET appendonly yes, and write that into its configuration",
                 "it keeps no append-only file: a restart signs everybody out");
    if (r.file_fails)
        look_say(x, FINDING_BAD, "make room on its disk", "it could not write its append-only file");
    if (r.policy[0] != '\0' && strcmp(r.policy, "noeviction") != 0)
        look_say(x, r.max_B > 0 ? FINDING_BAD : FINDING_WARN, "CONFIG SET maxmemory-policy noeviction",
                 "maxmemory_policy is %s: full, it would forget what was spent", r.policy);
    if (r.max_B > 0 && r.used_B > r.max_B / 5 * 4)
        look_say(x, FINDING_WARN, "raise maxmemory (redis_memory_MB of a private one)",
                 "%lld MB of the %lld MB that it may have are used", (long long)(r.used_B >> 20),
                 (long long)(r.max_B >> 20));
    look_say(x, FINDING_WELL, NULL, "version %s, %s an append-only file", r.version, r.filed ? "with" : "without");
}

/* ── clock ──────────────────────────────────────────────────────────────── */

void look_clock(struct look *x)
{
    static const char *const written[] = { "registry/registry.sqlite", "registry/sessions.sqlite-wal",
                                           "audit/heads.jsonl", "keys/keys.json" };
    struct timex t = { .modes = 0 };
    bool well = true;
    struct stat st;

    for (size_t i = 0; i < sizeof written / sizeof *written; i++)
        if (stat(in_state(x, written[i]), &st) == 0 && st.st_mtime > x->now_s + BEHIND_S) {
            look_say(x, FINDING_BAD, "set the clock right: chrony or systemd-timesyncd",
                     "the clock is behind: %s was written in what is its future", written[i]);
            well = false;
        }
    if (adjtimex(&t) == TIME_ERROR || (t.status & STA_UNSYNC) != 0) {
        look_say(x, FINDING_WARN, "see that chrony or systemd-timesyncd runs (timedatectl), here or on the host",
                 "the kernel does not know its clock to be kept right");
        well = false;
    }
    if (well)
        look_say(x, FINDING_WELL, NULL, "kept right");
}

/* ── libraries ──────────────────────────────────────────────────────────── */

static const char *sqlite_version(struct look *x)
{
    static const struct db_statement ask = { "sqlite_version", "SELECT sqlite_version()" };
    struct fail f = { 0 };
    struct db_rows rows = { 0 };
    struct db *d = db_open(in_state(x, "registry/none-of-that-name.sqlite"), DB_COPY, &f);
    bool good = d != NULL && db_query(d, &ask, NULL, 0, x->arena, &rows, &f) && rows.n == 1;

    db_close(d);
    return good ? arena_cstr(x->arena, rows.at[0].text) : "?";
}

void look_libraries(struct look *x)
{
    const char *sqlite = sqlite_version(x);
    unsigned long loaded = OpenSSL_version_num();

    if (loaded >> 28 != OPENSSL_VERSION_NUMBER >> 28 || loaded < (OPENSSL_VERSION_NUMBER & ~0xfffffUL))
        look_say(x, FINDING_WARN, "install the package of this program for this system",
                 "it was built with OpenSSL %s, and has %s", OPENSSL_VERSION_STR,
                 OpenSSL_version(OPENSSL_VERSION_STRING));
    if (!is_at_least(sqlite, SQLITE_MAJOR, SQLITE_MINOR))
        look_say(x, FINDING_BAD, "install libsqlite3-0 of Debian 12 or later", "SQLite is %s, needed is %d.%d", sqlite,
                 SQLITE_MAJOR, SQLITE_MINOR);
    look_say(x, FINDING_WELL, NULL, "OpenSSL %s, SQLite %s", OpenSSL_version(OPENSSL_VERSION_STRING), sqlite);
}
