/* SPDX-License-Identifier: EUPL-1.2
 * registry/desk.h: the registry in SQL, for those who may not block.
 *
 * Floor 4.  One connection per process; a job has it to itself while it runs, on a worker thread.
 */
#ifndef REGISTRY_DESK_H
#define REGISTRY_DESK_H

#include "base/arena.h"
#include "base/settings.h"
#include "base/work.h"
#include "registry/tell.h"
#include "wire/db.h"

struct desk;

struct desk *desk_new(const struct settings *set); /* opens nothing yet */
void desk_free(struct desk *k);
/* From now on a job that succeeded is answered once every change that it made stands in the audit log (of which *writer
 * is NULL where there is none).  Where the log takes nothing, the answer is OURS audit, and the change is told later.
 */
void desk_tells(struct desk *k, struct teller *t, struct audit_writer *const *writer);

/* Runs on a worker thread; touches `with`, the database, and a, which is the job's own and lives as long as the
 * asker's.  False: it failed, with f. */
typedef bool desk_job(void *with, struct db *d, struct arena *a, struct fail *f);

struct desk_got {
    bool ok;
    struct fail why; /* when not */
};

/* Asks the batch and answers it once.  with stays the job's until then.  False, and no answer: too many jobs wait. */
bool desk_ask(struct desk *k, struct work *w, struct batch *b, struct arena *a, desk_job *job, void *with,
              struct desk_got *out);

/* This process serves a registry of that version now; any thread. */
void desk_serves(struct desk *k, int64_t version);
/* Answers the batch once desk_serves() has named that version or a later one, at the latest after DESK_SERVED_MS.
 * False, and no answer: too many jobs wait. */
enum { DESK_SERVED_MS = 2000 };
bool desk_wait(struct desk *k, struct work *w, struct batch *b, struct arena *a, int64_t version);

#endif
