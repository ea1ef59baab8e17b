/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/moves_file.h"

#include "tests/test.h"

#include <stdio.h>

/* "2 old_twice 1", the first that is wrong; "" where nothing is. */
static struct str first_wrong(struct test *t, struct str text)
{
    struct moves_read got;

    if (moves_file_read(t->arena, text, &got))
        return S("");
    CHECK(got.wrong_count > 0 && moves_fault_cure(got.wrongs[0].fault)[0] != '\0');
    return arena_printf(t->arena, "%zu %s %zu", got.wrongs[0].line, moves_fault_word(got.wrongs[0].fault),
                        got.wrongs[0].other);
}

TEST(a_line_says_which_new_id_is_which_old_one)
{
    static const struct {
        struct str text;
        const char *old_id, *new_id;
    } files[] = {
        { S("old,new\nmatti@turku.fi,5f0c-1\n"), "matti@turku.fi", "5f0c-1" },
        { S("\xef\xbb\xbfvanha;uusi\r\nmatti@turku.fi;5f0c-1\r\n"), "matti@turku.fi", "5f0c-1" },
        { S("matti@turku.fi\t5f0c-1"), "matti@turku.fi", "5f0c-1" },
        { S("\"a,\"\"b\"\"\",\" c\"\n"), "a,\"b\"", " c" },
        { S("\n\n1,2\n\n"), "1", "2" },
    };

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct moves_read got;
        CHECK(moves_file_read(t->arena, files[i].text, &got));
        CHECK_INT(got.n, 1);
        CHECK_STR(got.at[0].old_id, files[i].old_id);
        CHECK_STR(got.at[0].new_id, files[i].new_id);
    }
}

TEST(what_does_not_hold_is_named_by_its_line_and_what_is_wrong)
{
    static const struct {
        struct str text;
        const char *wrong;
    } files[] = {
        { S(""), "0 file_empty 0" },
        { S("old,new\n"), "0 file_empty 0" },
        { S("a,b\n\xff,c\n"), "0 file_utf8 0" },
        { S("a,b\nc\n"), "2 cells 0" },
        { S("a,b\nc,d,e\n"), "2 cells 0" },
        { S("a,b\rc,d\n"), "1 cells 0" },
        { S("a,b\n,d\n"), "2 old_missing 0" },
        { S("a,b\nc,\n"), "2 new_missing 0" },
        { S("a, b\n"), "1 id_white 0" },
        { S("a,b\xe2\x80\xaeq\n"), "1 id_unseen 0" },
        { S("a,\"b\nc,d\n"), "1 quote_open 0" },
        { S("a,\"b\"x\n"), "1 quote_open 0" },
        { S("a,b\na,c\n"), "2 old_twice 1" },
        { S("a,b\nx,y\nc,b\n"), "3 new_twice 1" },
    };

    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        CHECK_STR(first_wrong(t, files[i].text), files[i].wrong);
}

TEST(ids_that_differ_in_case_or_composition_are_two)
{
    struct moves_read got;

    CHECK(moves_file_read(t->arena, S("a,b\nA,B\n\xc3\xa4,1\na\xcc\x88,2\n"), &got));
    CHECK_INT(got.n, 4);
}

TEST(more_wrong_lines_than_are_named_are_counted)
{
    struct buf b = buf_new(t->arena, 1 << 20);
    struct moves_read got;

    for (int i = 0; i < 3 * MOVES_WRONGS_MAX; i++)
        buf_add(&b, S("x\n"));
    CHECK(!moves_file_read(t->arena, buf_str(&b), &got));
    CHECK_INT(got.wrong_count, MOVES_WRONGS_MAX);
    CHECK_INT(got.wrongs_more, 2 * MOVES_WRONGS_MAX);
}
