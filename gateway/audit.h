/* SPDX-License-Identifier: EUPL-1.2
 * gateway/audit.h: who was let where, by which rule; append-only, provable.
 *
 * Floor 5.  One writer thread per node appends JSON lines to segment files in
 * state_dir/audit; each line carries the SHA-256 of the line before.  A batch of
 * lines is made durable together (at most 2 ms after the first), and only then
 * is the answer given: what left the gateway is in the log.  A full disk is met
 * by a reserve; when that is used up, audit refuses, and so does the gateway.
 *
 * No names, no e-mail addresses: pseudonymous person ids, ids of rows, names of
 * claims, reasons, support codes.
 */
#ifndef GATEWAY_AUDIT_H
#define GATEWAY_AUDIT_H

#include "base/batch.h"
#include "base/fail.h"
#include "base/loop.h"
#include "base/world.h"

struct audit_event {
    const char *event;             /* "login", "open", "release", "refused", "logout", "console"; a literal */
    struct str person;             /* pseudonymous id; absent: nobody is known */
    struct str service, idp, rule; /* ids; absent where there is none */
    struct str claims;             /* names, space-separated; never values */
    struct str reason;             /* a stable code */
    struct str sid;                /* public session id */
    struct str support_code;
};

struct audit_got {
    bool durable; /* false: not written; the act must not happen */
};

enum { AUDIT_TEXT_MAX_B = 512, AUDIT_LINE_MAX_B = 8192, AUDIT_WAITING_MAX = 65536 };

struct audit_writer; /* the thread */
struct audit;        /* one loop's line to it */

struct audit_hooks {
    /* Once a minute when the chain has grown, on the writer's thread.  head: 64 hex digits.  Gives the signature
     * (base64url) or absent when the signer is away; signed heads go to heads.jsonl beside the segments. */
    struct str (*sign_head)(void *self, struct arena *a, uint64_t number, struct str head, int64_t at_s);
    void *self;
};

/* Recovers a line that was never finished (and so never acknowledged), checks the last segment, goes on.
 * hooks: NULL, or copied.  Fails OURS audit_open, audit_broken (the detail names the record). */
struct audit_writer *audit_writer_new(const char *dir, const struct world *w, const struct audit_hooks *hooks,
                                      struct fail *f);
void audit_writer_free(struct audit_writer *w);             /* writes what was asked, then joins */
bool audit_writer_ok(const struct audit_writer *w);         /* false: refuses (disk full or broken); for health */
bool audit_writer_on_reserve(const struct audit_writer *w); /* raise an alarm */
uint64_t audit_writer_count(const struct audit_writer *w);  /* number of the last durable record */

struct audit *audit_new(struct audit_writer *w, struct loop *l);
void audit_free(struct audit *x); /* nothing may be under way */

/* Copies the event, asks the batch, and answers it once with *out, perhaps before it returns. */
void audit_ask(struct audit *x, struct batch *b, const struct audit_event *e, struct audit_got *out);
/* The same for the command line and the main thread: blocks until durable. */
bool audit_now(struct audit_writer *w, const struct audit_event *e);

/* Offline.  Reads every segment, and the signed heads; names the first record that does not hold.
 * verify_head may be NULL: then heads are compared, not verified. */
struct audit_report {
    uint64_t records, segments, heads;
    struct str head;   /* 64 hex digits of the last line */
    const char *error; /* NULL: the chain holds; changed, missing, order, truncated, head, malformed, unreadable */
    struct str where;  /* "audit-000002.jsonl:17, record 1043" */
};
struct audit_check {
    bool (*verify_head)(void *self, uint64_t number, struct str head, int64_t at_s, struct str signature);
    void *self;
};
bool audit_verify(const char *dir, struct arena *a, const struct audit_check *check, struct audit_report *out);

#endif
