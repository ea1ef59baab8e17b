/* SPDX-License-Identifier: EUPL-1.2
 * What cities say, judged as values: nobody becomes somebody else, nothing becomes structure. */
#include "idp-adapters/affiliation.h"
#include "idp-adapters/oidc_attributes.h"
#include "model/pairwise.h"
#include "tests/test.h"

#include <string.h>

static struct school schools[] = {
    { S("1.2.246.562.99.90920200012"), S("99501"), { { S("Testi-Juolukkapuron koulu") } }, true },
};
static const struct provider vantaa = {
    .id = S("vantaa"),
    .oid = S("1.2.246.562.99.90920100006"),
    .municipality_code = S("092"),
    .names = { { S("Vantaa"), S("Vanda"), S("Vantaa") } },
    .schools = schools,
    .school_count = 1,
};

static struct idp idp_speaking(const char *map)
{
    static struct str scopes[] = { S("vantaa.fi") };

    return (struct idp){
        .id = S("vantaa-edu"), .provider = &vantaa, .test = true, .map = str_of(map), .scopes = { scopes, 1 }
    };
}

struct mapped {
    bool ok;
    struct person p;
    struct map_notes notes;
    struct fail f;
};

static struct mapped map(struct test *t, const char *dialect, struct attribute *at, size_t n, struct str subject)
{
    struct idp idp = idp_speaking(dialect);
    struct mapped m = { .ok = false };

    m.ok = map_person(t->arena, &idp, at, n, subject, &m.p, &m.notes, &m.f);
    return m;
}

/* Over OpenID Connect: the claims of an ID token, as a city's JSON says them. */
static struct mapped from_json(struct test *t, const char *dialect, const char *claims)
{
    struct idp idp = idp_speaking(dialect);
    struct fail f = { 0 };
    const struct json_value *v = json_parse(t->arena, str_of(claims), &f);
    struct attribute_list list = oidc_attributes(t->arena, &idp, v, NULL);

    CHECK(v != NULL);
    return map(t, dialect, list.at, list.n, json_get_str(v, S("sub")));
}

static struct attribute one(struct test *t, const char *name, struct str value)
{
    struct attribute a = { .name = str_of(name), .values = { arena_make(t->arena, struct str), 1 } };

    a.values.at[0] = value;
    return a;
}

/* ── subjects ───────────────────────────────────────────────────────────── */

#define SAML_TENANT "http://schemas.microsoft.com/identity/claims/tenantid"
#define SAML_OBJECT "http://schemas.microsoft.com/identity/claims/objectidentifier"

TEST(a_tenant_without_an_object_names_nobody)
{
    static const char *const claims[] = {
        "{\"sub\":\"s\",\"tid\":\"t1\"}",
        "{\"sub\":\"s\",\"tid\":\"t1\",\"oid\":\"\"}",
        "{\"sub\":\"s\",\"tid\":\"t1\",\"oid\":\" \\t\\u00a0\"}",
        "{\"sub\":\"s\",\"tid\":\"t1\",\"oid\":null}",
        "{\"sub\":\"s\",\"tid\":\"t1\",\"oid\":[]}",
        "{\"sub\":\"s\",\"tid\":\"t1\",\"oid\":\"\\u200b\"}",
        "{\"sub\":\"s\",\"" SAML_TENANT "\":\"t1\"}",
        /* The rule of one protocol is not completed by the other's. */
        "{\"sub\":\"s\",\"" SAML_TENANT "\":\"t1\",\"oid\":\"o1\",\"tid\":\"t1\"}",
    };

    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        struct mapped m = from_json(t, "entra", claims[i]);
        CHECK(!m.ok);
        CHECK_STR(m.f.code, "subject_part_missing");
        CHECK(str_has_prefix(str_of(m.f.detail), i < 6 ? S("oid ") : S(SAML_OBJECT)));
    }
}

TEST(an_object_without_a_tenant_names_nobody)
{
    struct mapped m = from_json(t, "entra", "{\"sub\":\"s\",\"oid\":\"o1\"}");
    struct attribute saml[] = { one(t, SAML_TENANT, S(" ")), one(t, SAML_OBJECT, S("o1")) };

    CHECK(!m.ok && str_has_prefix(str_of(m.f.detail), S("tid ")));
    CHECK_STR(m.f.code, "subject_part_missing");
    m = map(t, "entra", saml, 2, S("persistent"));
    CHECK(!m.ok && str_has_prefix(str_of(m.f.detail), S(SAML_TENANT)));
    CHECK_STR(m.f.code, "subject_part_missing");
}

TEST(a_person_of_entra_is_the_same_over_either_protocol)
{
    struct attribute saml[] = { one(t, SAML_TENANT, S("t1")), one(t, SAML_OBJECT, S("o1")) };

    CHECK_STR(from_json(t, "entra", "{\"sub\":\"s\",\"tid\":\"t1\",\"oid\":\"o1\"}").p.subject, "t1/o1");
    CHECK_STR(map(t, "entra", saml, 2, S("persistent")).p.subject, "t1/o1");
    CHECK_STR(map(t, "adfs", NULL, 0, S("persistent")).p.subject, "persistent"); /* AD FS says neither */
    CHECK(!map(t, "entra", NULL, 0, S("persistent")).ok);
}

TEST(a_scope_alone_names_nobody)
{
    static const char *const ids[] = { "@vantaa.fi", " @vantaa.fi", "\xc2\xa0@vantaa.fi" };

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct attribute a = one(t, "eduPersonPrincipalName", str_of(ids[i]));
        struct mapped m = map(t, "funet", &a, 1, S("persistent"));
        CHECK(!m.ok);
        CHECK_STR(m.f.code, "subject_part_missing");
    }
}

TEST(a_subject_of_two_values_names_nobody)
{
    struct mapped m = from_json(t, "entra", "{\"sub\":\"s\",\"tid\":\"t1\",\"oid\":[\"o1\",\"o2\"]}");
    struct attribute twice[] = { one(t, "urn:mpass.id:uid", S("u1")), one(t, "urn:mpass.id:uid", S("u2")) };

    CHECK(!m.ok);
    CHECK_STR(m.f.code, "subject_ambiguous");
    m = map(t, "mpassid", twice, 2, S("persistent"));
    CHECK(!m.ok);
    CHECK_STR(m.f.code, "subject_ambiguous");
    CHECK(from_json(t, "entra", "{\"sub\":\"s\",\"tid\":\"t1\",\"oid\":[\"\",\"o1\"]}").ok);
}

TEST(a_subject_is_a_text)
{
    static const char *const values[] = { "true", "false", "{}", "[[]]", "[{}]", "1.5", "[true]" };
    struct mapped m;

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        m = from_json(t, "entra", arena_printf(t->arena, "{\"sub\":\"s\",\"tid\":\"t1\",\"oid\":%s}", values[i]).p);
        CHECK(!m.ok);
        CHECK_STR(m.f.code, i == 2 ? "subject_part_missing" : "subject_no_text");
    }
    CHECK(from_json(t, "google", "{\"sub\":\"s\",\"gsuiteid\":12345}").ok);
}

TEST(a_subject_hides_nothing_and_is_never_cut)
{
    struct str longest = { memset(arena_alloc(t->arena, 2048), 'a', 2048), SUBJECT_MAX_B };
    struct attribute a = one(t, "gsuiteid", longest), pair[] = { one(t, "tid", longest), one(t, "oid", S("o")) };
    struct mapped m;

    CHECK(map(t, "google", &a, 1, S("s")).ok);
    a.values.at[0].n++;
    m = map(t, "google", &a, 1, S("s"));
    CHECK(!m.ok);
    CHECK_STR(m.f.code, "subject_too_long");
    m = map(t, "entra", pair, 2, S("s"));
    CHECK(!m.ok);
    CHECK_STR(m.f.code, "subject_too_long");
    a.values.at[0] = S("g\xe2\x80\x8e"
                       "1");
    m = map(t, "google", &a, 1, S("s"));
    CHECK(!m.ok);
    CHECK_STR(m.f.code, "subject_not_plain");
}

/* Every way in which a person is named, in every dialect. */
static const struct way {
    const char *dialect, *first, *second; /* first NULL: the protocol's own name */
    const char *behind;
} ways[] = {
    { "entra", "tid", "oid", "" },
    { "entra", SAML_TENANT, SAML_OBJECT, "" },
    { "adfs", NULL, NULL, "" },
    { "funet", "urn:oasis:names:tc:SAML:attribute:pairwise-id", NULL, "@vantaa.fi" },
    { "funet", "urn:oasis:names:tc:SAML:attribute:subject-id", NULL, "@vantaa.fi" },
    { "funet", "urn:oid:1.3.6.1.4.1.5923.1.1.1.13", NULL, "@vantaa.fi" },
    { "funet", "urn:oid:1.3.6.1.4.1.5923.1.1.1.6", NULL, "@vantaa.fi" },
    { "funet", "eduPersonPrincipalName", NULL, "@vantaa.fi" },
    { "funet", NULL, NULL, "" },
    { "google", "gsuiteid", NULL, "" },
    { "google", NULL, NULL, "" },
    { "mpassid", "urn:mpass.id:uid", NULL, "" },
    { "native", "sub", NULL, "" },
    { "puavo", NULL, NULL, "" },
};

static struct str person_named(struct test *t, const struct way *w, const char *x, const char *y)
{
    const struct seals *seals = seals_of(t->arena, S("0123456789abcdef0123456789abcdef"));
    struct str value = arena_printf(t->arena, "%s%s", x, w->behind);
    struct attribute at[3] = { one(t, "urn:oid:1.3.6.1.4.1.16161.1.1.27", S("1.2.246.562.98.85640200011")) };
    size_t n = 1;

    if (w->first != NULL)
        at[n++] = one(t, w->first, value);
    if (w->second != NULL)
        at[n++] = one(t, w->second, str_of(y));
    struct mapped m = map(t, w->dialect, at, n, w->first == NULL ? value : (struct str){ NULL, 0 });
    return m.ok ? pairwise_person(t->arena, seals, S("vantaa-edu"), m.p.subject) : (struct str){ NULL, 0 };
}

TEST(no_two_different_inputs_make_one_person)
{
    static const char *const texts[] = { "g1",  " g1",       "g1 ", " g1 ",       "\tg1",       "g1\n",
                                         "G1",  "g1/",       "/g1", "g1/g1",      "g1%2F",      "%2Fg1",
                                         "g1@", "g1@x",      "g1;", "g1,x",       "g1:2",       "2:g1",
                                         "ä",   "a\xcc\x88", "a",   "\xc2\xa0g1", "g1\xc2\xad", "",
                                         " ",   "0",         "00",  "1e2",        "100",        "\xef\xbb\xbfg1",
                                         "true" };
    enum { N = sizeof texts / sizeof *texts };
    struct str *ids = arena_make_n(t->arena, N * N, struct str);

    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        size_t n = 0, named = 0, pairs = ways[w].second != NULL ? N : 1;
        for (size_t i = 0; i < N; i++)
            for (size_t k = 0; k < pairs; k++)
                ids[n++] = person_named(t, &ways[w], texts[i], texts[k]);
        for (size_t i = 0; i < n; i++) {
            named += ids[i].p != NULL;
            for (size_t k = 0; ids[i].p != NULL && k < i; k++)
                CHECK(!str_eq(ids[i], ids[k]));
        }
        CHECK(named >= N / 2);
    }
}

/* ── separators, directions, escapes ────────────────────────────────────── */

TEST(a_semicolon_in_a_group_moves_no_field_of_a_role)
{
    static const char *const groups[] = {
        "9A;Rehtori", "9A;Rehtori;6", "9A;Rehtori;6;;",      "9A;rehtori;6;;;", ";rehtori", "9A;opettaja;2",
        ";",          ";;",           "9A;99501;x;rehtori;6"
    };
    static const char *const forms[] = { "1.2.246.562.99.90920100006;99501;%s;oppilas;1;1.2.246.562.99.90920200012;",
                                         "1.2.246.562.99.90920100006;99501;%s;oppilas;1;1.2.246.562.99.90920200012",
                                         "1.2.246.562.99.90920100006;99501;%s;oppilas;1;;",
                                         "1.2.246.562.99.90920100006;;%s;oppilas;1;;",
                                         "1.2.246.562.99.90920100006;;%s;oppilas;1;",
                                         "Vantaa;99501;%s;oppilas",
                                         "092;;%s;oppilas" };

    for (size_t form = 0; form < sizeof forms / sizeof *forms; form++)
        for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
            struct buf b = buf_new(t->arena, 1024);
            struct affiliation a = { 0 };
            struct why_not why;
            struct str before = str_sub(str_of(forms[form]), 0, str_find(str_of(forms[form]), S("%s")));
            buf_printf(&b, "%.*s%s%.*s", STR_ARG(before), groups[i],
                       STR_ARG(str_from(str_of(forms[form]), before.n + 2)));
            CHECK(!affiliation_of_mpass(t->arena, &vantaa, buf_str(&b), &a, &why) || a.role == ROLE_LEARNER);
        }
}

TEST(a_role_whose_name_and_code_disagree_is_none)
{
    struct affiliation a = { 0 };
    struct why_not why;

    CHECK(!affiliation_of_mpass(t->arena, &vantaa, S("1.2.246.562.99.90920100006;99501;9A;oppilas;6;;"), &a, &why));
    CHECK(!affiliation_of_mpass(t->arena, &vantaa, S("1.2.246.562.99.90920100006;99501;9A;rehtori;oppilas;1;"), &a,
                                &why));
    CHECK(
        !affiliation_of_mpass(t->arena, &vantaa, S("1.2.246.562.99.90920100006;99501;9A;oppilas;1;;koulu"), &a, &why));
    CHECK(affiliation_of_mpass(t->arena, &vantaa, S("1.2.246.562.99.90920100006;99501;9A;koululainen;1;;"), &a, &why));
    CHECK_INT(a.role, ROLE_LEARNER);
}

TEST(a_group_is_judged_after_its_escapes)
{
    static const char *const hostile[] = { "9A\\u202e", "9A\\nBcc: x", "9A\\u200e",      "9A\\u200f",
                                           "9A\\u061c", "9A\\u2066",   "9A\\u0085B",     "9A\\u2028B",
                                           "9A\\u0000", "9A\\ufeffB",  "\\udb40\\udc41", "9A\\tB" };
    struct affiliation a;
    struct why_not why;

    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        a = (struct affiliation){ 0 };
        CHECK(affiliation_of_edu(t->arena, &vantaa,
                                 arena_printf(t->arena, "{\"role\":\"learner\",\"group\":\"%s\"}", hostile[i]), &a,
                                 &why));
        CHECK(a.role == ROLE_LEARNER && a.group.p == NULL); /* the person is kept, the value is not */
        struct mapped m =
            from_json(t, "puavo",
                      arena_printf(t->arena,
                                   "{\"sub\":\"p1\",\"given_name\":\"%s\",\"puavo\":{\"roles\":[\"student\"],"
                                   "\"schools\":[{\"school_code\":\"99501\"}],\"groups\":[{\"name\":"
                                   "\"%s\"}]}}",
                                   hostile[i], hostile[i])
                          .p);
        CHECK(m.ok && m.p.affiliation_count == 1 && m.p.affiliations[0].group.p == NULL);
        CHECK(m.p.given_names.p == NULL);
    }
    a = (struct affiliation){ 0 };
    CHECK(affiliation_of_edu(t->arena, &vantaa, S("{\"role\":\"learner\",\"group\":\"la\\u0308nsi\"}"), &a, &why));
    CHECK_STR(a.group, "länsi");
}

TEST(a_long_group_costs_the_group_and_not_the_role)
{
    struct affiliation a = { 0 };
    struct why_not why;
    struct str name = { memset(arena_alloc(t->arena, 300), 'x', 300), 300 };

    CHECK(affiliation_of_edu(t->arena, &vantaa,
                             arena_printf(t->arena, "{\"role\":\"learner\",\"group\":\"%.*s\"}", STR_ARG(name)), &a,
                             &why));
    CHECK(a.role == ROLE_LEARNER && a.group.p == NULL);
}

TEST(a_members_name_with_a_dot_is_no_path)
{
    struct mapped m =
        from_json(t, "puavo",
                  "{\"sub\":\"p1\",\"puavo\":{\"x\":{\"y.roles\":1},\"schools\":[{\"school_code\":\"99501\"}],"
                  "\"roles\":[\"student\"]},\"a\":{\"puavo.roles\":[\"principal\"]}}");

    CHECK(m.ok && m.p.affiliation_count == 1);
    CHECK_INT(m.p.affiliations[0].role, ROLE_LEARNER);
}

TEST(a_method_with_a_space_or_a_line_break_is_no_second_one)
{
    struct fail f = { 0 };
    const struct json_value *v =
        json_parse(t->arena, S("{\"amr\":[\"pwd\",\"mfa hwk\",\"otp\\nhwk\",\"\\u202epin\",7,\"\",\"sms\"]}"), &f);

    CHECK_STR(oidc_amr(t->arena, v), "pwd sms");
    CHECK(oidc_amr(t->arena, json_parse(t->arena, S("{\"amr\":\"pwd\"}"), &f)).p == NULL);
}

TEST(an_assurance_that_cannot_be_kept_is_refused_and_not_replaced)
{
    struct idp idp = idp_speaking("entra");
    struct fail f = { 0 };
    struct str acr, longest = { memset(arena_alloc(t->arena, 2048), 'a', 2048), PERSON_TEXT_MAX_B };

    idp.acr = S("loa3");
    CHECK(stated_acr(t->arena, S(""), &idp, &acr, &f));
    CHECK_STR(acr, "loa3");
    CHECK(stated_acr(t->arena, longest, &idp, &acr, &f) && acr.n == PERSON_TEXT_MAX_B);
    longest.n++;
    CHECK(!stated_acr(t->arena, longest, &idp, &acr, &f));
    CHECK_STR(f.code, "acr_too_long");
    f = (struct fail){ 0 };
    CHECK(!stated_acr(t->arena, S("loa2\nloa3"), &idp, &acr, &f));
    CHECK_STR(f.code, "acr_not_plain");
}

TEST(the_spelling_of_a_role_may_be_a_distinguished_name)
{
    static struct str words[] = { S("CN=Opettajat,DC=vantaa,DC=fi=teacher"), S("LA\xcc\x88RARE A=principal") };
    struct idp idp = idp_speaking("entra");
    struct attribute at[] = { one(t, "groups", S("cn=opettajat,dc=vantaa,dc=fi")), one(t, "schoolCode", S("99501")),
                              one(t, "tid", S("t")), one(t, "oid", S("o")) };
    struct person p;
    struct map_notes notes;
    struct fail f = { 0 };

    idp.role_names = (struct strs){ words, 2 };
    CHECK(map_person(t->arena, &idp, at, 4, S("s"), &p, &notes, &f));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_TEACHER);
    at[0] = one(t, "groups", S("lärare a"));
    CHECK(map_person(t->arena, &idp, at, 4, S("s"), &p, &notes, &f));
    CHECK(p.affiliation_count == 1 && p.affiliations[0].role == ROLE_PRINCIPAL);
    at[0] = one(t, "groups", S("lärare_a"));
    CHECK(map_person(t->arena, &idp, at, 4, S("s"), &p, &notes, &f) && p.affiliation_count == 0);
}

/* ── names ──────────────────────────────────────────────────────────────── */

TEST(a_name_with_a_comma_is_family_name_first)
{
    static const char *const names[][3] = {
        { "Öberg, Åsa", "Åsa", "Öberg" },
        { "Öberg,Åsa Maria", "Åsa Maria", "Öberg" },
        { "O\xcc\x88"
          "berg, A\xcc\x8asa",
          "Åsa", "Öberg" },
        { "af Enehjelm, Kaj", "Kaj", "af Enehjelm" },
        { "Åsa Öberg", "Åsa", "Öberg" },
        { "Åsa", "Åsa", "" },
        { "Öberg,", "", "Öberg" },
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct attribute a = one(t, "name", str_of(names[i][0]));
        struct mapped m = map(t, "google", &a, 1, S("s"));
        CHECK(m.ok);
        CHECK_STR(arena_join(t->arena, S(""), m.p.given_names), names[i][1]);
        CHECK_STR(arena_join(t->arena, S(""), m.p.family_name), names[i][2]);
    }
}

TEST(a_name_with_a_comma_is_nobodys_calling_name)
{
    struct attribute at[] = { one(t, "displayName", S("Öberg,Åsa")), one(t, "sn", S("Öberg")) };

    CHECK(map(t, "funet", at, 2, S("s")).p.calling_name.p == NULL);
    at[0] = one(t, "displayName", S("Åsa"));
    CHECK_STR(map(t, "funet", at, 2, S("s")).p.calling_name, "Åsa");
}

TEST(names_of_people_and_groups_are_composed_in_every_dialect)
{
    static const char *const rows[][2] = { { "entra", "given_name" },  { "funet", "givenName" },
                                           { "google", "firstName" },  { "mpassid", "urn:oid:2.5.4.42" },
                                           { "native", "given_name" }, { "puavo", "given_name" } };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct attribute at[] = { one(t, "urn:mpass.id:uid", S("u")), one(t, "sub", S("u")),
                                  one(t, "urn:oid:1.3.6.1.4.1.16161.1.1.27", S("1.2.246.562.98.85640200011")),
                                  one(t, rows[i][1], S("\xef\xbb\xbf\r\n A\xcc\x8asa\xc2\xa0")) };
        CHECK_STR(map(t, rows[i][0], at, 4, S("s")).p.given_names, "Åsa");
    }
}

/* ── what is said of an address ─────────────────────────────────────────── */

TEST(an_address_is_verified_when_the_city_says_so)
{
    static const struct {
        const char *claims;
        enum verified want;
    } said[] = {
        { "{\"sub\":\"s\",\"email\":\"a@vantaa.fi\"}", VERIFIED_UNSAID },
        { "{\"sub\":\"s\",\"email\":\"a@vantaa.fi\",\"email_verified\":true}", VERIFIED_YES },
        { "{\"sub\":\"s\",\"email\":\"a@vantaa.fi\",\"email_verified\":false}", VERIFIED_NO },
        { "{\"sub\":\"s\",\"email\":\"a@vantaa.fi\",\"email_verified\":\"true\"}", VERIFIED_YES },
        { "{\"sub\":\"s\",\"email\":\"a@vantaa.fi\",\"email_verified\":null}", VERIFIED_UNSAID },
        { "{\"sub\":\"s\",\"email\":\"a@vantaa.fi\",\"email_verified\":1}", VERIFIED_UNSAID },
        { "{\"sub\":\"s\",\"email\":\"a@vantaa.fi\",\"email_verified\":[true,false]}", VERIFIED_UNSAID },
        { "{\"sub\":\"s\",\"email\":\"\",\"email_verified\":true}", VERIFIED_UNSAID },
        { "{\"sub\":\"s\",\"email_verified\":true}", VERIFIED_UNSAID },
    };
    static const char *const dialects[] = { "entra", "google", "native", "puavo" };

    for (size_t d = 0; d < sizeof dialects / sizeof *dialects; d++)
        for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
            struct mapped m = from_json(
                t, dialects[d],
                arena_join(t->arena, S("{\"tid\":\"t\",\"oid\":\"o\","), str_from(str_of(said[i].claims), 1)).p);
            CHECK(m.ok);
            CHECK_INT(m.p.email_verified, said[i].want);
        }
}

TEST(one_document_does_not_vouch_for_the_others_address)
{
    static const struct {
        const char *token, *userinfo;
        bool want;
    } said[] = {
        { "{\"email\":\"a@x.fi\"}", "{\"email\":\"b@x.fi\",\"email_verified\":true}", false },
        { "{\"email\":\"a@x.fi\"}", "{\"email_verified\":true}", false },
        { "{\"email\":\"a@x.fi\"}", "{\"email\":\"a@x.fi\",\"email_verified\":true}", true },
        { "{\"email_verified\":true}", "{\"email\":\"b@x.fi\"}", false },
        { "{}", "{\"email\":\"b@x.fi\",\"email_verified\":true}", true },
    };

    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        struct idp idp = idp_speaking("google");
        struct fail f = { 0 };
        struct attribute_list list = oidc_attributes(t->arena, &idp, json_parse(t->arena, str_of(said[i].token), &f),
                                                     json_parse(t->arena, str_of(said[i].userinfo), &f));
        struct mapped m = map(t, "google", list.at, list.n, S("s"));
        CHECK_INT(m.p.email_verified, said[i].want ? VERIFIED_YES : VERIFIED_UNSAID);
    }
}
