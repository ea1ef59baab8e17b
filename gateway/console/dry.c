/* SPDX-License-Identifier: EUPL-1.2
 * A dry run of an identity provider: its admin chooses up to ten people and hands each a link; what came of each, and
 * in sum, stands on one page.  And the page of such a link, where nobody is signed in. */
#include "base/settings.h"
#include "console/texts.h"
#include "frame/roles.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/lines.h"
#include "gateway/console/products.h"
#include "gateway/console/tryout.h"
#include "gateway/session/done.h"
#include "gateway/session/dry_keep.h"
#include "gateway/session/strict.h"
#include "gateway/upstream_tryout.h"
#include "idp-adapters/attribute_map.h"
#include "idp-adapters/refusals.h"
#include "model/when.h"
#include "wire/form.h"
#include "wire/http.h"

enum { TYPED_MAX_B = 4096, SUM_MAX = DRY_PEOPLE_MAX * TRYOUT_FAULTS_MAX, LABEL_MAX_B = 4 * DRY_LABEL_MAX };

struct dry_on { /* c->state */
    const struct idp *idp;
    struct dry_look look;
    struct dry_run run;
    struct kv_got begun;
    struct dry_dropped dropped;
    bool none_named, begins, drops;
};

static struct str dry_at(struct ctx *c, const struct idp *idp)
{
    return arena_join(c->arena, S("/admin/dry/"), idp->id);
}

/* ── one of them ────────────────────────────────────────────────────────── */

static void put_refused(struct ctx *c, const struct tryout *t, struct dry_row *row)
{
    const struct refusal_row *known = refusal_of(t->why.code);
    enum tryout_check at = tryout_check_of(t->why.code);

    row->code = str_of(t->why.code);
    row->check = tryout_check_word(at, c->lang);
    row->what = tryout_check_refused(at, c->lang);
    row->means = str_of(known != NULL ? refusal_means(known) : "");
    row->mend = str_of(known != NULL ? known->mend : "");
}

static void put_result(struct ctx *c, const struct idp *idp, const struct dry_result *r, struct dry_row *row)
{
    const struct tryout *t = r->tryout;
    struct tryout_fault_row *faults = arena_make_n(c->arena, TRYOUT_FAULTS_MAX, struct tryout_fault_row);
    struct tryout_came_row *came = arena_make_n(c->arena, t->attribute_count + 1, struct tryout_came_row);

    row->when = when_full(c->arena, t->at_s, c->lang);
    row->named = r->named;
    row->numbered = r->numbered;
    row->faults.n = tryout_faults(c, idp, t, false, faults);
    row->faults.at = faults;
    tryout_came_rows(c, t, came);
    row->came.at = came;
    row->came.n = t->attribute_count;
    if (t->why.kind != FAIL_NONE)
        put_refused(c, t, row);
    if (t->person == NULL)
        return;
    struct tryout_role_row *roles = arena_make_n(c->arena, t->person->affiliation_count + 1, struct tryout_role_row);
    tryout_role_rows(c, idp, t->person, roles);
    row->made = true;
    row->roles.at = roles;
    row->roles.n = t->person->affiliation_count;
}

static enum dry_shown shown_of(enum dry_state state)
{
    static const enum dry_shown of[] = { [DRY_WAITS] = DRY_SHOWN_WAITS,
                                         [DRY_REFUSED] = DRY_SHOWN_REFUSED,
                                         [DRY_FAULTS] = DRY_SHOWN_FAULTS,
                                         [DRY_WELL] = DRY_SHOWN_WELL };

    return of[state];
}

static void put_people(struct ctx *c, const struct dry_on *x, struct dry_view *v)
{
    struct dry_row *rows = arena_make_n(c->arena, DRY_PEOPLE_MAX, struct dry_row);

    for (size_t i = 0; i < x->look.run->n; i++) {
        rows[i] = (struct dry_row){ .n = lines_number(c, (int64_t)i + 1),
                                    .label = x->look.run->labels[i],
                                    .link = arena_join(c->arena, c->set->public_url,
                                                       upstream_dry_page(c->arena, dry_link(c->arena, x->look.run, i))),
                                    .again = dry_is_again(&x->look, i),
                                    .state = shown_of(dry_state_of(x->look.results[i])) };
        if (x->look.results[i] != NULL)
            put_result(c, x->idp, x->look.results[i], &rows[i]);
    }
    v->rows.at = rows;
    v->rows.n = x->look.run->n;
}

/* ── in sum ─────────────────────────────────────────────────────────────── */

/* Each word that means nothing is asked once. */
static void put_asked(struct ctx *c, const struct dry_view *v, struct dry_sum_row *rows)
{
    for (size_t k = 0; k < v->sum.n && v->meanings.n > 0; k++) {
        bool asks = str_eq(rows[k].code, S("role_unknown")) && str_is_set(rows[k].value) &&
                    rows[k].value.n <= MAP_NOTE_VALUE_MAX_B - 4 && !str_is_set(rows[k].meant);
        for (size_t i = 0; asks && i < k; i++)
            asks = !(str_is_set(rows[i].asks) && str_eq(rows[i].value, rows[k].value));
        if (asks)
            rows[k].asks = lines_number(c, (int64_t)k + 1);
    }
}

/* A fault of several people is one line, with how many of them it is of. */
static void put_sum_faults(struct ctx *c, struct dry_view *v)
{
    struct dry_sum_row *rows = arena_make_n(c->arena, SUM_MAX, struct dry_sum_row);
    int64_t *count = arena_make_n(c->arena, SUM_MAX, int64_t);
    size_t *last = arena_make_n(c->arena, SUM_MAX, size_t);

    for (size_t p = 0; p < v->rows.n; p++)
        for (size_t i = 0; i < v->rows.at[p].faults.n; i++) {
            const struct tryout_fault_row *x = &v->rows.at[p].faults.at[i];
            size_t k = 0;
            while (k < v->sum.n && !(str_eq(rows[k].code, x->code) && str_eq(rows[k].attribute, x->attribute) &&
                                     str_eq(rows[k].value, x->value)))
                k++;
            if (k == v->sum.n)
                rows[v->sum.n++] = (struct dry_sum_row){ .code = x->code,
                                                         .attribute = x->attribute,
                                                         .value = x->value,
                                                         .what = x->what,
                                                         .mend = x->mend,
                                                         .meant = x->meant };
            if (count[k] == 0 || last[k] != p)
                count[k]++;
            last[k] = p;
        }
    for (size_t k = 0; k < v->sum.n; k++)
        rows[k].n = lines_number(c, count[k]);
    v->sum.at = rows;
    put_asked(c, v, rows);
}

static void put_sum_roles(struct ctx *c, const struct dry_on *x, struct dry_view *v)
{
    struct dry_count *rows = arena_make_n(c->arena, ROLE_COUNT + 1, struct dry_count);
    int64_t of[ROLE_COUNT] = { 0 };

    for (size_t i = 0; i < x->look.run->n; i++) {
        const struct dry_result *r = x->look.results[i];
        bool has[ROLE_COUNT] = { false };
        if (r == NULL || r->tryout->person == NULL)
            continue;
        for (size_t k = 0; k < r->tryout->person->affiliation_count; k++)
            has[r->tryout->person->affiliations[k].role] = true;
        of[ROLE_NONE] += r->tryout->person->affiliation_count == 0;
        for (int role = ROLE_NONE + 1; role < ROLE_COUNT; role++)
            of[role] += has[role];
    }
    for (int role = 0; role < ROLE_COUNT; role++)
        if (of[role] > 0)
            rows[v->roles.n++] = (struct dry_count){ role == ROLE_NONE ? said(C_tryout_no_role, c->lang)
                                                                       : role_word((enum role)role, c->lang),
                                                     lines_number(c, of[role]) };
    v->roles.at = rows;
}

static void put_run(struct ctx *c, const struct dry_on *x, struct dry_view *v)
{
    const struct dry_sum sum = dry_sum(&x->look);
    unsigned fields = 0;

    v->begun = true;
    v->until = when_full(c->arena, x->look.run->until_s, c->lang);
    v->asked = lines_number(c, (int64_t)sum.asked);
    v->here = lines_number(c, (int64_t)sum.came);
    v->well = lines_number(c, (int64_t)(sum.came - sum.refused - sum.faulty));
    v->faulty = lines_number(c, (int64_t)sum.faulty);
    v->refused = lines_number(c, (int64_t)sum.refused);
    v->any = sum.came > 0;
    v->twice = sum.twice > 0;
    for (size_t i = 0; i < x->look.run->n; i++)
        fields |= x->look.results[i] != NULL ? tryout_fields(x->look.results[i]->tryout) : 0;
    put_people(c, x, v);
    v->meanings = tryout_meanings(c, x->idp);
    put_sum_faults(c, v);
    put_sum_roles(c, x, v);
    v->settings = product_settings(c, x->idp->kind, product_of(x->idp), fields);
}

static enum step show_page(struct ctx *c, const struct dry_on *x)
{
    struct dry_view v = { .id = x->idp->id,
                          .name = names_in(&x->idp->names, c->lang),
                          .kind = x->idp->kind == IDP_SAML ? S("SAML") : S("OpenID Connect"),
                          .enabled = x->idp->enabled,
                          .none_named = x->none_named,
                          .labels = x->none_named ? form_get(c->body, S("labels")) : (struct str){ NULL, 0 },
                          .most = lines_number(c, DRY_PEOPLE_MAX) };

    console_page_for(c, PLACE_IDPS, true, dry_at(c, x->idp), &v.con);
    const struct str done = c->req->method == HTTP_POST ? (struct str){ NULL, 0 } : done_here(c, &v.detail);
    v.was_begun = str_eq(done, S("begun"));
    v.was_dropped = str_eq(done, S("dropped"));
    v.meaning_kept = str_eq(done, S("meaning"));
    v.no_meaning = str_eq(done, S("no_meaning"));
    v.meaning_refused = str_eq(done, S("meaning_refused"));
    if (x->look.run != NULL)
        put_run(c, x, &v);
    return answer_page(c, x->none_named ? 400 : 200, page_dry(c->arena, &v));
}

/* ── rows ───────────────────────────────────────────────────────────────── */

static enum step find(struct ctx *c, struct fail *f)
{
    struct dry_on *x = c->state = arena_make(c->arena, struct dry_on);

    (void)f;
    x->idp = tryout_idp(c);
    if (x->idp == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    dry_ask(c, x->idp->id, &x->look);
    return WAIT;
}

static enum step ask_results(struct ctx *c, struct fail *f)
{
    struct dry_on *x = c->state;

    if (!dry_ask_results(c, &x->look, f))
        return REFUSE;
    return x->look.run != NULL ? WAIT : NEXT;
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct dry_on *x = c->state;

    return dry_read_results(c, &x->look, f) ? show_page(c, x) : REFUSE;
}

const struct step_row admin_dry[] = { { console_door }, { find }, { ask_results }, { show }, { NULL } };

/* One a line; what is beyond the tenth is nobody's. */
static void read_labels(struct ctx *c, struct dry_run *run)
{
    struct str rest = form_get(c->body, S("labels")), line;

    if (!str_is_set(rest) || rest.n > TYPED_MAX_B)
        return;
    while (run->n < DRY_PEOPLE_MAX && str_split(&rest, '\n', &line)) {
        struct str label = str_chars(str_trim(line), DRY_LABEL_MAX, LABEL_MAX_B);
        if (label.n > 0)
            run->labels[run->n++] = label;
    }
}

static enum step begin(struct ctx *c, struct dry_on *x, struct fail *f)
{
    x->run.idp = x->idp->id;
    read_labels(c, &x->run);
    x->none_named = x->run.n == 0;
    if (x->none_named)
        return NEXT;
    x->begins = true;
    return dry_begin(c, &x->run, &x->begun, f) ? WAIT : REFUSE;
}

static enum step act(struct ctx *c, struct fail *f)
{
    struct dry_on *x = c->state;
    struct str word = form_get(c->body, S("act"));

    if (!dry_read(c, &x->look, f))
        return REFUSE;
    if (str_eq(word, S("begin")) && x->look.run == NULL)
        return begin(c, x, f);
    if (str_eq(word, S("end")) && x->look.run != NULL) {
        x->drops = true;
        dry_drop(c, x->look.run, &x->dropped);
        return WAIT;
    }
    return NEXT; /* it was done before: the page says how it is */
}

static enum step say(struct ctx *c, struct fail *f)
{
    struct dry_on *x = c->state;

    if (x->none_named)
        return show_page(c, x);
    if ((x->begins && x->begun.outcome != KV_HIT) || (x->drops && x->dropped.run.outcome == KV_DOWN))
        return kv_away(f, "dry run");
    return x->begins || x->drops ? done_go(c, dry_at(c, x->idp), x->begins ? "begun" : "dropped", S(""))
                                 : answer_go(c, dry_at(c, x->idp));
}

const struct step_row admin_dry_act[] = { { console_door }, { find }, { act }, { say }, { NULL } };

/* ── whoever has a link ─────────────────────────────────────────────────── */

struct guest { /* c->state */
    struct str link;
    size_t slot;
    const struct idp *idp;
    struct dry_look look;
};

/* A link that is none, one that is over and one of an identity provider that is gone are one and the same. */
static enum step guest_find(struct ctx *c, struct fail *f)
{
    struct guest *x = c->state = arena_make(c->arena, struct guest);
    struct str id;

    x->link = c->req->param;
    if (!dry_link_read(x->link, &id, &x->slot))
        return fail(f, FAIL_NOT_FOUND, "not_found", "no such link");
    x->idp = registry_idp(c->registry, id);
    if (x->idp == NULL || x->idp->kind == IDP_LOCAL)
        return fail(f, FAIL_NOT_FOUND, "not_found", "no such link");
    dry_ask(c, x->idp->id, &x->look);
    return WAIT;
}

static enum step guest_check(struct ctx *c, struct fail *f)
{
    struct guest *x = c->state;

    if (!dry_read(c, &x->look, f))
        return REFUSE;
    if (!dry_link_is(c->arena, x->look.run, x->link))
        return fail(f, FAIL_NOT_FOUND, "not_found", "no such link, or its dry run is over");
    return dry_ask_results(c, &x->look, f) ? WAIT : REFUSE;
}

static enum step guest_show(struct ctx *c, struct fail *f)
{
    struct guest *x = c->state;
    const struct provider *city = x->idp->provider;
    struct dry_guest_view v = { .page = page_for(c, upstream_dry_page(c->arena, x->link)),
                                .link = x->link,
                                .name = names_in(&x->idp->names, c->lang),
                                .city = city != NULL ? names_in(&city->names, c->lang) : (struct str){ NULL, 0 } };

    if (!dry_read_results(c, &x->look, f))
        return REFUSE;
    const struct dry_result *r = x->look.results[x->slot];
    v.until = when_full(c->arena, x->look.run->until_s, c->lang);
    v.state = shown_of(dry_state_of(r));
    if (r != NULL && r->tryout->why.kind != FAIL_NONE)
        v.code = str_of(r->tryout->why.code);
    if (r != NULL && r->tryout->person != NULL) {
        const struct person *p = r->tryout->person;
        struct tryout_role_row *roles = arena_make_n(c->arena, p->affiliation_count + 1, struct tryout_role_row);
        tryout_role_rows(c, x->idp, p, roles);
        v.roles.at = roles;
        v.roles.n = p->affiliation_count;
    }
    return answer_page(c, 200, page_dry_guest(c->arena, &v));
}

static enum step guest_begin(struct ctx *c, struct fail *f)
{
    const struct guest *x = c->state;

    (void)f;
    return upstream_dry_begin(c, x->idp, x->link);
}

const struct step_row dry_guest[] = { { guest_find }, { guest_check }, { guest_show }, { NULL } };
static enum step guest_own(struct ctx *c, struct fail *f)
{
    return strict_own_origin(c) ? NEXT : fail(f, FAIL_DENIED, "other_origin", "a form of somebody else's page");
}

const struct step_row dry_guest_try[] = { { guest_own }, { guest_find }, { guest_check }, { guest_begin }, { NULL } };
