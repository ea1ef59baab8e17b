/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/pleas.h: what people of the area ask to be opened, for the screens that show it.
 *
 * Floor 6d.  Of what stands in SQL, what the area that one acts in decides, and what is not open by now.
 */
#ifndef GATEWAY_CONSOLE_PLEAS_H
#define GATEWAY_CONSOLE_PLEAS_H

#include "console/pages.h"
#include "gateway/plea.h"
#include "model/ctx.h"

struct plea_board { /* what the worker thread touches is in here alone */
    const struct registry *registry;
    struct area area;
    struct str service; /* absent: of any */
    int64_t now_s;
    struct plea *at;
    size_t n;
    bool cut;      /* there may be more than were looked at */
    bool learners; /* may ask at the area's provider */
    struct pleas_got got;
};

/* Asks the batch about the area that c's person acts in.  False, and nothing is asked: nobody can ask here, or too many
 * jobs wait; the board is empty. */
bool plea_board_ask(struct ctx *c, struct str service, struct plea_board *b);

/* The first `most` of them; col: of this column of the matrix alone; -1: of any. */
struct plea_rows plea_board_rows(struct ctx *c, const struct plea_board *b, size_t most, int col);

#endif
