/* SPDX-License-Identifier: EUPL-1.2
 * Attributes and tags: what is declared, what may be missing, and what `has` has shown to be there.
 */
#include "policy/cedar/lexer.h"
#include "policy/cedar/validate_int.h"

static const struct cedar_type *any(enum cedar_type_kind kind)
{
    return cedar_type_of(kind);
}

static struct answer want_attrs(struct checker *c, const struct cap *prior, const struct cedar_expr *e,
                                const char *hint)
{
    return check_wanted(c, prior, e, any(CEDAR_TYPE_ANY_ENTITY), any(CEDAR_TYPE_RECORD), hint);
}

/* The common attribute of several entity types (permissive validation): they all have it, with types that go
 * together. */
static bool shared_attr(struct checker *c, const struct cedar_type *t, struct str name, struct cedar_attr *out)
{
    enum cedar_lub_help help;

    for (size_t i = 0; i < t->entity_n; i++) {
        const struct cedar_attr *attr = cedar_type_attr(t->entities[i]->shape, name);
        if (attr == NULL || check_tired(c, attr->type->nodes))
            return false;
        if (i == 0)
            *out = *attr;
        out->required = out->required && attr->required;
        out->type = cedar_type_lub(c->scratch, out->type, attr->type, CEDAR_PERMISSIVE, &help);
        if (out->type == NULL)
            return false;
    }
    return true;
}

static bool find_attr(struct checker *c, const struct cedar_type *t, struct str name, struct cedar_attr *out)
{
    const struct cedar_attr *attr;

    if (t->kind == CEDAR_TYPE_ENTITY)
        return shared_attr(c, t, name, out);
    attr = t->kind == CEDAR_TYPE_RECORD ? cedar_type_attr(t, name) : NULL;
    if (attr != NULL)
        *out = *attr;
    return attr != NULL;
}

/* Could a value of this type have the attribute? */
static bool may_have_attr(const struct cedar_type *t, struct str name)
{
    if (t->kind == CEDAR_TYPE_RECORD)
        return t->open || cedar_type_attr(t, name) != NULL;
    for (size_t i = 0; i < t->entity_n; i++)
        if (cedar_type_attr(t->entities[i]->shape, name) != NULL)
            return true;
    return t->kind == CEDAR_TYPE_ANY_ENTITY || t->kind == CEDAR_TYPE_NEVER;
}

static void guess_attrs(struct cedar_guess *guess, const struct cedar_type *record)
{
    for (size_t i = 0; i < record->attr_n; i++)
        cedar_guess_try(guess, record->attrs[i].name);
}

static void report_unknown(struct checker *c, const struct cedar_expr *e, const struct cedar_type *t)
{
    struct str text = cedar_type_text(c->scratch, t);
    struct cedar_guess guess = cedar_guess_for(e->name);

    if (t->kind == CEDAR_TYPE_RECORD)
        guess_attrs(&guess, t);
    for (size_t i = 0; i < t->entity_n; i++)
        guess_attrs(&guess, t->entities[i]->shape);
    if (check_error(c, CEDAR_FINDING_UNKNOWN_ATTRIBUTE, e->name_span.end != 0 ? e->name_span : e->span,
                    "%.*s has no attribute \"%.*s\"%s", STR_ARG(text), STR_ARG(e->name),
                    may_have_attr(t, e->name) ? " in all cases" : ""))
        cedar_near(c->d, arena_str(c->d->arena, guess.best));
}

/* The reach of what an entity, or a record, holds. */
static uint8_t beyond(struct answer of)
{
    return of.type->kind == CEDAR_TYPE_RECORD || of.reach >= REACH_LITERAL - 1 ? of.reach : (uint8_t)(of.reach + 1);
}

/* The advice, and, where the policy is a text, what to write. */
static void expect_asking(struct checker *c, const struct cedar_expr *on, const char *how, struct str name,
                          const char *advice)
{
    const struct cedar_source *source = c->policy->source;
    struct cedar_span at = on->span;

    if (source == NULL || at.end <= at.at || at.end > source->text.n || at.end - at.at > 60 || name.n > 60 ||
        (name.n > 0 && !cedar_is_ident(name)))
        cedar_expected(c->d, "%s", advice);
    else
        cedar_expected(c->d, "%s: `%.*s%s%.*s && …`", advice, (int)(at.end - at.at), source->text.p + at.at, how,
                       STR_ARG(name));
}

struct answer check_attr(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    struct answer on = want_attrs(c, prior, e->kids[0], NULL);
    struct cedar_attr attr = { 0 };

    if (on.type == NULL)
        return (struct answer){ 0 };
    check_level(c, on, e->span);
    const struct part *part = on.parts;
    while (part != NULL && !str_eq(part->name, e->name))
        part = part->next;
    uint8_t reach = part != NULL ? part->is.reach : beyond(on);
    const struct part *parts = part != NULL ? part->is.parts : NULL;
    if (!find_attr(c, on.type, e->name, &attr)) {
        report_unknown(c, e, on.type);
        return (struct answer){ 0 };
    }
    if (attr.required || caps_have(c, prior, caps_attr(c, e->kids[0], e->name)))
        return (struct answer){ attr.type, NULL, on.ok, reach, parts };
    struct str text = cedar_type_text(c->scratch, on.type);
    if (check_error(c, CEDAR_FINDING_OPTIONAL_ATTRIBUTE, e->name_span.end != 0 ? e->name_span : e->span,
                    "attribute \"%.*s\" of %.*s is optional", STR_ARG(e->name), STR_ARG(text)))
        expect_asking(c, e->kids[0], " has ", e->name, "`has` before the access, joined with `&&` or `if`");
    return (struct answer){ attr.type, NULL, false, reach, parts };
}

/* An entity may be missing from the store, so even a required attribute may; a record is always whole. */
struct answer check_has(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    struct answer on = want_attrs(c, prior, e->kids[0], "for sets there is `.contains()`, for strings `like`");
    struct cedar_attr attr = { 0 };
    const struct cap *cap;
    bool sure;

    if (on.type == NULL)
        return check_of(CEDAR_TYPE_BOOL, false);
    check_level(c, on, e->span);
    if (!find_attr(c, on.type, e->name, &attr))
        return check_of(may_have_attr(on.type, e->name) ? CEDAR_TYPE_BOOL : CEDAR_TYPE_FALSE, on.ok);
    cap = caps_attr(c, e->kids[0], e->name);
    sure = (attr.required && on.type->kind == CEDAR_TYPE_RECORD) || caps_have(c, prior, cap);
    return (struct answer){ any(sure ? CEDAR_TYPE_TRUE : CEDAR_TYPE_BOOL), on.ok ? cap : NULL, on.ok, 0, NULL };
}

/* Tags ------------------------------------------------------------------------ */

/* What the type gives its tags: the common type of those that have some.  n counts them; NULL when they do not go
 * together (reported) or there is none. */
static const struct cedar_type *tags_of_list(struct checker *c, const struct cedar_expr *e,
                                             const struct cedar_type *sum, const struct cedar_entity_type *type,
                                             size_t *n)
{
    if (type->tags == NULL)
        return sum;
    (*n)++;
    return sum == NULL ? NULL : check_common_type(c, e->span, sum, type->tags);
}

static size_t tag_type(struct checker *c, const struct cedar_expr *e, const struct cedar_type *t,
                       const struct cedar_type **out)
{
    const struct cedar_type *sum = any(CEDAR_TYPE_NEVER);
    size_t n = 0;

    for (size_t i = 0; i < t->entity_n; i++)
        sum = tags_of_list(c, e, sum, t->entities[i], &n);
    for (size_t i = 0; t->kind == CEDAR_TYPE_ANY_ENTITY && i < cedar_schema_entity_type_n(c->s); i++)
        sum = tags_of_list(c, e, sum, cedar_schema_entity_type_at(c->s, i), &n);
    *out = sum;
    return n;
}

static bool has_tags(struct checker *c, const struct cedar_type *t)
{
    for (size_t i = 0; i < t->entity_n; i++)
        if (t->entities[i]->tags != NULL)
            return true;
    for (size_t i = 0; t->kind == CEDAR_TYPE_ANY_ENTITY && i < cedar_schema_entity_type_n(c->s); i++)
        if (cedar_schema_entity_type_at(c->s, i)->tags != NULL)
            return true;
    return false;
}

static struct answer want_tagged(struct checker *c, const struct cap *prior, const struct cedar_expr *e, bool *ok)
{
    struct answer on = check_wanted(c, prior, e->kids[0], any(CEDAR_TYPE_ANY_ENTITY), NULL, NULL);
    struct answer key = check_wanted(c, prior, e->kids[1], any(CEDAR_TYPE_STRING), NULL, NULL);

    *ok = on.ok && key.ok;
    check_level(c, on, e->span);
    return on;
}

struct answer check_has_tag(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    bool ok;
    struct answer on = want_tagged(c, prior, e, &ok);
    const struct cap *cap = caps_tag(c, e->kids[0], e->kids[1]);
    enum cedar_type_kind kind = CEDAR_TYPE_BOOL;

    if (on.type == NULL)
        return (struct answer){ 0 };
    if (!has_tags(c, on.type))
        kind = CEDAR_TYPE_FALSE;
    else if (caps_have(c, prior, cap))
        kind = CEDAR_TYPE_TRUE;
    return (struct answer){ any(kind), ok ? cap : NULL, ok, 0, NULL };
}

struct answer check_get_tag(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    const struct cedar_type *type;
    bool ok;
    struct answer on = want_tagged(c, prior, e, &ok);

    if (on.type == NULL)
        return (struct answer){ 0 };
    struct str text = cedar_type_text(c->scratch, on.type);
    if (!caps_have(c, prior, caps_tag(c, e->kids[0], e->kids[1]))) {
        if (check_error(c, CEDAR_FINDING_OPTIONAL_TAG, e->span, "this tag of %.*s may be missing", STR_ARG(text)))
            expect_asking(c, e->kids[0], ".hasTag(…)", S(""),
                          "`.hasTag()` with the same text before the access, joined with `&&` or `if`");
        return (struct answer){ 0 };
    }
    if (tag_type(c, e, on.type, &type) == 0) {
        check_error(c, CEDAR_FINDING_NO_TAGS, e->span, "%.*s has no tags", STR_ARG(text));
        return (struct answer){ 0 };
    }
    return (struct answer){ type, NULL, ok && type != NULL, beyond(on), NULL };
}
