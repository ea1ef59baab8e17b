/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/areas.h"

/*                   provider    school    is_place   whose area it stands in besides, by its column of that name */
const struct kind_area kind_areas[KIND_COUNT] = {
    [KIND_PROVIDER] = { "id", NULL, true, NULL, { NULL, NULL } },
    [KIND_SCHOOL] = { "provider", "oid", true, NULL, { NULL, NULL } },
    [KIND_IDP] = { "provider", NULL, false, NULL, { NULL, NULL } },
    [KIND_SERVICE] = { NULL, NULL, false, NULL, { NULL, NULL } },
    [KIND_RULE] = { "provider", "school", false, NULL, { NULL, NULL } },
    [KIND_POLICY] = { "provider", "school", false, NULL, { NULL, NULL } },
    [KIND_ADMIN] = { "provider", "school", false, NULL, { NULL, NULL } },
    [KIND_ACCOUNT] = { NULL, NULL, false, "idp", { "account.area", "SELECT provider FROM idp WHERE id = ?1" } },
    [KIND_AFFILIATION] = { "provider",
                           "school",
                           false,
                           "account",
                           { "affiliation.area", "SELECT idp.provider FROM account JOIN idp ON idp.id = account.idp "
                                                 "WHERE account.id = ?1" } },
};

static struct str cell_text(const struct kind_row *k, const struct db_value *row, const char *column)
{
    const struct db_value *v = column != NULL ? &row[column_of(k, column)] : NULL;

    return v != NULL && v->kind == DB_TEXT && v->text.n > 0 ? v->text : (struct str){ NULL, 0 };
}

/* Of the row whose area it stands in besides; the nation where there is none. */
static bool area_by(struct db *d, struct arena *a, enum kind kind, const struct db_value *row, struct area *out,
                    struct fail *f)
{
    const struct kind_area *where = &kind_areas[kind];
    const struct db_value id = db_text(cell_text(&kind_rows[kind], row, where->by));
    struct db_rows found;

    *out = area_nation;
    if (!db_query(d, &where->of, &id, 1, a, &found, f))
        return false;
    if (found.n == 1 && found.at[0].kind == DB_TEXT)
        out->provider = found.at[0].text;
    return true;
}

bool row_area(struct db *d, struct arena *a, enum kind kind, const struct db_value *row, struct area *out,
              struct fail *f)
{
    const struct kind_row *k = &kind_rows[kind];

    *out = (struct area){ cell_text(k, row, kind_areas[kind].provider), cell_text(k, row, kind_areas[kind].school) };
    return str_is_set(out->provider) || kind_areas[kind].by == NULL || area_by(d, a, kind, row, out, f);
}

/* Where somebody must be allowed to act who makes, alters or removes the row. */
static bool stands_within(struct db *d, struct arena *a, const struct changed_row *r, const struct db_value *row,
                          const struct area *area, bool *yes, struct fail *f)
{
    struct area own, besides = *area;

    if (!row_area(d, a, r->kind, row, &own, f) ||
        (kind_areas[r->kind].by != NULL && !area_by(d, a, r->kind, row, &besides, f)))
        return false;
    if (kind_areas[r->kind].is_place && (r->before == NULL || r->after == NULL))
        own = str_is_set(own.school) ? (struct area){ .provider = own.provider } : area_nation;
    *yes = area_within(&own, area) && area_within(&besides, area);
    return true;
}

bool rows_stay_within(struct db *d, const struct change *x, bool after, struct fail *f)
{
    const struct area *area = x->by.area;
    struct arena *a = arena_new();
    bool good = area != NULL || fail(f, FAIL_CALLER, "not_yours", "the change is in nobody's area");

    for (size_t i = 0; good && str_is_set(area->provider) && i < x->n; i++) {
        const struct changed_row *r = &x->rows[i];
        const struct db_value *row = after ? r->after : r->before;
        bool yes = true;
        arena_reset(a);
        good = row == NULL || stands_within(d, a, r, row, area, &yes, f);
        if (good && !yes)
            good = fail(f, FAIL_CALLER, "not_yours", "%.*s stands outside %.*s",
                        STR_ARG(row_name(a, &kind_rows[r->kind], row)), STR_ARG(area_text(a, area)));
    }
    arena_free(a);
    return good;
}
