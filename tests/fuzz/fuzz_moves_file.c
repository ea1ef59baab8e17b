/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/moves_file.h"

#include "base/text.h"
#include "model/person.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever was read names two accounts a line, and no account twice. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct moves_read got;
    bool good = moves_file_read(a, str_n(data, size), &got);

    assert(good == (got.wrong_count == 0) && got.wrong_count <= MOVES_WRONGS_MAX);
    for (size_t i = 0; i < got.n; i++) {
        assert(!text_is_blank(got.at[i].old_id) && !text_is_blank(got.at[i].new_id));
        assert(got.at[i].new_id.n <= SUBJECT_MAX_B && text_is_plain(got.at[i].new_id));
    }
    arena_free(a);
    return 0;
}
