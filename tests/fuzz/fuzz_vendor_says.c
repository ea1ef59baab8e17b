/* SPDX-License-Identifier: EUPL-1.2
 * Any form as what a vendor says of the attributes of a service: what is shown again is bounded UTF-8 of it, and what
 * is kept is about attributes that are asked for.  The first three bytes say which are asked for. */
#include "gateway/vendor/says.h"
#include "wire/form.h"
#include "wire/http.h"

#include <assert.h>

enum { SHOWN_MAX_B = 4 * 2000, ASKED_B = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct str s)
{
    assert(s.p == NULL || (s.n <= SHOWN_MAX_B && str_is_utf8(s)));
}

static void check_row(const struct vendor_claim *row)
{
    check_text(row->why_fi);
    check_text(row->why_sv);
    check_text(row->why_en);
    check_text(row->without_fi);
    check_text(row->without_sv);
    check_text(row->without_en);
    assert(row->basis >= 0 && row->basis < BASIS_COUNT);
}

static struct claim_set asked_of(const uint8_t *data)
{
    struct claim_set asked = { 0 };

    for (int i = 0; i < CLAIM_COUNT && i < 8 * ASKED_B; i++)
        if ((data[i / 8] >> i % 8 & 1) != 0)
            claim_add(&asked, (enum claim)i);
    return asked;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct http_request req = { .method = HTTP_POST };
    struct ctx c = { .arena = a, .req = &req };
    struct fail f = { 0 };
    struct form *body;

    if (size >= ASKED_B && form_read(a, str_n(data + ASKED_B, size - ASKED_B), &body, &f)) {
        const struct change_by by = { .who = S("fuzz"), .area = &area_nation };
        const struct edit_from from = { .version = 1 };
        struct edit *edit = edit_new(&by, &from);
        c.body = body;
        for (int i = 0; i < CLAIM_COUNT; i++) {
            struct vendor_claim row = { .asked = true };
            says_purpose(&c, NULL, (enum claim)i, &row);
            check_row(&row);
        }
        says_put_purposes(&c, edit, S("tori"), NULL, asked_of(data));
        edit_free(edit);
    }
    arena_free(a);
    return 0;
}
