/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/affiliation.h"

#include "idp-adapters/fold.h"
#include "wire/json.h"

#include <string.h>

enum { MPASS_PARTS = 7, MPASS_PARTS_OLD = 4, GROUP_MAX_B = 64 };

struct affiliations affiliations_new(struct arena *a)
{
    return (struct affiliations){ arena_make_n(a, PERSON_AFFILIATIONS_MAX, struct affiliation), 0 };
}

static bool same_text(struct str x, struct str y)
{
    return str_cmp(x, y) == 0;
}

bool affiliations_add(struct affiliations *list, const struct affiliation *one)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct affiliation *have = &list->at[i];
        if (have->role == one->role && same_text(have->provider_oid, one->provider_oid) &&
            same_text(have->school_oid, one->school_oid) && same_text(have->group, one->group))
            return true;
    }
    if (list->n == PERSON_AFFILIATIONS_MAX)
        return false;
    list->at[list->n++] = *one;
    return true;
}

static enum role role_of_code(struct str code)
{
    int64_t v;

    for (int r = ROLE_NONE + 1; str_int(code, &v) && v > 0 && r < ROLE_COUNT; r++)
        if (role_mpass_code((enum role)r) == v)
            return (enum role)r;
    return ROLE_NONE;
}

/* Places the affiliation at a school of this provider.  An empty code means the
 * provider itself; an unknown or closed school means that the value is not used. */
static bool at_school(const struct provider *p, struct str code_or_oid, struct affiliation *out)
{
    out->provider_oid = p->oid;
    if (!str_is_set(code_or_oid))
        return true;
    const struct school *s = provider_school(p, code_or_oid);
    if (s == NULL || !s->active)
        return false;
    out->school_oid = s->oid;
    out->school_code = s->code;
    return true;
}

static bool is_municipality(struct arena *a, const struct provider *p, struct str name)
{
    for (int i = 0; i < LANG_COUNT; i++)
        if (str_eq(fold_word(a, p->names.in[i]), fold_word(a, name)))
            return true;
    return str_eq(name, p->municipality_code);
}

bool affiliation_of_mpass(struct arena *a, const struct provider *p, struct str value, struct affiliation *out)
{
    struct str parts[MPASS_PARTS] = { { NULL, 0 } }, rest = value, part;
    size_t n = 0;

    while (str_split(&rest, ';', &part)) {
        if (n == MPASS_PARTS)
            return false;
        parts[n++] = str_trim(part);
    }
    bool old = n == MPASS_PARTS_OLD;
    if (p == NULL || (!old && n != MPASS_PARTS && n != MPASS_PARTS - 1))
        return false;
    if (old ? !is_municipality(a, p, parts[0]) : !str_eq(parts[0], p->oid))
        return false;
    out->role = role_of_code(parts[4]);
    if (out->role == ROLE_NONE)
        out->role = role_spelled(a, parts[3]);
    if (out->role == ROLE_NONE || !at_school(p, str_is_set(parts[1]) ? parts[1] : parts[5], out))
        return false;
    if (str_is_set(parts[5]) && str_is_set(out->school_oid) && !str_eq(parts[5], out->school_oid))
        return false; /* the code names one school, the OID another */
    if (str_is_set(parts[2]) && parts[2].n <= GROUP_MAX_B)
        out->group = arena_str(a, parts[2]);
    if (str_is_set(parts[6]))
        out->office_oid = arena_str(a, parts[6]);
    return true;
}

static struct str at_index(const struct strs *list, size_t i)
{
    return i < list->n ? list->at[i] : (struct str){ NULL, 0 };
}

/* The value of a parallel list for school i: one for all, or one each. */
static struct str shared(const struct strs *list, size_t i, size_t schools)
{
    return list->n == 1 ? list->at[0] : list->n == schools ? at_index(list, i) : (struct str){ NULL, 0 };
}

/* "0", "1", or either with a school code behind a semicolon; MPASSid: 0 free, 1 paid. */
static int charge_of(struct str value)
{
    struct str mark = str_sub(value, 0, str_find_byte(value, ';', 0));

    return str_eq(mark, S("0")) ? 1 : str_eq(mark, S("1")) ? 2 : 0;
}

static unsigned join_schools(struct arena *a, const struct provider *p, const struct affiliation_lists *l,
                             struct affiliations *into)
{
    size_t schools = l->schools.n > 0 ? l->schools.n : l->roles.n;
    unsigned left_out = 0;

    if (l->roles.n == 0)
        return 0;
    if (p == NULL || (l->roles.n != 1 && l->roles.n != schools))
        return (unsigned)schools;
    for (size_t i = 0; i < schools; i++) {
        struct affiliation one = { .role = role_spelled(a, shared(&l->roles, i, schools)) };
        struct str group = l->groups.n == 1 && i > 0 ? (struct str){ NULL, 0 } : shared(&l->groups, i, schools);
        if (one.role == ROLE_NONE)
            one.role = role_of_code(shared(&l->roles, i, schools));
        bool nowhere = l->schools.n > 0 && !str_is_set(l->schools.at[i]);
        if (one.role == ROLE_NONE || nowhere || !at_school(p, at_index(&l->schools, i), &one)) {
            left_out++;
            continue;
        }
        one.group = group.n <= GROUP_MAX_B ? group : (struct str){ NULL, 0 };
        one.charge = charge_of(shared(&l->charges, i, schools));
        left_out += affiliations_add(into, &one) ? 0 : 1;
    }
    return left_out;
}

unsigned affiliations_join(struct arena *a, const struct provider *p, const struct affiliation_lists *lists,
                           struct affiliations *into)
{
    size_t whole = into->n;
    unsigned left_out = join_schools(a, p, lists, into);

    for (size_t i = 0; i < into->n; i++) {
        struct affiliation *one = &into->at[i];
        if (one->role == ROLE_LEARNER && one->class_level == 0)
            one->class_level = lists->class_level;
        if (i < whole && one->charge == 0)
            one->charge = charge_of(shared(&lists->charges, i, whole));
    }
    return left_out;
}

/* As profile B tells roles: one JSON object per affiliation. */
struct edu_role {
    struct str role, provider_oid, school_oid, group;
    int64_t class_level;
};

static const struct json_field edu_role_fields[] = {
    FIELD(edu_role, role, JSON_STR, true, 32),        FIELD(edu_role, provider_oid, JSON_STR, false, 64),
    FIELD(edu_role, school_oid, JSON_STR, false, 64), FIELD(edu_role, group, JSON_STR, false, GROUP_MAX_B),
    FIELD(edu_role, class_level, JSON_INT, false, 0), { 0 },
};

bool affiliation_of_edu(struct arena *a, const struct provider *p, struct str value, struct affiliation *out)
{
    struct edu_role said = { .role = { NULL, 0 } };
    struct fail unread = { 0 };

    if (p == NULL || !json_read(a, value, edu_role_fields, &said, &unread))
        return false;
    if (str_is_set(said.provider_oid) && !str_eq(said.provider_oid, p->oid))
        return false;
    out->role = role_spelled(a, said.role);
    if (out->role == ROLE_NONE || !at_school(p, said.school_oid, out))
        return false;
    out->group = said.group;
    if (said.class_level >= 1 && said.class_level <= 12)
        out->class_level = (int)said.class_level;
    return true;
}
