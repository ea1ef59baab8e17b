/* SPDX-License-Identifier: EUPL-1.2
 * wire/kv.h: Redis: sessions, codes, tokens, replay marks, counters.
 *
 * Floor 1.  One struct kv per loop: one connection, on which the commands of all
 * requests of the loop travel together.  Nothing here blocks and nothing is
 * retried.  Three outcomes, never two: what is not known to be there and not
 * known to be missing is DOWN, and DOWN is no reason to say "signed out".
 *
 * A command that Redis has not answered within kv_timeout_ms is DOWN, and the
 * connection is given up with everything on it: a late answer reaches nobody.
 * Away, silent, a replica, out of memory, loading, wrong password: DOWN, one log
 * line, and new attempts with growing pauses.  While away, commands are DOWN at
 * once.  Over TCP, where another Redis may take over, three sorts wait for the next
 * connection, within their kv_timeout_ms: what was refused with READONLY or LOADING
 * and so has not happened, what only reads, and what is asked in the first
 * KV_HOLD_MS after a loss.  Nothing that may have happened is sent again.
 *
 * With sentinels, the primary is the one that they name, and ROLE must say so too.
 *
 * With wait_replicas, what is written to a FILED family is answered when so many
 * replicas have it (WAIT); else DOWN.  While they are too few it is DOWN at once;
 * with go_on, writing goes on without them once KV_GRACE_MS have passed and most
 * sentinels say, asked after that, that this is the primary still: until then, it
 * may be that a replica has been made primary behind our back.
 *
 * Ownership: the arena of a question must live until its answer; id and value
 * are copied at once.  Threads: a kv and its questions belong to its loop.
 * hiredis comes in here and nowhere else.
 */
#ifndef WIRE_KV_H
#define WIRE_KV_H

#include "base/arena.h"
#include "base/batch.h"
#include "base/fail.h"
#include "base/loop.h"
#include "base/settings.h"
#include "base/world.h"

/* The families of keys: the prefix, and the version of the records behind it.
 * A record of another version is not found: raise the number when a record's
 * form changes.  What is FILED is in Redis's append-only file and outlives its
 * sudden death (but for its last second or two); what is HELD need not: a code
 * is bound to the epoch anyway, and the rest lives for two minutes.  Nothing
 * that keeps a message from coming twice may be HELD.  Either goes to replicas.
 *   family     prefix   version   kept   holds */
#define KV_FAMILIES(X)                                                                                                 \
    X(SESSION, "s", 1, FILED)  /* sealed session, under SHA-256 of the cookie */                                       \
    X(CODE, "c", 3, HELD)      /* sealed authorization code, under its SHA-256 */                                      \
    X(PUSHED, "u", 1, HELD)    /* sealed pushed authorization request, under SHA-256 of its request_uri */             \
    X(TOKEN, "t", 2, FILED)    /* sealed token record, under its SHA-256 */                                            \
    X(FAMILY, "f", 1, FILED)   /* sealed family of refresh tokens, under SHA-256 of its id */                          \
    X(REPLAY, "r", 1, FILED)   /* a message that may not come twice: issuer and id */                                  \
    X(REQUEST, "q", 1, FILED)  /* requests too large for a cookie */                                                   \
    X(DEVICE, "d", 1, FILED)   /* sealed request of a device, under SHA-256 of its code */                             \
    X(TYPED, "y", 1, FILED)    /* which of them a code that people type means */                                       \
    X(VERDICT, "v", 1, FILED)  /* sealed: what somebody has answered to it */                                          \
    X(FAREWELL, "e", 1, FILED) /* a line of sealed farewells: services that have yet to hear of a session's end */     \
    X(WILL, "w", 1, FILED)     /* sealed: whom to tell when a session ends that nobody ends by hand, under its key */  \
    X(WILLS, "l", 1, FILED)    /* a line of their sessions' keys: when to look at each */                              \
    X(FOUND, "i", 1, FILED)    /* a line of sessions' keys, under a keyed hash of another's name for them */           \
    X(LEAVING, "g", 1, HELD)   /* sealed: a sign-out on its way, for services that hear by the browser */              \
    X(HEARD, "h", 1, HELD)     /* which of them have said that they heard */                                           \
    X(TRACE, "o", 1, FILED)    /* a line of sealed requests of a service that were refused (gateway/trace.h) */        \
    X(PROVEN, "a", 1, HELD)    /* a person whom a city's answer has proven, on the way to their login */               \
    X(TESTED, "z", 1, HELD)    /* sealed: what a service was told of a test person, for whoever plays them */          \
    X(TRYOUT, "x", 1, HELD)    /* what came of a test sign-in, for whoever made it */                                  \
    X(DRY, "j", 1, FILED)      /* sealed: a dry run of an identity provider, and what came of each of its people */    \
    X(TRIAL, "k", 1, FILED)    /* sealed: a trial at the gate, its code, and a key that it was signed by */            \
    X(COUNT, "n", 1, HELD)     /* attempts within a time */                                                            \
    X(PROBE, "p", 1, HELD)     /* what a heartbeat writes to see whether it can */                                     \
    X(BEAT, "b", 1, FILED)     /* heartbeats; stays */                                                                 \
    X(SINCE, "S", 1, FILED)    /* when an epoch was first seen; stays */                                               \
    X(NODE, "m", 1, HELD)      /* what a node says of itself */

enum kv_family {
    KV_NONE = 0,
#define X(family, prefix, version, kept) KV_##family,
    KV_FAMILIES(X)
#undef X
        KV_FAMILY_COUNT
};

enum kv_outcome { KV_DOWN = 0, KV_MISS, KV_HIT };

struct kv_got {
    enum kv_outcome outcome;
    struct str value; /* of get and take, in the question's arena; absent but for KV_HIT */
    int64_t number;   /* of count, line_put and line_drop */
    struct str *list; /* of line_take and line_look, `listed` of them, in the question's arena */
    size_t listed;
};

enum { KV_VALUE_MAX_B = 1 << 20, KV_ID_MAX_B = 512 };

enum { KV_SENTINELS_MAX = 9, KV_PORTS_MAX = 8, KV_HOLD_MS = 150, KV_GRACE_MS = 3000 };
struct kv_tls;

struct kv_config {
    struct str address; /* "127.0.0.1:6379", "[::1]:6379", "redis.example:6379" or "unix:/path" */
    struct str user, password;
    int64_t timeout_ms;
    struct str beat;                        /* whose heartbeats are counted; absent: nobody's in particular */
    const struct kv_tls *tls;               /* NULL: in the open */
    struct str sentinels[KV_SENTINELS_MAX]; /* in place of address */
    size_t sentinel_count;
    struct str master;           /* the sentinels' name for it */
    int64_t ports[KV_PORTS_MAX]; /* where a sentinel may say that it is; none: anywhere */
    size_t port_count;
    struct str sentinel_user, sentinel_password;
    int64_t wait_replicas, wait_ms;
    bool go_on; /* without them, when there are too few */
};

/* Reads addresses, users, password files, TLS and timeouts.  The views point into the
 * settings and a, which tls lives as long as.  Fails OURS redis_password_file, redis_tls, CALLER bad_setting. */
bool kv_config_read(const struct settings *s, struct arena *a, struct kv_config *out, struct fail *f);

struct kv;
/* Starts to connect and returns at once; the config is copied.  A host name is
 * resolved here, once, and may block for it: before the loop runs. */
struct kv *kv_new(struct loop *l, const struct world *w, const struct kv_config *config);
void kv_free(struct kv *k); /* whatever is under way is answered DOWN */

bool kv_ready(const struct kv *k); /* connected, to a primary that answers */
bool kv_accepts(
    const struct kv *k); /* ready, and took all that a heartbeat tried last: each second, what requests do */
/* The heartbeats that Redis has counted, of all who have this config's `beat`, when it last answered one: it grows, and
 * falls only where Redis is an older copy or another one.  0: none yet. */
int64_t kv_beat(const struct kv *k);
const char *kv_trouble(const struct kv *k); /* why not, one stable word, for health; "" when ready */
const char *kv_mend(const char *trouble);   /* what to do about it, for people; "" for a word that is not ours */

/* Whether what is FILED is at replicas as well when it is answered. */
enum kv_guard { KV_GUARD_OFF = 0, KV_GUARD_SOUND, KV_GUARD_SHORT /* refused */, KV_GUARD_ALONE /* gone on without */ };
struct kv_seen {
    struct str primary; /* as it was last connected to; the view lives until the next turn of the loop */
    bool ready;
    enum kv_guard guard;
    int64_t replicas;                 /* that it has, by its own word */
    uint64_t switches;                /* how often another one became primary, or the same one began anew */
    size_t sentinels, sentinels_well; /* how many there are, and how many answer */
};
struct kv_seen kv_seen(const struct kv *k);
const char *kv_guard_name(enum kv_guard g);
/* The redemption epoch: a text that changes whenever Redis may have forgotten
 * something (restarted, or another one became primary).  A code or a request
 * carries the epoch that it was made in; in another one it is refused.  Absent
 * until the first connection. */
struct str kv_epoch(const struct kv *k);
/* Since when that epoch has been, by the clock of whoever saw it first: a message from outside that is older, and
 * serves once, may have served where it is forgotten.  0: not known, or nothing was before it. */
int64_t kv_since_s(const struct kv *k);
/* Whether that may be so of a message that was made at born_s, by its own word; 0: it does not say, and so it may. */
bool kv_may_forget(const struct kv *k, int64_t born_s);
/* The same epoch as a number, for records that have no room; 0: none yet. */
int64_t kv_epoch_number(const struct kv *k);

/* Fails OURS temporarily_unavailable: never "signed out".  what: which record, for the log. */
int kv_away(struct fail *f, const char *what);

/* Each asks the batch and answers it once, perhaps before it returns.  ttl_s > 0. */
void kv_get(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id);
/* HIT: stored. */
void kv_set(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id,
            struct str value, int64_t ttl_s);
/* Only where there is one already; of a FILED family.  HIT: replaced; MISS: there was none, and none is there now. */
void kv_replace(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family,
                struct str id, struct str value, int64_t ttl_s);
/* Only where what stands there is still what was read: two requests that change one record lose nothing of each
 * other's.  Else remake() makes of what stands there, and of what this one wanted, the value that is tried next;
 * absent: it is left as it is.  Of a FILED family.  HIT: stored; MISS: there was none (without create), or remake()
 * gave up. */
struct kv_swap {
    struct str before; /* as it was read: only its first KV_SWAP_HEAD_B bytes are looked at, which of a sealed one are
                          like no other's; absent: not known */
    struct str value;
    int64_t ttl_s;
    bool create;                                        /* where there is none, it is stored */
    struct str (*remake)(void *with, struct str there); /* called from the loop, before the batch is answered */
    void *with;
};
enum { KV_SWAP_HEAD_B = 48 };
void kv_swap(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id,
             const struct kv_swap *swap);
/* Only where there is none; for replay marks, and so of a FILED family.  MISS: it was new and is there now; HIT: it was
 * there before. */
void kv_add(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id,
            struct str value, int64_t ttl_s);
/* Gets and deletes in one: of any number of askers exactly one has the HIT. */
void kv_take(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id);
/* HIT: it was there. */
void kv_delete(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family,
               struct str id);
/* Sets the time left.  HIT: it is there. */
void kv_touch(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id,
              int64_t ttl_s);
/* One more of it; the first one starts the ttl, which later ones leave alone.  HIT, with the number. */
void kv_count(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id,
              int64_t ttl_s);

/* A line: texts that are each due at a time, by Redis's own clock, so that nodes need not agree on theirs.  Of a FILED
 * family.  It is gone ttl_s after the last put.
 * put: each text is due after_ms from now, whether it stood there before or not; of more than `most`, those go that are
 * due first.  HIT, with how many there are.
 * take: HIT, with up to `most` that are due, the first due first; each is due again in again_ms: of any number of
 * askers exactly one has it until then.
 * look: HIT, with all of them, up to `most`, the last due first; changes nothing.
 * drop: HIT, with how many of these stood there. */
enum { KV_LINE_MOST = 1024 /* texts of one command */ };
struct kv_line_more {
    const struct str *texts;
    size_t n, most;
    int64_t after_ms, ttl_s;
    bool fleeting; /* what is due by now goes: it was kept until then, and is nobody's to take */
};
void kv_line_put(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family,
                 struct str id, const struct kv_line_more *more);
void kv_line_take(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family,
                  struct str id, size_t most, int64_t again_ms);
void kv_line_look(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family,
                  struct str id, size_t most);
void kv_line_drop(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family,
                  struct str id, const struct str *texts, size_t n);

#endif
