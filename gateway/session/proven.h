/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session/proven.h: an answer of a city that holds, between the POST that brought it and our own GET.
 *
 * Floor 6b.  The POST reads no cookie, so it does not know whose answer it is; the
 * GET that follows does.  What was proven waits in Redis, sealed, for PROVEN_LIFE_S
 * at most, and is taken, not read: it serves once.  Nothing that was not proven is
 * stored: a refusal travels in the address of the GET, sealed.
 */
#ifndef GATEWAY_SESSION_PROVEN_H
#define GATEWAY_SESSION_PROVEN_H

#include "idp-adapters/adapter.h"
#include "wire/kv.h"

enum { PROVEN_LIFE_S = 120, PROVEN_ID_CHARS = 22 };

/* Keeps c->proven under a new random name; asks.  Fails UPSTREAM person_too_large: nothing is asked that could not be
 * read again. */
bool proven_keep(struct ctx *c, struct str *id, struct kv_got *got, struct fail *f);
void proven_ask(struct ctx *c, struct str id, struct kv_got *got); /* takes it */
/* NULL: gone, or none of ours. */
struct proven *proven_of(struct ctx *c, struct str id, const struct kv_got *got);

/* A refusal of the answer to that request, as text for an address, and back.  False: none of ours, or another's. */
struct str refusal_write(struct ctx *c, struct str upstream_id, const struct fail *why);
bool refusal_read(struct ctx *c, struct str upstream_id, struct str text, struct fail *why);

/* The records as JSON and back; for tests too. */
struct str proven_write(struct arena *a, const struct proven *p);
struct proven *proven_parse(struct arena *a, struct str json);

#endif
