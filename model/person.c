/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/person.h"

#include "model/when.h"

#include <stdio.h>

static const struct {
    const char *name;
    int mpass_code;
    const char *mpass_name, *edu_affiliation;
} roles[ROLE_COUNT] = { [ROLE_NONE] = { "", 0, "", "" },
#define X(role, name, code, mpass, affiliation) [ROLE_##role] = { name, code, mpass, affiliation },
                        ROLES(X)
#undef X
};

const char *role_name(enum role role)
{
    return roles[role].name;
}

int role_mpass_code(enum role role)
{
    return roles[role].mpass_code;
}

const char *role_mpass_name(enum role role)
{
    return roles[role].mpass_name;
}

const char *role_edu_affiliation(enum role role)
{
    return roles[role].edu_affiliation;
}

bool role_is_official(enum role role)
{
    return role == ROLE_OPERATOR || role == ROLE_VENDOR || role == ROLE_APPROVER || role == ROLE_AUDITOR;
}

enum role role_of_name(struct str name)
{
    for (int r = ROLE_NONE + 1; r < ROLE_COUNT; r++)
        if (str_eq(name, str_of(roles[r].name)))
            return (enum role)r;
    return ROLE_NONE;
}

bool affiliation_valid(const struct affiliation *a, int64_t now_s)
{
    return (a->from_s == 0 || now_s >= a->from_s) && (a->to_s == 0 || now_s < a->to_s);
}

bool person_has_role(const struct person *p, enum role role, struct str provider_oid, int64_t now_s)
{
    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *a = &p->affiliations[i];
        if (a->role == role && affiliation_valid(a, now_s) &&
            (provider_oid.p == NULL || str_eq(a->provider_oid, provider_oid)))
            return true;
    }
    return false;
}

struct str person_display_name(struct arena *a, const struct person *p)
{
    struct str given = str_is_set(p->calling_name) ? p->calling_name
                                                   : str_sub(p->given_names, 0, str_find_byte(p->given_names, ' ', 0));

    if (!str_is_set(given))
        return arena_str(a, p->family_name);
    if (!str_is_set(p->family_name))
        return arena_str(a, given);
    return arena_printf(a, "%.*s %.*s", STR_ARG(given), STR_ARG(p->family_name));
}

struct person *person_copy(struct arena *a, const struct person *p)
{
    struct person *out = arena_make(a, struct person);
    struct str *texts[] = { &out->id,           &out->idp,          &out->subject,     &out->origin,
                            &out->given_names,  &out->calling_name, &out->family_name, &out->email,
                            &out->learner_id,   &out->acr,          &out->amr,         &out->city_name,
                            &out->city_session, &out->relations,    &out->proven_at };

    *out = *p;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = arena_str(a, *texts[i]);
    out->identity = (struct str){ NULL, 0 };
    struct str *whom[] = { &out->acting.child,       &out->acting.provider_oid, &out->acting.school_oid,
                           &out->acting.school_code, &out->acting.group,        &out->acting.name };
    for (size_t i = 0; i < sizeof whom / sizeof *whom; i++)
        *whom[i] = arena_str(a, *whom[i]);
    out->affiliations = arena_make_n(a, p->affiliation_count, struct affiliation);
    for (size_t i = 0; i < p->affiliation_count; i++) {
        struct affiliation *f = &out->affiliations[i];
        *f = p->affiliations[i];
        f->provider_oid = arena_str(a, f->provider_oid);
        f->school_oid = arena_str(a, f->school_oid);
        f->school_code = arena_str(a, f->school_code);
        f->office_oid = arena_str(a, f->office_oid);
        f->group = arena_str(a, f->group);
    }
    return out;
}

bool person_child_decides(const struct person *p, int age, int64_t now_s)
{
    char day[40]; /* as many bytes as gcc reckons with */
    int64_t at_s = 0;

    if (age <= 0 || !person_acts(p))
        return false;
    struct when w = when_local(p->acting.until_s);
    int year = w.year - (PERSON_OF_AGE - age);
    for (int d = w.day; d > w.day - 2; d--) {
        (void)snprintf(day, sizeof day, "%04d-%02d-%02d", year, w.month, d);
        if (when_day_read(str_of(day), &at_s))
            return now_s >= at_s;
    }
    return true;
}
