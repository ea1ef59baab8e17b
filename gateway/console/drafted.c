/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/drafted.h"

#include "policy/form.h"

static bool policy_of(const struct registry *r, const struct draft_policy *row, struct policy *out)
{
    const struct provider *p = str_is_set(row->provider) ? registry_provider(r, row->provider) : NULL;
    const struct school *s = p != NULL && str_is_set(row->school) ? provider_school(p, row->school) : NULL;

    *out = (struct policy){ .id = row->id,
                            .layer = s != NULL   ? LAYER_SCHOOL
                                     : p != NULL ? LAYER_MUNICIPALITY
                                                 : LAYER_NATION,
                            .provider = p,
                            .school = s,
                            .text = row->text,
                            .enabled = row->enabled,
                            .from_s = row->from_s,
                            .to_s = row->to_s };
    return (p != NULL) == str_is_set(row->provider) && (s != NULL) == str_is_set(row->school);
}

struct drafteds drafted_of(struct arena *a, const struct registry *r, const struct draft_policies *rows)
{
    struct drafteds out = { arena_make_n(a, DRAFTED_MAX, struct drafted), 0 };

    for (size_t i = 0, end; i < rows->n && out.n < DRAFTED_MAX; i = end) {
        struct drafted *d = &out.at[out.n];
        bool good = true;
        for (end = i; end < rows->n && rows->at[end].draft == rows->at[i].draft;)
            end++;
        struct policy *after = arena_make_n(a, end - i, struct policy);
        *d = (struct drafted){ .number = rows->at[i].draft, .after = after };
        for (size_t k = i; k < end; k++) {
            strs_add(a, &d->ids, rows->at[k].id);
            if (!rows->at[k].gone)
                good = policy_of(r, &rows->at[k], &after[d->n++]) && good;
        }
        out.n += good;
    }
    return out;
}

/* What is no form may be about anything. */
static bool is_about(struct arena *a, struct str text, const struct service *s)
{
    struct policy_form form;
    struct str rest;

    if (!policy_form_read(a, text, &form, &rest) || (form.which.services.n == 0 && form.which.categories.n == 0))
        return true;
    return strs_has(&form.which.services, s->id) || strs_has(&form.which.categories, s->category);
}

bool drafted_concerns(struct arena *a, const struct registry *r, const struct drafted *d, const struct service *s)
{
    const struct registry_parts *parts = registry_parts(r);

    for (size_t i = 0; i < d->n; i++)
        if (is_about(a, d->after[i].text, s))
            return true;
    for (size_t i = 0; i < parts->policy_count; i++)
        if (strs_has(&d->ids, parts->policies[i].id) && is_about(a, parts->policies[i].text, s))
            return true;
    return false;
}

static bool is_of(const struct policy *row, const struct person *p)
{
    for (size_t i = 0; i < p->affiliation_count; i++)
        if (row->provider != NULL && str_eq(row->provider->oid, p->affiliations[i].provider_oid))
            return true;
    return row->provider == NULL;
}

bool drafted_opens(const struct registry *r, const struct drafted *d, const struct person *p, const struct service *s,
                   const struct circumstances *now)
{
    struct arena *a = arena_new();
    struct registry_parts parts = *registry_parts(r);
    struct service *one = arena_make(a, struct service);
    struct policy *all = arena_make_n(a, parts.policy_count + d->n + 1, struct policy);
    size_t n = 0;

    for (size_t i = 0; i < parts.policy_count; i++)
        if (is_of(&parts.policies[i], p) && !strs_has(&d->ids, parts.policies[i].id))
            all[n++] = parts.policies[i];
    for (size_t i = 0; i < d->n; i++)
        all[n++] = d->after[i];
    *one = *s;
    parts.policies = all;
    parts.policy_count = n;
    parts.services = one;
    parts.service_count = 1;
    parts.idp_count = parts.admin_count = parts.account_count = 0;
    struct registry *would = registry_build(a, &parts);
    bool opens = policy_decide(would, p, one, now).effect == EFFECT_ALLOW;
    registry_drop(would);
    return opens;
}
