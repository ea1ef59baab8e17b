/* SPDX-License-Identifier: EUPL-1.2
 * tests/contract/fetch_rig.h: the fetcher as a process, asked over its socket, beside a web server of the test's own.
 */
#ifndef TESTS_CONTRACT_FETCH_RIG_H
#define TESTS_CONTRACT_FETCH_RIG_H

#include "base/settings.h"
#include "tests/contract/http_stub.h"
#include "wire/fetch.h"

struct rig {
    struct batch batch; /* first */
    struct settings set;
    int fds[2];
    pid_t fetcher;
    struct loop *loop;
    struct fetch *fetch;
    struct http_stub stub;
};

void rig_answered(struct batch *b);
void rig_new(struct test *t, struct rig *g);
void rig_with(struct test *t, struct rig *g, const struct settings *set);
void rig_free(struct rig *g);
void start_fetcher(struct rig *g);
void kill_fetcher(struct rig *g);
void rig_again(struct test *t, struct rig *g); /* a fetcher after the one that was killed, once it answers */
void wait_for(struct test *t, struct rig *g);  /* until all is answered */

struct fetch_got fetch_url(struct test *t, struct rig *g, enum fetch_purpose purpose, bool test, struct str url);
struct fetch_got fetch_path(struct test *t, struct rig *g, enum fetch_purpose purpose, const char *path);

#endif
