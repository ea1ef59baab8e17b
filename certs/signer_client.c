/* SPDX-License-Identifier: EUPL-1.2 */
#include "certs/signer_client.h"

#include "base/log.h"
#include "certs/signer_msg.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

/* Keys are opened for whoever posts an answer, signatures are made for people who have signed in: so many of the former
 * are at the signer at a time, and the rest wait here, where signatures overtake them. */
enum { UNWRAPS_AT_ONCE = 4 };

struct request { /* under way; lives in its asker's arena */
    struct request *next, *prev;
    struct signer *signer;
    uint64_t id;
    struct timer deadline;
    struct str message;
    bool sent, probe, unwrap, held, retired;
    struct batch *batch;
    struct arena *arena;
    struct signed_got *out;
};

struct known_keys { /* every keyset that was ever said; a handful in a node's life */
    struct known_keys *next;
    struct str text;
    const struct keyset *keys;
};

struct signer {
    struct arena *arena;
    struct loop *loop;
    struct watch watch;
    int64_t timeout_ms;
    int64_t generation;
    bool greeted;
    uint64_t last_id;
    struct request under_way, held; /* rings, oldest first; held: unwraps, until one that is under way has ended */
    size_t unwraps;                 /* under way */
    struct known_keys *known;
    const struct keyset *keys;
    char datagram[SIGNER_MESSAGE_MAX_B];
};

static void on_ready(struct watch *w, uint32_t events);

struct signer *signer_new(struct loop *l, const struct settings *set, int fd)
{
    struct arena *a = arena_new();
    struct signer *s = arena_make(a, struct signer);

    s->arena = a;
    s->loop = l;
    s->watch = (struct watch){ on_ready, fd, 0 };
    s->timeout_ms = set->signer_timeout_ms;
    s->under_way.next = s->under_way.prev = &s->under_way;
    s->held.next = s->held.prev = &s->held;
    (void)loop_watch(l, &s->watch, EPOLLIN);
    return s;
}

/* Nobody hears an answer any more: the loop must not come back to what their owners free. */
static void clear_deadlines(const struct signer *s, struct request *ring)
{
    for (struct request *r = ring->next; r != ring; r = r->next)
        timer_clear(s->loop, &r->deadline);
}

void signer_free(struct signer *s)
{
    if (s == NULL)
        return;
    clear_deadlines(s, &s->under_way);
    clear_deadlines(s, &s->held);
    loop_forget(s->loop, &s->watch);
    (void)close(s->watch.fd);
    arena_free(s->arena);
}

const struct keyset *signer_keys(const struct signer *s)
{
    return s->keys;
}

static void leave_ring(struct request *r)
{
    r->prev->next = r->next;
    r->next->prev = r->prev;
}

static void join_ring(struct request *ring, struct request *r)
{
    r->next = ring;
    r->prev = ring->prev;
    ring->prev->next = r;
    ring->prev = r;
}

static void finish(struct request *r, bool ok, struct str value, const char *error)
{
    struct batch *b = r->batch;

    timer_clear(r->signer->loop, &r->deadline);
    leave_ring(r);
    r->signer->unwraps -= r->unwrap && !r->held;
    *r->out = (struct signed_got){ .ok = ok, .value = value, .retired = r->retired, .error = error };
    batch_answered(b); /* r may be gone after this */
}

/* Oldest first, until the socket is full; the rest goes when it can be written again. */
static void send_waiting(struct signer *s)
{
    bool full = false;

    for (struct request *r = s->under_way.next; r != &s->under_way && !full; r = r->next) {
        if (r->sent)
            continue;
        r->sent = send(s->watch.fd, r->message.p, r->message.n, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
        full = !r->sent;
    }
    (void)loop_watch(s->loop, &s->watch, full && (errno == EAGAIN || errno == ENOBUFS) ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void send_held(struct signer *s)
{
    while (s->unwraps < UNWRAPS_AT_ONCE && s->held.next != &s->held) {
        struct request *r = s->held.next;
        leave_ring(r);
        join_ring(&s->under_way, r);
        r->held = false;
        s->unwraps++;
    }
    send_waiting(s);
}

static void on_deadline(struct timer *t)
{
    struct request *r = (struct request *)((char *)t - offsetof(struct request, deadline));
    struct signer *s = r->signer;

    if (timer_overslept(s->loop, t))
        return;
    if (!r->probe && !r->held) /* whoever probes says so once; what was not sent says nothing of the signer */
        log_event(LOG_WARN, "signer.timeout", LOG_N("after_ms", s->timeout_ms));
    finish(r, false, (struct str){ NULL, 0 }, "timeout");
    send_held(s);
}

static void learn_keys(struct signer *s, struct str text)
{
    struct fail f = { 0 };

    for (struct known_keys *k = s->known; k != NULL; k = k->next)
        if (str_eq(k->text, text)) {
            s->keys = k->keys;
            return;
        }
    struct known_keys *k = arena_make(s->arena, struct known_keys);
    *k = (struct known_keys){ s->known, arena_str(s->arena, text), NULL };
    k->keys = keyset_read(s->arena, k->text, &f);
    if (k->keys == NULL) {
        log_event(LOG_ERROR, "signer.bad_keyset", LOG_C("why", f.detail));
        return;
    }
    s->known = k;
    s->keys = k->keys;
}

/* A new signer knows nothing of what the one before was asked. */
static void on_hello(struct signer *s, const struct signer_msg *m)
{
    bool another = s->greeted && m->number != s->generation;

    s->greeted = true;
    s->generation = m->number;
    learn_keys(s, m->part[0]);
    if (!another)
        return;
    log_event(LOG_WARN, "signer.replaced");
    for (struct request *r = s->under_way.next; r != &s->under_way; r = r->next)
        r->sent = false;
    send_waiting(s);
}

static void on_answer(struct signer *s, const struct signer_msg *m)
{
    struct request *r = s->under_way.next;

    while (r != &s->under_way && r->id != m->id)
        r = r->next;
    if (r == &s->under_way) /* its deadline has passed, or it was sent twice */
        return;
    bool unwrap = r->unwrap;
    r->retired = m->arg == REASON_OPENED_RETIRED;
    if (m->arg == REASON_SIGNED || r->retired)
        finish(r, true, arena_str(r->arena, m->part[0]), NULL);
    else
        finish(r, false, (struct str){ NULL, 0 }, signer_reason_word(m->arg));
    if (unwrap)
        send_held(s);
}

static void on_ready(struct watch *w, uint32_t events)
{
    struct signer *s = (struct signer *)((char *)w - offsetof(struct signer, watch));
    struct signer_msg m;

    for (ssize_t n; (n = recv(w->fd, s->datagram, sizeof s->datagram, MSG_DONTWAIT)) > 0;) {
        if (!signer_msg_read(str_n(s->datagram, (size_t)n), &m))
            log_event(LOG_ERROR, "signer.no_message", LOG_N("bytes", n));
        else if (m.op == SIGN_HELLO)
            on_hello(s, &m);
        else if (m.op == SIGN_ANSWER)
            on_answer(s, &m);
    }
    if ((events & (EPOLLHUP | EPOLLERR)) != 0)
        loop_forget(s->loop, w); /* nobody holds the other end: what is asked times out */
    else if ((events & EPOLLOUT) != 0)
        send_waiting(s);
}

static void ask(struct signer *s, struct batch *b, struct arena *a, struct signer_msg m, struct signed_got *out)
{
    struct request *r = arena_make(a, struct request);

    m.id = ++s->last_id;
    *r = (struct request){ .signer = s,
                           .id = m.id,
                           .probe = m.op == SIGN_PROBE,
                           .unwrap = m.op == SIGN_UNWRAP,
                           .batch = b,
                           .arena = a,
                           .out = out,
                           .message = signer_msg_write(a, &m),
                           .deadline.due = on_deadline };
    batch_ask(b);
    r->held = r->unwrap;
    join_ring(r->held ? &s->held : &s->under_way, r);
    if (r->message.p == NULL) {
        finish(r, false, (struct str){ NULL, 0 }, signer_reason_word(REASON_TOO_LARGE));
        return;
    }
    timer_set(s->loop, &r->deadline, s->timeout_ms);
    send_held(s);
}

void signer_id_token(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str claims,
                     int64_t life_s, struct signed_got *out)
{
    ask(s, b, a, (struct signer_msg){ .op = SIGN_ID_TOKEN, .arg = (uint16_t)alg, .number = life_s, .part = { claims } },
        out);
}

void signer_access_token(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str claims,
                         int64_t life_s, struct signed_got *out)
{
    ask(s, b, a,
        (struct signer_msg){ .op = SIGN_ACCESS_TOKEN, .arg = (uint16_t)alg, .number = life_s, .part = { claims } },
        out);
}

void signer_logout_token(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str claims,
                         struct signed_got *out)
{
    ask(s, b, a, (struct signer_msg){ .op = SIGN_LOGOUT_TOKEN, .arg = (uint16_t)alg, .part = { claims } }, out);
}

void signer_gate(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, enum gate_token which,
                 struct str client_id, struct str claims, struct signed_got *out)
{
    ask(s, b, a,
        (struct signer_msg){
            .op = SIGN_GATE, .arg = (uint16_t)alg, .number = (int64_t)which, .part = { client_id, claims } },
        out);
}

void signer_gate_lti(struct signer *s, struct batch *b, struct arena *a, enum gate_token which, struct str client_id,
                     struct str claims, struct signed_got *out)
{
    ask(s, b, a, (struct signer_msg){ .op = SIGN_GATE_LTI, .number = (int64_t)which, .part = { client_id, claims } },
        out);
}

void signer_gate_saml(struct signer *s, struct batch *b, struct arena *a, enum gate_key key, struct str text,
                      struct signed_got *out)
{
    ask(s, b, a, (struct signer_msg){ .op = SIGN_GATE_SAML, .number = (int64_t)key, .part = { text } }, out);
}

void signer_userinfo(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str claims,
                     int64_t life_s, struct signed_got *out)
{
    ask(s, b, a, (struct signer_msg){ .op = SIGN_USERINFO, .arg = (uint16_t)alg, .number = life_s, .part = { claims } },
        out);
}

void signer_response(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str claims,
                     int64_t life_s, struct signed_got *out)
{
    ask(s, b, a, (struct signer_msg){ .op = SIGN_RESPONSE, .arg = (uint16_t)alg, .number = life_s, .part = { claims } },
        out);
}

void signer_introspection(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str claims,
                          struct signed_got *out)
{
    ask(s, b, a, (struct signer_msg){ .op = SIGN_INTROSPECTION, .arg = (uint16_t)alg, .part = { claims } }, out);
}

void signer_client_jwt(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str client_id,
                       struct str aud, struct signed_got *out)
{
    ask(s, b, a, (struct signer_msg){ .op = SIGN_CLIENT_JWT, .arg = (uint16_t)alg, .part = { client_id, aud } }, out);
}

void signer_saml_text(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str text,
                      struct signed_got *out)
{
    ask(s, b, a, (struct signer_msg){ .op = SIGN_SAML_TEXT, .arg = (uint16_t)alg, .part = { text } }, out);
}

void signer_query_by(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str text,
                     struct signed_got *out)
{
    ask(s, b, a, (struct signer_msg){ .op = SIGN_QUERY, .arg = (uint16_t)alg, .part = { text } }, out);
}

void signer_query(struct signer *s, struct batch *b, struct arena *a, struct str text, struct signed_got *out)
{
    signer_query_by(s, b, a, JOSE_RS256, text, out);
}

void signer_unwrap(struct signer *s, struct batch *b, struct arena *a, enum oaep_hash digest, enum oaep_hash mgf,
                   struct str encrypted_key, struct signed_got *out)
{
    ask(s, b, a,
        (struct signer_msg){ .op = SIGN_UNWRAP, .arg = (uint16_t)(digest << 4 | mgf), .part = { encrypted_key } }, out);
}

void signer_audit_head(struct signer *s, struct batch *b, struct arena *a, int64_t seq, struct str head,
                       struct signed_got *out)
{
    ask(s, b, a, (struct signer_msg){ .op = SIGN_AUDIT_HEAD, .number = seq, .part = { head } }, out);
}

void signer_probe(struct signer *s, struct batch *b, struct arena *a, struct signed_got *out)
{
    ask(s, b, a, (struct signer_msg){ .op = SIGN_PROBE }, out);
}
