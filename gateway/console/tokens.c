/* SPDX-License-Identifier: EUPL-1.2
 * Programs that administer: API tokens (gateway/api/), given here with a role and a last day, shown once, and ended. */
#include "base/crypt.h"
#include "console/texts.h"
#include "frame/roles.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/door.h"
#include "gateway/console/raise.h"
#include "gateway/console/rights_given.h"
#include "gateway/flow.h"
#include "gateway/session/done.h"
#include "model/when.h"
#include "wire/form.h"

enum { ROWS_SHOWN = 200, ID_MAX = 64, DAY_MAX = 32, TOKEN_B = 32, YEAR_S = 365 * 86400 };

static const struct str here = S("/admin/tokens");

struct token_giving { /* c->state */
    struct tokens_view v;
    enum role role;
    int64_t to_s;
    struct str token;
    struct act act;
};

/* ── the page ───────────────────────────────────────────────────────────── */

static bool is_here(const struct ctx *c, const struct api_token *t)
{
    const struct area where = rights_area(&t->right);

    return area_within(&where, &c->console->area);
}

static bool is_good(const struct ctx *c, const struct api_token *t)
{
    return t->enabled && (t->right.to_s == 0 || c->now_s < t->right.to_s);
}

static void put_rows(struct ctx *c, struct tokens_view *v)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    struct token_row *rows = arena_make_n(c->arena, ROWS_SHOWN, struct token_row);

    for (size_t i = 0; i < parts->api_token_count; i++) {
        const struct api_token *t = &parts->api_tokens[i];
        if (!is_here(c, t))
            continue;
        v->cut = v->rows.n == ROWS_SHOWN;
        if (v->cut)
            break;
        const struct area where = rights_area(&t->right);
        rows[v->rows.n++] = (struct token_row){ .id = t->id,
                                                .role = role_word(t->right.role, c->lang),
                                                .where = console_area_name(c, &where),
                                                .until = t->right.to_s != 0 ? when_date(c->arena, t->right.to_s)
                                                                            : (struct str){ NULL, 0 },
                                                .why = t->right.why,
                                                .open = is_good(c, t),
                                                .at_once = t->at_once };
    }
    v->rows.at = rows;
}

static bool may_give(struct ctx *c, enum role role)
{
    const struct circumstances now = flow_circumstances(c);
    const struct area *here_ = &c->console->area;

    return rights_role_fits(role, !str_is_set(here_->provider)) &&
           policy_role_brings(c->registry, role, here_, &now, MAY_NONE) != MAY_NONE &&
           policy_may_not_give(c->registry, c->session->person, role, here_, &now) == MAY_NONE;
}

static void put_roles(struct ctx *c, struct tokens_view *v, enum role chosen)
{
    struct choice *at = arena_make_n(c->arena, ROLE_COUNT, struct choice);

    for (enum role role = ROLE_NONE + 1; role < ROLE_COUNT; role++)
        if (may_give(c, role))
            at[v->roles.n++] = (struct choice){ str_of(role_name(role)), role_word(role, c->lang), role == chosen };
    v->roles.at = at;
}

static enum step show(struct ctx *c, struct tokens_view *v, enum role chosen, int status)
{
    console_page_for(c, PLACE_ADMINS, true, here, &v->con);
    v->version = arena_printf(c->arena, "%lld", (long long)registry_parts(c->registry)->version);
    if (!str_is_set(v->to))
        v->to = when_day(c->arena, c->now_s + YEAR_S);
    put_rows(c, v);
    put_roles(c, v, chosen);
    return answer_page(c, status, page_tokens(c->arena, v));
}

static enum step show_list(struct ctx *c, struct fail *f)
{
    struct tokens_view v = { .said = done_was(c, "ended") ? TOKENS_SAID_ENDED : TOKENS_SAID_NOTHING };

    (void)f;
    return show(c, &v, ROLE_NONE, 200);
}

const struct step_row admin_tokens[] = { { console_door }, { show_list }, { NULL } };

/* ── one is given ───────────────────────────────────────────────────────── */

static enum step wrong(struct ctx *c, struct token_giving *x, struct str detail, int status)
{
    x->v.said = TOKENS_SAID_WRONG;
    x->v.detail = detail;
    return show(c, &x->v, x->role, status);
}

/* The last day counts whole. */
static bool read_day(const struct ctx *c, struct token_giving *x)
{
    return when_day_read_end(x->v.to, &x->to_s) && x->to_s > c->now_s && x->to_s <= c->now_s + 2 * (int64_t)YEAR_S;
}

static struct edit_field cleared(const char *name, struct str value)
{
    return (struct edit_field){ str_of(name), str_is_set(value) ? value : (struct str){ NULL, 0 } };
}

static void note_token(struct ctx *c, struct token_giving *x)
{
    const struct row_id row = { S("api_token"), { x->v.id, { NULL, 0 } } };
    const struct edit_from from = { 0 };
    const struct change_by by = console_by(c, MAKER_console, x->v.why);
    const struct edit_field fields[] = { { S("token"), x->token },
                                         { S("role"), str_of(role_name(x->role)) },
                                         cleared("provider", c->console->area.provider),
                                         cleared("school", c->console->area.school),
                                         { S("to"), when_rfc3339(c->arena, x->to_s) },
                                         { S("why"), x->v.why },
                                         { S("given_by"), by.who },
                                         cleared("given_number", by.number_key),
                                         cleared("given_name", by.name_key) };

    edit_put(act_begin(c, &x->act, &from, x->v.why), &row, fields, sizeof fields / sizeof *fields);
}

static bool is_taken(const struct ctx *c, struct str id)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    bool taken = false;

    for (size_t i = 0; i < parts->api_token_count && !taken; i++)
        taken = str_eq(parts->api_tokens[i].id, id);
    return taken;
}

static enum step ask_new(struct ctx *c, struct fail *f)
{
    struct token_giving *x = c->state = arena_make(c->arena, struct token_giving);

    x->v.id = act_field(c->body, S("id"), ID_MAX);
    x->v.to = act_field(c->body, S("to"), DAY_MAX);
    x->v.why = act_why(c->body);
    x->role = role_of_name(form_get(c->body, S("role")));
    if (!may_give(c, x->role))
        return wrong(c, x, said(C_give_no_role, c->lang), 400);
    if (!read_day(c, x))
        return wrong(c, x, said(C_token_no_to, c->lang), 400);
    if (!str_is_set(x->v.why))
        return wrong(c, x, said(C_why_missing, c->lang), 400);
    if (is_taken(c, x->v.id))
        return wrong(c, x, said(C_registrar_taken, c->lang), 409);
    if (!console_fresh(c))
        return console_log_in_again(c, here, f);
    x->token = crypt_token(c->arena, c->world, TOKEN_B);
    note_token(c, x);
    return act_run(c, &x->act, EDIT_APPLY, f);
}

static enum step note(struct ctx *c, struct fail *f)
{
    (void)f;
    return act_note(c, &((struct token_giving *)c->state)->act.got);
}

/* The page that says it shows it as well. */
static enum step wait_for_it(struct ctx *c, struct fail *f)
{
    const struct act *x = &((struct token_giving *)c->state)->act;

    (void)f;
    return x->got.ok && desk_wait(c->desk, c->work, &c->batch, c->arena, x->result.report.version) ? WAIT : NEXT;
}

static enum step say_trouble(struct ctx *c, struct token_giving *x, struct fail *f)
{
    if (x->act.got.why.kind == FAIL_CONFLICT)
        return wrong(c, x, said(C_changed_meanwhile, c->lang), 409);
    return act_refused(c, &x->act.got, f) ? wrong(c, x, act_detail(c, &x->act), 400) : REFUSE;
}

/* On the page that answers the form, and nowhere else: what leads to it keeps no token. */
static enum step say_new(struct ctx *c, struct fail *f)
{
    struct token_giving *x = c->state;

    if (!x->act.got.ok)
        return say_trouble(c, x, f);
    alarm_at_night(c->alarms, c->arena, ALARM_right_at_night, &c->console->area, x->v.id, c->now_s);
    struct tokens_view v = { .token = x->token };
    return show(c, &v, ROLE_NONE, 200);
}

const struct step_row admin_token_give[] = { { console_door }, { ask_new }, { note },
                                             { wait_for_it },  { say_new }, { NULL } };

/* ── and ended: the history speaks of it, so its row stays ──────────────── */

static const struct api_token *token_here(const struct ctx *c, struct str id)
{
    const struct registry_parts *parts = registry_parts(c->registry);

    for (size_t i = 0; i < parts->api_token_count; i++)
        if (str_eq(parts->api_tokens[i].id, id) && is_here(c, &parts->api_tokens[i]))
            return &parts->api_tokens[i];
    return NULL;
}

static enum step ask_end(struct ctx *c, struct fail *f)
{
    struct token_giving *x = c->state = arena_make(c->arena, struct token_giving);
    const struct api_token *t = token_here(c, c->req->param);
    static const struct edit_field off = { S("enabled"), S("false") };

    if (t == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    const struct row_id row = { S("api_token"), { t->id, { NULL, 0 } } };
    edit_put(act_begin(c, &x->act, NULL, said(C_token_end_why, c->lang)), &row, &off, 1);
    return act_run(c, &x->act, EDIT_APPLY, f);
}

static enum step say_end(struct ctx *c, struct fail *f)
{
    struct token_giving *x = c->state;

    return x->act.got.ok ? done_go(c, here, "ended", S("")) : say_trouble(c, x, f);
}

const struct step_row admin_token_end[] = { { console_door }, { ask_end }, { note },
                                            { wait_for_it },  { say_end }, { NULL } };
