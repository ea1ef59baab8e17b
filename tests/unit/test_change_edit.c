/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/change_help.h"

static bool has(struct str text, const char *needle)
{
    return str_find(text, str_of(needle)) < text.n;
}

TEST(an_edit_changes_the_fields_that_it_names_and_no_others)
{
    struct rig g;
    struct change_entries list;

    rig_new(t, &g);
    struct str before = exported(t, &g);
    CHECK(one(t, &g, &(struct one){ "liisa", "service", "kanerva", "name.sv", "Ljung", &area_nation, 0, 0, 0 },
              EDIT_APPLY));
    CHECK_STR(g.fail.detail, "");
    CHECK_STR(g.got.report.lines, "~ service kanerva\n");
    CHECK_STR(g.got.rows.at[0].before, "{\"name.sv\":\"\"}");
    CHECK_STR(g.got.rows.at[0].after, "{\"name.sv\":\"Ljung\"}");
    CHECK_STR(now(t, &g, "service", "kanerva", "name.sv"), "Ljung");
    CHECK_STR(now(t, &g, "service", "kanerva", "redirect_uris"), "https://kanerva.example/cb");
    CHECK(change_list(g.db, t->arena, &area_nation, INT64_MAX, 1, &list, &g.fail));
    CHECK_STR(list.at[0].maker, "console");
    CHECK_STR(list.at[0].who, "liisa");
    CHECK_STR(list.at[0].why, "syksyksi");
    CHECK_INT(list.at[0].number, g.got.report.version);
    /* And back: nothing else had moved. */
    CHECK(
        one(t, &g, &(struct one){ "liisa", "service", "kanerva", "name.sv", NULL, &area_nation, 0, 0, 0 }, EDIT_APPLY));
    struct str after = exported(t, &g);
    CHECK(has(after, arena_cstr(t->arena, str_from(before, str_find(before, S("providers:"))))));
    rig_free(t, &g);
}

TEST(fields_of_all_types_are_read_as_those_of_a_file_are)
{
    static const struct {
        const char *kind, *key, *field, *value, *becomes;
    } good[] = {
        { "service", "kanerva", "enabled", "false", "false" },
        { "service", "kanerva", "redirect_uris", " https://a.example/cb\r\n\r\nhttps://b.example/cb\r\n",
          "https://a.example/cb\nhttps://b.example/cb" },
        { "service", "kanerva", "asks", "sub\nroles\nsub", "sub\nroles" },
        { "policy", "oulu-p", "from", "2026-08-10", "2026-08-10T00:00:00Z" },
        { "policy", "oulu-p", "from", "", "" },
        { "admin", "oulu-1", "role", "principal", "principal" },
        { "admin", "oulu-1", "school", "99102", OULU_SCHOOL_2 },
        { "admin", "oulu-1", "school", "", "" },
        { "school", "oulu/" OULU_SCHOOL, "name.fi", "Kielonmäki", "Kielonmäki" },
        { "affiliation", "anna/0", "class_level", "7", "7" },
        { "affiliation", "anna/0", "class_level", "", "0" },
    };
    struct rig g;

    rig_new(t, &g);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CHECK(one(
            t, &g,
            &(struct one){ "liisa", good[i].kind, good[i].key, good[i].field, good[i].value, &area_nation, 0, 0, 0 },
            EDIT_APPLY));
        CHECK_STR(g.fail.detail, "");
        CHECK_STR(now(t, &g, good[i].kind, good[i].key, good[i].field), good[i].becomes);
    }
    rig_free(t, &g);
}

TEST(all_that_is_wrong_with_a_form_is_said_at_once_in_the_words_of_a_file)
{
    struct rig g;
    const struct change_by by = by_of(t, "liisa", &area_nation);
    const struct row_id id = id_of("service", "kanerva");
    const struct edit_field fields[] = {
        { S("nmae.fi"), S("Kanerva") },    { S("enabled"), S("yes") },   { S("protocol"), S("oidcc") },
        { S("asks"), S("sub\nshoesize") }, { S("secret"), S("short") },  { S("name.fi"), S("a\nb") },
        { S("id"), S("other") },           { S("vendor"), { NULL, 0 } },
    };
    static const char *const says[] = {
        "unknown key \"nmae.fi\"; did you mean \"name.fi\"?",
        "enabled: expected true or false",
        "protocol: expected one of oidc, saml, lti, link, got \"oidcc\"; did you mean \"oidc\"?",
        "asks: \"shoesize\" is no claim",
        "secret: expected 16 bytes or more: it is kept as a plain SHA-256, so it must not be guessable",
        "name.fi: expected a text of one line, at most 2048 bytes, without controls and marks of direction",
        "id: a row keeps its own; make another",
        "vendor is missing",
    };

    rig_new(t, &g);
    struct str before = exported(t, &g);
    struct edit *e = edit_new(&by, NULL);
    edit_put(e, &id, fields, sizeof fields / sizeof *fields);
    CHECK(!edit_run(e, g.db, t->arena, &g.edit, EDIT_APPLY, &g.got, &g.fail));
    edit_free(e);
    CHECK(g.fail.kind == FAIL_CALLER);
    CHECK_STR(g.fail.code, "unknown_key");
    CHECK_INT(g.got.trouble_count, sizeof says / sizeof *says);
    for (size_t i = 0; i < g.got.trouble_count && i < sizeof says / sizeof *says; i++) {
        CHECK_STR(g.got.troubles[i].field, arena_cstr(t->arena, fields[i].name));
        CHECK(str_has_prefix(g.got.troubles[i].says, str_of(says[i])));
        CHECK_STR(g.got.troubles[i].row.key[0], "kanerva");
    }
    CHECK(str_eq(exported(t, &g), before));
    rig_free(t, &g);
}

TEST(a_new_row_says_what_it_must_and_stands_below_one_that_is_there)
{
    struct rig g;
    const struct change_by by = by_of(t, "liisa", &area_nation);

    rig_new(t, &g);
    CHECK(!one(t, &g, &(struct one){ "liisa", "service", "Uusi!", "name.fi", "Uusi", &area_nation, 0, 0, 0 },
               EDIT_APPLY));
    CHECK_INT(g.got.trouble_count, 3); /* no id; protocol and vendor are missing */
    CHECK_STR(g.got.troubles[0].field, "id");
    CHECK_STR(g.got.troubles[1].says, "protocol is missing");
    CHECK_STR(g.got.troubles[2].says, "vendor is missing");
    CHECK(!one(t, &g, &(struct one){ "liisa", "school", "vantaa/1.2.3", "name.fi", "Uusi", &area_nation, 0, 0, 0 },
               EDIT_APPLY));
    CHECK_STR(g.got.troubles[0].says, "there is no provider vantaa");
    CHECK(!one(t, &g, &(struct one){ "liisa", "skool", "x", "name.fi", "Uusi", &area_nation, 0, 0, 0 }, EDIT_APPLY));
    CHECK_STR(g.fail.code, "unknown_kind");
    CHECK(!one(t, &g, &(struct one){ "liisa", "affiliation", "anna/first", "role", "teacher", &area_nation, 0, 0, 0 },
               EDIT_APPLY));
    /* A provider, its school, and a right that names the school by its code, in one edit. */
    const struct row_id vantaa = id_of("provider", "vantaa"), school = id_of("school", "vantaa/1.2.246.562.99.7"),
                        right = id_of("admin", "vantaa-1"), policy = id_of("policy", "vantaa-p");
    const struct edit_field of_provider[] = { { S("oid"), S("1.2.246.562.99.8") }, { S("name.fi"), S("Vantaa") } };
    const struct edit_field of_school[] = { { S("code"), S("99301") }, { S("name.fi"), S("Koivu") } };
    const struct edit_field of_right[] = { { S("idp"), S("local") },
                                           { S("subject"), S("root") },
                                           { S("role"), S("principal") },
                                           { S("provider"), S("vantaa") },
                                           { S("school"), S("99301") } };
    const struct edit_field of_policy[] = {
        { S("provider"), S("vantaa") },
        { S("school"), S("99301") },
        { S("text"), S("permit (principal in School::\"vantaa/99301\", action == Action::\"open\", "
                       "resource == Service::\"kanerva\");") }
    };
    struct edit *e = edit_new(&by, NULL);
    edit_put(e, &vantaa, of_provider, 2);
    edit_put(e, &school, of_school, 2);
    edit_put(e, &right, of_right, 5);
    edit_put(e, &policy, of_policy, 3);
    g.fail = (struct fail){ 0 };
    CHECK(edit_run(e, g.db, t->arena, &g.edit, EDIT_CHECK, &g.got, &g.fail));
    CHECK_STR(g.fail.detail, "");
    CHECK(now(t, &g, "provider", "vantaa", "oid").p == NULL); /* it was looked at only */
    CHECK(edit_run(e, g.db, t->arena, &g.edit, EDIT_APPLY, &g.got, &g.fail));
    edit_free(e);
    CHECK_INT(g.got.report.added, 4);
    CHECK_STR(now(t, &g, "admin", "vantaa-1", "school"), "1.2.246.562.99.7");
    CHECK_STR(now(t, &g, "policy", "vantaa-p", "layer"), "school");
    /* What a policy's owner becomes, its layer becomes. */
    CHECK(one(t, &g, &(struct one){ "liisa", "policy", "vantaa-p", "school", "", &area_nation, 0, 0, 0 }, EDIT_APPLY));
    CHECK_STR(now(t, &g, "policy", "vantaa-p", "layer"), "municipality");
    rig_free(t, &g);
}

TEST(an_edit_whose_result_does_not_hold_is_refused_by_its_row)
{
    struct rig g;

    rig_new(t, &g);
    struct str before = exported(t, &g);
    CHECK(!one(t, &g, &(struct one){ "liisa", "service", "kanerva", NULL, NULL, &area_nation, 0, 0, 0 }, EDIT_APPLY));
    CHECK_STR(g.fail.code, "registry_invalid");
    CHECK_INT(g.got.trouble_count, 1);
    CHECK_STR(g.got.troubles[0].row.kind, "policy");
    CHECK(!one(
        t, &g,
        &(struct one){ "liisa", "service", "kanerva", "redirect_uris", "http://x.example/", &area_nation, 0, 0, 0 },
        EDIT_CHECK));
    CHECK_STR(g.got.troubles[0].row.key[0], "kanerva");
    CHECK(str_eq(exported(t, &g), before));
    CHECK_INT(version(&g), 2);
    rig_free(t, &g);
}

TEST(a_row_goes_with_what_stands_below_it)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(one(t, &g, &(struct one){ "liisa", "account", "eetu", NULL, NULL, &area_nation, 0, 0, 0 }, EDIT_APPLY));
    CHECK_STR(g.fail.detail, "");
    CHECK_INT(g.got.report.removed, 2);
    CHECK(now(t, &g, "affiliation", "eetu/0", "role").p == NULL);
    CHECK(!one(t, &g, &(struct one){ "liisa", "account", "eetu", NULL, NULL, &area_nation, 0, 0, 0 }, EDIT_APPLY));
    CHECK_STR(g.fail.code, "no_row");
    rig_free(t, &g);
}

TEST(an_edit_that_changes_nothing_is_no_change)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(one(t, &g, &(struct one){ "liisa", "service", "kanerva", "name.fi", "Kanerva", &area_nation, 0, 0, 0 },
              EDIT_APPLY));
    CHECK(one(t, &g,
              &(struct one){ "liisa", "service", "kanerva", "secret", "the-secret-of-kanerva-is-long", &area_nation, 0,
                             0, 0 },
              EDIT_APPLY));
    CHECK(one(t, &g, &(struct one){ "liisa", "account", "anna", "password", "annan-salasana", &area_nation, 0, 0, 0 },
              EDIT_APPLY));
    CHECK_INT(g.got.report.version, 2);
    CHECK_INT(version(&g), 2);
    rig_free(t, &g);
}

TEST(a_form_shows_everything_but_secrets)
{
    struct rig g;
    struct row_seen row;
    int64_t from;
    const struct row_id id = id_of("service", "kanerva");

    rig_new(t, &g);
    CHECK(row_look(g.db, t->arena, &area_nation, &id, &row, &from, &g.fail));
    CHECK_INT(from, 2);
    CHECK(row_field(&row, "secret")->is_secret && row_field(&row, "secret")->is_set);
    CHECK(row_field(&row, "secret")->value.p == NULL);
    CHECK_STR(row_field(&row, "asks")->value, "sub\nroles");
    CHECK(!row_field(&row, "jwks")->is_set);
    CHECK(row_field(&row, "secret_hash") == NULL);
    for (size_t i = 0; i < row.field_count; i++)
        CHECK(!has(row.fields[i].value, "the-secret"));
    rig_free(t, &g);
}

/* ── two at once ────────────────────────────────────────────────────────── */

TEST(the_second_sees_the_change_of_the_first_beside_their_own)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(one(t, &g, &(struct one){ "liisa", "service", "kanerva", "name.fi", "Liisan", &area_nation, 2, 0, 0 },
              EDIT_APPLY));
    CHECK(!one(t, &g, &(struct one){ "matti", "service", "kanerva", "name.fi", "Matin", &area_nation, 2, 0, 0 },
               EDIT_APPLY));
    CHECK(g.fail.kind == FAIL_CONFLICT);
    CHECK_STR(g.fail.code, "changed_since");
    CHECK_INT(g.got.conflict_count, 1);
    const struct edit_conflict *c = &g.got.conflicts[0];
    CHECK_STR(c->row.kind, "service");
    CHECK_STR(c->row.key[0], "kanerva");
    CHECK_STR(c->who, "liisa");
    CHECK_INT(c->change, 3);
    CHECK_INT(c->at_s, TEST_NOW_S);
    CHECK_INT(c->field_count, 1);
    CHECK_STR(c->fields[0].name, "name.fi");
    CHECK_STR(c->fields[0].was, "Kanerva");
    CHECK_STR(c->fields[0].now, "Liisan");
    CHECK_STR(c->fields[0].wanted, "Matin");
    CHECK_STR(now(t, &g, "service", "kanerva", "name.fi"), "Liisan");
    /* He has seen it, and decides. */
    CHECK(one(t, &g,
              &(struct one){ "matti", "service", "kanerva", "name.fi", "Matin", &area_nation, g.got.version, 0, 0 },
              EDIT_APPLY));
    CHECK_STR(now(t, &g, "service", "kanerva", "name.fi"), "Matin");
    rig_free(t, &g);
}

TEST(a_row_in_another_field_of_which_somebody_was_first_is_shown_too)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(one(t, &g, &(struct one){ "liisa", "service", "kanerva", "name.sv", "Ljung", &area_nation, 2, 0, 0 },
              EDIT_APPLY));
    CHECK(one(t, &g,
              &(struct one){ "liisa", "service", "kanerva", "secret", "quite-another-secret", &area_nation, 3, 0, 0 },
              EDIT_APPLY));
    CHECK(!one(t, &g, &(struct one){ "matti", "service", "kanerva", "name.fi", "Matin", &area_nation, 2, 0, 0 },
               EDIT_APPLY));
    CHECK_INT(g.got.conflicts[0].field_count, 3);
    for (size_t i = 0; i < g.got.conflicts[0].field_count; i++) {
        const struct edit_conflict_field *f = &g.got.conflicts[0].fields[i];
        CHECK(!str_eq(f->name, S("secret")) || (str_eq(f->was, S("(secret)")) && str_eq(f->now, S("(secret)"))));
    }
    /* Decided: what he did not name stays as she has left it. */
    CHECK(one(t, &g,
              &(struct one){ "matti", "service", "kanerva", "name.fi", "Matin", &area_nation, g.got.version, 0, 0 },
              EDIT_APPLY));
    CHECK_STR(now(t, &g, "service", "kanerva", "name.sv"), "Ljung");
    rig_free(t, &g);
}

TEST(rows_that_nobody_touches_are_in_nobodys_way)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(one(t, &g, &(struct one){ "liisa", "service", "kanerva", "name.sv", "Ljung", &area_nation, 2, 0, 0 },
              EDIT_APPLY));
    CHECK(one(t, &g, &(struct one){ "matti", "admin", "oulu-1", "role", "principal", &area_nation, 2, 0, 0 },
              EDIT_APPLY));
    /* The same wish twice is no conflict, and no change. */
    CHECK(one(t, &g, &(struct one){ "matti", "service", "kanerva", "name.sv", "Ljung", &area_nation, 2, 0, 0 },
              EDIT_APPLY));
    CHECK_INT(version(&g), 4);
    rig_free(t, &g);
}

TEST(a_row_that_went_or_came_meanwhile_is_a_conflict)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(one(t, &g, &(struct one){ "liisa", "admin", "oulu-1", NULL, NULL, &area_nation, 2, 0, 0 }, EDIT_APPLY));
    CHECK(!one(t, &g, &(struct one){ "matti", "admin", "oulu-1", "role", "staff", &area_nation, 2, 0, 0 }, EDIT_APPLY));
    CHECK(g.got.conflicts[0].was_there && !g.got.conflicts[0].is_there && g.got.conflicts[0].is_wanted);
    CHECK(one(t, &g,
              &(struct one){ "liisa", "school", "oulu/1.2.246.562.99.9", "name.fi", "Uusi", &area_nation, 3, 0, 0 },
              EDIT_APPLY));
    CHECK(!one(t, &g,
               &(struct one){ "matti", "school", "oulu/1.2.246.562.99.9", "name.fi", "Toinen", &area_nation, 3, 0, 0 },
               EDIT_APPLY));
    CHECK(!g.got.conflicts[0].was_there && g.got.conflicts[0].is_there && g.got.conflicts[0].is_wanted);
    CHECK(
        !one(t, &g, &(struct one){ "matti", "admin", "oulu-1", "role", "staff", &area_nation, 77, 0, 0 }, EDIT_APPLY));
    CHECK_STR(g.fail.code, "no_version");
    rig_free(t, &g);
}

TEST(an_edit_begun_before_what_is_forgotten_begins_anew)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(one(t, &g, &(struct one){ "liisa", "account", "anna", "given_names", "Annikki", &area_nation, 2, 0, 0 },
              EDIT_APPLY));
    CHECK(!one(t, &g, &(struct one){ "matti", "account", "anna", "given_names", "Anni", &area_nation, 2, 0, 0 },
               EDIT_APPLY));
    CHECK_STR(g.fail.code, "changed_since");
    test_passes(t, CHANGE_PERSONAL_S + 1);
    CHECK(one(t, &g, &(struct one){ "liisa", "service", "kanerva", "name.sv", "Ljung", &area_nation, 3, 0, 0 },
              EDIT_APPLY));
    CHECK(!one(t, &g, &(struct one){ "matti", "account", "anna", "given_names", "Anni", &area_nation, 2, 0, 0 },
               EDIT_APPLY));
    CHECK_STR(g.fail.code, "forgotten");
    CHECK(one(t, &g, &(struct one){ "matti", "account", "anna", "given_names", "Anni", &area_nation, 4, 0, 0 },
              EDIT_APPLY));
    rig_free(t, &g);
}

/* Two people with forms of their own, each from some version, at random.  An update is lost when one who had not seen
 * it overwrites it. */
enum { FIELDS = 3, ROWS = 3, PEOPLE = 2, ROUNDS = 400 };

static unsigned roll(uint64_t *seed, unsigned n)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*seed >> 33) % n;
}

static bool says(struct str field, const char *value)
{
    return str_eq(field, str_of(value)) || (*value == '\0' && !str_is_set(field));
}

TEST(two_editors_at_random_lose_no_update_and_every_refusal_names_its_conflict)
{
    static const char *const rows[ROWS] = { "oulu-1", "oulu-2", "espoo-1" };
    static const char *const fields[FIELDS] = { "role", "why", "from" };
    static const char *const values[FIELDS][3] = { { "teacher", "staff", "principal" },
                                                   { "sijaiseksi", "kevääksi", "" },
                                                   { "2026-08-10T00:00:00Z", "", "2026-08-10T00:00:00Z" } };
    struct rig g;
    uint64_t seed = 20260810;
    int64_t seen[PEOPLE] = { 0 };
    size_t applied = 0, refused = 0;
    struct str have[ROWS][FIELDS], saw[PEOPLE][ROWS][FIELDS];
    int64_t wrote[ROWS] = { 0 }; /* version that last changed the row */

    rig_new(t, &g);
    for (int p = 0; p < PEOPLE; p++)
        seen[p] = version(&g);
    for (int r = 0; r < ROWS; r++)
        for (int f = 0; f < FIELDS; f++)
            have[r][f] = saw[0][r][f] = saw[1][r][f] = now(t, &g, "admin", rows[r], fields[f]);
    for (int i = 0; i < ROUNDS; i++) {
        unsigned p = roll(&seed, PEOPLE), r = roll(&seed, ROWS), f = roll(&seed, FIELDS);
        const char *value = values[f][roll(&seed, 3)];
        if (roll(&seed, 4) == 0) { /* looks at the page again */
            seen[p] = version(&g);
            memcpy(saw[p], have, sizeof have);
            continue;
        }
        test_passes(t, 3); /* nobody is as quick as a quota forbids */
        bool done = one(t, &g,
                        &(struct one){ p == 0 ? "liisa" : "matti", "admin", rows[r], fields[f], value, &area_nation,
                                       seen[p], 0, 0 },
                        EDIT_APPLY);
        if (done) {
            /* Whoever was first on this row was seen, or wanted the very same, or nothing else than what was seen. */
            bool same = says(have[r][f], value), unaltered = says(saw[p][r][f], value), as_seen = wrote[r] <= seen[p];
            if (!as_seen) { /* or again as it was */
                as_seen = true;
                for (int y = 0; y < FIELDS; y++)
                    as_seen = as_seen && says(have[r][y], arena_cstr(t->arena, saw[p][r][y]));
            }
            CHECK(as_seen || same || unaltered);
            if (!same && (!unaltered || as_seen)) {
                have[r][f] = str_of(value);
                wrote[r] = version(&g);
                applied++;
            }
        } else {
            refused++;
            CHECK_STR(g.fail.code, "changed_since");
            CHECK(wrote[r] > seen[p]);
            CHECK_INT(g.got.conflict_count, 1);
            CHECK_STR(g.got.conflicts[0].row.key[0], rows[r]);
            CHECK_INT(g.got.conflicts[0].change, wrote[r]);
            CHECK(g.got.conflicts[0].field_count > 0);
        }
        for (int x = 0; x < ROWS; x++)
            for (int y = 0; y < FIELDS; y++) {
                struct str is = now(t, &g, "admin", rows[x], fields[y]);
                CHECK(str_eq(is, have[x][y]) || (!str_is_set(is) && !str_is_set(have[x][y])));
            }
    }
    CHECK(applied > ROUNDS / 8);
    CHECK(refused > ROUNDS / 8);
    rig_free(t, &g);
}

/* ── checked, asked, looked at ──────────────────────────────────────────── */

static bool only_services(void *with, char sign, const struct row_id *row, const struct area *where, struct fail *f)
{
    (void)with;
    return (sign == '~' && str_eq(row->kind, S("service")) && area_is_vendor(where)) ||
           fail(f, FAIL_DENIED, "not_allowed", "%.*s %.*s", STR_ARG(row->kind), STR_ARG(row->key[0]));
}

static bool refuse_numbers(void *with, const struct registry *r, struct fail *f)
{
    *(bool *)with = str_eq(registry_service(r, S("kanerva"))->names.in[LANG_SV], S("Heide"));
    return fail(f, FAIL_CONFLICT, "numbers_changed", "three, not two");
}

TEST(whoever_is_asked_may_refuse_a_row_and_whoever_looks_the_whole)
{
    struct rig g;

    rig_new(t, &g);
    g.edit.may = only_services;
    CHECK(one(t, &g, &(struct one){ "liisa", "service", "kanerva", "name.sv", "Ljung", &area_nation, 0, 0, 0 },
              EDIT_APPLY));
    CHECK(!one(t, &g, &(struct one){ "liisa", "admin", "oulu-1", "role", "staff", &area_nation, 0, 0, 0 }, EDIT_APPLY));
    CHECK_STR(g.fail.code, "not_allowed");
    CHECK(!one(t, &g, &(struct one){ "liisa", "admin", "oulu-1", "role", "staff", &area_nation, 0, 0, 0 }, EDIT_KEEP));
    g.edit.may = NULL;
    bool seen = false;
    g.edit.look = refuse_numbers;
    g.edit.with = &seen;
    CHECK(!one(t, &g, &(struct one){ "liisa", "service", "kanerva", "name.sv", "Heide", &area_nation, 0, 0, 0 },
               EDIT_APPLY));
    CHECK_STR(g.fail.code, "numbers_changed");
    CHECK(seen);
    CHECK_STR(now(t, &g, "service", "kanerva", "name.sv"), "Ljung");
    rig_free(t, &g);
}
