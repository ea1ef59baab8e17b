/* SPDX-License-Identifier: EUPL-1.2
 * wire/kv_facts.h: what Redis says of itself when it is greeted, for whoever examines a node before an upgrade.
 * Floor 1.
 */
#ifndef WIRE_KV_FACTS_H
#define WIRE_KV_FACTS_H

#include "wire/kv.h"

enum { KV_VERSION_B = 24, KV_POLICY_B = 24 };

struct kv_facts {
    bool known;                 /* it was greeted */
    char version[KV_VERSION_B]; /* "7.0.15"; "" where it does not say */
    char policy[KV_POLICY_B];   /* maxmemory_policy */
    bool filed;                 /* keeps an append-only file */
    bool file_fails;            /* and could not write it the last time */
    int64_t max_B, used_B;      /* of memory; max_B 0: no bound */
};

struct kv_facts kv_facts(const struct kv *k);

#endif
