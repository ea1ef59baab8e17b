/* SPDX-License-Identifier: EUPL-1.2
 * gateway/saml/saml.h: the SAML identity provider: what its endpoints share.
 *
 * Floor 6d.  [SAML core, bindings, profiles 4.1, 4.4; Kantara IIP, SAML2int SDP]
 *
 * A request becomes a struct login, whose members mean here:
 *
 *     nonce       ID of the AuthnRequest; absent: the service did not ask
 *     state_out   RelayState
 *     answer_to   the AssertionConsumerService, out of the service's metadata
 *     scope       which name the person is told by, a word of name_id.h
 *     resources   AttributeConsumingServiceIndex, as digits; absent: none was named
 *     claims      ids of the identity providers that may do, with spaces between [core 3.4.1.5]; absent: any
 */
#ifndef GATEWAY_SAML_SAML_H
#define GATEWAY_SAML_SAML_H

#include "certs/signer_client.h"
#include "gateway/protocol.h"
#include "gateway/saml/peer.h"
#include "model/ctx.h"
#include "wire/saml_respond.h"

#define SAML_PATH_METADATA "/saml/metadata"
#define SAML_PATH_SSO      "/saml/sso"
#define SAML_PATH_SLO      "/saml/slo"
#define SAML_PATH_SOAP     "/saml/slo/soap"
/* As whom a service is answered (answers_as of its row): an entityID and addresses of that municipality's own, the same
 * keys.  The provider's id stands behind each. */
#define SAML_FACE_METADATA "/saml/idp/metadata/"
#define SAML_FACE_SSO      "/saml/idp/sso/"
#define SAML_FACE_SLO      "/saml/idp/slo/"
#define SAML_FACE_SOAP     "/saml/idp/soap/"

enum { SAML_ANSWER_LIFE_S = 300, SAML_ID_B = 20 };

struct str saml_us(const struct ctx *c);                         /* our entityID, as c->service knows it */
struct str saml_us_as(const struct ctx *c, struct str provider); /* absent or "": as nobody in particular */
/* Where c->service's messages come to; path: one of SAML_PATH_…. */
struct str saml_here(const struct ctx *c, const char *path);
/* Whether this request came to the address of the identity provider as which c->service is answered. */
bool saml_face_fits(const struct ctx *c, struct fail *f);
struct str saml_at(const struct ctx *c, const char *path); /* a path of ours as services know it */
struct str saml_scope(const struct ctx *c);                /* what stands behind @ */
struct str saml_new_id(const struct ctx *c);               /* of a message: unguessable, and never the same twice */
/* By which algorithm this service is signed to: as its row says, where its metadata allow that [IIP-MD10]. */
enum jose_alg saml_alg_of(const struct service *s, const struct saml_service_metadata *p);

/* Sends a message by a page that the browser posts: field is "SAMLResponse" or "SAMLRequest".  Gives DONE. */
enum step saml_post(struct ctx *c, const struct service *s, struct str url, const char *field, struct str message,
                    struct str relay);

/* Makes c->res lead to a path of ours that signs and sends a status to c->login's service: code as in struct fail. */
void saml_refuse(struct ctx *c, const char *code);
/* The same where the failure has not been recorded; gives DONE. */
enum step saml_told(struct ctx *c, const char *code, const char *detail);

#define SAML_PAIRWISE_ID "urn:oasis:names:tc:SAML:attribute:pairwise-id"

/* What of an answer to this service is signed, and whether its assertion is encrypted: as its row and its metadata say.
 */
bool saml_signs_assertion(const struct service *s, const struct saml_service_metadata *p);
bool saml_signs_response(const struct service *s);
bool saml_encrypts(const struct service *s, const struct saml_service_metadata *p);

extern const struct step_row saml_answer_rows[];
/* How services hear of an end (protocol.h). */
bool saml_hears(const struct ctx *c, const struct service *s);
bool saml_hears_by_trip(const struct ctx *c, const struct service *s);
/* element in its holder ("saml:EncryptedAssertion", "saml:EncryptedID"), to the key of c->service's metadata, as its
 * row says.  Absent: *f says why. */
struct str saml_encrypted(struct ctx *c, const struct saml_service_metadata *is, const char *holder, struct str element,
                          struct fail *f);
/* Whether a LogoutResponse says that its sender knows nobody of the name in our request. */
struct saml_logged_out;
bool saml_knows_nobody(const struct saml_logged_out *said);
/* A LogoutRequest to c->service, from us; out has all but the issuer, and the name also where it is to be encrypted.
 * An absent text: *f says why. */
struct saml_logout;
struct saml_draft saml_logout_to(struct ctx *c, const struct saml_service_metadata *is, struct saml_logout *out,
                                 bool encrypts_name, struct fail *f);
/* What is signed goes to the service by SOAP; place: in whose share of what may wait (wire/fetch.h).  WAIT, or the
 * signer's failure. */
struct fetch_got;
enum step saml_soap_send(struct ctx *c, struct str url, const struct saml_draft *draft,
                         const struct signed_got *signature, const char *place, struct fetch_got *out, struct fail *f);
/* By which its answer to our request of that id is judged. */
struct saml_ask_rules;
struct saml_ask_rules saml_answer_rules(struct ctx *c, const struct saml_service_metadata *is, struct str here,
                                        struct str id);
extern const struct step_row saml_leave[], saml_leave_go[], saml_left[];

#endif
