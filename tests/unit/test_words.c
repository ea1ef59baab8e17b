/* SPDX-License-Identifier: EUPL-1.2 */
#include "frame/contact.h"
#include "frame/words.h"
#include "launcher/texts.h"
#include "model/when.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static struct str folded(struct test *t, struct str s)
{
    struct buf b = buf_new(t->arena, 4096);

    words_fold(&b, s);
    return buf_str(&b);
}

static bool before(struct test *t, const char *a, const char *b, enum lang lang)
{
    return str_cmp(words_sort_key(t->arena, str_of(a), lang), words_sort_key(t->arena, str_of(b), lang)) < 0;
}

TEST(folding_takes_case_and_marks_away)
{
    CHECK_STR(folded(t, S("Äkäslompolo ÅÖ É")), "akaslompolo ao e");
    CHECK_STR(folded(t, S("Čáhppes Đ Ŋ Š Ŧ Ž ŋŧž")), "cahppes d n s t z ntz");
    CHECK_STR(folded(t, S("АБВ ΑΒΓ")), "абв αβγ");
    CHECK(folded(t, S("a\xFFz")).n == 5); /* a broken byte stays one character */
}

TEST(folding_forgets_how_letters_were_typed)
{
    CHECK_STR(folded(t, S("ja\xcc\x88msa\xcc\x88")), "jamsa");
    CHECK_STR(folded(t, S("A\xcc\x8a"
                          "bo")),
              "abo");
    CHECK_STR(folded(t, S("C\xcc\x8c\xc2\xa0z\xcc\x8c\n\xe3\x80\x80x")), "c z  x"); /* white space is a space */
}

TEST(names_are_sorted_alike_however_they_were_typed)
{
    CHECK(before(t, "Zoo",
                 "A\xcc\x8a"
                 "bo",
                 LANG_FI));
    CHECK(before(t,
                 "A\xcc\x8a"
                 "bo",
                 "Äänekoski", LANG_SV));
}

TEST(finnish_and_swedish_put_a_ring_and_dots_last)
{
    CHECK(before(t, "Zoo", "Åbo", LANG_FI));
    CHECK(before(t, "Åbo", "Äänekoski", LANG_FI));
    CHECK(before(t, "Äänekoski", "Öja", LANG_SV));
    CHECK(before(t, "espoo", "Oulu", LANG_FI));
    CHECK(before(t, "Salo", "Šiilasjoki", LANG_FI)); /* š stands with s */
}

TEST(english_puts_them_beside_their_letters)
{
    CHECK(before(t, "Åbo", "Borgå", LANG_EN));
    CHECK(before(t, "Äänekoski", "Espoo", LANG_EN));
}

TEST(names_that_differ_in_marks_alone_keep_one_order)
{
    CHECK(before(t, "Resume", "Resumé", LANG_FI) != before(t, "Resumé", "Resume", LANG_FI));
}

TEST(a_word_is_found_in_the_name_as_it_is_written)
{
    struct str name = S("Testi-Kielonmäen koulu");
    size_t from, n;

    CHECK(words_find(name, S("kielonmaen"), &from, &n));
    CHECK_STR(str_sub(name, from, n), "Kielonmäen");
    CHECK(!words_find(name, S("lukio"), &from, &n));
    CHECK(!words_find(name, S(""), &from, &n));
    CHECK(!words_find(S(""), S("a"), &from, &n));
}

TEST(initials_are_of_the_first_two_words)
{
    CHECK_STR(words_initials(t->arena, S("Puolukka Päiväkirja huoltajille")), "PP");
    CHECK_STR(words_initials(t->arena, S("äly oma")), "ÄO");
    CHECK_STR(words_initials(t->arena, S("ŧestti")), "Ŧ");
    CHECK_STR(words_initials(t->arena, S("«\"Kirja\"» (kauppa)")), "KK");
    CHECK_STR(words_initials(t->arena, S("<script>")), "S");
    CHECK_STR(words_initials(t->arena, S("\xF0\x9F\x99\x82")), "\xF0\x9F\x99\x82");
    CHECK_STR(words_initials(t->arena, S("\xFF\xFE ...")), "?");
    CHECK_STR(words_initials(t->arena, S("")), "?");
}

TEST(counts_have_gaps_that_do_not_break)
{
    CHECK_STR(words_count(t->arena, 7, LANG_FI), "7");
    CHECK_STR(words_count(t->arena, 1284, LANG_FI), "1\xC2\xA0"
                                                    "284");
    CHECK_STR(words_count(t->arena, 1284567, LANG_EN), "1,284,567");
}

TEST(times_are_finlands_in_summer_and_winter)
{
    CHECK_STR(when_full(t->arena, 1795413840, LANG_FI), "23.11.2026 klo 8.04");
    CHECK_STR(when_full(t->arena, 1795413840, LANG_SV), "23.11.2026 kl. 8.04");
    CHECK_STR(when_full(t->arena, 1795413840, LANG_EN), "23.11.2026 at 8:04");
    CHECK_STR(words_today(t->arena, TEST_NOW_S, LANG_FI), "Maanantai 10. elokuuta");
    CHECK_STR(words_today(t->arena, TEST_NOW_S, LANG_SV), "Måndag 10 augusti");
    CHECK_STR(when_time(t->arena, TEST_NOW_S, LANG_FI), "11.00");
}

TEST(clocks_change_on_the_last_sundays_at_one_utc)
{
    CHECK_STR(when_time(t->arena, 1774745999, LANG_FI), "2.59"); /* 29 March 2026, 00:59:59 UTC */
    CHECK_STR(when_time(t->arena, 1774746000, LANG_FI), "4.00");
    CHECK_STR(when_time(t->arena, 1792889999, LANG_FI), "3.59"); /* 25 October 2026 */
    CHECK_STR(when_time(t->arena, 1792890000, LANG_FI), "3.00");
}

TEST(a_year_ends_in_finland_before_it_ends_in_greenwich)
{
    struct when w = when_local(1798754400); /* 31 December 2026, 22:00 UTC */

    CHECK_INT(w.year, 2027);
    CHECK_INT(w.month, 1);
    CHECK_INT(w.day, 1);
    CHECK_INT(w.weekday, 5);
    CHECK_INT(when_local(1709164800).day, 29); /* 29 February 2024 */
    CHECK_INT(when_local(-5).year, 1970);
}

TEST(a_help_desk_is_a_page_or_a_mailbox_or_nothing)
{
    struct str url, mail;

    contact_split(S("https://tuki.example/"), &url, &mail);
    CHECK_STR(url, "https://tuki.example/");
    CHECK(mail.p == NULL);
    contact_split(S("mailto:tuki@oulu.example"), &url, &mail);
    CHECK_STR(mail, "tuki@oulu.example");
    CHECK(url.p == NULL);
    static const char *const bad[] = { "javascript:alert(1)", "a@b?subject=x", "a b@c", "a@b@c", "@b", "a@", "x", "" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        contact_split(str_of(bad[i]), &url, &mail);
        CHECK(url.p == NULL && mail.p == NULL);
    }
}

TEST(every_text_exists_in_every_language)
{
    for (int key = T_NONE + 1; key < T_COUNT; key++)
        for (int lang = 0; lang < LANG_COUNT; lang++)
            CHECK(text((enum text)key, (enum lang)lang).n > 0);
    CHECK_STR(text(T_NONE, LANG_FI), "");
}

TEST(long_words_may_be_parted_where_syllables_end)
{
    CHECK_STR(words_parted(t->arena, S("Puolukka Päiväkirja"), LANG_FI), "Puolukka Päiväkirja");
    CHECK_STR(words_parted(t->arena, S("Oppimateriaalit"), LANG_FI), "Oppi\xC2\xADma\xC2\xADte\xC2\xADriaa\xC2\xADlit");
    CHECK_STR(words_parted(t->arena, S("Luokkahuoneet"), LANG_FI), "Luok\xC2\xADka\xC2\xADhuo\xC2\xADneet");
    CHECK_STR(words_parted(t->arena, S("Läromedelspaket"), LANG_SV), "Läro\xC2\xADme\xC2\xAD"
                                                                     "delspa\xC2\xADket");
    CHECK_STR(words_parted(t->arena, S("Klassrumsplattform"), LANG_SV), "Klassrumsplattform"); /* three and more meet */
    CHECK_STR(words_parted(t->arena, S("Extraordinarily"), LANG_EN), "Extraordinarily");
    CHECK_STR(words_parted(t->arena, S("\xFFxxxxxxxxxxxxx"), LANG_FI), "\xFFxxxxxxxxxxxxx");
}

TEST(different_words_stand_once)
{
    CHECK_STR(words_once(t->arena, S("a bb a  b bb a")), "a bb b");
    CHECK_STR(words_once(t->arena, S("")), "");
}

TEST(a_day_of_a_form_begins_at_midnight_in_finland)
{
    static const struct {
        const char *day, *utc;
    } days[] = { { "2026-11-23", "2026-11-22T22:00:00Z" }, { "2026-07-01", "2026-06-30T21:00:00Z" },
                 { "2026-03-29", "2026-03-28T22:00:00Z" }, { "2026-10-25", "2026-10-24T21:00:00Z" },
                 { "2026-10-26", "2026-10-25T22:00:00Z" }, { "2028-02-29", "2028-02-28T22:00:00Z" } };
    static const char *const none[] = { "",         "2026-02-29", "2026-13-01", "2026-11-31",
                                        "2026-1-1", "26-11-2023", "2026-11-2x" };
    int64_t at_s = 0;

    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        CHECK(when_day_read(str_of(days[i].day), &at_s));
        CHECK_STR(when_rfc3339(t->arena, at_s), days[i].utc);
        CHECK_STR(when_day(t->arena, at_s), days[i].day);
        CHECK_STR(when_day(t->arena, at_s - 1 + 86400 - 7200), days[i].day);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK(!when_day_read(str_of(none[i]), &at_s));
    CHECK_STR(when_date(t->arena, at_s), "29.2.2028");
}

TEST(the_last_day_of_a_form_counts_whole_however_many_hours_it_has)
{
    static const struct {
        const char *day, *utc;
    } ends[] = { { "2026-11-23", "2026-11-23T22:00:00Z" }, { "2026-03-28", "2026-03-28T22:00:00Z" },
                 { "2026-03-29", "2026-03-29T21:00:00Z" }, { "2026-10-25", "2026-10-25T22:00:00Z" },
                 { "2026-12-31", "2026-12-31T22:00:00Z" }, { "2028-02-28", "2028-02-28T22:00:00Z" } };
    int64_t at_s = 0;

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        CHECK(when_day_read_end(str_of(ends[i].day), &at_s));
        CHECK_STR(when_rfc3339(t->arena, at_s), ends[i].utc);
    }
    CHECK(!when_day_read_end(S("2026-02-29"), &at_s));
}

TEST(a_time_of_a_program_is_read_with_its_offset_or_not_at_all)
{
    static const struct {
        const char *text, *utc; /* NULL: it is none */
    } times[] = {
        { "2026-11-23T06:04:00Z", "2026-11-23T06:04:00Z" },
        { "2026-11-23T08:04:00+02:00", "2026-11-23T06:04:00Z" },
        { "2026-11-23t23:30:00-05:30", "2026-11-24T05:00:00Z" },
        { "2026-01-01T00:30:00.123+01:00", "2025-12-31T23:30:00Z" },
        { "2026-11-23T06:04:00.9999999999999999999999z", "2026-11-23T06:04:00Z" },
        { "2028-02-29T00:00:00Z", "2028-02-29T00:00:00Z" },
        { "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z" },
        { "2027-02-29T00:00:00Z", NULL },
        { "2026-11-31T00:00:00Z", NULL },
        { "2026-13-01T00:00:00Z", NULL },
        { "2026-00-01T00:00:00Z", NULL },
        { "2026-11-00T00:00:00Z", NULL },
        { "2026-11-23T24:00:00Z", NULL },
        { "2026-11-23T06:60:00Z", NULL },
        { "2026-11-23T06:04:61Z", NULL },
        { "2026-11-23T06:04:00", NULL }, /* nobody's time */
        { "2026-11-23T06:04:00.Z", NULL },
        { "2026-11-23T06:04:00+0200", NULL },
        { "2026-11-23T06:04:00+24:00", NULL },
        { "2026-11-23T06:04:00ZZ", NULL },
        { "2026-11-23 06:04:00Z", NULL },
        { "2026-11-23T06:04Z", NULL },
        { "2026-11-23", NULL },
        { "", NULL },
    };

    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        int64_t at_s = 1;
        bool good = when_rfc3339_read(str_of(times[i].text), &at_s);
        CHECK_INT(good, times[i].utc != NULL);
        if (good)
            CHECK_STR(when_rfc3339(t->arena, at_s), times[i].utc);
        for (size_t n = 0; good && n < strlen(times[i].text); n++) { /* nor does it read beyond its end */
            char *part = memcpy(malloc(n + 1), times[i].text, n);
            CHECK(!when_rfc3339_read((struct str){ part, n }, &at_s));
            free(part);
        }
    }
}

TEST(a_name_that_could_be_taken_for_another_is_alike)
{
    static const char *const alike[][2] = {
        { "Kanerva Oppikirjat", "kanerva oppikirjat" },
        { "Kanerva Oppikirjat", "Kanerva-Oppikirjat" },
        { "Kanerva", "K\xd0\xb0nerva" },
        { "Kanerva", "Kanerv\xce\xb1" },
        { "Tunturi", "Tunturl" },
        { "Lumo", "Lum0" },
        { "Kanerva Oppikirjat", "Kanerva Oppikirja" },
        { "Hanki Koodi", "Hankl Ko0di" },
    };
    static const char *const other[][2] = {
        { "Kanerva", "Kaiverrus" },          { "Lumo", "Lumi" }, { "", "" }, { "...", "!!!" },
        { "Kanerva Oppikirjat", "Kanerva" },
    };

    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++)
        CHECK(words_alike(t->arena, str_of(alike[i][0]), str_of(alike[i][1])) &&
              words_alike(t->arena, str_of(alike[i][1]), str_of(alike[i][0])));
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        CHECK(!words_alike(t->arena, str_of(other[i][0]), str_of(other[i][1])));
}
