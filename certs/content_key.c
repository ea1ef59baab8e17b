/* SPDX-License-Identifier: EUPL-1.2 */
#include "certs/content_key.h"

enum oaep_hash content_key_hash(enum xmlenc_hash hash)
{
    static const enum oaep_hash same[] = { [XMLENC_NO_HASH] = OAEP_NONE,
                                           [XMLENC_SHA1] = OAEP_SHA1,
                                           [XMLENC_SHA256] = OAEP_SHA256,
                                           [XMLENC_SHA384] = OAEP_SHA384,
                                           [XMLENC_SHA512] = OAEP_SHA512 };
    return same[hash];
}

/* It has looked and no key of ours fits, which is the next alternative's turn; or it is away, which is our trouble. */
static bool is_away(const struct signed_got *got)
{
    return !got->ok &&
           (got->error == NULL || str_eq(str_of(got->error), S("timeout")) || str_eq(str_of(got->error), S("away")));
}

enum content_key_state content_key_look(struct content_key *k)
{
    if (k->state == CONTENT_KEY_OPEN && k->at == 0)
        k->state = CONTENT_KEY_NONE; /* there was nothing to ask */
    else if (k->state == CONTENT_KEY_OPEN && k->got.ok && k->got.value.n == k->of->key_B)
        k->state = CONTENT_KEY_FITS;
    else if (k->state == CONTENT_KEY_OPEN && is_away(&k->got))
        k->state = CONTENT_KEY_AWAY;
    else if (k->state == CONTENT_KEY_OPEN && k->at >= k->of->wrapped_count)
        k->state = CONTENT_KEY_NONE;
    return k->state;
}

bool content_key_ask(struct signer *s, struct batch *b, struct arena *a, struct content_key *k)
{
    if (k->at > 0)
        (void)content_key_look(k);
    if (k->state != CONTENT_KEY_OPEN || k->at >= k->of->wrapped_count)
        return false;
    const struct wrapped_key *w = &k->of->wrapped[k->at++];
    k->got = (struct signed_got){ .ok = false };
    signer_unwrap(s, b, a, content_key_hash(w->digest), content_key_hash(w->mgf), w->cipher, &k->got);
    return true;
}
