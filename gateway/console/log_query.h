/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/log_query.h: what a form looks for in the audit log, and how the log has that it was looked for.
 *
 * Floor 6d.  The row is made from the search that is run, and from nothing else: whatever a search names stands in it
 * in full, whom it names first, or it is not run.
 */
#ifndef GATEWAY_CONSOLE_LOG_QUERY_H
#define GATEWAY_CONSOLE_LOG_QUERY_H

#include "audit/find.h"
#include "wire/form.h"

struct log_query {
    struct audit_search search;
    struct str city;          /* as typed; whoever knows the municipalities sets its id, or none */
    bool bad_day, bad_person; /* it is not run */
};
/* Views of the form, and texts in a. */
void log_query_read(struct arena *a, const struct form *form, struct log_query *out);

/* "?person=8c1f…&event=login"; absent where it looks for everything.  False: it does not fit into a line of the log. */
bool log_query_row(struct arena *a, const struct log_query *q, struct str *row);

#endif
