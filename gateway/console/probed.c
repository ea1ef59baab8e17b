/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/probed.h"

#include "console/texts.h"
#include "gateway/upstream_probe.h"
#include "idp-adapters/refusals.h"
#include "model/when.h"
#include "wire/fetch.h"

static const struct {
    struct str step;
    enum said says;
} steps[] = {
#define X(step) { S(#step), C_probe_at_##step },
    UPSTREAM_PROBE_STEPS(X)
#undef X
};

static const struct {
    struct str why;
    enum said says;
} whys[] = {
#define X(why) { S(#why), C_probe_##why },
    FETCH_SIGN_IN_WHYS(X)
#undef X
        { S("not_asked"), C_probe_not_asked },
};

static bool ask_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct probed *x = with;

    return (!x->order || idp_probe_order(d, a, x->idp, x->now_s, f)) &&
           idp_probe_look(d, a, x->idp, &x->there, &x->last, f);
}

enum step probed_ask(struct ctx *c, struct probed *x, const struct idp *idp, bool order, struct fail *f)
{
    *x = (struct probed){ .idp = idp, .order = order, .now_s = c->now_s };
    if (!idp_has_probe(idp))
        return NEXT;
    return desk_ask(c->desk, c->work, &c->batch, c->arena, ask_sql, x, &x->got)
               ? WAIT
               : fail(f, FAIL_BUSY, "temporarily_unavailable", "too many jobs wait");
}

static struct str step_words(struct ctx *c, struct str step)
{
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (str_eq(steps[i].step, step))
            return said(steps[i].says, c->lang);
    return S("");
}

/* In words of ours, or those of a refusal, which can be sent to whoever keeps the provider. */
static struct str why_words(struct ctx *c, struct str why, bool *english)
{
    const struct refusal_row *row = refusal_of(arena_cstr(c->arena, why));

    for (size_t i = 0; i < sizeof whys / sizeof *whys; i++)
        if (str_eq(whys[i].why, why))
            return said(whys[i].says, c->lang);
    *english = row != NULL;
    return row != NULL ? arena_printf(c->arena, "%s. %s.", refusal_means(row), row->mend) : S("");
}

struct probe_shown probed_show(struct ctx *c, const struct probed *x)
{
    const struct idp_probe *p = &x->last;
    struct probe_shown out = { .has = idp_has_probe(x->idp), .user = x->idp->probe_username };

    if (!out.has || !x->got.ok || !x->there)
        return out;
    out.waits = p->ordered_s > 0;
    if (p->done_s == 0)
        return out;
    out.tried = when_full(c->arena, p->done_s, c->lang);
    if (p->good_s > 0)
        out.good = when_full(c->arena, p->good_s, c->lang);
    out.ill = p->fails > 0;
    if (out.ill) {
        out.step = step_words(c, p->step);
        out.why = p->why;
        out.means = why_words(c, p->why, &out.english);
    }
    return out;
}
