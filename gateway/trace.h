/* SPDX-License-Identifier: EUPL-1.2
 * gateway/trace.h: what became of requests that a service sent, for its own people to read.
 *
 * Floor 6a.  Each request of a service leaves one sealed record, TRACE_LASTS_S, after its answer: which checks were
 * kept (model/checks.def), what broke, its message, and what left.  Records of one attempt (a sign-in from its request
 * to what was told) have one name.  They stand in bounded lines of each service (trace.def): what anybody can send
 * never pushes out what the service had proven to be its own, nor what went well what broke; a loop notes a bounded
 * number of each within a minute, so a busy service costs no more than a quiet one.
 *
 * Of the message the values of trace.def alone are kept, at most TRACE_VALUE_MAX_B of each; of everything else the name
 * and how long it was.  No secret, code or token is.  Of what a person or a city sent us on the way (a form of our
 * pages, a city's answer) nothing is: how long a password is, is its person's.  Test people (policy_is_test_person())
 * are kept in full; of real ones a code that is another each day and for each service, and of what left the names and
 * forms of the values.
 */
#ifndef GATEWAY_TRACE_H
#define GATEWAY_TRACE_H

#include "gateway/trace.def"
#include "model/ctx.h"
#include "wire/kv.h"

enum trace_line {
#define X(name, most, a_minute) TRACE_##name,
    TRACE_LINES(X)
#undef X
        TRACE_LINE_COUNT
};

enum {
    TRACE_LASTS_S = 86400,
    TRACE_PARTS_MAX = 40, /* of a message; the rest is left out */
    TRACE_TOLD_MAX = 40,
    TRACE_VALUE_MAX_B = 200,
    TRACE_NAME_MAX_B = 80,
    TRACE_RECORD_MAX_B = 12288, /* the rest of a message is left out where it would be more */
    TRACE_OPEN_MAX_B = 4096,    /* the same, in lines that anybody can fill */
    TRACE_ATTEMPT_MAX_B = 16,
    TRACE_PERSON_CHARS = 6,
    TRACE_SLOTS = 1024
};

/* Of a signed SAML message, beside its own parts: by whose key it was proven, and the keys that it was tried with. */
#define TRACE_KEY_USED     "Signature: key used (SHA-256)"
#define TRACE_KEY_EXPECTED "Signature: key expected (SHA-256)"

struct trace_part {
    struct str name;  /* "redirect_uri"; "client_assertion.aud" of a JWT's claims and header */
    struct str value; /* absent: it is not kept */
    int64_t length;   /* bytes; of what was told characters, or values of a list or an object */
    int64_t form;     /* enum json_type of what was told */
};

struct traced {
    struct str id;                         /* support code, '.', seconds: names it among those of its service */
    int64_t at_s, at_ms;                   /* at_ms: for their order */
    struct str support_code, method, path; /* path: as gateway/routes.def has it */
    struct str attempt;                    /* absent: it belongs to no other request */
    struct str code, kind;                 /* of what broke, kind as logs say it; code absent: nothing did */
    struct str said;                       /* what the service was told of that, without the support code */
    int64_t status;                        /* of HTTP */
    struct str checks;                     /* words of checks.def, as they were kept */
    struct str person;                     /* a name, of a test person; else a code; absent: nobody was known */
    int64_t test;                          /* 1: a test person */
    struct str left_out, unlet;            /* words of claims.def: asked for, without a value; and not let be told */
    struct trace_part *parts, *told;
    size_t part_count, told_count;
};

/* Of one loop.  Each line has slots of its own: whoever names many services takes no room from another line. */
struct trace_pace {
    struct {
        uint64_t of;
        int64_t minute;
        unsigned char n;
    } slot[TRACE_LINE_COUNT][TRACE_SLOTS];
};

/* Once a request is answered: notes it, if it was a service's.  Asks no batch of it; the answer waits for nothing. */
void trace_note(struct ctx *c);

/* The name of the attempt that c->login is, for the records that come of it; absent: enough of this service's were
 * noted within the minute. */
struct str trace_attempt(struct ctx *c);

/* Asks the batch for what is kept of a service; then trace_read() gives it, the last one first.  Fails OURS
 * temporarily_unavailable. */
struct trace_got {
    struct kv_got line[TRACE_LINE_COUNT];
};
void trace_ask(struct ctx *c, const struct service *s, struct trace_got *got);
bool trace_read(struct ctx *c, const struct trace_got *got, struct traced **out, size_t *n, struct fail *f);

/* The halves of it, without Redis: the record as JSON, absent where it cannot be made; and read again.  The line that
 * it goes to. */
struct str trace_write(struct arena *a, struct ctx *c, const struct service *s);
bool trace_parse(struct arena *a, struct str json, struct traced *out);
enum trace_line trace_line_of(const struct ctx *c);
/* Whether one more may be noted within this minute; counts it. */
bool trace_may(struct trace_pace *pace, struct str service, enum trace_line line, int64_t now_s);

#endif
