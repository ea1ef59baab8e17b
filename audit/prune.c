/* SPDX-License-Identifier: EUPL-1.2
 *
 * What has had its time goes: whole segments at the front, and most of the old heads.  The chain stays verifiable: a
 * record says up to where it was pruned, and any later head vouches for all that stands before it. */
#include "audit/int.h"

#include "base/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAY_MS = 86400000, THIN_TO = 16 };

/* Nothing was written to it since: every record in it is older. */
static bool is_past(const struct audit_writer *w, unsigned segment, int64_t keep_s)
{
    char name[32];
    struct stat st;

    (void)snprintf(name, sizeof name, AUDIT_SEGMENT_FORM, segment);
    return fstatat(w->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           st.st_mtim.tv_sec < world_now_ms(w->world) / 1000 - keep_s;
}

static uint64_t first_record(struct audit_writer *w, unsigned segment)
{
    struct arena *a = arena_new();
    struct audit_line l = { 0 };
    struct str line;
    char name[32];

    (void)snprintf(name, sizeof name, AUDIT_SEGMENT_FORM, segment);
    struct str whole = audit_file_read(a, w->dir_fd, name);
    bool found = audit_line_next(&whole, &line) && audit_line_read(line, &l);
    arena_free(a);
    return found ? l.number : 0;
}

/* The log says it before it happens: a crash in between leaves more than was announced, never less. */
static void prune_before(struct audit_writer *w, unsigned first, unsigned keep)
{
    uint64_t number = first_record(w, keep);
    char words[32], name[32];

    (void)snprintf(words, sizeof words, AUDIT_PRUNED_FORM, number - 1);
    if (number < 2 || !audit_own_record(w, &(struct audit_event){ .event = AUDIT_PRUNED, .reason = str_of(words) }))
        return;
    for (unsigned s = first; s < keep; s++) {
        (void)snprintf(name, sizeof name, AUDIT_SEGMENT_FORM, s);
        if (unlinkat(w->dir_fd, name, 0) != 0)
            return;
    }
    log_event(LOG_INFO, "audit.pruned", LOG_N("segments", keep - first), LOG_N("to_record", number - 1));
}

void audit_prune(struct audit_writer *w)
{
    int64_t keep_s = atomic_load(&w->keep_s), now_ms = world_mono_ms(w->world);

    if (keep_s == 0 || (w->pruned_ms != 0 && now_ms - w->pruned_ms < DAY_MS))
        return;
    w->pruned_ms = now_ms > 0 ? now_ms : 1;
    unsigned first = audit_first_segment(w->dir_fd), keep = first;
    while (keep > 0 && keep < w->segment && is_past(w, keep, keep_s))
        keep++;
    if (keep > first)
        prune_before(w, first, keep);
}

/* Every THIN_TO-th line, and the last. */
static struct str thinned(struct arena *a, struct str whole)
{
    struct buf b = buf_new(a, whole.n + 1);
    struct str line, last = S("");

    for (size_t n = 1; audit_line_next(&whole, &line); n++) {
        last = n % THIN_TO == 0 ? S("") : line;
        if (n % THIN_TO != 0)
            continue;
        buf_add(&b, line);
        buf_byte(&b, '\n');
    }
    if (last.n > 0) {
        buf_add(&b, last);
        buf_byte(&b, '\n');
    }
    return buf_str(&b);
}

/* A head a minute is a file that cannot be read any more after half a year. */
void audit_thin_heads(struct audit_writer *w)
{
    if (w->heads_size < atomic_load(&w->heads_max_B))
        return;
    struct arena *a = arena_new();
    struct str few = thinned(a, audit_file_read(a, w->dir_fd, AUDIT_HEADS_NAME));
    int fd = audit_file_open(w, AUDIT_HEADS_NAME ".part", O_CREAT | O_TRUNC);
    off_t size = 0;

    if (fd >= 0 && few.n > 0 && audit_append(w, fd, few, &size) &&
        renameat(w->dir_fd, AUDIT_HEADS_NAME ".part", w->dir_fd, AUDIT_HEADS_NAME) == 0 && fsync(w->dir_fd) == 0) {
        (void)close(w->heads_fd);
        log_event(LOG_INFO, "audit.heads_thinned", LOG_N("from_B", w->heads_size), LOG_N("to_B", size));
        w->heads_fd = fd;
        w->heads_size = size;
    } else if (fd >= 0) {
        (void)close(fd);
        (void)unlinkat(w->dir_fd, AUDIT_HEADS_NAME ".part", 0);
    }
    arena_free(a);
}
