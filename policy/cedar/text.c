/* SPDX-License-Identifier: EUPL-1.2
 * Trees as policy text, for policies that came from JSON or from a link; one
 * line for each part.  cedar_format() lays texts out. */
#include "policy/cedar/build.h"
#include "policy/cedar/engine.h"
#include "policy/cedar/escape.h"
#include "policy/cedar/lexer.h"

/* How tightly an operator binds; an operand that binds less is put in parentheses. */
enum { BINDS_IF = 0, BINDS_OR, BINDS_AND, BINDS_RELATION, BINDS_SUM, BINDS_PRODUCT, BINDS_SIGN, BINDS_MEMBER };

static const char *const vars[] = { "principal", "action", "resource", "context" };

static void write_expr(struct buf *b, const struct cedar_expr *e, int at_least);

static int binding(const struct cedar_expr *e)
{
    switch (e->op) {
    case CEDAR_OP_IF:
        return BINDS_IF;
    case CEDAR_OP_OR:
        return BINDS_OR;
    case CEDAR_OP_AND:
        return e->sugar ? BINDS_RELATION : BINDS_AND;
    case CEDAR_OP_EQ:
    case CEDAR_OP_NE:
    case CEDAR_OP_LT:
    case CEDAR_OP_LE:
    case CEDAR_OP_GT:
    case CEDAR_OP_GE:
    case CEDAR_OP_IN:
    case CEDAR_OP_IS:
    case CEDAR_OP_HAS:
    case CEDAR_OP_LIKE:
        return BINDS_RELATION;
    case CEDAR_OP_ADD:
    case CEDAR_OP_SUB:
        return BINDS_SUM;
    case CEDAR_OP_MUL:
        return BINDS_PRODUCT;
    case CEDAR_OP_NOT:
    case CEDAR_OP_NEG:
        return BINDS_SIGN;
    case CEDAR_OP_LIT: /* -5 carries a sign */
        return e->value.kind == CEDAR_LONG && e->value.number < 0 ? BINDS_SIGN : BINDS_MEMBER;
    default:
        return BINDS_MEMBER;
    }
}

static const char *infix(enum cedar_op op)
{
    switch (op) {
    case CEDAR_OP_OR:
        return "||";
    case CEDAR_OP_AND:
        return "&&";
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
    case CEDAR_OP_IN:
        return "in";
    case CEDAR_OP_ADD:
        return "+";
    case CEDAR_OP_SUB:
        return "-";
    default:
        return "*";
    }
}

static bool plain_name(struct str name)
{
    return cedar_is_ident(name) && !cedar_reserved(name);
}

static void write_name(struct buf *b, struct str name)
{
    if (plain_name(name))
        buf_add(b, name);
    else
        cedar_quote(b, name);
}

/* Sums and products group to the left; two comparisons never stand side by side. */
static void write_infix(struct buf *b, const struct cedar_expr *e)
{
    int own = binding(e);
    bool chain = own == BINDS_OR || own == BINDS_AND;

    for (uint32_t i = 0; i < e->n; i++) {
        if (i > 0)
            buf_printf(b, " %s ", infix(e->op));
        write_expr(b, e->kids[i], chain || i > 0 || own == BINDS_RELATION ? own + 1 : own);
    }
}

static void write_has(struct buf *b, const struct cedar_expr *e)
{
    const struct cedar_expr *first = e->sugar ? e->kids[0] : e;

    write_expr(b, first->kids[0], BINDS_SUM);
    buf_add(b, S(" has "));
    write_name(b, first->name);
    for (uint32_t i = 1; e->sugar && i < e->n; i++) {
        buf_byte(b, '.');
        buf_add(b, e->kids[i]->name);
    }
}

static void write_list(struct buf *b, const struct cedar_expr *e, uint32_t from)
{
    for (uint32_t i = from; i < e->n; i++) {
        if (i > from)
            buf_add(b, S(", "));
        write_expr(b, e->kids[i], BINDS_IF);
    }
}

static void write_record(struct buf *b, const struct cedar_expr *e)
{
    buf_byte(b, '{');
    for (uint32_t i = 0; i < e->n; i++) {
        if (i > 0)
            buf_add(b, S(", "));
        write_name(b, e->names[i]);
        buf_add(b, S(": "));
        write_expr(b, e->kids[i], BINDS_IF);
    }
    buf_byte(b, '}');
}

static void write_method(struct buf *b, const struct cedar_expr *e, struct str name)
{
    write_expr(b, e->kids[0], BINDS_MEMBER);
    buf_printf(b, ".%.*s(", STR_ARG(name));
    write_list(b, e, 1);
    buf_byte(b, ')');
}

static void write_call(struct buf *b, const struct cedar_expr *e)
{
    const struct cedar_function *f = &cedar_functions[e->ext];

    if (f->method) {
        write_method(b, e, f->name);
        return;
    }
    buf_printf(b, "%.*s(", STR_ARG(f->name));
    write_list(b, e, 0);
    buf_byte(b, ')');
}

static void write_attr(struct buf *b, const struct cedar_expr *e)
{
    write_expr(b, e->kids[0], BINDS_MEMBER);
    if (plain_name(e->name)) {
        buf_printf(b, ".%.*s", STR_ARG(e->name));
        return;
    }
    buf_byte(b, '[');
    cedar_quote(b, e->name);
    buf_byte(b, ']');
}

static void write_like(struct buf *b, const struct cedar_expr *e)
{
    write_expr(b, e->kids[0], BINDS_SUM);
    buf_add(b, S(" like \""));
    for (size_t i = 0; i < e->pattern->n; i++) {
        if (i > 0)
            buf_byte(b, '*');
        cedar_quote_part(b, e->pattern->pieces[i], true);
    }
    buf_byte(b, '"');
}

static void write_is(struct buf *b, const struct cedar_expr *e)
{
    write_expr(b, e->kids[0], BINDS_SUM);
    buf_printf(b, " is %.*s", STR_ARG(e->name));
    if (e->n == 2) {
        buf_add(b, S(" in "));
        write_expr(b, e->kids[1], BINDS_SUM);
    }
}

/* At most four signs of one kind stand in a row, and a minus before a number
 * would become part of it: parentheses keep both apart. */
static void write_sign(struct buf *b, const struct cedar_expr *e)
{
    buf_byte(b, e->op == CEDAR_OP_NOT ? '!' : '-');
    const struct cedar_expr *kid = e->kids[0];
    bool number = e->op == CEDAR_OP_NEG && kid->op == CEDAR_OP_LIT;
    if (number)
        buf_byte(b, '(');
    write_expr(b, kid, number ? BINDS_IF : BINDS_MEMBER);
    if (number)
        buf_byte(b, ')');
}

static void write_if(struct buf *b, const struct cedar_expr *e)
{
    buf_add(b, S("if "));
    write_expr(b, e->kids[0], BINDS_IF);
    buf_add(b, S(" then "));
    write_expr(b, e->kids[1], BINDS_IF);
    buf_add(b, S(" else "));
    write_expr(b, e->kids[2], BINDS_IF);
}

static void write_bare(struct buf *b, const struct cedar_expr *e)
{
    switch (e->op) {
    case CEDAR_OP_LIT:
        cedar_value_text(b, &e->value);
        return;
    case CEDAR_OP_VAR:
        buf_printf(b, "%s", vars[e->var]);
        return;
    case CEDAR_OP_SLOT:
        buf_printf(b, "?%s", vars[e->var]);
        return;
    case CEDAR_OP_IF:
        write_if(b, e);
        return;
    case CEDAR_OP_NOT:
    case CEDAR_OP_NEG:
        write_sign(b, e);
        return;
    case CEDAR_OP_HAS:
        write_has(b, e);
        return;
    case CEDAR_OP_LIKE:
        write_like(b, e);
        return;
    case CEDAR_OP_IS:
        write_is(b, e);
        return;
    case CEDAR_OP_ATTR:
        write_attr(b, e);
        return;
    case CEDAR_OP_SET:
        buf_byte(b, '[');
        write_list(b, e, 0);
        buf_byte(b, ']');
        return;
    case CEDAR_OP_RECORD:
        write_record(b, e);
        return;
    case CEDAR_OP_CALL:
        write_call(b, e);
        return;
    default:
        if (e->sugar)
            write_has(b, e);
        else if (method_name(e->op).p != NULL)
            write_method(b, e, method_name(e->op));
        else
            write_infix(b, e);
    }
}

static void write_expr(struct buf *b, const struct cedar_expr *e, int at_least)
{
    bool parentheses = binding(e) < at_least;

    if (parentheses)
        buf_byte(b, '(');
    write_bare(b, e);
    if (parentheses)
        buf_byte(b, ')');
}

static void write_target(struct buf *b, const struct cedar_scope *scope, enum cedar_var var)
{
    if (scope->slot)
        buf_printf(b, "?%s", vars[var]);
    else
        cedar_uid_text(b, &scope->uid);
}

void cedar_expr_text(struct buf *b, const struct cedar_expr *e)
{
    write_expr(b, e, BINDS_IF);
}

void cedar_scope_text(struct buf *b, const struct cedar_scope *scope, enum cedar_var var)
{
    buf_printf(b, "%s", vars[var]);
    switch (scope->kind) {
    case CEDAR_SCOPE_ANY:
        return;
    case CEDAR_SCOPE_EQ:
    case CEDAR_SCOPE_IN:
        buf_add(b, scope->kind == CEDAR_SCOPE_EQ ? S(" == ") : S(" in "));
        write_target(b, scope, var);
        return;
    case CEDAR_SCOPE_IS:
    case CEDAR_SCOPE_IS_IN:
        buf_printf(b, " is %.*s", STR_ARG(scope->type));
        if (scope->kind == CEDAR_SCOPE_IS)
            return;
        buf_add(b, S(" in "));
        write_target(b, scope, var);
        return;
    case CEDAR_SCOPE_IN_SET:
        buf_add(b, S(" in ["));
        for (size_t i = 0; i < scope->n_uids; i++) {
            if (i > 0)
                buf_add(b, S(", "));
            cedar_uid_text(b, &scope->uids[i]);
        }
        buf_byte(b, ']');
    }
}

void cedar_policy_text(struct buf *b, const struct cedar_policy *p)
{
    for (size_t i = 0; i < p->n_annotations; i++) {
        buf_printf(b, "@%.*s", STR_ARG(p->annotations[i].name));
        if (!p->annotations[i].bare) {
            buf_byte(b, '(');
            cedar_quote(b, p->annotations[i].value);
            buf_byte(b, ')');
        }
        buf_byte(b, '\n');
    }
    buf_add(b, p->effect == CEDAR_PERMIT ? S("permit (") : S("forbid ("));
    cedar_scope_text(b, &p->principal, CEDAR_PRINCIPAL);
    buf_add(b, S(", "));
    cedar_scope_text(b, &p->action, CEDAR_ACTION);
    buf_add(b, S(", "));
    cedar_scope_text(b, &p->resource, CEDAR_RESOURCE);
    buf_byte(b, ')');
    for (size_t i = 0; i < p->n_conditions; i++) {
        buf_add(b, p->conditions[i].unless ? S("\nunless { ") : S("\nwhen { "));
        write_expr(b, p->conditions[i].body, BINDS_IF);
        buf_add(b, S(" }"));
    }
    buf_add(b, S(";\n"));
}
