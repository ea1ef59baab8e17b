/* SPDX-License-Identifier: EUPL-1.2
 * Answers of libcedar, for whoever compares them: reads cases from standard input and prints a line of JSON for each.
 * A case is four texts (schema, policies, entities, request), each a line with its length in bytes and then the bytes.
 * {"policies": true, "valid": true, "decision": "allow", "reason": […], "errors": […]}, as far as it gets; with the
 * word `why` as its argument, instead what would have to be different: {"decision": …, "alternatives": […]}; with
 * `warnings`, of cases of two texts (schema, policies), the codes of what validation finds.
 */
#include <cedar.h>
#include <stdio.h>
#include <stdlib.h>

static bool next_text(struct cedar_str *out)
{
    size_t n;
    char *text;

    if (scanf("%zu", &n) != 1 || getchar() != '\n' || (text = malloc(n + 1)) == NULL)
        return false;
    *out = (struct cedar_str){ text, n };
    return fread(text, 1, n, stdin) == n;
}

static void why(struct cedar_memory *m, const struct cedar_policies *policies, const struct cedar_entities *entities,
                const struct cedar_request *request)
{
    const struct cedar_why *told;
    struct cedar_str json;

    if (cedar_explain(m, policies, entities, request, CEDAR_AS_DEFINED, 4, &told) == CEDAR_OK &&
        cedar_write_why_json(m, told, &json) == CEDAR_OK)
        printf("%s\n", json.p);
    else
        printf("{}\n");
}

static void answer(struct cedar_memory *m, const struct cedar_str texts[4], bool asks_why)
{
    const struct cedar_schema *schema;
    const struct cedar_policies *policies;
    const struct cedar_entities *entities;
    const struct cedar_request *request;
    const struct cedar_answer *said;
    struct cedar_str json;

    if (cedar_read_schema(m, cedar_text("schema"), texts[0], &schema) != CEDAR_OK) {
        printf("{\"schema\":false}\n");
        return;
    }
    if (cedar_read_policies(m, cedar_text("policies"), texts[1], CEDAR_IDS_BY_POSITION, &policies) != CEDAR_OK) {
        printf("{\"policies\":false}\n");
        return;
    }
    if (asks_why && cedar_read_entities(m, cedar_text("entities"), texts[2], NULL, &entities) == CEDAR_OK &&
        cedar_read_request(m, cedar_text("request"), texts[3], NULL, &request) == CEDAR_OK) {
        why(m, policies, entities, request);
        return;
    }
    bool valid = cedar_validate(m, policies, schema, CEDAR_STRICT) == CEDAR_OK;
    if (cedar_read_entities(m, cedar_text("entities"), texts[2], NULL, &entities) != CEDAR_OK ||
        cedar_read_request(m, cedar_text("request"), texts[3], NULL, &request) != CEDAR_OK ||
        cedar_decide(m, policies, entities, request, CEDAR_AS_DEFINED, &said) != CEDAR_OK ||
        cedar_write_answer_json(m, said, &json) != CEDAR_OK) {
        printf("{\"policies\":true,\"valid\":%s}\n", valid ? "true" : "false");
        return;
    }
    printf("{\"policies\":true,\"valid\":%s,%s\n", valid ? "true" : "false", json.p + 1);
}

static void print_codes(struct cedar_memory *m, const struct cedar_str texts[4])
{
    const struct cedar_schema *schema;
    const struct cedar_policies *policies;
    struct cedar_finding f;

    if (cedar_read_schema(m, cedar_text("schema"), texts[0], &schema) == CEDAR_OK &&
        cedar_read_policies(m, cedar_text("policies"), texts[1], CEDAR_IDS_BY_POSITION, &policies) == CEDAR_OK)
        (void)cedar_validate(m, policies, schema, CEDAR_STRICT);
    for (size_t i = 0; cedar_finding_at(m, i, &f); i++)
        printf("%s%s", i > 0 ? " " : "", cedar_finding_code_name(f.code));
    printf("\n");
}

static void answer_all(struct cedar_memory *m, const char *word)
{
    bool two = strcmp(word, "warnings") == 0;
    struct cedar_str texts[4] = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };

    while (next_text(&texts[0]) && next_text(&texts[1]) && (two || (next_text(&texts[2]) && next_text(&texts[3])))) {
        if (two)
            print_codes(m, texts);
        else
            answer(m, texts, strcmp(word, "why") == 0);
        cedar_memory_reset(m);
        for (int i = 0; i < 4; i++)
            free((void *)texts[i].p);
    }
}

int main(int argc, char **argv)
{
    struct cedar_memory *m = cedar_memory_new(NULL);

    if (m != NULL)
        answer_all(m, argc > 1 ? argv[1] : "");
    cedar_memory_free(m);
    return 0;
}
