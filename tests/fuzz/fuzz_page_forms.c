/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/page_forms.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever was read is within its limits, and what is counted is there. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct page_forms *got = arena_make(a, struct page_forms);

    page_forms_read(a, str_n(data, size), got);
    assert(got->n <= PAGE_FORMS_MAX);
    for (size_t i = 0; i < got->n; i++) {
        const struct page_form *x = &got->at[i];
        size_t passwords = 0, texts = 0;
        assert(x->field_count <= PAGE_FORM_FIELDS_MAX && x->action.p != NULL);
        for (size_t k = 0; k < x->field_count; k++) {
            assert(str_is_set(x->fields[k].name) && x->fields[k].value.p != NULL);
            passwords += x->fields[k].kind == PAGE_FIELD_PASSWORD;
            texts += x->fields[k].kind == PAGE_FIELD_TEXT;
        }
        assert(passwords == x->passwords && texts == x->texts);
    }
    arena_free(a);
    return 0;
}
