/* SPDX-License-Identifier: EUPL-1.2
 * docs/cities.md shows what each map reads: these tests make the same tables from the maps themselves. */
#include "base/embed.h"
#include "idp-adapters/attribute_map.h"
#include "idp-adapters/refusals.h"
#include "registry/registry.h"
#include "tests/contract/cli_run.h"

#include <stdio.h>
#include <string.h>

enum { DOC_MAX_B = 262144, FIELDS_MAX = 16 };

static struct str document(struct test *t)
{
    char *bytes = arena_alloc(t->arena, DOC_MAX_B);
    FILE *file = fopen(TEST_SOURCE_DIR "/docs/cities.md", "r");

    CHECK(file != NULL);
    size_t n = file != NULL ? fread(bytes, 1, DOC_MAX_B, file) : 0;
    if (file != NULL)
        (void)fclose(file);
    return str_n(bytes, n);
}

/* What stands between <!-- NAME --> and the next mark. */
static struct str block(struct test *t, const char *name)
{
    struct str doc = document(t), mark = arena_printf(t->arena, "<!-- %s -->\n", name);
    size_t from = str_find(doc, mark);
    struct str rest = str_from(doc, from + mark.n);

    CHECK(from < doc.n);
    return str_sub(rest, 0, str_find(rest, S("<!-- end -->\n")));
}

static void holds(struct test *t, const char *name, struct str expected)
{
    struct str said = block(t, name);

    CHECK(expected.n > 0 && str_eq(said, expected));
    if (!str_eq(said, expected))
        (void)fprintf(stderr, "docs/cities.md, <!-- %s -->, should be:\n%.*s", name, STR_ARG(expected));
}

static size_t words_of(struct str line, struct str *words, size_t max)
{
    struct str word;
    size_t n = 0;

    while (n < max && str_split(&line, ' ', &word))
        if (word.n > 0)
            words[n++] = word;
    return n;
}

/* | field | attributes in the order in which they are tried | */
static struct str table_of(struct test *t, const struct embedded *e)
{
    struct buf b = buf_new(t->arena, 65536), over = buf_new(t->arena, 4096);
    struct buf at[FIELDS_MAX];
    struct str fields[FIELDS_MAX], map = str_n(e->bytes, e->size), line, w[5];
    size_t n = 0;

    while (str_split(&map, '\n', &line)) {
        size_t k, count = words_of(line, w, 5);
        if (count == 2 && str_eq(w[0], S("overage")))
            buf_printf(&over, "%s`%.*s`", over.n > 0 ? ", " : "", STR_ARG(w[1]));
        if (count != 5 || !str_eq(w[0], S("map")))
            continue;
        for (k = 0; k < n && !str_eq(fields[k], w[2]); k++)
            ;
        if (k == n) {
            fields[n] = w[2];
            at[n++] = buf_new(t->arena, 8192);
        }
        struct str with = str_has_prefix(w[3], S("with:")) ? str_from(w[3], 5) : S("");
        buf_printf(&at[k], "%s`%.*s`%s%.*s%s%s%s", at[k].n == 0 ? "" : ", ", STR_ARG(w[1]), with.n > 0 ? " + `" : "",
                   STR_ARG(with), with.n > 0 ? "`" : "",
                   str_eq(w[3], S("group_roles")) ? " (those in `role_names`)" : "",
                   str_eq(w[4], S("refuse")) ? " (one must be there)" : "");
    }
    buf_add(&b, S("\n| field | attributes, in this order |\n|---|---|\n"));
    for (size_t k = 0; k < n; k++)
        buf_printf(&b, "| %.*s | %.*s |\n", STR_ARG(fields[k]), STR_ARG(buf_str(&at[k])));
    if (over.n > 0)
        buf_printf(&b, "| groups cut off | %.*s |\n", STR_ARG(buf_str(&over)));
    buf_add(&b, S("\n"));
    return buf_str(&b);
}

TEST(the_document_shows_what_each_map_reads)
{
    size_t maps = 0;

    for (const struct embedded *e = dialect_files; e->name != NULL; e++) {
        if (strcmp(e->name, "roles") == 0)
            continue;
        holds(t, arena_printf(t->arena, "map %s", e->name).p, table_of(t, e));
        maps++;
    }
    CHECK(maps >= 7);
}

TEST(the_document_shows_how_roles_are_spelled)
{
    struct buf b = buf_new(t->arena, 65536);
    struct str last = { NULL, 0 };

    buf_add(&b, S("\n| role | spellings |\n|---|---|\n"));
    for (const struct embedded *e = dialect_files; e->name != NULL; e++) {
        struct str map = str_n(e->bytes, e->size), line, w[3];
        while (strcmp(e->name, "roles") == 0 && str_split(&map, '\n', &line)) {
            if (words_of(line, w, 3) != 3 || !str_eq(w[0], S("role")))
                continue;
            if (str_eq(last, w[2]))
                buf_printf(&b, ", %.*s", STR_ARG(w[1]));
            else
                buf_printf(&b, "%s| %.*s | %.*s", last.p != NULL ? " |\n" : "", STR_ARG(w[2]), STR_ARG(w[1]));
            last = w[2];
        }
    }
    buf_add(&b, S(" |\n\n"));
    holds(t, "roles", buf_str(&b));
}

TEST(the_document_shows_every_line_that_a_map_may_leave)
{
    struct buf b = buf_new(t->arena, 65536);

    buf_add(&b, S("\n| event | what would mend it |\n|---|---|\n"));
    for (int n = NOTE_NONE + 1; n < NOTE_COUNT; n++)
        buf_printf(&b, "| `%s` | %s |\n", map_note_event((enum note)n), map_note_mend((enum note)n));
    buf_add(&b, S("\n"));
    holds(t, "notes", buf_str(&b));
}

static struct str refusals_table(struct test *t, bool own)
{
    struct buf b = buf_new(t->arena, 65536);
    size_t n;
    const struct refusal_row *rows = refusals_all(&n);

    buf_printf(&b, "\n| code | %s | trying again | what would mend it |\n|---|---|---|---|\n",
               own ? "what it means" : "the rule");
    for (size_t i = 0; i < n; i++)
        if ((rows[i].means != NULL) == own)
            buf_printf(&b, "| `%s` | %s | %s | %s |\n", rows[i].code, refusal_means(&rows[i]),
                       lasts_name(rows[i].lasts), rows[i].mend);
    buf_add(&b, S("\n"));
    return buf_str(&b);
}

TEST(the_document_shows_every_code_that_a_sign_in_is_refused_with)
{
    holds(t, "refusals", refusals_table(t, true));
    holds(t, "proofs", refusals_table(t, false));
}

TEST(the_document_names_every_field_of_a_row)
{
    struct str fields = own_attribute_fields(t->arena);

    holds(t, "fields", arena_printf(t->arena, "\n%.*s\n\n", STR_ARG(fields)));
}

/* The rows that the document shows, as one registry; secrets stand beside a real file, here in it. */
static struct str example_rows(struct test *t, size_t *n)
{
    struct str doc = document(t), line;
    struct buf b = buf_new(t->arena, 65536), one = buf_new(t->arena, 8192);
    bool inside = false, with_file = false;

    buf_add(&b, S("format: 1\nproviders:\n  - id: oulu\n    oid: 1.2.246.562.99.95640100004\n    name: {fi: Oulu}\n"
                  "    schools:\n      - {oid: 1.2.246.562.99.95640200010, code: \"99101\", name: {fi: Testi}}\n"
                  "      - {oid: 1.2.246.562.99.95640200028, code: \"99102\", name: {fi: Toinen}}\n"
                  "      - {oid: 1.2.246.562.99.95640200036, code: \"99190\", name: {fi: Lukio}}\nidps:\n"));
    while (str_split(&doc, '\n', &line)) {
        if (str_eq(line, S("```yaml")) || (inside && str_eq(line, S("```")))) {
            inside = !inside;
            if (inside)
                one = buf_new(t->arena, 8192);
            if (!inside && !with_file)
                buf_add(&b, buf_str(&one));
            *n += !inside && !with_file;
            with_file = false;
        } else if (inside) {
            with_file = with_file || str_find(line, S("metadata_xml_file")) < line.n;
            size_t secret = str_find(line, S("client_secret_file"));
            buf_printf(&one, "%.*s%s\n", STR_ARG(str_sub(line, 0, secret)),
                       secret < line.n ? "client_secret: {plain: a-secret-of-sixteen}" : "");
        }
    }
    return buf_str(&b);
}

TEST(the_rows_that_the_document_shows_are_in_order)
{
    const char *folder = cli_folder(t);
    struct settings set;
    struct import_report report;
    struct fail f = { 0 };
    size_t rows = 0;
    struct str text = example_rows(t, &rows);

    settings_defaults(&set);
    set.state_dir = str_of(folder);
    struct db *d = registry_db_open(&set, DB_CREATE, &f);
    struct import_how how = { .world = &t->world,
                              .seals = seals_of(t->arena, S("0123456789abcdef0123456789abcdef")),
                              .base_dir = folder };
    CHECK(rows >= 8);
    CHECK(d != NULL && registry_import(d, t->arena, text, "docs/cities.md", &how, &report, &f));
    CHECK_STR(f.detail, "");
    db_close(d);
    cli_remove(t, folder);
}

/* A log line cuts a text at 200 bytes: what would mend it stands there as a whole. */
TEST(what_would_mend_it_fits_into_a_log_line)
{
    size_t count;
    const struct refusal_row *rows = refusals_all(&count);

    for (int n = NOTE_NONE + 1; n < NOTE_COUNT; n++)
        CHECK(strlen(map_note_mend((enum note)n)) <= 200);
    for (size_t i = 0; i < count; i++)
        CHECK(strlen(rows[i].mend) <= 200);
}
