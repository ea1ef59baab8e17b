/* SPDX-License-Identifier: EUPL-1.2
 * digione policy: what its words print and how they end. */
#include "audit/audit.h"
#include "gateway/cli/cli.h"
#include "registry/edit.h"
#include "registry/registry.h"
#include "tests/contract/cli_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define POLICY                                                                                                         \
    "      permit (\n"                                                                                                 \
    "        principal in Provider::\"oulu\",\n"                                                                       \
    "        action == Action::\"open\",\n"                                                                            \
    "        resource == Service::\"matikka\"\n"                                                                       \
    "      )\n"                                                                                                        \
    "      when { principal has classLevel && principal.classLevel >= 7 };\n"
#define REGISTRY(policies)                                                                                             \
    "format: 1\n"                                                                                                      \
    "providers:\n"                                                                                                     \
    "  - id: oulu\n"                                                                                                   \
    "    oid: 1.2.246.562.99.95640100004\n"                                                                            \
    "    name: {fi: Oulu, sv: Uleåborg}\n"                                                                            \
    "    schools: [{oid: 1.2.246.562.99.95640200010, code: \"99101\", name: {fi: Kielonmäki}}]\n"                     \
    "idps:\n"                                                                                                          \
    "  - {id: local, kind: local, name: {fi: Paikalliset}}\n"                                                          \
    "services:\n"                                                                                                      \
    "  - {id: kanerva, protocol: link, vendor: k, name: {fi: Kanerva}, launch_uri: https://kanerva.example, "          \
    "asks: [given_name]}\n"                                                                                            \
    "  - {id: matikka, protocol: link, vendor: k, name: {fi: Matikka}, launch_uri: https://matikka.example}\n"         \
    "rules:\n"                                                                                                         \
    "  - {id: teachers, provider: oulu, role: teacher, service: kanerva, release: [given_name]}\n"                     \
    "policies:\n"                                                                                                      \
    "  - id: upper\n"                                                                                                  \
    "    layer: municipality\n"                                                                                        \
    "    provider: oulu\n"                                                                                             \
    "    text: |\n" policies

struct rig {
    const char *folder, *registry;
};

static struct rig rig(struct test *t)
{
    struct rig g = { .folder = cli_folder(t) };

    g.registry = cli_file(t, g.folder, "registry.yaml", S(REGISTRY(POLICY)));
    return g;
}

static struct said run(struct test *t, const char *const *arguments)
{
    return cli_run(t, cli_policy, "policy", arguments);
}
#define RUN(...) run(t, (const char *const[]){ __VA_ARGS__, NULL })

static bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part)) < text.n;
}

TEST(the_policies_of_a_registry_file_are_checked_without_a_node)
{
    struct rig g = rig(t);
    struct said s = RUN("check", "--registry", g.registry);

    CHECK_INT(s.status, CLI_OK);
    CHECK_STR(s.line, "2 policies, 0 not in order\n");
    cli_remove(t, g.folder);
}

TEST(a_policy_that_is_not_in_order_is_named_with_its_place)
{
    struct rig g = rig(t);
    const char *file =
        cli_file(t, g.folder, "x.cedar",
                 S("permit (principal in Provider::\"oulu\",\n action == Action::\"open\",\n resource == "
                   "Service::\"kanreva\");"));
    struct said s = RUN("check", "--registry", g.registry, "--owner", "oulu", file);

    CHECK_INT(s.status, CLI_REFUSED);
    CHECK(has(s.complaint, "x.cedar:3:14: error: there is no Service::\"kanreva\""));
    CHECK(has(s.complaint, "did you mean `kanerva`?"));
    s = RUN("check", "--registry", g.registry, "--owner", "oulu/99101", file);
    CHECK(has(s.complaint, "expected `principal in School::\"oulu/99101\"`"));
    s = RUN("check", "--registry", g.registry, "--owner", "ouuu", file);
    CHECK_INT(s.status, CLI_USAGE);
    cli_remove(t, g.folder);
}

#define CASE(text) "tests:\n  - name: the case\n    " text "\n"

static struct said tested(struct test *t, const struct rig *g, struct str text)
{
    return RUN("test", "--registry", g->registry, cli_file(t, g->folder, "tests.yaml", text));
}

TEST(cases_that_hold_pass)
{
    struct rig g = rig(t);
    struct said s = tested(t, &g,
                           S("tests:\n"
                             "  - name: a teacher of Oulu may open Kanerva\n"
                             "    who: {provider: oulu, role: teacher}\n"
                             "    service: kanerva\n"
                             "    expect: allow\n"
                             "    told: [given_name]\n"
                             "  - name: a learner of grade 3 may not\n"
                             "    who: [{provider: oulu, role: learner, school: \"99101\", level: 3, group: 3A, age: "
                             "under13}]\n"
                             "    service: kanerva\n"
                             "    at: 2026-08-10T09:00:00+03:00\n"
                             "    device: own\n"
                             "    expect: deny\n"
                             "    told: []\n"));

    CHECK_INT(s.status, CLI_OK);
    CHECK_STR(s.line, "2 passed, 0 failed\n");
    cli_remove(t, g.folder);
}

TEST(cases_ask_what_a_sign_in_asks)
{
    struct rig g = rig(t);
    struct said s = tested(t, &g,
                           S("tests:\n"
                             "  - {who: {provider: oulu, role: learner, level: 8}, service: matikka, expect: allow}\n"
                             "  - {who: {provider: oulu, role: learner, level: 3}, service: matikka, expect: deny}\n"
                             "  - {who: {provider: oulu, role: learner}, service: matikka, expect: deny}\n"));

    CHECK_STR(s.line, "3 passed, 0 failed\n");
    cli_remove(t, g.folder);
}

TEST(a_case_that_fails_says_where_and_what)
{
    struct rig g = rig(t);
    struct said s =
        tested(t, &g, S(CASE("who: {provider: oulu, role: learner}\n    service: kanerva\n    expect: allow")));

    CHECK_INT(s.status, CLI_REFUSED);
    CHECK(has(s.line, "tests.yaml:2: the case: denied by none, expected allow\n0 passed, 1 failed\n"));
    s = tested(t, &g, S(CASE("who: {provider: oulu, role: teacher}\n    service: kanerva\n    expect: deny")));
    CHECK(has(s.line, "tests.yaml:2: the case: allowed by teachers, expected deny\n"));
    s = tested(t, &g,
               S(CASE("who: {provider: oulu, role: teacher}\n    service: kanerva\n    expect: allow\n    told: "
                      "[email, sub]")));
    CHECK(has(s.line, "tests.yaml:2: the case: told: given_name, expected sub, email\n"));
    cli_remove(t, g.folder);
}

static void check_unreadable(struct test *t, const char *text, const char *why)
{
    struct rig g = rig(t);
    struct said s = tested(t, &g, str_of(text));

    CHECK_INT(s.status, CLI_REFUSED);
    CHECK(has(s.line, why) || has(s.complaint, why));
    if (!has(s.line, why) && !has(s.complaint, why))
        test_fail(t, __FILE__, __LINE__, "%.*s%.*s", STR_ARG(s.line), STR_ARG(s.complaint));
    cli_remove(t, g.folder);
}

TEST(a_case_that_cannot_be_read_fails_and_says_why)
{
    check_unreadable(t, "tests:\n  - {who: {provider: oulu, role: techer}, service: kanerva, expect: allow}\n",
                     "tests.yaml:2: role: \"techer\" is no role\n0 passed, 0 failed, 1 cannot be read\n");
    check_unreadable(t, "tests:\n  - {who: {provider: oulu}, service: kanreva, expect: allow}\n",
                     "tests.yaml:2: service: \"kanreva\" is not in the registry; did you mean \"kanerva\"?");
    check_unreadable(t, "tests:\n  - {who: {provider: oulu}, service: kanerva, expect: yes}\n",
                     "tests.yaml:2: expected expect: allow or deny");
    check_unreadable(t, "tests:\n  - {who: {provider: oulu}, service: kanerva}\n", "expected expect: allow or deny");
    check_unreadable(t, "tests:\n  - {who: {provider: ouuu}, service: kanerva, expect: deny}\n",
                     "provider: \"ouuu\" is not in the registry");
    check_unreadable(t, "tests:\n  - {who: {provider: oulu, school: \"1\"}, service: kanerva, expect: deny}\n",
                     "school: oulu has no school \"1\"");
    check_unreadable(t, "tests:\n  - {who: {provider: oulu, level: 13}, service: kanerva, expect: deny}\n",
                     "level: expected a class level from 1 to 12");
    check_unreadable(t, "tests:\n  - {who: {provider: oulu, age: 12}, service: kanerva, expect: deny}\n",
                     "age: expected under13, 13to17 or adult");
    check_unreadable(t, "tests:\n  - {who: {provider: oulu}, service: kanerva, expect: deny, at: noon}\n",
                     "at: expected a time");
    check_unreadable(t, "tests:\n  - {who: {provider: oulu}, service: kanerva, expect: deny, device: phone}\n",
                     "device: expected own or shared");
    check_unreadable(t, "tests:\n  - {who: {provider: oulu}, service: kanerva, expect: deny, told: [name]}\n",
                     "told: \"name\" is no attribute");
    check_unreadable(t, "tests:\n  - {who: [], service: kanerva, expect: deny}\n", "expected who:");
    check_unreadable(t, "tests:\n  - {whom: {provider: oulu}, service: kanerva, expect: deny}\n", "whom");
    check_unreadable(t, "cases: []\n", "cases");
    check_unreadable(t, "tests: 1\n", "expected tests: and a list");
}

TEST(an_answer_is_explained_in_words)
{
    struct rig g = rig(t);
    struct said s = RUN("explain", "--registry", g.registry, "--who", "provider=oulu,role=teacher", "--service",
                        "kanerva", "--lang", "sv");

    CHECK_INT(s.status, CLI_OK);
    CHECK_STR(s.line, "allowed by teachers\n"
                      "as teacher at Uleåborg: permitted\n"
                      "  teachers settled it\n"
                      "    Uleåborg: lärare får öppna tjänsten Kanerva\n"
                      "told: given_name\n");
    s = RUN("explain", "--registry", g.registry, "--who", "provider=oulu,role=learner,school=99101,level=3",
            "--service", "matikka");
    CHECK(has(s.line, "denied by none\nas learner at Oulu, Kielonmäki: not permitted\n  upper does not apply\n"));
    CHECK(has(s.line, "  upper would permit it, if\n    principal.classLevel >= 7   (it is 3)\n"));
    CHECK_INT(RUN("explain", "--registry", g.registry, "--who", "teacher", "--service", "kanerva").status, CLI_USAGE);
    cli_remove(t, g.folder);
}

TEST(what_differs_is_said_in_words_and_as_text)
{
    struct rig g = rig(t);
    const char *other = cli_file(t, g.folder, "other.yaml",
                                 S(REGISTRY("      permit (\n"
                                            "        principal in Provider::\"oulu\",\n"
                                            "        action == Action::\"open\",\n"
                                            "        resource == Service::\"kanerva\"\n"
                                            "      )\n"
                                            "      when { principal has classLevel && principal.classLevel >= 7 };\n"
                                            "  - {id: more, layer: nation, text: 'permit (principal, action == "
                                            "Action::\"open\", resource);'}\n")));
    struct said s = RUN("diff", g.registry, other);

    CHECK_INT(s.status, CLI_REFUSED);
    CHECK(has(s.line, "~ upper\n-  Oulu: everybody, grades 7–"));
    CHECK(has(s.line, "\n-      resource == Service::\"matikka\"\n"));
    CHECK(has(s.line, "\n+      resource == Service::\"kanerva\"\n"));
    CHECK(!has(s.line, "principal in Provider"));
    CHECK(has(s.line, "+ more\n+  The whole country: everybody may open every service\n"));
    s = RUN("diff", g.registry, g.registry);
    CHECK_INT(s.status, CLI_OK);
    CHECK_STR(s.line, "");
    cli_remove(t, g.folder);
}

TEST(who_gains_and_who_loses_is_said_by_kinds_of_people)
{
    struct rig g = rig(t);
    const char *other = cli_file(
        t, g.folder, "other.yaml",
        S(REGISTRY("      permit (principal in School::\"oulu/99101\", action == Action::\"open\", resource == "
                   "Service::\"matikka\")\n"
                   "      when { principal has classLevel && principal.classLevel >= 6 };\n")));
    struct said s = RUN("impact", g.registry, other);

    CHECK_INT(s.status, CLI_REFUSED);
    CHECK(has(s.line,
              "oulu: matikka is lost by: learner of level 7 (1 of 2 places), learner of level 8 (1 of 2 places)"));
    CHECK(has(s.line, "oulu: matikka is gained by: learner of level 6 (1 of 2 places)\n"));
    CHECK(!has(s.line, "kanerva"));
    s = RUN("impact", other, other);
    CHECK_INT(s.status, CLI_OK);
    CHECK_STR(s.line, "nobody gains and nobody loses a service\n");
    cli_remove(t, g.folder);
}

/* A node that has imported the registry.  As root its words become nobody, who must reach the folder. */
static const char *node(struct test *t, const struct rig *g)
{
    CHECK(chmod(g->folder, 0755) == 0);
    if (geteuid() == 0)
        CHECK(chown(g->folder, 65534, 65534) == 0);
    const char *config = cli_file(t, g->folder, "digione.yaml",
                                  arena_printf(t->arena,
                                               "public_url: http://localhost:8080\nlisten: 127.0.0.1:8080\n"
                                               "state_dir: %s/state\nrun_as: nobody\n",
                                               g->folder));
    const char *const arguments[] = { "-c", config, g->registry, NULL };
    CHECK_INT(cli_run(t, cli_import, "import", arguments).status, CLI_OK);
    return config;
}

#define OPENS_KANERVA                                                                                                  \
    "permit (principal in Provider::\"oulu\", action == Action::\"open\", resource == Service::\"kanerva\");\n"

TEST(a_policy_is_published_and_rolled_back)
{
    struct rig g = rig(t);
    const char *config = node(t, &g), *text = cli_file(t, g.folder, "x.cedar", S(OPENS_KANERVA));
    struct said s = RUN("publish", "-c", config, "--id", "upper", "--dry-run", text);

    CHECK_STR(s.line, "~ policy upper\nwould be: 0 added, 1 changed, 0 removed; nothing was changed\n");
    CHECK(!has(RUN("export", "-c", config).line, OPENS_KANERVA));
    s = RUN("publish", "-c", config, "--id", "upper", "--why", "new year", text);
    CHECK_STR(s.line, "~ policy upper\ndone: 0 added, 1 changed, 0 removed; version 3\n");
    CHECK(has(RUN("export", "-c", config).line, "// upper\n" OPENS_KANERVA));
    s = RUN("rollback", "-c", config, "2");
    CHECK_INT(s.status, CLI_REFUSED);
    CHECK(has(s.complaint, "`digione registry undo` undoes all of it"));
    CHECK_STR(RUN("rollback", "-c", config, "3").line,
              "~ policy upper\ndone: 0 added, 1 changed, 0 removed; version 4\n");
    CHECK(!has(RUN("export", "-c", config).line, OPENS_KANERVA));
    cli_remove(t, g.folder);
}

TEST(a_new_policy_is_published_with_its_owner)
{
    struct rig g = rig(t);
    const char *config = node(t, &g), *text = cli_file(t, g.folder, "x.cedar", S(OPENS_KANERVA));

    CHECK(has(RUN("publish", "-c", config, "--id", "fresh", "--owner", "ouuu", text).complaint, "is no provider"));
    CHECK_STR(RUN("publish", "-c", config, "--id", "fresh", "--owner", "oulu", text).line,
              "+ policy fresh\ndone: 1 added, 0 changed, 0 removed; version 3\n");
    CHECK(has(RUN("publish", "-c", config, "--id", "fresh", "--owner", "oulu", text).complaint, "leave --owner out"));
    CHECK_INT(RUN("test", "-c", config,
                  cli_file(t, g.folder, "tests.yaml",
                           S("tests:\n  - {who: {provider: oulu, role: learner}, service: kanerva, expect: allow}\n")))
                  .status,
              CLI_OK);
    cli_remove(t, g.folder);
}

TEST(a_policy_that_may_not_be_in_force_is_not_published)
{
    struct rig g = rig(t);
    const char *config = node(t, &g), *text = cli_file(t, g.folder, "x.cedar", S(OPENS_KANERVA));
    struct said s = RUN("publish", "-c", config, "--id", "fresh", "--owner", "oulu/99101", text);

    CHECK_INT(s.status, CLI_REFUSED);
    CHECK(has(s.complaint, "its owner's people alone"));
    CHECK(!has(RUN("export", "-c", config).line, "// new"));
    cli_remove(t, g.folder);
}

TEST(policies_are_exported_as_cedar_and_rows_of_rules_are_policies)
{
    struct rig g = rig(t);
    struct said s = RUN("export", "--registry", g.registry);
    const char *to = arena_cstr(t->arena, arena_printf(t->arena, "%s/out", g.folder));

    CHECK(has(s.line, "// upper\npermit (\n") && has(s.line, "// teachers\npermit (\n"));
    CHECK_INT(RUN("export", "--registry", g.registry, "--to", to).status, CLI_OK);
    const char *file = arena_cstr(t->arena, arena_printf(t->arena, "%s/teachers.cedar", to));
    CHECK_INT(RUN("check", "--registry", g.registry, "--owner", "oulu", file).status, CLI_OK);
    cli_remove(t, g.folder);
}

TEST(what_is_missing_is_named)
{
    struct rig g = rig(t);

    CHECK(has(RUN("check").complaint, "missing: -c FILE or --registry FILE"));
    CHECK(has(RUN("test", "--registry", g.registry).complaint, "missing: TESTS.yaml"));
    CHECK(has(RUN("diff", g.registry).complaint, "two registry files"));
    CHECK(has(RUN("chek").complaint, "did you mean \"check\""));
    CHECK(has(RUN("--help").line, "usage: digione policy check"));
    CHECK_INT(RUN("check", "--registry", "/nowhere.yaml").status, CLI_REFUSED);
    cli_remove(t, g.folder);
}

/* ── versions and drafts ────────────────────────────────────────────────── */

static struct str audit_of(struct test *t, const struct rig *g)
{
    const char *path = arena_cstr(t->arena, arena_printf(t->arena, "%s/state/audit/audit-000001.jsonl", g->folder));
    FILE *f = fopen(path, "rb");
    char *bytes = arena_alloc(t->arena, 1 << 20);
    size_t n = f != NULL ? fread(bytes, 1, 1 << 20, f) : 0;

    if (f != NULL)
        (void)fclose(f);
    return str_n(bytes, n);
}

/* A node that has run: its audit log has begun. */
static void begin_audit(struct test *t, const struct rig *g)
{
    const char *dir = arena_cstr(t->arena, arena_printf(t->arena, "%s/state/audit", g->folder));
    const struct audit_event started = { .event = "started" };
    struct fail f = { 0 };
    struct audit_writer *w = audit_writer_new(dir, &t->world, &f);

    CHECK(w != NULL && audit_now(w, &started));
    audit_writer_free(w);
    if (geteuid() == 0)
        CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "chown -R 65534 %s", dir))) == 0);
}

TEST(a_word_that_changed_something_ends_with_its_line_in_the_audit_log)
{
    struct rig g = rig(t);
    const char *config = node(t, &g), *text = cli_file(t, g.folder, "x.cedar", S(OPENS_KANERVA));

    CHECK_INT(audit_of(t, &g).n, 0); /* nobody has run it yet: its first start tells */
    begin_audit(t, &g);
    CHECK(!has(audit_of(t, &g), "\"change\":3"));
    CHECK_INT(RUN("publish", "-c", config, "--id", "upper", text).status, CLI_OK);
    CHECK(has(audit_of(t, &g), "\"change\":3"));
    CHECK_INT(RUN("rollback", "-c", config, "3").status, CLI_OK);
    CHECK(has(audit_of(t, &g), "\"change\":4"));
    cli_remove(t, g.folder);
}

TEST(versions_of_the_history_are_compared_by_their_numbers)
{
    struct rig g = rig(t);
    const char *config = node(t, &g), *text = cli_file(t, g.folder, "x.cedar", S(OPENS_KANERVA));

    CHECK_INT(RUN("publish", "-c", config, "--id", "upper", text).status, CLI_OK);
    struct said s = RUN("diff", "-c", config, "--since", "2");
    CHECK_INT(s.status, CLI_REFUSED);
    CHECK(has(s.line, "~ upper\n-  Oulu: everybody, grades 7–"));
    CHECK(has(s.line, "\n+  Oulu: everybody may open the service Kanerva\n"));
    CHECK(str_eq(RUN("diff", "-c", config, "--since", "3", "--until", "2").line, s.line));
    CHECK_INT(RUN("diff", "-c", config, "--since", "3").status, CLI_OK);
    CHECK_INT(RUN("diff", "-c", config, "--since", "x").status, CLI_USAGE);
    CHECK_INT(RUN("diff", "-c", config, "--until", "3").status, CLI_USAGE);
    cli_remove(t, g.folder);
}

static const struct area oulu_area = { .provider = S("oulu") };

/* As the console would, by liisa and matti. */
static int64_t draft_of(struct test *t, const struct rig *g, const char *text, bool approved)
{
    struct settings set;
    struct fail f = { 0 };
    struct edit_result out;
    struct change_by by = {
        .who = S("liisa"), .area = &oulu_area, .maker = MAKER_console, .why = S("syksy"), .at_s = 1
    };
    const struct edit_how how = { .world = &t->world };
    const struct row_id row = { S("policy"), { S("upper"), { NULL, 0 } } };
    const struct edit_field field = { S("text"), str_of(text) };

    settings_defaults(&set);
    set.state_dir = arena_printf(t->arena, "%s/state", g->folder);
    struct db *d = registry_db_open(&set, DB_WRITE, &f);
    CHECK(d != NULL);
    struct edit *e = edit_new(&by, NULL);
    edit_put(e, &row, &field, 1);
    CHECK(edit_run(e, d, t->arena, &how, EDIT_KEEP, &out, &f));
    edit_free(e);
    struct draft_move move = { .number = out.draft, .edition = out.edition, .act = DRAFT_PROPOSE };
    CHECK(draft_do(d, t->arena, &by, &move, &out, &f));
    if (approved) {
        by.who = S("matti");
        move.edition = out.edition;
        move.act = DRAFT_APPROVE;
        CHECK(draft_do(d, t->arena, &by, &move, &out, &f));
    }
    CHECK_STR(f.detail, "");
    db_close(d);
    return move.number;
}

static struct said publish_draft(struct test *t, const char *config, int64_t number)
{
    return RUN("publish", "-c", config, "--draft",
               arena_cstr(t->arena, arena_printf(t->arena, "%lld", (long long)number)));
}

TEST(a_draft_is_published_by_its_number_once_it_is_approved)
{
    struct rig g = rig(t);
    const char *config = node(t, &g), *text = cli_file(t, g.folder, "x.cedar", S(OPENS_KANERVA));
    int64_t waits = draft_of(t, &g, OPENS_KANERVA, false), good = draft_of(t, &g, OPENS_KANERVA, true);
    struct said s = publish_draft(t, config, waits);

    CHECK_INT(s.status, CLI_REFUSED);
    CHECK(has(s.complaint, "is proposed, not approved"));
    s = publish_draft(t, config, good);
    CHECK_INT(s.status, CLI_OK);
    CHECK(has(s.line, "~ policy upper\ndone: 0 added, 1 changed, 0 removed; version "));
    CHECK(has(RUN("export", "-c", config).line, "// upper\n" OPENS_KANERVA));
    CHECK(has(publish_draft(t, config, good).complaint, "is published, not approved"));
    CHECK(has(publish_draft(t, config, 999).complaint, "there is no draft 999"));
    /* What it alters was changed since it was approved. */
    int64_t late =
        draft_of(t, &g, "permit (principal in Provider::\"oulu\", action == Action::\"open\", resource);", true);
    CHECK_INT(
        RUN("rollback", "-c", config, arena_cstr(t->arena, arena_printf(t->arena, "%lld", (long long)good + 1))).status,
        CLI_OK);
    s = publish_draft(t, config, late);
    CHECK_INT(s.status, CLI_REFUSED);
    CHECK(has(s.complaint, "policy upper was changed by "));
    CHECK_INT(RUN("publish", "-c", config, "--draft", "7", "--id", "upper", text).status, CLI_USAGE);
    cli_remove(t, g.folder);
}
