/* SPDX-License-Identifier: EUPL-1.2
 * tests/contract/sentinel_stub.h: says to every connection what a sentinel says, or
 * what a test wants said, and changes its mind when the test does. */
#ifndef TESTS_CONTRACT_SENTINEL_STUB_H
#define TESTS_CONTRACT_SENTINEL_STUB_H

#include "tests/test.h"

#include <sys/types.h>

struct sentinel_mind {       /* shared with the stub's process */
    char host[64], port[16]; /* "": it knows none */
    char says[256];          /* in place of an answer; "": it answers */
    char message[256];       /* of +switch-master, for those who listen; goes when it was sent */
    char password[64];
    int auths, questions; /* counted */
    bool silent;
};

struct sentinel_stub {
    pid_t pid;
    struct str address;
    volatile struct sentinel_mind *mind;
};

bool sentinel_stub_start(struct test *t, struct sentinel_stub *s, struct str names);
void sentinel_stub_names(struct sentinel_stub *s, struct str address);
void sentinel_stub_publishes(struct sentinel_stub *s, struct str from, struct str to);
void sentinel_stub_stop(struct sentinel_stub *s);

#endif
