/* SPDX-License-Identifier: EUPL-1.2
 * A decided login is answered: on the way to the tool, or with the message.  [LTI Core 5, Form Post Response Mode 2] */
#include "gateway/answer.h"
#include "base/codec.h"
#include "base/crypt.h"
#include "base/log.h"
#include "base/settings.h"
#include "certs/signer_client.h"
#include "gateway/lti/deep.h"
#include "gateway/lti/open.h"
#include "gateway/lti/service.h"
#include "gateway/lti/told.h"
#include "gateway/metrics.h"
#include "gateway/once.h"
#include "gateway/session/session.h"
#include "gateway/tested.h"
#include "gateway/vigil.h"
#include "launcher/pages.h"
#include "model/pairwise.h"
#include "registry/members.h"
#include "wire/http.h"
#include "wire/kv.h"

#include <string.h>

enum { TOKEN_LIFE_S = 300, RESOURCE_ID_CHARS = 40, LTI_FIELDS_MAX = 6, CUSTOM_LINES_MAX_B = 131072 };

struct answering { /* c->state */
    struct lti_hint hint;
    struct kv_got used;
    struct lti_told told;
    struct signed_got token;
    struct member_note member;
};

static struct answering *mine(const struct ctx *c)
{
    return c->state;
}

/* ── by form_post ───────────────────────────────────────────────────────── */

struct fields {
    struct hidden_field at[LTI_FIELDS_MAX];
    size_t n;
};

static void put(struct fields *all, struct str name, struct str value)
{
    if (value.p != NULL)
        all->at[all->n++] = (struct hidden_field){ name, value };
}

static enum step post(struct ctx *c, struct fields *all)
{
    const struct service *s = registry_service(c->registry, c->login->service);

    put(all, S("state"), c->login->state_out);
    const struct post_view v = { .page = page_for(c, (struct str){ NULL, 0 }),
                                 .url = c->login->answer_to,
                                 .to = s != NULL ? names_in(&s->names, c->lang) : (struct str){ NULL, 0 },
                                 .fields = { all->at, all->n } };
    enum step done = answer_page(c, 200, page_post(c->arena, &v));
    if (lti_is_framed(c))
        answer_within_ours(c);
    return done;
}

/* Codes that OpenID Connect does not know become ones that it does. */
static struct str known_code(const struct ctx *c, const char *code)
{
    static const char *const known[] = { "invalid_request",           "unauthorized_client", "access_denied",
                                         "unsupported_response_type", "invalid_scope",       "server_error",
                                         "temporarily_unavailable",   "login_required",      "interaction_required",
                                         "consent_required" };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], code) == 0)
            return str_of(known[i]);
    return c->fail.kind == FAIL_CALLER ? S("invalid_request") : S("server_error");
}

static void refuse_saying(struct ctx *c, const char *code, const struct fail *why)
{
    struct fields all = { .n = 0 };

    put(&all, S("error"), known_code(c, code));
    put(&all, S("error_description"), answer_description(c, why));
    (void)post(c, &all);
}

static void refuse(struct ctx *c, const char *code)
{
    struct fail why = c->fail;

    if (why.kind == FAIL_NONE)
        (void)fail(&why, FAIL_CALLER, code, "the launch was refused");
    refuse_saying(c, code, &why);
}

static bool may_answer(const struct ctx *c)
{
    const struct service *s = registry_service(c->registry, c->login->service);

    return s != NULL && s->enabled && s->protocol == PROTO_LTI && strs_has(&s->redirect_uris, c->login->answer_to);
}

enum step lti_post_message(struct ctx *c, struct str id_token)
{
    struct fields all = { .n = 0 };

    put(&all, S("id_token"), id_token);
    return post(c, &all);
}

/* ── the message ────────────────────────────────────────────────────────── */

static enum step lead_or_tell(struct ctx *c, struct fail *f);

/* A hint serves once, however many bring it at the same time. */
static enum step use_up(struct ctx *c, struct fail *f)
{
    struct answering *a = c->state = arena_make(c->arena, struct answering);

    if (!may_answer(c))
        return fail(f, FAIL_CALLER, "invalid_request", "redirect_uri was taken away since it was asked");
    if (!hint_open(c, c->login->login_hint, c->login->pushed, &a->hint, f))
        return REFUSE;
    once_ask(c, "lti:", c->service->id, a->hint.id, a->hint.until_s - HINT_LIFE_S, HINT_LIFE_S + 1, &a->used);
    return WAIT;
}

static enum step check_unused(struct ctx *c, struct fail *f)
{
    return once_first(&mine(c)->used, "mark of a launch", "lti_message_hint was used before, and serves once", f)
               ? passed(c, CHECK_launch_once)
               : REFUSE;
}

/* A link is one in its context: what a tool keeps for it, it keeps for that class. */
static struct str resource_id(struct ctx *c, const struct answering *a, const struct lti_link *link)
{
    struct str of = link->id.p != NULL ? link->id : a->hint.target;
    struct str name =
        arena_printf(c->arena, "%.*s\n%.*s\n%.*s", STR_ARG(c->service->id), STR_ARG(of), STR_ARG(a->told.context_id));

    return str_sub(sha256_hex(c->arena, name), 0, RESOURCE_ID_CHARS);
}

static struct str custom_lines(struct ctx *c, const struct lti_link *link)
{
    struct buf b = buf_new(c->arena, CUSTOM_LINES_MAX_B);

    for (size_t i = 0; i < c->service->lti.custom.n; i++)
        buf_printf(&b, "%s%.*s", b.n > 0 ? "\n" : "", STR_ARG(c->service->lti.custom.at[i]));
    if (str_is_set(link->custom))
        buf_printf(&b, "%s%.*s", b.n > 0 ? "\n" : "", STR_ARG(link->custom));
    return buf_str(&b);
}

static struct str url_of(struct ctx *c, struct str path)
{
    return arena_join(c->arena, c->set->public_url, path);
}

static struct str claims_of(struct ctx *c)
{
    struct answering *a = mine(c);
    struct lti_link link = { .id = { NULL, 0 } };
    bool picking = a->hint.pick != 0;

    if (a->hint.link.p != NULL)
        (void)lti_link_read(c->arena, a->hint.link, &link);
    struct lti_message m = {
        .picking = picking,
        .sub = pairwise_sub(c->arena, c->seals, c->person->id, c->service->vendor),
        .client_id = c->service->client_id,
        .nonce = c->login->nonce,
        .deployment_id = lti_deployment(c->service, a->told.provider),
        .target_link_uri = a->hint.target,
        .link_id = resource_id(c, a, &link),
        .link_title = str_is_set(link.title) ? link.title : names_in(&c->service->names, c->lang),
        .platform_url = c->set->public_url,
        .return_url = url_of(c, picking ? S("/lti/picked") : S("/")),
        .custom = custom_lines(c, &link),
        .members_url = members_url(c, &a->told),
        .lang = c->lang,
        .framed = a->hint.framed != 0,
        .told = &a->told,
    };

    if (picking)
        m.data = deep_data(c, m.deployment_id);
    return message_claims(c->arena, &m);
}

/* Whose data is protected is in no list, and in none that is older than that. */
static void note_member(struct ctx *c)
{
    struct answering *a = mine(c);
    bool hidden = c->person->non_disclosure;

    a->member.ok = true;
    if (c->members == NULL || !c->service->lti.names_and_roles)
        return;
    if (!hidden && (members_url(c, &a->told).p == NULL || a->hint.pick != 0 || a->told.role == ROLE_NONE))
        return;
    a->member = (struct member_note){ .service = c->service->id, .context = a->told.context_id, .who = a->told.at };
    a->member.gone = hidden;
    a->member.who.sub = pairwise_sub(c->arena, c->seals, c->person->id, c->service->vendor);
    a->member.who.role = a->told.role;
    a->member.who.seen_s = c->now_s;
    a->member.who.person = c->person->id;
    a->member.who.as_of_s = c->session->began_s;
    a->member.exactly = c->service->client.consent; /* it may have been taken back, and given anew, a moment ago */
    if (!members_note(c->members, c->work, &c->batch, c->arena, &a->member))
        (void)fail(&a->member.why, FAIL_BUSY, "busy", "too many jobs wait");
}

/* It is in the class, and in the deployment, that its beginning named [LTI Core 5.3.3]. */
static bool settle_told(struct ctx *c, struct answering *a, struct fail *f)
{
    const struct told_list *all = told_all(c, flow_decision(c));
    const struct lti_told *told =
        a->hint.context.p != NULL ? told_in(all, a->hint.context) : told_usual(all, (struct str){ NULL, 0 });

    if (told == NULL || !str_eq(lti_deployment(c->service, told->provider), a->hint.deployment))
        return fail(f, FAIL_CALLER, "invalid_request", "the class or the deployment of the launch is none any more");
    a->told = *told;
    return true;
}

static enum step answer_ask(struct ctx *c, struct fail *f)
{
    struct answering *a = mine(c);

    if (!settle_told(c, a, f))
        return REFUSE;
    check_passed(c, CHECK_launch_place);
    struct str claims = claims_of(c);
    if (claims.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "the message is too large");
    c->told = claims;
    signer_id_token(c->signer, &c->batch, c->arena, JOSE_RS256, claims, TOKEN_LIFE_S, &a->token);
    return WAIT;
}

/* Once it is signed: what could not be has not been released. */
static enum step answer_note(struct ctx *c, struct fail *f)
{
    struct answering *a = mine(c);

    if (!a->token.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", a->token.error);
    if (session_add_service(c, c->session, c->service->id)) {
        session_change(c, c->session);
        vigil_watch(c);
    }
    note_member(c);
    flow_compare_told(c);
    const struct release r = { .whole = true };
    tested_keep(c, TESTED_LAUNCH, tested_payload(c->arena, a->token.value), a->told.words, &r);
    flow_audit(c, "release", flow_decision(c)->rule, a->told.words, S("lti"));
    return WAIT;
}

static enum step answer_send(struct ctx *c, struct fail *f)
{
    if (!flow_audited(c, f))
        return REFUSE;
    if (!mine(c)->member.ok) /* the launch is good without */
        log_event(LOG_WARN, "lti.member_not_kept", LOG_C("code", c->support_code), LOG_S("service", c->service->id),
                  LOG_C("why", mine(c)->member.why.detail));
    flow_opened(c);
    check_passed(c, CHECK_launch_given);
    return lti_post_message(c, mine(c)->token.value);
}

static const struct step_row tell[] = { { use_up },      { check_unused }, { answer_ask },
                                        { answer_note }, { answer_send },  { NULL } };
static const struct step_row answer[] = { { lead_or_tell }, { NULL } };

static enum step lead_or_tell(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, c->login->answer_mode == LTI_TELL ? tell : lti_lead);
}

const struct protocol protocol_lti = { .name = "lti",
                                       .answer = answer,
                                       .tells = told_claims,
                                       .may_answer = may_answer,
                                       .refuse = refuse,
                                       .launch = lti_launch };
