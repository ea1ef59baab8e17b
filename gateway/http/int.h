/* SPDX-License-Identifier: EUPL-1.2
 * gateway/http/int.h: what the files of one loop's HTTP share; nobody else includes it.
 *
 * Floor 6a.  server.c the life of a server; conn.c connections, their phases and
 * deadlines; refuse.c answers that need no request; gate.c from bytes to a
 * request that the library may see; request.c a request and its steps;
 * library.c the only door to libmicrohttpd.
 */
#ifndef GATEWAY_HTTP_INT_H
#define GATEWAY_HTTP_INT_H

#include "gateway/http/chunks.h"
#include "gateway/http/guard.h"
#include "gateway/http/server.h"
#include "gateway/http/shares.h"

#include <netinet/in.h>

enum { PEEK_B = GUARD_HEADER_MAX_B + 1024, SPARE_ARENAS = 64, SWEEP_MS = 500, ACCEPTS_A_TURN = 64 };
enum { DATE_B = 32 };
enum { BODIES_MAX_B = 64 << 20 };                  /* of all requests of a loop together */
enum { WATCHED = EPOLLIN | EPOLLRDHUP | EPOLLET }; /* of every connection */

/* GOING: it was ended, and the library has yet to see that. */
enum phase {
    PHASE_FREE = 0,
    PHASE_HEADER,
    PHASE_BODY,
    PHASE_STEPS,
    PHASE_WRITE,
    PHASE_IDLE,
    PHASE_LINGER,
    PHASE_GOING,
    PHASES
};

struct MHD_Connection;
struct MHD_Daemon;
struct request;

struct library {
    struct watch watch;
    struct server *s;
    struct MHD_Daemon *daemon;
    struct conn *handed; /* over in this turn; some versions take them at their next turn only */
    bool run;            /* has something to do */
};

struct conn {
    struct watch watch;
    struct server *s;
    enum phase phase;
    struct conn *next, *prev; /* in the queue of its phase, or of the free */
    int64_t until_ms;
    struct library *library; /* NULL: none knows it yet */
    struct conn *handed;     /* the next of those that were handed over */
    struct MHD_Connection *mhd;
    struct request *approved; /* has passed the guard; the library is about to bring it */
    struct request *own;      /* read and answered by own.c; the library has no part in it */
    bool suspended;
    bool begun;     /* a byte of the next request has come */
    bool arrived;   /* bytes, or their end, came while a request was in work */
    bool sent_all;  /* the client has shut its side down; it may still read */
    bool last;      /* the connection closes after this request */
    bool condemned; /* refused in mid-body, or gone: what the library still brings is not heard */
    size_t thrown_B;
    struct place place; /* its place among all, and in its address's share */
    char peer[INET6_ADDRSTRLEN];
    bool is_unix;
    bool behind_proxy; /* the trusted one: each request has an address of its own */
};

struct request {    /* lives in its own arena */
    struct ctx ctx; /* first: done() finds its request */
    struct server *s;
    struct conn *conn; /* NULL: the client went while the request waited */
    struct http_request http;
    struct http_response res;
    struct arena *arena;
    struct buf body;
    size_t announced_B; /* by the header; 0 where the body comes in chunks */
    size_t body_B;      /* what has come and counts */
    bool chunked;
    bool alone; /* it came whole, and nothing behind it */
    struct chunks chunks;
    struct str head, out; /* of an answer that own.c writes: what has not left yet of its header and of its body */
    int64_t began_ms;
    bool started, finished, waiting;
};

/* Each phase has one duration, so its connections end in the order they came. */
struct queue {
    struct conn *first, *last;
    int64_t lasts_ms;
};

struct server {
    struct arena *arena;
    struct loop *loop;
    const struct world *world;
    const struct settings *set;
    struct server_hooks hooks;
    struct library small, large;
    struct watch listening;
    struct timer sweep;
    struct queue queues[PHASES]; /* FREE: connections to be used again */
    struct shares *shares;
    size_t connections, waiting;
    size_t bodies_B; /* come and not yet given back */
    struct arena *spare[SPARE_ARENAS];
    size_t spare_n;
    bool stopping;
    int reserve_fd;    /* given up to answer 503 when descriptors are used up */
    uint64_t codes;    /* state of the support codes */
    char date[DATE_B]; /* of the second date_s, as answers say it */
    int64_t date_s;
    char peeked[PEEK_B];
    struct str looked; /* of it: what the connection that is being looked at has sent; else absent */
};

/* ── conn.c ───────────────────────────────────────────────────────────────── */

void conn_knock(struct watch *w, uint32_t events); /* somebody knocks at the listening socket */
void conn_sweep(struct timer *t);                  /* ends what is overdue in its phase */
void conn_enter(struct conn *c, enum phase phase);
/* Finds room for it among all, and in the share of an address unless whose is NULL: for the oldest silent one, if need
 * be. False: all are in work. */
bool conn_find_room(struct conn *c, const struct in6_addr *whose);
/* Ends the connection.  What the library holds, it closes itself when it sees the end. */
void conn_end(struct conn *c);
/* Gives the slot back; the descriptor is closed already. */
void conn_forget(struct conn *c);

/* ── refuse.c ─────────────────────────────────────────────────────────────── */

/* Eight characters that nobody confuses on the telephone: no 0 and O, no 1 and I. */
void refuse_code(struct server *s, char code[9]);
/* Answers, logs, and lingers: the library has not seen the connection, or only between two requests. */
void refuse_conn(struct conn *c, int status, const char *rule);
void refuse_body(struct conn *c, int status, const char *rule); /* the same in the middle of a body */
void refuse_linger(struct conn *c);    /* all is said: throws away what still comes, and then closes */
const char *refuse_phrase(int status); /* "Not Found" */
void refuse_crowded(struct conn *c);   /* it must go at once: says so where somebody waits for an answer */
void refuse_fd(struct server *s, int fd, struct str peer); /* 503, at once, and closes: there is no room */
bool refuse_throw_away(struct conn *c);                    /* what came while it lingers; false: end it */

/* ── gate.c ───────────────────────────────────────────────────────────────── */

void gate_bytes_came(struct watch *w, uint32_t events); /* the watch of every connection */
void gate_look(struct conn *c);                         /* peeks; refuses, waits for more, or admits */

/* ── request.c ────────────────────────────────────────────────────────────── */

/* From a header that the guard has read; it is copied.  body_max_B: the most that its body may have. */
struct request *request_make(struct conn *c, const char *header, const struct guarded *g, size_t body_max_B);
void request_drop(struct request *r); /* one that was never started */
/* So much more of its body has come.  False: all bodies together are as much as a loop may hold. */
bool request_count(struct request *r, size_t more_B);
void request_start(struct request *r); /* its body is whole: finds its row, begins, runs its steps */
/* Its answer has left, or its client has gone.  What it still waits for is heard
 * to the end, without a connection. */
void request_over(struct request *r);

/* ── own.c ────────────────────────────────────────────────────────────────── */

/* What came whole and alone, and is still in s->looked; its connection may stay open. */
bool own_take_whole(struct conn *c, const struct guarded *g);
/* The same as library_take(), for what the guard calls by_hand. */
bool own_take(struct conn *c, const struct guarded *g);
void own_read(struct conn *c);   /* bytes of the body have come */
void own_answer(struct conn *c); /* its steps are done */
void own_write(struct conn *c);  /* there is room to write again */
void own_drop(struct conn *c);   /* the connection lives on, or ends, without it; none: nothing */

/* ── library.c ────────────────────────────────────────────────────────────── */

bool library_open(struct server *s);
void library_close(struct server *s);
void library_turn(struct server *s, struct library *l);
/* Gives it the connection, whose next request is c->approved. */
bool library_take(struct conn *c, size_t header_B);
void library_resume(struct conn *c); /* it has something to do for it */

#endif
