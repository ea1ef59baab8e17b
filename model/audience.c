/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/audience.h"

#include "model/person.h"

const char *audience_word(enum audience who)
{
    static const char *const words[] = { "learner", "teacher", "guardian" };

    return words[who];
}

bool audience_has(const struct service *s, enum audience who)
{
    return strs_has(&s->audience, str_of(audience_word(who)));
}

unsigned audience_ages(int from, int to)
{
    static const struct {
        int from, to;
        unsigned age;
    } steps[] = { { 0, 12, AGE_UNDER13 }, { 13, 17, AGE_13TO17 }, { 18, AUDIENCE_AGE_MAX, AGE_ADULT } };
    unsigned met = 0;

    if (from == 0 && to == 0)
        return 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (from <= steps[i].to && (to == 0 || to >= steps[i].from))
            met |= 1u << steps[i].age;
    return met;
}

struct str audience_years(struct arena *a, int from, int to)
{
    if (from == 0 && to == 0)
        return (struct str){ NULL, 0 };
    if (to == 0)
        return arena_printf(a, "%d\xe2\x80\x93", from);
    return from == 0 ? arena_printf(a, "\xe2\x80\x93%d", to) : arena_printf(a, "%d\xe2\x80\x93%d", from, to);
}
