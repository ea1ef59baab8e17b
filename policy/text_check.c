/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/text_check.h"

#include "base/embed.h"
#include "policy/cedar/engine.h"
#include "policy/form.h"
#include "policy/values.h"

#include <assert.h>
#include <stdlib.h>

struct text_checker {
    const struct registry *registry;
    const struct cedar_schema *schema;
    struct strs categories, vendors; /* of some service, each once, sorted */
};

const struct cedar_schema *policy_schema(struct arena *a)
{
    struct cedar_source *source = arena_make(a, struct cedar_source);

    *source = (struct cedar_source){ S("model.cedarschema"), str_n(policy_files[0].bytes, policy_files[0].size) };
    struct cedar_diags d = cedar_diags_new(a, source);
    const struct cedar_schema *schema = cedar_schema_parse_text(a, &d);
    assert(schema != NULL);
    return schema;
}

static int by_text(const void *x, const void *y)
{
    return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

static void sort_once(struct strs *list)
{
    size_t n = 0;

    if (list->n > 0)
        qsort(list->at, list->n, sizeof *list->at, by_text);
    for (size_t i = 0; i < list->n; i++)
        if (n == 0 || !str_eq(list->at[n - 1], list->at[i]))
            list->at[n++] = list->at[i];
    list->n = n;
}

struct text_checker *text_checker_new(struct arena *a, const struct registry *r)
{
    struct text_checker *c = arena_make(a, struct text_checker);
    const struct registry_parts *parts = registry_parts(r);

    *c = (struct text_checker){ .registry = r, .schema = policy_schema(a) };
    c->categories.at = arena_make_n(a, parts->service_count + 1, struct str);
    c->vendors.at = arena_make_n(a, parts->service_count + 1, struct str);
    for (size_t i = 0; i < parts->service_count; i++) {
        c->categories.at[c->categories.n++] = parts->services[i].category;
        if (str_is_set(parts->services[i].vendor))
            c->vendors.at[c->vendors.n++] = parts->services[i].vendor;
    }
    sort_once(&c->categories);
    sort_once(&c->vendors);
    return c;
}

/* Gives a code to all findings from this one on that have none. */
static void code_from(struct cedar_diags *d, size_t first, const char *code)
{
    for (size_t i = first; i < d->n; i++)
        if (d->items[i].code == NULL)
            d->items[i].code = code;
}

static bool wrong(struct cedar_diags *d, const char *code, struct cedar_span where, const char *why)
{
    (void)cedar_error(d, where, "%s", why);
    return cedar_code(d, code);
}

/* ---- Names. */

struct looking { /* for names, in one text */
    const struct text_checker *c;
    const struct policy *row;
    struct cedar_diags *d;
};

static bool has(const struct strs *sorted, struct str s)
{
    return sorted->n > 0 && bsearch(&s, sorted->at, sorted->n, sizeof s, by_text) != NULL;
}

/* The school that the id of a School, or of a Group ("oulu/99101/7B"), begins with; NULL: none. */
static const struct school *school_of(const struct text_checker *c, struct str id, bool group,
                                      const struct provider **provider)
{
    size_t first = str_find_byte(id, '/', 0), second = str_find_byte(id, '/', first + 1);

    *provider = NULL;
    return first < id.n && (second < id.n) == group ? school_of_uid(c->registry, str_sub(id, 0, second), provider)
                                                    : NULL;
}

static bool is_role(struct str id)
{
    return role_of_name(id) != ROLE_NONE || str_eq(id, S("any"));
}

static bool is_disclosure(const struct text_checker *c, struct str id)
{
    size_t at = str_find_byte(id, '/', 0);
    enum claim claim;

    return at < id.n && registry_service(c->registry, str_sub(id, 0, at)) != NULL &&
           claim_of_word(str_from(id, at + 1), &claim);
}

static const struct named_network *network_named(const struct registry *r, struct str id)
{
    const struct registry_parts *parts = registry_parts(r);

    for (size_t i = 0; i < parts->network_count; i++)
        if (str_eq(parts->networks[i].id, id))
            return &parts->networks[i];
    return NULL;
}

static bool exists(const struct looking *l, const struct cedar_uid *uid)
{
    const struct provider *provider;
    enum claim claim;

    if (str_eq(uid->type, S("Provider")))
        return registry_provider(l->c->registry, uid->id) != NULL;
    if (str_eq(uid->type, S("School")) || str_eq(uid->type, S("Group")))
        return school_of(l->c, uid->id, str_eq(uid->type, S("Group")), &provider) != NULL;
    if (str_eq(uid->type, S("Service")))
        return registry_service(l->c->registry, uid->id) != NULL;
    if (str_eq(uid->type, S("Network")))
        return network_named(l->c->registry, uid->id) != NULL;
    if (str_eq(uid->type, S("Category")))
        return has(&l->c->categories, uid->id);
    if (str_eq(uid->type, S("Vendor")))
        return has(&l->c->vendors, uid->id);
    if (str_eq(uid->type, S("Attribute")))
        return claim_of_word(uid->id, &claim);
    if (str_eq(uid->type, S("Role")))
        return is_role(uid->id);
    return !str_eq(uid->type, S("Disclosure")) || is_disclosure(l->c, uid->id);
}

/* Schools of the provider that is named, or else of the policy's owner. */
static void guess_schools(const struct looking *l, struct cedar_guess *g, struct str id)
{
    const struct provider *p;

    (void)school_of_uid(l->c->registry, id, &p);
    p = p != NULL ? p : l->row->provider;
    for (size_t i = 0; p != NULL && i < p->school_count; i++) {
        struct str uid = school_uid(l->d->arena, p, &p->schools[i]);
        if (uid.p != NULL)
            cedar_guess_try(g, uid);
    }
}

static struct str near_of(const struct looking *l, const struct cedar_uid *uid)
{
    const struct registry_parts *parts = registry_parts(l->c->registry);
    struct cedar_guess g = cedar_guess_for(uid->id);

    if (str_eq(uid->type, S("School")))
        guess_schools(l, &g, uid->id);
    for (size_t i = 0; str_eq(uid->type, S("Provider")) && i < parts->provider_count; i++)
        cedar_guess_try(&g, parts->providers[i].id);
    for (size_t i = 0; str_eq(uid->type, S("Network")) && i < parts->network_count; i++)
        cedar_guess_try(&g, parts->networks[i].id);
    for (size_t i = 0; str_eq(uid->type, S("Service")) && i < parts->service_count; i++)
        cedar_guess_try(&g, parts->services[i].id);
    for (size_t i = 0; str_eq(uid->type, S("Category")) && i < l->c->categories.n; i++)
        cedar_guess_try(&g, l->c->categories.at[i]);
    for (size_t i = 0; str_eq(uid->type, S("Vendor")) && i < l->c->vendors.n; i++)
        cedar_guess_try(&g, l->c->vendors.at[i]);
    for (int i = 0; str_eq(uid->type, S("Attribute")) && i < CLAIM_COUNT; i++)
        cedar_guess_try(&g, str_of(claim_rows[i].word));
    for (int i = ROLE_NONE + 1; str_eq(uid->type, S("Role")) && i < ROLE_COUNT; i++)
        cedar_guess_try(&g, str_of(role_name((enum role)i)));
    return g.best;
}

/* A school of another provider, or a group there: nobody of the owner's is in it, and what it is called or whether it
 * goes on is not the owner's to hold up. */
static bool is_elsewhere(const struct looking *l, const struct cedar_uid *uid)
{
    const struct provider *p;
    const struct named_network *network =
        str_eq(uid->type, S("Network")) ? network_named(l->c->registry, uid->id) : NULL;
    bool group = str_eq(uid->type, S("Group"));

    if (network != NULL && l->row->layer != LAYER_NATION && network->provider != l->row->provider &&
        !str_eq(network->provider->id, l->row->provider->id))
        return true;

    return l->row->layer != LAYER_NATION && (group || str_eq(uid->type, S("School"))) &&
           school_of(l->c, uid->id, group, &p) != NULL && !str_eq(p->id, l->row->provider->id);
}

static void look_at(const struct looking *l, const struct cedar_uid *uid, struct cedar_span span)
{
    struct buf b = buf_new(l->d->arena, 4096);

    if (is_elsewhere(l, uid)) {
        (void)wrong(l->d, "policy_owner", span, "it is another provider's, and nobody of the owner's is in it");
        (void)cedar_expected(l->d, "`principal in Provider::\"%.*s\"`", STR_ARG(l->row->provider->id));
        return;
    }
    if (exists(l, uid))
        return;
    cedar_uid_text(&b, uid);
    (void)cedar_error(l->d, span, "there is no %.*s", STR_ARG(buf_str(&b)));
    (void)cedar_code(l->d, "policy_unknown");
    (void)cedar_near(l->d, near_of(l, uid));
}

/* To the validator `principal has classLvel` is valid, and false; to people it is a slip. */
static void look_at_has(const struct looking *l, const struct cedar_expr *e)
{
    static const struct {
        enum cedar_var var;
        const char *type;
    } shapes[] = { { CEDAR_PRINCIPAL, "Person" }, { CEDAR_RESOURCE, "Service" }, { CEDAR_RESOURCE, "Disclosure" } };
    struct cedar_guess g = cedar_guess_for(e->name);
    bool known = false, asked = false;

    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct cedar_entity_type *type = cedar_schema_entity_type(l->c->schema, str_of(shapes[i].type));
        if (!is_var(e->kids[0], shapes[i].var))
            continue;
        asked = true;
        known = known || cedar_type_attr(type->shape, e->name) != NULL;
        for (size_t k = 0; k < type->shape->attr_n; k++)
            cedar_guess_try(&g, type->shape->attrs[k].name);
    }
    if (known || !asked)
        return;
    (void)cedar_error(l->d, e->name_span, "there is no attribute `%.*s`", STR_ARG(e->name));
    (void)cedar_code(l->d, "policy_schema");
    (void)cedar_near(l->d, g.best);
}

static void look_in(const struct looking *l, const struct cedar_expr *e)
{
    if (e->op == CEDAR_OP_HAS)
        look_at_has(l, e);
    if (e->op == CEDAR_OP_LIT && e->value.kind == CEDAR_ENTITY)
        look_at(l, e->value.uid, e->span);
    for (uint32_t i = 0; i < e->n; i++)
        look_in(l, e->kids[i]);
}

static void look_at_scope(const struct looking *l, const struct cedar_scope *s)
{
    if (!s->slot && (s->kind == CEDAR_SCOPE_EQ || s->kind == CEDAR_SCOPE_IN || s->kind == CEDAR_SCOPE_IS_IN))
        look_at(l, &s->uid, s->uid_span);
}

static void look_at_names(const struct looking *l, const struct cedar_policy *p)
{
    look_at_scope(l, &p->principal);
    look_at_scope(l, &p->resource);
    for (size_t i = 0; i < p->n_conditions; i++)
        look_in(l, p->conditions[i].body);
}

/* ---- Whose. */

static bool owns_all(const struct looking *l, const struct strs *ids, bool groups)
{
    for (size_t i = 0; i < ids->n; i++) {
        const struct provider *p;
        const struct school *s = school_of(l->c, ids->at[i], groups, &p);
        if (s == NULL || !str_eq(p->id, l->row->provider->id) ||
            (l->row->layer == LAYER_SCHOOL &&
             !str_eq(school_uid(l->d->arena, p, s), school_uid(l->d->arena, l->row->provider, l->row->school))))
            return false;
    }
    return ids->n > 0;
}

/* Does the statement, whoever is asked about, speak of the owner's people alone?  What it says besides the fields
 * cannot widen them, and is not even looked at where they do not hold. */
static bool keeps_to_own(const struct looking *l, const struct statement *s)
{
    return (l->row->layer == LAYER_MUNICIPALITY && str_eq(s->whom.provider, l->row->provider->id)) ||
           owns_all(l, &s->whom.schools, false) || owns_all(l, &s->whom.groups, true);
}

static void check_owner(const struct looking *l, const struct cedar_policy *p, const struct statement *s)
{
    bool school = l->row->layer == LAYER_SCHOOL;
    struct buf b = buf_new(l->d->arena, 4096);
    struct str id = school ? school_uid(l->d->arena, l->row->provider, l->row->school) : l->row->provider->id;
    struct cedar_uid own = cedar_uid_make(school ? S("School") : S("Provider"), id.p != NULL ? id : S(""));

    if (keeps_to_own(l, s))
        return;
    cedar_uid_text(&b, &own);
    (void)cedar_error(l->d, p->principal.span, "it must speak of its owner's people alone");
    (void)cedar_code(l->d, "policy_owner");
    (void)cedar_expected(l->d, "`principal in %.*s`", STR_ARG(buf_str(&b)));
}

/* What a layer may speak of: the console is the nation's, and a school decides on opening alone. */
static bool may_speak_of(enum layer layer, const struct cedar_uid *action)
{
    return str_eq(action->id, S("open")) || (layer == LAYER_MUNICIPALITY && (str_eq(action->id, S("release")) ||
                                                                             str_eq(action->id, S("leaveToSchools"))));
}

static void check_layer(const struct looking *l, const struct cedar_policy *p, const struct statement *s)
{
    static const char *const words[] = { "open", "leaveToSchools", "release" };
    const struct cedar_scope *scope = &p->action;
    const struct cedar_uid *uids = scope->kind == CEDAR_SCOPE_IN_SET ? scope->uids : &scope->uid;
    size_t n = scope->kind == CEDAR_SCOPE_IN_SET ? scope->n_uids : scope->kind != CEDAR_SCOPE_ANY;
    struct cedar_uid found = cedar_uid_make(S("Action"), S(""));
    bool may = n > 0;

    if (scope->kind == CEDAR_SCOPE_ANY && s->does != DOES_OTHER) { /* it stands in `when` */
        found.id = str_of(words[s->does - DOES_OPEN]);
        uids = &found;
        may = (n = 1) > 0;
    }
    for (size_t i = 0; i < n; i++)
        may = may && may_speak_of(l->row->layer, &uids[i]);
    if (may)
        return;
    (void)cedar_error(l->d, scope->span, "a policy of this layer does not speak of this action");
    (void)cedar_code(l->d, "policy_layer");
    (void)cedar_expected(l->d, "%s",
                         l->row->layer == LAYER_SCHOOL
                             ? "`action == Action::\"open\"`"
                             : "Action::\"open\", Action::\"leaveToSchools\" or Action::\"release\"");
}

static void check_statement(const struct looking *l, const struct cedar_policy *p)
{
    look_at_names(l, p);
    if (l->row->layer == LAYER_NATION)
        return;
    struct statement s = statement_read(l->d->arena, p);
    check_layer(l, p, &s);
    check_owner(l, p, &s);
}

static void check_set(const struct looking *l, const struct cedar_policies *p)
{
    size_t n = cedar_policies_n(p), templates = cedar_templates_n(p);

    if (templates > 0)
        (void)wrong(l->d, "policy_template", cedar_template_at(p, 0)->span,
                    "`?principal` and `?resource` cannot stand here");
    if (n == 0 && templates == 0)
        (void)wrong(l->d, "policy_empty", (struct cedar_span){ 0 }, "there is no statement in it");
    if (n > POLICY_STATEMENTS_MAX) {
        (void)cedar_error(l->d, cedar_policy_at(p, POLICY_STATEMENTS_MAX)->span, "a policy has at most %d statements",
                          POLICY_STATEMENTS_MAX);
        (void)cedar_code(l->d, "policy_too_many");
    }
    for (size_t i = 0; i < n && n <= POLICY_STATEMENTS_MAX; i++)
        check_statement(l, cedar_policy_at(p, i));
}

bool policy_text_check(const struct text_checker *c, const struct policy *row, struct cedar_diags *d)
{
    size_t first = d->n, errors = d->errors;
    const struct looking l = { c, row, d };

    if (row->text.n > POLICY_TEXT_MAX_B)
        return wrong(d, "policy_too_long", (struct cedar_span){ 0 }, "a policy has at most 64 kB of text");
    const struct cedar_policies *p = cedar_policies_parse(d->arena, d, CEDAR_IDS_BY_POSITION);
    code_from(d, first, "policy_syntax");
    if (p == NULL)
        return false;
    (void)cedar_policies_validate(p, c->schema, d);
    code_from(d, first, "policy_schema");
    check_set(&l, p);
    return d->errors == errors;
}
