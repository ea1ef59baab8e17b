/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/matrix.h"

#include "policy/set.h"

#include <string.h>

const struct matrix_who matrix_columns[MATRIX_COLUMNS] = {
    { ROLE_LEARNER, 1, 6 },    { ROLE_LEARNER, 7, 9 },   { ROLE_LEARNER, 0, 0 }, { ROLE_TEACHER, 0, 0 },
    { ROLE_SUBSTITUTE, 0, 0 }, { ROLE_PRINCIPAL, 0, 0 }, { ROLE_STAFF, 0, 0 },   { ROLE_GUARDIAN, 0, 0 },
};

/* ── the index: statements about opening by whose they are and what they are about ───── */

struct entry {
    const struct statement *s;
    const struct policy *policy;
};

/* What a layer says of one cell. */
enum { PERMIT_WHOLE = 1, PERMIT_PART = 2, FORBID_WHOLE = 4, FORBID_PART = 8, LEAVES = 16 };

/* Statements of one owner about one service, one category of services, or all services.  What those of the nation and
 * of a municipality say that are always in force is summed up for each column, so that a cell costs the same whether
 * one says it or twenty thousand. */
enum about { ABOUT_ALL = 0, ABOUT_CATEGORY, ABOUT_SERVICE };

struct bucket {
    uint32_t owner; /* 0: the nation; else 1 + the provider's place */
    enum about about;
    struct str what;
    uint32_t *at; /* entries, in their order */
    uint32_t n, from;
    uint32_t *moving; /* of these those with dates, or a school's: looked at each time */
    uint32_t n_moving;
    uint8_t always[MATRIX_COLUMNS];
};

struct matrix_index {
    struct entry *at;
    size_t n;
    struct bucket *buckets;
    size_t bucket_count;
    uint32_t *slots; /* 1 + place of a bucket; 0: free */
    size_t mask;
    uint32_t *ids; /* 1 + place of a policy's first entry; 0: free */
    size_t id_mask;
};

static bool is_about_opening(const struct listed *l)
{
    return l->says.does == DOES_OPEN || l->says.does == DOES_LEAVE || l->says.does == DOES_OTHER;
}

static uint32_t owner_of(const struct registry_parts *parts, const struct provider *p)
{
    return p != NULL ? 1 + (uint32_t)(p - parts->providers) : 0;
}

static uint32_t *slot_of(const struct matrix_index *x, uint32_t owner, enum about about, struct str what)
{
    size_t at = str_hash(what, ((uint64_t)owner << 2) | about) & x->mask;

    for (; x->slots[at] != 0; at = (at + 1) & x->mask) {
        const struct bucket *b = &x->buckets[x->slots[at] - 1];
        if (b->owner == owner && b->about == about && str_eq(b->what, what))
            break;
    }
    return &x->slots[at];
}

static const struct bucket *bucket_of(const struct matrix_index *x, uint32_t owner, enum about about, struct str what)
{
    static const struct bucket none = { 0 };
    uint32_t slot = *slot_of(x, owner, about, what);

    return slot != 0 ? &x->buckets[slot - 1] : &none;
}

/* Calls for each bucket that a statement stands in. */
static void each_bucket(struct matrix_index *x, uint32_t owner, uint32_t entry,
                        void (*take)(struct matrix_index *x, struct bucket *b, uint32_t entry))
{
    const struct which *w = &x->at[entry].s->which;
    size_t named = w->services.n + w->categories.n;

    for (size_t i = 0; i < named || i == 0; i++) {
        enum about about = named == 0 ? ABOUT_ALL : i < w->services.n ? ABOUT_SERVICE : ABOUT_CATEGORY;
        struct str what = about == ABOUT_ALL       ? S("")
                          : about == ABOUT_SERVICE ? w->services.at[i]
                                                   : w->categories.at[i - w->services.n];
        uint32_t *slot = slot_of(x, owner, about, what);
        if (*slot == 0) {
            x->buckets[x->bucket_count++] = (struct bucket){ .owner = owner, .about = about, .what = what };
            *slot = (uint32_t)x->bucket_count;
        }
        take(x, &x->buckets[*slot - 1], entry);
    }
}

static void count_it(struct matrix_index *x, struct bucket *b, uint32_t entry)
{
    (void)x;
    (void)entry;
    b->n++;
}

/* ── what a statement says of a column ──────────────────────────────────── */

static bool has_levels(const struct whom *w)
{
    return w->level_from != 0 || w->level_to != 0;
}

/* Somebody of the column can be meant.  Exams come and go; a cell says how it is without. */
static bool concerns(const struct entry *e, const struct matrix_who *who)
{
    const struct whom *w = &e->s->whom;
    int from = w->level_from, to = w->level_to != 0 ? w->level_to : LEVEL_MAX;

    if ((w->roles != 0 && (w->roles & 1u << who->role) == 0) || e->s->hours.exam == EXAM_DURING)
        return false;
    return !has_levels(w) || (who->level_to != 0 && from <= who->level_to && to >= who->level_from);
}

/* Everybody of the column is meant, at any hour, on any device. */
static bool is_whole(const struct entry *e, const struct matrix_who *who, bool in_school)
{
    const struct whom *w = &e->s->whom;
    int to = w->level_to != 0 ? w->level_to : LEVEL_MAX;
    bool levels = !has_levels(w) || (w->level_from <= who->level_from && to >= who->level_to);
    bool place = w->schools.n == 0 || (in_school && e->policy->layer == LAYER_SCHOOL);

    return e->s->exact && e->s->does != DOES_OTHER && levels && place && w->groups.n == 0 && w->ages == 0 &&
           !hours_ask(&e->s->hours);
}

static uint8_t says(const struct entry *e, bool whole)
{
    if (e->s->does == DOES_LEAVE)
        return LEAVES;
    if (e->s->forbid)
        return whole ? FORBID_WHOLE : FORBID_PART;
    return whole ? PERMIT_WHOLE : PERMIT_PART;
}

static void put_it(struct matrix_index *x, struct bucket *b, uint32_t entry)
{
    const struct entry *e = &x->at[entry];
    const struct policy *p = e->policy;

    b->at[b->n++] = entry;
    if (!p->enabled)
        return;
    if (p->from_s != 0 || p->to_s != 0 || p->layer == LAYER_SCHOOL) {
        b->moving[b->n_moving++] = entry;
        return;
    }
    for (size_t i = 0; i < MATRIX_COLUMNS; i++)
        if (concerns(e, &matrix_columns[i]))
            b->always[i] |= says(e, is_whole(e, &matrix_columns[i], false));
}

/* ── by id ──────────────────────────────────────────────────────────────── */

static uint32_t *id_slot(const struct matrix_index *x, struct str id)
{
    size_t at = str_hash(id, 0) & x->id_mask;

    while (x->ids[at] != 0 && !str_eq(x->at[x->ids[at] - 1].policy->id, id))
        at = (at + 1) & x->id_mask;
    return &x->ids[at];
}

/* How many entries a policy has; they stand together. */
static size_t statements_of(const struct matrix_index *x, struct str id, size_t *first)
{
    uint32_t slot = *id_slot(x, id);
    size_t n = 0;

    if (slot == 0)
        return 0;
    while (slot - 1 + n < x->n && x->at[slot - 1 + n].policy == x->at[slot - 1].policy)
        n++;
    if (first != NULL)
        *first = slot - 1;
    return n;
}

static void note_ids(struct arena *a, struct matrix_index *x)
{
    size_t room = 16;

    while (room < 2 * (x->n + 1))
        room *= 2;
    x->id_mask = room - 1;
    x->ids = arena_make_n(a, room, uint32_t);
    for (size_t i = 0; i < x->n; i++)
        if (i == 0 || x->at[i].policy != x->at[i - 1].policy)
            *id_slot(x, x->at[i].policy->id) = (uint32_t)i + 1;
}

/* ── making it ──────────────────────────────────────────────────────────── */

/* Entries are counted in each bucket, then put there. */
static void *make_index(struct arena *a, const struct registry *r)
{
    const struct registry_parts *parts = registry_parts(r);
    const struct set *set = set_of(r);
    struct matrix_index *x = arena_make(a, struct matrix_index);
    size_t places = 0, room = 16;

    x->at = arena_make_n(a, set->n + 1, struct entry);
    for (size_t i = 0; i < set->n; i++)
        if (is_about_opening(&set->at[i])) {
            const struct which *w = &set->at[i].says.which;
            x->at[x->n++] = (struct entry){ &set->at[i].says, set->at[i].row };
            places += w->services.n + w->categories.n > 0 ? w->services.n + w->categories.n : 1;
        }
    while (room < 2 * (places + 1))
        room *= 2;
    x->mask = room - 1;
    x->slots = arena_make_n(a, room, uint32_t);
    x->buckets = arena_make_n(a, places + 1, struct bucket);
    for (size_t i = 0; i < x->n; i++)
        each_bucket(x, owner_of(parts, x->at[i].policy->provider), (uint32_t)i, count_it);
    uint32_t *all = arena_make_n(a, 2 * places + 1, uint32_t);
    for (size_t i = 0, from = 0; i < x->bucket_count; i++) {
        struct bucket *b = &x->buckets[i];
        b->at = all + from;
        b->moving = all + places + from;
        from += b->n;
        b->n = 0;
    }
    for (size_t i = 0; i < x->n; i++)
        each_bucket(x, owner_of(parts, x->at[i].policy->provider), (uint32_t)i, put_it);
    note_ids(a, x);
    return x;
}

static const struct matrix_index *index_of(const struct registry *r)
{
    return registry_index(r, INDEX_MATRIX, make_index);
}

void matrix_prepare(const struct registry *r)
{
    (void)index_of(r);
}

/* ── one row of cells ───────────────────────────────────────────────────── */

enum { BUCKETS = 6 }; /* that speak of one service: the nation's three, then its municipality's three */

static void buckets_of(const struct matrix_index *x, const struct registry *r, const struct area *area,
                       const struct service *s, const struct bucket **out)
{
    const struct provider *p = registry_provider(r, area->provider);
    const uint32_t owners[2] = { 0, owner_of(registry_parts(r), p) };

    for (size_t i = 0; i < BUCKETS; i++) {
        enum about about = (enum about)(i % 3);
        out[i] = i >= 3 && p == NULL ? bucket_of(x, UINT32_MAX, ABOUT_ALL, S(""))
                                     : bucket_of(x, owners[i / 3], about,
                                                 about == ABOUT_ALL       ? S("")
                                                 : about == ABOUT_SERVICE ? s->id
                                                                          : s->category);
    }
}

static bool counts_here(const struct entry *e, const struct area *area, int64_t now_s)
{
    const struct school *own = e->policy->school;

    return (e->policy->layer != LAYER_SCHOOL || (own != NULL && str_eq(own->oid, area->school))) &&
           policy_in_force(e->policy, now_s);
}

/* without: ids of policies that are passed over; NULL: none.  Without any, what is summed up counts. */
static void look(const struct matrix_index *x, const struct bucket *const *buckets, const struct area *area,
                 const struct matrix_who *who, int64_t now_s, const struct strs *without, uint8_t *layers)
{
    size_t column = without != NULL ? MATRIX_COLUMNS : 0;

    while (column < MATRIX_COLUMNS &&
           (matrix_columns[column].role != who->role || matrix_columns[column].level_from != who->level_from ||
            matrix_columns[column].level_to != who->level_to))
        column++;
    bool summed = column < MATRIX_COLUMNS;
    for (size_t i = 0; i < BUCKETS; i++) {
        const struct bucket *b = buckets[i];
        if (summed)
            layers[i < 3 ? LAYER_NATION : LAYER_MUNICIPALITY] |= b->always[column];
        for (size_t k = 0; k < (summed ? b->n_moving : b->n); k++) {
            const struct entry *e = &x->at[summed ? b->moving[k] : b->at[k]];
            if (concerns(e, who) && counts_here(e, area, now_s) &&
                (without == NULL || !strs_has(without, e->policy->id)))
                layers[e->policy->layer] |= says(e, is_whole(e, who, str_is_set(area->school)));
        }
    }
}

/* The statements of an owner's three buckets in their order, each once; those that concern the cell. */
static void list_sayings(const struct matrix_index *x, const struct bucket *const *buckets, const struct area *area,
                         const struct matrix_who *who, int64_t now_s, struct matrix_sayings *out)
{
    uint32_t at[3] = { 0 };

    for (;;) {
        uint32_t next = UINT32_MAX;
        for (size_t i = 0; i < 3; i++)
            if (at[i] < buckets[i]->n && buckets[i]->at[at[i]] < next)
                next = buckets[i]->at[at[i]];
        if (next == UINT32_MAX)
            return;
        for (size_t i = 0; i < 3; i++)
            while (at[i] < buckets[i]->n && buckets[i]->at[at[i]] == next)
                at[i]++;
        const struct entry *e = &x->at[next];
        if (!concerns(e, who) || !counts_here(e, area, now_s))
            continue;
        if (out->total++ >= out->from && out->n < out->most)
            out->at[out->n++] =
                (struct matrix_saying){ e->policy, e->s->does == DOES_OPEN && e->s->forbid, e->s->does == DOES_LEAVE,
                                        is_whole(e, who, str_is_set(area->school)) };
    }
}

/* What an outer layer says, no inner one changes; within a layer forbid beats permit; a school's own counts where its
 * municipality leaves the service to the schools. */
static struct matrix_cell settle(const uint8_t *layers, enum layer own)
{
    bool partly = false, some = false;

    for (int l = LAYER_NATION; l <= (int)own; l++) {
        uint8_t by = layers[l];
        bool outer = l < (int)own;
        if ((by & FORBID_WHOLE) != 0)
            return (struct matrix_cell){ some ? CELL_COND : CELL_SHUT, outer, false };
        if ((by & PERMIT_WHOLE) != 0)
            return (struct matrix_cell){ partly || (by & FORBID_PART) != 0 ? CELL_COND : CELL_OPEN, outer, false };
        partly = partly || (by & (PERMIT_PART | FORBID_PART)) != 0;
        some = some || (by & PERMIT_PART) != 0;
        if (l == LAYER_MUNICIPALITY && (by & LEAVES) != 0 && own == LAYER_MUNICIPALITY)
            return (struct matrix_cell){ CELL_COND, false, false };
        if (l == LAYER_MUNICIPALITY && (by & LEAVES) == 0 && own == LAYER_SCHOOL)
            return (struct matrix_cell){ some ? CELL_COND : CELL_SHUT, true, !partly };
    }
    return (struct matrix_cell){ some ? CELL_COND : CELL_SHUT, false, !partly };
}

static enum layer own_layer(const struct registry *r, const struct area *area)
{
    return registry_provider(r, area->provider) == NULL ? LAYER_NATION
           : str_is_set(area->school)                   ? LAYER_SCHOOL
                                                        : LAYER_MUNICIPALITY;
}

struct matrix_cell matrix_cell(struct arena *a, const struct registry *r, const struct area *area,
                               const struct matrix_who *who, const struct service *s, int64_t now_s,
                               struct matrix_sayings *out)
{
    const struct matrix_index *x = index_of(r);
    const struct bucket *buckets[BUCKETS];
    uint8_t layers[LAYER_COUNT] = { 0 };

    buckets_of(x, r, area, s, buckets);
    look(x, buckets, area, who, now_s, NULL, layers);
    if (out != NULL) {
        size_t all = 0;
        for (size_t i = 0; i < BUCKETS; i++)
            all += buckets[i]->n;
        out->most = out->most != 0 && out->most < all ? out->most : all;
        out->at = arena_make_n(a, out->most + 1, struct matrix_saying);
        out->n = out->total = 0;
        list_sayings(x, buckets, area, who, now_s, out);
        list_sayings(x, buckets + 3, area, who, now_s, out);
    }
    return settle(layers, own_layer(r, area));
}

void matrix_row(const struct registry *r, const struct area *area, const struct service *s, int64_t now_s,
                struct matrix_cell cells[MATRIX_COLUMNS])
{
    const struct matrix_index *x = index_of(r);
    const struct bucket *buckets[BUCKETS];
    enum layer own = own_layer(r, area);

    buckets_of(x, r, area, s, buckets);
    for (size_t i = 0; i < MATRIX_COLUMNS; i++) {
        uint8_t layers[LAYER_COUNT] = { 0 };
        look(x, buckets, area, &matrix_columns[i], now_s, NULL, layers);
        cells[i] = settle(layers, own);
    }
}

/* ── with a draft ───────────────────────────────────────────────────────── */

struct matrix_draft {
    struct strs ids;
    struct entry *before, *after; /* of these policies: in force, and as they would be */
    size_t n_before, n_after;
};

static bool read_after(struct arena *a, const struct policy *row, struct matrix_draft *out, size_t *room)
{
    struct cedar_source *source = arena_make(a, struct cedar_source);

    *source = (struct cedar_source){ row->id, row->text };
    struct cedar_diags d = cedar_diags_new(a, source);
    const struct cedar_policies *all = cedar_policies_parse(a, &d, CEDAR_IDS_BY_POSITION);
    if (all == NULL || cedar_templates_n(all) > 0)
        return false;
    for (size_t i = 0; i < cedar_policies_n(all); i++) {
        struct statement *says = arena_make(a, struct statement);
        *says = statement_read(a, cedar_policy_at(all, i));
        if (says->does == DOES_RELEASE)
            continue;
        if (out->n_after == *room) {
            struct entry *more = arena_make_n(a, *room = 2 * *room + 8, struct entry);
            memcpy(more, out->after, out->n_after * sizeof *more);
            out->after = more;
        }
        out->after[out->n_after++] = (struct entry){ says, row };
    }
    return true;
}

static void find_before(struct arena *a, const struct matrix_index *x, const struct provider *p,
                        struct matrix_draft *out)
{
    size_t room = 0;

    for (size_t i = 0; i < out->ids.n; i++)
        room += statements_of(x, out->ids.at[i], NULL);
    out->before = arena_make_n(a, room + 1, struct entry);
    for (size_t i = 0; i < out->ids.n; i++) {
        size_t first = 0, n = statements_of(x, out->ids.at[i], &first);
        for (size_t k = first; k < first + n; k++)
            if (x->at[k].policy->provider == NULL || x->at[k].policy->provider == p)
                out->before[out->n_before++] = x->at[k];
    }
}

const struct matrix_draft *matrix_draft_new(struct arena *a, const struct registry *r, const struct area *area,
                                            const struct policy *after, size_t n, const struct strs *ids)
{
    const struct matrix_index *x = index_of(r);
    const struct provider *p = registry_provider(r, area->provider);
    struct matrix_draft *out = arena_make(a, struct matrix_draft);
    size_t room = 8;

    *out = (struct matrix_draft){ .ids = *ids, .after = arena_make_n(a, room, struct entry) };
    find_before(a, x, p, out);
    for (size_t i = 0; i < n; i++) {
        bool seen_here = after[i].provider == NULL || after[i].provider == p;
        if (seen_here && after[i].enabled && !read_after(a, &after[i], out, &room))
            return NULL;
    }
    return out;
}

static bool covers(const struct which *w, const struct service *s)
{
    return (w->services.n == 0 && w->categories.n == 0) || strs_has(&w->services, s->id) ||
           strs_has(&w->categories, s->category);
}

static bool counts(const struct entry *e, const struct area *area, const struct matrix_who *who,
                   const struct service *s, int64_t now_s)
{
    return concerns(e, who) && covers(&e->s->which, s) && counts_here(e, area, now_s);
}

/* What is said of the cell, whoever says it. */
static bool some_count(const struct entry *at, size_t n, const struct area *area, const struct matrix_who *who,
                       const struct service *s, int64_t now_s)
{
    bool some = false;

    for (size_t i = 0; i < n && !some; i++)
        some = counts(&at[i], area, who, s, now_s);
    return some;
}

static bool same_strs(const struct strs *x, const struct strs *y)
{
    if (x->n != y->n)
        return false;
    for (size_t i = 0; i < x->n; i++)
        if (!strs_has(y, x->at[i]))
            return false;
    return true;
}

static bool same_levels(const struct whom *x, const struct whom *y, const struct matrix_who *who)
{
    int x_from = x->level_from > who->level_from ? x->level_from : who->level_from,
        y_from = y->level_from > who->level_from ? y->level_from : who->level_from,
        x_to = x->level_to != 0 && x->level_to < who->level_to ? x->level_to : who->level_to,
        y_to = y->level_to != 0 && y->level_to < who->level_to ? y->level_to : who->level_to;

    return has_levels(x) == has_levels(y) && x_from == y_from && x_to == y_to;
}

/* About the people of a cell and one service, as far as fields say it. */
static bool says_the_same(const struct statement *x, const struct statement *y, const struct matrix_who *who)
{
    const struct whom *v = &x->whom, *w = &y->whom;
    const struct hours *h = &x->hours, *k = &y->hours;

    return x->does == y->does && x->forbid == y->forbid && x->exact == y->exact &&
           (x->exact || str_eq(x->rest, y->rest)) && same_levels(v, w, who) && v->ages == w->ages &&
           same_strs(&v->schools, &w->schools) && same_strs(&v->groups, &w->groups) && h->weekdays == k->weekdays &&
           h->minute_from == k->minute_from && h->minute_to == k->minute_to && h->device == k->device &&
           h->assurance == k->assurance && h->days == k->days && h->in_network == k->in_network &&
           same_strs(&h->networks, &k->networks) && h->exam == k->exam;
}

/* Each that counts of the first has one in the second that says the same. */
static bool all_stay(const struct entry *at, size_t n, const struct entry *in, size_t m, const struct area *area,
                     const struct matrix_who *who, const struct service *s, int64_t now_s)
{
    for (size_t i = 0; i < n; i++) {
        bool stays = !counts(&at[i], area, who, s, now_s);
        for (size_t k = 0; k < m && !stays; k++)
            stays = counts(&in[k], area, who, s, now_s) && says_the_same(at[i].s, in[k].s, who);
        if (!stays)
            return false;
    }
    return true;
}

bool matrix_draft_cell(const struct registry *r, const struct area *area, const struct matrix_who *who,
                       const struct service *s, int64_t now_s, const struct matrix_draft *d, struct matrix_cell *out)
{
    const struct matrix_index *x = index_of(r);
    const struct bucket *buckets[BUCKETS];
    uint8_t was[LAYER_COUNT] = { 0 }, is[LAYER_COUNT] = { 0 };

    if (!some_count(d->before, d->n_before, area, who, s, now_s) &&
        !some_count(d->after, d->n_after, area, who, s, now_s))
        return false;
    buckets_of(x, r, area, s, buckets);
    look(x, buckets, area, who, now_s, NULL, was);
    look(x, buckets, area, who, now_s, &d->ids, is);
    for (size_t i = 0; i < d->n_after; i++)
        if (counts(&d->after[i], area, who, s, now_s))
            is[d->after[i].policy->layer] |= says(&d->after[i], is_whole(&d->after[i], who, str_is_set(area->school)));
    const struct matrix_cell before = settle(was, own_layer(r, area));
    *out = settle(is, own_layer(r, area));
    if (before.cell != out->cell)
        return true;
    return out->cell == CELL_COND && !(all_stay(d->before, d->n_before, d->after, d->n_after, area, who, s, now_s) &&
                                       all_stay(d->after, d->n_after, d->before, d->n_before, area, who, s, now_s));
}

/* ── what is left to the schools ────────────────────────────────────────── */

bool matrix_is_left(const struct registry *r, const struct provider *p, const struct service *s, int64_t now_s)
{
    const struct matrix_index *x = index_of(r);
    const struct area area = { .provider = p->id };
    const struct bucket *buckets[BUCKETS];
    uint8_t left = 0;

    buckets_of(x, r, &area, s, buckets);
    for (size_t i = 3; i < BUCKETS; i++) {
        for (size_t k = 0; k < MATRIX_COLUMNS; k++)
            left |= buckets[i]->always[k] & LEAVES;
        for (size_t k = 0; left == 0 && k < buckets[i]->n_moving; k++) {
            const struct entry *e = &x->at[buckets[i]->moving[k]];
            if (e->s->does != DOES_LEAVE || e->policy->layer != LAYER_MUNICIPALITY || !counts_here(e, &area, now_s))
                continue;
            for (size_t column = 0; column < MATRIX_COLUMNS; column++)
                left |= concerns(e, &matrix_columns[column]) ? LEAVES : 0;
        }
    }
    return left != 0;
}

static bool goes_beyond(struct arena *a, const struct registry *r, const struct policy *own, const struct area *where,
                        const struct service *s, int64_t now_s)
{
    for (size_t i = 0; i < MATRIX_COLUMNS; i++) {
        struct matrix_sayings sayings = { 0 };
        const struct matrix_cell cell = matrix_cell(a, r, where, &matrix_columns[i], s, now_s, &sayings);
        if (!cell.inherited || cell.cell == CELL_OPEN)
            continue;
        for (size_t k = 0; k < sayings.n; k++)
            if (sayings.at[k].policy == own && !sayings.at[k].forbids)
                return true;
    }
    return false;
}

const struct service *matrix_beyond(const struct registry *r, const struct policy *own, int64_t now_s)
{
    const struct registry_parts *parts = registry_parts(r);
    const struct service *beyond = NULL;

    if (own->layer != LAYER_SCHOOL || own->provider == NULL || own->school == NULL)
        return NULL;
    const struct area where = { .provider = own->provider->id, .school = own->school->oid };
    for (size_t i = 0; beyond == NULL && i < parts->service_count; i++) {
        struct arena *a = arena_new();
        if (goes_beyond(a, r, own, &where, &parts->services[i], now_s))
            beyond = &parts->services[i];
        arena_free(a);
    }
    return beyond;
}
