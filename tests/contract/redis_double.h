/* SPDX-License-Identifier: EUPL-1.2
 * tests/contract/redis_double.h: a Redis in the test's own process, whose keys expire by a clock that the test moves.
 *
 * Speaks RESP on a Unix socket, so the real client code is on the other end,
 * and knows the commands of wire/kv_commands.c and no others.  It keeps the
 * contract of kv_contract.h, as a redis-server does.  It can go away, come back
 * as another one that has forgotten everything, and fail at its n-th command.
 * Belongs to one thread, which serves it when its descriptors are ready.
 */
#ifndef TESTS_CONTRACT_REDIS_DOUBLE_H
#define TESTS_CONTRACT_REDIS_DOUBLE_H

#include "base/arena.h"
#include "base/world.h"

#include <poll.h>

enum { REDIS_DOUBLE_FDS = 20 };

/* What happens at the n-th command; the greeting of a connection and its heartbeat are not counted. */
#define REDIS_FAULTS(X)                                                                                                \
    X(CUT, "cut")         /* the connection ends and nothing was done */                                               \
    X(LOST, "lost")       /* it is done, and the connection ends before the reply */                                   \
    X(SILENT, "silent")   /* nothing is done and nothing is said, to this command and those behind it */               \
    X(REFUSED, "refused") /* out of memory */

enum redis_fault {
    REDIS_WORKS = 0,
#define X(fault, word) REDIS_##fault,
    REDIS_FAULTS(X)
#undef X
        REDIS_FAULT_COUNT
};

struct redis_double;

/* Listens at path.  NULL: it cannot. */
struct redis_double *redis_double_new(const char *path, const struct world *w);
void redis_double_free(struct redis_double *d);

/* What to poll for; returns how many of the REDIS_DOUBLE_FDS places it filled. */
size_t redis_double_watch(const struct redis_double *d, struct pollfd *fds);
/* Serves what is ready.  False: nothing was. */
bool redis_double_serve(struct redis_double *d, const struct pollfd *fds, size_t n);

void redis_double_leave(struct redis_double *d); /* connections end, new ones find nobody */
void redis_double_come_back(struct redis_double *d);
/* Another process under the same address: a new run id; without `keeps`, nothing of before is left. */
void redis_double_restart(struct redis_double *d, bool keeps);

void redis_double_save(struct redis_double *d);    /* a backup of all that it holds */
void redis_double_restore(struct redis_double *d); /* another process, with the backup and nothing else */

void redis_double_fail_at(struct redis_double *d, unsigned n, enum redis_fault fault); /* counted from now */
/* Likewise, of the commands alone that name a key of the family ("i1"): which number a command has among all hangs on
 * what else is under way. */
void redis_double_fail_at_family(struct redis_double *d, struct str family, unsigned n, enum redis_fault fault);
/* Every write is answered so, heartbeats' too, until NULL is given: "OOM …", "MISCONF …", "READONLY …". */
void redis_double_refuse(struct redis_double *d, const char *error);
unsigned redis_double_commands(const struct redis_double *d);                            /* since the start */
size_t redis_double_holds(const struct redis_double *d, struct str prefix);              /* keys that begin so */
size_t redis_double_change(struct redis_double *d, struct str prefix, struct str value); /* of all such; how many */
bool redis_double_failed(const struct redis_double *d);                                  /* the fault has happened */
bool redis_double_keeps_silent(const struct redis_double *d); /* whoever waits, waits for a deadline */

#endif
