/* SPDX-License-Identifier: EUPL-1.2
 * The JSON form of a schema -> declarations.  Strict: a member that nobody reads is an error, because a misspelt
 * "required" would silently mean its opposite.  [Cedar reference: JSON schema format]
 */
#include "policy/cedar/json.h"
#include "policy/cedar/lexer.h"
#include "policy/cedar/schema_decl.h"

enum { MEMBERS_MAX = 8 };

struct reader {
    struct arena *scratch;
    struct cedar_diags *d;
    const struct decl_namespace *ns;
    struct decl_schema decls;
    struct decl_namespace **namespace_end;
    struct decl_common **common_end;
    struct decl_entity **entity_end;
    struct decl_action **action_end;
};

/* What an object may hold, and what of that it must; "!" before a name says must. */
struct form {
    const char *what;
    const char *members[MEMBERS_MAX];
};

static const struct form namespace_form = { "a namespace",
                                            { "!entityTypes", "!actions", "commonTypes", "annotations" } };
static const struct form entity_form = { "an entity type", { "memberOfTypes", "shape", "tags", "annotations" } };
static const struct form enum_form = { "an enumerated entity type", { "!enum", "annotations" } };
static const struct form action_form = { "an action", { "appliesTo", "memberOf", "attributes", "annotations" } };
static const struct form applies_form = { "appliesTo", { "!principalTypes", "!resourceTypes", "context" } };
static const struct form group_form = { "an action group", { "!id", "type" } };

/* Where a type stands decides which further members its object may have. */
enum place { PLACE_PLAIN = 0, PLACE_COMMON, PLACE_ATTR };
static const struct form place_forms[] = {
    [PLACE_PLAIN] = { "a type", { "!type" } },
    [PLACE_COMMON] = { "a common type", { "!type", "annotations" } },
    [PLACE_ATTR] = { "an attribute", { "!type", "required", "annotations" } },
};

static bool read_record(struct reader *r, const struct cedar_json *o, struct decl_type *t);
static bool read_set(struct reader *r, const struct cedar_json *o, struct decl_type *t);
static bool read_named(struct reader *r, const struct cedar_json *o, struct decl_type *t);
static bool read_extension(struct reader *r, const struct cedar_json *o, struct decl_type *t);

static const struct type_word {
    const char *word;
    enum decl_kind kind;
    enum cedar_type_kind builtin;
    struct form form;
    bool (*read)(struct reader *, const struct cedar_json *, struct decl_type *);
} type_words[] = {
    { "String", DECL_BUILTIN, CEDAR_TYPE_STRING, { "String", { NULL } }, NULL },
    { "Long", DECL_BUILTIN, CEDAR_TYPE_LONG, { "Long", { NULL } }, NULL },
    { "Boolean", DECL_BUILTIN, CEDAR_TYPE_BOOL, { "Boolean", { NULL } }, NULL },
    { "Set", DECL_SET, 0, { "Set", { "!element" } }, read_set },
    { "Record", DECL_RECORD, 0, { "Record", { "!attributes", "additionalAttributes" } }, read_record },
    { "Entity", DECL_ENTITY, 0, { "Entity", { "!name" } }, read_named },
    { "EntityOrCommon", DECL_ENTITY_OR_COMMON, 0, { "EntityOrCommon", { "!name" } }, read_named },
    { "Extension", DECL_BUILTIN, 0, { "Extension", { "!name" } }, read_extension },
};
static const struct form common_ref_form = { "a reference to a common type", { NULL } };

/* Shapes --------------------------------------------------------------------- */

static bool must_be(struct reader *r, const struct cedar_json *v, enum cedar_json_kind kind, const char *what)
{
    if (v->kind == kind)
        return true;
    cedar_fault(r->d, CEDAR_FINDING_JSON_KIND, v->span, "%s cannot be %s", what, cedar_json_kind_name(v->kind));
    return cedar_expected(r->d, "%s", cedar_json_kind_name(kind));
}

static bool in_form(const struct form *form, struct str name)
{
    for (size_t i = 0; i < MEMBERS_MAX && form->members[i] != NULL; i++)
        if (str_eq(name, str_of(form->members[i] + (form->members[i][0] == '!'))))
            return true;
    return false;
}

static void offer_members(struct cedar_guess *guess, const struct form *form)
{
    for (size_t i = 0; i < MEMBERS_MAX && form->members[i] != NULL; i++)
        cedar_guess_try(guess, str_of(form->members[i] + (form->members[i][0] == '!')));
}

/* Members of one form, or of either of two. */
static bool check_members(struct reader *r, const struct cedar_json *o, const struct form *form,
                          const struct form *also)
{
    size_t before = r->d->errors;

    for (size_t i = 0; i < o->n; i++) {
        struct cedar_guess guess = cedar_guess_for(o->names[i]);
        if (in_form(form, o->names[i]) || (also != NULL && in_form(also, o->names[i])))
            continue;
        offer_members(&guess, form);
        if (also != NULL)
            offer_members(&guess, also);
        cedar_fault(r->d, CEDAR_FINDING_MEMBER_UNKNOWN, o->name_spans[i], "%s has no \"%.*s\"", form->what,
                    STR_ARG(o->names[i]));
        cedar_near(r->d, guess.best);
    }
    for (size_t i = 0; i < MEMBERS_MAX && form->members[i] != NULL; i++)
        if (form->members[i][0] == '!' && cedar_json_get(o, str_of(form->members[i] + 1)) == NULL)
            cedar_fault(r->d, CEDAR_FINDING_MEMBER_MISSING, o->span, "%s lacks \"%s\"", form->what,
                        form->members[i] + 1);
    return r->d->errors == before;
}

/* A member that may be missing; null counts as missing where Cedar says so. */
static const struct cedar_json *optional(const struct cedar_json *o, struct str name)
{
    const struct cedar_json *v = cedar_json_get(o, name);

    return v != NULL && v->kind != CEDAR_JSON_NULL ? v : NULL;
}

static bool check_annotations(struct reader *r, const struct cedar_json *o)
{
    const struct cedar_json *all = cedar_json_get(o, S("annotations"));
    bool ok = true;

    if (all == NULL)
        return true;
    if (!must_be(r, all, CEDAR_JSON_OBJECT, "annotations"))
        return false;
    for (size_t i = 0; i < all->n; i++) {
        if (!cedar_is_ident(all->names[i]))
            ok = cedar_fault(r->d, CEDAR_FINDING_NAME, all->name_spans[i], "\"%.*s\" cannot name an annotation",
                             STR_ARG(all->names[i]));
        if (all->items[i].kind != CEDAR_JSON_NULL && !must_be(r, &all->items[i], CEDAR_JSON_STRING, "an annotation"))
            ok = false;
    }
    return ok;
}

static bool check_ident(struct reader *r, struct str name, struct cedar_span where)
{
    return schema_is_ident(name) ||
           cedar_fault(r->d, CEDAR_FINDING_NAME, where, "\"%.*s\" cannot be a name", STR_ARG(name));
}

static struct decl_name *new_name(struct reader *r, struct str name, struct cedar_span where)
{
    struct decl_name *n = arena_make(r->scratch, struct decl_name);

    n->name = name;
    n->at = where;
    return n;
}

/* An array of strings; those of a path's form when path is set. */
static bool read_names(struct reader *r, const struct cedar_json *list, bool path, struct decl_name **out)
{
    bool ok = must_be(r, list, CEDAR_JSON_ARRAY, path ? "a list of types" : "a list of ids");

    for (size_t i = 0; ok && i < list->n; i++) {
        const struct cedar_json *v = &list->items[i];
        if (!must_be(r, v, CEDAR_JSON_STRING, path ? "a type" : "an id"))
            return false;
        if (path && !schema_is_path(v->text))
            ok = cedar_fault(r->d, CEDAR_FINDING_NAME, v->span, "\"%.*s\" cannot be the name of a type",
                             STR_ARG(v->text));
        *out = new_name(r, v->text, v->span);
        out = &(*out)->next;
    }
    return ok;
}

/* Types ----------------------------------------------------------------------- */

static struct decl_type *read_type(struct reader *r, const struct cedar_json *o, enum place place)
{
    struct decl_type *t = arena_make(r->scratch, struct decl_type);
    const struct cedar_json *word = cedar_json_get(o, S("type"));
    const struct type_word *row = NULL;

    if (!must_be(r, o, CEDAR_JSON_OBJECT, "a type"))
        return NULL;
    if (word != NULL && !must_be(r, word, CEDAR_JSON_STRING, "\"type\""))
        return NULL;
    for (size_t i = 0; word != NULL && i < sizeof type_words / sizeof type_words[0]; i++)
        if (str_eq(word->text, str_of(type_words[i].word)))
            row = &type_words[i];
    if (!check_members(r, o, row != NULL ? &row->form : &common_ref_form, &place_forms[place]) ||
        !check_annotations(r, o))
        return NULL;
    if (word == NULL) {
        cedar_fault(r->d, CEDAR_FINDING_MEMBER_MISSING, o->span, "%s lacks \"type\"", place_forms[place].what);
        return NULL;
    }
    t->at = o->span;
    t->kind = row != NULL ? row->kind : DECL_COMMON;
    t->builtin = row != NULL ? row->builtin : CEDAR_TYPE_NONE;
    t->name = word->text;
    if (row == NULL && !schema_is_path(word->text)) {
        cedar_fault(r->d, CEDAR_FINDING_NAME, word->span, "\"%.*s\" cannot be the name of a type", STR_ARG(word->text));
        return NULL;
    }
    return row == NULL || row->read == NULL || row->read(r, o, t) ? t : NULL;
}

static bool read_set(struct reader *r, const struct cedar_json *o, struct decl_type *t)
{
    t->element = read_type(r, cedar_json_get(o, S("element")), PLACE_PLAIN);
    return t->element != NULL;
}

static bool read_attr(struct reader *r, const struct cedar_json *o, struct decl_attr *attr)
{
    const struct cedar_json *required = cedar_json_get(o, S("required"));

    attr->type = read_type(r, o, PLACE_ATTR);
    if (attr->type == NULL || (required != NULL && !must_be(r, required, CEDAR_JSON_BOOL, "\"required\"")))
        return false;
    attr->required = required == NULL || required->boolean;
    return true;
}

static bool read_record(struct reader *r, const struct cedar_json *o, struct decl_type *t)
{
    const struct cedar_json *attrs = cedar_json_get(o, S("attributes"));
    const struct cedar_json *more = cedar_json_get(o, S("additionalAttributes"));
    struct decl_attr **end = &t->attrs;
    bool ok = true;

    if (!must_be(r, attrs, CEDAR_JSON_OBJECT, "\"attributes\""))
        return false;
    if (more != NULL && !must_be(r, more, CEDAR_JSON_BOOL, "\"additionalAttributes\""))
        return false;
    if (more != NULL && more->boolean)
        return cedar_fault(r->d, CEDAR_FINDING_NOT_SUPPORTED, more->span,
                           "records with further attributes are not supported");
    for (size_t i = 0; i < attrs->n; i++) {
        struct decl_attr *attr = arena_make(r->scratch, struct decl_attr);
        attr->name = attrs->names[i];
        attr->at = attrs->name_spans[i];
        ok = read_attr(r, &attrs->items[i], attr) && ok;
        *end = attr;
        end = &attr->next;
        t->attr_n++;
    }
    return ok;
}

static bool read_named(struct reader *r, const struct cedar_json *o, struct decl_type *t)
{
    const struct cedar_json *name = cedar_json_get(o, S("name"));

    if (!must_be(r, name, CEDAR_JSON_STRING, "\"name\""))
        return false;
    t->name = name->text;
    return schema_is_path(t->name) ||
           cedar_fault(r->d, CEDAR_FINDING_NAME, name->span, "\"%.*s\" cannot be the name of a type", STR_ARG(t->name));
}

static bool read_extension(struct reader *r, const struct cedar_json *o, struct decl_type *t)
{
    struct cedar_guess guess;

    if (!read_named(r, o, t))
        return false;
    t->builtin = cedar_type_extension(t->name);
    if (t->builtin != CEDAR_TYPE_NONE)
        return true;
    guess = cedar_guess_for(t->name);
    for (int kind = CEDAR_TYPE_IPADDR; kind <= CEDAR_TYPE_DURATION; kind++)
        cedar_guess_try(&guess, cedar_type_text(r->scratch, cedar_type_of((enum cedar_type_kind)kind)));
    cedar_fault(r->d, CEDAR_FINDING_UNKNOWN_TYPE, cedar_json_get(o, S("name"))->span,
                "there is no extension type \"%.*s\"", STR_ARG(t->name));
    return cedar_near(r->d, arena_str(r->d->arena, guess.best));
}

/* Declarations ------------------------------------------------------------------ */

static void read_common(struct reader *r, struct str name, struct cedar_span where, const struct cedar_json *o)
{
    struct decl_common *c = arena_make(r->scratch, struct decl_common);

    c->ns = r->ns;
    c->name = new_name(r, name, where);
    c->type = read_type(r, o, PLACE_COMMON);
    if (!check_ident(r, name, where) || c->type == NULL)
        return;
    *r->common_end = c;
    r->common_end = &c->next;
}

static bool read_choices(struct reader *r, const struct cedar_json *o, struct decl_entity *e)
{
    const struct cedar_json *list = cedar_json_get(o, S("enum"));

    if (!check_members(r, o, &enum_form, NULL) || !read_names(r, list, false, &e->choices))
        return false;
    return list->n != 0 ||
           cedar_fault(r->d, CEDAR_FINDING_EMPTY, list->span, "an enumerated entity type needs at least one id");
}

static bool read_standard(struct reader *r, const struct cedar_json *o, struct decl_entity *e)
{
    const struct cedar_json *parents = cedar_json_get(o, S("memberOfTypes")), *shape = cedar_json_get(o, S("shape")),
                            *tags = cedar_json_get(o, S("tags"));

    if (!check_members(r, o, &entity_form, NULL) || (parents != NULL && !read_names(r, parents, true, &e->parents)))
        return false;
    if (shape != NULL && (e->shape = read_type(r, shape, PLACE_PLAIN)) == NULL)
        return false;
    return tags == NULL || (e->tags = read_type(r, tags, PLACE_PLAIN)) != NULL;
}

static void read_entity(struct reader *r, struct str name, struct cedar_span where, const struct cedar_json *o)
{
    struct decl_entity *e = arena_make(r->scratch, struct decl_entity);

    e->ns = r->ns;
    e->names = new_name(r, name, where);
    if (!check_ident(r, name, where) || !must_be(r, o, CEDAR_JSON_OBJECT, "an entity type") || !check_annotations(r, o))
        return;
    if (!(cedar_json_get(o, S("enum")) != NULL ? read_choices(r, o, e) : read_standard(r, o, e)))
        return;
    *r->entity_end = e;
    r->entity_end = &e->next;
}

static bool read_group(struct reader *r, const struct cedar_json *o, struct decl_group *g)
{
    const struct cedar_json *type = optional(o, S("type")), *id = cedar_json_get(o, S("id"));

    if (!must_be(r, o, CEDAR_JSON_OBJECT, "an action group") || !check_members(r, o, &group_form, NULL))
        return false;
    if (!must_be(r, id, CEDAR_JSON_STRING, "\"id\"") ||
        (type != NULL && !must_be(r, type, CEDAR_JSON_STRING, "\"type\"")))
        return false;
    g->at = o->span;
    g->id = id->text;
    g->type = type != NULL ? type->text : S("Action");
    return schema_is_path(g->type) ||
           cedar_fault(r->d, CEDAR_FINDING_NAME, type->span, "\"%.*s\" cannot be the name of a type", STR_ARG(g->type));
}

static bool read_groups(struct reader *r, const struct cedar_json *list, struct decl_group **out)
{
    bool ok = must_be(r, list, CEDAR_JSON_ARRAY, "\"memberOf\"");

    for (size_t i = 0; ok && i < list->n; i++) {
        struct decl_group *g = arena_make(r->scratch, struct decl_group);
        ok = read_group(r, &list->items[i], g);
        *out = g;
        out = &g->next;
    }
    return ok;
}

static bool read_applies(struct reader *r, const struct cedar_json *o, struct decl_action *x)
{
    const struct cedar_json *context = cedar_json_get(o, S("context"));

    if (!must_be(r, o, CEDAR_JSON_OBJECT, "\"appliesTo\"") || !check_members(r, o, &applies_form, NULL))
        return false;
    if (!read_names(r, cedar_json_get(o, S("principalTypes")), true, &x->principals) ||
        !read_names(r, cedar_json_get(o, S("resourceTypes")), true, &x->resources))
        return false;
    return context == NULL || (x->context = read_type(r, context, PLACE_PLAIN)) != NULL;
}

static void read_action(struct reader *r, struct str name, struct cedar_span where, const struct cedar_json *o)
{
    struct decl_action *x = arena_make(r->scratch, struct decl_action);
    const struct cedar_json *attributes = optional(o, S("attributes")), *applies = optional(o, S("appliesTo")),
                            *groups = optional(o, S("memberOf"));

    x->ns = r->ns;
    x->names = new_name(r, name, where);
    if (!must_be(r, o, CEDAR_JSON_OBJECT, "an action") || !check_members(r, o, &action_form, NULL) ||
        !check_annotations(r, o))
        return;
    if (attributes != NULL)
        cedar_fault(r->d, CEDAR_FINDING_NOT_SUPPORTED, attributes->span, "actions cannot have attributes");
    if (groups != NULL && !read_groups(r, groups, &x->groups))
        return;
    if (applies != NULL && !read_applies(r, applies, x))
        return;
    *r->action_end = x;
    r->action_end = &x->next;
}

static void read_each(struct reader *r, const struct cedar_json *o, const char *what,
                      void (*read)(struct reader *, struct str, struct cedar_span, const struct cedar_json *))
{
    if (o == NULL || !must_be(r, o, CEDAR_JSON_OBJECT, what))
        return;
    for (size_t i = 0; i < o->n; i++)
        read(r, o->names[i], o->name_spans[i], &o->items[i]);
}

static void read_namespace(struct reader *r, struct str name, struct cedar_span where, const struct cedar_json *o)
{
    struct decl_namespace *ns = arena_make(r->scratch, struct decl_namespace);
    const struct cedar_json *annotations = cedar_json_get(o, S("annotations"));

    ns->name = name;
    ns->at = where;
    *r->namespace_end = ns;
    r->namespace_end = &ns->next;
    r->ns = ns;
    if (name.n != 0 && !schema_is_path(name))
        cedar_fault(r->d, CEDAR_FINDING_NAME, where, "\"%.*s\" cannot be the name of a namespace", STR_ARG(name));
    if (!must_be(r, o, CEDAR_JSON_OBJECT, "a namespace") || !check_members(r, o, &namespace_form, NULL) ||
        !check_annotations(r, o))
        return;
    if (name.n == 0 && annotations != NULL && annotations->n != 0)
        cedar_fault(r->d, CEDAR_FINDING_NOT_SUPPORTED, annotations->span,
                    "the namespace without a name cannot have annotations");
    read_each(r, cedar_json_get(o, S("commonTypes")), "\"commonTypes\"", read_common);
    read_each(r, cedar_json_get(o, S("entityTypes")), "\"entityTypes\"", read_entity);
    read_each(r, cedar_json_get(o, S("actions")), "\"actions\"", read_action);
}

const struct cedar_schema *cedar_schema_parse_json(struct arena *a, struct cedar_diags *d)
{
    struct arena *scratch;
    const struct cedar_schema *schema = NULL;
    const struct cedar_json *root;
    size_t before = d->errors;

    if (d->source->text.n > CEDAR_SCHEMA_TEXT_MAX) {
        cedar_fault(d, CEDAR_FINDING_TOO_LARGE, (struct cedar_span){ 0, 0 }, "the schema is longer than %d bytes",
                    CEDAR_SCHEMA_TEXT_MAX);
        return NULL;
    }
    root = cedar_json_parse(d);
    if (root == NULL)
        return NULL;
    scratch = arena_scratch(a);
    struct reader r = { .scratch = scratch, .d = d };
    r.namespace_end = &r.decls.namespaces;
    r.common_end = &r.decls.commons;
    r.entity_end = &r.decls.entities;
    r.action_end = &r.decls.actions;
    read_each(&r, root, "a schema", read_namespace);
    if (d->errors == before)
        schema = schema_build(a, scratch, &r.decls, d);
    arena_free(scratch);
    return schema;
}
