/* SPDX-License-Identifier: EUPL-1.2
 * policy/statement.h: what one Cedar policy says, as far as it says it in the ways that admins do.
 *
 * Floor 3; private to the folder and to its tests.  A statement is one Cedar
 * policy about opening a service, leaving it to the schools, or telling an
 * attribute.  Reading one gives its facts in fields; `exact` says that the fields
 * are all that it says, so that it can be shown as a form and looked up by them.
 * Whatever else it says is for the evaluator alone.
 */
#ifndef POLICY_STATEMENT_H
#define POLICY_STATEMENT_H

#include "model/registry.h"
#include "policy/cedar/engine.h"
#include "policy/policy.h"

enum does { DOES_OTHER = 0, DOES_OPEN, DOES_LEAVE, DOES_RELEASE }; /* Action::"open", "leaveToSchools", "release" */
enum { WEEKDAYS_ALL = 0, LEVEL_MAX = 12, MINUTES_A_DAY = 1440 };
enum { ROLES_ANY = (1u << ROLE_COUNT) - 2 }; /* Role::"any": each of them, which a person without one is not */
enum device_class { DEVICE_ANY = 0, DEVICE_OWN, DEVICE_SHARED };

struct whom {                 /* all of it must hold; lists: one of them must */
    struct str provider;      /* "oulu"; absent: of any */
    struct strs schools;      /* "oulu/99101" */
    struct strs groups;       /* "oulu/99101/7B" */
    uint32_t roles;           /* 1 << enum role; 0: any */
    int level_from, level_to; /* class levels, both included; 0: open */
    uint32_t ages;            /* 1 << AGE_…; 0: any */
};

struct which {            /* one of them; none of both: every service */
    struct strs services; /* ids */
    struct strs categories;
};

struct hours {
    uint8_t weekdays;           /* 1 << weekday, 1 is Monday; 0: any */
    int minute_from, minute_to; /* of the day in Finland, the last excluded; both 0: any */
    enum device_class device;
    int assurance;   /* at least; 0: any */
    uint8_t days;    /* of the school's calendar: 1 << enum day_kind (windows.h); 0: any, a day of no calendar too */
    bool in_network; /* in one that has a name; */
    struct strs networks; /* in one of these; none: in whichever */
    enum exam_ask exam;   /* while they sit one, or while they do not */
};

/* Whether anything of it is asked for. */
bool hours_ask(const struct hours *h);

struct statement {
    enum does does;
    bool forbid;
    struct whom whom;
    struct which which;
    struct hours hours;
    struct claim_set attributes; /* DOES_RELEASE; none: every one */
    bool exact;
    struct str rest; /* what the fields do not say, as text of the policy; absent when exact */
};

/* Views point into the policy and into a.  A policy for several actions is DOES_OTHER, and not exact.
 *
 * Fields of one that is not exact are necessary: where they do not hold, the policy does not apply, nor can it fail to
 * be evaluated.  rest is the first thing that they do not say, as it stands in the policy's source (of a policy without
 * one: the policy). */
struct statement statement_read(struct arena *a, const struct cedar_policy *p);

/* Adds the statement in canonical layout, as cedar_format() leaves it; reading it again gives the same fields.  Of one
 * that is not exact, or says nothing that can be (fields_settle()), nothing is added. */
void statement_write(struct buf *b, const struct statement *s);

/* Several fields can say one thing: 7–0 and 7–12, all weekdays and none.  Leaves the ones that reading gives.  False:
 * they say what cannot be (levels the wrong way round, a bit that names nothing, an id that is no UTF-8).  Hours may
 * run over midnight: 22–6. */
bool fields_settle(struct arena *a, struct whom *whom, struct which *which, struct hours *hours);

#endif
