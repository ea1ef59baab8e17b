/* SPDX-License-Identifier: EUPL-1.2
 *
 * Everything that the screens do is reached by programs too, or it is said why not (item 14, API). */
#include "gateway/api/api.h"
#include "gateway/api/reach.def"
#include "gateway/console/screens.def"
#include "gateway/routes.def"
#include "gateway/vendor/screens.def"
#include "registry/schema.h"
#include "tests/test.h"

#include <string.h>

struct said { /* of an act, or a kind: how, or why not */
    const char *act, *how;
};
static const struct said by_rows[] = {
#define X(act, kinds) { #act, kinds },
    API_BY_ROWS(X)
#undef X
};
static const struct said by_path[] = {
#define X(act, path) { #act, path },
    API_BY_PATH(X)
#undef X
};
static const struct said by_none[] = {
#define X(act, why) { #act, why },
    API_BY_NONE(X)
#undef X
};
static const struct said no_kind[] = {
#define X(kind, why) { #kind, why },
    API_NO_KIND(X)
#undef X
};

static const char *const acts[] = {
#define X(steps, may, act) act,
    SCREENS(X)
#undef X
#define X(steps, role, act) act,
        VENDOR_SCREENS(X)
#undef X
};

static const char *const paths[] = {
#define X(method, path, door, who, body_B, errors, steps) path,
    ROUTES(X)
#undef X
};

#define COUNT(list)       (sizeof(list) / sizeof *(list))
#define TIMES(list, word) times(list, COUNT(list), word)

static size_t times(const struct said *list, size_t n, const char *word)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++)
        found += strcmp(list[i].act, word) == 0;
    return found;
}

static bool is_among(const char *const *list, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], word) == 0)
            return true;
    return false;
}

static bool is_act(const char *word)
{
    return is_among(acts, COUNT(acts), word);
}

TEST(every_act_of_a_screen_has_a_way_for_programs_or_a_reason_why_not)
{
    for (size_t i = 0; i < COUNT(acts); i++) {
        if (*acts[i] == '\0')
            continue;
        size_t n = TIMES(by_rows, acts[i]) + TIMES(by_path, acts[i]) + TIMES(by_none, acts[i]);
        if (n != 1)
            test_fail(t, __FILE__, __LINE__, "the act \"%s\" stands in reach.def %zu times", acts[i], n);
        t->checked++;
    }
}

TEST(what_reach_says_of_acts_is_of_acts_that_there_are)
{
    for (size_t i = 0; i < COUNT(by_rows); i++)
        CHECK(is_act(by_rows[i].act));
    for (size_t i = 0; i < COUNT(by_path); i++)
        CHECK(is_act(by_path[i].act) && is_among(paths, COUNT(paths), by_path[i].how));
    for (size_t i = 0; i < COUNT(by_none); i++)
        CHECK(is_act(by_none[i].act) && *by_none[i].how != '\0');
}

TEST(acts_by_rows_write_kinds_that_programs_write)
{
    for (size_t i = 0; i < COUNT(by_rows); i++) {
        struct str rest = str_of(by_rows[i].how), kind;
        while (str_split(&rest, ' ', &kind))
            CHECK(api_right_of(kind) != NULL);
    }
}

TEST(every_kind_of_row_is_reached_or_says_why_not)
{
    for (int k = 0; k < KIND_COUNT; k++) {
        const char *name = kind_rows[k].name;
        size_t n = (api_right_of(str_of(name)) != NULL) + TIMES(no_kind, name);
        if (n != 1)
            test_fail(t, __FILE__, __LINE__, "the kind \"%s\" is in %zu of the two lists", name, n);
        t->checked++;
    }
    for (size_t i = 0; i < COUNT(no_kind); i++)
        CHECK(*no_kind[i].how != '\0');
}
