/* SPDX-License-Identifier: EUPL-1.2
 * gateway/once.h: what somebody signed serves once.
 *
 * Floor 6c.  A mark in Redis for as long as it would be good; of a hundred that bring it at the same moment one is the
 * first.
 */
#ifndef GATEWAY_ONCE_H
#define GATEWAY_ONCE_H

#include "model/ctx.h"
#include "wire/kv.h"

/* Asks.  kind: keeps marks of different sorts apart, "ca:".  whose, name: any bytes.  born_s: when it was made, by its
 * own word; what is older than all that Redis can remember counts as brought before.  left_s: how much longer it is
 * good; at least a second is kept. */
void once_ask(struct ctx *c, const char *kind, struct str whose, struct str name, int64_t born_s, int64_t left_s,
              struct kv_got *got);
/* The same with a mark that the caller has made. */
void once_mark(struct ctx *c, struct str mark, int64_t born_s, int64_t left_s, struct kv_got *got);
/* After that: it is the first.  Fails OURS where Redis is away (what: for the log), CALLER invalid_request with says
 * where it was brought before. */
bool once_first(const struct kv_got *got, const char *what, const char *says, struct fail *f);

#endif
