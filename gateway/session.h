/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session.h: sessions in Redis, and the cookie that names them.
 *
 * Floor 5.  Redis holds a sealed, versioned record under SHA-256 of the cookie,
 * so neither a dump of Redis nor a writer to it opens a session.  Three
 * outcomes, never two: KV_DOWN is a failure of ours, not "signed out".
 */
#ifndef GATEWAY_SESSION_H
#define GATEWAY_SESSION_H

#include "model/ctx.h"

/* One round trip; asks nothing without a cookie.  WAIT or NEXT. */
step_fn session_ask;
/* Fills c->session, or leaves it NULL: no cookie, unknown, ended, made in an older epoch.  Fails OURS when Redis is
 * away.  A session used for more than a minute gets its idle time anew. */
step_fn session_read;
/* Refuses without a session: NO_SESSION login_required. */
step_fn session_must;

/* Makes a session for c->person in c->session, with a fresh cookie; a session that the browser had is ended.
 * One batch; then session_made, which fails OURS when Redis did not keep it. */
step_fn session_make;
step_fn session_made;

/* Keeps c->session after a change of its services.  One command in the request's batch. */
void session_keep(struct ctx *c);
/* Ends c->session: the record goes, the cookie too, tokens of its sid find no session. */
void session_end(struct ctx *c);
/* Asks for a session by its key rather than by cookie; for tokens.  The record opens with session_open. */
struct kv_got;
void session_ask_by_hash(struct ctx *c, struct str id_hash, struct kv_got *got);
/* NULL: not a record of ours, ended, or of an older epoch. */
struct session *session_open(struct ctx *c, struct str id_hash, struct str sealed);

/* The record's text without its seal; for tests. */
struct str session_write(struct arena *a, const struct session *s);
struct session *session_parse(struct arena *a, struct str text, struct fail *f);

#endif
