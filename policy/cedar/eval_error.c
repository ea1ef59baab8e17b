/* SPDX-License-Identifier: EUPL-1.2
 * What went wrong in an evaluation, as a sentence; apart from eval.c because it
 * runs only when somebody asks. */
#include "policy/cedar/eval.h"
#include "policy/cedar/lexer.h"

enum { NAME_SHOWN_B = 200 };

static void add_kinds(struct buf *b, uint32_t kinds)
{
    const char *between = "";

    for (enum cedar_kind kind = CEDAR_BOOL; kind < CEDAR_KIND_COUNT; kind++)
        if ((kinds >> kind & 1) != 0) {
            buf_printf(b, "%s%s", between, cedar_kind_name(kind));
            between = " or ";
        }
}

static void add_member(struct buf *b, const struct cedar_eval_error *e, const char *what)
{
    if (e->uid != NULL)
        cedar_uid_text(b, e->uid);
    else
        buf_add(b, S("the record"));
    buf_printf(b, " has no %s ", what);
    cedar_quote(b, str_sub(e->name, 0, NAME_SHOWN_B));
}

static const char *arithmetic(const struct cedar_expr *at)
{
    switch (at->op) {
    case CEDAR_OP_ADD:
        return "the sum";
    case CEDAR_OP_SUB:
        return "the difference";
    case CEDAR_OP_MUL:
        return "the product";
    case CEDAR_OP_NEG:
        return "the negated number";
    default:
        return "the result";
    }
}

const char *cedar_eval_code_name(enum cedar_eval_code code)
{
    static const char *const names[] = {
        [CEDAR_EVAL_OK] = "ok",         [CEDAR_EVAL_TYPE] = "type",       [CEDAR_EVAL_ATTR] = "attribute",
        [CEDAR_EVAL_TAG] = "tag",       [CEDAR_EVAL_ENTITY] = "entity",   [CEDAR_EVAL_OVERFLOW] = "overflow",
        [CEDAR_EVAL_EXT] = "extension", [CEDAR_EVAL_ARITY] = "arguments", [CEDAR_EVAL_WORK] = "work",
    };

    return names[code];
}

struct str cedar_eval_error_text(struct arena *a, const struct cedar_eval_error *e)
{
    struct buf b = buf_new(a, 64 * 1024);

    switch (e->code) {
    case CEDAR_EVAL_OK:
        buf_add(&b, S("no error"));
        break;
    case CEDAR_EVAL_TYPE:
        buf_add(&b, S("expected "));
        add_kinds(&b, e->wanted);
        buf_printf(&b, ", got %s", cedar_kind_name(e->got));
        break;
    case CEDAR_EVAL_ATTR:
        add_member(&b, e, "attribute");
        break;
    case CEDAR_EVAL_TAG:
        add_member(&b, e, "tag");
        break;
    case CEDAR_EVAL_ENTITY:
        cedar_uid_text(&b, e->uid);
        buf_add(&b, S(" is no known entity"));
        break;
    case CEDAR_EVAL_OVERFLOW:
        buf_printf(&b, "%s does not fit into 64 bits", arithmetic(e->at));
        break;
    case CEDAR_EVAL_EXT:
        buf_printf(&b, "the text is no %.*s", STR_ARG(cedar_functions[e->at->ext].name));
        break;
    case CEDAR_EVAL_ARITY:
        buf_printf(&b, "`%.*s` takes %zu argument%s", STR_ARG(cedar_functions[e->at->ext].name),
                   cedar_functions[e->at->ext].n_args - cedar_functions[e->at->ext].method,
                   cedar_functions[e->at->ext].n_args - cedar_functions[e->at->ext].method == 1 ? "" : "s");
        break;
    case CEDAR_EVAL_WORK:
        buf_add(&b, S("the policy takes too much work"));
        break;
    }
    return buf_str(&b);
}
