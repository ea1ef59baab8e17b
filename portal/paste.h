/* SPDX-License-Identifier: EUPL-1.2
 * portal/paste.h: the finished configuration of a product for one service, to be pasted.
 *
 * Floor 5.  Pure.  A template is the very text of docs/services.md with the service's values in it; what may be secret
 * is the name of a variable of the environment.  A value that a product's syntax would not take as it is (a quote, a
 * line end, a backslash) is left out, so that nothing of a form becomes a line of a configuration.
 */
#ifndef PORTAL_PASTE_H
#define PORTAL_PASTE_H

#include "model/registry.h"

struct paste_product {
    const char *id, *name;
    enum protocol_id protocol;
    const char *file;
    bool secret;           /* it reads DIGIONE_SECRET */
    const char *return_at; /* the address that must be registered, with {base}; "": none */
    const char *text; /* {issuer} {client_id} {redirect_uri} {base} {entity_id} {scope}; of {base}: {tls} true or false,
                       * {scheme} */
};

struct paste_values {
    struct str issuer, client_id, redirect_uri, base, entity_id, scope;
};

extern const struct paste_product paste_products[];
extern const size_t paste_count;

/* Of that protocol; NULL: none. */
const struct paste_product *paste_named(struct str id, enum protocol_id protocol);
struct str paste_made(struct arena *a, const struct paste_product *p, const struct paste_values *v);
/* The values in any text. */
struct str paste_filled(struct arena *a, struct str text, const struct paste_values *v);

#endif
