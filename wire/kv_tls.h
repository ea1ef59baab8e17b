/* SPDX-License-Identifier: EUPL-1.2
 * wire/kv_tls.h: TLS to Redis and to its sentinels.
 *
 * Floor 1, kv's own.  Debian 12's hiredis has no TLS, and the connection is ours in
 * any case: OpenSSL's part of a client stands here and nowhere else.  At least
 * TLS 1.2; the certificate is always checked, with its chain, its time and its
 * name [RFC 5280, RFC 9525]: there is no setting that lets it be.  Threads: one
 * kv_tls serves all loops; a struct ssl_st belongs to its loop.
 */
#ifndef WIRE_KV_TLS_H
#define WIRE_KV_TLS_H

#include "base/arena.h"
#include "base/fail.h"

#include <sys/types.h>

struct kv_tls;
struct ssl_st;

struct kv_tls_files {
    struct str ca;        /* path of PEM certificates; "system": what this machine believes */
    struct str cert, key; /* of ours, PEM; absent: we show none */
    struct str name;      /* that the other side's certificate must have; absent: the host that is connected to */
};

/* Goes with a.  Fails OURS redis_tls: which file, and why. */
const struct kv_tls *kv_tls_new(struct arena *a, const struct kv_tls_files *files, struct fail *f);

/* A client on a connected socket that does not block.  host: a name or an address.  NULL: no memory. */
struct ssl_st *kv_tls_start(const struct kv_tls *t, int fd, struct str host);
void kv_tls_free(struct ssl_st *ssl);

/* Each goes on as far as it can.  AGAIN: when there is more to read, or room to write (wants_write).  BAD: why, one of
 * kv's words for trouble. */
enum kv_tls_went { KV_TLS_BAD = 0, KV_TLS_AGAIN, KV_TLS_DONE };
struct kv_tls_say {
    bool wants_write;
    const char *why;
    size_t n; /* bytes read or written */
};
enum kv_tls_went kv_tls_shake(struct ssl_st *ssl, struct kv_tls_say *out);
enum kv_tls_went kv_tls_read(struct ssl_st *ssl, void *p, size_t n, struct kv_tls_say *out);
enum kv_tls_went kv_tls_write(struct ssl_st *ssl, const void *p, size_t n, struct kv_tls_say *out);

#endif
