/* SPDX-License-Identifier: EUPL-1.2
 * registry/store.h: a file of SQLite beside the registry, opened by the first who asks, used by one thread at a time.
 *
 * Floor 4.  What pleas.h, consents.h and the like stand on.  Everything here may block but store_new() and
 * store_ask().
 */
#ifndef REGISTRY_STORE_H
#define REGISTRY_STORE_H

#include "base/batch.h"
#include "base/fail.h"
#include "base/settings.h"
#include "base/work.h"
#include "wire/db.h"

struct store;
/* name: of the file in state_dir/registry.  The migrations must outlive it.  Opens nothing yet. */
struct store *store_new(const struct settings *set, const char *name, const struct db_migration *migrations, size_t n);
void store_free(struct store *s); /* after the worker threads; NULL does nothing */

/* Has the store to itself meanwhile; as a desk_job (desk.h). */
typedef bool store_job(void *with, struct db *d, struct arena *a, struct fail *f);
bool store_now(struct store *s, struct arena *a, store_job *job, void *with, struct fail *f);
/* Asks the batch, runs the job on a worker thread and answers once: *ok, and *why where not.  Both are the caller's,
 * and live as long as a.  False, and no answer: too many jobs wait. */
bool store_ask(struct store *s, struct work *w, struct batch *b, struct arena *a, store_job *job, void *with, bool *ok,
               struct fail *why);

#endif
