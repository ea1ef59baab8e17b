/* SPDX-License-Identifier: EUPL-1.2
 *
 * A secret that we send stays with the address that it was given for, whichever way a change comes in. */
#include "registry/kept.h"
#include "tests/unit/change_help.h"

#define SSO(host)                                                                                                      \
    "<IDPSSODescriptor><SingleSignOnService Binding=\"b\" Location = \"https://" host "/sso\"/>"                       \
    "<SingleLogoutService Location='https://" host "/slo' ResponseLocation=\"https://" host                            \
    "/slo\"/></IDPSSODescriptor>"

static const struct kept_secret *table_row(enum kind kind, const char *column, size_t *n)
{
    const struct kept_secret *found = NULL;

    *n = 0;
    for (size_t i = 0; i < kept_secret_count; i++)
        if (kept_secrets[i].kind == kind && strcmp(kept_secrets[i].secret, column) == 0) {
            found = &kept_secrets[i];
            (*n)++;
        }
    return found;
}

TEST(every_secret_that_we_may_have_to_send_says_by_which_addresses_it_is_kept)
{
    size_t seen = 0;

    for (int k = 0; k < KIND_COUNT; k++)
        for (size_t i = 0; i < kind_rows[k].column_count; i++) {
            const struct column *c = &kind_rows[k].columns[i];
            size_t n;
            const struct kept_secret *s = table_row((enum kind)k, c->name, &n);
            if ((c->type == COL_SEALED) != (n == 1))
                test_fail(t, __FILE__, __LINE__, "%s.%s stands in kept_secrets %zu times", kind_rows[k].name, c->name,
                          n);
            seen += s != NULL;
            t->checked++;
        }
    CHECK_INT(seen, kept_secret_count);
}

/* A row of presets in which every text is something. */
static struct db_value *row_new(struct test *t, const struct kind_row *k)
{
    struct db_value *row = arena_make_n(t->arena, k->column_count, struct db_value);

    for (size_t i = 0; i < k->column_count; i++)
        row[i] = db_text(S("before"));
    return row;
}

static bool stays(struct test *t, enum kind kind, const struct db_value *before, const struct db_value *after,
                  struct row_place *where, struct fail *f)
{
    struct change x = { .arena = t->arena };

    *f = (struct fail){ 0 };
    change_add(&x, kind, before, after);
    return kept_secrets_stay(t->arena, &x, where, f);
}

static bool is_address(const struct kept_secret *s, const char *column)
{
    struct str rest = str_of(s->addresses), name;

    while (str_split(&rest, ' ', &name))
        if (str_eq(name, str_of(column)))
            return true;
    return false;
}

/* Of each secret and each column: only the altered address matters, and only while the secret is what it was. */
TEST(of_all_columns_the_addresses_alone_ask_for_the_secret_anew)
{
    for (size_t s = 0; s < kept_secret_count; s++) {
        const struct kept_secret *kept = &kept_secrets[s];
        const struct kind_row *k = &kind_rows[kept->kind];
        size_t secret = column_of(k, kept->secret), addresses = 0;
        for (size_t i = 0; i < k->column_count; i++) {
            struct db_value *before = row_new(t, k), *after = row_new(t, k);
            struct row_place where;
            struct fail f;
            for (size_t o = 0; o < kept_secret_count; o++) /* the other secrets are not there */
                if (o != s && kept_secrets[o].kind == kept->kind)
                    before[column_of(k, kept_secrets[o].secret)] = after[column_of(k, kept_secrets[o].secret)] =
                        db_text(S(""));
            if (i == secret || k->columns[i].type == COL_SEALED)
                continue;
            bool address = is_address(kept, k->columns[i].name);
            addresses += address;
            after[i] = db_text(S("after"));
            if (stays(t, kept->kind, before, after, &where, &f) == address)
                test_fail(t, __FILE__, __LINE__, "%s.%s with another %s", k->name, kept->secret, k->columns[i].name);
            if (address) {
                CHECK_STR(f.code, "secret_elsewhere");
                CHECK(strstr(f.detail, k->columns[i].key) != NULL && strstr(f.detail, k->columns[secret].key) != NULL);
                CHECK_STR(where.key[0], "before");
            }
            after[secret] = db_text(S("another"));
            CHECK(stays(t, kept->kind, before, after, &where, &f));
            after[secret] = db_text(S(""));
            CHECK(stays(t, kept->kind, before, after, &where, &f));
            CHECK(stays(t, kept->kind, NULL, after, &where, &f) && stays(t, kept->kind, before, NULL, &where, &f));
        }
        size_t named = 0;
        struct str rest = str_of(kept->addresses), name;
        while (str_split(&rest, ' ', &name))
            named += name.n > 0;
        CHECK_INT(addresses, named); /* each is a column */
    }
}

TEST(metadata_with_new_keys_at_the_same_addresses_keep_the_test_account_and_no_others_do)
{
    const struct kind_row *k = &kind_rows[KIND_IDP];
    size_t xml = column_of(k, "metadata_xml");
    static const struct {
        const char *after;
        bool good;
    } all[] = {
        { "<new-keys/>" SSO("idp.example"), true },
        { SSO("idp.example") SSO("evil.example"), false },
        { SSO("evil.example"), false },
        { SSO("idp.example.evil.example"), false },
        { SSO("idp.example:8443"), false },
        { "<x Location=\"&#104;ttps://evil.example/\"/>" SSO("idp.example"), false },
        { "<nothing/>", false },
        { "", false },
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct db_value *before = row_new(t, k), *after = row_new(t, k);
        struct row_place where;
        struct fail f;
        before[xml] = db_text(S(SSO("idp.example")));
        after[xml] = db_text(str_of(all[i].after));
        if (stays(t, KIND_IDP, before, after, &where, &f) != all[i].good)
            test_fail(t, __FILE__, __LINE__, "%s", all[i].after);
        t->checked++;
    }
}

/* ── by every way in ────────────────────────────────────────────────────── */

#define IDP(issuer, secret)                                                                                            \
    "  - {id: oulu-oidc, kind: oidc, provider: oulu, name: {fi: Oulu}, map: native, client_id: me,\n"                  \
    "     auth_method: client_secret_basic, issuer: 'https://" issuer "', client_secret: " secret "}\n"

static struct str cities_with(struct test *t, const char *idp)
{
    const struct str all = S(CITIES), mark = S("services:\n");
    size_t at = str_find(all, mark);

    return arena_printf(t->arena, "%.*s%s%.*s", STR_ARG(str_sub(all, 0, at)), idp, STR_ARG(str_from(all, at)));
}

static bool put_two(struct test *t, struct rig *g, const char *issuer, const char *secret, enum edit_act act)
{
    const struct change_by by = by_of(t, "liisa", &area_nation);
    const struct edit_from from = { 0 };
    const struct row_id id = id_of("idp", "oulu-oidc");
    const struct edit_field fields[] = { { S("issuer"), str_of(issuer) }, { S("client_secret"), str_of(secret) } };
    struct edit *e = edit_new(&by, &from);

    edit_put(e, &id, fields, secret != NULL ? 2 : 1);
    g->fail = (struct fail){ 0 };
    bool good = edit_run(e, g->db, t->arena, &g->edit, act, &g->got, &g->fail);
    edit_free(e);
    return good;
}

static struct str seal_now(struct test *t, struct rig *g)
{
    struct str text = exported(t, g), mark = S("client_secret: {sealed: ");
    size_t at = str_find(text, mark);

    if (at == text.n) {
        mark = S("sealed: ");
        at = str_find(text, mark);
    }
    CHECK(at < text.n);
    struct str rest = str_from(text, at + mark.n);
    return str_trim(str_sub(rest, 0,
                            str_find_byte(rest, '\n', 0) < str_find_byte(rest, '}', 0) ? str_find_byte(rest, '\n', 0)
                                                                                       : str_find_byte(rest, '}', 0)));
}

TEST(an_edit_a_draft_a_file_and_an_undoing_lead_no_kept_secret_elsewhere)
{
    struct rig g;
    const struct edit_trouble *trouble;

    rig_new(t, &g);
    CHECK(import(t, &g, cities_with(t, IDP("a.example", "{plain: salaisuus}"))));
    CHECK_STR(g.fail.detail, "");
    struct str sealed = seal_now(t, &g);
    /* A form, a program, a draft. */
    for (int act = EDIT_CHECK; act <= EDIT_APPLY; act++) {
        CHECK(!put_two(t, &g, "https://b.example", NULL, (enum edit_act)act));
        CHECK_STR(g.fail.code, "secret_elsewhere");
        CHECK_INT(g.got.trouble_count, 1);
        trouble = g.got.troubles;
        CHECK_STR(trouble->row.key[0], "oulu-oidc");
        CHECK_STR(trouble->says, "client_secret was given for another issuer: say it anew with the new one, or take it "
                                 "away in the same change");
    }
    /* A file: with the seal as an export wrote it. */
    CHECK(!import(t, &g,
                  cities_with(t, arena_cstr(t->arena, arena_printf(t->arena, IDP("b.example", "{sealed: '%.*s'}"),
                                                                   STR_ARG(sealed))))));
    CHECK_STR(g.fail.code, "secret_elsewhere");
    CHECK_STR(now(t, &g, "idp", "oulu-oidc", "issuer"), "https://a.example");
    /* Said anew it goes along, were it the same words; and then it is sealed anew. */
    CHECK(import(t, &g, cities_with(t, IDP("b.example", "{plain: salaisuus}"))));
    CHECK_STR(g.fail.detail, "");
    CHECK_STR(now(t, &g, "idp", "oulu-oidc", "issuer"), "https://b.example");
    CHECK(!str_eq(seal_now(t, &g), sealed));
    int64_t moved = version(&g);
    CHECK(import(t, &g, cities_with(t, IDP("b.example", "{plain: salaisuus}"))));
    CHECK_INT(version(&g), moved); /* the same file again is no change */
    CHECK(put_two(t, &g, "https://c.example", "salaisuus", EDIT_APPLY));
    CHECK_STR(g.fail.detail, "");
    /* Undone, each address has the secret that was given for it. */
    struct change_by by = by_of(t, "liisa", &area_nation);
    struct change_report report;
    by.maker = MAKER_undo;
    CHECK(change_undo(g.db, t->arena, version(&g), &by, false, &report, &g.fail));
    CHECK_STR(now(t, &g, "idp", "oulu-oidc", "issuer"), "https://b.example");
    rig_free(t, &g);
}
