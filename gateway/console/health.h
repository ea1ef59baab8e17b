/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/health.h: how an identity provider is, from what this node has of it.
 *
 * Floor 6d.
 */
#ifndef GATEWAY_CONSOLE_HEALTH_H
#define GATEWAY_CONSOLE_HEALTH_H

#include "console/pages.h"
#include "gateway/tally.h"
#include "idp-adapters/endings.h"
#include "model/ctx.h"

enum { HEALTH_FAILS = 3 /* of one kind within an hour: more than chance */ };

struct health {
    enum vital vital;
    int64_t ok, failed;            /* sign-ins of the last hour */
    const struct tally_row *worst; /* what goes on until somebody corrects it, or its silence; NULL: neither */
    struct ending ends;            /* what presses most; NONE: nothing does */
    int ends_within;               /* of it: 60, 30 or 7 days; 0: it has ended */
    bool waits;                    /* a key waits for approval */
    bool away;                     /* worst is its silence */
};

/* tally: of all identity providers, read once. */
struct health health_of(struct ctx *c, const struct idp *idp, const struct tally_rows *tally);
/* Its documents, as rows of a page; room for two. */
size_t health_documents(struct ctx *c, const struct idp *idp, struct document_row *out);
enum what_failed health_kind(struct str code);
/* What of it ends when, certificates of its metadata and its web server's; room for ENDINGS_MAX. */
size_t health_endings(struct ctx *c, const struct idp *idp, struct ending_row *out);
/* Its signing keys: in use, waiting, and no longer published; room for HEALTH_KEYS_MAX. */
enum { HEALTH_KEYS_MAX = 32 };
size_t health_keys(struct ctx *c, const struct idp *idp, struct key_row *out);
struct str health_print(struct ctx *c, struct str print); /* a fingerprint in groups: "4E1A 90C7 …" */
/* The metadata that this node has of it; NULL: none. */
const struct saml_metadata *health_metadata(struct ctx *c, const struct idp *idp);
/* Our own certificates that end within sixty days. */
size_t health_own(struct ctx *c, struct ending_row *out, size_t max);

#endif
