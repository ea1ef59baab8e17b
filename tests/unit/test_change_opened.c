/* SPDX-License-Identifier: EUPL-1.2
 *
 * A service that was ever open to a municipality was, whatever became of the policy that opened it. */
#include "model/when.h"
#include "registry/opened.h"
#include "tests/unit/change_help.h"

#define DAY_S 86400

static struct openeds facts(struct test *t, struct rig *g, const char *service, const char *provider, int64_t at_s)
{
    struct openeds out;

    CHECK(opened_of(g->db, t->arena, str_of(service), str_of(provider), at_s, &out, &g->fail));
    return out;
}

static int64_t since(struct test *t, struct rig *g, const char *provider, int64_t at_s)
{
    struct openeds of = facts(t, g, "kanerva", provider, at_s);

    return of.n == 1 ? of.at[0].first_s : -1;
}

static bool put(struct test *t, struct rig *g, const char *kind, const char *key, const struct edit_field *fields,
                size_t n, int64_t at_s, enum edit_act act)
{
    struct change_by by = by_of(t, "liisa", &area_nation);
    const struct edit_from from = { 0 };
    const struct row_id id = id_of(kind, key);

    by.at_s = at_s;
    struct edit *e = edit_new(&by, &from);
    if (fields != NULL)
        edit_put(e, &id, fields, n);
    else
        edit_remove(e, &id);
    g->fail = (struct fail){ 0 };
    bool good = edit_run(e, g->db, t->arena, &g->edit, act, &g->got, &g->fail);
    edit_free(e);
    CHECK_STR(g->fail.detail, "");
    return good;
}

static bool policy(struct test *t, struct rig *g, const char *from, const char *to, int64_t at_s, enum edit_act act)
{
    const struct edit_field fields[] = { { S("provider"), S("espoo") },
                                         { S("text"), S("permit (principal in Provider::\"espoo\", action == "
                                                        "Action::\"open\", resource == Service::\"kanerva\");") },
                                         { S("from"), str_of(from) },
                                         { S("to"), str_of(to) } };

    return put(t, g, "policy", "espoo-uusi", fields, 4, at_s, act);
}

static struct str rfc3339(struct test *t, int64_t at_s)
{
    return when_rfc3339(t->arena, at_s);
}

TEST(what_was_open_was_though_its_policy_is_gone_its_service_shut_or_the_change_undone)
{
    struct rig g;
    struct change_report report;

    rig_new(t, &g);
    const int64_t now_s = world_now_s(&t->world);
    CHECK_INT(facts(t, &g, "kanerva", NULL, now_s).n, 2); /* those two; the nation's policy is nobody's decision */
    CHECK_INT(since(t, &g, "oulu", now_s), now_s);
    CHECK_INT(facts(t, &g, "kanerva", "espoo", now_s).at[0].change, version(&g));
    CHECK_INT(facts(t, &g, "kanerva", "vantaa", now_s).n + facts(t, &g, "lumme", NULL, now_s).n, 0);
    CHECK_INT(facts(t, &g, "kanerva", NULL, now_s - 1).n, 0);
    CHECK(put(t, &g, "policy", "oulu-p", NULL, 0, now_s + DAY_S, EDIT_APPLY));
    CHECK_INT(since(t, &g, "oulu", now_s + DAY_S), now_s);
    const struct edit_field off = { S("enabled"), S("false") };
    CHECK(put(t, &g, "service", "kanerva", &off, 1, now_s + DAY_S, EDIT_APPLY));
    CHECK_INT(facts(t, &g, "kanerva", NULL, now_s + DAY_S).n, 2);
    struct change_by by = by_of(t, "liisa", &area_nation);
    by.maker = MAKER_undo;
    CHECK(change_undo(g.db, t->arena, version(&g), &by, false, &report, &g.fail));
    CHECK_INT(since(t, &g, "espoo", now_s + DAY_S), now_s); /* the first time, not the last */
    rig_free(t, &g);
}

TEST(what_opens_later_is_a_fact_from_that_moment_and_none_if_it_is_taken_back_before)
{
    struct rig g;

    rig_new(t, &g);
    const int64_t now_s = world_now_s(&t->world), later_s = now_s + 7 * DAY_S;
    const char *later = arena_cstr(t->arena, rfc3339(t, later_s));
    CHECK(put(t, &g, "policy", "espoo-p", NULL, 0, now_s, EDIT_APPLY)); /* of the same second: it was never open */
    struct db_value none = db_int(0);
    static const struct db_statement clear = { "test.clear", "DELETE FROM opened WHERE first_s > ?1" };
    CHECK(db_run(g.db, &clear, &none, 1, &g.fail));
    CHECK(policy(t, &g, later, NULL, now_s, EDIT_CHECK)); /* a try notes nothing */
    CHECK_INT(since(t, &g, "espoo", later_s), -1);
    CHECK(policy(t, &g, later, NULL, now_s, EDIT_APPLY));
    CHECK_INT(since(t, &g, "espoo", later_s - 1), -1);
    CHECK_INT(since(t, &g, "espoo", later_s), later_s);
    CHECK(put(t, &g, "policy", "espoo-uusi", NULL, 0, later_s - 1, EDIT_APPLY));
    CHECK_INT(since(t, &g, "espoo", later_s), -1);
    CHECK(policy(t, &g, later, NULL, later_s - 1, EDIT_APPLY));
    CHECK(put(t, &g, "policy", "espoo-uusi", NULL, 0, later_s + 1, EDIT_APPLY)); /* it had begun */
    CHECK_INT(since(t, &g, "espoo", later_s + 1), later_s);
    rig_free(t, &g);
}

TEST(a_decision_that_is_not_in_force_opens_nothing_and_one_that_begins_later_opens_then)
{
    struct rig g;

    rig_new(t, &g);
    const int64_t now_s = world_now_s(&t->world), later_s = now_s + 3 * DAY_S;
    static const struct db_statement clear = { "test.clear", "DELETE FROM opened WHERE first_s > ?1" };
    struct db_value none = db_int(0);
    const struct edit_field says[] = { { S("provider"), S("espoo") },     { S("service"), S("kanerva") },
                                       { S("agreement"), S("1") },        { S("decided_by"), S("Eeva") },
                                       { S("purpose"), S("Opetus") },     { S("roles"), S("teacher") },
                                       { S("from"), rfc3339(t, later_s) } };
    CHECK(db_run(g.db, &clear, &none, 1, &g.fail));
    CHECK(put(t, &g, "permission", "espoo-1", says, sizeof says / sizeof *says, now_s, EDIT_APPLY));
    CHECK_INT(since(t, &g, "espoo", later_s - 1), -1);
    CHECK_INT(since(t, &g, "espoo", later_s), later_s);
    const struct edit_field withdrawn[] = { { S("withdrawn"), rfc3339(t, now_s + DAY_S) },
                                            { S("withdrawn_why"), S("ei sittenkään") } };
    CHECK(put(t, &g, "permission", "espoo-1", withdrawn, 2, now_s + DAY_S, EDIT_APPLY));
    CHECK_INT(since(t, &g, "espoo", later_s), -1);
    rig_free(t, &g);
}

TEST(a_registry_that_is_older_than_this_begins_with_what_is_open_and_what_was_decided)
{
    static const struct db_statement forget[] = {
        { "test.none", "DELETE FROM opened" }, { "test.older", "UPDATE number SET value = 0 WHERE name = 'opened'" }
    };
    struct rig g;

    rig_new(t, &g);
    const int64_t now_s = world_now_s(&t->world);
    const struct edit_field says[] = { { S("provider"), S("oulu") },
                                       { S("service"), S("lakannut") },
                                       { S("from"), S("2020-01-01") },
                                       { S("withdrawn"), S("2021-01-01") },
                                       { S("withdrawn_why"), S("päättyi") } };
    CHECK(put(t, &g, "permission", "oulu-1", says, sizeof says / sizeof *says, now_s, EDIT_APPLY));
    for (size_t i = 0; i < 2; i++)
        CHECK(db_run(g.db, &forget[i], NULL, 0, &g.fail));
    rig_reopen(t, &g);
    CHECK_INT(facts(t, &g, "kanerva", NULL, now_s).n, 2);
    CHECK_INT(facts(t, &g, "kanerva", NULL, now_s).at[0].change, 0);
    CHECK_INT(facts(t, &g, "lakannut", "oulu", now_s).n, 1); /* the service itself is gone */
    CHECK(db_run(g.db, &forget[0], NULL, 0, &g.fail));
    rig_reopen(t, &g);
    CHECK_INT(facts(t, &g, "kanerva", NULL, now_s).n, 0); /* once */
    rig_free(t, &g);
}
