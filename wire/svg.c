/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/svg.h"

#include "wire/xml.h"

#include <libxml/tree.h>
#include <stdio.h>
#include <string.h>

#define SVG_NS   "http://www.w3.org/2000/svg"
#define XLINK_NS "http://www.w3.org/1999/xlink"
#define XHTML_NS "http://www.w3.org/1999/xhtml"

enum { NUMBER_MAX_B = 24, NAMED_MAX_B = 40 };

/* --- what may stand in a logo ------------------------------------------------------------------------------------ */

enum element_kind { SHAPE, HOLDER, CLIP, GRADIENT, LEFT_OUT, REFUSED };

static const struct element {
    const char *name;
    enum element_kind kind;
    enum logo_cause cause; /* of REFUSED */
} elements[] = {
    { "path", SHAPE, 0 },
    { "rect", SHAPE, 0 },
    { "circle", SHAPE, 0 },
    { "ellipse", SHAPE, 0 },
    { "line", SHAPE, 0 },
    { "polyline", SHAPE, 0 },
    { "polygon", SHAPE, 0 },
    { "g", HOLDER, 0 },
    { "defs", HOLDER, 0 },
    { "stop", HOLDER, 0 },
    { "clipPath", CLIP, 0 },
    { "linearGradient", GRADIENT, 0 },
    { "radialGradient", GRADIENT, 0 },
    { "title", LEFT_OUT, 0 },
    { "desc", LEFT_OUT, 0 },
    { "metadata", LEFT_OUT, 0 },
    { "script", REFUSED, LOGO_script },
    { "animate", REFUSED, LOGO_script },
    { "animateColor", REFUSED, LOGO_script },
    { "animateMotion", REFUSED, LOGO_script },
    { "animateTransform", REFUSED, LOGO_script },
    { "set", REFUSED, LOGO_script },
    { "text", REFUSED, LOGO_text },
    { "font", REFUSED, LOGO_text },
    { "style", REFUSED, LOGO_style },
    { "use", REFUSED, LOGO_clone },
    { "symbol", REFUSED, LOGO_clone },
    { "filter", REFUSED, LOGO_effect },
    { "mask", REFUSED, LOGO_effect },
    { "pattern", REFUSED, LOGO_effect },
    { "marker", REFUSED, LOGO_effect },
};
static const struct element any_other = { NULL, REFUSED, LOGO_element };

enum value_kind { PLAIN, PAINT, CLIPPING, NAME, REFERENCE };

/* Written in this order. */
static const struct attribute {
    const char *name;
    enum value_kind kind;
    bool styled; /* a property of CSS as well */
} attributes[] = {
    { "id", NAME, false },
    { "d", PLAIN, false },
    { "points", PLAIN, false },
    { "x", PLAIN, false },
    { "y", PLAIN, false },
    { "x1", PLAIN, false },
    { "y1", PLAIN, false },
    { "x2", PLAIN, false },
    { "y2", PLAIN, false },
    { "cx", PLAIN, false },
    { "cy", PLAIN, false },
    { "r", PLAIN, false },
    { "rx", PLAIN, false },
    { "ry", PLAIN, false },
    { "fx", PLAIN, false },
    { "fy", PLAIN, false },
    { "width", PLAIN, false },
    { "height", PLAIN, false },
    { "offset", PLAIN, false },
    { "transform", PLAIN, false },
    { "gradientTransform", PLAIN, false },
    { "gradientUnits", PLAIN, false },
    { "spreadMethod", PLAIN, false },
    { "clipPathUnits", PLAIN, false },
    { "href", REFERENCE, false },
    { "fill", PAINT, true },
    { "fill-rule", PLAIN, true },
    { "fill-opacity", PLAIN, true },
    { "stroke", PAINT, true },
    { "stroke-width", PLAIN, true },
    { "stroke-linecap", PLAIN, true },
    { "stroke-linejoin", PLAIN, true },
    { "stroke-miterlimit", PLAIN, true },
    { "stroke-opacity", PLAIN, true },
    { "opacity", PLAIN, true },
    { "color", PLAIN, true },
    { "clip-rule", PLAIN, true },
    { "clip-path", CLIPPING, true },
    { "stop-color", PLAIN, true },
    { "stop-opacity", PLAIN, true },
    { "display", PLAIN, true },
    { "visibility", PLAIN, true },
};
enum { ATTRIBUTES = sizeof attributes / sizeof *attributes };

static const char *const effects[] = { "filter", "mask",         "mask-image", "stroke-dasharray", "mix-blend-mode",
                                       "marker", "marker-start", "marker-mid", "marker-end" };

static const char *const functions[] = { "matrix", "translate", "scale", "rotate", "skewX",
                                         "skewY",  "rgb",       "rgba",  "hsl",    "hsla" };

/* --- while it is read -------------------------------------------------------------------------------------------- */

struct making {
    struct arena *arena;
    struct buf out;
    struct logo_fault *why;
    size_t elements, shapes;
};

struct at { /* where: what a fault names */
    const struct _xmlNode *node;
    size_t depth;
    bool in_clip;
};

static struct str view(const xmlChar *s)
{
    return str_of(s != NULL ? (const char *)s : "");
}

static bool refuse(struct making *m, enum logo_cause cause, long line, struct str what)
{
    char *to = m->why->what;

    m->why->cause = cause;
    m->why->line = (int)line;
    (void)snprintf(to, sizeof m->why->what, "%.*s", STR_ARG(what));
    for (size_t i = 0; to[i] != '\0'; i++)
        if ((unsigned char)to[i] < 0x20 || (unsigned char)to[i] > 0x7e)
            to[i] = '?';
    return false;
}

static bool refuse_at(struct making *m, const struct at *at, enum logo_cause cause, struct str attribute)
{
    struct str name = str_sub(attribute.n > 0 ? attribute : view(at->node->name), 0, NAMED_MAX_B);

    return refuse(m, cause, xmlGetLineNo(at->node),
                  attribute.n > 0 ? arena_join(m->arena, name, S("="))
                                  : arena_printf(m->arena, "<%.*s>", STR_ARG(name)));
}

/* --- values ------------------------------------------------------------------------------------------------------ */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_one_of(struct str word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(word, str_of(list[i])))
            return true;
    return false;
}

static bool is_effect(struct str name)
{
    return is_one_of(name, effects, sizeof effects / sizeof *effects);
}

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_letter(s.p[i]) && s.p[i] != '_' && (i == 0 || (!is_digit(s.p[i]) && s.p[i] != '-' && s.p[i] != '.')))
            return false;
    return s.n > 0;
}

/* No quote, colon, slash, backslash, at sign; a bracket only behind a function that is known. */
static bool is_plain(struct str s)
{
    size_t word = 0, open = 0;

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (is_letter(c)) {
            word++;
            continue;
        }
        if (c == '(' &&
            (open++ > 0 || !is_one_of(str_sub(s, i - word, word), functions, sizeof functions / sizeof *functions)))
            return false;
        if (c == ')' && open-- == 0)
            return false;
        if (!is_digit(c) && c != ' ' && strchr("+-.,%#()", c) == NULL)
            return false;
        word = 0;
    }
    return s.n > 0 && open == 0;
}

/* White space at the ends goes, and each run within becomes one space. */
static struct str tidied(struct arena *a, struct str s)
{
    struct buf b = buf_new(a, s.n + 1);
    bool space = false;

    for (size_t i = 0; i < s.n; i++) {
        bool now = is_space(s.p[i]);
        if (!now && space && b.n > 0)
            buf_byte(&b, ' ');
        if (!now)
            buf_byte(&b, s.p[i]);
        space = now;
    }
    return buf_str(&b);
}

/* url(#name), quoted or not; absent: anything else. */
static struct str url_name(struct str s)
{
    static const struct str none = { NULL, 0 };

    if (!str_has_prefix(s, S("url(")) || s.p[s.n - 1] != ')')
        return none;
    s = str_trim(str_sub(s, 4, s.n - 5));
    if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
        s = str_sub(s, 1, s.n - 2);
    return s.n > 1 && s.p[0] == '#' && is_name(str_from(s, 1)) ? str_from(s, 1) : none;
}

static bool read_paint(struct making *m, const struct at *at, const struct attribute *is, struct str s, struct str *out)
{
    struct str name = url_name(s);

    if (name.p == NULL && str_find(s, S("url(")) < s.n)
        return refuse_at(m, at, LOGO_url, str_of(is->name));
    if (name.p == NULL && !is_plain(s))
        return refuse_at(m, at, LOGO_value, str_of(is->name));
    *out = name.p != NULL ? arena_printf(m->arena, "url(#%.*s)", STR_ARG(name)) : s;
    return true;
}

static bool read_clipping(struct making *m, const struct at *at, const struct attribute *is, struct str s,
                          struct str *out)
{
    struct str name = url_name(s);

    if (str_eq(s, S("none")))
        return true;
    if (name.p == NULL)
        return refuse_at(m, at, LOGO_url, str_of(is->name));
    if (at->in_clip)
        return refuse_at(m, at, LOGO_nested, str_of(is->name));
    *out = arena_printf(m->arena, "url(#%.*s)", STR_ARG(name));
    return true;
}

/* *out stays absent where nothing is to be written. */
static bool read_value(struct making *m, const struct at *at, const struct attribute *is, struct str raw,
                       struct str *out)
{
    struct str s = tidied(m->arena, raw);

    switch (is->kind) {
    case PAINT:
        return s.n == 0 || read_paint(m, at, is, s, out);
    case CLIPPING:
        return s.n == 0 || read_clipping(m, at, is, s, out);
    case NAME:
        if (is_name(s))
            *out = s;
        return true;
    case REFERENCE:
        if (s.n < 2 || s.p[0] != '#' || !is_name(str_from(s, 1)))
            return refuse_at(m, at, LOGO_link, S("href"));
        *out = s;
        return true;
    case PLAIN:
        break;
    }
    if (str_find(s, S("url(")) < s.n)
        return refuse_at(m, at, LOGO_url, str_of(is->name));
    if (s.n > 0 && !is_plain(s))
        return refuse_at(m, at, LOGO_value, str_of(is->name));
    if (s.n > 0)
        *out = s;
    return true;
}

/* --- attributes -------------------------------------------------------------------------------------------------- */

static size_t place_of(struct str name, bool styled)
{
    for (size_t i = 0; i < ATTRIBUTES; i++)
        if (str_eq(name, str_of(attributes[i].name)) && (!styled || attributes[i].styled))
            return i;
    return ATTRIBUTES;
}

static bool changes_picture(struct str name, struct str value)
{
    return is_effect(name) && value.n > 0 && !str_eq(value, S("none")) && !str_eq(value, S("normal"));
}

/* What draws nothing and leads nowhere is left out; what could do either is named. */
static bool look_at_other(struct making *m, const struct at *at, struct str name, struct str value)
{
    if (changes_picture(name, str_trim(value)))
        return refuse_at(m, at, LOGO_effect, name);
    if (name.n > 2 && str_eq_case(str_sub(name, 0, 2), S("on")))
        return refuse_at(m, at, LOGO_script, name);
    return str_find(value, S("url(")) == value.n || refuse_at(m, at, LOGO_url, name);
}

static bool read_style(struct making *m, const struct at *at, struct str style, struct str values[ATTRIBUTES])
{
    struct str one;

    for (struct str rest = style; style.n > 0 && str_split(&rest, ';', &one);) {
        size_t colon = str_find_byte(one, ':', 0);
        struct str name = str_trim(str_sub(one, 0, colon));
        struct str value = str_trim(str_from(one, colon < one.n ? colon + 1 : one.n));
        size_t place = place_of(name, true);
        if (place == ATTRIBUTES ? !look_at_other(m, at, name, value)
                                : !read_value(m, at, &attributes[place], value, &values[place]))
            return false;
    }
    return true;
}

static struct str text_of(struct making *m, const xmlAttr *x)
{
    xmlChar *text = xmlNodeListGetString(x->doc, x->children, 1);
    struct str out = arena_str(m->arena, view(text));

    xmlFree(text);
    return out;
}

static bool read_attribute(struct making *m, const struct at *at, const xmlAttr *x, bool gradient,
                           struct str values[ATTRIBUTES])
{
    struct str name = view(x->name), value = text_of(m, x);
    bool linked = x->ns != NULL && str_eq(view(x->ns->href), S(XLINK_NS));

    if (x->ns != NULL && !(linked && str_eq(name, S("href"))))
        return true;
    if (str_eq(name, S("href")) && !gradient)
        return refuse_at(m, at, LOGO_link, name);
    if (str_eq(name, S("style")))
        return true; /* after the others, which it overrides */
    size_t place = place_of(name, false);
    return place == ATTRIBUTES ? look_at_other(m, at, name, value)
                               : read_value(m, at, &attributes[place], value, &values[place]);
}

static bool read_attributes(struct making *m, const struct at *at, bool gradient, struct str values[ATTRIBUTES])
{
    struct str style = { NULL, 0 };

    for (const xmlAttr *x = at->node->properties; x != NULL; x = x->next) {
        if (!read_attribute(m, at, x, gradient, values))
            return false;
        if (x->ns == NULL && str_eq(view(x->name), S("style")))
            style = text_of(m, x);
    }
    return read_style(m, at, style, values);
}

static void write_attributes(struct making *m, const struct str values[ATTRIBUTES])
{
    for (size_t i = 0; i < ATTRIBUTES; i++)
        if (str_is_set(values[i]))
            buf_printf(&m->out, " %s=\"%.*s\"", attributes[i].name, STR_ARG(values[i]));
}

/* --- elements ---------------------------------------------------------------------------------------------------- */

/* One without a namespace is taken for one of SVG, as it was meant: what is written has it. */
static bool is_of_svg(const struct _xmlNode *n)
{
    return n->ns == NULL || str_eq(view(n->ns->href), S(SVG_NS));
}

static const struct element *element_of(const struct _xmlNode *n)
{
    static const struct element note = { NULL, LEFT_OUT, 0 };

    if (!is_of_svg(n))
        return str_eq(view(n->ns->href), S(XHTML_NS)) ? &any_other : &note;
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        if (str_eq(view(n->name), str_of(elements[i].name)))
            return &elements[i];
    return &any_other;
}

static bool write_children(struct making *m, const struct at *at);

static bool write_element(struct making *m, struct at at)
{
    const struct element *is = element_of(at.node);
    struct str values[ATTRIBUTES] = { { NULL, 0 } };

    if (++m->elements > SVG_ELEMENTS_MAX)
        return refuse_at(m, &at, LOGO_many, S(""));
    if (at.depth > SVG_DEPTH_MAX)
        return refuse_at(m, &at, LOGO_deep, S(""));
    if (is->kind == REFUSED)
        return refuse_at(m, &at, is->cause, S(""));
    if (is->kind == LEFT_OUT)
        return true;
    at.in_clip |= is->kind == CLIP;
    m->shapes += is->kind == SHAPE;
    if (!read_attributes(m, &at, is->kind == GRADIENT, values))
        return false;
    buf_printf(&m->out, "<%s", is->name);
    write_attributes(m, values);
    if (xml_first(at.node) == NULL) {
        buf_add(&m->out, S("/>"));
        return true;
    }
    buf_byte(&m->out, '>');
    if (!write_children(m, &at))
        return false;
    buf_printf(&m->out, "</%s>", is->name);
    return true;
}

static bool write_children(struct making *m, const struct at *at)
{
    for (const struct _xmlNode *n = xml_first(at->node); n != NULL; n = xml_next(n))
        if (!write_element(m, (struct at){ n, at->depth + 1, at->in_clip }))
            return false;
    return true;
}

/* --- its size ---------------------------------------------------------------------------------------------------- */

/* "24", "24.5", "-3": digits enough for any drawing, and nothing that a locale changes. */
static bool read_number(struct str s, double *out)
{
    double value = 0, part = 1;
    bool minus = s.n > 0 && s.p[0] == '-', dot = false, any = false;

    if (s.n > NUMBER_MAX_B)
        return false;
    for (size_t i = minus ? 1 : 0; i < s.n; i++) {
        if (s.p[i] == '.' && !dot) {
            dot = true;
            continue;
        }
        if (!is_digit(s.p[i]))
            return false;
        any = true;
        part *= dot ? 0.1 : 1;
        value = dot ? value + part * (s.p[i] - '0') : value * 10 + (s.p[i] - '0');
    }
    *out = minus ? -value : value;
    return any;
}

static bool is_side(double x)
{
    return x > 0 && x <= SVG_SIDE_MAX;
}

struct size {
    struct str box; /* the four numbers, with one space between; absent: it says none */
    double width, height;
};

static struct size size_of_box(struct making *m, struct str box)
{
    struct str parts[4] = { { NULL, 0 } }, one;
    char *text = arena_alloc(m->arena, box.n + 1);
    double numbers[4] = { 0 };
    size_t n = 0;

    for (size_t i = 0; i < box.n; i++)
        text[i] = box.p[i];
    for (size_t i = 0; i < box.n; i++)
        if (is_space(text[i]) || text[i] == ',')
            text[i] = ' ';
    for (struct str rest = str_n(text, box.n); str_split(&rest, ' ', &one);) {
        if (one.n == 0)
            continue;
        if (n == 4 || !read_number(one, &numbers[n]))
            return (struct size){ .width = 0 };
        parts[n++] = one;
    }
    if (n < 4)
        return (struct size){ .width = 0 };
    return (struct size){ arena_printf(m->arena, "%.*s %.*s %.*s %.*s", STR_ARG(parts[0]), STR_ARG(parts[1]),
                                       STR_ARG(parts[2]), STR_ARG(parts[3])),
                          numbers[2], numbers[3] };
}

static struct str without_px(struct str s)
{
    s = str_trim(s);
    return s.n > 2 && str_eq(str_from(s, s.n - 2), S("px")) ? str_sub(s, 0, s.n - 2) : s;
}

static struct size size_of(struct making *m, const struct _xmlNode *root)
{
    struct str box = xml_attr(m->arena, root, NULL, "viewBox");
    struct str w = without_px(xml_attr(m->arena, root, NULL, "width"));
    struct str h = without_px(xml_attr(m->arena, root, NULL, "height"));
    struct size is = { .width = 0 };

    if (str_is_set(box))
        return size_of_box(m, box);
    if (read_number(w, &is.width) && read_number(h, &is.height))
        is.box = arena_printf(m->arena, "0 0 %.*s %.*s", STR_ARG(w), STR_ARG(h));
    return is;
}

static bool write_root(struct making *m, const struct _xmlNode *root)
{
    struct at at = { root, 0, false };
    struct str values[ATTRIBUTES] = { { NULL, 0 } };

    if (!is_of_svg(root) || !str_eq(view(root->name), S("svg")))
        return refuse_at(m, &at, LOGO_root, S(""));
    const struct size size = size_of(m, root);
    if (!str_is_set(size.box) || !is_side(size.width) || !is_side(size.height))
        return refuse_at(m, &at, LOGO_viewbox, S(""));
    if (size.width > size.height * LOGO_RATIO_MAX || size.height > size.width * LOGO_RATIO_MAX)
        return refuse_at(m, &at, LOGO_sides, S(""));
    if (!read_attributes(m, &at, false, values))
        return false;
    for (const char *const *none = (const char *const[]){ "x", "y", "width", "height", NULL }; *none != NULL; none++)
        values[place_of(str_of(*none), false)] = (struct str){ NULL, 0 };
    buf_printf(&m->out, "<svg xmlns=\"" SVG_NS "\" viewBox=\"%.*s\"", STR_ARG(size.box));
    write_attributes(m, values);
    buf_byte(&m->out, '>');
    if (!write_children(m, &at))
        return false;
    buf_add(&m->out, S("</svg>"));
    return m->shapes > 0 || refuse_at(m, &at, LOGO_empty, S(""));
}

/* --- the file ---------------------------------------------------------------------------------------------------- */

static struct str without_mark(struct str file)
{
    return str_has_prefix(file, S("\xef\xbb\xbf")) ? str_from(file, 3) : file;
}

bool svg_is(struct str file)
{
    file = without_mark(file);
    while (file.n > 0 && is_space(file.p[0]))
        file = str_from(file, 1);
    return file.n > 0 && file.p[0] == '<';
}

static long line_of(struct str text, size_t at)
{
    long line = 1;

    for (size_t i = 0; i < at; i++)
        line += text.p[i] == '\n';
    return line;
}

/* Wherever it stands: also within a comment, where nobody misses it. */
static bool has_doctype(struct making *m, struct str svg)
{
    static const struct str marks[] = { S("<!DOCTYPE"), S("<!ENTITY"), S("<!doctype") };

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t at = str_find(svg, marks[i]);
        if (at < svg.n)
            return !refuse(m, LOGO_doctype, line_of(svg, at), marks[i]);
    }
    return false;
}

/* "line 7: …" of a failure's words; 0: they name none. */
static long line_named(const char *words)
{
    long line = 0;

    if (strncmp(words, "line ", 5) == 0)
        for (const char *p = words + 5; is_digit(*p) && line < LOGO_IN_MAX_B; p++)
            line = line * 10 + (*p - '0');
    return line;
}

bool svg_make(struct arena *a, struct str svg, struct str *out, struct logo_fault *why)
{
    struct making m = { .arena = a, .why = why };
    struct fail f = { 0 };

    if (svg.n > LOGO_MAX_B)
        return refuse(&m, LOGO_large, 0, S(""));
    if (has_doctype(&m, svg))
        return false;
    struct _xmlDoc *doc = xml_parse_metadata(a, svg, LOGO_MAX_B, &f);
    if (doc == NULL)
        return refuse(&m, strcmp(f.code, "xml_depth") == 0 ? LOGO_deep : LOGO_xml, line_named(f.detail),
                      str_of(f.code));
    m.out = buf_new(a, LOGO_MAX_B);
    if (!write_root(&m, xml_root(doc)))
        return false;
    if (!buf_ok(&m.out))
        return refuse(&m, LOGO_large, 0, S(""));
    *out = buf_str(&m.out);
    return true;
}
