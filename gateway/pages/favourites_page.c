/* SPDX-License-Identifier: EUPL-1.2
 * The page on which a person chooses favourites, one press at a time. */
#include "base/crypt.h"
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/pages/favourites.h"
#include "gateway/session/session.h"
#include "launcher/pages.h"
#include "wire/form.h"
#include "wire/http.h"

enum { BACK_MAX_B = 1024 };

static enum step load_favourites(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, favourites_load);
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct favourites_view v =
        favourites_for(c, form_get(c->query, S("q")), form_get(c->query, S("from")), FAVOURITES_MAX);

    (void)f;
    flow_leave_idle(c);
    return answer_page(c, 200, page_favourites(c->arena, &v));
}

const struct step_row favourites_show[] = {
    { session_find }, { flow_need_person }, { load_favourites }, { show }, { NULL }
};

/* ── changing ───────────────────────────────────────────────────────────── */

struct changing { /* c->state */
    struct favourites_got got;
    struct str service;
    enum favourite_change what;
};

/* Each button bears its service's id under the name of what it does. */
static enum favourite_change change_of(const struct ctx *c, struct str *service)
{
    static const char *const names[] = {
        [FAVOURITE_ADD] = "add", [FAVOURITE_REMOVE] = "remove", [FAVOURITE_UP] = "up", [FAVOURITE_DOWN] = "down"
    };

    for (size_t i = FAVOURITE_ADD; i < sizeof names / sizeof *names; i++) {
        *service = form_get(c->body, str_of(names[i]));
        if (str_is_set(*service))
            return (enum favourite_change)i;
    }
    return FAVOURITE_NONE;
}

/* Only what the registry knows is kept: nobody fills SQL with texts of their own. */
static enum step change(struct ctx *c, struct fail *f)
{
    struct changing *x = arena_make(c->arena, struct changing);
    enum favourite_change what = change_of(c, &x->service);

    c->state = x;
    x->what = what;
    if (!crypt_eq(c->session->csrf, form_get(c->body, S("csrf"))))
        return answer_go(c, S("/favourites"));
    if (what == FAVOURITE_NONE || registry_service(c->registry, x->service) == NULL)
        return fail(f, FAIL_CALLER, "invalid_request", "no such service, or nothing to do with it");
    if (!favourites_ask(c, what, x->service, &x->got))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step keep(struct ctx *c, struct fail *f)
{
    struct changing *x = c->state;

    if (!x->got.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "favourites: %s %s", x->got.why.code, x->got.why.detail);
    c->session->favourites = x->got.list;
    c->session->read = x->got.read;
    c->session->favourites_known = true;
    session_change(c, c->session);
    return WAIT;
}

/* The button that was pressed, where the row has it still; at an end of the list its neighbour; or the row.  Browsers
 * give the focus to what an address names. */
static struct str pressed(const struct ctx *c, const struct changing *x)
{
    const struct strs *list = &x->got.list;
    bool first = list->n > 0 && str_eq(list->at[0], x->service),
         last = list->n > 0 && str_eq(list->at[list->n - 1], x->service);
    const char *button = x->what == FAVOURITE_UP     ? (first ? "down" : "up")
                         : x->what == FAVOURITE_DOWN ? (last ? "up" : "down")
                                                     : "f";

    return arena_printf(c->arena, "#%s-%.*s", list->n < 2 ? "f" : button, STR_ARG(x->service));
}

/* Back to what was pressed, so that the next press or Tab goes on from there, in the same search or on the same page.
 */
static enum step go_back(struct ctx *c, struct fail *f)
{
    static const char *const kept[] = { "q", "from" };
    const struct changing *x = c->state;
    struct buf b = buf_new(c->arena, BACK_MAX_B);

    (void)f;
    buf_add(&b, S("/favourites"));
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (str_is_set(form_get(c->body, str_of(kept[i]))))
            url_query(&b, str_of(kept[i]), form_get(c->body, str_of(kept[i])));
    return answer_go(c, arena_join(c->arena, buf_ok(&b) ? buf_str(&b) : S("/favourites"), pressed(c, x)));
}

const struct step_row favourites_change[] = { { session_find }, { flow_need_person }, { change },
                                              { keep },         { go_back },          { NULL } };
