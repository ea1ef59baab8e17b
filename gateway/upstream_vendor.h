/* SPDX-License-Identifier: EUPL-1.2
 * gateway/upstream_vendor.h: people of vendors who prove elsewhere who they are.
 *
 * Floor 6c.  Elsewhere: an identity provider with vendors: true that is not of our own accounts.  What it says of roles
 * and schools is not looked at: whoever is known there by an account's (row, issuer, subject) comes in as that account
 * of a vendor, and as nobody else; an address of e-mail names nobody.  Whoever is nobody's gets a page that says what
 * to do, and no session.
 *
 * A login that leads to an invitation or to one's own account signs nobody new in: what was proven is kept by this
 * browser, sealed, for what it was proven for alone, and the page there asks once more.
 */
#ifndef GATEWAY_UPSTREAM_VENDOR_H
#define GATEWAY_UPSTREAM_VENDOR_H

#include "model/ctx.h"
#include "registry/vendors.h"

enum { OUTSIDE_PROOF_S = 900 };

/* The path of an invitation (its token follows), of one's own account, and the way in. */
#define OUTSIDE_INVITATION "/vendor/invite/"
#define OUTSIDE_ACCOUNT    "/vendor/account"
#define OUTSIDE_ENTER      "/vendor/enter"

bool idp_is_outside(const struct idp *idp); /* switched on, and listed for people of vendors; NULL: no */
/* Ids of those. */
struct strs outside_listed(struct arena *a, const struct registry *r);

/* There, and back to that path of ours.  fresh: the person there is to log in now. */
enum step outside_begin(struct ctx *c, const struct idp *idp, struct str back, bool fresh, struct fail *f);

/* A row, behind those that fill c->person from a city's answer. */
enum step upstream_vendor(struct ctx *c, struct fail *f);

struct outside {
    struct identity_key key;
    const struct person *person; /* names alone */
};
/* What this browser has proven for that path; for OUTSIDE_ACCOUNT in this very session.  False: nothing, or it is over,
 * or its identity provider is not listed any more. */
bool outside_proof(struct ctx *c, struct str path, struct outside *out);
void outside_proof_drop(struct ctx *c);

#endif
