/* SPDX-License-Identifier: EUPL-1.2
 * model/person.h: the normalised person, the waist on the upstream side.
 *
 * Floor 1.  Every identity provider, whatever its protocol and dialect, ends in
 * one struct person.  Nothing here is released as it stands: policy decides and
 * gateway/release.c maps.  Views point into the arena that the person was made in.
 */
#ifndef MODEL_PERSON_H
#define MODEL_PERSON_H

#include "base/arena.h"
#include "model/role.def"

enum role {
    ROLE_NONE = 0,
#define X(role, name, code, mpass, affiliation) ROLE_##role,
    ROLES(X)
#undef X
        ROLE_COUNT
};

/* One role at one school (or at the provider itself, when school_oid is absent). */
struct affiliation {
    struct str provider_oid; /* "1.2.246.562.99.…"; never absent */
    struct str school_oid, school_code, office_oid;
    enum role role;
    struct str group;     /* "7B" */
    int class_level;      /* 1–12; 0: none */
    int charge;           /* learning materials: 0 unknown, 1 free, 2 paid */
    int64_t from_s, to_s; /* valid from–to, Unix time; 0: open */
};

/* For whom a guardian acts: one child at a time.  Stands beside the guardian, who is the person, and never in their
 * place.  The guardian's one affiliation is then that of a guardian, at the child's school, until the same moment. */
struct acting {
    struct str child; /* as struct person, id: names of the child are made of it (model/pairwise.h); never shown */
    struct str provider_oid, school_oid, school_code, group;
    int class_level;
    struct str name; /* as it is shown to the guardian alone */
    int64_t until_s; /* 00:00 in Finland of the day on which the child is of age */
};

enum {
    PERSON_AFFILIATIONS_MAX = 64,
    PERSON_TEXT_MAX_B = 1024, /* any text of a person; longer ones are not taken */
    CITY_NAME_MAX_B = 512,
    SUBJECT_MAX_B = 1024,      /* exact, so a longer one is refused and never cut */
    PERSON_ORIGIN_MAX_B = 2048 /* as the registry's row has it */
};

/* What a city says of an address that it gives. */
enum verified { VERIFIED_UNSAID = 0, VERIFIED_NO, VERIFIED_YES };

struct person {
    struct str id;        /* pseudonymous, stable: 64 hex digits of an HMAC; never shown, never an e-mail */
    struct str idp;       /* registry id of the identity provider that spoke */
    struct str subject;   /* its own, stable name of the person; enters id and the audit key only */
    struct str proven_at; /* of an account of ours whose person has proven it elsewhere: registry id of that one */
    struct str origin;    /* upstream issuer or entityID, as the provider names it */
    struct str given_names, calling_name, family_name, email;
    enum verified email_verified;
    /* By what names the city may say later that it has signed the person out (its NameID or sub, its SessionIndex or
     * sid); absent: it says no such thing, or they are longer than CITY_NAME_MAX_B. */
    struct str city_name, city_session;
    struct str learner_id; /* "1.2.246.562.24.…", check digit verified */
    struct affiliation *affiliations;
    size_t affiliation_count;
    struct str acr, amr; /* amr: space-separated */
    int64_t auth_time_s; /* when the city saw the person authenticate; 0: it does not say */
    int64_t city_ends_s; /* its own session of the person ends then; 0: it does not say */
    enum { AGE_UNKNOWN = 0, AGE_UNDER13, AGE_13TO17, AGE_ADULT } age;
    bool non_disclosure; /* turvakielto; never released */
    /* Of guardians.  identity: a personal identity code, in the request that has read it and nowhere else: it is of no
     * record.  registered: the population register was asked, and has said what it knows.  relations: what is kept to
     * ask for whom they may act (idp-adapters/relations.h); absent: they act for nobody.  acting: for whom they act
     * now; child absent: for nobody. */
    struct str identity;
    bool registered;
    struct str relations;
    struct acting acting;
};

/* The identity provider that has seen the person authenticate: whose session of them ends with ours. */
static inline struct str person_seen_at(const struct person *p)
{
    return str_is_set(p->proven_at) ? p->proven_at : p->idp;
}

static inline bool person_acts(const struct person *p)
{
    return str_is_set(p->acting.child);
}

enum { PERSON_OF_AGE = 18 };
/* Whether the child whom somebody acts for has had that birthday, in Finland; false: age is 0, or they act for nobody.
 * It is reckoned back from the day on which the child is of age: of who was born on 29 February it is the 28th in every
 * year that has no such day, and in those that the 18th had none. */
bool person_child_decides(const struct person *p, int age, int64_t now_s);

const char *role_name(enum role role); /* "teacher"; "" for ROLE_NONE */
int role_mpass_code(enum role role);   /* 0 where MPASSid has none */
const char *role_mpass_name(enum role role);
const char *role_edu_affiliation(enum role role);
bool role_is_official(enum role role);   /* of the console alone: never released, and no city's word for everybody */
enum role role_of_name(struct str name); /* our own names; ROLE_NONE when unknown */

bool affiliation_valid(const struct affiliation *a, int64_t now_s);
/* True when any affiliation valid at now_s has the role (at that provider, unless absent). */
bool person_has_role(const struct person *p, enum role role, struct str provider_oid, int64_t now_s);
/* What to call the person on a page: calling name, or first given name, and family name. */
struct str person_display_name(struct arena *a, const struct person *p);
struct person *person_copy(struct arena *a, const struct person *p);

#endif
