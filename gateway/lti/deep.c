/* SPDX-License-Identifier: EUPL-1.2
 * What a teacher picked comes back as a message that the tool signed.  [Deep Linking 2.0 3.5, 4.5] */
#include "gateway/lti/deep.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/log.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/lti/message.h"
#include "gateway/lti/proof.h"
#include "gateway/lti/told.h"
#include "gateway/once.h"
#include "gateway/pace.h"
#include "gateway/session/session.h"
#include "launcher/pages.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"
#include "wire/kv.h"

enum {
    DATA_MAX_B = 2048,
    PICKING_LIFE_S = 7200,
    PICKED_LIFE_S = 600,
    PICKED_MAX_B = 5000, /* of the list, so that the address that holds it fits into a request */
    ANSWER_LIFE_S = 3600,
    PICK_ID_B = 16,
    TITLE_CHARS = 200
};

static const struct str none = { NULL, 0 };
static const struct str data_place = S("lti deep linking"), list_place = S("lti picked");

/* ── what goes along, and comes back ────────────────────────────────────── */

struct picking {
    struct str id, sid, service, deployment;
    int64_t until_s;
};

static const struct json_field picking_fields[] = {
    FIELD(picking, id, JSON_STR, true, 64),       FIELD(picking, sid, JSON_STR, true, 128),
    FIELD(picking, service, JSON_STR, true, 128), FIELD(picking, deployment, JSON_STR, true, 255),
    FIELD(picking, until_s, JSON_INT, true, 0),   { 0 },
};

static struct str random_id(struct ctx *c)
{
    char id[PICK_ID_B];

    world_random(c->world, id, sizeof id);
    return b64url_encode(c->arena, str_n(id, sizeof id));
}

static struct str seal_text(struct ctx *c, struct str place, struct str json)
{
    return b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, place, json));
}

static bool open_text(struct ctx *c, struct str place, struct str text, struct str *json)
{
    struct str sealed;

    return str_is_set(text) && b64url_decode(c->arena, text, &sealed) &&
           seal_open(c->arena, c->seals, SEAL_COOKIE, place, sealed, json);
}

struct str deep_data(struct ctx *c, struct str deployment)
{
    struct json_out o = json_out(c->arena, DATA_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("id"), random_id(c));
    json_put_str(&o, S("sid"), c->session->sid);
    json_put_str(&o, S("service"), c->service->id);
    json_put_str(&o, S("deployment"), deployment);
    json_put_int(&o, S("until_s"), c->now_s + PICKING_LIFE_S);
    json_end_object(&o);
    return seal_text(c, data_place, json_done(&o));
}

/* ── POST /lti/picked: no cookie is read ────────────────────────────────── */

struct picked { /* c->state */
    struct tool_proof proof;
    struct picking of;
    struct kv_got nonce_used, data_used;
};

static struct picked *mine(const struct ctx *c)
{
    return c->state;
}

static enum step find_tool(struct ctx *c, struct fail *f)
{
    struct picked *p = c->state = arena_make(c->arena, struct picked);
    struct str token = form_get(c->body, S("JWT")), iss = tool_claimed(c->arena, token, S("iss"));

    if (!str_is_set(token))
        return fail(f, FAIL_CALLER, "invalid_request", "JWT is missing");
    c->service_named = iss;
    c->service = lti_tool(c, iss);
    if (c->service == NULL || !c->service->enabled || !c->service->lti.deep_linking)
        return fail(f, FAIL_CALLER, "invalid_request", "iss of the JWT is no tool that people pick from");
    check_passed(c, CHECK_deep_who);
    p->proof = (struct tool_proof){ .tool = c->service,
                                    .token = token,
                                    .rules = { .blame = FAIL_CALLER,
                                               .algs = JOSE_EVERY,
                                               .iss = c->service->client_id,
                                               .aud = c->set->public_url,
                                               .azp_any = true,
                                               .sub_optional = true,
                                               .now_s = c->now_s,
                                               .skew_s = c->set->jose_skew_s,
                                               .life_max_s = ANSWER_LIFE_S } };
    return step_into(c, tool_prove);
}

static struct str said(const struct picked *p, struct str claim)
{
    return json_get_str(p->proof.claims.all, claim);
}

static enum step check_proof(struct ctx *c, struct fail *f)
{
    const struct picked *p = mine(c);

    if (!p->proof.ok) {
        pace_refused(c);
        return fail(f, FAIL_CALLER, "invalid_request", "JWT: %s: %s", p->proof.why.code, p->proof.why.detail);
    }
    if (!str_eq(said(p, S(LTI_CLAIM "message_type")), S("LtiDeepLinkingResponse")))
        return fail(f, FAIL_CALLER, "invalid_request", "JWT: message_type is not LtiDeepLinkingResponse");
    if (!str_eq(said(p, S(LTI_CLAIM "version")), S("1.3.0")))
        return fail(f, FAIL_CALLER, "invalid_request", "JWT: version is not 1.3.0");
    return str_is_set(p->proof.claims.nonce) ? passed(c, CHECK_deep_proof)
                                             : fail(f, FAIL_CALLER, "invalid_request", "JWT: nonce is missing");
}

/* It must answer what somebody here was asked a moment ago, in that deployment. */
static enum step check_data(struct ctx *c, struct fail *f)
{
    struct picked *p = mine(c);
    struct fail unreadable = { 0 };
    struct str json;

    if (!open_text(c, data_place, said(p, S(LTI_DL "data")), &json) ||
        !json_read(c->arena, json, picking_fields, &p->of, &unreadable))
        return fail(f, FAIL_CALLER, "invalid_request", "JWT: data is not what the request said");
    if (!str_eq(p->of.service, c->service->id))
        return fail(f, FAIL_CALLER, "invalid_request", "JWT: data is another tool's");
    if (!str_eq(said(p, S(LTI_CLAIM "deployment_id")), p->of.deployment))
        return fail(f, FAIL_CALLER, "invalid_request", "JWT: deployment_id is not that of the request");
    return p->of.until_s > c->now_s
               ? passed(c, CHECK_deep_begun)
               : fail(f, FAIL_CALLER, "invalid_request", "JWT: the request was made more than two hours ago");
}

/* Once: by the tool's nonce, and by our request. */
static enum step use_up(struct ctx *c, struct fail *f)
{
    struct picked *p = mine(c);

    (void)f;
    once_ask(c, "ltin:", c->service->id, p->proof.claims.nonce, jose_born_s(&p->proof.claims),
             p->proof.claims.exp_s - c->now_s + c->set->jose_skew_s + 1, &p->nonce_used);
    once_ask(c, "ltip:", c->service->id, p->of.id, p->of.until_s - PICKING_LIFE_S, PICKING_LIFE_S, &p->data_used);
    return WAIT;
}

static enum step check_unused(struct ctx *c, struct fail *f)
{
    static const char what[] = "mark of what was picked", says[] = "JWT: it was brought before, and counts once";

    return once_first(&mine(c)->nonce_used, what, says, f) && once_first(&mine(c)->data_used, what, says, f) ? NEXT
                                                                                                             : REFUSE;
}

/* ── the items ──────────────────────────────────────────────────────────── */

static bool is_line(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < ' ')
            return false;
    return text.n <= LINK_MAX_B;
}

static bool custom_of(struct arena *a, const struct json_value *custom, struct str *out)
{
    struct buf b = buf_new(a, LINK_MAX_B);

    for (const struct json_value *v = custom != NULL ? custom->first : NULL; v != NULL; v = v->next) {
        if (v->type == JSON_OBJECT || v->type == JSON_ARRAY || v->type == JSON_NULL || !is_line(v->text) ||
            !is_line(v->name) || v->name.n == 0 || str_find_byte(v->name, '=', 0) < v->name.n)
            return false;
        buf_printf(&b, "%s%.*s=%.*s", b.n > 0 ? "\n" : "", STR_ARG(v->name), STR_ARG(v->text));
    }
    *out = b.n > 0 ? buf_str(&b) : none;
    return buf_ok(&b);
}

bool deep_item(struct arena *a, const struct service *s, const struct json_value *item, struct lti_link *out)
{
    struct str url = json_get_str(item, S("url")), title = json_get_str(item, S("title"));

    *out = (struct lti_link){ .service = s->id,
                              .url = url.p != NULL ? url : s->target_link_uri,
                              .title = str_is_set(title) ? str_chars(title, TITLE_CHARS, LINK_MAX_B / 2) : none };
    return str_eq(json_get_str(item, S("type")), S("ltiResourceLink")) && lti_target_fits(a, s, out->url) &&
           (title.p == NULL || is_line(title)) && custom_of(a, json_get(item, S("custom")), &out->custom);
}

static enum step list(struct ctx *c, struct fail *f)
{
    const struct picked *p = mine(c);
    const struct json_value *items = json_get(p->proof.claims.all, S(LTI_DL "content_items"));
    struct json_out o = json_out(c->arena, PICKED_MAX_B);
    struct lti_link link;
    int64_t left_out = 0, kept = 0;

    json_begin_object(&o);
    json_put_str(&o, S("sid"), p->of.sid);
    json_put_str(&o, S("service"), c->service->id);
    json_put_int(&o, S("until_s"), c->now_s + PICKED_LIFE_S);
    json_key(&o, S("items"));
    json_begin_array(&o);
    for (const struct json_value *v = items != NULL && items->type == JSON_ARRAY ? items->first : NULL; v != NULL;
         v = v->next) {
        bool fits = deep_item(c->arena, c->service, v, &link);
        link.id = random_id(c);
        left_out += !fits;
        kept += fits;
        if (fits)
            json_raw(&o, lti_link_write(c->arena, &link));
    }
    json_end_array(&o);
    json_put_int(&o, S("left_out"), left_out);
    json_end_object(&o);
    if (json_done(&o).p == NULL)
        return fail(f, FAIL_TOO_LARGE, "invalid_request", "so much cannot be picked at once: pick fewer, and again");
    log_event(LOG_INFO, "lti.picked", LOG_C("support_code", c->support_code), LOG_S("service", c->service->id),
              LOG_N("links", kept), LOG_N("left_out", left_out));
    check_passed(c, CHECK_deep_items);
    return answer_go(c, url_to(c->arena, S("/lti/picked"), S("list"), seal_text(c, list_place, json_done(&o))));
}

const struct step_row lti_picked[] = { { pace_address }, { find_tool },    { check_proof }, { check_data },
                                       { use_up },       { check_unused }, { list },        { NULL } };

/* ── GET /lti/picked: the list, for whoever picked ──────────────────────── */

struct shown {
    struct str sid, service;
    const struct json_value *items;
    int64_t until_s, left_out;
};

static const struct json_field shown_fields[] = {
    FIELD(shown, sid, JSON_STR, true, 128),    FIELD(shown, service, JSON_STR, true, 128),
    FIELD(shown, items, JSON_ARRAY, true, 0),  FIELD(shown, until_s, JSON_INT, true, 0),
    FIELD(shown, left_out, JSON_INT, true, 0), { 0 },
};

static bool read_shown(struct ctx *c, struct str text, struct shown *out)
{
    struct fail unreadable = { 0 };
    struct str json;

    *out = (struct shown){ .until_s = 0 };
    return open_text(c, list_place, text, &json) && json_read(c->arena, json, shown_fields, out, &unreadable) &&
           out->until_s > c->now_s;
}

size_t deep_picked(struct ctx *c, struct str list, struct lti_link *out, size_t most)
{
    struct shown s;
    size_t n = 0;

    if (!read_shown(c, list, &s) || !str_eq(s.sid, c->session->sid) || !str_eq(s.service, c->service->id))
        return 0;
    for (const struct json_value *item = s.items->first; item != NULL && n < most; item = item->next)
        n += lti_link_read_value(item, &out[n]);
    return n;
}

static void fill_rows(struct ctx *c, const struct shown *s, struct picked_view *v)
{
    struct picked_row *rows = arena_make_n(c->arena, s->items->count + 1, struct picked_row);

    for (const struct json_value *item = s->items->first; item != NULL; item = item->next) {
        struct lti_link link;
        if (!lti_link_read_value(item, &link))
            continue;
        rows[v->links.n++] =
            (struct picked_row){ .title = str_is_set(link.title) ? link.title : v->service,
                                 .url = url_to(c->arena, arena_join(c->arena, c->set->public_url, S("/lti/link")),
                                               S("item"), lti_link_seal(c, &link)) };
    }
    v->links.at = rows;
}

/* The classes for which they may be put up, the one in which they were picked first: each a button. */
static void fill_classes(struct ctx *c, struct picked_view *v)
{
    const struct decision *d = flow_decide(c);
    const struct told_list *all = told_all(c, d);
    const struct lti_told *here = told_in(all, session_told(c->session, c->service->id));
    struct picked_row *rows = arena_make_n(c->arena, all->n + 1, struct picked_row);

    if (d->effect != EFFECT_ALLOW || v->links.n == 0)
        return;
    if (here != NULL && told_teaches(here))
        rows[v->classes.n++] = (struct picked_row){ told_title(here), here->context_id };
    for (size_t i = 0; i < all->n; i++)
        if (&all->at[i] != here && told_teaches(&all->at[i]))
            rows[v->classes.n++] = (struct picked_row){ told_title(&all->at[i]), all->at[i].context_id };
    v->classes.at = rows;
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct str text = form_get(c->query, S("list"));
    struct shown s;

    if (!read_shown(c, text, &s) || (c->service = registry_service(c->registry, s.service)) == NULL)
        return fail(f, FAIL_NOT_FOUND, "not_found", "list is none of ours, or too old");
    if (!str_eq(c->session->sid, s.sid))
        return fail(f, FAIL_DENIED, "access_denied", "somebody else picked this");
    struct picked_view v = { .page = page_for(c, url_to(c->arena, S("/lti/picked"), S("list"), text)),
                             .service = names_in(&c->service->names, c->lang),
                             .service_id = c->service->id,
                             .list = text,
                             .again = arena_join(c->arena, S("/lti/pick/"), c->service->id),
                             .left_out = s.left_out };
    fill_rows(c, &s, &v);
    fill_classes(c, &v);
    flow_leave_idle_to(c, S("/"));
    return answer_page(c, 200, page_picked(c->arena, &v));
}

const struct step_row lti_picked_show[] = { { session_find }, { flow_need_person }, { show }, { NULL } };
