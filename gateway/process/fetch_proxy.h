/* SPDX-License-Identifier: EUPL-1.2
 * gateway/process/fetch_proxy.h: the HTTP proxy to the world, where a network has no other way out.
 *
 * Floor 6f.  Whoever is reached through it is not seen here: no address can be
 * checked, only the name (fetch_guard.h), and that the other end proves to be
 * who was asked (TLS, inside CONNECT).  So what lies on this machine or on a
 * private network of its row never goes this way.
 */
#ifndef GATEWAY_FETCH_PROXY_H
#define GATEWAY_FETCH_PROXY_H

#include "base/fail.h"
#include "base/settings.h"

struct fetch_proxy {
    struct str url;            /* absent: none */
    struct str user, password; /* absent: it asks for none */
    struct str except;         /* as the setting has it */
};

/* Reads the file with the login, which is never shown.  Fails OURS outgoing_proxy_login_file. */
bool fetch_proxy_read(const struct settings *s, struct arena *a, struct fetch_proxy *out, struct fail *f);
/* Whether that host of the world is reached through it. */
bool fetch_proxy_takes(const struct fetch_proxy *p, struct str host);

#endif
