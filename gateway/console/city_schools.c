/* SPDX-License-Identifier: EUPL-1.2
 * Schools of a municipality that is there: added, changed and closed, from a file or as typed, and never removed.  What
 * would change is said in words before it does. */
#include "console/texts.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/cities.h"
#include "gateway/console/lines.h"
#include "gateway/session/done.h"
#include "registry/registry.h"
#include "wire/form.h"
#include "wire/http.h"

enum { SHOWN = 100 };

static const struct str none = { NULL, 0 };

struct school_list { /* of one sort; `at` shows the first, `oids` are all */
    struct city_change *at;
    size_t shown, n;
};

struct schools_on { /* c->state */
    const struct provider *city;
    struct city_schools_view v;
    struct schools_typed typed;
    struct strs gone; /* OIDs that the file has as closed */
    struct school_list made, changed, closed, missing;
    bool *listed, *shut; /* of each school of the city */
    size_t same;
    struct act act;
};

static struct str page_at(struct ctx *c, const struct schools_on *x)
{
    return arena_join(c->arena, S("/admin/city-schools/"), x->city->id);
}

/* ── what would change ──────────────────────────────────────────────────── */

static const struct school *by_oid(const struct provider *p, struct str oid)
{
    const struct school *s = str_is_set(oid) ? provider_school(p, oid) : NULL;

    return s != NULL && str_eq(s->oid, oid) ? s : NULL;
}

static struct str words(struct ctx *c, const struct school *s)
{
    return arena_printf(c->arena, "%.*s, %.*s%s%.*s", STR_ARG(s->code), STR_ARG(s->names.in[LANG_FI]),
                        str_is_set(s->names.in[LANG_SV]) ? " / " : "", STR_ARG(s->names.in[LANG_SV]));
}

static void add(struct school_list *l, struct city_change row)
{
    if (l->shown < SHOWN)
        l->at[l->shown++] = row;
    l->n++;
}

static bool same_text(struct str x, struct str y)
{
    return (!str_is_set(x) && !str_is_set(y)) || str_eq(x, y);
}

/* What a list does not say (a name in another language) stays. */
static bool is_same(const struct school *s, const struct school_read *r)
{
    return s->active && str_eq(s->code, r->code) && same_text(s->names.in[LANG_FI], r->name_fi) &&
           (!str_is_set(r->name_sv) || same_text(s->names.in[LANG_SV], r->name_sv)) &&
           (!str_is_set(r->name_en) || same_text(s->names.in[LANG_EN], r->name_en));
}

static struct str name_read(struct ctx *c, const struct school_read *r)
{
    return str_is_set(r->name_sv) ? arena_printf(c->arena, "%.*s / %.*s", STR_ARG(r->name_fi), STR_ARG(r->name_sv))
                                  : r->name_fi;
}

/* Which of the city's schools the list has, and which of them it has as closed. */
static void mark(struct ctx *c, struct schools_on *x)
{
    const struct schools_read *r = &x->typed.read;

    x->listed = arena_make_n(c->arena, x->city->school_count + 1, bool);
    x->shut = arena_make_n(c->arena, x->city->school_count + 1, bool);
    for (size_t i = 0; i < r->n; i++) {
        const struct school *s = by_oid(x->city, r->at[i].oid);
        if (s != NULL)
            x->listed[s - x->city->schools] = true;
    }
    for (size_t i = 0; i < x->gone.n; i++) {
        const struct school *s = by_oid(x->city, x->gone.at[i]);
        if (s != NULL)
            x->shut[s - x->city->schools] = true;
    }
}

static void compare(struct ctx *c, struct schools_on *x)
{
    struct school_list *lists[] = { &x->made, &x->changed, &x->closed, &x->missing };
    const struct schools_read *r = &x->typed.read;

    mark(c, x);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        *lists[i] = (struct school_list){ .at = arena_make_n(c->arena, SHOWN, struct city_change) };
    for (size_t i = 0; i < r->n; i++) {
        const struct school *s = by_oid(x->city, r->at[i].oid);
        struct city_change row = { r->at[i].oid, r->at[i].code, name_read(c, &r->at[i]), none };
        if (s != NULL && is_same(s, &r->at[i])) {
            x->same++;
            continue;
        }
        if (s != NULL)
            row.before = s->active ? words(c, s) : said(C_state_off, c->lang);
        add(s != NULL ? &x->changed : &x->made, row);
    }
    for (size_t i = 0; i < x->city->school_count; i++) {
        const struct school *s = &x->city->schools[i];
        if (!s->active || x->listed[i])
            continue;
        add(x->shut[i] ? &x->closed : &x->missing,
            (struct city_change){ s->oid, s->code, names_in(&s->names, c->lang), none });
    }
}

static struct city_changes changes_of(struct ctx *c, const struct school_list *l)
{
    return (struct city_changes){ l->at, l->shown, lines_number(c, (int64_t)l->n), schools_number(c, l->n - l->shown) };
}

/* ── the page ───────────────────────────────────────────────────────────── */

static enum step show_page(struct ctx *c, struct schools_on *x, int status)
{
    struct city_schools_view *v = &x->v;

    v->id = x->city->id;
    v->name = names_in(&x->city->names, c->lang);
    v->version = arena_printf(c->arena, "%lld", (long long)registry_parts(c->registry)->version);
    if (v->preview) {
        v->made = changes_of(c, &x->made);
        v->changed = changes_of(c, &x->changed);
        v->closed = changes_of(c, &x->closed);
        v->missing = changes_of(c, &x->missing);
        v->same = schools_number(c, x->same);
        v->elsewhere = schools_number(c, x->typed.read.elsewhere);
        v->nothing = x->made.n + x->changed.n + x->closed.n == 0;
        v->gone = strs_joined(c->arena, &x->gone, '\n');
    }
    console_page_for(c, PLACE_PROVIDERS, true, page_at(c, x), &v->con);
    return answer_page(c, status, page_city_schools(c->arena, v));
}

static enum step find(struct ctx *c, struct fail *f)
{
    struct schools_on *x = c->state = arena_make(c->arena, struct schools_on);

    (void)f;
    x->city = console_provider(c) == NULL ? registry_provider(c->registry, c->req->param) : NULL;
    return x->city != NULL ? NEXT : console_refuse(c, FAIL_NOT_FOUND, "not_found");
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct schools_on *x = c->state;

    (void)f;
    x->v.kept = done_was(c, "kept");
    return show_page(c, x, 200);
}

const struct step_row admin_city_schools[] = { { console_door }, { find }, { show }, { NULL } };

/* ── the change ─────────────────────────────────────────────────────────── */

static void put_active(struct schools_on *x, struct str oid)
{
    static const struct edit_field shut[] = { { S("active"), S("false") } };
    const struct row_id row = { S("school"), { x->city->id, oid } };

    edit_put(x->act.edit, &row, shut, 1);
}

static void put_rows(struct ctx *c, struct schools_on *x)
{
    const struct schools_read *r = &x->typed.read;

    (void)act_begin(c, &x->act, NULL, S(""));
    for (size_t i = 0; i < r->n; i++) {
        const struct school_read *s = &r->at[i];
        const struct school *now = by_oid(x->city, s->oid);
        const struct row_id row = { S("school"), { x->city->id, s->oid } };
        struct edit_field fields[5] = { { S("code"), s->code },
                                        { S("name.fi"), s->name_fi },
                                        { S("active"), S("true") } };
        size_t n = 3;
        if (now != NULL && is_same(now, s))
            continue;
        if (str_is_set(s->name_sv))
            fields[n++] = (struct edit_field){ S("name.sv"), s->name_sv };
        if (str_is_set(s->name_en))
            fields[n++] = (struct edit_field){ S("name.en"), s->name_en };
        edit_put(x->act.edit, &row, fields, n);
    }
    for (size_t i = 0; i < x->city->school_count; i++) {
        const struct school *s = &x->city->schools[i];
        if (s->active && !x->listed[i] && (x->shut[i] || x->v.close_missing))
            put_active(x, s->oid);
    }
}

/* Of a file as it was read; once it is carried by the form, as the form says. */
static void read_gone(struct ctx *c, struct schools_on *x)
{
    struct str rest = form_get(c->body, S("gone")), one;

    x->gone = (struct strs){ x->typed.read.gone, x->typed.read.gone_n };
    if (x->gone.n > 0 || !str_is_set(rest))
        return;
    x->gone.at = arena_make_n(c->arena, SCHOOLS_MAX, struct str);
    while (x->gone.n < SCHOOLS_MAX && str_split(&rest, '\n', &one))
        if (str_trim(one).n > 0)
            x->gone.at[x->gone.n++] = str_trim(one);
}

static enum step act(struct ctx *c, struct fail *f)
{
    struct schools_on *x = c->state;
    struct str word = form_get(c->body, S("act"));

    schools_typed(c, x->city->oid, x->city->municipality_code, &x->typed);
    x->v.schools.text = x->typed.text;
    if (str_eq(word, S("edit")))
        return show_page(c, x, 200);
    read_gone(c, x);
    struct city_line *rows = arena_make_n(c->arena, x->typed.read.wrong_count + 1, struct city_line);
    schools_lines(c, &x->typed.read, rows);
    x->v.lines.at = rows;
    x->v.lines.n = x->typed.read.wrong_count;
    x->v.lines_more = schools_number(c, x->typed.read.wrongs_more);
    x->v.file_kept_out = x->typed.kept_out;
    x->v.nothing = !x->typed.any && x->gone.n == 0;
    if (x->v.lines.n > 0 || x->v.nothing)
        return show_page(c, x, 400);
    x->v.close_missing = str_eq(form_get(c->body, S("missing")), S("close"));
    compare(c, x);
    x->v.preview = true;
    bool changes = x->made.n + x->changed.n + x->closed.n + (x->v.close_missing ? x->missing.n : 0) > 0;
    if (!str_eq(word, S("keep")) || !changes)
        return show_page(c, x, 200);
    put_rows(c, x);
    return act_run(c, &x->act, EDIT_APPLY, f);
}

static enum step note(struct ctx *c, struct fail *f)
{
    const struct schools_on *x = c->state;

    (void)f;
    return act_note(c, &x->act.got);
}

static enum step served(struct ctx *c, struct fail *f)
{
    const struct schools_on *x = c->state;

    (void)f;
    return x->act.got.ok && desk_wait(c->desk, c->work, &c->batch, c->arena, x->act.result.report.version) ? WAIT
                                                                                                           : NEXT;
}

static enum step say(struct ctx *c, struct fail *f)
{
    struct schools_on *x = c->state;
    bool conflict = x->act.got.why.kind == FAIL_CONFLICT;

    if (x->act.got.ok)
        return done_go(c, page_at(c, x), "kept", S(""));
    if (!conflict && !act_refused(c, &x->act.got, f))
        return REFUSE;
    x->v.preview = false;
    x->v.detail = act_detail(c, &x->act);
    return show_page(c, x, conflict ? 409 : 400);
}

const struct step_row admin_city_schools_act[] = { { console_door }, { find }, { act }, { note },
                                                   { served },       { say },  { NULL } };
