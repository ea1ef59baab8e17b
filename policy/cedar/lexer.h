/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/lexer.h: policy text and schema text as tokens.
 *
 * Stands on base/ alone.  One call turns a whole text into an array that ends
 * with CEDAR_T_END, so a parser may look ahead as far as it likes.  Words are
 * all CEDAR_T_NAME: what is reserved depends on the place, and the parsers say
 * so (cedar_reserved()).  Comments and white space make no token; they stand
 * between the spans of two neighbours.  [Cedar policy grammar]
 */
#ifndef CEDAR_LEXER_H
#define CEDAR_LEXER_H

#include "policy/cedar/diag.h"

#include <string.h>

/*  token          as an error message says it */
#define CEDAR_TOKENS(X)                                                                                                \
    X(END, "the end of the text")                                                                                      \
    X(NAME, "a name")                                                                                                  \
    X(STRING, "a string")                                                                                              \
    X(NUMBER, "a number")                                                                                              \
    X(SLOT, "a slot")                                                                                                  \
    X(AT, "`@`")                                                                                                       \
    X(DOT, "`.`")                                                                                                      \
    X(COMMA, "`,`")                                                                                                    \
    X(SEMICOLON, "`;`")                                                                                                \
    X(COLON, "`:`")                                                                                                    \
    X(COLONS, "`::`")                                                                                                  \
    X(LPAREN, "`(`")                                                                                                   \
    X(RPAREN, "`)`")                                                                                                   \
    X(LBRACE, "`{`")                                                                                                   \
    X(RBRACE, "`}`")                                                                                                   \
    X(LBRACKET, "`[`")                                                                                                 \
    X(RBRACKET, "`]`")                                                                                                 \
    X(EQ, "`==`")                                                                                                      \
    X(NE, "`!=`")                                                                                                      \
    X(LT, "`<`")                                                                                                       \
    X(LE, "`<=`")                                                                                                      \
    X(GT, "`>`")                                                                                                       \
    X(GE, "`>=`")                                                                                                      \
    X(OR, "`||`")                                                                                                      \
    X(AND, "`&&`")                                                                                                     \
    X(PLUS, "`+`")                                                                                                     \
    X(MINUS, "`-`")                                                                                                    \
    X(STAR, "`*`")                                                                                                     \
    X(SLASH, "`/`")                                                                                                    \
    X(PERCENT, "`%`")                                                                                                  \
    X(BANG, "`!`")                                                                                                     \
    X(ASSIGN, "`=`")                                                                                                   \
    X(QUESTION, "`?`")

enum cedar_token_kind {
#define X(kind, words) CEDAR_T_##kind,
    CEDAR_TOKENS(X)
#undef X
};

struct cedar_token {
    enum cedar_token_kind kind;
    struct cedar_span span;
    struct str text; /* as written: a string with its quotes, a slot with its `?` */
};

/* CEDAR_LEX_SCHEMA: `?` is a token of its own (optional attributes), never the start of a slot. */
enum cedar_lex_mode { CEDAR_LEX_POLICY = 0, CEDAR_LEX_SCHEMA };

/* Tokens of d->source, in d->arena; *n counts the END token too.  Never NULL:
 * what is no token is reported into d and left out.  A text that is larger than
 * CEDAR_TEXT_MAX_B or not UTF-8 is one error and no token but END. */
const struct cedar_token *cedar_lex(struct cedar_diags *d, enum cedar_lex_mode mode, size_t *n);

/* The same, policy by policy, so that a large text is never there as tokens as a whole: each call gives the tokens up
 * to a `;` and an END behind it, in memory that the next call uses again.  A policy that nests deeper than an
 * expression may, in brackets or by a chain of operators, is reported, and left out as soon as that is seen: its tokens
 * are END alone. */
struct cedar_lexer {
    struct cedar_diags *d;
    struct str text;
    enum cedar_lex_mode mode;
    size_t at;
    struct cedar_token *tokens;
    size_t n, cap;
    struct cedar_chain *levels; /* of brackets; NULL: nobody counts */
    size_t level;
    bool too_deep;
};
struct cedar_lexer cedar_lexer_of(struct cedar_diags *d);
const struct cedar_token *cedar_lex_policy(struct cedar_lexer *x); /* NULL: there are no more */

const char *cedar_token_words(enum cedar_token_kind kind);
/* Is it a NAME with this text?  In the header because parsers ask it of nearly every token. */
static inline bool cedar_token_is(const struct cedar_token *t, struct str word)
{
    return t->kind == CEDAR_T_NAME && t->text.n == word.n && memcmp(t->text.p, word.p, word.n) == 0;
}

/* A word that can never be a name: true false if then else in is like has (and
 * `__cedar`, which is kept for Cedar itself). */
bool cedar_reserved(struct str word);
/* [_a-zA-Z][_a-zA-Z0-9]* */
bool cedar_is_ident(struct str s);
/* idents joined with "::", none of them reserved; as entity types and functions are named. */
bool cedar_is_path(struct str s);

/* The value of a STRING token; may contain any character, NUL too.  A view into
 * the text or memory of d->arena.  False after reporting into d what is wrong
 * with an escape.  [Cedar: string escapes] */
bool cedar_unescape(struct cedar_diags *d, const struct cedar_token *t, struct str *out);

/* A string value as Cedar text, with its quotes: what cannot be printed is escaped. */
void cedar_quote(struct buf *b, struct str value);

#endif
