/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/entities.h"

#include <stdlib.h>

/* What the closure is computed with; one per entity. */
struct node {
    struct cedar_entity *entity;
    uint32_t *parents; /* indexes of those parents that are in the store */
    size_t n_parents, next;
    enum { NEW = 0, OPEN, DONE } state;
};

struct closure {
    struct arena *arena;
    struct cedar_diags *d;
    struct node *nodes;
    size_t n, pairs;
    uint32_t *path; /* of the walk, from its start to where it is */
    size_t depth;
    bool too_large;
};

static int by_uid(const void *x, const void *y)
{
    const struct cedar_entity *const *a = x, *const *b = y;

    return cedar_uid_cmp(&(*a)->uid, &(*b)->uid);
}

static int ancestor_cmp(const void *x, const void *y)
{
    const struct cedar_ancestor *a = x, *b = y;

    return cedar_uid_cmp(a->uid, b->uid);
}

static bool same_record(const struct cedar_record *a, const struct cedar_record *b)
{
    struct cedar_value x = { .kind = CEDAR_RECORD, .record = a }, y = { .kind = CEDAR_RECORD, .record = b };

    return cedar_value_eq(&x, &y);
}

static bool has_parent(const struct cedar_entity *e, const struct cedar_uid *parent)
{
    for (size_t i = 0; i < e->n_parents; i++)
        if (cedar_uid_eq(&e->parents[i], parent))
            return true;
    return false;
}

static bool same_entity(const struct cedar_entity *a, const struct cedar_entity *b)
{
    if (!same_record(a->attrs, b->attrs) || !same_record(a->tags, b->tags))
        return false;
    for (size_t i = 0; i < a->n_parents; i++)
        if (!has_parent(b, &a->parents[i]))
            return false;
    for (size_t i = 0; i < b->n_parents; i++)
        if (!has_parent(a, &b->parents[i]))
            return false;
    return true;
}

static struct str uid_as_text(struct arena *a, const struct cedar_uid *uid)
{
    struct buf b = buf_new(a, 4096);

    cedar_uid_text(&b, uid);
    return buf_str(&b);
}

/* Sorted, without repetitions; *n shrinks.  False when two contradict. */
static bool unique(struct cedar_entity **items, size_t *n, struct cedar_diags *d)
{
    size_t kept = 0;

    qsort(items, *n, sizeof(struct cedar_entity *), by_uid);
    for (size_t i = 0; i < *n; i++) {
        if (kept == 0 || !cedar_uid_eq(&items[kept - 1]->uid, &items[i]->uid))
            items[kept++] = items[i];
        else if (!same_entity(items[kept - 1], items[i]))
            return cedar_error(d, (struct cedar_span){ 0, 0 }, "the entity `%.*s` is given twice, differently",
                               STR_ARG(uid_as_text(d->arena, &items[i]->uid)));
    }
    *n = kept;
    return true;
}

static void index_of(struct arena *a, struct cedar_entities *s)
{
    unsigned bits = 1;

    while (bits < 24 && ((size_t)1 << bits) < s->n)
        bits++;
    uint32_t *starts = arena_make_n(a, ((size_t)1 << bits) + 1, uint32_t);
    s->shift = 64 - bits;
    for (size_t i = 0; i < s->n; i++)
        starts[(s->items[i]->uid.hash >> s->shift) + 1]++;
    for (size_t i = 0; i < (size_t)1 << bits; i++)
        starts[i + 1] += starts[i];
    s->starts = starts;
}

static const struct cedar_entity *const *find_slot(const struct cedar_entities *s, const struct cedar_uid *uid)
{
    size_t bucket = uid->hash >> s->shift, low = s->starts[bucket], high = s->starts[bucket + 1];

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = cedar_uid_cmp(uid, &s->items[middle]->uid);
        if (order == 0)
            return &s->items[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct cedar_entity *cedar_entity_find(const struct cedar_entities *s, const struct cedar_uid *uid)
{
    const struct cedar_entity *const *slot = s->n > 0 ? find_slot(s, uid) : NULL;

    return slot != NULL ? *slot : NULL;
}

bool cedar_entity_in(const struct cedar_entity *e, const struct cedar_uid *group)
{
    size_t low = 0, high = e != NULL ? e->n_ancestors : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct cedar_ancestor *a = &e->ancestors[middle];
        int order = a->hash != group->hash ? (group->hash < a->hash ? -1 : 1) : cedar_uid_cmp(group, a->uid);
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

/* All parents and their ancestors, which are known by now. */
static void finish(struct closure *c, struct node *node)
{
    struct cedar_entity *e = node->entity;
    size_t n = e->n_parents, kept = 0;

    for (size_t i = 0; i < node->n_parents; i++)
        n += c->nodes[node->parents[i]].entity->n_ancestors;
    c->pairs += n;
    arena_spend(c->arena, n + 1);
    if (c->pairs > CEDAR_CLOSURE_MAX) {
        c->too_large = true;
        return;
    }
    struct cedar_ancestor *all = arena_make_n(c->arena, n, struct cedar_ancestor);
    n = 0;
    for (size_t i = 0; i < e->n_parents; i++)
        all[n++] = (struct cedar_ancestor){ e->parents[i].hash, &e->parents[i] };
    for (size_t i = 0; i < node->n_parents; i++) {
        const struct cedar_entity *parent = c->nodes[node->parents[i]].entity;
        for (size_t j = 0; j < parent->n_ancestors; j++)
            all[n++] = parent->ancestors[j];
    }
    if (n > 1)
        qsort(all, n, sizeof *all, ancestor_cmp);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || !cedar_uid_eq(all[kept - 1].uid, all[i].uid))
            all[kept++] = all[i];
    e->ancestors = all;
    e->n_ancestors = kept;
}

static bool cycle(struct closure *c, const struct node *at)
{
    return cedar_error(c->d, (struct cedar_span){ 0, 0 }, "the entity `%.*s` is its own ancestor",
                       STR_ARG(uid_as_text(c->d->arena, &at->entity->uid)));
}

/* Depth first, with a path instead of recursion: a chain of a million parents
 * is no stack.  False when the walk comes back to where it is. */
static bool walk(struct closure *c, size_t start)
{
    c->path[c->depth++] = (uint32_t)start;
    c->nodes[start].state = OPEN;
    while (c->depth > 0 && !c->too_large) {
        struct node *node = &c->nodes[c->path[c->depth - 1]];
        if (node->next == node->n_parents) {
            finish(c, node);
            node->state = DONE;
            c->depth--;
            continue;
        }
        uint32_t parent = node->parents[node->next++];
        if (c->nodes[parent].state == OPEN)
            return cycle(c, &c->nodes[parent]);
        if (c->nodes[parent].state == NEW) {
            c->nodes[parent].state = OPEN;
            c->path[c->depth++] = parent;
        }
    }
    return true;
}

static bool close_over(struct arena *a, const struct cedar_entities *s, struct cedar_entity **items,
                       struct cedar_diags *d)
{
    struct arena *scratch = arena_scratch(a);
    struct closure c = { .arena = a, .d = d, .n = s->n };
    bool ok = true;

    c.nodes = arena_make_n(scratch, s->n, struct node);
    c.path = arena_make_n(scratch, s->n, uint32_t);
    for (size_t i = 0; i < s->n; i++) {
        struct node *node = &c.nodes[i];
        node->entity = items[i];
        node->parents = arena_make_n(scratch, items[i]->n_parents, uint32_t);
        for (size_t j = 0; j < items[i]->n_parents; j++) {
            const struct cedar_entity *const *slot = find_slot(s, &items[i]->parents[j]);
            if (slot != NULL)
                node->parents[node->n_parents++] = (uint32_t)(slot - s->items);
        }
    }
    for (size_t i = 0; ok && i < s->n; i++)
        if (c.nodes[i].state == NEW)
            ok = walk(&c, i);
    arena_free(scratch);
    if (c.too_large)
        return cedar_error(d, (struct cedar_span){ 0, 0 },
                           "the entities have more than %d pairs of entity and ancestor", CEDAR_CLOSURE_MAX);
    return ok;
}

const struct cedar_entities *cedar_entities_of(struct arena *a, struct cedar_entity *const *list, size_t n,
                                               struct cedar_diags *d)
{
    struct cedar_entities *s = arena_make(a, struct cedar_entities);
    struct cedar_entity **items = arena_make_n(a, n, struct cedar_entity *);

    if (n > CEDAR_ENTITIES_MAX) {
        (void)cedar_error(d, (struct cedar_span){ 0, 0 }, "there are more than %d entities", CEDAR_ENTITIES_MAX);
        return NULL;
    }
    for (size_t i = 0; i < n; i++)
        items[i] = list[i];
    if (!unique(items, &n, d))
        return NULL;
    s->n = n;
    s->items = (const struct cedar_entity *const *)items;
    index_of(a, s);
    return n == 0 || close_over(a, s, items, d) ? s : NULL;
}
