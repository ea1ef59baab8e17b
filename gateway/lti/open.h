/* SPDX-License-Identifier: EUPL-1.2
 * gateway/lti/open.h: the half of a launch that is ours.  Floor 6d, room lti.
 */
#ifndef GATEWAY_LTI_OPEN_H
#define GATEWAY_LTI_OPEN_H

#include "gateway/lti/lti.h"

struct str lti_launch(struct ctx *c, const struct service *s, struct str to); /* protocol.h */
/* 303, or a page that posts, to where the tool's login begins, with the hints of c->login in that context (absent:
 * none) and deployment.  Fails OURS. */
enum step lti_go(struct ctx *c, struct str context, struct str deployment, struct fail *f);
/* Rows: a decided login of mode LTI_LAUNCH or LTI_PICK: 303 to the tool.  Fail DENIED access_denied, OURS. */
extern const struct step_row lti_lead[];

#endif
