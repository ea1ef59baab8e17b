/* SPDX-License-Identifier: EUPL-1.2
 * registry/marks.h: everybody's sessions of one sort that began before a moment are over.
 *
 * Floor 4; inner to ends.h, which keeps them in SQL.  A mark names a person, one session, an identity provider, a place
 * (a provider, a school, a group there), a service or a child that guardians act for, and a moment.  Nobody has to know
 * which sessions there are: each is asked when it is looked at, by what its record says.  With no mark in force, asking
 * costs one load.
 *
 * Moments are whole seconds, and clocks of nodes differ; so within one second it is not time that says what came first.
 * Each mark bears its maker (a process) and which of its marks it is.  A session that begins notes of each maker the
 * last mark that is known here and is not past; those came before it, and do not end it.  Whatever it does not know
 * ends it: a mark that comes later in the same second, and one that another node has not heard of yet.
 *
 * Threads: any; locks itself.
 */
#ifndef REGISTRY_MARKS_H
#define REGISTRY_MARKS_H

#include "model/login.h"

enum mark_kind {
    MARK_NONE = 0,
    MARK_PERSON,
    MARK_IDP,
    MARK_PLACE,
    MARK_SERVICE,
    MARK_CONSENT,
    MARK_SESSION,
    MARK_WARD,
    MARK_COUNT
};
enum {
    MARKS_MAX = 200000,
    MARKS_OF_AREA_MAX = 10000,   /* of one provider with its schools and groups, whose names are whatever was typed */
    MARKS_OF_AREAS_MAX = 150000, /* of all of them: what is left is kept for persons and whole identity providers */
    MARK_KEY_MAX_B = 2048,
    MARK_KNEW_MAX_B = 512, /* what a session notes; of makers for whom there is no room, it knows nothing */
    MARK_MAKERS_MAX = 12
};

struct mark {
    enum mark_kind kind;
    struct str what; /* id of the person, the identity provider, the service; of MARK_CONSENT the first and the last; of
                      * MARK_SESSION its sid;
                      * absent: of MARK_PLACE */
    struct str provider_oid, school; /* MARK_PLACE; MARK_SERVICE: of whose people alone; absent: of everybody's */
    struct str group;                /* MARK_PLACE: the learners of it alone; absent: everybody there */
    struct str spare;                /* sid of the one session that goes on: of whoever set the mark */
    int64_t at_s, until_s; /* at_s: sessions that began then or before; until_s: none of them can live longer */
    uint64_t maker;        /* 0: it is not known; then every session of its second ends */
    int64_t turn;          /* of its maker's: 1, 2, … */
};

struct marks;
/* self: the maker of marks_make; not 0. */
struct marks *marks_new(uint64_t self);
void marks_free(struct marks *m);

/* Of one sort the last mark counts.  False: there is no room (marks_full), or it names nobody, or is longer than
 * MARK_KEY_MAX_B.  now_s: what is past then may leave. */
bool marks_put(struct marks *m, const struct mark *x, int64_t now_s);
/* Likewise, one that is made here: it becomes the next turn of ours. */
bool marks_make(struct marks *m, struct mark *x, int64_t now_s);
/* Two of one sort, of which nobody knows which came first: x becomes what both of them end. */
void mark_join(struct mark *x, const struct mark *there);
/* What a session that begins at now_s notes (struct session, knew); absent: nothing. */
struct str marks_known(struct marks *m, struct arena *a, int64_t now_s);
/* There are too many already for one more of this sort, of its area or of all; one that is there may be renewed. */
bool marks_full(struct marks *m, const struct mark *x, int64_t now_s);
bool marks_end(struct marks *m, const struct session *s);
/* Likewise, and says which mark it was (not spare, nor times); all of it is in a. */
bool marks_end_by(struct marks *m, struct arena *a, const struct session *s, struct mark *by);
size_t marks_count(struct marks *m);

/* Not sessions but what one service was given in them: a person has taken back what they let it be told.  Ends whatever
 * it was given until at_s. */
struct mark mark_consent(struct arena *a, struct str person, struct str service, int64_t at_s, int64_t until_s);
/* knew: as a session has it, of when it was given. */
bool marks_taken_back(struct marks *m, struct str person, struct str service, int64_t given_s, struct str knew);

/* Guardians' sessions in which a child is acted for, or could be chosen: nobody acts for the child any more; with
 * guardian (a subject), that one does not; without a child, for nobody of this provider. */
struct mark mark_ward(struct arena *a, struct str provider_oid, struct str child, struct str guardian, int64_t at_s,
                      int64_t until_s);

/* The sort as one text, which is the key in SQL.  Absent: it names nobody, or is too long. */
struct str mark_key(struct arena *a, const struct mark *x);

#endif
