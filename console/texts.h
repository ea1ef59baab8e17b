/* SPDX-License-Identifier: EUPL-1.2
 * console/texts.h: the texts of texts.def for C code; templates have their own copy, escaped at build time.
 *
 * Floor 5.  Pure.
 */
#ifndef CONSOLE_TEXTS_H
#define CONSOLE_TEXTS_H

#include "model/lang.h"

enum said {
    C_NONE = 0,
#define TEXT(key, fi, sv, en) C_##key,
#include "console/texts.def"
#undef TEXT
    C_COUNT
};

/* The text as it stands in the table; "" for C_NONE. */
struct str said(enum said key, enum lang lang);

#endif
