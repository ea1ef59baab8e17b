/* SPDX-License-Identifier: EUPL-1.2
 * Drafts: what waits, for whom, what it would change; and the second person who publishes it. */
#include "console/texts.h"
#include "frame/roles.h"
#include "frame/words.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/compare.h"
#include "gateway/console/door.h"
#include "gateway/console/gated.h"
#include "gateway/console/lines.h"
#include "gateway/console/preview.h"
#include "gateway/console/shadowing.h"
#include "gateway/session/done.h"
#include "model/when.h"
#include "registry/consents.h"
#include "registry/edit.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"

#include <string.h>

enum {
    DRAFTS_SHOWN = 40,
    IMPACT_SHOWN = 40,
    WHY_MAX_B = 200,
    HERE_MAX_B = 1024,
    FACT_MAX_B = 4096,
    FACTS_MAX = 10,
    ALIKES_MAX = 20
};

struct drafting { /* c->state */
    struct area area;
    int64_t number, edition;
    struct drafts list;
    struct draft draft;
    struct change_rows_shown rows;
    struct desk_got got;
    struct preview preview;
    struct shadowing shadowing;
    struct draft_gating gate;
    struct fail stands;   /* why it does not hold, where it does not */
    enum draft_hand hand; /* as whom the person has written in it already */
    enum draft_act act;
    struct change_by by;
    struct draft_move move;
    struct edit_how how;
    struct edit_result result;
    struct str why, detail;
    enum draft_said said;
    bool looked;
    int64_t gain, lose, version; /* as the form had them: people, and of which version of the registry; -1: none */
    int64_t checked;             /* the version over which these are right */
};

static struct drafting *begin(struct ctx *c)
{
    struct drafting *x = arena_make(c->arena, struct drafting);

    c->state = x;
    x->area = c->console->area;
    x->by = console_by(c, MAKER_console, (struct str){ NULL, 0 });
    return x;
}

static struct draft_line line_of_draft(struct ctx *c, const struct draft *d)
{
    return (struct draft_line){ .number = d->number,
                                .why = d->why,
                                .who = lines_who(c, d->owner),
                                .when = when_full(c->arena, d->updated_s, c->lang),
                                .state = lines_draft(d->state, c->lang) };
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

/* One that would not hold is shown without numbers. */
static bool one_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct drafting *x = with;

    x->stands = (struct fail){ 0 };
    if (!draft_look(d, a, &x->area, x->number, &x->draft, f) || !draft_rows(d, a, &x->area, x->number, &x->rows, f) ||
        !shadowing_read(&x->shadowing, d, a, &x->draft, f))
        return false;
    if (x->draft.state != DRAFT_published && x->draft.state != DRAFT_withdrawn)
        (void)preview_look(&x->preview, d, a, &x->draft, &x->stands);
    if (!draft_hand(d, a, &x->by, x->number, &x->hand, f))
        return false;
    return x->stands.kind != FAIL_OURS || fail(f, FAIL_OURS, x->stands.code, "%s", x->stands.detail);
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
    preview_begin(c, &x->preview);
    struct str done = done_here(c, NULL);
    x->said = said_of(done);
    shadowing_begin(c, &x->shadowing, done);
    x->why = form_get(c->query, S("why"));
    return console_ask(c, one_sql, x, &x->got, f);
}

/* A vendor's is decided about in the nation: who approves it is the operator. */
static bool may_there(const struct ctx *c, enum console_action action, const struct area *where)
{
    return console_may_in(c, action, area_is_vendor(where) ? &area_nation : where);
}

/* ── a row that is switched on ──────────────────────────────────────────── */

static bool switches_on(const struct draft_row_view *row)
{
    for (size_t i = 0; i < row->fields.n; i++)
        if (str_eq(row->fields.at[i].name, S("enabled")))
            return str_eq(row->kind, S("service")) && !row->added && str_eq(row->fields.at[i].after, S("1"));
    return false;
}

static void add_fact(struct diff_line *at, size_t *n, const char *name, struct str value)
{
    if (str_is_set(value))
        at[(*n)++] = (struct diff_line){ .name = str_of(name), .after = value };
}

static struct str listed(struct ctx *c, const struct strs *all)
{
    struct buf b = buf_new(c->arena, FACT_MAX_B);

    for (size_t i = 0; i < all->n; i++)
        buf_printf(&b, "%s%.*s", b.n > 0 ? ", " : "", STR_ARG(all->at[i]));
    return buf_ok(&b) ? buf_str(&b) : S("…");
}

/* Whose it is, where its answers go, what it may ask for. */
static void put_as_is(struct ctx *c, struct draft_row_view *row)
{
    const struct service *s = registry_service(c->registry, row->key);
    struct diff_line *at = arena_make_n(c->arena, FACTS_MAX, struct diff_line);

    if (s == NULL || !switches_on(row))
        return;
    size_t *n = &row->as_is.n;
    add_fact(at, n, "name", names_in(&s->names, c->lang));
    add_fact(at, n, "vendor", s->vendor);
    add_fact(at, n, "registered_by", s->client.registered_by);
    add_fact(at, n, "contacts", listed(c, &s->client.contacts));
    add_fact(at, n, "redirect_uris", listed(c, &s->redirect_uris));
    add_fact(at, n, "post_logout_redirect_uris", listed(c, &s->post_logout_redirect_uris));
    add_fact(at, n, "initiate_login_uri", s->initiate_login_uri);
    add_fact(at, n, "grant_types", listed(c, &s->client.grant_types));
    add_fact(at, n, "scopes", listed(c, &s->scopes));
    add_fact(at, n, "asks", consent_words(c->arena, s->asks));
    row->as_is.at = at;
}

/* A number among fifty fields does not say that guardians would be shut out by it. */
static void put_child_age(struct draft_row_view *row)
{
    for (size_t i = 0; i < row->fields.n && str_eq(row->kind, S("service")); i++)
        if (str_eq(row->fields.at[i].name, S("child_decides_from")) && !str_eq(row->fields.at[i].after, S("0")))
            row->child_age = row->fields.at[i].after;
}

static void put_draft_rows(struct ctx *c, const struct drafting *x, bool writes, struct draft_view *v)
{
    struct draft_row_view *rows = arena_make_n(c->arena, x->rows.n + 1, struct draft_row_view);

    for (size_t i = 0; i < x->rows.n; i++) {
        rows[i] = compare_row(c, &x->rows.at[i]);
        put_as_is(c, &rows[i]);
        put_child_age(&rows[i]);
        rows[i].editable = writes && !rows[i].removed && str_eq(rows[i].kind, S("policy"));
    }
    v->rows.at = rows;
    v->rows.n = x->rows.n;
}

/* ── names that look like another's ─────────────────────────────────────── */

static void note_alikes(struct ctx *c, const struct change_row_shown *row, struct draft_view *v, struct draft_alike *at)
{
    static const char *const keys[] = { "name.fi", "name.sv", "name.en" };
    struct fail f = { 0 };
    struct str rest = row->row, kind;
    const struct json_value *after = str_is_set(row->after) ? json_parse(c->arena, row->after, &f) : NULL;
    const struct registry_parts *p = registry_parts(c->registry);

    (void)str_split(&rest, ' ', &kind);
    if (!str_eq(kind, S("service")) || after == NULL)
        return;
    const struct service *own = registry_service(c->registry, rest);
    struct str vendor = json_get_str(after, S("vendor"));
    if (!str_is_set(vendor) && own != NULL)
        vendor = own->vendor;
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        struct str name = json_get_str(after, str_of(keys[k]));
        for (size_t i = 0; str_is_set(name) && i < p->service_count && v->alikes.n < ALIKES_MAX; i++) {
            const struct service *s = &p->services[i];
            bool alike = false;
            for (int lang = 0; lang < LANG_COUNT && !str_eq(s->vendor, vendor); lang++)
                alike = alike || words_alike(c->arena, s->names.in[lang], name);
            if (alike)
                at[v->alikes.n++] = (struct draft_alike){ name, names_in(&s->names, c->lang), s->id, s->vendor };
        }
    }
}

static void put_alikes(struct ctx *c, const struct drafting *x, struct draft_view *v)
{
    struct draft_alike *at = arena_make_n(c->arena, ALIKES_MAX, struct draft_alike);

    v->alikes.at = at;
    for (size_t i = 0; i < x->rows.n; i++)
        note_alikes(c, &x->rows.at[i], v, at);
}

static struct str place_name(struct ctx *c, const struct impact_row *row)
{
    const struct provider *p = registry_provider_oid(c->registry, row->provider_oid);
    const struct school *s = p != NULL && str_is_set(row->school_oid) ? provider_school(p, row->school_oid) : NULL;

    return s != NULL ? names_in(&s->names, c->lang) : p != NULL ? names_in(&p->names, c->lang) : row->provider_oid;
}

static void put_impact(struct ctx *c, const struct preview *p, struct draft_view *v)
{
    const struct impact *impact = &p->impact;
    struct impact_line *lines = arena_make_n(c->arena, IMPACT_SHOWN, struct impact_line);

    v->too_long = p->too_long;
    v->version = arena_printf(c->arena, "%lld", (long long)registry_parts(c->registry)->version);
    if (!p->reckoned)
        return;
    v->reckoned = true;
    v->people = lines_number(c, (int64_t)impact->people);
    v->gain = lines_number(c, (int64_t)impact->gain);
    v->lose = lines_number(c, (int64_t)impact->lose);
    v->gain_n = arena_printf(c->arena, "%zu", impact->gain);
    v->lose_n = arena_printf(c->arena, "%zu", impact->lose);
    v->known = p->known;
    v->some_lose = impact->lose > 0;
    for (size_t i = 0; i < impact->n && v->impact.n < IMPACT_SHOWN; i++) {
        const struct impact_row *row = &impact->rows[i];
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

static struct str claim_list(struct ctx *c, struct claim_set claims)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    for (int i = 0; i < CLAIM_COUNT; i++)
        if (claim_in(claims, (enum claim)i)) {
            buf_add(&b, b.n > 0 ? S(", ") : S(""));
            buf_add(&b, claim_in_words((enum claim)i, c->lang));
        }
    return buf_str(&b);
}

static void put_tellings(struct ctx *c, const struct preview *p, struct draft_view *v)
{
    const struct impact *impact = &p->impact;
    struct telling_line *lines = arena_make_n(c->arena, IMPACT_SHOWN, struct telling_line);

    v->tellings.at = lines;
    for (size_t i = 0; p->reckoned && i < impact->n && v->tellings.n < IMPACT_SHOWN; i++) {
        const struct impact_row *row = &impact->rows[i];
        if (row->told_more + row->told_less == 0)
            continue;
        struct telling_line *l = &lines[v->tellings.n++];
        *l = (struct telling_line){ .service = names_in(&row->service->names, c->lang),
                                    .place = place_name(c, row),
                                    .role = role_word(row->role, c->lang) };
        if (row->told_more > 0) {
            l->more = claim_list(c, row->more);
            l->more_of = lines_number(c, (int64_t)row->told_more);
        }
        if (row->told_less > 0) {
            l->less = claim_list(c, row->less);
            l->less_of = lines_number(c, (int64_t)row->told_less);
        }
    }
}

static enum step page(struct ctx *c, const struct drafting *x)
{
    const struct draft *d = &x->draft;
    bool open = d->state == DRAFT_draft || d->state == DRAFT_sent_back;
    bool waits = d->state == DRAFT_proposed || d->state == DRAFT_approved;
    bool decides = waits && may_there(c, MAY_APPROVE, &d->area) && may_there(c, MAY_PUBLISH, &d->area);
    struct draft_view v = { .draft = line_of_draft(c, d),
                            .number = arena_printf(c->arena, "%lld", (long long)d->number),
                            .edition = arena_printf(c->arena, "%lld", (long long)d->edition),
                            .decided_why = d->decided_why,
                            .detail = x->detail,
                            .why = x->why,
                            .approved = d->state == DRAFT_approved,
                            .may_write = open && may_there(c, MAY_DRAFT, &d->area),
                            .may_withdraw = waits && may_there(c, MAY_DRAFT, &d->area),
                            .may_decide = decides && x->hand == HAND_NONE,
                            .same_number = decides && x->hand == HAND_NUMBER,
                            .same_name = decides && x->hand == HAND_NAME,
                            .same_maker = decides && x->hand == HAND_MAKER,
                            .fresh = console_fresh(c),
                            .change = d->change,
                            .said = x->said };
    int status = x->said == DRAFT_SAID_WHY || x->said == DRAFT_SAID_GATE || x->said == DRAFT_SAID_LOOK ||
                         x->said == DRAFT_SAID_INVALID
                     ? 400
                 : x->said == DRAFT_SAID_OWN     ? 403
                 : x->said == DRAFT_SAID_CHANGED ? 409
                                                 : 200;

    console_page_for(c, PLACE_RIGHTS, true, arena_join(c->arena, S("/admin/drafts/"), v.number), &v.con);
    v.con.sub = SUB_DRAFTS;
    put_draft_rows(c, x, v.may_write, &v);
    put_alikes(c, x, &v);
    gated_show(c, &x->gate, &v.gate);
    put_impact(c, &x->preview, &v);
    put_tellings(c, &x->preview, &v);
    shadowing_show(c, &x->shadowing, d, &v.trial);
    return answer_page(c, status, page_draft(c->arena, &v));
}

static bool is_none(const struct drafting *x)
{
    return !x->got.ok && (x->got.why.kind == FAIL_NOT_FOUND || strcmp(x->got.why.code, "no_draft") == 0);
}

static enum step ask_gate(struct ctx *c, struct fail *f)
{
    struct drafting *x = c->state;

    return x->got.ok ? gated_ask(c, &x->rows, x->preview.after, &x->gate, f) : NEXT;
}

static enum step reckon_one(struct ctx *c, struct fail *f)
{
    struct drafting *x = c->state;

    return x->got.ok ? preview_reckon(c, &x->preview, f) : NEXT;
}

/* One of another area's is as one that there is not. */
static enum step show_one(struct ctx *c, struct fail *f)
{
    const struct drafting *x = c->state;

    if (is_none(x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return console_answered(&x->got, f) ? page(c, x) : REFUSE;
}

const struct step_row admin_draft[] = { { console_door }, { ask_one },  { ask_gate },
                                        { reckon_one },   { show_one }, { NULL } };

/* ── acts ───────────────────────────────────────────────────────────────── */

static const char *const act_words[] = { [DRAFT_PROPOSE] = "propose",
                                         [DRAFT_APPROVE] = "approve",
                                         [DRAFT_SEND_BACK] = "send_back",
                                         [DRAFT_WITHDRAW] = "withdraw" };

static enum draft_act act_of(struct str word)
{
    for (int i = DRAFT_PROPOSE; i <= DRAFT_WITHDRAW; i++)
        if (str_eq(word, str_of(act_words[i])))
            return (enum draft_act)i;
    return (enum draft_act)0;
}

/* Asked in the draft's own area, which may be a school's within the one in which the person acts. */
static bool may_act(const struct ctx *c, enum draft_act act, const struct area *where)
{
    if (act == DRAFT_APPROVE)
        return may_there(c, MAY_APPROVE, where) && may_there(c, MAY_PUBLISH, where);
    return may_there(c, act == DRAFT_SEND_BACK ? MAY_APPROVE : MAY_DRAFT, where);
}

static struct str back_here(struct ctx *c, const struct drafting *x, struct str name, struct str value)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_printf(&b, "/admin/drafts/%lld", (long long)x->number);
    url_query(&b, name, value);
    return buf_ok(&b) ? buf_str(&b) : S("/admin/drafts");
}

/* A form without numbers has seen none. */
static void read_numbers(struct ctx *c, struct drafting *x)
{
    if (!str_int(form_get(c->body, S("gain")), &x->gain) || !str_int(form_get(c->body, S("lose")), &x->lose) ||
        !str_int(form_get(c->body, S("version")), &x->version) || x->gain < 0 || x->lose < 0)
        x->gain = x->lose = x->version = -1;
}

static enum step ask_act(struct ctx *c, struct fail *f)
{
    struct drafting *x = begin(c);

    if (!str_int(c->req->param, &x->number) || x->number <= 0)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->act = act_of(form_get(c->body, S("act")));
    if (x->act == (enum draft_act)0)
        return fail(f, FAIL_CALLER, "invalid_request", "no such act");
    preview_begin(c, &x->preview);
    shadowing_begin(c, &x->shadowing, (struct str){ NULL, 0 });
    x->why = str_sub(str_trim(form_get(c->body, S("why"))), 0, WHY_MAX_B);
    x->looked = str_is_set(form_get(c->body, S("looked")));
    (void)str_int(form_get(c->body, S("edition")), &x->edition);
    read_numbers(c, x);
    return console_ask(c, one_sql, x, &x->got, f);
}

/* What stood in the way is said on the draft's own page. */
static enum step read_again(struct ctx *c, struct fail *f)
{
    struct drafting *x = c->state;

    preview_begin(c, &x->preview);
    return console_ask(c, one_sql, x, &x->got, f);
}

static const struct step_row again[] = { { read_again }, { ask_gate }, { reckon_one }, { show_one }, { NULL } };

static enum step say(struct ctx *c, enum draft_said said, struct str detail)
{
    struct drafting *x = c->state;

    x->said = said;
    x->detail = arena_str(c->arena, detail);
    return step_into(c, again);
}

static enum step say_fail(struct ctx *c, const struct fail *why)
{
    return say(c,
               strcmp(why->code, "own_draft") == 0 ? DRAFT_SAID_OWN
               : why->kind == FAIL_CONFLICT        ? DRAFT_SAID_CHANGED
                                                   : DRAFT_SAID_INVALID,
               act_trouble(c, &((const struct drafting *)c->state)->result, why));
}

/* Only over another version than the approver saw are the numbers reckoned anew: those who sign in meanwhile are no
 * reason to ask twice. */
static bool sees_other_version(const struct drafting *x)
{
    return x->preview.after == NULL || x->version != registry_parts(x->preview.after)->version;
}

static enum step judge(struct ctx *c, struct fail *f)
{
    struct drafting *x = c->state;

    if (is_none(x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!console_answered(&x->got, f))
        return REFUSE;
    if (!may_act(c, x->act, &x->draft.area))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (x->act == DRAFT_APPROVE && !console_fresh(c))
        return console_log_in_again(c, back_here(c, x, S("why"), x->why), f);
    if (x->act != DRAFT_APPROVE || x->version < 0 || !sees_other_version(x))
        return NEXT;
    return preview_reckon(c, &x->preview, f);
}

/* Approved and published at once: between the two there is nothing for anybody to do.  One that was approved, and
 * something stood in its way then, is published. */
static bool act_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct drafting *x = with;
    bool approved = x->act == DRAFT_APPROVE && x->draft.state == DRAFT_approved && x->draft.edition == x->edition;

    if (!approved && !draft_do(d, a, &x->by, &x->move, &x->result, f))
        return false;
    if (x->act != DRAFT_APPROVE)
        return true;
    const struct edit_from from = { .draft = x->number, .edition = approved ? x->edition : x->result.edition };
    struct change_by by = x->by; /* history has the reason that the draft has; the approver's stays with it */
    if (str_is_set(x->draft.why))
        by.why = x->draft.why;
    by.ungated = x->why; /* where the report does not do */
    struct edit *e = edit_new(&by, &from);
    bool good = edit_run(e, d, a, &x->how, EDIT_PUBLISH, &x->result, f);
    edit_free(e);
    return good;
}

/* The numbers are those of another registry by now. */
static bool is_as_checked(void *with, const struct registry *after, struct fail *f)
{
    const struct drafting *x = with;

    return registry_parts(after)->version == x->checked ||
           fail(f, FAIL_CONFLICT, "changed_since", "the registry was changed meanwhile");
}

static bool same_numbers(const struct drafting *x)
{
    const struct preview *p = &x->preview;

    return p->reckoned && (int64_t)p->impact.gain == x->gain && (int64_t)p->impact.lose == x->lose;
}

static enum step act(struct ctx *c, struct fail *f)
{
    struct drafting *x = c->state;

    if (x->act == DRAFT_SEND_BACK && !str_is_set(x->why))
        return say(c, DRAFT_SAID_WHY, S(""));
    x->by = console_by(c, MAKER_console, x->why);
    x->move = (struct draft_move){ .number = x->number, .edition = x->edition, .act = x->act };
    if (x->act != DRAFT_APPROVE)
        return console_ask(c, act_sql, x, &x->got, f);
    if (x->hand != HAND_NONE)
        return say(c, DRAFT_SAID_OWN, S(""));
    if (x->stands.kind != FAIL_NONE)
        return say_fail(c, &x->stands);
    if (!str_is_set(x->why) && !gated_whole(c, &x->gate))
        return say(c, DRAFT_SAID_GATE, S(""));
    if (x->preview.after != NULL && (x->version < 0 || (sees_other_version(x) && !same_numbers(x))))
        return say(c, DRAFT_SAID_CHANGED, S(""));
    bool unknown = x->preview.after != NULL && x->gain < 0; /* reckoning took too long: the rows were read instead */
    if ((x->lose > 0 || unknown) && !x->looked)
        return say(c, DRAFT_SAID_LOOK, S(""));
    x->checked = x->preview.after != NULL ? registry_parts(x->preview.after)->version : 0;
    x->by.passed = gated_passed(c, &x->gate);
    x->move.seen = arena_printf(c->arena, "+%lld -%lld", (long long)x->gain, (long long)x->lose);
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals, .look = is_as_checked, .with = x };
    return console_ask(c, act_sql, x, &x->got, f);
}

static enum step acted(struct ctx *c, struct fail *f)
{
    const struct drafting *x = c->state;

    if (is_none(x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!x->got.ok && x->got.why.kind != FAIL_OURS && x->got.why.kind != FAIL_BUSY)
        return say_fail(c, &x->got.why);
    if (!console_answered(&x->got, f))
        return REFUSE;
    return done_go(c, arena_printf(c->arena, "/admin/drafts/%lld", (long long)x->number), act_words[x->act], S(""));
}

const struct step_row admin_draft_act[] = { { console_door }, { ask_act }, { ask_gate }, { judge },
                                            { act },          { acted },   { NULL } };
