/* SPDX-License-Identifier: EUPL-1.2
 * gateway/pages/me_parts.h: what the files of a person's own page share.
 *
 * Floor 6d; inner to me.c, me_sessions.c and me_log.c.
 */
#ifndef GATEWAY_PAGES_ME_PARTS_H
#define GATEWAY_PAGES_ME_PARTS_H

#include "audit/find.h"
#include "launcher/pages.h"
#include "model/ctx.h"

enum { ME_LIST_MAX_B = 4096, ME_BUDGET_S = 3600 };

/* By name in the person's language; of what is not there any more its id. */
struct str me_idp_name(const struct ctx *c, struct str id);
struct str me_service_name(const struct ctx *c, struct str id);
void me_add_name(struct buf *b, struct str name); /* ", " between */
bool me_is(const struct audit_found *x, const char *event);
/* Claims as the log has them ("given_name roles"), and what the service's vendor says they are for, of these. */
uint32_t me_claims_of(struct str words);
struct str me_claims_in_words(struct ctx *c, uint32_t bits);
size_t me_whys(struct ctx *c, struct str service, uint32_t bits, const struct told_why **out);
/* Back to the page, which says it once; no address does, since anybody can write an address. */
enum step me_go_said(struct ctx *c, const char *what);

/* Where else they are signed in, and what was ended there; day: their events of as long as a session lives. */
void me_put_sessions(struct ctx *c, const struct audit_finds *day, struct me_view *v);
extern const struct step_row me_end_session[]; /* POST /me, act=session: csrf was looked at */

#endif
