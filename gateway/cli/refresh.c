/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione refresh ID -c FILE: an identity provider, a service of SAML or a source of metadata has changed what it
 * publishes; running nodes fetch it now. */
#include "gateway/cli/cli.h"

#include "registry/registry.h"

#include <stdio.h>

static int help(void)
{
    (void)puts(
        "usage: digione refresh ID -c FILE\n\n"
        "Makes every running node fetch what an identity provider, a service of SAML or a source of metadata (ID: its\n"
        "id in the registry; idp:ID, service:ID, source:ID where more than one has it) publishes: SAML metadata, or\n"
        "discovery document and keys.  They do within a second, and write a line `upstream.refreshed` for each "
        "document\n"
        "(`source.read` for an aggregate): what came of it, and how old the copy was.  A copy that cannot be renewed\n"
        "stays.\n"
        "Exit status: 0 asked; 1 there is nothing to fetch, or none of that id.");
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

static const char *service_trouble(const struct service *s)
{
    if (s->protocol != PROTO_SAML)
        return "is no service of SAML: nothing of it is fetched";
    if (!s->enabled)
        return "is switched off (enabled: false)";
    if (str_is_set(s->saml.metadata_xml))
        return "has its metadata in the registry (metadata_xml): import the new text, which takes effect at once";
    if (s->saml.source != NULL && s->saml.source->kind == SOURCE_AGGREGATE)
        return "has its metadata from an aggregate: refresh the source that metadata_from names";
    return NULL;
}

struct found {
    enum refresh_of of;
    const char *why; /* nothing can be fetched; NULL: it can */
    struct str id;
    int n; /* rows of that id */
};

static bool asks_for(struct str id, const char *what, struct str *rest)
{
    size_t colon = str_find_byte(id, ':', 0);
    bool said = colon < id.n;

    *rest = said ? str_from(id, colon + 1) : id;
    return !said || str_eq(str_sub(id, 0, colon), str_of(what));
}

static void take(struct found *x, enum refresh_of of, struct str id, const char *why)
{
    *x = (struct found){ of, why, id, x->n + 1 };
}

static struct found find_row(const struct registry *r, struct str id)
{
    struct found x = { .n = 0 };
    struct str rest;
    const struct idp *idp = asks_for(id, "idp", &rest) ? registry_idp(r, rest) : NULL;
    const struct service *s = asks_for(id, "service", &rest) ? registry_service(r, rest) : NULL;
    const struct metadata_source *source = asks_for(id, "source", &rest) ? registry_source(r, rest) : NULL;

    if (source != NULL)
        take(&x, REFRESH_SOURCE, source->id,
             !source->enabled             ? "is switched off (enabled: false)"
             : source->kind == SOURCE_MDQ ? "is asked for one service at a time: refresh that service"
                                          : NULL);
    if (s != NULL)
        take(&x, REFRESH_SERVICE, s->id, service_trouble(s));
    if (idp != NULL)
        take(&x, REFRESH_IDP, idp->id, trouble(idp));
    return x;
}

static int ask(struct db *d, struct arena *a, const char *id)
{
    struct fail f = { 0 };
    struct registry *r = registry_load(d, &f);

    if (r == NULL)
        return cli_complain(CLI_BROKEN, "refresh", "%s", f.detail);
    const struct found x = find_row(r, str_of(id));
    int status = CLI_OK;
    if (x.n == 0)
        status = cli_complain(CLI_REFUSED, "refresh",
                              "there is no identity provider, service or source of metadata \"%s\"; known identity "
                              "providers: %.*s",
                              id, STR_ARG(known_ids(a, registry_parts(r))));
    else if (x.n > 1)
        status = cli_complain(CLI_REFUSED, "refresh",
                              "\"%s\" is the id of more than one: say idp:%s, service:%s or "
                              "source:%s",
                              id, id, id, id);
    else if (x.why != NULL)
        status = cli_complain(CLI_REFUSED, "refresh", "%s %s", id, x.why);
    else if (!registry_refresh(d, x.of, x.id, &f))
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
    const struct cli_need needs[] = { { "ID (of a row of the registry)", words == 1 }, CLI_NEEDS_CONFIG(path), { 0 } };
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
        (void)printf(
            "asked: running nodes fetch what %s publishes now; their log says upstream.refreshed, or source.read\n",
            id);
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
