/* SPDX-License-Identifier: EUPL-1.2
 * model/test_school.h: people of no city, for the test services of vendors.
 *
 * Floor 1.  One table (test_school.def) in the program: an identity provider, two municipalities and three schools that
 * no registry has, no list shows and no sign-in can name.  They are found by a person of theirs alone (person_idp,
 * person_provider), so that nobody else's affiliation leads to them.  Their numbers are of the test arcs, their e-mail
 * addresses reserved ones [RFC 2606].  A person's subject is "ORGANISATION/KEY": each organisation has people of its
 * own, and its test services alone may be opened by them (policy_decide).
 */
#ifndef MODEL_TEST_SCHOOL_H
#define MODEL_TEST_SCHOOL_H

#include "model/registry.h"

/* No row of a registry can have such an id. */
#define TEST_SCHOOL_IDP "~test-school"

/* What registry_idp() and registry_provider_oid() say of a real person; of a test person what the test school says. */
const struct idp *person_idp(const struct registry *r, const struct person *p);
const struct provider *person_provider(const struct registry *r, const struct person *p, struct str oid);

struct test_person {
    struct str key; /* "pupil1" */
    struct str name;
    struct names odd; /* what is odd about them */
    bool hidden;      /* protected: the mark itself is told to nobody */
};
size_t test_school_count(void);
struct test_person test_school_at(struct arena *a, size_t i);

/* Somebody of the school, of that organisation, who has just signed in; id is not set.  NULL: no such key. */
struct person *test_school_person(struct arena *a, struct str organisation, struct str key, int64_t now_s);
bool test_school_has(const struct person *p);
/* Whose test person it is; absent: nobody's. */
struct str test_school_owner(const struct person *p);

#endif
