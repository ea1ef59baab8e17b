/* SPDX-License-Identifier: EUPL-1.2
 * policy/may.h: decides who may administer what.
 *
 * Floor 3.  The same engine and the same policies as for services: the actions
 * of the console stand in model.cedarschema, and what is shipped (defaults.cedar)
 * gives them to roles.  A person is asked about in each role that the city states
 * and in each that the registry gives (struct admin); a forbid for any of them
 * denies.  Reads its arguments and nothing else.
 */
#ifndef POLICY_MAY_H
#define POLICY_MAY_H

#include "model/area.h"
#include "policy/policy.h"

/*    name                        Cedar                       what it is */
#define CONSOLE_ACTIONS(X)                                                                                             \
    X(VIEW, "view")       /* policies, services, schools, their history */                                             \
    X(DRAFT, "draft")     /* makes drafts of policies */                                                               \
    X(APPROVE, "approve") /* another's */                                                                              \
    X(PUBLISH, "publish")                                                                                              \
    X(ROLL_BACK, "rollBack")                                                                                           \
    X(REGISTER_SERVICE, "registerService")                                                                             \
    X(SUSPEND_SERVICE, "suspendService")                                                                               \
    X(MANAGE_IDENTITY_PROVIDERS, "manageIdentityProviders")                                                            \
    X(MANAGE_ADMINS, "manageAdmins")                                                                                   \
    X(FIND_PEOPLE, "findPeople")                                                                                       \
    X(END_SESSIONS, "endSessions")                                                                                     \
    X(GIVE_PASSES, "givePasses")         /* a substitute's, with a begin and an end */                                 \
    X(SET_EXAMS, "setExams")             /* exam windows of a school */                                                \
    X(MANAGE_CALENDAR, "manageCalendar") /* terms, and what networks are called */                                     \
    X(SET_NOTICES, "setNotices")         /* what people read before their services */                                  \
    X(READ_LOG, "readLog")                                                                                             \
    X(EXPORT_LOG, "exportLog")                                                                                         \
    X(PIN_FOR_CLASS, "pinForClass") /* puts services first for a group of the school */                                \
    X(END_LESSON, "endLesson")      /* ends the sessions of a group */

enum console_action {
    MAY_NONE = 0,
#define X(name, cedar) MAY_##name,
    CONSOLE_ACTIONS(X)
#undef X
        MAY_COUNT,
    MAY_OUTSIDE = MAY_PIN_FOR_CLASS /* from here on: for pages of their own, and no way into the console */
};

const char *console_action_name(enum console_action action); /* "publish" */

/* Denies what nothing permits; never blocks. */
bool policy_may(const struct registry *r, const struct person *p, enum console_action action, const struct area *where,
                const struct circumstances *now);

/* Whether the person may do it there at that moment whatever else is so: on any day, at any hour, device, assurance,
 * network and in any exam.  What rests on something of that may be otherwise, and does not count; nor does a policy
 * that may forbid.  renewed_s: rights that were in force then, or begin later, are taken to go on beyond their ends; 0:
 * none is. */
bool policy_may_anyhow(const struct registry *r, const struct person *p, enum console_action action,
                       const struct area *where, int64_t at_s, int64_t renewed_s);

/* The moments after since_s at which an answer of that may become another: where a national policy about the console
 * begins or ends.  *n of them, in a, in their order. */
const int64_t *policy_may_changes(struct arena *a, const struct registry *r, int64_t since_s, size_t *n);

/* What holding the role there would let somebody do, were they nobody else: the first action of it after `from`;
 * MAY_NONE: no more.  From MAY_NONE on, all of them. */
enum console_action policy_role_brings(const struct registry *r, enum role role, const struct area *where,
                                       const struct circumstances *now, enum console_action from);

/* Whether the person may give that role there, or take it away: nobody gives more than they have.  MAY_NONE: yes; else
 * an action that the role brings and the person has not.  A forbid that is shipped parts duties (who operates does not
 * look people up) and is no lack of this; one of the nation's own policies is. */
enum console_action policy_may_not_give(const struct registry *r, const struct person *p, enum role role,
                                        const struct area *where, const struct circumstances *now);

/* The areas in which the person has some right in the console, the widest first, each once; none: the console is not
 * theirs.  In a. */
struct areas {
    struct area *at;
    size_t n;
};
struct areas policy_areas(struct arena *a, const struct registry *r, const struct person *p,
                          const struct circumstances *now);

#endif
