/* SPDX-License-Identifier: EUPL-1.2
 * certs/content_key.h: the content key of an XML encryption, by whichever of our keys opens one of its alternatives.
 *
 * Floor 2.  [XML Encryption 3.5; SAML2int SDP-MD08: any encryption key]  A row asks, CONTENT_KEY_TRIES times, and the
 * next one looks; once it is known, or there is no alternative left, asking asks nothing and looking says so again.
 */
#ifndef CERTS_CONTENT_KEY_H
#define CERTS_CONTENT_KEY_H

#include "certs/signer_client.h"
#include "wire/xmlenc.h"

enum { CONTENT_KEY_TRIES = XMLENC_WRAPPED_MAX };

/* The rows of that, in a table of steps. */
#define CONTENT_KEY_ROWS(ask, use)                                                                                     \
    { ask }, { ask }, { ask }, { ask }, { ask }, { ask }, { ask }, { ask },                                            \
    {                                                                                                                  \
        use                                                                                                            \
    }
_Static_assert(CONTENT_KEY_TRIES == 8, "as many times");

enum content_key_state {
    CONTENT_KEY_OPEN = 0, /* another alternative is to be tried */
    CONTENT_KEY_FITS,     /* got.value; got.retired: by an older key of ours */
    CONTENT_KEY_NONE,     /* no key of ours opens any of them */
    CONTENT_KEY_AWAY      /* the signer did not answer: got.error */
};

struct content_key {
    const struct encrypted *of;
    size_t at; /* which alternative is next */
    struct signed_got got;
    enum content_key_state state;
};

enum oaep_hash content_key_hash(enum xmlenc_hash hash);
/* Looks at what was asked before, and asks for the next alternative.  False: nothing is to be asked. */
bool content_key_ask(struct signer *s, struct batch *b, struct arena *a, struct content_key *k);
enum content_key_state content_key_look(struct content_key *k);

#endif
