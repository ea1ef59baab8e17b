/* SPDX-License-Identifier: EUPL-1.2
 * A draft beside what is in force: begun, stopped, and what differed. */
#include "gateway/console/shadowing.h"

#include "console/texts.h"
#include "frame/roles.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/door.h"
#include "gateway/console/lines.h"
#include "gateway/console/listed.h"
#include "gateway/session/done.h"
#include "model/when.h"
#include "wire/form.h"
#include "wire/http.h"

#include <string.h>

enum { TOP_SHOWN = 10, ROWS_A_PAGE = 50, DAYS_TYPED_MAX = 8 };

/* ── for both pages ─────────────────────────────────────────────────────── */

void shadowing_begin(struct ctx *c, struct shadowing *x, struct str done)
{
    *x = (struct shadowing){ .set = c->set, .now_s = c->now_s, .most = TOP_SHOWN };
    x->said = str_eq(done, S("shadow_start"))  ? TRIAL_SAID_STARTED
              : str_eq(done, S("shadow_stop")) ? TRIAL_SAID_STOPPED
                                               : TRIAL_SAID_NOTHING;
}

bool shadowing_read(struct shadowing *x, struct db *d, struct arena *a, const struct draft *draft, struct fail *f)
{
    if (!shadow_look(d, a, &draft->area, draft->number, x->now_s, &x->run, f) ||
        !shadow_read(x->set, a, &x->run, x->from, x->most, &x->counts, f))
        return false;
    if (x->from == 0 || (int64_t)x->from < x->counts.rows)
        return true;
    x->from = 0;
    return shadow_read(x->set, a, &x->run, 0, x->most, &x->counts, f);
}

static struct str number(struct ctx *c, int64_t n)
{
    return n > 0 ? lines_number(c, n) : (struct str){ NULL, 0 };
}

static struct str place_of(struct ctx *c, const struct shadow_row *r)
{
    const struct provider *p = registry_provider_oid(c->registry, r->provider_oid);
    const struct school *s = p != NULL && str_is_set(r->school_oid) ? provider_school(p, r->school_oid) : NULL;

    return s != NULL                   ? names_in(&s->names, c->lang)
           : str_is_set(r->school_oid) ? r->school_oid
           : p != NULL                 ? names_in(&p->names, c->lang)
                                       : r->provider_oid;
}

static struct trial_line line_of_row(struct ctx *c, const struct shadow_row *r)
{
    const struct service *s = registry_service(c->registry, r->service);

    return (struct trial_line){ .service = s != NULL ? names_in(&s->names, c->lang) : r->service,
                                .place = place_of(c, r),
                                .role = role_word(r->role, c->lang),
                                .opens = number(c, r->n[SHADOW_OPENS]),
                                .closes = number(c, r->n[SHADOW_CLOSES]),
                                .shows = number(c, r->n[SHADOW_SHOWS]),
                                .hides = number(c, r->n[SHADOW_HIDES]),
                                .more = number(c, r->n[SHADOW_TELLS_MORE]),
                                .less = number(c, r->n[SHADOW_TELLS_LESS]),
                                .people = lines_number(c, r->people) };
}

static struct trial_day day_of(struct ctx *c, const struct shadow_day *d)
{
    bool few = d->differing > 0 && d->differing < SHADOW_FEW;

    return (struct trial_day){ .day = arena_printf(c->arena, "%lld.%lld.%lld", (long long)(d->day % 100),
                                                   (long long)(d->day / 100 % 100), (long long)(d->day / 10000)),
                               .people = lines_number(c, d->people),
                               .differing = few ? (struct str){ NULL, 0 } : lines_number(c, d->differing),
                               .few = few };
}

static void put_lists(struct ctx *c, const struct shadow_counts *x, struct trial_part *out)
{
    struct trial_line *lines = arena_make_n(c->arena, x->n + 1, struct trial_line);
    struct trial_day *days = arena_make_n(c->arena, x->day_count + 1, struct trial_day);

    for (; out->lines.n < x->n; out->lines.n++)
        lines[out->lines.n] = line_of_row(c, &x->at[out->lines.n]);
    out->lines.at = lines;
    for (; out->days.n < x->day_count; out->days.n++)
        days[out->days.n] = day_of(c, &x->days[out->days.n]);
    out->days.at = days;
}

static void put_counts(struct ctx *c, const struct shadow_counts *x, struct trial_part *out)
{
    int64_t compared = 0, differ = 0, few = 0;

    for (int i = 0; i < SHADOW_AT_COUNT; i++) {
        compared += x->compared[i];
        differ += x->differ[i];
    }
    for (int k = 0; k < SHADOW_KIND_COUNT; k++)
        few += x->few_n[k];
    out->any = compared > 0;
    out->differs = differ > 0;
    out->compared = lines_number(c, compared);
    out->differ = lines_number(c, differ);
    out->openings = lines_number(c, x->compared[SHADOW_OPENING]);
    out->openings_differ = lines_number(c, x->differ[SHADOW_OPENING]);
    out->pages = lines_number(c, x->compared[SHADOW_PAGE]);
    out->pages_differ = lines_number(c, x->differ[SHADOW_PAGE]);
    out->releases = lines_number(c, x->compared[SHADOW_RELEASE]);
    out->releases_differ = lines_number(c, x->differ[SHADOW_RELEASE]);
    out->few = number(c, few);
    out->beyond = number(c, x->beyond);
    out->few_people = lines_number(c, SHADOW_FEW);
    out->all = x->rows > (int64_t)x->n ? lines_number(c, x->rows) : (struct str){ NULL, 0 };
    put_lists(c, x, out);
}

void shadowing_show(struct ctx *c, const struct shadowing *x, const struct draft *draft, struct trial_part *out)
{
    static const enum trial states[SHADOW_STATE_COUNT] = {
        [SHADOW_running] = TRIAL_RUNS,        [SHADOW_over] = TRIAL_OVER,           [SHADOW_stopped] = TRIAL_STOPPED,
        [SHADOW_published] = TRIAL_PUBLISHED, [SHADOW_withdrawn] = TRIAL_WITHDRAWN, [SHADOW_sent_back] = TRIAL_BACK,
        [SHADOW_broken] = TRIAL_BROKEN,
    };
    const struct shadow_run *run = &x->run;
    bool waits = draft->state == DRAFT_draft || draft->state == DRAFT_proposed || draft->state == DRAFT_approved;
    bool may = waits && console_may_in(c, MAY_DRAFT, &draft->area);

    *out = (struct trial_part){ .number = arena_printf(c->arena, "%lld", (long long)draft->number),
                                .state = states[run->state],
                                .said = x->said,
                                .detail = x->detail,
                                .may_start = may && run->state != SHADOW_running,
                                .may_stop = may && run->state == SHADOW_running,
                                .days_typed = x->days.p != NULL ? x->days : arena_printf(c->arena, "%d", SHADOW_DAYS),
                                .days_max = arena_printf(c->arena, "%d", SHADOW_DAYS_MAX) };
    if (run->state == SHADOW_NONE)
        return;
    out->since = when_full(c->arena, run->since_s, c->lang);
    out->until = when_full(c->arena, run->until_s, c->lang);
    out->ended = when_full(c->arena, run->ended_s > 0 ? run->ended_s : run->until_s, c->lang);
    out->anew = run->since_s > run->began_s;
    out->code = run->code;
    out->why = run->detail;
    put_counts(c, &x->counts, out);
}

/* ── the page of its own ────────────────────────────────────────────────── */

struct trying { /* c->state */
    struct area area;
    int64_t number, days;
    struct draft draft;
    struct shadowing shadowing;
    struct change_by by;
    struct edit_how how;
    bool stops;
    struct desk_got got;
};

static bool read_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct trying *x = with;

    return draft_look(d, a, &x->area, x->number, &x->draft, f) && shadowing_read(&x->shadowing, d, a, &x->draft, f);
}

static bool is_none(const struct trying *x)
{
    return !x->got.ok && (x->got.why.kind == FAIL_NOT_FOUND || strcmp(x->got.why.code, "no_draft") == 0);
}

/* False: no draft has such a number. */
static bool begin(struct ctx *c, struct str done)
{
    struct trying *x = arena_make(c->arena, struct trying);
    int64_t from = 0;

    c->state = x;
    x->area = c->console->area;
    shadowing_begin(c, &x->shadowing, done);
    x->shadowing.most = ROWS_A_PAGE;
    if (str_int(form_get(c->query, S("from")), &from) && from > 0)
        x->shadowing.from = (size_t)from;
    return str_int(c->req->param, &x->number) && x->number > 0;
}

static enum step ask_one(struct ctx *c, struct fail *f)
{
    return begin(c, done_here(c, NULL)) ? console_ask(c, read_sql, c->state, &((struct trying *)c->state)->got, f)
                                        : console_refuse(c, FAIL_NOT_FOUND, "not_found");
}

static enum step page(struct ctx *c, const struct trying *x)
{
    const struct paging p = paging_of(c, (size_t)x->shadowing.counts.rows, ROWS_A_PAGE);
    struct shadow_view v = { .first = p.first, .last = p.last, .total = p.total };
    enum trial_said said = x->shadowing.said;

    shadowing_show(c, &x->shadowing, &x->draft, &v.trial);
    v.trial.all = (struct str){ NULL, 0 };
    struct str here = arena_join(c->arena, S("/admin/shadow/"), v.trial.number);
    v.previous = paging_previous(c, &p, here);
    v.next = paging_next(c, &p, here);
    console_page_for(c, PLACE_RIGHTS, true, here, &v.con);
    v.con.sub = SUB_DRAFTS;
    return answer_page(c,
                       said == TRIAL_SAID_DAYS || said == TRIAL_SAID_MAX || said == TRIAL_SAID_INVALID ? 400
                       : said == TRIAL_SAID_OTHERWISE                                                  ? 409
                                                                                                       : 200,
                       page_shadow(c->arena, &v));
}

static enum step show(struct ctx *c, struct fail *f)
{
    const struct trying *x = c->state;

    if (is_none(x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return console_answered(&x->got, f) ? page(c, x) : REFUSE;
}

const struct step_row admin_shadow[] = { { console_door }, { ask_one }, { show }, { NULL } };

/* ── begun and stopped ──────────────────────────────────────────────────── */

static enum step ask_act(struct ctx *c, struct fail *f)
{
    struct str act = form_get(c->body, S("act"));

    if (!begin(c, (struct str){ NULL, 0 }))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    struct trying *x = c->state;
    x->stops = str_eq(act, S("stop"));
    if (!x->stops && !str_eq(act, S("start")))
        return fail(f, FAIL_CALLER, "invalid_request", "no such act");
    x->shadowing.days = act_field(c->body, S("days"), DAYS_TYPED_MAX);
    if (!str_int(x->shadowing.days, &x->days))
        x->days = 0;
    return console_ask(c, read_sql, x, &x->got, f);
}

static bool act_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct trying *x = with;

    return x->stops ? shadow_stop(d, a, &x->by, x->number, f)
                    : shadow_start(d, a, &x->by, &x->how, x->number, x->days, f);
}

/* Asked in the draft's own area, which may be a school's within the one in which the person acts. */
static enum step act(struct ctx *c, struct fail *f)
{
    struct trying *x = c->state;

    if (is_none(x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!console_answered(&x->got, f))
        return REFUSE;
    if (!console_may_in(c, MAY_DRAFT, &x->draft.area))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->by = console_by(c, MAKER_console, (struct str){ NULL, 0 });
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals };
    return console_ask(c, act_sql, x, &x->got, f);
}

static enum trial_said said_of(const struct fail *why)
{
    static const struct {
        const char *code;
        enum trial_said said;
    } words[] = { { "shadow_days", TRIAL_SAID_DAYS },
                  { "shadow_runs_max", TRIAL_SAID_MAX },
                  { "shadow_runs", TRIAL_SAID_OTHERWISE },
                  { "no_shadow", TRIAL_SAID_OTHERWISE },
                  { "draft_state", TRIAL_SAID_OTHERWISE } };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(why->code, words[i].code) == 0)
            return words[i].said;
    return TRIAL_SAID_INVALID;
}

/* What stood in the way is said on the run's own page, with what was typed. */
static enum step read_again(struct ctx *c, struct fail *f)
{
    struct trying *x = c->state;

    x->shadowing.said = said_of(&x->got.why);
    x->shadowing.detail = arena_str(c->arena, str_of(x->got.why.detail));
    return console_ask(c, read_sql, x, &x->got, f);
}

static const struct step_row again[] = { { read_again }, { show }, { NULL } };

static enum step note(struct ctx *c, struct fail *f)
{
    (void)f;
    return act_note(c, &((struct trying *)c->state)->got);
}

static enum step acted(struct ctx *c, struct fail *f)
{
    const struct trying *x = c->state;

    if (x->got.ok)
        return done_go(c, arena_printf(c->arena, "/admin/drafts/%lld", (long long)x->number),
                       x->stops ? "shadow_stop" : "shadow_start", S(""));
    if (x->got.why.kind == FAIL_CONFLICT)
        return step_into(c, again);
    return act_refused(c, &x->got, f) ? step_into(c, again) : REFUSE;
}

const struct step_row admin_shadow_act[] = { { console_door }, { ask_act }, { act }, { note }, { acted }, { NULL } };
