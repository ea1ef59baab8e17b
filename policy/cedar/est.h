/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/est.h: what reader and writer of the JSON form share.
 *
 * Stands on base/ alone.
 */
#ifndef CEDAR_EST_H
#define CEDAR_EST_H

#include "policy/cedar/ast.h"

/* "==", "!", "contains", …: operators whose operands are all that they have; else NULL. */
const char *est_op_name(enum cedar_op op);

#endif
