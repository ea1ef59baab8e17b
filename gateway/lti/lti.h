/* SPDX-License-Identifier: EUPL-1.2
 * gateway/lti/lti.h: an LTI 1.3 platform: what its endpoints share.
 *
 * Floor 6d.  A launch has two halves, and each is a login (model/login.h) of its own.  The first
 * is ours: somebody opens a tile or a link, policy says yes, and the browser goes to where the tool's login begins,
 * with a hint that names the message (hint.c).  The second is the tool's: it asks /lti/authorize with that hint, policy
 * says yes once more, and the answer is a signed message by form_post (message.h). [LTI Core 1.3, 1EdTech Security
 * Framework 1.0]
 */
#ifndef GATEWAY_LTI_LTI_H
#define GATEWAY_LTI_LTI_H

#include "gateway/flow.h"
#include "gateway/protocol.h"
#include "model/ctx.h"

/* How a login of ours goes on once it is decided: login->answer_mode. */
enum { LTI_TELL = 0 /* the message itself */, LTI_LAUNCH /* to the tool */, LTI_PICK /* likewise, to its catalogue */ };

enum { HINT_LIFE_S = 300, LINK_MAX_B = 1024, LTI_STATE_MAX_B = 2048, LTI_NONCE_MAX_B = 512, LTI_HINT_MAX_B = 8192 };

/* What is to be launched: travels sealed through the browser and the tool, as lti_message_hint. */
struct lti_hint {
    struct str id;                  /* of this launch; it serves once */
    struct str sid;                 /* of the session that it belongs to */
    struct str service;             /* registry id */
    struct str target;              /* target_link_uri, as the tool heard it */
    struct str link;                /* what a teacher picked (link.c), as JSON; absent: the tile */
    struct str context, deployment; /* as they were when it began: those of the message; context absent: none is told */
    int64_t pick;                   /* 1: a message of Deep Linking */
    int64_t framed;                 /* 1: in a frame of a page of ours (frame.c) */
    int64_t until_s;
};
/* Both hints of a launch, as they travel. */
struct lti_hints {
    struct str login, message;
};
struct lti_hints hint_seal(struct ctx *c, const struct lti_hint *h);
/* Opens both; they must be of one launch.  Fails CALLER invalid_request. */
bool hint_open(struct ctx *c, struct str login, struct str message, struct lti_hint *out, struct fail *f);

/* The message goes to c->login's address by a page that the browser posts (answer.c).  Gives DONE. */
enum step lti_post_message(struct ctx *c, struct str id_token);

/* frame.c: a page of ours with the tool in it, which begins at that address; what the tool keeps there instead of
 * cookies is its own [LTI Client Side postMessages]. */
enum step lti_show_framed(struct ctx *c, struct str begins, struct str here, struct fail *f);
/* Whether the launch that c->login answers is in such a frame. */
bool lti_is_framed(struct ctx *c);

/* "https://tool.example:8443" of "https://tool.example:8443/a?b"; absent: it is no such address. */
struct str lti_site_of(struct str uri);

/* Which deployment of the tool the people of this provider use.  provider: registry id, or absent. */
struct str lti_deployment(const struct service *s, struct str provider);
/* Whether the tool has that deployment at all. */
bool lti_deployment_known(const struct service *s, struct str id);

/* Whether what a tool had picked may be there: target_link_uri, or where its row lets a link lead (targets); where it
 * names no such place, what has scheme, host and port of an address of its own. */
bool lti_target_fits(struct arena *a, const struct service *s, struct str uri);

/* The tool of that client_id; NULL: no tool. */
const struct service *lti_tool(const struct ctx *c, struct str client_id);

/* What a teacher picked in a tool's catalogue, in the address of a link (link.c). */
struct lti_link {
    struct str service, url, title, custom; /* custom: "name=value" lines */
    struct str id;                          /* of the resource link */
};
struct str lti_link_seal(struct ctx *c, const struct lti_link *l); /* base64url */
bool lti_link_open(struct ctx *c, struct str text, struct lti_link *out);
struct str lti_link_write(struct arena *a, const struct lti_link *l); /* JSON */
bool lti_link_read(struct arena *a, struct str json, struct lti_link *out);
struct json_value;
bool lti_link_read_value(const struct json_value *v, struct lti_link *out);

#endif
