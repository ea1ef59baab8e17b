/* SPDX-License-Identifier: EUPL-1.2
 *
 * A service that is an address and no more: its tile leads there, and it never asks who has come. */
#include "gateway/protocol.h"

static struct str launch(struct ctx *c, const struct service *s)
{
    (void)c;
    return s->launch_uri;
}

const struct protocol protocol_link = { .name = "link", .launch = launch };
