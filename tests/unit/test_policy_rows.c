/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/form.h"
#include "policy/text_check.h"
#include "registry/check.h"
#include "tests/unit/registry_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE                                                                                                           \
    "format: 1\n"                                                                                                      \
    "providers:\n"                                                                                                     \
    "  - id: oulu\n"                                                                                                   \
    "    oid: 1.2.246.562.99.95640100004\n"                                                                            \
    "    name: {fi: Oulu}\n"                                                                                           \
    "    schools:\n"                                                                                                   \
    "      - {oid: 1.2.246.562.99.95640200010, code: \"99101\", name: {fi: Kielonmäki}}\n"                            \
    "      - {oid: 1.2.246.562.99.95640200028, name: {fi: Otsolahti}}\n"                                               \
    "  - {id: espoo, oid: 1.2.246.562.99.95640100012, name: {fi: Espoo}}\n"                                            \
    "  - {id: any, oid: 1.2.246.562.99.95640100013, name: {fi: Any}}\n"                                                \
    "idps:\n"                                                                                                          \
    "  - {id: local, kind: local, name: {fi: Paikalliset}}\n"                                                          \
    "services:\n"                                                                                                      \
    "  - {id: kanerva, protocol: link, vendor: kanerva-oy, category: learning, name: {fi: Kanerva}, launch_uri: "      \
    "https://kanerva.example}\n"
#define PERMIT_OULU "permit (principal in Provider::\\\"oulu\\\", action == Action::\\\"open\\\", resource);"
#define TEXT        "text: \"" PERMIT_OULU "\""
#define OWN_TEXT    "text: \"permit (principal in School::\\\"oulu/99101\\\", action == Action::\\\"open\\\", resource);\""
#define BLOCK                                                                                                          \
    "    text: |\n"                                                                                                    \
    "      // yön yli ei opiskella\n"                                                                                 \
    "      forbid (principal, action == Action::\"open\", resource)\n"                                                 \
    "      when { context.minute < 300 };\n"
#define POLICIES                                                                                                       \
    "policies:\n"                                                                                                      \
    "  - id: nation-night\n"                                                                                           \
    "    name: {fi: Yö, sv: Natt, en: Night}\n"                                                                       \
    "    why: \"kouluissa nukutaan\"\n" BLOCK "  - {id: oulu-all, provider: oulu, " TEXT "}\n"                         \
    "  - {id: school-own, provider: oulu, school: \"99101\", enabled: false, from: 2026-08-10, to: 2027-06-05,\n"      \
    "     " OWN_TEXT "}\n"
#define ADMINS                                                                                                         \
    "admins:\n"                                                                                                        \
    "  - {id: oulu-1, idp: local, subject: aino, role: admin, provider: oulu, to: 2027-08-01, why: valittu 3.8.}\n"    \
    "  - {id: rehtori, idp: local, subject: reijo, role: principal, provider: oulu, school: \"99101\"}\n"              \
    "  - {id: valtio, idp: local, subject: olavi, role: operator}\n"

static const struct policy *policy(const struct registry *r, const char *id)
{
    const struct registry_parts *p = registry_parts(r);

    for (size_t i = 0; i < p->policy_count; i++)
        if (str_eq(p->policies[i].id, str_of(id)))
            return &p->policies[i];
    return NULL;
}

TEST(policies_and_rights_are_imported_and_loaded)
{
    struct rig g;
    size_t n;

    rig_open(t, &g);
    CHECK(import(t, &g, S(BASE POLICIES ADMINS)));
    CHECK_STR(g.fail.detail, "");
    struct registry *r = registry_load(g.db, &g.fail);
    CHECK(r != NULL);
    if (r == NULL || registry_parts(r)->policy_count != 3) {
        rig_free(t, &g);
        return;
    }
    const struct policy *nation = policy(r, "nation-night"), *oulu = policy(r, "oulu-all"),
                        *own = policy(r, "school-own");
    CHECK(nation->layer == LAYER_NATION && nation->provider == NULL && nation->school == NULL && nation->enabled);
    CHECK_STR(nation->names.in[LANG_SV], "Natt");
    CHECK_STR(nation->why, "kouluissa nukutaan");
    CHECK_STR(nation->text, "// yön yli ei opiskella\nforbid (principal, action == Action::\"open\", resource)\n"
                            "when { context.minute < 300 };\n");
    CHECK(oulu->layer == LAYER_MUNICIPALITY && oulu->provider == registry_provider(r, S("oulu")));
    CHECK_INT(oulu->from_s, 0);
    CHECK(own->layer == LAYER_SCHOOL && own->school == provider_school(own->provider, S("99101")) && !own->enabled);
    CHECK_INT(own->to_s, 1812153600);
    const struct policy *const *all = registry_policies(r, &n);
    CHECK(n == 3 && all[0] == nation && all[1] == oulu && all[2] == own);
    const struct admin *const *rights = registry_admins(r, S("local"), S("reijo"), &n);
    CHECK(n == 1 && rights[0]->role == ROLE_PRINCIPAL && rights[0]->school != NULL);
    rights = registry_admins(r, S("local"), S("olavi"), &n);
    CHECK(n == 1 && rights[0]->role == ROLE_OPERATOR && rights[0]->provider == NULL);
    registry_drop(r);
    rig_free(t, &g);
}

TEST(an_export_of_policies_and_rights_imports_to_the_same_and_is_the_same_again)
{
    struct rig g;

    rig_open(t, &g);
    CHECK(import(t, &g, S(BASE POLICIES ADMINS)));
    struct str first = registry_export(g.db, t->arena, &g.fail);
    CHECK(str_find(first, S(BLOCK)) < first.n);                 /* as people wrote it, line by line */
    CHECK(str_find(first, S("    layer: school\n")) < first.n); /* so that a line that is lost is noticed */
    CHECK(import(t, &g, first));
    CHECK_INT(g.report.change.added + g.report.change.changed + g.report.change.removed, 0);
    CHECK(import(t, &g, S(BASE)));
    CHECK(import(t, &g, first));
    CHECK_STR(registry_export(g.db, t->arena, &g.fail), arena_cstr(t->arena, first));
    rig_free(t, &g);
}

TEST(a_policy_text_may_stand_in_a_file_beside)
{
    struct rig g;
    char path[128];

    rig_open(t, &g);
    (void)snprintf(path, sizeof path, "%s/night.cedar", g.dir);
    FILE *f = fopen(path, "w");
    CHECK(f != NULL && fputs("permit (principal, action == Action::\"open\", resource);\n", f) > 0);
    CHECK(f != NULL && fclose(f) == 0);
    CHECK(import(t, &g, S(BASE "policies:\n  - {id: p, text_file: night.cedar}\n")));
    struct registry *r = registry_load(g.db, &g.fail);
    CHECK_STR(policy(r, "p")->text, "permit (principal, action == Action::\"open\", resource);\n");
    registry_drop(r);
    rig_free(t, &g);
}

#define POLICY(keys) BASE "policies:\n  - {id: p, " keys "}\n"
#define ADMIN(keys)  BASE "admins:\n  - {id: a, idp: local, subject: aino, " keys "}\n"

TEST(a_wrong_policy_or_right_is_refused_with_its_line)
{
    static const struct {
        const char *text, *detail;
    } rows[] = {
        { POLICY("text: \" \\n\""),
          "registry.yaml:16: policy p: line 1, column 1 of its text: there is no statement in it" },
        { POLICY("layer: city, " TEXT), "registry.yaml:16: layer: expected one of nation, municipality, school, got "
                                        "\"city\"" },
        { POLICY("layer: nation, provider: oulu, " TEXT),
          "registry.yaml:16: policy p: layer: the nation's policies have neither provider nor school" },
        { POLICY("layer: municipality, " TEXT),
          "registry.yaml:16: policy p: layer: a municipality's policies have a provider, and no school" },
        { POLICY("layer: municipality, provider: oulu, school: \"99101\", " TEXT),
          "registry.yaml:16: policy p: layer: a municipality's policies have a provider, and no school" },
        { POLICY("layer: school, provider: oulu, " TEXT),
          "registry.yaml:16: policy p: layer: a school's policies have a provider and a school" },
        { POLICY("school: \"99101\", " TEXT), "registry.yaml:16: a school stands without its provider" },
        { POLICY("provider: oulu, school: \"99109\", " TEXT), "registry.yaml:16: provider oulu has no school "
                                                              "\"99109\"" },
        { POLICY("provider: uolu, " TEXT),
          "registry.yaml:16: policy p: there is no provider \"uolu\"; did you mean \"oulu\"? Known: any, espoo, oulu" },
        { POLICY("from: 2027-01-01, to: 2027-01-01, " TEXT),
          "registry.yaml:16: policy p: \"to\" is not later than \"from\": it would never be in force" },
        { ADMIN("role: learner"), "registry.yaml:16: admin a: role \"learner\" administers nothing; teacher, staff, "
                                  "secretary, principal, admin, approver, auditor or operator" },
        { ADMIN("role: vendor, provider: oulu"),
          "registry.yaml:16: admin a: role \"vendor\" administers nothing; teacher, staff, secretary, principal, "
          "admin, approver, auditor or operator" },
        { ADMIN("provider: oulu"), "registry.yaml:16: role is missing" },
        { ADMIN("role: operator, provider: oulu"), "registry.yaml:16: admin a: an operator is the nation's: leave "
                                                   "provider out, or give the role admin" },
        { ADMIN("role: admin, provider: oulu, from: 2027-01-02, to: 2027-01-01"),
          "registry.yaml:16: admin a: \"to\" is not later than \"from\": it would never be in force" },
        { ADMIN("role: admin, school: \"99101\""), "registry.yaml:16: a school stands without its provider" },
        { BASE "admins:\n  - {id: a, idp: lokal, subject: aino, role: admin, provider: oulu}\n",
          "registry.yaml:16: admin a: there is no idp \"lokal\"; did you mean \"local\"? Known: local" },
        { BASE "admins:\n  - {id: a, idp: local, subject: \"\", role: admin, provider: oulu}\n",
          "registry.yaml:16: subject: expected a text that is not empty" },
    };
    struct rig g;

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        t->checked++;
        if (import(t, &g, str_of(rows[i].text)) || strcmp(g.fail.detail, rows[i].detail) != 0)
            test_fail(t, __FILE__, __LINE__, "%s:\n  \"%s\"\n  \"%s\"", rows[i].text, g.fail.detail, rows[i].detail);
    }
    rig_free(t, &g);
}

TEST(a_policy_text_that_cannot_be_in_force_is_refused_with_the_row_and_the_line_in_it)
{
#define AT_LINE_3(owner, text) BASE "policies:\n  - id: p\n" owner "    text: |\n      // 1\n      // 2\n" text
    static const struct {
        const char *text, *detail;
    } rows[] = {
        { AT_LINE_3("", "      permit (principal, action, resource)\n"),
          "registry.yaml:16: policy p: line 4, column 1 of its text: the text ends too early, expected `;`, `when` or "
          "`unless`" },
        { AT_LINE_3("", "      permit (principal, action == Action::\"open\", resource == Service::\"kanrva\");\n"),
          "registry.yaml:16: policy p: line 3, column 58 of its text: there is no Service::\"kanrva\"; did you mean "
          "\"kanerva\"?" },
        { AT_LINE_3("", "      permit (principal, action == Action::\"open\", resource)\n"
                        "      when { principal.clasLevel > 6 };\n"),
          NULL },
        { AT_LINE_3("    provider: oulu\n", "      permit (principal, action == Action::\"open\", resource);\n"),
          "registry.yaml:16: policy p: line 3, column 9 of its text: it must speak of its owner's people alone, "
          "expected "
          "`principal in Provider::\"oulu\"`" },
        { AT_LINE_3("    provider: oulu\n    school: \"99101\"\n",
                    "      permit (principal in School::\"oulu/99101\", action == Action::\"release\", resource);\n"),
          "registry.yaml:16: policy p: line 3, column 44 of its text: a policy of this layer does not speak of this "
          "action, expected `action == Action::\"open\"`" },
    };
    struct rig g;

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        t->checked++;
        if (import(t, &g, str_of(rows[i].text)) ||
            (rows[i].detail != NULL ? strcmp(g.fail.detail, rows[i].detail) != 0
                                    : strstr(g.fail.detail, "policy p: line 4, column ") == NULL))
            test_fail(t, __FILE__, __LINE__, "%s:\n  \"%s\"\n  \"%s\"", rows[i].text, g.fail.detail, rows[i].detail);
    }
    CHECK(import(t, &g, S(POLICY("opens: permit, services: [kanerva]"))));
    struct str whole = S(POLICY("opens: permit, services: [kanerva]")), name = S("id: kanerva");
    size_t at = str_find(whole, name);
    struct str gone = arena_printf(t->arena, "%.*sid: other%.*s", STR_ARG(str_sub(whole, 0, at)),
                                   STR_ARG(str_from(whole, at + name.n)));
    CHECK(!import(t, &g, gone)); /* a service that a policy speaks of does not go */
    CHECK_STR(g.fail.code, "registry_invalid");
    rig_free(t, &g);
}

TEST(what_is_longer_than_its_bound_is_refused_with_the_bound)
{
    struct buf b = buf_new(t->arena, 1 << 20);
    struct rig g;

    rig_open(t, &g);
    buf_printf(&b, POLICY("text: \"permit (principal, action, resource); //%*s\""), POLICY_TEXT_MAX_B, "");
    CHECK(!import(t, &g, buf_str(&b)));
    CHECK_STR(g.fail.detail,
              "registry.yaml:16: policy p: line 1, column 1 of its text: a policy has at most 64 kB of text");
    b = buf_new(t->arena, 1 << 20);
    buf_printf(&b, POLICY("why: \"%0*d\", " TEXT), WHY_MAX_B + 1, 0);
    CHECK(!import(t, &g, buf_str(&b)));
    CHECK_STR(g.fail.detail, "registry.yaml:16: policy p: why has 501 bytes; at most 500");
    rig_free(t, &g);
}

/* ── as a form ──────────────────────────────────────────────────────────── */

static struct str text_of(struct test *t, struct rig *g, const char *id)
{
    struct registry *r = registry_load(g->db, &g->fail);
    struct str text = arena_str(t->arena, policy(r, id)->text);

    registry_drop(r);
    return text;
}

TEST(a_policy_may_be_written_as_a_form_and_goes_out_as_one)
{
    static const char *const forms[] = {
        "    opens: permit\n    roles:\n      - teacher\n      - principal\n    services:\n      - kanerva\n"
        "    release:\n      - sub\n      - given_name\n",
        "    opens: forbid\n",
        "    opens: leave\n    categories:\n      - learning\n",
        "    opens: none\n    roles:\n      - any\n    release:\n      - sub\n",
        "    opens: permit\n    schools:\n      - \"99101\"\n      - \"1.2.246.562.99.95640200028\"\n    roles:\n"
        "      - learner\n    levels: \"7-9\"\n    ages:\n      - \"13to17\"\n    weekdays:\n      - mon\n      - fri\n"
        "    hours: \"8.00-16.05\"\n    device: own\n    assurance: substantial\n",
        "    opens: permit\n    groups:\n      - \"99101/7B\"\n      - \"99101/8/9 C\"\n    levels: \"7\"\n",
        "    opens: permit\n    levels: \"1-6\"\n    hours: \"22.00-6.00\"\n    device: shared\n",
        "    opens: permit\n    levels: \"10-12\"\n",
    };
    struct rig g;

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct buf b = buf_new(t->arena, 65536);
        buf_printf(&b, BASE "policies:\n  - id: p\n    provider: oulu\n%s", forms[i]);
        CHECK(import(t, &g, buf_str(&b)));
        CHECK_STR(g.fail.detail, "");
        struct str out = registry_export(g.db, t->arena, &g.fail), text = text_of(t, &g, "p");
        t->checked++;
        if (str_find(out, str_of(forms[i])) == out.n)
            test_fail(t, __FILE__, __LINE__, "form %zu:\n%s\n%.*s\n%.*s", i, forms[i], STR_ARG(out), STR_ARG(text));
        CHECK(import(t, &g, out));
        CHECK_INT(g.report.change.changed, 0);
    }
    rig_free(t, &g);
}

TEST(several_ways_to_fill_in_one_thing_go_out_as_one)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        { "levels: \"-6\"", "    levels: \"1-6\"\n" },
        { "levels: 7-7", "    levels: \"7\"\n" },
        { "levels: 10-, hours: 0-24", "    levels: \"10-12\"\n" },
        { "hours: \"8:00-9:30\"", "    hours: \"8.00-9.30\"\n" },
        { "hours: 22-0", "    hours: \"22.00-24.00\"\n" },
        { "roles: [principal, teacher, teacher]", "    roles:\n      - teacher\n      - principal\n" },
    };
    struct rig g;

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = buf_new(t->arena, 65536);
        buf_printf(&b, BASE "policies:\n  - {id: p, provider: oulu, opens: permit, %s}\n", rows[i].in);
        CHECK(import(t, &g, buf_str(&b)));
        CHECK_STR(g.fail.detail, "");
        struct str out = registry_export(g.db, t->arena, &g.fail);
        t->checked++;
        if (!str_has_suffix(out, arena_printf(t->arena, "    opens: permit\n%s", rows[i].out)))
            test_fail(t, __FILE__, __LINE__, "%s:\n%.*s", rows[i].in, STR_ARG(out));
    }
    rig_free(t, &g);
}

TEST(a_form_speaks_of_its_owners_people_unless_it_says_otherwise)
{
    static const struct {
        const char *keys, *people; /* of a row, and what stands in its text of them */
    } rows[] = {
        { "opens: permit", NULL },
        { "people_of: espoo, opens: permit", "Provider::\"espoo\"" },
        { "schools: [oulu/99101], opens: permit", "School::\"oulu/99101\"" },
        { "provider: oulu, opens: permit", "Provider::\"oulu\"" },
        { "provider: oulu, schools: [\"99101\"], opens: permit", "School::\"oulu/99101\"" },
        { "provider: oulu, schools: [1.2.246.562.99.95640200010], opens: permit", "School::\"oulu/99101\"" },
        { "provider: oulu, schools: [oulu/1.2.246.562.99.95640200028], opens: permit",
          "School::\"oulu/1.2.246.562.99.95640200028\"" },
        { "provider: oulu, school: \"99101\", opens: permit", "School::\"oulu/99101\"" },
        { "provider: oulu, school: \"99101\", groups: [7B], opens: permit", "Group::\"oulu/99101/7B\"" },
        { "provider: oulu, school: \"99101\", groups: [7/B], opens: permit", "Group::\"oulu/99101/7/B\"" },
    };
    struct rig g;

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = buf_new(t->arena, 65536);
        buf_printf(&b, BASE "policies:\n  - {id: p, %s}\n", rows[i].keys);
        CHECK(import(t, &g, buf_str(&b)));
        CHECK_STR(g.fail.detail, "");
        struct str text = text_of(t, &g, "p");
        const char *of = rows[i].people;
        t->checked++;
        if (of != NULL ? str_find(text, str_of(of)) == text.n : str_find(text, S("principal,")) == text.n)
            test_fail(t, __FILE__, __LINE__, "%s:\n%.*s", rows[i].keys, STR_ARG(text));
        struct str out = registry_export(g.db, t->arena, &g.fail);
        CHECK(str_find(out, S("    opens: permit\n")) < out.n);
        CHECK(import(t, &g, out));
        CHECK_INT(g.report.change.changed, 0);
    }
    rig_free(t, &g);
}

static size_t roll(uint64_t *seed, size_t sides)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(*seed >> 33) % sides;
}

static struct policy_form form_at_random(struct test *t, uint64_t *s)
{
    static const char *const schools[] = { "oulu/99101", "oulu/1.2.246.562.99.95640200028" };
    static const char *const groups[] = { "oulu/99101/7B", "oulu/99101/8 \"C\"", "oulu/99101/a/b",
                                          "oulu/99101/99101/x" };
    static const char *const services[] = { "kanerva", "lampi", "yes" };
    static const char *const networks[] = { "oulu-koulut", "oulu-kuusela" };
    struct policy_form f = { .opening = (enum opening)roll(s, 4),
                             .release.bits = (uint32_t)roll(s, 4) * 3,
                             .withhold.bits = (uint32_t)roll(s, 3) * 12 };

    if (roll(s, 4) > 0)
        f.whom.provider = roll(s, 4) > 0 ? S("oulu") : S("espoo");
    for (size_t n = roll(s, 3); n > 0; n--)
        strs_add(t->arena, &f.whom.schools, str_of(schools[roll(s, 2)]));
    for (size_t n = roll(s, 3); n > 0; n--)
        strs_add(t->arena, &f.whom.groups, str_of(groups[roll(s, 4)]));
    for (size_t n = roll(s, 4); n > 0; n--)
        strs_add(t->arena, &f.which.services, str_of(services[roll(s, 3)]));
    if (roll(s, 3) == 0)
        strs_add(t->arena, &f.which.categories, S("learning"));
    f.whom.roles = roll(s, 2) * roll(s, 1u << ROLE_COUNT) & ~1u;
    f.whom.level_from = (int)(roll(s, 2) * roll(s, 7));
    f.whom.level_to = (int)(roll(s, 2) * (7 + roll(s, 6)));
    f.whom.ages = (uint32_t)(roll(s, 2) * roll(s, 8) * 2);
    f.hours.weekdays = (uint8_t)(roll(s, 2) * roll(s, 128) * 2);
    if (roll(s, 2) == 0) {
        f.hours.minute_from = (int)roll(s, MINUTES_A_DAY);
        f.hours.minute_to = 1 + (int)roll(s, MINUTES_A_DAY);
    }
    f.hours.device = (enum device_class)roll(s, 3);
    f.hours.assurance = (int)roll(s, 4);
    f.hours.days = (uint8_t)(roll(s, 2) * roll(s, 8) * 2);
    f.hours.in_network = roll(s, 3) == 0;
    for (size_t n = roll(s, 3); n > 0; n--)
        strs_add(t->arena, &f.hours.networks, str_of(networks[roll(s, 2)]));
    f.hours.exam = (enum exam_ask)roll(s, 3);
    return f;
}

static const char *const owners[] = { "", "provider: oulu", "provider: oulu, school: \"99101\"",
                                      "provider: oulu, school: 1.2.246.562.99.95640200028", "provider: espoo" };

/* What a policy of that owner may say. */
static void keep_to_own(struct test *t, struct policy_form *f, int owner)
{
    static const char *const own[] = { "oulu/99101", "oulu/1.2.246.562.99.95640200028" };

    if (owner == 1 || owner == 4)
        f->whom.provider = owner == 1 ? S("oulu") : S("espoo");
    if (owner == 4) /* the schools at random are Oulu's */
        f->whom.schools.n = f->whom.groups.n = f->hours.networks.n = 0;
    if (owner != 2 && owner != 3)
        return;
    f->whom.schools.n = 0;
    strs_add(t->arena, &f->whom.schools, str_of(own[owner - 2]));
    f->release.bits = f->withhold.bits = 0;
    f->opening = f->opening == OPENING_LEAVE ? OPENING_FORBID : f->opening;
}

#define MORE                                                                                                           \
    "  - {id: lampi, protocol: link, vendor: v, name: {fi: L}, launch_uri: https://l.example}\n"                       \
    "  - {id: \"yes\", protocol: link, vendor: v, name: {fi: L}, launch_uri: https://l.example}\n"                     \
    "networks:\n"                                                                                                      \
    "  - {id: oulu-koulut, provider: oulu, name: {fi: K}, blocks: [10.0.0.0/8]}\n"                                     \
    "  - {id: oulu-kuusela, provider: oulu, name: {fi: K}, blocks: [10.1.0.0/16]}\n"

TEST(whatever_form_a_policy_has_it_goes_out_as_one_and_comes_back_to_the_byte)
{
    enum { ROUNDS = 40, EACH = 50 };
    struct rig g;
    uint64_t seed = 5;
    size_t forms = 0, all = 0;

    rig_open(t, &g);
    for (int round = 0; round < ROUNDS; round++) {
        struct buf b = buf_new(t->arena, 1 << 20);
        buf_add(&b, S(BASE MORE "policies:\n"));
        for (int i = 0; i < EACH; i++) {
            struct policy_form f = form_at_random(t, &seed);
            keep_to_own(t, &f, i % 5);
            struct str text = policy_form_text(t->arena, &f);
            if (!str_is_set(text))
                continue;
            all++;
            buf_printf(&b, "  - {id: p%d, %s%stext: \"", i, owners[i % 5], i % 5 > 0 ? ", " : "");
            for (size_t k = 0; k < text.n; k++)
                buf_printf(&b,
                           text.p[k] == '"' || text.p[k] == '\\' ? "\\%c"
                           : text.p[k] == '\n'                   ? "\\n"
                                                                 : "%c",
                           text.p[k]);
            buf_add(&b, S("\"}\n"));
        }
        CHECK(import(t, &g, buf_str(&b)));
        CHECK_STR(g.fail.detail, "");
        struct str out = registry_export(g.db, t->arena, &g.fail);
        for (struct str rest = out, line; str_split(&rest, '\n', &line);)
            forms += str_has_prefix(line, S("    opens: "));
        CHECK(import(t, &g, out));
        CHECK_STR(g.fail.detail, "");
        CHECK_INT(g.report.change.changed + g.report.change.added + g.report.change.removed, 0);
    }
    CHECK(all > 1500);
    CHECK_INT(forms, all);
    rig_free(t, &g);
}

TEST(a_text_that_no_form_makes_goes_out_as_it_is)
{
    static const char *const texts[] = {
        "// lehtorit\npermit (\n  principal in Provider::\"oulu\",\n  action == Action::\"open\",\n  resource\n);\n",
        "permit(principal in Provider::\"oulu\", action == Action::\"open\", resource);\n",
        ("permit (principal, action == Action::\"open\", resource)\nwhen { principal.provider == Provider::\"oulu\" && "
         "principal has group && principal.group like \"7*\" };\n"),
        "@id(\"x\")\npermit (\n  principal in Provider::\"oulu\",\n  action == Action::\"open\",\n  resource\n);\n",
    };
    struct rig g;

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buf b = buf_new(t->arena, 65536);
        buf_printf(&b, BASE "policies:\n  - id: p\n    provider: oulu\n    text: |\n");
        for (struct str rest = str_of(texts[i]), line; str_split(&rest, '\n', &line);)
            buf_printf(&b, "      %.*s\n", STR_ARG(line));
        CHECK(import(t, &g, str_sub(buf_str(&b), 0, b.n - 7)));
        CHECK_STR(g.fail.detail, "");
        CHECK_STR(text_of(t, &g, "p"), texts[i]);
        struct str out = registry_export(g.db, t->arena, &g.fail);
        CHECK(str_find(out, S("    text: |\n")) < out.n);
        CHECK(import(t, &g, out));
        CHECK_STR(text_of(t, &g, "p"), texts[i]);
    }
    rig_free(t, &g);
}

TEST(people_of_any_are_not_those_of_a_provider_that_is_called_any)
{
    struct rig g;

    rig_open(t, &g);
    CHECK(import(t, &g,
                 S(BASE "  - {id: lampi, protocol: link, vendor: v, name: {fi: L}, launch_uri: https://l.example}\n"
                        "policies:\n  - {id: p, text: \"forbid (principal in Provider::\\\"any\\\", action == "
                        "Action::\\\"open\\\", resource);\\n\"}\n")));
    CHECK_STR(g.fail.detail, "");
    struct str out = registry_export(g.db, t->arena, &g.fail);
    CHECK(str_find(out, S("people_of")) == out.n);
    CHECK(import(t, &g, out));
    CHECK_INT(g.report.change.changed, 0);
    rig_free(t, &g);
}

TEST(a_wrong_form_is_refused_with_its_line)
{
    static const struct {
        const char *text, *detail;
    } rows[] = {
        { POLICY("opens: permit, " TEXT),
          "registry.yaml:16: opens stands beside text: a policy is either Cedar or a form" },
        { POLICY("provider: oulu"),
          "registry.yaml:16: text is missing (Cedar), or a form: opens: permit, forbid, leave or none" },
        { POLICY("roles: [teacher]"), "registry.yaml:16: opens is missing: permit, forbid, leave (to the schools) or "
                                      "none" },
        { POLICY("opens: allow"), "registry.yaml:16: opens: \"allow\" is no word for it; known: none, permit, forbid, "
                                  "leave" },
        { POLICY("opens: none"), "registry.yaml:16: it says nothing: opens none, and has no release and no withhold" },
        { POLICY("opens: permit, roles: [techer]"),
          "registry.yaml:16: roles: \"techer\" is no word for it; did you mean \"teacher\"? Known: learner, teacher, "
          "staff, secretary, substitute, principal, guardian, admin, operator, vendor, approver, "
          "auditor" },
        { POLICY("opens: permit, roles: []"),
          "registry.yaml:16: roles: expected a list of 1 to 1000 texts; without the key it is any" },
        { POLICY("opens: permit, roles: teacher"),
          "registry.yaml:16: roles: expected a list of 1 to 1000 texts; without the key it is any" },
        { POLICY("provider: oulu, opens: permit, schools: [\"99109\"]"),
          "registry.yaml:16: schools: there is no school that \"99109\" names" },
        { POLICY("opens: permit, schools: [\"99101\"]"),
          "registry.yaml:16: schools: there is no school that \"99101\" names" },
        { POLICY("provider: oulu, opens: permit, groups: [7B]"),
          "registry.yaml:16: groups: there is no school that \"7B\" begins with" },
        { POLICY("opens: permit, levels: 9-7"),
          "registry.yaml:16: levels: expected class levels from 1 to 12: 7-9, 7, 7- or -6" },
        { POLICY("opens: permit, levels: 7-13"),
          "registry.yaml:16: levels: expected class levels from 1 to 12: 7-9, 7, 7- or -6" },
        { POLICY("opens: permit, levels: \"-\""),
          "registry.yaml:16: levels: expected class levels from 1 to 12: 7-9, 7, 7- or -6" },
        { POLICY("opens: permit, hours: 8-8"), "registry.yaml:16: hours: expected a time of the day in Finland: "
                                               "8.00-16.00" },
        { POLICY("opens: permit, hours: 8.00-25.00"), "registry.yaml:16: hours: expected a time of the day in Finland: "
                                                      "8.00-16.00" },
        { POLICY("opens: permit, hours: 8.60-9.00"), "registry.yaml:16: hours: expected a time of the day in Finland: "
                                                     "8.00-16.00" },
        { POLICY("opens: permit, device: phone"), "registry.yaml:16: device: \"phone\" is no word for it; known: own, "
                                                  "shared" },
        { POLICY("opens: permit, weekdays: [monday]"),
          "registry.yaml:16: weekdays: \"monday\" is no word for it; did you mean \"mon\"? Known: mon, tue, wed, thu, "
          "fri, sat, sun" },
        { POLICY("opens: permit, people_of: Oulu"), "registry.yaml:16: people_of: expected the id of a provider, or "
                                                    "any" },
        { POLICY("opens: permit, realease: [sub]"), NULL },
    };
    struct rig g;

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        t->checked++;
        if (import(t, &g, str_of(rows[i].text)) ||
            (rows[i].detail != NULL ? strcmp(g.fail.detail, rows[i].detail) != 0
                                    : strstr(g.fail.detail, "did you mean \"release\"?") == NULL))
            test_fail(t, __FILE__, __LINE__, "%s:\n  \"%s\"\n  \"%s\"", rows[i].text, g.fail.detail, rows[i].detail);
    }
    rig_free(t, &g);
}

/* ── history ────────────────────────────────────────────────────────────── */

TEST(history_says_which_right_was_given_and_not_to_whom)
{
    struct rig g;
    struct change_rows_shown rows;

    rig_open(t, &g);
    CHECK(import(t, &g, S(BASE)));
    CHECK(import(t, &g, S(BASE "admins:\n  - {id: oulu-1, idp: local, subject: aino, role: admin, provider: oulu}\n")));
    int64_t given = g.report.change.version;
    CHECK(change_rows(g.db, t->arena, &area_nation, given, 10, &rows, &g.fail));
    CHECK_INT(rows.n, 1);
    CHECK_STR(rows.at[0].row, "admin oulu-1");
    CHECK_STR(rows.at[0].after, "{\"id\":\"oulu-1\",\"idp\":\"local\",\"subject\":\"(a person)\",\"role\":\"admin\","
                                "\"provider\":\"oulu\"}");
    test_passes(t, CHANGE_PERSONAL_S + 1);
    CHECK(import(t, &g, S(BASE))); /* whatever is changed next clears up */
    CHECK(change_rows(g.db, t->arena, &area_nation, given, 10, &rows, &g.fail));
    CHECK_STR(rows.at[0].row, "admin oulu-1"); /* the row's own name stays */
    CHECK(rows.n == 1 && rows.at[0].after.p == NULL);
    rig_free(t, &g);
}

TEST(a_policy_that_was_changed_comes_back_to_the_byte)
{
    const struct change_by by = {
        .who = S("liisa"), .area = &area_nation, .maker = MAKER_undo, .at_s = world_now_s(&t->world)
    };
    struct change_report made;
    struct rig g;

    rig_open(t, &g);
    CHECK(import(t, &g, S(BASE POLICIES ADMINS)));
    struct str first = registry_export(g.db, t->arena, &g.fail);
    CHECK(import(t, &g, S(BASE "policies:\n  - {id: nation-night, " TEXT "}\n")));
    CHECK_INT(g.report.change.removed, 5);
    CHECK_INT(g.report.change.changed, 1);
    CHECK(str_find(g.report.change.lines, S("~ policy nation-night\n")) < g.report.change.lines.n);
    CHECK(change_undo(g.db, t->arena, g.report.change.version, &by, false, &made, &g.fail));
    CHECK_STR(registry_export(g.db, t->arena, &g.fail), arena_cstr(t->arena, first));
    rig_free(t, &g);
}

/* ── the last operator ──────────────────────────────────────────────────── */

#define TOWN                                                                                                           \
    "format: 1\nproviders:\n  - {id: oulu, oid: 1.2.246.562.99.95640100004, name: {fi: Oulu}}\n"                       \
    "idps:\n  - {id: local, kind: local, name: {fi: Paikalliset}}\n"                                                   \
    "  - {id: city, kind: oidc, name: {fi: Oulu}, map: native, issuer: https://oulu.example, client_id: digione,\n"    \
    "     auth_method: private_key_jwt, enabled: %s}\n"
#define RIGHT(keys) "admins:\n  - {id: a, role: operator, " keys "}\n"
#define ACCOUNT(keys, affils)                                                                                          \
    "accounts:\n  - {id: olavi, idp: local, username: olavi, password: {argon2id: $argon2id$x}, " keys                 \
    "affiliations: [" affils "]}\n"
#define NO_CONSOLE     "policies:\n  - {id: p, text: 'forbid (principal, action in Action::\"administer\", resource);'}\n"
#define NO_DRAFTS      "policies:\n  - {id: p, text: 'forbid (principal, action == Action::\"draft\", resource);'}\n"
#define OPERATOR(keys) "{provider: oulu, role: operator" keys "}"

static bool import_town(struct test *t, struct rig *g, bool city_enabled, const char *rest)
{
    struct buf b = buf_new(t->arena, 65536);

    buf_printf(&b, TOWN, city_enabled ? "true" : "false");
    buf_add(&b, str_of(rest));
    return import(t, g, buf_str(&b));
}

TEST(a_change_that_locks_the_last_operator_out_is_refused)
{
    static const struct {
        const char *before, *after;
        bool enabled_after, fine;
    } rows[] = {
        { RIGHT("idp: city, subject: x"), "", true, false },
        { RIGHT("idp: city, subject: x"), RIGHT("idp: city, subject: x"), false, false },
        { RIGHT("idp: city, subject: x"), RIGHT("idp: city, subject: y"), true, true }, /* somebody else */
        { RIGHT("idp: city, subject: x"), RIGHT("idp: city, subject: x, to: 2020-01-01"), true, false },
        { RIGHT("idp: city, subject: x"), RIGHT("idp: city, subject: x, from: 2090-01-01"), true, false },
        { RIGHT("idp: city, subject: x"), RIGHT("idp: city, subject: x, to: 2090-01-01"), true, true },
        { RIGHT("idp: city, subject: x"), RIGHT("idp: local, subject: olavi"), true, false }, /* no such account */
        { RIGHT("idp: city, subject: x"), ACCOUNT("", "") RIGHT("idp: local, subject: olavi"), true, true },
        { RIGHT("idp: city, subject: x"), ACCOUNT("enabled: false, ", "") RIGHT("idp: local, subject: olavi"), true,
          false },
        { RIGHT("idp: city, subject: x"), ACCOUNT("", OPERATOR("")), true, false }, /* that is a city's word */
        { RIGHT("idp: city, subject: x"), RIGHT("idp: city, subject: x") NO_CONSOLE, true, false },
        { RIGHT("idp: city, subject: x"), RIGHT("idp: city, subject: x") NO_DRAFTS, true, true },
        { ACCOUNT("", OPERATOR("")), "", true, true },
        { ACCOUNT("", OPERATOR("")), RIGHT("idp: city, subject: x"), true, true },
        { "", "", true, true }, /* one that never had any */
        { ACCOUNT("", "{provider: oulu, role: admin}"), "", true, true },
        { RIGHT("idp: city, subject: x, to: 2020-01-01"), "", true, true }, /* whose time had passed */
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig g;
        rig_open(t, &g);
        CHECK(import_town(t, &g, true, rows[i].before));
        struct str before = registry_export(g.db, t->arena, &g.fail);
        bool made = import_town(t, &g, rows[i].enabled_after, rows[i].after);
        t->checked++;
        if (made != rows[i].fine || (!made && strcmp(g.fail.code, "lockout") != 0))
            test_fail(t, __FILE__, __LINE__, "row %zu: %s %s", i, g.fail.code, g.fail.detail);
        if (!rows[i].fine)
            CHECK_STR(registry_export(g.db, t->arena, &g.fail), arena_cstr(t->arena, before));
        rig_free(t, &g);
    }
}

TEST(an_undo_that_locks_the_last_operator_out_is_refused)
{
    const struct change_by by = {
        .who = S("liisa"), .area = &area_nation, .maker = MAKER_undo, .at_s = world_now_s(&t->world)
    };
    struct change_report made;
    struct rig g;

    rig_open(t, &g);
    CHECK(import_town(t, &g, true, ""));
    CHECK(import_town(t, &g, true, RIGHT("idp: city, subject: x")));
    CHECK(!change_undo(g.db, t->arena, g.report.change.version, &by, false, &made, &g.fail));
    CHECK_STR(g.fail.code, "lockout");
    rig_free(t, &g);
}
