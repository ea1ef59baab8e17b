/* SPDX-License-Identifier: EUPL-1.2
 * wire/saml.h: a SAML 2.0 answer, verified and read [SAML core, profiles 4.1].
 *
 * Floor 1.  The same code behind the gateway and behind `digione saml verify`.
 * Trust, clock and what was asked are arguments; nothing is looked up.  Every
 * condition of an answer is one row in saml.c with one stable code.  Values are
 * read from proven bytes alone; what nobody signed can only cause refusal.
 *
 * Opening may need a private key, which is elsewhere: saml_open() and
 * saml_unwrapped() then say SAML_NEEDS_KEY, the caller has one of
 * saml_wrapped() unwrapped and comes back, at most SAML_UNWRAPS_MAX times.
 */
#ifndef WIRE_SAML_H
#define WIRE_SAML_H

#include "wire/xmlenc.h"

#define SAML_NS_ASSERTION "urn:oasis:names:tc:SAML:2.0:assertion"
#define SAML_NS_PROTOCOL  "urn:oasis:names:tc:SAML:2.0:protocol"
#define SAML_PERSISTENT   "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"

enum {
    SAML_LIFETIME_MAX_S = 86400, /* from issue to expiry, at most */
    SAML_AGE_MAX_S = 5400,       /* from issue to arrival, at most, skew besides */
    SAML_UNWRAPS_MAX = 12        /* private-key operations that one message may cost */
};

struct saml_rules {
    const struct keyring *keys; /* of the identity provider that was asked */
    struct str issuer;          /* its entityID */
    struct str sp, acs;         /* our entityID; the URL that the answer came to */
    struct str request_id;      /* of the AuthnRequest: an answer to nothing is refused */
    int64_t now_s, skew_s;
    size_t message_max_B; /* 0: XML_MESSAGE_MAX_B */
    bool want_encrypted;  /* refuse an assertion in the clear */
};

struct saml_attribute {
    struct str name;    /* Name; FriendlyName is never used */
    struct str *values; /* full text; nil values, and elements other than a NameID for us, are left out */
    size_t value_count;
};

struct saml_assertion {
    struct str id, issuer;
    struct str name_id, name_id_format, name_id_qualifier, name_id_sp_qualifier; /* absent: none was sent */
    struct str session_index, context; /* AuthnContextClassRef; absent: none */
    struct str key;                    /* that proved it: keyring_print() */
    int64_t issued_s, authenticated_s; /* IssueInstant, AuthnInstant */
    int64_t session_ends_s;            /* SessionNotOnOrAfter; 0: not stated */
    int64_t ends_s;                    /* not accepted from then on, skew included: how long a replay mark must live */
    struct saml_attribute *attributes;
    size_t attribute_count;
    bool response_signed, assertion_signed, encrypted;
};

enum saml_state { SAML_REFUSED = 0, SAML_NEEDS_KEY, SAML_PROVEN };

struct saml_answer; /* one message being opened; lives in the arena */

/* raw: the decoded message.  rules and raw must live as long as the answer.
 * Fails UPSTREAM with one code per rule (the tables in saml.c), or DENIED
 * city_refused when the status says that the person or the city said no. */
enum saml_state saml_open(struct arena *a, struct str raw, const struct saml_rules *rules, struct saml_answer **out,
                          struct fail *f);
/* The alternatives, after SAML_NEEDS_KEY: any one of them will do. */
const struct encrypted *saml_wrapped(const struct saml_answer *m);
/* Goes on with the content key; absent: no key of ours opens any of them. */
enum saml_state saml_unwrapped(struct saml_answer *m, struct str content_key, struct fail *f);
/* NULL until SAML_PROVEN. */
const struct saml_assertion *saml_assertion(const struct saml_answer *m);

/* Who a Response says that it comes from.  Nobody has proven it: good for a guess, for no decision.  Absent: it is no
 * Response, or does not say.  Costs what xml_parse() allows. */
struct str saml_claimed_issuer(struct arena *a, struct str raw, size_t most_B);

/* A message as it was posted: base64, white space allowed.
 * Fails UPSTREAM message_size, message_base64. */
bool saml_decode(struct arena *a, struct str posted, size_t most_B, struct str *out, struct fail *f);

#endif
