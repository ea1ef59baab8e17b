/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/matrix.h"

#include "policy/cedar/diag.h"
#include "policy/form.h"
#include "policy/statement.h"

#include <string.h>

const struct matrix_who matrix_columns[MATRIX_COLUMNS] = {
    { ROLE_LEARNER, 1, 6 },    { ROLE_LEARNER, 7, 9 },   { ROLE_LEARNER, 0, 0 }, { ROLE_TEACHER, 0, 0 },
    { ROLE_SUBSTITUTE, 0, 0 }, { ROLE_PRINCIPAL, 0, 0 }, { ROLE_STAFF, 0, 0 },   { ROLE_GUARDIAN, 0, 0 },
};

/* ── the index: every statement about opening, by layer and provider ────── */

struct entry {
    struct statement s;
    const struct policy *policy;
    const struct rule *rule;
    enum layer layer;
    const struct provider *provider; /* NULL: the nation */
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

static size_t count_of(const struct registry_parts *parts)
{
    size_t n = parts->rule_count;

    for (size_t i = 0; i < parts->policy_count; i++)
        for (struct str rest = parts->policies[i].text; str_find_byte(rest, ';', 0) < rest.n;
             rest = str_from(rest, str_find_byte(rest, ';', 0) + 1))
            n++;
    return n + parts->policy_count + 1;
}

static void add_policy(struct arena *a, struct matrix_index *x, const struct policy *p, size_t room)
{
    struct cedar_source *source = arena_make(a, struct cedar_source);

    *source = (struct cedar_source){ S("policy"), p->text };
    struct cedar_diags d = cedar_diags_new(a, source);
    const struct cedar_policies *all = cedar_policies_parse(a, &d, CEDAR_IDS_BY_POSITION);
    for (size_t i = 0; all != NULL && i < cedar_policies_n(all) && x->n < room; i++) {
        struct statement s = statement_read(a, cedar_policy_at(all, i));
        if (s.does == DOES_OPEN || s.does == DOES_LEAVE || s.does == DOES_OTHER)
            x->at[x->n++] = (struct entry){ .s = s, .policy = p, .layer = p->layer, .provider = p->provider };
    }
}

static void add_rule(struct arena *a, struct matrix_index *x, const struct rule *rule)
{
    const struct rule_words words = { rule->provider, rule->role,    rule->school,
                                      rule->service,  rule->release, rule->forbid };
    const struct policy_form f = policy_form_of_rule(a, &words);

    x->at[x->n++] = (struct entry){
        .s = { .does = DOES_OPEN, .forbid = rule->forbid, .whom = f.whom, .which = f.which, .exact = true },
        .rule = rule,
        .layer = LAYER_MUNICIPALITY,
        .provider = rule->provider
    };
}

/* Policies come by layer and then provider; rules by provider: two passes keep each provider's together. */
static void *make_index(struct arena *a, const struct registry *r)
{
    const struct registry_parts *parts = registry_parts(r);
    struct matrix_index *x = arena_make(a, struct matrix_index);
    size_t room = count_of(parts);

    x->at = arena_make_n(a, room, struct entry);
    x->of_provider = arena_make_n(a, parts->provider_count + 1, struct span);
    for (size_t i = 0; i < parts->policy_count; i++)
        if (parts->policies[i].layer == LAYER_NATION)
            add_policy(a, x, &parts->policies[i], room);
    x->nation.n = x->n;
    /* Bucketed by provider: heads and links keep it linear. */
    size_t *next = arena_make_n(a, parts->policy_count + parts->rule_count + 1, size_t);
    size_t *head = arena_make_n(a, parts->provider_count + 1, size_t);
    for (size_t i = parts->policy_count + parts->rule_count; i-- > 0;) {
        const struct provider *p =
            i < parts->policy_count ? parts->policies[i].provider : parts->rules[i - parts->policy_count].provider;
        if (p == NULL)
            continue;
        next[i] = head[p - parts->providers];
        head[p - parts->providers] = i + 1;
    }
    for (size_t k = 0; k < parts->provider_count; k++) {
        x->of_provider[k].from = x->n;
        for (size_t i = head[k]; i != 0; i = next[i - 1])
            if (i - 1 < parts->policy_count)
                add_policy(a, x, &parts->policies[i - 1], room);
            else if (x->n < room)
                add_rule(a, x, &parts->rules[i - 1 - parts->policy_count]);
        x->of_provider[k].n = x->n - x->of_provider[k].from;
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

static bool in_force(const struct entry *e, int64_t now_s)
{
    const struct policy *p = e->policy;

    return p == NULL || (p->enabled && (p->from_s == 0 || p->from_s <= now_s) && (p->to_s == 0 || now_s < p->to_s));
}

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
    const struct whom *w = &e->s.whom;
    int from = w->level_from, to = w->level_to != 0 ? w->level_to : LEVEL_MAX;

    if (!covers_service(&e->s.which, s) || (w->roles != 0 && (w->roles & 1u << who->role) == 0))
        return false;
    return !has_levels(w) || (who->level_to != 0 && from <= who->level_to && to >= who->level_from);
}

/* Everybody of the column is meant, at any hour, on any device. */
static bool is_whole(const struct entry *e, const struct matrix_who *who, const struct area *area)
{
    const struct whom *w = &e->s.whom;
    const struct hours *h = &e->s.hours;
    int to = w->level_to != 0 ? w->level_to : LEVEL_MAX;
    bool levels = !has_levels(w) || (w->level_from <= who->level_from && to >= who->level_to);
    bool place = w->schools.n == 0 || (str_is_set(area->school) && e->layer == LAYER_SCHOOL);

    return e->s.exact && e->s.does != DOES_OTHER && levels && place && w->groups.n == 0 && w->ages == 0 &&
           h->weekdays == WEEKDAYS_ALL && h->minute_from == 0 && h->minute_to == 0 && h->device == DEVICE_ANY &&
           h->assurance == 0;
}

struct said_by { /* a layer, of one cell */
    bool permit_whole, permit_part, forbid_whole, forbid_part, leave;
};

static void note(struct said_by *by, const struct entry *e, bool whole)
{
    if (e->s.does == DOES_LEAVE)
        by->leave = true;
    else if (e->s.forbid)
        *(whole ? &by->forbid_whole : &by->forbid_part) = true;
    else
        *(whole ? &by->permit_whole : &by->permit_part) = true;
}

static void look(const struct matrix_index *x, struct span span, const struct area *area, const struct matrix_who *who,
                 const struct service *s, int64_t now_s, struct said_by *layers, struct matrix_sayings *out)
{

    for (size_t i = span.from; i < span.from + span.n; i++) {
        const struct entry *e = &x->at[i];
        const struct school *own = e->policy != NULL ? e->policy->school : NULL;
        if (e->layer == LAYER_SCHOOL && (own == NULL || !str_eq(own->oid, area->school)))
            continue;
        if (!in_force(e, now_s) || !concerns(e, who, s))
            continue;
        bool whole = is_whole(e, who, area);
        note(&layers[e->layer], e, whole);
        if (out != NULL)
            out->at[out->n++] = (struct matrix_saying){
                e->policy, e->rule, e->layer, e->s.does == DOES_OPEN && e->s.forbid, e->s.does == DOES_LEAVE, whole
            };
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
