/* SPDX-License-Identifier: EUPL-1.2
 * tests/scenario/manners.h: what holds for every answer of the gateway, whatever was asked: no page stands in a frame
 * of somebody else's, and every cookie is the browser's and this host's alone, over https, hidden from scripts.
 */
#ifndef TESTS_SCENARIO_MANNERS_H
#define TESTS_SCENARIO_MANNERS_H

#include "base/arena.h"

/* head: the answer's status line and fields.  Absent: nothing is wrong; else what is. */
struct str manners_trouble(struct arena *a, struct str head);

#endif
