/* SPDX-License-Identifier: EUPL-1.2
 * Certificates: one that an authority vouches for, by its name; or one of the service's own, by its key.  [RFC 8705 2]
 */
#include "gateway/oidc/client/int.h"

#include "gateway/oidc/client/keys.h"
#include "gateway/oidc/oidc.h"
#include "gateway/service_keys.h"
#include "wire/cert.h"
#include "wire/jose.h"

/* The row has one of these names [RFC 8705 2.1.2]. */
static bool has_its_name(const struct cert *cert, const struct client *row)
{
    return cert_has_name(cert, CERT_SUBJECT, row->tls_subject_dn) || cert_has_name(cert, CERT_DNS, row->tls_san_dns) ||
           cert_has_name(cert, CERT_URI, row->tls_san_uri) || cert_has_name(cert, CERT_IP, row->tls_san_ip) ||
           cert_has_name(cert, CERT_EMAIL, row->tls_san_email);
}

static enum step by_name(struct ctx *c, const struct cert *cert)
{
    const char *why;

    if (c->client_trust == NULL)
        return asker_refuse(c, "certificate: client_ca_file names no authority");
    if (!cert_trusted(cert, c->client_trust, c->now_s, &why))
        return asker_refuse(c, "certificate: %s (subject \"%.*s\")", why, STR_ARG(cert->subject));
    if (!has_its_name(cert, &c->service->client))
        return asker_refuse(c, "certificate: its subject is \"%.*s\", and it has not the name in the row",
                            STR_ARG(cert->subject));
    return NEXT;
}

/* Nobody vouches for it, so its times say nothing either: the service withdraws it by its keys [RFC 8705 2.2]. */
static bool is_its_own(struct ctx *c, const struct cert *cert)
{
    const struct service_keys *names = client_keys_kept(c);
    struct fail unreadable = { 0 };
    struct str thumbprint;

    if (names == NULL)
        return false;
    return strs_has(&names->x5ts, cert->x5t) ||
           (str_is_set(cert->jwk) &&
            jose_thumbprint(c->arena, json_parse(c->arena, cert->jwk, &unreadable), &thumbprint) &&
            strs_has(&names->thumbprints, thumbprint));
}

static bool is_self_signed(struct ctx *c)
{
    return str_eq(asker_of(c)->method->word, S("self_signed_tls_client_auth"));
}

static enum step ask_for_keys(struct ctx *c, struct fail *f)
{
    (void)f;
    c->service = asker_of(c)->row;
    return is_self_signed(c) && oidc_certificate(c) != NULL ? step_into(c, client_keys) : NEXT;
}

static enum step look_for_newer(struct ctx *c, struct fail *f)
{
    const struct cert *cert = oidc_certificate(c);

    (void)f;
    return is_self_signed(c) && cert != NULL && !is_its_own(c, cert) ? step_into(c, client_keys_anew) : NEXT;
}

static enum step settle(struct ctx *c, struct fail *f)
{
    const struct cert *cert = oidc_certificate(c);

    (void)f;
    if (cert == NULL)
        return asker_refuse(c, "no certificate came by the TLS proxy (mtls_url)");
    if (!is_self_signed(c))
        return by_name(c, cert);
    if (!is_its_own(c, cert))
        return asker_refuse(c, "certificate: none of the service's keys is its own (%s)", client_keys_trouble(c));
    return NEXT;
}

const struct step_row by_certificate[] = { { ask_for_keys }, { look_for_newer }, { settle }, { NULL } };
