/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/cities.h"

static const struct city_row {
    const char *fi, *fi_genitive, *sv, *sv_genitive;
} rows[] = {
#define CITY(fi, fi_genitive, sv, sv_genitive) { fi, fi_genitive, sv, sv_genitive },
#include "launcher/cities.def"
#undef CITY
};

static const struct city_row *row_of(struct str name, enum lang lang)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(name, str_of(lang == LANG_SV ? rows[i].sv : rows[i].fi)))
            return &rows[i];
    return NULL;
}

struct str city_genitive(struct arena *a, struct str name, enum lang lang)
{
    const struct city_row *row = row_of(name, lang);

    if (row == NULL)
        return (struct str){ NULL, 0 };
    return lang == LANG_EN ? arena_join(a, name, S("’s"))
                           : str_of(lang == LANG_SV ? row->sv_genitive : row->fi_genitive);
}
