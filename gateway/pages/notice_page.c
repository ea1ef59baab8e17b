/* SPDX-License-Identifier: EUPL-1.2
 *
 * /notice: a page that said something once says it again, in another language. */
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/logout.h"
#include "gateway/session/session.h"

static enum step look(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, session_look);
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct notice n;

    (void)f;
    if (!notice_read(c, &n))
        return answer_go(c, S("/"));
    flow_leave_idle(c);
    switch ((enum notice_page)n.page) {
    case NOTICE_ERROR:
        answer_notice(c, &n);
        return DONE;
    case NOTICE_DENIED:
    case NOTICE_EXPIRED:
        return flow_notice(c, &n);
    case NOTICE_SIGN_OUT:
        return logout_notice(c, &n);
    case NOTICE_NONE:
        break;
    }
    return answer_go(c, S("/"));
}

const struct step_row notice_show[] = { { look }, { show }, { NULL } };
