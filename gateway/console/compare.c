/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/compare.h"

#include "gateway/console/lines.h"
#include "wire/json.h"

enum { FIELDS_MAX = 64, VALUE_MAX_B = 4096 };

/* ── lines ──────────────────────────────────────────────────────────────── */

static struct strs lines_of_text(struct arena *a, struct str text)
{
    struct strs lines = { arena_make_n(a, COMPARE_LINES_MAX + 1, struct str), 0 };
    struct str line;

    while (lines.n <= COMPARE_LINES_MAX && text.n > 0 && str_split(&text, '\n', &line))
        lines.at[lines.n++] = line;
    return lines;
}

static void put_all(struct text_line *out, size_t *n, const struct strs *lines, bool plus)
{
    for (size_t i = 0; i < lines->n; i++)
        out[(*n)++] = (struct text_line){ lines->at[i], plus, !plus };
}

/* The longest common part, from behind; then both are walked along it. */
struct text_line *compare_lines(struct arena *a, struct str before, struct str after, size_t *n)
{
    struct strs x = lines_of_text(a, before), y = lines_of_text(a, after);
    struct text_line *out = arena_make_n(a, x.n + y.n + 1, struct text_line);
    size_t w = y.n + 1;

    *n = 0;
    if (x.n > COMPARE_LINES_MAX || y.n > COMPARE_LINES_MAX) {
        put_all(out, n, &x, false);
        put_all(out, n, &y, true);
        return out;
    }
    uint16_t *common = arena_make_n(a, (x.n + 1) * w, uint16_t);
    for (size_t i = x.n; i-- > 0;)
        for (size_t k = y.n; k-- > 0;) {
            uint16_t down = common[(i + 1) * w + k], right = common[i * w + k + 1];
            common[i * w + k] = str_eq(x.at[i], y.at[k]) ? (uint16_t)(common[(i + 1) * w + k + 1] + 1)
                                : down >= right          ? down
                                                         : right;
        }
    size_t i = 0, k = 0;
    while (i < x.n || k < y.n)
        if (i < x.n && k < y.n && str_eq(x.at[i], y.at[k])) {
            out[(*n)++] = (struct text_line){ x.at[i++], false, false };
            k++;
        } else if (i < x.n && (k == y.n || common[(i + 1) * w + k] >= common[i * w + k + 1])) {
            out[(*n)++] = (struct text_line){ x.at[i++], false, true };
        } else {
            out[(*n)++] = (struct text_line){ y.at[k++], true, false };
        }
    return out;
}

/* ── rows ───────────────────────────────────────────────────────────────── */

static struct str value_text(struct ctx *c, const struct json_value *v)
{
    struct buf b = buf_new(c->arena, VALUE_MAX_B);

    switch (v->type) {
    case JSON_STR:
        return v->text;
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
        *(is_after ? &lines[i].after : &lines[i].before) = value_text(c, x);
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
        v.was = lines_policy(c, was);
        v.now = lines_policy(c, now);
        v.lines.at = compare_lines(c->arena, was, now, &v.lines.n);
    }
    put_fields(c, before, false, is_policy, fields, &v.fields.n);
    put_fields(c, after, true, is_policy, fields, &v.fields.n);
    v.fields.at = fields;
    return v;
}
