/* SPDX-License-Identifier: EUPL-1.2
 * model/pairwise.h: what a person is called, inside and towards a vendor.
 *
 * Floor 1.  Pure.  The same over every protocol, so a vendor can change from
 * one to another without losing accounts; two vendors cannot compare notes.
 */
#ifndef MODEL_PAIRWISE_H
#define MODEL_PAIRWISE_H

#include "base/seals.h"
#include "model/registry.h"

/* person_id: 64 hex digits of HMAC(pairwise key, idp id, subject). */
struct str pairwise_person(struct arena *a, const struct seals *s, struct str idp, struct str subject);
/* What a service of this vendor calls the person: 52 characters of lower-case base32. */
struct str pairwise_sub(struct arena *a, const struct seals *s, struct str person_id, struct str vendor);

/* What services of this vendor call a session: `sid` of tokens, SessionIndex of assertions.  sid: as in struct session,
 * which leaves the gateway in no other form, so vendors cannot compare sessions either.  One of SESSION_SID_BEFORE
 * characters began when every service was told it as it is: it is what they know, and comes out unchanged. */
struct str pairwise_sid(struct arena *a, const struct seals *s, struct str sid, struct str vendor);
enum { SESSION_SID_B = 18, SESSION_SID_BEFORE = 22 };

#endif
