/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/kv_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct kv_tls {
    SSL_CTX *ctx;
    BIO_METHOD *bio;
    struct str name;
};

/* OpenSSL's own sockets write without MSG_NOSIGNAL: a Redis that has gone would end a program that does not ignore
 * SIGPIPE. */
static int bio_fd(BIO *b)
{
    return (int)(intptr_t)BIO_get_data(b);
}

static int bio_write(BIO *b, const char *p, int n)
{
    ssize_t sent = send(bio_fd(b), p, (size_t)n, MSG_NOSIGNAL);

    BIO_clear_retry_flags(b);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(b);
    return (int)sent;
}

static int bio_read(BIO *b, char *p, int n)
{
    ssize_t got = recv(bio_fd(b), p, (size_t)n, 0);

    BIO_clear_retry_flags(b);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_read(b);
    return (int)got;
}

static long bio_ctrl(BIO *b, int what, long number, void *p)
{
    (void)b;
    (void)number;
    (void)p;
    return what == BIO_CTRL_FLUSH;
}

static void release(void *self)
{
    struct kv_tls *t = self;

    SSL_CTX_free(t->ctx);
    BIO_meth_free(t->bio);
}

/* A key with a passphrase would be asked for at a terminal. */
static int no_passphrase(char *out, int n, int writes, void *with)
{
    (void)out;
    (void)n;
    (void)writes;
    (void)with;
    return 0;
}

static bool bad_file(const char *setting, struct str path, const char *expected, struct fail *f)
{
    unsigned long code = ERR_peek_error();
    const char *why = ERR_GET_LIB(code) == ERR_LIB_SYS ? strerror(ERR_GET_REASON(code)) : expected;

    ERR_clear_error();
    return fail(f, FAIL_OURS, "redis_tls", "%s \"%.*s\": %s", setting, STR_ARG(path), why);
}

static bool load(struct arena *a, SSL_CTX *ctx, const struct kv_tls_files *files, struct fail *f)
{
    ERR_clear_error();
    if (str_eq(files->ca, S("system")) ? SSL_CTX_set_default_verify_paths(ctx) != 1
                                       : SSL_CTX_load_verify_file(ctx, arena_cstr(a, files->ca)) != 1)
        return bad_file("redis_tls_ca_file", files->ca, "holds no certificate in PEM", f);
    if (!str_is_set(files->cert))
        return true;
    if (SSL_CTX_use_certificate_chain_file(ctx, arena_cstr(a, files->cert)) != 1)
        return bad_file("redis_tls_cert_file", files->cert, "holds no certificate in PEM", f);
    if (SSL_CTX_use_PrivateKey_file(ctx, arena_cstr(a, files->key), SSL_FILETYPE_PEM) != 1)
        return bad_file("redis_tls_key_file", files->key,
                        "holds no private key in PEM without a passphrase that belongs to redis_tls_cert_file", f);
    return true;
}

const struct kv_tls *kv_tls_new(struct arena *a, const struct kv_tls_files *files, struct fail *f)
{
    struct kv_tls *t = arena_make(a, struct kv_tls);

    t->ctx = SSL_CTX_new(TLS_client_method());
    t->bio = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "redis");
    t->name = arena_str(a, files->name);
    arena_adopt(a, t, release);
    if (t->ctx == NULL || t->bio == NULL || BIO_meth_set_write(t->bio, bio_write) != 1 ||
        BIO_meth_set_read(t->bio, bio_read) != 1 || BIO_meth_set_ctrl(t->bio, bio_ctrl) != 1 ||
        SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION) != 1)
        return fail(f, FAIL_OURS, "redis_tls", "no memory for TLS"), NULL;
    SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_default_passwd_cb(t->ctx, no_passphrase);
    (void)SSL_CTX_set_mode(t->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                       SSL_MODE_RELEASE_BUFFERS);
    return load(a, t->ctx, files, f) ? t : NULL;
}

/* What the certificate must be for: an address is looked for among its addresses, a name among its names. */
static bool expect(SSL *ssl, struct str name)
{
    char host[256];
    unsigned char address[16];

    if (name.n == 0 || name.n >= sizeof host)
        return false;
    memcpy(host, name.p, name.n);
    host[name.n] = '\0';
    if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

struct ssl_st *kv_tls_start(const struct kv_tls *t, int fd, struct str host)
{
    SSL *ssl = SSL_new(t->ctx);
    BIO *bio = BIO_new(t->bio);

    if (ssl == NULL || bio == NULL || !expect(ssl, str_is_set(t->name) ? t->name : host)) {
        BIO_free(bio);
        SSL_free(ssl);
        return NULL;
    }
    BIO_set_data(bio, (void *)(intptr_t)fd);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_connect_state(ssl);
    return ssl;
}

/* The socket is its link's, and closed by it: a Redis that hangs up needs no farewell. */
void kv_tls_free(struct ssl_st *ssl)
{
    SSL_free(ssl);
    ERR_clear_error();
}

static const char *certificate_trouble(long result)
{
    switch (result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "tls_name";
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "tls_expired";
    default:
        return "tls_authority";
    }
}

/* What the other side says of the certificate that we have shown, or not. */
static const char *alert_trouble(unsigned long code)
{
    switch (ERR_GET_REASON(code)) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
        return "tls_client";
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return "cut";
    default:
        return "tls";
    }
}

static enum kv_tls_went went(SSL *ssl, int result, struct kv_tls_say *out)
{
    int error = SSL_get_error(ssl, result);

    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        out->wants_write = error == SSL_ERROR_WANT_WRITE;
        return KV_TLS_AGAIN;
    }
    if (error == SSL_ERROR_SSL && SSL_get_verify_result(ssl) != X509_V_OK)
        out->why = certificate_trouble(SSL_get_verify_result(ssl));
    else if (error == SSL_ERROR_SSL)
        out->why = alert_trouble(ERR_peek_error());
    else
        out->why = SSL_is_init_finished(ssl) ? "cut" : "tls";
    ERR_clear_error();
    return KV_TLS_BAD;
}

enum kv_tls_went kv_tls_shake(struct ssl_st *ssl, struct kv_tls_say *out)
{
    *out = (struct kv_tls_say){ 0 };
    ERR_clear_error();
    int done = SSL_do_handshake(ssl);
    return done == 1 ? KV_TLS_DONE : went(ssl, done, out);
}

enum kv_tls_went kv_tls_read(struct ssl_st *ssl, void *p, size_t n, struct kv_tls_say *out)
{
    *out = (struct kv_tls_say){ 0 };
    ERR_clear_error();
    int done = SSL_read_ex(ssl, p, n, &out->n);
    return done == 1 ? KV_TLS_DONE : went(ssl, done, out);
}

enum kv_tls_went kv_tls_write(struct ssl_st *ssl, const void *p, size_t n, struct kv_tls_say *out)
{
    *out = (struct kv_tls_say){ 0 };
    ERR_clear_error();
    int done = SSL_write_ex(ssl, p, n, &out->n);
    return done == 1 ? KV_TLS_DONE : went(ssl, done, out);
}
