/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/adapter_local.h: what a refusal of a local account looks like.
 *
 * Floor 3.  Its `finish` reads username and password from c->body.  Unlike a
 * city's, a refusal is shown beside the form, so finish does not fail for it:
 * c->person stays NULL and c->adapter_state is a struct local_said.  It says
 * the same for an unknown account, a wrong password and a closed account, and
 * takes as long.  Guesses are counted per account and address, so one class
 * behind one address is never limited, nor one account locked by strangers
 * elsewhere; a wider limit per account stops guessing from many addresses.
 */
#ifndef IDP_ADAPTERS_ADAPTER_LOCAL_H
#define IDP_ADAPTERS_ADAPTER_LOCAL_H

#include "idp-adapters/adapter.h"

enum { LOCAL_WINDOW_S = 600, LOCAL_ACCOUNT_FACTOR = 10 };

struct local_said {
    bool empty, busy;
    int64_t wait_s;
};

/* Whether its accounts may have a second factor beside the password: people of vendors have one, and who administers by
 * an account of no provider may. */
bool local_may_have_second(const struct idp *idp); /* NULL: no */

#endif
