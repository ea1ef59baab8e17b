/* SPDX-License-Identifier: EUPL-1.2
 * Notices: what people of the area read before their services, and which service is away, by an office's word.
 *
 * One person sets and ends one: it opens nothing and tells nobody anything of anyone. */
#include "console/texts.h"
#include "frame/roles.h"
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
    OVER_SHOWN_S = 30 * 86400,
    KNOWN_SHOWN = 400,
    TITLE_MAX = 120,
    SAYS_MAX = 600,
    TYPED_MAX = 20,
    SERVICE_MAX = 200,
    ID_CHARS = 12,
    LINE_MAX_B = 2048
};

struct setting { /* c->state */
    struct notices_view v;
    const struct bulletin *notice; /* that is altered or ended; NULL: a new one */
    const struct school *school;
    const struct service *service;
    struct str chosen; /* OID of the school that was chosen; "": the whole area */
    struct strs roles;
    enum notice_kind kind;
    int64_t from_s, until_s;
    struct act act;
};

static const char *const kind_words[] = {
    [NOTICE_NEWS] = "news", [NOTICE_MAINTENANCE] = "maintenance", [NOTICE_DOWN] = "down"
};
static const enum said kind_names[] = {
    [NOTICE_NEWS] = C_notice_news, [NOTICE_MAINTENANCE] = C_notice_maintenance, [NOTICE_DOWN] = C_notice_down
};
enum { KINDS = sizeof kind_words / sizeof *kind_words };

/* To whom in schools a notice may be: those who have a page of services. */
static const enum role roles[] = { ROLE_LEARNER,   ROLE_TEACHER, ROLE_SUBSTITUTE, ROLE_PRINCIPAL,
                                   ROLE_SECRETARY, ROLE_STAFF,   ROLE_GUARDIAN };
enum { ROLES_OFFERED = sizeof roles / sizeof *roles };

/* ── what is here ───────────────────────────────────────────────────────── */

static bool is_here(const struct ctx *c, const struct bulletin *n)
{
    const struct area *area = &c->console->area;

    if (!str_is_set(area->provider))
        return n->provider == NULL;
    return n->provider != NULL && str_eq(n->provider->id, area->provider) &&
           (!str_is_set(area->school) || (n->school != NULL && str_eq(n->school->oid, area->school)));
}

static const struct bulletin *bulletin_here(const struct ctx *c, struct str id)
{
    const struct registry_parts *parts = registry_parts(c->registry);

    for (size_t i = 0; str_is_set(id) && i < parts->notice_count; i++)
        if (str_eq(parts->notices[i].id, id))
            return is_here(c, &parts->notices[i]) ? &parts->notices[i] : NULL;
    return NULL;
}

static int by_end(const void *x, const void *y)
{
    const struct bulletin *a = *(const struct bulletin *const *)x, *b = *(const struct bulletin *const *)y;

    return (a->until_s < b->until_s) - (a->until_s > b->until_s);
}

static struct str title_of(const struct bulletin *n, enum lang lang)
{
    for (int i = 0; i < LANG_COUNT; i++)
        if (str_is_set(n->title.in[((int)lang + i) % LANG_COUNT]))
            return n->title.in[((int)lang + i) % LANG_COUNT];
    return n->id;
}

static struct str who_words(struct ctx *c, const struct bulletin *n)
{
    struct buf b = buf_new(c->arena, LINE_MAX_B);
    const struct area *area = &c->console->area;

    if (!str_is_set(area->school))
        buf_add(&b, n->school != NULL ? names_in(&n->school->names, c->lang) : console_area_name(c, area));
    for (size_t i = 0; i < n->roles.n; i++)
        buf_printf(&b, "%s%.*s", b.n > 0 ? ", " : "", STR_ARG(role_word(role_of_name(n->roles.at[i]), c->lang)));
    return buf_ok(&b) ? buf_str(&b) : S("…");
}

static struct str when_words(struct ctx *c, const struct bulletin *n)
{
    return arena_printf(c->arena, "%.*s – %.*s", STR_ARG(when_full(c->arena, n->from_s, c->lang)),
                        STR_ARG(when_full(c->arena, n->until_s, c->lang)));
}

static void put_rows(struct ctx *c, struct notices_view *v)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct bulletin **found = arena_make_n(c->arena, parts->notice_count + 1, const struct bulletin *);
    struct notice_row *rows = arena_make_n(c->arena, ROWS_SHOWN, struct notice_row);
    size_t n = 0;

    for (size_t i = 0; i < parts->notice_count; i++)
        if (is_here(c, &parts->notices[i]) && parts->notices[i].until_s + OVER_SHOWN_S > c->now_s)
            found[n++] = &parts->notices[i];
    qsort(found, n, sizeof(const struct bulletin *), by_end);
    for (size_t i = 0; i < n && i < ROWS_SHOWN; i++) {
        const struct bulletin *x = found[i];
        rows[v->rows.n++] = (struct notice_row){ .id = x->id,
                                                 .title = title_of(x, c->lang),
                                                 .kind = said(kind_names[x->kind], c->lang),
                                                 .service = x->service != NULL ? names_in(&x->service->names, c->lang)
                                                                               : (struct str){ NULL, 0 },
                                                 .who = who_words(c, x),
                                                 .when = when_words(c, x),
                                                 .important = x->important,
                                                 .running = x->from_s <= c->now_s && c->now_s < x->until_s,
                                                 .over = x->until_s <= c->now_s };
    }
    v->rows.at = rows;
    v->cut = n > ROWS_SHOWN;
}

/* A form's fields, by language. */
static struct str *title_at(struct notices_view *v, int lang)
{
    return lang == LANG_SV ? &v->title_sv : lang == LANG_EN ? &v->title_en : &v->title_fi;
}

static struct str *says_at(struct notices_view *v, int lang)
{
    return lang == LANG_SV ? &v->says_sv : lang == LANG_EN ? &v->says_en : &v->says_fi;
}

/* Kept on one line: breaks are spaces. */
static struct str one_line(struct ctx *c, struct str typed)
{
    struct buf b = buf_new(c->arena, typed.n + 1);

    for (size_t i = 0; i < typed.n; i++)
        buf_byte(&b, (unsigned char)typed.p[i] < 0x20 ? ' ' : typed.p[i]);
    return buf_str(&b);
}

/* ── the page ───────────────────────────────────────────────────────────── */

static void put_choices(struct ctx *c, struct setting *x)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct provider *p = console_provider(c);
    struct notices_view *v = &x->v;
    size_t known = parts->service_count <= KNOWN_SHOWN ? parts->service_count : 0;
    size_t schools = p != NULL && !str_is_set(c->console->area.school) ? p->school_count : 0;
    struct choice *s = arena_make_n(c->arena, schools + 2, struct choice),
                  *k = arena_make_n(c->arena, known + 1, struct choice),
                  *kinds = arena_make_n(c->arena, KINDS, struct choice),
                  *r = arena_make_n(c->arena, ROLES_OFFERED, struct choice);

    if (schools > 0)
        s[v->schools.n++] = (struct choice){ S(""), names_in(&p->names, c->lang), !str_is_set(x->chosen) };
    for (size_t i = 0; i < schools; i++)
        if (p->schools[i].active || str_eq(p->schools[i].oid, x->chosen))
            s[v->schools.n++] = (struct choice){ p->schools[i].oid, names_in(&p->schools[i].names, c->lang),
                                                 str_eq(p->schools[i].oid, x->chosen) };
    for (size_t i = 0; i < known; i++)
        k[i] = (struct choice){ parts->services[i].id, names_in(&parts->services[i].names, c->lang), false };
    for (int i = 0; i < KINDS; i++)
        kinds[i] = (struct choice){ str_of(kind_words[i]), said(kind_names[i], c->lang), i == (int)x->kind };
    for (size_t i = 0; i < ROLES_OFFERED; i++)
        r[i] = (struct choice){ str_of(role_name(roles[i])), role_word(roles[i], c->lang),
                                strs_has(&x->roles, str_of(role_name(roles[i]))) };
    v->schools.at = s;
    v->known = (struct choices){ k, known };
    v->kinds = (struct choices){ kinds, KINDS };
    v->roles = (struct choices){ r, ROLES_OFFERED };
}

static enum step show(struct ctx *c, struct setting *x, int status)
{
    struct notices_view *v = &x->v;

    console_page_for(c, PLACE_PEOPLE, false, S("/admin/notices"), &v->con);
    v->con.sub = SUB_NOTICES;
    v->version = arena_printf(c->arena, "%lld", (long long)registry_parts(c->registry)->version);
    put_rows(c, v);
    put_choices(c, x);
    return answer_page(c, status, page_notices(c->arena, v));
}

static void fill_in(struct ctx *c, struct setting *x, const struct bulletin *n)
{
    struct notices_view *v = &x->v;

    v->editing = true;
    v->id = n->id;
    for (int i = 0; i < LANG_COUNT; i++) {
        *title_at(v, i) = n->title.in[i];
        *says_at(v, i) = n->says.in[i];
    }
    v->important = n->important;
    v->service = n->service != NULL ? names_in(&n->service->names, c->lang) : S("");
    v->from_day = times_day(c->arena, n->from_s);
    v->from = times_clock(c->arena, n->from_s);
    v->until_day = times_day(c->arena, n->until_s);
    v->until = times_clock(c->arena, n->until_s);
    x->kind = n->kind;
    x->roles = n->roles;
    x->chosen = n->school != NULL ? n->school->oid : S("");
}

static enum step show_list(struct ctx *c, struct fail *f)
{
    struct setting *x = arena_make(c->arena, struct setting);
    struct str row = form_get(c->query, S("row"));
    const struct bulletin *n = bulletin_here(c, row);

    (void)f;
    if (str_is_set(row) && n == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->v.from_day = x->v.until_day = times_day(c->arena, c->now_s);
    x->v.from = times_clock(c->arena, c->now_s);
    x->v.until = S("23:59");
    if (n != NULL)
        fill_in(c, x, n);
    x->v.said = done_was(c, "set") ? NOTICE_SAID_SET : done_was(c, "ended") ? NOTICE_SAID_ENDED : NOTICE_SAID_NOTHING;
    return show(c, x, 200);
}

const struct step_row admin_notices[] = { { console_door }, { show_list }, { NULL } };

/* ── one is set ─────────────────────────────────────────────────────────── */

static void read_form(struct ctx *c, struct setting *x)
{
    static const char *const titles[] = { "title_fi", "title_sv", "title_en" }, *const says[] = { "says_fi", "says_sv",
                                                                                                  "says_en" };
    struct notices_view *v = &x->v;
    struct str kind = form_get(c->body, S("kind"));

    v->id = x->notice != NULL ? x->notice->id : S("");
    v->editing = x->notice != NULL;
    for (int i = 0; i < LANG_COUNT; i++) {
        *title_at(v, i) = act_field(c->body, str_of(titles[i]), TITLE_MAX);
        *says_at(v, i) = one_line(c, act_field(c->body, str_of(says[i]), SAYS_MAX));
    }
    for (int i = 0; i < KINDS; i++)
        if (str_eq(kind, str_of(kind_words[i])))
            x->kind = (enum notice_kind)i;
    for (size_t i = 0; i < ROLES_OFFERED; i++)
        if (str_is_set(form_get(c->body, arena_printf(c->arena, "role_%s", role_name(roles[i])))))
            strs_add(c->arena, &x->roles, str_of(role_name(roles[i])));
    v->important = str_is_set(form_get(c->body, S("important")));
    v->service = act_field(c->body, S("service"), SERVICE_MAX);
    v->from_day = act_field(c->body, S("from_day"), TYPED_MAX);
    v->from = act_field(c->body, S("from"), TYPED_MAX);
    v->until_day = act_field(c->body, S("until_day"), TYPED_MAX);
    v->until = act_field(c->body, S("until"), TYPED_MAX);
    x->service = str_is_set(v->service) ? act_service(c, v->service) : NULL;
}

static enum notice_said what_is_wrong(struct ctx *c, struct setting *x)
{
    struct notices_view *v = &x->v;
    size_t titles = 0;

    for (int i = 0; i < LANG_COUNT; i++)
        titles += str_is_set(*title_at(v, i));
    if (titles == 0 || (console_provider(c) == NULL && titles < LANG_COUNT))
        return titles == 0 ? NOTICE_SAID_TITLE : NOTICE_SAID_LANGUAGES;
    if (str_is_set(v->service) ? x->service == NULL : x->kind != NOTICE_NEWS)
        return NOTICE_SAID_SERVICE;
    if (!times_read(v->from_day, v->from, &x->from_s) || !times_read(v->until_day, v->until, &x->until_s) ||
        x->until_s <= x->from_s)
        return NOTICE_SAID_TIMES;
    return x->until_s <= c->now_s ? NOTICE_SAID_PAST : NOTICE_SAID_NOTHING;
}

static void note_notice(struct ctx *c, struct setting *x)
{
    const struct row_id row = {
        S("notice"), { x->notice != NULL ? x->notice->id : act_new_id(c, S("notice-"), ID_CHARS), { NULL, 0 } }
    };
    const struct provider *p = console_provider(c);
    struct notices_view *v = &x->v;
    const struct edit_field fields[] = { { S("provider"), p != NULL ? p->id : S("") },
                                         { S("school"), x->school != NULL ? x->school->oid : S("") },
                                         { S("kind"), str_of(kind_words[x->kind]) },
                                         { S("roles"), strs_joined(c->arena, &x->roles, '\n') },
                                         { S("service"), x->service != NULL ? x->service->id : S("") },
                                         { S("title.fi"), v->title_fi },
                                         { S("title.sv"), v->title_sv },
                                         { S("title.en"), v->title_en },
                                         { S("says.fi"), v->says_fi },
                                         { S("says.sv"), v->says_sv },
                                         { S("says.en"), v->says_en },
                                         { S("important"), v->important ? S("true") : S("false") },
                                         { S("from"), when_rfc3339(c->arena, x->from_s) },
                                         { S("until"), when_rfc3339(c->arena, x->until_s) } };
    struct str why = S("");

    for (int i = 0; i < LANG_COUNT && !str_is_set(why); i++)
        why = *title_at(v, ((int)c->lang + i) % LANG_COUNT);
    edit_put(act_begin(c, &x->act, NULL, why), &row, fields, sizeof fields / sizeof *fields);
}

static enum step ask_set(struct ctx *c, struct fail *f)
{
    struct setting *x = arena_make(c->arena, struct setting);
    const struct provider *p = console_provider(c);
    struct str id = form_get(c->body, S("id")), own = c->console->area.school;

    c->state = x;
    x->notice = bulletin_here(c, id);
    x->chosen = str_is_set(own) ? own : form_get(c->body, S("school"));
    x->school = str_is_set(x->chosen) && p != NULL ? provider_school(p, x->chosen) : NULL;
    if ((str_is_set(id) && x->notice == NULL) || (str_is_set(x->chosen) && x->school == NULL))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    read_form(c, x);
    x->v.said = what_is_wrong(c, x);
    if (x->v.said != NOTICE_SAID_NOTHING)
        return show(c, x, 400);
    note_notice(c, x);
    return act_run(c, &x->act, EDIT_APPLY, f);
}

static enum step note(struct ctx *c, struct fail *f)
{
    (void)f;
    return act_note(c, &((struct setting *)c->state)->act.got);
}

/* What became of it: back to the list, or the same page with what is wrong. */
static enum step became(struct ctx *c, const char *done, struct fail *f)
{
    struct setting *x = c->state;

    if (x->act.got.ok)
        return done_go(c, S("/admin/notices"), done, S(""));
    if (x->act.got.why.kind == FAIL_CONFLICT) {
        x->v.said = NOTICE_SAID_MEANWHILE;
        return show(c, x, 409);
    }
    if (!act_refused(c, &x->act.got, f))
        return REFUSE;
    x->v.said = NOTICE_SAID_INVALID;
    x->v.detail = act_detail(c, &x->act);
    return show(c, x, 400);
}

static enum step say_set(struct ctx *c, struct fail *f)
{
    return became(c, "set", f);
}

const struct step_row admin_notice_set[] = { { console_door }, { ask_set }, { note }, { say_set }, { NULL } };

/* ── one is ended ───────────────────────────────────────────────────────── */

/* One that is on ends now, and stands in the history with its times; one to come will not be. */
static enum step ask_end(struct ctx *c, struct fail *f)
{
    struct setting *x = arena_make(c->arena, struct setting);
    const struct edit_field now = { S("until"), when_rfc3339(c->arena, c->now_s) };

    c->state = x;
    x->notice = bulletin_here(c, c->req->param);
    if (x->notice == NULL || x->notice->until_s <= c->now_s)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    const struct row_id row = { S("notice"), { x->notice->id, { NULL, 0 } } };
    struct edit *e = act_begin(c, &x->act, NULL, said(C_notice_ended_why, c->lang));
    if (x->notice->from_s < c->now_s)
        edit_put(e, &row, &now, 1);
    else
        edit_remove(e, &row);
    return act_run(c, &x->act, EDIT_APPLY, f);
}

static enum step say_ended(struct ctx *c, struct fail *f)
{
    return became(c, "ended", f);
}

const struct step_row admin_notice_end[] = { { console_door }, { ask_end }, { note }, { say_ended }, { NULL } };
