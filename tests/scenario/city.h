/* SPDX-License-Identifier: EUPL-1.2
 * tests/scenario/city.h: the cities' identity providers, made by the tests: SAML and OpenID Connect.
 *
 * A city is asked by a browser that the gateway has sent to it; it writes an
 * answer, which is only a URL or a form until a browser brings it.  Each city
 * has a clock of its own, as wrong as the script says.
 */
#ifndef TESTS_SCENARIO_CITY_H
#define TESTS_SCENARIO_CITY_H

#include "base/world.h"
#include "wire/fetch.h"

enum { CITY_ANSWERS_MAX = 64 };

struct city;

struct city_answer_how {
    struct str person, role; /* subject and given name; role of the gateway's table */
    struct str number;       /* learner number; absent: its usual one, or none */
    int64_t since_s;         /* signed in at the city so long ago */
    struct str asked;        /* the location that the gateway sent the browser to */
    int64_t for_s;           /* SAML: its own session ends so much later; 0: eight hours */
    bool refuses;            /* says access_denied */
    struct str error;        /* present: another error, or SAML status */
    bool silent;             /* OpenID Connect: says no auth_time */
};

/* What a browser carries from a city to the gateway. */
struct city_answer {
    bool post;
    struct str path; /* with its query */
    struct str body; /* of a POST */
};

struct cities;

struct cities *cities_new(struct arena *a, const struct world *w);
/* The city of that name; NULL: none. */
struct city *city_named(struct cities *c, struct str name);
/* The city that the location leads to; NULL: none. */
struct city *city_at(struct cities *c, struct str location);
struct str city_name(const struct city *c);
bool city_is_saml(const struct city *c);
void city_clock(struct city *c, int64_t wrong_by_s);
void city_leaves(struct city *c, bool away); /* its web server does not answer */

/* False: the location is no request to a city. */
bool city_write(struct city *c, const struct city_answer_how *how, struct city_answer *out);

/* SAML metadata, for the registry; valid until 1 September 2026. */
struct str city_metadata(struct arena *a);
struct str city_metadata_suomifi(struct arena *a);
/* What e-Authorizations say from now on, whatever they are asked: authority.h; "well". */
void cities_authority(struct cities *c, struct str says);

struct city_logout {                                /* what a logout token says; absent: left out */
    struct str iss, aud, sub, sid, jti, nonce, typ; /* iss absent: its own */
    struct str events;                              /* JSON */
    int64_t old_s;
    bool foreign; /* signed by another key */
};
struct str city_logout_token(struct city *c, const struct city_logout *said);

/* The service kuulo hears of ends of sessions, unless it is deaf. */
enum { CITY_HEARD_MAX = 64 };
void cities_deaf(struct cities *c, bool deaf);
/* How many logout tokens it has heard since the last look; the first one's form. */
struct str cities_heard(struct cities *c, size_t *n);

/* The fetcher's side: struct stage's fetch. */
void cities_fetch(void *self, struct arena *a, const struct fetch_request *r, struct fetch_got *out);

#endif
