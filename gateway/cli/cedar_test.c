/* SPDX-License-Identifier: EUPL-1.2
 * digione cedar test: cases in the format of the public Cedar integration
 * tests.  A case names a policy text, a schema and entities, says whether the
 * policies validate strictly, and lists requests with the decision, the
 * determining policies and the policies that fail. */
#include "gateway/cli/cedar.h"
#include "gateway/cli/cli.h"
#include "policy/cedar/cedar.h"
#include "policy/cedar/json_value.h"

#include <string.h>
#include <unistd.h>

struct test_case {
    struct arena *a;
    struct cedar_source source;
    const struct cedar_json *json;
    struct str root; /* with its slash at the end; may be empty */
    const struct cedar_policies *policies;
    const struct cedar_schema *schema;
    const struct cedar_entities *entities;
    struct buf why; /* what is wrong, one line */
    bool skipped;   /* the file is no case */
};

static bool wrong(struct test_case *c, const char *what, struct str more)
{
    if (c->why.n > 0)
        return false;
    buf_printf(&c->why, "%s", what);
    if (str_is_set(more))
        buf_printf(&c->why, ": %.*s", STR_ARG(str_sub(more, 0, str_find_byte(more, '\n', 0))));
    return false;
}

static bool wrong_diags(struct test_case *c, const char *what, const struct cedar_diags *d)
{
    return wrong(c, what, cedar_diags_text(c->a, d));
}

static const char *path_of(struct test_case *c, struct str relative)
{
    return arena_cstr(c->a, arena_join(c->a, c->root, relative));
}

/* The nearest folder above the file below which the policies' path exists. */
static void find_root(struct test_case *c, const char *file, const char *given)
{
    struct str policies = cedar_json_text(c->json, S("policies"));

    if (given != NULL) {
        c->root = arena_join(c->a, str_of(given), S("/"));
        return;
    }
    c->root = str_of(file);
    while (c->root.n > 0) {
        c->root.n--;
        while (c->root.n > 0 && c->root.p[c->root.n - 1] != '/')
            c->root.n--;
        if (access(path_of(c, policies), R_OK) == 0)
            return;
    }
}

static bool open_member(struct test_case *c, const char *name, struct cedar_source *out)
{
    struct str path = cedar_json_text(c->json, str_of(name));

    if (!str_is_set(path))
        return wrong(c, "the case does not name a file", str_of(name));
    return cedar_file(c->a, path_of(c, path), out) || wrong(c, "a file cannot be read", path);
}

static bool read_schema(struct test_case *c)
{
    struct cedar_source source;

    if (!open_member(c, "schema", &source))
        return false;
    struct cedar_diags d = cedar_diags_new(c->a, &source);
    c->schema = cedar_is_json(source.text) ? cedar_schema_parse_json(c->a, &d) : cedar_schema_parse_text(c->a, &d);
    return c->schema != NULL || wrong_diags(c, "the schema is wrong", &d);
}

static bool read_entities(struct test_case *c)
{
    struct cedar_source source;

    if (!open_member(c, "entities", &source))
        return false;
    struct cedar_diags d = cedar_diags_new(c->a, &source);
    c->entities = cedar_entities_parse(c->a, &d, c->schema);
    return c->entities != NULL || wrong_diags(c, "the entities are wrong", &d);
}

/* Policies that do not parse do not validate: that alone is no failure of a
 * case that says so and asks nothing. */
static bool read_policies(struct test_case *c, bool should_validate, size_t n_requests)
{
    struct cedar_source source;

    if (!open_member(c, "policies", &source))
        return false;
    struct cedar_diags d = cedar_diags_new(c->a, &source);
    c->policies = cedar_is_json(source.text) ? cedar_policies_from_json(c->a, &d)
                                             : cedar_policies_parse(c->a, &d, CEDAR_IDS_BY_POSITION);
    if (c->policies == NULL)
        return (!should_validate && n_requests == 0) || wrong_diags(c, "the policies are wrong", &d);
    struct cedar_diags findings = cedar_diags_new(c->a, NULL);
    bool valid = cedar_policies_validate(c->policies, c->schema, &findings);
    if (valid == should_validate)
        return true;
    return valid ? wrong(c, "the policies validate but should not", (struct str){ NULL, 0 })
                 : wrong_diags(c, "the policies should validate", &findings);
}

static bool has_text(const struct cedar_json *list, struct str text)
{
    for (size_t i = 0; list != NULL && i < list->n; i++)
        if (str_eq(list->items[i].text, text))
            return true;
    return false;
}

static size_t length(const struct cedar_json *list)
{
    return list != NULL && list->kind == CEDAR_JSON_ARRAY ? list->n : 0;
}

static bool same_reasons(const struct cedar_json *expected, const struct cedar_answer *answer)
{
    if (length(expected) != answer->n_reasons)
        return false;
    for (size_t i = 0; i < answer->n_reasons; i++)
        if (!has_text(expected, answer->reasons[i]->id))
            return false;
    return true;
}

static bool same_errors(const struct cedar_json *expected, const struct cedar_answer *answer)
{
    if (length(expected) != answer->n_errors)
        return false;
    for (size_t i = 0; i < answer->n_errors; i++)
        if (!has_text(expected, answer->errors[i].policy->id))
            return false;
    return true;
}

static bool run_request(struct test_case *c, const struct cedar_json *j, size_t number)
{
    const struct cedar_json *validate = cedar_json_get(j, S("validateRequest"));
    bool validated = validate == NULL || validate->kind != CEDAR_JSON_BOOL || validate->boolean;
    struct str decision = cedar_json_text(j, S("decision"));
    struct cedar_diags d = cedar_diags_new(c->a, &c->source);
    struct cedar_request r;
    struct str place = arena_printf(c->a, "request %zu", number);

    if (c->policies == NULL)
        return wrong(c, "there are no policies to ask", place);
    if (!cedar_request_from_json(c->a, &d, j, c->schema, validated, &r))
        return wrong_diags(c, place.p, &d);
    struct cedar_answer answer = cedar_authorize(c->a, c->policies, c->entities, &r);
    struct buf got = buf_new(c->a, 1u << 20);
    cedar_answer_to_json(&got, &answer);
    if (!str_eq_case(decision, answer.decision == CEDAR_ALLOW ? S("allow") : S("deny")))
        return wrong(c, arena_cstr(c->a, arena_join(c->a, place, S(": another decision"))), buf_str(&got));
    if (!same_reasons(cedar_json_get(j, S("reason")), &answer))
        return wrong(c, arena_cstr(c->a, arena_join(c->a, place, S(": other determining policies"))), buf_str(&got));
    if (!same_errors(cedar_json_get(j, S("errors")), &answer))
        return wrong(c, arena_cstr(c->a, arena_join(c->a, place, S(": other errors"))), buf_str(&got));
    return true;
}

static bool run_case(struct test_case *c, const char *file, const char *root)
{
    const struct cedar_json *should, *requests;
    bool ok;

    if (!cedar_file(c->a, file, &c->source))
        return wrong(c, "the file cannot be read", (struct str){ NULL, 0 });
    struct cedar_diags d = cedar_diags_new(c->a, &c->source);
    c->json = cedar_json_parse(&d);
    if (c->json == NULL)
        return wrong_diags(c, "the case is no JSON", &d);
    if (c->json->kind == CEDAR_JSON_ARRAY) { /* `*.json` names the entities beside the cases, too */
        c->skipped = true;
        return false;
    }
    find_root(c, file, root);
    should = cedar_json_get(c->json, S("shouldValidate"));
    requests = cedar_json_get(c->json, S("requests"));
    if (should == NULL || should->kind != CEDAR_JSON_BOOL)
        return wrong(c, "the case does not say `shouldValidate`", (struct str){ NULL, 0 });
    ok = read_schema(c) && read_entities(c) && read_policies(c, should->boolean, length(requests));
    /* A wrong verdict of the validator does not keep the requests from being asked. */
    for (size_t i = 0; c->entities != NULL && i < length(requests); i++)
        ok = run_request(c, &requests->items[i], i) && ok;
    return ok;
}

int cedar_test_files(const char *const *files, size_t n, const char *root)
{
    size_t passed = 0, failed = 0;

    for (size_t i = 0; i < n; i++) {
        struct arena *a = arena_new();
        struct test_case c = { .a = a, .why = buf_new(a, 4096) };
        if (run_case(&c, files[i], root)) {
            (void)printf("ok      %s\n", files[i]);
            passed++;
        } else if (c.skipped) {
            (void)printf("skipped %s: a list of entities, no case\n", files[i]);
        } else {
            (void)printf("FAILED  %s: %.*s\n", files[i], STR_ARG(buf_str(&c.why)));
            failed++;
        }
        arena_free(a);
    }
    (void)printf("%zu passed, %zu failed\n", passed, failed);
    return failed == 0 ? CLI_OK : CLI_REFUSED;
}
