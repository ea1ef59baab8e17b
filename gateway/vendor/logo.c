/* SPDX-License-Identifier: EUPL-1.2
 * A service's picture: a file of a form, made anew by the fetcher, which holds no secret, and kept as a change. */
#include "wire/logo.h"
#include "base/codec.h"
#include "gateway/answer.h"
#include "gateway/session/done.h"
#include "gateway/vendor/door.h"
#include "launcher/tiles.h"
#include "portal/texts.h"
#include "wire/fetch.h"
#include "wire/form.h"
#include "wire/http.h"

enum { LINE_MAX = 1000000 };

struct picturing { /* c->state; the worker's, while it has it */
    struct vendor_logo_view v;
    const struct service *service;
    struct fetch_got got;
    struct vendor_act act;
    const char *done;
};

static struct str say(const struct ctx *c, enum vendor_text key)
{
    return vendor_text(key, c->lang);
}

static enum step show(struct ctx *c, struct picturing *x, int status)
{
    const struct service *s = x->service;

    vendor_page_for(c, VENDOR_PLACE_SERVICES, true, c->req->method == HTTP_GET ? c->req->path : (struct str){ NULL, 0 },
                    &x->v.con);
    x->v.con.tab = VENDOR_TAB_LOGO;
    x->v.id = s->id;
    x->v.title = names_in(&s->names, c->lang);
    x->v.fixed = !s->test;
    x->v.logo = icon_of(c->arena, s, c->lang).logo;
    return answer_page(c, status, page_vendor_logo(c->arena, &x->v));
}

static struct picturing *begin(struct ctx *c)
{
    struct picturing *x = arena_make(c->arena, struct picturing);

    x->service = vendor_own_service(c, c->req->param);
    c->state = x;
    return x->service != NULL ? x : NULL;
}

static enum step page(struct ctx *c, struct fail *f)
{
    struct picturing *x = begin(c);

    (void)f;
    if (x == NULL)
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (str_eq(done_here(c, NULL), S("kept")))
        x->v.done = say(c, V_v_logo_kept);
    else if (str_eq(done_here(c, NULL), S("gone")))
        x->v.done = say(c, V_v_logo_gone);
    return show(c, x, 200);
}

const struct step_row vendor_logo[] = { { vendor_door }, { page }, { NULL } };

/* ── why a file does not do ─────────────────────────────────────────────── */

static const enum vendor_text whys[LOGO_CAUSE_COUNT] = {
#define X(cause, english) [LOGO_##cause] = V_v_logo_##cause,
    LOGO_CAUSES(X)
#undef X
};

static struct str why_words(struct ctx *c, enum logo_cause cause, int64_t line, struct str what)
{
    struct str says = say(c, whys[cause]), at = say(c, V_v_logo_line);
    struct str where = line > 0 ? arena_printf(c->arena, "%.*s %lld", STR_ARG(at), (long long)line) : S("");

    if (where.n > 0 && what.n > 0)
        where = arena_printf(c->arena, "%.*s: %.*s", STR_ARG(where), STR_ARG(what));
    else if (what.n > 0)
        where = what;
    return where.n > 0 ? arena_printf(c->arena, "%.*s (%.*s)", STR_ARG(says), STR_ARG(where)) : says;
}

/* "script 12 <script>", as FETCH_PICTURE answers. */
static struct str why_not(struct ctx *c, struct str answer)
{
    struct str cause, line;
    int64_t number = 0;

    if (!str_split(&answer, ' ', &cause) || !str_split(&answer, ' ', &line) || !str_int(line, &number) || number < 0 ||
        number > LINE_MAX)
        number = 0;
    for (int i = 0; i < LOGO_CAUSE_COUNT; i++)
        if (str_eq(cause, str_of(logo_cause_name((enum logo_cause)i))))
            return why_words(c, (enum logo_cause)i, number, str_is_set(answer) ? answer : S(""));
    return say(c, V_v_logo_png);
}

static enum step refuse(struct ctx *c, struct picturing *x, struct str says)
{
    x->v.wrong = says;
    return show(c, x, 400);
}

/* ── kept ───────────────────────────────────────────────────────────────── */

static enum step keep(struct ctx *c, struct picturing *x, struct str icon, const char *done, struct fail *f)
{
    const struct row_id row = { S("service"), { x->service->id, { NULL, 0 } } };
    const struct edit_field fields[] = { { S("icon"), icon } };

    x->done = done;
    edit_put(vendor_act_begin(c, &x->act, false, (struct str){ NULL, 0 }, S("")), &row, fields, 1);
    return vendor_act_run(c, &x->act, f);
}

static enum step take(struct ctx *c, struct fail *f)
{
    struct picturing *x = begin(c);
    struct str what = form_get(c->body, S("act")), file = form_file(c->body, S("logo"));

    if (x == NULL)
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!x->service->test)
        return vendor_refuse(c, FAIL_DENIED, "in_production");
    if (str_eq(what, S("remove")))
        return NEXT;
    if (!str_eq(what, S("keep")))
        return fail(f, FAIL_CALLER, "invalid_request", "there is no act \"%.*s\" here", STR_ARG(what));
    if (!str_is_set(file))
        return refuse(c, x, say(c, V_v_logo_none));
    if (file.n > LOGO_UPLOAD_MAX_B)
        return refuse(c, x, say(c, V_v_logo_large));
    const struct fetch_request r = { .purpose = FETCH_PICTURE,
                                     .body = file,
                                     .place = c->vendor->staff->organisation->id };
    fetch_ask(c->fetch, &c->batch, c->arena, &r, &x->got);
    return WAIT;
}

static enum step change(struct ctx *c, struct fail *f)
{
    struct picturing *x = c->state;

    if (str_eq(form_get(c->body, S("act")), S("remove")))
        return keep(c, x, (struct str){ NULL, 0 }, "gone", f);
    if (!x->got.answered)
        return fail(f, FAIL_BUSY, "temporarily_unavailable", "the process that makes pictures anew: %s",
                    x->got.error != NULL ? x->got.error : "away");
    if (x->got.status != 200)
        return refuse(c, x, why_not(c, x->got.body));
    return keep(c, x, b64_encode(c->arena, x->got.body), "kept", f);
}

static enum step served(struct ctx *c, struct fail *f)
{
    (void)f;
    return vendor_act_served(c, &((struct picturing *)c->state)->act);
}

static enum step changed(struct ctx *c, struct fail *f)
{
    struct picturing *x = c->state;
    struct str field;

    if (x->act.got.ok)
        return done_go(c, arena_join(c->arena, S("/vendor/logo/"), x->service->id), x->done, S(""));
    if (!vendor_act_shown(&x->act, f))
        return REFUSE;
    x->v.trouble = vendor_act_trouble(c, &x->act, &field);
    return show(c, x, x->act.got.why.kind == FAIL_CONFLICT ? 409 : 400);
}

const struct step_row vendor_logo_act[] = { { vendor_door }, { take }, { change }, { served }, { changed }, { NULL } };
