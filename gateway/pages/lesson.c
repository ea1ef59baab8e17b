/* SPDX-License-Identifier: EUPL-1.2
 * A teacher's page of a group: what it sees first, until when, as codes to print; and the end of its lesson.
 *
 * Who may is policy (policy/may.h: PIN_FOR_CLASS, END_LESSON), asked at the school, each time.  A group is whatever the
 * city calls so: one that there is not has nobody in it. */
#include "base/codec.h"
#include "base/crypt.h"
#include "base/text.h"
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/pages/pins.h"
#include "gateway/protocol.h"
#include "gateway/session/done.h"
#include "gateway/session/limits.h"
#include "gateway/session/session.h"
#include "model/when.h"
#include "policy/may.h"
#include "registry/ends.h"
#include "registry/targets.h"
#include "wire/form.h"
#include "wire/http.h"

enum { GROUP_MAX_B = 64, HERE_MAX_B = 1024, PIN_ID_B = 12, SERVICES_OFFERED = 400, DEAF_SHOWN = 12, LEVEL_MAX = 12 };

struct lesson { /* c->state */
    struct lesson_view v;
    const struct provider *provider;
    const struct school *school; /* NULL: none was chosen */
    struct str group;
    const struct service *service;
    struct class_links_ask links;
    struct class_link link;
    struct strs contexts;
    struct mark mark;
    bool may_pin, may_end, kept, ends;
};

/* ── where ──────────────────────────────────────────────────────────────── */

static bool may_at(const struct ctx *c, enum console_action action, const struct provider *p, const struct school *s)
{
    const struct area where = { .provider = p->id, .school = s->oid };
    const struct circumstances now = flow_circumstances(c);

    return policy_may(c->registry, c->session->person, action, &where, &now);
}

static struct str param(const struct ctx *c, const char *name)
{
    return form_get(c->req->method == HTTP_POST ? c->body : c->query, str_of(name));
}

static struct str at_group(struct ctx *c, const struct school *s, struct str group)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, S("/class"));
    url_query(&b, S("at"), s->oid);
    url_query(&b, S("group"), group);
    return buf_ok(&b) ? buf_str(&b) : S("/class");
}

static struct str here(struct ctx *c, const struct lesson *x)
{
    return x->school != NULL ? at_group(c, x->school, x->group) : S("/class");
}

/* The schools at which the person may; of each, the groups that their city says are theirs. */
static void put_groups(struct ctx *c, struct lesson *x)
{
    const struct person *p = c->session->person;
    struct lesson_group *rows = arena_make_n(c->arena, p->affiliation_count + 1, struct lesson_group);
    struct lesson_place *places = arena_make_n(c->arena, p->affiliation_count + 1, struct lesson_place);
    size_t n = 0, m = 0;

    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *at = &p->affiliations[i];
        const struct provider *of = registry_provider_oid(c->registry, at->provider_oid);
        const struct school *s =
            of != NULL ? provider_school(of, str_is_set(at->school_oid) ? at->school_oid : at->school_code) : NULL;
        if (s == NULL || !affiliation_valid(at, c->now_s) || at->role == ROLE_LEARNER || at->role == ROLE_GUARDIAN ||
            (!may_at(c, MAY_PIN_FOR_CLASS, of, s) && !may_at(c, MAY_END_LESSON, of, s)))
            continue;
        size_t k = 0;
        while (k < m && !str_eq(places[k].value, s->oid))
            k++;
        if (k == m)
            places[m++] = (struct lesson_place){ s->oid, names_in(&s->names, c->lang), x->school == s };
        if (str_is_set(at->group))
            rows[n++] = (struct lesson_group){ at_group(c, s, at->group), names_in(&s->names, c->lang), at->group };
    }
    x->v.groups.at = rows;
    x->v.groups.n = n;
    x->v.places.at = places;
    x->v.places.n = m;
}

/* Which group is meant; another's school is as one that there is not. */
static enum step choose(struct ctx *c, struct fail *f)
{
    struct lesson *x = arena_make(c->arena, struct lesson);
    const struct person *p = c->session->person;
    struct str at = param(c, "at");

    c->state = x;
    x->group = text_composed(c->arena, str_chars(str_trim(param(c, "group")), SIZE_MAX, GROUP_MAX_B));
    for (size_t i = 0; i < p->affiliation_count && x->school == NULL && str_is_set(at); i++) {
        const struct provider *of = registry_provider_oid(c->registry, p->affiliations[i].provider_oid);
        const struct school *s = of != NULL ? provider_school(of, at) : NULL;
        if (s != NULL && affiliation_valid(&p->affiliations[i], c->now_s)) {
            x->provider = of;
            x->school = s;
        }
    }
    put_groups(c, x);
    if (x->school != NULL) {
        x->may_pin = may_at(c, MAY_PIN_FOR_CLASS, x->provider, x->school);
        x->may_end = may_at(c, MAY_END_LESSON, x->provider, x->school);
    }
    if (x->v.places.n == 0 || (str_is_set(at) && !x->may_pin && !x->may_end))
        return fail(f, FAIL_NOT_FOUND, "not_found", "no group that the person leads");
    if (x->school != NULL && !str_is_set(x->group))
        x->school = NULL;
    return NEXT;
}

/* ── reading ────────────────────────────────────────────────────────────── */

static enum step ask_pins(struct ctx *c, struct fail *f)
{
    struct lesson *x = c->state;

    if (x->school == NULL || !x->may_pin || c->class_links == NULL)
        return NEXT;
    strs_add(c->arena, &x->contexts, pin_context(c->arena, x->provider, x->school, x->group));
    x->links.contexts = &x->contexts;
    x->links.now_s = c->now_s;
    return class_links_ask(c->class_links, c->work, &c->batch, c->arena, &x->links)
               ? WAIT
               : fail(f, FAIL_BUSY, "busy", "too many jobs wait");
}

static void put_pins(struct ctx *c, struct lesson *x)
{
    struct pin pins[PINS_MAX];
    size_t n = class_pins_of(&x->links, c->now_s, pins, PINS_MAX);
    struct lesson_pin *rows = arena_make_n(c->arena, n + 1, struct lesson_pin);

    for (size_t i = 0; i < n; i++) {
        const struct service *s = registry_service(c->registry, pins[i].service);
        struct str open = pin_open(c->arena, &pins[i]);
        rows[i] = (struct lesson_pin){ .id = pins[i].id,
                                       .service_id = pins[i].service,
                                       .title = pins[i].title,
                                       .service = s != NULL ? names_in(&s->names, c->lang) : pins[i].service,
                                       .open = open,
                                       .url = arena_join(c->arena, c->set->public_url, open),
                                       .until = when_date(c->arena, pins[i].until_s - 1) };
    }
    x->v.pins.at = rows;
    x->v.pins.n = n;
}

/* What the teacher may open, by name: nobody puts first what they cannot look at. */
static void put_services(struct ctx *c, struct lesson *x, struct str chosen)
{
    const struct tiles_ask ask = { .registry = c->registry,
                                   .person = c->session->person,
                                   .school = x->school->oid,
                                   .max = SERVICES_OFFERED,
                                   .lang = c->lang,
                                   .now_s = c->now_s,
                                   .shared_device = c->session->shared,
                                   .address = address_read(c->session->from) };
    struct tiles t = tiles_build(c->arena, &ask);
    struct lesson_place *rows = arena_make_n(c->arena, t.shown + 1, struct lesson_place);
    size_t n = 0;

    for (size_t g = 0; g < t.groups.n; g++)
        for (size_t i = 0; i < t.groups.at[g].tiles.n; i++) {
            const struct tile *one = &t.groups.at[g].tiles.at[i];
            rows[n++] = (struct lesson_place){ one->id, one->name, str_eq(one->id, chosen) };
        }
    x->v.services.at = rows;
    x->v.services.n = n;
}

/* "7B" is of level 7. */
static int level_of(struct str group)
{
    int level = 0;

    for (size_t i = 0; i < group.n && group.p[i] >= '0' && group.p[i] <= '9' && level <= LEVEL_MAX; i++)
        level = 10 * level + (group.p[i] - '0');
    return level <= LEVEL_MAX ? level : 0;
}

/* What a pupil of the group can have open and nobody can tell: the sign-out does not reach it. */
static void put_deaf(struct ctx *c, struct lesson *x)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    struct affiliation at = { .provider_oid = x->provider->oid,
                              .school_oid = x->school->oid,
                              .school_code = x->school->code,
                              .role = ROLE_LEARNER,
                              .group = x->group,
                              .class_level = level_of(x->group) };
    const struct person pupil = { .idp = c->session->person->idp, .affiliations = &at, .affiliation_count = 1 };
    const struct circumstances now = flow_circumstances(c);
    struct bits open = policy_services(c->arena, c->registry, &pupil, &now);
    struct str *names = arena_make_n(c->arena, DEAF_SHOWN, struct str);

    for (size_t i = bits_next(&open, 0); i < parts->service_count; i = bits_next(&open, i + 1)) {
        const struct service *s = &parts->services[i];
        const struct protocol *p = protocol_of(c, s->protocol);
        if ((p != NULL && p->hears != NULL && p->hears(c, s)) || !service_has_way_in(s))
            continue;
        if (x->v.deaf.n < DEAF_SHOWN)
            names[x->v.deaf.n++] = names_in(&s->names, c->lang);
        else
            x->v.more_deaf = true;
    }
    x->v.deaf.at = names;
}

static enum step show(struct ctx *c, struct lesson *x, int status)
{
    struct lesson_view *v = &x->v;

    v->page = page_for(c, here(c, x));
    v->shared = c->session->shared;
    flow_leave_idle(c);
    if (x->school == NULL)
        return answer_page(c, status, page_lesson(c->arena, v));
    v->school_id = x->school->oid;
    v->school = names_in(&x->school->names, c->lang);
    v->group = x->group;
    v->may_pin = x->may_pin;
    v->may_end = x->may_end;
    if (!str_is_set(v->until))
        v->until = when_day(c->arena, c->now_s);
    if (x->may_pin) {
        put_pins(c, x);
        put_services(c, x, x->service != NULL ? x->service->id : S(""));
    }
    return answer_page(c, status, page_lesson(c->arena, v));
}

static enum step show_group(struct ctx *c, struct fail *f)
{
    struct lesson *x = c->state;

    if (x->links.why.kind != FAIL_NONE) {
        *f = x->links.why;
        return REFUSE;
    }
    if (done_was(c, "ended")) {
        x->v.said = LESSON_SAID_ENDED;
        if (x->school != NULL)
            put_deaf(c, x);
    } else {
        x->v.said = done_was(c, "pinned") ? LESSON_SAID_PINNED
                    : done_was(c, "gone") ? LESSON_SAID_GONE
                                          : LESSON_SAID_NOTHING;
    }
    return show(c, x, 200);
}

const struct step_row lesson_show[] = { { session_find }, { flow_need_person }, { choose },
                                        { ask_pins },     { show_group },       { NULL } };

/* ── acts ───────────────────────────────────────────────────────────────── */

static enum lesson_said what_is_wrong(struct ctx *c, struct lesson *x, struct pin *p)
{
    struct lesson_view *v = &x->v;
    const struct circumstances now = flow_circumstances(c);
    struct str target;

    v->title = str_chars(str_trim(param(c, "title")), SIZE_MAX, PIN_TITLE_MAX_B);
    v->to = str_trim(param(c, "to"));
    v->until = str_trim(param(c, "until"));
    x->service = registry_service(c->registry, param(c, "service"));
    if (x->service == NULL || policy_decide(c->registry, c->session->person, x->service, &now).effect != EFFECT_ALLOW)
        return LESSON_SAID_SERVICE;
    if (str_is_set(v->to) && (v->to.n > TARGET_MAX_B || !target_read(c->arena, x->service, v->to, c->lang, &target)))
        return LESSON_SAID_TARGET;
    if (!when_day_read_end(v->until, &p->until_s) || p->until_s <= c->now_s || p->until_s > c->now_s + PIN_AHEAD_S)
        return LESSON_SAID_UNTIL;
    p->service = x->service->id;
    p->title = str_is_set(v->title) ? v->title : names_in(&x->service->names, c->lang);
    p->to = v->to;
    return LESSON_SAID_NOTHING;
}

static enum step change_pins(struct ctx *c, struct lesson *x, enum class_link_change change, struct fail *f)
{
    if (c->class_links == NULL)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "no links of classes are kept");
    x->links.change = change;
    x->links.link = &x->link;
    x->links.link_count = 1;
    x->links.now_s = c->now_s;
    x->link.context = pin_context(c->arena, x->provider, x->school, x->group);
    return class_links_ask(c->class_links, c->work, &c->batch, c->arena, &x->links)
               ? WAIT
               : fail(f, FAIL_BUSY, "busy", "too many jobs wait");
}

static enum step ask_pin(struct ctx *c, struct lesson *x, struct fail *f)
{
    unsigned char id[PIN_ID_B];
    struct pin p = { 0 };

    x->v.said = what_is_wrong(c, x, &p);
    if (x->v.said != LESSON_SAID_NOTHING)
        return show(c, x, 400);
    world_random(c->world, id, sizeof id);
    x->link = (struct class_link){ .id = hex_encode(c->arena, str_n((const char *)id, sizeof id)),
                                   .service = p.service,
                                   .title = p.title,
                                   .text = pin_text(c->arena, &p) };
    return change_pins(c, x, CLASS_LINK_ADD, f);
}

/* The line stands before anything is ended. */
static enum step ask_end(struct ctx *c, struct lesson *x)
{
    x->ends = true;
    x->mark = (struct mark){ .kind = MARK_PLACE,
                             .provider_oid = x->provider->oid,
                             .school = x->school->oid,
                             .group = x->group,
                             .spare = c->session->sid,
                             .at_s = c->now_s,
                             .until_s = c->now_s + session_longest_s(c->set) };
    if (ends_full(c->ends, &x->mark)) {
        x->v.said = LESSON_SAID_FULL;
        return show(c, x, 400);
    }
    flow_audit(
        c, "end_lesson", (struct str){ NULL, 0 }, (struct str){ NULL, 0 },
        arena_printf(c->arena, "%.*s/%.*s/%.*s", STR_ARG(x->provider->id), STR_ARG(x->school->oid), STR_ARG(x->group)));
    return WAIT;
}

static enum step act(struct ctx *c, struct fail *f)
{
    struct lesson *x = c->state;
    struct str what = param(c, "act");

    if (!crypt_eq(c->session->csrf, form_get(c->body, S("csrf"))) || x->school == NULL)
        return answer_go(c, here(c, x));
    if (str_eq(what, S("pin")) && x->may_pin)
        return ask_pin(c, x, f);
    if (str_eq(what, S("unpin")) && x->may_pin) {
        x->link = (struct class_link){ .id = param(c, "id"), .service = param(c, "service") };
        return change_pins(c, x, CLASS_LINK_REMOVE, f);
    }
    if (str_eq(what, S("end")) && x->may_end)
        return ask_end(c, x);
    return fail(f, FAIL_NOT_FOUND, "not_found", "no such act, or it is not theirs");
}

static enum step end(struct ctx *c, struct fail *f)
{
    struct lesson *x = c->state;

    if (!x->ends)
        return NEXT;
    if (!flow_audited(c, f))
        return REFUSE;
    return ends_mark(c->ends, c->work, &c->batch, c->arena, &x->mark, &x->kept)
               ? WAIT
               : fail(f, FAIL_BUSY, "busy", "too many jobs wait");
}

static enum step say(struct ctx *c, struct fail *f)
{
    const struct lesson *x = c->state;

    if (x->ends && !x->kept)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the end of sessions was not kept");
    if (!x->ends && !x->links.ok) {
        *f = x->links.why;
        return REFUSE;
    }
    return done_go(c, here(c, x), x->ends ? "ended" : x->links.change == CLASS_LINK_ADD ? "pinned" : "gone", S(""));
}

const struct step_row lesson_act[] = { { session_find }, { flow_need_person }, { choose }, { act }, { end }, { say },
                                       { NULL } };
