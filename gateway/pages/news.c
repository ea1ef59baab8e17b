/* SPDX-License-Identifier: EUPL-1.2
 * Notices: all that concern the person, and that one of them is read. */
#include "base/crypt.h"
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/pages/favourites.h"
#include "gateway/session/session.h"
#include "launcher/pages.h"
#include "wire/form.h"
#include "wire/http.h"

static enum step load_read(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, favourites_load);
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct news_view v = news_for(c);

    (void)f;
    flow_leave_idle(c);
    return answer_page(c, 200, page_news(c->arena, &v));
}

const struct step_row news_show[] = { { session_find }, { flow_need_person }, { load_read }, { show }, { NULL } };

/* ── one is read ────────────────────────────────────────────────────────── */

static struct str back(const struct ctx *c)
{
    return str_is_set(form_get(c->body, S("here"))) ? S("/news") : S("/");
}

static bool is_notice(const struct ctx *c, struct str id)
{
    const struct registry_parts *parts = registry_parts(c->registry);

    for (size_t i = 0; i < parts->notice_count; i++)
        if (str_eq(parts->notices[i].id, id))
            return true;
    return false;
}

/* Only what the registry knows is kept: nobody fills SQL with texts of their own.  One that ended while it was read is
 * gone, which is what they wanted. */
static enum step mark(struct ctx *c, struct fail *f)
{
    struct favourites_got *got = arena_make(c->arena, struct favourites_got);
    struct str id = form_get(c->body, S("read"));

    c->state = got;
    if (!crypt_eq(c->session->csrf, form_get(c->body, S("csrf"))) || !is_notice(c, id))
        return answer_go(c, back(c));
    const struct favourites_ask ask = { .person = c->session->person->id, .notice = id };
    if (!people_favourites(c->people, c->work, &c->batch, c->arena, &ask, got))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step keep(struct ctx *c, struct fail *f)
{
    const struct favourites_got *got = c->state;

    if (!got->ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "notices: %s %s", got->why.code, got->why.detail);
    c->session->favourites = got->list;
    c->session->read = got->read;
    c->session->favourites_known = true;
    session_change(c, c->session);
    return WAIT;
}

static enum step go_back(struct ctx *c, struct fail *f)
{
    (void)f;
    return answer_go(c, back(c));
}

const struct step_row news_read[] = {
    { session_find }, { flow_need_person }, { mark }, { keep }, { go_back }, { NULL }
};
