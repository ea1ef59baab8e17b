/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/diag.h"

#include "policy/cedar/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    GUESS_MAX_B = 64,   /* longer names are not guessed */
    LINE_SHOWN = 140,   /* characters of a long line that are shown */
    MESSAGE_MAX_B = 600 /* a message that quotes hostile text stays readable */
};

const char *cedar_finding_code_name(enum cedar_finding_code code)
{
    static const char *const names[] = { [CEDAR_FINDING_NONE] = "none",
#define X(code, name, meaning) [CEDAR_FINDING_##code] = name,
                                         CEDAR_FINDINGS(X)
#undef X
    };

    return (size_t)code < CEDAR_FINDING_CODES ? names[code] : "unknown";
}

const char *cedar_finding_code_meaning(enum cedar_finding_code code)
{
    static const char *const meanings[] = { [CEDAR_FINDING_NONE] = "nothing",
#define X(code, name, meaning) [CEDAR_FINDING_##code] = meaning,
                                            CEDAR_FINDINGS(X)
#undef X
    };

    return (size_t)code < CEDAR_FINDING_CODES ? meanings[code] : "unknown";
}

struct cedar_diags cedar_diags_new(struct arena *a, const struct cedar_source *source)
{
    return (struct cedar_diags){ .arena = a, .source = source };
}

/* Foreign text gets into messages: nothing in them may break the line. */
static struct str printable(struct arena *a, const char *text, size_t n)
{
    struct str s = { text, n };
    struct buf b = buf_new(a, 8 * MESSAGE_MAX_B);

    for (size_t i = 0, len; i < s.n; i += len) {
        uint32_t c = cedar_char_at(s, i, &len);
        if (len == 1 && (c >= 0x80 || c == 0))
            buf_printf(&b, "\\x%02x", (unsigned)c);
        else if (!cedar_char_is_printable(c))
            buf_printf(&b, "\\u{%x}", (unsigned)c);
        else
            buf_add(&b, str_sub(s, i, len));
    }
    return buf_str(&b);
}

static struct str message_of(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static struct str message_of(struct arena *a, const char *fmt, va_list ap)
{
    char text[MESSAGE_MAX_B];
    int n = vsnprintf(text, sizeof text, fmt, ap); /* NOLINT(clang-analyzer-valist.Uninitialized): by every caller */

    if (n < 0)
        return S("");
    if ((size_t)n < sizeof text)
        return printable(a, text, (size_t)n);
    size_t cut = sizeof text - 1;
    while (cut > 0 && ((unsigned char)text[cut - 1] & 0xC0) == 0x80)
        cut--;
    return arena_join(a, printable(a, text, cut > 0 ? cut - 1 : 0), S("…"));
}

static struct cedar_diag *next_item(struct cedar_diags *d)
{
    if (d->n == CEDAR_DIAGS_MAX)
        return NULL;
    if (d->n == d->cap) {
        size_t cap = d->cap > 0 ? d->cap * 2 : 4;
        struct cedar_diag *more = arena_make_n(d->arena, cap, struct cedar_diag);
        for (size_t i = 0; i < d->n; i++)
            more[i] = d->items[i];
        d->items = more;
        d->cap = cap;
    }
    return &d->items[d->n++];
}

static void add(struct cedar_diags *d, enum cedar_severity severity, enum cedar_finding_code code,
                struct cedar_span where, const char *fmt, va_list ap) __attribute__((format(printf, 5, 0)));
static void add(struct cedar_diags *d, enum cedar_severity severity, enum cedar_finding_code code,
                struct cedar_span where, const char *fmt, va_list ap)
{
    struct cedar_diag *item = next_item(d);

    severity == CEDAR_ERROR ? d->errors++ : d->warnings++;
    if (item != NULL)
        *item = (struct cedar_diag){ .severity = severity,
                                     .finding = code,
                                     .source = d->source,
                                     .span = where,
                                     .policy = d->policy,
                                     .message = message_of(d->arena, fmt, ap) };
}

bool cedar_fault(struct cedar_diags *d, enum cedar_finding_code code, struct cedar_span where, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add(d, CEDAR_ERROR, code, where, fmt, ap);
    va_end(ap);
    return false;
}

bool cedar_warn(struct cedar_diags *d, enum cedar_finding_code code, struct cedar_span where, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add(d, CEDAR_WARNING, code, where, fmt, ap);
    va_end(ap);
    return false;
}

bool cedar_error(struct cedar_diags *d, struct cedar_span where, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add(d, CEDAR_ERROR, CEDAR_FINDING_NONE, where, fmt, ap);
    va_end(ap);
    return false;
}

/* The item that the last call of cedar_fault or cedar_warn made, if it was kept. */
static struct cedar_diag *last_item(struct cedar_diags *d)
{
    return d->n > 0 && d->n == d->errors + d->warnings ? &d->items[d->n - 1] : NULL;
}

bool cedar_expected(struct cedar_diags *d, const char *fmt, ...)
{
    struct cedar_diag *item = last_item(d);
    va_list ap;

    va_start(ap, fmt);
    if (item != NULL)
        item->expected = message_of(d->arena, fmt, ap);
    va_end(ap);
    return false;
}

bool cedar_near(struct cedar_diags *d, struct str name)
{
    struct cedar_diag *item = last_item(d);

    if (item != NULL && name.p != NULL)
        item->near = printable(d->arena, name.p, name.n);
    return false;
}

bool cedar_code(struct cedar_diags *d, const char *code)
{
    struct cedar_diag *item = last_item(d);

    if (item != NULL)
        item->code = code;
    return false;
}

struct cedar_guess cedar_guess_for(struct str written)
{
    return (struct cedar_guess){ .written = written, .distance = SIZE_MAX };
}

static char fold(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static size_t least(size_t a, size_t b, size_t c)
{
    return a < b ? (a < c ? a : c) : (b < c ? b : c);
}

/* Edits between two names: insert, delete, replace; two neighbours swapped count once. */
static size_t distance(struct str a, struct str b)
{
    size_t rows[3][GUESS_MAX_B + 1];

    for (size_t j = 0; j <= b.n; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t *before = rows[(i + 1) % 3], *prev = rows[(i + 2) % 3], *row = rows[i % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t change = prev[j - 1] + (fold(a.p[i - 1]) != fold(b.p[j - 1]));
            row[j] = least(prev[j] + 1, row[j - 1] + 1, change);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1] && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
    }
    return rows[a.n % 3][b.n];
}

void cedar_guess_try(struct cedar_guess *g, struct str known)
{
    struct str written = g->written;

    if (written.n == 0 || known.n == 0 || written.n > GUESS_MAX_B || known.n > GUESS_MAX_B || str_eq(written, known))
        return;
    size_t longer = written.n > known.n ? written.n : known.n;
    size_t gap = longer - (written.n > known.n ? known.n : written.n);
    size_t allowed = longer <= 2 ? 0 : (longer + 2) / 4 + (longer <= 4);
    if (gap > allowed && !str_eq_case(written, known))
        return;
    size_t d = distance(written, known);
    if ((d <= allowed || str_eq_case(written, known)) && d < g->distance) {
        g->distance = d;
        g->best = known;
    }
}

struct cedar_place cedar_place_of(const struct cedar_source *source, size_t at)
{
    struct cedar_place place = { 1, 1 };
    size_t len;

    for (size_t i = 0; i < at && i < source->text.n; i += len) {
        uint32_t c = cedar_char_at(source->text, i, &len);
        if (c == '\n')
            place = (struct cedar_place){ place.line + 1, 1 };
        else
            place.column++;
    }
    return place;
}

static size_t line_start(struct str text, size_t at)
{
    while (at > 0 && text.p[at - 1] != '\n')
        at--;
    return at;
}

/* One character of a shown line, always one column wide. */
static void show_char(struct buf *b, struct str text, size_t at, size_t len)
{
    uint32_t c = cedar_char_at(text, at, &len);

    if (c == '\t')
        buf_byte(b, ' ');
    else if (!cedar_char_is_printable(c) || (len == 1 && c >= 0x80))
        buf_add(b, S("\xEF\xBF\xBD"));
    else
        buf_add(b, str_sub(text, at, len));
}

/* The line of the span and a row of ^ below it.  A long line is shown from a
 * little before the span. */
static void show_line(struct buf *b, const struct cedar_diag *d)
{
    struct str text = d->source->text;
    size_t at = d->span.at < text.n ? d->span.at : text.n;
    size_t end = d->span.end > at ? d->span.end : at + 1;
    size_t from = line_start(text, at), stop = str_find_byte(text, '\n', at);
    struct cedar_place place = cedar_place_of(d->source, at);
    struct buf under = buf_new(b->arena, 8 * LINE_SHOWN);
    size_t shown = 0, len;

    if (stop > from && text.p[stop - 1] == '\r')
        stop--;
    while (at - from > LINE_SHOWN / 2 || (from < at && ((unsigned char)text.p[from] & 0xC0) == 0x80))
        from++;
    buf_printf(b, "%5zu | ", place.line);
    for (size_t i = from; i < stop && shown < LINE_SHOWN; i += len, shown++) {
        (void)cedar_char_at(text, i, &len);
        show_char(b, text, i, len);
        if (i < end)
            buf_byte(&under, i < at ? ' ' : '^');
    }
    if (at >= stop)
        buf_byte(&under, '^');
    buf_printf(b, "\n      | %.*s\n", STR_ARG(buf_str(&under)));
}

static void show(struct buf *b, const struct cedar_diag *d)
{
    const char *word = d->severity == CEDAR_ERROR ? "error" : "warning";

    if (d->source != NULL) {
        struct cedar_place place = cedar_place_of(d->source, d->span.at);
        struct str name = printable(b->arena, d->source->name.p, d->source->name.n);
        buf_printf(b, "%.*s:%zu:%zu: ", STR_ARG(name), place.line, place.column);
    }
    buf_printf(b, "%s: %.*s", word, STR_ARG(d->message));
    if (str_is_set(d->policy)) {
        struct str policy = printable(b->arena, d->policy.p, d->policy.n < 200 ? d->policy.n : 200);
        buf_printf(b, " (%.*s)", STR_ARG(policy));
    }
    buf_byte(b, '\n');
    if (d->source != NULL && d->source->text.n > 0)
        show_line(b, d);
    if (str_is_set(d->expected))
        buf_printf(b, "      = expected %.*s\n", STR_ARG(d->expected));
    if (str_is_set(d->near))
        buf_printf(b, "      = did you mean `%.*s`?\n", STR_ARG(d->near));
}

struct str cedar_diag_text(struct arena *a, const struct cedar_diag *d)
{
    struct buf b = buf_new(a, 64 * 1024);

    show(&b, d);
    return buf_str(&b);
}

/* Whoever mends a text goes through it from its start; the passes over it find things in another order. */
static const struct cedar_diag **in_order_of_the_text(struct arena *a, const struct cedar_diags *d)
{
    const struct cedar_diag **sorted = arena_make_n(a, d->n, const struct cedar_diag *);

    for (size_t i = 0; i < d->n; i++) {
        const struct cedar_diag *item = &d->items[i];
        size_t k = i;
        for (; k > 0 && sorted[k - 1]->source == item->source && sorted[k - 1]->span.at > item->span.at; k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = item;
    }
    return sorted;
}

struct str cedar_diags_text(struct arena *a, const struct cedar_diags *d)
{
    struct buf b = buf_new(a, (size_t)CEDAR_DIAGS_MAX * 64 * 1024);
    const struct cedar_diag **sorted = in_order_of_the_text(a, d);

    for (size_t i = 0; i < d->n; i++)
        show(&b, sorted[i]);
    if (d->errors + d->warnings > d->n)
        buf_printf(&b, "%zu more findings are not shown\n", d->errors + d->warnings - d->n);
    return buf_str(&b);
}
