/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione registry log|undo|put|remove|token -c FILE */
#include "registry/registry.h"
#include "base/world.h"
#include "gateway/cli/args.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/registry_edit.h"
#include "gateway/cli/told.h"
#include "registry/change.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SHOWN_CHANGES = 30, SHOWN_ROWS = 1000000 };

static int help(void)
{
    (void)puts(
        "usage: digione registry log -c FILE [NUMBER] [--last N]\n"
        "       digione registry undo -c FILE [--dry-run] [--why TEXT] NUMBER\n"
        "       digione registry put -c FILE [--dry-run] [--why TEXT] [--ungated TEXT] [--from VERSION] KIND KEY "
        "NAME=VALUE...\n"
        "       digione registry remove -c FILE [--dry-run] [--why TEXT] [--from VERSION] KIND KEY\n"
        "       digione registry token -c FILE [--dry-run] [--why TEXT] REGISTRAR NAME=VALUE...\n\n"
        "log lists the last changes of the registry (30, or N), the newest first; with a NUMBER, that change row by "
        "row,\n"
        "as it was before (-) and as it is after (+).  Secrets are not shown, nor what is a person's.\n"
        "undo makes what that change did undone, as a change of its own: all of it or nothing.  It is refused where\n"
        "a later change has touched the same rows, and names that one.\n"
        "put changes fields of one row, or makes it: KIND is service, school …, KEY its id (a school's: "
        "PROVIDER/OID),\n"
        "NAME a key of the YAML file (name.fi); a list has one item a line.  NAME=@PATH takes the file's text, as it\n"
        "should for a secret; NAME alone takes the field away.  remove takes a row away, and those below it.\n"
        "token gives a vendor an initial access token, with which it registers services by itself: it makes the row\n"
        "REGISTRAR, or gives it a new token, and prints the token, which is kept as its hash alone.\n\n"
        "  -c FILE     the settings of the node\n"
        "  --why TEXT  the reason, for the history and the audit log\n"
        "  --ungated TEXT  why a service comes into production that has not passed the gate, for the history\n"
        "  --from N    refused where somebody has changed the row since version N, and says what\n"
        "  --dry-run   say what would change, and change nothing\n\n"
        "exit status: 0 done, 1 it cannot be undone, 2 usage, 3 the machine failed");
    return CLI_OK;
}

struct registry_words {
    const char *config, *last, *why, *ungated, *from, *verb, *number;
    bool dry_run;
};

static int refused(const char *word, const struct fail *f)
{
    return cli_complain(f->kind == FAIL_OURS ? CLI_BROKEN : CLI_REFUSED, word, "%s", f->detail);
}

static const char *stamp(struct arena *a, int64_t at_s)
{
    char text[32];
    time_t at = (time_t)at_s;
    struct tm tm;

    (void)gmtime_r(&at, &tm);
    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return arena_cstr(a, str_of(text));
}

static void print_entry(struct arena *a, const struct change_entry *e)
{
    (void)printf("%6" PRId64 "  %s  %-6.*s  %.*s as %.*s in %.*s: +%" PRId64 " ~%" PRId64 " -%" PRId64, e->number,
                 stamp(a, e->at_s), STR_ARG(e->maker), STR_ARG(e->who), STR_ARG(e->acting_as), STR_ARG(e->area),
                 e->added, e->changed, e->removed);
    if (e->undoes != 0)
        (void)printf("  undoes %" PRId64, e->undoes);
    if (str_is_set(e->why))
        (void)printf("  \"%.*s\"", STR_ARG(e->why));
    (void)putchar('\n');
}

static int log_all(const char *word, const struct registry_words *w, struct db *d, struct arena *a)
{
    struct change_entries list;
    struct fail f = { 0 };
    int64_t most = SHOWN_CHANGES;

    if (w->last != NULL && !args_number(w->last, 1, SHOWN_ROWS, &most))
        return cli_complain(CLI_USAGE, word, "--last: expected a number from 1 to %d", SHOWN_ROWS);
    if (!change_list(d, a, &area_nation, INT64_MAX, (size_t)most, &list, &f))
        return refused(word, &f);
    for (size_t i = 0; i < list.n; i++)
        print_entry(a, &list.at[i]);
    if (list.n == 0)
        (void)puts("no change yet");
    return CLI_OK;
}

static int log_one(const char *word, int64_t number, struct db *d, struct arena *a)
{
    struct change_entries list;
    struct change_rows_shown rows;
    struct fail f = { 0 };

    if (!change_list(d, a, &area_nation, number, 1, &list, &f) ||
        !change_rows(d, a, &area_nation, number, SHOWN_ROWS, &rows, &f))
        return refused(word, &f);
    if (list.n != 1 || list.at[0].number != number)
        return cli_complain(CLI_REFUSED, word, "there is no change %" PRId64 "; `digione registry log` lists them",
                            number);
    print_entry(a, &list.at[0]);
    for (size_t i = 0; i < rows.n; i++) {
        const struct change_row_shown *r = &rows.at[i];
        (void)printf("%c %.*s\n", r->sign, STR_ARG(r->row));
        if (str_is_set(r->before))
            (void)printf("    - %.*s\n", STR_ARG(r->before));
        if (str_is_set(r->after))
            (void)printf("    + %.*s\n", STR_ARG(r->after));
    }
    return CLI_OK;
}

static int undo(const char *word, const struct registry_words *w, const struct settings *set, int64_t number,
                struct db *d, struct arena *a, struct str who)
{
    const struct change_by by = { .who = who,
                                  .acting_as = S("operator"),
                                  .area = &area_nation,
                                  .maker = MAKER_undo,
                                  .why = str_of(w->why),
                                  .at_s = world_now_s(&world_real) };
    struct change_report r;
    struct fail f = { 0 };

    if (!change_undo(d, a, number, &by, w->dry_run, &r, &f))
        return refused(word, &f);
    (void)printf("%.*s%s: %zu added, %zu changed, %zu removed", STR_ARG(r.lines), w->dry_run ? "would be" : "done",
                 r.added, r.changed, r.removed);
    if (w->dry_run)
        (void)puts("; nothing was changed");
    else
        (void)printf("; version %" PRId64 "\n", r.version);
    return w->dry_run ? CLI_OK : cli_told(word, set, d, r.version);
}

static int run(const char *word, const struct registry_words *w, struct arena *a)
{
    bool undoes = strcmp(w->verb, "undo") == 0;
    struct settings set;
    struct fail f = { 0 };
    struct str who = cli_who(a); /* before another user is become */
    int64_t number = 0;

    if (w->number != NULL && !args_number(w->number, 1, INT64_MAX, &number))
        return cli_complain(CLI_USAGE, word, "\"%s\" is no number of a change; `digione registry log` lists them",
                            w->number);
    if (!cli_settings(word, w->config, a, &set))
        return CLI_REFUSED;
    if (undoes && !cli_become(word, &set, a))
        return CLI_BROKEN;
    struct db *d = registry_db_open(&set, DB_WRITE, &f);
    if (d == NULL)
        return refused(word, &f);
    int status = undoes        ? undo(word, w, &set, number, d, a, who)
                 : number != 0 ? log_one(word, number, d, a)
                               : log_all(word, w, d, a);
    db_close(d);
    return status;
}

/* token: as put, of a row of kind registrar. */
static int give_token(const char *word, const struct registry_words *w, const char *const *rest, size_t n)
{
    const struct registry_edit_words x = { .config = w->config,
                                           .why = w->why,
                                           .from = w->from,
                                           .kind = "registrar",
                                           .key = n > 0 ? rest[0] : NULL,
                                           .fields = rest + 1,
                                           .field_count = n > 1 ? n - 1 : 0,
                                           .gives = true,
                                           .dry_run = w->dry_run };
    const struct cli_need needs[] = { CLI_NEEDS_CONFIG(w->config), { "REGISTRAR (id of the row)", n > 0 }, { 0 } };

    if (!cli_needs(word, needs))
        return CLI_USAGE;
    if (w->last != NULL || w->ungated != NULL)
        return cli_complain(CLI_USAGE, word, "%s does not take these options; --help says which", w->verb);
    return registry_edit(word, &x);
}

/* put and remove: words behind the verb. */
static int edit_row(const char *word, const struct registry_words *w, const char *const *rest, size_t n)
{
    bool removes = strcmp(w->verb, "remove") == 0;
    const struct registry_edit_words x = { .config = w->config,
                                           .why = w->why,
                                           .ungated = w->ungated,
                                           .from = w->from,
                                           .kind = n > 0 ? rest[0] : NULL,
                                           .key = n > 1 ? rest[1] : NULL,
                                           .fields = rest + 2,
                                           .field_count = n > 2 ? n - 2 : 0,
                                           .removes = removes,
                                           .dry_run = w->dry_run };
    const struct cli_need needs[] = { CLI_NEEDS_CONFIG(w->config),
                                      { "KIND (service, school …)", n > 0 },
                                      { "KEY (of the row)", n > 1 },
                                      { "NAME=VALUE", removes || n > 2 },
                                      { 0 } };

    if (!cli_needs(word, needs))
        return CLI_USAGE;
    if (w->last != NULL || (removes && (n > 2 || w->ungated != NULL)))
        return cli_complain(CLI_USAGE, word, "%s does not take these options; --help says which", w->verb);
    return registry_edit(word, &x);
}

int cli_registry(int argc, char **argv)
{
    struct registry_words w = { 0 };
    const struct cli_option options[] = {
        { "-c", &w.config, NULL },         { "--config", &w.config, NULL },
        { "--last", &w.last, NULL },       { "--why", &w.why, NULL },
        { "--dry-run", NULL, &w.dry_run }, { "--from", &w.from, NULL },
        { "--ungated", &w.ungated, NULL }, { NULL, NULL, NULL },
    };
    const char *words[3 + REGISTRY_FIELDS_MAX] = { NULL };
    size_t n;

    if (cli_wants_help(argc, argv))
        return help();
    if (!cli_options(argc, argv, options, words, sizeof words / sizeof *words, &n))
        return CLI_USAGE;
    w.verb = words[0];
    w.number = words[1];
    static const char *const verbs[] = { "log", "undo", "put", "remove", "token", NULL };
    bool logs = n > 0 && strcmp(w.verb, "log") == 0, undoes = n > 0 && strcmp(w.verb, "undo") == 0;
    if (n > 0 && (strcmp(w.verb, "put") == 0 || strcmp(w.verb, "remove") == 0))
        return edit_row(argv[0], &w, words + 1, n - 1);
    if (n > 0 && strcmp(w.verb, "token") == 0)
        return give_token(argv[0], &w, words + 1, n - 1);
    if (!logs && !undoes)
        return cli_unknown(argv[0], "word", w.verb, verbs);
    const struct cli_need needs[] = { CLI_NEEDS_CONFIG(w.config),
                                      { "NUMBER (of the change; `digione registry log` lists them)",
                                        logs || w.number != NULL },
                                      { 0 } };
    if (!cli_needs(argv[0], needs))
        return CLI_USAGE;
    if (n > 2 || w.from != NULL || w.ungated != NULL || (logs && (w.dry_run || w.why != NULL)) ||
        (undoes && w.last != NULL) || (w.number != NULL && w.last != NULL))
        return cli_complain(CLI_USAGE, argv[0], "%s does not take these options; --help says which", w.verb);
    struct arena *a = arena_new_secret();
    int status = run(argv[0], &w, a);
    arena_free(a);
    return status;
}
