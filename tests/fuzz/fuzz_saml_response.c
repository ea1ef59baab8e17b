/* SPDX-License-Identifier: EUPL-1.2
 * Any text as a SAML answer, under a certificate whose private half nobody has
 * any more.  Some seeds are honest, so that mutations reach what stands behind a
 * good signature: whatever is then accepted must be what was signed. */
#include "wire/saml.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char certificate[] = "-----BEGIN CERTIFICATE-----\n"
                                  "MIIClzCCAX+gAwIBAgIBATANBgkqhkiG9w0BAQsFADAPMQ0wCwYDVQQDDARjaXR5\n"
                                  "MB4XDTAwMDEwMTAwMDAwMFoXDTAxMDEwMTAwMDAwMFowDzENMAsGA1UEAwwEY2l0\n"
                                  "eTCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAJLMCjn7RycmZw2W6zS/\n"
                                  "ImeQvG7DPr3Yzl2E2t7Ek5MBVeE3lyIPzUu/7Mna4WW7BMMzHbE2WRXUbQow5u9m\n"
                                  "jm03xl3aZFz/c7sW5hmQkjvWcZDGwZcN83r31jf90SFIb/2tFpHUPu+u8kVB4lM5\n"
                                  "iHDJD5n8lIcRbD3MP/H+rR0Mix4bTuTp1BLeWESEn/nyZNRI75dIc/m3K+Ad7VfQ\n"
                                  "R4tPSY0vJS9C/fVz9GNU0IhQVahSbKPZjPbmnLt21Rs5yg7Kc78opgpOVjV4OaEF\n"
                                  "LGia51GXP3vxbr3Xjx27Eyui4rwrHNzRceCMAvONRG0TDB4eLMibuJffR37C4rqG\n"
                                  "IfECAwEAATANBgkqhkiG9w0BAQsFAAOCAQEAL9TGgJ+B2F7ACZYQNPzpx+KNGUuf\n"
                                  "v2j1vyIi4KXH2a9ZheunWUV4Lux6uxAa4ZvsuI25BdTz+f9/FrStCwStuOqHfDry\n"
                                  "QYwWncH9evWdWiljwRx5pF5DzwfQkLoR5ojaD5TTXSHxbzDP+xl4uM8ANUqaw+jh\n"
                                  "p8uH0+sbLdoFKnsVXa85FV0AEZs5W11hXV3C5wW+zDpfbRdlkflhfcvkMo3hA5Tk\n"
                                  "CI+fjtnSZ/Ke990y9a7LC44vFgaYVvlU1qpw5Vzhny7BgAOdd9s+cyTI3l8u7KR7\n"
                                  "/Q6qfqpSWWmx8fjGnEvwXuZX6CyYNn+q3SdCCWRVuPveSOa94naxiKlGBg==\n"
                                  "-----END CERTIFICATE-----\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct keyring *keys = keyring_new(a);
    struct fail f = { 0 }, unread = { 0 };
    struct saml_answer *m = NULL;
    const struct saml_rules rules = { .keys = keys,
                                      .issuer = S("https://idp.oulu.example/saml"),
                                      .sp = S("https://gateway.example/saml/metadata"),
                                      .acs = S("https://gateway.example/upstream/saml/acs"),
                                      .request_id = S("_5d0c7f2b9e8a41f6b3c2d1e0f9a8b7c6"),
                                      .now_s = 1786348800,
                                      .skew_s = 180 };

    (void)keyring_add_pem(keys, str_of(certificate), &unread);
    assert(keyring_count(keys) == 1);
    enum saml_state state = saml_open(a, str_n(data, size), &rules, &m, &f);
    if (state == SAML_NEEDS_KEY) /* a key of the right length, and wrong */
        state = saml_unwrapped(m, str_sub(S("0123456789abcdef0123456789abcdef"), 0, saml_wrapped(m)->key_B), &f);
    assert(state == SAML_PROVEN ? f.kind == FAIL_NONE && saml_assertion(m) != NULL
                                : f.kind != FAIL_NONE && saml_assertion(m) == NULL);
    assert(state != SAML_PROVEN || saml_assertion(m)->response_signed || saml_assertion(m)->assertion_signed);
    struct str issuer = saml_claimed_issuer(a, str_n(data, size), 0);
    assert(state != SAML_PROVEN || issuer.p != NULL);
    arena_free(a);
    return 0;
}
