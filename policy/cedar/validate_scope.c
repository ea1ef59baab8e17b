/* SPDX-License-Identifier: EUPL-1.2
 * What can be checked without a kind of request: that every name is declared, and that the scope leaves some action
 * with some principal and some resource.
 */
#include "policy/cedar/script.h"
#include "policy/cedar/validate_int.h"

static struct str last_part(struct str path)
{
    size_t n = path.n;

    while (n > 0 && path.p[n - 1] != ':')
        n--;
    return str_from(path, n);
}

/* A near name; else one whose last part is the same, or near, in another namespace. */
static struct cedar_guess guess_type(struct checker *c, struct str name)
{
    struct cedar_guess whole = cedar_guess_for(name), last = cedar_guess_for(last_part(name));
    struct str same = { NULL, 0 }, near = { NULL, 0 };

    for (size_t i = 0; i < cedar_schema_entity_type_n(c->s); i++) {
        struct str known = cedar_schema_entity_type_at(c->s, i)->name, before = last.best;
        cedar_guess_try(&whole, known);
        cedar_guess_try(&last, last_part(known));
        if (same.p == NULL && str_eq_case(last_part(known), last.written))
            same = known;
        if (last.best.p != before.p)
            near = known;
    }
    if (same.p != NULL)
        whole.best = same;
    else if (whole.best.p == NULL)
        whole.best = near;
    return whole;
}

static void check_type_name(struct checker *c, struct str name, struct cedar_span where)
{
    struct cedar_guess guess;

    if (cedar_name_is_action(name) || cedar_schema_entity_type(c->s, name) != NULL)
        return;
    guess = guess_type(c, name);
    if (check_error(c, CEDAR_FINDING_UNKNOWN_TYPE, where, "there is no entity type \"%.*s\"", STR_ARG(name)))
        cedar_near(c->d, arena_str(c->d->arena, guess.best));
}

static void check_action_id(struct checker *c, const struct cedar_uid *uid, struct cedar_span where)
{
    struct cedar_guess guess;

    if (cedar_schema_action(c->s, uid->type, uid->id) != NULL)
        return;
    guess = cedar_guess_for(uid->id);
    struct str near = { NULL, 0 };
    for (size_t i = 0; i < cedar_schema_action_n(c->s); i++) {
        const struct cedar_action *known = cedar_schema_action_at(c->s, i);
        cedar_guess_try(&guess, known->id);
        if (str_eq(known->id, uid->id)) /* in another namespace */
            near = arena_printf(c->d->arena, "%.*s::\"%.*s\"", STR_ARG(known->type->name), STR_ARG(known->id));
    }
    if (check_error(c, CEDAR_FINDING_UNKNOWN_ACTION, where, "there is no action %.*s::\"%.*s\"", STR_ARG(uid->type),
                    STR_ARG(uid->id)))
        cedar_near(c->d, near.p != NULL ? near : arena_str(c->d->arena, guess.best));
}

static void check_choice(struct checker *c, const struct cedar_uid *uid, struct cedar_span where)
{
    static const char message[] = "\"%.*s\" is none of the ids of the enumerated type \"%.*s\"";
    const struct cedar_entity_type *type = cedar_schema_entity_type(c->s, uid->type);
    struct cedar_guess guess;
    bool new = true;

    if (type == NULL || cedar_entity_type_allows(type, uid->id))
        return;
    guess = cedar_guess_for(uid->id);
    for (size_t i = 0; i < type->choice_n; i++)
        cedar_guess_try(&guess, type->choices[i]);
    if (str_is_set(c->policy->template_id)) /* Cedar lets a link fill a slot with it; the link never applies */
        (void)cedar_warn(c->d, CEDAR_FINDING_UNKNOWN_ENTITY, where, message, STR_ARG(uid->id), STR_ARG(uid->type));
    else
        new = check_error(c, CEDAR_FINDING_UNKNOWN_ENTITY, where, message, STR_ARG(uid->id), STR_ARG(uid->type));
    if (new)
        cedar_near(c->d, arena_str(c->d->arena, guess.best));
}

/* Warns of a text that shows something else than it says. */
static void check_look(struct checker *c, struct str text, bool is_name, struct cedar_span where, const char *what)
{
    const char *scripts[2] = { "", "" };
    uint32_t at = 0;

    switch (script_check(text, is_name, &at, scripts)) {
    case SCRIPT_GOOD:
        return;
    case SCRIPT_TURNS:
        (void)cedar_warn(c->d, CEDAR_FINDING_BIDI, where, "%s has U+%04X, which turns the text around it", what,
                         (unsigned)at);
        return;
    case SCRIPT_HIDDEN:
        (void)cedar_warn(c->d, CEDAR_FINDING_INVISIBLE, where, "%s has the invisible character U+%04X", what,
                         (unsigned)at);
        return;
    case SCRIPT_LOOKALIKE:
        (void)cedar_warn(c->d, CEDAR_FINDING_CONFUSABLE, where, "%s has U+%04X, which looks like another character",
                         what, (unsigned)at);
        return;
    case SCRIPT_MIXED:
        (void)cedar_warn(c->d, CEDAR_FINDING_MIXED_SCRIPT, where, "%s mixes %s and %s letters (U+%04X)", what,
                         scripts[0], scripts[1], (unsigned)at);
    }
}

static void check_uid(struct checker *c, const struct cedar_uid *uid, struct cedar_span where)
{
    check_type_name(c, uid->type, where);
    check_look(c, uid->id, true, where, "the id");
    if (cedar_name_is_action(uid->type))
        check_action_id(c, uid, where);
    else
        check_choice(c, uid, where);
}

static struct str all_pieces(const struct checker *c, const struct cedar_pattern *p)
{
    struct buf b = buf_new(c->scratch, CEDAR_TEXT_MAX_B);

    for (size_t i = 0; i < p->n; i++)
        buf_add(&b, p->pieces[i]);
    return buf_str(&b);
}

static void check_looks_of(struct checker *c, const struct cedar_expr *e)
{
    struct cedar_span name = e->name_span.end != 0 ? e->name_span : e->span;

    if (e->op == CEDAR_OP_LIT && e->value.kind == CEDAR_STRING)
        check_look(c, e->value.text, false, e->span, "the string");
    if (e->op == CEDAR_OP_ATTR || e->op == CEDAR_OP_HAS)
        check_look(c, e->name, true, name, "the name of the attribute");
    if (e->op == CEDAR_OP_LIKE)
        check_look(c, all_pieces(c, e->pattern), false, name, "the pattern");
    for (uint32_t i = 0; e->op == CEDAR_OP_RECORD && i < e->n; i++)
        check_look(c, e->names[i], true, e->span, "a name of the record");
}

static void check_names_of(struct checker *c, const struct cedar_expr *e)
{
    check_looks_of(c, e);
    if (e->op == CEDAR_OP_LIT && e->value.kind == CEDAR_ENTITY)
        check_uid(c, e->value.uid, e->span);
    if (e->op == CEDAR_OP_IS)
        check_type_name(c, e->name, e->name_span.end != 0 ? e->name_span : e->span);
    for (uint32_t i = 0; i < e->n && !check_tired(c, 1); i++)
        check_names_of(c, e->kids[i]);
}

static void check_names_of_scope(struct checker *c, const struct cedar_scope *scope)
{
    bool uid = scope->kind == CEDAR_SCOPE_EQ || scope->kind == CEDAR_SCOPE_IN || scope->kind == CEDAR_SCOPE_IS_IN;

    if (scope->kind == CEDAR_SCOPE_IS || scope->kind == CEDAR_SCOPE_IS_IN)
        check_type_name(c, scope->type, scope->type_span);
    if (uid && !scope->slot)
        check_uid(c, &scope->uid, scope->uid_span);
    for (size_t i = 0; scope->kind == CEDAR_SCOPE_IN_SET && i < scope->n_uids; i++)
        check_uid(c, &scope->uids[i], scope->uid_spans != NULL ? scope->uid_spans[i] : scope->span);
}

void check_names(struct checker *c)
{
    check_look(c, c->policy->id, false, c->policy->span, "the policy's id");
    for (size_t i = 0; i < c->policy->n_conditions; i++)
        check_names_of(c, c->policy->conditions[i].body);
}

static bool is_in(const struct checker *c, const struct cedar_entity_type *type, const struct cedar_uid *uid)
{
    const struct cedar_entity_type *group = cedar_schema_entity_type(c->s, uid->type);

    return type == group || (group != NULL && cedar_entity_type_has_ancestor(type, group));
}

bool scope_allows_type(const struct checker *c, const struct cedar_scope *scope, const struct cedar_entity_type *type)
{
    switch (scope->kind) {
    case CEDAR_SCOPE_ANY:
        return true;
    case CEDAR_SCOPE_EQ:
        return scope->slot || str_eq(type->name, scope->uid.type);
    case CEDAR_SCOPE_IN:
        return scope->slot || is_in(c, type, &scope->uid);
    case CEDAR_SCOPE_IS:
        return str_eq(type->name, scope->type);
    case CEDAR_SCOPE_IS_IN:
        return str_eq(type->name, scope->type) && (scope->slot || is_in(c, type, &scope->uid));
    default:
        return false;
    }
}

static bool is_action_in(const struct checker *c, const struct cedar_action *action, const struct cedar_uid *uid)
{
    const struct cedar_action *group = cedar_schema_action(c->s, uid->type, uid->id);

    return action == group || (group != NULL && cedar_action_has_ancestor(action, group));
}

bool scope_allows_action(const struct checker *c, const struct cedar_scope *scope, const struct cedar_action *action)
{
    bool in_one = false;

    switch (scope->kind) {
    case CEDAR_SCOPE_ANY:
        return true;
    case CEDAR_SCOPE_EQ:
        return action == cedar_schema_action(c->s, scope->uid.type, scope->uid.id);
    case CEDAR_SCOPE_IN:
        return is_action_in(c, action, &scope->uid);
    case CEDAR_SCOPE_IN_SET:
        for (size_t i = 0; i < scope->n_uids; i++) {
            if (cedar_schema_action(c->s, scope->uids[i].type, scope->uids[i].id) == NULL)
                return false; /* one unknown action, and the list says nothing */
            in_one = in_one || is_action_in(c, action, &scope->uids[i]);
        }
        return in_one;
    default:
        return false;
    }
}

static bool allows_one(struct checker *c, const struct cedar_scope *scope, const struct cedar_entity_type *const *types,
                       size_t n)
{
    for (size_t i = 0; i < n && !check_tired(c, 1); i++)
        if (scope_allows_type(c, scope, types[i]))
            return true;
    return false;
}

/* Advice: would `in` instead of `==` help, since the type that is named can hold what the action applies to? */
static bool in_would_help(struct checker *c, const struct cedar_scope *scope,
                          const struct cedar_entity_type *const *types, size_t n)
{
    if (scope->kind != CEDAR_SCOPE_EQ || scope->slot)
        return false;
    for (size_t i = 0; i < n; i++)
        if (is_in(c, types[i], &scope->uid))
            return true;
    return false;
}

static void add_types(struct buf *b, const struct cedar_entity_type *const *types, size_t n)
{
    for (size_t i = 0; i < n && i < 8; i++)
        buf_printf(b, "%s%.*s", i == 0 ? "" : ", ", STR_ARG(types[i]->name));
    buf_add(b, n > 8 ? S(" …") : S(""));
}

/* Where one action is named: what it applies to. */
static void expect_types(struct checker *c, const struct cedar_scope *scope)
{
    const struct cedar_action *x =
        scope->kind == CEDAR_SCOPE_EQ ? cedar_schema_action(c->s, scope->uid.type, scope->uid.id) : NULL;
    struct buf principals = buf_new(c->scratch, 400), resources = buf_new(c->scratch, 400);

    if (x == NULL || x->principal_n == 0 || x->resource_n == 0)
        return;
    add_types(&principals, x->principals, x->principal_n);
    add_types(&resources, x->resources, x->resource_n);
    cedar_expected(c->d, "a principal of type %.*s, and a resource of type %.*s", STR_ARG(buf_str(&principals)),
                   STR_ARG(buf_str(&resources)));
}

static void check_application(struct checker *c)
{
    const struct cedar_policy *p = c->policy;
    bool principal_help = false, resource_help = false;

    for (size_t i = 0; i < cedar_schema_action_n(c->s) && !check_tired(c, 1 + p->action.n_uids); i++) {
        const struct cedar_action *x = cedar_schema_action_at(c->s, i);
        if (!scope_allows_action(c, &p->action, x))
            continue;
        if (allows_one(c, &p->principal, x->principals, x->principal_n) &&
            allows_one(c, &p->resource, x->resources, x->resource_n))
            return;
        principal_help = principal_help || in_would_help(c, &p->principal, x->principals, x->principal_n);
        resource_help = resource_help || in_would_help(c, &p->resource, x->resources, x->resource_n);
    }
    if (!check_error(c, CEDAR_FINDING_NO_ACTION, p->span, "no action applies to this scope"))
        return;
    if (!principal_help && !resource_help)
        expect_types(c, &p->action);
    else
        cedar_expected(c->d, "`%s in ...` instead of `%s == ...`", principal_help ? "principal" : "resource",
                       principal_help ? "principal" : "resource");
}

void check_scope(struct checker *c)
{
    check_names_of_scope(c, &c->policy->principal);
    check_names_of_scope(c, &c->policy->action);
    check_names_of_scope(c, &c->policy->resource);
    if (!c->wrong) /* to what does not exist, nothing applies: once is enough */
        check_application(c);
}
