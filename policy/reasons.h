/* SPDX-License-Identifier: EUPL-1.2
 * policy/reasons.h: why somebody may open a service or not: what each policy said, and what would have to be different.
 *
 * Floor 3.  The same engine as policy_decide(), asked for more; for admins and
 * for the person's own page, not for every request: up to a second of work.
 * Everything lives in the caller's arena and points into the snapshot.
 */
#ifndef POLICY_REASONS_H
#define POLICY_REASONS_H

#include "policy/policy.h"

/*    verdict     what a statement came to */
#define VERDICTS(X)                                                                                                    \
    X(SETTLED)  /* it decided */                                                                                       \
    X(APPLIED)  /* it applies, and another decided: before it, or further out */                                       \
    X(SILENT)   /* its conditions do not hold */                                                                       \
    X(NOT_NOW)  /* its policy is not enabled, not yet in force, or no longer */                                        \
    X(FAILED)   /* it cannot be evaluated */                                                                           \
    X(NOT_LEFT) /* a school's own, and the service is not left to the schools */

enum verdict {
    VERDICT_NONE = 0,
#define X(verdict) VERDICT_##verdict,
    VERDICTS(X)
#undef X
        VERDICT_COUNT
};

enum { REASONS_STATEMENTS_MAX = 200, REASONS_WISHES_MAX = 6, REASONS_DIFFERENCES_MAX = 8 };

struct reason { /* one statement about opening the service, or leaving it to the schools */
    const struct policy *row;
    struct str text; /* as it stands in the row */
    bool forbid;
    enum verdict verdict;
};

struct wish_part {            /* one thing that is not as it would have to be; Cedar's texts */
    const char *kind;         /* "in", "equal", "at-least" …: cedar_difference_name() */
    const struct policy *row; /* what asks for it: the wish's own, or one that would not forbid any more */
    struct str text;          /* as it stands in the policy: `principal in Role::"teacher"` */
    struct str subject; /* "principal", "principal.classLevel", "context.device"; absent: the condition as a whole */
    struct str actual, needed;
};

struct wish { /* with all of its parts, the answer would be yes */
    const struct policy *row;
    struct str statement; /* of the row, that would permit it: as it stands there */
    struct wish_part parts[REASONS_DIFFERENCES_MAX];
    size_t n;
};

struct reasons_at { /* one affiliation that counts now */
    const struct affiliation *at;
    const struct provider *provider;
    bool permitted, forbidden;
    bool outside;        /* of what its municipality has decided about the service (receipts.h): nothing opens */
    struct reason *said; /* what settled it first, then what applied, then the rest */
    size_t n_said;
    bool more;           /* than REASONS_STATEMENTS_MAX were there */
    struct wish *wishes; /* the nearest first; none where it is permitted */
    size_t n_wishes;
};

struct reasons {
    struct decision decision; /* what policy_decide() says */
    struct reasons_at *at;
    size_t n;
};

struct reasons policy_reasons(struct arena *a, const struct registry *r, const struct person *p,
                              const struct service *s, const struct circumstances *now);

#endif
