/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/nodes.h"
#include "tests/test.h"

#include <string.h>

static struct node_record record(const char *name)
{
    return (
        struct node_record){ .name = str_of(name),
                             .version = S("0.1.0"),
                             .began_s = TEST_NOW_S - 100,
                             .at_s = TEST_NOW_S,
                             .stepped_ms = -1800,
                             .disk_free_B = (int64_t)40 << 30,
                             .disk_B = (int64_t)100 << 30,
                             .audit_records = 12345,
                             .on_reserve = true,
                             .connections = 7,
                             .hour = { .counters = { [METRIC_sign_ins] = 42 }, .times = { 1, 2, 3 }, .over_s = 3600 } };
}

TEST(what_a_node_says_of_itself_comes_back_as_it_was)
{
    struct node_record x = record("oulu-2"), y;

    CHECK(node_record_read(t->arena, node_record_write(t->arena, &x), &y));
    CHECK_STR(y.name, "oulu-2");
    CHECK_STR(y.version, "0.1.0");
    CHECK(!str_is_set(y.why));
    CHECK_INT(y.stepped_ms, -1800);
    CHECK_INT(y.disk_free_B, x.disk_free_B);
    CHECK_INT(y.audit_records, 12345);
    CHECK(y.on_reserve);
    CHECK_INT(y.hour.counters[METRIC_sign_ins], 42);
    CHECK_INT(y.hour.times[2], 3);
    CHECK_INT(y.hour.over_s, 3600);
    CHECK_INT(y.day.over_s, 0);
}

TEST(a_record_that_is_none_is_refused)
{
    struct node_record y;

    CHECK(!node_record_read(t->arena, S(""), &y));
    CHECK(!node_record_read(t->arena, S("{}"), &y));
    CHECK(!node_record_read(t->arena, S("{\"name\":\"\"}"), &y));
    CHECK(!node_record_read(t->arena, S("{\"name\":7}"), &y));
    CHECK(node_record_read(t->arena, S("{\"name\":\"n\",\"hour\":\"x\",\"day\":\"1 2,x,-3\"}"), &y));
    CHECK_INT(y.day.counters[0], 2);
    CHECK_INT(y.day.counters[1], 0);
}

TEST(each_node_is_known_once_and_falls_silent_before_it_is_forgotten)
{
    struct nodes *s = nodes_new(t->arena);
    struct node_record a = record("a"), b = record("b");

    nodes_heard(s, &b, TEST_NOW_S);
    nodes_heard(s, &a, TEST_NOW_S);
    nodes_heard(s, &a, TEST_NOW_S + NODE_LIFE_S);
    struct nodes_known all = nodes_read(s, t->arena, TEST_NOW_S + NODE_LIFE_S + 1);
    CHECK_INT(all.n, 2);
    CHECK_STR(all.at[0].record.name, "a");
    CHECK(!all.at[0].silent && all.at[1].silent);
    all = nodes_read(s, t->arena, TEST_NOW_S + NODE_KNOWN_S);
    CHECK_INT(all.n, 1);
    nodes_free(s);
}

TEST(more_nodes_than_places_keep_those_that_speak)
{
    struct nodes *s = nodes_new(t->arena);

    for (int i = 0; i < NODES_MAX + 4; i++) {
        struct node_record x = record(arena_cstr(t->arena, arena_printf(t->arena, "n%02d", i)));
        nodes_heard(s, &x, TEST_NOW_S + i);
    }
    struct nodes_known all = nodes_read(s, t->arena, TEST_NOW_S + 30);
    CHECK_INT(all.n, NODES_MAX);
    CHECK_STR(all.at[0].record.name, "n04");
    nodes_free(s);
}

TEST(the_pulse_is_what_was_between)
{
    struct pulse *p = pulse_new(t->arena);
    struct pulse_sum now = { .over_s = 0 }, hour, day;

    for (int i = 0; i <= 3 * 12; i++) { /* three hours of ten sign-ins in five minutes */
        now.counters[METRIC_sign_ins] = (uint64_t)i * 10;
        now.times[3] = (uint64_t)i * 100;
        pulse_note(p, &now, (int64_t)i * PULSE_EVERY_S * 1000);
    }
    pulse_read(p, &hour, &day);
    CHECK_INT(day.counters[METRIC_sign_ins], 360);
    CHECK_INT(day.over_s, 3 * 3600);
    CHECK(hour.counters[METRIC_sign_ins] >= 110 && hour.counters[METRIC_sign_ins] <= 120);
    CHECK(hour.over_s >= 3300 && hour.over_s <= 3600);
    now.counters[METRIC_sign_ins] += 5;
    pulse_note(p, &now, (int64_t)36 * PULSE_EVERY_S * 1000 + 1000); /* the present counts at once */
    pulse_read(p, &hour, &day);
    CHECK_INT(day.counters[METRIC_sign_ins], 365);
    pulse_free(p);
}

TEST(a_percentile_is_the_bound_under_which_so_many_answers_are)
{
    uint64_t times[METRICS_BOUNDS + 1] = { 0 };

    CHECK_INT(pulse_percentile(times, 50), 0);
    times[0] = 60;
    times[4] = 35;
    times[METRICS_BOUNDS] = 5;
    CHECK_INT(pulse_percentile(times, 50), 1);
    CHECK_INT(pulse_percentile(times, 95), 20);
    CHECK_INT(pulse_percentile(times, 99), -1);
}
