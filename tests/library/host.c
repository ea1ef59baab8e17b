/* SPDX-License-Identifier: EUPL-1.2
 * A host of libcedar outside of the tree: it includes the installed header and nothing of ours, and has functions of
 * its own with the names that the engine uses inside.  Prints what failed; exit status 0: nothing did.
 *   host            everything once; then with an allocator that fails at each call in turn; limits; misuse
 *   host exhausted  reads more than the process may have (run under ulimit -v) and lives */
#include <cedar.h>
#include <stdio.h>
#include <stdlib.h>

/* Names that libcedar must leave to its host. */
int eval(int x);
int take(int x);
int arena_new(int x);
int str_eq(int x);
int parse_expr(int x);
int cedar_policies_parse(int x);
int eval(int x)
{
    return x + 1;
}
int take(int x)
{
    return x + 2;
}
int arena_new(int x)
{
    return x + 3;
}
int str_eq(int x)
{
    return x + 4;
}
int parse_expr(int x)
{
    return x + 5;
}
int cedar_policies_parse(int x)
{
    return x + 6;
}

static int failures;
#define CHECK(what) ((what) ? (void)0 : (void)(failures++, printf("host.c:%d: not so: %s\n", __LINE__, #what)))

static const char schema_text[] =
    "entity Group; entity Person in [Group]; entity Book { secret: Bool, pages?: Long };\n"
    "action read appliesTo { principal: Person, resource: Book, context: { hour: Long } };\n";
static const char policy_text[] =
    "@id(\"teachers-read\") permit(principal in Group::\"teachers\", action == Action::\"read\", resource is Book)\n"
    "when { !resource.secret && context.hour < 20 };\n"
    "@id(\"mine\") permit(principal == ?principal, action, resource == ?resource);\n"
    "@id(\"thick\") forbid(principal, action, resource) when { resource has pages && resource.pages > 1000 };\n";
static const char entities_text[] =
    "[{\"uid\":{\"type\":\"Person\",\"id\":\"anna\"},\"attrs\":{},\"parents\":[{\"type\":\"Group\",\"id\":\"teachers\"}"
    "]},"
    "{\"uid\":{\"type\":\"Book\",\"id\":\"history\"},\"attrs\":{\"secret\":false},\"parents\":[]},"
    "{\"uid\":{\"type\":\"Book\",\"id\":\"diary\"},\"attrs\":{\"secret\":true,\"pages\":3},\"parents\":[]}]";

static struct cedar_name name(const char *type, const char *id)
{
    struct cedar_name n = { cedar_text(type), cedar_text(id) };
    return n;
}

/* ---- An allocator that counts, and fails when it is told to. */

struct counting {
    size_t calls, live, fail_at; /* fail_at 0: never */
};

static void *count_allocate(void *user, size_t n)
{
    struct counting *c = user;

    if (++c->calls == c->fail_at)
        return NULL;
    c->live++;
    return memset(malloc(n), 0xA5, n);
}

static void count_release(void *user, void *p)
{
    ((struct counting *)user)->live--;
    free(p);
}

/* ---- Everything once. */

#define STEP(call)                                                                                                     \
    do {                                                                                                               \
        enum cedar_status status_ = (call);                                                                            \
        if (status_ != CEDAR_OK)                                                                                       \
            return status_;                                                                                            \
    } while (0)

/* New snapshots of old ones, which stay as they are. */
static enum cedar_status changes(struct cedar_memory *m, const struct cedar_policies *policies,
                                 const struct cedar_entities *entities, const struct cedar_request *request)
{
    const struct cedar_policies *with, *changed;
    const struct cedar_entities *some, *moved;
    const struct cedar_answer *answer;
    struct cedar_str without[] = { cedar_text("diary"), cedar_text("none") };
    struct cedar_name gone[] = { name("Book", "history") };

    STEP(cedar_read_policies(m, cedar_text("more"),
                             cedar_text("@id(\"teachers-read\") forbid(principal, action, resource);\n"
                                        "@id(\"new\") permit(principal, action, resource);"),
                             CEDAR_IDS_BY_ANNOTATION, &with));
    STEP(cedar_change_policies(m, policies, with, without, 2, &changed));
    CHECK(cedar_policy_count(changed) == 3 && cedar_policy_count(policies) == 3);
    CHECK(cedar_policy_find(changed, without[0]) == NULL && cedar_policy_find(policies, without[0]) != NULL);
    STEP(cedar_decide(m, changed, entities, request, CEDAR_AS_DEFINED, &answer));
    CHECK(cedar_answer_decision(answer) == CEDAR_DENY);
    STEP(cedar_decide(m, policies, entities, request, CEDAR_AS_DEFINED, &answer));
    CHECK(cedar_answer_decision(answer) == CEDAR_ALLOW);

    STEP(cedar_read_entities(
        m, cedar_text("some"),
        cedar_text("[{\"uid\":{\"type\":\"Person\",\"id\":\"anna\"},\"attrs\":{},\"parents\":[]}]"), NULL, &some));
    STEP(cedar_change_entities(m, entities, some, gone, 1, &moved));
    CHECK(cedar_entity_count(moved) + 1 == cedar_entity_count(entities));
    STEP(cedar_decide(m, policies, moved, request, CEDAR_AS_DEFINED, &answer));
    CHECK(cedar_answer_decision(answer) == CEDAR_DENY); /* she is no teacher any more */
    STEP(cedar_decide(m, policies, entities, request, CEDAR_AS_DEFINED, &answer));
    CHECK(cedar_answer_decision(answer) == CEDAR_ALLOW);
    return CEDAR_OK;
}

/* What would have to be different. */
static enum cedar_status differences(struct cedar_memory *m, const struct cedar_policies *policies,
                                     const struct cedar_entities *entities, const struct cedar_request *request)
{
    struct cedar_difference d;
    const struct cedar_why *why;
    struct cedar_str json;

    STEP(cedar_explain(m, policies, entities, request, CEDAR_AS_DEFINED, 3, &why));
    CHECK(cedar_why_decision(why) == CEDAR_ALLOW && cedar_why_count(why) > 0 && cedar_why_concrete(why, 0));
    CHECK(cedar_why_difference_count(why, 0) > 0 && cedar_why_policy(why, 99) == NULL);
    if (!cedar_why_difference(m, why, 0, 0, &d))
        return CEDAR_NO_MEMORY; /* it was there */
    CHECK(d.policy != NULL && d.text.n > 0 && strcmp(cedar_difference_name(d.kind), "none") != 0);
    CHECK(strcmp(cedar_part_name(d.part), "unknown") != 0);
    CHECK(!cedar_why_difference(m, why, 99, 0, &d) && d.policy == NULL);
    STEP(cedar_write_why_json(m, why, &json));
    CHECK(strstr(json.p, "\"alternatives\"") != NULL);
    return CEDAR_OK;
}

/* Something is not known yet; and what a decision looks at. */
static enum cedar_status parts(struct cedar_memory *m, const struct cedar_policies *policies,
                               const struct cedar_entities *entities, const struct cedar_request *request)
{
    const struct cedar_policies *remaining;
    const struct cedar_entities *slice;
    const struct cedar_answer *answer;
    enum cedar_partial_decision decision;

    STEP(cedar_decide_partial(m, policies, entities, request, CEDAR_UNKNOWN_RESOURCE, &decision, &remaining));
    CHECK(decision == CEDAR_PARTIAL_OPEN && cedar_policy_count(remaining) == 3);
    STEP(cedar_decide(m, remaining, entities, request, CEDAR_AS_DEFINED, &answer));
    CHECK(cedar_answer_decision(answer) == CEDAR_ALLOW);
    STEP(cedar_decide_partial(m, policies, entities, request, 0, &decision, &remaining));
    CHECK(decision == CEDAR_PARTIAL_ALLOW);
    STEP(cedar_slice_entities(m, policies, entities, request, &slice));
    CHECK(cedar_entity_count(slice) == 3 && cedar_entity_count(slice) < cedar_entity_count(entities));
    STEP(cedar_decide(m, policies, slice, request, CEDAR_AS_DEFINED, &answer));
    CHECK(cedar_answer_decision(answer) == CEDAR_ALLOW);
    return CEDAR_OK;
}

static enum cedar_status everything(struct cedar_memory *m)
{
    const struct cedar_schema *schema;
    const struct cedar_policies *policies, *linked, *again;
    const struct cedar_entities *entities;
    const struct cedar_request *request;
    const struct cedar_answer *answer;
    struct cedar_template_link link = { cedar_text("diary"), cedar_text("mine"), name("Person", "anna"),
                                        name("Book", "diary") };
    struct cedar_name books[] = { name("Book", "history"), name("Book", "diary"), name("Book", "none") };
    enum cedar_decision each[3];
    struct cedar_str text;

    STEP(cedar_read_schema(m, cedar_text("school.cedarschema"), cedar_text(schema_text), &schema));
    STEP(cedar_read_policies(m, cedar_text("school.cedar"), cedar_text(policy_text), CEDAR_IDS_BY_ANNOTATION,
                             &policies));
    STEP(cedar_validate(m, policies, schema, CEDAR_STRICT));
    STEP(cedar_validate_at_level(m, policies, schema, CEDAR_STRICT, 1));
    STEP(cedar_link_templates(m, policies, &link, 1, &linked));
    CHECK(cedar_policy_count(linked) == 3 && cedar_template_count(linked) == 1);
    STEP(cedar_read_entities(m, cedar_text("entities.json"), cedar_text(entities_text), schema, &entities));
    STEP(cedar_make_request(m, name("Person", "anna"), name("Action", "read"), name("Book", "history"),
                            cedar_text("{\"hour\": 9}"), schema, &request));
    STEP(cedar_decide(m, linked, entities, request, CEDAR_AS_DEFINED, &answer));
    CHECK(cedar_answer_decision(answer) == CEDAR_ALLOW && cedar_answer_reason_count(answer) == 1);
    CHECK(strncmp(cedar_policy_id(cedar_answer_reason(answer, 0)).p, "teachers-read", 13) == 0);
    STEP(cedar_write_answer_json(m, answer, &text));
    CHECK(strcmp(text.p, "{\"decision\":\"allow\",\"reason\":[\"teachers-read\"],\"errors\":[]}") == 0);
    STEP(cedar_decide_each(m, linked, entities, request, books, 3, each));
    CHECK(each[0] == CEDAR_ALLOW && each[1] == CEDAR_ALLOW && each[2] == CEDAR_DENY);
    STEP(cedar_write_policies_json(m, policies, &text));
    STEP(cedar_read_policies_json(m, cedar_text("again"), text, &again));
    CHECK(cedar_policy_count(again) == 2 && cedar_policy_find(again, cedar_text("thick")) != NULL);
    STEP(cedar_format_policies(m, cedar_text("f"), cedar_text(policy_text), &text));
    STEP(cedar_write_schema(m, schema, &text));
    STEP(cedar_read_schema(m, cedar_text("again"), text, &schema));
    STEP(cedar_write_schema_json(m, schema, &text));
    STEP(cedar_read_schema_json(m, cedar_text("again"), text, &schema));
    STEP(changes(m, linked, entities, request));
    STEP(parts(m, linked, entities, request));
    STEP(differences(m, linked, entities, request));
    STEP(cedar_write_entities_json(m, entities, &text));
    STEP(cedar_read_entities(m, cedar_text("again"), text, schema, &entities));
    return CEDAR_OK;
}

/* Wrong input is told the same way however little memory there is. */
static enum cedar_status a_mistake(struct cedar_memory *m)
{
    const struct cedar_policies *policies;
    struct cedar_finding f;
    enum cedar_status status = cedar_read_policies(
        m, cedar_text("wrong.cedar"), cedar_text("permit(principle, action);"), CEDAR_IDS_BY_POSITION, &policies);

    CHECK(policies == NULL && status != CEDAR_OK);
    CHECK((status == CEDAR_REFUSED) == cedar_finding_at(m, 0, &f));
    if (status == CEDAR_REFUSED)
        CHECK(f.line == 1 && f.column == 8 && strncmp(f.expected.p, "`principal`", 11) == 0);
    (void)cedar_findings_text(m);
    struct cedar_str json = cedar_findings_json(m);
    if (status == CEDAR_REFUSED)
        CHECK(f.code == CEDAR_FINDING_SYNTAX && (json.n == 0 || strstr(json.p, "\"code\":\"syntax\"") != NULL));
    CHECK(strcmp(cedar_finding_code_name(f.code), f.code == CEDAR_FINDING_NONE ? "none" : "syntax") == 0);
    CHECK(cedar_finding_code_meaning(f.code)[0] != '\0');
    return status == CEDAR_REFUSED ? CEDAR_OK : status;
}

static void fails_at_each_call(enum cedar_status (*what)(struct cedar_memory *))
{
    struct counting c = { 0, 0, 0 };
    struct cedar_allocator allocator = { count_allocate, count_release, &c };
    enum cedar_status status = CEDAR_NO_MEMORY;
    size_t tried = 0;

    for (size_t at = 1; status != CEDAR_OK && at < 10000; at++) {
        c.calls = 0;
        c.fail_at = at;
        struct cedar_memory *m = cedar_memory_new(&allocator);
        status = m != NULL ? what(m) : CEDAR_NO_MEMORY;
        CHECK(status == CEDAR_OK || status == CEDAR_NO_MEMORY);
        c.fail_at = 0;
        if (m != NULL && status != CEDAR_OK)
            CHECK(what(m) == CEDAR_OK); /* what failed once works with the same memory */
        cedar_memory_free(m);
        CHECK(c.live == 0);
        tried++;
    }
    CHECK(status == CEDAR_OK && tried > 3);
}

/* ---- Limits. */

static char *many(const char *line, size_t n)
{
    size_t length = strlen(line);
    char *all = malloc(length * n + 1);

    for (size_t i = 0; all != NULL && i < n; i++)
        memcpy(all + i * length, line, length);
    if (all != NULL)
        all[length * n] = '\0';
    return all;
}

static bool stop_at_third(void *user, uint64_t steps)
{
    return steps == 0 || ++*(int *)user < 3;
}

static void limits(void)
{
    struct cedar_memory *m = cedar_memory_new(NULL);
    const struct cedar_policies *policies;
    char *text = many("permit(principal == U::\"a\", action, resource) when { 1 + 1 == context.x };\n", 20000);
    int asked = 0;
    struct cedar_limits few_bytes = { 100000, 0, NULL, NULL }, few_steps = { 0, 1000, NULL, NULL },
                        stopping = { 0, 0, stop_at_third, &asked };

    cedar_memory_limit(m, &few_bytes);
    CHECK(cedar_read_policies(m, cedar_text("p"), cedar_text(text), CEDAR_IDS_BY_POSITION, &policies) ==
          CEDAR_MEMORY_LIMIT);
    CHECK(policies == NULL && cedar_memory_used(m) < 200000);
    cedar_memory_limit(m, &few_steps);
    CHECK(cedar_read_policies(m, cedar_text("p"), cedar_text(text), CEDAR_IDS_BY_POSITION, &policies) ==
          CEDAR_STEP_LIMIT);
    CHECK(cedar_read_policies(m, cedar_text("p"), cedar_text("permit(principal, action, resource);"),
                              CEDAR_IDS_BY_POSITION, &policies) == CEDAR_OK);
    cedar_memory_limit(m, NULL);
    CHECK(cedar_read_policies(m, cedar_text("p"), cedar_text(text), CEDAR_IDS_BY_POSITION, &policies) == CEDAR_OK);
    CHECK(cedar_policy_count(policies) == 20000);

    /* A whole validation, not each policy. */
    const struct cedar_schema *schema;
    CHECK(cedar_read_schema(
              m, cedar_text("s"),
              cedar_text("entity U; action a appliesTo { principal: U, resource: U, context: { x: Long } };"),
              &schema) == CEDAR_OK);
    CHECK(cedar_validate(m, policies, schema, CEDAR_STRICT) == CEDAR_OK);
    struct cedar_limits one_policy = { 0, 5000, NULL, NULL };
    cedar_memory_limit(m, &one_policy);
    CHECK(cedar_validate(m, policies, schema, CEDAR_STRICT) == CEDAR_STEP_LIMIT);
    cedar_memory_limit(m, &stopping);
    CHECK(cedar_validate(m, policies, schema, CEDAR_STRICT) == CEDAR_CANCELLED && asked == 3);
    cedar_memory_free(m);
    free(text);
}

/* ---- A host that is wrong. */

static struct cedar_memory *inside;
static bool use_it_inside(void *user, uint64_t steps)
{
    const struct cedar_policies *p;

    (void)steps;
    *(enum cedar_status *)user =
        cedar_read_policies(inside, cedar_text("p"), cedar_text(""), CEDAR_IDS_BY_POSITION, &p);
    return true;
}

static void misuse(void)
{
    struct cedar_memory *m = cedar_memory_new(NULL);
    const struct cedar_policies *p;
    const struct cedar_answer *answer;
    const struct cedar_why *why;
    enum cedar_status status = CEDAR_OK;
    struct cedar_limits limits = { 0, 0, use_it_inside, &status };

    CHECK(cedar_read_policies(NULL, cedar_text("p"), cedar_text(""), CEDAR_IDS_BY_POSITION, &p) == CEDAR_MISUSE);
    CHECK(cedar_read_policies(m, cedar_text("p"), cedar_text(""), CEDAR_IDS_BY_POSITION, NULL) == CEDAR_MISUSE);
    CHECK(cedar_decide(m, NULL, NULL, NULL, CEDAR_CLOSED, &answer) == CEDAR_MISUSE && answer == NULL);
    CHECK(cedar_explain(m, NULL, NULL, NULL, CEDAR_CLOSED, 1, &why) == CEDAR_MISUSE && why == NULL);
    CHECK(cedar_answer_decision(NULL) == CEDAR_DENY && cedar_policy_get(NULL, 0) == NULL);
    inside = m;
    cedar_memory_limit(m, &limits);
    CHECK(cedar_read_policies(m, cedar_text("p"), cedar_text("permit(principal, action, resource);"),
                              CEDAR_IDS_BY_POSITION, &p) == CEDAR_OK);
    CHECK(status == CEDAR_MISUSE);
    cedar_memory_free(m);
    cedar_memory_free(NULL);
    CHECK(strcmp(cedar_status_text(CEDAR_STEP_LIMIT), "step-limit") == 0);
}

static int exhausted(void)
{
    struct cedar_memory *m = cedar_memory_new(NULL);
    const struct cedar_policies *p;
    char *text = many("permit(principal == U::\"a\", action, resource) when { 1 + 1 == context.x };\n", 200000);

    if (m == NULL || text == NULL)
        return 2;
    CHECK(cedar_read_policies(m, cedar_text("p"), cedar_text(text), CEDAR_IDS_BY_POSITION, &p) == CEDAR_NO_MEMORY);
    cedar_memory_reset(m);
    CHECK(everything(m) == CEDAR_OK);
    cedar_memory_free(m);
    free(text);
    return failures != 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "exhausted") == 0)
        return exhausted();
    CHECK(eval(0) + take(0) + arena_new(0) + str_eq(0) + parse_expr(0) + cedar_policies_parse(0) == 21);
    CHECK(strcmp(cedar_version(), argc > 1 ? argv[1] : cedar_version()) == 0);
    fails_at_each_call(everything);
    fails_at_each_call(a_mistake);
    limits();
    misuse();
    printf("host: %s\n", failures == 0 ? "all is well" : "something failed");
    return failures != 0;
}
