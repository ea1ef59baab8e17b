/* SPDX-License-Identifier: EUPL-1.2
 * gateway/cli/examine.h: what `digione serve` will need of this machine, for `digione check` and `digione doctor`.
 *
 * Floor 6g.  Each looks at one thing and changes nothing; as root, what the node will do as run_as is tried as that
 * user, in a process of its own.  May block: Redis is asked, a name is resolved.  Fails with what to do.
 */
#ifndef GATEWAY_EXAMINE_H
#define GATEWAY_EXAMINE_H

#include "base/fail.h"
#include "base/settings.h"

struct examined {
    const struct settings *set;
    struct arena *arena;
    const char *found; /* a few words on success */
    struct str warn;   /* lines: what starts, and will surprise */
    struct str more;   /* lines below all examinations */
};

/* In their order; check.c has the table. */
struct examination {
    const char *name;
    bool (*run)(struct examined *e, struct fail *f);
    const char *cure; /* of what it may find, in a few words; the detail of a failure says more */
};
extern const struct examination examinations[];
extern const size_t examination_count;

bool examine_run_as(struct examined *e, struct fail *f);
bool examine_listen(struct examined *e, struct fail *f);
bool examine_trusted_proxy(struct examined *e, struct fail *f);
bool examine_state_dir(struct examined *e, struct fail *f);
bool examine_login_file(struct examined *e, struct fail *f); /* of outgoing_proxy: read as run_as */
bool examine_ca_file(struct examined *e, struct fail *f);
bool examine_client_ca_file(struct examined *e, struct fail *f);
bool examine_outgoing_proxy(struct examined *e, struct fail *f); /* asks it to lead to an identity provider */
bool examine_mail_server(struct examined *e, struct fail *f);    /* connects and logs in; sends nothing */
bool examine_redis(struct examined *e, struct fail *f);
bool examine_addresses(struct examined *e, struct fail *f); /* support, accessibility, privacy */

#endif
