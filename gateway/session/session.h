/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session/session.h: who is signed in at this browser.
 *
 * Floor 6b.  A session is 256 random bits in a cookie (Lax); Redis holds the
 * record, sealed, under SHA-256 of it, so a dump of Redis opens no session and
 * a writer to Redis cannot make one.  It ends when unused for session_idle_s, or
 * on a shared device for shared_idle_s (the TTL in Redis, and checked besides),
 * at ends_s by the wall clock (session_max_s, or the end that the city states for its own session, plus saml_skew_s),
 * when the session epoch was raised, when its identity provider is disabled, or when an administrator ends all of its
 * sort (registry/marks.h).
 */
#ifndef GATEWAY_SESSION_SESSION_H
#define GATEWAY_SESSION_SESSION_H

#include "model/ctx.h"
#include "wire/kv.h"

enum {
    SESSION_TOUCH_S = 60,
    SESSION_COOKIE_CHARS = 43,
    SESSION_SERVICES_MAX = 200,
    SESSION_TOLD_MAX = 64,
    SESSION_WARDS_MAX = 16,
    GUARDIAN_SESSION_S = 32 * 60, /* Suomi.fi asks anew after that */
    SESSION_TOLD_MAX_B = 384
};

/* Rows: c->session is the person's session, or NULL when there is none.  One
 * round trip.  Fails OURS when Redis is away.  Looking is use, and keeps it
 * alive; but not by a GET with the parameter SESSION_LOOKS, as pages that come
 * by themselves have it, nor by session_look. */
extern const struct step_row session_load[], session_look[];
enum step session_find(struct ctx *c, struct fail *f); /* session_load, as one row of another table */
#define SESSION_LOOKS "still"

/* The key of the session that this browser's cookie names; absent when there
 * is no cookie, or none of ours. */
struct str session_key(const struct ctx *c);

/* For endpoints that know a session by its key alone (a token's).  Asks; then
 * session_of() reads.  NULL: it is over (*f untouched), or Redis is away (*f). */
void session_ask(struct ctx *c, struct str id_hash, struct kv_got *got);
struct session *session_of(struct ctx *c, struct str id_hash, const struct kv_got *got, struct fail *f);
/* What its record said, whether it is over or not.  NULL: there is none that can be read. */
struct session *session_that_was(struct ctx *c, struct str id_hash, const struct kv_got *got);

/* A new session for a person who was just proven, on a shared device or not; sets
 * no cookie yet.  cookie: what session_cookie_set() hands out once the record is stored. */
struct session *session_new(struct ctx *c, const struct person *p, bool shared, struct str *cookie);
/* Asks.  Fails UPSTREAM person_too_large (the detail names the member): nothing is asked that could not be read again.
 */
bool session_store(struct ctx *c, const struct session *s, struct kv_got *got, struct fail *f);
/* Asks; only where it still is.  What another request of the same browser has added meanwhile stays. */
void session_change(struct ctx *c, const struct session *s);
/* Drops it, and keeps in SQL that it ended: it is over in an older copy of Redis, too.  For a session that is, or that
 * somebody who was just proven leaves behind and nobody has looked at: what a stranger names costs no SQL. */
void session_end(struct ctx *c, struct str id_hash, struct kv_got *got); /* asks */
/* Whether session_load has looked at the one that the browser brought, and found none. */
bool session_was_over(const struct ctx *c);
void session_drop(struct ctx *c, struct str id_hash, struct kv_got *got); /* asks */
/* With the cookie comes what the session leaves behind (trail.h); that stays for as long as nobody has been shown it.
 */
void session_cookie_set(struct ctx *c, const struct session *s, struct str cookie);
void session_cookie_clear(struct ctx *c);

/* ── a test person (model/test_school.h), beside who is signed in ── */

/* Theirs has a cookie of its own and names one service and the session under which it was begun, a developer's of the
 * service's organisation; without that it is nothing.  What session_load and session_look find is never one. */
bool session_is_test(const struct session *s);
/* Looked up at every use, of a browser, a code, a token or a refresh token (whose record is a session, too): who was
 * removed from the organisation of a test person meanwhile, or has signed out, plays nobody there.  True of everybody
 * who is no test person. */
bool session_is_played(const struct ctx *c, const struct session *s);
/* Whether c->session is a developer's of the service's organisation. */
bool session_may_play(const struct ctx *c, const struct service *s);
/* A row's end, once c->session is loaded and the service is known: where a test person was chosen for this very service
 * under c->session, by who may still do so, c->session is theirs from here on, and so is the cookie that is meant
 * (session_key).  It counts for no other service, for no page of ours, and for no other session of this browser. */
enum step session_for(struct ctx *c, const struct service *s);
/* For the page that begins and ends them, beside c->session: asks for the one that this browser has; false: it has
 * none, and nothing was asked.  NULL: it is over, or another session's (*f untouched), or Redis is away (*f). */
bool session_test_ask(struct ctx *c, struct kv_got *got);
struct session *session_test_of(struct ctx *c, const struct kv_got *got, struct fail *f);
/* Under c->session, for that service alone: session_store() it, then its cookie is handed out.  "": it is taken back.
 */
struct session *session_test_new(struct ctx *c, const struct person *p, const struct service *s, struct str *cookie);
void session_test_cookie(struct ctx *c, struct str cookie);

/* ── another account of the same person, beside who is signed in (gateway/beside.h) ── */

/* Theirs has a cookie of its own and names the session beside which it was begun; with that it ends.  What session_load
 * and session_look find is never one. */
bool session_is_beside(const struct session *s);
/* The one that it stands beside was ended, wherever that was; its tokens end with it. */
bool session_has_lost(struct ends *ends, const struct session *s);
/* Rows, after those of session_load: c->beside is that of this browser and of c->session, or NULL.  Looking is use.
 * Fails OURS when Redis is away. */
extern const struct step_row session_beside[];
enum step session_find_beside(struct ctx *c, struct fail *f); /* as one row of another table */
/* c->session is c->beside from here on, and so is the cookie that is meant (session_key). */
void session_be_beside(struct ctx *c);
/* Beside c->session: session_store() it, then its cookie is handed out.  "": it is taken back. */
struct session *session_beside_new(struct ctx *c, const struct person *p, bool waits, struct str *cookie);
void session_beside_cookie(struct ctx *c, struct str cookie);

/* How long it lives if nobody uses it again; 0 or less: it is over.  Counted from a record that is renewed once a
 * minute (SESSION_TOUCH_S), so a session may end up to a minute early, never late. */
int64_t session_left_s(const struct settings *set, const struct session *s, int64_t now_s);

/* A session that begins now, or what a service may keep of it (refresh tokens), has ended after this. */
int64_t session_longest_s(const struct settings *set);

/* Notes that the service was opened, in the browser too (trail.h); true when that is new, and worth a
 * session_change(). */
bool session_add_service(struct ctx *c, struct session *s, struct str service);
/* What a protocol keeps of a service until the session ends (protocol.h, struct leaver): SESSION_TOLD_MAX_B,
 * SESSION_TOLD_MAX of them; true when it is other than before, and worth a session_change(). */
bool session_tell(struct ctx *c, struct session *s, struct str service, struct str text);
struct str session_told(const struct session *s, struct str service); /* absent: nothing */

/* The record as JSON and back; for tests too.  What fits, is written and read back as it was, whatever services and
 * favourites it gathers later.  Both fail CALLER json_…, by one table. */
bool session_keepable(struct arena *a, const struct session *s, struct fail *f);
struct str session_write(struct arena *a, const struct session *s);
struct session *session_parse(struct arena *a, struct str json, struct fail *f);

#endif
