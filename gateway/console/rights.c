/* SPDX-License-Identifier: EUPL-1.2
 * Services by roles, and what says so of one cell. */
#include "console/texts.h"
#include "frame/roles.h"
#include "frame/words.h"
#include "gateway/answer.h"
#include "gateway/console/door.h"
#include "gateway/console/lines.h"
#include "policy/matrix.h"
#include "policy/words.h"
#include "wire/form.h"
#include "wire/http.h"

#include <stdlib.h>

enum { HERE_MAX_B = 2048, NAME_MAX_B = 1024 };

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

static struct cell_view cell_of(struct ctx *c, const struct service *s, size_t i, struct matrix_sayings *sayings)
{
    const struct matrix_cell cell =
        matrix_cell(c->arena, c->registry, &c->console->area, &matrix_columns[i], s, c->now_s, sayings);

    return (struct cell_view){ .column = column_name(c, i),
                               .col = arena_printf(c->arena, "%zu", i),
                               .open = cell.cell == CELL_OPEN,
                               .shut = cell.cell == CELL_SHUT,
                               .cond = cell.cell == CELL_COND,
                               .inherited = cell.inherited,
                               .unsaid = cell.by_default };
}

/* ── the table ──────────────────────────────────────────────────────────── */

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

    if (!str_is_set(query))
        return true;
    words_fold(&folded, names_in(&s->names, c->lang));
    buf_byte(&folded, ' ');
    words_fold(&folded, s->id);
    return words_all_in(buf_str(&folded), query);
}

static struct service_row row_of(struct ctx *c, const struct service *s, bool *cond)
{
    struct cell_view *cells = arena_make_n(c->arena, MATRIX_COLUMNS, struct cell_view);
    struct service_row row = { .id = s->id, .name = names_in(&s->names, c->lang), .off = !s->enabled };

    *cond = false;
    for (size_t i = 0; i < MATRIX_COLUMNS; i++) {
        cells[i] = cell_of(c, s, i, NULL);
        *cond = *cond || cells[i].cond;
    }
    row.cells.at = cells;
    row.cells.n = MATRIX_COLUMNS;
    return row;
}

static size_t services_found(struct ctx *c, struct str query, struct named *out)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    size_t n = 0;

    for (size_t i = 0; i < parts->service_count; i++)
        if (is_found(c, &parts->services[i], query))
            out[n++] =
                (struct named){ &parts->services[i],
                                words_sort_key(c->arena, names_in(&parts->services[i].names, c->lang), c->lang) };
    qsort(out, n, sizeof *out, by_key);
    return n;
}

/* A page of them; those that do not fit the filter are passed over. */
static int64_t fill(struct ctx *c, const struct named *all, size_t n, size_t from, struct rights_view *v)
{
    struct service_row *rows = arena_make_n(c->arena, MATRIX_SERVICES, struct service_row);
    size_t i = from;

    v->rows.at = rows;
    for (; i < n && v->rows.n < MATRIX_SERVICES; i++) {
        bool cond;
        struct service_row row = row_of(c, all[i].s, &cond);
        if (!v->only_cond || cond)
            rows[v->rows.n++] = row;
    }
    return i < n ? (int64_t)i : 0;
}

static struct str here(struct ctx *c, const struct rights_view *v)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, S("/admin/rights"));
    if (str_is_set(v->q))
        url_query(&b, S("q"), v->q);
    if (v->only_cond)
        url_query(&b, S("show"), S("cond"));
    return buf_ok(&b) ? buf_str(&b) : S("/admin/rights");
}

static enum step show_rights(struct ctx *c, struct fail *f)
{
    struct rights_view v = { .q = form_get(c->query, S("q")),
                             .only_cond = str_eq(form_get(c->query, S("show")), S("cond")),
                             .place = console_area_name(c, &c->console->area) };
    struct named *all = arena_make_n(c->arena, registry_parts(c->registry)->service_count + 1, struct named);
    struct head_cell *heads = arena_make_n(c->arena, MATRIX_COLUMNS, struct head_cell);
    size_t n = services_found(c, words_query(c->arena, v.q), all);
    int64_t from = 0;

    (void)f;
    if (!str_int(form_get(c->query, S("from")), &from) || from < 0 || (size_t)from >= n)
        from = 0;
    for (size_t i = 0; i < MATRIX_COLUMNS; i++)
        heads[i].name = words_parted(c->arena, column_name(c, i), c->lang);
    v.heads.at = heads;
    v.heads.n = MATRIX_COLUMNS;
    v.next = fill(c, all, n, (size_t)from, &v);
    v.previous = from > MATRIX_SERVICES ? from - MATRIX_SERVICES : 0;
    v.total = lines_number(c, (int64_t)n);
    v.first = lines_number(c, from + 1);
    v.last = lines_number(c, v.next != 0 ? v.next : (int64_t)n);
    console_page_for(c, PLACE_RIGHTS, false, here(c, &v), &v.con);
    v.con.sub = SUB_MATRIX;
    return answer_page(c, 200, page_rights(c->arena, &v));
}

const struct step_row admin_rights[] = { { console_door }, { show_rights }, { NULL } };

/* ── one cell ───────────────────────────────────────────────────────────── */

static struct str words_of_policy(struct ctx *c, const struct policy *p)
{
    struct strs words = policy_text_words(c->arena, c->registry, p->text, c->lang);
    struct buf b = buf_new(c->arena, 65536);

    for (size_t i = 0; i < words.n; i++) {
        buf_add(&b, i > 0 ? S(". ") : S(""));
        buf_add(&b, words.at[i]);
    }
    return buf_ok(&b) ? buf_str(&b) : S("…");
}

/* Whose it is may change it, and so may whoever acts around them. */
static bool is_mine(const struct ctx *c, const struct policy *p)
{
    const struct area whose = { .provider = p->provider != NULL ? p->provider->id : (struct str){ NULL, 0 },
                                .school = p->school != NULL ? p->school->oid : (struct str){ NULL, 0 } };

    return console_may_in(c, MAY_DRAFT, &whose);
}

static struct saying_view saying_view(struct ctx *c, const struct matrix_saying *s)
{
    const struct policy *p = s->policy;

    return (struct saying_view){ .id = p->id,
                                 .name = names_in(&p->names, c->lang),
                                 .words = words_of_policy(c, p),
                                 .why = p->why,
                                 .permits = !s->forbids && !s->leaves,
                                 .forbids = s->forbids,
                                 .leaves = s->leaves,
                                 .whole = s->whole,
                                 .nation = p->layer == LAYER_NATION,
                                 .school = p->layer == LAYER_SCHOOL,
                                 .mine = is_mine(c, p) };
}

static enum step show_cell(struct ctx *c, struct fail *f)
{
    const struct service *s = registry_service(c->registry, c->req->param);
    struct matrix_sayings sayings;
    int64_t col = -1;

    (void)f;
    if (s == NULL || !str_int(form_get(c->query, S("col")), &col) || col < 0 || col >= MATRIX_COLUMNS)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    struct cell_page_view v = { .service = names_in(&s->names, c->lang),
                                .service_id = s->id,
                                .cell = cell_of(c, s, (size_t)col, &sayings),
                                .off = !s->enabled,
                                .may_draft = console_may(c, MAY_DRAFT) };
    struct saying_view *views = arena_make_n(c->arena, sayings.n + 1, struct saying_view);
    v.column = v.cell.column;
    v.col = v.cell.col;
    for (size_t i = 0; i < sayings.n; i++)
        views[v.sayings.n++] = saying_view(c, &sayings.at[i]);
    v.sayings.at = views;
    console_page_for(c, PLACE_RIGHTS, true,
                     arena_printf(c->arena, "/admin/rights/%.*s?col=%lld", STR_ARG(s->id), (long long)col), &v.con);
    return answer_page(c, 200, page_cell_page(c->arena, &v));
}

const struct step_row admin_cell[] = { { console_door }, { show_cell }, { NULL } };
