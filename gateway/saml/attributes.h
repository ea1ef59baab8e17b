/* SPDX-License-Identifier: EUPL-1.2
 * gateway/saml/attributes.h: what policy releases, by the names that a service of SAML reads it under.
 *
 * Floor 6d.  Pure.  Values come from gateway/release.h alone; names.def and the row's own lines
 * (model/attribute_name.h) say what they are called.  Where the metadata of the service name the attributes that it
 * wants (RequestedAttribute), nothing else is told, and each under the name that they say, whatever the row's preset
 * [IDP03, IDP04].
 */
#ifndef GATEWAY_SAML_ATTRIBUTES_H
#define GATEWAY_SAML_ATTRIBUTES_H

#include "gateway/release.h"
#include "model/attribute_name.h"

struct told_attribute {
    struct str name, friendly; /* friendly: absent: none */
    enum attribute_format format;
    struct strs values; /* at least one */
};

struct told_attributes {
    struct told_attribute *at;
    size_t n;
    struct str words; /* claims that are told, for the audit log */
};

/* r: service, person, decision, sub, lang and now are set.  wanted: Names that the service's metadata ask for; NULL:
 * they name none.  scope: ours, for what is said with one. */
struct told_attributes attributes_told(struct arena *a, const struct release *r, const struct strs *wanted,
                                       struct str scope);

/* Which claim is told under that Name by one of the presets; false: none is. */
bool attributes_claim_named(struct str name, enum claim *out);

/* What is told as JSON, for people to read: Name and values; name: of the person. */
struct str attributes_json(struct arena *a, const struct told_attributes *told, struct str name);
/* attributes_told() in that form. */
struct str attributes_shown(struct arena *a, const struct release *r);

#endif
