/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/cli/registry_edit.h"

#include "base/codec.h"
#include "base/seals.h"
#include "gateway/cli/args.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/logo.h"
#include "gateway/cli/told.h"
#include "registry/edit.h"
#include "registry/registry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int refused(const char *word, const struct fail *f)
{
    return cli_complain(f->kind == FAIL_OURS ? CLI_BROKEN : CLI_REFUSED, word, "%s", f->detail);
}

/* Read before another user is become, who may not be allowed to. */
static bool read_fields(const char *word, const struct registry_edit_words *w, struct arena *a,
                        struct edit_field *fields)
{
    for (size_t i = 0; i < w->field_count; i++) {
        struct str given = str_of(w->fields[i]);
        size_t at = str_find_byte(given, '=', 0);
        struct str value = str_from(given, at + 1);
        fields[i] = (struct edit_field){ str_sub(given, 0, at), at < given.n ? value : (struct str){ NULL, 0 } };
        if (!str_has_prefix(value, S("@")))
            continue;
        if (!args_file(a, arena_cstr(a, str_from(value, 1)), EDIT_FIELD_MAX_B, &fields[i].value)) {
            (void)cli_complain(CLI_USAGE, word, "%.*s: %s", STR_ARG(str_from(value, 1)), strerror(errno));
            return false;
        }
    }
    return true;
}

static struct str new_token(struct arena *a)
{
    enum { TOKEN_B = 32 };
    char bytes[TOKEN_B];

    world_random(&world_real, bytes, sizeof bytes);
    return b64url_encode(a, str_n(bytes, sizeof bytes));
}

static struct row_id row_of(const struct registry_edit_words *w)
{
    struct str key = str_of(w->key);
    size_t slash = str_find_byte(key, '/', 0);
    struct row_id id = { str_of(w->kind), { str_sub(key, 0, slash), { NULL, 0 } } };

    if (slash < key.n)
        id.key[1] = str_from(key, slash + 1);
    return id;
}

static void print_troubles(const char *word, const struct edit_result *r)
{
    for (size_t i = 0; i < r->trouble_count; i++)
        (void)cli_complain(CLI_REFUSED, word, "%.*s %.*s%s%.*s: %.*s", STR_ARG(r->troubles[i].row.kind),
                           STR_ARG(r->troubles[i].row.key[0]), r->troubles[i].row.key[1].p != NULL ? "/" : "",
                           STR_ARG(r->troubles[i].row.key[1]), STR_ARG(r->troubles[i].says));
}

static void print_conflicts(const struct edit_result *r)
{
    for (size_t i = 0; i < r->conflict_count; i++) {
        const struct edit_conflict *c = &r->conflicts[i];
        (void)fprintf(stderr, "%.*s %.*s was changed by %.*s (change %" PRId64 ")%s\n", STR_ARG(c->row.kind),
                      STR_ARG(c->row.key[0]), STR_ARG(c->who), c->change, c->is_there ? "" : ": it is gone");
        for (size_t k = 0; k < c->field_count; k++)
            (void)fprintf(stderr, "  %.*s: was \"%.*s\", is \"%.*s\", wanted \"%.*s\"\n", STR_ARG(c->fields[k].name),
                          STR_ARG(c->fields[k].was), STR_ARG(c->fields[k].now), STR_ARG(c->fields[k].wanted));
    }
    (void)fprintf(stderr, "to decide, say --from %" PRId64 "\n", r->version);
}

static int print_result(const struct registry_edit_words *w, const struct edit_result *r)
{
    (void)printf("%.*s%s: %zu added, %zu changed, %zu removed", STR_ARG(r->report.lines),
                 w->dry_run ? "would be" : "done", r->report.added, r->report.changed, r->report.removed);
    if (w->dry_run)
        (void)puts("; nothing was changed");
    else
        (void)printf("; version %" PRId64 "\n", r->report.version);
    return CLI_OK;
}

static int run(const char *word, const struct registry_edit_words *w, struct arena *a)
{
    struct edit_field fields[REGISTRY_FIELDS_MAX + 1];
    size_t field_count = w->field_count;
    struct edit_from from = { 0 };
    struct settings set;
    struct fail f = { 0 };
    const struct change_by by = { .who = cli_who(a), /* before another user is become */
                                  .acting_as = S("operator"),
                                  .area = &area_nation,
                                  .maker = MAKER_cli,
                                  .why = str_of(w->why),
                                  .ungated = str_of(w->ungated),
                                  .at_s = world_now_s(&world_real) };

    if (w->from != NULL && !args_number(w->from, 1, INT64_MAX, &from.version))
        return cli_complain(CLI_USAGE, word, "--from: expected a version; `digione registry log` lists them");
    if (!cli_settings(word, w->config, a, &set))
        return CLI_REFUSED;
    if (!read_fields(word, w, a, fields))
        return CLI_USAGE;
    if (w->gives)
        fields[field_count++] = (struct edit_field){ S("token"), new_token(a) };
    if (!cli_become(word, &set, a))
        return CLI_BROKEN;
    struct edit_how how = { .world = &world_real, .logo = logo_elsewhere };
    how.seals = seals_load(a, arena_cstr(a, set.root_secret_file), &f);
    struct db *d = how.seals != NULL ? registry_db_open(&set, DB_WRITE, &f) : NULL;
    if (d == NULL)
        return refused(word, &f);
    const struct row_id id = row_of(w);
    struct edit_result r;
    struct edit *e = edit_new(&by, &from);
    if (w->removes)
        edit_remove(e, &id);
    else
        edit_put(e, &id, fields, field_count);
    bool good = edit_run(e, d, a, &how, w->dry_run ? EDIT_CHECK : EDIT_APPLY, &r, &f);
    edit_free(e);
    if (good)
        (void)print_result(w, &r);
    if (good && w->gives && !w->dry_run)
        (void)printf("initial access token (it is not shown again): %.*s\n", STR_ARG(fields[field_count - 1].value));
    int status = good && !w->dry_run ? cli_told(word, &set, d, r.report.version) : CLI_OK;
    db_close(d);
    if (good)
        return status;
    if (r.conflict_count > 0)
        print_conflicts(&r);
    if (r.trouble_count == 0)
        return refused(word, &f);
    print_troubles(word, &r);
    return CLI_REFUSED;
}

int registry_edit(const char *word, const struct registry_edit_words *w)
{
    struct arena *a = arena_new_secret();
    int status = run(word, w, a);

    arena_free(a);
    return status;
}
