/* SPDX-License-Identifier: EUPL-1.2
 * base/fail.h: why something was refused.
 *
 * Floor 0.  A fallible function takes a struct fail last and returns bool or
 * enum step; `return fail(...)` records kind, protocol code and private reason
 * where they are first known, and nobody reports again.  `code` is a stable,
 * public word (an OAuth error, a verifier's rule); `detail` goes to the log
 * and may quote foreign text, which is made printable and cut.  `told` is what
 * whoever asked may read besides the code, where the detail is not theirs.
 */
#ifndef BASE_FAIL_H
#define BASE_FAIL_H

#include "base/fail.def"
#include "base/str.h"

enum fail_kind {
    FAIL_NONE = 0,
#define X(kind, status, level, text) FAIL_##kind,
    FAIL_KINDS(X)
#undef X
        FAIL_KIND_COUNT
};

enum { FAIL_DETAIL_B = 240, FAIL_LONG_B = 1600 }; /* with the NUL at the end */

struct fail {
    enum fail_kind kind;
    const char *code; /* a literal */
    const char *told; /* a literal; NULL: see answer_description() (gateway/answer.h) */
    char detail[FAIL_LONG_B];
};

/* Records a failure and returns 0, which is false and REFUSE.  The first
 * failure stands: a second call changes nothing.  code: a string literal. */
int fail(struct fail *f, enum fail_kind kind, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5), nonnull(1)));
/* The same, cut later: for the command line, where a list of what is known may be part of the reason. */
int fail_long(struct fail *f, enum fail_kind kind, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5), nonnull(1)));

/* The same, with what may be told of it: a literal in ASCII without " and \ [RFC 6749 5.2], which quotes nothing. */
int fail_told(struct fail *f, enum fail_kind kind, const char *code, const char *told, const char *fmt, ...)
    __attribute__((format(printf, 5, 6), nonnull(1)));

int fail_status(enum fail_kind kind);            /* HTTP status */
const char *fail_text(enum fail_kind kind);      /* key into the texts */
const char *fail_kind_name(enum fail_kind kind); /* for logs */

#endif
