/* SPDX-License-Identifier: EUPL-1.2
 * wire/saml_entity.h: one EntityDescriptor found in a text of metadata, and what any
 * role in it has.
 *
 * Floor 1.  For the files saml_metadata.c, saml_service.c and saml_aggregate.c alone:
 * whoever reads a role gives `read`, which is called once, with the entity that was
 * asked for, proven where the rules say so.
 */
#ifndef WIRE_SAML_ENTITY_H
#define WIRE_SAML_ENTITY_H

#include "wire/saml_metadata.h"

#define SAML_MD  "urn:oasis:names:tc:SAML:2.0:metadata"
#define SAML_DS  "http://www.w3.org/2000/09/xmldsig#"
#define SAML_ALG "urn:oasis:names:tc:SAML:metadata:algsupport"

struct entity {
    struct arena *arena;
    const struct saml_metadata_rules *rules;
    bool (*read)(struct entity *e, const struct _xmlNode *entity, struct fail *f);
    void *out; /* of `read` */
    struct str id;
    struct keyring *keys; /* that sign */
    struct saml_certificate certificates[METADATA_CERTIFICATES_MAX];
    size_t certificate_count;
    struct saml_encryption_key encryption[METADATA_CERTIFICATES_MAX];
    size_t encryption_count;
    int64_t valid_until_s, cache_s; /* 0: not stated */
};

/* Whatever the size is; entity_stream(): as a stream, and a signature is not looked at. */
bool entity_find(struct entity *e, struct str text, struct fail *f);
bool entity_stream(struct entity *e, struct str text, struct fail *f);

/* The first role of that name that speaks SAML 2.0, its validity noted and held to the rules; NULL: metadata_role, or
 * why it is not valid. */
const struct _xmlNode *entity_role(struct entity *e, const struct _xmlNode *entity, const char *name, struct fail *f);

/* An attribute of a URI or token type, without the layout around it. */
struct str entity_token(const struct entity *e, const struct _xmlNode *n, const char *name);
bool entity_is_true(const struct entity *e, const struct _xmlNode *n, const char *name);
/* A KeyDescriptor: into keys, certificates and encryption. */
void entity_read_key(struct entity *e, const struct _xmlNode *descriptor);
/* The bit of what is named; of anything else, that of the row without a name, which is the last. */
struct entity_can {
    const char *uri;
    unsigned bit;
};
unsigned entity_bit(const struct entity_can *list, struct str uri);
bool entity_is_location(struct str url);

/* xs:duration in seconds, a month being 30 days; 0 for anything that is none. */
int64_t entity_duration_s(struct str text);
/* Holds a validUntil (0: none) to the rules. */
bool entity_valid(int64_t valid_until_s, const struct saml_metadata_rules *rules, struct fail *f);

#endif
