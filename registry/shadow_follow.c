/* SPDX-License-Identifier: EUPL-1.2
 *
 * What runs beside the snapshot that is in force. */
#include "registry/shadow_int.h"

#include "base/log.h"

#include <stdint.h>

enum { AGAIN_MS = 5000, DAY_S = 86400 };

struct runner { /* one run, of the thread that follows */
    struct shadow_run run;
    struct shadow_tally *tally;
    struct registry *draft; /* held; NULL: not made yet for this snapshot */
    int64_t again_ms;       /* not before */
};

struct shadow {
    struct arena *arena;
    const struct settings *set;
    const struct world *world;
    struct registry *live; /* held */
    struct runner at[SHADOW_RUNS_MAX];
    size_t n;
    struct db *db; /* of the counts */
    int64_t forgot_s;
    pthread_mutex_t lock;
    struct shadow_sets *now; /* under lock */
    atomic_size_t runs;
    atomic_uint_fast64_t compared, differ;
};

struct shadow *shadow_new(const struct settings *set, const struct world *w)
{
    struct arena *a = arena_new();
    struct shadow *k = arena_make(a, struct shadow);

    k->arena = a;
    k->set = set;
    k->world = w;
    (void)pthread_mutex_init(&k->lock, NULL);
    return k;
}

/* Requests that hold the old ones go on with them. */
static void swap(struct shadow *k, struct shadow_sets *s)
{
    (void)pthread_mutex_lock(&k->lock);
    struct shadow_sets *old = k->now;
    k->now = s;
    atomic_store(&k->runs, s != NULL ? s->n : 0);
    (void)pthread_mutex_unlock(&k->lock);
    shadow_drop(old);
}

struct shadow_sets *shadow_now(struct shadow *k, const struct registry *live)
{
    struct shadow_sets *s = NULL;

    if (k == NULL || atomic_load_explicit(&k->runs, memory_order_relaxed) == 0)
        return NULL;
    (void)pthread_mutex_lock(&k->lock);
    if (k->now != NULL && k->now->live == live) {
        s = k->now;
        atomic_fetch_add_explicit(&s->holders, 1, memory_order_relaxed);
    }
    (void)pthread_mutex_unlock(&k->lock);
    return s;
}

struct shadow_sums shadow_sums(struct shadow *k)
{
    struct shadow_sums sums = { 0 };

    if (k != NULL) {
        sums.runs = atomic_load(&k->runs);
        sums.compared = atomic_load(&k->compared);
        sums.differ = atomic_load(&k->differ);
    }
    return sums;
}

/* ── counts ─────────────────────────────────────────────────────────────── */

static bool write_one(struct shadow *k, struct shadow_tally *t, int64_t now_s, struct fail *f)
{
    struct arena *a = arena_new();

    if (k->db == NULL)
        k->db = shadow_store(k->set, a, f);
    arena_free(a);
    return k->db != NULL && shadow_tally_write(k->db, t, now_s, f);
}

bool shadow_write(struct shadow *k, int64_t now_s, struct fail *f)
{
    bool good = true;

    for (size_t i = 0; good && i < k->n; i++)
        good = write_one(k, k->at[i].tally, now_s, f);
    if (good && k->n > 0 && now_s >= k->forgot_s + DAY_S) {
        k->forgot_s = now_s;
        good = shadow_forget(k->db, now_s - SHADOW_KEPT_S, f);
    }
    return good;
}

/* ── runs ───────────────────────────────────────────────────────────────── */

static void remove_at(struct shadow *k, size_t i)
{
    struct fail f = { 0 };

    if (!write_one(k, k->at[i].tally, world_now_s(k->world), &f))
        log_event(LOG_WARN, "shadow.lost", LOG_C("code", f.code), LOG_C("why", f.detail));
    shadow_tally_drop(k->at[i].tally);
    registry_drop(k->at[i].draft);
    k->at[i] = k->at[--k->n];
}

static bool stands_in(const struct shadow_runs *runs, const struct shadow_run *x)
{
    for (size_t i = 0; i < runs->n; i++)
        if (runs->at[i].turn == x->turn && runs->at[i].since_s == x->since_s)
            return true;
    return false;
}

static bool is_followed(const struct shadow *k, const struct shadow_run *x)
{
    for (size_t i = 0; i < k->n; i++)
        if (k->at[i].run.turn == x->turn && k->at[i].run.since_s == x->since_s)
            return true;
    return false;
}

static void follow_one(struct shadow *k, const struct shadow_run *x)
{
    struct fail f = { 0 };
    struct shadow_tally *t;

    if (k->n == SHADOW_RUNS_MAX || is_followed(k, x))
        return;
    t = shadow_tally_new(x->turn, x->since_s, &x->area, k->world);
    t->compared_in_all = &k->compared;
    t->differ_in_all = &k->differ;
    if (!shadow_tally_load(k->set, t, &f)) {
        log_event(LOG_WARN, "shadow.waits", LOG_N("draft", x->draft), LOG_C("code", f.code), LOG_C("why", f.detail));
        shadow_tally_drop(t);
        return;
    }
    k->at[k->n++] =
        (struct runner){ .run = { .turn = x->turn, .since_s = x->since_s, .draft = x->draft, .area = t->area },
                         .tally = t };
}

/* True: something is other than it was. */
static bool take_runs(struct shadow *k, const struct shadow_runs *runs)
{
    size_t before = k->n;
    bool gone = false;

    for (size_t i = k->n; i-- > 0;)
        if (!stands_in(runs, &k->at[i].run)) {
            remove_at(k, i);
            gone = true;
        }
    for (size_t i = 0; i < runs->n; i++)
        follow_one(k, &runs->at[i]);
    return gone || k->n != before;
}

static bool take_live(struct shadow *k, struct registry *live)
{
    if (k->live == live)
        return false;
    registry_drop(k->live);
    k->live = registry_hold(live);
    for (size_t i = 0; i < k->n; i++) {
        registry_drop(k->at[i].draft);
        k->at[i].draft = NULL;
        k->at[i].again_ms = 0;
    }
    return true;
}

static bool keep(void *with, const struct registry *r, struct fail *f)
{
    struct registry **out = with;

    (void)f;
    *out = registry_hold((struct registry *)(uintptr_t)r);
    return true;
}

/* The registry as it would be with the draft.  NULL, and no failure: SQL has another version by now than the one in
 * force, whose own draft this would not be. */
static struct registry *made(struct shadow *k, struct db *d, const struct runner *x, const struct seals *seals,
                             struct fail *f)
{
    struct registry *r = NULL;
    struct arena *a = arena_new();
    struct draft draft;
    struct edit_result result = { 0 };
    const struct edit_how how = { .world = k->world, .seals = seals, .look = keep, .with = &r };

    if (draft_look(d, a, &x->run.area, x->run.draft, &draft, f)) {
        const struct change_by by = {
            .who = draft.owner, .area = &draft.area, .maker = MAKER_console, .at_s = world_now_s(k->world)
        };
        const struct edit_from from = { .draft = draft.number, .edition = draft.edition };
        struct edit *e = edit_new(&by, &from);
        bool good = edit_run(e, d, a, &how, EDIT_CHECK, &result, f);
        edit_free(e);
        if (!good || result.version != registry_parts(k->live)->version) {
            registry_drop(r);
            r = NULL;
        }
    }
    arena_free(a);
    if (r != NULL)
        policy_prepare(r);
    return r;
}

static void give_up(struct shadow *k, struct db *d, size_t i, const struct fail *why)
{
    struct fail f = { 0 };

    log_event(LOG_WARN, "shadow.broken", LOG_N("draft", k->at[i].run.draft), LOG_C("code", why->code),
              LOG_C("why", why->detail));
    if (!shadow_break(d, k->at[i].run.turn, world_now_s(k->world), why, &f))
        log_event(LOG_WARN, "shadow.waits", LOG_N("draft", k->at[i].run.draft), LOG_C("code", f.code),
                  LOG_C("why", f.detail));
    k->at[i].again_ms = world_mono_ms(k->world) + AGAIN_MS; /* gone with the next look, where that was written */
}

/* One at most: what else its thread does must not wait for all of them. */
static bool make_one(struct shadow *k, struct db *d, const struct seals *seals)
{
    int64_t now_ms = world_mono_ms(k->world);

    for (size_t i = 0; i < k->n; i++) {
        struct fail why = { 0 };
        if (k->at[i].draft != NULL || now_ms < k->at[i].again_ms)
            continue;
        k->at[i].draft = made(k, d, &k->at[i], seals, &why);
        if (why.kind == FAIL_OURS || why.kind == FAIL_BUSY)
            k->at[i].again_ms = now_ms + AGAIN_MS;
        else if (why.kind != FAIL_NONE)
            give_up(k, d, i, &why);
        return k->at[i].draft != NULL;
    }
    return false;
}

static void serve(struct shadow *k)
{
    struct shadow_sets *s = shadow_sets_new(k->live, k->n + 1);

    for (size_t i = 0; i < k->n; i++)
        if (k->at[i].draft != NULL)
            shadow_sets_add(s, k->at[i].tally, k->at[i].draft);
    if (s->n == 0) {
        shadow_drop(s);
        s = NULL;
    }
    swap(k, s);
}

void shadow_follow(struct shadow *k, struct db *d, struct registry *live, const struct seals *seals)
{
    struct arena *a = arena_new();
    struct shadow_runs runs;
    struct fail f = { 0 };
    bool other = take_live(k, live);

    if (shadow_running(d, a, world_now_s(k->world), &runs, &f))
        other = take_runs(k, &runs) || other;
    arena_free(a);
    if (make_one(k, d, seals) || other)
        serve(k);
}

void shadow_free(struct shadow *k)
{
    if (k == NULL)
        return;
    swap(k, NULL);
    while (k->n > 0)
        remove_at(k, k->n - 1);
    registry_drop(k->live);
    db_close(k->db);
    (void)pthread_mutex_destroy(&k->lock);
    arena_free(k->arena);
}
