/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/farewell.h"

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
    const char *lost_code;
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
    struct try *ended; /* whose steps are over, and whose memory is not */
    struct look *looks;
    struct metrics *metrics;
    size_t in_all, under_way;
    bool stopped;
};

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

static void farewell_end(struct farewells *x, struct farewell *f, enum farewell_said said)
{
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
              LOG_C("mend", "the service's address for sign-outs (backchannel_logout_uri) must answer 200"));
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
    c->service = registry_service(c->registry, t->of->to->id);
    const struct protocol *p = c->service != NULL ? protocol_of(c, c->service->protocol) : NULL;
    if (p == NULL || p->leave == NULL || !p->hears(c, c->service))
        return fail(&c->fail, FAIL_CALLER, "no_way", "the service's row names no way any more");
    return true;
}

static void try_now(struct farewells *x, struct hearer *h)
{
    struct farewell *f = pop(h);
    struct try *t = arena_make(f->arena, struct try);

    *t = (struct try){ .all = x, .of = f };
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
    bool answered = why.kind == FAIL_NONE || why.kind == FAIL_CALLER;
    h->silent = answered ? 0 : h->silent + 1;
    h->quiet_until_ms = loop_now_ms(x->loop) + pauses_ms[h->silent < PAUSES ? h->silent : PAUSES - 1];
    log_event(answered ? LOG_DEBUG : LOG_INFO, "farewell.tried", LOG_S("service", h->id),
              LOG_C("code", why.kind == FAIL_NONE ? "heard" : why.code), LOG_C("why", why.detail),
              LOG_N("tries", f->tries));
    if (why.kind == FAIL_NONE) {
        metrics_add(x->metrics, METRIC_farewells_heard);
        farewell_end(x, f, FAREWELL_HEARD);
    } else if (answered || !is_worth_another(x, f)) {
        lose(x, h, why.code);
        farewell_end(x, f, FAREWELL_CANNOT);
    } else {
        look_settle(f, FAREWELL_WAITS);
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
        farewell_end(x, pop(h), FAREWELL_CANNOT);
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

static void set_timer(struct farewells *x)
{
    int64_t due_ms = INT64_MAX, now_ms = loop_now_ms(x->loop);

    for (const struct hearer *h = x->hearers; h != NULL; h = h->next) {
        int64_t at = h->first != NULL ? h->quiet_until_ms : h->quiet_until_ms + pauses_ms[PAUSES - 1];
        if (h->under_way == 0 && at > now_ms && at < due_ms)
            due_ms = at;
    }
    if (due_ms != INT64_MAX && !x->stopped)
        timer_set(x->loop, &x->timer, due_ms - now_ms);
}

static void turn(struct timer *timer)
{
    struct farewells *x = (struct farewells *)timer;

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
    forget_idle(x);
    if (x->ended == NULL)
        set_timer(x);
}

/* ── saying ─────────────────────────────────────────────────────────────── */

static bool can_hear(const struct ctx *c, const struct service *s)
{
    const struct protocol *p = s != NULL ? protocol_of(c, s->protocol) : NULL;

    return p != NULL && p->hears != NULL && p->hears(c, s);
}

/* NULL: there is no room. */
static struct farewell *say(struct farewells *x, const struct leaver *who, struct str service)
{
    struct hearer *h = hearer_of(x, service);

    if (x->stopped || x->in_all >= FAREWELLS_MAX || h->waiting + h->under_way >= FAREWELLS_OF_SERVICE_MAX) {
        lose(x, h, "full");
        return NULL;
    }
    struct arena *a = arena_new();
    struct farewell *f = arena_make(a, struct farewell);
    *f = (struct farewell){ .arena = a, .to = h, .until_ms = loop_now_ms(x->loop) + FAREWELL_LASTS_S * 1000 };
    f->who = (struct leaver){ .sid = arena_str(a, who->sid), .person = arena_str(a, who->person) };
    x->in_all++;
    push(h, f);
    return f;
}

void farewells_say(struct ctx *c, const struct leaver *who, const struct strs *services, enum farewell_said *said)
{
    struct farewells *x = c->farewells;
    struct look *l = NULL;

    for (size_t i = 0; i < services->n; i++) {
        said[i] = FAREWELL_CANNOT;
        if (x == NULL || !can_hear(c, registry_service(c->registry, services->at[i])))
            continue;
        x->metrics = c->metrics;
        struct farewell *f = say(x, who, services->at[i]);
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
    if (x != NULL && x->in_all > 0)
        timer_set(x->loop, &x->timer, 0);
    if (l == NULL)
        return;
    batch_ask(&c->batch);
    timer_set(x->loop, &l->timer, FAREWELL_LOOK_MS);
}

void farewells_tell(struct ctx *c, const struct leaver *who, const struct strs *services)
{
    struct farewells *x = c->farewells;

    for (size_t i = 0; x != NULL && i < services->n; i++)
        if (can_hear(c, registry_service(c->registry, services->at[i])) && say(x, who, services->at[i]) != NULL)
            timer_set(x->loop, &x->timer, 0);
}

/* ── life ───────────────────────────────────────────────────────────────── */

struct farewells *farewells_new(struct loop *l, const struct world *w, const struct settings *set,
                                const struct farewell_hooks *h)
{
    struct arena *a = arena_new();
    struct farewells *x = arena_make(a, struct farewells);

    *x = (struct farewells){ .timer = { .due = turn }, .arena = a, .loop = l, .world = w, .set = set, .hooks = *h };
    return x;
}

void farewells_stop(struct farewells *x)
{
    x->stopped = true;
}

bool farewells_busy(const struct farewells *x)
{
    return x->under_way > 0;
}

static void drop_all(struct farewells *x, struct hearer *h)
{
    while (h->first != NULL) {
        lose(x, h, "stopped");
        farewell_end(x, pop(h), FAREWELL_CANNOT);
    }
    log_lost(x, h, true);
    arena_free(h->arena);
}

void farewells_free(struct farewells *x)
{
    if (x == NULL)
        return;
    assert(x->under_way == 0 && x->looks == NULL);
    timer_clear(x->loop, &x->timer);
    for (struct hearer *h = x->hearers, *next; h != NULL; h = next) {
        next = h->next;
        drop_all(x, h);
    }
    arena_free(x->arena);
}
