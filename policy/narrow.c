/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/narrow.h"

#include "policy/statement.h"

/* A field that is added to one of these is compared below, or something that widens is taken for a narrowing. */
_Static_assert(sizeof(struct whom) == 64 && sizeof(struct which) == 32 && sizeof(struct hours) == 48,
               "compare the new field");

/* ── one statement within another ───────────────────────────────────────── */

/* Of a list where none means any. */
static bool names_within(const struct strs *narrow, const struct strs *wide)
{
    if (wide->n == 0)
        return true;
    for (size_t i = 0; i < narrow->n; i++)
        if (!strs_has(wide, narrow->at[i]))
            return false;
    return narrow->n > 0;
}

/* Of bits where none means any. */
static bool bits_within(uint32_t narrow, uint32_t wide)
{
    return wide == 0 || (narrow != 0 && (narrow & ~wide) == 0);
}

static int last_level(int level_to)
{
    return level_to != 0 ? level_to : LEVEL_MAX;
}

static bool levels_within(const struct whom *narrow, const struct whom *wide)
{
    if (wide->level_from == 0 && wide->level_to == 0)
        return true;
    return (narrow->level_from != 0 || narrow->level_to != 0) && narrow->level_from >= wide->level_from &&
           last_level(narrow->level_to) <= last_level(wide->level_to);
}

static bool whom_within(const struct whom *narrow, const struct whom *wide)
{
    return (!str_is_set(wide->provider) || str_eq(narrow->provider, wide->provider)) &&
           names_within(&narrow->schools, &wide->schools) && names_within(&narrow->groups, &wide->groups) &&
           bits_within(narrow->roles, wide->roles) && levels_within(narrow, wide) &&
           bits_within(narrow->ages, wide->ages);
}

static bool which_within(const struct which *narrow, const struct which *wide)
{
    if (wide->services.n == 0 && wide->categories.n == 0)
        return true;
    if (narrow->services.n == 0 && narrow->categories.n == 0)
        return false;
    return (narrow->services.n == 0 || (wide->services.n > 0 && names_within(&narrow->services, &wide->services))) &&
           (narrow->categories.n == 0 ||
            (wide->categories.n > 0 && names_within(&narrow->categories, &wide->categories)));
}

static bool minutes_within(const struct hours *narrow, const struct hours *wide)
{
    if (wide->minute_from == 0 && wide->minute_to == 0)
        return true;
    if (narrow->minute_from == wide->minute_from && narrow->minute_to == wide->minute_to)
        return true;
    /* Those that run over midnight are compared no further. */
    return narrow->minute_from < narrow->minute_to && wide->minute_from < wide->minute_to &&
           narrow->minute_from >= wide->minute_from && narrow->minute_to <= wide->minute_to;
}

static bool networks_within(const struct hours *narrow, const struct hours *wide)
{
    return !wide->in_network || (narrow->in_network && names_within(&narrow->networks, &wide->networks));
}

static bool hours_within(const struct hours *narrow, const struct hours *wide)
{
    return bits_within(narrow->weekdays, wide->weekdays) && minutes_within(narrow, wide) &&
           (wide->device == DEVICE_ANY || narrow->device == wide->device) && narrow->assurance >= wide->assurance &&
           bits_within(narrow->days, wide->days) && networks_within(narrow, wide) &&
           (wide->exam == EXAM_ANY || narrow->exam == wide->exam);
}

static bool is_open_or_release(const struct statement *s)
{
    return s->does == DOES_OPEN || s->does == DOES_RELEASE;
}

struct said { /* one statement of a text */
    const struct cedar_policy *cedar;
    struct statement says;
};

/* Whoever the first is about, the second is as well. */
static bool is_within(const struct said *narrow, const struct said *wide)
{
    const struct statement *n = &narrow->says, *w = &wide->says;

    if (cedar_policy_eq(narrow->cedar, wide->cedar))
        return true;
    return n->exact && w->exact && n->does == w->does && n->forbid == w->forbid && is_open_or_release(n) &&
           whom_within(&n->whom, &w->whom) && which_within(&n->which, &w->which) &&
           hours_within(&n->hours, &w->hours) && bits_within(n->attributes.bits, w->attributes.bits);
}

/* ── a policy instead of another ────────────────────────────────────────── */

struct text {
    struct said *at;
    size_t n;
};

/* Of none, and of one that is switched off: no statements. */
static bool read(struct arena *a, const struct policy *p, struct text *out)
{
    struct cedar_source *source = arena_make(a, struct cedar_source);

    *out = (struct text){ 0 };
    if (p == NULL || !p->enabled)
        return true;
    *source = (struct cedar_source){ p->id, p->text };
    struct cedar_diags d = cedar_diags_new(a, source);
    const struct cedar_policies *all = cedar_policies_parse(a, &d, CEDAR_IDS_BY_POSITION);
    if (all == NULL || cedar_templates_n(all) > 0)
        return false;
    out->n = cedar_policies_n(all);
    out->at = arena_make_n(a, out->n + 1, struct said);
    for (size_t i = 0; i < out->n; i++) {
        out->at[i].cedar = cedar_policy_at(all, i);
        out->at[i].says = statement_read(a, out->at[i].cedar);
    }
    return true;
}

static bool some_contains(const struct text *list, const struct said *x)
{
    for (size_t i = 0; i < list->n; i++)
        if (is_within(x, &list->at[i]))
            return true;
    return false;
}

static bool some_equals(const struct text *list, const struct said *x)
{
    for (size_t i = 0; i < list->n; i++)
        if (cedar_policy_eq(x->cedar, list->at[i].cedar))
            return true;
    return false;
}

/* What is not about opening or telling alone must stay: where a municipality leaves no more to its schools, their own
 * forbids are gone as well. */
static bool others_stay(const struct text *some, const struct text *other)
{
    for (size_t i = 0; i < some->n; i++)
        if (!is_open_or_release(&some->at[i].says) && !some_equals(other, &some->at[i]))
            return false;
    return true;
}

static bool texts_narrow(const struct text *before, const struct text *after)
{
    for (size_t i = 0; i < after->n; i++)
        if (!after->at[i].says.forbid && !some_contains(before, &after->at[i]))
            return false;
    for (size_t i = 0; i < before->n; i++)
        if (before->at[i].says.forbid && !some_contains(after, &before->at[i]))
            return false;
    return others_stay(before, after) && others_stay(after, before);
}

static bool same_owner(const struct policy *x, const struct policy *y)
{
    const struct str none = { NULL, 0 };
    struct str provider[2] = { x->provider != NULL ? x->provider->id : none,
                               y->provider != NULL ? y->provider->id : none },
               school[2] = { x->school != NULL ? x->school->oid : none, y->school != NULL ? y->school->oid : none };

    return x->layer == y->layer && (x->provider == NULL) == (y->provider == NULL) &&
           (x->provider == NULL || str_eq(provider[0], provider[1])) && (x->school == NULL) == (y->school == NULL) &&
           (x->school == NULL || str_eq(school[0], school[1]));
}

bool policy_narrows(const struct policy *before, const struct policy *after)
{
    struct arena *a = arena_new();
    struct text was, is;
    bool there = before != NULL && before->enabled && after != NULL && after->enabled;
    bool good =
        (!there || (same_owner(before, after) && before->from_s == after->from_s && before->to_s == after->to_s)) &&
        read(a, before, &was) && read(a, after, &is) && texts_narrow(&was, &is);

    arena_free(a);
    return good;
}
