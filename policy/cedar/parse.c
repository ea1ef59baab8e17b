/* SPDX-License-Identifier: EUPL-1.2
 * Policies: annotations, effect, scope, conditions.  A policy with a syntax
 * error is left at its `;`, and the next one is read, so that one run reports
 * all of them. */
#include "policy/cedar/parse.h"

#include "policy/cedar/build.h"
#include "policy/cedar/lexer.h"

void policy_list_add(struct arena *a, struct policy_list *list, struct cedar_policy *p)
{
    if (list->n == list->cap) {
        size_t cap = list->cap > 0 ? list->cap * 2 : 8;
        struct cedar_policy **more = arena_make_n(a, cap, struct cedar_policy *);
        for (size_t i = 0; i < list->n; i++)
            more[i] = list->items[i];
        list->items = more;
        list->cap = cap;
    }
    list->items[list->n++] = p;
}

struct str keep_text(const struct builder *b, struct str s)
{
    struct str text = b->d->source->text;
    bool inside = s.p >= text.p && s.p <= text.p + text.n;

    return inside || b->arena == b->d->arena ? s : arena_str(b->arena, s);
}

static bool known_annotation(const struct cedar_annotation *list, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(list[i].name, name))
            return true;
    return false;
}

/* @name or @name("text"); any word may be the name. */
static bool parse_annotation(struct parser *p, struct cedar_annotation *out)
{
    uint32_t from = (p->t++)->span.at;

    *out = (struct cedar_annotation){ .value = S(""), .bare = true };
    if (!at(p, CEDAR_T_NAME))
        return unexpected(p, "the name of an annotation");
    out->name = (p->t++)->text;
    if (at(p, CEDAR_T_LPAREN)) {
        p->t++;
        if (!at(p, CEDAR_T_STRING))
            return unexpected(p, "text in quotes");
        out->bare = false;
        if (!cedar_unescape(p->b->d, p->t, &out->value))
            p->b->failed = true;
        else
            out->value = keep_text(p->b, out->value);
        p->t++;
        if (!take(p, CEDAR_T_RPAREN, NULL))
            return false;
    }
    out->span = span_from(p, from);
    return true;
}

/* A policy has few annotations; a text with very many would be slow to check
 * one against the other, hence the bound. */
enum { ANNOTATIONS_MAX = 1000 };

static bool parse_annotations(struct parser *p, struct cedar_policy *policy)
{
    struct cedar_annotation *list = NULL, next;
    size_t n = 0, cap = 0;

    while (at(p, CEDAR_T_AT)) {
        if (!parse_annotation(p, &next))
            return false;
        if (known_annotation(list, n, next.name) || n == ANNOTATIONS_MAX) {
            p->b->failed = true;
            if (n == ANNOTATIONS_MAX)
                return cedar_fault(p->b->d, CEDAR_FINDING_TOO_LARGE, next.span, "a policy has at most %d annotations",
                                   ANNOTATIONS_MAX);
            (void)cedar_fault(p->b->d, CEDAR_FINDING_TWICE, next.span, "the annotation `%.*s` is given twice",
                              STR_ARG(next.name));
            continue;
        }
        if (n == cap) {
            struct cedar_annotation *more =
                arena_make_n(p->b->arena, cap = cap > 0 ? cap * 2 : 2, struct cedar_annotation);
            for (size_t i = 0; i < n; i++)
                more[i] = list[i];
            list = more;
        }
        list[n++] = next;
    }
    policy->annotations = list;
    policy->n_annotations = n;
    return true;
}

static bool parse_effect(struct parser *p, struct cedar_policy *policy)
{
    struct cedar_guess g = cedar_guess_for(p->t->text);

    if (at_word(p, S("permit")) || at_word(p, S("forbid"))) {
        policy->effect = at_word(p, S("permit")) ? CEDAR_PERMIT : CEDAR_FORBID;
        p->t++;
        return true;
    }
    (void)unexpected(p, "`permit` or `forbid`");
    if (at(p, CEDAR_T_NAME)) {
        cedar_guess_try(&g, S("permit"));
        cedar_guess_try(&g, S("forbid"));
        (void)cedar_near(p->b->d, g.best);
    }
    return false;
}

static const char *const var_names[] = { "principal", "action", "resource", "context" };

/* One entity, or the slot of this variable. */
static bool scope_uid(struct parser *p, struct cedar_scope *scope, const struct cedar_expr *e, enum cedar_var var)
{
    bool slot_fits = var != CEDAR_ACTION;

    scope->uid_span = e->span;
    if (p->b->failed && p->mistakes != p->b->d->errors)
        return false; /* it has been said what is wrong with it */
    if (e->op == CEDAR_OP_LIT && e->value.kind == CEDAR_ENTITY) {
        scope->uid = *e->value.uid;
        return true;
    }
    if (e->op == CEDAR_OP_SLOT && slot_fits && e->var == var) {
        scope->slot = true;
        return true;
    }
    p->b->failed = true;
    (void)cedar_fault(p->b->d, CEDAR_FINDING_SCOPE, e->span, "the scope compares `%s` with one entity", var_names[var]);
    if (slot_fits)
        return cedar_expected(p->b->d, "an entity like `Type::\"id\"`, or `?%s`", var_names[var]);
    return cedar_expected(p->b->d, "an entity like `Action::\"id\"`%s",
                          scope->kind == CEDAR_SCOPE_IN ? ", or a list of them" : "");
}

/* "Action" or "Some::Path::Action". */
static bool is_action_type(struct str type)
{
    return str_eq(type, S("Action")) || str_has_suffix(type, S("::Action"));
}

static bool check_action(struct parser *p, const struct cedar_uid *uid, struct cedar_span span)
{
    if (is_action_type(uid->type))
        return true;
    p->b->failed = true;
    (void)cedar_fault(p->b->d, CEDAR_FINDING_ACTION_TYPE, span, "`%.*s` is no type of action", STR_ARG(uid->type));
    return cedar_expected(p->b->d, "a type that ends with `Action`");
}

static void action_list(struct parser *p, struct cedar_scope *scope, const struct cedar_expr *list)
{
    struct cedar_uid *uids = arena_make_n(p->b->arena, list->n, struct cedar_uid);
    struct cedar_span *spans = arena_make_n(p->b->arena, list->n, struct cedar_span);

    for (size_t i = 0; i < list->n; i++) {
        struct cedar_scope one = { .kind = CEDAR_SCOPE_EQ };
        if (!scope_uid(p, &one, list->kids[i], CEDAR_ACTION) || !check_action(p, &one.uid, one.uid_span))
            continue;
        uids[i] = one.uid;
        spans[i] = one.uid_span;
    }
    scope->kind = CEDAR_SCOPE_IN_SET;
    scope->n_uids = list->n;
    scope->uids = uids;
    scope->uid_spans = spans;
}

/* The comparison of a scope variable with something. */
static bool parse_scope_relation(struct parser *p, struct cedar_scope *scope, enum cedar_var var)
{
    bool is = scope->kind == CEDAR_SCOPE_IS;

    if (at(p, CEDAR_T_EQ) && is)
        return unexpected(p, "`in` behind `is`, or nothing");
    scope->kind = at(p, CEDAR_T_EQ) ? CEDAR_SCOPE_EQ : is ? CEDAR_SCOPE_IS_IN : CEDAR_SCOPE_IN;
    p->t++;
    p->in_scope = true;
    p->of_action = var == CEDAR_ACTION;
    p->mistakes = p->b->d->errors;
    const struct cedar_expr *e = parse_expr(p);
    p->in_scope = false;
    if (e == NULL)
        return false;
    if (e->op == CEDAR_OP_IS) {
        p->b->failed = true;
        (void)cedar_fault(p->b->d, CEDAR_FINDING_SCOPE, e->span, "`in … is …` is the wrong way round");
        (void)cedar_expected(p->b->d, "`%s is Type in Entity::\"id\"`", var_names[var]);
        return true;
    }
    if (var == CEDAR_ACTION && scope->kind == CEDAR_SCOPE_IN && e->op == CEDAR_OP_SET)
        action_list(p, scope, e);
    else if (scope_uid(p, scope, e, var) && var == CEDAR_ACTION)
        (void)check_action(p, &scope->uid, scope->uid_span);
    return true;
}

static bool parse_scope_var(struct parser *p, struct cedar_scope *scope, enum cedar_var var)
{
    static const char *const expected[] = { "`principal`", "`action`", "`resource`" };
    uint32_t from = p->t->span.at;

    if (!at_word(p, str_of(var_names[var]))) {
        (void)unexpected(p, expected[var]);
        for (enum cedar_var other = CEDAR_PRINCIPAL; other <= CEDAR_RESOURCE; other++)
            if (at_word(p, str_of(var_names[other])))
                (void)cedar_expected(p->b->d, "%s: the scope names principal, action and resource, in this order",
                                     expected[var]);
        return false;
    }
    p->t++;
    if (at_word(p, S("is")) && var != CEDAR_ACTION) {
        p->t++;
        scope->kind = CEDAR_SCOPE_IS;
        scope->type = parse_path(p, &scope->type_span);
        if (scope->type.p == NULL)
            return false;
    }
    if ((at(p, CEDAR_T_EQ) || at_word(p, S("in"))) && !parse_scope_relation(p, scope, var))
        return false;
    scope->span = span_from(p, from);
    if (at(p, CEDAR_T_COMMA) || at(p, CEDAR_T_RPAREN))
        return true;
    if (var == CEDAR_ACTION)
        return unexpected(p, "`==`, `in`, or `,` behind `action`");
    return unexpected(p, var == CEDAR_PRINCIPAL ? "`==`, `in`, `is`, or `,` behind `principal`"
                                                : "`==`, `in`, `is`, or `)` behind `resource`");
}

static bool parse_scope(struct parser *p, struct cedar_policy *policy)
{
    struct cedar_scope *scopes[] = { &policy->principal, &policy->action, &policy->resource };

    if (!take(p, CEDAR_T_LPAREN, NULL))
        return false;
    for (enum cedar_var var = CEDAR_PRINCIPAL; var <= CEDAR_RESOURCE; var++) {
        if (!parse_scope_var(p, scopes[var], var))
            return false;
        if (var < CEDAR_RESOURCE && !take(p, CEDAR_T_COMMA, NULL))
            return false;
    }
    if (at(p, CEDAR_T_COMMA))
        p->t++;
    return take(p, CEDAR_T_RPAREN, NULL);
}

static bool parse_condition(struct parser *p, struct cedar_condition *out)
{
    uint32_t from = p->t->span.at;

    out->unless = at_word(p, S("unless"));
    p->t++;
    if (!take(p, CEDAR_T_LBRACE, NULL))
        return false;
    if (at(p, CEDAR_T_RBRACE))
        return unexpected(p, "a condition between the braces");
    out->body = parse_expr(p);
    if (out->body == NULL || !take(p, CEDAR_T_RBRACE, "or an operator"))
        return false;
    out->span = span_from(p, from);
    return true;
}

static bool parse_conditions(struct parser *p, struct cedar_policy *policy)
{
    struct cedar_condition *list = NULL;
    size_t n = 0, cap = 0;

    while (at_word(p, S("when")) || at_word(p, S("unless"))) {
        if (n == cap) {
            struct cedar_condition *more =
                arena_make_n(p->b->arena, cap = cap > 0 ? cap * 2 : 2, struct cedar_condition);
            for (size_t i = 0; i < n; i++)
                more[i] = list[i];
            list = more;
        }
        if (!parse_condition(p, &list[n++]))
            return false;
    }
    policy->conditions = list;
    policy->n_conditions = n;
    return true;
}

static bool parse_end(struct parser *p)
{
    struct cedar_guess g = cedar_guess_for(p->t->text);

    if (at(p, CEDAR_T_SEMICOLON)) {
        p->t++;
        return true;
    }
    (void)unexpected(p, "`;`, `when` or `unless`");
    if (at(p, CEDAR_T_NAME)) {
        cedar_guess_try(&g, S("when"));
        cedar_guess_try(&g, S("unless"));
        (void)cedar_near(p->b->d, g.best);
    }
    return false;
}

static bool parse_policy(struct parser *p, struct cedar_policy *policy)
{
    uint32_t from = p->t->span.at;

    policy->source = p->b->d->source;
    p->depth = 0;
    p->in_scope = false;
    if (!parse_annotations(p, policy) || !parse_effect(p, policy) || !parse_scope(p, policy) ||
        !parse_conditions(p, policy) || !parse_end(p))
        return false;
    policy->is_template = policy->principal.slot || policy->resource.slot;
    policy->span = span_from(p, from);
    return true;
}

/* Behind a syntax error: to the next policy.  A forgotten `;` must not hide it,
 * so an effect with a parenthesis behind it, outside all braces, begins one too. */
static void skip_policy(struct parser *p, const struct cedar_token *start)
{
    while (!at(p, CEDAR_T_END) && !at(p, CEDAR_T_SEMICOLON)) {
        bool effect = at_word(p, S("permit")) || at_word(p, S("forbid"));
        if (p->t > start && effect && p->t[1].kind == CEDAR_T_LPAREN && p->t[-1].kind != CEDAR_T_DOT)
            return;
        p->t++;
    }
    if (at(p, CEDAR_T_SEMICOLON))
        p->t++;
}

bool parse_policies(struct builder *b, struct policy_list *out)
{
    size_t errors = b->d->errors;
    struct cedar_lexer lexer = cedar_lexer_of(b->d);
    struct parser p = { .b = b };

    while ((p.t = cedar_lex_policy(&lexer)) != NULL)
        while (!at(&p, CEDAR_T_END)) {
            const struct cedar_token *start = p.t;
            struct cedar_policy *policy = arena_make(b->arena, struct cedar_policy);
            if (parse_policy(&p, policy))
                policy_list_add(b->arena, out, policy);
            else
                skip_policy(&p, start);
        }
    return !b->failed && b->d->errors == errors;
}
