/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/json_value.h"

#include "policy/cedar/lexer.h"
#include "policy/cedar/schema.h"

struct reader {
    struct arena *a;
    struct cedar_diags *d;
};

static bool read_value(struct reader *r, const struct cedar_json *j, const struct cedar_type *expected,
                       struct cedar_value *out);

static bool is_string(const struct cedar_json *j)
{
    return j != NULL && j->kind == CEDAR_JSON_STRING;
}

/* The one member of an object that has no other, if it has this name. */
static const struct cedar_json *escape(const struct cedar_json *j, struct str name)
{
    return j->kind == CEDAR_JSON_OBJECT && j->n == 1 && str_eq(j->names[0], name) ? &j->items[0] : NULL;
}

static bool is_uid(const struct cedar_json *j)
{
    return is_string(cedar_json_get(j, S("type"))) && is_string(cedar_json_get(j, S("id")));
}

static bool is_call(const struct cedar_json *j)
{
    const struct cedar_json *args = cedar_json_get(j, S("args"));

    return is_string(cedar_json_get(j, S("fn"))) &&
           (cedar_json_get(j, S("arg")) != NULL || (args != NULL && args->kind == CEDAR_JSON_ARRAY));
}

static bool read_uid(struct reader *r, const struct cedar_json *j, struct cedar_uid *out)
{
    struct str type = cedar_json_text(j, S("type")), id = cedar_json_text(j, S("id"));

    if (!is_uid(j)) {
        (void)cedar_fault(r->d, CEDAR_FINDING_ENTITY, j->span, "this is no entity");
        return cedar_expected(r->d, "{\"type\": \"…\", \"id\": \"…\"}");
    }
    if (!cedar_is_path(type))
        return cedar_fault(r->d, CEDAR_FINDING_NAME, cedar_json_get(j, S("type"))->span, "`%.*s` is no entity type",
                           STR_ARG(type));
    *out = cedar_uid_make(arena_str(r->a, type), arena_str(r->a, id));
    return true;
}

static bool read_any_uid(struct reader *r, const struct cedar_json *j, struct cedar_uid *out)
{
    const struct cedar_json *inner = cedar_json_get(j, S("__entity"));

    return read_uid(r, inner != NULL ? inner : j, out);
}

static bool read_entity(struct reader *r, const struct cedar_json *j, struct cedar_value *out)
{
    struct cedar_uid *uid = arena_make(r->a, struct cedar_uid);

    *out = CEDAR_ENTITY_OF(uid);
    return read_any_uid(r, j, uid);
}

static bool is_ext_kind(enum cedar_kind kind)
{
    return cedar_ext_constructor(kind) != CEDAR_X_COUNT;
}

/* An argument of a function: where an extension value is due, its text will do. */
static bool read_argument(struct reader *r, const struct cedar_json *j, enum cedar_kind kind, struct cedar_value *out)
{
    const char *why;

    if (!is_ext_kind(kind) || j->kind != CEDAR_JSON_STRING)
        return read_value(r, j, NULL, out);
    if (cedar_ext_parse(cedar_ext_constructor(kind), r->a, j->text, out, &why))
        return true;
    return cedar_fault(r->d, CEDAR_FINDING_EXTENSION, j->span, "%s", why);
}

/* {"fn": "ip", "arg": "10.0.0.1"} or {"fn": "offset", "args": [a, b]} */
static bool read_call(struct reader *r, const struct cedar_json *j, struct cedar_value *out)
{
    struct str name = cedar_json_text(j, S("fn"));
    enum cedar_ext f = cedar_function_named(name);
    const struct cedar_json *args = cedar_json_get(j, S("args")), *arg = cedar_json_get(j, S("arg"));
    size_t n = arg != NULL ? 1 : args->n;
    struct cedar_value values[2] = { { 0 }, { 0 } };
    const char *why;

    if (f == CEDAR_X_COUNT)
        return cedar_fault(r->d, CEDAR_FINDING_UNKNOWN_FUNCTION, cedar_json_get(j, S("fn"))->span,
                           "there is no function `%.*s`", STR_ARG(name));
    if (n != cedar_functions[f].n_args)
        return cedar_fault(r->d, CEDAR_FINDING_ARGUMENTS, j->span, "`%.*s` takes %zu arguments, not %zu", STR_ARG(name),
                           cedar_functions[f].n_args, n);
    for (size_t i = 0; i < n; i++)
        if (!read_argument(r, arg != NULL ? arg : &args->items[i], cedar_functions[f].args[i], &values[i]))
            return false;
    if (cedar_ext_call(f, r->a, values, out) == CEDAR_EXT_OK)
        return true;
    if (!cedar_functions[f].method && values[0].kind == CEDAR_STRING &&
        !cedar_ext_parse(f, r->a, values[0].text, out, &why))
        return cedar_fault(r->d, CEDAR_FINDING_EXTENSION, j->span, "%s", why);
    return cedar_fault(r->d, CEDAR_FINDING_EXTENSION, j->span, "`%.*s` cannot be computed from this", STR_ARG(name));
}

static bool read_set(struct reader *r, const struct cedar_json *j, const struct cedar_type *element,
                     struct cedar_value *out)
{
    struct cedar_value *items = arena_make_n(r->a, j->n, struct cedar_value);

    for (size_t i = 0; i < j->n; i++)
        if (!read_value(r, &j->items[i], element, &items[i]))
            return false;
    *out = cedar_set_of(r->a, items, j->n);
    return true;
}

static bool check_attrs(struct reader *r, const struct cedar_json *j, const struct cedar_type *type)
{
    for (size_t i = 0; i < type->attr_n; i++)
        if (type->attrs[i].required && cedar_json_get(j, type->attrs[i].name) == NULL)
            return cedar_fault(r->d, CEDAR_FINDING_MISSING_ATTRIBUTE, j->span, "the record lacks `%.*s`",
                               STR_ARG(type->attrs[i].name));
    return true;
}

static bool unknown_attr(struct reader *r, const struct cedar_json *j, size_t i, const struct cedar_type *type)
{
    struct cedar_guess g = cedar_guess_for(j->names[i]);

    for (size_t k = 0; k < type->attr_n; k++)
        cedar_guess_try(&g, type->attrs[k].name);
    (void)cedar_fault(r->d, CEDAR_FINDING_UNKNOWN_ATTRIBUTE, j->name_spans[i],
                      "the schema has no attribute `%.*s` here", STR_ARG(j->names[i]));
    return cedar_near(r->d, g.best);
}

/* type: NULL, or a record type. */
static bool read_record(struct reader *r, const struct cedar_json *j, const struct cedar_type *type,
                        struct cedar_value *out)
{
    struct cedar_field *fields = arena_make_n(r->a, j->n, struct cedar_field);

    if (type != NULL && !check_attrs(r, j, type))
        return false;
    for (size_t i = 0; i < j->n; i++) {
        const struct cedar_attr *attr = type != NULL ? cedar_type_attr(type, j->names[i]) : NULL;
        if (type != NULL && attr == NULL && !type->open)
            return unknown_attr(r, j, i, type);
        fields[i].name = arena_str(r->a, j->names[i]);
        if (!read_value(r, &j->items[i], attr != NULL ? attr->type : NULL, &fields[i].value))
            return false;
    }
    return cedar_record_of(r->a, fields, j->n, out, NULL); /* the JSON reader refused duplicates */
}

static bool read_object(struct reader *r, const struct cedar_json *j, struct cedar_value *out)
{
    const struct cedar_json *inner;

    if ((inner = escape(j, S("__entity"))) != NULL && is_uid(inner))
        return read_entity(r, inner, out);
    if ((inner = escape(j, S("__extn"))) != NULL && is_call(inner))
        return read_call(r, inner, out);
    if ((inner = escape(j, S("__expr"))) != NULL && inner->kind == CEDAR_JSON_STRING)
        return cedar_fault(r->d, CEDAR_FINDING_JSON_FORM, j->span, "`__expr` is no longer part of Cedar");
    return read_record(r, j, NULL, out);
}

static bool read_undirected(struct reader *r, const struct cedar_json *j, struct cedar_value *out)
{
    switch (j->kind) {
    case CEDAR_JSON_BOOL:
        *out = CEDAR_BOOL_OF(j->boolean);
        return true;
    case CEDAR_JSON_INT:
        *out = CEDAR_LONG_OF(j->number);
        return true;
    case CEDAR_JSON_STRING:
        *out = CEDAR_STRING_OF(arena_str(r->a, j->text));
        return true;
    case CEDAR_JSON_ARRAY:
        return read_set(r, j, NULL, out);
    case CEDAR_JSON_OBJECT:
        return read_object(r, j, out);
    default:
        return cedar_fault(r->d, CEDAR_FINDING_JSON_KIND, j->span, "%s is no value in Cedar",
                           cedar_json_kind_name(j->kind));
    }
}

static enum cedar_kind kind_of_type(const struct cedar_type *type)
{
    switch (type->kind) {
    case CEDAR_TYPE_IPADDR:
        return CEDAR_IP;
    case CEDAR_TYPE_DECIMAL:
        return CEDAR_DECIMAL;
    case CEDAR_TYPE_DATETIME:
        return CEDAR_DATETIME;
    case CEDAR_TYPE_DURATION:
        return CEDAR_DURATION;
    default:
        return CEDAR_NONE;
    }
}

static bool read_extension(struct reader *r, const struct cedar_json *j, enum cedar_kind kind, struct cedar_value *out)
{
    const struct cedar_json *inner = cedar_json_get(j, S("__extn"));

    if (inner != NULL && is_call(inner)) {
        if (!read_call(r, inner, out))
            return false;
    } else if (is_call(j)) {
        if (!read_call(r, j, out))
            return false;
    } else if (!read_argument(r, j, kind, out)) {
        return false;
    }
    if (out->kind == kind)
        return true;
    return cedar_fault(r->d, CEDAR_FINDING_TYPE, j->span, "expected %s, got %s", cedar_kind_name(kind),
                       cedar_kind_name(out->kind));
}

static bool read_value(struct reader *r, const struct cedar_json *j, const struct cedar_type *expected,
                       struct cedar_value *out)
{
    if (expected == NULL)
        return read_undirected(r, j, out);
    if (expected->kind == CEDAR_TYPE_ENTITY || expected->kind == CEDAR_TYPE_ANY_ENTITY)
        return read_entity(r, j, out);
    if (kind_of_type(expected) != CEDAR_NONE)
        return read_extension(r, j, kind_of_type(expected), out);
    if (expected->kind == CEDAR_TYPE_SET && j->kind == CEDAR_JSON_ARRAY)
        return read_set(r, j, expected->element, out);
    if (expected->kind == CEDAR_TYPE_RECORD && j->kind == CEDAR_JSON_OBJECT)
        return read_record(r, j, expected, out);
    if (expected->kind == CEDAR_TYPE_SET || expected->kind == CEDAR_TYPE_RECORD)
        return cedar_fault(r->d, CEDAR_FINDING_JSON_KIND, j->span, "expected %s, got %s",
                           expected->kind == CEDAR_TYPE_SET ? "an array" : "an object", cedar_json_kind_name(j->kind));
    return read_undirected(r, j, out);
}

bool cedar_value_from_json(struct arena *a, struct cedar_diags *d, const struct cedar_json *j,
                           const struct cedar_type *expected, struct cedar_value *out)
{
    struct reader r = { a, d };

    return read_value(&r, j, expected, out);
}

bool cedar_uid_from_json(struct arena *a, struct cedar_diags *d, const struct cedar_json *j, struct cedar_uid *out)
{
    struct reader r = { a, d };

    return read_any_uid(&r, j, out);
}

void cedar_uid_to_json(struct buf *b, const struct cedar_uid *uid)
{
    buf_add(b, S("{\"type\":"));
    cedar_json_quote(b, uid->type);
    buf_add(b, S(",\"id\":"));
    cedar_json_quote(b, uid->id);
    buf_byte(b, '}');
}

static void set_to_json(struct buf *b, const struct cedar_set *s)
{
    buf_byte(b, '[');
    for (size_t i = 0; i < s->n && buf_ok(b); i++) {
        if (i > 0)
            buf_byte(b, ',');
        cedar_value_to_json(b, &s->items[i]);
    }
    buf_byte(b, ']');
}

static void record_to_json(struct buf *b, const struct cedar_record *record)
{
    buf_byte(b, '{');
    for (size_t i = 0; i < record->n && buf_ok(b); i++) {
        if (i > 0)
            buf_byte(b, ',');
        cedar_json_quote(b, record->fields[i].name);
        buf_byte(b, ':');
        cedar_value_to_json(b, &record->fields[i].value);
    }
    buf_byte(b, '}');
}

void cedar_value_to_json(struct buf *b, const struct cedar_value *v)
{
    switch (v->kind) {
    case CEDAR_BOOL:
        buf_add(b, v->boolean ? S("true") : S("false"));
        return;
    case CEDAR_LONG:
        buf_printf(b, "%lld", (long long)v->number);
        return;
    case CEDAR_STRING:
        cedar_json_quote(b, v->text);
        return;
    case CEDAR_ENTITY:
        buf_add(b, S("{\"__entity\":"));
        cedar_uid_to_json(b, v->uid);
        buf_byte(b, '}');
        return;
    case CEDAR_SET:
        set_to_json(b, v->set);
        return;
    case CEDAR_RECORD:
        record_to_json(b, v->record);
        return;
    case CEDAR_NONE:
    case CEDAR_KIND_COUNT:
        return;
    default:
        if (!cedar_ext_has_text(v)) {
            buf_printf(
                b,
                "{\"__extn\":{\"fn\":\"offset\",\"args\":[{\"__extn\":{\"fn\":\"datetime\",\"arg\":\"1970-01-01\"}},"
                "{\"__extn\":{\"fn\":\"duration\",\"arg\":\"%lldms\"}}]}}",
                (long long)v->number);
            return;
        }
        buf_add(b, S("{\"__extn\":{\"fn\":"));
        cedar_json_quote(b, cedar_functions[cedar_ext_constructor(v->kind)].name);
        buf_add(b, S(",\"arg\":"));
        struct buf text = buf_new(b->arena, 128);
        cedar_ext_text(&text, v);
        cedar_json_quote(b, buf_str(&text));
        buf_add(b, S("}}"));
    }
}
