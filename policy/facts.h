/* SPDX-License-Identifier: EUPL-1.2
 * policy/facts.h: people, schools, services and moments, as the policies see them.
 *
 * Floor 3; private to the folder and to its tests.  What model.cedarschema
 * declares, made of the snapshot: what stays is one store, made once for a
 * snapshot; a person, in one affiliation, and a moment are made for a request.
 */
#ifndef POLICY_FACTS_H
#define POLICY_FACTS_H

#include "policy/cedar/engine.h"
#include "policy/may.h"
#include "policy/statement.h"
#include "policy/windows.h"

enum deed { /* the actions that are about services */
            DEED_OPEN = 0,
            DEED_LEAVE,
            DEED_RELEASE,
            DEED_COUNT
};

struct facts {
    const struct registry_parts *parts;
    const struct cedar_entities *nouns; /* everything that stays */
    const struct cedar_entity *deeds[DEED_COUNT], *acts[MAY_COUNT];
    const struct cedar_entity **services; /* by their place in the registry */
};

/* Lives in a, over the snapshot's texts. */
const struct facts *facts_of(struct arena *a, const struct registry *r);

/* The school that Cedar text names so (school_uid()), and its provider; NULL: there is none. */
const struct school *facts_school(const struct registry *r, struct str id, const struct provider **p);

/* The entity that an area is; NULL: there is no such area. */
const struct cedar_entity *facts_area(struct arena *a, const struct facts *f, const struct registry *r,
                                      const struct area *where);

/* The person in one affiliation, at a provider of the snapshot, or (NULL) at none. */
const struct cedar_entity *facts_person(struct arena *a, const struct person *p, const struct affiliation *at,
                                        const struct provider *provider);
const struct cedar_entity *facts_disclosure(struct arena *a, const struct facts *f, const struct service *s,
                                            enum claim claim);

struct moment { /* in which somebody asks, in one affiliation */
    int64_t now_s;
    int minute, weekday; /* in Finland */
    bool shared_device;
    int assurance;
    struct windows windows;
};
struct moment moment_of(struct arena *a, const struct registry *r, const struct person *p,
                        const struct provider *provider, const struct affiliation *at, const struct circumstances *now);
struct cedar_value facts_moment(struct arena *a, const struct moment *m);
/* Whether all of it holds; where it does not, a statement that asks for it does not apply, and cannot fail. */
bool hours_hold(const struct hours *h, const struct moment *m);

/* 1 a password or whatever else a city takes, 2 substantial, 3 high; 0: it says nothing. */
int facts_assurance(struct str acr);

#endif
