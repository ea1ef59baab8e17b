/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/seals.h"
#include "base/text.h"
#include "idp-adapters/relations_int.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever the authority says: nobody without an identity code is picked, nothing but the word ALL allows, and a
 * session fits into an address. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    const struct seals *seals = seals_of(a, S("a root secret of thirty-two bytes and more"));
    struct str said = str_n(data, size), ids[WARDS_MAX], session, user;
    struct kin at[WARDS_MAX];
    int64_t of_age_s;

    size_t n = relations_web_picked(a, seals, said, at, ids);
    assert(n <= WARDS_MAX);
    for (size_t i = 0; i < n; i++) {
        assert(at[i].identity.n == 64 && identity_of_age(ids[i], &of_age_s) && of_age_s == at[i].of_age_s);
        assert(at[i].name.n <= RELATIONS_NAME_MAX_B && (at[i].name.n == 0 || text_is_plain(at[i].name)));
    }
    if (relations_web_registered(a, said, &session, &user))
        for (size_t i = 0; i < session.n; i++)
            assert(session.p[i] > ' ' && session.p[i] < 127);
    (void)relations_web_allows(a, said);
    arena_free(a);
    return 0;
}
