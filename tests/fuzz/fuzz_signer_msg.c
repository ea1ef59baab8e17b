/* SPDX-License-Identifier: EUPL-1.2
 * Any datagram at the signer's door: no message, or one that is written back
 * byte by byte; its claims pass the scan only when they are an object that the
 * strict reader takes, without reserved names. */
#include "certs/claims_scan.h"
#include "certs/signer_msg.h"
#include "wire/json.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void scan(struct arena *a, struct str text)
{
    static const char *const reserved[] = { "iss", "iat", "exp", "nbf", NULL };
    struct fail f = { 0 };

    if (claims_scan(text, reserved) != REASON_SIGNED)
        return;
    /* Numbers, words and escapes are the gateway's matter; where they are well-formed, names must be clean. */
    const struct json_value *v = json_parse(a, text, &f);
    for (size_t i = 0; v != NULL && reserved[i] != NULL; i++)
        assert(v->type == JSON_OBJECT && json_get(v, str_of(reserved[i])) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct signer_msg m;

    scan(a, str_n(data, size));
    if (signer_msg_read(str_n(data, size), &m)) {
        assert(str_eq(signer_msg_write(a, &m), str_n(data, size)));
        scan(a, m.part[0]);
    }
    arena_free(a);
    return 0;
}
