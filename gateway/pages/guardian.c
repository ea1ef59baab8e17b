/* SPDX-License-Identifier: EUPL-1.2
 *
 * A guardian's way: signs in, the authority is asked for whom they may act, they choose one child.  And the page that
 * changes from a role at school to a guardian's, and back.
 *
 * Nobody to act for is one answer, whatever the reason: the same address, page and size, and no sooner than after
 * NOBODY_MS, which is longer than the authority's own noes take. */
#include "base/crypt.h"
#include "base/log.h"
#include "base/pause.h"
#include "base/settings.h"
#include "base/world.h"
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/session.h"
#include "idp-adapters/relations.h"
#include "launcher/pages.h"
#include "model/pairwise.h"
#include "registry/wards.h"
#include "wire/form.h"
#include "wire/http.h"

enum { NOBODY_MS = 4000, ROLES_OPEN_MAX = 40 };

static const struct str came_path = S("/guardian/came"), login_cookie = S("acts_for"), none = { NULL, 0 };

struct guardian { /* c->state; asked first, for the makers of relations */
    struct relations_asked asked;
    struct wards_asking wards;
    int64_t began_ms;
    struct str login; /* of the service that is being opened */
};

static struct guardian *mine(struct ctx *c)
{
    if (c->state == NULL) {
        struct guardian *g = c->state = arena_make(c->arena, struct guardian);
        g->began_ms = world_mono_ms(c->world);
        g->login = none;
    }
    return c->state;
}

static enum step load_session(struct ctx *c, struct fail *f)
{
    (void)f;
    (void)mine(c);
    return step_into(c, session_load);
}

/* ── which login goes on afterwards: its id is no capability, and this browser alone has it ─────── */

static bool is_login_id(struct str id)
{
    for (size_t i = 0; i < id.n; i++)
        if (!(id.p[i] >= 'a' && id.p[i] <= 'z') && !(id.p[i] >= 'A' && id.p[i] <= 'Z') &&
            !(id.p[i] >= '0' && id.p[i] <= '9') && id.p[i] != '-' && id.p[i] != '_')
            return false;
    return id.n == LOGIN_ID_CHARS;
}

static enum step note_login(struct ctx *c, struct fail *f)
{
    struct guardian *g = mine(c);
    struct str said = form_get(c->req->method == HTTP_POST ? c->body : c->query, S("login"));

    (void)f;
    if (!is_login_id(said))
        return NEXT;
    g->login = said;
    http_set_cookie(c->res, login_cookie, said, c->set->login_life_s, SAME_SITE_LAX);
    return NEXT;
}

/* The authority gives back nothing of ours but the code. */
static enum step find_noted(struct ctx *c, struct fail *f)
{
    struct str kept = http_cookie(c->req, login_cookie);

    (void)f;
    if (is_login_id(kept))
        mine(c)->login = kept;
    return NEXT;
}

/* ── who is it ──────────────────────────────────────────────────────────── */

static const struct idp *guardians_idp(const struct ctx *c)
{
    return registry_idp_guardians(c->registry);
}

static enum step closed(struct fail *f)
{
    return fail(f, FAIL_NOT_FOUND, "not_found", "no identity provider is for guardians");
}

static enum step find_login(struct ctx *c, struct fail *f)
{
    (void)f;
    return c->session == NULL && str_is_set(mine(c)->login) ? login_find(c, mine(c)->login) : NEXT;
}

/* Nobody is signed in: to where guardians sign in.  Somebody in another role: that is changed openly. */
static enum step need_guardian(struct ctx *c, struct fail *f)
{
    const struct idp *idp = guardians_idp(c);

    if (idp == NULL)
        return closed(f);
    if (c->session != NULL)
        return flow_is_guardian(c) ? NEXT : answer_go(c, S("/roles"));
    if (c->login == NULL || !str_is_set(c->login->service))
        c->login = login_own(c, S(FLOW_GUARDIAN_PATH));
    return flow_to_idp(c, idp, f);
}

/* ── for whom ───────────────────────────────────────────────────────────── */

static const struct relations_maker *maker_of(struct ctx *c)
{
    return relations_of(registry_idp(c->registry, c->session->person->idp));
}

static struct str came_url(struct ctx *c)
{
    return arena_join(c->arena, c->set->public_url, came_path);
}

static enum step finish(struct ctx *c, struct fail *f)
{
    const struct relations_maker *maker = maker_of(c);

    (void)f;
    mine(c)->asked.back = came_url(c);
    return maker != NULL ? step_into(c, maker->finish) : NEXT;
}

/* Where those children are at school: the same questions whoever they are. */
static enum step wards_find(struct ctx *c, struct fail *f)
{
    struct guardian *g = mine(c);

    (void)f;
    for (size_t i = 0; i < g->asked.n && i < WARDS_ASKED_MAX; i++)
        g->wards.identities[i] = g->asked.at[i].identity;
    g->wards.guardian = g->asked.by_guardian ? c->session->person->subject : none;
    g->wards.now_s = c->now_s;
    return c->wards != NULL && wards_ask(c->wards, c->work, &c->batch, c->arena, &g->wards) ? WAIT : NEXT;
}

/* Only where the school is one of ours still. */
static bool is_at_school(const struct ctx *c, const struct acting *a)
{
    const struct provider *p = registry_provider_oid(c->registry, a->provider_oid);
    const struct school *s = p != NULL ? provider_school(p, a->school_oid) : NULL;

    return s != NULL && s->active && !str_eq(a->child, c->session->person->id);
}

/* The authority's answer holds for this session: the person picks among them without another question. */
static enum step wards_keep(struct ctx *c, struct fail *f)
{
    struct guardian *g = mine(c);
    struct session *s = c->session;

    (void)f;
    s->wards = arena_make_n(c->arena, WARDS_ASKED_MAX, struct acting);
    s->ward_count = 0;
    s->wards_known = true;
    for (size_t i = 0; g->wards.ok && i < g->wards.n; i++)
        if (is_at_school(c, &g->wards.found[i]))
            s->wards[s->ward_count++] = g->wards.found[i];
    session_change(c, s);
    return WAIT;
}

/* Whoever is nobody's guardian learns nothing from how soon it is said. */
static enum step nobody_waits(struct ctx *c, struct fail *f)
{
    int64_t spent_ms = world_mono_ms(c->world) - mine(c)->began_ms;

    (void)f;
    if (c->session->ward_count > 0 || c->pauses == NULL || spent_ms >= NOBODY_MS)
        return NEXT;
    pause_ask(c->pauses, &c->batch, c->arena, NOBODY_MS - spent_ms);
    return WAIT;
}

static enum step to_page(struct ctx *c, struct fail *f)
{
    (void)f;
    return answer_go(c, str_is_set(mine(c)->login) ? url_to(c->arena, S(FLOW_GUARDIAN_PATH), S("login"), mine(c)->login)
                                                   : S(FLOW_GUARDIAN_PATH));
}

static const struct step_row asking[] = { { finish },       { wards_find }, { wards_keep },
                                          { nobody_waits }, { to_page },    { NULL } };

/* A reload asks nobody twice: the code was spent. */
static enum step came(struct ctx *c, struct fail *f)
{
    (void)f;
    return c->session->wards_known ? answer_go(c, S(FLOW_GUARDIAN_PATH)) : step_into(c, asking);
}

const struct step_row guardian_came[] = { { load_session },  { find_noted }, { find_login },
                                          { need_guardian }, { came },       { NULL } };

/* ── the page ───────────────────────────────────────────────────────────── */

/* Of one child at one municipality; who changes it finds nobody. */
static struct str ward_id(struct ctx *c, const struct acting *a)
{
    return pairwise_sub(c->arena, c->seals, arena_join(c->arena, a->child, a->provider_oid), S("~guardian"));
}

static struct str where(struct ctx *c, const struct acting *a, const struct provider *p)
{
    const struct school *s = p != NULL ? provider_school(p, a->school_oid) : NULL;
    struct str name = s != NULL ? names_in(&s->names, c->lang) : S("");

    return str_is_set(a->group) ? arena_printf(c->arena, "%.*s, %.*s", STR_ARG(name), STR_ARG(a->group)) : name;
}

static enum step show_nobody(struct ctx *c)
{
    const struct guardian_none_view v = { .page = page_for(c, S(FLOW_GUARDIAN_PATH)),
                                          .support_code = str_of(c->support_code) };

    return answer_page(c, 200, page_guardian_none(c->arena, &v));
}

static enum step show_wards(struct ctx *c)
{
    const struct session *s = c->session;
    struct ward_pick *at = arena_make_n(c->arena, s->ward_count + 1, struct ward_pick);
    size_t n = 0;

    for (size_t i = 0; i < s->ward_count; i++) {
        const struct acting *a = &s->wards[i];
        const struct provider *p = registry_provider_oid(c->registry, a->provider_oid);
        if (a->until_s <= c->now_s)
            continue;
        at[n++] = (struct ward_pick){ .id = ward_id(c, a),
                                      .name = a->name,
                                      .initial = str_chars(a->name, 1, 8),
                                      .where = where(c, a, p),
                                      .city = p != NULL ? names_in(&p->names, c->lang) : S(""),
                                      .current = str_eq(a->child, s->person->acting.child) &&
                                                 str_eq(a->provider_oid, s->person->acting.provider_oid) };
    }
    if (n == 0)
        return show_nobody(c);
    const struct guardian_view v = { .page = page_for(c, S(FLOW_GUARDIAN_PATH)),
                                     .wards = { at, n },
                                     .login = mine(c)->login,
                                     .began_s = s->began_s,
                                     .ends_s = s->ends_s,
                                     .acts = person_acts(s->person) };
    flow_leave_idle(c);
    return answer_page(c, 200, page_guardian(c->arena, &v));
}

/* Not asked yet: the authority's page first, where there is one. */
static enum step show(struct ctx *c, struct fail *f)
{
    const struct relations_maker *maker = maker_of(c);
    const struct person *p = c->session->person;

    (void)f;
    if (c->session->wards_known)
        return show_wards(c);
    struct str page = maker != NULL ? maker->page(c, registry_idp(c->registry, p->idp), p, came_url(c)) : none;
    return str_is_set(page) ? answer_go(c, page) : step_into(c, asking);
}

const struct step_row guardian_show[] = { { load_session },  { note_login }, { find_login },
                                          { need_guardian }, { show },       { NULL } };

/* ── choosing ───────────────────────────────────────────────────────────── */

static const struct acting *chosen(struct ctx *c)
{
    struct str id = form_get(c->body, S("child"));

    for (size_t i = 0; c->session->wards_known && i < c->session->ward_count; i++)
        if (crypt_eq(ward_id(c, &c->session->wards[i]), id) && c->session->wards[i].until_s > c->now_s &&
            is_at_school(c, &c->session->wards[i]))
            return &c->session->wards[i];
    return NULL;
}

/* Another's child, one who is of age, none: as whoever has nobody. */
static enum step nobody_page(struct ctx *c, struct fail *f)
{
    (void)f;
    return show_nobody(c);
}

static enum step nobody_pause(struct ctx *c, struct fail *f)
{
    (void)f;
    if (c->pauses == NULL)
        return NEXT;
    pause_ask(c->pauses, &c->batch, c->arena, NOBODY_MS);
    return WAIT;
}

static const struct step_row nobody[] = { { nobody_pause }, { nobody_page }, { NULL } };

static enum step act(struct ctx *c, struct fail *f)
{
    struct str what = form_get(c->body, S("act"));

    if (!crypt_eq(c->session->csrf, form_get(c->body, S("csrf"))))
        return answer_go(c, S(FLOW_GUARDIAN_PATH));
    if (str_eq(what, S("again"))) { /* Suomi.fi knows them still; the identity code is at hand there alone */
        c->login = login_own(c, S(FLOW_GUARDIAN_PATH));
        return flow_to_idp(c, guardians_idp(c), f);
    }
    const struct acting *ward = chosen(c);
    if (ward == NULL)
        return step_into(c, nobody);
    http_set_cookie(c->res, login_cookie, S(""), 0, SAME_SITE_LAX);
    return flow_act_for(c, ward, mine(c)->login);
}

const struct step_row guardian_act[] = { { load_session }, { note_login }, { need_guardian }, { act }, { NULL } };

/* ── /roles ─────────────────────────────────────────────────────────────── */

static enum step roles_page(struct ctx *c, struct fail *f)
{
    struct roles_view v = { .page = page_for(c, S("/roles")) };

    if (guardians_idp(c) == NULL)
        return closed(f);
    for (size_t i = 0; i < c->session->services.n && v.open.n < ROLES_OPEN_MAX; i++) {
        const struct service *s = registry_service(c->registry, c->session->services.at[i]);
        if (s != NULL)
            strs_add(c->arena, &v.open, names_in(&s->names, c->lang));
    }
    flow_leave_idle(c);
    return answer_page(c, 200, page_roles(c->arena, &v));
}

const struct step_row roles_show[] = { { load_session }, { flow_need_person }, { roles_page }, { NULL } };

/* Either way somebody proves who they are, and the session before ends with its services (flow.c): never two roles at
 * once. */
static enum step roles_change(struct ctx *c, struct fail *f)
{
    struct str what = form_get(c->body, S("act"));

    if (guardians_idp(c) == NULL)
        return closed(f);
    if (!crypt_eq(c->session->csrf, form_get(c->body, S("csrf"))))
        return answer_go(c, S("/roles"));
    bool to_guardian = str_eq(what, S("guardian"));
    if (to_guardian == flow_is_guardian(c) || (!to_guardian && !str_eq(what, S("school"))))
        return answer_go(c, S("/"));
    c->login = login_own(c, to_guardian ? S(FLOW_GUARDIAN_PATH) : S("/"));
    c->login->prompt |= PROMPT_SELECT;
    return to_guardian ? flow_to_idp(c, guardians_idp(c), f) : flow_next(c, f);
}

const struct step_row roles_act[] = { { load_session }, { flow_need_person }, { roles_change }, { NULL } };
