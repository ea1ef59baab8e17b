/* SPDX-License-Identifier: EUPL-1.2
 * gateway/cli/warnings.h: rows that are in order, and do not do what whoever wrote them meant.
 *
 * Floor 6g.  Pure.  For `digione import` and `digione check`.
 */
#ifndef GATEWAY_WARNINGS_H
#define GATEWAY_WARNINGS_H

#include "base/settings.h"
#include "model/registry.h"

/* One a line, without a line end at the last: "service kanerva: …".  Empty: there are none. */
struct str warnings_text(struct arena *a, const struct registry *r);
/* The setting local_idp names an identity provider that is there and on.  Fails CALLER bad_setting, with those that
 * are. */
bool warnings_local_idp(struct arena *a, const struct settings *set, const struct registry *r, struct fail *f);

#endif
