/* SPDX-License-Identifier: EUPL-1.2
 * gateway/lti/message.h: the message that a tool is given.
 *
 * Floor 6d, room lti.  Pure: values in, JSON out, but for what the signer writes (iss, iat, exp).  What may be told is
 * decided before (told.c); nothing is looked up here.
 * [LTI Core 5.3, 5.4, Deep Linking 2.0 3.4, Names and Role Provisioning Services 3.6]
 */
#ifndef GATEWAY_LTI_MESSAGE_H
#define GATEWAY_LTI_MESSAGE_H

#include "model/lang.h"
#include "model/person.h"
#include "model/registry.h"
#include "registry/members.h"

#define LTI_CLAIM  "https://purl.imsglobal.org/spec/lti/claim/"
#define LTI_DL     "https://purl.imsglobal.org/spec/lti-dl/claim/"
#define LTI_NRPS   "https://purl.imsglobal.org/spec/lti-nrps/"
#define LTI_COURSE "http://purl.imsglobal.org/vocab/lis/v2/course#"

/* Of one person in one context.  What is not released is absent, or ROLE_NONE. */
struct lti_told {
    struct str given_name, family_name, name, email, learner_id;
    enum role role;
    struct strs learners;  /* of a guardian: the tool's names of those whom they stand for */
    struct str context_id; /* 52 characters, of this vendor alone; absent: no context */
    struct str context_label, context_title;
    bool is_school;      /* the context is a school, not a group in it */
    struct member at;    /* the affiliation that it is, without who; told to nobody */
    struct str provider; /* registry id: whose deployment it is; told to nobody */
    struct str words;    /* of claims.def: what leaves, for the audit log */
};

struct lti_message {
    bool picking; /* LtiDeepLinkingRequest; else LtiResourceLinkRequest */
    struct str sub, client_id, nonce, deployment_id, target_link_uri;
    struct str link_id, link_title;
    struct str platform_url; /* public_url */
    struct str return_url;   /* where the tool leads back to; of picking: where it sends what was picked */
    struct str data;         /* of picking: comes back as it was */
    struct str custom;       /* "name=value" lines, of the row and then of the link */
    struct str members_url;  /* absent: it may not ask */
    enum lang lang;
    bool framed; /* in a frame of a page of ours; else in the window */
    const struct lti_told *told;
};

/* One JSON object without iss, iat, exp; absent: too large for the signer. */
struct str message_claims(struct arena *a, const struct lti_message *m);

/* Full URIs, space-separated, of the context first; "" for who has none that is told. */
struct str message_roles(enum role role);

/* What stands for a variable ("$User.id"); absent: we know none of that name, and it is told as it stands.  What is
 * not released is "". */
struct str message_variable(struct arena *a, const struct lti_message *m, struct str variable);

#endif
