/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/screens.h: which right each path of the console asks for, as a table.
 *
 * Floor 6d.
 */
#ifndef GATEWAY_CONSOLE_SCREENS_H
#define GATEWAY_CONSOLE_SCREENS_H

#include "gateway/console/screens.def"
#include "model/ctx.h"
#include "policy/may.h"

struct screen {
    const struct step_row *steps; /* of routes.def */
    enum console_action may;      /* MAY_NONE: any right in the area will do */
    const char *act;              /* what the audit log calls it, written before it is done; "": it alters nothing */
};

/* NULL: not a screen. */
const struct screen *screen_of(const struct step_row *steps);

#endif
