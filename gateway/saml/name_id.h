/* SPDX-License-Identifier: EUPL-1.2
 * gateway/saml/name_id.h: by which name a service is told of a person.  [SAML core 3.4.1.1, 8.3]
 *
 * Floor 6d.  "persistent" is the pseudonym that the same vendor knows over every protocol (model/pairwise.h), in lower
 * case alone [IIP-IDP21]; "transient" is another in each session; "email" leaves where policy releases the address;
 * "none": the assertion has no name, and the service reads attributes alone [IIP-IDP11].
 */
#ifndef GATEWAY_SAML_NAME_ID_H
#define GATEWAY_SAML_NAME_ID_H

#include "gateway/saml/saml.h"

#define NAME_PERSISTENT "persistent"

/* format: as the request says it; absent: it does not.  False: no such name is told here. */
bool name_choose(const struct service *s, const struct saml_service_metadata *m, struct str format, struct str *word);
struct str name_format(struct str word); /* the URI */
/* sub: the pseudonym; email: absent, where it is not released: then false for "email". */
bool name_make(struct ctx *c, const struct service *s, struct str word, struct str sub, struct str email,
               struct saml_name *out);

/* As a session keeps it, to name the person once more when it ends: this name in front of those that are kept already,
 * one of each form.  Anybody can send a browser here with a request that nobody has signed, and it may ask for another
 * form than its service does: so no name that was told takes the place of another.  Absent: nothing to keep. */
struct str name_keep(struct arena *a, struct str kept, struct str word, const struct saml_name *name);
/* The names themselves of what is kept, as in struct protocol, found_by. */
size_t names_told(struct str kept, struct str names[TOLD_NAMES_MAX]);
/* Back, at least one: where nothing of a known form is kept, the pseudonym `sub`. */
size_t names_kept(const struct ctx *c, const struct service *s, struct str kept, struct str sub,
                  struct saml_name out[TOLD_NAMES_MAX]);

#endif
