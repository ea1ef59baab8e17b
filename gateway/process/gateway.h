/* SPDX-License-Identifier: EUPL-1.2
 * gateway/process/gateway.h: the gateway process: a node, its lanes, their threads.
 *
 * Floor 6f.  Unprivileged, without private keys; started by the supervisor with
 * its ends of the socket pairs to the signer and the fetcher, one per loop.
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "base/settings.h"

enum { GATEWAY_STOP_S = 20 };

/* Exit statuses that the supervisor tells apart from a crash. */
enum { GATEWAY_STOPPED = 0, GATEWAY_CANNOT_START = 78 };

size_t gateway_loops(const struct settings *set); /* the setting `loops`, or one per processor */

/* Runs until SIGTERM: then accepts no more, and finishes what it has within
 * GATEWAY_STOP_S.  Ends with the process's exit status. */
int gateway_main(const struct settings *set, const int *signer_fds, const int *fetch_fds, size_t n);

#endif
