/* SPDX-License-Identifier: EUPL-1.2
 * gateway/logout_trips.h: services that only the browser can tell, and whose answers are confirmed (protocol.h,
 * leave_go).
 *
 * Floor 6c; for logout.c alone.  A sign-out that has such services gets a name; Redis keeps for LEAVING_TRIPS_S,
 * sealed, whose session it was and what the services know it by.  The browser goes to each from an address of ours
 * (/signed-out/tell), in a frame or as the whole page; an answer that its protocol has proven leaves a mark in Redis,
 * and the page says so when it is shown next; each answer has its line in the log (farewell_note.h), once.  What a
 * service gives back (relay) is bound to it and to the sign-out.
 */
#ifndef GATEWAY_LOGOUT_TRIPS_H
#define GATEWAY_LOGOUT_TRIPS_H

#include "gateway/logout.h"
#include "gateway/session/session.h"

enum { LEAVING_TRIPS_S = 600, TRIPS_MAX = SESSION_SERVICES_MAX, TRIPS_ID_CHARS = 22 };

/* Whether the service with this id (of a row that is there) is told so. */
bool trips_to(const struct ctx *c, struct str service);
/* services: ids, with spaces between. */
bool trips_any(const struct ctx *c, struct str services);

/* Asks Redis to keep it; gives the name of the sign-out.  got: HIT when it is kept. */
struct str trips_keep(struct ctx *c, const struct leaver *who, const struct strs *told, struct kv_got *got);
struct str trips_address(struct ctx *c, struct str trips, struct str service, bool framed); /* a path of ours */

/* Asks which of these have said that they heard: one place of got, TRIPS_MAX, for each of `services` that is told so.
 */
void trips_heard_ask(struct ctx *c, struct str trips, struct str services, struct kv_got *got);
/* The marks ('y' and 'n' for each of services) with those besides. */
struct str trips_heard(struct ctx *c, struct str services, struct str marks, const struct kv_got *got);

/* What /signed-out/tell?n= says for trip_asked.behind; TOLD_NAMES_MAX: nothing. */
size_t trips_behind(struct str word);
/* Rows: c->state is a struct trip_asked with trips, service, framed and behind; leads to the service.  Fails CALLER. */
struct trip_asked {
    struct str trips, service;
    bool framed;
    size_t behind; /* names that a trip after this one would say; more than there are: it is the first */
    struct kv_got kept;
};
extern const struct step_row trip_begin[];

#endif
