/* SPDX-License-Identifier: EUPL-1.2
 * model/login.h: one login in flight, and the session that it becomes.
 *
 * Floor 1.  A login is the waist on the downstream side: whatever a service
 * speaks, it begins as one struct login.  Its states:
 *
 *     ASKED -> AT_CITY -> KNOWN -> [CONSENT] -> DECIDED -> ANSWERED      and from anywhere REFUSED
 *
 * In flight it is sealed in one cookie per attempt (at most 1 kB), so strangers
 * cannot fill the store and tabs do not overwrite one another.
 */
#ifndef MODEL_LOGIN_H
#define MODEL_LOGIN_H

#include "model/person.h"
#include "model/registry.h"

enum login_state {
    LOGIN_REFUSED = 0,
    LOGIN_ASKED,
    LOGIN_AT_CITY,
    LOGIN_KNOWN,
    LOGIN_DECIDED,
    LOGIN_ANSWERED,
    LOGIN_CONSENT
};

enum {
    PROMPT_NONE = 1,   /* answer without a page, or say why not */
    PROMPT_LOGIN = 2,  /* ask for a fresh log-in, all the way up to the city */
    PROMPT_SELECT = 4, /* let the person choose again who to be */
    PROMPT_CONSENT = 8 /* of a voluntary service: ask once more what it may be told */
};

#define PUSHED_MARK "par:" /* login->pushed begins so where the request was pushed [RFC 9126] */

struct login {
    enum login_state state;
    struct str id; /* names the attempt: cookie and return path; 128 random bits, base64url */
    int64_t started_s;
    bool kept;             /* this browser has it in a cookie: what names it finds it again; not of the record */
    bool redirect_checked; /* the answer address is a registered one: failures may go there */

    /* What the service asked, in protocol-free words. */
    enum protocol_id protocol;
    struct str service;   /* registry id; "" for the launcher itself */
    struct str answer_to; /* redirect_uri, ACS URL, or a path of ours for PROTO_LAUNCHER */
    unsigned
        answer_mode; /* how the answer travels: a number of the protocol's own (gateway/oidc/modes.def); 0: its usual */
    struct str state_out; /* opaque, goes back as it came: state, RelayState */
    struct str nonce, scope;
    struct str code_challenge; /* S256 only; absent: the service goes without PKCE */
    unsigned prompt;           /* PROMPT_… bits */
    int64_t max_age_s;         /* -1: not asked */
    struct str login_hint;
    struct str acr_values; /* space-separated, most wanted first */
    bool acr_must;         /* none of them achieved: refused */
    struct str claims;     /* single claims that were asked for, as claims_asked_write() makes it; absent: none */
    struct str resources;  /* space-separated: what the tokens are to be for; absent: not said */
    struct str jkt;        /* only the holder of this key redeems the answer: its thumbprint; absent: whoever */
    struct str pushed;   /* the request was handed over before, and serves once: its mark; absent: it came by browser */
    struct str hint_sub; /* the service expects this person: its own name of them, from an id_token_hint */
    bool wants_auth_time;
    bool shared; /* the device is: a fresh log-in at the city, and a session that ends sooner */

    /* What we asked of the city. */
    struct str idp;         /* registry id */
    struct str upstream_id; /* state (OIDC) or AuthnRequest ID (SAML): answers name it */
    struct str upstream_nonce, upstream_verifier;
    bool fresh; /* we demanded a fresh authentication */
    int64_t asked_city_s;
    int64_t
        asked_epoch; /* kv_epoch_number() then: elsewhere an answer may be forgotten; 0: a record of before has none */

    /* LOGIN_CONSENT: sid of the session whose person is asked. */
    struct str asks_sid;

    /* Another account of whoever is signed in is to be proven, beside that session, which this sid names; absent: the
     * login is a sign-in. */
    struct str beside;

    struct str lang; /* ui_locales, as chosen */
};

/* Whether the city is asked to see the person log in now. */
static inline bool login_fresh(const struct login *l)
{
    return (l->prompt & PROMPT_LOGIN) != 0 || l->shared;
}

/* What Redis holds of a signed-in person, sealed, under SHA-256 of the cookie. */
struct session {
    struct str id_hash; /* hex; the key */
    struct str sid;     /* public session id of ID tokens, per session; not the cookie */
    struct person *person;
    int64_t began_s, seen_s, ends_s; /* ends_s: the absolute end, wall clock; the city's own, where it is earlier */
    int64_t epoch;                   /* session epoch it was made in; an older one is void */
    struct str knew; /* marks of the second in which it began, that came before it (registry/marks.h); absent: none */
    struct str csrf; /* token of our own POST forms */
    struct str
        from;    /* address of the device, as of the last minute: requests that a service makes come from elsewhere */
    bool shared; /* on a shared device: ends after shared_idle_s, and shows the large "done" */
    struct str upstream_hint; /* what ends the city's own session with this one; goes to the city alone */
    struct strs services;     /* ids of services that were opened, for sign-out */
    struct strs told;         /* what their protocols keep of them: pairs of an id and a text */
    struct strs favourites;   /* ids of services that stand first in the launcher */
    struct strs read;         /* ids of notices that they have read */
    bool favourites_known;    /* both asked for in this session already */
    /* Of a guardian: whom they may act for, as the authority has said in this session; known: it was asked. */
    struct acting *wards;
    size_t ward_count;
    bool wards_known;
    /* A test person's (model/test_school.h): the one service that it is for, and the sid of the vendor's own session,
     * with which it ends.  Absent: somebody's real one. */
    struct str only, under;
    /* Of another account of the same person, beside the session with the sid `under` and the key `beside_of`.  waits:
     * the person has not yet said that both are theirs; then it opens nothing. */
    struct str beside_of;
    struct str beside_person; /* whose that session is: what ends all of theirs ends this as well */
    bool waits;
    struct str player; /* then whose that session is: identity provider, its key, subject; of refresh tokens as well */
};

#endif
