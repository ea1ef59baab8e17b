/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/lti/trial.h"

#include "base/log.h"
#include "base/pause.h"
#include "base/settings.h"
#include "certs/signer_client.h"
#include "gateway/gate/gate.h"
#include "gateway/lti/message.h"
#include "gateway/lti/open.h"
#include "wire/http.h"

static const struct str wrong_word = S("digione-gate-wrong"), wrong_deployment = S(GATE_RESERVED "wrong-deployment"),
                        link_id = S("digione-gate"), nobodys = { NULL, 0 };

struct trying { /* c->state */
    struct gate_run run;
    struct lti_hint hint;
    struct kv_got taken, asked, shown;
    struct signed_got token;
};

static struct trying *mine(const struct ctx *c)
{
    return c->state;
}

enum step lti_trial_open(struct ctx *c, struct fail *f)
{
    struct gate_run run;

    if (!gate_find(c, c->service, &run) || run.trial->of != PROTO_LTI)
        return NEXT;
    return lti_go(c, nobodys, lti_deployment(c->service, nobodys), f);
}

static enum step take(struct ctx *c, struct fail *f)
{
    struct trying *t = mine(c);

    (void)f;
    gate_take(c, &t->run, &t->taken);
    gate_mark(c, t->run.id, MARK_ASKED, &t->asked);
    return WAIT;
}

static struct str claims_of(struct ctx *c)
{
    const struct trying *t = mine(c);
    const struct lti_told told = { .role = ROLE_LEARNER };
    const struct lti_message m = {
        .nonce = t->run.trial->alter == ALTER_NONCE ? wrong_word : c->login->nonce,
        .deployment_id = t->run.trial->alter == ALTER_DEPLOYMENT ? wrong_deployment : t->hint.deployment,
        .target_link_uri = t->hint.target,
        .link_id = link_id,
        .link_title = names_in(&c->service->names, c->lang),
        .platform_url = c->set->public_url,
        .lang = c->lang,
        .framed = t->hint.framed != 0,
        .told = &told,
    };

    return message_claims(c->arena, &m);
}

static enum step ask(struct ctx *c, struct fail *f)
{
    struct trying *t = mine(c);

    if (t->taken.outcome == KV_DOWN || t->asked.outcome == KV_DOWN)
        return kv_away(f, "trial");
    if (t->taken.outcome == KV_MISS) /* it was answered before: what comes now is a launch */
        return NEXT;
    struct str claims = claims_of(c);
    if (claims.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "the message is too large");
    signer_gate_lti(c->signer, &c->batch, c->arena, t->run.trial->token, c->service->client_id, claims, &t->token);
    return WAIT;
}

/* The key of a rolled one is shown before its message is told. */
static enum step alter(struct ctx *c, struct fail *f)
{
    struct trying *t = mine(c);
    struct str token = t->token.value, jwk = token;

    if (t->taken.outcome != KV_HIT)
        return NEXT;
    if (!t->token.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", t->token.error);
    (void)str_split(&jwk, ' ', &token);
    t->token.value = gate_token_altered(c->arena, t->run.trial->alter, token);
    t->shown.outcome = KV_HIT;
    if (t->run.trial->token != GATE_TOKEN_ROLLED_KEY)
        return NEXT;
    gate_key_show(c, jwk, &t->shown);
    pause_ask(c->pauses, &c->batch, c->arena, GATE_KEY_SEEN_MS);
    return WAIT;
}

static enum step send(struct ctx *c, struct fail *f)
{
    const struct trying *t = mine(c);

    if (t->taken.outcome != KV_HIT)
        return NEXT;
    if (t->shown.outcome != KV_HIT)
        return kv_away(f, "key of a trial");
    log_event(LOG_INFO, "gate.answered", LOG_C("support_code", c->support_code), LOG_S("service", c->login->service),
              LOG_C("trial", t->run.trial->word));
    return lti_post_message(c, t->token.value);
}

static const struct step_row rows[] = { { take }, { ask }, { alter }, { send }, { NULL } };

enum step lti_trial(struct ctx *c, struct fail *f)
{
    struct fail unreadable = { 0 };
    struct gate_run run;
    struct lti_hint hint;

    (void)f;
    if (!gate_find(c, c->service, &run) || run.trial->of != PROTO_LTI ||
        !hint_open(c, c->login->login_hint, c->login->pushed, &hint, &unreadable) ||
        !str_eq(hint.sid, c->session->sid) || hint.pick != 0)
        return NEXT;
    struct trying *t = c->state = arena_make(c->arena, struct trying);
    t->run = run;
    t->hint = hint;
    return step_into(c, rows);
}
