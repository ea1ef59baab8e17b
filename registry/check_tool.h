/* SPDX-License-Identifier: EUPL-1.2
 * registry/check_tool.h: whether a row describes a tool that can be launched over LTI 1.3.
 *
 * Floor 4; for check.c.  Pure.
 */
#ifndef REGISTRY_CHECK_TOOL_H
#define REGISTRY_CHECK_TOOL_H

#include "model/registry.h"

/* What is wrong, in words for whoever wrote the row; absent: nothing.  Of a row of another protocol: that it has none
 * of what tools alone have. */
struct str tool_trouble(struct arena *a, const struct registry *r, const struct service *s);

#endif
