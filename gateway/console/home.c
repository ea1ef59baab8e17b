/* SPDX-License-Identifier: EUPL-1.2
 * The first page of the console: what needs this person now. */
#include "console/texts.h"
#include "frame/words.h"
#include "gateway/answer.h"
#include "gateway/console/country.h"
#include "gateway/console/door.h"
#include "gateway/console/health.h"
#include "gateway/console/lines.h"
#include "gateway/console/pleas.h"
#include "gateway/console/raise.h"
#include "gateway/console/rights_given.h"
#include "idp-adapters/adapter_local.h"
#include "model/when.h"
#include "registry/edit.h"

#include <stdlib.h>

enum { OWN_MAX = 16, CHANGES_SHOWN = 5, TODOS_MAX = 60, DRAFTS_SHOWN = 20, PLEAS_SHOWN = 5 };

struct home { /* c->state */
    struct area area;
    struct desk_got got;
    struct change_entries changes;
    struct drafts waiting, approved, sent_back;
    struct alarms_found alarms; /* of the area */
    struct plea_board pleas;
    struct health *hows; /* of each identity provider, in the registry's order */
    struct home_view v;
    struct todo *todos;
};

static bool read_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct home *h = with;

    return change_list(d, a, &h->area, INT64_MAX, CHANGES_SHOWN, &h->changes, f) &&
           draft_list(d, a, &h->area, DRAFT_proposed, INT64_MAX, DRAFTS_SHOWN, &h->waiting, f) &&
           draft_list(d, a, &h->area, DRAFT_approved, INT64_MAX, DRAFTS_SHOWN, &h->approved, f) &&
           draft_list(d, a, &h->area, DRAFT_sent_back, INT64_MAX, DRAFTS_SHOWN, &h->sent_back, f);
}

static enum step ask(struct ctx *c, struct fail *f)
{
    struct home *h = arena_make(c->arena, struct home);

    c->state = h;
    h->area = c->console->area;
    h->todos = arena_make_n(c->arena, TODOS_MAX, struct todo);
    if (!console_may(c, MAY_VIEW))
        return NEXT;
    return console_ask(c, read_sql, h, &h->got, f);
}

static enum step ask_pleas(struct ctx *c, struct fail *f)
{
    struct home *h = c->state;

    (void)f;
    return console_may(c, MAY_VIEW) && plea_board_ask(c, S(""), &h->pleas) ? WAIT : NEXT;
}

/* ── what waits ─────────────────────────────────────────────────────────── */

static struct todo *add_todo(struct home *h, enum todo_kind kind, enum urgency urgency)
{
    if (h->v.todos.n == TODOS_MAX)
        return NULL;
    struct todo *t = &h->todos[h->v.todos.n++];
    *t = (struct todo){ .kind = kind, .urgency = urgency };
    return t;
}

/* Somebody has said that they look after it. */
static bool is_seen(const struct home *h, enum alarm_code code, struct str subject)
{
    for (size_t i = 0; i < h->alarms.n; i++)
        if (h->alarms.at[i].code == code && str_eq(h->alarms.at[i].subject, subject))
            return h->alarms.at[i].seen_s != 0;
    return false;
}

/* What this page finds by itself, and says with more words, is not said twice. */
static bool is_found_here(enum alarm_code code)
{
    return code == ALARM_idp_away || code == ALARM_idp_fails || code == ALARM_idp_metadata_ends ||
           code == ALARM_idp_metadata_ended || code == ALARM_idp_certificate_ends ||
           code == ALARM_idp_certificate_ended || code == ALARM_idp_secret_ends || code == ALARM_idp_secret_ended ||
           code == ALARM_idp_key_waits || code == ALARM_own_certificate_ends || code == ALARM_right_ends;
}

static void look_at_alarms(struct ctx *c, struct home *h)
{
    for (size_t i = 0; i < h->alarms.n; i++) {
        const struct alarm *x = &h->alarms.at[i];
        const struct alarm_row *row = alarm_row(x->code);
        if (!alarm_is_open(x) || is_found_here(x->code) || !console_may_in(c, alarm_may(x->code), &x->area))
            continue;
        struct todo *t = add_todo(h, TODO_ALARM,
                                  row->severity == ALARM_CRITICAL  ? URGENCY_NOW
                                  : row->severity == ALARM_WARNING ? URGENCY_SOON
                                                                   : URGENCY_CALM);
        if (t == NULL)
            return;
        t->name = alarm_words(x->code, c->lang);
        t->why = alarm_about(c, x);
        t->code = str_of(row->code);
        t->severity = alarm_severity_words(row->severity, c->lang);
        t->n = lines_number(c, x->n);
        t->when = when_full(c->arena, x->first_s, c->lang);
        t->link = arena_join(c->arena, S("/admin/alarms/"), arena_str(c->arena, str_of(x->id)));
    }
}

static void add_idp(struct ctx *c, struct home *h, const struct idp *idp, enum todo_kind kind, enum urgency urgency,
                    const struct health *how)
{
    struct todo *t = add_todo(h, kind, urgency);

    if (t == NULL)
        return;
    t->name = names_in(&idp->names, c->lang);
    t->link = arena_join(c->arena, S("/admin/idps/"), idp->id);
    if (how->worst != NULL) {
        t->code = how->worst->code;
        t->n = lines_number(c, how->worst->n);
        t->when = when_full(c->arena, how->worst->first_s, c->lang);
    }
    if (kind == TODO_METADATA_ENDS || kind == TODO_CERTIFICATE_ENDS || kind == TODO_SECRET_ENDS) {
        t->when = when_date(c->arena, how->ends.at_s);
        t->code = str_of(ending_code(how->ends.what));
    }
    if (kind == TODO_KEY_WAITS)
        t->code = S("key_waiting");
}

/* Sixty days before, thirty, and seven. */
static void look_at_documents(struct ctx *c, struct home *h, const struct idp *idp, const struct health *how)
{
    bool metadata = how->ends.what == ENDING_METADATA, over = how->ends_within == 0;
    bool secret = how->ends.what == ENDING_SECRET;
    enum alarm_code code = secret     ? over ? ALARM_idp_secret_ended : ALARM_idp_secret_ends
                           : metadata ? over ? ALARM_idp_metadata_ended : ALARM_idp_metadata_ends
                           : over     ? ALARM_idp_certificate_ended
                                      : ALARM_idp_certificate_ends;

    if (how->waits && !is_seen(h, ALARM_idp_key_waits, idp->id))
        add_idp(c, h, idp, TODO_KEY_WAITS, URGENCY_SOON, how);
    if (how->ends_within >= 0 && !is_seen(h, code, idp->id))
        add_idp(c, h, idp,
                metadata ? TODO_METADATA_ENDS
                : secret ? TODO_SECRET_ENDS
                         : TODO_CERTIFICATE_ENDS,
                how->ends_within <= ENDING_LAST_D   ? URGENCY_NOW
                : how->ends_within <= ENDING_NEAR_D ? URGENCY_SOON
                                                    : URGENCY_CALM,
                how);
}

static void look_at_own(struct ctx *c, struct home *h)
{
    struct ending_row own[OWN_MAX];
    size_t n = health_own(c, own, OWN_MAX);
    struct todo *t = n > 0 ? add_todo(h, TODO_OWN_ENDS, own[0].vital == VITAL_OK ? URGENCY_CALM : URGENCY_SOON) : NULL;

    if (t == NULL)
        return;
    t->when = own[0].when;
    t->code = S("certificate_ends");
    t->link = S("/admin/idps");
}

static bool is_of_area(const struct idp *idp, const struct area *area)
{
    return !str_is_set(area->provider) || (idp->provider != NULL && str_eq(idp->provider->id, area->provider));
}

/* An operator sees them in the table of municipalities. */
static void add_if_unwell(struct ctx *c, struct home *h, const struct idp *idp, const struct health *how)
{
    if (!idp->enabled)
        add_idp(c, h, idp, TODO_IDP_OFF, URGENCY_CALM, how);
    else if (how->worst != NULL && !is_seen(h, how->away ? ALARM_idp_away : ALARM_idp_fails, idp->id))
        add_idp(c, h, idp, how->away ? TODO_IDP_AWAY : TODO_IDP_FAILS, URGENCY_NOW, how);
    if (idp->enabled)
        look_at_documents(c, h, idp, how);
}

static void look_at_idps(struct ctx *c, struct home *h, int64_t *sign_ins)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct tally_rows tally = tally_read(c->tally, c->arena, (struct str){ NULL, 0 }, c->now_s);
    bool nation = !str_is_set(h->area.provider), may_view = console_may(c, MAY_VIEW);

    h->hows = arena_make_n(c->arena, parts->idp_count + 1, struct health);
    for (size_t i = 0; i < parts->idp_count; i++) {
        const struct idp *idp = &parts->idps[i];
        if (!is_of_area(idp, &h->area))
            continue;
        h->hows[i] = health_of(c, idp, &tally);
        *sign_ins += h->hows[i].ok;
        if (may_view && !nation)
            add_if_unwell(c, h, idp, &h->hows[i]);
        else if (may_view && idp->enabled && h->hows[i].vital == VITAL_OK)
            look_at_documents(c, h, idp, &h->hows[i]);
    }
}

static void add_draft(struct ctx *c, struct home *h, const struct draft *d, enum todo_kind kind)
{
    struct todo *t = add_todo(h, kind, URGENCY_SOON);

    if (t == NULL)
        return;
    t->name = d->why;
    t->why = kind == TODO_DRAFT_BACK ? d->decided_why : (struct str){ NULL, 0 };
    t->when = when_full(c->arena, d->updated_s, c->lang);
    t->link = arena_printf(c->arena, "/admin/drafts/%lld", (long long)d->number);
}

/* Whoever may decide is told of those of others, and whoever wrote one when it comes back. */
static void look_at_drafts(struct ctx *c, struct home *h)
{
    const struct {
        const struct drafts *list;
        enum todo_kind kind;
    } all[] = { { &h->waiting, TODO_DRAFT },
                { &h->approved, TODO_DRAFT_APPROVED },
                { &h->sent_back, TODO_DRAFT_BACK } };

    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        for (size_t i = 0; i < all[k].list->n; i++) {
            const struct draft *d = &all[k].list->at[i];
            bool mine = str_eq(d->owner, c->session->person->id);
            enum console_action act = all[k].kind == TODO_DRAFT_BACK ? MAY_DRAFT : MAY_APPROVE;
            if (mine == (all[k].kind == TODO_DRAFT_BACK) && console_may_in(c, act, &d->area))
                add_draft(c, h, d, all[k].kind);
        }
}

/* A month before, and again a week before. */
static void look_at_rights(struct ctx *c, struct home *h)
{
    const struct registry_parts *parts = registry_parts(c->registry);

    for (size_t i = 0; i < parts->admin_count; i++) {
        const struct admin *x = &parts->admins[i];
        const struct area where = rights_area(x);
        if (rights_state(x, c->now_s) != RIGHT_ENDS || !console_may_in(c, MAY_MANAGE_ADMINS, &where) ||
            is_seen(h, ALARM_right_ends, x->id))
            continue;
        struct todo *t =
            add_todo(h, TODO_RIGHT_ENDS, x->to_s - c->now_s <= RIGHTS_WEEK_S ? URGENCY_SOON : URGENCY_CALM);
        if (t == NULL)
            return;
        t->name = x->id;
        t->when = when_date(c->arena, x->to_s - 1);
        t->link = arena_join(c->arena, S("/admin/admins/"), x->id);
    }
}

static void look_at_pleas(struct ctx *c, struct home *h)
{
    const struct plea_rows rows = plea_board_rows(c, &h->pleas, PLEAS_SHOWN, -1);

    for (size_t i = 0; i < rows.n; i++) {
        struct todo *t = add_todo(h, TODO_PLEA, URGENCY_CALM);
        if (t == NULL)
            return;
        t->name = rows.at[i].service;
        t->n = rows.at[i].count;
        t->why = rows.at[i].who;
        t->when = rows.at[i].when;
        t->link = arena_printf(c->arena, "/admin/requests/%lld", (long long)rows.at[i].number);
    }
    struct todo *more = rows.n < h->pleas.n ? add_todo(h, TODO_PLEAS, URGENCY_CALM) : NULL;
    if (more == NULL)
        return;
    more->n = lines_number(c, (int64_t)(h->pleas.n - rows.n));
    if (h->pleas.n == PLEAS_LISTED_MAX || h->pleas.cut) /* no more were looked at */
        more->n = arena_join(c->arena, more->n, S("+"));
    more->link = S("/admin/requests");
}

static int by_urgency(const void *x, const void *y)
{
    const struct todo *a = x, *b = y;

    return a->urgency != b->urgency ? (a->urgency < b->urgency) - (a->urgency > b->urgency) : str_cmp(a->name, b->name);
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct home *h = c->state;
    int64_t sign_ins = 0;

    if (console_may(c, MAY_VIEW) && !console_answered(&h->got, f))
        return REFUSE;
    h->alarms = alarms_read(c->alarms, c->arena, &h->area, c->now_s);
    look_at_alarms(c, h);
    look_at_idps(c, h, &sign_ins);
    look_at_drafts(c, h);
    look_at_rights(c, h);
    if (!str_is_set(h->area.provider) && console_may(c, MAY_VIEW))
        look_at_own(c, h);
    look_at_pleas(c, h);
    qsort(h->todos, h->v.todos.n, sizeof *h->todos, by_urgency);
    console_page_for(c, PLACE_HOME, false, S("/admin"), &h->v.con);
    h->v.may_alarms = h->v.con.may_view;
    h->v.own_account = local_may_have_second(registry_idp(c->registry, c->person->idp));
    h->v.todos.at = h->todos;
    h->v.today = words_today(c->arena, c->now_s, c->lang);
    h->v.time = when_time(c->arena, c->now_s, c->lang);
    h->v.sign_ins = lines_number(c, sign_ins);
    h->v.changes = lines_of(c, &h->changes);
    if (h->v.con.nation)
        country_put(c, h->hows, &h->v);
    h->v.con.waits = (int64_t)h->v.todos.n + h->v.ill_cities + h->v.ill_nodes;
    h->v.one_waits = h->v.con.waits == 1 && h->v.todos.n == 1;
    return answer_page(c, 200, page_home(c->arena, &h->v));
}

const struct step_row admin_home[] = { { console_door }, { ask }, { ask_pleas }, { show }, { NULL } };
