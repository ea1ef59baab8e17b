/* SPDX-License-Identifier: EUPL-1.2
 * portal/texts.h: the texts of texts.def for C code; templates have their own copy, escaped at build time.
 *
 * Floor 5.  Pure.
 */
#ifndef PORTAL_TEXTS_H
#define PORTAL_TEXTS_H

#include "model/lang.h"

enum vendor_text {
    V_NONE = 0,
#define TEXT(key, fi, sv, en) V_##key,
#include "portal/texts.def"
#undef TEXT
    V_COUNT
};

/* The text as it stands in the table; "" for V_NONE. */
struct str vendor_text(enum vendor_text key, enum lang lang);

#endif
