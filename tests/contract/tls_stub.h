/* SPDX-License-Identifier: EUPL-1.2
 * tests/contract/tls_stub.h: a web server behind TLS, with a certificate that is
 * good or not, from an authority of the test's own.  Answers "hello"; /to?URL redirects to URL. */
#ifndef TESTS_CONTRACT_TLS_STUB_H
#define TESTS_CONTRACT_TLS_STUB_H

#include "tests/test.h"

#include <sys/types.h>

struct tls_stub {
    pid_t pid;
    int port;
    char ca_file[64]; /* the authority's certificate, PEM */
};

/* name: of the host that the certificate is for; days: until it ends, negative when it has ended. */
bool tls_stub_start(struct test *t, struct tls_stub *s, const char *name, int days);
bool tls_stub_start_at(struct test *t, struct tls_stub *s, uint32_t address, const char *name, int days);
void tls_stub_stop(struct tls_stub *s);

#endif
