/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session/tryout_keep.h: a test sign-in between its steps: at the browser that began it, and in Redis.
 *
 * Floor 6b.  Apart from logins in every respect: a cookie of its own name, sealed for that name, so that no login's
 * record is a tryout's and none of a tryout's a login's; one at a browser, the newest.  It names the session that began
 * it, and the request to the city, whose answer counts once.  What came of it is kept sealed for that session alone,
 * for TRYOUT_SHOWN_S, and nowhere else.
 */
#ifndef GATEWAY_TRYOUT_KEEP_H
#define GATEWAY_TRYOUT_KEEP_H

#include "idp-adapters/adapter.h"
#include "idp-adapters/tryout.h"
#include "wire/kv.h"

enum { TRYOUT_SHOWN_S = 300, TRYOUT_ID_CHARS = 22, TRYOUT_COOKIE_MAX_B = 1024 };

/* c->login is the tryout's; sid: of the session that begins it. */
void tryout_cookie_set(struct ctx *c, struct str sid);
/* The tryout that this browser began with that request becomes c->login.  False: none, over, or another's. */
bool tryout_cookie_find(struct ctx *c, struct str upstream_id, struct str *sid);
void tryout_cookie_drop(struct ctx *c);

/* MISS: this is the first answer to that request. */
void tryout_once(struct ctx *c, struct str upstream_id, struct kv_got *got);

/* Between the POST that brought an answer and our own GET: c->tryout, and c->proven where it holds. */
bool tryout_pass_on(struct ctx *c, struct str upstream_id, struct str *id, struct kv_got *got, struct fail *f);
void tryout_take_on(struct ctx *c, struct str id, struct kv_got *got);
bool tryout_passed_on(struct ctx *c, struct str upstream_id, struct str id, const struct kv_got *got);

/* What came of it, for the session sid. */
bool tryout_keep(struct ctx *c, struct str sid, struct kv_got *got, struct fail *f);
void tryout_ask(struct ctx *c, struct str sid, struct str idp, struct kv_got *got);
/* NULL: there is none (any more). */
struct tryout *tryout_kept(struct ctx *c, struct str sid, struct str idp, const struct kv_got *got);

/* The record as JSON and back; for tests too.  p: NULL, or what was proven. */
struct str tryout_write(struct arena *a, const struct tryout *t, const struct proven *p);
struct tryout *tryout_parse(struct arena *a, struct str json, struct proven **p);

#endif
