/* SPDX-License-Identifier: EUPL-1.2 */
#include "console/texts.h"

static const char *const texts[C_COUNT][LANG_COUNT] = {
    [C_NONE] = { "", "", "" },
#define TEXT(key, fi, sv, en) [C_##key] = { fi, sv, en },
#include "console/texts.def"
#undef TEXT
};

struct str said(enum said key, enum lang lang)
{
    return key < C_COUNT && lang < LANG_COUNT ? str_of(texts[key][lang]) : S("");
}
