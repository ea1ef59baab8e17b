/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session/strict.h: a door behind the session: a sealed Strict cookie that belongs to one session, with the
 * token of its forms.
 *
 * Floor 6b.  What the console and the vendor portal stand behind.  The cookie does not come with a request that another
 * site began, so its lack says nothing of the person: an entry page (the door's own) makes one and goes on by itself.
 * What does not open, is of another session, or was not used for long, is none.
 */
#ifndef GATEWAY_SESSION_STRICT_H
#define GATEWAY_SESSION_STRICT_H

#include "model/ctx.h"

enum { STRICT_TO_MAX_B = 1024 };

struct strict {
    struct str cookie; /* its name: a literal, the door's own */
    struct str csrf;   /* of every form behind the door: field `csrf` */
    int64_t began_s, seen_s;
    struct str kept; /* the door's own words, to the end of the record: where the person acts */
};

/* For c->session: a new one, sent with this answer. */
void strict_begin(struct ctx *c, struct strict *s, struct str cookie, struct str kept);
/* The same one, keeping something else. */
void strict_keep(struct ctx *c, struct strict *s, struct str kept);
/* The one that came, of c->session. */
bool strict_find(struct ctx *c, struct strict *s, struct str cookie, int64_t idle_s);
void strict_touch(struct ctx *c, struct strict *s); /* it is used: noted once a minute */
void strict_leave(struct ctx *c, struct str cookie);

/* A form that was not sent from a page of ours is not looked at further [Fetch 3.2.2; Fetch Metadata 2.3]. */
bool strict_own_origin(const struct ctx *c);
bool strict_token_fits(const struct ctx *c, const struct strict *s);

/* Path and query of this request, as the entry page leads back to it. */
struct str strict_here(const struct ctx *c);
struct str strict_enter_at(struct ctx *c, struct str entry, struct str to);
/* Whether an entry page may lead there: `root` itself or below it, and not to the entry page. */
bool strict_is_below(struct str to, struct str root, struct str entry);

#endif
