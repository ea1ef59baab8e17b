/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/gated.h"

#include "gateway/trial_ways.h"
#include "model/when.h"
#include "wire/json.h"

/* The service in test that a row is made from, as the row will say it or says it now. */
static const struct service *tested_of(struct ctx *c, const struct change_row_shown *row)
{
    struct fail f = { 0 };
    struct str key = row->row, kind;
    const struct json_value *after = str_is_set(row->after) ? json_parse(c->arena, row->after, &f) : NULL;

    (void)str_split(&key, ' ', &kind);
    if (!str_eq(kind, S("service")) || after == NULL)
        return NULL;
    const struct service *own = registry_service(c->registry, key);
    struct str of = json_get_str(after, S("tested_as"));
    if (!str_is_set(of) && own != NULL)
        of = own->tested_as;
    return str_is_set(of) ? registry_service(c->registry, of) : NULL;
}

/* Whether the row brings a service into production, as the registry would be: registry/entering.h. */
static bool enters(struct ctx *c, const struct change_row_shown *row, const struct registry *after)
{
    struct str key = row->row, kind;

    (void)str_split(&key, ' ', &kind);
    if (!str_eq(kind, S("service")) || after == NULL)
        return false;
    const struct service *s = registry_service(after, key), *own = registry_service(c->registry, key);
    return s != NULL && s->enabled && !s->test && gate_tries(s->protocol) &&
           (own == NULL || !own->enabled || own->test || own->protocol != s->protocol);
}

enum step gated_ask(struct ctx *c, const struct change_rows_shown *rows, const struct registry *after,
                    struct draft_gating *x, struct fail *f)
{
    const struct service *tested = NULL;

    x->entering = 0;
    for (size_t i = 0; i < rows->n; i++) {
        bool comes = enters(c, &rows->at[i], after);
        if (tested == NULL || (comes && x->entering == 0))
            tested = tested_of(c, &rows->at[i]);
        x->entering += comes;
    }
    return gate_report_ask(c, tested, trial_ways, &x->asked, f);
}

/* One that cannot be read is none that was passed. */
static struct gate_report report_of(struct ctx *c, const struct draft_gating *x)
{
    struct gate_report r;
    struct fail unread = { 0 };

    return gate_report_came(c, &x->asked, &r, &unread) ? r : (struct gate_report){ 0 };
}

/* A report is of one service: whatever comes beside it comes without. */
bool gated_whole(struct ctx *c, const struct draft_gating *x)
{
    return x->asked.of != NULL ? x->entering <= 1 && report_of(c, x).whole : x->entering == 0;
}

struct change_passed gated_passed(struct ctx *c, const struct draft_gating *x)
{
    struct change_passed_one *one = arena_make(c->arena, struct change_passed_one);

    if (x->asked.of == NULL || !report_of(c, x).whole)
        return (struct change_passed){ 0 };
    *one = (struct change_passed_one){ arena_str(c->arena, x->asked.of->id), arena_str(c->arena, x->asked.of->vendor) };
    return (struct change_passed){ one, 1 };
}

static struct str number(struct ctx *c, size_t n)
{
    return arena_printf(c->arena, "%zu", n);
}

void gated_show(struct ctx *c, const struct draft_gating *x, struct draft_gate *out)
{
    const struct service *of = x->asked.of;
    const struct gate_report r = report_of(c, x);
    struct draft_gate_trial *at = arena_make_n(c->arena, TRIAL_COUNT, struct draft_gate_trial);

    *out = (struct draft_gate){ .is = of != NULL || x->entering > 0, .none = of == NULL, .more = x->entering > 1 };
    if (of == NULL)
        return;
    struct str edition = gate_edition(c->arena, of);
    out->of = of->id;
    out->whole = gated_whole(c, x);
    out->passed = number(c, r.passed);
    out->all = number(c, r.all);
    out->last = r.last_s > 0 ? when_full(c->arena, r.last_s, c->lang) : (struct str){ NULL, 0 };
    out->until = r.until_s > 0 ? when_date(c->arena, r.until_s) : (struct str){ NULL, 0 };
    out->trials.at = at;
    for (size_t i = 0; i < TRIAL_COUNT; i++) {
        const struct gate_trial *t = &gate_trials[i];
        const struct gate_row *row =
            gate_applies(of, x->asked.ways, t) ? gate_row_now(&x->asked.rows, t, edition, c->now_s) : NULL;
        if (!gate_applies(of, x->asked.ways, t))
            continue;
        at[out->trials.n++] = (struct draft_gate_trial){ .name = gate_trial_name(t, c->lang),
                                                         .when = row != NULL ? when_full(c->arena, row->at_s, c->lang)
                                                                             : (struct str){ NULL, 0 },
                                                         .passed = row != NULL && row->verdict == GATE_PASSED,
                                                         .failed = row != NULL && row->verdict == GATE_FAILED };
    }
}
