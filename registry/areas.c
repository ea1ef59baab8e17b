/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/areas.h"

/*                     provider    school    is_place   stands besides where this column's row of that kind does */
const struct kind_area kind_areas[KIND_COUNT] = {
    [KIND_PROVIDER] = { "id", NULL, true, NULL, KIND_COUNT },
    [KIND_SCHOOL] = { "provider", "oid", true, NULL, KIND_COUNT },
    [KIND_IDP] = { "provider", NULL, false, NULL, KIND_COUNT },
    [KIND_SERVICE] = { "vendor", NULL, false, NULL, KIND_COUNT },
    [KIND_PURPOSE] = { NULL, NULL, false, "service", KIND_SERVICE },
    [KIND_POLICY] = { "provider", "school", false, NULL, KIND_COUNT },
    [KIND_ACCOUNT] = { NULL, "school", false, "idp", KIND_IDP },
    [KIND_AFFILIATION] = { "provider", "school", false, "account", KIND_ACCOUNT },
    [KIND_ADMIN] = { "provider", "school", false, NULL, KIND_COUNT },
    [KIND_TERM] = { "provider", "school", false, NULL, KIND_COUNT },
    [KIND_NETWORK] = { "provider", "school", false, NULL, KIND_COUNT },
    [KIND_EXAM] = { "provider", "school", false, NULL, KIND_COUNT },
    [KIND_REGISTRAR] = { NULL, NULL, false, NULL, KIND_COUNT },
    [KIND_ORGANISATION] = { "id", NULL, true, NULL, KIND_COUNT },
    [KIND_STAFF] = { "organisation", NULL, false, NULL, KIND_COUNT },
    [KIND_SOURCE] = { NULL, NULL, false, NULL, KIND_COUNT },
    [KIND_API_TOKEN] = { "provider", "school", false, NULL, KIND_COUNT },
    [KIND_PERMISSION] = { "provider", NULL, false, NULL, KIND_COUNT },
    [KIND_INCIDENT] = { NULL, NULL, false, "service", KIND_SERVICE },
    [KIND_NOTICE] = { "provider", "school", false, NULL, KIND_COUNT },
    [KIND_MOVE] = { "provider", NULL, false, NULL, KIND_COUNT },
};

/* The provider of that other row, and its school where it may have one. */
static const struct db_statement besides[KIND_COUNT] = {
    [KIND_ACCOUNT] = { "account.area", "SELECT provider FROM idp WHERE id = ?1" },
    [KIND_AFFILIATION] = { "affiliation.area",
                           "SELECT idp.provider, account.school FROM account JOIN idp ON idp.id = account.idp "
                           "WHERE account.id = ?1" },
    [KIND_PURPOSE] = { "purpose.area", "SELECT '" AREA_VENDOR "' || vendor FROM service WHERE id = ?1" },
    [KIND_INCIDENT] = { "incident.area", "SELECT '" AREA_VENDOR "' || vendor FROM service WHERE id = ?1" },
};

/* Whose column of the provider names a vendor organisation. */
static bool is_of_vendor(enum kind kind)
{
    return kind == KIND_SERVICE || kind == KIND_ORGANISATION || kind == KIND_STAFF;
}

static struct str cell_text(const struct kind_row *k, const struct db_value *row, const char *column)
{
    const struct db_value *v = column != NULL ? &row[column_of(k, column)] : NULL;

    return v != NULL && v->kind == DB_TEXT && v->text.n > 0 ? v->text : (struct str){ NULL, 0 };
}

/* The provider that the row itself names, or the vendor. */
static struct str own_place(struct arena *a, enum kind kind, const struct db_value *row)
{
    struct str id = cell_text(&kind_rows[kind], row, kind_areas[kind].provider);

    return str_is_set(id) && is_of_vendor(kind) ? area_vendor(a, id).provider : id;
}

/* The row of that kind and id as the change leaves it; NULL: the change does not touch it. */
static const struct db_value *row_made(const struct change *x, enum kind kind, struct str id)
{
    for (size_t i = 0; x != NULL && i < x->n; i++)
        if (x->rows[i].kind == kind && x->rows[i].after != NULL && str_eq(x->rows[i].after[0].text, id))
            return x->rows[i].after;
    return NULL;
}

/* Of the row whose area it stands in besides; the nation where there is none.  made: a change of whose rows it may be,
 * or NULL. */
static bool area_by(struct db *d, struct arena *a, const struct change *made, enum kind kind,
                    const struct db_value *row, struct area *out, struct fail *f)
{
    const struct kind_area *where = &kind_areas[kind];
    const struct db_value id = db_text(cell_text(&kind_rows[kind], row, where->by));
    const struct db_value *other = row_made(made, where->by_kind, id.text);
    const struct str school =
        where->provider == NULL ? cell_text(&kind_rows[kind], row, where->school) : (struct str){ NULL, 0 };
    struct db_rows found;

    *out = (struct area){ .school = school };
    if (other != NULL && kind_areas[where->by_kind].by != NULL)
        return area_by(d, a, made, where->by_kind, other, out, f);
    if (other != NULL) {
        out->provider = own_place(a, where->by_kind, other);
        return true;
    }
    if (!db_query(d, &besides[kind], &id, 1, a, &found, f))
        return false;
    if (found.n == 1 && found.at[0].kind == DB_TEXT)
        out->provider = found.at[0].text;
    if (found.n == 1 && found.columns == 2 && found.at[1].kind == DB_TEXT && found.at[1].text.n > 0)
        out->school = found.at[1].text;
    return true;
}

bool row_area(struct db *d, struct arena *a, enum kind kind, const struct db_value *row, struct area *out,
              struct fail *f)
{
    const struct kind_row *k = &kind_rows[kind];

    *out = (struct area){ own_place(a, kind, row), cell_text(k, row, kind_areas[kind].school) };
    return str_is_set(out->provider) || kind_areas[kind].by == NULL || area_by(d, a, NULL, kind, row, out, f);
}

/* Where somebody must be allowed to act who makes, alters or removes the row. */
static bool stands_within(struct db *d, struct arena *a, const struct change *x, const struct changed_row *r,
                          bool after, bool *yes, struct fail *f)
{
    const struct kind_area *k = &kind_areas[r->kind];
    const struct db_value *row = after ? r->after : r->before;
    struct area around = *x->by.area;
    struct area own = { own_place(a, r->kind, row), cell_text(&kind_rows[r->kind], row, k->school) };

    if (k->by != NULL && !area_by(d, a, after ? x : NULL, r->kind, row, &around, f))
        return false;
    if (k->provider == NULL && k->by != NULL)
        own = around; /* its school is in it */
    if (k->is_place && (r->before == NULL || r->after == NULL))
        own = (struct area){ .provider = str_is_set(own.school) ? own.provider : area_nation.provider };
    *yes = area_within(&own, x->by.area) && area_within(&around, x->by.area);
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
        good = row == NULL || stands_within(d, a, x, r, after, &yes, f);
        if (good && !yes)
            good = fail(f, FAIL_CALLER, "not_yours", "some of it stands outside %.*s", STR_ARG(area_text(a, area)));
    }
    arena_free(a);
    return good;
}
