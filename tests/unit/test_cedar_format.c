/* SPDX-License-Identifier: EUPL-1.2
 * Round trips: text to layout to text, tree to text to tree, tree to JSON to
 * tree.  The property is checked on the policies below and, where the public
 * corpus is at hand, on all of it. */
#include "tests/unit/cedar_help.h"

#include <glob.h>
#include <stdlib.h>

static const char *const samples[] = {
    "permit(principal,action,resource);",
    "// head\n\n// of the first\n@id(\"a\")@b // b\n@c(\"\\n\\\"\")\nforbid(principal is A::B in C::\"d\",action in "
    "[Action::\"x\" // why\n,"
    "N::Action::\"y\",],resource==R::\"\\u{0}\")//end\nwhen{a::\"b\" in [principal,] }unless{ true // t\n};// "
    "behind\n\n\n// tail\n",
    "permit(principal==?principal,action==Action::\"a\",resource in ?resource) when { 1 };",
    "permit(principal,action,resource) when { (1+2)*3-4 - -5 == -(6) && !(!true) || (if principal has a.b.c then "
    "{a:1,\"if\":[]}[\"if\"].contains(-1) "
    "else \"x*\\\\\" like \"*\\**\\\\\" && context[\"a b\"].c.isInRange(ip(\"::1\"))) };",
    "permit(principal,action,resource) when { (if true then 1 else 2) == 1 && (true || false) && (1 == 1) == true && "
    "(principal is U in U::\"x\") };",
    "permit(principal,action,resource) when { 1 - (2 - 3) - 4 == (1 - 2) - (3 + (4 * (5 + 6))) && ((-1)) == - 1 && "
    "----1==1 && !!!!true };",
    "permit(principal,action,resource) when { principal.aVeryLongAttributeName == \"a very long text indeed\" && "
    "resource.anotherVeryLongAttributeName in "
    "[Group::\"one\", Group::\"two\", Group::\"three\", Group::\"four\", Group::\"five\", Group::\"six\"] || "
    "context.x.y.z.containsAny([1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]) };",
    "permit(principal,action,resource) when { [].isEmpty() && principal.hasTag(\"a\") && principal.getTag(\"a\") == "
    "duration(\"1d\").toDays() "
    "&& datetime(\"2024-01-01\").offset(duration(\"1h\")).toTime() < duration(\"2h\") && "
    "decimal(\"1.0\").lessThan(decimal(\"2.0\")) };",
    "permit(principal,action in Action::\"a\",resource is R) unless { principal != resource && 1 >= 2 && 2 > 1 && 1 <= "
    "2 && [1].containsAll([principal]) };",
    "permit(principal,action,resource) when { if if true then true else false then if true then 1 == 1 else false else "
    "true && false };",
    "permit(principal,action,resource) when { // first\n if // a\n true // b\n then // c\n 1 // d\n == 1 else // e\n "
    "false // f\n };",
    "permit(principal,action,resource) when { [ // in\n 1 // one\n, 2 // two\n, // three\n ].contains( // arg\n 1) && "
    "{ // r\n a // k\n : // v\n 1 } has a };",
    "// only a comment",
    "",
};

static bool same(const struct cedar_policies *x, const struct cedar_policies *y)
{
    bool eq = x != NULL && y != NULL && cedar_policies_n(x) == cedar_policies_n(y) &&
              cedar_templates_n(x) == cedar_templates_n(y);

    for (size_t i = 0; eq && i < cedar_policies_n(x); i++) {
        const struct cedar_policy *p = cedar_policy_at(x, i);
        const struct cedar_policy *q = cedar_policy_named(y, p->id);
        eq = q != NULL && cedar_policy_eq(p, q);
    }
    for (size_t i = 0; eq && i < cedar_templates_n(x); i++)
        eq = cedar_policy_eq(cedar_template_at(x, i), cedar_template_at(y, i));
    return eq;
}

static struct str formatted(struct arena *a, struct str text)
{
    struct cedar_diags d = diags_of(a, "f", text);

    return cedar_format(a, &d);
}

static size_t count(struct str text, const char *what)
{
    size_t n = 0;

    for (size_t at; (at = str_find(text, str_of(what))) < text.n; n++)
        text = str_from(text, at + 1);
    return n;
}

static bool format_keeps(struct arena *a, struct str text, const struct cedar_policies *p)
{
    struct str once = formatted(a, text), twice = formatted(a, once);

    return same(p, policies_of(a, once)) && str_eq(once, twice) && count(once, "//") == count(text, "//");
}

static bool text_keeps(struct arena *a, const struct cedar_policies *p)
{
    bool ok = true;

    for (size_t i = 0; ok && i < cedar_policies_n(p); i++) {
        struct buf b = buf_new(a, 16u << 20);
        cedar_policy_text(&b, cedar_policy_at(p, i));
        const struct cedar_policies *q = policies_of(a, buf_str(&b));
        ok = q != NULL && cedar_policy_eq(cedar_policy_at(p, i), cedar_policy_at(q, 0));
    }
    return ok;
}

static bool json_keeps(struct arena *a, const struct cedar_policies *p)
{
    struct buf b = buf_new(a, 64u << 20);

    cedar_policies_to_json(&b, p);
    struct cedar_diags d = diags_of(a, "j", buf_str(&b));
    bool ok = same(p, cedar_policies_from_json(a, &d));
    if (!ok)
        (void)printf("%s", arena_cstr(a, cedar_diags_text(a, &d)));
    return ok;
}

static void check_round_trips(struct test *t, struct str text)
{
    struct arena *a = arena_new();
    const struct cedar_policies *p = policies_of(a, text);
    bool ok = p != NULL && format_keeps(a, text, p) && text_keeps(a, p) && json_keeps(a, p);

    CHECK(p != NULL && format_keeps(a, text, p));
    CHECK(p != NULL && text_keeps(a, p));
    CHECK(p != NULL && json_keeps(a, p));
    if (!ok)
        (void)printf("%.*s\n", STR_ARG(text));
    arena_free(a);
}

TEST(a_policy_survives_layout_text_and_json)
{
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        check_round_trips(t, str_of(samples[i]));
}

TEST(the_corpus_survives_layout_text_and_json)
{
    const char *corpus = getenv("CEDAR_CORPUS"); /* a folder of .cedar files */
    glob_t found = { 0 };

    if (corpus == NULL)
        return test_skip(t, "CEDAR_CORPUS names no folder of policies");
    CHECK(glob(arena_cstr(t->arena, arena_printf(t->arena, "%s/*.cedar", corpus)), 0, NULL, &found) == 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct arena *a = arena_new();
        check_round_trips(t, test_file(a, found.gl_pathv[i]));
        arena_free(a);
    }
    globfree(&found);
}

TEST(the_canonical_layout_looks_like_this)
{
    CHECK_STR(
        formatted(t->arena,
                  S("@id(\"x\")permit(principal==User::\"a\",action,resource)when{principal.age>=18&&!resource.x};")),
        "@id(\"x\")\n"
        "permit (principal == User::\"a\", action, resource)\n"
        "when { principal.age >= 18 && !resource.x };\n");
}

TEST(what_does_not_fit_is_broken_at_its_loosest_operators)
{
    CHECK_STR(
        formatted(
            t->arena,
            S("permit(principal in School::Group::\"teachers of mathematics\",action in [Action::\"open\"],resource)"
              "when{principal.schools.contains(resource.school)&&resource.level>=principal.level||principal.admin};")),
        "permit (\n"
        "  principal in School::Group::\"teachers of mathematics\",\n"
        "  action in [Action::\"open\"],\n"
        "  resource\n"
        ")\n"
        "when {\n"
        "  principal.schools.contains(resource.school) &&\n"
        "  resource.level >= principal.level ||\n"
        "  principal.admin\n"
        "};\n");
}

TEST(a_text_that_is_wrong_has_no_layout)
{
    CHECK(formatted(t->arena, S("permit (principal, action, resource)")).p == NULL);
}

TEST(a_long_chain_goes_through_json)
{
    struct buf b = buf_new(t->arena, 1u << 20);

    buf_add(&b, S("permit (principal, action, resource) when { principal.a0"));
    for (int i = 1; i < 5000; i++)
        buf_printf(&b, " || principal.a%d", i);
    buf_add(&b, S(" };"));
    CHECK(json_keeps(t->arena, policies_of(t->arena, buf_str(&b))));
}

TEST(templates_and_links_go_through_json)
{
    const struct cedar_policies *p =
        policies_of(t->arena, S("permit(principal==?principal,action,resource is R in ?resource);"));
    struct cedar_diags d = diags_of(t->arena, "l", S(""));
    struct cedar_link link = { S("linked"), S("policy0"), cedar_uid_make(S("U"), S("a")),
                               cedar_uid_make(S("R"), S("b")) };
    const struct cedar_policies *linked = cedar_policies_link(t->arena, p, &link, 1, &d);

    CHECK(linked != NULL && json_keeps(t->arena, linked));
}

static bool json_refused(struct test *t, const char *text)
{
    struct cedar_diags d = diags_of(t->arena, "j", str_of(text));

    return cedar_policies_from_json(t->arena, &d) == NULL && d.errors > 0;
}

#define ALL        "\"principal\":{\"op\":\"All\"},\"action\":{\"op\":\"All\"},\"resource\":{\"op\":\"All\"}"
#define WHEN(body) "{\"effect\":\"permit\"," ALL ",\"conditions\":[{\"kind\":\"when\",\"body\":" body "}]}"

TEST(json_that_is_no_policy_is_refused)
{
    static const char *const texts[] = {
        "[]",
        "{\"effect\":\"allow\"," ALL ",\"conditions\":[]}",
        "{\"effect\":\"permit\"," ALL "}",
        "{\"effect\":\"permit\"," ALL ",\"conditions\":[],\"x\":1}",
        "{\"effect\":\"permit\",\"principal\":{\"op\":\"all\",\"x\":1},\"action\":{\"op\":\"All\"},\"resource\":{"
        "\"op\":\"All\"},\"conditions\":[]}",
        "{\"effect\":\"permit\",\"principal\":{\"op\":\"==\",\"slot\":\"?resource\"},\"action\":{\"op\":\"All\"},"
        "\"resource\":{\"op\":\"All\"},\"conditions\":[]}",
        "{\"effect\":\"permit\",\"principal\":{\"op\":\"All\"},\"action\":{\"op\":\"==\",\"entity\":{\"type\":\"U\","
        "\"id\":\"a\"}},\"resource\":{\"op\":\"All\"},\"conditions\":[]}",
        WHEN("1"),
        WHEN("{}"),
        WHEN("{\"Value\":null}"),
        WHEN("{\"Value\":1.5}"),
        WHEN("{\"Var\":\"user\"}"),
        WHEN("{\"Slot\":\"?principal\"}"),
        WHEN("{\"==\":{\"left\":{\"Value\":1}}}"),
        WHEN("{\"==\":{\"left\":{\"Value\":1},\"right\":{\"Value\":1},\"x\":1}}"),
        WHEN("{\"=\":{\"left\":{\"Value\":1},\"right\":{\"Value\":1}}}"),
        WHEN("{\"nothing\":[]}"),
        WHEN("{\"isIpv4\":[]}"),
        WHEN("{\"is\":{\"left\":{\"Var\":\"principal\"},\"entity_type\":\"a b\"}}"),
        WHEN("{\"like\":{\"left\":{\"Value\":\"a\"},\"pattern\":\"*\"}}"),
        WHEN("{\"like\":{\"left\":{\"Value\":\"a\"},\"pattern\":[\"*\"]}}"),
        WHEN("{\"has\":{\"left\":{\"Var\":\"context\"},\"attr\":[]}}"),
        WHEN("{\"Value\":1,\"Var\":\"context\"}"),
        "{\"staticPolicies\":{\"a\":{\"effect\":\"permit\",\"principal\":{\"op\":\"==\",\"slot\":\"?principal\"},"
        "\"action\":{\"op\":\"All\"},\"resource\":{\"op\":\"All\"},\"conditions\":[]}}}",
        "{\"templateLinks\":[{\"templateId\":\"none\",\"newId\":\"x\",\"values\":{}}]}",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        bool ok = json_refused(t, texts[i]);
        CHECK(ok);
        if (!ok)
            (void)printf("not refused: %s\n", texts[i]);
    }
    CHECK(!json_refused(t, WHEN("{\"Value\":true}")));
}

#define POLICY "{\"effect\":\"permit\"," ALL ",\"conditions\":[]}"
#define BAD    "{\"effect\":\"allow\"," ALL ",\"conditions\":[]}"
#define SET(x) "{\"staticPolicies\":{" x "}"

/* Policies are read while the JSON behind them is not; nobody can tell from what is said. */
TEST(json_is_told_as_one_who_has_read_the_whole_would_tell_it)
{
    static const struct {
        const char *text, *told; /* each message, with ; behind it */
    } cases[] = {
        { SET("\"a\":" BAD ",\"b\":" BAD) "}", "this is no policy;this is no policy;" },
        { SET("\"a\":" BAD) ",", "the JSON ends too early;" },
        { SET("\"a\":" BAD ",\"b\":" POLICY ",\"b\":" POLICY) "}", "the name \"b\" is given twice;" },
        { SET("\"b\":" POLICY ",\"\\u0062\":" POLICY) "}", "the name \"b\" is given twice;" },
        { SET("\"a\":" POLICY) ",\"templates\":{\"a\":" POLICY "}}", "two policies have the id `a`;" },
        { SET("\"a\":" POLICY) ",\"templates\":3}", "this is no object of policies by id;" },
        { SET("\"a\":" POLICY) ",\"x\":3}", "`x` cannot stand here;" },
        { SET("\"a\":" BAD) ",\"x\":3}", "`x` cannot stand here;" },
        { SET("\"a\":" POLICY) ",\"staticPolicies\":{}}", "the name \"staticPolicies\" is given twice;" },
        { SET("\"a\":" POLICY) ",\"templateLinks\":3}", "`templateLinks` is no list;" },
        { SET("\"a\":" BAD) ",\"effect\":\"permit\"}", "`staticPolicies` cannot stand here;" },
        { SET("\"a\":" POLICY) ",\"effect\":\"permit\"}", "`staticPolicies` cannot stand here;" },
        { "[" SET("\"a\":" BAD) "}]", "this is no set of policies;" },
        { "{\"staticPolicies\":[" SET("\"a\":" BAD) "}]}", "this is no object of policies by id;" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cedar_diags d = diags_of(t->arena, "j", str_of(cases[i].text));
        struct buf told = buf_new(t->arena, 1u << 16);
        CHECK(cedar_policies_from_json(t->arena, &d) == NULL);
        for (size_t k = 0; k < d.n; k++)
            buf_printf(&told, "%.*s;", STR_ARG(d.items[k].message));
        CHECK_STR(buf_str(&told), cases[i].told);
        CHECK(d.errors == d.n);
    }
}

TEST(policies_in_json_are_read_whatever_stands_around_them)
{
    struct cedar_diags d =
        diags_of(t->arena, "j",
                 S("{\"templates\":{\"\\u0063\":{\"effect\":\"permit\",\"principal\":{\"op\":\"==\","
                   "\"slot\":\"?principal\"},\"action\":{\"op\":\"All\"},\"resource\":{\"op\":\"All\"},"
                   "\"conditions\":[]}},\"static\\u0050olicies\":{\"b\":" POLICY ",\"a\":" POLICY "}}"));
    const struct cedar_policies *p = cedar_policies_from_json(t->arena, &d);

    CHECK(p != NULL && cedar_policies_n(p) == 2 && cedar_templates_n(p) == 1);
    CHECK(p != NULL && cedar_policy_named(p, S("a")) != NULL && cedar_policy_named(p, S("b")) != NULL);
    CHECK(p != NULL && cedar_policy_named(p, S("c")) == cedar_template_at(p, 0));
}

/* Counts what is held at once. */
struct counting {
    struct arena_host host;
    size_t least_left;
};

static void *counted(struct arena_host *host, size_t n)
{
    struct counting *c = (struct counting *)host;

    if (host->left_B - n < c->least_left)
        c->least_left = host->left_B - n;
    return calloc(1, n);
}

static void uncounted(struct arena_host *host, void *p)
{
    free(p);
}

static __attribute__((noreturn)) void never(struct arena_host *host, size_t n)
{
    abort();
}

TEST(the_json_of_many_policies_is_not_held_at_once)
{
    enum { ALL_B = 1 << 30, POLICIES = 5000 };
    struct counting c = { .host = { .zeroed = counted, .release = uncounted, .exhausted = never, .left_B = ALL_B },
                          .least_left = ALL_B };
    struct buf text = buf_new(t->arena, 64u << 20), json = buf_new(t->arena, 64u << 20);

    c.host.steps = UINT64_MAX;
    for (int i = 0; i < POLICIES; i++)
        buf_printf(&text, "permit (principal, action, resource) when { principal.a == %d && context.b > 1 };", i);
    cedar_policies_to_json(&json, policies_of(t->arena, buf_str(&text)));
    struct arena *a = arena_new_for(&c.host, false);
    struct cedar_source source = { S("j"), buf_str(&json) };
    struct cedar_diags d = cedar_diags_new(a, &source);
    CHECK(cedar_policies_from_json(a, &d) != NULL);
    size_t kept = ALL_B - c.host.left_B, most = ALL_B - c.least_left;
    CHECK(most < kept + 4 * json.n); /* a tree of the whole is ten times the text */
    arena_free(a);
}

TEST(what_is_not_seen_in_a_string_is_shown_as_an_escape)
{
    struct str text =
        S("permit (principal, action, resource) when { principal.a == \"x\xE2\x80\xAEy\" && principal.b like "
          "\"\xE2\x80\x8B*\" && principal.c == \"\xC3\xA4 \xE2\x80\x93\" };");
    struct cedar_diags d = diags_of(t->arena, "p", text);
    struct str laid_out = cedar_format(t->arena, &d);

    CHECK(str_find(laid_out, S("\"x\\u{202e}y\"")) < laid_out.n);
    CHECK(str_find(laid_out, S("\"\\u{200b}*\"")) < laid_out.n);
    CHECK(str_find(laid_out, S("\"\xC3\xA4 \xE2\x80\x93\"")) < laid_out.n);
    CHECK(cedar_policy_eq(cedar_policy_at(policies_of(t->arena, text), 0),
                          cedar_policy_at(policies_of(t->arena, laid_out), 0)));
    struct cedar_diags again = diags_of(t->arena, "p", laid_out);
    CHECK(str_eq(cedar_format(t->arena, &again), laid_out));
}
