/* SPDX-License-Identifier: EUPL-1.2
 * tests/scenario/play.h: a script on stage: who plays, what they hold, what was expected.
 *
 * play.c keeps the actors and judges answers; acts.c has a function per verb.
 */
#ifndef TESTS_SCENARIO_PLAY_H
#define TESTS_SCENARIO_PLAY_H

#include "tests/scenario/browser.h"
#include "tests/scenario/city.h"
#include "tests/scenario/memory.h"
#include "tests/scenario/script.h"

enum { TABS_MAX = 12, PAST_MAX = 64, ALIASES_MAX = 16, REDEEMED_MAX = 32 };

enum { POSTED_MAX = 160 };

struct service_actor {
    const char *name, *secret, *redirect_uri; /* secret NULL: it signs assertions (private_key_jwt) */
    bool post_auth;                           /* client_secret_post, else basic */
    bool is_public;                           /* names itself, and no more */
};

struct grant { /* what one authorization request of a service came to */
    const struct service_actor *service;
    struct str state, nonce, verifier, code;
    struct str pushed; /* request_uri */
};

enum { REFRESH_TOKENS_MAX = 16 };

struct tokens { /* the last ones that a code of this tab was redeemed for, or that came of them */
    struct str access_token, id_token, nonce;
    struct str refresh[REFRESH_TOKENS_MAX]; /* in the order in which they came, since the code */
    size_t refresh_count;
};

struct alias { /* a value that differs from run to run, and what the script calls it */
    struct str name, value;
};

struct tab { /* of a browser: "anna", or "anna.2", which shares anna's jar */
    struct str name, person;
    struct jar *jar;
    struct str page;               /* the last answer's */
    struct str location;           /* where the last answer sent it, or where it is */
    struct request past[PAST_MAX]; /* every request, the last one last */
    size_t past_count;
    struct str at_city; /* where it was last sent to a city */
    struct grant grant;
    struct tokens tokens;
    struct city_answer carried; /* what a city wrote for it last */
    bool carries;
};

enum fault_kind { FAULT_NONE = 0, FAULT_REDIS, FAULT_SIGNER, FAULT_CITY, FAULT_MEMORY };

struct fault { /* one, at the n-th command, request, fetch or allocation of the script */
    enum fault_kind kind;
    int way; /* enum redis_fault, enum signer_fault */
    unsigned n;
};

struct play {
    struct str logged; /* by the gateway, since the line before this one */
    struct arena *arena;
    struct stage *stage;
    struct cities *cities;
    struct tab tabs[TABS_MAX];
    size_t tab_count;
    struct str registry, registry_at_first;
    struct str device_code, user_code; /* of a screen, the last one */
    struct str last_keys;              /* what /oidc/jwks said */
    int log_fd;                        /* where standard error goes */
    size_t log_at;
    size_t audit_at;                   /* bytes of the audit log that were expected */
    struct alias persons[ALIASES_MAX]; /* whose pseudonym is whose, as the audit log showed them */
    struct alias keys[ALIASES_MAX];    /* kid */
    struct alias subs[ALIASES_MAX];    /* sub of ID tokens */
    struct str posted[POSTED_MAX];     /* paths that somebody else's page has posted to */
    size_t posted_count;
    const struct line *line; /* that is being played */
    struct str script;       /* its name */
    int complaints;
    /* Hostile: a fault is planned. */
    struct fault fault;
    struct memory_page *memory;
    bool quiet;                        /* what differs is counted, and not said */
    int differences;                   /* said quietly, at this line */
    unsigned logins, opens, releases;  /* that were answered; the audit log must have as many lines */
    struct str redeemed[REDEEMED_MAX]; /* codes that gave tokens */
    size_t redeemed_count;
};

/* Says what is wrong at this line; the script goes on. */
void play_complain(struct play *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct tab *play_tab(struct play *p, struct str name); /* made when it is new */
const struct service_actor *play_service(struct str name);
const struct service_actor *play_service_at(struct str location);

/* Asks, compares the answer with the line's EXPECT, and returns it; nothing may come that is not expected.  When the
 * planned fault hits this request and is felt, it is sent once more, and the second answer counts. */
struct answer play_ask(struct play *p, struct tab *t, const struct request *r);
/* A browser's request: remembered, asked. */
void play_browse(struct play *p, struct tab *t, const struct request *r);
bool play_fault_hit(const struct play *p);
/* The line expects an answer to a trial at the gate, which names nobody, so that the audit log has no line of it. */
bool play_of_nobody(const struct play *p);
/* Whatever is wrong is said, also where differences are quiet. */
void play_violation(struct play *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The first time that a name is used, the value becomes its; then it must stay so, and be no other name's. */
bool play_alias(struct alias *all, struct str name, struct str value);
struct str play_known_as(const struct alias *all, struct str name); /* absent: not shown yet */
struct str play_query(struct play *p, struct str location, const char *name);
/* The code of the last request.failed of the log since the last look; absent: there is none. */
struct str play_refusal(struct play *p);

/* acts.c: plays one line. */
void act(struct play *p, const struct line *l);
struct str act_audit_rest(struct play *p); /* what no line has expected yet */
/* tries.c: "maija TRIES the child of aatu". */
void act_tries(struct play *p, struct tab *t, const struct line *l);
/* The audit log has no line that was not expected. */
void act_audit_end(struct play *p);

#endif
