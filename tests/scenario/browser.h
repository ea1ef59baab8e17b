/* SPDX-License-Identifier: EUPL-1.2
 * tests/scenario/browser.h: one HTTP request to the gateway, and a jar of cookies.
 *
 * Follows nothing by itself.  A jar keeps what a browser would: cookies by name,
 * until their Max-Age has passed by the stage's clock.
 */
#ifndef TESTS_SCENARIO_BROWSER_H
#define TESTS_SCENARIO_BROWSER_H

#include "tests/scenario/stage.h"

enum { JAR_MAX = 64 };

struct cookie {
    struct str name, value;
    int64_t ends_s; /* 0: until the browser ends */
};

struct jar {
    struct cookie at[JAR_MAX];
    size_t n;
};

struct request {
    bool post;
    struct str path;          /* with its query */
    struct str body;          /* a form */
    struct str authorization; /* the field's value */
    struct str origin;        /* whose page asked, in a form's POST; absent: none is said */
    struct str host;          /* absent: the gateway's own name */
    struct str from;          /* address of the device, as the proxy says it; absent: an operator on this machine */
};

struct answer {
    int status;      /* 0: none came */
    int64_t took_ms; /* by the script's clock */
    bool hung;       /* and the connection was not closed either */
    struct str head, body, location;
    bool session, session_ended; /* the session's cookie was set, or taken away */
};

/* The jar gives its cookies and takes what is set; NULL: a service, which has none. */
struct answer browser_ask(struct stage *s, struct arena *a, struct jar *jar, const struct request *r);
void jar_put(struct jar *jar, struct str name, struct str value); /* in place of the one of that name */
const struct cookie *jar_find(const struct jar *jar, struct str name);
size_t jar_count(const struct stage *s, struct jar *jar, struct str prefix); /* cookies that have not ended */

#endif
