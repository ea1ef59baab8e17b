/* SPDX-License-Identifier: EUPL-1.2
 * gateway/pace.h: how much services may ask by themselves, whatever they speak.
 *
 * Floor 6a.  service_requests_max a second (settings.def) of each service, and as many refusals of each address: by
 * flood.h, so whoever asks too much is slowed down alone.  The rows of an endpoint that services ask begin with
 * pace_address(), call pace_refused() wherever a proof was none, and pace_service() once it is proven who asks.
 */
#ifndef GATEWAY_PACE_H
#define GATEWAY_PACE_H

#include "model/ctx.h"

/* A row: holds back an address that was refused too often.  Fails BUSY too_many_requests. */
enum step pace_address(struct ctx *c, struct fail *f);
/* One more that this address was refused. */
void pace_refused(struct ctx *c);
/* A row: one more that c->service asks; of a public one, from this address.  Fails BUSY too_many_requests. */
enum step pace_service(struct ctx *c, struct fail *f);

#endif
