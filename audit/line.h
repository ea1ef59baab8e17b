/* SPDX-License-Identifier: EUPL-1.2
 * audit/line.h: one line of the audit log, shared by its writer and its verifier.
 *
 * Floor 3.  {"n":17,"at":"…",…,"prev":"64 hex digits"}: the number first, the
 * hash of the line before last, so that both are found without a JSON parser.
 */
#ifndef AUDIT_LINE_H
#define AUDIT_LINE_H

#include "audit/audit.h"

#include <inttypes.h>

#define AUDIT_SEGMENT_FORM "audit-%06u.jsonl"
#define AUDIT_HEADS_NAME   "heads.jsonl"
#define AUDIT_PRUNED       "pruned"      /* an event of the writer's own … */
#define AUDIT_PRUNED_FORM  "to %" PRIu64 /* … and its reason: the last record that may be gone */

struct audit_line {
    uint64_t number;
    struct str prev; /* 64 hex digits */
};

enum { AUDIT_AT_B = 19 };
/* When it was written, as it stands there to the second: "2026-11-30T07:15:00", and what is later sorts later; absent:
 * it does not say. */
struct str audit_line_at(struct str line);
int64_t audit_at_s(struct str at);        /* in Unix seconds; 0: it is no such time */
int64_t audit_line_at_s(struct str line); /* both */

extern const char audit_no_line[AUDIT_HEAD_HEX + 1]; /* prev of the first line */

/* Members of an event, without braces: "event":"login",… */
struct str audit_members(struct arena *a, const struct audit_event *e);
struct str audit_line_write(struct arena *a, uint64_t number, int64_t at_ms, struct str members, struct str prev);
/* line: without its line end.  False: no line of ours. */
bool audit_line_read(struct str line, struct audit_line *out);
struct str audit_line_hash(struct arena *a, struct str line); /* 64 hex digits */

/* A whole file; absent when it cannot be read. */
struct str audit_file_read(struct arena *a, int dir_fd, const char *name);
/* Takes the next finished line off *rest; false when what is left has no line end. */
bool audit_line_next(struct str *rest, struct str *line);
/* The highest and the lowest number among the segments in the directory; 0: none. */
unsigned audit_last_segment(int dir_fd);
unsigned audit_first_segment(int dir_fd);

#endif
