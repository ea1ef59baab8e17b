/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione refresh IDP -c FILE: an identity provider has changed its keys or addresses; running nodes fetch them now. */
#include "gateway/cli/cli.h"

#include "registry/registry.h"

#include <stdio.h>

static int help(void)
{
    (void)puts(
        "usage: digione refresh IDP -c FILE\n\n"
        "Makes every running node fetch what the identity provider IDP (its id in the registry) publishes: SAML\n"
        "metadata, or discovery document and keys.  They do within a second, and write a line `upstream.refreshed`\n"
        "for each document: what came of it, and how old the copy was.  A copy that cannot be renewed stays.\n"
        "Exit status: 0 asked; 1 there is nothing to fetch, or no such identity provider.");
    return CLI_OK;
}

/* The ids that there are, as many as a line takes. */
static struct str known_ids(struct arena *a, const struct registry_parts *p)
{
    struct buf b = buf_new(a, 4096);
    size_t shown = 0;

    for (size_t i = 0; i < p->idp_count && shown < 20; i++)
        if (p->idps[i].kind != IDP_LOCAL)
            buf_printf(&b, "%s%.*s", shown++ > 0 ? ", " : "", STR_ARG(p->idps[i].id));
    if (p->idp_count > 20)
        buf_add(&b, S(", …"));
    return buf_str(&b);
}

/* NULL: there is something to fetch. */
static const char *trouble(const struct idp *idp)
{
    if (idp->kind == IDP_LOCAL)
        return "is of kind local: its accounts stand in the registry, and nothing is fetched";
    if (!idp->enabled)
        return "is switched off (enabled: false)";
    if (idp->kind == IDP_SAML && str_is_set(idp->metadata_xml))
        return "has its metadata in the registry (metadata_xml): import the new text, which takes effect at once";
    return NULL;
}

static int ask(struct db *d, struct arena *a, const char *id)
{
    struct fail f = { 0 };
    struct registry *r = registry_load(d, &f);

    if (r == NULL)
        return cli_complain(CLI_BROKEN, "refresh", "%s", f.detail);
    const struct idp *idp = registry_idp(r, str_of(id));
    const char *why = idp != NULL ? trouble(idp) : NULL;
    int status = CLI_OK;
    if (idp == NULL)
        status = cli_complain(CLI_REFUSED, "refresh", "there is no identity provider \"%s\"; known: %.*s", id,
                              STR_ARG(known_ids(a, registry_parts(r))));
    else if (why != NULL)
        status = cli_complain(CLI_REFUSED, "refresh", "%s %s", id, why);
    else if (!registry_refresh(d, REFRESH_IDP, str_of(id), &f))
        status = cli_complain(CLI_BROKEN, "refresh", "%s", f.detail);
    registry_drop(r);
    return status;
}

static int run(struct arena *a, int argc, char **argv)
{
    const char *path = NULL, *id = NULL;
    const struct cli_option options[] = { { "-c", &path, NULL }, { "--config", &path, NULL }, { NULL, NULL, NULL } };
    struct settings set;
    struct fail f = { 0 };
    size_t words;

    if (!cli_options(argc, argv, options, &id, 1, &words))
        return CLI_USAGE;
    const struct cli_need needs[] = { { "IDP (its id in the registry)", words == 1 }, CLI_NEEDS_CONFIG(path), { 0 } };
    if (!cli_needs(argv[0], needs))
        return CLI_USAGE;
    if (!cli_settings(argv[0], path, a, &set))
        return CLI_REFUSED;
    if (!cli_become(argv[0], &set, a))
        return CLI_BROKEN;
    struct db *d = registry_db_open(&set, DB_WRITE, &f);
    if (d == NULL)
        return cli_complain(CLI_BROKEN, argv[0], "%s", f.detail);
    int status = ask(d, a, id);
    db_close(d);
    if (status == CLI_OK)
        (void)printf("asked: running nodes fetch what %s publishes now; their log says upstream.refreshed\n", id);
    return status;
}

int cli_refresh(int argc, char **argv)
{
    if (cli_wants_help(argc, argv))
        return help();
    struct arena *a = arena_new();
    int status = run(a, argc, argv);
    arena_free(a);
    return status;
}
