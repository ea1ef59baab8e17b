/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/catalogue.h: the catalogue as everybody sees it, for the console, which shows the same.
 *
 * Floor 6d.
 */
#ifndef GATEWAY_CONSOLE_CATALOGUE_H
#define GATEWAY_CONSOLE_CATALOGUE_H

#include "console/pages.h"
#include "model/ctx.h"

struct catalogue_list {
    struct str q, next, previous, here; /* here: the address of this list */
    struct catalogue_row *rows;
    size_t n;
};

/* The page of it that the query asks for (q, from), at that path. */
void catalogue_fill(struct ctx *c, struct str path, struct catalogue_list *out);
/* Whether it stands in the catalogue; NULL does not. */
bool catalogue_has(struct ctx *c, const struct service *s);

#endif
