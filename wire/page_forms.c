/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/page_forms.h"

enum { ENTITY_MAX_B = 10, ATTRIBUTES_MAX = 64 };

struct attribute {
    struct str name, value; /* value: not decoded; absent: it has none */
};

struct tag {
    struct str name;
    bool ends; /* </name> */
    struct attribute at[ATTRIBUTES_MAX];
    size_t n;
};

struct reading {
    struct arena *arena;
    struct str page;
    size_t at;
    struct page_forms *out;
    struct page_form *form; /* that is open; NULL: none */
    bool has_button;
};

/* ── bytes ──────────────────────────────────────────────────────────────── */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool at_end(const struct reading *r)
{
    return r->at >= r->page.n;
}

static char here(const struct reading *r)
{
    return r->page.p[r->at];
}

static void skip_spaces(struct reading *r)
{
    while (!at_end(r) && is_space(here(r)))
        r->at++;
}

/* ── text of an attribute ───────────────────────────────────────────────── */

static const struct {
    struct str name;
    char byte;
} entities[] = { { S("amp"), '&' },   { S("lt"), '<' },  { S("gt"), '>' },    { S("quot"), '"' },  { S("apos"), '\'' },
                 { S("colon"), ':' }, { S("sol"), '/' }, { S("quest"), '?' }, { S("equals"), '=' } };

static void add_utf8(struct buf *b, uint32_t c)
{
    if (c < 0x80) {
        buf_byte(b, (char)c);
    } else if (c < 0x800) {
        buf_byte(b, (char)(0xc0 | c >> 6));
        buf_byte(b, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        buf_byte(b, (char)(0xe0 | c >> 12));
        buf_byte(b, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_byte(b, (char)(0x80 | (c & 0x3f)));
    } else {
        buf_byte(b, (char)(0xf0 | c >> 18));
        buf_byte(b, (char)(0x80 | (c >> 12 & 0x3f)));
        buf_byte(b, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_byte(b, (char)(0x80 | (c & 0x3f)));
    }
}

static int digit_of(char c, uint32_t base)
{
    int d = c >= '0' && c <= '9'                 ? c - '0'
            : base == 16 && c >= 'a' && c <= 'f' ? c - 'a' + 10
            : base == 16 && c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;

    return d;
}

/* "#39" or "#x2f"; 0: it is none, or stands for nothing that a form has. */
static uint32_t number_of(struct str name)
{
    bool hex = name.n > 1 && (name.p[1] == 'x' || name.p[1] == 'X');
    uint32_t n = 0, base = hex ? 16 : 10;
    size_t i = hex ? 2 : 1;

    if (name.n <= i || name.p[0] != '#')
        return 0;
    for (; i < name.n; i++) {
        int d = digit_of(name.p[i], base);
        if (d < 0 || n > 0x10ffff)
            return 0;
        n = n * base + (uint32_t)d;
    }
    return n > 0x10ffff || (n >= 0xd800 && n < 0xe000) ? 0 : n;
}

/* One that is not known stays as it is written. */
static bool add_entity(struct buf *b, struct str name)
{
    uint32_t n = number_of(name);

    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (str_eq(entities[i].name, name))
            n = (unsigned char)entities[i].byte;
    if (n == 0)
        return false;
    add_utf8(b, n);
    return true;
}

static struct str decoded(struct reading *r, struct str text)
{
    struct buf b = buf_new(r->arena, PAGE_ATTRIBUTE_MAX_B);

    if (str_find_byte(text, '&', 0) == text.n)
        return text;
    for (size_t i = 0; i < text.n; i++) {
        struct str near = str_sub(text, i + 1, ENTITY_MAX_B);
        size_t end = text.p[i] == '&' ? str_find_byte(near, ';', 0) : near.n;
        if (end < near.n && add_entity(&b, str_sub(near, 0, end)))
            i += end + 1;
        else
            buf_byte(&b, text.p[i]);
    }
    if (!buf_ok(&b))
        r->out->too_much = true;
    return buf_ok(&b) ? buf_str(&b) : S("");
}

/* ── tags ───────────────────────────────────────────────────────────────── */

static struct str take_until(struct reading *r, bool (*stops)(char))
{
    size_t from = r->at;

    while (!at_end(r) && !stops(here(r)))
        r->at++;
    return str_sub(r->page, from, r->at - from);
}

static bool ends_name(char c)
{
    return is_space(c) || c == '/' || c == '>';
}

static bool ends_attribute(char c)
{
    return ends_name(c) || c == '=';
}

static bool ends_bare(char c)
{
    return is_space(c) || c == '>';
}

static struct str take_value(struct reading *r)
{
    char quote = at_end(r) ? '\0' : here(r);

    if (quote != '"' && quote != '\'')
        return take_until(r, ends_bare);
    size_t from = ++r->at, end = str_find_byte(r->page, quote, from);
    r->at = end < r->page.n ? end + 1 : end;
    return str_sub(r->page, from, end - from);
}

static void take_attribute(struct reading *r, struct tag *t)
{
    struct attribute x = { .name = take_until(r, ends_attribute) };

    skip_spaces(r);
    if (!at_end(r) && here(r) == '=') {
        r->at++;
        skip_spaces(r);
        x.value = take_value(r);
    }
    if (x.name.n == 0 && x.value.p == NULL)
        r->at++; /* a slash */
    else if (t->n < ATTRIBUTES_MAX)
        t->at[t->n++] = x;
    else
        r->out->too_much = true;
}

/* Behind "<". */
static void take_tag(struct reading *r, struct tag *t)
{
    t->n = 0;
    t->ends = here(r) == '/';
    if (t->ends)
        r->at++;
    t->name = take_until(r, ends_name);
    for (;;) {
        skip_spaces(r);
        if (at_end(r))
            return;
        if (here(r) == '>') {
            r->at++;
            return;
        }
        take_attribute(r, t);
    }
}

/* Absent: the tag does not say it.  Of two the first counts, as in a browser. */
static struct str attribute(struct reading *r, const struct tag *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (str_eq_case(t->at[i].name, str_of(name)))
            return t->at[i].value.p != NULL ? decoded(r, t->at[i].value) : S("");
    return (struct str){ NULL, 0 };
}

static bool has(const struct tag *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (str_eq_case(t->at[i].name, str_of(name)))
            return true;
    return false;
}

static bool is_tag(const struct tag *t, const char *name)
{
    return str_eq_case(t->name, str_of(name));
}

/* ── forms ──────────────────────────────────────────────────────────────── */

static void open_form(struct reading *r, const struct tag *t)
{
    if (r->form != NULL)
        return;
    if (r->out->n == PAGE_FORMS_MAX) {
        r->out->too_much = true;
        return;
    }
    struct str action = attribute(r, t, "action");
    r->form = &r->out->at[r->out->n++];
    *r->form = (struct page_form){ .action = action.p != NULL ? str_trim(action) : S(""),
                                   .post = str_eq_case(attribute(r, t, "method"), S("post")),
                                   .fields = arena_make_n(r->arena, PAGE_FORM_FIELDS_MAX, struct page_field) };
    r->has_button = false;
}

static void add_field(struct reading *r, const struct tag *t, enum page_field_kind kind, struct str preset)
{
    struct str name = attribute(r, t, "name"), value = attribute(r, t, "value");

    if (!str_is_set(name) || has(t, "disabled"))
        return;
    if (r->form->field_count == PAGE_FORM_FIELDS_MAX) {
        r->out->too_much = true;
        return;
    }
    r->form->fields[r->form->field_count++] = (struct page_field){ kind, name, value.p != NULL ? value : preset };
    r->form->passwords += kind == PAGE_FIELD_PASSWORD;
    r->form->texts += kind == PAGE_FIELD_TEXT;
}

static void add_button(struct reading *r, const struct tag *t)
{
    if (r->has_button || has(t, "disabled"))
        return;
    r->has_button = true;
    add_field(r, t, PAGE_FIELD_OTHER, S(""));
}

static void take_input(struct reading *r, const struct tag *t)
{
    static const char *const others[] = { "reset", "button", "file", "image" };
    struct str type = attribute(r, t, "type");

    if (str_eq_case(type, S("password"))) {
        add_field(r, t, PAGE_FIELD_PASSWORD, S(""));
    } else if (str_eq_case(type, S("hidden"))) {
        add_field(r, t, PAGE_FIELD_HIDDEN, S(""));
    } else if (str_eq_case(type, S("submit"))) {
        add_button(r, t);
    } else if (str_eq_case(type, S("checkbox")) || str_eq_case(type, S("radio"))) {
        if (has(t, "checked"))
            add_field(r, t, PAGE_FIELD_OTHER, S("on"));
    } else {
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            if (str_eq_case(type, str_of(others[i])))
                return;
        add_field(r, t, PAGE_FIELD_TEXT, S(""));
    }
}

static void take_part(struct reading *r, const struct tag *t)
{
    struct str type = attribute(r, t, "type");

    if (is_tag(t, "input"))
        take_input(r, t);
    else if (is_tag(t, "button") && (type.p == NULL || str_eq_case(type, S("submit"))))
        add_button(r, t);
    else if (is_tag(t, "select") || is_tag(t, "textarea"))
        r->form->unread = true;
}

/* ── the page ───────────────────────────────────────────────────────────── */

static bool begins(struct str rest, struct str name)
{
    return rest.n >= name.n && str_eq_case(str_sub(rest, 0, name.n), name);
}

/* To the end tag of that name, where there is one; else there is nothing more [WHATWG HTML 13.2.5.4]. */
static void skip_raw(struct reading *r, struct str name)
{
    for (; !at_end(r); r->at++) {
        r->at = str_find_byte(r->page, '<', r->at);
        struct str rest = str_from(r->page, r->at + 1);
        if (rest.n > name.n + 1 && rest.p[0] == '/' && begins(str_from(rest, 1), name) && ends_name(rest.p[name.n + 1]))
            return;
    }
}

static void skip_comment(struct reading *r)
{
    size_t end = str_find(str_from(r->page, r->at), S("-->"));

    r->at = r->at + end + 3 < r->page.n ? r->at + end + 3 : r->page.n;
}

static bool is_raw(const struct tag *t)
{
    static const char *const names[] = {
        "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"
    };

    for (size_t i = 0; i < sizeof names / sizeof *names && !t->ends; i++)
        if (is_tag(t, names[i]))
            return true;
    return false;
}

static void take(struct reading *r, struct tag *t)
{
    take_tag(r, t);
    if (is_tag(t, "form") && t->ends)
        r->form = NULL;
    else if (is_tag(t, "form"))
        open_form(r, t);
    else if (r->form != NULL && !t->ends)
        take_part(r, t);
    if (is_raw(t))
        skip_raw(r, t->name);
}

void page_forms_read(struct arena *a, struct str page, struct page_forms *out)
{
    struct reading r = { .arena = a, .page = page, .out = out };
    struct tag *t = arena_make(a, struct tag);

    *out = (struct page_forms){ .n = 0 };
    while ((r.at = str_find_byte(page, '<', r.at)) < page.n) {
        struct str rest = str_from(page, ++r.at);
        if (begins(rest, S("!--")))
            skip_comment(&r);
        else if (rest.n > 0 && (is_letter(rest.p[0]) || (rest.n > 1 && rest.p[0] == '/' && is_letter(rest.p[1]))))
            take(&r, t);
    }
}
