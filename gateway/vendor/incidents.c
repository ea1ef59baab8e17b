/* SPDX-License-Identifier: EUPL-1.2
 * What went wrong at a service: its organisation states it, as a change, and the catalogue and the operator show it
 * while it goes on.  Beside it, how often requests of the service were refused within TRACE_LASTS_S, by code. */
#include "base/codec.h"
#include "base/crypt.h"
#include "gateway/answer.h"
#include "gateway/session/done.h"
#include "gateway/trace.h"
#include "gateway/vendor/door.h"
#include "model/when.h"
#include "portal/texts.h"
#include "wire/form.h"
#include "wire/http.h"

#include <stdlib.h>

enum {
    INCIDENT_ID_B = 12,
    SAYS_TYPED_B = 1200 /* what is kept is the registry's to say */,
    DAY_TYPED_B = 16,
    CLOCK_TYPED_B = 8,
    INCIDENTS_SHOWN = 50
};

struct telling { /* c->state; the worker's, while it has it */
    struct vendor_incidents_view v;
    const struct service *service;
    struct trace_got traces;
    struct vendor_act act;
    const char *done;
    int status;
};

static struct str say(const struct ctx *c, enum vendor_text key)
{
    return vendor_text(key, c->lang);
}

/* ── the page ───────────────────────────────────────────────────────────── */

static int by_begin(const void *x, const void *y)
{
    const struct incident *const *a = x, *const *b = y;

    return (*a)->from_s < (*b)->from_s ? 1 : (*a)->from_s > (*b)->from_s ? -1 : str_cmp((*a)->id, (*b)->id);
}

static void put_incidents(struct ctx *c, struct telling *x)
{
    const struct registry_parts *p = registry_parts(c->registry);
    const struct incident **mine = arena_make_n(c->arena, p->incident_count + 1, const struct incident *);
    struct vendor_incident *rows = arena_make_n(c->arena, INCIDENTS_SHOWN, struct vendor_incident);
    size_t n = 0;

    for (size_t i = 0; i < p->incident_count; i++)
        if (str_eq(p->incidents[i].service, x->service->id))
            mine[n++] = &p->incidents[i];
    qsort(mine, n, sizeof *mine, by_begin);
    for (size_t i = 0; i < n && i < INCIDENTS_SHOWN; i++) {
        bool over = mine[i]->until_s != 0 && mine[i]->until_s <= c->now_s;
        rows[i] = (struct vendor_incident){ .id = mine[i]->id,
                                            .says = names_in(&mine[i]->says, c->lang),
                                            .from = when_full(c->arena, mine[i]->from_s, c->lang),
                                            .over = over,
                                            .by_operator = mine[i]->by_operator };
        if (mine[i]->until_s != 0)
            rows[i].until = when_full(c->arena, mine[i]->until_s, c->lang);
    }
    x->v.rows.at = rows;
    x->v.rows.n = n < INCIDENTS_SHOWN ? n : INCIDENTS_SHOWN;
}

struct failures {
    struct str code;
    size_t n;
};

static int by_number(const void *x, const void *y)
{
    const struct failures *a = x, *b = y;

    return a->n != b->n ? (a->n < b->n ? 1 : -1) : str_cmp(a->code, b->code);
}

static void put_failures(struct ctx *c, struct telling *x, const struct traced *all, size_t n)
{
    struct failures *by = arena_make_n(c->arena, n + 1, struct failures);
    struct vendor_failures *rows = arena_make_n(c->arena, n + 1, struct vendor_failures);
    size_t codes = 0;

    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        if (!str_is_set(all[i].code))
            continue;
        while (k < codes && !str_eq(by[k].code, all[i].code))
            k++;
        codes += k == codes;
        by[k].code = all[i].code;
        by[k].n++;
    }
    qsort(by, codes, sizeof *by, by_number);
    for (size_t i = 0; i < codes; i++)
        rows[i] = (struct vendor_failures){ by[i].code, arena_printf(c->arena, "%zu", by[i].n) };
    x->v.failures.at = rows;
    x->v.failures.n = codes;
}

static enum step begin(struct ctx *c, struct fail *f)
{
    struct telling *x = c->state = arena_make(c->arena, struct telling);

    (void)f;
    x->service = vendor_own_service(c, c->req->param);
    x->status = 200;
    return x->service != NULL ? NEXT : vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
}

static enum step look(struct ctx *c, struct fail *f)
{
    struct telling *x = c->state;

    (void)f;
    trace_ask(c, x->service, &x->traces);
    return WAIT;
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct telling *x = c->state;
    struct traced *all;
    size_t n;

    if (!trace_read(c, &x->traces, &all, &n, f))
        return REFUSE;
    vendor_page_for(c, VENDOR_PLACE_SERVICES, true, c->req->method == HTTP_GET ? c->req->path : (struct str){ NULL, 0 },
                    &x->v.con);
    x->v.con.tab = VENDOR_TAB_INCIDENTS;
    x->v.id = x->service->id;
    x->v.title = names_in(&x->service->names, c->lang);
    x->v.test = x->service->test;
    put_incidents(c, x);
    put_failures(c, x, all, n);
    if (str_eq(done_here(c, NULL), S("declared")))
        x->v.done = say(c, V_v_incident_declared);
    else if (str_eq(done_here(c, NULL), S("ended")))
        x->v.done = say(c, V_v_incident_ended);
    return answer_page(c, x->status, page_vendor_incidents(c->arena, &x->v));
}

const struct step_row vendor_incidents[] = { { vendor_door }, { begin }, { look }, { show }, { NULL } };

/* ── a form ─────────────────────────────────────────────────────────────── */

static const struct step_row shown_again[] = { { look }, { show }, { NULL } };

static enum step again(struct ctx *c, struct telling *x, struct str wrong)
{
    x->v.wrong = wrong;
    x->status = 400;
    return step_into(c, shown_again);
}

/* "8.05" or "08:05". */
static bool clock_read(struct str text, int64_t *after_s)
{
    struct str rest = text, hour;
    int64_t h, m;
    char by = str_find_byte(text, ':', 0) < text.n ? ':' : '.';

    if (!str_split(&rest, by, &hour) || !str_int(hour, &h) || !str_int(rest, &m) || h < 0 || h > 23 || m < 0 || m > 59)
        return false;
    *after_s = h * 3600 + m * 60;
    return true;
}

/* A day and a clock, in Finland; otherwise: where neither was typed. */
static bool time_read(struct str day, struct str clock, int64_t otherwise, int64_t *at_s)
{
    int64_t after_s = 0;

    *at_s = otherwise;
    if (!str_is_set(day) && !str_is_set(clock))
        return true;
    if (!when_day_read(day, at_s) || (str_is_set(clock) && !clock_read(clock, &after_s)))
        return false;
    struct when local = when_local(*at_s + after_s);
    *at_s +=
        after_s + (after_s - (local.hour * 3600 + local.minute * 60)) % 86400; /* of a day that changes its clocks */
    return true;
}

static void take_typed(struct ctx *c, struct telling *x)
{
    x->v.says_fi = form_typed(c->body, S("says_fi"), SAYS_TYPED_B);
    x->v.says_sv = form_typed(c->body, S("says_sv"), SAYS_TYPED_B);
    x->v.says_en = form_typed(c->body, S("says_en"), SAYS_TYPED_B);
    x->v.from_day = form_typed(c->body, S("from_day"), DAY_TYPED_B);
    x->v.from_clock = form_typed(c->body, S("from_clock"), CLOCK_TYPED_B);
    x->v.until_day = form_typed(c->body, S("until_day"), DAY_TYPED_B);
    x->v.until_clock = form_typed(c->body, S("until_clock"), CLOCK_TYPED_B);
}

static enum step write(struct ctx *c, struct telling *x, struct str id, const struct edit_field *fields, size_t n,
                       const char *done, struct fail *f)
{
    const struct row_id row = { S("incident"), { id, { NULL, 0 } } };

    x->done = done;
    edit_put(vendor_act_begin(c, &x->act, false, (struct str){ NULL, 0 }, S("")), &row, fields, n);
    return vendor_act_run(c, &x->act, f);
}

static enum step declare(struct ctx *c, struct telling *x, struct fail *f)
{
    int64_t from_s, until_s;

    take_typed(c, x);
    if (!str_is_set(x->v.says_fi) || !str_is_set(x->v.says_sv) || !str_is_set(x->v.says_en))
        return again(c, x, say(c, V_v_incident_says_all));
    if (!time_read(x->v.from_day, x->v.from_clock, c->now_s, &from_s) ||
        !time_read(x->v.until_day, x->v.until_clock, 0, &until_s) || (until_s != 0 && until_s <= from_s))
        return again(c, x, say(c, V_v_incident_times));
    const struct edit_field fields[] = { { S("service"), x->service->id },
                                         { S("says.fi"), x->v.says_fi },
                                         { S("says.sv"), x->v.says_sv },
                                         { S("says.en"), x->v.says_en },
                                         { S("from"), when_rfc3339(c->arena, from_s) },
                                         { S("until"), when_rfc3339(c->arena, until_s) } };
    struct str id =
        hex_encode(c->arena, str_sub(sha256(c->arena, crypt_token(c->arena, c->world, SHA256_B)), 0, INCIDENT_ID_B));
    return write(c, x, id, fields, sizeof fields / sizeof *fields - (until_s == 0), "declared", f);
}

/* One of this service's own that its organisation has stated. */
static const struct incident *own_incident(const struct ctx *c, const struct telling *x, struct str id)
{
    const struct registry_parts *p = registry_parts(c->registry);

    for (size_t i = 0; i < p->incident_count; i++)
        if (str_eq(p->incidents[i].id, id) && str_eq(p->incidents[i].service, x->service->id) &&
            !p->incidents[i].by_operator)
            return &p->incidents[i];
    return NULL;
}

static enum step end(struct ctx *c, struct telling *x, struct fail *f)
{
    const struct incident *of = own_incident(c, x, form_get(c->body, S("id")));
    int64_t until_s = of != NULL && of->from_s >= c->now_s ? of->from_s + 1 : c->now_s;
    const struct edit_field fields[] = { { S("until"), when_rfc3339(c->arena, until_s) } };

    return of != NULL ? write(c, x, of->id, fields, 1, "ended", f) : vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
}

static enum step act(struct ctx *c, struct fail *f)
{
    struct str what = form_get(c->body, S("act"));

    if (str_eq(what, S("declare")))
        return declare(c, c->state, f);
    if (str_eq(what, S("end")))
        return end(c, c->state, f);
    return fail(f, FAIL_CALLER, "invalid_request", "there is no act \"%.*s\" here", STR_ARG(what));
}

static enum step served(struct ctx *c, struct fail *f)
{
    (void)f;
    return vendor_act_served(c, &((struct telling *)c->state)->act);
}

static enum step changed(struct ctx *c, struct fail *f)
{
    struct telling *x = c->state;
    struct str field;

    if (x->act.got.ok)
        return done_go(c, arena_join(c->arena, S("/vendor/incidents/"), x->service->id), x->done, S(""));
    if (!vendor_act_shown(&x->act, f))
        return REFUSE;
    return again(c, x, vendor_act_trouble(c, &x->act, &field));
}

const struct step_row vendor_incidents_act[] = {
    { vendor_door }, { begin }, { act }, { served }, { changed }, { NULL }
};
