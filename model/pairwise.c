/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/pairwise.h"

#include "base/codec.h"
#include "base/fields.h"

enum { TOLD_SID_B = 18 };

struct str pairwise_person(struct arena *a, const struct seals *s, struct str idp, struct str subject)
{
    return hex_encode(a, seals_pairwise(a, s, idp, subject));
}

struct str pairwise_sub(struct arena *a, const struct seals *s, struct str person_id, struct str vendor)
{
    return b32_encode(a, seals_pairwise(a, s, person_id, vendor));
}

struct str pairwise_sid(struct arena *a, const struct seals *s, struct str sid, struct str vendor)
{
    struct str of = fields_key(a, (struct str[]){ S("session"), sid }, 2);

    if (sid.n == SESSION_SID_BEFORE || !str_is_set(sid))
        return sid;
    return b64url_encode(a, str_sub(seals_pairwise(a, s, of, vendor), 0, TOLD_SID_B));
}
