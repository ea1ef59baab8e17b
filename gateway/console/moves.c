/* SPDX-License-Identifier: EUPL-1.2
 * People move to another identity provider of their municipality, and keep their accounts: what would happen, and the
 * draft that a second person approves.  Within one municipality alone: registry/links.h. */
#include "base/settings.h"
#include "console/texts.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/door.h"
#include "gateway/console/lines.h"
#include "gateway/session/done.h"
#include "model/when.h"
#include "registry/links.h"
#include "wire/form.h"
#include "wire/http.h"

enum {
    ROWS_SHOWN = 200,
    TYPED_MAX_B = 256 << 10,
    ID_MAX = 64,
    DAY_MAX = 10,
    ID_TAIL_CHARS = 8,
    ID_REST = 12 + ID_TAIL_CHARS /* "-2026-11-30-" and the tail */
};

static const struct str here = S("/admin/moves");

struct moving { /* c->state; what a worker thread touches is in here alone */
    struct moves_view v;
    struct moves_read file;
    struct move_ask ask;
    struct move_plan plan;
    struct str text; /* of the file, or as it was typed */
    struct str id;
    int64_t until_s;
    bool keeps;
    struct act act;
    const struct move *rows[ROWS_SHOWN];
    size_t counts[ROWS_SHOWN];
    size_t n;
    struct desk_got counted;
};

/* ── the page ───────────────────────────────────────────────────────────── */

static bool is_here(const struct ctx *c, const struct provider *p)
{
    const struct provider *own = console_provider(c);

    return own == NULL || own == p;
}

static struct str idp_name(const struct ctx *c, struct str id)
{
    const struct idp *idp = registry_idp(c->registry, id);

    return idp != NULL ? names_in(&idp->names, c->lang) : id;
}

static bool count_links(void *with, struct db *registry, struct arena *a, struct fail *f)
{
    struct moving *x = with;
    struct db *d = links_open(x->ask.set, f);
    bool good = d != NULL;

    (void)registry;
    for (size_t i = 0; good && i < x->n; i++)
        good = move_links(d, a, x->rows[i], &x->counts[i], f);
    db_close(d);
    return good;
}

static void find_rows(const struct ctx *c, struct moving *x)
{
    const struct registry_parts *p = registry_parts(c->registry);

    for (size_t i = 0; i < p->move_count && x->n < ROWS_SHOWN; i++)
        if (is_here(c, p->moves[i].provider))
            x->rows[x->n++] = &p->moves[i];
}

static void put_rows(struct ctx *c, struct moving *x)
{
    struct move_row *rows = arena_make_n(c->arena, x->n + 1, struct move_row);

    for (size_t i = 0; i < x->n; i++)
        rows[i] = (struct move_row){
            .id = x->rows[i]->id,
            .from = idp_name(c, x->rows[i]->from),
            .to = idp_name(c, x->rows[i]->to),
            .way = said(x->rows[i]->by == MOVE_BY_NUMBER ? C_move_by_number : C_move_by_file, c->lang),
            .until = x->rows[i]->until_s > 0 ? when_date(c->arena, x->rows[i]->until_s - 1) : (struct str){ NULL, 0 },
            .links = lines_number(c, (int64_t)x->counts[i])
        };
    x->v.rows.at = rows;
    x->v.rows.n = x->n;
}

static struct choices choices_of(struct ctx *c, struct str on, bool local)
{
    const struct registry_parts *p = registry_parts(c->registry);
    const struct provider *own = console_provider(c);
    struct choice *all = arena_make_n(c->arena, p->idp_count + 1, struct choice);
    struct choices out = { all, 0 };

    for (size_t i = 0; own != NULL && i < p->idp_count; i++) {
        const struct idp *idp = &p->idps[i];
        if (idp->provider == own && (local || idp->kind != IDP_LOCAL))
            all[out.n++] = (struct choice){ idp->id, names_in(&idp->names, c->lang), str_eq(idp->id, on) };
    }
    return out;
}

static enum step show(struct ctx *c, struct moving *x, int status)
{
    struct moves_view *v = &x->v;
    struct str from = x->ask.from != NULL ? x->ask.from->id : (struct str){ NULL, 0 };
    struct str to = x->ask.to != NULL ? x->ask.to->id : (struct str){ NULL, 0 };

    console_page_for(c, PLACE_IDPS, true, here, &v->con);
    v->version = arena_printf(c->arena, "%lld", (long long)registry_parts(c->registry)->version);
    v->froms = choices_of(c, from, true);
    v->tos = choices_of(c, to, false);
    if (v->froms.n < 2)
        v->tos.n = 0;
    put_rows(c, x);
    return answer_page(c, status, page_moves(c->arena, v));
}

static struct moving *begin(struct ctx *c)
{
    struct moving *x = arena_make(c->arena, struct moving);

    c->state = x;
    x->ask = (struct move_ask){ .registry = c->registry, .seals = c->seals, .set = c->set, .now_s = c->now_s };
    find_rows(c, x);
    return x;
}

static enum step ask_rows(struct ctx *c, struct fail *f)
{
    struct moving *x = begin(c);

    return console_ask(c, count_links, x, &x->counted, f);
}

static enum step show_rows(struct ctx *c, struct fail *f)
{
    struct moving *x = c->state;

    return console_answered(&x->counted, f) ? show(c, x, 200) : REFUSE;
}

const struct step_row admin_moves[] = { { console_door }, { ask_rows }, { show_rows }, { NULL } };

/* ── the form ───────────────────────────────────────────────────────────── */

static enum step wrong(struct ctx *c, struct moving *x, struct str detail)
{
    x->v.said = MOVES_SAID_WRONG;
    x->v.detail = detail;
    return show(c, x, 400);
}

static struct str number_of(struct ctx *c, size_t n)
{
    return n > 0 ? arena_printf(c->arena, "%zu", n) : (struct str){ NULL, 0 };
}

static struct str fault_words(const struct ctx *c, enum moves_fault fault)
{
    static const enum said words[MOVES_FAULT_COUNT] = {
#define X(fault, cure) [MOVES_##fault] = C_moves_##fault,
        MOVES_FAULTS(X)
#undef X
    };

    return said(words[fault], c->lang);
}

static enum step say_faults(struct ctx *c, struct moving *x)
{
    struct move_fault *at = arena_make_n(c->arena, x->file.wrong_count + 1, struct move_fault);

    for (size_t i = 0; i < x->file.wrong_count; i++) {
        const struct moves_wrong *w = &x->file.wrongs[i];
        at[i] = (struct move_fault){ .line = number_of(c, w->line),
                                     .other = number_of(c, w->other),
                                     .code = str_of(moves_fault_word(w->fault)),
                                     .says = fault_words(c, w->fault) };
    }
    x->v.faults.at = at;
    x->v.faults.n = x->file.wrong_count;
    x->v.faults_more = number_of(c, x->file.wrongs_more);
    x->v.said = MOVES_SAID_FILE;
    return show(c, x, 400);
}

static void read_typed(struct ctx *c, struct moving *x)
{
    struct str file = form_file(c->body, S("file")), typed = form_get(c->body, S("pairs"));

    x->text = file.p != NULL && file.n > 0 ? file : typed;
    x->v.pairs.text = x->text.n <= TYPED_MAX_B && str_is_utf8(x->text) ? x->text : S("");
    x->v.by_number = str_eq(form_get(c->body, S("by")), S("learner_number"));
    x->v.take_known = x->ask.take_known = str_eq(form_get(c->body, S("take_known")), S("true"));
    x->v.why = act_why(c->body);
    x->ask.from = registry_idp(c->registry, form_get(c->body, S("from")));
    x->ask.to = registry_idp(c->registry, form_get(c->body, S("to")));
    x->keeps = str_eq(form_get(c->body, S("act")), S("keep"));
}

/* A municipality's alone, and of the one in which the person acts; absent: there is no trouble. */
static struct str trouble_of(const struct ctx *c, const struct moving *x)
{
    static const enum said words[MOVE_NOT_COUNT] = {
#define X(word, says) [MOVE_NOT_##word] = C_moves_not_##word,
        MOVE_NOTS(X)
#undef X
    };
    enum move_not why = move_not(x->ask.from, x->ask.to);

    if (why != MOVE_NOT_NOTHING)
        return said(words[why], c->lang);
    if (console_provider(c) == NULL || x->ask.from->provider != console_provider(c))
        return said(C_moves_not_area, c->lang);
    return (struct str){ NULL, 0 };
}

/* Through the day that was typed; of a file there is nothing to end. */
static bool read_until(struct ctx *c, struct moving *x)
{
    int64_t end_s = 0;

    x->v.until = form_typed(c->body, S("until"), DAY_MAX);
    if (!str_is_set(x->v.until) || !x->v.by_number)
        return true;
    if (!when_day_read_end(x->v.until, &end_s) || end_s <= c->now_s)
        return false;
    x->until_s = end_s;
    return true;
}

/* "turku-edu-2026-11-30-k7xq3mza": the tail makes it another than all that are, drafts that wait included. */
static struct str new_id(struct ctx *c, const struct moving *x)
{
    struct str day = when_date(c->arena, c->now_s), to = str_sub(x->ask.to->id, 0, ID_MAX - ID_REST);

    return act_new_id(c, arena_printf(c->arena, "%.*s-%.*s-", STR_ARG(to), STR_ARG(day)), ID_TAIL_CHARS);
}

static void put_move(struct moving *x, struct arena *a)
{
    const struct row_id row = { S("move"), { x->id, { NULL, 0 } } };
    const struct edit_field fields[] = {
        { S("provider"), x->ask.from->provider->id },
        { S("from"), x->ask.from->id },
        { S("to"), x->ask.to->id },
        { S("by"), x->ask.file != NULL ? S("file") : S("learner_number") },
        { S("batch"), x->ask.file != NULL ? x->plan.batch : S("") },
        { S("people"), arena_printf(a, "%zu", x->plan.linked) },
        { S("until"), x->until_s > 0 ? when_rfc3339(a, x->until_s) : (struct str){ NULL, 0 } },
    };

    edit_put(x->act.edit, &row, fields, sizeof fields / sizeof *fields);
}

static bool run(void *with, struct db *registry, struct arena *a, struct fail *f)
{
    struct moving *x = with;
    struct db *d = links_open(x->ask.set, f);
    bool good = d != NULL && (x->keeps ? move_stage : move_plan)(d, a, &x->ask, &x->plan, f);

    for (size_t i = 0; good && i < x->n; i++)
        good = move_links(d, a, x->rows[i], &x->counts[i], f);
    db_close(d);
    if (!good || !x->keeps)
        return good;
    put_move(x, a);
    return edit_run(x->act.edit, registry, a, &x->act.how, EDIT_KEEP, &x->act.result, f);
}

static enum step ask_plan(struct ctx *c, struct fail *f)
{
    struct moving *x = begin(c);

    read_typed(c, x);
    struct str trouble = trouble_of(c, x);
    if (trouble.p != NULL)
        return wrong(c, x, trouble);
    if (!read_until(c, x))
        return wrong(c, x, said(C_move_until_wrong, c->lang));
    if (!x->v.by_number && !moves_file_read(c->arena, x->text, &x->file))
        return say_faults(c, x);
    if (x->keeps && !str_is_set(x->v.why))
        return wrong(c, x, said(C_why_label, c->lang));
    if (x->keeps && !console_fresh(c))
        return console_log_in_again(c, here, f);
    x->ask.file = x->v.by_number ? NULL : &x->file;
    x->id = new_id(c, x);
    (void)act_begin(c, &x->act, NULL, x->v.why);
    return console_ask(c, run, x, &x->act.got, f);
}

static enum step note(struct ctx *c, struct fail *f)
{
    (void)f;
    return act_note(c, &((struct moving *)c->state)->act.got);
}

static struct str says_of(const struct ctx *c, enum move_says what)
{
    static const enum said words[MOVE_SAYS_COUNT] = {
#define X(word, text) [MOVE_SAYS_##word] = C_moves_note_##word,
        MOVE_SAYS(X)
#undef X
    };

    return said(words[what], c->lang);
}

static enum step show_plan(struct ctx *c, struct moving *x)
{
    struct move_fault *at = arena_make_n(c->arena, x->plan.note_count + 1, struct move_fault);

    for (size_t i = 0; i < x->plan.note_count; i++)
        at[i] = (struct move_fault){ .line = number_of(c, x->plan.notes[i].line),
                                     .code = str_of(move_says_word(x->plan.notes[i].what)),
                                     .says = says_of(c, x->plan.notes[i].what) };
    x->v.faults.at = at;
    x->v.faults.n = x->plan.note_count;
    x->v.said = MOVES_SAID_LOOKED;
    x->v.lines = lines_number(c, (int64_t)x->plan.lines);
    x->v.linked = lines_number(c, (int64_t)x->plan.linked);
    x->v.doubtful = lines_number(c, (int64_t)x->plan.doubtful);
    x->v.twice = lines_number(c, (int64_t)x->plan.twice);
    x->v.unseen = lines_number(c, (int64_t)x->plan.not_seen);
    x->v.some = x->plan.linked > 0 || x->v.by_number;
    return show(c, x, 200);
}

static enum step say_plan(struct ctx *c, struct fail *f)
{
    struct moving *x = c->state;

    if (!x->act.got.ok && x->act.got.why.kind == FAIL_CONFLICT) {
        x->v.said = MOVES_SAID_MEANWHILE;
        return show(c, x, 409);
    }
    if (!x->act.got.ok)
        return act_refused(c, &x->act.got, f) ? wrong(c, x, act_detail(c, &x->act)) : REFUSE;
    if (!x->keeps)
        return show_plan(c, x);
    return done_go(c, arena_printf(c->arena, "/admin/drafts/%lld", (long long)x->act.result.draft), "kept", S(""));
}

const struct step_row admin_moves_act[] = { { console_door }, { ask_plan }, { note }, { say_plan }, { NULL } };
