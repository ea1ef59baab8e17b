/* SPDX-License-Identifier: EUPL-1.2
 * base/work.h: a few threads for what would block a loop: SQL, Argon2id.
 *
 * Floor 0.  One pool per process; each loop has a struct work of its own, on
 * which it asks and is answered.  A job runs on a pool thread and must touch
 * only what its argument points to, which stays the pool's until the answer.
 */
#ifndef BASE_WORK_H
#define BASE_WORK_H

#include "base/batch.h"
#include "base/loop.h"

struct work_pool;
struct work;

struct work_pool *work_pool_new(unsigned threads);
void work_pool_free(struct work_pool *p);        /* finishes what was asked, then joins */
unsigned work_pool_waiting(struct work_pool *p); /* jobs that no thread has begun; any thread */

struct work *work_new(struct work_pool *p, struct loop *l);
void work_free(struct work *w); /* nothing may be under way */

/* Runs job(arg) on a pool thread; then answers the batch on this loop.  False,
 * and no answer, when too many jobs wait already: refuse as busy. */
bool work_ask(struct work *w, struct batch *b, void (*job)(void *arg), void *arg);

#endif
