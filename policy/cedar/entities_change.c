/* SPDX-License-Identifier: EUPL-1.2
 * A store that is another one but for some entities.  What is not below a change keeps what it is in; the rest is
 * computed again, each from its parents.  A cycle can only go through what is: whatever leads to a change had it among
 * its ancestors before. */
#include "policy/cedar/entities_int.h"
#include "policy/cedar/sort.h"

#include <string.h>

enum { SCANNED_FOR = 16 /* changed parents: for more, everything is computed again */ };

/* An entity of the new store that is not the old one's. */
struct fresh {
    const struct cedar_uid *uid;
    struct cedar_entity *entity; /* NULL: it is gone */
    const struct cedar_entity *old;
    enum { NEW = 0, OPEN, DONE } state;
};

struct change {
    struct arena *arena, *scratch;
    struct cedar_diags *d;
    const struct cedar_entities *old;
    struct cedar_entities *to;
    struct fresh *all; /* sorted by uid */
    size_t n, room, steps;
};

static int by_uid(const void *x, const void *y)
{
    return cedar_uid_cmp(((const struct fresh *)x)->uid, ((const struct fresh *)y)->uid);
}

static int uid_to_fresh(const void *key, const void *item)
{
    return cedar_uid_cmp(key, ((const struct fresh *)item)->uid);
}

static struct fresh *fresh_among(struct fresh *all, size_t n, const struct cedar_uid *uid)
{
    bool there;
    size_t at = cedar_search(uid, all, sizeof *all, 0, n, uid_to_fresh, &there);

    return there ? &all[at] : NULL;
}

static struct cedar_entity *copy(struct arena *a, const struct cedar_entity *e)
{
    struct cedar_entity *made = arena_make(a, struct cedar_entity);

    *made = *e;
    made->ancestors = NULL;
    made->n_ancestors = 0;
    return made;
}

/* Those that go and those that come; of one uid, the one that comes. */
static void collect(struct change *c, const struct cedar_entities *with, const struct cedar_uid *without, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; with != NULL && i < with->n; i++)
        c->all[c->n++] = (struct fresh){ &with->items[i]->uid, copy(c->arena, with->items[i]), NULL, NEW };
    for (size_t i = 0; i < n; i++)
        if (cedar_entity_find(c->old, &without[i]) != NULL &&
            (with == NULL || cedar_entity_find(with, &without[i]) == NULL))
            c->all[c->n++] = (struct fresh){ &without[i], NULL, NULL, NEW };
    cedar_sort(c->scratch, c->all, c->n, sizeof *c->all, by_uid);
    for (size_t i = 0; i < c->n; i++) /* one may be taken out twice */
        if (kept == 0 || !cedar_uid_eq(c->all[kept - 1].uid, c->all[i].uid))
            c->all[kept++] = c->all[i];
    c->n = kept;
    for (size_t i = 0; i < c->n; i++)
        c->all[i].old = cedar_entity_find(c->old, c->all[i].uid);
}

/* Adds all that are below something that changed.  False when that is better done all at once. */
static bool collect_below(struct change *c)
{
    const struct cedar_uid *above[SCANNED_FOR];
    size_t n = 0, changed = c->n;

    for (size_t i = 0; i < changed; i++)
        if (entities_may_be_parent(c->old, c->all[i].uid)) {
            if (n == SCANNED_FOR)
                return false;
            above[n++] = c->all[i].uid;
        }
    for (size_t i = 0; n > 0 && i < c->old->n; i++) {
        const struct cedar_entity *e = c->old->items[i];
        bool below = false;
        for (size_t k = 0; k < n && !below; k++)
            below = cedar_entity_in(e, above[k]);
        if (!below || fresh_among(c->all, changed, &e->uid) != NULL)
            continue;
        if (c->n == c->room)
            return false;
        c->all[c->n++] = (struct fresh){ &e->uid, copy(c->arena, e), e, NEW };
    }
    arena_spend(c->arena, n > 0 ? c->old->n * n : 1);
    if (c->n > changed)
        cedar_sort(c->scratch, c->all, c->n, sizeof *c->all, by_uid);
    return true;
}

/* The old items with the fresh ones in their places. */
static void merge(struct change *c)
{
    const struct cedar_entity **items = arena_make_n(c->arena, c->old->n + c->n, const struct cedar_entity *);
    size_t buckets = (size_t)1 << (64 - c->old->shift), from = 0, n = 0;
    int64_t *moved = arena_make_n(c->scratch, buckets + 1, int64_t), by = 0;
    uint32_t *starts = arena_make_n(c->arena, buckets + 1, uint32_t);

    for (size_t i = 0; i < c->n; i++) {
        const struct fresh *f = &c->all[i];
        bool there;
        size_t to = entities_place(c->old, f->uid, &there);
        memcpy(items + n, c->old->items + from, (to - from) * sizeof(const struct cedar_entity *));
        n += to - from;
        from = to + there;
        if (f->entity != NULL)
            items[n++] = f->entity;
        moved[(f->uid->hash >> c->old->shift) + 1] += (f->entity != NULL) - (f->old != NULL);
    }
    memcpy(items + n, c->old->items + from, (c->old->n - from) * sizeof(const struct cedar_entity *));
    for (size_t i = 0; i <= buckets; i++) {
        by += moved[i];
        starts[i] = (uint32_t)((int64_t)c->old->starts[i] + by);
    }
    c->to->n = n + c->old->n - from;
    c->to->items = items;
    c->to->starts = starts;
    c->to->shift = c->old->shift;
}

static int by_ancestor(const void *x, const void *y)
{
    return cedar_uid_cmp(((const struct cedar_ancestor *)x)->uid, ((const struct cedar_ancestor *)y)->uid);
}

/* Parents and what they are in, which is known by now. */
static void finish(struct change *c, struct cedar_entity *e)
{
    size_t n = 0, kept = 0;

    for (size_t i = 0; i < e->n_parents; i++) {
        const struct cedar_entity *parent = cedar_entity_find(c->to, &e->parents[i]);
        n += 1 + (parent != NULL ? parent->n_ancestors : 0);
    }
    c->steps += n + 1;
    arena_spend(c->arena, n + 1);
    if (n == 0 || c->steps > CEDAR_CLOSURE_STEPS_MAX)
        return;
    struct cedar_ancestor *all = arena_make_n(c->scratch, n, struct cedar_ancestor);
    n = 0;
    for (size_t i = 0; i < e->n_parents; i++) {
        const struct cedar_entity *parent = cedar_entity_find(c->to, &e->parents[i]);
        all[n++] = (struct cedar_ancestor){ e->parents[i].hash, &e->parents[i] };
        for (size_t k = 0; parent != NULL && k < parent->n_ancestors; k++)
            all[n++] = parent->ancestors[k];
    }
    cedar_sort(c->scratch, all, n, sizeof *all, by_ancestor);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || !cedar_uid_eq(all[kept - 1].uid, all[i].uid))
            all[kept++] = all[i];
    struct cedar_ancestor *ancestors = arena_make_n(c->arena, kept, struct cedar_ancestor);
    memcpy(ancestors, all, kept * sizeof *all);
    e->ancestors = ancestors;
    e->n_ancestors = kept;
    c->to->pairs += kept;
}

/* Where a walk stands: at a parent of an entity. */
struct step {
    struct fresh *at;
    size_t next;
};

/* Depth first, with a path instead of recursion.  False when the walk comes back to where it is. */
static bool walk(struct change *c, struct step *path, struct fresh *start)
{
    size_t depth = 1;

    path[0] = (struct step){ start, 0 };
    start->state = OPEN;
    while (depth > 0 && c->steps <= CEDAR_CLOSURE_STEPS_MAX && c->to->pairs <= CEDAR_CLOSURE_MAX) {
        struct step *step = &path[depth - 1];
        struct cedar_entity *e = step->at->entity;
        if (step->next == e->n_parents) {
            finish(c, e);
            step->at->state = DONE;
            depth--;
            continue;
        }
        struct fresh *parent = fresh_among(c->all, c->n, &e->parents[step->next++]);
        if (parent == NULL || parent->entity == NULL || parent->state == DONE)
            continue;
        if (parent->state == OPEN)
            return entities_cycle(c->d, parent->uid);
        parent->state = OPEN;
        path[depth++] = (struct step){ parent, 0 };
    }
    return true;
}

static bool close_fresh(struct change *c)
{
    struct step *path = arena_make_n(c->scratch, c->n, struct step);
    uint64_t *parents = entities_parents(c->arena, c->to);

    memcpy(parents, c->old->parents, entities_parents_B(c->to));
    c->to->parents = parents;
    c->to->pairs = c->old->pairs;
    for (size_t i = 0; i < c->n; i++) {
        c->to->pairs -= c->all[i].old != NULL ? c->all[i].old->n_ancestors : 0;
        if (c->all[i].entity != NULL)
            entities_note_parents(parents, c->to, c->all[i].entity);
    }
    for (size_t i = 0; i < c->n; i++)
        if (c->all[i].entity != NULL && c->all[i].state == NEW && !walk(c, path, &c->all[i]))
            return false;
    return entities_within_bounds(c->d, c->to->pairs, c->steps);
}

static const struct cedar_entities *all_at_once(struct change *c)
{
    struct cedar_entity **list = arena_make_n(c->arena, c->old->n + c->n, struct cedar_entity *);
    size_t n = 0;

    for (size_t i = 0; i < c->old->n; i++)
        if (fresh_among(c->all, c->n, &c->old->items[i]->uid) == NULL)
            list[n++] = copy(c->arena, c->old->items[i]);
    for (size_t i = 0; i < c->n; i++)
        if (c->all[i].entity != NULL)
            list[n++] = c->all[i].entity;
    return cedar_entities_of(c->arena, list, n, c->d);
}

const struct cedar_entities *cedar_entities_change(struct arena *a, const struct cedar_entities *s,
                                                   const struct cedar_entities *with, const struct cedar_uid *without,
                                                   size_t n, struct cedar_diags *d)
{
    size_t changed = n + (with != NULL ? with->n : 0), few = s->n / 8;
    struct change c = { .arena = a, .scratch = arena_scratch(a), .d = d, .old = s, .room = changed + few };
    const struct cedar_entities *made = NULL;

    c.all = arena_make_n(c.scratch, c.room, struct fresh);
    c.to = arena_make(a, struct cedar_entities);
    collect(&c, with, without, n);
    size_t own = c.n;
    if (s->n == 0 || own > few || s->n + own > (size_t)2 << (64 - s->shift) || !collect_below(&c)) {
        c.n = own;
        made = all_at_once(&c);
    } else {
        merge(&c);
        made = close_fresh(&c) ? c.to : NULL;
    }
    arena_free(c.scratch);
    return made;
}
