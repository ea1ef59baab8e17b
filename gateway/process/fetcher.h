/* SPDX-License-Identifier: EUPL-1.2
 * gateway/process/fetcher.h: the process that makes every outgoing HTTP call.
 *
 * Floor 6f.  Reads requests (wire/fetch.h) from its descriptors, answers on the
 * same.  https only, but for http on loopback in test rows; the address that is
 * connected to is the address that was checked; no redirects but for metadata,
 * each hop checked again; no cookies or stored passwords, no proxy but outgoing_proxy
 * (fetch_proxy.h); at most
 * sixteen connections per host and upstream_waiting_max requests per place.
 * libcurl comes in here and nowhere else.
 */
#ifndef GATEWAY_FETCHER_H
#define GATEWAY_FETCHER_H

#include "base/settings.h"

/* Runs until every descriptor's other end is closed.  fds: SOCK_SEQPACKET ends, one per loop. */
int fetcher_main(const struct settings *s, const int *fds, size_t n);

#endif
