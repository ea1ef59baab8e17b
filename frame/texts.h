/* SPDX-License-Identifier: EUPL-1.2
 * frame/texts.h: the texts of texts.def for C code; templates have their own copy, escaped at build time.
 *
 * Floor 4.  Pure.
 */
#ifndef FRAME_TEXTS_H
#define FRAME_TEXTS_H

#include "model/lang.h"

enum frame_text {
    F_NONE = 0,
#define TEXT(key, fi, sv, en) F_##key,
#include "frame/texts.def"
#undef TEXT
    F_COUNT
};

/* The text as it stands in the table; "" for F_NONE. */
struct str frame_text(enum frame_text key, enum lang lang);

#endif
