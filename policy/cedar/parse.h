/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/parse.h: policy text -> trees.  Inside the library; everybody
 * else calls cedar_policies_parse().
 *
 * Stands on base/ alone.
 */
#ifndef CEDAR_PARSE_H
#define CEDAR_PARSE_H

#include "policy/cedar/ast.h"
#include "policy/cedar/lexer.h"

/* Where the parser reads; two levels of the language stand in two files. */
struct parser {
    struct builder *b;
    const struct cedar_token *t; /* the next token; the last one is END */
    unsigned depth;
    bool in_scope;   /* slots may stand here */
    bool of_action;  /* … but it is the action's part of it */
    size_t mistakes; /* that there were before what stands in the scope */
};

/* All policies and templates of the text b->d->source, in order, without ids.
 * Reports every wrong policy; false when there was one. */
struct policy_list {
    struct cedar_policy **items;
    size_t n, cap;
};
struct builder;
bool parse_policies(struct builder *b, struct policy_list *out);
void policy_list_add(struct arena *a, struct policy_list *list, struct cedar_policy *p);

/* parse_expr.c; NULL after a syntax error was reported. */
const struct cedar_expr *parse_expr(struct parser *p);
/* A path "A::B" of names, none reserved; absent after reporting. */
struct str parse_path(struct parser *p, struct cedar_span *span);
/* A relation's operand: everything but comparisons, && and ||. */
const struct cedar_expr *parse_operand(struct parser *p);

/* A string's value, in memory of the policy set: the text belongs to the set, the
 * diagnostics' arena does not. */
struct str keep_text(const struct builder *b, struct str s);

static inline bool at(const struct parser *p, int token_kind)
{
    return (int)p->t->kind == token_kind;
}

static inline bool at_word(const struct parser *p, struct str word)
{
    return cedar_token_is(p->t, word);
}

/* Takes the token if it is next; otherwise reports what was expected. */
bool take(struct parser *p, int token_kind, const char *where);
/* "expected …" at the next token; returns false. */
bool unexpected(struct parser *p, const char *expected);
struct cedar_span span_from(const struct parser *p, uint32_t from); /* to the end of the last token taken */

#endif
