/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/addresses.h: what a city must enter about us, made in one place.
 *
 * Floor 3.  Pure.  The adapters send these addresses and the command line prints
 * them, so that what is registered and what is sent cannot differ.
 */
#ifndef IDP_ADAPTERS_ADDRESSES_H
#define IDP_ADAPTERS_ADDRESSES_H

#include "base/settings.h"
#include "model/registry.h"

struct own_address {
    const char *what; /* "redirect URI" */
    struct str url;
};

enum { ADDRESSES_MAX = 4 };

/* One path per identity provider, so that one city's answer cannot be taken for another's [RFC 9700 4.4.2.2]. */
struct str oidc_redirect_uri(struct arena *a, const struct settings *set, const struct idp *idp);
/* Where the browser comes back to when the city has signed the person out [OIDC RP-Initiated Logout 2]. */
struct str oidc_post_logout_redirect_uri(struct arena *a, const struct settings *set);
/* What is to be registered at this identity provider; none for local accounts.  Gives how many. */
size_t idp_addresses(struct arena *a, const struct settings *set, const struct idp *idp,
                     struct own_address out[ADDRESSES_MAX]);

#endif
