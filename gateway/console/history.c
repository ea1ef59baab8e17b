/* SPDX-License-Identifier: EUPL-1.2
 * History: every change of the area, or of one policy; what it did, and what two versions differ in, row by row; and
 * how it is undone, or a version brought back. */
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/compare.h"
#include "gateway/console/door.h"
#include "gateway/console/lines.h"
#include "gateway/session/done.h"
#include "registry/versions.h"
#include "wire/form.h"
#include "wire/http.h"

#include <string.h>

enum { CHANGES_A_PAGE = 12, ROWS_SHOWN = 40, WHY_MAX_B = 200, HERE_MAX_B = 1024, POLICY_ID_MAX_B = 64 };

/* Kinds of rows whose undoing needs the right to alter them as well. */
static const struct {
    const char *kind;
    enum console_action may;
} guarded[] = { { "idp", MAY_MANAGE_IDENTITY_PROVIDERS }, { "service", MAY_REGISTER_SERVICE },
                { "admin", MAY_MANAGE_ADMINS },           { "api_token", MAY_MANAGE_ADMINS },
                { "account", MAY_MANAGE_ADMINS },         { "affiliation", MAY_MANAGE_ADMINS } };
enum { KINDS_GUARDED = sizeof guarded / sizeof *guarded };

struct history { /* c->state */
    struct area area;
    int64_t upto, number; /* number 0: none is chosen */
    struct versions_pair pair;
    bool compares;
    struct desk_got got;
    struct change_entries list, one;
    struct change_rows_shown rows;
    struct change_by by;
    struct back back;
    struct back_made back_made;
    enum undo_said said;
    struct str why, detail;
    int64_t made;
    bool may[KINDS_GUARDED]; /* beside rolling back: whether the person may alter rows of these kinds */
};

static bool read_list(struct history *h, struct db *d, struct arena *a, struct fail *f)
{
    return str_is_set(h->pair.policy)
               ? versions_of_policy(d, a, &h->area, h->pair.policy, h->upto, CHANGES_A_PAGE + 1, &h->list, f)
               : change_list(d, a, &h->area, h->upto, CHANGES_A_PAGE + 1, &h->list, f);
}

static bool read_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct history *h = with;

    if (!read_list(h, d, a, f))
        return false;
    if (h->compares)
        return versions_compare(d, a, &h->area, &h->pair, ROWS_SHOWN + 1, &h->rows, f);
    return h->number == 0 || (change_list(d, a, &h->area, h->number, 1, &h->one, f) &&
                              change_rows(d, a, &h->area, h->number, ROWS_SHOWN + 1, &h->rows, f));
}

static struct history *history_of(struct ctx *c)
{
    struct history *h = arena_make(c->arena, struct history);

    c->state = h;
    h->area = c->console->area;
    if (!str_int(form_get(c->query, S("upto")), &h->upto) || h->upto <= 0)
        h->upto = INT64_MAX;
    return h;
}

/* ── the page ───────────────────────────────────────────────────────────── */

static void put_rows(struct ctx *c, const struct history *h, struct history_view *v)
{
    struct draft_row_view *rows = arena_make_n(c->arena, ROWS_SHOWN, struct draft_row_view);

    for (size_t i = 0; i < h->rows.n && i < ROWS_SHOWN; i++)
        rows[v->rows.n++] = compare_row(c, &h->rows.at[i]);
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

static struct str number_text(struct ctx *c, int64_t n)
{
    return arena_printf(c->arena, "%lld", (long long)n);
}

static struct str compared_here(struct ctx *c, const struct history *h, struct str why)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, S("/admin/history"));
    if (h->compares) {
        url_query(&b, S("a"), number_text(c, h->pair.from));
        url_query(&b, S("b"), number_text(c, h->pair.to));
    }
    if (str_is_set(h->pair.policy))
        url_query(&b, S("policy"), h->pair.policy);
    if (str_is_set(why))
        url_query(&b, S("why"), why);
    return buf_ok(&b) ? buf_str(&b) : S("/admin/history");
}

static int status_of(enum undo_said said)
{
    return said == UNDO_SAID_WHY || said == UNDO_SAID_INVALID || said == UNDO_SAID_NO_VERSION         ? 400
           : said == UNDO_SAID_CHANGED_SINCE || said == UNDO_SAID_FORGOTTEN || said == UNDO_SAID_SAME ? 409
                                                                                                      : 200;
}

static enum step page(struct ctx *c, const struct history *h)
{
    struct history_view v = { .policy = h->pair.policy,
                              .compares = h->compares,
                              .why = h->why,
                              .said = h->said,
                              .detail = h->detail,
                              .made = h->made };
    bool chosen = h->number != 0 && h->one.n > 0;

    console_page_for(c, PLACE_RIGHTS, h->number != 0,
                     chosen ? arena_join(c->arena, S("/admin/history/"), number_text(c, h->number))
                            : compared_here(c, h, S("")),
                     &v.con);
    v.con.sub = SUB_HISTORY;
    v.con.below = true;
    put_list(c, h, &v);
    v.b = number_text(c, h->compares ? h->pair.to : registry_parts(c->registry)->version);
    v.a = h->compares       ? number_text(c, h->pair.from)
          : chosen          ? number_text(c, h->number)
          : v.changes.n > 1 ? number_text(c, v.changes.at[1].number)
                            : S("");
    if (chosen)
        v.change = line_of(c, &h->one.at[0]);
    v.may_undo = (chosen || (h->compares && h->rows.n > 0)) && console_may(c, MAY_ROLL_BACK);
    put_rows(c, h, &v);
    return answer_page(c, status_of(h->said), page_history(c->arena, &v));
}

/* ── the list, one policy's, and two versions compared ──────────────────── */

/* As typed; the older one first. */
static bool read_pair(const struct form *from, const char *a, const char *b, struct versions_pair *out)
{
    int64_t x = 0, y = 0;

    if (!str_int(str_trim(form_get(from, str_of(a))), &x) || !str_int(str_trim(form_get(from, str_of(b))), &y) ||
        x < 1 || y < 1)
        return false;
    out->from = x < y ? x : y;
    out->to = x < y ? y : x;
    return true;
}

static enum step ask_list(struct ctx *c, struct fail *f)
{
    struct history *h = history_of(c);
    bool asked = form_get(c->query, S("a")).p != NULL;

    h->pair.policy = str_sub(form_get(c->query, S("policy")), 0, POLICY_ID_MAX_B);
    h->why = form_get(c->query, S("why"));
    h->compares = asked && read_pair(c->query, "a", "b", &h->pair);
    if (asked && !h->compares)
        h->said = UNDO_SAID_NO_VERSION;
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
    if (str_is_set(h->pair.policy) && h->list.n == 0)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return page(c, h);
}

const struct step_row admin_history[] = { { console_door }, { ask_list }, { show }, { NULL } };

/* ── one change ─────────────────────────────────────────────────────────── */

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

/* ── undoing, and bringing back ─────────────────────────────────────────── */

static bool may_touch(void *with, struct str row, struct fail *f)
{
    const struct history *h = with;
    struct str kind = str_sub(row, 0, str_find_byte(row, ' ', 0));

    for (size_t i = 0; i < KINDS_GUARDED; i++)
        if (str_eq(kind, str_of(guarded[i].kind)) && !h->may[i])
            return fail(f, FAIL_CALLER, "not_permitted", "%.*s is not yours to alter", STR_ARG(row));
    return true;
}

static bool back_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct history *h = with;

    if (h->number != 0 && !change_list(d, a, &h->area, h->number, 1, &h->one, f))
        return false;
    bool is_theirs = h->number == 0 || (h->one.n > 0 && h->one.at[0].number == h->number);
    return !is_theirs || versions_back(d, a, &h->by, &h->back, &h->back_made, f);
}

static enum step ask_back(struct ctx *c, struct history *h, struct fail *f)
{
    h->why = str_sub(str_trim(form_get(c->body, S("why"))), 0, WHY_MAX_B);
    if (!str_is_set(h->why)) {
        h->said = UNDO_SAID_WHY;
        return console_ask(c, read_sql, h, &h->got, f);
    }
    for (size_t i = 0; i < KINDS_GUARDED; i++)
        h->may[i] = console_may(c, guarded[i].may);
    h->by = console_by(c, MAKER_undo, h->why);
    h->back.fresh = console_fresh(c);
    h->back.may = may_touch;
    h->back.with = h;
    return console_ask(c, back_sql, h, &h->got, f);
}

static enum step ask_undo(struct ctx *c, struct fail *f)
{
    struct history *h = history_of(c);

    if (!str_int(c->req->param, &h->number) || h->number <= 0)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    h->back.undoes = h->number;
    return ask_back(c, h, f);
}

static enum step ask_roll_back(struct ctx *c, struct fail *f)
{
    struct history *h = history_of(c);

    h->compares = true;
    h->pair.policy = str_sub(form_get(c->body, S("policy")), 0, POLICY_ID_MAX_B);
    if (!read_pair(c->body, "version", "back", &h->pair) || !str_int(form_get(c->body, S("version")), &h->back.version))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    h->back.policy = h->pair.policy;
    return ask_back(c, h, f);
}

/* What stood in the way is no failure of the request: the page comes again and says it. */
static enum step read_again(struct ctx *c, struct fail *f)
{
    struct history *h = c->state;

    return console_ask(c, read_sql, h, &h->got, f);
}

static const struct step_row again[] = { { read_again }, { show }, { NULL } };

static enum step say(struct ctx *c, enum undo_said said, struct str detail)
{
    struct history *h = c->state;

    h->said = said;
    h->detail = arena_str(c->arena, detail);
    return step_into(c, again);
}

/* To where the form was, with what was typed. */
static struct str form_again(struct ctx *c, const struct history *h)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    if (h->number == 0)
        return compared_here(c, h, h->why);
    buf_printf(&b, "/admin/history/%lld", (long long)h->number);
    url_query(&b, S("why"), h->why);
    return buf_ok(&b) ? buf_str(&b) : S("/admin/history");
}

static enum step say_back(struct ctx *c, struct fail *f)
{
    struct history *h = c->state;
    const struct back_made *made = &h->back_made;
    const struct fail *why = &h->got.why;

    if (h->said == UNDO_SAID_WHY)
        return show(c, f);
    if (!h->got.ok && (why->kind == FAIL_CONFLICT || why->kind == FAIL_CALLER || why->kind == FAIL_DENIED))
        return say(c,
                   strcmp(why->code, "changed_since") == 0 ? UNDO_SAID_CHANGED_SINCE
                   : strcmp(why->code, "forgotten") == 0   ? UNDO_SAID_FORGOTTEN
                                                           : UNDO_SAID_INVALID,
                   act_trouble(c, &(const struct edit_result){ 0 }, why));
    if (!console_answered(&h->got, f))
        return REFUSE;
    if (h->number != 0 && (h->one.n == 0 || h->one.at[0].number != h->number))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (made->draft != 0)
        return done_go(c, arena_join(c->arena, S("/admin/drafts/"), number_text(c, made->draft)), "propose", S(""));
    if (made->at_once && made->report.version == 0)
        return console_log_in_again(c, form_again(c, h), f);
    if (made->report.version == 0)
        return say(c, UNDO_SAID_SAME, S(""));
    return done_go(c, arena_join(c->arena, S("/admin/history/"), number_text(c, made->report.version)), "undone",
                   number_text(c, made->report.version));
}

const struct step_row admin_change_undo[] = { { console_door }, { ask_undo }, { say_back }, { NULL } };
const struct step_row admin_roll_back[] = { { console_door }, { ask_roll_back }, { say_back }, { NULL } };
