/* SPDX-License-Identifier: EUPL-1.2
 * registry/readiness.h: what a service in test has yet to say before it may ask for production.
 *
 * Floor 4.  One list for whoever shows it, asks by it or refuses by it.  Pure: looks at the row alone, of which check.h
 * has found that it holds.  What is in production is looked at in the same way.
 */
#ifndef REGISTRY_READINESS_H
#define REGISTRY_READINESS_H

#include "model/registry.h"

#define LACK_CODES(X)                                                                                                  \
    X(missing, "is not said")                                                                                          \
    X(not_public, "is no https address of the public world, which production demands")                                 \
    X(no_purpose, "is asked for, and nobody says why")                                                                 \
    X(no_basis, "is asked for on a ground that nobody names")

enum lack_code {
#define X(code, words) LACK_##code,
    LACK_CODES(X)
#undef X
        LACK_CODE_COUNT
};
const char *lack_code_name(enum lack_code code);  /* "no_basis": stable */
const char *lack_code_words(enum lack_code code); /* in English, to be put behind the field */

enum { LACKS_MAX = 160 };

struct lack {
    const char *field; /* the row's key: "name.sv", "policy_uri"; "purposes": of claim */
    enum claim claim;  /* of "purposes" alone */
    enum lack_code code;
};

struct lacks { /* each field once, in the order in which forms ask */
    struct lack at[LACKS_MAX];
    size_t n; /* 0: it may ask */
};

void service_lacks(const struct service *s, struct lacks *out);

#endif
