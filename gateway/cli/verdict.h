/* SPDX-License-Identifier: EUPL-1.2
 * gateway/cli/verdict.h: what the verifiers say of the person, as the server would.
 *
 * Floor 6.  What was proven must also name a person, or the server refuses it.
 * How an identity provider names people is its row's map; without one, what no
 * map can read is refused, and all else is left to the row.
 */
#ifndef GATEWAY_CLI_VERDICT_H
#define GATEWAY_CLI_VERDICT_H

#include "idp-adapters/attribute_list.h"

/* The codes that this may end in, with their rules, for --help. */
#define VERDICT_CODES(X)                                                                                               \
    X(no_subject, "the message names the person, by itself or by what the map reads")                                  \
    X(attribute_missing, "with --map: what that map must have is there")                                               \
    X(scope_foreign, "with --map: a name with a scope carries one that --scope allows")                                \
    X(learner_id_invalid, "with --map: a learner number has its form and check digit")

/* map: a dialect's name, or NULL; scopes: those that the row allows.  subject: the protocol's own name of the person;
 * may be absent.  name_said: the message has some name of the person, which a map may not need.  Fails as map_person().
 */
bool verdict_person(struct arena *a, const char *map, struct strs scopes, const struct attribute_list *list,
                    struct str subject, bool name_said, struct fail *f);
/* False, with the names that there are, when map is no dialect. */
bool verdict_map_known(struct arena *a, const char *map, struct fail *f);

#endif
