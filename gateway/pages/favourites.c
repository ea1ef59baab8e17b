/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/pages/favourites.h"

#include "base/log.h"
#include "gateway/session/session.h"

bool favourites_ask(struct ctx *c, enum favourite_change change, struct str service, struct favourites_got *out)
{
    const struct favourites_ask ask = { .person = c->session->person->id, .change = change, .service = service };

    return people_favourites(c->people, c->work, &c->batch, c->arena, &ask, out);
}

static enum step load_ask(struct ctx *c, struct fail *f)
{
    struct favourites_got *got = arena_make(c->arena, struct favourites_got);

    (void)f;
    c->state = got;
    if (c->session->favourites_known || !favourites_ask(c, FAVOURITE_NONE, S(""), got))
        return NEXT;
    return WAIT;
}

static enum step load_keep(struct ctx *c, struct fail *f)
{
    const struct favourites_got *got = c->state;

    (void)f;
    if (got->why.kind != FAIL_NONE)
        log_event(LOG_ERROR, "favourites.unread", LOG_C("code", got->why.code), LOG_C("why", got->why.detail));
    if (!got->ok)
        return NEXT;
    c->session->favourites = got->list;
    c->session->read = got->read;
    c->session->favourites_known = true;
    session_change(c, c->session);
    return WAIT;
}

const struct step_row favourites_load[] = { { load_ask }, { load_keep }, { NULL } };
