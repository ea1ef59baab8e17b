/* SPDX-License-Identifier: EUPL-1.2
 * tests/unit/change_help.h: a registry of two cities, and edits of it in one line. */
#ifndef TESTS_UNIT_CHANGE_HELP_H
#define TESTS_UNIT_CHANGE_HELP_H

#include "tests/unit/registry_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OULU_SCHOOL   "1.2.246.562.99.95640200010"
#define OULU_SCHOOL_2 "1.2.246.562.99.95640200028"
#define ESPOO_SCHOOL  "1.2.246.562.99.95640200036"
#define CEDAR(who)    "'permit (principal" who ", action == Action::\"open\", resource == Service::\"kanerva\");'"
#define EVERYBODY     CEDAR("")
#define OULUS         CEDAR(" in Provider::\"oulu\"")
#define ESPOOS        CEDAR(" in Provider::\"espoo\"")
#define SCHOOLS       CEDAR(" in School::\"oulu/99101\"")
#define CITIES                                                                                                         \
    "format: 1\n"                                                                                                      \
    "providers:\n"                                                                                                     \
    "  - {id: oulu, oid: 1.2.246.562.99.95640100004, name: {fi: Oulu}, schools: [\n"                                   \
    "     {oid: " OULU_SCHOOL ", code: '99101', name: {fi: Kielonmäki}},\n"                                           \
    "     {oid: " OULU_SCHOOL_2 ", code: '99102', name: {fi: Otsolahti}}]}\n"                                          \
    "  - {id: espoo, oid: 1.2.246.562.99.95640100012, name: {fi: Espoo}, schools: [\n"                                 \
    "     {oid: " ESPOO_SCHOOL ", code: '99201', name: {fi: Äijälä}}]}\n"                                           \
    "idps:\n"                                                                                                          \
    "  - {id: local, kind: local, name: {fi: Hätä}}\n"                                                               \
    "  - {id: oulu-local, kind: local, provider: oulu, name: {fi: Oulu}}\n"                                            \
    "  - {id: espoo-local, kind: local, provider: espoo, name: {fi: Espoo}}\n"                                         \
    "services:\n"                                                                                                      \
    "  - {id: kanerva, protocol: oidc, vendor: kanerva-oy, name: {fi: Kanerva}, asks: [roles, sub],\n"                 \
    "     client_id: kanerva, secret: {plain: the-secret-of-kanerva-is-long},\n"                                       \
    "     redirect_uris: [https://kanerva.example/cb], scopes: [openid, profile]}\n"                                   \
    "policies:\n"                                                                                                      \
    "  - {id: nation-1, why: kaikille, text: " EVERYBODY "}\n"                                                         \
    "  - {id: oulu-p, provider: oulu, why: meille, text: " OULUS "}\n"                                                 \
    "  - {id: oulu-s, provider: oulu, school: '99101', text: " SCHOOLS "}\n"                                           \
    "  - {id: espoo-p, provider: espoo, text: " ESPOOS "}\n"                                                           \
    "accounts:\n"                                                                                                      \
    "  - {id: root, idp: local, username: root, password: {plain: ennen-vanhaan}, given_names: Ritva}\n"               \
    "  - {id: anna, idp: oulu-local, username: anna, password: {plain: annan-salasana}, given_names: Anna,\n"          \
    "     affiliations: [{provider: oulu, school: '99101', role: teacher}]}\n"                                         \
    "  - {id: eetu, idp: espoo-local, username: eetu, password: {plain: eetun-salasana}, given_names: Eetu,\n"         \
    "     affiliations: [{provider: espoo, school: '99201', role: teacher}]}\n"                                        \
    "admins:\n"                                                                                                        \
    "  - {id: op, idp: local, subject: root, role: operator}\n"                                                        \
    "  - {id: oulu-a, idp: oulu-local, subject: anna, role: admin, provider: oulu}\n"                                  \
    "  - {id: espoo-1, idp: espoo-local, subject: eetu, role: teacher, provider: espoo}\n"                             \
    "  - {id: oulu-1, idp: oulu-local, subject: anna, role: teacher, provider: oulu}\n"                                \
    "  - {id: oulu-2, idp: oulu-local, subject: anna, role: staff, provider: oulu, school: '99101'}\n"

static const struct area oulu = { { "oulu", 4 }, { NULL, 0 } }, espoo = { { "espoo", 5 }, { NULL, 0 } };
static const struct area kielonmaki = { { "oulu", 4 }, { OULU_SCHOOL, sizeof OULU_SCHOOL - 1 } };

static inline void rig_new(struct test *t, struct rig *g)
{
    rig_open(t, g);
    g->how.who = S("aino");
    g->edit = (struct edit_how){ .world = &t->world, .seals = g->how.seals };
    CHECK(import(t, g, S(CITIES)));
    CHECK_STR(g->fail.detail, "");
}

static inline struct change_by by_of(struct test *t, const char *who, const struct area *area)
{
    return (struct change_by){ .who = str_of(who),
                               .acting_as = S("admin"),
                               .area = area,
                               .maker = MAKER_console,
                               .why = S("syksyksi"),
                               .at_s = world_now_s(&t->world) };
}

/* "oulu/1.2.3" is a key of two parts. */
static inline struct row_id id_of(const char *kind, const char *key)
{
    const char *slash = strchr(key, '/');
    struct row_id id = { str_of(kind), { str_of(key), { NULL, 0 } } };

    if (slash != NULL) {
        id.key[0] = str_n(key, (size_t)(slash - key));
        id.key[1] = str_of(slash + 1);
    }
    return id;
}

/* One field of one row. */
struct one {
    const char *who, *kind, *key, *field, *value; /* field NULL: the row is removed; value NULL: as preset */
    const struct area *area;
    int64_t version, draft, edition;
};

static inline bool one(struct test *t, struct rig *g, const struct one *o, enum edit_act act)
{
    const struct change_by by = by_of(t, o->who, o->area);
    const struct edit_from from = { o->version, o->draft, o->edition };
    const struct row_id id = id_of(o->kind != NULL ? o->kind : "", o->key != NULL ? o->key : "");
    const struct edit_field field = { str_of(o->field), str_of(o->value) };
    struct edit *e = edit_new(&by, &from);

    if (o->kind != NULL && o->field != NULL)
        edit_put(e, &id, &field, 1);
    else if (o->kind != NULL)
        edit_remove(e, &id);
    g->fail = (struct fail){ 0 };
    bool good = edit_run(e, g->db, t->arena, &g->edit, act, &g->got, &g->fail);
    edit_free(e);
    return good;
}

static inline struct str exported(struct test *t, struct rig *g)
{
    return registry_export(g->db, t->arena, &g->fail);
}

/* A field as it is now; absent: no such row. */
static inline struct str now(struct test *t, struct rig *g, const char *kind, const char *key, const char *field)
{
    const struct row_id id = id_of(kind, key);
    struct row_seen row;
    struct fail none = { 0 };
    int64_t version;

    if (!row_look(g->db, t->arena, &area_nation, &id, &row, &version, &none))
        return (struct str){ NULL, 0 };
    const struct row_field *f = row_field(&row, field);
    return f != NULL ? f->value : S("(no such field)");
}

static inline int64_t version(struct rig *g)
{
    struct change_entries list;
    struct arena *a = arena_new();
    int64_t n =
        change_list(g->db, a, &area_nation, INT64_MAX, 1, &list, &g->fail) && list.n > 0 ? list.at[0].number : 0;

    arena_free(a);
    return n;
}

#endif
