/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/affiliation.h"
#include "idp-adapters/attribute_map.h"
#include "idp-adapters/fold.h"
#include "tests/test.h"

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
    const char *names[] = { "mpassid", "funet", "entra", "native" };

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

TEST(more_values_than_the_limit_are_refused)
{
    struct idp idp = idp_speaking("entra");
    struct attribute many[ATTRIBUTES_MAX + 1] = { { S("x"), { NULL, 0 } } };
    struct person p;
    unsigned left_out;
    struct fail f = { 0 };

    CHECK(!map_person(t->arena, &idp, many, ATTRIBUTES_MAX + 1, S("someone"), &p, &left_out, &f));
    CHECK_STR(f.code, "attributes_too_many");
}
