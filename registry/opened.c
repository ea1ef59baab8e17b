/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/opened.h"

#include "policy/users.h"
#include "registry/change_int.h"

static const struct db_statement insert = { "opened.insert",
                                            "INSERT INTO opened (provider, service, first_s, change) "
                                            "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (provider, service) DO NOTHING" };
/* What was to come may come otherwise now. */
static const struct db_statement forget_provider = { "opened.forget_provider",
                                                     "DELETE FROM opened WHERE provider = ?1 AND first_s > ?2" };
static const struct db_statement forget_service = { "opened.forget_service",
                                                    "DELETE FROM opened WHERE service = ?1 AND first_s > ?2" };
static const struct db_statement list = { "opened.list",
                                          "SELECT provider, first_s, change FROM opened WHERE service = ?1 AND "
                                          "first_s <= ?2 AND (?3 IS NULL OR provider = ?3) "
                                          "ORDER BY first_s, provider LIMIT ?4" };
static const struct db_statement last_change = { "opened.last_change", "SELECT max(at_s) FROM change" };

bool opened_of(struct db *d, struct arena *a, struct str service, struct str provider, int64_t now_s,
               struct openeds *out, struct fail *f)
{
    const struct db_value args[] = { db_text(service), db_int(now_s), db_text(provider), db_int(OPENED_MAX) };
    struct db_rows rows;

    *out = (struct openeds){ NULL, 0 };
    if (!db_query(d, &list, args, 4, a, &rows, f))
        return false;
    out->at = arena_make_n(a, rows.n + 1, struct opened);
    for (size_t i = 0; i < rows.n; i++) {
        const struct db_value *row = db_row(&rows, i);
        out->at[out->n++] = (struct opened){ row[0].text, row[1].number, row[2].number };
    }
    return true;
}

static bool keep(struct db *d, struct str provider, struct str service, int64_t first_s, int64_t change, struct fail *f)
{
    const struct db_value args[] = { db_text(provider), db_text(service), db_int(first_s), db_int(change) };

    return db_run(d, &insert, args, 4, f);
}

/* ── by a change ────────────────────────────────────────────────────────── */

struct touched { /* by place in the registry */
    bool *providers, *services;
    bool any;
};

static struct str text_of(enum kind kind, const struct db_value *row, const char *column)
{
    const struct db_value *v = &row[column_of(&kind_rows[kind], column)];

    return v->kind == DB_TEXT ? v->text : (struct str){ NULL, 0 };
}

static bool touch_provider(struct db *d, const struct change *x, const struct registry *r, struct str id,
                           struct touched *t, struct fail *f)
{
    const struct db_value args[] = { db_text(id), db_int(x->by.at_s) };
    const struct provider *p = str_is_set(id) ? registry_provider(r, id) : NULL;

    if (!str_is_set(id))
        return true; /* the nation's policies are no municipality's decision */
    if (p != NULL)
        t->providers[p - registry_parts(r)->providers] = t->any = true;
    return db_run(d, &forget_provider, args, 2, f);
}

static bool touch_service(struct db *d, const struct change *x, const struct registry *r, struct str id,
                          struct touched *t, struct fail *f)
{
    const struct db_value args[] = { db_text(id), db_int(x->by.at_s) };
    const struct service *s = registry_service(r, id);

    if (s != NULL)
        t->services[s - registry_parts(r)->services] = t->any = true;
    return db_run(d, &forget_service, args, 2, f);
}

static bool touch(struct db *d, const struct change *x, const struct registry *r, enum kind kind,
                  const struct db_value *row, struct touched *t, struct fail *f)
{
    if (row == NULL)
        return true;
    if (kind == KIND_POLICY || kind == KIND_PERMISSION)
        return touch_provider(d, x, r, text_of(kind, row, "provider"), t, f);
    return kind != KIND_SERVICE || touch_service(d, x, r, row[0].text, t, f);
}

static bool note_all(struct db *d, const struct registry *r, const struct touched *t, int64_t at_s, int64_t change,
                     struct fail *f)
{
    const struct registry_parts *p = registry_parts(r);
    struct arena *a = arena_new();
    bool good = true;

    for (size_t i = 0; good && i < p->service_count; i++) {
        arena_reset(a);
        const bool *only = t == NULL || t->services[i] ? NULL : t->providers;
        const struct users_since all = policy_users_since(a, r, &p->services[i], at_s, only);
        for (size_t k = 0; good && k < all.n; k++)
            good = keep(d, all.at[k].provider->id, p->services[i].id, all.at[k].from_s, change, f);
    }
    arena_free(a);
    return good;
}

bool opened_write(struct db *d, const struct change *x, const struct registry *r, struct fail *f)
{
    const struct registry_parts *p = registry_parts(r);
    struct arena *a = arena_new();
    struct touched t = { arena_make_n(a, p->provider_count + 1, bool), arena_make_n(a, p->service_count + 1, bool),
                         false };
    int64_t version;
    bool good = registry_number(d, S("version"), &version, f);

    for (size_t i = 0; good && i < x->n; i++)
        good = touch(d, x, r, x->rows[i].kind, x->rows[i].before, &t, f) &&
               touch(d, x, r, x->rows[i].kind, x->rows[i].after, &t, f);
    good = good && (!t.any || note_all(d, r, &t, x->by.at_s, version + 1, f));
    arena_free(a);
    return good;
}

/* ── a registry that is older than this ─────────────────────────────────── */

static bool note_decided(struct db *d, const struct registry *r, int64_t at_s, struct fail *f)
{
    const struct registry_parts *p = registry_parts(r);
    bool good = true;

    for (size_t i = 0; good && i < p->permission_count; i++) {
        const struct permission *x = &p->permissions[i];
        if (x->from_s <= at_s && (x->withdrawn_s == 0 || x->withdrawn_s > x->from_s))
            good = keep(d, x->provider->id, x->service, x->from_s, 0, f);
    }
    return good;
}

static bool begin(struct db *d, struct arena *a, struct fail *f)
{
    struct row_place where = { KIND_COUNT, { { NULL, 0 }, { NULL, 0 } } };
    struct fail none = { 0 };
    struct db_rows rows;
    int64_t begun;

    if (!registry_number_raise(d, S("opened"), &begun, f) || !db_query(d, &last_change, NULL, 0, a, &rows, f))
        return false;
    if (begun != 1 || rows.n != 1 ||
        rows.at[0].kind != DB_INT) /* another process was first; or nothing was ever there */
        return true;
    struct registry *r = registry_load_within(d, a, &area_nation, &where, &none);
    bool good =
        r == NULL || (note_decided(d, r, rows.at[0].number, f) && note_all(d, r, NULL, rows.at[0].number, 0, f));
    registry_drop(r);
    return good;
}

bool opened_begin(struct db *d, struct fail *f)
{
    struct arena *a = arena_new();
    int64_t begun;
    bool good = registry_number(d, S("opened"), &begun, f);

    if (good && begun == 0) {
        good = db_begin(d, f) && begin(d, a, f) && db_commit(d, f);
        db_rollback(d);
    }
    arena_free(a);
    return good;
}
