/* SPDX-License-Identifier: EUPL-1.2
 * What expressions are worth. */
#include "tests/unit/cedar_help.h"

static const struct {
    const char *expression, *value;
} cases[] = {
    /* logic and its short cuts */
    { "true && 1 == 1 && !false", "true" },
    { "false && principal.x", "false" },
    { "true || principal.x", "true" },
    { "false || 1", "error: expected bool, got long" },
    { "1 && true", "error: expected bool, got long" },
    { "if 1 == 1 then 2 else principal.x", "2" },
    { "if 1 then 2 else 3", "error: expected bool, got long" },
    { "!1", "error: expected bool, got long" },
    /* equality of anything */
    { "1 == \"1\"", "false" },
    { "1 != \"1\"", "true" },
    { "[1, 2, 2] == [2, 1]", "true" },
    { "{a: 1, b: 2} == {b: 2, a: 1}", "true" },
    { "[[1], [1, 1]] == [[1]]", "true" },
    { "User::\"a\" == principal", "true" },
    { "User::\"a\" == Group::\"a\"", "false" },
    { "decimal(\"1.0\") == decimal(\"1.0000\")", "true" },
    { "ip(\"127.0.0.1\") == ip(\"127.0.0.1/32\")", "true" },
    /* numbers */
    { "9223372036854775807 + 1", "error: the sum does not fit into 64 bits" },
    { "-9223372036854775808 - 1", "error: the difference does not fit into 64 bits" },
    { "-9223372036854775808 * -1", "error: the product does not fit into 64 bits" },
    { "--9223372036854775808", "error: the negated number does not fit into 64 bits" },
    { "2 + 3 * 4 - 5", "9" },
    { "10 - 3 - 4", "3" },
    { "1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3", "true" },
    { "1 < \"2\"", "error: expected long, got string" },
    { "\"1\" < \"2\"", "error: expected long or datetime or duration, got string" },
    { "decimal(\"1.0\") < decimal(\"2.0\")", "error: expected long or datetime or duration, got decimal" },
    { "1 + \"1\"", "error: expected long, got string" },
    /* sets */
    { "[1, \"a\", true].contains(\"a\")", "true" },
    { "[1, 2].containsAll([])", "true" },
    { "[1, 2].containsAll([2, 3])", "false" },
    { "[1, 2].containsAny([2, 3])", "true" },
    { "[1, 2].containsAny([])", "false" },
    { "[].isEmpty()", "true" },
    { "[1].isEmpty()", "false" },
    { "1 .contains(1)", "error: expected set, got long" },
    { "[1].containsAll(1)", "error: expected set, got long" },
    /* records and attributes */
    { "{a: {b: 1}}.a.b", "1" },
    { "{\"a b\": 1}[\"a b\"]", "1" },
    { "{a: 1} has a", "true" },
    { "{a: 1} has b", "false" },
    { "{a: {b: 1}} has a.b", "true" },
    { "{a: {b: 1}} has a.c", "false" },
    { "{a: {b: 1}} has x.b", "false" },
    { "{a: 1} has a.b", "error: expected entity or record, got long" },
    { "{a: 1}.b", "error: the record has no attribute \"b\"" },
    { "1 has a", "error: expected entity or record, got long" },
    { "User::\"unknown\" has a", "false" },
    { "User::\"unknown\".a", "error: User::\"unknown\" is no known entity" },
    /* like */
    { "\"abc\" like \"a*c\"", "true" },
    { "\"ac\" like \"a*c\"", "true" },
    { "\"ab\" like \"a*c\"", "false" },
    { "\"a*c\" like \"a\\*c\"", "true" },
    { "\"abc\" like \"a\\*c\"", "false" },
    { "\"\" like \"*\"", "true" },
    { "\"\" like \"\"", "true" },
    { "\"aa\" like \"a*a\"", "true" },
    { "\"a\" like \"a*a\"", "false" },
    { "\"abcabc\" like \"*bc\"", "true" },
    { "\"a\\0b\" like \"a\\0*\"", "true" },
    { "1 like \"*\"", "error: expected string, got long" },
    /* is, in */
    { "principal is User", "true" },
    { "principal is User in User::\"a\"", "true" },
    { "principal is Group in 1", "false" },
    { "principal is User in 1", "error: expected entity or set, got long" },
    { "1 is User", "error: expected entity, got long" },
    { "principal in [Group::\"x\", 1]", "error: expected entity, got long" },
    { "principal in [User::\"a\", 1]", "error: expected entity, got long" },
    { "1 in principal", "error: expected entity, got long" },
    { "User::\"nobody\" in User::\"nobody\"", "true" },
    /* tags */
    { "principal.hasTag(\"x\")", "false" },
    { "principal.getTag(\"x\")", "error: User::\"a\" is no known entity" },
    { "principal.hasTag(1)", "error: expected string, got long" },
    { "{a: 1}.hasTag(\"a\")", "error: expected entity, got record" },
    /* ip */
    { "ip(\"127.0.0.1\").isLoopback()", "true" },
    { "ip(\"127.0.0.0/8\").isLoopback()", "true" },
    { "ip(\"127.0.0.0/7\").isLoopback()", "false" },
    { "ip(\"::1\").isLoopback()", "true" },
    { "ip(\"::1/127\").isLoopback()", "false" },
    { "ip(\"224.0.0.1\").isMulticast()", "true" },
    { "ip(\"224.0.0.0/3\").isMulticast()", "false" },
    { "ip(\"ff00::/8\").isMulticast()", "true" },
    { "ip(\"ff00::/7\").isMulticast()", "false" },
    { "ip(\"10.1.2.3\").isInRange(ip(\"10.0.0.0/8\"))", "true" },
    { "ip(\"10.0.0.0/7\").isInRange(ip(\"10.0.0.0/8\"))", "false" },
    { "ip(\"1.2.3.4\").isInRange(ip(\"0.0.0.0/0\"))", "true" },
    { "ip(\"::1\").isInRange(ip(\"0.0.0.0/0\"))", "false" },
    { "ip(\"::ffff:102:304\").isIpv4()", "false" },
    { "ip(\"1:2:3:4:5:6:7::\").isIpv6()", "true" },
    { "ip(\"1.2.3.4\")", "ip(\"1.2.3.4\")" },
    { "ip(\"01.2.3.4\")", "error: the text is no ip" },
    { "ip(\"1.2.3\")", "error: the text is no ip" },
    { "ip(\"1.2.3.4.5\")", "error: the text is no ip" },
    { "ip(\"1.2.3.256\")", "error: the text is no ip" },
    { "ip(\"1.2.3.4/33\")", "error: the text is no ip" },
    { "ip(\"1.2.3.4/08\")", "error: the text is no ip" },
    { "ip(\"1.2.3.4/\")", "error: the text is no ip" },
    { "ip(\"::1.2.3.4\")", "error: the text is no ip" },
    { "ip(\"1:2:3:4:5:6:7:8::\")", "error: the text is no ip" },
    { "ip(\"1::2::3\")", "error: the text is no ip" },
    { "ip(\"12345::\")", "error: the text is no ip" },
    { "ip(\":1\")", "error: the text is no ip" },
    { "ip(\"1:\")", "error: the text is no ip" },
    { "ip(\"::%1\")", "error: the text is no ip" },
    { "ip(\" 1.2.3.4\")", "error: the text is no ip" },
    { "ip(\"\")", "error: the text is no ip" },
    { "ip(1)", "error: expected string, got long" },
    { "ip()", "error: `ip` takes 1 argument" },
    { "ip(\"::1\", \"::1\")", "error: `ip` takes 1 argument" },
    { "\"1.2.3.4\".isIpv4()", "error: expected ipaddr, got string" },
    /* decimal */
    { "decimal(\"-922337203685477.5808\")", "decimal(\"-922337203685477.5808\")" },
    { "decimal(\"922337203685477.5807\").greaterThan(decimal(\"0.0\"))", "true" },
    { "decimal(\"922337203685477.5808\")", "error: the text is no decimal" },
    { "decimal(\"1\")", "error: the text is no decimal" },
    { "decimal(\"1.\")", "error: the text is no decimal" },
    { "decimal(\".1\")", "error: the text is no decimal" },
    { "decimal(\"1.12345\")", "error: the text is no decimal" },
    { "decimal(\"+1.0\")", "error: the text is no decimal" },
    { "decimal(\"--1.0\")", "error: the text is no decimal" },
    { "decimal(\"-0.5\").lessThan(decimal(\"0.5\"))", "true" },
    { "decimal(\"1.5\").lessThanOrEqual(decimal(\"1.50\"))", "true" },
    { "decimal(\"1.5\").greaterThanOrEqual(decimal(\"1.6\"))", "false" },
    { "decimal(\"1.0\").lessThan(1)", "error: expected decimal, got long" },
    /* datetime */
    { "datetime(\"1970-01-01\").toTime()", "duration(\"0ms\")" },
    { "datetime(\"1970-01-02T00:00:00Z\").durationSince(datetime(\"1970-01-01\")).toHours()", "24" },
    { "datetime(\"2024-02-29T23:59:59.999+0200\")", "datetime(\"2024-02-29T21:59:59.999Z\")" },
    { "datetime(\"2024-01-01T00:00:00-2359\")", "datetime(\"2024-01-01T23:59:00Z\")" },
    { "datetime(\"0000-01-01\")", "datetime(\"0000-01-01\")" },
    { "datetime(\"9999-12-31T23:59:59.999Z\") > datetime(\"1969-12-31\")", "true" },
    { "datetime(\"1969-12-31T23:00:00Z\").toDate()", "datetime(\"1969-12-31\")" },
    { "datetime(\"1969-12-31T23:00:00Z\").toTime().toHours()", "23" },
    { "datetime(\"2023-02-29\")", "error: the text is no datetime" },
    { "datetime(\"1900-02-29\")", "error: the text is no datetime" },
    { "datetime(\"2000-02-29\")", "datetime(\"2000-02-29\")" },
    { "datetime(\"2100-02-29\")", "error: the text is no datetime" },
    { "datetime(\"2024-13-01\")", "error: the text is no datetime" },
    { "datetime(\"2024-00-01\")", "error: the text is no datetime" },
    { "datetime(\"2024-01-32\")", "error: the text is no datetime" },
    { "datetime(\"2024-1-1\")", "error: the text is no datetime" },
    { "datetime(\"2024-01-01T24:00:00Z\")", "error: the text is no datetime" },
    { "datetime(\"2024-01-01T23:59:60Z\")", "error: the text is no datetime" },
    { "datetime(\"2024-01-01T00:00:00\")", "error: the text is no datetime" },
    { "datetime(\"2024-01-01T00:00:00.1Z\")", "error: the text is no datetime" },
    { "datetime(\"2024-01-01T00:00:00+02:00\")", "error: the text is no datetime" },
    { "datetime(\"2024-01-01T00:00:00+2400\")", "error: the text is no datetime" },
    { "datetime(\"2024-01-01T00:00:00+0060\")", "error: the text is no datetime" },
    { "datetime(\"2024-01-01T00:00:00z\")", "error: the text is no datetime" },
    { "datetime(\"2024-01-01Z\")", "error: the text is no datetime" },
    { "datetime(\"2024-01-01 00:00:00Z\")", "error: the text is no datetime" },
    { "datetime(\"1970-01-01\").offset(duration(\"9223372036854775807ms\")).offset(duration(\"1ms\"))",
      "error: the result does not fit into 64 bits" },
    { "datetime(\"1970-01-01\").offset(duration(\"-9223372036854775808ms\")).toDate()",
      "error: the result does not fit into 64 bits" },
    { "datetime(\"1970-01-01\").offset(duration(\"-1ms\")) < datetime(\"1970-01-01\")", "true" },
    { "datetime(\"1970-01-01\") < duration(\"1ms\")", "error: expected datetime, got duration" },
    { "datetime(\"1970-01-01\").offset(1)", "error: expected duration, got long" },
    /* duration */
    { "duration(\"1d2h3m4s5ms\").toMilliseconds()", "93784005" },
    { "duration(\"-1d\").toDays()", "-1" },
    { "duration(\"-1500ms\").toSeconds()", "-1" },
    { "duration(\"90m\") == duration(\"1h30m\")", "true" },
    { "duration(\"-9223372036854775808ms\").toMilliseconds()", "-9223372036854775808" },
    { "duration(\"9223372036854775808ms\")", "error: the text is no duration" },
    { "duration(\"106751991168d\")", "error: the text is no duration" },
    { "duration(\"\")", "error: the text is no duration" },
    { "duration(\"-\")", "error: the text is no duration" },
    { "duration(\"1\")", "error: the text is no duration" },
    { "duration(\"d\")", "error: the text is no duration" },
    { "duration(\"1h1d\")", "error: the text is no duration" },
    { "duration(\"1h1h\")", "error: the text is no duration" },
    { "duration(\"1ms1s\")", "error: the text is no duration" },
    { "duration(\"+1h\")", "error: the text is no duration" },
    { "duration(\"1.5h\")", "error: the text is no duration" },
    { "duration(\"1h \")", "error: the text is no duration" },
};

TEST(expressions_are_worth_what_cedar_says)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str got = value_of(t->arena, cases[i].expression);
        CHECK_STR(got, cases[i].value);
        if (!str_eq(got, str_of(cases[i].value)))
            (void)printf("  %s\n", cases[i].expression);
    }
}

TEST(attributes_tags_and_groups_come_from_the_store)
{
    static const char *const store =
        "[{\"uid\":{\"type\":\"User\",\"id\":\"a\"},\"attrs\":{\"age\":9007199254740993,\"n\\u0000l\":\"x\\u0000y\"},"
        "\"parents\":[{\"type\":\"Group\",\"id\":\"g\"}],\"tags\":{\"k\":{\"__extn\":{\"fn\":\"ip\",\"arg\":\"::1\"}}}}"
        ","
        "{\"uid\":{\"__entity\":{\"type\":\"Group\",\"id\":\"g\"}},\"attrs\":{},\"parents\":[{\"type\":\"Group\","
        "\"id\":\"h\"}]}]";

    CHECK_STR(value_in(t->arena, "principal.age", store, "{}"), "9007199254740993");
    CHECK_STR(value_in(t->arena, "principal[\"n\\0l\"] == \"x\\u{0}y\"", store, "{}"), "true");
    CHECK_STR(value_in(t->arena, "principal in Group::\"h\"", store, "{}"), "true");
    CHECK_STR(value_in(t->arena, "principal in [Group::\"i\", Group::\"h\"]", store, "{}"), "true");
    CHECK_STR(value_in(t->arena, "principal in Group::\"i\"", store, "{}"), "false");
    CHECK_STR(value_in(t->arena, "principal.getTag(\"k\").isLoopback()", store, "{}"), "true");
    CHECK_STR(value_in(t->arena, "principal.getTag(\"l\")", store, "{}"), "error: User::\"a\" has no tag \"l\"");
    CHECK_STR(value_in(t->arena, "principal.hasTag(context.t)", store, "{\"t\":\"k\"}"), "true");
    CHECK_STR(value_in(t->arena, "principal.height", store, "{}"), "error: User::\"a\" has no attribute \"height\"");
}

TEST(a_set_larger_than_a_handful_is_sorted_and_searched)
{
    struct buf b = buf_new(t->arena, 1 << 20);

    buf_add(&b, S("["));
    for (int i = 0; i < 3001; i++)
        buf_printf(&b, "%d, ", i * 7919 % 3001);
    buf_add(&b, S("context.x].containsAll([0, 1, 1500, 3000, 42])"));
    CHECK_STR(value_in(t->arena, arena_cstr(t->arena, buf_str(&b)), "[]", "{\"x\":42}"), "true");
}
