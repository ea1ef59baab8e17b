/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/compare.h"

#include "gateway/console/lines.h"
#include "model/when.h"
#include "wire/json.h"

enum { FIELDS_MAX = 64, VALUE_MAX_B = 4096, SECONDS_AT_LEAST = 1000000000 };

/* ── lines ──────────────────────────────────────────────────────────────── */

static struct strs lines_of_text(struct arena *a, struct str text)
{
    struct strs lines = { arena_make_n(a, COMPARE_LINES_MAX + 1, struct str), 0 };
    struct str line;

    while (lines.n <= COMPARE_LINES_MAX && text.n > 0 && str_split(&text, '\n', &line))
        lines.at[lines.n++] = line;
    return lines;
}

/* Which of each belong to the longest part that both have, in its order; beyond COMPARE_LINES_MAX none do. */
static void mark_common(struct arena *a, const struct strs *x, const struct strs *y, bool *in_x, bool *in_y)
{
    size_t w = y->n + 1;

    if (x->n > COMPARE_LINES_MAX || y->n > COMPARE_LINES_MAX)
        return;
    uint16_t *common = arena_make_n(a, (x->n + 1) * w, uint16_t); /* of what follows */
    for (size_t i = x->n; i-- > 0;)
        for (size_t k = y->n; k-- > 0;) {
            uint16_t down = common[(i + 1) * w + k], right = common[i * w + k + 1];
            common[i * w + k] = str_eq(x->at[i], y->at[k]) ? (uint16_t)(common[(i + 1) * w + k + 1] + 1)
                                : down >= right            ? down
                                                           : right;
        }
    for (size_t i = 0, k = 0; i < x->n && k < y->n;)
        if (str_eq(x->at[i], y->at[k]))
            in_x[i++] = in_y[k++] = true;
        else if (common[(i + 1) * w + k] >= common[i * w + k + 1])
            i++;
        else
            k++;
}

struct text_line *compare_lines(struct arena *a, struct str before, struct str after, size_t *n)
{
    struct strs x = lines_of_text(a, before), y = lines_of_text(a, after);
    struct text_line *out = arena_make_n(a, x.n + y.n + 1, struct text_line);
    bool *in_x = arena_make_n(a, x.n + 1, bool), *in_y = arena_make_n(a, y.n + 1, bool);

    *n = 0;
    mark_common(a, &x, &y, in_x, in_y);
    for (size_t i = 0, k = 0; i < x.n || k < y.n;)
        if (i < x.n && !in_x[i]) {
            out[(*n)++] = (struct text_line){ x.at[i++], false, true };
        } else if (k < y.n && !in_y[k]) {
            out[(*n)++] = (struct text_line){ y.at[k++], true, false };
        } else {
            out[(*n)++] = (struct text_line){ x.at[i++], false, false };
            k++;
        }
    return out;
}

/* ── words ──────────────────────────────────────────────────────────────── */

/* Each with the space before it. */
static struct strs words_of_text(struct arena *a, struct str text)
{
    struct strs words = { arena_make_n(a, COMPARE_LINES_MAX + 2, struct str), 0 };

    while (words.n <= COMPARE_LINES_MAX && text.n > 0) {
        size_t end = str_find_byte(text, ' ', 1);
        words.at[words.n++] = str_sub(text, 0, end);
        text = str_from(text, end);
    }
    return words;
}

/* Words that stand beside one another and are alike in this are one part. */
static struct word_parts parts_of(struct arena *a, struct str text, const struct strs *words, const bool *common)
{
    struct word_part *parts = arena_make_n(a, words->n + 1, struct word_part);
    size_t n = 0;

    if (words->n > COMPARE_LINES_MAX) {
        parts[0] = (struct word_part){ text, true };
        return (struct word_parts){ parts, 1 };
    }
    for (size_t i = 0; i < words->n; i++)
        if (n > 0 && parts[n - 1].changed != common[i])
            parts[n - 1].text.n += words->at[i].n;
        else
            parts[n++] = (struct word_part){ words->at[i], !common[i] };
    return (struct word_parts){ parts, n };
}

void compare_words(struct arena *a, struct str before, struct str after, struct word_parts *was, struct word_parts *now)
{
    struct strs x = words_of_text(a, before), y = words_of_text(a, after);
    bool *in_x = arena_make_n(a, x.n + 1, bool), *in_y = arena_make_n(a, y.n + 1, bool);

    mark_common(a, &x, &y, in_x, in_y);
    *was = parts_of(a, before, &x, in_x);
    *now = parts_of(a, after, &y, in_y);
}

/* ── rows ───────────────────────────────────────────────────────────────── */

static struct str value_text(struct ctx *c, const struct json_value *v)
{
    struct buf b = buf_new(c->arena, VALUE_MAX_B);

    switch (v->type) {
    case JSON_STR:
        return v->text;
    case JSON_INT:
        return arena_printf(c->arena, "%lld", (long long)v->integer);
    case JSON_ARRAY:
        for (const struct json_value *one = v->first; one != NULL; one = one->next) {
            buf_add(&b, b.n > 0 ? S(", ") : S(""));
            buf_add(&b, value_text(c, one));
        }
        return buf_ok(&b) ? buf_str(&b) : S("…");
    default:
        return v->text.p != NULL ? v->text : v->type == JSON_BOOL ? (v->boolean ? S("true") : S("false")) : S("–");
    }
}

/* Unix seconds, as people read them. */
static bool is_time(const struct json_value *x)
{
    static const char *const names[] = { "from", "to", "until", "withdrawn" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (x->type == JSON_INT && x->integer > SECONDS_AT_LEAST && str_eq(x->name, str_of(names[i])))
            return true;
    return false;
}

static void put_fields(struct ctx *c, const struct json_value *side, bool is_after, bool has_text,
                       struct diff_line *lines, size_t *n)
{
    for (const struct json_value *x = side != NULL ? side->first : NULL; x != NULL; x = x->next) {
        size_t i = 0;
        if (has_text && (str_eq(x->name, S("text")) || str_eq(x->name, S("id")) || str_eq(x->name, S("layer"))))
            continue; /* said otherwise on the page */
        while (i < *n && !str_eq(lines[i].name, x->name))
            i++;
        if (i == FIELDS_MAX)
            return;
        if (i == *n)
            lines[(*n)++] = (struct diff_line){ .name = x->name };
        *(is_after ? &lines[i].after : &lines[i].before) =
            is_time(x) ? when_full(c->arena, x->integer, c->lang) : value_text(c, x);
    }
}

struct draft_row_view compare_row(struct ctx *c, const struct change_row_shown *row)
{
    struct fail f = { 0 };
    struct str rest = row->row, kind;
    struct draft_row_view v = { .added = row->sign == '+', .removed = row->sign == '-' };
    const struct json_value *before = str_is_set(row->before) ? json_parse(c->arena, row->before, &f) : NULL;
    const struct json_value *after = str_is_set(row->after) ? json_parse(c->arena, row->after, &f) : NULL;
    struct str was = json_get_str(before, S("text")), now = json_get_str(after, S("text"));
    struct diff_line *fields = arena_make_n(c->arena, FIELDS_MAX, struct diff_line);

    (void)str_split(&rest, ' ', &kind);
    v.kind = kind;
    v.key = rest;
    bool is_policy = str_eq(kind, S("policy")) && (str_is_set(was) || str_is_set(now));
    if (is_policy) {
        compare_words(c->arena, lines_policy(c, was), lines_policy(c, now), &v.was, &v.now);
        v.lines.at = compare_lines(c->arena, was, now, &v.lines.n);
    }
    if (!str_is_set(v.key))
        v.key = S("");
    put_fields(c, before, false, is_policy, fields, &v.fields.n);
    put_fields(c, after, true, is_policy, fields, &v.fields.n);
    v.fields.at = fields;
    return v;
}
