/* SPDX-License-Identifier: EUPL-1.2
 * tests/scenario/nursery.h: starts and kills the signer, as the supervisor does, from a process without threads.
 *
 * Forked before the gateway's threads exist; ends with the process that opened it.
 */
#ifndef TESTS_SCENARIO_NURSERY_H
#define TESTS_SCENARIO_NURSERY_H

#include "base/settings.h"
#include "base/world.h"

struct nursery {
    int pipe; /* a byte asks, a byte answers; -1: not open */
};

/* fds: the signer's ends of its pairs; the world is a shared page, so that its clock can be moved. */
void nursery_open(struct nursery *n, const struct settings *set, const struct world *w, const int *fds, size_t count);
void nursery_start(struct nursery *n); /* forks a signer; nothing when there is one */
void nursery_kill(struct nursery *n);  /* kills it; nothing when there is none */
void nursery_close(struct nursery *n); /* and what it started */

#endif
