/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/raise.h: alarms, as the console raises and shows them.
 *
 * Floor 6d.
 */
#ifndef GATEWAY_CONSOLE_RAISE_H
#define GATEWAY_CONSOLE_RAISE_H

#include "alarms/alarms.h"
#include "model/ctx.h"
#include "policy/may.h"

enum { REFUSED_MANY = 20 };

/* The right that mends what an alarm tells of [alarms.def]. */
enum console_action alarm_may(enum alarm_code code);
struct str alarm_words(enum alarm_code code, enum lang lang);
struct str alarm_severity_words(enum alarm_severity severity, enum lang lang); /* "Vakava" */
/* The subject by its name, where the registry has one; else as it is. */
struct str alarm_about(struct ctx *c, const struct alarm *x);

#endif
