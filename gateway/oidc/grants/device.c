/* SPDX-License-Identifier: EUPL-1.2
 * A screen polls for what somebody answers at a browser of their own.  [RFC 8628 3.4, 3.5]
 *
 * The tokens are of the session of whoever said yes, and end with it. */
#include "gateway/oidc/grants/int.h"
#include "gateway/session/screen.h"
#include "gateway/session/session.h"
#include "wire/form.h"

struct polling { /* g->own */
    struct screen_poll poll;
    struct kv_got session;
};

static struct polling *mine(const struct ctx *c)
{
    return ((const struct granting *)c->state)->own;
}

static enum step ask(struct ctx *c, struct fail *f)
{
    struct granting *g = c->state;
    struct polling *x = g->own = arena_make(c->arena, struct polling);
    struct str code = form_get(c->body, S("device_code"));

    if (!str_is_set(code))
        return fail(f, FAIL_CALLER, "invalid_request", "device_code is missing");
    screen_ask(c, code, &x->poll);
    return WAIT;
}

/* ── nobody has answered yet ────────────────────────────────────────────── */

static enum step pace(struct ctx *c, struct fail *f)
{
    (void)f;
    screen_pace(c, &mine(c)->poll);
    return WAIT;
}

static enum step count_slow(struct ctx *c, struct fail *f)
{
    struct screen_poll *p = &mine(c)->poll;

    if (p->pace.outcome == KV_DOWN)
        return kv_away(f, "pace");
    if (p->pace.outcome == KV_MISS)
        return fail(f, FAIL_CALLER, "authorization_pending", "nobody has answered at the page for user_code yet");
    screen_count_slow(c, p);
    return WAIT;
}

static enum step slow_down(struct ctx *c, struct fail *f)
{
    (void)c;
    return fail(f, FAIL_CALLER, "slow_down", "device_code comes too often: wait %d seconds longer between polls",
                SCREEN_SLOWER_S);
}

static const struct step_row waiting[] = { { pace }, { count_slow }, { slow_down }, { NULL } };

/* ── somebody has ───────────────────────────────────────────────────────── */

static enum step settle(struct ctx *c, struct fail *f)
{
    struct polling *x = mine(c);
    enum screen_says says = screen_says(c, &x->poll, f);

    if (says == SCREEN_AWAY)
        return REFUSE;
    if (says == SCREEN_UNKNOWN)
        return grant_bad(f, "device_code is unknown, was redeemed before, or has expired long ago");
    if (!str_eq(x->poll.screen.service, c->service->id))
        return grant_bad(f, "device_code is another service's");
    if (says == SCREEN_EXPIRED)
        return fail(f, FAIL_CALLER, "expired_token", "device_code has expired: ask for another one");
    if (says == SCREEN_WAITS)
        return step_into(c, waiting);
    screen_take(c, &x->poll);
    if (says == SCREEN_ALLOWED)
        session_ask(c, x->poll.session, &x->session);
    return WAIT;
}

static enum step grant(struct ctx *c, struct fail *f)
{
    struct granting *g = c->state;
    struct polling *x = mine(c);
    const struct screen_poll *p = &x->poll;

    if (p->taken.outcome == KV_DOWN)
        return kv_away(f, "device code");
    if (p->taken.outcome == KV_MISS)
        return grant_bad(f, "device_code was redeemed before");
    if (!str_is_set(p->session))
        return fail(f, FAIL_CALLER, "access_denied", "whoever was asked at the page for user_code has said no");
    c->session = session_of(c, p->session, &x->session, f);
    if (c->session == NULL)
        return f->kind != FAIL_NONE ? REFUSE
                                    : (enum step)grant_bad(f, "the person's session has ended since they answered");
    if (!grant_person(c, p->answered_s, (struct str){ NULL, 0 }, f))
        return REFUSE;
    g->scope = p->screen.scope;
    g->resources = p->screen.resources;
    g->consented = p->consented;
    g->lang = p->screen.lang;
    g->session = p->session;
    g->id_token = g->refresh = true;
    return NEXT;
}

const struct step_row grant_device[] = { { ask }, { settle }, { grant }, { NULL } };
