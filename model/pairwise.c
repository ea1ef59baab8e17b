/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/pairwise.h"

#include "base/codec.h"

struct str pairwise_person(struct arena *a, const struct seals *s, struct str idp, struct str subject)
{
    return hex_encode(a, seals_pairwise(a, s, idp, subject));
}

struct str pairwise_sub(struct arena *a, const struct seals *s, struct str person_id, struct str vendor)
{
    return b32_encode(a, seals_pairwise(a, s, person_id, vendor));
}
