/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/screens.h"

#include <stddef.h>

#define X(steps, may, act) extern const struct step_row steps[];
SCREENS(X)
#undef X

const struct screen *screen_of(const struct step_row *steps)
{
    static const struct screen screens[] = {
#define X(steps, may, act) { steps, MAY_##may, act },
        SCREENS(X)
#undef X
    };

    for (size_t i = 0; i < sizeof screens / sizeof *screens; i++)
        if (screens[i].steps == steps)
            return &screens[i];
    return NULL;
}
