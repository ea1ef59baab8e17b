/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/scope_pattern.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An expression, a line break, a scope.  What is taken matches no single label and no scope that is none of a host. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct str text = str_n(data, size), pattern = str_sub(text, 0, str_find_byte(text, '\n', 0));
    struct str scope = str_from(text, pattern.n + 1);
    const char *trouble = NULL;
    const struct scope_pattern *p = scope_pattern_read(a, pattern, &trouble);

    assert(p != NULL || trouble != NULL);
    if (p != NULL) {
        assert(!scope_pattern_matches(p, S("fi")));
        assert(!scope_pattern_matches(p, S("evil.example.")));
        bool is = scope_pattern_matches(p, scope);
        assert(!is || (scope.n <= SCOPE_MAX_B && str_find_byte(scope, '.', 0) < scope.n));
    }
    arena_free(a);
    return 0;
}
