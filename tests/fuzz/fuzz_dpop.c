/* SPDX-License-Identifier: EUPL-1.2
 * Any text as a DPoP proof, and as an address in one: refused, or a key's thumbprint of 43 characters.  An input that
 * starts with '{' is a header, so that the fuzzer reaches the readers behind base64. */
#include "base/codec.h"
#include "gateway/oidc/tokens/proof.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct fail f = { 0 };
    struct proof out = { .jkt = { NULL, 0 } };
    const struct proof_rules rules = { .method = S("POST"), .urls = { S("https://x.example/t") }, .now_s = 1786348800 };
    struct str text = str_n(data, size), url = proof_url(a, text);

    assert(url.p == NULL || str_eq(proof_url(a, url), url)); /* once is enough */
    if (size > 0 && data[0] == '{')
        text = arena_printf(a, "%.*s.e30.AAAA", STR_ARG(b64url_encode(a, text)));
    bool good = proof_verify(a, text, &rules, &out, &f);
    assert(good == (out.jkt.n == 43) && good == (f.kind == FAIL_NONE));
    arena_free(a);
    return 0;
}
