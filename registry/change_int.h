/* SPDX-License-Identifier: EUPL-1.2
 * registry/change_int.h: a change while it is made and written; for this folder alone.
 *
 * Floor 4.
 */
#ifndef REGISTRY_CHANGE_INT_H
#define REGISTRY_CHANGE_INT_H

#include "registry/change.h"
#include "registry/load.h"
#include "registry/schema.h"

/* The rows of every kind as SQL has them now, in the order of their keys. */
struct rows_now {
    struct db_rows of[KIND_ALL]; /* none of KIND_RULE */
};

bool rows_now_load(struct db *d, struct arena *a, struct rows_now *out, struct fail *f);
/* NULL: there is none of that key.  key: at least the columns of the key. */
const struct db_value *rows_now_find(const struct rows_now *now, enum kind kind, const struct db_value *key);

/* The row of the provider's school with that OID or code; NULL: there is none.  schools: in the order of their keys. */
const struct db_value *school_row(const struct db_rows *schools, struct str provider, struct str oid_or_code);

int compare_keys(const struct kind_row *k, const struct db_value *x, const struct db_value *y);
bool same_value(const struct db_value *x, const struct db_value *y);
bool same_row(const struct kind_row *k, const struct db_value *x, const struct db_value *y);
/* "service kanerva", "school oulu/1.2.246…". */
struct str row_name(struct arena *a, const struct kind_row *k, const struct db_value *row);

struct changed_row {
    enum kind kind;
    const struct db_value *before, *after; /* whole rows; NULL: there was none, there is none afterwards */
};

struct change {
    struct arena *arena; /* of the rows */
    struct change_by by;
    int64_t undoes, draft;
    struct changed_row *rows;
    size_t n, room;
    bool is_trial; /* it is looked at, and not kept */
    /* Shown the registry as it will be; may refuse.  NULL: nobody looks. */
    bool (*look)(void *with, const struct registry *r, struct fail *f);
    void *with;
};

void change_add(struct change *x, enum kind kind, const struct db_value *before, const struct db_value *after);

/* Writes it within a transaction that the caller has begun, and commits or not.  now: the rows that it touches, at the
 * least.  Nothing in it: nothing is written, and
 * the version stays.  Fails as change_undo() does; where the result does not hold, *where is the row (copied into a).
 */
bool change_write(struct db *d, struct arena *a, const struct change *x, const struct rows_now *now,
                  struct change_report *out, struct row_place *where, struct fail *f);

/* The rows that undo a change, as they are now and as they are to be.  Fails as change_undo() does. */
bool change_undo_rows(struct db *d, struct change *x, int64_t number, const struct rows_now *now, struct fail *f);
/* A row of a change as it was kept; NULL: there was none, or it cannot be read.  KIND_RULE is read as well. */
enum kind kind_once_named(struct str name);
const struct db_value *change_row_read(struct arena *a, enum kind kind, const struct db_value *text);
/* What was a rule when the change was made is a policy now. */
void change_turn_rule(struct arena *a, const struct db_rows *schools, struct changed_row *r);
/* sign, kind, row_key, before, after. */
void change_row_show(struct arena *a, const struct db_value *v, struct change_row_shown *out);
void change_entries_read(struct arena *a, const struct db_rows *rows, struct change_entries *out);
/* Columns of a change, for the above. */
#define CHANGE_ENTRY "number, at_s, who, acting_as, area, maker, why, undoes, added, changed, removed, told, draft"

/* What it would do: counts and lines; row by row, as may be shown.  Both in a. */
void change_tell(const struct change *x, struct arena *a, struct change_report *out);
void change_show(struct arena *a, const struct change *x, struct change_rows_shown *out);

/* Rows that are written become for a moment what they were before, and again what they are to be. */
bool change_turn(struct db *d, const struct change *x, bool back, struct fail *f);

/* Whether rows of that kind are a person's: neither key nor value may leave. */
bool kind_is_personal(enum kind kind);
enum kind kind_named(struct str name); /* KIND_COUNT: none */

/* What SQL keeps of a row: its columns by name, whole.  Reading gives NULL when it is no such text; columns that the
 * table has gained since have their preset. */
struct str row_write(struct arena *a, const struct kind_row *k, const struct db_value *row);
const struct db_value *row_read(struct arena *a, const struct kind_row *k, struct str text);
/* What of x may be shown beside y (NULL: all of it that is not as its preset): a JSON object. */
struct str row_show(struct arena *a, const struct kind_row *k, const struct db_value *x, const struct db_value *y);

#endif
