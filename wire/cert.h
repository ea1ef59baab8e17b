/* SPDX-License-Identifier: EUPL-1.2
 * wire/cert.h: a certificate that a service showed at the TLS proxy.
 *
 * Floor 1.  The proxy has seen that its holder has the key, and hands over the certificate itself [RFC 9440 2.2];
 * whether it is believed is decided here, by authorities of our own.  Pure: the file of authorities is read by others.
 * Threads: what is read never changes.  [RFC 8705, RFC 5280]
 */
#ifndef WIRE_CERT_H
#define WIRE_CERT_H

#include "base/arena.h"
#include "base/fail.h"

enum { CERT_MAX_B = 16384, CERT_CAS_MAX = 256 };

struct cert {           /* lives in its arena */
    struct str x5t;     /* base64url of SHA-256 over the whole [RFC 8705 3.1] */
    struct str subject; /* as RFC 4514 writes it, letters that are not ASCII as they are */
    struct str jwk;     /* its public key as a JWK; absent: of no type that has one here */
    int64_t from_s, to_s;
    void *x509; /* OpenSSL's */
};

/* The value of the field Client-Cert: base64 of DER between colons [RFC 9440 2.2]; or PEM, percent-encoded, as nginx
 * writes it.  Fails CALLER certificate_malformed. */
bool cert_read_field(struct arena *a, struct str value, struct cert *out, struct fail *f);
bool cert_read(struct arena *a, struct str der, struct cert *out, struct fail *f);

enum cert_name { CERT_SUBJECT = 0, CERT_DNS, CERT_URI, CERT_IP, CERT_EMAIL };
/* Whether it has this name: its subject, or one of its alternative names of that kind [RFC 8705 2.1.2].  Attribute
 * types of a subject, and host names, are compared without case; an address as an address; the rest byte by byte. */
bool cert_has_name(const struct cert *c, enum cert_name kind, struct str name);

struct cert_trust; /* authorities; lives in its arena */
/* PEM, one certificate or more.  NULL on failure: CALLER bad_certificates. */
const struct cert_trust *cert_trust_read(struct arena *a, struct str pem, struct fail *f);
const struct cert_trust *cert_trust_load(struct arena *a, const char *path, struct fail *f); /* of a file; blocks */
/* Whether one of them vouches for it now, as a client's.  Each may be a root or stand below one.  why: OpenSSL's words
 * otherwise. */
bool cert_trusted(const struct cert *c, const struct cert_trust *trust, int64_t now_s, const char **why);

#endif
