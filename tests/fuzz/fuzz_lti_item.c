/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/lti/deep.h"
#include "wire/json.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 && s.p[i] != '\n')
            return false;
    return true;
}

/* Whatever a tool says was picked: what is taken leads to the tool's own places, has no controls, and is read back from
 * its link as it was written. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct service s = { .id = S("tool"), .target_link_uri = S("https://t.example/launch") };
    struct lti_link link, again;
    struct fail f = { 0 };
    const struct json_value *items = size <= 65536 ? json_parse(a, str_n(data, size), &f) : NULL;

    for (const struct json_value *v = items != NULL ? items->first : NULL; v != NULL; v = v->next) {
        if (!deep_item(a, &s, v, &link))
            continue;
        link.id = S("id");
        assert(str_has_prefix(link.url, S("https://t.example")) && is_plain(link.url));
        assert(is_plain(link.title) && is_plain(link.custom));
        assert(lti_link_read(a, lti_link_write(a, &link), &again) && str_eq(again.url, link.url));
        assert(str_cmp(again.custom, link.custom) == 0);
    }
    arena_free(a);
    return 0;
}
