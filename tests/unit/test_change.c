/* SPDX-License-Identifier: EUPL-1.2 */
#include "audit/audit.h"
#include "base/log.h"
#include "gateway/node/watch.h"
#include "registry/change.h"
#include "registry/registry.h"
#include "tests/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct rig {
    char dir[64];
    struct settings set;
    struct db *db;
    struct import_how how;
    struct import_report report;
    struct fail fail;
};

#define SECRET "the-secret-of-kanerva-is-long"
#define REST                                                                                                           \
    "providers:\n"                                                                                                     \
    "  - {id: oulu, oid: 1.2.246.562.99.95640100004, name: {fi: Oulu}}\n"                                              \
    "idps:\n"                                                                                                          \
    "  - {id: local, kind: local, name: {fi: Paikalliset}}\n"                                                          \
    "accounts:\n"                                                                                                      \
    "  - {id: anna-id, idp: local, username: annan-tunnus, password: {plain: annan-salasana}, given_names: "           \
    "Annamaria,\n"                                                                                                     \
    "     family_name: Mikkonen, affiliations: [{provider: oulu, role: teacher}]}\n"
#define SERVICE(name, secret)                                                                                          \
    "services:\n"                                                                                                      \
    "  - {id: kanerva, protocol: oidc, vendor: kanerva-oy, name: {fi: " name "}, asks: [roles, sub],\n"                \
    "     client_id: kanerva, secret: {plain: " secret "}, auth_method: client_secret_basic,\n"                        \
    "     redirect_uris: [https://kanerva.example/cb], scopes: [openid, profile]}\n"
#define POLICY(id, role)                                                                                               \
    "  - {id: " id ", provider: oulu, opens: permit, roles: [" role "], services: [kanerva], release: [sub]}\n"
#define FIRST "format: 1\n" REST SERVICE("Kanerva", SECRET) "policies:\n" POLICY("r1", "teacher")

static void rig_new(struct test *t, struct rig *g)
{
    *g = (struct rig){ .dir = "/tmp/digione-change-XXXXXX" };
    CHECK(mkdtemp(g->dir) != NULL);
    settings_defaults(&g->set);
    g->set.state_dir = str_of(arena_cstr(t->arena, str_of(g->dir)));
    g->db = registry_db_open(&g->set, DB_CREATE, &g->fail);
    CHECK(g->db != NULL);
    g->how = (struct import_how){ .world = &t->world,
                                  .seals = seals_of(t->arena, S("0123456789abcdef0123456789abcdef")),
                                  .base_dir = g->dir,
                                  .who = S("aino"),
                                  .why = S("lukukausi alkaa") };
}

static void rig_free(struct test *t, struct rig *g)
{
    db_close(g->db);
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf %s", g->dir))) == 0);
}

static bool import(struct test *t, struct rig *g, struct str text)
{
    g->fail = (struct fail){ 0 };
    return registry_import(g->db, t->arena, text, "registry.yaml", &g->how, &g->report, &g->fail);
}

static bool undo(struct test *t, struct rig *g, int64_t number, bool dry_run, struct change_report *out)
{
    const struct change_by by = { .who = S("liisa"),
                                  .acting_as = S("operator"),
                                  .area = &area_nation,
                                  .maker = MAKER_undo,
                                  .why = S("erehdys"),
                                  .at_s = world_now_s(&t->world) };

    g->fail = (struct fail){ 0 };
    return change_undo(g->db, t->arena, number, &by, dry_run, out, &g->fail);
}

static struct str exported(struct test *t, struct rig *g)
{
    return registry_export(g->db, t->arena, &g->fail);
}

static struct change_entries history(struct test *t, struct rig *g)
{
    struct change_entries list;

    CHECK(change_list(g->db, t->arena, &area_nation, INT64_MAX, 100, &list, &g->fail));
    return list;
}

TEST(an_import_is_one_change_that_says_who_and_why)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(import(t, &g, S(FIRST)));
    CHECK_STR(g.fail.detail, "");
    struct change_entries list = history(t, &g);
    CHECK_INT(list.n, 1);
    CHECK_INT(list.at[0].number, g.report.change.version);
    CHECK_STR(list.at[0].who, "aino");
    CHECK_STR(list.at[0].acting_as, "operator");
    CHECK_STR(list.at[0].area, "nation");
    CHECK_STR(list.at[0].maker, "import");
    CHECK_STR(list.at[0].why, "lukukausi alkaa");
    CHECK_INT(list.at[0].at_s, world_now_s(&t->world));
    CHECK_INT(list.at[0].added, 6);
    CHECK_INT(list.at[0].undoes, 0);
    rig_free(t, &g);
}

TEST(an_import_that_changes_nothing_is_no_change)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(import(t, &g, S(FIRST)));
    CHECK(import(t, &g, exported(t, &g)));
    CHECK_INT(g.report.same, 6);
    CHECK_INT(history(t, &g).n, 1);
    rig_free(t, &g);
}

TEST(a_refused_or_dry_import_leaves_no_history)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(!import(t, &g, S("format: 1\n" REST "policies:\n" POLICY("r1", "teacher"))));
    g.how.dry_run = true;
    CHECK(import(t, &g, S(FIRST)));
    CHECK_INT(history(t, &g).n, 0);
    rig_free(t, &g);
}

TEST(what_was_before_comes_back_to_the_byte)
{
    struct rig g;
    struct change_report r;

    rig_new(t, &g);
    CHECK(import(t, &g, S(FIRST)));
    struct str before = exported(t, &g);
    /* A row changed with its secret, one removed, one added, an account gone. */
    CHECK(import(t, &g,
                 S("format: 1\nproviders:\n  - {id: oulu, oid: 1.2.246.562.99.95640100004, name: {fi: Oulu}}\n"
                   "idps:\n  - {id: local, kind: local, name: {fi: Paikalliset}}\n" SERVICE(
                       "Kanerva uusi", "another-secret-of-kanerva") "policies:\n" POLICY("r2", "learner"))));
    struct str after = exported(t, &g);
    CHECK(!str_eq(before, after));
    CHECK(undo(t, &g, g.report.change.version, true, &r));
    CHECK(str_eq(exported(t, &g), after));
    CHECK(undo(t, &g, g.report.change.version, false, &r));
    CHECK_STR(g.fail.detail, "");
    CHECK(str_eq(exported(t, &g), before));
    CHECK_INT(r.added, 3);
    CHECK_INT(r.removed, 1);
    CHECK_INT(r.changed, 1);
    struct change_entries list = history(t, &g);
    CHECK_INT(list.n, 3);
    CHECK_STR(list.at[0].maker, "undo");
    CHECK_STR(list.at[0].who, "liisa");
    CHECK_INT(list.at[0].undoes, list.at[1].number);
    CHECK_INT(list.at[0].number, r.version);
    /* And an undo is a change like any other. */
    CHECK(undo(t, &g, r.version, false, &r));
    CHECK(str_eq(exported(t, &g), after));
    rig_free(t, &g);
}

TEST(a_row_that_changed_since_is_not_overwritten)
{
    struct rig g;
    struct change_report r;

    rig_new(t, &g);
    CHECK(import(t, &g, S(FIRST)));
    int64_t first = g.report.change.version;
    CHECK(import(t, &g, S("format: 1\n" REST SERVICE("Kanerva", SECRET) "policies:\n" POLICY("r1", "principal"))));
    int64_t second = g.report.change.version;
    CHECK(import(t, &g, S("format: 1\n" REST SERVICE("Kanerva", SECRET) "policies:\n" POLICY("r1", "learner"))));
    struct str now = exported(t, &g);
    CHECK(!undo(t, &g, second, false, &r));
    CHECK_STR(g.fail.code, "changed_since");
    CHECK(g.fail.kind == FAIL_CONFLICT);
    CHECK(strstr(g.fail.detail, "policy r1") != NULL);
    CHECK(strstr(g.fail.detail, "change 4") != NULL);
    CHECK(!undo(t, &g, first, false, &r));
    CHECK(str_eq(exported(t, &g), now));
    CHECK(undo(t, &g, g.report.change.version, false, &r));
    CHECK(undo(t, &g, second, false, &r)); /* now it is as that change left it */
    CHECK_STR(r.lines, "~ policy r1\n");
    CHECK(undo(t, &g, r.version, false, &r));
    rig_free(t, &g);
}

TEST(an_undo_whose_result_does_not_hold_is_refused)
{
    struct rig g;
    struct change_report r;

    rig_new(t, &g);
    CHECK(import(t, &g, S("format: 1\n" REST)));
    CHECK(import(t, &g, S("format: 1\n" REST SERVICE("Kanerva", SECRET))));
    int64_t service = g.report.change.version;
    CHECK(import(t, &g, S(FIRST)));
    struct str now = exported(t, &g);
    CHECK(!undo(t, &g, service, false, &r)); /* policy r1 names the service */
    CHECK_STR(g.fail.code, "registry_invalid");
    CHECK(strstr(g.fail.detail, "kanerva") != NULL);
    CHECK(str_eq(exported(t, &g), now));
    CHECK(!undo(t, &g, 77, false, &r));
    CHECK_STR(g.fail.code, "no_change");
    rig_free(t, &g);
}

static bool shown_anywhere(const struct change_rows_shown *rows, const char *needle)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct change_row_shown *r = &rows->at[i];
        if (str_find(r->row, str_of(needle)) < r->row.n || str_find(r->before, str_of(needle)) < r->before.n ||
            str_find(r->after, str_of(needle)) < r->after.n)
            return true;
    }
    return false;
}

TEST(history_shows_what_differs_and_no_secret_and_nobody)
{
    static const char *const hidden[] = { "anna-id",  "annan-tunnus", "annan-salasana", "Annamaria",
                                          "Mikkonen", SECRET,         "argon2id",       "new-secret-of-kanerva" };
    struct rig g;
    struct change_rows_shown first, second;

    rig_new(t, &g);
    CHECK(import(t, &g, S(FIRST)));
    CHECK(change_rows(g.db, t->arena, &area_nation, g.report.change.version, 100, &first, &g.fail));
    CHECK(import(
        t, &g, S("format: 1\n" REST SERVICE("Toinen", "new-secret-of-kanerva") "policies:\n" POLICY("r1", "teacher"))));
    CHECK(change_rows(g.db, t->arena, &area_nation, g.report.change.version, 100, &second, &g.fail));
    CHECK_INT(first.n, 6);
    CHECK_INT(second.n, 1);
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        CHECK(!shown_anywhere(&first, hidden[i]));
        CHECK(!shown_anywhere(&second, hidden[i]));
    }
    CHECK(shown_anywhere(&first, "kanerva.example"));
    CHECK(shown_anywhere(&first, "account"));
    CHECK_STR(second.at[0].row, "service kanerva");
    CHECK_STR(second.at[0].before, "{\"name.fi\":\"Kanerva\",\"secret\":\"(secret)\"}");
    CHECK_STR(second.at[0].after, "{\"name.fi\":\"Toinen\",\"secret\":\"(secret)\"}");
    rig_free(t, &g);
}

#define NOBODY                                                                                                         \
    "format: 1\nproviders:\n  - {id: oulu, oid: 1.2.246.562.99.95640100004, name: {fi: Oulu}}\n"                       \
    "idps:\n  - {id: local, kind: local, name: {fi: Paikalliset}}\n"

TEST(what_history_knew_of_persons_is_forgotten)
{
    struct rig g;
    struct change_report r;

    rig_new(t, &g);
    CHECK(import(t, &g, S("format: 1\n" REST)));
    CHECK(import(t, &g, S(NOBODY)));
    int64_t gone = g.report.change.version;
    test_passes(t, CHANGE_PERSONAL_S);
    CHECK(import(t, &g, S(NOBODY SERVICE("Kanerva", SECRET)))); /* whatever is changed next clears up */
    CHECK(undo(t, &g, gone, true, &r));                         /* and not a second too early */
    test_passes(t, 1);
    CHECK(import(t, &g, S(NOBODY)));
    CHECK(!undo(t, &g, gone, false, &r));
    CHECK_STR(g.fail.code, "forgotten");
    CHECK(g.fail.kind == FAIL_CONFLICT);
    rig_free(t, &g);
}

/* ── into the audit log ─────────────────────────────────────────────────── */

static struct str audit_text(struct test *t, const struct rig *g)
{
    return test_file(t->arena, arena_cstr(t->arena, arena_printf(t->arena, "%s/audit/audit-000001.jsonl", g->dir)));
}

static size_t lines_with(struct str log, const char *needle)
{
    size_t n = 0;

    for (struct str rest = log, line; str_split(&rest, '\n', &line);)
        n += str_find(line, str_of(needle)) < line.n;
    return n;
}

TEST(every_change_stands_in_the_audit_log_once_whoever_ran_when_it_was_made)
{
    struct rig g;
    struct change_report r;

    log_set_level(LOG_ERROR);
    rig_new(t, &g);
    CHECK(import(t, &g, S(FIRST))); /* no node runs */
    const char *dir = arena_cstr(t->arena, arena_printf(t->arena, "%s/audit", g.dir));
    CHECK(audit_dir_prepare(dir, &g.fail));
    struct node *n = node_new(&g.set, &t->world);
    struct node_watch *w = node_watch_new(n, &g.fail);
    CHECK(w != NULL);
    node_watch_look(w); /* the log is not open yet: nothing is lost */
    n->audit = audit_writer_new(dir, &t->world, &g.fail);
    CHECK(n->audit != NULL);
    node_watch_look(w);
    node_watch_look(w);
    CHECK_INT(lines_with(audit_text(t, &g), "\"event\":\"change\","), 1);
    CHECK_INT(lines_with(audit_text(t, &g), "\"event\":\"change.row\","), 6);
    CHECK_INT(lines_with(audit_text(t, &g), "\"who\":\"aino\",\"acting_as\":\"operator\",\"area\":\"nation\""), 7);
    CHECK_INT(lines_with(audit_text(t, &g), "\"why\":\"lukukausi alkaa\""), 1);
    CHECK(import(t, &g, S("format: 1\n" REST SERVICE("Kanerva", SECRET) "policies:\n" POLICY("r1", "principal"))));
    CHECK(undo(t, &g, g.report.change.version, false, &r));
    node_watch_look(w);
    struct str log = audit_text(t, &g);
    CHECK_INT(lines_with(log, "\"event\":\"change\","), 3);
    CHECK_INT(lines_with(log, "\"row\":\"policy r1\",\"before\":\"{\\\"text\\\":\\\"permit ("), 2); /* and back */
    CHECK_INT(lines_with(log, "\"rule\":\"undoes 3\""), 1);
    CHECK_INT(lines_with(log, "\"maker\":\"undo\",\"who\":\"liisa\""), 2);
    CHECK_INT(lines_with(log, "Mikkonen") + lines_with(log, "anna-id") + lines_with(log, SECRET), 0);
    audit_writer_free(n->audit);
    node_watch_free(w);
    node_free(n);
    rig_free(t, &g);
}
