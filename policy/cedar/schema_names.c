/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/lexer.h"
#include "policy/cedar/schema_build.h"

bool schema_is_ident(struct str s)
{
    return cedar_is_ident(s) && (str_eq(s, S("__cedar")) || !cedar_reserved(s));
}

/* Takes the first part off a path; false when none is left. */
static bool next_part(struct str *path, struct str *part)
{
    size_t at;

    if (path->p == NULL)
        return false;
    at = str_find(*path, S("::"));
    *part = str_sub(*path, 0, at);
    if (at == path->n)
        *path = str_of(NULL); /* absent: used up */
    else
        *path = str_from(*path, at + 2);
    return true;
}

bool schema_is_path(struct str s)
{
    struct str part;

    if (s.p == NULL)
        return false;
    while (next_part(&s, &part))
        if (!schema_is_ident(part))
            return false;
    return true;
}

bool schema_is_reserved(struct str path)
{
    struct str part;

    while (next_part(&path, &part))
        if (str_eq(part, S("__cedar")))
            return true;
    return false;
}

struct str schema_qualify(struct arena *a, struct str ns, struct str name)
{
    return ns.n == 0 ? name : arena_join(a, arena_join(a, ns, S("::")), name);
}

static bool qualified(struct str name)
{
    return str_find(name, S("::")) != name.n;
}

/* What this very name was declared as.  Where both are possible, a common type wins [RFC 24]. */
static struct schema_meaning meaning_of(const struct schema_builder *b, enum decl_kind kind, struct str name)
{
    struct schema_meaning means = { NULL, NULL };
    const struct schema_common *common = kind == DECL_ENTITY ? NULL : schema_map_get(&b->common_names, name, S(""));

    if (common != NULL)
        means.common = &b->commons[common - b->commons];
    if (kind != DECL_COMMON && means.common == NULL)
        means.entity = schema_map_get(&b->entity_names, name, S(""));
    return means;
}

/* The declared name nearest to what was written, for "did you mean". */
static struct str nearest_name(struct schema_builder *b, enum decl_kind kind, struct str name)
{
    struct cedar_guess near = cedar_guess_for(name);

    for (size_t i = 0; kind != DECL_COMMON && i < b->s->declared_n; i++)
        cedar_guess_try(&near, b->s->types[i].name);
    for (size_t i = 0; kind != DECL_ENTITY && i < b->common_n; i++)
        cedar_guess_try(&near, b->commons[i].name);
    return near.best;
}

struct schema_meaning schema_resolve(struct schema_builder *b, const struct decl_namespace *ns, enum decl_kind kind,
                                     struct str name, struct cedar_span at)
{
    struct schema_meaning means = { NULL, NULL };
    const char *wanted = kind == DECL_ENTITY ? "an entity type" : kind == DECL_COMMON ? "a common type" : "a type";

    if (!qualified(name) && ns->name.n != 0)
        means = meaning_of(b, kind, schema_qualify(b->scratch, ns->name, name));
    if (means.common == NULL && means.entity == NULL)
        means = meaning_of(b, kind, name);
    if (means.common == NULL && means.entity == NULL) {
        cedar_fault(b->d, CEDAR_FINDING_UNKNOWN_TYPE, at, "\"%.*s\" is not declared as %s", STR_ARG(name), wanted);
        cedar_near(b->d, arena_str(b->d->arena, nearest_name(b, kind, name)));
    }
    return means;
}

const struct cedar_entity_type *schema_entity_named(struct schema_builder *b, const struct decl_namespace *ns,
                                                    const struct decl_name *name)
{
    const struct cedar_entity_type *type = schema_resolve(b, ns, DECL_ENTITY, name->name, name->at).entity;

    if (type != NULL && type->is_action) {
        cedar_fault(b->d, CEDAR_FINDING_ACTION_TYPE, name->at,
                    "\"%.*s\" is the type of actions; an entity type must stand here", STR_ARG(name->name));
        return NULL;
    }
    return type;
}

static struct str nearest_action(struct schema_builder *b, struct str id)
{
    struct cedar_guess near = cedar_guess_for(id);

    for (size_t i = 0; i < b->s->action_n; i++)
        cedar_guess_try(&near, b->s->actions[i].id);
    return near.best;
}

const struct cedar_action *schema_action_named(struct schema_builder *b, const struct decl_namespace *ns,
                                               const struct decl_group *group)
{
    const struct cedar_action *action = NULL;

    if (!qualified(group->type) && ns->name.n != 0)
        action = schema_map_get(&b->s->action_map, schema_qualify(b->scratch, ns->name, group->type), group->id);
    if (action == NULL)
        action = schema_map_get(&b->s->action_map, group->type, group->id);
    if (action == NULL) {
        cedar_fault(b->d, CEDAR_FINDING_UNKNOWN_ACTION, group->at, "action %.*s::\"%.*s\" is not declared",
                    STR_ARG(group->type), STR_ARG(group->id));
        cedar_near(b->d, arena_str(b->d->arena, nearest_action(b, group->id)));
    }
    return action;
}
