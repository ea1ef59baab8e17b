/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/refusals.h: why a sign-in at an identity provider was refused, and whether trying again helps.
 *
 * Floor 3.  One table (refusals.def): whoever refuses names a row of it, so that no
 * code leaves the gateway that the documents do not have.  The verifiers of wire/
 * have tables of their own, whose codes are rows here as well.
 */
#ifndef IDP_ADAPTERS_REFUSALS_H
#define IDP_ADAPTERS_REFUSALS_H

#include "base/fail.h"
#include "idp-adapters/refusals.def"

enum refusal {
    REFUSAL_NONE = 0,
#define X(code, ...) REFUSAL_##code,
    REFUSALS(X)
#undef X
        REFUSAL_OWN_COUNT
};

/* Zero: of no code that the table has. */
enum lasts { LASTS_UNKNOWN = 0, LASTS_AWAY, LASTS_SPENT, LASTS_STAYS, LASTS_CANCELLED };

struct refusal_row {
    const char *code;
    enum fail_kind kind;
    enum lasts lasts;
    const char *means, *mend;
};

/* Records a row of the table, with what the log is to say of this one; gives 0, as fail() does. */
int refusal(struct fail *f, enum refusal why, const char *fmt, ...) __attribute__((format(printf, 3, 4), nonnull(1)));

/* The same for what did not come, or came and cannot be used.  error: a word of wire/fetch.h, or of what read it; one
 * that is a row of the table is that row, any other is city_unreachable. */
int refusal_unread(struct fail *f, const char *error, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), nonnull(1)));

/* The row of a code, the verifiers' too; NULL: of something else. */
const struct refusal_row *refusal_of(const char *code);
/* What it means; of a verifier's code, the rule that the answer breaks. */
const char *refusal_means(const struct refusal_row *row);
/* All of them, in the order of the tables. */
const struct refusal_row *refusals_all(size_t *n);
const char *lasts_name(enum lasts lasts); /* for the documents */

#endif
