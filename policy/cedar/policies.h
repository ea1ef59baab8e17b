/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/policies.h: what a policy set is inside, and its index.
 *
 * Stands on base/ alone.  Inside the library; everybody else sees cedar.h.
 *
 * The index answers "which policies can apply to this principal, action and
 * resource" without looking at the others: each policy is filed under the
 * principal (or group, or type) that its scope names, its action, and its
 * resource, each possibly "any"; a request asks for every combination of what
 * it is and is in.  Where a scope leaves too many together, a policy is filed
 * under the rarest thing that its conditions demand instead (demand.h).  The
 * answer may hold too much, never too little: scopes are compared afterwards.
 */
#ifndef CEDAR_POLICIES_H
#define CEDAR_POLICIES_H

#include "policy/cedar/demand.h"
#include "policy/cedar/engine.h"
#include "policy/cedar/parse.h"

enum { INDEX_FILTER_BITS = 4096, INDEX_FROM = 12 /* fewer policies are looked at one by one */ };

struct index_entry {
    uint64_t key;
    uint32_t policy;
};

/* What policies demand alike: read once for a request. */
struct probe {
    struct demand demand; /* without keys */
    bool filed;           /* policies are filed under it; otherwise it must only be readable */
    uint64_t *touched;    /* a bit for each policy that it comes before, or that is filed under it */
    size_t n_touched;
};

struct index {
    size_t n, n_probes;
    const struct probe *probes;
    const struct index_entry *entries; /* by bucket: the first bits of the key */
    const uint32_t *starts;            /* of each bucket, and where the last one ends */
    unsigned shift;
    uint8_t shapes; /* bit: some policy names principal(1) | action(2) | resource(4), as a number 0…7 */
    uint64_t filter[3][INDEX_FILTER_BITS / 64]; /* keys that occur, by dimension */
};

/* For look-ups by id. */
struct policy_name {
    uint64_t hash; /* of the id */
    uint32_t number;
    const struct cedar_policy *policy;
};

struct cedar_policies {
    size_t n, n_templates;
    const struct cedar_policy *const *items; /* that decide */
    const struct cedar_policy *const *templates;
    const struct policy_name *names; /* of all of them, sorted by hash, then id */
    struct index index;
    struct index people; /* by principal and action alone, for many resources at once */
};

/* Makes the set: sorts, refuses ids given twice, builds the index. */
const struct cedar_policies *policies_make(struct arena *a, const struct policy_list *all, struct cedar_diags *d);
/* A copy of a template with its slots filled; NULL after reporting. */
struct cedar_policy *policy_link(struct arena *a, const struct cedar_policy *template, const struct cedar_link *link,
                                 struct cedar_diags *d);

/* by: which of principal(1), action(2) and resource(4) the policies are filed under. */
enum { INDEX_PRINCIPAL = 1, INDEX_ACTION = 2, INDEX_RESOURCE = 4, INDEX_PROBES_MAX = 32 };
struct index_wanted {
    struct index *x;
    unsigned by;
};
void index_build(struct arena *a, const struct cedar_policy *const *policies, size_t n,
                 const struct index_wanted *wanted, size_t n_wanted);

/* One of principal, action, resource of a request. */
struct index_side {
    const struct cedar_uid *uid;
    const struct cedar_entity *entity; /* NULL: not in the store */
};
/* Marks policies that can apply, one bit each (words: (n + 63) / 64, zeroed).
 * A side by which nothing is filed is not read, nor is a variable of e that the index was not built by. */
void index_find(struct eval *e, const struct index *x, size_t n_policies, const struct index_side sides[3],
                uint64_t *marks);

void authorize_start(struct eval *x, struct index_side sides[3], struct arena *a, const struct cedar_entities *e,
                     const struct cedar_request *r);
/* Decides as if each text that is assumed had its value.  *steps, if wanted: what it took. */
struct cedar_answer authorize_assuming(struct arena *a, const struct cedar_policies *p, const struct cedar_entities *e,
                                       const struct cedar_request *r, enum cedar_rule rule,
                                       const struct cedar_assumed *assumed, size_t n, uint64_t *steps);
/* Decides, and marks each entity of the store that is looked up for it. */
void authorize_touching(struct arena *a, const struct cedar_policies *p, const struct cedar_entities *e,
                        const struct cedar_request *r, uint64_t *touched);

/* Does the scope admit it? */
bool scope_admits(const struct cedar_scope *scope, const struct index_side *side);

#endif
