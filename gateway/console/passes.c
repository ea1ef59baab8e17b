/* SPDX-License-Identifier: EUPL-1.2
 * Passes of substitutes: an account of a person's own at one school, between a begin and an end.
 *
 * Policy sees a dated affiliation, so nothing has to happen at its end.  One of more than LONGEST_S is asked for, and
 * waits as a draft for a second person who may give passes there; so is one that is more together with the others of
 * the same name at the school. */
#include "base/codec.h"
#include "console/texts.h"
#include "frame/words.h"
#include "gateway/answer.h"
#include "gateway/console/door.h"
#include "gateway/console/lines.h"
#include "gateway/console/people.h"
#include "gateway/console/raise.h"
#include "gateway/console/times.h"
#include "gateway/session/done.h"
#include "model/pairwise.h"
#include "model/when.h"
#include "registry/edit.h"
#include "wire/form.h"
#include "wire/http.h"

#include <stdlib.h>
#include <string.h>

enum {
    LONGEST_S = 5 * 86400,         /* that one person gives */
    BETWEEN_S = 3 * 86400,         /* a weekend: passes nearer to each other than this are one */
    LONGEST_ASKED_S = 400 * 86400, /* that two do: a school year */
    ASKED_SHOWN = 50,
    ROWS_SHOWN = 50,
    OVER_SHOWN_S = 30 * 86400,
    NAME_MAX_B = 100,
    TYPED_MAX_B = 20,
    ID_CHARS = 12,
    USERNAME_CHARS = 7,
    PASSWORD_CHARS = 16
};

#define PASS_PREFIX "pass-"
#define NEEDS_TWO   "pass_needs_two"

struct waiting;

struct giving { /* c->state */
    struct passes_view v;
    const struct school *school;
    const struct idp *idp;
    int64_t from_s, to_s;
    struct str id;
    struct area area;
    struct edit *edit;
    struct edit_how how;
    struct edit_result result;
    struct desk_got got;
    struct audit_got audit;
    const struct account *account; /* that is taken */
    bool kept;
    bool asks; /* for a second person */
    /* those that wait */
    struct drafts drafts;
    struct waiting *waiting;
    size_t waiting_n;
    struct draft_move move;
    struct change_by by;
};

struct waiting { /* a draft that is a pass */
    const struct draft *draft;
    struct row_seen account, place;
};

static struct str day_words(struct ctx *c, int64_t at_s)
{
    struct when w = when_local(at_s);

    return arena_printf(c->arena, "%d.%d.%d", w.day, w.month, w.year);
}

/* ── the page ───────────────────────────────────────────────────────────── */

static int by_end(const void *x, const void *y)
{
    const struct account *a = *(const struct account *const *)x, *b = *(const struct account *const *)y;
    int64_t ends_a = a->person->affiliations[0].to_s, ends_b = b->person->affiliations[0].to_s;

    return (ends_a < ends_b) - (ends_a > ends_b);
}

static bool is_pass_here(const struct ctx *c, const struct account *a)
{
    const struct idp *idp = registry_idp(c->registry, a->idp);
    const struct area *area = &c->console->area;

    return str_is_set(a->school) && idp != NULL && idp->provider != NULL && str_is_set(area->provider) &&
           str_eq(idp->provider->id, area->provider) &&
           (!str_is_set(area->school) || str_eq(a->school, area->school)) && a->person->affiliation_count > 0;
}

static struct pass_row row_of(struct ctx *c, const struct account *a)
{
    const struct affiliation *at = &a->person->affiliations[0];
    const struct school *s = provider_school(console_provider(c), a->school);

    return (struct pass_row){ .id = a->id,
                              .name = person_display_name(c->arena, a->person),
                              .username = a->username,
                              .school = !str_is_set(c->console->area.school) && s != NULL ? names_in(&s->names, c->lang)
                                                                                          : (struct str){ NULL, 0 },
                              .from = when_full(c->arena, at->from_s, c->lang),
                              .to = when_full(c->arena, at->to_s, c->lang),
                              .ended = c->now_s >= at->to_s,
                              .waits = c->now_s < at->from_s,
                              .off = !a->enabled };
}

static void put_rows(struct ctx *c, struct passes_view *v)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct account **found = arena_make_n(c->arena, parts->account_count + 1, const struct account *);
    struct pass_row *rows = arena_make_n(c->arena, ROWS_SHOWN, struct pass_row);
    size_t n = 0;

    for (size_t i = 0; i < parts->account_count; i++)
        if (is_pass_here(c, &parts->accounts[i]) &&
            parts->accounts[i].person->affiliations[0].to_s + OVER_SHOWN_S > c->now_s)
            found[n++] = &parts->accounts[i];
    qsort(found, n, sizeof(const struct account *), by_end);
    for (size_t i = 0; i < n && i < ROWS_SHOWN; i++)
        rows[v->rows.n++] = row_of(c, found[i]);
    v->rows.at = rows;
    v->cut = n > ROWS_SHOWN;
}

static void put_schools(struct ctx *c, struct passes_view *v, struct str chosen)
{
    const struct provider *p = console_provider(c);
    struct choice_row *rows = arena_make_n(c->arena, p->school_count + 1, struct choice_row);

    for (size_t i = 0; i < p->school_count; i++)
        if (p->schools[i].active)
            rows[v->schools.n++] = (struct choice_row){ p->schools[i].oid, names_in(&p->schools[i].names, c->lang),
                                                        str_eq(p->schools[i].oid, chosen) };
    v->schools.at = rows;
}

static enum step show(struct ctx *c, struct passes_view *v, struct str school, int status)
{
    console_page_for(c, PLACE_PEOPLE, false, S("/admin/passes"), &v->con);
    v->con.sub = SUB_PASSES;
    v->one_school = str_is_set(c->console->area.school);
    v->fresh = console_fresh(c);
    put_rows(c, v);
    put_schools(c, v, school);
    return answer_page(c, status, page_passes(c->arena, v));
}

/* ── those that wait for a second person ────────────────────────────────── */

static struct str field_of(const struct row_seen *row, const char *name)
{
    const struct row_field *f = row_field(row, name);

    return f != NULL && f->value.p != NULL ? f->value : S("");
}

/* An account of this file's making and its one place, and nothing else: whoever may give passes decides on nothing
 * else. */
static bool is_pass(const struct row_ids *ids)
{
    bool account = false, place = false;

    for (size_t i = 0; i < ids->n; i++) {
        if (!str_has_prefix(ids->at[i].key[0], S(PASS_PREFIX)))
            return false;
        account = account || str_eq(ids->at[i].kind, S("account"));
        place = place || str_eq(ids->at[i].kind, S("affiliation"));
    }
    return ids->n == 2 && account && place;
}

static bool look_at(struct db *d, struct arena *a, const struct area *area, const struct draft *draft,
                    struct waiting *out, bool *yes)
{
    struct fail f = { 0 };
    struct row_ids ids;

    *yes = draft_row_ids(d, a, area, draft->number, &ids, &f) && is_pass(&ids);
    *out = (struct waiting){ .draft = draft };
    for (size_t i = 0; *yes && i < ids.n; i++)
        *yes = draft_row(d, a, area, draft->number, &ids.at[i],
                         str_eq(ids.at[i].kind, S("account")) ? &out->account : &out->place, &f);
    return f.kind != FAIL_OURS;
}

static bool list_waiting(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct giving *x = with;

    if (!draft_list(d, a, &x->area, DRAFT_NONE, INT64_MAX, ASKED_SHOWN, &x->drafts, f))
        return false;
    x->waiting = arena_make_n(a, x->drafts.n + 1, struct waiting);
    for (size_t i = 0; i < x->drafts.n; i++) {
        bool yes;
        if (x->drafts.at[i].state != DRAFT_proposed && x->drafts.at[i].state != DRAFT_approved)
            continue;
        if (!look_at(d, a, &x->area, &x->drafts.at[i], &x->waiting[x->waiting_n], &yes))
            return fail(f, FAIL_OURS, "db_error", "a draft cannot be read");
        x->waiting_n += yes;
    }
    return true;
}

static struct str time_words(struct ctx *c, struct str rfc3339)
{
    int64_t at_s;

    return when_rfc3339_read(rfc3339, &at_s) ? when_full(c->arena, at_s, c->lang) : rfc3339;
}

static void put_waiting(struct ctx *c, const struct giving *x, struct passes_view *v)
{
    struct pass_asked_row *rows = arena_make_n(c->arena, x->waiting_n + 1, struct pass_asked_row);
    const struct provider *p = console_provider(c);
    bool one_school = str_is_set(c->console->area.school);

    for (size_t i = 0; i < x->waiting_n; i++) {
        const struct waiting *w = &x->waiting[i];
        const struct draft *d = w->draft;
        const struct school *s = provider_school(p, field_of(&w->account, "school"));
        struct str given = field_of(&w->account, "given_names"), family = field_of(&w->account, "family_name");
        rows[i] = (struct pass_asked_row){ .number = arena_printf(c->arena, "%lld", (long long)d->number),
                                           .edition = arena_printf(c->arena, "%lld", (long long)d->edition),
                                           .name = arena_printf(c->arena, "%.*s %.*s", STR_ARG(given), STR_ARG(family)),
                                           .school = !one_school && s != NULL ? names_in(&s->names, c->lang)
                                                                              : (struct str){ NULL, 0 },
                                           .from = time_words(c, field_of(&w->place, "from")),
                                           .to = time_words(c, field_of(&w->place, "to")),
                                           .who = lines_who(c, d->owner),
                                           .why = d->why,
                                           .mine = str_eq(d->owner, c->session->person->id) };
    }
    v->asked.at = rows;
    v->asked.n = x->waiting_n;
}

static enum step ask_list(struct ctx *c, struct fail *f)
{
    struct giving *x = arena_make(c->arena, struct giving);

    c->state = x;
    x->area = c->console->area;
    if (console_provider(c) == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return console_ask(c, list_waiting, x, &x->got, f);
}

static enum pass_said said_of(struct ctx *c)
{
    static const struct {
        const char *word;
        enum pass_said said;
    } words[] = { { "taken", PASS_SAID_TAKEN },
                  { "approved", PASS_SAID_APPROVED },
                  { "refused", PASS_SAID_REFUSED },
                  { "own", PASS_SAID_OWN },
                  { "changed", PASS_SAID_CHANGED } };
    struct str done = done_here(c, NULL);

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(done, str_of(words[i].word)))
            return words[i].said;
    return PASS_SAID_NOTHING;
}

static enum step show_list(struct ctx *c, struct fail *f)
{
    const struct giving *x = c->state;
    struct passes_view v = { .from_at = S("8.00"), .to_at = S("16.00") };

    if (!console_answered(&x->got, f))
        return REFUSE;
    v.from = v.to = day_words(c, c->now_s);
    v.said = said_of(c);
    put_waiting(c, x, &v);
    return show(c, &v, S(""), 200);
}

const struct step_row admin_passes[] = { { console_door }, { ask_list }, { show_list }, { NULL } };

/* ── the second person ──────────────────────────────────────────────────── */

static bool decide_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct giving *x = with;
    struct draft draft;
    struct waiting w;
    bool yes;

    if (!draft_look(d, a, &x->area, x->move.number, &draft, f))
        return false;
    if (!look_at(d, a, &x->area, &draft, &w, &yes))
        return fail(f, FAIL_OURS, "db_error", "a draft cannot be read");
    if (!yes)
        return fail(f, FAIL_CALLER, "no_draft", "the draft is no pass");
    bool approved = x->move.act == DRAFT_APPROVE && draft.state == DRAFT_approved; /* and something stood in its way */
    if (!approved && !draft_do(d, a, &x->by, &x->move, &x->result, f))
        return false;
    if (x->move.act != DRAFT_APPROVE)
        return true;
    const struct edit_from from = { .draft = x->move.number, .edition = approved ? draft.edition : x->result.edition };
    struct edit *e = edit_new(&x->by, &from);
    bool good = edit_run(e, d, a, &x->how, EDIT_PUBLISH, &x->result, f);
    edit_free(e);
    return good;
}

static enum step ask_decide(struct ctx *c, struct fail *f)
{
    struct giving *x = arena_make(c->arena, struct giving);
    struct str act = form_get(c->body, S("act"));
    bool approves = str_eq(act, S("approve"));

    c->state = x;
    x->area = c->console->area;
    if (console_provider(c) == NULL || !str_int(c->req->param, &x->move.number) || x->move.number <= 0 ||
        (!approves && !str_eq(act, S("refuse"))))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (approves && !console_fresh(c))
        return console_log_in_again(c, S("/admin/passes"), f);
    (void)str_int(form_get(c->body, S("edition")), &x->move.edition);
    x->move.act = approves ? DRAFT_APPROVE : DRAFT_WITHDRAW;
    x->by = console_by(c, MAKER_console, said(approves ? C_pass_approved_why : C_pass_refused_why, c->lang));
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals };
    return console_ask(c, decide_sql, x, &x->got, f);
}

static enum step say_decided(struct ctx *c, struct fail *f)
{
    const struct giving *x = c->state;
    const struct fail *why = &x->got.why;

    if (!x->got.ok && strcmp(why->code, "no_draft") == 0)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!x->got.ok && why->kind != FAIL_OURS && why->kind != FAIL_BUSY)
        return done_go(c, S("/admin/passes"), strcmp(why->code, "own_draft") == 0 ? "own" : "changed", S(""));
    if (!console_answered(&x->got, f))
        return REFUSE;
    return done_go(c, S("/admin/passes"), x->move.act == DRAFT_APPROVE ? "approved" : "refused", S(""));
}

const struct step_row admin_pass_decide[] = { { console_door }, { ask_decide }, { say_decided }, { NULL } };

/* ── one is given ───────────────────────────────────────────────────────── */

/* Without letters and digits that are taken for one another: 5 bits each. */
static struct str readable(struct ctx *c, size_t n, size_t group)
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    unsigned char bytes[PASSWORD_CHARS];
    struct buf b = buf_new(c->arena, 2 * PASSWORD_CHARS);

    world_random(c->world, bytes, n);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && group > 0 && i % group == 0)
            buf_byte(&b, '-');
        buf_byte(&b, letters[bytes[i] & 31]);
    }
    return buf_str(&b);
}

/* A shared account has no person's name: "Sijainen 1", "Vikarie". */
static bool is_nobodys(struct ctx *c, struct str name)
{
    static const char *const words[] = { "sijai", "vikari", "substitut", "opettaj", "lärar", "teacher", "tunnus" };
    struct str folded = words_query(c->arena, name);

    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] >= '0' && name.p[i] <= '9')
            return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_find(folded, words_query(c->arena, str_of(words[i]))) < folded.n)
            return true;
    return false;
}

static enum pass_said what_is_wrong(struct ctx *c, struct giving *x)
{
    struct passes_view *v = &x->v;

    if (!str_is_set(v->given) || !str_is_set(v->family) || !str_is_utf8(v->given) || !str_is_utf8(v->family))
        return PASS_SAID_NAME;
    if (is_nobodys(c, v->given) || is_nobodys(c, v->family))
        return PASS_SAID_SHARED;
    if (x->school == NULL)
        return PASS_SAID_SCHOOL;
    if (!times_read(v->from, v->from_at, &x->from_s) || !times_read(v->to, v->to_at, &x->to_s) || x->to_s <= x->from_s)
        return PASS_SAID_TIMES;
    if (x->to_s <= c->now_s)
        return PASS_SAID_PAST;
    x->asks = x->to_s - x->from_s > LONGEST_S;
    if (x->to_s - x->from_s > LONGEST_ASKED_S)
        return PASS_SAID_LONG;
    if (!str_is_set(v->why))
        return PASS_SAID_WHY;
    return x->idp == NULL ? PASS_SAID_NO_IDP : PASS_SAID_NOTHING;
}

static const struct idp *own_accounts(const struct ctx *c)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct provider *p = console_provider(c);

    for (size_t i = 0; i < parts->idp_count; i++)
        if (parts->idps[i].provider == p && parts->idps[i].kind == IDP_LOCAL && parts->idps[i].enabled)
            return &parts->idps[i];
    return NULL;
}

static struct str folded_name(struct arena *a, const struct person *p)
{
    return words_query(a, arena_printf(a, "%.*s %.*s", STR_ARG(p->given_names), STR_ARG(p->family_name)));
}

/* Those that were ended count as well: else one would end one and give the next. */
static bool is_same_persons(struct arena *a, const struct account *one, const struct account *other)
{
    return str_is_set(one->school) && str_eq(one->school, other->school) && one->person->affiliation_count > 0 &&
           str_eq(folded_name(a, one->person), folded_name(a, other->person));
}

struct span {
    int64_t from_s, to_s;
};

/* As long as one grows it, by passes that overlap it or are near. */
static struct span joined(struct span whole, const struct span *at, size_t n)
{
    for (bool grew = true; grew;) {
        grew = false;
        for (size_t i = 0; i < n; i++) {
            if (at[i].from_s - whole.to_s > BETWEEN_S || whole.from_s - at[i].to_s > BETWEEN_S ||
                (at[i].from_s >= whole.from_s && at[i].to_s <= whole.to_s))
                continue;
            whole.from_s = at[i].from_s < whole.from_s ? at[i].from_s : whole.from_s;
            whole.to_s = at[i].to_s > whole.to_s ? at[i].to_s : whole.to_s;
            grew = true;
        }
    }
    return whole;
}

/* Shown the registry with the pass in it, in the transaction that writes it: two at once are not both the first. */
static bool is_short(void *with, const struct registry *r, struct fail *f)
{
    const struct giving *x = with;
    const struct registry_parts *parts = registry_parts(r);
    const struct account *given = NULL;
    struct arena *a = arena_new_secret();
    struct span *spans = arena_make_n(a, parts->account_count + 1, struct span);
    struct span whole = { x->from_s, x->to_s };
    size_t n = 0;

    for (size_t i = 0; i < parts->account_count && given == NULL; i++)
        if (str_eq(parts->accounts[i].id, x->id))
            given = &parts->accounts[i];
    for (size_t i = 0; given != NULL && i < parts->account_count; i++) {
        const struct account *one = &parts->accounts[i];
        if (is_same_persons(a, one, given))
            spans[n++] = (struct span){ one->person->affiliations[0].from_s, one->person->affiliations[0].to_s };
    }
    whole = joined(whole, spans, n);
    arena_free(a);
    return whole.to_s - whole.from_s <= LONGEST_S ||
           fail(f, FAIL_CALLER, NEEDS_TWO, "with the others of the same name it is more than %d days",
                LONGEST_S / 86400);
}

static bool give_alone(struct giving *x, struct db *d, struct arena *a, struct fail *f)
{
    struct edit_how how = x->how;

    how.look = is_short;
    how.with = x;
    return edit_run(x->edit, d, a, &how, EDIT_APPLY, &x->result, f);
}

static bool run(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct giving *x = with;

    if (!x->asks && give_alone(x, d, a, f))
        return true;
    if (!x->asks && strcmp(f->code, NEEDS_TWO) != 0)
        return false;
    x->asks = true;
    *f = (struct fail){ 0 };
    /* Held to what a row must be now: whoever approves can mend nothing of it. */
    if (!edit_run(x->edit, d, a, &x->how, EDIT_CHECK, &x->result, f) ||
        !edit_run(x->edit, d, a, &x->how, EDIT_KEEP, &x->result, f))
        return false;
    x->move = (struct draft_move){ .number = x->result.draft, .edition = x->result.edition, .act = DRAFT_PROPOSE };
    return draft_do(d, a, &x->by, &x->move, &x->result, f);
}

static void free_edit(void *e)
{
    edit_free(e);
}

static void edit_begin(struct ctx *c, struct giving *x, struct str why)
{
    struct change_by *by = arena_make(c->arena, struct change_by);
    const struct edit_from from = { 0 };

    *by = x->by = console_by(c, MAKER_console, why);
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals };
    x->edit = edit_new(by, &from);
    arena_adopt(c->arena, x->edit, free_edit);
}

static void note_pass(struct ctx *c, struct giving *x)
{
    const struct row_id account = { S("account"), { x->id } }, place = { S("affiliation"), { x->id, S("0") } };
    const struct edit_field fields[] = {
        { S("idp"), x->idp->id },         { S("username"), x->v.username },  { S("password"), x->v.password },
        { S("given_names"), x->v.given }, { S("family_name"), x->v.family }, { S("age"), S("adult") },
        { S("school"), x->school->oid },
    };
    const struct edit_field at[] = { { S("provider"), console_provider(c)->id },
                                     { S("school"), x->school->oid },
                                     { S("role"), S("substitute") },
                                     { S("from"), when_rfc3339(c->arena, x->from_s) },
                                     { S("to"), when_rfc3339(c->arena, x->to_s) } };

    edit_begin(c, x, x->v.why);
    edit_put(x->edit, &account, fields, sizeof fields / sizeof *fields);
    edit_put(x->edit, &place, at, sizeof at / sizeof *at);
}

static void read_form(struct ctx *c, struct giving *x)
{
    struct passes_view *v = &x->v;

    v->given = str_sub(str_trim(form_get(c->body, S("given"))), 0, NAME_MAX_B);
    v->family = str_sub(str_trim(form_get(c->body, S("family"))), 0, NAME_MAX_B);
    v->from = str_sub(str_trim(form_get(c->body, S("from"))), 0, TYPED_MAX_B);
    v->from_at = str_sub(str_trim(form_get(c->body, S("from_at"))), 0, TYPED_MAX_B);
    v->to = str_sub(str_trim(form_get(c->body, S("to"))), 0, TYPED_MAX_B);
    v->to_at = str_sub(str_trim(form_get(c->body, S("to_at"))), 0, TYPED_MAX_B);
    v->why = str_sub(str_trim(form_get(c->body, S("why"))), 0, PEOPLE_WHY_MAX_B);
}

static enum step ask_give(struct ctx *c, struct fail *f)
{
    struct giving *x = arena_make(c->arena, struct giving);
    const struct provider *p = console_provider(c);
    struct str school = form_get(c->body, S("school")), own = c->console->area.school;

    (void)f;
    c->state = x;
    if (p == NULL || (str_is_set(school) && provider_school(p, school) == NULL) ||
        (str_is_set(own) && str_is_set(school) && !str_eq(own, school)))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    read_form(c, x);
    x->school = provider_school(p, str_is_set(own) ? own : school);
    x->idp = own_accounts(c);
    x->v.said = what_is_wrong(c, x);
    if (x->v.said != PASS_SAID_NOTHING)
        return show(c, &x->v, school, 400);
    x->id = arena_join(c->arena, S(PASS_PREFIX), readable(c, ID_CHARS, 0));
    x->v.username = arena_join(c->arena, S("s"), readable(c, USERNAME_CHARS, 0));
    x->v.password = readable(c, PASSWORD_CHARS, 4);
    people_audit(c, "give_pass", arena_join(c->arena, S("account "), x->id), x->v.why, &x->audit);
    return WAIT;
}

static enum step give(struct ctx *c, struct fail *f)
{
    struct giving *x = c->state;

    if (!x->audit.durable)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the audit log takes nothing");
    note_pass(c, x);
    return console_ask(c, run, x, &x->got, f);
}

static struct str address_of(struct ctx *c, const struct idp *idp)
{
    return idp->listed ? arena_printf(c->arena, "%.*s/school/%.*s", STR_ARG(c->set->public_url), STR_ARG(idp->id))
                       : c->set->public_url;
}

/* Shown in the answer itself: the password stands in no address and is kept nowhere. */
static enum step say_given(struct ctx *c, struct fail *f)
{
    struct giving *x = c->state;
    struct passes_view v = { .username = x->v.username,
                             .password = x->v.password,
                             .address = address_of(c, x->idp),
                             .from = x->v.from,
                             .from_at = x->v.from_at,
                             .to = x->v.to,
                             .to_at = x->v.to_at,
                             .said = x->asks ? PASS_SAID_ASKED : PASS_SAID_GIVEN };

    if (!x->got.ok && (x->got.why.kind == FAIL_CALLER || x->got.why.kind == FAIL_CONFLICT)) {
        x->v.username = x->v.password = (struct str){ NULL, 0 };
        x->v.said = PASS_SAID_STORED;
        return show(c, &x->v, x->school->oid, 409);
    }
    if (!console_answered(&x->got, f))
        return REFUSE;
    const struct area where = { console_provider(c)->id, x->school->oid };
    raise_at_night(c, ALARM_pass_at_night, &where, (struct str){ NULL, 0 });
    return show(c, &v, x->school->oid, 200);
}

const struct step_row admin_pass_give[] = { { console_door }, { ask_give }, { give }, { say_given }, { NULL } };

/* ── one is taken ───────────────────────────────────────────────────────── */

static const struct account *pass_here(const struct ctx *c, struct str id)
{
    const struct registry_parts *parts = registry_parts(c->registry);

    for (size_t i = 0; i < parts->account_count; i++)
        if (str_eq(parts->accounts[i].id, id))
            return is_pass_here(c, &parts->accounts[i]) ? &parts->accounts[i] : NULL;
    return NULL;
}

static bool take_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct giving *x = with;

    return edit_run(x->edit, d, a, &x->how, EDIT_APPLY, &x->result, f);
}

static enum step ask_take(struct ctx *c, struct fail *f)
{
    struct giving *x = arena_make(c->arena, struct giving);
    const struct edit_field off = { S("enabled"), S("false") };

    c->state = x;
    x->account = pass_here(c, c->req->param);
    if (x->account == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    const struct row_id row = { S("account"), { x->account->id } };
    edit_begin(c, x, said(C_pass_taken, c->lang));
    edit_put(x->edit, &row, &off, 1);
    return console_ask(c, take_sql, x, &x->got, f);
}

/* Who is in with it, is out. */
static enum step end_theirs(struct ctx *c, struct fail *f)
{
    struct giving *x = c->state;
    struct mark m = { .kind = MARK_PERSON };

    if (!console_answered(&x->got, f))
        return REFUSE;
    m.what = pairwise_person(c->arena, c->seals, x->account->idp, x->account->id);
    if (!people_end(c, &m, &x->kept))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step say_taken(struct ctx *c, struct fail *f)
{
    const struct giving *x = c->state;

    if (!x->kept)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the end of sessions was not kept");
    return done_go(c, S("/admin/passes"), "taken", S(""));
}

const struct step_row admin_pass_take[] = { { console_door }, { ask_take }, { end_theirs }, { say_taken }, { NULL } };
