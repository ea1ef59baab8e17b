/* SPDX-License-Identifier: EUPL-1.2
 * The payload of a request object whose signature holds: what becomes of it is a form like any other. */
#include "gateway/oidc/request/request.h"
#include "wire/json.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    const struct form *form = NULL;
    struct fail f = { 0 };
    const struct json_value *claims = json_parse(a, str_n(data, size), &f);

    if (claims != NULL && claims->type == JSON_OBJECT && object_form(a, claims, S("matikka"), &form, &f)) {
        assert(form->count <= FORM_FIELDS_MAX);
        assert(form_get(form, S("request")).p == NULL && form_get(form, S("request_uri")).p == NULL);
        assert(form_get(form, S("iss")).p == NULL && form_get(form, S("jti")).p == NULL);
        struct str id = form_get(form, S("client_id"));
        assert(id.p == NULL || str_eq(id, S("matikka")));
        for (size_t i = 0; i < form->count; i++)
            assert(str_is_utf8(form->fields[i].value) &&
                   str_find_byte(form->fields[i].value, '\0', 0) == form->fields[i].value.n);
    }
    arena_free(a);
    return 0;
}
