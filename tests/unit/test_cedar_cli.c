/* SPDX-License-Identifier: EUPL-1.2
 * digione cedar: what its words print and how they end. */
#include "gateway/cli/cli.h"
#include "tests/contract/cli_run.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define POLICY  "@id(\"staff\") permit(principal in Group::\"staff\", action == Action::\"open\", resource);\n"
#define FAILING "permit(principal, action, resource) when { resource.nothing };\n"
#define SCHEMA                                                                                                         \
    "entity Group; entity Person in [Group]; entity Door;"                                                             \
    "action open appliesTo { principal: Person, resource: Door };"
#define ENTITIES                                                                                                       \
    "[{\"uid\":{\"type\":\"Person\",\"id\":\"anna\"},\"attrs\":{},\"parents\":[{\"type\":\"Group\",\"id\":\"staff\"}]" \
    "},"                                                                                                               \
    "{\"uid\":{\"type\":\"Door\",\"id\":\"d\"},\"attrs\":{},\"parents\":[]}]"
#define ANNA_OPENS                                                                                                     \
    "\"principal\":{\"type\":\"Person\",\"id\":\"anna\"},\"action\":{\"type\":\"Action\",\"id\":\"open\"},"            \
    "\"resource\":{\"type\":\"Door\",\"id\":\"d\"},\"context\":{}"
#define EXPECTED "\"decision\":\"allow\",\"reason\":[\"policy0\"],\"errors\":[\"policy1\"]"
#define CASE(should_validate, requests)                                                                                \
    "{\"policies\":\"set/p.cedar\",\"schema\":\"set/s.cedarschema\",\"entities\":\"set/e.json\","                      \
    "\"shouldValidate\":" should_validate requests "}"
#define ONE(request) ",\"requests\":[{" request "}]"

static struct said run(struct test *t, const char *const *arguments)
{
    return cli_run(t, cli_cedar, "cedar", arguments);
}
#define RUN(...) run(t, (const char *const[]){ __VA_ARGS__, NULL })

static bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part)) < text.n;
}

/* A corpus of one set of files, below a folder of its own. */
static const char *corpus(struct test *t)
{
    const char *root = cli_folder(t);

    CHECK(mkdir(arena_cstr(t->arena, arena_join(t->arena, str_of(root), S("/set"))), 0700) == 0);
    (void)cli_file(t, root, "set/p.cedar", S(POLICY FAILING));
    (void)cli_file(t, root, "set/s.cedarschema", S(SCHEMA));
    (void)cli_file(t, root, "set/e.json", S(ENTITIES));
    return root;
}

static struct said test_one(struct test *t, const char *root, struct str text)
{
    return RUN("test", cli_file(t, root, "set/case.json", text));
}

TEST(a_case_that_is_right_passes_wherever_it_is_named_from)
{
    const char *root = corpus(t),
               *file = cli_file(t, root, "set/case.json", S(CASE("false", ONE(ANNA_OPENS "," EXPECTED))));
    const char *elsewhere = cli_folder(t);
    struct said s = RUN("test", file);

    CHECK_INT(s.status, CLI_OK);
    CHECK(str_has_suffix(s.line, S("/set/case.json\n1 passed, 0 failed\n")));
    CHECK(chdir(root) == 0);
    CHECK_STR(RUN("test", "set/case.json").line, "ok      set/case.json\n1 passed, 0 failed\n");
    CHECK_STR(RUN("test", "./set/../set/case.json").line, "ok      ./set/../set/case.json\n1 passed, 0 failed\n");
    CHECK(chdir("set") == 0);
    CHECK_STR(RUN("test", "case.json").line, "ok      case.json\n1 passed, 0 failed\n");
    CHECK(chdir("/") == 0);
    file = cli_file(t, elsewhere, "case.json", S(CASE("false", ONE(ANNA_OPENS "," EXPECTED))));
    CHECK_INT(RUN("test", file).status, CLI_REFUSED);
    CHECK_INT(RUN("test", file, "--root", root).status, CLI_OK);
    CHECK_INT(RUN("test", arena_cstr(t->arena, arena_join(t->arena, S("--root="), str_of(root))), file).status, CLI_OK);
    cli_remove(t, root);
    cli_remove(t, elsewhere);
}

TEST(each_difference_fails_a_case_and_is_named)
{
    static const struct {
        struct str text;
        const char *why;
    } cases[] = {
        { S(CASE("true", ONE(ANNA_OPENS "," EXPECTED))), "the policies should validate" },
        { S(CASE("false", ONE(ANNA_OPENS ",\"decision\":\"deny\",\"reason\":[\"policy0\"],\"errors\":[\"policy1\"]"))),
          "request 0: another decision" },
        { S(CASE("false", ONE(ANNA_OPENS ",\"decision\":\"allow\",\"reason\":[],\"errors\":[\"policy1\"]"))),
          "request 0: other determining policies" },
        { S(CASE(
              "false",
              ONE(ANNA_OPENS ",\"decision\":\"allow\",\"reason\":[\"policy0\",\"policy1\"],\"errors\":[\"policy1\"]"))),
          "request 0: other determining policies" },
        { S(CASE("false", ONE(ANNA_OPENS ",\"decision\":\"allow\",\"reason\":[\"policy0\"],\"errors\":[]"))),
          "request 0: other errors" },
        { S(CASE("false", ONE(ANNA_OPENS ",\"reason\":[\"policy0\"],\"errors\":[\"policy1\"]"))),
          "does not say `decision`" },
        { S(CASE("false", ONE(ANNA_OPENS ",\"decision\":\"allow\",\"errors\":[\"policy1\"]"))),
          "does not say `reason`" },
        { S(CASE("false", ONE(ANNA_OPENS ",\"decision\":\"allow\",\"reason\":[\"policy0\"]"))),
          "does not say `errors`" },
        { S(CASE("false", "")), "does not say `requests`" },
        { S(CASE("false", ",\"requests\":{}")), "does not say `requests`" },
        { S(CASE("1", ONE(ANNA_OPENS "," EXPECTED))), "does not say `shouldValidate`" },
        { S("{\"shouldValidate\":true,\"requests\":[]}"), "does not name a file: schema" },
        { S("{"), "no JSON" },
        { S("\"text\""), "no JSON object" },
        { S(""), "no JSON" },
    };
    const char *root = corpus(t);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct said s = test_one(t, root, cases[i].text);
        CHECK_INT(s.status, CLI_REFUSED);
        CHECK(str_has_prefix(s.line, S("FAILED  ")) && str_has_suffix(s.line, S("\n0 passed, 1 failed\n")));
        if (!has(s.line, cases[i].why))
            test_fail(t, __FILE__, __LINE__, "%s: %.*s", cases[i].why, STR_ARG(s.line));
    }
    cli_remove(t, root);
}

TEST(requests_are_validated_unless_a_case_says_otherwise)
{
#define STRANGER                                                                                                       \
    "\"principal\":{\"type\":\"Door\",\"id\":\"d\"},\"action\":{\"type\":\"Action\",\"id\":\"open\"},"                 \
    "\"resource\":{\"type\":\"Door\",\"id\":\"d\"},\"context\":{},\"decision\":\"deny\",\"reason\":[],\"errors\":["    \
    "\"policy1\"]"
    const char *root = corpus(t);

    CHECK_INT(test_one(t, root, S(CASE("false", ONE(STRANGER)))).status, CLI_REFUSED);
    CHECK_INT(test_one(t, root, S(CASE("false", ONE(STRANGER ",\"validateRequest\":true")))).status, CLI_REFUSED);
    CHECK_INT(test_one(t, root, S(CASE("false", ONE(STRANGER ",\"validateRequest\":false")))).status, CLI_OK);
    cli_remove(t, root);
}

TEST(names_in_a_case_are_sets_and_old_names_are_known)
{
    const char *root = corpus(t), *file;

    CHECK_INT(test_one(t, root,
                       S(CASE("false", ONE(ANNA_OPENS ",\"decision\":\"allow\",\"reason\":[\"policy0\",\"policy0\"],"
                                                      "\"errors\":[\"policy1\"]"))))
                  .status,
              CLI_OK);
    CHECK_INT(test_one(t, root, S(CASE("false", ",\"queries\":[{" ANNA_OPENS "," EXPECTED "}]"))).status, CLI_OK);
    file = cli_file(
        t, root, "set/case.json",
        S(CASE("false", ONE(ANNA_OPENS ",\"decision\":\"Allow\",\"reason\":[\"staff\"],\"errors\":[\"policy1\"]"))));
    CHECK_INT(RUN("test", file, "--ids", "annotation").status, CLI_OK);
    CHECK_INT(RUN("test", file).status, CLI_REFUSED);
    CHECK_INT(RUN("test", file, "--ids", "colour").status, CLI_USAGE);
    cli_remove(t, root);
}

TEST(one_bad_file_among_many_fails_alone)
{
    const char *root = corpus(t),
               *good = cli_file(t, root, "good.json", S(CASE("false", ONE(ANNA_OPENS "," EXPECTED))));
    struct said s = RUN("test", good, "/nonexistent/case.json", good);

    CHECK_INT(s.status, CLI_REFUSED);
    CHECK(has(s.line, "FAILED  /nonexistent/case.json: the file cannot be read\n"));
    CHECK(str_has_suffix(s.line, S("\n2 passed, 1 failed\n")));
    s = RUN("test", arena_cstr(t->arena, arena_join(t->arena, str_of(root), S("/set/e.json"))), good);
    CHECK_INT(s.status, CLI_OK); /* entities that a pattern took along are no case */
    CHECK(str_has_suffix(s.line, S("\n1 passed, 0 failed\n")));
    CHECK_INT(RUN("test").status, CLI_USAGE);
    cli_remove(t, root);
}

TEST(authorize_answers_in_json_and_ends_well_whatever_it_decides)
{
    const char *root = corpus(t), *request = cli_file(t, root, "r.json", S("{" ANNA_OPENS "}"));
    const char *p = cli_file(t, root, "p.cedar", S(POLICY FAILING)), *e = cli_file(t, root, "e.json", S(ENTITIES));
    const char *schema = cli_file(t, root, "s.cedarschema", S(SCHEMA)), *none = cli_file(t, root, "none.cedar", S(""));
    struct said s = RUN("authorize", "--policies", p, "--entities", e, "--request", request, "--schema", schema);

    CHECK_INT(s.status, CLI_OK);
    CHECK(str_has_prefix(s.line,
                         S("{\"decision\":\"allow\",\"reason\":[\"staff\"],\"errors\":[{\"policy\":\"policy1\",")));
    s = RUN("authorize", "--policies", none, "--entities", e, "--request", request);
    CHECK_INT(s.status, CLI_OK);
    CHECK_STR(s.line, "{\"decision\":\"deny\",\"reason\":[],\"errors\":[]}\n");
    CHECK_INT(RUN("authorize", "--policies", request, "--entities", e, "--request", request).status, CLI_REFUSED);
    CHECK_INT(RUN("authorize", "--policies", "/nonexistent", "--entities", e, "--request", request).status, CLI_BROKEN);
    CHECK_INT(RUN("authorize", "--policies", p, "--entities", e).status, CLI_USAGE);
    cli_remove(t, root);
}

TEST(why_says_what_would_have_to_be_different)
{
    const char *root = corpus(t), *request = cli_file(t, root, "r.json", S("{" ANNA_OPENS "}"));
    const char *e = cli_file(t, root, "e.json", S(ENTITIES));
    const char *p = cli_file(t, root, "no.cedar",
                             S("permit (principal, action, resource) when { context.device == \"own\" };\n"
                               "permit (principal, action, resource) when { context.hour == 8 };\n"));
    struct said s = RUN("why", "--policies", p, "--entities", e, "--request", request, "--max", "1");

    CHECK_INT(s.status, CLI_OK);
    CHECK(has(s.line, "{\"decision\":\"deny\",\"alternatives\":[{\"policy\":\"policy0\""));
    CHECK(has(s.line, "\"subject\":\"context.device\"") && has(s.line, "\"needed\":\"own\""));
    CHECK(!has(s.line, "policy1"));
    s = RUN("why", "--policies", p, "--entities", e, "--request", request);
    CHECK(has(s.line, "policy1"));
    CHECK_INT(RUN("why", "--policies", p, "--entities", e, "--request", request, "--max", "0").status, CLI_USAGE);
    CHECK_INT(RUN("authorize", "--policies", p, "--entities", e, "--request", request, "--max", "1").status, CLI_USAGE);
    cli_remove(t, root);
}

TEST(check_takes_any_number_of_files)
{
    const char *root = corpus(t), *p = cli_file(t, root, "p.cedar", S(POLICY)), *arguments[32] = { "check" };
    struct said s;

    for (size_t i = 1; i < 30; i++)
        arguments[i] = p;
    s = run(t, arguments);
    CHECK_INT(s.status, CLI_OK);
    CHECK(has(s.line, "in order: 1 policy\n"));
    const char *schema = cli_file(t, root, "s.cedarschema", S(SCHEMA));
    s = RUN("check", "--schema", schema);
    CHECK_INT(s.status, CLI_OK);
    CHECK(str_has_suffix(s.line, S("/s.cedarschema: in order\n")));
    CHECK(has(RUN("check", p, "--schema", schema).line, "in order: 1 policy, valid for the schema\n"));
    CHECK_INT(RUN("check", "--schema", p).status, CLI_REFUSED);
    CHECK_INT(RUN("check").status, CLI_USAGE);
    CHECK_INT(RUN("check", p, cli_file(t, root, "bad.cedar", S("permit(principal, action);"))).status, CLI_REFUSED);
    cli_remove(t, root);
}
