/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/validate.h: what can be known to be wrong before the first request.
 *
 * Floor 3.  A policy that validates strictly cannot fail when it is evaluated, but for integer overflow and entities
 * that do not exist, as long as requests and entities validate too.  The rules are those of Cedar 4.10: an action in
 * scope that applies to nothing is an error (4.13 only warns).
 *
 * Pure: reads its arguments, reports into d, keeps nothing.  Memory for the work comes and goes with the call; only
 * diagnostics stay, in d's arena.  Work is bounded by CEDAR_VALIDATE_STEPS_MAX for each policy; one that would take
 * more is refused with a diagnostic.  Threads: anything may be shared but d.
 * [Cedar reference: Policy validation; cedar-spec, Cedar.Validation]
 */
#ifndef POLICY_CEDAR_VALIDATE_H
#define POLICY_CEDAR_VALIDATE_H

#include "policy/cedar/ast.h"
#include "policy/cedar/schema.h"

enum { CEDAR_VALIDATE_STEPS_MAX = 20 * 1000 * 1000 }; /* about a second */

/* Validates one policy or template for every kind of request that the schema allows.  Reports every error once, however
 * many kinds of request have it, and warns of a policy that can never apply.  A policy linked to a template is checked
 * in its scope, which the link filled; its template must be validated, too.  True when there is no error. */
bool cedar_validate_policy(const struct cedar_schema *s, const struct cedar_policy *policy, enum cedar_mode mode,
                           struct cedar_diags *d);
/* The same, and nothing may look into entities further than `level` behind one another: 0 looks into none, 1 into
 * principal and resource (`principal.name`, `principal in Group::"x"`), 2 also into what these hold
 * (`principal.boss.name`).  Who brings entities for a request knows then how deep.  Groups of actions are in the schema
 * and count for nothing; what an entity holds that the policy names cannot be looked at.  level < 0: any.  [Cedar RFC
 * 76] */
bool cedar_validate_policy_at(const struct cedar_schema *s, const struct cedar_policy *policy, enum cedar_mode mode,
                              int level, struct cedar_diags *d);
/* All of them; goes on after errors. */
bool cedar_validate_policies(const struct cedar_schema *s, const struct cedar_policy *policies, size_t n,
                             enum cedar_mode mode, struct cedar_diags *d);

/* Does the action apply to such a principal and resource, with such a context?  context: NULL for the empty one. */
bool cedar_validate_request(const struct cedar_schema *s, const struct cedar_uid *principal,
                            const struct cedar_uid *action, const struct cedar_uid *resource,
                            const struct cedar_record *context, struct cedar_diags *d);

/* One entity as it was read.  Its parents are those that the input names; when each entity of a store is valid, so are
 * the ancestors that follow.  Not so for an action: it is given with all groups that it is in, direct or not. */
struct cedar_entity_facts {
    const struct cedar_uid *uid;
    const struct cedar_record *attrs, *tags; /* NULL: none */
    const struct cedar_uid *parents;
    size_t parent_n;
    struct cedar_span span; /* where it stands in d->source */
};
/* Is it of a declared type, with the declared attributes, tags, parents and ids?  An action must be as the schema
 * declares it. */
bool cedar_validate_entity(const struct cedar_schema *s, const struct cedar_entity_facts *entity,
                           struct cedar_diags *d);

/* Is the value of this type, which a schema declares?  Reports every difference with its path below `what`
 * ("context", then "context.address.city"). */
bool cedar_validate_value(const struct cedar_schema *s, const struct cedar_type *type, const struct cedar_value *value,
                          struct str what, struct cedar_span where, struct cedar_diags *d);

#endif
