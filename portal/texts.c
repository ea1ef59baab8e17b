/* SPDX-License-Identifier: EUPL-1.2 */
#include "portal/texts.h"

static const char *const texts[V_COUNT][LANG_COUNT] = {
    [V_NONE] = { "", "", "" },
#define TEXT(key, fi, sv, en) [V_##key] = { fi, sv, en },
#include "portal/texts.def"
#undef TEXT
};

struct str vendor_text(enum vendor_text key, enum lang lang)
{
    return key < V_COUNT && lang < LANG_COUNT ? str_of(texts[key][lang]) : S("");
}
