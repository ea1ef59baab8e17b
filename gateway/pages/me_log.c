/* SPDX-License-Identifier: EUPL-1.2
 * What was done with a person's data, all of it, a page at a time: GET /me/log?before=. */
#include "base/settings.h"
#include "base/work.h"
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/pages/me_parts.h"
#include "gateway/pages/own_log.h"
#include "gateway/session/limits.h"
#include "gateway/session/session.h"
#include "launcher/texts.h"
#include "model/when.h"
#include "wire/form.h"

struct reading { /* c->state; what a worker thread touches is in here alone */
    struct arena *arena;
    const char *audit_dir;
    struct str person;
    int64_t before;
    struct audit_finds found;
    bool ok;
    struct fail why;
    struct kv_got counted;
};

static void release_arena(void *a)
{
    arena_free(a);
}

static void run(void *arg)
{
    struct reading *x = arg;

    x->ok = own_log_page(x->audit_dir, x->arena, x->person, x->before, &x->found, &x->why);
}

static enum step count(struct ctx *c, struct fail *f)
{
    struct reading *x = arena_make(c->arena, struct reading);

    (void)f;
    c->state = x;
    limit_ask(c, LIMIT_own_log, c->session->person->id, ME_BUDGET_S, &x->counted);
    return WAIT;
}

static enum step read_page(struct ctx *c, struct fail *f)
{
    struct reading *x = c->state;

    if (!limit_keep(LIMIT_own_log, &x->counted, "own log", f))
        return REFUSE;
    *x = (struct reading){ .arena = arena_new(),
                           .audit_dir = arena_cstr(c->arena, arena_join(c->arena, c->set->state_dir, S("/audit"))),
                           .person = c->session->person->id };
    arena_adopt(c->arena, x->arena, release_arena);
    if (!str_int(form_get(c->query, S("before")), &x->before) || x->before < 0)
        x->before = 0;
    if (!work_ask(c->work, &c->batch, run, x))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

/* What has no words of its own is named as the log names it: nothing is left out. */
static struct str words_of(const struct audit_found *x, enum lang lang)
{
    static const struct {
        const char *event;
        enum text words;
    } known[] = { { "login", T_did_login },         { "open", T_did_open },
                  { "release", T_did_release },     { "refused", T_did_refused },
                  { "logout", T_did_logout },       { "farewell", T_did_farewell },
                  { "consent", T_did_consent },     { "consent_refused", T_did_refused_consent },
                  { "informed", T_did_informed },   { "consent_taken_back", T_did_took_back },
                  { "end_others", T_did_ended },    { "end_session", T_did_ended },
                  { "offline_ended", T_did_ended }, { "evaluated", T_did_evaluated } };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (me_is(x, known[i].event))
            return text(known[i].words, lang);
    return x->event;
}

static struct me_line line_of(struct ctx *c, const struct audit_found *x)
{
    uint32_t bits = me_claims_of(x->claims);
    struct me_line out = { .when = when_full(c->arena, x->at_s, c->lang),
                           .what = words_of(x, c->lang),
                           .claims = me_claims_in_words(c, bits),
                           .rule = x->rule,
                           .code = x->support_code,
                           .number = arena_printf(c->arena, "%lld", (long long)x->n) };

    if (str_is_set(x->service))
        out.service = me_service_name(c, x->service);
    else if (str_is_set(x->idp))
        out.service = me_idp_name(c, x->idp);
    if (me_is(x, "release") && str_is_set(x->service))
        out.whys.n = me_whys(c, x->service, bits, &out.whys.at);
    return out;
}

static enum step show(struct ctx *c, struct fail *f)
{
    const struct reading *x = c->state;
    struct str here =
        x->before == 0 ? S("/me/log") : url_to(c->arena, S("/me/log"), S("before"), form_get(c->query, S("before")));
    struct me_log_view v = { .page = page_for(c, here), .away = !x->ok, .shared = c->session->shared };
    struct me_line *rows = arena_make_n(c->arena, x->found.n + 1, struct me_line);

    (void)f;
    for (size_t i = 0; i < x->found.n; i++)
        rows[i] = line_of(c, &x->found.at[i]);
    v.lines.at = rows;
    v.lines.n = x->found.n;
    v.older = x->before != 0;
    if (x->found.next != 0)
        v.next = arena_printf(c->arena, "%lld", (long long)x->found.next);
    flow_leave_idle(c);
    return answer_page(c, 200, page_me_log(c->arena, &v));
}

const struct step_row me_log_show[] = { { session_find }, { flow_need_person }, { count }, { read_page }, { show },
                                        { NULL } };
