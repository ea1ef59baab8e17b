/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/json.h"

#include <inttypes.h>

struct json_out json_out(struct arena *a, size_t ceiling_B)
{
    return (struct json_out){ .buf = buf_new(a, ceiling_B) };
}

/* Before each value or name: the comma that it may need. */
static void separate(struct json_out *o)
{
    if (o->comma)
        buf_byte(&o->buf, ',');
    o->comma = true;
}

static void begin(struct json_out *o, char bracket)
{
    separate(o);
    buf_byte(&o->buf, bracket);
    o->depth++;
    o->comma = false;
}

static void end(struct json_out *o, char bracket)
{
    o->buf.over |= o->depth == 0; /* more ends than beginnings: never a text */
    o->depth--;
    buf_byte(&o->buf, bracket);
    o->comma = true;
}

void json_begin_object(struct json_out *o)
{
    begin(o, '{');
}

void json_end_object(struct json_out *o)
{
    end(o, '}');
}

void json_begin_array(struct json_out *o)
{
    begin(o, '[');
}

void json_end_array(struct json_out *o)
{
    end(o, ']');
}

static void put_escaped(struct json_out *o, unsigned char c)
{
    switch (c) {
    case '"':
        buf_add(&o->buf, S("\\\""));
        break;
    case '\\':
        buf_add(&o->buf, S("\\\\"));
        break;
    case '\n':
        buf_add(&o->buf, S("\\n"));
        break;
    case '\r':
        buf_add(&o->buf, S("\\r"));
        break;
    case '\t':
        buf_add(&o->buf, S("\\t"));
        break;
    default:
        buf_printf(&o->buf, "\\u%04x", c);
    }
}

/* How many bytes from s form whole characters that need no escape. */
static size_t plain_run(struct str s)
{
    size_t n = 0;

    while (n < s.n && (unsigned char)s.p[n] >= 0x20 && s.p[n] != '"' && s.p[n] != '\\' && s.p[n] != 0x7f)
        n++;
    return n;
}

/* Length of the character at the head of s; 0 when that is none. */
static size_t utf8_head(struct str s)
{
    for (size_t n = 1; n <= 4 && n <= s.n; n++)
        if (str_is_utf8(str_sub(s, 0, n)))
            return n;
    return 0;
}

/* Text that is not UTF-8 as a whole goes character by character. */
static void put_broken(struct json_out *o, struct str s)
{
    while (s.n > 0) {
        size_t n = utf8_head(s);
        if (n == 0)
            buf_add(&o->buf, S("\xEF\xBF\xBD"));
        else if (n == 1 && plain_run(str_sub(s, 0, 1)) == 0)
            put_escaped(o, (unsigned char)s.p[0]);
        else
            buf_add(&o->buf, str_sub(s, 0, n));
        s = str_from(s, n == 0 ? 1 : n);
    }
}

static void put_quoted(struct json_out *o, struct str s)
{
    buf_byte(&o->buf, '"');
    if (!str_is_utf8(s))
        put_broken(o, s);
    else
        while (s.n > 0) {
            size_t n = plain_run(s);
            buf_add(&o->buf, str_sub(s, 0, n));
            if (n < s.n)
                put_escaped(o, (unsigned char)s.p[n++]);
            s = str_from(s, n);
        }
    buf_byte(&o->buf, '"');
}

void json_key(struct json_out *o, struct str name)
{
    separate(o);
    put_quoted(o, name);
    buf_byte(&o->buf, ':');
    o->comma = false;
}

void json_str(struct json_out *o, struct str value)
{
    if (value.p == NULL) {
        json_nil(o);
        return;
    }
    separate(o);
    put_quoted(o, value);
}

void json_int(struct json_out *o, int64_t value)
{
    separate(o);
    buf_printf(&o->buf, "%" PRId64, value);
}

void json_bool(struct json_out *o, bool value)
{
    json_raw(o, value ? S("true") : S("false"));
}

void json_nil(struct json_out *o)
{
    json_raw(o, S("null"));
}

void json_raw(struct json_out *o, struct str json)
{
    separate(o);
    buf_add(&o->buf, json);
}

/* Opens v, or writes it whole when it has no children; gives the next value to
 * write, in reading order, closing what ends on the way. */
static const struct json_value *write_one(struct json_out *o, const struct json_value *v, const struct json_value **up,
                                          unsigned *depth)
{
    if (v->name.p != NULL && *depth > 0)
        json_key(o, v->name);
    if (v->type == JSON_OBJECT || v->type == JSON_ARRAY) {
        begin(o, v->type == JSON_OBJECT ? '{' : '[');
        if (v->first != NULL) {
            up[(*depth)++] = v;
            return v->first;
        }
        end(o, v->type == JSON_OBJECT ? '}' : ']');
    } else if (v->type == JSON_STR) {
        json_str(o, v->text);
    } else {
        json_raw(o, v->text);
    }
    while (*depth > 0 && v->next == NULL) {
        v = up[--*depth];
        end(o, v->type == JSON_OBJECT ? '}' : ']');
    }
    return *depth > 0 ? v->next : NULL;
}

void json_value(struct json_out *o, const struct json_value *v)
{
    const struct json_value *up[JSON_DEPTH_MAX];
    unsigned depth = 0;

    while (v != NULL)
        v = write_one(o, v, up, &depth);
}

void json_put_str(struct json_out *o, struct str name, struct str value)
{
    if (value.p == NULL)
        return;
    json_key(o, name);
    json_str(o, value);
}

void json_put_int(struct json_out *o, struct str name, int64_t value)
{
    json_key(o, name);
    json_int(o, value);
}

void json_put_bool(struct json_out *o, struct str name, bool value)
{
    json_key(o, name);
    json_bool(o, value);
}

struct str json_done(const struct json_out *o)
{
    return o->depth == 0 && buf_ok(&o->buf) ? buf_str(&o->buf) : (struct str){ NULL, 0 };
}
