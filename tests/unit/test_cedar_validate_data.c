/* SPDX-License-Identifier: EUPL-1.2
 * Requests and entities against a schema: what passes, and every refusal by name. */
#include "policy/cedar/validate.h"
#include "tests/test.h"

static const char text[] =
    "namespace A { entity U in [G] { name: String, age?: Long, home: { city: String, zip?: String }, tags: Set<Long>,\n"
    "  at?: datetime, net?: ipaddr, last?: Action, kind?: K, boss?: U } tags Set<String>;\n"
    "entity G in [O]; entity O; entity K enum [\"red\", \"green\"]; entity D;\n"
    "action all; action some in [all]; action view in [some] appliesTo { principal: U, resource: [D, K],\n"
    "  context: { mfa: Bool, kind?: K } }; action none; }";

struct given {
    struct arena *a;
    const struct cedar_schema *s;
    struct cedar_diags d;
};

static struct given given(struct test *t)
{
    struct cedar_source *source = arena_make(t->arena, struct cedar_source);
    struct given g = { t->arena, NULL, { 0 } };

    *source = (struct cedar_source){ S("schema"), str_of(text) };
    g.d = cedar_diags_new(t->arena, source);
    g.s = cedar_schema_parse_text(t->arena, &g.d);
    if (g.s == NULL)
        test_fail(t, __FILE__, __LINE__, "%.*s", STR_ARG(cedar_diags_text(t->arena, &g.d)));
    g.d = cedar_diags_new(t->arena, NULL);
    return g;
}

static struct cedar_uid uid(const char *type, const char *id)
{
    return cedar_uid_make(str_of(type), str_of(id));
}

static struct cedar_value entity(struct given *g, const char *type, const char *id)
{
    struct cedar_uid *u = arena_make(g->a, struct cedar_uid);

    *u = uid(type, id);
    return CEDAR_ENTITY_OF(u);
}

/* A record of fields that end with one without a name. */
static struct cedar_value record(struct given *g, const struct cedar_field *fields)
{
    struct cedar_field *copy = arena_make_n(g->a, 20, struct cedar_field);
    struct cedar_value v = { 0 };
    size_t n = 0;

    for (; fields[n].name.p != NULL; n++)
        copy[n] = fields[n];
    (void)cedar_record_of(g->a, copy, n, &v, NULL);
    return v;
}
#define RECORD(g, ...) record((g), (const struct cedar_field[]){ __VA_ARGS__ __VA_OPT__(, ){ { 0 }, { 0 } } })

static struct cedar_value set(struct given *g, struct cedar_value x, struct cedar_value y)
{
    struct cedar_value *items = arena_make_n(g->a, 2, struct cedar_value);

    items[0] = x;
    items[1] = y;
    return cedar_set_of(g->a, items, 2);
}

static void check_has(struct test *t, int line, struct str found, const char *part)
{
    t->checked++;
    if (str_find(found, str_of(part)) == found.n)
        test_fail(t, __FILE__, line, "no \"%s\" in: %.*s", part, STR_ARG(found));
}
#define CHECK_HAS(found, part) check_has(t, __LINE__, (found), (part))

/* Requests ------------------------------------------------------------------------- */

static struct str request(struct given *g, struct cedar_uid principal, struct cedar_uid action,
                          struct cedar_uid resource, struct cedar_value context)
{
    g->d = cedar_diags_new(g->a, NULL);
    return cedar_validate_request(g->s, &principal, &action, &resource,
                                  context.kind == CEDAR_RECORD ? context.record : NULL, &g->d)
               ? S("valid")
               : cedar_diags_text(g->a, &g->d);
}

static struct cedar_value mfa(struct given *g)
{
    return RECORD(g, { S("mfa"), CEDAR_BOOL_OF(true) });
}

TEST(a_request_that_the_action_applies_to_is_valid)
{
    struct given g = given(t);

    CHECK_STR(request(&g, uid("A::U", "x"), uid("A::Action", "view"), uid("A::D", "y"), mfa(&g)), "valid");
    CHECK_STR(request(&g, uid("A::U", "x"), uid("A::Action", "view"), uid("A::K", "red"), mfa(&g)), "valid");
}

TEST(a_request_with_an_unknown_action_is_refused_with_advice)
{
    struct given g = given(t);
    struct str found = request(&g, uid("A::U", "x"), uid("A::Action", "veiw"), uid("A::D", "y"), mfa(&g));

    CHECK_HAS(found, "the schema has no A::Action::\"veiw\"");
    CHECK_HAS(found, "view");
    CHECK_HAS(request(&g, uid("A::U", "x"), uid("Action", "view"), uid("A::D", "y"), mfa(&g)), "the schema has no");
}

TEST(a_request_with_an_unknown_type_is_refused_with_advice)
{
    struct given g = given(t);

    CHECK_HAS(request(&g, uid("U", "x"), uid("A::Action", "view"), uid("A::D", "y"), mfa(&g)),
              "principal: the schema has no entity type \"U\"");
    CHECK_HAS(request(&g, uid("A::U", "x"), uid("A::Action", "view"), uid("A::DD", "y"), mfa(&g)), "A::D");
    CHECK_HAS(request(&g, uid("A::Action", "view"), uid("A::Action", "view"), uid("A::D", "y"), mfa(&g)),
              "no entity type");
}

TEST(a_request_that_the_action_does_not_apply_to_is_refused)
{
    struct given g = given(t);
    struct str found = request(&g, uid("A::G", "x"), uid("A::Action", "view"), uid("A::O", "y"), mfa(&g));

    CHECK_HAS(found, "principal: action \"view\" does not apply to \"A::G\"");
    CHECK_HAS(found, "resource: action \"view\" does not apply to \"A::O\"");
    CHECK_HAS(found, "A::K, A::D");
    CHECK_HAS(request(&g, uid("A::U", "x"), uid("A::Action", "none"), uid("A::D", "y"), RECORD(&g, )),
              "does not apply");
}

TEST(a_request_with_an_id_that_an_enumerated_type_lacks_is_refused)
{
    struct given g = given(t);

    CHECK_HAS(request(&g, uid("A::U", "x"), uid("A::Action", "view"), uid("A::K", "blue"), mfa(&g)),
              "the schema has no A::K::\"blue\"");
    CHECK_HAS(request(&g, uid("A::U", "x"), uid("A::Action", "view"), uid("A::D", "y"),
                      RECORD(&g, { S("mfa"), CEDAR_BOOL_OF(true) }, { S("kind"), entity(&g, "A::K", "rde") })),
              "context.kind");
}

TEST(a_context_of_the_wrong_shape_is_refused)
{
    struct given g = given(t);
    struct cedar_uid u = uid("A::U", "x"), view = uid("A::Action", "view"), d = uid("A::D", "y");
    struct cedar_value nothing = { 0 };

    CHECK_HAS(request(&g, u, view, d, nothing), "context lacks \"mfa\"");
    CHECK_HAS(request(&g, u, view, d, RECORD(&g, { S("mfa"), CEDAR_LONG_OF(1) })), "context.mfa is long");
    CHECK_HAS(request(&g, u, view, d, RECORD(&g, { S("mfa"), CEDAR_BOOL_OF(true) }, { S("kid"), CEDAR_BOOL_OF(true) })),
              "context has \"kid\", which is not declared");
}

/* Entities --------------------------------------------------------------------------- */

static struct cedar_value home(struct given *g)
{
    return RECORD(g, { S("city"), CEDAR_STRING_OF(S("Oulu")) });
}

static struct cedar_value numbers(struct given *g)
{
    return set(g, CEDAR_LONG_OF(1), CEDAR_LONG_OF(2));
}

static struct str person(struct given *g, struct cedar_value attrs, const struct cedar_value *tags,
                         const struct cedar_uid *parents, size_t n)
{
    struct cedar_uid who = uid("A::U", "anna");
    struct cedar_entity_facts facts = { &who, attrs.record, tags != NULL ? tags->record : NULL, parents, n, { 0, 0 } };

    g->d = cedar_diags_new(g->a, NULL);
    return cedar_validate_entity(g->s, &facts, &g->d) ? S("valid") : cedar_diags_text(g->a, &g->d);
}

#define ANNA(g, ...)                                                                                                   \
    RECORD(g, { S("name"), CEDAR_STRING_OF(S("Anna")) }, { S("home"), home(g) },                                       \
           { S("tags"), numbers(g) } __VA_OPT__(, ) __VA_ARGS__)

TEST(an_entity_as_declared_is_valid)
{
    struct given g = given(t);
    struct cedar_uid parents[] = { uid("A::G", "g"), uid("A::O", "o") };
    struct cedar_value tags = RECORD(&g, { S("x"), set(&g, CEDAR_STRING_OF(S("a")), CEDAR_STRING_OF(S("b"))) });

    CHECK_STR(person(&g, ANNA(&g), &tags, parents, 2), "valid");
    CHECK_STR(person(&g,
                     ANNA(&g, { S("kind"), entity(&g, "A::K", "red") }, { S("last"), entity(&g, "A::Action", "view") }),
                     NULL, NULL, 0),
              "valid");
}

TEST(a_missing_attribute_is_refused)
{
    struct given g = given(t);
    struct str found = person(&g, RECORD(&g, { S("home"), RECORD(&g, ) }), NULL, NULL, 0);

    CHECK_HAS(found, "A::U::\"anna\" lacks \"name\"");
    CHECK_HAS(found, "A::U::\"anna\" lacks \"tags\"");
    CHECK_HAS(found, "A::U::\"anna\".home lacks \"city\"");
}

TEST(an_attribute_that_is_not_declared_is_refused_with_advice)
{
    struct given g = given(t);
    struct str found = person(&g, ANNA(&g, { S("agee"), CEDAR_LONG_OF(1) }), NULL, NULL, 0);

    CHECK_HAS(found, "has \"agee\", which is not declared");
    CHECK_HAS(found, "age");
}

TEST(an_attribute_of_the_wrong_type_is_refused)
{
    struct given g = given(t);

    CHECK_HAS(person(&g, ANNA(&g, { S("age"), CEDAR_STRING_OF(S("3")) }), NULL, NULL, 0), ".age is string");
    CHECK_HAS(person(&g, ANNA(&g, { S("at"), CEDAR_LONG_OF(3) }), NULL, NULL, 0), "expected datetime");
    CHECK_HAS(person(&g, ANNA(&g, { S("boss"), entity(&g, "A::G", "x") }), NULL, NULL, 0), ".boss is A::G");
    CHECK_HAS(person(&g,
                     RECORD(&g, { S("name"), CEDAR_STRING_OF(S("Anna")) }, { S("home"), home(&g) },
                            { S("tags"), set(&g, CEDAR_LONG_OF(1), CEDAR_STRING_OF(S("a"))) }),
                     NULL, NULL, 0),
              ".tags[1] is string");
}

TEST(an_attribute_that_names_what_does_not_exist_is_refused)
{
    struct given g = given(t);

    CHECK_HAS(person(&g, ANNA(&g, { S("kind"), entity(&g, "A::K", "grene") }), NULL, NULL, 0), "green");
    CHECK_HAS(person(&g, ANNA(&g, { S("last"), entity(&g, "A::Action", "no") }), NULL, NULL, 0),
              "the schema has no A::Action::\"no\"");
}

TEST(a_parent_of_a_type_that_is_not_declared_is_refused)
{
    struct given g = given(t);
    struct cedar_uid d = uid("A::D", "d"), nothing = uid("X", "x"), self = uid("A::U", "x");

    CHECK_HAS(person(&g, ANNA(&g), NULL, &d, 1), "cannot be in a \"A::D\"");
    CHECK_HAS(person(&g, ANNA(&g), NULL, &nothing, 1), "cannot be in a \"X\"");
    CHECK_HAS(person(&g, ANNA(&g), NULL, &self, 1), "cannot be in a \"A::U\"");
}

static struct str other(struct given *g, const char *type, const char *id, const struct cedar_value *tags,
                        const struct cedar_uid *parents, size_t n)
{
    struct cedar_uid who = uid(type, id);
    struct cedar_entity_facts facts = { &who, NULL, tags != NULL ? tags->record : NULL, parents, n, { 0, 0 } };

    g->d = cedar_diags_new(g->a, NULL);
    return cedar_validate_entity(g->s, &facts, &g->d) ? S("valid") : cedar_diags_text(g->a, &g->d);
}

TEST(tags_of_a_type_without_tags_or_of_the_wrong_type_are_refused)
{
    struct given g = given(t);
    struct cedar_value tags = RECORD(&g, { S("x"), CEDAR_LONG_OF(1) });

    CHECK_HAS(other(&g, "A::D", "d", &tags, NULL, 0), "cannot have tags");
    CHECK_HAS(person(&g, ANNA(&g), &tags, NULL, 0), ".x is long");
}

TEST(an_entity_of_an_unknown_type_or_id_is_refused)
{
    struct given g = given(t);

    CHECK_HAS(other(&g, "D", "d", NULL, NULL, 0), "the schema has no entity type \"D\"");
    CHECK_HAS(other(&g, "A::K", "blue", NULL, NULL, 0), "the schema has no A::K::\"blue\"");
    CHECK_STR(other(&g, "A::K", "red", NULL, NULL, 0), "valid");
}

TEST(an_action_must_be_as_the_schema_declares_it)
{
    struct given g = given(t);
    struct cedar_uid some = uid("A::Action", "some"), all = uid("A::Action", "all"), both[] = { some, all };
    struct cedar_value tags = RECORD(&g, { S("x"), CEDAR_LONG_OF(1) });

    CHECK_STR(other(&g, "A::Action", "view", NULL, both, 2), "valid");
    CHECK_STR(other(&g, "A::Action", "all", NULL, NULL, 0), "valid");
    CHECK_HAS(other(&g, "A::Action", "view", NULL, &some, 1), "differs from what the schema declares");
    CHECK_HAS(other(&g, "A::Action", "view", NULL, &all, 1), "differs from what the schema declares");
    CHECK_HAS(other(&g, "A::Action", "view", NULL, NULL, 0), "differs from what the schema declares");
    CHECK_HAS(other(&g, "A::Action", "all", NULL, &some, 1), "differs from what the schema declares");
    CHECK_HAS(other(&g, "A::Action", "all", &tags, NULL, 0), "differs from what the schema declares");
    CHECK_HAS(other(&g, "A::Action", "x", NULL, NULL, 0), "the schema has no A::Action::\"x\"");
}

TEST(a_value_is_checked_against_any_declared_type)
{
    struct given g = given(t);
    struct cedar_value nested = set(&g, numbers(&g), numbers(&g));
    const struct cedar_type *sets = cedar_type_set(t->arena, cedar_type_set(t->arena, cedar_type_of(CEDAR_TYPE_LONG)));

    CHECK(cedar_validate_value(g.s, sets, &nested, S("x"), (struct cedar_span){ 0, 0 }, &g.d));
    CHECK(
        !cedar_validate_value(g.s, cedar_type_of(CEDAR_TYPE_BOOL), &nested, S("x"), (struct cedar_span){ 0, 0 }, &g.d));
    CHECK_HAS(cedar_diags_text(t->arena, &g.d), "x is set");
}
