/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione import -c FILE registry.yaml */
#include "alarms/alarms.h"
#include "gateway/cli/addresses.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/logo.h"
#include "gateway/cli/told.h"
#include "gateway/cli/warnings.h"
#include "gateway/process/state.h"
#include "gateway/process/supervisor.h"
#include "registry/registry.h"
#include "wire/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int help(void)
{
    (void)puts(
        "usage: digione import -c FILE [--dry-run] [--replace] [--quiet] [--ungated TEXT] registry.yaml\n\n"
        "Makes the registry equal to the file: providers, identity providers, services, policies, accounts.  All of\n"
        "it or nothing; running gateways serve it within a second.  Prints what was added (+), changed (~) and\n"
        "removed (-), then the addresses to register at each identity provider and at each service; warns on standard\n"
        "error of rows that are in order and can have no effect (a service that nobody can open, a claim that is not\n"
        "told).  Secrets may stand in the file as secret_file: PATH or secret: {plain: …}; they are hashed or sealed\n"
        "here, and never exported in plain.\n\n"
        "Rows that were changed in the console or by a command since the file was exported are not overwritten: each "
        "is\n"
        "named, and nothing is imported, unless --replace says so.  Refused as well: what would leave no operator able "
        "to\n"
        "get in.\n\n"
        "  -c FILE     the settings of the node\n"
        "  --why TEXT  the reason, for the history (`digione registry log`) and the audit log\n"
        "  --ungated TEXT  why services come into production that have not passed the gate, for the history; the "
        "first\n"
        "              file of a registry needs none\n"
        "  --dry-run   say what would change, and change nothing\n"
        "  --replace   overwrite what was changed in the console or by a command, too\n"
        "  --quiet     print nothing but complaints and warnings\n\n"
        "exit status: 0 done, 1 the file is not in order, 2 usage, 3 the machine failed");
    return CLI_OK;
}

struct import_words {
    const char *config, *file, *why, *ungated;
    bool dry_run, replace, quiet;
};

static int refused(const char *word, const struct fail *f)
{
    return cli_complain(f->kind == FAIL_OURS ? CLI_BROKEN : CLI_REFUSED, word, "%s", f->detail);
}

/* The folder of the file, where the files that it names are looked for. */
static const char *folder_of(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? "." : slash == path ? "/" : arena_cstr(a, str_n(path, (size_t)(slash - path)));
}

struct looking {
    struct arena *arena;
    const struct settings *set;
    struct str addresses, warnings;
};

static bool look(void *with, const struct registry *r, struct fail *f)
{
    struct looking *l = with;

    l->addresses = addresses_text(l->arena, l->set, r);
    (void)f;
    l->warnings = warnings_text(l->arena, r);
    return true;
}

/* What people have changed and the file does not know of: what it may not overwrite, or did. */
static void print_overruns(const struct import_words *w, const struct import_report *r)
{
    struct str rest = r->overruns, line;

    (void)fflush(stdout);
    while (str_split(&rest, '\n', &line))
        if (line.n > 0)
            (void)fprintf(stderr, "%s: %s: %.*s\n",
                          !w->replace  ? "kept"
                          : w->dry_run ? "would be replaced"
                                       : "replaced",
                          w->file, STR_ARG(line));
}

static void print_report(const struct import_words *w, const struct import_report *r)
{
    if (w->quiet)
        return;
    (void)printf("%.*s%s: %zu added, %zu changed, %zu removed, %zu as before", STR_ARG(r->change.lines),
                 w->dry_run ? "would be" : "done", r->change.added, r->change.changed, r->change.removed, r->same);
    if (w->dry_run)
        (void)puts("; nothing was changed");
    else
        (void)printf("; version %lld\n", (long long)r->change.version);
}

static void print_warnings(const struct import_words *w, struct str lines)
{
    struct str line;

    (void)fflush(stdout);
    while (str_split(&lines, '\n', &line))
        if (line.n > 0)
            (void)fprintf(stderr, "warning: %s: %.*s\n", w->file, STR_ARG(line));
}

/* Before a dry run, which makes nothing: what would hinder the import itself. */
static bool may_look(const struct settings *set, struct arena *a, struct fail *f)
{
    return supervisor_become(set, a, f) && state_secret(set, a, f);
}

/* The node's; in a dry run before the first start, which would make it, one for this moment. */
static const struct seals *seals(const struct import_words *w, const struct settings *set, struct arena *a,
                                 struct fail *f)
{
    const char *path = arena_cstr(a, set->root_secret_file);
    char bytes[32];

    if (!w->dry_run || access(path, F_OK) == 0 || errno != ENOENT)
        return seals_load(a, path, f);
    world_random(&world_real, bytes, sizeof bytes);
    return seals_of(a, str_n(bytes, sizeof bytes));
}

/* Whoever looks after the nation sees it, too: a file that is brought by a timer complains to nobody. */
static void raise_refused(const struct import_words *w, const struct settings *set, struct arena *a,
                          const struct fail *f)
{
    const char *slash = strrchr(w->file, '/');
    struct fail why = { 0 };

    if (w->dry_run || f->kind == FAIL_OURS)
        return;
    struct alarms *s = alarms_new(set);
    int64_t now_s = world_now_s(&world_real);
    if (alarms_write(s, now_s, &why))
        alarm_raise(s, ALARM_import_refused, &area_nation, str_sub(str_of(slash != NULL ? slash + 1 : w->file), 0, 128),
                    arena_str(a, str_of(f->code)), now_s);
    alarms_free(s);
}

static int import_file(const char *word, const struct import_words *w, struct arena *a)
{
    struct settings set;
    struct fail f = { 0 };
    struct import_report report = { 0 };
    struct looking seen = { a, &set, { NULL, 0 }, { NULL, 0 } };
    struct str text, who = cli_who(a); /* before another user is become */

    if (!cli_settings(word, w->config, a, &set))
        return CLI_REFUSED;
    /* Read before another user is become, who may not be allowed to. */
    if (!yaml_file_text(a, w->file, &text, &f) || !(w->dry_run ? may_look(&set, a, &f) : supervisor_enter(&set, a, &f)))
        return refused(word, &f);
    struct import_how how = {
        .world = &world_real,
        .seals = seals(w, &set, a, &f),
        .base_dir = folder_of(a, w->file),
        .logo = logo_elsewhere,
        .dry_run = w->dry_run,
        .replace = w->replace,
        .look = look,
        .with = &seen,
        .who = who,
        .why = str_of(w->why),
        .ungated = str_of(w->ungated),
    };
    struct db *d = how.seals != NULL ? registry_db_open(&set, w->dry_run ? DB_COPY : DB_CREATE, &f) : NULL;
    bool good = d != NULL && registry_import(d, a, text, w->file, &how, &report, &f) &&
                (w->dry_run || registry_keep_secret(d, how.seals, &f));
    if (good || strcmp(f.code, "changed_since") == 0)
        print_overruns(w, &report);
    if (!good) {
        db_close(d);
        raise_refused(w, &set, a, &f);
        return refused(word, &f);
    }
    print_report(w, &report);
    print_warnings(w, seen.warnings);
    if (!w->quiet)
        (void)printf("%.*s", STR_ARG(seen.addresses));
    int status = w->dry_run ? CLI_OK : cli_told(word, &set, d, report.change.version);
    db_close(d);
    return status;
}

int cli_import(int argc, char **argv)
{
    struct import_words w = { 0 };
    const struct cli_option options[] = {
        { "-c", &w.config, NULL },         { "--config", &w.config, NULL },
        { "--dry-run", NULL, &w.dry_run }, { "--why", &w.why, NULL },
        { "--quiet", NULL, &w.quiet },     { "--replace", NULL, &w.replace },
        { "--ungated", &w.ungated, NULL }, { NULL, NULL, NULL },
    };
    size_t words;

    if (cli_wants_help(argc, argv))
        return help();
    if (!cli_options(argc, argv, options, &w.file, 1, &words))
        return CLI_USAGE;
    const struct cli_need needs[] = { CLI_NEEDS_CONFIG(w.config), { "registry.yaml (the file)", words > 0 }, { 0 } };
    if (!cli_needs(argv[0], needs))
        return CLI_USAGE;
    struct arena *a = arena_new_secret();
    int status = import_file(argv[0], &w, a);
    arena_free(a);
    return status;
}
