/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/addresses.h"

#include "idp-adapters/adapter.h"
#include "idp-adapters/upstream_saml.h"

struct str oidc_redirect_uri(struct arena *a, const struct settings *set, const struct idp *idp)
{
    return arena_printf(a, "%.*s/upstream/oidc/%.*s", STR_ARG(set->public_url), STR_ARG(idp->id));
}

struct str oidc_post_logout_redirect_uri(struct arena *a, const struct settings *set)
{
    return arena_join(a, set->public_url, S(ADAPTER_LEFT_PATH));
}

static size_t oidc_addresses(struct arena *a, const struct settings *set, const struct idp *idp,
                             struct own_address *out)
{
    size_t n = 0;

    out[n++] = (struct own_address){ "redirect URI", oidc_redirect_uri(a, set, idp) };
    out[n++] = (struct own_address){ "post-logout redirect URI", oidc_post_logout_redirect_uri(a, set) };
    out[n++] =
        (struct own_address){ "back-channel logout URI", arena_printf(a, "%.*s/upstream/logout/%.*s",
                                                                      STR_ARG(set->public_url), STR_ARG(idp->id)) };
    if (str_eq(idp->auth_method, S("private_key_jwt")))
        out[n++] = (struct own_address){ "our keys (JWKS)", arena_join(a, set->public_url, S("/upstream/jwks")) };
    return n;
}

/* A city whose row keeps our encryption key from it reads metadata of its own. */
static size_t saml_addresses(struct arena *a, const struct settings *set, const struct idp *idp,
                             struct own_address *out)
{
    if (!idp->share_encryption_key) {
        out[0] = (struct own_address){ "entityID", saml_sp_entity_id(a, set) };
        out[1] = (struct own_address){ "metadata", saml_sp_metadata_of(a, set, idp) };
        out[2] = (struct own_address){ "assertion consumer (POST)", saml_sp_acs(a, set) };
        out[3] = (struct own_address){ "single logout", saml_sp_logout(a, set) };
        return 4;
    }
    out[0] = (struct own_address){ "entityID, metadata", saml_sp_entity_id(a, set) };
    out[1] = (struct own_address){ "assertion consumer (POST)", saml_sp_acs(a, set) };
    out[2] = (struct own_address){ "single logout", saml_sp_logout(a, set) };
    return 3;
}

size_t idp_addresses(struct arena *a, const struct settings *set, const struct idp *idp,
                     struct own_address out[ADDRESSES_MAX])
{
    return idp->kind == IDP_OIDC   ? oidc_addresses(a, set, idp, out)
           : idp->kind == IDP_SAML ? saml_addresses(a, set, idp, out)
                                   : 0;
}
