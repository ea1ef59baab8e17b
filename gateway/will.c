/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/will.h"

#include "base/log.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/farewell_note.h"
#include "gateway/session/session.h"
#include "registry/ends.h"
#include "wire/json.h"

#include <assert.h>
#include <stddef.h>

enum { RECORD_MAX_B = 131072, ID_MAX_B = 128, LATER_S = 3600, SLACK_S = 2 };

static const struct str line = S("all");

/* ── the record ─────────────────────────────────────────────────────────── */

struct record {
    struct str sid, person, idp;
    int64_t ends_s; /* the session can be no more after this */
    const struct json_value *services, *told;
};

static const struct json_field fields[] = {
    { "sid", JSON_STR, true, ID_MAX_B, offsetof(struct record, sid) },
    { "person", JSON_STR, true, ID_MAX_B, offsetof(struct record, person) },
    { "idp", JSON_STR, false, ID_MAX_B, offsetof(struct record, idp) },
    { "ends", JSON_INT, true, 0, offsetof(struct record, ends_s) },
    { "services", JSON_ARRAY, true, SESSION_SERVICES_MAX, offsetof(struct record, services) },
    { "told", JSON_ARRAY, false, 2 * SESSION_TOLD_MAX, offsetof(struct record, told) },
    { 0 },
};

static void put_list(struct json_out *o, struct str name, const struct strs *list)
{
    json_key(o, name);
    json_begin_array(o);
    for (size_t i = 0; i < list->n; i++)
        json_str(o, list->at[i]);
    json_end_array(o);
}

static struct str write(struct ctx *c, const struct session *s)
{
    struct json_out o = json_out(c->arena, RECORD_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("sid"), s->sid);
    json_put_str(&o, S("person"), s->person->id);
    json_put_str(&o, S("idp"), s->person->idp);
    json_put_int(&o, S("ends"), s->ends_s);
    put_list(&o, S("services"), &s->services);
    put_list(&o, S("told"), &s->told);
    json_end_object(&o);
    return json_done(&o);
}

static struct strs list_of(struct arena *a, const struct json_value *v)
{
    struct strs out = { arena_make_n(a, (v != NULL ? v->count : 0) + 1, struct str), 0 };

    for (const struct json_value *one = v != NULL ? v->first : NULL; one != NULL; one = one->next)
        out.at[out.n++] = one->text;
    return out;
}

static bool can_hear(const struct ctx *c, struct str service)
{
    const struct service *s = registry_service(c->registry, service);
    const struct protocol *p = s != NULL ? protocol_of(c, s->protocol) : NULL;

    return p != NULL && p->hears != NULL && p->hears(c, s);
}

static bool some_can_hear(const struct ctx *c, const struct strs *services)
{
    for (size_t i = 0; i < services->n; i++)
        if (can_hear(c, services->at[i]))
            return true;
    return false;
}

static void look_again_at(struct ctx *c, struct str id_hash, int64_t left_s, struct kv_got *got)
{
    int64_t in_s = left_s < WILL_LOOK_S ? left_s : WILL_LOOK_S;
    const struct kv_line_more more = { .texts = &id_hash,
                                       .n = 1,
                                       .most = WILLS_MAX,
                                       .after_ms = ((in_s > 0 ? in_s : 0) + SLACK_S) * 1000,
                                       .ttl_s = c->set->session_max_s + LATER_S };

    kv_line_put(c->kv, &c->batch, c->arena, got, KV_WILLS, line, &more);
}

static bool open_record(struct ctx *c, struct str id_hash, struct str sealed, struct record *r)
{
    struct fail why = { 0 };
    struct str plain;

    *r = (struct record){ .ends_s = 0 };
    return seal_open(c->arena, c->seals, SEAL_SESSION, id_hash, sealed, &plain) &&
           json_read(c->arena, plain, fields, r, &why);
}

static struct str sealed(struct ctx *c, const struct session *s)
{
    struct str record = write(c, s);

    return record.p != NULL ? seal_close(c->arena, c->world, c->seals, SEAL_SESSION, s->id_hash, record) : record;
}

struct rewriting { /* of a will that another request of the same session has written meanwhile */
    struct ctx *c;
    struct session s;
};

/* What either has opened; by the name that this one has told, where both have told one. */
static struct str rewrite(void *with, struct str there)
{
    struct rewriting *w = with;
    struct record r;

    if (!open_record(w->c, w->s.id_hash, there, &r) || !str_eq(r.sid, w->s.sid))
        return sealed(w->c, &w->s);
    struct session all = w->s;
    struct strs services = list_of(w->c->arena, r.services), told = list_of(w->c->arena, r.told);
    all.services = (struct strs){ arena_make_n(w->c->arena, 1, struct str), 0 };
    for (size_t i = 0; i < w->s.services.n; i++)
        strs_add(w->c->arena, &all.services, w->s.services.at[i]);
    for (size_t i = 0; i < services.n && all.services.n < SESSION_SERVICES_MAX; i++)
        if (!strs_has(&all.services, services.at[i]))
            strs_add(w->c->arena, &all.services, services.at[i]);
    all.told = (struct strs){ arena_make_n(w->c->arena, 1, struct str), 0 };
    for (size_t i = 0; i < w->s.told.n; i++)
        strs_add(w->c->arena, &all.told, w->s.told.at[i]);
    for (size_t i = 0; i + 1 < told.n && all.told.n < 2 * (size_t)SESSION_TOLD_MAX; i += 2)
        if (session_told(&w->s, told.at[i]).p == NULL) {
            strs_add(w->c->arena, &all.told, told.at[i]);
            strs_add(w->c->arena, &all.told, told.at[i + 1]);
        }
    return sealed(w->c, &all);
}

/* Two tabs of one browser open a service each at once, and each knows of its own. */
void will_write(struct ctx *c)
{
    const struct session *s = c->session;
    struct kv_got *got = arena_make_n(c->arena, 2, struct kv_got);
    struct rewriting *w = arena_make(c->arena, struct rewriting);
    int64_t lives_s = s->ends_s - c->now_s;

    if (c->vigil == NULL || lives_s <= 0 || !some_can_hear(c, &s->services))
        return;
    *w = (struct rewriting){ c, *s };
    const struct kv_swap swap = {
        .value = sealed(c, s), .ttl_s = lives_s + LATER_S, .create = true, .remake = rewrite, .with = w
    };
    if (swap.value.p == NULL)
        return;
    kv_swap(c->kv, &c->batch, c->arena, &got[0], KV_WILL, s->id_hash, &swap);
    look_again_at(c, s->id_hash, session_left_s(c->set, s, c->now_s), &got[1]);
}

void will_drop(struct ctx *c, struct str id_hash)
{
    if (c->vigil != NULL)
        kv_delete(c->kv, &c->batch, c->arena, arena_make(c->arena, struct kv_got), KV_WILL, id_hash);
}

void will_take(struct ctx *c, struct str id_hash, struct kv_got *got)
{
    if (c->vigil != NULL)
        kv_take(c->kv, &c->batch, c->arena, got, KV_WILL, id_hash);
}

static void tell(struct ctx *c, const struct record *r, const char *why, struct str row)
{
    const struct leaver who = { .sid = r->sid, .person = r->person, .idp = r->idp, .why = str_of(why), .row = row };
    struct strs services = list_of(c->arena, r->services), told = list_of(c->arena, r->told);

    farewells_tell(c, &who, &told, &services);
}

bool will_read(struct ctx *c, struct str id_hash, struct str sid, const struct kv_got *got, struct strs *told,
               struct strs *services)
{
    struct record r;

    if (got->outcome != KV_HIT || !open_record(c, id_hash, got->value, &r))
        return false;
    if (!str_eq(r.sid, sid)) {
        tell(c, &r, LEFT_BY_OTHER, S(""));
        return false;
    }
    *told = list_of(c->arena, r.told);
    struct strs all = list_of(c->arena, r.services);
    for (size_t i = 0; i < all.n; i++)
        if (!strs_has(services, all.at[i]) && services->n < SESSION_SERVICES_MAX)
            strs_add(c->arena, services, all.at[i]);
    return true;
}

/* ── looking ────────────────────────────────────────────────────────────── */

struct wills {
    struct timer timer; /* first */
    struct arena *arena;
    struct loop *loop;
    const struct world *world;
    const struct settings *set;
    struct farewell_hooks hooks;
    struct turn *over; /* whose steps have ended, and whose memory is not free */
    size_t under_way;
    bool taking, stopped;
};

struct turn {     /* at the line, or at one session */
    struct ctx c; /* first: a context leads back */
    struct wills *all;
    struct turn *next;
    struct str id_hash; /* absent: the line */
    struct kv_got due, session, will, more;
    const char *why; /* it is over */
    struct str row;
    bool begun;
};

static struct turn *turn_of(struct ctx *c)
{
    return (struct turn *)c;
}

static void start(struct wills *w, struct str id_hash);

static enum step line_ask(struct ctx *c, struct fail *f)
{
    (void)f;
    kv_line_take(c->kv, &c->batch, c->arena, &turn_of(c)->due, KV_WILLS, line, WILL_TAKE_MOST, WILL_LEASE_MS);
    return WAIT;
}

static enum step line_read(struct ctx *c, struct fail *f)
{
    struct turn *t = turn_of(c);

    (void)f;
    for (size_t i = 0; i < t->due.listed && !t->all->stopped; i++)
        start(t->all, t->due.list[i]);
    return DONE;
}

static const struct step_row at_the_line[] = { { line_ask }, { line_read }, { NULL } };

static enum step session_asked(struct ctx *c, struct fail *f)
{
    struct turn *t = turn_of(c);

    (void)f;
    session_ask(c, t->id_hash, &t->session);
    return WAIT;
}

/* A record that is still there says who ended it; one that is not, that nobody did. */
static void why_over(struct ctx *c, struct turn *t)
{
    struct session *s = session_that_was(c, t->id_hash, &t->session);
    struct mark by;

    t->why = LEFT_BY_CLOCK;
    if (s == NULL || session_left_s(c->set, s, c->now_s) <= 0)
        return;
    t->why = session_has_lost(c->ends, s) ? LEFT_BY_OTHER : LEFT_BY_SWITCH;
    if (!ends_marked_by(c->ends, c->arena, s, &by))
        return;
    t->why = LEFT_BY_ACT;
    t->row = left_row(c->arena, c->registry, &by);
}

/* Redis away says nothing of a session. */
static enum step session_judged(struct ctx *c, struct fail *f)
{
    struct turn *t = turn_of(c);
    struct session *s = session_of(c, t->id_hash, &t->session, f);

    if (f->kind != FAIL_NONE)
        return REFUSE;
    if (s != NULL)
        look_again_at(c, t->id_hash, session_left_s(c->set, s, c->now_s), &t->more);
    else
        kv_take(c->kv, &c->batch, c->arena, &t->will, KV_WILL, t->id_hash);
    if (s == NULL)
        why_over(c, t);
    return WAIT;
}

static enum step will_taken(struct ctx *c, struct fail *f)
{
    struct turn *t = turn_of(c);

    (void)f;
    if (t->will.outcome == KV_DOWN) /* it goes on, or is looked at when the lease is over */
        return DONE;
    struct record r;
    if (t->will.outcome == KV_HIT && open_record(c, t->id_hash, t->will.value, &r))
        tell(c, &r, t->why, t->row);
    kv_line_drop(c->kv, &c->batch, c->arena, &t->more, KV_WILLS, line, &t->id_hash, 1);
    return WAIT;
}

static enum step dropped(struct ctx *c, struct fail *f)
{
    (void)c;
    (void)f;
    return DONE;
}

static const struct step_row at_a_session[] = {
    { session_asked }, { session_judged }, { will_taken }, { dropped }, { NULL }
};

/* Called by the steps, which still hold the context: the rest waits for the next turn. */
static void over(struct ctx *c)
{
    struct turn *t = turn_of(c);

    t->next = t->all->over;
    t->all->over = t;
    timer_set(t->all->loop, &t->all->timer, 0);
}

static void start(struct wills *w, struct str id_hash)
{
    struct arena *a = arena_new();
    struct turn *t = arena_make(a, struct turn);

    *t = (struct turn){ .all = w };
    t->id_hash = arena_str(a, id_hash);
    t->c.arena = a;
    t->c.world = w->world;
    t->c.set = w->set;
    t->c.now_s = world_now_s(w->world);
    w->under_way++;
    t->begun = w->hooks.begin(w->hooks.self, &t->c);
    if (t->begun && t->c.kv != NULL && kv_ready(t->c.kv))
        steps_run(&t->c, id_hash.p != NULL ? at_a_session : at_the_line, over);
    else
        over(&t->c);
}

static void clear_over(struct wills *w)
{
    while (w->over != NULL) {
        struct turn *t = w->over;
        w->over = t->next;
        w->under_way--;
        w->taking = w->taking && t->id_hash.p != NULL;
        w->hooks.end(w->hooks.self, &t->c);
        arena_free(t->c.arena);
    }
}

/* One timer for both: what has ended is put away at once, the line is asked when its time has come. */
static void due(struct timer *timer)
{
    struct wills *w = (struct wills *)timer;
    bool only_over = w->over != NULL;

    clear_over(w);
    if (w->stopped)
        return;
    if (!only_over && !w->taking) {
        w->taking = true;
        start(w, (struct str){ NULL, 0 });
    }
    if (w->over == NULL)
        timer_set(w->loop, &w->timer, WILL_EVERY_MS);
}

void wills_look(struct wills *w, struct str id_hash)
{
    if (!w->stopped)
        start(w, id_hash);
}

struct wills *wills_new(struct loop *l, const struct world *w, const struct settings *set,
                        const struct farewell_hooks *h)
{
    struct arena *a = arena_new();
    struct wills *x = arena_make(a, struct wills);

    *x = (struct wills){ .timer = { .due = due }, .arena = a, .loop = l, .world = w, .set = set, .hooks = *h };
    timer_set(l, &x->timer, WILL_EVERY_MS);
    return x;
}

void wills_stop(struct wills *w)
{
    w->stopped = true;
}

bool wills_busy(const struct wills *w)
{
    return w->under_way > 0;
}

void wills_free(struct wills *w)
{
    if (w == NULL)
        return;
    assert(w->under_way == 0);
    timer_clear(w->loop, &w->timer);
    arena_free(w->arena);
}
