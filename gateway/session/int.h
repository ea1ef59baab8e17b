/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session/int.h: what the rows of this folder share within one request; nobody else includes it.
 *
 * Floor 6b.
 */
#ifndef GATEWAY_SESSION_INT_H
#define GATEWAY_SESSION_INT_H

#include "model/ctx.h"
#include "wire/kv.h"

struct visit { /* of a browser */
    /* session.c */
    struct str key; /* of the session that it brought, once session_load has looked; absent: none */
    struct kv_got session, touched;
    struct str written_to, written;   /* the session that this request wrote last, and what, sealed; absent: none */
    const struct service *school_for; /* for which a test person is looked for */
    bool school;                      /* c->session is the test person's, and its cookie is the one that is meant */
    struct str own;                   /* then: the key of the session of whoever plays them */
    struct kv_got school_got, school_touched;
    struct kv_got beside_got;
    bool beside_asked, is_beside; /* is_beside: c->session is that one, and its cookie is the one that is meant */

    /* login_cookie.c */
    struct str wanted, wanted_upstream; /* which login is looked for */
    bool large;                         /* the login does not fit its cookie: Redis keeps it */
    bool kept;                          /* the login came out of a cookie */
    struct kv_got count, count_all, request;
};

/* Makes it on first use. */
static inline struct visit *visit_of(struct ctx *c)
{
    if (c->visit == NULL)
        c->visit = arena_make(c->arena, struct visit);
    return c->visit;
}

/* session.c: adds to what another request has made of the session what this one has: services that it opened, what it
 * told them, favourites that it changed.  read: as this one had read it; NULL: not known. */
void session_merge(struct ctx *c, struct session *there, const struct session *ours, const struct session *read);

/* session.c: a person in a record, written, bounded and read by one table.  They fail CALLER json_…. */
struct json_out;
struct json_value;
void person_write(struct json_out *o, const struct person *p);
bool person_fits(const struct person *p, struct fail *f);
struct person *person_read(struct arena *a, const struct json_value *v, struct fail *f);

#endif
