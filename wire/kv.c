/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/kv_int.h"

#include "base/crypt.h"
#include "base/log.h"

#include <string.h>

enum { RETRY_FIRST_MS = 20, RETRY_MOST_MS = 1000, PROBE_B = 9 };

/* What Redis says in the first word of an error; what we call it; what becomes of
 * the connection. */
static const struct {
    const char *word, *trouble;
    enum { STAYS = 0, GIVE_UP, LEAVE /* it has not happened, and is sent again elsewhere */ } then;
} refusals[] = {
    { "READONLY", "replica", LEAVE },     { "LOADING", "loading", LEAVE },     { "NOAUTH", "password", GIVE_UP },
    { "WRONGPASS", "password", GIVE_UP }, { "MASTERDOWN", "replica", LEAVE },  { "CLUSTERDOWN", "cluster", GIVE_UP },
    { "OOM", "memory", STAYS },           { "MISCONF", "disk", STAYS },        { "NOPERM", "permission", STAYS },
    { "NOREPLICAS", "replicas", STAYS },  { "BUSY", "busy", STAYS },           { "MOVED", "cluster", GIVE_UP },
    { "ASK", "cluster", GIVE_UP },        { "UNBLOCKED", "replica", GIVE_UP },
};

void kv_note_trouble(struct kv *k, const char *why)
{
    if (strcmp(k->trouble, why) == 0)
        return;
    k->trouble = why;
    /* A private Redis starts beside us: until it has been here once, its absence is no alarm. */
    if (why[0] != '\0')
        log_event(k->has_epoch ? LOG_ERROR : LOG_WARN, "kv.away", LOG_C("why", why), LOG_C("mend", kv_mend(why)));
    else
        log_event(LOG_INFO, "kv.ready", LOG_C("primary", k->primary));
}

void kv_note_refusing(struct kv *k, const char *what)
{
    if (strcmp(k->refusing, what) == 0)
        return;
    k->refusing = what;
    if (what[0] != '\0')
        log_event(LOG_ERROR, "kv.refuses", LOG_C("why", what), LOG_C("mend", kv_mend(what)));
    else
        log_event(LOG_INFO, "kv.accepts");
}

/* Queues. */

void kv_line_add(struct line_of_asked *l, struct asked *q)
{
    q->next = NULL;
    *l->last = q;
    l->last = &q->next;
}

static struct asked *line_all(struct line_of_asked *l)
{
    struct asked *all = l->first;

    *l = (struct line_of_asked){ NULL, &l->first };
    return all;
}

static void answer_down(struct kv *k, struct asked *q)
{
    if (q->batch == NULL) {
        q->next = k->own_free;
        k->own_free = q;
        return;
    }
    *q->out = (struct kv_got){ 0 };
    batch_answered(q->batch);
}

static void put_in_line(struct kv *k, struct asked *q)
{
    kv_line_add(&k->asked, q);
    if (k->deadline.next == NULL)
        timer_set(k->loop, &k->deadline, q->deadline_ms - loop_now_ms(k->loop));
    /* At the end of this turn, so that all commands of a turn leave in one write. */
    if (k->flush.next == NULL)
        timer_set(k->loop, &k->flush, 0);
}

void kv_queue(struct kv *k, struct asked *q)
{
    q->deadline_ms = loop_now_ms(k->loop) + k->config.timeout_ms;
    put_in_line(k, q);
}

bool kv_holds(const struct kv *k)
{
    return k->keeps && (k->leaving != NULL || (k->state != READY && loop_now_ms(k->loop) < k->hold_until_ms));
}

void kv_hold(struct kv *k, struct asked *q)
{
    if (q->deadline_ms == 0)
        q->deadline_ms = loop_now_ms(k->loop) + k->config.timeout_ms;
    kv_line_add(&k->held, q);
    if (k->held_due.next == NULL)
        timer_set(k->loop, &k->held_due, KV_HOLD_MS / 2);
}

static void held_due(struct timer *t)
{
    struct kv *k = KV_OF(t, held_due);
    int64_t now_ms = loop_now_ms(k->loop);

    for (struct asked *q = line_all(&k->held), *next; q != NULL; q = next) {
        next = q->next; /* q may go with its request */
        if (q->deadline_ms > now_ms)
            kv_line_add(&k->held, q);
        else
            answer_down(k, q);
    }
    if (k->held.first != NULL)
        timer_set(k->loop, &k->held_due, KV_HOLD_MS / 2);
}

void kv_send_held(struct kv *k)
{
    for (struct asked *q = line_all(&k->held), *next; q != NULL; q = next) {
        next = q->next;
        if (!kv_link_put_encoded(&k->link, q->sent)) {
            answer_down(k, q);
            continue;
        }
        k->wants_proof = k->wants_proof || q->guarded;
        put_in_line(k, q);
    }
}

static void flush_due(struct timer *t)
{
    struct kv *k = KV_OF(t, flush);

    if (k->state < GREETING)
        return;
    if (k->wants_proof && k->guard != KV_GUARD_ALONE)
        kv_guard_ask(k);
    k->wants_proof = false;
    kv_link_send(&k->link);
}

static void deadline_due(struct timer *t)
{
    struct kv *k = KV_OF(t, deadline);
    int64_t now_ms = loop_now_ms(k->loop);

    if (timer_overslept(k->loop, t))
        return;
    if (k->state == CONNECTING)
        kv_give_up(k, "timeout");
    else if (k->asked.first != NULL && k->asked.first->deadline_ms > now_ms)
        timer_set(k->loop, &k->deadline, k->asked.first->deadline_ms - now_ms);
    else if (k->asked.first != NULL)
        kv_give_up(k, "timeout");
}

/* Answers. */

/* The text of an error may quote what we sent, the password too: only its first
 * word is looked at, and only our own word for it is logged.  True: the
 * connection was given up. */
bool kv_refused(struct kv *k, const struct reply *r)
{
    struct str word = kv_reply_word(r);

    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (!str_eq(word, str_of(refusals[i].word)))
            continue;
        if (refusals[i].then != STAYS)
            kv_give_up(k, refusals[i].trouble);
        else
            kv_note_refusing(k, refusals[i].trouble);
        return refusals[i].then != STAYS;
    }
    kv_note_refusing(k, "command");
    return false;
}

/* Why it refuses all that changes anything and will go on to; NULL: it does not, or not for such a reason. */
static const char *left_for(const struct reply *r)
{
    struct str word = kv_reply_word(r);

    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (refusals[i].then == LEAVE && str_eq(word, str_of(refusals[i].word)))
            return refusals[i].trouble;
    return NULL;
}

/* A replica answers what only reads, from a past that nobody asked for. */
static bool is_asked_again(const struct kv *k, const struct asked *q, const struct reply *r)
{
    return k->leaving != NULL && q->sent.p != NULL && (q->reads || left_for(r) != NULL);
}

static void take_answer(struct kv *k, struct asked *q, const struct reply *r)
{
    bool own = q->batch == NULL; /* else it may go with its request */

    q->answer(k, q, r);
    if (own)
        answer_down(k, q);
}

static void take_reply(struct kv_link *l, const struct reply *r)
{
    struct kv *k = (struct kv *)l;
    struct asked *q = k->asked.first;

    if (q == NULL) {
        kv_give_up(k, "garbage");
        return;
    }
    if (q->batch != NULL && k->keeps && k->leaving == NULL && left_for(r) != NULL) {
        k->leaving = left_for(r);
        k->hold_until_ms = loop_now_ms(k->loop) + KV_HOLD_MS;
    }
    /* Given up, the question is answered with the rest of the queue. */
    if (r->type == REPLY_ERROR && q->batch != NULL && k->leaving == NULL && kv_refused(k, r))
        return;
    k->asked.first = q->next;
    if (k->asked.first == NULL)
        k->asked.last = &k->asked.first;
    if (is_asked_again(k, q, r))
        kv_hold(k, q);
    else if (k->leaving == NULL || q->batch != NULL)
        take_answer(k, q, r);
    else
        answer_down(k, q);
    if (k->leaving != NULL && k->asked.first == NULL)
        kv_give_up(k, k->leaving);
}

void kv_settle(struct kv *k, struct asked *q)
{
    if (q->guarded && q->out->outcome != KV_DOWN && k->guard != KV_GUARD_ALONE)
        kv_line_add(&k->unproven, q);
    else
        batch_answered(q->batch);
}

void kv_proven(struct kv *k, bool by_replicas)
{
    for (struct asked *q = line_all(&k->unproven), *next; q != NULL; q = next) {
        next = q->next;
        if (by_replicas)
            batch_answered(q->batch);
        else
            answer_down(k, q);
    }
}

/* Connecting. */

static void link_up(struct kv_link *l)
{
    kv_greet((struct kv *)l);
}

static void link_gone(struct kv_link *l, const char *why)
{
    kv_give_up((struct kv *)l, why);
}

static const struct kv_link_hooks hooks = { link_up, take_reply, link_gone };

static void connect_now(struct kv *k)
{
    struct str to = k->sentinels != NULL ? kv_sentinels_primary(k->sentinels) : k->config.address;

    if (to.p == NULL) { /* they say so when they know one */
        kv_note_trouble(k, kv_sentinels_trouble(k->sentinels));
        timer_set(k->loop, &k->retry, RETRY_MOST_MS);
        return;
    }
    size_t n = to.n < sizeof k->primary ? to.n : sizeof k->primary - 1;
    memcpy(k->primary, to.p, n);
    k->primary[n] = '\0';
    k->state = CONNECTING;
    timer_set(k->loop, &k->deadline, k->config.timeout_ms);
    kv_link_open(&k->link, str_of(k->primary));
}

static void retry_due(struct timer *t)
{
    connect_now(KV_OF(t, retry));
}

/* Another one is named.  Off one that still answers only when most say so. */
static void primary_changed(void *self)
{
    struct kv *k = self;

    if (k->state == AWAY) {
        timer_set(k->loop, &k->retry, 0);
    } else if (kv_sentinels_moved(k->sentinels, str_of(k->primary))) {
        k->failures = 0;
        kv_give_up(k, "switched");
    }
}

/* Half of the pause is chance, so that many loops and nodes do not come back in step. */
static int64_t pause_ms(struct kv *k)
{
    int64_t most = RETRY_FIRST_MS;
    uint32_t chance;

    for (unsigned i = 0; i < k->failures && most < RETRY_MOST_MS; i++)
        most *= 2;
    if (most > RETRY_MOST_MS)
        most = RETRY_MOST_MS;
    world_random(k->world, &chance, sizeof chance);
    return most / 2 + chance % (most / 2 + 1);
}

static void disconnect(struct kv *k)
{
    if (k->state == READY)
        k->hold_until_ms = loop_now_ms(k->loop) + KV_HOLD_MS;
    k->state = AWAY;
    k->leaving = NULL;
    k->wants_proof = false;
    kv_link_close(&k->link);
    timer_clear(k->loop, &k->deadline);
    timer_clear(k->loop, &k->flush);
    timer_clear(k->loop, &k->heartbeat);
}

/* Whatever was under way may or may not have happened: DOWN, but for what only reads.  Answers may ask
 * again; they are held or DOWN at once, because the state says so already. */
static void answer_all_down(struct kv *k, bool holds)
{
    int64_t now_ms = loop_now_ms(k->loop);

    kv_proven(k, false);
    for (struct asked *q = line_all(&k->asked), *next; q != NULL; q = next) {
        next = q->next; /* q may go with its request */
        if (holds && q->batch != NULL && q->reads && q->sent.p != NULL && q->deadline_ms > now_ms)
            kv_hold(k, q);
        else
            answer_down(k, q);
    }
}

void kv_give_up(struct kv *k, const char *why)
{
    disconnect(k);
    kv_note_trouble(k, why);
    timer_set(k->loop, &k->retry, pause_ms(k));
    k->failures++;
    if (k->sentinels != NULL) {
        if (k->failures > 1)
            kv_sentinels_failed(k->sentinels);
        kv_sentinels_ask(k->sentinels);
    }
    answer_all_down(k, true);
}

static struct kv_config config_copy(struct arena *a, const struct kv_config *from)
{
    struct kv_config c = *from;
    struct str *const texts[] = { &c.address, &c.user,          &c.password,         &c.beat,
                                  &c.master,  &c.sentinel_user, &c.sentinel_password };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = arena_str(a, *texts[i]);
    for (size_t i = 0; i < c.sentinel_count; i++)
        c.sentinels[i] = arena_str(a, c.sentinels[i]);
    return c;
}

struct kv *kv_new(struct loop *l, const struct world *w, const struct kv_config *config)
{
    struct arena *a = arena_new_secret();
    struct kv *k = arena_make(a, struct kv);

    k->arena = a;
    k->loop = l;
    k->world = w;
    k->config = config_copy(a, config);
    kv_link_init(&k->link, l, config->tls, &hooks);
    k->beat_key = kv_key(a, KV_BEAT, str_is_set(config->beat) ? config->beat : S("-"));
    k->probe_key = kv_key(a, KV_PROBE, crypt_token(a, w, PROBE_B)); /* nobody else's: it is taken again */
    k->deadline.due = deadline_due;
    k->flush.due = flush_due;
    k->heartbeat.due = kv_heartbeat_due;
    k->retry.due = retry_due;
    k->held_due.due = held_due;
    (void)line_all(&k->asked);
    (void)line_all(&k->held);
    (void)line_all(&k->unproven);
    k->keeps = !str_has_prefix(config->address, S("unix:"));
    k->guard = config->wait_replicas > 0 ? KV_GUARD_SOUND : KV_GUARD_OFF;
    k->trouble = "starting";
    k->refusing = "";
    if (config->sentinel_count > 0) {
        k->sentinels = kv_sentinels_new(l, w, &k->config, primary_changed, k);
        timer_set(l, &k->retry, RETRY_MOST_MS); /* if none has named one until then, it is said why */
    } else {
        connect_now(k);
    }
    return k;
}

void kv_free(struct kv *k)
{
    if (k == NULL)
        return;
    disconnect(k);
    k->hold_until_ms = 0;
    answer_all_down(k, false);
    for (struct asked *q = line_all(&k->held), *next; q != NULL; q = next) {
        next = q->next;
        answer_down(k, q);
    }
    timer_clear(k->loop, &k->retry);
    timer_clear(k->loop, &k->held_due);
    kv_sentinels_free(k->sentinels);
    kv_link_free(&k->link);
    arena_free(k->arena);
}

bool kv_ready(const struct kv *k)
{
    return k->state == READY;
}

bool kv_accepts(const struct kv *k)
{
    return k->state == READY && k->refusing[0] == '\0' && k->guard != KV_GUARD_SHORT;
}

int64_t kv_beat(const struct kv *k)
{
    return k->beat;
}

const char *kv_trouble(const struct kv *k)
{
    return k->trouble[0] != '\0'        ? k->trouble
           : k->refusing[0] != '\0'     ? k->refusing
           : k->guard == KV_GUARD_SHORT ? "replicas"
                                        : "";
}

struct kv_seen kv_seen(const struct kv *k)
{
    return (struct kv_seen){ .primary = str_of(k->primary),
                             .ready = k->state == READY,
                             .guard = k->guard,
                             .replicas = k->replicas,
                             .switches = k->switches,
                             .sentinels = k->config.sentinel_count,
                             .sentinels_well = k->sentinels != NULL ? kv_sentinels_well(k->sentinels) : 0 };
}

struct kv_facts kv_facts(const struct kv *k)
{
    return k->facts;
}

struct str kv_epoch(const struct kv *k)
{
    return k->has_epoch ? str_n(k->epoch, KV_EPOCH_TEXT_B) : (struct str){ NULL, 0 };
}

int64_t kv_since_s(const struct kv *k)
{
    return k->since_s;
}

bool kv_may_forget(const struct kv *k, int64_t born_s)
{
    return born_s < k->since_s;
}

int64_t kv_epoch_number(const struct kv *k)
{
    uint64_t number = 0;

    for (size_t i = 0; k != NULL && k->has_epoch && i < KV_EPOCH_TEXT_B; i++) /* hexadecimal digits */
        number = number << 4 | (uint64_t)(k->epoch[i] <= '9' ? k->epoch[i] - '0' : k->epoch[i] - 'a' + 10);
    return (int64_t)number;
}

int kv_away(struct fail *f, const char *what)
{
    return fail(f, FAIL_OURS, "temporarily_unavailable", "Redis is away (%s)", what);
}
