/* SPDX-License-Identifier: EUPL-1.2
 * Where somebody signs a screen in from a browser of their own.  [RFC 8628 3.3]
 *
 * A link alone grants nothing: it fills the code in, and the page asks whether the screen shows the same one, names the
 * service and what it would be told, and warns of a code that came in a message [RFC 8628 3.3.1, 5.4].  The answer is a
 * form of this session's (csrf), in no frame (frame-ancestors).  Wrong codes are counted, by person, by address and
 * altogether [RFC 8628 5.1]; only who is signed in may try any. */
#include "base/crypt.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/consent.h"
#include "gateway/flow.h"
#include "gateway/metrics.h"
#include "gateway/pages/tells.h"
#include "gateway/session/limits.h"
#include "gateway/session/screen.h"
#include "gateway/session/session.h"
#include "gateway/vigil.h"
#include "launcher/pages.h"
#include "model/grant_types.h"
#include "model/when.h"
#include "wire/form.h"
#include "wire/http.h"

enum { ADDRESS_MAX_B = 512 };

struct device { /* c->state */
    struct str typed;
    struct screen screen;
    struct kv_got by_person, by_address, by_all; /* wrong codes until now */
    struct kv_got families;                      /* refresh tokens of the person, today */
    struct kv_got found, answered;
    struct consent_look consent;
    bool consented; /* a row of consents is to be kept */
};

static struct str param(const struct ctx *c, const char *name)
{
    return form_get(c->req->method == HTTP_POST ? c->body : c->query, str_of(name));
}

/* ── the form ───────────────────────────────────────────────────────────── */

static enum step form(struct ctx *c, enum device_wrong wrong)
{
    struct device_view v = {
        .page = page_for(c, S("/device")), .at = DEVICE_TYPE, .wrong = wrong, .typed = param(c, "user_code")
    };

    flow_leave_idle_to(c, S("/"));
    return answer_page(c, wrong == DEVICE_BUSY ? 429 : 200, page_device(c->arena, &v));
}

/* ── finding what waits for a code ──────────────────────────────────────── */

static enum step look(struct ctx *c, struct fail *f)
{
    struct device *x = arena_make(c->arena, struct device);
    struct str text = param(c, "user_code");

    (void)f;
    c->state = x;
    if (!str_is_set(str_trim(text)))
        return form(c, text.p != NULL ? DEVICE_EMPTY : DEVICE_RIGHT);
    x->typed = screen_typed(c->arena, text);
    limit_look(c, LIMIT_person_typed, c->session->person->id, &x->by_person);
    limit_look(c, LIMIT_typed, limit_place(c), &x->by_address);
    limit_look(c, LIMIT_all_typed, S(""), &x->by_all);
    limit_look(c, LIMIT_families, c->session->person->id, &x->families);
    if (x->typed.p != NULL)
        screen_find(c, x->typed, false, &x->found);
    return WAIT;
}

static bool may_try(struct device *x, bool *busy, struct fail *f)
{
    struct fail why = { 0 };
    bool may = limit_keep(LIMIT_person_typed, &x->by_person, "user code", &why) &&
               limit_keep(LIMIT_typed, &x->by_address, "user code", &why) &&
               limit_keep(LIMIT_all_typed, &x->by_all, "user code", &why);

    *busy = why.kind == FAIL_BUSY;
    if (!may && !*busy)
        *f = why;
    return may;
}

static enum step count_wrong(struct ctx *c, struct fail *f)
{
    struct device *x = c->state;

    (void)f;
    limit_ask(c, LIMIT_person_typed, c->session->person->id, SCREEN_WRONG_S, &x->by_person);
    limit_ask(c, LIMIT_typed, limit_place(c), SCREEN_WRONG_S, &x->by_address);
    limit_ask(c, LIMIT_all_typed, S(""), SCREEN_WRONG_S, &x->by_all);
    return WAIT;
}

static enum step say_wrong(struct ctx *c, struct fail *f)
{
    (void)f;
    return form(c, DEVICE_WRONG);
}

static const struct step_row wrong[] = { { count_wrong }, { say_wrong }, { NULL } };

/* The login that the screen asked for: of nobody's browser, and so in no cookie. */
static struct login *login_of(struct ctx *c, const struct screen *s)
{
    struct login *l = arena_make(c->arena, struct login);

    *l = (struct login){ .protocol = c->service->protocol,
                         .service = c->service->id,
                         .scope = s->scope,
                         .resources = s->resources,
                         .max_age_s = -1 };
    return l;
}

/* What the code stands for is not told before policy has said that the person may use the service. */
static enum step settle(struct ctx *c, struct fail *f)
{
    struct device *x = c->state;
    bool busy = false, asked;

    if (!may_try(x, &busy, f))
        return busy ? form(c, DEVICE_BUSY) : REFUSE;
    if (x->typed.p == NULL || !screen_waiting(c, x->typed, &x->found, &x->screen, f))
        return f->kind != FAIL_NONE ? REFUSE : step_into(c, wrong);
    c->person = c->session->person;
    c->service = registry_service(c->registry, x->screen.service);
    if (c->service == NULL || !c->service->enabled)
        return step_into(c, wrong);
    c->login = login_of(c, &x->screen);
    flow_decide(c);
    flow_compare_opening(c);
    if (flow_decision(c)->effect != EFFECT_ALLOW)
        return flow_refuse(c);
    if (!consent_look_up(c, flow_decision(c), &x->consent, &asked, f))
        return REFUSE;
    return asked ? WAIT : NEXT;
}

static struct claim_set told(const struct ctx *c)
{
    return ((const struct device *)c->state)->consent.now.claims;
}

/* As the token endpoint will have it (gateway/oidc/grants/issue.c). */
static bool stays(const struct ctx *c)
{
    const struct device *x = c->state;
    struct fail used_up = { 0 };

    return service_may_grant(c->service, &grant_types[GRANT_refresh]) && !c->session->shared &&
           str_has_word(x->screen.scope, S("offline_access")) &&
           limit_keep(LIMIT_families, &x->families, "refresh tokens", &used_up);
}

static enum step ask(struct ctx *c, struct fail *f)
{
    const struct device *x = c->state;
    struct str code = screen_shown(c->arena, x->typed);
    struct device_view v = { .page = page_for(c, url_to(c->arena, S("/device"), S("user_code"), code)),
                             .at = DEVICE_ASK,
                             .code = code,
                             .asked = when_full(c->arena, x->screen.made_s, c->lang),
                             .stays = stays(c),
                             .told = consent_words(c->arena, told(c)),
                             .of = tells_of(c, told(c)) };

    (void)f;
    tells_changed(c, &x->consent, &v.of);
    flow_leave_idle_to(c, S("/"));
    return answer_page(c, 200, page_device(c->arena, &v));
}

const struct step_row device_page[] = {
    { session_find }, { flow_need_person }, { look }, { settle }, { ask }, { NULL }
};

/* ── the answer ─────────────────────────────────────────────────────────── */

/* The code is taken by whoever answers first; a consent is kept before anything hangs on it. */
static enum step take(struct ctx *c, struct fail *f)
{
    struct device *x = c->state;
    bool yes = str_eq(param(c, "act"), S("yes"));
    struct claim_set shown = consent_claims(param(c, "told"));

    if (!crypt_eq(c->session->csrf, param(c, "csrf")) || (!yes && !str_eq(param(c, "act"), S("no"))) ||
        (yes && (told(c).bits & ~shown.bits) != 0))
        return ask(c, f);
    x->consented = yes && x->consent.now.kind != CONSENT_NONE;
    if (x->consented && !consent_keep(c, &x->consent, f))
        return REFUSE;
    screen_find(c, x->typed, true, &x->found);
    return WAIT;
}

/* The audit log has it before the screen can. */
static enum step note(struct ctx *c, struct fail *f)
{
    struct device *x = c->state;
    bool yes = str_eq(param(c, "act"), S("yes"));

    if (x->consented && !consent_kept(&x->consent, f))
        return REFUSE;
    if (!screen_waiting(c, x->typed, &x->found, &x->screen, f))
        return f->kind != FAIL_NONE ? REFUSE : form(c, DEVICE_WRONG);
    flow_audit(c, yes ? "screen" : "screen_refused", flow_decision(c)->rule,
               yes ? consent_words(c->arena, told(c)) : (struct str){ NULL, 0 },
               x->consented && x->consent.now.kind == CONSENT_GIVEN ? S("consent") : (struct str){ NULL, 0 });
    return WAIT;
}

static enum step answer(struct ctx *c, struct fail *f)
{
    struct device *x = c->state;
    bool yes = str_eq(param(c, "act"), S("yes"));

    if (!flow_audited(c, f))
        return REFUSE;
    screen_answer(c, &x->screen, yes, x->consented ? consent_words(c->arena, told(c)) : (struct str){ NULL, 0 },
                  &x->answered);
    if (yes && session_add_service(c, c->session, c->service->id)) {
        session_change(c, c->session);
        vigil_watch(c);
    }
    return WAIT;
}

static enum step say_done(struct ctx *c, struct fail *f)
{
    const struct device *x = c->state;
    bool yes = str_eq(param(c, "act"), S("yes"));
    struct device_view v = { .page = page_for(c, S("/device")),
                             .at = yes ? DEVICE_YES : DEVICE_NO,
                             .of = { .service = names_in(&c->service->names, c->lang) } };

    if (x->answered.outcome != KV_HIT)
        return kv_away(f, "answer to a screen");
    if (yes)
        flow_opened(c);
    flow_leave_idle_to(c, S("/"));
    return answer_page(c, 200, page_device(c->arena, &v));
}

const struct step_row device_act[] = { { session_find }, { flow_need_person }, { look },     { settle }, { take },
                                       { note },         { answer },           { say_done }, { NULL } };

/* ── for a screen that draws no QR code itself ──────────────────────────── */

/* Says nothing that is not in the address: no look-up, so it tells nobody which codes there are. */
static enum step show_screen(struct ctx *c, struct fail *f)
{
    struct str typed = screen_typed(c->arena, param(c, "user_code")), url = c->set->public_url;
    size_t host = str_find(url, S("://"));

    if (typed.p == NULL)
        return fail(f, FAIL_NOT_FOUND, "not_found", "user_code is none");
    struct str code = screen_shown(c->arena, typed);
    struct screen_view v = { .page = page_for(c, url_to(c->arena, S("/device/screen"), S("user_code"), code)),
                             .address = arena_join(c->arena, str_from(url, host < url.n ? host + 3 : 0), S("/device")),
                             .code = code,
                             .url = url_to(c->arena, arena_join(c->arena, url, S("/device")), S("user_code"), code) };

    v.page.me = (struct page_me){ .name = { NULL, 0 } };
    return answer_page(c, 200, page_screen(c->arena, &v));
}

const struct step_row device_screen[] = { { show_screen }, { NULL } };
