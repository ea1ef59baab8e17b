/* SPDX-License-Identifier: EUPL-1.2
 * gateway/saml/categories.h: what the metadata of a service signal that it needs, and what ours say of us.
 * [REFEDS entity categories; SAML subject identifiers 1.0, 3.2; IIP-IDP03, SDP-IDP15]
 *
 * Floor 6d.  Pure.  The table is categories.def.  Nothing is released by it: policy and the row decide that
 * (gateway/release.h).  It says by which name a service wants people told, which is obeyed, and proposes the rest to
 * who writes row and policy.
 */
#ifndef GATEWAY_SAML_CATEGORIES_H
#define GATEWAY_SAML_CATEGORIES_H

#include "model/claims.h"
#include "wire/saml_idp_metadata.h"
#include "wire/saml_service.h"

enum saml_subject { SUBJECT_UNSAID = 0, SUBJECT_NOBODY, SUBJECT_PAIRWISE, SUBJECT_SHARED };

/* subject-id:req, where it is said; else of its categories the one that needs most. */
enum saml_subject categories_subject(const struct saml_service_metadata *m);

/* What its categories and its RequestedAttributes need.  *by: who says so, for people: titles and the word
 * RequestedAttribute, with ", " between; absent: nobody. */
struct claim_set categories_claims(struct arena *a, const struct saml_service_metadata *m, struct str *by);

/* words: the setting entity_attributes.  Fails CALLER bad_setting: a word that the table has not. */
bool categories_known(struct str words, struct fail *f);
/* Fills categories, supports and assurance of idp. */
void categories_of_us(struct arena *a, struct str words, struct saml_idp *idp);

#endif
