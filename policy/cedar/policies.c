/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/policies.h"

#include "policy/cedar/build.h"
#include "policy/cedar/sort.h"

/* Hashes first: they settle nearly every comparison at once.  Those of one name stay in order. */
static int by_name(const void *x, const void *y)
{
    const struct policy_name *a = x, *b = y;
    int order = (a->hash > b->hash) - (a->hash < b->hash);

    if (order == 0)
        order = str_cmp(a->policy->id, b->policy->id);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

static const struct policy_name *names_of(struct arena *a, const struct policy_list *all)
{
    struct policy_name *names = arena_make_n(a, all->n, struct policy_name);

    for (size_t i = 0; i < all->n; i++)
        names[i] = (struct policy_name){ str_hash(all->items[i]->id, 0), (uint32_t)i, all->items[i] };
    if (all->n > 1)
        cedar_sort(a, names, all->n, sizeof *names, by_name);
    return names;
}

/* Reports every policy whose name an earlier one has, in the order of the text. */
static bool names_differ(const struct cedar_policies *set, const struct policy_list *all, struct cedar_diags *d)
{
    bool ok = true;

    for (size_t i = 1; i < all->n && ok; i++)
        ok = !str_eq(set->names[i - 1].policy->id, set->names[i].policy->id);
    for (size_t i = 0; i < all->n && !ok; i++)
        if (cedar_policy_named(set, all->items[i]->id) != all->items[i])
            (void)cedar_fault(d, CEDAR_FINDING_TWICE, all->items[i]->span, "two policies have the id `%.*s`",
                              STR_ARG(all->items[i]->id));
    return ok;
}

const struct cedar_policies *policies_make(struct arena *a, const struct policy_list *all, struct cedar_diags *d)
{
    struct cedar_policies *set = arena_make(a, struct cedar_policies);
    const struct cedar_policy **items = arena_make_n(a, all->n, const struct cedar_policy *);
    const struct cedar_policy **templates = arena_make_n(a, all->n, const struct cedar_policy *);

    if (all->n > CEDAR_POLICIES_MAX) {
        (void)cedar_fault(d, CEDAR_FINDING_TOO_LARGE, (struct cedar_span){ 0, 0 }, "there are more than %d policies",
                          CEDAR_POLICIES_MAX);
        return NULL;
    }
    for (size_t i = 0; i < all->n; i++) {
        if (all->items[i]->is_template)
            templates[set->n_templates++] = all->items[i];
        else
            items[set->n++] = all->items[i];
    }
    set->items = items;
    set->templates = templates;
    set->names = names_of(a, all);
    if (!names_differ(set, all, d))
        return NULL;
    const struct index_wanted both[] = { { &set->index, INDEX_PRINCIPAL | INDEX_ACTION | INDEX_RESOURCE },
                                         { &set->people, INDEX_PRINCIPAL | INDEX_ACTION } };
    index_build(a, items, set->n, both, sizeof both / sizeof *both);
    return set;
}

/* "policy0", "policy1", … */
static struct str positional_id(struct arena *a, size_t position)
{
    char text[32] = "policy";
    char *first = text + sizeof "policy" - 1, *end = first;

    for (size_t rest = position; end == first || rest > 0; rest /= 10)
        *end++ = (char)('0' + rest % 10);
    for (char *low = first, *high = end - 1; low < high; low++, high--) {
        char digit = *low;
        *low = *high;
        *high = digit;
    }
    return arena_str(a, (struct str){ text, (size_t)(end - text) });
}

const struct cedar_policies *cedar_policies_parse(struct arena *a, struct cedar_diags *d, enum cedar_ids ids)
{
    struct cedar_source *kept = arena_make(a, struct cedar_source);
    struct builder b = { .arena = a, .d = d };
    struct policy_list list = { 0 };

    /* The trees point into the text: their own copy goes with them. */
    *kept = (struct cedar_source){ arena_str(a, d->source->name), arena_str(a, d->source->text) };
    d->source = kept;
    if (!parse_policies(&b, &list))
        return NULL;
    for (size_t i = 0; i < list.n; i++) {
        struct str id = cedar_policy_annotation(list.items[i], S("id"));
        bool annotated = ids == CEDAR_IDS_BY_ANNOTATION && id.p != NULL;
        list.items[i]->id = annotated ? id : positional_id(a, i);
    }
    return policies_make(a, &list, d);
}

size_t cedar_policies_n(const struct cedar_policies *p)
{
    return p->n;
}

const struct cedar_policy *cedar_policy_at(const struct cedar_policies *p, size_t i)
{
    return p->items[i];
}

size_t cedar_templates_n(const struct cedar_policies *p)
{
    return p->n_templates;
}

const struct cedar_policy *cedar_template_at(const struct cedar_policies *p, size_t i)
{
    return p->templates[i];
}

const struct cedar_policy *cedar_policy_named(const struct cedar_policies *p, struct str id)
{
    uint64_t hash = str_hash(id, 0);
    size_t low = 0, end = p->n + p->n_templates;

    for (size_t high = end; low < high;) { /* to the first one that does not sort before the name */
        size_t middle = low + (high - low) / 2;
        const struct policy_name *name = &p->names[middle];
        if (name->hash != hash ? name->hash < hash : str_cmp(name->policy->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && str_eq(p->names[low].policy->id, id) ? p->names[low].policy : NULL;
}

struct str cedar_policy_annotation(const struct cedar_policy *p, struct str name)
{
    for (size_t i = 0; i < p->n_annotations; i++)
        if (str_eq(p->annotations[i].name, name))
            return p->annotations[i].value;
    return (struct str){ NULL, 0 };
}

static bool fill(struct arena *a, struct cedar_scope *scope, const struct cedar_uid *uid, const char *slot,
                 const struct cedar_link *link, struct cedar_diags *d)
{
    if (scope->slot != (uid->type.p != NULL))
        return cedar_fault(d, CEDAR_FINDING_LINK, (struct cedar_span){ 0, 0 }, "the link `%.*s` %s `?%s`, %s template",
                           STR_ARG(link->id), scope->slot ? "does not fill" : "fills", slot,
                           scope->slot ? "which stands in its" : "which does not stand in its");
    if (scope->slot)
        scope->uid = cedar_uid_make(arena_str(a, uid->type), arena_str(a, uid->id));
    scope->slot = false;
    return true;
}

struct cedar_policy *policy_link(struct arena *a, const struct cedar_policy *template, const struct cedar_link *link,
                                 struct cedar_diags *d)
{
    struct cedar_policy *p = arena_make(a, struct cedar_policy);

    *p = *template;
    p->id = arena_str(a, link->id);
    p->template_id = template->id;
    p->is_template = false;
    return fill(a, &p->principal, &link->principal, "principal", link, d) &&
                   fill(a, &p->resource, &link->resource, "resource", link, d)
               ? p
               : NULL;
}

/* policy_list holds what may still be changed; a set that is made is not. */
static void add_all(struct arena *a, struct policy_list *list, const struct cedar_policy *const *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct cedar_policy *copy = arena_make(a, struct cedar_policy);
        *copy = *items[i];
        policy_list_add(a, list, copy);
    }
}

const struct cedar_policies *cedar_policies_link(struct arena *a, const struct cedar_policies *p,
                                                 const struct cedar_link *links, size_t n, struct cedar_diags *d)
{
    struct policy_list list = { 0 };
    size_t errors = d->errors;

    add_all(a, &list, p->items, p->n);
    add_all(a, &list, p->templates, p->n_templates);
    for (size_t i = 0; i < n; i++) {
        const struct cedar_policy *template = cedar_policy_named(p, links[i].template_id);
        if (template == NULL || !template->is_template) {
            (void)cedar_fault(d, CEDAR_FINDING_UNKNOWN_TEMPLATE, (struct cedar_span){ 0, 0 },
                              "there is no template `%.*s`", STR_ARG(links[i].template_id));
            continue;
        }
        struct cedar_policy *linked = policy_link(a, template, &links[i], d);
        if (linked != NULL)
            policy_list_add(a, &list, linked);
    }
    return d->errors == errors ? policies_make(a, &list, d) : NULL;
}

static bool is_named(const struct str *names, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(names[i], name))
            return true;
    return false;
}

/* What stays, or what takes its place. */
static void add_changed(struct arena *a, struct policy_list *list, const struct cedar_policy *const *items, size_t n,
                        const struct cedar_policies *with, const struct str *without, size_t n_without)
{
    for (size_t i = 0; i < n; i++) {
        const struct cedar_policy *now = with != NULL ? cedar_policy_named(with, items[i]->id) : NULL;
        if (now == NULL && !is_named(without, n_without, items[i]->id))
            now = items[i];
        if (now != NULL)
            add_all(a, list, &now, 1);
    }
}

static void add_new(struct arena *a, struct policy_list *list, const struct cedar_policy *const *items, size_t n,
                    const struct cedar_policies *old)
{
    for (size_t i = 0; i < n; i++)
        if (cedar_policy_named(old, items[i]->id) == NULL)
            add_all(a, list, &items[i], 1);
}

const struct cedar_policies *cedar_policies_change(struct arena *a, const struct cedar_policies *p,
                                                   const struct cedar_policies *with, const struct str *without,
                                                   size_t n, struct cedar_diags *d)
{
    struct policy_list list = { 0 };

    add_changed(a, &list, p->items, p->n, with, without, n);
    add_changed(a, &list, p->templates, p->n_templates, with, without, n);
    if (with != NULL) {
        add_new(a, &list, with->items, with->n, p);
        add_new(a, &list, with->templates, with->n_templates, p);
    }
    return policies_make(a, &list, d);
}

bool cedar_policies_validate(const struct cedar_policies *p, const struct cedar_schema *s, struct cedar_diags *d)
{
    bool ok = true;

    for (size_t i = 0; i < p->n_templates; i++)
        ok = cedar_validate_policy(s, p->templates[i], CEDAR_STRICT, d) && ok;
    for (size_t i = 0; i < p->n; i++)
        ok = cedar_validate_policy(s, p->items[i], CEDAR_STRICT, d) && ok;
    return ok;
}
