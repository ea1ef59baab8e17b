/* SPDX-License-Identifier: EUPL-1.2
 * gateway/upstream_tryout.h: a test sign-in at an identity provider, there and back.
 *
 * Floor 6c.  An admin sees what an identity provider sends and what would be made of it; nobody is signed in: no
 * session, no person, no token, no count, whatever the answer says.  Answers to logins and answers to tryouts are told
 * apart by the name of our request, which is sealed or has a form of its own; each finds its own cookie alone.
 */
#ifndef GATEWAY_UPSTREAM_TRYOUT_H
#define GATEWAY_UPSTREAM_TRYOUT_H

#include "idp-adapters/relay.h"
#include "model/ctx.h"

/* c->session begins it; then the browser is sent to the city, or to the tryout's page, which says why not.  fresh: the
 * person there is to log in now. */
enum step upstream_tryout_begin(struct ctx *c, const struct idp *idp, bool fresh);

/* The same for somebody whom a dry run asks by a link (session/dry_keep.h): no session is there or comes of it, and
 * what came is kept for the run; the browser ends at the link's page. */
enum step upstream_dry_begin(struct ctx *c, const struct idp *idp, struct str link);

/* Where an answer that names a tryout goes on, and ends. */
enum step upstream_tryout_oidc(struct ctx *c);
enum step upstream_tryout_posted(struct ctx *c, const struct relay *r, struct str upstream_id);
enum step upstream_tryout_go(struct ctx *c, struct str upstream_id);

struct str upstream_tryout_page(struct arena *a, struct str idp); /* /admin/tryout/ID */
struct str upstream_dry_page(struct arena *a, struct str link);   /* /try/LINK */

#endif
