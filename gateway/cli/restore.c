/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione restore -c FILE [--anew PART]: what a backup put back, or could not, is said to the node. */
#include "base/seals.h"
#include "certs/signer.h"
#include "gateway/cli/cli.h"
#include "gateway/process/state.h"
#include "gateway/process/supervisor.h"
#include "registry/registry.h"

#include <stdio.h>
#include <string.h>

static int help(void)
{
    (void)puts(
        "usage: digione restore -c FILE [--anew root-secret|keys|registry]\n\n"
        "After files of a backup were put back: ends every session, whoever it belongs to, so that none that was\n"
        "ended since the backup lives again; people sign in anew.  The gateway may run.\n\n"
        "  --anew PART   there is no backup of it either: make a new one beside what depends on the old one, which\n"
        "                `digione serve` refuses to do by itself.  The gateway must not run.\n"
        "                root-secret  the one in root_secret_file, or a new one, is this node's from now on: "
        "everybody\n"
        "                             is somebody new at every service, and sealed secrets must be imported again\n"
        "                keys         new private keys; services and cities must learn them, and heads of the audit\n"
        "                             log that the old ones signed can no longer be verified here\n"
        "                registry     an empty one\n\n"
        "exit status: 0 done, 2 usage, 3 it could not be done");
    return CLI_OK;
}

/* Sessions of before are void, wherever a copy of Redis comes from. */
static bool end_sessions(const struct settings *set, enum db_mode mode, struct fail *f)
{
    struct db *d = registry_db_open(set, mode, f);
    int64_t epoch;
    bool ended = d != NULL && registry_session_epoch_raise(d, &epoch, f);

    db_close(d);
    if (ended)
        (void)printf("done: every session of before is over (epoch %lld)\n", (long long)epoch);
    return ended;
}

static bool new_secret(const struct settings *set, struct arena *a, struct fail *f)
{
    bool good = seals_prepare(arena_cstr(a, set->root_secret_file), &world_real, f) && state_keep_secret(set, a, f);

    if (good)
        (void)printf("done: %.*s is the root secret of this node from now on\n", STR_ARG(set->root_secret_file));
    return good;
}

/* An index that names keys which are gone is kept for whoever wants to know what they were. */
static bool new_keys(const struct settings *set, struct arena *a, struct fail *f)
{
    const char *index = arena_cstr(a, arena_join(a, set->keys_dir, S("/keys.json")));
    struct fail broken = { 0 };

    if (!signer_keys_whole(set, a, &broken))
        (void)rename(index, arena_cstr(a, arena_printf(a, "%s.lost", index)));
    bool good = signer_keys_prepare(set, &world_real, f);
    if (good)
        (void)printf("done: the keys that were missing in %.*s are made; digione keys list shows them\n",
                     STR_ARG(set->keys_dir));
    return good;
}

static bool make_anew(const struct settings *set, const char *part, struct arena *a, struct fail *f)
{
    if (!supervisor_take(set, a, f))
        return false;
    if (strcmp(part, "registry") == 0)
        return end_sessions(set, DB_CREATE, f);
    return strcmp(part, "keys") == 0 ? new_keys(set, a, f) : new_secret(set, a, f);
}

static bool is_part(const char *word)
{
    return strcmp(word, "root-secret") == 0 || strcmp(word, "keys") == 0 || strcmp(word, "registry") == 0;
}

int cli_restore(int argc, char **argv)
{
    const char *path = NULL, *part = NULL;
    const struct cli_option options[] = {
        { "-c", &path, NULL }, { "--config", &path, NULL }, { "--anew", &part, NULL }, { NULL, NULL, NULL }
    };
    struct settings set;
    struct fail f = { 0 };
    size_t words;

    if (cli_wants_help(argc, argv))
        return help();
    if (!cli_options(argc, argv, options, NULL, 0, &words))
        return CLI_USAGE;
    if (!cli_needs(argv[0], (const struct cli_need[]){ CLI_NEEDS_CONFIG(path), { 0 } }))
        return CLI_USAGE;
    if (part != NULL && !is_part(part))
        return cli_complain(CLI_USAGE, argv[0], "--anew %s: expected root-secret, keys or registry", part);
    struct arena *a = arena_new_secret();
    int status = CLI_REFUSED;
    if (cli_settings(argv[0], path, a, &set)) {
        bool done = part != NULL ? make_anew(&set, part, a, &f)
                                 : supervisor_enter(&set, a, &f) && end_sessions(&set, DB_WRITE, &f);
        status = done ? CLI_OK : cli_complain(CLI_BROKEN, argv[0], "%s", f.detail);
    }
    arena_free(a);
    return status;
}
