/* SPDX-License-Identifier: EUPL-1.2
 * gateway/login_cookie.h: logins in flight, sealed in one cookie per attempt.
 *
 * Floor 5.  The cookie's value is useless without this gateway's seal, lives
 * login_life_s, and is SameSite=None because cities answer with cross-site
 * POSTs.  At most LOGIN_COOKIES_MAX; the oldest goes first.  A login too large
 * for a cookie lies in Redis, under a budget per address.
 */
#ifndef GATEWAY_LOGIN_COOKIE_H
#define GATEWAY_LOGIN_COOKIE_H

#include "model/ctx.h"

enum { LOGIN_COOKIES_MAX = 20, LOGIN_COOKIE_MAX_B = 1400, LOGIN_PARKED_MAX_B = 16384, LOGIN_PARKED_PER_ADDRESS = 200 };

/* Keeps c->login: the next row finds it kept.  Fails OURS when it had to go to Redis and Redis is away, BUSY over budget. */
extern const struct step_row login_keep[];

/* Looks for the login that a form or an answer names: by its id, or by upstream_id.  Then c->login and c->service
 * are set, or c->login stays NULL: expired, answered already, or another browser's. */
void login_name(struct ctx *c, struct str id_or_upstream_id);
extern const struct step_row login_find[];

/* The attempt is over: its cookie goes. */
void login_drop(struct ctx *c);

/* Text without seal; for tests. */
struct str login_write(struct arena *a, const struct login *l);
struct login *login_parse(struct arena *a, struct str text, struct fail *f);

#endif
