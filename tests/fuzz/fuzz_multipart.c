/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/multipart.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first line is the media type.  Texts are UTF-8, and no name is there twice. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct str all = str_n(data, size);
    size_t end = str_find_byte(all, '\n', 0);
    struct form *form;
    struct fail f = { 0 };

    if (multipart_read(a, str_sub(all, 0, end), str_from(all, end + 1), &form, &f)) {
        assert(form->count <= FORM_FIELDS_MAX && form->file_count <= MULTIPART_FILES_MAX);
        for (size_t i = 0; i < form->count; i++) {
            assert(str_is_utf8(form->fields[i].value));
            assert(form_file(form, form->fields[i].name).p == NULL);
        }
    }
    arena_free(a);
    return 0;
}
