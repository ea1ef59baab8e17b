/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/fields.h"
#include "base/text.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(struct arena *a, struct str s)
{
    struct str composed = text_composed(a, s), folded = text_folded(a, s), trimmed = text_trim(s);

    assert(text_is_composed(a, composed));
    assert(str_is_utf8(s) == str_is_utf8(composed) && str_is_utf8(s) == str_is_utf8(folded));
    assert(str_eq(text_folded(a, folded), folded) || !str_is_utf8(s));
    assert(text_same(a, s, composed) || !str_is_utf8(s));
    assert(trimmed.n <= s.n && text_trim(trimmed).n == trimmed.n);
    assert(!text_is_plain(s) || (str_is_utf8(s) && text_is_plain(composed)));
    assert(text_is_blank(s) == text_is_blank(trimmed));
}

/* Three parts, cut out of the input: they come back from a text with separators each as it was, or empty. */
static void split_again(struct arena *a, struct str s, char separator)
{
    struct fields f = fields_new(a, separator, 1 << 20);
    struct str parts[3] = { str_sub(s, 0, s.n / 3), str_sub(s, s.n / 3, s.n / 3), str_from(s, 2 * (s.n / 3)) };
    struct str rest, got;

    for (int i = 0; i < 3; i++)
        fields_part(&f, parts[i]);
    rest = fields_text(&f);
    for (int i = 0; i < 3; i++) {
        assert(str_split(&rest, separator, &got));
        assert(got.n == 0 || str_eq(got, parts[i]));
        struct str escaped = fields_escaped(a, parts[i], separator);
        assert(str_find_byte(escaped, separator, 0) == escaped.n);
    }
    assert(rest.p == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char separators[] = ";, /@\n";
    struct arena *a = arena_new();
    struct str s = str_n(size > 0 ? (const char *)data + 1 : "", size > 0 ? size - 1 : 0);

    if (size > 0 && size <= 65536) {
        look(a, s);
        split_again(a, s, separators[data[0] % (sizeof separators - 1)]);
    }
    arena_free(a);
    return 0;
}
