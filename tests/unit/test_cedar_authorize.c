/* SPDX-License-Identifier: EUPL-1.2
 * Decisions over several policies; the index; many resources at once. */
#include "tests/unit/cedar_help.h"

static const char request[] = "{\"principal\":\"User::\\\"a\\\"\",\"action\":\"Action::\\\"view\\\"\","
                              "\"resource\":\"Doc::\\\"d\\\"\",\"context\":{\"n\":1}}";
static const char store[] =
    "[{\"uid\":{\"type\":\"User\",\"id\":\"a\"},\"attrs\":{\"role\":\"teacher\"},\"parents\":[{\"type\":\"Group\","
    "\"id\":\"g\"}]},"
    "{\"uid\":{\"type\":\"Group\",\"id\":\"g\"},\"attrs\":{},\"parents\":[{\"type\":\"Group\",\"id\":\"all\"}]},"
    "{\"uid\":{\"type\":\"Action\",\"id\":\"view\"},\"attrs\":{},\"parents\":[{\"type\":\"Action\",\"id\":\"read\"}]},"
    "{\"uid\":{\"type\":\"Doc\",\"id\":\"d\"},\"attrs\":{\"public\":true},\"parents\":[{\"type\":\"Folder\",\"id\":"
    "\"f\"}]}]";

/* "allow [policy1] {policy2}": decision, reasons, errors. */
static struct str said(struct arena *a, struct cedar_answer answer)
{
    struct buf b = buf_new(a, 10000);

    buf_add(&b, answer.decision == CEDAR_ALLOW ? S("allow [") : S("deny ["));
    for (size_t i = 0; i < answer.n_reasons; i++)
        buf_printf(&b, "%s%.*s", i > 0 ? " " : "", STR_ARG(answer.reasons[i]->id));
    buf_add(&b, S("] {"));
    for (size_t i = 0; i < answer.n_errors; i++)
        buf_printf(&b, "%s%.*s", i > 0 ? " " : "", STR_ARG(answer.errors[i].policy->id));
    buf_add(&b, S("}"));
    return buf_str(&b);
}

static struct str ask(struct test *t, const char *policies, bool closed)
{
    const struct cedar_policies *p = policies_of(t->arena, str_of(policies));
    const struct cedar_entities *e = entities_of(t->arena, store);
    struct cedar_request r = request_of(t->arena, request);

    CHECK(p != NULL && e != NULL);
    return said(t->arena, closed ? cedar_authorize_closed(t->arena, p, e, &r) : cedar_authorize(t->arena, p, e, &r));
}

#define P "permit (principal, action, resource)"
#define F "forbid (principal, action, resource)"

TEST(no_policy_denies)
{
    CHECK_STR(ask(t, "", false), "deny [] {}");
}

TEST(every_permit_that_applies_is_a_reason)
{
    CHECK_STR(ask(t, P "; " P " when { false }; " P " when { true };", false), "allow [policy0 policy2] {}");
}

TEST(a_forbid_that_applies_denies_and_is_the_reason)
{
    CHECK_STR(ask(t, P "; " F " when { context.n == 1 }; " F " unless { true }; " F ";", false),
              "deny [policy1 policy3] {}");
}

TEST(unless_is_the_negation_of_when)
{
    CHECK_STR(ask(t, P " unless { context.n != 1 } when { resource.public };", false), "allow [policy0] {}");
    CHECK_STR(ask(t, P " unless { context.n == 1 };", false), "deny [] {}");
}

TEST(a_policy_that_cannot_be_evaluated_is_an_error_and_does_not_apply)
{
    CHECK_STR(ask(t, P " when { context.x }; " P ";", false), "allow [policy1] {policy0}");
    CHECK_STR(ask(t, P " when { 1 };", false), "deny [] {policy0}");
    CHECK_STR(ask(t, P " unless { 1 };", false), "deny [] {policy0}");
    CHECK_STR(ask(t, P "; " F " when { context.x };", false), "allow [policy0] {policy1}");
}

TEST(a_condition_behind_one_that_does_not_hold_is_not_evaluated)
{
    CHECK_STR(ask(t, P " when { false } when { context.x };", false), "deny [] {}");
    CHECK_STR(ask(t, "permit (principal in Group::\"none\", action, resource) when { context.x };", false),
              "deny [] {}");
}

TEST(closed_a_forbid_that_cannot_be_evaluated_denies)
{
    CHECK_STR(ask(t, P "; " F " when { context.x };", true), "deny [policy1] {policy1}");
    CHECK_STR(ask(t, P "; " F " when { context.x }; " F ";", true), "deny [policy2 policy1] {policy1}");
    CHECK_STR(ask(t, P "; " P " when { context.x };", true), "allow [policy0] {policy1}");
    CHECK_STR(ask(t, F " when { context.x };", true), "deny [policy0] {policy0}");
}

TEST(scopes_admit_the_entity_its_groups_and_its_type)
{
    CHECK_STR(ask(t,
                  "permit (principal == User::\"a\", action == Action::\"view\", resource == Doc::\"d\");"
                  "permit (principal in User::\"a\", action in Action::\"view\", resource in Doc::\"d\");"
                  "permit (principal in Group::\"all\", action in Action::\"read\", resource in Folder::\"f\");"
                  "permit (principal is User, action in [Action::\"x\", Action::\"read\"], resource is Doc);"
                  "permit (principal is User in Group::\"g\", action, resource is Doc in Folder::\"f\");"
                  "permit (principal == Group::\"g\", action, resource);"
                  "permit (principal is Group in Group::\"g\", action, resource);"
                  "permit (principal, action == Action::\"read\", resource);"
                  "permit (principal, action in [], resource);"
                  "permit (principal, action, resource is Folder);",
                  false),
              "allow [policy0 policy1 policy2 policy3 policy4] {}");
}

TEST(a_template_decides_only_through_its_links)
{
    const struct cedar_policies *p = policies_of(
        t->arena, S("permit (principal == ?principal, action, resource in ?resource); " F " when { context.n == 2 };"));
    struct cedar_diags d = diags_of(t->arena, "l", S(""));
    struct cedar_link links[] = {
        { S("one"), S("policy0"), cedar_uid_make(S("User"), S("a")), cedar_uid_make(S("Folder"), S("f")) },
        { S("two"), S("policy0"), cedar_uid_make(S("User"), S("b")), cedar_uid_make(S("Folder"), S("f")) },
    };
    struct cedar_request r = request_of(t->arena, request);
    const struct cedar_entities *e = entities_of(t->arena, store);

    CHECK_INT(cedar_templates_n(p), 1);
    CHECK_STR(said(t->arena, cedar_authorize(t->arena, p, e, &r)), "deny [] {}");
    const struct cedar_policies *linked = cedar_policies_link(t->arena, p, links, 2, &d);
    CHECK(linked != NULL);
    CHECK_STR(said(t->arena, cedar_authorize(t->arena, linked, e, &r)), "allow [one] {}");
    CHECK_STR(cedar_policy_named(linked, S("one"))->template_id, "policy0");
}

static bool link_refused(struct test *t, struct cedar_link link)
{
    const struct cedar_policies *p =
        policies_of(t->arena, S("permit (principal == ?principal, action, resource); " P ";"));
    struct cedar_diags d = diags_of(t->arena, "l", S(""));

    return cedar_policies_link(t->arena, p, &link, 1, &d) == NULL && d.errors == 1;
}

TEST(a_link_that_does_not_fit_is_refused)
{
    struct cedar_uid u = cedar_uid_make(S("User"), S("a")), none = { .type = { NULL, 0 } };

    CHECK(link_refused(t, (struct cedar_link){ S("x"), S("policy7"), u, none }));       /* no such template */
    CHECK(link_refused(t, (struct cedar_link){ S("x"), S("policy1"), u, none }));       /* no template */
    CHECK(link_refused(t, (struct cedar_link){ S("x"), S("policy0"), none, none }));    /* slot not filled */
    CHECK(link_refused(t, (struct cedar_link){ S("x"), S("policy0"), u, u }));          /* no such slot */
    CHECK(link_refused(t, (struct cedar_link){ S("policy1"), S("policy0"), u, none })); /* id in use */
    CHECK(!link_refused(t, (struct cedar_link){ S("x"), S("policy0"), u, none }));
}

/* A small generator: the same numbers on every run. */
static unsigned next(unsigned *state, unsigned below)
{
    *state = *state * 1103515245u + 12345u;
    return (*state >> 16) % below;
}

static void random_scope(struct buf *b, unsigned *s, const char *var, const char *type, const char *group)
{
    switch (next(s, 5)) {
    case 0:
        buf_printf(b, "%s", var);
        return;
    case 1:
        buf_printf(b, "%s == %s::\"%u\"", var, type, next(s, 6));
        return;
    case 2:
        buf_printf(b, "%s in %s::\"%u\"", var, group, next(s, 6));
        return;
    case 3:
        buf_printf(b, "%s is %s", var, next(s, 2) == 0 ? type : group);
        return;
    default:
        buf_printf(b, "%s is %s in %s::\"%u\"", var, type, group, next(s, 6));
    }
}

static void random_action(struct buf *b, unsigned *s)
{
    unsigned kind = next(s, 4);

    if (kind == 0)
        buf_add(b, S("action"));
    else if (kind == 1)
        buf_printf(b, "action == Action::\"%u\"", next(s, 4));
    else if (kind == 2)
        buf_printf(b, "action in Action::\"g%u\"", next(s, 3));
    else
        buf_printf(b, "action in [Action::\"%u\", Action::\"g%u\"]", next(s, 4), next(s, 3));
}

static struct str random_policies(struct arena *a, unsigned *s, size_t n)
{
    static const char *const conditions[] = { "",
                                              " when { context.n == 1 }",
                                              " when { resource.public }",
                                              " unless { principal.x }",
                                              " when { resource in Folder::\"1\" }",
                                              " when { context.nothing }" };
    struct buf b = buf_new(a, 16u << 20);

    for (size_t i = 0; i < n; i++) {
        buf_add(&b, next(s, 4) == 0 ? S("forbid (") : S("permit ("));
        random_scope(&b, s, "principal", "User", "Group");
        buf_add(&b, S(", "));
        random_action(&b, s);
        buf_add(&b, S(", "));
        random_scope(&b, s, "resource", "Doc", "Folder");
        buf_printf(&b, ")%s;\n", conditions[next(s, sizeof conditions / sizeof *conditions)]);
    }
    return buf_str(&b);
}

static const struct cedar_entities *random_entities(struct arena *a, unsigned *s)
{
    struct buf b = buf_new(a, 1u << 20);

    buf_add(&b, S("["));
    for (unsigned i = 0; i < 6; i++) {
        buf_printf(&b,
                   "{\"uid\":{\"type\":\"User\",\"id\":\"%u\"},\"attrs\":{\"x\":%s},\"parents\":[{\"type\":\"Group\","
                   "\"id\":\"%u\"}]},",
                   i, next(s, 2) == 0 ? "true" : "1", next(s, 6));
        buf_printf(&b, "{\"uid\":{\"type\":\"Group\",\"id\":\"%u\"},\"attrs\":{},\"parents\":[%s]},", i,
                   i > 0 ? "{\"type\":\"Group\",\"id\":\"0\"}" : "");
        buf_printf(&b,
                   "{\"uid\":{\"type\":\"Doc\",\"id\":\"%u\"},\"attrs\":{\"public\":%s},\"parents\":[{\"type\":"
                   "\"Folder\",\"id\":\"%u\"}]},",
                   i, next(s, 2) == 0 ? "true" : "false", next(s, 6));
    }
    for (unsigned i = 0; i < 4; i++)
        buf_printf(&b,
                   "%s{\"uid\":{\"type\":\"Action\",\"id\":\"%u\"},\"attrs\":{},\"parents\":[{\"type\":\"Action\","
                   "\"id\":\"g%u\"}]}",
                   i > 0 ? "," : "", i, next(s, 3));
    buf_add(&b, S("]"));
    return entities_of(a, arena_cstr(a, buf_str(&b)));
}

static struct cedar_request random_request(struct arena *a, unsigned *s)
{
    return request_of(
        a, arena_cstr(a, arena_printf(a,
                                      "{\"principal\":\"User::\\\"%u\\\"\",\"action\":\"Action::\\\"%u\\\"\","
                                      "\"resource\":\"Doc::\\\"%u\\\"\",\"context\":{\"n\":%u}}",
                                      next(s, 7), next(s, 5), next(s, 7), next(s, 2))));
}

/* One policy alone needs no index: together they must say the same. */
static struct str one_by_one(struct arena *a, struct str text, size_t n, const struct cedar_entities *e,
                             const struct cedar_request *r)
{
    struct buf permits = buf_new(a, 1 << 20), forbids = buf_new(a, 1 << 20), errors = buf_new(a, 1 << 20);
    struct str line;

    for (size_t i = 0; i < n && str_split(&text, '\n', &line); i++) {
        struct cedar_answer answer = cedar_authorize(a, policies_of(a, line), e, r);
        if (answer.n_errors > 0)
            buf_printf(&errors, "%spolicy%zu", errors.n > 0 ? " " : "", i);
        else if (answer.decision == CEDAR_ALLOW)
            buf_printf(&permits, "%spolicy%zu", permits.n > 0 ? " " : "", i);
        else if (answer.n_reasons > 0)
            buf_printf(&forbids, "%spolicy%zu", forbids.n > 0 ? " " : "", i);
    }
    bool deny = forbids.n > 0 || permits.n == 0;
    return arena_printf(a, "%s [%.*s] {%.*s}", deny ? "deny" : "allow",
                        STR_ARG(buf_str(forbids.n > 0 ? &forbids : &permits)), STR_ARG(buf_str(&errors)));
}

TEST(the_index_finds_what_looking_at_each_policy_finds)
{
    unsigned s = 1;

    for (int round = 0; round < 40; round++) {
        size_t n = 5 + next(&s, 120);
        struct arena *a = arena_new();
        struct str text = random_policies(a, &s, n);
        const struct cedar_policies *p = policies_of(a, text);
        const struct cedar_entities *e = random_entities(a, &s);
        CHECK(p != NULL && e != NULL);
        for (int i = 0; i < 5; i++) {
            struct cedar_request r = random_request(a, &s);
            CHECK_STR(said(a, cedar_authorize(a, p, e, &r)), arena_cstr(a, one_by_one(a, text, n, e, &r)));
        }
        arena_free(a);
    }
}

/* What conditions demand, and what stands in the way: things that are not there, of another kind, asked for with `has`.
 */
static void random_test(struct buf *b, unsigned *s)
{
    static const char *const tests[] = {
        "principal.role == \"r%u\"",
        "\"r%u\" == principal.role",
        "principal.role != \"r%u\"",
        "!(principal.role != \"r%u\")",
        "principal has role",
        "!(principal has role)",
        "principal has school && principal.school == School::\"%u\"",
        "principal.school == resource.school",
        "resource has school && resource.school == School::\"%u\"",
        "resource has school",
        "principal has deep.a",
        "principal has deep.a && principal.deep.a == %u",
        "principal.deep.a == %u",
        "principal.deep.a < %u",
        "[\"r1\", \"r%u\"].contains(principal.role)",
        "[1, \"r%u\", [2]].contains(principal.role)",
        "principal.roles.contains(\"r%u\")",
        "principal.roles.containsAny([\"r0\", \"r%u\"])",
        "principal.roles.containsAll([\"r0\", \"r%u\"])",
        "principal.roles.containsAll([])",
        "principal in Group::\"%u\"",
        "principal in [Group::\"5\", Group::\"%u\"]",
        "principal in [Group::\"%u\", 1]",
        "principal in principal.roles",
        "principal is User",
        "principal is User in Group::\"%u\"",
        "resource in Folder::\"%u\"",
        "resource in context.folder",
        "action in Action::\"g%u\"",
        "action == Action::\"%u\"",
        "context.n == %u",
        "context.n + 9223372036854775807 == 1",
        "context has kind && context.kind == \"k%u\"",
        "context.kind == \"k%u\"",
        "(principal.role == \"r%u\" || principal.role == \"r2\")",
        "(principal.role == \"r%u\" || resource.school == School::\"1\")",
        "(principal.role == \"r%u\" || context.nothing)",
        "resource.getTag(\"t\") == \"r%u\"",
        "resource.hasTag(\"t\") && resource.getTag(\"t\") == \"r%u\"",
        "ip(\"10.0.0.%u\") == context.ip",
        "decimal(\"1.%u\") == context.d",
        "principal.role like \"*%u\"",
        "true",
        "false",
        "1",
        "principal",
        "(if principal.role == \"r%u\" then true else 1)",
        "principal.roles",
        "principal.x",
    };
    const char *test = tests[next(s, sizeof tests / sizeof *tests)], *digit = strstr(test, "%u");

    buf_add(b, digit == NULL ? str_of(test) : str_n(test, (size_t)(digit - test)));
    if (digit != NULL)
        buf_printf(b, "%u%s", next(s, 4), digit + 2);
}

static struct str demanding_policies(struct arena *a, unsigned *s, size_t n)
{
    struct buf b = buf_new(a, 16u << 20);

    for (size_t i = 0; i < n; i++) {
        buf_add(&b, next(s, 4) == 0 ? S("forbid (") : S("permit ("));
        next(s, 8) == 0 ? random_scope(&b, s, "principal", "User", "Group") : buf_add(&b, S("principal"));
        buf_add(&b, next(s, 8) == 0 ? S(", action == Action::\"1\", ") : S(", action, "));
        next(s, 8) == 0 ? random_scope(&b, s, "resource", "Doc", "Folder") : buf_add(&b, S("resource"));
        buf_byte(&b, ')');
        for (unsigned k = 1 + next(s, 2); k > 0; k--) {
            bool unless = next(s, 4) == 0;
            buf_add(&b, unless ? S(" unless { ") : S(" when { "));
            random_test(&b, s);
            for (unsigned more = next(s, 4); more > 0; more--) {
                buf_add(&b, next(s, 6) == 0 || (unless && next(s, 2) == 0) ? S(" || ") : S(" && "));
                random_test(&b, s);
            }
            buf_add(&b, S(" }"));
        }
        buf_add(&b, S(";\n"));
    }
    return buf_str(&b);
}

static const char *one_of(unsigned *s, const char *const *list, size_t n)
{
    return list[next(s, (unsigned)n)];
}

static const struct cedar_entities *demanded_entities(struct arena *a, unsigned *s)
{
    static const char *const roles[] = { "", "\"role\":\"r0\",", "\"role\":\"r1\",", "\"role\":\"r2\",",
                                         "\"role\":1," };
    static const char *const sets[] = { "", "\"roles\":[\"r0\",\"r1\"],", "\"roles\":[\"r2\",3],", "\"roles\":[],",
                                        "\"roles\":\"r1\"," };
    static const char *const deeps[] = { "", "\"deep\":{},", "\"deep\":{\"a\":1},", "\"deep\":2,",
                                         "\"deep\":{\"a\":\"1\"}," };
    static const char *const schools[] = { "", "\"school\":{\"__entity\":{\"type\":\"School\",\"id\":\"1\"}},",
                                           "\"school\":{\"__entity\":{\"type\":\"School\",\"id\":\"2\"}},",
                                           "\"school\":\"1\"," };
    static const char *const tags[] = { "{}", "{\"t\":\"r1\"}", "{\"t\":1}" };
    struct buf b = buf_new(a, 1u << 20);

    buf_add(&b, S("["));
    for (unsigned i = 0; i < 6; i++) {
        buf_printf(&b,
                   "{\"uid\":{\"type\":\"User\",\"id\":\"%u\"},\"attrs\":{%s%s%s%s\"x\":true},\"parents\":[{\"type\":"
                   "\"Group\",\"id\":\"%u\"}]},",
                   i, one_of(s, roles, 5), one_of(s, sets, 5), one_of(s, deeps, 5), one_of(s, schools, 4), next(s, 6));
        buf_printf(&b, "{\"uid\":{\"type\":\"Group\",\"id\":\"%u\"},\"attrs\":{},\"parents\":[%s]},", i,
                   i > 0 ? "{\"type\":\"Group\",\"id\":\"0\"}" : "");
        buf_printf(&b,
                   "{\"uid\":{\"type\":\"Doc\",\"id\":\"%u\"},\"attrs\":{%s\"y\":1},\"tags\":%s,\"parents\":[{\"type\":"
                   "\"Folder\",\"id\":\"%u\"}]},",
                   i, one_of(s, schools, 4), one_of(s, tags, 3), next(s, 6));
        buf_printf(&b,
                   "{\"uid\":{\"type\":\"Action\",\"id\":\"%u\"},\"attrs\":{},\"parents\":[{\"type\":\"Action\","
                   "\"id\":\"g%u\"}]}%s",
                   i, next(s, 3), i < 5 ? "," : "]");
    }
    return entities_of(a, arena_cstr(a, buf_str(&b)));
}

static struct cedar_request demanding_request(struct arena *a, unsigned *s)
{
    static const char *const kinds[] = { "",
                                         ",\"kind\":\"k1\"",
                                         ",\"kind\":1",
                                         ",\"folder\":{\"__entity\":{\"type\":\"Folder\",\"id\":\"1\"}}",
                                         ",\"ip\":{\"__extn\":{\"fn\":\"ip\",\"arg\":\"10.0.0.1\"}}",
                                         ",\"d\":{\"__extn\":{\"fn\":\"decimal\",\"arg\":\"1.1\"}}" };

    return request_of(
        a, arena_cstr(a, arena_printf(a,
                                      "{\"principal\":\"User::\\\"%u\\\"\",\"action\":\"Action::\\\"%u\\\"\","
                                      "\"resource\":\"Doc::\\\"%u\\\"\",\"context\":{\"n\":%u%s}}",
                                      next(s, 7), next(s, 5), next(s, 7), next(s, 2), one_of(s, kinds, 6))));
}

TEST(what_conditions_demand_is_indexed_without_losing_an_answer_or_an_error)
{
    unsigned s = 11;

    for (int round = 0; round < 150; round++) {
        size_t n = 12 + next(&s, 120);
        struct arena *a = arena_new();
        struct str text = demanding_policies(a, &s, n);
        const struct cedar_policies *p = policies_of(a, text);
        const struct cedar_entities *e = demanded_entities(a, &s);
        CHECK(p != NULL && e != NULL);
        for (int i = 0; i < 8; i++) {
            struct cedar_request r = demanding_request(a, &s);
            CHECK_STR(said(a, cedar_authorize(a, p, e, &r)), arena_cstr(a, one_by_one(a, text, n, e, &r)));
        }
        arena_free(a);
    }
}

TEST(what_conditions_demand_of_many_resources_is_what_they_demand_of_each)
{
    unsigned s = 17;

    for (int round = 0; round < 200; round++) {
        struct arena *a = arena_new();
        const struct cedar_policies *p = policies_of(a, demanding_policies(a, &s, 1 + next(&s, 120)));
        const struct cedar_entities *e = demanded_entities(a, &s);
        struct cedar_request r = demanding_request(a, &s);
        struct cedar_uid resources[20];
        enum cedar_decision out[20];
        for (unsigned i = 0; i < 20; i++)
            resources[i] = cedar_uid_make(i % 5 == 0 ? S("Folder") : S("Doc"), arena_printf(a, "%u", i % 8));
        cedar_authorize_each(a, p, e, &r, resources, 20, out);
        for (unsigned i = 0; i < 20; i++) {
            r.resource = resources[i];
            CHECK_INT(out[i], cedar_authorize_closed(a, p, e, &r).decision);
        }
        arena_free(a);
    }
}

TEST(what_remains_of_policies_says_what_they_say)
{
    unsigned s = 23;
    size_t open = 0, closed = 0;

    for (int round = 0; round < 200; round++) {
        struct arena *a = arena_new();
        bool scopes = next(&s, 3) == 0;
        struct str text =
            scopes ? random_policies(a, &s, 1 + next(&s, 8)) : demanding_policies(a, &s, 1 + next(&s, 12));
        const struct cedar_policies *p = policies_of(a, text), *remaining;
        const struct cedar_entities *e = demanded_entities(a, &s);
        for (unsigned unknown = 0; unknown < 16; unknown++) {
            struct cedar_request known = demanding_request(a, &s), r = demanding_request(a, &s);
            enum cedar_partial_decision decision = cedar_authorize_partial(a, p, e, &known, unknown, &remaining);
            r.principal = (unknown & CEDAR_UNKNOWN_PRINCIPAL) != 0 ? r.principal : known.principal;
            r.action = (unknown & CEDAR_UNKNOWN_ACTION) != 0 ? r.action : known.action;
            r.resource = (unknown & CEDAR_UNKNOWN_RESOURCE) != 0 ? r.resource : known.resource;
            r.context = (unknown & CEDAR_UNKNOWN_CONTEXT) != 0 ? r.context : known.context;
            struct str all = said(a, cedar_authorize(a, p, e, &r));
            CHECK_STR(said(a, cedar_authorize(a, remaining, e, &r)), arena_cstr(a, all));
            enum cedar_decision full = cedar_authorize(a, p, e, &r).decision;
            CHECK(decision == CEDAR_PARTIAL_OPEN || (decision == CEDAR_PARTIAL_ALLOW) == (full == CEDAR_ALLOW));
            decision == CEDAR_PARTIAL_OPEN ? open++ : closed++;
            /* What remains is a text, too, and says the same when it is read. */
            struct buf b = buf_new(a, 1 << 20);
            for (size_t i = 0; i < cedar_policies_n(remaining); i++) {
                buf_printf(&b, "@id(\"%.*s\")", STR_ARG(cedar_policy_at(remaining, i)->id));
                cedar_policy_text(&b, cedar_policy_at(remaining, i));
            }
            struct cedar_diags d = diags_of(a, "r", buf_str(&b));
            const struct cedar_policies *read = cedar_policies_parse(a, &d, CEDAR_IDS_BY_ANNOTATION);
            CHECK(read != NULL);
            if (read != NULL)
                CHECK_STR(said(a, cedar_authorize(a, read, e, &r)), arena_cstr(a, all));
        }
        arena_free(a);
    }
    CHECK(open > 100 && closed > 100);
}

TEST(what_is_known_is_computed_into_what_remains)
{
    const struct cedar_policies *remaining,
        *p = policies_of(t->arena,
                         S("permit(principal in Group::\"g\", action, resource in Folder::\"f\")"
                           " when { context.n == 1 && resource.owner == principal } unless { principal.nothing };"
                           "forbid(principal == User::\"z\", action, resource);"));
    struct cedar_request r = request_of(t->arena, request);
    struct buf b = buf_new(t->arena, 1000);

    CHECK_INT(
        cedar_authorize_partial(t->arena, p, entities_of(t->arena, store), &r, CEDAR_UNKNOWN_RESOURCE, &remaining),
        CEDAR_PARTIAL_OPEN);
    CHECK_INT(cedar_policies_n(remaining), 1);
    cedar_policy_text(&b, cedar_policy_at(remaining, 0));
    CHECK_STR(buf_str(&b), "permit (principal, action, resource in Folder::\"f\")\n"
                           "when { resource.owner == User::\"a\" && true }\nunless { principal.nothing };\n");
}

TEST(what_is_known_to_fail_settles_what_stands_beside_it)
{
    static const char *const conditions[] = { "context.n == 2 && resource.a", "!(context.n == 1 || resource.a)",
                                              "context.n == 1 && false && resource.a" };

    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        const struct cedar_policies *remaining,
            *p = policies_of(t->arena, arena_printf(t->arena, P " when { %s };", conditions[i]));
        struct cedar_request r = request_of(t->arena, request);
        CHECK_INT(
            cedar_authorize_partial(t->arena, p, entities_of(t->arena, store), &r, CEDAR_UNKNOWN_RESOURCE, &remaining),
            CEDAR_PARTIAL_DENY);
        CHECK_INT(cedar_policies_n(remaining), 0);
    }
}

TEST(a_slice_decides_as_the_whole_store)
{
    unsigned s = 29;
    size_t smaller = 0;

    for (int round = 0; round < 200; round++) {
        struct arena *a = arena_new();
        const struct cedar_policies *p = policies_of(a, demanding_policies(a, &s, 1 + next(&s, 40)));
        const struct cedar_entities *e = demanded_entities(a, &s);
        struct cedar_request r = demanding_request(a, &s);
        const struct cedar_entities *slice = cedar_entities_slice(a, p, e, &r);
        CHECK(slice != NULL && slice->n <= 12);
        smaller += slice->n < e->n;
        CHECK_STR(said(a, cedar_authorize(a, p, slice, &r)), arena_cstr(a, said(a, cedar_authorize(a, p, e, &r))));
        arena_free(a);
    }
    CHECK(smaller > 150);
}

TEST(many_resources_at_once_get_the_answers_of_each_alone)
{
    unsigned s = 7;

    for (int round = 0; round < 60; round++) {
        struct arena *a = arena_new();
        const struct cedar_policies *p = policies_of(a, random_policies(a, &s, 1 + next(&s, 60)));
        const struct cedar_entities *e = random_entities(a, &s);
        struct cedar_request r = random_request(a, &s);
        struct cedar_uid resources[20];
        enum cedar_decision out[20];
        for (unsigned i = 0; i < 20; i++)
            resources[i] = cedar_uid_make(i % 3 == 0 ? S("Folder") : S("Doc"), arena_printf(a, "%u", i % 8));
        cedar_authorize_each(a, p, e, &r, resources, 20, out);
        for (unsigned i = 0; i < 20; i++) {
            r.resource = resources[i];
            CHECK_INT(out[i], cedar_authorize_closed(a, p, e, &r).decision);
        }
        arena_free(a);
    }
}

TEST(an_answer_is_written_as_json)
{
    const struct cedar_policies *p = policies_of(t->arena, S(P "; " P " when { context.x };"));
    struct cedar_request r = request_of(t->arena, request);
    struct cedar_answer answer = cedar_authorize(t->arena, p, entities_of(t->arena, "[]"), &r);
    struct buf b = buf_new(t->arena, 1000);

    cedar_answer_to_json(&b, &answer);
    CHECK_STR(buf_str(&b), "{\"decision\":\"allow\",\"reason\":[\"policy0\"],\"errors\":[{\"policy\":\"policy1\","
                           "\"code\":\"attribute\",\"message\":\"the record has no attribute \\\"x\\\"\"}]}");
}
