/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/probed.h: the test account of an identity provider, as pages show what came of it.
 *
 * Floor 6d.  For the pages of one identity provider; what is tried, and when, is gateway/upstream_probe.h.
 */
#ifndef GATEWAY_CONSOLE_PROBED_H
#define GATEWAY_CONSOLE_PROBED_H

#include "console/pages.h"
#include "model/ctx.h"
#include "registry/desk.h"
#include "registry/idp_probes.h"

struct probed {
    const struct idp *idp;
    bool order; /* first: it is to be tried now */
    bool there;
    int64_t now_s;
    struct idp_probe last;
    struct desk_got got;
};

/* Asks the batch; nothing for one without an account.  Fails BUSY. */
enum step probed_ask(struct ctx *c, struct probed *x, const struct idp *idp, bool order, struct fail *f);
/* Trouble of our own shows as not tried. */
struct probe_shown probed_show(struct ctx *c, const struct probed *x);

#endif
