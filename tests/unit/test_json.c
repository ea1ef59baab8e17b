/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"
#include "wire/json.h"

#include <string.h>

static bool accepts(struct test *t, struct str text)
{
    struct fail f = { 0 };

    return json_parse(t->arena, text, &f) != NULL;
}

static const char *refusal(struct test *t, struct str text)
{
    struct fail f = { 0 };

    return json_parse(t->arena, text, &f) == NULL ? f.code : "accepted";
}

TEST(well_formed_texts_are_accepted) /* [RFC 8259] */
{
    /* clang-format off */
    static const char *const texts[] = {
        "[]", "{}", " [ ] ", "\t{\r\n}\n", "[null]", "true", "false", "null", "0", "-0", "-1", "\"\"", "\"a\"", "[1,2,3]",
        "[[],{},[[]]]", "{\"\":0}", "{\"a\":{\"a\":1}}", "[0.5]", "[1e5]", "[1E+2]", "[1e-2]", "[-0.1]", "[20e1]",
        "[9223372036854775807]", "[-9223372036854775808]", "[\"\\u0061\"]", "[\"\\ud83d\\ude00\"]", "[\"\\u0000\"]",
        "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"\x7f\"]", "[\"\xc3\xa4\"]", "[\"\xf0\x9f\x98\x80\"]", "[\"\xef\xbf\xbf\"]",
        "[\"\\uFFFF\"]", "[\"\\uDBFF\\uDFFF\"]", "[1e-999]", "{\"a\":1,\"b\":2}", "[123.456e7]", "[\" \"]"
    };
    /* clang-format on */

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!accepts(t, str_of(texts[i])))
            test_fail(t, __FILE__, __LINE__, "refused: %s", texts[i]);
    CHECK(true);
}

TEST(malformed_texts_are_refused)
{
    /* clang-format off */
    static const char *const texts[] = {
        "", " ", "[", "]", "{", "}", "[1,]", "[,1]", "[1 2]", "[1,,2]", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\" 1}", "{a:1}",
        "{'a':1}", "{1:1}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "[1]]", "[1}", "{\"a\":1]", "[1] x", "1 2", "+1", "01", "-01",
        "-", "1.", ".5", "-.5", "1e", "1e+", "1.e1", "0x1", "1_0", "NaN", "Infinity", "-Infinity", "nul", "nulll", "True",
        "tru", "[\"", "\"abc", "\"\\\"", "\"\\", "\"\\u\"", "\"\\u00\"", "\"\\u00g0\"", "\"\\x41\"", "\"\\a\"", "\"\\'\"",
        "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0061\"", "\"\\ud800\\ud800\"", "\"\\ud800x\"", "\"a\nb\"", "\"a\tb\"",
        "\"\x01\"", "\xef\xbb\xbf[]", "[\"\xff\"]", "[\"\xc0\xaf\"]", "[\"\xed\xa0\x80\"]", "[\"\xf4\x90\x80\x80\"]",
        "[\"\xc3\"]", "/**/[]", "[]//", "[1,#\n2]", "\f[]", "\xc2\xa0[]", "{\"a\":1,\"b\"", "[\"\\u002\"]", "{\"a\":\"b}",
        "*", "[1e1.5]", "[1ee5]", "[--1]", "[1-]", "\\u0061", "[\\n]", "undefined"
    };
    /* clang-format on */

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(refusal(t, str_of(texts[i])), "json_malformed") != 0)
            test_fail(t, __FILE__, __LINE__, "%s: %s", texts[i], refusal(t, str_of(texts[i])));
    CHECK_STR(refusal(t, str_n("[1]\0", 4)), "json_malformed");
    CHECK_STR(refusal(t, str_n("[\"a\0b\"]", 7)), "json_malformed");
    CHECK_STR(refusal(t, (struct str){ NULL, 0 }), "json_malformed");
}

TEST(a_name_that_comes_twice_is_refused)
{
    struct json_out o = json_out(t->arena, 65536);

    CHECK_STR(refusal(t, S("{\"a\":1,\"a\":1}")), "json_duplicate");
    CHECK_STR(refusal(t, S("{\"a\":1,\"\\u0061\":2}")), "json_duplicate");
    CHECK_STR(refusal(t, S("[{\"x\":{\"b\":1,\"c\":2,\"b\":3}}]")), "json_duplicate");
    CHECK(accepts(t, S("{\"a\":1,\"A\":1}")));
    CHECK(accepts(t, S("[{\"a\":1},{\"a\":1}]")));
    json_begin_object(&o);
    for (int i = 0; i < 1000; i++)
        json_put_int(&o, arena_printf(t->arena, "n%d", i), i);
    json_put_int(&o, S("n500"), 1);
    json_end_object(&o);
    CHECK_STR(refusal(t, json_done(&o)), "json_duplicate");
}

TEST(depth_and_size_are_bounded)
{
    char deep[2 * JSON_DEPTH_MAX + 4];
    size_t n = 0;

    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        deep[n++] = '[';
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        deep[n++] = ']';
    CHECK(accepts(t, str_n(deep, n)));
    memset(deep, '[', sizeof deep);
    CHECK_STR(refusal(t, str_n(deep, JSON_DEPTH_MAX + 1)), "json_too_large");
    char *many = arena_alloc(t->arena, 2 * JSON_VALUES_MAX + 3);
    many[0] = '[';
    for (size_t i = 0; i <= JSON_VALUES_MAX; i++)
        memcpy(many + 1 + 2 * i, "0,", 2);
    many[2 * JSON_VALUES_MAX + 2] = ']';
    CHECK_STR(refusal(t, str_n(many, 2 * JSON_VALUES_MAX + 3)), "json_too_large");
    char *long_text = arena_alloc(t->arena, JSON_TEXT_MAX_B + 1);
    memset(long_text, ' ', JSON_TEXT_MAX_B + 1);
    CHECK_STR(refusal(t, str_n(long_text, JSON_TEXT_MAX_B + 1)), "json_too_large");
}

TEST(numbers_are_exact_or_refused)
{
    struct fail f = { 0 };
    const struct json_value *v = json_parse(t->arena, S("[9223372036854775807,-9223372036854775808,1.5,-0,1e2]"), &f);

    CHECK(v != NULL && v->count == 5);
    CHECK(v->first->type == JSON_INT && v->first->integer == INT64_MAX);
    CHECK(v->first->next->integer == INT64_MIN);
    CHECK(v->first->next->next->type == JSON_NUM && v->first->next->next->number == 1.5);
    CHECK(v->first->next->next->next->type == JSON_INT && v->first->next->next->next->integer == 0);
    CHECK(v->first->next->next->next->next->type == JSON_NUM);
    CHECK_STR(refusal(t, S("9223372036854775808")), "json_number");
    CHECK_STR(refusal(t, S("-9223372036854775809")), "json_number");
    CHECK_STR(refusal(t, S("1e999")), "json_number");
    CHECK_STR(refusal(t, S("-1e999")), "json_number");
    char digits[200];
    memset(digits, '1', sizeof digits);
    CHECK_STR(refusal(t, str_n(digits, sizeof digits)), "json_number");
}

TEST(strings_are_decoded_and_a_nul_ends_nothing)
{
    struct fail f = { 0 };
    const struct json_value *v = json_parse(
        t->arena, S("{\"k\\u0065y\":\"a\\u0000b\",\"s\":\"\\ud83d\\ude00\\u00e4\\n\\/\",\"p\":\"plain\"}"), &f);

    CHECK(str_eq(json_get_str(v, S("key")), str_n("a\0b", 3)));
    CHECK_STR(json_get_str(v, S("s")), "\xf0\x9f\x98\x80\xc3\xa4\n/");
    CHECK_STR(json_get_str(v, S("p")), "plain");
    CHECK(json_get_str(v, S("absent")).p == NULL);
    CHECK(json_get(NULL, S("x")) == NULL);
}

struct record {
    struct str name;
    int64_t age;
    bool alive;
    const struct json_value *list;
};

static const struct json_field record_fields[] = { FIELD(record, name, JSON_STR, true, 5),
                                                   FIELD(record, age, JSON_INT, false, 0),
                                                   FIELD(record, alive, JSON_BOOL, false, 0),
                                                   FIELD(record, list, JSON_ARRAY, false, 2),
                                                   { 0 } };

TEST(a_record_is_read_through_its_table)
{
    struct record r = { .age = 7 };
    struct fail f = { 0 };

    CHECK(
        json_read(t->arena, S("{\"name\":\"anna\",\"alive\":true,\"list\":[1,2],\"more\":{}}"), record_fields, &r, &f));
    CHECK_STR(r.name, "anna");
    CHECK_INT(r.age, 7);
    CHECK(r.alive && r.list->count == 2);
}

static const char *record_refusal(struct test *t, const char *text)
{
    struct record r;
    struct fail f = { 0 };

    return json_read(t->arena, str_of(text), record_fields, &r, &f) ? "accepted" : f.code;
}

TEST(a_record_with_a_missing_wrong_or_long_member_is_refused)
{
    CHECK_STR(record_refusal(t, "{}"), "json_missing");
    CHECK_STR(record_refusal(t, "[]"), "json_type");
    CHECK_STR(record_refusal(t, "{\"name\":1}"), "json_type");
    CHECK_STR(record_refusal(t, "{\"name\":null}"), "json_type");
    CHECK_STR(record_refusal(t, "{\"name\":\"anna\",\"age\":1.5}"), "json_type");
    CHECK_STR(record_refusal(t, "{\"name\":\"anna\",\"age\":\"1\"}"), "json_type");
    CHECK_STR(record_refusal(t, "{\"name\":\"annaanna\"}"), "json_too_long");
    CHECK_STR(record_refusal(t, "{\"name\":\"anna\",\"list\":[1,2,3]}"), "json_too_long");
}

TEST(what_is_written_is_escaped_and_balanced)
{
    struct json_out o = json_out(t->arena, 1000);

    json_begin_object(&o);
    json_put_str(&o, S("a\"b"), str_n("x\0\n\x1f\x7f\\", 6));
    json_put_str(&o, S("left out"), (struct str){ NULL, 0 });
    json_put_int(&o, S("n"), INT64_MIN);
    json_put_bool(&o, S("t"), true);
    json_key(&o, S("list"));
    json_begin_array(&o);
    json_str(&o, S("\xc3\xa4"));
    json_str(&o, S("\xff\"x"));
    json_nil(&o);
    json_raw(&o, S("[1]"));
    json_end_array(&o);
    json_end_object(&o);
    CHECK_STR(json_done(&o), "{\"a\\\"b\":\"x\\u0000\\n\\u001f\\u007f\\\\\",\"n\":-9223372036854775808,\"t\":true,"
                             "\"list\":[\"\xc3\xa4\",\"\xef\xbf\xbd\\\"x\",null,[1]]}");
    o = json_out(t->arena, 1000);
    json_begin_object(&o);
    CHECK(json_done(&o).p == NULL);
    o = json_out(t->arena, 4);
    json_str(&o, S("too long"));
    CHECK(json_done(&o).p == NULL);
}

TEST(a_parsed_value_is_written_as_it_was)
{
    static const char *const texts[] = {
        "{\"a\":[1,2.50,{\"b\":null,\"c\":[]}],\"d\":{},\"e\":\"x\",\"f\":[[[true]],false]}", "[]", "1", "\"x\"",
        "{\"a\":{\"b\":{\"c\":1}}}"
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct fail f = { 0 };
        struct json_out o = json_out(t->arena, 1000);
        json_value(&o, json_parse(t->arena, str_of(texts[i]), &f));
        CHECK_STR(json_done(&o), texts[i]);
    }
}
