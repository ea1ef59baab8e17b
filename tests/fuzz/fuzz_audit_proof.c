/* SPDX-License-Identifier: EUPL-1.2 */
#include "audit/line.h"
#include "audit/proof.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool believes(void *self, uint64_t number, struct str head, struct str signature)
{
    (void)self;
    (void)number;
    (void)signature;
    assert(head.n > 0);
    return true;
}

static bool doubts(void *self, uint64_t number, struct str head, struct str signature)
{
    (void)self;
    (void)number;
    (void)head;
    (void)signature;
    return false;
}

/* Whatever somebody shows as a proof: what holds is a line of the log and stands in the proof; without a signature that
 * fits nothing holds; and whoever refuses says one of three words. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct str proof = str_n(data, size), line;
    const struct audit_check good = { .verify_head = believes }, bad = { .verify_head = doubts };
    struct fail f = { 0 }, again = { 0 };
    struct audit_line l;

    if (audit_proof_holds(a, proof, &good, &line, &f))
        assert(audit_line_read(line, &l) && line.n < size);
    else
        assert(f.kind == FAIL_CALLER);
    assert(!audit_proof_holds(a, proof, &bad, &line, &again));
    arena_free(a);
    return 0;
}
