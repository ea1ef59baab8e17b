/* SPDX-License-Identifier: EUPL-1.2
 * POST /lti/token: a tool asks for itself, by an assertion that it signed.  [Security Framework 4.1, RFC 7523 2.2] */
#include "gateway/lti/service.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/fields.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/lti/proof.h"
#include "gateway/once.h"
#include "gateway/pace.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"
#include "wire/kv.h"

enum { ASSERTION_LIFE_S = 3600, SCOPES_MAX_B = 1024, TOKEN_RECORD_MAX_B = 1024, TOKEN_TEXT_MAX_B = 2048 };

static const struct str token_place = S("lti token");

/* What a tool may be let do, and which key of its row lets it. */
static const struct {
    const char *scope;
    size_t lets; /* a bool of struct service */
} scopes[] = {
    { LTI_SCOPE_MEMBERS, offsetof(struct service, lti.names_and_roles) },
};

struct granting { /* c->state */
    struct tool_proof proof;
    struct kv_got used;
};

static struct granting *mine(const struct ctx *c)
{
    return c->state;
}

static enum step check_grant(struct ctx *c, struct fail *f)
{
    if (!str_eq(form_get(c->body, S("grant_type")), S("client_credentials")))
        return fail(f, FAIL_CALLER, "unsupported_grant_type", "grant_type must be client_credentials");
    return str_eq(form_get(c->body, S("client_assertion_type")),
                  S("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"))
               ? passed(c, CHECK_lti_grant)
               : fail(f, FAIL_CALLER, "invalid_request",
                      "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
}

static int unproven(struct ctx *c, struct fail *f, const char *why, const char *detail)
{
    pace_refused(c);
    return fail_told(f, FAIL_CLIENT_AUTH, "invalid_client", "client_assertion does not prove which tool asks",
                     "client_assertion: %s: %s", why, detail);
}

static enum step find_tool(struct ctx *c, struct fail *f)
{
    struct granting *g = c->state = arena_make(c->arena, struct granting);
    struct str token = form_get(c->body, S("client_assertion")), iss = tool_claimed(c->arena, token, S("iss"));
    struct str said = form_get(c->body, S("client_id"));

    c->service_named = iss;
    c->service = lti_tool(c, iss);
    if (c->service == NULL || !c->service->enabled || (said.p != NULL && !str_eq(said, iss)))
        return unproven(c, f, "iss", "no tool, or another one than client_id");
    g->proof = (struct tool_proof){ .tool = c->service,
                                    .token = token,
                                    .rules = { .blame = FAIL_CLIENT_AUTH,
                                               .algs = JOSE_EVERY,
                                               .iss = c->service->client_id,
                                               .aud = arena_join(c->arena, c->set->public_url, S("/lti/token")),
                                               .aud_too = c->set->public_url,
                                               .azp_any = true,
                                               .jti_must = true,
                                               .now_s = c->now_s,
                                               .skew_s = c->set->jose_skew_s,
                                               .life_max_s = ASSERTION_LIFE_S } };
    return step_into(c, tool_prove);
}

static enum step check_proof(struct ctx *c, struct fail *f)
{
    const struct granting *g = mine(c);

    if (!g->proof.ok)
        return unproven(c, f, g->proof.why.code, g->proof.why.detail);
    return str_eq(g->proof.claims.sub, c->service->client_id) ? passed(c, CHECK_lti_proof)
                                                              : unproven(c, f, "sub", "is not the tool");
}

/* Once [RFC 7523 3 (7)]. */
static enum step use_up(struct ctx *c, struct fail *f)
{
    struct granting *g = mine(c);

    (void)f;
    once_ask(c, "ltia:", c->service->id, g->proof.claims.jti, jose_born_s(&g->proof.claims),
             g->proof.claims.exp_s - c->now_s + c->set->jose_skew_s + 1, &g->used);
    return WAIT;
}

static bool is_let(const struct service *s, struct str scope)
{
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++)
        if (str_eq(str_of(scopes[i].scope), scope))
            return *(const bool *)(const void *)((const char *)s + scopes[i].lets);
    return false;
}

static struct str granted(struct ctx *c)
{
    struct str rest = form_get(c->body, S("scope")), word;
    struct fields out = fields_new(c->arena, ' ', SCOPES_MAX_B);

    while (str_split(&rest, ' ', &word))
        if (is_let(c->service, word) && !str_has_word(fields_text(&out), word))
            fields_item(&out, word);
    return fields_text(&out);
}

static struct str token_of(struct ctx *c, struct str scope)
{
    struct json_out o = json_out(c->arena, TOKEN_RECORD_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("service"), c->service->id);
    json_put_str(&o, S("scope"), scope);
    json_put_int(&o, S("until_s"), c->now_s + SERVICE_TOKEN_LIFE_S);
    json_end_object(&o);
    return b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_SESSION, token_place, json_done(&o)));
}

static enum step answer(struct ctx *c, struct fail *f)
{
    struct json_out o = json_out(c->arena, 2 * TOKEN_TEXT_MAX_B);
    struct str scope;

    if (mine(c)->used.outcome == KV_DOWN)
        return kv_away(f, "mark of an assertion");
    if (mine(c)->used.outcome != KV_MISS)
        return unproven(c, f, "jti", "was used before");
    scope = granted(c);
    if (!str_is_set(scope))
        return fail_told(f, FAIL_CALLER, "invalid_scope", "scope holds nothing that the tool may have",
                         "scope \"%.*s\" holds nothing that the tool's row lets it have",
                         STR_ARG(form_get(c->body, S("scope"))));
    json_begin_object(&o);
    json_put_str(&o, S("access_token"), token_of(c, scope));
    json_put_str(&o, S("token_type"), S("Bearer"));
    json_put_int(&o, S("expires_in"), SERVICE_TOKEN_LIFE_S);
    json_put_str(&o, S("scope"), scope);
    json_end_object(&o);
    check_passed(c, CHECK_lti_scope);
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    http_body(c->res, 200, S("application/json"), json_done(&o));
    return DONE;
}

const struct step_row lti_token[] = { { check_grant },  { pace_address }, { find_tool }, { check_proof },
                                      { pace_service }, { use_up },       { answer },    { NULL } };

/* ── a token is shown ───────────────────────────────────────────────────── */

struct shown {
    struct str service, scope;
    int64_t until_s;
};

static const struct json_field shown_fields[] = {
    FIELD(shown, service, JSON_STR, true, 128),
    FIELD(shown, scope, JSON_STR, true, SCOPES_MAX_B),
    FIELD(shown, until_s, JSON_INT, true, 0),
    { 0 },
};

static bool open_token(struct ctx *c, struct str token, struct shown *out)
{
    struct fail unreadable = { 0 };
    struct str sealed, json;

    return str_is_set(token) && token.n <= TOKEN_TEXT_MAX_B && b64url_decode(c->arena, token, &sealed) &&
           seal_open(c->arena, c->seals, SEAL_SESSION, token_place, sealed, &json) &&
           json_read(c->arena, json, shown_fields, out, &unreadable) && out->until_s > c->now_s;
}

bool service_token_read(struct ctx *c, struct str scope, struct fail *f)
{
    struct shown t = { .until_s = 0 };
    bool good = open_token(c, http_credentials(c->req, S("Bearer")), &t);

    c->service = good ? registry_service(c->registry, t.service) : NULL;
    if (c->service == NULL || c->service->protocol != PROTO_LTI || !c->service->enabled) {
        pace_refused(c);
        http_header_set(c->res, S("WWW-Authenticate"), S("Bearer realm=\"digione\", error=\"invalid_token\""));
        return fail_told(f, FAIL_CLIENT_AUTH, "invalid_token", "the access token is unknown or has ended",
                         "no token of a tool");
    }
    return (str_has_word(t.scope, scope) && is_let(c->service, scope)) ||
           fail_told(f, FAIL_DENIED, "insufficient_scope", "the access token is not for this",
                     "the token's scope is \"%.*s\"", STR_ARG(t.scope));
}
