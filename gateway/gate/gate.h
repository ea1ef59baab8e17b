/* SPDX-License-Identifier: EUPL-1.2
 * gateway/gate/gate.h: trials: begun at the vendor portal, caught where the service's client asks, judged.
 *
 * Floor 6c, a room of its own.  gate_begin() seals a trial into a cookie (Lax) of the browser that asked for it, bound
 * to the portal session of who asked, and leaves a record that is taken once.  Where that browser, with that session,
 * then comes to an authorization endpoint for that very service, gate_find() and gate_take() give the trial, and the
 * protocol answers it instead of a sign-in.  All of it ends GATE_LIFE_S after it began; what was seen can be asked for
 * as long again.  A service that is not in test has no trials, whenever it is looked at.
 */
#ifndef GATEWAY_GATE_GATE_H
#define GATEWAY_GATE_GATE_H

#include "certs/signer_client.h"
#include "gateway/gate/trials.def"
#include "model/ctx.h"
#include "registry/gates.h"
#include "wire/kv.h"

enum { GATE_LIFE_S = 600 };

enum gate_kind {
    GATE_GOOD = 1,
    GATE_ANSWER,
    GATE_TOKEN,
    GATE_CODE,
    GATE_LOGOUT_BAD,
    GATE_LOGOUT_GOOD,
    GATE_MESSAGE,
    GATE_TWICE
};
enum gate_alter {
    ALTER_NOTHING = 0,
    ALTER_STATE,
    ALTER_NO_STATE,
    ALTER_ISS,
    ALTER_NONCE,
    ALTER_NO_SIGNATURE,
    ALTER_ALG_NONE,
    ALTER_WRAP,    /* a signed element beside the one that is to be read [XML signature wrapping] */
    ALTER_WRAP_IN, /* within its signature */
    ALTER_RECIPIENT,
    ALTER_REQUEST, /* in answer to a request that there was not */
    ALTER_COMMENT, /* in the middle of each name, which no signature sees */
    ALTER_DEPLOYMENT,
    ALTER_CIPHER,    /* letters of the encrypted text become others, which no key was needed for */
    ALTER_CIPHER_KEY /* encrypted to somebody else */
};
enum gate_trial_id {
#define X(trial, of, kind, token, alter, says) TRIAL_##trial,
    GATE_TRIALS(X)
#undef X
        TRIAL_COUNT
};
struct gate_trial {
    const char *word;
    enum protocol_id of;
    enum gate_kind kind;
    enum gate_token token;
    enum gate_alter alter;
};
extern const struct gate_trial gate_trials[TRIAL_COUNT];
const struct gate_trial *gate_trial_named(struct str word); /* NULL: none */

/* Whether there are trials for it: in test, switched on, of a protocol that has them; and of those, which apply. */
bool gate_tries(enum protocol_id protocol);
bool gate_has_trials(const struct service *s);
/* What of a service's own side gives it trials that others of its protocol do not have, beside what its row says:
 * struct protocol, trial_ways. */
enum { GATE_HEARS = 1 << 0 /* it is told of ends, from us to it */, GATE_DECRYPTS = 1 << 1 };
bool gate_applies(const struct service *s, unsigned ways, const struct gate_trial *t);

struct gate_run {       /* a trial that is under way */
    struct str id;      /* 256 random bits; names what was seen */
    struct str service; /* registry id */
    struct str sid;     /* of the session that began it */
    const struct gate_trial *trial;
    int64_t until_s;
};

/* Asks; sets the cookie.  *id: of the run.  A certificate that is rolled to is shown from here on: who reads metadata
 * does so before anybody signs in. */
enum { GATE_BEGUN = 2 };
void gate_begin(struct ctx *c, const struct service *s, const struct gate_trial *t, struct str *id,
                struct kv_got got[GATE_BEGUN]);
/* The cookie's trial, if it is of s, which may have it, and of c->session, still a developer's.  False: none, without
 * asking anybody.  What was begun too long ago to be answered is found for GATE_LIFE_S more by gate_seen(), to be
 * judged. */
bool gate_find(struct ctx *c, const struct service *s, struct gate_run *out);
bool gate_seen(struct ctx *c, const struct service *s, struct gate_run *out);
void gate_end(struct ctx *c); /* this browser has none any more */
/* Takes its record: HIT once. */
void gate_take(struct ctx *c, const struct gate_run *run, struct kv_got *got);

/* A message of it that is to be brought once more, kept sealed; it is given once.  What is taken is opened by
 * gate_kept(): absent: there is none. */
void gate_keep(struct ctx *c, const struct gate_run *run, struct str message, struct kv_got *got);
void gate_kept_take(struct ctx *c, const struct gate_run *run, struct kv_got *got);
struct str gate_kept(struct ctx *c, const struct gate_run *run, const struct kv_got *got);

/* A token without its signature, as alter says; any other as it is. */
struct str gate_token_altered(struct arena *a, enum gate_alter alter, struct str token);

/* What was seen of it: asks; each is a mark. */
enum gate_mark {
    MARK_ASKED = 0, /* the client sent the browser */
    MARK_EXEMPT,    /* its request does without what this trial alters, and has PKCE in its place */
    MARK_REDEEMED,  /* it came with the code; of TWICE: it was answered once more */
    MARK_UNBOUND,   /* its verifier does not fit */
    MARK_OPENED,    /* it came with the access token */
    MARK_COUNT
};
void gate_mark(struct ctx *c, struct str id, enum gate_mark what, struct kv_got *got);
void gate_marks_ask(struct ctx *c, struct str id, struct kv_got got[MARK_COUNT]);

/* What the tester saw. */
enum gate_saw { SAW_NOTHING = 0 /* not known */, SAW_IN, SAW_ERROR };
/* What to make of it all.  opens: the client went on to userinfo in the good trial, so that its not doing so says
 * something.  *seen: a stable word of by what it is known; absent: of the tester's. */
enum gate_verdict gate_judge(const struct gate_trial *t, const struct kv_got marks[MARK_COUNT], enum gate_saw saw,
                             bool opens, struct str *seen);

/* A logout message of a trial, from us to the client: struct protocol, try_leave. */
struct gate_leaving { /* c->state */
    const struct gate_trial *trial;
    int status; /* of its answer; 0: none came */
    bool
        nobody; /* it says that it has no such session: of a wrong message too, so that it says nothing of its checks */
};
enum gate_verdict gate_judge_leaving(const struct gate_leaving *l, struct str *seen);
bool gate_is_leaving(const struct gate_trial *t);

/* The list of trials that a report must have: raised when trials.def grows. */
enum { GATE_LIST_VERSION = 3 };
/* What is known of a trial, with the registration of this edition (gate_edition()), for GATE_GOOD_DAYS; NULL: it is to
 * be run.
 */
const struct gate_row *gate_row_now(const struct gate_rows *rows, const struct gate_trial *t, struct str edition,
                                    int64_t now_s);
/* Whether every trial that applies was passed, with the registration as it is now. */
bool gate_passed(const struct service *s, unsigned ways, struct arena *a, const struct gate_rows *rows, int64_t now_s);

/* ── a key that one token was signed by, shown for GATE_LIFE_S among our keys ─── */
void gate_key_show(struct ctx *c, struct str jwk, struct kv_got *got); /* asks */
/* Asks, or not: what a loop has found to be none a moment ago it does not ask for again within the second, so that who
 * reads our keys costs Redis nothing.  Who tells of a key waits GATE_KEY_SEEN_MS, until every loop shows it. */
enum { GATE_KEY_SEEN_MS = 1500 };
void gate_keys_ask(struct ctx *c, struct kv_got *got);
/* Whether the certificate of KEY_GATE is among them. */
bool gate_shows_certificate(struct ctx *c, const struct kv_got *got);
/* jwks with those keys; jwks itself where there are none, or Redis is away. */
struct str gate_keys_with(struct ctx *c, struct str jwks, const struct kv_got *got);

#endif
