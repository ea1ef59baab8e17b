/* SPDX-License-Identifier: EUPL-1.2
 * model/moves_file.h: which account at a new identity provider is which at the old one, from a file.
 *
 * Floor 1.  Pure.  Lines of two cells [RFC 4180] between ; , or tabs, UTF-8 with or without its mark: the id that the
 * old identity provider has given a person, and the one that the new one gives.  Ids are exact bytes, as they come at a
 * sign-in: neither trimmed nor composed.  A first line of the words "old" and "new" (moves_file.c has their spellings)
 * is a heading.  Nothing is guessed: each line that does not hold is named with its number, what is wrong with it and
 * what mends it; then nothing of the file is used.
 */
#ifndef MODEL_MOVES_FILE_H
#define MODEL_MOVES_FILE_H

#include "base/arena.h"
#include "model/moves_file.def"

enum {
    MOVES_FILE_MAX_B = 4 << 20,
    MOVES_LINES_MAX = 100000,
    MOVES_WRONGS_MAX = 50, /* that are named; the others are counted */
    MOVES_QUOTED_MAX_B = 80
};

enum moves_fault {
    MOVES_FINE = 0,
#define X(fault, cure) MOVES_##fault,
    MOVES_FAULTS(X)
#undef X
        MOVES_FAULT_COUNT
};
const char *moves_fault_word(enum moves_fault fault); /* "old_twice" */
const char *moves_fault_cure(enum moves_fault fault);

struct moves_wrong {
    enum moves_fault fault;
    size_t line, other; /* from 1, 0: the file as a whole; other, of …_twice: the line that has it too */
};

struct move_line {
    struct str old_id, new_id;
    size_t line;
};

struct moves_read {
    struct move_line *at; /* in the order of the file */
    size_t n;
    struct moves_wrong *wrongs;
    size_t wrong_count, wrongs_more; /* more: besides those that are named */
};

/* True: nothing is wrong.  Texts in a, or views into bytes. */
bool moves_file_read(struct arena *a, struct str bytes, struct moves_read *out);

#endif
