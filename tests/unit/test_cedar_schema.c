/* SPDX-License-Identifier: EUPL-1.2
 * Schemas: what is read, what both forms agree on, and every refusal by name. */
#include "policy/cedar/schema.h"
#include "tests/test.h"

static const struct cedar_schema *read_text(struct test *t, const char *text, struct cedar_diags *d)
{
    struct cedar_source *source = arena_make(t->arena, struct cedar_source);

    *source = (struct cedar_source){ S("s.cedarschema"), str_of(text) };
    *d = cedar_diags_new(t->arena, source);
    return cedar_schema_parse_text(t->arena, d);
}

static const struct cedar_schema *read_json(struct test *t, const char *text, struct cedar_diags *d)
{
    struct cedar_source *source = arena_make(t->arena, struct cedar_source);

    *source = (struct cedar_source){ S("s.json"), str_of(text) };
    *d = cedar_diags_new(t->arena, source);
    return cedar_schema_parse_json(t->arena, d);
}

static const struct cedar_schema *good(struct test *t, const char *text)
{
    struct cedar_diags d;
    const struct cedar_schema *s = read_text(t, text, &d);

    if (s == NULL)
        test_fail(t, __FILE__, __LINE__, "%.*s", STR_ARG(cedar_diags_text(t->arena, &d)));
    t->checked++;
    return s != NULL ? s : read_text(t, "", &d);
}

static const struct cedar_schema *good_json(struct test *t, const char *text)
{
    struct cedar_diags d;
    const struct cedar_schema *s = read_json(t, text, &d);

    if (s == NULL)
        test_fail(t, __FILE__, __LINE__, "%.*s", STR_ARG(cedar_diags_text(t->arena, &d)));
    t->checked++;
    return s != NULL ? s : read_text(t, "", &d);
}

/* All diagnostics as text; "accepted" when there is a schema. */
static struct str refusal(struct test *t, const char *text)
{
    struct cedar_diags d;

    return read_text(t, text, &d) != NULL ? S("accepted") : cedar_diags_text(t->arena, &d);
}

static struct str json_refusal(struct test *t, const char *text)
{
    struct cedar_diags d;

    return read_json(t, text, &d) != NULL ? S("accepted") : cedar_diags_text(t->arena, &d);
}

static bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part)) != text.n;
}

#define CHECK_HAS(text, part)                                                                                          \
    do {                                                                                                               \
        struct str text_ = (text);                                                                                     \
        t->checked++;                                                                                                  \
        if (!has(text_, part))                                                                                         \
            test_fail(t, __FILE__, __LINE__, "no \"%s\" in: %.*s", part, STR_ARG(text_));                              \
    } while (0)

static struct str attr_type(struct test *t, const struct cedar_schema *s, const char *type, const char *attr)
{
    const struct cedar_entity_type *e = cedar_schema_entity_type(s, str_of(type));
    const struct cedar_attr *a = e == NULL ? NULL : cedar_type_attr(e->shape, str_of(attr));

    return a == NULL ? S("none") : cedar_type_text(t->arena, a->type);
}

/* What is read ------------------------------------------------------------------ */

TEST(an_entity_type_has_parents_attributes_and_tags)
{
    const struct cedar_schema *s =
        good(t, "entity Group; entity User in [Group] = { name: String, \"e mail\"?: String }"
                " tags Set<Long>;");
    const struct cedar_entity_type *user = cedar_schema_entity_type(s, S("User")),
                                   *group = cedar_schema_entity_type(s, S("Group"));

    CHECK(user != NULL && group != NULL);
    CHECK(cedar_entity_type_has_ancestor(user, group));
    CHECK(!cedar_entity_type_has_ancestor(group, user));
    CHECK(cedar_type_attr(user->shape, S("name"))->required);
    CHECK(!cedar_type_attr(user->shape, S("e mail"))->required);
    CHECK_STR(cedar_type_text(t->arena, user->tags), "Set<Long>");
    CHECK(group->tags == NULL);
}

TEST(ancestors_are_transitive_and_may_form_a_cycle)
{
    const struct cedar_schema *s = good(t, "entity A in B; entity B in C; entity C in B;");
    const struct cedar_entity_type *a = cedar_schema_entity_type(s, S("A")), *c = cedar_schema_entity_type(s, S("C"));

    CHECK(cedar_entity_type_has_ancestor(a, c));
    CHECK(cedar_entity_type_has_ancestor(c, c));
    CHECK(!cedar_entity_type_has_ancestor(a, a));
}

TEST(a_common_type_stands_for_its_definition)
{
    const struct cedar_schema *s = good(t, "type Name = { first: String, last?: Word }; type Word = String;"
                                           "entity U = { n: Name, all: Set<Name> };");

    CHECK_STR(attr_type(t, s, "U", "n"), "{first: String, last?: String}");
    CHECK_STR(attr_type(t, s, "U", "all"), "Set<{first: String, last?: String}>");
}

TEST(extension_types_are_known)
{
    const struct cedar_schema *s =
        good(t, "entity U { a: ipaddr, b: decimal, c: datetime, d: duration, e: __cedar::Bool, f: __cedar::ipaddr };");

    CHECK_STR(attr_type(t, s, "U", "a"), "ipaddr");
    CHECK_STR(attr_type(t, s, "U", "d"), "duration");
    CHECK_STR(attr_type(t, s, "U", "e"), "Bool");
    CHECK_STR(attr_type(t, s, "U", "f"), "ipaddr");
}

TEST(a_short_name_means_the_own_namespace_first)
{
    const struct cedar_schema *s =
        good(t, "namespace A::B { entity T; type X = T; entity U { x: X, y: C::T, z: String }; }"
                "namespace C { entity T; }");

    CHECK_STR(attr_type(t, s, "A::B::U", "x"), "A::B::T");
    CHECK_STR(attr_type(t, s, "A::B::U", "y"), "C::T");
    CHECK_STR(attr_type(t, s, "A::B::U", "z"), "String");
}

TEST(an_own_type_may_be_called_like_one_of_cedar)
{
    const struct cedar_schema *s = good(t, "entity Long; entity U { a: Long, b: __cedar::Long };"
                                           "namespace N { type decimal = String; entity V { c: decimal }; }");

    CHECK_STR(attr_type(t, s, "U", "a"), "Long");
    CHECK(cedar_type_attr(cedar_schema_entity_type(s, S("U"))->shape, S("a"))->type->kind == CEDAR_TYPE_ENTITY);
    CHECK(cedar_type_attr(cedar_schema_entity_type(s, S("U"))->shape, S("b"))->type->kind == CEDAR_TYPE_LONG);
    CHECK_STR(attr_type(t, s, "N::V", "c"), "String");
}

TEST(a_common_type_wins_over_an_entity_type_of_the_same_name) /* [RFC 24] */
{
    const struct cedar_schema *s = good(t, "namespace N { entity T; type T = Long; entity U in [T] { a: T }; }");

    CHECK_STR(attr_type(t, s, "N::U", "a"), "Long");
    CHECK(
        cedar_entity_type_has_ancestor(cedar_schema_entity_type(s, S("N::U")), cedar_schema_entity_type(s, S("N::T"))));
}

TEST(an_enumerated_type_has_only_its_ids)
{
    const struct cedar_schema *s = good(t, "entity Colour enum [\"red\", \"\\u{e4}\", \"\"];");
    const struct cedar_entity_type *e = cedar_schema_entity_type(s, S("Colour"));

    CHECK(e->is_enum);
    CHECK(cedar_entity_type_allows(e, S("red")));
    CHECK(cedar_entity_type_allows(e, S("\xc3\xa4")));
    CHECK(cedar_entity_type_allows(e, S("")));
    CHECK(!cedar_entity_type_allows(e, S("blue")));
}

TEST(an_action_applies_to_types_with_a_context_in_groups)
{
    const struct cedar_schema *s =
        good(t, "entity U, D; type C = { mfa: Bool };"
                "action all; action \"read all\" in [all]; "
                "action view, edit in [\"read all\"] appliesTo { resource: D, principal: [U, U], context: C, };"
                "namespace N { action x in [Action::\"all\", y]; action y; }");
    const struct cedar_action *view = cedar_schema_action(s, S("Action"), S("view"));

    CHECK_INT(cedar_schema_action_n(s), 6);
    CHECK_INT(view->principal_n, 1);
    CHECK_STR(view->resources[0]->name, "D");
    CHECK_STR(cedar_type_text(t->arena, view->context), "{mfa: Bool}");
    CHECK(cedar_action_has_ancestor(view, cedar_schema_action(s, S("Action"), S("all"))));
    CHECK(cedar_action_has_ancestor(cedar_schema_action(s, S("N::Action"), S("x")),
                                    cedar_schema_action(s, S("N::Action"), S("y"))));
    CHECK_INT(cedar_schema_action(s, S("Action"), S("all"))->principal_n, 0);
}

TEST(attributes_may_hold_actions_where_there_are_some)
{
    const struct cedar_schema *s =
        good(t, "entity U { last: Action }; action view appliesTo { principal: U, resource: U };");

    CHECK_STR(attr_type(t, s, "U", "last"), "Action");
    CHECK(cedar_schema_entity_type(s, S("Action")) == NULL);
}

TEST(keywords_are_names_where_names_stand)
{
    const struct cedar_schema *s =
        good(t, "entity entity, tags, enum in [type] = { action: Set, type?: Bool } tags tags;"
                "entity type; entity Set; action appliesTo, context;");

    CHECK_STR(attr_type(t, s, "entity", "action"), "Set");
    CHECK_STR(cedar_schema_entity_type(s, S("enum"))->tags->entities[0]->name, "tags");
    CHECK(cedar_schema_action(s, S("Action"), S("appliesTo")) != NULL);
}

TEST(annotations_and_comments_say_nothing)
{
    good(t, "// first\n@doc(\"a\") @in namespace N { @x entity U = { @doc(\"b\") a: Long, }; // last\n @y(\"\") action "
            "z; }");
}

TEST(an_empty_schema_is_one)
{
    CHECK_INT(cedar_schema_entity_type_n(good(t, "")), 0);
    CHECK_INT(cedar_schema_action_n(good_json(t, "{}")), 0);
}

/* Both forms ----------------------------------------------------------------------- */

TEST(text_and_json_give_the_same_schema)
{
    const struct cedar_schema *text =
        good(t, "namespace N { type C = { a?: Long }; entity G; entity E enum [\"x\"];"
                " entity U in [G] = { e: E, l: Set<Long>, o?: ipaddr } tags String;"
                " action all; action v in [all] appliesTo { principal: [U], resource: [G, E], context: C }; }");
    const struct cedar_schema *json = good_json(
        t, "{\"N\":{\"commonTypes\":{\"C\":{\"type\":\"Record\",\"attributes\":{\"a\":{\"type\":\"Long\",\"required\":"
           "false}}}},"
           "\"entityTypes\":{\"G\":{},\"E\":{\"enum\":[\"x\"]},\"U\":{\"memberOfTypes\":[\"G\"],\"tags\":{\"type\":"
           "\"String\"},"
           "\"shape\":{\"type\":\"Record\",\"attributes\":{\"e\":{\"type\":\"Entity\",\"name\":\"E\"},"
           "\"l\":{\"type\":\"Set\",\"element\":{\"type\":\"EntityOrCommon\",\"name\":\"Long\"}},"
           "\"o\":{\"type\":\"Extension\",\"name\":\"ipaddr\",\"required\":false}}}}},"
           "\"actions\":{\"all\":{},\"v\":{\"memberOf\":[{\"id\":\"all\"}],\"appliesTo\":{\"principalTypes\":[\"U\"],"
           "\"resourceTypes\":[\"E\",\"G\"],\"context\":{\"type\":\"C\"}}}}}}");

    CHECK(cedar_schema_eq(text, json));
    CHECK(cedar_schema_eq(json, text));
}

TEST(schemas_that_differ_are_told_apart)
{
    static const char *const others[] = {
        "entity U { a: Long }; entity G; action v appliesTo { principal: U, resource: U };",
        "entity U in [G] { a?: Long }; entity G; action v appliesTo { principal: U, resource: U };",
        "entity U in [G] { a: Long } tags Long; entity G; action v appliesTo { principal: U, resource: U };",
        "entity U in [G] { a: Long }; entity G enum [\"x\"]; action v appliesTo { principal: U, resource: U };",
        "entity U in [G] { a: Long }; entity G; action v appliesTo { principal: U, resource: G };",
        "entity U in [G] { a: Long }; entity G; action v appliesTo {principal: U, resource: U, context: {b: Long}};",
        "entity U in [G] { a: Long }; entity G; action v; action w;",
        "entity U in [G] { a: Set<Long> }; entity G; action v appliesTo { principal: U, resource: U };",
    };
    const struct cedar_schema *s =
        good(t, "entity U in [G] { a: Long }; entity G; action v appliesTo { principal: U, resource: U };");

    CHECK(cedar_schema_eq(s, s));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        CHECK(!cedar_schema_eq(s, good(t, others[i])));
}

/* Refusals of the text form ------------------------------------------------------------ */

TEST(an_unknown_type_is_refused_with_advice)
{
    struct str text = refusal(t, "entity User;\nentity Doc {\n  owner: Usr\n};");

    CHECK_HAS(text, "s.cedarschema:3:10");
    CHECK_HAS(text, "\"Usr\" is not declared");
    CHECK_HAS(text, "User");
}

TEST(several_errors_are_reported_in_one_run)
{
    struct str text =
        refusal(t, "entity A { x: Nope };\nentity B in [Nada];\naction v appliesTo { principal: A, resource: Zip };");

    CHECK_HAS(text, "Nope");
    CHECK_HAS(text, "Nada");
    CHECK_HAS(text, "Zip");
    text = refusal(t, "entity A { x Long };\naction v in;\nnamespace N { entity ; entity B; type = Long; }\nfoo");
    CHECK_HAS(text, ":1:14");
    CHECK_HAS(text, ":2:12");
    CHECK_HAS(text, ":3:22");
    CHECK_HAS(text, ":3:39");
    CHECK_HAS(text, ":4:1");
}

TEST(an_unknown_parent_is_refused)
{
    CHECK_HAS(refusal(t, "entity A in [B];"), "\"B\" is not declared as an entity type");
}

TEST(a_common_type_is_no_parent)
{
    CHECK_HAS(refusal(t, "type B = Long; entity A in [B];"), "\"B\" is not declared as an entity type");
}

TEST(the_type_of_actions_is_no_parent_and_no_principal)
{
    CHECK_HAS(refusal(t, "action v; entity A in [Action];"), "is the type of actions");
    CHECK_HAS(refusal(t, "entity A; action v appliesTo { principal: Action, resource: A };"), "is the type of actions");
}

TEST(an_entity_type_called_action_is_refused)
{
    CHECK_HAS(refusal(t, "entity Action;"), "cannot be called \"Action\"");
}

TEST(a_name_declared_twice_is_refused)
{
    CHECK_HAS(refusal(t, "entity A; entity A;"), "entity type \"A\" is declared twice");
    CHECK_HAS(refusal(t, "entity A, A;"), "entity type \"A\" is declared twice");
    CHECK_HAS(refusal(t, "entity A enum [\"a\"]; entity A enum [\"b\", \"c\"]; entity A;"), "is declared twice");
    CHECK_HAS(refusal(t, "type A = Long; type A = Long;"), "common type \"A\" is declared twice");
    CHECK_HAS(refusal(t, "action a; action \"a\";"), "action \"a\" is declared twice");
    CHECK_HAS(refusal(t, "namespace N {} namespace N {}"), "namespace \"N\" is declared twice");
    CHECK_HAS(refusal(t, "@a @a entity A;"), "annotation `@a` is given twice");
}

TEST(an_attribute_declared_twice_is_what_its_last_declaration_says)
{
    struct cedar_diags d;
    const struct cedar_schema *s = read_text(t, "entity A { x: Nothing, y: Long, \"x\"?: Bool };", &d);

    CHECK(s != NULL);
    CHECK(s != NULL && cedar_schema_eq(s, good(t, "entity A { x?: Bool, y: Long };")));
    CHECK_HAS(cedar_diags_text(t->arena, &d), "s.cedarschema:1:33: warning: attribute \"x\" is declared twice");
}

TEST(a_name_that_shadows_one_without_a_namespace_is_refused) /* [RFC 70] */
{
    CHECK_HAS(refusal(t, "entity A; namespace N { entity A; }"), "is also declared without a namespace");
    CHECK_HAS(refusal(t, "entity A; namespace N { type A = Long; }"), "is also declared without a namespace");
    CHECK_HAS(refusal(t, "type A = Long; namespace N { entity A; }"), "is also declared without a namespace");
    CHECK_HAS(refusal(t, "action a; namespace N { action a; }"), "is also declared without a namespace");
}

TEST(a_common_type_that_contains_itself_is_refused)
{
    CHECK_HAS(refusal(t, "type A = A;"), "refers to itself");
    CHECK_HAS(refusal(t, "type A = { b: B }; type B = Set<C>; type C = A;"), "refers to itself");
}

TEST(an_action_in_itself_is_refused)
{
    CHECK_HAS(refusal(t, "action a in [a];"), "is a member of itself");
    CHECK_HAS(refusal(t, "action a in [b]; action b in [c]; action c in [a];"), "is a member of itself");
}

TEST(an_unknown_group_is_refused_with_advice)
{
    struct str text = refusal(t, "action reading; action view in [readin];");

    CHECK_HAS(text, "action Action::\"readin\" is not declared");
    CHECK_HAS(text, "reading");
    CHECK_HAS(refusal(t, "namespace N { action a; } action b in [M::Action::\"a\"];"), "is not declared");
    CHECK_HAS(refusal(t, "entity U; action b in [U::\"a\"];"), "is not declared");
}

TEST(cedars_own_names_cannot_be_declared)
{
    CHECK_HAS(refusal(t, "entity __cedar;"), "reserved");
    CHECK_HAS(refusal(t, "type __cedar = Long;"), "reserved");
    CHECK_HAS(refusal(t, "namespace __cedar { }"), "reserved");
    CHECK_HAS(refusal(t, "namespace A::__cedar { }"), "reserved");
    CHECK_HAS(refusal(t, "entity U { a: __cedar::Lnog };"), "is not declared");
}

TEST(words_of_the_json_form_cannot_name_common_types)
{
    static const char *const words[] = { "Bool", "Boolean", "Entity", "Extension", "Long", "Record", "Set", "String" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct str text = arena_printf(t->arena, "type %s = Long;", words[i]);
        CHECK_HAS(refusal(t, arena_cstr(t->arena, text)), "cannot be called");
    }
}

TEST(reserved_words_cannot_be_names)
{
    static const char *const words[] = { "true", "false", "if", "then", "else", "in", "is", "like", "has" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        CHECK_HAS(refusal(t, arena_cstr(t->arena, arena_printf(t->arena, "entity %s;", words[i]))), "is reserved");
        CHECK_HAS(refusal(t, arena_cstr(t->arena, arena_printf(t->arena, "entity E { %s: Long };", words[i]))),
                  "is reserved");
        CHECK_HAS(refusal(t, arena_cstr(t->arena, arena_printf(t->arena, "entity E { a: A::%s };", words[i]))),
                  "is reserved");
        CHECK_HAS(refusal(t, arena_cstr(t->arena, arena_printf(t->arena, "action %s;", words[i]))), "is reserved");
    }
    good(t, "entity E { \"if\": Long }; action \"in\";");
}

TEST(a_context_that_is_no_record_is_refused)
{
    CHECK_HAS(refusal(t, "entity U; type C = Long; action a appliesTo { principal: U, resource: U, context: C };"),
              "a context must be a record, but this is Long");
    CHECK_HAS(refusal(t, "entity U; action a appliesTo { principal: U, resource: U, context: U };"),
              "\"U\" is not declared as a common type");
    CHECK_HAS(refusal(t, "entity U; action a appliesTo { principal: U, resource: U, context: Set<Long> };"), ":1:71");
}

TEST(an_incomplete_applies_to_is_refused)
{
    CHECK_HAS(refusal(t, "entity U; action a appliesTo { principal: U };"), "lacks `resource`");
    CHECK_HAS(refusal(t, "entity U; action a appliesTo { resource: U };"), "lacks `principal`");
    CHECK_HAS(refusal(t, "action a appliesTo { context: {} };"), "lacks `principal`");
    CHECK_HAS(refusal(t, "action a appliesTo { };"), "cannot stand here");
    CHECK_HAS(refusal(t, "entity U; action a appliesTo { principal: [], resource: U };"), "must apply to something");
}

TEST(a_part_of_applies_to_given_twice_is_refused)
{
    CHECK_HAS(refusal(t, "entity U; action a appliesTo { principal: U, principal: U, resource: U };"),
              "`principal` is given twice");
    CHECK_HAS(refusal(t, "entity U; action a appliesTo { principal: U, resource: U, resource: U };"),
              "`resource` is given twice");
    CHECK_HAS(refusal(t, "entity U; action a appliesTo { principal: U, resource: U, context: {}, context: {} };"),
              "`context` is given twice");
}

TEST(an_enumerated_type_needs_ids_and_nothing_else)
{
    CHECK_HAS(refusal(t, "entity E enum [];"), "a string");
    CHECK_HAS(refusal(t, "entity E enum [\"a\",];"), "a string");
    CHECK_HAS(refusal(t, "entity G; entity E in [G] enum [\"a\"];"), "cannot stand here");
    CHECK_HAS(refusal(t, "entity E enum [\"a\"] tags Long;"), "cannot stand here");
}

TEST(lists_do_not_end_with_a_comma)
{
    CHECK_HAS(refusal(t, "entity G; entity A in [G,];"), "a name");
    CHECK_HAS(refusal(t, "action a; action b in [a,];"), "a name");
    CHECK_HAS(refusal(t, "entity A,;"), "a name");
    CHECK_HAS(refusal(t, "action b in [];"), "a name");
}

TEST(attributes_of_actions_are_empty)
{
    good(t, "action a attributes {};");
    CHECK_HAS(refusal(t, "action a attributes { b: Long };"), "`}`");
}

TEST(an_entity_type_with_an_assignment_needs_a_record)
{
    CHECK_HAS(refusal(t, "type R = {}; entity A = R;"), "`{`");
}

TEST(an_unclosed_block_is_refused)
{
    CHECK_HAS(refusal(t, "namespace N { entity A;"), "`}`");
    CHECK_HAS(refusal(t, "entity A { a: Set<Long };"), "`>`");
    CHECK_HAS(refusal(t, "entity A"), "`;`");
    CHECK_HAS(refusal(t, "entity A; }"), "cannot stand here");
}

TEST(a_namespace_in_a_namespace_is_refused)
{
    CHECK_HAS(refusal(t, "namespace A { namespace B { } }"), "cannot stand here");
}

TEST(a_wrong_escape_is_refused)
{
    CHECK(!str_eq(refusal(t, "action \"\\q\";"), S("accepted")));
    CHECK(!str_eq(refusal(t, "action \"\\u{110000}\";"), S("accepted")));
}

static const char *nested(struct test *t, size_t depth)
{
    struct buf b = buf_new(t->arena, 1 << 20);

    buf_add(&b, S("entity E { a: "));
    for (size_t i = 0; i < depth; i++)
        buf_add(&b, S("Set<"));
    buf_add(&b, S("Long"));
    for (size_t i = 0; i < depth; i++)
        buf_byte(&b, '>');
    buf_add(&b, S(" };"));
    return arena_cstr(t->arena, buf_str(&b));
}

TEST(a_type_nested_too_deep_is_refused)
{
    good(t, nested(t, CEDAR_TYPE_DEPTH_MAX - 3));
    CHECK_HAS(refusal(t, nested(t, CEDAR_TYPE_DEPTH_MAX)), "levels deep");
    CHECK_HAS(refusal(t, nested(t, 100000)), "levels deep");
}

TEST(a_type_that_grows_through_common_types_is_refused)
{
    struct buf b = buf_new(t->arena, 1 << 20);

    buf_add(&b, S("type T0 = { a: Long, b: Long };"));
    for (int i = 1; i < 40; i++)
        buf_printf(&b, "type T%d = { a: T%d, b: T%d };", i, i - 1, i - 1);
    CHECK_HAS(refusal(t, arena_cstr(t->arena, buf_str(&b))), "parts when written out");
}

TEST(a_long_chain_of_common_types_is_refused)
{
    struct buf b = buf_new(t->arena, 1 << 20);

    for (int i = 0; i < 5000; i++)
        buf_printf(&b, "type T%d = T%d;", i, i + 1);
    buf_add(&b, S("type T5000 = Long;"));
    CHECK_HAS(refusal(t, arena_cstr(t->arena, buf_str(&b))), "refer to one another");
}

TEST(a_hierarchy_that_is_too_large_is_refused)
{
    struct buf b = buf_new(t->arena, 1 << 20);

    for (int i = 0; i < 5000; i++)
        buf_printf(&b, "entity T%d in [T%d];", i, (i + 1) % 5000);
    CHECK_HAS(refusal(t, arena_cstr(t->arena, buf_str(&b))), "too large");
}

TEST(a_schema_with_too_many_names_is_refused)
{
    struct buf b = buf_new(t->arena, 1 << 20);

    for (int i = 0; i <= CEDAR_SCHEMA_NAMES_MAX; i++)
        buf_printf(&b, "action a%d;", i);
    CHECK_HAS(refusal(t, arena_cstr(t->arena, buf_str(&b))), "declares more than");
}

/* Refusals of the JSON form ------------------------------------------------------------- */

#define NS(entities, actions) "{\"\":{\"entityTypes\":{" entities "},\"actions\":{" actions "}}}"

TEST(json_members_that_nobody_reads_are_refused_with_advice)
{
    struct str text = json_refusal(t, NS("\"A\":{\"memberOfType\":[]}", ""));

    CHECK_HAS(text, "has no \"memberOfType\"");
    CHECK_HAS(text, "memberOfTypes");
    CHECK_HAS(json_refusal(t, "{\"\":{\"entityTypes\":{},\"actions\":{},\"types\":{}}}"), "has no \"types\"");
    CHECK_HAS(json_refusal(t, NS("", "\"a\":{\"applies\":{}}")), "has no \"applies\"");
    CHECK_HAS(json_refusal(t, NS("\"A\":{\"shape\":{\"type\":\"Record\",\"attributes\":{\"x\":{\"type\":\"Long\","
                                 "\"reqired\":false}}}}",
                                 "")),
              "has no \"reqired\"");
    CHECK_HAS(json_refusal(t, NS("\"A\":{\"tags\":{\"type\":\"Long\",\"name\":\"x\"}}", "")), "has no \"name\"");
    CHECK_HAS(json_refusal(t, NS("\"A\":{\"enum\":[\"x\"],\"tags\":{\"type\":\"Long\"}}", "")), "has no \"tags\"");
}

TEST(json_members_that_must_be_there_are_missed)
{
    CHECK_HAS(json_refusal(t, "{\"\":{\"entityTypes\":{}}}"), "lacks \"actions\"");
    CHECK_HAS(json_refusal(t, "{\"\":{\"actions\":{}}}"), "lacks \"entityTypes\"");
    CHECK_HAS(json_refusal(t, NS("\"A\":{\"tags\":{}}", "")), "lacks \"type\"");
    CHECK_HAS(json_refusal(t, NS("\"A\":{\"tags\":{\"type\":\"Set\"}}", "")), "lacks \"element\"");
    CHECK_HAS(json_refusal(t, NS("\"A\":{\"tags\":{\"type\":\"Record\"}}", "")), "lacks \"attributes\"");
    CHECK_HAS(json_refusal(t, NS("\"A\":{\"tags\":{\"type\":\"Entity\"}}", "")), "lacks \"name\"");
    CHECK_HAS(json_refusal(t, NS("", "\"a\":{\"appliesTo\":{\"principalTypes\":[]}}")), "lacks \"resourceTypes\"");
    CHECK_HAS(json_refusal(t, NS("", "\"a\":{\"memberOf\":[{}]}")), "lacks \"id\"");
}

TEST(json_of_the_wrong_kind_is_refused)
{
    CHECK(json_refusal(t, "[]").n > 10);
    CHECK(json_refusal(t, "{").n > 10);
    CHECK_HAS(json_refusal(t, "{\"\":1}"), "a namespace cannot be");
    CHECK_HAS(json_refusal(t, NS("\"A\":[]", "")), "an entity type cannot be");
    CHECK_HAS(json_refusal(t, NS("\"A\":{\"tags\":\"Long\"}", "")), "a type cannot be");
    CHECK_HAS(json_refusal(t, NS("\"A\":{\"tags\":null}", "")), "a type cannot be");
    CHECK_HAS(json_refusal(t, NS("\"A\":{\"memberOfTypes\":\"A\"}", "")), "a list of types cannot be");
    CHECK_HAS(json_refusal(t, NS("\"A\":{\"enum\":[1]}", "")), "an id cannot be");
    CHECK_HAS(json_refusal(t, NS("", "\"a\":{\"memberOf\":[\"b\"]}")), "an action group cannot be");
    CHECK_HAS(json_refusal(t, NS("\"A\":{\"annotations\":{\"x\":1}}", "")), "an annotation cannot be");
    good_json(t, NS("\"A\":{\"annotations\":{\"x\":null,\"y\":\"z\"}}",
                    "\"a\":{\"appliesTo\":null,\"memberOf\":null,\"attributes\":null}"));
}

TEST(json_names_that_are_none_are_refused)
{
    CHECK_HAS(json_refusal(t, NS("\"A B\":{}", "")), "cannot be a name");
    CHECK_HAS(json_refusal(t, NS("\"A::B\":{}", "")), "cannot be a name");
    CHECK_HAS(json_refusal(t, NS("\"if\":{}", "")), "cannot be a name");
    CHECK_HAS(json_refusal(t, "{\"A::\":{\"entityTypes\":{},\"actions\":{}}}"), "cannot be the name of a namespace");
    CHECK_HAS(json_refusal(t, NS("\"A\":{\"memberOfTypes\":[\" A\"]}", "")), "cannot be the name of a type");
    CHECK_HAS(json_refusal(t, NS("\"A\":{\"tags\":{\"type\":\"Set <Long>\"}}", "")), "cannot be the name of a type");
    CHECK_HAS(json_refusal(t, NS("\"A\":{\"annotations\":{\"x y\":null}}", "")), "cannot name an annotation");
}

TEST(json_refuses_what_the_text_form_cannot_say)
{
    CHECK_HAS(json_refusal(
                  t, NS("\"A\":{\"shape\":{\"type\":\"Record\",\"attributes\":{},\"additionalAttributes\":true}}", "")),
              "further attributes");
    CHECK_HAS(json_refusal(t, NS("", "\"a\":{\"attributes\":{}}")), "actions cannot have attributes");
    CHECK_HAS(json_refusal(t, NS("\"A\":{\"enum\":[]}", "")), "needs at least one id");
    CHECK_HAS(json_refusal(t, "{\"\":{\"entityTypes\":{},\"actions\":{},\"annotations\":{\"a\":\"b\"}}}"),
              "cannot have annotations");
    CHECK_HAS(json_refusal(t, NS("\"A\":{\"shape\":{\"type\":\"Long\"}}", "")), "must be a record");
}

TEST(json_extension_types_are_checked_with_advice)
{
    struct str text = json_refusal(t, NS("\"A\":{\"tags\":{\"type\":\"Extension\",\"name\":\"ipadr\"}}", ""));

    CHECK_HAS(text, "there is no extension type \"ipadr\"");
    CHECK_HAS(text, "ipaddr");
}

TEST(json_says_which_kind_of_name_it_means)
{
    CHECK_HAS(json_refusal(t, "{\"\":{\"commonTypes\":{\"C\":{\"type\":\"Long\"}},\"entityTypes\":{\"A\":{\"tags\":"
                              "{\"type\":\"Entity\",\"name\":\"C\"}}},\"actions\":{}}}"),
              "not declared as an entity type");
    CHECK_HAS(json_refusal(t, NS("\"B\":{},\"A\":{\"tags\":{\"type\":\"B\"}}", "")), "not declared as a common type");
    good_json(t, NS("\"A\":{\"tags\":{\"type\":\"Bool\"}}", ""));
}

TEST(a_json_member_given_twice_is_refused)
{
    CHECK(!str_eq(json_refusal(t, NS("\"A\":{},\"A\":{}", "")), S("accepted")));
}

/* The schema as text, and as JSON, each read again. */
static void written_and_read(struct test *t, const struct cedar_schema *s, bool text_too)
{
    struct buf text = buf_new(t->arena, 1 << 20), json = buf_new(t->arena, 1 << 20);

    cedar_schema_text(&text, s);
    cedar_schema_to_json(&json, s);
    CHECK(!text_too || cedar_schema_eq(s, good(t, arena_cstr(t->arena, buf_str(&text)))));
    CHECK(cedar_schema_eq(s, good_json(t, arena_cstr(t->arena, buf_str(&json)))));
}

TEST(a_schema_that_is_written_says_the_same)
{
    written_and_read(
        t,
        good(t, "type Address = { street: String, \"post code\"?: Long };\n"
                "entity Group; entity Top in [Group]; entity User in [Top] { home: Address, tags?: Set<Group> } "
                "tags Set<String>;\n"
                "entity Color enum [\"red\", \"gr\\\"een\"];\n"
                "namespace A::B { entity X in [Group] { u: User, d: decimal, t?: datetime, p: ipaddr, r: { d: duration "
                "} };\n"
                "action all; action \"all more\" in [all]; action read in [\"all more\"] appliesTo { principal: "
                "[User, X], resource: X, context: { n: Long } }; }\n"
                "action go in [A::B::Action::\"all\"] appliesTo { principal: User, resource: Color };"),
        true);
    written_and_read(t, good(t, ""), true);
    written_and_read(t, good(t, "entity Long { s: String, n: __cedar::Long, e: Long };"), true);
    written_and_read(
        t,
        good_json(t, "{\"\":{\"entityTypes\":{\"U\":{}},\"actions\":{\"a\":{\"appliesTo\":{\"principalTypes\":[],"
                     "\"resourceTypes\":[\"U\"],\"context\":{\"type\":\"Record\",\"attributes\":{\"x\":{\"type\":"
                     "\"Long\"}}}}}}}}"),
        false);
}
