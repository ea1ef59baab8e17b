/* SPDX-License-Identifier: EUPL-1.2
 * gateway/http/shares.h: who has how many of a loop's places.
 *
 * Floor 6a.  Pure book-keeping: knows no socket.  A place is taken in up to three
 * circles: of one address, of its network, and of all.  An address may have an
 * eighth of all places and a network a quarter, so a flood from one of them never
 * takes what the others need.  Who comes to a full circle takes the place of that
 * circle's oldest silent one; only where nobody is silent there is no room.
 *
 *     address   IPv4 whole; of IPv6 the /64, since one device has all of it
 *     network   /24; /48
 *
 * What comes through the trusted proxy has a place among all, and one of its
 * address while a request of that address is in work: the proxy itself has no
 * share.
 */
#ifndef GATEWAY_SHARES_H
#define GATEWAY_SHARES_H

#include "base/arena.h"

#include <netinet/in.h>

enum { SHARE_OF_ADDRESS = 8, SHARE_OF_NETWORK = 4 }; /* parts of all places, and of the bytes of all bodies */

enum circle { CIRCLE_ADDRESS = 0, CIRCLE_NETWORK, CIRCLE_ALL, CIRCLES };

/* WORKING: a request is in work, and it never has to go.  SILENT: has asked nothing, or half of something, or does not
 * take its answer; who has been so for the longest time goes first.  To spare those in the middle of something would
 * make half a request the way to stay. */
enum standing { STANDING_WORKING = 0, STANDING_SILENT, STANDINGS };

struct share;

struct place { /* a member of whoever has it; begins zeroed */
    struct share *in[CIRCLES];
    struct place *next[CIRCLES], *prev[CIRCLES]; /* in the queue of its standing */
    enum standing standing;
    size_t body_B;
};

struct shares;

struct shares *shares_new(struct arena *a, uint64_t seed, size_t places_max, size_t bodies_max_B);

/* Takes the place among all (again: nothing), and those of an address and its network unless whose is NULL.  False when
 * a circle is full: *instead must leave before, NULL: nobody can. */
bool shares_take(struct shares *s, struct place *p, const struct in6_addr *whose, struct place **instead);
/* The same for the place among all alone: who is to go when something else is used up. */
struct place *shares_oldest(struct shares *s);
void shares_leave_address(struct shares *s, struct place *p); /* and network: stays among all */
void shares_leave(struct shares *s, struct place *p);
/* How it stands from now on; the same again makes it the youngest. */
void shares_stand(struct place *p, enum standing standing);
/* So much more of a body has come; false: its address or network holds its part of all bodies already. */
bool shares_count(struct shares *s, struct place *p, size_t more_B);

/* IPv4 and IPv6 as text; an IPv4 address has one form, however it is written.  False: no address. */
bool shares_address(struct str text, struct in6_addr *out);

#endif
