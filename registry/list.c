/* SPDX-License-Identifier: EUPL-1.2
 *
 * Rows as screens read them: one, or a page, of an area. */
#include "registry/edit_int.h"

#include "base/text.h"
#include "registry/registry.h"

/* ?1, ?2: the key after which it goes on; ?3: below this row; ?4, ?5: provider and school of the area; ?6: the word
 * that is looked for, folded; ?7: how many.  `within` is the area's own rows, `seen` those of the areas around as
 * well. */
enum { LIST_ARGS = 7 };

#define LIST(table, what, keys, after, where, words)                                                                   \
    {                                                                                                                  \
        table what,                                                                                                    \
            "SELECT " keys " FROM " table " WHERE (" keys ") > (" after ") AND (" where ") AND (?6 IS NULL OR "        \
            "has_text(?6, " words ")) ORDER BY " keys " LIMIT ?7"                                                      \
    }
#define LISTS(table, keys, after, parent, within, seen, words)                                                         \
    {                                                                                                                  \
        LIST(table, ".list", keys, after, "1", words), LIST(table, ".list_within", keys, after, within, words),        \
            LIST(table, ".list_seen", keys, after, seen, words),                                                       \
            LIST(table, ".list_below", keys, after, parent " = ?3 AND (?4 IS NULL OR (" within "))", words)            \
    }
#define NAMES             "id, names_fi, names_sv, names_en"
#define OF_VENDOR(column) "'" AREA_VENDOR "' || " column " = ?4"
#define OWNED             "provider = ?4 AND (?5 IS NULL OR school = ?5)"
/* An affiliation's account stands there as well (areas.h). */
#define PLACED                                                                                                         \
    " AND account IN (SELECT account.id FROM account JOIN idp ON idp.id = account.idp WHERE idp.provider = ?4 "        \
    "AND (?5 IS NULL OR account.school = ?5))"
#define AROUND "(provider IS NULL OR provider = ?4) AND (?5 IS NULL OR school IS NULL OR school = ?5)"

enum list { LIST_ALL = 0, LIST_WITHIN, LIST_SEEN, LIST_BELOW, LIST_COUNT };

static const struct db_statement lists[KIND_COUNT][LIST_COUNT] = {
    [KIND_PROVIDER] = LISTS("provider", "id", "?1", "id", "id = ?4 AND ?5 IS NULL", "id = ?4", NAMES),
    [KIND_SCHOOL] = LISTS("school", "provider, oid", "?1, ?2", "provider", "provider = ?4 AND (?5 IS NULL OR oid = ?5)",
                          "provider = ?4 AND (?5 IS NULL OR oid = ?5)", "oid, code, names_fi, names_sv, names_en"),
    [KIND_IDP] = LISTS("idp", "id", "?1", "id", "provider = ?4 AND ?5 IS NULL", "provider = ?4 AND ?5 IS NULL", NAMES),
    [KIND_SERVICE] = LISTS("service", "id", "?1", "id", OF_VENDOR("vendor"),
                           "?4 NOT LIKE '" AREA_VENDOR "%' OR " OF_VENDOR("vendor"), NAMES ", vendor, keywords"),
    [KIND_PURPOSE] =
        LISTS("purpose", "service, claim", "?1, ?2", "service",
              "service IN (SELECT id FROM service WHERE " OF_VENDOR("vendor") ")",
              "?4 NOT LIKE '" AREA_VENDOR "%' OR service IN (SELECT id FROM service WHERE " OF_VENDOR("vendor") ")",
              "service, claim, why_fi, why_sv, why_en"),
    [KIND_POLICY] = LISTS("policy", "id", "?1", "id", OWNED, AROUND, NAMES ", why"),
    [KIND_ACCOUNT] = LISTS("account", "id", "?1", "id",
                           "idp IN (SELECT id FROM idp WHERE provider = ?4) AND (?5 IS NULL OR school = ?5)",
                           "idp IN (SELECT id FROM idp WHERE provider = ?4) AND (?5 IS NULL OR school = ?5)",
                           "id, username, given_names, calling_name, family_name"),
    [KIND_AFFILIATION] =
        LISTS("affiliation", "account, position", "?1, ?2", "account", OWNED PLACED, OWNED PLACED, "account"),
    [KIND_ADMIN] = LISTS("admin", "id", "?1", "id", OWNED, OWNED, "id, subject, why"),
    [KIND_TERM] = LISTS("term", "id", "?1", "id", OWNED, AROUND, NAMES),
    [KIND_NETWORK] = LISTS("network", "id", "?1", "id", OWNED, AROUND, NAMES ", blocks"),
    [KIND_EXAM] = LISTS("exam", "id", "?1", "id", OWNED, OWNED, "id, title, class_groups"),
    [KIND_REGISTRAR] = LISTS("registrar", "id", "?1", "id", "0", "0", "id, vendor, why"),
    [KIND_ORGANISATION] =
        LISTS("organisation", "id", "?1", "id", OF_VENDOR("id"), OF_VENDOR("id"), NAMES ", business_id"),
    [KIND_STAFF] = LISTS("staff", "id", "?1", "organisation", OF_VENDOR("organisation"), OF_VENDOR("organisation"),
                         "id, organisation, subject"),
    [KIND_SOURCE] = LISTS("metadata_source", "id", "?1", "id", "0", "0", "id, url, file"),
    [KIND_API_TOKEN] = LISTS("api_token", "id", "?1", "id", OWNED, OWNED, "id, why"),
    [KIND_PERMISSION] = LISTS("permission", "id", "?1", "id", "provider = ?4 AND ?5 IS NULL",
                              "provider = ?4 AND ?5 IS NULL", "id, service, agreement"),
    [KIND_INCIDENT] =
        LISTS("incident", "id", "?1", "id", "service IN (SELECT id FROM service WHERE " OF_VENDOR("vendor") ")",
              "service IN (SELECT id FROM service WHERE " OF_VENDOR("vendor") ")", "id, service"),
    [KIND_NOTICE] = LISTS("notice", "id", "?1", "id", OWNED, OWNED, "id, title_fi, title_sv, title_en"),
    [KIND_MOVE] = LISTS("move", "id", "?1", "id", "provider = ?4 AND ?5 IS NULL", "provider = ?4 AND ?5 IS NULL",
                        "id, from_idp, to_idp"),
};

/* Services and what is said above are seen from within; to alter them is another matter. */
static bool is_seen_within(enum kind kind)
{
    return kind == KIND_SERVICE || kind == KIND_PURPOSE || kind == KIND_POLICY || kind == KIND_PROVIDER ||
           kind == KIND_TERM || kind == KIND_NETWORK;
}

static bool may_see(struct db *d, struct arena *a, enum kind kind, const struct db_value *row, const struct area *area,
                    bool *yes, struct fail *f)
{
    struct change x = { .arena = a, .by = { .area = area } };
    struct fail outside = { 0 };
    struct area where;

    if (!row_area(d, a, kind, row, &where, f))
        return false;
    change_add(&x, kind, row, row);
    bool is_service = kind == KIND_SERVICE || kind == KIND_PURPOSE; /* whose vendor's area is no city's concern */
    *yes = rows_stay_within(d, &x, false, &outside) ||
           (is_seen_within(kind) && !area_is_vendor(area) && (is_service || area_within(area, &where)));
    return true;
}

static bool look(struct db *d, struct arena *a, struct arena *scratch, const struct area *area, const struct row_id *id,
                 struct row_seen *out, struct fail *f)
{
    struct db_value key[2] = { { 0 }, { 0 } };
    const struct db_value *row;
    enum kind kind;
    bool yes = false;

    if (!row_id_read(id, &kind, key))
        return fail(f, FAIL_CALLER, "unknown_kind", "there is no kind \"%.*s\"", STR_ARG(id->kind));
    if (!row_find(d, scratch, kind, key, &row, f) || (row != NULL && !may_see(d, scratch, kind, row, area, &yes, f)))
        return false;
    if (row == NULL || !yes)
        return fail(f, FAIL_NOT_FOUND, "no_row", "there is no such %s", kind_rows[kind].name);
    *out = row_seen_of(a, kind, row, true);
    return true;
}

bool row_look(struct db *d, struct arena *a, const struct area *area, const struct row_id *id, struct row_seen *out,
              int64_t *version, struct fail *f)
{
    struct arena *scratch = arena_new_secret();
    bool began = db_begin_read(d, f);
    bool good = began && registry_number(d, S("version"), version, f) && look(d, a, scratch, area, id, out, f);

    if (began)
        db_rollback(d);
    arena_free(scratch);
    return good;
}

/* Where a page begins: the empty key is before all, also that of a number. */
static struct db_value after_of(const struct kind_row *k, size_t i, struct str after)
{
    int64_t number = -1;

    if (k->key_count <= i)
        return (struct db_value){ .kind = DB_NULL };
    if (k->columns[i].type != COL_POSITION)
        return db_text(after.p != NULL ? after : S(""));
    (void)str_int(after, &number);
    return db_int(number);
}

static bool page(struct db *d, struct arena *a, struct arena *scratch, const struct area *area,
                 const struct row_ask *ask, enum kind kind, struct row_page *out, struct fail *f)
{
    const struct kind_row *k = &kind_rows[kind];
    size_t most = ask->most > 0 && ask->most < ROW_PAGE_MAX ? ask->most : ROW_PAGE_MAX;
    bool nation = !str_is_set(area->provider);
    const struct str none = { NULL, 0 };
    const struct db_value args[LIST_ARGS] = { after_of(k, 0, ask->after[0]),
                                              after_of(k, 1, ask->after[1]),
                                              db_text(str_is_set(ask->under) ? ask->under : none),
                                              db_text(nation ? none : area->provider),
                                              db_text(str_is_set(area->school) ? area->school : none),
                                              db_text(str_is_set(ask->search) ? text_folded(scratch, ask->search)
                                                                              : none),
                                              db_int((int64_t)most + 1) };
    enum list which = str_is_set(ask->under) ? LIST_BELOW
                      : nation               ? LIST_ALL
                      : is_seen_within(kind) ? LIST_SEEN
                                             : LIST_WITHIN;
    struct db_rows keys;

    if (!db_query(d, &lists[kind][which], args, LIST_ARGS, scratch, &keys, f))
        return false;
    *out = (struct row_page){ .more = keys.n > most, .at = arena_make_n(a, keys.n + 1, struct row_seen) };
    for (size_t i = 0; i < keys.n && i < most; i++) {
        const struct db_value *row;
        if (!row_find(d, scratch, kind, db_row(&keys, i), &row, f))
            return false;
        if (row != NULL)
            out->at[out->n++] = row_seen_of(a, kind, row, false);
    }
    return true;
}

bool row_list(struct db *d, struct arena *a, const struct area *area, const struct row_ask *ask, struct row_page *out,
              struct fail *f)
{
    struct arena *scratch = arena_new_secret();
    enum kind kind = kind_named(str_of(ask->kind));
    bool began = kind != KIND_COUNT ? db_begin_read(d, f)
                                    : fail(f, FAIL_CALLER, "unknown_kind", "there is no kind \"%s\"", ask->kind);
    bool good = began && page(d, a, scratch, area, ask, kind, out, f);

    if (began)
        db_rollback(d);
    arena_free(scratch);
    return good;
}
