/* SPDX-License-Identifier: EUPL-1.2
 * model/attribute_name.h: what a service calls what it is told, where that is its own word.
 *
 * Floor 1.  Pure.  One line of a row of SAML: "claim=Name", and behind it, each after a space,
 *
 *     friendly:WORD     FriendlyName
 *     format:WORD       NameFormat: "uri" (the usual) or "basic"
 */
#ifndef MODEL_ATTRIBUTE_NAME_H
#define MODEL_ATTRIBUTE_NAME_H

#include "model/claims.h"

enum attribute_format { ATTRIBUTE_URI = 0, ATTRIBUTE_BASIC };

struct attribute_name {
    enum claim claim;
    struct str name, friendly; /* friendly: absent: none */
    enum attribute_format format;
};

/* False: *trouble says why, in words that follow the line. */
bool attribute_name_read(struct str line, struct attribute_name *out, const char **trouble);

#endif
