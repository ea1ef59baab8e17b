/* SPDX-License-Identifier: EUPL-1.2
 * certs/signer_msg.h: the messages between gateway and signer, for both ends.
 *
 * Floor 2.  One datagram each: a fixed head, then two parts of bytes.  Both
 * ends are one program on one machine, so numbers are in its own byte order.
 */
#ifndef CERTS_SIGNER_MSG_H
#define CERTS_SIGNER_MSG_H

#include "base/arena.h"

/*    op             number  means */
enum signer_op {
    SIGN_NONE = 0,
    SIGN_HELLO = 1,          /* signer -> gateway: number: generation; part 0: the keyset */
    SIGN_ID_TOKEN = 2,       /* arg: alg; number: life; part 0: claims */
    SIGN_ACCESS_TOKEN = 3,   /* likewise */
    SIGN_LOGOUT_TOKEN = 4,   /* arg: alg; part 0: claims */
    SIGN_USERINFO = 5,       /* arg: alg; number: life, 0: none; part 0: claims */
    SIGN_CLIENT_JWT = 6,     /* arg: alg; part 0: client_id; part 1: aud */
    SIGN_RESPONSE = 7,       /* arg: alg; number: life; part 0: claims */
    SIGN_SAML_TEXT = 8,      /* arg: alg; part 0: a message or metadata */
    SIGN_QUERY = 9,          /* arg: alg; part 0: the octets of the query */
    SIGN_UNWRAP = 10,        /* arg: hash of OAEP * 16 + hash of MGF1; part 0: encrypted key */
    SIGN_INTROSPECTION = 11, /* arg: alg; part 0: claims */
    SIGN_AUDIT_HEAD = 12,    /* number: sequence; part 0: head */
    SIGN_PROBE = 13,         /* whether all that a sign-in needs could be signed now */
    SIGN_GATE = 14,          /* arg: alg; number: enum gate_token; part 0: client_id; part 1: claims */
    SIGN_GATE_LTI = 15,      /* number: enum gate_token; part 0: client_id; part 1: claims */
    SIGN_GATE_SAML = 16,     /* number: enum gate_key; part 0: an assertion, or a response with one */
    SIGN_ANSWER = 17,        /* signer -> gateway: arg: enum signer_reason; part 0: the value */
    SIGN_OP_COUNT
};

/* Why the signer refuses; SIGNED says that it did not. */
#define SIGNER_REASONS(X)                                                                                              \
    X(REFUSED, "refused") /* zero: nothing that we know */                                                             \
    X(SIGNED, "")                                                                                                      \
    X(OPENED_RETIRED, "retired_key")    /* as SIGNED: unwrapped, by a key that is retired */                           \
    X(TOO_LARGE, "too_large")           /* a part is over its limit */                                                 \
    X(MALFORMED, "malformed")           /* a part is not what its purpose needs */                                     \
    X(RESERVED_CLAIM, "reserved_claim") /* a claim that only the signer writes */                                      \
    X(NO_KEY, "no_key")                 /* none is current for this use and alg */                                     \
    X(UNWRAP_FAILED, "unwrap_failed")   /* not encrypted for us, or no content key */                                  \
    X(BROKEN, "broken")                 /* OpenSSL failed */

enum signer_reason {
#define X(reason, word) REASON_##reason,
    SIGNER_REASONS(X)
#undef X
        REASON_COUNT
};

enum { SIGNER_MESSAGE_MAX_B = 65536, SIGNER_PARTS = 2 };

struct signer_msg {
    uint16_t op, arg;
    uint64_t id;
    int64_t number;
    struct str part[SIGNER_PARTS];
};

/* Absent when it would be too large. */
struct str signer_msg_write(struct arena *a, const struct signer_msg *m);
/* Views into the datagram.  False on anything that is not exactly one message. */
bool signer_msg_read(struct str datagram, struct signer_msg *out);
const char *signer_reason_word(unsigned reason); /* "refused" when unknown */

#endif
