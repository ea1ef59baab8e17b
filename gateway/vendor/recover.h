/* SPDX-License-Identifier: EUPL-1.2
 * gateway/vendor/recover.h: whom an owner may let in anew.
 *
 * Floor 6d.  Whoever makes such a link could open it, and be that person.  So it is for an account that is nothing
 * elsewhere: of one organisation alone, without a right in the console.  Of others an operator decides.
 */
#ifndef GATEWAY_VENDOR_RECOVER_H
#define GATEWAY_VENDOR_RECOVER_H

#include "model/ctx.h"

/* What they are in that one organisation; NULL: nobody that an owner may let in anew. */
const struct staff *recoverable(const struct ctx *c, struct str account);

#endif
