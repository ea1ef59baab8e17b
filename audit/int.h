/* SPDX-License-Identifier: EUPL-1.2
 * audit/int.h: the audit writer's own; audit.c writes, start.c finds what is there.
 *
 * Floor 3.
 */
#ifndef AUDIT_INT_H
#define AUDIT_INT_H

#include "audit/line.h"
#include "audit/tree.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

enum entry_kind { ENTRY_EVENT = 0, ENTRY_HEAD, ENTRY_PROBE, ENTRY_KINDS };

struct entry { /* one line to be, in its asker's arena */
    struct entry *next;
    struct audit *from; /* NULL: audit_now() waits for it */
    struct batch *batch;
    struct audit_got *out;
    struct str members; /* of an event; or a whole line of the heads; or nothing */
    enum entry_kind kind;
    bool answered; /* for audit_now(), under the lock */
    int64_t at_ms;
};

struct queue {
    struct entry *first, **last;
    size_t n;
};

struct audit_writer {
    struct arena *arena;
    const struct world *world;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more, answered;
    struct queue asked;
    bool ending, held;         /* held: for tests */
    char head[AUDIT_HEAD_HEX]; /* under the lock, with count and shown */
    struct tree shown;         /* over the records to count; without a leaf: there is none */
    atomic_uint_fast64_t count;
    atomic_bool ok, on_reserve;
    atomic_int_fast64_t keep_s, heads_max_B;

    /* The thread's own. */
    struct arena *scratch;
    int dir_fd, lock_fd, fd, heads_fd;
    unsigned segment;
    off_t size, heads_size;
    uint64_t number;
    char prev[AUDIT_HEAD_HEX];
    int tree_fd; /* -1: there is no tree */
    struct tree tree;
    bool broken; /* a torn line could not be taken back: nothing more may follow it */
    int64_t reserve_tried_ms;
    int64_t wrote_ms;  /* when something last went to the disk */
    int64_t pruned_ms; /* when it was last looked for what is past; 0: not yet */
};

struct audit {
    struct watch watch; /* first: a watch leads back */
    struct arena *arena;
    struct audit_writer *writer;
    struct loop *loop;
    struct queue done; /* under the writer's lock */
};

int audit_file_open(const struct audit_writer *w, const char *name, int flags);
bool audit_next_segment(struct audit_writer *w);
/* All of it on the disk, or none of it in the file. */
bool audit_append(struct audit_writer *w, int fd, struct str bytes, off_t *size);
/* The records of these lines are leaves of the tree; one that cannot be written ends it. */
void audit_grow_tree(struct audit_writer *w, struct str lines);
/* A record that the writer's thread itself has to say. */
bool audit_own_record(struct audit_writer *w, const struct audit_event *e);
/* prune.c; the writer's thread, between batches. */
void audit_prune(struct audit_writer *w);
void audit_thin_heads(struct audit_writer *w);
/* Takes the folder, and finds number, hash and place to go on with. */
bool audit_start(struct audit_writer *w, const char *dir, struct fail *f);

#endif
