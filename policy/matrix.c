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

static void look(const struct matrix_index *x, struct span span, const struct area *area, const struct matrix_who *who,
                 const struct service *s, int64_t now_s, struct said_by *layers, struct matrix_sayings *out)
{

    for (size_t i = span.from; i < span.from + span.n; i++) {
        const struct entry *e = &x->at[i];
        const struct school *own = e->policy->school;
        if (e->policy->layer == LAYER_SCHOOL && (own == NULL || !str_eq(own->oid, area->school)))
            continue;
        if (!policy_in_force(e->policy, now_s) || !concerns(e, who, s) || e->s->hours.exam == EXAM_DURING)
            continue; /* exams come and go; a cell says how it is without */
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
    look(x, x->nation, area, who, s, now_s, layers, out);
    look(x, own, area, who, s, now_s, layers, out);
    return settle(layers, p == NULL ? LAYER_NATION : str_is_set(area->school) ? LAYER_SCHOOL : LAYER_MUNICIPALITY);
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
