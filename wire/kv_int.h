/* SPDX-License-Identifier: EUPL-1.2
 * wire/kv_int.h: what kv*.c share, and nobody else includes.
 *
 * Floor 1.  kv.c is the connection, kv_greet.c its first words and its
 * heartbeat, kv_commands.c what can be asked, kv_config.c where Redis is.
 */
#ifndef WIRE_KV_INT_H
#define WIRE_KV_INT_H

#include "wire/kv.h"

#include <sys/socket.h>

enum { KV_EPOCH_TEXT_B = 16, KV_HEARTBEAT_MS = 1000 };
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

enum reply_type { REPLY_NONE = 0, REPLY_TEXT, REPLY_STATUS, REPLY_ERROR, REPLY_NUMBER, REPLY_NIL, REPLY_LIST };

enum kv_state { AWAY = 0, CONNECTING, GREETING, READY };

struct reply {
    enum reply_type type;
    int64_t number;
    struct str text;
    struct reply **elements;
    size_t n;
};

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
};

struct kv {
    struct watch watch; /* first: a watch leads back to its kv */
    struct timer deadline, flush, heartbeat, retry;
    struct arena *arena, *out_arena, *reply_arena, *own_arena;
    struct loop *loop;
    const struct world *world;
    struct kv_config config;
    enum kv_state state;
    const char *trouble;  /* why there is no connection; "" when there is one */
    const char *refusing; /* what a connected Redis refuses with; "" when nothing */
    struct asked *first, **last;
    struct buf out;
    size_t out_at;
    struct redisReader *reader; /* of hiredis */
    size_t unanswered_B;        /* read since the last whole reply */
    unsigned failures;
    unsigned connection; /* counts connections, to see that one has ended */
    int64_t beat;
    struct str beat_key, probe_key;
    bool probe_refused; /* since the last heartbeat began */
    char epoch[KV_EPOCH_TEXT_B];
    bool has_epoch;
};

#define KV_OF(member_pointer, member) ((struct kv *)(void *)((char *)(member_pointer)-offsetof(struct kv, member)))

/* Sends at the end of this turn; q is answered, in its turn, or with everything when the connection is given up. */
bool kv_put(struct kv *k, const struct str *parts, size_t n); /* false: too much waits already */
void kv_queue(struct kv *k, struct asked *q);
void kv_give_up(struct kv *k, const char *why);

bool kv_said_ok(const struct reply *r);
/* Notes why Redis refused.  True: the connection was given up for it. */
bool kv_refused(struct kv *k, const struct reply *r);
void kv_note_trouble(struct kv *k, const char *why);
void kv_note_refusing(struct kv *k, const char *what);

struct str kv_key(struct arena *a, enum kv_family family, struct str id);
void kv_greet(struct kv *k);
void kv_heartbeat_due(struct timer *t);

bool kv_address(struct str text, struct sockaddr_storage *out, socklen_t *n);

#endif
