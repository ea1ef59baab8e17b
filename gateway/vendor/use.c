/* SPDX-License-Identifier: EUPL-1.2
 * Who has a service in use, and how much. */
#include "gateway/vendor/use.h"
#include "gateway/gate/report.h"

#include "gateway/answer.h"
#include "gateway/session/done.h"
#include "gateway/trial_ways.h"
#include "gateway/vendor/addresses.h"
#include "gateway/vendor/door.h"
#include "gateway/vendor/says.h"
#include "model/when.h"
#include "policy/users.h"
#include "policy/windows.h"
#include "registry/readiness.h"
#include "registry/uses.h"
#include "wire/form.h"
#include "wire/http.h"

enum {
    DAYS = 28,
    PLACES_SHOWN = USES_PLACES_MAX,
    DAY_S = 86400,
    NOON_S = 43200,
    BAR = 10,
    LEAST_SCALE = 10,
    PATH_MAX_B = 4096,
    DRAFTS_LOOKED_AT = 100
};

struct looking {
    struct gate_asked gate; /* c->state */
    const struct settings *set;
    const struct service *service;
    const struct provider *place; /* NULL: all */
    int64_t now_s;
    struct uses_told told;
    struct area area;
    int64_t waits; /* number of the draft by which it would be in production; 0: none */
    const struct vendor_asked *said;
    struct desk_got got;
};

/* Whether it is about the row in production of this one in test. */
static bool is_about(struct db *d, struct arena *a, const struct area *area, struct str test, int64_t number, bool *yes,
                     struct fail *f)
{
    struct row_ids ids;
    struct row_seen row;

    *yes = false;
    if (!draft_row_ids(d, a, area, number, &ids, f))
        return false;
    for (size_t i = 0; i < ids.n && !*yes; i++) {
        struct fail none = { 0 };
        if (!str_eq(ids.at[i].kind, S("service")) || !draft_row(d, a, area, number, &ids.at[i], &row, &none))
            continue;
        const struct row_field *of = row_field(&row, "tested_as");
        *yes = of != NULL && str_eq(of->value, test);
    }
    return true;
}

bool vendor_production_waits(struct db *d, struct arena *a, const struct area *area, struct str test, int64_t *number,
                             struct fail *f)
{
    struct drafts all;
    bool yes = false;

    *number = 0;
    if (!draft_list(d, a, area, DRAFT_proposed, INT64_MAX, DRAFTS_LOOKED_AT, &all, f))
        return false;
    for (size_t i = 0; i < all.n && !yes; i++) {
        if (!is_about(d, a, area, test, all.at[i].number, &yes, f))
            return false;
        *number = yes ? all.at[i].number : 0;
    }
    return true;
}

static bool look_for_draft(struct db *d, struct arena *a, struct looking *x, struct fail *f)
{
    return !x->service->test || vendor_production_waits(d, a, &x->area, x->service->id, &x->waits, f);
}

static bool read_uses(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct looking *x = with;

    return look_for_draft(d, a, x, f) && uses_read(x->set, a, x->service->id, DAYS, x->now_s, &x->told, f);
}

static enum step ask(struct ctx *c, struct fail *f)
{
    struct looking *x = arena_make(c->arena, struct looking);
    struct str place = form_get(c->query, S("place"));

    c->state = x;
    x->service = vendor_own_service(c, c->req->param);
    x->place = str_is_set(place) ? registry_provider(c->registry, place) : NULL;
    x->set = c->set;
    x->now_s = c->now_s;
    x->area = c->vendor->area;
    if (x->service == NULL || (str_is_set(place) && x->place == NULL))
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    return vendor_ask_registry(c, read_uses, x, &x->got, f);
}

static const struct step_row use_rows[4];

static enum step ask_again(struct ctx *c, struct fail *f)
{
    struct looking *x = c->state;

    return vendor_ask_registry(c, read_uses, x, &x->got, f);
}

/* ── numbers ────────────────────────────────────────────────────────────── */

static struct str number(struct ctx *c, int64_t n)
{
    return n > 0 ? arena_printf(c->arena, "%lld", (long long)n) : (struct str){ NULL, 0 };
}

/* 10, 20, 50, 100 …: the first that is not less. */
static int64_t scale_of(const int64_t *n, size_t days)
{
    static const int64_t steps[] = { 2, 5, 10 };
    int64_t most = 0, ten = LEAST_SCALE;

    for (size_t i = 0; i < days; i++)
        most = n[i] > most ? n[i] : most;
    if (most <= ten)
        return ten;
    for (;; ten *= 10)
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
            if (most <= ten * steps[i])
                return ten * steps[i];
}

static struct str day_words(struct ctx *c, int64_t day)
{
    return when_date(c->arena, day * DAY_S + NOON_S);
}

static void put_days(struct ctx *c, const struct uses_told *told, const int64_t *n, struct vendor_use_view *v)
{
    struct buf bars = buf_new(c->arena, PATH_MAX_B), few = buf_new(c->arena, PATH_MAX_B);
    struct vendor_use_day *days = arena_make_n(c->arena, told->days + 1, struct vendor_use_day);
    const int64_t most = scale_of(n, told->days);
    int64_t sum = 0;

    for (size_t i = 0; i < told->days; i++) {
        const int64_t high = n[i] > 0 ? (n[i] * 99 + most) / most : 0;
        sum += n[i];
        if (n[i] > 0)
            buf_printf(&bars, "M%zu.5 100v-%lldh7v%lldz", i * BAR + 1, (long long)high, (long long)high);
        else
            buf_printf(&few, "M%zu.5 99v-3h7v3z", i * BAR + 1);
        days[i] = (struct vendor_use_day){ day_words(c, told->first_day + (int64_t)i), number(c, n[i]) };
    }
    v->bars = buf_str(&bars);
    v->few = buf_str(&few);
    v->days.at = days;
    v->days.n = told->days;
    v->sum = number(c, sum);
    v->most = number(c, most);
    v->half = number(c, most / 2);
    v->from = day_words(c, told->first_day);
    v->middle = day_words(c, told->first_day + (int64_t)told->days / 2);
    v->to = day_words(c, told->first_day + (int64_t)told->days - 1);
}

static const struct uses_place *place_told(const struct uses_told *told, struct str id)
{
    for (size_t i = 0; i < told->place_n; i++)
        if (str_eq(told->places[i].provider, id))
            return &told->places[i];
    return NULL;
}

static void add_place(struct ctx *c, const struct looking *x, const struct provider *p, struct vendor_use_place *at,
                      struct vendor_use_view *v)
{
    const struct uses_place *told = place_told(&x->told, p->id);

    for (size_t i = 0; i < v->places.n; i++)
        if (str_eq(at[i].id, p->id))
            return;
    if (v->places.n < PLACES_SHOWN)
        at[v->places.n++] =
            (struct vendor_use_place){ .id = p->id,
                                       .name = names_in(&p->names, c->lang),
                                       .n = told != NULL ? number(c, told->sum) : (struct str){ NULL, 0 },
                                       .current = p == x->place };
}

/* Those that have it open, used or not: that one stands here says nothing of its use. */
static void put_places(struct ctx *c, const struct looking *x, struct vendor_use_view *v)
{
    const struct users users = policy_users(c->arena, c->registry, x->service, c->now_s);
    struct vendor_use_place *at = arena_make_n(c->arena, PLACES_SHOWN, struct vendor_use_place);

    v->places.at = at;
    for (size_t i = 0; i < users.n; i++)
        add_place(c, x, users.at[i], at, v);
    for (size_t i = 0; i < x->told.place_n; i++) {
        const struct provider *p = registry_provider(c->registry, x->told.places[i].provider);
        if (p != NULL)
            add_place(c, x, p, at, v);
    }
}

/* ── what it needs, and production ──────────────────────────────────────── */

static void put_needs(struct ctx *c, const struct service *s, struct vendor_use_view *v)
{
    struct vendor_need *at = arena_make_n(c->arena, s->purpose_count + 1, struct vendor_need);

    v->needs.at = at;
    for (size_t i = 0; i < s->purpose_count; i++) {
        const struct purpose *p = &s->purposes[i];
        if (p->claim == CLAIM_SUB || !claim_in(s->asks, p->claim))
            continue;
        at[v->needs.n++] =
            (struct vendor_need){ .key = str_of(claim_rows[p->claim].word),
                                  .name = says_claim_name(c, p->claim),
                                  .why = names_in(&p->why, c->lang),
                                  .until = p->until_s > 0 ? when_date(c->arena, p->until_s) : (struct str){ NULL, 0 },
                                  .over = p->until_s > 0 && p->until_s <= c->now_s,
                                  .soon = p->until_s > c->now_s &&
                                          p->until_s - c->now_s <= (int64_t)NEED_WARNED_DAYS * DAY_S };
    }
}

static void put_production(struct ctx *c, const struct looking *x, struct vendor_use_view *v)
{
    const struct service *s = x->service, *production = s->test ? vendor_production_of(c, s) : NULL;
    struct lacks lacks;

    if (!s->test) {
        put_needs(c, s, v);
        v->tested_as = vendor_own_service(c, s->tested_as) != NULL ? s->tested_as : (struct str){ NULL, 0 };
        return;
    }
    service_lacks(s, &lacks);
    v->lacks = lacks.n > 0;
    v->saml = s->protocol == PROTO_SAML;
    addresses_show(c, s, production, v);
    v->waits = x->waits != 0 || (x->said != NULL && x->said->asked);
    if (production != NULL) {
        v->production = production->id;
        v->production_client = production->client_id;
    }
}

enum step vendor_use_answer(struct ctx *c, const struct service *s, const struct vendor_asked *said)
{
    struct looking *x = arena_make(c->arena, struct looking);

    *x = (struct looking){ .set = c->set, .service = s, .now_s = c->now_s, .area = c->vendor->area, .said = said };
    c->state = x;
    return step_into(c, use_rows);
}

static enum step ask_gate(struct ctx *c, struct fail *f)
{
    struct looking *x = c->state;

    return gate_report_ask(c, x->service, trial_ways, &x->gate, f);
}

static bool put_gate(struct ctx *c, const struct looking *x, struct vendor_use_view *v, struct fail *f)
{
    struct gate_report r;

    if (!gate_report_came(c, &x->gate, &r, f))
        return false;
    v->gate_open = !r.whole;
    if (x->gate.of == NULL)
        return true;
    v->gate = x->gate.of->id;
    v->gate_passed = arena_printf(c->arena, "%zu", r.passed);
    v->gate_all = arena_printf(c->arena, "%zu", r.all);
    v->gate_last = r.last_s > 0 ? when_full(c->arena, r.last_s, c->lang) : (struct str){ NULL, 0 };
    return true;
}

static enum step page(struct ctx *c, struct fail *f)
{
    static const int64_t none[USES_DAYS_MAX];
    const struct looking *x = c->state;
    const struct service *s = x->service;
    struct vendor_use_view v = { 0 };

    if (!x->got.ok) {
        *f = x->got.why;
        return REFUSE;
    }
    const struct uses_place *told = x->place != NULL ? place_told(&x->told, x->place->id) : NULL;
    put_days(c, &x->told, told != NULL ? told->n : x->place != NULL ? none : x->told.n, &v);
    put_places(c, x, &v);
    if (x->place != NULL)
        v.place = names_in(&x->place->names, c->lang);
    v.id = s->id;
    v.title = names_in(&s->names, c->lang);
    v.test = s->test;
    vendor_receipts(c, s, &v);
    put_production(c, x, &v);
    if (!put_gate(c, x, &v, f))
        return REFUSE;
    if (x->said != NULL) {
        v.secret = x->said->secret;
        v.client_id = x->said->client_id;
        v.metadata = x->said->metadata;
        v.gate_why = x->said->gate_why;
        v.trouble = x->said->trouble;
        v.asked = x->said->asked;
    }
    v.confirmed = c->req->method == HTTP_GET && done_was(c, "confirmed");
    vendor_page_for(
        c, VENDOR_PLACE_SERVICES, true,
        c->req->method == HTTP_GET ? arena_join(c->arena, S("/vendor/use/"), s->id) : (struct str){ NULL, 0 }, &v.con);
    v.con.tab = VENDOR_TAB_USE;
    return answer_page(c, str_is_set(v.trouble) ? 400 : 200, page_vendor_use(c->arena, &v));
}

static const struct step_row use_rows[] = { { ask_again }, { ask_gate }, { page }, { NULL } };
const struct step_row vendor_use[] = { { vendor_door }, { ask }, { ask_gate }, { page }, { NULL } };
