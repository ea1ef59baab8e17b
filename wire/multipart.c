/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/multipart.h"

static const struct str form_data = S("multipart/form-data");

bool is_multipart(struct str content_type)
{
    return str_eq_case(str_trim(str_sub(content_type, 0, str_find_byte(content_type, ';', 0))), form_data);
}

static bool broken(struct fail *f, const char *what)
{
    return fail(f, FAIL_CALLER, "invalid_request", "a form with a file: %s", what);
}

/* ── parameters of a header ─────────────────────────────────────────────── */

static struct str quoted_end(struct str rest, struct str *value)
{
    size_t end = str_find_byte(rest, '"', 1);

    if (end == rest.n)
        return (struct str){ NULL, 0 };
    *value = str_sub(rest, 1, end - 1);
    return str_from(rest, end + 1);
}

/* The value of ; name=value or name="value"; absent: there is none, or the header is broken.  Browsers write %22 for
 * a quotation mark, so that none is escaped [WHATWG HTML, multipart/form-data]. */
static struct str parameter(struct str header, struct str name)
{
    struct str rest = str_from(header, str_find_byte(header, ';', 0)), value;

    while (rest.n > 0) {
        rest = str_trim(str_from(rest, 1)); /* behind the ';' */
        size_t eq = str_find_byte(rest, '=', 0);
        struct str word = str_trim(str_sub(rest, 0, eq));
        rest = str_from(rest, eq + 1);
        if (rest.n > 0 && rest.p[0] == '"') {
            rest = str_trim(quoted_end(rest, &value));
            if (rest.p == NULL || (rest.n > 0 && rest.p[0] != ';'))
                break;
        } else {
            size_t end = str_find_byte(rest, ';', 0);
            value = str_trim(str_sub(rest, 0, end));
            rest = str_from(rest, end);
        }
        if (str_eq_case(word, name))
            return value.n > 0 ? value : S("");
    }
    return (struct str){ NULL, 0 };
}

/* ── parts ──────────────────────────────────────────────────────────────── */

struct reading {
    struct str rest, boundary; /* boundary: with the two dashes */
    struct form *form;
    struct fail *fail;
};

/* The bytes before CRLF and the boundary, which are taken. */
static bool take_content(struct reading *x, struct str *out)
{
    for (size_t at = str_find_byte(x->rest, '\r', 0); at < x->rest.n; at = str_find_byte(x->rest, '\r', at + 1))
        if (str_has_prefix(str_from(x->rest, at + 1), S("\n")) &&
            str_has_prefix(str_from(x->rest, at + 2), x->boundary)) {
            *out = str_sub(x->rest, 0, at);
            x->rest = str_from(x->rest, at + 2 + x->boundary.n);
            return true;
        }
    return broken(x->fail, "its end is missing");
}

static bool take_line(struct reading *x, struct str *out, size_t *left_B)
{
    size_t end = str_find_byte(str_sub(x->rest, 0, *left_B), '\n', 0);

    if (end >= x->rest.n || end >= *left_B || end == 0 || x->rest.p[end - 1] != '\r')
        return broken(x->fail, "a part has no header, or a long one");
    *out = str_sub(x->rest, 0, end - 1);
    x->rest = str_from(x->rest, end + 1);
    *left_B -= end + 1;
    return true;
}

static bool take_disposition(struct reading *x, struct str *out)
{
    size_t left_B = MULTIPART_HEADER_MAX_B;
    struct str line;

    *out = (struct str){ NULL, 0 };
    while (take_line(x, &line, &left_B)) {
        size_t colon = str_find_byte(line, ':', 0);
        if (line.n == 0)
            return true;
        if (str_eq_case(str_sub(line, 0, colon), S("Content-Disposition")))
            *out = str_trim(str_from(line, colon + 1));
    }
    return false;
}

static bool is_text(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
            return false;
    }
    return str_is_utf8(s);
}

static bool has(const struct form_field *at, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(at[i].name, name))
            return true;
    return false;
}

static bool keep(struct reading *x, struct str name, bool file, struct str value)
{
    struct form *form = x->form;
    struct form_field *to = file ? &form->files[form->file_count] : &form->fields[form->count];

    if (file ? form->file_count == MULTIPART_FILES_MAX : form->count == FORM_FIELDS_MAX)
        return broken(x->fail, "too many parts");
    if (!is_text(name) || (!file && !is_text(value)))
        return broken(x->fail, "a text is not UTF-8, or holds a control byte");
    if (has(form->fields, form->count, name) || has(form->files, form->file_count, name))
        return broken(x->fail, "a part comes twice");
    *to = (struct form_field){ name, value.n > 0 ? value : S("") };
    *(file ? &form->file_count : &form->count) += 1;
    return true;
}

static bool take_part(struct reading *x)
{
    struct str disposition, content;

    if (!take_disposition(x, &disposition) || !take_content(x, &content))
        return false;
    struct str kind = str_trim(str_sub(disposition, 0, str_find_byte(disposition, ';', 0)));
    struct str name = parameter(disposition, S("name"));
    struct str file = parameter(disposition, S("filename"));
    if (!str_eq_case(kind, S("form-data")) || !str_is_set(name))
        return broken(x->fail, "a part has no name");
    if (file.p != NULL && file.n == 0 && content.n == 0)
        return true; /* no file was chosen */
    return keep(x, name, file.p != NULL, content);
}

bool multipart_read(struct arena *a, struct str content_type, struct str body, struct form **out, struct fail *f)
{
    struct str boundary = parameter(content_type, S("boundary"));
    struct reading x = { .rest = body, .form = arena_make(a, struct form), .fail = f };

    if (boundary.n == 0 || boundary.n > MULTIPART_BOUNDARY_MAX_B)
        return broken(f, "its boundary is missing or too long");
    x.boundary = arena_join(a, S("--"), boundary);
    x.form->fields = arena_make_n(a, FORM_FIELDS_MAX, struct form_field);
    x.form->files = arena_make_n(a, MULTIPART_FILES_MAX, struct form_field);
    if (!str_has_prefix(x.rest, x.boundary))
        return broken(f, "it does not begin with its boundary");
    x.rest = str_from(x.rest, x.boundary.n);
    while (!str_has_prefix(x.rest, S("--"))) {
        if (!str_has_prefix(x.rest, S("\r\n")))
            return broken(f, "a boundary does not end its line");
        x.rest = str_from(x.rest, 2);
        if (!take_part(&x))
            return false;
    }
    *out = x.form;
    return true;
}
