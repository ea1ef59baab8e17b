/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/lines.h: changes, columns of the matrix and policies in words.
 *
 * Floor 6d.
 */
#ifndef GATEWAY_CONSOLE_LINES_H
#define GATEWAY_CONSOLE_LINES_H

#include "console/pages.h"
#include "model/ctx.h"
#include "registry/edit.h"

/* Who made it, in words: "sinä", the name of the account that has a right here, the id of the row that gave it, or what
 * the log has of them. */
struct str lines_who(struct ctx *c, struct str who);
/* Makes what that is found in, with the snapshot. */
void lines_prepare(const struct registry *r, const struct seals *seals);
struct change_line line_of(struct ctx *c, const struct change_entry *e);
struct change_lines lines_of(struct ctx *c, const struct change_entries *list);
/* "Odottaa toista henkilöä." */
struct str lines_draft(enum draft_state state, enum lang lang);
struct str lines_number(struct ctx *c, int64_t n); /* "1 284" */

struct str lines_column(const struct ctx *c, size_t column); /* of policy/matrix.h: "Oppilaat 1–6" */
struct str lines_policy(struct ctx *c, struct str text);     /* what a policy says; "…" where that is too long */

#endif
