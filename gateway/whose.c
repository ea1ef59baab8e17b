/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/whose.h"

#include "base/log.h"
#include "model/pairwise.h"

/* On a worker thread, which touches x alone. */
static bool resolve(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct whose *x = with;

    return link_resolve(d, a, &x->ask, &x->found, f);
}

bool whose_ask(struct ctx *c, struct person *p, const struct idp *idp, struct whose *x, struct fail *f)
{
    p->id = pairwise_person(c->arena, c->seals, p->idp, p->subject);
    *x = (struct whose){ .ask = { .registry = c->registry,
                                  .idp = idp,
                                  .identity = p->id,
                                  .number = link_number(c->arena, c->seals, p->learner_id),
                                  .now_s = c->now_s } };
    x->asked = links_concern(c->links, c->registry, idp, str_is_set(p->learner_id));
    if (!x->asked)
        return true;
    return links_ask(c->links, c->work, &c->batch, c->arena, resolve, x, &x->got) ||
           fail(f, FAIL_BUSY, "temporarily_unavailable", "too many jobs wait for SQL");
}

bool whose_read(struct ctx *c, struct person *p, const struct whose *x, struct fail *f)
{
    if (x->asked && !x->got.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "whose the account is cannot be looked up: %s",
                    x->got.why.detail);
    if (x->asked) {
        p->id = x->found.person;
        if (x->found.by != NULL)
            log_event(LOG_INFO, "login.moved", LOG_S("idp", p->idp), LOG_S("move", x->found.by->id),
                      LOG_C("support_code", c->support_code));
    }
    if (x->asked && x->found.foreign_number) {
        log_event(LOG_WARN, "upstream.learner_not_own", LOG_S("idp", p->idp), LOG_C("support_code", c->support_code));
        p->learner_id = (struct str){ NULL, 0 };
    }
    links_saw(c->links, p->idp, link_number(c->arena, c->seals, p->learner_id), p->id, c->now_s);
    return true;
}
