/* SPDX-License-Identifier: EUPL-1.2
 * wire/claims_asked.h: the parameter `claims`: single claims that a service asks for.
 *
 * Floor 1.  Foreign JSON [OpenID Connect Core 5.5], read strictly and bounded, and a compact
 * form of it that logins, codes and tokens carry: the same JSON with nothing in it that is
 * not understood.  What is asked for is a wish: what may leave is decided elsewhere
 * (gateway/release.h).  Pure; texts are views into the arena or the input.
 */
#ifndef WIRE_CLAIMS_ASKED_H
#define WIRE_CLAIMS_ASKED_H

#include "base/arena.h"
#include "base/fail.h"

enum {
    CLAIMS_ASKED_MAX_B = 4096,     /* of the parameter, and of the compact form */
    CLAIMS_ASKED_MAX = 64,         /* in each of the two places */
    CLAIM_ASKED_NAME_MAX_B = 128,  /* "acr", "name#sv", "https://example.org/claim" */
    CLAIM_ASKED_VALUES_MAX = 16,   /* of one claim */
    CLAIM_ASKED_VALUE_MAX_B = 256, /* text of one value; other types of JSON as they were written */
};

struct claim_asked {
    struct str name;
    bool essential;
    struct str *values; /* any of these will do, the first most wanted; of `value` just one */
    size_t value_count; /* 0: any value will do */
};

struct claims_asked_place {
    struct claim_asked *at; /* in the order in which they came; each name once */
    size_t n;
};

struct claims_asked {
    struct claims_asked_place userinfo, id_token;
};

/* The parameter, or the compact form.  Absent: nothing is asked for.  Fails CALLER invalid_request: no JSON object, a
 * member of another type than the specification's, too many, too long.  What is not known of it is left out. */
bool claims_asked_read(struct arena *a, struct str text, struct claims_asked *out, struct fail *f);

/* The compact form; absent when nothing is asked for, or when it has more than CLAIMS_ASKED_MAX_B bytes. */
struct str claims_asked_write(struct arena *a, const struct claims_asked *asked);

/* NULL: not asked for. */
const struct claim_asked *claims_asked_get(const struct claims_asked_place *place, struct str name);

#endif
