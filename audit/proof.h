/* SPDX-License-Identifier: EUPL-1.2
 * audit/proof.h: that a record is in the log, shown without the others.
 *
 * Floor 3.  A proof is the record's line, the path from it to the root of the tree (audit/tree.h), and the last signed
 * head, which is over that root.  It holds nothing of other records but hashes.  docs/audit.md says how to check one by
 * hand; audit/check_proof.py is a program of its own that does.
 */
#ifndef AUDIT_PROOF_H
#define AUDIT_PROOF_H

#include "audit/audit.h"
#include "wire/json.h"

struct audit_prover; /* the last head, and the tree; reads alone; one thread */

/* Fails CALLER no_head (none is signed yet), OURS audit_unreadable. */
struct audit_prover *audit_prover_new(const char *dir, struct arena *a, struct fail *f);
uint64_t audit_prover_reaches(const struct audit_prover *p); /* the last record that it can prove */

/* Members "format", "number", "head", "from", "root", "signature" of an object that is open. */
void audit_prover_head(const struct audit_prover *p, struct json_out *o);
/* Members "record", "leaf", "path".  line: of record `number`, as it stands in the log.  False, and nothing is written:
 * it stands under no such head. */
bool audit_prover_put(const struct audit_prover *p, struct arena *a, struct json_out *o, uint64_t number,
                      struct str line);

/* A whole proof of one record, as JSON.  Fails CALLER no_record, not_in_tree, no_head; OURS audit_unreadable. */
struct str audit_prove(const char *dir, struct arena *a, uint64_t number, struct fail *f);

/* Whether a whole proof holds, by the audit keys of `check`.  Fails CALLER malformed, head, changed.  line: the record.
 */
bool audit_proof_holds(struct arena *a, struct str proof, const struct audit_check *check, struct str *line,
                       struct fail *f);

#endif
