/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/rights_given.h"

const struct admin *rights_find(const struct registry *r, struct str id)
{
    const struct registry_parts *parts = registry_parts(r);

    for (size_t i = 0; i < parts->admin_count; i++)
        if (str_eq(parts->admins[i].id, id))
            return &parts->admins[i];
    return NULL;
}

struct str rights_name(struct arena *a, const struct person *p)
{
    if (!str_is_set(p->given_names) && !str_is_set(p->family_name))
        return (struct str){ NULL, 0 };
    return str_trim(arena_printf(a, "%.*s %.*s",
                                 STR_ARG(str_is_set(p->calling_name) ? p->calling_name : p->given_names),
                                 STR_ARG(p->family_name)));
}

enum right_state rights_state(const struct admin *x, int64_t now_s)
{
    return x->to_s != 0 && now_s >= x->to_s                   ? RIGHT_OVER
           : x->from_s > now_s                                ? RIGHT_LATER
           : x->to_s != 0 && x->to_s - now_s <= RIGHTS_SOON_S ? RIGHT_ENDS
                                                              : RIGHT_NOW;
}

/* What registry/check.c takes; a role that brings nothing where it is given is not offered besides. */
bool rights_role_fits(enum role role, bool nation)
{
    return role == ROLE_OPERATOR
               ? nation
               : role == ROLE_TEACHER || role == ROLE_STAFF || role == ROLE_SECRETARY || role == ROLE_PRINCIPAL ||
                     role == ROLE_ADMIN || role == ROLE_APPROVER || role == ROLE_AUDITOR;
}

struct area rights_area(const struct admin *x)
{
    return (struct area){ .provider = x->provider != NULL ? x->provider->id : (struct str){ NULL, 0 },
                          .school = x->school != NULL ? x->school->oid : (struct str){ NULL, 0 } };
}

bool rights_are_last(const struct registry *r, const struct person *p, const struct admin *x,
                     const struct circumstances *now)
{
    const struct area where = rights_area(x);
    struct person stated = *p; /* with the roles that the city states, and none that the registry gives */
    size_t n;
    const struct admin *const *given = registry_admins(r, p->idp, p->subject, &n);

    stated.idp = stated.subject = (struct str){ NULL, 0 };
    for (int i = MAY_NONE + 1; i < MAY_COUNT; i++)
        if (policy_may(r, &stated, (enum console_action)i, &where, now))
            return false;
    for (size_t i = 0; i < n; i++) {
        const struct area other = rights_area(given[i]);
        enum right_state state = rights_state(given[i], now->now_s);
        if (given[i] != x && area_within(&where, &other) && (state == RIGHT_NOW || state == RIGHT_ENDS) &&
            policy_role_brings(r, given[i]->role, &other, now, MAY_NONE) != MAY_NONE)
            return false;
    }
    return true;
}

bool rights_may(void *asking, char sign, const struct row_id *row, const struct area *where, struct fail *f)
{
    const struct rights_asking *x = asking;

    (void)sign;
    if (!str_eq(row->kind, S("admin")) || !policy_may(x->registry, x->person, MAY_MANAGE_ADMINS, where, &x->now))
        return fail(f, FAIL_DENIED, "not_yours", "who administers there is not theirs to say");
    enum console_action lacks = policy_may_not_give(x->registry, x->person, x->role, where, &x->now);
    return lacks == MAY_NONE ||
           fail(f, FAIL_DENIED, RIGHTS_MORE, "the role brings %s, which they have not", console_action_name(lacks));
}
