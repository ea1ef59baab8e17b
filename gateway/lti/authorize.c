/* SPDX-License-Identifier: EUPL-1.2
 * The half of a launch that is the tool's: it asks for the message that its hint names.  One check per function, in the
 * order of the tables.  [Security Framework 5.1.1.2, OIDC Core 3.2.2.1] */
#include "gateway/lti/lti.h"

#include "gateway/answer.h"
#include "gateway/lti/trial.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/session.h"
#include "launcher/pages.h"
#include "wire/form.h"
#include "wire/http.h"

enum { GO_MAX_B = 32768 };

static struct str asked(const struct ctx *c, const char *name)
{
    return form_get(c->req->method == HTTP_POST ? c->body : c->query, str_of(name));
}

/* ── who asks, and where the answer may go: until it is known, nothing is answered there ─── */

static enum step find_tool(struct ctx *c, struct fail *f)
{
    struct str id = asked(c, "client_id");

    if (!str_is_set(id))
        return fail_told(f, FAIL_CALLER, "invalid_request", "client_id is missing", "client_id is missing");
    c->service_named = id;
    c->service = lti_tool(c, id);
    if (c->service == NULL)
        return fail_told(f, FAIL_CALLER, "invalid_request", "client_id is that of no tool",
                         "unknown tool: none has client_id \"%.*s\"", STR_ARG(id));
    return c->service->enabled ? passed(c, CHECK_tool)
                               : fail_told(f, FAIL_CALLER, "unauthorized_client", "the tool is switched off",
                                           "the tool is switched off");
}

static enum step check_redirect_uri(struct ctx *c, struct fail *f)
{
    struct str uri = asked(c, "redirect_uri"), state = asked(c, "state");

    if (!str_is_set(uri))
        return fail_told(f, FAIL_CALLER, "invalid_request", "redirect_uri is missing", "redirect_uri is missing");
    if (!strs_has(&c->service->redirect_uris, uri))
        return fail_told(f, FAIL_CALLER, "invalid_request", "redirect_uri is not one that the tool has registered",
                         "redirect_uri \"%.*s\" is not one that the tool has registered", STR_ARG(uri));
    if (state.n > LTI_STATE_MAX_B)
        return fail_told(f, FAIL_CALLER, "invalid_request", "state is too long", "state has %zu bytes, more than %d",
                         state.n, LTI_STATE_MAX_B);
    c->login = login_new(c, PROTO_LTI);
    c->login->service = c->service->id;
    c->login->answer_to = uri;
    c->login->state_out = state;
    c->login->prompt = PROMPT_NONE;
    c->login->scope = S("openid");
    c->login->redirect_checked = true;
    return passed(c, CHECK_lti_redirect_uri);
}

/* ── what must be said, word for word ───────────────────────────────────── */

static const struct {
    const char *name, *value, *code;
} words[] = {
    { "response_type", "id_token", "unsupported_response_type" },
    { "response_mode", "form_post", "invalid_request" },
    { "prompt", "none", "invalid_request" },
};

static enum step check_words(struct ctx *c, struct fail *f)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!str_eq(asked(c, words[i].name), str_of(words[i].value)))
            return fail(f, FAIL_CALLER, words[i].code, "%s must be %s", words[i].name, words[i].value);
    return str_has_word(asked(c, "scope"), S("openid"))
               ? passed(c, CHECK_lti_words)
               : fail(f, FAIL_CALLER, "invalid_scope", "scope does not contain openid");
}

static enum step check_nonce(struct ctx *c, struct fail *f)
{
    struct str nonce = asked(c, "nonce");

    if (!str_is_set(nonce))
        return fail(f, FAIL_CALLER, "invalid_request", "nonce is missing");
    if (nonce.n > LTI_NONCE_MAX_B)
        return fail(f, FAIL_CALLER, "invalid_request", "nonce has %zu bytes, more than %d", nonce.n, LTI_NONCE_MAX_B);
    c->login->nonce = nonce;
    return passed(c, CHECK_lti_nonce);
}

/* Short-lived, of this tool; whose session it is, is seen once that is loaded. */
static enum step check_hints(struct ctx *c, struct fail *f)
{
    struct str login = asked(c, "login_hint"), message = asked(c, "lti_message_hint");
    struct lti_hint h;

    if (!hint_open(c, login, message, &h, f))
        return REFUSE;
    if (!str_eq(h.service, c->service->id))
        return fail(f, FAIL_CALLER, "invalid_request", "lti_message_hint is for another tool");
    if (h.until_s <= c->now_s)
        return fail(f, FAIL_NO_SESSION, "login_required", "the launch began more than %d s ago", HINT_LIFE_S);
    c->login->login_hint = login;
    c->login->pushed = message;
    return passed(c, CHECK_lti_hints);
}

/* What a tool's page leads to within a frame comes without our cookies; what our own page leads to comes with them. */
static enum step come_again(struct ctx *c, struct fail *f)
{
    struct continue_view v = { .page = page_for(c, (struct str){ NULL, 0 }) };
    struct buf b = buf_new(c->arena, GO_MAX_B);

    if (c->session != NULL || str_is_set(asked(c, "again")) || !lti_is_framed(c))
        return NEXT;
    buf_add(&b, S("/lti/authorize?again=1"));
    for (size_t i = 0; i < c->query->count; i++)
        url_query(&b, c->query->fields[i].name, c->query->fields[i].value);
    if (!buf_ok(&b))
        return fail(f, FAIL_TOO_LARGE, "invalid_request", "the request is too long");
    v.url = buf_str(&b);
    enum step done = answer_page(c, 200, page_continue(c->arena, &v));
    answer_within_ours(c);
    return done;
}

static enum step check_session(struct ctx *c, struct fail *f)
{
    struct lti_hint h;

    if (!hint_open(c, c->login->login_hint, c->login->pushed, &h, f))
        return REFUSE;
    return c->session != NULL && str_eq(c->session->sid, h.sid)
               ? passed(c, CHECK_lti_session)
               : fail(f, FAIL_NO_SESSION, "login_required", "the launch is not of whoever is signed in here");
}

const struct step_row lti_authorize[] = { { find_tool },     { check_redirect_uri }, { check_words },
                                          { check_nonce },   { check_hints },        { session_find },
                                          { lti_trial },     { flow_test_person },   { come_again },
                                          { check_session }, { flow_next },          { NULL } };

/* ── by POST: no cookie is read; a GET of our own follows, where the Lax cookie arrives ─── */

static enum step go_on(struct ctx *c, struct fail *f)
{
    struct buf b = buf_new(c->arena, GO_MAX_B);

    buf_add(&b, S("/lti/authorize"));
    for (size_t i = 0; i < c->body->count; i++)
        url_query(&b, c->body->fields[i].name, c->body->fields[i].value);
    if (!buf_ok(&b))
        return fail(f, FAIL_TOO_LARGE, "invalid_request", "the request is too long");
    return answer_go(c, buf_str(&b));
}

const struct step_row lti_authorize_post[] = { { find_tool },   { check_redirect_uri }, { check_words },
                                               { check_nonce }, { check_hints },        { go_on },
                                               { NULL } };
