/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/schema_build.h"
#include "policy/cedar/sort.h"

#include <stdlib.h>

/* Names that the JSON form needs for itself, so that no common type may have them. */
static const char *const json_keywords[] = {
    "Bool", "Boolean", "Entity", "Extension", "Long", "Record", "Set", "String"
};
static const enum cedar_type_kind builtins[] = { CEDAR_TYPE_BOOL,    CEDAR_TYPE_LONG,    CEDAR_TYPE_STRING,
                                                 CEDAR_TYPE_IPADDR,  CEDAR_TYPE_DECIMAL, CEDAR_TYPE_DATETIME,
                                                 CEDAR_TYPE_DURATION };
enum { BUILTIN_N = sizeof builtins / sizeof builtins[0] };

/* Counting ------------------------------------------------------------- */

static size_t names_n(const struct decl_name *names)
{
    size_t n = 0;

    for (; names != NULL; names = names->next)
        n++;
    return n;
}

struct counts {
    size_t entities, commons, actions, namespaces;
};

static struct counts count(const struct decl_schema *decls)
{
    struct counts n = { 0, 0, 0, 0 };

    for (const struct decl_entity *e = decls->entities; e != NULL; e = e->next)
        n.entities += names_n(e->names);
    for (const struct decl_common *c = decls->commons; c != NULL; c = c->next)
        n.commons++;
    for (const struct decl_action *x = decls->actions; x != NULL; x = x->next)
        n.actions += names_n(x->names);
    for (const struct decl_namespace *ns = decls->namespaces; ns != NULL; ns = ns->next)
        n.namespaces++;
    return n;
}

static bool within_limits(struct schema_builder *b, struct counts n)
{
    if (n.entities <= CEDAR_SCHEMA_NAMES_MAX && n.commons <= CEDAR_SCHEMA_NAMES_MAX &&
        n.actions <= CEDAR_SCHEMA_NAMES_MAX && n.namespaces <= CEDAR_SCHEMA_NAMES_MAX)
        return true;
    cedar_fault(b->d, CEDAR_FINDING_TOO_LARGE, (struct cedar_span){ 0, 0 },
                "the schema declares more than %d entity types, common types, actions or namespaces",
                CEDAR_SCHEMA_NAMES_MAX);
    return false;
}

static void make_room(struct schema_builder *b, struct counts n)
{
    struct cedar_schema *s = arena_make(b->a, struct cedar_schema);

    s->types = arena_make_n(b->a, n.entities + n.namespaces, struct cedar_entity_type);
    s->actions = arena_make_n(b->a, n.actions, struct cedar_action);
    s->type_map = schema_map_new(b->a, n.entities);
    s->action_map = schema_map_new(b->a, n.actions);
    b->s = s;
    b->commons = arena_make_n(b->scratch, n.commons + 2 * BUILTIN_N, struct schema_common);
    b->entity_names = schema_map_new(b->scratch, n.entities + n.namespaces);
    b->common_names = schema_map_new(b->scratch, n.commons + 2 * BUILTIN_N);
    b->empty = cedar_type_record(b->a, NULL, 0, false);
}

/* Declaring: every name becomes known before any is resolved ------------ */

static void check_own_name(struct schema_builder *b, const struct decl_name *name)
{
    if (schema_is_reserved(name->name))
        cedar_fault(b->d, CEDAR_FINDING_NAME, name->at, "\"__cedar\" is reserved and cannot be declared");
}

static void declare_namespaces(struct schema_builder *b, size_t n)
{
    struct schema_map seen = schema_map_new(b->scratch, n);

    for (const struct decl_namespace *ns = b->decls->namespaces; ns != NULL; ns = ns->next) {
        if (schema_map_put(&seen, ns->name, S(""), ns) != NULL)
            cedar_fault(b->d, CEDAR_FINDING_TWICE, ns->at,
                        "namespace \"%.*s\" is declared twice; put both parts into one block", STR_ARG(ns->name));
        if (schema_is_reserved(ns->name))
            cedar_fault(b->d, CEDAR_FINDING_NAME, ns->at, "\"__cedar\" is reserved and cannot be declared");
    }
}

static void declare_entity(struct schema_builder *b, const struct decl_entity *e, const struct decl_name *name)
{
    struct cedar_entity_type *type = &b->s->types[b->s->type_n];

    check_own_name(b, name);
    if (str_eq(name->name, S("Action")))
        cedar_fault(b->d, CEDAR_FINDING_NAME, name->at,
                    "an entity type cannot be called \"Action\": that is the type of actions");
    type->name = arena_str(b->a, schema_qualify(b->scratch, e->ns->name, name->name));
    if (schema_map_put(&b->s->type_map, type->name, S(""), type) != NULL) {
        cedar_fault(b->d, CEDAR_FINDING_TWICE, name->at, "entity type \"%.*s\" is declared twice", STR_ARG(type->name));
        return;
    }
    schema_map_put(&b->entity_names, type->name, S(""), type);
    type->index = (uint32_t)b->s->type_n++;
    type->self = cedar_type_entity(b->a, type);
}

static void declare_entities(struct schema_builder *b)
{
    for (const struct decl_entity *e = b->decls->entities; e != NULL; e = e->next)
        for (const struct decl_name *name = e->names; name != NULL; name = name->next)
            declare_entity(b, e, name);
    b->s->declared_n = b->s->type_n;
}

static void declare_common(struct schema_builder *b, const struct decl_common *c)
{
    struct schema_common *common = &b->commons[b->common_n];

    check_own_name(b, c->name);
    for (size_t i = 0; i < sizeof json_keywords / sizeof json_keywords[0]; i++)
        if (str_eq(c->name->name, str_of(json_keywords[i])))
            cedar_fault(b->d, CEDAR_FINDING_NAME, c->name->at, "a common type cannot be called \"%s\"",
                        json_keywords[i]);
    common->name = schema_qualify(b->scratch, c->ns->name, c->name->name);
    common->decl = c;
    if (schema_map_put(&b->common_names, common->name, S(""), common) != NULL)
        cedar_fault(b->d, CEDAR_FINDING_TWICE, c->name->at, "common type \"%.*s\" is declared twice",
                    STR_ARG(common->name));
    else
        b->common_n++;
}

static const struct cedar_entity_type *type_of_actions(struct schema_builder *b, const struct decl_namespace *ns)
{
    struct str name = schema_qualify(b->scratch, ns->name, S("Action"));
    const struct cedar_entity_type *known = schema_map_get(&b->entity_names, name, S(""));
    struct cedar_entity_type *type = &b->s->types[b->s->type_n];

    if (known != NULL)
        return known;
    type->name = arena_str(b->a, name);
    type->index = (uint32_t)b->s->type_n++;
    type->is_action = true;
    type->shape = b->empty;
    type->self = cedar_type_entity(b->a, type);
    schema_map_put(&b->entity_names, type->name, S(""), type);
    return type;
}

static void declare_actions(struct schema_builder *b)
{
    for (const struct decl_action *x = b->decls->actions; x != NULL; x = x->next)
        for (const struct decl_name *name = x->names; name != NULL; name = name->next) {
            struct cedar_action *action = &b->s->actions[b->s->action_n];
            action->type = type_of_actions(b, x->ns);
            action->id = arena_str(b->a, name->name);
            action->index = (uint32_t)b->s->action_n;
            if (schema_map_put(&b->s->action_map, action->type->name, action->id, action) != NULL)
                cedar_fault(b->d, CEDAR_FINDING_TWICE, name->at, "action \"%.*s\" is declared twice",
                            STR_ARG(name->name));
            else
                b->s->action_n++;
        }
}

/* Nothing may be called like something in the namespace without a name, because one could not tell any more which of
 * them a short name means [RFC 70]. */
static void refuse_shadow(struct schema_builder *b, const struct decl_namespace *ns, const struct decl_name *name,
                          const void *shadowed)
{
    if (ns->name.n != 0 && shadowed != NULL)
        cedar_fault(b->d, CEDAR_FINDING_SHADOWED, name->at,
                    "\"%.*s\" is also declared without a namespace; rename one of them", STR_ARG(name->name));
}

static const void *type_without_namespace(const struct schema_builder *b, struct str name)
{
    const void *entity = schema_map_get(&b->entity_names, name, S(""));

    return entity != NULL ? entity : schema_map_get(&b->common_names, name, S(""));
}

static void check_type_shadowing(struct schema_builder *b)
{
    for (const struct decl_entity *e = b->decls->entities; e != NULL; e = e->next)
        for (const struct decl_name *name = e->names; name != NULL; name = name->next)
            refuse_shadow(b, e->ns, name, type_without_namespace(b, name->name));
    for (const struct decl_common *c = b->decls->commons; c != NULL; c = c->next)
        refuse_shadow(b, c->ns, c->name, type_without_namespace(b, c->name->name));
}

static void check_action_shadowing(struct schema_builder *b)
{
    for (const struct decl_action *x = b->decls->actions; x != NULL; x = x->next)
        for (const struct decl_name *name = x->names; name != NULL; name = name->next)
            refuse_shadow(b, x->ns, name, cedar_schema_action(b->s, S("Action"), name->name));
}

static void add_builtin(struct schema_builder *b, struct str name, enum cedar_type_kind kind)
{
    struct schema_common *common = &b->commons[b->common_n];

    *common = (struct schema_common){ name, NULL, COMMON_DONE, cedar_type_of(kind) };
    if (schema_map_put(&b->common_names, name, S(""), common) == NULL)
        b->common_n++;
}

/* Cedar's own types are always there as __cedar::Long, and as Long unless the schema declares that name itself. */
static void declare_builtins(struct schema_builder *b)
{
    for (size_t i = 0; i < BUILTIN_N; i++) {
        struct str name = cedar_type_text(b->scratch, cedar_type_of(builtins[i]));
        add_builtin(b, schema_qualify(b->scratch, S("__cedar"), name), builtins[i]);
        if (schema_map_get(&b->entity_names, name, S("")) == NULL)
            add_builtin(b, name, builtins[i]);
    }
}

static void declare_all(struct schema_builder *b, struct counts n)
{
    declare_namespaces(b, n.namespaces);
    declare_entities(b);
    for (const struct decl_common *c = b->decls->commons; c != NULL; c = c->next)
        declare_common(b, c);
    check_type_shadowing(b); /* before there are types of actions and Cedar's own, which may be shadowed */
    declare_actions(b);
    check_action_shadowing(b);
    declare_builtins(b);
}

/* Defining --------------------------------------------------------------- */

/* shape and context must be records in the end; which, a common type may say. */
static const struct cedar_type *record_of(struct schema_builder *b, const struct decl_namespace *ns,
                                          const struct decl_type *t, const char *what)
{
    const struct cedar_type *type;

    if (t == NULL)
        return b->empty;
    type = schema_type_of(b, ns, t);
    if (type != NULL && type->kind != CEDAR_TYPE_RECORD) {
        struct str text = cedar_type_text(b->scratch, type);
        cedar_fault(b->d, CEDAR_FINDING_NO_RECORD, t->at, "%s must be a record, but this is %.*s", what, STR_ARG(text));
        return NULL;
    }
    return type;
}

/* Sets what an earlier declaration of the same name may have set (which was reported). */
static void define_choices(struct schema_builder *b, struct cedar_entity_type *type, const struct decl_name *choices)
{
    struct str *list = arena_make_n(b->a, names_n(choices), struct str);
    size_t n = 0;

    for (; choices != NULL; choices = choices->next)
        list[n++] = arena_str(b->a, choices->name);
    type->is_enum = true;
    type->choices = list;
    type->choice_n = n;
}

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

    return (a > b) - (a < b);
}

/* Sorted, each once. */
static struct closure_list sorted_set(struct arena *scratch, uint32_t *items, size_t n)
{
    size_t kept = 0;

    if (n != 0)
        cedar_sort(scratch, items, n, sizeof *items, by_number);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || items[kept - 1] != items[i])
            items[kept++] = items[i];
    return (struct closure_list){ items, kept };
}

static struct closure_list entity_set(struct schema_builder *b, const struct decl_namespace *ns,
                                      const struct decl_name *names)
{
    uint32_t *items = arena_make_n(b->scratch, names_n(names), uint32_t);
    size_t n = 0;

    for (; names != NULL; names = names->next) {
        const struct cedar_entity_type *type = schema_entity_named(b, ns, names);
        if (type != NULL)
            items[n++] = type->index;
    }
    return sorted_set(b->scratch, items, n);
}

static const struct cedar_entity_type *const *entity_pointers(struct schema_builder *b, struct closure_list set)
{
    const struct cedar_entity_type **list = arena_make_n(b->a, set.n, const struct cedar_entity_type *);

    for (size_t i = 0; i < set.n; i++)
        list[i] = &b->s->types[set.items[i]];
    return list;
}

/* The entity types of one declaration differ in nothing but their name. */
static void define_entities(struct schema_builder *b, struct closure_list *parents)
{
    for (const struct decl_entity *e = b->decls->entities; e != NULL; e = e->next) {
        struct closure_list up = entity_set(b, e->ns, e->parents);
        const struct cedar_type *shape = record_of(b, e->ns, e->shape, "the attributes of an entity type");
        const struct cedar_type *tags = e->tags == NULL ? NULL : schema_type_of(b, e->ns, e->tags);
        for (const struct decl_name *name = e->names; name != NULL; name = name->next) {
            struct str full = schema_qualify(b->scratch, e->ns->name, name->name);
            struct cedar_entity_type *type = &b->s->types[cedar_schema_entity_type(b->s, full)->index];
            type->shape = shape;
            type->tags = tags;
            if (e->choices != NULL)
                define_choices(b, type, e->choices);
            parents[type->index] = up;
        }
    }
}

static struct closure_list group_set(struct schema_builder *b, const struct decl_action *x)
{
    size_t n = 0;
    uint32_t *items;

    for (const struct decl_group *g = x->groups; g != NULL; g = g->next)
        n++;
    items = arena_make_n(b->scratch, n, uint32_t);
    n = 0;
    for (const struct decl_group *g = x->groups; g != NULL; g = g->next) {
        const struct cedar_action *action = schema_action_named(b, x->ns, g);
        if (action != NULL)
            items[n++] = action->index;
    }
    return sorted_set(b->scratch, items, n);
}

static void define_actions(struct schema_builder *b, struct closure_list *groups)
{
    for (const struct decl_action *x = b->decls->actions; x != NULL; x = x->next) {
        struct closure_list up = group_set(b, x), principals = entity_set(b, x->ns, x->principals),
                            resources = entity_set(b, x->ns, x->resources);
        const struct cedar_type *context = record_of(b, x->ns, x->context, "a context");
        const struct cedar_entity_type *const *principal_list = entity_pointers(b, principals), *const *resource_list =
                                                                                                    entity_pointers(
                                                                                                        b, resources);
        struct str type = schema_qualify(b->scratch, x->ns->name, S("Action"));
        for (const struct decl_name *name = x->names; name != NULL; name = name->next) {
            struct cedar_action *action = &b->s->actions[cedar_schema_action(b->s, type, name->name)->index];
            action->principals = principal_list;
            action->principal_n = principals.n;
            action->resources = resource_list;
            action->resource_n = resources.n;
            action->context = context;
            groups[action->index] = up;
        }
    }
}

/* Closing ---------------------------------------------------------------- */

static void close_all(struct schema_builder *b, struct closure_list *list, size_t n, const char *what)
{
    if (!closure_all(b->scratch, list, n))
        cedar_fault(b->d, CEDAR_FINDING_TOO_LARGE, (struct cedar_span){ 0, 0 }, "the hierarchy of %s is too large",
                    what);
}

static void close_entities(struct schema_builder *b, struct closure_list *parents)
{
    close_all(b, parents, b->s->declared_n, "entity types");
    for (size_t i = 0; i < b->s->declared_n; i++) {
        b->s->types[i].ancestors = entity_pointers(b, parents[i]);
        b->s->types[i].ancestor_n = parents[i].n;
    }
}

static bool contains(struct closure_list list, uint32_t item)
{
    return list.n != 0 && bsearch(&item, list.items, list.n, sizeof item, by_number) != NULL;
}

static void check_action_cycles(struct schema_builder *b, const struct closure_list *groups)
{
    for (const struct decl_action *x = b->decls->actions; x != NULL; x = x->next)
        for (const struct decl_name *name = x->names; name != NULL; name = name->next) {
            struct str type = schema_qualify(b->scratch, x->ns->name, S("Action"));
            const struct cedar_action *action = cedar_schema_action(b->s, type, name->name);
            if (contains(groups[action->index], action->index))
                cedar_fault(b->d, CEDAR_FINDING_CYCLE, name->at,
                            "action \"%.*s\" is a member of itself; groups must not form a cycle", STR_ARG(name->name));
        }
}

static void close_actions(struct schema_builder *b, struct closure_list *groups)
{
    close_all(b, groups, b->s->action_n, "actions");
    check_action_cycles(b, groups);
    for (size_t i = 0; i < b->s->action_n; i++) {
        const struct cedar_action **list = arena_make_n(b->a, groups[i].n, const struct cedar_action *);
        for (size_t j = 0; j < groups[i].n; j++)
            list[j] = &b->s->actions[groups[i].items[j]];
        b->s->actions[i].ancestors = list;
        b->s->actions[i].ancestor_n = groups[i].n;
    }
}

const struct cedar_schema *schema_build(struct arena *a, struct arena *scratch, const struct decl_schema *decls,
                                        struct cedar_diags *d)
{
    struct schema_builder b = { .a = a, .scratch = scratch, .decls = decls, .d = d };
    struct counts n = count(decls);
    struct closure_list *parents, *groups;
    size_t before = d->errors;

    if (!within_limits(&b, n))
        return NULL;
    make_room(&b, n);
    declare_all(&b, n);
    parents = arena_make_n(scratch, n.entities, struct closure_list);
    groups = arena_make_n(scratch, n.actions, struct closure_list);
    for (size_t i = 0; i < b.common_n; i++)
        schema_common_type(&b, &b.commons[i]); /* unused ones are checked, too */
    define_entities(&b, parents);
    define_actions(&b, groups);
    close_entities(&b, parents);
    close_actions(&b, groups);
    return d->errors == before ? b.s : NULL;
}
