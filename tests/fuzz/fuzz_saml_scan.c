/* SPDX-License-Identifier: EUPL-1.2
 * Any text as one that the signer is to sign: what it passes is well-formed where it looked, and names its ID. */
#include "certs/saml_scan.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str id = { NULL, 0 }, text = str_n(data, size);
    enum signer_reason said = saml_scan(text, S("https://gateway.example"), 1786348800, &id);

    assert(said == REASON_SIGNED || said == REASON_MALFORMED);
    if (said == REASON_SIGNED) {
        assert(str_is_set(id));
        assert(str_find(text, S("<!")) == text.n && str_find(text, S("<?")) == text.n);
    }
    return 0;
}
