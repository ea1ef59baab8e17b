/* SPDX-License-Identifier: EUPL-1.2
 * digione policy test: what a city expects of its policies, as cases in a file that stands beside them. */
#include "gateway/cli/policy.h"

#include "gateway/cli/args.h"
#include "gateway/cli/cli.h"
#include "policy/windows.h"

#include <stdio.h>

/* A Monday in term, at nine in Helsinki: who cares about the time says so. */
enum { NINE_ON_MONDAY_S = 1786341600 };

static bool text_at(const struct yaml *map, const char *key, struct str *out, struct fail *f)
{
    const struct yaml *y = yaml_get(map, key);

    *out = y != NULL ? y->text : (struct str){ 0 };
    return y == NULL || (y->kind == YAML_TEXT && y->text.n > 0) ||
           yaml_fail(y, f, "bad_value", "%s: expected a text", key);
}

static bool read_place(const struct registry *r, const struct yaml *who, struct affiliation *out, struct fail *f)
{
    struct str provider, school;

    if (!text_at(who, "provider", &provider, f) || !text_at(who, "school", &school, f))
        return false;
    const struct provider *p = registry_provider(r, provider);
    if (p == NULL)
        return yaml_fail(who, f, "bad_value", "provider: \"%.*s\" is not in the registry", STR_ARG(provider));
    out->provider_oid = p->oid;
    if (school.p == NULL)
        return true;
    const struct school *s = provider_school(p, school);
    if (s == NULL)
        return yaml_fail(yaml_get(who, "school"), f, "bad_value", "school: %.*s has no school \"%.*s\"",
                         STR_ARG(provider), STR_ARG(school));
    out->school_oid = s->oid;
    out->school_code = s->code;
    return true;
}

static bool read_level(const struct yaml *who, struct affiliation *out, struct fail *f)
{
    const struct yaml *y = yaml_get(who, "level");
    int64_t level = 0;

    if (y != NULL && (y->kind != YAML_TEXT || !str_int(y->text, &level) || level < 1 || level > 12))
        return yaml_fail(y, f, "bad_value", "level: expected a class level from 1 to 12");
    out->class_level = (int)level;
    return true;
}

static bool read_role(const struct yaml *who, struct affiliation *out, struct fail *f)
{
    struct str role;

    if (!text_at(who, "role", &role, f))
        return false;
    out->role = role_of_name(role);
    return out->role != ROLE_NONE || role.p == NULL ||
           yaml_fail(yaml_get(who, "role"), f, "bad_value", "role: \"%.*s\" is no role", STR_ARG(role));
}

static bool read_age(const struct yaml *who, struct person *out, struct fail *f)
{
    struct str age;

    if (!text_at(who, "age", &age, f))
        return false;
    if (age.p == NULL)
        return true;
    out->age = str_eq(age, S("under13"))  ? AGE_UNDER13
               : str_eq(age, S("13to17")) ? AGE_13TO17
               : str_eq(age, S("adult"))  ? AGE_ADULT
                                          : AGE_UNKNOWN;
    return out->age != AGE_UNKNOWN ||
           yaml_fail(yaml_get(who, "age"), f, "bad_value", "age: expected under13, 13to17 or adult");
}

static bool read_one(const struct registry *r, const struct yaml *who, struct person *p, struct fail *f)
{
    static const char *const known[] = { "provider", "role", "school", "level", "group", "age", NULL };
    struct affiliation *at = &p->affiliations[p->affiliation_count++];

    return yaml_only(who, known, f) && read_place(r, who, at, f) && read_role(who, at, f) && read_level(who, at, f) &&
           text_at(who, "group", &at->group, f) && read_age(who, p, f);
}

static bool read_who(struct arena *a, const struct registry *r, const struct yaml *map, struct person *out,
                     struct fail *f)
{
    const struct yaml *who = yaml_get(map, "who");
    bool many = who != NULL && who->kind == YAML_LIST;

    if (who == NULL || (many && (who->n == 0 || who->n > PERSON_AFFILIATIONS_MAX)))
        return yaml_fail(who != NULL ? who : map, f, "bad_value", "expected who: {provider: …, role: …}");
    *out = (struct person){ .id = S("test"), .affiliations = arena_make_n(a, many ? who->n : 1, struct affiliation) };
    for (size_t i = 0; i < (many ? who->n : 1); i++)
        if (!read_one(r, many ? who->items[i] : who, out, f))
            return false;
    return true;
}

static bool read_term(const struct yaml *map, struct supposed *out, struct fail *f)
{
    static const char *const words[] = { "school_day", "day_off", "holiday", "unknown" };
    static const enum day_kind means[] = { DAY_SCHOOL, DAY_OFF, DAY_HOLIDAY, DAY_UNKNOWN };
    struct str term;

    if (!text_at(map, "term", &term, f))
        return false;
    for (size_t i = 0; term.p != NULL && i < sizeof words / sizeof *words; i++)
        if (str_eq(term, str_of(words[i])))
            out->day = day_kind_word(means[i]);
    return term.p == NULL || out->day != NULL ||
           yaml_fail(yaml_get(map, "term"), f, "bad_value", "term: expected school_day, day_off, holiday or unknown");
}

static bool read_network(const struct registry *r, const struct yaml *map, struct supposed *out, struct fail *f)
{
    const struct registry_parts *parts = registry_parts(r);
    struct str network;

    if (!text_at(map, "network", &network, f))
        return false;
    if (network.p == NULL)
        return true;
    out->network = str_eq(network, S("none")) ? S("") : network;
    for (size_t i = 0; i < parts->network_count; i++)
        if (str_eq(parts->networks[i].id, network))
            return true;
    return out->network.n == 0 ||
           yaml_fail(yaml_get(map, "network"), f, "bad_value",
                     "network: \"%.*s\" is not in the registry; none: in none that has a name", STR_ARG(network));
}

/* none, or the services that stay open in it. */
static bool read_exam(struct arena *a, const struct registry *r, const struct yaml *map, struct supposed *out,
                      struct fail *f)
{
    const struct yaml *exam = yaml_get(map, "exam");

    if (exam == NULL)
        return true;
    if (exam->kind == YAML_TEXT && str_eq(exam->text, S("none"))) {
        out->exam = EXAM_OUTSIDE;
        return true;
    }
    if (exam->kind != YAML_LIST)
        return yaml_fail(exam, f, "bad_value", "exam: expected none, or a list of the services that stay open in it");
    out->exam = EXAM_DURING;
    for (size_t i = 0; i < exam->n; i++) {
        const struct yaml *one = exam->items[i];
        if (one->kind != YAML_TEXT || registry_service(r, one->text) == NULL)
            return yaml_fail(one, f, "bad_value", "exam: \"%.*s\" is not in the registry", STR_ARG(one->text));
        strs_add(a, &out->services, one->text);
    }
    return true;
}

/* As the registry's own calendars, networks and exams have it, but for what is said. */
static bool read_supposed(struct arena *a, const struct registry *r, const struct yaml *map, struct circumstances *now,
                          struct fail *f)
{
    struct supposed *as_if = arena_make(a, struct supposed);
    struct str from;

    now->as_if = as_if;
    as_if->exam_to_s = now->now_s + 1;
    if (!text_at(map, "from", &from, f) || !read_term(map, as_if, f) || !read_network(r, map, as_if, f) ||
        !read_exam(a, r, map, as_if, f))
        return false;
    now->from = address_read(from);
    return from.p == NULL || now->from.family != 0 ||
           yaml_fail(yaml_get(map, "from"), f, "bad_value", "from: expected the address of a device, 10.20.1.7");
}

static bool read_circumstances(struct arena *a, const struct registry *r, const struct yaml *map,
                               struct circumstances *out, struct fail *f)
{
    struct str at, device;

    if (!text_at(map, "at", &at, f) || !text_at(map, "device", &device, f))
        return false;
    *out = (struct circumstances){ .now_s = NINE_ON_MONDAY_S, .shared_device = str_eq(device, S("shared")) };
    if (at.p != NULL && !args_time(arena_cstr(a, at), &out->now_s))
        return yaml_fail(yaml_get(map, "at"), f, "bad_value", "at: expected a time, 2026-08-10T09:00:00+03:00");
    return (device.p == NULL || out->shared_device || str_eq(device, S("own")) ||
            yaml_fail(yaml_get(map, "device"), f, "bad_value", "device: expected own or shared")) &&
           read_supposed(a, r, map, out, f);
}

bool asked_read(struct arena *a, const struct registry *r, const struct yaml *map, struct asked *out, struct fail *f)
{
    struct str service;

    *out = (struct asked){ 0 };
    if (!read_who(a, r, map, &out->person, f) || !read_circumstances(a, r, map, &out->now, f) ||
        !text_at(map, "service", &service, f))
        return false;
    out->service = registry_service(r, service);
    if (out->service != NULL)
        return true;
    const struct yaml *y = yaml_get(map, "service");
    if (y == NULL)
        return yaml_fail(map, f, "bad_value", "expected service: ID");
    struct cedar_guess g = cedar_guess_for(service);
    for (size_t i = 0; i < registry_parts(r)->service_count; i++)
        cedar_guess_try(&g, registry_parts(r)->services[i].id);
    return yaml_fail(y, f, "bad_value", "service: \"%.*s\" is not in the registry%s%.*s%s", STR_ARG(service),
                     g.best.p != NULL ? "; did you mean \"" : "", STR_ARG(g.best), g.best.p != NULL ? "\"?" : "");
}

struct decision asked_decide(const struct registry *r, const struct asked *q)
{
    return policy_decide(r, &q->person, q->service, &q->now);
}

/* ---- Cases. */

struct expected {
    enum effect effect;
    bool tells; /* what leaves is said, too */
    struct claim_set told;
};

static bool read_told(const struct yaml *map, struct expected *out, struct fail *f)
{
    const struct yaml *told = yaml_get(map, "told");
    enum claim claim;

    out->tells = told != NULL;
    if (told != NULL && told->kind != YAML_LIST)
        return yaml_fail(told, f, "bad_value", "told: expected a list of attributes");
    for (size_t i = 0; told != NULL && i < told->n; i++) {
        if (told->items[i]->kind != YAML_TEXT || !claim_of_word(told->items[i]->text, &claim))
            return yaml_fail(told->items[i], f, "bad_value", "told: \"%.*s\" is no attribute",
                             STR_ARG(told->items[i]->text));
        claim_add(&out->told, claim);
    }
    return true;
}

static bool read_expected(const struct yaml *map, struct expected *out, struct fail *f)
{
    struct str word;

    *out = (struct expected){ 0 };
    if (!text_at(map, "expect", &word, f) || !read_told(map, out, f))
        return false;
    out->effect = str_eq(word, S("allow")) ? EFFECT_ALLOW : EFFECT_DENY;
    return out->effect == EFFECT_ALLOW || str_eq(word, S("deny")) ||
           yaml_fail(map, f, "bad_value", "expected expect: allow or deny");
}

static struct str claims_text(struct arena *a, struct claim_set claims)
{
    struct buf b = buf_new(a, 4096);

    for (int i = 0; i < CLAIM_COUNT; i++)
        if (claim_in(claims, (enum claim)i))
            buf_printf(&b, "%s%s", b.n > 0 ? ", " : "", claim_rows[i].word);
    return b.n > 0 ? buf_str(&b) : S("nothing");
}

/* What is other than expected; absent: nothing. */
static struct str difference(struct arena *a, const struct decision *d, const struct expected *e)
{
    if (d->effect != e->effect)
        return arena_printf(a, "%s by %.*s, expected %s", d->effect == EFFECT_ALLOW ? "allowed" : "denied",
                            STR_ARG(d->rule), e->effect == EFFECT_ALLOW ? "allow" : "deny");
    if (!e->tells || d->release.bits == e->told.bits)
        return (struct str){ 0 };
    struct str got = claims_text(a, d->release), want = claims_text(a, e->told);
    return arena_printf(a, "told: %.*s, expected %.*s", STR_ARG(got), STR_ARG(want));
}

struct count {
    size_t passed, failed, broken;
};

static void run_case(struct arena *a, const struct registry *r, const struct yaml *map, struct count *n)
{
    static const char *const known[] = { "name", "who",     "service", "at",     "device", "from",
                                         "term", "network", "exam",    "expect", "told",   NULL };
    struct fail f = { 0 };
    struct asked q;
    struct expected e;
    struct str name;

    if (!yaml_only(map, known, &f) || !text_at(map, "name", &name, &f) || !asked_read(a, r, map, &q, &f) ||
        !read_expected(map, &e, &f)) {
        (void)printf("%s\n", f.detail);
        n->broken++;
        return;
    }
    struct decision d = asked_decide(r, &q);
    struct str other = difference(a, &d, &e);
    n->passed += other.p == NULL;
    n->failed += other.p != NULL;
    if (other.p != NULL)
        (void)printf("%s:%d: %.*s: %.*s\n", map->file, map->line, STR_ARG(name.p != NULL ? name : q.service->id),
                     STR_ARG(other));
}

static bool run_file(struct arena *a, const struct registry *r, const char *path, struct count *n, struct fail *f)
{
    static const char *const known[] = { "tests", NULL };
    struct yaml *y = yaml_read_file(a, path, f);
    const struct yaml *tests = yaml_get(y, "tests");

    if (y == NULL || !yaml_only(y, known, f))
        return false;
    if (tests == NULL || tests->kind != YAML_LIST)
        return yaml_fail(y, f, "bad_value", "expected tests: and a list");
    for (size_t i = 0; i < tests->n; i++)
        run_case(a, r, tests->items[i], n);
    return true;
}

int policy_test_files(struct arena *a, const struct registry *r, const char *const *files, size_t n)
{
    struct count count = { 0 };
    struct fail f = { 0 };

    for (size_t i = 0; i < n; i++)
        if (!run_file(a, r, files[i], &count, &f))
            return cli_complain(CLI_REFUSED, "policy test", "%s", f.detail);
    (void)printf("%zu passed, %zu failed", count.passed, count.failed);
    if (count.broken > 0)
        (void)printf(", %zu cannot be read", count.broken);
    (void)putchar('\n');
    return count.failed == 0 && count.broken == 0 ? CLI_OK : CLI_REFUSED;
}
