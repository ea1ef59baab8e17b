/* SPDX-License-Identifier: EUPL-1.2
 * gateway/release.h: person + service + decision -> the claims that may leave.
 *
 * Floor 6c.  Pure.  Deny by default: a claim leaves when the service has stated
 * a purpose for it, a rule releases it, its scope was asked (or it was, by its
 * name), and it is not empty.  An essential one that cannot leave is missing.  What hangs on an affiliation leaves only
 * for affiliations that are allowed by themselves: a service of one city learns nothing of another.  A value that is
 * made of several facts (MPASSid's role with its school and group) is told part by part: a part whose own claim is not
 * released is empty, or absent where the value is an object.  No identity code, home municipality or non-disclosure
 * mark can leave: there is no row for them.
 */
#ifndef GATEWAY_RELEASE_H
#define GATEWAY_RELEASE_H

#include "base/seals.h"
#include "model/login.h"
#include "policy/policy.h"
#include "wire/claims_asked.h"
#include "wire/jose.h"
#include "wire/json.h"

struct release {
    const struct registry *registry;
    const struct person *person;
    const struct service *service;
    const struct decision *decision; /* allows; a denied one releases nothing but sub */
    struct str sub, scope;
    /* What this vendor calls the child whom a guardian acts for (release_child()); absent: nobody is named. */
    struct str child;
    /* A group of the child names a context and tells nothing of the guardian (LTI); else no fact of the child's school
     * day is said of a guardian: not the group, the level, the charge. */
    bool as_context;
    /* By which names; a protocol that knows no scopes wants all that is released. */
    enum { RELEASE_AS_ROW = 0, RELEASE_AS_NATIVE, RELEASE_AS_MPASS } as;
    bool whole;
    /* Single claims that were asked for besides [OIDC Core 5.5], in either place; NULL: none.  They take the place of
     * the scope and of nothing else. */
    const struct claims_asked_place *asked, *asked_too;
    const struct claim_set *consented; /* nothing beyond it, for that is what the person was asked; NULL: nobody is */
    enum lang lang;
    struct circumstances now;
};

/* For struct release: absent unless the person acts for a child now.  It is what the child itself is called there. */
struct str release_child(struct arena *a, const struct seals *s, const struct person *p, struct str vendor,
                         int64_t now_s);

/* Whether the service asked for it, by scope or by its name. */
bool release_covers(const struct release *r, enum claim claim);

/* The assurance of the person's sign-in, as an ID token states it; absent: nobody states any. */
struct str release_acr(const struct registry *r, const struct person *p);
/* Whether it is what the login cannot do without. */
bool release_acr_fits(const struct registry *r, const struct person *p, const struct login *l);

/* What an ID token says besides what its signer writes into it (iss, iat, exp) [OIDC Core 2]. */
struct id_facts {
    const struct registry *registry;
    const struct person *person;
    struct str sub, client_id, nonce, sid;
    struct str access_token; /* that comes with it */
    enum jose_alg alg;       /* that it will be signed with: at_hash is made by its hash; none: SHA-256 */
    /* Single claims that were asked for in the token itself: by asked alone, whatever its scope is.  NULL: none.  What
     * does not fit into a token is left out. */
    const struct release *told;
};
struct str release_id_claims(struct arena *a, const struct id_facts *f);

enum { RELEASE_MAX_B = 65536 };

/* Puts the one member that names the child into an object; nothing where it is not told. */
void release_put_behalf(struct arena *a, struct json_out *o, const struct release *r);
/* One JSON object; sub is always in it. */
struct str release_claims(struct arena *a, const struct release *r);
/* The same, and the words of what it says. */
struct str release_claims_told(struct arena *a, const struct release *r, struct str *words);
/* Words of claims.def for what release_claims() would say, space-separated, for the audit log. */
struct str release_words(struct arena *a, const struct release *r);

#endif
