/* SPDX-License-Identifier: EUPL-1.2
 * gateway/pages/tells.h: what a service would be told of the person, in words, for the pages that ask or show it.
 *
 * Floor 6d.  A value is shown where it is sure to be the one that is told: what hangs on a school is not, for somebody
 * of several, of which the service may be told one.
 */
#ifndef GATEWAY_PAGES_TELLS_H
#define GATEWAY_PAGES_TELLS_H

#include "gateway/consent.h"
#include "launcher/pages.h"
#include "model/ctx.h"

/* Of c->service and c->person. */
struct tells tells_of(struct ctx *c, struct claim_set told);
/* What has changed of it since the person last saw it, and when that was; nothing where they have not, or it is as it
 * was. */
void tells_changed(struct ctx *c, const struct consent_look *x, struct tells *t);

#endif
