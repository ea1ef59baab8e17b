/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/form.h"

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool is_control(unsigned char c)
{
    return (c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f;
}

/* Decodes one name or value into memory that holds at least as much. */
static bool decode(struct str raw, char *to, struct str *out, struct fail *f)
{
    size_t n = 0;

    for (size_t i = 0; i < raw.n; i++) {
        unsigned char c = (unsigned char)raw.p[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            int high = i + 2 < raw.n ? hex_digit(raw.p[i + 1]) : -1;
            int low = i + 2 < raw.n ? hex_digit(raw.p[i + 2]) : -1;
            if (high < 0 || low < 0)
                return fail(f, FAIL_CALLER, "invalid_request", "a %%-escape is broken");
            c = (unsigned char)(high * 16 + low);
            i += 2;
        }
        if (is_control(c))
            return fail(f, FAIL_CALLER, "invalid_request", "a parameter holds control byte %d", c);
        to[n++] = (char)c;
    }
    *out = str_n(to, n);
    return str_is_utf8(*out) || fail(f, FAIL_CALLER, "invalid_request", "a parameter is not UTF-8");
}

static bool may_repeat(struct str name)
{
    return str_eq(name, S("resource")) || str_eq(name, S("audience"));
}

/* Quadratic in at most FORM_FIELDS_MAX, on hashes: cheaper than a table for what forms hold. */
static bool is_repeated(const struct form *form, const uint64_t *hashes, uint64_t hash, struct str name)
{
    for (size_t i = 0; i < form->count; i++)
        if (hashes[i] == hash && str_eq(form->fields[i].name, name))
            return !may_repeat(name);
    return false;
}

bool form_read(struct arena *a, struct str text, struct form **out, struct fail *f)
{
    struct form *form = arena_make(a, struct form);
    size_t most = text.n > 0 ? 1 : 0;
    uint64_t hashes[FORM_FIELDS_MAX];
    struct str part;

    for (size_t i = 0; i < text.n; i++)
        most += text.p[i] == '&';
    if (most > FORM_FIELDS_MAX)
        return fail(f, FAIL_CALLER, "invalid_request", "%zu parameters", most);
    form->fields = arena_make_n(a, most, struct form_field);
    char *to = arena_alloc(a, text.n);
    for (struct str rest = text; text.n > 0 && str_split(&rest, '&', &part);) {
        if (part.n == 0)
            continue;
        size_t eq = str_find_byte(part, '=', 0);
        struct form_field *field = &form->fields[form->count];
        if (!decode(str_sub(part, 0, eq), to, &field->name, f))
            return false;
        to += field->name.n;
        if (!decode(str_from(part, eq < part.n ? eq + 1 : eq), to, &field->value, f))
            return false;
        to += field->value.n;
        uint64_t hash = str_hash(field->name, 0);
        if (is_repeated(form, hashes, hash, field->name))
            return fail(f, FAIL_CALLER, "invalid_request", "%.*s comes twice",
                        (int)(field->name.n < 40 ? field->name.n : 40), field->name.p);
        hashes[form->count++] = hash;
    }
    *out = form;
    return true;
}

struct str form_get_nth(const struct form *form, struct str name, size_t n)
{
    for (size_t i = 0; form != NULL && i < form->count; i++)
        if (str_eq(form->fields[i].name, name) && n-- == 0)
            return form->fields[i].value;
    return (struct str){ NULL, 0 };
}

struct str form_get(const struct form *form, struct str name)
{
    return form_get_nth(form, name, 0);
}

struct str form_file(const struct form *form, struct str name)
{
    for (size_t i = 0; form != NULL && i < form->file_count; i++)
        if (str_eq(form->files[i].name, name))
            return form->files[i].value;
    return (struct str){ NULL, 0 };
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void url_escape(struct buf *b, struct str text)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (is_unreserved((char)c))
            buf_byte(b, (char)c);
        else
            buf_add(b, str_n((char[]){ '%', hex[c >> 4], hex[c & 15] }, 3));
    }
}

static void pair(struct buf *b, char sep, struct str name, struct str value)
{
    if (sep != '\0')
        buf_byte(b, sep);
    url_escape(b, name);
    buf_byte(b, '=');
    url_escape(b, value);
}

void url_query(struct buf *b, struct str name, struct str value)
{
    struct str so_far = buf_str(b);
    size_t mark = str_find_byte(so_far, '?', 0);

    if (value.p == NULL)
        return;
    if (mark == so_far.n)
        pair(b, '?', name, value);
    else
        pair(b, mark + 1 == so_far.n || so_far.p[so_far.n - 1] == '&' ? '\0' : '&', name, value);
}

struct str url_to(struct arena *a, struct str to, struct str name, struct str value)
{
    struct buf b = buf_new(a, to.n + 3 * (name.n + value.n) + 3);

    buf_add(&b, to);
    url_query(&b, name, value);
    return buf_str(&b);
}

void form_add(struct buf *b, struct str name, struct str value)
{
    if (value.p != NULL)
        pair(b, b->n == 0 ? '\0' : '&', name, value);
}

struct str form_typed(const struct form *form, struct str name, size_t most)
{
    return str_chars(str_trim(form_get(form, name)), most, SIZE_MAX);
}

struct str form_lines(struct arena *a, const struct form *form, struct str name, size_t most)
{
    struct str typed = form_typed(form, name, most);
    struct buf b = buf_new(a, 4 * most + 1);
    bool gap = false;

    for (size_t i = 0; i < typed.n; i++) {
        char x = typed.p[i];
        bool between = x == '\n' || x == '\r' || x == ',' || x == ' ' || x == '\t' || x == ';';
        if (!between && gap && b.n > 0)
            buf_byte(&b, '\n');
        if (!between)
            buf_byte(&b, x);
        gap = between;
    }
    return buf_str(&b);
}
