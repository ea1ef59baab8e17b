/* SPDX-License-Identifier: EUPL-1.2
 * policy/set.h: the policies of a snapshot, one statement after the other.
 *
 * Floor 3; private to the folder and to its tests.  Read once, when the snapshot
 * is made.  A plain statement says no more than who by provider, school and role,
 * and which services: the index holds all of it.  Every other one is placed in
 * the index by what it demands at least, and asked of the evaluator.
 */
#ifndef POLICY_SET_H
#define POLICY_SET_H

#include "policy/facts.h"
#include "policy/statement.h"

struct listed { /* one statement, by its place: the order of layers, owners, rows and texts */
    const struct policy *row;
    const struct cedar_policy *cedar;
    struct statement says;
    bool plain;
    bool reads_service;                    /* the evaluator's answer may differ from one service to the other */
    const struct service *const *services; /* that it may be about; NULL: all */
    size_t n_services;
};

struct set {
    const struct registry *registry;
    const struct registry_parts *parts;
    const struct facts *facts;
    const struct cedar_policies *defaults; /* policy/defaults.cedar: who may administer what */
    struct listed *at; /* behind what is shipped for services (exams.cedar), where there is any exam */
    size_t n;
    const struct policy *unread; /* a row that cannot be read, so that nothing is permitted; NULL: none */
};

/* Kept with the snapshot. */
const struct set *set_of(const struct registry *r);

/* Whether the evaluator says the same of opening each of its services. */
bool listed_alike(const struct listed *l);

/* One person, in one affiliation, at a moment; made once for all that is asked of them. */
struct asking {
    struct arena *arena;
    const struct set *set;
    struct cedar_asked cedar;
    const struct affiliation *at;
    const struct provider *provider;
    int64_t now_s;
    struct moment moment;
};
struct asking asking_of(struct arena *a, const struct set *set, const struct person *p, const struct affiliation *at,
                        const struct provider *provider, const struct circumstances *now);
/* What the evaluator says of it, whatever the index says; claim: of DEED_RELEASE alone.  Another owner's, or not in
 * force: CEDAR_APPLIES_NOT.
 */
enum cedar_outcome asking_whether(struct asking *q, const struct listed *l, enum deed deed, const struct service *s,
                                  enum claim claim);

/* The row that stands for policy/exams.cedar: no registry has it, and nobody can take it away.  Lives in a. */
const struct policy *policy_of_exams(struct arena *a);

bool policy_in_force(const struct policy *row, int64_t now_s); /* enabled, and within its dates */

#endif
