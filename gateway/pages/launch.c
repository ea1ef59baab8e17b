/* SPDX-License-Identifier: EUPL-1.2
 * The launcher, and what its tiles open. */
#include "base/crypt.h"
#include "base/log.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/beside.h"
#include "gateway/flow.h"
#include "gateway/pages/favourites.h"
#include "gateway/pages/habits.h"
#include "gateway/pages/pins.h"
#include "gateway/session/session.h"
#include "gateway/session/trail.h"
#include "gateway/vigil.h"
#include "launcher/fresh.h"
#include "launcher/pages.h"
#include "model/when.h"
#include "registry/shadow.h"
#include "registry/targets.h"
#include "wire/form.h"
#include "wire/http.h"

enum { BACK_MAX_B = 2048 };

/* All that is theirs, whichever school they look at: once a visit, not for each further page and word of a search. */
static void compare_page(struct ctx *c)
{
    const struct circumstances now = flow_circumstances(c);

    shadow_page(c->arena, c->shadow, c->person, &now);
}

static const struct provider *provider_of(const struct ctx *c, const struct session *s)
{
    const struct idp *idp = registry_idp(c->registry, s->person->idp);

    return idp != NULL ? idp->provider : NULL;
}

/* The tiles of the other account, by whose municipality they are: each opens as that account. */
static void put_other(struct ctx *c, struct launcher_view *v)
{
    const struct launcher_ask asked = { .shared = c->session->shared };
    const struct provider *here = provider_of(c, c->session), *there = provider_of(c, c->beside);
    struct session *own = c->session;

    if (here == NULL || there == NULL)
        return;
    c->session = c->beside;
    struct launcher_view other = launcher_for(c, &asked);
    c->session = own;
    struct tile *tiles = arena_make_n(c->arena, other.tiles.count + 1, struct tile);
    for (size_t i = 0; i < other.tiles.groups.n; i++) {
        const struct tile_group *group = &other.tiles.groups.at[i];
        for (size_t k = 0; k < group->tiles.n && v->other.n < other.tiles.count; k++) {
            tiles[v->other.n] = group->tiles.at[k];
            tiles[v->other.n++].open = url_to(c->arena, group->tiles.at[k].open, S("as"), there->id);
        }
    }
    v->other.at = tiles;
    v->own_title = names_in(&here->names, c->lang);
    v->other_title = names_in(&there->names, c->lang);
}

/* Of groups in which they learn; who is in none waits for nothing. */
struct pinned { /* c->state */
    struct strs contexts;
    struct class_links_ask links;
};

static enum step load_pins(struct ctx *c, struct fail *f)
{
    struct pinned *x = arena_make(c->arena, struct pinned);

    (void)f;
    c->state = x;
    x->contexts = pin_contexts_of(c, c->session->person);
    x->links.contexts = &x->contexts;
    x->links.now_s = c->now_s;
    return x->contexts.n > 0 && c->class_links != NULL && !str_is_set(form_get(c->query, S("q"))) &&
                   class_links_ask(c->class_links, c->work, &c->batch, c->arena, &x->links)
               ? WAIT
               : NEXT;
}

static size_t put_pins(struct ctx *c, struct tile_pin *out)
{
    const struct pinned *x = c->state;
    struct pin pins[PINS_MAX];
    size_t n = class_pins_of(&x->links, c->now_s, pins, PINS_MAX);

    if (x->links.why.kind != FAIL_NONE)
        log_event(LOG_ERROR, "pins.unread", LOG_C("code", x->links.why.code), LOG_C("why", x->links.why.detail));
    for (size_t i = 0; i < n; i++)
        out[i] = (struct tile_pin){ pins[i].service, pins[i].title, pin_open(c->arena, &pins[i]),
                                    when_date(c->arena, pins[i].until_s - 1) };
    return n;
}

/* Whoever teaches may have a page of their groups; policy says so there. */
static bool teaches(const struct ctx *c)
{
    const struct person *p = c->session->person;

    for (size_t i = 0; i < p->affiliation_count; i++)
        if ((p->affiliations[i].role == ROLE_TEACHER || p->affiliations[i].role == ROLE_SUBSTITUTE) &&
            affiliation_valid(&p->affiliations[i], c->now_s))
            return true;
    return false;
}

/* Of the whole page of somebody who reads, at their own browser, for themselves; what they have opened is new no more.
 * The first look only remembers. */
static void put_fresh(struct ctx *c, const struct strs *recent, struct launcher_view *v)
{
    struct fresh x;
    struct strs shown = { NULL, 0 };

    if (c->session->shared || v->tiles.density == DENSITY_ROOMY || str_is_set(v->page.acting.child) ||
        v->tiles.theirs.n == 0)
        return;
    habits_seen(c, &x);
    if (fresh_look(c->arena, &v->tiles.theirs, when_day(c->arena, c->now_s), &x))
        habits_keep_seen(c, &x);
    for (size_t i = 0; i < x.shown.n; i++)
        if (!strs_has(recent, x.shown.at[i]))
            strs_add(c->arena, &shown, x.shown.at[i]);
    struct tile *tiles = arena_make_n(c->arena, shown.n + 1, struct tile);
    v->fresh.n = tiles_of(c->registry, c->lang, &shown, tiles);
    v->fresh.at = tiles;
}

/* All that is theirs, and not one school's, nor a page of it or what a search leaves. */
static bool shows_all(const struct launcher_ask *asked, const struct launcher_view *v)
{
    return !str_is_set(asked->q) && !str_is_set(asked->from) &&
           (v->schools.n == 0 || str_eq(v->school_id, v->schools.at[0].id));
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct tile_pin pins[PINS_MAX];
    const struct strs recent = habits_recent(c);
    struct str school = form_get(c->query, S("school"));
    const struct launcher_ask asked = { .school = str_is_set(school) ? school : habits_school(c),
                                        .pins = pins,
                                        .pin_count = put_pins(c, pins),
                                        .recent = &recent,
                                        .lists = true,
                                        .q = form_get(c->query, S("q")),
                                        .from = form_get(c->query, S("from")),
                                        .shared = c->session->shared };
    struct launcher_view v = launcher_for(c, &asked);

    (void)f;
    v.leads = teaches(c);
    if (c->shadow != NULL && !str_is_set(asked.q) && !str_is_set(asked.from))
        compare_page(c);
    if (shows_all(&asked, &v))
        put_fresh(c, &recent, &v);
    if (c->beside != NULL && !c->beside->waits)
        put_other(c, &v);
    if (str_is_set(school) && v.schools.n > 0)
        habits_keep_school(c, v.school_id);
    flow_leave_idle(c);
    return answer_page(c, 200, page_launcher(c->arena, &v));
}

static enum step load_favourites(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, favourites_load);
}

const struct step_row launcher_show[] = { { session_find },
                                          { flow_need_person },
                                          { flow_need_child },
                                          { session_find_beside },
                                          { load_favourites },
                                          { load_pins },
                                          { show },
                                          { NULL } };

/* Leads back to a path of ours only: "/x", never "//x" or "/\x". */
static bool is_own_path(struct str back)
{
    return back.n > 0 && back.n <= BACK_MAX_B && back.p[0] == '/' && html_url_is_safe(back);
}

/* ── /idle ──────────────────────────────────────────────────────────────── */

static enum step look(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, session_look);
}

/* Where the person was, as a page that nobody asked for: it keeps no session alive. */
static struct str back_unasked(struct ctx *c, struct str back)
{
    return arena_printf(c->arena, "%.*s%c" SESSION_LOOKS "=1", STR_ARG(back),
                        str_find_byte(back, '?', 0) < back.n ? '&' : '?');
}

static enum step idle_over(struct ctx *c)
{
    struct idle_view v = { .page = page_for(c, S("/idle")) };
    struct trail t;

    if (trail_read(c, &t))
        v.csrf = t.csrf;
    return answer_page(c, 200, page_idle(c->arena, &v));
}

/* A page left open on a shared device goes here by itself when its session is about to end unused.  It looks at the
 * session without using it: another tab may have gone on meanwhile, and a page that nobody reads keeps none alive. */
static enum step idle(struct ctx *c, struct fail *f)
{
    struct str back = form_get(c->query, S("back"));

    (void)f;
    if (c->session == NULL)
        return idle_over(c);
    back = is_own_path(back) && str_find_byte(back, '#', 0) == back.n ? back : S("/");
    int64_t left = session_left_s(c->set, c->session, c->now_s);
    if (!c->session->shared || left > IDLE_WARNING_S || c->session->ends_s - c->now_s <= left)
        return answer_go(c, back_unasked(c, back));
    struct buf here = buf_new(c->arena, 4 * BACK_MAX_B);
    buf_add(&here, S("/idle"));
    url_query(&here, S("back"), back);
    struct still_view v = { .page = page_for(c, buf_str(&here)),
                            .back = back,
                            .minutes = c->set->shared_idle_s / 60,
                            .ends_s = c->now_s + left };
    flow_idle_soon(c, back);
    return answer_page(c, 200, page_still(c->arena, &v));
}

const struct step_row launcher_idle[] = { { look }, { idle }, { NULL } };

/* The list of what was opened last, emptied. */
static enum step clear_recent(struct ctx *c, struct fail *f)
{
    (void)f;
    if (crypt_eq(c->session->csrf, form_get(c->body, S("csrf"))))
        habits_forget_recent(c);
    return answer_go(c, S("/"));
}

const struct step_row recent_clear[] = { { session_find }, { flow_need_person }, { clear_recent }, { NULL } };

/* ── /open/<service> ────────────────────────────────────────────────────── */

static enum step find_service(struct ctx *c, struct fail *f)
{
    c->service = registry_service(c->registry, c->req->param);
    if (c->service == NULL)
        return fail(f, FAIL_NOT_FOUND, "not_found", "no service \"%.*s\"", STR_ARG(c->req->param));
    return NEXT;
}

/* ?to= says where in the service it ends; whoever made the link is not believed (registry/targets.h). */
struct opening {
    struct str to; /* absent: its front page */
};

static enum step astray(struct ctx *c, struct str back)
{
    const struct astray_view v = { .page = page_for(c, back),
                                   .service = names_in(&c->service->names, c->lang),
                                   .open = arena_join(c->arena, S("/open/"), c->service->id) };

    log_event(LOG_INFO, "open.astray", LOG_C("support_code", c->support_code), LOG_S("service", c->service->id));
    return answer_page(c, 400, page_astray(c->arena, &v));
}

/* This path with what was asked of it, and nothing else of the link. */
static struct str asked_again(struct ctx *c, struct str to)
{
    struct buf b = buf_new(c->arena, 4 * (size_t)TARGET_MAX_B);

    buf_add(&b, S("/open/"));
    buf_add(&b, c->service->id);
    if (str_is_set(to))
        url_query(&b, S("to"), to);
    return buf_ok(&b) ? buf_str(&b) : arena_join(c->arena, S("/open/"), c->service->id);
}

/* Before anybody signs in for it: a link that leads nowhere says so at once. */
/* As which of the person's accounts. */
static enum step choose_account(struct ctx *c, struct fail *f)
{
    (void)f;
    beside_open(c, form_get(c->query, S("as")));
    return NEXT;
}

static enum step read_target(struct ctx *c, struct fail *f)
{
    struct opening *o = c->state = arena_make(c->arena, struct opening);
    struct str to = form_get(c->query, S("to"));

    bool leads = !str_is_set(to) || target_read(c->arena, c->service, to, c->lang, &o->to);
    if (!leads && (c->service->enabled || c->session != NULL)) /* the name of what is switched off is not for all */
        return astray(c, asked_again(c, to));
    return flow_need_person_at(c, asked_again(c, to), f);
}

/* A tile that was there a minute ago may not be allowed by now: the decision is made anew. */
static enum step decide(struct ctx *c, struct fail *f)
{
    const struct decision *decision = flow_decide(c);
    bool allowed = decision->effect == EFFECT_ALLOW;

    (void)f;
    /* One that leads to a sign-in is counted there. */
    if (!allowed || c->service->protocol == PROTO_LINK)
        flow_compare_opening(c);
    if (!allowed)
        return flow_refuse(c);
    flow_audit(c, "open", decision->rule, (struct str){ NULL, 0 }, S("launcher"));
    if (session_add_service(c, c->session, c->service->id)) {
        session_change(c, c->session);
        vigil_watch(c); /* what answers it next finds it opened already */
    }
    return WAIT;
}

static enum step lead(struct ctx *c, struct fail *f)
{
    if (!flow_audited(c, f))
        return REFUSE;
    struct str to = flow_launch(c, c->service, ((const struct opening *)c->state)->to);
    if (!str_is_set(to))
        return fail(f, FAIL_NOT_FOUND, "not_found", "service \"%.*s\" has no address to open", STR_ARG(c->service->id));
    habits_opened(c, c->service->id);
    if (c->service->protocol == PROTO_LINK)
        flow_opened(c); /* others are counted where they are answered */
    return answer_go(c, to);
}

const struct step_row open_service[] = { { session_find }, { session_find_beside },
                                         { find_service }, { choose_account },
                                         { read_target },  { flow_need_child },
                                         { decide },       { lead },
                                         { NULL } };

/* ── /why/<service> ─────────────────────────────────────────────────────── */

/* What the nation forbids no municipality can open: as if it were not there. */
static enum step say_why(struct ctx *c, struct fail *f)
{
    const struct decision *d = flow_decide(c);

    if (d->effect == EFFECT_ALLOW)
        return answer_go(c, arena_join(c->arena, S("/open/"), c->service->id));
    if (!policy_could_open(c->registry, c->service, d))
        return fail(f, FAIL_NOT_FOUND, "not_found", "service \"%.*s\" is nobody's to open", STR_ARG(c->service->id));
    return flow_missing(c);
}

const struct step_row service_missing[] = {
    { session_find }, { find_service }, { flow_need_person }, { say_why }, { NULL }
};

/* ── the language ───────────────────────────────────────────────────────── */

static enum step set_lang(struct ctx *c, struct fail *f)
{
    struct str back = form_get(c->query, S("back"));
    struct str to = form_get(c->query, S("to"));
    enum variety variety = variety_of_tag(to);
    enum lang lang = LANG_FI;

    if (variety == VARIETY_NONE && !lang_of_tag(to, &lang))
        return fail(f, FAIL_CALLER, "invalid_request", "no such language");
    answer_set_lang(c, lang, variety);
    return answer_go(c, is_own_path(back) ? back : S("/"));
}

const struct step_row lang_set[] = { { set_lang }, { NULL } };
