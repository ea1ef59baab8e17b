/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/raise.h: what is raised as an alarm where it is done in the console.
 *
 * Floor 6d.
 */
#ifndef GATEWAY_CONSOLE_RAISE_H
#define GATEWAY_CONSOLE_RAISE_H

#include "alarms/alarms.h"
#include "model/ctx.h"
#include "policy/may.h"

enum { NIGHT_FROM = 22, NIGHT_TO = 6, REFUSED_MANY = 20 };

/* Somebody gave a right or a pass: an alarm from ten in the evening to six in the morning, Finnish time. */
void raise_at_night(struct ctx *c, enum alarm_code code, const struct area *where, struct str subject);
bool is_night(int64_t now_s);

/* The right that mends what an alarm tells of [alarms.def]. */
enum console_action alarm_may(enum alarm_code code);
struct str alarm_words(enum alarm_code code, enum lang lang);
struct str alarm_severity_words(enum alarm_severity severity, enum lang lang); /* "Vakava" */
/* The subject by its name, where the registry has one; else as it is. */
struct str alarm_about(struct ctx *c, const struct alarm *x);

#endif
