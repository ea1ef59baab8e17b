/* SPDX-License-Identifier: EUPL-1.2
 * What vendors and the operator have said went wrong at services: of the whole country, to see alone. */
#include "console/pages.h"
#include "console/texts.h"
#include "gateway/answer.h"
#include "gateway/console/door.h"
#include "model/when.h"

#include <stdlib.h>

enum { PAST_SHOWN = 200 };

static int by_begin(const void *x, const void *y)
{
    const struct incident *const *a = x, *const *b = y;

    return (*a)->from_s < (*b)->from_s ? 1 : (*a)->from_s > (*b)->from_s ? -1 : str_cmp((*a)->id, (*b)->id);
}

static bool is_over(const struct incident *x, int64_t now_s)
{
    return x->until_s != 0 && x->until_s <= now_s;
}

static struct incident_row row_of(struct ctx *c, const struct incident *x)
{
    const struct service *s = registry_service(c->registry, x->service);
    const struct organisation *o = s != NULL ? registry_organisation(c->registry, s->vendor) : NULL;
    struct incident_row r = { .service = s != NULL ? names_in(&s->names, c->lang) : x->service,
                              .id = x->service,
                              .says = names_in(&x->says, c->lang),
                              .since = when_full(c->arena, x->from_s, c->lang),
                              .by_operator = x->by_operator,
                              .to_come = x->from_s > c->now_s };

    if (o != NULL)
        r.vendor = names_in(&o->names, c->lang);
    if (x->until_s != 0)
        r.until = when_full(c->arena, x->until_s, c->lang);
    return r;
}

static void put_all(struct ctx *c, struct incidents_view *v)
{
    const struct registry_parts *p = registry_parts(c->registry);
    const struct incident **all = arena_make_n(c->arena, p->incident_count + 1, const struct incident *);
    struct incident_row *open = arena_make_n(c->arena, p->incident_count + 1, struct incident_row);
    struct incident_row *past = arena_make_n(c->arena, PAST_SHOWN, struct incident_row);
    size_t more = 0;

    for (size_t i = 0; i < p->incident_count; i++)
        all[i] = &p->incidents[i];
    qsort(all, p->incident_count, sizeof *all, by_begin);
    for (size_t i = 0; i < p->incident_count; i++) {
        if (!is_over(all[i], c->now_s))
            open[v->open.n++] = row_of(c, all[i]);
        else if (v->past.n < PAST_SHOWN)
            past[v->past.n++] = row_of(c, all[i]);
        else
            more++;
    }
    v->open.at = open;
    v->past.at = past;
    if (more > 0)
        v->more = arena_printf(c->arena, "%zu", more);
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct incidents_view v = { 0 };

    (void)f;
    if (console_provider(c) != NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    console_page_for(c, PLACE_RIGHTS, true, S("/admin/incidents"), &v.con);
    v.con.sub = SUB_INCIDENTS;
    put_all(c, &v);
    return answer_page(c, 200, page_incidents(c->arena, &v));
}

const struct step_row admin_incidents[] = { { console_door }, { show }, { NULL } };
