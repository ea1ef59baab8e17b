/* SPDX-License-Identifier: EUPL-1.2
 * Who may register services by themselves: initial access tokens, made here and shown once, and ended.  Of the whole
 * country alone.  [RFC 7591 3] */
#include "base/crypt.h"
#include "console/texts.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/door.h"
#include "gateway/session/done.h"
#include "model/when.h"
#include "registry/consents.h"
#include "wire/form.h"
#include "wire/http.h"

enum { ROWS_SHOWN = 200, WORDS_SHOWN_B = 1024, TYPED_MAX = 2000, WORD_MAX = 64, NUMBER_MAX = 5, TOKEN_B = 32 };

static const struct str here = S("/admin/registrars");

struct registering_view { /* c->state */
    struct registrars_view v;
    struct str token;
    struct act act;
};

/* ── the page ───────────────────────────────────────────────────────────── */

static struct str lines_words(struct ctx *c, const struct strs *all)
{
    struct buf b = buf_new(c->arena, WORDS_SHOWN_B);

    for (size_t i = 0; i < all->n; i++)
        buf_printf(&b, "%s%.*s", b.n > 0 ? ", " : "", STR_ARG(all->at[i]));
    return buf_ok(&b) ? buf_str(&b) : S("…");
}

/* How many services each has, in one walk. */
static size_t used_of(const struct registry_parts *parts, struct str id)
{
    size_t n = 0;

    for (size_t i = 0; i < parts->service_count; i++)
        n += str_is_set(parts->services[i].client.registered_by) && str_eq(parts->services[i].client.registered_by, id);
    return n;
}

static bool is_open(const struct ctx *c, const struct registrar *r)
{
    return r->enabled && (r->until_s == 0 || c->now_s < r->until_s);
}

static void put_rows(struct ctx *c, struct registrars_view *v)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    struct registrar_row *rows = arena_make_n(c->arena, ROWS_SHOWN, struct registrar_row);

    for (size_t i = 0; i < parts->registrar_count && v->rows.n < ROWS_SHOWN; i++) {
        const struct registrar *r = &parts->registrars[i];
        rows[v->rows.n++] = (struct registrar_row){ .id = r->id,
                                                    .vendor = r->vendor,
                                                    .hosts = lines_words(c, &r->hosts),
                                                    .scopes = lines_words(c, &r->scopes),
                                                    .asks = consent_words(c->arena, r->asks),
                                                    .used = arena_printf(c->arena, "%zu", used_of(parts, r->id)),
                                                    .most = arena_printf(c->arena, "%lld", (long long)r->most),
                                                    .until = r->until_s != 0 ? when_date(c->arena, r->until_s)
                                                                             : (struct str){ NULL, 0 },
                                                    .open = is_open(c, r),
                                                    .at_once = r->at_once };
    }
    v->rows.at = rows;
    v->cut = parts->registrar_count > ROWS_SHOWN;
}

static enum step show(struct ctx *c, struct registrars_view *v, int status)
{
    console_page_for(c, PLACE_RIGHTS, true, here, &v->con);
    v->con.sub = SUB_REGISTRARS;
    v->version = arena_printf(c->arena, "%lld", (long long)registry_parts(c->registry)->version);
    put_rows(c, v);
    return answer_page(c, status, page_registrars(c->arena, v));
}

static bool is_nation(const struct ctx *c)
{
    return console_provider(c) == NULL;
}

static enum step show_list(struct ctx *c, struct fail *f)
{
    struct registrars_view v = { .said = done_was(c, "ended") ? REGISTRARS_SAID_ENDED : REGISTRARS_SAID_NOTHING,
                                 .most = S("5"),
                                 .scopes = { S("openid\nprofile") },
                                 .asks = { S("sub") } };

    (void)f;
    return is_nation(c) ? show(c, &v, 200) : console_refuse(c, FAIL_NOT_FOUND, "not_found");
}

const struct step_row admin_registrars[] = { { console_door }, { show_list }, { NULL } };

/* ── one is given ───────────────────────────────────────────────────────── */

static void read_typed(struct ctx *c, struct registrars_view *v)
{
    v->id = act_field(c->body, S("id"), WORD_MAX);
    v->vendor = act_field(c->body, S("vendor"), WORD_MAX);
    v->hosts.text = act_lines(c, S("hosts"), TYPED_MAX);
    v->scopes.text = act_lines(c, S("scopes"), TYPED_MAX);
    v->asks.text = act_lines(c, S("asks"), TYPED_MAX);
    v->most = act_field(c->body, S("most"), NUMBER_MAX);
    v->until = act_field(c->body, S("until"), WORD_MAX);
    v->at_once = str_eq(form_get(c->body, S("at_once")), S("true"));
    v->why = act_why(c->body);
}

static enum step wrong(struct ctx *c, struct registrars_view *v, enum registrars_said what, struct str detail,
                       int status)
{
    v->said = what;
    v->detail = detail;
    return show(c, v, status);
}

static enum step ask_new(struct ctx *c, struct fail *f)
{
    struct registering_view *x = arena_make(c->arena, struct registering_view);
    struct registrars_view *v = &x->v;

    c->state = x;
    if (!is_nation(c))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!console_fresh(c))
        return console_log_in_again(c, here, f);
    read_typed(c, v);
    if (registry_registrar(c->registry, v->id) != NULL)
        return wrong(c, v, REGISTRARS_SAID_WRONG, said(C_registrar_taken, c->lang), 409);
    if (v->at_once && !str_is_set(v->why)) /* whatever it brings comes without a report of the gate */
        return wrong(c, v, REGISTRARS_SAID_WRONG, said(C_registrar_at_once_why, c->lang), 400);
    x->token = crypt_token(c->arena, c->world, TOKEN_B);
    const struct row_id row = { S("registrar"), { v->id, { NULL, 0 } } };
    const struct edit_field fields[] = { { S("token"), x->token },
                                         { S("vendor"), v->vendor },
                                         { S("hosts"), v->hosts.text },
                                         { S("scopes"), v->scopes.text },
                                         { S("asks"), v->asks.text },
                                         { S("most"), v->most },
                                         { S("until"), str_is_set(v->until) ? v->until : (struct str){ NULL, 0 } },
                                         { S("at_once"), v->at_once ? S("true") : S("false") },
                                         { S("why"), v->why } };
    edit_put(act_begin(c, &x->act, NULL, v->why), &row, fields, sizeof fields / sizeof *fields);
    return act_run(c, &x->act, EDIT_APPLY, f);
}

static enum step note(struct ctx *c, struct fail *f)
{
    (void)f;
    return act_note(c, &((struct registering_view *)c->state)->act.got);
}

/* The page that says it shows it as well. */
static enum step wait_for_it(struct ctx *c, struct fail *f)
{
    const struct act *x = &((struct registering_view *)c->state)->act;

    (void)f;
    return x->got.ok && desk_wait(c->desk, c->work, &c->batch, c->arena, x->result.report.version) ? WAIT : NEXT;
}

static enum step say_trouble(struct ctx *c, struct registering_view *x, struct fail *f)
{
    if (x->act.got.why.kind == FAIL_CONFLICT)
        return wrong(c, &x->v, REGISTRARS_SAID_MEANWHILE, S(""), 409);
    return act_refused(c, &x->act.got, f) ? wrong(c, &x->v, REGISTRARS_SAID_WRONG, act_detail(c, &x->act), 400)
                                          : REFUSE;
}

/* On the page that answers the form, and nowhere else: what leads to it keeps no token. */
static enum step say_new(struct ctx *c, struct fail *f)
{
    struct registering_view *x = c->state;

    if (!x->act.got.ok)
        return say_trouble(c, x, f);
    struct registrars_view v = { .token = x->token, .most = S("5") };
    return show(c, &v, 200);
}

const struct step_row admin_registrar_give[] = { { console_door }, { ask_new }, { note },
                                                 { wait_for_it },  { say_new }, { NULL } };

/* ── and ended: services remember it, so its row stays ──────────────────── */

static enum step ask_end(struct ctx *c, struct fail *f)
{
    struct registering_view *x = arena_make(c->arena, struct registering_view);
    const struct registrar *r = registry_registrar(c->registry, c->req->param);
    static const struct edit_field off = { S("enabled"), S("false") };

    c->state = x;
    if (!is_nation(c) || r == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!console_fresh(c))
        return console_log_in_again(c, here, f);
    const struct row_id row = { S("registrar"), { r->id, { NULL, 0 } } };
    edit_put(act_begin(c, &x->act, NULL, said(C_registrar_end_why, c->lang)), &row, &off, 1);
    return act_run(c, &x->act, EDIT_APPLY, f);
}

static enum step say_end(struct ctx *c, struct fail *f)
{
    struct registering_view *x = c->state;

    return x->act.got.ok ? done_go(c, here, "ended", S("")) : say_trouble(c, x, f);
}

const struct step_row admin_registrar_end[] = { { console_door }, { ask_end }, { note },
                                                { wait_for_it },  { say_end }, { NULL } };
