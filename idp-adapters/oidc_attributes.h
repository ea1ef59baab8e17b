/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/oidc_attributes.h: proven claims as attributes that maps read.
 *
 * Floor 3.  Pure.  A text, number or boolean is one value; an array has one
 * value per element (an object in it stays one JSON text); a nested object's
 * members are named "outer.inner", to a depth of OIDC_NESTED_MAX.  Claims of the
 * protocol itself (iss, aud, exp, nonce, …) are no attributes.  What the ID
 * token says goes before what userinfo says of the same name: it is signed.
 */
#ifndef IDP_ADAPTERS_OIDC_ATTRIBUTES_H
#define IDP_ADAPTERS_OIDC_ATTRIBUTES_H

#include "idp-adapters/attribute_list.h"
#include "wire/json.h"

enum { OIDC_NESTED_MAX = 4 };

/* userinfo may be NULL. */
struct attribute_list oidc_attributes(struct arena *a, const struct idp *idp, const struct json_value *id_token,
                                      const struct json_value *userinfo);
/* The assurance it states, or the one that is stated for the idp. */
struct str oidc_acr(const struct json_value *id_token, const struct idp *idp);
/* Methods, space-separated; absent when none is said. */
struct str oidc_amr(struct arena *a, const struct json_value *id_token);

#endif
