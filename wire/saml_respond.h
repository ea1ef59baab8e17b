/* SPDX-License-Identifier: EUPL-1.2
 * wire/saml_respond.h: our SAML messages to services, ready to be signed
 * [SAML core 2, 3; profiles 4.1.4, 4.4].
 *
 * Floor 1.  Every text is written in exclusive C14N form directly: attributes in
 * their order, namespaces where they are first used, no empty-element tags.  So
 * the bytes that are written are the bytes that are hashed, alone and inside of
 * one another.
 *
 * Signing is elsewhere and takes its time: *_draft() writes a text with a place
 * for a signature; signer_saml_text() (certs/signer_client.h) is given draft.text
 * and gives a <ds:Signature>; saml_sealed() puts that in its place.  A draft that
 * is never sealed is a whole message as well, unsigned.
 * Pure; all lives in the arena.
 */
#ifndef WIRE_SAML_RESPOND_H
#define WIRE_SAML_RESPOND_H

#include "base/arena.h"
#include "base/fail.h"

enum { SAML_TEXT_MAX_B = 131072 };

struct saml_draft {
    struct str text; /* absent: it would be larger than SAML_TEXT_MAX_B */
    size_t place;    /* where the Signature goes */
};
/* With the signature in it; absent signature: the text as it is. */
struct str saml_sealed(struct arena *a, const struct saml_draft *d, struct str signature);

struct saml_name {                                     /* NameID; value absent: none */
    struct str value, format, qualifier, sp_qualifier; /* absent: not written */
};

struct saml_told {             /* Attribute, with NameFormat uri [SDP-IDP18] */
    struct str name, friendly; /* friendly: for people; absent: not written */
    const struct str *values;  /* an AttributeValue each */
    size_t value_count;
    const struct saml_name *names; /* in place of values: a NameID each (eduPersonTargetedID) */
    size_t name_count;
    bool basic; /* NameFormat basic instead */
};

struct saml_statement { /* Assertion */
    struct str id;      /* a fresh name: '_' and 32 hex digits or more */
    int64_t now_s;
    struct str issuer, audience;          /* our entityID, the service's */
    struct str recipient, in_response_to; /* the ACS; absent in_response_to: unsolicited */
    int64_t not_before_s, ends_s; /* Conditions; the bearer confirmation ends with them; not_before_s 0: not said */
    struct saml_name name;
    int64_t authenticated_s;       /* AuthnInstant */
    int64_t session_ends_s;        /* 0: not said */
    struct str session_index;      /* absent: not said */
    struct str context;            /* AuthnContextClassRef */
    const struct str *authorities; /* AuthenticatingAuthority: who signed the person in, nearest last */
    size_t authority_count;
    const struct saml_told *told; /* one AttributeStatement; 0: none */
    size_t told_count;
};
struct saml_draft saml_assertion_draft(struct arena *a, const struct saml_statement *s);

/* StatusCode, by its last word; the same list serves top and inner.    */
#define SAML_STATUSES(X)                                                                                               \
    X(SUCCESS, "Success")                                                                                              \
    X(REQUESTER, "Requester")                                                                                          \
    X(RESPONDER, "Responder")                                                                                          \
    X(VERSION_MISMATCH, "VersionMismatch")                                                                             \
    X(AUTHN_FAILED, "AuthnFailed")                                                                                     \
    X(INVALID_NAME_ID_POLICY, "InvalidNameIDPolicy")                                                                   \
    X(NO_AUTHN_CONTEXT, "NoAuthnContext")                                                                              \
    X(NO_AVAILABLE_IDP, "NoAvailableIDP")                                                                              \
    X(NO_PASSIVE, "NoPassive")                                                                                         \
    X(NO_SUPPORTED_IDP, "NoSupportedIDP")                                                                              \
    X(PARTIAL_LOGOUT, "PartialLogout")                                                                                 \
    X(PROXY_COUNT_EXCEEDED, "ProxyCountExceeded")                                                                      \
    X(REQUEST_DENIED, "RequestDenied")                                                                                 \
    X(REQUEST_UNSUPPORTED, "RequestUnsupported")                                                                       \
    X(UNKNOWN_PRINCIPAL, "UnknownPrincipal")                                                                           \
    X(UNSUPPORTED_BINDING, "UnsupportedBinding")

enum saml_status {
    SAML_NO_STATUS = 0, /* as inner: none */
#define X(name, word) SAML_##name,
    SAML_STATUSES(X)
#undef X
        SAML_STATUS_COUNT
};

struct saml_response {
    struct str id;
    int64_t now_s;
    struct str issuer, destination, in_response_to; /* absent in_response_to: unsolicited */
    enum saml_status status, inner;
    struct str message; /* StatusMessage; absent: none */
    struct str holds;   /* a sealed Assertion, or what xmlenc_seal() gave; absent: none */
};
struct saml_draft saml_response_draft(struct arena *a, const struct saml_response *r);

struct saml_logout { /* LogoutRequest */
    struct str id;
    int64_t now_s, ends_s;                  /* NotOnOrAfter; 0: not said */
    struct str issuer, destination, reason; /* absent reason: not said */
    struct saml_name name;
    struct str encrypted;       /* in place of name: an EncryptedID of xmlenc_seal() */
    const struct str *sessions; /* SessionIndex */
    size_t session_count;
    bool asynchronous;
};
struct saml_draft saml_logout_draft(struct arena *a, const struct saml_logout *l);
/* LogoutResponse; `holds` is not used. */
struct saml_draft saml_logged_out_draft(struct arena *a, const struct saml_response *r);

/* A whole NameID as an element of its own, to be encrypted. */
struct str saml_name_write(struct arena *a, const struct saml_name *n);

/* SOAP 1.1 [SAML bindings 3.2.2]: a message in its envelope. */
struct str saml_soap_write(struct arena *a, struct str message);
/* A Fault in its envelope [SOAP 1.1, 4.4]: whether whoever asked is to change the message, and why; text is escaped. */
struct str saml_soap_fault(struct arena *a, bool of_client, struct str text);

/* Redirect [SAML bindings 3.4.4.1]: what is signed, "SAMLRequest=…" (or SAMLResponse, is_answer)
 * "&RelayState=…&SigAlg=…". signer_query() signs it; saml_redirect_url() (saml_write.h) makes the URL.  relay_state
 * absent: none. */
enum saml_query_alg { SAML_QUERY_UNSIGNED = 0, SAML_QUERY_RSA_SHA256, SAML_QUERY_ECDSA_SHA256 };
struct str saml_query_draft(struct arena *a, struct str message, bool is_answer, struct str relay_state,
                            enum saml_query_alg alg);

#endif
