/* SPDX-License-Identifier: EUPL-1.2
 * gateway/pages/second.h: what local accounts of vendors sign in by besides a password.
 *
 * Floor 6d; for sign_in.c.  At an identity provider of vendors a password alone proves nobody: the code comes in the
 * same form, so that nobody learns which of the two was wrong; codes are counted apart from passwords, and a right
 * password does not begin that count anew.  A passkey does without both.
 *
 * At one of no provider, for the day on which the others do not work, a password alone does until its account has a
 * passkey; from then on the passkey signs in, or the password with a recovery code.
 */
#ifndef GATEWAY_PAGES_SECOND_H
#define GATEWAY_PAGES_SECOND_H

#include "model/ctx.h"

struct second { /* c->state */
    bool wrong, busy;
};

/* Rows, after an adapter has proven c->person: who has not shown the second factor as well is nobody (c->person NULL).
 */
extern const struct step_row second_factor[];
/* Rows: c->login->idp's account of that passkey; else c->person is NULL. */
extern const struct step_row second_passkey[];

#endif
