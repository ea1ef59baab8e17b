/* SPDX-License-Identifier: EUPL-1.2
 * What a municipality leaves to a school, opened and closed by the school: one policy of its own a service.
 *
 * A school may have other policies about that service, from a file or a form.  Those that hold open what is closed here
 * let go of the service; and nothing is kept unless every box then says what is so. */
#include "console/texts.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/door.h"
#include "gateway/console/lines.h"
#include "gateway/console/listed.h"
#include "gateway/console/pleas.h"
#include "gateway/session/done.h"
#include "policy/form.h"
#include "policy/matrix.h"
#include "wire/form.h"

#include <stdio.h>
#include <string.h>

enum {
    ROWS_A_PAGE = 25,
    HERE_MAX_B = 4096,
    NAME_MAX_B = 1024,
    TEXT_MAX_B = 65536,
    LEARNER_COLUMNS = 3,
    PLEAS_SHOWN = 8
};

/* Whom the school may open it to: columns of the matrix; those of learners as one where all of them are left, since no
 * policy says "without a class level". */
struct left {
    bool column[MATRIX_COLUMNS], on[MATRIX_COLUMNS];
    bool cond[MATRIX_COLUMNS]; /* on, under conditions that no box shows */
    bool some, learners;
};

struct school_opening { /* c->state */
    const struct service *service;
    const struct provider *provider;
    const struct school *school;
    struct left left;
    bool ticked[MATRIX_COLUMNS];
    struct plea_board pleas;
    struct str why, text, id;
    char in_the_way[128]; /* the id of a policy that says what no box can */
    int64_t now_s;
    struct act act;
};

static struct left left_of(const struct registry *r, const struct area *area, const struct service *s, int64_t now_s)
{
    struct left left = { 0 };
    bool any = false, all = true;
    size_t learners = 0;
    struct matrix_cell cells[MATRIX_COLUMNS];

    matrix_row(r, area, s, now_s, cells);
    for (size_t i = 0; i < MATRIX_COLUMNS; i++) {
        left.column[i] = !cells[i].inherited;
        left.on[i] = !cells[i].inherited && cells[i].cell != CELL_SHUT;
        left.cond[i] = !cells[i].inherited && cells[i].cell == CELL_COND;
        if (i < LEARNER_COLUMNS) {
            learners += left.column[i];
            any = any || left.on[i];
            all = all && left.on[i] && !left.cond[i];
        }
    }
    left.learners = learners == LEARNER_COLUMNS;
    if (left.learners) {
        left.on[0] = any;
        left.cond[0] = any && !all;
    }
    left.column[LEARNER_COLUMNS - 1] = false;
    for (size_t i = 0; i < MATRIX_COLUMNS; i++)
        left.some = left.some || left.column[i];
    return left;
}

static struct left left_now(struct ctx *c, const struct service *s)
{
    return left_of(c->registry, &c->console->area, s, c->now_s);
}

/* Columns that are one box: of learners the first stands for all. */
static bool has_box(const struct left *left, size_t i)
{
    return left->column[i] && !(left->learners && i > 0 && i < LEARNER_COLUMNS);
}

static struct str box_name(const struct ctx *c, const struct left *left, size_t i)
{
    const struct str name = left->learners && i == 0 ? said(C_school_learners, c->lang) : lines_column(c, i);

    return left->cond[i] ? arena_printf(c->arena, "%.*s (%.*s)", STR_ARG(name), STR_ARG(said(C_school_cond, c->lang)))
                         : name;
}

/* ── the list ───────────────────────────────────────────────────────────── */

static struct str open_words(struct ctx *c, const struct left *left)
{
    struct buf b = buf_new(c->arena, NAME_MAX_B);

    for (size_t i = 0; i < MATRIX_COLUMNS; i++)
        if (has_box(left, i) && left->on[i]) {
            buf_add(&b, b.n > 0 ? S(", ") : S(""));
            buf_add(&b, box_name(c, left, i));
        }
    return buf_str(&b);
}

static struct str here(struct ctx *c, struct str q)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, S("/admin/school"));
    if (str_is_set(q))
        url_query(&b, S("q"), q);
    return buf_ok(&b) ? buf_str(&b) : S("/admin/school");
}

static enum step show_all(struct ctx *c, struct fail *f)
{
    const struct service *services = registry_parts(c->registry)->services;
    struct school_services_view v = { .q = str_trim(form_get(c->query, S("q"))),
                                      .may_change = console_may(c, MAY_PUBLISH) };
    const struct listed all = listed_find(c, LISTED_SERVICES, v.q);
    struct paging p = paging_of(c, all.n, ROWS_A_PAGE);
    struct school_row *rows = arena_make_n(c->arena, ROWS_A_PAGE, struct school_row);
    size_t i = p.from;

    (void)f;
    if (!str_is_set(c->console->area.school))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    for (; i < all.n && v.rows.n < ROWS_A_PAGE; i++) {
        const struct service *s = &services[all.at[i]];
        if (!matrix_is_left(c->registry, console_provider(c), s, c->now_s))
            continue;
        const struct left left = left_now(c, s);
        if (left.some)
            rows[v.rows.n++] =
                (struct school_row){ s->id, names_in(&s->names, c->lang), open_words(c, &left), !s->enabled };
    }
    v.rows.at = rows;
    paging_ends(c, &p, i);
    v.next = paging_next(c, &p, here(c, v.q));
    v.previous = paging_previous(c, &p, here(c, v.q));
    console_page_for(c, PLACE_SCHOOL, false, S("/admin/school"), &v.con);
    return answer_page(c, 200, page_school_services(c->arena, &v));
}

const struct step_row admin_school[] = { { console_door }, { show_all }, { NULL } };

/* ── one service ────────────────────────────────────────────────────────── */

/* False: there is none of that id, or the area is no school's. */
static bool find(struct ctx *c, struct school_opening *x)
{
    x->service = registry_service(c->registry, c->req->param);
    x->provider = console_provider(c);
    x->school = x->provider != NULL && str_is_set(c->console->area.school)
                    ? provider_school(x->provider, c->console->area.school)
                    : NULL;
    if (x->service == NULL || x->school == NULL)
        return false;
    x->left = left_now(c, x->service);
    x->id =
        arena_printf(c->arena, "%.*s-%.*s-%.*s", STR_ARG(x->provider->id),
                     STR_ARG(str_is_set(x->school->code) ? x->school->code : x->school->oid), STR_ARG(x->service->id));
    return true;
}

static enum step show(struct ctx *c, const struct school_opening *x, enum school_said said_, int status)
{
    struct choice *at = arena_make_n(c->arena, MATRIX_COLUMNS, struct choice);
    struct school_service_view v = { .id = x->service->id,
                                     .name = names_in(&x->service->names, c->lang),
                                     .why = x->why,
                                     .may_change = console_may(c, MAY_PUBLISH),
                                     .fresh = console_fresh(c),
                                     .version = registry_parts(c->registry)->version,
                                     .in_the_way = str_of(x->in_the_way),
                                     .said = said_ };

    for (size_t i = 0; i < MATRIX_COLUMNS; i++)
        if (has_box(&x->left, i))
            at[v.whom.n++] =
                (struct choice){ arena_printf(c->arena, "%zu", i), box_name(c, &x->left, i), x->left.on[i] };
    v.whom.at = at;
    v.pleas = plea_board_rows(c, &x->pleas, PLEAS_SHOWN, -1);
    console_page_for(c, PLACE_SCHOOL, true, arena_join(c->arena, S("/admin/school/"), x->service->id), &v.con);
    return answer_page(c, status, page_school_service(c->arena, &v));
}

static bool ticked(const struct form *form, struct arena *a, size_t i)
{
    return str_is_set(form_get(form, arena_printf(a, "who_%zu", i)));
}

static enum step look(struct ctx *c, struct fail *f)
{
    struct school_opening *x = arena_make(c->arena, struct school_opening);

    (void)f;
    c->state = x;
    if (!find(c, x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return plea_board_ask(c, x->service->id, &x->pleas) ? WAIT : NEXT;
}

/* From a request: what it asks for is ticked besides what is. */
static bool add_ticked(struct ctx *c, struct school_opening *x)
{
    int64_t col = -1;

    if (!str_int(form_get(c->query, S("add")), &col) || col < 0 || col >= MATRIX_COLUMNS || !x->left.column[col])
        return false;
    x->left.on[x->left.learners && col < LEARNER_COLUMNS ? 0 : col] = true;
    return true;
}

static enum step show_one(struct ctx *c, struct fail *f)
{
    struct school_opening *x = c->state;
    struct str boxes;

    (void)f;
    x->why = act_why(c->query);
    bool added = add_ticked(c, x);
    for (size_t i = 0; i < MATRIX_COLUMNS && str_is_set(x->why) && !added; i++) /* what was ticked before the log-in */
        x->left.on[i] = ticked(c->query, c->arena, i);
    if (!str_eq(done_here(c, &boxes), S("school")))
        return show(c, x, SCHOOL_SAID_NOTHING, 200);
    for (size_t i = 0; i < MATRIX_COLUMNS && boxes.n == MATRIX_COLUMNS; i++) /* also where it is not served yet */
        x->left.on[i] = boxes.p[i] == '1';
    return show(c, x, SCHOOL_SAID_DONE, 200);
}

const struct step_row admin_school_one[] = { { console_door }, { look }, { show_one }, { NULL } };

/* As it was typed: nothing is lost. */
static enum step show_typed(struct ctx *c, struct school_opening *x, enum school_said said_, int status)
{
    for (size_t i = 0; i < MATRIX_COLUMNS; i++)
        x->left.on[i] = x->ticked[i];
    return show(c, x, said_, status);
}

/* ── opening and closing it ─────────────────────────────────────────────── */

/* What is ticked, left or not: the storage layer asks again.  What is open under conditions stays with whoever says
 * them. */
static struct str text_of(struct ctx *c, const struct school_opening *x)
{
    struct buf b = buf_new(c->arena, TEXT_MAX_B);

    for (size_t i = 0; i < MATRIX_COLUMNS; i++) {
        const struct matrix_who *who = &matrix_columns[i];
        bool one = x->left.learners && i == 0;
        struct policy_form form = { .opening = OPENING_PERMIT,
                                    .whom = { .provider = x->provider->id,
                                              .roles = 1u << who->role,
                                              .level_from = one ? 0 : who->level_from,
                                              .level_to = one ? 0 : who->level_to } };
        if (!x->ticked[i] || x->left.cond[i])
            continue;
        strs_add(c->arena, &form.whom.schools, school_uid(c->arena, x->provider, x->school));
        strs_add(c->arena, &form.which.services, x->service->id);
        if (b.n > 0)
            buf_byte(&b, '\n');
        buf_add(&b, policy_form_text(c->arena, &form));
    }
    return buf_ok(&b) ? buf_str(&b) : S("");
}

static bool is_there(const struct ctx *c, struct str id)
{
    const struct registry_parts *parts = registry_parts(c->registry);

    for (size_t i = 0; i < parts->policy_count; i++)
        if (str_eq(parts->policies[i].id, id))
            return true;
    return false;
}

static bool is_own(const struct school_opening *x, const struct policy *p)
{
    return p->school != NULL && str_eq(p->provider->id, x->provider->id) && str_eq(p->school->oid, x->school->oid);
}

static void name_in_the_way(struct school_opening *x, struct str id)
{
    if (x->in_the_way[0] == '\0')
        (void)snprintf(x->in_the_way, sizeof x->in_the_way, "%.*s", STR_ARG(id));
}

/* Another policy of the school's no longer opens the service: it is taken out of its list, and the policy goes with
 * the last one.  What is no such list stays, and is found when the boxes are compared. */
static void let_go(struct ctx *c, struct school_opening *x, struct edit *e, const struct policy *p)
{
    const struct row_id row = { .kind = S("policy"), .key = { p->id } };
    struct policy_form form;
    struct strs others = { 0 };
    struct str rest;

    if (!policy_form_read(c->arena, p->text, &form, &rest) || form.which.services.n == 0 || form.which.categories.n > 0)
        return;
    for (size_t i = 0; i < form.which.services.n; i++)
        if (!str_eq(form.which.services.at[i], x->service->id))
            strs_add(c->arena, &others, form.which.services.at[i]);
    form.which.services = others;
    if (others.n == 0)
        edit_remove(e, &row);
    else
        edit_put(e, &row, (const struct edit_field[]){ { S("text"), policy_form_text(c->arena, &form) } }, 1);
}

/* Those that hold a box open which is clear now. */
static void note_others(struct ctx *c, struct school_opening *x, struct edit *e)
{
    const struct policy **seen =
        arena_make_n(c->arena, registry_parts(c->registry)->policy_count, const struct policy *);
    size_t n = 0;

    for (size_t i = 0; i < MATRIX_COLUMNS; i++) {
        struct matrix_sayings all = { 0 };
        size_t box = x->left.learners && i < LEARNER_COLUMNS ? 0 : i;
        if (x->ticked[box] || !x->left.on[box])
            continue;
        matrix_cell(c->arena, c->registry, &c->console->area, &matrix_columns[i], x->service, c->now_s, &all);
        for (size_t k = 0; k < all.n; k++) {
            const struct policy *p = all.at[k].policy;
            bool is_new = !all.at[k].forbids && !all.at[k].leaves && is_own(x, p) && !str_eq(p->id, x->id);
            for (size_t s = 0; s < n && is_new; s++)
                is_new = seen[s] != p;
            if (!is_new)
                continue;
            seen[n++] = p;
            let_go(c, x, e, p);
        }
    }
}

/* Who says otherwise than a box does; "" where nobody is left who says anything. */
static struct str who_says(struct arena *a, const struct school_opening *x, const struct registry *r,
                           const struct area *area, size_t box)
{
    const size_t end = x->left.learners && box == 0 ? LEARNER_COLUMNS : box + 1;

    for (size_t i = box; i < end; i++) {
        struct matrix_sayings all = { 0 };
        matrix_cell(a, r, area, &matrix_columns[i], x->service, x->now_s, &all);
        for (size_t k = 0; k < all.n; k++)
            if (is_own(x, all.at[k].policy) && all.at[k].forbids == x->ticked[box])
                return all.at[k].policy->id;
    }
    return x->id;
}

/* The registry as it will be: each box says what is so. */
static bool holds(void *with, const struct registry *r, struct fail *f)
{
    struct school_opening *x = with;
    struct area area = { .provider = x->provider->id, .school = x->school->oid };
    struct arena *a = arena_new();
    const struct left will = left_of(r, &area, x->service, x->now_s);
    bool good = true;

    for (size_t i = 0; i < MATRIX_COLUMNS && good; i++) {
        good = !has_box(&x->left, i) || !has_box(&will, i) || will.on[i] == x->ticked[i];
        if (!good)
            name_in_the_way(x, who_says(a, x, r, &area, i));
    }
    arena_free(a);
    return good || fail(f, FAIL_CALLER, "says_more", "%s says more of %.*s than can be chosen here", x->in_the_way,
                        STR_ARG(x->service->id));
}

static void note_edit(struct ctx *c, struct school_opening *x)
{
    const struct row_id row = { .kind = S("policy"), .key = { x->id } };
    const struct edit_field fields[] = { { S("provider"), x->provider->id },
                                         { S("school"), x->school->oid },
                                         { S("text"), x->text },
                                         { S("why"), x->why } };

    struct edit *e = act_begin(c, &x->act, NULL, x->why);

    x->act.how.look = holds;
    x->act.how.with = x;
    if (str_is_set(x->text))
        edit_put(e, &row, fields, sizeof fields / sizeof *fields);
    else if (is_there(c, x->id))
        edit_remove(e, &row);
    note_others(c, x, e);
}

static struct str typed(struct ctx *c, const struct school_opening *x)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, arena_join(c->arena, S("/admin/school/"), x->service->id));
    url_query(&b, S("why"), x->why);
    for (size_t i = 0; i < MATRIX_COLUMNS; i++)
        if (x->ticked[i])
            url_query(&b, arena_printf(c->arena, "who_%zu", i), S("1"));
    return buf_ok(&b) ? buf_str(&b) : S("/admin/school");
}

static enum step ask(struct ctx *c, struct fail *f)
{
    struct school_opening *x = arena_make(c->arena, struct school_opening);

    c->state = x;
    if (!find(c, x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->why = act_why(c->body);
    x->now_s = c->now_s;
    for (size_t i = 0; i < MATRIX_COLUMNS; i++)
        x->ticked[i] = ticked(c->body, c->arena, i);
    x->text = text_of(c, x);
    if (!str_is_set(x->why))
        return show_typed(c, x, SCHOOL_SAID_WHY, 400);
    if (!console_fresh(c))
        return console_log_in_again(c, typed(c, x), f);
    note_edit(c, x);
    return act_run(c, &x->act, EDIT_APPLY, f);
}

static enum step note(struct ctx *c, struct fail *f)
{
    (void)f;
    return act_note(c, &((const struct school_opening *)c->state)->act.got);
}

/* "10100000": for the page that says that it was done. */
static struct str boxes_of(struct ctx *c, const struct school_opening *x)
{
    struct buf b = buf_new(c->arena, MATRIX_COLUMNS);

    for (size_t i = 0; i < MATRIX_COLUMNS; i++)
        buf_byte(&b, x->ticked[i] ? '1' : '0');
    return buf_str(&b);
}

static enum step say(struct ctx *c, struct fail *f)
{
    struct school_opening *x = c->state;
    const struct desk_got *got = &x->act.got;

    if (got->ok)
        return done_go(c, arena_join(c->arena, S("/admin/school/"), x->service->id), "school", boxes_of(c, x));
    if (got->why.kind == FAIL_CONFLICT)
        return show(c, x, SCHOOL_SAID_CHANGED, 409);
    if (!act_refused(c, got, f))
        return REFUSE;
    if (strcmp(got->why.code, "not_left") == 0)
        return show(c, x, SCHOOL_SAID_NOT_LEFT, 403);
    if (strcmp(got->why.code, "says_more") == 0)
        return show_typed(c, x, SCHOOL_SAID_MORE, 409);
    return console_answered(got, f) ? NEXT : REFUSE;
}

const struct step_row admin_school_open[] = { { console_door }, { ask }, { note }, { say }, { NULL } };
