/* SPDX-License-Identifier: EUPL-1.2
 *
 * The matrix: cells say what policies and rules say, by layer. */
#include "policy/form.h"
#include "policy/matrix.h"
#include "tests/test.h"

static struct school schools[] = { { S("1.2.3.1"), S("99101"), { { S("A") } }, true } };
static struct provider providers[] = {
    { .id = S("oulu"), .oid = S("1.2.3"), .schools = schools, .school_count = 1 },
    { .id = S("espoo"), .oid = S("1.2.4") },
};
static struct service services[] = { { .id = S("kanerva"), .enabled = true, .category = S("learning") },
                                     { .id = S("pihka"), .enabled = true, .category = S("learning") } };
static const struct area oulu = { .provider = S("oulu") }, school = { S("oulu"), S("1.2.3.1") };

#define PERMIT(who) "permit (principal in " who ", action == Action::\"open\", resource == Service::\"kanerva\")"
#define NATION(t)                                                                                                      \
    {                                                                                                                  \
        .id = S("n"), .layer = LAYER_NATION, .text = S(t), .enabled = true                                             \
    }
#define OULU(t)                                                                                                        \
    {                                                                                                                  \
        .id = S("o"), .layer = LAYER_MUNICIPALITY, .provider = &providers[0], .text = S(t), .enabled = true            \
    }
#define SCHOOL(t)                                                                                                      \
    {                                                                                                                  \
        .id = S("s"), .layer = LAYER_SCHOOL, .provider = &providers[0], .school = &schools[0], .text = S(t),           \
        .enabled = true                                                                                                \
    }

struct rule { /* a row of `rules:` */
    struct str id;
    struct rule_words says;
};

/* Rows of `rules:` are policies, as registry/old_rules.c makes them. */
static struct registry *registry(struct test *t, struct policy *policies, size_t n, struct rule *rules, size_t rule_n)
{
    struct policy *all = arena_make_n(t->arena, n + rule_n + 1, struct policy);

    for (size_t i = 0; i < n; i++)
        all[i] = policies[i];
    for (size_t i = 0; i < rule_n; i++)
        all[n + i] = policy_of_rule(t->arena, rules[i].id, &rules[i].says);
    const struct registry_parts parts = { .providers = providers,
                                          .provider_count = 2,
                                          .services = services,
                                          .service_count = 2,
                                          .policies = all,
                                          .policy_count = n + rule_n };
    struct registry *r = registry_build(arena_new(), &parts);

    arena_adopt(t->arena, r, (void (*)(void *))registry_drop);
    return r;
}

static const struct matrix_who low = { ROLE_LEARNER, 1, 6 }, high = { ROLE_LEARNER, 7, 9 },
                               student = { ROLE_LEARNER, 0, 0 }, teacher = { ROLE_TEACHER, 0, 0 };

static struct matrix_cell ask(struct test *t, struct registry *r, const struct area *area, const struct matrix_who *who,
                              int service)
{
    return matrix_cell(t->arena, r, area, who, &services[service], TEST_NOW_S, NULL);
}

TEST(a_rule_opens_a_cell_and_no_other)
{
    struct rule rules[] = { { S("r"), { .provider = &providers[0], .role = ROLE_TEACHER, .service = &services[0] } } };
    struct registry *r = registry(t, NULL, 0, rules, 1);

    CHECK_INT(ask(t, r, &oulu, &teacher, 0).cell, CELL_OPEN);
    CHECK(!ask(t, r, &oulu, &teacher, 0).inherited);
    CHECK_INT(ask(t, r, &oulu, &teacher, 1).cell, CELL_SHUT);
    CHECK(ask(t, r, &oulu, &teacher, 1).by_default);
    CHECK_INT(ask(t, r, &oulu, &low, 0).cell, CELL_SHUT);
    const struct area espoo = { .provider = S("espoo") };
    CHECK_INT(ask(t, r, &espoo, &teacher, 0).cell, CELL_SHUT);
}

TEST(a_rule_for_one_school_is_a_condition_and_a_forbidding_one_for_all_shuts)
{
    struct rule rules[] = {
        { S("a"), { .provider = &providers[0], .role = ROLE_TEACHER, .school = &schools[0], .service = &services[0] } },
        { S("b"), { .provider = &providers[0], .role = ROLE_LEARNER, .service = NULL } },
        { S("c"), { .provider = &providers[0], .role = ROLE_LEARNER, .service = &services[1], .forbid = true } },
        { S("d"),
          { .provider = &providers[0],
            .role = ROLE_LEARNER,
            .school = &schools[0],
            .service = &services[0],
            .forbid = true } },
    };
    struct registry *r = registry(t, NULL, 0, rules, 4);

    CHECK_INT(ask(t, r, &oulu, &teacher, 0).cell, CELL_COND);
    CHECK_INT(ask(t, r, &oulu, &low, 1).cell, CELL_SHUT);
    CHECK(!ask(t, r, &oulu, &low, 1).by_default);
    CHECK_INT(ask(t, r, &oulu, &low, 0).cell, CELL_COND);
}

TEST(class_levels_divide_the_columns_of_learners)
{
    struct policy p[] = { OULU("permit (principal in Role::\"learner\", action == Action::\"open\", resource == "
                               "Service::\"kanerva\") when { principal.provider == Provider::\"oulu\" && principal has "
                               "classLevel && principal.classLevel >= 7 };") };
    struct registry *r = registry(t, p, 1, NULL, 0);

    CHECK_INT(ask(t, r, &oulu, &high, 0).cell, CELL_OPEN);
    CHECK_INT(ask(t, r, &oulu, &low, 0).cell, CELL_SHUT);
    CHECK_INT(ask(t, r, &oulu, &student, 0).cell, CELL_SHUT);
}

TEST(what_the_nation_says_is_inherited_and_no_municipality_changes_it)
{
    struct policy p[] = { NATION(PERMIT("Role::\"teacher\"") ";"),
                          OULU("forbid (principal in Role::\"teacher\", action == Action::\"open\", resource == "
                               "Service::\"kanerva\") when { principal.provider == Provider::\"oulu\" };") };
    struct registry *r = registry(t, p, 2, NULL, 0);

    struct matrix_cell cell = ask(t, r, &oulu, &teacher, 0);
    CHECK_INT(cell.cell, CELL_OPEN);
    CHECK(cell.inherited);
    cell = ask(t, r, &area_nation, &teacher, 0);
    CHECK_INT(cell.cell, CELL_OPEN);
    CHECK(!cell.inherited);
}

TEST(a_schools_own_counts_where_its_municipality_leaves_it_to_the_schools)
{
    struct policy p[] = {
        SCHOOL(PERMIT("Role::\"teacher\"") ";"),
        OULU("permit (principal in Role::\"teacher\", action == Action::\"leaveToSchools\", resource == "
             "Service::\"kanerva\") when { principal.provider == Provider::\"oulu\" };")
    };
    struct registry *r = registry(t, p, 2, NULL, 0);

    CHECK_INT(ask(t, r, &school, &teacher, 0).cell, CELL_OPEN);
    CHECK_INT(ask(t, r, &oulu, &teacher, 0).cell, CELL_COND);
    r = registry(t, p, 1, NULL, 0);
    CHECK_INT(ask(t, r, &school, &teacher, 0).cell, CELL_SHUT);
}

TEST(what_is_not_in_force_says_nothing)
{
    struct policy p[] = { OULU(PERMIT("Role::\"teacher\"") ";") };

    p[0].to_s = TEST_NOW_S;
    CHECK_INT(ask(t, registry(t, p, 1, NULL, 0), &oulu, &teacher, 0).cell, CELL_SHUT);
    p[0].to_s = TEST_NOW_S + 1;
    CHECK_INT(ask(t, registry(t, p, 1, NULL, 0), &oulu, &teacher, 0).cell, CELL_OPEN);
    p[0].enabled = false;
    CHECK_INT(ask(t, registry(t, p, 1, NULL, 0), &oulu, &teacher, 0).cell, CELL_SHUT);
}

/* What is always in force is summed up when the snapshot is made, what has dates is looked at: they say the same. */
static struct policy some_policy(struct test *t, size_t i)
{
    static const char *const acts[] = { "open", "open", "open", "leaveToSchools" };
    static const char *const roles[] = { "learner", "teacher", "staff", "principal" };
    static const char *const about[] = { "resource == Service::\"kanerva\"", "resource == Service::\"pihka\"",
                                         "resource is Service", "resource in ServiceCategory::\"learning\"" };
    static const char *const when[] = { "", " && principal has classLevel && principal.classLevel >= 4",
                                        " && context.weekday == 2", " && context.minute > 3 || true" };
    uint64_t x = str_hash(str_n((const char *)&i, sizeof i), 11);
    enum layer layer = (enum layer)(x % 3);
    const char *act = acts[x / 4 % 4];

    if (layer != LAYER_MUNICIPALITY && *act == 'l')
        act = "open";
    return (struct policy){
        .id = arena_printf(t->arena, "p%zu", i),
        .layer = layer,
        .provider = layer != LAYER_NATION ? &providers[0] : NULL,
        .school = layer == LAYER_SCHOOL ? &schools[0] : NULL,
        .enabled = x / 16 % 8 != 0,
        .text = arena_printf(
            t->arena,
            "%s (principal in Role::\"%s\", action == Action::\"%s\", %s) when { principal.provider == "
            "Provider::\"oulu\"%s };",
            x / 128 % 5 == 0 ? "forbid" : "permit", roles[x / 1024 % 4], act, about[x / 4096 % 4], when[x / 16384 % 4]),
    };
}

TEST(what_is_summed_up_says_what_each_statement_says)
{
    enum { ROUNDS = 300, EACH = 6 };
    static const struct area *const areas[] = { &area_nation, &oulu, &school };
    size_t open = 0, shut = 0, cond = 0;

    for (size_t round = 0; round < ROUNDS; round++) {
        struct policy always[EACH], dated[EACH];
        for (size_t i = 0; i < EACH; i++) {
            always[i] = dated[i] = some_policy(t, round * EACH + i);
            dated[i].from_s = 1;
        }
        struct registry *x = registry(t, always, EACH, NULL, 0), *y = registry(t, dated, EACH, NULL, 0);
        for (size_t at = 0; at < 3 * 2 * MATRIX_COLUMNS; at++) {
            const struct area *area = areas[at % 3];
            const struct service *s = &services[at / 3 % 2];
            size_t column = at / 6;
            struct matrix_sayings of_x = { 0 }, of_y = { 0 };
            struct matrix_cell row[MATRIX_COLUMNS];
            const struct matrix_cell a = matrix_cell(t->arena, x, area, &matrix_columns[column], s, TEST_NOW_S, &of_x);
            const struct matrix_cell b = matrix_cell(t->arena, y, area, &matrix_columns[column], s, TEST_NOW_S, &of_y);
            matrix_row(x, area, s, TEST_NOW_S, row);
            CHECK_INT(a.cell, b.cell);
            CHECK_INT(a.inherited, b.inherited);
            CHECK_INT(a.by_default, b.by_default);
            CHECK(row[column].cell == a.cell && row[column].inherited == a.inherited);
            CHECK(of_x.n == of_y.n && of_x.n == of_x.total && (of_x.n > 0 || a.by_default));
            CHECK(area != &school || a.inherited || matrix_is_left(x, &providers[0], s, TEST_NOW_S));
            CHECK_INT(matrix_is_left(x, &providers[0], s, TEST_NOW_S), matrix_is_left(y, &providers[0], s, TEST_NOW_S));
            open += a.cell == CELL_OPEN;
            shut += a.cell == CELL_SHUT;
            cond += a.cell == CELL_COND;
        }
    }
    CHECK(open > 100 && shut > 100 && cond > 100);
}

TEST(who_says_so_comes_a_page_at_a_time)
{
    struct policy p[30];
    struct matrix_sayings page = { .from = 20, .most = 7 };

    for (size_t i = 0; i < 30; i++)
        p[i] = (struct policy)OULU(PERMIT("Role::\"teacher\"") " when { principal.provider == Provider::\"oulu\" };");
    struct registry *r = registry(t, p, 30, NULL, 0);
    (void)matrix_cell(t->arena, r, &oulu, &teacher, &services[0], TEST_NOW_S, &page);
    CHECK_INT(page.n, 7);
    CHECK_INT(page.total, 30);
    page = (struct matrix_sayings){ .from = 28, .most = 7 };
    (void)matrix_cell(t->arena, r, &oulu, &teacher, &services[0], TEST_NOW_S, &page);
    CHECK_INT(page.n, 2);
    page = (struct matrix_sayings){ .from = 31, .most = 7 };
    (void)matrix_cell(t->arena, r, &oulu, &teacher, &services[0], TEST_NOW_S, &page);
    CHECK_INT(page.n, 0);
}

TEST(a_text_that_says_more_than_fields_is_a_condition)
{
    struct policy p[] = { OULU(
        PERMIT("Role::\"teacher\"") " when { context.now.toTime() > duration(\"8h\") || context.minute > 3 };") };
    struct matrix_sayings sayings = { 0 };
    struct registry *r = registry(t, p, 1, NULL, 0);

    CHECK_INT(matrix_cell(t->arena, r, &oulu, &teacher, &services[0], TEST_NOW_S, &sayings).cell, CELL_COND);
    CHECK_INT(sayings.n, 1);
    CHECK(str_eq(sayings.at[0].policy->id, S("o")) && !sayings.at[0].whole);
}

/* ── with a draft ───────────────────────────────────────────────────────── */

#define LEVELS(from, to)                                                                                               \
    "permit (principal in Provider::\"oulu\", action == Action::\"open\", resource == Service::\"kanerva\")\n"         \
    "when { principal in Role::\"learner\" && principal has classLevel && principal.classLevel >= " #from              \
    " && principal.classLevel <= " #to " };"

/* "" where the draft leaves the cell as it is. */
static const char *becomes(struct test *t, const char *before, const char *after, const struct area *area,
                           const struct matrix_who *who)
{
    static const char *const words[] = { [CELL_SHUT] = "shut", [CELL_OPEN] = "open", [CELL_COND] = "cond" };
    struct policy was = OULU(""), is = OULU("");
    struct strs ids = { 0 };
    struct matrix_cell cell;

    was.text = str_of(before != NULL ? before : "");
    is.text = str_of(after != NULL ? after : "");
    strs_add(t->arena, &ids, S("o"));
    struct registry *r = registry(t, &was, before != NULL ? 1 : 0, NULL, 0);
    const struct matrix_draft *d = matrix_draft_new(t->arena, r, area, &is, after != NULL ? 1 : 0, &ids);
    CHECK(d != NULL);
    return d != NULL && matrix_draft_cell(r, area, who, &services[0], TEST_NOW_S, d, &cell) ? words[cell.cell] : "";
}

TEST(a_draft_marks_the_cells_that_it_opens_and_shuts_and_no_others)
{
    CHECK_STR(becomes(t, NULL, LEVELS(7, 9), &oulu, &high), "open");
    CHECK_STR(becomes(t, NULL, LEVELS(7, 9), &oulu, &low), "");
    CHECK_STR(becomes(t, NULL, LEVELS(7, 9), &oulu, &teacher), "");
    CHECK_STR(becomes(t, LEVELS(7, 9), NULL, &oulu, &high), "shut");
    CHECK_STR(becomes(t, LEVELS(7, 9), LEVELS(5, 9), &oulu, &low), "cond");
    CHECK_STR(becomes(t, LEVELS(7, 9), LEVELS(5, 9), &oulu, &high), "");
    CHECK_STR(becomes(t, LEVELS(7, 9), LEVELS(7, 9), &oulu, &high), "");
    CHECK_STR(becomes(t, LEVELS(1, 9), LEVELS(7, 9), &oulu, &low), "shut");
}

TEST(a_draft_marks_a_cell_whose_conditions_it_alters)
{
    CHECK_STR(becomes(t, LEVELS(5, 9), LEVELS(3, 9), &oulu, &low), "cond");
    CHECK_STR(becomes(t, LEVELS(5, 8), LEVELS(3, 8), &oulu, &high), ""); /* of 7 to 9 it says the same */
    CHECK_STR(becomes(t, PERMIT("Provider::\"oulu\"") " when { context.sharedDevice };",
                      PERMIT("Provider::\"oulu\"") ";", &oulu, &teacher),
              "open");
    const struct area espoo = { .provider = S("espoo") };
    CHECK_STR(becomes(t, NULL, LEVELS(7, 9), &espoo, &high), "");
}

TEST(a_draft_whose_text_cannot_be_read_marks_nothing)
{
    struct policy is = OULU("permit (");
    struct strs ids = { 0 };

    CHECK(matrix_draft_new(t->arena, registry(t, NULL, 0, NULL, 0), &oulu, &is, 1, &ids) == NULL);
}
