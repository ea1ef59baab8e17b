/* SPDX-License-Identifier: EUPL-1.2 */
#include "alarms/alarms.h"
#include "console/texts.h"
#include "gateway/console/raise.h"
#include "gateway/node/findings.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct area nation = { { NULL, 0 }, { NULL, 0 } }, oulu = { S("oulu"), { NULL, 0 } },
                         school = { S("oulu"), S("9.1") }, espoo = { S("espoo"), { NULL, 0 } };

struct rig {
    struct settings set;
    struct alarms *s;
    struct fail f;
    char dir[64];
};

static void rig_end(void *arg)
{
    static const char *const files[] = { "alarms.sqlite", "alarms.sqlite-wal", "alarms.sqlite-shm" };
    struct rig *g = arg;
    char path[128];

    alarms_free(g->s);
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s/registry/%s", g->dir, files[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof path, "%s/registry", g->dir);
    (void)rmdir(path);
    (void)rmdir(g->dir);
}

static struct rig *rig_new(struct test *t)
{
    struct rig *g = arena_make(t->arena, struct rig);

    *g = (struct rig){ .dir = "/tmp/digione-alarms-XXXXXX" };
    CHECK(mkdtemp(g->dir) != NULL);
    g->set.state_dir = str_of(g->dir);
    CHECK(mkdir(arena_cstr(t->arena, arena_join(t->arena, g->set.state_dir, S("/registry"))), 0700) == 0);
    g->s = alarms_new(&g->set);
    arena_adopt(t->arena, g, rig_end);
    return g;
}

static struct alarms_found all(struct test *t, struct rig *g, const struct area *within, int64_t now_s)
{
    return alarms_read(g->s, t->arena, within, now_s);
}

TEST(the_same_alarm_is_one_however_often_it_is_raised)
{
    struct rig *g = rig_new(t);

    for (int i = 0; i < 5; i++)
        alarm_raise(g->s, ALARM_policy_failed, &oulu, S("oulu-7-9"), S("kanerva"), TEST_NOW_S + i);
    struct alarms_found found = all(t, g, &nation, TEST_NOW_S + 10);
    CHECK_INT(found.n, 1);
    CHECK_INT(found.at[0].n, 5);
    CHECK_INT(found.at[0].first_s, TEST_NOW_S);
    CHECK_INT(found.at[0].last_s, TEST_NOW_S + 4);
    CHECK(alarm_is_open(&found.at[0]));
}

TEST(a_state_that_is_said_again_and_again_is_one_occurrence_until_it_was_over)
{
    struct rig *g = rig_new(t);

    for (int i = 0; i < 100; i++)
        alarm_raise(g->s, ALARM_redis_unwell, &nation, S("n1"), S("memory"), TEST_NOW_S + 10 * i);
    struct alarms_found found = all(t, g, &nation, TEST_NOW_S + 1000);
    CHECK_INT(found.at[0].n, 1);
    CHECK_INT(found.at[0].first_s, TEST_NOW_S);
    CHECK(alarm_is_open(&found.at[0]));
    found = all(t, g, &nation, TEST_NOW_S + 990 + ALARM_STILL_S + 1);
    CHECK(found.at[0].over);
    alarm_raise(g->s, ALARM_redis_unwell, &nation, S("n1"), S("memory"), TEST_NOW_S + 9000);
    found = all(t, g, &nation, TEST_NOW_S + 9000);
    CHECK_INT(found.at[0].n, 2);
    CHECK_INT(found.at[0].first_s, TEST_NOW_S + 9000);
}

TEST(a_state_is_over_at_once_where_its_finder_says_so)
{
    struct rig *g = rig_new(t);

    alarm_raise(g->s, ALARM_redis_unwell, &nation, S("n1"), S("memory"), TEST_NOW_S);
    alarm_over(g->s, ALARM_redis_unwell, &nation, S("n1"), TEST_NOW_S + 1);
    CHECK(all(t, g, &nation, TEST_NOW_S + 1).at[0].over);
    alarm_raise(g->s, ALARM_policy_failed, &nation, S("p"), S(""), TEST_NOW_S);
    alarm_over(g->s, ALARM_policy_failed, &nation, S("p"), TEST_NOW_S + 1);
    struct alarms_found found = all(t, g, &nation, TEST_NOW_S + 1);
    CHECK_INT(found.at[0].code, ALARM_policy_failed);
    CHECK(!found.at[0].over);
}

TEST(what_was_acknowledged_is_no_longer_open_and_comes_back_when_it_happens_again)
{
    struct rig *g = rig_new(t);
    struct alarm one;

    alarm_raise(g->s, ALARM_policy_failed, &oulu, S("p"), S("kanerva"), TEST_NOW_S);
    struct str id = str_of(all(t, g, &nation, TEST_NOW_S).at[0].id);
    CHECK(alarms_acknowledge(g->s, id, 1, S("8c1f"), S("korjataan"), TEST_NOW_S + 5));
    CHECK(alarms_one(g->s, t->arena, id, TEST_NOW_S + 5, &one));
    CHECK(!alarm_is_open(&one));
    CHECK_STR(one.seen_by, "8c1f");
    CHECK_STR(one.note, "korjataan");
    alarm_raise(g->s, ALARM_policy_failed, &oulu, S("p"), S("kanerva"), TEST_NOW_S + 60);
    CHECK(alarms_one(g->s, t->arena, id, TEST_NOW_S + 60, &one));
    CHECK(alarm_is_open(&one));
    CHECK_INT(one.n, 2);
    CHECK(!alarms_acknowledge(g->s, S("0000000000000000"), 1, S("8c1f"), S(""), TEST_NOW_S));
}

TEST(a_state_that_was_acknowledged_stays_so_while_it_stands)
{
    struct rig *g = rig_new(t);

    alarm_raise(g->s, ALARM_right_ends, &oulu, S("r1"), S("1.9.2026"), TEST_NOW_S);
    CHECK(alarms_acknowledge(g->s, str_of(all(t, g, &oulu, TEST_NOW_S).at[0].id), 1, S("8c1f"), S(""), TEST_NOW_S));
    for (int day = 1; day < 5; day++)
        alarm_raise(g->s, ALARM_right_ends, &oulu, S("r1"), S("1.9.2026"), TEST_NOW_S + day * 86400);
    struct alarms_found found = all(t, g, &oulu, TEST_NOW_S + 4 * 86400);
    CHECK(!alarm_is_open(&found.at[0]));
    CHECK_INT(found.at[0].n, 1);
}

TEST(an_area_sees_its_own_alarms_and_those_within_it)
{
    struct rig *g = rig_new(t);

    alarm_raise(g->s, ALARM_disk_low, &nation, S("n1"), S(""), TEST_NOW_S);
    alarm_raise(g->s, ALARM_idp_away, &oulu, S("oulu-edu"), S("timeout"), TEST_NOW_S);
    alarm_raise(g->s, ALARM_pass_at_night, &school, S(""), S(""), TEST_NOW_S);
    alarm_raise(g->s, ALARM_idp_away, &espoo, S("espoo-edu"), S("timeout"), TEST_NOW_S);
    CHECK_INT(all(t, g, &nation, TEST_NOW_S).n, 4);
    CHECK_INT(all(t, g, &oulu, TEST_NOW_S).n, 2);
    CHECK_INT(all(t, g, &school, TEST_NOW_S).n, 1);
    CHECK_INT(all(t, g, &espoo, TEST_NOW_S).n, 1);
}

TEST(open_alarms_come_first_the_gravest_first)
{
    struct rig *g = rig_new(t);

    alarm_raise(g->s, ALARM_right_ends, &oulu, S("r"), S(""), TEST_NOW_S);
    alarm_raise(g->s, ALARM_policy_failed, &oulu, S("seen"), S(""), TEST_NOW_S + 1);
    CHECK(alarms_acknowledge(g->s, str_of(all(t, g, &oulu, TEST_NOW_S).at[0].id), 1, S("x"), S(""), TEST_NOW_S));
    alarm_raise(g->s, ALARM_idp_away, &oulu, S("i"), S(""), TEST_NOW_S + 2);
    struct alarms_found found = all(t, g, &oulu, TEST_NOW_S + 3);
    CHECK_INT(found.at[0].code, ALARM_idp_away);
    CHECK_INT(found.at[1].code, ALARM_right_ends);
    CHECK_INT(found.at[2].code, ALARM_policy_failed);
}

TEST(a_restart_forgets_no_alarm)
{
    struct rig *g = rig_new(t);

    CHECK(alarms_write(g->s, TEST_NOW_S, &g->f));
    alarm_raise(g->s, ALARM_break_glass_used, &nation, S("8c1f"), S("ops"), TEST_NOW_S);
    alarm_raise(g->s, ALARM_right_ends, &oulu, S("r1"), S("1.9.2026"), TEST_NOW_S);
    CHECK(
        alarms_acknowledge(g->s, str_of(all(t, g, &oulu, TEST_NOW_S).at[0].id), 1, S("x"), S("tiedossa"), TEST_NOW_S));
    alarms_free(g->s);
    g->s = alarms_new(&g->set);
    CHECK(alarms_write(g->s, TEST_NOW_S + 60, &g->f));
    struct alarms_found found = all(t, g, &nation, TEST_NOW_S + 60);
    CHECK_INT(found.n, 2);
    CHECK_INT(found.at[0].code, ALARM_break_glass_used);
    CHECK_STR(found.at[1].note, "tiedossa");
    alarm_raise(g->s, ALARM_right_ends, &oulu, S("r1"), S("1.9.2026"), TEST_NOW_S + 3 * 86400);
    CHECK(!alarm_is_open(&all(t, g, &oulu, TEST_NOW_S + 3 * 86400).at[0]));
}

TEST(what_another_process_raised_is_seen)
{
    struct rig *g = rig_new(t);
    struct alarms *other = alarms_new(&g->set);

    CHECK(alarms_write(g->s, TEST_NOW_S, &g->f));
    CHECK(alarms_write(other, TEST_NOW_S, &g->f));
    alarm_raise(other, ALARM_import_refused, &nation, S("registry.yaml"), S("changed_since"), TEST_NOW_S);
    CHECK(alarms_write(other, TEST_NOW_S, &g->f));
    CHECK(alarms_write(g->s, TEST_NOW_S + 1, &g->f));
    CHECK_INT(all(t, g, &nation, TEST_NOW_S + 1).n, 1);
    alarm_raise(g->s, ALARM_import_refused, &nation, S("registry.yaml"), S("changed_since"), TEST_NOW_S + 2);
    CHECK(alarms_write(g->s, TEST_NOW_S + 2, &g->f));
    CHECK(alarms_write(other, TEST_NOW_S + 3, &g->f));
    struct alarms_found found = alarms_read(other, t->arena, &nation, TEST_NOW_S + 3);
    CHECK_INT(found.at[0].n, 2);
    alarms_free(other);
}

static void fill(struct test *t, struct rig *g, const struct area *where, enum alarm_code code, int n, int64_t from_s)
{
    for (int i = 0; i < n; i++)
        alarm_raise(g->s, code, where, arena_printf(t->arena, "x%d", i), S(""), from_s + i);
}

static struct area provider(struct test *t, int i)
{
    return (struct area){ .provider = arena_printf(t->arena, "city-%d", i) };
}

static struct alarms_sum sums(struct rig *g, int64_t now_s)
{
    struct alarms_sum sum;

    alarms_sum(g->s, now_s, &sum);
    return sum;
}

static bool is_there(struct test *t, struct rig *g, enum alarm_code code, struct str subject, int64_t now_s)
{
    struct alarms_found found = all(t, g, &nation, now_s);

    for (size_t i = 0; i < found.n; i++)
        if (found.at[i].code == code && str_eq(found.at[i].subject, subject))
            return true;
    return false;
}

TEST(one_area_fills_its_own_share_and_nobody_elses)
{
    struct rig *g = rig_new(t);
    const int64_t now_s = TEST_NOW_S + 2 * ALARMS_MAX;

    alarm_raise(g->s, ALARM_many_sessions_ended, &espoo, S("e"), S(""), TEST_NOW_S);
    alarm_raise(g->s, ALARM_right_at_night, &nation, S("r"), S(""), TEST_NOW_S);
    fill(t, g, &school, ALARM_pass_at_night, 2 * ALARMS_MAX, TEST_NOW_S);
    CHECK_INT(all(t, g, &oulu, now_s).n, ALARMS_SHARE);
    CHECK(is_there(t, g, ALARM_many_sessions_ended, S("e"), now_s) &&
          is_there(t, g, ALARM_right_at_night, S("r"), now_s));
    fill(t, g, &espoo, ALARM_idp_away, 1, now_s);
    fill(t, g, &nation, ALARM_audit_broken, 1, now_s);
    CHECK_INT(all(t, g, &espoo, now_s).n, 2);
    CHECK_INT(sums(g, now_s).open[ALARM_audit_broken], 1);
    fill(t, g, &oulu, ALARM_right_ends, 2 * ALARMS_SHARE, now_s);
    CHECK_INT(all(t, g, &oulu, now_s).n, 2 * ALARMS_SHARE);
}

TEST(in_a_full_share_what_is_done_with_goes_first_then_the_oldest_and_never_what_is_graver)
{
    struct rig *g = rig_new(t);
    const int64_t now_s = TEST_NOW_S + 1000;

    alarm_raise(g->s, ALARM_policy_failed, &oulu, S("grave"), S(""), TEST_NOW_S - 10);
    fill(t, g, &oulu, ALARM_many_sessions_ended, ALARMS_SHARE - 1, TEST_NOW_S);
    for (size_t i = 0; i < ALARMS_SHARE; i++) {
        const struct alarm x = all(t, g, &oulu, now_s).at[i];
        if (str_eq(x.subject, S("x9"))) {
            CHECK(alarms_acknowledge(g->s, str_of(x.id), 1, S("who"), S(""), now_s));
            break;
        }
    }
    alarm_raise(g->s, ALARM_pass_at_night, &oulu, S("a"), S(""), now_s);
    CHECK(!is_there(t, g, ALARM_many_sessions_ended, S("x9"), now_s));
    CHECK(is_there(t, g, ALARM_many_sessions_ended, S("x0"), now_s));
    CHECK_INT(sums(g, now_s).lost, 0);
    alarm_raise(g->s, ALARM_pass_at_night, &oulu, S("b"), S(""), now_s);
    CHECK(!is_there(t, g, ALARM_many_sessions_ended, S("x0"), now_s));
    CHECK_INT(sums(g, now_s).lost, 1);
    fill(t, g, &oulu, ALARM_pass_at_night, 3 * ALARMS_SHARE, now_s);
    CHECK(is_there(t, g, ALARM_policy_failed, S("grave"), now_s + 1000));
}

TEST(all_areas_together_leave_room_for_states_and_for_what_is_critical_to_the_nation)
{
    struct rig *g = rig_new(t);
    struct area where;

    for (int i = 0; i < 2 * ALARMS_MAX / ALARMS_SHARE; i++) {
        where = provider(t, i);
        fill(t, g, &where, ALARM_policy_failed, ALARMS_SHARE, TEST_NOW_S);
    }
    size_t events = sums(g, TEST_NOW_S).open[ALARM_policy_failed];
    CHECK_INT(events, ALARMS_MAX - ALARMS_FOR_NATION - ALARMS_FOR_STATES);
    for (int i = 0; i < 2 * ALARMS_MAX / ALARMS_SHARE; i++) {
        where = provider(t, 1000 + i);
        fill(t, g, &where, ALARM_idp_away, ALARMS_SHARE, TEST_NOW_S);
    }
    CHECK_INT(sums(g, TEST_NOW_S + 70).open[ALARM_idp_away], ALARMS_FOR_STATES);
    fill(t, g, &nation, ALARM_audit_broken, ALARMS_FOR_NATION / 2, TEST_NOW_S);
    fill(t, g, &nation, ALARM_redis_unwell, ALARMS_FOR_NATION / 2, TEST_NOW_S);
    const struct alarms_sum sum = sums(g, TEST_NOW_S + 70);
    CHECK_INT(sum.open[ALARM_audit_broken] + sum.open[ALARM_redis_unwell], ALARMS_FOR_NATION);
    CHECK_INT(sum.open[ALARM_policy_failed], events);
    CHECK_INT(sum.open[ALARM_alarms_full], 1);
}

TEST(what_is_lost_is_an_alarm_of_its_own_that_says_what_and_is_not_said_each_time)
{
    struct rig *g = rig_new(t);

    fill(t, g, &oulu, ALARM_many_sessions_ended, ALARMS_SHARE, TEST_NOW_S);
    CHECK_INT(sums(g, TEST_NOW_S).open[ALARM_alarms_full], 0);
    fill(t, g, &oulu, ALARM_pass_at_night, 20, TEST_NOW_S + 100);
    const struct alarms_found found = all(t, g, &nation, TEST_NOW_S + 200);
    struct alarm full = { .code = ALARM_NONE };
    for (size_t i = 0; i < found.n; i++)
        if (found.at[i].code == ALARM_alarms_full)
            full = found.at[i];
    CHECK_INT(found.n, ALARMS_SHARE + 1);
    CHECK_STR(full.detail, "oulu pass_at_night");
    CHECK_INT(full.n, 1);
    CHECK_INT(sums(g, TEST_NOW_S + 200).lost, 20);
    CHECK(alarms_acknowledge(g->s, str_of(full.id), 1, S("who"), S(""), TEST_NOW_S + 200));
    fill(t, g, &oulu, ALARM_many_sessions_ended, 1, TEST_NOW_S + 8000);
    CHECK_INT(sums(g, TEST_NOW_S + 8000).open[ALARM_alarms_full], 1);
}

TEST(a_full_table_survives_a_restart_with_the_youngest_of_each_area)
{
    struct rig *g = rig_new(t);

    CHECK(alarms_write(g->s, TEST_NOW_S, &g->f));
    fill(t, g, &oulu, ALARM_pass_at_night, 3 * ALARMS_SHARE, TEST_NOW_S);
    CHECK(alarms_write(g->s, TEST_NOW_S + 300, &g->f));
    alarms_free(g->s);
    g->s = alarms_new(&g->set);
    CHECK(alarms_write(g->s, TEST_NOW_S + 400, &g->f));
    CHECK_INT(all(t, g, &oulu, TEST_NOW_S + 400).n, ALARMS_SHARE);
    CHECK(is_there(t, g, ALARM_pass_at_night, arena_printf(t->arena, "x%d", 3 * ALARMS_SHARE - 1), TEST_NOW_S + 400));
    CHECK_INT(sums(g, TEST_NOW_S + 400).open[ALARM_alarms_full], 1);
}

TEST(what_came_again_since_it_was_looked_at_is_not_acknowledged)
{
    struct rig *g = rig_new(t);
    struct alarm one;

    alarm_raise(g->s, ALARM_pass_at_night, &school, S(""), S("23.01"), TEST_NOW_S);
    struct str id = str_of(all(t, g, &school, TEST_NOW_S).at[0].id);
    alarm_raise(g->s, ALARM_pass_at_night, &school, S(""), S("23.02"), TEST_NOW_S + 1);
    CHECK(!alarms_acknowledge(g->s, id, 1, S("8c1f"), S(""), TEST_NOW_S + 2));
    CHECK(alarms_one(g->s, t->arena, id, TEST_NOW_S + 2, &one));
    CHECK(alarm_is_open(&one));
    CHECK(alarms_acknowledge(g->s, id, 2, S("8c1f"), S(""), TEST_NOW_S + 2));
}

TEST(what_is_done_often_is_an_alarm_and_what_is_done_seldom_is_none)
{
    struct rig *g = rig_new(t);

    for (int i = 0; i < 30; i++)
        alarm_often(g->s, ALARM_console_refused, &oulu, S(""), 20, TEST_NOW_S + i * ALARM_OFTEN_S / 10);
    CHECK_INT(all(t, g, &nation, TEST_NOW_S).n, 0);
    for (int i = 0; i < 20; i++)
        alarm_often(g->s, ALARM_console_refused, &oulu, S(""), 20, TEST_NOW_S + 86400 + i);
    CHECK_INT(all(t, g, &nation, TEST_NOW_S + 86400).n, 1);
}

TEST(the_sum_for_metrics_counts_what_is_open)
{
    struct rig *g = rig_new(t);
    struct alarms_sum sum;

    alarm_raise(g->s, ALARM_idp_away, &oulu, S("a"), S(""), TEST_NOW_S);
    alarm_raise(g->s, ALARM_idp_away, &espoo, S("b"), S(""), TEST_NOW_S);
    alarms_sum(g->s, TEST_NOW_S, &sum);
    CHECK_INT(sum.open[ALARM_idp_away], 2);
    CHECK_INT(sum.raised[ALARM_idp_away], 2);
    alarms_sum(g->s, TEST_NOW_S + ALARM_STILL_S + 1, &sum);
    CHECK_INT(sum.open[ALARM_idp_away], 0);
    CHECK_INT(sum.raised[ALARM_idp_away], 2);
}

TEST(a_disk_is_low_by_what_is_left_of_it)
{
    CHECK(findings_disk_is_low(100 << 20, (uint64_t)100 << 30));
    CHECK(findings_disk_is_low((uint64_t)4 << 30, (uint64_t)100 << 30));
    CHECK(!findings_disk_is_low((uint64_t)40 << 30, (uint64_t)100 << 30));
    CHECK(!findings_disk_is_low((uint64_t)6 << 30, (uint64_t)100 << 30));
}

TEST(raising_at_nobodys_table_does_nothing)
{
    alarm_raise(NULL, ALARM_idp_away, &oulu, S("a"), S(""), TEST_NOW_S);
    alarm_often(NULL, ALARM_idp_away, &oulu, S("a"), 1, TEST_NOW_S);
    CHECK_INT(alarms_read(NULL, t->arena, &nation, TEST_NOW_S).n, 0);
}

/* ── the table, and what is said of it ──────────────────────────────────── */

TEST(the_manual_says_of_each_code_how_grave_it_is_how_long_it_stays_and_what_to_do)
{
    static const enum said mend[ALARM_COUNT] = {
#define X(code, severity, kind, back, may, page) [ALARM_##code] = C_alarm_##code##_mend,
        ALARMS(X)
#undef X
    };
    struct buf b = buf_new(t->arena, 65536);
    struct str doc = test_file(t->arena, "docs/operating.md"), mark = S("<!-- alarms -->\n");

    buf_add(&b, S("| code | severity | stays | is | what to do |\n|---|---|---|---|---|\n"));
    for (int i = ALARM_NONE + 1; i < ALARM_COUNT; i++) {
        const struct alarm_row *row = alarm_row((enum alarm_code)i);
        buf_printf(&b, "| `%s` | %s | %s | %.*s | %.*s |\n", row->code, alarm_severity_name(row->severity),
                   row->kind == ALARM_STANDS ? "until it is over" : "until it is acknowledged",
                   STR_ARG(alarm_words((enum alarm_code)i, LANG_EN)), STR_ARG(said(mend[i], LANG_EN)));
    }
    struct str rest = str_from(doc, str_find(doc, mark) + mark.n);
    CHECK(str_eq(str_sub(rest, 0, str_find(rest, S("<!-- end -->"))), buf_str(&b)));
}

TEST(every_code_has_a_right_that_mends_it_and_a_name_that_comes_back)
{
    for (int i = ALARM_NONE + 1; i < ALARM_COUNT; i++) {
        const struct alarm_row *row = alarm_row((enum alarm_code)i);
        CHECK(alarm_may((enum alarm_code)i) != MAY_NONE);
        CHECK_INT(alarm_of_name(str_of(row->code)), i);
        for (int lang = 0; lang < LANG_COUNT; lang++)
            CHECK(str_is_set(alarm_words((enum alarm_code)i, (enum lang)lang)));
    }
    CHECK_INT(alarm_of_name(S("nothing")), ALARM_NONE);
    CHECK_INT(alarm_may(ALARM_NONE), MAY_NONE);
}

TEST(the_night_is_from_ten_to_six_by_finnish_clocks)
{
    const int64_t midnight_s = 1786395600; /* 11 August 2026, 00:00 in Finland */

    CHECK(alarm_is_night(midnight_s) && alarm_is_night(midnight_s - 2 * 3600) &&
          alarm_is_night(midnight_s + 6 * 3600 - 1));
    CHECK(!alarm_is_night(midnight_s - 2 * 3600 - 1) && !alarm_is_night(midnight_s + 6 * 3600) &&
          !alarm_is_night(midnight_s + 43200));
}
