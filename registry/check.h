/* SPDX-License-Identifier: EUPL-1.2
 * registry/check.h: what a registry must be before it is served.
 *
 * Floor 4.  Pure: looks at a snapshot and says what is wrong with it.
 */
#ifndef REGISTRY_CHECK_H
#define REGISTRY_CHECK_H

#include "base/fail.h"
#include "registry/schema.h"
#include "registry/urls.h"

enum {
    WHY_MAX_B = 500,          /* of a policy, and of a right that was given */
    DESCRIPTION_MAX_B = 1000, /* of a service, in one language */
    PURPOSE_MAX_B = 300,      /* of a claim, in one language */
    INCIDENT_MAX_B = 1000,    /* what happened, in one language */
    NOTICE_TITLE_MAX_B = 200, /* in one language */
    NOTICE_MAX_B = 1000,
    NOTICE_MAX_S = 366 * 86400
};

struct row_place { /* the row that a refusal is about */
    enum kind kind;
    struct str key[2]; /* id, or parent and own key */
};

/* Fails CALLER registry_invalid; *where names the row, the detail says what to do. */
bool registry_check(const struct registry *r, struct row_place *where, struct fail *f);

/* What only an import looks at, because it costs: that the metadata in a row can be used, for its own entity, and is
 * signed where it must be.  Fails likewise. */
bool registry_check_documents(const struct registry *r, struct row_place *where, struct fail *f);

/* That no right is a pass's: of the rights among the rows that a change writes, and of all that passes have among them.
 * What stood before it gives nothing (registry_admins), and keeps nobody from starting.  touched: does the change write
 * this row?  Fails CALLER pass_right. */
bool registry_check_rights(const struct registry *r, bool (*touched)(const void *with, enum kind kind, struct str id),
                           const void *with, struct row_place *where, struct fail *f);

/* The same of one service, whose metadata a change has brought. */
bool registry_check_document(const struct registry *r, struct str service, struct row_place *where, struct fail *f);

bool is_row_id(struct str s); /* lower case, digits, . _ - ; at most 64 */
bool is_oid(struct str s);    /* "1.2.246.562.99.1" */

#endif
