/* SPDX-License-Identifier: EUPL-1.2
 *
 * Relations that municipalities keep themselves: nobody is asked, and the store finds children by their guardian. */
#include "idp-adapters/relations_int.h"

/* No rule engine of an authority stands behind an import, which would know that one protected guardian may act. */
static enum step begin(struct ctx *c, struct fail *f)
{
    struct person *p = relations_person(c);

    (void)f;
    if (relations_may_ask(p) && !p->non_disclosure)
        p->relations = S("kept");
    return NEXT;
}

static struct str page(struct ctx *c, const struct idp *idp, const struct person *p, struct str back)
{
    (void)c;
    (void)idp;
    (void)p;
    (void)back;
    return (struct str){ NULL, 0 };
}

static enum step finish(struct ctx *c, struct fail *f)
{
    struct relations_asked *x = c->state;

    (void)f;
    x->by_guardian = str_eq(c->session->person->relations, S("kept"));
    return NEXT;
}

static const struct step_row begin_rows[] = { { begin }, { NULL } };
static const struct step_row finish_rows[] = { { finish }, { NULL } };

const struct relations_maker relations_kept = { "kept", begin_rows, page, finish_rows };
