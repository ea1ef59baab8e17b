/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione check -c FILE: everything that `digione serve` would refuse to start over, said at once. */
#include "gateway/cli/addresses.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/examine.h"
#include "gateway/cli/warnings.h"

#include "certs/signer.h"
#include "gateway/process/state.h"
#include "registry/own_names.h"
#include "registry/registry.h"

#include <stdio.h>
#include <unistd.h>

static int help(void)
{
    (void)puts(
        "usage: digione check -c FILE\n\n"
        "Examines what `digione serve` will need: settings, the user run_as, the address to listen on, the proxy,\n"
        "state directory, root secret, keys, registry (with local_idp), Redis, ca_file, outgoing_proxy, the mail "
        "server, and the "
        "addresses\n"
        "that pages show.  Changes nothing, prints a line for each (ok, BAD, warn: it starts, and will surprise), and "
        "exits: 0\n"
        "when all is in order, 1 when not.  As root, files and sockets are tried as run_as.\n"
        "Below stand the addresses to register at each identity provider (docs/cities.md) and at each service\n"
        "(docs/services.md).\n"
        "What a first start makes by itself (directory, root secret, keys, an empty registry) may be missing, as\n"
        "long as nothing depends on it: a root secret, keys or a registry that is missing later is lost.");
    return CLI_OK;
}

static bool exists(struct arena *a, struct str path)
{
    return access(arena_cstr(a, path), F_OK) == 0;
}

static bool examine_root_secret(struct examined *e, struct fail *f)
{
    e->found = exists(e->arena, e->set->root_secret_file) ? "there" : "not there yet; the first start makes it";
    return state_secret(e->set, e->arena, f);
}

static bool examine_keys(struct examined *e, struct fail *f)
{
    size_t n;

    if (!state_keys(e->set, e->arena, f))
        return false;
    if (!exists(e->arena, arena_join(e->arena, e->set->keys_dir, S("/keys.json")))) {
        e->found = "not there yet; the first start makes them";
        return true;
    }
    const struct keyset *keys = signer_keys_list(e->set, e->arena, f);
    if (keys == NULL)
        return false;
    (void)keyset_keys(keys, &n);
    e->found = arena_cstr(e->arena, arena_printf(e->arena, "%zu", n));
    return true;
}

/* In order, and yet to be known: a code of theirs that somebody caught is kept apart by the secret and the nonce alone
 * [RFC 9700 2.1.1]. */
static struct str without_pkce(struct arena *a, const struct registry *r)
{
    const struct registry_parts *p = registry_parts(r);
    struct buf b = buf_new(a, (size_t)1 << 24);

    for (size_t i = 0; i < p->service_count; i++)
        if (p->services[i].protocol == PROTO_OIDC && !p->services[i].pkce_required)
            buf_printf(&b,
                       "note service %.*s goes without PKCE; once it can do it, its row may say pkce_required: true\n",
                       STR_ARG(p->services[i].id));
    return buf_str(&b);
}

/* Whoever decides what a service is told reads why it asks. */
static struct str without_purpose(struct arena *a, const struct registry *r)
{
    const struct registry_parts *p = registry_parts(r);
    struct buf b = buf_new(a, (size_t)1 << 24);

    for (size_t i = 0; i < p->service_count; i++) {
        const struct service *s = &p->services[i];
        size_t n = 0;
        for (int claim = CLAIM_SUB + 1; claim < CLAIM_COUNT && !s->test; claim++)
            if (claim_in(s->asks, (enum claim)claim) && service_purpose(s, (enum claim)claim) == NULL) {
                if (n++ == 0)
                    buf_printf(&b, "note service %.*s states no purpose for ", STR_ARG(s->id));
                buf_printf(&b, "%s%s", n > 1 ? ", " : "", claim_rows[claim].word);
            }
        if (n > 0)
            buf_add(&b, S(": its row may have purposes (docs/registry.md)\n"));
    }
    return buf_str(&b);
}

static bool examine_registry(struct examined *e, struct fail *f)
{
    if (!state_registry(e->set, e->arena, f))
        return false;
    if (!exists(e->arena, arena_join(e->arena, e->set->state_dir, S("/registry/registry.sqlite")))) {
        e->found = "not there yet; `digione import` fills it";
        return e->set->local_idp.n == 0 || fail(f, FAIL_CALLER, "bad_setting",
                                                "local_idp names \"%.*s\", and there is no registry yet: `digione "
                                                "import` fills it",
                                                STR_ARG(e->set->local_idp));
    }
    struct db *d = registry_db_open(e->set, DB_COPY, f); /* as the start would bring it up to date */
    struct registry *r = d != NULL ? registry_load(d, f) : NULL;
    if (r != NULL) {
        const struct registry_parts *p = registry_parts(r);
        e->found = arena_cstr(
            e->arena, arena_printf(e->arena, "%zu providers, %zu identity providers, %zu services, %zu policies",
                                   p->provider_count, p->idp_count, p->service_count, p->policy_count));
        e->more = arena_join(e->arena, arena_join(e->arena, without_pkce(e->arena, r), without_purpose(e->arena, r)),
                             addresses_text(e->arena, e->set, r));
        e->warn = warnings_text(e->arena, r);
    }
    struct row_place where;
    bool good = r != NULL && registry_check_own_names(r, e->set->public_url, NULL, NULL, &where, f) &&
                warnings_local_idp(e->arena, e->set, r, f);
    registry_drop(r);
    db_close(d);
    return good;
}

const struct examination examinations[] = {
    { "run_as", examine_run_as, "make the user, or set run_as (docs/operating.md)" },
    { "listen", examine_listen, "set listen, or stop what has the address: ss -ltnp" },
    { "trusted_proxy", examine_trusted_proxy, "set trusted_proxy to what the proxy connects from" },
    { "state directory", examine_state_dir, "make it run_as's alone: chown -R, chmod 700" },
    { "root secret", examine_root_secret, "restore it from your backup: digione restore" },
    { "private keys", examine_keys, "restore the folder from your backup: digione restore" },
    { "registry", examine_registry, "change the row that it names, or restore a backup (docs/registry.md)" },
    { "Redis", examine_redis, "see that it runs and that the settings redis… fit it (docs/operating.md)" },
    { "ca_file", examine_ca_file, "set ca_file to authorities in PEM that run_as may read" },
    { "client_ca_file", examine_client_ca_file, "set client_ca_file to authorities in PEM that run_as may read" },
    { "outgoing_proxy", examine_outgoing_proxy, "see that the proxy lets the gateway through (docs/operating.md)" },
    { "mail server", examine_mail_server, "see that the settings smtp… fit the server" },
    { "addresses", examine_addresses, "set support, accessibility and privacy" },
};
const size_t examination_count = sizeof examinations / sizeof *examinations;

/* Each line of it: a row may have several warnings. */
static void print_warnings(const char *name, struct str lines)
{
    struct str line;

    while (str_split(&lines, '\n', &line))
        if (line.n > 0)
            (void)printf("warn %-16s %.*s\n", name, STR_ARG(line));
}

static int examine_all(const struct settings *set, struct arena *a, const char *path)
{
    struct str more = { NULL, 0 };
    int status = CLI_OK;

    (void)printf("ok   %-16s %s\n", "settings", path);
    for (size_t i = 0; i < examination_count; i++) {
        struct examined e = { .set = set, .arena = a, .found = "" };
        struct fail f = { 0 };
        bool ok = examinations[i].run(&e, &f);
        (void)printf("%s %-16s %s\n", ok ? "ok  " : "BAD ", examinations[i].name, ok ? e.found : f.detail);
        if (!ok)
            status = CLI_REFUSED;
        print_warnings(examinations[i].name, e.warn);
        more = str_is_set(e.more) ? e.more : more;
    }
    (void)printf("%.*s", STR_ARG(more));
    return status;
}

int cli_check(int argc, char **argv)
{
    const char *path = NULL;
    const struct cli_option options[] = { { "-c", &path, NULL }, { "--config", &path, NULL }, { NULL, NULL, NULL } };
    struct arena *a = arena_new_secret();
    struct settings set;
    size_t words;
    int status = CLI_USAGE;

    if (cli_wants_help(argc, argv)) {
        status = help();
    } else if (cli_options(argc, argv, options, NULL, 0, &words) &&
               cli_needs(argv[0], (const struct cli_need[]){ CLI_NEEDS_CONFIG(path), { 0 } })) {
        status = CLI_REFUSED;
        if (cli_settings(argv[0], path, a, &set))
            status = examine_all(&set, a, path);
    }
    arena_free(a);
    return status;
}
