/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/policies.h"

#include <string.h>

/* Keys of one side: what it may be filed under.  ANY is nobody's hash (a
 * collision would only make a look-up find too much). */
static const uint64_t ANY = 0;

static uint64_t type_key(struct str type)
{
    return str_hash(type, 0x7ed1);
}

static uint64_t mix(uint64_t principal, uint64_t action, uint64_t resource)
{
    uint64_t h = principal * 0x9e3779b97f4a7c15u;

    h = (h ^ h >> 29 ^ action) * 0xbf58476d1ce4e5b9u;
    h = (h ^ h >> 32 ^ resource) * 0x94d049bb133111ebu;
    return h ^ h >> 31;
}

/* Under how many keys a scope files its policy: one, or one for each action of a list. */
static size_t keys_of(const struct cedar_scope *scope)
{
    return scope->kind == CEDAR_SCOPE_IN_SET ? scope->n_uids : 1;
}

static uint64_t key_of(const struct cedar_scope *scope, size_t i)
{
    switch (scope->kind) {
    case CEDAR_SCOPE_ANY:
        return ANY;
    case CEDAR_SCOPE_IS:
        return type_key(scope->type);
    case CEDAR_SCOPE_IN_SET:
        return scope->uids[i].hash;
    default:
        return scope->uid.hash;
    }
}

static void filter_add(uint64_t *filter, uint64_t key)
{
    filter[key >> 58] |= (uint64_t)1 << (key >> 52 & 63);
}

static bool filter_has(const uint64_t *filter, uint64_t key)
{
    return (filter[key >> 58] >> (key >> 52 & 63) & 1) != 0;
}

static size_t file_policy(struct index *x, struct index_entry *at, const struct cedar_policy *p, uint32_t number,
                          unsigned by)
{
    uint64_t principal = (by & INDEX_PRINCIPAL) != 0 ? key_of(&p->principal, 0) : ANY;
    uint64_t resource = (by & INDEX_RESOURCE) != 0 ? key_of(&p->resource, 0) : ANY;
    size_t n = (by & INDEX_ACTION) != 0 ? keys_of(&p->action) : 1;

    for (size_t i = 0; i < n; i++) {
        uint64_t action = (by & INDEX_ACTION) != 0 ? key_of(&p->action, i) : ANY;
        at[i] = (struct index_entry){ mix(principal, action, resource), number };
        x->shapes |= (uint8_t)(1u << ((principal != ANY) | (action != ANY) << 1 | (resource != ANY) << 2));
        filter_add(x->filter[0], principal);
        filter_add(x->filter[1], action);
        filter_add(x->filter[2], resource);
    }
    return n;
}

/* Puts the entries in the order of their buckets; the policies of one bucket stay in order. */
static void sort_into_buckets(struct arena *a, struct index *x, const struct index_entry *entries, size_t n_buckets)
{
    struct index_entry *sorted = arena_make_n(a, x->n, struct index_entry);
    uint32_t *starts = arena_make_n(a, n_buckets + 1, uint32_t);

    for (size_t i = 0; i < x->n; i++)
        starts[entries[i].key >> x->shift]++;
    for (size_t i = 0; i < n_buckets; i++)
        starts[i + 1] += starts[i]; /* where each bucket ends */
    for (size_t i = x->n; i > 0; i--)
        sorted[--starts[entries[i - 1].key >> x->shift]] = entries[i - 1]; /* at last: where it begins */
    x->entries = sorted;
    x->starts = starts;
}

void index_build(struct arena *a, struct index *x, const struct cedar_policy *const *policies, size_t n, unsigned by)
{
    struct arena *scratch = arena_scratch(a);
    size_t n_entries = 0;
    unsigned bits = 1;

    for (size_t i = 0; i < n; i++)
        n_entries += (by & INDEX_ACTION) != 0 ? keys_of(&policies[i]->action) : 1;
    struct index_entry *entries = arena_make_n(scratch, n_entries, struct index_entry);
    arena_spend(a, n_entries);
    for (size_t i = 0; i < n; i++)
        x->n += file_policy(x, entries + x->n, policies[i], (uint32_t)i, by);
    while (bits < 22 && ((size_t)1 << bits) < x->n * 2)
        bits++;
    x->shift = 64 - bits;
    sort_into_buckets(a, x, entries, (size_t)1 << bits);
    arena_free(scratch);
}

static void mark_all(uint64_t *marks, size_t n)
{
    memset(marks, 0xFF, n / 64 * sizeof *marks);
    if (n % 64 != 0)
        marks[n / 64] = ((uint64_t)1 << n % 64) - 1;
}

static void probe(const struct index *x, uint64_t key, uint64_t *marks)
{
    for (size_t i = x->starts[key >> x->shift]; i < x->starts[(key >> x->shift) + 1]; i++)
        if (x->entries[i].key == key)
            marks[x->entries[i].policy / 64] |= (uint64_t)1 << x->entries[i].policy % 64;
}

/* The keys of one side that occur in the set, ANY first.  Without ANY the list
 * holds what the policy must name. */
static size_t side_keys(const struct index *x, int dimension, const struct index_side *side, uint64_t *keys)
{
    const uint64_t *filter = x->filter[dimension];
    size_t n = 0;

    keys[n++] = ANY;
    if (side->uid == NULL)
        return n;
    uint64_t type = type_key(side->uid->type);
    if (filter_has(filter, side->uid->hash))
        keys[n++] = side->uid->hash;
    if (filter_has(filter, type))
        keys[n++] = type;
    for (size_t i = 0; side->entity != NULL && i < side->entity->n_ancestors; i++)
        if (filter_has(filter, side->entity->ancestors[i].hash))
            keys[n++] = side->entity->ancestors[i].hash;
    return n;
}

void index_find(struct arena *a, const struct index *x, size_t n_policies, const struct index_side sides[3],
                uint64_t *marks)
{
    uint64_t *keys[3], few[3][32];
    size_t n[3], from[3], to[3];

    if (n_policies < INDEX_FROM) {
        mark_all(marks, n_policies);
        return;
    }
    for (int i = 0; i < 3; i++) {
        size_t room = 3 + (sides[i].entity != NULL ? sides[i].entity->n_ancestors : 0);
        keys[i] = room <= 32 ? &few[i][0] : arena_make_n(a, room, uint64_t);
        n[i] = side_keys(x, i, &sides[i], keys[i]);
    }
    /* More combinations than policies: looking at each policy is the shorter way. */
    if (n[0] * n[1] > n_policies || n[0] * n[1] * n[2] > n_policies) {
        mark_all(marks, n_policies);
        return;
    }
    for (unsigned shape = 0; shape < 8; shape++) {
        if ((x->shapes >> shape & 1) == 0)
            continue;
        for (int i = 0; i < 3; i++) {
            from[i] = (shape >> i & 1) != 0;
            to[i] = from[i] != 0 ? n[i] : 1;
        }
        for (size_t p = from[0]; p < to[0]; p++)
            for (size_t c = from[1]; c < to[1]; c++)
                for (size_t r = from[2]; r < to[2]; r++)
                    probe(x, mix(keys[0][p], keys[1][c], keys[2][r]), marks);
    }
}

static bool is_or_in(const struct index_side *side, const struct cedar_uid *uid)
{
    return cedar_uid_eq(side->uid, uid) || cedar_entity_in(side->entity, uid);
}

bool scope_admits(const struct cedar_scope *scope, const struct index_side *side)
{
    switch (scope->kind) {
    case CEDAR_SCOPE_ANY:
        return true;
    case CEDAR_SCOPE_EQ:
        return cedar_uid_eq(side->uid, &scope->uid);
    case CEDAR_SCOPE_IN:
        return is_or_in(side, &scope->uid);
    case CEDAR_SCOPE_IS:
        return str_eq(side->uid->type, scope->type);
    case CEDAR_SCOPE_IS_IN:
        return str_eq(side->uid->type, scope->type) && is_or_in(side, &scope->uid);
    case CEDAR_SCOPE_IN_SET:
        for (size_t i = 0; i < scope->n_uids; i++)
            if (is_or_in(side, &scope->uids[i]))
                return true;
        return false;
    }
    return false;
}
