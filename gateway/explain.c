/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/explain.h"

#include "base/work.h"
#include "frame/roles.h"
#include "launcher/texts.h"
#include "model/when.h"
#include "policy/windows.h"

enum { WAY_MAX_B = 4096 };

struct job { /* all that the thread touches; arena: the job's own */
    struct arena *arena;
    const struct registry *registry;
    const struct person *person;
    const struct service *service;
    struct circumstances now;
    enum lang lang;
    struct explained *out;
};

static void run(void *arg)
{
    struct job *j = arg;
    struct reasons why = policy_reasons(j->arena, j->registry, j->person, j->service, &j->now);

    j->out->told = policy_told(j->arena, j->registry, j->person, &why, &j->now, j->lang);
}

static void release_arena(void *a)
{
    arena_free(a);
}

void explain_ask(struct ctx *c, const struct circumstances *now)
{
    struct job *j = arena_make(c->arena, struct job);

    c->explained = arena_make(c->arena, struct explained);
    *j = (struct job){ arena_new(), c->registry, c->person, c->service, *now, c->lang, c->explained };
    arena_adopt(c->arena, j->arena, release_arena);
    if (c->work != NULL)
        (void)work_ask(c->work, &c->batch, run, j);
}

static void add(struct buf *b, struct str part)
{
    if (!str_is_set(part))
        return;
    buf_add(b, b->n > 0 ? S(", ") : S(""));
    buf_add(b, part);
}

/* In the middle of a line: "oppilas". */
static struct str role_here(struct ctx *c, enum role role)
{
    struct buf b = buf_new(c->arena, 256);

    buf_add(&b, role_word(role, c->lang));
    if (b.n > 0 && b.p[0] >= 'A' && b.p[0] <= 'Z')
        b.p[0] = (char)(b.p[0] - 'A' + 'a');
    return buf_str(&b);
}

static bool is_passing(enum condition_of of)
{
    return of == CONDITION_DAY || of == CONDITION_HOURS || of == CONDITION_DEVICE || of == CONDITION_TERM ||
           of == CONDITION_NETWORK || of == CONDITION_EXAM;
}

static struct denied_way way_of(struct ctx *c, const struct told_way *t, bool *passes)
{
    struct buf words = buf_new(c->arena, WAY_MAX_B), is = buf_new(c->arena, WAY_MAX_B);
    struct str last = S("");

    for (size_t i = 0; i < t->lacks.n; i++) {
        const struct condition *lack = &t->lacks.at[i];
        bool group = lack->of == CONDITION_GROUP;
        struct str so = lack->of == CONDITION_ROLE ? role_here(c, t->at->role) : lack->is;
        *passes = *passes && is_passing(lack->of);
        add(&words, group ? text(T_denied_some_groups, c->lang) : lack->words);
        if (!str_eq(so, last)) /* the time is the same for day and hours */
            add(&is, so);
        last = so;
    }
    return (struct denied_way){ buf_str(&words), buf_str(&is) };
}

/* "klo 10.30", "24.11.2026 klo 10.30" */
static struct str until(struct ctx *c, int64_t at_s)
{
    static const char *const at[LANG_COUNT] = { "klo ", "kl. ", "" };

    if (windows_day(at_s) != windows_day(c->now_s))
        return when_full(c->arena, at_s, c->lang);
    return arena_join(c->arena, str_of(at[c->lang]), when_time(c->arena, at_s, c->lang));
}

void explain_fill(struct ctx *c, struct denied_view *v)
{
    const struct telling *t = c->explained != NULL ? &c->explained->told : NULL;

    if (t == NULL)
        return;
    struct denied_way *ways = arena_make_n(c->arena, t->n + 1, struct denied_way);
    v->no_place = t->kind == TOLD_NO_PLACE;
    v->not_now = t->n > 0 || t->kind == TOLD_EXAM;
    if (t->kind == TOLD_EXAM)
        v->exam_ends = until(c, t->exam_to_s);
    for (size_t i = 0; i < t->n; i++)
        ways[i] = way_of(c, &t->ways[i], &v->not_now);
    v->ways.at = ways;
    v->ways.n = t->n;
}
