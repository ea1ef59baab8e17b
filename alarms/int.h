/* SPDX-License-Identifier: EUPL-1.2
 * alarms/int.h: the table of alarms, shared by alarms.c and store.c.
 *
 * Floor 3; of this folder.
 */
#ifndef ALARMS_INT_H
#define ALARMS_INT_H

#include "alarms/alarms.h"
#include "wire/db.h"

#include <pthread.h>

enum {
    AREA_MAX_B = 64,
    WHO_MAX_B = 64,
    GONE_MAX = ALARMS_MAX,
    PLACES = ALARMS_MAX + 1,
    OFTEN_MAX = 256,
    LOG_EVERY_S = 60,
    FULL_EVERY_S = 3600,
    WRITE_EVERY_S = 10
};

struct kept {             /* one alarm; texts end with NUL */
    enum alarm_code code; /* ALARM_NONE: the place is free */
    char id[ALARM_ID_B + 1], provider[AREA_MAX_B + 1], school[AREA_MAX_B + 1];
    char subject[ALARM_SUBJECT_MAX_B + 1], detail[ALARM_DETAIL_MAX_B + 1];
    char seen_by[WHO_MAX_B + 1], note[ALARM_NOTE_MAX_B + 1];
    int64_t first_s, last_s, n, seen_s, over_s;
    int64_t logged_s;
    bool dirty;
};

struct often { /* what is no alarm by itself */
    uint64_t key;
    int64_t began_s;
    unsigned n;
};

struct alarms {
    struct arena *arena;
    const char *path;
    pthread_mutex_t lock;
    struct kept *at;                     /* PLACES: the last one is of alarms_full */
    uint64_t keys[PLACES];               /* of the same places: begins of their ids, for the search */
    char gone[GONE_MAX][ALARM_ID_B + 1]; /* have left, and stand in the file still */
    size_t gone_n;
    struct often often[OFTEN_MAX];
    bool urgent;             /* something new: written at once; else every WRITE_EVERY_S */
    struct alarms_sum sum;   /* raised, lost */
    enum alarm_code lost_of; /* not told yet: what was lost last, and in which area */
    char lost_in[AREA_MAX_B + 1];

    /* The writing thread's own. */
    struct db *db;
    int64_t moved, wrote_s;
};

bool alarm_still(const struct kept *k, int64_t now_s); /* a state that stands, an event always */
struct kept *alarms_find(struct alarms *s, const char *id);
/* A place for one more of that code and provider; NULL: nothing may leave. */
struct kept *alarms_room(struct alarms *s, const char *id, enum alarm_code code, struct str provider, int64_t now_s);
void alarms_set(char *to, size_t most_B, struct str text); /* cut between characters */

#endif
