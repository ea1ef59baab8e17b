/* SPDX-License-Identifier: EUPL-1.2
 * One policy, as a form and as text: two views of one thing.  What is kept is a draft. */
#include "base/crypt.h"
#include "console/texts.h"
#include "frame/roles.h"
#include "frame/words.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/door.h"
#include "gateway/console/lines.h"
#include "gateway/plea.h"
#include "gateway/session/done.h"
#include "policy/cedar/engine.h"
#include "policy/form.h"
#include "policy/matrix.h"
#include "policy/text_check.h"
#include "policy/windows.h"
#include "policy/words.h"
#include "registry/edit.h"
#include "wire/form.h"
#include "wire/http.h"

#include <stdio.h>
#include <string.h>

enum {
    WHY_MAX_B = 200,
    NAME_MAX_B = 120,
    SCHOOLS_SHOWN = 120,
    KNOWN_SHOWN = 400,
    NETWORKS_SHOWN = 100,
    ID_MAX_B = 64,
    HERE_MAX_B = 512
};

static const enum role roles[] = { ROLE_LEARNER,   ROLE_TEACHER, ROLE_SUBSTITUTE, ROLE_PRINCIPAL,
                                   ROLE_SECRETARY, ROLE_STAFF,   ROLE_GUARDIAN };

struct editing {                 /* c->state */
    struct str id;               /* "new": none yet */
    const struct policy *policy; /* as it is in force; NULL: there is none */
    struct policy owner;         /* whose it is: layer, provider, school; and the text that is checked */
    struct policy_form form;
    bool is_new;           /* its id is made when it is kept */
    bool as_text, is_form; /* is_form: `form` says all of the text */
    struct str name, why, text, rest, detail;
    struct str add_service;
    int64_t draft, edition, version;
    enum policy_said said;
    struct cedar_diags diags;
    bool checked;
    /* of the job */
    struct area area;
    struct row_id row;
    struct row_seen seen;
    struct draft had;
    struct desk_got got;
    struct edit *edit;
    struct edit_how how;
    struct edit_result result;
};

/* ── whose it is ────────────────────────────────────────────────────────── */

static void own(struct ctx *c, struct editing *x)
{
    const struct area *area = &c->console->area;

    if (x->policy != NULL) {
        x->owner = *x->policy;
        return;
    }
    const struct provider *p = registry_provider(c->registry, area->provider);
    x->owner = (struct policy){ .id = S("new"),
                                .layer = p == NULL                  ? LAYER_NATION
                                         : str_is_set(area->school) ? LAYER_SCHOOL
                                                                    : LAYER_MUNICIPALITY,
                                .provider = p,
                                .school = str_is_set(area->school) ? provider_school(p, area->school) : NULL,
                                .enabled = true };
}

static bool is_mine(const struct ctx *c, const struct policy *p)
{
    const struct area whose = { .provider = p->provider != NULL ? p->provider->id : (struct str){ NULL, 0 },
                                .school = p->school != NULL ? p->school->oid : (struct str){ NULL, 0 } };

    return console_may_in(c, MAY_DRAFT, &whose);
}

static const struct policy *policy_named(const struct ctx *c, struct str id)
{
    const struct registry_parts *parts = registry_parts(c->registry);

    for (size_t i = 0; i < parts->policy_count; i++)
        if (str_eq(parts->policies[i].id, id))
            return &parts->policies[i];
    return NULL;
}

/* The people are the owner's, whatever the form says. */
static void bind_to_owner(struct ctx *c, struct editing *x)
{
    const struct policy *o = &x->owner;

    x->form.whom.provider = o->provider != NULL ? o->provider->id : (struct str){ NULL, 0 };
    if (o->school != NULL) {
        x->form.whom.schools = (struct strs){ 0 };
        strs_add(c->arena, &x->form.whom.schools, school_uid(c->arena, o->provider, o->school));
    }
}

/* ── the form as it was filled in ───────────────────────────────────────── */

static bool ticked(struct ctx *c, const char *prefix, struct str value)
{
    return str_is_set(form_get(c->body, arena_printf(c->arena, "%s%.*s", prefix, STR_ARG(value))));
}

static int number(struct ctx *c, const char *name)
{
    int64_t n = 0;

    return str_int(str_trim(form_get(c->body, str_of(name))), &n) && n >= 0 && n <= 99 ? (int)n : 0;
}

/* "8:00" */
static int minutes(struct ctx *c, const char *name)
{
    struct str hour, minute = str_trim(form_get(c->body, str_of(name)));
    int64_t h = 0, m = 0;

    if (!str_split(&minute, ':', &hour) || !str_int(hour, &h) || !str_int(str_sub(minute, 0, 2), &m))
        return 0;
    return h >= 0 && h <= 24 && m >= 0 && m < 60 ? (int)(h * 60 + m) : 0;
}

static const struct service *service_called(struct ctx *c, struct str said_)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct service *s = registry_service(c->registry, said_);
    struct str wanted = words_query(c->arena, said_);

    for (size_t i = 0; s == NULL && i < parts->service_count; i++)
        for (int lang = 0; s == NULL && lang < LANG_COUNT; lang++)
            if (str_eq(words_query(c->arena, names_in(&parts->services[i].names, (enum lang)lang)), wanted))
                s = &parts->services[i];
    return s;
}

/* Those of the form before whose box is still ticked, and the one that is added. */
static void read_services(struct ctx *c, struct editing *x)
{
    struct str added = str_trim(form_get(c->body, S("add_service"))), prefix = S("service_");

    for (size_t i = 0; i < c->body->count; i++)
        if (str_has_prefix(c->body->fields[i].name, prefix))
            strs_add(c->arena, &x->form.which.services, str_from(c->body->fields[i].name, prefix.n));
    if (!str_is_set(added))
        return;
    const struct service *s = service_called(c, added);
    if (s != NULL) {
        strs_add(c->arena, &x->form.which.services, s->id);
        return;
    }
    x->add_service = added;
    x->said = POLICY_SAID_FORM;
    x->detail = said(C_no_such_service, c->lang);
}

/* "99101/7B, 99101/8A": of the owner's schools. */
static void read_groups(struct ctx *c, struct editing *x)
{
    struct str rest = form_get(c->body, S("groups")), one;

    if (x->owner.provider == NULL)
        return;
    while (str_split(&rest, ',', &one))
        if (str_is_set(str_trim(one)))
            strs_add(c->arena, &x->form.whom.groups,
                     arena_printf(c->arena, "%.*s/%.*s", STR_ARG(x->owner.provider->id), STR_ARG(str_trim(one))));
}

static void read_whom(struct ctx *c, struct editing *x)
{
    struct whom *w = &x->form.whom;
    const struct provider *p = x->owner.provider;

    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (ticked(c, "role_", str_of(role_name(roles[i]))))
            w->roles |= 1u << roles[i];
    if (w->roles == 0)
        w->roles = ROLES_ANY;
    w->level_from = number(c, "level_from");
    w->level_to = number(c, "level_to");
    for (size_t i = 0; p != NULL && i < p->school_count; i++) {
        struct str uid = school_uid(c->arena, p, &p->schools[i]);
        if (str_is_set(uid) && ticked(c, "school_", p->schools[i].oid))
            strs_add(c->arena, &w->schools, uid);
    }
    read_groups(c, x);
}

/* Of the owner's own provider; what stood in the policy before, too, or saving would drop it. */
static void read_networks(struct ctx *c, struct editing *x)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    struct hours *h = &x->form.hours;

    h->in_network = str_is_set(form_get(c->body, S("in_network")));
    for (size_t i = 0; i < parts->network_count; i++)
        if (ticked(c, "network_", parts->networks[i].id))
            strs_add(c->arena, &h->networks, parts->networks[i].id);
}

static void read_form(struct ctx *c, struct editing *x)
{
    struct str opening = form_get(c->body, S("opening"));
    struct hours *h = &x->form.hours;

    x->form = (struct policy_form){ .opening = str_eq(opening, S("forbid"))  ? OPENING_FORBID
                                               : str_eq(opening, S("leave")) ? OPENING_LEAVE
                                               : str_eq(opening, S("none"))  ? OPENING_NONE
                                                                             : OPENING_PERMIT };
    read_services(c, x);
    read_whom(c, x);
    for (int day = 1; day <= 7; day++)
        if (ticked(c, "weekday_", arena_printf(c->arena, "%d", day)))
            h->weekdays |= (uint8_t)(1u << day);
    h->minute_from = minutes(c, "from");
    h->minute_to = minutes(c, "to");
    h->device = (enum device_class)(number(c, "device") % 3);
    h->assurance = number(c, "assurance") % 4;
    for (int day = DAY_UNKNOWN + 1; day < DAY_COUNT; day++)
        if (ticked(c, "term_", str_of(day_kind_word((enum day_kind)day))))
            h->days |= (uint8_t)(1u << day);
    h->exam = (enum exam_ask)(number(c, "exam") % 3);
    read_networks(c, x);
    for (int i = 0; i < CLAIM_COUNT; i++) {
        struct str key = str_of(claim_key((enum claim)i));
        if (ticked(c, "release_", key))
            claim_add(&x->form.release, (enum claim)i);
        if (ticked(c, "withhold_", key))
            claim_add(&x->form.withhold, (enum claim)i);
    }
    bind_to_owner(c, x);
    x->text = policy_form_text(c->arena, &x->form);
    x->is_form = true;
    if (!str_is_set(x->text))
        x->said = POLICY_SAID_FORM;
}

static struct str without_returns(struct arena *a, struct str text)
{
    struct buf b = buf_new(a, POLICY_TEXT_MAX_B + 4096);

    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != '\r')
            buf_byte(&b, text.p[i]);
    return buf_ok(&b) ? buf_str(&b) : str_sub(text, 0, POLICY_TEXT_MAX_B);
}

/* ── judging ────────────────────────────────────────────────────────────── */

static bool judge(struct ctx *c, struct editing *x)
{
    struct cedar_source *source = arena_make(c->arena, struct cedar_source);

    *source = (struct cedar_source){ S("policy"), x->text };
    x->diags = cedar_diags_new(c->arena, source);
    x->owner.text = x->text;
    x->checked = true;
    return policy_text_check(text_checker_new(c->arena, c->registry), &x->owner, &x->diags);
}

static void see_form(struct ctx *c, struct editing *x)
{
    x->is_form = policy_form_read(c->arena, x->text, &x->form, &x->rest);
}

/* ── the page ───────────────────────────────────────────────────────────── */

static struct choices choices_of(struct choice *at, size_t n)
{
    return (struct choices){ at, n };
}

static struct str day_name(struct ctx *c, int day)
{
    /* Monday 5 January 1970 and the days after it, at noon. */
    struct str line = words_today(c->arena, (3 + day) * 86400 + 43200, c->lang), first;

    return str_split(&line, ' ', &first) ? first : line;
}

static void put_people(struct ctx *c, const struct editing *x, struct policy_view *v)
{
    const struct whom *w = &x->form.whom;
    const struct provider *p = x->owner.school == NULL ? x->owner.provider : NULL;
    struct choice *r = arena_make_n(c->arena, sizeof roles / sizeof *roles, struct choice);
    size_t schools = p != NULL && p->school_count <= SCHOOLS_SHOWN ? p->school_count : 0, n = 0;
    struct choice *s = arena_make_n(c->arena, schools + 1, struct choice);
    struct buf groups = buf_new(c->arena, 65536);

    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        r[i] = (struct choice){ str_of(role_name(roles[i])), role_word(roles[i], c->lang),
                                w->roles != ROLES_ANY && (w->roles & 1u << roles[i]) != 0 };
    for (size_t i = 0; i < schools; i++)
        s[n++] = (struct choice){ p->schools[i].oid, names_in(&p->schools[i].names, c->lang),
                                  strs_has(&w->schools, school_uid(c->arena, p, &p->schools[i])) };
    for (size_t i = 0; i < w->groups.n; i++) {
        struct str group = w->groups.at[i], provider;
        (void)str_split(&group, '/', &provider);
        buf_add(&groups, i > 0 ? S(", ") : S(""));
        buf_add(&groups, group);
    }
    v->roles = choices_of(r, sizeof roles / sizeof *roles);
    v->schools = choices_of(s, n);
    v->groups = buf_str(&groups);
    v->level_from = w->level_from > 0 ? arena_printf(c->arena, "%d", w->level_from) : S("");
    v->level_to = w->level_to > 0 ? arena_printf(c->arena, "%d", w->level_to) : S("");
}

static void put_services(struct ctx *c, const struct editing *x, struct policy_view *v)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct strs *list = &x->form.which.services;
    struct choice *s = arena_make_n(c->arena, list->n + 1, struct choice);
    size_t known = parts->service_count <= KNOWN_SHOWN ? parts->service_count : 0;
    struct choice *k = arena_make_n(c->arena, known + 1, struct choice);

    for (size_t i = 0; i < list->n; i++) {
        const struct service *one = registry_service(c->registry, list->at[i]);
        s[i] = (struct choice){ list->at[i], one != NULL ? names_in(&one->names, c->lang) : list->at[i], true };
    }
    for (size_t i = 0; i < known; i++)
        k[i] = (struct choice){ parts->services[i].id, names_in(&parts->services[i].names, c->lang), false };
    v->services = choices_of(s, list->n);
    v->known = choices_of(k, known);
    v->add_service = x->add_service;
}

static struct str clock_text(struct ctx *c, int minute)
{
    return minute > 0 ? arena_printf(c->arena, "%02d:%02d", minute / 60 % 24, minute % 60) : S("");
}

static void put_hours(struct ctx *c, const struct editing *x, struct policy_view *v)
{
    static const enum said devices[] = { C_device_any, C_device_own, C_device_shared };
    static const enum said strengths[] = { C_assurance_any, C_NONE, C_assurance_two, C_assurance_three };
    const struct hours *h = &x->form.hours;
    struct choice *days = arena_make_n(c->arena, 7, struct choice), *d = arena_make_n(c->arena, 3, struct choice),
                  *s = arena_make_n(c->arena, 4, struct choice);
    size_t n = 0;

    for (int day = 1; day <= 7; day++)
        days[day - 1] =
            (struct choice){ arena_printf(c->arena, "%d", day), day_name(c, day), (h->weekdays & 1u << day) != 0 };
    for (int i = 0; i < 3; i++)
        d[i] = (struct choice){ arena_printf(c->arena, "%d", i), said(devices[i], c->lang), (int)h->device == i };
    for (int i = 0; i < 4; i++)
        if (strengths[i] != C_NONE)
            s[n++] = (struct choice){ arena_printf(c->arena, "%d", i), said(strengths[i], c->lang), h->assurance == i };
    v->weekdays = choices_of(days, 7);
    v->devices = choices_of(d, 3);
    v->assurances = choices_of(s, n);
    v->from = clock_text(c, h->minute_from);
    v->to = clock_text(c, h->minute_to);
}

static void put_networks(struct ctx *c, const struct editing *x, struct policy_view *v)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct strs *list = &x->form.hours.networks;
    struct choice *n = arena_make_n(c->arena, parts->network_count + list->n + 1, struct choice);
    size_t count = 0;

    for (size_t i = 0; i < parts->network_count && x->owner.provider != NULL; i++) {
        const struct named_network *one = &parts->networks[i];
        if (str_eq(one->provider->id, x->owner.provider->id) && count < NETWORKS_SHOWN)
            n[count++] = (struct choice){ one->id, names_in(&one->names, c->lang), strs_has(list, one->id) };
    }
    for (size_t i = 0; i < list->n; i++) { /* of a national policy, or beyond those shown */
        bool shown = false;
        for (size_t k = 0; k < count; k++)
            shown = shown || str_eq(n[k].value, list->at[i]);
        if (!shown)
            n[count++] = (struct choice){ list->at[i], list->at[i], true };
    }
    v->networks = choices_of(n, count);
    v->in_network = x->form.hours.in_network;
    v->any_network = v->in_network && list->n == 0;
}

static void put_windows(struct ctx *c, const struct editing *x, struct policy_view *v)
{
    static const enum said days[DAY_COUNT] = {
        [DAY_SCHOOL] = C_day_school, [DAY_OFF] = C_day_off, [DAY_HOLIDAY] = C_day_holiday
    };
    static const enum said exams[] = { C_exam_any, C_exam_during, C_exam_outside };
    struct choice *d = arena_make_n(c->arena, DAY_COUNT, struct choice), *e = arena_make_n(c->arena, 3, struct choice);

    for (int day = DAY_UNKNOWN + 1; day < DAY_COUNT; day++)
        d[day - 1] = (struct choice){ str_of(day_kind_word((enum day_kind)day)), said(days[day], c->lang),
                                      (x->form.hours.days >> day & 1) != 0 };
    for (int i = 0; i < 3; i++)
        e[i] =
            (struct choice){ arena_printf(c->arena, "%d", i), said(exams[i], c->lang), (int)x->form.hours.exam == i };
    v->terms = choices_of(d, DAY_COUNT - 1);
    v->exams = choices_of(e, 3);
    put_networks(c, x, v);
}

static struct choices claim_choices(struct ctx *c, struct claim_set on)
{
    struct choice *at = arena_make_n(c->arena, CLAIM_COUNT, struct choice);

    for (int i = 0; i < CLAIM_COUNT; i++)
        at[i] = (struct choice){ str_of(claim_key((enum claim)i)), claim_in_words((enum claim)i, c->lang),
                                 claim_in(on, (enum claim)i) };
    return choices_of(at, CLAIM_COUNT);
}

static void put_release(struct ctx *c, const struct editing *x, struct policy_view *v)
{
    v->release = claim_choices(c, x->form.release);
    v->withhold = claim_choices(c, x->form.withhold);
}

/* The lines of the text, each with what was found in it. */
static void put_lines(struct ctx *c, struct editing *x, struct policy_view *v)
{
    struct str rest = x->text, line;
    size_t count = 1;

    for (size_t i = 0; i < x->text.n; i++)
        count += x->text.p[i] == '\n';
    struct code_line *lines = arena_make_n(c->arena, count + 1, struct code_line);
    while (str_split(&rest, '\n', &line)) {
        size_t at = (size_t)(line.p - x->text.p);
        struct code_line *l = &lines[v->lines.n++];
        struct finding_view *found = arena_make_n(c->arena, x->diags.n + 1, struct finding_view);
        *l = (struct code_line){ .number = (int64_t)v->lines.n, .before = line };
        for (size_t i = 0; i < x->diags.n; i++) {
            const struct cedar_diag *d = &x->diags.items[i];
            size_t begin = d->span.at, end = d->span.end;
            bool here = begin >= at && (begin < at + line.n || (begin == at + line.n));
            if (!here)
                continue;
            found[l->findings.n++] = (struct finding_view){ .says = policy_finding_words(c->arena, d, c->lang),
                                                            .warns = d->severity != CEDAR_ERROR };
            if (!l->hit && end > begin) {
                size_t to = end < at + line.n ? end - at : line.n;
                l->wrong = str_sub(line, begin - at, to - (begin - at));
                l->after = str_from(line, to);
                l->before = str_sub(line, 0, begin - at);
            }
            l->hit = true;
        }
        l->findings.at = found;
        if (rest.n == 0)
            break;
    }
    v->lines.at = lines;
}

static struct str title_of(struct ctx *c, const struct editing *x)
{
    if (str_is_set(x->name))
        return x->name;
    return str_eq(x->id, S("new")) ? said(C_policy_new, c->lang) : x->id;
}

static struct str here(struct ctx *c, const struct editing *x)
{
    return x->draft != 0 ? arena_printf(c->arena, "/admin/policy/%.*s?draft=%lld", STR_ARG(x->id), (long long)x->draft)
                         : arena_join(c->arena, S("/admin/policy/"), x->id);
}

static enum step page(struct ctx *c, struct editing *x)
{
    struct policy_view v = { .id = x->id,
                             .title = title_of(c, x),
                             .as_text = x->as_text || !x->is_form,
                             .is_new = x->policy == NULL,
                             .draft = x->draft != 0 ? arena_printf(c->arena, "%lld", (long long)x->draft) : S(""),
                             .edition = arena_printf(c->arena, "%lld", (long long)x->edition),
                             .version = arena_printf(c->arena, "%lld", (long long)x->version),
                             .name = x->name,
                             .why = x->why,
                             .text = { x->text },
                             .rest = x->rest,
                             .detail = x->detail,
                             .said = x->said,
                             .permit = x->form.opening == OPENING_PERMIT,
                             .only_tells = x->form.opening == OPENING_NONE,
                             .forbid = x->form.opening == OPENING_FORBID,
                             .leave = x->form.opening == OPENING_LEAVE,
                             .may_leave = x->owner.layer == LAYER_MUNICIPALITY };
    int status = x->said == POLICY_SAID_CHANGED                                                               ? 409
                 : x->said == POLICY_SAID_ERRORS || x->said == POLICY_SAID_FORM || x->said == POLICY_SAID_WHY ? 400
                                                                                                              : 200;

    console_page_for(c, PLACE_RIGHTS, true, c->req->method == HTTP_GET ? here(c, x) : (struct str){ NULL, 0 }, &v.con);
    v.con.sub = SUB_DRAFTS;
    v.words = str_is_set(x->text) ? lines_policy(c, x->text) : S("");
    if (x->checked && x->as_text)
        put_lines(c, x, &v);
    v.errors = (int64_t)x->diags.errors;
    if (!v.as_text) {
        put_people(c, x, &v);
        put_services(c, x, &v);
        put_hours(c, x, &v);
        put_windows(c, x, &v);
        put_release(c, x, &v);
    }
    return answer_page(c, status, page_policy(c->arena, &v));
}

/* ── looking at it ──────────────────────────────────────────────────────── */

/* Whom a request is for, as its page links here; false: no request. */
static bool asked_for(struct ctx *c, const struct editing *x, struct plea_whom *whom)
{
    const struct provider *p = x->owner.provider;
    const struct school *s = p != NULL ? provider_school(p, form_get(c->query, S("school"))) : NULL;
    const struct service *service = registry_service(c->registry, form_get(c->query, S("service")));
    int64_t from = 0, to = 0;

    *whom = (struct plea_whom){ .role = role_of_name(form_get(c->query, S("role"))) };
    if (p == NULL || service == NULL || whom->role == ROLE_NONE ||
        !str_int(form_get(c->query, S("level_from")), &from) || !str_int(form_get(c->query, S("level_to")), &to) ||
        from < 0 || to < from || to > LEVEL_MAX)
        return false;
    whom->service = service->id;
    whom->level_from = (int)from;
    whom->level_to = (int)to;
    if (s != NULL)
        whom->school = school_uid(c->arena, p, s);
    return true;
}

/* What a request asks for stands in the form already, with how many asked. */
static void put_request(struct ctx *c, struct editing *x)
{
    struct plea_whom whom;

    if (!asked_for(c, x, &whom))
        return;
    if (x->policy == NULL) {
        x->form = plea_form(c->arena, x->owner.provider, &whom, registry_service(c->registry, whom.service)->asks);
        bind_to_owner(c, x);
    } else {
        see_form(c, x);
        if (!x->is_form || !plea_widen(c->arena, &x->form, &whom))
            return;
    }
    x->text = policy_form_text(c->arena, &x->form);
    x->why = str_sub(form_get(c->query, S("why")), 0, WHY_MAX_B);
}

/* A new one begins with the cell that it was begun from. */
static bool begin_new(struct ctx *c, struct editing *x)
{
    const struct service *s = registry_service(c->registry, form_get(c->query, S("service")));
    int64_t col = -1;

    x->form.opening = OPENING_PERMIT;
    if (s != NULL) {
        strs_add(c->arena, &x->form.which.services, s->id);
        x->form.release = s->asks;
    }
    if (str_int(form_get(c->query, S("col")), &col) && col >= 0 && col < MATRIX_COLUMNS) {
        x->form.whom.roles = 1u << matrix_columns[col].role;
        x->form.whom.level_from = matrix_columns[col].level_from;
        x->form.whom.level_to = matrix_columns[col].level_to;
    }
    bind_to_owner(c, x);
    x->text = policy_form_text(c->arena, &x->form);
    x->is_form = true;
    put_request(c, x);
    return true;
}

static bool find(struct ctx *c, struct editing *x)
{
    x->id = c->req->param;
    x->area = c->console->area;
    x->version = registry_parts(c->registry)->version;
    if (!str_eq(x->id, S("new")))
        x->policy = policy_named(c, x->id);
    if (x->policy != NULL && !is_mine(c, x->policy)) /* another's is as none: not even its id is told */
        x->policy = NULL;
    own(c, x);
    return x->id.n <= ID_MAX_B;
}

static bool read_draft(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct editing *x = with;

    return draft_look(d, a, &x->area, x->draft, &x->had, f) &&
           draft_row(d, a, &x->area, x->draft, &x->row, &x->seen, f);
}

static enum step look(struct ctx *c, struct fail *f)
{
    struct editing *x = arena_make(c->arena, struct editing);

    c->state = x;
    if (!find(c, x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->as_text = str_eq(form_get(c->query, S("as")), S("text"));
    if (str_int(form_get(c->query, S("draft")), &x->draft) && x->draft > 0 && !str_eq(x->id, S("new"))) {
        x->row = (struct row_id){ .kind = S("policy"), .key = { x->id } };
        return console_ask(c, read_draft, x, &x->got, f);
    }
    x->draft = 0;
    x->got.ok = true;
    if (x->policy == NULL)
        return str_eq(x->id, S("new")) && begin_new(c, x) ? NEXT : console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->text = x->policy->text;
    x->name = names_in(&x->policy->names, c->lang);
    put_request(c, x);
    return NEXT;
}

static struct str field_of(const struct row_seen *row, const char *name)
{
    const struct row_field *f = row_field(row, name);

    return f != NULL ? f->value : (struct str){ NULL, 0 };
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct editing *x = c->state;

    if (!x->got.ok && (x->got.why.kind == FAIL_NOT_FOUND || strcmp(x->got.why.code, "no_draft") == 0))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!console_answered(&x->got, f))
        return REFUSE;
    if (x->draft != 0) {
        x->edition = x->had.edition;
        x->text = field_of(&x->seen, "text");
        x->name = field_of(&x->seen, c->lang == LANG_SV ? "name.sv" : c->lang == LANG_EN ? "name.en" : "name.fi");
        x->why = field_of(&x->seen, "why");
    }
    if (!x->is_form)
        see_form(c, x);
    if (!x->is_form && !x->as_text)
        x->said = POLICY_SAID_NO_FORM;
    return page(c, x);
}

const struct step_row admin_policy[] = { { console_door }, { look }, { show }, { NULL } };

/* ── keeping it ─────────────────────────────────────────────────────────── */

static bool keep_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct editing *x = with;

    if (x->policy == NULL && !x->is_new && !draft_row(d, a, &x->area, x->draft, &x->row, &x->seen, f))
        return false;
    return edit_run(x->edit, d, a, &x->how, EDIT_KEEP, &x->result, f);
}

static void free_edit(void *e)
{
    edit_free(e);
}

/* "oulu-kanerva-5f2a": of the owner, what it is about, and a few digits that make it its own. */
static struct str new_id(struct ctx *c, const struct editing *x)
{
    const struct strs *services = &x->form.which.services;
    struct str about = services->n > 0 ? services->at[0] : S("all");
    struct str token = crypt_token(c->arena, c->world, 8);
    uint64_t hash = str_hash(token, 7);

    return arena_printf(c->arena, "%.*s-%.*s-%04x",
                        STR_ARG(x->owner.provider != NULL ? x->owner.provider->id : S("fi")),
                        STR_ARG(str_sub(about, 0, 40)), (unsigned)(hash & 0xffff));
}

static void put_row(struct ctx *c, struct editing *x)
{
    struct edit_field fields[8];
    size_t n = 0;
    const struct policy *o = &x->owner;

    if (o->provider != NULL)
        fields[n++] = (struct edit_field){ S("provider"), o->provider->id };
    if (o->school != NULL)
        fields[n++] = (struct edit_field){ S("school"), o->school->oid };
    fields[n++] = (struct edit_field){ S("text"), x->text };
    fields[n++] = (struct edit_field){ S("why"), x->why };
    if (str_is_set(x->name))
        fields[n++] = (struct edit_field){ c->lang == LANG_SV   ? S("name.sv")
                                           : c->lang == LANG_EN ? S("name.en")
                                                                : S("name.fi"),
                                           x->name };
    /* The other languages fall back to Finnish, which there must be then. */
    if (str_is_set(x->name) && c->lang != LANG_FI && (x->policy == NULL || !str_is_set(x->policy->names.in[LANG_FI])))
        fields[n++] = (struct edit_field){ S("name.fi"), x->name };
    edit_put(x->edit, &x->row, fields, n);
}

static void note_edit(struct ctx *c, struct editing *x)
{
    struct change_by *by = arena_make(c->arena, struct change_by);
    const struct edit_from from = { .draft = x->draft, .edition = x->edition };

    *by = console_by(c, MAKER_console, x->why);
    x->is_new = str_eq(x->id, S("new"));
    if (x->is_new)
        x->id = new_id(c, x);
    x->row = (struct row_id){ .kind = S("policy"), .key = { x->id } };
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals };
    x->edit = edit_new(by, &from);
    arena_adopt(c->arena, x->edit, free_edit);
    put_row(c, x);
}

static enum step posted(struct ctx *c, struct fail *f)
{
    struct editing *x = arena_make(c->arena, struct editing);
    struct str act = form_get(c->body, S("act"));

    c->state = x;
    if (!find(c, x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    (void)str_int(form_get(c->body, S("draft")), &x->draft);
    (void)str_int(form_get(c->body, S("edition")), &x->edition);
    (void)str_int(form_get(c->body, S("version")), &x->version);
    if (x->policy == NULL && !str_eq(x->id, S("new")) && x->draft <= 0)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->name = str_sub(str_trim(form_get(c->body, S("name"))), 0, NAME_MAX_B);
    x->why = str_sub(str_trim(form_get(c->body, S("why"))), 0, WHY_MAX_B);
    x->as_text = str_eq(form_get(c->body, S("as")), S("text"));
    if (x->as_text) {
        x->text = without_returns(c->arena, form_get(c->body, S("text")));
        see_form(c, x);
    } else {
        read_form(c, x);
    }
    if (x->said == POLICY_SAID_FORM)
        return page(c, x);
    bool good = judge(c, x);
    if (str_eq(act, S("to_text")))
        x->as_text = true;
    if (!good) {
        x->said = POLICY_SAID_ERRORS;
        x->detail = x->diags.n > 0 && !x->as_text ? policy_finding_words(c->arena, &x->diags.items[0], c->lang)
                                                  : (struct str){ NULL, 0 };
        return page(c, x);
    }
    if (str_eq(act, S("to_form"))) {
        x->as_text = !x->is_form;
        x->said = x->is_form ? POLICY_SAID_NOTHING : POLICY_SAID_NO_FORM;
        return page(c, x);
    }
    if (!str_eq(act, S("keep"))) {
        x->said = POLICY_SAID_GOOD;
        return page(c, x);
    }
    if (!str_is_set(x->why)) {
        x->said = POLICY_SAID_WHY;
        return page(c, x);
    }
    note_edit(c, x);
    return console_ask(c, keep_sql, x, &x->got, f);
}

static enum step kept(struct ctx *c, struct fail *f)
{
    struct editing *x = c->state;

    if (x->got.ok)
        return done_go(c, arena_printf(c->arena, "/admin/drafts/%lld", (long long)x->result.draft), "kept", S(""));
    if (x->got.why.kind == FAIL_CONFLICT) {
        x->said = POLICY_SAID_CHANGED;
        return page(c, x);
    }
    if (x->got.why.kind != FAIL_CALLER && x->got.why.kind != FAIL_NOT_FOUND)
        return console_answered(&x->got, f) ? NEXT : REFUSE;
    if (strcmp(x->got.why.code, "not_yours") == 0 || strcmp(x->got.why.code, "no_draft") == 0 ||
        x->got.why.kind == FAIL_NOT_FOUND)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->said = POLICY_SAID_FORM;
    x->detail = act_trouble(c, &x->result, &x->got.why);
    return page(c, x);
}

const struct step_row admin_policy_keep[] = { { console_door }, { posted }, { kept }, { NULL } };
