/* SPDX-License-Identifier: EUPL-1.2
 *
 * Start: what is there, and is it whole. */
#include "audit/int.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int audit_file_open(const struct audit_writer *w, const char *name, int flags)
{
    return openat(w->dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
}

static int broken(const char *name, size_t line, uint64_t number, const char *why, struct fail *f)
{
    return fail(f, FAIL_OURS, "audit_broken", "%s:%zu, record %llu: %s; see `digione audit verify`", name, line,
                (unsigned long long)number, why);
}

/* Gives back what was never finished: a line without its end, or the zeroes
 * that a power cut leaves where a line was going to be. */
static bool cut(struct audit_writer *w, int fd, const char *name, size_t at, struct fail *f)
{
    if (ftruncate(fd, (off_t)at) != 0 || fsync(fd) != 0)
        return fail(f, FAIL_OURS, "audit_open", "%s: %s", name, strerror(errno));
    log_event(LOG_WARN, "audit.recovered", LOG_C("file", name), LOG_N("kept_B", at));
    (void)w;
    return true;
}

static bool read_segment(struct audit_writer *w, const char *name, struct str whole, struct fail *f)
{
    struct str rest = whole, line;
    struct audit_line l;
    size_t lines = 0;

    while (audit_line_next(&rest, &line)) {
        lines++;
        if (!audit_line_read(line, &l)) {
            if (str_find_byte(line, '\0', 0) == line.n)
                return broken(name, lines, w->number + 1, "is no line of the audit log", f);
            w->size = (off_t)(line.p - whole.p);
            return cut(w, w->fd, name, (size_t)w->size, f);
        }
        if (lines > 1 && (l.number != w->number + 1 || !str_eq(l.prev, str_n(w->prev, AUDIT_HEAD_HEX))))
            return broken(name, lines, l.number, "does not follow the line before it", f);
        w->number = l.number;
        memcpy(w->prev, audit_line_hash(w->scratch, line).p, AUDIT_HEAD_HEX);
        arena_reset(w->scratch);
    }
    w->size = (off_t)(whole.n - rest.n);
    return rest.n == 0 || cut(w, w->fd, name, (size_t)w->size, f);
}

/* The last segment with a line in it tells the number and the hash to go on with. */
static bool read_back(struct audit_writer *w, struct fail *f)
{
    char name[32];
    bool good = true;

    w->segment = audit_last_segment(w->dir_fd);
    memcpy(w->prev, audit_no_line, AUDIT_HEAD_HEX);
    for (unsigned s = w->segment; good && s > 0 && w->number == 0; s--) {
        struct arena *a = arena_new();
        (void)snprintf(name, sizeof name, AUDIT_SEGMENT_FORM, s);
        if (w->fd >= 0)
            (void)close(w->fd);
        w->fd = audit_file_open(w, name, 0);
        struct str whole = w->fd >= 0 ? audit_file_read(a, w->dir_fd, name) : (struct str){ NULL, 0 };
        w->segment = s;
        good = whole.p != NULL ? read_segment(w, name, whole, f)
                               : fail(f, FAIL_OURS, "audit_open", "%s: %s", name, strerror(errno));
        if (good && w->number == 0 && s > 1) /* nothing in it: the one before tells, and is gone on with */
            (void)unlinkat(w->dir_fd, name, 0);
        arena_free(a);
    }
    return good && (w->fd >= 0 || audit_next_segment(w) || fail(f, FAIL_OURS, "audit_open", "%s", strerror(errno)));
}

static bool open_heads(struct audit_writer *w, struct fail *f)
{
    struct arena *a = arena_new();
    struct str rest, line;

    w->heads_fd = audit_file_open(w, AUDIT_HEADS_NAME, O_CREAT);
    struct str whole = w->heads_fd >= 0 ? audit_file_read(a, w->dir_fd, AUDIT_HEADS_NAME) : (struct str){ NULL, 0 };
    bool good = whole.p != NULL || fail(f, FAIL_OURS, "audit_open", AUDIT_HEADS_NAME ": %s", strerror(errno));
    rest = whole;
    while (good && audit_line_next(&rest, &line))
        ;
    w->heads_size = (off_t)(whole.n - rest.n);
    good = good && (rest.n == 0 || cut(w, w->heads_fd, AUDIT_HEADS_NAME, (size_t)w->heads_size, f));
    arena_free(a);
    return good;
}

bool audit_dir_prepare(const char *dir, struct fail *f)
{
    return mkdir(dir, 0700) == 0 || errno == EEXIST || fail(f, FAIL_OURS, "audit_open", "%s: %s", dir, strerror(errno));
}

static bool has_bytes(int dir_fd, const char *name)
{
    struct stat st;

    return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > 0;
}

bool audit_dir_used(const char *dir)
{
    char name[32];
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool used = false;

    if (fd < 0)
        return false;
    unsigned first = audit_first_segment(fd), last = audit_last_segment(fd);
    for (unsigned s = first; !used && s > 0 && s <= last; s++) {
        (void)snprintf(name, sizeof name, AUDIT_SEGMENT_FORM, s);
        used = has_bytes(fd, name);
    }
    used = used || has_bytes(fd, AUDIT_HEADS_NAME);
    (void)close(fd);
    return used;
}

static bool open_dir(struct audit_writer *w, const char *dir, struct fail *f)
{
    if (!audit_dir_prepare(dir, f))
        return false;
    w->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    w->lock_fd = w->dir_fd >= 0 ? audit_file_open(w, "lock", O_CREAT) : -1;
    if (w->lock_fd < 0)
        return fail(f, FAIL_OURS, "audit_open", "%s: %s", dir, strerror(errno));
    if (flock(w->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return fail(f, FAIL_OURS, "audit_taken", "%s: another process writes this audit log", dir);
    return true;
}

/* What the tree lacks stands in the last segment, but after a power cut that took more of it than of the log: then it
 * begins anew. */
static void open_tree(struct audit_writer *w)
{
    struct arena *a = arena_new();
    struct audit_line l;
    struct str line;
    char name[32];

    w->tree_fd = tree_open(&w->tree, w->dir_fd, w->number);
    (void)snprintf(name, sizeof name, AUDIT_SEGMENT_FORM, w->segment);
    struct str rest = w->tree_fd >= 0 && w->tree.from + w->tree.leaves < w->number ? audit_file_read(a, w->dir_fd, name)
                                                                                   : (struct str){ NULL, 0 };
    while (audit_line_next(&rest, &line))
        if (audit_line_read(line, &l) && l.number == w->tree.from + w->tree.leaves + 1 &&
            !tree_append(&w->tree, w->tree_fd, str_n(line.p, line.n + 1)))
            break;
    if (w->tree_fd >= 0 && w->tree.from + w->tree.leaves != w->number) {
        log_event(LOG_WARN, "audit.tree_begins_anew", LOG_N("behind_record", w->number));
        (void)close(w->tree_fd);
        (void)unlinkat(w->dir_fd, AUDIT_TREE_NAME, 0);
        w->tree_fd = tree_open(&w->tree, w->dir_fd, w->number);
    }
    arena_free(a);
}

bool audit_start(struct audit_writer *w, const char *dir, struct fail *f)
{
    if (!open_dir(w, dir, f) || !read_back(w, f) || !open_heads(w, f))
        return false;
    open_tree(w);
    return true;
}
