/* SPDX-License-Identifier: EUPL-1.2
 * A login is answered with a code.  [RFC 6749 4.1.2, RFC 9207, RFC 9700 4.5] */
#include "gateway/oidc/oidc.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/metrics.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/session.h"
#include "launcher/pages.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"

#include <string.h>

enum { RECORD_MAX_B = 32768, URL_MAX_B = 32768, LAUNCH_MAX_B = 4096 };

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
    FIELD(code_record, jkt, JSON_STR, false, JKT_CHARS),
    FIELD(code_record, made_s, JSON_INT, true, 0),
    { 0 },
};

/* Any record of texts and numbers, by the table that reads it. */
static struct str write_record(struct arena *a, const struct json_field *fields, const void *record)
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
    struct str json = write_record(c->arena, fields, record);

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

enum { ANSWER_FIELDS_MAX = 4 };

struct answer_fields {
    struct hidden_field at[ANSWER_FIELDS_MAX];
    size_t n;
};

static void put_field(struct answer_fields *all, struct str name, struct str value)
{
    if (value.p != NULL)
        all->at[all->n++] = (struct hidden_field){ name, value };
}

/* In the address, or as a form that the person's browser posts [OAuth Form Post Response Mode 2]. */
static enum step send_answer(struct ctx *c, struct answer_fields *all)
{
    const struct login *l = c->login;

    put_field(all, S("state"), l->state_out);
    put_field(all, S("iss"), c->set->public_url); /* against mix-up [RFC 9207 2] */
    if (l->answer_mode == MODE_FORM_POST) {
        const struct service *s = registry_service(c->registry, l->service);
        struct post_view v = { .page = page_for(c, (struct str){ NULL, 0 }),
                               .url = l->answer_to,
                               .to = s != NULL ? names_in(&s->names, c->lang) : (struct str){ NULL, 0 },
                               .fields = { all->at, all->n } };
        return answer_page(c, 200, page_post(c->arena, &v));
    }
    struct buf b = buf_new(c->arena, URL_MAX_B);
    buf_add(&b, l->answer_to);
    for (size_t i = 0; i < all->n; i++)
        url_query(&b, all->at[i].name, all->at[i].value);
    return answer_go(c, buf_str(&b));
}

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
    return may_answer(c) ? NEXT
                         : fail(f, FAIL_CALLER, "invalid_request", "redirect_uri was taken away since it was asked");
}

/* The login's cookie stays, as ANSWERED: a reload leads on to the service, not to an error. */
static enum step keep_answered(struct ctx *c, struct fail *f)
{
    (void)f;
    c->login->state = LOGIN_ANSWERED;
    return login_was_kept(c) ? step_into(c, login_keep) : NEXT;
}

struct answering { /* c->state */
    struct str code;
    struct kv_got stored;
};

/* Not beyond the session: it would be refused then anyway. */
static int64_t code_life_s(const struct ctx *c)
{
    int64_t left = session_left_s(c->set, c->session, c->now_s);

    return left >= c->set->code_life_s ? c->set->code_life_s : left > 1 ? left : 1;
}

static enum step answer_ask(struct ctx *c, struct fail *f)
{
    const struct login *l = c->login;
    struct answering *a = c->state = arena_make(c->arena, struct answering);
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
        .jkt = l->jkt,
        .made_s = c->now_s,
    };
    struct str sealed = code_seal(c, key, &r);

    if (r.epoch.p == NULL || sealed.p == NULL)
        return kv_away(f, "epoch");
    kv_set(c->kv, &c->batch, c->arena, &a->stored, KV_CODE, key, sealed, code_life_s(c));
    if (session_add_service(c, c->session, l->service))
        session_change(c, c->session);
    flow_audit(c, "open", flow_decision(c)->rule, (struct str){ NULL, 0 }, (struct str){ NULL, 0 });
    return WAIT;
}

static enum step lead_back(struct ctx *c, struct fail *f)
{
    const struct answering *a = c->state;

    if (a->stored.outcome != KV_HIT)
        return kv_away(f, "code");
    if (!flow_audited(c, f))
        return REFUSE;
    metrics_add(c->metrics, METRIC_services_opened);
    struct answer_fields fields = { .n = 0 };
    put_field(&fields, S("code"), a->code);
    return send_answer(c, &fields);
}

static const struct step_row answer[] = {
    { check_address }, { keep_answered }, { answer_ask }, { lead_back }, { NULL }
};

/* ── struct protocol ────────────────────────────────────────────────────── */

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

    put_field(&fields, S("error"), known_code(c, code));
    put_field(&fields, S("error_description"), description(c, code));
    (void)send_answer(c, &fields);
}

/* [OIDC Core 4]: the service comes back with a request of its own; nothing but our name travels. */
static struct str third_party_url(struct ctx *c, const struct service *s)
{
    struct buf b = buf_new(c->arena, LAUNCH_MAX_B);

    buf_add(&b, s->initiate_login_uri);
    url_query(&b, S("iss"), c->set->public_url);
    if (str_is_set(s->target_link_uri))
        url_query(&b, S("target_link_uri"), s->target_link_uri);
    return buf_str(&b);
}

static struct str launch(struct ctx *c, const struct service *s)
{
    if (str_is_set(s->initiate_login_uri))
        return third_party_url(c, s);
    return str_is_set(s->launch_uri) ? s->launch_uri : s->target_link_uri;
}

const struct protocol protocol_oidc = {
    .name = "oidc", .answer = answer, .may_answer = may_answer, .refuse = refuse, .launch = launch
};
