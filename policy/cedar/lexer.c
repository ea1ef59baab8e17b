/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/lexer.h"

#include "policy/cedar/ast.h"
#include "policy/cedar/script.h"
#include "policy/cedar/utf8.h"

/* Marks of one character; 0 is no mark (END is never written). */
static const unsigned char marks[128] = {
    ['@'] = CEDAR_T_AT,     ['.'] = CEDAR_T_DOT,      [','] = CEDAR_T_COMMA,    [';'] = CEDAR_T_SEMICOLON,
    [':'] = CEDAR_T_COLON,  ['('] = CEDAR_T_LPAREN,   [')'] = CEDAR_T_RPAREN,   ['{'] = CEDAR_T_LBRACE,
    ['}'] = CEDAR_T_RBRACE, ['['] = CEDAR_T_LBRACKET, [']'] = CEDAR_T_RBRACKET, ['<'] = CEDAR_T_LT,
    ['>'] = CEDAR_T_GT,     ['+'] = CEDAR_T_PLUS,     ['-'] = CEDAR_T_MINUS,    ['*'] = CEDAR_T_STAR,
    ['/'] = CEDAR_T_SLASH,  ['%'] = CEDAR_T_PERCENT,  ['!'] = CEDAR_T_BANG,     ['='] = CEDAR_T_ASSIGN,
};

/* Marks of two characters. */
static enum cedar_token_kind pair_of(char c, char next)
{
    switch (next) {
    case '=':
        return c == '=' ? CEDAR_T_EQ : c == '!' ? CEDAR_T_NE : c == '<' ? CEDAR_T_LE : c == '>' ? CEDAR_T_GE : 0;
    case ':':
        return c == ':' ? CEDAR_T_COLONS : 0;
    case '|':
        return c == '|' ? CEDAR_T_OR : 0;
    case '&':
        return c == '&' ? CEDAR_T_AND : 0;
    default:
        return 0;
    }
}

enum { LETTER = 1, DIGIT = 2 };
static const unsigned char classes[256] = {
    ['a' ... 'z'] = LETTER, ['A' ... 'Z'] = LETTER, ['_'] = LETTER, ['0' ... '9'] = DIGIT
};

static bool starts_name(char c)
{
    return classes[(unsigned char)c] == LETTER;
}

static bool is_digit(char c)
{
    return classes[(unsigned char)c] == DIGIT;
}

static bool is_in_name(char c)
{
    return classes[(unsigned char)c] != 0;
}

static void add(struct cedar_lexer *x, enum cedar_token_kind kind, size_t from)
{
    if (x->n == x->cap) {
        size_t cap = x->cap > 0 ? x->cap * 2 : (x->levels == NULL ? x->text.n / 3 : 0) + 64;
        struct cedar_token *more = arena_make_n(x->d->arena, cap, struct cedar_token);
        for (size_t i = 0; i < x->n; i++)
            more[i] = x->tokens[i];
        x->tokens = more;
        x->cap = cap;
    }
    x->tokens[x->n++] = (struct cedar_token){
        .kind = kind,
        .span = { (uint32_t)from, (uint32_t)x->at },
        .text = { x->text.p + from, x->at - from },
    };
}

static char peek(const struct cedar_lexer *x, size_t ahead)
{
    return x->at + ahead < x->text.n ? x->text.p[x->at + ahead] : '\0';
}

/* A comment is for people: what they read must be what stands there. */
static void look_at_comment(struct cedar_lexer *x, size_t from)
{
    struct cedar_span span = { (uint32_t)from, (uint32_t)x->at };
    uint32_t at;

    switch (script_check_comment(str_sub(x->text, from, x->at - from), &at)) {
    case SCRIPT_TURNS:
        (void)cedar_warn(x->d, CEDAR_FINDING_BIDI, span, "the comment has U+%04X, which turns the text around it",
                         (unsigned)at);
        return;
    case SCRIPT_HIDDEN:
        (void)cedar_warn(x->d, CEDAR_FINDING_INVISIBLE, span, "the comment has the invisible character U+%04X",
                         (unsigned)at);
        return;
    default:
        return;
    }
}

static void skip_comment(struct cedar_lexer *x)
{
    size_t from = x->at;
    unsigned char seen = 0;

    for (; x->at < x->text.n && peek(x, 0) != '\n' && peek(x, 0) != '\r'; x->at++)
        seen |= (unsigned char)peek(x, 0);
    if (seen >= 0x80)
        look_at_comment(x, from);
}

/* White space and comments; a comment ends with its line. */
static void skip_space(struct cedar_lexer *x)
{
    while (x->at < x->text.n) {
        size_t len;
        char c = peek(x, 0);
        if (c == ' ' || c == '\n') {
            x->at++;
        } else if (c > ' ' && c != '/' && c < 0x7F) {
            return;
        } else if (c == '/' && peek(x, 1) == '/') {
            skip_comment(x);
        } else if (cedar_char_is_space(cedar_char_at(x->text, x->at, &len))) {
            x->at += len;
        } else {
            return;
        }
    }
}

static void lex_name(struct cedar_lexer *x, enum cedar_token_kind kind, size_t from)
{
    while (is_in_name(peek(x, 0)))
        x->at++;
    add(x, kind, from);
}

/* A string ends at the first quote without a backslash before it; it may span lines. */
static void lex_string(struct cedar_lexer *x)
{
    size_t from = x->at++;

    while (x->at < x->text.n && peek(x, 0) != '"') {
        if (peek(x, 0) == '\\' && peek(x, 1) != '\n' && x->at + 1 < x->text.n)
            x->at++;
        else if (peek(x, 0) == '\\')
            (void)cedar_fault(x->d, CEDAR_FINDING_ESCAPE, (struct cedar_span){ (uint32_t)x->at, (uint32_t)x->at + 1 },
                              "a backslash at the end of a line is no escape");
        x->at++;
    }
    if (x->at >= x->text.n) {
        x->at = x->text.n;
        size_t line = str_find_byte(x->text, '\n', from);
        (void)cedar_fault(x->d, CEDAR_FINDING_STRING, (struct cedar_span){ (uint32_t)from, (uint32_t)line },
                          "this string has no end");
        (void)cedar_expected(x->d, "a closing `\"`");
        return;
    }
    x->at++;
    add(x, CEDAR_T_STRING, from);
}

static bool lex_mark(struct cedar_lexer *x)
{
    char c = peek(x, 0);
    enum cedar_token_kind kind = pair_of(c, peek(x, 1));
    size_t from = x->at;

    if (kind != 0)
        x->at += 2;
    else if ((unsigned char)c < 128 && (kind = marks[(unsigned char)c]) != 0)
        x->at++;
    if (kind != 0)
        add(x, kind, from);
    return kind != 0;
}

/* Other languages' quotes, up to the closing one in the same line: one mistake, and a string for the parser. */
static bool lex_foreign_string(struct cedar_lexer *x, uint32_t quote)
{
    static const struct {
        uint32_t open;
        struct str close;
    } quotes[] = { { '\'', S("'") },
                   { '`', S("`") },
                   { 0x201C, S("\xE2\x80\x9D") },
                   { 0x201D, S("\xE2\x80\x9D") },
                   { 0x201E, S("\xE2\x80\x9D") },
                   { 0x2018, S("\xE2\x80\x99") } };
    size_t line = str_find_byte(x->text, '\n', x->at), from = x->at, len;

    (void)cedar_char_at(x->text, from, &len);
    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
        struct str rest = str_sub(x->text, from + len, line - from - len);
        size_t end = quotes[i].open == quote ? str_find(rest, quotes[i].close) : rest.n;
        if (end == rest.n)
            continue;
        x->at = from + len + end + quotes[i].close.n;
        (void)cedar_fault(x->d, CEDAR_FINDING_STRING, (struct cedar_span){ (uint32_t)from, (uint32_t)x->at },
                          "text stands between `\"`, not between `%.*s`", (int)len, x->text.p + from);
        if (end < 60 && str_find_byte(rest, '"', 0) > end && str_find_byte(rest, '\\', 0) > end)
            (void)cedar_expected(x->d, "`\"%.*s\"`", (int)end, rest.p);
        add(x, CEDAR_T_STRING, from);
        x->tokens[x->n - 1].text = S("\"\"");
        return true;
    }
    return false;
}

/* Can it be a mark of another language?  Asked of every mark, so it looks at characters only. */
static bool may_be_foreign(const struct cedar_lexer *x)
{
    char c = peek(x, 0), next = peek(x, 1);

    switch (c) {
    case '=':
        return next == '>' || next == '<' || (next == '=' && peek(x, 2) == '=');
    case '!':
        return next == '=' && peek(x, 2) == '=';
    case '<':
        return next == '>';
    case '&':
    case '|':
        return next != c;
    default:
        return false;
    }
}

/* What other languages write for an operator of Cedar's: said once, and taken for it. */
static bool lex_foreign_mark(struct cedar_lexer *x)
{
    static const struct {
        struct str written, meant;
        enum cedar_token_kind kind;
    } marks_of_others[] = {
        { S("==="), S("=="), CEDAR_T_EQ }, { S("!=="), S("!="), CEDAR_T_NE }, { S("<>"), S("!="), CEDAR_T_NE },
        { S("=>"), S(">="), CEDAR_T_GE },  { S("=<"), S("<="), CEDAR_T_LE },  { S("&"), S("&&"), CEDAR_T_AND },
        { S("|"), S("||"), CEDAR_T_OR },
    };
    struct str rest = str_from(x->text, x->at);
    size_t from = x->at;

    for (size_t i = 0; i < sizeof marks_of_others / sizeof *marks_of_others; i++)
        if (str_has_prefix(rest, marks_of_others[i].written)) {
            x->at += marks_of_others[i].written.n;
            (void)cedar_fault(x->d, CEDAR_FINDING_OPERATOR, (struct cedar_span){ (uint32_t)from, (uint32_t)x->at },
                              "`%.*s` is no operator of Cedar", STR_ARG(marks_of_others[i].written));
            (void)cedar_expected(x->d, "`%.*s`", STR_ARG(marks_of_others[i].meant));
            add(x, marks_of_others[i].kind, from);
            return true;
        }
    return false;
}

static void lex_number(struct cedar_lexer *x)
{
    size_t from = x->at;

    while (is_digit(peek(x, 0)))
        x->at++;
    if (x->mode == CEDAR_LEX_POLICY && peek(x, 0) == '.' && is_digit(peek(x, 1))) {
        for (x->at++; is_digit(peek(x, 0));)
            x->at++;
        (void)cedar_fault(x->d, CEDAR_FINDING_NUMBER, (struct cedar_span){ (uint32_t)from, (uint32_t)x->at },
                          "a number with a point is a decimal, which is made of text");
        (void)cedar_expected(x->d, "`decimal(\"%.*s\")`", (int)(x->at - from), x->text.p + from);
        add(x, CEDAR_T_NUMBER, from);
        x->tokens[x->n - 1].text = S("0");
        return;
    }
    add(x, CEDAR_T_NUMBER, from);
}

static void lex_unknown(struct cedar_lexer *x)
{
    size_t len, from = x->at;
    uint32_t c = cedar_char_at(x->text, x->at, &len);
    struct cedar_span span = { (uint32_t)from, (uint32_t)(from + len) };

    if (x->mode == CEDAR_LEX_POLICY && lex_foreign_string(x, c))
        return;
    x->at += len;
    if (cedar_char_is_printable(c))
        (void)cedar_fault(x->d, CEDAR_FINDING_CHARACTER, span, "`%.*s` is no part of the language", (int)len,
                          x->text.p + from);
    else
        (void)cedar_fault(x->d, CEDAR_FINDING_CHARACTER, span,
                          "the invisible character U+%04X is no part of the language", (unsigned)c);
    if (c == '\'')
        (void)cedar_expected(x->d, "`\"` around text");
    else if (c == '&' || c == '|')
        (void)cedar_expected(x->d, "`%c%c`", (char)c, (char)c);
}

static void lex_one(struct cedar_lexer *x)
{
    char c = peek(x, 0);
    size_t from = x->at;

    if (starts_name(c)) {
        lex_name(x, CEDAR_T_NAME, from);
    } else if (is_digit(c)) {
        lex_number(x);
    } else if (c == '"') {
        lex_string(x);
    } else if (c == '?' && x->mode == CEDAR_LEX_SCHEMA) {
        x->at++;
        add(x, CEDAR_T_QUESTION, from);
    } else if (c == '?' && starts_name(peek(x, 1))) {
        x->at++;
        lex_name(x, CEDAR_T_SLOT, from);
    } else if (!(x->mode == CEDAR_LEX_POLICY && may_be_foreign(x) && lex_foreign_mark(x)) && !lex_mark(x)) {
        lex_unknown(x);
    }
}

static struct cedar_lexer lexer_of(struct cedar_diags *d, enum cedar_lex_mode mode)
{
    struct cedar_lexer x = { .d = d, .text = d->source->text, .mode = mode };

    if (x.text.n > CEDAR_TEXT_MAX_B) {
        (void)cedar_fault(d, CEDAR_FINDING_TOO_LARGE, (struct cedar_span){ 0, 0 }, "the text is larger than %d bytes",
                          CEDAR_TEXT_MAX_B);
        x.text.n = 0;
    } else if (x.text.n > 0 && !cedar_text_is_utf8(x.text)) {
        (void)cedar_fault(d, CEDAR_FINDING_NOT_UTF8, (struct cedar_span){ 0, 0 }, "the text is not UTF-8");
        x.text.n = 0;
    }
    arena_spend(d->arena, x.text.n / 4);
    return x;
}

const struct cedar_token *cedar_lex(struct cedar_diags *d, enum cedar_lex_mode mode, size_t *n)
{
    struct cedar_lexer x = lexer_of(d, mode);

    for (skip_space(&x); x.at < x.text.n; skip_space(&x))
        lex_one(&x);
    add(&x, CEDAR_T_END, x.at);
    *n = x.n;
    return x.tokens;
}

/* Policy by policy ------------------------------------------------------------- */

/* What would be one below the other in the tree, between two brackets: a sum, a product, a path. */
struct cedar_chain {
    uint16_t sums, products, dots;
};
enum { LEVELS_MAX = 300 }; /* of brackets; more than any parser takes */

struct cedar_lexer cedar_lexer_of(struct cedar_diags *d)
{
    struct cedar_lexer x = lexer_of(d, CEDAR_LEX_POLICY);

    x.levels = arena_make_n(d->arena, LEVELS_MAX + 1, struct cedar_chain);
    return x;
}

/* May an operator follow, so that a minus is none of a number? */
static bool ends_operand(enum cedar_token_kind kind)
{
    return kind == CEDAR_T_NAME || kind == CEDAR_T_STRING || kind == CEDAR_T_NUMBER || kind == CEDAR_T_RPAREN ||
           kind == CEDAR_T_RBRACKET || kind == CEDAR_T_RBRACE || kind == CEDAR_T_SLOT;
}

/* Never too many: a chain ends where the tree could begin anew beside it. */
static void count_chain(struct cedar_chain *chain, enum cedar_token_kind kind, enum cedar_token_kind before)
{
    switch (kind) {
    case CEDAR_T_PLUS:
    case CEDAR_T_MINUS:
        if (ends_operand(before))
            *chain = (struct cedar_chain){ .sums = (uint16_t)(chain->sums + 1) };
        return;
    case CEDAR_T_STAR:
        chain->products++;
        chain->dots = 0;
        return;
    case CEDAR_T_DOT:
        chain->dots++;
        return;
    case CEDAR_T_NAME:
        if (before == CEDAR_T_DOT || before == CEDAR_T_COLONS)
            return;
        if (ends_operand(before)) /* `in`, `has`, `then` … */
            *chain = (struct cedar_chain){ 0, 0, 0 };
        chain->dots = 0;
        return;
    case CEDAR_T_STRING:
    case CEDAR_T_NUMBER:
    case CEDAR_T_COLONS:
    case CEDAR_T_BANG:
    case CEDAR_T_SLOT:
        return;
    default:
        *chain = (struct cedar_chain){ 0, 0, 0 };
    }
}

/* False when the last token makes the policy deeper than any may be. */
static bool not_too_deep(struct cedar_lexer *x)
{
    enum cedar_token_kind kind = x->tokens[x->n - 1].kind;
    enum cedar_token_kind before = x->n > 1 ? x->tokens[x->n - 2].kind : CEDAR_T_END;
    struct cedar_chain *chain = &x->levels[x->level];

    if (kind == CEDAR_T_LPAREN || kind == CEDAR_T_LBRACKET || kind == CEDAR_T_LBRACE) {
        if (x->level == LEVELS_MAX)
            return false;
        x->levels[++x->level] = (struct cedar_chain){ 0, 0, 0 };
        return true;
    }
    if (kind == CEDAR_T_RPAREN || kind == CEDAR_T_RBRACKET || kind == CEDAR_T_RBRACE) {
        x->level -= x->level > 0;
        return true;
    }
    count_chain(chain, kind, before);
    return chain->sums <= CEDAR_DEPTH_MAX && chain->products <= CEDAR_DEPTH_MAX && chain->dots <= CEDAR_DEPTH_MAX;
}

/* Past the next `;`, keeping nothing. */
static void leave_out(struct cedar_lexer *x)
{
    while (x->at < x->text.n && x->tokens[0].kind != CEDAR_T_SEMICOLON) {
        x->n = 0;
        skip_space(x);
        if (x->at < x->text.n)
            lex_one(x);
    }
    x->n = 0;
}

const struct cedar_token *cedar_lex_policy(struct cedar_lexer *x)
{
    x->n = x->level = 0;
    x->levels[0] = (struct cedar_chain){ 0, 0, 0 };
    x->too_deep = false;
    for (skip_space(x); x->at < x->text.n; skip_space(x)) {
        size_t n = x->n;
        lex_one(x);
        if (x->n == n)
            continue;
        if (x->tokens[n].kind == CEDAR_T_SEMICOLON)
            break;
        if (!not_too_deep(x)) {
            (void)cedar_fault(x->d, CEDAR_FINDING_TOO_DEEP, x->tokens[n].span,
                              "the expression is nested deeper than %d levels", CEDAR_DEPTH_MAX);
            x->too_deep = true;
            leave_out(x);
            break;
        }
    }
    if (x->n == 0 && !x->too_deep)
        return NULL;
    add(x, CEDAR_T_END, x->at);
    return x->tokens;
}

const char *cedar_token_words(enum cedar_token_kind kind)
{
    static const char *const words[] = {
#define X(name, text) text,
        CEDAR_TOKENS(X)
#undef X
    };

    return words[kind];
}

bool cedar_reserved(struct str word)
{
    static const struct str words[] = { S("in"),   S("is"),   S("if"),   S("has"),   S("true"),
                                        S("then"), S("else"), S("like"), S("false"), S("__cedar") };

    if (word.n < 2 || word.n > 7 || word.n == 6)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].n == word.n && str_eq(word, words[i]))
            return true;
    return false;
}

bool cedar_is_ident(struct str s)
{
    if (s.n == 0 || !starts_name(s.p[0]))
        return false;
    for (size_t i = 1; i < s.n; i++)
        if (!is_in_name(s.p[i]))
            return false;
    return true;
}

bool cedar_is_path(struct str s)
{
    for (size_t colons;; s = str_from(s, colons + 2)) {
        colons = str_find_byte(s, ':', 0);
        struct str part = str_sub(s, 0, colons);
        if (!cedar_is_ident(part) || cedar_reserved(part))
            return false;
        if (colons == s.n)
            return true;
        if (colons + 1 == s.n || s.p[colons + 1] != ':')
            return false;
    }
}
