/* SPDX-License-Identifier: EUPL-1.2
 * Drafts: what waits, for whom, what it would change; and the second person who publishes it. */
#include "console/texts.h"
#include "frame/roles.h"
#include "gateway/answer.h"
#include "gateway/console/compare.h"
#include "gateway/console/door.h"
#include "gateway/console/lines.h"
#include "model/when.h"
#include "policy/impact.h"
#include "registry/edit.h"
#include "registry/known.h"
#include "wire/form.h"
#include "wire/http.h"

#include <string.h>

enum { DRAFTS_SHOWN = 40, IMPACT_SHOWN = 40, WHY_MAX_B = 200, HERE_MAX_B = 1024, YEAR_S = 365 * 86400 };

struct drafting { /* c->state */
    struct area area;
    int64_t number, edition;
    struct drafts list;
    struct draft draft;
    struct change_rows_shown rows;
    struct desk_got got;
    struct change_by by;
    struct draft_move move;
    bool publishes;
    struct edit *edit;
    struct edit_how how;
    struct edit_result result;
    struct str why, detail;
    enum draft_said said;
    /* What would change: reckoned over the sorts of people who signed in, or, where nobody has, over test people: the
     * registry's own accounts. */
    const struct registry *before;
    const struct people *people;
    size_t people_n;
    bool known; /* they have signed in */
    const struct settings *set;
    struct circumstances now;
    struct arena *arena; /* of the job */
    struct impact impact;
    bool reckoned, compares;
    int64_t gain, lose, version; /* as the page showed them, of that version of the registry, where it compares */
    const struct world *world;
    const struct seals *seals;
};

static struct drafting *begin(struct ctx *c)
{
    struct drafting *x = arena_make(c->arena, struct drafting);

    c->state = x;
    x->area = c->console->area;
    return x;
}

static struct draft_line line_of_draft(struct ctx *c, const struct draft *d)
{
    return (struct draft_line){ .number = d->number,
                                .why = d->why,
                                .who = lines_who(c, d->owner),
                                .when = when_full(c->arena, d->updated_s, c->lang),
                                .proposed = d->state == DRAFT_proposed,
                                .approved = d->state == DRAFT_approved,
                                .sent_back = d->state == DRAFT_sent_back,
                                .mine = str_eq(d->owner, c->session->person->id) };
}

/* ── the list ───────────────────────────────────────────────────────────── */

static bool list_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct drafting *x = with;

    return draft_list(d, a, &x->area, DRAFT_NONE, INT64_MAX, DRAFTS_SHOWN, &x->list, f);
}

static enum step ask_list(struct ctx *c, struct fail *f)
{
    struct drafting *x = begin(c);

    return console_ask(c, list_sql, x, &x->got, f);
}

static enum step show_list(struct ctx *c, struct fail *f)
{
    const struct drafting *x = c->state;
    struct drafts_view v = { 0 };

    if (!console_answered(&x->got, f))
        return REFUSE;
    struct draft_line *lines = arena_make_n(c->arena, x->list.n + 1, struct draft_line);
    for (size_t i = 0; i < x->list.n; i++)
        lines[v.drafts.n++] = line_of_draft(c, &x->list.at[i]);
    v.drafts.at = lines;
    console_page_for(c, PLACE_RIGHTS, true, S("/admin/drafts"), &v.con);
    v.con.sub = SUB_DRAFTS;
    return answer_page(c, 200, page_drafts(c->arena, &v));
}

const struct step_row admin_drafts[] = { { console_door }, { ask_list }, { show_list }, { NULL } };

/* ── one of them ────────────────────────────────────────────────────────── */

static void free_edit(void *e)
{
    edit_free(e);
}

/* The registry as it would be goes with the job: its services are named by those in force, or by copies. */
static void keep_services(const struct drafting *x)
{
    for (size_t i = 0; i < x->impact.n; i++) {
        struct impact_row *row = &x->impact.rows[i];
        const struct service *is = row->service, *was = registry_service(x->before, is->id);
        struct service *copy = was == NULL ? arena_make(x->arena, struct service) : NULL;
        row->service = was != NULL ? was : copy;
        for (int lang = 0; copy != NULL && lang < LANG_COUNT; lang++)
            copy->names.in[lang] = arena_str(x->arena, is->names.in[lang]);
    }
}

/* Who signed in of late, as sorts. */
static void know_sorts(struct drafting *x, struct arena *a)
{
    struct fail ignored = { 0 };
    struct shapes shapes;

    if (!known_shapes(x->set, a, x->before, &x->area, x->now.now_s - YEAR_S, &shapes, &ignored) || shapes.n == 0)
        return;
    struct people *all = arena_make_n(a, shapes.n, struct people);
    for (size_t i = 0; i < shapes.n; i++)
        all[i] = (struct people){ &shapes.at[i].who, shapes.at[i].count };
    x->people = all;
    x->people_n = shapes.n;
    x->known = true;
}

/* The registry as it would be, beside the one that is in force.  Whoever publishes saw numbers, of a version: where
 * that is another one by now, others refuse.  Those who sign in meanwhile do not. */
static bool reckon(void *with, const struct registry *after, struct fail *f)
{
    struct drafting *x = with;

    know_sorts(x, x->arena);
    x->reckoned = policy_impact(x->arena, x->before, after, x->people, x->people_n, &x->now, NULL, &x->impact);
    if (x->reckoned)
        keep_services(x);
    bool seen = x->gain >= 0 && x->lose >= 0, same = x->version == registry_parts(x->before)->version;
    if (!x->compares || (seen && same) || ((int64_t)x->impact.gain == x->gain && (int64_t)x->impact.lose == x->lose))
        return true;
    return fail(f, FAIL_CONFLICT, "changed_since", "%zu gain and %zu lose now", x->impact.gain, x->impact.lose);
}

static bool one_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct drafting *x = with;
    struct edit_result result;
    struct fail ignored = { 0 };

    if (!draft_look(d, a, &x->area, x->number, &x->draft, f) || !draft_rows(d, a, &x->area, x->number, &x->rows, f))
        return false;
    if (x->draft.state == DRAFT_published || x->draft.state == DRAFT_withdrawn)
        return true;
    /* One that would not hold is shown without numbers. */
    const struct change_by by = { .who = x->draft.owner, .area = &x->area, .maker = MAKER_console };
    const struct edit_from from = { .draft = x->number, .edition = x->draft.edition };
    const struct edit_how how = { .world = x->world, .seals = x->seals, .look = reckon, .with = x };
    struct edit *e = edit_new(&by, &from);
    x->arena = a;
    x->compares = false;
    (void)edit_run(e, d, a, &how, EDIT_CHECK, &result, &ignored);
    edit_free(e);
    return true;
}

static void know_people(struct ctx *c, struct drafting *x)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    struct people *all = arena_make_n(c->arena, parts->account_count + 1, struct people);

    for (size_t i = 0; i < parts->account_count; i++)
        if (parts->accounts[i].person != NULL && parts->accounts[i].person->affiliation_count > 0)
            all[x->people_n++] = (struct people){ parts->accounts[i].person, 1 };
    x->before = c->registry;
    x->people = all;
    x->now = (struct circumstances){ .now_s = c->now_s };
    x->world = c->world;
    x->seals = c->seals;
    x->set = c->set;
}

static enum draft_said said_of(struct str word)
{
    static const char *const words[] = { [DRAFT_SAID_KEPT] = "kept",
                                         [DRAFT_SAID_PROPOSED] = "propose",
                                         [DRAFT_SAID_SENT_BACK] = "send_back",
                                         [DRAFT_SAID_WITHDRAWN] = "withdraw",
                                         [DRAFT_SAID_PUBLISHED] = "approve" };

    for (size_t i = 1; i < sizeof words / sizeof *words; i++)
        if (str_eq(word, str_of(words[i])))
            return (enum draft_said)i;
    return DRAFT_SAID_NOTHING;
}

static enum step ask_one(struct ctx *c, struct fail *f)
{
    struct drafting *x = begin(c);

    if (!str_int(c->req->param, &x->number) || x->number <= 0)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    know_people(c, x);
    x->said = said_of(form_get(c->query, S("done")));
    x->why = form_get(c->query, S("why"));
    return console_ask(c, one_sql, x, &x->got, f);
}

static void put_draft_rows(struct ctx *c, const struct drafting *x, bool writes, struct draft_view *v)
{
    struct draft_row_view *rows = arena_make_n(c->arena, x->rows.n + 1, struct draft_row_view);

    for (size_t i = 0; i < x->rows.n; i++) {
        rows[i] = compare_row(c, &x->rows.at[i]);
        rows[i].editable = writes && !rows[i].removed && str_eq(rows[i].kind, S("policy"));
    }
    v->rows.at = rows;
    v->rows.n = x->rows.n;
}

static struct str place_name(struct ctx *c, const struct impact_row *row)
{
    const struct provider *p = registry_provider_oid(c->registry, row->provider_oid);
    const struct school *s = p != NULL && str_is_set(row->school_oid) ? provider_school(p, row->school_oid) : NULL;

    return s != NULL ? names_in(&s->names, c->lang) : p != NULL ? names_in(&p->names, c->lang) : row->provider_oid;
}

static void put_impact(struct ctx *c, const struct drafting *x, struct draft_view *v)
{
    struct impact_line *lines = arena_make_n(c->arena, IMPACT_SHOWN, struct impact_line);

    v->reckoned = x->reckoned;
    v->people = lines_number(c, (int64_t)x->impact.people);
    v->gain = lines_number(c, (int64_t)x->impact.gain);
    v->lose = lines_number(c, (int64_t)x->impact.lose);
    v->gain_n = arena_printf(c->arena, "%zu", x->impact.gain);
    v->lose_n = arena_printf(c->arena, "%zu", x->impact.lose);
    v->version = arena_printf(c->arena, "%lld", (long long)registry_parts(x->before)->version);
    v->known = x->known;
    v->some_lose = x->impact.lose > 0;
    for (size_t i = 0; i < x->impact.n && v->impact.n < IMPACT_SHOWN; i++) {
        const struct impact_row *row = &x->impact.rows[i];
        if (row->gain + row->lose == 0)
            continue;
        lines[v->impact.n++] = (struct impact_line){ .service = names_in(&row->service->names, c->lang),
                                                     .place = place_name(c, row),
                                                     .role = role_word(row->role, c->lang),
                                                     .gain = lines_number(c, (int64_t)row->gain),
                                                     .lose = lines_number(c, (int64_t)row->lose) };
    }
    v->impact.at = lines;
}

static enum step page(struct ctx *c, const struct drafting *x)
{
    const struct draft *d = &x->draft;
    bool open = d->state == DRAFT_draft || d->state == DRAFT_sent_back;
    bool mine = str_eq(d->owner, c->session->person->id);
    struct draft_view v = { .draft = line_of_draft(c, d),
                            .number = arena_printf(c->arena, "%lld", (long long)d->number),
                            .edition = arena_printf(c->arena, "%lld", (long long)d->edition),
                            .decided_why = d->decided_why,
                            .detail = x->detail,
                            .why = x->why,
                            .is_draft = d->state == DRAFT_draft,
                            .is_proposed = d->state == DRAFT_proposed,
                            .is_sent_back = d->state == DRAFT_sent_back,
                            .is_withdrawn = d->state == DRAFT_withdrawn,
                            .is_published = d->state == DRAFT_published,
                            .may_write = open && console_may_in(c, MAY_DRAFT, &d->area),
                            .may_decide = (d->state == DRAFT_proposed || d->state == DRAFT_approved) && !mine &&
                                          console_may_in(c, MAY_APPROVE, &d->area) &&
                                          console_may_in(c, MAY_PUBLISH, &d->area),
                            .fresh = console_fresh(c),
                            .change = d->change,
                            .said = x->said };
    int status = x->said == DRAFT_SAID_WHY || x->said == DRAFT_SAID_LOOK || x->said == DRAFT_SAID_INVALID ? 400
                 : x->said == DRAFT_SAID_OWN                                                              ? 403
                 : x->said == DRAFT_SAID_CHANGED                                                          ? 409
                                                                                                          : 200;

    console_page_for(c, PLACE_RIGHTS, true, arena_join(c->arena, S("/admin/drafts/"), v.number), &v.con);
    v.con.sub = SUB_DRAFTS;
    put_draft_rows(c, x, v.may_write, &v);
    put_impact(c, x, &v);
    return answer_page(c, status, page_draft(c->arena, &v));
}

static bool is_none(const struct drafting *x)
{
    return !x->got.ok && (x->got.why.kind == FAIL_NOT_FOUND || strcmp(x->got.why.code, "no_draft") == 0);
}

/* One of another area's is as one that there is not. */
static enum step show_one(struct ctx *c, struct fail *f)
{
    const struct drafting *x = c->state;

    if (is_none(x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return console_answered(&x->got, f) ? page(c, x) : REFUSE;
}

const struct step_row admin_draft[] = { { console_door }, { ask_one }, { show_one }, { NULL } };

/* ── acts ───────────────────────────────────────────────────────────────── */

/* Approved and published at once: between the two there is nothing for anybody to do. */
static bool act_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct drafting *x = with;

    if (!draft_look(d, a, &x->area, x->number, &x->draft, f))
        return false;
    bool approved = x->publishes && x->draft.state == DRAFT_approved; /* and something stood in its way then */
    if (!approved && !draft_do(d, a, &x->by, &x->move, &x->result, f))
        return false;
    if (!x->publishes)
        return true;
    if (!draft_look(d, a, &x->area, x->number, &x->draft, f))
        return false;
    x->arena = a;
    const struct edit_from from = { .draft = x->number, .edition = x->draft.edition };
    x->edit = edit_new(&x->by, &from);
    arena_adopt(a, x->edit, free_edit);
    return edit_run(x->edit, d, a, &x->how, EDIT_PUBLISH, &x->result, f);
}

static enum draft_act act_of(struct str word)
{
    return str_eq(word, S("propose"))     ? DRAFT_PROPOSE
           : str_eq(word, S("approve"))   ? DRAFT_APPROVE
           : str_eq(word, S("send_back")) ? DRAFT_SEND_BACK
           : str_eq(word, S("withdraw"))  ? DRAFT_WITHDRAW
                                          : (enum draft_act)0;
}

/* The draft's own area may be a school's within the one in which the person acts; the storage layer asks again. */
static bool may_act(const struct ctx *c, enum draft_act act)
{
    if (act == DRAFT_APPROVE)
        return console_may(c, MAY_APPROVE) && console_may(c, MAY_PUBLISH);
    return console_may(c, act == DRAFT_SEND_BACK ? MAY_APPROVE : MAY_DRAFT);
}

static struct str back_here(struct ctx *c, const struct drafting *x, struct str name, struct str value)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_printf(&b, "/admin/drafts/%lld", (long long)x->number);
    url_query(&b, name, value);
    return buf_ok(&b) ? buf_str(&b) : S("/admin/drafts");
}

static enum step ask_act(struct ctx *c, struct fail *f)
{
    struct drafting *x = begin(c);
    enum draft_act act = act_of(form_get(c->body, S("act")));

    if (!str_int(c->req->param, &x->number) || x->number <= 0)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    know_people(c, x);
    if (act == (enum draft_act)0)
        return fail(f, FAIL_CALLER, "invalid_request", "no such act");
    if (!may_act(c, act))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->why = str_sub(str_trim(form_get(c->body, S("why"))), 0, WHY_MAX_B);
    (void)str_int(form_get(c->body, S("edition")), &x->edition);
    if (act == DRAFT_SEND_BACK && !str_is_set(x->why)) {
        x->said = DRAFT_SAID_WHY;
        return console_ask(c, one_sql, x, &x->got, f);
    }
    if (act == DRAFT_APPROVE && !console_fresh(c))
        return console_log_in_again(c, back_here(c, x, S("why"), x->why), f);
    x->by = console_by(c, MAKER_console, x->why);
    x->move = (struct draft_move){ .number = x->number, .edition = x->edition, .act = act };
    x->publishes = act == DRAFT_APPROVE;
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals, .look = reckon, .with = x };
    x->compares = true; /* a form without numbers has seen none */
    if (!str_int(form_get(c->body, S("gain")), &x->gain) || !str_int(form_get(c->body, S("lose")), &x->lose))
        x->gain = x->lose = -1;
    (void)str_int(form_get(c->body, S("version")), &x->version);
    if (x->publishes)
        x->move.seen = arena_printf(c->arena, "+%lld -%lld", (long long)x->gain, (long long)x->lose);
    if (x->publishes && x->lose > 0 && !str_is_set(form_get(c->body, S("looked")))) {
        x->said = DRAFT_SAID_LOOK;
        return console_ask(c, one_sql, x, &x->got, f);
    }
    return console_ask(c, act_sql, x, &x->got, f);
}

/* What stood in the way is said on the draft's own page. */
static enum step look_again(struct ctx *c, struct fail *f)
{
    struct drafting *x = c->state;

    x->said = strcmp(x->got.why.code, "own_draft") == 0 ? DRAFT_SAID_OWN
              : x->got.why.kind == FAIL_CONFLICT        ? DRAFT_SAID_CHANGED
                                                        : DRAFT_SAID_INVALID;
    x->detail = arena_str(c->arena, str_of(x->got.why.detail));
    return console_ask(c, one_sql, x, &x->got, f);
}

static const struct step_row again[] = { { look_again }, { show_one }, { NULL } };

static enum step acted(struct ctx *c, struct fail *f)
{
    const struct drafting *x = c->state;

    if (x->said == DRAFT_SAID_WHY || x->said == DRAFT_SAID_LOOK || is_none(x))
        return show_one(c, f);
    if (!x->got.ok && x->got.why.kind != FAIL_OURS && x->got.why.kind != FAIL_BUSY)
        return step_into(c, again);
    if (!console_answered(&x->got, f))
        return REFUSE;
    return answer_go(c, back_here(c, x, S("done"), form_get(c->body, S("act"))));
}

const struct step_row admin_draft_act[] = { { console_door }, { ask_act }, { acted }, { NULL } };
