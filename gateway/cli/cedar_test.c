/* SPDX-License-Identifier: EUPL-1.2
 * digione cedar test: cases in the format of the public Cedar integration
 * tests.  A case names a policy text, a schema and entities, says whether the
 * policies validate strictly, and lists requests with the decision, the
 * determining policies and the policies that fail. */
#include "gateway/cli/cedar.h"
#include "gateway/cli/cli.h"
#include "policy/cedar/engine.h"
#include "policy/cedar/json_value.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct test_case {
    struct arena *a;
    struct cedar_source source;
    const struct cedar_json *json;
    struct str root; /* with its slash at the end */
    enum cedar_ids ids;
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
    char *whole = arena_alloc(c->a, PATH_MAX);

    if (given != NULL) {
        c->root = arena_join(c->a, str_of(given), S("/"));
        return;
    }
    c->root = str_of(realpath(file, whole) != NULL ? whole : file);
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
    c->policies =
        cedar_is_json(source.text) ? cedar_policies_from_json(c->a, &d) : cedar_policies_parse(c->a, &d, c->ids);
    if (c->policies == NULL)
        return (!should_validate && n_requests == 0) || wrong_diags(c, "the policies are wrong", &d);
    struct cedar_diags findings = cedar_diags_new(c->a, NULL);
    bool valid = cedar_policies_validate(c->policies, c->schema, &findings);
    if (valid == should_validate)
        return true;
    return valid ? wrong(c, "the policies validate but should not", (struct str){ NULL, 0 })
                 : wrong_diags(c, "the policies should validate", &findings);
}

/* Do a list of the case and a list of ours name the same policies? */
static bool same_names(const struct cedar_json *expected, const struct str *names, size_t n)
{
    for (size_t i = 0; i < expected->n; i++) {
        bool found = false;
        for (size_t k = 0; k < n && !found; k++)
            found = str_eq(expected->items[i].text, names[k]);
        if (!found)
            return false;
    }
    for (size_t k = 0; k < n; k++) {
        bool found = false;
        for (size_t i = 0; i < expected->n && !found; i++)
            found = str_eq(expected->items[i].text, names[k]);
        if (!found)
            return false;
    }
    return true;
}

static bool same_reasons(struct test_case *c, const struct cedar_json *expected, const struct cedar_answer *answer)
{
    struct str *names = arena_make_n(c->a, answer->n_reasons, struct str);

    for (size_t i = 0; i < answer->n_reasons; i++)
        names[i] = answer->reasons[i]->id;
    return same_names(expected, names, answer->n_reasons);
}

static bool same_errors(struct test_case *c, const struct cedar_json *expected, const struct cedar_answer *answer)
{
    struct str *names = arena_make_n(c->a, answer->n_errors, struct str);

    for (size_t i = 0; i < answer->n_errors; i++)
        names[i] = answer->errors[i].policy->id;
    return same_names(expected, names, answer->n_errors);
}

static const struct cedar_json *needed(struct test_case *c, const struct cedar_json *of, const char *name,
                                       enum cedar_json_kind kind, const char *what)
{
    const struct cedar_json *m = cedar_json_get(of, str_of(name));

    if (m != NULL && m->kind == kind)
        return m;
    (void)wrong(c, arena_printf(c->a, "%s does not say `%s`", what, name).p, (struct str){ NULL, 0 });
    return NULL;
}

static bool compare(struct test_case *c, const struct cedar_json *j, const char *place,
                    const struct cedar_answer *answer)
{
    const struct cedar_json *decision = needed(c, j, "decision", CEDAR_JSON_STRING, place),
                            *reason = needed(c, j, "reason", CEDAR_JSON_ARRAY, place),
                            *errors = needed(c, j, "errors", CEDAR_JSON_ARRAY, place);
    struct buf got = buf_new(c->a, 1u << 20);
    const char *what;

    if (decision == NULL || reason == NULL || errors == NULL)
        return false;
    if (!str_eq_case(decision->text, answer->decision == CEDAR_ALLOW ? S("allow") : S("deny")))
        what = "another decision";
    else if (!same_reasons(c, reason, answer))
        what = "other determining policies";
    else if (!same_errors(c, errors, answer))
        what = "other errors";
    else
        return true;
    cedar_answer_to_json(&got, answer);
    return wrong(c, arena_printf(c->a, "%s: %s", place, what).p, buf_str(&got));
}

static bool run_request(struct test_case *c, const struct cedar_json *j, size_t number)
{
    const struct cedar_json *validate = cedar_json_get(j, S("validateRequest"));
    bool validated = validate == NULL || validate->kind != CEDAR_JSON_BOOL || validate->boolean;
    struct cedar_diags d = cedar_diags_new(c->a, &c->source);
    struct cedar_request r;
    const char *place = arena_printf(c->a, "request %zu", number).p;

    if (c->policies == NULL)
        return wrong(c, "there are no policies to ask", str_of(place));
    if (!cedar_request_from_json(c->a, &d, j, c->schema, validated, &r))
        return wrong_diags(c, place, &d);
    struct cedar_answer answer = cedar_authorize(c->a, c->policies, c->entities, &r);
    return compare(c, j, place, &answer);
}

/* Older cases call them queries. */
static const struct cedar_json *requests_of(struct test_case *c)
{
    const struct cedar_json *queries = cedar_json_get(c->json, S("queries"));
    bool old = queries != NULL && queries->kind == CEDAR_JSON_ARRAY;

    return old ? queries : needed(c, c->json, "requests", CEDAR_JSON_ARRAY, "the case");
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
    if (c->json->kind != CEDAR_JSON_OBJECT)
        return wrong(c, "the case is no JSON object", (struct str){ NULL, 0 });
    find_root(c, file, root);
    should = needed(c, c->json, "shouldValidate", CEDAR_JSON_BOOL, "the case");
    requests = requests_of(c);
    if (should == NULL || requests == NULL)
        return false;
    ok = read_schema(c) && read_entities(c) && read_policies(c, should->boolean, requests->n);
    /* A wrong verdict of the validator does not keep the requests from being asked. */
    for (size_t i = 0; c->entities != NULL && i < requests->n; i++)
        ok = run_request(c, &requests->items[i], i) && ok;
    return ok;
}

int cedar_test_files(const char *const *files, size_t n, const char *root, enum cedar_ids ids)
{
    size_t passed = 0, failed = 0;

    for (size_t i = 0; i < n; i++) {
        struct arena *a = arena_new();
        struct test_case c = { .a = a, .ids = ids, .why = buf_new(a, 4096) };
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
