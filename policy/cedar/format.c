/* SPDX-License-Identifier: EUPL-1.2
 * Policies in canonical layout.  It is the tokens that are laid out, not the
 * tree: every token of the text comes out again, in order, so the layout cannot
 * change what a policy means, and comments stay with the tokens they stand at.
 * What fits into a line stays in one; what does not is broken at its loosest
 * operators, then inside its brackets.  The text has been parsed, so nesting is
 * bounded and so is recursion. */
#include "policy/cedar/build.h"
#include "policy/cedar/engine.h"
#include "policy/cedar/lexer.h"
#include "policy/cedar/policies.h"
#include "policy/cedar/utf8.h"

#include <string.h>

enum { WIDTH = 80, STEP = 2 };

/* What is known of each token before anything is printed. */
struct piece {
    size_t match;    /* of a bracket: the other one's index */
    size_t width;    /* characters of the token and the space before it */
    size_t sum;      /* of the widths of all before it */
    size_t comments; /* number of tokens up to and including this one with a comment before them */
    bool space;      /* before it, when on one line */
};

struct printer {
    struct buf out;
    struct str text;
    const struct cedar_token *t;
    struct piece *pieces;
    size_t n;
    size_t column;
    size_t commented; /* comments before the tokens below this one are printed */
    bool break_due;   /* a comment runs to the end of the line */
};

static void print(struct printer *p, size_t from, size_t to, size_t indent);

static bool is_word(const struct cedar_token *t)
{
    return t->kind == CEDAR_T_NAME && cedar_reserved(t->text) && !str_eq(t->text, S("true")) &&
           !str_eq(t->text, S("false"));
}

static bool is_open(const struct cedar_token *t)
{
    return t->kind == CEDAR_T_LPAREN || t->kind == CEDAR_T_LBRACKET || t->kind == CEDAR_T_LBRACE;
}

static bool is_close(const struct cedar_token *t)
{
    return t->kind == CEDAR_T_RPAREN || t->kind == CEDAR_T_RBRACKET || t->kind == CEDAR_T_RBRACE;
}

/* Does a value end here?  Then `-` is a difference and `(` a call. */
static bool ends_value(const struct cedar_token *t)
{
    return (t->kind == CEDAR_T_NAME && !is_word(t)) || t->kind == CEDAR_T_STRING || t->kind == CEDAR_T_NUMBER ||
           t->kind == CEDAR_T_SLOT || t->kind == CEDAR_T_RPAREN || t->kind == CEDAR_T_RBRACKET ||
           t->kind == CEDAR_T_RBRACE;
}

static bool is_sign(const struct printer *p, size_t i)
{
    return p->t[i].kind == CEDAR_T_BANG || (p->t[i].kind == CEDAR_T_MINUS && (i == 0 || !ends_value(&p->t[i - 1])));
}

static bool space_before(const struct printer *p, size_t i)
{
    const struct cedar_token *t = &p->t[i], *before = &p->t[i - 1];

    if (is_open(before) || is_close(t) || before->kind == CEDAR_T_DOT || before->kind == CEDAR_T_COLONS ||
        before->kind == CEDAR_T_AT || is_sign(p, i - 1))
        return false;
    switch (t->kind) {
    case CEDAR_T_COMMA:
    case CEDAR_T_SEMICOLON:
    case CEDAR_T_COLON:
    case CEDAR_T_COLONS:
    case CEDAR_T_DOT:
        return false;
    case CEDAR_T_LPAREN:
    case CEDAR_T_LBRACKET:
        return !ends_value(before);
    default:
        return true;
    }
}

static size_t characters(struct str s)
{
    size_t n = 0, len;

    for (size_t i = 0; i < s.n; i += len, n++)
        (void)cedar_char_at(s, i, &len);
    return n;
}

/* The text between the token before i and i: white space and comments. */
static struct str gap(const struct printer *p, size_t i)
{
    size_t from = i > 0 ? p->t[i - 1].span.end : 0;

    return str_sub(p->text, from, p->t[i].span.at - from);
}

static bool has_comment(const struct printer *p, size_t i)
{
    struct str between = gap(p, i);

    return str_find(between, S("//")) < between.n;
}

static void study(struct printer *p, struct arena *a)
{
    size_t *open = arena_make_n(a, p->n, size_t), depth = 0, sum = 0, comments = 0;

    p->pieces = arena_make_n(a, p->n, struct piece);
    for (size_t i = 0; i < p->n; i++) {
        struct piece *piece = &p->pieces[i];
        piece->space = i > 0 && space_before(p, i);
        piece->width = characters(p->t[i].text) + piece->space;
        piece->sum = sum;
        sum += piece->width;
        comments += has_comment(p, i);
        piece->comments = comments;
        piece->match = i;
        if (is_open(&p->t[i])) {
            open[depth++] = i;
        } else if (is_close(&p->t[i]) && depth > 0) {
            piece->match = open[--depth];
            p->pieces[piece->match].match = i;
        }
    }
}

static void newline(struct printer *p, size_t indent)
{
    p->break_due = false;
    buf_byte(&p->out, '\n');
    for (size_t i = 0; i < indent; i++)
        buf_byte(&p->out, ' ');
    p->column = indent;
}

/* A comment without the white space behind it. */
static struct str trim_end(struct str s)
{
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

/* Takes the next comment out of a gap; *lines: line breaks before it. */
static bool next_comment(struct str *between, struct str *comment, size_t *lines)
{
    size_t at = str_find(*between, S("//")), end = at;

    *lines = 0;
    for (size_t i = 0; i < at && i < between->n; i++)
        *lines += between->p[i] == '\n';
    if (at == between->n)
        return false;
    while (end < between->n && between->p[end] != '\n' && between->p[end] != '\r')
        end++;
    *comment = trim_end(str_sub(*between, at, end - at));
    *between = str_from(*between, end);
    return true;
}

/* The comments before a token: one that began on the line of the token before
 * stays there, the others get lines of their own. */
static void print_comments(struct printer *p, size_t i, size_t indent)
{
    struct str between = gap(p, i), comment;
    size_t lines;
    bool fresh = p->out.n == 0;

    if (i < p->commented)
        return;
    p->commented = i + 1;
    while (next_comment(&between, &comment, &lines)) {
        if (!fresh && (lines > 0 || p->break_due)) {
            if (p->break_due || p->column > indent)
                newline(p, indent);
        } else if (!fresh && p->column > indent) {
            buf_byte(&p->out, ' ');
        }
        buf_add(&p->out, comment);
        p->column += 1 + comment.n;
        p->break_due = true;
        fresh = false;
    }
}

static void print_token(struct printer *p, size_t i, bool space, size_t indent)
{
    print_comments(p, i, indent);
    if (p->break_due) {
        newline(p, indent);
        space = false;
    }
    if (space && p->column > indent) {
        buf_byte(&p->out, ' ');
        p->column++;
    }
    buf_add(&p->out, p->t[i].text);
    p->column += characters(p->t[i].text);
}

/* Tokens from..to-1 on one line; behind them stands at least one more character. */
static bool fits(const struct printer *p, size_t from, size_t to)
{
    size_t width = p->pieces[to - 1].sum + p->pieces[to - 1].width - p->pieces[from].sum;

    return !p->break_due && p->pieces[to - 1].comments == p->pieces[from].comments && p->column + width + 1 <= WIDTH;
}

/* The comma behind the last item of a list; it goes, unless a comment hangs on it. */
static bool is_spare(const struct printer *p, size_t i)
{
    return p->t[i].kind == CEDAR_T_COMMA && is_close(&p->t[i + 1]) && !has_comment(p, i);
}

static void print_flat(struct printer *p, size_t from, size_t to, size_t indent)
{
    for (size_t i = from; i < to; i++)
        if (!is_spare(p, i))
            print_token(p, i, i > from && p->pieces[i].space, indent);
}

/* The next token of this kind outside brackets, or `to`. */
static size_t find(const struct printer *p, size_t from, size_t to, enum cedar_token_kind kind)
{
    for (size_t i = from; i < to; i++) {
        if (p->t[i].kind == kind)
            return i;
        if (is_open(&p->t[i]))
            i = p->pieces[i].match;
    }
    return to;
}

/* A list, each item on a line. */
static void print_list(struct printer *p, size_t from, size_t to, size_t indent)
{
    while (from < to) {
        size_t comma = find(p, from, to, CEDAR_T_COMMA);
        print_comments(p, from, indent);
        newline(p, indent);
        print(p, from, comma, indent);
        if (comma < to && !is_spare(p, comma))
            print_token(p, comma, false, indent);
        from = comma < to ? comma + 1 : to;
    }
}

/* "( … )" over several lines. */
static void print_bracket(struct printer *p, size_t open, size_t indent)
{
    size_t close = p->pieces[open].match;

    print_list(p, open + 1, close, indent + STEP);
    if (close > open + 1 || has_comment(p, close)) {
        print_comments(p, close, indent + STEP);
        newline(p, indent);
    }
    print_token(p, close, false, indent);
}

/* One token after the other; brackets that do not fit are broken. */
static void print_sequence(struct printer *p, size_t from, size_t to, size_t indent)
{
    for (size_t i = from; i < to; i++) {
        if (!is_spare(p, i))
            print_token(p, i, i > from && p->pieces[i].space, indent);
        if (is_open(&p->t[i]) && !fits(p, i + 1, p->pieces[i].match + 1)) {
            i = p->pieces[i].match;
            print_bracket(p, p->pieces[i].match, indent);
        }
    }
}

static bool print_chain(struct printer *p, size_t from, size_t to, enum cedar_token_kind op, size_t indent)
{
    if (find(p, from, to, op) == to)
        return false;
    while (from < to) {
        size_t at = find(p, from, to, op);
        print(p, from, at, indent);
        if (at < to) {
            print_token(p, at, true, indent);
            print_comments(p, at + 1, indent);
            newline(p, indent);
        }
        from = at < to ? at + 1 : to;
    }
    return true;
}

/* The word of this `if` that stands outside those inside it. */
static size_t find_word(const struct printer *p, size_t from, size_t to, struct str word)
{
    size_t inner = 0;

    for (size_t i = from; i < to; i++) {
        if (is_open(&p->t[i]))
            i = p->pieces[i].match;
        else if (cedar_token_is(&p->t[i], S("if")))
            inner++;
        else if (inner == 0 && cedar_token_is(&p->t[i], word))
            return i;
        else if (cedar_token_is(&p->t[i], S("else")))
            inner--;
    }
    return to;
}

static void print_if(struct printer *p, size_t from, size_t to, size_t indent)
{
    size_t then = find_word(p, from + 1, to, S("then")), other = find_word(p, then + 1, to, S("else"));
    size_t starts[4] = { from, then, other, to };

    for (int i = 0; i < 3 && starts[i] < to; i++) {
        if (i > 0) {
            print_comments(p, starts[i], indent);
            newline(p, indent);
        }
        print_token(p, starts[i], false, indent);
        print_comments(p, starts[i] + 1, indent + STEP);
        if (p->break_due)
            newline(p, indent + STEP);
        else {
            buf_byte(&p->out, ' ');
            p->column++;
        }
        print(p, starts[i] + 1, starts[i + 1], indent + STEP);
    }
}

static void print(struct printer *p, size_t from, size_t to, size_t indent)
{
    if (from >= to)
        return;
    if (fits(p, from, to))
        print_flat(p, from, to, indent);
    else if (cedar_token_is(&p->t[from], S("if")))
        print_if(p, from, to, indent);
    else if (!print_chain(p, from, to, CEDAR_T_OR, indent) && !print_chain(p, from, to, CEDAR_T_AND, indent))
        print_sequence(p, from, to, indent);
}

/* "permit (…)" or "when {…}": a word and its brackets. */
static size_t print_clause(struct printer *p, size_t i, bool spaced)
{
    size_t open = i + 1, close = p->pieces[open].match;

    print_token(p, i, false, 0);
    print_token(p, open, true, 0);
    p->column += spaced ? 3 : 0; /* "{ " and " }" and `;` */
    bool flat = fits(p, open + 1, close + 1);
    p->column -= spaced ? 3 : 0;
    if (!flat) {
        print_bracket(p, open, 0);
        return close + 1;
    }
    if (spaced) {
        buf_byte(&p->out, ' ');
        p->column++;
    }
    print_flat(p, open + 1, close, 0);
    print_token(p, close, spaced, 0);
    return close + 1;
}

/* Comments between policies keep their blank lines. */
static void print_between(struct printer *p, size_t i)
{
    struct str between = gap(p, i), comment;
    size_t lines, own_lines = 0;

    p->commented = i + 1;
    while (next_comment(&between, &comment, &lines)) {
        bool behind_policy = p->out.n > 0 && lines == 0;
        if (behind_policy)
            buf_byte(&p->out, ' ');
        else if (p->out.n > 0)
            newline(p, 0);
        if (p->out.n > 0 && !behind_policy && (lines > 1 || (own_lines == 0 && i > 0)))
            newline(p, 0);
        buf_add(&p->out, comment);
        own_lines += !behind_policy;
    }
    if (p->t[i].kind == CEDAR_T_END || p->out.n == 0)
        return;
    newline(p, 0);
    if (own_lines == 0 || lines > 1)
        newline(p, 0);
}

static size_t print_annotation(struct printer *p, size_t i)
{
    size_t end = p->t[i + 2].kind == CEDAR_T_LPAREN ? p->pieces[i + 2].match + 1 : i + 2;

    print_flat(p, i, end, 0);
    return end;
}

static size_t print_policy(struct printer *p, size_t i)
{
    size_t start = i;
    bool head = true;

    p->break_due = false;
    p->column = 0;
    while (p->t[i].kind != CEDAR_T_SEMICOLON) {
        if (i > start) {
            print_comments(p, i, 0);
            newline(p, 0);
        }
        if (p->t[i].kind == CEDAR_T_AT) {
            i = print_annotation(p, i);
        } else {
            i = print_clause(p, i, !head);
            head = false;
        }
    }
    print_token(p, i, false, 0);
    return i + 1;
}

/* A string says the same with escapes for what is not seen in it, or turns the line around. */
static struct str seen(struct arena *a, struct str text)
{
    struct buf b = buf_new(a, 12 * text.n);

    for (size_t i = 0, len; i < text.n; i += len) {
        uint32_t c = cedar_char_at(text, i, &len);
        if (cedar_char_is_hidden(c))
            buf_printf(&b, "\\u{%x}", (unsigned)c);
        else
            buf_add(&b, str_sub(text, i, len));
    }
    return buf_str(&b);
}

static bool hides_something(const struct cedar_token *t)
{
    for (size_t i = 0, len; t->kind == CEDAR_T_STRING && i < t->text.n; i += len)
        if (cedar_char_is_hidden(cedar_char_at(t->text, i, &len)))
            return true;
    return false;
}

/* The tokens as they are shown; a copy where one differs. */
static const struct cedar_token *shown_tokens(struct arena *a, const struct cedar_token *t, size_t n)
{
    struct cedar_token *shown = NULL;

    for (size_t i = 0; i < n; i++) {
        if (!hides_something(&t[i]))
            continue;
        if (shown == NULL)
            shown = memcpy(arena_make_n(a, n, struct cedar_token), t, n * sizeof *t);
        shown[i].text = seen(a, t[i].text);
    }
    return shown != NULL ? shown : t;
}

struct str cedar_format(struct arena *a, struct cedar_diags *d)
{
    struct builder b = { .arena = a, .d = d };
    struct policy_list list = { 0 };
    struct printer p = { .text = d->source->text };
    size_t i = 0;

    if (!parse_policies(&b, &list))
        return (struct str){ NULL, 0 };
    p.t = cedar_lex(d, CEDAR_LEX_POLICY, &p.n);
    p.t = shown_tokens(a, p.t, p.n);
    p.out = buf_new(a, (size_t)4 * CEDAR_TEXT_MAX_B);
    study(&p, a);
    while (p.t[i].kind != CEDAR_T_END) {
        print_between(&p, i);
        i = print_policy(&p, i);
    }
    print_between(&p, i);
    if (p.out.n > 0)
        buf_byte(&p.out, '\n');
    return buf_ok(&p.out) ? buf_str(&p.out) : (struct str){ NULL, 0 };
}
