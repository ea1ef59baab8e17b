/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione keys list|create -c FILE */
#include "alarms/alarms.h"
#include "base/world.h"
#include "certs/signer.h"
#include "gateway/cli/args.h"
#include "gateway/cli/cli.h"
#include "gateway/process/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LEAD_S = 86400, LEAD_MAX_S = 90 * 86400 };

static int help(void)
{
    (void)puts(
        "usage: digione keys list -c FILE\n"
        "       digione keys create -c FILE [--use USE --alg ALG [--after SECONDS]]\n\n"
        "list prints every key of the node with its use, algorithm and schedule; then who still encrypts to an older "
        "key\n"
        "of ours, and which services still prove themselves by the older of two secrets, within the last half year.\n"
        "create makes the keys that are missing; with --use and --alg, one more: it is published as next at once,\n"
        "becomes current after SECONDS (86400: a day, for caches of those who verify), and the one before retires "
        "then.\n"
        "USE: oidc (ES256, RS256, PS256, EdDSA), client, saml (ES256, RS256), decrypt (RS256), audit (ES256).  A "
        "gateway that runs serves new keys within a\n"
        "second, without a failed request.");
    return CLI_OK;
}

static const char *stamp(struct arena *a, int64_t at_s)
{
    char text[32];
    time_t at = (time_t)at_s;
    struct tm tm;

    if (at_s == 0)
        return "-";
    (void)gmtime_r(&at, &tm);
    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return arena_cstr(a, str_of(text));
}

static int list(struct arena *a, const struct settings *set)
{
    struct fail f = { 0 };
    const struct keyset *keys = signer_keys_list(set, a, &f);
    int64_t now_s = world_now_s(&world_real);
    size_t n;

    if (keys == NULL && !signer_keys_stamp(set, &(struct keys_stamp){ 0 }))
        return cli_complain(
            CLI_BROKEN, "keys",
            "no keys that this user can see in %.*s; the first start makes them, and so does keys create",
            STR_ARG(set->keys_dir));
    if (keys == NULL)
        return cli_complain(CLI_BROKEN, "keys", "%s", f.detail);
    (void)printf("%-8s %-6s %-8s %-21s %-21s %-21s %s\n", "use", "alg", "state", "current", "retired", "gone", "kid");
    for (const struct public_key *k = keyset_keys(keys, &n), *end = k + n; k < end; k++)
        (void)printf("%-8s %-6s %-8s %-21s %-21s %-21s %.*s\n", key_use_name(k->use), jose_alg_name(k->alg),
                     key_state_name(key_state_at(k, now_s)), stamp(a, k->current_s), stamp(a, k->retired_s),
                     stamp(a, k->gone_s), STR_ARG(k->kid));
    return CLI_OK;
}

/* What is known of who uses what is older: no more than what came from them (docs/decisions.md). */
static const struct {
    enum alarm_code code;
    const char *who, *what;
} older[] = { { ALARM_idp_older_key, "idp", "encrypts to an older key" },
              { ALARM_service_older_key, "service", "encrypts to an older key" },
              { ALARM_service_older_certificate, "service", "signs with an older certificate" },
              { ALARM_service_older_secret, "service", "proves itself by the older secret" } };

static void print_older(struct arena *a, const struct alarms_found *found)
{
    for (size_t i = 0; i < found->n; i++)
        for (size_t k = 0; k < sizeof older / sizeof *older; k++)
            if (found->at[i].code == older[k].code)
                (void)printf("%-8s %-20.*s %-34s since %s, %s %s\n", older[k].who, STR_ARG(found->at[i].subject),
                             older[k].what, stamp(a, found->at[i].first_s), found->at[i].over ? "until" : "still at",
                             stamp(a, found->at[i].last_s));
}

static int list_older(struct arena *a, const struct settings *set)
{
    struct fail f = { 0 };
    int64_t now_s = world_now_s(&world_real);

    struct stat st;
    const char *path = arena_cstr(a, arena_join(a, set->state_dir, S("/registry/alarms.sqlite")));

    if (stat(path, &st) != 0 || access(path, R_OK | W_OK) != 0)
        return CLI_OK; /* nobody has served yet, or it is not this user's to read */
    if (st.st_uid != geteuid() && !cli_become("keys", set, a))
        return CLI_BROKEN;
    struct alarms *s = alarms_new(set);
    bool good = alarms_write(s, now_s, &f); /* reads what the gateway has written */
    const struct alarms_found found = alarms_read(s, a, &area_nation, now_s);
    if (good)
        print_older(a, &found);
    alarms_free(s);
    return good ? CLI_OK : cli_complain(CLI_BROKEN, "keys", "%s", f.detail);
}

static const struct {
    unsigned algs; /* JOSE_BIT()s */
    const char *words;
} pairs[KEY_USE_COUNT] = { [KEY_OIDC] = { JOSE_EVERY, "ES256, RS256, PS256 or EdDSA" },
                           [KEY_SAML] = { JOSE_BOTH, "ES256 or RS256" },
                           [KEY_CLIENT] = { JOSE_BOTH, "ES256 or RS256" },
                           [KEY_DECRYPT] = { JOSE_BIT(JOSE_RS256), "RS256" },
                           [KEY_AUDIT] = { JOSE_BIT(JOSE_ES256), "ES256" },
                           [KEY_GATE] = { JOSE_BIT(JOSE_RS256), "RS256" } };

static bool is_pair(enum key_use use, enum jose_alg alg)
{
    return alg != JOSE_NONE && (pairs[use].algs & JOSE_BIT(alg)) != 0;
}

struct key_words {
    const char *use, *alg, *after; /* as they were given; NULL: not */
    enum key_use of;
    enum jose_alg with;
    int64_t after_s;
};

/* CLI_OK: they make sense. */
static int understand(struct key_words *k)
{
    static const char *const uses[] = { "oidc", "saml", "client", "decrypt", "audit", "gate", NULL };
    static const char *const algs[] = { "ES256", "RS256", "PS256", "EdDSA", NULL };

    k->of = key_use_named(str_of(k->use));
    k->with = jose_alg_named(str_of(k->alg));
    k->after_s = LEAD_S;
    if (k->use != NULL && k->of == KEY_NONE)
        return cli_unknown("keys create", "--use", k->use, uses);
    if (k->alg != NULL && k->with == JOSE_NONE)
        return cli_unknown("keys create", "--alg", k->alg, algs);
    if (k->use != NULL && !is_pair(k->of, k->with))
        return cli_complain(CLI_USAGE, "keys create", "keys of --use %s are %s", k->use, pairs[k->of].words);
    if (k->after != NULL && (k->use == NULL || !args_number(k->after, 0, LEAD_MAX_S, &k->after_s)))
        return cli_complain(CLI_USAGE, "keys create", "--after: expected seconds from 0 to %d, beside --use",
                            LEAD_MAX_S);
    return CLI_OK;
}

static int create(struct arena *a, const struct settings *set, const struct key_words *k)
{
    struct fail f = { 0 };

    if (!state_keys(set, a, &f) || !signer_keys_prepare(set, &world_real, &f))
        return cli_complain(CLI_BROKEN, "keys", "%s", f.detail);
    if (k->use != NULL && !signer_keys_add(set, &world_real, k->of, k->with, k->after_s, &f))
        return cli_complain(CLI_BROKEN, "keys", "%s", f.detail);
    return CLI_OK;
}

static int run(struct arena *a, int argc, char **argv)
{
    const char *path = NULL, *verb = NULL;
    struct key_words k = { 0 };
    const struct cli_option options[] = { { "-c", &path, NULL },         { "--config", &path, NULL },
                                          { "--use", &k.use, NULL },     { "--alg", &k.alg, NULL },
                                          { "--after", &k.after, NULL }, { NULL, NULL, NULL } };
    struct settings set;
    size_t words;

    if (!cli_options(argc, argv, options, &verb, 1, &words))
        return CLI_USAGE;
    bool lists = words == 1 && strcmp(verb, "list") == 0, creates = words == 1 && strcmp(verb, "create") == 0;
    static const char *const verbs[] = { "list", "create", NULL };
    if (!lists && !creates)
        return cli_unknown(argv[0], "word", verb, verbs);
    if (lists && (k.use != NULL || k.alg != NULL || k.after != NULL))
        return cli_complain(CLI_USAGE, argv[0], "--use, --alg and --after belong to create");
    const struct cli_need needs[] = { CLI_NEEDS_CONFIG(path),
                                      { "--use USE (beside --alg)", k.use != NULL || k.alg == NULL },
                                      { "--alg ALG (beside --use)", k.alg != NULL || k.use == NULL },
                                      { 0 } };
    if (!cli_needs(argv[0], needs) || (creates && understand(&k) != CLI_OK))
        return CLI_USAGE;
    if (!cli_settings(argv[0], path, a, &set))
        return CLI_REFUSED;
    if (creates && !cli_become(argv[0], &set, a))
        return CLI_BROKEN;
    int status = creates ? create(a, &set, &k) : CLI_OK;
    status = status == CLI_OK ? list(a, &set) : status;
    return status == CLI_OK ? list_older(a, &set) : status;
}

int cli_keys(int argc, char **argv)
{
    if (cli_wants_help(argc, argv))
        return help();
    struct arena *a = arena_new();
    int status = run(a, argc, argv);
    arena_free(a);
    return status;
}
