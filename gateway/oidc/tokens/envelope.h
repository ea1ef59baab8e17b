/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/tokens/envelope.h: what a service is told as a token: signed, then encrypted where its row says so.
 *
 * Floor 6d, room tokens.  A token is made in two moves around a WAIT: envelope_ask() asks the signer, envelope_take()
 * has what it said, encrypted where asked.  Several may be under way at once.  [OIDC Core 2, 5.3.2, 16.14; JARM 2.2;
 * RFC 9701 5]
 */
#ifndef GATEWAY_OIDC_TOKENS_ENVELOPE_H
#define GATEWAY_OIDC_TOKENS_ENVELOPE_H

#include "certs/signer_client.h"
#include "gateway/oidc/client/keys.h"
#include "gateway/oidc/oidc.h"

enum envelope_kind {
    ENVELOPE_NONE = 0,
    ENVELOPE_ID_TOKEN,
    ENVELOPE_USERINFO,
    ENVELOPE_RESPONSE,
    ENVELOPE_INTROSPECTION,
    ENVELOPE_KIND_COUNT
};

struct envelope { /* lives in c->arena until it is taken */
    enum envelope_kind kind;
    const struct service *service; /* whose row says how */
    enum jose_alg alg;
    struct signed_got signed_as;
};

/* The algorithm of the row for this kind; JOSE_NONE: the row does not ask for a signed one (ID tokens always have one:
 * RS256 where the row says nothing; answers and introspections have that of ID tokens where it names none of
 * their own). */
enum jose_alg envelope_alg(const struct service *s, enum envelope_kind kind);
/* Whether the row wants it encrypted. */
bool envelope_encrypts(const struct service *s, enum envelope_kind kind);
/* The row of s says how.  claims as signer_id_token() wants them; life_s is not looked at for introspection, and is
 * no exp where 0 for userinfo.  Afterwards WAIT. */
void envelope_ask(struct ctx *c, struct envelope *out, const struct service *s, enum envelope_kind kind,
                  struct str claims, int64_t life_s);
/* keys: client_keys_of(), looked at only where it is encrypted.  value: the compact JWS or JWE.  Fails OURS
 * temporarily_unavailable (the signer), OURS server_error (the row wants what its keys cannot). */
bool envelope_take(struct ctx *c, const struct envelope *e, const struct jwks *keys, struct str *value, struct fail *f);
/* Encrypted without being signed, where the row asks for that (userinfo) [OIDC Core 5.3.2].  Fails as envelope_take().
 */
bool envelope_plain(struct ctx *c, const struct service *s, enum envelope_kind kind, struct str json,
                    const struct jwks *keys, struct str *value, struct fail *f);

#endif
