/* SPDX-License-Identifier: EUPL-1.2
 * GET /lti/members/CONTEXT: who of a context has opened the tool.  [Names and Role Provisioning Services 2.0] */
#include "registry/members.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/lti/service.h"
#include "gateway/pace.h"
#include "registry/ends.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"

enum { CONTAINER_MAX_B = 262144, MEMBERS_PAGE = 100, NAME_MAX_B = 64, SHORT_MAX_B = 64 };

#define CONTAINER "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
#define SHORT     "http://purl.imsglobal.org/vocab/lis/v2/membership#" /* "Learner" stands for it [NRPS 2.5] */

struct str members_url(struct ctx *c, const struct lti_told *told)
{
    if (!c->service->lti.names_and_roles || told->context_id.p == NULL || c->members == NULL)
        return (struct str){ NULL, 0 };
    return arena_printf(c->arena, "%.*s/lti/members/%.*s", STR_ARG(c->set->public_url), STR_ARG(told->context_id));
}

/* ── what is asked ──────────────────────────────────────────────────────── */

static unsigned roles_of(struct ctx *c, struct str wanted)
{
    unsigned out = 0;

    if (wanted.p != NULL && wanted.n <= SHORT_MAX_B && str_find_byte(wanted, ':', 0) == wanted.n)
        wanted = arena_printf(c->arena, SHORT "%.*s", STR_ARG(wanted));
    for (int role = 1; role < ROLE_COUNT; role++)
        if (wanted.p == NULL || str_has_word(message_roles((enum role)role), wanted))
            out |= 1u << role;
    return out;
}

static bool limit_of(struct ctx *c, int64_t *out, struct fail *f)
{
    struct str text = form_get(c->query, S("limit"));

    *out = MEMBERS_PAGE;
    if (text.p != NULL && (!str_int(text, out) || *out < 1))
        return fail(f, FAIL_CALLER, "invalid_request", "limit is no number above 0");
    if (*out > MEMBERS_PAGE_MAX)
        *out = MEMBERS_PAGE_MAX;
    return true;
}

static enum step find(struct ctx *c, struct fail *f)
{
    struct members_page *p = c->state = arena_make(c->arena, struct members_page);
    struct str after = form_get(c->query, S("after"));

    if (!service_token_read(c, S(LTI_SCOPE_MEMBERS), f) || pace_service(c, f) != NEXT || !limit_of(c, &p->limit, f))
        return REFUSE;
    if (c->members == NULL)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "no members are kept here");
    if (after.n > NAME_MAX_B)
        return fail(f, FAIL_CALLER, "invalid_request", "after is no name of a member");
    p->service = c->service->id;
    p->context = c->req->param;
    p->after = after.p != NULL ? after : S("");
    p->roles = roles_of(c, form_get(c->query, S("role")));
    p->now_s = c->now_s;
    return members_list(c->members, c->work, &c->batch, c->arena, p)
               ? WAIT
               : (enum step)fail(f, FAIL_BUSY, "busy", "too many jobs wait");
}

/* ── what may be told ───────────────────────────────────────────────────── */

/* Policy is asked again, of somebody who is no more than the affiliation that was told; a list says of each member that
 * they are of its context, a member is told with a role, or not at all. */
static bool may_tell(struct ctx *c, const struct member *m, struct str context)
{
    if (c->service->client.consent &&
        ends_taken_back(c->ends, m->person, c->service->id, m->seen_s, (struct str){ NULL, 0 }))
        return false;
    struct affiliation at = { .provider_oid = m->provider_oid,
                              .school_oid = str_is_set(m->school_oid) ? m->school_oid : (struct str){ NULL, 0 },
                              .school_code = str_is_set(m->school_code) ? m->school_code : (struct str){ NULL, 0 },
                              .role = m->role,
                              .group = str_is_set(m->group) ? m->group : (struct str){ NULL, 0 },
                              .class_level = m->class_level };
    struct person p = { .id = m->sub, .affiliations = &at, .affiliation_count = 1 };
    const struct circumstances now = { .now_s = c->now_s, .as_if = &supposed_ordinary };
    const struct decision d = policy_decide(c->registry, &p, c->service, &now);

    return d.effect == EFFECT_ALLOW && claim_in(d.release, CLAIM_ROLES) &&
           claim_in(d.release, told_by_context(c, m, context));
}

static void write_member(struct json_out *o, const struct member *m)
{
    struct str words = message_roles(m->role), word;

    json_begin_object(o);
    json_put_str(o, S("status"), S("Active"));
    json_put_str(o, S("user_id"), m->sub);
    json_key(o, S("roles"));
    json_begin_array(o);
    while (str_split(&words, ' ', &word))
        json_str(o, word);
    json_end_array(o);
    json_end_object(o);
}

/* [NRPS 2.4.2] */
static void link_next(struct ctx *c, const struct members_page *p)
{
    struct buf b = buf_new(c->arena, 2048);

    buf_printf(&b, "%.*s%.*s", STR_ARG(c->set->public_url), STR_ARG(c->req->path));
    url_query(&b, S("limit"), arena_printf(c->arena, "%lld", (long long)p->limit));
    url_query(&b, S("role"), form_get(c->query, S("role")));
    url_query(&b, S("after"), p->last);
    http_header_set(c->res, S("Link"), arena_printf(c->arena, "<%.*s>; rel=\"next\"", STR_ARG(buf_str(&b))));
}

static enum step show(struct ctx *c, struct fail *f)
{
    const struct members_page *p = c->state;
    struct json_out o = json_out(c->arena, CONTAINER_MAX_B);

    if (!p->ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "members: %s: %s", p->why.code, p->why.detail);
    json_begin_object(&o);
    json_put_str(&o, S("id"), arena_join(c->arena, c->set->public_url, c->req->path));
    json_key(&o, S("context"));
    json_begin_object(&o);
    json_put_str(&o, S("id"), c->req->param);
    json_end_object(&o);
    json_key(&o, S("members"));
    json_begin_array(&o);
    for (size_t i = 0; i < p->n; i++)
        if (may_tell(c, &p->at[i], p->context))
            write_member(&o, &p->at[i]);
    json_end_array(&o);
    json_end_object(&o);
    if (p->more)
        link_next(c, p);
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    http_body(c->res, 200, S(CONTAINER), json_done(&o));
    return DONE;
}

const struct step_row lti_members[] = { { pace_address }, { find }, { show }, { NULL } };
