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
    struct attribute out = { .name = str_of(name), .values = { arena_make_n(t->arena, 16, struct str), 0 } };
    struct str rest = str_of(values), part;

    while (str_split(&rest, '|', &part))
        out.values.at[out.values.n++] = part;
    return out;
}

#define MAP(idp, ...)                                                                                                  \
    map_person(t->arena, (idp), (struct attribute[]){ __VA_ARGS__ },                                                   \
               sizeof((struct attribute[]){ __VA_ARGS__ }) / sizeof(struct attribute), (struct str){ NULL, 0 }, &p,    \
               &notes, &f)
#define UID     attr(t, "urn:mpass.id:uid", "u-1")
#define LEARNER attr(t, "urn:oid:1.3.6.1.4.1.16161.1.1.27", "1.2.246.562.98.85640200011")

TEST(every_map_is_well_formed_and_names_known_roles)
{
    const char *names[] = { "mpassid", "funet", "entra", "adfs", "native", "google", "puavo" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct idp idp = idp_speaking(names[i]);
        struct person p;
        struct map_notes notes;
        struct fail f = { 0 };
        (void)map_person(t->arena, &idp, NULL, 0, S("someone"), &p, &notes, &f);
        CHECK(f.kind != FAIL_OURS);
    }
    CHECK_INT(role_spelled(t->arena, S("School Secretary")), ROLE_SECRETARY);
    CHECK(dialect_named(S("roles")) == NULL);
    CHECK(dialect_named(S("nothing")) == NULL);
}

TEST(a_row_that_names_what_is_not_there_is_our_own_fault)
{
    static struct str odd[] = { S("x=nothing") };
    struct idp idp = idp_speaking("nothing");
    struct person p;
    struct map_notes notes;
    struct fail f = { 0 };

    CHECK(!MAP(&idp, UID, LEARNER) && f.kind == FAIL_OURS);
    CHECK_STR(f.code, "map_unknown");
    f = (struct fail){ 0 };
    idp = idp_speaking("mpassid");
    idp.attributes = (struct strs){ odd, 1 };
    CHECK(!MAP(&idp, UID, LEARNER) && f.kind == FAIL_OURS);
    CHECK_STR(f.code, "map_broken");
}

TEST(a_role_with_seven_parts_is_read)
{
    struct idp idp = idp_speaking("mpassid");
    struct person p;
    struct map_notes notes;
    struct fail f = { 0 };

    CHECK(MAP(
        &idp, UID, LEARNER,
        attr(t, "urn:mpass.id:role", "1.2.246.562.99.90920100006;99501;7B;opettaja;2;1.2.246.562.99.90920200012;")));
    CHECK_INT(p.affiliation_count, 1);
    CHECK_INT(p.affiliations[0].role, ROLE_TEACHER);
    CHECK_STR(p.affiliations[0].school_oid, "1.2.246.562.99.90920200012");
    CHECK_STR(p.affiliations[0].group, "7B");
    CHECK_STR(p.subject, "u-1");
    CHECK_INT(notes.left_out, 0);
}

TEST(the_older_role_with_four_parts_and_its_old_name_are_read)
{
    struct idp idp = idp_speaking("mpassid");
    struct person p;
    struct map_notes notes;
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
    struct map_notes notes;
    struct fail f = { 0 };

    CHECK(MAP(&idp, UID, LEARNER,
              attr(t, "urn:mpass.id:role",
                   "1.2.246.562.99.90490100006;99501;7B;opettaja;2;;|Espoo;99501;7B;opettaja|1.2.246.562.99."
                   "90920100006;99201;7B;opettaja;2;;")));
    CHECK_INT(p.affiliation_count, 0);
    CHECK_INT(notes.left_out, 3);
}

TEST(a_closed_or_contradicting_school_is_left_out)
{
    struct idp idp = idp_speaking("mpassid");
    struct person p;
    struct map_notes notes;
    struct fail f = { 0 };

    CHECK(MAP(&idp, UID, LEARNER,
              attr(t, "urn:mpass.id:role",
                   "1.2.246.562.99.90920100006;99503;7B;opettaja;2;;|1.2.246.562.99.90920100006;99501;7B;opettaja;2;1."
                   "2.246.562.99.90920200020;")));
    CHECK_INT(p.affiliation_count, 0);
    CHECK_INT(notes.left_out, 2);
}

TEST(without_a_uid_nobody_is_named)
{
    struct idp idp = idp_speaking("mpassid");
    struct person p;
    struct map_notes notes;
    struct fail f = { 0 };

    CHECK(!MAP(&idp, LEARNER));
    CHECK_STR(f.code, "attribute_missing");
}

TEST(a_malformed_learner_number_is_refused)
{
    struct idp idp = idp_speaking("mpassid");
    struct person p;
    struct map_notes notes;
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
    struct map_notes notes;
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
    struct map_notes notes;
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
    struct map_notes notes;
    struct fail f = { 0 };

    CHECK(MAP(&idp, attr(t, "tid", "x"), attr(t, "oid", "y"), attr(t, "schoolCode", "99501;99502;99501"),
              attr(t, "userRole", "opettaja;rehtori")));
    CHECK_INT(p.affiliation_count, 0);
    CHECK_INT(notes.left_out, 3);
}

TEST(a_subject_with_a_foreign_scope_is_refused)
{
    struct idp idp = idp_speaking("funet");
    struct person p;
    struct map_notes notes;
    struct fail f = { 0 };

    CHECK(!MAP(&idp, attr(t, "eduPersonPrincipalName", "anna@espoo.fi")));
    CHECK_STR(f.code, "scope_foreign");
}

TEST(a_scoped_affiliation_counts_only_within_the_scope)
{
    struct idp idp = idp_speaking("funet");
    struct person p;
    struct map_notes notes;
    struct fail f = { 0 };

    CHECK(MAP(&idp, attr(t, "eduPersonPrincipalName", "anna@Vantaa.FI"),
              attr(t, "eduPersonScopedAffiliation", "faculty@vantaa.fi|student@espoo.fi|member@vantaa.fi")));
    CHECK_INT(p.affiliation_count, 1);
    CHECK_INT(p.affiliations[0].role, ROLE_TEACHER);
    CHECK_INT(notes.left_out, 2);
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
    struct map_notes notes;
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
    CHECK_INT(notes.left_out, 3);
}

TEST(one_display_name_becomes_given_and_family_name)
{
    struct idp idp = idp_speaking("entra");
    struct person p;
    struct map_notes notes;
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
    struct map_notes notes;
    struct fail f = { 0 };

    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            CHECK(MAP(&idp, UID, LEARNER, attr(t, names[n], values[i])));
            CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_TEACHER);
            CHECK_STR(p.affiliations[0].school_code, "99501");
        }
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
            CHECK(MAP(&idp, UID, LEARNER, attr(t, names[n], wrong[i])));
            CHECK(p.affiliation_count == 0 && notes.left_out == 1);
        }
    }
}

TEST(rule_3_lists_in_one_value_keep_their_places)
{
    struct idp idp = idp_speaking("entra");
    struct person p;
    struct map_notes notes;
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
    CHECK_INT(notes.left_out, 1);
    CHECK(MAP(&idp, attr(t, "tid", "x"), attr(t, "oid", "y"), attr(t, "schoolCode", "99501;99502;"),
              attr(t, "userRole", "opettaja;")));
    CHECK_INT(p.affiliation_count, 2); /* a semicolon at the end is no value */
}

TEST(rule_3_a_charge_that_is_none_does_not_move_the_next)
{
    struct idp idp = idp_speaking("entra");
    struct person p;
    struct map_notes notes;
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
    struct map_notes notes;
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
    CHECK(p.affiliation_count == 0 && notes.left_out == 1); /* role, school and provider are withheld together */
}

TEST(rule_5_google_speaks_with_the_names_of_the_city)
{
    struct idp idp = idp_speaking("google");
    struct person p;
    struct map_notes notes;
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
    struct map_notes notes;
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
    struct map_notes notes;
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
    struct map_notes notes;
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
    struct map_notes notes;
    struct fail f = { 0 };

    CHECK(map_person(t->arena, &idp, said, 4, S("puavo-1"), &p, &notes, &f));
    CHECK_STR(p.subject, "puavo-1");
    CHECK_INT(p.affiliation_count, 2);
    CHECK_STR(p.affiliations[0].group, "7B");
    CHECK_STR(p.affiliations[1].school_code, "99502");
    said[1] = attr(t, "puavo.schools", "99501|[]|{\"school_code\":7}|{\"school_code\":\"99201\"}");
    CHECK(map_person(t->arena, &idp, said, 4, S("puavo-1"), &p, &notes, &f));
    CHECK(p.affiliation_count == 0 && notes.left_out == 4); /* no objects, no texts, another city's school */
}

/* --- the first attribute that can be used, not the first that is there --------------- */

#define ENTRA    attr(t, "tid", "t1"), attr(t, "oid", "o1")
#define AT_99501 attr(t, "schoolCode", "99501")
#define BEGIN(map)                                                                                                     \
    struct idp idp = idp_speaking(map);                                                                                \
    struct person p;                                                                                                   \
    struct map_notes notes;                                                                                            \
    struct fail f = { 0 }

static struct strs list_of(struct test *t, const char *values)
{
    return attr(t, "", values).values;
}

static const char *noted(const struct map_notes *notes, enum note kind, struct test *t)
{
    const struct map_note *n = map_notes_find(notes, kind);

    return n == NULL ? "nothing"
                     : arena_printf(t->arena, "%.*s %.*s %u", STR_ARG(n->attribute), STR_ARG(n->value), n->count).p;
}

TEST(an_empty_role_does_not_hide_the_next_attribute)
{
    static const char *const empty[] = { "", " ", ";", "; ;", "\xe2\x80\xae" };
    BEGIN("entra");

    idp.role_names = list_of(t, "OPE=teacher");
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        CHECK(MAP(&idp, ENTRA, AT_99501, attr(t, "userRole", empty[i]), attr(t, "extension_userRole", "OPE")));
        CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_TEACHER);
    }
}

TEST(item_14_a_word_of_the_city_means_its_role_in_whole_values_too)
{
    BEGIN("mpassid");

    idp.role_names = list_of(t, "OPE=teacher");
    CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:mpass.id:role", "1.2.246.562.99.90920100006;99501;7B; ope ;;;")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_TEACHER);
    CHECK_STR(p.affiliations[0].school_code, "99501");
    CHECK_STR(p.affiliations[0].group, "7B");
    CHECK(map_notes_find(&notes, NOTE_ROLE_UNKNOWN) == NULL);
    CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:mpass.id:role", "1.2.246.562.99.90920100006;99501;7B;REKSI;;;")));
    CHECK_INT(p.affiliation_count, 0);
    CHECK(strcmp(noted(&notes, NOTE_ROLE_UNKNOWN, t), "urn:mpass.id:role REKSI 1") == 0);
    /* A role code that says another role is a contradiction still. */
    CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:mpass.id:role", "1.2.246.562.99.90920100006;99501;7B;OPE;1;;")));
    CHECK(p.affiliation_count == 0 || p.affiliations[0].role != ROLE_TEACHER);
}

TEST(item_14_a_word_that_is_deliberately_no_role_is_none_and_is_not_asked_again)
{
    BEGIN("entra");

    idp.role_names = list_of(t, "OPE=teacher|KES\xc3\x84TY\xc3\x96=none|staff=none");
    CHECK(MAP(&idp, ENTRA, AT_99501, attr(t, "userRole", "kes\xc3\xa4ty\xc3\xb6")));
    CHECK_INT(p.affiliation_count, 0);
    CHECK(map_notes_find(&notes, NOTE_ROLE_UNKNOWN) == NULL && map_notes_find(&notes, NOTE_NO_ROLE) == NULL);
    /* Neither is it the role of everybody, nor one that the word would have had by itself. */
    idp.role = ROLE_LEARNER;
    CHECK(MAP(&idp, ENTRA, AT_99501, attr(t, "userRole", "KES\xc3\x84TY\xc3\x96")));
    CHECK_INT(p.affiliation_count, 0);
    CHECK(MAP(&idp, ENTRA, AT_99501, attr(t, "userRole", "Staff")));
    CHECK_INT(p.affiliation_count, 0);
    CHECK(MAP(&idp, ENTRA, AT_99501));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_LEARNER);
    idp.role = ROLE_NONE;
    /* Beside another word it takes nothing away, and does not hide the next attribute. */
    CHECK(MAP(&idp, ENTRA, AT_99501, attr(t, "roles", "KES\xc3\x84TY\xc3\x96|OPE")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_TEACHER);
    CHECK(
        MAP(&idp, ENTRA, AT_99501, attr(t, "userRole", "KES\xc3\x84TY\xc3\x96"), attr(t, "extension_userRole", "OPE")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_TEACHER);
    CHECK(MAP(&idp, ENTRA, AT_99501, attr(t, "userRole", "REKSI")));
    CHECK(map_notes_find(&notes, NOTE_ROLE_UNKNOWN) != NULL && map_notes_find(&notes, NOTE_NO_ROLE) != NULL);
}

TEST(item_14_a_word_that_is_deliberately_no_role_is_none_in_whole_and_scoped_values_and_of_a_group)
{
    BEGIN("mpassid");

    idp.role_names = list_of(t, "OPE=none|g1=none|member=none");
    CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:mpass.id:role", "1.2.246.562.99.90920100006;99501;7B;OPE;;;")));
    CHECK_INT(p.affiliation_count, 0);
    CHECK(map_notes_find(&notes, NOTE_ROLE_UNKNOWN) == NULL && map_notes_find(&notes, NOTE_VALUE_MALFORMED) == NULL);
    CHECK(map_notes_find(&notes, NOTE_NO_ROLE) == NULL);
    idp.map = S("entra");
    CHECK(MAP(&idp, ENTRA, AT_99501, attr(t, "groups", "g1|g2")));
    CHECK_INT(p.affiliation_count, 0);
    CHECK(map_notes_find(&notes, NOTE_GROUPS_WITHOUT_ROLE) == NULL);
}

TEST(app_roles_that_mean_nothing_do_not_hide_groups)
{
    BEGIN("entra");

    idp.role_names = list_of(t, "aaaaaaaa-0000-0000-0000-000000000001=teacher");
    CHECK(MAP(&idp, ENTRA, attr(t, "roles", "default-access"),
              attr(t, "groups", "aaaaaaaa-0000-0000-0000-000000000001")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_TEACHER);
    CHECK(map_notes_find(&notes, NOTE_ROLE_UNKNOWN) == NULL); /* what every product sends is no news */
    CHECK(MAP(&idp, ENTRA, attr(t, "roles", "Koulukuraattori"),
              attr(t, "groups", "aaaaaaaa-0000-0000-0000-000000000001")));
    CHECK_INT(p.affiliation_count, 1);
    CHECK(strcmp(noted(&notes, NOTE_ROLE_UNKNOWN, t), "roles Koulukuraattori 1") == 0);
}

TEST(a_school_that_is_none_does_not_hide_the_next_attribute)
{
    BEGIN("entra");

    CHECK(MAP(&idp, ENTRA, attr(t, "userRole", "opettaja"), attr(t, "schoolCode", "00000"),
              attr(t, "extn.schoolCode", "99502")));
    CHECK(p.affiliation_count == 1);
    CHECK_STR(p.affiliations[0].school_code, "99502");
    CHECK(MAP(&idp, ENTRA, attr(t, "userRole", "opettaja"), attr(t, "schoolCode", "99503"),
              attr(t, "extn.schoolCode", "")));
    CHECK_INT(p.affiliation_count, 0); /* a closed school is not exchanged for none */
    CHECK(strcmp(noted(&notes, NOTE_SCHOOL_CLOSED, t), "schoolCode 99503 1") == 0);
}

TEST(a_learner_number_that_is_none_does_not_hide_the_next_attribute)
{
    BEGIN("google");

    CHECK(MAP(&idp, attr(t, "gsuiteid", "g"), attr(t, "learnerId", "12345"),
              attr(t, "urn:oid:1.3.6.1.4.1.16161.1.1.27", "1.2.246.562.98.85640200011")));
    CHECK_STR(p.learner_id, "1.2.246.562.98.85640200011");
    CHECK(strcmp(noted(&notes, NOTE_LEARNER_ID_INVALID, t), "learnerId  1") == 0); /* the number is not told */
    CHECK(!MAP(&idp, attr(t, "gsuiteid", "g"), attr(t, "learnerId", "12345"),
               attr(t, "urn:oid:1.3.6.1.4.1.16161.1.1.27", "")));
    CHECK_STR(f.code, "learner_id_invalid");
}

TEST(a_name_a_level_and_a_charge_come_from_the_first_attribute_that_has_one)
{
    BEGIN("entra");

    CHECK(MAP(&idp, ENTRA, AT_99501, attr(t, "userRole", "oppilas"), attr(t, "given_name", "\n"),
              attr(t, "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", "Anna"),
              attr(t, "classLevel", "seven"), attr(t, "extn.classLevel", "7. luokka"),
              attr(t, "learningMaterialsCharge", "?"), attr(t, "extn.learningMaterialsCharge", "1")));
    CHECK_STR(p.given_names, "Anna");
    CHECK(p.affiliation_count == 1 && p.affiliations[0].class_level == 7 && p.affiliations[0].charge == 2);
    CHECK(strcmp(noted(&notes, NOTE_CLASS_LEVEL_UNKNOWN, t), "classLevel seven 1") == 0);
    CHECK(strcmp(noted(&notes, NOTE_CHARGE_UNKNOWN, t), "learningMaterialsCharge ? 1") == 0);
}

TEST(whole_roles_that_are_another_citys_do_not_hide_the_older_attribute)
{
    BEGIN("mpassid");

    CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:mpass.id:role", "Espoo;99201;7B;Oppilas"),
              attr(t, "urn:educloudalliance.org:structuredRole", "Vantaa;99501;7B;Oppilas")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_LEARNER);
    CHECK(strcmp(noted(&notes, NOTE_PROVIDER_FOREIGN, t), "urn:mpass.id:role Espoo 1") == 0);
}

TEST(app_roles_and_groups_have_no_order_and_hold_at_every_school)
{
    BEGIN("entra");

    idp.role_names = list_of(t, "g1=teacher|g2=principal");
    CHECK(MAP(&idp, ENTRA, attr(t, "schoolCode", "99501;99502"), attr(t, "groups", "g0|g2|g1")));
    CHECK_INT(p.affiliation_count, 4);
    CHECK_INT(notes.left_out, 0);
    CHECK(MAP(&idp, ENTRA, AT_99501, attr(t, "roles", "teacher|principal|App.User")));
    CHECK_INT(p.affiliation_count, 2);
    CHECK(strcmp(noted(&notes, NOTE_ROLE_UNKNOWN, t), "roles App.User 1") == 0);
}

/* --- names that a dialect is seen to use --------------------------------------------- */

TEST(entra_speaks_with_addresses_over_saml)
{
#define MS   "http://schemas.microsoft.com/"
#define SOAP "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
    BEGIN("entra");

    CHECK(MAP(&idp, attr(t, MS "identity/claims/tenantid", "t1"), attr(t, MS "identity/claims/objectidentifier", "o1"),
              attr(t, MS "identity/claims/displayname", "Anna Ålund"), attr(t, SOAP "name", "anna@vantaa.example"),
              attr(t, SOAP "emailaddress", "anna@vantaa.example"),
              attr(t, MS "identity/claims/extn.schoolCode", "99501"),
              attr(t, MS "ws/2008/06/identity/claims/role", "Teacher")));
    CHECK_STR(p.subject, "t1/o1");
    CHECK_STR(p.family_name, "Ålund"); /* and not the name to sign in with */
    CHECK_STR(p.email, "anna@vantaa.example");
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_TEACHER);
    CHECK_STR(p.affiliations[0].school_code, "99501");
}

TEST(ad_fs_is_read_over_saml_and_over_openid_connect)
{
    BEGIN("adfs");
    struct attribute saml[] = { attr(t, SOAP "givenname", "Anna"), attr(t, SOAP "surname", "Ålund"),
                                attr(t, "http://schemas.xmlsoap.org/claims/Group", "VANTAA\\Opettajat") };
    struct attribute oidc[] = { attr(t, "given_name", "Anna"), attr(t, "family_name", "Ålund"),
                                attr(t, "group", "VANTAA\\Opettajat") };

    idp.role_names = list_of(t, "vantaa\\opettajat=teacher");
    idp.school = S("99501");
    CHECK(map_person(t->arena, &idp, saml, 3, S("persistent"), &p, &notes, &f));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_TEACHER);
    CHECK_STR(p.family_name, "Ålund");
    CHECK(map_person(t->arena, &idp, oidc, 3, S("sub"), &p, &notes, &f));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_TEACHER);
    CHECK_STR(p.subject, "sub");
    CHECK(!map_person(t->arena, &idp, oidc, 3, S(""), &p, &notes, &f));
    CHECK_STR(f.code, "no_subject"); /* a name to sign in with is nobody's identity */
}

TEST(an_old_message_of_the_educloud_alliance_is_read)
{
    BEGIN("mpassid");

    CHECK(MAP(&idp, attr(t, "urn:educloudalliance.org:OID", "MPASSOID.1"), LEARNER,
              attr(t, "urn:educloudalliance.org:municipality", "Vanda"),
              attr(t, "urn:educloudalliance.org:structuredRole", "Vantaa;;9A;Oppilas"),
              attr(t, "urn:educloudalliance.org:role", "Oppilas"), attr(t, "urn:educloudalliance.org:group", "9A"),
              attr(t, "urn:mpass.id:schoolCode", "99501")));
    CHECK_STR(p.subject, "MPASSOID.1");
    CHECK_INT(p.affiliation_count, 2); /* the whole value names no school, the single ones do */
    CHECK(p.affiliations[0].role == ROLE_LEARNER && p.affiliations[1].role == ROLE_LEARNER);
    CHECK_STR(p.affiliations[1].school_code, "99501");
    CHECK_STR(p.affiliations[1].group, "9A");
}

TEST(a_bare_role_counts_where_the_school_or_the_home_is_ours)
{
    BEGIN("mpassid");

    CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:educloudalliance.org:role", "Opettaja"),
              attr(t, "urn:mpass.id:schoolInfo", "99501;Testi|1.2.246.562.99.90920200012;Testi")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_TEACHER);
    CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:educloudalliance.org:role", "Opettaja"),
              attr(t, "urn:mpass.id:municipalityCode", "092")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].school_oid.p == NULL);
    CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:educloudalliance.org:role", "Opettaja"),
              attr(t, "urn:mpass.id:municipalityCode", "049")));
    CHECK(p.affiliation_count == 0 && notes.left_out == 1);
}

TEST(four_parts_may_begin_with_the_providers_oid)
{
    BEGIN("mpassid");

    CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:mpass.id:role", "1.2.246.562.99.90920100006;99501;7B;Oppilas")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_LEARNER);
}

TEST(a_whole_role_at_a_school_is_not_doubled_by_the_lists_beside_it)
{
    BEGIN("mpassid");

    CHECK(MAP(&idp, UID, LEARNER,
              attr(t, "urn:mpass.id:role",
                   "1.2.246.562.99.90920100006;99501;7B;opettaja;2;;|"
                   "1.2.246.562.99.90920100006;99502;;rehtori;6;;"),
              attr(t, "urn:educloudalliance.org:role", "rehtori|opettaja"),
              attr(t, "urn:mpass.id:schoolCode", "99501|99502")));
    CHECK_INT(p.affiliation_count, 2);
}

TEST(a_charge_that_names_its_school_twice_is_one_charge)
{
    BEGIN("mpassid");

    CHECK(MAP(&idp, UID, LEARNER,
              attr(t, "urn:mpass.id:role", "1.2.246.562.99.90920100006;99502;;oppilas;1;1.2.246.562.99.90920200020;"),
              attr(t, "urn:mpass.id:learningMaterialsCharge", "1;99502|1;1.2.246.562.99.90920200020")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].charge == 2);
    CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:mpass.id:role", "1.2.246.562.99.90920100006;99502;;oppilas;1;;"),
              attr(t, "urn:mpass.id:learningMaterialsCharge", "1;99201")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].charge == 0); /* another city's school */
}

TEST(a_class_of_puavo_stands_at_its_own_school)
{
    BEGIN("puavo");
    struct attribute said[] = {
        attr(t, "puavo.schools",
             "{\"school_code\":\"99501\",\"abbreviation\":\"jp\"}"
             "|{\"school_code\":\"99502\",\"abbreviation\":\"vl\"}"),
        attr(t, "puavo.roles", "student|testuser"),
        attr(t, "puavo.groups",
             "{\"name\":\"Kerho\",\"type\":\"other groups\",\"school_abbreviation\":\"jp\"}"
             "|{\"name\":\"1A\",\"type\":\"teaching group\",\"school_abbreviation\":\"vl\"}"
             "|{\"name\":\"2026\",\"type\":\"year class\",\"school_abbreviation\":\"vl\"}"),
    };

    CHECK(map_person(t->arena, &idp, said, 3, S("puavo-1"), &p, &notes, &f));
    CHECK_INT(p.affiliation_count, 2);
    CHECK(p.affiliations[0].group.p == NULL);
    CHECK_STR(p.affiliations[1].group, "1A");
}

TEST(members_that_are_null_or_of_another_type_are_as_if_they_were_not_there)
{
    BEGIN("puavo");
    struct attribute said[] = {
        attr(t, "puavo.schools",
             "{\"school_code\":null,\"oid\":\"1.2.246.562.99.90920200012\",\"abbreviation\":null,\"primary\":true}"
             "|{\"school_code\":99502,\"oid\":null,\"mpass_learning_materials_charge\":\"1\"}"),
        attr(t, "puavo.roles", "teacher"),
        attr(t, "puavo.groups", "{\"name\":\"7B\",\"type\":null,\"school_abbreviation\":null}"),
    };

    CHECK(map_person(t->arena, &idp, said, 3, S("puavo-1"), &p, &notes, &f));
    CHECK(p.affiliation_count == 2 && notes.left_out == 0);
    CHECK_STR(p.affiliations[0].school_code, "99501");
    CHECK_STR(p.affiliations[0].group, "7B");
    CHECK_STR(p.affiliations[1].school_code, "99502");
    CHECK(p.affiliations[0].charge == 0 && p.affiliations[1].charge == 2);
}

TEST(members_of_a_native_role_that_are_null_are_as_if_they_were_not_there)
{
    BEGIN("native");

    CHECK(MAP(&idp, attr(t, "sub", "s"),
              attr(t, "edu_roles",
                   "{\"role\":\"learner\",\"provider_oid\":null,\"school_oid\":\"1.2.246.562.99.90920200012\","
                   "\"group\":null,\"class_level\":null}|{\"role\":null}|{}|[]")));
    CHECK(p.affiliation_count == 1 && notes.left_out == 3);
    CHECK(p.affiliations[0].role == ROLE_LEARNER && p.affiliations[0].group.p == NULL);
}

TEST(one_role_among_empty_values_is_one_role)
{
    BEGIN("entra");

    CHECK(MAP(&idp, ENTRA, AT_99501, attr(t, "userRole", "|opettaja")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_TEACHER && notes.left_out == 0);
    CHECK(MAP(&idp, ENTRA, attr(t, "schoolCode", "99501;99502;99501"), attr(t, "userRole", ";opettaja")));
    CHECK_INT(p.affiliation_count, 0); /* at which of three? */
    CHECK(strcmp(noted(&notes, NOTE_COUNTS_DIFFER, t), "userRole  1") == 0);
}

TEST(an_attribute_that_stands_twice_is_read_until_it_can_be_used)
{
    BEGIN("entra");

    CHECK(MAP(&idp, ENTRA, AT_99501, attr(t, "userRole", ""), attr(t, "userRole", "opettaja"), attr(t, "name", " "),
              attr(t, "name", "Anna Ålund")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_TEACHER);
    CHECK_STR(p.family_name, "Ålund");
}

TEST(an_older_attribute_adds_nothing_to_one_that_could_be_used)
{
    BEGIN("mpassid");

    CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:mpass.id:role", "Vantaa;99501;7B;Oppilas"),
              attr(t, "urn:educloudalliance.org:structuredRole", "Vantaa;99502;;Rehtori")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_LEARNER);
}

TEST(a_charge_of_another_citys_school_reaches_none_of_ours)
{
    BEGIN("entra");

    CHECK(MAP(&idp, ENTRA, attr(t, "schoolCode", "99501;99502"), attr(t, "userRole", "oppilas"),
              attr(t, "learningMaterialsCharge", "1;99201")));
    CHECK(p.affiliation_count == 2 && p.affiliations[0].charge == 0 && p.affiliations[1].charge == 0);
}

TEST(the_year_before_school_is_no_class_level_and_no_news)
{
    BEGIN("entra");

    CHECK(MAP(&idp, ENTRA, AT_99501, attr(t, "userRole", "oppilas"), attr(t, "classLevel", "0")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].class_level == 0);
    CHECK(map_notes_find(&notes, NOTE_CLASS_LEVEL_UNKNOWN) == NULL);
    CHECK(MAP(&idp, ENTRA, AT_99501, attr(t, "userRole", "oppilas"), attr(t, "classLevel", "2026")));
    CHECK(map_notes_find(&notes, NOTE_CLASS_LEVEL_UNKNOWN) != NULL);
}

/* --- what the row says ----------------------------------------------------------------- */

TEST(a_row_may_name_attributes_of_its_own_which_go_first)
{
    BEGIN("entra");

    idp.attributes = list_of(t, "koulu=school|rooli=role|jäsenyys=groups|luokka=group|urn:x?a=b=name");
    idp.role_names = list_of(t, "g1=principal");
    CHECK(MAP(&idp, ENTRA, AT_99501, attr(t, "koulu", "99502"), attr(t, "rooli", "opettaja"),
              attr(t, "userRole", "oppilas"), attr(t, "luokka", "7B"), attr(t, "urn:x?a=b", "Anna Ålund")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_TEACHER);
    CHECK_STR(p.affiliations[0].school_code, "99502");
    CHECK_STR(p.affiliations[0].group, "7B");
    CHECK_STR(p.family_name, "Ålund");
    CHECK(MAP(&idp, ENTRA, AT_99501, attr(t, "koulu", ""), attr(t, "rooli", "keisari"), attr(t, "jäsenyys", "g1")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_PRINCIPAL);
    CHECK_STR(p.affiliations[0].school_code, "99501");
    CHECK(own_attribute_trouble(S("x=role")) == NULL && own_attribute_trouble(S("a=b=subject")) == NULL);
    CHECK(own_attribute_trouble(S("x")) != NULL && own_attribute_trouble(S("=role")) != NULL &&
          own_attribute_trouble(S("x=shoe size")) != NULL && own_attribute_trouble(S(" x=role")) != NULL);
}

TEST(a_row_may_name_the_subject_and_nothing_takes_its_place)
{
    BEGIN("adfs");
    struct attribute said[] = { attr(t, "objectGUID", "guid-1") };

    idp.attributes = list_of(t, "objectGUID=subject");
    CHECK(map_person(t->arena, &idp, said, 1, S("transient-today"), &p, &notes, &f));
    CHECK_STR(p.subject, "guid-1");
    said[0] = attr(t, "objectGUID", " ");
    CHECK(!map_person(t->arena, &idp, said, 1, S("persistent"), &p, &notes, &f));
    CHECK_STR(f.code, "attribute_missing");
    f = (struct fail){ 0 };
    idp = idp_speaking("entra"); /* whose own subject has two parts, which are not added */
    idp.attributes = list_of(t, "objectGUID=subject");
    CHECK(MAP(&idp, ENTRA, attr(t, "objectGUID", "guid-1")));
    CHECK_STR(p.subject, "guid-1");
    said[0] = attr(t, "objectGUID", "anna@espoo.fi");
    CHECK(!map_person(t->arena, &idp, said, 1, S("persistent"), &p, &notes, &f));
    CHECK_STR(f.code, "scope_foreign");
}

TEST(who_names_no_role_has_the_rows)
{
    BEGIN("google");

    idp.role = ROLE_LEARNER;
    CHECK(MAP(&idp, attr(t, "gsuiteid", "g"), attr(t, "schoolCode", "99501|99502")));
    CHECK(p.affiliation_count == 2 && p.affiliations[1].role == ROLE_LEARNER);
    CHECK(MAP(&idp, attr(t, "gsuiteid", "g"), attr(t, "userRole", "  ")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].school_oid.p == NULL);
    idp.school = S("99502");
    CHECK(MAP(&idp, attr(t, "gsuiteid", "g")));
    CHECK(p.affiliation_count == 1);
    CHECK_STR(p.affiliations[0].school_code, "99502");
    CHECK(MAP(&idp, attr(t, "gsuiteid", "g"), attr(t, "userRole", "opettaja")));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_TEACHER);
}

TEST(who_names_a_role_that_we_do_not_know_has_none)
{
    BEGIN("google");

    idp.role = ROLE_LEARNER;
    CHECK(MAP(&idp, attr(t, "gsuiteid", "g"), AT_99501, attr(t, "userRole", "talonmies")));
    CHECK_INT(p.affiliation_count, 0);
    CHECK(strcmp(noted(&notes, NOTE_ROLE_UNKNOWN, t), "userRole talonmies 1") == 0);
    CHECK(map_notes_find(&notes, NOTE_NO_ROLE) != NULL);
    idp = idp_speaking("mpassid");
    idp.role = ROLE_LEARNER;
    CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:mpass.id:role", "Espoo;99201;7B;opettaja")));
    CHECK_INT(p.affiliation_count, 0); /* another city's teacher is no pupil here */
}

/* --- what is told ------------------------------------------------------------------------ */

TEST(groups_that_were_cut_off_are_told_and_give_nobody_a_role)
{
    static const char *const names[] = { "_claim_names.groups", "hasgroups",
                                         "http://schemas.microsoft.com/claims/groups.link" };
    BEGIN("entra");

    idp.role = ROLE_LEARNER; /* who is in many groups is hardly a pupil */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CHECK(MAP(&idp, ENTRA, attr(t, names[i], i == 1 ? "true" : "src1")));
        CHECK_INT(p.affiliation_count, 0);
        CHECK(map_notes_find(&notes, NOTE_GROUPS_OVERAGE) != NULL);
        CHECK(strcmp(map_note_event(NOTE_GROUPS_OVERAGE), "upstream.groups_overage") == 0);
    }
    CHECK(MAP(&idp, ENTRA, attr(t, "hasgroups", "false")));
    CHECK(map_notes_find(&notes, NOTE_GROUPS_OVERAGE) == NULL && p.affiliation_count == 1);
}

TEST(groups_of_which_none_is_a_role_are_one_line)
{
    BEGIN("entra");

    CHECK(MAP(&idp, ENTRA, attr(t, "groups", "g1|g2|g3")));
    CHECK(strcmp(noted(&notes, NOTE_GROUPS_WITHOUT_ROLE, t), "groups g1 1") == 0);
}

TEST(a_school_that_was_left_out_is_told_by_its_code)
{
    BEGIN("mpassid");

    CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:mpass.id:role", "1.2.246.562.99.90920100006;00000;7B;opettaja;2;;")));
    CHECK(strcmp(noted(&notes, NOTE_SCHOOL_UNKNOWN, t), "urn:mpass.id:role 00000 1") == 0);
    CHECK(MAP(
        &idp, UID, LEARNER,
        attr(t, "urn:mpass.id:role", "1.2.246.562.99.90920100006;99501;7B;opettaja;2;1.2.246.562.99.90920200020;")));
    CHECK(strcmp(noted(&notes, NOTE_SCHOOL_CONTRADICTS, t), "urn:mpass.id:role 1.2.246.562.99.90920200020 1") == 0);
    idp = idp_speaking("native");
    CHECK(MAP(&idp, attr(t, "sub", "s"),
              attr(t, "edu_roles", "{\"role\":\"keisari\"}|{\"role\":\"teacher\",\"school_oid\":\"1.2.3\"}")));
    CHECK(strcmp(noted(&notes, NOTE_SCHOOL_UNKNOWN, t), "edu_roles 1.2.3 1") == 0);
    CHECK(strcmp(noted(&notes, NOTE_ROLE_UNKNOWN, t), "edu_roles keisari 1") == 0);
}

TEST(people_without_a_name_or_a_role_are_told_with_what_came)
{
    BEGIN("entra");

    CHECK(MAP(&idp, ENTRA, attr(t, "department", "7B")));
    CHECK(strcmp(noted(&notes, NOTE_NO_NAME, t), " tid, oid, department 1") == 0);
    CHECK(strcmp(noted(&notes, NOTE_NO_ROLE, t), " tid, oid, department 1") == 0);
    CHECK(MAP(&idp, ENTRA, attr(t, "name", "Anna"), AT_99501, attr(t, "userRole", "opettaja")));
    CHECK_INT(notes.n, 0);
    idp.provider = NULL;
    CHECK(MAP(&idp, ENTRA, attr(t, "name", "Anna")));
    CHECK_INT(notes.n, 0); /* who speaks for no provider can give no role */
    CHECK(MAP(&idp, ENTRA, attr(t, "given_name", "Anna\nBcc: x")));
    CHECK(strcmp(noted(&notes, NOTE_TEXT_UNUSABLE, t), "given_name  1") == 0); /* a name is not told */
}

TEST(what_no_row_reads_is_told_by_name)
{
    BEGIN("entra");

    idp.attributes = list_of(t, "koulu=school");
    CHECK(MAP(&idp, ENTRA, attr(t, "koulu", "99501"), attr(t, "userRole", "opettaja"), attr(t, "name", "Anna Ålund"),
              attr(t, "hasgroups", "false"), attr(t, "department", "7B"), attr(t, "ver", "2.0")));
    CHECK(strcmp(noted(&notes, NOTE_UNREAD, t), " department, ver 1") == 0);
}

TEST(parts_of_a_role_that_were_left_out_are_told)
{
    BEGIN("native");
    const char *group = arena_printf(t->arena, "%065d", 7).p;

    CHECK(MAP(&idp, attr(t, "sub", "s"), attr(t, "name", "Anna"),
              attr(t, "edu_roles", arena_printf(t->arena, "{\"role\":\"learner\",\"group\":\"%s\"}", group).p)));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].group.p == NULL && notes.left_out == 0);
    CHECK(strcmp(noted(&notes, NOTE_GROUP_UNUSABLE, t), "edu_roles  1") == 0); /* what a group is called is not told */
    CHECK(MAP(&idp, attr(t, "sub", "s"), attr(t, "edu_roles", "{\"role\":\"learner\",\"class_level\":99}")));
    CHECK(strcmp(noted(&notes, NOTE_CLASS_LEVEL_UNKNOWN, t), "edu_roles 99 1") == 0);
    idp = idp_speaking("entra");
    CHECK(MAP(&idp, ENTRA, AT_99501, attr(t, "userRole", "opettaja"), attr(t, "class", "\xe2\x80\xaegpj")));
    CHECK(strcmp(noted(&notes, NOTE_TEXT_UNUSABLE, t), "class  1") == 0);
}

TEST(what_would_name_the_person_is_told_for_the_log)
{
    BEGIN("entra");

    CHECK(str_has_suffix(map_subject_wanted(t->arena, &idp), S("tid with oid")));
    idp.attributes = list_of(t, "objectGUID=subject");
    CHECK_STR(map_subject_wanted(t->arena, &idp), "objectGUID, as the row says");
    idp = idp_speaking("adfs");
    CHECK_STR(map_subject_wanted(t->arena, &idp), "pairwise-id, subject-id, a NameID of format persistent");
    CHECK(MAP(&idp, attr(t, "name", "Anna")) == false);
    CHECK_STR(f.code, "no_subject");
}

TEST(what_is_told_of_one_answer_is_bounded)
{
    struct map_notes notes = { .n = 0 };

    for (size_t i = 0; i < 100; i++)
        map_note(&notes, NOTE_ROLE_UNKNOWN, arena_printf(t->arena, "a%zu", i % 50), S("x"));
    CHECK(notes.n == MAP_NOTES_MAX && notes.at[0].count == 2);
    CHECK_INT(notes.untold, 2 * (50 - MAP_NOTES_MAX));
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
    struct map_notes notes;
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
    struct map_notes notes;
    struct fail f = { 0 };

    memset(huge, 'a', sizeof huge);
    CHECK(!map_person(t->arena, &idp, NULL, 0, str_n(huge, sizeof huge), &p, &notes, &f));
    CHECK_STR(f.code, "no_subject");
    f = (struct fail){ 0 };
    CHECK(!map_person(t->arena, &idp, NULL, 0, S("a\nb"), &p, &notes, &f));
    CHECK_STR(f.code, "no_subject");
    CHECK(map_person(t->arena, &idp, NULL, 0, str_n(huge, 256), &p, &notes, &f));
}

/* ── of what a source may speak ─────────────────────────────────────────── */

static bool is_within(const struct idp *idp, const struct affiliation *a)
{
    bool role = idp->asserts_roles.n == 0, school = idp->asserts_schools.n == 0;

    for (size_t i = 0; i < idp->asserts_roles.n; i++)
        role = role || str_eq(idp->asserts_roles.at[i], str_of(role_name(a->role)));
    for (size_t i = 0; i < idp->asserts_schools.n; i++)
        school = school || str_eq(idp->asserts_schools.at[i], a->school_oid) ||
                 str_eq(idp->asserts_schools.at[i], a->school_code);
    return role && school;
}

static uint32_t dice(uint32_t *seed, uint32_t sides)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % sides;
}

/* A value of one affiliation, or of the parallel lists, in some form that cities send. */
static void say_something(struct test *t, uint32_t *seed, struct buf *whole, struct buf *roles, struct buf *codes)
{
    static const char *const words[] = { "oppilas",       "opettaja", "rehtori", "sijaisopettaja",
                                         "koulusihteeri", "Teacher",  "Student", "talonmies" };
    static const char *const places[] = { "99501", "99502", "99503", "99999", "", "1.2.246.562.99.90920200020" };
    const char *word = words[dice(seed, 8)], *place = places[dice(seed, 6)];
    bool oid = strlen(place) > 5;

    (void)t;
    buf_printf(whole, "%s1.2.246.562.99.90920100006;%s;7B;%s;;%s;", whole->n > 0 ? "|" : "", oid ? "" : place, word,
               oid ? place : "");
    buf_printf(roles, "%s%s", roles->n > 0 ? "|" : "", word);
    buf_printf(codes, "%s%s", codes->n > 0 ? "|" : "", place);
}

static void bound_by_dice(uint32_t *seed, struct idp *idp, struct str roles[6], struct str places[4])
{
    static const char *const said[] = { "learner", "teacher", "principal", "substitute", "secretary", "guardian" };
    static const char *const at[] = { "99501", "1.2.246.562.99.90920200020", "1.2.246.562.99.90920200012", "99502" };
    uint32_t mask = dice(seed, 64), which = dice(seed, 16);

    idp->asserts_roles = (struct strs){ roles, 0 };
    idp->asserts_schools = (struct strs){ places, 0 };
    for (size_t i = 0; i < 6; i++)
        if ((mask >> i & 1u) != 0)
            roles[idp->asserts_roles.n++] = str_of(said[i]);
    for (size_t i = 0; i < 4; i++)
        if ((which >> i & 1u) != 0)
            places[idp->asserts_schools.n++] = str_of(at[i]);
}

TEST(no_assertion_of_a_source_yields_a_role_or_a_school_outside_of_its_row)
{
    static const char *const maps[] = { "mpassid", "entra", "native", "google" };
    struct str own_words[] = { S("talonmies=staff"), S("Teacher=teacher") }, roles[6], schools_[4];
    uint32_t seed = 20261130;
    unsigned left = 0, kept = 0;

    for (int round = 0; round < 4000; round++) {
        struct idp idp = idp_speaking(maps[dice(&seed, 4)]), free_one;
        struct buf whole = buf_new(t->arena, 4096), said = buf_new(t->arena, 4096), codes = buf_new(t->arena, 4096);
        struct person p, unbound;
        struct map_notes notes, all;
        struct fail f = { 0 };
        size_t at = 0;

        for (uint32_t n = dice(&seed, 4); n-- > 0;)
            say_something(t, &seed, &whole, &said, &codes);
        buf_byte(&whole, '\0');
        buf_byte(&said, '\0');
        buf_byte(&codes, '\0');
        if (dice(&seed, 2) == 0)
            idp.role_names = (struct strs){ own_words, 2 };
        if (dice(&seed, 3) == 0)
            idp.role = ROLE_LEARNER;
        if (dice(&seed, 3) == 0)
            idp.school = S("99501");
        free_one = idp;
        bound_by_dice(&seed, &idp, roles, schools_);
        const struct attribute answer[] = { UID,
                                            attr(t, "sub", "u-1"), /* each map has its own subject */
                                            attr(t, "tid", "t-1"),
                                            attr(t, "oid", "o-1"),
                                            LEARNER,
                                            attr(t, "urn:mpass.id:role", dice(&seed, 2) == 0 ? whole.p : ""),
                                            attr(t, "userRole", said.p),
                                            attr(t, "roles", said.p),
                                            attr(t, "schoolCode", codes.p),
                                            attr(t, "school", codes.p) };
        bool good = map_person(t->arena, &idp, answer, sizeof answer / sizeof *answer, S("someone"), &p, &notes, &f);
        CHECK(good && map_person(t->arena, &free_one, answer, sizeof answer / sizeof *answer, S("someone"), &unbound,
                                 &all, &f));
        /* What is within stays as it was, in its order; what is not is gone, counted, and noted. */
        for (size_t i = 0; good && i < unbound.affiliation_count; i++) {
            if (!is_within(&idp, &unbound.affiliations[i]))
                continue;
            CHECK(at < p.affiliation_count && p.affiliations[at].role == unbound.affiliations[i].role);
            CHECK(str_cmp(p.affiliations[at].school_oid, unbound.affiliations[i].school_oid) == 0);
            at++;
        }
        CHECK_INT(p.affiliation_count, at);
        for (size_t i = 0; good && i < p.affiliation_count; i++)
            CHECK(is_within(&idp, &p.affiliations[i]));
        CHECK_INT(notes.left_out - all.left_out, unbound.affiliation_count - at);
        CHECK(unbound.affiliation_count == at || map_notes_find(&notes, NOTE_ROLE_BEYOND) != NULL ||
              map_notes_find(&notes, NOTE_SCHOOL_BEYOND) != NULL);
        left += (unsigned)(unbound.affiliation_count - at);
        kept += (unsigned)at;
        if (t->failed)
            return;
    }
    CHECK(left > 500 && kept > 500); /* both were tried */
}

TEST(what_a_source_says_beyond_its_row_is_left_out_with_the_reason)
{
    struct str learners[] = { S("learner") }, one[] = { S("99501") };
    struct idp idp = idp_speaking("mpassid");
    struct person p;
    struct map_notes notes;
    struct fail f = { 0 };

    idp.asserts_roles = (struct strs){ learners, 1 };
    CHECK(
        MAP(&idp, UID, LEARNER,
            attr(t, "urn:mpass.id:role",
                 "1.2.246.562.99.90920100006;99501;7B;opettaja;2;;|1.2.246.562.99.90920100006;99501;7B;oppilas;1;;")));
    CHECK_INT(p.affiliation_count, 1);
    CHECK_INT(p.affiliations[0].role, ROLE_LEARNER);
    CHECK_INT(notes.left_out, 1);
    CHECK_STR(map_notes_find(&notes, NOTE_ROLE_BEYOND)->value, "teacher");
    idp.asserts_schools = (struct strs){ one, 1 };
    CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:mpass.id:role", "1.2.246.562.99.90920100006;99502;7B;oppilas;1;;")));
    CHECK_INT(p.affiliation_count, 0);
    CHECK(map_notes_find(&notes, NOTE_SCHOOL_BEYOND) != NULL);
    CHECK_STR(map_notes_find(&notes, NOTE_SCHOOL_BEYOND)->value, "99502");
    CHECK(MAP(&idp, UID, LEARNER, attr(t, "urn:mpass.id:role", "1.2.246.562.99.90920100006;;7B;oppilas;1;;")));
    CHECK_INT(p.affiliation_count, 0); /* a role at no school is at every school */
}
