/* SPDX-License-Identifier: EUPL-1.2
 * The half of a launch that is ours: to where the tool's login begins.  [Security Framework 5.1.1.1, LTI Core 4.1] */
#include "gateway/lti/open.h"

#include "base/codec.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/lti/told.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/session.h"
#include "launcher/pages.h"
#include "registry/targets.h"
#include "wire/form.h"
#include "wire/http.h"

enum { HINT_ID_B = 16, ADDRESS_MAX_B = 16384, CATALOGUES_MAX = 200 };

static enum step begin(struct ctx *c, unsigned mode, struct str target, struct str link)
{
    c->login = login_new(c, PROTO_LTI);
    c->login->service = c->service->id;
    c->login->answer_mode = mode;
    c->login->answer_to = target;
    c->login->state_out = link;
    return NEXT;
}

static enum step find_tool(struct ctx *c, struct str id, struct fail *f)
{
    c->service = registry_service(c->registry, id);
    if (c->service == NULL || c->service->protocol != PROTO_LTI || !c->service->enabled)
        return fail(f, FAIL_NOT_FOUND, "not_found", "no tool \"%.*s\"", STR_ARG(id));
    return NEXT;
}

/* ── /lti/open/<service>, with ?to=: another page of it ──────────────────── */

static struct str front(struct ctx *c)
{
    return target_in(c->arena, c->service->target_link_uri, c->lang);
}

static enum step open_tool(struct ctx *c, struct fail *f)
{
    struct str to = form_get(c->query, S("to")), target;

    if (find_tool(c, c->req->param, f) != NEXT)
        return REFUSE;
    if (to.p == NULL)
        return begin(c, LTI_LAUNCH, front(c), (struct str){ NULL, 0 });
    if (!target_read(c->arena, c->service, to, c->lang, &target))
        return fail(f, FAIL_CALLER, "invalid_request", "to is nowhere that a link to the tool may lead");
    return begin(c, LTI_LAUNCH, target, (struct str){ NULL, 0 });
}

/* ── /lti/pick/<service>: its catalogue ──────────────────────────────────── */

static enum step open_catalogue(struct ctx *c, struct fail *f)
{
    if (find_tool(c, c->req->param, f) != NEXT)
        return REFUSE;
    if (!c->service->lti.deep_linking)
        return fail(f, FAIL_NOT_FOUND, "not_found", "tool \"%.*s\" has no catalogue", STR_ARG(c->service->id));
    return begin(c, LTI_PICK, str_is_set(c->service->lti.deep_link_uri) ? c->service->lti.deep_link_uri : front(c),
                 (struct str){ NULL, 0 });
}

/* ── /lti/pick: whose catalogues there are ───────────────────────────────── */

static bool may_pick(const struct ctx *c);

static void add_catalogues(struct ctx *c, struct picked_view *v)
{
    const struct registry_parts *p = registry_parts(c->registry);
    const struct circumstances now = flow_circumstances(c);
    const struct bits open = policy_services(c->arena, c->registry, c->person, &now);
    struct picked_row *rows = arena_make_n(c->arena, CATALOGUES_MAX, struct picked_row);

    for (size_t i = 0; i < p->service_count && v->links.n < CATALOGUES_MAX; i++) {
        const struct service *s = &p->services[i];
        if (s->protocol == PROTO_LTI && s->lti.deep_linking && bits_has(&open, i))
            rows[v->links.n++] = (struct picked_row){ .title = names_in(&s->names, c->lang),
                                                      .url = arena_join(c->arena, S("/lti/pick/"), s->id) };
    }
    v->links.at = rows;
}

static enum step show_catalogues(struct ctx *c, struct fail *f)
{
    struct picked_view v = { .page = page_for(c, S("/lti/pick")), .catalogues = true };

    (void)f;
    if (may_pick(c))
        add_catalogues(c, &v);
    flow_leave_idle(c);
    return answer_page(c, 200, page_picked(c->arena, &v));
}

/* ── /lti/link?item=: what somebody picked ───────────────────────────────── */

static enum step open_link(struct ctx *c, struct fail *f)
{
    struct lti_link l;

    if (!lti_link_open(c, form_get(c->query, S("item")), &l))
        return fail(f, FAIL_NOT_FOUND, "not_found", "item is no link that was picked here");
    if (find_tool(c, l.service, f) != NEXT)
        return REFUSE;
    if (!lti_target_fits(c->arena, c->service, l.url))
        return fail(f, FAIL_NOT_FOUND, "not_found", "the link leads to where the tool is no more");
    return begin(c, LTI_LAUNCH, str_eq(l.url, c->service->target_link_uri) ? front(c) : l.url,
                 lti_link_write(c->arena, &l));
}

static enum step load_session(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, session_load);
}

const struct step_row lti_open[] = { { open_tool }, { load_session }, { flow_next }, { NULL } };
const struct step_row lti_pick[] = { { open_catalogue }, { load_session }, { flow_next }, { NULL } };
const struct step_row lti_catalogues[] = { { load_session }, { flow_need_person }, { show_catalogues }, { NULL } };
const struct step_row lti_link_go[] = { { open_link }, { load_session }, { flow_next }, { NULL } };

struct str lti_launch(struct ctx *c, const struct service *s, struct str to)
{
    struct buf b = buf_new(c->arena, ADDRESS_MAX_B);

    buf_printf(&b, "/lti/open/%.*s", STR_ARG(s->id));
    url_query(&b, S("to"), to);
    return buf_str(&b);
}

/* ── decided: the browser goes to the tool ───────────────────────────────── */

/* A student who picks would hand out links; it is what teachers do. */
static bool may_pick(const struct ctx *c)
{
    return person_has_role(c->person, ROLE_TEACHER, (struct str){ NULL, 0 }, c->now_s) ||
           person_has_role(c->person, ROLE_SUBSTITUTE, (struct str){ NULL, 0 }, c->now_s) ||
           person_has_role(c->person, ROLE_PRINCIPAL, (struct str){ NULL, 0 }, c->now_s);
}

static enum step lead_ask(struct ctx *c, struct fail *f)
{
    if (c->login->answer_mode == LTI_PICK && !may_pick(c))
        return fail(f, FAIL_DENIED, "access_denied", "links are picked by teachers");
    flow_audit(c, "open", flow_decision(c)->rule, (struct str){ NULL, 0 }, (struct str){ NULL, 0 });
    return WAIT;
}

static enum step lead(struct ctx *c, struct fail *f)
{
    const struct login *l = c->login;
    struct lti_told told = { .role = ROLE_NONE };
    char id[HINT_ID_B];
    struct buf b = buf_new(c->arena, ADDRESS_MAX_B);

    if (!flow_audited(c, f))
        return REFUSE;
    world_random(c->world, id, sizeof id);
    const struct lti_hints hints = hint_seal(c, &(struct lti_hint){ .id = b64url_encode(c->arena, str_n(id, sizeof id)),
                                                                    .sid = c->session->sid,
                                                                    .service = c->service->id,
                                                                    .target = l->answer_to,
                                                                    .link = l->state_out,
                                                                    .pick = l->answer_mode == LTI_PICK,
                                                                    .until_s = c->now_s + HINT_LIFE_S });
    told_find(c, flow_decision(c), &told);
    buf_add(&b, target_in(c->arena, c->service->initiate_login_uri, c->lang));
    url_query(&b, S("iss"), c->set->public_url);
    url_query(&b, S("login_hint"), hints.login);
    url_query(&b, S("target_link_uri"), l->answer_to);
    url_query(&b, S("lti_message_hint"), hints.message);
    url_query(&b, S("lti_deployment_id"), lti_deployment(c->service, told.provider));
    url_query(&b, S("client_id"), c->service->client_id);
    if (!buf_ok(&b))
        return fail(f, FAIL_OURS, "server_error", "the address of the launch is too long");
    return answer_go(c, buf_str(&b));
}

const struct step_row lti_lead[] = { { lead_ask }, { lead }, { NULL } };
