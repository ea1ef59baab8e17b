/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/farewell_keep.h"

#include "base/log.h"
#include "gateway/metrics.h"

#include <assert.h>

enum { LOST_LOG_MS = 60000 };

/* How long a service is left alone that did not answer, by how often in a row. */
static const int64_t pauses_ms[] = { 0, 2000, 10000, 30000, 60000, 120000 };
enum { PAUSES = sizeof pauses_ms / sizeof *pauses_ms };

struct look;

struct farewell { /* one service, one session */
    struct farewell *next;
    struct arena *arena; /* its own; it lies in there itself */
    struct hearer *to;
    struct leaver who;
    int tries;
    int64_t until_ms;
    struct str record;  /* as Redis has it; absent: it has it not */
    int64_t renewed_ms; /* when it was last told that this is in our hands */
    bool noted;         /* the log says that it waits */
    bool let_go;        /* it is to be anybody's: this process ends */
    /* Whoever waits for the first answer. */
    struct look *look;
    size_t place;
};

struct
try {             /* of one farewell: as a request, but nobody's */
    struct ctx c; /* first: a context leads back */
    struct farewells *all;
    struct farewell *of;
    struct try *next;
    int64_t began_ms;
    struct try *beside, **behind; /* of those under way */
    bool begun;
};

struct hearer { /* a service that has something to hear */
    struct hearer *next;
    struct arena *arena;
    struct str id;
    struct farewell *first, **last;
    size_t waiting, under_way;
    size_t silent; /* tries in a row without an answer */
    int64_t quiet_until_ms;
    size_t lost; /* since the last line about it */
    const char *lost_code, *mend;
    int64_t lost_logged_ms;
};

struct look {
    struct timer timer; /* first */
    struct batch *batch;
    enum farewell_said *said;
    struct farewell **at; /* NULL: settled */
    size_t n, open;
    struct arena *arena;
    struct farewells *all;
    struct look *next, **prev;
};

struct farewells {
    struct timer timer; /* first */
    struct arena *arena;
    struct loop *loop;
    const struct world *world;
    const struct settings *set;
    struct farewell_hooks hooks;
    struct hearer *hearers;
    struct try *trying;
    struct try *ended; /* whose steps are over, and whose memory is not */
    struct look *looks;
    struct metrics *metrics;
    size_t in_all, under_way;
    bool stopped;
    /* What is kept in Redis. */
    struct timer take; /* when to look for what others have left */
    struct kv *kv;
    struct audit *log;
    struct errand *keeping, *dropping; /* being filled; NULL: none */
    struct errand *ready;              /* answered, and to be seen to at the next turn */
    size_t errands;                    /* on their way */
    bool taking;
};

#define TAKE_OF(t) ((struct farewells *)(void *)((char *)(t)-offsetof(struct farewells, take)))

/* ── whoever waits ──────────────────────────────────────────────────────── */

static void look_end(struct look *l)
{
    struct batch *b = l->batch;

    for (size_t i = 0; i < l->n; i++)
        if (l->at[i] != NULL)
            l->at[i]->look = NULL;
    timer_clear(l->all->loop, &l->timer);
    *l->prev = l->next;
    if (l->next != NULL)
        l->next->prev = l->prev;
    arena_free(l->arena);
    batch_answered(b);
}

static void look_due(struct timer *t)
{
    look_end((struct look *)t);
}

static void look_settle(struct farewell *f, enum farewell_said said)
{
    struct look *l = f->look;

    if (l == NULL)
        return;
    l->said[f->place] = said;
    l->at[f->place] = NULL;
    f->look = NULL;
    if (--l->open == 0)
        look_end(l);
}

static struct look *look_new(struct farewells *x, struct batch *b, size_t n, enum farewell_said *said)
{
    struct arena *a = arena_new();
    struct look *l = arena_make(a, struct look);

    *l = (struct look){ .timer = { .due = look_due }, .batch = b, .said = said, .n = n, .arena = a, .all = x };
    l->at = arena_make_n(a, n, struct farewell *);
    l->next = x->looks;
    l->prev = &x->looks;
    if (l->next != NULL)
        l->next->prev = &l->next;
    x->looks = l;
    return l;
}

/* ── queues ─────────────────────────────────────────────────────────────── */

static struct hearer *hearer_of(struct farewells *x, struct str id)
{
    for (struct hearer *h = x->hearers; h != NULL; h = h->next)
        if (str_eq(h->id, id))
            return h;
    struct arena *a = arena_new();
    struct hearer *h = arena_make(a, struct hearer);
    h->arena = a;
    h->id = arena_str(a, id);
    h->last = &h->first;
    h->next = x->hearers;
    x->hearers = h;
    return h;
}

static void push(struct hearer *h, struct farewell *f)
{
    f->next = NULL;
    *h->last = f;
    h->last = &f->next;
    h->waiting++;
}

static struct farewell *pop(struct hearer *h)
{
    struct farewell *f = h->first;

    h->first = f->next;
    if (h->first == NULL)
        h->last = &h->first;
    h->waiting--;
    return f;
}

/* ── what Redis keeps of it ─────────────────────────────────────────────── */

static void errand_done(void *self, struct errand *e)
{
    struct farewells *x = self;

    e->next = x->ready;
    x->ready = e;
    timer_set(x->loop, &x->timer, 0);
}

static void add_to(struct farewells *x, struct errand **at, struct str text, void (*send)(struct farewells *x))
{
    if (*at == NULL)
        *at = errand_new(x, errand_done);
    errand_add(*at, text);
    if ((*at)->n == KV_LINE_MOST)
        send(x);
}

static void send_keeping(struct farewells *x)
{
    struct errand *e = x->keeping;

    if (e == NULL)
        return;
    x->keeping = NULL;
    x->errands++;
    errand_keep(e, x->kv, x->stopped ? 0 : FAREWELL_LEASE_MS);
}

static void send_dropping(struct farewells *x)
{
    struct errand *e = x->dropping;

    if (e == NULL)
        return;
    x->dropping = NULL;
    x->errands++;
    errand_drop(e, x->kv);
}

static void keep(struct farewells *x, struct farewell *f)
{
    f->renewed_ms = loop_now_ms(x->loop);
    if (str_is_set(f->record) && x->kv != NULL)
        add_to(x, &x->keeping, f->record, send_keeping);
}

static void keep_no_longer(struct farewells *x, struct farewell *f)
{
    if (str_is_set(f->record) && x->kv != NULL)
        add_to(x, &x->dropping, f->record, send_dropping);
}

/* What waits for long is said to be in our hands still; when this process ends, in nobody's. */
static void renew(struct farewells *x)
{
    for (const struct hearer *h = x->hearers; h != NULL; h = h->next)
        for (struct farewell *f = h->first; f != NULL; f = f->next)
            if (x->stopped ? !f->let_go : loop_now_ms(x->loop) >= f->renewed_ms + FAREWELL_RENEW_MS) {
                f->let_go = x->stopped;
                keep(x, f);
            }
    send_keeping(x);
}

/* ── what the log says of it ────────────────────────────────────────────── */

static void note(struct farewells *x, const struct leaver *who, struct str service, const char *outcome)
{
    if (x->log == NULL || !farewell_is_noted(who))
        return;
    x->errands++;
    errand_note(errand_new(x, errand_done), x->log, who, service, outcome);
}

/* Once: that is when somebody may look. */
static void note_waits(struct farewells *x, struct farewell *f)
{
    if (!f->noted)
        note(x, &f->who, f->to->id, FAREWELL_NOTE_WAITS);
    f->noted = true;
}

/* outcome: FAREWELL_NOTE_HEARD, or by which code it is given up. */
static void farewell_end(struct farewells *x, struct farewell *f, enum farewell_said said, const char *outcome)
{
    note(x, &f->who, f->to->id, outcome);
    keep_no_longer(x, f);
    look_settle(f, said);
    x->in_all--;
    arena_free(f->arena);
}

/* ── what was not heard ─────────────────────────────────────────────────── */

/* A service that is away for long would fill the log: one line, then one a minute, with how many there were. */
static void log_lost(struct farewells *x, struct hearer *h, bool now)
{
    int64_t now_ms = loop_now_ms(x->loop);

    if (h->lost == 0 || (!now && h->lost_logged_ms != 0 && now_ms < h->lost_logged_ms + LOST_LOG_MS))
        return;
    log_event(LOG_WARN, "farewell.lost", LOG_S("service", h->id), LOG_C("code", h->lost_code),
              LOG_N("sessions", (int64_t)h->lost),
              LOG_C("mend", h->mend != NULL ? h->mend : "the service's address for sign-outs must answer"));
    h->lost = 0;
    h->lost_logged_ms = now_ms;
}

static void lose(struct farewells *x, struct hearer *h, const char *code)
{
    metrics_add(x->metrics, METRIC_farewells_lost);
    h->lost++;
    h->lost_code = code;
    log_lost(x, h, false);
}

/* ── trying ─────────────────────────────────────────────────────────────── */

/* Called by the steps, which still hold the context: the rest waits for the next turn. */
static void try_over(struct ctx *c)
{
    struct try *t = (struct try *)c;

    t->next = t->all->ended;
    t->all->ended = t;
    timer_set(t->all->loop, &t->all->timer, 0);
}

static bool try_begin(struct farewells *x, struct try *t)
{
    struct ctx *c = &t->c;

    c->arena = t->of->arena;
    c->world = x->world;
    c->set = x->set;
    c->now_s = world_now_s(x->world);
    c->state = &t->of->who;
    t->begun = x->hooks.begin(x->hooks.self, c);
    if (!t->begun)
        return fail(&c->fail, FAIL_OURS, "temporarily_unavailable", "no registry is loaded");
    x->metrics = c->metrics;
    x->kv = c->kv;
    x->log = c->audit;
    c->service = registry_service(c->registry, t->of->to->id);
    const struct protocol *p = c->service != NULL ? protocol_of(c, c->service->protocol) : NULL;
    if (p != NULL)
        t->of->to->mend = p->leave_mend;
    if (p == NULL || p->leave == NULL || !p->hears(c, c->service))
        return fail(&c->fail, FAIL_CALLER, "no_way", "the service's row names no way any more");
    return true;
}

static void try_now(struct farewells *x, struct hearer *h)
{
    struct farewell *f = pop(h);
    struct try *t = arena_make(f->arena, struct try);

    *t = (struct try){ .all = x, .of = f, .began_ms = loop_now_ms(x->loop), .beside = x->trying, .behind = &x->trying };
    if (x->trying != NULL)
        x->trying->behind = &t->beside;
    x->trying = t;
    f->tries++;
    h->under_way++;
    x->under_way++;
    if (!try_begin(x, t)) {
        try_over(&t->c);
        return;
    }
    steps_run(&t->c, protocol_of(&t->c, t->c.service->protocol)->leave, try_over);
}

static bool is_worth_another(const struct farewells *x, const struct farewell *f)
{
    return f->tries < FAREWELL_TRIES && loop_now_ms(x->loop) < f->until_ms;
}

static void judge(struct farewells *x, struct try *t)
{
    struct farewell *f = t->of;
    struct hearer *h = f->to;
    struct fail why = t->c.fail;

    if (t->begun)
        x->hooks.end(x->hooks.self, &t->c);
    h->under_way--;
    x->under_way--;
    *t->behind = t->beside;
    if (t->beside != NULL)
        t->beside->behind = t->behind;
    bool answered = why.kind == FAIL_NONE || why.kind == FAIL_CALLER;
    h->silent = answered ? 0 : h->silent + 1;
    h->quiet_until_ms = loop_now_ms(x->loop) + pauses_ms[h->silent < PAUSES ? h->silent : PAUSES - 1];
    log_event(answered ? LOG_DEBUG : LOG_INFO, "farewell.tried", LOG_S("service", h->id),
              LOG_C("code", why.kind == FAIL_NONE ? "heard" : why.code), LOG_C("why", why.detail),
              LOG_N("tries", f->tries));
    if (why.kind == FAIL_NONE) {
        metrics_add(x->metrics, METRIC_farewells_heard);
        farewell_end(x, f, FAREWELL_HEARD, FAREWELL_NOTE_HEARD);
    } else if (answered || !is_worth_another(x, f)) {
        lose(x, h, why.code);
        farewell_end(x, f, FAREWELL_CANNOT, why.code);
    } else {
        look_settle(f, FAREWELL_WAITS);
        note_waits(x, f);
        push(h, f);
    }
}

static size_t most_at_once(const struct hearer *h)
{
    return h->silent > 0 ? 1 : FAREWELLS_AT_ONCE_OF_SERVICE;
}

static bool may_try(const struct farewells *x, const struct hearer *h)
{
    return !x->stopped && h->first != NULL && h->under_way < most_at_once(h) && x->under_way < FAREWELLS_AT_ONCE &&
           loop_now_ms(x->loop) >= h->quiet_until_ms;
}

static void drop_old(struct farewells *x, struct hearer *h)
{
    while (h->first != NULL && loop_now_ms(x->loop) >= h->first->until_ms) {
        lose(x, h, "timeout");
        farewell_end(x, pop(h), FAREWELL_CANNOT, "timeout");
    }
}

/* One whose queue is empty is forgotten, unless its silence is still worth knowing. */
static bool is_done_with(const struct farewells *x, const struct hearer *h)
{
    return h->first == NULL && h->under_way == 0 &&
           (h->silent == 0 || loop_now_ms(x->loop) >= h->quiet_until_ms + pauses_ms[PAUSES - 1]);
}

static void forget_idle(struct farewells *x)
{
    for (struct hearer **at = &x->hearers; *at != NULL;) {
        struct hearer *h = *at;
        if (!is_done_with(x, h)) {
            at = &h->next;
            continue;
        }
        log_lost(x, h, true);
        *at = h->next;
        arena_free(h->arena);
    }
}

/* One that hangs is one that has not heard yet, long before its connection is given up. */
static void note_slow(struct farewells *x)
{
    for (const struct try *t = x->trying; t != NULL; t = t->beside)
        if (loop_now_ms(x->loop) >= t->began_ms + FAREWELL_LOOK_MS)
            note_waits(x, t->of);
}

static void set_timer(struct farewells *x)
{
    int64_t due_ms = INT64_MAX, now_ms = loop_now_ms(x->loop);

    for (const struct hearer *h = x->hearers; h != NULL; h = h->next) {
        int64_t at = h->first != NULL ? h->quiet_until_ms : h->quiet_until_ms + pauses_ms[PAUSES - 1];
        if (h->under_way == 0 && at > now_ms && at < due_ms)
            due_ms = at;
    }
    for (const struct try *t = x->trying; t != NULL; t = t->beside)
        if (!t->of->noted && t->began_ms + FAREWELL_LOOK_MS < due_ms)
            due_ms = t->began_ms + FAREWELL_LOOK_MS;
    if (due_ms != INT64_MAX && !x->stopped)
        timer_set(x->loop, &x->timer, due_ms - now_ms);
}

static void see_to_errands(struct farewells *x);

static void turn(struct timer *timer)
{
    struct farewells *x = (struct farewells *)timer;

    see_to_errands(x);
    while (x->ended != NULL) {
        struct try *t = x->ended;
        x->ended = t->next;
        judge(x, t);
    }
    for (struct hearer *h = x->hearers; h != NULL; h = h->next) {
        drop_old(x, h);
        while (may_try(x, h))
            try_now(x, h);
    }
    note_slow(x);
    renew(x);
    send_dropping(x);
    forget_idle(x);
    if (x->ended == NULL && x->ready == NULL)
        set_timer(x);
}

/* ── saying ─────────────────────────────────────────────────────────────── */

static bool can_hear(const struct ctx *c, const struct service *s)
{
    const struct protocol *p = s != NULL ? protocol_of(c, s->protocol) : NULL;

    return p != NULL && p->hears != NULL && p->hears(c, s);
}

/* NULL: there is no room. */
static struct farewell *say(struct farewells *x, const struct leaver *who, struct str service, int64_t lasts_ms)
{
    struct hearer *h = hearer_of(x, service);

    if (x->stopped || x->in_all >= FAREWELLS_MAX || h->waiting + h->under_way >= FAREWELLS_OF_SERVICE_MAX) {
        lose(x, h, "full");
        return NULL;
    }
    struct arena *a = arena_new();
    struct farewell *f = arena_make(a, struct farewell);
    *f = (struct farewell){ .arena = a, .to = h, .until_ms = loop_now_ms(x->loop) + lasts_ms };
    f->who = (struct leaver){ .sid = arena_str(a, who->sid),
                              .person = arena_str(a, who->person),
                              .told = arena_str(a, who->told),
                              .idp = arena_str(a, who->idp),
                              .why = arena_str(a, who->why),
                              .row = arena_str(a, who->row) };
    x->in_all++;
    push(h, f);
    return f;
}

static struct farewell *say_and_keep(struct ctx *c, const struct leaver *who, struct str service)
{
    struct farewells *x = c->farewells;
    x->kv = c->kv;
    x->log = c->audit;
    struct farewell *f = say(x, who, service, FAREWELL_LASTS_S * 1000);
    if (f == NULL) {
        note(x, who, service, "full");
        return NULL;
    }
    if (f->to->silent > 0)
        note_waits(x, f);
    const struct farewell_record r = { service, *who, c->now_s + FAREWELL_LASTS_S };
    f->record = farewell_seal(f->arena, c, &r);
    keep(x, f);
    return f;
}

/* ── what others have left ──────────────────────────────────────────────── */

/* Our own, which we were too slow to renew. */
static bool is_in_hand(const struct hearer *h, struct str record)
{
    for (const struct farewell *f = h->first; f != NULL; f = f->next)
        if (str_eq(f->record, record))
            return true;
    return h->under_way > 0;
}

static void take_over(struct farewells *x, struct ctx *c, struct str record)
{
    struct farewell_record r;
    bool readable = farewell_unseal(c->arena, c, record, &r);
    struct hearer *h = readable ? hearer_of(x, r.service) : NULL;

    if (readable && is_in_hand(h, record))
        return;
    int64_t left_s = readable ? r.until_s - c->now_s : 0;
    struct farewell *f = left_s > 0 ? say(x, &r.who, r.service, left_s * 1000) : NULL;
    if (f != NULL) {
        f->record = arena_str(f->arena, record);
        f->renewed_ms = loop_now_ms(x->loop);
        metrics_add(x->metrics, METRIC_farewells_taken);
        return;
    }
    if (readable && left_s <= 0)
        lose(x, h, "timeout");
    if (!readable || left_s <= 0)
        add_to(x, &x->dropping, record, send_dropping);
}

/* A context of this loop, while `act` runs. */
static bool with_ctx(struct farewells *x, struct errand *e,
                     void (*act)(struct farewells *x, struct ctx *c, struct errand *e))
{
    struct arena *a = arena_new();
    struct ctx *c = arena_make(a, struct ctx);

    c->arena = a;
    c->world = x->world;
    c->set = x->set;
    c->now_s = world_now_s(x->world);
    bool begun = x->hooks.begin(x->hooks.self, c);
    if (begun) {
        x->kv = c->kv;
        x->metrics = c->metrics;
        x->log = c->audit;
        act(x, c, e);
    }
    x->hooks.end(x->hooks.self, c);
    arena_free(a);
    return begun;
}

static void take_all(struct farewells *x, struct ctx *c, struct errand *e)
{
    for (size_t i = 0; i < e->got.listed; i++)
        take_over(x, c, e->got.list[i]);
}

static void taken(void *self, struct errand *e)
{
    errand_done(self, e);
}

static void take_ask(struct farewells *x, struct ctx *c, struct errand *e)
{
    (void)c;
    if (x->kv == NULL || !kv_ready(x->kv)) {
        errand_free(e);
        return;
    }
    x->taking = true;
    x->errands++;
    errand_take(e, x->kv);
}

static bool has_room(const struct farewells *x)
{
    return !x->stopped && x->in_all + FAREWELL_TAKE_MOST <= FAREWELLS_MAX / 2;
}

static void take_due(struct timer *t)
{
    struct farewells *x = TAKE_OF(t);

    if (x->stopped)
        return;
    if (!x->taking && has_room(x)) {
        struct errand *e = errand_new(x, taken);
        if (!with_ctx(x, e, take_ask))
            errand_free(e);
    }
    renew(x);
    timer_set(x->loop, &x->take, FAREWELL_TAKE_MS);
}

static void see_to_errands(struct farewells *x)
{
    while (x->ready != NULL) {
        struct errand *e = x->ready;
        bool more = e->done == taken && e->got.listed == FAREWELL_TAKE_MOST && !x->stopped;
        x->ready = e->next;
        x->errands--;
        if (e->done == taken) {
            x->taking = false;
            (void)with_ctx(x, e, take_all);
        }
        if (more)
            timer_set(x->loop, &x->take, 0);
        errand_free(e);
    }
}

static struct leaver told_as(const struct leaver *who, const struct strs *told, struct str service)
{
    struct leaver one = *who;

    one.told = (struct str){ NULL, 0 };
    for (size_t i = 0; told != NULL && i + 1 < told->n; i += 2)
        if (str_eq(told->at[i], service))
            one.told = told->at[i + 1];
    return one;
}

void farewells_say(struct ctx *c, const struct leaver *who, const struct strs *told, const struct strs *services,
                   enum farewell_said *said)
{
    struct farewells *x = c->farewells;
    struct look *l = NULL;

    for (size_t i = 0; i < services->n; i++) {
        said[i] = FAREWELL_CANNOT;
        if (x == NULL || !can_hear(c, registry_service(c->registry, services->at[i])))
            continue;
        x->metrics = c->metrics;
        const struct leaver one = told_as(who, told, services->at[i]);
        struct farewell *f = say_and_keep(c, &one, services->at[i]);
        if (f == NULL)
            continue;
        said[i] = FAREWELL_WAITS;
        if (f->to->silent > 0)
            continue;
        l = l != NULL ? l : look_new(x, &c->batch, services->n, said);
        f->look = l;
        f->place = i;
        l->at[i] = f;
        l->open++;
    }
    if (x != NULL && x->in_all > 0) {
        send_keeping(x);
        timer_set(x->loop, &x->timer, 0);
    }
    if (l == NULL)
        return;
    batch_ask(&c->batch);
    timer_set(x->loop, &l->timer, FAREWELL_LOOK_MS);
}

void farewells_tell(struct ctx *c, const struct leaver *who, const struct strs *told, const struct strs *services)
{
    struct farewells *x = c->farewells;

    for (size_t i = 0; x != NULL && i < services->n; i++) {
        const struct leaver one = told_as(who, told, services->at[i]);
        if (can_hear(c, registry_service(c->registry, services->at[i])) &&
            say_and_keep(c, &one, services->at[i]) != NULL)
            timer_set(x->loop, &x->timer, 0);
    }
    if (x != NULL)
        send_keeping(x);
}

void farewells_note(struct ctx *c, const struct leaver *who, struct str service, const char *outcome)
{
    struct farewells *x = c->farewells;

    if (x == NULL)
        return;
    x->log = c->audit;
    note(x, who, service, outcome);
}

/* ── life ───────────────────────────────────────────────────────────────── */

struct farewells *farewells_new(struct loop *l, const struct world *w, const struct settings *set,
                                const struct farewell_hooks *h)
{
    struct arena *a = arena_new();
    struct farewells *x = arena_make(a, struct farewells);

    *x = (struct farewells){ .timer = { .due = turn }, .arena = a, .loop = l, .world = w, .set = set, .hooks = *h };
    x->take.due = take_due;
    timer_set(l, &x->take, 0);
    return x;
}

void farewells_stop(struct farewells *x)
{
    if (x->stopped)
        return;
    x->stopped = true;
    timer_clear(x->loop, &x->take);
    timer_set(x->loop, &x->timer, 0);
}

bool farewells_busy(const struct farewells *x)
{
    return x->under_way > 0 || x->errands > 0 || (x->stopped && x->timer.next != NULL);
}

/* Redis had it, and was there when it was let go. */
static bool is_kept(const struct farewells *x, const struct farewell *f)
{
    return f->let_go && str_is_set(f->record) && x->kv != NULL && kv_ready(x->kv);
}

static void drop_all(struct farewells *x, struct hearer *h)
{
    while (h->first != NULL) {
        struct farewell *f = pop(h);
        if (!is_kept(x, f))
            lose(x, h, "stopped");
        arena_free(f->arena);
    }
    log_lost(x, h, true);
    arena_free(h->arena);
}

void farewells_free(struct farewells *x)
{
    if (x == NULL)
        return;
    assert(x->under_way == 0 && x->errands == 0 && x->looks == NULL);
    timer_clear(x->loop, &x->timer);
    timer_clear(x->loop, &x->take);
    if (x->keeping != NULL)
        errand_free(x->keeping);
    if (x->dropping != NULL)
        errand_free(x->dropping);
    for (struct hearer *h = x->hearers, *next; h != NULL; h = next) {
        next = h->next;
        drop_all(x, h);
    }
    arena_free(x->arena);
}
