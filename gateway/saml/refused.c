/* SPDX-License-Identifier: EUPL-1.2
 * A service hears that nobody is signed in, and why: a Response with a status, signed.  [SAML core 3.2.2, IIP-IDP05]
 *
 * Where a failure is known nobody can be asked any more, and the signer must be: what is to be told travels sealed in
 * an address of ours. */
#include "gateway/saml/saml.h"

#include "base/codec.h"
#include "base/log.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"

#include <string.h>

enum { TOLD_MAX_B = 16384, ADDRESS_MAX_B = 32768, MESSAGE_MAX_B = 512 };

static const struct str place = S("saml refusal");

/* ── codes and statuses ─────────────────────────────────────────────────── */

static const struct status_row {
    const char *code;
    enum saml_status status, inner;
} statuses[] = {
    { "access_denied", SAML_RESPONDER, SAML_REQUEST_DENIED },
    { "unauthorized_client", SAML_RESPONDER, SAML_REQUEST_DENIED },
    { "interaction_required", SAML_RESPONDER, SAML_NO_PASSIVE },
    { "consent_required", SAML_RESPONDER, SAML_NO_PASSIVE },
    { "account_selection_required", SAML_RESPONDER, SAML_NO_PASSIVE },
    { "login_required", SAML_RESPONDER, SAML_NO_PASSIVE },
    { "unmet_authentication_requirements", SAML_RESPONDER, SAML_NO_AUTHN_CONTEXT },
    { "invalid_name_id_policy", SAML_REQUESTER, SAML_INVALID_NAME_ID_POLICY },
    { "unknown_principal", SAML_RESPONDER, SAML_UNKNOWN_PRINCIPAL },
    { "proxy_count_exceeded", SAML_RESPONDER, SAML_PROXY_COUNT_EXCEEDED },
    { "no_supported_idp", SAML_RESPONDER, SAML_NO_SUPPORTED_IDP },
    { "invalid_request", SAML_REQUESTER, SAML_NO_STATUS },
};
static const struct status_row ours = { "", SAML_RESPONDER, SAML_NO_STATUS };
static const struct status_row not_signed_in = { "", SAML_RESPONDER, SAML_AUTHN_FAILED };

/* Without IsPassive, whoever was not signed in has given it up, or is somebody else than was asked for. */
static const struct status_row *status_of(const struct ctx *c, const char *code)
{
    bool passive = (c->login->prompt & PROMPT_NONE) != 0;

    if (!passive &&
        (strcmp(code, "login_required") == 0 || (strcmp(code, "access_denied") == 0 && c->fail.kind == FAIL_NONE)))
        return &not_signed_in;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (strcmp(statuses[i].code, code) == 0)
            return &statuses[i];
    return &ours;
}

/* ── what is told, sealed ───────────────────────────────────────────────── */

struct refusal_told {
    struct str service, answer_to, relay, request, message;
    int64_t status, inner, until_s;
};

static const struct json_field fields[] = {
    FIELD(refusal_told, service, JSON_STR, true, 128),
    FIELD(refusal_told, answer_to, JSON_STR, true, 0),
    FIELD(refusal_told, relay, JSON_STR, false, 0),
    FIELD(refusal_told, request, JSON_STR, false, 0),
    FIELD(refusal_told, message, JSON_STR, false, 0),
    FIELD(refusal_told, status, JSON_INT, true, 0),
    FIELD(refusal_told, inner, JSON_INT, true, 0),
    FIELD(refusal_told, until_s, JSON_INT, true, 0),
    { 0 },
};

static struct str written(struct ctx *c, const struct refusal_told *t)
{
    struct json_out o = json_out(c->arena, TOLD_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("service"), t->service);
    json_put_str(&o, S("answer_to"), t->answer_to);
    json_put_str(&o, S("relay"), t->relay);
    json_put_str(&o, S("request"), t->request);
    json_put_str(&o, S("message"), t->message);
    json_put_int(&o, S("status"), t->status);
    json_put_int(&o, S("inner"), t->inner);
    json_put_int(&o, S("until_s"), t->until_s);
    json_end_object(&o);
    return json_done(&o);
}

static struct str description(const struct ctx *c, const char *code)
{
    struct fail why = c->fail;

    if (why.kind == FAIL_NONE)
        (void)fail(&why, FAIL_CALLER, code, "nobody was signed in");
    return answer_description(c, &why);
}

void saml_refuse(struct ctx *c, const char *code)
{
    const struct login *l = c->login;
    const struct status_row *row = status_of(c, code);
    const struct refusal_told t = { .service = l->service,
                                    .answer_to = l->answer_to,
                                    .relay = l->state_out,
                                    .request = l->nonce,
                                    .message = str_sub(description(c, code), 0, MESSAGE_MAX_B),
                                    .status = row->status,
                                    .inner = row->inner,
                                    .until_s = c->now_s + c->set->login_life_s };
    struct buf b = buf_new(c->arena, ADDRESS_MAX_B);

    buf_add(&b, S("/saml/answer"));
    url_query(&b, S("told"),
              b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, place, written(c, &t))));
    (void)answer_go(c, buf_str(&b));
}

enum step saml_told(struct ctx *c, const char *code, const char *detail)
{
    struct fail *why = arena_make(c->arena, struct fail);

    (void)fail(why, FAIL_CALLER, code, "%s", detail);
    c->away = why;
    log_event(LOG_INFO, "login.not_answered", LOG_C("support_code", c->support_code),
              LOG_S("service", c->login->service), LOG_C("code", code), LOG_C("why", why->detail));
    c->fail = *why;
    saml_refuse(c, code);
    c->fail = (struct fail){ .kind = FAIL_NONE };
    return DONE;
}

/* ── the path of ours ───────────────────────────────────────────────────── */

struct refusing { /* c->state */
    struct refusal_told told;
    struct upstream_got got;
    struct saml_draft draft;
    struct signed_got signature;
};

static enum step open_told(struct ctx *c, struct fail *f)
{
    struct refusing *x = c->state = arena_make(c->arena, struct refusing);
    struct str sealed, plain;
    struct fail why = { 0 };

    if (!b64url_decode(c->arena, form_get(c->query, S("told")), &sealed) ||
        !seal_open(c->arena, c->seals, SEAL_COOKIE, place, sealed, &plain) ||
        !json_read(c->arena, plain, fields, &x->told, &why) || x->told.until_s <= c->now_s)
        return fail(f, FAIL_CALLER, "invalid_request", "told is none of ours, or too old");
    c->service = registry_service(c->registry, x->told.service);
    if (c->service == NULL || !c->service->enabled || c->service->protocol != PROTO_SAML)
        return fail(f, FAIL_CALLER, "invalid_request", "the service was taken away since it asked");
    peer_ask(c, c->service, false, &x->got);
    return WAIT;
}

static enum step sign_told(struct ctx *c, struct fail *f)
{
    struct refusing *x = c->state;
    const struct saml_service_metadata *p = peer_in_force(c, c->service, &x->got, f);

    if (p == NULL)
        return REFUSE;
    if (!peer_takes_at(p, x->told.answer_to))
        return fail(f, FAIL_CALLER, "invalid_request", "the AssertionConsumerService is no longer in its metadata");
    const struct saml_response r = { .id = saml_new_id(c),
                                     .now_s = c->now_s,
                                     .issuer = saml_us(c),
                                     .destination = x->told.answer_to,
                                     .in_response_to = x->told.request,
                                     .status = (enum saml_status)x->told.status,
                                     .inner = (enum saml_status)x->told.inner,
                                     .message = x->told.message };
    x->draft = saml_response_draft(c->arena, &r);
    if (x->draft.text.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "the response is too large");
    signer_saml_text(c->signer, &c->batch, c->arena, saml_alg_of(c->service, p), x->draft.text, &x->signature);
    return WAIT;
}

static enum step send_told(struct ctx *c, struct fail *f)
{
    struct refusing *x = c->state;

    if (!x->signature.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", x->signature.error);
    return saml_post(c, c->service, x->told.answer_to, "SAMLResponse",
                     saml_sealed(c->arena, &x->draft, x->signature.value), x->told.relay);
}

const struct step_row saml_refused[] = { { open_told }, { sign_told }, { send_told }, { NULL } };
