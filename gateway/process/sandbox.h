/* SPDX-License-Identifier: EUPL-1.2
 * gateway/process/sandbox.h: what the gateway process gives up once it has started.
 *
 * Floor 6f.  Landlock: no file outside the state directory (keys excepted: they
 * are nobody's but the signer's) and what the C library reads while running.
 * seccomp: no exec, ptrace, new listening or raw socket, module, mount or
 * namespace, and nothing that names another process (signer and fetcher run as
 * the same user): no signal, no limit; a forbidden call fails with EPERM, and exec ends the process.  No
 * core dump, no new privileges, no debugger.  Off in sanitizer builds, which
 * need what it forbids.
 */
#ifndef GATEWAY_SANDBOX_H
#define GATEWAY_SANDBOX_H

#include "base/settings.h"

enum sandbox_state { SANDBOX_OFF = 0, SANDBOX_PARTLY, SANDBOX_ON };

/* Enters it for the whole process: call before other threads are made.  Never
 * fails: what the kernel lacks is logged and is missing from the result. */
enum sandbox_state sandbox_enter(const struct settings *set);

/* For a process that only computes: it reads and writes what it has open, takes memory (at most so much) and processor
 * time, and nothing else.  False: the kernel lacks it. */
bool sandbox_compute(size_t memory_B, int seconds);

/* No debugger, no core dump; for any process that holds secrets, from its first moment. */
void sandbox_no_dump(void);

#endif
