/* SPDX-License-Identifier: EUPL-1.2
 *
 * libyaml's events become a tree with line numbers.  What YAML allows and a
 * configuration does not need (anchors, tags, several documents) is refused
 * here, so that no reader ever meets it.
 */
#include "wire/yaml.h"

#include "base/near.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <yaml.h>

struct reading {
    struct arena *arena; /* of the tree */
    struct arena *scratch;
    const char *file;
    struct fail *fail;
    struct str text; /* all of it */
    yaml_parser_t parser;
    size_t nodes;
};

static void parser_release(void *parser)
{
    yaml_parser_delete(parser);
}

static void event_release(void *event)
{
    yaml_event_delete(event);
}

/* Where a byte stands: lines end with LF, CR or both, columns count bytes. */
static void place_of(struct str text, size_t at, size_t *line, size_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < at && i < text.n; i++) {
        bool ends = text.p[i] == '\n' || (text.p[i] == '\r' && (i + 1 == text.n || text.p[i + 1] != '\n'));
        *line += ends;
        *column = ends ? 1 : *column + 1;
    }
}

static int refuse(struct reading *r, const yaml_mark_t *at, const char *code, const char *why)
{
    return fail(r->fail, FAIL_CALLER, code, "%s:%zu: %s", r->file, at->line + 1, why);
}

/* The event is released with the scratch arena. */
static bool next_event(struct reading *r, yaml_event_t **out)
{
    yaml_event_t *e = arena_make(r->scratch, yaml_event_t);

    if (yaml_parser_parse(&r->parser, e) == 0) {
        const char *why = r->parser.problem != NULL ? r->parser.problem : "not YAML";
        yaml_mark_t at = r->parser.problem_mark;
        if (r->parser.error == YAML_READER_ERROR) { /* has no mark, but an offset */
            place_of(r->text, r->parser.problem_offset, &at.line, &at.column);
            at.line--;
        }
        return refuse(r, &at, "yaml_syntax", why);
    }
    arena_adopt(r->scratch, e, event_release);
    *out = e;
    return true;
}

static bool plain_of_its_kind(struct reading *r, const yaml_event_t *e)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;

    if (e->type == YAML_ALIAS_EVENT)
        return refuse(r, &e->start_mark, "yaml_refused", "an alias (*name) is not allowed; write the value again");
    if (e->type == YAML_SCALAR_EVENT) {
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
    }
    if (anchor != NULL)
        return refuse(r, &e->start_mark, "yaml_refused", "an anchor (&name) is not allowed; write the value again");
    if (tag != NULL)
        return refuse(r, &e->start_mark, "yaml_refused", "a tag (!name) is not allowed");
    return true;
}

static struct yaml *node_new(struct reading *r, const yaml_event_t *e, enum yaml_kind kind)
{
    struct yaml *y = arena_make(r->arena, struct yaml);

    y->kind = kind;
    y->line = (int)e->start_mark.line + 1;
    y->file = r->file;
    return y;
}

static bool text_of(struct reading *r, const yaml_event_t *e, struct yaml *y)
{
    struct str text = str_n(e->data.scalar.value, e->data.scalar.length);

    y->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (y->plain && (str_eq(text, S("~")) || str_eq(text, S("null"))))
        text = S("");
    if (!str_is_utf8(text) || str_find_byte(text, '\0', 0) < text.n)
        return refuse(r, &e->start_mark, "yaml_refused", "a text must be UTF-8 without NUL");
    y->text = arena_str(r->arena, text);
    return true;
}

/* Items gather in the scratch arena and move to the tree at their right size. */
struct gather {
    struct yaml **items;
    struct str *keys;
    int *lines;
    size_t n, cap;
};

static void gather_grow(struct reading *r, struct gather *g)
{
    if (g->n < g->cap)
        return;
    size_t cap = g->cap > 0 ? g->cap * 2 : 8;
    struct yaml **items = arena_make_n(r->scratch, cap, struct yaml *);
    struct str *keys = arena_make_n(r->scratch, cap, struct str);
    int *lines = arena_make_n(r->scratch, cap, int);
    if (g->n > 0) {
        memcpy(items, g->items, g->n * sizeof(struct yaml *));
        memcpy(keys, g->keys, g->n * sizeof *keys);
        memcpy(lines, g->lines, g->n * sizeof *lines);
    }
    *g = (struct gather){ items, keys, lines, g->n, cap };
}

static void gather_end(struct reading *r, const struct gather *g, struct yaml *y)
{
    y->n = g->n;
    y->items = arena_make_n(r->arena, g->n, struct yaml *);
    if (g->n > 0)
        memcpy(y->items, g->items, g->n * sizeof(struct yaml *));
    if (y->kind != YAML_MAP)
        return;
    y->keys = arena_make_n(r->arena, g->n, struct str);
    y->key_lines = arena_make_n(r->arena, g->n, int);
    if (g->n > 0) {
        memcpy(y->keys, g->keys, g->n * sizeof *y->keys);
        memcpy(y->key_lines, g->lines, g->n * sizeof *y->key_lines);
    }
}

enum { KEYS_MAX = 256 }; /* of one map, which are compared pairwise */

static bool key_of(struct reading *r, const yaml_event_t *e, const struct gather *g, struct str *key)
{
    struct yaml text = { 0 };

    if (!plain_of_its_kind(r, e))
        return false;
    if (e->type != YAML_SCALAR_EVENT)
        return refuse(r, &e->start_mark, "yaml_refused", "a key must be a text");
    if (!text_of(r, e, &text))
        return false;
    if (g->n >= KEYS_MAX)
        return refuse(r, &e->start_mark, "yaml_too_large", "more than 256 keys in one map");
    for (size_t i = 0; i < g->n; i++)
        if (str_eq(g->keys[i], text.text))
            return fail(r->fail, FAIL_CALLER, "yaml_refused",
                        "%s:%zu: the key \"%.*s\" stands here twice (first in line %d)", r->file,
                        e->start_mark.line + 1, STR_ARG(text.text), g->lines[i]);
    *key = text.text;
    return true;
}

static struct yaml *value_of(struct reading *r, const yaml_event_t *e, int depth);

static bool list_of(struct reading *r, struct yaml *y, int depth)
{
    struct gather g = { 0 };

    for (;;) {
        yaml_event_t *e;
        if (!next_event(r, &e))
            return false;
        if (e->type == YAML_SEQUENCE_END_EVENT)
            break;
        gather_grow(r, &g);
        g.items[g.n] = value_of(r, e, depth + 1);
        if (g.items[g.n++] == NULL)
            return false;
    }
    gather_end(r, &g, y);
    return true;
}

static bool map_of(struct reading *r, struct yaml *y, int depth)
{
    struct gather g = { 0 };

    for (;;) {
        yaml_event_t *e;
        if (!next_event(r, &e))
            return false;
        if (e->type == YAML_MAPPING_END_EVENT)
            break;
        gather_grow(r, &g);
        if (!key_of(r, e, &g, &g.keys[g.n]))
            return false;
        g.lines[g.n] = (int)e->start_mark.line + 1;
        if (!next_event(r, &e))
            return false;
        g.items[g.n] = value_of(r, e, depth + 1);
        if (g.items[g.n++] == NULL)
            return false;
    }
    gather_end(r, &g, y);
    return true;
}

static struct yaml *value_of(struct reading *r, const yaml_event_t *e, int depth)
{
    struct yaml *y = NULL;
    bool good = false;

    if (!plain_of_its_kind(r, e))
        return NULL;
    if (depth > YAML_DEPTH_MAX || ++r->nodes > YAML_NODES_MAX) {
        (void)refuse(r, &e->start_mark, "yaml_too_large",
                     depth > YAML_DEPTH_MAX ? "nested too deeply" : "too many values");
        return NULL;
    }
    if (e->type == YAML_SCALAR_EVENT) {
        y = node_new(r, e, YAML_TEXT);
        good = text_of(r, e, y);
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        y = node_new(r, e, YAML_LIST);
        good = list_of(r, y, depth);
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        y = node_new(r, e, YAML_MAP);
        good = map_of(r, y, depth);
    }
    return good ? y : NULL;
}

static bool expect(struct reading *r, yaml_event_type_t type, const char *otherwise)
{
    yaml_event_t *e;

    if (!next_event(r, &e))
        return false;
    if (e->type != type)
        return refuse(r, &e->start_mark, "yaml_refused", otherwise);
    return true;
}

static struct yaml *document(struct reading *r)
{
    yaml_event_t *e;

    if (!expect(r, YAML_STREAM_START_EVENT, "not YAML") || !next_event(r, &e))
        return NULL;
    if (e->type != YAML_DOCUMENT_START_EVENT) {
        (void)refuse(r, &e->start_mark, "yaml_refused", "the file is empty");
        return NULL;
    }
    if (e->data.document_start.version_directive != NULL || e->data.document_start.tag_directives.start != NULL) {
        (void)refuse(r, &e->start_mark, "yaml_refused", "directives (%YAML, %TAG) are not allowed");
        return NULL;
    }
    if (!next_event(r, &e))
        return NULL;
    struct yaml *y = value_of(r, e, 1);
    if (y == NULL || !expect(r, YAML_DOCUMENT_END_EVENT, "not YAML") ||
        !expect(r, YAML_STREAM_END_EVENT, "a second document (---) is not allowed"))
        return NULL;
    return y;
}

static bool is_utf16(struct str text)
{
    return str_has_prefix(text, S("\xFF\xFE")) || str_has_prefix(text, S("\xFE\xFF")) ||
           (text.n > 1 && (text.p[0] == '\0') != (text.p[1] == '\0'));
}

/* libyaml names no line for bytes that are no UTF-8, or no characters of YAML: they are looked for first. */
static bool check_bytes(struct reading *r, struct str text)
{
    size_t line, column;

    if (is_utf16(text))
        return fail(r->fail, FAIL_CALLER, "yaml_syntax", "%s:1: the file is UTF-16 (\"Unicode\"); save it as UTF-8",
                    r->file);
    for (size_t at = 0; at < text.n;) {
        unsigned char c = (unsigned char)text.p[at];
        size_t step = c < 0x80 ? 1 : str_utf8_step(text, at);
        bool control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
        if (step > 0 && !control) {
            at += step;
            continue;
        }
        place_of(text, at, &line, &column);
        if (control)
            return fail(r->fail, FAIL_CALLER, "yaml_syntax",
                        "%s:%zu: byte %zu of the line is the control character 0x%02X", r->file, line, column, c);
        return fail(
            r->fail, FAIL_CALLER, "yaml_syntax",
            "%s:%zu: byte %zu of the line, 0x%02X, is no UTF-8 (the file may be Latin-1 or Windows-1252); save it "
            "as UTF-8",
            r->file, line, column, c);
    }
    return true;
}

/* A byte-order mark says nothing that is not known: the file is UTF-8 [YAML 1.2 5.2]. */
static struct str without_mark(struct str text)
{
    return str_has_prefix(text, S("\xEF\xBB\xBF")) ? str_from(text, 3) : text;
}

struct yaml *yaml_read(struct arena *a, struct str text, const char *file, struct fail *f)
{
    struct reading r = { .arena = a, .scratch = arena_new(), .file = file, .fail = f };
    struct yaml *y = NULL;

    text = without_mark(text);
    r.text = text;
    r.file = arena_cstr(a, str_of(file));
    if (text.p == NULL || text.n > YAML_MAX_B) {
        (void)fail(f, FAIL_CALLER, "yaml_too_large", "%s: larger than %d MB", file, YAML_MAX_B >> 20);
    } else if (!check_bytes(&r, text)) {
        y = NULL;
    } else if (yaml_parser_initialize(&r.parser) == 0) {
        (void)fail(f, FAIL_OURS, "server_error", "libyaml does not start");
    } else {
        arena_adopt(r.scratch, &r.parser, parser_release);
        yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.p, text.n);
        y = document(&r);
    }
    arena_free(r.scratch);
    return y;
}

bool yaml_file_text(struct arena *a, const char *path, struct str *out, struct fail *f)
{
    struct stat st;
    struct buf b = buf_new(a, YAML_MAX_B);
    char piece[65536];
    ssize_t n = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a named pipe must not hold us */

    if (fd < 0)
        return fail(f, FAIL_CALLER, "file_unreadable", "%s: %s", path, strerror(errno));
    bool is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    while (is_file && (n = read(fd, piece, sizeof piece)) > 0)
        buf_add(&b, str_n(piece, (size_t)n));
    (void)close(fd);
    if (!is_file || n < 0)
        return fail(f, FAIL_CALLER, "file_unreadable", "%s: %s", path, is_file ? "cannot be read" : "is no file");
    if (!buf_ok(&b))
        return fail(f, FAIL_CALLER, "yaml_too_large", "%s: larger than %d MB", path, YAML_MAX_B >> 20);
    *out = buf_str(&b);
    return true;
}

struct yaml *yaml_read_file(struct arena *a, const char *path, struct fail *f)
{
    struct str text;

    return yaml_file_text(a, path, &text, f) ? yaml_read(a, text, path, f) : NULL;
}

const struct yaml *yaml_get(const struct yaml *map, const char *key)
{
    if (map == NULL || map->kind != YAML_MAP)
        return NULL;
    for (size_t i = 0; i < map->n; i++)
        if (str_eq(map->keys[i], str_of(key)))
            return map->items[i];
    return NULL;
}

int yaml_fail(const struct yaml *where, struct fail *f, const char *code, const char *fmt, ...)
{
    char why[FAIL_LONG_B];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    return where->file != NULL ? fail_long(f, FAIL_CALLER, code, "%s:%d: %s", where->file, where->line, why)
                               : fail_long(f, FAIL_CALLER, code, "%s", why);
}

static bool is_known(struct str key, const char *const *known)
{
    for (; *known != NULL; known++)
        if (str_eq(key, str_of(*known)))
            return true;
    return false;
}

bool yaml_only(const struct yaml *map, const char *const *known, struct fail *f)
{
    if (map->kind != YAML_MAP)
        return yaml_fail(map, f, "bad_value", "expected a map with keys (name: value)");
    for (size_t i = 0; i < map->n; i++) {
        if (is_known(map->keys[i], known))
            continue;
        struct arena *a = arena_new();
        (void)fail_long(f, FAIL_CALLER, "unknown_key", "%s:%d: unknown key \"%.*s\"%.*s", map->file, map->key_lines[i],
                        STR_ARG(map->keys[i]), STR_ARG(near_help(a, map->keys[i], known)));
        arena_free(a);
        return false;
    }
    return true;
}

/* The line of the setting that a refusal begins with; 0: it stands nowhere, since it is missing. */
static int line_of(const struct yaml *file, const char *detail)
{
    struct str name = str_n(detail, strcspn(detail, ": "));

    for (size_t i = 0; i < file->n; i++)
        if (str_eq(file->keys[i], name))
            return file->key_lines[i];
    return 0;
}

bool settings_read_file(const char *path, struct arena *a, struct settings *out, struct fail *f)
{
    struct yaml *file = yaml_read_file(a, path, f);

    settings_defaults(out);
    if (file == NULL)
        return false;
    if (file->kind != YAML_MAP)
        return yaml_fail(file, f, "bad_value", "expected settings, one \"name: value\" a line");
    for (size_t i = 0; i < file->n; i++) {
        struct fail why = { 0 };
        if (file->items[i]->kind != YAML_TEXT)
            return yaml_fail(file->items[i], f, "bad_setting", "%.*s: expected one value", STR_ARG(file->keys[i]));
        if (!settings_set(out, a, file->keys[i], file->items[i]->text, &why))
            return fail_long(f, why.kind, why.code, "%s:%d: %s", path, file->key_lines[i], why.detail);
    }
    struct fail why = { 0 };
    if (settings_check(out, a, &why))
        return true;
    int line = line_of(file, why.detail);
    return line > 0 ? fail_long(f, why.kind, why.code, "%s:%d: %s", path, line, why.detail)
                    : fail_long(f, why.kind, why.code, "%s: %s", path, why.detail);
}
