/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/told.h: what a service would be told of a test person, and what not, and why.
 *
 * Floor 6d.  Pure.  What is shown is made by the functions that make what leaves (gateway/release.h), of whichever
 * registry: the one in force, or one as a draft would have it.
 */
#ifndef GATEWAY_CONSOLE_TOLD_H
#define GATEWAY_CONSOLE_TOLD_H

#include "base/seals.h"
#include "gateway/protocol.h"
#include "gateway/release.h"
#include "policy/grants.h"

struct told_ask {
    const struct registry *registry;
    const struct person *person;
    const struct service *service;
    const struct seals *seals;
    const struct protocol *protocol; /* of the service; NULL: as OpenID Connect tells it */
    enum lang lang;
    struct circumstances now;
};

enum held_back { /* why something is not told */
                 HELD_NOT = 0,
                 HELD_SHUT,      /* the service does not open */
                 HELD_WITHHELD,  /* a policy says so */
                 HELD_UNGRANTED, /* nobody granted it */
                 HELD_UNASKED,   /* the service does not ask for it */
                 HELD_SCOPE,     /* its scope is none of those that the service may ask for */
                 HELD_UNSAYABLE, /* the names of attributes that the service reads have none for it */
                 HELD_EMPTY      /* there is no value */
};

struct told_of {
    struct decision decision;
    struct str scope;              /* all that the service may ask for */
    struct str id_token, userinfo; /* JSON; absent where the service does not open, or is not told so */
    struct str shown;              /* likewise: what a service of another protocol is told */
    struct claim_set told;
    struct claim_said said[CLAIM_COUNT];
    enum held_back held[CLAIM_COUNT]; /* of what is asked for, or granted; else HELD_NOT */
};

/* sub is an example: the service's name for nobody.  nonce, sid and at_hash are, too. */
void told_make(struct arena *a, const struct told_ask *ask, struct told_of *out);

struct made_up { /* a person whom there is not */
    const struct provider *provider;
    const struct school *school; /* NULL: none */
    enum role role;
    int level;
    struct str group;
};

/* With a value for everything that may be told of such people. */
struct person *told_person(struct arena *a, const struct registry *r, const struct made_up *of, int64_t now_s);

/* A legal basis in words. */
struct str told_basis(enum basis basis, enum lang lang);

#endif
