/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/gated.h"

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

enum step gated_ask(struct ctx *c, const struct change_rows_shown *rows, struct gate_asked *x, struct fail *f)
{
    const struct service *tested = NULL;

    for (size_t i = 0; i < rows->n && tested == NULL; i++)
        tested = tested_of(c, &rows->at[i]);
    return gate_report_ask(c, tested, x, f);
}

/* One that cannot be read is none that was passed. */
static struct gate_report report_of(struct ctx *c, const struct gate_asked *x)
{
    struct gate_report r;
    struct fail unread = { 0 };

    return gate_report_came(c, x, &r, &unread) ? r : (struct gate_report){ 0 };
}

bool gated_whole(struct ctx *c, const struct gate_asked *x)
{
    return report_of(c, x).whole;
}

static struct str number(struct ctx *c, size_t n)
{
    return arena_printf(c->arena, "%zu", n);
}

void gated_show(struct ctx *c, const struct gate_asked *x, struct draft_gate *out)
{
    const struct gate_report r = report_of(c, x);
    struct draft_gate_trial *at = arena_make_n(c->arena, TRIAL_COUNT, struct draft_gate_trial);

    *out = (struct draft_gate){ .is = x->of != NULL };
    if (x->of == NULL)
        return;
    struct str edition = gate_edition(c->arena, x->of);
    out->of = x->of->id;
    out->whole = r.whole;
    out->passed = number(c, r.passed);
    out->all = number(c, r.all);
    out->last = r.last_s > 0 ? when_full(c->arena, r.last_s, c->lang) : (struct str){ NULL, 0 };
    out->until = r.until_s > 0 ? when_date(c->arena, r.until_s) : (struct str){ NULL, 0 };
    out->trials.at = at;
    for (size_t i = 0; i < TRIAL_COUNT; i++) {
        const struct gate_trial *t = &gate_trials[i];
        const struct gate_row *row = gate_applies(x->of, t) ? gate_row_now(&x->rows, t, edition, c->now_s) : NULL;
        if (!gate_applies(x->of, t))
            continue;
        at[out->trials.n++] = (struct draft_gate_trial){ .name = gate_trial_name(t, c->lang),
                                                         .when = row != NULL ? when_full(c->arena, row->at_s, c->lang)
                                                                             : (struct str){ NULL, 0 },
                                                         .passed = row != NULL && row->verdict == GATE_PASSED,
                                                         .failed = row != NULL && row->verdict == GATE_FAILED };
    }
}
