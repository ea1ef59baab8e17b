/* SPDX-License-Identifier: EUPL-1.2
 * registry/old_rules.h: what the rows of `rules:` say, as policies.
 *
 * Floor 4; for this folder alone.  Earlier versions had rules instead of policies.  A file that still has them, rows of
 * them in SQL and in the history of changes are understood: each is a policy of the same id, which decides the same.
 */
#ifndef REGISTRY_OLD_RULES_H
#define REGISTRY_OLD_RULES_H

#include "base/fail.h"
#include "registry/schema.h"

/* The policy's row, in a; texts are the rule's or in a.  schools: those that the rule may name, in the order of their
 * keys. */
struct db_value *rule_as_policy(struct arena *a, const struct db_rows *schools, const struct db_value *rule);

/* Rules that stand in SQL become policies, all of them or none; history stays as it is.  Fails OURS db_…. */
bool old_rules_turn(struct db *d, struct fail *f);

#endif
