/* SPDX-License-Identifier: EUPL-1.2
 * Rows as JSON.  A member is a key of the registry's file; "name.fi" stands as fi in name.  A list is an array.  null
 * is "not said"; of a secret it says that there is one, which is not shown. */
#include "gateway/api/api.h"

#include "base/crypt.h"

#include <inttypes.h>
#include <string.h>

enum { MEMBER_MAX_B = 128, COLUMNS_SHOWN_MAX = 160 };

/* ── out ────────────────────────────────────────────────────────────────── */

static void put_list(struct json_out *o, struct str lines)
{
    struct str line;

    json_begin_array(o);
    while (str_split(&lines, '\n', &line))
        if (line.n > 0)
            json_str(o, line);
    json_end_array(o);
}

static void put_value(struct json_out *o, const struct field_about *about, const struct row_field *f)
{
    int64_t number;

    if (about->shape == SHAPE_SECRET)
        json_nil(o);
    else if (about->shape == SHAPE_LIST || about->shape == SHAPE_WORDS)
        put_list(o, f->value);
    else if (about->shape == SHAPE_FLAG)
        json_bool(o, str_eq(f->value, S("true")));
    else if (about->shape == SHAPE_NUMBER && str_int(f->value, &number))
        json_int(o, number);
    else
        json_str(o, f->value);
}

static struct str group_of(struct str name)
{
    size_t dot = str_find_byte(name, '.', 0);

    return dot < name.n ? str_sub(name, 0, dot) : S("");
}

void api_write_row(struct json_out *o, const struct kind_about *about, const struct row_seen *row)
{
    struct str open = S("");

    json_begin_object(o);
    for (size_t i = 0; i < row->field_count; i++) {
        const struct row_field *f = &row->fields[i];
        struct str group = group_of(f->name);
        bool left_out = f->value.p == NULL && about->fields[i].shape != SHAPE_SECRET; /* a long one, of a list */
        if (left_out || (!f->is_set && !about->fields[i].is_key))
            continue;
        if (!str_eq(group, open)) {
            if (open.n > 0)
                json_end_object(o);
            if (group.n > 0) {
                json_key(o, group);
                json_begin_object(o);
            }
            open = group;
        }
        json_key(o, group.n > 0 ? str_from(f->name, group.n + 1) : f->name);
        put_value(o, &about->fields[i], f);
    }
    if (open.n > 0)
        json_end_object(o);
    json_end_object(o);
}

void api_write_wanted(struct json_out *o, const struct kind_about *about, const struct api_write *w)
{
    struct row_field fields[COLUMNS_SHOWN_MAX];
    struct row_seen row = { .id = w->row, .fields = fields };

    for (size_t i = 0; i < about->field_count && i < COLUMNS_SHOWN_MAX; i++) {
        struct row_field *f = &fields[row.field_count++];
        *f = (struct row_field){ .name = str_of(about->fields[i].name),
                                 .is_secret = about->fields[i].shape == SHAPE_SECRET };
        if (about->fields[i].is_key)
            f->value = w->row.key[about->parent != NULL ? 1 : 0];
        for (size_t k = 0; k < w->field_count; k++)
            if (str_eq(w->fields[k].name, f->name)) {
                f->value = w->fields[k].value;
                f->is_set = f->value.p != NULL;
            }
    }
    api_write_row(o, about, &row);
}

struct str api_etag(struct arena *a, const struct kind_about *about, const struct row_seen *row)
{
    struct json_out o = json_out(a, API_ANSWER_MAX_B);

    api_write_row(&o, about, row);
    return arena_printf(a, "\"%.*s\"", STR_ARG(str_sub(sha256_hex(a, buf_str(&o.buf)), 0, ETAG_B)));
}

/* ── in ─────────────────────────────────────────────────────────────────── */

static const struct field_about *field_named(const struct kind_about *about, struct str name, size_t *at)
{
    for (size_t i = 0; i < about->field_count; i++)
        if (str_eq(name, str_of(about->fields[i].name))) {
            *at = i;
            return &about->fields[i];
        }
    return NULL;
}

static bool wrong_type(struct fail *f, struct str name, const char *expected)
{
    return fail(f, FAIL_CALLER, "invalid_row", "%.*s: expected %s", STR_ARG(name), expected);
}

static bool read_list(struct arena *a, struct str name, const struct json_value *v, struct str *out, struct fail *f)
{
    struct buf b = buf_new(a, EDIT_FIELD_MAX_B);

    if (v->type != JSON_ARRAY)
        return wrong_type(f, name, "an array of texts");
    for (const struct json_value *item = v->first; item != NULL; item = item->next) {
        if (item->type != JSON_STR || str_trim(item->text).n == 0 || str_find_byte(item->text, '\n', 0) < item->text.n)
            return wrong_type(f, name, "an array of texts, none empty and each of one line");
        if (b.n > 0)
            buf_byte(&b, '\n');
        buf_add(&b, item->text);
    }
    *out = buf_str(&b);
    return buf_ok(&b) || wrong_type(f, name, "a shorter list");
}

static bool read_value(struct arena *a, const struct field_about *about, struct str name, const struct json_value *v,
                       struct str *out, struct fail *f)
{
    switch (about->shape) {
    case SHAPE_LIST:
    case SHAPE_WORDS:
        return read_list(a, name, v, out, f);
    case SHAPE_FLAG:
        *out = v->boolean ? S("true") : S("false");
        return v->type == JSON_BOOL || wrong_type(f, name, "true or false");
    case SHAPE_NUMBER:
        *out = arena_printf(a, "%" PRId64, v->integer);
        return v->type == JSON_INT || wrong_type(f, name, "a whole number");
    default:
        *out = v->text;
        return v->type == JSON_STR || wrong_type(f, name, "a text");
    }
}

struct reading {
    struct arena *arena;
    const struct kind_about *about;
    struct str *values; /* by field */
    bool *said;
    struct fail *fail;
};

static bool read_member(struct reading *r, struct str name, const struct json_value *v)
{
    size_t at;
    const struct field_about *about = field_named(r->about, name, &at);

    if (about == NULL)
        return fail(r->fail, FAIL_CALLER, "unknown_key", "a %s has no member %.*s: see " API_ROOT "openapi.json",
                    r->about->kind, STR_ARG(str_sub(name, 0, MEMBER_MAX_B)));
    if (v->type == JSON_NULL)
        return true;
    r->said[at] = true;
    return read_value(r->arena, about, name, v, &r->values[at], r->fail);
}

static bool read_members(struct reading *r, const struct json_value *v)
{
    bool good = true;

    for (const struct json_value *m = v->first; good && m != NULL; m = m->next) {
        if (m->type != JSON_OBJECT) {
            good = read_member(r, m->name, m);
            continue;
        }
        for (const struct json_value *in = m->first; good && in != NULL; in = in->next)
            good = read_member(r, arena_printf(r->arena, "%.*s.%.*s", STR_ARG(m->name), STR_ARG(in->name)), in);
    }
    return good;
}

/* The path says it; a body that says it as well says the same. */
static bool same_key(const struct reading *r, const struct api_write *w, size_t field)
{
    size_t part = r->about->parent != NULL ? 1 : 0;

    return !r->said[field] || str_eq(r->values[field], w->row.key[part]) ||
           fail(r->fail, FAIL_CALLER, "invalid_row", "%s is not the one of the path", r->about->fields[field].name);
}

bool api_read_row(struct arena *a, const struct kind_about *about, const struct json_value *v, struct api_write *out,
                  struct fail *f)
{
    struct reading r = { .arena = a, .about = about, .fail = f };

    r.values = arena_make_n(a, about->field_count, struct str);
    r.said = arena_make_n(a, about->field_count, bool);
    if (!read_members(&r, v))
        return false;
    out->fields = arena_make_n(a, about->field_count, struct edit_field);
    for (size_t i = 0; i < about->field_count; i++) {
        const struct field_about *at = &about->fields[i];
        if (at->is_key && !same_key(&r, out, i))
            return false;
        if (at->is_key || (at->shape == SHAPE_SECRET && !r.said[i]))
            continue;
        out->fields[out->field_count++] = (struct edit_field){ str_of(at->name), r.values[i] };
    }
    return true;
}
