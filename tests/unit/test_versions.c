/* SPDX-License-Identifier: EUPL-1.2
 *
 * Versions compared, and brought back: at once where that narrows, as a draft where it widens. */
#include "registry/versions.h"
#include "tests/unit/change_help.h"

#define LEVELS(from, to)                                                                                               \
    "permit (principal in Provider::\"oulu\", action == Action::\"open\", resource == Service::\"kanerva\")\n"         \
    "when { principal has classLevel && principal.classLevel >= " #from " && principal.classLevel <= " #to " };"

#define OF_SCHOOL                                                                                                      \
    "permit (principal in School::\"oulu/99101\", action == Action::\"open\", resource == Service::\"kanerva\")\n"     \
    "when { principal has classLevel && principal.classLevel >= 1 && principal.classLevel <= 9 };"

static int64_t put_text(struct test *t, struct rig *g, const char *policy, const char *text)
{
    CHECK(one(t, g, &(struct one){ "liisa", "policy", policy, "text", text, &area_nation, 0, 0, 0 }, EDIT_APPLY));
    CHECK_STR(g->fail.detail, "");
    return g->got.report.version;
}

static bool back(struct test *t, struct rig *g, const struct area *area, const struct back *what, struct back_made *out)
{
    struct change_by by = by_of(t, "matti", area);

    by.maker = MAKER_undo;
    g->fail = (struct fail){ 0 };
    return versions_back(g->db, t->arena, &by, what, out, &g->fail);
}

static struct change_rows_shown compared(struct test *t, struct rig *g, const struct area *area, int64_t from,
                                         int64_t to, const char *policy)
{
    const struct versions_pair pair = { from, to, str_of(policy) };
    struct change_rows_shown rows;

    CHECK(versions_compare(g->db, t->arena, area, &pair, 40, &rows, &g->fail));
    return rows;
}

TEST(any_two_versions_are_compared_whatever_lies_between)
{
    struct rig g;

    rig_new(t, &g);
    int64_t wide = put_text(t, &g, "oulu-p", LEVELS(1, 9)), narrow = put_text(t, &g, "oulu-p", LEVELS(7, 9));
    int64_t school = put_text(t, &g, "oulu-s", OF_SCHOOL), again = put_text(t, &g, "oulu-p", LEVELS(1, 9));
    struct change_rows_shown rows = compared(t, &g, &oulu, wide, narrow, NULL);
    CHECK_INT(rows.n, 1);
    CHECK_STR(rows.at[0].row, "policy oulu-p");
    CHECK(str_find(rows.at[0].before, S("classLevel >= 1 ")) < rows.at[0].before.n);
    CHECK(str_find(rows.at[0].after, S("classLevel >= 7 ")) < rows.at[0].after.n);
    CHECK_INT(compared(t, &g, &oulu, wide, again, NULL).n,
              1); /* changed and changed back: the school's alone is left */
    CHECK_STR(compared(t, &g, &oulu, again, wide, NULL).at[0].row, "policy oulu-s");
    CHECK_INT(compared(t, &g, &oulu, wide, again, "oulu-p").n, 0);
    CHECK_INT(compared(t, &g, &oulu, narrow, INT64_MAX, "oulu-p").n, 1);
    CHECK_INT(compared(t, &g, &espoo, 1, INT64_MAX, "oulu-p").n, 0);
    CHECK_INT(compared(t, &g, &kielonmaki, wide, INT64_MAX, NULL).n, 1);
    CHECK_INT(compared(t, &g, &oulu, school, school, NULL).n, 0);
    /* From before it was there. */
    CHECK(compared(t, &g, &oulu, 1, 2, "oulu-p").at[0].sign == '+');
    rig_free(t, &g);
}

TEST(a_policy_s_own_versions_are_listed)
{
    struct rig g;
    struct change_entries list;

    rig_new(t, &g);
    int64_t first = put_text(t, &g, "oulu-p", LEVELS(1, 9));
    (void)put_text(t, &g, "oulu-s", OF_SCHOOL);
    int64_t last = put_text(t, &g, "oulu-p", LEVELS(7, 9));
    CHECK(versions_of_policy(g.db, t->arena, &oulu, S("oulu-p"), INT64_MAX, 10, &list, &g.fail));
    CHECK_INT(list.n, 3);
    CHECK_INT(list.at[0].number, last);
    CHECK_INT(list.at[1].number, first);
    CHECK(versions_of_policy(g.db, t->arena, &espoo, S("oulu-p"), INT64_MAX, 10, &list, &g.fail));
    CHECK_INT(list.n, 0);
    rig_free(t, &g);
}

TEST(what_narrows_is_brought_back_at_once_after_a_fresh_log_in)
{
    struct rig g;
    struct back_made made;

    rig_new(t, &g);
    int64_t narrow = put_text(t, &g, "oulu-p", LEVELS(7, 9)), wide = put_text(t, &g, "oulu-p", LEVELS(1, 9));
    CHECK(back(t, &g, &oulu, &(struct back){ .undoes = wide }, &made));
    CHECK(made.at_once && made.report.version == 0 && made.draft == 0);
    CHECK_STR(now(t, &g, "policy", "oulu-p", "text"), LEVELS(1, 9));
    CHECK(back(t, &g, &oulu, &(struct back){ .version = narrow, .fresh = true }, &made));
    CHECK(made.at_once && made.report.version > wide && made.draft == 0);
    CHECK_STR(now(t, &g, "policy", "oulu-p", "text"), LEVELS(7, 9));
    rig_free(t, &g);
}

TEST(what_widens_becomes_a_draft_for_a_second_person)
{
    struct rig g;
    struct back_made made;
    struct draft draft;

    rig_new(t, &g);
    (void)put_text(t, &g, "oulu-p", LEVELS(1, 9));
    int64_t narrow = put_text(t, &g, "oulu-p", LEVELS(7, 9));
    CHECK(back(t, &g, &oulu, &(struct back){ .undoes = narrow, .fresh = true }, &made));
    CHECK_STR(g.fail.detail, "");
    CHECK(!made.at_once && made.report.version == 0 && made.draft > 0);
    CHECK_STR(now(t, &g, "policy", "oulu-p", "text"), LEVELS(7, 9));
    CHECK(draft_look(g.db, t->arena, &oulu, made.draft, &draft, &g.fail));
    CHECK(draft.state == DRAFT_proposed);
    CHECK_STR(draft.owner, "matti");
    /* Who asked for it is no second person. */
    const struct change_by himself = by_of(t, "matti", &oulu), another = by_of(t, "liisa", &oulu);
    const struct draft_move approve = { .number = draft.number, .edition = draft.edition, .act = DRAFT_APPROVE };
    CHECK(!draft_do(g.db, t->arena, &himself, &approve, &g.got, &g.fail));
    CHECK_STR(g.fail.code, "own_draft");
    CHECK(draft_do(g.db, t->arena, &another, &approve, &g.got, &g.fail));
    CHECK(one(t, &g, &(struct one){ "liisa", NULL, NULL, NULL, NULL, &oulu, 0, draft.number, draft.edition + 1 },
              EDIT_PUBLISH));
    CHECK_STR(now(t, &g, "policy", "oulu-p", "text"), LEVELS(1, 9));
    rig_free(t, &g);
}

TEST(a_policy_that_was_removed_comes_back_by_a_second_person_and_one_that_came_goes_at_once)
{
    struct rig g;
    struct back_made made;

    rig_new(t, &g);
    CHECK(one(t, &g, &(struct one){ "liisa", "policy", "oulu-p", NULL, NULL, &oulu, 0, 0, 0 }, EDIT_APPLY));
    int64_t without = g.got.report.version;
    CHECK(back(t, &g, &oulu, &(struct back){ .version = without - 1, .fresh = true }, &made));
    CHECK(!made.at_once && made.draft > 0);
    CHECK(back(t, &g, &oulu, &(struct back){ .version = without, .fresh = true }, &made));
    CHECK(made.report.version == 0 && made.draft == 0); /* it is as it was */
    rig_free(t, &g);
}

TEST(what_a_school_decided_stays_where_its_municipality_goes_back)
{
    struct rig g;
    struct back_made made;

    rig_new(t, &g);
    int64_t before = put_text(t, &g, "oulu-p", LEVELS(7, 9));
    (void)put_text(t, &g, "oulu-s", OF_SCHOOL);
    (void)put_text(t, &g, "oulu-p", LEVELS(1, 9));
    CHECK(back(t, &g, &oulu, &(struct back){ .version = before, .fresh = true }, &made));
    CHECK(made.at_once);
    CHECK_STR(now(t, &g, "policy", "oulu-p", "text"), LEVELS(7, 9));
    CHECK_STR(now(t, &g, "policy", "oulu-s", "text"), OF_SCHOOL);
    /* The school itself decides within what is left to it: at once, whatever it does. */
    CHECK(back(t, &g, &kielonmaki, &(struct back){ .version = before, .fresh = true }, &made));
    CHECK(made.at_once && made.report.version > 0);
    rig_free(t, &g);
}

static bool not_that(void *with, struct str row, struct fail *f)
{
    return !str_eq(row, str_of(with)) || fail(f, FAIL_CALLER, "not_permitted", "%.*s is not yours", STR_ARG(row));
}

TEST(nothing_is_brought_back_elsewhere_nor_without_the_right_to_each_row)
{
    struct rig g;
    struct back_made made;
    char row[] = "policy oulu-p";

    rig_new(t, &g);
    int64_t before = put_text(t, &g, "oulu-p", LEVELS(7, 9)), wide = put_text(t, &g, "oulu-p", LEVELS(1, 9));
    CHECK(!back(t, &g, &espoo, &(struct back){ .undoes = wide, .fresh = true }, &made));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(!back(t, &g, &espoo, &(struct back){ .version = before, .policy = S("oulu-p"), .fresh = true }, &made));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(!back(t, &g, &kielonmaki, &(struct back){ .version = before, .policy = S("oulu-p"), .fresh = true }, &made));
    CHECK(!back(t, &g, &oulu, &(struct back){ .version = 999, .fresh = true }, &made));
    CHECK_STR(g.fail.code, "no_version");
    CHECK(!back(t, &g, &oulu, &(struct back){ .version = before, .fresh = true, .may = not_that, .with = row }, &made));
    CHECK_STR(g.fail.code, "not_permitted");
    CHECK_STR(now(t, &g, "policy", "oulu-p", "text"), LEVELS(1, 9));
    rig_free(t, &g);
}
