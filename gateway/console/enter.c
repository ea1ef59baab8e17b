/* SPDX-License-Identifier: EUPL-1.2
 * Coming into the console, choosing where to act, and leaving.
 *
 * /admin/enter is the one path here without the door: its request comes from the city, and browsers send a Strict
 * cookie with no request that another site began.  It looks at the session alone, makes a console session, and goes on
 * by itself; what comes then is a request of our own page. */
#include "gateway/answer.h"
#include "gateway/console/door.h"
#include "gateway/console/raise.h"
#include "gateway/flow.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/session.h"
#include "gateway/session/strict.h"
#include "wire/form.h"
#include "wire/http.h"

#include "frame/words.h"

enum { AREAS_SHOWN = 50, NAME_MAX_B = 512 };

/* An account of our own that is of no city: for the day on which the others do not work. */
static void raise_break_glass(struct ctx *c)
{
    const struct idp *idp = registry_idp(c->registry, c->person->idp);

    if (idp != NULL && idp->kind == IDP_LOCAL && idp->provider == NULL && !idp->vendors)
        alarm_raise(c->alarms, ALARM_break_glass_used, &area_nation, c->person->id, c->person->subject, c->now_s);
}

static enum step enter(struct ctx *c, struct fail *f)
{
    struct str to = form_get(c->query, S("to"));
    const struct circumstances now = flow_circumstances(c);
    struct areas areas = policy_areas(c->arena, c->registry, c->person, &now);
    struct enter_view v = { .page = page_for(c, S("/admin/enter")),
                            .to = strict_is_below(to, S("/admin"), S("/admin/enter")) ? to : S("/admin") };

    (void)f;
    if (areas.n == 0)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    raise_break_glass(c);
    console_begin(c, &areas.at[0], areas.n == 1);
    http_header_set(c->res, S("Refresh"), arena_printf(c->arena, "0; url=%.*s", STR_ARG(v.to)));
    return answer_page(c, 200, page_enter(c->arena, &v));
}

/* Whoever was invited is led to where such accounts sign in, and not to the list of cities, which does not name it. */
static enum step invited(struct ctx *c, struct fail *f)
{
    const struct idp *idp = registry_idp_vendors(c->registry);

    if (c->session != NULL || idp == NULL || !str_eq(form_get(c->query, S("by")), S("invitation")))
        return NEXT;
    c->login = login_own(c, S("/admin/enter"));
    return flow_to_idp(c, idp, f);
}

const struct step_row admin_enter[] = { { session_find }, { invited }, { flow_need_person }, { enter }, { NULL } };

/* ── areas ──────────────────────────────────────────────────────────────── */

static void put_area(struct ctx *c, struct area_row *rows, size_t *n, const struct area *area)
{
    const struct provider *p = registry_provider(c->registry, area->provider);

    rows[(*n)++] = (struct area_row){ .id = area_text(c->arena, area),
                                      .name = console_area_name(c, area),
                                      .note = str_is_set(area->school) && p != NULL ? names_in(&p->names, c->lang)
                                                                                    : (struct str){ NULL, 0 },
                                      .current = area_same(area, &c->console->area) };
}

static bool is_found(struct ctx *c, struct str name, struct str query)
{
    struct buf folded = buf_new(c->arena, NAME_MAX_B);

    words_fold(&folded, name);
    return !str_is_set(query) || words_all_in(buf_str(&folded), query);
}

/* Whoever acts in the whole country may act in one municipality as well. */
static void put_municipalities(struct ctx *c, struct area_row *rows, struct areas_view *v)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    struct str query = words_query(c->arena, v->q);

    v->searchable = true;
    for (size_t i = 0; i < parts->provider_count; i++) {
        const struct area area = { .provider = parts->providers[i].id };
        if (!is_found(c, names_in(&parts->providers[i].names, c->lang), query))
            continue;
        v->more = v->more || v->rows.n >= AREAS_SHOWN;
        if (v->rows.n < AREAS_SHOWN)
            put_area(c, rows, &v->rows.n, &area);
    }
}

static enum step show_areas(struct ctx *c, struct fail *f)
{
    struct areas_view v = { .q = form_get(c->query, S("q")) };
    const struct areas *theirs = &c->console->areas;
    struct area_row *rows = arena_make_n(c->arena, AREAS_SHOWN + theirs->n + 1, struct area_row);
    bool nation = theirs->n > 0 && !str_is_set(theirs->at[0].provider);

    (void)f;
    console_page_for(c, PLACE_PROVIDERS, false, S("/admin/area"), &v.con);
    v.rows.at = rows;
    for (size_t i = 0; i < theirs->n && !str_is_set(v.q); i++)
        put_area(c, rows, &v.rows.n, &theirs->at[i]);
    if (nation)
        put_municipalities(c, rows, &v);
    v.may_open = nation && console_may_in(c, MAY_PUBLISH, &area_nation);
    return answer_page(c, 200, page_areas(c->arena, &v));
}

const struct step_row admin_areas[] = { { console_door }, { show_areas }, { NULL } };

static enum step choose_area(struct ctx *c, struct fail *f)
{
    const struct areas *theirs = &c->console->areas;
    struct area area;
    bool within = false;

    (void)f;
    if (!console_area_read(c, form_get(c->body, S("area")), &area))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    for (size_t i = 0; i < theirs->n; i++)
        within = within || area_within(&area, &theirs->at[i]);
    if (!within)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    console_move(c, &area);
    return answer_go(c, S("/admin"));
}

const struct step_row admin_area_choose[] = { { console_door }, { choose_area }, { NULL } };

static enum step leave(struct ctx *c, struct fail *f)
{
    (void)f;
    console_leave(c);
    return answer_go(c, S("/"));
}

const struct step_row admin_leave[] = { { console_door }, { leave }, { NULL } };
