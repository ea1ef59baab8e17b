/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/may.h"

const char *console_action_name(enum console_action action)
{
    static const char *const names[MAY_COUNT] = { "",
#define X(name, cedar) cedar,
                                                  CONSOLE_ACTIONS(X)
#undef X
    };

    return action < MAY_COUNT ? names[action] : "";
}

/* For now by role alone: an operator in the country, an administrator in the municipality. */
static void add(struct areas *out, struct area area)
{
    for (size_t i = 0; i < out->n; i++)
        if (area_within(&area, &out->at[i]))
            return;
    out->at[out->n++] = area;
}

struct areas policy_areas(struct arena *a, const struct registry *r, const struct person *p,
                          const struct circumstances *now)
{
    size_t n;
    const struct admin *const *given = registry_admins(r, p->idp, p->subject, &n);
    struct areas out = { arena_make_n(a, n + p->affiliation_count + 1, struct area), 0 };

    for (size_t i = 0; i < n; i++)
        if ((given[i]->from_s == 0 || given[i]->from_s <= now->now_s) &&
            (given[i]->to_s == 0 || now->now_s < given[i]->to_s))
            add(&out, (struct area){ given[i]->provider != NULL ? given[i]->provider->id : (struct str){ NULL, 0 },
                                     given[i]->school != NULL ? given[i]->school->oid : (struct str){ NULL, 0 } });
    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *at = &p->affiliations[i];
        const struct provider *provider = registry_provider_oid(r, at->provider_oid);
        if (provider != NULL && at->role == ROLE_ADMIN && affiliation_valid(at, now->now_s))
            add(&out, (struct area){ .provider = provider->id });
    }
    return out;
}

bool policy_may(const struct registry *r, const struct person *p, enum console_action action, const struct area *where,
                const struct circumstances *now)
{
    struct arena *a = arena_new();
    struct areas areas = policy_areas(a, r, p, now);
    bool may = false;

    for (size_t i = 0; action != MAY_NONE && i < areas.n; i++)
        may = may || area_within(where, &areas.at[i]);
    arena_free(a);
    return may;
}
