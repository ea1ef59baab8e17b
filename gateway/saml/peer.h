/* SPDX-License-Identifier: EUPL-1.2
 * gateway/saml/peer.h: what a service says of itself, as far as its row believes it.
 *
 * Floor 6d.  Where it comes from: idp-adapters/upstream_service.h.
 */
#ifndef GATEWAY_SAML_PEER_H
#define GATEWAY_SAML_PEER_H

#include "idp-adapters/upstream_service.h"
#include "model/ctx.h"

/* Asks the batch; anew: what is kept did not do, fetch again. */
void peer_ask(struct ctx *c, const struct service *s, bool anew, struct upstream_got *got);
/* At every use.  NULL: OURS service_metadata (there is none), service_metadata_expired. */
const struct saml_service_metadata *peer_in_force(const struct ctx *c, const struct service *s,
                                                  const struct upstream_got *got, struct fail *f);
/* What is kept, without asking anybody; NULL: nothing that is in force. */
const struct saml_service_metadata *peer_kept(const struct ctx *c, const struct service *s);
/* By which its messages are verified: what the row pins, else what its metadata say. */
const struct keyring *peer_keys(struct ctx *c, const struct service *s, const struct saml_service_metadata *m);
/* What it has signed was proven by the key of that fingerprint; absent: it was not signed.  Counts an older one. */
void peer_used_key(struct ctx *c, const struct service *s, const struct saml_service_metadata *m, struct str print);
/* Whether an answer may go there: one of its AssertionConsumerServices by POST. */
bool peer_takes_at(const struct saml_service_metadata *m, struct str acs);
/* Names of attributes that it asks for by that index (digits; absent: its usual); NULL: it names none. */
const struct strs *peer_wants(struct arena *a, const struct saml_service_metadata *m, struct str index);

#endif
