/* SPDX-License-Identifier: EUPL-1.2
 * model/claims.h: what may be told about a person, as a set of facts.
 *
 * Floor 1.  claims.def is the one table; policy names facts, release maps them.
 */
#ifndef MODEL_CLAIMS_H
#define MODEL_CLAIMS_H

#include "base/str.h"
#include "model/claims.def"

enum claim {
#define X(claim, word, tells, scope, native, mpass) CLAIM_##claim,
    CLAIMS(X)
#undef X
        CLAIM_COUNT
};

enum sensitivity { TELLS_LITTLE = 0, TELLS_PSEUDONYM, TELLS_ROLE, TELLS_NAME, TELLS_CONTACT, TELLS_IDENTITY };

struct claim_row {
    const char *word, *scope, *native, *mpass;
    enum sensitivity tells;
};

extern const struct claim_row claim_rows[CLAIM_COUNT];

/* A set of claims: bit n is enum claim n.  Empty releases nothing. */
struct claim_set {
    uint32_t bits;
};

static inline bool claim_in(struct claim_set s, enum claim c)
{
    return (s.bits >> c & 1u) != 0;
}

static inline void claim_add(struct claim_set *s, enum claim c)
{
    s->bits |= 1u << c;
}

bool claim_of_word(struct str word, enum claim *out);

#endif
