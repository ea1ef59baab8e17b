/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/door.h"

#include "audit/audit.h"
#include "base/seals.h"
#include "base/settings.h"
#include "console/texts.h"
#include "frame/words.h"
#include "gateway/answer.h"
#include "gateway/console/raise.h"
#include "gateway/flow.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/session.h"
#include "gateway/session/strict.h"
#include "model/pairwise.h"
#include "wire/form.h"
#include "wire/http.h"

static const struct str cookie_name = S("admin");

struct visitor { /* of a request, besides what others may see */
    struct console console;
    struct audit_got audit;
    enum fail_kind kind; /* of a refusal on its way */
    const char *code;
    struct strict strict;
    struct str area; /* as the cookie keeps it */
};

static struct visitor *visitor_of(struct ctx *c)
{
    if (c->console == NULL) {
        struct visitor *d = arena_make(c->arena, struct visitor);
        c->console = &d->console;
    }
    return (struct visitor *)c->console;
}

/* ── the console session: gateway/session/strict.h, which keeps the area ──── */

void console_begin(struct ctx *c, const struct area *area, bool chosen)
{
    struct visitor *d = visitor_of(c);

    d->area = chosen ? area_text(c->arena, area) : S("");
    strict_begin(c, &d->strict, cookie_name, d->area);
}

void console_move(struct ctx *c, const struct area *area)
{
    struct visitor *d = visitor_of(c);

    d->console.area = *area;
    d->area = area_text(c->arena, area);
    strict_keep(c, &d->strict, d->area);
}

void console_leave(struct ctx *c)
{
    strict_leave(c, cookie_name);
}

/* ── areas and rights ───────────────────────────────────────────────────── */

bool console_area_read(const struct ctx *c, struct str text, struct area *out)
{
    struct str provider;

    *out = area_nation;
    if (str_eq(text, S("nation")))
        return true;
    (void)str_split(&text, '/', &provider);
    const struct provider *p = registry_provider(c->registry, provider);
    if (p == NULL)
        return false;
    out->provider = p->id;
    if (!str_is_set(text))
        return true;
    const struct school *s = provider_school(p, text);
    if (s == NULL)
        return false;
    out->school = s->oid;
    return true;
}

const struct provider *console_provider(const struct ctx *c)
{
    return registry_provider(c->registry, c->console->area.provider);
}

struct str console_area_name(const struct ctx *c, const struct area *area)
{
    const struct provider *p = registry_provider(c->registry, area->provider);

    if (p == NULL)
        return said(C_nation, c->lang);
    const struct school *s = str_is_set(area->school) ? provider_school(p, area->school) : NULL;
    return names_in(s != NULL ? &s->names : &p->names, c->lang);
}

static struct circumstances circumstances(const struct ctx *c)
{
    return flow_circumstances(c);
}

bool console_may_in(const struct ctx *c, enum console_action action, const struct area *where)
{
    const struct circumstances now = circumstances(c);

    return area_within(where, &c->console->area) && policy_may(c->registry, c->session->person, action, where, &now);
}

bool console_may(const struct ctx *c, enum console_action action)
{
    return console_may_in(c, action, &c->console->area);
}

/* Some area of the person's has it. */
static bool is_theirs(const struct areas *areas, const struct area *area)
{
    for (size_t i = 0; i < areas->n; i++)
        if (area_within(area, &areas->at[i]))
            return true;
    return false;
}

/* ── the audit log ──────────────────────────────────────────────────────── */

static bool given_now(struct ctx *c, const struct admin *g)
{
    const struct visitor *d = visitor_of(c);
    const struct area there = { .provider = g->provider != NULL ? g->provider->id : (struct str){ NULL, 0 },
                                .school = g->school != NULL ? g->school->oid : (struct str){ NULL, 0 } };
    const struct affiliation at = { .role = g->role, .from_s = g->from_s, .to_s = g->to_s };

    return affiliation_valid(&at, c->now_s) && (!str_is_set(d->area) || area_within(&d->console.area, &there));
}

/* The widest role by which they act where they are; what a city calls an operator is none [policy/defaults.cedar]. */
static struct str acting_as(struct ctx *c)
{
    static const enum role order[] = { ROLE_OPERATOR,  ROLE_ADMIN,     ROLE_APPROVER,
                                       ROLE_PRINCIPAL, ROLE_SECRETARY, ROLE_AUDITOR };
    const struct person *p = c->session->person;
    size_t n;
    const struct admin *const *given = registry_admins(c->registry, p->idp, p->subject, &n);

    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (order[i] != ROLE_OPERATOR && person_has_role(p, order[i], (struct str){ NULL, 0 }, c->now_s))
            return str_of(role_name(order[i]));
        for (size_t k = 0; k < n; k++)
            if (given[k]->role == order[i] && given_now(c, given[k]))
                return str_of(role_name(order[i]));
    }
    return (struct str){ NULL, 0 };
}

void console_audit(struct ctx *c, const char *event, struct str reason, struct str what)
{
    console_audit_why(c, event, reason, what, (struct str){ NULL, 0 });
}

void console_audit_why(struct ctx *c, const char *event, struct str reason, struct str what, struct str why)
{
    struct visitor *d = visitor_of(c);
    const struct person *p = c->session != NULL ? c->session->person : NULL;
    struct audit_event e = {
        .event = event,
        .reason = reason,
        .row = what,
        .why = why,
        .area = d->area,
        .acting_as = p != NULL ? acting_as(c) : (struct str){ NULL, 0 },
        .person = p != NULL ? p->id : (struct str){ NULL, 0 },
        .idp = p != NULL ? p->idp : (struct str){ NULL, 0 },
        .sid = c->session != NULL ? c->session->sid : (struct str){ NULL, 0 },
        .support_code = str_of(c->support_code),
    };

    audit_ask(c->audit, &c->batch, c->arena, &e, &d->audit);
}

bool console_audited(struct ctx *c, struct fail *f)
{
    return visitor_of(c)->audit.durable || fail(f, FAIL_OURS, "temporarily_unavailable", "the audit log takes nothing");
}

/* Whoever is refused again and again tries what is not theirs, or somebody does in their name.  Of those who have no
 * right at all, any pupil among them, the audit log and the metrics tell. */
static void count_refusal(struct ctx *c)
{
    const struct person *p = c->session != NULL ? c->session->person : NULL;
    const struct idp *idp = p != NULL ? registry_idp(c->registry, p->idp) : NULL;
    struct area where = area_nation;
    const struct circumstances now = circumstances(c);

    if (p == NULL || policy_areas(c->arena, c->registry, p, &now).n == 0)
        return;
    if (idp != NULL && idp->provider != NULL)
        where.provider = idp->provider->id;
    alarm_often(c->alarms, ALARM_console_refused, &where, p->id, REFUSED_MANY, c->now_s);
}

static enum step refuse_ask(struct ctx *c, struct fail *f)
{
    (void)f;
    count_refusal(c);
    console_audit(c, "refused", str_of(visitor_of(c)->code), c->route != NULL ? str_of(c->route->path) : S(""));
    return WAIT;
}

static enum step refuse_say(struct ctx *c, struct fail *f)
{
    const struct visitor *d = visitor_of(c);

    if (!console_audited(c, f))
        return REFUSE;
    return fail(f, d->kind, d->code, "the console: %s", d->code);
}

static const struct step_row refuse[] = { { refuse_ask }, { refuse_say }, { NULL } };

enum step console_refuse(struct ctx *c, enum fail_kind kind, const char *code)
{
    struct visitor *d = visitor_of(c);

    d->kind = kind;
    d->code = code;
    return step_into(c, refuse);
}

/* ── the door ───────────────────────────────────────────────────────────── */

static struct str enter_at(struct ctx *c, struct str to)
{
    return strict_enter_at(c, S("/admin/enter"), to);
}

static enum step load(struct ctx *c, struct fail *f)
{
    (void)f;
    c->console = &visitor_of(c)->console;
    return step_into(c, session_load);
}

static enum step check_session(struct ctx *c, struct fail *f)
{
    struct visitor *d = visitor_of(c);
    bool posts = c->req->method == HTTP_POST;

    (void)f;
    d->console.screen = c->route != NULL ? screen_of(c->route->steps) : NULL;
    if (posts && !strict_own_origin(c))
        return console_refuse(c, FAIL_DENIED, "other_origin");
    bool found = c->session != NULL && strict_find(c, &d->strict, cookie_name, CONSOLE_IDLE_S);
    d->area = d->strict.kept; /* also of one that was not used for long: the audit log says where */
    if (!found)
        return posts ? console_refuse(c, FAIL_DENIED, "no_console_session") : answer_go(c, enter_at(c, strict_here(c)));
    c->person = c->session->person;
    d->console.csrf = d->strict.csrf;
    if (posts && !strict_token_fits(c, &d->strict))
        return console_refuse(c, FAIL_DENIED, "csrf");
    strict_touch(c, &d->strict);
    return NEXT;
}

static bool chooses_area(const struct console *k)
{
    return k->screen->may == MAY_NONE;
}

/* An area that was taken away meanwhile is as one that was never the person's. */
static enum step check_right(struct ctx *c, struct fail *f)
{
    struct visitor *d = visitor_of(c);
    struct console *k = &d->console;
    const struct circumstances now = circumstances(c);

    (void)f;
    k->areas = policy_areas(c->arena, c->registry, c->person, &now);
    if (k->screen == NULL || k->areas.n == 0)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    bool chosen = str_is_set(d->area) && console_area_read(c, d->area, &k->area) && is_theirs(&k->areas, &k->area);
    if (!chosen)
        k->area = k->areas.at[0];
    if (!chosen && k->areas.n > 1 && !str_has_prefix(c->req->path, S("/admin/area")))
        return c->req->method == HTTP_POST ? console_refuse(c, FAIL_DENIED, "no_area") : answer_go(c, S("/admin/area"));
    if (!chosen)
        d->area = area_text(c->arena, &k->area);
    if (!chooses_area(k) && !console_may(c, k->screen->may))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return NEXT;
}

static enum step write_act(struct ctx *c, struct fail *f)
{
    const struct screen *s = visitor_of(c)->console.screen;

    (void)f;
    if (*s->act == '\0')
        return NEXT;
    console_audit(c, "console", str_of(s->act), c->req->param);
    return WAIT;
}

static enum step act_written(struct ctx *c, struct fail *f)
{
    return *visitor_of(c)->console.screen->act == '\0' || console_audited(c, f) ? NEXT : REFUSE;
}

static const struct step_row door[] = { { load },      { check_session }, { check_right },
                                        { write_act }, { act_written },   { NULL } };

enum step console_door(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, door);
}

/* ── a fresh log-in ─────────────────────────────────────────────────────── */

bool console_fresh(const struct ctx *c)
{
    int64_t age_s = c->now_s - c->session->person->auth_time_s;

    return age_s <= CONSOLE_FRESH_S && age_s >= -c->set->saml_skew_s;
}

enum step console_log_in_again(struct ctx *c, struct str back, struct fail *f)
{
    const struct idp *idp = registry_idp(c->registry, c->session->person->idp);

    c->login = login_own(c, enter_at(c, back));
    c->login->prompt = PROMPT_LOGIN;
    c->login->shared = c->session->shared;
    return idp != NULL ? flow_to_idp(c, idp, f) : flow_next(c, f);
}

/* ── what the endpoints share ───────────────────────────────────────────── */

/* Names that no identity provider has, so that these keys are nobody's pseudonym. */
static struct str number_key(struct ctx *c, const struct person *p)
{
    return str_is_set(p->learner_id) ? pairwise_person(c->arena, c->seals, S("=number"), p->learner_id)
                                     : (struct str){ NULL, 0 };
}

static struct str name_key(struct ctx *c, const struct person *p)
{
    struct buf folded = buf_new(c->arena, 8 * PERSON_TEXT_MAX_B);

    words_fold(&folded, person_display_name(c->arena, p));
    return buf_ok(&folded) && folded.n > 0 ? pairwise_person(c->arena, c->seals, S("=name"), buf_str(&folded))
                                           : (struct str){ NULL, 0 };
}

struct change_by console_by(struct ctx *c, enum change_maker maker, struct str why)
{
    const struct person *p = c->session->person;
    const struct idp *idp = registry_idp(c->registry, p->idp);

    return (struct change_by){ .who = p->id,
                               .number_key = number_key(c, p),
                               .name_key = name_key(c, p),
                               .account = idp != NULL && idp->kind == IDP_LOCAL ? p->subject : (struct str){ NULL, 0 },
                               .acting_as = acting_as(c),
                               .area = &c->console->area,
                               .maker = maker,
                               .why = why,
                               .at_s = c->now_s };
}

enum step console_ask(struct ctx *c, desk_job *job, void *with, struct desk_got *got, struct fail *f)
{
    if (!desk_ask(c->desk, c->work, &c->batch, c->arena, job, with, got))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

bool console_answered(const struct desk_got *got, struct fail *f)
{
    if (!got->ok)
        *f = got->why;
    return got->ok;
}

void console_page_for(struct ctx *c, enum place place, bool below, struct str here, struct console_page *out)
{
    const struct console *k = c->console;
    bool provider = str_is_set(k->area.provider);

    *out = (struct console_page){ .scope = console_area_name(c, &k->area),
                                  .nation = !provider,
                                  .school = str_is_set(k->area.school),
                                  .place = place,
                                  .below = below,
                                  .may_view = console_may(c, MAY_VIEW),
                                  .may_log = console_may(c, MAY_READ_LOG),
                                  .may_people = provider && console_may(c, MAY_FIND_PEOPLE),
                                  .may_end = console_may(c, MAY_END_SESSIONS),
                                  .may_passes = provider && console_may(c, MAY_GIVE_PASSES),
                                  .may_exams = provider && console_may(c, MAY_SET_EXAMS),
                                  .may_notices = console_may(c, MAY_SET_NOTICES),
                                  .may_calendar = provider && console_may(c, MAY_MANAGE_CALENDAR),
                                  .choose = k->areas.n > 1 || (k->areas.n == 1 && !str_is_set(k->areas.at[0].provider)),
                                  .csrf = k->csrf };
    out->people_at = out->may_people    ? S("/admin/people")
                     : out->may_passes  ? S("/admin/passes")
                     : out->may_exams   ? S("/admin/exams")
                     : out->may_end     ? S("/admin/sessions")
                     : out->may_notices ? S("/admin/notices")
                                        : (struct str){ NULL, 0 };
    out->page = page_for(c, here);
    flow_leave_idle(c);
}
