/* SPDX-License-Identifier: EUPL-1.2
 * digione policy impact: two registries, and every kind of person that there can be in the new one: each role, learners
 * of each class level, at each provider and each of its schools, on a Monday at nine.  Nobody needs to be known. */
#include "gateway/cli/policy.h"

#include "gateway/cli/cli.h"

#include <stdio.h>

enum { NINE_ON_MONDAY_S = 1786341600, LEVELS = 13, KINDS = (ROLE_COUNT - 1) + (LEVELS - 1) };

struct kind { /* of person */
    enum role role;
    int level; /* 0: none */
};

/* For one provider and one service: at how many of its places each kind gains, and loses. */
struct effects {
    uint32_t gains[KINDS], losses[KINDS];
};

struct comparing {
    struct arena *a;
    const struct registry *was, *is;
    const struct provider *provider;
    struct effects *effects; /* by the service's place in `is` */
    const uint32_t *places;  /* of each service of `is` in `was`, plus one; 0: it is new */
    size_t n;
};

static struct kind kind_of(size_t k)
{
    return k < ROLE_COUNT - 1 ? (struct kind){ (enum role)(k + 1), 0 }
                              : (struct kind){ ROLE_LEARNER, (int)(k - (ROLE_COUNT - 1)) + 1 };
}

static void compare_one(struct comparing *c, const struct school *s, size_t k)
{
    struct kind kind = kind_of(k);
    struct affiliation at = { .provider_oid = c->provider->oid, .role = kind.role, .class_level = kind.level };
    const struct person p = { .id = S("test"), .affiliations = &at, .affiliation_count = 1 };
    const struct circumstances now = { .now_s = NINE_ON_MONDAY_S, .as_if = &supposed_ordinary };
    struct arena *scratch = arena_new();

    if (s != NULL) {
        at.school_oid = s->oid;
        at.school_code = s->code;
    }
    struct bits before = policy_services(scratch, c->was, &p, &now), after = policy_services(scratch, c->is, &p, &now);
    for (size_t i = 0; i < c->n; i++) {
        bool had = c->places[i] != 0 && bits_has(&before, c->places[i] - 1), has = bits_has(&after, i);
        c->effects[i].gains[k] += !had && has;
        c->effects[i].losses[k] += had && !has;
    }
    arena_free(scratch);
}

static void print_kinds(const struct comparing *c, size_t service, const uint32_t *counts, const char *verb)
{
    uint32_t most = 0;
    size_t kinds = 0;

    for (size_t k = 0; k < KINDS; k++) {
        most = counts[k] > most ? counts[k] : most;
        kinds += counts[k] > 0;
    }
    if (kinds == 0)
        return;
    (void)printf("%.*s: %.*s %s:", STR_ARG(c->provider->id), STR_ARG(registry_parts(c->is)->services[service].id),
                 verb);
    for (size_t k = 0, shown = 0; k < KINDS; k++)
        if (counts[k] > 0) {
            struct kind kind = kind_of(k);
            (void)printf("%s %s", shown++ > 0 ? "," : "", role_name(kind.role));
            if (kind.level > 0)
                (void)printf(" of level %d", kind.level);
            if (counts[k] != most || most <= c->provider->school_count)
                (void)printf(" (%u of %zu places)", counts[k], c->provider->school_count + 1);
        }
    (void)putchar('\n');
}

/* True: somebody gains or loses. */
static bool compare_provider(struct comparing *c)
{
    bool differs = false;

    c->effects = arena_make_n(c->a, c->n + 1, struct effects);
    for (size_t k = 0; k < KINDS; k++) {
        compare_one(c, NULL, k);
        for (size_t s = 0; s < c->provider->school_count; s++)
            compare_one(c, &c->provider->schools[s], k);
    }
    for (size_t i = 0; i < c->n; i++) {
        print_kinds(c, i, c->effects[i].losses, "is lost by");
        print_kinds(c, i, c->effects[i].gains, "is gained by");
        for (size_t k = 0; k < KINDS; k++)
            differs = differs || c->effects[i].gains[k] + c->effects[i].losses[k] > 0;
    }
    return differs;
}

static const uint32_t *places_of(struct arena *a, const struct registry *was, const struct registry *is)
{
    const struct registry_parts *old = registry_parts(was), *new = registry_parts(is);
    uint32_t *places = arena_make_n(a, new->service_count + 1, uint32_t);

    for (size_t i = 0; i < new->service_count; i++) {
        const struct service *s = registry_service(was, new->services[i].id);
        places[i] = s != NULL ? (uint32_t)(s - old->services) + 1 : 0;
    }
    return places;
}

/* A service that is gone is lost by whoever had it. */
static bool print_gone(const struct registry *was, const struct registry *is)
{
    const struct registry_parts *old = registry_parts(was);
    bool any = false;

    for (size_t i = 0; i < old->service_count; i++)
        if (registry_service(is, old->services[i].id) == NULL) {
            (void)printf("%.*s is gone\n", STR_ARG(old->services[i].id));
            any = true;
        }
    return any;
}

int policy_print_impact(struct arena *a, const struct registry *was, const struct registry *is)
{
    const struct registry_parts *parts = registry_parts(is);
    const uint32_t *places = places_of(a, was, is);
    bool differs = print_gone(was, is);

    for (size_t i = 0; i < parts->provider_count; i++) {
        struct arena *one = arena_new();
        struct comparing c = { .a = one,
                               .was = was,
                               .is = is,
                               .provider = &parts->providers[i],
                               .places = places,
                               .n = parts->service_count };
        differs = compare_provider(&c) || differs;
        arena_free(one);
    }
    if (!differs)
        (void)puts("nobody gains and nobody loses a service");
    return differs ? CLI_REFUSED : CLI_OK;
}
