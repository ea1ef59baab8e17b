/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session/login_cookie.h: a login in flight, kept by the browser that began it.
 *
 * Floor 6b.  One cookie per attempt, sealed, at most LOGIN_COOKIE_MAX_B, gone
 * after login_life_s; at most LOGINS_MAX per browser and LOGINS_MAX_B in all, the oldest goes first.  One
 * that was never answered stays for LOGIN_OVER_S more, OVERS_MAX of them, so that
 * an old page can begin it anew.  So
 * strangers cannot fill our store and tabs do not overwrite one another.  What
 * does not fit goes to Redis, sealed, under a budget per address, and the
 * cookie names it.  The id of a login is no capability: without this browser's
 * cookie it finds nothing.
 */
#ifndef GATEWAY_LOGIN_COOKIE_H
#define GATEWAY_LOGIN_COOKIE_H

#include "model/ctx.h"

enum { LOGIN_OVER_S = 43200, OVERS_MAX = 2 };
enum {
    LOGIN_COOKIE_MAX_B = 1024,
    LOGINS_MAX = 20,
    LOGINS_MAX_B = 15360,
    LOGIN_RECORD_MAX_B = 32768,
    LOGIN_ID_CHARS = 22
};

/* A new login, state ASKED, with a random id. */
struct login *login_new(struct ctx *c, enum protocol_id protocol);
/* One of our own: no service asked, and the person goes on to a page of ours. */
struct login *login_own(struct ctx *c, struct str back_to);

/* Hands over to rows after which c->login is this browser's attempt of that id, or the one that an answer from a city
 * names (its state, or the id of its request); NULL: unknown, over, or another browser's.  They fail OURS. */
enum step login_find(struct ctx *c, struct str id);
enum step login_find_upstream(struct ctx *c, struct str upstream_id);
/* The login of that mark (opened.h), too old or not, begun anew: what its service asked stands, nothing that a city was
 * asked does.  False: this browser has none, Redis has it, or what it asked serves once. */
bool login_renew(struct ctx *c, struct str mark);
/* Whether c->login came out of a cookie: then a reload must find how far it got. */
bool login_was_kept(const struct ctx *c);

/* Rows: keeps c->login in its cookie (or in Redis).  Fails OURS, BUSY
 * too_many_requests (the address's budget), TOO_LARGE invalid_request. */
extern const struct step_row login_keep[];

/* The record and back; for tests too.  False: not one of ours. */
struct str login_write(struct arena *a, const struct login *l);
bool login_parse(struct arena *a, struct str record, struct login *out);

#endif
