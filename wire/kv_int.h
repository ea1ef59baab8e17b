/* SPDX-License-Identifier: EUPL-1.2
 * wire/kv_int.h: what kv*.c share, and nobody else includes.
 *
 * Floor 1.  kv.c is the queue of what is asked, kv_link.c and kv_tls.c the
 * connection, kv_sentinel.c who says where the primary is, kv_greet.c the first
 * words and the heartbeat, kv_guard.c the waiting for replicas, kv_commands.c
 * what can be asked, kv_config.c where Redis is, kv_trouble.c what is wrong with it.
 */
#ifndef WIRE_KV_INT_H
#define WIRE_KV_INT_H

#include "wire/kv_facts.h"
#include "wire/kv_link.h"
#include "wire/kv_sentinel.h"

#include <sys/socket.h>

enum { KV_EPOCH_TEXT_B = 16, KV_HEARTBEAT_MS = 1000, KV_ADDRESS_B = 256 };
#define KV_PROBE_TEXT S("probe")

/* What is HELD: only a script can keep what it writes out of the append-only file. */
#define KV_UNFILED     "redis.set_repl(redis.REPL_REPLICA) "
#define KV_HOLD_SCRIPT S(KV_UNFILED "return redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])")
/* A counter whose expiry was set apart from its birth could live for ever. */
#define KV_COUNT_SCRIPT                                                                                                \
    S(KV_UNFILED "local n = redis.call('INCR', KEYS[1]) "                                                              \
                 "if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end return n")

/* ARGV: the head of what was read, the value, its time, whether one may be created.  1: stored; nil: there is none;
 * else what stands there. */
#define KV_SWAP_SCRIPT                                                                                                 \
    S("local there = redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) "                                                \
      "if ARGV[1] == '' then there = redis.call('EXISTS', KEYS[1]) == 1 and ' ' or '' end "                            \
      "if there == '' and ARGV[4] == '0' then return false end "                                                       \
      "if there ~= '' and there ~= ARGV[1] then return redis.call('GET', KEYS[1]) end "                                \
      "redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) return 1")

/* What is due is judged by Redis's clock alone. */
#define KV_NOW "local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000) "
#define KV_PUT_SCRIPT                                                                                                  \
    S(KV_NOW "for i = 4, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) end "                            \
             "redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[2]) "                                                \
             "redis.call('EXPIRE', KEYS[1], ARGV[3]) return redis.call('ZCARD', KEYS[1])")
/* Whatever is due is gone. */
#define KV_PUT_FLEETING_SCRIPT                                                                                         \
    S(KV_NOW "redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now) "                                                   \
             "for i = 4, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) end "                            \
             "redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[2]) "                                                \
             "redis.call('EXPIRE', KEYS[1], ARGV[3]) return redis.call('ZCARD', KEYS[1])")
#define KV_TAKE_SCRIPT                                                                                                 \
    S(KV_NOW "local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1]) "                     \
             "for i = 1, #due do redis.call('ZADD', KEYS[1], now + ARGV[2], due[i]) end return due")

enum kv_state { AWAY = 0, CONNECTING, GREETING, READY };

/* One command under way.  Redis answers in order, so the head of the queue is
 * the oldest and its deadline the nearest. */
struct asked {
    struct asked *next;
    void (*answer)(struct kv *k, struct asked *q, const struct reply *r);
    struct batch *batch; /* NULL: a command of our own */
    struct arena *arena;
    struct kv_got *out;
    int64_t deadline_ms;
    struct swapping *swapping; /* kv_swap() alone */
    struct str sent;           /* the command; absent: it was not kept, and is not sent again */
    bool reads;                /* changes nothing */
    bool guarded;              /* answered when replicas have it */
};

struct line_of_asked {
    struct asked *first, **last;
};

struct kv {
    struct kv_link link; /* first: a link leads back to its kv */
    struct timer deadline, flush, heartbeat, retry, held_due;
    struct arena *arena;
    struct asked *own_free; /* of our own commands, to be used again */
    struct loop *loop;
    const struct world *world;
    struct kv_config config;
    struct kv_sentinels *sentinels; /* NULL: there are none */
    enum kv_state state;
    const char *trouble;  /* why there is no connection; "" when there is one */
    const char *refusing; /* what a connected Redis refuses with; "" when nothing */
    const char *leaving;  /* why this connection will be given up when what is under way is answered; NULL: it stays */
    struct line_of_asked asked;    /* under way */
    struct line_of_asked held;     /* for the next connection */
    struct line_of_asked unproven; /* answered, but not known to be at replicas */
    bool wants_proof;              /* something was put whose answer waits for replicas */
    bool keeps;                    /* what may be sent again is kept: Redis is not on this machine alone */
    int64_t hold_until_ms;
    enum kv_guard guard;
    int64_t short_since_ms, replicas;
    unsigned failures;
    int64_t beat;
    struct str beat_key, probe_key;
    bool probe_refused; /* since the last heartbeat began */
    char epoch[KV_EPOCH_TEXT_B];
    bool has_epoch;
    struct kv_facts facts;
    int64_t since_s;
    uint64_t switches;
    char primary[KV_ADDRESS_B]; /* as it was last connected to */
};

#define KV_OF(member_pointer, member) ((struct kv *)(void *)((char *)(member_pointer)-offsetof(struct kv, member)))

/* Sends at the end of this turn; q is answered, in its turn, or with everything when the connection is given up. */
void kv_queue(struct kv *k, struct asked *q);
void kv_hold(struct kv *k, struct asked *q);    /* q waits for the next connection, until its deadline */
bool kv_holds(const struct kv *k);              /* whether it may */
void kv_send_held(struct kv *k);                /* there is one */
void kv_settle(struct kv *k, struct asked *q);  /* out is filled in: answers, or waits for replicas */
void kv_proven(struct kv *k, bool by_replicas); /* what waits for them is answered */
void kv_line_add(struct line_of_asked *l, struct asked *q);
void kv_ask_own(struct kv *k, const struct str *parts, size_t n,
                void (*answer)(struct kv *k, struct asked *q, const struct reply *r));
void kv_guard_ask(struct kv *k);
void kv_guard_told(struct kv *k, int64_t replicas); /* so many have what was written before */
void kv_give_up(struct kv *k, const char *why);

bool kv_said_ok(const struct reply *r);
/* Notes why Redis refused.  True: the connection was given up for it. */
bool kv_refused(struct kv *k, const struct reply *r);
void kv_note_trouble(struct kv *k, const char *why);
void kv_note_refusing(struct kv *k, const char *what);

struct str kv_key(struct arena *a, enum kv_family family, struct str id);
void kv_greet(struct kv *k);
void kv_heartbeat_due(struct timer *t);

struct str kv_host(struct str address);
bool kv_address(struct str text, struct sockaddr_storage *out, socklen_t *n);

#endif
