/* SPDX-License-Identifier: EUPL-1.2 */
#include "frame/texts.h"

static const char *const texts[F_COUNT][LANG_COUNT] = {
    [F_NONE] = { "", "", "" },
#define TEXT(key, fi, sv, en) [F_##key] = { fi, sv, en },
#include "frame/texts.def"
#undef TEXT
};

struct str frame_text(enum frame_text key, enum lang lang)
{
    return key < F_COUNT && lang < LANG_COUNT ? str_of(texts[key][lang]) : S("");
}
