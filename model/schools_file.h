/* SPDX-License-Identifier: EUPL-1.2
 * model/schools_file.h: the schools of a municipality from a file, or as somebody typed them.
 *
 * Floor 1.  Pure, in time proportional to the text.  Lines of cells [RFC 4180] between ; , or tabs; UTF-8, with or
 * without its mark, or else as Windows writes Latin letters.  The first line names the columns (schools_file.def), or
 * is a school already: then they are OID, code, name in Finnish, Swedish, English.  What stands there of others (of
 * another municipality, no school, closed) is counted and passed over.
 *
 * Nothing is guessed and nothing is repaired: each line that does not hold is named with its number, and what is wrong
 * with it.  A cell that a spreadsheet would take for a formula is such a fault: names go out in tables again.
 */
#ifndef MODEL_SCHOOLS_FILE_H
#define MODEL_SCHOOLS_FILE_H

#include "base/arena.h"
#include "model/schools_file.def"

enum {
    SCHOOLS_FILE_MAX_B = 4 << 20,
    SCHOOLS_MAX = 2000,
    SCHOOLS_LINE_MAX_B = 8192,
    SCHOOLS_CELLS_MAX = 128,
    SCHOOLS_NAME_MAX_B = 200,
    SCHOOLS_WRONGS_MAX = 50, /* that are named; the others are counted */
    SCHOOLS_QUOTED_MAX_B = 80
};

enum schools_fault {
    SCHOOLS_FINE = 0,
#define X(fault) SCHOOLS_##fault,
    SCHOOLS_FAULTS(X)
#undef X
        SCHOOLS_FAULT_COUNT
};
const char *schools_fault_word(enum schools_fault fault); /* "code_short" */

struct schools_wrong {
    enum schools_fault fault;
    size_t line; /* from 1; 0: the file as a whole */
    struct str value;
    size_t other; /* of …_twice: the line that has it too */
};

struct school_read {
    struct str oid, code, name_fi, name_sv, name_en;
    bool doubtful; /* the check digit of its OID */
    size_t line;
};

struct schools_read {
    struct school_read *at;
    size_t n;
    struct schools_wrong *wrongs;
    size_t wrong_count, wrongs_more;      /* more: besides those that are named */
    size_t elsewhere, no_schools, closed; /* passed over */
    struct str *gone;                     /* the OIDs of those that are closed, `gone_n` of them, SCHOOLS_MAX at most */
    size_t gone_n;
    bool windows; /* it was not UTF-8 */
};

/* whose, place: OID and code of the municipality.  True: nothing is wrong.  Texts in a. */
bool schools_file_read(struct arena *a, struct str bytes, struct str whose, struct str place, struct schools_read *out);

/* As lines that are read again to the same schools. */
struct str schools_file_write(struct arena *a, const struct schools_read *x);

#endif
