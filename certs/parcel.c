/* SPDX-License-Identifier: EUPL-1.2 */
#include "certs/parcel.h"

#include "base/codec.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>
#include <unistd.h>

enum { KEY_B = 32, HIDDEN_MAX_B = 2048, HEAD_B = 1 + SHA256_B + 2, SEALED_MAX_B = PARCEL_PIECE_B + SEAL_OVERHEAD_B };
enum kind { KIND_NONE = 0, KIND_RSA, KIND_ECDH };

static const char first_line[] = "DIGIONE-BACKUP 1\n";
enum { FIRST_LINE_B = sizeof first_line - 1 };

/* What both directions share. */
struct parcel {
    int fd;
    struct str key;
    uint64_t number; /* of the next piece */
    EVP_MD_CTX *sum, *of_file;
    struct arena *piece; /* of one piece at a time */
};

struct parcel_out {
    struct parcel p;
    const struct world *world;
    unsigned char waits[PARCEL_PIECE_B];
    size_t n;
};

struct parcel_in {
    struct parcel p;
    unsigned char sealed[SEALED_MAX_B + 1]; /* and a byte of the next, which says that this is not the last */
    size_t have;
    struct str plain; /* in p.piece; what was not taken yet */
    bool last;
};

static void sum_release(void *sum)
{
    EVP_MD_CTX_free(sum);
}

static void key_release(void *key)
{
    EVP_PKEY_free(key);
}

static void arena_release(void *a)
{
    arena_free(a);
}

static void sum_begin(EVP_MD_CTX *sum)
{
    (void)EVP_DigestInit_ex(sum, EVP_sha256(), NULL);
}

static void sum_end(EVP_MD_CTX *sum, unsigned char out[SHA256_B])
{
    (void)EVP_DigestFinal_ex(sum, out, NULL);
    sum_begin(sum);
}

static void parcel_init(struct parcel *p, struct arena *a, int fd)
{
    p->fd = fd;
    p->sum = EVP_MD_CTX_new();
    arena_adopt(a, p->sum, sum_release);
    p->of_file = EVP_MD_CTX_new();
    arena_adopt(a, p->of_file, sum_release);
    p->piece = arena_new_secret();
    arena_adopt(a, p->piece, arena_release);
    sum_begin(p->sum);
    sum_begin(p->of_file);
}

/* ── the file ───────────────────────────────────────────────────────────── */

static bool write_all(struct parcel *p, const void *bytes, size_t n, struct fail *f)
{
    const char *at = bytes;

    (void)EVP_DigestUpdate(p->of_file, bytes, n);
    while (n > 0) {
        ssize_t done = write(p->fd, at, n);
        if (done < 0 && errno != EINTR)
            return fail(f, FAIL_OURS, "file_unwritable", "the backup: %s", strerror(errno));
        at += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return true;
}

/* Until the end of the file at most; false: it cannot be read. */
static bool read_up_to(struct parcel *p, unsigned char *out, size_t n, size_t *got, struct fail *f)
{
    *got = 0;
    while (*got < n) {
        ssize_t now = read(p->fd, out + *got, n - *got);
        if (now == 0)
            break;
        if (now < 0 && errno != EINTR)
            return fail(f, FAIL_OURS, "file_unreadable", "the backup: %s", strerror(errno));
        *got += now > 0 ? (size_t)now : 0;
    }
    (void)EVP_DigestUpdate(p->of_file, out, *got);
    return true;
}

/* ── the key ────────────────────────────────────────────────────────────── */

/* Nobody is asked for a passphrase. */
static int no_passphrase(char *out, int size, int writing, void *with)
{
    return -1;
}

typedef EVP_PKEY *read_fn(BIO *from, EVP_PKEY **out, pem_password_cb *ask, void *with);

/* PEM_read_bio_PUBKEY or PEM_read_bio_PrivateKey.  NULL: it is none. */
static EVP_PKEY *key_in(struct arena *a, struct str pem, read_fn *read)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *key = bio != NULL ? read(bio, NULL, no_passphrase, NULL) : NULL;

    BIO_free(bio);
    if (key != NULL)
        arena_adopt(a, key, key_release);
    return key;
}

static bool recipient_id(EVP_PKEY *key, unsigned char out[SHA256_B])
{
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(key, &der);
    struct str view = str_n(der, n > 0 ? (size_t)n : 0);

    if (n > 0)
        sha256_parts(&view, 1, out);
    OPENSSL_free(der);
    return n > 0;
}

static enum kind kind_of(EVP_PKEY *key)
{
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        return EVP_PKEY_get_bits(key) >= PARCEL_RSA_MIN_BITS && EVP_PKEY_get_size(key) <= HIDDEN_MAX_B ? KIND_RSA
                                                                                                       : KIND_NONE;
    case EVP_PKEY_EC:
        return EVP_PKEY_get_bits(key) >= 256 ? KIND_ECDH : KIND_NONE;
    case EVP_PKEY_X25519:
        return KIND_ECDH;
    default:
        return KIND_NONE;
    }
}

static bool oaep(EVP_PKEY_CTX *ctx)
{
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1;
}

static bool agree(struct arena *a, EVP_PKEY *mine, EVP_PKEY *theirs, struct str *secret)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(mine, NULL);
    size_t n = 0;
    bool good = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
                EVP_PKEY_derive(ctx, NULL, &n) == 1;
    char *out = arena_alloc(a, n + 1);

    good = good && EVP_PKEY_derive(ctx, (unsigned char *)out, &n) == 1;
    EVP_PKEY_CTX_free(ctx);
    *secret = str_n(out, n);
    return good;
}

/* A random key that only RSA's private half uncovers. */
static bool hide_rsa(struct arena *a, const struct world *w, EVP_PKEY *to, struct str *secret, struct str *hidden)
{
    char *random = arena_alloc(a, KEY_B), *out = arena_alloc(a, HIDDEN_MAX_B);
    size_t n = HIDDEN_MAX_B;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(to, NULL);

    world_random(w, random, KEY_B);
    bool good = ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1 && oaep(ctx) &&
                EVP_PKEY_encrypt(ctx, (unsigned char *)out, &n, (const unsigned char *)random, KEY_B) == 1;
    EVP_PKEY_CTX_free(ctx);
    *secret = str_n(random, KEY_B);
    *hidden = str_n(out, n);
    return good;
}

static bool find_rsa(struct arena *a, EVP_PKEY *mine, struct str hidden, struct str *secret)
{
    char *out = arena_alloc(a, HIDDEN_MAX_B);
    size_t n = HIDDEN_MAX_B;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(mine, NULL);
    bool good = ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1 && oaep(ctx) &&
                EVP_PKEY_decrypt(ctx, (unsigned char *)out, &n, (const unsigned char *)hidden.p, hidden.n) == 1;

    EVP_PKEY_CTX_free(ctx);
    *secret = str_n(out, n);
    return good && n == KEY_B;
}

static bool hide_ecdh(struct arena *a, EVP_PKEY *to, struct str *secret, struct str *hidden)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(to, NULL); /* makes keys on the recipient's curve */
    EVP_PKEY *once = NULL;
    unsigned char *public = NULL;
    bool good = ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_keygen(ctx, &once) == 1;
    size_t n = good ? EVP_PKEY_get1_encoded_public_key(once, &public) : 0;

    good = good && n > 0 && n <= HIDDEN_MAX_B && agree(a, once, to, secret);
    *hidden = arena_str(a, str_n(public, n));
    OPENSSL_free(public);
    EVP_PKEY_free(once);
    EVP_PKEY_CTX_free(ctx);
    return good;
}

static bool find_ecdh(struct arena *a, EVP_PKEY *mine, struct str hidden, struct str *secret)
{
    EVP_PKEY *once = EVP_PKEY_new();
    bool good = once != NULL && EVP_PKEY_copy_parameters(once, mine) == 1 &&
                EVP_PKEY_set1_encoded_public_key(once, (const unsigned char *)hidden.p, hidden.n) == 1 &&
                agree(a, mine, once, secret);

    EVP_PKEY_free(once);
    return good;
}

/* The key of the pieces hangs on every byte of the head. */
static struct str piece_key(struct arena *a, struct str secret, struct str head, struct str hidden)
{
    struct str label = arena_join(a, S("digione backup 1 "), sha256(a, arena_join(a, head, hidden)));

    return hkdf_sha256(a, secret, label, SEAL_KEY_B);
}

static struct str bound_to(struct arena *a, uint64_t number, bool last)
{
    return arena_printf(a, "%llu %s", (unsigned long long)number, last ? "last" : "more");
}

/* ── putting ────────────────────────────────────────────────────────────── */

static bool write_head(struct parcel_out *p, struct arena *a, EVP_PKEY *to, struct fail *f)
{
    unsigned char head[HEAD_B] = { (unsigned char)kind_of(to) };
    struct str secret, hidden;
    bool good = recipient_id(to, head + 1) && (head[0] == KIND_RSA ? hide_rsa(a, p->world, to, &secret, &hidden)
                                                                   : hide_ecdh(a, to, &secret, &hidden));

    if (!good)
        return fail(f, FAIL_CALLER, "recipient", "nothing can be encrypted to that key");
    head[HEAD_B - 2] = (unsigned char)(hidden.n >> 8);
    head[HEAD_B - 1] = (unsigned char)hidden.n;
    p->p.key = piece_key(a, secret, str_n(head, HEAD_B), hidden);
    return write_all(&p->p, first_line, FIRST_LINE_B, f) && write_all(&p->p, head, HEAD_B, f) &&
           write_all(&p->p, hidden.p, hidden.n, f);
}

struct parcel_out *parcel_out_new(struct arena *a, const struct world *w, struct str pem, int fd, struct fail *f)
{
    struct parcel_out *p = arena_make(a, struct parcel_out);
    EVP_PKEY *to = key_in(a, pem, PEM_read_bio_PUBKEY);

    if (to == NULL)
        return fail(f, FAIL_CALLER, "recipient", "expected a public key in PEM (-----BEGIN PUBLIC KEY-----)"), NULL;
    if (kind_of(to) == KIND_NONE)
        return fail(f, FAIL_CALLER, "recipient",
                    "expected a key of RSA (2048 bits or more), of a NIST curve, or X25519"),
               NULL;
    parcel_init(&p->p, a, fd);
    p->world = w;
    return write_head(p, a, to, f) ? p : NULL;
}

static bool write_piece(struct parcel_out *p, bool last, struct fail *f)
{
    arena_reset(p->p.piece);
    struct str sealed =
        crypt_seal(p->p.piece, p->world, p->p.key, bound_to(p->p.piece, p->p.number, last), str_n(p->waits, p->n));
    p->p.number++;
    p->n = 0;
    return write_all(&p->p, sealed.p, sealed.n, f);
}

bool parcel_put(struct parcel_out *p, struct str bytes, struct fail *f)
{
    (void)EVP_DigestUpdate(p->p.sum, bytes.p, bytes.n);
    while (bytes.n > 0) {
        /* A full piece waits until something follows: it may be the last. */
        if (p->n == PARCEL_PIECE_B && !write_piece(p, false, f))
            return false;
        size_t n = bytes.n < PARCEL_PIECE_B - p->n ? bytes.n : PARCEL_PIECE_B - p->n;
        memcpy(p->waits + p->n, bytes.p, n);
        p->n += n;
        bytes = str_from(bytes, n);
    }
    return true;
}

bool parcel_finish(struct parcel_out *p, struct fail *f)
{
    return write_piece(p, true, f);
}

void parcel_out_sum(struct parcel_out *p, unsigned char out[SHA256_B])
{
    sum_end(p->p.sum, out);
}

static struct str digest(struct arena *a, struct parcel *p)
{
    unsigned char out[SHA256_B];

    sum_end(p->of_file, out);
    return hex_encode(a, str_n(out, SHA256_B));
}

struct str parcel_out_digest(struct arena *a, struct parcel_out *p)
{
    return digest(a, &p->p);
}

/* ── taking ─────────────────────────────────────────────────────────────── */

static bool damaged(struct fail *f, const char *what)
{
    return fail(f, FAIL_CALLER, "parcel_damaged", "%s", what);
}

static bool read_head(struct parcel_in *p, struct arena *a, EVP_PKEY *mine, struct fail *f)
{
    unsigned char line[FIRST_LINE_B], head[HEAD_B], id[SHA256_B], *hidden = arena_alloc(a, HIDDEN_MAX_B);
    struct str secret;
    size_t got;

    if (!read_up_to(&p->p, line, sizeof line, &got, f))
        return false;
    if (got < sizeof line || memcmp(line, first_line, sizeof line) != 0)
        return damaged(f, "it is no backup of digione, or its first line is damaged");
    if (!read_up_to(&p->p, head, HEAD_B, &got, f))
        return false;
    size_t n = (size_t)head[HEAD_B - 2] << 8 | head[HEAD_B - 1];
    if (got < HEAD_B || n > HIDDEN_MAX_B)
        return damaged(f, "its head is damaged or cut");
    if (!recipient_id(mine, id) || memcmp(id, head + 1, SHA256_B) != 0)
        return fail(f, FAIL_CALLER, "identity",
                    "the backup was made for another key than this one (or its head is "
                    "damaged)");
    if (!read_up_to(&p->p, hidden, n, &got, f))
        return false;
    if (got < n || head[0] != kind_of(mine) ||
        !(head[0] == KIND_RSA ? find_rsa : find_ecdh)(a, mine, str_n(hidden, n), &secret))
        return damaged(f, "its head is damaged or cut");
    p->p.key = piece_key(a, secret, str_n(head, HEAD_B), str_n(hidden, n));
    return true;
}

struct parcel_in *parcel_in_new(struct arena *a, struct str pem, int fd, struct fail *f)
{
    struct parcel_in *p = arena_make(a, struct parcel_in);
    EVP_PKEY *mine = key_in(a, pem, PEM_read_bio_PrivateKey);

    if (mine == NULL || kind_of(mine) == KIND_NONE)
        return fail(f, FAIL_CALLER, "identity",
                    "expected a private key in PEM, without a passphrase, as the public one was given to digione "
                    "backup"),
               NULL;
    parcel_init(&p->p, a, fd);
    return read_head(p, a, mine, f) ? p : NULL;
}

static bool read_piece(struct parcel_in *p, struct fail *f)
{
    size_t got;

    if (!read_up_to(&p->p, p->sealed + p->have, sizeof p->sealed - p->have, &got, f))
        return false;
    p->have += got;
    size_t n = p->have <= SEALED_MAX_B ? p->have : SEALED_MAX_B;
    p->last = p->have <= SEALED_MAX_B;
    arena_reset(p->p.piece);
    if (!crypt_open(p->p.piece, p->p.key, bound_to(p->p.piece, p->p.number, p->last), str_n(p->sealed, n), &p->plain))
        return damaged(f, "it is damaged, or cut short");
    p->p.number++;
    p->have -= n;
    p->sealed[0] = p->sealed[n < sizeof p->sealed ? n : 0];
    return true;
}

bool parcel_take(struct parcel_in *p, void *out, size_t n, struct fail *f)
{
    char *at = out;

    while (n > 0) {
        if (p->plain.n == 0 && p->last)
            return damaged(f, "it ends too early");
        if (p->plain.n == 0 && !read_piece(p, f))
            return false;
        size_t now = n < p->plain.n ? n : p->plain.n;
        if (now > 0)
            memcpy(at, p->plain.p, now);
        (void)EVP_DigestUpdate(p->p.sum, at, now);
        p->plain = str_from(p->plain, now);
        at += now;
        n -= now;
    }
    return true;
}

bool parcel_all_taken(struct parcel_in *p, struct fail *f)
{
    if (!p->last && p->plain.n == 0 && !read_piece(p, f))
        return false;
    return (p->last && p->plain.n == 0) || damaged(f, "more follows than belongs to it");
}

void parcel_in_sum(struct parcel_in *p, unsigned char out[SHA256_B])
{
    sum_end(p->p.sum, out);
}

struct str parcel_in_digest(struct arena *a, struct parcel_in *p)
{
    return digest(a, &p->p);
}
