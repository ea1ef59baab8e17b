/* SPDX-License-Identifier: EUPL-1.2
 *
 * /about: what this is and what is told to whom, for everybody. */
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/session/session.h"
#include "launcher/pages.h"
#include "wire/form.h"

static enum step look(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, session_look);
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct str asked = form_get(c->query, S("from"));
    int64_t from = 0;

    (void)f;
    if (str_is_set(asked) && !str_int(asked, &from))
        from = 0;
    struct about_view v = { .page = page_for(c, from > 0 ? arena_printf(c->arena, "/about?from=%lld", (long long)from)
                                                         : S("/about")) };
    about_fill(c->arena, c->registry, from, &v);
    flow_leave_idle(c);
    return answer_page(c, 200, page_about(c->arena, &v));
}

const struct step_row about_show[] = { { look }, { show }, { NULL } };
