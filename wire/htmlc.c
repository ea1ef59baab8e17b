/* SPDX-License-Identifier: EUPL-1.2
 * wire/htmlc.c: the template compiler, a program of the build and no part of the product.
 *
 *     htmlc OUT.c table HEADER ASSETS                              the static files of a folder as a table
 *     htmlc OUT.c views HEADER ASSETS FOLDER... TEXTS.def...       one C function per page of the first folder,
 *                                                                  texts_easy.def, texts_se.def: some of them again
 *
 * `void view_<name>(struct buf *, const struct <view> *)`; what pages include may stand in the other folders.  The
 * language is described in wire/html.h.  Every mistake in a template or a text ends the build with file and line: what
 * only types can tell (an unknown variable, a value that must not stand in an attribute) is found by the C compiler,
 * which is told the template's file and line with #line.
 *
 * The place of each value in the markup is followed character by character, so a template cannot put a value where
 * its escaping would not hold: outside quotes, in a script, a style or an attribute that runs code.
 */
#include "base/arena.h"

#include <ctype.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    FILE_MAX_B = 4 << 20,
    TEXTS_MAX = 3000,
    LANGS = 3,
    VARIETIES = 2,
    INCLUDES_MAX = 8,
    PARTS_MAX = 4,
    BLOCKS_MAX = 32,
    OUT_MAX_B = 32 << 20,
    WORD_MAX_B = 64
};

/* --- sources and mistakes --------------------------------------------------------------------------------- */

struct source {
    const char *path;
    struct str text;
    size_t at;
    int line;
};

static void __attribute__((noreturn, format(printf, 2, 3))) mistake(const struct source *s, const char *fmt, ...)
{
    char said[1024];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(said, sizeof said, fmt, ap);
    va_end(ap);
    (void)fprintf(stderr, "%s:%d: error: %s\n", s->path, s->line, said);
    exit(1);
}

static struct str file_read(struct arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    struct source nowhere = { .path = path };

    if (f == NULL || fseek(f, 0, SEEK_END) != 0)
        mistake(&nowhere, "cannot be read");
    long n = ftell(f);
    rewind(f);
    if (n < 0 || n > FILE_MAX_B)
        mistake(&nowhere, "is too large");
    char *p = arena_alloc(a, (size_t)n + 1);
    if (fread(p, 1, (size_t)n, f) != (size_t)n)
        mistake(&nowhere, "cannot be read");
    (void)fclose(f);
    return str_n(p, (size_t)n);
}

static struct source source_open(struct arena *a, const char *path)
{
    return (struct source){ .path = path, .text = file_read(a, path), .line = 1 };
}

static bool source_left(const struct source *s)
{
    return s->at < s->text.n;
}

static char source_take(struct source *s)
{
    char c = s->text.p[s->at++];

    s->line += c == '\n';
    return c;
}

static bool source_has(const struct source *s, struct str what)
{
    return str_has_prefix(str_from(s->text, s->at), what);
}

static void source_skip_space(struct source *s)
{
    while (source_left(s) && isspace((unsigned char)s->text.p[s->at]))
        (void)source_take(s);
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* --- texts ------------------------------------------------------------------------------------------------ */

struct text {
    struct str key, in[LANGS];
    struct str again[VARIETIES]; /* absent: Finnish stands in its place */
};

struct texts {
    struct text at[TEXTS_MAX];
    size_t n;
};

static const char *const lang_names[LANGS] = { "LANG_FI", "LANG_SV", "LANG_EN" };

/* A language that has some of the texts, in pages of Finnish.  One that is not Finnish is marked as what it is, by an
 * element, and so stands nowhere where there can be none: attributes, titles, choices [WCAG 3.1.2]. */
static const struct variety {
    const char *file, *name, *lang;
} varieties[VARIETIES] = { { "_easy.def", "VARIETY_EASY", NULL }, { "_se.def", "VARIETY_SE", "se" } };

/* Skips white space, comments and preprocessor lines. */
static void texts_skip(struct source *s)
{
    for (;;) {
        source_skip_space(s);
        if (source_has(s, S("/*"))) {
            while (source_left(s) && !source_has(s, S("*/")))
                (void)source_take(s);
            s->at += 2;
        } else {
            return;
        }
    }
}

static void texts_expect(struct source *s, char c)
{
    texts_skip(s);
    if (!source_left(s) || s->text.p[s->at] != c)
        mistake(s, "'%c' expected", c);
    (void)source_take(s);
}

/* "…" "…": C strings, joined; of escapes only \" and \\. */
static struct str texts_string(struct arena *a, struct source *s)
{
    struct buf out = buf_new(a, 4096);

    for (texts_expect(s, '"');; texts_expect(s, '"')) {
        for (char c = 0; source_left(s) && (c = source_take(s)) != '"';) {
            if (c == '\n')
                mistake(s, "a text ends on its line");
            if (c == '\\' && source_left(s))
                c = source_take(s);
            buf_byte(&out, c);
        }
        texts_skip(s);
        if (!source_has(s, S("\"")))
            break;
    }
    if (out.n == 0 || !str_is_utf8(buf_str(&out)))
        mistake(s, "a text is empty or not UTF-8");
    return buf_str(&out);
}

static struct str texts_key(struct source *s)
{
    texts_skip(s);
    size_t from = s->at;
    while (source_left(s) && is_name_char(s->text.p[s->at]))
        (void)source_take(s);
    return str_sub(s->text, from, s->at - from);
}

/* The next {name} of a text at or after *at; false when there is none.  *from: where its brace stands. */
static bool text_argument(struct str text, size_t *at, size_t *from, struct str *name)
{
    *from = str_find_byte(text, '{', *at);
    if (*from == text.n)
        return false;
    size_t end = str_find_byte(text, '}', *from);
    *name = str_sub(text, *from + 1, end - *from - 1);
    *at = end + 1;
    return true;
}

static bool text_has_argument(struct str text, struct str wanted)
{
    struct str name;
    size_t at = 0, from;

    while (text_argument(text, &at, &from, &name))
        if (str_eq(name, wanted))
            return true;
    return false;
}

/* Each language says the same things: an argument of one is an argument of all. */
static void text_check(const struct source *s, const struct text *t)
{
    for (int i = 0; i < LANGS; i++) {
        struct str name;
        size_t at = 0, from;
        while (text_argument(t->in[i], &at, &from, &name))
            for (int k = 0; k < LANGS; k++)
                if (!text_has_argument(t->in[k], name))
                    mistake(s, "text %.*s: {%.*s} is missing in a language", STR_ARG(t->key), STR_ARG(name));
    }
}

static struct text *texts_find(struct texts *texts, struct str key)
{
    for (size_t i = 0; i < texts->n; i++)
        if (str_eq(texts->at[i].key, key))
            return &texts->at[i];
    return NULL;
}

/* What the Finnish text is told, all of it, and nothing else. */
static void again_check(const struct source *s, const struct text *t, struct str again)
{
    const struct str sides[] = { t->in[0], again };

    for (int i = 0; i < 2; i++) {
        struct str name;
        size_t at = 0, from;
        while (text_argument(sides[i], &at, &from, &name))
            if (!text_has_argument(sides[1 - i], name))
                mistake(s, "text %.*s: {%.*s} is not in both", STR_ARG(t->key), STR_ARG(name));
    }
}

/* AGAIN(key, "text") …, of texts that were read before. */
static void texts_read_again(struct arena *a, struct texts *texts, const char *path, int variety)
{
    struct source s = source_open(a, path);

    for (texts_skip(&s); source_left(&s); texts_skip(&s)) {
        if (!str_eq(texts_key(&s), S("AGAIN")))
            mistake(&s, "AGAIN(key, text) expected");
        texts_expect(&s, '(');
        struct str key = texts_key(&s);
        struct text *t = texts_find(texts, key);
        if (t == NULL || t->again[variety].p != NULL)
            mistake(&s, "text key '%.*s' is not there, or stands twice", STR_ARG(key));
        texts_expect(&s, ',');
        t->again[variety] = texts_string(a, &s);
        texts_expect(&s, ')');
        again_check(&s, t, t->again[variety]);
    }
}

/* TEXT(key, "fi", "sv", "en") … */
static void texts_read(struct arena *a, struct texts *texts, const char *path)
{
    struct source s = source_open(a, path);

    for (texts_skip(&s); source_left(&s); texts_skip(&s)) {
        struct text *t = &texts->at[texts->n];
        if (!str_eq(texts_key(&s), S("TEXT")))
            mistake(&s, "TEXT(key, fi, sv, en) expected");
        texts_expect(&s, '(');
        t->key = texts_key(&s);
        if (t->key.n == 0 || texts_find(texts, t->key) != NULL)
            mistake(&s, "text key '%.*s' is empty or stands twice", STR_ARG(t->key));
        for (int i = 0; i < LANGS; i++) {
            texts_expect(&s, ',');
            t->in[i] = texts_string(a, &s);
        }
        texts_expect(&s, ')');
        text_check(&s, t);
        if (++texts->n == TEXTS_MAX)
            mistake(&s, "more than %d texts", TEXTS_MAX - 1);
    }
}

/* --- C literals ------------------------------------------------------------------------------------------- */

static void put_byte_escaped(struct buf *b, char c)
{
    if (c == '"' || c == '\\')
        buf_byte(b, '\\');
    if (c == '\n')
        buf_add(b, S("\\n"));
    else if ((unsigned char)c < ' ' || (unsigned char)c >= 0x7f || c == '?')
        buf_printf(b, "\\%03o", (unsigned)(unsigned char)c);
    else
        buf_byte(b, c);
}

static void put_literal(struct buf *b, struct str s)
{
    buf_byte(b, '"');
    for (size_t i = 0; i < s.n; i++)
        put_byte_escaped(b, s.p[i]);
    buf_byte(b, '"');
}

/* What is known at build time is escaped at build time. */
static struct str escaped(struct arena *a, struct str s)
{
    struct buf b = buf_new(a, 65536);

    for (size_t i = 0; i < s.n; i++)
        switch (s.p[i]) {
        case '&':
            buf_add(&b, S("&amp;"));
            break;
        case '<':
            buf_add(&b, S("&lt;"));
            break;
        case '>':
            buf_add(&b, S("&gt;"));
            break;
        case '"':
            buf_add(&b, S("&quot;"));
            break;
        default:
            buf_byte(&b, s.p[i]);
        }
    return buf_str(&b);
}

/* --- the place in the markup ------------------------------------------------------------------------------ */

enum where { IN_TEXT = 0, IN_TAG_NAME, IN_TAG, IN_VALUE, IN_SCRIPT };
enum value_kind { VALUE_REFUSED = 0, VALUE_PLAIN, VALUE_URL_START, VALUE_URL_PART };

struct place {
    enum where where;
    enum value_kind kind;
    char word[WORD_MAX_B]; /* tag or attribute name being read */
    size_t word_n;
    bool script, after_equals;
    bool words_alone;  /* inside title, option or textarea, which have no elements */
    bool meta_refresh; /* inside content="0;url=" */
    bool name_open;    /* a block that may be left out stood right behind the tag's name: nothing may add to that */
};

/* <b{{if x}} lang="{{x}}"{{end}}>: attributes alone, which may be there or not. */
static bool place_adds_attributes(const struct place *begin, const struct place *end)
{
    return begin->where == IN_TAG_NAME && end->where == IN_TAG && end->word_n == 0 && !end->after_equals &&
           !end->script;
}

static bool place_same(const struct place *a, const struct place *b)
{
    enum value_kind x = a->kind, y = b->kind;

    return a->where == b->where && a->script == b->script && (a->where != IN_VALUE || x == y);
}

static bool word_in(const struct place *p, const char *const *list)
{
    for (; *list != NULL; list++) {
        size_t n = strlen(*list);
        bool open_end = (*list)[n - 1] == '-';
        if (strncmp(p->word, *list, n) == 0 && (open_end || p->word[n] == '\0'))
            return true;
    }
    return false;
}

/* What a value may be in the attribute just named. */
static enum value_kind attribute_kind(const struct source *s, const struct place *p)
{
    static const char *const addresses[] = { "href", "src", "action", "formaction", NULL };
    static const char *const plain[] = { "class",       "id",  "value",   "lang",    "hreflang", "title",
                                         "name",        "alt", "for",     "aria-",   "role",     "data-",
                                         "placeholder", "dir", "content", "viewbox", "d",        NULL };
    static const char *const banned[] = { "style", "srcdoc", NULL };

    if (word_in(p, banned) || strncmp(p->word, "on", 2) == 0)
        mistake(s, "attribute '%s' runs code or carries style", p->word);
    return word_in(p, addresses) ? VALUE_URL_START : word_in(p, plain) ? VALUE_PLAIN : VALUE_REFUSED;
}

static void word_add(const struct source *s, struct place *p, char c)
{
    if (p->word_n + 1 == WORD_MAX_B)
        mistake(s, "a name in a tag is too long");
    p->word[p->word_n++] = (char)tolower((unsigned char)c);
    p->word[p->word_n] = '\0';
}

static void word_clear(struct place *p)
{
    p->word_n = 0;
    p->word[0] = '\0';
}

static void place_tag_ends(struct place *p)
{
    p->where = p->script ? IN_SCRIPT : IN_TEXT;
    word_clear(p);
}

static void place_in_tag(const struct source *s, struct place *p, char c)
{
    if (p->name_open && c != '>' && c != ' ')
        mistake(s, "a tag's name goes on behind a block");
    p->name_open = false;
    if (p->after_equals && c != '"')
        mistake(s, "attribute values stand in double quotes");
    p->after_equals = false;
    if (c == '>') {
        place_tag_ends(p);
    } else if (c == '"') {
        p->kind = attribute_kind(s, p);
        p->where = IN_VALUE;
    } else if (c == '=') {
        p->after_equals = true;
    } else if (c == ' ' || c == '/') {
        word_clear(p);
    } else {
        word_add(s, p, c);
    }
}

static void place_in_tag_name(const struct source *s, struct place *p, char c)
{
    if (c != '>' && c != ' ') {
        word_add(s, p, c);
        return;
    }
    if (strcmp(p->word, "style") == 0)
        mistake(s, "no style in a page: the stylesheet is a file");
    p->script = strcmp(p->word, "script") == 0;
    static const char *const bare[] = { "title", "option", "textarea", NULL };
    if (p->word[0] != '/')
        p->words_alone = p->words_alone || word_in(p, bare);
    else if (p->words_alone)
        p->words_alone = false; /* what has no elements ends with the first end */
    p->where = IN_TAG;
    word_clear(p);
    if (c == '>')
        place_tag_ends(p);
}

static void place_in_value(struct place *p, struct str before, char c)
{
    if (c == '"') {
        p->where = IN_TAG;
        word_clear(p);
    } else if (p->kind == VALUE_URL_START) {
        p->kind = VALUE_URL_PART;
    } else if (p->kind == VALUE_PLAIN && c == '=' && str_has_suffix(before, S(";url"))) {
        p->kind = VALUE_URL_START; /* <meta http-equiv="refresh" content="0;url=…"> */
    }
}

/* Follows one character of literal markup.  before: the literal so far. */
static void place_follow(const struct source *s, struct place *p, struct str before, char c)
{
    switch (p->where) {
    case IN_TEXT:
        if (c == '<') {
            p->where = IN_TAG_NAME;
            word_clear(p);
        }
        break;
    case IN_TAG_NAME:
        place_in_tag_name(s, p, c);
        break;
    case IN_TAG:
        place_in_tag(s, p, c);
        break;
    case IN_VALUE:
        place_in_value(p, before, c);
        break;
    case IN_SCRIPT:
        if (c != '<')
            mistake(s, "no script in a page: scripts are files");
        p->where = IN_TAG_NAME;
        p->script = false;
        break;
    }
}

/* --- compiling -------------------------------------------------------------------------------------------- */

struct block { /* an open if or each */
    bool each, has_else;
    struct place begin, end; /* end: of the first branch */
    bool end_known;
    struct str variable;
    int line;
};

struct compiler {
    struct arena *arena;
    struct texts *texts;
    const char *assets;           /* a folder */
    const char *parts[PARTS_MAX]; /* folders: the first has the pages, all have what they include */
    size_t part_count;
    struct buf said, out, literal; /* said: the texts that the pages of out say */
    bool is_said[TEXTS_MAX];
    struct place place;
    struct block blocks[BLOCKS_MAX];
    size_t block_count;
    int includes;
    bool has_view;
};

static void flush_literal(struct compiler *c)
{
    if (c->literal.n == 0)
        return;
    buf_add(&c->out, S("    html_markup(b, S("));
    put_literal(&c->out, buf_str(&c->literal));
    buf_add(&c->out, S("));\n"));
    c->literal = buf_new(c->arena, OUT_MAX_B);
}

static void put_line(struct compiler *c, const struct source *s)
{
    flush_literal(c);
    buf_printf(&c->out, "#line %d ", s->line);
    put_literal(&c->out, str_of(s->path));
    buf_byte(&c->out, '\n');
}

static bool is_variable(const struct compiler *c, struct str name)
{
    for (size_t i = 0; i < c->block_count; i++)
        if (c->blocks[i].each && str_eq(c->blocks[i].variable, name))
            return true;
    return false;
}

/* A dotted path as C: variables of an each first, then members of the view. */
static struct str resolve(const struct compiler *c, const struct source *s, struct str path)
{
    struct str first = str_sub(path, 0, str_find_byte(path, '.', 0));

    for (size_t i = 0; i < path.n; i++)
        if (!is_name_char(path.p[i]) && path.p[i] != '.')
            mistake(s, "'%.*s' is not a name", STR_ARG(path));
    if (path.n == 0 || isdigit((unsigned char)path.p[0]))
        mistake(s, "a name is expected");
    if (!is_variable(c, first))
        return arena_printf(c->arena, "v->%.*s", STR_ARG(path));
    return first.n == path.n
               ? arena_printf(c->arena, "(*%.*s)", STR_ARG(path))
               : arena_printf(c->arena, "%.*s->%.*s", STR_ARG(first), STR_ARG(str_from(path, first.n + 1)));
}

/* Writes the call that puts a value at the present place. */
static void put_value(struct compiler *c, const struct source *s, struct str path)
{
    struct str value = resolve(c, s, path);

    put_line(c, s);
    if (c->place.where == IN_TEXT) {
        buf_printf(&c->out, "    HTML_PUT(b, %.*s);\n", STR_ARG(value));
    } else if (c->place.where != IN_VALUE || c->place.kind == VALUE_REFUSED) {
        mistake(s, "a value must not stand here ('%s')", c->place.word);
    } else if (c->place.kind == VALUE_PLAIN) {
        buf_printf(&c->out, "    HTML_PUT_ATTR(b, %.*s);\n", STR_ARG(value));
    } else {
        buf_printf(&c->out, "    %s(b, %.*s);\n", c->place.kind == VALUE_URL_START ? "html_url" : "HTML_PUT_PART",
                   STR_ARG(value));
        c->place.kind = VALUE_URL_PART;
    }
}

/* The next word of a directive, or an empty one. */
static struct str word(struct str *rest)
{
    *rest = str_trim(*rest);
    size_t n = 0;
    while (n < rest->n && rest->p[n] != ' ')
        n++;
    struct str w = str_sub(*rest, 0, n);
    *rest = str_from(*rest, n);
    return w;
}

static struct str argument_path(struct str arguments, struct str name)
{
    for (struct str w; (w = word(&arguments)).n > 0;) {
        size_t equals = str_find_byte(w, '=', 0);
        if (str_eq(str_sub(w, 0, equals), name))
            return str_from(w, equals + 1);
    }
    return (struct str){ NULL, 0 };
}

static void check_arguments(const struct source *s, const struct text *t, struct str arguments)
{
    for (struct str w; (w = word(&arguments)).n > 0;) {
        struct str name = str_sub(w, 0, str_find_byte(w, '=', 0));
        if (name.n == w.n || !text_has_argument(t->in[0], name))
            mistake(s, "text %.*s has no argument '%.*s'", STR_ARG(t->key), STR_ARG(name));
    }
}

static void put_text_in(struct compiler *c, const struct source *s, const struct text *t, struct str text,
                        struct str arguments)
{
    struct str name;
    size_t at = 0, from, literal_from = 0;

    while (text_argument(text, &at, &from, &name)) {
        struct str path = argument_path(arguments, name);
        if (path.p == NULL)
            mistake(s, "text %.*s: argument {%.*s} is missing", STR_ARG(t->key), STR_ARG(name));
        buf_add(&c->literal, escaped(c->arena, str_sub(text, literal_from, from - literal_from)));
        put_value(c, s, path);
        literal_from = at;
    }
    buf_add(&c->literal, escaped(c->arena, str_from(text, literal_from)));
    flush_literal(c);
}

static bool has_arguments(const struct text *t)
{
    size_t at = 0, from;
    struct str name;

    for (int i = 0; i < LANGS; i++, at = 0)
        if (text_argument(t->in[i], &at, &from, &name))
            return true;
    return false;
}

/* A text that is the same for everybody is a row of a table, however many pages say it. */
static void put_said(struct compiler *c, const struct text *t)
{
    size_t number = (size_t)(t - c->texts->at);

    if (!c->is_said[number]) {
        c->is_said[number] = true;
        buf_printf(&c->said, "static const struct str said_%.*s[LANG_COUNT] = {\n", STR_ARG(t->key));
        for (int i = 0; i < LANGS; i++) {
            struct str text = escaped(c->arena, t->in[i]);
            buf_printf(&c->said, "    [%s] = { ", lang_names[i]);
            put_literal(&c->said, text);
            buf_printf(&c->said, ", %zu },\n", text.n);
        }
        buf_add(&c->said, S("};\n"));
    }
    /* An unknown language gets Finnish. */
    buf_printf(&c->out, "    html_markup(b, said_%.*s[v->page.lang < LANG_COUNT ? v->page.lang : LANG_FI]);\n",
               STR_ARG(t->key));
}

/* Whether the text stands here in that variety. */
static bool is_again(const struct compiler *c, const struct text *t, int variety)
{
    return t->again[variety].p != NULL &&
           (varieties[variety].lang == NULL || (c->place.where == IN_TEXT && !c->place.words_alone));
}

/* "if (…) … else": what follows is the text itself. */
static void put_again(struct compiler *c, const struct source *s, const struct text *t, struct str arguments)
{
    for (int i = 0; i < VARIETIES; i++) {
        if (!is_again(c, t, i))
            continue;
        buf_printf(&c->out, "    if (v->page.lang == LANG_FI && v->page.variety == %s) {\n", varieties[i].name);
        if (varieties[i].lang != NULL)
            buf_add(&c->literal, arena_printf(c->arena, "<span lang=\"%s\">", varieties[i].lang));
        put_text_in(c, s, t, t->again[i], arguments);
        if (varieties[i].lang != NULL)
            buf_add(&c->literal, S("</span>"));
        flush_literal(c);
        buf_add(&c->out, S("    } else\n"));
    }
}

/* {{t.key name=path …}} */
static void put_text(struct compiler *c, const struct source *s, struct str key, struct str arguments)
{
    const struct text *t = texts_find(c->texts, key);

    if (t == NULL)
        mistake(s, "no text '%.*s'", STR_ARG(key));
    if (c->place.where != IN_TEXT && (c->place.where != IN_VALUE || c->place.kind != VALUE_PLAIN))
        mistake(s, "a text must not stand here");
    check_arguments(s, t, arguments);
    flush_literal(c);
    put_again(c, s, t, arguments);
    if (!has_arguments(t)) {
        put_said(c, t);
        return;
    }
    buf_add(&c->out, S("    switch (v->page.lang) {\n"));
    for (int i = LANGS - 1; i >= 0; i--) {
        /* The last one is Finnish, and what an unknown language gets. */
        if (i == 0)
            buf_add(&c->out, S("    case LANG_COUNT:\n    default:\n"));
        else
            buf_printf(&c->out, "    case %s:\n", lang_names[i]);
        put_text_in(c, s, t, t->in[i], arguments);
        buf_add(&c->out, S("    break;\n"));
    }
    buf_add(&c->out, S("    }\n"));
}

static void put_term(struct compiler *c, const struct source *s, struct str *rest, struct str *next)
{
    struct str w = word(rest);
    bool not = str_eq(w, S("not"));

    if (not )
        w = word(rest);
    struct str value = resolve(c, s, w);
    *next = word(rest);
    if (str_eq(*next, S("is"))) {
        struct str constant = word(rest);
        buf_printf(&c->out, "%s(%.*s == %.*s)", not ? "!" : "", STR_ARG(value), STR_ARG(constant));
        *next = word(rest);
    } else {
        buf_printf(&c->out, "%sHTML_IS(%.*s)", not ? "!" : "", STR_ARG(value));
    }
}

/* a [is X] {and b} or a {or b}; the two do not mix. */
static void put_condition(struct compiler *c, const struct source *s, struct str rest)
{
    struct str next, joined = S("");

    put_term(c, s, &rest, &next);
    while (next.n > 0) {
        bool and = str_eq(next, S("and"));
        if ((!and&&!str_eq(next, S("or"))) || (joined.n > 0 && !str_eq(joined, next)))
            mistake(s, "'and' or 'or' is expected, not both");
        joined = next;
        buf_add(&c->out, and? S(" && ") : S(" || "));
        put_term(c, s, &rest, &next);
    }
}

static struct block *block_open(struct compiler *c, const struct source *s)
{
    if (c->block_count == BLOCKS_MAX)
        mistake(s, "blocks stand too deep in one another");
    struct block *block = &c->blocks[c->block_count];
    *block = (struct block){ .begin = c->place, .line = s->line };
    return block;
}

static void do_if(struct compiler *c, const struct source *s, struct str rest)
{
    (void)block_open(c, s);
    put_line(c, s);
    buf_add(&c->out, S("    if ("));
    put_condition(c, s, rest);
    buf_add(&c->out, S(") {\n"));
    c->block_count++;
}

static struct block *block_top(struct compiler *c, const struct source *s)
{
    if (c->block_count == 0)
        mistake(s, "nothing is open here");
    return &c->blocks[c->block_count - 1];
}

/* Every branch leaves the markup in the same place. */
static void branch_ends(struct compiler *c, const struct source *s, struct block *block)
{
    if (block->end_known && !place_same(&block->end, &c->place))
        mistake(s, "the branches of the block of line %d end in different places of a tag", block->line);
    block->end = c->place;
    block->end_known = true;
}

static void do_else(struct compiler *c, const struct source *s, struct str rest)
{
    struct block *block = block_top(c, s);

    if (block->each || block->has_else)
        mistake(s, "an else without an if");
    branch_ends(c, s, block);
    c->place = block->begin;
    put_line(c, s);
    if (str_eq(word(&rest), S("if"))) {
        buf_add(&c->out, S("    } else if ("));
        put_condition(c, s, rest);
        buf_add(&c->out, S(") {\n"));
    } else {
        block->has_else = true;
        buf_add(&c->out, S("    } else {\n"));
    }
}

/* {{each x in list}} */
static void do_each(struct compiler *c, const struct source *s, struct str rest)
{
    struct str name = word(&rest), in = word(&rest), list = resolve(c, s, word(&rest));

    if (!str_eq(in, S("in")) || is_variable(c, name) || str_eq(name, S("v")) || str_eq(name, S("b")))
        mistake(s, "each x in list: '%.*s' is taken or 'in' is missing", STR_ARG(name));
    struct block *block = block_open(c, s);
    block->each = true;
    block->variable = name;
    put_line(c, s);
    buf_printf(&c->out,
               "    for (size_t i_%.*s = 0; i_%.*s < %.*s.n; i_%.*s++) {\n"
               "    const __typeof__(*%.*s.at) *%.*s = &%.*s.at[i_%.*s];\n",
               STR_ARG(name), STR_ARG(name), STR_ARG(list), STR_ARG(name), STR_ARG(list), STR_ARG(name), STR_ARG(list),
               STR_ARG(name));
    c->block_count++;
}

static void do_end(struct compiler *c, const struct source *s)
{
    struct block *block = block_top(c, s);

    branch_ends(c, s, block);
    if (!block->has_else && place_adds_attributes(&block->begin, &c->place))
        c->place.name_open = true;
    else if (!block->has_else && !place_same(&block->begin, &c->place))
        mistake(s, "the block of line %d ends in another place of a tag than it begins", block->line);
    flush_literal(c);
    buf_add(&c->out, S("    }\n"));
    c->block_count--;
}

/* --- static files ----------------------------------------------------------------------------------------- */

/* Names a version of a file in its address; a build is trusted, so the hash need not be cryptographic. */
static uint64_t content_hash(struct str s)
{
    return str_hash(s, 0x64696769);
}

/* "style.css" -> "/static/style.0123456789abcdef.css" */
static struct str asset_path(struct arena *a, struct str name, struct str bytes)
{
    size_t dot = name.n;

    while (dot > 0 && name.p[dot - 1] != '.')
        dot--;
    return arena_printf(a, "/static/%.*s.%016llx.%.*s", (int)(dot > 0 ? dot - 1 : 0), name.p,
                        (unsigned long long)content_hash(bytes), STR_ARG(str_from(name, dot)));
}

/* A style sheet without what a browser passes over: comments, line ends and what follows them.  Strings stay. */
static struct str without_space(struct arena *a, struct str css)
{
    struct buf b = buf_new(a, css.n + 1);
    char quote = 0;

    for (size_t i = 0; i < css.n; i++) {
        char x = css.p[i];
        if (quote == 0 && x == '/' && i + 1 < css.n && css.p[i + 1] == '*') {
            size_t end = str_find(str_from(css, i + 2), S("*/"));
            i += end + 3;
            continue;
        }
        if (quote == 0 && x == '\n') {
            while (i + 1 < css.n && (css.p[i + 1] == ' ' || css.p[i + 1] == '\n'))
                i++;
            continue;
        }
        if (x == '"' || x == '\'')
            quote = quote == 0 ? x : quote == x ? 0 : quote;
        buf_byte(&b, x);
    }
    return buf_str(&b);
}

static struct str asset_read(struct compiler *c, struct str name)
{
    struct str bytes =
        file_read(c->arena, arena_cstr(c->arena, arena_printf(c->arena, "%s/%.*s", c->assets, STR_ARG(name))));

    return str_has_suffix(name, S(".css")) ? without_space(c->arena, bytes) : bytes;
}

static void do_asset(struct compiler *c, const struct source *s, struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!is_name_char(name.p[i]) && name.p[i] != '.')
            mistake(s, "'%.*s' is no static file", STR_ARG(name));
    if (c->place.where != IN_VALUE || c->place.kind != VALUE_URL_START)
        mistake(s, "an asset is a whole address");
    buf_add(&c->literal, asset_path(c->arena, name, asset_read(c, name)));
    c->place.kind = VALUE_URL_PART;
}

static const char *asset_type(const char *name)
{
    static const struct {
        const char *end, *type;
    } types[] = {
        { ".css", "text/css; charset=utf-8" }, { ".js", "text/javascript; charset=utf-8" }, { ".png", "image/png" },
        { ".svg", "image/svg+xml" },           { ".txt", "text/plain; charset=utf-8" },
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_has_suffix(str_of(name), str_of(types[i].end)))
            return types[i].type;
    return NULL;
}

static struct str gzipped(struct arena *a, struct str bytes)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)bytes.p, .avail_in = (uInt)bytes.n };
    size_t room = bytes.n + 1024;
    char *out = arena_alloc(a, room);

    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)room;
    if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflate(&z, Z_FINISH) != Z_STREAM_END)
        exit(1);
    (void)deflateEnd(&z);
    return str_n(out, z.total_out);
}

static void put_asset(struct compiler *c, const char *name)
{
    struct str bytes = asset_read(c, str_of(name)), packed = gzipped(c->arena, bytes);
    struct str address = asset_path(c->arena, str_of(name), bytes);

    struct str tag = arena_printf(c->arena, "\"%016llx\"", (unsigned long long)content_hash(bytes));
    const struct str columns[] = { str_of(name), address, tag, str_of(asset_type(name)), bytes, packed };
    buf_add(&c->out, S("    {"));
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        buf_add(&c->out, S(" { "));
        put_literal(&c->out, columns[i]);
        buf_printf(&c->out, ", %zu },\n", columns[i].n);
    }
    buf_add(&c->out, S("    },\n"));
}

/* Every file of the folder whose type is known, by name, so that a build is the same everywhere. */
static void put_assets(struct compiler *c)
{
    struct dirent **names;
    int n = scandir(c->assets, &names, NULL, alphasort);

    buf_add(&c->out, S("const struct asset assets[] = {\n"));
    for (int i = 0; i < n; i++) {
        if (asset_type(names[i]->d_name) != NULL)
            put_asset(c, names[i]->d_name);
        free(names[i]);
    }
    if (n > 0)
        free(names);
    buf_add(&c->out, S("};\nconst size_t asset_count = sizeof assets / sizeof *assets;\n"));
}

/* --- directives ------------------------------------------------------------------------------------------- */

static void compile(struct compiler *c, const char *path);

/* Where an included part stands: beside the views, or in one of the folders of parts. */
static const char *part_path(const struct compiler *c, struct str name)
{
    for (size_t i = 0; i < c->part_count; i++) {
        const char *path = arena_cstr(c->arena, arena_printf(c->arena, "%s/%.*s.html", c->parts[i], STR_ARG(name)));
        FILE *f = fopen(path, "rb");
        if (f != NULL) {
            (void)fclose(f);
            return path;
        }
    }
    return arena_cstr(c->arena, arena_printf(c->arena, "%s/%.*s.html", c->parts[0], STR_ARG(name)));
}

static void do_include(struct compiler *c, const struct source *s, struct str name)
{
    if (c->includes == INCLUDES_MAX)
        mistake(s, "includes stand too deep in one another");
    size_t open = c->block_count;
    c->includes++;
    compile(c, part_path(c, name));
    c->includes--;
    if (c->block_count != open)
        mistake(s, "%.*s leaves a block open", STR_ARG(name));
}

/* {{view struct_name}}: the first line of a page; a file without it is there to be included. */
static void do_view(struct compiler *c, const struct source *s, struct str type)
{
    struct str file = str_of(s->path);
    size_t slash = file.n;

    if (c->has_view || c->includes > 0)
        mistake(s, "one view per page");
    while (slash > 0 && file.p[slash - 1] != '/')
        slash--;
    struct str name = str_sub(file, slash, file.n - slash - S(".html").n);
    buf_printf(&c->out, "void view_%.*s(struct buf *b, const struct %.*s *v)\n{\n", STR_ARG(name), STR_ARG(type));
    c->has_view = true;
}

static void directive(struct compiler *c, const struct source *s, struct str inside)
{
    struct str rest = inside, verb = word(&rest);

    if (str_eq(verb, S("view")))
        do_view(c, s, word(&rest));
    else if (!c->has_view)
        mistake(s, "{{view …}} comes first");
    else if (str_eq(verb, S("if")))
        do_if(c, s, rest);
    else if (str_eq(verb, S("else")))
        do_else(c, s, rest);
    else if (str_eq(verb, S("each")))
        do_each(c, s, rest);
    else if (str_eq(verb, S("end")))
        do_end(c, s);
    else if (str_eq(verb, S("include")))
        do_include(c, s, word(&rest));
    else if (str_eq(verb, S("asset")))
        do_asset(c, s, word(&rest));
    else if (str_has_prefix(verb, S("t.")))
        put_text(c, s, str_from(verb, 2), rest);
    else if (str_trim(rest).n > 0)
        mistake(s, "'%.*s' is no directive", STR_ARG(verb));
    else
        put_value(c, s, verb);
}

/* A line break and the indentation behind it are layout of the template, not of the page. */
static void skip_line_break(struct source *s)
{
    while (source_left(s) && (s->text.p[s->at] == '\n' || s->text.p[s->at] == ' '))
        (void)source_take(s);
}

static void take_literal(struct compiler *c, struct source *s)
{
    char byte = source_take(s);

    if (byte == '\n') {
        if (c->place.where == IN_TAG || c->place.where == IN_TAG_NAME) {
            place_follow(s, &c->place, buf_str(&c->literal), ' ');
            buf_byte(&c->literal, ' ');
        }
        skip_line_break(s);
        return;
    }
    place_follow(s, &c->place, buf_str(&c->literal), byte);
    buf_byte(&c->literal, byte);
}

static void compile(struct compiler *c, const char *path)
{
    struct source s = source_open(c->arena, path);

    while (source_left(&s)) {
        bool note = source_has(&s, S("{{#"));
        if (!source_has(&s, S("{{"))) {
            take_literal(c, &s);
            continue;
        }
        struct str rest = str_from(s.text, s.at + 2);
        size_t n = str_find(rest, note ? S("#}}") : S("}}"));
        if (n == rest.n)
            mistake(&s, "{{ without its end");
        if (!note)
            directive(c, &s, str_sub(rest, 0, n));
        for (size_t end = s.at + n + (note ? 5 : 4); s.at < end;)
            (void)source_take(&s);
    }
}

static bool is_page(struct arena *a, const char *path)
{
    return str_has_prefix(str_trim(file_read(a, path)), S("{{view "));
}

static void compile_page(struct compiler *c, const char *path)
{
    struct source nowhere = { .path = path };

    c->has_view = false;
    c->place = (struct place){ 0 };
    compile(c, path);
    flush_literal(c);
    if (c->block_count > 0)
        mistake(&nowhere, "the block of line %d has no end", c->blocks[c->block_count - 1].line);
    if (c->place.where != IN_TEXT)
        mistake(&nowhere, "the page ends inside a tag");
    buf_add(&c->out, S("}\n\n"));
}

static void write_out(const char *path, struct str s)
{
    FILE *f = fopen(path, "wb");

    if (f == NULL || fwrite(s.p, 1, s.n, f) != s.n || fclose(f) != 0) {
        (void)fprintf(stderr, "%s: cannot be written\n", path);
        exit(1);
    }
}

static int usage(void)
{
    (void)fprintf(stderr, "usage: htmlc OUT.c table HEADER ASSETS\n"
                          "       htmlc OUT.c views HEADER ASSETS FOLDER... TEXTS.def...\n");
    return 2;
}

static void take_argument(struct compiler *c, const char *arg)
{
    int variety = 0;

    while (variety < VARIETIES && !str_has_suffix(str_of(arg), str_of(varieties[variety].file)))
        variety++;
    if (variety < VARIETIES)
        texts_read_again(c->arena, c->texts, arg, variety);
    else if (str_has_suffix(str_of(arg), S(".def")))
        texts_read(c->arena, c->texts, arg);
    else if (c->part_count < PARTS_MAX)
        c->parts[c->part_count++] = arg;
}

static void compile_pages(struct compiler *c)
{
    struct dirent **names;
    int n = scandir(c->parts[0], &names, NULL, alphasort);

    for (int i = 0; i < n; i++) {
        const char *path = arena_cstr(c->arena, arena_printf(c->arena, "%s/%s", c->parts[0], names[i]->d_name));
        if (str_has_suffix(str_of(path), S(".html")) && is_page(c->arena, path))
            compile_page(c, path);
        free(names[i]);
    }
    if (n > 0)
        free(names);
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return usage();
    bool table = strcmp(argv[2], "table") == 0;
    struct arena *a = arena_new();
    struct compiler *c = arena_make(a, struct compiler);

    *c = (struct compiler){ .arena = a, .texts = arena_make(a, struct texts), .assets = argv[4] };
    c->said = buf_new(a, OUT_MAX_B);
    c->out = buf_new(a, OUT_MAX_B);
    c->literal = buf_new(a, OUT_MAX_B);
    for (int i = 5; i < argc; i++)
        take_argument(c, argv[i]);
    if (!table && (strcmp(argv[2], "views") != 0 || c->part_count == 0))
        return usage();
    if (table)
        put_assets(c);
    else
        compile_pages(c);
    struct buf all = buf_new(a, OUT_MAX_B);
    buf_printf(&all, "/* Made by wire/htmlc.c. */\n#include \"%s\"\n\n", argv[3]);
    buf_add(&all, buf_str(&c->said));
    buf_add(&all, buf_str(&c->out));
    if (!buf_ok(&all) || !buf_ok(&c->said) || !buf_ok(&c->out)) {
        (void)fprintf(stderr, "%s: too large\n", argv[1]);
        return 1;
    }
    write_out(argv[1], buf_str(&all));
    arena_free(a);
    return 0;
}
