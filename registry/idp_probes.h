/* SPDX-License-Identifier: EUPL-1.2
 * registry/idp_probes.h: when a city's test account was last tried, and what came of it (gateway/upstream_probe.h).
 *
 * Floor 4.  One row for each identity provider, beside the registry and no part of it: no change, no version, no
 * history, and not exported.  Whoever takes one that is due has it alone, of all nodes that share the registry.  A row
 * belongs to one account: where the user name, the password, or the address has changed, it begins anew.  Everything
 * may block.  Fails OURS db_….
 */
#ifndef REGISTRY_IDP_PROBES_H
#define REGISTRY_IDP_PROBES_H

#include "base/fail.h"
#include "model/registry.h"
#include "wire/db.h"

enum {
    IDP_PROBE_EVERY_S = 3600,
    IDP_PROBE_AGAIN_S = 300,     /* after a first failure: once more, before anybody is called */
    IDP_PROBE_REFUSED_S = 86400, /* a password that was refused: providers lock accounts that try it again */
    IDP_PROBE_LEASE_S = 120,     /* whoever took it and does not come back */
    IDP_PROBE_WORD_MAX_B = 64
};

struct idp_probe {
    struct str idp;
    int64_t due_s, done_s,
        good_s;           /* done_s: the last that came to an end; good_s: the last that got through; 0: none */
    int64_t ordered_s;    /* somebody wants it now, and has since then; 0: nobody does */
    int64_t fails;        /* since the last that got through */
    struct str step, why; /* of the last one, where it did not: stable words; absent: it did */
};

bool idp_has_probe(const struct idp *idp);

struct idp_probes_known { /* of the accounts that there are now, those that were tried */
    struct idp_probe *at;
    size_t n;
};

/* The one that has waited longest of those that are due or ordered is taken, and its id is *out; absent: there is none.
 * Of one that is switched off, an order alone counts. */
bool idp_probe_take(struct db *d, struct arena *a, const struct registry_parts *r, int64_t now_s,
                    struct idp_probes_known *all, struct str *out, struct fail *f);
/* What came of it; step NULL: it got through. */
bool idp_probe_keep(struct db *d, struct str idp, const char *step, const char *why, int64_t now_s, struct fail *f);
/* Now, whatever is due. */
bool idp_probe_order(struct db *d, struct arena *a, const struct idp *idp, int64_t now_s, struct fail *f);
/* False in *there: it was never taken with this account. */
bool idp_probe_look(struct db *d, struct arena *a, const struct idp *idp, bool *there, struct idp_probe *out,
                    struct fail *f);

/* Whether somebody has to know: it failed twice, or its password was refused. */
bool idp_probe_alarms(const struct idp_probe *p);

#endif
