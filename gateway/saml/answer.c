/* SPDX-License-Identifier: EUPL-1.2
 * A login is answered with an assertion.  [SAML core 2, 3.3.3; profiles 4.1.4.2; SDP-IDP09–20] */
#include "gateway/saml/saml.h"

#include "base/log.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/consent.h"
#include "gateway/flow.h"
#include "gateway/metrics.h"
#include "gateway/release.h"
#include "gateway/saml/attributes.h"
#include "gateway/saml/categories.h"
#include "gateway/saml/contexts.h"
#include "gateway/saml/name_id.h"
#include "gateway/saml/trial.h"
#include "gateway/session/found.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/session.h"
#include "gateway/tested.h"
#include "gateway/trace.h"
#include "gateway/vigil.h"
#include "model/pairwise.h"
#include "registry/targets.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/saml_encryption.h"

#define SUBJECT_ID "urn:oasis:names:tc:SAML:attribute:subject-id"

static const struct str every_vendor = S("every vendor"); /* no id of a vendor's has a space */

struct making { /* c->state */
    struct upstream_got got;
    const struct saml_service_metadata *peer;
    struct str sub;
    struct told_attributes told;
    struct saml_name name;
    struct saml_draft draft;
    struct signed_got signature;
    struct str assertion; /* sealed, and encrypted where it is */
    struct str plain;     /* as it was before */
    struct kv_got found;
};

static struct making *mine(const struct ctx *c)
{
    return c->state;
}

static bool may_answer(const struct ctx *c)
{
    const struct service *s = registry_service(c->registry, c->login->service);
    const struct saml_service_metadata *p =
        s != NULL && s->enabled && s->protocol == PROTO_SAML ? peer_kept(c, s) : NULL;

    return p != NULL && peer_takes_at(p, c->login->answer_to);
}

static enum step ask_metadata(struct ctx *c, struct fail *f)
{
    struct making *m = c->state = arena_make(c->arena, struct making);

    (void)f;
    peer_ask(c, c->service, false, &m->got);
    return WAIT;
}

static enum step check_address(struct ctx *c, struct fail *f)
{
    struct making *m = mine(c);

    m->peer = peer_in_force(c, c->service, &m->got, f);
    if (m->peer == NULL)
        return REFUSE;
    return peer_takes_at(m->peer, c->login->answer_to)
               ? passed(c, CHECK_acs_now)
               : fail(f, FAIL_CALLER, "invalid_request", "the AssertionConsumerService is no longer in its metadata");
}

/* What the service cannot do without is refused, not replaced. */
static enum step check_person(struct ctx *c, struct fail *f)
{
    const struct login *l = c->login;

    (void)f;
    if (!release_acr_fits(c->registry, c->person, l))
        return saml_told(c, "unmet_authentication_requirements", "the sign-in did not reach what is asked for");
    if (str_is_set(l->claims) && !str_has_word(l->claims, c->person->idp))
        return saml_told(c, "no_supported_idp", "the person signed in by another identity provider than Scoping lists");
    return passed(c, CHECK_context_reached);
}

/* ── what is told ───────────────────────────────────────────────────────── */

static struct release release_of(struct ctx *c, struct str sub, const struct decision *d)
{
    return (struct release){ .registry = c->registry,
                             .person = c->person,
                             .service = c->service,
                             .decision = d,
                             .sub = sub,
                             .child = release_child(c->arena, c->seals, c->person, c->service->vendor, c->now_s),
                             .whole = true,
                             .lang = c->lang,
                             .now = flow_circumstances(c) };
}

/* What has a value, in whichever form it is said, by its row or by what its metadata ask for; the pseudonym always is
 * told. */
static struct claim_set tells(struct ctx *c, const struct decision *d)
{
    const struct release r = release_of(c, S("-"), d);
    const struct told_attributes told = attributes_told(c->arena, &r, NULL, S("-"));
    const struct saml_service_metadata *peer = peer_kept(c, c->service);
    struct str index = c->login != NULL ? c->login->resources : (struct str){ NULL, 0 };
    const struct strs *wanted = peer != NULL ? peer_wants(c->arena, peer, index) : NULL;
    struct claim_set set = consent_claims(told.words);

    if (wanted != NULL)
        set.bits |= consent_claims(attributes_told(c->arena, &r, wanted, S("-")).words).bits;
    claim_add(&set, CLAIM_SUB);
    return set;
}

static struct str email_of(const struct ctx *c, const struct told_attributes *told)
{
    return str_has_word(told->words, S("email")) ? c->person->email : (struct str){ NULL, 0 };
}

static enum step make_name(struct ctx *c, struct fail *f)
{
    struct making *m = mine(c);
    struct str wanted = c->login->resources;

    (void)f;
    m->sub = pairwise_sub(c->arena, c->seals, c->person->id, c->service->vendor);
    const struct release r = release_of(c, m->sub, flow_decision(c));
    m->told = attributes_told(c->arena, &r, peer_wants(c->arena, m->peer, wanted), saml_scope(c));
    c->attempt = trace_attempt(c);
    if (str_is_set(c->attempt))
        c->told = attributes_json(c->arena, &m->told, m->sub);
    return name_make(c, c->service, c->login->scope, m->sub, email_of(c, &m->told), &m->name)
               ? (enum step)passed(c, CHECK_name_made)
               : saml_told(c, "invalid_name_id_policy", "the e-mail address of the person is not released");
}

/* The login's cookie stays, as ANSWERED: a reload leads on to the service, not to an error. */
static enum step keep_answered(struct ctx *c, struct fail *f)
{
    (void)f;
    c->login->state = LOGIN_ANSWERED;
    return login_was_kept(c) ? step_into(c, login_keep) : NEXT;
}

/* What it was told is kept with the session, so that its end can be told by the same name.  The answer is made by now:
 * what the log says here has happened, or nothing has. */
static enum step note_opened(struct ctx *c, struct fail *f)
{
    struct making *m = mine(c);
    struct str before = session_told(c->session, c->login->service);
    bool opened = session_add_service(c, c->session, c->login->service);
    bool named = session_tell(c, c->session, c->login->service, name_keep(c->arena, before, c->login->scope, &m->name));

    (void)f;
    if (opened || named)
        session_change(c, c->session);
    if (opened)
        vigil_watch(c);
    else if (named)
        vigil_retold(c);
    if ((opened || named) && str_is_set(m->name.value))
        found_keep(c, c->session, FOUND_BY_SERVICE_NAME, c->service->id, m->name.value, &m->found);
    flow_audit(c, "open", flow_decision(c)->rule, (struct str){ NULL, 0 },
               str_is_set(c->login->nonce) ? (struct str){ NULL, 0 } : S("unasked"));
    const struct release r = release_of(c, m->sub, flow_decision(c));
    tested_keep(c, TESTED_ASSERTION, m->plain, m->told.words, &r);
    flow_audit(c, "release", flow_decision(c)->rule, m->told.words, S("saml"));
    return WAIT;
}

/* ── the assertion ──────────────────────────────────────────────────────── */

static void add_told(struct ctx *c, struct saml_statement *st, struct saml_told *room, const char *name,
                     const char *friendly, struct str value)
{
    struct str *values = arena_make_n(c->arena, 1, struct str);

    values[0] = value;
    room[st->told_count++] =
        (struct saml_told){ .name = str_of(name), .friendly = str_of(friendly), .values = values, .value_count = 1 };
}

/* pairwise-id, unless the service says that it wants none [SDP-IDP15]; subject-id, the same for all services, only
 * where policy lets it know the learner number, which is that already. */
static void add_subject(struct ctx *c, struct saml_statement *st, struct saml_told *room)
{
    const struct making *m = mine(c);
    enum saml_subject wanted = categories_subject(m->peer);

    if (wanted != SUBJECT_NOBODY)
        add_told(c, st, room, SAML_PAIRWISE_ID, "pairwise-id",
                 arena_printf(c->arena, "%.*s@%.*s", STR_ARG(m->sub), STR_ARG(saml_scope(c))));
    if (wanted == SUBJECT_SHARED && str_has_word(m->told.words, S("learner_id")))
        add_told(c, st, room, SUBJECT_ID, "subject-id",
                 arena_printf(c->arena, "%.*s@%.*s",
                              STR_ARG(pairwise_sub(c->arena, c->seals, c->person->id, every_vendor)),
                              STR_ARG(saml_scope(c))));
}

static void add_attributes(struct ctx *c, struct saml_statement *st)
{
    const struct told_attributes *told = &mine(c)->told;
    struct saml_told *room = arena_make_n(c->arena, told->n + 2, struct saml_told);

    add_subject(c, st, room);
    for (size_t i = 0; i < told->n; i++)
        room[st->told_count++] = (struct saml_told){ .name = told->at[i].name,
                                                     .friendly = told->at[i].friendly,
                                                     .values = told->at[i].values.at,
                                                     .value_count = told->at[i].values.n,
                                                     .basic = told->at[i].format == ATTRIBUTE_BASIC };
    st->told = room;
}

static struct saml_draft draft_assertion(struct ctx *c)
{
    const struct making *m = mine(c);
    const struct service *s = c->service;
    const struct person *p = c->person;
    int64_t skew_s = s->saml.skew_s;
    struct saml_statement st = {
        .id = saml_new_id(c),
        .now_s = c->now_s,
        .issuer = saml_us(c),
        .audience = s->saml.entity_id,
        .recipient = c->login->answer_to,
        .in_response_to = c->login->nonce,
        .not_before_s = c->now_s - skew_s,
        .ends_s = c->now_s + SAML_ANSWER_LIFE_S,
        .name = m->name,
        .authenticated_s = p->auth_time_s > 0 ? p->auth_time_s : c->session->began_s,
        .session_ends_s = c->session->ends_s,
        .session_index = pairwise_sid(c->arena, c->seals, c->session->sid, s->vendor),
        .context = context_stated(c->login, release_acr(c->registry, p)),
    };

    if (s->saml.names_origin && str_is_set(p->origin)) {
        st.authorities = &p->origin;
        st.authority_count = 1;
    }
    add_attributes(c, &st);
    return saml_assertion_draft(c->arena, &st);
}

bool saml_signs_assertion(const struct service *s, const struct saml_service_metadata *p)
{
    return !str_eq(s->saml.signs, S("response")) || p->wants_signed_assertions;
}

bool saml_signs_response(const struct service *s)
{
    return !str_eq(s->saml.signs, S("assertion"));
}

static enum step sign_assertion(struct ctx *c, struct fail *f)
{
    struct making *m = mine(c);

    m->draft = draft_assertion(c);
    if (m->draft.text.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "the assertion is too large");
    if (saml_signs_assertion(c->service, m->peer))
        signer_saml_text(c->signer, &c->batch, c->arena, saml_alg_of(c->service, m->peer), m->draft.text,
                         &m->signature);
    return WAIT;
}

/* ── encryption ─────────────────────────────────────────────────────────── */

bool saml_encrypts(const struct service *s, const struct saml_service_metadata *p)
{
    return str_eq(s->saml.encrypts, S("always")) || (str_eq(s->saml.encrypts, S("auto")) && p->encryption_count > 0);
}

struct str saml_encrypted(struct ctx *c, const struct saml_service_metadata *is, const char *holder, struct str element,
                          struct fail *f)
{
    const struct str none = { NULL, 0 };
    struct xmlenc_how how;

    if (is->encryption_count == 0) {
        (void)fail(f, FAIL_OURS, "service_metadata", "metadata of %.*s: no key to encrypt to, and its row wants that",
                   STR_ARG(c->service->id));
        return none;
    }
    if (!saml_encryption_choose(is->encryption, is->encryption_count,
                                xmlenc_content_named(c->service->saml.encryption_alg), &how)) {
        (void)fail(f, FAIL_OURS, "service_metadata",
                   "metadata of %.*s: it decrypts neither AES-GCM: name another in encryption_alg of its row",
                   STR_ARG(c->service->id));
        return none;
    }
    how.recipient = c->service->saml.entity_id;
    return xmlenc_seal(c->arena, c->world, &how, holder, element, f);
}

static bool encrypt(struct ctx *c, struct making *m, struct fail *f)
{
    m->assertion = saml_encrypted(c, m->peer, "saml:EncryptedAssertion", m->assertion, f);
    return m->assertion.p != NULL;
}

/* ── the response ───────────────────────────────────────────────────────── */

static enum step sign_response(struct ctx *c, struct fail *f)
{
    struct making *m = mine(c);

    if (saml_signs_assertion(c->service, m->peer) && !m->signature.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", m->signature.error);
    m->assertion = m->plain = saml_sealed(c->arena, &m->draft, m->signature.value);
    if (saml_encrypts(c->service, m->peer) && !encrypt(c, m, f))
        return REFUSE;
    const struct saml_response r = { .id = saml_new_id(c),
                                     .now_s = c->now_s,
                                     .issuer = saml_us(c),
                                     .destination = c->login->answer_to,
                                     .in_response_to = c->login->nonce,
                                     .status = SAML_SUCCESS,
                                     .holds = m->assertion };
    m->draft = saml_response_draft(c->arena, &r);
    m->signature = (struct signed_got){ .ok = false };
    if (m->draft.text.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "the response is too large");
    if (!saml_signs_response(c->service))
        return NEXT;
    signer_saml_text(c->signer, &c->batch, c->arena, saml_alg_of(c->service, m->peer), m->draft.text, &m->signature);
    return WAIT;
}

static enum step check_signed(struct ctx *c, struct fail *f)
{
    const struct making *m = mine(c);

    return !saml_signs_response(c->service) || m->signature.ok
               ? NEXT
               : fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", m->signature.error);
}

static enum step send(struct ctx *c, struct fail *f)
{
    struct making *m = mine(c);

    if (!flow_audited(c, f))
        return REFUSE;
    flow_opened(c);
    check_passed(c, CHECK_assertion_given);
    return saml_post(c, c->service, c->login->answer_to, "SAMLResponse",
                     saml_sealed(c->arena, &m->draft, m->signature.value), c->login->state_out);
}

const struct step_row saml_answer_rows[] = { { ask_metadata },   { check_address }, { check_person }, { make_name },
                                             { sign_assertion }, { sign_response }, { check_signed }, { keep_answered },
                                             { note_opened },    { send },          { NULL } };

/* ── struct protocol ────────────────────────────────────────────────────── */

enum { LAUNCH_MAX_B = 8192 };

/* By its own address it asks for what it needs; else it is told unasked, and RelayState says where to [profiles 4.1.5].
 */
static struct str launch(struct ctx *c, const struct service *s, struct str to)
{
    struct str own = s->launch_uri;
    bool carries = str_find(own, S("{target}")) < own.n;
    struct buf b = buf_new(c->arena, LAUNCH_MAX_B);

    if (str_is_set(own) && (!str_is_set(to) || carries || !s->saml.unasked))
        return target_link(c->arena, s, to, c->lang);
    if (!s->saml.unasked)
        return (struct str){ NULL, 0 };
    buf_add(&b, S("/saml/start"));
    url_query(&b, S("service"), s->id);
    url_query(&b, S("to"), to);
    return buf_str(&b);
}

static struct claim_set proposes(struct ctx *c, const struct service *s, struct str *by)
{
    const struct saml_service_metadata *m = peer_kept(c, s);

    *by = (struct str){ NULL, 0 };
    return m != NULL ? categories_claims(c->arena, m, by) : (struct claim_set){ 0 };
}

const struct protocol protocol_saml = { .name = "saml",
                                        .answer = saml_answer_rows,
                                        .tells = tells,
                                        .shows = attributes_shown,
                                        .proposes = proposes,
                                        .may_answer = may_answer,
                                        .refuse = saml_refuse,
                                        .launch = launch,
                                        .found_by = names_told,
                                        .hears = saml_hears,
                                        .leave = saml_leave,
                                        .trial_ways = saml_trial_ways,
                                        .try_leave = saml_trial_leave,
                                        .leave_mend = "SingleLogoutService by SOAP in the service's metadata must "
                                                      "answer our signed LogoutRequest with Success",
                                        .hears_by_trip = saml_hears_by_trip,
                                        .leave_go = saml_leave_go,
                                        .left = saml_left };
