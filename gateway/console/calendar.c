/* SPDX-License-Identifier: EUPL-1.2
 * What policies may speak of besides people and services: the school calendar, and what networks are called.
 *
 * Both are rows of an area that one person alters; what stands in the area around is seen. */
#include "base/text.h"
#include "console/texts.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/times.h"
#include "gateway/session/done.h"
#include "policy/windows.h"
#include "wire/form.h"
#include "wire/http.h"

#include <stdlib.h>

enum {
    ROWS_SHOWN = 100,
    OVER_SHOWN_DAYS = 60,
    ENDS_SOON_DAYS = 60,
    NAME_MAX = 120,
    TYPED_MAX = 20,
    BLOCKS_MAX = 8000,
    ID_MAX_B = 48,
    ID_TAIL_CHARS = 8,
    BLOCKS_SHOWN = 6
};

struct keeping { /* c->state */
    struct calendar_view v;
    struct networks_view n;
    const struct term *term;
    const struct named_network *network;
    const struct school *school;
    struct str chosen; /* OID of the school that was chosen; "": the whole provider */
    struct act act;
};

/* ── whose ──────────────────────────────────────────────────────────────── */

/* In the area in which the person acts: theirs to alter. */
static bool is_own(const struct ctx *c, const struct provider *p, const struct school *s)
{
    const struct area *area = &c->console->area;

    return str_is_set(area->provider) && str_eq(p->id, area->provider) &&
           (!str_is_set(area->school) || (s != NULL && str_eq(s->oid, area->school)));
}

/* And what holds there besides: the provider's, of a school. */
static bool is_seen(const struct ctx *c, const struct provider *p, const struct school *s)
{
    return is_own(c, p, s) || (s == NULL && str_eq(p->id, c->console->area.provider));
}

static const struct term *term_here(const struct ctx *c, struct str id)
{
    const struct registry_parts *parts = registry_parts(c->registry);

    for (size_t i = 0; str_is_set(id) && i < parts->term_count; i++)
        if (str_eq(parts->terms[i].id, id))
            return is_own(c, parts->terms[i].provider, parts->terms[i].school) ? &parts->terms[i] : NULL;
    return NULL;
}

static const struct named_network *network_here(const struct ctx *c, struct str id)
{
    const struct registry_parts *parts = registry_parts(c->registry);

    for (size_t i = 0; str_is_set(id) && i < parts->network_count; i++)
        if (str_eq(parts->networks[i].id, id))
            return is_own(c, parts->networks[i].provider, parts->networks[i].school) ? &parts->networks[i] : NULL;
    return NULL;
}

/* "oulu-koulujen-verkko-k7xq3mza": policies name networks so.  The tail is what makes it another than all that are. */
static struct str id_for(struct ctx *c, struct str name)
{
    struct str folded = text_folded(c->arena, name), own = console_provider(c)->id;
    struct buf b = buf_new(c->arena, 4096);

    buf_printf(&b, "%.*s", STR_ARG(own));
    for (size_t i = 0; i < folded.n && b.n < ID_MAX_B; i++) {
        char x = folded.p[i];
        if ((x >= 'a' && x <= 'z') || (x >= '0' && x <= '9')) {
            if (i == 0)
                buf_byte(&b, '-');
            buf_byte(&b, x);
        } else if (b.p[b.n - 1] != '-') {
            buf_byte(&b, '-');
        }
    }
    while (b.p[b.n - 1] == '-')
        b.n--;
    buf_byte(&b, '-');
    return act_new_id(c, buf_str(&b), ID_TAIL_CHARS);
}

static struct choices schools_of(struct ctx *c, struct str chosen)
{
    const struct provider *p = console_provider(c);
    struct choice *list = arena_make_n(c->arena, p->school_count + 2, struct choice);
    struct choices out = { list, 0 };

    if (str_is_set(c->console->area.school))
        return out;
    list[out.n++] = (struct choice){ S(""), names_in(&p->names, c->lang), !str_is_set(chosen) };
    for (size_t i = 0; i < p->school_count; i++)
        if (p->schools[i].active || str_eq(p->schools[i].oid, chosen))
            list[out.n++] = (struct choice){ p->schools[i].oid, names_in(&p->schools[i].names, c->lang),
                                             str_eq(p->schools[i].oid, chosen) };
    return out;
}

static struct str place_of(struct ctx *c, const struct provider *p, const struct school *s)
{
    return names_in(s != NULL ? &s->names : &p->names, c->lang);
}

/* False: that there is not, or not here. */
static bool read_school(struct ctx *c, struct keeping *x)
{
    const struct provider *p = console_provider(c);
    struct str own = c->console->area.school;

    x->chosen = str_is_set(own) ? own : form_get(c->body, S("school"));
    x->school = str_is_set(x->chosen) && p != NULL ? provider_school(p, x->chosen) : NULL;
    return p != NULL && (!str_is_set(x->chosen) || x->school != NULL);
}

static enum kept_said was_done(struct ctx *c)
{
    return done_was(c, "kept") ? KEPT_SAID_KEPT : done_was(c, "removed") ? KEPT_SAID_REMOVED : KEPT_SAID_NOTHING;
}

static struct str version_of(struct ctx *c)
{
    return arena_printf(c->arena, "%lld", (long long)registry_parts(c->registry)->version);
}

static enum step note(struct ctx *c, struct fail *f)
{
    (void)f;
    return act_note(c, &((struct keeping *)c->state)->act.got);
}

/* ── the calendar ───────────────────────────────────────────────────────── */

static const char *const kind_words[] = { "term", "holiday", "school_day" };
static const enum said kind_names[] = { C_term_term, C_term_holiday, C_term_school_day };
enum { KINDS = sizeof kind_words / sizeof *kind_words };

static struct str term_name(struct ctx *c, const struct term *t)
{
    struct str name = names_in(&t->names, c->lang);

    return str_is_set(name) ? name : said(kind_names[t->kind], c->lang);
}

static int by_begin(const void *x, const void *y)
{
    const struct term *a = *(const struct term *const *)x, *b = *(const struct term *const *)y;

    return a->from_day != b->from_day ? (a->from_day > b->from_day) - (a->from_day < b->from_day)
                                      : str_cmp(a->id, b->id);
}

static void put_terms(struct ctx *c, struct calendar_view *v)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct term **found = arena_make_n(c->arena, parts->term_count + 1, const struct term *);
    struct term_row *rows = arena_make_n(c->arena, ROWS_SHOWN, struct term_row);
    int64_t today = windows_day(c->now_s);
    size_t n = 0;

    for (size_t i = 0; i < parts->term_count; i++)
        if (is_seen(c, parts->terms[i].provider, parts->terms[i].school) &&
            parts->terms[i].to_day + OVER_SHOWN_DAYS > today)
            found[n++] = &parts->terms[i];
    qsort(found, n, sizeof(const struct term *), by_begin);
    for (size_t i = 0; i < n && i < ROWS_SHOWN; i++) {
        const struct term *t = found[i];
        struct str from = times_date_words(c->arena, t->from_day), to = times_date_words(c->arena, t->to_day);
        rows[v->rows.n++] = (struct term_row){
            .id = t->id,
            .name = term_name(c, t),
            .school = place_of(c, t->provider, t->school),
            .kind = said(kind_names[t->kind], c->lang),
            .when = t->from_day == t->to_day ? from : arena_printf(c->arena, "%.*s–%.*s", STR_ARG(from), STR_ARG(to)),
            .own = is_own(c, t->provider, t->school),
            .over = t->to_day < today
        };
    }
    v->rows.at = rows;
    v->cut = n > ROWS_SHOWN;
}

static void put_today(struct ctx *c, struct calendar_view *v)
{
    static const enum said says[DAY_COUNT] = { [DAY_UNKNOWN] = C_today_unknown,
                                               [DAY_SCHOOL] = C_today_school,
                                               [DAY_OFF] = C_today_off,
                                               [DAY_HOLIDAY] = C_today_holiday };
    const struct provider *p = console_provider(c);
    const struct school *s = str_is_set(c->console->area.school) ? provider_school(p, c->console->area.school) : NULL;
    int64_t today = windows_day(c->now_s), end = windows_calendar_end(c->registry, p, s);

    v->today = said(says[windows_calendar(c->registry, p, s, today)], c->lang);
    v->ends = end > 0 ? times_date_words(c->arena, end - 1) : (struct str){ NULL, 0 };
    v->ends_soon = end > 0 && end - today < ENDS_SOON_DAYS;
}

static enum step show_calendar(struct ctx *c, struct calendar_view *v, struct str school, enum term_kind kind,
                               int status)
{
    struct choice *kinds = arena_make_n(c->arena, KINDS, struct choice);

    console_page_for(c, PLACE_RIGHTS, true, S("/admin/calendar"), &v->con);
    v->con.sub = SUB_CALENDAR;
    v->one_school = str_is_set(c->console->area.school);
    v->version = version_of(c);
    for (int i = 0; i < KINDS; i++)
        kinds[i] = (struct choice){ str_of(kind_words[i]), said(kind_names[i], c->lang), i == (int)kind };
    v->kinds = (struct choices){ kinds, KINDS };
    v->schools = schools_of(c, school);
    put_terms(c, v);
    put_today(c, v);
    return answer_page(c, status, page_calendar(c->arena, v));
}

static void fill_in_term(struct ctx *c, struct calendar_view *v, const struct term *t)
{
    v->editing = true;
    v->id = t->id;
    v->name = names_in(&t->names, c->lang);
    v->from = times_date(c->arena, t->from_day);
    v->to = times_date(c->arena, t->to_day);
}

static enum step show_terms(struct ctx *c, struct fail *f)
{
    struct str row = form_get(c->query, S("row"));
    const struct term *t = term_here(c, row);
    struct calendar_view v = { .said = was_done(c) };

    (void)f;
    if (console_provider(c) == NULL || (str_is_set(row) && t == NULL))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (t != NULL)
        fill_in_term(c, &v, t);
    return show_calendar(c, &v, t != NULL && t->school != NULL ? t->school->oid : S(""),
                         t != NULL ? t->kind : TERM_TERM, 200);
}

const struct step_row admin_calendar[] = { { console_door }, { show_terms }, { NULL } };

static enum term_kind kind_typed(const struct ctx *c)
{
    struct str word = form_get(c->body, S("kind"));

    for (int i = 0; i < KINDS; i++)
        if (str_eq(word, str_of(kind_words[i])))
            return (enum term_kind)i;
    return TERM_TERM;
}

static enum step ask_term(struct ctx *c, struct fail *f)
{
    struct keeping *x = arena_make(c->arena, struct keeping);
    struct calendar_view *v = &x->v;
    struct str id = form_get(c->body, S("id"));
    int64_t from = 0, to = 0;

    c->state = x;
    x->term = term_here(c, id);
    if ((str_is_set(id) && x->term == NULL) || !read_school(c, x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    v->id = x->term != NULL ? x->term->id : S("");
    v->editing = x->term != NULL;
    v->name = act_field(c->body, S("name"), NAME_MAX);
    v->from = act_field(c->body, S("from"), TYPED_MAX);
    v->to = act_field(c->body, S("to"), TYPED_MAX);
    v->said = !str_is_set(v->name)                                                            ? KEPT_SAID_NAME
              : !times_date_read(v->from, &from) || !times_date_read(v->to, &to) || to < from ? KEPT_SAID_DAYS
                                                                                              : KEPT_SAID_NOTHING;
    if (v->said != KEPT_SAID_NOTHING)
        return show_calendar(c, v, x->chosen, kind_typed(c), 400);
    const struct row_id row = { S("term"), { x->term != NULL ? x->term->id : id_for(c, v->name) } };
    const struct edit_field fields[] = { { S("provider"), console_provider(c)->id },
                                         { S("school"), x->school != NULL ? x->school->oid : S("") },
                                         { S("kind"), str_of(kind_words[kind_typed(c)]) },
                                         { c->lang == LANG_SV   ? S("name.sv")
                                           : c->lang == LANG_EN ? S("name.en")
                                                                : S("name.fi"),
                                           v->name },
                                         { S("from"), times_date(c->arena, from) },
                                         { S("to"), times_date(c->arena, to) } };
    edit_put(act_begin(c, &x->act, NULL, v->name), &row, fields, sizeof fields / sizeof *fields);
    return act_run(c, &x->act, EDIT_APPLY, f);
}

/* What became of it: done, changed meanwhile, or refused with the words for it; NOTHING: it failed, with f. */
static enum kept_said became(struct ctx *c, struct keeping *x, enum kept_said good, struct str *detail, struct fail *f)
{
    *detail = S("");
    if (x->act.got.ok)
        return good;
    if (x->act.got.why.kind == FAIL_CONFLICT)
        return KEPT_SAID_MEANWHILE;
    if (!act_refused(c, &x->act.got, f))
        return KEPT_SAID_NOTHING;
    *detail = act_detail(c, &x->act);
    return KEPT_SAID_INVALID;
}

static enum step say_term(struct ctx *c, struct fail *f)
{
    struct keeping *x = c->state;

    x->v.said = became(c, x, KEPT_SAID_KEPT, &x->v.detail, f);
    if (x->v.said == KEPT_SAID_KEPT)
        return done_go(c, S("/admin/calendar"), "kept", S(""));
    return x->v.said == KEPT_SAID_NOTHING ? REFUSE : show_calendar(c, &x->v, x->chosen, kind_typed(c), 409);
}

const struct step_row admin_term_set[] = { { console_door }, { ask_term }, { note }, { say_term }, { NULL } };

static enum step ask_term_away(struct ctx *c, struct fail *f)
{
    struct keeping *x = arena_make(c->arena, struct keeping);

    c->state = x;
    x->term = term_here(c, c->req->param);
    if (x->term == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    const struct row_id row = { S("term"), { x->term->id } };
    edit_remove(act_begin(c, &x->act, NULL, said(C_term_removed_why, c->lang)), &row);
    return act_run(c, &x->act, EDIT_APPLY, f);
}

static enum step say_term_away(struct ctx *c, struct fail *f)
{
    struct keeping *x = c->state;

    x->v.said = became(c, x, KEPT_SAID_REMOVED, &x->v.detail, f);
    if (x->v.said == KEPT_SAID_REMOVED)
        return done_go(c, S("/admin/calendar"), "removed", S(""));
    return x->v.said == KEPT_SAID_NOTHING ? REFUSE : show_calendar(c, &x->v, S(""), TERM_TERM, 409);
}

const struct step_row admin_term_remove[] = {
    { console_door }, { ask_term_away }, { note }, { say_term_away }, { NULL }
};

/* ── networks ───────────────────────────────────────────────────────────── */

static struct str blocks_words(struct ctx *c, const struct named_network *n)
{
    struct buf b = buf_new(c->arena, 4096);

    for (size_t i = 0; i < n->blocks.n && i < BLOCKS_SHOWN; i++)
        buf_printf(&b, "%s%.*s", i > 0 ? ", " : "", STR_ARG(n->blocks.at[i]));
    if (n->blocks.n > BLOCKS_SHOWN)
        buf_printf(&b, " +%zu", n->blocks.n - BLOCKS_SHOWN);
    return buf_ok(&b) ? buf_str(&b) : S("…");
}

static void put_networks(struct ctx *c, struct networks_view *v)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    struct network_row *rows = arena_make_n(c->arena, ROWS_SHOWN, struct network_row);

    for (size_t i = 0; i < parts->network_count; i++) {
        const struct named_network *n = &parts->networks[i];
        if (!is_seen(c, n->provider, n->school))
            continue;
        if (v->rows.n == ROWS_SHOWN) {
            v->cut = true;
            break;
        }
        rows[v->rows.n++] = (struct network_row){ .id = n->id,
                                                  .name = names_in(&n->names, c->lang),
                                                  .school = place_of(c, n->provider, n->school),
                                                  .blocks = blocks_words(c, n),
                                                  .own = is_own(c, n->provider, n->school) };
    }
    v->rows.at = rows;
}

/* Where whoever looks is, since that is what they can check a list by. */
static void put_here(struct ctx *c, struct networks_view *v)
{
    const struct affiliation at = { .school_oid = c->console->area.school };
    const struct circumstances now = { .now_s = c->now_s, .from = address_read(c->req->peer) };
    struct str id = windows_at(c->arena, c->registry, console_provider(c), &at, &now).network;

    v->here = str_is_set(id) ? arena_printf(c->arena, "%.*s (%.*s)", STR_ARG(c->req->peer), STR_ARG(id)) : c->req->peer;
}

static enum step show_networks(struct ctx *c, struct networks_view *v, struct str school, int status)
{
    console_page_for(c, PLACE_RIGHTS, true, S("/admin/networks"), &v->con);
    v->con.sub = SUB_NETWORKS;
    v->one_school = str_is_set(c->console->area.school);
    v->version = version_of(c);
    v->schools = schools_of(c, school);
    put_networks(c, v);
    put_here(c, v);
    return answer_page(c, status, page_networks(c->arena, v));
}

static enum step show_network_list(struct ctx *c, struct fail *f)
{
    struct str row = form_get(c->query, S("row"));
    const struct named_network *n = network_here(c, row);
    struct networks_view v = { .said = was_done(c) };

    (void)f;
    if (console_provider(c) == NULL || (str_is_set(row) && n == NULL))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (n != NULL) {
        v.editing = true;
        v.id = n->id;
        v.name = names_in(&n->names, c->lang);
        v.blocks.text = strs_joined(c->arena, &n->blocks, '\n');
    }
    return show_networks(c, &v, n != NULL && n->school != NULL ? n->school->oid : S(""), 200);
}

const struct step_row admin_networks[] = { { console_door }, { show_network_list }, { NULL } };

static enum step ask_network(struct ctx *c, struct fail *f)
{
    struct keeping *x = arena_make(c->arena, struct keeping);
    struct networks_view *v = &x->n;
    struct str id = form_get(c->body, S("id"));

    c->state = x;
    x->network = network_here(c, id);
    if ((str_is_set(id) && x->network == NULL) || !read_school(c, x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    v->id = x->network != NULL ? x->network->id : S("");
    v->editing = x->network != NULL;
    v->name = act_field(c->body, S("name"), NAME_MAX);
    v->blocks.text = act_lines(c, S("blocks"), BLOCKS_MAX);
    v->said = !str_is_set(v->name)          ? KEPT_SAID_NAME
              : !str_is_set(v->blocks.text) ? KEPT_SAID_BLOCKS
                                            : KEPT_SAID_NOTHING;
    if (v->said != KEPT_SAID_NOTHING)
        return show_networks(c, v, x->chosen, 400);
    const struct row_id row = { S("network"), { x->network != NULL ? x->network->id : id_for(c, v->name) } };
    const struct edit_field fields[] = {
        { S("provider"), console_provider(c)->id },
        { S("school"), x->school != NULL ? x->school->oid : S("") },
        { S("name.fi"), x->network != NULL && c->lang != LANG_FI ? x->network->names.in[LANG_FI] : v->name },
        { c->lang == LANG_SV   ? S("name.sv")
          : c->lang == LANG_EN ? S("name.en")
                               : S("name.fi"),
          v->name },
        { S("blocks"), v->blocks.text }
    };
    edit_put(act_begin(c, &x->act, NULL, v->name), &row, fields, sizeof fields / sizeof *fields);
    return act_run(c, &x->act, EDIT_APPLY, f);
}

static enum step say_network(struct ctx *c, struct fail *f)
{
    struct keeping *x = c->state;

    x->n.said = became(c, x, KEPT_SAID_KEPT, &x->n.detail, f);
    if (x->n.said == KEPT_SAID_KEPT)
        return done_go(c, S("/admin/networks"), "kept", S(""));
    return x->n.said == KEPT_SAID_NOTHING ? REFUSE : show_networks(c, &x->n, x->chosen, 409);
}

const struct step_row admin_network_set[] = { { console_door }, { ask_network }, { note }, { say_network }, { NULL } };

static enum step ask_network_away(struct ctx *c, struct fail *f)
{
    struct keeping *x = arena_make(c->arena, struct keeping);

    c->state = x;
    x->network = network_here(c, c->req->param);
    if (x->network == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    const struct row_id row = { S("network"), { x->network->id } };
    edit_remove(act_begin(c, &x->act, NULL, said(C_network_removed_why, c->lang)), &row);
    return act_run(c, &x->act, EDIT_APPLY, f);
}

/* One that a policy names stays: the words of the check say which. */
static enum step say_network_away(struct ctx *c, struct fail *f)
{
    struct keeping *x = c->state;

    x->n.said = became(c, x, KEPT_SAID_REMOVED, &x->n.detail, f);
    if (x->n.said == KEPT_SAID_REMOVED)
        return done_go(c, S("/admin/networks"), "removed", S(""));
    return x->n.said == KEPT_SAID_NOTHING ? REFUSE : show_networks(c, &x->n, S(""), 409);
}

const struct step_row admin_network_remove[] = {
    { console_door }, { ask_network_away }, { note }, { say_network_away }, { NULL }
};
