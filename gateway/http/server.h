/* SPDX-License-Identifier: EUPL-1.2
 * gateway/http/server.h: one loop's HTTP: connections in, requests to steps, responses out.
 *
 * Floor 6a.  The only door to libmicrohttpd, which reads bodies that come in
 * pieces.  A connection is accepted here; its bytes are peeked at until a whole
 * header has passed the guard (guard.h).  What is whole with it is answered here;
 * only the rest does the library see, for that one request.  So the library never
 * reads a byte of a header that the guard has not read before, an idle or dripping
 * connection costs nothing but its slot, and each phase has a deadline of its own.
 *
 *     HEADER   the header must be complete within request_header_s, else 408
 *     BODY     the body within request_body_s, else 408
 *     STEPS    the steps run; whatever they wait for has a time-out of its own
 *     WRITE    the client must take the answer within SERVER_WRITE_S
 *     IDLE     the next request must begin within SERVER_IDLE_S of the last
 *     LINGER   a refusal was sent; what still comes is thrown away, for a moment
 *
 * An address, a network and all together have shares of connections_max
 * (shares.h): who comes past one is let in for the oldest silent connection of
 * it, and gets 503 only when all of them are in work.  After a request whose
 * body came later than its header the connection closes.  What comes in one piece
 * with a request is not served: the connection closes after the first.  What comes later, while a request is in
 * work, passes the guard when that has been answered.  Who shuts its side down
 * still gets its answer; who is gone gives its slot back at once, and what its
 * request waits for is heard without it.  Everything belongs to the loop's thread.
 */
#ifndef GATEWAY_SERVER_H
#define GATEWAY_SERVER_H

#include "base/loop.h"
#include "base/settings.h"
#include "gateway/routes.h"

enum { SERVER_WRITE_S = 60, SERVER_IDLE_S = 60, SERVER_LINGER_S = 2, SERVER_LINGER_MAX_B = 1 << 20 };

struct server_hooks {
    void *self;
    /* Fills what a request is given: kv, registry (held), node, …  arena, world, now_s, set, req, res, query, body,
     * route and support_code are there; c->fail says when there is no such path. */
    void (*begin)(void *self, struct ctx *c);
    /* Makes c->res from c->fail; called before `finish`. */
    void (*failed)(void *self, struct ctx *c);
    /* Every response passes here last: headers that none may lack. */
    void (*finish)(void *self, struct ctx *c);
    /* The response has left (or the client has): counts, gives back what begin took. */
    void (*end)(void *self, struct ctx *c, int64_t took_ms);
    /* A request that never became one: rule is the guard's word, "timeout"; "shed", "share",
     * "crowded" for want of room. */
    bool (*refused)(void *self, int status, const char *rule, const char *support_code, struct str peer);
    /* What a person reads of such a refusal, whose header (or its beginning) is given: a page, or absent where no
     * person seems to be there. */
    struct str (*refusal_page)(void *self, struct arena *a, struct str header, int status, const char *support_code);
    struct str headers; /* "Name: value\r\n"…, for refusals that are written by hand */
    const struct routes *routes;
};

struct server;

/* listen_fd: a listening, non-blocking socket; becomes the server's. */
struct server *server_new(struct loop *l, const struct world *w, const struct settings *set, int listen_fd,
                          const struct server_hooks *hooks);
void server_turn(struct server *s, int64_t max_wait_ms); /* a turn of the loop, then of the library */
void server_stop(struct server *s);                      /* accepts no more; idle connections end */
size_t server_connections(const struct server *s);
void server_free(struct server *s);            /* ends what is left; nothing may be waiting */
size_t server_waiting(const struct server *s); /* requests in STEPS, also those whose client has gone */

#endif
