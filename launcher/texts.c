/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/texts.h"

static const char *const texts[T_COUNT][LANG_COUNT] = {
    [T_NONE] = { "", "", "" },
#define TEXT(key, fi, sv, en) [T_##key] = { fi, sv, en },
#include "launcher/texts.def"
#undef TEXT
};

struct str text(enum text key, enum lang lang)
{
    return key < T_COUNT && lang < LANG_COUNT ? str_of(texts[key][lang]) : S("");
}
