/* SPDX-License-Identifier: EUPL-1.2
 * wire/fetch.h: outgoing HTTP, as messages to the fetcher process.
 *
 * Floor 1.  One struct fetch per loop, on one end of a SOCK_SEQPACKET pair; the
 * other end is the fetcher's (gateway/process/fetcher.c), the only process that opens
 * connections to the world.  It resolves once, checks the address, connects to
 * that address; https only, but for http on loopback where the request says
 * test.  Limits by purpose stand in fetch_limits below.
 *
 * Every question is answered once: with a status, or with a stable word that
 * says why not.  A fetcher that dies fails what was under way ("away"); the next
 * one goes on behind the same descriptor.
 *
 * Ownership: the request is copied at once; the answer lies in the question's
 * arena, which must live until then.  Threads: belongs to its loop.
 */
#ifndef WIRE_FETCH_H
#define WIRE_FETCH_H

#include "base/arena.h"
#include "base/batch.h"
#include "base/loop.h"
#include "base/world.h"

/*   purpose    redirects   most bytes    most ms   (fetch_timeout_ms may ask for less, never for more) */
#define FETCH_PURPOSES(X)                                                                                              \
    X(METADATA, 3, 100 << 20, 120000)  /* SAML metadata */                                                             \
    X(AGGREGATE, 3, 512 << 20, 600000) /* SAML metadata of many: the answer is a file */                               \
    X(KEYS, 0, 1 << 20, 5000)          /* OpenID discovery and JWKS */                                                 \
    X(TOKEN, 0, 1 << 20, 5000)         /* a code for tokens */                                                         \
    X(USERINFO, 0, 1 << 20, 5000)                                                                                      \
    X(OBJECT, 0, 1 << 16, 5000) /* a request object by reference */                                                    \
    X(NOTICE, 0, 1 << 20, 5000) /* back-channel sign-out */                                                            \
    X(LOGO, 3, 128 << 10,                                                                                              \
      5000) /* a picture, which the fetcher makes anew (wire/logo.h): the answer is what came out */                   \
    X(PICTURE, 0, 1 << 16, 5000)   /* the body itself, made anew: 200 and the picture, or 422 and "cause line what" */ \
    X(MAIL, 0, 1 << 16, 120000)    /* a mail to the server of the settings: see fetch_mail() */                        \
    X(RELATIONS, 0, 1 << 16, 3000) /* for whom a guardian may act */                                                   \
    X(SIGN_IN, 0, 1 << 19, 30000)  /* a sign-in without a browser: see fetch_sign_in() */                              \
    X(PROBE, 0, 0, 1000)           /* nothing: answered 204 by the fetcher itself */

enum fetch_purpose {
    FETCH_NONE = 0,
#define X(purpose, redirects, most_B, most_ms) FETCH_##purpose,
    FETCH_PURPOSES(X)
#undef X
        FETCH_PURPOSE_COUNT
};

struct fetch_limit {
    int redirects;
    int64_t most_B, most_ms;
};
extern const struct fetch_limit fetch_limits[FETCH_PURPOSE_COUNT];

enum {
    FETCH_URL_MAX_B = 4096,
    FETCH_BODY_MAX_B = 32768,
    FETCH_PICTURE_MAX_B = 65536, /* of FETCH_PICTURE */
    FETCH_FIELD_MAX_B = 8192,
    FETCH_AUTHORIZATION_MAX_B = 65552,
    FETCH_NETWORKS_MAX = 16
};

struct fetch_request {
    enum fetch_purpose purpose;
    bool post;
    bool test; /* http, and only then, on loopback alone; https there as well */
    struct str url;
    struct str body, content_type;
    struct str authorization;      /* the field's value; "Basic …", "Bearer …": a city's token may have 64 kB */
    struct str accept;             /* absent: any */
    struct str field, field_value; /* one more field of the request, by its name; absent: none */
    struct str networks; /* "10.20.0.0/16 fd00:1::/48": private addresses that url's own host may have; absent: none */
    struct str place;    /* whose capacity is used: the idp's id; at most upstream_waiting_max at a time */
};

struct fetch_got {
    bool answered; /* an HTTP answer came, whatever its status */
    int status;
    struct str body, content_type;
    int file;          /* of FETCH_AGGREGATE alone: a nameless file with the body, closed with the arena; 0: none */
    int64_t max_age_s; /* Cache-Control max-age; -1 when it names none, 0 for no-store and no-cache */
    int64_t
        tls_ends_s; /* when the web server's certificate ends; 0: not seen (a connection that was open already, http) */
    /* NULL when answered; else away, timeout, too_large, refused_address, refused_url, resolve, connect, tls,
     * redirect, protocol, busy, proxy; logo: no picture that can be used; of a mail: no_server, login, sender, server.
     */
    const char *error;
};

struct fetch;
/* fd: this end of the pair, non-blocking from now on; it stays the caller's. */
struct fetch *fetch_new(struct loop *l, const struct world *w, int fd);
void fetch_free(struct fetch *x);        /* what is under way is answered "away" */
bool fetch_ready(const struct fetch *x); /* a fetcher has said hello */

/* Asks the batch and answers it once, perhaps before it returns. */
void fetch_ask(struct fetch *x, struct batch *b, struct arena *a, const struct fetch_request *request,
               struct fetch_got *out);

/* Of FETCH_MAIL: one mail to one address, over the server that the settings of the node name, which no message can:
 * url is the address, body what mail_write() (model/mail.h) made.  answered: the server has judged this mail: 250 it
 * has it, 4xx not now, 5xx never.  Else error: login (it refuses smtp_user), sender (it refuses smtp_from), server (it
 * serves nobody now), no_server (none is set), tls (no STARTTLS too), or one of those above: nothing is said of the
 * address by any of them. */
static inline struct fetch_request fetch_mail(struct str to, struct str message)
{
    return (
        struct fetch_request){ .purpose = FETCH_MAIL, .post = true, .url = to, .body = message, .place = S("mail") };
}

/* Of FETCH_SIGN_IN: from `url` (our request at an identity provider; start_body: where it is posted, else absent) over
 * its page with a password to `back`, our own address, which is not asked.  Answered 200: the body is what came back,
 * as a form; 203: the same, and no password was asked for; 422: it ended before, and the body is "step why", words of
 * FETCH_SIGN_IN_STEPS and FETCH_SIGN_IN_WHYS, or for why "http_NNN" and those of `error`.  The bytes and the time of
 * the table hold for one answer and for the whole. */
#define FETCH_SIGN_IN_STEPS(X) X(page) X(form) X(password) X(back)
/*    why             step       */
#define FETCH_SIGN_IN_WHYS(X)                                                                                          \
    X(no_form)        /* form      no form asks for a password: scripts draw it, or the user name comes first */       \
    X(many_forms)     /* form      several do */                                                                       \
    X(odd_form)       /* form      two passwords, no user name, a list to choose from, sent by GET, too large */       \
    X(page_elsewhere) /* form      the page is of another origin than our request */                                   \
    X(form_elsewhere) /* form      it would be sent to another origin */                                               \
    X(refused)        /* password  the page asks again */                                                              \
    X(other_page)     /* back      it asks for something more: a second factor, a consent, a new password */           \
    X(redirects)      /* any       more than SIGN_IN_HOPS_MAX, or a password that would be posted on */
enum { SIGN_IN_HOPS_MAX = 12 };
struct fetch_request fetch_sign_in(struct arena *a, struct str url, struct str start_body, struct str back,
                                   struct str user, struct str password);

/* The messages, shared by both ends.  One datagram each, in the machine's own
 * byte order (both ends are one program).  A body past FETCH_INLINE_B travels as
 * a sealed memory file beside the message. */
enum fetch_type { FETCH_MSG_NONE = 0, FETCH_MSG_HELLO, FETCH_MSG_REQUEST, FETCH_MSG_ANSWER };
enum { FETCH_MESSAGE_MAX_B = 131072, FETCH_INLINE_B = 32768 };

/* Each writes into a, or reads views into the message.  Reading fails on
 * anything that is not exactly one well-formed message of that type. */
struct str fetch_hello_write(struct arena *a, uint64_t generation);
struct str fetch_request_write(struct arena *a, uint64_t id, const struct fetch_request *r); /* absent: too large */
bool fetch_request_read(struct str message, uint64_t *id, struct fetch_request *out);
struct str fetch_answer_write(struct arena *a, uint64_t id, const struct fetch_got *got, bool body_beside);
bool fetch_answer_read(struct str message, uint64_t *id, struct fetch_got *out, bool *body_beside);
enum fetch_type fetch_type_of(struct str message);

#endif
