/* SPDX-License-Identifier: EUPL-1.2
 * model/audience.h: for whom a service is made, as its vendor says it.
 *
 * Floor 2.  Pure.  It opens nothing and closes nothing: that is a municipality's to decide, by policies, which know the
 * age of a person in three steps alone.
 */
#ifndef MODEL_AUDIENCE_H
#define MODEL_AUDIENCE_H

#include "model/registry.h"

enum audience { AUDIENCE_LEARNER = 0, AUDIENCE_TEACHER, AUDIENCE_GUARDIAN, AUDIENCE_COUNT };
enum { AUDIENCE_AGE_MAX = 120 };

const char *audience_word(enum audience who); /* "learner": of the row */
bool audience_has(const struct service *s, enum audience who);

/* 1 << AGE_UNDER13 and so on: the steps that a span of years meets; 0: it is open at both ends. */
unsigned audience_ages(int from, int to);
/* "7–16", "13–", "–12"; absent: open at both ends. */
struct str audience_years(struct arena *a, int from, int to);

#endif
