/* SPDX-License-Identifier: EUPL-1.2
 * gateway/gate/report.h: what came of a service's trials as a whole, for whoever asks for production and whoever
 * approves it.
 *
 * Floor 6c, room gate.  A trial counts with the registration as it is now (gate_edition()), for GATE_GOOD_DAYS: what
 * the trials depend on has changed, or three months have gone by, and it is to be run anew.
 */
#ifndef GATEWAY_GATE_REPORT_H
#define GATEWAY_GATE_REPORT_H

#include "gateway/gate/gate.h"
#include "model/lang.h"

/* Less than NEED_CONFIRMED_DAYS: what a service came into production by does not do for its renewal a year later. */
enum { GATE_GOOD_DAYS = 90 };

struct gate_report {
    size_t all, passed, failed, unfinished, not_run; /* of the trials that apply */
    int64_t last_s;                                  /* when any was run last; 0: never */
    int64_t until_s;                                 /* of a whole one: when its first part is too old; else 0 */
    bool whole;                                      /* every one is passed */
};
/* What a service's own side takes (GATE_HEARS, GATE_DECRYPTS): its protocol says it (gateway/trial_ways.h). */
typedef unsigned gate_ways(const struct ctx *c, const struct service *s);
struct gate_report gate_report_of(const struct service *s, unsigned ways, struct arena *a, const struct gate_rows *rows,
                                  int64_t now_s);

struct str gate_trial_name(const struct gate_trial *t, enum lang lang);
struct str gate_trial_sent(const struct gate_trial *t, enum lang lang);
struct str gate_trial_mend(const struct gate_trial *t, enum lang lang);

/* The report as a document of its own, in JSON: who was tried, when, what each trial gave and by what it is known.  It
 * says nothing of its testers. */
struct str gate_report_json(const struct service *s, unsigned ways, struct arena *a, const struct gate_rows *rows,
                            int64_t now_s);

/* Whose report production asks for: of a service in test itself, of one in production the one that it was made from;
 * NULL: there is none, or services of its protocol have no trials. */
const struct service *gate_behind(const struct ctx *c, const struct service *s);

struct gate_asked {           /* the worker's, while it has it */
    const struct service *of; /* NULL: none is asked for */
    bool none;                /* there should be one: in production, and made from none in test that has trials */
    unsigned ways;
    struct gate_rows rows;
    struct vendors_got got;
};
/* Reads what is kept of gate_behind(s).  NEXT: nothing is to be read.  Fails BUSY. */
enum step gate_report_ask(struct ctx *c, const struct service *s, gate_ways *ways, struct gate_asked *x,
                          struct fail *f);
/* Once it was read: *report of x->of; all 0 where there is none, and whole where there need be none.
 */
bool gate_report_came(struct ctx *c, const struct gate_asked *x, struct gate_report *report, struct fail *f);

#endif
