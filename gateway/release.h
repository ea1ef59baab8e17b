/* SPDX-License-Identifier: EUPL-1.2
 * gateway/release.h: person + service + decision -> what the service is told.
 *
 * Floor 5.  Pure.  Deny by default: a claim leaves only when the decision
 * releases it, a scope asks for it and the person has it; empty means omit.
 * Only affiliations valid at now_s leave.  claims.def names each claim in each
 * profile.
 */
#ifndef GATEWAY_RELEASE_H
#define GATEWAY_RELEASE_H

#include "base/seals.h"
#include "model/claims.h"
#include "model/registry.h"
#include "policy/policy.h"
#include "wire/json.h"

struct release {
    const struct registry *registry; /* names of schools and providers */
    const struct seals *seals;
    const struct person *person;
    const struct service *service;
    struct claim_set allowed;        /* the decision's */
    struct str scope;                /* as granted, space-separated; profile B asks by scope, profile A by "profile" */
    enum lang lang;
    int64_t now_s;
};

/* The service's own name of the person: HMAC(person_id, vendor) in lower-case base32, equal over every protocol. */
struct str release_pairwise(struct arena *a, const struct seals *s, struct str person_id, struct str vendor);
/* person_id = HMAC(pairwise key, idp ‖ subject) in hex. */
struct str release_person_id(struct arena *a, const struct seals *s, struct str idp, struct str subject);

/* Writes the claims as members of the open object, `sub` first. */
void release_claims(struct json_out *o, const struct release *r);
/* The names of the claims that release_claims would write, space-separated; for the audit line. */
struct str release_names(struct arena *a, const struct release *r);

#endif
