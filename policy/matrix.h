/* SPDX-License-Identifier: EUPL-1.2
 * policy/matrix.h: services by roles: what is open to whom, under conditions or not, and who says so.
 *
 * Floor 3.  Pure.  A view of the texts, made from what their statements say in fields (statement.h); what decides is
 * the evaluator, and nothing here is asked when somebody signs in.  A cell is open or shut where that holds of every
 * person in it whatever the hour, the school and the device, and under conditions else.  The statements are read once
 * for a snapshot (registry_index) and summed up by whose they are and what they are about, so that a cell costs the
 * same however many there are; those with dates, and a school's own about that service, are looked at one by one.
 */
#ifndef POLICY_MATRIX_H
#define POLICY_MATRIX_H

#include "model/area.h"
#include "model/registry.h"

struct matrix_who { /* a column */
    enum role role;
    int level_from, level_to; /* of learners; both 0: those without a class level, beyond the comprehensive school */
};

enum { MATRIX_COLUMNS = 8 };
extern const struct matrix_who matrix_columns[MATRIX_COLUMNS];

enum cell { CELL_SHUT = 0, CELL_OPEN, CELL_COND };

struct matrix_cell {
    enum cell cell;
    bool inherited;  /* an outer layer says it */
    bool by_default; /* nobody says anything: shut */
};

struct matrix_saying { /* a statement that concerns a cell */
    const struct policy *policy;
    bool forbids, leaves, whole; /* neither: permits; whole: without conditions for this cell */
};

struct matrix_sayings {
    size_t from, most; /* wanted: so many from there; most 0: all */
    struct matrix_saying *at;
    size_t n, total;
};

/* As seen by whoever administers the area.  out: the statements, outer layers first, in a; NULL: not asked. */
struct matrix_cell matrix_cell(struct arena *a, const struct registry *r, const struct area *area,
                               const struct matrix_who *who, const struct service *s, int64_t now_s,
                               struct matrix_sayings *out);

/* A whole row of the table. */
void matrix_row(const struct registry *r, const struct area *area, const struct service *s, int64_t now_s,
                struct matrix_cell cells[MATRIX_COLUMNS]);

/* The municipality leaves the service to its schools, of some people at least. */
bool matrix_is_left(const struct registry *r, const struct provider *p, const struct service *s, int64_t now_s);

/* Some policies as a draft would have them, instead of those of the same ids; read once for all cells.  after: those
 * that there would be; ids: of all that it touches.  NULL: one of them cannot be read.  Lives in a; r and what is given
 * must live as long. */
struct matrix_draft;
const struct matrix_draft *matrix_draft_new(struct arena *a, const struct registry *r, const struct area *area,
                                            const struct policy *after, size_t n, const struct strs *ids);

/* Whether the cell would be another: it opens or shuts, or the conditions under which it is open are others.  *out: as
 * it would be. */
bool matrix_draft_cell(const struct registry *r, const struct area *area, const struct matrix_who *who,
                       const struct service *s, int64_t now_s, const struct matrix_draft *draft,
                       struct matrix_cell *out);

/* A school decides within what is left to the schools: of its policy that opens something to somebody to whom the outer
 * layers shut it, the first such service.  NULL: it stays within; so does every policy that is no school's. */
const struct service *matrix_beyond(const struct registry *r, const struct policy *own, int64_t now_s);

/* Makes the index of a snapshot, so that no page waits for it. */
void matrix_prepare(const struct registry *r);

#endif
