/* SPDX-License-Identifier: EUPL-1.2
 * The gate of a service in test: its trials are begun here, what the tester saw is said here, and the report stands
 * here. */
#include "gateway/gate/report.h"

#include "base/log.h"
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/protocol.h"
#include "gateway/session/done.h"
#include "gateway/session/limits.h"
#include "gateway/session/strict.h"
#include "gateway/trial_ways.h"
#include "gateway/vendor/door.h"
#include "model/when.h"
#include "portal/texts.h"
#include "wire/form.h"
#include "wire/http.h"

#include <string.h>

enum { TRIALS_S = 3600 };

static const struct {
    const char *seen;
    enum vendor_text words;
} seen_words[] = {
#define SEEN(word)                                                                                                     \
    {                                                                                                                  \
#word, V_v_seen_##word                                                                                         \
    }
    SEEN(not_asked), SEEN(opened),  SEEN(not_opened),  SEEN(redeemed), SEEN(not_redeemed), SEEN(unbound), SEEN(exempt),
    SEEN(took),      SEEN(refused), SEEN(unreachable), SEEN(once),     SEEN(unsaid),       SEEN(nobody),
#undef SEEN
};

struct gating { /* c->state */
    const struct service *service;
    struct str edition;
    unsigned ways; /* trial_ways() */
    struct gate_rows rows;
    struct gate_row row; /* what is to be kept */
    struct vendors_got got;
    /* a trial that is begun */
    const struct gate_trial *trial;
    struct str run;
    struct kv_got count, keys, begun[GATE_BEGUN];
    struct gate_leaving leaving;
    /* one that is judged */
    struct gate_run now;
    struct kv_got marks[MARK_COUNT];
    bool next;
};

static struct gating *mine(const struct ctx *c)
{
    return c->state;
}

static struct str say(const struct ctx *c, enum vendor_text key)
{
    return vendor_text(key, c->lang);
}

static enum step back(struct ctx *c, const char *done)
{
    return done_go(c, arena_join(c->arena, S("/vendor/gate/"), mine(c)->service->id), done, S(""));
}

/* ── what is kept ───────────────────────────────────────────────────────── */

static bool read_rows(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct gating *x = with;

    return gate_rows_of(d, a, x->service->id, &x->rows, f);
}

static bool put_row(void *with, struct db *d, struct arena *a, struct fail *f)
{
    (void)a;
    return gate_row_put(d, &((struct gating *)with)->row, f);
}

static struct gating *begin(struct ctx *c)
{
    struct gating *x = arena_make(c->arena, struct gating);

    x->service = vendor_own_service(c, c->req->param);
    c->state = x;
    if (x->service != NULL) {
        x->ways = trial_ways(c, x->service);
        x->edition = gate_edition(c->arena, x->service);
    }
    return x->service != NULL ? x : NULL;
}

static enum step ask_rows(struct ctx *c, struct fail *f)
{
    return vendor_ask(c, read_rows, mine(c), &mine(c)->got, f);
}

static enum step keep_row(struct ctx *c, const struct gate_trial *t, enum gate_verdict verdict, struct str seen,
                          struct fail *f)
{
    struct gating *x = mine(c);

    x->row = (struct gate_row){ .service = x->service->id,
                                .trial = str_of(t->word),
                                .verdict = verdict,
                                .seen = seen,
                                .edition = x->edition,
                                .by = c->person->id,
                                .at_s = c->now_s };
    return vendor_ask(c, put_row, x, &x->got, f);
}

/* What is still to be passed, the ones behind `after` first; NULL: nothing. */
static const struct gate_trial *next_trial(const struct ctx *c, const struct gating *x, const struct gate_trial *after)
{
    size_t from = after != NULL ? (size_t)(after - gate_trials) + 1 : 0;

    for (size_t i = 0; i < TRIAL_COUNT; i++) {
        const struct gate_trial *t = &gate_trials[(from + i) % TRIAL_COUNT];
        const struct gate_row *r = gate_row_now(&x->rows, t, x->edition, c->now_s);
        if (t != after && gate_applies(x->service, x->ways, t) && (r == NULL || r->verdict != GATE_PASSED))
            return t;
    }
    return NULL;
}

/* ── the page ───────────────────────────────────────────────────────────── */

static struct str seen_says(const struct ctx *c, const struct gate_row *r)
{
    for (size_t i = 0; i < sizeof seen_words / sizeof *seen_words; i++)
        if (str_eq(r->seen, str_of(seen_words[i].seen)))
            return say(c, seen_words[i].words);
    return say(c, V_v_seen_word);
}

static struct vendor_trial trial_says(struct ctx *c, const struct gate_trial *t, const struct gate_row *r)
{
    return (struct vendor_trial){ .word = str_of(t->word),
                                  .name = gate_trial_name(t, c->lang),
                                  .sent = gate_trial_sent(t, c->lang),
                                  .mend = gate_trial_mend(t, c->lang),
                                  .did = r != NULL ? seen_says(c, r) : (struct str){ NULL, 0 },
                                  .when = r != NULL ? when_full(c->arena, r->at_s, c->lang) : (struct str){ NULL, 0 } };
}

static struct str number(struct ctx *c, size_t n)
{
    return arena_printf(c->arena, "%zu", n);
}

static void put_trials(struct ctx *c, const struct gating *x, struct vendor_gate_view *v)
{
    struct vendor_trials *const lists[] = { &v->unfinished, &v->passed, &v->mend, &v->not_run };
    struct vendor_trial *rows[4];
    size_t all = 0;

    for (size_t i = 0; i < 4; i++)
        lists[i]->at = rows[i] = arena_make_n(c->arena, TRIAL_COUNT, struct vendor_trial);
    for (size_t i = 0; i < TRIAL_COUNT; i++) {
        const struct gate_trial *t = &gate_trials[i];
        const struct gate_row *r = gate_row_now(&x->rows, t, x->edition, c->now_s);
        size_t list = r == NULL ? 3 : (size_t)r->verdict;
        if (!gate_applies(x->service, x->ways, t))
            continue;
        rows[list][lists[list]->n++] = trial_says(c, t, r);
        all++;
    }
    v->n_all = number(c, all);
    v->n_mend = number(c, v->mend.n);
    v->n_unfinished = number(c, v->unfinished.n);
    v->n_not_run = number(c, v->not_run.n);
    v->n_passed = number(c, v->passed.n);
    v->all_passed = v->passed.n == all;
}

static void put_last(struct ctx *c, const struct gating *x, struct vendor_gate_view *v)
{
    const struct gate_report r = gate_report_of(x->service, x->ways, c->arena, &x->rows, c->now_s);

    if (r.last_s > 0)
        v->last = when_full(c->arena, r.last_s, c->lang);
    if (r.until_s > 0)
        v->until = when_date(c->arena, r.until_s);
    v->edition = arena_printf(c->arena, "%d", GATE_LIST_VERSION);
}

static void put_now(struct ctx *c, const struct gating *x, struct vendor_gate_view *v)
{
    struct gate_run run;
    const struct gate_trial *next;

    if (gate_seen(c, x->service, &run)) {
        v->now = trial_says(c, run.trial, NULL);
        v->over = c->now_s >= run.until_s;
        v->launch = flow_launch(c, x->service, (struct str){ NULL, 0 });
    }
    next = next_trial(c, x, str_is_set(v->now.word) ? run.trial : NULL);
    if (next != NULL)
        v->next = str_of(next->word);
}

static struct str done_words(struct ctx *c, struct vendor_gate_view *v)
{
    struct str what = done_here(c, NULL);

    if (str_eq(what, S("missing")))
        v->trouble = say(c, V_v_gate_missing);
    return str_eq(what, S("kept"))    ? say(c, V_v_gate_kept)
           : str_eq(what, S("begun")) ? say(c, V_v_gate_begun)
                                      : (struct str){ NULL, 0 };
}

static enum step look(struct ctx *c, struct fail *f)
{
    return begin(c) != NULL ? ask_rows(c, f) : vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
}

static enum step download(struct ctx *c, const struct gating *x)
{
    http_body(c->res, 200, S("application/json"), gate_report_json(x->service, x->ways, c->arena, &x->rows, c->now_s));
    http_header_set(c->res, S("Content-Disposition"),
                    arena_printf(c->arena, "attachment; filename=\"gate-%.*s.json\"", STR_ARG(x->service->id)));
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    return DONE;
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct gating *x = mine(c);
    struct vendor_gate_view v = { .id = x->service->id, .title = names_in(&x->service->names, c->lang) };

    if (!x->got.ok) {
        *f = x->got.why;
        return REFUSE;
    }
    if (form_get(c->query, S("report")).p != NULL)
        return download(c, x);
    vendor_page_for(c, VENDOR_PLACE_SERVICES, true, strict_here(c), &v.con);
    v.con.tab = VENDOR_TAB_GATE;
    v.has = gate_has_trials(x->service);
    v.done = done_words(c, &v);
    put_trials(c, x, &v);
    put_last(c, x, &v);
    if (v.has)
        put_now(c, x, &v);
    return answer_page(c, 200, page_vendor_gate(c->arena, &v));
}

const struct step_row vendor_gate[] = { { vendor_door }, { look }, { show }, { NULL } };

/* ── a trial begins ─────────────────────────────────────────────────────── */

/* Among the keys that all clients read: as many as leave room for everybody else's. */
static bool shows_key(const struct gating *x)
{
    return x->trial->token == GATE_TOKEN_ROLLED_KEY;
}

static enum step count_trial(struct ctx *c, struct fail *f)
{
    struct str whose = c->vendor->staff->organisation->id;

    (void)f;
    limit_ask(c, LIMIT_trials, whose, TRIALS_S, &mine(c)->count);
    if (shows_key(mine(c)))
        limit_ask(c, LIMIT_rolled_keys, whose, GATE_LIFE_S, &mine(c)->keys);
    return WAIT;
}

/* One from us to the client needs no browser: it is told, and judged, at once. */
static enum step start(struct ctx *c, struct fail *f)
{
    struct gating *x = mine(c);
    const struct protocol *p = protocol_of(c, x->service->protocol);

    if (!limit_keep(LIMIT_trials, &x->count, "trials", f) ||
        (shows_key(x) && !limit_keep(LIMIT_rolled_keys, &x->keys, "keys of trials", f)))
        return REFUSE;
    log_event(LOG_INFO, "gate.begun", LOG_C("support_code", c->support_code), LOG_S("service", x->service->id),
              LOG_C("trial", x->trial->word));
    if (!gate_is_leaving(x->trial)) {
        gate_begin(c, x->service, x->trial, &x->run, x->begun);
        return WAIT;
    }
    x->leaving.trial = x->trial;
    c->service = x->service;
    c->state = &x->leaving;
    return step_into(c, p->try_leave);
}

static struct gating *of_leaving(struct ctx *c)
{
    return (struct gating *)(void *)((char *)c->state - offsetof(struct gating, leaving));
}

static enum step started(struct ctx *c, struct fail *f)
{
    struct gating *x;
    struct str seen;

    if (c->service == NULL) {
        x = mine(c);
        return x->begun[0].outcome == KV_HIT && x->begun[1].outcome == KV_HIT ? back(c, "begun")
                                                                              : (enum step)kv_away(f, "trial");
    }
    x = of_leaving(c);
    c->state = x;
    enum gate_verdict verdict = gate_judge_leaving(&x->leaving, &seen);
    return keep_row(c, x->trial, verdict, seen, f);
}

static enum step kept(struct ctx *c, struct fail *f)
{
    if (mine(c)->got.ok)
        return back(c, "kept");
    *f = mine(c)->got.why;
    return REFUSE;
}

static const struct step_row start_rows[] = { { count_trial }, { start }, { started }, { kept }, { NULL } };

/* ── and is judged ──────────────────────────────────────────────────────── */

static enum step ask_marks(struct ctx *c, struct fail *f)
{
    (void)f;
    gate_marks_ask(c, mine(c)->now.id, mine(c)->marks);
    return WAIT;
}

static enum step marks_came(struct ctx *c, struct fail *f)
{
    for (int i = 0; i < MARK_COUNT; i++)
        if (mine(c)->marks[i].outcome == KV_DOWN)
            return kv_away(f, "marks of a trial");
    return ask_rows(c, f);
}

/* The client asks for more when it has let somebody in: known once it did so in the right answer. */
static bool opens(const struct ctx *c, const struct gating *x)
{
    const struct gate_row *r = gate_row_now(&x->rows, &gate_trials[TRIAL_good], x->edition, c->now_s);

    return r != NULL && r->verdict == GATE_PASSED && str_eq(r->seen, S("opened"));
}

static enum step judge(struct ctx *c, struct fail *f)
{
    struct gating *x = mine(c);
    struct str saw = form_get(c->body, S("saw")), seen;
    enum gate_saw word = str_eq(saw, S("in")) ? SAW_IN : str_eq(saw, S("error")) ? SAW_ERROR : SAW_NOTHING;

    if (!x->got.ok) {
        *f = x->got.why;
        return REFUSE;
    }
    enum gate_verdict verdict = gate_judge(x->now.trial, x->marks, word, opens(c, x), &seen);
    return keep_row(c, x->now.trial, verdict, seen, f);
}

static enum step judged(struct ctx *c, struct fail *f)
{
    struct gating *x = mine(c);

    if (!x->got.ok)
        return kept(c, f);
    if (x->row.verdict != GATE_OPEN)
        gate_end(c);
    x->trial = x->next ? next_trial(c, x, x->now.trial) : NULL;
    return x->trial != NULL ? step_into(c, start_rows) : back(c, "kept");
}

static const struct step_row keep_rows[] = { { ask_marks }, { marks_came }, { judge }, { judged }, { NULL } };

/* ── the form ───────────────────────────────────────────────────────────── */

static enum step act(struct ctx *c, struct fail *f)
{
    struct gating *x = begin(c);
    struct str what = form_get(c->body, S("act"));

    if (x == NULL)
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!gate_has_trials(x->service))
        return vendor_refuse(c, FAIL_DENIED, "no_trials");
    x->trial = gate_trial_named(form_get(c->body, S("trial")));
    if (str_eq(what, S("start")) && x->trial != NULL && gate_applies(x->service, x->ways, x->trial))
        return step_into(c, start_rows);
    x->next = str_eq(what, S("next"));
    if (!x->next && !str_eq(what, S("keep")))
        return fail(f, FAIL_CALLER, "invalid_request", "there is no such act or trial here");
    return gate_seen(c, x->service, &x->now) ? step_into(c, keep_rows) : back(c, "missing");
}

const struct step_row vendor_gate_act[] = { { vendor_door }, { act }, { NULL } };
