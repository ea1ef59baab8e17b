/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione restore -c FILE [BACKUP --identity KEY.pem | --anew PART]: a backup is put back; what it put back by other
 * means, or could not, is said to the node. */
#include "base/seals.h"
#include "certs/signer.h"
#include "gateway/cli/args.h"
#include "gateway/cli/backup.h"
#include "gateway/cli/cli.h"
#include "gateway/process/state.h"
#include "gateway/process/supervisor.h"
#include "registry/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int help(void)
{
    (void)puts(
        "usage: digione restore -c FILE BACKUP --identity KEY.pem [--sha256 SUM]\n"
        "       digione restore -c FILE [--anew root-secret|keys|registry]\n\n"
        "With BACKUP, a file of `digione backup`: puts a node back where nothing is yet (state_dir, keys_dir and\n"
        "root_secret_file are missing or empty).  Every byte is proven before the first file has its name; after a\n"
        "failure nothing of it is there.  Sessions are over, everybody's identifiers at services are as before.\n\n"
        "  --identity KEY.pem  the private half of the key that it was made for, without a passphrase\n"
        "  --sha256 SUM        what `digione backup` said: that it is this backup, and not another one for that key\n\n"
        "Without it, after files of a backup were put back: ends every session, whoever it belongs to, so that none "
        "that was\n"
        "ended since the backup lives again; people sign in anew.  The gateway may run.\n\n"
        "  --anew PART   there is no backup of it either: make a new one beside what depends on the old one, which\n"
        "                `digione serve` refuses to do by itself.  The gateway must not run.\n"
        "                root-secret  the one in root_secret_file, or a new one, is this node's from now on: "
        "everybody\n"
        "                             is somebody new at every service, and sealed secrets must be imported again\n"
        "                keys         new private keys; services and cities must learn them, and heads of the audit\n"
        "                             log that the old ones signed can no longer be verified here\n"
        "                registry     an empty one\n\n"
        "exit status: 0 done, 1 the backup, the key or the settings do not hold, 2 usage, 3 it could not be done");
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

/* ── a backup ───────────────────────────────────────────────────────────── */

struct words {
    const char *config, *part, *backup, *identity, *sum;
};

static int put_back(const char *word, const struct settings *set, struct arena *a, const struct words *w)
{
    struct backup_done done;
    struct str identity;
    struct fail f = { 0 };
    char day[32] = "";

    /* Both are read as whoever asks: the node's user need not see them. */
    if (!args_file(a, w->identity, BACKUP_KEY_MAX_B, &identity))
        return cli_complain(CLI_USAGE, word, "%s: %s", w->identity, strerror(errno));
    int fd = open(w->backup, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cli_complain(CLI_USAGE, word, "%s: %s", w->backup, strerror(errno));
    bool good = supervisor_take(set, a, &f) &&
                backup_read(set, a, identity, w->sum != NULL ? str_of(w->sum) : (struct str){ NULL, 0 }, fd, &done, &f);
    (void)close(fd);
    if (!good)
        return cli_complain(f.kind == FAIL_CALLER ? CLI_REFUSED : CLI_BROKEN, word, "%s: %s",
                            strcmp(f.code, "not_empty") == 0 ? "nothing was done" : w->backup, f.detail);
    const time_t at = (time_t)done.made_at_s;
    struct tm utc;
    if (gmtime_r(&at, &utc) != NULL)
        (void)strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%SZ", &utc);
    (void)printf("done: %" PRIu64 " files, %" PRIu64 " bytes, of %s; every session of before is over\n", done.files,
                 done.bytes, day);
    (void)printf("sha256 %.*s\n", STR_ARG(done.digest));
    return CLI_OK;
}

static bool is_part(const char *word)
{
    return strcmp(word, "root-secret") == 0 || strcmp(word, "keys") == 0 || strcmp(word, "registry") == 0;
}

static int run(const char *word, const struct settings *set, struct arena *a, const struct words *w)
{
    struct fail f = { 0 };

    if (w->backup != NULL)
        return put_back(word, set, a, w);
    bool done = w->part != NULL ? make_anew(set, w->part, a, &f)
                                : supervisor_enter(set, a, &f) && end_sessions(set, DB_WRITE, &f);
    return done ? CLI_OK : cli_complain(CLI_BROKEN, word, "%s", f.detail);
}

static bool go_together(const char *word, const struct words *w)
{
    if (w->part != NULL && !is_part(w->part))
        return cli_complain(false, word, "--anew %s: expected root-secret, keys or registry", w->part);
    if (w->part != NULL && w->backup != NULL)
        return cli_complain(false, word, "--anew is for what no backup has");
    if (w->backup == NULL && (w->identity != NULL || w->sum != NULL))
        return cli_complain(false, word, "missing: BACKUP, a file of digione backup");
    return w->backup == NULL || w->identity != NULL ||
           cli_complain(false, word, "missing: --identity KEY.pem, the private key that the backup was made for");
}

int cli_restore(int argc, char **argv)
{
    struct words w = { 0 };
    const struct cli_option options[] = { { "-c", &w.config, NULL },    { "--config", &w.config, NULL },
                                          { "--anew", &w.part, NULL },  { "--identity", &w.identity, NULL },
                                          { "--sha256", &w.sum, NULL }, { NULL, NULL, NULL } };
    struct settings set;
    size_t words;

    if (cli_wants_help(argc, argv))
        return help();
    if (!cli_options(argc, argv, options, &w.backup, 1, &words) ||
        !cli_needs(argv[0], (const struct cli_need[]){ CLI_NEEDS_CONFIG(w.config), { 0 } }) ||
        !go_together(argv[0], &w))
        return CLI_USAGE;
    struct arena *a = arena_new_secret();
    int status = cli_settings(argv[0], w.config, a, &set) ? run(argv[0], &set, a, &w) : CLI_REFUSED;
    arena_free(a);
    return status;
}
