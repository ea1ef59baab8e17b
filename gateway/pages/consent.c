/* SPDX-License-Identifier: EUPL-1.2
 * The page between a login that is allowed and its answer: what the service would be told, asked or shown (consent.h).
 *
 * A yes is a form of this session's (csrf), in no frame (frame-ancestors), for what the page named: what would be told
 * by now besides is asked again. */
#include "gateway/consent.h"

#include "base/crypt.h"
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/pages/tells.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/session.h"
#include "launcher/pages.h"
#include "wire/form.h"
#include "wire/http.h"

static struct str param(const struct ctx *c, const char *name)
{
    return form_get(c->req->method == HTTP_POST ? c->body : c->query, str_of(name));
}

/* ── rows that both begin with ──────────────────────────────────────────── */

static enum step find(struct ctx *c, struct fail *f)
{
    struct str id = param(c, "login");

    (void)f;
    return str_is_set(id) ? login_find(c, id) : flow_bookmark(c);
}

static enum step check(struct ctx *c, struct fail *f)
{
    (void)f;
    return c->login != NULL ? NEXT : flow_expired(c);
}

/* What became due since the login came here, may have become nothing. */
static enum step look(struct ctx *c, struct fail *f)
{
    struct consent_look *x = arena_make(c->arena, struct consent_look);
    enum step on = DONE;
    bool asked;

    c->state = x;
    if (!flow_at_consent(c, &on, f))
        return on;
    if (!consent_look_up(c, flow_decision(c), x, &asked, f))
        return REFUSE;
    return asked ? WAIT : flow_consented(c, f);
}

/* ── the page ───────────────────────────────────────────────────────────── */

static enum step show(struct ctx *c, struct fail *f)
{
    const struct consent_look *x = c->state;
    struct consent_view v = { .page = page_for(c, url_to(c->arena, S("/consent"), S("login"), c->login->id)),
                              .asks = x->now.kind == CONSENT_GIVEN,
                              .grew = consent_fresh(x).bits != 0,
                              .login = c->login->id,
                              .told = consent_words(c->arena, x->now.claims),
                              .of = tells_of(c, x->now.claims) };

    (void)f;
    tells_changed(c, x, &v.of);
    flow_leave_idle_to(c, S("/"));
    return answer_page(c, 200, page_consent(c->arena, &v));
}

const struct step_row consent_page[] = { { find }, { check }, { session_find }, { flow_test_person },
                                         { look }, { show },  { NULL } };

/* ── the answer ─────────────────────────────────────────────────────────── */

static enum step refuse(struct ctx *c, struct fail *f)
{
    const struct consent_look *x = c->state;

    (void)f;
    if (x->now.kind != CONSENT_GIVEN)
        return NEXT;
    flow_audit(c, "consent_refused", flow_decision(c)->rule, consent_words(c->arena, x->now.claims),
               (struct str){ NULL, 0 });
    return WAIT;
}

static enum step refused(struct ctx *c, struct fail *f)
{
    const struct consent_look *x = c->state;

    return x->now.kind != CONSENT_GIVEN || flow_audited(c, f) ? flow_cancel(c, f) : REFUSE;
}

static const struct step_row say_no[] = { { refuse }, { refused }, { NULL } };

static enum step keep(struct ctx *c, struct fail *f)
{
    struct consent_look *x = c->state;

    if (!consent_keep(c, x, f))
        return REFUSE;
    flow_audit(c, x->now.kind == CONSENT_GIVEN ? "consent" : "informed", flow_decision(c)->rule,
               consent_words(c->arena, x->now.claims), (struct str){ NULL, 0 });
    return WAIT;
}

static enum step kept(struct ctx *c, struct fail *f)
{
    if (!consent_kept(c->state, f) || !flow_audited(c, f))
        return REFUSE;
    return flow_consented(c, f);
}

static const struct step_row say_yes[] = { { keep }, { kept }, { NULL } };

static enum step act(struct ctx *c, struct fail *f)
{
    struct consent_look *x = c->state;
    struct claim_set shown = consent_claims(param(c, "told"));
    bool ours = crypt_eq(c->session->csrf, param(c, "csrf"));

    if (ours && str_eq(param(c, "act"), S("no")))
        return step_into(c, say_no);
    if (!ours || !str_eq(param(c, "act"), S("yes")) || (x->now.claims.bits & ~shown.bits) != 0)
        return show(c, f);
    return step_into(c, say_yes);
}

const struct step_row consent_act[] = { { find }, { check }, { session_find }, { flow_test_person },
                                        { look }, { act },   { NULL } };
