/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/dry_keep.h"
#include "tests/test.h"

static struct dry_run run_of(void)
{
    return (struct dry_run){
        .idp = S("turku.staff-1"), .secret = S("0123456789abcdef"), .n = 2, .labels = { S("a"), S("b") }
    };
}

TEST(item_14_a_link_of_a_dry_run_is_of_one_person_of_one_run)
{
    struct dry_run run = run_of(), other = run_of();
    struct str first = dry_link(t->arena, &run, 0), idp;
    size_t slot = 9;

    CHECK(str_has_prefix(first, S("turku.staff-1.0.")) && dry_link_is(t->arena, &run, first));
    CHECK(dry_link_read(first, &idp, &slot));
    CHECK_STR(idp, "turku.staff-1");
    CHECK_INT(slot, 0);
    CHECK(!str_eq(first, dry_link(t->arena, &run, 1)));
    other.secret = S("0123456789abcdeg");
    CHECK(!dry_link_is(t->arena, &other, first));
    other = run_of();
    other.n = 0;
    CHECK(!dry_link_is(t->arena, &other, first)); /* beyond the last of the people */
    static const char *const wrong[] = { "",
                                         ".",
                                         "x",
                                         "turku.staff-1.0.",
                                         "turku.staff-1.x.0123456789012345678901",
                                         "turku.staff-1/0/0123456789012345678901" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(!dry_link_read(str_of(wrong[i]), &idp, &slot));
}

TEST(item_14_of_a_person_in_a_dry_run_neither_names_nor_numbers_nor_values_are_kept)
{
    static struct str values[] = { S("Salanimi") };
    struct dry_run run = run_of();
    struct tryout *tried = tryout_new(t->arena, S("turku"), 1000);
    struct affiliation at = { .provider_oid = S("1.2.246.562.99.98530100001"),
                              .school_oid = S("1.2.246.562.99.98530200017"),
                              .school_code = S("99401"),
                              .role = ROLE_TEACHER,
                              .group = S("7B") };
    struct person p = { .idp = S("turku"),
                        .subject = S("salasubjekti"),
                        .given_names = S("Salaonni"),
                        .family_name = S("Salanimi"),
                        .email = S("sala@turku.example"),
                        .learner_id = S("1.2.246.562.98.85640200011"),
                        .affiliations = &at,
                        .affiliation_count = 1 };

    tried->subject = S("salasubjekti");
    tried->attributes[0] = (struct tryout_attribute){ .name = S("surname"), .values = { values, 1 }, .came = 1 };
    tried->attribute_count = 1;
    tried->notes[0] = (struct tryout_note){ NOTE_ROLE_UNKNOWN, S("userRole"), S("OPE"), 1 };
    tried->note_count = 1;
    tried->person = &p;
    struct str text = dry_result_write(t->arena, &run, tried);
    static const char *const secrets[] = { "Sala", "sala", "85640200011" };
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        CHECK(text.p != NULL && str_find(text, str_of(secrets[i])) == text.n);
    const struct dry_result *back = dry_result_parse(t->arena, text);
    CHECK(back != NULL && back->named && back->numbered && str_is_set(back->who));
    if (back == NULL)
        return;
    CHECK_INT(dry_state_of(back), DRY_FAULTS);
    CHECK(back->tryout->attribute_count == 1 && back->tryout->attributes[0].values.n == 0);
    CHECK_STR(back->tryout->attributes[0].name, "surname");
    CHECK_STR(back->tryout->notes[0].value, "OPE");
    CHECK(back->tryout->person != NULL && back->tryout->person->affiliation_count == 1);
    CHECK_STR(back->tryout->person->affiliations[0].group, "7B");
    CHECK(dry_result_parse(t->arena, S("{}")) == NULL && dry_result_parse(t->arena, S("x")) == NULL);
}

TEST(item_14_two_results_of_one_person_are_told_from_two_people)
{
    struct dry_run run = run_of();
    struct tryout *tried = tryout_new(t->arena, S("turku"), 1000);
    struct person p = { .idp = S("turku"), .subject = S("u1") };
    struct dry_look look = { .run = &run };

    tried->person = &p;
    look.results[0] = dry_result_parse(t->arena, dry_result_write(t->arena, &run, tried));
    look.results[1] = dry_result_parse(t->arena, dry_result_write(t->arena, &run, tried));
    CHECK(!dry_is_again(&look, 0) && dry_is_again(&look, 1));
    CHECK_INT(dry_sum(&look).twice, 1);
    CHECK_INT(dry_sum(&look).came, 2);
    p.subject = S("u2");
    look.results[1] = dry_result_parse(t->arena, dry_result_write(t->arena, &run, tried));
    CHECK(!dry_is_again(&look, 1));
    look.results[1] = NULL;
    CHECK_INT(dry_sum(&look).came, 1);
    CHECK_INT(dry_sum(&look).asked, 2);
}
