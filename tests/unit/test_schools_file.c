/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/organisation_oid.h"
#include "model/schools_file.h"

#include "tests/test.h"

#define CITY "1.2.246.562.99.95640100004"
#define ONE  "1.2.246.562.99.95640200010"
#define TWO  "1.2.246.562.99.95640200028"

static struct schools_read read_as(struct test *t, struct str text)
{
    struct schools_read got;

    (void)schools_file_read(t->arena, text, S(CITY), S("564"), &got);
    return got;
}

/* "2 code_short 3829", the first that is wrong. */
static struct str first_wrong(struct test *t, struct str text)
{
    struct schools_read got;

    if (schools_file_read(t->arena, text, S(CITY), S("564"), &got))
        return S("");
    return arena_printf(t->arena, "%zu %s %.*s", got.wrongs[0].line, schools_fault_word(got.wrongs[0].fault),
                        STR_ARG(got.wrongs[0].value));
}

static void check_two(struct test *t, struct str text)
{
    struct schools_read got = read_as(t, text);

    CHECK_INT(got.wrong_count, 0);
    CHECK_INT(got.n, 2);
    if (got.n != 2)
        return;
    CHECK_STR(got.at[0].oid, ONE);
    CHECK_STR(got.at[0].code, "99101");
    CHECK_STR(got.at[0].name_fi, "Testi-Kielonmäen koulu");
    CHECK(!got.at[0].doubtful);
    CHECK_STR(got.at[1].oid, TWO);
    CHECK_STR(got.at[1].code, "99102");
}

TEST(item_14_schools_come_in_the_forms_of_the_national_registers)
{
    check_two(t, S("OID;Oppilaitostunnus;Nimi suomeksi;Nimi ruotsiksi\r\n" ONE ";99101;Testi-Kielonmäen koulu;\r\n" TWO
                   ";99102;Testi-Otsolahden lukio;Otso gymnasium\r\n"));
    check_two(t, S("oid,oppilaitosnumero,nimi\n" ONE ",99101,Testi-Kielonmäen koulu\n" TWO ",99102,\"Lukio, uusi\"\n"));
    check_two(t, S("TUNN\tONIMI\tOLO\tOLTYP\tKUNTA\tOrganisaation OID\n99101\tTesti-Kielonmäen koulu\t0\t11\t564\t" ONE
                   "\n99102\tOtso\t0\t15\t564\t" TWO "\n"));
    check_two(t, S("läroanstaltskod;namn;OID\n99101;Testi-Kielonmäen koulu;" ONE "\n99102;Otso;" TWO));
}

TEST(item_14_schools_may_be_typed_without_a_heading)
{
    check_two(t, S("\n" ONE "; 99101; Testi-Kielonmäen koulu\n\n" TWO ";99102;Otso;Otso gymnasium;Otso school\n"));
}

TEST(item_14_a_mark_of_utf8_and_latin_letters_of_windows_are_read)
{
    check_two(t, S("\xef\xbb\xbf" ONE ";99101;Testi-Kielonmäen koulu\n" TWO ";99102;Otso\n"));
    check_two(t, S(ONE ";99101;Testi-Kielonm\xe4"
                       "en koulu\n" TWO ";99102;Otso\n"));
    CHECK_STR(read_as(t, S(ONE ";99101;\x8ako\x9elu \xd6\n")).at[0].name_fi, "Škožlu Ö");
    CHECK(read_as(t, S(ONE ";99101;\xd6\n")).windows);
    CHECK(!read_as(t, S(ONE ";99101;Ö\n")).windows);
}

TEST(item_14_what_is_of_others_or_closed_or_no_school_is_passed_over_and_counted)
{
    struct schools_read got = read_as(
        t, S("oid;oppilaitostunnus;nimi;koulutustoimija oid;kuntakoodi;status;organisaatiotyyppi\n" ONE ";99101;A;" CITY
             ";564;AKTIIVINEN;OPPILAITOS\n1.2.246.562.99.90490200012;99201;B;1.2.246.562.99.90490100006;049;AKTIIVINEN;"
             "OPPILAITOS\n" TWO ";99102;C;" CITY ";564;LAKKAUTETTU;OPPILAITOS\n1.2.246.562.99.95640300001;;D;" CITY
             ";564;AKTIIVINEN;TOIMIPISTE\n1.2.246.562.99.98370200010;99301;E;;kunta_837;AKTIIVINEN;OPPILAITOS\n"));

    CHECK_INT(got.wrong_count, 0);
    CHECK_INT(got.n, 1);
    CHECK_INT(got.elsewhere, 2);
    CHECK_INT(got.closed, 1);
    CHECK(got.gone_n == 1 && str_eq(got.gone[0], S(TWO)));
    CHECK_INT(got.no_schools, 1);
}

TEST(item_14_each_line_that_does_not_hold_is_named_with_its_number)
{
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi\n" ONE ";3829;Koulu\n")), "2 code_short 3829");
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi\n" ONE ";A9101;Koulu\n")), "2 code_form A9101");
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi\n" ONE ";991011;Koulu\n")), "2 code_form 991011");
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi\n" ONE ";;Koulu\n")), "2 code_missing Koulu");
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi\n;99101;Koulu\n")), "2 oid_missing Koulu");
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi\n1.2.3;99101;Koulu\n")), "2 oid_form 1.2.3");
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi\n1,2E+25;99101;Koulu\n")), "2 oid_rounded 1,2E+25");
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi\n1.2.246.562.98.85640200011;99101;Koulu\n")),
              "2 oid_person 1.2.246.562.98.85640200011");
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi\n" CITY ";99101;Koulu\n")), "2 oid_provider " CITY);
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi\n" ONE ";99101;\n")), "2 name_missing " ONE);
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi\n" ONE ";99101;\xe2\x80\xaeKoulu\n")), "2 name_unseen ");
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi\n" ONE "\n")), "2 cells " ONE);
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi\n" ONE ";99101;A\n" TWO ";99101;B\n")), "3 code_twice 99101");
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi\n" ONE ";99101;A\n" ONE ";99102;B\n")), "3 oid_twice " ONE);
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi\n" ONE ";99101;\"A\n")), "2 quote_open \"A\n");
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi\n" ONE ";99101;\"A\"B\n")), "2 quote_open \"A\"B\n");
}

TEST(item_14_a_line_after_a_cell_of_several_lines_has_its_own_number)
{
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi\n" ONE ";99101;\"A\nB\"\n")), "2 name_unseen ");
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi;x\n" ONE ";99101;A;\"B\nC\"\n" TWO ";9;D;\n")), "4 code_short 9");
}

TEST(item_14_a_formula_is_no_name)
{
    static const char *const names[] = { "=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\"=1+1\"" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK(str_find(first_wrong(t, arena_printf(t->arena, ONE ";99101;%s\n", names[i])), S("1 name_formula ")) == 0);
    CHECK(str_find(first_wrong(t, S(ONE ";99101;A;=B\n")), S("1 name_formula ")) == 0);
}

TEST(item_14_a_file_that_is_none_is_told_what_it_is)
{
    CHECK_STR(first_wrong(t, S("PK\x03\x04 xlsx")), "0 file_workbook ");
    CHECK_STR(first_wrong(t, S("\xff\xfeo\0i\0d\0")), "0 file_utf16 ");
    CHECK_STR(first_wrong(t, S("oid\0;koodi")), "0 file_binary ");
    CHECK_STR(first_wrong(t, S(" \r\n ")), "0 file_empty ");
    CHECK_STR(first_wrong(t, S("")), "0 file_empty ");
    CHECK_STR(first_wrong(t, S("koodi;nimi\n99101;Koulu\n")), "1 no_oid_column koodi");
    CHECK_STR(first_wrong(t, S("oid;nimi\n" ONE ";Koulu\n")), "1 no_code_column oid");
    CHECK_STR(first_wrong(t, S("oid;koodi\n" ONE ";99101\n")), "1 no_name_column oid");
    CHECK_STR(first_wrong(t, S("oid;koodi;nimi;Oppilaitostunnus\n")), "1 column_twice Oppilaitostunnus");
    CHECK_STR(first_wrong(t, str_n(arena_alloc(t->arena, SCHOOLS_FILE_MAX_B + 1), SCHOOLS_FILE_MAX_B + 1)),
              "0 file_large ");
}

static struct str many(struct test *t, size_t n)
{
    struct buf b = buf_new(t->arena, 1 << 20);

    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "1.2.246.562.99.9%010zu;%05zu;Koulu %zu\n", i, i, i);
    return buf_str(&b);
}

TEST(item_14_two_thousand_schools_are_taken_and_no_more)
{
    struct schools_read got = read_as(t, many(t, SCHOOLS_MAX));

    CHECK_INT(got.n, SCHOOLS_MAX);
    CHECK_INT(got.wrong_count, 0);
    CHECK_STR(first_wrong(t, many(t, SCHOOLS_MAX + 1)), "2001 too_many ");
}

TEST(item_14_a_file_of_wrong_lines_names_fifty_and_counts_the_others)
{
    struct buf b = buf_new(t->arena, 1 << 20);

    for (int i = 0; i < 80; i++)
        buf_add(&b, S(ONE ";9;A\n"));
    struct schools_read got = read_as(t, buf_str(&b));
    CHECK_INT(got.wrong_count, SCHOOLS_WRONGS_MAX);
    CHECK_INT(got.wrongs_more, 80 - SCHOOLS_WRONGS_MAX);
}

TEST(item_14_what_was_read_is_written_and_read_again)
{
    struct schools_read one = read_as(t, S(ONE ",99101,\"A \"\"x\"\"; B\"\n" TWO ",99102,C,D,E\n"));
    struct schools_read two = read_as(t, schools_file_write(t->arena, &one));

    CHECK_INT(two.n, 2);
    CHECK_INT(two.wrong_count, 0);
    CHECK_STR(two.at[0].name_fi, "A \"x\"; B");
    CHECK_STR(two.at[1].name_en, "E");
}

TEST(item_14_commas_in_the_first_name_do_not_become_what_separates)
{
    struct schools_read one = read_as(t, S(ONE ";99101;A, B, C, D, E, F\n")), two;

    CHECK_INT(one.n, 1);
    two = read_as(t, schools_file_write(t->arena, &one));
    CHECK(two.n == 1 && two.wrong_count == 0);
    CHECK_STR(two.at[0].name_fi, "A, B, C, D, E, F");
}

TEST(item_14_a_school_with_a_swedish_name_alone_has_it_in_finnish_too)
{
    struct schools_read got = read_as(t, S("oid;koodi;nimi;namn\n" ONE ";99101;;Hallonvikens gymnasium\n"));

    CHECK_INT(got.n, 1);
    CHECK_STR(got.at[0].name_fi, "Hallonvikens gymnasium");
}

TEST(domain_2_7_an_organisation_oid_has_its_arc_and_its_check_digit_is_a_doubt)
{
    CHECK_INT(organisation_oid_is(S(CITY)), ORGANISATION_OID_GOOD);
    CHECK_INT(organisation_oid_is(S("1.2.246.562.99.95640100005")), ORGANISATION_OID_DOUBTFUL);
    CHECK_INT(organisation_oid_is(S("1.2.246.562.10.00000000001")), ORGANISATION_OID_DOUBTFUL);
    CHECK_INT(organisation_oid_is(S("1.2.246.562.10.346830761110")), ORGANISATION_OID_DOUBTFUL);
    CHECK_INT(organisation_oid_is(S("1.2.246.562.24.95640100004")), ORGANISATION_OID_NOT);
    CHECK_INT(organisation_oid_is(S("1.2.246.562.10.9564010000a")), ORGANISATION_OID_NOT);
    CHECK_INT(organisation_oid_is(S("1.2.246.562.10.")), ORGANISATION_OID_NOT);
    CHECK(read_as(t, S("1.2.246.562.99.95640200011;99101;A\n")).at[0].doubtful);
}
