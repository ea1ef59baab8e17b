/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/health.h: how an identity provider is, from what this node has of it.
 *
 * Floor 6d.
 */
#ifndef GATEWAY_CONSOLE_HEALTH_H
#define GATEWAY_CONSOLE_HEALTH_H

#include "console/pages.h"
#include "gateway/tally.h"
#include "model/ctx.h"

enum { HEALTH_ENDS_SOON_S = 30 * 86400, HEALTH_FAILS = 3 /* of one kind within an hour: more than chance */ };

struct health {
    enum vital vital;
    int64_t ok, failed;            /* sign-ins of the last hour */
    const struct tally_row *worst; /* what goes on until somebody corrects it, or its silence; NULL: neither */
    int64_t valid_until_s;         /* of its metadata; 0: not stated */
    bool away;                     /* worst is its silence */
};

/* tally: of all identity providers, read once. */
struct health health_of(struct ctx *c, const struct idp *idp, const struct tally_rows *tally);
/* Its documents, as rows of a page; room for two. */
size_t health_documents(struct ctx *c, const struct idp *idp, struct document_row *out);
enum what_failed health_kind(struct str code);

#endif
