/* SPDX-License-Identifier: EUPL-1.2
 * A request and a store in which some things are different. */
#include "policy/cedar/why.h"

static const struct cedar_record empty = { 0, NULL };

static struct cedar_value record_value(const struct cedar_record *r)
{
    return (struct cedar_value){ .kind = CEDAR_RECORD, .record = r };
}

/* The set with the elements of `which` (a value counts as a set of one), or without them. */
static struct cedar_value changed_set(struct arena *a, const struct cedar_value *old, const struct cedar_value *which,
                                      bool add)
{
    const struct cedar_set one = { 1, which }, none = { 0, NULL };
    const struct cedar_set *more = which->kind == CEDAR_SET ? which->set : &one;
    const struct cedar_set *set = old != NULL && old->kind == CEDAR_SET ? old->set : &none;
    struct cedar_value *items = arena_make_n(a, set->n + more->n, struct cedar_value);
    size_t n = 0;

    for (size_t i = 0; i < set->n; i++)
        if (add || !cedar_set_has(more, &set->items[i]))
            items[n++] = set->items[i];
    for (size_t i = 0; add && i < more->n; i++)
        items[n++] = more->items[i];
    return cedar_set_of(a, items, n);
}

/* The record with a new value behind the names; as deep as these. */
static const struct cedar_record *changed_record(struct arena *a, const struct cedar_record *old,
                                                 const struct str *names, size_t n, const struct difference *d)
{
    struct cedar_field *fields = arena_make_n(a, old->n + 1, struct cedar_field);
    const struct cedar_value *was = cedar_record_get(old, names[0]);
    struct cedar_value v, all;
    size_t kept = 0;

    if (n > 1)
        v = record_value(
            changed_record(a, was != NULL && was->kind == CEDAR_RECORD ? was->record : &empty, names + 1, n - 1, d));
    else if (d->add || d->drop)
        v = changed_set(a, was, &d->example, d->add);
    else
        v = d->example;
    for (size_t i = 0; i < old->n; i++)
        if (!str_eq(old->fields[i].name, names[0]))
            fields[kept++] = old->fields[i];
    if (v.kind != CEDAR_NONE)
        fields[kept++] = (struct cedar_field){ names[0], v };
    return cedar_record_of(a, fields, kept, &all, NULL) ? all.record : old;
}

struct making {
    struct arena *arena;
    struct world *to;
    struct cedar_entity **changed;
    size_t n;
};

static struct cedar_entity *changed(const struct making *m, const struct cedar_uid *uid)
{
    for (size_t i = 0; i < m->n; i++)
        if (cedar_uid_eq(&m->changed[i]->uid, uid))
            return m->changed[i];
    return NULL;
}

/* The entity as it will be: one that changed already, a copy, or a new one. */
static struct cedar_entity *changing(struct making *m, const struct cedar_uid *uid)
{
    const struct cedar_entity *old = cedar_entity_find(m->to->entities, uid);
    struct cedar_entity *e = changed(m, uid);

    if (e != NULL)
        return e;
    e = arena_make(m->arena, struct cedar_entity);
    *e = old != NULL ? *old : (struct cedar_entity){ .uid = *uid, .attrs = &empty, .tags = &empty };
    e->ancestors = NULL;
    e->n_ancestors = 0;
    return m->changed[m->n++] = e;
}

static void join(struct making *m, const struct cedar_uid *uid, const struct cedar_uid *group)
{
    struct cedar_entity *e = changing(m, uid);
    struct cedar_uid *parents = arena_make_n(m->arena, e->n_parents + 1, struct cedar_uid);

    for (size_t i = 0; i < e->n_parents; i++)
        parents[i] = e->parents[i];
    parents[e->n_parents++] = *group;
    e->parents = parents;
}

/* Every parent goes that is the group or in it. */
static void leave(struct making *m, const struct cedar_uid *uid, const struct cedar_uid *group)
{
    struct cedar_entity *e = changing(m, uid);
    struct cedar_uid *parents = arena_make_n(m->arena, e->n_parents, struct cedar_uid);
    size_t n = 0;

    for (size_t i = 0; i < e->n_parents; i++)
        if (!cedar_uid_eq(&e->parents[i], group) &&
            !cedar_entity_in(cedar_entity_find(m->to->entities, &e->parents[i]), group))
            parents[n++] = e->parents[i];
    e->parents = parents;
    e->n_parents = n;
}

static void change_groups(struct making *m, const struct difference *d)
{
    const struct cedar_set one = { 1, &d->example };
    const struct cedar_set *groups = d->example.kind == CEDAR_SET ? d->example.set : &one;

    for (size_t i = 0; i < groups->n; i++)
        if (groups->items[i].kind == CEDAR_ENTITY && d->kind == CEDAR_DIFFERENCE_IN)
            join(m, d->subject.uid, groups->items[i].uid);
        else if (groups->items[i].kind == CEDAR_ENTITY)
            leave(m, d->subject.uid, groups->items[i].uid);
}

/* Somebody else takes the place; one that is the same but for its type has what the first has. */
static bool change_variable(struct making *m, const struct difference *d)
{
    struct cedar_uid *places[3] = { &m->to->request.principal, &m->to->request.action, &m->to->request.resource };
    const struct cedar_entity *old = changed(m, d->subject.uid);

    if (old == NULL)
        old = cedar_entity_find(m->to->entities, d->subject.uid);
    if (d->example.kind != CEDAR_ENTITY || d->subject.var > CEDAR_RESOURCE)
        return false;
    *places[d->subject.var] = *d->example.uid;
    if (d->kind == CEDAR_DIFFERENCE_TYPE && old != NULL && changed(m, d->example.uid) == NULL &&
        cedar_entity_find(m->to->entities, d->example.uid) == NULL) {
        struct cedar_entity *e = changing(m, d->example.uid);
        e->attrs = old->attrs;
        e->tags = old->tags;
        e->parents = old->parents;
        e->n_parents = old->n_parents;
    }
    return true;
}

static bool make_one(struct making *m, const struct difference *d)
{
    const struct subject *s = &d->subject;
    struct cedar_entity *e;

    if (d->kind == CEDAR_DIFFERENCE_HOLDS || d->kind == CEDAR_DIFFERENCE_FAILS)
        return true;
    if (d->kind == CEDAR_DIFFERENCE_IN || d->kind == CEDAR_DIFFERENCE_NOT_IN) {
        change_groups(m, d);
        return true;
    }
    switch (s->of) {
    case SUBJECT_VARIABLE:
        return change_variable(m, d);
    case SUBJECT_CONTEXT: {
        const struct cedar_value *context = &m->to->request.context;
        m->to->request.context = record_value(
            changed_record(m->arena, context->kind == CEDAR_RECORD ? context->record : &empty, s->names, s->n, d));
        return true;
    }
    case SUBJECT_ENTITY:
        e = changing(m, s->uid);
        if (s->tag)
            e->tags = changed_record(m->arena, e->tags, s->names, s->n, d);
        else
            e->attrs = changed_record(m->arena, e->attrs, s->names, s->n, d);
        return true;
    default:
        return false;
    }
}

bool world_make(struct arena *a, const struct world *from, const struct difference *const *list, size_t n,
                struct world *out)
{
    struct making m = { .arena = a, .to = out, .changed = arena_make_n(a, n, struct cedar_entity *) };
    struct cedar_diags d = cedar_diags_new(a, NULL);

    *out = *from;
    for (size_t i = 0; i < n; i++)
        if (!make_one(&m, list[i]))
            return false;
    if (m.n == 0)
        return true;
    const struct cedar_entities *with = cedar_entities_of(a, m.changed, m.n, &d);
    if (with != NULL)
        out->entities = cedar_entities_change(a, from->entities, with, NULL, 0, &d);
    return with != NULL && out->entities != NULL;
}

struct cedar_value world_value(const struct world *w, const struct subject *subject)
{
    const struct cedar_uid *uids[3] = { &w->request.principal, &w->request.action, &w->request.resource };
    const struct cedar_value nothing = { .kind = CEDAR_NONE };
    struct cedar_value v = w->request.context;
    const struct cedar_entity *e;

    if (subject->of == SUBJECT_VARIABLE)
        return CEDAR_ENTITY_OF(uids[subject->var]);
    if (subject->of == SUBJECT_ENTITY) {
        if ((e = cedar_entity_find(w->entities, subject->uid)) == NULL)
            return nothing;
        v = record_value(subject->tag ? e->tags : e->attrs);
    }
    for (size_t i = 0; i < subject->n; i++) {
        const struct cedar_value *field = v.kind == CEDAR_RECORD ? cedar_record_get(v.record, subject->names[i]) : NULL;
        if (field == NULL)
            return nothing;
        v = *field;
    }
    return v;
}
