/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/plea.h"
#include "tests/test.h"

/* Oulu with three schools, Espoo with one; two services. */
static struct school schools[] = { { .oid = S("9.1"), .code = S("99101") },
                                   { .oid = S("9.2"), .code = S("99102") },
                                   { .oid = S("9.3"), .code = S("99103") },
                                   { .oid = S("9.4"), .code = S("99201") } };
static struct provider providers[] = {
    { .id = S("oulu"), .oid = S("1.1"), .schools = schools, .school_count = 3 },
    { .id = S("espoo"), .oid = S("1.2"), .schools = schools + 3, .school_count = 1 },
};
enum { ROWS_MAX = 8 };

struct town {
    struct service services[2];
    struct policy rows[ROWS_MAX];
    size_t n;
    struct registry *registry;
};

static void build(struct test *t, struct town *w)
{
    const struct registry_parts parts = { .providers = providers,
                                          .provider_count = 2,
                                          .services = w->services,
                                          .service_count = 2,
                                          .policies = w->rows,
                                          .policy_count = w->n };
    struct arena *a = arena_new();
    struct registry_parts own = parts;

    own.services = arena_make_n(a, 2, struct service);
    own.policies = arena_make_n(a, ROWS_MAX, struct policy);
    for (size_t i = 0; i < 2; i++)
        own.services[i] = w->services[i];
    for (size_t i = 0; i < w->n; i++)
        own.policies[i] = w->rows[i];
    w->registry = registry_build(a, &own);
    arena_adopt(t->arena, w->registry, (void (*)(void *))registry_drop);
}

static struct town town(void)
{
    return (
        struct town){ .services = { { .id = S("koe"), .enabled = true }, { .id = S("matikka"), .enabled = true } } };
}

static void add_row(struct town *w, const char *id, enum layer layer, const struct school *school, struct str text)
{
    w->rows[w->n++] = (struct policy){ .id = str_of(id),
                                       .layer = layer,
                                       .provider = layer == LAYER_NATION ? NULL : &providers[0],
                                       .school = school,
                                       .text = text,
                                       .enabled = true };
}

static struct affiliation at(enum role role, int school, int level)
{
    const struct provider *p = school < 3 ? &providers[0] : &providers[1];

    return (struct affiliation){ .provider_oid = p->oid,
                                 .school_oid = schools[school].oid,
                                 .school_code = schools[school].code,
                                 .role = role,
                                 .class_level = level };
}

static bool open_to(const struct town *w, enum role role, int school, int level, const struct service *s)
{
    struct affiliation one = at(role, school, level);
    const struct person p = { .affiliations = &one, .affiliation_count = 1 };
    const struct circumstances now = { .now_s = TEST_NOW_S };

    return policy_decide(w->registry, &p, registry_service(w->registry, s->id), &now).effect == EFFECT_ALLOW;
}

static struct plea plea(enum role role, uint32_t levels)
{
    return (
        struct plea){ .number = 1, .key = { S("oulu"), S("9.1"), S("matikka"), role }, .levels = levels, .count = 3 };
}

static struct plea_remedy remedy(struct test *t, const struct town *w, const struct plea *p, struct area *decider)
{
    if (!plea_decider(t->arena, w->registry, &p->key, p->levels, TEST_NOW_S, decider))
        return (struct plea_remedy){ PLEA_WAY_NONE, NULL };
    return plea_remedy(t->arena, w->registry, p, decider, TEST_NOW_S);
}

/* Does what the console's form would keep, and publish. */
static bool grant(struct test *t, struct town *w, const struct plea *p, const struct plea_remedy *r)
{
    const struct plea_whom whom = plea_whom_of(t->arena, w->registry, p);
    struct policy_form form = plea_form(t->arena, &providers[0], &whom, (struct claim_set){ 0 });
    struct str rest;

    if (r->way == PLEA_WAY_NEW) {
        add_row(w, "zz-new", LAYER_MUNICIPALITY, NULL, policy_form_text(t->arena, &form));
    } else if (r->way == PLEA_WAY_WIDEN) {
        size_t i = 0;
        while (i < w->n && !str_eq(w->rows[i].id, r->row->id))
            i++;
        if (i == w->n || !policy_form_read(t->arena, w->rows[i].text, &form, &rest) ||
            !plea_widen(t->arena, &form, &whom))
            return false;
        w->rows[i].text = policy_form_text(t->arena, &form);
    } else {
        return false;
    }
    build(t, w);
    return true;
}

/* ── who may ask, and who is asked ──────────────────────────────────────── */

TEST(those_who_work_or_learn_at_a_school_may_ask_and_guardians_nowhere)
{
    static const enum role roles[] = { ROLE_TEACHER,   ROLE_LEARNER, ROLE_GUARDIAN, ROLE_VENDOR,
                                       ROLE_SECRETARY, ROLE_NONE,    ROLE_ADMIN };
    static const bool may[] = { true, true, false, false, true, false, false };
    struct town w = town();

    build(t, &w);
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        struct affiliation one = at(roles[i], 0, 0);
        const struct person p = { .affiliations = &one, .affiliation_count = 1 };
        CHECK_INT(plea_places(t->arena, w.registry, &p, registry_service(w.registry, S("matikka")), TEST_NOW_S).n,
                  may[i]);
    }
}

TEST(nobody_asks_for_what_is_open_in_school_hours_or_what_the_nation_forbids)
{
    struct affiliation one = at(ROLE_TEACHER, 0, 0);
    const struct person p = { .affiliations = &one, .affiliation_count = 1 };
    struct town w = town();

    add_row(&w, "hours", LAYER_MUNICIPALITY, NULL,
            S("permit (principal in Provider::\"oulu\", action == Action::\"open\", resource == Service::\"matikka\") "
              "when { context.weekday <= 5 } when { context.minute >= 480 && context.minute < 900 };"));
    add_row(&w, "no", LAYER_NATION, NULL,
            S("forbid (principal, action == Action::\"open\", resource == Service::\"koe\");"));
    build(t, &w);
    int64_t midnight_s = TEST_NOW_S - TEST_NOW_S % 86400;
    CHECK_INT(plea_places(t->arena, w.registry, &p, registry_service(w.registry, S("matikka")), midnight_s).n, 0);
    CHECK_INT(plea_places(t->arena, w.registry, &p, registry_service(w.registry, S("koe")), TEST_NOW_S).n, 0);
}

TEST(each_school_and_role_is_a_place_of_its_own_once)
{
    struct affiliation all[] = { at(ROLE_TEACHER, 0, 0),   at(ROLE_TEACHER, 1, 0),  at(ROLE_TEACHER, 0, 0),
                                 at(ROLE_PRINCIPAL, 0, 0), at(ROLE_GUARDIAN, 0, 0), at(ROLE_TEACHER, 2, 0) };
    const struct person p = { .affiliations = all, .affiliation_count = 6 };
    struct town w = town();

    all[5].to_s = TEST_NOW_S; /* over */
    build(t, &w);
    CHECK_INT(plea_places(t->arena, w.registry, &p, registry_service(w.registry, S("matikka")), TEST_NOW_S).n, 3);
}

TEST(a_school_is_asked_what_is_left_to_it_and_its_city_all_else)
{
    const struct plea learner = plea(ROLE_LEARNER, 1u << 5), teacher = plea(ROLE_TEACHER, 1);
    struct town w = town();
    struct area decider;

    add_row(&w, "leaves", LAYER_MUNICIPALITY, NULL,
            S("permit (principal in Provider::\"oulu\", action == Action::\"leaveToSchools\", resource == "
              "Service::\"matikka\") when { principal in Role::\"learner\" };"));
    build(t, &w);
    CHECK(plea_decider(t->arena, w.registry, &learner.key, learner.levels, TEST_NOW_S, &decider));
    CHECK_STR(decider.school, "9.1");
    CHECK_INT(plea_remedy(t->arena, w.registry, &learner, &decider, TEST_NOW_S).way, PLEA_WAY_SCHOOL);
    CHECK(plea_decider(t->arena, w.registry, &teacher.key, teacher.levels, TEST_NOW_S, &decider));
    CHECK(!str_is_set(decider.school));
    CHECK_STR(decider.provider, "oulu");
    struct plea gone = teacher;
    gone.key.service = S("nothing");
    CHECK(!plea_decider(t->arena, w.registry, &gone.key, gone.levels, TEST_NOW_S, &decider));
}

/* ── what would grant it ────────────────────────────────────────────────── */

static struct str permits(struct test *t, const char *schools_, const char *rest)
{
    return arena_printf(t->arena,
                        "permit (principal in Provider::\"oulu\", action == Action::\"open\", resource == "
                        "Service::\"matikka\") when { %s } when { %s };",
                        schools_, rest);
}

TEST(a_policy_that_speaks_of_nobody_else_is_widened_and_every_other_left_alone)
{
    static const struct {
        const char *schools, *rest;
        enum role role;
        uint32_t levels;
        enum plea_way way;
    } rows[] = {
        /* another school */
        { "principal in School::\"oulu/99102\"", "principal in Role::\"teacher\"", ROLE_TEACHER, 1, PLEA_WAY_WIDEN },
        /* another role at the school */
        { "principal in School::\"oulu/99101\"", "principal in Role::\"principal\"", ROLE_TEACHER, 1, PLEA_WAY_WIDEN },
        /* both at once would open it to principals there as well */
        { "principal in School::\"oulu/99102\"", "principal in Role::\"principal\"", ROLE_TEACHER, 1, PLEA_WAY_NEW },
        /* levels beside one another, at the same school */
        { "principal in School::\"oulu/99101\"",
          "principal in Role::\"learner\" && principal has classLevel && principal.classLevel >= 7", ROLE_LEARNER,
          1u << 6 | 1u << 5, PLEA_WAY_WIDEN },
        /* what lies between was not asked for */
        { "principal in School::\"oulu/99101\"",
          "principal in Role::\"learner\" && principal has classLevel && principal.classLevel >= 7", ROLE_LEARNER,
          1u << 4, PLEA_WAY_NEW },
        /* other schools would gain */
        { "true", "principal in Role::\"learner\" && principal has classLevel && principal.classLevel >= 7",
          ROLE_LEARNER, 1u << 6, PLEA_WAY_NEW },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct town w = town();
        const struct plea p = plea(rows[i].role, rows[i].levels);
        struct area decider;
        add_row(&w, "a", LAYER_MUNICIPALITY, NULL, permits(t, rows[i].schools, rows[i].rest));
        build(t, &w);
        struct plea_remedy r = remedy(t, &w, &p, &decider);
        CHECK_INT(r.way, rows[i].way);
        CHECK(grant(t, &w, &p, &r));
        CHECK(plea_met(w.registry, &p, TEST_NOW_S));
    }
}

TEST(where_a_policy_forbids_it_that_one_is_shown_and_no_permit_is_drafted)
{
    struct town w = town();
    const struct plea p = plea(ROLE_TEACHER, 1);
    struct area decider;

    add_row(&w, "not-there", LAYER_MUNICIPALITY, NULL,
            S("forbid (principal in School::\"oulu/99101\", action == Action::\"open\", resource == "
              "Service::\"matikka\");"));
    build(t, &w);
    struct plea_remedy r = remedy(t, &w, &p, &decider);
    CHECK_INT(r.way, PLEA_WAY_LIFT);
    CHECK_STR(r.row->id, "not-there");
}

/* ── the property ───────────────────────────────────────────────────────── */

static unsigned next(uint64_t *seed, unsigned n)
{
    *seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(*seed >> 33) % n;
}

static struct str random_policy(struct test *t, uint64_t *seed)
{
    static const enum role roles[] = { ROLE_LEARNER, ROLE_TEACHER, ROLE_PRINCIPAL, ROLE_STAFF };
    struct policy_form form = { .opening = next(seed, 6) == 0   ? OPENING_FORBID
                                           : next(seed, 8) == 0 ? OPENING_LEAVE
                                                                : OPENING_PERMIT };
    form.whom.provider = S("oulu");
    for (size_t i = 0; i < 4; i++)
        if (next(seed, 3) == 0)
            form.whom.roles |= 1u << roles[i];
    for (int i = 0; i < 3; i++)
        if (next(seed, 3) == 0)
            strs_add(t->arena, &form.whom.schools, school_uid(t->arena, &providers[0], &schools[i]));
    if (form.whom.roles == 1u << ROLE_LEARNER && next(seed, 2) == 0) {
        form.whom.level_from = 1 + (int)next(seed, 9);
        form.whom.level_to = form.whom.level_from + (int)next(seed, 4);
    }
    if (next(seed, 4) != 0)
        strs_add(t->arena, &form.which.services, S("matikka"));
    if (next(seed, 4) == 0)
        strs_add(t->arena, &form.which.services, S("koe"));
    if (next(seed, 6) == 0)
        form.hours.weekdays = 2;
    return policy_form_text(t->arena, &form);
}

static bool asks(const struct plea *p, enum role role, int school, int level, const struct service *s)
{
    return role == p->key.role && school == 0 && str_eq(s->id, p->key.service) &&
           (role != ROLE_LEARNER || (p->levels >> level & 1u) != 0);
}

TEST(what_is_drafted_opens_it_to_those_who_ask_and_to_nobody_else)
{
    static const enum role roles[] = { ROLE_LEARNER, ROLE_TEACHER, ROLE_PRINCIPAL, ROLE_STAFF, ROLE_GUARDIAN };
    uint64_t seed = 20261129;
    int granted[PLEA_WAY_NEW + 1] = { 0 };

    for (int round = 0; round < 1500; round++) {
        struct town before = town();
        size_t n = 1 + next(&seed, 4);
        for (size_t i = 0; i < n; i++) {
            struct str text = random_policy(t, &seed);
            static const char *const ids[] = { "a", "b", "c", "d" };
            if (str_is_set(text))
                add_row(&before, ids[i], LAYER_MUNICIPALITY, NULL, text);
        }
        build(t, &before);
        unsigned level = 1 + next(&seed, 9);
        const struct plea p = next(&seed, 2) == 0 ? plea(ROLE_LEARNER, 1u << level | (level < 9 ? 2u << level : 0))
                                                  : plea(roles[1 + next(&seed, 3)], 1);
        struct area decider;
        if (plea_met(before.registry, &p, TEST_NOW_S))
            continue;
        struct plea_remedy r = remedy(t, &before, &p, &decider);
        struct town after = before;
        granted[r.way]++;
        if (!grant(t, &after, &p, &r))
            continue;
        for (size_t k = 0; k < sizeof roles / sizeof *roles; k++)
            for (int school = 0; school < 4; school++)
                for (int l = 0; l <= 12; l++)
                    for (size_t i = 0; i < 2; i++) {
                        const struct service *s = &after.services[i];
                        bool was = open_to(&before, roles[k], school, l, s),
                             is = open_to(&after, roles[k], school, l, s);
                        if (roles[k] != ROLE_LEARNER && l > 0)
                            continue;
                        if (asks(&p, roles[k], school, l, s))
                            CHECK(is);
                        else
                            CHECK(was == is);
                    }
    }
    CHECK(granted[PLEA_WAY_NEW] > 50 && granted[PLEA_WAY_WIDEN] > 5 && granted[PLEA_WAY_LIFT] > 5);
    CHECK(granted[PLEA_WAY_SCHOOL] > 5);
}
