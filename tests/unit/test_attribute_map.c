/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/affiliation.h"
#include "idp-adapters/attribute_map.h"
#include "idp-adapters/fold.h"
#include "tests/test.h"

#include <string.h>

static struct school schools[] = {
    { S("1.2.246.562.99.90920200012"), S("99501"), { { S("Testi-Juolukkapuron koulu") } }, true },
    { S("1.2.246.562.99.90920200020"), S("99502"), { { S("Testi-verkkolukio") } }, true },
    { S("1.2.246.562.99.90920200038"), S("99503"), { { S("Suljettu koulu") } }, false },
};
static const struct provider vantaa = {
    .id = S("vantaa"),
    .oid = S("1.2.246.562.99.90920100006"),
    .municipality_code = S("092"),
    .names = { { S("Vantaa"), S("Vanda"), S("Vantaa") } },
    .schools = schools,
    .school_count = 3,
};

static struct idp idp_speaking(const char *map)
{
    static struct str scopes[] = { S("vantaa.fi") };

    return (struct idp){
        .id = S("vantaa-edu"), .provider = &vantaa, .test = true, .map = str_of(map), .scopes = { scopes, 1 }
    };
}

/* One attribute from a "name" and values separated by '|'. */
static struct attribute attr(struct test *t, const char *name, const char *values)
{
    struct attribute out = { str_of(name), { arena_make_n(t->arena, 16, struct str), 0 } };
    struct str rest = str_of(values), part;

    while (str_split(&rest, '|', &part))
        out.values.at[out.values.n++] = part;
    return out;
}

#define MAP(idp, ...)                                                                                                  \
    map_person(t->arena, (idp), (struct attribute[]){ __VA_ARGS__ },                                                   \
               sizeof((struct attribute[]){ __VA_ARGS__ }) / sizeof(struct attribute), (struct str){ NULL, 0 }, &p,    \
               &left_out, &f)
#define UID     attr(t, "urn:mpass.id:uid", "u-1")
#define LEARNER attr(t, "urn:oid:1.3.6.1.4.1.16161.1.1.27", "1.2.246.562.98.85640200011")

TEST(every_map_is_well_formed_and_names_known_roles)
{
    const char *names[] = { "mpassid", "funet", "entra", "native", "google", "puavo" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct idp idp = idp_speaking(names[i]);
        struct person p;
        unsigned left_out;
        struct fail f = { 0 };
        (void)map_person(t->arena, &idp, NULL, 0, S("someone"), &p, &left_out, &f);
        CHECK(f.kind != FAIL_OURS);
    }
    CHECK_INT(role_spelled(t->arena, S("School Secretary")), ROLE_SECRETARY);
    CHECK(dialect_named(S("roles")) == NULL);
    CHECK(dialect_named(S("nothing")) == NULL);
}

TEST(a_role_with_seven_parts_is_read)
{
    struct idp idp = idp_speaking("mpassid");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(MAP(
        &idp, UID, LEARNER,
        attr(t, "urn:mpass.id:role", "1.2.246.562.99.90920100006;99501;7B;opettaja;2;1.2.246.562.99.90920200012;")));
    CHECK_INT(p.affiliation_count, 1);
    CHECK_INT(p.affiliations[0].role, ROLE_TEACHER);
    CHECK_STR(p.affiliations[0].school_oid, "1.2.246.562.99.90920200012");
    CHECK_STR(p.affiliations[0].group, "7B");
    CHECK_STR(p.subject, "u-1");
    CHECK_INT(left_out, 0);
}

TEST(the_older_role_with_four_parts_and_its_old_name_are_read)
{
    struct idp idp = idp_speaking("mpassid");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:educloudalliance.org:role", "Vanda;99501;7B;Lärare")));
    CHECK_INT(p.affiliation_count, 1);
    CHECK_INT(p.affiliations[0].role, ROLE_TEACHER);
    CHECK_STR(p.affiliations[0].provider_oid, "1.2.246.562.99.90920100006");
}

TEST(a_city_cannot_assert_roles_at_another_city)
{
    struct idp idp = idp_speaking("mpassid");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(MAP(&idp, UID, LEARNER,
              attr(t, "urn:mpass.id:role",
                   "1.2.246.562.99.90490100006;99501;7B;opettaja;2;;|Espoo;99501;7B;opettaja|1.2.246.562.99."
                   "90920100006;99201;7B;opettaja;2;;")));
    CHECK_INT(p.affiliation_count, 0);
    CHECK_INT(left_out, 3);
}

TEST(a_closed_or_contradicting_school_is_left_out)
{
    struct idp idp = idp_speaking("mpassid");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(MAP(&idp, UID, LEARNER,
              attr(t, "urn:mpass.id:role",
                   "1.2.246.562.99.90920100006;99503;7B;opettaja;2;;|1.2.246.562.99.90920100006;99501;7B;opettaja;2;1."
                   "2.246.562.99.90920200020;")));
    CHECK_INT(p.affiliation_count, 0);
    CHECK_INT(left_out, 2);
}

TEST(without_a_uid_nobody_is_named)
{
    struct idp idp = idp_speaking("mpassid");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(!MAP(&idp, LEARNER));
    CHECK_STR(f.code, "attribute_missing");
}

TEST(a_malformed_learner_number_is_refused)
{
    struct idp idp = idp_speaking("mpassid");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(!MAP(&idp, UID, attr(t, "urn:oid:1.3.6.1.4.1.16161.1.1.27", "1.2.246.562.98.85640200012")));
    CHECK_STR(f.code, "learner_id_invalid");
}

TEST(learner_numbers_carry_their_check_digit)
{
    CHECK(learner_id_valid(S("1.2.246.562.24.30476885816"), false));
    CHECK(!learner_id_valid(S("1.2.246.562.24.30476885817"), false));
    CHECK(!learner_id_valid(S("1.2.246.562.24.3047688581"), false));
    CHECK(learner_id_valid(S("1.2.246.562.98.85640200011"), true));
    CHECK(!learner_id_valid(S("1.2.246.562.98.85640200011"), false)); /* a test number outside a test */
    CHECK(!learner_id_valid(S("1.2.246.562.10.85640200011"), true));
}

TEST(parallel_lists_belong_together_by_position)
{
    struct idp idp = idp_speaking("entra");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(MAP(&idp, attr(t, "tid", "tenant"), attr(t, "oid", "object"), attr(t, "schoolCode", "99501;99502"),
              attr(t, "userRole", "Opettaja;Rehtori"), attr(t, "class", "7B"),
              attr(t, "learningMaterialsCharge", "0;1")));
    CHECK_STR(p.subject, "tenant/object");
    CHECK_INT(p.affiliation_count, 2);
    CHECK_INT(p.affiliations[0].role, ROLE_TEACHER);
    CHECK_INT(p.affiliations[1].role, ROLE_PRINCIPAL);
    CHECK_STR(p.affiliations[0].group, "7B");
    CHECK(p.affiliations[1].group.p == NULL); /* one class joins the first school */
    CHECK_INT(p.affiliations[1].charge, 2);
}

TEST(one_role_covers_all_schools)
{
    struct idp idp = idp_speaking("entra");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(MAP(&idp, attr(t, "tid", "x"), attr(t, "oid", "y"), attr(t, "schoolCode", "99501|99502"),
              attr(t, "userRole", "opettaja")));
    CHECK_INT(p.affiliation_count, 2);
    CHECK_STR(p.affiliations[1].school_code, "99502");
}

TEST(lists_whose_counts_do_not_match_are_dropped)
{
    struct idp idp = idp_speaking("entra");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(MAP(&idp, attr(t, "tid", "x"), attr(t, "oid", "y"), attr(t, "schoolCode", "99501;99502;99501"),
              attr(t, "userRole", "opettaja;rehtori")));
    CHECK_INT(p.affiliation_count, 0);
    CHECK_INT(left_out, 3);
}

TEST(a_subject_with_a_foreign_scope_is_refused)
{
    struct idp idp = idp_speaking("funet");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(!MAP(&idp, attr(t, "eduPersonPrincipalName", "anna@espoo.fi")));
    CHECK_STR(f.code, "scope_foreign");
}

TEST(a_scoped_affiliation_counts_only_within_the_scope)
{
    struct idp idp = idp_speaking("funet");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(MAP(&idp, attr(t, "eduPersonPrincipalName", "anna@Vantaa.FI"),
              attr(t, "eduPersonScopedAffiliation", "faculty@vantaa.fi|student@espoo.fi|member@vantaa.fi")));
    CHECK_INT(p.affiliation_count, 1);
    CHECK_INT(p.affiliations[0].role, ROLE_TEACHER);
    CHECK_INT(left_out, 2);
}

TEST(spellings_of_a_role_compare_without_case_and_composition)
{
    CHECK_INT(role_spelled(t->arena, S("LÄRARE")), ROLE_TEACHER);
    CHECK_INT(role_spelled(t->arena, S("la\xcc\x88rare")), ROLE_TEACHER); /* decomposed ä */
    CHECK_INT(role_spelled(t->arena, S("  Lärarvikarie ")), ROLE_SUBSTITUTE);
    CHECK_INT(role_spelled(t->arena, S("keisari")), ROLE_NONE);
    CHECK_INT(role_spelled(t->arena, S("")), ROLE_NONE);
}

TEST(native_roles_are_read_from_their_objects)
{
    struct idp idp = idp_speaking("native");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(MAP(
        &idp, attr(t, "sub", "s-1"),
        attr(t, "edu_roles",
             "{\"role\":\"learner\",\"school_oid\":\"1.2.246.562.99.90920200012\",\"group\":\"1A\",\"class_level\":1}"
             "|{\"role\":\"teacher\",\"provider_oid\":\"1.2.246.562.99.90490100006\"}|{\"role\":7}|teacher")));
    CHECK_INT(p.affiliation_count, 1);
    CHECK_INT(p.affiliations[0].role, ROLE_LEARNER);
    CHECK_INT(p.affiliations[0].class_level, 1);
    CHECK_STR(p.affiliations[0].group, "1A");
    CHECK_INT(left_out, 3);
}

TEST(one_display_name_becomes_given_and_family_name)
{
    struct idp idp = idp_speaking("entra");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(MAP(&idp, attr(t, "tid", "x"), attr(t, "oid", "y"), attr(t, "name", "Anna Maria d'Ålund")));
    CHECK_STR(p.given_names, "Anna Maria");
    CHECK_STR(p.family_name, "d'Ålund");
}

/* --- the rules of domain.md 2, by their numbers; 2, 8, 11 and 12 are not about reading attributes --- */

TEST(rule_1_a_role_has_seven_or_four_parts_under_either_name)
{
    static const char *const names[] = { "urn:mpass.id:role", "urn:educloudalliance.org:role" };
    static const char *const values[] = {
        "1.2.246.562.99.90920100006;99501;7B;opettaja;2;1.2.246.562.99.90920200012;1.2.246.562.99.1",
        "1.2.246.562.99.90920100006;99501;7B;opettaja;2;1.2.246.562.99.90920200012;",
        "1.2.246.562.99.90920100006;99501;7B;opettaja;2;1.2.246.562.99.90920200012",
        "1.2.246.562.99.90920100006;;7B;opettaja;2;1.2.246.562.99.90920200012;",
        "Vantaa;99501;7B;opettaja",
        "092;99501;7B;opettaja"
    };
    static const char *const wrong[] = { "",
                                         ";;;;;;",
                                         "opettaja",
                                         "Vantaa;99501;opettaja",
                                         "1.2.246.562.99.90920100006;99501;7B;opettaja;2;;;",
                                         "1.2.246.562.99.90920100006;99501;7B;keisari;9;;" };
    struct idp idp = idp_speaking("mpassid");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            CHECK(MAP(&idp, UID, LEARNER, attr(t, names[n], values[i])));
            CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_TEACHER);
            CHECK_STR(p.affiliations[0].school_code, "99501");
        }
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
            CHECK(MAP(&idp, UID, LEARNER, attr(t, names[n], wrong[i])));
            CHECK(p.affiliation_count == 0 && left_out == 1);
        }
    }
}

TEST(rule_3_lists_in_one_value_keep_their_places)
{
    struct idp idp = idp_speaking("entra");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    /* The second school is missing, and so is the third role: nobody is principal of 99502. */
    CHECK(MAP(&idp, attr(t, "tid", "x"), attr(t, "oid", "y"), attr(t, "schoolCode", "99501;;99502"),
              attr(t, "userRole", "opettaja;rehtori;")));
    CHECK_INT(p.affiliation_count, 0);
    CHECK(MAP(&idp, attr(t, "tid", "x"), attr(t, "oid", "y"), attr(t, "schoolCode", "99501;;99502"),
              attr(t, "userRole", "opettaja;rehtori;oppilas"), attr(t, "class", "7B;;1A")));
    CHECK_INT(p.affiliation_count, 2);
    CHECK_INT(p.affiliations[1].role, ROLE_LEARNER);
    CHECK_STR(p.affiliations[1].group, "1A");
    CHECK_INT(left_out, 1);
    CHECK(MAP(&idp, attr(t, "tid", "x"), attr(t, "oid", "y"), attr(t, "schoolCode", "99501;99502;"),
              attr(t, "userRole", "opettaja;")));
    CHECK_INT(p.affiliation_count, 2); /* a semicolon at the end is no value */
}

TEST(rule_3_a_charge_that_is_none_does_not_move_the_next)
{
    struct idp idp = idp_speaking("entra");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(MAP(&idp, attr(t, "tid", "x"), attr(t, "oid", "y"), attr(t, "schoolCode", "99501;99502"),
              attr(t, "userRole", "oppilas"), attr(t, "learningMaterialsCharge", "free;1")));
    CHECK(p.affiliation_count == 2 && p.affiliations[0].charge == 0 && p.affiliations[1].charge == 2);
    CHECK(MAP(&idp, attr(t, "tid", "x"), attr(t, "oid", "y"), attr(t, "schoolCode", "99501;99502"),
              attr(t, "userRole", "oppilas"), attr(t, "learningMaterialsCharge", "1;99501|0;99502")));
    CHECK(p.affiliation_count == 2 && p.affiliations[0].charge == 2 && p.affiliations[1].charge == 1);
}

TEST(rule_4_what_mpassid_rejects_is_rejected)
{
    struct idp idp = idp_speaking("mpassid");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(!MAP(&idp, LEARNER));
    CHECK_STR(f.code, "attribute_missing");
    f = (struct fail){ 0 };
    CHECK(!MAP(&idp, UID));
    CHECK_STR(f.code, "attribute_missing");
    f = (struct fail){ 0 };
    CHECK(!MAP(&idp, UID, attr(t, "urn:oid:1.3.6.1.4.1.16161.1.1.27", "12345")));
    CHECK_STR(f.code, "learner_id_invalid");
    f = (struct fail){ 0 };
    CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:mpass.id:role", "1.2.246.562.99.90920100006;00000;7B;opettaja;2;;")));
    CHECK(p.affiliation_count == 0 && left_out == 1); /* role, school and provider are withheld together */
}

TEST(rule_5_google_speaks_with_the_names_of_the_city)
{
    struct idp idp = idp_speaking("google");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(MAP(&idp, attr(t, "gsuiteid", "g-1"), attr(t, "firstName", "Anna"), attr(t, "surname", "Å"),
              attr(t, "learnerId", "1.2.246.562.98.85640200011"), attr(t, "schoolCode", "99501"),
              attr(t, "userRole", "Oppilas"), attr(t, "class", "7B"), attr(t, "classLevel", "7")));
    CHECK_STR(p.subject, "g-1");
    CHECK_STR(p.family_name, "Å");
    CHECK(p.affiliation_count == 1 && p.affiliations[0].class_level == 7);
}

TEST(rule_5_a_role_may_be_a_group_and_the_school_a_fixed_one)
{
    static struct str words[] = { S("11111111-aaaa-4bbb-8ccc-222222222222=teacher"), S("OPE=principal") };
    struct idp idp = idp_speaking("entra");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    idp.role_names = (struct strs){ words, 2 };
    idp.school = S("99502");
    CHECK(MAP(&idp, attr(t, "tid", "x"), attr(t, "oid", "y"),
              attr(t, "groups", "00000000-0000-4000-8000-000000000000|11111111-AAAA-4BBB-8CCC-222222222222|teacher")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_TEACHER); /* a group called so is no teacher */
    CHECK_STR(p.affiliations[0].school_code, "99502");
    CHECK(MAP(&idp, attr(t, "tid", "x"), attr(t, "oid", "y"), attr(t, "userRole", "ope;oppilas"),
              attr(t, "groups", "11111111-aaaa-4bbb-8ccc-222222222222")));
    CHECK_INT(p.affiliation_count, 2); /* the role attribute goes before groups */
    CHECK_INT(p.affiliations[0].role, ROLE_PRINCIPAL);
    CHECK(MAP(&idp, attr(t, "tid", "x"), attr(t, "oid", "y"), attr(t, "userRole", "OPE"),
              attr(t, "schoolCode", "99501")));
    CHECK_STR(p.affiliations[0].school_code, "99501"); /* who names a school is there */
    CHECK(MAP(&idp, attr(t, "tid", "x"), attr(t, "oid", "y")));
    CHECK_INT(p.affiliation_count, 0); /* a school without a role is none */
}

TEST(rule_6_given_names_are_mpassids_and_the_calling_name_is_the_nickname)
{
    struct idp idp = idp_speaking("mpassid");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(
        MAP(&idp, UID, LEARNER, attr(t, "urn:oid:2.5.4.42", "Anna Maria"), attr(t, "urn:mpass.id:nickname", "Maija")));
    CHECK_STR(p.given_names, "Anna Maria");
    CHECK_STR(p.calling_name, "Maija");
}

TEST(rule_7_test_numbers_are_for_tests_and_check_digits_for_all)
{
    struct idp idp = idp_speaking("mpassid");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    idp.test = false;
    CHECK(!MAP(&idp, UID, LEARNER));
    CHECK_STR(f.code, "learner_id_invalid");
    f = (struct fail){ 0 };
    CHECK(MAP(&idp, UID, attr(t, "urn:oid:1.3.6.1.4.1.16161.1.1.27", "1.2.246.562.24.30476885816")));
}

TEST(rule_10_puavo_tells_schools_and_groups_as_objects)
{
    struct idp idp = idp_speaking("puavo");
    struct attribute said[] = {
        attr(t, "puavo.learner_id", "1.2.246.562.98.85640200011"),
        attr(t, "puavo.schools",
             "{\"school_code\":\"99501\",\"oid\":\"1.2.246.562.99.90920200012\",\"primary\":true}"
             "|{\"oid\":\"1.2.246.562.99.90920200020\"}"),
        attr(t, "puavo.roles", "teacher"),
        attr(t, "puavo.groups", "{\"name\":\"7B\",\"type\":\"teaching group\"}"),
    };
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(map_person(t->arena, &idp, said, 4, S("puavo-1"), &p, &left_out, &f));
    CHECK_STR(p.subject, "puavo-1");
    CHECK_INT(p.affiliation_count, 2);
    CHECK_STR(p.affiliations[0].group, "7B");
    CHECK_STR(p.affiliations[1].school_code, "99502");
    said[1] = attr(t, "puavo.schools", "99501|[]|{\"school_code\":7}|{\"school_code\":\"99201\"}");
    CHECK(map_person(t->arena, &idp, said, 4, S("puavo-1"), &p, &left_out, &f));
    CHECK(p.affiliation_count == 0 && left_out == 4); /* no objects, no texts, another city's school */
}

/* --- hostile values ------------------------------------------------------------- */

TEST(values_that_a_screen_would_obey_are_not_taken)
{
    static const char *const hostile[] = {
        "Anna\nBcc: x",     "Anna\x1b[2J",          "Anna\x7f", "Anna\xc2\x85next", "\xe2\x80\xaegpj.exe",
        "Anna\xe2\x81\xa7", "Anna\xe2\x80\xa8line", "Anna\xff", "Anna\xed\xa0\x80"
    };
    static const char *const honest[] = { "Áŋŋá", "d'Ålund", "O’Neill", "李", "Anna–Maria", "<b>&amp;" };
    struct idp idp = idp_speaking("mpassid");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:oid:2.5.4.42", hostile[i])));
        CHECK(p.given_names.p == NULL);
        CHECK(!MAP(&idp, attr(t, "urn:mpass.id:uid", hostile[i]), LEARNER));
        f = (struct fail){ 0 };
    }
    for (size_t i = 0; i < sizeof honest / sizeof *honest; i++) {
        CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:oid:2.5.4.42", honest[i])));
        CHECK_STR(p.given_names, honest[i]);
    }
}

TEST(a_subject_of_the_protocol_is_bounded_and_plain)
{
    static char huge[4096];
    struct idp idp = idp_speaking("google");
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    memset(huge, 'a', sizeof huge);
    CHECK(!map_person(t->arena, &idp, NULL, 0, str_n(huge, sizeof huge), &p, &left_out, &f));
    CHECK_STR(f.code, "no_subject");
    f = (struct fail){ 0 };
    CHECK(!map_person(t->arena, &idp, NULL, 0, S("a\nb"), &p, &left_out, &f));
    CHECK_STR(f.code, "no_subject");
    CHECK(map_person(t->arena, &idp, NULL, 0, str_n(huge, 256), &p, &left_out, &f));
}
