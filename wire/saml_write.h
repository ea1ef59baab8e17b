/* SPDX-License-Identifier: EUPL-1.2
 * wire/saml_write.h: our own SAML messages.
 *
 * Floor 1.  Texts are written, never pasted: xml_add_escaped() is the one way for
 * a value to get into XML.
 */
#ifndef WIRE_SAML_WRITE_H
#define WIRE_SAML_WRITE_H

#include "base/arena.h"
#include "base/fail.h"

enum { SAML_CONTEXTS_MAX = 4, SAML_CERTIFICATES_MAX = 8 };

struct saml_request { /* AuthnRequest [SAML core 3.4.1] */
    struct str id;
    int64_t now_s;
    struct str destination, issuer, acs;
    bool force, passive, persistent;        /* persistent: the name that is asked for; else any that the city has */
    struct str subject, subject_format;     /* of whom the answer is to be [SAML core 3.4.1.4]; absent: of anybody */
    struct str contexts[SAML_CONTEXTS_MAX]; /* RequestedAuthnContext, exact; none: not asked */
    size_t context_count;
};

/* A new name of the person may always be made; which kind is asked for, or left to the identity provider, which knows
 * best what it can send [SAML core 3.4.1.1; SDP-SP03]. */
struct str saml_request_write(struct arena *a, const struct saml_request *r);
/* With its Signature in its place [SAML core 3.2.1]; absent signature: as it is.  The text of saml_request_write() is
 * in exclusive C14N form: its SHA-256 is what is signed. */
struct str saml_request_sealed(struct arena *a, struct str text, struct str signature);

/* HTTP-Redirect [SAML bindings 3.4.4.1]: "SAMLRequest=…&RelayState=…", and with
 * signed "&SigAlg=…" for rsa-sha256: exactly the text that the signer signs.
 * Absent when zlib fails. */
struct str saml_redirect_query(struct arena *a, struct str message, struct str relay_state, bool is_signed);
/* The same for any message: parameter "SAMLRequest" or "SAMLResponse"; algorithm: a URI, NULL when unsigned. */
struct str saml_redirect_text(struct arena *a, const char *parameter, struct str message, struct str relay_state,
                              const char *algorithm);
/* The whole URL; signature: base64 as the signer gives it, absent when unsigned. */
struct str saml_redirect_url(struct arena *a, struct str destination, struct str query, struct str signature);

struct saml_sp { /* our metadata as a service provider [SAML metadata 2.4.4] */
    struct str entity_id, acs;
    struct str slo, slo_soap;                  /* SingleLogoutService: by Redirect and POST; by SOAP; absent: none */
    struct str signing[SAML_CERTIFICATES_MAX]; /* base64 of DER */
    struct str encryption[SAML_CERTIFICATES_MAX];
    size_t signing_count, encryption_count;
    struct str name; /* for people */
    /* none of encryption: it then sends in the clear, over TLS */
    bool signs_requests;
    int64_t valid_until_s; /* 0: not stated */
};

struct str saml_sp_metadata_write(struct arena *a, const struct saml_sp *sp);

#endif
