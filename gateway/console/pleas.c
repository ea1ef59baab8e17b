/* SPDX-License-Identifier: EUPL-1.2
 * What people ask to be opened to them: listed, led to the change that would do it, or declined with words. */
#include "gateway/console/pleas.h"

#include "base/log.h"
#include "base/text.h"
#include "console/texts.h"
#include "frame/roles.h"
#include "frame/words.h"
#include "gateway/answer.h"
#include "gateway/console/door.h"
#include "gateway/session/done.h"
#include "model/when.h"
#include "policy/matrix.h"
#include "wire/form.h"
#include "wire/http.h"

enum { ROWS_SHOWN = 60, LOOKED_AT_MAX = 2000, WHO_MAX_B = 1024, LINK_MAX_B = 4096, WORDS_MAX_B = 600 };

/* ── the board ──────────────────────────────────────────────────────────── */

static void keep_own(struct plea_board *b, struct arena *a, const struct pleas_found *all, size_t most)
{
    for (size_t i = 0; i < all->n && b->n < most; i++) {
        const struct plea *p = &all->at[i];
        struct area decider;
        if (plea_decider(a, b->registry, &p->key, p->levels, b->now_s, &decider) && area_same(&decider, &b->area) &&
            !plea_met(b->registry, p, b->now_s))
            b->at[b->n++] = *p;
    }
}

/* Whose each is, is known when it is looked at: so on behind those that are others', until there are enough. */
static bool read_board(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct plea_board *b = with;
    struct pleas_found all = { NULL, PLEAS_LISTED_MAX };
    size_t most =
        str_is_set(b->service) ? LOOKED_AT_MAX : PLEAS_LISTED_MAX; /* of one service, columns are chosen from */

    b->at = arena_make_n(a, most, struct plea);
    for (size_t from = 0; all.n == PLEAS_LISTED_MAX && b->n < most; from += all.n) {
        b->cut = from >= LOOKED_AT_MAX;
        if (b->cut)
            break;
        if (!pleas_list(d, a, &b->area, b->service, from, b->now_s, &all, f))
            return false;
        keep_own(b, a, &all, most);
    }
    return pleas_learners(d, a, b->area.provider, &b->learners, f);
}

bool plea_board_ask(struct ctx *c, struct str service, struct plea_board *b)
{
    *b =
        (struct plea_board){ .registry = c->registry, .area = c->console->area, .service = service, .now_s = c->now_s };
    return c->pleas != NULL && str_is_set(b->area.provider) &&
           pleas_ask(c->pleas, c->work, &c->batch, c->arena, read_board, b, &b->got);
}

static bool is_in_column(const struct plea *p, int col)
{
    const struct matrix_who *who = col >= 0 ? &matrix_columns[col] : NULL;

    if (who == NULL)
        return true;
    if (who->role != p->key.role || who->role != ROLE_LEARNER)
        return who->role == p->key.role;
    for (int level = who->level_from; level <= who->level_to; level++)
        if ((p->levels >> level & 1u) != 0)
            return true;
    return false;
}

/* "Oppilas, luokat 5–6, Testi-Kielonmäen koulu" */
static struct str who_asks(struct ctx *c, const struct plea *p)
{
    const struct provider *of = registry_provider(c->registry, p->key.provider);
    const struct school *s = of != NULL && str_is_set(p->key.school) ? provider_school(of, p->key.school) : NULL;
    struct buf b = buf_new(c->arena, WHO_MAX_B);
    int low = 0, high = 0;

    buf_add(&b, role_word(p->key.role, c->lang));
    for (int level = 1; level < PLEA_LEVELS; level++)
        if ((p->levels >> level & 1u) != 0) {
            low = low == 0 ? level : low;
            high = level;
        }
    if (low > 0)
        buf_printf(&b, low == high ? ", %.*s %d" : ", %.*s %d\xE2\x80\x93%d", STR_ARG(said(C_plea_grade, c->lang)), low,
                   high);
    buf_add(&b, S(", "));
    buf_add(&b, s != NULL    ? names_in(&s->names, c->lang)
                : of != NULL ? names_in(&of->names, c->lang)
                             : p->key.provider);
    return buf_str(&b);
}

static struct plea_row row_of(struct ctx *c, const struct plea *p)
{
    const struct service *s = registry_service(c->registry, p->key.service);

    return (struct plea_row){ .number = p->number,
                              .service = s != NULL ? names_in(&s->names, c->lang) : p->key.service,
                              .who = who_asks(c, p),
                              .count = words_count(c->arena, (size_t)p->count, c->lang),
                              .when = when_date(c->arena, p->first_s) };
}

struct plea_rows plea_board_rows(struct ctx *c, const struct plea_board *b, size_t most, int col)
{
    struct plea_row *rows = arena_make_n(c->arena, most + 1, struct plea_row);
    struct plea_rows out = { rows, 0 };

    if (!b->got.ok && b->got.why.kind != FAIL_NONE)
        log_event(LOG_ERROR, "pleas.unread", LOG_C("code", b->got.why.code), LOG_C("why", b->got.why.detail));
    for (size_t i = 0; b->got.ok && i < b->n && out.n < most; i++)
        if (is_in_column(&b->at[i], col))
            rows[out.n++] = row_of(c, &b->at[i]);
    return out;
}

/* ── all of them ────────────────────────────────────────────────────────── */

static enum step ask_all(struct ctx *c, struct fail *f)
{
    struct plea_board *b = arena_make(c->arena, struct plea_board);

    c->state = b;
    if (!str_is_set(c->console->area.provider))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return plea_board_ask(c, S(""), b) ? WAIT : (enum step)fail(f, FAIL_BUSY, "busy", "too many jobs wait");
}

static bool answered(const struct pleas_got *got, struct fail *f)
{
    if (!got->ok)
        *f = got->why;
    return got->ok;
}

static bool may_set(const struct ctx *c)
{
    return !str_is_set(c->console->area.school) && console_may(c, MAY_PUBLISH);
}

static enum step show_all(struct ctx *c, struct fail *f)
{
    const struct plea_board *b = c->state;
    if (!answered(&b->got, f))
        return REFUSE;
    struct requests_view v = { .rows = plea_board_rows(c, b, ROWS_SHOWN, -1),
                               .more = b->cut || b->n > ROWS_SHOWN,
                               .may_set = may_set(c),
                               .learners = b->learners,
                               .said = done_was(c, "declined") ? REQUEST_SAID_DECLINED
                                       : done_was(c, "set")    ? REQUEST_SAID_SET
                                                               : REQUEST_SAID_NOTHING };
    console_page_for(c, PLACE_RIGHTS, false, S("/admin/requests"), &v.con);
    v.con.sub = SUB_REQUESTS;
    return answer_page(c, 200, page_requests(c->arena, &v));
}

const struct step_row admin_requests[] = { { console_door }, { ask_all }, { show_all }, { NULL } };

/* ── whether learners may ask ───────────────────────────────────────────── */

struct letting { /* c->state */
    struct str provider;
    bool may;
    struct pleas_got got;
};

static bool run_letting(void *with, struct db *d, struct arena *a, struct fail *f)
{
    const struct letting *x = with;

    (void)a;
    return pleas_let_learners(d, x->provider, x->may, f);
}

static enum step let(struct ctx *c, struct fail *f)
{
    struct letting *x = arena_make(c->arena, struct letting);

    c->state = x;
    if (!str_is_set(c->console->area.provider) || !may_set(c) || c->pleas == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->provider = c->console->area.provider;
    x->may = str_eq(form_get(c->body, S("learners")), S("yes"));
    return pleas_ask(c->pleas, c->work, &c->batch, c->arena, run_letting, x, &x->got)
               ? WAIT
               : (enum step)fail(f, FAIL_BUSY, "busy", "too many jobs wait");
}

static enum step say_let(struct ctx *c, struct fail *f)
{
    const struct letting *x = c->state;

    return answered(&x->got, f) ? done_go(c, S("/admin/requests"), "set", S("")) : REFUSE;
}

const struct step_row admin_requests_set[] = { { console_door }, { let }, { say_let }, { NULL } };

/* ── one ────────────────────────────────────────────────────────────────── */

struct one { /* c->state */
    const struct registry *registry;
    struct area area;
    int64_t number, now_s;
    bool found, here, met;
    struct plea plea;
    struct plea_voices voices;
    struct plea_remedy remedy;
    struct plea_whom whom;
    struct str words;
    enum request_said said;
    struct pleas_got got;
};

static bool read_one(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct one *x = with;
    struct area decider;

    if (!plea_one(d, a, &x->area, x->number, x->now_s, &x->plea, &x->voices, f))
        return false;
    x->here =
        plea_decider(a, x->registry, &x->plea.key, x->plea.levels, x->now_s, &decider) && area_same(&decider, &x->area);
    x->met = plea_met(x->registry, &x->plea, x->now_s);
    x->whom = plea_whom_of(a, x->registry, &x->plea);
    if (x->here && !x->met && x->plea.count > 0)
        x->remedy = plea_remedy(a, x->registry, &x->plea, &x->area, x->now_s);
    return true;
}

static bool begin(struct ctx *c, struct one *x)
{
    c->state = x;
    *x = (struct one){ .registry = c->registry, .area = c->console->area, .now_s = c->now_s };
    return str_is_set(x->area.provider) && c->pleas != NULL && str_int(c->req->param, &x->number) && x->number > 0;
}

static enum step ask_one(struct ctx *c, struct fail *f)
{
    struct one *x = arena_make(c->arena, struct one);

    if (!begin(c, x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return pleas_ask(c->pleas, c->work, &c->batch, c->arena, read_one, x, &x->got)
               ? WAIT
               : (enum step)fail(f, FAIL_BUSY, "busy", "too many jobs wait");
}

/* What a draft says of why: how many asked, and who they are. */
static struct str draft_why(struct ctx *c, const struct one *x)
{
    return arena_printf(c->arena, "%.*s: %.*s (%lld)", STR_ARG(said(C_plea_draft_why, c->lang)),
                        STR_ARG(who_asks(c, &x->plea)), (long long)x->plea.count);
}

/* In the matrix's order the school's boxes are named. */
static int column_of(const struct plea *p)
{
    for (int i = 0; i < MATRIX_COLUMNS; i++)
        if (is_in_column(p, i))
            return i;
    return 0;
}

static struct str number_text(struct ctx *c, int n)
{
    return arena_printf(c->arena, "%d", n);
}

static struct str remedy_link(struct ctx *c, const struct one *x)
{
    const struct plea_remedy *r = &x->remedy;
    struct buf b = buf_new(c->arena, LINK_MAX_B);

    if (r->way == PLEA_WAY_NONE)
        return (struct str){ NULL, 0 };
    if (r->way == PLEA_WAY_LIFT)
        return arena_join(c->arena, S("/admin/policy/"), r->row->id);
    if (r->way == PLEA_WAY_SCHOOL) {
        buf_add(&b, arena_join(c->arena, S("/admin/school/"), x->plea.key.service));
        url_query(&b, S("add"), number_text(c, column_of(&x->plea)));
    } else {
        buf_add(&b, arena_join(c->arena, S("/admin/policy/"), r->row != NULL ? r->row->id : S("new")));
        url_query(&b, S("service"), x->plea.key.service);
        url_query(&b, S("role"), str_of(role_name(x->whom.role)));
        url_query(&b, S("school"), x->plea.key.school);
        url_query(&b, S("level_from"), number_text(c, x->whom.level_from));
        url_query(&b, S("level_to"), number_text(c, x->whom.level_to));
    }
    url_query(&b, S("why"), draft_why(c, x));
    return buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}

static void put_voices(struct ctx *c, const struct one *x, struct request_view *v)
{
    struct voice_view *at = arena_make_n(c->arena, x->voices.n + 1, struct voice_view);

    for (size_t i = 0; i < x->voices.n; i++)
        at[i] = (struct voice_view){ x->voices.at[i].words, x->voices.at[i].name,
                                     when_date(c->arena, x->voices.at[i].at_s) };
    v->voices.at = at;
    v->voices.n = x->voices.n;
}

static enum step show(struct ctx *c, struct one *x, int status)
{
    const struct plea_remedy *r = &x->remedy;
    bool waits = x->here && !x->met && x->plea.count > 0;
    struct request_view v = { .row = row_of(c, &x->plea),
                              .met = x->met,
                              .elsewhere = !x->here,
                              .answered = !x->met && x->plea.count == 0,
                              .school = r->way == PLEA_WAY_SCHOOL,
                              .widen = r->way == PLEA_WAY_WIDEN,
                              .lift = r->way == PLEA_WAY_LIFT,
                              .may_answer = waits && console_may(c, MAY_DRAFT),
                              .words = x->words,
                              .said = x->said,
                              .more_voices = x->voices.n == PLEA_VOICES_MAX };

    if (waits && console_may(c, r->way == PLEA_WAY_SCHOOL ? MAY_PUBLISH : MAY_DRAFT))
        v.link = remedy_link(c, x);
    if (r->row != NULL)
        v.policy = str_is_set(r->row->names.in[LANG_FI]) ? names_in(&r->row->names, c->lang) : r->row->id;
    if (x->plea.declined_s != 0) {
        v.answer = x->plea.answer;
        v.answer_when = when_date(c->arena, x->plea.declined_s);
    }
    put_voices(c, x, &v);
    console_page_for(c, PLACE_RIGHTS, true, arena_printf(c->arena, "/admin/requests/%lld", (long long)x->number),
                     &v.con);
    v.con.sub = SUB_REQUESTS;
    return answer_page(c, status, page_request(c->arena, &v));
}

/* Another area's is as none. */
static bool is_none(const struct one *x)
{
    return !x->got.ok && x->got.why.kind == FAIL_NOT_FOUND;
}

static enum step show_one(struct ctx *c, struct fail *f)
{
    struct one *x = c->state;

    if (is_none(x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return answered(&x->got, f) ? show(c, x, 200) : REFUSE;
}

const struct step_row admin_request[] = { { console_door }, { ask_one }, { show_one }, { NULL } };

/* ── declined, with words ───────────────────────────────────────────────── */

static bool run_decline(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct one *x = with;

    if (!read_one(x, d, a, f))
        return false;
    if (x->said != REQUEST_SAID_NOTHING || !x->here || x->met || x->plea.count == 0)
        return true;
    return plea_decline(d, a, &x->area, x->number, x->words, x->now_s, f);
}

static enum step decline(struct ctx *c, struct fail *f)
{
    struct one *x = arena_make(c->arena, struct one);

    if (!begin(c, x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->words = text_trim(form_get(c->body, S("words")));
    if (text_is_blank(x->words))
        x->said = REQUEST_SAID_NO_WORDS;
    else if (x->words.n > WORDS_MAX_B || !text_is_plain(x->words) || !plea_words_fit(x->words))
        x->said = REQUEST_SAID_WORDS;
    return pleas_ask(c->pleas, c->work, &c->batch, c->arena, run_decline, x, &x->got)
               ? WAIT
               : (enum step)fail(f, FAIL_BUSY, "busy", "too many jobs wait");
}

static enum step say_declined(struct ctx *c, struct fail *f)
{
    struct one *x = c->state;

    if (is_none(x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!answered(&x->got, f))
        return REFUSE;
    if (x->said != REQUEST_SAID_NOTHING)
        return show(c, x, 400);
    return x->here && !x->met && x->plea.count > 0
               ? done_go(c, S("/admin/requests"), "declined", S(""))
               : answer_go(c, arena_printf(c->arena, "/admin/requests/%lld", (long long)x->number));
}

const struct step_row admin_request_answer[] = { { console_door }, { decline }, { say_declined }, { NULL } };
