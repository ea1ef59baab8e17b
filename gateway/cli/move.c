/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione move -c FILE [--dry-run] --from IDP --to IDP [--pairs PATH]: people keep their accounts when their
 * municipality changes its identity provider.  digione learners -c FILE PATH: what the national register says. */
#include "base/seals.h"
#include "base/world.h"
#include "gateway/cli/args.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/told.h"
#include "registry/edit.h"
#include "registry/links.h"
#include "registry/registry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct move_words {
    const char *config, *why, *from, *to, *pairs, *id, *until;
    bool dry_run, take_known;
};

struct moving {
    struct settings set;
    struct move_ask ask;
    struct moves_read file;
    struct move_plan plan;
    struct db *registry, *links;
    struct registry *snapshot;
};

static int help_move(void)
{
    (void)puts(
        "usage: digione move -c FILE [--dry-run] [--why TEXT] --from IDP --to IDP [--pairs PATH] [--take-known]\n"
        "                    [--until TIME] ID\n\n"
        "A municipality changes its identity provider, or a school goes from one to another of it: whoever was known "
        "by\n"
        "the old one goes on as the same person by the new one, at every service.  Both are of one municipality; from\n"
        "a municipality to another nobody is moved.  It is a change of the registry, row move ID: `digione registry\n"
        "undo` undoes it, and then the links count no more.\n\n"
        "  --pairs PATH   lines of two cells, the old id and the new one, as they come at a sign-in (CSV, UTF-8).\n"
        "                 Without it people are known again by their learner number, at their first sign-in\n"
        "  --take-known   also those who have signed in by the new one already; services know them by the old name\n"
        "                 again\n"
        "  --until TIME   by learner number: no new links from then on (2027-01-31T00:00:00Z)\n"
        "  --dry-run      say how many would be linked, which are doubtful, double or not seen, and change nothing\n"
        "  --why TEXT     the reason, for the history and the audit log\n\n"
        "exit status: 0 done, 1 it does not hold, 2 usage, 3 the machine failed");
    return CLI_OK;
}

static int refused(const char *word, const struct fail *f)
{
    return cli_complain(f->kind == FAIL_OURS ? CLI_BROKEN : CLI_REFUSED, word, "%s", f->detail);
}

static void print_faults(const char *word, const struct moves_read *file)
{
    for (size_t i = 0; i < file->wrong_count; i++) {
        const struct moves_wrong *w = &file->wrongs[i];
        if (w->other > 0)
            (void)cli_complain(CLI_REFUSED, word, "line %zu: %s: %s (line %zu)", w->line, moves_fault_word(w->fault),
                               moves_fault_cure(w->fault), w->other);
        else
            (void)cli_complain(CLI_REFUSED, word, "line %zu: %s: %s", w->line, moves_fault_word(w->fault),
                               moves_fault_cure(w->fault));
    }
    if (file->wrongs_more > 0)
        (void)cli_complain(CLI_REFUSED, word, "and %zu more", file->wrongs_more);
}

static void print_plan(const struct moving *x, bool dry_run)
{
    const struct move_plan *p = &x->plan;

    (void)printf("%s %zu of %zu, doubtful %zu (signed in by the new one already), double %zu, not seen %zu\n",
                 dry_run ? "would link" : "linked", p->linked, p->lines, p->doubtful, p->twice, p->not_seen);
    for (size_t i = 0; i < p->note_count; i++)
        (void)printf("line %zu: %s\n", p->notes[i].line, move_says_word(p->notes[i].what));
    if (x->ask.file == NULL)
        (void)puts("each is linked at their first sign-in by the new one, by a learner number that one person had");
}

static bool put_row(struct moving *x, struct arena *a, const struct move_words *w, const struct change_by *by,
                    struct edit_result *r, struct fail *f)
{
    const struct row_id row = { S("move"), { str_of(w->id), { NULL, 0 } } };
    const struct edit_field fields[] = { { S("provider"), x->ask.from->provider->id },
                                         { S("from"), x->ask.from->id },
                                         { S("to"), x->ask.to->id },
                                         { S("by"), x->ask.file != NULL ? S("file") : S("learner_number") },
                                         { S("batch"), x->ask.file != NULL ? x->plan.batch : S("") },
                                         { S("people"), arena_printf(a, "%zu", x->plan.linked) },
                                         { S("until"),
                                           w->until != NULL ? str_of(w->until) : (struct str){ NULL, 0 } } };
    const struct edit_from from = { .version = 0 };
    const struct edit_how how = { .world = &world_real, .seals = x->ask.seals };
    struct edit *e = edit_new(by, &from);

    edit_put(e, &row, fields, sizeof fields / sizeof *fields);
    bool good = edit_run(e, x->registry, a, &how, w->dry_run ? EDIT_CHECK : EDIT_APPLY, r, f);
    edit_free(e);
    for (size_t i = 0; !good && i < r->trouble_count; i++)
        (void)fprintf(stderr, "%.*s: %.*s\n", STR_ARG(r->troubles[i].field), STR_ARG(r->troubles[i].says));
    return good;
}

static bool open_all(struct moving *x, struct arena *a, struct fail *f)
{
    x->ask.seals = seals_load(a, arena_cstr(a, x->set.root_secret_file), f);
    x->registry = x->ask.seals != NULL ? registry_db_open(&x->set, DB_WRITE, f) : NULL;
    x->snapshot = x->registry != NULL ? registry_load(x->registry, f) : NULL;
    x->links = x->snapshot != NULL ? links_open(&x->set, f) : NULL;
    x->ask.registry = x->snapshot;
    x->ask.set = &x->set;
    x->ask.now_s = world_now_s(&world_real);
    return x->links != NULL;
}

static void close_all(struct moving *x)
{
    db_close(x->links);
    db_close(x->registry);
    registry_drop(x->snapshot);
}

static int move_people(const char *word, struct moving *x, struct arena *a, const struct move_words *w,
                       const struct change_by *by)
{
    struct edit_result r;
    struct fail f = { 0 };

    x->ask.from = registry_idp(x->snapshot, str_of(w->from));
    x->ask.to = registry_idp(x->snapshot, str_of(w->to));
    x->ask.take_known = w->take_known;
    const char *trouble = move_trouble(x->ask.from, x->ask.to);
    if (trouble != NULL)
        return cli_complain(CLI_REFUSED, word, "%s", trouble);
    if (!(w->dry_run ? move_plan : move_stage)(x->links, a, &x->ask, &x->plan, &f) || !put_row(x, a, w, by, &r, &f))
        return refused(word, &f);
    print_plan(x, w->dry_run);
    return w->dry_run ? CLI_OK : cli_told(word, &x->set, x->registry, r.report.version);
}

static int run_move(const char *word, struct arena *a, const struct move_words *w)
{
    struct moving x = { .snapshot = NULL };
    struct str text = { NULL, 0 };
    struct fail f = { 0 };
    const struct change_by by = { .who = cli_who(a), /* before another user is become */
                                  .acting_as = S("operator"),
                                  .area = &area_nation,
                                  .maker = MAKER_cli,
                                  .why = str_of(w->why),
                                  .at_s = world_now_s(&world_real) };

    if (!cli_settings(word, w->config, a, &x.set))
        return CLI_REFUSED;
    if (w->pairs != NULL && !args_file(a, w->pairs, MOVES_FILE_MAX_B, &text))
        return cli_complain(CLI_USAGE, word, "%s: %s", w->pairs, strerror(errno));
    if (w->pairs != NULL && !moves_file_read(a, text, &x.file)) {
        print_faults(word, &x.file);
        return CLI_REFUSED;
    }
    x.ask.file = w->pairs != NULL ? &x.file : NULL;
    if (!cli_become(word, &x.set, a))
        return CLI_BROKEN;
    int status = open_all(&x, a, &f) ? move_people(word, &x, a, w, &by) : refused(word, &f);
    close_all(&x);
    return status;
}

int cli_move(int argc, char **argv)
{
    struct move_words w = { 0 };
    const struct cli_option options[] = {
        { "-c", &w.config, NULL },     { "--config", &w.config, NULL },   { "--why", &w.why, NULL },
        { "--from", &w.from, NULL },   { "--to", &w.to, NULL },           { "--pairs", &w.pairs, NULL },
        { "--until", &w.until, NULL }, { "--dry-run", NULL, &w.dry_run }, { "--take-known", NULL, &w.take_known },
        { NULL, NULL, NULL }
    };
    size_t words;

    if (cli_wants_help(argc, argv))
        return help_move();
    if (!cli_options(argc, argv, options, &w.id, 1, &words))
        return CLI_USAGE;
    if (!cli_needs(argv[0], (const struct cli_need[]){ CLI_NEEDS_CONFIG(w.config), { 0 } }))
        return CLI_USAGE;
    if (words != 1 || w.from == NULL || w.to == NULL)
        return cli_complain(CLI_USAGE, argv[0], "expected --from IDP --to IDP ID; --help says more");
    struct arena *a = arena_new_secret();
    int status = run_move(argv[0], a, &w);
    arena_free(a);
    return status;
}

/* ── what the national register says of learner numbers ─────────────────── */

static int help_learners(void)
{
    (void)puts(
        "usage: digione learners -c FILE PATH\n\n"
        "Takes in what the national register says of learner numbers, in the place of what was there: lines of\n"
        "\"learner number,master number,provider\".  A master says that the number is a duplicate of it, and the\n"
        "person is known by the master.  A provider that stands in the file may state the numbers that it stands\n"
        "beside, and no others: another number of its identity providers is dropped at a sign-in.  Numbers are\n"
        "kept as keyed hashes.\n\n"
        "exit status: 0 done, 1 the file does not hold, 2 usage, 3 the machine failed");
    return CLI_OK;
}

static int run_learners(const char *word, struct arena *a, const char *config, const char *path)
{
    struct moving x = { .snapshot = NULL };
    struct learners_read got = { 0 };
    struct str text;
    struct fail f = { 0 };

    if (!cli_settings(word, config, a, &x.set))
        return CLI_REFUSED;
    if (!args_file(a, path, LEARNERS_FILE_MAX_B, &text))
        return cli_complain(CLI_USAGE, word, "%s: %s", path, strerror(errno));
    if (!cli_become(word, &x.set, a))
        return CLI_BROKEN;
    int status = CLI_OK;
    if (!open_all(&x, a, &f) || !learners_import(x.links, a, x.ask.seals, x.snapshot, text, &got, &f))
        status = got.wrong == NULL ? refused(word, &f)
                                   : cli_complain(CLI_REFUSED, word, "%s:%zu: %s", path, got.line, got.wrong);
    close_all(&x);
    if (status == CLI_OK)
        (void)printf("done: %zu learner numbers, %zu of them duplicates\n", got.numbers, got.duplicates);
    return status;
}

int cli_learners(int argc, char **argv)
{
    const char *config = NULL, *path = NULL;
    const struct cli_option options[] = { { "-c", &config, NULL },
                                          { "--config", &config, NULL },
                                          { NULL, NULL, NULL } };
    size_t words;

    if (cli_wants_help(argc, argv))
        return help_learners();
    if (!cli_options(argc, argv, options, &path, 1, &words))
        return CLI_USAGE;
    if (!cli_needs(argv[0], (const struct cli_need[]){ CLI_NEEDS_CONFIG(config), { 0 } }))
        return CLI_USAGE;
    if (words != 1)
        return cli_complain(CLI_USAGE, argv[0], "expected one file; --help says more");
    struct arena *a = arena_new_secret();
    int status = run_learners(argv[0], a, config, path);
    arena_free(a);
    return status;
}
