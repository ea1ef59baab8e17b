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
    /* A secret that nobody knows, and a key that the input may bring itself: its own signature it cannot have made. */
    struct jose_rules every = rules;
    every.algs = JOSE_EVERY;
    assert(!jose_verify(a, token, keys, &every, &claims, &f) && claims.all == NULL);
    assert(!jose_verify_secret(a, token, S("thirty-two bytes that nobody has"), &every, &claims, &f) &&
           claims.all == NULL);
    every.typ = S("dpop+jwt");
    (void)jose_verify_by_header(a, token, &every, &claims, &f);
    const struct json_value *said = jose_unproven(a, token);
    assert(said == NULL || said->type == JSON_OBJECT);
    arena_free(a);
    return 0;
}
