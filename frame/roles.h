/* SPDX-License-Identifier: EUPL-1.2
 * frame/roles.h: roles, and what may be told of a person, in people's words.
 *
 * Floor 4.  Pure.
 */
#ifndef FRAME_ROLES_H
#define FRAME_ROLES_H

#include "model/claims.h"
#include "model/lang.h"
#include "model/person.h"

struct str role_word(enum role role, enum lang lang); /* "Opettaja"; "": there is no such role */
struct str role_as(enum role role, enum lang lang);   /* "Opettajana" */

/* The different roles of a person's valid affiliations, in the order in which the city told them; how many.  out has
 * room for ROLE_COUNT. */
size_t roles_of(const struct person *p, int64_t now_s, enum role *out);
/* The same in words: "Opettaja ja huoltaja", "Rehtori, opettaja ja huoltaja". */
struct str roles_line(struct arena *a, const enum role *roles, size_t n, enum lang lang);

/* What may be told: "luokka tai ryhmä". */
struct str claim_in_words(enum claim claim, enum lang lang);
const char *claim_key(enum claim claim); /* "group": the word of rules and files */

#endif
