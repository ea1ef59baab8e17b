/* SPDX-License-Identifier: EUPL-1.2
 * Requests and entities against the schema.  Everything that is wrong is reported, not only the first.
 */
#include "policy/cedar/validate.h"

/* Where a value stands: "context", then ".address", then "[0]".  Made on the way down, written only when something is
 * wrong: most of what is read is right. */
struct path {
    const struct path *up;
    struct str name; /* absent: an entity or an element of a set */
    size_t element;
    const struct cedar_uid *uid;
};

struct data {
    const struct cedar_schema *s;
    struct cedar_diags *d;
    struct cedar_span where;
};

static bool check_value(struct data *x, const struct cedar_type *type, const struct cedar_value *v,
                        const struct path *path);

static void put_path(struct buf *b, const struct path *path)
{
    if (path->up != NULL)
        put_path(b, path->up);
    if (path->uid != NULL) {
        buf_add(b, path->uid->type);
        buf_printf(b, "::\"%.*s\"", STR_ARG(path->uid->id));
    } else if (path->name.p == NULL) {
        buf_printf(b, "[%zu]", path->element);
    } else {
        buf_add(b, path->up != NULL ? S(".") : S(""));
        buf_add(b, path->name);
    }
}

static struct str path_text(struct data *x, const struct path *path)
{
    struct buf b = buf_new(x->d->arena, 200);

    put_path(&b, path);
    return buf_str(&b);
}

static struct str uid_text(struct data *x, const struct cedar_uid *uid)
{
    return arena_printf(x->d->arena, "%.*s::\"%.*s\"", STR_ARG(uid->type), STR_ARG(uid->id));
}

/* An enumerated id must be one of the declared, and an action must be declared. */
static bool check_id(struct data *x, const struct cedar_uid *uid, const struct path *path)
{
    const struct cedar_entity_type *type = cedar_schema_entity_type(x->s, uid->type);
    struct cedar_guess guess = cedar_guess_for(uid->id);

    if (cedar_name_is_action(uid->type)) {
        if (cedar_schema_action(x->s, uid->type, uid->id) != NULL)
            return true;
        for (size_t i = 0; i < cedar_schema_action_n(x->s); i++)
            cedar_guess_try(&guess, cedar_schema_action_at(x->s, i)->id);
    } else if (type == NULL || cedar_entity_type_allows(type, uid->id)) {
        return true;
    } else {
        for (size_t i = 0; i < type->choice_n; i++)
            cedar_guess_try(&guess, type->choices[i]);
    }
    struct str text = uid_text(x, uid), at = path_text(x, path);
    cedar_fault(x->d, CEDAR_FINDING_UNKNOWN_ENTITY, x->where, "%.*s: the schema has no %.*s", STR_ARG(at),
                STR_ARG(text));
    return cedar_near(x->d, arena_str(x->d->arena, guess.best));
}

static bool wrong_type(struct data *x, const struct cedar_type *type, const struct cedar_value *v,
                       const struct path *path)
{
    struct str at = path_text(x, path), wanted = cedar_type_text(x->d->arena, type),
               entity = v->kind == CEDAR_ENTITY ? v->uid->type : str_of(cedar_kind_name(v->kind));

    cedar_fault(x->d, CEDAR_FINDING_TYPE, x->where, "%.*s is %.*s", STR_ARG(at), STR_ARG(entity));
    return cedar_expected(x->d, "%.*s", STR_ARG(wanted));
}

static bool check_record(struct data *x, const struct cedar_type *type, const struct cedar_record *r,
                         const struct path *path)
{
    bool ok = true;

    for (size_t i = 0; i < type->attr_n; i++)
        if (type->attrs[i].required && cedar_record_get(r, type->attrs[i].name) == NULL) {
            struct str at = path_text(x, path);
            ok = cedar_fault(x->d, CEDAR_FINDING_MISSING_ATTRIBUTE, x->where, "%.*s lacks \"%.*s\"", STR_ARG(at),
                             STR_ARG(type->attrs[i].name));
        }
    for (size_t i = 0; i < r->n; i++) {
        const struct cedar_attr *attr = cedar_type_attr(type, r->fields[i].name);
        const struct path below = { .up = path, .name = r->fields[i].name };
        if (attr != NULL) {
            ok = check_value(x, attr->type, &r->fields[i].value, &below) && ok;
            continue;
        }
        struct cedar_guess guess = cedar_guess_for(r->fields[i].name);
        struct str at = path_text(x, path);
        for (size_t j = 0; j < type->attr_n; j++)
            cedar_guess_try(&guess, type->attrs[j].name);
        cedar_fault(x->d, CEDAR_FINDING_UNKNOWN_ATTRIBUTE, x->where, "%.*s has \"%.*s\", which is not declared",
                    STR_ARG(at), STR_ARG(below.name));
        ok = cedar_near(x->d, arena_str(x->d->arena, guess.best));
    }
    return ok;
}

static bool check_set(struct data *x, const struct cedar_type *type, const struct cedar_set *set,
                      const struct path *path)
{
    bool ok = true;

    for (size_t i = 0; i < set->n; i++) {
        const struct path below = { .up = path, .element = i };
        ok = check_value(x, type->element, &set->items[i], &below) && ok;
    }
    return ok;
}

static bool check_entity_value(struct data *x, const struct cedar_type *type, const struct cedar_value *v,
                               const struct path *path)
{
    for (size_t i = 0; i < type->entity_n; i++)
        if (str_eq(type->entities[i]->name, v->uid->type))
            return check_id(x, v->uid, path);
    return wrong_type(x, type, v, path);
}

static bool check_value(struct data *x, const struct cedar_type *type, const struct cedar_value *v,
                        const struct path *path)
{
    static const enum cedar_kind kinds[CEDAR_TYPE_COUNT] = {
        [CEDAR_TYPE_BOOL] = CEDAR_BOOL,         [CEDAR_TYPE_LONG] = CEDAR_LONG,
        [CEDAR_TYPE_STRING] = CEDAR_STRING,     [CEDAR_TYPE_ENTITY] = CEDAR_ENTITY,
        [CEDAR_TYPE_SET] = CEDAR_SET,           [CEDAR_TYPE_RECORD] = CEDAR_RECORD,
        [CEDAR_TYPE_IPADDR] = CEDAR_IP,         [CEDAR_TYPE_DECIMAL] = CEDAR_DECIMAL,
        [CEDAR_TYPE_DATETIME] = CEDAR_DATETIME, [CEDAR_TYPE_DURATION] = CEDAR_DURATION,
    };

    if (v->kind == CEDAR_NONE || v->kind != kinds[type->kind])
        return wrong_type(x, type, v, path);
    switch (v->kind) {
    case CEDAR_ENTITY:
        return check_entity_value(x, type, v, path);
    case CEDAR_SET:
        return check_set(x, type, v->set, path);
    case CEDAR_RECORD:
        return check_record(x, type, v->record, path);
    default:
        return true;
    }
}

bool cedar_validate_value(const struct cedar_schema *s, const struct cedar_type *type, const struct cedar_value *value,
                          struct str what, struct cedar_span where, struct cedar_diags *d)
{
    struct data x = { s, d, where };
    const struct path path = { .name = what };

    return check_value(&x, type, value, &path);
}

/* Requests -------------------------------------------------------------------- */

static const struct cedar_entity_type *declared_type(struct data *x, struct str name, const char *what)
{
    const struct cedar_entity_type *type = cedar_schema_entity_type(x->s, name);
    struct cedar_guess guess = cedar_guess_for(name);

    if (type != NULL)
        return type;
    for (size_t i = 0; i < cedar_schema_entity_type_n(x->s); i++)
        cedar_guess_try(&guess, cedar_schema_entity_type_at(x->s, i)->name);
    cedar_fault(x->d, CEDAR_FINDING_UNKNOWN_TYPE, x->where, "%s: the schema has no entity type \"%.*s\"", what,
                STR_ARG(name));
    cedar_near(x->d, arena_str(x->d->arena, guess.best));
    return NULL;
}

/* principal or resource: of a declared type that the action applies to. */
static bool check_party(struct data *x, const char *what, const struct cedar_uid *uid,
                        const struct cedar_action *action, const struct cedar_entity_type *const *types, size_t n)
{
    const struct cedar_entity_type *type = declared_type(x, uid->type, what);
    const struct path path = { .name = str_of(what) };
    struct buf b = buf_new(x->d->arena, 400);

    if (type == NULL || !check_id(x, uid, &path))
        return false;
    if (action == NULL || cedar_entity_types_have(types, n, type))
        return true;
    for (size_t i = 0; i < n; i++) {
        buf_add(&b, i == 0 ? S("") : S(", "));
        buf_add(&b, types[i]->name);
    }
    cedar_fault(x->d, CEDAR_FINDING_NOT_APPLICABLE, x->where, "%s: action \"%.*s\" does not apply to \"%.*s\"", what,
                STR_ARG(action->id), STR_ARG(uid->type));
    return n == 0 ? false : cedar_expected(x->d, "%.*s", STR_ARG(buf_str(&b)));
}

static bool check_context(struct data *x, const struct cedar_action *action, const struct cedar_record *context)
{
    static const struct cedar_record empty;
    const struct path path = { .name = S("context") };

    return check_record(x, action->context, context != NULL ? context : &empty, &path);
}

bool cedar_validate_request(const struct cedar_schema *s, const struct cedar_uid *principal,
                            const struct cedar_uid *action, const struct cedar_uid *resource,
                            const struct cedar_record *context, struct cedar_diags *d)
{
    struct data x = { s, d, { 0, 0 } };
    const struct cedar_action *of = cedar_schema_action(s, action->type, action->id);
    bool ok = of != NULL;

    if (!ok) {
        struct cedar_guess guess = cedar_guess_for(action->id);
        struct str text = uid_text(&x, action);
        for (size_t i = 0; i < cedar_schema_action_n(s); i++)
            cedar_guess_try(&guess, cedar_schema_action_at(s, i)->id);
        cedar_fault(d, CEDAR_FINDING_UNKNOWN_ACTION, x.where, "action: the schema has no %.*s", STR_ARG(text));
        cedar_near(d, arena_str(d->arena, guess.best));
    }
    ok = check_party(&x, "principal", principal, of, of != NULL ? of->principals : NULL,
                     of != NULL ? of->principal_n : 0) &&
         ok;
    ok =
        check_party(&x, "resource", resource, of, of != NULL ? of->resources : NULL, of != NULL ? of->resource_n : 0) &&
        ok;
    ok = (of == NULL || check_context(&x, of, context)) && ok;
    return ok;
}

/* Entities ---------------------------------------------------------------------- */

static bool none(const struct cedar_record *r)
{
    return r == NULL || r->n == 0;
}

static bool has_group(struct data *x, const struct cedar_entity_facts *e, const struct cedar_action *group)
{
    for (size_t i = 0; i < e->parent_n; i++)
        if (cedar_schema_action(x->s, e->parents[i].type, e->parents[i].id) == group)
            return true;
    return false;
}

/* The declared groups, all of them and no others. */
static bool check_action_parents(struct data *x, const struct cedar_entity_facts *e, const struct cedar_action *action)
{
    for (size_t i = 0; i < e->parent_n; i++) {
        const struct cedar_action *parent = cedar_schema_action(x->s, e->parents[i].type, e->parents[i].id);
        if (parent == NULL || !cedar_action_has_ancestor(action, parent))
            return false;
    }
    for (size_t i = 0; i < action->ancestor_n; i++)
        if (!has_group(x, e, action->ancestors[i]))
            return false;
    return true;
}

static bool check_action(struct data *x, const struct cedar_entity_facts *e, const struct path *path)
{
    const struct cedar_action *action = cedar_schema_action(x->s, e->uid->type, e->uid->id);

    if (action == NULL)
        return check_id(x, e->uid, &(const struct path){ .name = S("entity") });
    if (none(e->attrs) && none(e->tags) && check_action_parents(x, e, action))
        return true;
    struct str at = path_text(x, path);
    return cedar_fault(x->d, CEDAR_FINDING_ACTION_DIFFERS, x->where,
                       "%.*s differs from what the schema declares: actions have no attributes, no tags "
                       "and the declared groups",
                       STR_ARG(at));
}

static bool check_parents(struct data *x, const struct cedar_entity_facts *e, const struct cedar_entity_type *type,
                          const struct path *path)
{
    bool ok = true;

    for (size_t i = 0; i < e->parent_n; i++) {
        const struct cedar_entity_type *parent = cedar_schema_entity_type(x->s, e->parents[i].type);
        if (parent != NULL && cedar_entity_type_has_ancestor(type, parent)) {
            ok = check_id(x, &e->parents[i], path) && ok;
            continue;
        }
        struct str at = path_text(x, path);
        ok = cedar_fault(x->d, CEDAR_FINDING_PARENT, x->where, "%.*s cannot be in a \"%.*s\"", STR_ARG(at),
                         STR_ARG(e->parents[i].type));
    }
    return ok;
}

static bool check_tags(struct data *x, const struct cedar_entity_facts *e, const struct cedar_entity_type *type,
                       const struct path *path)
{
    bool ok = true;

    if (none(e->tags))
        return true;
    if (type->tags == NULL) {
        struct str at = path_text(x, path);
        return cedar_fault(x->d, CEDAR_FINDING_NO_TAGS, x->where, "%.*s cannot have tags", STR_ARG(at));
    }
    for (size_t i = 0; i < e->tags->n; i++) {
        const struct path tag = { .up = path, .name = e->tags->fields[i].name };
        ok = check_value(x, type->tags, &e->tags->fields[i].value, &tag) && ok;
    }
    return ok;
}

static bool check_entity(struct data *x, const struct cedar_entity_facts *e)
{
    static const struct cedar_record empty;
    const struct path path = { .uid = e->uid };
    const struct cedar_entity_type *type;
    bool ok;

    if (cedar_name_is_action(e->uid->type))
        return check_action(x, e, &path);
    type = declared_type(x, e->uid->type, "entity");
    if (type == NULL)
        return false;
    ok = check_id(x, e->uid, &(const struct path){ .name = S("entity") });
    ok = check_record(x, type->shape, e->attrs != NULL ? e->attrs : &empty, &path) && ok;
    ok = check_parents(x, e, type, &path) && ok;
    return check_tags(x, e, type, &path) && ok;
}

bool cedar_validate_entity(const struct cedar_schema *s, const struct cedar_entity_facts *entity, struct cedar_diags *d)
{
    struct data x = { s, d, entity->span };

    return check_entity(&x, entity);
}
