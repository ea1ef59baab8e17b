/* SPDX-License-Identifier: EUPL-1.2
 * gateway/errors.h: the page that explains an error to whoever writes a service.
 *
 * Floor 6a.  errors.def has a row per code; the page is plain text at /errors/CODE, so that error_uri leads somewhere
 * wherever the gateway runs.
 */
#ifndef GATEWAY_ERRORS_H
#define GATEWAY_ERRORS_H

#include "model/ctx.h"

/* error_uri of a code; absent: it has no page. */
struct str error_uri(const struct ctx *c, struct str code);

/* What a code means and what to do about it, in English; false: it has no page. */
bool error_words(struct str code, struct str *means, struct str *mend);

#endif
