/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione backup -c FILE --to FILE --recipient PUBKEY.pem: all of a node that cannot be made again, in one file. */
#include "gateway/cli/backup.h"

#include "audit/audit.h"
#include "certs/parcel.h"
#include "gateway/cli/args.h"
#include "gateway/cli/cli.h"
#include "gateway/process/state.h"
#include "gateway/process/supervisor.h"
#include "wire/db.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_B = 64 << 10, SEGMENTS_MAX = 65536 };

static int help(void)
{
    (void)puts(
        "usage: digione backup -c FILE --to BACKUP --recipient PUBKEY.pem\n\n"
        "Writes all of this node that cannot be made again into one file: the root secret, keys, the registry and the\n"
        "files beside it, and the audit log with its heads.  The gateway may run; registry and audit log are of one\n"
        "moment.  Sessions are not in it.  The file is encrypted whole, to one public key: only who has the private\n"
        "half reads it, and this machine does not need it.\n\n"
        "  --to BACKUP             a file that is not there yet; it has its name once all of it is on the disk\n"
        "  --recipient PUBKEY.pem  of RSA (2048 bits or more), of a NIST curve, or X25519; a pair is made, on another\n"
        "                          machine, by: openssl genpkey -algorithm X25519 -out backup.key, and\n"
        "                          openssl pkey -in backup.key -pubout -out backup.pem\n\n"
        "Prints the SHA-256 of the file: kept apart from it, it proves at `digione restore` that the backup is this "
        "one.\n\n"
        "exit status: 0 done, 1 the key is of no use or the settings do not hold, 2 usage, 3 the machine failed");
    return CLI_OK;
}

/* ── what goes in ───────────────────────────────────────────────────────── */

struct packing {
    const struct settings *set;
    struct arena *arena;
    struct parcel_out *parcel;
    struct backup_done *done;
    char *bytes;              /* READ_B of them */
    const char *copy;         /* where a database's copy stands for a moment */
    struct stat keys, secret; /* put in by themselves, wherever they stand and however the settings write it */
    struct fail *f;
};

/* The audit log at the moment of the registry's copy: how far each file had come. */
struct log_file {
    struct str name;
    off_t size;
};

struct log_moment {
    struct log_file *at;
    size_t n;
    int heads_fd; /* held: thinning puts another file in its place; -1: there are none */
};

static bool put_line(struct packing *x, struct str line)
{
    const unsigned char n[2] = { (unsigned char)(line.n >> 8), (unsigned char)line.n };

    if (line.n > BACKUP_LINE_MAX_B)
        return fail(x->f, FAIL_OURS, "backup", "a file's name is too long: %.*s", STR_ARG(line));
    return parcel_put(x->parcel, str_n(n, 2), x->f) && parcel_put(x->parcel, line, x->f);
}

static bool put_bytes(struct packing *x, int fd, off_t size, struct str name)
{
    unsigned char sum[SHA256_B];

    parcel_out_sum(x->parcel, sum); /* begins anew */
    for (off_t at = 0; at < size;) {
        ssize_t n = pread(fd, x->bytes, size - at < READ_B ? (size_t)(size - at) : READ_B, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail(x->f, FAIL_OURS, "backup", "%.*s: %s", STR_ARG(name),
                        n < 0 ? strerror(errno) : "it became shorter meanwhile; try again");
        if (!parcel_put(x->parcel, str_n(x->bytes, (size_t)n), x->f))
            return false;
        at += n;
    }
    parcel_out_sum(x->parcel, sum);
    x->done->files++;
    x->done->bytes += (uint64_t)size;
    return parcel_put(x->parcel, str_n(sum, SHA256_B), x->f);
}

/* size: of a file that grows; -1: all of it. */
static bool put_open(struct packing *x, int fd, off_t size, struct str name)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return fail(x->f, FAIL_OURS, "backup", "%.*s is no file", STR_ARG(name));
    if (!backup_takes(name))
        return fail(x->f, FAIL_OURS, "backup", "%.*s stands too deep, and could not be put back", STR_ARG(name));
    if (size < 0)
        size = st.st_size;
    return put_line(x, arena_printf(x->arena, "%lld %.*s", (long long)size, STR_ARG(name))) &&
           put_bytes(x, fd, size, name);
}

static bool put_file(struct packing *x, const char *path, off_t size, struct str name)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool good =
        fd >= 0 ? put_open(x, fd, size, name) : fail(x->f, FAIL_OURS, "backup", "%s: %s", path, strerror(errno));

    if (fd >= 0)
        (void)close(fd);
    return good;
}

/* Copied as it is at one moment, while others write. */
static bool copy_database(struct packing *x, const char *path)
{
    struct db *d = db_open(path, DB_WRITE, x->f);
    bool good = d != NULL && ((void)unlink(x->copy), db_backup(d, x->copy, x->f));

    db_close(d);
    return good;
}

static bool put_copy(struct packing *x, struct str name)
{
    bool good = put_file(x, x->copy, -1, name);

    (void)unlink(x->copy);
    return good;
}

/* ── which files ────────────────────────────────────────────────────────── */

static bool is_one_of(const char *name, const char *const *list)
{
    while (*list != NULL && strcmp(*list, name) != 0)
        list++;
    return *list != NULL;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Made anew by every node, of this process alone, or put in by another way. */
static bool is_left_out(struct packing *x, struct str name)
{
    static const char *const names[] = {
        "state/redis", "state/audit", "state/lock", "state/lost+found", "state/registry/registry.sqlite", NULL
    };

    return str_eq(name, S("state/" BACKUP_STAGE)) || is_one_of(arena_cstr(x->arena, name), names) ||
           str_has_suffix(name, S(".sqlite-wal")) || str_has_suffix(name, S(".sqlite-shm")) ||
           str_has_suffix(name, S("." BACKUP_STAGE)) || str_has_suffix(name, S(".part")) ||
           str_has_prefix(name, S("state/metadata/fetched-"));
}

static bool put_folder(struct packing *x, const char *folder, struct str name, int depth);

static bool put_entry(struct packing *x, const char *path, struct str name, int depth)
{
    struct stat st;

    if (is_left_out(x, name))
        return true;
    if (lstat(path, &st) != 0)
        return errno == ENOENT || fail(x->f, FAIL_OURS, "backup", "%s: %s", path, strerror(errno));
    if (is_same(&st, &x->keys) || is_same(&st, &x->secret))
        return true;
    if (S_ISDIR(st.st_mode))
        return put_folder(x, path, arena_join(x->arena, name, S("/")), depth + 1);
    if (!S_ISREG(st.st_mode))
        return true; /* sockets */
    if (str_has_suffix(name, S(".sqlite")))
        return copy_database(x, path) && put_copy(x, name);
    return put_file(x, path, -1, name);
}

static bool put_folder(struct packing *x, const char *folder, struct str name, int depth)
{
    DIR *d = depth <= BACKUP_DEPTH_MAX ? opendir(folder) : NULL;
    bool good = true;

    if (d == NULL)
        return fail(x->f, FAIL_OURS, "backup", "%s: %s", folder,
                    depth > BACKUP_DEPTH_MAX ? "folders stand too deep in one another" : strerror(errno));
    for (const struct dirent *e; good && (e = readdir(d)) != NULL;)
        if (e->d_name[0] != '.') /* no file of a node: an editor's, a shell's history */
            good = put_entry(x, arena_printf(x->arena, "%s/%s", folder, e->d_name).p,
                             arena_printf(x->arena, "%.*s%s", STR_ARG(name), e->d_name), depth);
    (void)closedir(d);
    return good;
}

static const char *in_state(struct packing *x, const char *name)
{
    return arena_printf(x->arena, "%.*s/%s", STR_ARG(x->set->state_dir), name).p;
}

/* ── one moment of registry and audit log ───────────────────────────────── */

static bool is_segment(const char *name)
{
    return str_has_prefix(str_of(name), S("audit-")) && str_has_suffix(str_of(name), S(".jsonl"));
}

static bool look_at_log(struct packing *x, struct log_moment *m)
{
    const char *folder = in_state(x, "audit");
    DIR *d = opendir(folder);
    struct stat st;

    m->heads_fd = -1;
    m->n = 0;
    if (d == NULL)
        return errno == ENOENT || fail(x->f, FAIL_OURS, "backup", "%s: %s", folder, strerror(errno));
    m->at = arena_make_n(x->arena, SEGMENTS_MAX, struct log_file);
    m->heads_fd = openat(dirfd(d), "heads.jsonl", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    /* Heads first: what they vouch for is in the segments then. */
    if (m->heads_fd >= 0 && fstat(m->heads_fd, &st) == 0)
        m->at[m->n++] = (struct log_file){ S("heads.jsonl"), st.st_size };
    for (const struct dirent *e; (e = readdir(d)) != NULL && m->n < SEGMENTS_MAX;)
        if (is_segment(e->d_name) && fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
            m->at[m->n++] = (struct log_file){ arena_str(x->arena, str_of(e->d_name)), st.st_size };
    (void)closedir(d);
    return m->n < SEGMENTS_MAX || fail(x->f, FAIL_OURS, "backup", "the audit log has more than %d files", SEGMENTS_MAX);
}

/* A change waits in the registry until the log has it.  While nobody can write there, how far the log is and the
 * registry's copy are as after a power cut at that moment, and go on as after one. */
static bool take_moment(struct packing *x, struct log_moment *m, bool *has_registry)
{
    const char *path = in_state(x, "registry/registry.sqlite");
    struct stat st;

    *has_registry = stat(path, &st) == 0;
    if (!*has_registry)
        return look_at_log(x, m);
    struct db *d = db_open(path, DB_WRITE, x->f);
    bool held = d != NULL && db_begin(d, x->f);
    bool good = held && look_at_log(x, m) && copy_database(x, path);
    if (held)
        db_rollback(d);
    db_close(d);
    return good;
}

static bool put_log(struct packing *x, const struct log_moment *m)
{
    bool good = true;

    for (size_t i = 0; good && i < m->n; i++) {
        struct str name = arena_join(x->arena, S("state/audit/"), m->at[i].name);
        good = i == 0 && m->heads_fd >= 0
                   ? put_open(x, m->heads_fd, m->at[i].size, name)
                   : put_file(x, in_state(x, arena_cstr(x->arena, str_from(name, 6))), m->at[i].size, name);
    }
    if (m->heads_fd >= 0)
        (void)close(m->heads_fd);
    return good;
}

static bool put_all(struct packing *x)
{
    struct log_moment log = { .heads_fd = -1 };
    bool has_registry;
    const char *keys = arena_cstr(x->arena, x->set->keys_dir);

    if (!take_moment(x, &log, &has_registry))
        return false;
    return (!has_registry || put_copy(x, S("state/registry/registry.sqlite"))) && put_log(x, &log) &&
           put_file(x, arena_cstr(x->arena, x->set->root_secret_file), -1, S("root-secret")) &&
           put_folder(x, keys, S("keys/"), 1) && put_folder(x, arena_cstr(x->arena, x->set->state_dir), S("state/"), 1);
}

bool backup_write(const struct settings *set, struct arena *a, struct str recipient, int fd, struct backup_done *out,
                  struct fail *f)
{
    struct packing x = { .set = set, .arena = a, .done = out, .f = f };

    x.bytes = arena_alloc(a, READ_B);
    *out = (struct backup_done){ 0 };
    x.copy = arena_printf(a, "%.*s/backup-%ld.part", STR_ARG(set->state_dir), (long)getpid()).p;
    x.parcel = parcel_out_new(a, &world_real, recipient, fd, f);
    if (x.parcel == NULL)
        return false;
    (void)stat(arena_cstr(a, set->keys_dir), &x.keys); /* what is not there cannot be put in, and says so then */
    (void)stat(arena_cstr(a, set->root_secret_file), &x.secret);
    bool good =
        put_line(&x, arena_printf(a, "digione " DIGIONE_VERSION " %lld", (long long)world_now_s(&world_real))) &&
        put_all(&x) && put_line(&x, arena_printf(a, "end %" PRIu64, out->files)) && parcel_finish(x.parcel, f);
    (void)unlink(x.copy);
    if (good)
        out->digest = parcel_out_digest(a, x.parcel);
    return good;
}

/* ── the word ───────────────────────────────────────────────────────────── */

struct words {
    const char *config, *to, *recipient;
};

/* As the user who owns the state: SQLite makes files beside a database while it is read. */
static void write_as_owner(const char *word, const struct settings *set, struct arena *a, struct str recipient, int fd)
{
    struct backup_done done;
    struct fail f = { 0 };

    if (!supervisor_become(set, a, &f) || !state_secret(set, a, &f) || !state_keys(set, a, &f) ||
        !backup_write(set, a, recipient, fd, &done, &f))
        _exit(cli_complain(f.kind == FAIL_CALLER ? CLI_REFUSED : CLI_BROKEN, word, "%s", f.detail));
    (void)printf("done: %" PRIu64 " files, %" PRIu64 " bytes\nsha256 %.*s\n", done.files, done.bytes,
                 STR_ARG(done.digest));
    (void)fflush(stdout);
    _exit(CLI_OK);
}

static bool sync_folder_of(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct str folder = slash == NULL ? S(".") : slash == path ? S("/") : str_n(path, (size_t)(slash - path));
    int fd = open(arena_cstr(a, folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        (void)close(fd);
    return good;
}

static int write_to(const char *word, const struct settings *set, struct arena *a, struct str recipient, const char *to)
{
    const char *part = arena_printf(a, "%s.part", to).p;
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600), status = CLI_BROKEN;

    if (fd < 0)
        return cli_complain(CLI_BROKEN, word, "%s: %s", part, strerror(errno));
    pid_t pid = fork();
    if (pid == 0)
        write_as_owner(word, set, a, recipient, fd);
    int ended = 0;
    while (pid > 0 && waitpid(pid, &ended, 0) < 0 && errno == EINTR)
        continue;
    if (pid > 0 && WIFEXITED(ended))
        status = WEXITSTATUS(ended);
    if (status == CLI_OK && (fsync(fd) != 0 || rename(part, to) != 0 || !sync_folder_of(a, to)))
        status = cli_complain(CLI_BROKEN, word, "%s: %s", to, strerror(errno));
    (void)close(fd);
    (void)unlink(part);
    return status;
}

static int run(const char *word, const struct words *w, struct arena *a)
{
    struct settings set;
    struct str recipient;
    struct stat st;

    if (!cli_settings(word, w->config, a, &set))
        return CLI_REFUSED;
    if (!args_file(a, w->recipient, BACKUP_KEY_MAX_B, &recipient))
        return cli_complain(CLI_USAGE, word, "%s: %s", w->recipient, strerror(errno));
    if (lstat(w->to, &st) == 0)
        return cli_complain(CLI_USAGE, word, "%s is there already, and is left as it is", w->to);
    return write_to(word, &set, a, recipient, w->to);
}

int cli_backup(int argc, char **argv)
{
    struct words w = { 0 };
    const struct cli_option options[] = { { "-c", &w.config, NULL },
                                          { "--config", &w.config, NULL },
                                          { "--to", &w.to, NULL },
                                          { "--recipient", &w.recipient, NULL },
                                          { NULL, NULL, NULL } };
    size_t words;

    if (cli_wants_help(argc, argv))
        return help();
    if (!cli_options(argc, argv, options, NULL, 0, &words) ||
        !cli_needs(argv[0], (const struct cli_need[]){ CLI_NEEDS_CONFIG(w.config),
                                                       { "--to BACKUP", w.to != NULL },
                                                       { "--recipient PUBKEY.pem", w.recipient != NULL },
                                                       { 0 } }) ||
        w.to == NULL) /* said again for those who read no cli_needs() */
        return CLI_USAGE;
    struct arena *a = arena_new_secret();
    int status = run(argv[0], &w, a);
    arena_free(a);
    return status;
}
