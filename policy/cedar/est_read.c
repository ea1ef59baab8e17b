/* SPDX-License-Identifier: EUPL-1.2
 * Policies from JSON.  Recursion is as deep as the JSON, which its reader
 * bounds.  [Cedar: JSON policy format] */
#include "policy/cedar/build.h"
#include "policy/cedar/engine.h"
#include "policy/cedar/est.h"
#include "policy/cedar/json.h"
#include "policy/cedar/json_value.h"
#include "policy/cedar/lexer.h"
#include "policy/cedar/policies.h"

/* NULL after reporting. */
static const struct cedar_expr *read_expr(struct builder *b, const struct cedar_json *j);

static const struct cedar_expr *wrong_as(struct builder *b, enum cedar_finding_code code, const struct cedar_json *j,
                                         const char *what, const char *expected)
{
    b->failed = true;
    (void)cedar_fault(b->d, code, j->span, "%s", what);
    if (expected != NULL)
        (void)cedar_expected(b->d, "%s", expected);
    return NULL;
}

static const struct cedar_expr *wrong(struct builder *b, const struct cedar_json *j, const char *what,
                                      const char *expected)
{
    return wrong_as(b, CEDAR_FINDING_JSON_FORM, j, what, expected);
}

static struct str keep(struct builder *b, struct str s)
{
    return arena_str(b->arena, s);
}

/* A member that must be there. */
static const struct cedar_json *need(struct builder *b, const struct cedar_json *j, struct str name)
{
    const struct cedar_json *m = cedar_json_get(j, name);

    if (m == NULL) {
        b->failed = true;
        (void)cedar_fault(b->d, CEDAR_FINDING_MEMBER_MISSING, j->span, "there is no `%.*s`", STR_ARG(name));
    }
    return m;
}

/* Only these members may be there. */
static bool only(struct builder *b, const struct cedar_json *j, const struct str *names, size_t n)
{
    if (j->kind != CEDAR_JSON_OBJECT)
        return wrong(b, j, "this is no object", NULL) != NULL;
    for (size_t i = 0; i < j->n; i++) {
        bool known = false;
        for (size_t k = 0; k < n && !known; k++)
            known = j->names[i].n == names[k].n && memcmp(j->names[i].p, names[k].p, names[k].n) == 0;
        if (!known) {
            struct cedar_guess g = cedar_guess_for(j->names[i]);
            for (size_t k = 0; k < n; k++)
                cedar_guess_try(&g, names[k]);
            b->failed = true;
            (void)cedar_fault(b->d, CEDAR_FINDING_MEMBER_UNKNOWN, j->name_spans[i], "`%.*s` cannot stand here",
                              STR_ARG(j->names[i]));
            return cedar_near(b->d, g.best);
        }
    }
    return true;
}
#define ONLY(b, j, ...)                                                                                                \
    only((b), (j), (const struct str[]){ __VA_ARGS__ }, sizeof((struct str[]){ __VA_ARGS__ }) / sizeof(struct str))

static const struct cedar_expr *member_expr(struct builder *b, const struct cedar_json *j, struct str name)
{
    const struct cedar_json *m = need(b, j, name);

    return m != NULL ? read_expr(b, m) : NULL;
}

/* ---- Values: constants that may be structured. */

static const struct cedar_expr *read_constant(struct builder *b, const struct cedar_json *j);

static const struct cedar_expr *constant_call(struct builder *b, const struct cedar_json *call)
{
    struct str name = cedar_json_text(call, S("fn"));
    const struct cedar_json *args = cedar_json_get(call, S("args")), *arg = cedar_json_get(call, S("arg"));
    enum cedar_ext f = cedar_function_named(name);
    struct kids list = { 0 };
    size_t n = arg != NULL ? 1 : args != NULL && args->kind == CEDAR_JSON_ARRAY ? args->n : 0;

    if (f == CEDAR_X_COUNT || n == 0)
        return wrong(b, call, "this is no call of a function", "{\"fn\": \"…\", \"arg\": …}");
    for (size_t i = 0; i < n; i++) {
        const struct cedar_expr *e = read_constant(b, arg != NULL ? arg : &args->items[i]);
        if (e == NULL)
            return NULL;
        kids_add(b, &list, e);
    }
    return build_node(b, &(struct cedar_expr){ .op = CEDAR_OP_CALL, .ext = f }, list.items, list.n);
}

static const struct cedar_expr *constant_record(struct builder *b, const struct cedar_json *j)
{
    struct str *names = arena_make_n(b->arena, j->n, struct str);
    struct kids list = { 0 };

    for (size_t i = 0; i < j->n; i++) {
        const struct cedar_expr *e = read_constant(b, &j->items[i]);
        if (e == NULL)
            return NULL;
        names[i] = keep(b, j->names[i]);
        kids_add(b, &list, e);
    }
    return build_record(b, &list, names, (struct cedar_span){ 0, 0 });
}

static const struct cedar_expr *read_constant(struct builder *b, const struct cedar_json *j)
{
    const struct cedar_span nowhere = { 0, 0 };
    bool single = j->kind == CEDAR_JSON_OBJECT && j->n == 1;
    struct cedar_value v;
    struct kids list = { 0 };

    if (single && str_eq(j->names[0], S("__extn")) && cedar_json_get(&j->items[0], S("fn")) != NULL)
        return constant_call(b, &j->items[0]);
    if (j->kind == CEDAR_JSON_OBJECT && !(single && str_has_prefix(j->names[0], S("__e"))))
        return constant_record(b, j);
    if (j->kind == CEDAR_JSON_ARRAY) {
        for (size_t i = 0; i < j->n; i++) {
            const struct cedar_expr *e = read_constant(b, &j->items[i]);
            if (e == NULL)
                return NULL;
            kids_add(b, &list, e);
        }
        return build_node(b, &(struct cedar_expr){ .op = CEDAR_OP_SET }, list.items, list.n);
    }
    if (!cedar_value_from_json(b->arena, b->d, j, NULL, &v)) {
        b->failed = true;
        return NULL;
    }
    if (v.kind == CEDAR_RECORD) /* {"__e…": …} that is no escape */
        return constant_record(b, j);
    return build_value(b, v, nowhere);
}

/* ---- Expressions: an object with one member, the operator. */

static bool var_named(struct str s, enum cedar_var *out)
{
    static const char *const names[] = { "principal", "action", "resource", "context" };

    for (int i = 0; i < 4; i++)
        if (str_eq(s, str_of(names[i]))) {
            *out = (enum cedar_var)i;
            return true;
        }
    return false;
}

static const struct cedar_expr *read_var(struct builder *b, const struct cedar_json *j)
{
    struct cedar_expr draft = { .op = CEDAR_OP_VAR };

    if (j->kind != CEDAR_JSON_STRING || !var_named(j->text, &draft.var))
        return wrong_as(b, CEDAR_FINDING_UNKNOWN_VARIABLE, j, "this is no variable",
                        "principal, action, resource or context");
    return build_node(b, &draft, NULL, 0);
}

static const struct cedar_expr *read_if(struct builder *b, const struct cedar_json *j)
{
    const struct cedar_expr *kids[3];

    if (!ONLY(b, j, S("if"), S("then"), S("else")) || (kids[0] = member_expr(b, j, S("if"))) == NULL ||
        (kids[1] = member_expr(b, j, S("then"))) == NULL || (kids[2] = member_expr(b, j, S("else"))) == NULL)
        return NULL;
    return build_node(b, &(struct cedar_expr){ .op = CEDAR_OP_IF }, kids, 3);
}

static const struct cedar_expr *read_attr(struct builder *b, const struct cedar_json *j)
{
    const struct cedar_expr *left = member_expr(b, j, S("left"));
    const struct cedar_json *attr = need(b, j, S("attr"));

    if (left == NULL || attr == NULL || !ONLY(b, j, S("left"), S("attr")))
        return NULL;
    if (attr->kind != CEDAR_JSON_STRING)
        return wrong(b, attr, "this is no name of an attribute", "a string");
    return build_node(b, &(struct cedar_expr){ .op = CEDAR_OP_ATTR, .name = keep(b, attr->text) }, &left, 1);
}

static const struct cedar_expr *read_has(struct builder *b, const struct cedar_json *j)
{
    const struct cedar_span nowhere = { 0, 0 };
    const struct cedar_expr *left = member_expr(b, j, S("left"));
    const struct cedar_json *attr = need(b, j, S("attr"));

    if (left == NULL || attr == NULL || !ONLY(b, j, S("left"), S("attr")))
        return NULL;
    bool list = attr->kind == CEDAR_JSON_ARRAY && attr->n > 0;
    size_t n = list ? attr->n : 1;
    struct str *path = arena_make_n(b->arena, n, struct str);
    for (size_t i = 0; i < n; i++) {
        const struct cedar_json *name = list ? &attr->items[i] : attr;
        if (name->kind != CEDAR_JSON_STRING)
            return wrong(b, name, "this is no name of an attribute", "a string, or an array of strings");
        path[i] = keep(b, name->text);
        if (n > 1 && (!cedar_is_ident(path[i]) || cedar_reserved(path[i])))
            return wrong_as(b, CEDAR_FINDING_NAME, name, "a name of a path is a plain name", NULL);
    }
    return build_has(b, left, path, n, nowhere, nowhere);
}

static const struct cedar_expr *read_is(struct builder *b, const struct cedar_json *j)
{
    const struct cedar_expr *kids[2] = { member_expr(b, j, S("left")), NULL };
    const struct cedar_json *type = need(b, j, S("entity_type")), *in = cedar_json_get(j, S("in"));

    if (kids[0] == NULL || type == NULL || !ONLY(b, j, S("left"), S("entity_type"), S("in")))
        return NULL;
    if (type->kind != CEDAR_JSON_STRING || !cedar_is_path(type->text))
        return wrong(b, type, "this is no entity type", NULL);
    if (in != NULL && in->kind != CEDAR_JSON_NULL && (kids[1] = read_expr(b, in)) == NULL)
        return NULL;
    return build_node(b, &(struct cedar_expr){ .op = CEDAR_OP_IS, .name = keep(b, type->text) }, kids,
                      kids[1] != NULL ? 2 : 1);
}

static const struct cedar_expr *read_like(struct builder *b, const struct cedar_json *j)
{
    const struct cedar_expr *left = member_expr(b, j, S("left"));
    const struct cedar_json *pattern = need(b, j, S("pattern"));
    size_t n = 0;

    if (left == NULL || pattern == NULL || !ONLY(b, j, S("left"), S("pattern")))
        return NULL;
    if (pattern->kind != CEDAR_JSON_ARRAY)
        return wrong(b, pattern, "this is no pattern", "an array of \"Wildcard\" and {\"Literal\": \"…\"}");
    struct str *pieces = arena_make_n(b->arena, pattern->n + 1, struct str);
    pieces[n] = S("");
    for (size_t i = 0; i < pattern->n; i++) {
        const struct cedar_json *item = &pattern->items[i];
        struct str literal = cedar_json_text(item, S("Literal"));
        if (item->kind == CEDAR_JSON_STRING && str_eq(item->text, S("Wildcard")))
            pieces[++n] = S("");
        else if (item->n == 1 && literal.p != NULL)
            pieces[n] = pieces[n].n > 0 ? arena_join(b->arena, pieces[n], literal) : keep(b, literal);
        else
            return wrong(b, item, "this is no part of a pattern", "\"Wildcard\" or {\"Literal\": \"…\"}");
    }
    struct cedar_expr draft = { .op = CEDAR_OP_LIKE, .pattern = build_pattern(b, pieces, n + 1) };
    return build_node(b, &draft, &left, 1);
}

static bool read_list(struct builder *b, const struct cedar_json *j, struct kids *out)
{
    if (j->kind != CEDAR_JSON_ARRAY)
        return wrong(b, j, "this is no list", "an array") != NULL;
    for (size_t i = 0; i < j->n; i++) {
        const struct cedar_expr *e = read_expr(b, &j->items[i]);
        if (e == NULL)
            return false;
        kids_add(b, out, e);
    }
    return true;
}

static const struct cedar_expr *read_set(struct builder *b, const struct cedar_json *j)
{
    struct kids list = { 0 };

    return read_list(b, j, &list) ? build_node(b, &(struct cedar_expr){ .op = CEDAR_OP_SET }, list.items, list.n)
                                  : NULL;
}

static const struct cedar_expr *read_record(struct builder *b, const struct cedar_json *j)
{
    struct kids list = { 0 };

    if (j->kind != CEDAR_JSON_OBJECT)
        return wrong(b, j, "this is no record", "an object");
    struct str *names = arena_make_n(b->arena, j->n, struct str);
    for (size_t i = 0; i < j->n; i++) {
        const struct cedar_expr *e = read_expr(b, &j->items[i]);
        if (e == NULL)
            return NULL;
        names[i] = keep(b, j->names[i]);
        kids_add(b, &list, e);
    }
    return build_record(b, &list, names, (struct cedar_span){ 0, 0 });
}

static const struct cedar_expr *read_call(struct builder *b, const struct cedar_json *j, enum cedar_ext f)
{
    struct kids list = { 0 };

    if (!read_list(b, j, &list))
        return NULL;
    if (cedar_functions[f].method && list.n == 0)
        return wrong(b, j, "a method needs a value that it is called on", NULL);
    return build_node(b, &(struct cedar_expr){ .op = CEDAR_OP_CALL, .ext = f }, list.items, list.n);
}

static bool is_unary(enum cedar_op op)
{
    return op == CEDAR_OP_NOT || op == CEDAR_OP_NEG || op == CEDAR_OP_IS_EMPTY;
}

static const struct cedar_expr *read_operator(struct builder *b, const struct cedar_json *j, enum cedar_op op)
{
    const struct cedar_span nowhere = { 0, 0 };
    const struct cedar_expr *left, *right;
    struct kids pair = { 0 };

    if (is_unary(op))
        return ONLY(b, j, S("arg")) && (left = member_expr(b, j, S("arg"))) != NULL
                   ? build_op(b, op, nowhere, left, NULL)
                   : NULL;
    if (!ONLY(b, j, S("left"), S("right")) || (left = member_expr(b, j, S("left"))) == NULL ||
        (right = member_expr(b, j, S("right"))) == NULL)
        return NULL;
    if (op != CEDAR_OP_AND && op != CEDAR_OP_OR)
        return build_op(b, op, nowhere, left, right);
    kids_add(b, &pair, left);
    kids_add(b, &pair, right);
    return build_chain(b, op, nowhere, &pair);
}

static enum cedar_op op_named(struct str name)
{
    for (enum cedar_op op = 1; op < CEDAR_OP_COUNT; op++) {
        const char *known = est_op_name(op);
        if (known != NULL && name.n > 0 && known[0] == name.p[0] && str_eq(name, str_of(known)))
            return op;
    }
    return CEDAR_OP_NONE;
}

static const struct {
    struct str name;
    const struct cedar_expr *(*read)(struct builder *b, const struct cedar_json *j);
} forms[] = {
    { S("Value"), read_constant }, { S("Var"), read_var }, { S("if-then-else"), read_if },
    { S("."), read_attr },         { S("has"), read_has }, { S("is"), read_is },
    { S("like"), read_like },      { S("Set"), read_set }, { S("Record"), read_record },
};

static const struct cedar_expr *unknown(struct builder *b, const struct cedar_json *j)
{
    struct cedar_guess g = cedar_guess_for(j->names[0]);

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        cedar_guess_try(&g, forms[i].name);
    for (enum cedar_op op = 1; op < CEDAR_OP_COUNT; op++)
        if (est_op_name(op) != NULL)
            cedar_guess_try(&g, str_of(est_op_name(op)));
    guess_functions(&g, true);
    guess_functions(&g, false);
    b->failed = true;
    (void)cedar_fault(b->d, CEDAR_FINDING_OPERATOR, j->name_spans[0], "there is no operator `%.*s`",
                      STR_ARG(j->names[0]));
    (void)cedar_near(b->d, g.best);
    return NULL;
}

static const struct cedar_expr *read_expr(struct builder *b, const struct cedar_json *j)
{
    enum cedar_ext f;
    enum cedar_op op;

    if (j->kind != CEDAR_JSON_OBJECT || j->n != 1)
        return wrong(b, j, "this is no expression", "an object with one member, the operator");
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].name.n == j->names[0].n && memcmp(forms[i].name.p, j->names[0].p, j->names[0].n) == 0)
            return forms[i].read(b, &j->items[0]);
    if ((op = op_named(j->names[0])) != CEDAR_OP_NONE)
        return read_operator(b, &j->items[0], op);
    if ((f = cedar_function_named(j->names[0])) < CEDAR_X_COUNT)
        return read_call(b, &j->items[0], f);
    if (str_eq(j->names[0], S("Slot")))
        return wrong_as(b, CEDAR_FINDING_SLOT, j, "a slot stands in the scope only, not in a condition", NULL);
    return unknown(b, j);
}

/* ---- Policies. */

/* "entity" or "slot". */
static bool read_target(struct builder *b, const struct cedar_json *j, enum cedar_var var, struct cedar_scope *out)
{
    const struct cedar_json *slot = cedar_json_get(j, S("slot")), *entity;
    struct str own = var == CEDAR_PRINCIPAL ? S("?principal") : S("?resource");

    if (slot != NULL) {
        out->slot = true;
        if (slot->kind == CEDAR_JSON_STRING && var != CEDAR_ACTION && str_eq(slot->text, own))
            return true;
        return wrong_as(b, CEDAR_FINDING_SLOT, slot, "this slot cannot stand here", NULL) != NULL;
    }
    if ((entity = need(b, j, S("entity"))) == NULL)
        return false;
    if (!cedar_uid_from_json(b->arena, b->d, entity, &out->uid)) {
        b->failed = true;
        return false;
    }
    if (var == CEDAR_ACTION && !cedar_name_is_action(out->uid.type))
        return wrong_as(b, CEDAR_FINDING_ACTION_TYPE, entity, "this is no action", "a type that ends with `Action`") !=
               NULL;
    return true;
}

static bool read_actions(struct builder *b, const struct cedar_json *j, struct cedar_scope *out)
{
    struct cedar_uid *uids = arena_make_n(b->arena, j->n, struct cedar_uid);

    if (j->kind != CEDAR_JSON_ARRAY)
        return wrong(b, j, "this is no list of actions", "an array") != NULL;
    for (size_t i = 0; i < j->n; i++) {
        if (!cedar_uid_from_json(b->arena, b->d, &j->items[i], &uids[i])) {
            b->failed = true;
            return false;
        }
        if (!cedar_name_is_action(uids[i].type))
            return wrong_as(b, CEDAR_FINDING_ACTION_TYPE, &j->items[i], "this is no action",
                            "a type that ends with `Action`") != NULL;
    }
    out->kind = CEDAR_SCOPE_IN_SET;
    out->uids = uids;
    out->n_uids = j->n;
    return true;
}

static bool read_scope_is(struct builder *b, const struct cedar_json *j, enum cedar_var var, struct cedar_scope *out)
{
    const struct cedar_json *type = need(b, j, S("entity_type")), *in = cedar_json_get(j, S("in"));

    if (type == NULL || !ONLY(b, j, S("op"), S("entity_type"), S("in")))
        return false;
    if (type->kind != CEDAR_JSON_STRING || !cedar_is_path(type->text))
        return wrong(b, type, "this is no entity type", NULL) != NULL;
    out->kind = in != NULL ? CEDAR_SCOPE_IS_IN : CEDAR_SCOPE_IS;
    out->type = keep(b, type->text);
    return in == NULL || read_target(b, in, var, out);
}

static bool read_scope(struct builder *b, const struct cedar_json *policy, struct str name, enum cedar_var var,
                       struct cedar_scope *out)
{
    const struct cedar_json *j = need(b, policy, name), *entities;
    struct str op = cedar_json_text(j, S("op"));

    if (j == NULL)
        return false;
    if (str_eq(op, S("All")) || str_eq(op, S("all")))
        return ONLY(b, j, S("op"));
    if (str_eq(op, S("is")) && var != CEDAR_ACTION)
        return read_scope_is(b, j, var, out);
    if (!str_eq(op, S("==")) && !str_eq(op, S("in")))
        return wrong(b, j, "this is no part of a scope", "\"op\": \"All\", \"==\", \"in\" or \"is\"") != NULL;
    out->kind = str_eq(op, S("==")) ? CEDAR_SCOPE_EQ : CEDAR_SCOPE_IN;
    entities = cedar_json_get(j, S("entities"));
    if (entities != NULL && var == CEDAR_ACTION && out->kind == CEDAR_SCOPE_IN)
        return read_actions(b, entities, out);
    return read_target(b, j, var, out);
}

static bool read_conditions(struct builder *b, const struct cedar_json *policy, struct cedar_policy *p)
{
    const struct cedar_json *list = need(b, policy, S("conditions"));

    if (list == NULL)
        return false;
    if (list->kind != CEDAR_JSON_ARRAY)
        return wrong(b, list, "`conditions` is no list", "an array") != NULL;
    struct cedar_condition *out = arena_make_n(b->arena, list->n, struct cedar_condition);
    for (size_t i = 0; i < list->n; i++) {
        struct str kind = cedar_json_text(&list->items[i], S("kind"));
        out[i].unless = str_eq(kind, S("unless"));
        if (!out[i].unless && !str_eq(kind, S("when")))
            return wrong(b, &list->items[i], "this is no condition", "\"kind\": \"when\" or \"unless\"") != NULL;
        if (!ONLY(b, &list->items[i], S("kind"), S("body")) ||
            (out[i].body = member_expr(b, &list->items[i], S("body"))) == NULL)
            return false;
    }
    p->conditions = out;
    p->n_conditions = list->n;
    return true;
}

static bool read_annotations(struct builder *b, const struct cedar_json *policy, struct cedar_policy *p)
{
    const struct cedar_json *j = cedar_json_get(policy, S("annotations"));

    if (j == NULL)
        return true;
    if (j->kind != CEDAR_JSON_OBJECT)
        return wrong(b, j, "`annotations` is no object", NULL) != NULL;
    struct cedar_annotation *out = arena_make_n(b->arena, j->n, struct cedar_annotation);
    for (size_t i = 0; i < j->n; i++) {
        const struct cedar_json *value = &j->items[i];
        if (!cedar_is_ident(j->names[i]))
            return cedar_fault(b->d, CEDAR_FINDING_NAME, j->name_spans[i], "`%.*s` is no name", STR_ARG(j->names[i]));
        if (value->kind != CEDAR_JSON_STRING && value->kind != CEDAR_JSON_NULL)
            return wrong(b, value, "an annotation is text", "a string or null") != NULL;
        out[i] = (struct cedar_annotation){ .name = keep(b, j->names[i]), .bare = value->kind == CEDAR_JSON_NULL };
        out[i].value = out[i].bare ? S("") : keep(b, value->text);
    }
    p->annotations = out;
    p->n_annotations = j->n;
    return true;
}

static struct cedar_policy *read_policy(struct builder *b, const struct cedar_json *j, struct str id)
{
    struct cedar_policy *p = arena_make(b->arena, struct cedar_policy);
    struct str effect = cedar_json_text(j, S("effect"));

    p->id = keep(b, id);
    p->effect = str_eq(effect, S("permit")) ? CEDAR_PERMIT : CEDAR_FORBID;
    if (p->effect == CEDAR_FORBID && !str_eq(effect, S("forbid")))
        return (void)wrong(b, j, "this is no policy", "\"effect\": \"permit\" or \"forbid\""), NULL;
    if (!ONLY(b, j, S("effect"), S("principal"), S("action"), S("resource"), S("conditions"), S("annotations")) ||
        !read_scope(b, j, S("principal"), CEDAR_PRINCIPAL, &p->principal) ||
        !read_scope(b, j, S("action"), CEDAR_ACTION, &p->action) ||
        !read_scope(b, j, S("resource"), CEDAR_RESOURCE, &p->resource) || !read_conditions(b, j, p) ||
        !read_annotations(b, j, p))
        return NULL;
    p->is_template = p->principal.slot || p->resource.slot;
    return p;
}

/* What a set is made of: policies by id, in two objects. */
static const struct str members[] = { S("staticPolicies"), S("templates") };
enum { STATIC = 0, TEMPLATES, MEMBERS };

/* Adds one; false after reporting. */
static bool read_named(struct builder *b, size_t of, struct str id, const struct cedar_json *j,
                       struct policy_list *list)
{
    struct cedar_policy *p = read_policy(b, j, id);

    if (p == NULL)
        return false;
    if (p->is_template && of == STATIC)
        return wrong(b, j, "this is a template, not a static policy", NULL) != NULL;
    policy_list_add(b->arena, list, p);
    return true;
}

static void read_members(struct builder *b, size_t of, const struct cedar_json *set, bool taken,
                         struct policy_list *list)
{
    const struct cedar_json *j = cedar_json_get(set, members[of]);

    if (j != NULL && j->kind != CEDAR_JSON_OBJECT)
        (void)wrong(b, j, "this is no object of policies by id", NULL);
    for (size_t i = 0; j != NULL && j->kind == CEDAR_JSON_OBJECT && !taken && i < j->n; i++)
        (void)read_named(b, of, j->names[i], &j->items[i], list);
}

static bool read_link(struct builder *b, const struct cedar_json *j, struct cedar_link *out)
{
    const struct cedar_json *values = need(b, j, S("values")), *principal, *resource;

    *out =
        (struct cedar_link){ .id = cedar_json_text(j, S("newId")), .template_id = cedar_json_text(j, S("templateId")) };
    if (values == NULL || out->id.p == NULL || out->template_id.p == NULL)
        return wrong(b, j, "this is no link of a template", "`templateId`, `newId` and `values`") != NULL;
    if (values->kind != CEDAR_JSON_OBJECT || !ONLY(b, values, S("?principal"), S("?resource")))
        return wrong(b, values, "these are no values of slots", NULL) != NULL;
    principal = cedar_json_get(values, S("?principal"));
    resource = cedar_json_get(values, S("?resource"));
    if ((principal == NULL || cedar_uid_from_json(b->arena, b->d, principal, &out->principal)) &&
        (resource == NULL || cedar_uid_from_json(b->arena, b->d, resource, &out->resource)))
        return true;
    b->failed = true;
    return false;
}

static const struct cedar_policies *read_links(struct builder *b, const struct cedar_json *set,
                                               const struct cedar_policies *made)
{
    const struct cedar_json *j = cedar_json_get(set, S("templateLinks"));

    if (j == NULL || (j->kind == CEDAR_JSON_ARRAY && j->n == 0))
        return made;
    if (j->kind != CEDAR_JSON_ARRAY)
        return (void)wrong(b, j, "`templateLinks` is no list", "an array"), NULL;
    struct cedar_link *links = arena_make_n(b->arena, j->n, struct cedar_link);
    for (size_t i = 0; i < j->n; i++)
        if (!read_link(b, &j->items[i], &links[i]))
            return NULL;
    return cedar_policies_link(b->arena, made, links, j->n, b->d);
}

/* The whole: what `list` has already is not read again. */
static const struct cedar_policies *read_all(struct builder *b, const struct cedar_json *j, struct policy_list *list)
{
    size_t errors = b->d->errors;
    bool taken = list->n > 0;

    if (cedar_json_get(j, S("effect")) != NULL) {
        struct cedar_policy *p = read_policy(b, j, S("policy0"));
        if (p != NULL)
            policy_list_add(b->arena, list, p);
    } else if (j->kind != CEDAR_JSON_OBJECT) {
        (void)wrong(b, j, "this is no set of policies", "an object");
    } else if (ONLY(b, j, S("staticPolicies"), S("templates"), S("templateLinks"))) {
        for (size_t of = 0; of < MEMBERS; of++)
            read_members(b, of, j, taken, list);
    }
    if (b->failed || b->d->errors > errors)
        return NULL;
    const struct cedar_policies *made = policies_make(b->arena, list, b->d);
    return made != NULL ? read_links(b, j, made) : NULL;
}

/* Reads each policy as soon as its JSON is read, and stops at the first mistake without a word: what is told, and in
 * which order, is decided by who knows the whole. */
struct taking {
    struct cedar_json_taker taker;
    struct builder b;
    struct policy_list list;
    bool stopped;
};

static void take_policy(struct cedar_json_taker *taker, size_t of, struct str id, const struct cedar_json *j)
{
    struct taking *t = (struct taking *)taker;
    struct cedar_diags before = *t->b.d;

    if (!t->stopped && (!read_named(&t->b, of, id, j, &t->list) || t->b.d->errors > before.errors)) {
        *t->b.d = before;
        t->stopped = true;
    }
}

/* The JSON is many times as large as the policies and is not kept: what they need of it is copied. */
const struct cedar_policies *cedar_policies_from_json(struct arena *a, struct cedar_diags *d)
{
    struct taking t = { .taker = { members, MEMBERS, take_policy }, .b = { .arena = a, .d = d } };
    struct builder b = { .arena = a, .d = d };
    struct arena *tree = arena_scratch(a);
    const struct cedar_json *j = cedar_json_parse_taken(tree, d, &t.taker);

    if (j != NULL && (t.stopped || cedar_json_get(j, S("effect")) != NULL)) {
        t.list = (struct policy_list){ 0 };
        j = cedar_json_parse_in(tree, d);
    }
    const struct cedar_policies *made = j != NULL ? read_all(&b, j, &t.list) : NULL;
    arena_free(tree);
    return made;
}
