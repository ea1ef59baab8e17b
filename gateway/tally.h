/* SPDX-License-Identifier: EUPL-1.2
 * gateway/tally.h: what became of sign-ins within the last hour, by identity provider and stable code.
 *
 * Floor 6a.  For those who look after them: which city's sign-in fails, why, since when.  Ids of rows and codes of
 * tables only, so that nobody can fill it: at most TALLY_ROWS_MAX pairs, and those that had nothing for an hour make
 * room. Shared by all loops of a process; a lock is held for one pair.
 */
#ifndef GATEWAY_TALLY_H
#define GATEWAY_TALLY_H

#include "base/arena.h"

enum { TALLY_ROWS_MAX = 4096, TALLY_S = 3600, TALLY_ID_MAX_B = 128, TALLY_CODE_MAX_B = 48 };

#define TALLY_OK           "ok"           /* the code of a sign-in that went well */
#define TALLY_OLDER_SECRET "older_secret" /* of a service: it proved itself by secret_too; no failure */
#define TALLY_OLDER_CERTIFICATE                                                                                        \
    "older_certificate"                 /* of a service: it signed with an older one of several; no failure */
#define TALLY_OLDER_KEY "older_key"     /* of a service: it encrypted to a retired key of ours; no failure */
#define TALLY_IDP_OLDER "idp_older_key" /* the same of an identity provider, among the services */
/* Whether a code is no failure, and is said by an alarm of its own. */
bool tally_is_notice(struct str code);

struct tally;

struct tally *tally_new(struct arena *a); /* lives in a; freed with tally_free() before it */
void tally_free(struct tally *t);

/* One more.  NULL counts nothing; so does an id or a code that is longer than those of tables. */
void tally_add(struct tally *t, struct str idp, struct str code, int64_t now_s);

struct tally_row {
    struct str idp, code;
    int64_t n;               /* within the last TALLY_S, to five minutes */
    int64_t first_s, last_s; /* since it has not ceased for an hour; and last */
};

struct tally_rows {
    struct tally_row *at;
    size_t n;
};

/* Those of one identity provider, or of all (idp absent) by their ids; of each the most frequent first. */
struct tally_rows tally_read(struct tally *t, struct arena *a, struct str idp, int64_t now_s);

#endif
