/* SPDX-License-Identifier: EUPL-1.2
 * gateway/plea.h: who may ask for a service, who is asked, and what would grant it.
 *
 * Floor 6c.  registry/pleas.h keeps what was asked; here it meets policy.  Pure, but for memory: reads a snapshot, and
 * nothing else; what tries policies can take longer than a loop may, and says so.
 */
#ifndef GATEWAY_PLEA_H
#define GATEWAY_PLEA_H

#include "policy/form.h"
#include "policy/policy.h"
#include "registry/pleas.h"

enum { PLEA_PLACES_MAX = 8, PLEA_LEVELS = 13 /* 0: without one */ };

struct plea_place { /* as what, and where, somebody may ask */
    const struct affiliation *at;
    const struct provider *provider;
    const struct school *school; /* NULL: the provider itself */
    bool left;                   /* the school decides */
};
struct plea_places {
    struct plea_place at[PLEA_PLACES_MAX];
    size_t n;
};

/* Where the person may ask for the service, which is not open to them: each school and role once.  Teachers,
 * substitutes, principals, secretaries and staff; learners besides, where the caller finds that their city lets them
 * (pleas_learners()); guardians nowhere. */
struct plea_places plea_places(struct arena *a, const struct registry *r, const struct person *p,
                               const struct service *s, int64_t now_s);
struct plea_key plea_key_of(const struct plea_place *at, const struct service *s);

/* In which area it is decided now: the school's where it is left to it, else the provider's.  False: nowhere, for the
 * service, the school or the provider is not there any more. */
bool plea_decider(struct arena *a, const struct registry *r, const struct plea_key *key, uint32_t levels, int64_t now_s,
                  struct area *out);
/* Whether the service is open to those who ask, now or within a week of school days. */
bool plea_met(const struct registry *r, const struct plea *p, int64_t now_s);

/* ── what would grant it ───────────────────────────────────────────────────── */

enum plea_way {
    PLEA_WAY_NONE = 0,
    PLEA_WAY_SCHOOL, /* the school ticks it */
    PLEA_WAY_WIDEN,  /* row: a policy of the area that needs but one thing more, and speaks of nobody else */
    PLEA_WAY_LIFT,   /* row: a policy of the area forbids it; another one opens nothing while it does */
    PLEA_WAY_NEW     /* a policy of its own */
};
struct plea_remedy {
    enum plea_way way;
    const struct policy *row;
};
/* The nearest one that whoever acts in the area can make; tries policies, so for a worker thread. */
struct plea_remedy plea_remedy(struct arena *a, const struct registry *r, const struct plea *p,
                               const struct area *decider, int64_t now_s);

/* Whom a form is to include besides. */
struct plea_whom {
    struct str service;
    enum role role;
    int level_from, level_to; /* 0, 0: without one */
    struct str school;        /* school_uid(); absent: all of the provider */
};
struct plea_whom plea_whom_of(struct arena *a, const struct registry *r, const struct plea *p);
/* The form that opens it to them, and to nobody else. */
struct policy_form plea_form(struct arena *a, const struct provider *p, const struct plea_whom *whom,
                             struct claim_set release);
/* Puts them into a form.  False, and nothing changed: it speaks of others, or of other services, who would gain as
 * well; or it is no permit that holds all day and on every device. */
bool plea_widen(struct arena *a, struct policy_form *form, const struct plea_whom *whom);

#endif
