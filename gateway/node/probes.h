/* SPDX-License-Identifier: EUPL-1.2
 * gateway/node/probes.h: what a sign-in needs of a lane, tried on a beat: signer, fetcher, audit log.
 *
 * Floor 6e.  Every few seconds each is asked for what a sign-in would ask of it, and the answer kept with its time: so
 * a request to /health/ready costs nothing but a look (readiness.h).  One that has not answered is not asked again
 * meanwhile: its last answer grows old.  Redis tries itself (wire/kv.h).  Belongs to the lane's thread.
 */
#ifndef GATEWAY_PROBES_H
#define GATEWAY_PROBES_H

#include "gateway/node/node.h"

enum { PROBE_EVERY_MS = 5000, PROBE_AGAIN_MS = 1000, PROBE_OLD_MS = 3 * PROBE_EVERY_MS };

struct probes;

struct probes *probes_new(struct lane *lane); /* the lane has its signer, fetcher and audit; begins with probes_now() */
void probes_now(struct probes *p);
void probes_stop(struct probes *p);       /* no more */
bool probes_busy(const struct probes *p); /* the audit log's thread has still to answer one */
void probes_free(struct probes *p);       /* not busy; after the lane's signer and fetcher */

#endif
