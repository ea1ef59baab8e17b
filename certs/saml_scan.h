/* SPDX-License-Identifier: EUPL-1.2
 * certs/saml_scan.h: looks over a SAML text that the gateway wants signed.
 *
 * Floor 2.  Not an XML reader: it makes no values and allocates nothing.  It
 * passes only what wire/saml_respond.h, saml_write.h and saml_idp_metadata.h write: one of
 * the elements in its table, in exclusive C14N form, issued by us and now; an
 * assertion, alone or in a Response, is for one audience that is not ourselves, of
 * one sign-in, and ends within an hour.  What is encrypted it cannot see.
 */
#ifndef CERTS_SAML_SCAN_H
#define CERTS_SAML_SCAN_H

#include "certs/signer_msg.h"

/* us: the address that every entityID of ours begins with.  *id: of the element, a view into text.  REASON_SIGNED when
 * all is well. */
enum signer_reason saml_scan(struct str text, struct str us, int64_t now_s, struct str *id);

#endif
