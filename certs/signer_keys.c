/* SPDX-License-Identifier: EUPL-1.2 */
#include "certs/signer_int.h"

#include "base/codec.h"
#include "base/crypt.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEYS_MAX = 32, FILE_MAX_B = 65536, RSA_BITS = 2048, P256_B = 32, ED25519_B = 32, CERTIFICATE_DAYS = 3650 };
/* A retired key stays published until the last token by it has expired, and a day more for caches. */
enum { RETIRED_LIFE_S = 2 * 86400 };

const struct key_kind signer_kinds[SIGNER_KINDS] = {
    { KEY_OIDC, JOSE_ES256 },   { KEY_OIDC, JOSE_RS256 },    { KEY_SAML, JOSE_RS256 },  { KEY_CLIENT, JOSE_ES256 },
    { KEY_CLIENT, JOSE_RS256 }, { KEY_DECRYPT, JOSE_RS256 }, { KEY_AUDIT, JOSE_ES256 }, { KEY_OIDC, JOSE_PS256 },
    { KEY_OIDC, JOSE_EDDSA },   { KEY_SAML, JOSE_ES256 },    { KEY_GATE, JOSE_RS256 },  { KEY_STRAY, JOSE_RS256 },
};

struct folder { /* keys_dir, locked against another process that makes keys */
    struct arena *arena;
    int fd;
    struct public_key keys[KEYS_MAX];
    size_t count;
};

static bool unreadable(struct fail *f, const char *what)
{
    return fail(f, FAIL_OURS, "keys_unreadable", "%s: %s", what, strerror(errno));
}

static bool unwritable(struct fail *f, const char *what)
{
    return fail(f, FAIL_OURS, "keys_unwritable", "%s: %s", what, strerror(errno));
}

/* As root, what is made belongs to whoever the folder around it belongs to. */
static void give_away(int fd, int around)
{
    struct stat st;

    if (geteuid() == 0 && fstat(around, &st) == 0)
        (void)!fchown(fd, st.st_uid, st.st_gid);
}

static bool read_file(struct arena *a, int folder, const char *name, struct str *out, struct fail *f)
{
    struct stat st;
    char *p = arena_alloc(a, FILE_MAX_B);
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = -1;

    if (fd < 0)
        return unreadable(f, name);
    bool closed_to_others = fstat(fd, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)) == 0;
    if (closed_to_others)
        n = read(fd, p, FILE_MAX_B);
    (void)close(fd);
    if (!closed_to_others)
        return fail(f, FAIL_OURS, "keys_unreadable", "%s can be read by others: its mode must be 0600", name);
    if (n < 0)
        return unreadable(f, name);
    *out = str_n(p, (size_t)n);
    return true;
}

/* Under another name first: after a crash there is the old file or the new one. */
static bool write_file(struct folder *d, const char *name, struct str text, struct fail *f)
{
    char *part = arena_cstr(d->arena, arena_printf(d->arena, ".%s.part", name));
    int fd = openat(d->fd, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return unwritable(f, name);
    give_away(fd, d->fd);
    bool ok = write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;
    int why = errno;
    (void)close(fd);
    errno = why;
    if (!ok || renameat(d->fd, part, d->fd, name) != 0)
        return unwritable(f, name);
    return fsync(d->fd) == 0 ? true : unwritable(f, name);
}

static bool make_folder(const char *path)
{
    struct arena *a = arena_new();
    const char *slash = strrchr(path, '/');
    bool made = mkdir(path, 0700) == 0;

    if (made && slash != NULL && slash != path) {
        int around = open(arena_cstr(a, str_n(path, (size_t)(slash - path))), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        give_away(fd, around);
        (void)close(around);
        (void)close(fd);
    }
    arena_free(a);
    return made || errno == EEXIST;
}

static void close_folder(struct folder *d)
{
    if (d->fd >= 0)
        (void)close(d->fd); /* and lets the lock go */
}

static bool read_index(struct folder *d, struct fail *f)
{
    struct str text;
    size_t n;

    if (faccessat(d->fd, "keys.json", F_OK, 0) != 0)
        return true;
    if (!read_file(d->arena, d->fd, "keys.json", &text, f))
        return false;
    const struct keyset *set = keyset_read(d->arena, text, f);
    if (set == NULL)
        return false;
    const struct public_key *keys = keyset_keys(set, &n);
    for (size_t i = 0; i < n && d->count < KEYS_MAX; i++)
        d->keys[d->count++] = keys[i];
    return true;
}

static bool open_folder(struct folder *d, struct arena *a, struct str path, bool make, struct fail *f)
{
    char *name = arena_cstr(a, path);

    *d = (struct folder){ .arena = a, .fd = -1 };
    if (make && !make_folder(name))
        return unwritable(f, name);
    d->fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->fd < 0)
        return unreadable(f, name);
    if (make && flock(d->fd, LOCK_EX) != 0)
        return unwritable(f, name);
    return read_index(d, f);
}

static const char *file_of(struct arena *a, const struct public_key *k)
{
    return arena_cstr(a,
                      arena_printf(a, "%s-%s-%.*s.pem", key_use_name(k->use), jose_alg_name(k->alg), STR_ARG(k->kid)));
}

static struct str number(struct arena *a, const EVP_PKEY *key, const char *name, int pad)
{
    BIGNUM *bn = NULL;

    if (EVP_PKEY_get_bn_param(key, name, &bn) != 1)
        return (struct str){ NULL, 0 };
    int n = pad > 0 ? pad : BN_num_bytes(bn);
    unsigned char *out = arena_alloc(a, (size_t)n);
    (void)BN_bn2binpad(bn, out, n);
    BN_free(bn);
    return b64url_encode(a, str_n(out, (size_t)n));
}

static struct str raw_public(struct arena *a, const EVP_PKEY *key)
{
    size_t n = ED25519_B;
    unsigned char *out = arena_alloc(a, n);

    return EVP_PKEY_get_raw_public_key(key, out, &n) == 1 ? b64url_encode(a, str_n(out, n)) : (struct str){ NULL, 0 };
}

/* What OpenSSL has to know of an algorithm. */
static const struct alg_kind {
    int type; /* EVP_PKEY_… */
    bool pss; /* of RSA: its padding is RSASSA-PSS, with a salt as long as the hash [RFC 7518 3.5] */
} alg_kinds[JOSE_ALG_COUNT] = { [JOSE_RS256] = { EVP_PKEY_RSA, false },
                                [JOSE_PS256] = { EVP_PKEY_RSA, true },
                                [JOSE_ES256] = { EVP_PKEY_EC, false },
                                [JOSE_EDDSA] = { EVP_PKEY_ED25519, false } };

/* The members that make the key, in the order of a thumbprint [RFC 7638 3.2, RFC 8037 2]. */
static struct str members(struct arena *a, const EVP_PKEY *key, int type)
{
    if (type == EVP_PKEY_ED25519)
        return arena_printf(a, "\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%.*s\"", STR_ARG(raw_public(a, key)));
    if (type == EVP_PKEY_EC)
        return arena_printf(a, "\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%.*s\",\"y\":\"%.*s\"",
                            STR_ARG(number(a, key, OSSL_PKEY_PARAM_EC_PUB_X, P256_B)),
                            STR_ARG(number(a, key, OSSL_PKEY_PARAM_EC_PUB_Y, P256_B)));
    return arena_printf(a, "\"e\":\"%.*s\",\"kty\":\"RSA\",\"n\":\"%.*s\"",
                        STR_ARG(number(a, key, OSSL_PKEY_PARAM_RSA_E, 0)),
                        STR_ARG(number(a, key, OSSL_PKEY_PARAM_RSA_N, 0)));
}

static struct str jwk_of(struct arena *a, struct str core, struct str kid, enum jose_alg alg)
{
    return arena_printf(a, "{%.*s,\"kid\":\"%.*s\",\"use\":\"sig\",\"alg\":\"%s\"}", STR_ARG(core), STR_ARG(kid),
                        jose_alg_name(alg));
}

/* kid is the thumbprint [RFC 7638]. */
static void describe(struct arena *a, const EVP_PKEY *key, struct public_key *k)
{
    struct str core = members(a, key, alg_kinds[k->alg].type);

    k->kid = b64url_encode(a, sha256(a, arena_printf(a, "{%.*s}", STR_ARG(core))));
    k->jwk = jwk_of(a, core, k->kid, k->alg);
}

struct str signer_jwk(struct arena *a, const struct evp_pkey_st *pkey, enum jose_alg alg, struct str kid)
{
    return jwk_of(a, members(a, pkey, alg_kinds[alg].type), kid, alg);
}

static bool fill_certificate(X509 *x, EVP_PKEY *key, const struct settings *set, const struct public_key *k)
{
    struct str host = str_from(set->public_url, str_find(set->public_url, S("//")) + 2);
    ASN1_INTEGER *serial = X509_get_serialNumber(x);
    X509_NAME *name = X509_get_subject_name(x);
    unsigned char digest[SHA256_B];
    unsigned int n = sizeof digest;
    time_t made = (time_t)k->made_s;

    if (EVP_Digest(k->kid.p, k->kid.n, digest, &n, EVP_sha256(), NULL) != 1)
        return false;
    digest[0] = (digest[0] & 0x7f) | 0x40; /* positive, and of one length */
    BIGNUM *bn = BN_bin2bn(digest, 16, NULL);
    bool ok = bn != NULL && BN_to_ASN1_INTEGER(bn, serial) != NULL;
    BN_free(bn);
    host = str_sub(host, 0, host.n < 64 ? host.n : 64);
    return ok && X509_set_version(x, X509_VERSION_3) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)host.p, (int)host.n, -1, 0) ==
               1 &&
           X509_set_issuer_name(x, name) == 1 && X509_set_pubkey(x, key) == 1 &&
           ASN1_TIME_set(X509_getm_notBefore(x), made) != NULL &&
           X509_time_adj_ex(X509_getm_notAfter(x), CERTIFICATE_DAYS, 0, &made) != NULL &&
           X509_sign(x, key, EVP_sha256()) > 0;
}

/* Others pin it as it is; nobody follows a chain from it. */
static bool make_certificate(struct arena *a, EVP_PKEY *key, const struct settings *set, struct public_key *k,
                             struct fail *f)
{
    X509 *x = X509_new();
    unsigned char *der = NULL;
    int n = x != NULL && fill_certificate(x, key, set, k) ? i2d_X509(x, &der) : -1;

    if (n > 0)
        k->certificate = b64_encode(a, str_n(der, (size_t)n));
    OPENSSL_free(der);
    X509_free(x);
    return n > 0 ? true : fail(f, FAIL_OURS, "keys_unwritable", "OpenSSL made no certificate");
}

static bool write_key(struct folder *d, EVP_PKEY *key, const struct public_key *k, struct fail *f)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *p;

    if (bio == NULL || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
        BIO_free(bio);
        return fail(f, FAIL_OURS, "keys_unwritable", "OpenSSL wrote no key");
    }
    long n = BIO_get_mem_data(bio, &p);
    bool ok = write_file(d, file_of(d->arena, k), str_n(p, (size_t)n), f);
    BIO_free(bio);
    return ok;
}

static EVP_PKEY *new_key(enum jose_alg alg)
{
    switch (alg_kinds[alg].type) {
    case EVP_PKEY_ED25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    case EVP_PKEY_EC:
        return EVP_EC_gen("P-256");
    case EVP_PKEY_RSA:
        return EVP_RSA_gen((size_t)RSA_BITS);
    default:
        return NULL;
    }
}

/* A new key of this use and alg, current from then on. */
static bool make_key(struct folder *d, const struct settings *set, enum key_use use, enum jose_alg alg, int64_t now_s,
                     int64_t current_s, struct fail *f)
{
    if (d->count == KEYS_MAX)
        return fail(f, FAIL_OURS, "keys_unwritable", "there are %d keys already", KEYS_MAX);
    struct public_key *k = &d->keys[d->count];
    EVP_PKEY *key = new_key(alg);
    if (key == NULL)
        return fail(f, FAIL_OURS, "keys_unwritable", "OpenSSL made no key");
    *k = (struct public_key){ .use = use, .alg = alg, .made_s = now_s, .current_s = current_s };
    describe(d->arena, key, k);
    bool certified = use == KEY_SAML || use == KEY_DECRYPT || use == KEY_GATE || use == KEY_STRAY;
    bool ok = (!certified || make_certificate(d->arena, key, set, k, f)) && write_key(d, key, k, f);
    EVP_PKEY_free(key);
    d->count += ok;
    return ok;
}

static bool write_index(struct folder *d, struct fail *f)
{
    struct str text = keyset_write(d->arena, d->keys, d->count);

    if (text.p == NULL)
        return fail(f, FAIL_OURS, "keys_unwritable", "the index would be too large");
    return write_file(d, "keys.json", text, f);
}

/* One that is still to come counts: where only such keys are there the clock is behind, and a second set of keys would
 * stay when it is right again. */
static bool has_key(const struct folder *d, enum key_use use, enum jose_alg alg, int64_t now_s)
{
    for (size_t i = 0; i < d->count; i++) {
        enum key_state state = key_state_at(&d->keys[i], now_s);
        if (d->keys[i].use == use && d->keys[i].alg == alg && (state == KEY_CURRENT || state == KEY_NEXT))
            return true;
    }
    return false;
}

/* One that an older program made, without a certificate: nobody waits for it, and the next has one. */
static bool is_bare(const struct public_key *k)
{
    return k->use == KEY_GATE && !str_is_set(k->certificate);
}

/* Keys whose time is over leave the index and the disk. */
static bool drop_gone(struct folder *d, int64_t now_s)
{
    size_t kept = 0;

    for (size_t i = 0; i < d->count; i++)
        if (key_state_at(&d->keys[i], now_s) != KEY_GONE && !is_bare(&d->keys[i]))
            d->keys[kept++] = d->keys[i];
        else
            (void)unlinkat(d->fd, file_of(d->arena, &d->keys[i]), 0);
    bool dropped = kept < d->count;
    d->count = kept;
    return dropped;
}

static bool prepare(struct folder *d, const struct settings *set, int64_t now_s, struct fail *f)
{
    bool changed = drop_gone(d, now_s);

    for (size_t i = 0; i < SIGNER_KINDS; i++)
        if (!has_key(d, signer_kinds[i].use, signer_kinds[i].alg, now_s)) {
            if (!make_key(d, set, signer_kinds[i].use, signer_kinds[i].alg, now_s, now_s, f))
                return false;
            changed = true;
        }
    return !changed || write_index(d, f);
}

bool signer_keys_prepare(const struct settings *set, const struct world *w, struct fail *f)
{
    struct arena *a = arena_new();
    struct folder d;
    bool ok = open_folder(&d, a, set->keys_dir, true, f) && prepare(&d, set, world_now_s(w), f);

    close_folder(&d);
    arena_free(a);
    return ok;
}

bool signer_keys_add(const struct settings *set, const struct world *w, enum key_use use, enum jose_alg alg,
                     int64_t after_s, struct fail *f)
{
    struct arena *a = arena_new();
    int64_t now_s = world_now_s(w), then_s = now_s + after_s;
    struct folder d;
    bool ok = open_folder(&d, a, set->keys_dir, true, f) && make_key(&d, set, use, alg, now_s, then_s, f);

    for (size_t i = 0; ok && i + 1 < d.count; i++)
        /* One that was to retire later, or to begin later, gives way as well: after a theft nothing else may sign. */
        if (d.keys[i].use == use && d.keys[i].alg == alg &&
            (d.keys[i].retired_s == 0 || d.keys[i].retired_s > then_s)) {
            d.keys[i].retired_s = then_s;
            /* Heads of the audit chain are verified for years. */
            d.keys[i].gone_s = use == KEY_AUDIT ? 0 : then_s + RETIRED_LIFE_S;
        }
    ok = ok && write_index(&d, f);
    close_folder(&d);
    arena_free(a);
    return ok;
}

const struct keyset *signer_keys_list(const struct settings *set, struct arena *a, struct fail *f)
{
    struct folder d;
    bool ok = open_folder(&d, a, set->keys_dir, false, f);

    close_folder(&d);
    return ok ? keyset_read(a, keyset_write(a, d.keys, d.count), f) : NULL;
}

bool signer_keys_whole(const struct settings *set, struct arena *a, struct fail *f)
{
    struct folder d;
    bool ok = open_folder(&d, a, set->keys_dir, false, f);

    for (size_t i = 0; ok && i < d.count; i++) {
        const char *name = file_of(a, &d.keys[i]);
        if (faccessat(d.fd, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
            ok = unreadable(f, arena_cstr(a, arena_printf(a, "%.*s/%s", STR_ARG(set->keys_dir), name)));
    }
    close_folder(&d);
    return ok;
}

static void free_key(void *key)
{
    EVP_PKEY_free(key);
}

static void free_md_ctx(void *ctx)
{
    EVP_MD_CTX_free(ctx);
}

struct evp_pkey_st *signer_key_for_once(struct arena *a, enum jose_alg alg)
{
    EVP_PKEY *key = alg < JOSE_ALG_COUNT && alg_kinds[alg].type != EVP_PKEY_RSA ? new_key(alg) : NULL;

    if (key != NULL)
        arena_adopt(a, key, free_key);
    return key;
}

/* Setting up a signature costs a third of an ECDSA one: done once, copied after. */
struct evp_md_ctx_st *signer_ready(struct arena *a, struct evp_pkey_st *pkey, enum jose_alg alg)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL; /* ctx's own */
    const EVP_MD *hash = alg == JOSE_EDDSA ? NULL : EVP_sha256();

    if (ctx == NULL)
        return NULL;
    arena_adopt(a, ctx, free_md_ctx);
    if (EVP_DigestSignInit(ctx, &how, hash, NULL, pkey) != 1)
        return NULL;
    return !alg_kinds[alg].pss || (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
                                   EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1)
               ? ctx
               : NULL;
}

static void write_heads(struct arena *a, struct signer_key *k)
{
    static const char *const types[HEAD_COUNT] = { "JWT", "at+jwt", "logout+jwt", "token-introspection+jwt",
                                                   "audit-head+jwt" };

    for (int i = 0; i < HEAD_COUNT; i++)
        k->head[i] = b64url_encode(a, arena_printf(a, "{\"alg\":\"%s\",\"kid\":\"%.*s\",\"typ\":\"%s\"}",
                                                   jose_alg_name(k->pub.alg), STR_ARG(k->pub.kid), types[i]));
}

/* The file must hold the very key that the index describes. */
static bool load_key(struct signer_state *s, struct folder *d, const struct public_key *pub, struct signer_key *k,
                     struct fail *f)
{
    const char *name = file_of(s->arena, pub);
    struct public_key found = { .alg = pub->alg };
    struct arena *secret = arena_new_secret();
    struct str pem;

    k->pub = *pub;
    if (read_file(secret, d->fd, name, &pem, f)) {
        BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
        k->pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        BIO_free(bio);
    }
    arena_free(secret);
    if (k->pkey == NULL)
        return fail(f, FAIL_OURS, "keys_unreadable", "%s is no private key", name);
    arena_adopt(s->arena, k->pkey, free_key);
    bool fits = EVP_PKEY_get_base_id(k->pkey) == alg_kinds[pub->alg].type;
    if (fits)
        describe(s->arena, k->pkey, &found);
    if (!fits || !str_eq(found.kid, pub->kid))
        return fail(f, FAIL_OURS, "keys_unreadable", "%s holds another key than the index says", name);
    k->ready = signer_ready(s->arena, k->pkey, pub->alg);
    write_heads(s->arena, k);
    return k->ready != NULL ? true : fail(f, FAIL_OURS, "keys_unreadable", "OpenSSL cannot sign with %s", name);
}

static struct keys_stamp stamp_of(const struct stat *st)
{
    return (struct keys_stamp){ (uint64_t)st->st_ino, (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec };
}

bool signer_keys_stamp(const struct settings *set, struct keys_stamp *out)
{
    struct arena *a = arena_new();
    struct stat st;
    bool ok = stat(arena_cstr(a, arena_join(a, set->keys_dir, S("/keys.json"))), &st) == 0;

    if (ok)
        *out = stamp_of(&st);
    arena_free(a);
    return ok;
}

bool signer_keys_load(struct signer_state *s, const struct settings *set, struct fail *f)
{
    struct folder d;
    /* Before the index is read: one that is written meanwhile has another stamp. */
    (void)signer_keys_stamp(set, &s->stamp);
    bool ok = open_folder(&d, s->arena, set->keys_dir, false, f);

    s->keys = arena_make_n(s->arena, KEYS_MAX, struct signer_key);
    s->keyset = keyset_write(s->arena, d.keys, d.count);
    for (size_t i = 0; ok && i < d.count; i++)
        ok = load_key(s, &d, &d.keys[i], &s->keys[s->key_count++], f);
    close_folder(&d);
    return ok;
}
