/* SPDX-License-Identifier: EUPL-1.2
 * gateway/pages/pins.h: what a teacher has put first for a group.
 *
 * Floor 6d.  Kept as links of a class (registry/class_links.h) whose context is the group; one is shown until its day
 * is over.  A group is what a city calls so, at one school.
 */
#ifndef GATEWAY_PAGES_PINS_H
#define GATEWAY_PAGES_PINS_H

#include "launcher/pages.h"
#include "model/ctx.h"
#include "registry/class_links.h"

enum { PINS_MAX = 12, PIN_TITLE_MAX_B = 120, PIN_AHEAD_S = 200 * 86400 };

struct pin {
    struct str id, service, title, to; /* to: absent: its front page */
    int64_t until_s;
};

/* The group's context. */
struct str pin_context(struct arena *a, const struct provider *p, const struct school *s, struct str group);
/* Those of the groups in which the person learns. */
struct strs pin_contexts_of(const struct ctx *c, const struct person *p);
/* What is kept of one. */
struct str pin_text(struct arena *a, const struct pin *p);
/* Of an answer, those that are not over; as many as there is room for.  Gives how many. */
size_t class_pins_of(const struct class_links_ask *got, int64_t now_s, struct pin *out, size_t most);
struct str pin_open(struct arena *a, const struct pin *p); /* "/open/kanerva?to=…" */

#endif
