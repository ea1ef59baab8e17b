/* SPDX-License-Identifier: EUPL-1.2
 * wire/kv_link.h: one connection that speaks Redis's protocol, in the open or in TLS.
 *
 * Floor 1, kv's own: kv.c has one to a primary, kv_sentinel.c one to each sentinel.
 * Says what came and that it broke; deadlines, queues and what things mean are its
 * owner's.  hiredis gives the reader of replies, which are built in an arena and
 * live until the hook returns.  Threads: a link belongs to its loop.
 */
#ifndef WIRE_KV_LINK_H
#define WIRE_KV_LINK_H

#include "base/arena.h"
#include "base/loop.h"

enum reply_type { REPLY_NONE = 0, REPLY_TEXT, REPLY_STATUS, REPLY_ERROR, REPLY_NUMBER, REPLY_NIL, REPLY_LIST };

struct reply {
    enum reply_type type;
    int64_t number;
    struct str text;
    struct reply **elements;
    size_t n;
};

struct kv_link;
struct kv_tls;

struct kv_link_hooks {
    void (*up)(struct kv_link *l); /* connected, and in TLS where that is asked for */
    void (*reply)(struct kv_link *l, const struct reply *r);
    void (*gone)(struct kv_link *l, const char *why); /* its owner closes it */
};

struct kv_link {
    struct watch watch; /* first: a watch leads back to its link */
    const struct kv_link_hooks *hooks;
    struct loop *loop;
    const struct kv_tls *tls; /* NULL: in the open */
    struct str host;
    enum { LINK_CLOSED = 0, LINK_CONNECTING, LINK_SHAKING, LINK_UP } state;
    struct arena *out_arena, *reply_arena;
    struct buf out;
    size_t out_at;
    struct redisReader *reader;
    struct ssl_st *ssl;
    size_t unanswered_B; /* read since the last whole reply */
    bool heard;          /* anything at all */
    unsigned connection; /* counts closings, to see that one has ended */
};

void kv_link_init(struct kv_link *l, struct loop *loop, const struct kv_tls *tls, const struct kv_link_hooks *hooks);
/* address: as kv_config has it.  Says up or gone, perhaps before it returns. */
void kv_link_open(struct kv_link *l, struct str address);
void kv_link_close(struct kv_link *l);
void kv_link_free(struct kv_link *l);

/* Into what is sent next.  False: too much waits already. */
bool kv_link_put(struct kv_link *l, const struct str *parts, size_t n);
bool kv_link_put_encoded(struct kv_link *l, struct str command);
void kv_link_encode(struct buf *b, const struct str *parts, size_t n);
size_t kv_link_size(const struct str *parts, size_t n); /* no more than so many bytes are needed for it */
void kv_link_send(struct kv_link *l);

/* First word of an error; "" of anything else. */
struct str kv_reply_word(const struct reply *r);
/* The text at i of a list; absent where there is none. */
struct str kv_reply_at(const struct reply *r, size_t i);

#endif
