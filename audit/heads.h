/* SPDX-License-Identifier: EUPL-1.2
 * audit/heads.h: the head of the audit chain, signed once a minute.
 *
 * Floor 3.  One per node, on one of its loops.  A signed head says how far the
 * log went and what it was then: whoever changes or cuts it afterwards must be
 * able to sign as well, and that only the signer can.
 */
#ifndef AUDIT_HEADS_H
#define AUDIT_HEADS_H

#include "audit/audit.h"
#include "certs/signer_client.h"

enum { AUDIT_HEAD_EVERY_S = 60 };

struct audit_heads;
/* The audit line and the signer's are those of loop l. */
struct audit_heads *audit_heads_new(struct loop *l, struct audit_writer *w, struct audit *x, struct signer *s);
/* Signs what was written since the last head: a log that rests is under its head to the end.  Turns the loop, for a
 * moment at most; its thread must have ended.  NULL does nothing. */
void audit_heads_last(struct audit_heads *h);
bool audit_heads_busy(const struct audit_heads *h); /* an answer is on its way */
void audit_heads_free(struct audit_heads *h);       /* not while busy; NULL does nothing */

/* Whether a signature of heads.jsonl was made with one of these keys over this number and head. */
bool audit_head_holds(const struct jwks *keys, uint64_t number, struct str head, struct str signature);

#endif
