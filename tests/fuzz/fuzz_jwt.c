/* SPDX-License-Identifier: EUPL-1.2
 * Any text as a token, against keys whose private halves nobody has: always
 * refused, whatever it says.  An input that starts with '{' is a payload under
 * an honest header, so that the fuzzer reaches the readers behind base64. */
#include "base/codec.h"
#include "wire/jose.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* RFC 7515, appendix A.3.1: the key of the example, public half. */
static const char keys_text[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\","
                                "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                                "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct fail f = { 0 }, unread = { 0 };
    struct jose_claims claims = { 0 };
    const struct jose_rules rules = {
        .algs = JOSE_BOTH, .iss = S("joe"), .aud = S("us"), .now_s = 1786348800, .skew_s = 60
    };
    const struct jwks *keys = jwks_read(a, str_of(keys_text), &unread);
    struct str token = str_n(data, size);

    if (size > 0 && data[0] == '{')
        token = arena_printf(a, "eyJhbGciOiJFUzI1NiJ9.%.*s.%s", STR_ARG(b64url_encode(a, token)),
                             "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
    assert(!jose_verify(a, token, keys, &rules, &claims, &f));
    assert(f.kind == FAIL_CALLER && claims.all == NULL);
    arena_free(a);
    return 0;
}
