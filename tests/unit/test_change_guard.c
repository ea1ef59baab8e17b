/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/change_help.h"

static struct str replaced(struct arena *a, struct str text, const char *old, const char *new)
{
    size_t at = str_find(text, str_of(old));

    return arena_printf(a, "%.*s%s%.*s", (int)at, text.p, new, STR_ARG(str_from(text, at + strlen(old))));
}

static bool edit(struct test *t, struct rig *g, const char *name)
{
    return one(t, g, &(struct one){ "liisa", "service", "kanerva", "name.sv", name, &area_nation, 0, 0, 0 },
               EDIT_APPLY);
}

TEST(a_file_says_what_it_knows_only_where_people_have_changed_something)
{
    struct rig g;

    rig_new(t, &g);
    struct str before = exported(t, &g);
    CHECK(str_find(before, S("\nversion: ")) == before.n);
    CHECK(edit(t, &g, "Ljung"));
    struct str after = exported(t, &g);
    CHECK(str_find(after, S("\nversion: \"3-")) < after.n);
    CHECK(import(t, &g, after));
    CHECK_INT(g.report.change.version, 3); /* nothing differs */
    CHECK(import(t, &g, replaced(t->arena, after, "Kielonmäki", "Kielomäki")));
    CHECK_STR(g.fail.detail, "");
    CHECK(import(t, &g, after));
    CHECK(str_eq(exported(t, &g), after)); /* files alone move nothing of it */
    rig_free(t, &g);
}

TEST(an_older_export_does_not_overwrite_what_people_changed_since_unless_it_is_told_to)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(edit(t, &g, "Ljung"));
    struct str file = exported(t, &g);
    CHECK(edit(t, &g, "Heide"));
    CHECK(one(t, &g, &(struct one){ "matti", "admin", "oulu-1", NULL, NULL, &oulu, 0, 0, 0 }, EDIT_APPLY));
    CHECK(one(t, &g, &(struct one){ "matti", "school", "oulu/1.2.246.562.99.9", "name.fi", "Uusi", &oulu, 0, 0, 0 },
              EDIT_APPLY));
    struct str now_is = exported(t, &g);
    CHECK(!import(t, &g, file));
    CHECK(g.fail.kind == FAIL_CONFLICT);
    CHECK_STR(g.fail.code, "changed_since");
    CHECK_INT(g.report.guarded, 3);
    CHECK_STR(g.report.overruns, "school oulu/1.2.246.562.99.9: changed by matti (console, change 6)\n"
                                 "service kanerva: changed by liisa (console, change 4)\n"
                                 "admin oulu-1: changed by matti (console, change 5)\n");
    CHECK(str_eq(exported(t, &g), now_is));
    g.how.dry_run = true;
    CHECK(!import(t, &g, file)); /* a look says the same */
    CHECK_INT(g.report.guarded, 3);
    g.how.replace = true;
    CHECK(import(t, &g, file));
    CHECK_INT(g.report.guarded, 3);
    CHECK(str_eq(exported(t, &g), now_is));
    g.how.dry_run = false;
    CHECK(import(t, &g, file));
    CHECK_STR(now(t, &g, "service", "kanerva", "name.sv"), "Ljung");
    CHECK_STR(now(t, &g, "admin", "oulu-1", "role"), "teacher");
    CHECK(now(t, &g, "school", "oulu/1.2.246.562.99.9", "name.fi").p == NULL);
    rig_free(t, &g);
}

TEST(a_file_leaves_other_rows_of_a_console_that_was_used_free)
{
    struct rig g;

    rig_new(t, &g);
    struct str file = exported(t, &g);
    CHECK(edit(t, &g, "Ljung"));
    CHECK(!import(t, &g, replaced(t->arena, file, "Kielonmäki", "Kielomäki"))); /* it would undo the name */
    CHECK_INT(g.report.guarded, 1);
    CHECK(import(t, &g, replaced(t->arena, exported(t, &g), "Kielonmäki", "Kielomäki")));
    CHECK_STR(now(t, &g, "service", "kanerva", "name.sv"), "Ljung");
    /* And what it knows of, it may alter. */
    CHECK(import(t, &g, replaced(t->arena, exported(t, &g), "Ljung", "Ling")));
    CHECK_STR(now(t, &g, "service", "kanerva", "name.sv"), "Ling");
    rig_free(t, &g);
}

TEST(a_file_that_says_nothing_or_is_of_another_registry_knows_of_nothing)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(edit(t, &g, "Ljung"));
    struct str file = exported(t, &g);
    size_t at = str_find(file, S("version: \"3-")) + strlen("version: \"3-");
    char *forged = arena_cstr(t->arena, file);
    forged[at] = forged[at] == '0' ? '1' : '0';
    CHECK(edit(t, &g, "Heide"));
    CHECK(edit(t, &g, "Ling")); /* 5 */
    CHECK(!import(t, &g, S(CITIES)));
    CHECK_INT(g.report.guarded, 1);
    /* The mark of change 3 with other digits behind it. */
    CHECK(!import(t, &g, str_of(forged)));
    CHECK(!import(t, &g, S(CITIES "version: 5\n")));
    CHECK(!import(t, &g, S(CITIES "version: 99-00000000\n")));
    CHECK(!import(t, &g, S(CITIES "version: [5]\n")));
    CHECK_STR(g.fail.code, "bad_value");
    CHECK_STR(now(t, &g, "service", "kanerva", "name.sv"), "Ling");
    /* Told to once, its kind may go on: whoever wrote the row last was a file. */
    g.how.replace = true;
    CHECK(import(t, &g, S(CITIES)));
    g.how.replace = false;
    CHECK(import(t, &g, replaced(t->arena, S(CITIES), "{fi: Kanerva}", "{fi: Kanerva, en: Heather}")));
    CHECK_STR(now(t, &g, "service", "kanerva", "name.en"), "Heather");
    rig_free(t, &g);
}

TEST(what_undoes_a_file_is_a_files_and_what_undoes_a_person_is_a_persons)
{
    struct rig g;
    struct change_report r;
    struct change_by by = by_of(t, "liisa", &area_nation);

    rig_new(t, &g);
    by.maker = MAKER_undo;
    struct str file = exported(t, &g), other = replaced(t->arena, file, "Kielonmäki", "Kielomäki");
    CHECK(import(t, &g, other));
    CHECK(change_undo(g.db, t->arena, g.report.change.version, &by, false, &r, &g.fail));
    CHECK(import(t, &g, other));
    CHECK_STR(g.fail.detail, "");
    CHECK(edit(t, &g, "Ljung"));
    struct str knows = exported(t, &g);
    CHECK(change_undo(g.db, t->arena, g.got.report.version, &by, false, &r, &g.fail));
    CHECK(!import(t, &g, knows)); /* it would do what was undone */
    CHECK_INT(g.report.guarded, 1);
    rig_free(t, &g);
}

TEST(rows_of_persons_are_guarded_as_long_as_they_are_there)
{
    struct rig g;

    rig_new(t, &g);
    struct str file = exported(t, &g);
    CHECK(
        one(t, &g, &(struct one){ "liisa", "account", "anna", "given_names", "Annikki", &oulu, 0, 0, 0 }, EDIT_APPLY));
    CHECK(one(t, &g, &(struct one){ "liisa", "account", "eetu", NULL, NULL, &espoo, 0, 0, 0 }, EDIT_APPLY));
    CHECK(!import(t, &g, file));
    CHECK_INT(g.report.guarded, 3);
    test_passes(t, CHANGE_PERSONAL_S + 1);
    CHECK(edit(t, &g, "Ljung")); /* whatever is changed next clears up */
    CHECK(!import(t, &g, file));
    CHECK_INT(g.report.guarded, 2); /* who is gone is forgotten */
    CHECK(str_find(g.report.overruns, S("eetu")) == g.report.overruns.n);
    rig_free(t, &g);
}

/* ── somebody can always get in ─────────────────────────────────────────── */

TEST(a_change_that_locks_the_last_operator_out_is_refused)
{
    static const struct {
        const char *kind, *key, *field, *value;
    } ways[] = {
        { "admin", "op", NULL, NULL },
        { "admin", "op", "to", "2026-08-09" },
        { "admin", "op", "from", "2026-08-11" },
        { "admin", "op", "subject", "nobody" },
        { "account", "root", "enabled", "false" },
        { "account", "root", NULL, NULL },
        { "idp", "local", "enabled", "false" },
    };
    struct rig g;

    rig_new(t, &g);
    struct str before = exported(t, &g);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        CHECK(!one(
            t, &g,
            &(struct one){ "liisa", ways[i].kind, ways[i].key, ways[i].field, ways[i].value, &area_nation, 0, 0, 0 },
            EDIT_APPLY));
        CHECK_STR(g.fail.code, "lockout");
        CHECK(str_eq(exported(t, &g), before));
    }
    g.how.replace = true;
    CHECK(
        !import(t, &g, replaced(t->arena, S(CITIES), "  - {id: op, idp: local, subject: root, role: operator}\n", "")));
    CHECK_STR(g.fail.code, "lockout");
    CHECK(!import(t, &g, S("format: 1\n")));
    CHECK_STR(g.fail.code, "lockout");
    CHECK(str_eq(exported(t, &g), before));
    rig_free(t, &g);
}

TEST(an_operator_may_go_where_another_can_get_in)
{
    struct rig g;

    rig_new(t, &g);
    const struct change_by by = by_of(t, "liisa", &area_nation);
    const struct row_id second = id_of("admin", "op-2"), first = id_of("admin", "op");
    const struct edit_field fields[] = { { S("idp"), S("local") },
                                         { S("subject"), S("root") },
                                         { S("role"), S("operator") } };
    struct edit *e = edit_new(&by, NULL);
    edit_put(e, &second, fields, 3);
    edit_remove(e, &first);
    CHECK(edit_run(e, g.db, t->arena, &g.edit, EDIT_APPLY, &g.got, &g.fail));
    CHECK_STR(g.fail.detail, "");
    edit_free(e);
    /* The role in an affiliation is none: policy gives the console to whom the registry gave the right. */
    CHECK(one(t, &g, &(struct one){ "liisa", "affiliation", "anna/0", "role", "operator", &area_nation, 0, 0, 0 },
              EDIT_APPLY));
    CHECK(!one(t, &g, &(struct one){ "liisa", "admin", "op-2", NULL, NULL, &area_nation, 0, 0, 0 }, EDIT_APPLY));
    CHECK_STR(g.fail.code, "lockout");
    /* What takes nobody's way is free, whoever else has none. */
    CHECK(edit(t, &g, "Ljung"));
    rig_free(t, &g);
}

TEST(a_registry_without_an_operator_is_changed_as_before)
{
    struct rig g;

    rig_new(t, &g);
    db_close(g.db);
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf %s/registry", g.dir))) == 0);
    g.db = registry_db_open(&g.set, DB_CREATE, &g.fail);
    CHECK(
        import(t, &g, replaced(t->arena, S(CITIES), "  - {id: op, idp: local, subject: root, role: operator}\n", "")));
    CHECK(one(t, &g, &(struct one){ "liisa", "account", "root", NULL, NULL, &area_nation, 0, 0, 0 }, EDIT_APPLY));
    CHECK_STR(g.fail.detail, "");
    rig_free(t, &g);
}
