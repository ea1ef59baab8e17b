/* SPDX-License-Identifier: EUPL-1.2
 * What a tool's row says of deployments and targets. */
#include "gateway/lti/lti.h"

#include "registry/targets.h"

const struct service *lti_tool(const struct ctx *c, struct str client_id)
{
    const struct service *s = registry_client(c->registry, client_id);

    return s != NULL && s->protocol == PROTO_LTI ? s : NULL;
}

/* ── deployments ────────────────────────────────────────────────────────── */

static struct str id_of(struct str entry)
{
    size_t equals = str_find_byte(entry, '=', 0);

    return equals < entry.n ? str_from(entry, equals + 1) : entry;
}

static bool is_for(struct str entry, struct str provider)
{
    size_t equals = str_find_byte(entry, '=', 0);

    return provider.p == NULL ? equals == entry.n : str_eq(str_sub(entry, 0, equals), provider) && equals < entry.n;
}

static struct str deployment_of(const struct service *s, struct str provider)
{
    for (size_t i = 0; i < s->lti.deployments.n; i++)
        if (is_for(s->lti.deployments.at[i], provider))
            return id_of(s->lti.deployments.at[i]);
    return (struct str){ NULL, 0 };
}

struct str lti_deployment(const struct service *s, struct str provider)
{
    struct str own = str_is_set(provider) ? deployment_of(s, provider) : (struct str){ NULL, 0 };
    struct str any = own.p != NULL ? own : deployment_of(s, (struct str){ NULL, 0 });

    return any.p != NULL ? any : s->id;
}

bool lti_deployment_known(const struct service *s, struct str id)
{
    for (size_t i = 0; i < s->lti.deployments.n; i++)
        if (str_eq(id_of(s->lti.deployments.at[i]), id))
            return true;
    return str_eq(id, lti_deployment(s, (struct str){ NULL, 0 }));
}

/* ── targets ────────────────────────────────────────────────────────────── */

struct str lti_site_of(struct str uri)
{
    size_t at = str_find(uri, S("://")), end;

    if (at == uri.n)
        return (struct str){ NULL, 0 };
    for (end = at + 3; end < uri.n && uri.p[end] != '/' && uri.p[end] != '?' && uri.p[end] != '#'; end++)
        if (uri.p[end] == '@' || uri.p[end] == '\\')
            return (struct str){ NULL, 0 };
    return str_sub(uri, 0, end);
}

static bool is_plain(struct str uri)
{
    for (size_t i = 0; i < uri.n; i++)
        if (uri.p[i] <= ' ' || uri.p[i] >= 0x7f || uri.p[i] == '\\' || uri.p[i] == '"' || uri.p[i] == '<' ||
            uri.p[i] == '>')
            return false;
    return true;
}

static bool is_at_its_site(const struct service *s, struct str site)
{
    if (str_eq(site, lti_site_of(s->target_link_uri)) || str_eq(site, lti_site_of(s->lti.deep_link_uri)))
        return true;
    for (size_t i = 0; i < s->redirect_uris.n; i++)
        if (str_eq(site, lti_site_of(s->redirect_uris.at[i])))
            return true;
    return false;
}

bool lti_target_fits(struct arena *a, const struct service *s, struct str uri)
{
    struct str site = lti_site_of(uri), read;

    if (!str_is_set(uri) || uri.n > TARGET_MAX_B || !is_plain(uri) || site.p == NULL)
        return false;
    if (str_eq(uri, s->target_link_uri) || str_eq(uri, s->lti.deep_link_uri))
        return true;
    return s->targets.n > 0 ? target_read(a, s, uri, LANG_FI, &read) && str_eq(read, uri) : is_at_its_site(s, site);
}
