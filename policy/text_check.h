/* SPDX-License-Identifier: EUPL-1.2
 * policy/text_check.h: what the text of a policy must be before it may be in force.
 *
 * Floor 3.  Pure.  Whoever takes a policy in (import, console, command line) asks
 * here, so that the rules and their words exist once: the text is Cedar, valid for
 * model.cedarschema; all that it names exists; and it speaks of its owner's people
 * alone, in the ways that its layer may: a nation's of anything, a municipality's of
 * opening, leaving to the schools and releasing, a school's of opening.
 */
#ifndef POLICY_TEXT_CHECK_H
#define POLICY_TEXT_CHECK_H

#include "model/registry.h"
#include "policy/cedar/diag.h"

enum { POLICY_TEXT_MAX_B = 64 << 10, POLICY_STATEMENTS_MAX = 200 };

/*    code of a finding     what it is about */
#define TEXT_CODES(X)                                                                                                  \
    X(policy_too_long) /* more than POLICY_TEXT_MAX_B */                                                               \
    X(policy_syntax)   /* no Cedar */                                                                                  \
    X(policy_too_many) /* more than POLICY_STATEMENTS_MAX statements */                                                \
    X(policy_empty)    /* no statement at all */                                                                       \
    X(policy_template) /* ?principal or ?resource stands in it */                                                      \
    X(policy_schema)   /* not valid for the schema: an attribute that there is not, a comparison of unlike things */   \
    X(policy_unknown)  /* it names what does not exist */                                                              \
    X(policy_owner)    /* it could speak of other people than its owner's */                                           \
    X(policy_layer)    /* its layer may not say this */

struct cedar_schema;

/* The schema that all policies are written in, policy/model.cedarschema; read anew into a. */
const struct cedar_schema *policy_schema(struct arena *a);

struct text_checker; /* what is looked up for every text over one registry, made once; lives in a */
struct text_checker *text_checker_new(struct arena *a, const struct registry *r);

/* Adds what is wrong with row->text to d, each finding with its place and one of TEXT_CODES; true: no error (warnings
 * may have been added).  d must be made over a source whose text is row->text.  Of the row it reads text, layer,
 * provider and school; the row need not be one of the registry's. */
bool policy_text_check(const struct text_checker *c, const struct policy *row, struct cedar_diags *d);

#endif
