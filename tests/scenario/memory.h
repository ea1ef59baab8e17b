/* SPDX-License-Identifier: EUPL-1.2
 * tests/scenario/memory.h: the n-th allocation of a foreign library fails.
 *
 * The program's malloc() stands before the C library's (or the sanitizer's).  It
 * fails for callers inside libxml2, OpenSSL, hiredis, libmicrohttpd, liboauth2,
 * cjose and jansson, on threads that have said so, and never for ours: where
 * ours allocates (base/heap.h for most of these libraries), exhaustion ends the
 * process.
 */
#ifndef TESTS_SCENARIO_MEMORY_H
#define TESTS_SCENARIO_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>

struct memory_page {            /* shared with whoever waits for this process to end */
    atomic_uint count, fail_at; /* fail_at 0: none */
    atomic_bool failed;
};

bool memory_open(struct memory_page *page); /* false: this build cannot (ThreadSanitizer) */
void memory_may_fail(void);                 /* on this thread, from here on */
void memory_fail_at(unsigned n);            /* counted from now */

#endif
