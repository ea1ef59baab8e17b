/* SPDX-License-Identifier: EUPL-1.2
 * Schemas as text and as JSON.  What is written is what the schema says, not how it was said: common types stand where
 * they were named, ancestors are all listed, comments and annotations are gone. */
#include "policy/cedar/engine.h"
#include "policy/cedar/json.h"
#include "policy/cedar/lexer.h"
#include "policy/cedar/schema_build.h"

static struct str namespace_of(struct str name)
{
    for (size_t i = name.n; i > 1; i--)
        if (name.p[i - 1] == ':')
            return str_sub(name, 0, i - 2);
    return S("");
}

static struct str last_part(struct str name)
{
    struct str ns = namespace_of(name);

    return str_from(name, ns.n > 0 ? ns.n + 2 : 0);
}

/* Each namespace once, in the order in which its first type or action was declared. */
struct namespaces {
    struct str *names;
    size_t n;
};

static void add_namespace(struct namespaces *all, struct str name)
{
    for (size_t i = 0; i < all->n; i++)
        if (str_eq(all->names[i], name))
            return;
    all->names[all->n++] = name;
}

static struct namespaces namespaces_of(struct arena *a, const struct cedar_schema *s)
{
    struct namespaces all = { arena_make_n(a, s->declared_n + s->action_n + 1, struct str), 0 };

    for (size_t i = 0; i < s->declared_n; i++)
        add_namespace(&all, namespace_of(s->types[i].name));
    for (size_t i = 0; i < s->action_n; i++)
        add_namespace(&all, namespace_of(s->actions[i].type->name));
    return all;
}

static const char *own_name(enum cedar_type_kind kind)
{
    switch (kind) {
    case CEDAR_TYPE_BOOL:
        return "Bool";
    case CEDAR_TYPE_LONG:
        return "Long";
    case CEDAR_TYPE_STRING:
        return "String";
    case CEDAR_TYPE_IPADDR:
        return "ipaddr";
    case CEDAR_TYPE_DECIMAL:
        return "decimal";
    case CEDAR_TYPE_DATETIME:
        return "datetime";
    default:
        return "duration";
    }
}

/* JSON ------------------------------------------------------------------------ */

static void json_type(struct buf *b, const struct cedar_type *t, bool optional);

static void json_record(struct buf *b, const struct cedar_type *t)
{
    buf_add(b, S("\"type\":\"Record\",\"attributes\":{"));
    for (size_t i = 0; i < t->attr_n; i++) {
        if (i > 0)
            buf_byte(b, ',');
        cedar_json_quote(b, t->attrs[i].name);
        buf_byte(b, ':');
        json_type(b, t->attrs[i].type, !t->attrs[i].required);
    }
    buf_add(b, t->open ? S("},\"additionalAttributes\":true") : S("}"));
}

/* As deep as the type, CEDAR_TYPE_DEPTH_MAX. */
static void json_type(struct buf *b, const struct cedar_type *t, bool optional)
{
    buf_byte(b, '{');
    switch (t->kind) {
    case CEDAR_TYPE_SET:
        buf_add(b, S("\"type\":\"Set\",\"element\":"));
        json_type(b, t->element, false);
        break;
    case CEDAR_TYPE_RECORD:
        json_record(b, t);
        break;
    case CEDAR_TYPE_ENTITY:
        buf_add(b, S("\"type\":\"Entity\",\"name\":"));
        cedar_json_quote(b, t->entities[0]->name);
        break;
    case CEDAR_TYPE_BOOL:
        buf_add(b, S("\"type\":\"Boolean\""));
        break;
    case CEDAR_TYPE_LONG:
    case CEDAR_TYPE_STRING:
        buf_printf(b, "\"type\":\"%s\"", own_name(t->kind));
        break;
    default:
        buf_printf(b, "\"type\":\"Extension\",\"name\":\"%s\"", own_name(t->kind));
    }
    buf_add(b, optional ? S(",\"required\":false}") : S("}"));
}

static void json_names(struct buf *b, const struct cedar_entity_type *const *list, size_t n)
{
    buf_byte(b, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_byte(b, ',');
        cedar_json_quote(b, list[i]->name);
    }
    buf_byte(b, ']');
}

static void json_entity(struct buf *b, const struct cedar_entity_type *t)
{
    cedar_json_quote(b, last_part(t->name));
    if (t->is_enum) {
        buf_add(b, S(":{\"enum\":["));
        for (size_t i = 0; i < t->choice_n; i++) {
            if (i > 0)
                buf_byte(b, ',');
            cedar_json_quote(b, t->choices[i]);
        }
        buf_add(b, S("]}"));
        return;
    }
    buf_add(b, S(":{\"memberOfTypes\":"));
    json_names(b, t->ancestors, t->ancestor_n);
    buf_add(b, S(",\"shape\":"));
    json_type(b, t->shape, false);
    if (t->tags != NULL) {
        buf_add(b, S(",\"tags\":"));
        json_type(b, t->tags, false);
    }
    buf_byte(b, '}');
}

static void json_action(struct buf *b, const struct cedar_action *action)
{
    cedar_json_quote(b, action->id);
    buf_add(b, S(":{\"memberOf\":["));
    for (size_t i = 0; i < action->ancestor_n; i++) {
        buf_add(b, i > 0 ? S(",{\"type\":") : S("{\"type\":"));
        cedar_json_quote(b, action->ancestors[i]->type->name);
        buf_add(b, S(",\"id\":"));
        cedar_json_quote(b, action->ancestors[i]->id);
        buf_byte(b, '}');
    }
    buf_add(b, S("],\"appliesTo\":{\"principalTypes\":"));
    json_names(b, action->principals, action->principal_n);
    buf_add(b, S(",\"resourceTypes\":"));
    json_names(b, action->resources, action->resource_n);
    buf_add(b, S(",\"context\":"));
    json_type(b, action->context, false);
    buf_add(b, S("}}"));
}

void cedar_schema_to_json(struct buf *b, const struct cedar_schema *s)
{
    struct namespaces all = namespaces_of(b->arena, s);

    buf_byte(b, '{');
    for (size_t k = 0; k < all.n; k++) {
        const char *between = "";
        if (k > 0)
            buf_byte(b, ',');
        cedar_json_quote(b, all.names[k]);
        buf_add(b, S(":{\"entityTypes\":{"));
        for (size_t i = 0; i < s->declared_n; i++)
            if (str_eq(namespace_of(s->types[i].name), all.names[k])) {
                buf_add(b, str_of(between));
                json_entity(b, &s->types[i]);
                between = ",";
            }
        buf_add(b, S("},\"actions\":{"));
        between = "";
        for (size_t i = 0; i < s->action_n; i++)
            if (str_eq(namespace_of(s->actions[i].type->name), all.names[k])) {
                buf_add(b, str_of(between));
                json_action(b, &s->actions[i]);
                between = ",";
            }
        buf_add(b, S("}}"));
    }
    buf_byte(b, '}');
}

/* Text ------------------------------------------------------------------------ */

struct writer {
    struct buf *b;
    const struct cedar_schema *s;
    const char *indent;
    bool hidden; /* an entity type has the name of one of Cedar's own types */
};

static void text_type(struct writer *w, const struct cedar_type *t);

static void text_name(struct buf *b, struct str name)
{
    if (cedar_is_ident(name) && !cedar_reserved(name))
        buf_add(b, name);
    else
        cedar_quote(b, name);
}

static void text_record(struct writer *w, const struct cedar_type *t)
{
    buf_add(w->b, t->attr_n > 0 ? S("{ ") : S("{"));
    for (size_t i = 0; i < t->attr_n; i++) {
        if (i > 0)
            buf_add(w->b, S(", "));
        text_name(w->b, t->attrs[i].name);
        buf_add(w->b, t->attrs[i].required ? S(": ") : S("?: "));
        text_type(w, t->attrs[i].type);
    }
    buf_add(w->b, t->attr_n > 0 ? S(" }") : S("}"));
}

/* As deep as the type, CEDAR_TYPE_DEPTH_MAX. */
static void text_type(struct writer *w, const struct cedar_type *t)
{
    switch (t->kind) {
    case CEDAR_TYPE_SET:
        buf_add(w->b, S("Set<"));
        text_type(w, t->element);
        buf_byte(w->b, '>');
        return;
    case CEDAR_TYPE_RECORD:
        text_record(w, t);
        return;
    case CEDAR_TYPE_ENTITY:
        buf_add(w->b, t->entities[0]->name);
        return;
    default:
        buf_printf(w->b, "%s%s", w->hidden ? "__cedar::" : "", own_name(t->kind));
    }
}

static void text_names(struct buf *b, const struct cedar_entity_type *const *list, size_t n)
{
    buf_byte(b, '[');
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "%s%.*s", i > 0 ? ", " : "", STR_ARG(list[i]->name));
    buf_byte(b, ']');
}

static void text_entity(struct writer *w, const struct cedar_entity_type *t)
{
    buf_printf(w->b, "%sentity %.*s", w->indent, STR_ARG(last_part(t->name)));
    if (t->is_enum) {
        buf_add(w->b, S(" enum ["));
        for (size_t i = 0; i < t->choice_n; i++) {
            if (i > 0)
                buf_add(w->b, S(", "));
            cedar_quote(w->b, t->choices[i]);
        }
        buf_byte(w->b, ']');
    }
    if (t->ancestor_n > 0) {
        buf_add(w->b, S(" in "));
        text_names(w->b, t->ancestors, t->ancestor_n);
    }
    if (t->shape->attr_n > 0) {
        buf_byte(w->b, ' ');
        text_record(w, t->shape);
    }
    if (t->tags != NULL) {
        buf_add(w->b, S(" tags "));
        text_type(w, t->tags);
    }
    buf_add(w->b, S(";\n"));
}

static void text_action(struct writer *w, const struct cedar_action *action)
{
    buf_printf(w->b, "%saction ", w->indent);
    text_name(w->b, action->id);
    for (size_t i = 0; i < action->ancestor_n; i++) {
        buf_add(w->b, i > 0 ? S(", ") : S(" in ["));
        buf_printf(w->b, "%.*s::", STR_ARG(action->ancestors[i]->type->name));
        cedar_quote(w->b, action->ancestors[i]->id);
    }
    if (action->ancestor_n > 0)
        buf_byte(w->b, ']');
    if (action->principal_n > 0 && action->resource_n > 0) {
        buf_add(w->b, S(" appliesTo { principal: "));
        text_names(w->b, action->principals, action->principal_n);
        buf_add(w->b, S(", resource: "));
        text_names(w->b, action->resources, action->resource_n);
        buf_add(w->b, S(", context: "));
        text_type(w, action->context);
        buf_add(w->b, S(" }"));
    }
    buf_add(w->b, S(";\n"));
}

static bool hides_own_types(const struct cedar_schema *s)
{
    for (size_t i = 0; i < s->declared_n; i++)
        for (enum cedar_type_kind kind = CEDAR_TYPE_BOOL; kind < CEDAR_TYPE_COUNT; kind++)
            if (str_eq(last_part(s->types[i].name), str_of(own_name(kind))))
                return true;
    return false;
}

void cedar_schema_text(struct buf *b, const struct cedar_schema *s)
{
    struct namespaces all = namespaces_of(b->arena, s);
    struct writer w = { .b = b, .s = s, .hidden = hides_own_types(s) };

    for (size_t k = 0; k < all.n; k++) {
        bool named = all.names[k].n > 0;
        w.indent = named ? "  " : "";
        if (named)
            buf_printf(b, "namespace %.*s {\n", STR_ARG(all.names[k]));
        for (size_t i = 0; i < s->declared_n; i++)
            if (str_eq(namespace_of(s->types[i].name), all.names[k]))
                text_entity(&w, &s->types[i]);
        for (size_t i = 0; i < s->action_n; i++)
            if (str_eq(namespace_of(s->actions[i].type->name), all.names[k]))
                text_action(&w, &s->actions[i]);
        if (named)
            buf_add(b, S("}\n"));
    }
}
