/* SPDX-License-Identifier: EUPL-1.2
 * Client metadata becomes fields of a row, and a row client metadata.  [RFC 7591, OpenID Connect Registration] */
#include "gateway/oidc/register/metadata.h"

#include "gateway/oidc/register/members.def"
#include "registry/schema.h"
#include "tests/test.h"

#include <string.h>

struct rig {
    struct registrar by;
    const struct service *now;
    struct metadata out;
    struct fail fail;
};

static void rig_new(struct test *t, struct rig *g)
{
    *g = (struct rig){ .by = { .id = S("oppi"), .vendor = S("oppi-oy"), .most = 5 } };
    strs_add(t->arena, &g->by.hosts, S("oppi.example"));
    strs_add(t->arena, &g->by.hosts, S("*.app.example"));
    strs_add(t->arena, &g->by.hosts, S("fi.oppi.app:"));
    strs_add(t->arena, &g->by.scopes, S("openid"));
    strs_add(t->arena, &g->by.scopes, S("email"));
    strs_add(t->arena, &g->by.scopes, S("offline_access"));
    strs_add(t->arena, &g->by.grant_types, S("authorization_code"));
    strs_add(t->arena, &g->by.grant_types, S("refresh_token"));
}

static bool reads(struct test *t, struct rig *g, const char *json)
{
    struct fail why = { 0 };
    const struct json_value *asked = json_parse(t->arena, str_of(json), &why);

    g->fail = (struct fail){ 0 };
    if (asked == NULL)
        test_fail(t, __FILE__, __LINE__, "%s: %s", json, why.detail);
    return asked != NULL && metadata_read(t->arena, asked, NULL, &g->by, g->now, &g->out, &g->fail);
}

static struct str field(const struct rig *g, const char *key)
{
    for (size_t i = 0; i < g->out.field_count; i++)
        if (str_eq(g->out.fields[i].name, str_of(key)))
            return g->out.fields[i].value.p != NULL ? g->out.fields[i].value : S("(none)");
    return S("(no field)");
}

#define CB "\"redirect_uris\":[\"https://oppi.example/cb\"]"

static const struct {
    const char *member, *key;
} members[] = {
#define X(member, key, form) { member, key },
    MEMBERS(X)
#undef X
};

TEST(every_member_is_a_key_of_a_services_row)
{
    const struct kind_row *k = &kind_rows[KIND_SERVICE];

    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        bool found = false;
        for (size_t c = 0; c < k->column_count; c++)
            found = found || (k->columns[c].key != NULL && strcmp(k->columns[c].key, members[i].key) == 0);
        if (!found)
            test_fail(t, __FILE__, __LINE__, "%s is kept as no key of a service", members[i].member);
        CHECK(found);
    }
}

TEST(what_is_left_out_has_the_default_of_the_specification) /* [RFC 7591 2] */
{
    struct rig g;

    rig_new(t, &g);
    CHECK(reads(t, &g, "{" CB "}"));
    CHECK_STR(field(&g, "auth_method"), "client_secret_basic");
    CHECK_STR(field(&g, "grant_types"), "authorization_code");
    CHECK_STR(field(&g, "scopes"), "openid\nemail"); /* offline_access is for those who may refresh */
    CHECK_STR(field(&g, "name.fi"), "oppi.example");
    CHECK_STR(field(&g, "contacts"), "(none)"); /* an update takes away what it leaves out [RFC 7592 2.2] */
    CHECK_STR(field(&g, "pkce_required"), "false");
    CHECK_INT(g.out.notes.n, 0);
}

TEST(what_may_not_be_registered_is_left_out_and_said) /* [RFC 7591 3.2.1] */
{
    struct rig g;

    rig_new(t, &g);
    CHECK(reads(t, &g,
                "{" CB ",\"scope\":\"openid profile\",\"grant_types\":[\"authorization_code\",\"implicit\"],"
                "\"response_types\":[\"code\",\"token\"],\"subject_type\":\"public\",\"unheard_of\":1}"));
    CHECK_STR(field(&g, "scopes"), "openid");
    CHECK_STR(field(&g, "grant_types"), "authorization_code");
    CHECK_INT(g.out.notes.n, 4);
    CHECK(!reads(t, &g, "{" CB ",\"grant_types\":[\"implicit\"]}"));
    CHECK_STR(g.fail.code, "invalid_client_metadata");
}

TEST(a_redirect_uri_is_refused_by_its_own_code)
{
    static const char *const bad[] = {
        "{}",
        "{\"redirect_uris\":[]}",
        "{\"redirect_uris\":\"https://oppi.example/cb\"}",
        "{\"redirect_uris\":[\"https://oppi.example/cb#x\"]}",
        "{\"redirect_uris\":[\"http://oppi.example/cb\"]}",
        "{\"redirect_uris\":[\"https://evil.example/cb\"]}",
        "{\"redirect_uris\":[\"https://oppi.example.evil.example/cb\"]}",
        "{\"redirect_uris\":[\"https://oppi.example@evil.example/cb\"]}",
        "{\"redirect_uris\":[\"https://app.example/cb\"]}",
        "{\"redirect_uris\":[\"javascript:alert(1)\"]}",
        "{\"redirect_uris\":[\"fi.oppi.app:/cb\"]}", /* of public services alone */
        "{\"redirect_uris\":[\"https://oppi.example/cb\\nhttps://evil.example/\"]}",
    };
    struct rig g;

    rig_new(t, &g);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (reads(t, &g, bad[i]) || g.fail.code == NULL || strcmp(g.fail.code, "invalid_redirect_uri") != 0)
            test_fail(t, __FILE__, __LINE__, "%s: %s", bad[i], g.fail.code != NULL ? g.fail.code : "taken");
    CHECK(reads(t, &g, "{\"redirect_uris\":[\"https://x.app.example:8443/cb?a=b\"]}"));
    CHECK(reads(t, &g, "{\"redirect_uris\":[\"fi.oppi.app:/cb\"],\"token_endpoint_auth_method\":\"none\"}"));
    CHECK_STR(field(&g, "pkce_required"), "true");
}

TEST(the_form_of_each_member_is_held_to)
{
    static const char *const bad[] = {
        ",\"contacts\":\"x\"",
        ",\"contacts\":[1]",
        ",\"contacts\":[\"\"]",
        ",\"client_name\":[]",
        ",\"default_max_age\":\"1\"",
        ",\"default_max_age\":-1",
        ",\"default_max_age\":1.5",
        ",\"require_auth_time\":1",
        ",\"jwks\":\"{}\"",
        ",\"scope\":[\"openid\"]",
        ",\"response_types\":1",
        ",\"tos_uri\":\"javascript:x\"",
        ",\"jwks\":{},\"jwks_uri\":\"https://oppi.example/k\"",
        ",\"initiate_login_uri\":\"http://oppi.example/\"",
    };
    struct rig g;

    rig_new(t, &g);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *json = arena_printf(t->arena, "{" CB "%s}", bad[i]).p;
        if (reads(t, &g, json) || g.fail.code == NULL || strcmp(g.fail.code, "invalid_client_metadata") != 0)
            test_fail(t, __FILE__, __LINE__, "%s: %s", bad[i], g.fail.code != NULL ? g.fail.code : "taken");
    }
    CHECK(reads(t, &g, "{" CB ",\"contacts\":null,\"client_name\":\"\",\"tos_uri\":null}")); /* as if left out */
}

TEST(a_software_statement_goes_before_the_request) /* [RFC 7591 2.3] */
{
    struct fail why = { 0 };
    const struct json_value *asked = json_parse(t->arena, S("{" CB ",\"client_name\":\"asked\"}"), &why);
    const struct json_value *stated = json_parse(
        t->arena, S("{\"client_name\":\"stated\",\"redirect_uris\":[\"https://oppi.example/stated\"]}"), &why);
    struct rig g;

    rig_new(t, &g);
    CHECK(metadata_read(t->arena, asked, stated, &g.by, NULL, &g.out, &g.fail));
    CHECK_STR(field(&g, "name.fi"), "stated");
    CHECK_STR(field(&g, "redirect_uris"), "https://oppi.example/stated");
}

TEST(a_fapi_token_makes_fapi_services)
{
    struct rig g;

    rig_new(t, &g);
    g.by.fapi = true;
    CHECK(reads(t, &g, "{" CB ",\"require_pushed_authorization_requests\":false}"));
    CHECK_STR(field(&g, "fapi"), "true");
    CHECK_STR(field(&g, "pkce_required"), "true");
    CHECK_STR(field(&g, "require_pushed_authorization_requests"), "true");
}

TEST(a_sector_lists_every_redirect_uri) /* [OpenID Connect Registration 5] */
{
    struct strs uris = { 0 };
    struct fail f = { 0 };

    strs_add(t->arena, &uris, S("https://oppi.example/a"));
    strs_add(t->arena, &uris, S("https://oppi.example/b"));
    CHECK(
        metadata_sector_holds(t->arena, S("[\"https://oppi.example/b\",\"https://oppi.example/a\",\"x\"]"), &uris, &f));
    static const char *const bad[] = { "",
                                       "{}",
                                       "[]",
                                       "null",
                                       "[\"https://oppi.example/a\"]",
                                       "[1,2]",
                                       "[[\"https://oppi.example/a\",\"https://oppi.example/b\"]]" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        f = (struct fail){ 0 };
        CHECK(!metadata_sector_holds(t->arena, str_of(bad[i]), &uris, &f));
        CHECK_STR(f.code, "invalid_client_metadata");
    }
}

TEST(a_row_is_told_as_metadata)
{
    struct row_field fields[] = { { S("redirect_uris"), S("https://oppi.example/cb"), false, true },
                                  { S("auth_method"), S("none"), false, true },
                                  { S("scopes"), S("openid\nemail"), false, true },
                                  { S("name.fi"), S("Oppi"), false, true },
                                  { S("default_max_age"), S("60"), false, true },
                                  { S("require_auth_time"), S("true"), false, true },
                                  { S("contacts"), S(""), false, false },
                                  { S("jwks"), S("{\"keys\":[]}"), false, true } };
    const struct row_seen row = { .fields = fields, .field_count = sizeof fields / sizeof *fields };
    struct json_out o = json_out(t->arena, 4096);

    json_begin_object(&o);
    metadata_write(&o, t->arena, &row);
    json_end_object(&o);
    CHECK_STR(json_done(&o), "{\"redirect_uris\":[\"https://oppi.example/cb\"],\"token_endpoint_auth_method\":\"none\","
                             "\"scope\":\"openid email\",\"client_name\":\"Oppi\",\"jwks\":{\"keys\":[]},"
                             "\"default_max_age\":60,\"require_auth_time\":true,\"response_types\":[\"code\"],"
                             "\"subject_type\":\"pairwise\",\"application_type\":\"native\"}");
}
