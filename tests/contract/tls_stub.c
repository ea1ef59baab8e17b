/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/contract/tls_stub.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

enum { DAY_S = 86400 };

static bool add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool good = e != NULL && X509_add_ext(x, e, -1) == 1;
    X509_EXTENSION_free(e);
    return good;
}

static X509 *make_certificate(const char *common_name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, int days)
{
    X509 *x = X509_new();
    X509_NAME *name = x != NULL ? X509_get_subject_name(x) : NULL;

    if (name == NULL)
        return NULL;
    (void)X509_set_version(x, 2);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(x), issuer == NULL ? 1 : 2);
    (void)X509_gmtime_adj(X509_getm_notBefore(x), -30 * DAY_S);
    (void)X509_gmtime_adj(X509_getm_notAfter(x), (long)days * DAY_S);
    (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0);
    (void)X509_set_issuer_name(x, issuer != NULL ? X509_get_subject_name(issuer) : name);
    (void)X509_set_pubkey(x, key);
    return x;
}

static bool make_pair(const char *host, int days, EVP_PKEY **key, X509 **leaf, X509 **authority)
{
    EVP_PKEY *authority_key = EVP_EC_gen("P-256");
    char alt[128];

    *key = EVP_EC_gen("P-256");
    *authority = make_certificate("Test authority", authority_key, NULL, NULL, 30);
    *leaf = make_certificate(host, *key, *authority, authority_key, days);
    (void)snprintf(alt, sizeof alt, "DNS:%s", host);
    bool good = add_extension(*authority, *authority, NID_basic_constraints, "critical,CA:TRUE") &&
                add_extension(*leaf, *authority, NID_subject_alt_name, alt) &&
                X509_sign(*authority, authority_key, EVP_sha256()) > 0 &&
                X509_sign(*leaf, authority_key, EVP_sha256()) > 0;
    EVP_PKEY_free(authority_key);
    return good;
}

static void answer(SSL *ssl, const char *request)
{
    char text[4200], to[4096];

    if (sscanf(request, "GET /to?%4095s", to) == 1)
        (void)snprintf(text, sizeof text, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", to);
    else
        (void)snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    (void)SSL_write(ssl, text, (int)strlen(text));
}

static void serve(SSL_CTX *ctx, int listening)
{
    char request[4096];

    for (;;) {
        int n, fd = accept(listening, NULL, NULL);
        SSL *ssl = SSL_new(ctx);
        if (SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1 && (n = SSL_read(ssl, request, sizeof request - 1)) > 0) {
            request[n] = '\0';
            answer(ssl, request);
        }
        (void)SSL_shutdown(ssl);
        SSL_free(ssl);
        (void)close(fd);
    }
}

static int open_port(uint32_t address, int *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(address) };
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &n) != 0)
        return -1;
    *port = ntohs(at.sin_port);
    return fd;
}

bool tls_stub_start(struct test *t, struct tls_stub *s, const char *name, int days)
{
    return tls_stub_start_at(t, s, INADDR_LOOPBACK, name, days);
}

bool tls_stub_start_at(struct test *t, struct tls_stub *s, uint32_t address, const char *name, int days)
{
    EVP_PKEY *key = NULL;
    X509 *leaf = NULL, *authority = NULL;
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    int fd = open_port(address, &s->port);

    (void)snprintf(s->ca_file, sizeof s->ca_file, "/tmp/digione-ca-XXXXXX");
    int file = mkstemp(s->ca_file);
    FILE *f = file >= 0 ? fdopen(file, "w") : NULL;
    bool good = make_pair(name, days, &key, &leaf, &authority) && f != NULL && fd >= 0 &&
                PEM_write_X509(f, authority) == 1 && SSL_CTX_use_certificate(ctx, leaf) == 1 &&
                SSL_CTX_use_PrivateKey(ctx, key) == 1;
    if (f != NULL)
        (void)fclose(f);
    CHECK(good);
    s->pid = good ? fork() : -1;
    if (s->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGPIPE, SIG_IGN);
        serve(ctx, fd);
    }
    (void)close(fd);
    SSL_CTX_free(ctx);
    X509_free(leaf);
    X509_free(authority);
    EVP_PKEY_free(key);
    return good;
}

void tls_stub_stop(struct tls_stub *s)
{
    (void)kill(s->pid, SIGKILL);
    (void)waitpid(s->pid, NULL, 0);
    (void)unlink(s->ca_file);
}
