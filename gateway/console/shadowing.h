/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/shadowing.h: what a draft's run in shadow has counted, for the draft's page and for its own.
 *
 * Floor 6d.
 */
#ifndef GATEWAY_CONSOLE_SHADOWING_H
#define GATEWAY_CONSOLE_SHADOWING_H

#include "console/pages.h"
#include "model/ctx.h"
#include "registry/shadow.h"

struct shadowing {
    const struct settings *set;
    int64_t now_s;
    size_t from, most; /* rows that are read; one past the end: from the first */
    struct shadow_run run;
    struct shadow_counts counts;
    enum trial_said said;
    struct str detail, days; /* of what is said; as they were typed */
};

/* done: what was done that led here (done.h); absent: nothing. */
void shadowing_begin(struct ctx *c, struct shadowing *x, struct str done);
/* Within a desk job. */
bool shadowing_read(struct shadowing *x, struct db *d, struct arena *a, const struct draft *draft, struct fail *f);
void shadowing_show(struct ctx *c, const struct shadowing *x, const struct draft *draft, struct trial_part *out);

#endif
