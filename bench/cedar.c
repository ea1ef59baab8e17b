/* SPDX-License-Identifier: EUPL-1.2
 * bench/cedar.c: what one Cedar decision costs, in CPU time of this process.
 *
 *   bench_cedar ROOT [CASE.json...]      cases in the format of the public integration tests, below ROOT
 *
 * Each way of asking is repeated until the clock's own cost disappears; the figure of one request is the mean of its
 * repetitions, and the line says the median and the 95th percentile over all requests, in nanoseconds, as JSON.
 *   resident    policies, entities and request are there
 *   slice       the store is made of the entities, then the decision
 *   prepared    policies and schema are there; entities and request come as JSON, the answer goes out as JSON
 *   text        policies and schema come as text, too
 */
#include "policy/cedar/engine.h"
#include "policy/cedar/json_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WAYS = 4, REQUESTS_MAX = 200000, ROLES = 1000, RESOURCES = 500 };
static const char *const way_names[WAYS] = { "resident", "slice", "prepared", "text" };
static const int repetitions[WAYS] = { 256, 64, 8, 2 };

/* One request with everything that it needs, as text and as values. */
struct job {
    struct arena *arena; /* of what stays */
    struct arena *work;  /* of one repetition */
    struct cedar_source policies_text, schema_text, entities_text, request_text;
    const struct cedar_policies *policies;
    const struct cedar_schema *schema;
    const struct cedar_entities *entities;
    struct cedar_request request;
};

struct figures {
    uint64_t *ns[WAYS];
    size_t n;
};

static uint64_t cpu_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct cedar_source read_file(struct arena *a, struct str path)
{
    FILE *f = fopen(arena_cstr(a, path), "rb");
    struct buf b = buf_new(a, CEDAR_TEXT_MAX_B);
    char part[65536];

    for (size_t n; f != NULL && (n = fread(part, 1, sizeof part, f)) > 0;)
        buf_add(&b, str_n(part, n));
    if (f != NULL)
        (void)fclose(f);
    return (struct cedar_source){ path, buf_str(&b) };
}

static void give_up(const struct cedar_diags *d)
{
    struct str text = cedar_diags_text(d->arena, d);

    (void)fprintf(stderr, "%.*s", STR_ARG(text));
    exit(1);
}

/* Ways ------------------------------------------------------------------------ */

static void ask_resident(struct job *j)
{
    (void)cedar_authorize(j->work, j->policies, j->entities, &j->request);
}

static void ask_slice(struct job *j)
{
    struct cedar_diags d = cedar_diags_new(j->work, NULL);
    struct cedar_entity **list = arena_make_n(j->work, j->entities->n, struct cedar_entity *);
    struct cedar_entity *copies = arena_make_n(j->work, j->entities->n, struct cedar_entity);

    for (size_t i = 0; i < j->entities->n; i++) {
        copies[i] = *j->entities->items[i];
        list[i] = &copies[i];
    }
    (void)cedar_authorize(j->work, j->policies, cedar_entities_of(j->work, list, j->entities->n, &d), &j->request);
}

static void answer_json(struct job *j, const struct cedar_policies *p, const struct cedar_schema *s)
{
    struct cedar_diags of_entities = cedar_diags_new(j->work, &j->entities_text),
                       of_request = cedar_diags_new(j->work, &j->request_text);
    const struct cedar_entities *e = cedar_entities_parse(j->work, &of_entities, s);
    struct buf out = buf_new(j->work, 1 << 20);
    struct cedar_request r;

    if (e == NULL)
        give_up(&of_entities);
    if (!cedar_request_parse(j->work, &of_request, s, &r))
        give_up(&of_request);
    struct cedar_answer answer = cedar_authorize(j->work, p, e, &r);
    cedar_answer_to_json(&out, &answer);
}

static void ask_prepared(struct job *j)
{
    answer_json(j, j->policies, j->schema);
}

static void ask_text(struct job *j)
{
    struct cedar_diags of_schema = cedar_diags_new(j->work, &j->schema_text),
                       of_policies = cedar_diags_new(j->work, &j->policies_text);
    const struct cedar_schema *s = cedar_schema_parse_text(j->work, &of_schema);

    answer_json(j, cedar_policies_parse(j->work, &of_policies, CEDAR_IDS_BY_POSITION), s);
}

static void measure(struct job *j, struct figures *out)
{
    static void (*const ways[WAYS])(struct job *) = { ask_resident, ask_slice, ask_prepared, ask_text };

    if (out->n == REQUESTS_MAX)
        return;
    for (int way = 0; way < WAYS; way++) {
        ways[way](j); /* once for the caches */
        arena_reset(j->work);
        uint64_t from = cpu_ns();
        for (int i = 0; i < repetitions[way]; i++) {
            ways[way](j);
            arena_reset(j->work);
        }
        out->ns[way][out->n] = (cpu_ns() - from) / (uint64_t)repetitions[way];
    }
    out->n++;
}

static void prepare(struct job *j)
{
    struct cedar_diags schema = cedar_diags_new(j->arena, &j->schema_text),
                       policies = cedar_diags_new(j->arena, &j->policies_text),
                       entities = cedar_diags_new(j->arena, &j->entities_text);

    j->schema = cedar_schema_parse_text(j->arena, &schema);
    j->policies = cedar_policies_parse(j->arena, &policies, CEDAR_IDS_BY_POSITION);
    if (j->schema == NULL)
        give_up(&schema);
    if (j->policies == NULL)
        give_up(&policies);
    j->entities = cedar_entities_parse(j->arena, &entities, j->schema);
    if (j->entities == NULL)
        give_up(&entities);
}

static void take_request(struct job *j, struct str json)
{
    j->request_text = (struct cedar_source){ S("request"), json };
    struct cedar_diags d = cedar_diags_new(j->arena, &j->request_text);
    if (!cedar_request_parse(j->arena, &d, j->schema, &j->request))
        give_up(&d);
}

/* The corpus ------------------------------------------------------------------- */

/* The four members of a case's request, as a request of their own. */
static struct str request_json(struct arena *a, const struct cedar_json *r, struct str text)
{
    static const char *const parts[] = { "principal", "action", "resource", "context" };
    struct buf b = buf_new(a, CEDAR_TEXT_MAX_B);

    for (size_t i = 0; i < 4; i++) {
        const struct cedar_json *v = cedar_json_get(r, str_of(parts[i]));
        buf_printf(&b, "%s\"%s\":", i == 0 ? "{" : ",", parts[i]);
        buf_add(&b, v == NULL ? S("{}") : str_sub(text, v->span.at, v->span.end - v->span.at));
    }
    buf_byte(&b, '}');
    return buf_str(&b);
}

static void measure_case(const char *root, const char *file, struct arena *work, struct figures *out)
{
    struct job j = { .arena = arena_new(), .work = work };
    struct cedar_source text = read_file(j.arena, str_of(file));
    struct cedar_diags d = cedar_diags_new(j.arena, &text);
    const struct cedar_json *of = cedar_json_parse(&d), *requests = cedar_json_get(of, S("requests"));

    if (of == NULL)
        give_up(&d);
    struct cedar_source *const sources[] = { &j.policies_text, &j.schema_text, &j.entities_text };
    static const char *const names[] = { "policies", "schema", "entities" };
    for (size_t i = 0; i < 3; i++) {
        struct str path = cedar_json_text(of, str_of(names[i]));
        *sources[i] = read_file(j.arena, arena_printf(j.arena, "%s/%.*s", root, STR_ARG(path)));
    }
    prepare(&j);
    for (size_t i = 0; requests != NULL && i < requests->n; i++) {
        take_request(&j, request_json(j.arena, &requests->items[i], text.text));
        measure(&j, out);
    }
    arena_free(j.arena);
}

/* A thousand roles ---------------------------------------------------------------- */

/* Role r may open services of group r, by day; the person asked for has five roles. */
static void thousand_roles(struct job *j)
{
    struct buf policies = buf_new(j->arena, 1 << 22), entities = buf_new(j->arena, 1 << 22);

    for (int i = 0; i < ROLES; i++)
        buf_printf(&policies,
                   "permit(principal in Role::\"r%d\", action == Action::\"open\", resource in Group::\"g%d\")\n"
                   "when { context.hour >= 6 && principal.level > 0 };\n",
                   i, i % 50);
    buf_add(&entities, S("[{\"uid\":{\"type\":\"Person\",\"id\":\"anna\"},\"attrs\":{\"level\":2},\"parents\":["));
    for (int i = 0; i < 5; i++)
        buf_printf(&entities, "%s{\"type\":\"Role\",\"id\":\"r%d\"}", i == 0 ? "" : ",", 7 + 200 * i);
    buf_add(&entities, S("]},{\"uid\":{\"type\":\"Service\",\"id\":\"s\"},\"attrs\":{},\"parents\":["
                         "{\"type\":\"Group\",\"id\":\"g7\"}]}]"));
    j->schema_text = (struct cedar_source){
        S("schema"), S("entity Role, Group; entity Person in [Role] { level: Long }; entity Service in [Group];"
                       "action open appliesTo { principal: Person, resource: Service, context: { hour: Long } };")
    };
    j->policies_text = (struct cedar_source){ S("policies"), buf_str(&policies) };
    j->entities_text = (struct cedar_source){ S("entities"), buf_str(&entities) };
    prepare(j);
    take_request(
        j, S("{\"principal\":{\"type\":\"Person\",\"id\":\"anna\"},\"action\":{\"type\":\"Action\",\"id\":\"open\"},"
             "\"resource\":{\"type\":\"Service\",\"id\":\"s\"},\"context\":{\"hour\":9}}"));
}

/* The same for a peer: its input as one JSON object. */
static void print_roles(struct job *j)
{
    struct buf b = buf_new(j->arena, 1 << 24);

    buf_add(&b, S("{\"policies\":"));
    cedar_json_quote(&b, j->policies_text.text);
    buf_add(&b, S(",\"schema\":"));
    cedar_json_quote(&b, j->schema_text.text);
    buf_add(&b, S(",\"entities\":"));
    buf_add(&b, j->entities_text.text);
    buf_add(&b, S(",\"request\":"));
    buf_add(&b, j->request_text.text);
    buf_add(&b, S("}\n"));
    (void)fwrite(b.p, 1, b.n, stdout);
}

/* Policies that say everything in `when` -------------------------------------------- */

/* Role r of school s may open what is the school's: 20 roles, n / 20 schools; every tenth reads its role as a group,
 * every tenth a set of schools. */
static void when_policies(struct job *j, int n)
{
    struct buf policies = buf_new(j->arena, 1 << 26);

    for (int i = 0; i < n; i++) {
        int role = i % 20, school = i / 20;
        buf_add(&policies, S("permit(principal, action, resource) when { "));
        if (i % 10 == 3)
            buf_printf(&policies, "principal in Role::\"r%d\" && resource.school == School::\"s%d\"", role, school);
        else if (i % 10 == 7)
            buf_printf(&policies, "resource has schools && resource.schools.contains(School::\"s%d\")", school);
        else
            buf_printf(&policies, "principal.role == \"r%d\" && resource.school == School::\"s%d\"", role, school);
        buf_add(&policies, S(" && context.hour >= 6 };\n"));
    }
    j->schema_text = (struct cedar_source){
        S("schema"), S("entity Role, School; entity Person in [Role] { role: String };"
                       "entity Service { school: School, schools?: Set<School> };"
                       "action open appliesTo { principal: Person, resource: Service, context: { hour: Long } };")
    };
    j->policies_text = (struct cedar_source){ S("policies"), buf_str(&policies) };
    struct buf entities = buf_new(j->arena, 1 << 24);
    buf_add(&entities, S("[{\"uid\":{\"type\":\"Person\",\"id\":\"anna\"},\"attrs\":{\"role\":\"r3\"},\"parents\":["
                         "{\"type\":\"Role\",\"id\":\"r3\"}]}"));
    for (int i = 0; i < RESOURCES; i++)
        buf_printf(&entities,
                   ",{\"uid\":{\"type\":\"Service\",\"id\":\"s%d\"},\"attrs\":{\"school\":{\"type\":\"School\",\"id\":"
                   "\"s%d\"},"
                   "\"schools\":[{\"type\":\"School\",\"id\":\"s%d\"}]},\"parents\":[]}",
                   i, i % (n / 20), (i + 1) % (n / 20));
    buf_byte(&entities, ']');
    j->entities_text = (struct cedar_source){ S("entities"), buf_str(&entities) };
    prepare(j);
    take_request(
        j, S("{\"principal\":{\"type\":\"Person\",\"id\":\"anna\"},\"action\":{\"type\":\"Action\",\"id\":\"open\"},"
             "\"resource\":{\"type\":\"Service\",\"id\":\"s7\"},\"context\":{\"hour\":9}}"));
}

/* The least of several runs, so that what else the machine does counts for little. */
static uint64_t least(uint64_t so_far, uint64_t ns)
{
    return ns < so_far ? ns : so_far;
}

/* n resources one by one, or at once. */
static uint64_t measure_resources(struct job *j, const struct cedar_uid *resources, size_t n, bool at_once)
{
    enum cedar_decision *out = arena_make_n(j->arena, n, enum cedar_decision);
    uint64_t best = UINT64_MAX;

    for (int i = 0; i < 30; i++, arena_reset(j->work)) {
        struct cedar_request r = j->request;
        uint64_t from = cpu_ns();
        if (at_once)
            cedar_authorize_each(j->work, j->policies, j->entities, &r, resources, n, out);
        for (size_t k = 0; !at_once && k < n; k++) {
            r.resource = resources[k];
            out[k] = cedar_authorize_closed(j->work, j->policies, j->entities, &r).decision;
        }
        best = least(best, cpu_ns() - from);
    }
    return best / n;
}

static void measure_when(struct arena *work, int n)
{
    enum { TIMES = 100 };
    struct job j = { .arena = arena_new(), .work = work };
    uint64_t best = UINT64_MAX;
    struct cedar_uid *resources;

    when_policies(&j, n);
    resources = arena_make_n(j.arena, RESOURCES, struct cedar_uid);
    for (int i = 0; i < RESOURCES; i++)
        resources[i] = cedar_uid_make(S("Service"), arena_printf(j.arena, "s%d", i));
    for (int run = 0; run < 30; run++) {
        uint64_t from = cpu_ns();
        for (int i = 0; i < TIMES; i++, arena_reset(work))
            ask_resident(&j);
        best = least(best, cpu_ns() - from);
    }
    (void)printf("{\"set\":\"when %d\",\"resident_ns\":%llu}\n", n, (unsigned long long)best / TIMES);
    for (size_t k = 1; k <= RESOURCES; k = k * 10 / 3 + 1)
        (void)printf("{\"set\":\"when %d\",\"resources\":%zu,\"one_by_one_ns\":%llu,\"at_once_ns\":%llu}\n", n, k,
                     (unsigned long long)measure_resources(&j, resources, k, false),
                     (unsigned long long)measure_resources(&j, resources, k, true));
    arena_free(j.arena);
}

/* How fast policies are read from JSON, and what of it stays. */
static void measure_json(const struct cedar_policies *policies, int times)
{
    struct arena *a = arena_new(), *work = arena_new();
    struct buf json = buf_new(a, 1 << 26);

    cedar_policies_to_json(&json, policies);
    struct cedar_source source = { S("policies"), buf_str(&json) };
    uint64_t best = UINT64_MAX;
    size_t kept = 0;
    for (int i = 0; i < times; i++, arena_reset(work)) {
        struct cedar_diags d = cedar_diags_new(work, &source);
        uint64_t from = cpu_ns();
        if (cedar_policies_from_json(work, &d) == NULL)
            give_up(&d);
        best = least(best, cpu_ns() - from);
        kept = arena_used(work);
    }
    (void)printf("{\"set\":\"policies as JSON\",\"MB_per_s\":%llu,\"bytes\":%zu,\"kept\":%zu}\n",
                 (unsigned long long)(json.n * 1000 / best), json.n, kept);
    arena_free(work);
    arena_free(a);
}

/* The same of a set of some 49 MB. */
static void measure_large_json(struct arena *work)
{
    struct job j = { .arena = arena_new(), .work = work };

    when_policies(&j, 100000);
    measure_json(j.policies, 5);
    arena_free(j.arena);
}

/* Output ---------------------------------------------------------------------------- */

static int by_size(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

    return (a > b) - (a < b);
}

static void print_figures(const char *set, struct figures *f)
{
    for (int way = 0; way < WAYS && f->n > 0; way++) {
        qsort(f->ns[way], f->n, sizeof *f->ns[way], by_size);
        (void)printf("{\"set\":\"%s\",\"way\":\"%s\",\"requests\":%zu,\"median_ns\":%llu,\"p95_ns\":%llu}\n", set,
                     way_names[way], f->n, (unsigned long long)f->ns[way][f->n / 2],
                     (unsigned long long)f->ns[way][f->n * 95 / 100]);
    }
    f->n = 0;
}

int main(int argc, char **argv)
{
    struct arena *a = arena_new(), *work = arena_new();
    struct job roles = { .arena = a, .work = work };
    struct figures f = { .n = 0 };

    for (int way = 0; way < WAYS; way++)
        f.ns[way] = arena_make_n(a, REQUESTS_MAX, uint64_t);
    thousand_roles(&roles);
    if (argc == 2 && str_eq(str_of(argv[1]), S("--roles-as-json"))) {
        print_roles(&roles);
    } else {
        for (int i = 2; i < argc; i++)
            measure_case(argv[1], argv[i], work, &f);
        print_figures("corpus", &f);
        for (int i = 0; i < 20; i++)
            measure(&roles, &f);
        print_figures("roles", &f);
        measure_json(roles.policies, 50);
        measure_large_json(work);
        measure_when(work, 1000);
        measure_when(work, 10000);
    }
    arena_free(work);
    arena_free(a);
    return 0;
}
