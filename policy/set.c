/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/set.h"

#include "base/embed.h"

#include <assert.h>
#include <string.h>

static bool reads_resource(const struct cedar_policy *p)
{
    for (size_t i = 0; i < p->n_conditions; i++)
        if ((p->conditions[i].body->uses >> CEDAR_RESOURCE & 1) != 0)
            return true;
    return false;
}

/* Fields that the index knows nothing of. */
static bool asks_more(const struct statement *s)
{
    return s->whom.groups.n > 0 || s->whom.level_from != 0 || s->whom.level_to != 0 || s->whom.ages != 0 ||
           hours_ask(&s->hours);
}

static bool in_categories(const struct which *which, const struct service *s)
{
    return strs_has(&which->categories, s->category);
}

static void list_services(struct arena *a, const struct registry *r, struct listed *l)
{
    const struct registry_parts *parts = registry_parts(r);
    const struct which *which = &l->says.which;

    if (which->services.n == 0 && which->categories.n == 0)
        return;
    size_t room = which->categories.n > 0 ? parts->service_count : which->services.n;
    const struct service **list = arena_make_n(a, room + 1, const struct service *);
    if (which->categories.n == 0) {
        for (size_t i = 0; i < which->services.n; i++) {
            const struct service *s = registry_service(r, which->services.at[i]);
            if (s != NULL)
                list[l->n_services++] = s;
        }
    } else {
        for (size_t i = 0; i < parts->service_count; i++) {
            const struct service *s = &parts->services[i];
            if (in_categories(which, s) || strs_has(&which->services, s->id))
                list[l->n_services++] = s;
        }
    }
    l->services = list;
}

struct reading {
    struct arena *arena;
    struct arena *tokens; /* of the text that is read, begun anew for each: they are many times its size */
    const struct registry *r;
    struct set *set;
    size_t room;
};

static struct listed *next(struct reading *x)
{
    struct set *set = x->set;

    if (set->n == x->room) {
        struct listed *more = arena_make_n(x->arena, 2 * x->room, struct listed);
        memcpy(more, set->at, set->n * sizeof *more);
        set->at = more;
        x->room *= 2;
    }
    return &set->at[set->n++];
}

static void read_row(struct reading *x, const struct policy *row)
{
    struct cedar_source *source = arena_make(x->arena, struct cedar_source);
    struct cedar_diags d = cedar_diags_new(x->tokens, source);

    *source = (struct cedar_source){ row->id, row->text };
    const struct cedar_policies *all = cedar_policies_parse(x->arena, &d, CEDAR_IDS_BY_POSITION);
    if (all == NULL || cedar_templates_n(all) > 0) {
        x->set->unread = row;
        return;
    }
    for (size_t i = 0; i < cedar_policies_n(all); i++) {
        struct listed *l = next(x);
        *l = (struct listed){ .row = row, .cedar = cedar_policy_at(all, i) };
        l->says = statement_read(x->arena, l->cedar);
        l->plain = l->says.exact && !asks_more(&l->says) && row->from_s == 0 && row->to_s == 0;
        l->reads_service = !l->says.exact && reads_resource(l->cedar);
        list_services(x->arena, x->r, l);
    }
}

static struct str shipped(const char *name)
{
    const struct embedded *file = policy_files;

    while (strcmp(file->name, name) != 0)
        file++;
    return str_n(file->bytes, file->size);
}

static const struct cedar_policies *read_defaults(struct arena *a)
{
    struct cedar_source *source = arena_make(a, struct cedar_source);

    *source = (struct cedar_source){ S("defaults.cedar"), shipped("defaults") };
    struct cedar_diags d = cedar_diags_new(a, source);
    const struct cedar_policies *all = cedar_policies_parse(a, &d, CEDAR_IDS_BY_ANNOTATION);
    assert(all != NULL); /* tests/unit/test_may.c */
    return all;
}

const struct policy *policy_of_exams(struct arena *a)
{
    struct policy *row = arena_make(a, struct policy);

    *row = (struct policy){ .id = S(POLICY_OF_EXAMS),
                            .layer = LAYER_NATION,
                            .names = { { S("Koe on käynnissä"), S("Ett prov pågår"), S("An exam is on") } },
                            .text = shipped("exams"),
                            .enabled = true,
                            .shipped = true };
    return row;
}

static void *make(struct arena *a, const struct registry *r)
{
    struct set *set = arena_make(a, struct set);
    size_t n;
    const struct policy *const *rows = registry_policies(r, &n);
    struct reading x = { .arena = a, .tokens = arena_new(), .r = r, .set = set, .room = 2 * n + 2 };

    set->registry = r;
    set->parts = registry_parts(r);
    set->facts = facts_of(a, r);
    set->defaults = read_defaults(a);
    set->at = arena_make_n(a, x.room, struct listed);
    if (set->parts->exam_count > 0)
        read_row(&x, policy_of_exams(a));
    for (size_t i = 0; i < n; i++)
        if (rows[i]->enabled) {
            read_row(&x, rows[i]);
            arena_reset(x.tokens);
        }
    arena_free(x.tokens);
    return set;
}

const struct set *set_of(const struct registry *r)
{
    return registry_index(r, INDEX_POLICIES, make);
}

bool listed_alike(const struct listed *l)
{
    return !l->reads_service && (l->says.exact || l->services != NULL || l->cedar->resource.kind == CEDAR_SCOPE_ANY);
}

struct asking asking_of(struct arena *a, const struct set *set, const struct person *p, const struct affiliation *at,
                        const struct provider *provider, const struct circumstances *now)
{
    const struct moment moment = moment_of(a, set->registry, p, provider, at, now);

    return (struct asking){ .arena = a,
                            .set = set,
                            .cedar = { .principal = facts_person(a, p, at, provider),
                                       .context = facts_moment(a, &moment),
                                       .others = set->facts->nouns },
                            .at = at,
                            .provider = provider,
                            .now_s = now->now_s,
                            .moment = moment };
}

bool policy_in_force(const struct policy *row, int64_t now_s)
{
    return row->enabled && (row->from_s == 0 || now_s >= row->from_s) && (row->to_s == 0 || now_s < row->to_s);
}

/* A policy is about its owner's people, whatever its text says. */
static bool owns(const struct policy *row, const struct asking *q)
{
    if (row->provider == NULL)
        return true;
    return q->provider != NULL && str_eq(row->provider->id, q->provider->id) &&
           (row->school == NULL || (str_is_set(row->school->oid) && str_eq(row->school->oid, q->at->school_oid)));
}

enum cedar_outcome asking_whether(struct asking *q, const struct listed *l, enum deed deed, const struct service *s,
                                  enum claim claim)
{
    const struct facts *f = q->set->facts;

    if (!owns(l->row, q) || !policy_in_force(l->row, q->now_s))
        return CEDAR_APPLIES_NOT;
    q->cedar.action = f->deeds[deed];
    q->cedar.resource =
        deed == DEED_RELEASE ? facts_disclosure(q->arena, f, s, claim) : f->services[s - f->parts->services];
    return cedar_policy_applies(q->arena, l->cedar, &q->cedar, NULL);
}
