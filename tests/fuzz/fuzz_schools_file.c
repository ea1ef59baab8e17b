/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/schools_file.h"

#include "base/text.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever was read holds, and is read again from what is written of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct schools_read got, again;
    struct str whose = S("1.2.246.562.99.95640100004");

    (void)schools_file_read(a, str_n(data, size), whose, S("564"), &got);
    assert(got.n <= SCHOOLS_MAX && got.wrong_count <= SCHOOLS_WRONGS_MAX);
    for (size_t i = 0; i < got.n; i++)
        assert(got.at[i].code.n == 5 && got.at[i].name_fi.n > 0 && text_is_plain(got.at[i].name_fi));
    if (got.n > 0) {
        assert(schools_file_read(a, schools_file_write(a, &got), whose, S("564"), &again) && again.n == got.n);
        for (size_t i = 0; i < got.n; i++)
            assert(str_eq(got.at[i].oid, again.at[i].oid) && str_eq(got.at[i].name_fi, again.at[i].name_fi));
    }
    arena_free(a);
    return 0;
}
