/* SPDX-License-Identifier: EUPL-1.2
 * wire/saml_idp_metadata.h: our metadata as an identity provider, alone or with our
 * role as a service provider in one entity [SAML metadata 2.4.3; SDP-MD06–12].
 *
 * Floor 1.  Written in exclusive C14N form with a place for a signature, as
 * saml_respond.h has it.
 */
#ifndef WIRE_SAML_IDP_METADATA_H
#define WIRE_SAML_IDP_METADATA_H

#include "wire/saml_respond.h"
#include "wire/saml_write.h"

struct saml_texts { /* of one kind, in the languages of people; absent: not written */
    struct str fi, sv, en;
};

struct saml_idp {
    struct str id; /* of the root, for its signature; absent: it has none, and cannot be signed */
    struct str entity_id;
    int64_t valid_until_s, cache_s;            /* 0: not stated */
    struct str signing[SAML_CERTIFICATES_MAX]; /* base64 of DER: the current, and what comes next */
    struct str encryption[SAML_CERTIFICATES_MAX];
    size_t signing_count, encryption_count;
    struct str sso_redirect, sso_post;           /* absent: not offered */
    struct str slo_redirect, slo_post, slo_soap; /* likewise */
    struct str slo_answers;                      /* ResponseLocation of Redirect and POST; absent: the same */
    const struct str *formats;                   /* NameIDFormat */
    size_t format_count;
    const struct str *scopes; /* shibmd:Scope, literal */
    size_t scope_count;
    const struct str *categories, *supports; /* entity-category, entity-category-support */
    size_t category_count, support_count;
    const struct str *assurance; /* assurance-certification */
    size_t assurance_count;
    bool wants_signed_requests;
    struct saml_texts name, description, privacy_url, information_url;
    struct str logo; /* https; absent: none */
    int64_t logo_width, logo_height;
    struct str error_url;
    struct saml_texts organization, organization_url;
    struct str contact_name, contact_email, security_name, security_email; /* e-mail without "mailto:"; absent: none */
    const struct saml_sp *sp; /* the SP role of the same entity: entity_id and validity are the root's; NULL: none */
};

struct saml_draft saml_idp_metadata_draft(struct arena *a, const struct saml_idp *idp);

#endif
