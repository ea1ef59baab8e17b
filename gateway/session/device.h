/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session/device.h: whose device this is, as the person on the sign-in page said.
 *
 * Floor 6b.  Two cookies of a year: the identity provider chosen last (a device of
 * one's own), or the mark of a shared device; never both.  Neither is a secret,
 * and neither is believed for more than how careful to be: a login that begins
 * on a shared device asks the city afresh, and its session ends sooner.
 */
#ifndef GATEWAY_SESSION_DEVICE_H
#define GATEWAY_SESSION_DEVICE_H

#include "model/ctx.h"

bool device_shared(const struct ctx *c);
struct str device_remembered(const struct ctx *c); /* id of an identity provider; absent: none */

/* What the person has said now; both live in the answer's cookies. */
void device_own(struct ctx *c, struct str idp); /* absent: nothing to remember */
void device_mark_shared(struct ctx *c);
void device_forget(struct ctx *c); /* the choice, not the mark */

#endif
