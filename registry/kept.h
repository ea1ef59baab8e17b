/* SPDX-License-Identifier: EUPL-1.2
 * registry/kept.h: a secret that we send stays with the address that it was given for.
 *
 * Floor 4; for this folder alone.  Whoever may alter a row's address never saw the secret in it, and must not come to
 * see it by leading the row elsewhere.  So a change that alters the address brings the secret anew, or takes it away;
 * asked at the one door that every change goes through, be it a form, a file, a program, a draft or an undoing.
 */
#ifndef REGISTRY_KEPT_H
#define REGISTRY_KEPT_H

#include "registry/change_int.h"

struct cells; /* cells.h */

struct kept_secret { /* each column of COL_SEALED stands in one row of the table */
    enum kind kind;
    const char *secret;    /* its SQL column */
    const char *addresses; /* SQL columns that say where it is sent; "": it never leaves us */
};
extern const struct kept_secret kept_secrets[];
extern const size_t kept_secret_count;

/* Whether no row of the change leads a secret that it keeps elsewhere.  Fails CALLER secret_elsewhere, which names both
 * keys; *where: the row, in a. */
bool kept_secrets_stay(struct arena *a, const struct change *x, struct row_place *where, struct fail *f);

/* The secret in that column was said in words: with another address it is a new one, were it the same words. */
void kept_renew(struct cells *m, enum kind kind, const struct db_value *before, struct db_value *row, size_t column);

#endif
