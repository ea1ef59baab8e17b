/* SPDX-License-Identifier: EUPL-1.2
 * gateway/process/supervisor.h: starts, watches and restarts the processes of one node.
 *
 * Floor 6f.  `digione serve`.  It opens no socket to the world and reads no
 * message.  As root it makes the state directory, then becomes the system user
 * `run_as` before anything else is started.
 *
 *     redis      only where no `redis` setting names another one
 *     signer     private keys
 *     fetcher    outgoing HTTP
 *     gateway    the loops
 *
 * A key that was added (`digione keys create`) is read by a second signer, which takes over while the first finishes
 * what it has taken: no request fails, and no signer has files after its start.
 *
 * The pairs of sockets between gateway and signer or fetcher are the
 * supervisor's, both ends of them: a process that dies is followed, within a
 * second, by one behind the same descriptors.  Children die with the
 * supervisor.  SIGTERM or SIGINT: the gateway finishes, then the rest stop.
 */
#ifndef GATEWAY_SUPERVISOR_H
#define GATEWAY_SUPERVISOR_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/settings.h"

/* Makes what the node needs in state_dir; as root, gives it to run_as and becomes that user: for commands that
 * write there while the node runs or not.  A root secret is made where nothing depends on one yet.  Fails OURS
 * run_as_missing, state_dir, root_secret, and as state_secret() does. */
bool supervisor_enter(const struct settings *set, struct arena *a, struct fail *f);
/* As root, becomes run_as, and makes nothing: for commands that only look.  Fails OURS run_as_missing. */
bool supervisor_become(const struct settings *set, struct arena *a, struct fail *f);
/* Enters, and takes the directory for this process's life.  Fails OURS state_dir_taken as well, and where something is
 * lost that cannot be made again (state.h). */
bool supervisor_prepare(const struct settings *set, struct arena *a, struct fail *f);
/* Takes the directory without making or asking for anything in it: for `digione restore`. */
bool supervisor_take(const struct settings *set, struct arena *a, struct fail *f);
/* Whether a redis-server is installed where the supervisor looks for it. */
bool supervisor_finds_redis(void);
/* Runs until told to stop.  Ends with the process's exit status. */
int supervisor_main(struct settings *set, struct arena *a);

#endif
