/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/cli/addresses.h"

#include "idp-adapters/addresses.h"
#include "idp-adapters/upstream_saml.h"

enum { TEXT_MAX_B = 64 << 20 };

static void put_line(struct buf *b, struct str row, const char *what, struct str value)
{
    buf_printf(b, "  %-20.*s %-26s %.*s\n", STR_ARG(row), what, STR_ARG(value));
}

static void put_idp(struct buf *b, struct arena *a, const struct settings *set, const struct idp *idp)
{
    struct own_address at[ADDRESSES_MAX];
    size_t n = idp_addresses(a, set, idp, at);

    if (n > 0 && b->n == 0)
        buf_add(b, S("to register at each identity provider (docs/cities.md says where):\n"));
    for (size_t i = 0; i < n; i++)
        put_line(b, idp->id, at[i].what, at[i].url);
}

static void put_each(struct buf *b, struct str row, const char *what, const struct strs *values)
{
    for (size_t i = 0; i < values->n; i++)
        put_line(b, row, what, values->at[i]);
}

/* One issuer for all; of its row, what must stand at the service byte by byte. */
static void put_service(struct buf *b, const struct settings *set, const struct service *s, bool first)
{
    if (first) {
        buf_add(b, S("to enter at each service (docs/services.md says where):\n"));
        put_line(b, S("all"), "issuer", set->public_url);
        buf_printf(b, "  %-20s %-26s %.*s%s\n", "all", "discovery document", STR_ARG(set->public_url),
                   "/.well-known/openid-configuration");
    }
    put_line(b, s->id, "client_id", s->client_id);
    put_each(b, s->id, "redirect URI", &s->redirect_uris);
    put_each(b, s->id, "post-logout redirect URI", &s->post_logout_redirect_uris);
}

/* All that a service of SAML needs stands in one document. */
static void put_saml(struct buf *b, struct arena *a, const struct settings *set, bool first)
{
    if (first)
        put_line(b, S("all of SAML"), "metadata, entityID", saml_sp_entity_id(a, set));
}

/* What a platform is called where a tool asks for it [LTI Security Framework 5.1.1]. */
static void put_tool(struct buf *b, struct arena *a, const struct settings *set, const struct service *s, bool first)
{
    static const struct {
        const char *what, *path;
    } at[] = {
        { "issuer (platform)", "" },
        { "authentication request URL", "/lti/authorize" },
        { "access token URL", "/lti/token" },
        { "public keyset (JWKS)", "/oidc/jwks" },
        { "configuration document", "/lti/openid-configuration" },
    };

    for (size_t i = 0; i < sizeof at / sizeof *at && first; i++)
        put_line(b, S("all of LTI"), at[i].what, arena_join(a, set->public_url, str_of(at[i].path)));
    put_line(b, s->id, "client_id", s->client_id);
    put_each(b, s->id, "deployment", &s->lti.deployments);
    if (s->lti.deployments.n == 0)
        put_line(b, s->id, "deployment", s->id);
}

struct str addresses_text(struct arena *a, const struct settings *set, const struct registry *r)
{
    const struct registry_parts *p = registry_parts(r);
    struct buf b = buf_new(a, TEXT_MAX_B);
    bool first = true, saml_first = true, lti_first = true;

    for (size_t i = 0; i < p->idp_count; i++)
        put_idp(&b, a, set, &p->idps[i]);
    for (size_t i = 0; i < p->service_count; i++)
        if (p->services[i].protocol == PROTO_OIDC) {
            put_service(&b, set, &p->services[i], first);
            first = false;
        }
    for (size_t i = 0; i < p->service_count; i++)
        if (p->services[i].protocol == PROTO_SAML) {
            put_saml(&b, a, set, saml_first);
            saml_first = false;
        }
    for (size_t i = 0; i < p->service_count; i++)
        if (p->services[i].protocol == PROTO_LTI) {
            put_tool(&b, a, set, &p->services[i], lti_first);
            lti_first = false;
        }
    return buf_str(&b);
}
