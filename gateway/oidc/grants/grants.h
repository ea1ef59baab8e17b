/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/grants/grants.h: the token endpoint: what a grant says, and the tokens that are made of it.
 *
 * Floor 6d.  The endpoint (token.c) is: authenticate the service -> find the row of its grant_type
 * (model/grant_types.def) -> the proof of a key -> the grant's own steps -> issue -> answer.  A grant's steps prove
 * what was brought (a code, a refresh token, a device code …) and say in struct granting what it grants; they make no
 * token.  issue.c makes the tokens of any grant.  A further grant type is a row of that table and a file here.
 *
 * Fails as endpoints do: CALLER with OAuth's error codes [RFC 6749 5.2], whose details are told to the service.
 */
#ifndef GATEWAY_OIDC_GRANTS_GRANTS_H
#define GATEWAY_OIDC_GRANTS_GRANTS_H

#include "certs/signer_client.h"
#include "gateway/oidc/tokens/tokens.h"
#include "model/grant_types.h"

struct grant_row {
    const struct grant_type *type;
    const struct step_row *steps;
};
extern const struct grant_row grant_rows[GRANT_COUNT];

/* c->state of the token endpoint. */
struct granting {
    const struct grant_row *grant;
    struct binding bound; /* the key that this request holds: the tokens are bound to it */

    /* What the grant's steps say.  c->session and c->person are set by them as well, once policy has allowed
     * (grant_person()); both NULL: the tokens are the service's own. */
    struct str scope, lang;
    struct str nonce;       /* goes into the ID token; absent: none does */
    struct str claims;      /* as in struct token_record */
    struct str resources;   /* likewise: what was granted; `resource` in the request chooses among them */
    struct str consented;   /* likewise */
    bool resources_chosen;  /* … but not here: the grant has looked at the request itself */
    struct str through;     /* likewise */
    struct str act;         /* likewise */
    struct str session;     /* key of c->session; absent: it is not of Redis */
    struct family *family;  /* that the tokens are of; NULL: of none yet */
    bool family_moves;      /* it is to be stored as it is now */
    struct str of_family;   /* key of another one that the tokens end with; absent: of none */
    int64_t ends_s;         /* not beyond this; 0: no such thing */
    bool id_token;          /* one is due, where the scope has openid */
    bool refresh;           /* a refresh token is due, where the row allows it */
    struct str issued_type; /* issued_token_type of the answer [RFC 8693 2.2.1]; absent: none */
    struct str once; /* what was redeemed, which works once: a mark under which is kept what was made of it, so that a
                      * second use takes that back (grant_used_again); absent: no such thing */
    void *own;       /* the grant's own */
    struct issue *issue; /* issue.c's own */
};

/* CALLER invalid_grant; why: told to the service as well. */
int grant_bad(struct fail *f, const char *why);

/* c->session is set: sets c->person and asks policy.  given_s, knew: when the person let it come to this.  Fails
 * invalid_grant: the person may not use the service, or has taken back since what they had let it be told. */
bool grant_person(struct ctx *c, int64_t given_s, struct str knew, struct fail *f);

/* scope of the request: no more than was granted; absent: all of it.  Fails invalid_scope [RFC 6749 6]. */
bool grant_narrow(struct ctx *c, struct fail *f);

/* Rows: what g->once stands for has come again: ends the tokens of its first use, and fails invalid_grant; OURS while
 * these may still be good. */
extern const struct step_row grant_used_again[];

/* Rows: make the tokens of what c->state says, and the answer.  They fail OURS, CALLER invalid_target. */
extern const struct step_row grant_issue[];

#endif
