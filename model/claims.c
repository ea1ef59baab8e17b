/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/claims.h"

const struct claim_row claim_rows[CLAIM_COUNT] = {
#define X(claim, word, tells, scope, native, mpass) [CLAIM_##claim] = { word, scope, native, mpass, TELLS_##tells },
    CLAIMS(X)
#undef X
};

_Static_assert(CLAIM_COUNT <= 32, "a claim_set has 32 bits");

bool claim_of_word(struct str word, enum claim *out)
{
    for (int c = 0; c < CLAIM_COUNT; c++)
        if (str_eq(word, str_of(claim_rows[c].word))) {
            *out = (enum claim)c;
            return true;
        }
    return false;
}
