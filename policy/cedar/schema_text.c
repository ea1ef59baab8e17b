/* SPDX-License-Identifier: EUPL-1.2
 * Cedar's schema syntax -> declarations.  Words such as "entity" are keywords only where the grammar says so; an
 * entity type may well be called "entity".  After an error the parser goes on with the next declaration, so that one
 * run reports as many errors as it can.  [Cedar reference: Schema grammar]
 */
#include "policy/cedar/lexer.h"
#include "policy/cedar/schema_decl.h"

struct parser {
    struct arena *scratch;
    struct cedar_diags *d;
    const struct cedar_token *tok; /* the next one; the last is END */
    struct cedar_span last;        /* of the one before */
    unsigned open;                 /* braces and brackets open in the present declaration */
    unsigned depth;                /* of the present type */
    const struct decl_namespace *ns;
    struct decl_schema decls;
    struct decl_namespace **namespace_end;
    struct decl_common **common_end;
    struct decl_entity **entity_end;
    struct decl_action **action_end;
};

static bool parse_type(struct parser *p, struct decl_type **out);

/* Tokens ------------------------------------------------------------------ */

static bool at(const struct parser *p, enum cedar_token_kind kind)
{
    return p->tok->kind == kind;
}

static bool at_word(const struct parser *p, struct str word)
{
    return cedar_token_is(p->tok, word);
}

static void advance(struct parser *p)
{
    if (at(p, CEDAR_T_LBRACE) || at(p, CEDAR_T_LBRACKET))
        p->open++;
    else if ((at(p, CEDAR_T_RBRACE) || at(p, CEDAR_T_RBRACKET)) && p->open > 0)
        p->open--;
    p->last = p->tok->span;
    if (!at(p, CEDAR_T_END))
        p->tok++;
}

static bool accept(struct parser *p, enum cedar_token_kind kind)
{
    if (!at(p, kind))
        return false;
    advance(p);
    return true;
}

static bool accept_word(struct parser *p, struct str word)
{
    if (!at_word(p, word))
        return false;
    advance(p);
    return true;
}

static bool unexpected(struct parser *p, const char *wanted)
{
    if (at(p, CEDAR_T_NAME) || at(p, CEDAR_T_STRING) || at(p, CEDAR_T_NUMBER))
        cedar_fault(p->d, CEDAR_FINDING_SYNTAX, p->tok->span, "`%.*s` cannot stand here", STR_ARG(p->tok->text));
    else
        cedar_fault(p->d, CEDAR_FINDING_SYNTAX, p->tok->span, "%s cannot stand here", cedar_token_words(p->tok->kind));
    return cedar_expected(p->d, "%s", wanted);
}

static bool expect(struct parser *p, enum cedar_token_kind kind)
{
    return accept(p, kind) || unexpected(p, cedar_token_words(kind));
}

static struct cedar_span since(const struct parser *p, struct cedar_span from)
{
    return (struct cedar_span){ from.at, p->last.end };
}

/* Names --------------------------------------------------------------------- */

static bool parse_ident(struct parser *p, struct str *out)
{
    if (!at(p, CEDAR_T_NAME))
        return unexpected(p, "a name");
    if (!schema_is_ident(p->tok->text))
        return cedar_fault(p->d, CEDAR_FINDING_NAME, p->tok->span, "`%.*s` is reserved and cannot be a name",
                           STR_ARG(p->tok->text));
    *out = p->tok->text;
    advance(p);
    return true;
}

static bool parse_string(struct parser *p, struct str *out)
{
    if (!at(p, CEDAR_T_STRING))
        return unexpected(p, "a string");
    if (!cedar_unescape(p->d, p->tok, out))
        return false;
    advance(p);
    return true;
}

/* A name or a string: how attributes and actions are called. */
static bool parse_name(struct parser *p, struct str *out)
{
    return at(p, CEDAR_T_STRING) ? parse_string(p, out) : parse_ident(p, out);
}

/* A::B::C, always written without white space in *out. */
static bool parse_path(struct parser *p, struct str *out)
{
    struct str part = { 0 };

    if (!parse_ident(p, out))
        return false;
    while (at(p, CEDAR_T_COLONS) && p->tok[1].kind == CEDAR_T_NAME) {
        advance(p);
        if (!parse_ident(p, &part))
            return false;
        struct str head =
            arena_join(p->scratch, *out, S("::")); /* NOLINT(clang-analyzer-core.CallAndMessage): *out is set */
        *out = arena_join(p->scratch, head, part);
    }
    return true;
}

static struct decl_name *add_name(struct parser *p, struct decl_name ***end, struct str name, struct cedar_span where)
{
    struct decl_name *n = arena_make(p->scratch, struct decl_name);

    n->name = name;
    n->at = where;
    **end = n;
    *end = &n->next;
    return n;
}

/* item {, item}; no comma at the end. */
static bool parse_names(struct parser *p, struct decl_name **out, bool (*item)(struct parser *, struct str *))
{
    do {
        struct cedar_span from = p->tok->span;
        struct str name;
        if (!item(p, &name))
            return false;
        add_name(p, &out, name, since(p, from));
    } while (accept(p, CEDAR_T_COMMA));
    return true;
}

/* Path | [ {Path} ] */
static bool parse_entity_types(struct parser *p, struct decl_name **out)
{
    struct cedar_span from = p->tok->span;
    struct str name = { 0 };

    if (accept(p, CEDAR_T_LBRACKET)) {
        if (!at(p, CEDAR_T_RBRACKET) && !parse_names(p, out, parse_path))
            return false;
        return expect(p, CEDAR_T_RBRACKET);
    }
    if (!parse_path(p, &name))
        return false;
    add_name(p, &out, name, since(p, from));
    return true;
}

/* @key or @key("value"), any number; they say nothing to a machine, but must be well formed and unique. */
static bool parse_annotations(struct parser *p)
{
    const struct cedar_token *first = p->tok;

    while (accept(p, CEDAR_T_AT)) {
        struct str value;
        if (!at(p, CEDAR_T_NAME))
            return unexpected(p, "the name of an annotation");
        for (const struct cedar_token *t = first; t < p->tok; t++)
            if (t->kind == CEDAR_T_AT && &t[1] < p->tok && str_eq(t[1].text, p->tok->text))
                return cedar_fault(p->d, CEDAR_FINDING_TWICE, p->tok->span, "annotation `@%.*s` is given twice",
                                   STR_ARG(p->tok->text));
        advance(p);
        if (accept(p, CEDAR_T_LPAREN) && (!parse_string(p, &value) || !expect(p, CEDAR_T_RPAREN)))
            return false;
    }
    return true;
}

/* Types --------------------------------------------------------------------- */

static struct decl_type *new_type(struct parser *p, enum decl_kind kind, struct cedar_span where)
{
    struct decl_type *t = arena_make(p->scratch, struct decl_type);

    t->kind = kind;
    t->at = where;
    return t;
}

static bool parse_attr(struct parser *p, struct decl_attr *attr)
{
    attr->at = p->tok->span;
    if (!parse_annotations(p))
        return false;
    attr->at = p->tok->span;
    if (!parse_name(p, &attr->name))
        return false;
    attr->required = !accept(p, CEDAR_T_QUESTION);
    return expect(p, CEDAR_T_COLON) && parse_type(p, &attr->type);
}

/* { [attr {, attr} [,]] } */
static bool parse_record(struct parser *p, struct decl_type **out)
{
    struct decl_type *record = new_type(p, DECL_RECORD, p->tok->span);
    struct decl_attr **end = &record->attrs;

    if (!expect(p, CEDAR_T_LBRACE))
        return false;
    while (!at(p, CEDAR_T_RBRACE)) {
        struct decl_attr *attr = arena_make(p->scratch, struct decl_attr);
        if (!parse_attr(p, attr))
            return false;
        *end = attr;
        end = &attr->next;
        record->attr_n++;
        if (!at(p, CEDAR_T_RBRACE) && !accept(p, CEDAR_T_COMMA))
            return unexpected(p, "`,` or `}`");
    }
    advance(p);
    record->at = since(p, record->at);
    *out = record;
    return true;
}

static bool parse_set(struct parser *p, struct decl_type **out)
{
    struct decl_type *set = new_type(p, DECL_SET, p->tok->span);

    advance(p); /* Set */
    advance(p); /* < */
    if (!parse_type(p, &set->element) || !expect(p, CEDAR_T_GT))
        return false;
    set->at = since(p, set->at);
    *out = set;
    return true;
}

static bool parse_type_name(struct parser *p, enum decl_kind kind, struct decl_type **out)
{
    struct decl_type *t = new_type(p, kind, p->tok->span);

    if (!parse_path(p, &t->name))
        return false;
    t->at = since(p, t->at);
    *out = t;
    return true;
}

static bool parse_type(struct parser *p, struct decl_type **out)
{
    bool ok;

    if (p->depth == CEDAR_TYPE_DEPTH_MAX)
        return cedar_fault(p->d, CEDAR_FINDING_TOO_DEEP, p->tok->span, "this type is nested more than %d levels deep",
                           CEDAR_TYPE_DEPTH_MAX);
    p->depth++;
    if (at(p, CEDAR_T_LBRACE))
        ok = parse_record(p, out);
    else if (at_word(p, S("Set")) && p->tok[1].kind == CEDAR_T_LT)
        ok = parse_set(p, out);
    else if (at(p, CEDAR_T_NAME))
        ok = parse_type_name(p, DECL_ENTITY_OR_COMMON, out);
    else
        ok = unexpected(p, "a type");
    p->depth--;
    return ok;
}

/* Declarations ---------------------------------------------------------------- */

static bool parse_choices(struct parser *p, struct decl_entity *e)
{
    return expect(p, CEDAR_T_LBRACKET) && parse_names(p, &e->choices, parse_string) && expect(p, CEDAR_T_RBRACKET) &&
           expect(p, CEDAR_T_SEMICOLON);
}

/* entity Names [in Types] [[=] { ... }] [tags Type] ;   or   entity Names enum [ "...", ... ] ; */
static bool parse_entity(struct parser *p)
{
    struct decl_entity *e = arena_make(p->scratch, struct decl_entity);

    e->ns = p->ns;
    if (!parse_names(p, &e->names, parse_ident))
        return false;
    if (accept_word(p, S("enum"))) {
        if (!parse_choices(p, e))
            return false;
    } else {
        if (accept_word(p, S("in")) && !parse_entity_types(p, &e->parents))
            return false;
        if ((accept(p, CEDAR_T_ASSIGN) || at(p, CEDAR_T_LBRACE)) && !parse_record(p, &e->shape))
            return false;
        if (accept_word(p, S("tags")) && !parse_type(p, &e->tags))
            return false;
        if (!accept(p, CEDAR_T_SEMICOLON))
            return unexpected(p, "`;`");
    }
    *p->entity_end = e;
    p->entity_end = &e->next;
    return true;
}

/* Name | [Path ::] "id" */
static bool parse_group(struct parser *p, struct decl_group *g)
{
    struct cedar_span from = p->tok->span;

    g->type = S("Action");
    if (at(p, CEDAR_T_STRING)) {
        if (!parse_string(p, &g->id))
            return false;
    } else if (!parse_path(p, &g->id)) {
        return false;
    } else if (accept(p, CEDAR_T_COLONS)) {
        g->type = g->id;
        if (!parse_string(p, &g->id))
            return false;
    } else if (str_find(g->id, S("::")) != g->id.n) {
        return unexpected(p, "`::` and the id of an action as a string");
    }
    g->at = since(p, from);
    return true;
}

static bool parse_groups(struct parser *p, struct decl_group **out)
{
    bool list = accept(p, CEDAR_T_LBRACKET);

    do {
        struct decl_group *g = arena_make(p->scratch, struct decl_group);
        if (!parse_group(p, g))
            return false;
        *out = g;
        out = &g->next;
    } while (list && accept(p, CEDAR_T_COMMA));
    return !list || expect(p, CEDAR_T_RBRACKET);
}

/* principal: or resource: with the types that follow. */
static bool parse_applies(struct parser *p, struct decl_name **out, struct cedar_span word)
{
    if (*out != NULL)
        return cedar_fault(p->d, CEDAR_FINDING_TWICE, word, "`%.*s` is given twice",
                           STR_ARG(str_sub(p->d->source->text, word.at, word.end - word.at)));
    if (!expect(p, CEDAR_T_COLON) || !parse_entity_types(p, out))
        return false;
    return *out != NULL || cedar_fault(p->d, CEDAR_FINDING_EMPTY, since(p, word),
                                       "an action must apply to something: name at least one type");
}

static bool parse_context(struct parser *p, struct decl_action *x, struct cedar_span word)
{
    if (x->context != NULL)
        return cedar_fault(p->d, CEDAR_FINDING_TWICE, word, "`context` is given twice");
    if (!expect(p, CEDAR_T_COLON))
        return false;
    if (at(p, CEDAR_T_LBRACE))
        return parse_record(p, &x->context);
    return at(p, CEDAR_T_NAME) ? parse_type_name(p, DECL_COMMON, &x->context) : unexpected(p, "a record or a type");
}

/* { principal: Types, resource: Types [, context: Type] [,] } in any order */
static bool parse_applies_to(struct parser *p, struct decl_action *x)
{
    struct cedar_span from = p->last;

    if (!expect(p, CEDAR_T_LBRACE))
        return false;
    do {
        struct cedar_span word = p->tok->span;
        bool ok = accept_word(p, S("principal"))  ? parse_applies(p, &x->principals, word)
                  : accept_word(p, S("resource")) ? parse_applies(p, &x->resources, word)
                  : accept_word(p, S("context"))  ? parse_context(p, x, word)
                                                  : unexpected(p, "`principal`, `resource` or `context`");
        if (!ok)
            return false;
    } while (accept(p, CEDAR_T_COMMA) && !at(p, CEDAR_T_RBRACE));
    if (!accept(p, CEDAR_T_RBRACE))
        return unexpected(p, "`,` or `}`");
    if (x->principals == NULL || x->resources == NULL)
        return cedar_fault(p->d, CEDAR_FINDING_MEMBER_MISSING, since(p, from), "`appliesTo` lacks `%s`",
                           x->principals == NULL ? "principal" : "resource");
    return true;
}

/* action Names [in Groups] [appliesTo { ... }] [attributes {}] ; */
static bool parse_action(struct parser *p)
{
    struct decl_action *x = arena_make(p->scratch, struct decl_action);

    x->ns = p->ns;
    if (!parse_names(p, &x->names, parse_name))
        return false;
    if (accept_word(p, S("in")) && !parse_groups(p, &x->groups))
        return false;
    if (accept_word(p, S("appliesTo")) && !parse_applies_to(p, x))
        return false;
    if (accept_word(p, S("attributes")) && (!expect(p, CEDAR_T_LBRACE) || !expect(p, CEDAR_T_RBRACE)))
        return false;
    if (!expect(p, CEDAR_T_SEMICOLON))
        return false;
    *p->action_end = x;
    p->action_end = &x->next;
    return true;
}

static bool parse_common(struct parser *p)
{
    struct decl_common *c = arena_make(p->scratch, struct decl_common);
    struct decl_name **end = &c->name;
    struct cedar_span from = p->tok->span;
    struct str name;

    if (!parse_ident(p, &name))
        return false;
    add_name(p, &end, name, from);
    c->ns = p->ns;
    if (!expect(p, CEDAR_T_ASSIGN) || !parse_type(p, &c->type) || !expect(p, CEDAR_T_SEMICOLON))
        return false;
    *p->common_end = c;
    p->common_end = &c->next;
    return true;
}

static bool parse_decl(struct parser *p)
{
    p->open = 0;
    p->depth = 0;
    if (accept_word(p, S("entity")))
        return parse_entity(p);
    if (accept_word(p, S("action")))
        return parse_action(p);
    if (accept_word(p, S("type")))
        return parse_common(p);
    return unexpected(p, p->ns->name.n == 0 ? "`entity`, `action`, `type` or `namespace`"
                                            : "`entity`, `action`, `type` or `}`");
}

/* After an error: on behind the `;` that ends this declaration, or before the `}` that ends its namespace. */
static void skip_decl(struct parser *p)
{
    while (!at(p, CEDAR_T_END)) {
        if (p->open == 0 && at(p, CEDAR_T_RBRACE))
            return;
        if (p->open == 0 && accept(p, CEDAR_T_SEMICOLON))
            return;
        advance(p);
    }
}

static void parse_annotated_decl(struct parser *p)
{
    p->open = 0;
    if (!parse_annotations(p) || !parse_decl(p))
        skip_decl(p);
}

static const struct decl_namespace *add_namespace(struct parser *p, struct str name, struct cedar_span where)
{
    struct decl_namespace *ns = arena_make(p->scratch, struct decl_namespace);

    ns->name = name;
    ns->at = where;
    *p->namespace_end = ns;
    p->namespace_end = &ns->next;
    return ns;
}

static bool parse_namespace(struct parser *p)
{
    const struct decl_namespace *outside = p->ns;
    struct cedar_span from = p->tok->span;
    struct str name;

    if (!parse_path(p, &name))
        return false;
    p->ns = add_namespace(p, name, since(p, from));
    if (!expect(p, CEDAR_T_LBRACE)) {
        p->ns = outside;
        return false;
    }
    while (!at(p, CEDAR_T_RBRACE) && !at(p, CEDAR_T_END))
        parse_annotated_decl(p);
    p->ns = outside;
    return expect(p, CEDAR_T_RBRACE);
}

/* Annotations may stand before a namespace as well as before a declaration. */
static void parse_top(struct parser *p)
{
    p->open = 0;
    if (!parse_annotations(p) || !(accept_word(p, S("namespace")) ? parse_namespace(p) : parse_decl(p))) {
        skip_decl(p);
        accept(p, CEDAR_T_RBRACE); /* nothing is open here that it could close */
    }
}

const struct cedar_schema *cedar_schema_parse_text(struct arena *a, struct cedar_diags *d)
{
    struct arena *scratch;
    const struct cedar_schema *schema = NULL;
    size_t n, before = d->errors;

    if (d->source->text.n > CEDAR_SCHEMA_TEXT_MAX) {
        cedar_fault(d, CEDAR_FINDING_TOO_LARGE, (struct cedar_span){ 0, 0 }, "the schema is longer than %d bytes",
                    CEDAR_SCHEMA_TEXT_MAX);
        return NULL;
    }
    scratch = arena_scratch(a);
    struct parser p = { .scratch = scratch, .d = d, .tok = cedar_lex(d, CEDAR_LEX_SCHEMA, &n) };
    p.namespace_end = &p.decls.namespaces;
    p.common_end = &p.decls.commons;
    p.entity_end = &p.decls.entities;
    p.action_end = &p.decls.actions;
    p.ns = add_namespace(&p, S(""), (struct cedar_span){ 0, 0 });
    while (!at(&p, CEDAR_T_END))
        parse_top(&p);
    if (d->errors == before)
        schema = schema_build(a, scratch, &p.decls, d);
    arena_free(scratch);
    return schema;
}
