/* SPDX-License-Identifier: EUPL-1.2
 * Passes of substitutes (gateway/passes.h), given, decided on and taken by those who may at their school. */
#include "gateway/passes.h"
#include "alarms/alarms.h"
#include "base/codec.h"
#include "console/texts.h"
#include "gateway/answer.h"
#include "gateway/console/door.h"
#include "gateway/console/lines.h"
#include "gateway/console/people.h"
#include "gateway/console/times.h"
#include "gateway/session/done.h"
#include "model/pairwise.h"
#include "model/when.h"
#include "registry/edit.h"
#include "wire/form.h"
#include "wire/http.h"

#include <stdlib.h>
#include <string.h>

enum { ASKED_SHOWN = 50, ROWS_SHOWN = 50, OVER_SHOWN_S = 30 * 86400, NAME_MAX_B = 100, TYPED_MAX_B = 20 };

struct waiting;

struct giving { /* c->state */
    struct passes_view v;
    struct pass pass;
    struct area area;
    struct edit *edit;
    struct edit_how how;
    struct edit_result result;
    struct desk_got got;
    struct audit_got audit;
    const struct account *account; /* that is taken */
    bool kept;
    /* those that wait */
    struct drafts drafts;
    struct waiting *waiting;
    size_t waiting_n;
    struct draft_move move;
    struct change_by by;
};

struct waiting { /* a draft that is a pass */
    const struct draft *draft;
    struct row_seen account, place;
};

static struct str day_words(struct ctx *c, int64_t at_s)
{
    struct when w = when_local(at_s);

    return arena_printf(c->arena, "%d.%d.%d", w.day, w.month, w.year);
}

/* ── the page ───────────────────────────────────────────────────────────── */

static int by_end(const void *x, const void *y)
{
    const struct account *a = *(const struct account *const *)x, *b = *(const struct account *const *)y;
    int64_t ends_a = a->person->affiliations[0].to_s, ends_b = b->person->affiliations[0].to_s;

    return (ends_a < ends_b) - (ends_a > ends_b);
}

static struct pass_row row_of(struct ctx *c, const struct account *a)
{
    const struct affiliation *at = &a->person->affiliations[0];
    const struct school *s = provider_school(console_provider(c), a->school);

    return (struct pass_row){ .id = a->id,
                              .name = person_display_name(c->arena, a->person),
                              .username = a->username,
                              .school = !str_is_set(c->console->area.school) && s != NULL ? names_in(&s->names, c->lang)
                                                                                          : (struct str){ NULL, 0 },
                              .from = when_full(c->arena, at->from_s, c->lang),
                              .to = when_full(c->arena, at->to_s, c->lang),
                              .ended = c->now_s >= at->to_s,
                              .waits = c->now_s < at->from_s,
                              .off = !a->enabled };
}

static void put_rows(struct ctx *c, struct passes_view *v)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct account **found = arena_make_n(c->arena, parts->account_count + 1, const struct account *);
    struct pass_row *rows = arena_make_n(c->arena, ROWS_SHOWN, struct pass_row);
    size_t n = 0;

    for (size_t i = 0; i < parts->account_count; i++)
        if (is_pass_of(c->registry, &parts->accounts[i], &c->console->area) &&
            parts->accounts[i].person->affiliations[0].to_s + OVER_SHOWN_S > c->now_s)
            found[n++] = &parts->accounts[i];
    qsort(found, n, sizeof(const struct account *), by_end);
    for (size_t i = 0; i < n && i < ROWS_SHOWN; i++)
        rows[v->rows.n++] = row_of(c, found[i]);
    v->rows.at = rows;
    v->cut = n > ROWS_SHOWN;
}

static void put_schools(struct ctx *c, struct passes_view *v, struct str chosen)
{
    const struct provider *p = console_provider(c);
    struct choice_row *rows = arena_make_n(c->arena, p->school_count + 1, struct choice_row);

    for (size_t i = 0; i < p->school_count; i++)
        if (p->schools[i].active)
            rows[v->schools.n++] = (struct choice_row){ p->schools[i].oid, names_in(&p->schools[i].names, c->lang),
                                                        str_eq(p->schools[i].oid, chosen) };
    v->schools.at = rows;
}

static enum step show(struct ctx *c, struct passes_view *v, struct str school, int status)
{
    console_page_for(c, PLACE_PEOPLE, false, S("/admin/passes"), &v->con);
    v->con.sub = SUB_PASSES;
    v->one_school = str_is_set(c->console->area.school);
    v->fresh = console_fresh(c);
    put_rows(c, v);
    put_schools(c, v, school);
    return answer_page(c, status, page_passes(c->arena, v));
}

/* ── those that wait for a second person ────────────────────────────────── */

static struct str field_of(const struct row_seen *row, const char *name)
{
    const struct row_field *f = row_field(row, name);

    return f != NULL && f->value.p != NULL ? f->value : S("");
}

/* An account of this file's making and its one place, and nothing else: whoever may give passes decides on nothing
 * else. */
static bool is_pass(const struct row_ids *ids)
{
    bool account = false, place = false;

    for (size_t i = 0; i < ids->n; i++) {
        if (!str_has_prefix(ids->at[i].key[0], S(PASS_PREFIX)))
            return false;
        account = account || str_eq(ids->at[i].kind, S("account"));
        place = place || str_eq(ids->at[i].kind, S("affiliation"));
    }
    return ids->n == 2 && account && place;
}

static bool look_at(struct db *d, struct arena *a, const struct area *area, const struct draft *draft,
                    struct waiting *out, bool *yes)
{
    struct fail f = { 0 };
    struct row_ids ids;

    *yes = draft_row_ids(d, a, area, draft->number, &ids, &f) && is_pass(&ids);
    *out = (struct waiting){ .draft = draft };
    for (size_t i = 0; *yes && i < ids.n; i++)
        *yes = draft_row(d, a, area, draft->number, &ids.at[i],
                         str_eq(ids.at[i].kind, S("account")) ? &out->account : &out->place, &f);
    return f.kind != FAIL_OURS;
}

static bool list_waiting(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct giving *x = with;

    if (!draft_list(d, a, &x->area, DRAFT_NONE, INT64_MAX, ASKED_SHOWN, &x->drafts, f))
        return false;
    x->waiting = arena_make_n(a, x->drafts.n + 1, struct waiting);
    for (size_t i = 0; i < x->drafts.n; i++) {
        bool yes;
        if (x->drafts.at[i].state != DRAFT_proposed && x->drafts.at[i].state != DRAFT_approved)
            continue;
        if (!look_at(d, a, &x->area, &x->drafts.at[i], &x->waiting[x->waiting_n], &yes))
            return fail(f, FAIL_OURS, "db_error", "a draft cannot be read");
        x->waiting_n += yes;
    }
    return true;
}

static struct str time_words(struct ctx *c, struct str rfc3339)
{
    int64_t at_s;

    return when_rfc3339_read(rfc3339, &at_s) ? when_full(c->arena, at_s, c->lang) : rfc3339;
}

static void put_waiting(struct ctx *c, const struct giving *x, struct passes_view *v)
{
    struct pass_asked_row *rows = arena_make_n(c->arena, x->waiting_n + 1, struct pass_asked_row);
    const struct provider *p = console_provider(c);
    bool one_school = str_is_set(c->console->area.school);

    for (size_t i = 0; i < x->waiting_n; i++) {
        const struct waiting *w = &x->waiting[i];
        const struct draft *d = w->draft;
        const struct school *s = provider_school(p, field_of(&w->account, "school"));
        struct str given = field_of(&w->account, "given_names"), family = field_of(&w->account, "family_name");
        rows[i] = (struct pass_asked_row){ .number = arena_printf(c->arena, "%lld", (long long)d->number),
                                           .edition = arena_printf(c->arena, "%lld", (long long)d->edition),
                                           .name = arena_printf(c->arena, "%.*s %.*s", STR_ARG(given), STR_ARG(family)),
                                           .school = !one_school && s != NULL ? names_in(&s->names, c->lang)
                                                                              : (struct str){ NULL, 0 },
                                           .from = time_words(c, field_of(&w->place, "from")),
                                           .to = time_words(c, field_of(&w->place, "to")),
                                           .who = lines_who(c, d->owner),
                                           .why = d->why,
                                           .mine = str_eq(d->owner, c->session->person->id) };
    }
    v->asked.at = rows;
    v->asked.n = x->waiting_n;
}

static enum step ask_list(struct ctx *c, struct fail *f)
{
    struct giving *x = arena_make(c->arena, struct giving);

    c->state = x;
    x->area = c->console->area;
    if (console_provider(c) == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return console_ask(c, list_waiting, x, &x->got, f);
}

static enum pass_said said_of(struct ctx *c)
{
    static const struct {
        const char *word;
        enum pass_said said;
    } words[] = { { "taken", PASS_SAID_TAKEN },
                  { "approved", PASS_SAID_APPROVED },
                  { "refused", PASS_SAID_REFUSED },
                  { "own", PASS_SAID_OWN },
                  { "changed", PASS_SAID_CHANGED } };
    struct str done = done_here(c, NULL);

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(done, str_of(words[i].word)))
            return words[i].said;
    return PASS_SAID_NOTHING;
}

static enum step show_list(struct ctx *c, struct fail *f)
{
    const struct giving *x = c->state;
    struct passes_view v = { .from_at = S("8.00"), .to_at = S("16.00") };

    if (!console_answered(&x->got, f))
        return REFUSE;
    v.from = v.to = day_words(c, c->now_s);
    v.said = said_of(c);
    put_waiting(c, x, &v);
    return show(c, &v, S(""), 200);
}

const struct step_row admin_passes[] = { { console_door }, { ask_list }, { show_list }, { NULL } };

/* ── the second person ──────────────────────────────────────────────────── */

static bool decide_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct giving *x = with;
    struct draft draft;
    struct waiting w;
    bool yes;

    if (!draft_look(d, a, &x->area, x->move.number, &draft, f))
        return false;
    if (!look_at(d, a, &x->area, &draft, &w, &yes))
        return fail(f, FAIL_OURS, "db_error", "a draft cannot be read");
    if (!yes)
        return fail(f, FAIL_CALLER, "no_draft", "the draft is no pass");
    bool approved = x->move.act == DRAFT_APPROVE && draft.state == DRAFT_approved; /* and something stood in its way */
    if (!approved && !draft_do(d, a, &x->by, &x->move, &x->result, f))
        return false;
    if (x->move.act != DRAFT_APPROVE)
        return true;
    const struct edit_from from = { .draft = x->move.number, .edition = approved ? draft.edition : x->result.edition };
    struct edit *e = edit_new(&x->by, &from);
    bool good = edit_run(e, d, a, &x->how, EDIT_PUBLISH, &x->result, f);
    edit_free(e);
    return good;
}

static enum step ask_decide(struct ctx *c, struct fail *f)
{
    struct giving *x = arena_make(c->arena, struct giving);
    struct str act = form_get(c->body, S("act"));
    bool approves = str_eq(act, S("approve"));

    c->state = x;
    x->area = c->console->area;
    if (console_provider(c) == NULL || !str_int(c->req->param, &x->move.number) || x->move.number <= 0 ||
        (!approves && !str_eq(act, S("refuse"))))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (approves && !console_fresh(c))
        return console_log_in_again(c, S("/admin/passes"), f);
    (void)str_int(form_get(c->body, S("edition")), &x->move.edition);
    x->move.act = approves ? DRAFT_APPROVE : DRAFT_WITHDRAW;
    x->by = console_by(c, MAKER_console, said(approves ? C_pass_approved_why : C_pass_refused_why, c->lang));
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals };
    return console_ask(c, decide_sql, x, &x->got, f);
}

static enum step say_decided(struct ctx *c, struct fail *f)
{
    const struct giving *x = c->state;
    const struct fail *why = &x->got.why;

    if (!x->got.ok && strcmp(why->code, "no_draft") == 0)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!x->got.ok && why->kind != FAIL_OURS && why->kind != FAIL_BUSY)
        return done_go(c, S("/admin/passes"), strcmp(why->code, "own_draft") == 0 ? "own" : "changed", S(""));
    if (!console_answered(&x->got, f))
        return REFUSE;
    return done_go(c, S("/admin/passes"), x->move.act == DRAFT_APPROVE ? "approved" : "refused", S(""));
}

const struct step_row admin_pass_decide[] = { { console_door }, { ask_decide }, { say_decided }, { NULL } };

/* ── one is given ───────────────────────────────────────────────────────── */

static void free_edit(void *e)
{
    edit_free(e);
}

static void edit_begin(struct ctx *c, struct giving *x, struct str why)
{
    struct change_by *by = arena_make(c->arena, struct change_by);
    const struct edit_from from = { 0 };

    *by = x->by = console_by(c, MAKER_console, why);
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals };
    x->edit = edit_new(by, &from);
    arena_adopt(c->arena, x->edit, free_edit);
}

static void read_form(struct ctx *c, struct giving *x)
{
    struct passes_view *v = &x->v;

    v->given = str_sub(str_trim(form_get(c->body, S("given"))), 0, NAME_MAX_B);
    v->family = str_sub(str_trim(form_get(c->body, S("family"))), 0, NAME_MAX_B);
    v->from = str_sub(str_trim(form_get(c->body, S("from"))), 0, TYPED_MAX_B);
    v->from_at = str_sub(str_trim(form_get(c->body, S("from_at"))), 0, TYPED_MAX_B);
    v->to = str_sub(str_trim(form_get(c->body, S("to"))), 0, TYPED_MAX_B);
    v->to_at = str_sub(str_trim(form_get(c->body, S("to_at"))), 0, TYPED_MAX_B);
    v->why = str_sub(str_trim(form_get(c->body, S("why"))), 0, PEOPLE_WHY_MAX_B);
    if (!times_read(v->from, v->from_at, &x->pass.from_s) || !times_read(v->to, v->to_at, &x->pass.to_s))
        x->pass.from_s = x->pass.to_s = 0;
    x->pass.given = v->given;
    x->pass.family = v->family;
    x->pass.why = v->why;
}

static enum pass_said said_of_fault(enum pass_fault fault)
{
    static const enum pass_said said[] = {
        [PASS_GOOD] = PASS_SAID_NOTHING,     [PASS_NO_NAME] = PASS_SAID_NAME,    [PASS_SHARED_NAME] = PASS_SAID_SHARED,
        [PASS_NO_SCHOOL] = PASS_SAID_SCHOOL, [PASS_BAD_TIMES] = PASS_SAID_TIMES, [PASS_OVER] = PASS_SAID_PAST,
        [PASS_TOO_LONG] = PASS_SAID_LONG,    [PASS_NO_WHY] = PASS_SAID_WHY,      [PASS_NO_IDP] = PASS_SAID_NO_IDP,
    };

    return said[fault];
}

static enum step ask_give(struct ctx *c, struct fail *f)
{
    struct giving *x = arena_make(c->arena, struct giving);
    const struct provider *p = console_provider(c);
    struct str school = form_get(c->body, S("school")), own = c->console->area.school;

    (void)f;
    c->state = x;
    if (p == NULL || (str_is_set(school) && provider_school(p, school) == NULL) ||
        (str_is_set(own) && str_is_set(school) && !str_eq(own, school)))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    read_form(c, x);
    x->pass.provider = p;
    x->pass.school = provider_school(p, str_is_set(own) ? own : school);
    x->v.said = said_of_fault(pass_judge(c, &x->pass));
    if (x->v.said != PASS_SAID_NOTHING)
        return show(c, &x->v, school, 400);
    x->pass.id = pass_new_id(c);
    pass_new_secrets(c, &x->pass);
    people_audit(c, "give_pass", arena_join(c->arena, S("account "), x->pass.id), x->v.why, &x->audit);
    return WAIT;
}

static bool give_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct giving *x = with;

    return pass_give(&x->pass, x->edit, &x->how, &x->by, d, a, &x->result, f);
}

static enum step give(struct ctx *c, struct fail *f)
{
    struct giving *x = c->state;

    if (!x->audit.durable)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the audit log takes nothing");
    edit_begin(c, x, x->v.why);
    pass_put(c, x->edit, &x->pass);
    return console_ask(c, give_sql, x, &x->got, f);
}

/* Shown in the answer itself: the password stands in no address and is kept nowhere. */
static enum step say_given(struct ctx *c, struct fail *f)
{
    struct giving *x = c->state;
    struct passes_view v = { .username = x->pass.username,
                             .password = x->pass.password,
                             .address = pass_address(c, x->pass.idp),
                             .from = x->v.from,
                             .from_at = x->v.from_at,
                             .to = x->v.to,
                             .to_at = x->v.to_at,
                             .said = x->pass.asks ? PASS_SAID_ASKED : PASS_SAID_GIVEN };

    if (!x->got.ok && (x->got.why.kind == FAIL_CALLER || x->got.why.kind == FAIL_CONFLICT)) {
        x->v.said = PASS_SAID_STORED;
        return show(c, &x->v, x->pass.school->oid, 409);
    }
    if (!console_answered(&x->got, f))
        return REFUSE;
    const struct area where = { console_provider(c)->id, x->pass.school->oid };
    alarm_at_night(c->alarms, c->arena, ALARM_pass_at_night, &where, (struct str){ NULL, 0 }, c->now_s);
    return show(c, &v, x->pass.school->oid, 200);
}

const struct step_row admin_pass_give[] = { { console_door }, { ask_give }, { give }, { say_given }, { NULL } };

/* ── one is taken ───────────────────────────────────────────────────────── */

static bool take_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct giving *x = with;

    return edit_run(x->edit, d, a, &x->how, EDIT_APPLY, &x->result, f);
}

static enum step ask_take(struct ctx *c, struct fail *f)
{
    struct giving *x = arena_make(c->arena, struct giving);
    const struct edit_field off = { S("enabled"), S("false") };

    c->state = x;
    x->account = pass_of(c->registry, c->req->param, &c->console->area);
    if (x->account == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    const struct row_id row = { S("account"), { x->account->id } };
    edit_begin(c, x, said(C_pass_taken, c->lang));
    edit_put(x->edit, &row, &off, 1);
    return console_ask(c, take_sql, x, &x->got, f);
}

/* Who is in with it, is out. */
static enum step end_theirs(struct ctx *c, struct fail *f)
{
    struct giving *x = c->state;
    struct mark m = { .kind = MARK_PERSON };

    if (!console_answered(&x->got, f))
        return REFUSE;
    m.what = pairwise_person(c->arena, c->seals, x->account->idp, x->account->id);
    if (!people_end(c, &m, &x->kept))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step say_taken(struct ctx *c, struct fail *f)
{
    const struct giving *x = c->state;

    if (!x->kept)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the end of sessions was not kept");
    return done_go(c, S("/admin/passes"), "taken", S(""));
}

const struct step_row admin_pass_take[] = { { console_door }, { ask_take }, { end_theirs }, { say_taken }, { NULL } };
