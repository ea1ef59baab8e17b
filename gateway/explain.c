/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/explain.h"

#include "base/log.h"
#include "base/work.h"
#include "frame/roles.h"
#include "frame/words.h"
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
    struct pleas *pleas; /* NULL: nobody can ask */
    struct explained *out;
};

/* Learners are taken out where their city does not let them ask. */
static bool keep_who_may(struct job *j, struct db *d, struct fail *f)
{
    struct plea_places *all = &j->out->places;
    size_t n = 0;

    for (size_t i = 0; i < all->n; i++) {
        bool may = true;
        if (all->at[i].at->role == ROLE_LEARNER && !pleas_learners(d, j->arena, all->at[i].provider->id, &may, f))
            return false;
        if (may)
            all->at[n++] = all->at[i];
    }
    all->n = n;
    return true;
}

static bool look_up(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct job *j = with;
    bool ok = keep_who_may(j, d, f) && pleas_of(d, a, j->person->id, j->service->id, j->now.now_s, &j->out->own, f);

    for (size_t i = 0; ok && i < j->out->places.n; i++) {
        const struct plea_key key = plea_key_of(&j->out->places.at[i], j->service);
        ok = plea_look(d, a, &key, j->now.now_s, &j->out->asked[i], f);
    }
    return ok;
}

static void run(void *arg)
{
    struct job *j = arg;
    struct reasons why = policy_reasons(j->arena, j->registry, j->person, j->service, &j->now);

    j->out->told = policy_told(j->arena, j->registry, j->person, &why, &j->now, j->lang);
    if (j->pleas == NULL)
        return;
    j->out->closed = plea_places(j->arena, j->registry, j->person, j->service, j->now.now_s);
    j->out->places = j->out->closed;
    if (!pleas_now(j->pleas, j->arena, look_up, j, &j->out->why))
        j->out->places.n = j->out->own.n = 0;
}

static void release_arena(void *a)
{
    arena_free(a);
}

void explain_ask(struct ctx *c, const struct circumstances *now)
{
    struct job *j = arena_make(c->arena, struct job);

    if (c->explained == NULL)
        c->explained = arena_make(c->arena, struct explained);
    *j = (struct job){ arena_new(), c->registry, c->person, c->service, *now, c->lang, c->pleas, c->explained };
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

static void fill_ways(struct ctx *c, const struct telling *t, struct denied_view *v)
{
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

/* ── what they may do about it ──────────────────────────────────────────── */

struct str explain_place(struct arena *a, const struct plea_place *at)
{
    return arena_printf(a, "%.*s/%.*s/%s", STR_ARG(at->provider->id),
                        STR_ARG(at->school != NULL ? at->school->oid : S("")), role_name(at->at->role));
}

const struct plea_place *explain_place_of(struct arena *a, const struct plea_places *all, struct str name)
{
    for (size_t i = 0; i < all->n; i++)
        if (str_eq(explain_place(a, &all->at[i]), name))
            return &all->at[i];
    return NULL;
}

static struct str area_name(struct ctx *c, struct str provider, struct str school)
{
    const struct provider *p = registry_provider(c->registry, provider);
    const struct school *s = p != NULL && str_is_set(school) ? provider_school(p, school) : NULL;

    return s != NULL ? names_in(&s->names, c->lang) : p != NULL ? names_in(&p->names, c->lang) : provider;
}

/* Of an area as texts have it: "oulu/1.2.246…". */
static struct str office_name(struct ctx *c, struct str area)
{
    struct str provider;

    return str_split(&area, '/', &provider) ? area_name(c, provider, area) : S("");
}

struct plea_line explain_line(struct ctx *c, const struct plea *p, bool met)
{
    const struct service *s = registry_service(c->registry, p->key.service);

    return (struct plea_line){ .number = p->number,
                               .service = s != NULL ? names_in(&s->names, c->lang) : p->key.service,
                               .service_id = p->key.service,
                               .place = area_name(c, p->key.provider, p->key.school),
                               .role = role_word(p->key.role, c->lang),
                               .when = when_date(c->arena, p->asked_s),
                               .answer = p->waits ? (struct str){ NULL, 0 } : p->answer,
                               .office = p->waits ? (struct str){ NULL, 0 } : office_name(c, p->answered),
                               .answered = p->waits ? (struct str){ NULL, 0 } : when_date(c->arena, p->declined_s),
                               .waits = p->waits && !met,
                               .met = met };
}

static void fill_own(struct ctx *c, const struct explained *x, struct denied_view *v)
{
    struct plea_line *lines = arena_make_n(c->arena, x->own.n + 1, struct plea_line);

    for (size_t i = 0; i < x->own.n; i++)
        lines[i] = explain_line(c, &x->own.at[i], false);
    v->plea.own.at = lines;
    v->plea.own.n = x->own.n;
}

static bool asks_there(const struct explained *x, const struct plea *p)
{
    for (size_t i = 0; i < x->own.n; i++)
        if (x->own.at[i].number == p->number && x->own.at[i].waits)
            return true;
    return false;
}

/* Answered not long ago: the answer stands for whoever would ask the same. */
static bool rests(const struct ctx *c, const struct plea *p)
{
    return p->declined_s != 0 && c->now_s - p->declined_s < PLEA_REST_S;
}

static void fill_form(struct ctx *c, const struct explained *x, struct denied_view *v)
{
    struct plea_choice *choices = arena_make_n(c->arena, x->places.n + 1, struct plea_choice);
    const struct plea_place *only = NULL;
    int64_t count = 0;

    for (size_t i = 0; i < x->places.n; i++) {
        const struct plea_place *at = &x->places.at[i];
        const struct plea *p = &x->asked[i];
        struct str here =
            at->school != NULL ? names_in(&at->school->names, c->lang) : names_in(&at->provider->names, c->lang);
        if (rests(c, p) && !str_is_set(v->plea.answer)) {
            v->plea.answer = p->answer;
            v->plea.office = office_name(c, p->answered);
            v->plea.answered = when_date(c->arena, p->declined_s);
        }
        if (asks_there(x, p) || rests(c, p))
            continue;
        struct str value = explain_place(c->arena, at);
        choices[v->plea.choices.n++] = (struct plea_choice){
            value, arena_printf(c->arena, "%.*s, %.*s", STR_ARG(role_word(at->at->role, c->lang)), STR_ARG(here)),
            str_eq(value, x->place)
        };
        v->plea.staff = v->plea.staff || at->at->role != ROLE_LEARNER;
        only = at;
        count = p->count;
    }
    v->plea.choices.at = choices;
    if (v->plea.choices.n != 1)
        return;
    v->plea.to = only->left ? names_in(&only->school->names, c->lang) : names_in(&only->provider->names, c->lang);
    v->plea.count = count > 0 ? words_count(c->arena, (size_t)count, c->lang) : (struct str){ NULL, 0 };
}

/* Who decides what, where there is one place alone to speak of. */
static void fill_chain(struct ctx *c, const struct explained *x, struct denied_view *v)
{
    const struct plea_place *at = &x->closed.at[0];

    if (x->closed.n != 1)
        return;
    v->chain.provider = names_in(&at->provider->names, c->lang);
    v->chain.school = at->school != NULL ? names_in(&at->school->names, c->lang) : (struct str){ NULL, 0 };
    v->chain.left = at->left;
}

void explain_fill(struct ctx *c, struct denied_view *v)
{
    const struct explained *x = c->explained;

    if (x == NULL)
        return;
    if (x->why.kind != FAIL_NONE)
        log_event(LOG_ERROR, "pleas.unread", LOG_C("code", x->why.code), LOG_C("why", x->why.detail));
    fill_ways(c, &x->told, v);
    fill_own(c, x, v);
    if (!v->not_now) { /* what passes by itself is not asked for */
        fill_form(c, x, v);
        fill_chain(c, x, v);
    }
    v->plea.said = x->said;
    v->plea.words = x->words;
    v->plea.named = x->named;
    if (c->service != NULL) /* the console asks as if: nobody does */
        v->plea.service = c->service->id;
}
