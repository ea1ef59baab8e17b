/* SPDX-License-Identifier: EUPL-1.2
 * Decisions in CPU time: one, all services at once, the rights in the console, reasons, a preview, and what a draft
 * that runs in shadow adds to a decision and to a page.
 *   bench_policy [POLICIES [SERVICES [PEOPLE]]]
 */
#include "policy/impact.h"
#include "policy/may.h"
#include "policy/reasons.h"
#include "registry/shadow_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { NOW_S = 1795413840, LEAST_NS = 200000000, SCHOOLS = 40, SORTS = 6000 };

static uint64_t cpu_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct circumstances now = { .now_s = NOW_S };

/* What a city of 40 schools says: a third by role alone, the rest with classes, groups, hours or devices. */
static struct str text_of(struct arena *a, size_t i, size_t services, bool with_windows)
{
    static const char *const whens[] = {
        "principal in Role::\"learner\"",
        "principal in Role::\"teacher\"",
        "principal in [Role::\"learner\", Role::\"teacher\"]",
        "principal in Role::\"learner\" && principal has classLevel && principal.classLevel >= 7",
        "principal in Role::\"learner\" && principal has classLevel && principal.classLevel <= 6",
        "principal in Role::\"teacher\" && context.device == Device::\"own\"",
        "principal in Role::\"learner\" && [1, 2, 3, 4, 5].contains(context.weekday)",
        "principal in Role::\"learner\" && context.minute >= 480 && context.minute < 960",
        "principal in Group::\"city/10001/7B\"",
    };
    /* The same with the calendar, networks and exams in the place of classes and hours. */
    static const char *const windows[] = {
        "principal in Role::\"learner\"",
        "principal in Role::\"teacher\"",
        "principal in [Role::\"learner\", Role::\"teacher\"]",
        "principal in Role::\"learner\" && context has term && context.term == Term::\"schoolDay\"",
        "principal in Role::\"learner\" && context has term && context.term == Term::\"holiday\"",
        "principal in Role::\"learner\" && context has network && context.network == Network::\"n1\"",
        "principal in Role::\"learner\" && context has network",
        "principal in Role::\"learner\" && !(context has exam)",
        "principal in Role::\"learner\" && context has exam",
    };
    size_t service = i % services;
    const char *when = with_windows ? windows[i % 9] : whens[i % 9];

    return arena_printf(
        a,
        "permit (principal in Provider::\"city\", action == Action::\"open\", resource == Service::\"s%zu\") "
        "when { %s };\npermit (principal in Provider::\"city\", action == Action::\"release\", resource in "
        "Service::\"s%zu\") when { %s && resource in [Attribute::\"sub\", Attribute::\"given_name\"] };",
        service, when, service, when);
}

/* Two terms and ten holidays, a network for each school, twelve exams a school of which one is on in the first. */
static void add_windows(struct arena *a, struct registry_parts *parts, struct provider *p)
{
    const int64_t today = NOW_S / 86400;
    struct str *open = arena_make_n(a, 3, struct str);

    parts->terms = arena_make_n(a, 12, struct term);
    parts->term_count = 12;
    for (size_t i = 0; i < 12; i++)
        parts->terms[i] = (struct term){ .id = arena_printf(a, "t%zu", i),
                                         .kind = i < 2 ? TERM_TERM : TERM_HOLIDAY,
                                         .provider = p,
                                         .from_day = i < 2 ? today - 100 + (int64_t)i * 150 : today + (int64_t)i * 3,
                                         .to_day = i < 2 ? today + 40 + (int64_t)i * 150 : today + (int64_t)i * 3 };
    parts->networks = arena_make_n(a, SCHOOLS, struct named_network);
    parts->network_count = SCHOOLS;
    parts->exams = arena_make_n(a, 12 * SCHOOLS, struct exam);
    parts->exam_count = 12 * (size_t)SCHOOLS;
    for (size_t i = 0; i < 3; i++)
        open[i] = arena_printf(a, "s%zu", i);
    for (size_t i = 0; i < SCHOOLS; i++) {
        struct str *block = arena_make(a, struct str);
        *block = arena_printf(a, "10.%zu.0.0/16", i);
        parts->networks[i] = (struct named_network){
            .id = arena_printf(a, "n%zu", i), .provider = p, .school = &p->schools[i], .blocks = { block, 1 }
        };
    }
    for (size_t i = 0; i < parts->exam_count; i++)
        parts->exams[i] = (struct exam){ .id = arena_printf(a, "e%zu", i),
                                         .provider = p,
                                         .school = &p->schools[i % SCHOOLS],
                                         .from_s = i == 0 ? NOW_S - 60 : NOW_S + (int64_t)i * 3600,
                                         .to_s = i == 0 ? NOW_S + 3600 : NOW_S + (int64_t)i * 3600 + 3600,
                                         .services = { open, 3 } };
}

static struct registry *city(size_t policies, size_t services, size_t changed, bool with_windows)
{
    struct arena *a = arena_new();
    struct provider *p = arena_make(a, struct provider);
    struct registry_parts parts = {
        .providers = p, .provider_count = 1, .service_count = services, .policy_count = policies
    };

    *p = (struct provider){
        .id = S("city"), .oid = S("1.1"), .schools = arena_make_n(a, SCHOOLS, struct school), .school_count = SCHOOLS
    };
    for (size_t i = 0; i < SCHOOLS; i++)
        p->schools[i] =
            (struct school){ .oid = arena_printf(a, "9.%zu", i), .code = arena_printf(a, "%zu", 10000 + i) };
    provider_index_schools(a, p);
    parts.services = arena_make_n(a, services, struct service);
    for (size_t i = 0; i < services; i++)
        parts.services[i] =
            (struct service){ .id = arena_printf(a, "s%zu", i),
                              .enabled = true,
                              .category = S("learning"),
                              .asks = { 1u << CLAIM_SUB | 1u << CLAIM_GIVEN_NAME | 1u << CLAIM_EMAIL } };
    parts.policies = arena_make_n(a, policies, struct policy);
    for (size_t i = 0; i < policies; i++)
        parts.policies[i] = (struct policy){ .id = arena_printf(a, "p%05zu", i),
                                             .layer = LAYER_MUNICIPALITY,
                                             .provider = p,
                                             .enabled = true,
                                             .text = text_of(a, i < changed ? i + 1 : i, services, with_windows) };
    if (with_windows)
        add_windows(a, &parts, p);
    return registry_build(a, &parts);
}

struct ask {
    struct registry *r, *after;
    struct person *person;
    struct people *people;
    size_t n, service;
    struct shadow_sets *beside;
};

static size_t decision(struct arena *a, const struct ask *q)
{
    (void)a;
    return (size_t)policy_decide(q->r, q->person, &registry_parts(q->r)->services[q->service], &now).effect;
}

static size_t all(struct arena *a, const struct ask *q)
{
    struct bits open = policy_services(a, q->r, q->person, &now);

    return bits_count(&open);
}

static size_t may(struct arena *a, const struct ask *q)
{
    const struct area where = { S("city"), { NULL, 0 } };

    (void)a;
    return policy_may(q->r, q->person, MAY_PUBLISH, &where, &now);
}

static size_t reasons(struct arena *a, const struct ask *q)
{
    return policy_reasons(a, q->r, q->person, &registry_parts(q->r)->services[q->service], &now).at[0].n_said;
}

static size_t preview(struct arena *a, const struct ask *q)
{
    struct impact out;

    (void)policy_impact(a, q->r, q->after, q->people, q->n, &now, NULL, &out);
    return out.gain + out.lose;
}

static size_t opening_beside(struct arena *a, const struct ask *q)
{
    const struct service *s = &registry_parts(q->r)->services[q->service];
    const struct decision live = policy_decide(q->r, q->person, s, &now);

    (void)a;
    shadow_opening(q->beside, q->person, s, &live, &now);
    return (size_t)live.effect;
}

static size_t page_beside(struct arena *a, const struct ask *q)
{
    shadow_page(a, q->beside, q->person, &now);
    return q->beside->at[0].tally->n;
}

static void measure(const char *name, size_t (*once)(struct arena *a, const struct ask *q), const struct ask *q)
{
    struct arena *a = arena_new();
    uint64_t began = 0, took = 0;
    size_t count = 0, said = once(a, q);

    arena_reset(a);
    for (began = cpu_ns(); took < LEAST_NS; took = cpu_ns() - began, count++, arena_reset(a))
        (void)once(a, q);
    (void)printf("%-52s %12.2f µs  %8zu\n", name, (double)took / 1000 / (double)count, said);
    arena_free(a);
}

/* Pupils and teachers of all schools and classes: so many sorts, people spread over them. */
static struct people *population(struct arena *a, size_t people)
{
    struct people *all_of_them = arena_make_n(a, SORTS, struct people);

    for (size_t i = 0; i < SORTS; i++) {
        struct person *p = arena_make(a, struct person);
        p->affiliations = arena_make(a, struct affiliation);
        p->affiliation_count = 1;
        p->affiliations[0] = (struct affiliation){ .provider_oid = S("1.1"),
                                                   .school_oid = arena_printf(a, "9.%zu", i % SCHOOLS),
                                                   .role = i % 10 == 0 ? ROLE_TEACHER : ROLE_LEARNER,
                                                   .group = arena_printf(a, "%zuB", i % 150),
                                                   .class_level = (int)(i / SCHOOLS % 9) + 1 };
        all_of_them[i] = (struct people){ p, people / SORTS };
    }
    return all_of_them;
}

int main(int argc, char **argv)
{
    size_t n[] = { 1000, 500, 100000 };

    for (int i = 1; i < argc && i < 4; i++)
        n[i - 1] = strtoul(argv[i], NULL, 10);
    if (n[0] < 20 || n[1] < 20 || n[2] < SORTS) {
        (void)fprintf(stderr, "usage: bench_policy [POLICIES [SERVICES [PEOPLE]]]\n");
        return 2;
    }
    struct arena *a = arena_new();
    struct affiliation at[] = {
        { .provider_oid = S("1.1"), .school_oid = S("9.1"), .role = ROLE_LEARNER, .group = S("7B"), .class_level = 7 },
        { .provider_oid = S("1.1"), .role = ROLE_ADMIN }
    };
    struct person learner = { .affiliations = at, .affiliation_count = 1 },
                  admin = { .affiliations = at + 1, .affiliation_count = 1 };
    struct ask q = { .r = city(n[0], n[1], 0, false),
                     .after = city(n[0], n[1], 5, false),
                     .person = &learner,
                     .people = population(a, n[2]),
                     .n = SORTS };
    uint64_t began = cpu_ns();

    policy_prepare(q.r);
    (void)printf("%zu policies, %zu services; read in %.1f ms\n", n[0], n[1], (double)(cpu_ns() - began) / 1e6);
    q.service = 0;
    measure("a decision by role alone", decision, &q);
    q.service = 3;
    measure("a decision by role and class", decision, &q);
    measure("all services of a learner", all, &q);
    q.service = 1;
    measure("why not, of one service", reasons, &q);
    q.person = &admin;
    measure("may an admin publish", may, &q);
    char name[64];
    (void)snprintf(name, sizeof name, "a preview over %zu people, %d sorts", n[2], (int)SORTS);
    measure(name, preview, &q);
    q.person = &learner;
    q.service = 3;
    struct shadow_tally *tally = shadow_tally_new(1, NOW_S, &area_nation, &world_real);
    q.beside = shadow_sets_new(q.r, 1);
    shadow_sets_add(q.beside, tally, q.after);
    measure("the same decision by role and class, a draft beside", opening_beside, &q);
    measure("a draft beside all services of a learner, alone", page_beside, &q);
    shadow_drop(q.beside);
    shadow_tally_drop(tally);
    registry_drop(q.r);
    now.from = address_read(S("10.1.2.3"));
    q.r = city(n[0], n[1], 0, true);
    policy_prepare(q.r);
    q.person = &learner;
    q.service = 3;
    measure("a decision by role and calendar, with exams", decision, &q);
    measure("all services, by calendar, network and exams", all, &q);
    at[0].school_oid = S("9.0");
    measure("all services of who sits an exam", all, &q);
    registry_drop(q.r);
    registry_drop(q.after);
    arena_free(a);
    return 0;
}
