/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/cities.h: a file of schools on a page: of a place that is opened, and of one that is there.
 *
 * Floor 6d.
 */
#ifndef GATEWAY_CONSOLE_CITIES_H
#define GATEWAY_CONSOLE_CITIES_H

#include "console/pages.h"
#include "model/ctx.h"
#include "model/schools_file.h"

enum {
    SCHOOLS_TYPED_MAX_B = 256 << 10,  /* of a file with faults, that is shown to be mended here */
    SCHOOLS_CARRIED_MAX_B = 700 << 10 /* that fits into the page which shows it before it is made */
};

/* What is read of the form's fields `file` and `schools`; a file goes before what was typed. */
struct schools_typed {
    struct schools_read read;
    struct str text; /* for the field: as typed, or what was read of the file */
    bool any;        /* there was something to read */
    bool kept_out;   /* a large file with faults is not shown in the field */
};
void schools_typed(struct ctx *c, struct str oid, struct str code, struct schools_typed *out);
/* The lines that do not hold: rows of out->read.wrong_count + 1. */
void schools_lines(struct ctx *c, const struct schools_read *s, struct city_line *rows);
struct str schools_number(struct ctx *c, size_t n); /* absent: none */

#endif
