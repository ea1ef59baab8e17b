/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/entering.h"

static struct db_value cell(const struct db_value *row, const char *name)
{
    return row[column_of(&kind_rows[KIND_SERVICE], name)];
}

static bool is_in_production(const struct db_value *row)
{
    return row != NULL && cell(row, "enabled").number != 0 && cell(row, "test").number == 0;
}

static bool has_trials(const struct db_value *row)
{
    return !str_eq(cell(row, "protocol").text, S("link"));
}

/* What is in production speaks what it was tried for: by another protocol it comes there anew. */
static bool was_there(const struct changed_row *r)
{
    return is_in_production(r->before) && str_eq(cell(r->before, "protocol").text, cell(r->after, "protocol").text);
}

/* A row that says of another vendor's service that it was made from it has no report. */
static bool has_passed(const struct change *x, const struct db_value *row)
{
    struct str from = cell(row, "tested_as").text, vendor = cell(row, "vendor").text;

    for (size_t i = 0; str_is_set(from) && i < x->by.passed.n; i++)
        if (str_eq(x->by.passed.at[i].service, from) && str_eq(x->by.passed.at[i].vendor, vendor))
            return true;
    return false;
}

/* A federation that is set up from a file, or moved here with one. */
static bool is_first_file(const struct change *x, const struct rows_now *now)
{
    return x->by.maker == MAKER_import && now->of[KIND_SERVICE].n == 0;
}

bool entering_allowed(const struct change *x, const struct rows_now *now, struct str *says, struct row_place *where,
                      struct fail *f)
{
    *says = (struct str){ NULL, 0 };
    for (size_t i = 0; !x->is_trial && x->undoes == 0 && i < x->n; i++) {
        const struct changed_row *r = &x->rows[i];
        if (r->kind != KIND_SERVICE || !is_in_production(r->after) || was_there(r) || !has_trials(r->after) ||
            has_passed(x, r->after) || is_first_file(x, now))
            continue;
        *says = x->by.ungated;
        if (str_is_set(*says))
            continue;
        *where = (struct row_place){ KIND_SERVICE, { r->after[0].text, { NULL, 0 } } };
        return fail(f, FAIL_CALLER, "ungated",
                    "service %.*s comes into production without a passed and recent report of the gate of the one in "
                    "test that it was made from (tested_as), and nobody says why",
                    STR_ARG(r->after[0].text));
    }
    return true;
}
