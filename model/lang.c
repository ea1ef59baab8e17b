/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/lang.h"

static const char *const tags[LANG_COUNT] = { "fi", "sv", "en" };

const char *lang_tag(enum lang lang)
{
    return tags[lang];
}

bool lang_of_tag(struct str tag, enum lang *out)
{
    struct str primary = str_sub(tag, 0, str_find_byte(tag, '-', 0));

    for (int i = 0; i < LANG_COUNT; i++)
        if (str_eq_case(primary, str_of(tags[i]))) {
            *out = (enum lang)i;
            return true;
        }
    return false;
}

/* "simple": IANA's variant subtag of simplified forms [BCP 47]. */
static const char *const varieties[VARIETY_COUNT] = { "", "fi-simple", "se" };

const char *variety_tag(enum variety variety)
{
    return variety < VARIETY_COUNT ? varieties[variety] : "";
}

enum variety variety_of_tag(struct str tag)
{
    for (int i = VARIETY_NONE + 1; i < VARIETY_COUNT; i++)
        if (str_eq_case(tag, str_of(varieties[i])))
            return (enum variety)i;
    return VARIETY_NONE;
}

/* Order stands for weight: browsers list their languages by preference. */
enum lang lang_choose(struct str list, enum lang otherwise)
{
    enum lang found;

    while (list.n > 0) {
        size_t end = 0;
        while (end < list.n && list.p[end] != ',' && list.p[end] != ' ')
            end++;
        struct str tag = str_sub(list, 0, str_find_byte(str_sub(list, 0, end), ';', 0));
        if (lang_of_tag(str_trim(tag), &found))
            return found;
        list = str_from(list, end + 1);
    }
    return otherwise;
}

struct str names_in(const struct names *n, enum lang lang)
{
    return str_is_set(n->in[lang]) ? n->in[lang] : n->in[LANG_FI];
}

struct str names_tag(const struct names *n, enum lang lang)
{
    bool other = lang != LANG_FI && !str_is_set(n->in[lang]) && str_is_set(n->in[LANG_FI]);

    return other ? str_of(lang_tag(LANG_FI)) : (struct str){ NULL, 0 };
}
