/* SPDX-License-Identifier: EUPL-1.2
 * What a municipality leaves to a school, opened and closed by the school: one policy of its own a service. */
#include "console/texts.h"
#include "frame/roles.h"
#include "frame/words.h"
#include "gateway/answer.h"
#include "gateway/console/door.h"
#include "policy/form.h"
#include "policy/matrix.h"
#include "registry/edit.h"
#include "wire/form.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROWS_A_PAGE = 25,
    WHY_MAX_B = 200,
    HERE_MAX_B = 4096,
    NAME_MAX_B = 1024,
    TEXT_MAX_B = 65536,
    LEARNER_COLUMNS = 3
};

/* Whom the school may open it to: columns of the matrix; those of learners as one where all of them are left, since no
 * policy says "without a class level". */
struct left {
    bool column[MATRIX_COLUMNS], on[MATRIX_COLUMNS];
    bool some, learners;
};

struct school_opening { /* c->state */
    const struct service *service;
    const struct provider *provider;
    const struct school *school;
    struct left left;
    struct str why, text, id;
    struct edit *edit;
    struct edit_how how;
    struct edit_result result;
    struct desk_got got;
};

static struct str column_name(const struct ctx *c, size_t i)
{
    const struct matrix_who *who = &matrix_columns[i];

    if (who->role != ROLE_LEARNER)
        return role_word(who->role, c->lang);
    return said(who->level_to == 0     ? C_col_student
                : who->level_from == 1 ? C_col_learner_low
                                       : C_col_learner_high,
                c->lang);
}

static struct left left_of(struct ctx *c, const struct service *s)
{
    struct left left = { 0 };
    size_t learners = 0;

    for (size_t i = 0; i < MATRIX_COLUMNS; i++) {
        const struct matrix_cell cell =
            matrix_cell(c->arena, c->registry, &c->console->area, &matrix_columns[i], s, c->now_s, NULL);
        left.column[i] = !cell.inherited;
        left.on[i] = !cell.inherited && cell.cell != CELL_SHUT;
        learners += i < LEARNER_COLUMNS && left.column[i];
    }
    left.learners = learners == LEARNER_COLUMNS;
    left.column[LEARNER_COLUMNS - 1] = false;
    for (size_t i = 0; i < MATRIX_COLUMNS; i++)
        left.some = left.some || left.column[i];
    return left;
}

/* Columns that are one box: of learners the first stands for all. */
static bool has_box(const struct left *left, size_t i)
{
    return left->column[i] && !(left->learners && i > 0 && i < LEARNER_COLUMNS);
}

static struct str box_name(const struct ctx *c, const struct left *left, size_t i)
{
    return left->learners && i == 0 ? said(C_school_learners, c->lang) : column_name(c, i);
}

/* ── the list ───────────────────────────────────────────────────────────── */

struct named {
    const struct service *s;
    struct str key;
};

static int by_key(const void *x, const void *y)
{
    return str_cmp(((const struct named *)x)->key, ((const struct named *)y)->key);
}

static bool is_found(struct ctx *c, const struct service *s, struct str query)
{
    struct buf folded = buf_new(c->arena, NAME_MAX_B);

    words_fold(&folded, names_in(&s->names, c->lang));
    return !str_is_set(query) || words_all_in(buf_str(&folded), query);
}

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

static enum step show_all(struct ctx *c, struct fail *f)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    struct school_services_view v = { .q = str_trim(form_get(c->query, S("q"))),
                                      .may_change = console_may(c, MAY_PUBLISH) };
    struct named *all = arena_make_n(c->arena, parts->service_count + 1, struct named);
    struct school_row *rows = arena_make_n(c->arena, ROWS_A_PAGE, struct school_row);
    struct str query = words_query(c->arena, v.q);
    size_t n = 0;
    int64_t from = 0;

    (void)f;
    if (!str_is_set(c->console->area.school))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    for (size_t i = 0; i < parts->service_count; i++)
        if (is_found(c, &parts->services[i], query))
            all[n++] =
                (struct named){ &parts->services[i],
                                words_sort_key(c->arena, names_in(&parts->services[i].names, c->lang), c->lang) };
    qsort(all, n, sizeof *all, by_key);
    if (!str_int(form_get(c->query, S("from")), &from) || from < 0 || (size_t)from >= n)
        from = 0;
    size_t i = (size_t)from;
    for (; i < n && v.rows.n < ROWS_A_PAGE; i++) {
        const struct left left = left_of(c, all[i].s);
        if (left.some)
            rows[v.rows.n++] = (struct school_row){ all[i].s->id, names_in(&all[i].s->names, c->lang),
                                                    open_words(c, &left), !all[i].s->enabled };
    }
    v.rows.at = rows;
    v.next = i < n ? (int64_t)i : 0;
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
    x->left = left_of(c, x->service);
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
                                     .said = said_ };

    for (size_t i = 0; i < MATRIX_COLUMNS; i++)
        if (has_box(&x->left, i))
            at[v.whom.n++] =
                (struct choice){ arena_printf(c->arena, "%zu", i), box_name(c, &x->left, i), x->left.on[i] };
    v.whom.at = at;
    console_page_for(c, PLACE_SCHOOL, true, arena_join(c->arena, S("/admin/school/"), x->service->id), &v.con);
    return answer_page(c, status, page_school_service(c->arena, &v));
}

static bool ticked(const struct ctx *c, const struct form *form, size_t i)
{
    return str_is_set(form_get(form, arena_printf(c->arena, "who_%zu", i)));
}

static enum step show_one(struct ctx *c, struct fail *f)
{
    struct school_opening *x = arena_make(c->arena, struct school_opening);

    (void)f;
    if (!find(c, x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->why = form_get(c->query, S("why"));
    for (size_t i = 0; i < MATRIX_COLUMNS && str_is_set(x->why); i++) /* what was ticked before the log-in */
        x->left.on[i] = ticked(c, c->query, i);
    return show(c, x, str_eq(form_get(c->query, S("done")), S("yes")) ? SCHOOL_SAID_DONE : SCHOOL_SAID_NOTHING, 200);
}

const struct step_row admin_school_one[] = { { console_door }, { show_one }, { NULL } };

/* ── opening and closing it ─────────────────────────────────────────────── */

/* What is ticked, left or not: the storage layer asks again. */
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
        if (!ticked(c, c->body, i))
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

static void free_edit(void *e)
{
    edit_free(e);
}

static void note_edit(struct ctx *c, struct school_opening *x)
{
    struct change_by *by = arena_make(c->arena, struct change_by);
    struct edit_from from = { 0 };
    const struct row_id row = { .kind = S("policy"), .key = { x->id } };
    const struct edit_field fields[] = { { S("provider"), x->provider->id },
                                         { S("school"), x->school->oid },
                                         { S("text"), x->text },
                                         { S("why"), x->why } };

    *by = console_by(c, MAKER_console, x->why);
    (void)str_int(form_get(c->body, S("version")), &from.version);
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals };
    x->edit = edit_new(by, &from);
    arena_adopt(c->arena, x->edit, free_edit);
    if (str_is_set(x->text))
        edit_put(x->edit, &row, fields, sizeof fields / sizeof *fields);
    else if (is_there(c, x->id))
        edit_remove(x->edit, &row);
}

static bool run(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct school_opening *x = with;

    return edit_run(x->edit, d, a, &x->how, EDIT_APPLY, &x->result, f);
}

static struct str typed(struct ctx *c, const struct school_opening *x)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, arena_join(c->arena, S("/admin/school/"), x->service->id));
    url_query(&b, S("why"), x->why);
    for (size_t i = 0; i < MATRIX_COLUMNS; i++)
        if (ticked(c, c->body, i))
            url_query(&b, arena_printf(c->arena, "who_%zu", i), S("1"));
    return buf_ok(&b) ? buf_str(&b) : S("/admin/school");
}

static enum step ask(struct ctx *c, struct fail *f)
{
    struct school_opening *x = arena_make(c->arena, struct school_opening);

    c->state = x;
    if (!find(c, x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->why = str_sub(str_trim(form_get(c->body, S("why"))), 0, WHY_MAX_B);
    x->text = text_of(c, x);
    if (!str_is_set(x->why))
        return show(c, x, SCHOOL_SAID_WHY, 400);
    if (!console_fresh(c))
        return console_log_in_again(c, typed(c, x), f);
    note_edit(c, x);
    return console_ask(c, run, x, &x->got, f);
}

static enum step note(struct ctx *c, struct fail *f)
{
    const struct school_opening *x = c->state;

    (void)f;
    if (x->got.ok || x->got.why.kind != FAIL_CALLER)
        return NEXT;
    console_audit(c, "refused", str_of(x->got.why.code), str_of(c->route->path));
    return WAIT;
}

static enum step say(struct ctx *c, struct fail *f)
{
    const struct school_opening *x = c->state;

    if (x->got.ok)
        return answer_go(c, arena_printf(c->arena, "/admin/school/%.*s?done=yes", STR_ARG(x->service->id)));
    if (x->got.why.kind == FAIL_CONFLICT)
        return show(c, x, SCHOOL_SAID_CHANGED, 409);
    if (x->got.why.kind == FAIL_CALLER && !console_audited(c, f))
        return REFUSE;
    if (x->got.why.kind == FAIL_CALLER && strcmp(x->got.why.code, "not_left") == 0)
        return show(c, x, SCHOOL_SAID_NOT_LEFT, 403);
    return console_answered(&x->got, f) ? NEXT : REFUSE;
}

const struct step_row admin_school_open[] = { { console_door }, { ask }, { note }, { say }, { NULL } };
