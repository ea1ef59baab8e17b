/* SPDX-License-Identifier: EUPL-1.2
 * A LogoutRequest of a trial, from us to the service by SOAP, right or wrong on purpose [SAML core 3.7; profiles 4.4].
 * Its session is the one of the right answers of trials; what is wrong is signed by our own key, or by one that signs
 * nothing but such messages. */
#include "gateway/answer.h"
#include "gateway/saml/name_id.h"
#include "gateway/saml/trial.h"
#include "gateway/service_keys.h"
#include "wire/fetch.h"
#include "wire/saml_ask.h"

enum { LOGOUT_LIFE_S = 300, PAST_S = 1200, HEARD = 200, REFUSED = 400 };

static const struct str elsewhere = S("https://wrong-recipient.invalid/slo");

struct leaving { /* c->state */
    struct gate_leaving *told;
    struct upstream_got got;
    const struct saml_service_metadata *peer;
    const struct saml_endpoint *to;
    struct str id;
    struct saml_draft draft;
    struct signed_got signature;
    struct fetch_got answer;
};

static struct leaving *mine(const struct ctx *c)
{
    return c->state;
}

static enum step leave_ask(struct ctx *c, struct fail *f)
{
    struct leaving *l = arena_make(c->arena, struct leaving);

    (void)f;
    l->told = c->state;
    c->state = l;
    peer_ask(c, c->service, false, &l->got);
    return WAIT;
}

static bool is_signed(const struct leaving *l)
{
    return l->told->trial->alter != ALTER_NO_SIGNATURE;
}

/* A key of trials signs what it can see alone. */
static bool encrypts_name(const struct ctx *c)
{
    return str_eq(c->service->saml.encrypts, S("always")) && mine(c)->told->trial->token != GATE_TOKEN_OTHER_KEY;
}

static struct saml_draft draft(struct ctx *c, struct str word, struct fail *f)
{
    struct leaving *l = mine(c);
    const struct gate_trial *t = l->told->trial;
    struct str index = trial_index(c);
    struct saml_logout out = {
        .id = l->id = saml_new_id(c),
        .now_s = c->now_s,
        .ends_s = c->now_s + (t->token == GATE_TOKEN_EXPIRED ? -PAST_S : LOGOUT_LIFE_S),
        .destination = t->alter == ALTER_RECIPIENT ? elsewhere : l->to->location,
        .name = trial_name(c, S(GATE_SUB_RIGHT), word),
        .sessions = &index,
        .session_count = 1,
    };

    return saml_logout_to(c, l->peer, &out, encrypts_name(c), f);
}

static enum step leave_sign(struct ctx *c, struct fail *f)
{
    struct leaving *l = mine(c);
    struct str word;

    l->peer = peer_in_force(c, c->service, &l->got, f);
    l->to = l->peer != NULL ? saml_service_slo(l->peer, SAML_SOAP) : NULL;
    if (l->peer == NULL)
        return REFUSE;
    if (l->to == NULL)
        return fail(f, FAIL_CALLER, "no_way", "its metadata name no SingleLogoutService by SOAP any more");
    (void)name_choose(c->service, l->peer, (struct str){ NULL, 0 }, &word);
    l->draft = draft(c, word, f);
    if (l->draft.text.p == NULL)
        return f->kind != FAIL_NONE ? REFUSE : fail(f, FAIL_OURS, "server_error", "the request is too large");
    l->signature.ok = true;
    if (is_signed(l) && l->told->trial->token == GATE_TOKEN_OTHER_KEY)
        signer_gate_saml(c->signer, &c->batch, c->arena, GATE_KEY_STRAY, l->draft.text, &l->signature);
    else if (is_signed(l))
        signer_saml_text(c->signer, &c->batch, c->arena, saml_alg_of(c->service, l->peer), l->draft.text,
                         &l->signature);
    return WAIT;
}

static enum step leave_post(struct ctx *c, struct fail *f)
{
    struct leaving *l = mine(c);

    return saml_soap_send(c, l->to->location, &l->draft, &l->signature, "gate:", &l->answer, f);
}

/* In the terms of gate_judge_leaving(): Success is "took", however it is signed, since whoever says so of a wrong
 * message has believed it; any other answer in SOAP, a Fault too, whose HTTP status is 500 [SOAP 1.1 6.2], is no. */
static int status_of(struct ctx *c, const struct leaving *l, bool *nobody)
{
    struct saml_ask *message;
    struct saml_logged_out said;
    struct fail why = { 0 };
    const struct saml_ask_rules rules = saml_answer_rules(c, l->peer, l->to->location, l->id);

    if (!l->answer.answered)
        return 0;
    if (!saml_ask_soap(c->arena, l->answer.body, 0, &message, &why)) {
        bool fault = str_find(l->answer.body, S("Fault>")) < l->answer.body.n;
        return fault || l->answer.status == HEARD ? REFUSED : l->answer.status;
    }
    if (saml_ask_kind(message) != SAML_ASK_LOGGED_OUT || !saml_ask_logged_out(message, &rules, &said, &why))
        return REFUSED;
    *nobody = saml_knows_nobody(&said);
    return said.success && !said.partial ? HEARD : REFUSED;
}

static enum step leave_heard(struct ctx *c, struct fail *f)
{
    struct leaving *l = mine(c);

    (void)f;
    l->told->status = status_of(c, l, &l->told->nobody);
    c->state = l->told;
    return NEXT;
}

const struct step_row saml_trial_leave[] = { { leave_ask }, { leave_sign }, { leave_post }, { leave_heard }, { NULL } };
