/* SPDX-License-Identifier: EUPL-1.2
 * tests/scenario/lantern.h: one protocol more than the product has, on the stage: the proof that it takes a folder and
 * a row.
 */
#ifndef TESTS_SCENARIO_LANTERN_H
#define TESTS_SCENARIO_LANTERN_H

#include "gateway/protocol.h"
#include "gateway/routes.h"

/* A word of the registry whose own protocol asks nothing of us: on the stage the lantern stands in its place. */
#define LANTERN PROTO_LINK

extern const struct protocol protocol_lantern;
extern const struct route lantern_route;

#endif
