/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/kv.h"

#include "wire/kv_troubles.def"

static const struct {
    const char *word, *mend;
} troubles[] = {
#define X(word, mend) { word, mend },
    KV_TROUBLES(X)
#undef X
};

const char *kv_mend(const char *trouble)
{
    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++)
        if (str_eq(str_of(troubles[i].word), str_of(trouble)))
            return troubles[i].mend;
    return "";
}
