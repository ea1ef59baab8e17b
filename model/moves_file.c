/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/moves_file.h"

#include "base/text.h"
#include "model/person.h"

#include <stdlib.h>
#include <string.h>

enum { CELLS = 2 };

struct reading {
    struct arena *arena;
    struct str rest;
    size_t line;
    char between;
    struct moves_read *out;
};

static const struct {
    const char *word, *cure;
} faults[MOVES_FAULT_COUNT] = { [MOVES_FINE] = { "", "" },
#define X(fault, cure) [MOVES_##fault] = { #fault, cure },
                                MOVES_FAULTS(X)
#undef X
};

const char *moves_fault_word(enum moves_fault fault)
{
    return faults[fault].word;
}

const char *moves_fault_cure(enum moves_fault fault)
{
    return faults[fault].cure;
}

static bool wrong(struct reading *x, enum moves_fault fault, size_t line, size_t other)
{
    if (x->out->wrong_count < MOVES_WRONGS_MAX)
        x->out->wrongs[x->out->wrong_count++] = (struct moves_wrong){ fault, line, other };
    else
        x->out->wrongs_more++;
    return false;
}

/* ── lines and cells ────────────────────────────────────────────────────── */

static bool ends_cell(const struct reading *x, size_t at)
{
    return at >= x->rest.n || x->rest.p[at] == x->between || x->rest.p[at] == '\n' || x->rest.p[at] == '\r';
}

static char between_of(struct str text)
{
    static const char all[] = { ';', '\t', ',' };
    struct str first = str_sub(text, 0, str_find_byte(text, '\n', 0));

    for (size_t i = 0; i < sizeof all; i++)
        if (str_find_byte(first, all[i], 0) < first.n)
            return all[i];
    return ',';
}

/* From behind the mark; *at is then behind the last one. */
static bool quoted(struct reading *x, size_t *at, struct str *out)
{
    struct buf b = buf_new(x->arena, 4 * SUBJECT_MAX_B);
    size_t i = *at;

    for (; i < x->rest.n && x->rest.p[i] != '\n'; i++) {
        if (x->rest.p[i] != '"') {
            buf_byte(&b, x->rest.p[i]);
        } else if (i + 1 < x->rest.n && x->rest.p[i + 1] == '"') {
            buf_byte(&b, x->rest.p[i++]);
        } else {
            *at = i + 1;
            *out = buf_ok(&b) ? buf_str(&b) : str_sub(x->rest, 0, x->rest.n);
            return ends_cell(x, *at);
        }
    }
    return false;
}

static bool take_cell(struct reading *x, size_t *at, struct str *out, bool *is_quoted)
{
    size_t from = *at;

    *is_quoted = from < x->rest.n && x->rest.p[from] == '"';
    if (*is_quoted) {
        (*at)++;
        return quoted(x, at, out);
    }
    while (!ends_cell(x, *at))
        (*at)++;
    *out = str_sub(x->rest, from, *at - from);
    return true;
}

static void leave_line(struct reading *x)
{
    x->rest = str_from(x->rest, str_find_byte(x->rest, '\n', 0) + 1);
}

static enum moves_fault id_fault(struct str id, bool is_quoted, enum moves_fault missing)
{
    if (text_is_blank(id))
        return missing;
    if (id.n > SUBJECT_MAX_B)
        return MOVES_id_long;
    if (!is_quoted && text_trim(id).n != id.n)
        return MOVES_id_white;
    return text_is_plain(id) ? MOVES_FINE : MOVES_id_unseen;
}

static bool is_one_of(struct str word, const char *words)
{
    char lower[16];

    if (word.n == 0 || word.n >= sizeof lower)
        return false;
    for (size_t i = 0; i < word.n; i++)
        lower[i] = (char)(word.p[i] >= 'A' && word.p[i] <= 'Z' ? word.p[i] + 32 : word.p[i]);
    return str_has_word(str_of(words), str_n(lower, word.n));
}

static bool is_heading(const struct move_line *m)
{
    return is_one_of(m->old_id, "old old_id oldid vanha vanha_id gammal gammalt from") &&
           is_one_of(m->new_id, "new new_id newid uusi uusi_id ny nytt to");
}

/* One line; false: it is wrong, and was said so. */
static bool take_line(struct reading *x, struct move_line *out, bool *empty)
{
    struct str cells[CELLS] = { S(""), S("") };
    bool is_quoted[CELLS] = { false, false };
    size_t at = 0, n = 0;
    bool good = true;

    *empty = false;
    out->line = ++x->line;
    do {
        struct str cell;
        bool in_quotes;
        at += n > 0;
        good = take_cell(x, &at, &cell, &in_quotes);
        if (n < CELLS && good) {
            cells[n] = cell;
            is_quoted[n] = in_quotes;
        }
        n++;
    } while (good && at < x->rest.n && x->rest.p[at] == x->between);
    bool bare = good && at + 1 < x->rest.n && x->rest.p[at] == '\r' && x->rest.p[at + 1] != '\n';
    leave_line(x);
    if (!good)
        return wrong(x, MOVES_quote_open, out->line, 0);
    if (bare) /* lines that end by a carriage return alone would be lost */
        return wrong(x, MOVES_cells, out->line, 0);
    *empty = n == 1 && str_trim(cells[0]).n == 0;
    if (*empty)
        return true;
    if (n != CELLS)
        return wrong(x, MOVES_cells, out->line, 0);
    out->old_id = cells[0];
    out->new_id = cells[1];
    if (out->line == 1 && is_heading(out)) {
        *empty = true;
        return true;
    }
    enum moves_fault fault = id_fault(cells[0], is_quoted[0], MOVES_old_missing);
    if (fault == MOVES_FINE)
        fault = id_fault(cells[1], is_quoted[1], MOVES_new_missing);
    return fault == MOVES_FINE || wrong(x, fault, out->line, 0);
}

/* ── two people never become one, nor one two ───────────────────────────── */

static int by_old(const void *x, const void *y)
{
    const struct move_line *const *a = x, *const *b = y;
    int c = str_cmp((*a)->old_id, (*b)->old_id);

    return c != 0 ? c : ((*a)->line > (*b)->line) - ((*a)->line < (*b)->line);
}

static int by_new(const void *x, const void *y)
{
    const struct move_line *const *a = x, *const *b = y;
    int c = str_cmp((*a)->new_id, (*b)->new_id);

    return c != 0 ? c : ((*a)->line > (*b)->line) - ((*a)->line < (*b)->line);
}

static bool check_twins(struct reading *x, struct move_line **sorted, int (*by)(const void *, const void *),
                        bool (*same)(const struct move_line *, const struct move_line *), enum moves_fault fault)
{
    bool good = true;

    qsort((void *)sorted, x->out->n, sizeof *sorted, by);
    for (size_t i = 1; i < x->out->n; i++)
        if (same(sorted[i - 1], sorted[i]))
            good = wrong(x, fault, sorted[i]->line, sorted[i - 1]->line);
    return good;
}

static bool same_old(const struct move_line *a, const struct move_line *b)
{
    return str_eq(a->old_id, b->old_id);
}

static bool same_new(const struct move_line *a, const struct move_line *b)
{
    return str_eq(a->new_id, b->new_id);
}

static bool check_all(struct reading *x)
{
    struct move_line **sorted = arena_make_n(x->arena, x->out->n + 1, struct move_line *);

    for (size_t i = 0; i < x->out->n; i++)
        sorted[i] = &x->out->at[i];
    bool good = check_twins(x, sorted, by_old, same_old, MOVES_old_twice);
    return check_twins(x, sorted, by_new, same_new, MOVES_new_twice) && good;
}

static size_t lines_of(struct str text)
{
    size_t n = 1;

    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    return n;
}

bool moves_file_read(struct arena *a, struct str bytes, struct moves_read *out)
{
    struct reading x = { .arena = a, .out = out };
    bool good = true;

    *out = (struct moves_read){ .wrongs = arena_make_n(a, MOVES_WRONGS_MAX, struct moves_wrong) };
    out->at = arena_make_n(a, 1, struct move_line);
    if (bytes.n > MOVES_FILE_MAX_B)
        return wrong(&x, MOVES_file_large, 0, 0);
    if (!str_is_utf8(bytes) || str_find_byte(bytes, '\0', 0) < bytes.n)
        return wrong(&x, MOVES_file_utf8, 0, 0);
    x.rest = str_has_prefix(bytes, S("\xef\xbb\xbf")) ? str_from(bytes, 3) : bytes;
    if (str_trim(x.rest).n == 0)
        return wrong(&x, MOVES_file_empty, 0, 0);
    if (lines_of(x.rest) > MOVES_LINES_MAX + 2)
        return wrong(&x, MOVES_too_many, 0, 0);
    x.between = between_of(x.rest);
    out->at = arena_make_n(a, lines_of(x.rest) + 1, struct move_line);
    while (x.rest.n > 0) {
        struct move_line line;
        bool empty;
        bool fine = take_line(&x, &line, &empty);
        good = good && fine;
        if (fine && !empty)
            out->at[out->n++] = line;
    }
    if (good && out->n == 0)
        return wrong(&x, MOVES_file_empty, 0, 0);
    return check_all(&x) && good;
}
