/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione relations -c FILE --provider ID children.csv, or users of OneRoster: whom guardians may act for, as a
 * municipality says. */
#include "gateway/cli/args.h"
#include "gateway/cli/cli.h"
#include "gateway/session/session.h"
#include "registry/registry.h"
#include "registry/wards.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX_B = 256 << 20 };

struct relations_words {
    const char *config, *provider, *idp, *file;
    bool dry_run;
};

static int help(void)
{
    (void)puts(
        "usage: digione relations -c FILE --provider ID [--idp ID] [--dry-run] children.csv | users.csv | "
        "users.json\n\n"
        "Takes the place of all that a municipality has said of children and their guardians.  All of the file or\n"
        "nothing.  The first line names the columns, in any order:\n\n"
        "  identity    the child's personal identity code; a keyed hash of it is kept, and never the code\n"
        "  own_key     what the child's identity provider (--idp) calls them; or\n"
        "  learner_id  the learner number\n"
        "  school      code or OID of a school of the municipality\n"
        "  group       \"4A\"; may be empty            level      4; may be empty\n"
        "  name        as the guardian is shown it\n"
        "  protected   1: left out\n"
        "  guardians   identity codes, spaces between; empty: as Suomi.fi e-Authorizations say alone\n\n"
        "Or users of OneRoster 1.1 or 1.2, as users.csv or as JSON: learners, and their agents as guardians.\n"
        "userIds hold {hetu:…} and {learner_id:…}; with --idp the username is the child's own_key there; the school "
        "is\n"
        "primaryOrg; metadata.protected leaves a child out.  An agent without an identity code is counted, not "
        "kept.\n\n"
        "  -c FILE        the settings of the node\n"
        "  --provider ID  whose file it is\n"
        "  --idp ID       the identity provider that own_key is of\n"
        "  --dry-run      say what would be kept, and keep nothing\n\n"
        "Guardians who act for a child that is gone, or is not theirs any more, are signed out within a second.\n"
        "Delete the file afterwards: it holds identity codes.\n"
        "exit status: 0 done, 1 the file is not in order, 2 usage, 3 the machine failed");
    return CLI_OK;
}

static int take(struct arena *a, const struct relations_words *w, const struct settings *set, const struct registry *r)
{
    struct fail f = { 0 };
    struct wards_import x = { .provider = registry_provider(r, str_of(w->provider)),
                              .idp = w->idp != NULL ? registry_idp(r, str_of(w->idp)) : NULL,
                              .seals = seals_load(a, arena_cstr(a, set->root_secret_file), &f),
                              .now_s = world_now_s(&world_real),
                              .try_only = w->dry_run };

    if (x.seals == NULL)
        return cli_complain(CLI_BROKEN, "relations", "%s", f.detail);
    if (x.provider == NULL)
        return cli_complain(CLI_REFUSED, "relations", "there is no provider \"%s\"", w->provider);
    if (w->idp != NULL && (x.idp == NULL || x.idp->provider != x.provider))
        return cli_complain(CLI_REFUSED, "relations", "\"%s\" is no identity provider of %s", w->idp, w->provider);
    if (!args_file(a, w->file, FILE_MAX_B, &x.csv))
        return cli_complain(CLI_USAGE, "relations", "%s: %s", w->file, strerror(errno));
    if (x.csv.n > FILE_MAX_B)
        return cli_complain(CLI_REFUSED, "relations", "%s: larger than %d MB", w->file, FILE_MAX_B >> 20);
    struct wards *wards = wards_new(set);
    x.ends = w->dry_run ? NULL : ends_new(set, &world_real);
    x.ends_for_s = session_longest_s(set);
    bool good = wards_take(wards, a, &x, &f);
    ends_free(x.ends);
    wards_free(wards);
    if (!good)
        return cli_complain(f.kind == FAIL_OURS ? CLI_BROKEN : CLI_REFUSED, "relations", "%s: %s", w->file, f.detail);
    (void)printf("%s: %zu children, %zu relations, %zu left out%s\n", w->dry_run ? "would be" : "done", x.children,
                 x.relations, x.left_out, w->dry_run ? "; nothing was kept" : "");
    if (x.gone > 0)
        (void)printf(w->dry_run ? "%zu children or relations would be gone: who acts by them would be signed out\n"
                                : "%zu children or relations are gone: who acts by them is signed out\n",
                     x.gone);
    if (x.unknown > 0)
        (void)printf("%zu references to agents without an identity code: not kept\n", x.unknown);
    return CLI_OK;
}

static int run(struct arena *a, const char *word, const struct relations_words *w)
{
    struct settings set;
    struct fail f = { 0 };

    if (!cli_settings(word, w->config, a, &set))
        return CLI_REFUSED;
    if (!cli_become(word, &set, a))
        return CLI_BROKEN;
    struct db *d = registry_db_open(&set, DB_WRITE, &f);
    struct registry *r = d != NULL ? registry_load(d, &f) : NULL;
    db_close(d);
    if (r == NULL)
        return cli_complain(CLI_BROKEN, word, "%s", f.detail);
    int status = take(a, w, &set, r);
    registry_drop(r);
    return status;
}

int cli_relations(int argc, char **argv)
{
    struct relations_words w = { .config = NULL };
    const struct cli_option options[] = { { "-c", &w.config, NULL },           { "--config", &w.config, NULL },
                                          { "--provider", &w.provider, NULL }, { "--idp", &w.idp, NULL },
                                          { "--dry-run", NULL, &w.dry_run },   { NULL, NULL, NULL } };
    size_t words;

    if (cli_wants_help(argc, argv))
        return help();
    if (!cli_options(argc, argv, options, &w.file, 1, &words))
        return CLI_USAGE;
    const struct cli_need needs[] = { CLI_NEEDS_CONFIG(w.config),
                                      { "--provider ID", w.provider != NULL },
                                      { "children.csv (the file)", words > 0 },
                                      { 0 } };
    if (!cli_needs(argv[0], needs))
        return CLI_USAGE;
    struct arena *a = arena_new_secret(); /* the file holds identity codes */
    int status = run(a, argv[0], &w);
    arena_free(a);
    return status;
}
