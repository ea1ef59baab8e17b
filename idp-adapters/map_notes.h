/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/map_notes.h: what a map could not use of an answer, for the log.
 *
 * Floor 3.  A map leaves out what it does not understand and lets the person
 * in; these notes say what was left out, of which attribute, and what would
 * mend it (map_notes.def).  Equal notes of one attribute are one with a count,
 * so that a thousand unknown groups are one line.  Values are views of the
 * answer; what is a person's own (names, numbers) is never among them.
 */
#ifndef IDP_ADAPTERS_MAP_NOTES_H
#define IDP_ADAPTERS_MAP_NOTES_H

#include "idp-adapters/map_notes.def"
#include "model/person.h"

enum note {
    NOTE_NONE = 0,
#define X(name, event, mend) NOTE_##name,
    MAP_NOTES(X)
#undef X
        NOTE_COUNT
};

enum { MAP_NOTES_MAX = 24, MAP_NOTE_VALUE_MAX_B = 64, MAP_NOTE_NAMES_MAX_B = 180 };

struct map_note {
    enum note kind;
    struct str attribute, value; /* value: the first that came; absent where it is not told */
    unsigned count;
};

struct map_notes {
    struct map_note at[MAP_NOTES_MAX];
    size_t n;
    unsigned left_out;  /* affiliations that the answer spoke of and the person does not have */
    unsigned untold;    /* notes beyond the limit */
    uint64_t unread[4]; /* a bit for each attribute of the answer, in its order, that no row of the map reads */
};

void map_note(struct map_notes *notes, enum note kind, struct str attribute, struct str value);
/* NULL when there is none of that kind. */
const struct map_note *map_notes_find(const struct map_notes *notes, enum note kind);
const char *map_note_event(enum note kind);
const char *map_note_mend(enum note kind);
/* One line a note, with idp, support_code, attribute, value, count and mend.  Warnings where something is missing now:
 * nobody was let in (p is NULL), or somebody without a role, or without one of the roles that were said; else
 * information. */
void map_notes_tell(const struct map_notes *notes, const struct person *p, struct str idp, const char *support_code);

#endif
