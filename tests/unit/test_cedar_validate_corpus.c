/* SPDX-License-Identifier: EUPL-1.2
 * The public corpus, where CEDAR_TESTS names its unpacked folder: what `digione cedar test` does not look at.  The two
 * forms of each schema are the same schema, each policy has the reference engine's strict and permissive verdict, and
 * each entity and request its verdict. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/cedar/engine.h"
#include "policy/cedar/json.h"
#include "tests/test.h"

/* One case; every text that it needs. */
struct corpus_case {
    struct test *t;
    struct arena *a;
    const char *root;
    struct str name;
    const struct cedar_schema *schema;
    const struct cedar_json *verdicts;
};

static struct str slurp(struct arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    struct buf b = buf_new(a, 64 << 20);
    char part[65536];

    if (f == NULL)
        return (struct str){ 0 };
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        buf_add(&b, str_n(part, n));
    (void)fclose(f);
    return buf_str(&b);
}

static struct cedar_diags open_text(struct corpus_case *c, const char *folder, const char *suffix)
{
    struct cedar_source *source = arena_make(c->a, struct cedar_source);

    source->name = arena_printf(c->a, "%s/%s/%.*s%s", c->root, folder, STR_ARG(c->name), suffix);
    source->text = slurp(c->a, arena_cstr(c->a, source->name));
    return cedar_diags_new(c->a, source);
}

#define REQUIRE(c, condition, what)                                                                                    \
    do {                                                                                                               \
        (c)->t->checked++;                                                                                             \
        if (!(condition))                                                                                              \
            test_fail((c)->t, __FILE__, __LINE__, "%.*s: %.*s", STR_ARG((c)->name), STR_ARG(what));                    \
    } while (0)

static bool verdict(const struct cedar_json *of, struct str mode)
{
    const struct cedar_json *v = cedar_json_get(of, mode);

    return v != NULL && v->boolean;
}

static void check_json_form(struct corpus_case *c)
{
    struct cedar_diags d = open_text(c, "corpus-tests-json-schemas", ".cedarschema.json");
    const struct cedar_schema *json;

    if (d.source->text.p == NULL)
        return;
    json = cedar_schema_parse_json(c->a, &d);
    REQUIRE(c, json != NULL && cedar_schema_eq(c->schema, json) && cedar_schema_eq(json, c->schema),
            S("the JSON form is another schema"));
}

static void check_policies(struct corpus_case *c)
{
    struct cedar_diags d = open_text(c, "corpus-tests", ".cedar"), strict = cedar_diags_new(c->a, NULL), loose = strict;
    const struct cedar_policies *p = cedar_policies_parse(c->a, &d, CEDAR_IDS_BY_POSITION);
    const struct cedar_json *all = cedar_json_get(cedar_json_get(c->verdicts, S("policyValidation")), S("perPolicy"));

    REQUIRE(c, p != NULL, S("the policies do not parse"));
    for (size_t i = 0; p != NULL && i < cedar_policies_n(p); i++) {
        const struct cedar_policy *policy = cedar_policy_at(p, i);
        const struct cedar_json *of = cedar_json_get(all, policy->id);
        REQUIRE(c, cedar_validate_policy(c->schema, policy, CEDAR_STRICT, &strict) == verdict(of, S("strict")),
                cedar_diags_text(c->a, &strict));
        REQUIRE(c, cedar_validate_policy(c->schema, policy, CEDAR_PERMISSIVE, &loose) == verdict(of, S("permissive")),
                cedar_diags_text(c->a, &loose));
    }
}

/* Each entity alone, as the reference answers were made. */
static void check_entity(struct corpus_case *c, const struct cedar_json *entity, struct str text)
{
    const struct cedar_json *uid = cedar_json_get(entity, S("uid"));
    const struct cedar_json *all = cedar_json_get(cedar_json_get(c->verdicts, S("entityValidation")), S("perEntity"));
    struct str part = str_sub(text, entity->span.at, entity->span.end - entity->span.at);
    struct cedar_source one = { S("entity"), arena_join(c->a, arena_join(c->a, S("["), part), S("]")) };
    struct cedar_diags d = cedar_diags_new(c->a, &one);
    struct str name =
        arena_join(c->a, arena_join(c->a, cedar_json_text(uid, S("type")), S("::")), cedar_json_text(uid, S("id")));
    const struct cedar_json *of = cedar_json_get(all, name);
    bool valid = of != NULL && cedar_json_get(of, S("errors")) == NULL;

    REQUIRE(c, (cedar_entities_parse(c->a, &d, c->schema) != NULL) == valid, cedar_diags_text(c->a, &d));
}

static void check_entities(struct corpus_case *c)
{
    struct cedar_diags d = open_text(c, "corpus-tests", ".entities.json");
    const struct cedar_json *list = cedar_json_parse(&d);

    for (size_t i = 0; list != NULL && i < list->n; i++)
        check_entity(c, &list->items[i], d.source->text);
}

static void check_requests(struct corpus_case *c)
{
    struct cedar_diags d = open_text(c, "corpus-tests", ".json");
    const struct cedar_json *requests = cedar_json_get(cedar_json_parse(&d), S("requests"));
    const struct cedar_json *all = cedar_json_get(c->verdicts, S("requestValidation"));

    for (size_t i = 0; requests != NULL && all != NULL && i < requests->n && i < all->n; i++) {
        static const char *const parts[] = { "principal", "action", "resource", "context" };
        struct buf b = buf_new(c->a, 16 << 20);
        for (size_t j = 0; j < 4; j++) {
            const struct cedar_json *v = cedar_json_get(&requests->items[i], str_of(parts[j]));
            buf_printf(&b, "%s\"%s\":", j == 0 ? "{" : ",", parts[j]);
            buf_add(&b, str_sub(d.source->text, v->span.at, v->span.end - v->span.at));
        }
        buf_byte(&b, '}');
        struct cedar_source one = { S("request"), buf_str(&b) };
        struct cedar_diags found = cedar_diags_new(c->a, &one);
        struct cedar_request request;
        REQUIRE(c, cedar_request_parse(c->a, &found, c->schema, &request) == verdict(&all->items[i], S("strict")),
                cedar_diags_text(c->a, &found));
    }
}

/* What is written of it says the same when it is read. */
static void check_written(struct corpus_case *c)
{
    struct buf text = buf_new(c->a, 16 << 20), json = buf_new(c->a, 16 << 20);

    cedar_schema_text(&text, c->schema);
    cedar_schema_to_json(&json, c->schema);
    struct cedar_source sources[2] = { { S("text"), buf_str(&text) }, { S("json"), buf_str(&json) } };
    struct cedar_diags d = cedar_diags_new(c->a, &sources[0]), of_json = cedar_diags_new(c->a, &sources[1]);
    const struct cedar_schema *again = cedar_schema_parse_text(c->a, &d);
    REQUIRE(c, again != NULL && cedar_schema_eq(c->schema, again), cedar_diags_text(c->a, &d));
    again = cedar_schema_parse_json(c->a, &of_json);
    REQUIRE(c, again != NULL && cedar_schema_eq(c->schema, again), cedar_diags_text(c->a, &of_json));
}

static void check_case(struct corpus_case *c)
{
    struct cedar_diags schema = open_text(c, "corpus-tests", ".cedarschema"),
                       answers = open_text(c, "corpus-tests-validation", ".validation.json");

    c->schema = cedar_schema_parse_text(c->a, &schema);
    REQUIRE(c, c->schema != NULL, cedar_diags_text(c->a, &schema));
    if (c->schema == NULL)
        return;
    check_json_form(c);
    check_written(c);
    c->verdicts = answers.source->text.p == NULL ? NULL : cedar_json_parse(&answers);
    if (c->verdicts == NULL)
        return; /* a few cases of the corpus have no detailed answers */
    check_policies(c);
    check_entities(c);
    check_requests(c);
}

TEST(the_corpus_has_the_reference_verdicts)
{
    const char *root = getenv("CEDAR_TESTS");
    DIR *folder = root == NULL ? NULL : opendir(arena_cstr(t->arena, arena_printf(t->arena, "%s/corpus-tests", root)));

    if (folder == NULL) {
        test_skip(t, "CEDAR_TESTS names no unpacked corpus");
        return;
    }
    for (const struct dirent *e; (e = readdir(folder)) != NULL;) {
        struct str name = str_of(e->d_name), suffix = S(".cedarschema");
        struct corpus_case c = { .t = t, .a = arena_new(), .root = root, .name = str_sub(name, 0, name.n - suffix.n) };
        if (str_has_suffix(name, suffix))
            check_case(&c);
        arena_free(c.a);
    }
    (void)closedir(folder);
}
