/* SPDX-License-Identifier: EUPL-1.2
 * Exams of a school: while one is on, those who sit it open what it names and nothing else (policy/exams.cedar).
 *
 * One person sets and ends one: it takes away for a time, and what it names opens to nobody for it. */
#include "console/texts.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/times.h"
#include "gateway/session/done.h"
#include "model/when.h"
#include "wire/form.h"
#include "wire/http.h"

#include <stdlib.h>

enum {
    ROWS_SHOWN = 60,
    OVER_SHOWN_S = 7 * 86400,
    FIELDS_LEAST = 4, /* for services */
    FIELDS_SPARE = 2, /* behind those that are filled in */
    FIELDS_MAX = 60,
    KNOWN_SHOWN = 400,
    SERVICES_NAMED = 6, /* in a line */
    TITLE_MAX = 120,
    TYPED_MAX = 20,
    GROUPS_MAX = 400,
    SERVICE_MAX = 200,
    ID_CHARS = 12,
    LINE_MAX_B = 8192
};

struct setting { /* c->state */
    struct exams_view v;
    const struct exam *exam; /* that is altered or ended; NULL: a new one */
    const struct school *school;
    struct strs services; /* ids */
    struct str chosen;    /* OID of the school that was chosen */
    int64_t from_s, to_s;
    struct act act;
};

/* ── what is here ───────────────────────────────────────────────────────── */

static bool is_here(const struct ctx *c, const struct exam *e)
{
    const struct area *area = &c->console->area;

    return str_is_set(area->provider) && str_eq(e->provider->id, area->provider) &&
           (!str_is_set(area->school) || str_eq(e->school->oid, area->school));
}

static const struct exam *exam_here(const struct ctx *c, struct str id)
{
    const struct registry_parts *parts = registry_parts(c->registry);

    for (size_t i = 0; str_is_set(id) && i < parts->exam_count; i++)
        if (str_eq(parts->exams[i].id, id))
            return is_here(c, &parts->exams[i]) ? &parts->exams[i] : NULL;
    return NULL;
}

/* Those that are on, those to come, those that are over. */
static int by_begin(const void *x, const void *y)
{
    const struct exam *a = *(const struct exam *const *)x, *b = *(const struct exam *const *)y;

    return (a->from_s > b->from_s) - (a->from_s < b->from_s);
}

static struct str joined(struct ctx *c, const struct strs *list)
{
    struct buf b = buf_new(c->arena, LINE_MAX_B);

    for (size_t i = 0; i < list->n; i++)
        buf_printf(&b, "%s%.*s", i > 0 ? ", " : "", STR_ARG(list->at[i]));
    return buf_ok(&b) ? buf_str(&b) : S("…");
}

static struct str who_words(struct ctx *c, const struct exam *e)
{
    int to = e->level_to > 0 ? e->level_to : 12, from = e->level_from > 0 ? e->level_from : 1;
    struct buf b = buf_new(c->arena, LINE_MAX_B);

    if (e->groups.n == 0 && e->level_from == 0 && e->level_to == 0)
        return said(C_exam_whole_school, c->lang);
    if (e->groups.n > 0)
        buf_add(&b, joined(c, &e->groups));
    if (e->level_from > 0 || e->level_to > 0)
        buf_printf(&b, "%s%.*s %d–%d", b.n > 0 ? ", " : "", STR_ARG(said(C_exam_levels, c->lang)), from, to);
    return buf_ok(&b) ? buf_str(&b) : S("…");
}

static struct str services_words(struct ctx *c, const struct exam *e)
{
    struct strs names = { 0 };

    for (size_t i = 0; i < e->services.n && i < SERVICES_NAMED; i++) {
        const struct service *s = registry_service(c->registry, e->services.at[i]);
        strs_add(c->arena, &names, s != NULL ? names_in(&s->names, c->lang) : e->services.at[i]);
    }
    if (e->services.n > SERVICES_NAMED)
        strs_add(c->arena, &names, arena_printf(c->arena, "+%zu", e->services.n - SERVICES_NAMED));
    return names.n > 0 ? joined(c, &names) : said(C_exam_nothing_open, c->lang);
}

static struct str when_words(struct ctx *c, const struct exam *e)
{
    struct str from = when_full(c->arena, e->from_s, c->lang), to = times_day(c->arena, e->to_s);

    to = str_eq(to, times_day(c->arena, e->from_s)) ? when_time(c->arena, e->to_s, c->lang)
                                                    : when_full(c->arena, e->to_s, c->lang);
    return arena_printf(c->arena, "%.*s – %.*s", STR_ARG(from), STR_ARG(to));
}

static void put_rows(struct ctx *c, struct exams_view *v)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct exam **found = arena_make_n(c->arena, parts->exam_count + 1, const struct exam *);
    struct exam_row *rows = arena_make_n(c->arena, ROWS_SHOWN, struct exam_row);
    size_t n = 0;

    for (size_t i = 0; i < parts->exam_count; i++)
        if (is_here(c, &parts->exams[i]) && parts->exams[i].to_s + OVER_SHOWN_S > c->now_s)
            found[n++] = &parts->exams[i];
    qsort(found, n, sizeof(const struct exam *), by_begin);
    for (int over = 0; over <= 1; over++)
        for (size_t i = 0; i < n && v->rows.n < ROWS_SHOWN; i++) {
            const struct exam *e = found[i];
            if ((e->to_s <= c->now_s) != (over == 1))
                continue;
            rows[v->rows.n++] = (struct exam_row){ .id = e->id,
                                                   .title = str_is_set(e->title) ? e->title : e->id,
                                                   .school = !v->one_school ? names_in(&e->school->names, c->lang)
                                                                            : (struct str){ NULL, 0 },
                                                   .who = who_words(c, e),
                                                   .when = when_words(c, e),
                                                   .services = services_words(c, e),
                                                   .running = e->from_s <= c->now_s && c->now_s < e->to_s,
                                                   .over = e->to_s <= c->now_s };
        }
    v->rows.at = rows;
    v->cut = n > ROWS_SHOWN;
}

/* ── the page ───────────────────────────────────────────────────────────── */

static void put_choices(struct ctx *c, struct exams_view *v, struct str chosen)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct provider *p = console_provider(c);
    struct choice *schools = arena_make_n(c->arena, p->school_count + 1, struct choice);
    size_t known = parts->service_count <= KNOWN_SHOWN ? parts->service_count : 0;
    struct choice *k = arena_make_n(c->arena, known + 1, struct choice);

    for (size_t i = 0; i < p->school_count && !v->one_school; i++)
        if (p->schools[i].active || str_eq(p->schools[i].oid, chosen))
            schools[v->schools.n++] = (struct choice){ p->schools[i].oid, names_in(&p->schools[i].names, c->lang),
                                                       str_eq(p->schools[i].oid, chosen) };
    for (size_t i = 0; i < known; i++)
        k[i] = (struct choice){ parts->services[i].id, names_in(&parts->services[i].names, c->lang), false };
    v->schools.at = schools;
    v->known = (struct choices){ k, known };
}

/* Those that are filled in, and some that are not. */
static void put_fields(struct ctx *c, struct exams_view *v, const struct strs *texts)
{
    size_t n = texts->n + FIELDS_SPARE > FIELDS_LEAST ? texts->n + FIELDS_SPARE : FIELDS_LEAST;
    struct choice *fields = arena_make_n(c->arena, n, struct choice);

    for (size_t i = 0; i < n; i++)
        fields[i] = (struct choice){ arena_printf(c->arena, "%zu", i + 1), i < texts->n ? texts->at[i] : S(""), false };
    v->services = (struct choices){ fields, n };
}

static enum step show(struct ctx *c, struct exams_view *v, struct str school, int status)
{
    console_page_for(c, PLACE_PEOPLE, false, S("/admin/exams"), &v->con);
    v->con.sub = SUB_EXAMS;
    v->one_school = str_is_set(c->console->area.school);
    v->version = arena_printf(c->arena, "%lld", (long long)registry_parts(c->registry)->version);
    put_rows(c, v);
    put_choices(c, v, school);
    return answer_page(c, status, page_exams(c->arena, v));
}

static struct str level_text(struct ctx *c, int level)
{
    return level > 0 ? arena_printf(c->arena, "%d", level) : S("");
}

static void fill_in(struct ctx *c, struct exams_view *v, const struct exam *e)
{
    struct strs names = { 0 };

    v->editing = true;
    v->id = e->id;
    v->title = e->title;
    v->groups = joined(c, &e->groups);
    v->level_from = level_text(c, e->level_from);
    v->level_to = level_text(c, e->level_to);
    v->day = times_day(c->arena, e->from_s);
    v->from = times_clock(c->arena, e->from_s);
    v->to = times_clock(c->arena, e->to_s);
    for (size_t i = 0; i < e->services.n; i++) {
        const struct service *s = registry_service(c->registry, e->services.at[i]);
        strs_add(c->arena, &names, s != NULL ? names_in(&s->names, c->lang) : e->services.at[i]);
    }
    put_fields(c, v, &names);
}

static enum step show_list(struct ctx *c, struct fail *f)
{
    struct str row = form_get(c->query, S("row"));
    const struct exam *e = exam_here(c, row);
    struct exams_view v = { .from = S("08:00"), .to = S("10:00") };
    const struct strs none = { 0 };

    (void)f;
    if (console_provider(c) == NULL || (str_is_set(row) && e == NULL))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    v.day = times_day(c->arena, c->now_s);
    put_fields(c, &v, &none);
    if (e != NULL)
        fill_in(c, &v, e);
    v.said = done_was(c, "set") ? EXAM_SAID_SET : done_was(c, "ended") ? EXAM_SAID_ENDED : EXAM_SAID_NOTHING;
    return show(c, &v, e != NULL ? e->school->oid : S(""), 200);
}

const struct step_row admin_exams[] = { { console_door }, { show_list }, { NULL } };

/* ── one is set ─────────────────────────────────────────────────────────── */

static bool read_services(struct ctx *c, struct setting *x)
{
    struct strs typed = { 0 };
    bool good = true;

    for (int i = 1; i <= FIELDS_MAX; i++) {
        struct str text = act_field(c->body, arena_printf(c->arena, "service_%d", i), SERVICE_MAX);
        const struct service *s = str_is_set(text) ? act_service(c, text) : NULL;
        if (!str_is_set(text))
            continue;
        strs_add(c->arena, &typed, text);
        if (s != NULL && !strs_has(&x->services, s->id))
            strs_add(c->arena, &x->services, s->id);
        if (s == NULL && good)
            x->v.detail = text;
        good = good && s != NULL;
    }
    put_fields(c, &x->v, &typed);
    return good;
}

static bool read_level(struct str text, int64_t *out)
{
    *out = 0;
    return !str_is_set(text) || (str_int(text, out) && *out >= 1 && *out <= 12);
}

static enum exam_said what_is_wrong(struct ctx *c, struct setting *x)
{
    struct exams_view *v = &x->v;
    bool services = read_services(c, x);
    int64_t low, high;

    if (!str_is_set(v->title))
        return EXAM_SAID_TITLE;
    if (x->school == NULL)
        return EXAM_SAID_SCHOOL;
    if (!read_level(v->level_from, &low) || !read_level(v->level_to, &high) || (high > 0 && low > high))
        return EXAM_SAID_LEVELS;
    if (!times_read(v->day, v->from, &x->from_s) || !times_read(v->day, v->to, &x->to_s) || x->to_s <= x->from_s)
        return EXAM_SAID_TIMES;
    if (x->to_s <= c->now_s)
        return EXAM_SAID_PAST;
    return services ? EXAM_SAID_NOTHING : EXAM_SAID_SERVICE;
}

static struct str lines_of(struct ctx *c, struct str commas)
{
    struct buf b = buf_new(c->arena, LINE_MAX_B);
    struct str rest = commas, one;

    while (str_split(&rest, ',', &one))
        if (str_is_set(str_trim(one)))
            buf_printf(&b, "%s%.*s", b.n > 0 ? "\n" : "", STR_ARG(str_trim(one)));
    return buf_str(&b);
}

static void read_form(struct ctx *c, struct setting *x)
{
    struct exams_view *v = &x->v;

    v->id = x->exam != NULL ? x->exam->id : S("");
    v->editing = x->exam != NULL;
    v->title = act_field(c->body, S("title"), TITLE_MAX);
    v->groups = act_field(c->body, S("groups"), GROUPS_MAX);
    v->level_from = act_field(c->body, S("level_from"), TYPED_MAX);
    v->level_to = act_field(c->body, S("level_to"), TYPED_MAX);
    v->day = act_field(c->body, S("day"), TYPED_MAX);
    v->from = act_field(c->body, S("from"), TYPED_MAX);
    v->to = act_field(c->body, S("to"), TYPED_MAX);
}

static void note_exam(struct ctx *c, struct setting *x)
{
    const struct row_id row = { S("exam"), { x->exam != NULL ? x->exam->id : act_new_id(c, S("exam-"), ID_CHARS) } };
    struct strs services = x->services;
    const struct edit_field fields[] = { { S("provider"), console_provider(c)->id },
                                         { S("school"), x->school->oid },
                                         { S("title"), x->v.title },
                                         { S("groups"), lines_of(c, x->v.groups) },
                                         { S("level_from"), x->v.level_from },
                                         { S("level_to"), x->v.level_to },
                                         { S("from"), when_rfc3339(c->arena, x->from_s) },
                                         { S("to"), when_rfc3339(c->arena, x->to_s) },
                                         { S("services"), strs_joined(c->arena, &services, '\n') } };

    edit_put(act_begin(c, &x->act, NULL, x->v.title), &row, fields, sizeof fields / sizeof *fields);
}

static enum step ask_set(struct ctx *c, struct fail *f)
{
    struct setting *x = arena_make(c->arena, struct setting);
    const struct provider *p = console_provider(c);
    struct str id = form_get(c->body, S("id")), own = c->console->area.school;

    c->state = x;
    x->exam = exam_here(c, id);
    x->chosen = str_is_set(own) ? own : form_get(c->body, S("school"));
    if (p == NULL || (str_is_set(id) && x->exam == NULL) ||
        (str_is_set(x->chosen) && provider_school(p, x->chosen) == NULL))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    read_form(c, x);
    x->school = str_is_set(x->chosen) ? provider_school(p, x->chosen) : NULL;
    x->v.said = what_is_wrong(c, x);
    if (x->v.said != EXAM_SAID_NOTHING)
        return show(c, &x->v, x->chosen, 400);
    note_exam(c, x);
    return act_run(c, &x->act, EDIT_APPLY, f);
}

static enum step note(struct ctx *c, struct fail *f)
{
    (void)f;
    return act_note(c, &((struct setting *)c->state)->act.got);
}

static enum step say_set(struct ctx *c, struct fail *f)
{
    struct setting *x = c->state;

    if (x->act.got.ok)
        return done_go(c, S("/admin/exams"), "set", S(""));
    if (x->act.got.why.kind == FAIL_CONFLICT) {
        x->v.said = EXAM_SAID_MEANWHILE;
        return show(c, &x->v, x->chosen, 409);
    }
    if (!act_refused(c, &x->act.got, f))
        return REFUSE;
    x->v.said = EXAM_SAID_INVALID;
    x->v.detail = act_detail(c, &x->act);
    return show(c, &x->v, x->chosen, 400);
}

const struct step_row admin_exam_set[] = { { console_door }, { ask_set }, { note }, { say_set }, { NULL } };

/* ── one is ended ───────────────────────────────────────────────────────── */

/* One that is on ends now, and stands in the history with its times; one to come will not be. */
static enum step ask_end(struct ctx *c, struct fail *f)
{
    struct setting *x = arena_make(c->arena, struct setting);
    const struct edit_field now = { S("to"), when_rfc3339(c->arena, c->now_s) };

    c->state = x;
    x->exam = exam_here(c, c->req->param);
    if (x->exam == NULL || x->exam->to_s <= c->now_s)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    const struct row_id row = { S("exam"), { x->exam->id } };
    struct edit *e = act_begin(c, &x->act, NULL, said(C_exam_ended_why, c->lang));
    if (x->exam->from_s < c->now_s)
        edit_put(e, &row, &now, 1);
    else
        edit_remove(e, &row);
    return act_run(c, &x->act, EDIT_APPLY, f);
}

static enum step say_ended(struct ctx *c, struct fail *f)
{
    struct setting *x = c->state;

    if (x->act.got.ok)
        return done_go(c, S("/admin/exams"), "ended", S(""));
    x->v.said = x->act.got.why.kind == FAIL_CONFLICT ? EXAM_SAID_MEANWHILE : EXAM_SAID_INVALID;
    if (x->v.said == EXAM_SAID_INVALID && !act_refused(c, &x->act.got, f))
        return REFUSE;
    x->v.detail = x->v.said == EXAM_SAID_INVALID ? act_detail(c, &x->act) : S("");
    fill_in(c, &x->v, x->exam);
    return show(c, &x->v, x->exam->school->oid, 409);
}

const struct step_row admin_exam_end[] = { { console_door }, { ask_end }, { note }, { say_ended }, { NULL } };
