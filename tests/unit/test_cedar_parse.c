/* SPDX-License-Identifier: EUPL-1.2
 * Which texts are policies, and what is said of those that are not. */
#include "tests/unit/cedar_help.h"

#define ANY "permit (principal, action, resource)"

static bool refused(struct test *t, const char *text)
{
    return policies_of(t->arena, str_of(text)) == NULL;
}

TEST(texts_that_are_policies_are_read)
{
    static const char *const texts[] = {
        "",
        "// nothing",
        ANY ";",
        "forbid(principal,action,resource,);",
        "permit (principal == User::\"a\", action == Action::\"b\", resource == A::B::\"c\");",
        "permit (principal in (User::\"a\"), action in [Action::\"b\", N::Action::\"c\",], resource is A::B in "
        "C::\"d\");",
        "permit (principal is User, action in [], resource is principal);",
        "@id(\"x\") @bare @if(\"reserved words may be annotations\") " ANY ";",
        ANY " when { true } unless { false } when { 1 == 1 };",
        ANY " when { -9223372036854775808 < 9223372036854775807 };",
        ANY " when { ----1 == 1 };",
        ANY " when { !!!!true };",
        ANY " when { - 5 == -5 };",
        ANY " when { principal has a.b.c && principal has \"a b\" && principal has principal };",
        ANY " when { {principal: 1, \"if\": 2, permit: 3,} has x };",
        ANY " when { principal.permit && principal[\"if\"] };",
        ANY " when { \"a\" like \"*\\*\\u{2a}\\x41\\0\\'\" };",
        ANY " when { if a::\"x\" == b::\"y\" then 1 < 2 else if true then true else false };",
        ANY " when { [1, 2,].contains(1,) };",
        ANY " when { ip(\"1.1.1.1\").isInRange(ip(\"1.0.0.0/8\")) };",
        ANY " when { ip() };", /* arity is checked when evaluated, as Cedar does */
        ANY " when { principal is A::B in [C::\"x\"] };",
        ANY " when { \"two\nlines\" == \"\\u{10ffff}\" };",
        "permit (principal == ?principal, action, resource in ?resource);",
        "permit (principal is A in ?principal, action, resource);",
        "\xC2\xA0\xE2\x80\xA8" ANY "\xE3\x80\x80;", /* Unicode white space */
        ANY " when { context.a-1 == 2 };",
        ANY " when { (if true then 1 else 2) + 3 == 4 };",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct cedar_diags d = diags_of(t->arena, "p", str_of(texts[i]));
        bool ok = cedar_policies_parse(t->arena, &d, CEDAR_IDS_BY_POSITION) != NULL;
        CHECK(ok);
        if (!ok)
            (void)printf("%s\n%s\n", texts[i], arena_cstr(t->arena, cedar_diags_text(t->arena, &d)));
    }
}

TEST(texts_that_are_no_policies_are_refused)
{
    static const char *const texts[] = {
        ANY, /* no ; */
        "permit;",
        "permit ();",
        "permit (principal, action);",
        "permit (action, principal, resource);",
        "permit (principal, action, resource, context);",
        "allow (principal, action, resource);",
        "Permit (principal, action, resource);",
        "permit (principal = User::\"a\", action, resource);",
        "permit (principal != User::\"a\", action, resource);",
        "permit (principal == User, action, resource);",
        "permit (principal == \"a\", action, resource);",
        "permit (principal in [User::\"a\"], action, resource);",
        "permit (principal == ?resource, action, resource);",
        "permit (principal == ?user, action, resource);",
        "permit (principal, action == ?action, resource);",
        "permit (principal, action == User::\"a\", resource);",
        "permit (principal, action in [Action::\"a\", User::\"a\"], resource);",
        "permit (principal, action == [Action::\"a\"], resource);",
        "permit (principal, action is Action, resource);",
        "permit (principal is User == User::\"a\", action, resource);",
        "permit (principal in User::\"a\" is User, action, resource);",
        "permit (principal: User, action, resource);",
        "@a(\"1\") @a(\"2\") " ANY ";",
        "@a(1) " ANY ";",
        ANY " when {};",
        ANY " when true;",
        ANY " where { true };",
        ANY " when { true } ;;",
        ANY " when { ?principal == principal };",
        ANY " when { x };",
        ANY " when { principal(1) };",
        ANY " when { foo(1) };",
        ANY " when { isIpv4(ip(\"1.1.1.1\")) };",
        ANY " when { contains([1], 1) };",
        ANY " when { principal.ip(\"1.1.1.1\") };",
        ANY " when { principal.nothing(1) };",
        ANY " when { [1].contains() };",
        ANY " when { [1].contains(1, 2) };",
        ANY " when { [1].isEmpty(1) };",
        ANY " when { (1)(2) };",
        ANY " when { 9223372036854775808 == 1 };",
        ANY " when { -9223372036854775809 == 1 };",
        ANY " when { -(9223372036854775808) == 1 };",
        ANY " when { 99999999999999999999999 == 1 };",
        ANY " when { -----1 == 1 };",
        ANY " when { !!!!!true };",
        ANY " when { !-1 == 1 };",
        ANY " when { 1 < 2 < 3 };",
        ANY " when { 1 == 2 == 3 };",
        ANY " when { principal has a has b };",
        ANY " when { principal has a == true };",
        ANY " when { principal has if };",
        ANY " when { principal has a.in };",
        ANY " when { principal has a.\"b\" };",
        ANY " when { principal has 1 };",
        ANY " when { principal has (a) };",
        ANY " when { \"a\" like b };",
        ANY " when { \"a\" like (\"b\") };",
        ANY " when { \"a\" like \"b\" + \"c\" };",
        ANY " when { principal is (User) };",
        ANY " when { principal is User::\"a\" };",
        ANY " when { principal is \"User\" };",
        ANY " when { principal is User == true };",
        ANY " when { principal.if };",
        ANY " when { principal.__cedar };",
        ANY " when { __cedar::\"a\" == principal };",
        ANY " when { A::__cedar::\"a\" == principal };",
        ANY " when { if::A::\"a\" == principal };",
        ANY " when { principal[0] };",
        ANY " when { principal[(\"a\")] };",
        ANY " when { {a: 1, \"a\": 2} };",
        ANY " when { {true: 1} };",
        ANY " when { {if: 1} };",
        ANY " when { {1: 1} };",
        ANY " when { {a::b: 1} };",
        ANY " when { 1 / 2 == 0 };",
        ANY " when { 1 % 2 == 0 };",
        ANY " when { 1 + if true then 1 else 2 };",
        ANY " when { true && if true then true else false };",
        ANY " when { if true then 1 };",
        ANY " when { User::{id: \"a\"} == principal };",
        ANY " when { 'a' == 'a' };",
        ANY " when { true & true };",
        ANY " when { \"\\q\" == \"\" };",
        ANY " when { \"\\*\" == \"*\" };",
        ANY " when { \"\\x80\" == \"\" };",
        ANY " when { \"\\u{110000}\" == \"\" };",
        ANY " when { \"\\u{d800}\" == \"\" };",
        ANY " when { \"\\u{}\" == \"\" };",
        ANY " when { \"\\u{1234567}\" == \"\" };",
        ANY " when { \"\\u0041\" == \"\" };",
        ANY " when { \"a\\\nb\" == \"\" };",
        ANY " when { \"a\rb\" == \"\" };",
        ANY " when { \"open };",
        ANY " when { 1.0 == 1 };",
        ANY " when { [1 2] };",
        ANY " when { [,] };",
        ANY " when { (1 };",
        ANY " when { principal. };",
        "\xEF\xBB\xBF" ANY ";", /* a byte order mark is no white space */
        ANY " when { \"\xFF\" == \"\" };",
        "# comment\n" ANY ";",
        "/* comment */ " ANY ";",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        bool ok = refused(t, texts[i]);
        CHECK(ok);
        if (!ok)
            (void)printf("not refused: %s\n", texts[i]);
    }
}

/* Line, column, what was expected, a near name. */
static const struct cedar_diag *finding(struct test *t, const char *text, size_t i, struct cedar_place *place)
{
    struct cedar_diags *d = arena_make(t->arena, struct cedar_diags);

    *d = diags_of(t->arena, "p.cedar", str_of(text));
    CHECK(cedar_policies_parse(t->arena, d, CEDAR_IDS_BY_POSITION) == NULL);
    CHECK(d->n > i);
    if (d->n <= i)
        return arena_make(t->arena, struct cedar_diag);
    *place = cedar_place_of(d->items[i].source, d->items[i].span.at);
    return &d->items[i];
}

TEST(a_mistake_is_reported_at_its_place)
{
    struct cedar_place place = { 0 };
    const struct cedar_diag *d = finding(t, "// ä\n" ANY "\nwhen { \"ä\" == principle };", 0, &place);

    CHECK_INT(place.line, 3);
    CHECK_INT(place.column, 15);
    CHECK_STR(d->near, "principal");
    CHECK_STR(d->message, "`principle` is no variable");
}

TEST(every_wrong_policy_is_reported_in_one_run)
{
    struct cedar_place place = { 0 };
    const char *text =
        ANY " when { foo };\n" ANY ";\npermt (principal, action, resource);\n" ANY " when { [1].contain(1) };";

    CHECK_INT(finding(t, text, 0, &place)->message.n > 0 && place.line == 1, 1);
    CHECK_STR(finding(t, text, 1, &place)->near, "permit");
    CHECK_INT(place.line, 3);
    CHECK_STR(finding(t, text, 2, &place)->near, "contains");
    CHECK_INT(place.line, 4);
}

TEST(a_forgotten_semicolon_does_not_hide_the_next_policy)
{
    struct cedar_place place = { 0 };

    CHECK_INT(finding(t, ANY "\n" ANY " when { foo };", 1, &place)->message.n > 0 && place.line == 2, 1);
}

TEST(several_mistakes_of_one_policy_are_reported)
{
    struct cedar_place place = { 0 };
    const char *text = ANY " when { foo && bar && 1 / 2 == 1 };";

    CHECK_STR(finding(t, text, 0, &place)->message, "`foo` is no variable");
    CHECK_STR(finding(t, text, 1, &place)->message, "`bar` is no variable");
    CHECK_STR(finding(t, text, 2, &place)->message, "Cedar has no division");
}

TEST(a_finding_is_shown_with_its_line_underlined)
{
    struct cedar_diags d = diags_of(t->arena, "p.cedar", S(ANY "\nwhen { principal.isEmty() };"));

    CHECK(cedar_policies_parse(t->arena, &d, CEDAR_IDS_BY_POSITION) == NULL);
    CHECK_STR(cedar_diags_text(t->arena, &d), "p.cedar:2:18: error: there is no method `isEmty`\n"
                                              "    2 | when { principal.isEmty() };\n"
                                              "      |                  ^^^^^^\n"
                                              "      = did you mean `isEmpty`?\n");
}

TEST(findings_are_bounded_and_the_rest_is_counted)
{
    struct buf b = buf_new(t->arena, 1 << 20);

    for (int i = 0; i < 500; i++)
        buf_add(&b, S("nonsense;\n"));
    struct cedar_diags d = diags_of(t->arena, "p", buf_str(&b));
    CHECK(cedar_policies_parse(t->arena, &d, CEDAR_IDS_BY_POSITION) == NULL);
    CHECK_INT(d.n, CEDAR_DIAGS_MAX);
    CHECK_INT(d.errors, 500);
}

static struct str repeated(struct arena *a, const char *before, const char *what, size_t n, const char *middle,
                           const char *closing, const char *behind)
{
    struct buf b = buf_new(a, 64u << 20);

    buf_add(&b, str_of(before));
    for (size_t i = 0; i < n; i++)
        buf_add(&b, str_of(what));
    buf_add(&b, str_of(middle));
    for (size_t i = 0; i < n; i++)
        buf_add(&b, str_of(closing));
    buf_add(&b, str_of(behind));
    return buf_str(&b);
}

TEST(deep_nesting_is_refused_and_shallow_is_not)
{
    static const struct {
        const char *open, *middle, *close;
    } nests[] = { { "(", "true", ")" },          { "[", "1", "]" },
                  { "{a: ", "1", "}" },          { "if true then ", "1", " else 1" },
                  { "[1].contains(", "1", ")" }, { "!(", "true", ")" },
                  { "1 + (", "1", ")" } };

    for (size_t i = 0; i < sizeof nests / sizeof *nests; i++) {
        struct str deep =
            repeated(t->arena, ANY " when { ", nests[i].open, 100000, nests[i].middle, nests[i].close, " };");
        struct str fair = repeated(t->arena, ANY " when { ", nests[i].open, 90, nests[i].middle, nests[i].close, " };");
        CHECK(policies_of(t->arena, deep) == NULL);
        CHECK(policies_of(t->arena, fair) != NULL);
    }
}

TEST(long_chains_of_and_and_or_are_no_depth)
{
    CHECK(policies_of(t->arena, repeated(t->arena, ANY " when { true", " && true", 20000, "", "", " };")) != NULL);
    CHECK(policies_of(t->arena, repeated(t->arena, ANY " when { true", " || true", 20000, "", "", " };")) != NULL);
    CHECK(policies_of(t->arena, repeated(t->arena, ANY " when { 1", " + 1", 20000, " == 1", "", " };")) == NULL);
    CHECK(policies_of(t->arena, repeated(t->arena, ANY " when { principal", ".a", 20000, "", "", " };")) == NULL);
    CHECK(policies_of(t->arena, repeated(t->arena, ANY " when { principal has a", ".a", 20000, "", "", " };")) == NULL);
}

TEST(ids_are_positions_or_annotations)
{
    struct str text = S("@id(\"one\") " ANY ";" ANY ";");
    struct cedar_diags d = diags_of(t->arena, "p", text);
    const struct cedar_policies *p = cedar_policies_parse(t->arena, &d, CEDAR_IDS_BY_ANNOTATION);

    CHECK_STR(cedar_policy_at(p, 0)->id, "one");
    CHECK_STR(cedar_policy_at(p, 1)->id, "policy1");
    CHECK_STR(cedar_policy_at(policies_of(t->arena, text), 0)->id, "policy0");
    CHECK(cedar_policy_named(p, S("one")) == cedar_policy_at(p, 0));
    CHECK(cedar_policy_named(p, S("two")) == NULL);
}

TEST(an_id_given_twice_is_refused)
{
    struct cedar_diags d = diags_of(t->arena, "p", S("@id(\"a\") " ANY "; @id(\"a\") " ANY ";"));

    CHECK(cedar_policies_parse(t->arena, &d, CEDAR_IDS_BY_ANNOTATION) == NULL);
    CHECK_STR(d.items[0].message, "two policies have the id `a`");
}

TEST(the_text_of_a_snapshot_need_not_be_kept)
{
    char text[] = ANY " when { principal.name == \"x\" };";
    const struct cedar_policies *p = policies_of(t->arena, str_of(text));
    struct buf b = buf_new(t->arena, 1000);

    memset(text, '?', sizeof text - 1);
    cedar_policy_text(&b, cedar_policy_at(p, 0));
    CHECK_STR(buf_str(&b), ANY "\nwhen { principal.name == \"x\" };\n");
}

TEST(findings_are_shown_in_the_order_of_the_text)
{
    struct cedar_diags d = diags_of(t->arena, "p.cedar",
                                    S("permit(principal);\npermit(principal, action, resource) when { \"\\q\" #x# };"));

    CHECK(cedar_policies_parse(t->arena, &d, CEDAR_IDS_BY_POSITION) == NULL);
    struct str text = cedar_diags_text(t->arena, &d); /* the marks are found before the sentences */
    CHECK(str_has_prefix(text, S("p.cedar:1:17: error: `)` cannot stand here")));
    CHECK(str_find(text, S("p.cedar:2:49: error: `#`")) < str_find(text, S("p.cedar:2:51: error: `#`")));
}

/* Does a policy with this condition hold a node that is too deep?  Memory that refusing it took goes to *used. */
static bool too_deep(struct test *t, const char *first, const char *more, size_t n, const char *last, size_t *used)
{
    struct str text = repeated(t->arena, ANY " when { ", "", 0, first, "", "");
    struct arena *a = arena_new();
    struct buf b = buf_new(a, 1 << 26);

    buf_add(&b, text);
    for (size_t i = 0; i < n; i++)
        buf_add(&b, str_of(more));
    buf_add(&b, str_of(last));
    buf_add(&b, S(" };"));
    struct cedar_diags d = diags_of(a, "p", buf_str(&b));
    size_t before = arena_used(a);
    bool refused = cedar_policies_parse(a, &d, CEDAR_IDS_BY_POSITION) == NULL;
    *used = arena_used(a) - before;
    refused = refused && str_has_prefix(d.items[0].message, S("the expression is nested deeper"));
    arena_free(a);
    return refused;
}

TEST(a_policy_that_is_too_deep_is_refused_where_that_is_seen)
{
    static const struct {
        const char *first, *more, *last;
        size_t text_B;
    } chains[] = { { "1", " + 1", " == 1", 4000000 },
                   { "1", " * 1", " == 1", 4000000 },
                   { "principal", ".a", "", 2000000 },
                   { "", "(", "", 1000000 },
                   { "", "[", "", 1000000 } };
    size_t used;

    for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
        CHECK(too_deep(t, chains[i].first, chains[i].more, 1000000, chains[i].last, &used));
        CHECK(used < 2 * chains[i].text_B); /* the text's copy, not its tokens and nodes */
    }
}

TEST(a_chain_is_refused_for_its_depth_alone)
{
    size_t used;

    CHECK(!too_deep(t, "1", " + 1", 395, " == 1", &used));
    CHECK(too_deep(t, "1", " + 1", 405, " == 1", &used));
    CHECK(!too_deep(t, "1", " + 2 * 3", 390, " == 1", &used));            /* the products hang beside one another */
    CHECK(!too_deep(t, "-1", " + -1 - -1", 190, " == 1", &used));         /* a sign is no operator */
    CHECK(!too_deep(t, "1 == 1", " && 1 + 1 + 1 == 3", 1000, "", &used)); /* each sum begins anew */
    CHECK(!too_deep(t, "[1", ", 1 + 1 * 1", 1000, "].isEmpty()", &used));
    CHECK(!too_deep(t, "principal.a", " && principal.a.b.c in principal.a.b", 300, "", &used));
    CHECK(!too_deep(t, "true", " && (if 1 + 1 == 2 then 1 + 1 else 1 + 1) == 2", 300, "", &used));
}

TEST(what_stands_behind_a_policy_that_is_too_deep_is_read)
{
    struct str deep = repeated(t->arena, ANY " when { 1", " + 1", 1000, " == 1", "", " }; permit(principle); " ANY ";");
    struct cedar_diags d = diags_of(t->arena, "p", deep);

    CHECK(cedar_policies_parse(t->arena, &d, CEDAR_IDS_BY_POSITION) == NULL);
    CHECK_INT(d.errors, 2);
    CHECK_STR(d.items[1].message, "`principle` cannot stand here");
}

TEST(what_people_bring_along_is_one_mistake_with_the_right_word)
{
#define WHEN(condition) ANY " when { " condition " };"
    static const struct {
        const char *text, *advice;
    } mistakes[] = {
        { WHEN("principal.x and true"), "did you mean `&&`" },
        { WHEN("principal.x or true"), "did you mean `||`" },
        { WHEN("not principal.x"), "did you mean `!`" },
        { WHEN("true && NOT (1 == 1)"), "did you mean `!`" },
        { WHEN("true & false"), "expected `&&`" },
        { WHEN("true | false"), "expected `||`" },
        { WHEN("principal.x === 1"), "expected `==`" },
        { WHEN("principal.x !== 1"), "expected `!=`" },
        { WHEN("principal.x <> 1"), "expected `!=`" },
        { WHEN("principal.x => 1"), "expected `>=`" },
        { WHEN("principal.x = 1"), "equality is `==`" },
        { WHEN("principal.x matches \"a\""), "did you mean `like`" },
        { WHEN("principal.x.matches(\"a\")"), "the operator `like`" },
        { WHEN("principal.x == 15.5"), "expected `decimal(\"15.5\")`" },
        { WHEN("principal.x == 'abc def'"), "expected `\"abc def\"`" },
        { WHEN("principal.x == \xE2\x80\x9C"
               "abc\xE2\x80\x9D"),
          "expected `\"abc\"`" },
        { WHEN("principal.x == null"), "Cedar has no null" },
        { WHEN("principal == User::anna"), "expected `User::\"anna\"`" },
        { "allow (principal, action, resource);", "did you mean `permit`" },
        { "deny (principal, action, resource);", "did you mean `forbid`" },
        { ANY " where { true };", "did you mean `when`" },
        { "permit (principal, action, resource when { true };", "or `)` behind `resource`" },
        { "permit (action, principal, resource);", "the scope names principal, action and resource, in this order" },
        { "permit (principal, action == Action::read, resource);", "expected `Action::\"read\"`" },
        { "permit (principal, action == read, resource);", "an entity like `Action::\"read\"`" },
        { "permit (principal == anna, action, resource);", "an entity like `Type::\"anna\"`" },
        { "permit (principal, action in [Action::read, Action::\"b\"], resource);", "expected `Action::\"read\"`" },
    };

    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct cedar_diags d = diags_of(t->arena, "p", str_of(mistakes[i].text));
        CHECK(cedar_policies_parse(t->arena, &d, CEDAR_IDS_BY_POSITION) == NULL);
        struct str said = cedar_diags_text(t->arena, &d);
        if (d.errors != 1 || str_find(said, str_of(mistakes[i].advice)) == said.n)
            test_fail(t, __FILE__, __LINE__, "%s: %.*s", mistakes[i].text, STR_ARG(said));
    }
}

TEST(a_wrong_word_may_be_there_very_often)
{
    CHECK(policies_of(t->arena, repeated(t->arena, ANY " when { ", "not !", 100000, "true", "", " };")) == NULL);
    CHECK(policies_of(t->arena, repeated(t->arena, ANY " when { ", "not ", 100000, "true", "", " };")) == NULL);
    CHECK(policies_of(t->arena, repeated(t->arena, ANY " when { ", "'a' & ", 10000, "true", "", " };")) == NULL);
}

/* The text of all findings, errors or not. */
static struct str findings_in(struct test *t, const char *text)
{
    struct cedar_diags d = diags_of(t->arena, "p.cedar", str_of(text));
    const struct cedar_policies *p = cedar_policies_parse(t->arena, &d, CEDAR_IDS_BY_POSITION);
    struct buf b = buf_new(t->arena, 4096);

    CHECK(p != NULL && d.errors == 0);
    for (size_t i = 0; i < d.n; i++)
        buf_printf(&b, "%s@%zu;", cedar_finding_code_name(d.items[i].finding), (size_t)d.items[i].span.at);
    return buf_str(&b);
}

TEST(comments_that_turn_or_hide_what_stands_there_are_warned_of)
{
    CHECK_STR(findings_in(t, "// plain\npermit (principal, action, resource); // ä — “quoted” ✓ Ω漢"), "");
    CHECK_STR(findings_in(t, "// a\u202eb\npermit (principal, action, resource);"), "bidi@0;");
    CHECK_STR(findings_in(t, "permit (principal, // x\u2066y\naction, resource); // z\u200bz"),
              "bidi@19;invisible@47;");
    CHECK_STR(findings_in(t, "permit (principal, action, resource) when { \"//\u202e\" != \"\" };"), "");
    /* Each comment once, however many there are in it. */
    CHECK_STR(findings_in(t, "//\u202e\u202e\u200b\n//\u200b\npermit (principal, action, resource);"),
              "bidi@0;invisible@12;");
}
