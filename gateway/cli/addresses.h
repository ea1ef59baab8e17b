/* SPDX-License-Identifier: EUPL-1.2
 * gateway/cli/addresses.h: what to register at each identity provider and to enter at each service, for people to read.
 *
 * Floor 6.
 */
#ifndef GATEWAY_CLI_ADDRESSES_H
#define GATEWAY_CLI_ADDRESSES_H

#include "base/settings.h"
#include "model/registry.h"

/* Lines for standard output, one per address; empty where neither an identity provider nor a service needs any. */
struct str addresses_text(struct arena *a, const struct settings *set, const struct registry *r);

#endif
