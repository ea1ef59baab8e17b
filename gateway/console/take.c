/* SPDX-License-Identifier: EUPL-1.2
 * A municipality takes a service into use: what it gives, to whom, by which agreement and who decided, as a draft for a
 * second person; the receipt of it; and withdrawn in one press.
 *
 * Two rows in one change: the policy that opens and tells, and the receipt (struct permission), which is a ceiling over
 * every policy (policy/receipts.h).  To withdraw only takes away, and so asks for no second person and no fresh log-in.
 */
#include "base/crypt.h"
#include "console/texts.h"
#include "frame/roles.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/catalogue.h"
#include "gateway/console/lines.h"
#include "gateway/console/times.h"
#include "gateway/console/told.h"
#include "gateway/session/done.h"
#include "model/when.h"
#include "policy/form.h"
#include "policy/receipts.h"
#include "policy/taking.h"
#include "registry/opened.h"
#include "registry/permissions.h"
#include "wire/form.h"
#include "wire/http.h"

#include <string.h>

enum {
    SCHOOLS_LISTED_MAX = 500,
    WRONGS_MAX = CLAIM_COUNT + 8,
    PURPOSE_MAX = 300,
    AGREEMENT_MAX = 100,
    DECIDED_MAX = 150,
    UNTIL_MAX = 20,
    NAME_MAX_B = 400,
    LIST_MAX_B = 65536,
    ID_PART_MAX_B = 22
};

/* ── the catalogue, as an administrator sees it ─────────────────────────── */

/* A municipality's, not the nation's and not a school's: who answers for the data decides. */
static const struct provider *taker(const struct ctx *c)
{
    return str_is_set(c->console->area.school) ? NULL : console_provider(c);
}

static bool may_take(const struct ctx *c)
{
    return taker(c) != NULL && console_may(c, MAY_DRAFT);
}

static enum step show_all(struct ctx *c, struct fail *f)
{
    const struct provider *p = console_provider(c);
    struct catalogue_list list;

    (void)f;
    catalogue_fill(c, S("/admin/services"), &list);
    for (size_t i = 0; i < list.n; i++) {
        const struct service *s = registry_service(c->registry, list.rows[i].id);
        list.rows[i].taken = p != NULL && receipts_of(c->registry, p, s).n > 0;
        list.rows[i].take = may_take(c) && s->enabled && !list.rows[i].taken;
    }
    struct services_view v = {
        .q = list.q, .next = list.next, .previous = list.previous, .rows = { list.rows, list.n }
    };
    console_page_for(c, PLACE_SERVICES, false, list.here, &v.con);
    return answer_page(c, 200, page_services(c->arena, &v));
}

const struct step_row admin_services[] = { { console_door }, { show_all }, { NULL } };

/* ── one service ────────────────────────────────────────────────────────── */

struct taking { /* c->state; the worker's, while it has it */
    const struct service *service;
    const struct permission *receipt; /* that is looked at; NULL: the form */
    struct claim_set yes, no, never;
    uint32_t roles;
    bool all, some;
    struct strs schools;
    struct str purpose, agreement, decided_by, until, why;
    int64_t until_s;
    bool checked; /* what was typed is judged */
    bool propose;
    struct take_wrong wrongs[WRONGS_MAX];
    size_t wrong_n;
    struct permission_story story;
    struct str municipality; /* whose; absent: every one's */
    struct openeds opened;   /* to them */
    int64_t now_s;
    struct change_by by;
    struct act act;
    bool changed;
    struct str trouble;
};

static bool wrong(struct taking *x, struct str field, struct str label)
{
    if (x->wrong_n < WRONGS_MAX)
        x->wrongs[x->wrong_n++] = (struct take_wrong){ field, label };
    return false;
}

static bool is_asked(const struct taking *x, const struct claim_set asks, int i)
{
    return claim_in(asks, (enum claim)i) && !claim_in(x->never, (enum claim)i);
}

static void put_claims(struct ctx *c, const struct taking *x, struct take_view *v)
{
    struct take_claim *at = arena_make_n(c->arena, CLAIM_COUNT, struct take_claim);
    const struct claim_set asks = taking_asks(x->service, c->now_s);

    v->claims.at = at;
    for (int i = 0; i < CLAIM_COUNT && x->service->protocol != PROTO_LINK; i++) {
        const enum claim claim = (enum claim)i;
        const struct purpose *p = service_purpose(x->service, claim);
        if (claim != CLAIM_SUB && !claim_in(asks, claim))
            continue;
        struct take_claim *row = &at[v->claims.n++];
        *row = (struct take_claim){ .key = str_of(claim_key(claim)),
                                    .name = claims_in_words(c->arena, (struct claim_set){ 1u << i }, c->lang),
                                    .always = claim == CLAIM_SUB,
                                    .never = claim_in(x->never, claim),
                                    .yes = claim_in(x->yes, claim),
                                    .no = claim_in(x->no, claim) };
        row->wrong = x->checked && is_asked(x, asks, i) && !row->yes && !row->no;
        if (p == NULL)
            continue;
        row->why = names_in(&p->why, c->lang);
        row->basis = told_basis(p->basis, c->lang);
    }
}

static void put_whom(struct ctx *c, const struct taking *x, struct take_view *v)
{
    const struct provider *p = taker(c);
    size_t n = p != NULL && p->school_count <= SCHOOLS_LISTED_MAX ? p->school_count : 0;
    struct choice *of = arena_make_n(c->arena, TAKING_ROLES, struct choice);
    struct choice *schools = arena_make_n(c->arena, n + 1, struct choice);

    for (size_t i = 0; i < TAKING_ROLES; i++)
        of[i] = (struct choice){ str_of(role_name(taking_roles[i])), role_word(taking_roles[i], c->lang),
                                 (x->roles & 1u << taking_roles[i]) != 0 };
    v->roles = (struct choices){ of, TAKING_ROLES };
    for (size_t i = 0; i < n; i++)
        if (p->schools[i].active && str_is_set(p->schools[i].oid))
            schools[v->schools.n++] = (struct choice){ p->schools[i].oid, names_in(&p->schools[i].names, c->lang),
                                                       strs_has(&x->schools, p->schools[i].oid) };
    v->schools.at = schools;
    v->all = x->all;
    v->some = x->some;
}

static void put_receipts(struct ctx *c, const struct taking *x, struct take_view *v)
{
    const struct provider *p = console_provider(c);
    const struct receipts all = p != NULL ? receipts_of(c->registry, p, x->service) : (struct receipts){ NULL, 0 };
    struct receipt_row *at = arena_make_n(c->arena, all.n + 1, struct receipt_row);

    v->receipts.at = at;
    for (size_t i = 0; i < all.n; i++) {
        const struct receipt_words w = receipt_words(c->arena, c->registry, all.at[i], 0, c->lang, c->now_s);
        at[v->receipts.n++] = (struct receipt_row){ .id = w.id,
                                                    .whom = w.whom,
                                                    .when = w.withdrawn,
                                                    .in_force = w.in_force,
                                                    .withdrawn = all.at[i]->withdrawn_s != 0 };
    }
}

static void put_opened(struct ctx *c, const struct taking *x, struct take_view *v)
{
    struct opened_row *at = arena_make_n(c->arena, x->opened.n + 1, struct opened_row);

    v->opened.at = at;
    for (size_t i = 0; i < x->opened.n; i++) {
        const struct provider *p = registry_provider(c->registry, x->opened.at[i].provider);
        at[v->opened.n++] =
            (struct opened_row){ .provider = p != NULL ? names_in(&p->names, c->lang) : x->opened.at[i].provider,
                                 .since = when_date(c->arena, x->opened.at[i].first_s),
                                 .by_then = x->opened.at[i].change == 0 };
    }
}

static bool is_wrong(const struct taking *x, const char *field)
{
    for (size_t i = 0; i < x->wrong_n; i++)
        if (str_eq(x->wrongs[i].field, str_of(field)))
            return true;
    return false;
}

static struct str here(struct ctx *c, const struct taking *x)
{
    struct str at = arena_join(c->arena, S("/admin/services/"), x->service->id);

    return x->receipt == NULL ? at : url_to(c->arena, at, S("receipt"), x->receipt->id);
}

static struct str version_of(struct ctx *c)
{
    return arena_printf(c->arena, "%lld", (long long)registry_parts(c->registry)->version);
}

static enum step form_page(struct ctx *c, const struct taking *x)
{
    const struct service *s = x->service;
    const struct organisation *vendor = registry_organisation(c->registry, s->vendor);
    struct take_view v = { .id = s->id,
                           .name = names_in(&s->names, c->lang),
                           .vendor = vendor != NULL ? names_in(&vendor->names, c->lang) : s->vendor,
                           .line = names_in(&s->lines, c->lang),
                           .privacy = s->client.policy_uri,
                           .terms = s->client.tos_uri,
                           .version = version_of(c),
                           .link = s->protocol == PROTO_LINK,
                           .may_take = may_take(c) && s->enabled,
                           .purpose = x->purpose,
                           .agreement = x->agreement,
                           .decided_by = x->decided_by,
                           .until = x->until,
                           .no_roles = is_wrong(x, "roles"),
                           .no_where = is_wrong(x, "where"),
                           .no_purpose = is_wrong(x, "purpose"),
                           .no_agreement = is_wrong(x, "agreement"),
                           .no_decided_by = is_wrong(x, "decided_by"),
                           .no_until = is_wrong(x, "until"),
                           .wrongs = { x->wrongs, x->wrong_n },
                           .changed = x->changed,
                           .trouble = x->trouble };

    put_claims(c, x, &v);
    put_whom(c, x, &v);
    put_receipts(c, x, &v);
    put_opened(c, x, &v);
    console_page_for(c, PLACE_SERVICES, true, c->req->method == HTTP_GET ? here(c, x) : (struct str){ NULL, 0 },
                     &v.con);
    return answer_page(c,
                       x->changed                                 ? 409
                       : x->wrong_n > 0 || str_is_set(x->trouble) ? 400
                                                                  : 200,
                       page_take(c->arena, &v));
}

/* ── the receipt ────────────────────────────────────────────────────────── */

/* By name, whoever reads it: it is printed and filed. */
static struct str who_when(struct ctx *c, struct str who, int64_t at_s)
{
    struct str name = str_eq(who, c->person->id) ? person_display_name(c->arena, c->person) : (struct str){ NULL, 0 };

    return arena_printf(c->arena, "%.*s, %.*s", STR_ARG(str_is_set(name) ? name : lines_who(c, who)),
                        STR_ARG(when_full(c->arena, at_s, c->lang)));
}

static bool may_withdraw(const struct ctx *c)
{
    return taker(c) != NULL && (console_may(c, MAY_PUBLISH) || console_may(c, MAY_DRAFT));
}

static enum step receipt_page(struct ctx *c, const struct taking *x)
{
    const struct permission_story *story = &x->story;
    struct receipt_view v = { .service = x->service->id,
                              .version = version_of(c),
                              .why = x->why,
                              .trouble = x->trouble,
                              .may_withdraw = x->receipt->withdrawn_s == 0 && may_withdraw(c),
                              .no_why = is_wrong(x, "why"),
                              .changed = x->changed,
                              .done = c->req->method == HTTP_GET && done_was(c, "withdrawn") };

    v.receipt = receipt_words(c->arena, c->registry, x->receipt, story->at_s, c->lang, c->now_s);
    v.ended = !v.receipt.in_force && x->receipt->from_s <= c->now_s;
    if (x->opened.n > 0) {
        v.opened = when_date(c->arena, x->opened.at[0].first_s);
        v.opened_by = x->opened.at[0].change == 0;
    }
    if (story->change != 0)
        v.change = arena_printf(c->arena, "%lld", (long long)story->change);
    if (story->draft != 0) {
        v.receipt.asked = who_when(c, story->owner, story->asked_s);
        v.receipt.approved = who_when(c, story->who, story->at_s);
    }
    console_page_for(c, PLACE_SERVICES, true, c->req->method == HTTP_GET ? here(c, x) : (struct str){ NULL, 0 },
                     &v.con);
    return answer_page(c,
                       v.no_why || str_is_set(x->trouble) ? 400
                       : x->changed                       ? 409
                                                          : 200,
                       page_receipt(c->arena, &v));
}

static bool story_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct taking *x = with;

    return (x->receipt == NULL || permission_story(d, a, x->receipt->id, &x->story, f)) &&
           opened_of(d, a, x->service->id, x->municipality, x->now_s, &x->opened, f);
}

static enum step ask_story(struct ctx *c, struct fail *f)
{
    struct taking *x = c->state;

    return console_ask(c, story_sql, x, &x->act.got, f);
}

static enum step show_receipt(struct ctx *c, struct fail *f)
{
    const struct taking *x = c->state;

    return console_answered(&x->act.got, f) ? receipt_page(c, x) : REFUSE;
}

static enum step show_form(struct ctx *c, struct fail *f)
{
    const struct taking *x = c->state;

    return console_answered(&x->act.got, f) ? form_page(c, x) : REFUSE;
}

static const struct step_row form_rows[] = { { ask_story }, { show_form }, { NULL } };
static const struct step_row receipt_rows[] = { { ask_story }, { show_receipt }, { NULL } };

/* Of the area's municipality, of this service; else as if there were none. */
static const struct permission *own_receipt(const struct ctx *c, const struct service *s, struct str id)
{
    const struct provider *p = console_provider(c);
    const struct receipts all = p != NULL ? receipts_of(c->registry, p, s) : (struct receipts){ NULL, 0 };

    for (size_t i = 0; i < all.n; i++)
        if (str_eq(all.at[i]->id, id))
            return all.at[i];
    return NULL;
}

static struct taking *begin(struct ctx *c)
{
    struct taking *x = arena_make(c->arena, struct taking);

    c->state = x;
    x->service = registry_service(c->registry, c->req->param);
    x->now_s = c->now_s;
    if (console_provider(c) != NULL)
        x->municipality = console_provider(c)->id;
    if (!catalogue_has(c, x->service) && (x->service == NULL || console_provider(c) == NULL ||
                                          receipts_of(c->registry, console_provider(c), x->service).n == 0))
        return NULL;
    x->never = taking_never(c->arena, c->registry, x->service, c->now_s);
    return x;
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct taking *x = begin(c);
    struct str receipt = form_get(c->query, S("receipt"));

    (void)f;
    if (x == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!str_is_set(receipt))
        return step_into(c, form_rows);
    x->receipt = own_receipt(c, x->service, receipt);
    return x->receipt != NULL ? step_into(c, receipt_rows) : console_refuse(c, FAIL_NOT_FOUND, "not_found");
}

const struct step_row admin_take[] = { { console_door }, { show }, { NULL } };

/* ── what was typed ─────────────────────────────────────────────────────── */

static void read_claims(struct ctx *c, struct taking *x)
{
    const struct claim_set asks = taking_asks(x->service, c->now_s);

    for (int i = 0; i < CLAIM_COUNT; i++) {
        struct str said_ = form_get(c->body, arena_printf(c->arena, "give_%s", claim_key((enum claim)i)));
        if (!claim_in(asks, (enum claim)i))
            continue;
        if (!is_asked(x, asks, i) || str_eq(said_, S("no")))
            claim_add(&x->no, (enum claim)i);
        else if (str_eq(said_, S("yes")))
            claim_add(&x->yes, (enum claim)i);
    }
}

static void read_whom(struct ctx *c, struct taking *x)
{
    const struct provider *p = taker(c);
    struct str where = form_get(c->body, S("where"));

    for (size_t i = 0; i < TAKING_ROLES; i++)
        if (str_is_set(form_get(c->body, arena_printf(c->arena, "role_%s", role_name(taking_roles[i])))))
            x->roles |= 1u << taking_roles[i];
    x->all = str_eq(where, S("all"));
    x->some = str_eq(where, S("some"));
    for (size_t i = 0; i < p->school_count && p->school_count <= SCHOOLS_LISTED_MAX; i++)
        if (str_is_set(form_get(c->body, arena_join(c->arena, S("school_"), p->schools[i].oid))))
            strs_add(c->arena, &x->schools, p->schools[i].oid);
}

/* Whether what was typed is a day at all. */
static bool read_until(struct ctx *c, struct taking *x)
{
    int64_t day;

    x->until = act_field(c->body, S("until"), UNTIL_MAX);
    return !str_is_set(x->until) ||
           (times_date_read(x->until, &day) && when_day_read_end(times_date(c->arena, day), &x->until_s));
}

/* Where on the page each fault stands, and its words; those of an attribute are made of it. */
static const struct {
    enum taking_fault fault;
    const char *field;
    enum said label;
} fault_places[] = {
    { TAKING_NO_ROLES, "roles", C_take_roles_missing },     { TAKING_NO_PURPOSE, "purpose", C_take_purpose },
    { TAKING_NO_AGREEMENT, "agreement", C_take_agreement }, { TAKING_NO_DECIDER, "decided_by", C_take_decided },
    { TAKING_OVER, "until", C_take_until_wrong },
};

static void put_fault(struct ctx *c, struct taking *x, const struct taking_wrong *w)
{
    if (w->fault == TAKING_UNDECIDED)
        wrong(x, arena_printf(c->arena, "c-%s", claim_key(w->claim)),
              arena_printf(c->arena, "%.*s: %.*s", STR_ARG(claim_in_words(w->claim, c->lang)),
                           STR_ARG(said(C_take_choose_of, c->lang))));
    for (size_t i = 0; i < sizeof fault_places / sizeof *fault_places; i++)
        if (fault_places[i].fault == w->fault)
            wrong(x, str_of(fault_places[i].field), said(fault_places[i].label, c->lang));
}

static void judge(struct ctx *c, struct taking *x)
{
    struct permission p = { .gives = x->yes,
                            .keeps = x->no,
                            .purpose = x->purpose,
                            .agreement = x->agreement,
                            .decided_by = x->decided_by,
                            .until_s = x->until_s };
    struct taking_wrong found[TAKING_WRONGS_MAX];

    for (size_t i = 0; i < TAKING_ROLES; i++)
        if ((x->roles & 1u << taking_roles[i]) != 0)
            strs_add(c->arena, &p.roles, str_of(role_name(taking_roles[i])));
    size_t n = taking_judge(&p, x->service, x->never, c->now_s, found), i = 0;
    for (; i < n && found[i].fault <= TAKING_NO_ROLES; i++)
        put_fault(c, x, &found[i]);
    if (!x->all && (!x->some || x->schools.n == 0)) /* in the order of the page */
        wrong(x, S("where"), said(C_take_where_missing, c->lang));
    for (; i < n; i++)
        put_fault(c, x, &found[i]);
}

static void read_form(struct ctx *c, struct taking *x)
{
    read_claims(c, x);
    x->purpose = act_field(c->body, S("purpose"), PURPOSE_MAX);
    x->agreement = act_field(c->body, S("agreement"), AGREEMENT_MAX);
    x->decided_by = act_field(c->body, S("decided_by"), DECIDED_MAX);
    read_whom(c, x);
    const bool is_day = read_until(c, x);
    judge(c, x);
    if (!is_day)
        wrong(x, S("until"), said(C_take_until_wrong, c->lang));
    x->checked = true;
}

/* ── kept ───────────────────────────────────────────────────────────────── */

/* "oulu-kanerva-2026-11-30-5f2a": no person's words. */
static struct str new_id(struct ctx *c, const struct taking *x)
{
    uint64_t hash = str_hash(crypt_token(c->arena, c->world, 8), 7);

    return arena_printf(c->arena, "%.*s-%.*s-%.*s-%04x", STR_ARG(str_sub(taker(c)->id, 0, ID_PART_MAX_B)),
                        STR_ARG(str_sub(x->service->id, 0, ID_PART_MAX_B)), STR_ARG(when_day(c->arena, c->now_s)),
                        (unsigned)(hash & 0xffff));
}

static struct str policy_text(struct ctx *c, const struct taking *x)
{
    const struct provider *p = taker(c);
    struct policy_form form = { .opening = OPENING_PERMIT,
                                .whom = { .provider = p->id, .roles = x->roles },
                                .release = x->yes,
                                .withhold = x->no };

    strs_add(c->arena, &form.which.services, x->service->id);
    for (size_t i = 0; x->some && i < x->schools.n; i++)
        strs_add(c->arena, &form.whom.schools, school_uid(c->arena, p, provider_school(p, x->schools.at[i])));
    return policy_form_text(c->arena, &form);
}

static struct str policy_name(struct ctx *c, const struct taking *x, enum lang lang)
{
    struct str text = said(C_take_policy_name, lang), mark = S("{service}");
    size_t at = str_find(text, mark);

    return arena_printf(c->arena, "%.*s%.*s%.*s", STR_ARG(str_sub(text, 0, at)),
                        STR_ARG(str_chars(names_in(&x->service->names, lang), 60, NAME_MAX_B)),
                        STR_ARG(str_from(text, at + mark.n)));
}

static struct str claim_lines(struct ctx *c, struct claim_set claims)
{
    struct buf b = buf_new(c->arena, LIST_MAX_B);

    for (int i = 0; i < CLAIM_COUNT; i++)
        if (claim_in(claims, (enum claim)i))
            buf_printf(&b, "%s%s", b.n > 0 ? "\n" : "", claim_key((enum claim)i));
    return buf_str(&b);
}

static struct str role_lines(struct ctx *c, uint32_t of)
{
    struct buf b = buf_new(c->arena, LIST_MAX_B);

    for (size_t i = 0; i < TAKING_ROLES; i++)
        if ((of & 1u << taking_roles[i]) != 0)
            buf_printf(&b, "%s%s", b.n > 0 ? "\n" : "", role_name(taking_roles[i]));
    return buf_str(&b);
}

static void put_rows(struct ctx *c, struct taking *x, struct edit *e)
{
    const struct str id = new_id(c, x), from = when_rfc3339(c->arena, c->now_s);
    const struct str until = x->until_s > 0 ? when_rfc3339(c->arena, x->until_s) : (struct str){ NULL, 0 };
    const struct row_id policy = { .kind = S("policy"), .key = { id } },
                        row = { .kind = S("permission"), .key = { id } };
    const struct edit_field opens[] = { { S("provider"), taker(c)->id },
                                        { S("text"), policy_text(c, x) },
                                        { S("why"), x->why },
                                        { S("name.fi"), policy_name(c, x, LANG_FI) },
                                        { S("name.sv"), policy_name(c, x, LANG_SV) },
                                        { S("name.en"), policy_name(c, x, LANG_EN) },
                                        { S("to"), until } };
    const struct edit_field says[] = { { S("provider"), taker(c)->id },
                                       { S("service"), x->service->id },
                                       { S("policy"), id },
                                       { S("agreement"), x->agreement },
                                       { S("decided_by"), x->decided_by },
                                       { S("purpose"), x->purpose },
                                       { S("roles"), role_lines(c, x->roles) },
                                       { S("schools"), x->some ? strs_joined(c->arena, &x->schools, '\n') : S("") },
                                       { S("gives"), claim_lines(c, x->yes) },
                                       { S("keeps"), claim_lines(c, x->no) },
                                       { S("from"), from },
                                       { S("until"), until } };

    edit_put(e, &policy, opens, sizeof opens / sizeof *opens - (x->until_s > 0 ? 0 : 1));
    edit_put(e, &row, says, sizeof says / sizeof *says - (x->until_s > 0 ? 0 : 1));
}

/* A draft; sent to the second person at once, unless its maker wants to see first what it does. */
static bool keep_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct taking *x = with;
    struct edit_result sent = { 0 };

    if (!edit_run(x->act.edit, d, a, &x->act.how, EDIT_KEEP, &x->act.result, f))
        return false;
    const struct draft_move move = { .number = x->act.result.draft,
                                     .edition = x->act.result.edition,
                                     .act = DRAFT_PROPOSE };
    return !x->propose || draft_do(d, a, &x->by, &move, &sent, f);
}

static enum step keep(struct ctx *c, struct taking *x, struct fail *f)
{
    if (!may_take(c) || !x->service->enabled)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    read_form(c, x);
    if (x->wrong_n > 0)
        return form_page(c, x);
    x->why = arena_printf(c->arena, "%.*s (%.*s)", STR_ARG(str_chars(x->purpose, ACT_WHY_MAX, CHANGE_WHY_MAX_B - 200)),
                          STR_ARG(str_chars(x->agreement, 60, 150)));
    x->by = console_by(c, MAKER_console, x->why);
    put_rows(c, x, act_begin(c, &x->act, NULL, x->why));
    return console_ask(c, keep_sql, x, &x->act.got, f);
}

/* ── withdrawn ──────────────────────────────────────────────────────────── */

static enum step withdraw(struct ctx *c, struct taking *x, struct fail *f)
{
    if (x->receipt == NULL || x->receipt->withdrawn_s != 0 || !may_withdraw(c))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->why = act_why(c->body);
    if (!str_is_set(x->why)) {
        wrong(x, S("why"), said(C_why_missing, c->lang));
        return receipt_page(c, x);
    }
    const struct row_id row = { .kind = S("permission"), .key = { x->receipt->id } };
    const struct edit_field fields[] = { { S("withdrawn"), when_rfc3339(c->arena, c->now_s) },
                                         { S("withdrawn_why"), x->why } };
    struct edit *e = act_begin(c, &x->act, NULL, x->why);
    const struct row_id policy = { .kind = S("policy"), .key = { x->receipt->policy } };
    size_t n;
    const struct policy *const *all = registry_policies(c->registry, &n);

    edit_put(e, &row, fields, sizeof fields / sizeof *fields);
    for (size_t i = 0; i < n; i++)
        if (str_eq(all[i]->id, x->receipt->policy) && all[i]->provider == x->receipt->provider &&
            all[i]->school == NULL)
            edit_remove(e, &policy);
    return act_run(c, &x->act, EDIT_APPLY, f);
}

static enum step posted(struct ctx *c, struct fail *f)
{
    struct taking *x = begin(c);
    struct str act = form_get(c->body, S("act"));

    if (x == NULL || taker(c) == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->propose = str_eq(act, S("send"));
    if (x->propose || str_eq(act, S("keep")))
        return keep(c, x, f);
    if (!str_eq(act, S("withdraw")))
        return fail(f, FAIL_CALLER, "invalid_request", "no such act");
    x->receipt = own_receipt(c, x->service, form_get(c->body, S("receipt")));
    return withdraw(c, x, f);
}

static enum step note(struct ctx *c, struct fail *f)
{
    (void)f;
    return act_note(c, &((struct taking *)c->state)->act.got);
}

/* The page that says that it is withdrawn is of the registry that says so. */
static enum step served(struct ctx *c, struct fail *f)
{
    const struct taking *x = c->state;

    (void)f;
    return x->act.got.ok && x->receipt != NULL &&
                   desk_wait(c->desk, c->work, &c->batch, c->arena, x->act.result.report.version)
               ? WAIT
               : NEXT;
}

static enum step told(struct ctx *c, struct fail *f)
{
    struct taking *x = c->state;
    const struct fail *why = &x->act.got.why;

    if (x->act.got.ok && x->receipt != NULL)
        return done_go(c, here(c, x), "withdrawn", S(""));
    if (x->act.got.ok)
        return done_go(c, arena_printf(c->arena, "/admin/drafts/%lld", (long long)x->act.result.draft),
                       x->propose ? "propose" : "kept", S(""));
    x->changed = why->kind == FAIL_CONFLICT;
    if (!x->changed && !act_refused(c, &x->act.got, f))
        return REFUSE;
    if (!x->changed)
        x->trouble = act_detail(c, &x->act);
    return x->receipt != NULL ? receipt_page(c, x) : form_page(c, x);
}

const struct step_row admin_take_act[] = { { console_door }, { posted }, { note }, { served }, { told }, { NULL } };
