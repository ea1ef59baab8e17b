/* SPDX-License-Identifier: EUPL-1.2
 * gateway/trial_ways.h: which further trials at the gate a service has, asked of its protocol.
 *
 * Floor 6c, room flow: the gate itself knows no protocol (gateway/gate/gate.h, GATE_HEARS, GATE_DECRYPTS).
 */
#ifndef GATEWAY_TRIAL_WAYS_H
#define GATEWAY_TRIAL_WAYS_H

#include "gateway/protocol.h"

/* A gate_ways. */
unsigned trial_ways(const struct ctx *c, const struct service *s);

#endif
