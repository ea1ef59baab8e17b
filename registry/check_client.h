/* SPDX-License-Identifier: EUPL-1.2
 * registry/check_client.h: whether a row lets its service prove who it is, and be told what it asks to be told.
 *
 * Floor 4; for check.c.  Pure.  What each method needs is a table: model/auth_methods.def.
 */
#ifndef REGISTRY_CHECK_CLIENT_H
#define REGISTRY_CHECK_CLIENT_H

#include "model/registry.h"

/* What is wrong, in words for whoever wrote the row; absent: nothing. */
struct str client_auth_trouble(struct arena *a, const struct service *s);

#endif
