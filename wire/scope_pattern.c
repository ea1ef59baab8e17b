/* SPDX-License-Identifier: EUPL-1.2
 *
 * A program of three instructions, whose jumps are relative, so that a piece of it can be moved; all threads of it step
 * together [K. Thompson, Regular Expression Search Algorithm, 1968]. */
#include "wire/scope_pattern.h"

#include <string.h>

enum { CODE_MAX = 4 * SCOPE_PATTERN_MAX_B, ASCII = 128 };

enum op { OP_SET = 0, OP_SPLIT, OP_MATCH }; /* a jump is a split to one place */

struct set {
    bool has[ASCII];
};

struct code {
    enum op op;
    int a, b;           /* OP_SPLIT: where to, from here */
    unsigned short set; /* OP_SET: of the pattern's sets */
};

struct scope_pattern {
    struct code *code;
    size_t n;
    struct set *sets;
};

struct tail { /* what the alternative that is being read ends with, as far as it is written out */
    char text[SCOPE_PATTERN_MAX_B];
    size_t n;
    bool at_label;      /* it begins where a label does */
    bool next_at_label; /* what comes next would */
};

struct reader {
    struct str text;
    size_t at;
    struct code code[CODE_MAX];
    size_t n;
    struct set sets[SCOPE_PATTERN_MAX_B + 1];
    size_t set_count;
    int depth;
    const char *trouble;
};

static bool refuse(struct reader *r, const char *trouble)
{
    r->trouble = trouble;
    return false;
}

static int peek(const struct reader *r)
{
    return r->at < r->text.n ? (unsigned char)r->text.p[r->at] : -1;
}

static bool take(struct reader *r, char c)
{
    if (peek(r) != (unsigned char)c)
        return false;
    r->at++;
    return true;
}

/* ── the program ────────────────────────────────────────────────────────── */

static bool emit(struct reader *r, struct code c)
{
    if (r->n == CODE_MAX)
        return refuse(r, "it is too large");
    r->code[r->n++] = c;
    return true;
}

/* Before the piece that begins at `at`, whose own jumps stay as they are. */
static bool insert(struct reader *r, size_t at, struct code c)
{
    if (!emit(r, c))
        return false;
    memmove(&r->code[at + 1], &r->code[at], (r->n - 1 - at) * sizeof *r->code);
    r->code[at] = c;
    return true;
}

static bool repeat(struct reader *r, size_t at, char how)
{
    int length = (int)(r->n - at);

    if (how == '?')
        return insert(r, at, (struct code){ .op = OP_SPLIT, .a = 1, .b = length + 1 });
    if (how == '+')
        return emit(r, (struct code){ .op = OP_SPLIT, .a = -length, .b = 1 });
    return insert(r, at, (struct code){ .op = OP_SPLIT, .a = 1, .b = length + 2 }) &&
           emit(r, (struct code){ .op = OP_SPLIT, .a = -length - 1, .b = -length - 1 });
}

/* ── characters ─────────────────────────────────────────────────────────── */

static bool is_lower(int c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_host_byte(int c)
{
    return is_lower(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
}

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool emit_set(struct reader *r, const struct set *s)
{
    if (r->set_count > SCOPE_PATTERN_MAX_B)
        return refuse(r, "it is too large");
    r->sets[r->set_count] = *s;
    return emit(r, (struct code){ .op = OP_SET, .set = (unsigned short)r->set_count++ });
}

static void set_range(struct set *s, int from, int to)
{
    for (int c = from; c <= to; c++)
        s->has[lower(c)] = true;
}

/* Behind a backslash: a sign as itself, \d, \w. */
static bool read_escape(struct reader *r, struct set *s, int *literal)
{
    int c = peek(r);

    *literal = -1;
    r->at++;
    if (c == 'd' || c == 'w') {
        set_range(s, '0', '9');
        if (c == 'w')
            set_range(s, 'a', 'z'), s->has['_'] = true;
        return true;
    }
    if (c <= 0x20 || c >= 0x7f || is_lower(lower(c)) || is_digit(c))
        return refuse(r, "a backslash stands before what it means nothing to");
    *literal = c;
    s->has[c] = true;
    return true;
}

static bool read_class_char(struct reader *r, struct set *s, int *c)
{
    *c = peek(r);
    r->at++;
    if (*c == '\\')
        return read_escape(r, s, c);
    if (*c <= 0x20 || *c >= 0x7f || *c == '[')
        return refuse(r, "a class in [] is not closed, or holds what no host name does");
    s->has[lower(*c)] = true;
    return true;
}

static bool read_class_part(struct reader *r, struct set *s)
{
    int from, to;

    if (!read_class_char(r, s, &from))
        return false;
    bool is_range = from >= 0 && peek(r) == '-' && r->at + 1 < r->text.n && r->text.p[r->at + 1] != ']';
    if (!is_range)
        return true;
    r->at++;
    if (!read_class_char(r, s, &to))
        return false;
    if (to < from)
        return refuse(r, "a range in [] ends before it begins");
    set_range(s, from, to);
    return true;
}

/* Behind "[".  Of one sign, it is that sign: "[.]". */
static bool read_class(struct reader *r, int *literal)
{
    struct set s = { { false } };
    bool negated = take(r, '^');
    size_t signs = 0;

    do
        if (!read_class_part(r, &s))
            return false;
    while (!take(r, ']'));
    for (int c = 0; c < ASCII; c++) {
        s.has[c] = is_host_byte(c) && s.has[c] != negated;
        signs += s.has[c];
        *literal = s.has[c] ? c : *literal;
    }
    *literal = signs == 1 ? *literal : -1;
    return emit_set(r, &s);
}

static bool emit_any(struct reader *r)
{
    struct set s;

    for (int c = 0; c < ASCII; c++)
        s.has[c] = is_host_byte(c);
    return emit_set(r, &s);
}

/* ── what it ends with ──────────────────────────────────────────────────── */

static void tail_literal(struct tail *t, int c)
{
    if (t->n == 0)
        t->at_label = t->next_at_label;
    t->text[t->n++] = (char)lower(c); /* no longer than the pattern */
    t->next_at_label = c == '.';
}

/* ends_label: it is nothing, where it may be, or ends with a dot. */
static void tail_other(struct tail *t, bool ends_label, bool may_be_nothing)
{
    t->n = 0;
    t->next_at_label = ends_label && (!may_be_nothing || t->next_at_label);
}

static bool is_domain(struct str s)
{
    struct str label;
    size_t labels = 0;

    if (s.n == 0 || s.p[s.n - 1] == '.')
        return false;
    for (; str_split(&s, '.', &label); labels++) {
        if (label.n == 0 || label.p[0] == '-' || label.p[label.n - 1] == '-')
            return false;
        for (size_t i = 0; i < label.n; i++)
            if (!is_host_byte(label.p[i]) || label.p[i] == '_')
                return false;
    }
    return labels >= 2;
}

static bool tail_is_domain(const struct tail *t)
{
    struct str text = str_n(t->text, t->n);

    if (!t->at_label || str_has_prefix(text, S(".")))
        text = str_from(text, str_find_byte(text, '.', 0) + 1);
    return is_domain(text);
}

/* ── the expression ─────────────────────────────────────────────────────── */

struct atom {        /* what was read just now */
    int literal;     /* -1: it is none */
    bool ends_label; /* each way through it ends with a dot that is written out */
};

static bool read_ways(struct reader *r, bool *end_labels);

/* Behind "(". */
static bool read_group(struct reader *r, struct atom *out)
{
    if (take(r, '?') && !take(r, ':'))
        return refuse(r, "(?…) other than (?:…) is not read");
    if (++r->depth > SCOPE_PATTERN_DEPTH_MAX)
        return refuse(r, "its groups stand too deep in one another");
    if (!read_ways(r, &out->ends_label))
        return false;
    r->depth--;
    return take(r, ')') || refuse(r, "a group is not closed");
}

static bool read_atom(struct reader *r, struct atom *out)
{
    struct set s = { { false } };
    int c = peek(r);

    *out = (struct atom){ .literal = -1 };
    r->at++;
    if (c == '(')
        return read_group(r, out);
    if (c == '[')
        return read_class(r, &out->literal);
    if (c == '.')
        return emit_any(r);
    if (c == '\\')
        return read_escape(r, &s, &out->literal) && emit_set(r, &s);
    if (!is_host_byte(lower(c)))
        return refuse(r, "it holds a sign that is not read, or that no host name has");
    out->literal = c;
    s.has[lower(c)] = true;
    return emit_set(r, &s);
}

static bool is_repeat(int c)
{
    return c == '?' || c == '*' || c == '+';
}

/* An atom, and how often. */
static bool read_piece(struct reader *r, struct tail *t, bool *ends_label)
{
    size_t begin = r->n;
    struct atom atom;

    if (!read_atom(r, &atom))
        return false;
    int how = peek(r);
    if (is_repeat(how)) {
        r->at++;
        if (is_repeat(peek(r)))
            return refuse(r, "two signs of repetition stand side by side");
        *ends_label = false;
        tail_other(t, atom.ends_label || atom.literal == '.', how != '+');
        return repeat(r, begin, (char)how);
    }
    *ends_label = atom.ends_label || atom.literal == '.';
    if (atom.literal >= 0)
        tail_literal(t, atom.literal);
    else
        tail_other(t, atom.ends_label, false);
    return true;
}

static bool is_end(int c)
{
    return c < 0 || c == '|' || c == ')';
}

/* One alternative.  At the top it must end with a domain. */
static bool read_way(struct reader *r, bool *ends_label)
{
    struct tail t = { .next_at_label = true };
    bool at_top = r->depth == 0;

    *ends_label = false;
    if (at_top)
        (void)take(r, '^');
    while (!is_end(peek(r)) && !(at_top && peek(r) == '$'))
        if (!read_piece(r, &t, ends_label))
            return false;
    if (at_top && take(r, '$') && !is_end(peek(r)))
        return refuse(r, "\"$\" stands before the end");
    return !at_top || tail_is_domain(&t) ||
           refuse(r, "it does not end with a domain of two labels, written out, where a label begins");
}

/* Alternatives; each but the last is split from those behind it, and jumps over them. */
static bool read_ways(struct reader *r, bool *end_labels)
{
    size_t begin = r->n, jumps[SCOPE_PATTERN_MAX_B], count = 0;
    bool one;

    if (!read_way(r, end_labels))
        return false;
    while (take(r, '|')) {
        if (!insert(r, begin, (struct code){ .op = OP_SPLIT, .a = 1, .b = (int)(r->n - begin) + 2 }))
            return false;
        jumps[count++] = r->n;
        if (!emit(r, (struct code){ .op = OP_SPLIT }))
            return false;
        begin = r->n;
        if (!read_way(r, &one))
            return false;
        *end_labels = *end_labels && one;
    }
    for (size_t i = 0; i < count; i++)
        r->code[jumps[i]].a = r->code[jumps[i]].b = (int)(r->n - jumps[i]);
    return true;
}

static bool read_all(struct reader *r)
{
    bool ignored;

    if (r->text.n == 0 || r->text.n > SCOPE_PATTERN_MAX_B)
        return refuse(r, "it is empty, or longer than 256 bytes");
    if (!read_ways(r, &ignored))
        return false;
    return r->at == r->text.n ? emit(r, (struct code){ .op = OP_MATCH }) : refuse(r, "a \")\" closes nothing");
}

const struct scope_pattern *scope_pattern_read(struct arena *a, struct str text, const char **trouble)
{
    struct arena *scratch = arena_new();
    struct reader *r = arena_make(scratch, struct reader);
    struct scope_pattern *p = NULL;

    r->text = text;
    if (read_all(r)) {
        p = arena_make(a, struct scope_pattern);
        p->n = r->n;
        p->code = arena_make_n(a, r->n, struct code);
        p->sets = arena_make_n(a, r->set_count, struct set);
        memcpy(p->code, r->code, r->n * sizeof *p->code);
        memcpy(p->sets, r->sets, r->set_count * sizeof *p->sets);
    }
    *trouble = r->trouble;
    arena_free(scratch);
    return p;
}

/* ── matching ───────────────────────────────────────────────────────────── */

struct threads { /* instructions that wait for a character, each once */
    unsigned short at[CODE_MAX];
    size_t n;
    bool seen[CODE_MAX];
    bool matched;
};

/* Follows what needs no character: each instruction is entered once a step. */
static void enter(const struct scope_pattern *p, struct threads *t, size_t first)
{
    unsigned short todo[2 * CODE_MAX];
    size_t n = 0;

    todo[n++] = (unsigned short)first;
    while (n > 0) {
        size_t at = todo[--n];
        const struct code *c = &p->code[at];
        if (t->seen[at])
            continue;
        t->seen[at] = true;
        t->matched = t->matched || c->op == OP_MATCH;
        if (c->op == OP_SET)
            t->at[t->n++] = (unsigned short)at;
        if (c->op != OP_SPLIT)
            continue;
        todo[n++] = (unsigned short)((int)at + c->a);
        todo[n++] = (unsigned short)((int)at + c->b);
    }
}

bool scope_pattern_matches(const struct scope_pattern *p, struct str scope)
{
    struct threads now = { .n = 0 }, next;

    if (scope.n == 0 || scope.n > SCOPE_MAX_B)
        return false;
    enter(p, &now, 0);
    for (size_t i = 0; i < scope.n; i++) {
        int c = lower((unsigned char)scope.p[i]);
        memset(&next, 0, sizeof next);
        for (size_t k = 0; k < now.n && c < ASCII; k++)
            if (p->sets[p->code[now.at[k]].set].has[c])
                enter(p, &next, now.at[k] + 1U);
        now = next;
    }
    return now.matched;
}
