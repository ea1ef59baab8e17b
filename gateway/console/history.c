/* SPDX-License-Identifier: EUPL-1.2
 * History: every change of the area, what it did row by row, and its undoing. */
#include "gateway/answer.h"
#include "gateway/console/done.h"
#include "gateway/console/door.h"
#include "gateway/console/lines.h"
#include "registry/change.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"

#include <string.h>

enum { CHANGES_A_PAGE = 12, ROWS_SHOWN = 40, WHY_MAX_B = 200, HERE_MAX_B = 1024, VALUE_MAX_B = 4096, FIELDS_MAX = 64 };

/* Kinds of rows whose undoing needs the right to alter them as well. */
static const struct {
    const char *kind;
    enum console_action may;
} guarded[] = { { "idp", MAY_MANAGE_IDENTITY_PROVIDERS },
                { "service", MAY_REGISTER_SERVICE },
                { "admin", MAY_MANAGE_ADMINS },
                { "account", MAY_MANAGE_ADMINS },
                { "affiliation", MAY_MANAGE_ADMINS } };
enum { KINDS_GUARDED = sizeof guarded / sizeof *guarded };

struct history { /* c->state */
    struct area area;
    int64_t upto, number; /* number 0: none is chosen */
    struct desk_got got;
    struct change_entries list, one;
    struct change_rows_shown rows;
    struct change_by by;
    struct change_report report;
    enum undo_said said;
    struct str why, detail;
    int64_t made;
    bool may[KINDS_GUARDED]; /* beside rolling back: whether the person may alter rows of these kinds */
};

static bool read_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct history *h = with;

    return change_list(d, a, &h->area, h->upto, CHANGES_A_PAGE + 1, &h->list, f) &&
           (h->number == 0 || (change_list(d, a, &h->area, h->number, 1, &h->one, f) &&
                               change_rows(d, a, &h->area, h->number, ROWS_SHOWN + 1, &h->rows, f)));
}

static struct history *history_of(struct ctx *c)
{
    struct history *h = arena_make(c->arena, struct history);

    c->state = h;
    h->area = c->console->area;
    h->upto = INT64_MAX;
    if (!str_int(form_get(c->query, S("upto")), &h->upto) || h->upto <= 0)
        h->upto = INT64_MAX;
    return h;
}

/* ── rows in words ──────────────────────────────────────────────────────── */

static struct str value_text(struct ctx *c, const struct json_value *v)
{
    struct buf b = buf_new(c->arena, VALUE_MAX_B);

    if (v == NULL)
        return (struct str){ NULL, 0 };
    switch (v->type) {
    case JSON_STR:
        return v->text;
    case JSON_INT:
        return arena_printf(c->arena, "%lld", (long long)v->integer);
    case JSON_BOOL:
        return v->boolean ? S("true") : S("false");
    case JSON_ARRAY:
        for (const struct json_value *one = v->first; one != NULL; one = one->next) {
            if (b.n > 0)
                buf_add(&b, S(", "));
            buf_add(&b, value_text(c, one));
        }
        return buf_ok(&b) ? buf_str(&b) : S("…");
    default:
        return S("–");
    }
}

static void put_value(struct diff_line *lines, size_t *n, struct str name, struct str before, struct str after)
{
    for (size_t i = 0; i < *n; i++)
        if (str_eq(lines[i].name, name)) {
            lines[i].after = after;
            return;
        }
    if (*n < FIELDS_MAX)
        lines[(*n)++] = (struct diff_line){ name, before, after };
}

static struct change_row_view row_view(struct ctx *c, const struct change_row_shown *row)
{
    struct fail f = { 0 };
    struct str rest = row->row, kind;
    struct diff_line *lines = arena_make_n(c->arena, FIELDS_MAX, struct diff_line);
    struct change_row_view v = { .added = row->sign == '+', .removed = row->sign == '-' };
    const struct str nothing = { NULL, 0 };
    const struct json_value *before = str_is_set(row->before) ? json_parse(c->arena, row->before, &f) : NULL;
    const struct json_value *after = str_is_set(row->after) ? json_parse(c->arena, row->after, &f) : NULL;

    (void)str_split(&rest, ' ', &kind);
    v.kind = kind;
    v.key = str_is_set(rest) ? rest : S("");
    for (const struct json_value *x = before != NULL ? before->first : NULL; x != NULL; x = x->next)
        put_value(lines, &v.fields.n, x->name, value_text(c, x), nothing);
    for (const struct json_value *x = after != NULL ? after->first : NULL; x != NULL; x = x->next)
        put_value(lines, &v.fields.n, x->name, nothing, value_text(c, x));
    v.fields.at = lines;
    return v;
}

static void put_rows(struct ctx *c, const struct history *h, struct history_view *v)
{
    struct change_row_view *rows = arena_make_n(c->arena, ROWS_SHOWN, struct change_row_view);

    for (size_t i = 0; i < h->rows.n && i < ROWS_SHOWN; i++)
        rows[v->rows.n++] = row_view(c, &h->rows.at[i]);
    v->rows.at = rows;
    v->rows_cut = h->rows.n > ROWS_SHOWN;
}

static void put_list(struct ctx *c, const struct history *h, struct history_view *v)
{
    struct change_lines list = lines_of(c, &h->list);

    v->changes = list;
    if (list.n > CHANGES_A_PAGE) {
        v->older = list.at[CHANGES_A_PAGE].number;
        v->changes.n = CHANGES_A_PAGE;
    }
    for (size_t i = 0; i < v->changes.n; i++)
        ((struct change_line *)(uintptr_t)list.at)[i].chosen = list.at[i].number == h->number;
}

static enum step page(struct ctx *c, const struct history *h)
{
    struct history_view v = { .may_undo = console_may(c, MAY_ROLL_BACK),
                              .fresh = console_fresh(c),
                              .why = h->why,
                              .said = h->said,
                              .detail = h->detail,
                              .made = h->made };
    bool chosen = h->number != 0 && h->one.n > 0;

    console_page_for(c, PLACE_RIGHTS, h->number != 0,
                     chosen ? arena_printf(c->arena, "/admin/history/%lld", (long long)h->number) : S("/admin/history"),
                     &v.con);
    v.con.sub = SUB_HISTORY;
    v.con.below = true;
    put_list(c, h, &v);
    if (chosen) {
        v.change = line_of(c, &h->one.at[0]);
        put_rows(c, h, &v);
    }
    return answer_page(c,
                       h->said == UNDO_SAID_WHY || h->said == UNDO_SAID_INVALID ? 400
                       : h->said > UNDO_SAID_WHY                                ? 409
                                                                                : 200,
                       page_history(c->arena, &v));
}

/* ── the list, and one change ───────────────────────────────────────────── */

static enum step ask_list(struct ctx *c, struct fail *f)
{
    struct history *h = history_of(c);

    return console_ask(c, read_sql, h, &h->got, f);
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct history *h = c->state;

    if (!console_answered(&h->got, f))
        return REFUSE;
    /* One of another area's is as one that there is not. */
    if (h->number != 0 && (h->one.n == 0 || h->one.at[0].number != h->number))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return page(c, h);
}

const struct step_row admin_history[] = { { console_door }, { ask_list }, { show }, { NULL } };

static enum step ask_one(struct ctx *c, struct fail *f)
{
    struct history *h = history_of(c);
    struct str made;

    if (!str_int(c->req->param, &h->number) || h->number <= 0)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    h->why = form_get(c->query, S("why"));
    if (str_is_set(done_here(c, &made)) && str_int(made, &h->made))
        h->said = UNDO_SAID_DONE;
    return console_ask(c, read_sql, h, &h->got, f);
}

const struct step_row admin_change[] = { { console_door }, { ask_one }, { show }, { NULL } };

/* ── undoing ────────────────────────────────────────────────────────────── */

static bool may_undo_row(const struct history *h, struct str row)
{
    struct str kind = str_sub(row, 0, str_find_byte(row, ' ', 0));

    for (size_t i = 0; i < KINDS_GUARDED; i++)
        if (str_eq(kind, str_of(guarded[i].kind)))
            return h->may[i];
    return true;
}

static bool undo_rows(struct history *h, struct db *d, struct arena *a, struct fail *f)
{
    struct change_rows_shown rows;

    if (!change_rows(d, a, &h->area, h->number, INT32_MAX, &rows, f))
        return false;
    for (size_t i = 0; i < rows.n; i++)
        if (!may_undo_row(h, rows.at[i].row))
            return fail(f, FAIL_CALLER, "not_permitted", "%.*s is not yours to alter", STR_ARG(rows.at[i].row));
    return change_undo(d, a, h->number, &h->by, false, &h->report, f);
}

static bool undo_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct history *h = with;

    return change_list(d, a, &h->area, h->number, 1, &h->one, f) &&
           (h->one.n == 0 || h->one.at[0].number != h->number || undo_rows(h, d, a, f));
}

static struct str back_here(struct ctx *c, const struct history *h, struct str name, struct str value)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_printf(&b, "/admin/history/%lld", (long long)h->number);
    url_query(&b, name, value);
    return buf_ok(&b) ? buf_str(&b) : S("/admin/history");
}

static enum step ask_undo(struct ctx *c, struct fail *f)
{
    struct history *h = history_of(c);

    if (!str_int(c->req->param, &h->number) || h->number <= 0)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    h->why = str_sub(str_trim(form_get(c->body, S("why"))), 0, WHY_MAX_B);
    if (!str_is_set(h->why)) {
        h->said = UNDO_SAID_WHY;
        return console_ask(c, read_sql, h, &h->got, f);
    }
    if (!console_fresh(c))
        return console_log_in_again(c, back_here(c, h, S("why"), h->why), f);
    for (size_t i = 0; i < KINDS_GUARDED; i++)
        h->may[i] = console_may(c, guarded[i].may);
    h->by = console_by(c, MAKER_undo, h->why);
    return console_ask(c, undo_sql, h, &h->got, f);
}

/* What stood in the way is no failure of the request: the page comes again and says it. */
static enum step read_again(struct ctx *c, struct fail *f)
{
    struct history *h = c->state;

    h->said = strcmp(h->got.why.code, "changed_since") == 0 ? UNDO_SAID_CHANGED_SINCE
              : strcmp(h->got.why.code, "forgotten") == 0   ? UNDO_SAID_FORGOTTEN
                                                            : UNDO_SAID_INVALID;
    h->detail = arena_str(c->arena, str_of(h->got.why.detail));
    return console_ask(c, read_sql, h, &h->got, f);
}

static const struct step_row again[] = { { read_again }, { show }, { NULL } };

static enum step say_undone(struct ctx *c, struct fail *f)
{
    struct history *h = c->state;

    if (h->said == UNDO_SAID_WHY)
        return show(c, f);
    if (!h->got.ok && (h->got.why.kind == FAIL_CONFLICT || h->got.why.kind == FAIL_CALLER))
        return step_into(c, again);
    if (!console_answered(&h->got, f))
        return REFUSE;
    if (h->report.version == 0)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return done_go(c, arena_printf(c->arena, "/admin/history/%lld", (long long)h->number), "undone",
                   arena_printf(c->arena, "%lld", (long long)h->report.version));
}

const struct step_row admin_change_undo[] = { { console_door }, { ask_undo }, { say_undone }, { NULL } };
