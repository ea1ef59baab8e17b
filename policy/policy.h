/* SPDX-License-Identifier: EUPL-1.2
 * policy/policy.h: decides what one person may do with one service.
 *
 * Floor 3.  Reads its arguments and nothing else: no clock, no Redis, no log.
 * The same inputs give the same answer, so the audit trail can be replayed.
 * Everything is decided by the Cedar policies of the snapshot, over
 * model.cedarschema; no policy, no entry.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "base/address.h"
#include "base/bits.h"
#include "model/claims.h"
#include "model/registry.h"

/* The id of what is shipped for exams (exams.cedar), as a decision names it; no row of a registry can be called so. */
#define POLICY_OF_EXAMS "shipped:exam"

/* What settles it where the child whom somebody acts for decides alone (model/registry.h, child_decides_from). */
#define POLICY_CHILD_DECIDES "child_decides"

enum effect { EFFECT_DENY = 0, EFFECT_ALLOW };

struct decision {
    enum effect effect;
    struct str rule;            /* id of the policy that settled it; "none" if none did */
    struct str failed;          /* id of one that forbids and could not be evaluated, which denies; absent: none */
    struct claim_set release;   /* may leave the gateway: cut to what the service asks; empty when denied */
    const struct provider *ask; /* whose administrators decide on this; NULL when the person has no provider */
};

enum exam_ask { EXAM_ANY = 0, EXAM_DURING, EXAM_OUTSIDE };

/* What is taken for so, whatever the registry's calendars, networks and exams say: of a test, a preview, a question. */
struct supposed {
    bool ordinary;      /* a school day where the calendar says anything, and no exam; what stands below goes before */
    const char *day;    /* day_kind_word() of windows.h; "": not known; NULL: as it is */
    struct str network; /* the id of one; "": none; absent: as it is */
    enum exam_ask exam; /* ANY: as it is */
    int64_t exam_to_s;
    struct strs services; /* that stay open in it */
};

extern const struct supposed supposed_ordinary;

/* What a decision depends on besides who and what. */
struct circumstances {
    int64_t now_s;                /* Unix time */
    bool shared_device;           /* the browser is one that many use */
    struct address from;          /* of the person's device */
    const struct supposed *as_if; /* NULL: nothing is supposed */
};

/* Decides; cannot fail, never blocks.  The first layer that says anything settles it (enum layer), forbid beats permit
 * in it, no match is deny.  Only affiliations with a role and valid now count; each is asked about alone, and one that
 * is forbidden forbids.  A disabled service is denied. */
struct decision policy_decide(const struct registry *, const struct person *, const struct service *,
                              const struct circumstances *now);

/* A service that an organisation has brought by itself (model/registry.h) and that is under test still: it opens to
 * people of identity providers under test alone, whatever policies say.  Denied otherwise by "service_in_test". */
bool policy_under_test(const struct registry *r, const struct service *s);
bool policy_is_test_person(const struct registry *r, const struct person *p);

/* Of a denial: whether a municipality could make it otherwise.  Not where the service is disabled or in test, where the
 * nation forbids it, or where the person has no provider. */
bool policy_could_open(const struct registry *, const struct service *, const struct decision *);

/* All services at once, by their place in the registry: exactly those that policy_decide() allows.  The cost follows
 * the policies that concern the person, not those that exist. */
struct bits policy_services(struct arena *a, const struct registry *, const struct person *,
                            const struct circumstances *now);

/* Makes what the decisions over a snapshot look things up in, so that the first request does not wait for it. */
void policy_prepare(const struct registry *);

#endif
