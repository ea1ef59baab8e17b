/* SPDX-License-Identifier: EUPL-1.2
 * launcher/texts.h: the texts of texts.def for C code; templates have their own copy, escaped at build time.
 *
 * Floor 5.  Pure.
 */
#ifndef LAUNCHER_TEXTS_H
#define LAUNCHER_TEXTS_H

#include "base/arena.h"
#include "model/lang.h"

enum text {
    T_NONE = 0,
#define TEXT(key, fi, sv, en) T_##key,
#include "launcher/texts.def"
#undef TEXT
    T_COUNT
};

/* The text as it stands in the table; "" for T_NONE. */
struct str text(enum text key, enum lang lang);

#endif
