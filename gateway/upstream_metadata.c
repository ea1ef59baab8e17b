/* SPDX-License-Identifier: EUPL-1.2
 *
 * What cities read of us when they connect an identity provider of theirs: our
 * metadata as a SAML service provider [SDP-MD06–12], our keys as a client.  Answers come back through
 * gateway/upstream_return.c. */
#include "gateway/upstream_metadata.h"

#include "base/settings.h"
#include "certs/keyset.h"
#include "idp-adapters/upstream_saml.h"
#include "model/ctx.h"
#include "wire/http.h"
#include "wire/saml_write.h"

/* A key that comes next is shown before it is used, so that cities know it in
 * time; a retired one is not shown, since nobody should begin to use it. */
size_t upstream_certificates(const struct ctx *c, enum key_use use, enum jose_alg alg, struct str *out, size_t n)
{
    size_t count;
    const struct public_key *keys = keyset_keys(c->keys, &count);

    for (int state = KEY_CURRENT; state >= KEY_NEXT; state--)
        for (size_t i = 0; i < count && n < SAML_CERTIFICATES_MAX; i++)
            if (keys[i].use == use && keys[i].alg == alg && key_state_at(&keys[i], c->now_s) == (enum key_state)state &&
                str_is_set(keys[i].certificate))
                out[n++] = keys[i].certificate;
    return n;
}

static enum step write_metadata(struct ctx *c, bool signs, bool encryption, struct fail *f)
{
    struct saml_sp sp = { .entity_id = saml_sp_entity_id(c->arena, c->set),
                          .acs = saml_sp_acs(c->arena, c->set),
                          .slo = saml_sp_logout(c->arena, c->set),
                          .slo_soap = saml_sp_logout_soap(c->arena, c->set),
                          .name = c->set->name,
                          .signs_requests = signs };

    if (c->keys == NULL)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer has not said its keys yet");
    /* What cities get from us is signed by RSA alone. */
    sp.signing_count = upstream_certificates(c, KEY_SAML, JOSE_RS256, sp.signing, 0);
    sp.encryption_count = encryption ? upstream_certificates(c, KEY_DECRYPT, JOSE_RS256, sp.encryption, 0) : 0;
    struct str text = saml_sp_metadata_write(c->arena, &sp);
    if (text.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "our metadata cannot be written");
    http_body(c->res, 200, S("application/samlmetadata+xml"), text);
    http_header_set(c->res, S("Cache-Control"), S("public, max-age=3600"));
    return DONE;
}

/* As the adapter does: where the row says so, or the city's own metadata wants it. */
static bool signs_to(struct ctx *c, const struct idp *idp)
{
    struct upstream_got kept;

    if (idp->sign_requests)
        return true;
    upstream_peek(c->upstreams, c->arena, upstream_saml_name(c->arena, idp), &kept);
    return kept.value != NULL && ((const struct saml_metadata *)kept.value)->want_signed_requests;
}

/* What all may read promises a signature only if every city gets one [SAML metadata 2.4.4].  The first that does not
 * ends the search, so that strangers cannot make it a long one. */
bool upstream_signs_to_all(struct ctx *c)
{
    const struct registry_parts *p = registry_parts(c->registry);
    bool all = true;

    for (size_t i = 0; i < p->idp_count && all; i++)
        if (p->idps[i].kind == IDP_SAML && p->idps[i].enabled)
            all = signs_to(c, &p->idps[i]);
    return all;
}

/* What one city reads, by its row: the same entity, with or without our encryption key. */
struct city_metadata {
    const struct idp *idp;
    struct upstream_got got;
};

static enum step city_ask(struct ctx *c, struct fail *f)
{
    const struct idp *idp = registry_idp(c->registry, c->req->param);
    struct city_metadata *m = arena_make(c->arena, struct city_metadata);

    if (idp == NULL || idp->kind != IDP_SAML)
        return fail(f, FAIL_NOT_FOUND, "not_found", "no SAML identity provider has this id");
    m->idp = idp;
    c->state = m;
    if (idp->sign_requests || !idp->enabled)
        return NEXT;
    upstream_saml_metadata(c->upstreams, &c->batch, c->arena, idp, UPSTREAM_KEPT, &m->got);
    return WAIT;
}

/* A city that we cannot read yet may still read us. */
static enum step city_show(struct ctx *c, struct fail *f)
{
    const struct city_metadata *m = c->state;

    return write_metadata(c, signs_to(c, m->idp), m->idp->share_encryption_key, f);
}

const struct step_row saml_metadata_city[] = { { city_ask }, { city_show }, { 0 } };

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
