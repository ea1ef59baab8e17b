/* SPDX-License-Identifier: EUPL-1.2
 * wire/saml_service.h: what one service says of itself in SAML metadata [SAML metadata 2.4.4].
 *
 * Floor 1.  Reads the SPSSODescriptor of one entityID, alone or inside an
 * EntitiesDescriptor of any depth, by the same reading as saml_metadata.h
 * (saml_entity.c): unknown extensions are passed over [IIP-MD05], DOCTYPE is
 * refused, comments are not seen.  Pure; everything lives in the arena.
 */
#ifndef WIRE_SAML_SERVICE_H
#define WIRE_SAML_SERVICE_H

#include "wire/saml_metadata.h"

enum {
    SAML_ACS_MAX = 64,
    SAML_SLO_MAX = 8,
    SAML_FORMATS_MAX = 16,
    SAML_SETS_MAX = 16,    /* AttributeConsumingServices */
    SAML_WANTED_MAX = 128, /* RequestedAttributes of one */
    SAML_TRAITS_MAX = 64,  /* values of entity attributes */
    SAML_TAGS_MAX = 32     /* languages of one text */
};

enum saml_binding { SAML_NO_BINDING = 0, SAML_REDIRECT, SAML_POST, SAML_SOAP, SAML_OTHER_BINDING };

/* "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" and so on; absent for none and other. */
struct str saml_binding_uri(enum saml_binding b);
enum saml_binding saml_binding_named(struct str uri);

struct saml_endpoint {
    enum saml_binding binding;
    struct str location;
    struct str response_location;  /* where answers go; location, where metadata says nothing else */
    int64_t index;                 /* of an AssertionConsumerService; -1: none */
    bool is_default, default_said; /* isDefault is true; it is there, be it false */
};

struct saml_localized {    /* a text in one language */
    struct str lang, text; /* lang: as xml:lang says it; absent: it says none */
};

struct saml_wanted { /* RequestedAttribute */
    struct str name, format;
    bool required;
};

struct saml_attribute_set { /* AttributeConsumingService */
    int64_t index;
    bool is_default;
    struct saml_wanted *wanted;
    size_t wanted_count;
};

struct saml_trait { /* one value of an entity attribute: category, subject-id:req, … */
    struct str name, value;
};

/* Bits, of what it can take; 0: it does not say [SAML metadata for algorithm support]. */
enum {
    SAML_CAN_RSA_SHA256 = 1 << 0,
    SAML_CAN_ECDSA_SHA256 = 1 << 1,
    SAML_CAN_OTHER_SIGNATURE = 1 << 2, /* it says some, and that we do not make them */
};
struct saml_service_metadata {
    struct str entity_id;
    struct saml_endpoint acs[SAML_ACS_MAX]; /* in their order; SAML_OTHER_BINDING among them: an index may name one */
    size_t acs_count;
    struct saml_endpoint slo[SAML_SLO_MAX]; /* Redirect, POST, SOAP */
    size_t slo_count;
    bool signs_requests;           /* AuthnRequestsSigned */
    bool wants_signed_assertions;  /* WantAssertionsSigned */
    const struct keyring *signing; /* may be empty: then nothing that it signs can be verified */
    struct saml_certificate certificates[METADATA_CERTIFICATES_MAX];
    size_t certificate_count;
    struct saml_encryption_key encryption[METADATA_CERTIFICATES_MAX]; /* RSA of 2048 bits or more */
    size_t encryption_count;
    unsigned signs_with,
        digests; /* alg:SigningMethod (SAML_CAN_…_SHA256); alg:DigestMethod: 1: SHA-256 is among them */
    struct str formats[SAML_FORMATS_MAX]; /* NameIDFormat */
    size_t format_count;
    struct saml_attribute_set sets[SAML_SETS_MAX];
    size_t set_count;
    struct saml_trait traits[SAML_TRAITS_MAX];
    size_t trait_count;
    struct saml_localized names[SAML_TAGS_MAX];        /* mdui:DisplayName, else ServiceName, else organisation's */
    struct saml_localized descriptions[SAML_TAGS_MAX]; /* mdui:Description */
    struct saml_localized privacy[SAML_TAGS_MAX];      /* mdui:PrivacyStatementURL, http and https only */
    struct saml_localized information[SAML_TAGS_MAX];  /* mdui:InformationURL, likewise */
    size_t name_count, description_count, privacy_count, information_count;
    int64_t valid_until_s; /* the earliest that applies to it; 0: not stated */
    int64_t cache_s;       /* cacheDuration, the shortest; 0: not stated */
};

/* rules.entity_id absent: the only entity of the text, whoever it is (metadata that somebody uploads).
 * Fails as saml_metadata_read() does: metadata_malformed, metadata_entity, metadata_aggregate, metadata_expired,
 * metadata_no_expiry, metadata_too_far, metadata_role (no SAML 2.0 service provider), metadata_endpoint (no ACS by POST
 * that we can use), and what dsig_verify() and xml_parse_metadata() fail with. */
bool saml_service_read(struct arena *a, struct str text, const struct saml_metadata_rules *rules,
                       struct saml_service_metadata *out, struct fail *f);

/* Where an answer may go, and nowhere else [SAML profiles 4.1.4.1; IIP-IDP12]: by URL (exact) and binding, where the
 * request says them, by index, or the default: isDefault, else the first without isDefault="false", else the first.
 * NULL: metadata has no such by POST.  url, binding: absent when not said; index: -1. */
const struct saml_endpoint *saml_service_acs(const struct saml_service_metadata *m, struct str url, struct str binding,
                                             int64_t index);
/* The first SingleLogoutService of that binding; NULL: none. */
const struct saml_endpoint *saml_service_slo(const struct saml_service_metadata *m, enum saml_binding binding);
/* What an AttributeConsumingServiceIndex names; index -1: the default, else the first.  NULL: there is none. */
const struct saml_attribute_set *saml_service_set(const struct saml_service_metadata *m, int64_t index);
/* Whether an entity attribute of that name has that value (a category, "pairwise-id" of subject-id:req). */
bool saml_service_has(const struct saml_service_metadata *m, struct str name, struct str value);

#define SAML_ENTITY_CATEGORY "http://macedir.org/entity-category"
#define SAML_SUBJECT_ID_REQ  "urn:oasis:names:tc:SAML:profiles:subject-id:req"

#endif
