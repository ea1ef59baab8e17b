/* SPDX-License-Identifier: EUPL-1.2
 * audit/audit.h: who was let where, by which rule; append-only, provable.
 *
 * Floor 3.  One writer thread per node appends JSON lines to segment files in
 * state_dir/audit; each line carries the SHA-256 of the line before.  What is
 * asked together is made durable together, and only then is the answer given:
 * what left the gateway is in the log.  A full disk is met by a reserve; when
 * that is used up, audit refuses, and so does the gateway; when there is room
 * again, it goes on by itself.
 *
 * No names, no e-mail addresses: pseudonymous person ids, ids of rows, names of
 * claims, reasons, support codes.  docs/audit.md says how a line looks.
 */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include "base/arena.h"
#include "base/batch.h"
#include "base/fail.h"
#include "base/loop.h"
#include "base/world.h"

struct audit_event {
    const char *event;             /* "login", "open", "release", "refused", "logout", "change"; a literal */
    struct str person;             /* pseudonymous id; absent: nobody is known */
    struct str service, idp, rule; /* ids; absent where there is none */
    struct str claims;             /* names, space-separated; never values */
    struct str reason;             /* a stable code */
    struct str sid;                /* public session id */
    struct str support_code;
    /* Of a refusal by policy: by which version of the registry; "own" or "shared"; and what the person was told, by
     * stable words alone ("oulu-7-9:level"). */
    struct str as, child; /* a guardian acts: "guardian", and the pseudonymous id of the child */
    int64_t version;      /* 0: not said */
    struct str device, told;
    /* A change of what the federation is: who made it, as what, in whose area, by which maker; its number; one of its
     * rows before and after.  No secret, and nothing of a person. */
    struct str who, acting_as, area, maker, why, row, before, after;
    int64_t change; /* 0: the event is none */
};

struct audit_got {
    bool durable; /* false: not written; the act must not happen */
};

enum {
    AUDIT_TEXT_MAX_B = 512,    /* longer texts are cut */
    AUDIT_LONG_MAX_B = 4096,   /* before and after; likewise */
    AUDIT_LINE_MAX_B = 114688, /* all texts, every byte of them escaped */
    AUDIT_WAITING_MAX = 65536, /* more at a time are refused */
    AUDIT_SEGMENT_MAX_B = 64 << 20,
    AUDIT_RESERVE_B = 8 << 20,
    AUDIT_HEADS_MAX_B = 16 << 20,
    AUDIT_HEAD_LATE_S = 600, /* a head is signed each minute; what is older than this should be under one */
    AUDIT_HEAD_HEX = 64
};

struct audit_writer; /* the thread */
struct audit;        /* one loop's line to it */

/* Makes the folder where there is none; a sandbox must know it before it is entered. */
bool audit_dir_prepare(const char *dir, struct fail *f);
/* Whether anything was ever written there: a record, or a signed head.  False as well where nobody may look. */
bool audit_dir_used(const char *dir);
/* Recovers a line that was never finished (and so never acknowledged), checks
 * the last segment, goes on.  One writer per directory at a time.
 * Fails OURS audit_open, audit_taken, audit_broken (the detail names the record). */
struct audit_writer *audit_writer_new(const char *dir, const struct world *w, struct fail *f);
/* From now on whole segments go once every record in them is older; 0 (as it begins): never.  The log says so in a
 * record "pruned" first, which the verifier asks for. */
void audit_writer_keep(struct audit_writer *w, int64_t days);
/* heads.jsonl is thinned when it is larger; for tests. */
void audit_writer_heads_max(struct audit_writer *w, int64_t bytes);
void audit_writer_hold(struct audit_writer *w,
                       bool held);              /* it writes nothing meanwhile, as on a disk that hangs; for tests */
void audit_writer_free(struct audit_writer *w); /* writes what was asked, then joins */
bool audit_writer_ok(const struct audit_writer *w);         /* false: the last attempt to write failed; for health */
bool audit_writer_on_reserve(const struct audit_writer *w); /* raise an alarm */
uint64_t audit_writer_count(const struct audit_writer *w);  /* number of the last durable record */

struct audit *audit_new(struct audit_writer *w, struct loop *l);
void audit_free(struct audit *x); /* nothing may be under way */

/* Asks the batch and answers it once, perhaps before it returns.  The line is
 * made in a, which must live until the answer. */
void audit_ask(struct audit *x, struct batch *b, struct arena *a, const struct audit_event *e, struct audit_got *out);
/* Asks whether a line could be written now: the writer lives, and the disk takes what a line needs.  durable: yes.  No
 * line is written; where the last attempt failed and this one does not, audit_writer_ok() is true again. */
void audit_probe_ask(struct audit *x, struct batch *b, struct arena *a, struct audit_got *out);
/* The same as audit_ask() for the command line and the main thread: blocks until durable. */
bool audit_now(struct audit_writer *w, const struct audit_event *e);

/* The head of the chain: hash of the last durable line, to be signed.  False: no line yet. */
bool audit_writer_head(struct audit_writer *w, uint64_t *number, char head[AUDIT_HEAD_HEX]);
/* The same with the root of the tree over the records behind `from` (docs/audit.md); root "": there is none. */
struct audit_rooted {
    uint64_t number, from;
    char head[AUDIT_HEAD_HEX], root[AUDIT_HEAD_HEX + 1];
};
bool audit_writer_rooted(struct audit_writer *w, struct audit_rooted *out);
/* What is signed of it: 64 hex digits. */
struct str audit_rooted_signed(struct arena *a, const struct audit_rooted *h);
void audit_rooted_ask(struct audit *x, struct batch *b, struct arena *a, const struct audit_rooted *h,
                      struct str signature, struct audit_got *out);
/* Writes a signed head to heads.jsonl; answered as audit_ask is. */
void audit_head_ask(struct audit *x, struct batch *b, struct arena *a, uint64_t number, struct str head,
                    struct str signature, struct audit_got *out);

/* Offline: reads every segment and the signed heads, and names the first record
 * that does not hold. */
struct audit_report {
    uint64_t records, segments, heads;
    uint64_t vouched;  /* the last record that a signed head agrees with; 0: none does */
    struct str first;  /* 64 hex digits: hash of the first line that is there; unset: none is */
    struct str head;   /* 64 hex digits: hash of the last line */
    const char *error; /* NULL: the chain holds; malformed, changed, missing, order, truncated, head, unsigned,
                        * unreadable, stopped */
    struct str where;  /* "audit-000002.jsonl:17, record 1043: …" */
};
struct audit_check {
    /* Whether the signature is one of ours, over this number and head. */
    bool (*verify_head)(void *self, uint64_t number, struct str head, struct str signature);
    void *self;
    bool may_be_unsigned; /* a log that no signed head speaks of holds as well: whoever could write it could make it */
    int64_t from_s;       /* records of segments that ended before are taken as they are; 0: all are looked at */
    bool (*goes_on)(void *self, uint64_t number); /* asked after each segment; false: it was enough; NULL: goes on */
};
/* True: the chain holds, and a signed head vouches for it to the end, but for what was written in the minutes after it.
 * check may be NULL: then heads are compared, their signatures are not looked at, and none is missed. */
bool audit_verify(const char *dir, struct arena *a, const struct audit_check *check, struct audit_report *out);

#endif
