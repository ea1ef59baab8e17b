/* SPDX-License-Identifier: EUPL-1.2
 * Who administers here, until when and why; a right given, and taken away. */
#include "base/crypt.h"
#include "console/texts.h"
#include "frame/roles.h"
#include "frame/words.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/door.h"
#include "gateway/console/lines.h"
#include "gateway/console/raise.h"
#include "gateway/console/rights_given.h"
#include "gateway/flow.h"
#include "gateway/session/done.h"
#include "model/when.h"
#include "registry/edit.h"
#include "wire/form.h"

#include <string.h>

enum {
    ROWS_A_PAGE = 40,
    WHY_MAX_B = 200,
    USER_MAX_B = 256,
    HERE_MAX_B = 8192,
    BRINGS_MAX_B = 2048,
    IDPS_MAX = 400,
    YEAR_S = 365 * 86400,
    TO_MAX_S = 5 * YEAR_S,
    ID_TRIES = 1000
};

/* ── in words ───────────────────────────────────────────────────────────── */

static struct str deed_words(enum console_action action, enum lang lang)
{
    static const enum said words[MAY_COUNT] = {
#define X(name, cedar) [MAY_##name] = C_may_##name,
        CONSOLE_ACTIONS(X)
#undef X
    };

    return said(words[action], lang);
}

static struct circumstances now_of(const struct ctx *c)
{
    return flow_circumstances(c);
}

static const struct account *account_of(const struct ctx *c, const struct admin *x)
{
    const struct registry_parts *parts = registry_parts(c->registry);

    for (size_t i = 0; i < parts->account_count; i++)
        if (str_eq(parts->accounts[i].id, x->subject) && str_eq(parts->accounts[i].idp, x->idp))
            return &parts->accounts[i];
    return NULL;
}

static bool is_own(const struct ctx *c, const struct admin *x)
{
    return str_eq(x->idp, c->session->person->idp) && str_eq(x->subject, c->session->person->subject);
}

static struct right_row row_of(struct ctx *c, const struct admin *x)
{
    const struct area where = rights_area(x);
    const struct account *account = account_of(c, x);
    struct right_row r = { .id = x->id,
                           .who = x->id,
                           .user = x->subject,
                           .role = role_word(x->role, c->lang),
                           .where = console_area_name(c, &where),
                           .state = rights_state(x, c->now_s),
                           .open_end = x->to_s == 0,
                           .own = is_own(c, x) };

    if (account != NULL) {
        const struct person *p = account->person;
        r.user = account->username;
        const struct str name = rights_name(c->arena, p);
        if (str_is_set(name))
            r.who = name;
    }
    if (x->from_s != 0)
        r.from = when_date(c->arena, x->from_s);
    if (x->to_s != 0)
        r.to = when_date(c->arena, x->to_s - 1);
    return r;
}

/* ── the list ───────────────────────────────────────────────────────────── */

struct listing { /* c->state */
    struct area area;
    struct row_ask ask;
    struct row_page page;
    struct desk_got got;
    struct str q;
};

static bool list_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct listing *x = with;

    return row_list(d, a, &x->area, &x->ask, &x->page, f);
}

static enum step ask_list(struct ctx *c, struct fail *f)
{
    struct listing *x = arena_make(c->arena, struct listing);

    c->state = x;
    x->area = c->console->area;
    x->q = str_trim(form_get(c->query, S("q")));
    x->ask = (struct row_ask){
        .kind = "admin", .search = x->q, .after = { form_get(c->query, S("after")) }, .most = ROWS_A_PAGE
    };
    return console_ask(c, list_sql, x, &x->got, f);
}

static enum step show_list(struct ctx *c, struct fail *f)
{
    const struct listing *x = c->state;
    struct right_row *rows = arena_make_n(c->arena, ROWS_A_PAGE + 1, struct right_row);
    struct str done = done_here(c, NULL);
    struct admins_view v = { .q = x->q,
                             .may_give = console_may(c, MAY_MANAGE_ADMINS),
                             .given = str_eq(done, S("given")),
                             .taken = str_eq(done, S("taken")) };

    if (!console_answered(&x->got, f))
        return REFUSE;
    /* SQL may be a moment ahead of what is served: what is not there yet, or any more, is told with the next page. */
    for (size_t i = 0; i < x->page.n; i++) {
        const struct admin *admin = rights_find(c->registry, x->page.at[i].id.key[0]);
        if (admin != NULL)
            rows[v.rows.n++] = row_of(c, admin);
    }
    v.rows.at = rows;
    if (x->page.more)
        v.next = x->page.at[x->page.n - 1].id.key[0];
    console_page_for(c, PLACE_ADMINS, false, S("/admin/admins"), &v.con);
    return answer_page(c, 200, page_admins(c->arena, &v));
}

const struct step_row admin_admins[] = { { console_door }, { ask_list }, { show_list }, { NULL } };

/* ── one of them ────────────────────────────────────────────────────────── */

struct taking { /* c->state */
    const struct admin *right;
    struct edit *edit;
    struct edit_how how;
    struct edit_result result;
    struct desk_got got;
    struct rights_asking asking;
    struct str why;
};

/* NULL: there is none of that id in the area. */
static const struct admin *right_in_area(const struct ctx *c, struct str id)
{
    const struct admin *x = rights_find(c->registry, id);
    const struct area where = x != NULL ? rights_area(x) : area_nation;

    return x != NULL && area_within(&where, &c->console->area) ? x : NULL;
}

static void put_brings(struct ctx *c, const struct admin *x, struct admin_view *v)
{
    const struct area where = rights_area(x);
    const struct circumstances now = now_of(c);
    struct deed_word *words = arena_make_n(c->arena, MAY_COUNT, struct deed_word);

    for (enum console_action i = policy_role_brings(c->registry, x->role, &where, &now, MAY_NONE); i != MAY_NONE;
         i = policy_role_brings(c->registry, x->role, &where, &now, i))
        words[v->brings.n++].words = deed_words(i, c->lang);
    v->brings.at = words;
}

static enum step show_right(struct ctx *c, const struct admin *x, enum right_said said_, struct str why)
{
    const struct area where = rights_area(x);
    const struct circumstances now = now_of(c);
    const struct idp *idp = registry_idp(c->registry, x->idp);
    enum console_action lacks = policy_may_not_give(c->registry, c->session->person, x->role, &where, &now);
    struct admin_view v = { .right = row_of(c, x),
                            .idp = idp != NULL ? names_in(&idp->names, c->lang) : x->idp,
                            .given_why = x->why,
                            .may_take = console_may_in(c, MAY_MANAGE_ADMINS, &where),
                            .fresh = console_fresh(c),
                            .last = is_own(c, x) && rights_are_last(c->registry, c->session->person, x, &now),
                            .why = why,
                            .version = registry_parts(c->registry)->version,
                            .said = said_ };

    if (lacks != MAY_NONE)
        v.lacks = deed_words(lacks, c->lang);
    put_brings(c, x, &v);
    console_page_for(c, PLACE_ADMINS, true, arena_join(c->arena, S("/admin/admins/"), x->id), &v.con);
    return answer_page(c,
                       said_ == RIGHT_SAID_MORE      ? 403
                       : said_ == RIGHT_SAID_CHANGED ? 409
                       : said_ > RIGHT_SAID_NOTHING  ? 400
                                                     : 200,
                       page_admin(c->arena, &v));
}

static enum step show_one(struct ctx *c, struct fail *f)
{
    const struct admin *x = right_in_area(c, c->req->param);

    (void)f;
    if (x == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return show_right(c, x, RIGHT_SAID_NOTHING, form_get(c->query, S("why")));
}

const struct step_row admin_admin[] = { { console_door }, { show_one }, { NULL } };

/* ── taking it away ─────────────────────────────────────────────────────── */

static bool take_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct taking *x = with;

    return edit_run(x->edit, d, a, &x->how, EDIT_APPLY, &x->result, f);
}

static void free_edit(void *e)
{
    edit_free(e);
}

static struct edit *new_edit(struct ctx *c, const struct edit_from *from, struct str why)
{
    struct change_by *by = arena_make(c->arena, struct change_by);

    *by = console_by(c, MAKER_console, why);
    struct edit *e = edit_new(by, from);
    arena_adopt(c->arena, e, free_edit);
    return e;
}

static struct rights_asking asking_of(const struct ctx *c, enum role role)
{
    return (
        struct rights_asking){ .registry = c->registry, .person = c->session->person, .role = role, .now = now_of(c) };
}

static struct str with_why(struct ctx *c, struct str at, struct str why)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, at);
    url_query(&b, S("why"), why);
    return buf_ok(&b) ? buf_str(&b) : at;
}

static enum step ask_take(struct ctx *c, struct fail *f)
{
    struct taking *x = arena_make(c->arena, struct taking);
    struct edit_from from = { 0 };
    const struct circumstances now = now_of(c);

    c->state = x;
    x->right = right_in_area(c, c->req->param);
    if (x->right == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    const struct area where = rights_area(x->right);
    if (!console_may_in(c, MAY_MANAGE_ADMINS, &where))
        return console_refuse(c, FAIL_DENIED, "not_yours");
    x->why = str_sub(str_trim(form_get(c->body, S("why"))), 0, WHY_MAX_B);
    if (!str_is_set(x->why))
        return show_right(c, x->right, RIGHT_SAID_WHY, x->why);
    if (is_own(c, x->right) && rights_are_last(c->registry, c->session->person, x->right, &now) &&
        !str_eq(form_get(c->body, S("own")), S("yes")))
        return show_right(c, x->right, RIGHT_SAID_OWN, x->why);
    if (!console_fresh(c))
        return console_log_in_again(c, with_why(c, arena_join(c->arena, S("/admin/admins/"), x->right->id), x->why), f);
    if (!str_int(form_get(c->body, S("version")), &from.version) || from.version <= 0)
        from.version = registry_parts(c->registry)->version;
    const struct row_id row = { .kind = S("admin"), .key = { x->right->id } };
    x->asking = asking_of(c, x->right->role);
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals, .may = rights_may, .with = &x->asking };
    x->edit = new_edit(c, &from, x->why);
    edit_remove(x->edit, &row);
    return console_ask(c, take_sql, x, &x->got, f);
}

/* What was refused by the storage layer has its line as what the door refuses. */
static enum step note_refused(struct ctx *c, const struct desk_got *got)
{
    if (got->ok || (got->why.kind != FAIL_CALLER && got->why.kind != FAIL_DENIED))
        return NEXT;
    console_audit(c, "refused", str_of(got->why.code), str_of(c->route->path));
    return WAIT;
}

static enum step note_take(struct ctx *c, struct fail *f)
{
    (void)f;
    return note_refused(c, &((const struct taking *)c->state)->got);
}

static enum step say_taken(struct ctx *c, struct fail *f)
{
    const struct taking *x = c->state;
    const struct fail *why = &x->got.why;

    if (x->got.ok)
        return done_go(c, S("/admin/admins"), "taken", S(""));
    if (why->kind == FAIL_CONFLICT)
        return show_right(c, x->right, RIGHT_SAID_CHANGED, x->why);
    if (why->kind != FAIL_CALLER && why->kind != FAIL_DENIED)
        return console_answered(&x->got, f) ? NEXT : REFUSE;
    if (!console_audited(c, f))
        return REFUSE;
    if (strcmp(why->code, "lockout") == 0)
        return show_right(c, x->right, RIGHT_SAID_LOCKOUT, x->why);
    if (strcmp(why->code, RIGHTS_MORE) == 0)
        return show_right(c, x->right, RIGHT_SAID_MORE, x->why);
    return console_answered(&x->got, f) ? NEXT : REFUSE;
}

const struct step_row admin_admin_take[] = { { console_door }, { ask_take }, { note_take }, { say_taken }, { NULL } };

/* ── giving one ─────────────────────────────────────────────────────────── */

struct giving { /* c->state */
    const struct form *form;
    struct str idp_id, user, role_text, place_text, from_text, to_text, why;
    const struct idp *idp;
    struct area place;
    struct str subject, id;
    enum role role;
    int64_t from_s, to_s;
    struct give_view v;
    struct edit *edit;
    struct edit_how how;
    struct edit_result result;
    struct desk_got got;
    struct rights_asking asking;
};

static void read_form(struct ctx *c, struct giving *x, const struct form *form)
{
    x->idp_id = form_get(form, S("idp"));
    x->user = str_sub(str_trim(form_get(form, S("user"))), 0, USER_MAX_B);
    x->role_text = form_get(form, S("role"));
    x->place_text = form_get(form, S("place"));
    x->from_text = str_trim(form_get(form, S("from")));
    x->to_text = str_trim(form_get(form, S("to")));
    x->why = str_sub(str_trim(form_get(form, S("why"))), 0, WHY_MAX_B);
    x->role = role_of_name(x->role_text);
    x->place = c->console->area;
    x->idp = registry_idp(c->registry, x->idp_id);
}

/* Those of the area's own people; the nation's are those that are no municipality's. */
static bool is_idp_here(const struct ctx *c, const struct idp *idp)
{
    const struct provider *p = console_provider(c);

    return idp != NULL && idp->provider == p;
}

/* The area itself, and the schools in it. */
static struct choices places_of(struct ctx *c, const struct giving *x)
{
    const struct provider *p = console_provider(c);
    const struct area *area = &c->console->area;
    size_t schools = p != NULL && !str_is_set(area->school) ? p->school_count : 0, n = 0;
    struct choice *at = arena_make_n(c->arena, schools + 1, struct choice);

    at[n++] = (struct choice){ area_text(c->arena, area), console_area_name(c, area), area_same(area, &x->place) };
    for (size_t i = 0; i < schools; i++) {
        const struct area one = { .provider = p->id, .school = p->schools[i].oid };
        if (p->schools[i].active)
            at[n++] = (struct choice){ area_text(c->arena, &one), names_in(&p->schools[i].names, c->lang),
                                       area_same(&one, &x->place) };
    }
    return (struct choices){ at, n };
}

static struct choices idps_of(struct ctx *c, const struct giving *x)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    struct choice *at = arena_make_n(c->arena, IDPS_MAX, struct choice);
    size_t n = 0;

    for (size_t i = 0; i < parts->idp_count && n < IDPS_MAX; i++)
        if (is_idp_here(c, &parts->idps[i]))
            at[n++] = (struct choice){ parts->idps[i].id, names_in(&parts->idps[i].names, c->lang),
                                       &parts->idps[i] == x->idp };
    return (struct choices){ at, n };
}

static struct str brings_words(struct ctx *c, enum role role, const struct area *where)
{
    const struct circumstances now = now_of(c);
    struct buf b = buf_new(c->arena, BRINGS_MAX_B);

    for (enum console_action i = policy_role_brings(c->registry, role, where, &now, MAY_NONE); i != MAY_NONE;
         i = policy_role_brings(c->registry, role, where, &now, i)) {
        if (b.n > 0)
            buf_add(&b, S(", "));
        buf_add(&b, deed_words(i, c->lang));
    }
    return buf_ok(&b) ? buf_str(&b) : S("");
}

/* What the person may give in the area itself, or else in a school of it. */
static struct str may_bring(struct ctx *c, enum role role, const struct area *where)
{
    const struct circumstances now = now_of(c);

    return policy_may_not_give(c->registry, c->session->person, role, where, &now) == MAY_NONE
               ? brings_words(c, role, where)
               : S("");
}

static void put_roles(struct ctx *c, struct giving *x)
{
    struct role_choice *at = arena_make_n(c->arena, ROLE_COUNT, struct role_choice);
    const struct provider *p = console_provider(c);
    struct area school = c->console->area;

    if (p != NULL && !str_is_set(school.school) && p->school_count > 0)
        school.school = p->schools[0].oid;
    for (int i = ROLE_NONE + 1; i < ROLE_COUNT; i++) {
        enum role role = (enum role)i;
        if (!rights_role_fits(role, p == NULL))
            continue;
        struct str words = may_bring(c, role, &c->console->area);
        if (!str_is_set(words) && str_is_set(school.school))
            words = may_bring(c, role, &school);
        if (str_is_set(words))
            at[x->v.roles.n++] =
                (struct role_choice){ str_of(role_name(role)), role_word(role, c->lang), words, role == x->role };
    }
    x->v.roles.at = at;
}

static enum step show_form(struct ctx *c, struct giving *x, int status)
{
    struct give_view *v = &x->v;

    v->idps = idps_of(c, x);
    v->places = places_of(c, x);
    put_roles(c, x);
    v->user = x->user;
    v->why = x->why;
    v->from = x->from_text;
    v->to = str_is_set(x->to_text) ? x->to_text : when_day(c->arena, c->now_s + YEAR_S);
    v->fresh = console_fresh(c);
    v->wrong = v->no_user || v->pass || v->no_role || v->no_from || v->no_to || v->no_why;
    console_page_for(c, PLACE_ADMINS, true, S("/admin/give"), &v->con);
    return answer_page(c, status, page_give(c->arena, v));
}

static void place_of(struct ctx *c, struct giving *x, bool *known)
{
    struct area place;

    *known = !str_is_set(x->place_text);
    if (!*known && console_area_read(c, x->place_text, &place) && area_within(&place, &c->console->area)) {
        x->place = place;
        *known = true;
    }
}

static enum step show_empty(struct ctx *c, struct fail *f)
{
    struct giving *x = arena_make(c->arena, struct giving);
    bool known;

    (void)f;
    c->state = x;
    read_form(c, x, c->query);
    place_of(c, x, &known);
    return show_form(c, x, 200);
}

const struct step_row admin_give[] = { { console_door }, { show_empty }, { NULL } };

/* A local account is found by its user name, whose subject is the account; elsewhere the name is what the identity
 * provider calls the person, and whether there is such a one is not known here. */
static bool find_subject(struct ctx *c, struct giving *x)
{
    if (!is_idp_here(c, x->idp) || !str_is_set(x->user))
        return false;
    if (x->idp->kind != IDP_LOCAL) {
        x->subject = x->user;
        return true;
    }
    const struct account *account = registry_account(c->registry, x->idp->id, x->user);
    if (account != NULL)
        x->subject = account->id;
    x->v.pass = account != NULL && str_is_set(account->school);
    return account != NULL;
}

/* The last day counts whole. */
static void read_days(struct ctx *c, struct giving *x)
{
    x->v.no_from = str_is_set(x->from_text) && !when_day_read(x->from_text, &x->from_s);
    if (x->from_s != 0 && x->from_s <= c->now_s)
        x->from_s = 0;
    x->v.no_to = !when_day_read_end(x->to_text, &x->to_s) || x->to_s <= c->now_s || x->to_s <= x->from_s ||
                 x->to_s > c->now_s + TO_MAX_S;
}

static bool check(struct ctx *c, struct giving *x)
{
    struct give_view *v = &x->v;

    v->no_user = !find_subject(c, x);
    v->no_role =
        !rights_role_fits(x->role, !str_is_set(x->place.provider)) || !str_is_set(brings_words(c, x->role, &x->place));
    read_days(c, x);
    v->no_why = !str_is_set(x->why);
    return !(v->no_user || v->pass || v->no_role || v->no_from || v->no_to || v->no_why);
}

/* The history shows who did something by this name, so it is the account's own where it can be. */
static struct str new_id(struct ctx *c, const struct giving *x)
{
    struct str base = x->idp->kind == IDP_LOCAL ? x->subject : x->idp->id, id = base;

    for (int i = 2; rights_find(c->registry, id) != NULL && i < ID_TRIES; i++)
        id = arena_printf(c->arena, "%.*s-%d", STR_ARG(base), i);
    return id;
}

static struct str typed(struct ctx *c, const struct giving *x)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, S("/admin/give"));
    url_query(&b, S("idp"), x->idp_id);
    url_query(&b, S("user"), x->user);
    url_query(&b, S("role"), x->role_text);
    url_query(&b, S("place"), x->place_text);
    if (str_is_set(x->from_text))
        url_query(&b, S("from"), x->from_text);
    url_query(&b, S("to"), x->to_text);
    url_query(&b, S("why"), x->why);
    return buf_ok(&b) ? buf_str(&b) : S("/admin/give");
}

static void note_give(struct ctx *c, struct giving *x)
{
    struct edit_field fields[8];
    const struct edit_from from = { 0 };
    size_t n = 0;

    x->id = new_id(c, x);
    const struct row_id row = { .kind = S("admin"), .key = { x->id } };
    fields[n++] = (struct edit_field){ S("idp"), x->idp->id };
    fields[n++] = (struct edit_field){ S("subject"), x->subject };
    fields[n++] = (struct edit_field){ S("role"), str_of(role_name(x->role)) };
    if (str_is_set(x->place.provider))
        fields[n++] = (struct edit_field){ S("provider"), x->place.provider };
    if (str_is_set(x->place.school))
        fields[n++] = (struct edit_field){ S("school"), x->place.school };
    if (x->from_s != 0)
        fields[n++] = (struct edit_field){ S("from"), when_rfc3339(c->arena, x->from_s) };
    fields[n++] = (struct edit_field){ S("to"), when_rfc3339(c->arena, x->to_s) };
    fields[n++] = (struct edit_field){ S("why"), x->why };
    x->asking = asking_of(c, x->role);
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals, .may = rights_may, .with = &x->asking };
    x->edit = new_edit(c, &from, x->why);
    edit_put(x->edit, &row, fields, n);
}

static bool give_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct giving *x = with;

    return edit_run(x->edit, d, a, &x->how, EDIT_APPLY, &x->result, f);
}

static enum step ask_give(struct ctx *c, struct fail *f)
{
    struct giving *x = arena_make(c->arena, struct giving);
    bool known;

    c->state = x;
    read_form(c, x, c->body);
    place_of(c, x, &known);
    if (!known)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!console_may_in(c, MAY_MANAGE_ADMINS, &x->place))
        return console_refuse(c, FAIL_DENIED, "not_yours");
    if (!check(c, x))
        return show_form(c, x, 400);
    if (!console_fresh(c))
        return console_log_in_again(c, typed(c, x), f);
    note_give(c, x);
    return console_ask(c, give_sql, x, &x->got, f);
}

static enum step note_given(struct ctx *c, struct fail *f)
{
    (void)f;
    return note_refused(c, &((const struct giving *)c->state)->got);
}

static enum step say_given(struct ctx *c, struct fail *f)
{
    struct giving *x = c->state;
    const struct fail *why = &x->got.why;

    if (x->got.ok) {
        alarm_at_night(c->alarms, c->arena, ALARM_right_at_night, &x->place, x->id, c->now_s);
        return done_go(c, S("/admin/admins"), "given", S(""));
    }
    if (why->kind != FAIL_CALLER && why->kind != FAIL_DENIED && why->kind != FAIL_CONFLICT)
        return console_answered(&x->got, f) ? NEXT : REFUSE;
    if (why->kind != FAIL_CONFLICT && !console_audited(c, f))
        return REFUSE;
    if (strcmp(why->code, RIGHTS_MORE) == 0) {
        const struct circumstances now = now_of(c);
        enum console_action lacks = policy_may_not_give(c->registry, c->session->person, x->role, &x->place, &now);
        x->v.more = true;
        x->v.lacks = lacks != MAY_NONE ? deed_words(lacks, c->lang) : S("");
        return show_form(c, x, 403);
    }
    x->v.pass = strcmp(why->code, "pass_right") == 0;
    if (x->v.pass)
        return show_form(c, x, 400);
    x->v.detail = act_trouble(c, &x->result, why);
    return show_form(c, x, why->kind == FAIL_CONFLICT ? 409 : 400);
}

const struct step_row admin_give_run[] = { { console_door }, { ask_give }, { note_given }, { say_given }, { NULL } };
