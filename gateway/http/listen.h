/* SPDX-License-Identifier: EUPL-1.2
 * gateway/http/listen.h: the sockets that the world knocks at.
 *
 * Floor 6a.
 */
#ifndef GATEWAY_LISTEN_H
#define GATEWAY_LISTEN_H

#include "base/fail.h"
#include "base/str.h"

enum { LISTEN_BACKLOG = 1024 };

/* Opens n listening, non-blocking sockets for "127.0.0.1:8080", "[::1]:8080" or
 * "unix:/path", one per loop.  TCP: each has its own queue (SO_REUSEPORT), and a
 * port that anyone else holds is refused.  Unix: one socket, duplicated; a stale
 * file is replaced, one that somebody answers on is refused; mode 0660.
 * Fails CALLER bad_setting; OURS listen_taken, listen_failed. */
bool listen_open(struct str address, int *fds, size_t n, struct fail *f);

/* Whether listen_open() could read the address; opens nothing. */
bool listen_check(struct str address, struct fail *f);

#endif
