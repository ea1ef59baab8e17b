/* SPDX-License-Identifier: EUPL-1.2
 * A service asks for a sign-in: an AuthnRequest by Redirect or POST becomes a login.  [SAML core 3.4, profiles 4.1.4.1]
 */
#include "gateway/saml/saml.h"

#include "base/settings.h"
#include "certs/content_key.h"
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/saml/contexts.h"
#include "gateway/saml/name_id.h"
#include "gateway/saml/trial.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/session.h"
#include "gateway/tally.h"
#include "registry/targets.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/saml_ask.h"

struct asking { /* c->state */
    struct saml_ask *message;
    struct upstream_got got;
    const struct saml_service_metadata *peer;
    struct saml_login_asked said;
    bool again;             /* the first try failed by the keys that were kept */
    struct content_key key; /* of a Subject's EncryptedID */
};

static struct asking *mine(const struct ctx *c)
{
    return c->state;
}

/* ── who asks: until that is known, nothing goes back ───────────────────── */

static enum step find_service(struct ctx *c, struct fail *f)
{
    struct str issuer = saml_ask_issuer(mine(c)->message);

    if (saml_ask_kind(mine(c)->message) != SAML_ASK_LOGIN)
        return fail_told(f, FAIL_CALLER, "invalid_request", "the message is no AuthnRequest",
                         "the message is no AuthnRequest");
    check_passed(c, CHECK_message);
    c->service_named = issuer;
    c->service = registry_service_entity(c->registry, issuer);
    if (c->service == NULL)
        return fail_told(f, FAIL_CALLER, "invalid_request", "Issuer is no service that is known here",
                         "unknown service: none has the entityID \"%.*s\"", STR_ARG(issuer));
    if (!c->service->enabled)
        return fail_told(f, FAIL_CALLER, "unauthorized_client", "the service is switched off",
                         "the service is switched off");
    if (!saml_face_fits(c, f))
        return REFUSE;
    check_passed(c, CHECK_issuer);
    peer_ask(c, c->service, false, &mine(c)->got);
    return WAIT;
}

static bool prove(struct ctx *c, struct fail *f)
{
    struct asking *a = mine(c);
    const struct service *s = c->service;

    a->peer = peer_in_force(c, s, &a->got, f);
    if (a->peer == NULL)
        return false;
    const struct saml_ask_rules rules = { .keys = peer_keys(c, s, a->peer),
                                          .issuer = s->saml.entity_id,
                                          .here = saml_here(c, SAML_PATH_SSO),
                                          .us = saml_us(c),
                                          .now_s = c->now_s,
                                          .skew_s = s->saml.skew_s,
                                          .must_be_signed = s->saml.requests_signed || a->peer->signs_requests };
    if (!saml_ask_login(a->message, &rules, &a->said, f))
        return false;
    peer_used_key(c, s, a->peer, a->said.key);
    return true;
}

/* A signature that no kept key made may be of a key that is new. */
static enum step read_once(struct ctx *c, struct fail *f)
{
    struct asking *a = mine(c);
    struct fail why = { 0 };

    if (prove(c, &why))
        return NEXT;
    if (!upstream_service_fetched(c->service) || !str_has_prefix(str_of(why.code), S("sig_"))) {
        *f = why;
        return REFUSE;
    }
    a->again = true;
    peer_ask(c, c->service, true, &a->got);
    return WAIT;
}

static enum step read_again(struct ctx *c, struct fail *f)
{
    return !mine(c)->again || prove(c, f) ? passed(c, CHECK_authentic) : REFUSE;
}

/* Out of its metadata alone [IIP-IDP12, SDP-IDP06]; from here on it hears what is wrong. */
static enum step begin_login(struct ctx *c, struct fail *f)
{
    struct asking *a = mine(c);
    const struct saml_endpoint *acs =
        saml_service_acs(a->peer, a->said.acs_url, a->said.acs_binding, a->said.acs_index);

    if (acs == NULL)
        return fail_told(
            f, FAIL_CALLER, "invalid_request",
            "the AssertionConsumerService that is asked for is none that the metadata of the service name, "
            "by HTTP-POST",
            "acs: \"%.*s\", binding \"%.*s\", index %lld are none of its metadata by HTTP-POST",
            STR_ARG(a->said.acs_url), STR_ARG(a->said.acs_binding), (long long)a->said.acs_index);
    c->login = login_new(c, PROTO_SAML);
    c->login->service = c->service->id;
    c->login->answer_to = acs->location;
    c->login->nonce = a->said.id;
    c->login->state_out = saml_ask_relay_state(a->message);
    c->login->redirect_checked = true;
    if (a->said.passive) /* looked at first: it decides how everything after it may be answered */
        c->login->prompt |= PROMPT_NONE;
    if (a->said.force)
        c->login->prompt |= PROMPT_LOGIN;
    return passed(c, CHECK_acs);
}

/* ── what is asked ──────────────────────────────────────────────────────── */

static enum step check_name(struct ctx *c, struct fail *f)
{
    const struct asking *a = mine(c);
    struct str sp = a->said.policy.sp_qualifier;

    if (str_is_set(sp) && !str_eq(sp, c->service->saml.entity_id))
        return fail(f, FAIL_CALLER, "invalid_name_id_policy", "SPNameQualifier names an affiliation: none is known");
    if (!name_choose(c->service, a->peer, a->said.policy.format, &c->login->scope))
        return fail(f, FAIL_CALLER, "invalid_name_id_policy", "NameIDPolicy: Format \"%.*s\" is not told here",
                    STR_ARG(a->said.policy.format));
    if (str_eq(c->login->scope, S("email")) && !claim_in(c->service->asks, CLAIM_EMAIL))
        return fail(f, FAIL_CALLER, "invalid_name_id_policy", "NameIDPolicy: the service is not told e-mail addresses");
    return passed(c, CHECK_name_id_policy);
}

static enum step key_ask(struct ctx *c, struct fail *f)
{
    (void)f;
    return content_key_ask(c->signer, &c->batch, c->arena, &mine(c)->key) ? WAIT : NEXT;
}

/* What does not open is nobody whom we know. */
static enum step key_use(struct ctx *c, struct fail *f)
{
    struct asking *a = mine(c);
    enum content_key_state state = content_key_look(&a->key);
    struct fail unreadable = { 0 };

    if (state == CONTENT_KEY_AWAY)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", a->key.got.error);
    if (state != CONTENT_KEY_FITS || !saml_ask_named(a->message, a->key.got.value, &a->said.subject, &unreadable))
        return NEXT;
    if (a->key.got.retired)
        tally_add(c->service_tally, c->service->id, S(TALLY_OLDER_KEY), c->now_s);
    return NEXT;
}

static const struct step_row open_name[] = { CONTENT_KEY_ROWS(key_ask, key_use), { NULL } };

/* For who has proven who they are alone: our private key works for nobody else. */
static enum step open_subject(struct ctx *c, struct fail *f)
{
    struct asking *a = mine(c);

    if (a->said.wrapped == NULL)
        return NEXT;
    if (!a->said.is_signed)
        return fail(f, FAIL_CALLER, "unknown_principal", "Subject: an EncryptedID is opened in a signed request alone");
    a->key.of = a->said.wrapped;
    return step_into(c, open_name);
}

/* Whom it wants to see signed in, by the pseudonym that it knows [core 3.4.1]. */
static enum step check_subject(struct ctx *c, struct fail *f)
{
    const struct saml_login_asked *said = &mine(c)->said;

    if (!said->has_subject)
        return passed(c, CHECK_subject);
    if (!str_is_set(said->subject.value) || !str_eq(said->subject.format, name_format(S(NAME_PERSISTENT))))
        return fail(f, FAIL_CALLER, "unknown_principal", "Subject: nobody is known by that name");
    c->login->hint_sub = said->subject.value;
    return passed(c, CHECK_subject);
}

static enum step check_contexts(struct ctx *c, struct fail *f)
{
    static const enum context_comparison how[] = { [SAML_EXACT] = CONTEXT_EXACT,
                                                   [SAML_MINIMUM] = CONTEXT_MINIMUM,
                                                   [SAML_MAXIMUM] = CONTEXT_MAXIMUM,
                                                   [SAML_BETTER] = CONTEXT_BETTER };
    const struct saml_login_asked *said = &mine(c)->said;
    struct strs asked = { NULL, 0 };

    if (said->declarations)
        return fail(f, FAIL_CALLER, "unmet_authentication_requirements",
                    "RequestedAuthnContext: declarations are not known here");
    for (size_t i = 0; i < said->context_count; i++) {
        if (str_find_byte(said->contexts[i], ' ', 0) < said->contexts[i].n)
            return fail(f, FAIL_CALLER, "unmet_authentication_requirements",
                        "RequestedAuthnContext: a class reference is no URI");
        strs_add(c->arena, &asked, said->contexts[i]);
    }
    return contexts_demand(c->arena, how[said->comparison], &asked, c->login)
               ? passed(c, CHECK_contexts)
               : fail(f, FAIL_CALLER, "unmet_authentication_requirements",
                      "RequestedAuthnContext: nothing is better than what is named");
}

static const struct idp *idp_of_entity(const struct ctx *c, struct str entity)
{
    const struct idp *idp = registry_idp_entity(c->registry, IDP_SAML, entity);

    if (idp == NULL)
        idp = registry_idp_entity(c->registry, IDP_OIDC, entity);
    return idp != NULL && idp->enabled ? idp : NULL;
}

/* The identity providers of the municipality as whose we answer: nobody else's people are told under its name. */
static void keep_to_face(struct ctx *c, struct strs *ids, size_t *allowed)
{
    const struct registry_parts *p = registry_parts(c->registry);
    struct str face = c->service->saml.answers_as;

    *allowed = 0;
    for (size_t i = 0; i < p->idp_count; i++) {
        const struct idp *idp = &p->idps[i];
        if (idp->provider == NULL || !str_eq(idp->provider->id, face) || !idp->enabled)
            continue;
        ++*allowed;
        strs_add(c->arena, ids, idp->id);
    }
}

static void take_idps(struct ctx *c, const struct strs *ids)
{
    if (ids->n == 1)
        c->login->idp = ids->at[0];
    if (ids->n > 0)
        c->login->claims = strs_joined(c->arena, ids, ' ');
}

/* False: nobody could sign in. */
static bool settle_idps(struct ctx *c, const struct strs *asked)
{
    struct strs own = { NULL, 0 }, both = { NULL, 0 };
    size_t allowed;

    if (!str_is_set(c->service->saml.answers_as)) {
        take_idps(c, asked);
        return true;
    }
    keep_to_face(c, &own, &allowed);
    for (size_t i = 0; i < asked->n; i++)
        if (strs_has(&own, asked->at[i]))
            strs_add(c->arena, &both, asked->at[i]);
    take_idps(c, asked->n > 0 ? &both : &own);
    return asked->n > 0 ? both.n > 0 : allowed > 0;
}

/* Everybody signs in elsewhere: whoever forbids that asks for nobody [core 3.4.1.5.1]. */
static enum step check_scoping(struct ctx *c, struct fail *f)
{
    const struct saml_login_asked *said = &mine(c)->said;
    struct strs ids = { NULL, 0 };
    bool ours = false;

    c->login->idp = c->set->local_idp;
    if (said->proxy_count == 0)
        return fail(f, FAIL_CALLER, "proxy_count_exceeded", "Scoping: ProxyCount is 0, and the sign-in is elsewhere");
    for (size_t i = 0; i < said->idp_count; i++) {
        const struct idp *idp = idp_of_entity(c, said->idps[i]);
        ours = ours || str_eq(said->idps[i], saml_us(c)); /* ourselves: any will do */
        if (idp != NULL && !strs_has(&ids, idp->id))
            strs_add(c->arena, &ids, idp->id);
    }
    if (!ours && said->idp_count > 0 && ids.n == 0)
        return fail(f, FAIL_CALLER, "no_supported_idp", "Scoping: none of the identity providers is known here");
    return settle_idps(c, ours ? &(struct strs){ NULL, 0 } : &ids)
               ? passed(c, CHECK_scoping)
               : fail(f, FAIL_CALLER, "no_supported_idp", "none of the identity providers is of %.*s",
                      STR_ARG(c->service->saml.answers_as));
}

static enum step read_wishes(struct ctx *c, struct fail *f)
{
    const struct saml_login_asked *said = &mine(c)->said;

    (void)f;
    if (said->set_index >= 0)
        c->login->resources = arena_printf(c->arena, "%lld", (long long)said->set_index);
    return NEXT;
}

static const struct step_row checks[] = { { find_service },  { read_once },    { read_again },    { begin_login },
                                          { check_name },    { open_subject }, { check_subject }, { check_contexts },
                                          { check_scoping }, { read_wishes },  { NULL } };

static enum step run_checks(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, checks);
}

/* Somebody who is signed in by another identity provider than those that will do chooses anew. */
static enum step fit_idp(struct ctx *c, struct fail *f)
{
    const struct login *l = c->login;

    (void)f;
    if (c->session != NULL && str_is_set(l->claims) && !str_has_word(l->claims, c->session->person->idp))
        c->login->prompt |= PROMPT_SELECT;
    return NEXT;
}

/* ── by Redirect ────────────────────────────────────────────────────────── */

static enum step read_query(struct ctx *c, struct fail *f)
{
    struct asking *a = c->state = arena_make(c->arena, struct asking);

    if (form_get(c->query, S("SAMLRequest")).p == NULL)
        return flow_bookmark(c);
    if (!saml_ask_redirect(c->arena, c->req->query, (size_t)c->set->saml_message_B, &a->message, f))
        return REFUSE;
    c->saml = a->message;
    return NEXT;
}

const struct step_row saml_sso[] = { { read_query },       { run_checks }, { session_find }, { saml_trial },
                                     { flow_test_person }, { fit_idp },    { flow_next },    { NULL } };

/* ── by POST: no cookie is read; a GET of our own follows, where the Lax cookie arrives ─── */

static enum step read_form(struct ctx *c, struct fail *f)
{
    struct asking *a = c->state = arena_make(c->arena, struct asking);
    struct str message = form_get(c->body, S("SAMLRequest"));

    if (!str_is_set(message))
        return fail_told(f, FAIL_CALLER, "invalid_request", "SAMLRequest is missing", "SAMLRequest is missing");
    if (!saml_ask_post(c->arena, message, form_get(c->body, S("RelayState")), (size_t)c->set->saml_message_B,
                       &a->message, f))
        return REFUSE;
    c->saml = a->message;
    return NEXT;
}

static enum step go_on(struct ctx *c, struct fail *f)
{
    (void)f;
    return answer_go(c, url_to(c->arena, S("/saml/go"), S("login"), c->login->id));
}

const struct step_row saml_sso_post[] = { { read_form }, { run_checks }, { flow_keep_login }, { go_on }, { NULL } };

const struct step_row saml_go[] = { { flow_find_login },  { flow_has_login }, { session_find }, { saml_trial },
                                    { flow_test_person }, { fit_idp },        { flow_next },    { NULL } };

/* ── nobody asked: a tile, a bookmark [profiles 4.1.5] ──────────────────── */

static enum step find_named(struct ctx *c, struct fail *f)
{
    struct asking *a = c->state = arena_make(c->arena, struct asking);
    struct str id = form_get(c->query, S("service"));

    c->service_named = id;
    c->service = registry_service(c->registry, id);
    if (c->service == NULL || c->service->protocol != PROTO_SAML || !c->service->enabled)
        return fail(f, FAIL_NOT_FOUND, "not_found", "no service \"%.*s\" of SAML", STR_ARG(id));
    if (!c->service->saml.unasked)
        return fail(f, FAIL_CALLER, "unauthorized_client", "the service takes no answer that it did not ask for");
    peer_ask(c, c->service, false, &a->got);
    return WAIT;
}

static enum step begin_unasked(struct ctx *c, struct fail *f)
{
    struct asking *a = mine(c);
    struct str to = form_get(c->query, S("to")), place = { NULL, 0 };
    const struct saml_endpoint *acs;

    a->peer = peer_in_force(c, c->service, &a->got, f);
    if (a->peer == NULL)
        return REFUSE;
    if (str_is_set(to) && !target_read(c->arena, c->service, to, c->lang, &place))
        return fail_told(f, FAIL_CALLER, "invalid_request", "to is no place that a link to this service may lead to",
                         "to: \"%.*s\" is none of the targets of %.*s", STR_ARG(to), STR_ARG(c->service->id));
    acs = saml_service_acs(a->peer, (struct str){ NULL, 0 }, (struct str){ NULL, 0 }, -1);
    if (acs == NULL)
        return fail(f, FAIL_OURS, "service_metadata", "metadata of %.*s: no AssertionConsumerService by HTTP-POST",
                    STR_ARG(c->service->id));
    c->login = login_new(c, PROTO_SAML);
    c->login->service = c->service->id;
    c->login->answer_to = acs->location;
    c->login->state_out = place;
    c->login->idp = c->set->local_idp;
    if (!name_choose(c->service, a->peer, (struct str){ NULL, 0 }, &c->login->scope))
        return REFUSE;
    return settle_idps(c, &(struct strs){ NULL, 0 })
               ? NEXT
               : fail(f, FAIL_OURS, "no_supported_idp", "no identity provider of %.*s is in use",
                      STR_ARG(c->service->saml.answers_as));
}

const struct step_row saml_start[] = { { find_named },       { begin_unasked }, { session_find }, { saml_trial },
                                       { flow_test_person }, { fit_idp },       { flow_next },    { NULL } };
