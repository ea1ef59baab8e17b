/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/acts.h: what the forms of the console that alter rows share.
 *
 * Floor 6d.  Such a form is four rows: the door; one that reads and judges what was typed, notes the edit down and runs
 * it (act_begin, edit_put …, act_run); act_note; and one that says what became of it.  README.md shows one whole.
 */
#ifndef GATEWAY_CONSOLE_ACTS_H
#define GATEWAY_CONSOLE_ACTS_H

#include "gateway/console/door.h"
#include "registry/edit.h"

enum { ACT_WHY_MAX = 200 /* characters of a reason; the forms say the same */ };

struct act {
    struct edit *edit;
    struct edit_how how; /* act_begin() fills in world and seals; may, look and with are the caller's */
    struct edit_result result;
    struct desk_got got;
    enum edit_act as;
};

/* What a field says, without white space around it, of at most so many characters: a longer one was not typed into
 * our form, and is cut between two of them. */
struct str act_field(const struct form *form, struct str name, size_t most);
/* The same of a list, one a line, however it was typed: with commas, semicolons, white space. */
struct str act_lines(struct ctx *c, struct str name, size_t most);
struct str act_why(const struct form *form); /* its field `why` */
/* By its id, or by its name as it is written in any language. */
const struct service *act_service(const struct ctx *c, struct str typed);
/* An id that nothing has yet: so many letters and digits behind `before`, 5 random bits each. */
enum { ACT_ID_MAX = 32 };
struct str act_new_id(struct ctx *c, struct str before, size_t n);

/* An edit by the person, in the area in which they act; made from what `from` says, NULL: from the version in the
 * form's field `version`, or else from the one that is served.  Freed with the request. */
struct edit *act_begin(struct ctx *c, struct act *x, const struct edit_from *from, struct str why);
/* Runs it on a worker thread; the last of its row. */
enum step act_run(struct ctx *c, struct act *x, enum edit_act as, struct fail *f);

/* The row after it: what the storage layer refuses (CALLER, DENIED) has its line in the audit log as what the door
 * refuses. */
enum step act_note(struct ctx *c, const struct desk_got *got);
/* In the next: it was such a refusal, and its line is written.  False, with f: it was none, or there is no line. */
bool act_refused(struct ctx *c, const struct desk_got *got, struct fail *f);
/* What is wrong, in words: a quota that is used up, the first field, or the whole. */
struct str act_detail(struct ctx *c, const struct act *x);
struct str act_trouble(struct ctx *c, const struct edit_result *result, const struct fail *why);

#endif
