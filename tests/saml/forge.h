/* SPDX-License-Identifier: EUPL-1.2
 * tests/saml/forge.h: makes SAML answers, honest and hostile, for tests.
 *
 * Stands outside the product: it signs and encrypts with keys of its own, made
 * anew in each run, and canonicalizes by libxml2 without the product's code.
 * Texts carry two marks, @R@ and @A@, where the signature of the Response and of
 * the Assertion go.  All answers are made for one city, one service and one
 * moment (TEST_NOW_S), so that a case changes one thing and names it.
 */
#ifndef TESTS_SAML_FORGE_H
#define TESTS_SAML_FORGE_H

#include "wire/saml.h"

#define FORGE_ISSUER  "https://idp.oulu.example/saml"
#define FORGE_SP      "https://gateway.example/saml/metadata"
#define FORGE_ACS     "https://gateway.example/upstream/saml/acs"
#define FORGE_REQUEST "_5d0c7f2b9e8a41f6b3c2d1e0f9a8b7c6"

enum forge_key {
    FORGE_IDP = 0,  /* RSA 2048, the city's */
    FORGE_IDP_NEXT, /* RSA 3072, the city's as well */
    FORGE_OTHER,    /* RSA 2048, another city's */
    FORGE_WEAK,     /* RSA 1024 */
    FORGE_EC256,
    FORGE_EC384,
    FORGE_EC521, /* the city's */
    FORGE_K256,  /* secp256k1 */
    FORGE_SP1,
    FORGE_SP2, /* RSA 2048, the gateway's */
    FORGE_KEY_COUNT
};

struct forge_sign { /* a member that is NULL is as it usually is */
    enum forge_key key;
    const char *prefix;      /* "ds"; "" for a default namespace */
    const char *gap;         /* between the elements of the Signature */
    const char *c14n;        /* Algorithm of CanonicalizationMethod */
    const char *prefix_list; /* InclusiveNamespaces, in both places */
    const char *method, *digest;
    const char *uri;          /* URI of the Reference; "" for none at all is "-" */
    const char *transforms;   /* what stands in Transforms */
    const char *more_info;    /* after the Reference */
    const char *before_info;  /* before CanonicalizationMethod */
    const char *digest_as;    /* DigestValue with %s for the digest */
    const char *value_as;     /* SignatureValue with %s */
    const char *key_info;     /* a whole KeyInfo */
    const char *tail;         /* after KeyInfo */
    const char *method_inner; /* inside SignatureMethod */
    const char *whole;        /* the Signature's text around SignedInfo: "%s" twice, SignedInfo and value */
    bool hmac;                /* with the public key's PEM as the secret */
    bool der;                 /* ECDSA in DER */
    bool lines;               /* base64 in lines of 76 */
    bool pkcs1;               /* padding of PKCS #1 1.5, though the method names PSS */
    const char *pss_mgf;      /* another hash in MGF1: "sha1" */
    int pss_salt;             /* another length; 0: the hash's own */
};

enum forge_place { FORGE_INSIDE = 0, FORGE_BESIDE, FORGE_BESIDE_BY_REFERENCE };

struct forge_encrypt {
    const char *content;      /* Algorithm; aes256-gcm */
    const char *transport;    /* Algorithm; rsa-oaep-mgf1p */
    const char *digest, *mgf; /* URIs; NULL: not said (SHA-1) */
    enum forge_place place;
    enum forge_key keys[6];           /* 0 ends (FORGE_IDP is nobody's to encrypt for) */
    const char *prefix;               /* xenc */
    const char *type;                 /* Type of EncryptedData; NULL: Element */
    bool lines, in_place, mgf_unsaid; /* in_place: the text as it stands, not made to stand alone */
    bool break_tag;                   /* flips a bit of the ciphertext */
    const char *holder;               /* EncryptedAssertion */
};

struct str forge_pem(enum forge_key key);         /* SubjectPublicKeyInfo */
struct str forge_certificate(enum forge_key key); /* PEM; expired in 2001, self-signed */
struct str forge_private(enum forge_key key);     /* PEM */
struct keyring *forge_keyring(struct arena *a, enum forge_key key);
struct keyring *forge_city(struct arena *a); /* all keys of the city */

struct str forge_file(struct arena *a, const char *name);                                     /* answers/NAME.xml */
struct str forge_replace(struct arena *a, struct str text, const char *from, const char *to); /* every one */
/* The element with that ID is signed, its Signature put where mark stands. */
struct str forge_sign(struct arena *a, struct str text, const char *id, const char *mark, const struct forge_sign *how);
struct str forge_sign_assertion(struct arena *a, struct str text, const struct forge_sign *how);
struct str forge_sign_response(struct arena *a, struct str text, const struct forge_sign *how);
struct str forge_unmark(struct arena *a, struct str text); /* removes marks that are left */
/* The text of the first element of that local name with its prefix, whole. */
struct str forge_cut(struct str text, const char *local);
struct str forge_encrypt(struct arena *a, struct str text, const char *local, const struct forge_encrypt *how);
/* The same, with another text in the ciphertext. */
struct str forge_encrypt_text(struct arena *a, struct str text, const char *local, struct str plain);
/* What the command line does: opens, unwraps with the given keys, until it is settled. */
const struct saml_assertion *forge_verify(struct arena *a, struct str text, const struct saml_rules *rules,
                                          struct fail *f);
struct saml_rules forge_rules(const struct keyring *keys);
/* Keeps a case in the folder that DIGIONE_SAML_DUMP names, for other programs. */
void forge_dump(const char *name, const char *expected, struct str text);

#endif
