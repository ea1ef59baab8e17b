/* SPDX-License-Identifier: EUPL-1.2
 * registry/targets.h: where inside a service a link may lead.
 *
 * Floor 4.  Pure.  A link of ours (/open/<service>?to=…) says where in the service it is to end: on a tile, in a
 * bookmark, an e-mail or a printed code.  Whoever made it is not to be believed, so the address must begin, byte for
 * byte, with one of the prefixes of the service's row (targets), or be its launch_uri or target_link_uri itself.  A
 * prefix ends its host with "/", so that no user name, port or longer host can stand behind it; behind the prefix
 * nothing may mean another place to a server than it means to us: no "." or ".." segment, no empty one, no backslash,
 * no percent-encoded slash, dot, percent sign or control character in the path.
 */
#ifndef REGISTRY_TARGETS_H
#define REGISTRY_TARGETS_H

#include "base/arena.h"
#include "model/lang.h"
#include "model/registry.h"

enum { TARGET_MAX_B = 2048, TARGETS_MAX = 100 };

/* A prefix of a row: NULL, or what is wrong.  test: as for url_trouble(). */
const char *target_trouble(struct str prefix, bool test);
/* An address of a row that may hold "{locale}" (and, launch_uri alone, "{target}" as a value in its query): NULL, or
 * what is wrong. */
const char *link_trouble(struct str address, bool test, bool may_have_target);

/* What `to` means at this service, as an absolute address made in a.  It is one already, or begins where the service
 * does (target_link_uri, else launch_uri, else its first prefix): "/path", "path", "?query".  "{locale}" becomes lang's
 * tag, what an address cannot hold as it is becomes percent-encoded.  False: the service lets no link lead there. */
bool target_read(struct arena *a, const struct service *s, struct str to, enum lang lang, struct str *out);

/* The service's plain link: launch_uri with its placeholders filled in; to itself, where launch_uri has no place for it
 * (absent: none).  to: of target_read(), or absent.  Without launch_uri: target_link_uri. */
struct str target_link(struct arena *a, const struct service *s, struct str to, enum lang lang);
/* address with "{locale}" filled in. */
struct str target_in(struct arena *a, struct str address, enum lang lang);

#endif
