/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session/opened.h: what this browser was opening, for longer than a login lives.
 *
 * Floor 6b.  A login is over after login_life_s, and its cookie with it; an old
 * sign-in page, a city's late answer or a bookmark still bears its name.  This
 * one small cookie, sealed, says which service the last few logins were for, so
 * that the person can be led on to it.  It holds no request and no secret: nothing
 * of a login can be gone on with, only begun anew.
 */
#ifndef GATEWAY_SESSION_OPENED_H
#define GATEWAY_SESSION_OPENED_H

#include "model/ctx.h"

enum { OPENED_MAX = 6, OPENED_TEXT_MAX_B = 64, OPENED_S = 7 * 86400, OPENED_COOKIE_MAX_B = 720, OPENED_PAUSE_S = 10 };

/* c->login is kept by its cookie now: remembers what it is for. */
void opened_note(struct ctx *c);
struct opened {
    struct str what;  /* a service's id, or a path of ours, which begins with '/' */
    struct str login; /* opened_mark() of its login's id */
};

/* What was being opened by the login that login_find… has looked for and not found, or where the request named none, by
 * the last one.  False: this browser does not know. */
bool opened_find(struct ctx *c, struct opened *out);
struct str opened_mark(struct arena *a, struct str login_id);
/* Whether this browser was led on less than OPENED_PAUSE_S ago: once more at once would be a circle, which a page ends.
 * Notes that it is led on now. */
bool opened_again(struct ctx *c);
/* Takes the cookie away: who signs out leaves nothing for the next. */
void opened_forget(struct ctx *c);

#endif
