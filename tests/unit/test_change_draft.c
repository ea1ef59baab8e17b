/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/change_help.h"

#define WHY(who, field_value, area_of, from_version, number, edition_seen)                                             \
    &(struct one)                                                                                                      \
    {                                                                                                                  \
        who, "policy", "oulu-p", "why", field_value, area_of, from_version, number, edition_seen                       \
    }

static bool keep(struct test *t, struct rig *g, const char *who, const char *key, const char *value, int64_t draft,
                 int64_t edition)
{
    return one(t, g, &(struct one){ who, "policy", key, "why", value, &oulu, 0, draft, edition }, EDIT_KEEP);
}

static bool act(struct test *t, struct rig *g, const char *who, enum draft_act what, int64_t number, int64_t edition)
{
    const struct change_by by = by_of(t, who, &oulu);
    const struct draft_move move = { .number = number, .edition = edition, .act = what, .seen = S("12 opettajaa") };

    g->fail = (struct fail){ 0 };
    return draft_do(g->db, t->arena, &by, &move, &g->got, &g->fail);
}

static bool publish(struct test *t, struct rig *g, const char *who, int64_t number, int64_t edition)
{
    return one(t, g, &(struct one){ who, NULL, NULL, NULL, NULL, &oulu, 0, number, edition }, EDIT_PUBLISH);
}

static struct draft draft_now(struct test *t, struct rig *g, int64_t number)
{
    struct draft x;

    CHECK(draft_look(g->db, t->arena, &oulu, number, &x, &g->fail));
    return x;
}

TEST(a_draft_waits_is_approved_by_another_and_is_published_as_one_change)
{
    struct rig g;
    struct change_entries list;
    struct change_rows_shown rows;

    rig_new(t, &g);
    CHECK(keep(t, &g, "liisa", "oulu-p", "uusi syy", 0, 0));
    CHECK_STR(g.fail.detail, "");
    int64_t n = g.got.draft;
    CHECK_INT(n, 3);
    CHECK_STR(now(t, &g, "policy", "oulu-p", "why"), "meille");            /* it waits */
    CHECK(keep(t, &g, "liisa", "oulu-s", "koulun syy", n, g.got.edition)); /* and goes on */
    CHECK_INT(g.got.draft, n);
    CHECK(draft_rows(g.db, t->arena, &oulu, n, &rows, &g.fail));
    CHECK_INT(rows.n, 2);
    CHECK_STR(rows.at[0].before, "{\"why\":\"meille\"}");
    CHECK_STR(rows.at[0].after, "{\"why\":\"uusi syy\"}");
    CHECK(draft_now(t, &g, n).state == DRAFT_draft);
    CHECK(!publish(t, &g, "matti", n, g.got.edition));
    CHECK_STR(g.fail.code, "draft_state");
    CHECK(act(t, &g, "liisa", DRAFT_PROPOSE, n, draft_now(t, &g, n).edition));
    CHECK(draft_now(t, &g, n).state == DRAFT_proposed);
    CHECK(act(t, &g, "matti", DRAFT_APPROVE, n, draft_now(t, &g, n).edition));
    struct draft x = draft_now(t, &g, n);
    CHECK(x.state == DRAFT_approved);
    CHECK_STR(x.decided_by, "matti");
    CHECK_STR(x.seen, "12 opettajaa");
    CHECK_STR(x.owner, "liisa");
    CHECK(publish(t, &g, "liisa", n, x.edition));
    CHECK_STR(g.fail.detail, "");
    CHECK_STR(now(t, &g, "policy", "oulu-p", "why"), "uusi syy");
    CHECK_STR(now(t, &g, "policy", "oulu-s", "why"), "koulun syy");
    CHECK(change_list(g.db, t->arena, &oulu, INT64_MAX, 1, &list, &g.fail));
    CHECK_INT(list.at[0].draft, n);
    CHECK_INT(list.at[0].changed, 2);
    CHECK(list.at[0].number > n); /* no number means two things */
    x = draft_now(t, &g, n);
    CHECK(x.state == DRAFT_published);
    CHECK_INT(x.change, list.at[0].number);
    CHECK(!publish(t, &g, "liisa", n, x.edition));
    CHECK_STR(g.fail.code, "draft_state");
    /* Undo stays a change. */
    struct change_by by = by_of(t, "liisa", &oulu);
    struct change_report r;
    by.maker = MAKER_undo;
    CHECK(change_undo(g.db, t->arena, x.change, &by, false, &r, &g.fail));
    CHECK_STR(now(t, &g, "policy", "oulu-p", "why"), "meille");
    rig_free(t, &g);
}

TEST(a_draft_outlives_the_connection_that_made_it)
{
    struct rig g;
    struct drafts list;
    struct row_seen row;
    const struct row_id id = id_of("policy", "oulu-p");

    rig_new(t, &g);
    CHECK(keep(t, &g, "liisa", "oulu-p", "uusi syy", 0, 0));
    db_close(g.db);
    g.db = registry_db_open(&g.set, DB_WRITE, &g.fail);
    CHECK(draft_list(g.db, t->arena, &oulu, DRAFT_NONE, INT64_MAX, 10, &list, &g.fail));
    CHECK_INT(list.n, 1);
    CHECK_INT(list.at[0].number, 3);
    CHECK_STR(list.at[0].why, "syksyksi");
    CHECK(draft_row(g.db, t->arena, &oulu, 3, &id, &row, &g.fail));
    CHECK_STR(row_field(&row, "why")->value, "uusi syy");
    rig_free(t, &g);
}

TEST(who_wrote_in_a_draft_does_not_approve_it)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(keep(t, &g, "liisa", "oulu-p", "uusi syy", 0, 0));
    CHECK(keep(t, &g, "matti", "oulu-p", "parempi syy", 3, g.got.edition));
    CHECK(act(t, &g, "liisa", DRAFT_PROPOSE, 3, g.got.edition));
    int64_t edition = g.got.edition;
    CHECK(!act(t, &g, "liisa", DRAFT_APPROVE, 3, edition));
    CHECK(g.fail.kind == FAIL_DENIED);
    CHECK_STR(g.fail.code, "own_draft");
    CHECK(!act(t, &g, "matti", DRAFT_APPROVE, 3, edition));
    CHECK_STR(g.fail.code, "own_draft");
    CHECK(!act(t, &g, NULL, DRAFT_APPROVE, 3, edition));
    CHECK_STR(g.fail.code, "own_draft");
    CHECK(act(t, &g, "kaisa", DRAFT_APPROVE, 3, edition));
    /* Where no second person is demanded, the caller says so. */
    CHECK(keep(t, &g, "liisa", "oulu-s", "syy", 0, 0));
    const struct change_by by = by_of(t, "liisa", &oulu);
    const struct draft_move alone = { g.got.draft, g.got.edition, DRAFT_APPROVE, S(""), true };
    CHECK(draft_do(g.db, t->arena, &by, &alone, &g.got, &g.fail));
    rig_free(t, &g);
}

TEST(what_was_approved_and_then_written_again_waits_again)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(keep(t, &g, "liisa", "oulu-p", "uusi syy", 0, 0));
    CHECK(act(t, &g, "liisa", DRAFT_PROPOSE, 3, g.got.edition));
    CHECK(act(t, &g, "matti", DRAFT_APPROVE, 3, g.got.edition));
    int64_t approved = g.got.edition;
    CHECK(keep(t, &g, "liisa", "oulu-p", "aivan muu", 3, approved));
    CHECK(draft_now(t, &g, 3).state == DRAFT_draft);
    CHECK_STR(draft_now(t, &g, 3).decided_by, "");
    CHECK(!publish(t, &g, "matti", 3, g.got.edition));
    CHECK_STR(g.fail.code, "draft_state");
    CHECK(!publish(t, &g, "matti", 3, approved)); /* as he saw it */
    CHECK_STR(g.fail.code, "changed_since");
    CHECK(!act(t, &g, "matti", DRAFT_APPROVE, 3, approved));
    CHECK_STR(g.fail.code, "changed_since");
    CHECK(!one(t, &g, WHY("liisa", "x", &oulu, 0, 3, g.got.edition), EDIT_APPLY));
    rig_free(t, &g);
}

TEST(a_draft_is_sent_back_or_withdrawn_and_its_number_stays_a_gap)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(keep(t, &g, "liisa", "oulu-p", "uusi syy", 0, 0));
    CHECK(!act(t, &g, "matti", DRAFT_SEND_BACK, 3, g.got.edition)); /* nobody has asked */
    CHECK_STR(g.fail.code, "draft_state");
    CHECK(act(t, &g, "liisa", DRAFT_PROPOSE, 3, draft_now(t, &g, 3).edition));
    CHECK(act(t, &g, "matti", DRAFT_SEND_BACK, 3, g.got.edition));
    CHECK(draft_now(t, &g, 3).state == DRAFT_sent_back);
    CHECK(keep(t, &g, "liisa", "oulu-p", "toinen", 3, g.got.edition));
    CHECK(act(t, &g, "liisa", DRAFT_WITHDRAW, 3, g.got.edition));
    CHECK(draft_now(t, &g, 3).state == DRAFT_withdrawn);
    CHECK(!keep(t, &g, "liisa", "oulu-p", "kolmas", 3, g.got.edition));
    CHECK_STR(g.fail.code, "draft_state");
    CHECK(one(t, &g, WHY("liisa", "heti", &oulu, 0, 0, 0), EDIT_APPLY));
    CHECK_INT(g.got.report.version, 4);
    CHECK(keep(t, &g, "liisa", "oulu-p", "uusi", 0, 0));
    CHECK_INT(g.got.draft, 5);
    rig_free(t, &g);
}

TEST(a_base_that_changed_meanwhile_is_not_published_over_and_is_shown)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(keep(t, &g, "liisa", "oulu-p", "uusi syy", 0, 0));
    CHECK(act(t, &g, "liisa", DRAFT_PROPOSE, 3, g.got.edition));
    int64_t proposed = g.got.edition;
    /* Before it is approved. */
    CHECK(one(t, &g, &(struct one){ "kaisa", "policy", "oulu-p", "name.fi", "Kaisan", &oulu, 0, 0, 0 }, EDIT_APPLY));
    int64_t by_kaisa = g.got.report.version;
    CHECK(!act(t, &g, "matti", DRAFT_APPROVE, 3, proposed));
    CHECK_STR(g.fail.code, "changed_since");
    CHECK_INT(g.got.conflict_count, 1);
    CHECK_STR(g.got.conflicts[0].who, "kaisa");
    CHECK_INT(g.got.conflicts[0].change, by_kaisa);
    CHECK(draft_now(t, &g, 3).state == DRAFT_proposed);
    /* Its owner sees it, decides, and nothing of Kaisa's is lost. */
    CHECK(!keep(t, &g, "liisa", "oulu-p", "uusi syy", 3, proposed));
    CHECK_STR(g.fail.code, "changed_since");
    CHECK(one(t, &g, WHY("liisa", "uusi syy", &oulu, g.got.version, 3, proposed), EDIT_KEEP));
    CHECK(act(t, &g, "liisa", DRAFT_PROPOSE, 3, g.got.edition));
    CHECK(act(t, &g, "matti", DRAFT_APPROVE, 3, g.got.edition));
    int64_t approved = g.got.edition;
    /* After it is approved. */
    CHECK(one(t, &g, WHY("kaisa", "kaisan syy", &oulu, 0, 0, 0), EDIT_APPLY));
    CHECK(!publish(t, &g, "liisa", 3, approved));
    CHECK_STR(g.fail.code, "changed_since");
    CHECK_STR(g.got.conflicts[0].fields[0].was, "meille");
    CHECK_STR(g.got.conflicts[0].fields[0].now, "kaisan syy");
    CHECK_STR(g.got.conflicts[0].fields[0].wanted, "uusi syy");
    CHECK_STR(now(t, &g, "policy", "oulu-p", "why"), "kaisan syy");
    /* Another row of the city may change as it likes. */
    CHECK(one(t, &g, WHY("liisa", "uusi syy", &oulu, g.got.version, 3, approved), EDIT_KEEP));
    CHECK(act(t, &g, "liisa", DRAFT_PROPOSE, 3, g.got.edition));
    CHECK(act(t, &g, "matti", DRAFT_APPROVE, 3, g.got.edition));
    approved = g.got.edition;
    CHECK(one(t, &g, &(struct one){ "kaisa", "admin", "oulu-1", "role", "staff", &oulu, 0, 0, 0 }, EDIT_APPLY));
    CHECK(publish(t, &g, "liisa", 3, approved));
    CHECK_STR(now(t, &g, "policy", "oulu-p", "name.fi"), "Kaisan");
    CHECK_STR(now(t, &g, "policy", "oulu-p", "why"), "uusi syy");
    rig_free(t, &g);
}

TEST(two_who_write_in_one_draft_do_not_overwrite_each_other)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(keep(t, &g, "liisa", "oulu-p", "uusi syy", 0, 0));
    int64_t seen = g.got.edition;
    CHECK(keep(t, &g, "liisa", "oulu-p", "toinen", 3, seen));
    CHECK(!keep(t, &g, "matti", "oulu-p", "matin", 3, seen));
    CHECK(g.fail.kind == FAIL_CONFLICT);
    CHECK_STR(g.fail.code, "changed_since");
    rig_free(t, &g);
}

TEST(a_draft_need_not_hold_yet_and_is_not_published_until_it_does)
{
    struct rig g;
    const struct change_by by = by_of(t, "liisa", &area_nation);
    const struct draft_move alone = { 3, 1, DRAFT_APPROVE, S(""), true };

    rig_new(t, &g);
    CHECK(one(t, &g, &(struct one){ "liisa", "service", "kanerva", NULL, NULL, &area_nation, 0, 0, 0 }, EDIT_KEEP));
    CHECK(!one(t, &g, &(struct one){ "liisa", NULL, NULL, NULL, NULL, &area_nation, 0, 3, 1 }, EDIT_CHECK));
    CHECK_STR(g.fail.code, "registry_invalid");
    CHECK_INT(g.got.trouble_count, 1);
    g.fail = (struct fail){ 0 };
    CHECK(draft_do(g.db, t->arena, &by, &alone, &g.got, &g.fail));
    CHECK(!one(t, &g, &(struct one){ "liisa", NULL, NULL, NULL, NULL, &area_nation, 0, 3, 2 }, EDIT_PUBLISH));
    CHECK_STR(g.fail.code, "registry_invalid");
    CHECK_STR(now(t, &g, "service", "kanerva", "name.fi"), "Kanerva");
    /* A row is taken out of it again. */
    struct edit *e = edit_new(&by, &(struct edit_from){ 0, 3, 2 });
    const struct row_id id = id_of("service", "kanerva");
    edit_leave(e, &id);
    g.fail = (struct fail){ 0 };
    CHECK(edit_run(e, g.db, t->arena, &g.edit, EDIT_KEEP, &g.got, &g.fail));
    edit_free(e);
    CHECK_INT(draft_look(g.db, t->arena, &area_nation, 3, &(struct draft){ 0 }, &g.fail), 1);
    struct change_rows_shown rows;
    CHECK(draft_rows(g.db, t->arena, &area_nation, 3, &rows, &g.fail));
    CHECK_INT(rows.n, 0);
    rig_free(t, &g);
}

TEST(drafts_of_another_area_are_not_there_and_take_no_row_of_it)
{
    struct rig g;
    struct drafts list;
    struct draft x;
    struct change_rows_shown rows;

    rig_new(t, &g);
    CHECK(!one(t, &g, WHY("eero", "vieras", &espoo, 0, 0, 0), EDIT_KEEP));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK_INT(g.got.rows.n, 0);
    CHECK(one(t, &g, &(struct one){ "paula", "policy", "oulu-s", "why", "koulun", &kielonmaki, 0, 0, 0 }, EDIT_KEEP));
    int64_t n = g.got.draft, edition = g.got.edition;
    const struct area *others[] = { &espoo, &(struct area){ S("oulu"), S(OULU_SCHOOL_2) } };
    for (size_t i = 0; i < 2; i++) {
        const struct change_by by = by_of(t, "eero", others[i]);
        const struct draft_move move = { n, edition, DRAFT_WITHDRAW, S(""), false };
        CHECK(draft_list(g.db, t->arena, others[i], DRAFT_NONE, INT64_MAX, 10, &list, &g.fail));
        CHECK_INT(list.n, 0);
        g.fail = (struct fail){ 0 };
        CHECK(!draft_look(g.db, t->arena, others[i], n, &x, &g.fail));
        CHECK_STR(g.fail.code, "no_draft");
        CHECK(!draft_rows(g.db, t->arena, others[i], n, &rows, &g.fail));
        g.fail = (struct fail){ 0 };
        CHECK(!draft_do(g.db, t->arena, &by, &move, &g.got, &g.fail));
        CHECK_STR(g.fail.code, "no_draft");
        CHECK(!one(t, &g, WHY("eero", "x", others[i], 0, n, edition), EDIT_KEEP));
        CHECK_STR(g.fail.code, "no_draft");
        CHECK(!one(t, &g, WHY("eero", "x", others[i], 0, n, edition), EDIT_CHECK));
        CHECK_STR(g.fail.code, "no_draft");
    }
    /* Who acts around it goes on with it, but it stays the school's: nothing of the city comes in. */
    CHECK(draft_list(g.db, t->arena, &oulu, DRAFT_NONE, INT64_MAX, 10, &list, &g.fail));
    CHECK_INT(list.n, 1);
    CHECK(!keep(t, &g, "matti", "oulu-p", "kaupungin", n, edition));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(keep(t, &g, "matti", "oulu-s", "korjattu", n, edition));
    rig_free(t, &g);
}

TEST(a_conflict_shows_nothing_of_another_area)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(one(t, &g, &(struct one){ "eero", "admin", "espoo-1", "role", "staff", &espoo, 0, 0, 0 }, EDIT_APPLY));
    CHECK(!one(t, &g, &(struct one){ "liisa", "admin", "espoo-1", "role", "principal", &oulu, 2, 0, 0 }, EDIT_APPLY));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK_INT(g.got.conflict_count, 0);
    rig_free(t, &g);
}

TEST(drafts_are_listed_by_state_the_newest_first)
{
    struct rig g;
    struct drafts list;

    rig_new(t, &g);
    for (int i = 0; i < 3; i++)
        CHECK(keep(t, &g, "liisa", "oulu-p", "syy", 0, 0));
    CHECK(act(t, &g, "liisa", DRAFT_PROPOSE, 4, 1));
    CHECK(act(t, &g, "liisa", DRAFT_WITHDRAW, 5, 1));
    CHECK(draft_list(g.db, t->arena, &oulu, DRAFT_NONE, INT64_MAX, 10, &list, &g.fail));
    CHECK_INT(list.n, 2);
    CHECK_INT(list.at[0].number, 4);
    CHECK_INT(list.at[1].number, 3);
    CHECK(draft_list(g.db, t->arena, &oulu, DRAFT_withdrawn, INT64_MAX, 10, &list, &g.fail));
    CHECK_INT(list.n, 1);
    CHECK(draft_list(g.db, t->arena, &oulu, DRAFT_NONE, 4, 10, &list, &g.fail));
    CHECK_INT(list.n, 1);
    CHECK_INT(list.at[0].number, 3);
    rig_free(t, &g);
}

TEST(a_draft_forgets_what_it_says_of_persons)
{
    struct rig g;
    struct change_rows_shown rows;

    rig_new(t, &g);
    CHECK(one(t, &g, &(struct one){ "liisa", "account", "anna", "given_names", "Annikki", &oulu, 0, 0, 0 }, EDIT_KEEP));
    CHECK(draft_rows(g.db, t->arena, &oulu, 3, &rows, &g.fail));
    CHECK_STR(rows.at[0].row, "account");
    CHECK(rows.at[0].after.p == NULL);
    test_passes(t, CHANGE_PERSONAL_S + 1);
    CHECK(one(t, &g, WHY("liisa", "x", &oulu, 0, 0, 0), EDIT_APPLY)); /* whatever is changed next clears up */
    CHECK(!one(t, &g, &(struct one){ "liisa", NULL, NULL, NULL, NULL, &oulu, 0, 3, 1 }, EDIT_CHECK));
    CHECK_STR(g.fail.code, "forgotten");
    rig_free(t, &g);
}

/* ── who is a second person ─────────────────────────────────────────────── */

struct human {
    const char *account, *number, *name;
};

static bool approves(struct test *t, struct rig *g, const struct human *writer, const struct human *other)
{
    struct change_by by = by_of(t, writer->account, &oulu);
    const struct row_id row = id_of("policy", "oulu-p");
    const struct edit_field field = { S("why"), str_of(other->account) };
    const struct edit_from from = { 0 };

    by.number_key = str_of(writer->number);
    by.name_key = str_of(writer->name);
    struct edit *e = edit_new(&by, &from);
    edit_put(e, &row, &field, 1);
    CHECK(edit_run(e, g->db, t->arena, &g->edit, EDIT_KEEP, &g->got, &g->fail));
    edit_free(e);
    int64_t n = g->got.draft;
    CHECK(act(t, g, writer->account, DRAFT_PROPOSE, n, g->got.edition));
    struct change_by approver = by_of(t, other->account, &oulu);
    const struct draft_move move = { .number = n, .edition = draft_now(t, g, n).edition, .act = DRAFT_APPROVE };
    approver.number_key = str_of(other->number);
    approver.name_key = str_of(other->name);
    enum draft_hand hand;
    CHECK(draft_hand(g->db, t->arena, &approver, n, &hand, &g->fail));
    bool may = draft_do(g->db, t->arena, &approver, &move, &g->got, &g->fail);
    CHECK(may == (hand == HAND_NONE));
    if (!may)
        CHECK_STR(g->fail.code, "own_draft");
    return may;
}

/* Makes the account, or alters it. */
static void makes_by(struct test *t, struct rig *g, enum change_maker way, const char *maker, const char *account)
{
    struct change_by by = by_of(t, maker, &oulu);
    const struct row_id row = id_of("account", account);
    const struct edit_from from = { 0 };
    const struct edit_field fields[] = { { S("idp"), S("oulu-local") },
                                         { S("username"), str_of(account) },
                                         { S("given_names"), str_of(account) },
                                         { S("password"), S("a-long-password") } };

    by.maker = way;
    struct edit *e = edit_new(&by, &from);
    edit_put(e, &row, fields, sizeof fields / sizeof *fields);
    CHECK(edit_run(e, g->db, t->arena, &g->edit, EDIT_APPLY, &g->got, &g->fail));
    CHECK_STR(g->fail.detail, "");
    edit_free(e);
}

static void makes(struct test *t, struct rig *g, const char *maker, const char *account)
{
    makes_by(t, g, MAKER_console, maker, account);
}

/* Writer and approver, each by the account of that id; their pseudonyms are the ids with a dash. */
static bool agree(struct test *t, struct rig *g, const char *writer, const char *approver)
{
    struct change_by by[2] = { by_of(t, arena_cstr(t->arena, arena_printf(t->arena, "%s-", writer)), &oulu),
                               by_of(t, arena_cstr(t->arena, arena_printf(t->arena, "%s-", approver)), &oulu) };
    const struct row_id row = id_of("policy", "oulu-p");
    const struct edit_field field = { S("why"), arena_printf(t->arena, "%s %s", writer, approver) };
    const struct edit_from from = { 0 };
    enum draft_hand hand;

    by[0].account = str_of(writer);
    by[1].account = str_of(approver);
    struct edit *e = edit_new(&by[0], &from);
    edit_put(e, &row, &field, 1);
    CHECK(edit_run(e, g->db, t->arena, &g->edit, EDIT_KEEP, &g->got, &g->fail));
    edit_free(e);
    struct draft_move move = { .number = g->got.draft, .edition = g->got.edition, .act = DRAFT_PROPOSE };
    CHECK(draft_do(g->db, t->arena, &by[0], &move, &g->got, &g->fail));
    move.edition = g->got.edition;
    move.act = DRAFT_APPROVE;
    CHECK(draft_hand(g->db, t->arena, &by[1], move.number, &hand, &g->fail));
    g->fail = (struct fail){ 0 };
    bool may = draft_do(g->db, t->arena, &by[1], &move, &g->got, &g->fail);
    CHECK(may == (hand == HAND_NONE));
    if (!may)
        CHECK_STR(g->fail.code, "own_draft");
    g->fail = (struct fail){ 0 };
    return may;
}

/* Whoever gave a token answers for what it makes. */
TEST(who_made_an_account_through_a_token_is_no_second_person_to_it_either)
{
    struct rig g;

    rig_new(t, &g);
    makes_by(t, &g, MAKER_api, "liisa-", "masi");
    CHECK(!agree(t, &g, "liisa", "masi"));
    CHECK(!agree(t, &g, "masi", "liisa"));
    CHECK(agree(t, &g, "masi", "anna"));
    rig_free(t, &g);
}

TEST(whoever_made_an_account_of_late_is_no_second_person_to_it)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(agree(t, &g, "liisa", "anna")); /* her account came with a file */
    makes(t, &g, "liisa-", "masi");
    makes(t, &g, "liisa-", "veli");
    makes(t, &g, "sari-", "muu");
    CHECK(!agree(t, &g, "liisa", "masi"));
    CHECK(!agree(t, &g, "masi", "liisa"));
    CHECK(!agree(t, &g, "masi", "veli")); /* both passwords are hers */
    CHECK(agree(t, &g, "liisa", "muu"));
    CHECK(agree(t, &g, "masi", "muu"));
    CHECK(agree(t, &g, "masi", "anna"));
    makes(t, &g, "liisa-", "anna"); /* gave it another password */
    CHECK(!agree(t, &g, "liisa", "anna"));
    test_passes(t, MAKER_HAND_S + 1);
    CHECK(agree(t, &g, "liisa", "masi"));
    CHECK(agree(t, &g, "masi", "veli"));
    rig_free(t, &g);
}

TEST(whoever_asked_for_an_account_that_another_confirmed_is_its_maker)
{
    struct rig g;
    const struct row_id row = id_of("account", "masi");
    const struct edit_field fields[] = { { S("idp"), S("oulu-local") },
                                         { S("username"), S("masi") },
                                         { S("password"), S("a-long-password") } };
    const struct change_by by = by_of(t, "liisa-", &oulu);
    const struct edit_from from = { 0 };

    rig_new(t, &g);
    struct edit *e = edit_new(&by, &from);
    edit_put(e, &row, fields, sizeof fields / sizeof *fields);
    CHECK(edit_run(e, g.db, t->arena, &g.edit, EDIT_KEEP, &g.got, &g.fail));
    edit_free(e);
    int64_t n = g.got.draft;
    CHECK(act(t, &g, "liisa-", DRAFT_PROPOSE, n, g.got.edition));
    CHECK(act(t, &g, "sari-", DRAFT_APPROVE, n, g.got.edition));
    CHECK(publish(t, &g, "sari-", n, g.got.edition));
    CHECK_STR(g.fail.detail, "");
    CHECK(!agree(t, &g, "liisa", "masi"));
    CHECK(agree(t, &g, "sari", "masi")); /* who never saw the password */
    rig_free(t, &g);
}

TEST(two_accounts_of_one_person_are_no_two_people)
{
    struct rig g;
    const struct human city = { "a1", "n1", "tiina" }, glass = { "b1", NULL, "tiina" }, same = { "c1", "n1", "koski" },
                       namesake = { "d1", "n2", "tiina" }, sari = { "e1", "n3", "sari" },
                       unknown = { "f1", NULL, NULL };

    rig_new(t, &g);
    CHECK(!approves(t, &g, &city, &city));
    CHECK(!approves(t, &g, &city, &same));  /* one learner number */
    CHECK(!approves(t, &g, &city, &glass)); /* the name that the break-glass account bears */
    CHECK(!approves(t, &g, &glass, &city));
    CHECK(!approves(t, &g, &glass, &namesake)); /* it cannot be told: a third one decides */
    CHECK(approves(t, &g, &city, &namesake));   /* two numbers: two people of one name */
    CHECK(approves(t, &g, &city, &sari));
    CHECK(approves(t, &g, &unknown, &sari));
    CHECK(approves(t, &g, &city, &unknown)); /* undecidable: docs/decisions.md */
    rig_free(t, &g);
}
