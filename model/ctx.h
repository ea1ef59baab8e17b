/* SPDX-License-Identifier: EUPL-1.2
 * model/ctx.h: what one request carries, and how its steps are run.
 *
 * Floor 1.  An endpoint is a table of steps, run in order on one loop:
 *
 *     NEXT    go on with the next row
 *     WAIT    answers are asked for (batch.h); go on with the next row when the
 *             last one is here, with the typed answers where they were wanted
 *     INTO    run the table that step_into() named, then go on with the next row
 *     DONE    the response is complete
 *     REFUSE  struct fail says why; the response is made from it, in one place,
 *             unless the table named by c->rescue goes on with it
 *
 * No step blocks.  Everything a request makes lives in its arena.  Redis, the
 * signer and the fetcher belong to the request's loop; snapshots are held for
 * its whole life, so a reload never changes what a request sees half-way.
 */
#ifndef MODEL_CTX_H
#define MODEL_CTX_H

#include "base/arena.h"
#include "base/batch.h"
#include "base/fail.h"
#include "base/world.h"
#include "model/checks.def"
#include "model/lang.h"
#include "model/login.h"
#include "model/registry.h"

struct ctx;

enum step { REFUSE = 0, NEXT, WAIT, INTO, DONE };

typedef enum step step_fn(struct ctx *c, struct fail *f);

struct step_row { /* a table ends with a zero row */
    step_fn *run;
};

struct settings;      /* base/settings.h */
struct http_request;  /* wire/http.h */
struct http_response; /* wire/http.h */
struct form;          /* wire/form.h */
struct kv;            /* wire/kv.h: this loop's Redis */
struct fetch;         /* wire/fetch.h: this loop's line to the fetcher */
struct signer;        /* certs/signer_client.h: this loop's line to the signer */
struct keyset;        /* certs/keyset.h: public keys, a snapshot */
struct seals;         /* base/seals.h: seal keys and the pairwise key */
struct pauses;        /* base/pause.h: this loop's */
struct work;          /* base/work.h: threads for SQL and Argon2id */
struct audit;         /* audit/audit.h: this loop's line to the writer */
struct upstreams;     /* idp-adapters/upstream.h: metadata and keys of identity providers */
struct people;        /* registry/people.h: what the node keeps for persons */
struct pleas;         /* registry/pleas.h: what people have asked to be opened to them */
struct consents;      /* registry/consents.h: what people have let services be told */
struct class_links;   /* registry/class_links.h: what teachers put up for a class */
struct wards;         /* registry/wards.h: children whom guardians may act for */
struct members;       /* registry/members.h: who of a context has opened a tool */
struct vendors;       /* registry/vendors.h: invitations to vendor organisations, and by what their people sign in */
struct mails;         /* registry/mails.h: e-mail that waits to be sent */
struct known;         /* registry/known.h: what sort of people signed in */
struct links;         /* registry/links.h: whose accounts at identity providers are */
struct uses;          /* registry/uses.h: how often services were opened */
struct shadow_sets;   /* registry/shadow.h: drafts that run beside what is in force */
struct ends;          /* registry/ends.h: sessions that ended */
struct explained;     /* gateway/explain.h: why a service is not the person's */
struct desk;          /* registry/desk.h: the registry in SQL, for those who may not block */
struct nodes;         /* gateway/nodes.h: every node that is known */
struct audit_index;   /* audit/index.h: what stands where in the log, and whether its chain holds */
struct alarms;        /* alarms/alarms.h: what somebody has to know of */
struct tally;         /* gateway/tally.h: what became of sign-ins within the last hour */
struct route;         /* gateway/routes.h: the row that matched */
struct routes;        /* gateway/routes.h: the table that it stands in */
struct metrics;       /* gateway/metrics.h: this loop's counters */
struct protocol;      /* gateway/protocol.h: what a service may speak */
struct visit;         /* gateway/session/int.h: what this browser brought */
struct flow;          /* gateway/flow.c: how far this request has brought its login */
struct proven;        /* idp-adapters/adapter.h: an answer that holds, and waits for its login */
struct tryout;        /* idp-adapters/tryout.h: a test sign-in, which is nobody's */
struct console;       /* gateway/console/door.h: who administers, and where */
struct vendor_visit;  /* gateway/vendor/door.h: who acts for which vendor organisation */
struct asker;         /* gateway/oidc/client/int.h: the service that asks, and how it proves itself */
struct floods;        /* gateway/oidc/client/flood.h: who asks too much */
struct cert_trust;    /* wire/cert.h: authorities of the certificates of services */
struct holder;        /* gateway/oidc/tokens/dpop.c: the proof of possession in this request */
struct farewells;     /* gateway/farewell.h: services that are to hear that a session is over */
struct vigil;         /* gateway/vigil.h: sessions whose services can be told of their end */
struct node;          /* gateway/node/node.h: what all loops share */
struct saml_ask;      /* wire/saml_ask.h: what a service sent */
struct trace_pace;    /* gateway/trace.h: how much this loop has traced within the minute */

enum { STEP_DEPTH_MAX = 6 };

enum check {
    CHECK_NONE = 0,
#define X(part, name, rule) CHECK_##name,
    CHECKS(X)
#undef X
        CHECK_COUNT
};
enum { CHECKS_KEPT = 40 /* of one request */ };

enum { UPSTREAM_FIELDS_MAX = 4 };
struct upstream_form {
    struct {
        struct str name, value;
    } fields[UPSTREAM_FIELDS_MAX];
    size_t count;
};

struct ctx {
    struct batch batch; /* first: a batch leads back to its request */
    struct arena *arena;
    const struct world *world;
    int64_t now_s; /* wall clock when the request began or went on */
    struct str
        knew; /* marks of this second that were known when it began (registry/marks.h): what it makes notes them */
    const struct settings *set;
    struct registry *registry; /* held */
    const struct keyset *keys; /* signer_keys(); NULL until the signer said hello */
    const struct seals *seals;
    const struct routes *routes;
    const struct route *route; /* NULL: no row fits */
    const struct http_request *req;
    struct http_response *res;
    struct form *query, *body; /* parsed once; empty where there is none */
    struct kv *kv;
    struct fetch *fetch;
    struct signer *signer;
    struct pauses *pauses; /* NULL: nobody waits */
    struct work *work;
    struct explained *explained; /* gateway/explain.h; NULL: nothing was asked */
    struct audit *audit;
    struct upstreams *upstreams;
    struct people *people;
    struct pleas *pleas;                     /* NULL: nobody can ask */
    struct consents *consents;               /* NULL: nobody can be asked */
    struct wards *wards;                     /* NULL: nobody acts for anybody */
    struct members *members;                 /* NULL: nobody is kept */
    struct vendors *vendors;                 /* NULL: the portal is closed */
    struct mails *mails;                     /* NULL: none is sent */
    struct class_links *class_links;         /* NULL: none are kept */
    struct known *known;                     /* NULL: nobody is noted */
    struct links *links;                     /* NULL: everybody is who their own name says */
    struct uses *uses;                       /* NULL: nothing is counted */
    struct shadow_sets *shadow;              /* held; NULL: no draft is asked beside */
    struct ends *ends;                       /* NULL: none are known */
    struct desk *desk;                       /* NULL: nothing is asked */
    struct nodes *nodes;                     /* NULL: none is known */
    struct audit_index *audit_index;         /* NULL: nobody follows the log */
    struct alarms *alarms;                   /* NULL raises nothing */
    struct tally *service_tally;             /* refusals of services, by id and code; NULL counts nothing */
    struct tally *tally;                     /* NULL counts nothing */
    struct metrics *metrics;                 /* NULL counts nothing */
    struct floods *floods;                   /* NULL holds nobody back */
    const struct cert_trust *client_trust;   /* NULL: no authority */
    const struct protocol *const *protocols; /* by enum protocol_id */
    struct farewells *farewells;             /* this loop's; NULL tells nobody */
    struct vigil *vigil;                     /* likewise; NULL watches nothing */
    int64_t session_epoch;                   /* sessions made in an older one are void */

    /* Each belongs to one floor, which makes it when it is first asked for; opaque above and below. */
    struct visit *visit;
    struct flow *flow;
    struct console *console;
    struct vendor_visit *vendor;
    struct asker *asker;
    struct holder *holder;
    struct node *node;

    enum lang lang;
    enum variety variety;    /* of LANG_FI; VARIETY_NONE: the language itself */
    char support_code[9];    /* 8 characters without 0 O 1 I: shown to the person, found in the log */
    struct login *login;     /* NULL where the endpoint has none */
    struct session *session; /* NULL: nobody is signed in */
    struct session *beside;  /* of another account of the same person at this browser; NULL: none, or not looked for */
    const struct service *service;
    struct str service_named; /* what the request calls its service, before that is looked up; for the log */
    struct str upstream_url;  /* made by an adapter's start or leave */
    const struct upstream_form *upstream_form; /* what is posted there, in place of leading there; NULL: nothing */
    struct str upstream_hint; /* made by an adapter's finish: the city's word for its own session; absent: none */
    struct person *person;    /* proven by an adapter's finish; NULL before */
    struct proven *proven;    /* idp-adapters/adapter.h: by its prove, before it is known whose browser it was */
    struct tryout *tryout;    /* NULL: this sign-in is somebody's */
    struct str older_key_of;  /* id of the identity provider that encrypted to a retired key of ours; absent: none */
    void *state;              /* an endpoint's own struct, in the arena */
    void *adapter_state;      /* likewise, of the adapter in charge */

    /* For whoever reads what became of requests of a service (gateway/trace.h). */
    struct trace_pace *tracing; /* this loop's; NULL traces nothing */
    int64_t *no_trial_key_s;    /* when this loop last found that no trial shows a key; NULL: it remembers nothing */
    unsigned char checks[CHECKS_KEPT];
    size_t check_count;
    struct str attempt;          /* what the request belongs to, with others of it; absent: to none that is known */
    struct str told;             /* what leaves, as one JSON object; absent: nothing */
    struct str told_words;       /* of claims.def: what was released */
    struct claim_set may_tell;   /* what policy let be told */
    const struct saml_ask *saml; /* wire/saml_ask.h: the message that came; NULL: none */
    struct str key_used;         /* of a signed message: by whose key it was proven, as people compare keys */
    struct str keys_expected;    /* and with which it was tried, spaces between; absent: with none */
    const struct fail *away;     /* the answer is complete, and tells of this failure; NULL: of none */

    struct fail fail;
    const struct step_row *at[STEP_DEPTH_MAX]; /* next row of each table in progress */
    int depth;
    const struct step_row *into;   /* set by step_into() */
    const struct step_row *rescue; /* not NULL: a refusal is put into `caught`, once, and this table goes on */
    struct fail caught;
    void (*done)(struct ctx *c);
};

/* Hands over to another table, once; its end leads back to the row after this one. */
static inline enum step step_into(struct ctx *c, const struct step_row *table)
{
    c->into = table;
    return INTO;
}

/* A check of checks.def is kept. */
static inline void check_passed(struct ctx *c, enum check which)
{
    if (c->check_count < CHECKS_KEPT)
        c->checks[c->check_count++] = (unsigned char)which;
}

/* The same, as the last word of a step. */
static inline int passed(struct ctx *c, enum check which)
{
    check_passed(c, which);
    return NEXT;
}

static inline bool check_has(const struct ctx *c, enum check which)
{
    for (size_t i = 0; i < c->check_count; i++)
        if (c->checks[i] == which)
            return true;
    return false;
}

/* Starts a table; the runner calls done(c) once, with the fail kind in c->fail
 * (FAIL_NONE: the response is complete).  done may be called before steps_run returns. */
void steps_run(struct ctx *c, const struct step_row *table, void (*done)(struct ctx *c));

#endif
