/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/fold.h"

#include "base/text.h"

struct str fold_word(struct arena *a, struct str word)
{
    struct str folded = text_folded(a, text_trim(word));
    struct buf b = buf_new(a, folded.n + 16);

    for (size_t i = 0; i < folded.n; i++) {
        char c = folded.p[i];
        if (c != ' ' && c != '\t')
            buf_byte(&b, c);
        else if (b.n > 0 && b.p[b.n - 1] != '_')
            buf_byte(&b, '_');
    }
    return buf_str(&b);
}
