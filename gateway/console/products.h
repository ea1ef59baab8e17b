/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/products.h: products that municipalities sign in with, and what is set there by which names.
 *
 * Floor 6d.  For the wizard, all of it; where a test sign-in has a fault, what mends that.  Texts of the products' own
 * screens are theirs, and are not translated.
 */
#ifndef GATEWAY_CONSOLE_PRODUCTS_H
#define GATEWAY_CONSOLE_PRODUCTS_H

#include "console/pages.h"
#include "gateway/console/products.def"
#include "idp-adapters/map_notes.h"
#include "model/ctx.h"

enum product {
    PRODUCT_NONE = 0,
#define X(product, name, kind, map) PRODUCT_##product,
    PRODUCTS(X)
#undef X
        PRODUCT_COUNT
};

enum product_field {
#define X(field) FIELD_##field,
    PRODUCT_FIELDS(X)
#undef X
        PRODUCT_FIELD_COUNT
};
enum { FIELDS_ALL = (1 << PRODUCT_FIELD_COUNT) - 1 };

struct product_row {
    const char *word, *name; /* "entra_saml"; "Microsoft Entra ID" */
    enum idp_kind kind;
    const char *map;
};
extern const struct product_row product_rows[PRODUCT_COUNT];
enum product product_named(struct str word); /* NONE: there is none */
/* The first of that kind and map; NONE: it could be any. */
enum product product_of(const struct idp *idp);

/* What a fault is about, as bits (1 << field); 0: none of these. */
unsigned product_fields_of_note(enum note kind);
unsigned product_fields_of_refusal(const char *code);

/* What to set for those fields; `product` first and open, of PRODUCT_NONE each of that protocol, folded. */
struct product_settings product_settings(struct ctx *c, enum idp_kind kind, enum product product, unsigned fields);

#endif
