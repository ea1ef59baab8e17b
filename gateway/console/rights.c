/* SPDX-License-Identifier: EUPL-1.2
 * Services by roles, and what says so of one cell. */
#include "frame/words.h"
#include "gateway/answer.h"
#include "gateway/console/door.h"
#include "gateway/console/drafted.h"
#include "gateway/console/lines.h"
#include "gateway/console/listed.h"
#include "gateway/console/pleas.h"
#include "policy/matrix.h"
#include "wire/form.h"
#include "wire/http.h"

enum { HERE_MAX_B = 2048, SAYINGS_A_PAGE = 20, PLEAS_SHOWN = 8 };

struct rights { /* c->state */
    struct area area;
    struct desk_got got;
    struct draft_policies rows;
    const struct matrix_draft *drafts[DRAFTED_MAX];
    int64_t numbers[DRAFTED_MAX];
    size_t n;
    struct plea_board pleas;
};

/* ── what drafts would change ───────────────────────────────────────────── */

static bool drafts_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct rights *x = with;

    return draft_policies(d, a, &x->area, DRAFTED_ROWS_MAX, &x->rows, f);
}

static enum step ask_drafts(struct ctx *c, struct fail *f)
{
    struct rights *x = arena_make(c->arena, struct rights);

    c->state = x;
    x->area = c->console->area;
    return console_ask(c, drafts_sql, x, &x->got, f);
}

static bool read_drafts(struct ctx *c, struct rights *x, struct fail *f)
{
    if (!console_answered(&x->got, f))
        return false;
    const struct drafteds all = drafted_of(c->arena, c->registry, &x->rows);
    for (size_t i = 0; i < all.n; i++) {
        const struct drafted *d = &all.at[i];
        const struct matrix_draft *read = matrix_draft_new(c->arena, c->registry, &x->area, d->after, d->n, &d->ids);
        if (read == NULL)
            continue;
        x->drafts[x->n] = read;
        x->numbers[x->n++] = d->number;
    }
    return true;
}

static void put_drafts(struct ctx *c, const struct service *s, size_t column, struct cell_view *v)
{
    const struct rights *x = c->state;
    struct cell_draft *drafts = x->n > 0 ? arena_make_n(c->arena, x->n, struct cell_draft) : NULL;
    struct matrix_cell would;

    for (size_t i = 0; i < x->n; i++)
        if (matrix_draft_cell(c->registry, &x->area, &matrix_columns[column], s, c->now_s, x->drafts[i], &would))
            drafts[v->drafts.n++] = (struct cell_draft){ .number = x->numbers[i],
                                                         .open = would.cell == CELL_OPEN,
                                                         .shut = would.cell == CELL_SHUT,
                                                         .cond = would.cell == CELL_COND };
    v->drafts.at = drafts;
}

static struct cell_view cell_of(struct ctx *c, const struct service *s, size_t i, const struct matrix_cell *cell)
{
    struct cell_view v = { .column = lines_column(c, i),
                           .col = arena_printf(c->arena, "%zu", i),
                           .open = cell->cell == CELL_OPEN,
                           .shut = cell->cell == CELL_SHUT,
                           .cond = cell->cell == CELL_COND,
                           .inherited = cell->inherited,
                           .unsaid = cell->by_default };

    put_drafts(c, s, i, &v);
    return v;
}

/* ── the table ──────────────────────────────────────────────────────────── */

static struct service_row row_of(struct ctx *c, const struct service *s, const struct matrix_cell *cells, bool *draft)
{
    struct cell_view *views = arena_make_n(c->arena, MATRIX_COLUMNS, struct cell_view);
    struct service_row row = { .id = s->id, .name = names_in(&s->names, c->lang), .off = !s->enabled };

    *draft = false;
    for (size_t i = 0; i < MATRIX_COLUMNS; i++) {
        views[i] = cell_of(c, s, i, &cells[i]);
        *draft = *draft || views[i].drafts.n > 0;
    }
    row.cells.at = views;
    row.cells.n = MATRIX_COLUMNS;
    return row;
}

static bool some_cond(const struct matrix_cell *cells)
{
    for (size_t i = 0; i < MATRIX_COLUMNS; i++)
        if (cells[i].cell == CELL_COND)
            return true;
    return false;
}

/* A page of them; those that do not fit the filter are passed over, LISTED_LOOKED_AT for one page.  Gives where the
 * next one begins. */
static size_t fill(struct ctx *c, const struct listed *all, size_t from, struct rights_view *v)
{
    const struct service *services = registry_parts(c->registry)->services;
    struct service_row *rows = arena_make_n(c->arena, MATRIX_SERVICES, struct service_row);
    size_t i = from;

    v->rows.at = rows;
    for (; i < all->n && v->rows.n < MATRIX_SERVICES && i - from < LISTED_LOOKED_AT; i++) {
        const struct service *s = &services[all->at[i]];
        struct matrix_cell cells[MATRIX_COLUMNS];
        bool draft;
        matrix_row(c->registry, &c->console->area, s, c->now_s, cells);
        if (v->only_cond && !some_cond(cells))
            continue;
        struct service_row row = row_of(c, s, cells, &draft);
        if (!v->only_drafts || draft)
            rows[v->rows.n++] = row;
    }
    return i;
}

static struct str here(struct ctx *c, const struct rights_view *v)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, S("/admin/rights"));
    if (str_is_set(v->q))
        url_query(&b, S("q"), v->q);
    if (v->only_cond || v->only_drafts)
        url_query(&b, S("show"), v->only_cond ? S("cond") : S("draft"));
    return buf_ok(&b) ? buf_str(&b) : S("/admin/rights");
}

static enum step show_rights(struct ctx *c, struct fail *f)
{
    struct rights_view v = { .q = form_get(c->query, S("q")),
                             .only_cond = str_eq(form_get(c->query, S("show")), S("cond")),
                             .only_drafts = str_eq(form_get(c->query, S("show")), S("draft")),
                             .place = console_area_name(c, &c->console->area) };
    struct head_cell *heads = arena_make_n(c->arena, MATRIX_COLUMNS, struct head_cell);
    const struct listed all = listed_find(c, LISTED_SERVICES, v.q);
    struct paging p = paging_of(c, all.n, MATRIX_SERVICES);

    if (!read_drafts(c, c->state, f))
        return REFUSE;
    for (size_t i = 0; i < MATRIX_COLUMNS; i++)
        heads[i].name = words_parted(c->arena, lines_column(c, i), c->lang);
    v.heads.at = heads;
    v.heads.n = MATRIX_COLUMNS;
    paging_ends(c, &p, fill(c, &all, p.from, &v));
    v.next = paging_next(c, &p, here(c, &v));
    v.previous = paging_previous(c, &p, here(c, &v));
    v.total = p.total;
    v.first = p.first;
    v.last = p.last;
    console_page_for(c, PLACE_RIGHTS, false, here(c, &v), &v.con);
    v.con.sub = SUB_MATRIX;
    return answer_page(c, 200, page_rights(c->arena, &v));
}

const struct step_row admin_rights[] = { { console_door }, { ask_drafts }, { show_rights }, { NULL } };

/* ── one cell ───────────────────────────────────────────────────────────── */

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
                                 .words = lines_policy(c, p->text),
                                 .why = p->why,
                                 .permits = !s->forbids && !s->leaves,
                                 .forbids = s->forbids,
                                 .leaves = s->leaves,
                                 .whole = s->whole,
                                 .nation = p->layer == LAYER_NATION,
                                 .school = p->layer == LAYER_SCHOOL,
                                 .mine = is_mine(c, p) };
}

static enum step ask_cell(struct ctx *c, struct fail *f)
{
    struct rights *x = c->state;

    (void)f;
    return plea_board_ask(c, c->req->param, &x->pleas) ? WAIT : NEXT;
}

static enum step show_cell(struct ctx *c, struct fail *f)
{
    const struct service *s = registry_service(c->registry, c->req->param);
    struct matrix_sayings sayings = { .most = SAYINGS_A_PAGE };
    int64_t col = -1, from = 0;

    if (!read_drafts(c, c->state, f))
        return REFUSE;
    if (s == NULL || !str_int(form_get(c->query, S("col")), &col) || col < 0 || col >= MATRIX_COLUMNS)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (str_int(form_get(c->query, S("from")), &from) && from > 0)
        sayings.from = (size_t)from;
    struct matrix_cell cell =
        matrix_cell(c->arena, c->registry, &c->console->area, &matrix_columns[col], s, c->now_s, &sayings);
    if (sayings.from > 0 && sayings.from >= sayings.total) { /* one past the end is the first */
        sayings = (struct matrix_sayings){ .most = SAYINGS_A_PAGE };
        cell = matrix_cell(c->arena, c->registry, &c->console->area, &matrix_columns[col], s, c->now_s, &sayings);
    }
    struct cell_page_view v = { .service = names_in(&s->names, c->lang),
                                .service_id = s->id,
                                .cell = cell_of(c, s, (size_t)col, &cell),
                                .off = !s->enabled,
                                .may_draft = console_may(c, MAY_DRAFT),
                                .pleas = plea_board_rows(c, &((const struct rights *)c->state)->pleas, PLEAS_SHOWN,
                                                         (int)col) };
    struct saying_view *views = arena_make_n(c->arena, sayings.n + 1, struct saying_view);
    struct str here = arena_printf(c->arena, "/admin/rights/%.*s?col=%lld", STR_ARG(s->id), (long long)col);
    const struct paging p = paging_of(c, sayings.total, SAYINGS_A_PAGE);
    v.column = v.cell.column;
    v.col = v.cell.col;
    for (size_t i = 0; i < sayings.n; i++)
        views[v.sayings.n++] = saying_view(c, &sayings.at[i]);
    v.sayings.at = views;
    v.paged = sayings.total > SAYINGS_A_PAGE;
    v.first = p.first;
    v.last = p.last;
    v.total = p.total;
    v.previous = paging_previous(c, &p, here);
    v.next = paging_next(c, &p, here);
    console_page_for(c, PLACE_RIGHTS, true, here, &v.con);
    return answer_page(c, 200, page_cell_page(c->arena, &v));
}

const struct step_row admin_cell[] = { { console_door }, { ask_drafts }, { ask_cell }, { show_cell }, { NULL } };
