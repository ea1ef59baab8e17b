/* SPDX-License-Identifier: EUPL-1.2
 * Entities and requests from JSON.  [Cedar: entities JSON format] */
#include "policy/cedar/engine.h"
#include "policy/cedar/json_value.h"
#include "policy/cedar/lexer.h"

struct reader {
    struct arena *a;
    struct cedar_diags *d;
    const struct cedar_schema *schema;
};

static const struct cedar_json *member(struct reader *r, const struct cedar_json *j, struct str name,
                                       enum cedar_json_kind kind)
{
    const struct cedar_json *m = cedar_json_get(j, name);

    if (m == NULL) {
        (void)cedar_fault(r->d, CEDAR_FINDING_MEMBER_MISSING, j->span, "there is no `%.*s`", STR_ARG(name));
        return NULL;
    }
    if (m->kind != kind) {
        (void)cedar_fault(r->d, CEDAR_FINDING_JSON_KIND, m->span, "`%.*s` is %s", STR_ARG(name),
                          cedar_json_kind_name(m->kind));
        (void)cedar_expected(r->d, "%s", cedar_json_kind_name(kind));
        return NULL;
    }
    return m;
}

/* The declared type of an entity; NULL for actions and without a schema. */
static bool type_of(struct reader *r, const struct cedar_json *j, const struct cedar_uid *uid,
                    const struct cedar_entity_type **out)
{
    struct cedar_guess g = cedar_guess_for(uid->type);

    *out = NULL;
    if (r->schema == NULL || cedar_name_is_action(uid->type))
        return true;
    *out = cedar_schema_entity_type(r->schema, uid->type);
    if (*out != NULL)
        return true;
    for (size_t i = 0; i < cedar_schema_entity_type_n(r->schema); i++)
        cedar_guess_try(&g, cedar_schema_entity_type_at(r->schema, i)->name);
    (void)cedar_fault(r->d, CEDAR_FINDING_UNKNOWN_TYPE, j->span, "the schema has no entity type `%.*s`",
                      STR_ARG(uid->type));
    return cedar_near(r->d, g.best);
}

/* What an attribute or a tag is expected to be; false when it must not be there. */
static bool expected(struct reader *r, const struct cedar_json *j, size_t i, const struct cedar_entity_type *type,
                     bool tags, const struct cedar_type **out)
{
    const struct cedar_attr *attr;
    struct cedar_guess g = cedar_guess_for(j->names[i]);

    *out = NULL;
    if (type == NULL)
        return true;
    if (tags) {
        *out = type->tags;
        return type->tags != NULL || cedar_fault(r->d, CEDAR_FINDING_NO_TAGS, j->name_spans[i],
                                                 "entities of type `%.*s` have no tags", STR_ARG(type->name));
    }
    attr = cedar_type_attr(type->shape, j->names[i]);
    if (attr != NULL)
        *out = attr->type;
    if (attr != NULL || type->shape->open)
        return true;
    for (size_t k = 0; k < type->shape->attr_n; k++)
        cedar_guess_try(&g, type->shape->attrs[k].name);
    (void)cedar_fault(r->d, CEDAR_FINDING_UNKNOWN_ATTRIBUTE, j->name_spans[i],
                      "entities of type `%.*s` have no attribute `%.*s`", STR_ARG(type->name), STR_ARG(j->names[i]));
    return cedar_near(r->d, g.best);
}

/* Attributes or tags, each with the type that the schema gives it. */
static const struct cedar_record *read_fields(struct reader *r, const struct cedar_json *j,
                                              const struct cedar_entity_type *type, bool tags)
{
    struct cedar_field *fields = arena_make_n(r->a, j->n, struct cedar_field);
    const struct cedar_type *wanted;
    struct cedar_value out;

    for (size_t i = 0; i < j->n; i++) {
        if (!expected(r, j, i, type, tags, &wanted))
            return NULL;
        fields[i].name = arena_str(r->a, j->names[i]);
        if (!cedar_value_from_json(r->a, r->d, &j->items[i], wanted, &fields[i].value))
            return NULL;
    }
    return cedar_record_of(r->a, fields, j->n, &out, NULL) ? out.record : NULL;
}

static bool read_parents(struct reader *r, const struct cedar_json *j, struct cedar_entity *e)
{
    struct cedar_uid *parents = arena_make_n(r->a, j->n, struct cedar_uid);

    for (size_t i = 0; i < j->n; i++) {
        if (!cedar_uid_from_json(r->a, r->d, &j->items[i], &parents[i]))
            return false;
        if (cedar_name_is_action(e->uid.type) && !cedar_name_is_action(parents[i].type))
            return cedar_fault(r->d, CEDAR_FINDING_PARENT, j->items[i].span, "the parents of an action are actions");
    }
    e->parents = parents;
    e->n_parents = j->n;
    return true;
}

/* Actions are validated later, all together. */
static bool validate(struct reader *r, const struct cedar_json *j, const struct cedar_entity *e)
{
    struct cedar_entity_facts facts = { .uid = &e->uid,
                                        .attrs = e->attrs,
                                        .tags = e->tags,
                                        .parents = e->parents,
                                        .parent_n = e->n_parents,
                                        .span = j->span };

    return r->schema == NULL || cedar_name_is_action(e->uid.type) || cedar_validate_entity(r->schema, &facts, r->d);
}

/* Are the actions of the input as the schema declares them?  The input must lead to every group that an action is in,
 * over groups of groups or at once. */
static void validate_actions(struct reader *r, struct cedar_entity *const *actions, const struct cedar_span *spans,
                             size_t n)
{
    const struct cedar_entities *given = cedar_entities_of(r->a, actions, n, r->d);

    for (size_t i = 0; given != NULL && i < n; i++) {
        const struct cedar_entity *e = cedar_entity_find(given, &actions[i]->uid);
        struct cedar_uid *groups = arena_make_n(r->a, e->n_ancestors, struct cedar_uid);
        for (size_t k = 0; k < e->n_ancestors; k++)
            groups[k] = *e->ancestors[k].uid;
        struct cedar_entity_facts facts = { .uid = &e->uid,
                                            .attrs = e->attrs,
                                            .tags = e->tags,
                                            .parents = groups,
                                            .parent_n = e->n_ancestors,
                                            .span = spans[i] };
        (void)cedar_validate_entity(r->schema, &facts, r->d);
    }
}

static struct cedar_entity *read_entity(struct reader *r, const struct cedar_json *j)
{
    static const struct cedar_record none = { 0, NULL };
    struct cedar_entity *e = arena_make(r->a, struct cedar_entity);
    const struct cedar_json *uid = cedar_json_get(j, S("uid")), *attrs, *parents, *tags;
    const struct cedar_entity_type *type;

    if (j->kind != CEDAR_JSON_OBJECT || uid == NULL) {
        (void)cedar_fault(r->d, CEDAR_FINDING_JSON_FORM, j->span, "this is no entity");
        (void)cedar_expected(r->d, "an object with `uid`, `attrs` and `parents`");
        return NULL;
    }
    if (!cedar_uid_from_json(r->a, r->d, uid, &e->uid) || !type_of(r, uid, &e->uid, &type) ||
        (attrs = member(r, j, S("attrs"), CEDAR_JSON_OBJECT)) == NULL ||
        (parents = member(r, j, S("parents"), CEDAR_JSON_ARRAY)) == NULL)
        return NULL;
    tags = cedar_json_get(j, S("tags"));
    if (tags != NULL && tags->kind != CEDAR_JSON_OBJECT) {
        (void)cedar_fault(r->d, CEDAR_FINDING_JSON_KIND, tags->span, "`tags` is %s", cedar_json_kind_name(tags->kind));
        return NULL;
    }
    e->attrs = read_fields(r, attrs, type, false);
    e->tags = tags != NULL ? read_fields(r, tags, type, true) : &none;
    if (e->attrs == NULL || e->tags == NULL || !read_parents(r, parents, e) || !validate(r, uid, e))
        return NULL;
    return e;
}

/* An action as the schema declares it, with its groups. */
static struct cedar_entity *action_entity(struct reader *r, const struct cedar_action *action)
{
    static const struct cedar_record none = { 0, NULL };
    struct cedar_entity *e = arena_make(r->a, struct cedar_entity);
    struct cedar_uid *parents = arena_make_n(r->a, action->ancestor_n, struct cedar_uid);

    for (size_t i = 0; i < action->ancestor_n; i++)
        parents[i] = cedar_uid_make(action->ancestors[i]->type->name, action->ancestors[i]->id);
    *e = (struct cedar_entity){ .uid = cedar_uid_make(action->type->name, action->id),
                                .attrs = &none,
                                .tags = &none,
                                .n_parents = action->ancestor_n,
                                .parents = parents };
    return e;
}

const struct cedar_entities *cedar_entities_parse(struct arena *a, struct cedar_diags *d,
                                                  const struct cedar_schema *schema)
{
    struct reader r = { a, d, schema };
    const struct cedar_json *j = cedar_json_parse(d);
    size_t n_actions = schema != NULL ? cedar_schema_action_n(schema) : 0, n = 0, n_given = 0, errors = d->errors;

    if (j == NULL)
        return NULL;
    if (j->kind != CEDAR_JSON_ARRAY) {
        (void)cedar_fault(d, CEDAR_FINDING_JSON_KIND, j->span, "the entities are %s", cedar_json_kind_name(j->kind));
        (void)cedar_expected(d, "an array of entities");
        return NULL;
    }
    struct cedar_entity **list = arena_make_n(a, j->n + n_actions, struct cedar_entity *);
    struct cedar_entity **actions = arena_make_n(a, j->n, struct cedar_entity *);
    struct cedar_span *spans = arena_make_n(a, j->n, struct cedar_span);
    for (size_t i = 0; i < j->n; i++) {
        struct cedar_entity *e = read_entity(&r, &j->items[i]);
        /* An action must be as the schema says, so the schema's own takes its place. */
        if (e == NULL)
            continue;
        if (schema != NULL && cedar_name_is_action(e->uid.type)) {
            spans[n_given] = j->items[i].span;
            actions[n_given++] = e;
        } else {
            list[n++] = e;
        }
    }
    if (n_given > 0)
        validate_actions(&r, actions, spans, n_given);
    for (size_t i = 0; i < n_actions; i++)
        list[n++] = action_entity(&r, cedar_schema_action_at(schema, i));
    return d->errors == errors ? cedar_entities_of(a, list, n, d) : NULL;
}

void cedar_entities_to_json(struct buf *b, const struct cedar_entities *s)
{
    buf_byte(b, '[');
    for (size_t i = 0; i < s->n && buf_ok(b); i++) {
        const struct cedar_entity *e = s->items[i];
        struct cedar_value attrs = { .kind = CEDAR_RECORD, .record = e->attrs };
        struct cedar_value tags = { .kind = CEDAR_RECORD, .record = e->tags };
        buf_add(b, i > 0 ? S(",\n{\"uid\":") : S("\n{\"uid\":"));
        cedar_uid_to_json(b, &e->uid);
        buf_add(b, S(",\"attrs\":"));
        cedar_value_to_json(b, &attrs);
        buf_add(b, S(",\"parents\":["));
        for (size_t k = 0; k < e->n_parents; k++) {
            if (k > 0)
                buf_byte(b, ',');
            cedar_uid_to_json(b, &e->parents[k]);
        }
        buf_byte(b, ']');
        if (e->tags->n > 0) {
            buf_add(b, S(",\"tags\":"));
            cedar_value_to_json(b, &tags);
        }
        buf_byte(b, '}');
    }
    buf_add(b, S("\n]\n"));
}

/* Type::"id", and nothing behind it. */
bool cedar_uid_parse(struct arena *a, struct cedar_diags *d, struct cedar_uid *out)
{
    size_t n;
    const struct cedar_token *t = cedar_lex(d, CEDAR_LEX_POLICY, &n);
    struct buf type = buf_new(a, d->source->text.n);
    struct str id;

    for (; n > 3 && t[0].kind == CEDAR_T_NAME && t[1].kind == CEDAR_T_COLONS; t += 2, n -= 2) {
        if (type.n > 0)
            buf_add(&type, S("::"));
        buf_add(&type, t[0].text);
    }
    if (n != 2 || t[0].kind != CEDAR_T_STRING || !cedar_is_path(buf_str(&type))) {
        (void)cedar_fault(d, CEDAR_FINDING_ENTITY, t[0].span, "this is no entity");
        return cedar_expected(d, "`Type::\"id\"`");
    }
    if (!cedar_unescape(d, &t[0], &id))
        return false;
    *out = cedar_uid_make(buf_str(&type), arena_str(a, id));
    return true;
}

/* An entity of a request: an object, or text. */
static bool request_uid(struct reader *r, const struct cedar_json *j, struct str name, struct cedar_uid *out)
{
    const struct cedar_json *m = cedar_json_get(j, name);

    if (m == NULL)
        return cedar_fault(r->d, CEDAR_FINDING_MEMBER_MISSING, j->span, "the request has no `%.*s`", STR_ARG(name));
    if (m->kind != CEDAR_JSON_STRING)
        return cedar_uid_from_json(r->a, r->d, m, out);
    struct cedar_source text = { r->d->source->name, m->text };
    struct cedar_diags inner = cedar_diags_new(r->d->arena, &text);
    if (cedar_uid_parse(r->a, &inner, out))
        return true;
    (void)cedar_fault(r->d, CEDAR_FINDING_ENTITY, m->span, "this is no entity");
    return cedar_expected(r->d, "`Type::\"id\"`, or {\"type\": …, \"id\": …}");
}

/* The context, as the action has it; principal, action and resource are there. */
static bool finish_request(struct reader *r, struct cedar_span where, const struct cedar_json *context, bool validated,
                           struct cedar_request *out)
{
    const struct cedar_schema *s = r->schema;
    const struct cedar_type *type = NULL;
    const struct cedar_action *action;

    if (s != NULL) {
        if ((action = cedar_schema_action(s, out->action.type, out->action.id)) == NULL) /* and no context */
            return cedar_validate_request(s, &out->principal, &out->action, &out->resource, NULL, r->d);
        type = action->context;
    }
    (void)cedar_record_of(r->a, NULL, 0, &out->context, NULL);
    if (context != NULL && !cedar_value_from_json(r->a, r->d, context, type, &out->context))
        return false;
    if (out->context.kind != CEDAR_RECORD)
        return cedar_fault(r->d, CEDAR_FINDING_JSON_KIND, where, "the context is no record");
    return s == NULL || !validated ||
           cedar_validate_request(s, &out->principal, &out->action, &out->resource, out->context.record, r->d);
}

bool cedar_request_from_json(struct arena *a, struct cedar_diags *d, const struct cedar_json *j,
                             const struct cedar_schema *schema, bool validated, struct cedar_request *out)
{
    struct reader r = { a, d, schema };
    const struct cedar_json *context = cedar_json_get(j, S("context"));

    if (j->kind != CEDAR_JSON_OBJECT)
        return cedar_fault(d, CEDAR_FINDING_JSON_KIND, j->span, "the request is %s", cedar_json_kind_name(j->kind));
    return request_uid(&r, j, S("principal"), &out->principal) && request_uid(&r, j, S("action"), &out->action) &&
           request_uid(&r, j, S("resource"), &out->resource) &&
           finish_request(&r, context != NULL ? context->span : j->span, context, validated, out);
}

static bool is_name(struct cedar_diags *d, const struct cedar_uid *uid)
{
    return cedar_is_path(uid->type) || cedar_fault(d, CEDAR_FINDING_NAME, (struct cedar_span){ 0, 0 },
                                                   "`%.*s` is no name of a type", STR_ARG(uid->type));
}

bool cedar_request_make(struct arena *a, struct cedar_diags *d, const struct cedar_schema *schema,
                        struct cedar_request *r)
{
    struct reader reader = { a, d, schema };
    const struct cedar_json *context = NULL;

    if (!is_name(d, &r->principal) || !is_name(d, &r->action) || !is_name(d, &r->resource))
        return false;
    if (str_is_set(d->source->text) && (context = cedar_json_parse(d)) == NULL)
        return false;
    return finish_request(&reader, (struct cedar_span){ 0, 0 }, context, true, r);
}

bool cedar_request_parse(struct arena *a, struct cedar_diags *d, const struct cedar_schema *schema,
                         struct cedar_request *out)
{
    const struct cedar_json *j = cedar_json_parse(d);

    return j != NULL && cedar_request_from_json(a, d, j, schema, true, out);
}
