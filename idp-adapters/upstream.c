/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/upstream.h"

#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { BUCKETS = 4096, PARTIES = 512, NAME_MAX_B = 256, LOOPS_MAX = 64, ORDERS_MAX = 64 };

struct doc { /* one fetched and parsed document, in an arena of its own with all that it points to */
    atomic_uint holders;
    struct arena *arena;
    const void *value;
    int64_t fetched_s;
    int64_t fresh_s; /* 0: as the setting says */
    uint64_t hash;   /* of its text */
};

struct cell { /* what the store knows of one name */
    struct cell *next;
    struct str name, url;
    uint64_t terms;     /* what the document was read for */
    struct doc *doc;    /* the store holds it once */
    bool flying, given; /* given: it stands in the registry */
    bool renews;        /* a later copy differed from an earlier one */
    int64_t tried_s, forced_s;
    size_t forced;     /* fetches in a row because the kept document did not do */
    const char *error; /* why the last attempt failed; NULL: it did not */
    char detail[160];
};

struct party { /* an identity provider that did not answer once, or whose certificate was seen */
    struct party *next;
    struct str idp;
    int64_t away_s; /* when it did not; 0: it has since */
    int64_t tls_ends_s;
};

struct upstream_store {
    pthread_mutex_t lock; /* of all below; never held while parsing or asking */
    struct arena *arena;
    struct cell *buckets[BUCKETS];
    struct party *parties[PARTIES];
    struct upstreams *loops[LOOPS_MAX];
    size_t loop_count, kept;
    uint64_t fetches;
    struct sources *sources;
    struct str
        orders[ORDERS_MAX]; /* ids, the oldest first; what is over goes unheard, and is asked for again by hand */
    size_t order_count;
};

struct waiter { /* in its asker's arena */
    struct waiter *next;
    struct cell *cell;
    struct batch *batch;
    struct arena *arena;
    struct upstream_got *out;
};

struct flight {         /* in the arena that becomes the document's */
    struct batch batch; /* first: the batch leads back to its flight */
    struct upstream_store *store;
    struct upstreams *from; /* NULL once that loop has ended */
    struct flight *next, **link;
    struct cell *cell;
    struct arena *arena;
    struct upstream_want want;
    struct fetch_got got;
};

struct upstreams {
    struct arena *arena;
    struct upstream_store *store;
    struct loop *loop;
    struct fetch *fetch;
    const struct world *world;
    int64_t refresh_s;
    struct watch landed; /* an eventfd: a flight of another loop has landed */
    struct waiter *waiters;
    struct flight *flights;
    upstream_order_fn *order; /* NULL: this loop takes none */
    void *order_self;
};

struct upstream_store *upstream_store_new(void)
{
    struct arena *a = arena_new();
    struct upstream_store *s = arena_make(a, struct upstream_store);

    s->arena = a;
    (void)pthread_mutex_init(&s->lock, NULL);
    return s;
}

static void doc_drop(void *handle)
{
    struct doc *d = handle;

    if (d != NULL && atomic_fetch_sub_explicit(&d->holders, 1, memory_order_acq_rel) == 1)
        arena_free(d->arena);
}

void upstream_store_free(struct upstream_store *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct cell *c = s->buckets[i]; c != NULL; c = c->next)
            doc_drop(c->doc);
    (void)pthread_mutex_destroy(&s->lock);
    arena_free(s->arena);
}

static struct cell *cell_of(struct upstream_store *s, struct str name)
{
    struct cell **bucket = &s->buckets[str_hash(name, 0) % BUCKETS];

    for (struct cell *c = *bucket; c != NULL; c = c->next)
        if (str_eq(c->name, name))
            return c;
    struct cell *c = arena_make(s->arena, struct cell);
    *c = (struct cell){ .next = *bucket, .name = arena_str(s->arena, name), .error = "away" };
    *bucket = c;
    return c;
}

static uint64_t terms_of(const struct upstream_want *want)
{
    return str_hash(want->trust, str_hash(want->expect, 1));
}

static bool is_from(const struct cell *c, const struct upstream_want *want)
{
    return str_eq(c->url, want->url) && c->terms == terms_of(want);
}

/* The idp's row names another address now, or trusts another signer: what was read before is no longer its word. */
static void note_source(struct upstream_store *s, struct cell *c, const struct upstream_want *want)
{
    if (is_from(c, want))
        return;
    s->kept -= c->doc != NULL;
    doc_drop(c->doc);
    c->url = arena_str(s->arena, want->url);
    c->terms = terms_of(want);
    c->doc = NULL;
    c->tried_s = c->forced_s = 0;
    c->forced = 0;
    c->renews = false;
}

static void give(struct arena *a, const struct cell *c, struct upstream_got *out)
{
    *out = (struct upstream_got){ .error = c->error != NULL ? c->error : "away", .tried_s = c->tried_s };
    (void)snprintf(out->detail, sizeof out->detail, "%s", c->detail);
    if (c->doc == NULL)
        return;
    (void)atomic_fetch_add_explicit(&c->doc->holders, 1, memory_order_relaxed);
    arena_adopt(a, c->doc, doc_drop);
    out->value = c->doc->value;
    out->fetched_s = c->doc->fetched_s;
    out->trouble = c->error;
    out->renews = c->renews;
    out->error = NULL;
}

/* Everyone in this loop whose flight is over gets what there is now. */
static void settle(struct upstreams *u)
{
    struct waiter **at = &u->waiters, *done = NULL;

    (void)pthread_mutex_lock(&u->store->lock);
    while (*at != NULL) {
        struct waiter *w = *at;
        if (w->cell->flying) {
            at = &w->next;
            continue;
        }
        give(w->arena, w->cell, w->out);
        *at = w->next;
        w->next = done;
        done = w;
    }
    (void)pthread_mutex_unlock(&u->store->lock);
    while (done != NULL) { /* a waiter may be gone once it is answered */
        struct batch *b = done->batch;
        done = done->next;
        batch_answered(b);
    }
}

/* Takes the oldest order; absent: there is none. */
static struct str take_order(struct upstreams *u, struct arena *a)
{
    struct upstream_store *s = u->store;
    struct str id = { NULL, 0 };

    (void)pthread_mutex_lock(&s->lock);
    if (s->order_count > 0) {
        id = arena_str(a, s->orders[0]);
        for (size_t i = 1; i < s->order_count; i++)
            s->orders[i - 1] = s->orders[i];
        s->order_count--;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return id;
}

static void run_orders(struct upstreams *u)
{
    struct arena *a = arena_new();
    struct str id;

    while (u->order != NULL && (id = take_order(u, a)).p != NULL)
        u->order(u->order_self, id);
    arena_free(a);
}

static void on_landed(struct watch *w, uint32_t events)
{
    struct upstreams *u = (struct upstreams *)((char *)w - offsetof(struct upstreams, landed));
    eventfd_t count;

    (void)events;
    (void)eventfd_read(w->fd, &count);
    settle(u);
    run_orders(u);
}

struct upstreams *upstreams_new(struct upstream_store *s, struct loop *l, struct fetch *x, const struct world *w,
                                const struct settings *set)
{
    struct arena *a = arena_new();
    struct upstreams *u = arena_make(a, struct upstreams);

    *u = (struct upstreams){
        .arena = a, .store = s, .loop = l, .fetch = x, .world = w, .refresh_s = set->metadata_refresh_s
    };
    u->landed = (struct watch){ on_landed, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), 0 };
    (void)pthread_mutex_lock(&s->lock);
    if (u->landed.fd < 0 || !loop_watch(l, &u->landed, EPOLLIN) || s->loop_count == LOOPS_MAX)
        abort();
    s->loops[s->loop_count++] = u;
    (void)pthread_mutex_unlock(&s->lock);
    return u;
}

static void leave_store(struct upstreams *u)
{
    struct upstream_store *s = u->store;

    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->loop_count; i++)
        if (s->loops[i] == u)
            s->loops[i] = s->loops[--s->loop_count];
    for (struct flight *f = u->flights; f != NULL; f = f->next)
        f->from = NULL; /* it lands when its fetch is given up */
    (void)pthread_mutex_unlock(&s->lock);
}

void upstreams_free(struct upstreams *u)
{
    if (u == NULL)
        return;
    leave_store(u);
    while (u->waiters != NULL) {
        struct waiter *w = u->waiters;
        u->waiters = w->next;
        *w->out = (struct upstream_got){ .error = "away" };
        batch_answered(w->batch);
    }
    loop_forget(u->loop, &u->landed);
    (void)close(u->landed.fd);
    arena_free(u->arena);
}

static void wake_loops(struct upstream_store *s)
{
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->loop_count; i++)
        (void)eventfd_write(s->loops[i]->landed.fd, 1);
    (void)pthread_mutex_unlock(&s->lock);
}

void upstream_order(struct upstream_store *s, struct str id)
{
    (void)pthread_mutex_lock(&s->lock);
    if (s->order_count < ORDERS_MAX)
        s->orders[s->order_count++] = arena_str(s->arena, id);
    (void)pthread_mutex_unlock(&s->lock);
    wake_loops(s);
}

void upstreams_on_order(struct upstreams *u, upstream_order_fn *run, void *self)
{
    u->order = run;
    u->order_self = self;
}

/* ── who answers ────────────────────────────────────────────────────────── */

static bool is_silence(const struct fetch_got *got)
{
    static const char *const words[] = { "timeout", "connect", "resolve", "tls", "protocol" };

    if (got->answered)
        return got->status >= 500;
    for (size_t i = 0; got->error != NULL && i < sizeof words / sizeof *words; i++)
        if (strcmp(got->error, words[i]) == 0)
            return true;
    return false;
}

/* The lock is held. */
static struct party *party_of(const struct upstream_store *s, struct str idp)
{
    for (struct party *p = s->parties[str_hash(idp, 0) % PARTIES]; p != NULL; p = p->next)
        if (str_eq(p->idp, idp))
            return p;
    return NULL;
}

static struct party *party_new(struct upstream_store *s, struct str idp)
{
    struct party **bucket = &s->parties[str_hash(idp, 0) % PARTIES], *p = arena_make(s->arena, struct party);

    *p = (struct party){ .next = *bucket, .idp = arena_str(s->arena, idp) };
    *bucket = p;
    return p;
}

void upstream_note(struct upstreams *u, struct str idp, const struct fetch_got *got)
{
    struct upstream_store *s = u->store;
    bool silence = is_silence(got);

    if (!silence && !got->answered)
        return;
    (void)pthread_mutex_lock(&s->lock);
    struct party *p = party_of(s, idp);
    if (p == NULL && (silence || got->tls_ends_s > 0))
        p = party_new(s, idp);
    if (p != NULL)
        p->away_s = silence ? world_now_s(u->world) : 0;
    if (p != NULL && got->tls_ends_s > 0)
        p->tls_ends_s = got->tls_ends_s;
    (void)pthread_mutex_unlock(&s->lock);
}

bool upstream_is_away(struct upstreams *u, struct str idp)
{
    int64_t now_s = world_now_s(u->world);

    (void)pthread_mutex_lock(&u->store->lock);
    const struct party *p = party_of(u->store, idp);
    bool away = p != NULL && p->away_s > 0 && now_s - p->away_s < UPSTREAM_NEWS_S;
    (void)pthread_mutex_unlock(&u->store->lock);
    return away;
}

int64_t upstream_tls_ends_s(struct upstream_store *s, struct str idp)
{
    (void)pthread_mutex_lock(&s->lock);
    const struct party *p = party_of(s, idp);
    int64_t ends_s = p != NULL ? p->tls_ends_s : 0;
    (void)pthread_mutex_unlock(&s->lock);
    return ends_s;
}

/* ── fetching ───────────────────────────────────────────────────────────── */

/* Not now, or not at all: what a web server means by its status [RFC 9110 15]. */
static bool fetch_says_no(int status)
{
    return status < 500 && status != 408 && status != 429;
}

/* What came, as a document that holds its own arena; NULL, and why, otherwise. */
static struct doc *read_doc(struct arena *a, const struct upstream_want *want, const struct fetch_got *got,
                            int64_t now_s, struct fail *why)
{
    struct doc *d = arena_make(a, struct doc);

    if (!got->answered)
        (void)fail(why, FAIL_UPSTREAM, got->error != NULL ? got->error : "away", "%.*s", STR_ARG(want->url));
    else if (got->status != 200)
        (void)fail(why, FAIL_UPSTREAM, fetch_says_no(got->status) ? "http_refused" : "http_error", "%.*s answered %d",
                   STR_ARG(want->url), got->status);
    else
        d->value = want->parse(a, want, got->body, why);
    if (d->value == NULL)
        return NULL;
    atomic_init(&d->holders, 1);
    d->arena = a;
    d->fetched_s = now_s;
    d->fresh_s = want->fresh != NULL ? want->fresh(d->value, now_s) : 0;
    d->hash = str_hash(got->body, 0);
    return d;
}

bool upstream_outlasts(int64_t kept_until_s, int64_t fetched_until_s, bool is_signed, int64_t now_s)
{
    bool kept_ended = kept_until_s != 0 && kept_until_s <= now_s;
    bool fetched_ended = fetched_until_s != 0 && fetched_until_s <= now_s;

    return (!fetched_ended || kept_ended) && (!is_signed || fetched_until_s >= kept_until_s);
}

/* An older document, signed and all, may be played back to bring a lost key into use again. */
static bool is_rollback(const struct cell *c, const struct upstream_want *want, const struct doc *d)
{
    return want->newer != NULL && c->doc != NULL && !want->newer(c->doc->value, d->value, d->fetched_s);
}

/* A renewal that failed leaves the old document in place. */
static void put_doc(struct upstream_store *s, struct cell *c, const struct upstream_want *want, struct doc *d,
                    const struct fail *why, bool landed)
{
    struct doc *old = NULL;

    (void)pthread_mutex_lock(&s->lock);
    if (landed)
        c->flying = false;
    if (d != NULL && !is_from(c, want)) { /* the row was changed while this was on its way */
        old = d;
    } else if (d != NULL && is_rollback(c, want, d)) {
        log_event(LOG_WARN, "upstream.rollback", LOG_S("idp", want->place));
        old = d;
    } else if (d != NULL) {
        old = c->doc;
        s->kept += old == NULL;
        c->renews = c->renews || (old != NULL && old->hash != d->hash);
        c->doc = d;
        c->error = NULL;
        c->detail[0] = '\0';
    } else {
        c->error = why->code;
        (void)snprintf(c->detail, sizeof c->detail, "%.*s", (int)sizeof c->detail - 1, why->detail);
    }
    (void)pthread_mutex_unlock(&s->lock);
    doc_drop(old);
}

static void forget_flight(struct flight *f)
{
    if (f->from == NULL)
        return;
    *f->link = f->next;
    if (f->next != NULL)
        f->next->link = f->link;
}

static void on_flight(struct batch *b)
{
    struct flight *f = (struct flight *)b;
    struct upstream_store *s = f->store;
    struct upstreams *u = f->from;
    struct fail why = { 0 };
    struct doc *d = u != NULL ? read_doc(f->arena, &f->want, &f->got, world_now_s(u->world), &why) : NULL;

    if (why.kind == FAIL_NONE && d == NULL)
        (void)fail(&why, FAIL_UPSTREAM, u != NULL ? "unreadable" : "away", "%.*s", STR_ARG(f->want.url));
    if (d == NULL)
        log_event(LOG_WARN, "upstream.refresh_failed", LOG_S("idp", f->want.place), LOG_C("why", why.code),
                  LOG_C("detail", why.detail));
    if (u != NULL)
        upstream_note(u, f->want.place, &f->got);
    forget_flight(f);
    put_doc(s, f->cell, &f->want, d, &why, true);
    if (d == NULL)
        arena_free(f->arena);
    if (u != NULL)
        settle(u);
    wake_loops(s);
}

static struct upstream_want copy_want(struct arena *a, const struct upstream_want *w)
{
    struct upstream_want copy = *w;

    copy.name = arena_str(a, w->name);
    copy.url = arena_str(a, w->url);
    copy.place = arena_str(a, w->place);
    copy.networks = arena_str(a, w->networks);
    copy.expect = arena_str(a, w->expect);
    copy.trust = arena_str(a, w->trust);
    return copy;
}

/* The cell is marked as flying already. */
static void fly(struct upstreams *u, struct cell *c, const struct upstream_want *want)
{
    struct arena *a = arena_new();
    struct flight *f = arena_make(a, struct flight);

    *f = (struct flight){ .batch = { 0, on_flight },
                          .store = u->store,
                          .from = u,
                          .cell = c,
                          .arena = a,
                          .want = copy_want(a, want),
                          .next = u->flights,
                          .link = &u->flights };
    if (f->next != NULL)
        f->next->link = &f->next;
    u->flights = f;
    const struct fetch_request request = { .purpose = want->purpose,
                                           .test = want->test,
                                           .url = f->want.url,
                                           .accept = S("application/json, application/samlmetadata+xml, */*;q=0.1"),
                                           .networks = f->want.networks,
                                           .place = f->want.place };
    fetch_ask(u->fetch, &f->batch, a, &request, &f->got);
}

/* Whether the kept document, which did not do, may be fetched again already. */
static bool may_force(struct cell *c, int64_t now_s)
{
    static const int64_t pauses_s[] = UPSTREAM_PAUSES_S;
    size_t last = sizeof pauses_s / sizeof *pauses_s - 1;
    int64_t since_s = now_s - c->forced_s;

    if (since_s >= UPSTREAM_CALM_S || since_s < 0)
        c->forced = 0;
    return c->forced == 0 || since_s >= pauses_s[c->forced < last ? c->forced : last];
}

static int64_t life_s(const struct doc *d, int64_t refresh_s)
{
    return d->fresh_s > 0 && d->fresh_s < refresh_s ? d->fresh_s : refresh_s;
}

static int64_t pause_s(const struct cell *c, const struct upstream_want *want)
{
    bool said_no = c->error != NULL && strcmp(c->error, "http_refused") == 0;

    return said_no && want->refused_s > 0 ? want->refused_s : UPSTREAM_RETRY_S;
}

/* Whether a fetch begins now: never two at a time, never more often than the
 * rules of the header allow, however many logins ask. */
static bool may_fly(struct cell *c, const struct upstream_want *want, int64_t refresh_s, int64_t now_s)
{
    if (c->flying)
        return false;
    if (want->anew && (want->ordered || may_force(c, now_s)))
        return true;
    if (c->doc == NULL)
        return c->tried_s == 0 || now_s - c->tried_s >= pause_s(c, want);
    bool due = now_s - c->doc->fetched_s >= life_s(c->doc, refresh_s);
    return due && (c->error == NULL || now_s - c->tried_s >= UPSTREAM_FORCE_S);
}

static bool give_kept(struct upstreams *u, struct arena *a, const struct upstream_want *want, struct upstream_got *out)
{
    (void)pthread_mutex_lock(&u->store->lock);
    struct cell *c = cell_of(u->store, want->name);
    note_source(u->store, c, want);
    c->given = true;
    bool kept = c->doc != NULL;
    if (kept)
        give(a, c, out);
    (void)pthread_mutex_unlock(&u->store->lock);
    return kept;
}

/* A document that stands in the registry: its url changes with its text. */
static void ask_given(struct upstreams *u, struct arena *a, const struct upstream_want *want, struct upstream_got *out)
{
    struct fail why = { 0 };

    if (give_kept(u, a, want, out))
        return;
    if (upstream_put(u, want, want->body, &why) && give_kept(u, a, want, out))
        return;
    *out = (struct upstream_got){ .error = why.code != NULL ? why.code : "away" };
    (void)snprintf(out->detail, sizeof out->detail, "%.*s", (int)sizeof out->detail - 1, why.detail);
}

void upstream_ask(struct upstreams *u, struct batch *b, struct arena *a, const struct upstream_want *want,
                  struct upstream_got *out)
{
    struct upstream_store *s = u->store;
    int64_t now_s = world_now_s(u->world);

    batch_ask(b);
    if (want->body.p != NULL && want->name.n <= NAME_MAX_B) {
        ask_given(u, a, want, out);
        batch_answered(b);
        return;
    }
    if (want->name.n > NAME_MAX_B) {
        *out = (struct upstream_got){ .error = "refused_url" };
        batch_answered(b);
        return;
    }
    (void)pthread_mutex_lock(&s->lock);
    struct cell *c = cell_of(s, want->name);
    note_source(s, c, want);
    c->given = false;
    bool flies = may_fly(c, want, u->refresh_s, now_s);
    if (flies) {
        c->flying = true;
        c->tried_s = now_s;
        if (want->anew && !want->ordered) {
            c->forced_s = now_s;
            c->forced++;
        }
        s->fetches++;
    }
    bool waits = c->flying && (c->doc == NULL || want->anew);
    if (waits) {
        struct waiter *w = arena_make(a, struct waiter);
        *w = (struct waiter){ u->waiters, c, b, a, out };
        u->waiters = w;
    } else {
        give(a, c, out);
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (flies)
        fly(u, c, want);
    if (!waits)
        batch_answered(b);
}

void upstream_log_unknown_key(const struct upstream_got *got, bool renewed, struct str idp, const char *support_code,
                              const char *code, int64_t copy_age_s)
{
    const char *failed = got->value == NULL ? got->error : got->trouble;

    log_event(LOG_WARN, "upstream.key_unknown", LOG_C("support_code", support_code), LOG_S("idp", idp),
              LOG_C("code", code), LOG_N("copy_was_s_old", copy_age_s),
              LOG_C("fetched", renewed          ? "judged once more with a new copy"
                               : failed != NULL ? failed
                                                : "no: fetched a moment ago, or given in the registry"),
              LOG_C("detail", renewed ? "" : got->detail));
}

/* By the rules of may_fly(), for one whose copy still does. */
static int64_t next_s(const struct cell *c, int64_t refresh_s)
{
    if (c->given || c->tried_s == 0)
        return 0;
    if (c->doc == NULL)
        return c->tried_s + UPSTREAM_RETRY_S;
    int64_t due_s = c->doc->fetched_s + life_s(c->doc, refresh_s), again_s = c->tried_s + UPSTREAM_FORCE_S;

    return c->error != NULL && again_s > due_s ? again_s : due_s;
}

static void look(struct upstream_store *s, int64_t refresh_s, struct arena *a, struct str name,
                 struct upstream_got *out)
{
    *out = (struct upstream_got){ .error = "away" };
    (void)pthread_mutex_lock(&s->lock);
    for (const struct cell *c = s->buckets[str_hash(name, 0) % BUCKETS]; c != NULL; c = c->next)
        if (str_eq(c->name, name)) {
            give(a, c, out);
            out->next_s = refresh_s > 0 ? next_s(c, refresh_s) : 0;
        }
    (void)pthread_mutex_unlock(&s->lock);
}

void upstream_peek(struct upstreams *u, struct arena *a, struct str name, struct upstream_got *out)
{
    look(u->store, u->refresh_s, a, name, out);
}

void upstream_look(struct upstream_store *s, struct arena *a, struct str name, struct upstream_got *out)
{
    look(s, 0, a, name, out);
}

struct fetch *upstreams_fetch(const struct upstreams *u)
{
    return u->fetch;
}

void upstream_store_use(struct upstream_store *s, struct sources *sources)
{
    s->sources = sources;
}

struct sources *upstreams_sources(const struct upstreams *u)
{
    return u->store->sources;
}

struct upstream_store *upstreams_store(const struct upstreams *u)
{
    return u->store;
}

bool upstream_put(struct upstreams *u, const struct upstream_want *want, struct str body, struct fail *f)
{
    struct arena *a = arena_new();
    const struct fetch_got got = { .answered = true, .status = 200, .body = arena_str(a, body) };
    struct upstream_want copy = copy_want(a, want);
    struct doc *d = read_doc(a, &copy, &got, world_now_s(u->world), f);

    if (d == NULL) {
        arena_free(a);
        return false;
    }
    (void)pthread_mutex_lock(&u->store->lock);
    struct cell *c = cell_of(u->store, want->name);
    note_source(u->store, c, want);
    (void)pthread_mutex_unlock(&u->store->lock);
    put_doc(u->store, c, &copy, d, f, false);
    return true;
}

int64_t upstreams_now_s(const struct upstreams *u)
{
    return world_now_s(u->world);
}

size_t upstream_kept(const struct upstreams *u)
{
    (void)pthread_mutex_lock(&u->store->lock);
    size_t n = u->store->kept;
    (void)pthread_mutex_unlock(&u->store->lock);
    return n;
}

uint64_t upstream_fetches(const struct upstreams *u)
{
    (void)pthread_mutex_lock(&u->store->lock);
    uint64_t n = u->store->fetches;
    (void)pthread_mutex_unlock(&u->store->lock);
    return n;
}
