/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione audit verify */
#include "audit/heads.h"
#include "audit/proof.h"
#include "certs/signer.h"
#include "gateway/cli/cli.h"
#include "wire/json.h"
#include "wire/yaml.h"

#include <stdio.h>
#include <string.h>

static int help(void)
{
    (void)puts(
        "usage: digione audit verify -c FILE\n"
        "       digione audit verify [--jwks KEYS.json] [--unsigned] DIR [DIR ...]\n"
        "       digione audit prove [-c FILE | DIR] NUMBER          that this record is in the log, as JSON\n"
        "       digione audit verify [-c FILE | --jwks KEYS.json] --proof PROOF.json\n"
        "       digione audit keys -c FILE                          the public keys of the log\n\n"
        "Reads the audit log without a gateway: every line must carry the hash of the line before, the log must\n"
        "agree with every signed head, and a signed head must vouch for it to the end, but for the last minutes.\n"
        "Prints one line of JSON for each log; where something does not hold, it names the first such record.\n"
        "Of several nodes' logs, verified together, no two may begin with the same record.\n\n"
        "  -c FILE           the node's log, and its audit keys\n"
        "  --jwks KEYS.json  public keys that heads must be signed with; without -c and --jwks, those of the\n"
        "                    folder keys beside DIR, where there is one\n"
        "  --unsigned        be content with a chain that no signed head vouches for, or with heads that there\n"
        "                    are no keys for: whoever can write the log can make such a one\n\n"
        "errors: changed, missing, order, truncated, head, unsigned, malformed, twice, unreadable (docs/audit.md)\n"
        "exit status: 0 the logs hold, 1 one does not, 2 usage, 3 one cannot be read");
    return CLI_OK;
}

enum { LOGS_MAX = 256 }; /* of one command: as many nodes */

struct audit_words {
    const char *config, *keys, *dir, *proof;
    const char *const *dirs; /* of verify: one, or those of several nodes */
    size_t dir_count;
    bool is_unsigned; /* is enough */
};

static bool verify_head(void *keys, uint64_t number, struct str head, struct str signature)
{
    return audit_head_holds(keys, number, head, signature);
}

/* A log in its place has the node's keys beside it: state_dir/audit, state_dir/keys. */
static const struct jwks *keys_beside(struct arena *a, const char *dir)
{
    struct settings set = { .keys_dir = arena_printf(a, "%s/../keys", dir) };
    struct fail f = { 0 };
    struct keys_stamp stamp;
    const struct keyset *all = signer_keys_stamp(&set, &stamp) ? signer_keys_list(&set, a, &f) : NULL;

    return all != NULL ? keyset_audit(all) : NULL;
}

/* NULL in *keys: there are none. */
static bool find_keys(const char *word, const struct audit_words *w, struct arena *a, const char **dir,
                      const struct jwks **keys)
{
    struct settings set;
    struct fail f = { 0 };
    struct str text;

    if (w->keys != NULL)
        return (yaml_file_text(a, w->keys, &text, &f) && (*keys = jwks_read(a, text, &f)) != NULL) ||
               cli_complain(false, word, "%s", f.detail);
    if (w->config == NULL) {
        *keys = keys_beside(a, *dir);
        return true;
    }
    if (!cli_settings(word, w->config, a, &set))
        return false;
    const struct keyset *all = signer_keys_list(&set, a, &f);
    if (all == NULL && !w->is_unsigned)
        return cli_complain(false, word, "%s", f.detail);
    *keys = all != NULL ? keyset_audit(all) : NULL;
    if (*dir == NULL)
        *dir = arena_cstr(a, arena_join(a, set.state_dir, S("/audit")));
    return true;
}

static void print_report(struct arena *a, const char *dir, const struct audit_report *r)
{
    struct json_out o = json_out(a, 4096);

    json_begin_object(&o);
    json_put_str(&o, S("dir"), str_of(dir));
    json_put_bool(&o, S("ok"), r->error == NULL);
    json_put_str(&o, S("error"), str_of(r->error));
    json_put_str(&o, S("where"), r->where);
    json_put_int(&o, S("records"), (int64_t)r->records);
    json_put_int(&o, S("segments"), (int64_t)r->segments);
    json_put_int(&o, S("heads"), (int64_t)r->heads);
    json_put_int(&o, S("vouched"), (int64_t)r->vouched);
    json_put_str(&o, S("head"), r->head);
    json_end_object(&o);
    (void)printf("%.*s\n", STR_ARG(json_done(&o)));
}

static bool verify_log(const char *dir, const struct jwks *keys, const struct audit_words *w, struct arena *a,
                       struct audit_report *report)
{
    struct audit_check check = { .verify_head = verify_head,
                                 .self = (void *)(uintptr_t)keys,
                                 .may_be_unsigned = w->is_unsigned };

    if (!audit_verify(dir, a, keys != NULL ? &check : NULL, report))
        return false;
    if (keys != NULL || w->is_unsigned)
        return true;
    report->error = "unsigned";
    report->where = S("the chain agrees with itself, and there are no keys to verify signed heads with: -c FILE or "
                      "--jwks KEYS.json; --unsigned is content with that");
    return false;
}

/* The log before it that begins with the same record, NULL: none does.  A node whose log is a copy of another's has
 * none of its own: by itself each of the two holds. */
static const char *copied_from(const struct audit_words *w, const struct audit_report *reports, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (str_is_set(reports[at].first) && str_eq(reports[i].first, reports[at].first))
            return w->dirs[i];
    return NULL;
}

static int verify(const char *word, const struct audit_words *w, struct arena *a)
{
    size_t n = w->dir_count > 0 ? w->dir_count : 1;
    struct audit_report *reports = arena_make_n(a, n, struct audit_report);
    int worst = CLI_OK;

    for (size_t i = 0; i < n; i++) {
        const struct jwks *keys = NULL;
        const char *dir = w->dir_count > 0 ? w->dirs[i] : NULL;
        if (!find_keys(word, w, a, &dir, &keys))
            return CLI_BROKEN;
        bool good = verify_log(dir, keys, w, a, &reports[i]);
        const char *of = copied_from(w, reports, i);
        if (good && of != NULL) {
            good = false;
            reports[i].error = "twice";
            reports[i].where = arena_printf(a,
                                            "it begins with the same record as %s: it is a copy, or an older copy, of "
                                            "that log, and the one that should stand here is missing",
                                            of);
        }
        print_report(a, dir, &reports[i]);
        int status = good ? CLI_OK : strcmp(reports[i].error, "unreadable") == 0 ? CLI_BROKEN : CLI_REFUSED;
        worst = status > worst ? status : worst;
    }
    return worst;
}

static int say_wrong(struct arena *a, const struct fail *f)
{
    struct json_out o = json_out(a, 4096);

    json_begin_object(&o);
    json_put_bool(&o, S("ok"), false);
    json_put_str(&o, S("error"), str_of(f->code));
    json_put_str(&o, S("where"), str_of(f->detail));
    json_end_object(&o);
    (void)printf("%.*s\n", STR_ARG(json_done(&o)));
    return f->kind == FAIL_CALLER ? CLI_REFUSED : CLI_BROKEN;
}

static int verify_proof(const char *word, const struct audit_words *w, struct arena *a)
{
    const struct jwks *keys = NULL;
    const char *dir = w->dir;
    struct str text, line;
    struct fail f = { 0 };

    if (!find_keys(word, w, a, &dir, &keys))
        return CLI_BROKEN;
    if (keys == NULL)
        return cli_complain(CLI_BROKEN, word,
                            "there are no keys to verify its signed head with: -c FILE or --jwks KEYS.json");
    if (!yaml_file_text(a, w->proof, &text, &f))
        return cli_complain(CLI_BROKEN, word, "%s", f.detail);
    const struct audit_check check = { .verify_head = verify_head, .self = (void *)(uintptr_t)keys };
    if (!audit_proof_holds(a, text, &check, &line, &f))
        return say_wrong(a, &f);
    (void)printf("%.*s\n", STR_ARG(line));
    return CLI_OK;
}

static int prove(const char *word, const struct audit_words *w, struct arena *a, const char *typed)
{
    struct settings set;
    const char *dir = w->dir;
    struct fail f = { 0 };
    int64_t number;

    if (w->config != NULL && !cli_settings(word, w->config, a, &set))
        return CLI_BROKEN;
    if (w->config != NULL)
        dir = arena_cstr(a, arena_join(a, set.state_dir, S("/audit")));
    if (!str_int(str_of(typed), &number) || number < 1)
        return cli_complain(CLI_USAGE, word, "\"%s\" is no number of a record", typed);
    struct str proof = audit_prove(dir, a, (uint64_t)number, &f);
    if (!str_is_set(proof))
        return say_wrong(a, &f);
    (void)printf("%.*s\n", STR_ARG(proof));
    return CLI_OK;
}

static int show_keys(const char *word, const struct audit_words *w, struct arena *a)
{
    struct settings set;
    struct fail f = { 0 };

    if (w->config == NULL)
        return cli_complain(CLI_USAGE, word, "-c FILE is needed: whose keys");
    if (!cli_settings(word, w->config, a, &set))
        return CLI_BROKEN;
    const struct keyset *all = signer_keys_list(&set, a, &f);
    if (all == NULL)
        return cli_complain(CLI_BROKEN, word, "%s", f.detail);
    (void)printf("%.*s\n", STR_ARG(keyset_audit_jwks(all)));
    return CLI_OK;
}

int cli_audit(int argc, char **argv)
{
    struct audit_words w = { 0 };
    const struct cli_option options[] = {
        { "-c", &w.config, NULL },     { "--config", &w.config, NULL },
        { "--jwks", &w.keys, NULL },   { "--unsigned", NULL, &w.is_unsigned },
        { "--proof", &w.proof, NULL }, { NULL, NULL, NULL },
    };
    const char *words[1 + LOGS_MAX] = { NULL };
    size_t n;

    if (cli_wants_help(argc, argv))
        return help();
    if (!cli_options(argc, argv, options, words, sizeof words / sizeof *words, &n))
        return CLI_USAGE;
    static const char *const verbs[] = { "verify", "prove", "keys", NULL };
    bool proves = n > 0 && strcmp(words[0], "prove") == 0, keys = n > 0 && strcmp(words[0], "keys") == 0;
    if (n == 0 || (strcmp(words[0], "verify") != 0 && !proves && !keys))
        return cli_unknown(argv[0], "word", words[0], verbs);
    w.dir = proves && w.config != NULL ? NULL : words[1];
    w.dirs = words + 1;
    w.dir_count = n - 1;
    const char *number = proves ? words[w.config != NULL ? 1 : 2] : NULL;
    const struct cli_need needs[] = { { "-c FILE, or the folder of a log",
                                        w.dir != NULL || w.config != NULL || (w.proof != NULL && w.keys != NULL) },
                                      { "the number of a record", !proves || number != NULL },
                                      { 0 } };
    if (!cli_needs(proves ? "audit prove" : keys ? "audit keys" : "audit verify", needs))
        return CLI_USAGE;
    size_t most = keys || w.proof != NULL ? 1 : !proves ? n : w.config != NULL ? 2 : 3;
    if (n > most)
        return cli_complain(CLI_USAGE, argv[0], "\"%s\" is too much: --help says what is expected", words[most]);
    struct arena *a = arena_new();
    int status = proves            ? prove(argv[0], &w, a, number)
                 : keys            ? show_keys(argv[0], &w, a)
                 : w.proof != NULL ? verify_proof(argv[0], &w, a)
                                   : verify(argv[0], &w, a);
    arena_free(a);
    return status;
}
