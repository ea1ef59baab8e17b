/* SPDX-License-Identifier: EUPL-1.2
 * The policy validator: every rule that lets a policy pass, and every refusal by name. */
#include "policy/cedar/engine.h"
#include "tests/test.h"

static const char schools[] =
    "namespace School {\n"
    "  type Address = { city: String, zip?: String };\n"
    "  entity Org;\n"
    "  entity Group in [Org];\n"
    "  entity Person in [Group] = {\n"
    "    name: String, age: Long, mail?: String, home: Address, work?: Address, boss?: Person,\n"
    "    langs: Set<String>, friends: Set<Person>, born: datetime, rest: duration, score: decimal, seat: ipaddr,\n"
    "    admin: Bool\n"
    "  } tags String;\n"
    "  entity Colour enum [\"red\", \"green\"];\n"
    "  entity Service in [Service] = { owner: Person, kind: Colour, tag?: String } tags Set<Long>;\n"
    "  entity Room;\n"
    "  action use; action edit in [use];\n"
    "  action open, \"re open\" in [use] appliesTo { principal: [Person], resource: [Service],\n"
    "    context: { mfa: Bool, ip?: ipaddr } };\n"
    "  action enter in [edit] appliesTo { principal: [Person, Group], resource: [Room, Service] };\n"
    "}\n"
    "entity Outsider { age: String, city?: Long } tags Long;\n"
    "action visit appliesTo { principal: [Outsider, School::Person], resource: School::Room };\n";

static const struct cedar_schema *schema_of(struct test *t, const char *text)
{
    struct cedar_source *source = arena_make(t->arena, struct cedar_source);
    struct cedar_diags d = cedar_diags_new(t->arena, source);
    const struct cedar_schema *s;

    *source = (struct cedar_source){ S("schema"), str_of(text) };
    s = cedar_schema_parse_text(t->arena, &d);
    if (s == NULL)
        test_fail(t, __FILE__, __LINE__, "%.*s", STR_ARG(cedar_diags_text(t->arena, &d)));
    return s;
}

/* The validator's findings about a text of policies and templates; "valid" when there is none. */
static struct str findings_with(struct test *t, const struct cedar_schema *s, struct str text, enum cedar_mode mode)
{
    struct cedar_source *source = arena_make(t->arena, struct cedar_source);
    struct cedar_diags d = cedar_diags_new(t->arena, source);
    const struct cedar_policies *p;
    bool ok = true;

    *source = (struct cedar_source){ S("p.cedar"), text };
    p = cedar_policies_parse(t->arena, &d, CEDAR_IDS_BY_POSITION);
    if (p == NULL || s == NULL)
        return cedar_diags_text(t->arena, &d);
    for (size_t i = 0; i < cedar_policies_n(p); i++)
        ok = cedar_validate_policy(s, cedar_policy_at(p, i), mode, &d) && ok;
    for (size_t i = 0; i < cedar_templates_n(p); i++)
        ok = cedar_validate_policy(s, cedar_template_at(p, i), mode, &d) && ok;
    if (ok != (d.errors == 0))
        test_fail(t, __FILE__, __LINE__, "the verdict and the errors differ");
    return ok && d.warnings == 0 ? S("valid") : cedar_diags_text(t->arena, &d);
}

static struct str findings(struct test *t, const char *text)
{
    return findings_with(t, schema_of(t, schools), str_of(text), CEDAR_STRICT);
}

/* A permit for opening services under a condition. */
static struct str opening(struct test *t, const char *condition, enum cedar_mode mode)
{
    struct str text = arena_printf(
        t->arena, "permit(principal, action == School::Action::\"open\", resource) when { %s };", condition);

    return findings_with(t, schema_of(t, schools), text, mode);
}

static struct str when(struct test *t, const char *condition)
{
    return opening(t, condition, CEDAR_STRICT);
}

static void check_has(struct test *t, int line, struct str text, const char *part)
{
    t->checked++;
    if (str_find(text, str_of(part)) == text.n)
        test_fail(t, __FILE__, line, "no \"%s\" in: %.*s", part, STR_ARG(text));
}
#define CHECK_HAS(text, part) check_has(t, __LINE__, (text), (part))
#define CHECK_VALID(text)     CHECK_STR(text, "valid")

/* Names --------------------------------------------------------------------------- */

TEST(an_unknown_entity_type_is_refused_with_advice)
{
    struct str text = findings(t, "permit(principal == School::Persn::\"a\", action, resource);");

    CHECK_HAS(text, "p.cedar:1:21");
    CHECK_HAS(text, "there is no entity type \"School::Persn\"");
    CHECK_HAS(text, "School::Person");
    CHECK_HAS(when(t, "principal is Person"), "there is no entity type \"Person\"");
    CHECK_HAS(when(t, "resource.owner == Foo::\"x\""), "there is no entity type \"Foo\"");
    CHECK_HAS(findings(t, "permit(principal is School::Nobody, action, resource);"), "\"School::Nobody\"");
    CHECK_HAS(findings(t, "permit(principal is School::Person in Gruop::\"x\", action, resource);"), "\"Gruop\"");
}

TEST(an_unknown_action_is_refused_with_advice)
{
    struct str text = findings(t, "permit(principal, action == School::Action::\"opne\", resource);");

    CHECK_HAS(text, "there is no action School::Action::\"opne\"");
    CHECK_HAS(text, "open");
    CHECK_HAS(findings(t, "permit(principal, action == Action::\"open\", resource);"),
              "there is no action Action::\"open\"");
    CHECK_HAS(when(t, "action == Other::Action::\"open\""), "there is no action");
    CHECK_HAS(findings(t, "permit(principal, action in [School::Action::\"open\", School::Action::\"no\"], resource);"),
              "there is no action School::Action::\"no\"");
}

TEST(an_id_that_an_enumerated_type_lacks_is_refused_with_advice)
{
    CHECK_VALID(when(t, "resource.kind == School::Colour::\"red\""));
    CHECK_HAS(when(t, "resource.kind == School::Colour::\"rde\""), "none of the ids of the enumerated type");
    CHECK_HAS(when(t, "resource.kind == School::Colour::\"gren\""), "green");
}

/* Scopes ----------------------------------------------------------------------------- */

TEST(a_scope_that_no_action_fits_is_refused)
{
    CHECK_HAS(findings(t, "permit(principal == Outsider::\"o\", action == School::Action::\"open\", resource);"),
              "no action applies to this scope");
    CHECK_HAS(findings(t, "permit(principal is School::Group, action == School::Action::\"open\", resource);"),
              "no action applies to this scope");
    CHECK_HAS(findings(t, "permit(principal, action, resource in School::Org::\"x\");"),
              "no action applies to this scope");
    CHECK_HAS(findings(t, "permit(principal is School::Person in School::Room::\"x\", action, resource);"),
              "no action applies to this scope");
}

TEST(an_action_that_applies_to_nothing_is_refused) /* Cedar 4.10; 4.13 warns */
{
    CHECK_HAS(findings(t, "permit(principal, action == School::Action::\"use\", resource);"),
              "no action applies to this scope");
    CHECK_VALID(findings(t, "permit(principal, action in School::Action::\"use\", resource);"));
}

TEST(equality_with_a_group_is_refused_with_the_advice_to_use_in)
{
    CHECK_HAS(findings(t, "permit(principal == School::Org::\"x\", action == School::Action::\"open\", resource);"),
              "`principal in ...`");
    CHECK_VALID(findings(t, "permit(principal in School::Org::\"x\", action == School::Action::\"open\", resource);"));
}

TEST(action_groups_are_followed)
{
    CHECK_VALID(findings(t, "permit(principal is School::Group, action in School::Action::\"use\", resource);"));
    CHECK_HAS(findings(t, "permit(principal is Outsider, action in School::Action::\"use\", resource);"),
              "no action applies to this scope");
    CHECK_VALID(
        findings(t, "permit(principal, action in [School::Action::\"edit\", School::Action::\"open\"], resource);"));
}

TEST(an_empty_list_of_actions_is_refused)
{
    CHECK_HAS(findings(t, "permit(principal, action in [], resource);"), "no action applies to this scope");
    CHECK_HAS(findings(t, "permit(principal, action in [], resource);"), "an empty set has no type");
}

TEST(actions_of_two_namespaces_do_not_stand_in_one_list)
{
    CHECK_HAS(findings(t, "permit(principal, action in [Action::\"visit\", School::Action::\"open\"], resource);"),
              "do not go together");
}

TEST(a_policy_that_can_never_apply_is_warned_of)
{
    struct str text = when(t, "principal has nothing");

    CHECK_HAS(text, "warning");
    CHECK_HAS(text, "can never apply");
    CHECK_HAS(when(t, "false"), "can never apply");
    CHECK_HAS(when(t, "resource is School::Room"), "can never apply");
    CHECK_HAS(when(t, "action == Action::\"visit\""), "can never apply");
    CHECK_HAS(when(t, "action in School::Action::\"edit\""), "can never apply");
    CHECK_HAS(when(t, "principal == resource"), "can never apply");
    CHECK_HAS(when(t, "principal in resource"), "can never apply");
    CHECK_HAS(when(t, "1 == \"a\""), "can never apply");
    CHECK_HAS(findings(t, "permit(principal, action, resource) unless { true };"), "can never apply");
}

TEST(each_kind_of_request_is_checked)
{
    CHECK_HAS(findings(t, "permit(principal, action == Action::\"visit\", resource) when { principal.age > 17 };"),
              "when principal is Outsider");
    CHECK_VALID(findings(t, "permit(principal, action == Action::\"visit\", resource)"
                            " when { principal is School::Person && principal.age > 17 };"));
    CHECK_VALID(findings(t, "permit(principal is School::Person, action == Action::\"visit\", resource)"
                            " when { principal.age > 17 };"));
    CHECK_VALID(findings(t, "permit(principal, action, resource) unless { action == Action::\"visit\" }"
                            " when { action == School::Action::\"open\" } when { context.mfa };"));
}

/* Attributes ---------------------------------------------------------------------------- */

TEST(an_unknown_attribute_is_refused_with_advice)
{
    struct str text = when(t, "principal.nmae == \"x\"");

    CHECK_HAS(text, "School::Person has no attribute \"nmae\"");
    CHECK_HAS(text, "name");
    CHECK_HAS(when(t, "context.mfaa"), "has no attribute \"mfaa\"");
    CHECK_HAS(when(t, "action.name == \"x\""), "School::Action has no attribute");
    CHECK_HAS(when(t, "principal.home.street == \"x\""), "has no attribute \"street\"");
    CHECK_HAS(when(t, "{a: 1}.b == 1"), "has no attribute \"b\"");
}

TEST(access_to_what_has_no_attributes_is_refused)
{
    CHECK_HAS(when(t, "principal.age.years == 1"), "this is Long");
    CHECK_HAS(when(t, "principal.langs.first == 1"), "this is Set<String>");
    CHECK_HAS(when(t, "principal.langs has first"), "for sets there is `.contains()`");
}

TEST(an_optional_attribute_is_refused_without_has)
{
    struct str text = when(t, "principal.mail == \"x\"");

    CHECK_HAS(text, "attribute \"mail\" of School::Person is optional");
    CHECK_HAS(text, "`has` before the access");
    CHECK_HAS(when(t, "principal.home.zip == \"x\""), "is optional");
    CHECK_HAS(when(t, "principal.work.city == \"x\""), "\"work\" of School::Person is optional");
}

TEST(has_makes_an_access_safe)
{
    CHECK_VALID(when(t, "principal has mail && principal.mail == \"x\""));
    CHECK_VALID(when(t, "principal has \"mail\" && principal[\"mail\"] == \"x\""));
    CHECK_VALID(when(t, "if principal has mail then principal.mail == \"x\" else true"));
    CHECK_VALID(when(t, "principal has work && principal.work has zip && principal.work.zip == \"x\""));
    CHECK_VALID(when(t, "principal has work.zip && principal.work.zip == \"x\""));
    CHECK_VALID(when(t, "context has ip && context.ip.isLoopback()"));
    CHECK_VALID(when(t, "principal has boss && principal.boss has boss && principal.boss.boss.age > 3"));
    CHECK_VALID(when(t, "(principal has mail && true) && principal.mail == \"x\""));
    CHECK_VALID(findings(t, "permit(principal, action == School::Action::\"open\", resource)"
                            " when { principal has mail } when { principal.mail == \"x\" };"));
}

TEST(has_of_another_attribute_or_place_makes_nothing_safe)
{
    CHECK_HAS(when(t, "principal has work && principal.mail == \"x\""), "is optional");
    CHECK_HAS(when(t, "resource.owner has mail && principal.mail == \"x\""), "is optional");
    CHECK_HAS(when(t, "principal.mail == \"x\" && principal has mail"), "is optional");
    CHECK_HAS(when(t, "(if principal has mail then true else true) && principal.mail == \"x\""), "is optional");
    CHECK_HAS(when(t, "[principal has mail].contains(true) && principal.mail == \"x\""), "is optional");
}

TEST(a_negated_has_makes_nothing_safe)
{
    CHECK_HAS(when(t, "!(principal has mail) && principal.mail == \"x\""), "is optional");
    CHECK_HAS(when(t, "if principal has mail then true else principal.mail == \"x\""), "is optional");
    CHECK_HAS(findings(t, "permit(principal, action == School::Action::\"open\", resource)"
                          " unless { principal has mail } when { principal.mail == \"x\" };"),
              "is optional");
}

TEST(has_in_both_branches_makes_an_access_safe)
{
    CHECK_VALID(when(t, "((principal has mail && context.mfa) || principal has mail) && principal.mail == \"x\""));
    CHECK_HAS(when(t, "(principal has mail || context.mfa) && principal.mail == \"x\""), "is optional");
    CHECK_VALID(when(t, "(if context.mfa then principal has mail else principal has mail) && principal.mail == \"x\""));
    CHECK_VALID(when(t, "(principal has mail || false) && principal.mail == \"x\""));
    CHECK_VALID(when(t, "(false || principal has mail) && principal.mail == \"x\""));
}

TEST(a_required_attribute_of_an_entity_may_still_be_missing)
{
    CHECK_VALID(when(t, "!(principal has name) || principal.age > 3"));
    CHECK_HAS(when(t, "!({a: 1} has a) && 1 == 1"), "can never apply");
}

TEST(what_is_never_evaluated_need_not_have_a_type)
{
    CHECK_VALID(when(t, "!(principal has nothing && principal.nothing == 1)"));
    CHECK_VALID(when(t, "true || principal.nothing"));
    CHECK_VALID(when(t, "if resource is School::Service then true else resource.nothing"));
    CHECK_VALID(when(t, "if resource is School::Room then resource.nothing else true"));
    CHECK_HAS(when(t, "principal.nothing && false"), "has no attribute");
}

/* Tags ------------------------------------------------------------------------------------ */

TEST(a_tag_is_refused_without_has_tag)
{
    CHECK_HAS(when(t, "principal.getTag(\"a\") == \"x\""), "this tag of School::Person may be missing");
    CHECK_HAS(when(t, "principal.hasTag(\"b\") && principal.getTag(\"a\") == \"x\""), "may be missing");
    CHECK_HAS(when(t, "resource.hasTag(\"a\") && principal.getTag(\"a\") == \"x\""), "may be missing");
    CHECK_HAS(when(t, "principal has mail && principal.getTag(\"mail\") == \"x\""), "may be missing");
}

TEST(has_tag_makes_a_tag_safe)
{
    CHECK_VALID(when(t, "principal.hasTag(\"a\") && principal.getTag(\"a\") == \"x\""));
    CHECK_VALID(when(t, "resource.hasTag(\"a\") && resource.getTag(\"a\").contains(3)"));
    CHECK_VALID(when(t, "principal.hasTag(principal.name) && principal.getTag(principal.name) like \"x*\""));
}

TEST(a_tag_of_the_wrong_type_is_refused)
{
    CHECK_HAS(when(t, "principal.hasTag(\"a\") && principal.getTag(\"a\") == 1"), "do not go together");
    CHECK_HAS(when(t, "principal.hasTag(1)"), "this is Long");
    CHECK_HAS(when(t, "context.hasTag(\"a\")"), "expected any entity");
}

TEST(tags_of_a_type_without_tags_are_never_there)
{
    CHECK_HAS(findings(t, "permit(principal, action == Action::\"visit\", resource) when { resource.hasTag(\"a\") };"),
              "can never apply");
    CHECK_HAS(
        findings(t, "permit(principal, action == Action::\"visit\", resource) when { resource.getTag(\"a\") == 1 };"),
        "may be missing");
}

/* Operators ------------------------------------------------------------------------------- */

TEST(conditions_must_be_bool)
{
    CHECK_HAS(when(t, "principal"), "this is School::Person");
    CHECK_HAS(when(t, "principal.age"), "expected Bool");
    CHECK_HAS(when(t, "principal.age || true"), "expected Bool");
    CHECK_HAS(when(t, "!principal.name"), "expected Bool");
    CHECK_HAS(when(t, "if principal.name then true else false"), "expected Bool");
    CHECK_HAS(when(t, "true && 1"), "expected Bool");
}

TEST(equality_of_what_cannot_be_equal_is_refused)
{
    CHECK_HAS(when(t, "principal.name == 1"), "String and Long do not go together");
    CHECK_HAS(when(t, "principal.name != principal.age"), "do not go together");
    CHECK_HAS(when(t, "principal.langs == principal.friends"), "do not go together");
    CHECK_HAS(when(t, "principal.home == {city: \"x\"}"), "records must have the same attributes");
    CHECK_HAS(when(t, "principal.home == {city: \"x\", zip: \"y\"}"), "required in both");
    CHECK_HAS(when(t, "principal == principal.home"), "one is an entity and one a record");
    CHECK_HAS(when(t, "context.mfa == 1"), "do not go together");
    CHECK_VALID(when(t, "context.mfa == true"));
    CHECK_VALID(when(t, "principal == School::Person::\"anna\" || principal in principal.friends || true"));
}

TEST(order_needs_two_of_one_ordered_type)
{
    CHECK_VALID(when(t, "principal.age < 3 && 3 <= principal.age"));
    CHECK_VALID(when(t, "principal.born > datetime(\"2020-01-01\") && principal.rest >= duration(\"1h\")"));
    CHECK_HAS(when(t, "principal.name < 3"), "expected Long");
    CHECK_HAS(when(t, "3 < principal.name"), "expected Long");
    CHECK_HAS(when(t, "principal.born < principal.rest"), "expected datetime");
    CHECK_HAS(when(t, "principal.score < principal.score"), "Long, datetime or duration");
    CHECK_HAS(when(t, "principal.name > principal.name"), "Long, datetime or duration");
}

TEST(arithmetic_needs_numbers)
{
    CHECK_VALID(when(t, "principal.age + 1 - 2 * 3 == -principal.age"));
    CHECK_HAS(when(t, "principal.name + \"x\" == \"y\""), "strings and sets cannot be joined");
    CHECK_HAS(when(t, "-principal.name == 1"), "expected Long");
    CHECK_HAS(when(t, "principal.age * true == 1"), "expected Long");
}

TEST(in_needs_entities)
{
    CHECK_VALID(when(t, "principal in School::Group::\"g\" || principal in [School::Org::\"o\", School::Org::\"p\"]"));
    CHECK_VALID(when(t, "resource in resource || principal in principal.friends"));
    CHECK_HAS(when(t, "principal.name in School::Group::\"g\""), "expected any entity");
    CHECK_HAS(when(t, "principal in principal.langs"), "expected Set<any entity> or any entity");
    CHECK_HAS(when(t, "principal in [School::Org::\"o\", School::Group::\"g\"]"), "entities must be of one type");
}

TEST(is_needs_an_entity)
{
    CHECK_VALID(when(t, "resource.owner is School::Person"));
    CHECK_VALID(when(t, "principal is School::Person in School::Group::\"g\""));
    CHECK_HAS(when(t, "principal.name is School::Person"), "`is` tells types of entities apart");
    CHECK_HAS(when(t, "principal is School::Group in School::Org::\"g\""), "can never apply");
}

TEST(sets_need_elements_of_one_type)
{
    CHECK_VALID(when(t, "principal.langs.contains(\"fi\") && [1, 2].containsAny([principal.age])"));
    CHECK_HAS(when(t, "[1, \"a\"].contains(1)"), "Long and String do not go together");
    CHECK_HAS(when(t, "principal.langs.contains(1)"), "do not go together");
    CHECK_HAS(when(t, "principal.langs.containsAll([1])"), "do not go together");
    CHECK_HAS(when(t, "principal.langs.containsAny(\"a\")"), "for one element there is `.contains()`");
    CHECK_HAS(when(t, "principal.contains(principal)"), "expected Set<any type>");
    CHECK_HAS(when(t, "principal.name.isEmpty()"), "for strings there is");
    CHECK_VALID(when(t, "principal.langs.isEmpty()"));
}

TEST(an_empty_set_is_refused)
{
    CHECK_HAS(when(t, "[].contains(1)"), "an empty set has no type");
    CHECK_HAS(when(t, "principal.langs == []"), "an empty set has no type");
}

TEST(branches_need_one_type)
{
    CHECK_VALID(when(t, "(if context.mfa then 1 else 2) == 1"));
    CHECK_HAS(when(t, "(if context.mfa then 1 else \"a\") == 1"), "Long and String do not go together");
    CHECK_HAS(when(t, "(if context.mfa then principal else resource) in School::Group::\"g\""),
              "entities must be of one type");
}

TEST(like_needs_a_string)
{
    CHECK_VALID(when(t, "principal.name like \"a*\""));
    CHECK_HAS(when(t, "principal like \"a*\""), "for entities there is `is`");
}

/* Extensions -------------------------------------------------------------------------------- */

TEST(the_text_of_a_constructor_is_checked)
{
    CHECK_VALID(when(t, "ip(\"10.0.0.0/8\").isInRange(principal.seat) && decimal(\"1.5\").lessThan(principal.score)"));
    CHECK_HAS(when(t, "ip(\"10.0.0.256\").isLoopback()"), "this is no ip");
    CHECK_HAS(when(t, "decimal(\"1\") == principal.score"), "this is no decimal");
    CHECK_HAS(when(t, "datetime(\"2024-13-01\") == principal.born"), "this is no datetime");
    CHECK_HAS(when(t, "duration(\"1x\") == principal.rest"), "this is no duration");
}

TEST(a_constructor_without_a_literal_is_refused)
{
    CHECK_HAS(when(t, "ip(principal.name).isLoopback()"), "must be given its text literally");
    CHECK_HAS(when(t, "decimal(if context.mfa then \"1.0\" else \"2.0\") == principal.score"), "literally");
}

TEST(arguments_of_the_wrong_number_or_type_are_refused)
{
    CHECK_HAS(when(t, "ip(\"1.1.1.1\", \"2.2.2.2\").isLoopback()"), "takes 1 argument");
    CHECK_HAS(when(t, "principal.seat.isLoopback(1)"), "takes 0 arguments");
    CHECK_HAS(when(t, "principal.seat.isInRange()"), "takes 1 argument");
    CHECK_HAS(when(t, "principal.seat.isInRange(\"10.0.0.0/8\")"), "expected ipaddr");
    CHECK_HAS(when(t, "principal.name.isIpv4()"), "expected ipaddr");
    CHECK_HAS(when(t, "ip(1).isIpv4()"), "expected String");
    CHECK_HAS(when(t, "principal.born.offset(principal.born) == principal.born"), "expected duration");
    CHECK_VALID(when(
        t, "principal.born.durationSince(principal.born).toDays() == 3 && principal.born.toTime() == principal.rest"));
}

/* Permissive mode ------------------------------------------------------------------------------ */

TEST(permissive_validation_allows_mixed_types)
{
    static const char *const conditions[] = {
        "principal.name == 1 || true",
        "[].isEmpty()",
        "principal.langs.contains(1) || true",
        "(if context.mfa then principal else resource) == principal",
        "principal.home == {city: \"x\"} || true",
        "decimal(principal.name) == principal.score",
    };

    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
        CHECK_VALID(opening(t, conditions[i], CEDAR_PERMISSIVE));
        CHECK(!str_eq(when(t, conditions[i]), S("valid")));
    }
    CHECK_HAS(opening(t, "(if context.mfa then principal else resource).age == 1", CEDAR_PERMISSIVE), "in all cases");
    CHECK_HAS(opening(t, "[1, \"a\"].contains(1)", CEDAR_PERMISSIVE), "do not go together");
}

/* Templates -------------------------------------------------------------------------------------- */

TEST(templates_are_validated_like_policies)
{
    CHECK_VALID(findings(t, "permit(principal in ?principal, action == School::Action::\"open\", resource == ?resource)"
                            " when { principal has mail && principal.mail == \"x\" };"));
    CHECK_VALID(findings(t, "permit(principal is School::Person in ?principal, action, resource in ?resource);"));
    CHECK_HAS(findings(t, "permit(principal == ?principal, action == School::Action::\"open\", resource)"
                          " when { principal.nothing };"),
              "has no attribute");
    CHECK_HAS(findings(t, "permit(principal is Outsider in ?principal, action == School::Action::\"open\", resource);"),
              "no action applies to this scope");
}

static struct str link_findings(struct test *t, struct cedar_uid uid)
{
    struct cedar_diags d = cedar_diags_new(t->arena, NULL);
    const struct cedar_policy link = {
        .id = S("link"),
        .template_id = S("template"),
        .effect = CEDAR_PERMIT,
        .principal = { .kind = CEDAR_SCOPE_EQ, .uid = uid },
        .action = { .kind = CEDAR_SCOPE_EQ, .uid = cedar_uid_make(S("School::Action"), S("open")) },
    };

    return cedar_validate_policy(schema_of(t, schools), &link, CEDAR_STRICT, &d) ? S("valid")
                                                                                 : cedar_diags_text(t->arena, &d);
}

TEST(a_link_must_name_a_known_type_that_the_action_applies_to)
{
    CHECK_VALID(link_findings(t, cedar_uid_make(S("School::Person"), S("anna"))));
    CHECK_HAS(link_findings(t, cedar_uid_make(S("Persn"), S("anna"))), "there is no entity type");
    CHECK_HAS(link_findings(t, cedar_uid_make(S("Outsider"), S("o"))), "no action applies to this scope");
}

TEST(a_scope_with_an_unknown_name_is_one_finding)
{
    struct str found = findings(t, "permit(principal is Persn, action, resource);");

    CHECK_HAS(found, "there is no entity type \"Persn\"");
    CHECK(str_find(found, S("no action applies")) == found.n);
}

TEST(a_link_to_an_id_that_an_enumerated_type_lacks_is_a_warning)
{
    struct cedar_diags d = cedar_diags_new(t->arena, NULL);
    const struct cedar_policy link = {
        .id = S("link"),
        .template_id = S("template"),
        .effect = CEDAR_PERMIT,
        .principal = { .kind = CEDAR_SCOPE_EQ, .uid = cedar_uid_make(S("Colour"), S("rde")) },
    };
    const struct cedar_schema *colours = schema_of(t, "entity Colour enum [\"red\"]; entity Wall;"
                                                      "action paint appliesTo { principal: Colour, resource: Wall };");

    CHECK(cedar_validate_policy(colours, &link, CEDAR_STRICT, &d));
    CHECK_HAS(cedar_diags_text(t->arena, &d), "warning: \"rde\" is none of the ids");
    CHECK_HAS(cedar_diags_text(t->arena, &d), "red");
}

/* Reports and limits ------------------------------------------------------------------------------ */

TEST(an_error_of_many_kinds_of_request_is_reported_once)
{
    struct str text = findings(t, "permit(principal, action, resource) when { [].isEmpty() };"), rest = text;
    size_t n = 0;

    for (size_t at; (at = str_find(rest, S("an empty set"))) != rest.n; n++)
        rest = str_from(rest, at + 1);
    CHECK_INT(n, 1);
}

TEST(several_errors_of_one_policy_are_reported)
{
    struct str text = when(t, "principal.nmae == \"x\" && resource.ownr == principal && 1 < \"a\"");

    CHECK_HAS(text, "nmae");
    CHECK_HAS(text, "ownr");
    CHECK_HAS(text, "expected Long");
    CHECK_HAS(text, "(policy0)");
}

TEST(a_policy_that_takes_too_much_work_is_refused)
{
    struct buf schema = buf_new(t->arena, 1 << 20), policy = buf_new(t->arena, 1 << 22);

    buf_add(&schema, S("entity R; action a0"));
    for (int i = 1; i < 1000; i++)
        buf_printf(&schema, ", a%d", i);
    buf_add(&schema, S(" appliesTo { principal: R, resource: R };"));
    buf_add(&policy, S("permit(principal, action, resource) when { 1 == 1"));
    for (int i = 0; i < 20000; i++)
        buf_add(&policy, S(" && 1 == 1"));
    buf_add(&policy, S(" };"));
    CHECK_HAS(findings_with(t, schema_of(t, arena_cstr(t->arena, buf_str(&schema))), buf_str(&policy), CEDAR_STRICT),
              "too large for this schema");
}

TEST(a_long_chain_of_has_is_checked)
{
    struct buf schema = buf_new(t->arena, 1 << 20), policy = buf_new(t->arena, 1 << 20);

    buf_add(&schema, S("entity R { a0?: Long"));
    for (int i = 1; i < 500; i++)
        buf_printf(&schema, ", a%d?: Long", i);
    buf_add(&schema, S(" }; action v appliesTo { principal: R, resource: R };"));
    buf_add(&policy, S("permit(principal, action, resource) when { true"));
    for (int i = 0; i < 500; i++)
        buf_printf(&policy, " && principal has a%d", i);
    for (int i = 0; i < 500; i++)
        buf_printf(&policy, " && principal.a%d > 1", i);
    buf_add(&policy, S(" };"));
    CHECK_VALID(findings_with(t, schema_of(t, arena_cstr(t->arena, buf_str(&schema))), buf_str(&policy), CEDAR_STRICT));
}

TEST(texts_that_look_like_what_they_are_not_are_warned_of)
{
    CHECK_HAS(when(t, "\"a\xE2\x80\xAE"
                      "b\" == \"c\""),
              "the string has U+202E, which turns the text around it");
    CHECK_HAS(when(t, "\"a\xE2\x80\x8B\" == \"c\""), "the string has the invisible character U+200B");
    CHECK_HAS(when(t, "\"\xEF\xBC\xA1\" == \"c\""), "the string has U+FF21, which looks like another character");
    CHECK_HAS(when(t, "\"p\xD0\xB0ypal\" == \"c\""), "the string mixes Latin and Cyrillic letters (U+0430)");
    CHECK_HAS(when(t, "principal in School::Group::\"\xCE\xB1"
                      "b\""),
              "the id mixes Greek and Latin letters");
    CHECK_HAS(when(t, "\"abc\" like \"\xD0\xB0"
                      "b*\""),
              "the pattern mixes Cyrillic and Latin letters");
    /* Finnish, Swedish and Sami, Russian by itself, Japanese, digits and signs are what they look like. */
    CHECK_STR(when(t, "[\"\xC3\xA4iti 7 \xE2\x82\xAC\", \"\xC5\xA0\xC3\xA1mi\", \"\xD0\xBC\xD0\xB8\xD1\x80\", "
                      "\"\xE6\xBC\xA2\xE3\x81\xAE\"].contains(\"x\")"),
              "valid");
}

TEST(advice_names_what_to_write)
{
    CHECK_HAS(when(t, "principal in Group::\"x\""), "did you mean `School::Group`");
    CHECK_HAS(findings(t, "permit(principal is Persn, action, resource);"), "did you mean `School::Person`");
    CHECK_HAS(findings(t, "permit(principal, action == Action::\"open\", resource);"),
              "did you mean `School::Action::\"open\"`");
    CHECK_HAS(when(t, "resource.tag == \"x\""), "`resource has tag && …`");
    CHECK_HAS(findings(t, "permit(principal is Outsider, action == School::Action::\"enter\", resource);"),
              "expected a principal of type School::Group, School::Person, and a resource of type");
    /* A policy that can never apply is told beside another's mistakes. */
    struct str both = findings(t, "permit(principal, action, resource) when { principal.nothing };"
                                  "permit(principal, action, resource) when { false };");
    CHECK_HAS(both, "\"nothing\"");
    CHECK_HAS(both, "can never apply");
}

/* The least level at which a condition validates, or -1. */
static int least_level(struct test *t, const char *scope, const char *condition)
{
    static const char schema[] = "entity Group in [Group]; entity User in [Group] { boss: User, name: String, home: { "
                                 "city: String, host: User } } "
                                 "tags User; entity Doc { owner: User }; action all; action view in [all] appliesTo { "
                                 "principal: User, resource: Doc };";
    struct str text = arena_printf(t->arena, "permit(%s) when { %s };", scope, condition);
    const struct cedar_policies *p;
    struct cedar_source source = { S("p"), text };
    struct cedar_diags d = cedar_diags_new(t->arena, &source);

    p = cedar_policies_parse(t->arena, &d, CEDAR_IDS_BY_POSITION);
    CHECK(p != NULL);
    CHECK(cedar_validate_policy(schema_of(t, schema), cedar_policy_at(p, 0), CEDAR_STRICT, &d));
    for (int level = 0; level < 6; level++)
        if (cedar_validate_policy_at(schema_of(t, schema), cedar_policy_at(p, 0), CEDAR_STRICT, level, &d))
            return level;
    return -1;
}

TEST(a_level_bounds_how_deep_policies_look_into_entities)
{
    static const char any[] = "principal, action, resource";

    CHECK_INT(least_level(t, any, "principal == resource.owner || true"), 1);
    CHECK_INT(least_level(t, "principal == User::\"a\", action == Action::\"view\", resource is Doc", "true"), 0);
    CHECK_INT(least_level(t, "principal in Group::\"a\", action, resource", "true"), 1);
    CHECK_INT(least_level(t, "principal, action in Action::\"all\", resource", "true"), 1);
    CHECK_INT(least_level(t, any, "action == Action::\"view\""), 0);
    CHECK_INT(least_level(t, any, "principal.name == \"x\""), 1);
    CHECK_INT(least_level(t, any, "principal.home.city == \"x\""), 1);
    CHECK_INT(least_level(t, any, "principal.home.host.name == \"x\""), 2);
    CHECK_INT(least_level(t, any, "principal.boss.boss.name == \"x\""), 3);
    CHECK_INT(least_level(t, any, "resource.owner.boss in Group::\"g\""), 3);
    CHECK_INT(least_level(t, any, "principal.hasTag(\"a\") && principal.getTag(\"a\").name == \"x\""), 2);
    CHECK_INT(least_level(t, any, "(if principal == resource.owner then principal else principal.boss).name == \"x\""),
              2);
    CHECK_INT(least_level(t, any, "{ who: principal.boss }.who.name == \"x\""), 2);
    /* What is not taken out of a record does not count. */
    CHECK_INT(least_level(t, any, "{ who: principal, other: principal.boss.boss }.who.name == \"x\""), 2);
    CHECK_INT(least_level(t, any, "{ who: { him: principal }, other: User::\"x\" }.who.him.name == \"x\""), 1);
    CHECK_INT(least_level(t, any, "principal.boss == User::\"x\""), 1);
    CHECK_INT(least_level(t, any, "User::\"x\".name == \"x\""), -1);
    CHECK_INT(least_level(t, any, "User::\"x\" in Group::\"g\""), -1);
}
