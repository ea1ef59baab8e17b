/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/form.h"
#include "registry/change_int.h"
#include "tests/unit/registry_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE                                                                                                           \
    "format: 1\n"                                                                                                      \
    "providers:\n"                                                                                                     \
    "  - id: oulu\n"                                                                                                   \
    "    oid: 1.2.246.562.99.95640100004\n"                                                                            \
    "    name: {fi: Oulu}\n"                                                                                           \
    "    schools:\n"                                                                                                   \
    "      - {oid: 1.2.246.562.99.95640200010, code: \"99101\", name: {fi: Kielonmäki}}\n"                            \
    "      - {oid: 1.2.246.562.99.95640200028, name: {fi: Otsolahti}}\n"                                               \
    "services:\n"                                                                                                      \
    "  - {id: kanerva, protocol: link, vendor: v, name: {fi: Kanerva}, launch_uri: https://kanerva.example}\n"
#define RULES                                                                                                          \
    "rules:\n"                                                                                                         \
    "  - {id: all, provider: oulu}\n"                                                                                  \
    "  - {id: no-substitutes, provider: oulu, role: substitute, forbid: true}\n"                                       \
    "  - {id: pupils, provider: oulu, role: learner, school: \"99101\", service: kanerva, release: [sub, roles]}\n"    \
    "  - {id: upper, provider: oulu, role: learner, school: 1.2.246.562.99.95640200028, service: kanerva}\n"
#define POLICIES                                                                                                       \
    "policies:\n"                                                                                                      \
    "  - {id: all, provider: oulu, opens: permit, roles: [any]}\n"                                                     \
    "  - {id: no-substitutes, provider: oulu, opens: forbid, roles: [substitute]}\n"                                   \
    "  - {id: pupils, provider: oulu, opens: permit, roles: [learner], schools: [\"99101\"], services: [kanerva],\n"   \
    "     release: [sub, roles]}\n"                                                                                    \
    "  - {id: upper, provider: oulu, opens: permit, roles: [learner], schools: [1.2.246.562.99.95640200028],\n"        \
    "     services: [kanerva]}\n"

TEST(rules_of_a_file_are_imported_as_policies_of_the_same_ids)
{
    struct rig g;

    rig_open(t, &g);
    CHECK(import(t, &g, S(BASE)));
    CHECK(import(t, &g, S(BASE RULES)));
    CHECK_STR(g.fail.detail, "");
    CHECK_STR(g.report.change.lines, "+ policy all\n+ policy no-substitutes\n+ policy pupils\n+ policy upper\n");
    CHECK(import(t, &g, S(BASE POLICIES))); /* which say the same */
    CHECK_INT(g.report.change.added + g.report.change.changed + g.report.change.removed, 0);
    struct str out = registry_export(g.db, t->arena, &g.fail);
    CHECK(str_find(out, S("rules:")) == out.n);
    CHECK(import(t, &g, out));
    CHECK_INT(g.report.change.changed, 0);
    rig_free(t, &g);
}

TEST(a_file_may_have_rules_beside_policies_but_not_of_one_id)
{
    struct rig g;

    rig_open(t, &g);
    CHECK(import(t, &g, S(BASE RULES "policies:\n  - {id: other, opens: forbid, roles: [vendor]}\n")));
    CHECK_STR(g.fail.detail, "");
    CHECK(!import(t, &g, S(BASE RULES "policies:\n  - {id: pupils, opens: forbid, roles: [vendor]}\n")));
    CHECK_STR(g.fail.code, "twice");
    CHECK(!import(t, &g, S(BASE RULES "  - {id: all, provider: oulu}\n")));
    CHECK_STR(g.fail.detail, "registry.yaml:16: rule \"all\" stands twice in the file (also in line 12)");
    rig_free(t, &g);
}

TEST(a_wrong_rule_is_refused_with_its_line)
{
    static const struct {
        const char *rule, *detail;
    } rows[] = {
        { "{id: r, provider: uolu}",
          "registry.yaml:12: policy r: there is no provider \"uolu\"; did you mean \"oulu\"? "
          "Known: oulu" },
        { "{id: r, provider: oulu, school: \"99109\"}", "registry.yaml:12: provider oulu has no school \"99109\"" },
        { "{id: r, provider: oulu, service: kanrva}",
          "registry.yaml:12: policy r: line 4, column 15 of its text: there is no Service::\"kanrva\"; did you mean "
          "\"kanerva\"?" },
        { "{id: r, provider: oulu, forbid: true, release: [sub]}",
          "registry.yaml:12: rule r: a rule that forbids has nothing to release" },
        { "{id: r, provider: oulu, opens: permit}", NULL },
    };
    struct rig g;

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = buf_new(t->arena, 65536);
        buf_printf(&b, BASE "rules:\n  - %s\n", rows[i].rule);
        t->checked++;
        if (import(t, &g, buf_str(&b)) || (rows[i].detail != NULL ? strcmp(g.fail.detail, rows[i].detail) != 0
                                                                  : strcmp(g.fail.code, "unknown_key") != 0))
            test_fail(t, __FILE__, __LINE__, "%s:\n  \"%s\"\n  \"%s\"", rows[i].rule, g.fail.detail, rows[i].detail);
    }
    rig_free(t, &g);
}

static unsigned roll(uint64_t *seed, unsigned n)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*seed >> 33) % n;
}

static const struct policy *policy_of(const struct registry *r, struct str id)
{
    const struct registry_parts *p = registry_parts(r);

    for (size_t i = 0; i < p->policy_count; i++)
        if (str_eq(p->policies[i].id, id))
            return &p->policies[i];
    return NULL;
}

/* That those decide as a walk over the rules does, test_policy.c says. */
TEST(rules_at_random_are_imported_as_what_they_say_in_cedar)
{
    static const char *const schools[] = { NULL, "99101", "1.2.246.562.99.95640200010", "1.2.246.562.99.95640200028" };
    enum { RULES_N = 400 };
    struct buf b = buf_new(t->arena, 1 << 20);
    struct rule_words says[RULES_N];
    const char *in[RULES_N];
    bool names_it[RULES_N];
    struct rig g;
    uint64_t seed = 99;

    buf_add(&b, S(BASE "rules:\n"));
    for (int i = 0; i < RULES_N; i++) {
        says[i] = (struct rule_words){ .role = (enum role)roll(&seed, ROLE_COUNT), .forbid = roll(&seed, 4) == 0 };
        in[i] = schools[roll(&seed, 4)];
        bool one = roll(&seed, 2) == 0;
        buf_printf(&b, "  - {id: r%d, provider: oulu%s%s", i, one ? ", service: kanerva" : "",
                   says[i].forbid ? ", forbid: true" : "");
        if (says[i].role != ROLE_NONE)
            buf_printf(&b, ", role: %s", role_name(says[i].role));
        if (in[i] != NULL)
            buf_printf(&b, ", school: \"%s\"", in[i]);
        for (int c = 0; !says[i].forbid && c < CLAIM_COUNT; c++)
            if (roll(&seed, 4) == 0) {
                buf_printf(&b, "%s%s", says[i].release.bits == 0 ? ", release: [" : ", ", claim_rows[c].word);
                claim_add(&says[i].release, (enum claim)c);
            }
        buf_printf(&b, "%s}\n", says[i].release.bits != 0 ? "]" : "");
        names_it[i] = one;
    }
    rig_open(t, &g);
    CHECK(import(t, &g, buf_str(&b)));
    CHECK_STR(g.fail.detail, "");
    struct registry *r = registry_load(g.db, &g.fail);
    CHECK(r != NULL && registry_parts(r)->policy_count == RULES_N);
    for (int i = 0; r != NULL && i < RULES_N; i++) {
        struct str id = arena_printf(t->arena, "r%d", i);
        says[i].provider = registry_provider(r, S("oulu"));
        says[i].school = in[i] != NULL ? provider_school(says[i].provider, str_of(in[i])) : NULL;
        says[i].service = names_it[i] ? registry_service(r, S("kanerva")) : NULL;
        struct policy want = policy_of_rule(t->arena, id, &says[i]);
        const struct policy *got = policy_of(r, id);
        CHECK(got != NULL && got->layer == want.layer && got->provider == want.provider && got->school == NULL &&
              got->enabled && got->from_s == 0 && got->to_s == 0 && str_eq(got->text, want.text));
    }
    registry_drop(r);
    rig_free(t, &g);
}

/* ── as a program left them that knew no policies ───────────────────────── */

#define LEFT                                                                                                           \
    "('all', 'oulu', 'any', NULL, NULL, '', 0), "                                                                      \
    "('no-substitutes', 'oulu', 'substitute', NULL, NULL, '', 1), "                                                    \
    "('pupils', 'oulu', 'learner', '1.2.246.562.99.95640200010', 'kanerva', 'sub' || char(10) || 'roles', 0), "        \
    "('upper', 'oulu', 'learner', '1.2.246.562.99.95640200028', 'kanerva', '', 0)"

/* Statements are known by their place. */
static void run(struct test *t, struct rig *g, const char *sql)
{
    struct db_statement *s = arena_make(t->arena, struct db_statement);

    *s = (struct db_statement){ "test.run", sql };
    CHECK(db_run(g->db, s, NULL, 0, &g->fail));
    CHECK_STR(g->fail.detail, "");
}

static int64_t count(struct test *t, struct rig *g, const char *table)
{
    struct db_statement *s = arena_make(t->arena, struct db_statement);
    struct db_rows rows;

    *s = (struct db_statement){ "test.count", arena_printf(t->arena, "SELECT count(*) FROM %s", table).p };
    CHECK(db_query(g->db, s, NULL, 0, t->arena, &rows, &g->fail));
    return rows.n == 1 ? rows.at[0].number : -1;
}

static void left_behind(struct test *t, struct rig *g)
{
    rig_open(t, g);
    CHECK(import(t, g, S(BASE)));
    run(t, g, "INSERT INTO rule (id, provider, role, school, service, release_claims, forbid) VALUES " LEFT);
}

TEST(rules_in_sql_become_policies_when_it_is_opened_to_write)
{
    struct rig g;

    left_behind(t, &g);
    rig_reopen(t, &g);
    CHECK_INT(count(t, &g, "rule"), 0);
    CHECK_INT(count(t, &g, "change"), 1); /* history has nothing of it */
    CHECK(import(t, &g, S(BASE POLICIES)));
    CHECK_STR(g.report.change.lines, "");
    struct str first = registry_export(g.db, t->arena, &g.fail);
    rig_reopen(t, &g);
    CHECK_STR(registry_export(g.db, t->arena, &g.fail), arena_cstr(t->arena, first));
    rig_free(t, &g);
}

TEST(a_look_that_writes_nothing_sees_rules_in_sql_as_policies)
{
    struct rig g;

    left_behind(t, &g);
    struct db *copy = registry_db_open(&g.set, DB_COPY, &g.fail);
    struct registry *r = copy != NULL ? registry_load(copy, &g.fail) : NULL;
    CHECK(r != NULL && registry_parts(r)->policy_count == 4);
    registry_drop(r);
    db_close(copy);
    CHECK_INT(count(t, &g, "rule"), 4);
    rig_free(t, &g);
}

TEST(rules_that_cannot_become_policies_all_stay_as_they_are)
{
    struct rig g;

    left_behind(t, &g);
    run(t, &g,
        "INSERT INTO policy (id, layer, names_fi, names_sv, names_en, why, enabled, from_s, to_s, text) VALUES "
        "('upper', 'nation', '', '', '', '', 1, 0, 0, 'forbid (principal, action, resource);')");
    struct db *d = registry_db_open(&g.set, DB_WRITE, &g.fail);
    CHECK(d == NULL);
    CHECK_STR(g.fail.code, "rules_stay");
    CHECK(strstr(g.fail.detail, "rule upper") != NULL);
    CHECK_INT(count(t, &g, "rule"), 4);
    CHECK_INT(count(t, &g, "policy"), 1);
    rig_free(t, &g);
}

/* ── in history ─────────────────────────────────────────────────────────── */

#define CELLS(role)                                                                                                    \
    "id :6\npupils\nprovider :4\noulu\nrole :" role "\nschool :26\n1.2.246.562.99.95640200010\nservice :7\nkanerva\n"  \
    "release_claims :9\nsub\nroles\nforbid =0\n"

/* Change 2 made the rule `pupils`, one for teachers, and change 3 made it learners'. */
static void with_history(struct test *t, struct rig *g)
{
    left_behind(t, g);
    run(t, g, "DELETE FROM change_row");
    run(t, g, "DELETE FROM change");
    run(t, g,
        "INSERT INTO change (number, at_s, who, acting_as, area, maker, why, undoes, added, changed, removed, told) "
        "VALUES (2, 1, 'aino', 'operator', 'nation', 'import', '', 0, 1, 0, 0, 1), "
        "(3, 2, 'aino', 'operator', 'nation', 'import', '', 0, 0, 1, 0, 1)");
    run(t, g,
        "INSERT INTO change_row (change, position, sign, kind, row_key, before, after) VALUES "
        "(2, 0, '+', 'rule', 'rule pupils', NULL, '" CELLS(
            "7\nteacher") "'), "
                          "(3, 0, '~', 'rule', 'rule pupils', '" CELLS("7\nteacher") "', '" CELLS("7\nlearner") "')");
    run(t, g, "UPDATE number SET value = 3 WHERE name = 'version'");
    rig_reopen(t, g);
}

TEST(changes_of_rules_are_still_shown)
{
    struct change_rows_shown rows;
    struct rig g;

    with_history(t, &g);
    CHECK(change_rows(g.db, t->arena, &area_nation, 3, 10, &rows, &g.fail));
    CHECK_INT(rows.n, 1);
    CHECK_STR(rows.at[0].row, "rule pupils");
    CHECK_STR(rows.at[0].before, "{\"role\":\"teacher\"}");
    CHECK_STR(rows.at[0].after, "{\"role\":\"learner\"}");
    rig_free(t, &g);
}

TEST(a_change_of_rules_is_undone_as_one_of_policies)
{
    const struct change_by by = {
        .who = S("liisa"), .area = &area_nation, .maker = MAKER_undo, .at_s = world_now_s(&t->world)
    };
    struct change_report made;
    struct rig g;

    with_history(t, &g);
    CHECK(change_undo(g.db, t->arena, 3, &by, false, &made, &g.fail));
    CHECK_STR(g.fail.detail, "");
    CHECK_STR(made.lines, "~ policy pupils\n");
    struct str out = registry_export(g.db, t->arena, &g.fail);
    size_t at = str_find(out, S("  - id: pupils\n"));
    CHECK(str_find(str_from(out, at), S("    roles:\n      - teacher\n")) < str_from(out, at).n);
    CHECK(change_undo(g.db, t->arena, made.version, &by, false, &made, &g.fail));
    CHECK(change_undo(g.db, t->arena, 3, &by, false, &made, &g.fail)); /* it is as change 3 left it, again */
    CHECK(change_undo(g.db, t->arena, 2, &by, false, &made, &g.fail));
    CHECK_STR(made.lines, "- policy pupils\n");
    CHECK(!change_undo(g.db, t->arena, 3, &by, false, &made, &g.fail));
    CHECK_STR(g.fail.code, "changed_since");
    rig_free(t, &g);
}
