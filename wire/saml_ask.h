/* SPDX-License-Identifier: EUPL-1.2
 * wire/saml_ask.h: what services send us: AuthnRequest, LogoutRequest, LogoutResponse
 * [SAML core 3.4.1, 3.7; bindings 3.2, 3.4, 3.5].
 *
 * Floor 1.  Two steps, since who sent it decides by whose keys it is verified:
 * opening gives kind and issuer, for looking the service up and for nothing else;
 * reading verifies and gives the values.  Trust, clock and address are arguments.
 * Every condition is one row in saml_ask.c with one stable code
 * (saml_ask_codes.def).  Nothing is looked up; what is once to be used (the ID
 * against replay) is the caller's.
 *
 * A signature that is there must hold, whether one is wanted or not.  Values of a
 * signed message come from the proven bytes (POST, SOAP) or from the octets that
 * were verified (Redirect); those of an unsigned one say so in `is_signed`.
 */
#ifndef WIRE_SAML_ASK_H
#define WIRE_SAML_ASK_H

#include "wire/saml_service.h"
#include "wire/xmlenc.h"

enum {
    SAML_ASK_CONTEXTS_MAX = 16, /* RequestedAuthnContext */
    SAML_ASK_IDPS_MAX = 32,     /* IDPList of Scoping */
    SAML_ASK_SESSIONS_MAX = 64, /* SessionIndex of a LogoutRequest */
    SAML_ASK_AGE_S = 300,       /* from IssueInstant to arrival, skew besides */
    SAML_RELAY_STATE_MAX_B = 4096
};

enum saml_ask_kind { SAML_ASK_NOTHING = 0, SAML_ASK_LOGIN, SAML_ASK_LOGOUT, SAML_ASK_LOGGED_OUT };

struct saml_ask; /* one message that came; lives in the arena */

/* Redirect: the raw query as it came, without '?': SAMLRequest or SAMLResponse, RelayState, SigAlg, Signature, each at
 * most once; others are passed over [SAML bindings 3.4.4.1].
 * most_B: of the XML, also after it was inflated; 0: XML_MESSAGE_MAX_B.
 * All fail CALLER, one code per rule. */
bool saml_ask_redirect(struct arena *a, struct str query, size_t most_B, struct saml_ask **out, struct fail *f);
/* POST: the value of SAMLRequest or SAMLResponse, decoded from its form: base64, white space allowed.
 * relay_state: absent when there is none. */
bool saml_ask_post(struct arena *a, struct str posted, struct str relay_state, size_t most_B, struct saml_ask **out,
                   struct fail *f);
/* SOAP: the whole body of the request, or of an answer to ours. */
bool saml_ask_soap(struct arena *a, struct str envelope, size_t most_B, struct saml_ask **out, struct fail *f);

enum saml_ask_kind saml_ask_kind(const struct saml_ask *m);
enum saml_binding saml_ask_binding(const struct saml_ask *m);
/* Who says it is, unproven: for looking it up. */
struct str saml_ask_issuer(const struct saml_ask *m);
/* For an error answer only, unproven; absent when it is no name. */
struct str saml_ask_id(const struct saml_ask *m);
/* For looking up what it answers, unproven; absent when it says none. */
struct str saml_ask_in_response_to(const struct saml_ask *m);
struct str saml_ask_relay_state(const struct saml_ask *m); /* as it came, for the way back; absent: none */
bool saml_ask_has_signature(const struct saml_ask *m);
/* Each part of it whose values the specification names, or that is the service's own, unproven, for people to read;
 * others by their name, with an absent value. */
#define SAML_PART_KEY_NAMED "Signature.X509Certificate (SHA-256)" /* whose key it says that it was signed by */
typedef void saml_part_fn(void *with, const char *name, struct str value);
void saml_ask_outline(const struct saml_ask *m, saml_part_fn *put, void *with);

struct saml_ask_rules {
    const struct keyring *keys; /* of the service; NULL or empty: it has none, and a signature cannot hold */
    struct str issuer;          /* its entityID */
    struct str here;            /* our URL that it came to: Destination is this, exactly */
    struct str us;              /* our entityID, for NameQualifier */
    int64_t now_s, skew_s;
    bool must_be_signed;
    struct str request_id; /* of a LogoutResponse: our LogoutRequest */
};

struct saml_asked_name { /* NameID, as it was said */
    struct str value, format, qualifier, sp_qualifier;
};

enum saml_comparison { SAML_EXACT = 0, SAML_MINIMUM, SAML_MAXIMUM, SAML_BETTER };

struct saml_login_asked {
    struct str id, issuer;
    int64_t issued_s;
    bool is_signed;
    struct str key;                  /* that proved it: keyring_print(); absent: unsigned */
    struct str acs_url, acs_binding; /* absent: not said */
    int64_t acs_index;               /* -1: not said */
    int64_t set_index;               /* AttributeConsumingServiceIndex; -1: not said */
    bool force, passive;
    struct {
        bool said, may_create;
        struct str format, sp_qualifier; /* absent: not said */
    } policy;                            /* NameIDPolicy */
    struct saml_asked_name subject;      /* whom it wants to see signed in; value absent: anybody */
    const struct encrypted *wrapped;     /* the same as an EncryptedID, as struct saml_logout_asked has it */
    bool has_subject;                    /* a Subject is there, whether we can read it or not */
    enum saml_comparison comparison;
    struct str contexts[SAML_ASK_CONTEXTS_MAX]; /* class references, in order of preference */
    size_t context_count;
    bool declarations;   /* AuthnContextDeclRef: which we know none of */
    int64_t proxy_count; /* ProxyCount; -1: not said */
    struct str idps[SAML_ASK_IDPS_MAX];
    size_t idp_count;
    struct str provider_name, consent; /* absent: not said */
};
/* Fails CALLER. */
bool saml_ask_login(struct saml_ask *m, const struct saml_ask_rules *rules, struct saml_login_asked *out,
                    struct fail *f);

struct saml_logout_asked {
    struct str id, issuer;
    int64_t issued_s;
    bool is_signed;
    struct str key;
    struct saml_asked_name name; /* value absent while `wrapped` is set */
    const struct encrypted
        *wrapped; /* EncryptedID: have one of its keys unwrapped, then saml_ask_named(); NULL: none */
    struct str sessions[SAML_ASK_SESSIONS_MAX];
    size_t session_count; /* 0: all of that name's */
    struct str reason;    /* absent: not said */
    bool asynchronous;    /* no answer is wanted [SAML asynchronous SLO] */
};
bool saml_ask_logout(struct saml_ask *m, const struct saml_ask_rules *rules, struct saml_logout_asked *out,
                     struct fail *f);
/* Opens the name that came wrapped, of either request, with the content key.  Fails CALLER enc_decrypt, ask_name_id. */
bool saml_ask_named(struct saml_ask *m, struct str content_key, struct saml_asked_name *out, struct fail *f);

struct saml_logged_out { /* LogoutResponse */
    struct str id, issuer;
    int64_t issued_s;
    bool is_signed;
    struct str key;
    struct str status, inner; /* StatusCode and the one in it, whole URIs; inner absent: none */
    bool success, partial;    /* Success; partial: with PartialLogout, in either place */
};
bool saml_ask_logged_out(struct saml_ask *m, const struct saml_ask_rules *rules, struct saml_logged_out *out,
                         struct fail *f);

#endif
