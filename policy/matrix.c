/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/matrix.h"

#include "policy/set.h"

#include <string.h>

const struct matrix_who matrix_columns[MATRIX_COLUMNS] = {
    { ROLE_LEARNER, 1, 6 },    { ROLE_LEARNER, 7, 9 },   { ROLE_LEARNER, 0, 0 }, { ROLE_TEACHER, 0, 0 },
    { ROLE_SUBSTITUTE, 0, 0 }, { ROLE_PRINCIPAL, 0, 0 }, { ROLE_STAFF, 0, 0 },   { ROLE_GUARDIAN, 0, 0 },
};

/* ── the index: every statement about opening, by layer and provider ────── */

struct entry {
    const struct statement *s;
    const struct policy *policy;
};

struct span {
    size_t from, n;
};

struct matrix_index {
    struct entry *at;
    size_t n;
    struct span nation;
    struct span *of_provider; /* by its place in the registry */
};

static bool is_about_opening(const struct listed *l)
{
    return l->says.does == DOES_OPEN || l->says.does == DOES_LEAVE || l->says.does == DOES_OTHER;
}

/* Statements are counted, then put where their provider's begin. */
static void *make_index(struct arena *a, const struct registry *r)
{
    const struct registry_parts *parts = registry_parts(r);
    const struct set *set = set_of(r);
    struct matrix_index *x = arena_make(a, struct matrix_index);

    x->at = arena_make_n(a, set->n + 1, struct entry);
    x->of_provider = arena_make_n(a, parts->provider_count + 1, struct span);
    for (size_t i = 0; i < set->n; i++)
        if (is_about_opening(&set->at[i])) {
            const struct provider *p = set->at[i].row->provider;
            (p != NULL ? &x->of_provider[p - parts->providers] : &x->nation)->n++;
        }
    x->n = x->nation.n;
    for (size_t k = 0; k < parts->provider_count; k++) {
        x->of_provider[k].from = x->n;
        x->n += x->of_provider[k].n;
        x->of_provider[k].n = 0;
    }
    x->nation.n = 0;
    for (size_t i = 0; i < set->n; i++)
        if (is_about_opening(&set->at[i])) {
            const struct provider *p = set->at[i].row->provider;
            struct span *of = p != NULL ? &x->of_provider[p - parts->providers] : &x->nation;
            x->at[of->from + of->n++] = (struct entry){ &set->at[i].says, set->at[i].row };
        }
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

/* ── one cell ───────────────────────────────────────────────────────────── */

static bool covers_service(const struct which *w, const struct service *s)
{
    return (w->services.n == 0 && w->categories.n == 0) || strs_has(&w->services, s->id) ||
           strs_has(&w->categories, s->category);
}

static bool has_levels(const struct whom *w)
{
    return w->level_from != 0 || w->level_to != 0;
}

/* Somebody of the column can be meant. */
static bool concerns(const struct entry *e, const struct matrix_who *who, const struct service *s)
{
    const struct whom *w = &e->s->whom;
    int from = w->level_from, to = w->level_to != 0 ? w->level_to : LEVEL_MAX;

    if (!covers_service(&e->s->which, s) || (w->roles != 0 && (w->roles & 1u << who->role) == 0))
        return false;
    return !has_levels(w) || (who->level_to != 0 && from <= who->level_to && to >= who->level_from);
}

/* Everybody of the column is meant, at any hour, on any device. */
static bool is_whole(const struct entry *e, const struct matrix_who *who, const struct area *area)
{
    const struct whom *w = &e->s->whom;
    int to = w->level_to != 0 ? w->level_to : LEVEL_MAX;
    bool levels = !has_levels(w) || (w->level_from <= who->level_from && to >= who->level_to);
    bool place = w->schools.n == 0 || (str_is_set(area->school) && e->policy->layer == LAYER_SCHOOL);

    return e->s->exact && e->s->does != DOES_OTHER && levels && place && w->groups.n == 0 && w->ages == 0 &&
           !hours_ask(&e->s->hours);
}

struct said_by { /* a layer, of one cell */
    bool permit_whole, permit_part, forbid_whole, forbid_part, leave;
};

static void note(struct said_by *by, const struct entry *e, bool whole)
{
    if (e->s->does == DOES_LEAVE)
        by->leave = true;
    else if (e->s->forbid)
        *(whole ? &by->forbid_whole : &by->forbid_part) = true;
    else
        *(whole ? &by->permit_whole : &by->permit_part) = true;
}

/* Another school's own is not of this area. */
static bool counts(const struct entry *e, const struct area *area, const struct matrix_who *who,
                   const struct service *s, int64_t now_s)
{
    const struct school *own = e->policy->school;

    return (e->policy->layer != LAYER_SCHOOL || (own != NULL && str_eq(own->oid, area->school))) &&
           policy_in_force(e->policy, now_s) && concerns(e, who, s) &&
           e->s->hours.exam != EXAM_DURING; /* exams come and go; a cell says how it is without */
}

/* without: ids of policies that are passed over; NULL: none. */
static void look(const struct entry *at, size_t n, const struct strs *without, const struct area *area,
                 const struct matrix_who *who, const struct service *s, int64_t now_s, struct said_by *layers,
                 struct matrix_sayings *out)
{
    for (size_t i = 0; i < n; i++) {
        const struct entry *e = &at[i];
        if (!counts(e, area, who, s, now_s) || (without != NULL && strs_has(without, e->policy->id)))
            continue;
        bool whole = is_whole(e, who, area);
        note(&layers[e->policy->layer], e, whole);
        if (out != NULL)
            out->at[out->n++] = (struct matrix_saying){ e->policy, e->s->does == DOES_OPEN && e->s->forbid,
                                                        e->s->does == DOES_LEAVE, whole };
    }
}

/* What an outer layer says, no inner one changes; within a layer forbid beats permit; a school's own counts where its
 * municipality leaves the service to the schools. */
static struct matrix_cell settle(const struct said_by *layers, enum layer own)
{
    bool partly = false, some = false;

    for (int l = LAYER_NATION; l <= (int)own; l++) {
        const struct said_by *by = &layers[l];
        bool outer = l < (int)own;
        if (by->forbid_whole)
            return (struct matrix_cell){ some ? CELL_COND : CELL_SHUT, outer, false };
        if (by->permit_whole)
            return (struct matrix_cell){ partly || by->forbid_part ? CELL_COND : CELL_OPEN, outer, false };
        partly = partly || by->permit_part || by->forbid_part;
        some = some || by->permit_part;
        if (l == LAYER_MUNICIPALITY && by->leave && own == LAYER_MUNICIPALITY)
            return (struct matrix_cell){ CELL_COND, false, false };
        if (l == LAYER_MUNICIPALITY && !by->leave && own == LAYER_SCHOOL)
            return (struct matrix_cell){ some ? CELL_COND : CELL_SHUT, true, !partly };
    }
    return (struct matrix_cell){ some ? CELL_COND : CELL_SHUT, false, !partly };
}

static enum layer layer_of(const struct area *area)
{
    return !str_is_set(area->provider) ? LAYER_NATION : str_is_set(area->school) ? LAYER_SCHOOL : LAYER_MUNICIPALITY;
}

struct matrix_cell matrix_cell(struct arena *a, const struct registry *r, const struct area *area,
                               const struct matrix_who *who, const struct service *s, int64_t now_s,
                               struct matrix_sayings *out)
{
    const struct matrix_index *x = index_of(r);
    const struct provider *p = registry_provider(r, area->provider);
    struct said_by layers[LAYER_COUNT] = { 0 };
    const struct span none = { 0 }, own = p != NULL ? x->of_provider[p - registry_parts(r)->providers] : none;

    if (out != NULL)
        *out = (struct matrix_sayings){ arena_make_n(a, x->nation.n + own.n + 1, struct matrix_saying), 0 };
    look(x->at + x->nation.from, x->nation.n, NULL, area, who, s, now_s, layers, out);
    look(x->at + own.from, own.n, NULL, area, who, s, now_s, layers, out);
    return settle(layers, layer_of(area));
}

/* ── with a draft ───────────────────────────────────────────────────────── */

struct matrix_draft {
    struct strs ids;
    struct entry *before, *after; /* of these policies: in force, and as they would be */
    size_t n_before, n_after;
    struct span nation, own; /* of the index */
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

static void find_before(struct arena *a, const struct matrix_index *x, struct matrix_draft *out)
{
    const struct span spans[] = { out->nation, out->own };

    out->before = arena_make_n(a, out->nation.n + out->own.n + 1, struct entry);
    for (size_t k = 0; k < sizeof spans / sizeof *spans; k++)
        for (size_t i = spans[k].from; i < spans[k].from + spans[k].n; i++)
            if (strs_has(&out->ids, x->at[i].policy->id))
                out->before[out->n_before++] = x->at[i];
}

const struct matrix_draft *matrix_draft_new(struct arena *a, const struct registry *r, const struct area *area,
                                            const struct policy *after, size_t n, const struct strs *ids)
{
    const struct matrix_index *x = index_of(r);
    const struct provider *p = registry_provider(r, area->provider);
    struct matrix_draft *out = arena_make(a, struct matrix_draft);
    size_t room = 8;

    *out = (struct matrix_draft){ .ids = *ids, .nation = x->nation, .after = arena_make_n(a, room, struct entry) };
    if (p != NULL)
        out->own = x->of_provider[p - registry_parts(r)->providers];
    find_before(a, x, out);
    for (size_t i = 0; i < n; i++) {
        bool seen_here = after[i].provider == NULL || after[i].provider == p;
        if (seen_here && after[i].enabled && !read_after(a, &after[i], out, &room))
            return NULL;
    }
    return out;
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
    struct said_by was[LAYER_COUNT] = { 0 }, is[LAYER_COUNT] = { 0 };

    if (!some_count(d->before, d->n_before, area, who, s, now_s) &&
        !some_count(d->after, d->n_after, area, who, s, now_s))
        return false;
    const struct span spans[] = { d->nation, d->own };
    for (size_t k = 0; k < sizeof spans / sizeof *spans; k++) {
        look(x->at + spans[k].from, spans[k].n, NULL, area, who, s, now_s, was, NULL);
        look(x->at + spans[k].from, spans[k].n, &d->ids, area, who, s, now_s, is, NULL);
    }
    look(d->after, d->n_after, NULL, area, who, s, now_s, is, NULL);
    const struct matrix_cell before = settle(was, layer_of(area));
    *out = settle(is, layer_of(area));
    if (before.cell != out->cell)
        return true;
    return out->cell == CELL_COND && !(all_stay(d->before, d->n_before, d->after, d->n_after, area, who, s, now_s) &&
                                       all_stay(d->after, d->n_after, d->before, d->n_before, area, who, s, now_s));
}

/* ── what is left to the schools ────────────────────────────────────────── */

static bool goes_beyond(struct arena *a, const struct registry *r, const struct policy *own, const struct area *where,
                        const struct service *s, int64_t now_s)
{
    for (size_t i = 0; i < MATRIX_COLUMNS; i++) {
        struct matrix_sayings sayings;
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
