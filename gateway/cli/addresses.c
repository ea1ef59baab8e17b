/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/cli/addresses.h"

#include "idp-adapters/addresses.h"

enum { TEXT_MAX_B = 64 << 20 };

static void put(struct buf *b, struct arena *a, const struct settings *set, const struct idp *idp)
{
    struct address at[ADDRESSES_MAX];
    size_t n = idp_addresses(a, set, idp, at);

    if (n > 0 && b->n == 0)
        buf_add(b, S("to register at each identity provider (docs/cities.md says where):\n"));
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "  %-20.*s %-26s %.*s\n", STR_ARG(idp->id), at[i].what, STR_ARG(at[i].url));
}

struct str addresses_text(struct arena *a, const struct settings *set, const struct registry *r)
{
    const struct registry_parts *p = registry_parts(r);
    struct buf b = buf_new(a, TEXT_MAX_B);

    for (size_t i = 0; i < p->idp_count; i++)
        put(&b, a, set, &p->idps[i]);
    return buf_str(&b);
}
