/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX_B = 128, FEW_MEMBERS = 8, INDENT = 2, LINES_MAX_B = 4 * JSON_TEXT_MAX_B };

struct open { /* a container that is being read */
    struct json_value *self;
    const struct json_value **tail;
};

struct parser {
    struct arena *arena;
    const char *start, *p, *end;
    size_t values;
    size_t depth;
    struct open stack[JSON_DEPTH_MAX];
    struct fail *f;
};

static bool malformed(struct parser *ps, const char *expected)
{
    return fail(ps->f, FAIL_CALLER, "json_malformed", "byte %zu: expected %s", (size_t)(ps->p - ps->start), expected);
}

static void skip_space(struct parser *ps)
{
    while (ps->p < ps->end && (*ps->p == ' ' || *ps->p == '\t' || *ps->p == '\n' || *ps->p == '\r'))
        ps->p++;
}

static bool next_is(struct parser *ps, char c)
{
    if (ps->p == ps->end || *ps->p != c)
        return false;
    ps->p++;
    return true;
}

static bool is_digit(const struct parser *ps)
{
    return ps->p < ps->end && *ps->p >= '0' && *ps->p <= '9';
}

static bool skip_digits(struct parser *ps)
{
    if (!is_digit(ps))
        return malformed(ps, "a digit");
    while (is_digit(ps))
        ps->p++;
    return true;
}

/* Four hexadecimal digits; the caller has made sure of nothing. */
static bool read_hex4(struct parser *ps, uint32_t *out)
{
    uint32_t v = 0;

    if (ps->end - ps->p < 4)
        return malformed(ps, "four hexadecimal digits");
    for (int i = 0; i < 4; i++) {
        char c = *ps->p++;
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return malformed(ps, "a hexadecimal digit");
        v = v << 4 | (uint32_t)digit;
    }
    *out = v;
    return true;
}

static char *put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xC0 | c >> 6);
        *to++ = (char)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        *to++ = (char)(0xE0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 63));
        *to++ = (char)(0x80 | (c & 63));
    } else {
        *to++ = (char)(0xF0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 63));
        *to++ = (char)(0x80 | (c >> 6 & 63));
        *to++ = (char)(0x80 | (c & 63));
    }
    return to;
}

/* After "\u": one character, of two escapes where it needs a surrogate pair. */
static bool read_unicode(struct parser *ps, char **to)
{
    uint32_t c, low;

    if (!read_hex4(ps, &c))
        return false;
    if (c >= 0xDC00 && c <= 0xDFFF)
        return malformed(ps, "a first surrogate before a second one");
    if (c >= 0xD800 && c <= 0xDBFF) {
        if (!next_is(ps, '\\') || !next_is(ps, 'u') || !read_hex4(ps, &low))
            return malformed(ps, "a second surrogate");
        if (low < 0xDC00 || low > 0xDFFF)
            return malformed(ps, "a second surrogate");
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    *to = put_utf8(*to, c);
    return true;
}

static bool read_escape(struct parser *ps, char **to)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";

    if (ps->p == ps->end)
        return malformed(ps, "an escape");
    char c = *ps->p++;
    if (c == 'u')
        return read_unicode(ps, to);
    const char *at = c != '\0' ? strchr(from, c) : NULL;
    if (at == NULL)
        return malformed(ps, "an escape");
    *(*to)++ = into[at - from];
    return true;
}

/* A string with escapes, copied: from its first byte to the end of its source
 * is at least as long as what it says. */
static bool read_escaped(struct parser *ps, const char *first, struct str *out)
{
    const char *close = ps->p;

    while (close < ps->end && *close != '"')
        close += *close == '\\' ? 2 : 1;
    if (close >= ps->end)
        return malformed(ps, "a closing quotation mark");
    char *copy = arena_alloc(ps->arena, (size_t)(close - first)), *to = copy;
    memcpy(to, first, (size_t)(ps->p - first));
    to += ps->p - first;
    while (*ps->p != '"') {
        if ((unsigned char)*ps->p < 0x20)
            return malformed(ps, "no control character");
        if (*ps->p != '\\')
            *to++ = *ps->p++;
        else if (ps->p++, !read_escape(ps, &to))
            return false;
    }
    ps->p++;
    *out = str_n(copy, (size_t)(to - copy));
    return true;
}

/* After the opening quotation mark. */
static bool read_string(struct parser *ps, struct str *out)
{
    const char *first = ps->p;

    while (ps->p < ps->end && *ps->p != '"' && *ps->p != '\\' && (unsigned char)*ps->p >= 0x20)
        ps->p++;
    if (ps->p == ps->end)
        return malformed(ps, "a closing quotation mark");
    if (*ps->p == '\\')
        return read_escaped(ps, first, out);
    if (*ps->p != '"')
        return malformed(ps, "no control character");
    *out = str_n(first, (size_t)(ps->p++ - first));
    return true;
}

/* What the text says as a number; whole numbers that do not fit 64 bits are
 * refused rather than rounded. */
static bool number_value(struct parser *ps, struct json_value *v, bool whole)
{
    char copy[NUMBER_MAX_B + 1];

    if (v->text.n > NUMBER_MAX_B)
        return fail(ps->f, FAIL_CALLER, "json_number", "a number of %zu characters", v->text.n);
    if (whole) {
        v->type = JSON_INT;
        if (!str_int(v->text, &v->integer))
            return fail(ps->f, FAIL_CALLER, "json_number", "a whole number past 64 bits");
        v->number = (double)v->integer;
        return true;
    }
    memcpy(copy, v->text.p, v->text.n);
    copy[v->text.n] = '\0';
    v->type = JSON_NUM;
    v->number = strtod(copy, NULL);
    return isfinite(v->number) ? true : fail(ps->f, FAIL_CALLER, "json_number", "a number past all bounds");
}

/* [RFC 8259 6] */
static bool read_number(struct parser *ps, struct json_value *v)
{
    const char *first = ps->p;
    bool whole = true;

    (void)next_is(ps, '-');
    if (!next_is(ps, '0') && !skip_digits(ps))
        return false;
    if (next_is(ps, '.')) {
        whole = false;
        if (!skip_digits(ps))
            return false;
    }
    if (ps->p < ps->end && (*ps->p == 'e' || *ps->p == 'E')) {
        whole = false;
        ps->p++;
        if (!next_is(ps, '+'))
            (void)next_is(ps, '-');
        if (!skip_digits(ps))
            return false;
    }
    v->text = str_n(first, (size_t)(ps->p - first));
    return number_value(ps, v, whole);
}

static bool read_word(struct parser *ps, struct json_value *v)
{
    static const struct {
        struct str word;
        enum json_type type;
        bool boolean;
    } words[] = { { { "true", 4 }, JSON_BOOL, true },
                  { { "false", 5 }, JSON_BOOL, false },
                  { { "null", 4 }, JSON_NULL, false } };
    struct str rest = str_n(ps->p, (size_t)(ps->end - ps->p));

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_has_prefix(rest, words[i].word)) {
            v->type = words[i].type;
            v->boolean = words[i].boolean;
            v->text = str_sub(rest, 0, words[i].word.n);
            ps->p += words[i].word.n;
            return true;
        }
    return malformed(ps, "a value");
}

/* Opens a container, or reads a whole scalar. */
static bool read_value(struct parser *ps, struct json_value *v)
{
    skip_space(ps);
    if (ps->p == ps->end)
        return malformed(ps, "a value");
    if (*ps->p == '{' || *ps->p == '[') {
        if (ps->depth == JSON_DEPTH_MAX)
            return fail(ps->f, FAIL_CALLER, "json_too_large", "nested deeper than %d", JSON_DEPTH_MAX);
        v->type = *ps->p == '{' ? JSON_OBJECT : JSON_ARRAY;
        v->text.p = ps->p++;
        ps->stack[ps->depth++] = (struct open){ v, &v->first };
        return true;
    }
    if (next_is(ps, '"')) {
        v->type = JSON_STR;
        return read_string(ps, &v->text);
    }
    return *ps->p == '-' || is_digit(ps) ? read_number(ps, v) : read_word(ps, v);
}

static int by_name(const void *x, const void *y)
{
    const struct json_value *const *a = x, *const *b = y;

    return str_cmp((*a)->name, (*b)->name);
}

static bool duplicate(struct parser *ps, const struct json_value *v)
{
    return fail(ps->f, FAIL_CALLER, "json_duplicate", "the name \"%.*s\" comes twice", STR_ARG(v->name));
}

/* Sorted, so that an object of thousands of members costs no thousands squared. */
static bool names_differ(struct parser *ps, const struct json_value *object)
{
    if (object->count > FEW_MEMBERS) {
        const struct json_value **all = arena_make_n(ps->arena, object->count, const struct json_value *);
        size_t n = 0;
        for (const struct json_value *m = object->first; m != NULL; m = m->next)
            all[n++] = m;
        qsort(all, n, sizeof *all, by_name);
        for (size_t i = 1; i < n; i++)
            if (str_eq(all[i - 1]->name, all[i]->name))
                return duplicate(ps, all[i]);
        return true;
    }
    for (const struct json_value *m = object->first; m != NULL; m = m->next)
        for (const struct json_value *other = m->next; other != NULL; other = other->next)
            if (str_eq(m->name, other->name))
                return duplicate(ps, m);
    return true;
}

/* The next child of the innermost container: its name, where it has one. */
static struct json_value *begin_child(struct parser *ps)
{
    struct open *top = &ps->stack[ps->depth - 1];
    struct json_value *child = arena_make(ps->arena, struct json_value);

    if (++ps->values > JSON_VALUES_MAX) {
        (void)fail(ps->f, FAIL_CALLER, "json_too_large", "more than %d values", JSON_VALUES_MAX);
        return NULL;
    }
    if (top->self->type == JSON_OBJECT) {
        skip_space(ps);
        if (!next_is(ps, '"')) {
            (void)malformed(ps, "a member's name");
            return NULL;
        }
        if (!read_string(ps, &child->name))
            return NULL;
        skip_space(ps);
        if (!next_is(ps, ':')) {
            (void)malformed(ps, "a colon");
            return NULL;
        }
    }
    *top->tail = child;
    top->tail = &child->next;
    top->self->count++;
    return child;
}

/* After a value: closes what ends here; *next is the child to read, or NULL at the end of all. */
static bool go_on(struct parser *ps, struct json_value **next)
{
    *next = NULL;
    while (ps->depth > 0) {
        struct json_value *self = ps->stack[ps->depth - 1].self;
        skip_space(ps);
        if (next_is(ps, self->type == JSON_OBJECT ? '}' : ']')) {
            self->text.n = (size_t)(ps->p - self->text.p);
            ps->depth--;
            if (self->type == JSON_OBJECT && !names_differ(ps, self))
                return false;
            continue;
        }
        if (self->count > 0 && !next_is(ps, ','))
            return malformed(ps, "a comma or the end of the list");
        *next = begin_child(ps);
        return *next != NULL;
    }
    return true;
}

const struct json_value *json_parse(struct arena *a, struct str text, struct fail *f)
{
    struct parser ps = { .arena = a, .start = text.p, .p = text.p, .end = text.p + text.n, .f = f };
    struct json_value *root = arena_make(a, struct json_value), *v = root;

    if (text.n > JSON_TEXT_MAX_B) {
        (void)fail(f, FAIL_CALLER, "json_too_large", "%zu bytes", text.n);
        return NULL;
    }
    if (!str_is_utf8(text)) {
        (void)fail(f, FAIL_CALLER, "json_malformed", "not UTF-8");
        return NULL;
    }
    while (v != NULL)
        if (!read_value(&ps, v) || !go_on(&ps, &v))
            return NULL;
    skip_space(&ps);
    if (ps.p != ps.end) {
        (void)malformed(&ps, "the end");
        return NULL;
    }
    return root;
}

const struct json_value *json_get(const struct json_value *v, struct str name)
{
    if (v == NULL || v->type != JSON_OBJECT)
        return NULL;
    for (v = v->first; v != NULL; v = v->next)
        if (str_eq(v->name, name))
            return v;
    return NULL;
}

struct str json_get_str(const struct json_value *v, struct str name)
{
    const struct json_value *m = json_get(v, name);

    return m != NULL && m->type == JSON_STR ? m->text : (struct str){ NULL, 0 };
}

static bool holds_nul(struct str s)
{
    return str_find_byte(s, '\0', 0) < s.n;
}

/* Reading order; `up` remembers the way back, no deeper than the parser went. */
bool json_has_nul(const struct json_value *v)
{
    const struct json_value *up[JSON_DEPTH_MAX];
    size_t depth = 0;

    for (;;) {
        if (holds_nul(v->name) || (v->type == JSON_STR && holds_nul(v->text)))
            return true;
        if (v->first != NULL) {
            up[depth++] = v;
            v = v->first;
            continue;
        }
        while (depth > 0 && v->next == NULL)
            v = up[--depth];
        if (depth == 0)
            return false;
        v = v->next;
    }
}

static bool store(const struct json_value *v, const struct json_field *field, void *out, struct fail *f)
{
    char *to = (char *)out + field->at;
    size_t size = v->type == JSON_STR ? v->text.n : v->count;

    if (v->type != field->type)
        return fail(f, FAIL_CALLER, "json_type", "%s has the wrong type", field->name);
    if (field->max > 0 && size > field->max)
        return fail(f, FAIL_CALLER, "json_too_long", "%s: %zu, at most %zu", field->name, size, field->max);
    switch (field->type) {
    case JSON_STR:
        memcpy(to, &v->text, sizeof v->text);
        return true;
    case JSON_INT:
        memcpy(to, &v->integer, sizeof v->integer);
        return true;
    case JSON_BOOL:
        memcpy(to, &v->boolean, sizeof v->boolean);
        return true;
    case JSON_ARRAY:
    case JSON_OBJECT:
        memcpy(to, &v, sizeof v);
        return true;
    case JSON_NONE:
    case JSON_NULL:
    case JSON_NUM:
        break;
    }
    return fail(f, FAIL_CALLER, "json_type", "%s cannot be read", field->name);
}

bool json_read_value(const struct json_value *v, const struct json_field *fields, void *out, struct fail *f)
{
    if (v == NULL || v->type != JSON_OBJECT)
        return fail(f, FAIL_CALLER, "json_type", "not an object");
    for (; fields->name != NULL; fields++) {
        const struct json_value *m = json_get(v, str_of(fields->name));
        if (m == NULL && fields->must)
            return fail(f, FAIL_CALLER, "json_missing", "%s is missing", fields->name);
        if (m != NULL && !store(m, fields, out, f))
            return false;
    }
    return true;
}

bool json_fits(const struct json_field *fields, const void *record, struct fail *f)
{
    for (; fields->name != NULL; fields++) {
        struct str text;
        if (fields->type != JSON_STR)
            continue;
        memcpy(&text, (const char *)record + fields->at, sizeof text);
        if (text.p == NULL && fields->must)
            return fail(f, FAIL_CALLER, "json_missing", "%s is missing", fields->name);
        if (text.p != NULL && !str_is_utf8(text))
            return fail(f, FAIL_CALLER, "json_malformed", "%s is no UTF-8", fields->name);
        if (fields->max > 0 && text.n > fields->max)
            return fail(f, FAIL_CALLER, "json_too_long", "%s: %zu, at most %zu", fields->name, text.n, fields->max);
    }
    return true;
}

bool json_read(struct arena *a, struct str text, const struct json_field *fields, void *out, struct fail *f)
{
    const struct json_value *v = json_parse(a, text, f);

    return v != NULL && json_read_value(v, fields, out, f);
}

/* ── as people read it ──────────────────────────────────────────────────── */

static void new_line(struct buf *b, int depth)
{
    buf_byte(b, '\n');
    for (int i = 0; i < INDENT * depth; i++)
        buf_byte(b, ' ');
}

struct str json_lines(struct arena *a, struct str json)
{
    struct buf b = buf_new(a, LINES_MAX_B);
    bool quoted = false;
    int depth = 0;

    for (size_t i = 0; i < json.n; i++) {
        char x = json.p[i];
        bool ends = !quoted && (x == '}' || x == ']'), begins = !quoted && (x == '{' || x == '[');
        if (quoted && x == '\\' && i + 1 < json.n)
            buf_byte(&b, json.p[i++]);
        else if (x == '"')
            quoted = !quoted;
        if (ends)
            new_line(&b, --depth);
        buf_byte(&b, json.p[i]);
        if (begins)
            new_line(&b, ++depth);
        else if (!quoted && x == ',')
            new_line(&b, depth);
        else if (!quoted && x == ':')
            buf_byte(&b, ' ');
    }
    return buf_ok(&b) ? buf_str(&b) : json;
}
