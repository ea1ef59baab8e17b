/* SPDX-License-Identifier: EUPL-1.2
 * Any bytes as a certificate, and any text as the field Client-Cert: refused, or one with a hash. */
#include "wire/cert.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct str text = str_n(data, size);

    for (int as_field = 0; as_field < 2; as_field++) {
        struct cert cert = { .x509 = NULL };
        struct fail f = { 0 };
        bool good = as_field ? cert_read_field(a, text, &cert, &f) : cert_read(a, text, &cert, &f);
        assert(good == (f.kind == FAIL_NONE) && good == (cert.x509 != NULL));
        if (good) {
            assert(cert.x5t.n == 43);
            for (int kind = CERT_SUBJECT; kind <= CERT_EMAIL; kind++)
                (void)cert_has_name(&cert, (enum cert_name)kind, S("192.0.2.7"));
            (void)cert_has_name(&cert, CERT_SUBJECT, cert.subject);
        }
    }
    arena_free(a);
    return 0;
}
