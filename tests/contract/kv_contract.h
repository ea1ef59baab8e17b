/* SPDX-License-Identifier: EUPL-1.2
 * tests/contract/kv_contract.h: what every Redis that we can be pointed to must do.
 *
 * One call runs the whole list against a connected kv and an empty database. */
#ifndef TESTS_CONTRACT_KV_CONTRACT_H
#define TESTS_CONTRACT_KV_CONTRACT_H

#include "tests/test.h"
#include "wire/kv.h"

struct kv_rig {         /* a loop, a kv on it, and a batch to wait for */
    struct batch batch; /* first */
    bool answered;
    struct loop *loop;
    struct kv *kv;
};

void kv_rig_new(struct test *t, struct kv_rig *rig, const struct kv_config *config);
void kv_rig_free(struct kv_rig *rig);
/* Turns the loop until the kv is ready, or is not; false after most_ms. */
bool kv_rig_until(struct kv_rig *rig, bool ready, int most_ms);
/* Turns the loop until the batch is answered. */
void kv_rig_wait(struct test *t, struct kv_rig *rig);

void kv_contract(struct test *t, struct kv_rig *rig);

#endif
