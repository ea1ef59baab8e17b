/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/door.h: who comes into the console, where they act, and what they may do there.
 *
 * Floor 6d.  Every path of the console begins with the row console_door, and screens.def says which right it asks for;
 * a path that the table lacks is refused.  In order: a session; a console session of this very session (a sealed
 * cookie, Strict, CONSOLE_IDLE_S unused at most); a form of our own origin, with the token of its console session; the
 * area, still one of the person's; the right, asked of policy in that area.  Whoever fails any of it is refused by one
 * page and one line in the log and in the audit log, and learns nothing of what is there.  What alters something has
 * its line in the audit log before the next row runs.
 */
#ifndef GATEWAY_CONSOLE_DOOR_H
#define GATEWAY_CONSOLE_DOOR_H

#include "console/pages.h"
#include "gateway/console/screens.h"
#include "model/ctx.h"
#include "policy/may.h"
#include "registry/change.h"
#include "registry/desk.h"

enum {
    CONSOLE_IDLE_S = 1800,
    CONSOLE_FRESH_S = 300 /* what publishes or destroys asks for a log-in as young as this */
};

/* A row: the first of every step table here.  c->console, c->session and c->person are there afterwards. */
enum step console_door(struct ctx *c, struct fail *f);

struct console {
    const struct screen *screen;
    struct areas areas; /* that the person has some right in */
    struct area area;   /* in which they act */
    struct str csrf;
};

/* The rights of the person in the area that they act in, or in another within it. */
bool console_may(const struct ctx *c, enum console_action action);
bool console_may_in(const struct ctx *c, enum console_action action, const struct area *where);

/* The log-in is young enough for what publishes or destroys. */
bool console_fresh(const struct ctx *c);
/* To a fresh log-in, and back to this path of the console. */
enum step console_log_in_again(struct ctx *c, struct str back, struct fail *f);

/* A new console session for c->session, in that area (provider and school absent with `chosen` false: not chosen yet).
 */
void console_begin(struct ctx *c, const struct area *area, bool chosen);
/* The same one, in another area. */
void console_move(struct ctx *c, const struct area *area);
void console_leave(struct ctx *c);

/* Refuses: one line in the audit log, then the failure. */
enum step console_refuse(struct ctx *c, enum fail_kind kind, const char *code);
/* Asks the audit writer about an act, with the request's batch; then console_audited() says whether it was written. */
void console_audit(struct ctx *c, const char *event, struct str reason, struct str what);
void console_audit_why(struct ctx *c, const char *event, struct str reason, struct str what, struct str why);
bool console_audited(struct ctx *c, struct fail *f);

/* Who answers for a change that is made now. */
struct change_by console_by(struct ctx *c, enum change_maker maker, struct str why);

/* A job on the registry's database; alone in its batch.  Fails BUSY. */
enum step console_ask(struct ctx *c, desk_job *job, void *with, struct desk_got *got, struct fail *f);
/* After it: false, with f, where the job failed. */
bool console_answered(const struct desk_got *got, struct fail *f);

/* What every page of the console carries. */
void console_page_for(struct ctx *c, enum place place, bool below, struct str here, struct console_page *out);
/* "Oulu", "Koko maa", "Testi-Kielonmäen koulu". */
struct str console_area_name(const struct ctx *c, const struct area *area);
/* An area as it stands in a form, "nation", "oulu", "oulu/1.2.246…"; false: there is none of that name. */
bool console_area_read(const struct ctx *c, struct str text, struct area *out);
/* The provider of the area; NULL: the nation. */
const struct provider *console_provider(const struct ctx *c);

#endif
