/* SPDX-License-Identifier: EUPL-1.2
 * policy/windows.h: which day of the school's calendar it is for somebody, which network they are in, and whether they
 * sit an exam.
 *
 * Floor 3.  Pure.  An index over the snapshot's terms, networks and exams; what it costs follows those of the person's
 * own school.
 */
#ifndef POLICY_WINDOWS_H
#define POLICY_WINDOWS_H

#include "policy/policy.h"

/*    day      Cedar's word   the calendar of the school says */
#define DAY_KINDS(X)                                                                                                   \
    X(SCHOOL, "schoolDay") /* there is school */                                                                       \
    X(OFF, "dayOff")       /* a weekend in term */                                                                     \
    X(HOLIDAY, "holiday")  /* a holiday, or between two terms */

enum day_kind {
    DAY_UNKNOWN = 0, /* the calendar does not reach this day, or there is none */
#define X(day, word) DAY_##day,
    DAY_KINDS(X)
#undef X
        DAY_COUNT
};

const char *day_kind_word(enum day_kind day); /* "schoolDay"; "" for unknown */
enum day_kind day_kind_of_word(struct str word);

struct windows {
    enum day_kind day;
    struct str network; /* the id of the one that they are in: by their provider's names, and where it names nothing by
                           their own school's; absent: in none that has a name, or not known */
    bool exam;
    int64_t exam_to_s;    /* the end of the last of them */
    struct strs services; /* ids; what stays open in each exam of theirs */
};

/* For somebody in that affiliation at that provider (NULL: of the nation, of whom nothing is known). */
struct windows windows_at(struct arena *a, const struct registry *r, const struct provider *p,
                          const struct affiliation *at, const struct circumstances *now);

/* The day of the calendar that the moment is in Finland. */
int64_t windows_day(int64_t at_s);
/* What the calendar of the school (NULL: of the provider) says of that day. */
enum day_kind windows_calendar(const struct registry *r, const struct provider *p, const struct school *s, int64_t day);
/* The first day behind what it reaches; 0: there is none. */
int64_t windows_calendar_end(const struct registry *r, const struct provider *p, const struct school *s);

void windows_prepare(const struct registry *r);

#endif
