/* SPDX-License-Identifier: EUPL-1.2
 *
 * What cities read of us when they connect an identity provider of theirs: our
 * metadata as a SAML service provider [SDP-MD06–12], our keys as a client.  Answers come back through
 * gateway/upstream_return.c. */
#include "base/settings.h"
#include "certs/keyset.h"
#include "idp-adapters/upstream_saml.h"
#include "model/ctx.h"
#include "wire/http.h"
#include "wire/saml_write.h"

/* A key that comes next is shown before it is used, so that cities know it in
 * time; a retired one is not shown, since nobody should begin to use it. */
static size_t certificates(const struct ctx *c, enum key_use use, struct str *out)
{
    size_t count, n = 0;
    const struct public_key *keys = keyset_keys(c->keys, &count);

    for (int state = KEY_CURRENT; state >= KEY_NEXT; state--)
        for (size_t i = 0; i < count && n < SAML_CERTIFICATES_MAX; i++)
            if (keys[i].use == use && key_state_at(&keys[i], c->now_s) == (enum key_state)state &&
                str_is_set(keys[i].certificate))
                out[n++] = keys[i].certificate;
    return n;
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct saml_sp sp = { .entity_id = saml_sp_entity_id(c->arena, c->set),
                          .acs = saml_sp_acs(c->arena, c->set),
                          .name = c->set->name };

    if (c->keys == NULL)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer has not said its keys yet");
    sp.signing_count = certificates(c, KEY_SAML, sp.signing);
    sp.encryption_count = certificates(c, KEY_DECRYPT, sp.encryption);
    struct str text = saml_sp_metadata_write(c->arena, &sp);
    if (text.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "our metadata cannot be written");
    http_body(c->res, 200, S("application/samlmetadata+xml"), text);
    http_header_set(c->res, S("Cache-Control"), S("public, max-age=3600"));
    return DONE;
}

const struct step_row saml_metadata_show[] = { { show }, { 0 } };

/* The keys of a city that knows us by private_key_jwt [OIDC Core 9]. */
static enum step client_keys(struct ctx *c, struct fail *f)
{
    if (c->keys == NULL)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer has not said its keys yet");
    http_header_set(c->res, S("Cache-Control"), S("public, max-age=300"));
    http_body(c->res, 200, S("application/jwk-set+json"), keyset_client_jwks(c->keys));
    return DONE;
}

const struct step_row upstream_jwks[] = { { client_keys }, { 0 } };
