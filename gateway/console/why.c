/* SPDX-License-Identifier: EUPL-1.2
 * Why a service does not open: by a support code, as the log has it; or as if somebody asked, by role, school, device
 * and time.  No person is looked up, and nobody's line is seen by another area. */
#include "audit/find.h"
#include "base/settings.h"
#include "base/work.h"
#include "console/texts.h"
#include "frame/roles.h"
#include "frame/words.h"
#include "gateway/answer.h"
#include "gateway/console/door.h"
#include "gateway/console/drafted.h"
#include "gateway/console/lines.h"
#include "gateway/explain.h"
#include "model/when.h"
#include "policy/receipts.h"
#include "policy/words.h"
#include "registry/versions.h"
#include "wire/form.h"
#include "wire/http.h"

#include <stdio.h>
#include <time.h>

enum { HERE_MAX_B = 2048, SHOWN_MAX = 20, SERVICES_LISTED_MAX = 300, SCHOOLS_LISTED_MAX = 500, WORDS_MAX_B = 8192 };
enum { GROUP_MAX_B = 40, CODE_MAX_B = 20 };

struct asking { /* c->state */
    /* what the worker touches */
    struct arena *arena;
    const struct registry *registry;
    struct area area;
    const char *dir;
    struct audit_search search;
    struct audit_finds found;
    const struct service *service; /* NULL: nothing is asked as if */
    struct person person;
    struct affiliation at;
    const struct provider *provider;
    struct circumstances now;
    enum lang lang;
    struct reasons why;
    struct explained told;
    struct fail trouble;
    bool ok;
    struct drafteds drafts;
    bool opens[DRAFTED_MAX];
    /* what the registry's job touches */
    struct desk_got got;
    struct strs ids; /* of the policies that are shown */
    struct version_of *versions;
    struct draft_policies rows;
    struct drafts list;
    /* what is the loop's */
    struct why_view v;
};

/* ── what was asked ─────────────────────────────────────────────────────── */

/* As people read codes aloud: in groups, in small letters. */
static struct str code_of(struct ctx *c)
{
    struct str typed = form_get(c->query, S("code"));
    struct buf b = buf_new(c->arena, CODE_MAX_B + 1);

    for (size_t i = 0; i < typed.n && b.n < CODE_MAX_B; i++) {
        char x = typed.p[i];
        if (x >= 'a' && x <= 'z')
            x = (char)(x - 'a' + 'A');
        if ((x >= 'A' && x <= 'Z') || (x >= '0' && x <= '9'))
            buf_byte(&b, x);
    }
    return buf_str(&b);
}

/* "2026-11-23T08:02" on a Finnish clock; of the two of an hour that comes twice, the first. */
static bool read_at(struct arena *a, struct str text, int64_t *out)
{
    struct tm t = { 0 };

    if (sscanf(arena_cstr(a, text), "%4d-%2d-%2dT%2d:%2d", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min) !=
        5)
        return false;
    t.tm_year -= 1900;
    t.tm_mon--;
    for (int offset = 3; offset >= 2; offset--) {
        struct tm again = t;
        int64_t at_s = (int64_t)timegm(&again) - offset * 3600;
        struct when w = when_local(at_s);
        if (w.hour == t.tm_hour && w.minute == t.tm_min && w.day == t.tm_mday) {
            *out = at_s;
            return true;
        }
    }
    return false;
}

static struct str as_typed(struct ctx *c, int64_t at_s)
{
    struct when w = when_local(at_s);

    return arena_printf(c->arena, "%04d-%02d-%02dT%02d:%02d", w.year, w.month, w.day, w.hour, w.minute);
}

/* By its id, or by its name as it is written. */
static const struct service *service_of(const struct ctx *c, struct str asked)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct service *s = registry_service(c->registry, asked);

    for (size_t i = 0; s == NULL && str_is_set(asked) && i < parts->service_count; i++)
        for (int lang = 0; s == NULL && lang < LANG_COUNT; lang++)
            if (str_eq(names_in(&parts->services[i].names, (enum lang)lang), asked))
                s = &parts->services[i];
    return s;
}

/* Of the area alone: what is outside of it is as if it were not. */
static bool read_place(const struct ctx *c, struct asking *q)
{
    struct str school = str_trim(form_get(c->query, S("school")));
    const struct area *area = &c->console->area;

    q->provider = str_is_set(area->provider) ? console_provider(c) : registry_provider(c->registry, q->v.provider);
    if (q->provider == NULL)
        return false;
    if (str_is_set(area->school))
        school = area->school;
    const struct school *s = str_is_set(school) ? provider_school(q->provider, school) : NULL;
    if (str_is_set(school) && s == NULL)
        return false;
    q->at.provider_oid = q->provider->oid;
    if (s != NULL) {
        q->at.school_oid = s->oid;
        q->at.school_code = s->code;
    }
    return true;
}

static enum why_said read_as_if(struct ctx *c, struct asking *q)
{
    int64_t level = 0;
    const struct service *s = service_of(c, q->v.service_id);

    q->at = (struct affiliation){ .role = role_of_name(form_get(c->query, S("role"))), .group = q->v.group };
    if (s == NULL)
        return WHY_SAID_NO_SERVICE;
    if (q->at.role == ROLE_NONE || role_is_official(q->at.role))
        return WHY_SAID_NO_ROLE;
    if (!read_place(c, q))
        return WHY_SAID_NO_PLACE;
    if (str_int(q->v.level, &level) && level >= 1 && level <= 12)
        q->at.class_level = (int)level;
    q->now = (struct circumstances){ .now_s = c->now_s, .shared_device = q->v.shared };
    if (!read_at(c->arena, q->v.at, &q->now.now_s))
        q->now.now_s = c->now_s;
    q->person = (struct person){ .id = S("as-if"), .affiliations = &q->at, .affiliation_count = 1 };
    q->service = s;
    return WHY_SAID_NOTHING;
}

/* Of a person's line, the provider of their city. */
static bool is_within(void *with, const struct audit_found *x)
{
    const struct asking *q = with;
    const struct idp *idp = registry_idp(q->registry, x->idp);

    if (!str_is_set(q->area.provider))
        return true;
    return !str_is_set(q->area.school) && idp != NULL && idp->provider != NULL &&
           str_eq(idp->provider->id, q->area.provider);
}

static void release_arena(void *a)
{
    arena_free(a);
}

static struct asking *asking_of(struct ctx *c)
{
    struct asking *q = arena_make(c->arena, struct asking);

    c->state = q;
    *q = (struct asking){ .arena = arena_new(),
                          .registry = c->registry,
                          .area = c->console->area,
                          .dir = arena_cstr(c->arena, arena_join(c->arena, c->set->state_dir, S("/audit"))),
                          .search = { .event = S("refused"), .reason = S("policy"), .most = 1, .within = is_within },
                          .lang = c->lang,
                          .v = { .code = code_of(c),
                                 .service_id = str_trim(form_get(c->query, S("service"))),
                                 .provider = str_trim(form_get(c->query, S("provider"))),
                                 .level = str_sub(str_trim(form_get(c->query, S("level"))), 0, 2),
                                 .group = str_sub(str_trim(form_get(c->query, S("group"))), 0, GROUP_MAX_B),
                                 .at = form_get(c->query, S("at")),
                                 .shared = str_eq(form_get(c->query, S("device")), S("shared")) } };
    arena_adopt(c->arena, q->arena, release_arena);
    q->search.with = q;
    q->search.support_code = q->v.code;
    return q;
}

/* ── the look, which has its line first ─────────────────────────────────── */

static void run(void *arg)
{
    struct asking *q = arg;

    q->ok = true;
    if (str_is_set(q->v.code))
        q->ok = audit_find(q->dir, q->arena, &q->search, &q->found, &q->trouble);
    if (q->service == NULL)
        return;
    q->why = policy_reasons(q->arena, q->registry, &q->person, q->service, &q->now);
    q->told.told = policy_told(q->arena, q->registry, &q->person, &q->why, &q->now, q->lang);
}

static bool asks(const struct asking *q)
{
    return str_is_set(q->v.code) || q->service != NULL;
}

static enum step write_look(struct ctx *c, struct fail *f)
{
    struct asking *q = asking_of(c);

    (void)f;
    if (!str_is_set(q->v.code) && str_is_set(q->v.service_id))
        q->v.said = read_as_if(c, q);
    if (!asks(q))
        return NEXT;
    console_audit(c, "console", S("why"),
                  str_is_set(q->v.code)
                      ? arena_join(c->arena, S("code "), q->v.code)
                      : arena_printf(c->arena, "%.*s as %s", STR_ARG(q->service->id), role_name(q->at.role)));
    return WAIT;
}

static enum step ask(struct ctx *c, struct fail *f)
{
    struct asking *q = c->state;

    if (!asks(q))
        return NEXT;
    if (!console_audited(c, f))
        return REFUSE;
    if (!work_ask(c->work, &c->batch, run, q))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

/* ── since when, and what drafts would change ───────────────────────────── */

static bool history_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct asking *q = with;

    return versions_latest(d, a, &q->ids, q->versions, f) &&
           (q->why.decision.effect == EFFECT_ALLOW ||
            (draft_policies(d, a, &q->area, DRAFTED_ROWS_MAX, &q->rows, f) &&
             draft_list(d, a, &q->area, DRAFT_NONE, INT64_MAX, DRAFTED_ROWS_MAX, &q->list, f)));
}

static enum step ask_history(struct ctx *c, struct fail *f)
{
    struct asking *q = c->state;

    if (q->service == NULL || !q->ok || q->why.n == 0)
        return NEXT;
    for (size_t i = 0; i < q->why.at[0].n_said && q->ids.n < SHOWN_MAX; i++)
        strs_add(c->arena, &q->ids, q->why.at[0].said[i].row->id);
    q->versions = arena_make_n(c->arena, q->ids.n + 1, struct version_of);
    return console_ask(c, history_sql, q, &q->got, f);
}

static void try_drafts(void *arg)
{
    struct asking *q = arg;

    struct arena *a = arena_new();

    for (size_t i = 0; i < q->drafts.n; i++)
        q->opens[i] = drafted_concerns(a, q->registry, &q->drafts.at[i], q->service) &&
                      drafted_opens(q->registry, &q->drafts.at[i], &q->person, q->service, &q->now);
    arena_free(a);
}

static enum step ask_drafts(struct ctx *c, struct fail *f)
{
    struct asking *q = c->state;

    if (q->versions == NULL)
        return NEXT;
    if (!console_answered(&q->got, f))
        return REFUSE;
    q->drafts = drafted_of(c->arena, c->registry, &q->rows);
    if (q->drafts.n == 0)
        return NEXT;
    if (!work_ask(c->work, &c->batch, try_drafts, q))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

/* ── as the log has it ──────────────────────────────────────────────────── */

static struct str kind_word(const struct ctx *c, enum condition_of of)
{
    static const enum said words[CONDITION_COUNT] = { [CONDITION_PLACE] = C_condition_place,
                                                      [CONDITION_ROLE] = C_condition_role,
                                                      [CONDITION_LEVEL] = C_condition_level,
                                                      [CONDITION_GROUP] = C_condition_group,
                                                      [CONDITION_AGE] = C_condition_age,
                                                      [CONDITION_DAY] = C_condition_day,
                                                      [CONDITION_HOURS] = C_condition_hours,
                                                      [CONDITION_DEVICE] = C_condition_device,
                                                      [CONDITION_ASSURANCE] = C_condition_assurance,
                                                      [CONDITION_TERM] = C_condition_term,
                                                      [CONDITION_NETWORK] = C_condition_network,
                                                      [CONDITION_EXAM] = C_condition_exam };

    return of != CONDITION_NONE && of != CONDITION_REST ? said(words[of], c->lang) : S("");
}

/* "Luokka-aste: luokat 7–9"; what only the text says begins by itself. */
static struct str kind_and_words(struct ctx *c, const struct condition *x)
{
    struct str kind = kind_word(c, x->of);
    struct buf b = buf_new(c->arena, WORDS_MAX_B);

    if (!str_is_set(kind))
        return x->words;
    buf_add(&b, kind);
    if (b.p[0] >= 'a' && b.p[0] <= 'z')
        b.p[0] = (char)(b.p[0] - 'a' + 'A');
    else if (str_has_prefix(kind, S("å")))
        b.p[1] = "Å"[1];
    buf_add(&b, S(": "));
    buf_add(&b, x->words);
    return buf_ok(&b) ? buf_str(&b) : x->words;
}

static struct str row_words(struct ctx *c, const struct policy *p)
{
    struct strs words = policy_text_words(c->arena, c->registry, p->text, c->lang);
    struct buf b = buf_new(c->arena, 1 << 16);

    for (size_t i = 0; i < words.n; i++) {
        buf_add(&b, i > 0 ? S(". ") : S(""));
        buf_add(&b, words.at[i]);
    }
    return buf_ok(&b) ? buf_str(&b) : p->id;
}

static const struct policy *policy_of(const struct ctx *c, struct str id)
{
    const struct registry_parts *parts = registry_parts(c->registry);

    for (size_t i = 0; i < parts->policy_count; i++)
        if (str_eq(parts->policies[i].id, id))
            return &parts->policies[i];
    return NULL;
}

/* "oulu-7-9:level,hours": the policy in words as it is now, and what did not fit. */
static struct told_way_view logged_way(struct ctx *c, struct str way)
{
    struct buf b = buf_new(c->arena, WORDS_MAX_B);
    struct str id, name;

    (void)str_split(&way, ':', &id);
    while (str_split(&way, ',', &name)) {
        struct str word = kind_word(c, condition_of_name(name));
        if (!str_is_set(word))
            continue;
        buf_add(&b, b.n > 0 ? S(", ") : S(""));
        buf_add(&b, word);
    }
    const struct policy *p = policy_of(c, id);
    return (struct told_way_view){ p != NULL ? row_words(c, p) : id, buf_str(&b) };
}

/* Where no policy settled it. */
static struct str rule_words(const struct ctx *c, struct str rule)
{
    static const struct {
        const char *rule;
        enum said says;
    } all[] = {
        { POLICY_NOT_TAKEN, C_why_not_taken },
        { "service_disabled", C_why_disabled },
        { "service_in_test", C_why_in_test },
        { POLICY_CHILD_DECIDES, C_why_child },
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (str_eq(rule, str_of(all[i].rule)))
            return said(all[i].says, c->lang);
    return (struct str){ NULL, 0 };
}

static void put_logged(struct ctx *c, struct asking *q, const struct audit_found *x)
{
    struct why_view *v = &q->v;
    const struct service *s = registry_service(c->registry, x->service);
    const struct idp *idp = registry_idp(c->registry, x->idp);
    struct told_way_view *ways = arena_make_n(c->arena, TOLD_WAYS_MAX, struct told_way_view);
    struct str rest = x->told, way;
    int64_t now = registry_parts(c->registry)->version;

    v->by_code = true;
    v->service = s != NULL ? names_in(&s->names, c->lang) : x->service;
    v->service_id = x->service;
    v->at_when = when_full(c->arena, x->at_s, c->lang);
    v->at = as_typed(c, x->at_s);
    v->idp = idp != NULL ? names_in(&idp->names, c->lang) : x->idp;
    v->rule = x->rule;
    v->rule_words = rule_words(c, x->rule);
    v->shared = v->was_shared = str_eq(x->device, S("shared"));
    v->version = x->version != 0 ? lines_number(c, x->version) : S("");
    v->version_now = x->version != now ? lines_number(c, now) : S("");
    v->told_known = str_is_set(x->told);
    v->told_no_place = str_eq(x->told, S("no_place"));
    v->told_exam_then = str_eq(x->told, S("exam"));
    v->told_log.at = ways;
    if (v->told_known && str_find_byte(x->told, ':', 0) < x->told.n)
        while (v->told_log.n < TOLD_WAYS_MAX && str_split(&rest, ' ', &way))
            ways[v->told_log.n++] = logged_way(c, way);
}

/* ── as if ──────────────────────────────────────────────────────────────── */

static struct truths truths_of(struct ctx *c, const struct asking *q, const struct conditions *list, bool unmet_alone)
{
    struct truth_view *views = arena_make_n(c->arena, list->n + 1, struct truth_view);
    struct truths out = { views, 0 };

    for (size_t i = 0; i < list->n; i++) {
        const struct condition *x = &list->at[i];
        if (unmet_alone && x->met == MET_YES)
            continue;
        views[out.n++] = (struct truth_view){ .met = x->met == MET_YES,
                                              .unmet = x->met == MET_NO,
                                              .words = kind_and_words(c, x),
                                              .is = x->of == CONDITION_ROLE ? role_word(q->at.role, c->lang) : x->is };
    }
    return out;
}

static struct str statement_words(struct ctx *c, struct str text)
{
    struct strs words = policy_text_words(c->arena, c->registry, text, c->lang);

    return words.n > 0 ? words.at[0] : text;
}

static void put_version(struct ctx *c, const struct asking *q, const struct policy *row, struct verdict_view *v)
{
    const struct area whose = { .provider = row->provider != NULL ? row->provider->id : (struct str){ NULL, 0 },
                                .school = row->school != NULL ? row->school->oid : (struct str){ NULL, 0 } };

    for (size_t i = 0; i < q->ids.n; i++)
        if (str_eq(q->ids.at[i], row->id) && q->versions[i].number != 0) {
            v->version = arena_printf(c->arena, "%lld", (long long)q->versions[i].number);
            v->since = when_date(c->arena, q->versions[i].at_s);
            v->has_history = area_within(&whose, &q->area);
            return;
        }
}

static struct verdict_view verdict_of(struct ctx *c, const struct asking *q, const struct reason *said_,
                                      const struct standing *who)
{
    struct conditions list = policy_conditions(c->arena, c->registry, said_->text, said_->verdict, who, c->lang);

    return (struct verdict_view){ .id = said_->row->id,
                                  .name = names_in(&said_->row->names, c->lang),
                                  .words = statement_words(c, said_->text),
                                  .settled = said_->verdict == VERDICT_SETTLED,
                                  .applied = said_->verdict == VERDICT_APPLIED,
                                  .silent = said_->verdict == VERDICT_SILENT,
                                  .not_now = said_->verdict == VERDICT_NOT_NOW,
                                  .failed = said_->verdict == VERDICT_FAILED,
                                  .not_left = said_->verdict == VERDICT_NOT_LEFT,
                                  .forbids = said_->forbid,
                                  .nation = said_->row->layer == LAYER_NATION,
                                  .school = said_->row->layer == LAYER_SCHOOL,
                                  .truths = truths_of(c, q, &list, false) };
}

/* A school's own policy is its own: who acts in one school sees no other's. */
static bool may_see(const struct asking *q, const struct policy *row)
{
    return row->school == NULL || !str_is_set(q->area.school) || str_eq(row->school->oid, q->area.school);
}

static void put_verdicts(struct ctx *c, struct asking *q, const struct reasons_at *at, const struct standing *who)
{
    struct verdict_view *views = arena_make_n(c->arena, SHOWN_MAX, struct verdict_view);

    q->v.more = at->more;
    q->v.verdicts.at = views;
    for (size_t i = 0; i < at->n_said; i++) {
        if (!may_see(q, at->said[i].row))
            continue;
        if (q->v.verdicts.n == SHOWN_MAX) {
            q->v.more = true;
            break;
        }
        struct verdict_view *v = &views[q->v.verdicts.n++];
        *v = verdict_of(c, q, &at->said[i], who);
        put_version(c, q, at->said[i].row, v);
    }
    q->v.looked = lines_number(c, (int64_t)at->n_said);
}

static struct wish_draft wish_draft_of(struct ctx *c, const struct asking *q, int64_t number)
{
    struct wish_draft v = { .number = number };

    for (size_t i = 0; i < q->list.n; i++)
        if (q->list.at[i].number == number) {
            v.why = q->list.at[i].why;
            v.state = lines_draft(q->list.at[i].state, c->lang);
        }
    return v;
}

/* Those that would open it and touch this policy; NULL: and none of the wishes'. */
static struct wish_drafts drafts_for(struct ctx *c, const struct asking *q, const struct policy *row,
                                     const struct strs *wished)
{
    struct wish_draft *views = arena_make_n(c->arena, DRAFTED_MAX, struct wish_draft);
    struct wish_drafts out = { views, 0 };

    for (size_t i = 0; i < q->drafts.n; i++) {
        const struct drafted *d = &q->drafts.at[i];
        bool fits = row != NULL && strs_has(&d->ids, row->id), other = row == NULL;
        for (size_t k = 0; k < wished->n && other; k++)
            other = !strs_has(&d->ids, wished->at[k]);
        if (q->opens[i] && (fits || other))
            views[out.n++] = wish_draft_of(c, q, d->number);
    }
    return out;
}

static void put_wishes(struct ctx *c, struct asking *q, const struct reasons_at *at, const struct standing *who)
{
    struct wish_view *views = arena_make_n(c->arena, REASONS_WISHES_MAX, struct wish_view);
    struct strs wished = { 0 };

    q->v.wishes.at = views;
    for (size_t i = 0; i < at->n_wishes; i++) {
        const struct wish *w = &at->wishes[i];
        bool lifts = false;
        if (!may_see(q, w->row))
            continue;
        for (size_t k = 0; k < w->n; k++)
            lifts = lifts || w->parts[k].row != w->row;
        struct conditions list = policy_conditions(c->arena, c->registry, w->statement, VERDICT_SILENT, who, c->lang);
        views[q->v.wishes.n] = (struct wish_view){ .letter = arena_printf(c->arena, "%c", 'A' + (int)q->v.wishes.n),
                                                   .id = w->row->id,
                                                   .name = names_in(&w->row->names, c->lang),
                                                   .lifts = lifts,
                                                   .lacks = truths_of(c, q, &list, true),
                                                   .drafts = drafts_for(c, q, w->row, &wished) };
        strs_add(c->arena, &wished, w->row->id);
        q->v.wishes.n++;
    }
    q->v.drafts = drafts_for(c, q, NULL, &wished);
}

/* The very words of the person's own page. */
static void put_told(struct ctx *c, struct asking *q)
{
    struct denied_view page = { .page = page_for(c, S("/admin/why")) };

    c->explained = &q->told;
    explain_fill(c, &page);
    struct told_way_view *ways = arena_make_n(c->arena, page.ways.n + 1, struct told_way_view);
    for (size_t i = 0; i < page.ways.n; i++)
        ways[i] = (struct told_way_view){ page.ways.at[i].words, page.ways.at[i].is };
    q->v.told.at = ways;
    q->v.told.n = page.ways.n;
    q->v.told_plain = q->told.told.kind == TOLD_PLAIN;
    q->v.told_exam = page.exam_ends;
}

static void put_answer(struct ctx *c, struct asking *q)
{
    const struct standing who = { &q->person, &q->at, q->provider, &q->now };
    const struct school *s = str_is_set(q->at.school_oid) ? provider_school(q->provider, q->at.school_oid) : NULL;
    struct str place = names_in(s != NULL ? &s->names : &q->provider->names, c->lang);
    struct str level =
        q->at.class_level > 0 ? condition_is(c->arena, c->registry, &who, CONDITION_LEVEL, c->lang) : S("");

    q->v.answered = true;
    q->v.allowed = q->why.decision.effect == EFFECT_ALLOW;
    q->v.service = names_in(&q->service->names, c->lang);
    q->v.service_id = q->service->id;
    q->v.as = arena_printf(c->arena, "%.*s, %.*s%s%.*s", STR_ARG(role_word(q->at.role, c->lang)), STR_ARG(place),
                           str_is_set(level) ? ", " : "", STR_ARG(level));
    q->v.when = when_full(c->arena, q->now.now_s, c->lang);
    q->v.rule_words = rule_words(c, q->why.decision.rule);
    q->v.version_now = lines_number(c, registry_parts(c->registry)->version);
    if (q->why.n == 0)
        return;
    q->v.forbidden = q->why.at[0].forbidden;
    put_verdicts(c, q, &q->why.at[0], &who);
    put_wishes(c, q, &q->why.at[0], &who);
    if (!q->v.allowed)
        put_told(c, q);
}

/* ── the form ───────────────────────────────────────────────────────────── */

static void put_roles(struct ctx *c, struct asking *q)
{
    struct why_option *roles = arena_make_n(c->arena, ROLE_COUNT, struct why_option);
    struct str asked = form_get(c->query, S("role"));

    q->v.roles.at = roles;
    for (int i = ROLE_NONE + 1; i < ROLE_COUNT; i++)
        if (i != ROLE_ADMIN && !role_is_official((enum role)i))
            roles[q->v.roles.n++] = (struct why_option){ .value = str_of(role_name((enum role)i)),
                                                         .name = role_word((enum role)i, c->lang),
                                                         .on = str_eq(asked, str_of(role_name((enum role)i))) };
}

static void put_schools(struct ctx *c, struct asking *q)
{
    const struct provider *p = console_provider(c);
    struct why_option *schools = arena_make_n(c->arena, SCHOOLS_LISTED_MAX + 1, struct why_option);
    struct str asked = form_get(c->query, S("school"));

    q->v.schools.at = schools;
    if (p == NULL)
        return;
    if (!str_is_set(q->area.school))
        schools[q->v.schools.n++] = (struct why_option){ .value = S(""), .name = said(C_why_every_school, c->lang) };
    for (size_t i = 0; i < p->school_count && q->v.schools.n <= SCHOOLS_LISTED_MAX; i++) {
        const struct school *s = &p->schools[i];
        if (str_is_set(q->area.school) && !str_eq(q->area.school, s->oid))
            continue;
        struct str key = str_is_set(s->oid) ? s->oid : s->code;
        schools[q->v.schools.n++] = (struct why_option){ key, names_in(&s->names, c->lang), str_eq(asked, key) };
    }
}

static void put_services(struct ctx *c, struct asking *q)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    struct why_option *services = arena_make_n(c->arena, SERVICES_LISTED_MAX, struct why_option);

    q->v.services.at = services;
    for (size_t i = 0; i < parts->service_count && q->v.services.n < SERVICES_LISTED_MAX; i++)
        services[q->v.services.n++] =
            (struct why_option){ .value = parts->services[i].id, .name = names_in(&parts->services[i].names, c->lang) };
}

static struct str here(struct ctx *c)
{
    static const char *const kept[] = { "code",  "service", "provider", "school", "role",
                                        "level", "group",   "device",   "at" };
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, S("/admin/why"));
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (str_is_set(form_get(c->query, str_of(kept[i]))))
            url_query(&b, str_of(kept[i]), form_get(c->query, str_of(kept[i])));
    return buf_ok(&b) ? buf_str(&b) : S("/admin/why");
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct asking *q = c->state;

    if (asks(q) && !q->ok) {
        *f = q->trouble;
        return REFUSE;
    }
    if (q->found.n > 0)
        put_logged(c, q, &q->found.at[0]);
    else if (str_is_set(q->v.code))
        q->v.said = WHY_SAID_NO_CODE;
    if (q->service != NULL)
        put_answer(c, q);
    put_roles(c, q);
    put_schools(c, q);
    put_services(c, q);
    console_page_for(c, PLACE_WHY, false, here(c), &q->v.con);
    return answer_page(c, 200, page_why(c->arena, &q->v));
}

const struct step_row admin_why[] = { { console_door }, { write_look }, { ask }, { ask_history },
                                      { ask_drafts },   { show },       { NULL } };
