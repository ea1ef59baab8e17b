/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/may.h"
#include "registry/schema.h"
#include "tests/unit/change_help.h"

static bool tries(struct test *t, struct rig *g, const struct area *area, const char *kind, const char *key,
                  const char *field, const char *value)
{
    return one(t, g, &(struct one){ "liisa", kind, key, field, value, area, 0, 0, 0 }, EDIT_APPLY);
}

TEST(each_kind_of_row_is_refused_outside_its_area_and_not_named)
{
    static const struct {
        const char *kind, *key, *field, *value;
        const struct area *yes, *no; /* where it may be done, and where not */
    } rows[] = {
        { "provider", "oulu", "support", "tuki@oulu.example", &oulu, &espoo },
        { "provider", "oulu", "support", "t@oulu.example", &oulu, &kielonmaki },
        { "school", "oulu/" OULU_SCHOOL, "name.sv", "Liljebacken", &kielonmaki, &espoo },
        { "school", "oulu/" OULU_SCHOOL_2, "name.sv", "Pannviken", &oulu, &kielonmaki },
        { "school", "oulu/1.2.246.562.99.5", "name.fi", "Uusi", &oulu, &espoo },
        { "idp", "oulu-local", "name.sv", "Uleåborg", &oulu, &espoo },
        { "idp", "oulu-local", "name.sv", "Uleborg", &oulu, &kielonmaki },
        { "idp", "local", "name.sv", "Nöd", &area_nation, &oulu },
        { "service", "kanerva", "name.sv", "Ljung", &area_nation, &oulu },
        { "admin", "oulu-1", "role", "principal", &oulu, &espoo },
        { "admin", "oulu-2", "role", "principal", &kielonmaki, &espoo },
        { "admin", "oulu-1", "role", "secretary", &oulu, &kielonmaki },
        { "policy", "nation-1", "why", "syy", &area_nation, &oulu },
        { "policy", "oulu-p", "why", "syy", &oulu, &espoo },
        { "policy", "oulu-p", "why", "toinen", &oulu, &kielonmaki },
        { "policy", "oulu-s", "why", "syy", &kielonmaki, &espoo },
        { "account", "anna", "given_names", "Annikki", &oulu, &espoo },
        { "account", "anna", "given_names", "Annu", &oulu, &kielonmaki },
        { "account", "root", "given_names", "Raija", &area_nation, &oulu },
        { "affiliation", "anna/0", "group", "7B", &oulu, &espoo },
        { "admin", "op", "why", "syy", &area_nation, &oulu },
        { "admin", "oulu-a", "why", "syy", &oulu, &espoo },
    };
    struct rig g;

    rig_new(t, &g);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str before = exported(t, &g);
        CHECK(!tries(t, &g, rows[i].no, rows[i].kind, rows[i].key, rows[i].field, rows[i].value));
        CHECK(g.fail.kind == FAIL_CALLER);
        CHECK_STR(g.fail.code, "not_yours");
        CHECK(strncmp(g.fail.detail, "some of it stands outside ", 26) == 0);
        CHECK_INT(g.got.rows.n, 0);
        CHECK(str_eq(exported(t, &g), before));
        CHECK(tries(t, &g, rows[i].yes, rows[i].kind, rows[i].key, rows[i].field, rows[i].value));
        CHECK_STR(g.fail.detail, "");
        CHECK_INT(g.got.report.added + g.got.report.changed, 1);
    }
    rig_free(t, &g);
}

TEST(a_row_moves_neither_out_of_an_area_nor_into_it)
{
    struct rig g;

    rig_new(t, &g);
    struct str before = exported(t, &g);
    CHECK(!tries(t, &g, &oulu, "admin", "oulu-1", "provider", "espoo"));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(!tries(t, &g, &oulu, "admin", "espoo-1", "provider", "oulu"));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(!tries(t, &g, &oulu, "account", "anna", "idp", "espoo-local"));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(!tries(t, &g, &oulu, "account", "root", "idp", "oulu-local"));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(!tries(t, &g, &kielonmaki, "policy", "oulu-s", "school", ""));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(!tries(t, &g, &oulu, "policy", "oulu-p", "provider", ""));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(!tries(t, &g, &oulu, "admin", "oulu-a", "provider", ""));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(!tries(t, &g, &oulu, "idp", "oulu-local", "provider", "espoo"));
    CHECK_STR(g.fail.code, "not_yours");
    /* What is said of somebody at another provider is that one's. */
    CHECK(!tries(t, &g, &oulu, "affiliation", "eetu/0", "provider", "oulu"));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(!tries(t, &g, &oulu, "affiliation", "eetu/1", "provider", "oulu"));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(str_eq(exported(t, &g), before));
    rig_free(t, &g);
}

TEST(what_an_area_is_begins_and_ends_around_it)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(!tries(t, &g, &oulu, "provider", "oulu", NULL, NULL));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(!tries(t, &g, &kielonmaki, "school", "oulu/" OULU_SCHOOL, NULL, NULL));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(tries(t, &g, &oulu, "school", "oulu/" OULU_SCHOOL_2, NULL, NULL));
    CHECK_STR(g.fail.detail, "");
    rig_free(t, &g);
}

TEST(a_change_in_nobodys_area_writes_nothing)
{
    struct rig g;
    struct change_report r;
    struct change_by by = by_of(t, "liisa", NULL);

    rig_new(t, &g);
    CHECK(!tries(t, &g, NULL, "service", "kanerva", "name.sv", "Ljung"));
    CHECK_STR(g.fail.code, "not_yours");
    by.maker = MAKER_undo;
    g.fail = (struct fail){ 0 };
    CHECK(!change_undo(g.db, t->arena, 2, &by, false, &r, &g.fail));
    CHECK_STR(g.fail.code, "not_yours");
    rig_free(t, &g);
}

/* A change may touch rows of many: whoever acts in one area learns of the others' neither which they are nor that they
 * were changed since. */
TEST(an_undo_that_is_refused_tells_nothing_of_other_areas)
{
    struct rig g;
    struct change_report r;
    struct change_by by = by_of(t, "liisa", &oulu);

    rig_new(t, &g);
    by.maker = MAKER_undo;
    for (int since = 0; since <= 1; since++) {
        g.fail = (struct fail){ 0 };
        CHECK(!change_undo(g.db, t->arena, 2, &by, false, &r, &g.fail)); /* the import that everything came with */
        CHECK_STR(g.fail.code, "not_yours");
        CHECK_STR(g.fail.detail, "some of it stands outside oulu");
        CHECK(tries(t, &g, &espoo, "policy", "espoo-p", "why", "toinen"));
    }
    rig_free(t, &g);
}

TEST(an_undo_stays_within_its_area_too)
{
    struct rig g;
    struct change_report r;
    struct change_by by = by_of(t, "liisa", &oulu);

    rig_new(t, &g);
    by.maker = MAKER_undo;
    CHECK(tries(t, &g, &espoo, "admin", "espoo-1", "role", "staff"));
    CHECK(!change_undo(g.db, t->arena, g.got.report.version, &by, false, &r, &g.fail));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK_STR(now(t, &g, "admin", "espoo-1", "role"), "staff");
    CHECK(tries(t, &g, &oulu, "admin", "oulu-1", "role", "staff"));
    CHECK(change_undo(g.db, t->arena, g.got.report.version, &by, false, &r, &g.fail));
    CHECK_STR(now(t, &g, "admin", "oulu-1", "role"), "teacher");
    rig_free(t, &g);
}

TEST(history_shows_an_area_its_own_rows_alone)
{
    struct rig g;
    struct change_entries list;
    struct change_rows_shown rows;

    rig_new(t, &g);
    CHECK(tries(t, &g, &espoo, "admin", "espoo-1", "role", "staff"));
    int64_t of_espoo = g.got.report.version;
    CHECK(tries(t, &g, &oulu, "admin", "oulu-1", "role", "staff"));
    CHECK(tries(t, &g, &kielonmaki, "admin", "oulu-2", "role", "teacher"));
    int64_t of_school = g.got.report.version;
    CHECK(change_list(g.db, t->arena, &oulu, INT64_MAX, 10, &list, &g.fail));
    CHECK_INT(list.n, 3); /* both, and the import */
    CHECK_STR(list.at[0].area, "oulu/" OULU_SCHOOL);
    CHECK(change_list(g.db, t->arena, &kielonmaki, INT64_MAX, 10, &list, &g.fail));
    CHECK_INT(list.n, 2);
    CHECK_INT(list.at[0].number, of_school);
    CHECK(change_list(g.db, t->arena, &espoo, INT64_MAX, 10, &list, &g.fail));
    CHECK_INT(list.n, 2);
    CHECK(change_rows(g.db, t->arena, &oulu, of_espoo, 10, &rows, &g.fail));
    CHECK_INT(rows.n, 0);
    CHECK(change_rows(g.db, t->arena, &espoo, of_espoo, 10, &rows, &g.fail));
    CHECK_INT(rows.n, 1);
    CHECK(change_rows(g.db, t->arena, &oulu, 2, 100, &rows, &g.fail));
    for (size_t i = 0; i < rows.n; i++)
        CHECK(str_find(rows.at[i].row, S("espoo")) == rows.at[i].row.n);
    CHECK_INT(rows.n, 11); /* one provider, two schools, one idp, two policies, account, affiliation, three rights */
    rig_free(t, &g);
}

/* ── at random ──────────────────────────────────────────────────────────── */

enum { ROUNDS = 1000, AREAS = 6 };

static unsigned roll(uint64_t *seed, unsigned n)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*seed >> 33) % n;
}

static struct str all_rows_outside(struct test *t, struct rig *g, const struct area *area)
{
    static const char *const kinds[] = { "provider", "school",  "idp",         "service",
                                         "policy",   "account", "affiliation", "admin" };
    struct buf b = buf_new(t->arena, 1 << 20);

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        struct row_page all;
        struct row_ask ask = { .kind = kinds[k] };
        CHECK(row_list(g->db, t->arena, &area_nation, &ask, &all, &g->fail));
        for (size_t i = 0; i < all.n; i++) {
            const struct row_field *provider = row_field(&all.at[i], "provider"),
                                   *school = row_field(&all.at[i], "school");
            struct area where = { provider != NULL ? provider->value : S(""), school != NULL ? school->value : S("") };
            /* Said here once more, and not as the code under test says it. */
            if (k == 0)
                where.provider = all.at[i].id.key[0];
            if (k == 1)
                where = (struct area){ all.at[i].id.key[0], all.at[i].id.key[1] };
            if (k == 2)
                where.school = S("");
            if (k == 5)
                where.provider = str_has_prefix(row_field(&all.at[i], "idp")->value, S("oulu"))    ? S("oulu")
                                 : str_has_prefix(row_field(&all.at[i], "idp")->value, S("espoo")) ? S("espoo")
                                                                                                   : S("");
            if (area_within(&where, area))
                continue;
            buf_printf(&b, "%.*s %.*s/%.*s", STR_ARG(all.at[i].id.kind), STR_ARG(all.at[i].id.key[0]),
                       STR_ARG(all.at[i].id.key[1]));
            for (size_t f = 0; f < all.at[i].field_count; f++)
                buf_printf(&b, " %.*s=%.*s", STR_ARG(all.at[i].fields[f].name), STR_ARG(all.at[i].fields[f].value));
            buf_byte(&b, '\n');
        }
    }
    return buf_str(&b);
}

TEST(changes_at_random_never_alter_a_row_outside_their_area)
{
    static const struct {
        const char *kind, *keys[4], *fields[3], *values[4];
    } moves[] = {
        { "provider",
          { "oulu", "espoo", "oulu", "espoo" },
          { "support", "name.sv", "name.en" },
          { "a", "b", "c", "" } },
        { "school",
          { "oulu/" OULU_SCHOOL, "oulu/" OULU_SCHOOL_2, "espoo/" ESPOO_SCHOOL, "espoo/1.2.246.562.99.77" },
          { "name.fi", "name.sv", "name.en" },
          { "a", "b", "c", "d" } },
        { "idp",
          { "local", "oulu-local", "espoo-local", "oulu-local" },
          { "name.sv", "provider", "enabled" },
          { "oulu", "espoo", "true", "" } },
        { "service",
          { "kanerva", "kanerva", "kanerva", "uusi" },
          { "name.sv", "name.en", "category" },
          { "a", "b", "c", "d" } },
        { "admin",
          { "oulu-1", "oulu-2", "espoo-1", "uusi" },
          { "provider", "school", "role" },
          { "oulu", "espoo", "99101", "teacher" } },
        { "admin",
          { "oulu-1", "oulu-2", "espoo-1", "uusi" },
          { "school", "school", "role" },
          { "", "", "staff", "99102" } },
        { "policy",
          { "nation-1", "oulu-p", "oulu-s", "espoo-p" },
          { "why", "provider", "school" },
          { "oulu", "espoo", "", "99101" } },
        { "account",
          { "root", "anna", "eetu", "anna" },
          { "idp", "given_names", "calling_name" },
          { "oulu-local", "espoo-local", "local", "Aino" } },
        { "affiliation",
          { "anna/0", "anna/1", "eetu/0", "root/0" },
          { "group", "provider", "school" },
          { "oulu", "espoo", "99101", "" } },
        { "admin",
          { "op", "oulu-a", "oulu-a", "op" },
          { "why", "provider", "school" },
          { "oulu", "espoo", "99101", "" } },
    };
    const struct area areas[AREAS] = { oulu, oulu, espoo, espoo, kielonmaki, { S("espoo"), S(ESPOO_SCHOOL) } };
    size_t done = 0, refused = 0;
    uint64_t seed = 11;
    struct rig g;

    rig_new(t, &g);
    for (int i = 0; i < ROUNDS; i++) {
        const struct area *area = &areas[roll(&seed, AREAS)];
        test_passes(t, 3); /* nobody is as quick as a quota forbids */
        const struct change_by by = by_of(t, "liisa", area);
        struct edit *e = edit_new(&by, NULL);
        struct str before = all_rows_outside(t, &g, area);
        for (unsigned n = 1 + (roll(&seed, 4) == 0); n > 0; n--) {
            unsigned m = roll(&seed, sizeof moves / sizeof *moves);
            const struct row_id id = id_of(moves[m].kind, moves[m].keys[roll(&seed, 4)]);
            const struct edit_field put = { str_of(moves[m].fields[roll(&seed, 3)]),
                                            str_of(moves[m].values[roll(&seed, 4)]) };
            if (roll(&seed, 16) == 0)
                edit_remove(e, &id);
            else
                edit_put(e, &id, &put, 1);
        }
        g.fail = (struct fail){ 0 };
        bool good = edit_run(e, g.db, t->arena, &g.edit, EDIT_APPLY, &g.got, &g.fail);
        edit_free(e);
        done += good && g.got.report.lines.n > 0;
        refused += !good && strcmp(g.fail.code, "not_yours") == 0;
        CHECK(str_eq(all_rows_outside(t, &g, area), before));
    }
    CHECK(done > ROUNDS / 16);
    CHECK(refused > ROUNDS / 4);
    rig_free(t, &g);
}

/* ── reading ────────────────────────────────────────────────────────────── */

static struct str listed(struct test *t, struct rig *g, const struct area *area, const char *kind, const char *search)
{
    struct buf b = buf_new(t->arena, 4096);
    struct row_page page;
    struct row_ask ask = { .kind = kind, .search = str_of(search), .most = 2 };

    g->fail = (struct fail){ 0 };
    do {
        CHECK(row_list(g->db, t->arena, area, &ask, &page, &g->fail));
        CHECK_STR(g->fail.detail, "");
        CHECK(page.n <= 2);
        for (size_t i = 0; i < page.n; i++)
            buf_printf(&b, "%s%.*s%s%.*s", b.n > 0 ? " " : "", STR_ARG(page.at[i].id.key[0]),
                       page.at[i].id.key[1].p != NULL ? "/" : "", STR_ARG(page.at[i].id.key[1]));
        if (page.n > 0) {
            ask.after[0] = page.at[page.n - 1].id.key[0];
            ask.after[1] = page.at[page.n - 1].id.key[1];
        }
    } while (page.more && page.n > 0);
    return buf_str(&b);
}

TEST(lists_show_an_area_its_own_rows_a_page_at_a_time)
{
    struct rig g;

    rig_new(t, &g);
    CHECK_STR(listed(t, &g, &area_nation, "school", NULL),
              "espoo/" ESPOO_SCHOOL " oulu/" OULU_SCHOOL " oulu/" OULU_SCHOOL_2);
    CHECK_STR(listed(t, &g, &oulu, "school", NULL), "oulu/" OULU_SCHOOL " oulu/" OULU_SCHOOL_2);
    CHECK_STR(listed(t, &g, &kielonmaki, "school", NULL), "oulu/" OULU_SCHOOL);
    CHECK_STR(listed(t, &g, &area_nation, "idp", NULL), "espoo-local local oulu-local");
    CHECK_STR(listed(t, &g, &oulu, "idp", NULL), "oulu-local");
    CHECK_STR(listed(t, &g, &kielonmaki, "idp", NULL), "");
    CHECK_STR(listed(t, &g, &oulu, "admin", NULL), "oulu-1 oulu-2 oulu-a");
    CHECK_STR(listed(t, &g, &kielonmaki, "admin", NULL), "oulu-2");
    CHECK_STR(listed(t, &g, &oulu, "account", NULL), "anna");
    CHECK_STR(listed(t, &g, &kielonmaki, "account", NULL), "");
    CHECK_STR(listed(t, &g, &oulu, "affiliation", NULL), "anna/0");
    CHECK_STR(listed(t, &g, &area_nation, "affiliation", NULL), "anna/0 eetu/0");
    CHECK_STR(listed(t, &g, &espoo, "admin", NULL), "espoo-1");
    /* What is said above, and what there is to open, is seen from within; another city's is not. */
    CHECK_STR(listed(t, &g, &oulu, "policy", NULL), "nation-1 oulu-p oulu-s");
    CHECK_STR(listed(t, &g, &kielonmaki, "policy", NULL), "nation-1 oulu-p oulu-s");
    CHECK_STR(listed(t, &g, &espoo, "policy", NULL), "espoo-p nation-1");
    CHECK_STR(listed(t, &g, &kielonmaki, "service", NULL), "kanerva");
    CHECK_STR(listed(t, &g, &kielonmaki, "provider", NULL), "oulu");
    rig_free(t, &g);
}

TEST(every_kind_can_be_listed_and_searched_in_every_area)
{
    const struct area *areas[] = { &area_nation, &oulu, &kielonmaki };
    struct rig g;
    struct row_page page;

    rig_new(t, &g);
    for (int k = 0; k < KIND_COUNT; k++)
        for (size_t i = 0; i < 6; i++) {
            struct row_ask ask = { .kind = kind_rows[k].name, .search = i < 3 ? S("a") : S("") };
            CHECK(row_list(g.db, t->arena, areas[i % 3], &ask, &page, &g.fail));
            ask.under = S("oulu");
            CHECK(row_list(g.db, t->arena, areas[i % 3], &ask, &page, &g.fail));
            CHECK_STR(g.fail.detail, "");
        }
    rig_free(t, &g);
}

TEST(lists_are_searched_by_name_whatever_its_case)
{
    struct rig g;
    struct row_page page;
    struct row_ask ask = { .kind = "school", .under = S("oulu"), .search = S("99102") };

    rig_new(t, &g);
    CHECK_STR(listed(t, &g, &area_nation, "school", "äijä"), "espoo/" ESPOO_SCHOOL);
    CHECK_STR(listed(t, &g, &area_nation, "school", "KIELONMÄKI"), "oulu/" OULU_SCHOOL);
    CHECK_STR(listed(t, &g, &oulu, "school", "äijä"), "");
    CHECK_STR(listed(t, &g, &area_nation, "school", "kielonma\xcc\x88ki"), "oulu/" OULU_SCHOOL);
    CHECK_STR(listed(t, &g, &area_nation, "service", "OY"), "kanerva");
    CHECK_STR(listed(t, &g, &area_nation, "account", "eet"), "eetu");
    CHECK_STR(listed(t, &g, &oulu, "account", "eet"), "");
    CHECK_STR(listed(t, &g, &area_nation, "admin", "%"), "");
    CHECK(row_list(g.db, t->arena, &area_nation, &ask, &page, &g.fail));
    CHECK_INT(page.n, 1);
    CHECK(row_list(g.db, t->arena, &espoo, &ask, &page, &g.fail));
    CHECK_INT(page.n, 0);
    ask.kind = "nothing";
    CHECK(!row_list(g.db, t->arena, &espoo, &ask, &page, &g.fail));
    CHECK_STR(g.fail.code, "unknown_kind");
    rig_free(t, &g);
}

TEST(a_row_of_another_area_is_not_there)
{
    static const struct {
        const char *kind, *key;
        const struct area *yes, *no;
    } rows[] = {
        { "provider", "oulu", &kielonmaki, &espoo }, { "school", "oulu/" OULU_SCHOOL, &kielonmaki, &espoo },
        { "idp", "oulu-local", &oulu, &espoo },      { "idp", "local", &area_nation, &oulu },
        { "service", "kanerva", &kielonmaki, NULL }, { "admin", "oulu-1", &oulu, &kielonmaki },
        { "policy", "nation-1", &kielonmaki, NULL }, { "policy", "oulu-p", &kielonmaki, &espoo },
        { "account", "anna", &oulu, &espoo },        { "account", "root", &area_nation, &oulu },
        { "affiliation", "anna/0", &oulu, &espoo },  { "admin", "op", &area_nation, &oulu },
    };
    struct rig g;
    struct row_seen row;
    int64_t from;

    rig_new(t, &g);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row_id id = id_of(rows[i].kind, rows[i].key);
        g.fail = (struct fail){ 0 };
        CHECK(row_look(g.db, t->arena, rows[i].yes, &id, &row, &from, &g.fail));
        if (rows[i].no == NULL)
            continue;
        CHECK(!row_look(g.db, t->arena, rows[i].no, &id, &row, &from, &g.fail));
        CHECK(g.fail.kind == FAIL_NOT_FOUND);
        CHECK_STR(g.fail.code, "no_row");
    }
    rig_free(t, &g);
}

/* ── passes: accounts of a school ───────────────────────────────────────── */

struct pass {
    const char *id, *school, *role, *from, *to, *place; /* school: of the account; place: of its affiliation */
};

static bool gives(struct test *t, struct rig *g, const struct area *area, const struct pass *p)
{
    const struct change_by by = by_of(t, "silja", area);
    const struct edit_from from = { 0 };
    const struct edit_how how = { .world = &t->world, .seals = g->how.seals };
    const struct row_id account = { S("account"), { str_of(p->id) } },
                        place = { S("affiliation"), { str_of(p->id), S("0") } };
    const struct edit_field fields[] = { { S("idp"), S("oulu-local") },
                                         { S("username"), str_of(p->id) },
                                         { S("password"), S("a-long-password") },
                                         { S("school"), str_of(p->school) } };
    const struct edit_field at[] = { { S("provider"), S("oulu") },
                                     { S("school"), str_of(p->place) },
                                     { S("role"), str_of(p->role) },
                                     { S("from"), str_of(p->from) },
                                     { S("to"), str_of(p->to) } };
    struct edit *e = edit_new(&by, &from);

    g->fail = (struct fail){ 0 };
    g->got = (struct edit_result){ 0 };
    edit_put(e, &account, fields, sizeof fields / sizeof *fields);
    edit_put(e, &place, at, sizeof at / sizeof *at);
    bool good = edit_run(e, g->db, t->arena, &how, EDIT_APPLY, &g->got, &g->fail);
    edit_free(e);
    return good;
}

static bool gives_right(struct test *t, struct rig *g, const char *id, const char *subject)
{
    const struct change_by by = by_of(t, "toini", &oulu);
    const struct edit_from from = { 0 };
    const struct row_id row = id_of("admin", id);
    const struct edit_field fields[] = { { S("idp"), S("oulu-local") },
                                         { S("subject"), str_of(subject) },
                                         { S("role"), S("principal") },
                                         { S("provider"), S("oulu") },
                                         { S("school"), S(OULU_SCHOOL) } };
    struct edit *e = edit_new(&by, &from);

    g->fail = (struct fail){ 0 };
    edit_put(e, &row, fields, sizeof fields / sizeof *fields);
    bool good = edit_run(e, g->db, t->arena, &g->edit, EDIT_APPLY, &g->got, &g->fail);
    edit_free(e);
    return good;
}

/* Written before such a row was refused. */
static void puts_row(struct test *t, struct rig *g, const char *id, const char *subject)
{
    const struct db_statement put = { "test.put", "INSERT INTO admin (id, idp, subject, role, provider, school, "
                                                  "from_s, to_s, why) VALUES (?1, 'oulu-local', ?2, 'principal', "
                                                  "'oulu', '" OULU_SCHOOL "', 0, 0, '')" };
    const struct db_value args[] = { db_text(str_of(id)), db_text(str_of(subject)) };

    CHECK(db_begin(g->db, &g->fail) && db_run(g->db, &put, args, 2, &g->fail) && db_commit(g->db, &g->fail));
    CHECK_STR(g->fail.detail, "");
}

TEST(a_pass_has_no_right_in_the_console)
{
    const struct pass pass = { "pass-1",   OULU_SCHOOL, "substitute", "2026-08-10T08:00:00Z", "2026-08-10T16:00:00Z",
                               OULU_SCHOOL },
                      later = { "pass-2",   OULU_SCHOOL, "substitute", "2026-08-10T08:00:00Z", "2026-08-10T16:00:00Z",
                                OULU_SCHOOL };
    struct rig g;
    size_t n;

    rig_new(t, &g);
    CHECK(gives(t, &g, &kielonmaki, &pass));
    CHECK(!gives_right(t, &g, "extra", "pass-1"));
    CHECK_STR(g.fail.code, "pass_right");
    CHECK(gives_right(t, &g, "extra", "anna"));
    CHECK(!gives_right(t, &g, "extra", "pass-1")); /* nor does one that stands become one */
    CHECK_STR(g.fail.code, "pass_right");
    CHECK(gives_right(t, &g, "ahead", "pass-2")); /* of somebody who is not there yet */
    CHECK(!gives(t, &g, &kielonmaki, &later));
    CHECK_STR(g.fail.code, "pass_right");
    rig_free(t, &g);

    rig_new(t, &g);
    CHECK(gives(t, &g, &kielonmaki, &pass));
    puts_row(t, &g, "old", "pass-1");
    struct registry *r = registry_load(g.db, &g.fail);
    CHECK(r != NULL); /* it keeps no node from starting */
    if (r != NULL) {
        const struct person who = { .idp = S("oulu-local"), .subject = S("pass-1") };
        const struct circumstances at = { .now_s = world_now_s(&t->world) };
        (void)registry_admins(r, who.idp, who.subject, &n);
        CHECK_INT(n, 0);
        for (int i = MAY_NONE + 1; i < MAY_COUNT; i++)
            CHECK(!policy_may(r, &who, (enum console_action)i, &kielonmaki, &at));
        (void)registry_admins(r, S("oulu-local"), S("anna"), &n);
        CHECK_INT(n, 3);
        registry_drop(r);
    }
    CHECK(tries(t, &g, &kielonmaki, "account", "pass-1", "enabled", "false")); /* and nobody from what is theirs */
    CHECK(tries(t, &g, &oulu, "policy", "oulu-p", "why", "uusi"));
    CHECK(!tries(t, &g, &oulu, "admin", "old", "why", "vielä"));
    CHECK_STR(g.fail.code, "pass_right");
    CHECK(tries(t, &g, &oulu, "admin", "old", NULL, NULL));
    rig_free(t, &g);
}

TEST(a_school_gives_and_takes_passes_and_makes_no_other_account)
{
    static const char morning[] = "2026-08-10T08:00:00Z", afternoon[] = "2026-08-10T16:00:00Z";
    const struct pass good = { "pass-1", OULU_SCHOOL, "substitute", morning, afternoon, OULU_SCHOOL };
    struct pass bad;
    struct rig g;
    struct row_seen row;
    int64_t from;

    rig_new(t, &g);
    CHECK(gives(t, &g, &kielonmaki, &good));
    CHECK_STR(g.fail.detail, "");
    CHECK_STR(listed(t, &g, &kielonmaki, "account", NULL), "pass-1");
    CHECK_STR(listed(t, &g, &espoo, "account", NULL), "eetu");
    CHECK_STR(listed(t, &g, &oulu, "account", NULL), "anna pass-1");
    struct row_id id = id_of("account", "pass-1");
    CHECK(row_look(g.db, t->arena, &kielonmaki, &id, &row, &from, &g.fail));
    CHECK(!row_look(g.db, t->arena, &espoo, &id, &row, &from, &g.fail));

    struct str before = exported(t, &g);
    bad = good;
    bad.id = "anna"; /* the city's own account does not become the school's */
    CHECK(!gives(t, &g, &kielonmaki, &bad));
    CHECK_STR(g.fail.code, "not_yours");
    bad = good;
    bad.id = "pass-2";
    bad.school = "";
    CHECK(!gives(t, &g, &kielonmaki, &bad));
    CHECK_STR(g.fail.code, "not_yours");
    bad.school = OULU_SCHOOL_2;
    CHECK(!gives(t, &g, &kielonmaki, &bad));
    CHECK_STR(g.fail.code, "not_yours");
    bad.school = OULU_SCHOOL;
    bad.place = OULU_SCHOOL_2;
    CHECK(!gives(t, &g, &kielonmaki, &bad));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(!gives(t, &g, &oulu, &bad)); /* the city may write there, and it is no pass all the same */
    CHECK_STR(g.fail.code, "registry_invalid");
    bad = good;
    bad.id = "pass-2";
    bad.role = "teacher";
    CHECK(!gives(t, &g, &kielonmaki, &bad));
    CHECK_STR(g.fail.code, "registry_invalid");
    bad.role = "substitute";
    bad.to = "";
    CHECK(!gives(t, &g, &kielonmaki, &bad));
    CHECK(!gives(t, &g, &espoo, &good));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(str_eq(exported(t, &g), before));

    /* It stays the school's, and what is its own may go. */
    CHECK(!tries(t, &g, &kielonmaki, "account", "pass-1", "school", ""));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(tries(t, &g, &kielonmaki, "account", "pass-1", "enabled", "false"));
    CHECK(import(t, &g, exported(t, &g)));
    rig_free(t, &g);
}
