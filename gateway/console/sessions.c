/* SPDX-License-Identifier: EUPL-1.2
 * Sessions of many end: a group's after its lesson, a school's, those of an identity provider, of who opened a service.
 *
 * Each is of the area in which the admin acts: a service's sessions are those of the area's people alone. */
#include "alarms/alarms.h"
#include "base/text.h"
#include "base/work.h"
#include "console/texts.h"
#include "gateway/answer.h"
#include "gateway/console/door.h"
#include "gateway/console/heard.h"
#include "gateway/console/people.h"
#include "gateway/farewell_note.h"
#include "gateway/session/done.h"
#include "wire/form.h"
#include "wire/http.h"

enum { GROUP_MAX_B = 100, TYPED_MAX_B = 200, HERE_MAX_B = 4096 };

struct ending { /* c->state */
    struct sessions_view v;
    struct mark mark;
    struct str row; /* in the audit log */
    struct audit_got audit;
    bool kept;
};

static const char *const whats[] = {
    [END_IDP] = "idp", [END_SCHOOL] = "school", [END_GROUP] = "group", [END_SERVICE] = "service"
};

static enum end_what what_of(struct str word)
{
    for (size_t i = 1; i < sizeof whats / sizeof *whats; i++)
        if (str_eq(word, str_of(whats[i])))
            return (enum end_what)i;
    return END_NONE;
}

/* ── the form ───────────────────────────────────────────────────────────── */

static const struct idp *idp_here(const struct ctx *c, struct str id)
{
    const struct idp *idp = registry_idp(c->registry, id);
    const struct area *area = &c->console->area;

    if (idp == NULL || str_is_set(area->school))
        return NULL;
    return !str_is_set(area->provider) || (idp->provider != NULL && str_eq(idp->provider->id, area->provider)) ? idp
                                                                                                               : NULL;
}

static const struct school *school_here(const struct ctx *c, struct str oid)
{
    const struct provider *p = console_provider(c);
    struct str own = c->console->area.school;

    return p != NULL ? provider_school(p, str_is_set(own) ? own : oid) : NULL;
}

static void put_choices(struct ctx *c, struct sessions_view *v)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct provider *p = console_provider(c);
    struct choice_row *idps = arena_make_n(c->arena, parts->idp_count + 1, struct choice_row);
    struct choice_row *schools = arena_make_n(c->arena, (p != NULL ? p->school_count : 0) + 1, struct choice_row);

    for (size_t i = 0; p != NULL && i < parts->idp_count; i++) {
        const struct idp *idp = &parts->idps[i];
        if (idp->provider == p)
            idps[v->idps.n++] = (struct choice_row){ idp->id, names_in(&idp->names, c->lang), str_eq(idp->id, v->idp) };
    }
    for (size_t i = 0; p != NULL && i < p->school_count; i++) {
        const struct school *s = &p->schools[i];
        schools[v->schools.n++] =
            (struct choice_row){ s->oid, names_in(&s->names, c->lang), str_eq(s->oid, v->school) };
    }
    v->idps.at = idps;
    v->schools.at = schools;
}

static void read_form(struct sessions_view *v, const struct form *form)
{
    v->what = what_of(form_get(form, S("what")));
    v->idp = str_trim(form_get(form, S("idp")));
    v->school = str_trim(form_get(form, S("school")));
    v->group = str_sub(str_trim(form_get(form, S("group"))), 0, GROUP_MAX_B);
    v->service = str_sub(str_trim(form_get(form, S("service"))), 0, TYPED_MAX_B);
    v->why = str_sub(str_trim(form_get(form, S("why"))), 0, PEOPLE_WHY_MAX_B);
}

static enum step show(struct ctx *c, struct sessions_view *v, int status)
{
    console_page_for(c, PLACE_PEOPLE, false, S("/admin/sessions"), &v->con);
    v->con.sub = SUB_SESSIONS;
    v->school_area = str_is_set(c->console->area.school);
    v->fresh = console_fresh(c);
    put_choices(c, v);
    return answer_page(c, status, page_sessions(c->arena, v));
}

static enum step ask_heard(struct ctx *c, struct fail *f)
{
    struct heard *h = arena_make(c->arena, struct heard);

    c->state = h;
    heard_begin(c, h);
    if (!work_ask(c->work, &c->batch, heard_run, h))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step show_form(struct ctx *c, struct fail *f)
{
    const struct heard *h = c->state;
    struct sessions_view v = { 0 };

    if (!h->ok) {
        *f = h->why_not;
        return REFUSE;
    }
    read_form(&v, c->query);
    v.said = str_is_set(done_here(c, &v.done)) ? END_SAID_DONE : END_SAID_NOTHING;
    heard_show(c, h, &v);
    return show(c, &v, 200);
}

const struct step_row admin_sessions[] = { { console_door }, { ask_heard }, { show_form }, { NULL } };

/* ── the act ────────────────────────────────────────────────────────────── */

static const struct service *service_called(const struct ctx *c, struct str typed)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct service *s = registry_service(c->registry, typed);
    struct str folded = text_folded(c->arena, typed);

    for (size_t i = 0; s == NULL && str_is_set(typed) && i < parts->service_count; i++)
        for (int lang = 0; s == NULL && lang < LANG_COUNT; lang++)
            if (str_eq(text_folded(c->arena, parts->services[i].names.in[lang]), folded))
                s = &parts->services[i];
    return s;
}

/* What is typed becomes a mark and its name.  False: nobody is meant. */
static bool name_it(struct ctx *c, struct ending *x)
{
    const struct provider *p = console_provider(c);
    const struct school *s = school_here(c, x->v.school);
    const struct idp *idp = idp_here(c, x->v.idp);
    const struct service *service = service_called(c, x->v.service);

    switch (x->v.what) {
    case END_IDP:
        if (idp == NULL)
            return false;
        x->mark = (struct mark){ .kind = MARK_IDP, .what = idp->id };
        x->v.done = names_in(&idp->names, c->lang);
        return true;
    case END_SCHOOL:
    case END_GROUP:
        if (p == NULL || s == NULL || (x->v.what == END_GROUP && !str_is_set(x->v.group)))
            return false;
        x->mark = (struct mark){ .kind = MARK_PLACE, .provider_oid = p->oid, .school = s->oid };
        x->mark.group = x->v.what == END_GROUP ? text_composed(c->arena, x->v.group) : (struct str){ NULL, 0 };
        x->v.done = arena_printf(c->arena, "%.*s %.*s", STR_ARG(names_in(&s->names, c->lang)), STR_ARG(x->mark.group));
        return true;
    case END_SERVICE:
        if (service == NULL)
            return false;
        x->mark = (struct mark){ .kind = MARK_SERVICE, .what = service->id };
        people_place(c, &x->mark);
        x->v.done = names_in(&service->names, c->lang);
        return true;
    default:
        return false;
    }
}

/* The form as it was typed, to come back to after a fresh log-in. */
static struct str typed_at(struct ctx *c, const struct sessions_view *v)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, S("/admin/sessions"));
    url_query(&b, S("what"), str_of(whats[v->what]));
    url_query(&b, S("idp"), v->idp);
    url_query(&b, S("school"), v->school);
    url_query(&b, S("group"), v->group);
    url_query(&b, S("service"), v->service);
    url_query(&b, S("why"), v->why);
    return buf_ok(&b) ? buf_str(&b) : S("/admin/sessions");
}

static enum step ask(struct ctx *c, struct fail *f)
{
    struct ending *x = arena_make(c->arena, struct ending);

    c->state = x;
    read_form(&x->v, c->body);
    /* Another's identity provider or school is as one that is not there. */
    if ((x->v.what == END_IDP && registry_idp(c->registry, x->v.idp) != NULL && idp_here(c, x->v.idp) == NULL) ||
        (x->v.what == END_SCHOOL && str_is_set(x->v.school) && school_here(c, x->v.school) == NULL))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!name_it(c, x)) {
        x->v.said = END_SAID_NOBODY;
        return show(c, &x->v, 400);
    }
    x->row = left_row(c->arena, c->registry, &x->mark);
    if (ends_full(c->ends, &x->mark)) {
        x->v.said = END_SAID_FULL;
        return show(c, &x->v, 400);
    }
    if (!str_is_set(x->v.why)) {
        x->v.said = END_SAID_WHY;
        return show(c, &x->v, 400);
    }
    if (!console_fresh(c))
        return console_log_in_again(c, typed_at(c, &x->v), f);
    people_audit(c, "end_sessions", x->row, x->v.why, &x->audit);
    return WAIT;
}

static enum step act(struct ctx *c, struct fail *f)
{
    struct ending *x = c->state;

    if (!x->audit.durable)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the audit log takes nothing");
    if (!people_end(c, &x->mark, &x->kept))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step say(struct ctx *c, struct fail *f)
{
    const struct ending *x = c->state;

    if (!x->kept)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the end of sessions was not kept");
    if (x->v.what != END_GROUP) /* the end of a lesson is nobody's alarm */
        alarm_raise(c->alarms, ALARM_many_sessions_ended, &c->console->area, x->row, c->session->person->id, c->now_s);
    return done_go(c, S("/admin/sessions"), "ended", x->v.done);
}

const struct step_row admin_sessions_end[] = { { console_door }, { ask }, { act }, { say }, { NULL } };
