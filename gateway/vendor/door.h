/* SPDX-License-Identifier: EUPL-1.2
 * gateway/vendor/door.h: who comes into the vendor portal, for which organisation, and what they are there.
 *
 * Floor 6d.  Every path behind the door begins with the row vendor_door, and screens.def says which role it asks for; a
 * path that the table lacks is refused.  In order: a session; a portal session of this very session (strict.h,
 * VENDOR_IDLE_S unused at most); a form of our own origin, with its token; a person of an organisation that is switched
 * on; the role.  Whoever fails any of it is refused by one page and one line in the log and in the audit log, and
 * learns nothing of what is there: what is another organisation's is as if it were not (vendor_own_service()).
 *
 * A person may be of several organisations.  What is posted is done in the one that its form names (field `org`), so
 * that two windows do not mix; a page is of the one that owns the service in its address, else of the one that was
 * last acted in.
 */
#ifndef GATEWAY_VENDOR_DOOR_H
#define GATEWAY_VENDOR_DOOR_H

#include "model/ctx.h"
#include "portal/pages.h"
#include "registry/change.h"
#include "registry/desk.h"
#include "registry/edit.h"
#include "registry/vendors.h"

enum { VENDOR_IDLE_S = 1800 };

enum step vendor_door(struct ctx *c, struct fail *f);
/* What screens.def says of these steps; STAFF_NONE: nothing. */
enum staff_role vendor_screen_role(const struct step_row *steps, const char **act);

struct vendor_visit {
    const struct staff *staff; /* what they are, and where */
    struct area area;          /* of the organisation */
    struct str csrf;
};

bool vendor_is(const struct ctx *c, enum staff_role at_least);
/* A service of theirs; NULL: another's, or none. */
const struct service *vendor_own_service(const struct ctx *c, struct str id);

/* The same person's place in another; NULL: none, or there are no more.  after: NULL: the first. */
const struct staff *vendor_other(const struct ctx *c, const struct staff *after);
/* Goes on there from the next page. */
void vendor_move(struct ctx *c, struct str organisation);
/* Comes in with c->session, which is a person's of an organisation.  False: of none. */
bool vendor_come_in(struct ctx *c);
/* The same to one that c->registry may not know yet. */
void vendor_come_into(struct ctx *c, struct str organisation);
void vendor_go_out(struct ctx *c);
struct str vendor_enter_at(struct ctx *c, struct str to);

/* Refuses: one line in the audit log, then the failure. */
enum step vendor_refuse(struct ctx *c, enum fail_kind kind, const char *code);
/* Asks the audit writer with the request's batch; then vendor_audited() says whether it was written. */
void vendor_audit(struct ctx *c, const char *event, struct str reason, struct str what);
bool vendor_audited(struct ctx *c, struct fail *f);

/* A job on the portal's store, or on the registry; alone in its batch.  Fails BUSY. */
enum step vendor_ask(struct ctx *c, vendors_job *job, void *with, struct vendors_got *got, struct fail *f);
enum step vendor_ask_registry(struct ctx *c, desk_job *job, void *with, struct desk_got *got, struct fail *f);

/* What every page behind the door carries. */
void vendor_page_for(struct ctx *c, enum vendor_place place, bool below, struct str here, struct vendor_page *out);
struct str vendor_role_word(enum staff_role role, enum lang lang);

/* ── a form that alters rows ────────────────────────────────────────────────── */

/* Who acts is asked once more where it is written, in its transaction: of two owners who remove each other at once one
 * is an owner no more.  Of who leaves it is asked that an owner stays.  Fails CALLER no_longer, last_owner. */
struct vendor_still {
    struct str idp, subject, organisation;
    enum staff_role least;
    bool leaves;
};

struct vendor_act {
    struct vendor_still still;
    struct edit *edit;
    struct edit_how how;
    struct edit_result result;
    struct desk_got got;
};
/* An edit in the organisation's area, made from the form's field `version`; whole: in the nation's, for what an
 * invitation makes and for one's own account.  who: absent: the person. */
struct edit *vendor_act_begin(struct ctx *c, struct vendor_act *x, bool whole, struct str who, struct str why);
/* Runs it; the last of its row.  Then vendor_act_served(), a row, waits until the change is served. */
enum step vendor_act_run(struct ctx *c, struct vendor_act *x, struct fail *f);
enum step vendor_act_served(struct ctx *c, const struct vendor_act *x);
/* What is wrong, in words, and nothing of another's; the row's field that it is about, where it names one. */
struct str vendor_act_trouble(struct ctx *c, const struct vendor_act *x, struct str *field);
/* A refusal that is shown beside the form: what was typed, a conflict, a quota.  False, with f: a failure. */
bool vendor_act_shown(const struct vendor_act *x, struct fail *f);

#endif
