/* SPDX-License-Identifier: EUPL-1.2
 *
 * Writes the one canonical form: block style, and double quotes around whatever
 * is not obviously a text of its own. */
#include "wire/yaml.h"

#include <assert.h>
#include <inttypes.h>

struct open {
    enum yaml_kind kind;
    bool empty;      /* nothing written into it yet */
    bool after_dash; /* a map that is a list's item: its first key follows the dash */
};

struct yaml_out {
    struct buf buf;
    struct arena *arena;
    struct open open[YAML_DEPTH_MAX + 1];
    int depth; /* open[0] is the document, a map */
};

struct yaml_out *yaml_out_new(struct arena *a)
{
    struct yaml_out *o = arena_make(a, struct yaml_out);

    o->arena = a;
    o->buf = buf_new(a, YAML_MAX_B);
    o->open[0] = (struct open){ YAML_MAP, true, false };
    return o;
}

/* Lists stand at their key's column plus two, like everything below a key. */
static void indent(struct yaml_out *o)
{
    for (int i = 0; i < o->depth; i++)
        buf_add(&o->buf, S("  "));
}

void yaml_out_comment(struct yaml_out *o, const char *line)
{
    indent(o);
    buf_printf(&o->buf, "# %s\n", line);
}

static bool is_plain_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == '/' || c == '+' || c == '@' || (unsigned char)c >= 0x80;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word_of_yaml(struct str s)
{
    static const char *const words[] = { "true", "false", "null", "yes", "no", "on", "off", "y", "n" };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq_case(s, str_of(words[i])))
            return true;
    return false;
}

/* A plain text starts with a letter and can be read as nothing else; a colon
 * may stand in it where no space follows. */
static bool may_be_plain(struct str s)
{
    if (s.n == 0 || s.n > 200 || !is_letter(s.p[0]) || is_word_of_yaml(s))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool inner = i + 1 < s.n;
        bool fine = is_plain_byte(s.p[i]) || (s.p[i] == ' ' && inner) || (s.p[i] == ':' && inner && s.p[i + 1] != ' ');
        if (!fine)
            return false;
    }
    /* C1 controls, the byte order mark and line separators hide in two- and three-byte forms. */
    return str_find(s, S("\xC2\x80")) == s.n && str_find(s, S("\xC2")) == s.n && str_find(s, S("\xE2\x80")) == s.n &&
           str_find(s, S("\xEF")) == s.n;
}

static void put_quoted(struct yaml_out *o, struct str s)
{
    buf_byte(&o->buf, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        unsigned char next = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;
        if (c == '"' || c == '\\') {
            buf_byte(&o->buf, '\\');
            buf_byte(&o->buf, (char)c);
        } else if (c == '\n') {
            buf_add(&o->buf, S("\\n"));
        } else if (c < 0x20 || c == 0x7f) {
            buf_printf(&o->buf, "\\x%02X", c);
        } else if (c == 0xC2 && next < 0xA0) { /* U+0080–U+009F: libyaml takes NEL for a line's end */
            buf_printf(&o->buf, "\\x%02X", next);
            i++;
        } else if (c == 0xE2 && next == 0x80 && i + 2 < s.n && ((unsigned char)s.p[i + 2] & 0xFE) == 0xA8) {
            buf_printf(&o->buf, "\\u20%02X", 0x28 + ((unsigned char)s.p[i + 2] & 1));
            i += 2;
        } else if (c == 0xEF && next == 0xBB && i + 2 < s.n && (unsigned char)s.p[i + 2] == 0xBF) {
            buf_add(&o->buf, S("\\uFEFF"));
            i += 2;
        } else if (c == 0xEF && next == 0xBF && i + 2 < s.n && (unsigned char)s.p[i + 2] >= 0xBE) {
            buf_printf(&o->buf, "\\uFFF%c", (unsigned char)s.p[i + 2] == 0xBE ? 'E' : 'F');
            i += 2;
        } else {
            buf_byte(&o->buf, (char)c);
        }
    }
    buf_byte(&o->buf, '"');
}

static void put_text(struct yaml_out *o, struct str s)
{
    if (may_be_plain(s))
        buf_add(&o->buf, s);
    else
        put_quoted(o, s);
}

/* Writes what stands before a value: the key, or the dash of an item. */
static void put_place(struct yaml_out *o, const char *key)
{
    struct open *in = &o->open[o->depth];

    assert((key != NULL) == (in->kind == YAML_MAP));
    if (in->after_dash)
        in->after_dash = false;
    else
        indent(o);
    in->empty = false;
    if (key != NULL) {
        buf_add(&o->buf, str_of(key));
        buf_byte(&o->buf, ':');
    } else {
        buf_byte(&o->buf, '-');
    }
}

static void put_open(struct yaml_out *o, const char *key, enum yaml_kind kind)
{
    assert(o->depth < YAML_DEPTH_MAX);
    put_place(o, key);
    if (key != NULL)
        buf_byte(&o->buf, '\n');
    else
        buf_byte(&o->buf, ' ');
    o->open[++o->depth] = (struct open){ kind, true, key == NULL };
}

void yaml_out_map(struct yaml_out *o, const char *key)
{
    put_open(o, key, YAML_MAP);
}

void yaml_out_list(struct yaml_out *o, const char *key)
{
    assert(key != NULL);
    put_open(o, key, YAML_LIST);
}

void yaml_out_end(struct yaml_out *o)
{
    struct open *in = &o->open[o->depth];

    assert(o->depth > 0);
    if (in->empty) {
        if (!in->after_dash)
            indent(o);
        buf_add(&o->buf, in->kind == YAML_LIST ? S("[]\n") : S("{}\n"));
    }
    o->depth--;
}

void yaml_out_text(struct yaml_out *o, const char *key, struct str value)
{
    put_place(o, key);
    buf_byte(&o->buf, ' ');
    put_text(o, value);
    buf_byte(&o->buf, '\n');
}

/* Bytes that a block would lose or that put_quoted() escapes; blanks at the ends of lines, since editors take them
 * away.
 */
static bool may_be_block(struct str s)
{
    struct str rest = s, line;

    if (s.n < 2 || s.p[0] == ' ' || s.p[0] == '\n' || s.p[s.n - 1] != '\n' || s.p[s.n - 2] == '\n')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (((unsigned char)s.p[i] < 0x20 && s.p[i] != '\n') || s.p[i] == 0x7f)
            return false;
    while (str_split(&rest, '\n', &line))
        if (str_has_suffix(line, S(" ")))
            return false;
    return str_find(s, S("\xC2")) == s.n && str_find(s, S("\xE2\x80")) == s.n && str_find(s, S("\xEF")) == s.n;
}

void yaml_out_block(struct yaml_out *o, const char *key, struct str value)
{
    struct str rest = str_sub(value, 0, value.n > 0 ? value.n - 1 : 0), line;

    if (!may_be_block(value)) {
        yaml_out_text(o, key, value);
        return;
    }
    put_place(o, key);
    buf_add(&o->buf, S(" |\n"));
    o->depth++;
    while (str_split(&rest, '\n', &line)) {
        if (line.n > 0)
            indent(o);
        buf_add(&o->buf, line);
        buf_byte(&o->buf, '\n');
    }
    o->depth--;
}

void yaml_out_int(struct yaml_out *o, const char *key, int64_t value)
{
    put_place(o, key);
    buf_printf(&o->buf, " %" PRId64 "\n", value);
}

void yaml_out_bool(struct yaml_out *o, const char *key, bool value)
{
    put_place(o, key);
    buf_add(&o->buf, value ? S(" true\n") : S(" false\n"));
}

struct str yaml_out_str(struct yaml_out *o)
{
    assert(o->depth == 0);
    return buf_ok(&o->buf) ? buf_str(&o->buf) : (struct str){ NULL, 0 };
}
