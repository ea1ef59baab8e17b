/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/post.h"

#include "alarms/alarms.h"
#include "base/crypt.h"
#include "base/log.h"
#include "wire/fetch.h"
#include "wire/kv.h"

#include <stdatomic.h>
#include <string.h>

struct carry;

struct post {
    struct timer timer; /* first */
    struct arena *arena;
    struct post_parts parts;
    struct carry *at[POST_AT_ONCE];
    bool stopped;
    _Atomic(const char *) trouble;
};

struct carry {          /* one mail, from the outbox to the server and back */
    struct batch batch; /* first: a batch leads back */
    struct post *post;
    struct arena *arena;
    void (*next)(struct carry *c);
    struct mails_got got;
    struct waiting_mail mail;
    struct kv_got claim;
    struct fetch_got said;
    int64_t now_s;
    bool given_up;
};

static void take(struct carry *c);

static void answered(struct batch *b)
{
    struct carry *c = (struct carry *)b;

    c->next(c);
}

static void rest(struct carry *c)
{
    c->next = NULL;
    arena_reset(c->arena);
}

static void start(struct post *p)
{
    for (size_t i = 0; i < POST_AT_ONCE && !p->stopped; i++)
        if (p->at[i]->next == NULL) {
            take(p->at[i]);
            return;
        }
}

static int64_t now_s(const struct post *p)
{
    return world_now_s(p->parts.door.world);
}

/* Not the loop's own: whoever asks within its answer would be asked again within it. */
static void start_soon(struct post *p)
{
    if (!p->stopped)
        timer_set(p->parts.loop, &p->timer, 0);
}

/* ── jobs on the outbox ─────────────────────────────────────────────────── */

static bool ask(struct carry *c, mails_job *job, void (*next)(struct carry *c))
{
    const struct post_parts *x = &c->post->parts;

    c->now_s = now_s(c->post);
    c->next = next;
    return mails_ask(x->door.mails, x->work, &c->batch, c->arena, job, c, &c->got);
}

static bool take_one(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct carry *c = with;

    return mails_take(d, a, c->post->parts.door.seals, c->now_s, &c->mail, f);
}

static bool note_sent(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct carry *c = with;

    (void)a;
    return mails_sent(d, c->mail.number, f);
}

static bool is_final(const struct fetch_got *said)
{
    return said->answered && said->status / 100 == 5;
}

static bool note_failed(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct carry *c = with;

    (void)a;
    return mails_failed(d, &c->mail, is_final(&c->said), c->now_s, &c->given_up, f);
}

/* ── one mail ───────────────────────────────────────────────────────────── */

static void log_trouble(const char *event, const struct carry *c)
{
    log_event(LOG_WARN, event, LOG_N("number", c->mail.number), LOG_N("tries", c->mail.tries),
              LOG_C("why", c->said.answered ? "refused" : c->said.error), LOG_N("status", c->said.status));
}

static void noted(struct carry *c)
{
    struct post *p = c->post;

    if (!c->got.ok)
        log_event(LOG_ERROR, "mail.not_noted", LOG_N("number", c->mail.number), LOG_C("code", c->got.why.code),
                  LOG_C("why", c->got.why.detail));
    else if (c->given_up)
        log_trouble("mail.given_up", c);
    if (c->given_up && p->parts.alarms != NULL)
        alarm_raise(p->parts.alarms, ALARM_mail_given_up, &area_nation, c->mail.owner, (struct str){ NULL, 0 },
                    now_s(p));
    rest(c);
    start_soon(p);
}

/* What it says of one address is no trouble of its own. */
static void judge_server(struct post *p, const struct fetch_got *said)
{
    bool fetcher = !said->answered && (strcmp(said->error, "busy") == 0 || strcmp(said->error, "away") == 0);

    if (!fetcher)
        atomic_store(&p->trouble, said->answered ? NULL : said->error);
}

static void sent(struct carry *c)
{
    const struct fetch_got *said = &c->said;
    bool good = said->answered && said->status / 100 == 2;

    judge_server(c->post, said);
    if (good)
        log_event(LOG_INFO, "mail.sent", LOG_N("number", c->mail.number), LOG_N("tries", c->mail.tries));
    else if (!is_final(said))
        log_trouble("mail.not_now", c);
    if (!ask(c, good ? note_sent : note_failed, noted)) {
        /* Its lease ends by itself: then it is carried once more. */
        log_event(LOG_ERROR, "mail.not_noted", LOG_N("number", c->mail.number), LOG_C("code", "busy"));
        rest(c);
    }
}

static void carry(struct carry *c)
{
    struct post *p = c->post;
    const struct fetch_request r = fetch_mail(c->mail.to, c->mail.message);

    c->next = sent;
    fetch_ask(p->parts.fetch, &c->batch, c->arena, &r, &c->said);
}

/* A Redis that says nothing holds up no mail: at the worst another node sends the same one. */
static void claimed(struct carry *c)
{
    if (c->claim.outcome != KV_HIT) {
        carry(c);
        return;
    }
    log_event(LOG_INFO, "mail.elsewhere", LOG_N("number", c->mail.number));
    if (!ask(c, note_sent, noted))
        rest(c);
}

/* Nodes with a registry of their own each have an outbox of their own, and find the same things to warn of. */
static void claim(struct carry *c)
{
    struct post *p = c->post;
    struct str mark = arena_join(c->arena, S("mail:"), sha256_hex(c->arena, c->mail.key));

    c->next = claimed;
    kv_add(p->parts.kv, &c->batch, c->arena, &c->claim, KV_REPLAY, mark, S("1"), POST_CLAIM_S);
}

static void taken(struct carry *c)
{
    struct post *p = c->post;

    if (!c->got.ok)
        log_event(LOG_ERROR, "mail.outbox", LOG_C("code", c->got.why.code), LOG_C("why", c->got.why.detail));
    if (!c->got.ok || c->mail.number == 0) {
        rest(c);
        return;
    }
    start_soon(p); /* there may be more */
    if (c->mail.tries == 1 && p->parts.kv != NULL)
        claim(c);
    else
        carry(c);
}

static void take(struct carry *c)
{
    c->given_up = false;
    if (!ask(c, take_one, taken))
        rest(c); /* too many jobs wait: at the next turn */
}

static void due(struct timer *t)
{
    struct post *p = (struct post *)t;

    timer_set(p->parts.loop, t, POST_EVERY_MS);
    start(p);
}

/* ── as a whole ─────────────────────────────────────────────────────────── */

struct post *post_new(const struct post_parts *parts)
{
    if (!mail_is_set(parts->door.set) || parts->door.mails == NULL)
        return NULL;
    struct arena *a = arena_new();
    struct post *p = arena_make(a, struct post);
    p->arena = a;
    p->parts = *parts;
    p->timer.due = due;
    for (size_t i = 0; i < POST_AT_ONCE; i++) {
        p->at[i] = arena_make(a, struct carry);
        *p->at[i] = (struct carry){ .batch = { .ready = answered }, .post = p, .arena = arena_new_secret() };
    }
    timer_set(parts->loop, &p->timer, 0);
    return p;
}

void post_stop(struct post *p)
{
    if (p == NULL)
        return;
    p->stopped = true;
    timer_clear(p->parts.loop, &p->timer);
}

bool post_busy(const struct post *p)
{
    for (size_t i = 0; p != NULL && i < POST_AT_ONCE; i++)
        if (p->at[i]->next != NULL)
            return true;
    return false;
}

void post_free(struct post *p)
{
    if (p == NULL)
        return;
    post_stop(p);
    for (size_t i = 0; i < POST_AT_ONCE; i++)
        arena_free(p->at[i]->arena);
    arena_free(p->arena);
}

const char *post_trouble(const struct post *p)
{
    return p != NULL ? atomic_load(&p->trouble) : NULL;
}
