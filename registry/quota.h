/* SPDX-License-Identifier: EUPL-1.2
 * registry/quota.h: how much one person, one area or one owner may have, so that nobody takes what is others'.
 *
 * Floor 4; private to the folder; the numbers are change.h's.  Asked where a draft is begun and a change written, in
 * the transaction that does it.  What is there already stays and can be altered: only more of it is refused.
 */
#ifndef REGISTRY_QUOTA_H
#define REGISTRY_QUOTA_H

#include "registry/change_int.h"

/* One more draft, of by->who in by->area.  Fails CALLER drafts_of_person, drafts_of_area. */
bool quota_draft(struct db *d, const struct change_by *by, struct fail *f);
/* Rows are written already.  Fails CALLER policies_of_owner, policies_of_school: where the change added some. */
bool quota_policies(struct db *d, const struct change *x, struct fail *f);
/* Likewise.  Fails CALLER passes_of_idp, terms_of_provider, networks_of_provider, exams_of_provider,
 * notices_of_provider. */
bool quota_rows(struct db *d, const struct change *x, struct fail *f);
/* Before one is kept.  Fails CALLER changes_a_minute. */
bool quota_changes(struct db *d, const struct change_by *by, struct fail *f);

#endif
