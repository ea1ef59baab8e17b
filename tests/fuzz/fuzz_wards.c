/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/seals.h"
#include "idp-adapters/relations.h"
#include "registry/wards.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CODE_N = 11, NOW_S = 1786348800 };

static struct school schools[] = { { S("1.2.246.562.99.1001"), S("99101"), { { S("Alakoulu") } }, true } };
static struct provider provider = {
    .id = S("oulu"), .oid = S("1.2.246.562.99.1"), .schools = schools, .school_count = 1
};
static struct idp idp = { .id = S("oulu-edu"), .provider = &provider, .enabled = true, .test = true };

/* Whatever the file of a municipality holds, CSV or users of OneRoster: it is taken or refused with a line, no more is
 * kept than it has bytes, and no complaint quotes an identity code. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct str file = str_n(data, size);
    struct fail f = { 0 };
    struct wards_import x = { .provider = &provider,
                              .idp = size % 2 == 0 ? &idp : NULL,
                              .seals = seals_of(a, S("a root secret of thirty-two bytes and more")),
                              .csv = file,
                              .now_s = NOW_S };

    if (wards_check(a, &x, &f)) {
        assert(x.children + x.relations + x.left_out + x.unknown <= size);
    } else {
        int64_t of_age_s;
        struct str said = str_of(f.detail);
        assert(f.kind == FAIL_CALLER && str_has_prefix(said, S("line ")));
        for (size_t i = 0; i + CODE_N <= said.n; i++)
            assert(!identity_of_age(str_sub(said, i, CODE_N), &of_age_s));
    }
    arena_free(a);
    return 0;
}
