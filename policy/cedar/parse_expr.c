/* SPDX-License-Identifier: EUPL-1.2
 * Expressions.  A syntax error ends the policy (NULL travels up); what is
 * well-formed but wrong (an unknown method, a number out of range) is reported
 * and parsing goes on behind it, so that one run finds several. */
#include "policy/cedar/build.h"
#include "policy/cedar/escape.h"
#include "policy/cedar/lexer.h"
#include "policy/cedar/parse.h"
#include "policy/cedar/utf8.h"

/* How deep parentheses and the like may stand in one another; one level costs
 * a handful of stack frames. */
enum { NESTING_MAX = 200, SIGNS_MAX = 4 };

static const struct cedar_expr *parse_member(struct parser *p);

static bool next_is(const struct parser *p, int token_kind)
{
    return !at(p, CEDAR_T_END) && (int)p->t[1].kind == token_kind;
}

struct cedar_span span_from(const struct parser *p, uint32_t from)
{
    return (struct cedar_span){ from, p->t[-1].span.end > from ? p->t[-1].span.end : from };
}

/* Words that people bring along from other languages; absent: none of them. */
static struct str meant_by(const struct cedar_token *t)
{
    static const struct {
        struct str word, meant;
    } words[] = { { S("and"), S("&&") },        { S("or"), S("||") },         { S("not"), S("!") },
                  { S("allow"), S("permit") },  { S("deny"), S("forbid") },   { S("matches"), S("like") },
                  { S("regex"), S("like") },    { S("where"), S("when") },    { S("if"), S("when") },
                  { S("provided"), S("when") }, { S("except"), S("unless") }, { S("contains"), S(".contains(…)") } };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (t->kind == CEDAR_T_NAME && str_eq_case(t->text, words[i].word))
            return words[i].meant;
    return (struct str){ NULL, 0 };
}

bool unexpected(struct parser *p, const char *expected)
{
    struct builder *b = p->b;
    struct str meant = meant_by(p->t);

    b->failed = true;
    if (at(p, CEDAR_T_END))
        (void)cedar_fault(b->d, CEDAR_FINDING_SYNTAX, p->t->span, "the text ends too early");
    else if (at(p, CEDAR_T_ASSIGN))
        (void)cedar_fault(b->d, CEDAR_FINDING_OPERATOR, p->t->span, "`=` is no operator; equality is `==`");
    else
        (void)cedar_fault(b->d, meant.p != NULL ? CEDAR_FINDING_OPERATOR : CEDAR_FINDING_SYNTAX, p->t->span,
                          "`%.*s` cannot stand here", (int)(p->t->text.n < 60 ? p->t->text.n : 60), p->t->text.p);
    (void)cedar_expected(b->d, "%s", expected);
    return cedar_near(b->d, meant);
}

bool take(struct parser *p, int token_kind, const char *where)
{
    if (at(p, token_kind)) {
        p->t++;
        return true;
    }
    if (where == NULL)
        return unexpected(p, cedar_token_words((enum cedar_token_kind)token_kind));
    struct str expected =
        arena_printf(p->b->d->arena, "%s %s", cedar_token_words((enum cedar_token_kind)token_kind), where);
    return unexpected(p, expected.p);
}

static const struct cedar_expr *wrong(struct parser *p, struct cedar_span span)
{
    return build_nothing(p->b, span);
}

static struct str text_of(struct parser *p, const struct cedar_token *t)
{
    struct str s;

    if (!cedar_unescape(p->b->d, t, &s)) {
        p->b->failed = true;
        return S("");
    }
    return keep_text(p->b, s);
}

/* A name that can be an attribute or a part of a path. */
static bool check_name(struct parser *p, const struct cedar_token *t)
{
    if (!cedar_reserved(t->text))
        return true;
    p->b->failed = true;
    (void)cedar_fault(p->b->d, CEDAR_FINDING_NAME, t->span, "`%.*s` is a reserved word and no name", STR_ARG(t->text));
    return cedar_expected(p->b->d, "another name, or the name in quotes: `[\"%.*s\"]`", STR_ARG(t->text));
}

/* The parts without the white space that may stand between them. */
static struct str join_path(struct parser *p, const struct cedar_token *first)
{
    struct cedar_span span = span_from(p, first->span.at);
    struct buf joined = buf_new(p->b->arena, span.end - span.at);

    for (const struct cedar_token *t = first; t < p->t; t++)
        buf_add(&joined, t->text);
    if (joined.n == span.end - span.at)
        return (struct str){ first->text.p, joined.n };
    return buf_str(&joined);
}

struct str parse_path(struct parser *p, struct cedar_span *span)
{
    const struct cedar_token *first = p->t;

    while (true) {
        if (!at(p, CEDAR_T_NAME)) {
            (void)unexpected(p, "a name");
            return (struct str){ NULL, 0 };
        }
        (void)check_name(p, p->t);
        p->t++;
        if (!at(p, CEDAR_T_COLONS) || !next_is(p, CEDAR_T_NAME))
            break;
        p->t++;
    }
    *span = span_from(p, first->span.at);
    return p->t - first == 1 ? first->text : join_path(p, first);
}

/* Items of a list up to its closing token; a comma may stand behind the last. */
static bool parse_items(struct parser *p, int closing, struct kids *out)
{
    while (!at(p, closing)) {
        const struct cedar_expr *item = parse_expr(p);
        if (item == NULL)
            return false;
        kids_add(p->b, out, item);
        if (!at(p, CEDAR_T_COMMA))
            break;
        p->t++;
    }
    return take(p, closing, "or `,`");
}

static const struct cedar_expr *parse_number(struct parser *p)
{
    const struct cedar_token *t = p->t++;
    int64_t v;

    if (str_int(t->text, &v))
        return build_value(p->b, CEDAR_LONG_OF(v), t->span);
    (void)cedar_fault(p->b->d, CEDAR_FINDING_NUMBER, t->span, "the number does not fit into 64 bits");
    (void)cedar_expected(p->b->d, "at most 9223372036854775807");
    return wrong(p, t->span);
}

static const struct cedar_expr *parse_entity(struct parser *p, struct str type, uint32_t from)
{
    p->t++; /* :: */
    if (!at(p, CEDAR_T_STRING)) {
        (void)unexpected(p, "the id of an entity in quotes");
        return NULL;
    }
    struct str id = text_of(p, p->t++);
    return build_uid(p->b, type, id, span_from(p, from));
}

static const struct cedar_expr *unknown_function(struct parser *p, struct str name, struct cedar_span span)
{
    struct cedar_guess g = cedar_guess_for(name);
    size_t n;
    enum cedar_ext f = cedar_function_named(name);

    if (method_named(name, &n) != CEDAR_OP_NONE || (f < CEDAR_X_COUNT && cedar_functions[f].method)) {
        (void)cedar_fault(p->b->d, CEDAR_FINDING_UNKNOWN_FUNCTION, span,
                          "`%.*s` is a method: write it behind a value, `value.%.*s(…)`", STR_ARG(name), STR_ARG(name));
        return wrong(p, span);
    }
    guess_functions(&g, false);
    bool is_not = str_eq_case(name, S("not"));
    (void)cedar_fault(p->b->d, is_not ? CEDAR_FINDING_OPERATOR : CEDAR_FINDING_UNKNOWN_FUNCTION, span,
                      "there is no function `%.*s`", STR_ARG(name));
    (void)cedar_near(p->b->d, is_not ? S("!") : g.best);
    return wrong(p, span);
}

static const struct cedar_expr *parse_call(struct parser *p, struct str name, struct cedar_span name_span)
{
    enum cedar_ext f = cedar_function_named(name);
    struct kids args = { 0 };

    p->t++; /* ( */
    if (!parse_items(p, CEDAR_T_RPAREN, &args))
        return NULL;
    struct cedar_span span = span_from(p, name_span.at);
    if (f == CEDAR_X_COUNT || cedar_functions[f].method)
        return unknown_function(p, name, name_span);
    struct cedar_expr draft = { .op = CEDAR_OP_CALL, .ext = f, .span = span, .name_span = name_span };
    return build_node(p->b, &draft, args.items, args.n);
}

static const struct {
    struct str word;
    enum cedar_var var;
} vars[] = { { S("principal"), CEDAR_PRINCIPAL },
             { S("action"), CEDAR_ACTION },
             { S("resource"), CEDAR_RESOURCE },
             { S("context"), CEDAR_CONTEXT } };

/* `not x`: said, and read as `!x`. */
static const struct cedar_expr *parse_not(struct parser *p, struct str name, struct cedar_span span)
{
    const struct cedar_expr *e = NULL;

    (void)cedar_fault(p->b->d, CEDAR_FINDING_OPERATOR, span, "`%.*s` is no operator of Cedar", STR_ARG(name));
    (void)cedar_near(p->b->d, S("!"));
    p->b->failed = true;
    if (p->depth < NESTING_MAX) {
        p->depth++;
        e = parse_operand(p);
        p->depth--;
    }
    return e;
}

/* A name that is neither variable, function nor entity. */
static const struct cedar_expr *unknown_name(struct parser *p, struct str name, struct cedar_span span)
{
    struct cedar_guess g = cedar_guess_for(name);

    for (size_t i = 0; i < 4; i++)
        cedar_guess_try(&g, vars[i].word);
    cedar_guess_try(&g, S("true"));
    cedar_guess_try(&g, S("false"));
    if (str_eq_case(name, S("not")) && !at(p, CEDAR_T_RBRACE) && !at(p, CEDAR_T_END))
        return parse_not(p, name, span);
    for (size_t i = name.n; i > 2; i--)
        if (name.p[i - 1] == ':') {
            (void)cedar_fault(p->b->d, CEDAR_FINDING_ENTITY, span, "the id of an entity stands in quotes");
            (void)cedar_expected(p->b->d, "`%.*s\"%.*s\"`", (int)i, name.p, (int)(name.n - i), name.p + i);
            return wrong(p, span);
        }
    (void)cedar_fault(p->b->d, CEDAR_FINDING_UNKNOWN_VARIABLE, span, "`%.*s` is no variable", STR_ARG(name));
    if (p->in_scope)
        (void)cedar_expected(p->b->d, "an entity like `%s::\"%.*s\"`", p->of_action ? "Action" : "Type",
                             STR_ARG(str_sub(name, 0, 60)));
    else if (str_eq_case(name, S("null")) || str_eq_case(name, S("nil")) || str_eq_case(name, S("none")))
        (void)cedar_expected(p->b->d, "`has`, which asks whether an attribute is there; Cedar has no null");
    else
        (void)cedar_expected(p->b->d, "principal, action, resource, context, or `\"…\"` around text");
    (void)cedar_near(p->b->d, g.best);
    return wrong(p, span);
}

static const struct cedar_expr *parse_named(struct parser *p)
{
    const struct cedar_token *t = p->t;
    struct cedar_span span;

    if (at_word(p, S("true")) || at_word(p, S("false"))) {
        if (!next_is(p, CEDAR_T_COLONS)) {
            p->t++;
            return build_value(p->b, CEDAR_BOOL_OF(t->text.n == 4), t->span);
        }
    } else if (at_word(p, S("if"))) {
        (void)unexpected(p, "parentheses around an `if` that is part of something larger");
        return NULL;
    }
    for (size_t i = 0; i < 4; i++)
        if (at_word(p, vars[i].word) && !next_is(p, CEDAR_T_COLONS)) {
            p->t++;
            struct cedar_expr draft = { .op = CEDAR_OP_VAR, .var = vars[i].var, .span = t->span };
            return build_node(p->b, &draft, NULL, 0);
        }
    struct str name = parse_path(p, &span);
    if (name.p == NULL)
        return NULL;
    if (at(p, CEDAR_T_COLONS))
        return parse_entity(p, name, span.at);
    if (at(p, CEDAR_T_LPAREN))
        return parse_call(p, name, span);
    return unknown_name(p, name, span);
}

/* The key of a record: a name or a string. */
static bool parse_key(struct parser *p, struct str *name)
{
    if (at(p, CEDAR_T_STRING)) {
        *name = text_of(p, p->t++);
    } else if (at(p, CEDAR_T_NAME)) {
        (void)check_name(p, p->t);
        *name = (p->t++)->text;
    } else {
        return unexpected(p, "a name, a string or `}`");
    }
    return take(p, CEDAR_T_COLON, NULL);
}

static const struct cedar_expr *parse_record(struct parser *p)
{
    uint32_t from = (p->t++)->span.at;
    struct kids values = { 0 };
    struct str *names = NULL;
    size_t cap = 0;

    while (!at(p, CEDAR_T_RBRACE)) {
        if (values.n == cap) {
            struct str *more = arena_make_n(p->b->arena, cap = cap > 0 ? cap * 2 : 4, struct str);
            for (size_t i = 0; i < values.n; i++)
                more[i] = names[i];
            names = more;
        }
        if (!parse_key(p, &names[values.n]))
            return NULL;
        const struct cedar_expr *value = parse_expr(p);
        if (value == NULL)
            return NULL;
        kids_add(p->b, &values, value);
        if (!at(p, CEDAR_T_COMMA))
            break;
        p->t++;
    }
    if (!take(p, CEDAR_T_RBRACE, "or `,`"))
        return NULL;
    return build_record(p->b, &values, names, span_from(p, from));
}

static const struct cedar_expr *parse_set(struct parser *p)
{
    uint32_t from = (p->t++)->span.at;
    struct kids items = { 0 };

    if (!parse_items(p, CEDAR_T_RBRACKET, &items))
        return NULL;
    struct cedar_expr draft = { .op = CEDAR_OP_SET, .span = span_from(p, from) };
    return build_node(p->b, &draft, items.items, items.n);
}

static const struct cedar_expr *parse_slot(struct parser *p)
{
    const struct cedar_token *t = p->t++;
    bool principal = str_eq(t->text, S("?principal"));

    if (!principal && !str_eq(t->text, S("?resource"))) {
        (void)cedar_fault(p->b->d, CEDAR_FINDING_SLOT, t->span, "there is no slot `%.*s`", STR_ARG(t->text));
        (void)cedar_expected(p->b->d, "`?principal` or `?resource`");
        return wrong(p, t->span);
    }
    if (!p->in_scope) {
        (void)cedar_fault(p->b->d, CEDAR_FINDING_SLOT, t->span, "a slot stands in the scope only, not in a condition");
        return wrong(p, t->span);
    }
    struct cedar_expr draft = { .op = CEDAR_OP_SLOT,
                                .var = principal ? CEDAR_PRINCIPAL : CEDAR_RESOURCE,
                                .span = t->span };
    return build_node(p->b, &draft, NULL, 0);
}

static const struct cedar_expr *parse_primary(struct parser *p)
{
    const struct cedar_expr *e;

    switch (p->t->kind) {
    case CEDAR_T_NAME:
        return parse_named(p);
    case CEDAR_T_NUMBER:
        return parse_number(p);
    case CEDAR_T_STRING: {
        const struct cedar_token *t = p->t++;
        return build_value(p->b, CEDAR_STRING_OF(text_of(p, t)), t->span);
    }
    case CEDAR_T_SLOT:
        return parse_slot(p);
    case CEDAR_T_LPAREN:
        p->t++;
        e = parse_expr(p);
        return e != NULL && take(p, CEDAR_T_RPAREN, NULL) ? e : NULL;
    case CEDAR_T_LBRACKET:
        return parse_set(p);
    case CEDAR_T_LBRACE:
        return parse_record(p);
    default:
        (void)unexpected(p, "an expression");
        return NULL;
    }
}

static const struct cedar_expr *unknown_method(struct parser *p, const struct cedar_token *name)
{
    struct cedar_guess g = cedar_guess_for(name->text);

    if (cedar_function_named(name->text) < CEDAR_X_COUNT) {
        (void)cedar_fault(p->b->d, CEDAR_FINDING_UNKNOWN_METHOD, name->span,
                          "`%.*s` is a function: write `%.*s(…)`, not behind a value", STR_ARG(name->text),
                          STR_ARG(name->text));
        return wrong(p, name->span);
    }
    guess_functions(&g, true);
    (void)cedar_fault(p->b->d, CEDAR_FINDING_UNKNOWN_METHOD, name->span, "there is no method `%.*s`",
                      STR_ARG(name->text));
    if (str_eq_case(name->text, S("matches")) || str_eq_case(name->text, S("startsWith")) ||
        str_eq_case(name->text, S("endsWith")))
        (void)cedar_expected(p->b->d, "the operator `like`, with `*` for any text: `… like \"a*\"`");
    (void)cedar_near(p->b->d, g.best);
    return wrong(p, name->span);
}

static const struct cedar_expr *parse_method(struct parser *p, const struct cedar_expr *e,
                                             const struct cedar_token *name)
{
    struct kids args = { 0 };
    size_t n_args;
    enum cedar_op op = method_named(name->text, &n_args);
    enum cedar_ext f = cedar_function_named(name->text);

    p->t++; /* ( */
    kids_add(p->b, &args, e);
    if (!parse_items(p, CEDAR_T_RPAREN, &args))
        return NULL;
    struct cedar_expr draft = { .op = op, .ext = f, .span = span_from(p, e->span.at), .name_span = name->span };
    if (op == CEDAR_OP_NONE) {
        if (f == CEDAR_X_COUNT || !cedar_functions[f].method)
            return unknown_method(p, name);
        draft.op = CEDAR_OP_CALL;
    } else if (args.n != n_args + 1) {
        (void)cedar_fault(p->b->d, CEDAR_FINDING_ARGUMENTS, draft.span, "`%.*s` takes %zu argument%s, not %zu",
                          STR_ARG(name->text), n_args, n_args == 1 ? "" : "s", args.n - 1);
        return wrong(p, draft.span);
    }
    return build_node(p->b, &draft, args.items, args.n);
}

static const struct cedar_expr *parse_attr(struct parser *p, const struct cedar_expr *e)
{
    const struct cedar_token *name = ++p->t;

    if (!at(p, CEDAR_T_NAME)) {
        (void)unexpected(p, "the name of an attribute or a method");
        return NULL;
    }
    p->t++;
    (void)check_name(p, name);
    if (at(p, CEDAR_T_LPAREN))
        return parse_method(p, e, name);
    struct cedar_expr draft = {
        .op = CEDAR_OP_ATTR, .name = name->text, .name_span = name->span, .span = span_from(p, e->span.at)
    };
    return build_node(p->b, &draft, &e, 1);
}

static const struct cedar_expr *parse_index(struct parser *p, const struct cedar_expr *e)
{
    const struct cedar_token *name = ++p->t;

    if (!at(p, CEDAR_T_STRING) || !next_is(p, CEDAR_T_RBRACKET)) {
        (void)unexpected(p, "the name of an attribute in quotes, and `]`");
        return NULL;
    }
    p->t += 2;
    struct cedar_expr draft = {
        .op = CEDAR_OP_ATTR, .name = text_of(p, name), .name_span = name->span, .span = span_from(p, e->span.at)
    };
    return build_node(p->b, &draft, &e, 1);
}

static const struct cedar_expr *parse_member(struct parser *p)
{
    const struct cedar_expr *e = parse_primary(p);

    while (e != NULL) {
        if (at(p, CEDAR_T_DOT)) {
            e = parse_attr(p, e);
        } else if (at(p, CEDAR_T_LBRACKET)) {
            e = parse_index(p, e);
        } else if (at(p, CEDAR_T_LPAREN)) {
            (void)unexpected(p, "a function or a method before `(`");
            return NULL;
        } else {
            return e;
        }
    }
    return NULL;
}

/* "-" and a number make a literal, so that the smallest integer can be written. */
static bool negative_number(const struct parser *p, int64_t *v)
{
    const struct cedar_token *t = p->t + 1, *behind = p->t + 2;
    char text[32] = "-";
    size_t from = 0;

    if (!at(p, CEDAR_T_MINUS) || t->kind != CEDAR_T_NUMBER || behind->kind == CEDAR_T_DOT ||
        behind->kind == CEDAR_T_LBRACKET || behind->kind == CEDAR_T_LPAREN)
        return false;
    while (from + 1 < t->text.n && t->text.p[from] == '0')
        from++;
    struct str digits = str_from(t->text, from);
    if (digits.n > 20)
        return false;
    for (size_t i = 0; i < digits.n; i++)
        text[i + 1] = digits.p[i];
    return str_int((struct str){ text, digits.n + 1 }, v);
}

/* `!` or `-`, at most four of one kind; they do not mix. */
static const struct cedar_expr *parse_unary(struct parser *p)
{
    const struct cedar_token *signs[SIGNS_MAX];
    int sign = (int)p->t->kind;
    size_t n = 0;
    int64_t v;
    const struct cedar_expr *e;

    if (sign != CEDAR_T_BANG && sign != CEDAR_T_MINUS)
        return parse_member(p);
    for (; at(p, sign) && !negative_number(p, &v); p->t++) {
        if (n == SIGNS_MAX) {
            (void)unexpected(p, "at most four signs in a row");
            return NULL;
        }
        signs[n++] = p->t;
    }
    if (at(p, CEDAR_T_MINUS) && n == SIGNS_MAX) {
        (void)unexpected(p, "at most four signs in a row");
        return NULL;
    }
    if (sign == CEDAR_T_MINUS && negative_number(p, &v)) {
        uint32_t from = p->t->span.at;
        p->t += 2;
        e = build_value(p->b, CEDAR_LONG_OF(v), span_from(p, from));
    } else {
        e = parse_member(p);
    }
    while (e != NULL && n > 0)
        e = build_op(p->b, sign == CEDAR_T_BANG ? CEDAR_OP_NOT : CEDAR_OP_NEG, span_from(p, signs[--n]->span.at), e,
                     NULL);
    return e;
}

static const struct cedar_expr *parse_product(struct parser *p)
{
    uint32_t from = p->t->span.at;
    const struct cedar_expr *e = parse_unary(p);

    while (e != NULL && (at(p, CEDAR_T_STAR) || at(p, CEDAR_T_SLASH) || at(p, CEDAR_T_PERCENT))) {
        const struct cedar_token *op = p->t++;
        const struct cedar_expr *right = parse_unary(p);
        if (right == NULL)
            return NULL;
        if (op->kind != CEDAR_T_STAR) {
            (void)cedar_fault(p->b->d, CEDAR_FINDING_OPERATOR, op->span, "Cedar has no %s",
                              op->kind == CEDAR_T_SLASH ? "division" : "remainder");
            e = wrong(p, op->span);
        } else {
            e = build_op(p->b, CEDAR_OP_MUL, span_from(p, from), e, right);
        }
    }
    return e;
}

const struct cedar_expr *parse_operand(struct parser *p)
{
    uint32_t from = p->t->span.at;
    const struct cedar_expr *e = parse_product(p);

    while (e != NULL && (at(p, CEDAR_T_PLUS) || at(p, CEDAR_T_MINUS))) {
        enum cedar_op op = at(p, CEDAR_T_PLUS) ? CEDAR_OP_ADD : CEDAR_OP_SUB;
        p->t++;
        const struct cedar_expr *right = parse_product(p);
        if (right == NULL)
            return NULL;
        e = build_op(p->b, op, span_from(p, from), e, right);
    }
    return e;
}

/* "a.b.c" or "a" or a string behind `has`. */
static const struct cedar_expr *parse_has(struct parser *p, const struct cedar_expr *e)
{
    const struct cedar_token *first = ++p->t;
    size_t n = 1;

    if (!at(p, CEDAR_T_STRING) && !at(p, CEDAR_T_NAME)) {
        (void)unexpected(p, "the name of an attribute, or names joined with `.`");
        return NULL;
    }
    if (at(p, CEDAR_T_STRING)) {
        struct str name = text_of(p, p->t++);
        return build_has(p->b, e, &name, 1, span_from(p, e->span.at), first->span);
    }
    while (first[2 * n - 1].kind == CEDAR_T_DOT && first[2 * n].kind == CEDAR_T_NAME && n < CEDAR_DEPTH_MAX)
        n++;
    struct str *path = arena_make_n(p->b->d->arena, n, struct str);
    for (size_t i = 0; i < n; i++) {
        (void)check_name(p, &first[2 * i]);
        path[i] = first[2 * i].text;
    }
    p->t = first + 2 * n - 1;
    return build_has(p->b, e, path, n, span_from(p, e->span.at), span_from(p, first->span.at));
}

/* The pattern of `like`: a star is a wildcard, `\*` a star. */
static const struct cedar_pattern *read_pattern(struct parser *p, const struct cedar_token *t)
{
    struct str s = str_sub(t->text, 1, t->text.n - 2);
    struct str *pieces = arena_make_n(p->b->d->arena, s.n + 1, struct str);
    struct buf piece = buf_new(p->b->d->arena, s.n);
    size_t n = 0;

    for (size_t i = 0, used = 1; i < s.n; i += used, used = 1) {
        uint32_t c = 0;
        const char *why = NULL;
        if (s.p[i] == '*') {
            pieces[n++] = buf_str(&piece);
            piece = buf_new(p->b->d->arena, s.n);
        } else if (str_has_prefix(str_from(s, i), S("\\*"))) {
            used = 2;
            buf_byte(&piece, '*');
        } else if (s.p[i] == '\\' || s.p[i] == '\r') {
            why = s.p[i] == '\r' ? "a carriage return inside a pattern" : cedar_escape_read(str_from(s, i), &c, &used);
            if (why == NULL && c == '*') { /* \x2a is a wildcard too: Cedar looks at characters */
                pieces[n++] = buf_str(&piece);
                piece = buf_new(p->b->d->arena, s.n);
            } else if (why == NULL) {
                cedar_char_add(&piece, c);
            }
        } else {
            buf_byte(&piece, s.p[i]);
        }
        if (why != NULL) {
            uint32_t from = t->span.at + 1 + (uint32_t)i;
            p->b->failed = true;
            (void)cedar_fault(p->b->d, CEDAR_FINDING_ESCAPE, (struct cedar_span){ from, from + (uint32_t)used }, "%s",
                              why);
        }
    }
    pieces[n++] = buf_str(&piece);
    return build_pattern(p->b, pieces, n);
}

static const struct cedar_expr *parse_like(struct parser *p, const struct cedar_expr *e)
{
    const struct cedar_token *t = ++p->t;

    if (!at(p, CEDAR_T_STRING)) {
        (void)unexpected(p, "a pattern in quotes");
        return NULL;
    }
    p->t++;
    struct cedar_expr draft = {
        .op = CEDAR_OP_LIKE, .span = span_from(p, e->span.at), .name_span = t->span, .pattern = read_pattern(p, t)
    };
    return build_node(p->b, &draft, &e, 1);
}

static const struct cedar_expr *parse_is(struct parser *p, const struct cedar_expr *e)
{
    const struct cedar_expr *kids[2] = { e, NULL };
    struct cedar_span type_span;

    p->t++;
    struct str type = parse_path(p, &type_span);
    if (type.p == NULL)
        return NULL;
    if (at(p, CEDAR_T_COLONS)) {
        (void)unexpected(p, "an entity type; an entity is compared with `==`");
        return NULL;
    }
    if (at_word(p, S("in"))) {
        p->t++;
        if ((kids[1] = parse_operand(p)) == NULL)
            return NULL;
    }
    struct cedar_expr draft = {
        .op = CEDAR_OP_IS, .name = type, .name_span = type_span, .span = span_from(p, e->span.at)
    };
    return build_node(p->b, &draft, kids, kids[1] != NULL ? 2 : 1);
}

static enum cedar_op comparison(const struct parser *p)
{
    switch (p->t->kind) {
    case CEDAR_T_EQ:
        return CEDAR_OP_EQ;
    case CEDAR_T_NE:
        return CEDAR_OP_NE;
    case CEDAR_T_LT:
        return CEDAR_OP_LT;
    case CEDAR_T_LE:
        return CEDAR_OP_LE;
    case CEDAR_T_GT:
        return CEDAR_OP_GT;
    case CEDAR_T_GE:
        return CEDAR_OP_GE;
    default:
        return at_word(p, S("in")) ? CEDAR_OP_IN : CEDAR_OP_NONE;
    }
}

static const struct cedar_expr *parse_relation(struct parser *p)
{
    const struct cedar_expr *e = parse_operand(p);
    enum cedar_op op;

    if (e == NULL)
        return NULL;
    if ((op = comparison(p)) != CEDAR_OP_NONE) {
        p->t++;
        const struct cedar_expr *right = parse_operand(p);
        e = right != NULL ? build_op(p->b, op, span_from(p, e->span.at), e, right) : NULL;
    } else if (at_word(p, S("has"))) {
        e = parse_has(p, e);
    } else if (at_word(p, S("like"))) {
        e = parse_like(p, e);
    } else if (at_word(p, S("is"))) {
        e = parse_is(p, e);
    } else {
        return e;
    }
    if (e != NULL &&
        (comparison(p) != CEDAR_OP_NONE || at_word(p, S("has")) || at_word(p, S("like")) || at_word(p, S("is")))) {
        (void)unexpected(p, "parentheses around one of two comparisons in a row");
        return NULL;
    }
    return e;
}

static const struct cedar_expr *parse_chain(struct parser *p, int token_kind)
{
    uint32_t from = p->t->span.at;
    struct kids list = { 0 };

    do {
        p->t += list.n > 0;
        const struct cedar_expr *e = token_kind == CEDAR_T_OR ? parse_chain(p, CEDAR_T_AND) : parse_relation(p);
        if (e == NULL)
            return NULL;
        if (list.n == 0 && !at(p, token_kind))
            return e;
        kids_add(p->b, &list, e);
    } while (at(p, token_kind));
    return build_chain(p->b, token_kind == CEDAR_T_OR ? CEDAR_OP_OR : CEDAR_OP_AND, span_from(p, from), &list);
}

static bool take_word(struct parser *p, struct str word, const char *quoted)
{
    if (!at_word(p, word))
        return unexpected(p, quoted);
    p->t++;
    return true;
}

static const struct cedar_expr *parse_if(struct parser *p)
{
    uint32_t from = (p->t++)->span.at;
    const struct cedar_expr *kids[3];

    if ((kids[0] = parse_expr(p)) == NULL || !take_word(p, S("then"), "`then`") || (kids[1] = parse_expr(p)) == NULL ||
        !take_word(p, S("else"), "`else`") || (kids[2] = parse_expr(p)) == NULL)
        return NULL;
    struct cedar_expr draft = { .op = CEDAR_OP_IF, .span = span_from(p, from) };
    return build_node(p->b, &draft, kids, 3);
}

const struct cedar_expr *parse_expr(struct parser *p)
{
    const struct cedar_expr *e;

    if (p->depth == NESTING_MAX) {
        p->b->failed = true;
        (void)cedar_fault(p->b->d, CEDAR_FINDING_TOO_DEEP, p->t->span, "the expression is nested deeper than %d levels",
                          NESTING_MAX);
        return NULL;
    }
    p->depth++;
    e = at_word(p, S("if")) && !next_is(p, CEDAR_T_COLONS) ? parse_if(p) : parse_chain(p, CEDAR_T_OR);
    p->depth--;
    return e;
}
