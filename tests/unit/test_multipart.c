/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/multipart.h"

#include "tests/test.h"

#define TYPE    "multipart/form-data; boundary=----Web1"
#define PART(h) "------Web1\r\nContent-Disposition: form-data; " h "\r\n\r\n"
#define END     "\r\n------Web1--\r\n"

static struct form *form_of(struct test *t, struct str body)
{
    struct form *form = NULL;
    struct fail f = { 0 };

    CHECK(multipart_read(t->arena, S(TYPE), body, &form, &f));
    return form;
}

static bool refused(struct test *t, struct str type, struct str body)
{
    struct form *form = NULL;
    struct fail f = { 0 };

    return !multipart_read(t->arena, type, body, &form, &f) && f.kind == FAIL_CALLER;
}

TEST(texts_and_a_file_are_read)
{
    struct form *form =
        form_of(t, S(PART("name=\"a\"") "one\r\n" PART(
                       "name=\"f\"; filename=\"x.csv\"\r\nContent-Type: text/csv") "\xff\0\r\n--x" END));

    CHECK_STR(form_get(form, S("a")), "one");
    CHECK(form_get(form, S("f")).p == NULL);
    CHECK_INT(form_file(form, S("f")).n, 7);
    CHECK(form_file(form, S("a")).p == NULL);
}

TEST(no_file_was_chosen)
{
    struct form *form = form_of(t, S(PART("name=\"f\"; filename=\"\"") END));

    CHECK(form_file(form, S("f")).p == NULL);
    CHECK_INT(form->count + form->file_count, 0);
}

TEST(a_form_with_a_file_that_is_broken_is_refused)
{
    CHECK(refused(t, S("multipart/form-data"), S("")));
    CHECK(refused(t, S("multipart/form-data; boundary="), S("----")));
    CHECK(refused(t, S(TYPE), S("")));
    CHECK(refused(t, S(TYPE), S("x" PART("name=\"a\"") "one" END)));
    CHECK(refused(t, S(TYPE), S(PART("name=\"a\"") "one")));
    CHECK(refused(t, S(TYPE), S(PART("filename=\"a\"") "one" END)));
    CHECK(refused(t, S(TYPE), S("------Web1\r\n\r\none" END)));
    CHECK(refused(t, S(TYPE), S("------Web1\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\none" END)));
    CHECK(refused(t, S(TYPE), S(PART("name=\"a\"") "\xff" END)));
    CHECK(refused(t, S(TYPE), S(PART("name=\"a\"") "\x01" END)));
    CHECK(refused(t, S(TYPE), S(PART("name=\"a\"") "1\r\n" PART("name=\"a\"") "2" END)));
    CHECK(refused(t, S(TYPE), S(PART("name=\"a\"") "1\r\n" PART("name=\"a\"; filename=\"f\"") "2" END)));
}

TEST(a_header_of_a_part_has_its_most)
{
    struct buf b = buf_new(t->arena, 1 << 16);

    buf_add(&b, S("------Web1\r\nX: "));
    for (int i = 0; i < MULTIPART_HEADER_MAX_B; i++)
        buf_byte(&b, 'x');
    buf_add(&b, S("\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none" END));
    CHECK(refused(t, S(TYPE), buf_str(&b)));
}

TEST(a_media_type_is_told_by_its_name)
{
    CHECK(is_multipart(S(TYPE)));
    CHECK(is_multipart(S("Multipart/Form-Data;boundary=x")));
    CHECK(!is_multipart(S("application/x-www-form-urlencoded")));
    CHECK(!is_multipart(S("multipart/mixed; boundary=x")));
    CHECK(!is_multipart(S("")));
}
