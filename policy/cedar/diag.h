/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/diag.h: what is wrong with a text, said so that an admin can
 * repair it: file, line, column, the offending text underlined, what was
 * expected, and a near name where there is one.
 *
 * Stands on base/ alone.  A list collects several findings of one run and is
 * bounded: past CEDAR_DIAGS_MAX the rest is counted, not kept.
 * Ownership: items live in the list's arena; sources must outlive the list.
 */
#ifndef CEDAR_DIAG_H
#define CEDAR_DIAG_H

#include "base/arena.h"
#include "policy/cedar/cedar.h"

enum { CEDAR_DIAGS_MAX = 100, CEDAR_TEXT_MAX_B = 64 << 20 };

/* A text and the name under which it is reported ("policies.cedar"). */
struct cedar_source {
    struct str name, text;
};

/* Byte offsets into the source: [at, end).  Both 0 when the construct did not
 * come from text. */
struct cedar_span {
    uint32_t at, end;
};

struct cedar_diag {
    enum cedar_severity severity;
    enum cedar_finding_code finding;
    const struct cedar_source *source; /* NULL: no text to point into */
    struct cedar_span span;
    struct str message;  /* one sentence without a full stop */
    struct str expected; /* absent, or "`;` or `&&`" */
    struct str near;     /* absent, or a known name much like the one that was written */
    struct str policy;   /* absent, or the id of the policy concerned */
    const char *code;    /* NULL, or what a program knows it by where others than the engine check, too: cedar_code() */
};

struct cedar_diags {
    struct arena *arena;
    const struct cedar_source *source; /* copied into each new item */
    struct str policy;                 /* likewise */
    struct cedar_diag *items;
    size_t n, cap;
    size_t errors, warnings; /* all of them, also those past the bound */
};

struct cedar_diags cedar_diags_new(struct arena *a, const struct cedar_source *source);

/* Both return false, so that a parser can say `return cedar_fault(...)`. */
bool cedar_fault(struct cedar_diags *d, enum cedar_finding_code code, struct cedar_span where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
bool cedar_warn(struct cedar_diags *d, enum cedar_finding_code code, struct cedar_span where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for who stands outside of the engine: CEDAR_FINDING_NONE.  Inside, nothing is found without a code. */
bool cedar_error(struct cedar_diags *d, struct cedar_span where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Add to the finding made last; return false as well. */
bool cedar_expected(struct cedar_diags *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool cedar_near(struct cedar_diags *d, struct str name);  /* absent: nothing is added */
bool cedar_code(struct cedar_diags *d, const char *code); /* a literal; the engine itself gives none */

/* "Did you mean": offer every known name, ask for the best at the end.
 *     struct cedar_guess g = cedar_guess_for(written);
 *     for (...) cedar_guess_try(&g, known[i]);
 *     cedar_near(d, g.best);                 absent when none is near enough */
struct cedar_guess {
    struct str written, best;
    size_t distance;
};
struct cedar_guess cedar_guess_for(struct str written);
void cedar_guess_try(struct cedar_guess *g, struct str known);

/* Line and column of a byte, both from 1; columns count characters. */
struct cedar_place {
    size_t line, column;
};
struct cedar_place cedar_place_of(const struct cedar_source *source, size_t at);

/* One finding, or all in the order of their places, as text for a terminal or a <pre>: each ends with a newline. */
struct str cedar_diag_text(struct arena *a, const struct cedar_diag *d);
struct str cedar_diags_text(struct arena *a, const struct cedar_diags *d);

#endif
