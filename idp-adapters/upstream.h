/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/upstream.h: what identity providers publish: fetched, parsed,
 * kept, renewed.
 *
 * Floor 3.  Knows nothing of SAML or OpenID Connect: a caller says where a
 * document is and how it is read (upstream_oidc.h, upstream_saml.h).  One store
 * per process keeps the parsed documents; one struct upstreams per loop asks for
 * them.  A document is fetched by one loop at a time, whoever waits for it (single
 * flight); one that is due is renewed in the background while the old one goes on
 * serving; a renewal that fails keeps the old one and is tried again after a
 * minute.  A document that did not do (a signature that no kept key made) is
 * fetched at once, and then after growing pauses (UPSTREAM_PAUSES_S), so that a
 * party with two servers, one of which is behind, is soon read from the other and
 * strangers with forgeries cost it a fetch a minute.  A document never changes and
 * stays while somebody holds it.
 * Threads: the store is shared, a struct upstreams belongs to its loop.
 */
#ifndef IDP_ADAPTERS_UPSTREAM_H
#define IDP_ADAPTERS_UPSTREAM_H

#include "base/batch.h"
#include "base/fail.h"
#include "base/loop.h"
#include "base/settings.h"
#include "base/world.h"
#include "wire/fetch.h"

struct upstream_store;
struct upstreams;

struct upstream_store *upstream_store_new(void);
void upstream_store_free(struct upstream_store *s); /* after every struct upstreams on it */

struct upstreams *upstreams_new(struct upstream_store *s, struct loop *l, struct fetch *x, const struct world *w,
                                const struct settings *set);
void upstreams_free(struct upstreams *u); /* what waits is answered "away"; before its struct fetch is freed */

struct upstream_want;
/* Reads a document; its views and structs live in a.  NULL refuses, with f. */
typedef const void *upstream_parse_fn(struct arena *a, const struct upstream_want *want, struct str body,
                                      struct fail *f);

/* Whether what was fetched may take the place of what is kept; false keeps it, as a renewal that failed. */
typedef bool upstream_newer_fn(const void *kept, const void *fetched, int64_t now_s);
/* For how long a document that has just come need not be fetched anew; the setting metadata_refresh_s is the most. */
typedef int64_t upstream_fresh_fn(const void *value, int64_t now_s);
/* By what SAML metadata say of their own end (0: nothing): what has ended replaces nothing that has not.  is_signed:
 * and what somebody signed grows in validity; what goes back was signed before. */
bool upstream_outlasts(int64_t kept_until_s, int64_t fetched_until_s, bool is_signed, int64_t now_s);

/* After UPSTREAM_CALM_S without such a fetch the pauses begin again with the first. */
enum { UPSTREAM_FORCE_S = 60, UPSTREAM_RETRY_S = 5, UPSTREAM_CALM_S = 600 };
#define UPSTREAM_PAUSES_S                                                                                              \
    {                                                                                                                  \
        0, 5, 15, UPSTREAM_FORCE_S                                                                                     \
    } /* the last one from then on */

struct upstream_want {
    struct str name;     /* names the document in the store: "keys oulu-edu"; at most 256 bytes */
    struct str url;      /* a kept document from another address, or read for another expect or trust, is dropped */
    struct str place;    /* the idp's id, for the fetcher's bulkheads */
    struct str networks; /* private ones that it may be in, as wire/fetch.h has them */
    struct str expect;   /* for parse: the issuer or entityID it must speak of */
    struct str trust;    /* for parse: PEM of the keys that must have signed it; absent: it need not be signed */
    enum fetch_purpose purpose;
    bool test;
    upstream_parse_fn *parse;
    upstream_newer_fn *newer; /* NULL: what was fetched is always newer */
    struct str body;          /* present: the document itself, from the registry; never fetched, read once per url */
    bool anew;                /* what is kept did not do: fetch again and wait for it, where the pauses allow */
    int64_t most_ahead_s;     /* for parse: validUntil further ahead than this of now_s is refused; 0: any */
    int64_t now_s;            /* with most_ahead_s */
    int64_t refused_s;        /* a "no" (4xx) where nothing is kept is asked again after so long; 0: as a failure */
    upstream_fresh_fn *fresh; /* NULL: kept as long as the setting says */
    bool ordered;             /* with anew: somebody at this gateway wants it now; no pause counts */
};

/* The same three, for the callers of upstream_oidc.h and upstream_saml.h. */
enum upstream_how { UPSTREAM_KEPT = 0, UPSTREAM_ANEW, UPSTREAM_ORDERED };

struct upstream_got {
    const void *value; /* held by the arena until it ends; NULL: none */
    int64_t fetched_s;
    const char *error;   /* NULL with a value; else a word of wire/fetch.h, "http_refused", "http_error", or the
                          * parser's code */
    const char *trouble; /* with a value: why the last attempt to renew it failed; NULL: it did not */
    int64_t tried_s;     /* the last attempt, which may still be under way; 0: none, or the registry gave it */
    int64_t next_s;      /* it is asked for again by the first who needs it from then on; 0: the registry gave it */
    bool renews;         /* a later copy differed from an earlier one: its publisher keeps it going */
    char detail[160];    /* of error or trouble */
};

/* Asks the batch and answers it once, perhaps before it returns. */
void upstream_ask(struct upstreams *u, struct batch *b, struct arena *a, const struct upstream_want *want,
                  struct upstream_got *out);
/* The line about a message that no kept key proved: how old the copy was, and what came of fetching another. */
void upstream_log_unknown_key(const struct upstream_got *got, bool renewed, struct str idp, const char *support_code,
                              const char *code, int64_t copy_age_s);

/* What is kept under a name, whoever it was asked for, without asking anybody; .value NULL: nothing.  Any thread. */
void upstream_peek(struct upstreams *u, struct arena *a, struct str name, struct upstream_got *out);
/* The same from any thread; next_s is not known. */
void upstream_look(struct upstream_store *s, struct arena *a, struct str name, struct upstream_got *out);

/* Whether an identity provider answers: what the last request to it came to, whoever made it.  A word of our own side
 * (wire/fetch.h: away, busy, proxy, refused_*) says nothing of it, and what is older than UPSTREAM_NEWS_S is no news.
 */
enum { UPSTREAM_NEWS_S = 300 };
void upstream_note(struct upstreams *u, struct str idp, const struct fetch_got *got);
bool upstream_is_away(struct upstreams *u, struct str idp);
/* When the certificate of its web server ends, as the fetcher last saw it; 0: not seen. */
int64_t upstream_tls_ends_s(struct upstream_store *s, struct str idp);
struct upstream_store *upstreams_store(const struct upstreams *u);
struct fetch *upstreams_fetch(const struct upstreams *u); /* of its loop */
/* The aggregates of the process (sources.h); NULL: none.  Before any loop runs. */
struct sources;
void upstream_store_use(struct upstream_store *s, struct sources *sources);
struct sources *upstreams_sources(const struct upstreams *u);

/* An order from any thread: one of the store's loops runs what upstreams_on_order() named, with the id. */
typedef void upstream_order_fn(void *self, struct str id);
void upstream_order(struct upstream_store *s, struct str id);
void upstreams_on_order(struct upstreams *u, upstream_order_fn *run, void *self);

/* Puts a document in at once, as if fetched now: a file in the registry, a test.  False when parse refuses. */
bool upstream_put(struct upstreams *u, const struct upstream_want *want, struct str body, struct fail *f);
/* Documents kept, and fetches begun since the start; for metrics. */
int64_t upstreams_now_s(const struct upstreams *u); /* by the clock that dates the documents */
size_t upstream_kept(const struct upstreams *u);
uint64_t upstream_fetches(const struct upstreams *u);

#endif
