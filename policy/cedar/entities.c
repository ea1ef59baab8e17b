/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/entities_int.h"
#include "policy/cedar/sort.h"

/* What the closure is computed with.  Every uid that is an entity's or a parent's has a rank: its place among all of
 * them, sorted.  One node for each rank. */
struct node {
    struct cedar_entity *entity; /* NULL: only a parent, not in the store */
    const struct cedar_uid *uid;
    uint32_t *parents, *ancestors; /* ranks; parents as given, ancestors sorted */
    size_t n_parents, n_ancestors, next;
    uint32_t stamp; /* of the node that it was last counted for */
    enum { NEW = 0, OPEN, DONE } state;
};

struct closure {
    struct arena *arena, *scratch;
    struct cedar_diags *d;
    struct node *nodes;
    size_t n, pairs, steps;
    uint32_t *path, *found; /* path: of the walk, from its start to where it is */
    size_t depth, n_found;
};

static int by_uid(const void *x, const void *y)
{
    const struct cedar_entity *const *a = x, *const *b = y;

    return cedar_uid_cmp(&(*a)->uid, &(*b)->uid);
}

static int by_rank(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

    return (a > b) - (a < b);
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
static bool unique(const struct arena *a, struct cedar_entity **items, size_t *n, struct cedar_diags *d)
{
    size_t kept = 0;

    cedar_sort(a, items, *n, sizeof(struct cedar_entity *), by_uid);
    for (size_t i = 0; i < *n; i++) {
        if (kept == 0 || !cedar_uid_eq(&items[kept - 1]->uid, &items[i]->uid))
            items[kept++] = items[i];
        else if (!same_entity(items[kept - 1], items[i]))
            return cedar_fault(d, CEDAR_FINDING_TWICE, (struct cedar_span){ 0, 0 },
                               "the entity `%.*s` is given twice, differently",
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

static int uid_to_item(const void *key, const void *item)
{
    return cedar_uid_cmp(key, &(*(const struct cedar_entity *const *)item)->uid);
}

size_t entities_place(const struct cedar_entities *s, const struct cedar_uid *uid, bool *there)
{
    size_t bucket = uid->hash >> s->shift;

    return cedar_search(uid, s->items, sizeof *s->items, s->starts[bucket], s->starts[bucket + 1], uid_to_item, there);
}

static const struct cedar_entity *const *find_slot(const struct cedar_entities *s, const struct cedar_uid *uid)
{
    bool there;
    size_t at = entities_place(s, uid, &there);

    return there ? &s->items[at] : NULL;
}

const struct cedar_entity *cedar_entity_find(const struct cedar_entities *s, const struct cedar_uid *uid)
{
    const struct cedar_entity *const *slot = s->n > 0 ? find_slot(s, uid) : NULL;

    return slot != NULL ? *slot : NULL;
}

const struct cedar_entity *cedar_entity_touch(const struct cedar_entities *s, const struct cedar_uid *uid,
                                              uint64_t *touched)
{
    const struct cedar_entity *const *slot = s->n > 0 ? find_slot(s, uid) : NULL;

    if (slot == NULL)
        return NULL;
    touched[(slot - s->items) / 64] |= (uint64_t)1 << (slot - s->items) % 64;
    return *slot;
}

static int uid_to_ancestor(const void *key, const void *item)
{
    const struct cedar_uid *uid = key;
    const struct cedar_ancestor *a = item;

    return a->hash != uid->hash ? (uid->hash < a->hash ? -1 : 1) : cedar_uid_cmp(uid, a->uid);
}

bool cedar_entity_in(const struct cedar_entity *e, const struct cedar_uid *group)
{
    bool in = false;

    if (e != NULL)
        (void)cedar_search(group, e->ancestors, sizeof *e->ancestors, 0, e->n_ancestors, uid_to_ancestor, &in);
    return in;
}

static void find(struct closure *c, uint32_t rank, uint32_t stamp)
{
    if (c->nodes[rank].stamp == stamp)
        return;
    c->nodes[rank].stamp = stamp;
    c->found[c->n_found++] = rank;
}

/* All parents and their ancestors, which are known by now. */
static void finish(struct closure *c, uint32_t rank)
{
    struct node *node = &c->nodes[rank];
    size_t before = c->steps;

    c->n_found = 0;
    for (size_t i = 0; i < node->n_parents && c->steps <= CEDAR_CLOSURE_STEPS_MAX; i++) {
        const struct node *parent = &c->nodes[node->parents[i]];
        find(c, node->parents[i], rank + 1);
        for (size_t k = 0; k < parent->n_ancestors; k++)
            find(c, parent->ancestors[k], rank + 1);
        c->steps += parent->n_ancestors + 1;
    }
    c->pairs += c->n_found;
    arena_spend(c->arena, c->steps - before + 1);
    if (node->n_parents == 0 || c->pairs > CEDAR_CLOSURE_MAX || c->steps > CEDAR_CLOSURE_STEPS_MAX)
        return;
    cedar_sort(c->scratch, c->found, c->n_found, sizeof *c->found, by_rank);
    struct cedar_ancestor *all = arena_make_n(c->arena, c->n_found, struct cedar_ancestor);
    node->ancestors = arena_make_n(c->scratch, c->n_found, uint32_t);
    node->n_ancestors = c->n_found;
    for (size_t i = 0; i < c->n_found; i++) {
        node->ancestors[i] = c->found[i];
        all[i] = (struct cedar_ancestor){ c->nodes[c->found[i]].uid->hash, c->nodes[c->found[i]].uid };
    }
    node->entity->ancestors = all;
    node->entity->n_ancestors = c->n_found;
}

bool entities_cycle(struct cedar_diags *d, const struct cedar_uid *at)
{
    return cedar_fault(d, CEDAR_FINDING_CYCLE, (struct cedar_span){ 0, 0 }, "the entity `%.*s` is its own ancestor",
                       STR_ARG(uid_as_text(d->arena, at)));
}

/* Depth first, with a path instead of recursion: a chain of a million parents
 * is no stack.  False when the walk comes back to where it is. */
static bool walk(struct closure *c, size_t start)
{
    c->path[c->depth++] = (uint32_t)start;
    c->nodes[start].state = OPEN;
    while (c->depth > 0 && c->pairs <= CEDAR_CLOSURE_MAX && c->steps <= CEDAR_CLOSURE_STEPS_MAX) {
        struct node *node = &c->nodes[c->path[c->depth - 1]];
        if (node->next == node->n_parents) {
            finish(c, c->path[c->depth - 1]);
            node->state = DONE;
            c->depth--;
            continue;
        }
        uint32_t parent = node->parents[node->next++];
        if (c->nodes[parent].state == OPEN)
            return entities_cycle(c->d, c->nodes[parent].uid);
        if (c->nodes[parent].state == NEW) {
            c->nodes[parent].state = OPEN;
            c->path[c->depth++] = parent;
        }
    }
    return true;
}

/* A parent that is not in the store. */
struct stranger {
    const struct cedar_uid *uid;
    uint32_t *place;
};

static int by_strange_uid(const void *x, const void *y)
{
    return cedar_uid_cmp(((const struct stranger *)x)->uid, ((const struct stranger *)y)->uid);
}

/* For each parent of each entity, its place: in the store, or, behind that, among the strangers, which are sorted, each
 * once. */
static uint32_t *places_of(struct closure *c, const struct cedar_entities *s, size_t n_parents, struct stranger **out,
                           size_t *n)
{
    uint32_t *places = arena_make_n(c->scratch, n_parents, uint32_t), *next = places;
    struct stranger *all = arena_make_n(c->scratch, n_parents, struct stranger);
    size_t found = 0, kept = 0;

    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->items[i]->n_parents; k++, next++) {
            const struct cedar_uid *parent = &s->items[i]->parents[k];
            const struct cedar_entity *const *slot = find_slot(s, parent);
            if (slot != NULL)
                *next = (uint32_t)(slot - s->items);
            else
                all[found++] = (struct stranger){ parent, next };
        }
    cedar_sort(c->scratch, all, found, sizeof *all, by_strange_uid);
    for (size_t i = 0; i < found; i++) {
        if (kept == 0 || !cedar_uid_eq(all[kept - 1].uid, all[i].uid))
            all[kept++] = all[i];
        *all[i].place = (uint32_t)(s->n + kept - 1);
    }
    *n = kept;
    *out = all;
    return places;
}

static void make_nodes(struct closure *c, const struct cedar_entities *s, struct cedar_entity **items, size_t n_parents)
{
    size_t n, at = 0, rank = 0;
    struct stranger *strangers;
    const uint32_t *places = places_of(c, s, n_parents, &strangers, &n);
    uint32_t *ranks = arena_make_n(c->scratch, s->n + n, uint32_t); /* of the items, then of the strangers */
    uint32_t *parents = arena_make_n(c->scratch, n_parents, uint32_t);

    c->n = s->n + n;
    c->nodes = arena_make_n(c->scratch, c->n, struct node);
    for (size_t i = 0; i < s->n || at < n; rank++) {
        bool stranger = i == s->n || (at < n && cedar_uid_cmp(strangers[at].uid, &items[i]->uid) < 0);
        ranks[stranger ? s->n + at : i] = (uint32_t)rank;
        c->nodes[rank].entity = stranger ? NULL : items[i];
        c->nodes[rank].uid = stranger ? strangers[at].uid : &items[i]->uid;
        stranger ? at++ : i++;
    }
    for (size_t i = 0; i < s->n; i++) {
        struct node *node = &c->nodes[ranks[i]];
        node->n_parents = items[i]->n_parents;
        node->parents = parents;
        for (size_t k = 0; k < node->n_parents; k++)
            *parents++ = ranks[*places++];
    }
}

bool entities_within_bounds(struct cedar_diags *d, size_t pairs, size_t steps)
{
    struct cedar_span nowhere = { 0, 0 };

    if (pairs > CEDAR_CLOSURE_MAX)
        return cedar_fault(d, CEDAR_FINDING_TOO_LARGE, nowhere,
                           "the entities have more than %d pairs of entity and ancestor", CEDAR_CLOSURE_MAX);
    return steps <= CEDAR_CLOSURE_STEPS_MAX ||
           cedar_fault(d, CEDAR_FINDING_TOO_LARGE, nowhere,
                       "finding the ancestors of all entities takes more than %d steps", CEDAR_CLOSURE_STEPS_MAX);
}

size_t entities_parents_B(const struct cedar_entities *s)
{
    return ((size_t)1 << (64 - s->shift)) + 8;
}

uint64_t *entities_parents(struct arena *a, const struct cedar_entities *s)
{
    return arena_alloc(a, entities_parents_B(s));
}

void entities_note_parents(uint64_t *parents, const struct cedar_entities *s, const struct cedar_entity *e)
{
    for (size_t i = 0; i < e->n_parents; i++) {
        uint64_t bit = e->parents[i].hash >> (s->shift - 3);
        parents[bit / 64] |= (uint64_t)1 << bit % 64;
    }
}

bool entities_may_be_parent(const struct cedar_entities *s, const struct cedar_uid *uid)
{
    uint64_t bit = uid->hash >> (s->shift - 3);

    return (s->parents[bit / 64] >> bit % 64 & 1) != 0;
}

static bool close_over(struct arena *a, struct cedar_entities *s, struct cedar_entity **items, struct cedar_diags *d)
{
    struct closure c = { .arena = a, .d = d };
    uint64_t *parents = entities_parents(a, s);
    size_t n_parents = 0;
    bool ok = true;

    for (size_t i = 0; i < s->n; i++) {
        n_parents += items[i]->n_parents;
        entities_note_parents(parents, s, items[i]);
    }
    s->parents = parents;
    if (n_parents == 0)
        return true;
    c.scratch = arena_scratch(a);
    make_nodes(&c, s, items, n_parents);
    c.path = arena_make_n(c.scratch, c.n, uint32_t);
    c.found = arena_make_n(c.scratch, c.n, uint32_t);
    for (size_t i = 0; ok && i < c.n; i++)
        if (c.nodes[i].state == NEW)
            ok = walk(&c, i);
    arena_free(c.scratch);
    s->pairs = c.pairs;
    return ok && entities_within_bounds(d, c.pairs, c.steps);
}

const struct cedar_entities *cedar_entities_of(struct arena *a, struct cedar_entity *const *list, size_t n,
                                               struct cedar_diags *d)
{
    struct cedar_entities *s = arena_make(a, struct cedar_entities);
    struct cedar_entity **items = arena_make_n(a, n, struct cedar_entity *);

    if (n > CEDAR_ENTITIES_MAX) {
        (void)cedar_fault(d, CEDAR_FINDING_TOO_LARGE, (struct cedar_span){ 0, 0 }, "there are more than %d entities",
                          CEDAR_ENTITIES_MAX);
        return NULL;
    }
    for (size_t i = 0; i < n; i++)
        items[i] = list[i];
    if (!unique(a, items, &n, d))
        return NULL;
    s->n = n;
    s->items = (const struct cedar_entity *const *)items;
    index_of(a, s);
    return n == 0 || close_over(a, s, items, d) ? s : NULL;
}
