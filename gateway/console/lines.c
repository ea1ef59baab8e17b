/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/lines.h"

#include "console/texts.h"
#include "frame/roles.h"
#include "frame/words.h"
#include "gateway/console/rights_given.h"
#include "model/pairwise.h"
#include "model/when.h"
#include "policy/matrix.h"
#include "policy/words.h"

#include <stdlib.h>
#include <string.h>

enum { ID_HEX = 64, POLICY_MAX_B = 65536 };

struct holder {
    struct str person, name; /* name: of the account, where the registry has it; else the id of the right's row */
    const struct admin *right;
};

struct holders {
    struct holder *at;
    size_t n;
};

/* Of several rights of one person the first row's id stands for them. */
static int by_person(const void *x, const void *y)
{
    const struct holder *a = x, *b = y;
    int order = str_cmp(a->person, b->person);

    return order != 0 ? order : (a->right > b->right) - (a->right < b->right);
}

static int by_account(const void *x, const void *y)
{
    const struct account *const *a = x, *const *b = y;
    int order = str_cmp((*a)->idp, (*b)->idp);

    return order != 0 ? order : str_cmp((*a)->id, (*b)->id);
}

static const struct account **accounts_in_order(struct arena *a, const struct registry_parts *parts)
{
    const struct account **all = arena_make_n(a, parts->account_count + 1, const struct account *);

    for (size_t i = 0; i < parts->account_count; i++)
        all[i] = &parts->accounts[i];
    qsort(all, parts->account_count, sizeof *all, by_account);
    return all;
}

static void *make_holders(struct arena *a, const struct registry *r, const void *seals)
{
    const struct registry_parts *parts = registry_parts(r);
    struct arena *work = arena_scratch(a);
    const struct account **accounts = accounts_in_order(work, parts);
    struct holders *h = arena_make(a, struct holders);

    h->at = arena_make_n(a, parts->admin_count + 1, struct holder);
    for (; h->n < parts->admin_count; h->n++) {
        const struct admin *x = &parts->admins[h->n];
        const struct account wanted = { .idp = x->idp, .id = x->subject }, *key = &wanted;
        const struct account **found = bsearch(&key, accounts, parts->account_count, sizeof *accounts, by_account);
        const struct str name = found != NULL ? rights_name(a, (*found)->person) : (struct str){ NULL, 0 };
        h->at[h->n] =
            (struct holder){ pairwise_person(a, seals, x->idp, x->subject), str_is_set(name) ? name : x->id, x };
    }
    arena_free(work);
    qsort(h->at, h->n, sizeof *h->at, by_person);
    return h;
}

static const struct holders *holders_of(const struct registry *r, const struct seals *seals)
{
    return registry_index_with(r, INDEX_HOLDERS, seals, make_holders);
}

void lines_prepare(const struct registry *r, const struct seals *seals)
{
    (void)holders_of(r, seals);
}

/* The pseudonym of somebody whom the registry gave a right is found again from that row; other people's is not theirs
 * to be named by here. */
struct str lines_who(struct ctx *c, struct str who)
{
    const struct holders *h = holders_of(c->registry, c->seals);
    size_t low = 0, high = h->n;

    if (str_eq(who, c->session->person->id))
        return said(C_you, c->lang);
    if (who.n != ID_HEX)
        return who;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_cmp(h->at[middle].person, who) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < h->n && str_eq(h->at[low].person, who))
        return h->at[low].name;
    return said(C_another_admin, c->lang);
}

static struct str maker_words(struct str maker, enum lang lang)
{
    static const enum said words[MAKER_COUNT] = {
        [MAKER_import] = C_maker_import,
        [MAKER_undo] = C_maker_undo,
        [MAKER_console] = C_maker_console,
        [MAKER_cli] = C_maker_cli,
        [MAKER_registration] = C_maker_registration,
        [MAKER_portal] = C_maker_portal,
        [MAKER_api] = C_maker_api,
    };

    for (size_t i = 1; i < MAKER_COUNT; i++)
        if (str_eq(maker, str_of(change_maker_name((enum change_maker)i))))
            return said(words[i], lang);
    return said(C_maker_other, lang);
}

struct str lines_draft(enum draft_state state, enum lang lang)
{
    static const enum said words[DRAFT_STATE_COUNT] = {
        [DRAFT_draft] = C_draft_written,       [DRAFT_proposed] = C_draft_waits,
        [DRAFT_approved] = C_draft_approved,   [DRAFT_sent_back] = C_draft_back,
        [DRAFT_withdrawn] = C_draft_withdrawn, [DRAFT_published] = C_draft_is_published,
    };

    return said(words[state], lang);
}

struct str lines_number(struct ctx *c, int64_t n)
{
    return words_count(c->arena, (size_t)(n > 0 ? n : 0), c->lang);
}

/* {added} … filled in. */
static struct str counts(struct ctx *c, const struct change_entry *e)
{
    struct str rest = said(C_counts, c->lang);
    struct buf b = buf_new(c->arena, 512);

    while (rest.n > 0) {
        size_t open = str_find_byte(rest, '{', 0), close = str_find_byte(rest, '}', open);
        buf_add(&b, str_sub(rest, 0, open));
        if (close >= rest.n)
            break;
        struct str name = str_sub(rest, open + 1, close - open - 1);
        buf_add(&b, lines_number(c, str_eq(name, S("added"))     ? e->added
                                    : str_eq(name, S("changed")) ? e->changed
                                                                 : e->removed));
        rest = str_from(rest, close + 1);
    }
    return buf_str(&b);
}

struct change_line line_of(struct ctx *c, const struct change_entry *e)
{
    return (struct change_line){ .number = e->number,
                                 .when = when_full(c->arena, e->at_s, c->lang),
                                 .who = lines_who(c, e->who),
                                 .maker = maker_words(e->maker, c->lang),
                                 .why = e->why,
                                 .counts = counts(c, e),
                                 .undo = e->undoes != 0,
                                 .undoes = e->undoes,
                                 .current = e->number == registry_parts(c->registry)->version };
}

struct change_lines lines_of(struct ctx *c, const struct change_entries *list)
{
    struct change_line *at = arena_make_n(c->arena, list->n + 1, struct change_line);

    for (size_t i = 0; i < list->n; i++)
        at[i] = line_of(c, &list->at[i]);
    return (struct change_lines){ at, list->n };
}

struct str lines_column(const struct ctx *c, size_t column)
{
    const struct matrix_who *who = &matrix_columns[column];

    if (who->role != ROLE_LEARNER)
        return role_word(who->role, c->lang);
    return said(who->level_to == 0     ? C_col_student
                : who->level_from == 1 ? C_col_learner_low
                                       : C_col_learner_high,
                c->lang);
}

struct str lines_policy(struct ctx *c, struct str text)
{
    struct strs words = policy_text_words(c->arena, c->registry, text, c->lang);
    struct buf b = buf_new(c->arena, POLICY_MAX_B);

    for (size_t i = 0; i < words.n; i++) {
        buf_add(&b, i > 0 ? S(". ") : S(""));
        buf_add(&b, words.at[i]);
    }
    return buf_ok(&b) ? buf_str(&b) : S("…");
}
