/* SPDX-License-Identifier: EUPL-1.2
 * What the TLS proxy has seen.  [RFC 8705, RFC 9440] */
#include "gateway/oidc/oidc.h"

#include "base/settings.h"
#include "wire/cert.h"
#include "wire/http.h"

/* Without mtls_url nobody has promised that the proxy deletes the field that a client sends. */
const struct cert *oidc_certificate(struct ctx *c)
{
    struct str field = c->req->certificate;
    struct cert *cert = arena_make(c->arena, struct cert);
    struct fail unreadable = { 0 };

    if (!str_is_set(c->set->mtls_url) || field.p == NULL || !cert_read_field(c->arena, field, cert, &unreadable))
        return NULL;
    return cert;
}

struct oidc_names oidc_names_of(struct ctx *c, struct str path)
{
    struct oidc_names names = { { arena_join(c->arena, c->set->public_url, path) } };

    if (str_is_set(c->set->mtls_url))
        names.at[1] = arena_join(c->arena, c->set->mtls_url, path);
    return names;
}
