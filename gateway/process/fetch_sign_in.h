/* SPDX-License-Identifier: EUPL-1.2
 * gateway/process/fetch_sign_in.h: a sign-in without a browser: from our request at an identity provider, over one page
 * with one form that asks for a password, back to our own address.
 *
 * Floor 6f.  Pure: says what is to be asked next; the fetcher asks, by the rules of every request (addresses, limits,
 * time), with cookies of this one sign-in.  The password goes to one place: by POST, to the origin to which our request
 * went, in a form of a page of that origin; over https, but of a row that is a test.  It is typed once: a page that
 * asks again has refused it.  No script runs, and nothing is chosen: who asks for more (a second factor, a consent, a
 * user name on a page of its own) cannot be tried so, and the answer says where it ended.
 */
#ifndef GATEWAY_FETCH_SIGN_IN_H
#define GATEWAY_FETCH_SIGN_IN_H

#include "base/arena.h"
#include "wire/fetch.h"

/* As wire/fetch.h: fetch_sign_in() writes, and this reads; views live in a.  False: it is none. */
struct signing {
    struct str back, user, password, start_body; /* start_body absent: our request is a GET */
    struct str origin;                           /* of our request; set by signing_begin() */
    struct str at, referrer;                     /* the page that is asked now, and the one that led to it */
    bool posts, asked;                           /* what is asked now is a POST; the password was typed */
    int hops;
};
bool signing_read(struct arena *a, const struct fetch_request *r, struct signing *out);

struct signing_saw { /* an answer */
    int status;
    struct str location; /* of a redirect, absolute; absent: there is none */
    struct str body;
};

struct signing_next {
    struct str url, body;   /* GO: what is asked next; body absent: by GET */
    struct str back;        /* BACK: what came to our address, as a form */
    const char *step, *why; /* OVER: at which step it ended, and why */
};
enum signing_word { SIGNING_GO = 0, SIGNING_BACK, SIGNING_OVER };

enum signing_word signing_saw(struct arena *a, struct signing *s, const struct signing_saw *saw,
                              struct signing_next *out);
/* At which step an answer that did not come is missed: page, password, or back. */
const char *signing_step(const struct signing *s);

/* scheme://host:port, in small letters; absent: it is no address of http or https. */
struct str signing_origin(struct arena *a, struct str url);

#endif
