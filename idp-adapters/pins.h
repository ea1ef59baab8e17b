/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/pins.h: keys that a row of the registry names, and those that wait beside them.
 *
 * Floor 3.  Where a row has pinned_keys, answers of that identity provider must be
 * signed by one of them; a signing key that its metadata bring besides waits
 * until somebody has compared its fingerprint and approved it.  A certificate that
 * is new about a key that is not brings no new key.
 */
#ifndef IDP_ADAPTERS_PINS_H
#define IDP_ADAPTERS_PINS_H

#include "model/registry.h"
#include "wire/saml_metadata.h"

/* NULL: the row pins none, and its metadata say which keys are good. */
const struct keyring *pins_of(const struct registry *r, struct str idp);
/* Whether that certificate of its metadata waits. */
bool pins_wait(const struct keyring *pins, const struct saml_certificate *c);
size_t pins_waiting(const struct keyring *pins, const struct saml_metadata *m);

#endif
