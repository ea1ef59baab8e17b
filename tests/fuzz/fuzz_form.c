/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/form.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read is UTF-8 without controls, and writing it and reading it again gives the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct form *form, *again;
    struct fail f = { 0 };

    if (size <= 65536 && form_read(a, str_n(data, size), &form, &f)) {
        struct buf b = buf_new(a, 1 << 20);
        for (size_t i = 0; i < form->count; i++)
            form_add(&b, form->fields[i].name, form->fields[i].value);
        assert(form_read(a, buf_str(&b), &again, &f) && again->count == form->count);
        for (size_t i = 0; i < form->count; i++) {
            assert(str_is_utf8(form->fields[i].value));
            assert(str_eq(form->fields[i].name, again->fields[i].name));
            assert(str_eq(form->fields[i].value, again->fields[i].value));
        }
    }
    arena_free(a);
    return 0;
}
