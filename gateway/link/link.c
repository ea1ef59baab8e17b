/* SPDX-License-Identifier: EUPL-1.2
 *
 * A service that is an address and no more: its tile leads there, and it never asks who has come. */
#include "gateway/protocol.h"
#include "registry/targets.h"

static struct str launch(struct ctx *c, const struct service *s, struct str to)
{
    return target_link(c->arena, s, to, c->lang);
}

const struct protocol protocol_link = { .name = "link", .launch = launch };
