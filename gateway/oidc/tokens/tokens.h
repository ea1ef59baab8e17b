/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/tokens/tokens.h: access tokens and families of refresh tokens: what they stand for, and for how long.
 *
 * Floor 6d.  A token is a name; what it stands for is a record in Redis, sealed, under SHA-256 of it, so that a dump of
 * Redis opens nothing and whoever writes to Redis makes none.  A JWT access token [RFC 9068] has its record as well:
 * what is taken back is over everywhere we are asked.
 *
 * A token is of a person by a session or by a family, and ends with it; one of neither is the service's own.  One that
 * was exchanged ends with what the person had let each service be told whose token it came from.
 *
 * A family is what one sign-in has left to a service, and all refresh tokens that come of it.  One of a session ends
 * with the session.  One that is offline (scope offline_access) carries its person, outlives the session, and ends:
 * when unused for refresh_idle_s, at ends_s (refresh_max_s), when it is revoked, when a refresh token of it comes
 * twice, and by whatever ends sessions of its sort (raised epoch, disabled identity provider, registry/marks.h).
 * [RFC 6749 6, RFC 9700 4.14, OIDC Core 11, OIDC Back-Channel Logout 2.7]
 *
 * Threads: the request's loop.  Everything lives in the request's arena.  Asking waits for Redis (kv.h).
 */
#ifndef GATEWAY_OIDC_TOKENS_TOKENS_H
#define GATEWAY_OIDC_TOKENS_TOKENS_H

#include "gateway/oidc/oidc.h"
#include "gateway/oidc/tokens/dpop.h"
#include "registry/consents.h"

enum { ACT_MAX_B = 2048, THROUGH_MAX_B = 1024, TOKEN_SHOWN_MAX_B = 16384 };

/* ── access tokens ──────────────────────────────────────────────────────── */

struct token_record {
    struct str service; /* registry id of whom it was issued to */
    struct str session; /* key of the session that it ends with; absent: of none */
    struct str family;  /* key of the family that it ends with; absent: of none */
    struct str scope;   /* space-separated */
    struct str lang;
    struct str claims;    /* single claims that were asked for (wire/claims_asked.h); absent: none */
    struct str resources; /* space-separated: whom it is for [RFC 8707]; absent: for us, at userinfo */
    struct str consented; /* claims that the person was asked about, as words; absent: none */
    struct str through;   /* registry ids: whose tokens it was exchanged for, one after the other; absent: it was not */
    struct str act;       /* JSON: who acts with it [RFC 8693 4.1]; absent: whom it was issued to */
    struct str attempt;   /* that it came of (gateway/trace.h); absent: none is traced */
    struct binding bound; /* only who holds this key may use it */
    int64_t made_s, ends_s;
    struct str knew; /* as struct ctx has it, of the request that made it */
};
/* The text of one that is no JWT: what it ends with, sealed, so that its record and that are asked for together. */
struct str token_new(struct ctx *c, struct str session, struct str family);
/* Absent: it names none.  False: none of ours of this form (a JWT names nothing, and is asked for by its hash alone).
 */
bool token_whose(struct ctx *c, struct str token, struct str *session, struct str *family);
struct str token_key(struct arena *a, struct str token);
/* Absent: it is too large (which bounds at the doors do not let happen). */
struct str token_seal(struct ctx *c, struct str key, const struct token_record *r);
bool token_open(struct ctx *c, struct str key, struct str sealed, struct token_record *out);

/* Somebody shows a token.  token_ask() asks for its record; token_ask_whose() then reads it, sets c->service and
 * c->lang and asks for whose it is; token_person() then sets c->session and c->person (both NULL: the service's own
 * token). The session of an offline family is made of what the family keeps: its id_hash and sid are absent. False with
 * *f untouched: it is not good, and *why says why, for the log; with *f set: Redis is away. Nothing is decided: whoever
 * tells something of the person asks policy first. */
struct token_shown {
    struct str token, key;
    struct token_record record;
    struct family *family; /* NULL: of none; set by token_person() */
    const char *why;
    struct str session_asked, family_asked; /* keys that its text named */
    struct kv_got stored, session, of_family;
};
void token_ask(struct ctx *c, struct token_shown *t, struct str token);
bool token_ask_whose(struct ctx *c, struct token_shown *t, struct fail *f);
bool token_person(struct ctx *c, struct token_shown *t, struct fail *f);

/* Rows for an endpoint of ours that is asked with an access token, by Bearer or DPoP: it is looked up, and whoever
 * brings it proves to hold the key that it is bound to.  c->state is a struct whose first member is a struct
 * token_brought; token_person() is the endpoint's to ask.  Whatever the token lacks, the answer is the same, by
 * token_refuse(); the log says `why`.  Fails CLIENT_AUTH invalid_token, CALLER invalid_request (with WWW-Authenticate),
 * OURS.  [RFC 6750 2, 3, RFC 9449 7] */
struct token_brought {
    struct token_shown shown;
    bool by_dpop; /* the scheme that it came by [RFC 9449 7.1] */
};
extern const struct step_row token_bring[];
enum step token_refuse(struct ctx *c, struct fail *f, const char *why);

/* ── families of refresh tokens ─────────────────────────────────────────── */

struct family {
    struct str key;     /* of its record: SHA-256 of `id` */
    struct str id;      /* hex of 128 random bits; stands in its tokens, and nowhere else */
    struct str root;    /* hex of 256 random bits: its tokens are made of it, and it leaves the record never */
    struct str service; /* registry id of whom it was issued to */
    struct str session; /* key of the session that it ends with; absent: offline */
    struct str scope, lang, claims, resources, consented;
    struct binding bound; /* with which key it began: a public service uses it with this one alone [RFC 9449 5] */
    int64_t turn;         /* which of its tokens is good: grows where they rotate */
    int64_t turned_s;     /* when that one was handed out */
    int64_t made_s, seen_s, ends_s;
    struct str knew;     /* as struct ctx has it, of the request that made it */
    struct session *who; /* offline: of whom, as struct session says it; began_s, epoch and the person count */
};

/* A new one, for c->person and c->service; not stored yet.  offline: it keeps the person. */
struct family *family_new(struct ctx *c, struct str session, bool offline);
void family_store(struct ctx *c, const struct family *m, struct kv_got *got);  /* asks */
void family_change(struct ctx *c, const struct family *m, struct kv_got *got); /* asks; only where it still is */
/* Ends it with its access tokens, and keeps in SQL that it ended: it is over in an older copy of Redis, too. Asks. */
void family_end(struct ctx *c, struct str key, struct kv_got *got);

void family_ask(struct ctx *c, struct str key, struct kv_got *got);
/* NULL: it is over (*f untouched), or Redis is away (*f).  Of a session the session is the caller's to look at. */
struct family *family_of(struct ctx *c, struct str key, const struct kv_got *got, struct fail *f);

/* For struct protocol: an offline family by its key.  What ended it otherwise (a mark on its service) is the caller's
 * to ask. */
void family_ask_held(struct ctx *c, const struct held *h, struct kv_got *got);
bool family_held_lives(struct ctx *c, const struct held *h, const struct kv_got *got, int64_t *seen_s);

/* Its refresh token of this turn: the same text each time it is asked. */
struct str family_token(struct ctx *c, const struct family *m, int64_t turn);
/* Reads a refresh token: the key of its family and its turn, not verified yet.  False: none of ours. */
bool family_token_read(struct ctx *c, struct str token, struct str *key, int64_t *turn);
bool family_token_fits(struct ctx *c, const struct family *m, struct str token, int64_t turn);

#endif
