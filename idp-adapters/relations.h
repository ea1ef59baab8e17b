/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/relations.h: for whom a guardian may act, whoever knows it.
 *
 * Floor 3.  Two makers of one answer: the Web API of e-Authorizations
 * (relations_web.c), and what a municipality has imported (relations_kept.c);
 * which of them is data of the identity provider's row (struct idp, relations_url).
 * Both name children by what is kept of identity codes; whose schools they are at
 * is in registry/wards.h, which gateway/pages/guardian.c asks.
 *
 * A personal identity code is at hand for one request alone: that which reads
 * the answer of e-Identification (struct person, identity), or of the authority.
 * Everything but a clear yes is no: an error, a time-out, a word that nobody
 * knows, an empty list.  Nobody is told why, no page and no log line, and no
 * maker leaves early: each does the same in the same order whatever is answered.
 */
#ifndef IDP_ADAPTERS_RELATIONS_H
#define IDP_ADAPTERS_RELATIONS_H

#include "model/ctx.h"

enum {
    WARDS_MAX = 16,             /* children of one guardian; further ones are not shown */
    RELATIONS_MAX_B = 512,      /* struct person, relations */
    RELATIONS_CODE_MAX_B = 512, /* that the authority's page sends back */
    RELATIONS_NAME_MAX_B = 256  /* of a child; longer ones are cut */
};

struct kin {
    struct str identity; /* identity_hash() */
    struct str name;     /* as the authority calls the child; may be absent */
    int64_t of_age_s;
};

struct relations_asked { /* c->state of finish, first */
    struct str back;     /* the address that `page` was told */
    struct kin at[WARDS_MAX];
    size_t n;
    bool by_guardian; /* nobody has named them: those that a municipality has imported for this guardian */
    void *own;        /* of the rows */
};

struct relations_maker {
    const char *name; /* the first word of struct person, relations */

    /* Rows, while c->proven->person has its identity code still: they end with its member relations, which says nothing
     * of whether there is anybody.  They never fail. */
    const struct step_row *begin;

    /* Where the browser goes so that the person picks for whom, and comes back to `back`, an address of ours; absent:
     * there is no such page, or nothing to ask. */
    struct str (*page)(struct ctx *c, const struct idp *idp, const struct person *p, struct str back);

    /* Rows: c->session's person has come back (c->query), or need not go.  They never fail. */
    const struct step_row *finish;
};

/* A person whose identity code is at hand is called by what is kept of it. */
void relations_name(struct ctx *c, struct person *p);

/* That of the row; NULL: people of this identity provider act for nobody. */
const struct relations_maker *relations_of(const struct idp *idp);

/* Of "010108A9017": 00:00 in Finland of the day on which that person is of age.  Who was born on 29 February is so on
 * the 28th where the year has no such day [150/1930, 3 §].  False: no personal identity code. */
bool identity_of_age(struct str code, int64_t *at_s);
/* What is kept of an identity code: 64 hex digits of an HMAC under a key of its own (base/seals.h). */
struct str identity_hash(struct arena *a, const struct seals *s, struct str code);

#endif
