/* SPDX-License-Identifier: EUPL-1.2
 * A service hears that a session is over: a LogoutRequest from us to it (SOAP), or with the browser of whoever leaves
 * (Redirect, POST).  [SAML core 3.7, profiles 4.4, bindings 3.2] */
#include "gateway/saml/saml.h"

#include "gateway/answer.h"
#include "gateway/saml/name_id.h"
#include "gateway/service_keys.h"
#include "model/pairwise.h"
#include "wire/fetch.h"
#include "wire/saml_ask.h"
#include "wire/saml_write.h"

enum { LOGOUT_LIFE_S = 300 };

#define REASON_USER "urn:oasis:names:tc:SAML:2.0:logout:user"

struct leaving { /* c->state, once it is under way */
    struct leaver who;
    struct leave_trip trip;
    struct upstream_got got;
    const struct saml_service_metadata *peer;
    const struct saml_endpoint *to;
    struct saml_name names[TOLD_NAMES_MAX]; /* by which it was told of them */
    size_t name_count, turn;                /* the one that it hears now */
    struct str id, query;
    struct saml_draft draft;
    struct signed_got signature;
    struct fetch_got answer;
};

static struct leaving *mine(const struct ctx *c)
{
    return c->state;
}

static const struct saml_endpoint *slo_of(const struct ctx *c, const struct service *s, enum saml_binding by)
{
    const struct saml_service_metadata *p = peer_kept(c, s);

    return p != NULL ? saml_service_slo(p, by) : NULL;
}

bool saml_hears(const struct ctx *c, const struct service *s)
{
    return !s->saml.signs_out_by_browser && slo_of(c, s, SAML_SOAP) != NULL;
}

bool saml_hears_by_trip(const struct ctx *c, const struct service *s)
{
    return slo_of(c, s, SAML_REDIRECT) != NULL || slo_of(c, s, SAML_POST) != NULL;
}

/* Whose row wants everything encrypted is told the name so, too; what its metadata alone make encrypted is the
 * assertion, for few read an EncryptedID [core 3.7.1]. */
static bool encrypts_name(const struct service *s)
{
    return str_eq(s->saml.encrypts, S("always"));
}

static void recall_names(struct ctx *c, struct leaving *l)
{
    l->name_count = names_kept(c, c->service, l->who.told,
                               pairwise_sub(c->arena, c->seals, l->who.person, c->service->vendor), l->names);
}

struct saml_draft saml_logout_to(struct ctx *c, const struct saml_service_metadata *is, struct saml_logout *out,
                                 bool encrypts_name, struct fail *f)
{
    out->issuer = saml_us(c);
    if (encrypts_name) {
        out->encrypted = saml_encrypted(c, is, "saml:EncryptedID", saml_name_write(c->arena, &out->name), f);
        if (out->encrypted.p == NULL)
            return (struct saml_draft){ .text = { NULL, 0 } };
    }
    return saml_logout_draft(c->arena, out);
}

/* An absent text: *f says why. */
static struct saml_draft draft(struct ctx *c, const struct leaving *l, struct fail *f)
{
    struct str index = pairwise_sid(c->arena, c->seals, l->who.sid, c->service->vendor);
    struct saml_logout out = {
        .id = l->id,
        .now_s = c->now_s,
        .ends_s = c->now_s + LOGOUT_LIFE_S,
        .destination = l->to->location,
        .reason = S(REASON_USER),
        .name = l->names[l->turn],
        .sessions = &index,
        .session_count = 1,
    };

    return saml_logout_to(c, l->peer, &out, encrypts_name(c->service), f);
}

/* ── from us to it ──────────────────────────────────────────────────────── */

static enum step soap_ask(struct ctx *c, struct fail *f)
{
    const struct leaver *who = c->state;
    struct leaving *l = arena_make(c->arena, struct leaving);

    (void)f;
    l->who = *who;
    recall_names(c, l);
    c->state = l;
    peer_ask(c, c->service, false, &l->got);
    return WAIT;
}

static enum step soap_sign(struct ctx *c, struct fail *f)
{
    struct leaving *l = mine(c);

    l->peer = peer_in_force(c, c->service, &l->got, f);
    if (l->peer == NULL)
        return REFUSE;
    l->to = saml_service_slo(l->peer, SAML_SOAP);
    if (l->to == NULL)
        return fail(f, FAIL_CALLER, "no_way", "its metadata name no SingleLogoutService by SOAP any more");
    l->id = saml_new_id(c);
    l->draft = draft(c, l, f);
    if (l->draft.text.p == NULL)
        return f->kind != FAIL_NONE ? REFUSE : fail(f, FAIL_OURS, "server_error", "the request is too large");
    signer_saml_text(c->signer, &c->batch, c->arena, saml_alg_of(c->service, l->peer), l->draft.text, &l->signature);
    return WAIT;
}

enum step saml_soap_send(struct ctx *c, struct str url, const struct saml_draft *draft,
                         const struct signed_got *signature, const char *place, struct fetch_got *out, struct fail *f)
{
    if (!signature->ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", signature->error);
    const struct fetch_request request = {
        .purpose = FETCH_NOTICE,
        .post = true,
        .test = service_is_near(c->registry, c->service),
        .url = url,
        .body = saml_soap_write(c->arena, saml_sealed(c->arena, draft, signature->value)),
        .content_type = S("text/xml; charset=utf-8"),
        .accept = S("text/xml"),
        .place = arena_join(c->arena, str_of(place), c->service->id),
    };
    fetch_ask(c->fetch, &c->batch, c->arena, &request, out);
    return WAIT;
}

struct saml_ask_rules saml_answer_rules(struct ctx *c, const struct saml_service_metadata *is, struct str here,
                                        struct str id)
{
    return (struct saml_ask_rules){ .keys = peer_keys(c, c->service, is),
                                    .issuer = c->service->saml.entity_id,
                                    .here = here,
                                    .us = saml_us(c),
                                    .now_s = c->now_s,
                                    .skew_s = c->service->saml.skew_s,
                                    .request_id = id };
}

static enum step soap_post(struct ctx *c, struct fail *f)
{
    struct leaving *l = mine(c);

    return saml_soap_send(c, l->to->location, &l->draft, &l->signature, "leave:", &l->answer, f);
}

/* Worth another try: what a service says of itself for a while [RFC 9110 15.6]. */
static bool is_passing(int status)
{
    return status >= 500 || status == 408 || status == 425 || status == 429;
}

bool saml_knows_nobody(const struct saml_logged_out *said)
{
    return str_has_suffix(said->inner, S(":UnknownPrincipal")) || str_has_suffix(said->status, S(":UnknownPrincipal"));
}

/* Of a name that it was told; another (all that is left of a session that was over before) may mean nobody there. */
static bool is_gone_already(const struct leaving *l, const struct saml_logged_out *said)
{
    return str_is_set(l->who.told) && saml_knows_nobody(said);
}

static enum step soap_judge(struct ctx *c, struct fail *f)
{
    struct leaving *l = mine(c);
    struct saml_ask *message;
    struct saml_logged_out said;
    struct fail why = { 0 };
    const struct saml_ask_rules rules = saml_answer_rules(c, l->peer, l->to->location, l->id);

    if (!l->answer.answered)
        return fail(f, FAIL_UPSTREAM, "unreachable", "%s", l->answer.error);
    if (l->answer.status != 200 && is_passing(l->answer.status))
        return fail(f, FAIL_UPSTREAM, "away", "HTTP status %d", l->answer.status);
    if (l->answer.status != 200)
        return fail(f, FAIL_CALLER, "refused", "HTTP status %d", l->answer.status);
    if (!saml_ask_soap(c->arena, l->answer.body, 0, &message, &why) || saml_ask_kind(message) != SAML_ASK_LOGGED_OUT ||
        !saml_ask_logged_out(message, &rules, &said, &why))
        return fail(f, FAIL_CALLER, "refused", "its answer: %s: %s", why.code != NULL ? why.code : "no LogoutResponse",
                    why.detail);
    if ((!said.success || said.partial) && !is_gone_already(l, &said))
        return fail(f, FAIL_CALLER, "refused", "status %.*s %.*s", STR_ARG(said.status), STR_ARG(said.inner));
    return ++l->turn < l->name_count ? NEXT : DONE;
}

/* Its session may be under any name that it was told, and many say Success of a name that they do not know: it has
 * heard when it has heard of each. */
#define BY_ONE_NAME                                                                                                    \
    { soap_sign }, { soap_post },                                                                                      \
    {                                                                                                                  \
        soap_judge                                                                                                     \
    }
const struct step_row saml_leave[] = { { soap_ask }, BY_ONE_NAME, BY_ONE_NAME, BY_ONE_NAME, { NULL } };
_Static_assert(TOLD_NAMES_MAX == 3, "as many times");

/* ── with the browser ───────────────────────────────────────────────────── */

static enum step trip_ask(struct ctx *c, struct fail *f)
{
    const struct leave_trip *trip = c->state;
    struct leaving *l = arena_make(c->arena, struct leaving);

    (void)f;
    l->trip = *trip;
    l->who = trip->who;
    recall_names(c, l);
    l->turn = trip->turn < l->name_count ? trip->turn : l->name_count - 1;
    c->state = l;
    peer_ask(c, c->service, false, &l->got);
    return WAIT;
}

/* A frame takes no POST of ours: its page would have to stand in a frame. */
static enum step trip_sign(struct ctx *c, struct fail *f)
{
    struct leaving *l = mine(c);

    l->peer = peer_in_force(c, c->service, &l->got, f);
    if (l->peer == NULL)
        return REFUSE;
    enum jose_alg alg = saml_alg_of(c->service, l->peer);
    l->to = saml_service_slo(l->peer, SAML_REDIRECT);
    bool redirect = l->to != NULL;
    if (!redirect && !l->trip.framed)
        l->to = saml_service_slo(l->peer, SAML_POST);
    if (l->to == NULL)
        return fail(f, FAIL_CALLER, "no_way",
                    "its metadata name no SingleLogoutService that a browser could be sent to");
    l->id = arena_join(c->arena, S("_"), l->trip.id);
    l->draft = draft(c, l, f);
    if (l->draft.text.p == NULL)
        return f->kind != FAIL_NONE ? REFUSE : fail(f, FAIL_OURS, "server_error", "the request is too large");
    if (redirect) {
        l->query = saml_query_draft(c->arena, l->draft.text, false, l->trip.relay,
                                    alg == JOSE_ES256 ? SAML_QUERY_ECDSA_SHA256 : SAML_QUERY_RSA_SHA256);
        signer_query_by(c->signer, &c->batch, c->arena, alg, l->query, &l->signature);
    } else {
        signer_saml_text(c->signer, &c->batch, c->arena, alg, l->draft.text, &l->signature);
    }
    return WAIT;
}

static enum step trip_go(struct ctx *c, struct fail *f)
{
    struct leaving *l = mine(c);

    if (!l->signature.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", l->signature.error);
    if (str_is_set(l->query))
        return answer_go(c, saml_redirect_url(c->arena, l->to->location, l->query, l->signature.value));
    return saml_post(c, c->service, l->to->location, "SAMLRequest",
                     saml_sealed(c->arena, &l->draft, l->signature.value), l->trip.relay);
}

const struct step_row saml_leave_go[] = { { trip_ask }, { trip_sign }, { trip_go }, { NULL } };
