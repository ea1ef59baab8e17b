/* SPDX-License-Identifier: EUPL-1.2
 * Any text: refused, or read into a tree that is written as a text that reads
 * as the same tree again. */
#include "wire/json.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str written(struct arena *a, const struct json_value *v)
{
    struct json_out o = json_out(a, 8 * (size_t)JSON_TEXT_MAX_B);

    json_value(&o, v);
    return json_done(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct fail f = { 0 };
    const struct json_value *v = json_parse(a, str_n(data, size), &f);

    if (v != NULL) {
        struct str once = written(a, v);
        const struct json_value *again = json_parse(a, once, &f);
        assert(once.p != NULL && again != NULL);
        assert(str_eq(once, written(a, again)));
        assert(json_has_nul(v) == json_has_nul(again));
    } else {
        assert(f.kind != FAIL_NONE);
    }
    arena_free(a);
    return 0;
}
