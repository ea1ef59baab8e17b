/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session/device.h: whose device this is, as the person on the sign-in page said.
 *
 * Floor 6b.  Two questions, each with an undo of its own, in cookies of a year: the
 * identity providers chosen last, where the person wants them remembered; and the
 * mark of a shared device with its school, which stays until somebody takes it away.
 * None is a secret, and none is believed for more than how careful to be: a login that
 * begins on a shared device asks the city afresh, and its session ends sooner.
 */
#ifndef GATEWAY_SESSION_DEVICE_H
#define GATEWAY_SESSION_DEVICE_H

#include "model/ctx.h"

bool device_shared(const struct ctx *c);
struct str device_remembered(const struct ctx *c); /* id of an identity provider; absent: none */
struct strs device_used(const struct ctx *c);      /* those chosen before, the last first; it is among them */
/* Whose a shared device is: what /school/ understands; absent: not known. */
struct str device_school(const struct ctx *c);
void device_keep_school(struct ctx *c, struct str hint);

/* What the person has said now; both live in the answer's cookies. */
void device_remember(struct ctx *c, struct str idp);
void device_forget(struct ctx *c);
void device_mark_shared(struct ctx *c);
void device_mark_own(struct ctx *c);

#endif
