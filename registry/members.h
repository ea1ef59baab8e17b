/* SPDX-License-Identifier: EUPL-1.2
 * registry/members.h: who of a context has opened a tool, so that the tool may ask.
 *
 * Floor 4.  We have no class lists: a member of a context is whoever has opened this tool from there.  Kept are the
 * tool's own name of them, ours, and the one affiliation that the launch told of: no name, no address, and nothing of
 * people whose data is protected.  What of it may be told is decided again whenever it is
 * asked for; and whoever has signed in since, and is no more what was told (registry/known.h), leaves the list then,
 * whether they open the tool or not.  In a file of its own, state_dir/registry/members.sqlite; losing it loses lists
 * that grow again.  Rows are forgotten MEMBER_KEPT_S after the last launch.
 *
 * Everything here may block but members_new(), members_note() and members_list().
 */
#ifndef REGISTRY_MEMBERS_H
#define REGISTRY_MEMBERS_H

#include "base/batch.h"
#include "base/fail.h"
#include "base/settings.h"
#include "base/work.h"
#include "model/person.h"

enum {
    MEMBER_KEPT_S = 400 * 86400, /* more than a school year */
    MEMBER_SEEN_S = 86400,       /* so coarsely it is known when they came last */
    MEMBERS_OF_CONTEXT_MAX = 2000,
    MEMBERS_PAGE_MAX = 200,
    MEMBER_KNOWN_S = 60 /* within so long a sign-in is written down where known.h looks */
};

struct member {
    struct str sub;
    struct str person;                                       /* its id; leaves this gateway never */
    struct str provider_oid, school_oid, school_code, group; /* as in struct affiliation; absent: none */
    int class_level;
    enum role role;
    int64_t seen_s;
    int64_t as_of_s; /* of the sign-in that said so */
};

struct members;
struct members *members_new(const struct settings *set); /* opens nothing yet */
void members_free(struct members *m);                    /* after the worker threads; NULL does nothing */

struct member_note { /* what is to be kept; the caller's, until the answer */
    struct str service, context;
    struct member who;
    bool exactly; /* who.seen_s is kept to the second */
    bool gone;    /* whoever it is, is to be in no list of the service: who.sub alone counts */
    bool ok;
    struct fail why;
};
/* Asks the batch and answers it once.  Somebody of a context that is full is not kept.  False, and no answer: too many
 * jobs wait. */
bool members_note(struct members *m, struct work *w, struct batch *b, struct arena *a, struct member_note *n);

struct members_page { /* in; and what was found, in the order of their names */
    struct str service, context;
    struct str after; /* the last name of the page before; "": the first */
    unsigned roles;   /* 1 << enum role, of those that are meant; 0: nobody is */
    int64_t limit;    /* 1 to MEMBERS_PAGE_MAX */
    int64_t now_s;
    struct member *at; /* fewer than limit where some are so no more */
    size_t n;
    struct str last; /* after which the next page begins */
    bool more;
    bool ok;
    struct fail why;
};
bool members_list(struct members *m, struct work *w, struct batch *b, struct arena *a, struct members_page *p);

#endif
