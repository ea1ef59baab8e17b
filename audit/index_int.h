/* SPDX-License-Identifier: EUPL-1.2
 * audit/index_int.h: the file of the index, shared by who writes it (index.c) and who searches in it (find.c).
 *
 * Floor 3; of this folder.
 */
#ifndef AUDIT_INDEX_INT_H
#define AUDIT_INDEX_INT_H

#include "audit/line.h"
#include "wire/db.h"

#define AUDIT_INDEX_NAME "index.sqlite"

enum {
    BLOCK_LINES = 128,
    BLOCK_MAX_B = 256 << 10, /* a block that is larger ends */
    AGE_LINES = 1 << 20,     /* lines of one age: postings of an age lie together, so that adding touches few pages */
    PERSON_KEY_B = 8,        /* of a pseudonym: as searches begin with; a support code is as long */
    LOOK_KEYS_MAX = 3,
    LINE_KEYS_MAX = 12 + LOOK_KEYS_MAX
};

/* What a line can be found by: the kind and the value, as it stands in the line, escaped. */
enum key_kind {
    KEY_OF_EVENT = 1,
    KEY_OF_PERSON, /* of whom it is about, or who did it: their first PERSON_KEY_B bytes */
    KEY_OF_SERVICE,
    KEY_OF_IDP,
    KEY_OF_REASON,
    KEY_OF_SUPPORT_CODE,
    KEY_OF_ROW,
    KEY_OF_HOME, /* "a:oulu" of its area's provider; without an area "i:oulu-edu" of its identity provider */
    KEY_OF_LOOK  /* the person, or the support code, that a row of the console speaks of: as of persons */
};
int64_t audit_key(enum key_kind kind, struct str value);
/* Those of one line. */
size_t audit_line_keys(struct arena *a, struct str line, int64_t out[LINE_KEYS_MAX]);

struct index_at {                         /* to where it reaches: the end of its last block */
    int64_t segment, at, number, last_at; /* last_at: where its last line begins */
    char prev[AUDIT_HEAD_HEX];            /* hash of that line */
};

/* NULL: there is none that could be used; made where `make` says so. */
struct db *audit_index_open(const char *dir, bool make, struct fail *f);
/* False: it is empty, or of another log. */
bool audit_index_reach(struct db *d, int dir_fd, struct index_at *out);

#endif
