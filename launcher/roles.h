/* SPDX-License-Identifier: EUPL-1.2
 * launcher/roles.h: roles in people's words.
 *
 * Floor 5.  Pure.
 */
#ifndef LAUNCHER_ROLES_H
#define LAUNCHER_ROLES_H

#include "launcher/texts.h"
#include "model/person.h"

enum text role_text(enum role role); /* "Opettaja"; T_NONE: there is no such role */
enum text role_as(enum role role);   /* "Opettajana" */

/* The different roles of a person's valid affiliations, in the order in which the city told them; how many.  out has
 * room for ROLE_COUNT. */
size_t roles_of(const struct person *p, int64_t now_s, enum role *out);
/* The same in words: "Opettaja ja huoltaja", "Rehtori, opettaja ja huoltaja". */
struct str roles_line(struct arena *a, const enum role *roles, size_t n, enum lang lang);

#endif
