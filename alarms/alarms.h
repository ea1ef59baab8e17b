/* SPDX-License-Identifier: EUPL-1.2
 * alarms/alarms.h: what somebody has to know of without looking for it.
 *
 * Floor 3.  An alarm is a code of alarms.def, an area and a subject (an id of that area: an identity provider, a
 * policy, a node), each such at most once: when it was first and last seen, and how often.  Whoever acknowledges one
 * has seen it; it comes back when it happens again.  Kept in state_dir/registry/alarms.sqlite, so that a restart
 * forgets nothing.  No names, no values: ids of rows, pseudonymous ids, stable words.
 *
 * At most ALARMS_MAX, and nobody can fill them for others: one provider has ALARMS_SHARE events and as many states, the
 * nation ALARMS_NATION of each; some places are for states alone, and some for what is critical to the nation.  A state
 * that is over and an event that was acknowledged make room; else, of events, the least grave and then the oldest of
 * the same area that is no graver than the new one.  What found no room, and what made some unseen, is counted and is
 * an alarm itself (alarms_full), which has a place of its own.
 *
 * Threads: any may raise, read and acknowledge, none waits for SQL; alarms_write() is one thread's.
 */
#ifndef ALARMS_ALARMS_H
#define ALARMS_ALARMS_H

#include "alarms/alarms.def"
#include "base/fail.h"
#include "base/settings.h"
#include "model/area.h"

enum {
    ALARMS_MAX = 2048,
    ALARMS_FOR_NATION = 64,     /* of them, for what is critical to the nation alone */
    ALARMS_FOR_STATES = 512,    /* and for it and for states */
    ALARMS_SHARE = 64,          /* of one provider: events, and as many states */
    ALARMS_NATION = 512,        /* of the nation itself */
    ALARM_STILL_S = 120,        /* a state of which nobody spoke for so long is over */
    ALARM_KEPT_S = 180 * 86400, /* after it was last seen */
    ALARM_SUBJECT_MAX_B = 128,  /* a longer one raises nothing */
    ALARM_DETAIL_MAX_B = 160,   /* longer ones are cut */
    ALARM_NOTE_MAX_B = 300,
    ALARM_ID_B = 16
};

enum alarm_code {
    ALARM_NONE = 0,
#define X(code, severity, kind, back, may, page) ALARM_##code,
    ALARMS(X)
#undef X
        ALARM_COUNT
};
enum alarm_severity { ALARM_INFO = 0, ALARM_WARNING, ALARM_CRITICAL };
enum alarm_kind { ALARM_STANDS = 0, ALARM_HAPPENED };

struct alarm_row { /* of alarms.def */
    const char *code;
    enum alarm_severity severity;
    enum alarm_kind kind;
    int64_t back_s;
    const char *page;
};
const struct alarm_row *alarm_row(enum alarm_code code); /* NULL for ALARM_NONE */
enum alarm_code alarm_of_name(struct str name);
const char *alarm_severity_name(enum alarm_severity severity); /* "critical" */

struct alarms;
struct alarms *alarms_new(const struct settings *set); /* what is in the file comes with the first alarms_write() */
void alarms_free(struct alarms *s);                    /* writes first; NULL does nothing */

/* It stands, or it happened: the table says which.  A state is said again every few seconds for as long as it lasts
 * (ALARM_STILL_S), and costs no line and no count.  subject, detail: may be absent.  NULL raises nothing. */
void alarm_raise(struct alarms *s, enum alarm_code code, const struct area *where, struct str subject,
                 struct str detail, int64_t now_s);
/* Raises it once this has been said `most` times of the same area and subject within ALARM_OFTEN_S. */
enum { ALARM_OFTEN_S = 600 };
void alarm_often(struct alarms *s, enum alarm_code code, const struct area *where, struct str subject, unsigned most,
                 int64_t now_s);
/* Raises it, with the time as its detail, from ten in the evening to six in the morning, Finnish time. */
void alarm_at_night(struct alarms *s, struct arena *a, enum alarm_code code, const struct area *where,
                    struct str subject, int64_t now_s);
bool alarm_is_night(int64_t now_s);
/* A state is over at once, without waiting for silence. */
void alarm_over(struct alarms *s, enum alarm_code code, const struct area *where, struct str subject, int64_t now_s);

struct alarm {
    enum alarm_code code;
    char id[ALARM_ID_B + 1];
    struct area area;
    struct str subject, detail;
    int64_t first_s, last_s; /* of a state: since when it stands, and when that was last said */
    int64_t n;               /* how often it came */
    bool over;               /* a state that is gone */
    int64_t seen_s;          /* acknowledged; 0: not */
    struct str seen_by, note;
};
/* Neither over nor acknowledged. */
static inline bool alarm_is_open(const struct alarm *x)
{
    return !x->over && x->seen_s == 0;
}

struct alarms_found {
    struct alarm *at;
    size_t n;
};
/* Those within an area: the open ones first, the gravest first, the youngest first. */
struct alarms_found alarms_read(struct alarms *s, struct arena *a, const struct area *within, int64_t now_s);
/* False: there is none of that id. */
bool alarms_one(struct alarms *s, struct arena *a, struct str id, int64_t now_s, struct alarm *out);
/* n: how often it had come when it was looked at.  False: there is none, or it has come again since.  The caller has
 * made sure of the right, and the audit log knows already. */
bool alarms_acknowledge(struct alarms *s, struct str id, int64_t n, struct str who, struct str note, int64_t now_s);

struct alarms_sum {                                  /* for metrics; by code */
    uint64_t open[ALARM_COUNT], raised[ALARM_COUNT]; /* raised: since the process began */
    uint64_t lost;                                   /* found no room, or made some before anybody had seen them */
};
void alarms_sum(struct alarms *s, int64_t now_s, struct alarms_sum *out);

/* Reads what others wrote, writes what is new.  Several times a second; may block.  Fails OURS db_…; nothing is lost.
 */
bool alarms_write(struct alarms *s, int64_t now_s, struct fail *f);

#endif
