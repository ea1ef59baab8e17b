/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/vigil.h"

#include "base/address.h"
#include "gateway/farewell_note.h"
#include "gateway/session/session.h"
#include "gateway/will.h"
#include "model/test_school.h"
#include "policy/policy.h"
#include "registry/ends.h"

struct watched { /* one session, one service */
    struct arena *arena;
    struct session *session;
    struct str service;
    int64_t version, asked_s; /* of the registry by which policy was asked last, and when */
};

struct vigil {
    struct timer timer; /* first */
    struct arena *arena;
    struct loop *loop;
    const struct world *world;
    const struct settings *set;
    struct farewell_hooks hooks;
    struct wills *wills;
    struct watched *at[VIGIL_MAX];
    size_t n, next;
};

enum verdict { GOES_ON = 0, FORGOTTEN, OVER /* the session */, TAKEN_AWAY /* the service */ };

static bool is_taken_away(const struct ctx *c, struct watched *w)
{
    const struct service *s = registry_service(c->registry, w->service);
    int64_t version = registry_parts(c->registry)->version;

    if (s == NULL)
        return true;
    if (w->version == version && c->now_s < w->asked_s + VIGIL_POLICY_S)
        return false;
    w->version = version;
    w->asked_s = c->now_s;
    const struct circumstances now = { .now_s = c->now_s,
                                       .shared_device = w->session->shared,
                                       .from = address_read(w->session->from) };
    return policy_decide(c->registry, w->session->person, s, &now).effect != EFFECT_ALLOW;
}

/* As session_of() judges; what its person ended was told by whoever ended it, and what has come to its end by will.c.
 */
static enum verdict judge(const struct ctx *c, struct watched *w)
{
    const struct session *s = w->session;
    const struct idp *idp = person_idp(c->registry, s->person);

    if (c->now_s >= s->ends_s || ends_has(c->ends, s->id_hash))
        return FORGOTTEN;
    if (s->epoch < c->session_epoch || idp == NULL || !idp->enabled || session_has_lost(c->ends, s) ||
        ends_marked(c->ends, s))
        return OVER;
    return is_taken_away(c, w) ? TAKEN_AWAY : GOES_ON;
}

static void tell(struct ctx *c, struct watched *w)
{
    const struct strs one = { &w->service, 1 };
    const struct leaver who = leaver_of(w->session, LEFT_BY_POLICY);

    farewells_tell(c, &who, &w->session->told, &one);
}

static void forget(struct vigil *v, size_t i)
{
    arena_free(v->at[i]->arena);
    v->at[i] = v->at[--v->n];
}

static void look(struct vigil *v, struct ctx *c)
{
    size_t most = v->n < VIGIL_AT_ONCE ? v->n : VIGIL_AT_ONCE;

    for (size_t looked = 0; looked < most && v->n > 0; looked++) {
        size_t i = v->next < v->n ? v->next : 0;
        struct watched *w = v->at[i];
        enum verdict said = judge(c, w);
        v->next = i + 1;
        if (said == GOES_ON)
            continue;
        if (said == OVER)
            wills_look(v->wills, w->session->id_hash);
        if (said == TAKEN_AWAY)
            tell(c, w);
        forget(v, i);
        v->next = i;
    }
}

static void turn(struct timer *t)
{
    struct vigil *v = (struct vigil *)t;
    struct arena *a = arena_new();
    struct ctx *c = arena_make(a, struct ctx);

    c->arena = a;
    c->world = v->world;
    c->set = v->set;
    c->now_s = world_now_s(v->world);
    if (v->hooks.begin(v->hooks.self, c))
        look(v, c);
    v->hooks.end(v->hooks.self, c);
    arena_free(a);
    if (v->n > 0)
        timer_set(v->loop, &v->timer, VIGIL_EVERY_MS);
}

static bool can_hear(const struct ctx *c, const struct service *s)
{
    const struct protocol *p = s != NULL ? protocol_of(c, s->protocol) : NULL;

    return p != NULL && p->hears != NULL && p->hears(c, s);
}

static void watch(struct vigil *v, struct ctx *c, struct str service)
{
    struct fail unreadable = { 0 };

    if (v->n == VIGIL_MAX)
        return;
    struct arena *a = arena_new();
    struct watched *w = arena_make(a, struct watched);
    *w = (struct watched){ .arena = a, .service = arena_str(a, service), .asked_s = c->now_s };
    w->version = registry_parts(c->registry)->version;
    w->session = session_parse(a, session_write(a, c->session), &unreadable);
    if (w->session == NULL) {
        arena_free(a);
        return;
    }
    w->session->id_hash = arena_str(a, c->session->id_hash);
    v->at[v->n++] = w;
    if (v->n == 1)
        timer_set(v->loop, &v->timer, VIGIL_EVERY_MS);
}

void vigil_watch(struct ctx *c)
{
    if (c->vigil == NULL || !can_hear(c, c->service))
        return;
    will_write(c);
    watch(c->vigil, c, c->service->id);
}

void vigil_retold(struct ctx *c)
{
    struct vigil *v = c->vigil;
    bool same = false;

    if (v == NULL)
        return;
    for (size_t i = 0; i < v->n && !same; i++) {
        same = str_eq(v->at[i]->session->id_hash, c->session->id_hash) && str_eq(v->at[i]->service, c->service->id);
        if (same)
            forget(v, i);
    }
    vigil_watch(c);
}

void vigil_follow(struct ctx *c)
{
    const struct strs *all = &c->session->services;

    if (c->vigil == NULL)
        return;
    will_write(c);
    for (size_t i = 0; i < all->n; i++)
        if (can_hear(c, registry_service(c->registry, all->at[i])))
            watch(c->vigil, c, all->at[i]);
}

size_t vigil_count(const struct vigil *v)
{
    return v->n;
}

struct vigil *vigil_new(struct loop *l, const struct world *w, const struct settings *set,
                        const struct farewell_hooks *h)
{
    struct arena *a = arena_new();
    struct vigil *v = arena_make(a, struct vigil);

    v->timer.due = turn;
    v->arena = a;
    v->loop = l;
    v->world = w;
    v->set = set;
    v->hooks = *h;
    v->wills = wills_new(l, w, set, h);
    return v;
}

void vigil_stop(struct vigil *v)
{
    timer_clear(v->loop, &v->timer);
    wills_stop(v->wills);
}

bool vigil_busy(const struct vigil *v)
{
    return wills_busy(v->wills);
}

void vigil_free(struct vigil *v)
{
    if (v == NULL)
        return;
    timer_clear(v->loop, &v->timer);
    wills_free(v->wills);
    while (v->n > 0)
        forget(v, v->n - 1);
    arena_free(v->arena);
}
