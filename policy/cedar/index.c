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

/* What a build knows of one policy until it files it. */
struct filing {
    uint64_t keys[3]; /* of its scope; the action's is the first of a list */
    size_t n_actions; /* under how many keys the scope files it */
    struct demand *demands;
    uint8_t *probes; /* one for each demand */
    size_t n_demands;
};

struct build {
    struct arena *arena, *scratch;
    struct index *x;
    const struct cedar_policy *const *policies;
    struct filing *filings;
    size_t n;
    unsigned by;
    uint32_t *crowds; /* how many policies may be found under keys of one bucket */
    unsigned shift;
    struct probe *probes;
    struct index_entry *entries;
    size_t room; /* for how many */
};

static uint64_t scope_key(const struct build *b, size_t policy, size_t i)
{
    const struct filing *f = &b->filings[policy];
    bool one = (b->by & INDEX_ACTION) == 0 || i == 0;

    return mix(f->keys[0], one ? f->keys[1] : key_of(&b->policies[policy]->action, i), f->keys[2]);
}

static uint64_t probe_key(size_t probe, uint64_t key)
{
    return mix(probe + 0x70be, key, 0x5eed);
}

static uint32_t *crowd(const struct build *b, uint64_t key)
{
    return &b->crowds[key >> b->shift];
}

static size_t scope_crowd(const struct build *b, size_t policy)
{
    size_t n = 0;

    for (size_t i = 0; i < b->filings[policy].n_actions; i++)
        n += *crowd(b, scope_key(b, policy, i));
    return n;
}

static size_t demand_crowd(const struct build *b, const struct filing *f, size_t i)
{
    size_t n = 0;

    for (size_t k = 0; k < f->demands[i].n_keys; k++)
        n += *crowd(b, probe_key(f->probes[i], f->demands[i].keys[k]));
    return n;
}

/* The number of the probe that reads this, a new one if need be; INDEX_PROBES_MAX: there are too many. */
static size_t probe_of(struct build *b, const struct demand *d)
{
    size_t i = 0;

    while (i < b->x->n_probes && !demand_reads_same(&b->probes[i].demand, d))
        i++;
    if (i == b->x->n_probes && i < INDEX_PROBES_MAX) {
        b->probes[i].demand = *d;
        b->x->n_probes++;
    }
    return i;
}

static void read_demands(struct build *b, size_t policy)
{
    static const unsigned vars[] = {
        [0] = 1u << CEDAR_PRINCIPAL, [1] = 1u << CEDAR_ACTION, [2] = 1u << CEDAR_RESOURCE
    };
    struct filing *f = &b->filings[policy];
    unsigned readable = 1u << CEDAR_CONTEXT;
    struct demand found[DEMANDS_MAX];
    size_t n;

    for (size_t i = 0; i < 3; i++)
        readable |= (b->by >> i & 1) != 0 ? vars[i] : 0;
    n = demands_read(b->scratch, b->policies[policy], readable, found);
    f->demands = arena_make_n(b->scratch, n, struct demand);
    f->probes = arena_make_n(b->scratch, n, uint8_t);
    for (size_t i = 0; i < n; i++) {
        size_t probe = probe_of(b, &found[i]);
        if (probe == INDEX_PROBES_MAX)
            return;
        f->demands[i] = found[i];
        f->probes[i] = (uint8_t)probe;
        f->n_demands = i + 1;
        for (size_t k = 0; k < found[i].n_keys; k++)
            ++*crowd(b, probe_key(probe, found[i].keys[k]));
    }
}

static void count_scope(struct build *b, size_t policy)
{
    const struct cedar_policy *p = b->policies[policy];
    struct filing *f = &b->filings[policy];

    f->n_actions = (b->by & INDEX_ACTION) != 0 ? keys_of(&p->action) : 1;
    f->keys[0] = (b->by & INDEX_PRINCIPAL) != 0 ? key_of(&p->principal, 0) : ANY;
    f->keys[1] = (b->by & INDEX_ACTION) != 0 && f->n_actions > 0 ? key_of(&p->action, 0) : ANY;
    f->keys[2] = (b->by & INDEX_RESOURCE) != 0 ? key_of(&p->resource, 0) : ANY;
    for (size_t i = 0; i < f->n_actions; i++)
        ++*crowd(b, scope_key(b, policy, i));
}

static void add_entry(struct build *b, uint64_t key, size_t policy)
{
    b->entries[b->x->n++] = (struct index_entry){ key, (uint32_t)policy };
}

static void file_by_scope(struct build *b, size_t policy)
{
    const struct filing *f = &b->filings[policy];

    for (size_t i = 0; i < f->n_actions; i++) {
        uint64_t action = i == 0 ? f->keys[1] : key_of(&b->policies[policy]->action, i);
        add_entry(b, scope_key(b, policy, i), policy);
        b->x->shapes |= (uint8_t)(1u << ((f->keys[0] != ANY) | (action != ANY) << 1 | (f->keys[2] != ANY) << 2));
        filter_add(b->x->filter[0], f->keys[0]);
        filter_add(b->x->filter[1], action);
        filter_add(b->x->filter[2], f->keys[2]);
    }
}

static void file_by_demand(struct build *b, size_t policy, size_t demand)
{
    const struct filing *f = &b->filings[policy];

    for (size_t k = 0; k < f->demands[demand].n_keys; k++)
        add_entry(b, probe_key(f->probes[demand], f->demands[demand].keys[k]), policy);
    b->probes[f->probes[demand]].filed = true;
    for (size_t i = 0; i <= demand; i++) {
        struct probe *probe = &b->probes[f->probes[i]];
        if (probe->touched == NULL)
            probe->touched = arena_make_n(b->arena, (b->n + 63) / 64, uint64_t);
        uint64_t bit = (uint64_t)1 << policy % 64;
        probe->n_touched += (probe->touched[policy / 64] & bit) == 0;
        probe->touched[policy / 64] |= bit;
    }
}

/* Under its scope, or under a demand that leaves it with fewer others. */
static void file_policy(struct build *b, size_t policy)
{
    const struct filing *f = &b->filings[policy];
    size_t best = f->n_demands > 0 ? scope_crowd(b, policy) / 2 : 0, chosen = f->n_demands;

    for (size_t i = 0; i < f->n_demands; i++) {
        size_t n = f->demands[i].n_keys > 0 ? demand_crowd(b, f, i) : SIZE_MAX;
        if (n < best) {
            best = n;
            chosen = i;
        }
    }
    if (chosen < f->n_demands)
        file_by_demand(b, policy, chosen);
    else
        file_by_scope(b, policy);
}

static unsigned bits_for(size_t n)
{
    unsigned bits = 1;

    while (bits < 22 && ((size_t)1 << bits) < n)
        bits++;
    return bits;
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

static void start(struct build *b)
{
    b->filings = arena_make_n(b->scratch, b->n, struct filing);
    b->probes = arena_make_n(b->arena, INDEX_PROBES_MAX, struct probe);
    b->shift = 64 - bits_for(b->n * 2);
    b->crowds = arena_make_n(b->scratch, (size_t)1 << (64 - b->shift), uint32_t);
    for (size_t i = 0; i < b->n; i++)
        count_scope(b, i);
}

/* Reads what it demands, where its scope leaves it with many. */
static void plan(struct build *b, size_t policy)
{
    const struct filing *f = &b->filings[policy];
    size_t most = f->n_actions;

    if (scope_crowd(b, policy) >= INDEX_FROM)
        read_demands(b, policy);
    for (size_t k = 0; k < f->n_demands; k++)
        most = f->demands[k].n_keys > most ? f->demands[k].n_keys : most;
    b->room += most;
}

static void file_all(struct build *b)
{
    arena_spend(b->arena, b->room + b->n);
    b->entries = arena_make_n(b->scratch, b->room, struct index_entry);
    for (size_t i = 0; i < b->n; i++)
        file_policy(b, i);
}

void index_build(struct arena *a, const struct cedar_policy *const *policies, size_t n,
                 const struct index_wanted *wanted, size_t n_wanted)
{
    struct arena *scratch = arena_scratch(a);
    struct build *builds = arena_make_n(scratch, n_wanted, struct build);
    bool few = n < INDEX_FROM;

    for (size_t k = 0; k < n_wanted; k++) {
        builds[k] = (struct build){
            .arena = a, .scratch = scratch, .x = wanted[k].x, .policies = policies, .n = n, .by = wanted[k].by
        };
        if (!few)
            start(&builds[k]);
    }
    for (size_t i = 0; i < n && !few; i++) /* a policy is far away: it is gone to once */
        for (size_t k = 0; k < n_wanted; k++)
            plan(&builds[k], i);
    for (size_t k = 0; k < n_wanted; k++) {
        struct build *b = &builds[k];
        if (!few)
            file_all(b);
        b->x->probes = b->probes;
        b->x->shift = 64 - bits_for(b->x->n * 2);
        sort_into_buckets(a, b->x, b->entries, (size_t)1 << (64 - b->x->shift));
    }
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

/* Finds by the scope; false when looking at each policy is the shorter way. */
static bool find_by_scope(struct arena *a, const struct index *x, size_t n_policies, const struct index_side sides[3],
                          uint64_t *marks)
{
    uint64_t *keys[3], few[3][32];
    size_t n[3], from[3], to[3];

    for (int i = 0; i < 3; i++) {
        size_t room = 3 + (sides[i].entity != NULL ? sides[i].entity->n_ancestors : 0);
        keys[i] = room <= 32 ? &few[i][0] : arena_make_n(a, room, uint64_t);
        n[i] = side_keys(x, i, &sides[i], keys[i]);
    }
    if (n[0] * n[1] > n_policies || n[0] * n[1] * n[2] > n_policies)
        return false;
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
    return true;
}

static void mark_touched(const struct probe *p, size_t n_policies, uint64_t *marks)
{
    for (size_t w = 0; w < (n_policies + 63) / 64; w++)
        marks[w] |= p->touched[w];
}

/* Is the subject not there, where the policies have asked whether it is? */
static bool may_be_missing(const struct probe *p, const struct cedar_eval_error *error)
{
    bool missing = error->code == CEDAR_EVAL_ATTR || error->code == CEDAR_EVAL_TAG || error->code == CEDAR_EVAL_ENTITY;

    return missing &&
           (p->demand.asked == DEMAND_ASKED_ALL || (p->demand.asked == DEMAND_ASKED && error->at == p->demand.subject));
}

static void find_in(struct eval *e, const struct index *x, size_t i, const struct cedar_uid *uid, uint64_t *marks)
{
    const struct cedar_entity *entity = eval_entity(e, uid);

    probe(x, probe_key(i, uid->hash), marks);
    for (size_t k = 0; entity != NULL && k < entity->n_ancestors; k++)
        probe(x, probe_key(i, entity->ancestors[k].hash), marks);
}

static void find_by_probe(struct eval *e, const struct index *x, size_t n_policies, size_t i, uint64_t *marks)
{
    const struct probe *p = &x->probes[i];
    struct cedar_value v;
    uint64_t key;

    e->work = CEDAR_WORK_MAX;
    if (!eval(e, p->demand.subject, &v)) {
        if (!may_be_missing(p, &e->error))
            mark_touched(p, n_policies, marks);
        return;
    }
    if ((p->demand.kinds >> v.kind & 1) == 0) {
        mark_touched(p, n_policies, marks);
        return;
    }
    if (!p->filed)
        return;
    switch (p->demand.how) {
    case DEMAND_VALUE:
        if (demand_key(&v, &key))
            probe(x, probe_key(i, key), marks);
        return;
    case DEMAND_IN:
        find_in(e, x, i, v.uid, marks);
        return;
    case DEMAND_IS:
        probe(x, probe_key(i, demand_type_key(v.uid->type)), marks);
        return;
    case DEMAND_MEMBER:
        for (size_t k = 0; k < v.set->n; k++)
            if (demand_key(&v.set->items[k], &key))
                probe(x, probe_key(i, key), marks);
    }
}

void index_find(struct eval *e, const struct index *x, size_t n_policies, const struct index_side sides[3],
                uint64_t *marks)
{
    if (n_policies < INDEX_FROM || (x->shapes != 0 && !find_by_scope(e->arena, x, n_policies, sides, marks))) {
        mark_all(marks, n_policies);
        return;
    }
    for (size_t i = 0; i < x->n_probes; i++)
        if (x->probes[i].touched != NULL)
            find_by_probe(e, x, n_policies, i, marks);
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
