/* SPDX-License-Identifier: EUPL-1.2
 * A login is answered with a code.  [RFC 6749 4.1.2, RFC 9207, RFC 9700 4.5] */
#include "gateway/oidc/oidc.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/log.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/consent.h"
#include "gateway/metrics.h"
#include "gateway/oidc/logout/leave.h"
#include "gateway/oidc/logout/session_iframe.h"
#include "gateway/oidc/modes.h"
#include "gateway/oidc/tokens/tokens.h"
#include "gateway/oidc/trial.h"
#include "gateway/release.h"
#include "gateway/session/found.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/session.h"
#include "gateway/trace.h"
#include "gateway/vigil.h"
#include "model/pairwise.h"
#include "registry/targets.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"

#include <string.h>

enum { RECORD_MAX_B = 32768, LAUNCH_MAX_B = 12288, KNEW_MAX_B = 512 /* MARK_KNEW_MAX_B */ };

/* ── the code ───────────────────────────────────────────────────────────── */

static const struct str code_place = S("code");

struct str code_new(struct ctx *c, struct str session)
{
    struct str bytes = session;

    (void)hex_decode(c->arena, session, &bytes);
    return b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_SESSION, code_place, bytes));
}

bool code_read(struct ctx *c, struct str code, struct str *session)
{
    struct str sealed, bytes;

    if (!b64url_decode(c->arena, code, &sealed) ||
        !seal_open(c->arena, c->seals, SEAL_SESSION, code_place, sealed, &bytes) || bytes.n != SHA256_B)
        return false;
    *session = hex_encode(c->arena, bytes);
    return true;
}

struct str code_key(struct arena *a, struct str code)
{
    return sha256_hex(a, code);
}

/* ── records ────────────────────────────────────────────────────────────── */

static const struct json_field code_fields[] = {
    FIELD(code_record, service, JSON_STR, true, 128),
    FIELD(code_record, redirect_uri, JSON_STR, true, 0),
    FIELD(code_record, challenge, JSON_STR, false, 64),
    FIELD(code_record, nonce, JSON_STR, false, NONCE_MAX_B),
    FIELD(code_record, scope, JSON_STR, true, 0),
    FIELD(code_record, epoch, JSON_STR, true, 0),
    FIELD(code_record, lang, JSON_STR, false, 8),
    FIELD(code_record, claims, JSON_STR, false, CLAIMS_ASKED_MAX_B),
    FIELD(code_record, resources, JSON_STR, false, RESOURCES_MAX_B),
    FIELD(code_record, consented, JSON_STR, false, 0),
    FIELD(code_record, jkt, JSON_STR, false, JKT_CHARS),
    FIELD(code_record, attempt, JSON_STR, false, TRACE_ATTEMPT_MAX_B),
    FIELD(code_record, made_s, JSON_INT, true, 0),
    FIELD(code_record, knew, JSON_STR, false, KNEW_MAX_B),
    { 0 },
};

/* Any record of texts and numbers, by the table that reads it. */
struct str oidc_record_write(struct arena *a, const struct json_field *fields, const void *record)
{
    struct json_out o = json_out(a, RECORD_MAX_B);

    json_begin_object(&o);
    for (; fields->name != NULL; fields++) {
        const char *at = (const char *)record + fields->at;
        if (fields->type == JSON_STR)
            json_put_str(&o, str_of(fields->name), *(const struct str *)(const void *)at);
        else
            json_put_int(&o, str_of(fields->name), *(const int64_t *)(const void *)at);
    }
    json_end_object(&o);
    return json_done(&o);
}

struct str oidc_record_seal(struct ctx *c, struct str key, const struct json_field *fields, const void *record)
{
    struct str json = oidc_record_write(c->arena, fields, record);

    return json.p == NULL ? json : seal_close(c->arena, c->world, c->seals, SEAL_SESSION, key, json);
}

bool oidc_record_open(struct ctx *c, struct str key, struct str sealed, const struct json_field *fields, void *out)
{
    struct fail unreadable = { 0 };
    struct str plain;

    return seal_open(c->arena, c->seals, SEAL_SESSION, key, sealed, &plain) &&
           json_read(c->arena, plain, fields, out, &unreadable);
}

struct str code_seal(struct ctx *c, struct str key, const struct code_record *r)
{
    return oidc_record_seal(c, key, code_fields, r);
}

bool code_open(struct ctx *c, struct str key, struct str sealed, struct code_record *out)
{
    *out = (struct code_record){ 0 };
    return oidc_record_open(c, key, sealed, code_fields, out);
}

/* ── the answer ─────────────────────────────────────────────────────────── */

/* Codes of our own that OAuth does not know become ones that it does [RFC 6749 4.1.2.1, OIDC Core 3.1.2.6]. */
static struct str known_code(const struct ctx *c, const char *code)
{
    static const char *const known[] = { "invalid_request",
                                         "unauthorized_client",
                                         "access_denied",
                                         "unsupported_response_type",
                                         "invalid_scope",
                                         "server_error",
                                         "temporarily_unavailable",
                                         "login_required",
                                         "interaction_required",
                                         "request_not_supported",
                                         "request_uri_not_supported",
                                         "invalid_request_uri",
                                         "invalid_request_object",
                                         "invalid_target",
                                         "consent_required",
                                         "account_selection_required",
                                         "unmet_authentication_requirements",
                                         "registration_not_supported" };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], code) == 0)
            return str_of(known[i]);
    return c->fail.kind == FAIL_CALLER ? S("invalid_request") : S("server_error");
}

static bool may_answer(const struct ctx *c)
{
    const struct service *s = registry_service(c->registry, c->login->service);

    return s != NULL && s->enabled && redirect_uri_fits(s, c->login->answer_to);
}

static enum step check_address(struct ctx *c, struct fail *f)
{
    return may_answer(c) ? passed(c, CHECK_address_now)
                         : fail(f, FAIL_CALLER, "invalid_request", "redirect_uri was taken away since it was asked");
}

struct answering { /* c->state */
    struct str code;
    struct kv_got used, stored, found;
    struct answer_fields fields;
};

static struct answering *mine(const struct ctx *c)
{
    return c->state;
}

/* The browser may stand at a city's answer by now, whose failures are pages: this one is the service's to hear. */
static enum step told(struct ctx *c, const char *code, const char *detail)
{
    struct answer_fields fields = { .n = 0 };
    struct fail *why = arena_make(c->arena, struct fail);

    (void)fail(why, FAIL_CALLER, code, "%s", detail);
    c->away = why;
    log_event(LOG_INFO, "login.not_answered", LOG_C("support_code", c->support_code),
              LOG_S("service", c->login->service), LOG_C("code", code), LOG_C("why", why->detail));
    answer_put(&fields, S("error"), str_of(code));
    answer_put(&fields, S("error_description"), answer_description(c, why));
    answer_refuse(c, &fields);
    return DONE;
}

/* What the service cannot do without is refused, not replaced [OIDC Core 5.5.1.1, OIDC Unmet Authentication
 * Requirements]. */
static enum step check_acr(struct ctx *c, struct fail *f)
{
    (void)f;
    c->state = arena_make(c->arena, struct answering);
    return release_acr_fits(c->registry, c->person, c->login)
               ? (enum step)passed(c, CHECK_acr)
               : told(c, "unmet_authentication_requirements",
                      "acr: the sign-in did not reach a value that is asked for as essential");
}

/* What was pushed, or signed with a jti, serves once, though it may be opened again until then [RFC 9126 7.3]. */
static enum step use_up(struct ctx *c, struct fail *f)
{
    struct str rest = c->login->pushed, mark;

    (void)f;
    mine(c)->used.outcome = KV_MISS;
    if (!str_is_set(rest))
        return NEXT;
    (void)str_split(&rest, ' ', &mark);
    if (!str_eq(rest, kv_epoch(c->kv))) /* Redis may have forgotten whether it was */
        return told(c, "invalid_request_uri", "the request can no longer be answered: make another one");
    kv_add(c->kv, &c->batch, c->arena, &mine(c)->used, KV_REPLAY, mark, S("1"), USED_UP_S + c->set->login_life_s);
    return WAIT;
}

static enum step check_unused(struct ctx *c, struct fail *f)
{
    if (mine(c)->used.outcome == KV_DOWN)
        return kv_away(f, "mark of a request");
    return mine(c)->used.outcome == KV_MISS
               ? (enum step)passed(c, CHECK_once)
               : told(c, "invalid_request_uri", "the request was answered before, and serves once");
}

/* The login's cookie stays, as ANSWERED: a reload leads on to the service, not to an error. */
static enum step keep_answered(struct ctx *c, struct fail *f)
{
    (void)f;
    c->login->state = LOGIN_ANSWERED;
    return login_was_kept(c) ? step_into(c, login_keep) : NEXT;
}

/* Not beyond the session: it would be refused then anyway. */
static int64_t code_life_s(const struct ctx *c)
{
    int64_t left = session_left_s(c->set, c->session, c->now_s);

    return left >= c->set->code_life_s ? c->set->code_life_s : left > 1 ? left : 1;
}

static struct claim_set tells(struct ctx *c, const struct decision *d);

/* A service that asks what policy says of people finds them by the name that it knows (evaluate/); true when that is
 * new to the session. */
static bool be_found(struct ctx *c)
{
    if (!strs_has(&c->service->scopes, S(SCOPE_ACCESS_EVALUATION)))
        return false;
    struct str sub = pairwise_sub(c->arena, c->seals, c->person->id, c->service->vendor);
    found_keep(c, c->session, FOUND_BY_SERVICE_NAME, c->service->id, sub, &mine(c)->found);
    return session_tell(c, c->session, c->service->id, sub);
}

static enum step answer_ask(struct ctx *c, struct fail *f)
{
    const struct login *l = c->login;
    struct answering *a = mine(c);
    struct str key;

    a->code = code_new(c, c->session->id_hash);
    key = code_key(c->arena, a->code);
    const struct code_record r = {
        .service = l->service,
        .redirect_uri = l->answer_to,
        .challenge = l->code_challenge,
        .nonce = l->nonce,
        .scope = l->scope,
        .epoch = kv_epoch(c->kv),
        .lang = l->lang,
        .claims = l->claims,
        .resources = l->resources,
        .consented =
            c->service->client.consent ? consent_words(c->arena, tells(c, flow_decision(c))) : (struct str){ NULL, 0 },
        .jkt = l->jkt,
        .attempt = trace_attempt(c),
        .made_s = c->now_s,
        .knew = c->knew,
    };
    struct str sealed = code_seal(c, key, &r);

    if (r.epoch.p == NULL || sealed.p == NULL)
        return kv_away(f, "epoch");
    kv_set(c->kv, &c->batch, c->arena, &a->stored, KV_CODE, key, sealed, code_life_s(c));
    bool anew = session_add_service(c, c->session, l->service), named = be_found(c);
    if (anew || named)
        session_change(c, c->session);
    if (anew)
        vigil_watch(c);
    flow_audit(c, "open", flow_decision(c)->rule, (struct str){ NULL, 0 }, (struct str){ NULL, 0 });
    return WAIT;
}

static enum step seal_answer(struct ctx *c, struct fail *f)
{
    struct answering *a = mine(c);

    if (a->stored.outcome != KV_HIT)
        return kv_away(f, "code");
    if (!flow_audited(c, f))
        return REFUSE;
    flow_opened(c);
    answer_put(&a->fields, S("code"), a->code);
    answer_put(&a->fields, S("session_state"), oidc_session_state(c, c->service->client_id, c->login->answer_to));
    check_passed(c, CHECK_code_given);
    return answer_seal(c, &a->fields);
}

static enum step lead_back(struct ctx *c, struct fail *f)
{
    return answer_send(c, &mine(c)->fields, f);
}

static const struct step_row answer[] = { { check_address }, { check_acr },     { use_up },
                                          { check_unused },  { keep_answered }, { answer_ask },
                                          { seal_answer },   { lead_back },     { NULL } };

/* ── struct protocol ────────────────────────────────────────────────────── */

/* What of it has a value is told, asked for by scope or by its name; the pseudonym always is. */
static struct claim_set tells(struct ctx *c, const struct decision *d)
{
    struct claims_asked asked = { .userinfo = { NULL, 0 } };
    struct fail unreadable = { 0 };
    struct release r = { .registry = c->registry,
                         .person = c->person,
                         .service = c->service,
                         .decision = d,
                         .sub = S("-"),
                         .child = release_child(c->arena, c->seals, c->person, c->service->vendor, c->now_s),
                         .scope = c->login->scope,
                         .lang = c->lang,
                         .now = flow_circumstances(c) };

    if (claims_asked_read(c->arena, c->login->claims, &asked, &unreadable)) {
        r.asked = &asked.userinfo;
        r.asked_too = &asked.id_token;
    }
    struct claim_set told = consent_claims(release_words(c->arena, &r));
    claim_add(&told, CLAIM_SUB);
    return told;
}

/* Where a step has recorded no failure, the person's own way ended there: by cancelling, or as somebody else. */
static struct str description(const struct ctx *c, const char *code)
{
    struct fail why = c->fail;

    if (why.kind == FAIL_NONE && strcmp(code, "access_denied") == 0)
        (void)fail(&why, FAIL_CALLER, code, "the sign-in was cancelled or refused");
    else if (why.kind == FAIL_NONE)
        (void)fail(&why, FAIL_CALLER, code, "somebody else than id_token_hint names has signed in");
    return answer_description(c, &why);
}

static void refuse(struct ctx *c, const char *code)
{
    struct answer_fields fields = { .n = 0 };

    answer_put(&fields, S("error"), known_code(c, code));
    answer_put(&fields, S("error_description"), description(c, code));
    answer_refuse(c, &fields);
}

/* [OIDC Core 4]: the service comes back with a request of its own; nothing but our name travels. */
static struct str third_party_url(struct ctx *c, const struct service *s, struct str to)
{
    struct buf b = buf_new(c->arena, LAUNCH_MAX_B);

    buf_add(&b, target_in(c->arena, s->initiate_login_uri, c->lang));
    url_query(&b, S("iss"), c->set->public_url);
    if (str_is_set(to) || str_is_set(s->target_link_uri))
        url_query(&b, S("target_link_uri"), str_is_set(to) ? to : target_in(c->arena, s->target_link_uri, c->lang));
    return buf_str(&b);
}

static struct str launch(struct ctx *c, const struct service *s, struct str to)
{
    return str_is_set(s->initiate_login_uri) ? third_party_url(c, s, to) : target_link(c->arena, s, to, c->lang);
}

static size_t names_told(struct str kept, struct str names[TOLD_NAMES_MAX])
{
    names[0] = kept;
    return str_is_set(kept) ? 1 : 0;
}

const struct protocol protocol_oidc = { .name = "oidc",
                                        .answer = answer,
                                        .tells = tells,
                                        .may_answer = may_answer,
                                        .refuse = refuse,
                                        .launch = launch,
                                        .ask_held = family_ask_held,
                                        .held_lives = family_held_lives,
                                        .hears = oidc_hears,
                                        .found_by = names_told,
                                        .leave = oidc_leave,
                                        .try_leave = trial_leave,
                                        .leave_mend = "the service's address for sign-outs (backchannel_logout_uri) "
                                                      "must answer 200",
                                        .leave_frame = oidc_leave_frame };
