/* SPDX-License-Identifier: EUPL-1.2
 * registry/entering.h: nothing comes into production unlooked at, by whichever way.
 *
 * Floor 4; private to the folder.  A service comes into production where its row is on and not in test, and was not so
 * before: made so, moved there from test, switched on, or brought to another protocol.  Then the one in test that it
 * was made from must have passed the gate (struct change_by: passed), or whoever answers says why it comes without
 * (struct change_by: ungated), which stands in the history; the first file of a registry needs neither.  What has no
 * trials (a plain link) comes as it likes.  What an undo brings back was there before.
 */
#ifndef REGISTRY_ENTERING_H
#define REGISTRY_ENTERING_H

#include "registry/change_int.h"

/* now: the services that there are, of a file that is imported.  *says: why something comes without a report, for the
 * history; absent: nothing does.  Fails CALLER ungated, whose detail names the service; *where: its row. */
bool entering_allowed(const struct change *x, const struct rows_now *now, struct str *says, struct row_place *where,
                      struct fail *f);

#endif
