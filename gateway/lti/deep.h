/* SPDX-License-Identifier: EUPL-1.2
 * gateway/lti/deep.h: what a teacher picks in a tool's catalogue.  [Deep Linking 2.0]
 *
 * Floor 6d, room lti.  Nothing is stored: each picked item becomes the address of a link that holds it (link.c), and
 * the page that lists them is itself such an address.
 */
#ifndef GATEWAY_LTI_DEEP_H
#define GATEWAY_LTI_DEEP_H

#include "gateway/lti/lti.h"

/* `data` of a request: c->session, c->service and the deployment, sealed; an answer brings it back. */
struct str deep_data(struct ctx *c, struct str deployment);

/* The links of a list that this session's person picked in c->service (the sealed text of GET /lti/picked), the first
 * `most` of them; 0: it is another's, too old, or none. */
size_t deep_picked(struct ctx *c, struct str list, struct lti_link *out, size_t most);

/* What a link of ours can hold of one content item: a launch of this tool, where it may be launched.  out->id is the
 * caller's to make.  False: it is left out.  Pure. */
struct json_value;
bool deep_item(struct arena *a, const struct service *s, const struct json_value *item, struct lti_link *out);

#endif
