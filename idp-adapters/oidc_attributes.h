/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/oidc_attributes.h: proven claims as attributes that maps read.
 *
 * Floor 3.  Pure.  A text, number or boolean is one value; an array has one
 * value per element (an object in it stays one JSON text); a nested object's
 * members are named "outer.inner", to a depth of OIDC_NESTED_MAX.  Claims of the
 * protocol itself (iss, aud, exp, nonce, …) are no attributes, and neither is a
 * nested member with a dot in its name, which would read as another's path.
 * What the ID token says goes before what userinfo says of the same name: it is
 * signed.  email_verified comes from the document that the address came from.
 */
#ifndef IDP_ADAPTERS_OIDC_ATTRIBUTES_H
#define IDP_ADAPTERS_OIDC_ATTRIBUTES_H

#include "idp-adapters/attribute_list.h"
#include "wire/json.h"

enum { OIDC_NESTED_MAX = 4 };

/* userinfo may be NULL. */
struct attribute_list oidc_attributes(struct arena *a, const struct idp *idp, const struct json_value *id_token,
                                      const struct json_value *userinfo);
/* Methods, space-separated: those that can stand in such a list and fit; absent when none does. */
struct str oidc_amr(struct arena *a, const struct json_value *id_token);

#endif
