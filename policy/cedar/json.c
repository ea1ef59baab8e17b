/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/json.h"

#include "policy/cedar/utf8.h"

#include <string.h>

/* A member whose object, or array, has not ended. */
struct pending {
    struct cedar_json value;
    struct str name;
    struct cedar_span name_span;
};

struct reader {
    struct arena *arena; /* of the tree */
    struct cedar_diags *d;
    struct str text;
    size_t at;
    struct pending *pending, few[32]; /* of all that are open, one behind the other */
    size_t n, cap;
    struct arena *scratch;          /* NULL: they are few */
    struct cedar_json_taker *taker; /* or NULL */
    size_t of;                      /* which of its objects this member of the root is, or NOT_TAKEN */
    struct arena *one;              /* of a member until it is taken */
};
static const size_t NOT_TAKEN = SIZE_MAX;

static bool read_value(struct reader *r, struct cedar_json *out, unsigned depth);

static struct cedar_span here(const struct reader *r, size_t from)
{
    return (struct cedar_span){ (uint32_t)from, (uint32_t)(r->at > from ? r->at : from + 1) };
}

static bool wrong(struct reader *r, const char *expected)
{
    if (r->at >= r->text.n)
        (void)cedar_fault(r->d, CEDAR_FINDING_JSON, here(r, r->at), "the JSON ends too early");
    else
        (void)cedar_fault(r->d, CEDAR_FINDING_JSON, here(r, r->at), "this is no JSON");
    return cedar_expected(r->d, "%s", expected);
}

static void skip_space(struct reader *r)
{
    for (; r->at < r->text.n; r->at++) {
        char c = r->text.p[r->at];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return;
    }
}

static bool take(struct reader *r, char c)
{
    skip_space(r);
    if (r->at >= r->text.n || r->text.p[r->at] != c)
        return false;
    r->at++;
    return true;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Four hexadecimal digits behind "\u". */
static bool read_unit(struct reader *r, uint32_t *unit)
{
    *unit = 0;
    for (size_t i = 0; i < 4; i++) {
        int digit = r->at < r->text.n ? hex_value(r->text.p[r->at]) : -1;
        if (digit < 0)
            return wrong(r, "four hexadecimal digits");
        *unit = *unit * 16 + (uint32_t)digit;
        r->at++;
    }
    return true;
}

/* Characters beyond 16 bits are two units. [RFC 8259 7] */
static bool read_unicode(struct reader *r, struct buf *b)
{
    size_t from = r->at - 2;
    uint32_t c, low;

    if (!read_unit(r, &c))
        return false;
    if (c >= 0xD800 && c <= 0xDBFF && str_has_prefix(str_from(r->text, r->at), S("\\u"))) {
        r->at += 2;
        if (!read_unit(r, &low))
            return false;
        if (low < 0xDC00 || low > 0xDFFF)
            return cedar_fault(r->d, CEDAR_FINDING_JSON, here(r, from), "half of a character stands alone");
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    if (c >= 0xD800 && c <= 0xDFFF)
        return cedar_fault(r->d, CEDAR_FINDING_JSON, here(r, from), "half of a character stands alone");
    cedar_char_add(b, c);
    return true;
}

static bool read_escape(struct reader *r, struct buf *b)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    char c = r->at + 1 < r->text.n ? r->text.p[r->at + 1] : '\0';
    const char *hit = c != '\0' ? memchr(names, c, sizeof names - 1) : NULL;

    if (hit == NULL && c != 'u')
        return wrong(r, "an escape: \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    r->at += 2;
    if (c == 'u')
        return read_unicode(r, b);
    buf_byte(b, values[hit - names]);
    return true;
}

/* The next byte that is not plainly part of a string. */
static size_t plain_end(struct str s, size_t at)
{
    while (at < s.n && (unsigned char)s.p[at] >= 0x20 && s.p[at] != '"' && s.p[at] != '\\')
        at++;
    return at;
}

/* The opening quote is at r->at.  Without escapes the view is the text itself. */
static bool read_string(struct reader *r, struct str *out)
{
    size_t from = ++r->at;
    struct buf b = buf_new(r->arena, r->text.n);
    bool plain = true;

    while (true) {
        size_t end = plain_end(r->text, r->at);
        if (!plain)
            buf_add(&b, str_sub(r->text, r->at, end - r->at));
        r->at = end;
        if (end >= r->text.n)
            return wrong(r, "a closing quote");
        if (r->text.p[end] == '"')
            break;
        if (r->text.p[end] != '\\')
            return wrong(r, "no control character inside a string");
        if (plain)
            buf_add(&b, str_sub(r->text, from, end - from));
        plain = false;
        if (!read_escape(r, &b))
            return false;
    }
    *out = plain ? str_sub(r->text, from, r->at - from) : buf_str(&b);
    r->at++;
    return true;
}

static size_t digits(const struct reader *r, size_t at)
{
    size_t n = 0;

    while (at + n < r->text.n && r->text.p[at + n] >= '0' && r->text.p[at + n] <= '9')
        n++;
    return n;
}

/* Number grammar of RFC 8259 6; only what is an integer of 64 bits becomes one. */
static bool read_number(struct reader *r, struct cedar_json *out)
{
    size_t from = r->at, at = r->at + (r->text.p[r->at] == '-'), n = digits(r, at);
    bool whole = true;

    if (n == 0 || (n > 1 && r->text.p[at] == '0'))
        return wrong(r, "a number without leading zeros");
    at += n;
    if (at < r->text.n && r->text.p[at] == '.') {
        whole = false;
        n = digits(r, at + 1);
        r->at = at;
        if (n == 0)
            return wrong(r, "digits behind the point");
        at += 1 + n;
    }
    if (at < r->text.n && (r->text.p[at] | 32) == 'e') {
        whole = false;
        at += 1 + (at + 1 < r->text.n && (r->text.p[at + 1] == '+' || r->text.p[at + 1] == '-'));
        n = digits(r, at);
        r->at = at;
        if (n == 0)
            return wrong(r, "digits of an exponent");
        at += n;
    }
    r->at = at;
    out->text = str_sub(r->text, from, at - from);
    out->kind = whole && str_int(out->text, &out->number) ? CEDAR_JSON_INT : CEDAR_JSON_NUMBER;
    return true;
}

static void push(struct reader *r, const struct pending *member)
{
    if (r->n == r->cap) {
        if (r->scratch == NULL)
            r->scratch = arena_scratch(r->arena);
        struct pending *more = arena_make_n(r->scratch, r->cap * 2, struct pending);
        memcpy(more, r->pending, r->n * sizeof *more);
        r->pending = more;
        r->cap *= 2;
    }
    r->pending[r->n++] = *member;
}

/* What was pushed since there were `from`, in an array that is as long as need be. */
static struct cedar_json *pop_values(struct reader *r, size_t from)
{
    struct cedar_json *items = arena_make_n(r->arena, r->n - from, struct cedar_json);

    for (size_t i = from; i < r->n; i++)
        items[i - from] = r->pending[i].value;
    return items;
}

static bool read_array(struct reader *r, struct cedar_json *out, unsigned depth)
{
    size_t from = r->n;

    r->at++;
    if (!take(r, ']')) {
        do {
            struct pending item = { .name = { NULL, 0 } };
            skip_space(r);
            if (!read_value(r, &item.value, depth + 1))
                return false;
            push(r, &item);
        } while (take(r, ','));
        if (!take(r, ']'))
            return wrong(r, "`,` or `]`");
    }
    out->kind = CEDAR_JSON_ARRAY;
    out->n = r->n - from;
    out->items = pop_values(r, from);
    r->n = from;
    return true;
}

enum { FEW = 8 }; /* members that are looked at one after the other */

static bool same_name(struct str a, struct str b)
{
    return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

/* The first name that stands among those before it, or n. */
static size_t twice_of_few(const struct str *names, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (same_name(names[i], names[k]))
                return i;
    return n;
}

/* Sorts the indexes by name, bottom-up, so that a hostile object costs n log n. */
static uint32_t *sort_names(struct arena *a, const struct str *names, size_t n)
{
    uint32_t *from = arena_make_n(a, n, uint32_t), *to = arena_make_n(a, n, uint32_t);

    for (size_t i = 0; i < n; i++)
        from[i] = (uint32_t)i;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t at = 0; at < n; at += 2 * width) {
            size_t left = at, middle = at + width < n ? at + width : n, right = middle;
            size_t end = at + 2 * width < n ? at + 2 * width : n;
            for (size_t i = at; i < end; i++)
                to[i] = right == end || (left < middle && str_cmp(names[from[left]], names[from[right]]) <= 0)
                            ? from[left++]
                            : from[right++];
        }
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

static size_t twice_of_many(const struct str *names, const uint32_t *order, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (same_name(names[order[i - 1]], names[order[i]]))
            return order[i];
    return n;
}

static bool object_of(struct reader *r, size_t from, struct cedar_json *out)
{
    size_t n = r->n - from;
    struct str *names = arena_make_n(r->arena, n, struct str);
    struct cedar_span *spans = arena_make_n(r->arena, n, struct cedar_span);

    for (size_t i = 0; i < n; i++) {
        names[i] = r->pending[from + i].name;
        spans[i] = r->pending[from + i].name_span;
    }
    uint32_t *order = n > FEW ? sort_names(r->arena, names, n) : NULL;
    size_t twice = order != NULL ? twice_of_many(names, order, n) : twice_of_few(names, n);
    *out = (struct cedar_json){ .kind = CEDAR_JSON_OBJECT,
                                .n = n,
                                .items = pop_values(r, from),
                                .names = names,
                                .name_spans = spans,
                                .by_name = order };
    r->n = from;
    return twice == n || cedar_fault(r->d, CEDAR_FINDING_TWICE, spans[twice], "the name \"%.*s\" is given twice",
                                     STR_ARG(names[twice]));
}

/* For now in an arena of its own, and afterwards what it was is forgotten. */
static bool read_taken(struct reader *r, struct pending *member, unsigned depth)
{
    struct arena *tree = r->arena;

    r->arena = r->one;
    bool ok = read_value(r, &member->value, depth);
    r->arena = tree;
    if (ok)
        r->taker->take(r->taker, r->of, member->name, &member->value);
    member->value = (struct cedar_json){ .kind = member->value.kind, .span = member->value.span };
    arena_reset(r->one);
    return ok;
}

static size_t taken_of(const struct cedar_json_taker *taker, struct str name)
{
    for (size_t i = 0; taker != NULL && i < taker->n; i++)
        if (same_name(taker->of[i], name))
            return i;
    return NOT_TAKEN;
}

static bool read_member(struct reader *r, struct pending *member, unsigned depth)
{
    skip_space(r);
    size_t from = r->at;
    if (r->at >= r->text.n || r->text.p[r->at] != '"')
        return wrong(r, "a name in quotes");
    if (!read_string(r, &member->name))
        return false;
    member->name_span = here(r, from);
    if (!take(r, ':'))
        return wrong(r, "`:`");
    skip_space(r);
    if (depth == 1)
        r->of = taken_of(r->taker, member->name);
    return depth == 2 && r->of != NOT_TAKEN ? read_taken(r, member, depth + 1)
                                            : read_value(r, &member->value, depth + 1);
}

static bool read_object(struct reader *r, struct cedar_json *out, unsigned depth)
{
    size_t start = r->n;

    r->at++;
    if (!take(r, '}')) {
        do {
            struct pending member = { .name = { NULL, 0 } };
            if (!read_member(r, &member, depth))
                return false;
            push(r, &member);
        } while (take(r, ','));
        if (!take(r, '}'))
            return wrong(r, "`,` or `}`");
    }
    return object_of(r, start, out);
}

static bool read_word(struct reader *r, struct cedar_json *out)
{
    static const struct {
        struct str word;
        enum cedar_json_kind kind;
        bool value;
    } words[] = { { S("null"), CEDAR_JSON_NULL, false },
                  { S("true"), CEDAR_JSON_BOOL, true },
                  { S("false"), CEDAR_JSON_BOOL, false } };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_has_prefix(str_from(r->text, r->at), words[i].word)) {
            r->at += words[i].word.n;
            out->kind = words[i].kind;
            out->boolean = words[i].value;
            return true;
        }
    return wrong(r, "a value");
}

static bool read_value(struct reader *r, struct cedar_json *out, unsigned depth)
{
    char c = r->at < r->text.n ? r->text.p[r->at] : '\0';
    size_t from = r->at;
    bool ok;

    if (depth > CEDAR_JSON_DEPTH_MAX)
        return cedar_fault(r->d, CEDAR_FINDING_TOO_DEEP, here(r, from), "the JSON is nested deeper than %d levels",
                           CEDAR_JSON_DEPTH_MAX);
    *out = (struct cedar_json){ 0 };
    if (c == '{') {
        ok = read_object(r, out, depth);
    } else if (c == '[') {
        ok = read_array(r, out, depth);
    } else if (c == '"') {
        out->kind = CEDAR_JSON_STRING;
        ok = read_string(r, &out->text);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        ok = read_number(r, out);
    } else {
        ok = read_word(r, out);
    }
    out->span = here(r, from);
    return ok;
}

static bool read_whole(struct reader *r, struct cedar_json *root)
{
    skip_space(r);
    if (!read_value(r, root, 1))
        return false;
    skip_space(r);
    return r->at == r->text.n || wrong(r, "the end of the text");
}

const struct cedar_json *cedar_json_parse_taken(struct arena *a, struct cedar_diags *d, struct cedar_json_taker *taker)
{
    struct reader r; /* but for `few`, which is large */
    struct cedar_json *root = arena_make(a, struct cedar_json);
    struct cedar_span start = { 0, 0 };

    r.arena = a;
    r.d = d;
    r.text = d->source->text;
    r.at = r.n = 0;
    r.pending = r.few;
    r.cap = sizeof r.few / sizeof *r.few;
    r.scratch = NULL;
    r.taker = taker;
    r.of = NOT_TAKEN;

    if (r.text.n > CEDAR_TEXT_MAX_B)
        return (void)cedar_fault(d, CEDAR_FINDING_TOO_LARGE, start, "the text is larger than %d bytes",
                                 CEDAR_TEXT_MAX_B),
               NULL;
    if (r.text.n > 0 && !cedar_text_is_utf8(r.text))
        return (void)cedar_fault(d, CEDAR_FINDING_NOT_UTF8, start, "the text is not UTF-8"), NULL;
    arena_spend(d->arena, r.text.n / 4);
    r.one = taker != NULL ? arena_scratch(a) : NULL;
    bool ok = read_whole(&r, root);
    arena_free(r.one);
    arena_free(r.scratch);
    return ok ? root : NULL;
}

const struct cedar_json *cedar_json_parse_in(struct arena *a, struct cedar_diags *d)
{
    return cedar_json_parse_taken(a, d, NULL);
}

const struct cedar_json *cedar_json_parse(struct cedar_diags *d)
{
    return cedar_json_parse_in(d->arena, d);
}

const struct cedar_json *cedar_json_get(const struct cedar_json *o, struct str name)
{
    if (o == NULL || o->kind != CEDAR_JSON_OBJECT)
        return NULL;
    for (size_t i = 0; o->n <= FEW && i < o->n; i++)
        if (same_name(o->names[i], name))
            return &o->items[i];
    for (size_t low = 0, high = o->by_name != NULL ? o->n : 0; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = str_cmp(name, o->names[o->by_name[middle]]);
        if (order == 0)
            return &o->items[o->by_name[middle]];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

struct str cedar_json_text(const struct cedar_json *o, struct str name)
{
    const struct cedar_json *member = cedar_json_get(o, name);

    return member != NULL && member->kind == CEDAR_JSON_STRING ? member->text : (struct str){ NULL, 0 };
}

const char *cedar_json_kind_name(enum cedar_json_kind kind)
{
    static const char *const names[] = { "null",           "a boolean",
                                         "a whole number", "a number with a fraction or too large",
                                         "a string",       "an array",
                                         "an object" };

    return names[kind];
}

void cedar_json_quote(struct buf *b, struct str s)
{
    buf_byte(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\')
            buf_printf(b, "\\%c", (char)c);
        else if (c == '\n')
            buf_add(b, S("\\n"));
        else if (c < 0x20 || c == 0x7F)
            buf_printf(b, "\\u%04x", c);
        else
            buf_byte(b, (char)c);
    }
    buf_byte(b, '"');
}
