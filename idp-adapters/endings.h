/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/endings.h: what of an identity provider ends at a time that is known, and which keys wait.
 *
 * Floor 3.  From what is kept and was seen; asks nobody.  Any thread.  A signing
 * certificate that has ended is told and is no alarm: its key is good for as long as
 * the metadata (or the row) name it [IIP-MD12].
 */
#ifndef IDP_ADAPTERS_ENDINGS_H
#define IDP_ADAPTERS_ENDINGS_H

#include "idp-adapters/upstream.h"
#include "model/registry.h"

enum { ENDINGS_MAX = 24, ENDING_FAR_D = 60, ENDING_NEAR_D = 30, ENDING_LAST_D = 7, ENDING_RENEWED_D = 2 };

/*    what        stable code          in a log line */
#define ENDINGS(X)                                                                                                     \
    X(METADATA, "metadata_ends", "metadata")                                                                           \
    X(SIGNING, "certificate_ends", "signing")                                                                          \
    X(ENCRYPTION, "certificate_ends", "encryption")                                                                    \
    X(TLS, "certificate_ends", "tls")                                                                                  \
    X(SECRET, "secret_ends", "client_secret")

enum ending_what {
    ENDING_NONE = 0,
#define X(what, code, name) ENDING_##what,
    ENDINGS(X)
#undef X
        ENDING_COUNT
};

struct ending {
    enum ending_what what;
    struct str print; /* of a certificate of its metadata; absent of others */
    int64_t at_s;
    bool renewed; /* metadata whose publisher signs them anew all the time: their end matters when it is near */
};

struct endings {
    struct ending at[ENDINGS_MAX]; /* the earliest first */
    size_t n;
    size_t waiting; /* keys that wait for approval */
};

const char *ending_code(enum ending_what what);
const char *ending_name(enum ending_what what);
/* 60, 30 or 7: it ends within so many days; 0: it has ended, and that matters; -1: neither. */
int ending_within(const struct ending *e, int64_t now_s);

/* r: for its pins. */
void endings_of(struct upstream_store *s, struct arena *a, const struct registry *r, const struct idp *idp,
                struct endings *out);
/* The ending that presses most; NULL: none within ENDING_FAR_D. */
const struct ending *endings_first(const struct endings *e, int64_t now_s);

#endif
