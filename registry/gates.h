/* SPDX-License-Identifier: EUPL-1.2
 * registry/gates.h: what came of a service's trials at the gate, one row a trial.
 *
 * Floor 4.  The gate (gateway/gate/) plays wrong towards the client of a service in test; what the client did is kept
 * here, with the service's registration as it was then.  In state_dir/registry/vendors.sqlite: losing it loses no
 * service, and every gate has to be passed anew.  Everything here may block: jobs of vendors_ask().
 */
#ifndef REGISTRY_GATES_H
#define REGISTRY_GATES_H

#include "registry/vendors.h"

enum gate_verdict { GATE_OPEN = 0 /* to answer */, GATE_PASSED, GATE_FAILED, GATE_VERDICT_COUNT };

enum { GATE_ROWS_MAX = 64, GATE_EDITION_CHARS = 16 };

struct gate_row {
    struct str service, trial; /* ids: of the registry, and of gateway/gate/trials.def */
    enum gate_verdict verdict;
    struct str seen;    /* a word of gateway/vendor/gate.c: by what it is known; absent: by the tester's word */
    struct str edition; /* gate_edition() of the service's registration then */
    struct str by;      /* person id of the tester */
    int64_t at_s;
};
struct gate_rows {
    struct gate_row *at;
    size_t n;
};

/* What the trials depend on in the row of a service: names, addresses, how it proves itself, what its tokens are signed
 * by.  Names for people, and texts, may change without a new run.  16 hex digits. */
struct str gate_edition(struct arena *a, const struct service *s);

/* In place of what the trial gave before.  Rows that are older than GATE_KEPT_DAYS leave: of services that are gone,
 * and of registrations that nobody tries any more. */
enum { GATE_KEPT_DAYS = 800 };
bool gate_row_put(struct db *d, const struct gate_row *x, struct fail *f);
bool gate_rows_of(struct db *d, struct arena *a, struct str service, struct gate_rows *out, struct fail *f);

#endif
