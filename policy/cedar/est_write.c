/* SPDX-License-Identifier: EUPL-1.2
 * Policies as JSON.  [Cedar: JSON policy format] */
#include "policy/cedar/est.h"

#include "policy/cedar/build.h"
#include "policy/cedar/engine.h"
#include "policy/cedar/json.h"
#include "policy/cedar/json_value.h"
#include "policy/cedar/policies.h"

/* A longer chain of && or || is written as a balanced tree, so that it can be
 * read again by a reader with bounded depth; both mean the same. */
enum { CHAIN_LEFT_MAX = 32 };

static const char *const vars[] = { "principal", "action", "resource", "context" };

const char *est_op_name(enum cedar_op op)
{
    switch (op) {
    case CEDAR_OP_NOT:
        return "!";
    case CEDAR_OP_NEG:
        return "neg";
    case CEDAR_OP_IS_EMPTY:
        return "isEmpty";
    case CEDAR_OP_EQ:
        return "==";
    case CEDAR_OP_NE:
        return "!=";
    case CEDAR_OP_LT:
        return "<";
    case CEDAR_OP_LE:
        return "<=";
    case CEDAR_OP_GT:
        return ">";
    case CEDAR_OP_GE:
        return ">=";
    case CEDAR_OP_AND:
        return "&&";
    case CEDAR_OP_OR:
        return "||";
    case CEDAR_OP_ADD:
        return "+";
    case CEDAR_OP_SUB:
        return "-";
    case CEDAR_OP_MUL:
        return "*";
    case CEDAR_OP_IN:
        return "in";
    case CEDAR_OP_CONTAINS:
        return "contains";
    case CEDAR_OP_CONTAINS_ALL:
        return "containsAll";
    case CEDAR_OP_CONTAINS_ANY:
        return "containsAny";
    case CEDAR_OP_GET_TAG:
        return "getTag";
    case CEDAR_OP_HAS_TAG:
        return "hasTag";
    default:
        return NULL;
    }
}

static void write_expr(struct buf *b, const struct cedar_expr *e);

static void write_uid(struct buf *b, const struct cedar_uid *uid)
{
    buf_add(b, S("\"entity\":"));
    cedar_uid_to_json(b, uid);
}

static void write_chain(struct buf *b, const struct cedar_expr *e, uint32_t from, uint32_t n)
{
    if (n == 1) {
        write_expr(b, e->kids[from]);
        return;
    }
    uint32_t left = n > CHAIN_LEFT_MAX ? n / 2 : n - 1;
    buf_printf(b, "{\"%s\":{\"left\":", est_op_name(e->op));
    write_chain(b, e, from, left);
    buf_add(b, S(",\"right\":"));
    write_chain(b, e, from + left, n - left);
    buf_add(b, S("}}"));
}

/* `e has a.b.c`: the first of its parts holds e and "a", each further one a name more. */
static void write_has(struct buf *b, const struct cedar_expr *e)
{
    const struct cedar_expr *first = e->sugar ? e->kids[0] : e;

    buf_add(b, S("{\"has\":{\"left\":"));
    write_expr(b, first->kids[0]);
    buf_add(b, e->sugar ? S(",\"attr\":[") : S(",\"attr\":"));
    cedar_json_quote(b, first->name);
    for (uint32_t i = 1; e->sugar && i < e->n; i++) {
        buf_byte(b, ',');
        cedar_json_quote(b, e->kids[i]->name);
    }
    buf_add(b, e->sugar ? S("]}}") : S("}}"));
}

static void write_pattern(struct buf *b, const struct cedar_expr *e)
{
    const char *between = "";

    buf_add(b, S("{\"like\":{\"left\":"));
    write_expr(b, e->kids[0]);
    buf_add(b, S(",\"pattern\":["));
    for (size_t i = 0; i < e->pattern->n; i++) {
        if (i > 0) {
            buf_printf(b, "%s\"Wildcard\"", between);
            between = ",";
        }
        if (e->pattern->pieces[i].n > 0) {
            buf_printf(b, "%s{\"Literal\":", between);
            cedar_json_quote(b, e->pattern->pieces[i]);
            buf_byte(b, '}');
            between = ",";
        }
    }
    buf_add(b, S("]}}"));
}

static void write_list(struct buf *b, const struct cedar_expr *e)
{
    buf_byte(b, '[');
    for (uint32_t i = 0; i < e->n; i++) {
        if (i > 0)
            buf_byte(b, ',');
        write_expr(b, e->kids[i]);
    }
    buf_byte(b, ']');
}

static void write_record(struct buf *b, const struct cedar_expr *e)
{
    buf_add(b, S("{\"Record\":{"));
    for (uint32_t i = 0; i < e->n; i++) {
        if (i > 0)
            buf_byte(b, ',');
        cedar_json_quote(b, e->names[i]);
        buf_byte(b, ':');
        write_expr(b, e->kids[i]);
    }
    buf_add(b, S("}}"));
}

static void write_named(struct buf *b, const struct cedar_expr *e)
{
    bool is = e->op == CEDAR_OP_IS;

    buf_add(b, is ? S("{\"is\":{\"left\":") : S("{\".\":{\"left\":"));
    write_expr(b, e->kids[0]);
    buf_add(b, is ? S(",\"entity_type\":") : S(",\"attr\":"));
    cedar_json_quote(b, e->name);
    if (e->n == 2) {
        buf_add(b, S(",\"in\":"));
        write_expr(b, e->kids[1]);
    }
    buf_add(b, S("}}"));
}

static void write_if(struct buf *b, const struct cedar_expr *e)
{
    buf_add(b, S("{\"if-then-else\":{\"if\":"));
    write_expr(b, e->kids[0]);
    buf_add(b, S(",\"then\":"));
    write_expr(b, e->kids[1]);
    buf_add(b, S(",\"else\":"));
    write_expr(b, e->kids[2]);
    buf_add(b, S("}}"));
}

static void write_operator(struct buf *b, const struct cedar_expr *e)
{
    buf_printf(b, "{\"%s\":{\"%s\":", est_op_name(e->op), e->n == 1 ? "arg" : "left");
    write_expr(b, e->kids[0]);
    if (e->n == 2) {
        buf_add(b, S(",\"right\":"));
        write_expr(b, e->kids[1]);
    }
    buf_add(b, S("}}"));
}

static void write_expr(struct buf *b, const struct cedar_expr *e)
{
    switch (e->op) {
    case CEDAR_OP_LIT:
        buf_add(b, S("{\"Value\":"));
        cedar_value_to_json(b, &e->value);
        buf_byte(b, '}');
        return;
    case CEDAR_OP_VAR:
        buf_printf(b, "{\"Var\":\"%s\"}", vars[e->var]);
        return;
    case CEDAR_OP_SLOT:
        buf_printf(b, "{\"Slot\":\"?%s\"}", vars[e->var]);
        return;
    case CEDAR_OP_AND:
    case CEDAR_OP_OR:
        if (e->sugar)
            write_has(b, e);
        else
            write_chain(b, e, 0, e->n);
        return;
    case CEDAR_OP_HAS:
        write_has(b, e);
        return;
    case CEDAR_OP_IF:
        write_if(b, e);
        return;
    case CEDAR_OP_LIKE:
        write_pattern(b, e);
        return;
    case CEDAR_OP_IS:
    case CEDAR_OP_ATTR:
        write_named(b, e);
        return;
    case CEDAR_OP_SET:
        buf_add(b, S("{\"Set\":"));
        write_list(b, e);
        buf_byte(b, '}');
        return;
    case CEDAR_OP_RECORD:
        write_record(b, e);
        return;
    case CEDAR_OP_CALL:
        buf_printf(b, "{\"%.*s\":", STR_ARG(cedar_functions[e->ext].name));
        write_list(b, e);
        buf_byte(b, '}');
        return;
    default:
        write_operator(b, e);
    }
}

static void write_entity_or_slot(struct buf *b, const struct cedar_scope *scope, enum cedar_var var)
{
    if (scope->slot)
        buf_printf(b, "\"slot\":\"?%s\"", vars[var]);
    else
        write_uid(b, &scope->uid);
}

static void write_scope(struct buf *b, const struct cedar_scope *scope, enum cedar_var var)
{
    buf_printf(b, "\"%s\":{\"op\":", vars[var]);
    switch (scope->kind) {
    case CEDAR_SCOPE_ANY:
        buf_add(b, S("\"All\""));
        break;
    case CEDAR_SCOPE_EQ:
    case CEDAR_SCOPE_IN:
        buf_add(b, scope->kind == CEDAR_SCOPE_EQ ? S("\"==\",") : S("\"in\","));
        write_entity_or_slot(b, scope, var);
        break;
    case CEDAR_SCOPE_IN_SET:
        buf_add(b, S("\"in\",\"entities\":["));
        for (size_t i = 0; i < scope->n_uids; i++) {
            if (i > 0)
                buf_byte(b, ',');
            cedar_uid_to_json(b, &scope->uids[i]);
        }
        buf_byte(b, ']');
        break;
    case CEDAR_SCOPE_IS:
    case CEDAR_SCOPE_IS_IN:
        buf_add(b, S("\"is\",\"entity_type\":"));
        cedar_json_quote(b, scope->type);
        if (scope->kind == CEDAR_SCOPE_IS)
            break;
        buf_add(b, S(",\"in\":{"));
        write_entity_or_slot(b, scope, var);
        buf_byte(b, '}');
    }
    buf_byte(b, '}');
}

void cedar_policy_to_json(struct buf *b, const struct cedar_policy *p)
{
    buf_printf(b, "{\"effect\":\"%s\",", p->effect == CEDAR_PERMIT ? "permit" : "forbid");
    write_scope(b, &p->principal, CEDAR_PRINCIPAL);
    buf_byte(b, ',');
    write_scope(b, &p->action, CEDAR_ACTION);
    buf_byte(b, ',');
    write_scope(b, &p->resource, CEDAR_RESOURCE);
    buf_add(b, S(",\"conditions\":["));
    for (size_t i = 0; i < p->n_conditions; i++) {
        buf_printf(b, "%s{\"kind\":\"%s\",\"body\":", i > 0 ? "," : "", p->conditions[i].unless ? "unless" : "when");
        write_expr(b, p->conditions[i].body);
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
    for (size_t i = 0; i < p->n_annotations; i++) {
        buf_add(b, i == 0 ? S(",\"annotations\":{") : S(","));
        cedar_json_quote(b, p->annotations[i].name);
        buf_byte(b, ':');
        if (p->annotations[i].bare)
            buf_add(b, S("null"));
        else
            cedar_json_quote(b, p->annotations[i].value);
    }
    buf_add(b, p->n_annotations > 0 ? S("}}") : S("}"));
}

static void write_link(struct buf *b, const struct cedar_policies *set, const struct cedar_policy *p)
{
    const struct cedar_policy *template = cedar_policy_named(set, p->template_id);
    const char *between = "";

    buf_add(b, S("{\"templateId\":"));
    cedar_json_quote(b, p->template_id);
    buf_add(b, S(",\"newId\":"));
    cedar_json_quote(b, p->id);
    buf_add(b, S(",\"values\":{"));
    if (template != NULL && template->principal.slot) {
        buf_add(b, S("\"?principal\":"));
        cedar_uid_to_json(b, &p->principal.uid);
        between = ",";
    }
    if (template != NULL && template->resource.slot) {
        buf_printf(b, "%s\"?resource\":", between);
        cedar_uid_to_json(b, &p->resource.uid);
    }
    buf_add(b, S("}}"));
}

static void write_policies(struct buf *b, const struct cedar_policy *const *items, size_t n)
{
    const char *between = "";

    for (size_t i = 0; i < n; i++) {
        if (items[i]->template_id.p != NULL)
            continue;
        buf_printf(b, "%s\n", between);
        cedar_json_quote(b, items[i]->id);
        buf_byte(b, ':');
        cedar_policy_to_json(b, items[i]);
        between = ",";
    }
}

void cedar_policies_to_json(struct buf *b, const struct cedar_policies *p)
{
    const char *between = "";

    buf_add(b, S("{\"staticPolicies\":{"));
    write_policies(b, p->items, p->n);
    buf_add(b, S("},\"templates\":{"));
    write_policies(b, p->templates, p->n_templates);
    buf_add(b, S("},\"templateLinks\":["));
    for (size_t i = 0; i < p->n; i++)
        if (p->items[i]->template_id.p != NULL) {
            buf_printf(b, "%s\n", between);
            write_link(b, p, p->items[i]);
            between = ",";
        }
    buf_add(b, S("]}\n"));
}
