/* SPDX-License-Identifier: EUPL-1.2
 * registry/ends.h: what ended stays ended, whatever copy of Redis comes back.
 *
 * Floor 4.  Redis may be lost, and an older copy of it may be put in its place, in which sessions live that were signed
 * out since.  So each end is kept in SQL for as long as its session could have lived, and in memory, so that asking
 * costs no round trip.  Beside it stands a count of Redis's own heartbeats: one that has fallen behind is an older
 * copy, one that is far ahead means that SQL is one; then the session epoch is raised, and everybody signs in anew.
 *
 * A file of its own, state_dir/registry/sessions.sqlite: what is written to the registry's makes every node load the
 * federation anew.
 *
 * Threads: ends_has() and ends_add() are any loop's; ends_load() and the beats are the main thread's.
 */
#ifndef REGISTRY_ENDS_H
#define REGISTRY_ENDS_H

#include "base/batch.h"
#include "base/fail.h"
#include "base/settings.h"
#include "base/work.h"
#include "base/world.h"
#include "registry/marks.h"

/* SQL follows Redis's count by at least this, so that a Redis that lost its last moments (its file is synced once a
 * second) is not taken for an older copy; where it is further behind than AHEAD, the file in SQL is the older copy. */
enum { ENDS_BEAT_LAG_MS = 10000, ENDS_BEAT_AHEAD_S = 600 };

struct ends;

/* Opens nothing yet. */
struct ends *ends_new(const struct settings *set, const struct world *w);
void ends_free(struct ends *e); /* after the worker threads; NULL does nothing */

/* Reads what is kept; may block.  epoch: the registry's, which must not be lower than the last one seen here: *older
 * says that it is, and so that the registry is an older copy.  Fails OURS db_…. */
bool ends_load(struct ends *e, int64_t epoch, bool *older, struct fail *f);

/* Whether the session under this key (64 hex digits) was ended. */
bool ends_has(struct ends *e, struct str key);
/* Ends it at once for all loops, and keeps that until the Unix time until_s; the batch is answered when it is durable.
 * What cannot be kept is logged ("session.end_not_kept") and is ended until this process ends.  False: not asked of
 * SQL, too many jobs wait; ended as well. */
bool ends_add(struct ends *e, struct work *w, struct batch *b, struct arena *a, struct str key, int64_t until_s);

/* Ends the sessions of a sort (marks.h) that began until now, likewise: at once here, within a second on other nodes of
 * this state_dir.  *kept: it is durable; else it holds until this process ends.  False: not asked of SQL. */
bool ends_mark(struct ends *e, struct work *w, struct batch *b, struct arena *a, const struct mark *x, bool *kept);
/* There are too many marks already, of its area or of all (marks.h), for one more of this sort. */
bool ends_full(struct ends *e, const struct mark *x);
/* The same for the command line, which may block: in force where the nodes look.  Fails OURS db_…, CALLER no_mark. */
bool ends_mark_now(struct ends *e, struct arena *a, const struct mark *x, struct fail *f);
bool ends_marked(struct ends *e, const struct session *s);
/* What a request that begins now knows of marks (marks.h), so that those that came before do not end what it makes. */
struct str ends_known(struct ends *e, struct arena *a, int64_t now_s);
bool ends_marked_by(struct ends *e, struct arena *a, const struct session *s, struct mark *by);
/* Whether the person has taken back what they let the service be told, since it was given something: at given_s, by a
 * request that knew these marks. */
bool ends_taken_back(struct ends *e, struct str person, struct str service, int64_t given_s, struct str knew);
/* What other processes have marked meanwhile; the watcher's thread, several times a second; may block. */
void ends_look(struct ends *e);

/* Redis's count as it may be at the least; 0: none is known. */
int64_t ends_beat_least(const struct ends *e);
enum beat_says { BEAT_GOES_ON = 0, BEAT_BEHIND, BEAT_AHEAD };
/* Judges a count that Redis has just said, of a_second beats a second.  BEHIND: it is an older copy, or another one.
 * AHEAD, of the first alone: what is kept here is older than it, or was lost. */
enum beat_says ends_beat_judge(const struct ends *e, int64_t count, int64_t a_second);
/* Keeps it, when its time has come; may block.  Old ends leave as well.  Fails OURS db_…; tried again. */
bool ends_beat_keep(struct ends *e, int64_t count, int64_t epoch, struct fail *f);
/* The epoch was raised: go on from here.  Fails OURS db_…. */
bool ends_beat_from(struct ends *e, int64_t count, int64_t epoch, struct fail *f);

#endif
