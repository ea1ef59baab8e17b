/* SPDX-License-Identifier: EUPL-1.2
 * Policies in words.  The invisible characters that keep times and ranges in one line are taken out before comparing.
 */
#include "policy/form.h"
#include "policy/text_check.h"
#include "policy/words.h"
#include "tests/unit/cedar_help.h"

static struct school schools[] = {
    { S("1.2.3.1"), S("99101"), { { S("Kuusela"), S("Granbacken"), S("Kuusela") } }, true },
    { S("1.2.3.2"), S("99102"), { { S("Rantala") } }, true }
};
static struct provider providers[] = {
    { .id = S("oulu"),
      .oid = S("1.2.3"),
      .names = { { S("Oulu"), S("Uleåborg"), S("Oulu") } },
      .schools = schools,
      .school_count = 2 },
};
static struct service services[] = {
    { .id = S("matikka"), .names = { { S("Vaahtera Matikka") } }, .category = S("maths") },
    { .id = S("kanerva"), .names = { { S("Kanerva") } }, .category = S("books") },
};

static const struct registry *registry(struct test *t)
{
    struct registry_parts parts = {
        .providers = providers, .provider_count = 1, .services = services, .service_count = 2
    };
    struct registry *r = registry_build(arena_new(), &parts);

    arena_adopt(t->arena, r, (void (*)(void *))registry_drop);
    return r;
}

static struct str plain(struct arena *a, struct str s)
{
    struct buf b = buf_new(a, 1 << 16);

    for (size_t i = 0; i < s.n;)
        if (str_has_prefix(str_from(s, i), S("\xc2\xa0"))) {
            buf_byte(&b, ' ');
            i += 2;
        } else if (str_has_prefix(str_from(s, i), S("\xe2\x81\xa0"))) {
            i += 3;
        } else {
            buf_byte(&b, s.p[i++]);
        }
    return buf_str(&b);
}

static struct str said(struct test *t, const struct policy_form *f, enum lang lang)
{
    return plain(t->arena, policy_form_words(t->arena, registry(t), f, lang));
}

static struct policy_form pupils(struct test *t)
{
    struct policy_form f = { .opening = OPENING_PERMIT };

    f.whom.provider = S("oulu");
    f.whom.roles = 1u << ROLE_LEARNER;
    f.whom.level_from = 7;
    f.whom.level_to = 9;
    f.hours = (struct hours){ .weekdays = 0x3E, .minute_from = 480, .minute_to = 960 };
    strs_add(t->arena, &f.which.services, S("matikka"));
    return f;
}

TEST(a_form_is_said_in_three_languages)
{
    struct policy_form f = pupils(t);

    CHECK_STR(said(t, &f, LANG_FI),
              "Oulu: oppilaat, luokat 7–9, saavat avata palvelun Vaahtera Matikka arkisin klo 8–16");
    CHECK_STR(said(t, &f, LANG_SV),
              "Uleåborg: elever, årskurserna 7–9, får öppna tjänsten Vaahtera Matikka på vardagar kl. 8–16");
    CHECK_STR(said(t, &f, LANG_EN),
              "Oulu: pupils, grades 7–9, may open the service Vaahtera Matikka on weekdays between 8:00 and 16:00");
}

TEST(what_is_told_of_them_is_said)
{
    struct policy_form f = pupils(t);

    f.whom.level_from = f.whom.level_to = 0;
    f.hours = (struct hours){ 0 };
    f.release.bits = 1u << CLAIM_GIVEN_NAME | 1u << CLAIM_EMAIL;
    CHECK_STR(said(t, &f, LANG_FI), "Oulu: oppilaat saavat avata palvelun Vaahtera Matikka. Palvelulle kerrotaan "
                                    "heistä: etunimet, sähköpostiosoite");
    f.opening = OPENING_NONE;
    CHECK_STR(said(t, &f, LANG_FI),
              "Oulu: oppilaat: heistä kerrotaan palvelulle Vaahtera Matikka: etunimet, sähköpostiosoite");
    f.withhold.bits = 1u << CLAIM_LEARNER_ID;
    CHECK_STR(
        said(t, &f, LANG_EN),
        "Oulu: pupils: the following is told to the service Vaahtera Matikka: given names, e-mail address. The service "
        "is not told of them: learner number");
    f.release.bits = 0;
    CHECK_STR(said(t, &f, LANG_SV),
              "Uleåborg: elever: om dem berättas inte för tjänsten Vaahtera Matikka: studentnummer");
    f.withhold.bits = 0;
    CHECK_STR(said(t, &f, LANG_FI), "");
}

TEST(every_field_is_said)
{
    struct policy_form f = { .opening = OPENING_FORBID };

    f.whom.roles = 1u << ROLE_LEARNER | 1u << ROLE_TEACHER | 1u << ROLE_GUARDIAN;
    strs_add(t->arena, &f.whom.schools, S("oulu/99101"));
    strs_add(t->arena, &f.whom.schools, S("oulu/99102"));
    strs_add(t->arena, &f.whom.groups, S("oulu/99101/7B"));
    f.whom.ages = 1u << AGE_UNDER13;
    strs_add(t->arena, &f.which.services, S("kanerva"));
    strs_add(t->arena, &f.which.services, S("gone"));
    strs_add(t->arena, &f.which.categories, S("exams"));
    f.hours = (struct hours){ .weekdays = 1 << 1 | 1 << 3,
                              .minute_from = 22 * 60 + 15,
                              .minute_to = 6 * 60,
                              .device = DEVICE_SHARED,
                              .assurance = 2 };
    CHECK_STR(
        said(t, &f, LANG_FI),
        "Koulut Kuusela ja Rantala: oppilaat, opettajat ja huoltajat, ryhmä 7B (Kuusela), alle 13-vuotiaat, eivät "
        "saa avata palveluja Kanerva ja gone ja palveluluokan ”exams” palveluja maanantaisin ja keskiviikkoisin klo "
        "22.15–6.00 yhteiskäyttöisellä laitteella, kun kirjautumisen varmuustaso on vähintään korotettu");
    f = (struct policy_form){ .opening = OPENING_FORBID };
    CHECK_STR(said(t, &f, LANG_FI), "Koko maa: kukaan ei saa avata mitään palvelua");
    CHECK_STR(said(t, &f, LANG_SV), "Hela landet: ingen får öppna någon tjänst");
    f = (struct policy_form){ .opening = OPENING_LEAVE };
    CHECK_STR(said(t, &f, LANG_EN), "The whole country: the school decides whether everybody may open every service");
}

TEST(of_many_names_the_first_are_said)
{
    struct policy_form f = { .opening = OPENING_PERMIT };

    for (int i = 0; i < 300; i++)
        strs_add(t->arena, &f.which.services, arena_printf(t->arena, "s%d", i));
    CHECK_STR(said(t, &f, LANG_SV),
              "Hela landet: alla får öppna tjänsterna s0, s1, s2, s3, s4, s5, s6, s7 och 292 andra");
}

TEST(a_text_is_said_statement_by_statement)
{
    struct strs all = policy_text_words(
        t->arena, registry(t),
        S("permit (principal in Provider::\"oulu\", action == Action::\"open\", resource == Service::\"kanerva\") when "
          "{ "
          "principal in Role::\"teacher\" && context.now < datetime(\"2027-01-01\") };"
          "forbid (principal in Role::\"any\", action == Action::\"release\", resource in Attribute::\"email\");"
          "permit (principal in Role::\"admin\", action == Action::\"view\", resource);"),
        LANG_FI);

    CHECK_INT(all.n, 3);
    CHECK_STR(all.at[0], "Oulu: opettajat saavat avata palvelun Kanerva. Lisäksi ehtoja, jotka näkyvät vain tekstissä: "
                         "context.now < datetime(\"2027-01-01\")");
    CHECK_STR(all.at[1], "Koko maa: kaikki, joilla on rooli: heistä ei kerrota kaikille palveluille: sähköpostiosoite");
    CHECK_STR(all.at[2], "Koko maa: muu sääntö, pääkäyttäjät. Lisäksi ehtoja, jotka näkyvät vain tekstissä: action == "
                         "Action::\"view\"");
    CHECK_INT(policy_text_words(t->arena, registry(t), S("permit"), LANG_FI).n, 0);
}

TEST(a_finding_is_said_in_the_readers_language)
{
    struct str text = S("permit (principal, action == Action::\"open\", resource == Service::\"kanreva\");");
    const struct policy row = { .layer = LAYER_MUNICIPALITY, .provider = &providers[0], .text = text };
    struct cedar_diags d = diags_of(t->arena, "p", text);

    CHECK(!policy_text_check(text_checker_new(t->arena, registry(t)), &row, &d) && d.n == 2);
    CHECK_STR(policy_finding_words(t->arena, &d.items[0], LANG_FI),
              "Tällaista ei ole: Service::\"kanreva\". Tarkoititko kanerva?");
    CHECK_STR(policy_finding_words(t->arena, &d.items[1], LANG_SV),
              "Regeln får bara gälla egna personer. Skriv: `principal in Provider::\"oulu\"`.");
}

static struct str first_said(struct test *t, const char *text, enum lang lang)
{
    const struct policy row = { .layer = LAYER_NATION, .text = str_of(text) };
    struct cedar_diags d = diags_of(t->arena, "p", row.text);

    (void)policy_text_check(text_checker_new(t->arena, registry(t)), &row, &d);
    for (size_t i = 0; i < d.n; i++)
        for (enum lang l = LANG_FI; l < LANG_COUNT; l++) { /* nothing of a sentence is left open */
            struct str said = policy_finding_words(t->arena, &d.items[i], l);
            CHECK(said.n > 0 && str_find(said, S("{x}")) == said.n);
        }
    return d.n > 0 ? policy_finding_words(t->arena, &d.items[0], lang) : S("");
}

#define OPEN "permit (principal, action == Action::\"open\", resource)"

TEST(what_the_engine_finds_is_said_in_the_readers_language)
{
    CHECK_STR(first_said(t, OPEN " when { principal has classLevel && principal.classLvel >= 3 };", LANG_FI),
              "Tätä tietoa ei ole: classLvel. Tarkoititko classLevel?");
    CHECK_STR(
        first_said(t, OPEN " when { principal.classLevel >= 3 };", LANG_SV),
        "Den här uppgiften kan saknas: classLevel. Fråga först om den finns, till exempel: principal has classLevel.");
    CHECK_STR(first_said(t, OPEN " when { principal has classLevel && principal.classLevel == \"7\" };", LANG_EN),
              "These cannot be compared: principal.classLevel == \"7\".");
    CHECK_STR(first_said(t, "permit (principal, action == Action::\"opne\", resource);", LANG_FI),
              "Tätä toimintoa ei ole: Action::\"opne\". Tarkoititko open?");
    CHECK_STR(first_said(t, OPEN, LANG_FI), "Tähän ei kuulu: tekstin loppu. Kelpaa: `;`, `when` tai `unless`.");
    CHECK_STR(first_said(t, OPEN " when { pincipal.age == \"adult\" };", LANG_SV),
              "Det här finns inte: pincipal. I början kan stå principal, action, resource eller context. Menade du "
              "principal?");
}
