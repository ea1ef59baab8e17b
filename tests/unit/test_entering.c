/* SPDX-License-Identifier: EUPL-1.2
 * No service comes into production unlooked at (registry/entering.h), by whichever way. */
#include "tests/unit/change_help.h"

enum { FIELDS_MAX = 16 };

struct coming { /* one edit of service `uusi` */
    const char *test, *enabled, *protocol, *from;
    const char *passed, *of; /* whose gate whoever writes says is passed, and whose service that is; NULL: none */
    const char *ungated;
    enum edit_act act;
};

static void put(struct edit_field *fields, size_t *n, const char *name, const char *value)
{
    fields[(*n)++] = (struct edit_field){ str_of(name), str_of(value) };
}

static bool comes(struct test *t, struct rig *g, const struct coming *x)
{
    const struct change_passed_one one = { str_of(x->passed), str_of(x->of) };
    struct change_by by = by_of(t, "liisa", &area_nation);
    const struct row_id id = id_of("service", "uusi");
    struct edit_field fields[FIELDS_MAX];
    size_t n = 0;

    put(fields, &n, "name.fi", "Uusi");
    put(fields, &n, "vendor", "uusi-oy");
    put(fields, &n, "protocol", x->protocol != NULL ? x->protocol : "oidc");
    if (x->protocol == NULL) {
        put(fields, &n, "client_id", "uusi");
        put(fields, &n, "secret", "the-secret-of-uusi-is-long-too");
        put(fields, &n, "redirect_uris", "https://uusi.example/cb");
        put(fields, &n, "scopes", "openid");
    } else {
        put(fields, &n, "launch_uri", "https://uusi.example/");
    }
    put(fields, &n, "test", x->test);
    put(fields, &n, "enabled", x->enabled);
    put(fields, &n, "tested_as", x->from != NULL ? x->from : "");
    if (x->passed != NULL)
        by.passed = (struct change_passed){ &one, 1 };
    by.ungated = x->ungated != NULL ? str_of(x->ungated) : (struct str){ NULL, 0 };
    struct edit *e = edit_new(&by, NULL);
    edit_put(e, &id, fields, n);
    g->fail = (struct fail){ 0 };
    bool good = edit_run(e, g->db, t->arena, &g->edit, x->act, &g->got, &g->fail);
    edit_free(e);
    return good;
}

static bool refused(struct test *t, struct rig *g, const struct coming *x)
{
    bool good = comes(t, g, x);

    return !good && strcmp(g->fail.code, "ungated") == 0 && g->got.trouble_count == 1 &&
           str_eq(g->got.troubles[0].row.key[0], S("uusi"));
}

static void leaves(struct test *t, struct rig *g)
{
    CHECK(one(t, g, &(struct one){ "liisa", "service", "uusi", NULL, NULL, &area_nation, 0, 0, 0 }, EDIT_APPLY));
}

static struct str said(struct test *t, struct rig *g)
{
    struct change_entries list;

    CHECK(change_list(g->db, t->arena, &area_nation, INT64_MAX, 1, &list, &g->fail) && list.n == 1);
    return list.n == 1 ? list.at[0].why : S("");
}

TEST(a_service_comes_into_production_by_a_report_of_what_it_was_made_from_or_by_a_reason_that_is_kept)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(refused(t, &g, &(struct coming){ "false", "true", .act = EDIT_APPLY }));
    CHECK(refused(t, &g, &(struct coming){ "false", "true", .from = "uusi-testi", .act = EDIT_APPLY }));
    CHECK(refused(t, &g,
                  &(struct coming){ "false", "true", .passed = "uusi-testi", .of = "uusi-oy", .act = EDIT_APPLY }));
    CHECK(refused(t, &g, &(struct coming){ "false", "true", NULL, "muu", "uusi-testi", "uusi-oy", .act = EDIT_APPLY }));
    CHECK(refused(t, &g,
                  &(struct coming){ "false", "true", NULL, "uusi-testi", "uusi-testi", "muu-oy", .act = EDIT_APPLY }));
    CHECK(comes(t, &g, &(struct coming){ "false", "true", .act = EDIT_CHECK }));
    CHECK(!str_is_set(now(t, &g, "service", "uusi", "vendor")));
    CHECK(comes(t, &g,
                &(struct coming){ "false", "true", NULL, "uusi-testi", "uusi-testi", "uusi-oy", NULL, EDIT_APPLY }));
    CHECK_STR(said(t, &g), "syksyksi");
    leaves(t, &g);
    CHECK(comes(t, &g, &(struct coming){ "false", "true", .ungated = "vika korjataan", .act = EDIT_APPLY }));
    CHECK_STR(said(t, &g), "syksyksi [without a report of the gate: vika korjataan]");
    /* It is there: what is altered of it, and another's change, ask nothing. */
    CHECK(one(t, &g, &(struct one){ "liisa", "service", "uusi", "name.sv", "Ny", &area_nation, 0, 0, 0 }, EDIT_APPLY));
    CHECK_STR(said(t, &g), "syksyksi");
    rig_free(t, &g);
}

TEST(a_service_comes_into_production_out_of_test_and_out_of_what_is_off_as_well_and_a_link_as_it_likes)
{
    static const struct coming gone_in[] = { { "true", "true", .act = EDIT_APPLY },
                                             { "false", "false", .act = EDIT_APPLY } };
    struct rig g;

    rig_new(t, &g);
    for (size_t i = 0; i < sizeof gone_in / sizeof *gone_in; i++) {
        CHECK(comes(t, &g, &gone_in[i]));
        CHECK(refused(t, &g, &(struct coming){ "false", "true", .act = EDIT_APPLY }));
        CHECK(comes(t, &g, &(struct coming){ "false", "true", .ungated = "syy", .act = EDIT_APPLY }));
        leaves(t, &g);
    }
    CHECK(comes(t, &g, &(struct coming){ "false", "true", .protocol = "link", .act = EDIT_APPLY }));
    CHECK_STR(said(t, &g), "syksyksi");
    /* and is none any more by speaking a protocol: nobody has tried that */
    CHECK(refused(t, &g, &(struct coming){ "false", "true", .act = EDIT_APPLY }));
    CHECK(comes(t, &g, &(struct coming){ "false", "true", .ungated = "sovittu", .act = EDIT_APPLY }));
    CHECK_STR(said(t, &g), "syksyksi [without a report of the gate: sovittu]");
    CHECK_STR(now(t, &g, "service", "uusi", "protocol"), "oidc");
    rig_free(t, &g);
}

TEST(a_draft_that_brings_one_into_production_is_published_by_a_reason_or_a_report_alone)
{
    struct rig g;
    const struct change_by liisa = by_of(t, "liisa", &area_nation);
    struct change_by pekka = by_of(t, "pekka", &area_nation);
    struct edit_result moved;

    rig_new(t, &g);
    CHECK(comes(t, &g, &(struct coming){ "false", "true", .act = EDIT_KEEP }));
    struct draft_move move = { .number = g.got.draft, .edition = g.got.edition, .act = DRAFT_PROPOSE };
    CHECK(draft_do(g.db, t->arena, &liisa, &move, &moved, &g.fail));
    move = (struct draft_move){ .number = move.number, .edition = moved.edition, .act = DRAFT_APPROVE };
    CHECK(draft_do(g.db, t->arena, &pekka, &move, &moved, &g.fail));
    const struct edit_from from = { .draft = move.number, .edition = moved.edition };
    for (int reason = 0; reason < 2; reason++) {
        pekka.ungated = reason == 1 ? S("sovittu") : (struct str){ NULL, 0 };
        struct edit *e = edit_new(&pekka, &from);
        g.fail = (struct fail){ 0 };
        CHECK_INT(edit_run(e, g.db, t->arena, &g.edit, EDIT_PUBLISH, &g.got, &g.fail), reason == 1);
        CHECK(reason == 1 || strcmp(g.fail.code, "ungated") == 0);
        edit_free(e);
    }
    CHECK(str_find(said(t, &g), S("[without a report of the gate: sovittu]")) < said(t, &g).n);
    rig_free(t, &g);
}

TEST(a_file_brings_services_into_production_where_it_is_the_first_or_says_why_and_an_undo_what_was_there)
{
    struct rig g;
    struct change_report report;
    struct change_by by = by_of(t, "liisa", &area_nation);

    rig_new(t, &g); /* imports one with a service in production: the first file */
    struct str without = exported(t, &g);
    CHECK(comes(t, &g, &(struct coming){ "false", "true", .ungated = "syy", .act = EDIT_APPLY }));
    struct str with = exported(t, &g);
    g.how.replace = true;
    CHECK(import(t, &g, without));
    int64_t taken = version(&g);
    CHECK(!import(t, &g, with));
    CHECK_STR(g.fail.code, "ungated");
    CHECK(str_find(str_of(g.fail.detail), S("registry.yaml:")) == 0);
    g.how.ungated = S("siirto vanhasta");
    CHECK(import(t, &g, with));
    CHECK_STR(said(t, &g), "[without a report of the gate: siirto vanhasta]");
    g.how.ungated = (struct str){ NULL, 0 };
    CHECK(import(t, &g, without));
    by.maker = MAKER_undo;
    CHECK(version(&g) != taken && change_undo(g.db, t->arena, version(&g), &by, false, &report, &g.fail));
    CHECK_STR(now(t, &g, "service", "uusi", "vendor"), "uusi-oy");
    rig_free(t, &g);
}
