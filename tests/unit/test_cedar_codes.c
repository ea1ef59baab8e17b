/* SPDX-License-Identifier: EUPL-1.2
 * Codes of findings: each is reached, and the finding that it is for has it.  (tests/check_floors.sh: inside of the
 * engine nothing is found without one.) */
#include "policy/cedar/policies.h"
#include "tests/unit/cedar_help.h"

enum what { POLICIES, POLICIES_JSON, SCHEMA, SCHEMA_JSON, ENTITIES, REQUEST, VALIDATE, LEVEL_0, CONTEXT };

static const char schema_text[] =
    "entity Group; entity User in [Group] { name: String, nick?: String, age: Long } tags String; entity Doc;\n"
    "entity Color enum [\"red\"]; action look; action view in [look] appliesTo { principal: [User], resource: [Doc], "
    "context: { n: Long } };\n";

#define PO(condition) "permit (principal, action, resource) when { " condition " };"
#define V(condition)  "permit (principal is User, action == Action::\"view\", resource is Doc) when { " condition " };"
#define E(attrs)      "[{\"uid\":{\"type\":\"User\",\"id\":\"a\"},\"attrs\":" attrs ",\"parents\":[]}]"

static const struct {
    enum cedar_finding_code code;
    enum what what;
    const char *text;
} rows[] = {
    { CEDAR_FINDING_SYNTAX, POLICIES, "permit (principal, action resource);" },
    { CEDAR_FINDING_SYNTAX, POLICIES, "permit (" },
    { CEDAR_FINDING_SYNTAX, SCHEMA, "entity ;" },
    { CEDAR_FINDING_CHARACTER, POLICIES, PO("1 # 2") },
    { CEDAR_FINDING_CHARACTER, POLICIES, PO("true \u200b") },
    { CEDAR_FINDING_NOT_UTF8, POLICIES, "\xff" },
    { CEDAR_FINDING_NOT_UTF8, ENTITIES, "\xff" },
    { CEDAR_FINDING_STRING, POLICIES, PO("\"no end") },
    { CEDAR_FINDING_STRING, POLICIES, PO("principal.name == “a”") },
    { CEDAR_FINDING_ESCAPE, POLICIES, PO("\"\\q\" == \"\"") },
    { CEDAR_FINDING_ESCAPE, POLICIES, PO("\"\" like \"\\q\"") },
    { CEDAR_FINDING_NUMBER, POLICIES, PO("99999999999999999999 == 1") },
    { CEDAR_FINDING_NUMBER, POLICIES, PO("1.5 == 1") },
    { CEDAR_FINDING_OPERATOR, POLICIES, PO("true and true") },
    { CEDAR_FINDING_OPERATOR, POLICIES, PO("1 / 2 == 1") },
    { CEDAR_FINDING_OPERATOR, POLICIES, PO("not (true)") },
    { CEDAR_FINDING_OPERATOR, POLICIES_JSON,
      "{\"effect\":\"permit\",\"principal\":{\"op\":\"All\"},\"action\":{\"op\":\"All\"},\"resource\":{\"op\":\"All\"},"
      "\"conditions\":[{\"kind\":\"when\",\"body\":{\"??\":{}}}]}" },
    { CEDAR_FINDING_NAME, POLICIES, PO("principal.if") },
    { CEDAR_FINDING_NAME, SCHEMA, "entity Action;" },
    { CEDAR_FINDING_NAME, SCHEMA_JSON, "{\"a-b\":{\"entityTypes\":{},\"actions\":{}}}" },
    { CEDAR_FINDING_ENTITY, POLICIES, PO("principal == User::anna") },
    { CEDAR_FINDING_ENTITY, REQUEST,
      "{\"principal\":\"anna\",\"action\":\"A::\\\"b\\\"\",\"resource\":\"A::\\\"b\\\"\"}" },
    { CEDAR_FINDING_ACTION_TYPE, POLICIES, "permit (principal, action == User::\"a\", resource);" },
    { CEDAR_FINDING_ACTION_TYPE, SCHEMA, "entity A in [Action]; action x;" },
    { CEDAR_FINDING_SCOPE, POLICIES, "permit (principal == \"anna\", action, resource);" },
    { CEDAR_FINDING_SLOT, POLICIES, PO("principal == ?principal") },
    { CEDAR_FINDING_SLOT, POLICIES, "permit (principal == ?user, action, resource);" },
    { CEDAR_FINDING_UNKNOWN_VARIABLE, POLICIES, PO("user.name == \"a\"") },
    { CEDAR_FINDING_UNKNOWN_FUNCTION, POLICIES, PO("upper(\"a\") == \"A\"") },
    { CEDAR_FINDING_UNKNOWN_METHOD, POLICIES, PO("principal.name.startsWith(\"a\")") },
    { CEDAR_FINDING_ARGUMENTS, POLICIES, PO("[1].contains(1, 2)") },
    { CEDAR_FINDING_ARGUMENTS, VALIDATE, V("ip(\"::1\", \"::1\") == ip(\"::1\")") },
    { CEDAR_FINDING_EXTENSION, VALIDATE, V("ip(\"x\") == ip(\"::1\")") },
    { CEDAR_FINDING_TWICE, POLICIES, PO("{a: 1, a: 2} == {}") },
    { CEDAR_FINDING_TWICE, POLICIES, "@a @a permit (principal, action, resource);" },
    { CEDAR_FINDING_TWICE, ENTITIES, "[{\"uid\":1,\"uid\":2}]" },
    { CEDAR_FINDING_TWICE, SCHEMA, "entity A; entity A;" },
    { CEDAR_FINDING_JSON, ENTITIES, "[" },
    { CEDAR_FINDING_JSON, SCHEMA_JSON, "nonsense" },
    { CEDAR_FINDING_JSON_KIND, ENTITIES, "{}" },
    { CEDAR_FINDING_JSON_KIND, SCHEMA_JSON, "[]" },
    { CEDAR_FINDING_JSON_FORM, POLICIES_JSON, "{\"effect\":\"perhaps\"}" },
    { CEDAR_FINDING_MEMBER_MISSING, ENTITIES, "[{\"uid\":{\"type\":\"User\",\"id\":\"a\"},\"parents\":[]}]" },
    { CEDAR_FINDING_MEMBER_MISSING, SCHEMA, "entity A; action x appliesTo { principal: A };" },
    { CEDAR_FINDING_MEMBER_UNKNOWN, SCHEMA_JSON, "{\"\":{\"entityTypes\":{},\"actions\":{},\"more\":1}}" },
    { CEDAR_FINDING_MEMBER_UNKNOWN, POLICIES_JSON, "{\"staticPolicies\":{},\"more\":{}}" },
    { CEDAR_FINDING_UNKNOWN_TEMPLATE, POLICIES_JSON,
      "{\"templateLinks\":[{\"templateId\":\"t\",\"newId\":\"l\",\"values\":{}}]}" },
    { CEDAR_FINDING_LINK, POLICIES_JSON,
      "{\"templates\":{\"t\":{\"effect\":\"permit\",\"principal\":{\"op\":\"==\",\"slot\":\"?principal\"},\"action\":{"
      "\"op\":\"All\"},\"resource\":{\"op\":\"All\"},\"conditions\":[]}},\"templateLinks\":[{\"templateId\":\"t\","
      "\"newId\":\"l\",\"values\":{}}]}" },
    { CEDAR_FINDING_UNKNOWN_TYPE, SCHEMA, "entity A { b: Nothing };" },
    { CEDAR_FINDING_UNKNOWN_TYPE, VALIDATE, V("principal == Nobody::\"a\"") },
    { CEDAR_FINDING_UNKNOWN_ACTION, VALIDATE, "permit (principal, action == Action::\"nothing\", resource);" },
    { CEDAR_FINDING_UNKNOWN_ACTION, SCHEMA, "action x in [nothing];" },
    { CEDAR_FINDING_UNKNOWN_ENTITY, VALIDATE, V("Color::\"blue\" == Color::\"red\"") },
    { CEDAR_FINDING_UNKNOWN_ATTRIBUTE, VALIDATE, V("principal.nothing == 1") },
    { CEDAR_FINDING_UNKNOWN_ATTRIBUTE, CONTEXT, "{\"n\":1,\"m\":1}" },
    { CEDAR_FINDING_MISSING_ATTRIBUTE, CONTEXT, "{}" },
    { CEDAR_FINDING_OPTIONAL_ATTRIBUTE, VALIDATE, V("principal.nick == \"a\"") },
    { CEDAR_FINDING_OPTIONAL_TAG, VALIDATE, V("principal.getTag(\"a\") == \"a\"") },
    { CEDAR_FINDING_NO_TAGS, ENTITIES,
      "[{\"uid\":{\"type\":\"Group\",\"id\":\"a\"},\"attrs\":{},\"parents\":[],\"tags\":{\"a\":\"b\"}}]" },
    { CEDAR_FINDING_TYPE, VALIDATE, V("principal.age == 1 && principal.name") },
    { CEDAR_FINDING_TYPE, CONTEXT, "{\"n\":\"x\"}" },
    { CEDAR_FINDING_TYPES_DIFFER, VALIDATE, V("principal.age == principal.name") },
    { CEDAR_FINDING_EMPTY_SET, VALIDATE, V("[] == []") },
    { CEDAR_FINDING_NOT_LITERAL, VALIDATE, V("ip(principal.name) == ip(\"::1\")") },
    { CEDAR_FINDING_NO_ACTION, VALIDATE, "permit (principal is Doc, action == Action::\"view\", resource);" },
    { CEDAR_FINDING_NOT_APPLICABLE, REQUEST,
      "{\"principal\":\"Doc::\\\"a\\\"\",\"action\":\"Action::\\\"view\\\"\",\"resource\":\"Doc::\\\"b\\\"\","
      "\"context\":{"
      "\"n\":1}}" },
    { CEDAR_FINDING_LEVEL, LEVEL_0, V("principal.name == \"a\"") },
    { CEDAR_FINDING_PARENT, ENTITIES,
      "[{\"uid\":{\"type\":\"Group\",\"id\":\"a\"},\"attrs\":{},\"parents\":[{\"type\":\"User\",\"id\":\"b\"}]}]" },
    { CEDAR_FINDING_ACTION_DIFFERS, ENTITIES,
      "[{\"uid\":{\"type\":\"Action\",\"id\":\"view\"},\"attrs\":{},\"parents\":[]}]" },
    { CEDAR_FINDING_CYCLE, SCHEMA, "type A = A; entity B { a: A };" },
    { CEDAR_FINDING_CYCLE, SCHEMA, "action a in [b]; action b in [a];" },
    { CEDAR_FINDING_SHADOWED, SCHEMA, "entity A; namespace N { entity A; }" },
    { CEDAR_FINDING_NO_RECORD, SCHEMA,
      "type T = Long; entity A; action x appliesTo { principal: A, resource: A, context: T };" },
    { CEDAR_FINDING_EMPTY, SCHEMA_JSON, "{\"\":{\"entityTypes\":{\"A\":{\"enum\":[]}},\"actions\":{}}}" },
    { CEDAR_FINDING_NOT_SUPPORTED, SCHEMA_JSON,
      "{\"\":{\"entityTypes\":{\"A\":{\"shape\":{\"type\":\"Record\",\"attributes\":{},\"additionalAttributes\":true}}}"
      ","
      "\"actions\":{}}}" },
    { CEDAR_FINDING_NEVER_APPLIES, VALIDATE, V("false") },
    { CEDAR_FINDING_BIDI, VALIDATE, V("principal.name == \"a\u202eb\"") },
    { CEDAR_FINDING_INVISIBLE, VALIDATE, V("principal.name == \"a\u200bb\"") },
    { CEDAR_FINDING_CONFUSABLE, VALIDATE, V("principal.name == \"\uff50aypal\"") },
    { CEDAR_FINDING_MIXED_SCRIPT, VALIDATE, V("principal.name == \"ab\u03bb\"") },
};

/* What is found in a text. */
static struct cedar_diags found(struct test *t, enum what what, struct str text)
{
    struct arena *a = t->arena;
    struct cedar_diags schema_d = diags_of(a, "schema", str_of(schema_text)), d = diags_of(a, "text", text);
    const struct cedar_schema *schema = cedar_schema_parse_text(a, &schema_d);
    const struct cedar_policies *p;
    struct cedar_request r = { .principal = cedar_uid_make(S("User"), S("a")),
                               .action = cedar_uid_make(S("Action"), S("view")),
                               .resource = cedar_uid_make(S("Doc"), S("a")) };

    CHECK(schema != NULL);
    switch (what) {
    case POLICIES:
        (void)cedar_policies_parse(a, &d, CEDAR_IDS_BY_POSITION);
        break;
    case POLICIES_JSON:
        (void)cedar_policies_from_json(a, &d);
        break;
    case SCHEMA:
        (void)cedar_schema_parse_text(a, &d);
        break;
    case SCHEMA_JSON:
        (void)cedar_schema_parse_json(a, &d);
        break;
    case ENTITIES:
        (void)cedar_entities_parse(a, &d, schema);
        break;
    case REQUEST:
        (void)cedar_request_parse(a, &d, schema, &r);
        break;
    case CONTEXT:
        (void)cedar_request_make(a, &d, schema, &r);
        break;
    case VALIDATE:
    case LEVEL_0:
        p = cedar_policies_parse(a, &d, CEDAR_IDS_BY_POSITION);
        CHECK(p != NULL);
        for (size_t i = 0; p != NULL && i < p->n; i++)
            (void)cedar_validate_policy_at(schema, p->items[i], CEDAR_STRICT, what == LEVEL_0 ? 0 : -1, &d);
    }
    return d;
}

static bool has(const struct cedar_diags *d, enum cedar_finding_code code)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->items[i].finding == code)
            return true;
    return false;
}

/* Of what no short text reaches. */
static void add_bounds(struct test *t, bool reached[CEDAR_FINDING_CODES])
{
    struct buf deep = buf_new(t->arena, 1 << 20), large = buf_new(t->arena, 8 << 20);
    struct cedar_diags d;

    buf_add(&deep, S("permit (principal, action, resource) when { "));
    for (int i = 0; i < 1000; i++)
        buf_byte(&deep, '(');
    d = found(t, POLICIES, buf_str(&deep));
    reached[CEDAR_FINDING_TOO_DEEP] = has(&d, CEDAR_FINDING_TOO_DEEP);
    for (int i = 0; i < (5 << 20) / 10; i++)
        buf_add(&large, S("//////////"));
    d = found(t, SCHEMA, buf_str(&large));
    reached[CEDAR_FINDING_TOO_LARGE] = has(&d, CEDAR_FINDING_TOO_LARGE);
}

TEST(each_code_is_reached_and_said_of_what_it_is_for)
{
    bool reached[CEDAR_FINDING_CODES] = { false };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cedar_diags d = found(t, rows[i].what, str_of(rows[i].text));
        bool hit = has(&d, rows[i].code);
        if (!hit)
            (void)printf("%s: %s\n%s", cedar_finding_code_name(rows[i].code), rows[i].text,
                         arena_cstr(t->arena, cedar_diags_text(t->arena, &d)));
        CHECK(hit);
        CHECK(!has(&d, CEDAR_FINDING_NONE));
        reached[rows[i].code] = reached[rows[i].code] || hit;
    }
    add_bounds(t, reached);
    for (enum cedar_finding_code code = CEDAR_FINDING_NONE + 1; code < CEDAR_FINDING_CODES; code++) {
        if (!reached[code])
            (void)printf("not reached: %s\n", cedar_finding_code_name(code));
        CHECK(reached[code]);
    }
}

TEST(codes_have_names_of_their_own_that_programs_can_keep)
{
    for (enum cedar_finding_code a = CEDAR_FINDING_NONE; a < CEDAR_FINDING_CODES; a++) {
        const char *name = cedar_finding_code_name(a);
        CHECK(name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0' && name[0] != '\0');
        CHECK(cedar_finding_code_meaning(a)[0] != '\0');
        for (enum cedar_finding_code b = CEDAR_FINDING_NONE; b < a; b++)
            CHECK(strcmp(name, cedar_finding_code_name(b)) != 0);
    }
    CHECK_STR(str_of(cedar_finding_code_name(CEDAR_FINDING_CODES)), "unknown");
    CHECK_STR(str_of(cedar_finding_code_meaning(CEDAR_FINDING_CODES)), "unknown");
}

/* The code of the warning about a text in a condition, or about the id of an entity. */
static struct str look_of(struct test *t, const char *text, bool is_name)
{
    const char *form = is_name ? "permit (principal == User::\"%s\", action == Action::\"view\", resource is Doc);"
                               : V("principal.name == \"%s\"");
    struct buf b = buf_new(t->arena, 1000);
    struct cedar_diags d;

    buf_add(&b, str_sub(str_of(form), 0, str_find(str_of(form), S("%s"))));
    buf_add(&b, str_of(text));
    buf_add(&b, str_from(str_of(form), str_find(str_of(form), S("%s")) + 2));
    d = found(t, VALIDATE, buf_str(&b));
    return str_of(cedar_finding_code_name(d.n > 0 ? d.items[0].finding : CEDAR_FINDING_NONE));
}

/* As the reference tells them (tests/cedar_scripts.mjs holds every character against it). */
TEST(scripts_that_are_not_written_together_are_told_and_no_others)
{
    static const struct {
        const char *text, *in_text, *in_name;
    } looks[] = {
        { "Äyräpää-Ñandú, 12 €", "none", "confusable" },
        { "Äyräpää", "none", "none" },
        { "https://a.example/?q={x}#y", "none", "none" },
        { "漢字とかな", "none", "none" },
        { "한국어 漢", "none", "none" },
        { "漢字ㄅ", "none", "none" },
        { "かㄅ", "mixed-script", "mixed-script" },
        { "p\u0430ypal", "mixed-script", "mixed-script" },
        { "Ω", "none", "none" },
        { "aΩ", "mixed-script", "mixed-script" },
        { "שלום", "none", "none" },
        { "देवनागरी१", "none", "none" },
        { "a१", "mixed-script", "mixed-script" },
        { "ok 👍", "none", "confusable" },
        { "\uff41", "confusable", "confusable" },
        { "ﬁ", "none", "confusable" },
        { "a\ufe0f", "invisible", "invisible" },
        { "\ue000", "invisible", "invisible" },
        { "\U0010ffff", "invisible", "invisible" },
        { "\U000e0000", "invisible", "invisible" },
    };

    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        CHECK_STR(look_of(t, looks[i].text, false), looks[i].in_text);
        CHECK_STR(look_of(t, looks[i].text, true), looks[i].in_name);
    }
}

TEST(the_pieces_of_a_pattern_are_one_text)
{
    struct cedar_diags d = found(t, VALIDATE, S(V("principal.name like \"a*\u03bb\"")));

    CHECK(d.n == 1 && d.items[0].finding == CEDAR_FINDING_MIXED_SCRIPT);
}
