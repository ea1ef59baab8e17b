/* SPDX-License-Identifier: EUPL-1.2
 *
 * Our own pages as what a login ends at: the person is known, and the browser goes on to the page that asked. */
#include "gateway/answer.h"
#include "gateway/protocol.h"
#include "gateway/session/login_cookie.h"

static enum step keep(struct ctx *c, struct fail *f)
{
    (void)f;
    c->login->state = LOGIN_ANSWERED;
    return step_into(c, login_keep);
}

static enum step go(struct ctx *c, struct fail *f)
{
    (void)f;
    return answer_go(c, c->login->answer_to);
}

static const struct step_row answer[] = { { keep }, { go }, { NULL } };

const struct protocol protocol_own = { .name = "own", .answer = answer };
