/* SPDX-License-Identifier: EUPL-1.2
 * certs/signer_int.h: what the files of the signer process share.  Floor 2;
 * nobody else includes it.
 */
#ifndef CERTS_SIGNER_INT_H
#define CERTS_SIGNER_INT_H

#include "certs/keyset.h"
#include "certs/signer.h"
#include "certs/signer_msg.h"

struct evp_pkey_st;   /* EVP_PKEY */
struct evp_md_ctx_st; /* EVP_MD_CTX */

enum signer_head { HEAD_JWT = 0, HEAD_ACCESS, HEAD_LOGOUT, HEAD_INTROSPECTION, HEAD_AUDIT, HEAD_COUNT };

struct signer_key {
    struct public_key pub;
    struct evp_pkey_st *pkey;
    struct evp_md_ctx_st *ready; /* ready to sign; copied for each signature */
    struct str head[HEAD_COUNT]; /* base64url of the JWS header, per kind of token */
};

struct signer_state {
    struct arena *arena;   /* keys and public texts, for the process's life */
    struct arena *scratch; /* one message; wiped */
    const struct world *world;
    struct str issuer;
    struct signer_key *keys;
    size_t key_count;
    struct str keyset; /* as HELLO says it */
    struct keys_stamp stamp;
    uint64_t signed_count[SIGN_OP_COUNT], refused_count;
};

/* The keys that a node has at least: signer_keys.c makes the missing ones. */
struct key_kind {
    enum key_use use;
    enum jose_alg alg;
};
enum { SIGNER_KINDS = 12 };
extern const struct key_kind signer_kinds[SIGNER_KINDS];

/* signer_keys.c: the index and the private keys; every foreign handle is adopted by the arena. */
bool signer_keys_load(struct signer_state *s, const struct settings *set, struct fail *f);
/* Ready to sign as alg says; adopted by the arena. */
struct evp_md_ctx_st *signer_ready(struct arena *a, struct evp_pkey_st *pkey, enum jose_alg alg);

/* A key that no file knows, for one token; adopted by the arena.  NULL: OpenSSL failed, or it takes long (RSA). */
struct evp_pkey_st *signer_key_for_once(struct arena *a, enum jose_alg alg);
/* The public JWK of a key under this name. */
struct str signer_jwk(struct arena *a, const struct evp_pkey_st *pkey, enum jose_alg alg, struct str kid);

/* signer_ops.c: one message in, one answer out. */
enum signer_reason signer_answer(struct signer_state *s, const struct signer_msg *m, struct str *value);
const char *signer_op_name(unsigned op);

/* signer_sandbox.c: from here on no files, no network, no new program.  False
 * where the kernel has no seccomp; true, and nothing done, in sanitizer builds. */
bool signer_sandbox(void);

#endif
