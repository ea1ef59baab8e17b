/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/codec.h"
#include "wire/passkey.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* clientDataJSON, 0x00, authenticator data, 0x00 0x00, signature: whatever comes, what is made of it has a key of P-256
 * and an id of a bounded length, and nothing signs without the key. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct str all = str_n(data, size);
    size_t cut = str_find_byte(all, '\0', 0), end = str_find(str_from(all, cut + 1), str_n("\0\0\xff", 3));
    struct str client = str_sub(all, 0, cut), rest = str_from(all, cut + 1);
    struct str said = str_sub(rest, 0, end), signature = str_from(rest, end + 3);
    const struct passkey_asked asked = { S("https://gateway.example"), S("gateway.example"),
                                         S("a challenge of thirty-two bytes!") };
    const struct passkey kept = { S("id"), S("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), 0 };
    struct passkey made;
    struct fail f = { 0 }, g = { 0 };
    int64_t count;

    if (passkey_made(a, &asked, client, said, &made, &f))
        assert(made.key.n == 64 && made.id.n > 0 && made.id.n <= PASSKEY_ID_MAX_B);
    assert(!passkey_signed(a, &asked, &kept, client, said, signature, &count, &g)); /* that is no point of the curve */
    arena_free(a);
    return 0;
}
