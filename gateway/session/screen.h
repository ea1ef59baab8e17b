/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session/screen.h: a login that a screen has asked for, and that somebody answers at a browser of their own.
 *
 * Floor 6b.  Two codes stand for it [RFC 8628]: the device code, 256 random bits, by which the screen asks what became
 * of it; and the user code, eight letters that are easy to type, by which a person finds it.  Redis holds, sealed:
 * the request under SHA-256 of the device code (KV_DEVICE) and under a hash of the user code (KV_TYPED), and what
 * somebody answered (KV_VERDICT).  The user code is taken by the one who answers, the request by the one poll that gets
 * tokens: of any number at once exactly one.  Beyond screen_life_s nothing of it can be answered or redeemed; it is
 * remembered for SCREEN_OVER_S more, so that a late poll hears that it came too late.
 *
 * Pace: a poll within the interval of the one before is told to slow down, and the interval grows by SCREEN_SLOWER_S
 * for it [RFC 8628 3.5].
 */
#ifndef GATEWAY_SESSION_SCREEN_H
#define GATEWAY_SESSION_SCREEN_H

#include "model/ctx.h"
#include "wire/kv.h"

enum {
    SCREEN_DEVICE_B = 32, /* random bytes of a device code */
    SCREEN_TYPED_CHARS = 8,
    SCREEN_EVERY_S = 5, /* between two polls, as it begins */
    SCREEN_SLOWER_S = 5,
    SCREEN_EVERY_MAX_S = 60,
    SCREEN_OVER_S = 300,
    SCREEN_WRONG_S = 3600 /* wrong user codes are counted for so long: limits.h */
};

/* No vowels, so that no word comes about, and no two that look alike [RFC 8628 6.1]: 34 bits. */
#define SCREEN_LETTERS "BCDFGHJKLMNPQRSTVWXZ"

struct screen {                        /* what was asked; protocol-free but for the words of the service */
    struct str key;                    /* SHA-256 of the device code, hex */
    struct str service;                /* registry id */
    struct str scope, resources, lang; /* resources: space-separated; absent: none in particular */
    struct str epoch;                  /* kv_epoch(): in another one its answer may have been given out already */
    int64_t made_s, ends_s;
};

/* ── asking ────────────────────────────────────────────────────────────────── */

struct screen_made {
    struct str device_code, user_code; /* user_code: as it is shown, "WDJB-MJHT" */
    struct kv_got kept, typed;
};

/* Asks the batch to keep it: key, epoch and times are filled in.  Fails OURS. */
bool screen_make(struct ctx *c, struct screen *s, struct screen_made *m, struct fail *f);
/* Afterwards.  Fails OURS; BUSY where the user code is another screen's already, which may be tried again at once. */
bool screen_kept(const struct screen_made *m, struct fail *f);

/* ── answering ─────────────────────────────────────────────────────────────── */

/* What somebody typed, as one code: case, spaces and dashes do not count.  Absent: it cannot be one. */
struct str screen_typed(struct arena *a, struct str text);
/* As it is shown. */
struct str screen_shown(struct arena *a, struct str typed);

/* Asks for the request of this user code; screen_waiting() reads it.  take: by whoever answers it, once and for all. */
void screen_find(struct ctx *c, struct str typed, bool take, struct kv_got *got);
/* False: none waits for that code (*f untouched), or Redis is away (*f). */
bool screen_waiting(struct ctx *c, struct str typed, const struct kv_got *got, struct screen *out, struct fail *f);
/* Asks to keep the answer: c->session's person goes on at the screen, or nobody does.  consented: claims that they were
 * asked about, as words; absent: none. */
void screen_answer(struct ctx *c, const struct screen *s, bool allowed, struct str consented, struct kv_got *got);

/* ── polling ───────────────────────────────────────────────────────────────── */

enum screen_says {
    SCREEN_AWAY = 0, /* *f says why */
    SCREEN_UNKNOWN,  /* none of ours, redeemed already, or long over */
    SCREEN_EXPIRED,
    SCREEN_WAITS,
    SCREEN_DENIED,
    SCREEN_ALLOWED
};

struct screen_poll {
    struct str key;
    struct screen screen;
    struct str session; /* SCREEN_ALLOWED: key of the session of whoever said yes; session_ask() */
    struct str consented;
    int64_t answered_s; /* when they did */
    struct kv_got kept, verdict, slowed, pace, taken;
};

void screen_ask(struct ctx *c, struct str device_code, struct screen_poll *p); /* asks */
enum screen_says screen_says(struct ctx *c, struct screen_poll *p, struct fail *f);

/* SCREEN_WAITS: asks whether this poll keeps the pace.  Where p->pace is a HIT it came too soon (KV_DOWN: not known),
 * which screen_count_slow() asks to be counted. */
void screen_pace(struct ctx *c, struct screen_poll *p);
void screen_count_slow(struct ctx *c, struct screen_poll *p);

/* SCREEN_ALLOWED: asks to take it.  p->taken is a HIT for exactly one. */
void screen_take(struct ctx *c, struct screen_poll *p);

#endif
