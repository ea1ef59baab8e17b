/* SPDX-License-Identifier: EUPL-1.2
 *
 * How much one person, one area and one owner may have. */
#include "registry/quota.h"
#include "tests/unit/change_help.h"

static bool keep(struct test *t, struct rig *g, const char *who, const struct area *area, const char *policy)
{
    return one(t, g, &(struct one){ who, "policy", policy, "why", "syy", area, 0, 0, 0 }, EDIT_KEEP);
}

/* As if so many had been begun: through SQL, since each takes as long as the last. */
static void many_drafts(struct test *t, struct rig *g, const char *who, int n)
{
    const struct db_value args[] = { db_text(str_of(who)), db_int(n) };
    static const struct db_statement put = {
        "test.drafts",
        "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < ?2) "
        "INSERT INTO draft SELECT (SELECT max(1000, coalesce(max(number), 0)) FROM draft) + n, 'proposed', "
        "'oulu', NULL, ?1, '', '', 1, 0, 0, ?1, '', '', '', 0 FROM i"
    };

    CHECK(db_run(g->db, &put, args, 2, &g->fail));
}

TEST(a_person_has_so_many_drafts_waiting_and_no_more)
{
    struct rig g;
    struct edit_result out;

    rig_new(t, &g);
    many_drafts(t, &g, "liisa", QUOTA_drafts_of_person - 1);
    CHECK(keep(t, &g, "liisa", &oulu, "oulu-p"));
    int64_t mine = g.got.draft;
    CHECK(!keep(t, &g, "liisa", &oulu, "oulu-p"));
    CHECK_STR(g.fail.code, "drafts_of_person");
    CHECK(keep(t, &g, "matti", &oulu, "oulu-p"));
    /* What waits already is gone on with, and what is withdrawn makes room. */
    CHECK(one(t, &g, &(struct one){ "liisa", "policy", "oulu-p", "why", "toinen", &oulu, 0, mine, 1 }, EDIT_KEEP));
    const struct change_by by = by_of(t, "liisa", &oulu);
    const struct draft_move move = { .number = mine, .edition = 2, .act = DRAFT_WITHDRAW };
    CHECK(draft_do(g.db, t->arena, &by, &move, &out, &g.fail));
    CHECK(keep(t, &g, "liisa", &oulu, "oulu-p"));
    rig_free(t, &g);
}

TEST(one_municipality_fills_its_own_drafts_and_no_others)
{
    struct rig g;

    rig_new(t, &g);
    many_drafts(t, &g, "joku", QUOTA_drafts_of_area);
    CHECK(!keep(t, &g, "liisa", &oulu, "oulu-p"));
    CHECK_STR(g.fail.code, "drafts_of_area");
    CHECK(keep(t, &g, "eero", &espoo, "espoo-p"));
    CHECK(keep(t, &g, "riikka", &area_nation, "nation-1"));
    rig_free(t, &g);
}

static bool apply(struct test *t, struct rig *g, const char *who, int i, int64_t at_s, enum edit_act act)
{
    struct change_by by = by_of(t, who, &oulu);
    const struct edit_from from = { 0 };
    const struct row_id row = id_of("provider", "oulu");
    struct edit_field field = { S("support"), arena_printf(t->arena, "https://%d.example/", i) };

    by.at_s = at_s;
    struct edit *e = edit_new(&by, &from);
    edit_put(e, &row, &field, 1);
    g->fail = (struct fail){ 0 };
    bool good = edit_run(e, g->db, t->arena, &g->edit, act, &g->got, &g->fail);
    edit_free(e);
    return good;
}

TEST(a_person_makes_so_many_changes_a_minute)
{
    struct rig g;
    const int64_t at_s = world_now_s(&t->world);

    rig_new(t, &g);
    for (int i = 0; i < QUOTA_changes_a_minute; i++)
        CHECK(apply(t, &g, "liisa", i, at_s + i % 2, EDIT_APPLY));
    CHECK(!apply(t, &g, "liisa", 99, at_s + 2, EDIT_APPLY));
    CHECK_STR(g.fail.code, "changes_a_minute");
    CHECK(apply(t, &g, "matti", 99, at_s + 2, EDIT_APPLY));
    CHECK(apply(t, &g, "liisa", 98, at_s + 61, EDIT_APPLY));
    rig_free(t, &g);
}

static struct str school_policies(struct test *t, int n)
{
    struct buf b = buf_new(t->arena, 1 << 24);

    buf_add(&b, S(CITIES));
    buf_add(&b, S("policies:\n"));
    struct str whole = buf_str(&b);
    size_t at = str_find(whole, S("policies:\n")) + 10;
    struct buf out = buf_new(t->arena, 1 << 24);
    buf_add(&out, str_sub(whole, 0, at));
    for (int i = 0; i < n; i++)
        buf_printf(&out, "  - {id: many-%d, provider: oulu, school: '99101', text: " SCHOOLS "}\n", i);
    buf_add(&out, str_sub(whole, at, whole.n - at - 10));
    return buf_str(&out);
}

TEST(an_owner_has_so_many_policies_and_what_is_there_stays)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(import(t, &g, school_policies(t, QUOTA_policies_of_school - 1))); /* and oulu-s */
    CHECK(!import(t, &g, school_policies(t, QUOTA_policies_of_school)));
    CHECK_STR(g.fail.code, "policies_of_school");
    CHECK(keep(t, &g, "liisa", &oulu, "oulu-p"));
    CHECK(one(t, &g, &(struct one){ "liisa", "policy", "oulu-s", "why", "toinen", &oulu, 0, 0, 0 }, EDIT_APPLY));
    rig_free(t, &g);
}

static struct str many_networks(struct test *t, int n)
{
    struct buf b = buf_new(t->arena, 1 << 24);

    buf_add(&b, S(CITIES "networks:\n"));
    for (int i = 0; i < n; i++)
        buf_printf(&b, "  - {id: n%d, provider: oulu, name: {fi: N}, blocks: [10.%d.%d.0/24]}\n", i, i / 250, i % 250);
    return buf_str(&b);
}

TEST(one_municipality_names_so_many_networks_and_leaves_room_for_others)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(import(t, &g, many_networks(t, QUOTA_networks_of_provider)));
    CHECK(!import(t, &g, many_networks(t, QUOTA_networks_of_provider + 1)));
    CHECK_STR(g.fail.code, "networks_of_provider");
    CHECK(one(t, &g, &(struct one){ "liisa", "network", "n1", "name.fi", "Toinen", &oulu, 0, 0, 0 }, EDIT_APPLY));
    rig_free(t, &g);
}

static struct str many_terms(struct test *t, int n)
{
    struct buf b = buf_new(t->arena, 1 << 24);

    buf_add(&b, S(CITIES "terms:\n"));
    for (int i = 0; i < n; i++)
        buf_printf(&b, "  - {id: t%d, provider: oulu, from: 2026-08-11, to: 2026-12-19}\n", i);
    return buf_str(&b);
}

TEST(one_municipality_has_so_many_rows_of_calendars)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(import(t, &g, many_terms(t, QUOTA_terms_of_provider)));
    CHECK_STR(g.fail.detail, "");
    CHECK(!import(t, &g, many_terms(t, QUOTA_terms_of_provider + 1)));
    CHECK_STR(g.fail.code, "terms_of_provider");
    rig_free(t, &g);
}

static struct str many_accounts(struct test *t, int n, bool pass)
{
    struct buf b = buf_new(t->arena, 1 << 24);
    struct str whole = S(CITIES);
    size_t at = str_find(whole, S("accounts:\n")) + 10;

    buf_add(&b, str_sub(whole, 0, at));
    for (int i = 0; i < n; i++)
        buf_printf(&b,
                   "  - {id: a%d, idp: oulu-local, username: a%d, password: {argon2id: '$argon2id$v=19$m=19456,t=2,"
                   "p=1$c2FsdHNhbHRzYWx0c2FsdA$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0c2FsdHNhbHQ'}, given_names: A%s}\n",
                   i, i, pass ? ", school: " OULU_SCHOOL : "");
    buf_add(&b, str_sub(whole, at, whole.n - at));
    return buf_str(&b);
}

TEST(one_identity_provider_has_so_many_passes_and_as_many_other_accounts_as_a_file_brings)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(import(t, &g, many_accounts(t, QUOTA_passes_of_idp + 1, false)));
    CHECK_STR(g.fail.detail, "");
    CHECK(import(t, &g, many_accounts(t, QUOTA_passes_of_idp, true)));
    CHECK_STR(g.fail.detail, "");
    CHECK(!import(t, &g, many_accounts(t, QUOTA_passes_of_idp + 1, true)));
    CHECK_STR(g.fail.code, "passes_of_idp");
    rig_free(t, &g);
}
