/* SPDX-License-Identifier: EUPL-1.2
 * wire/saml_metadata.h: what one identity provider says of itself in SAML metadata.
 *
 * Floor 1.  Reads the EntityDescriptor of one entityID, alone or inside an
 * EntitiesDescriptor of any depth [SAML metadata 2.3; IIP-MD02].  Extensions that
 * are not known are passed over, DOCTYPE is refused, comments are not seen.  A
 * document up to METADATA_TREE_MAX_B is read as a tree; a larger one as a stream,
 * of which only the wanted entity is kept.  An aggregate takes time in proportion
 * to its size: read it off the loop.
 */
#ifndef WIRE_SAML_METADATA_H
#define WIRE_SAML_METADATA_H

#include "wire/dsig.h"
#include "wire/scope_pattern.h"

enum {
    METADATA_MAX_B = 104857600,
    METADATA_TREE_MAX_B = 2097152,
    METADATA_SIGNED_MAX_B = 16777216, /* a signature is checked over a tree */
    METADATA_SCOPES_MAX = 64,
    METADATA_PATTERNS_MAX = 16,
    METADATA_CERTIFICATES_MAX = 16
};

struct saml_certificate { /* that stands in it, for those who look after it */
    struct certificate is;
    bool signs, encrypts; /* a key of no stated use does both */
};

/* Bits, of how a key's owner can decrypt; 0: it does not say [SAML metadata for algorithm support 2.5]. */
enum {
    SAML_CAN_AES128_GCM = 1 << 0,
    SAML_CAN_AES256_GCM = 1 << 1,
    SAML_CAN_AES128_CBC = 1 << 2,
    SAML_CAN_AES256_CBC = 1 << 3,
    SAML_CAN_OAEP_MGF1P = 1 << 4, /* xmlenc#rsa-oaep-mgf1p */
    SAML_CAN_OAEP_11 = 1 << 5,    /* xmlenc11#rsa-oaep */
    SAML_CAN_OAEP_SHA1 = 1 << 6,  /* digests of OAEP that it names */
    SAML_CAN_OAEP_SHA256 = 1 << 7,
    SAML_CAN_OTHER_CIPHER = 1 << 8,
};

struct saml_encryption_key { /* to encrypt to, with what its KeyDescriptor says that it can */
    struct str der;
    unsigned can;
};

struct saml_metadata {
    struct str entity_id;
    struct str sso_redirect, sso_post;               /* SingleSignOnService by binding; absent: none */
    struct str slo_redirect, slo_post;               /* SingleLogoutService likewise, for requests */
    struct str slo_redirect_answer, slo_post_answer; /* and for answers: ResponseLocation, or the same */
    struct str error_url;                            /* absent: none */
    bool want_signed_requests;
    const struct keyring *signing; /* at least one */
    struct saml_certificate certificates[METADATA_CERTIFICATES_MAX];
    size_t certificate_count;
    struct saml_encryption_key encryption[METADATA_CERTIFICATES_MAX]; /* RSA of 2048 bits or more */
    size_t encryption_count;
    struct str scopes[METADATA_SCOPES_MAX]; /* shibmd:Scope, literal ones */
    size_t scope_count;
    const struct scope_pattern *patterns[METADATA_PATTERNS_MAX]; /* regexp="true" */
    size_t pattern_count, patterns_refused; /* refused: they could mean more than one domain, or are too many */
    const char *pattern_trouble;            /* of the first that was refused; NULL: none */
    int64_t valid_until_s;                  /* the earliest that applies to it; 0: not stated */
    int64_t cache_s;                        /* cacheDuration, the shortest; 0: not stated */
};

struct saml_metadata_rules {
    struct str entity_id;        /* whose */
    int64_t now_s;               /* refused when validUntil has passed; 0: the caller checks at use */
    const struct keyring *trust; /* signature of the root required, by one of these; NULL: none is looked at */
    bool must_expire;            /* a root without validUntil is refused */
    int64_t most_ahead_s;        /* validUntil further ahead than this is refused; 0: any */
    bool one_alone;              /* an aggregate is refused: nobody signed what it says of others */
};

/* Fails UPSTREAM metadata_malformed (and what xml_parse fails with), metadata_entity
 * (it does not speak of that one), metadata_aggregate, metadata_expired, metadata_no_expiry,
 * metadata_role (no SAML 2.0 identity provider), metadata_endpoint, metadata_keys,
 * and what dsig_verify() fails with. */
bool saml_metadata_read(struct arena *a, struct str text, const struct saml_metadata_rules *rules,
                        struct saml_metadata *out, struct fail *f);
/* The same, as a stream whatever its size; a signature is not looked at. */
bool saml_metadata_read_stream(struct arena *a, struct str text, const struct saml_metadata_rules *rules,
                               struct saml_metadata *out, struct fail *f);

#endif
