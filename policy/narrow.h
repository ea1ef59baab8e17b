/* SPDX-License-Identifier: EUPL-1.2
 * policy/narrow.h: whether one policy instead of another can let nobody do more, and tell nobody more.
 *
 * Floor 3.  Pure.  Yes is said only where it is so whoever asks, whatever else is in force; where that cannot be told,
 * the answer is no.  Of changes that each narrow, all of them together do.
 */
#ifndef POLICY_NARROW_H
#define POLICY_NARROW_H

#include "model/registry.h"

/* NULL: there was none, there is none afterwards. */
bool policy_narrows(const struct policy *before, const struct policy *after);

#endif
